//! Which file hides which: energies in bands of the ear, spread as the ear spreads them.
//!
//! A sound hides another in a band where its excitation lies well above the other's energy. A file counts as hidden in
//! a moment when that is so in most of the bands it is heard by, weighted by their energy; the bands that it is heard by
//! are the strongest quarter of all.

use super::ear::bands::{ERBS, erb_hz};
use super::ear::history::History;
use super::finding::Finding;
use super::rules::MASKED;
use super::set::Member;

/// How far above the hidden the hiding must lie in a band, in dB.
const ABOVE_DB: f64 = 4.0;
/// How many bands a file is heard by: a quarter.
const ESSENTIAL: usize = ERBS / 4;
/// A moment this far below the file's loudest is not missed, in dB.
const SOUNDS_DB: f64 = -30.0;
/// How loud full scale is taken to be played, in dB SPL: the spread upward grows with level.
const FULL_SCALE_SPL: f64 = 100.0;
/// Files that sound together for less than so many rows are not compared.
const LEAST_ROWS: usize = 4;
/// The part of a file's energy that must be hidden in a moment for it to be hidden.
const HIDDEN_PART: f64 = 0.5;

/// How far one file hides another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Hiding {
    /// The share of the time that the hidden one sounds in which it is hidden.
    pub(super) share: f64,
    /// The band in which it is worst, as a number from 0.
    pub(super) band: usize,
    /// How far the hiding one lies above it there, in dB, on the mean of the hidden moments.
    pub(super) above_db: f64,
    /// The row in which most is hidden.
    pub(super) worst_row: usize,
    /// Steps per row.
    pub(super) steps: u64,
}

/// Traunmüller's critical-band rate of a band's middle.
fn bark(band: usize) -> f64 {
    let hz = erb_hz(band as f64 + 0.5);
    26.81 * hz / (1960.0 + hz) - 0.53
}

/// What the ear makes of energies: each band spreads 27 dB per Bark downward, and upward the less the louder it is
/// (Terhardt 1979).
pub(super) fn excitation(row: &[f32]) -> [f64; ERBS] {
    let mut spread = [0.0; ERBS];
    for (from, energy) in row.iter().enumerate().filter(|(_, e)| **e > 0.0) {
        let level = FULL_SCALE_SPL + 10.0 * f64::from(*energy).log10();
        let khz = erb_hz(from as f64 + 0.5) / 1000.0;
        let upward = (24.0 + 0.23 / khz - 0.2 * level).max(5.0);
        for (to, sum) in spread.iter_mut().enumerate() {
            let distance = bark(to) - bark(from);
            let fall = if distance < 0.0 { -27.0 * distance } else { upward * distance };
            *sum += f64::from(*energy) * 10f64.powf(-fall / 10.0);
        }
    }
    spread
}

/// How much a band counts in what a file is heard by: the ear at usual levels is deafer at the edges (the B curve of
/// IEC 60651).
fn weight(band: usize) -> f64 {
    let f = erb_hz(band as f64 + 0.5);
    let top = 12_194.0_f64.powi(2);
    let gain = top * f.powi(3) / ((f * f + 20.6 * 20.6) * (f * f + 158.5 * 158.5).sqrt() * (f * f + top));
    gain * gain
}

/// A file brought to rows of a length, with its excitation.
pub(super) struct Heard {
    rows: Vec<[f64; ERBS]>,
    spread: Vec<[f64; ERBS]>,
    /// Energy below which a row is silent.
    floor: f64,
    steps: u64,
}

impl Heard {
    pub(super) fn new(history: &History, steps: u64) -> Self {
        let history = history.in_rows_of(steps);
        let row = |row: &[f32]| std::array::from_fn(|band| row.get(band).copied().map_or(0.0, f64::from));
        let rows: Vec<[f64; ERBS]> = history.rows().map(row).collect();
        let loudest = rows.iter().map(|r| r.iter().sum::<f64>()).fold(0.0, f64::max);
        Heard {
            spread: history.rows().map(excitation).collect(),
            rows,
            floor: loudest * 10f64.powf(SOUNDS_DB / 10.0),
            steps: history.steps(),
        }
    }
}

