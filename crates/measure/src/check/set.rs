//! The files of a session side by side.

use std::collections::BTreeMap;

use super::config::Config;
use super::delay::delayed;
use super::finding::Finding;
use super::inspector::{Inspection, with_relation};
use super::masking::masked;
use super::polarity::{Correlator, Cross};
use super::probe::Band;
use super::rates::wrong_rates;
use super::rules;

/// A file of a session, inspected.
#[derive(Clone, Copy, Debug)]
pub struct Member<'a> {
    /// What findings call it.
    pub name: &'a str,
    /// What was found in it.
    pub inspection: &'a Inspection,
}

/// Finds what does not fit in a set of files that are meant to be played together.
///
/// Files whose sample rates differ are not compared for polarity. The time taken grows with the square of the number
/// of files, a few milliseconds for a hundred pairs.
pub fn compare_set(members: &[Member<'_>], config: &Config) -> Vec<Finding> {
    let heard: Vec<&Member<'_>> = members.iter().filter(|m| m.inspection.stats.frames > 0).collect();
    let mut findings = sample_rates(&heard);
    let wrong = if config.asks(&rules::WRONG_RATE) {
        wrong_rates(&heard, config.limit(&rules::WRONG_RATE))
    } else {
        Vec::new()
    };
    // A wrong rate explains a length.
    let is_explained = |at: usize| wrong.iter().any(|(wrong, _)| *wrong == at);
    findings.extend(lengths(&heard, config, is_explained));
    findings.extend(wrong.into_iter().map(|(_, finding)| finding));
    findings.extend(pairs(&heard, config));
    if config.asks(&rules::MASKED) {
        findings.extend(masked(&heard, config.limit(&rules::MASKED)));
    }
    findings.into_iter().filter_map(|f| config.judged(f)).collect()
}

/// The value that most have, and whether it is more than half.
fn most_common<K: Ord + Copy>(values: impl Iterator<Item = K>) -> Option<(K, usize, bool)> {
    let mut counts: BTreeMap<K, usize> = BTreeMap::new();
    let mut total = 0;
    for value in values {
        *counts.entry(value).or_default() += 1;
        total += 1;
    }
    let (value, count) = counts.into_iter().max_by_key(|(_, count)| *count)?;
    Some((value, count, 2 * count > total))
}

fn sample_rates(members: &[&Member<'_>]) -> Vec<Finding> {
    let Some((usual, count, _)) = most_common(members.iter().map(|m| m.inspection.stats.sample_rate_hz)) else {
        return Vec::new();
    };
    let have = if count == 1 { "has" } else { "have" };
    let odd = members.iter().filter(|m| m.inspection.stats.sample_rate_hz != usual);
    odd.map(|m| {
        let rate = m.inspection.stats.sample_rate_hz;
        let message = format!("`{}` has {rate} Hz; {count} of its siblings {have} {usual} Hz", m.name);
        Finding::of(&rules::SAMPLE_RATE_DIFFERS, message).files([m.name]).with("found", f64::from(rate), "Hz").with(
            "usual",
            f64::from(usual),
            "Hz",
        )
    })
    .collect()
}

/// Lengths are compared as times, so that a file with another sample rate is not accused twice.
fn lengths(members: &[&Member<'_>], config: &Config, is_explained: impl Fn(usize) -> bool) -> Vec<Finding> {
    let seconds = |m: &Member<'_>| m.inspection.stats.frames as f64 / f64::from(m.inspection.stats.sample_rate_hz);
    let Some((usual, count, true)) =
        most_common(members.iter().map(|m| (m.inspection.stats.sample_rate_hz, m.inspection.stats.frames)))
    else {
        return Vec::new();
    };
    let frames = config.limit(&rules::LENGTH_DIFFERS);
    let usual_s = usual.1 as f64 / f64::from(usual.0);
    let limit = |m: &Member<'_>| {
        // A conversion between rates may round the length at either of them.
        let exact = m.inspection.stats.sample_rate_hz == usual.0;
        let slack = if exact { frames } else { 1.0 + frames };
        slack / f64::from(m.inspection.stats.sample_rate_hz.min(usual.0))
    };
    let odd = members
        .iter()
        .enumerate()
        .filter(|(at, m)| (seconds(m) - usual_s).abs() > limit(m) * (1.0 + 1e-9) && !is_explained(*at));
    odd.map(|(_, m)| {
        let apart = seconds(m) - usual_s;
        let word = if apart > 0.0 { "longer" } else { "shorter" };
        let message =
            format!("`{}` is {:.3} s {word} than {count} of its siblings ({usual_s:.3} s)", m.name, apart.abs());
        Finding::of(&rules::LENGTH_DIFFERS, message)
            .files([m.name])
            .with("found", seconds(m), "s")
            .with("usual", usual_s, "s")
            .with("difference", apart, "s")
    })
    .collect()
}

/// Every two files of one rate: whether they hold one sound, turned or late.
fn pairs(members: &[&Member<'_>], config: &Config) -> Vec<Finding> {
    let (mut turns, mut delays) = (Vec::new(), Vec::new());
    let (asks_turned, asks_delayed) = (config.asks(&rules::POLARITY_PAIR), config.asks(&rules::DELAY_PAIR));
    if !asks_turned && !asks_delayed {
        return turns;
    }
    let rates: std::collections::BTreeSet<u32> = members.iter().map(|m| m.inspection.stats.sample_rate_hz).collect();
    for rate in rates {
        let band = Band::at(rate);
        let correlator = Correlator::new(&band);
        let siblings: Vec<_> = members.iter().filter(|m| m.inspection.stats.sample_rate_hz == rate).collect();
        for (i, a) in siblings.iter().enumerate() {
            for b in &siblings[i + 1..] {
                let cross = Cross::of(band.count, &a.inspection.probes, &b.inspection.probes);
                if asks_turned {
                    turns.extend(turned(&correlator, config.limit(&rules::POLARITY_PAIR), &cross, a, b));
                }
                if asks_delayed {
                    delays.extend(delayed(&correlator, config.limit(&rules::DELAY_PAIR), &cross, a, b));
                }
            }
        }
    }
    turns.extend(delays);
    turns
}

fn turned(correlator: &Correlator, limit: f64, cross: &Cross, a: &Member<'_>, b: &Member<'_>) -> Option<Finding> {
    if cross.bound() < limit {
        return None;
    }
    let relation = correlator.relation(cross).filter(|r| r.is_turned(limit))?;
    let message = format!(
        "`{}` and `{}` hold the same sound with opposite polarity (correlation {:.2}, {:+.2} ms apart)",
        a.name,
        b.name,
        relation.correlation,
        relation.delay_s * 1000.0
    );
    Some(with_relation(Finding::of(&rules::POLARITY_PAIR, message).files([a.name, b.name]), &relation))
}