/// How far `masker` hides `hidden`; `None` where they hardly sound together.
pub(super) fn hiding(masker: &Heard, hidden: &Heard) -> Option<Hiding> {
    let above = 10f64.powf(ABOVE_DB / 10.0);
    let weights: [f64; ERBS] = std::array::from_fn(weight);
    let (mut sounding, mut lost) = (0_usize, 0_usize);
    let mut by_band = [(0_usize, 0.0_f64); ERBS];
    let mut worst = (0, -1.0);
    for (at, row) in hidden.rows.iter().enumerate() {
        let energy: f64 = row.iter().sum();
        if energy <= hidden.floor || energy <= 0.0 {
            continue;
        }
        sounding += 1;
        let Some(spread) = masker.spread.get(at) else { continue };
        let loud: [f64; ERBS] = std::array::from_fn(|band| row[band] * weights[band]);
        let mut order: [usize; ERBS] = std::array::from_fn(|band| band);
        order.sort_by(|a, b| loud[*b].total_cmp(&loud[*a]));
        let essential = &order[..ESSENTIAL];
        let heard: f64 = essential.iter().map(|b| loud[*b]).sum();
        let covered = essential.iter().copied().filter(|b| spread[*b] > above * row[*b]);
        let part: f64 = covered.clone().map(|b| loud[b]).sum::<f64>() / heard;
        if part >= HIDDEN_PART {
            lost += 1;
            for band in covered {
                by_band[band].0 += 1;
                by_band[band].1 += 10.0 * (spread[band] / row[band]).log10();
            }
        }
        if part > worst.1 {
            worst = (at, part);
        }
    }
    if sounding < LEAST_ROWS {
        return None;
    }
    let (band, (count, sum)) = by_band.into_iter().enumerate().max_by_key(|(_, (count, _))| *count)?;
    Some(Hiding {
        share: lost as f64 / sounding as f64,
        band,
        above_db: if count > 0 { sum / count as f64 } else { 0.0 },
        worst_row: worst.0,
        steps: hidden.steps,
    })
}

/// For each file that is hidden for most of its time: by which other it is hidden most.
pub(super) fn masked(members: &[&Member<'_>], limit: f64) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut rates: Vec<u32> = members.iter().map(|m| m.inspection.stats.sample_rate_hz).collect();
    rates.sort_unstable();
    rates.dedup();
    for rate in rates {
        let siblings: Vec<_> = members
            .iter()
            .filter(|m| m.inspection.stats.sample_rate_hz == rate)
            .filter_map(|m| Some((m, m.inspection.energies.as_ref()?)))
            .collect();
        let steps = siblings.iter().map(|(_, energies)| energies.steps()).max().unwrap_or(1);
        let heard: Vec<Heard> = siblings.iter().map(|(_, energies)| Heard::new(energies, steps)).collect();
        for (h, hidden) in heard.iter().enumerate() {
            let others = (0..heard.len()).filter(|m| *m != h);
            let most = others
                .filter_map(|m| Some((m, hiding(&heard[m], hidden)?)))
                .max_by(|a, b| a.1.share.total_cmp(&b.1.share));
            let Some((m, found)) = most.filter(|(_, found)| found.share >= limit) else { continue };
            findings.push(finding(siblings[h].0, siblings[m].0, &found, rate));
        }
    }
    findings
}

fn finding(hidden: &Member<'_>, masker: &Member<'_>, found: &Hiding, rate: u32) -> Finding {
    let (low, high) = (erb_hz(found.band as f64), erb_hz(found.band as f64 + 1.0));
    let frames = found.steps * super::ear::hop(rate) as u64;
    let from = found.worst_row as u64 * frames;
    let message = format!(
        "`{}` hides `{}` for {:.0} % of the time it sounds, most around {:.0} Hz, where it lies {:.0} dB above it",
        masker.name,
        hidden.name,
        100.0 * found.share,
        (low * high).sqrt(),
        found.above_db
    );
    Finding::of(&MASKED, message)
        .graver(MASKED.severity_of(found.share))
        .files([hidden.name, masker.name])
        .between(from, from + frames, rate)
        .with("share", found.share, "")
        .with("from", low, "Hz")
        .with("to", high, "Hz")
        .with("above", found.above_db, "dB")
}

#[cfg(test)]
mod tests {
    use super::{ERBS, excitation};
    use crate::check::ear::bands::erb_hz;

    #[test]
    fn a_band_spreads_more_upward_and_the_more_the_louder() {
        let alone = |level: f32| {
            let mut row = [0.0_f32; ERBS];
            row[15] = level;
            let spread = excitation(&row);
            let db = |band: usize| 10.0 * (spread[band] / f64::from(level)).log10();
            (db(13), db(15), db(17))
        };
        assert!(erb_hz(15.5) > 600.0 && erb_hz(15.5) < 1300.0);
        let (loud, soft) = (alone(0.1), alone(1e-6));
        assert!(loud.1.abs() < 1e-9 && loud.0 < loud.2 && soft.2 < loud.2, "{loud:?} {soft:?}");
    }
}
