//! Clicks, samples left out, gaps, repeats and stuck values, put into stems, mixes and finished tracks.

use std::sync::OnceLock;

use tonmeister_core::Buffer;
use tonmeister_measure::check::Inspection;

use crate::inject::amplitude;
use crate::tally::{Count, Dice, Excerpt, Kind, Table, excerpts, inspect, of};

const RULES: [&str; 4] = ["click", "dropout", "repeated", "stuck"];

/// An excerpt, and where flaws are found in it before one is put in (frames on the first channel).
struct Trial {
    excerpt: Excerpt,
    was: Vec<f64>,
    /// The rules that find something in it untouched, on any channel: false alarms.
    alarms: Vec<&'static str>,
}

/// These have clicks of their own: LMMS left single samples in its render that lie up to 0.16 off their neighbors.
const CLICKS_OF_ITS_OWN: &str = "dear_jon_doe_hiphop/reference_mix";

fn material() -> Option<&'static [Trial]> {
    static TRIALS: OnceLock<Option<Vec<Trial>>> = OnceLock::new();
    let drawn = || {
        let mut all = excerpts(Kind::Finished, 10, 4.0, 1)?;
        all.extend(excerpts(Kind::Stems, 12, 4.0, 1)?);
        all.extend(excerpts(Kind::Mixes, 4, 4.0, 1)?);
        // Two chip voices hold their values of their own accord: there is no telling a gap from a note.
        all.retain(|e| !holds(&e.audio) && e.name != CLICKS_OF_ITS_OWN);
        let trial = |excerpt: Excerpt| {
            let clean = inspect(excerpt.rate, &excerpt.audio);
            let was = places(&clean, excerpt.rate, 0, &RULES);
            for f in clean.findings.iter().filter(|f| RULES.contains(&f.rule)) {
                eprintln!("{}: {} untouched: {}", f.rule, excerpt.name, f.message);
            }
            let alarms = RULES.into_iter().filter(|rule| of(&clean, rule).next().is_some()).collect();
            Trial { excerpt, was, alarms }
        };
        Some(all.into_iter().map(trial).collect())
    };
    TRIALS.get_or_init(drawn).as_deref()
}

/// Whether one sample in ten is the one before it, in the middle of sound.
fn holds(audio: &Buffer) -> bool {
    let pairs = audio.channel(0).windows(2).filter(|p| p[0].abs() > 0.01);
    let (count, held) = pairs.fold((0, 0), |(count, held), p| (count + 1, held + usize::from(p[0] == p[1])));
    10 * held > count
}

/// The places of a channel at which one of the flaws was found, in frames.
fn places(inspection: &Inspection, rate: u32, channel: usize, rules: &[&str]) -> Vec<f64> {
    let on = inspection.findings.iter().filter(|f| rules.contains(&f.rule) && f.channel == Some(channel));
    let at = on.flat_map(|f| f.evidence.iter().filter(|e| e.name == "at").map(|e| e.value));
    at.map(|s| s * f64::from(rate)).collect()
}

/// The level of 50 ms around a frame of a channel, RMS, and whether the place is sounding.
fn level(audio: &Buffer, channel: usize, frame: usize, rate: u32) -> f64 {
    let reach = rate as usize / 40;
    let part = &audio.channel(channel)[frame - reach..frame + reach];
    (part.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>() / part.len() as f64).sqrt()
}

/// A place in the middle of sound.
fn place(dice: &mut Dice, e: &Excerpt) -> Option<usize> {
    let rate = e.rate as usize;
    let sounds = |n: &usize| {
        let levels = [n - rate / 20, *n, n + rate / 20].map(|n| level(&e.audio, 0, n, e.rate));
        levels.iter().all(|l| *l > 0.01 && *l < 4.0 * levels[1] && 4.0 * *l > levels[1])
    };
    (0..80).map(|_| dice.whole(rate / 4, e.audio.frames() - rate / 4)).find(sounds)
}

/// Puts one flaw into each excerpt, counts whether it is found by `rule` within 3 ms, and what else is found.
fn trial(
    rule: &str,
    trials: &[Trial],
    seed: u64,
    mut put: impl FnMut(&mut Dice, &Excerpt, usize) -> Option<Buffer>,
) -> Count {
    let mut count = Count::default();
    let mut dice = Dice::new(seed);
    // Three places in each.
    for Trial { excerpt: e, was, alarms } in trials.iter().flat_map(|trial| [trial; 3]) {
        let Some(at) = place(&mut dice, e) else { continue };
        let Some(audio) = put(&mut dice, e, at) else { continue };
        let after = inspect(e.rate, &audio);
        let near = |frames: &f64| (frames - at as f64).abs() < f64::from(e.rate) * 0.003;
        let found = places(&after, e.rate, 0, &[rule]);
        if !found.iter().any(near) {
            eprintln!("{rule} missed: {} at frame {at}, seed {seed}", e.name);
        }
        count.with_fault(found.iter().any(near));
        let news: Vec<f64> =
            places(&after, e.rate, 0, &RULES).into_iter().filter(|f| !near(f) && !was.contains(f)).collect();
        if !news.is_empty() {
            eprintln!("{rule}: {} told {news:?} beside {at}, seed {seed}", e.name);
        }
        let new = places(&after, e.rate, 0, &RULES).into_iter().filter(|f| !near(f) && !was.contains(f)).count();
        (0..new).for_each(|_| count.without(true));
        // What the rule says to the untouched excerpt, once.
        count.without(alarms.contains(&rule));
    }
    count
}

/// A click of 1 to 30 samples whose top lies so many dB over the RMS of the 50 ms around it. The sound may be as sharp at that very
/// place, as cymbals and distorted guitars are: what is sharper than it is counted by itself as well.
#[test]
fn clicks() {
    let Some(trials) = material() else { return };
    let mut table = Table::new("click");
    for over_db in [-10.0, 0.0, 6.0, 12.0, 18.0, 24.0] {
        for sharp in [false, true].into_iter().take(if over_db < 6.0 { 2 } else { 1 }) {
            let count = trial("click", trials, 7, |dice, e, at| {
                let mut audio = e.audio.clone();
                let (top, length) = (level(&audio, 0, at, e.rate) * amplitude(over_db), dice.whole(1, 30));
                let sign = if dice.unit() < 0.5 { -1.0 } else { 1.0 };
                let mut click = vec![0.0_f32; length + 4];
                for (n, x) in click[2..length + 2].iter_mut().enumerate() {
                    let fade = (-3.0 * n as f64 / length as f64).exp();
                    let ring = if length > 4 { (n as f64 * 1.1).cos() } else { 1.0 };
                    *x = (sign * top * fade * ring) as f32;
                }
                let reach = e.rate as usize / 40;
                if sharp && bend(&click) < bend(&audio.channel(0)[at - reach..at + reach]) {
                    return None;
                }
                audio.channel_mut(0)[at - 2..].iter_mut().zip(&click).for_each(|(s, x)| *s += x);
                Some(audio)
            });
            let which = if sharp { ", sharper than all around" } else { "" };
            table.row(format!("{over_db:+.0} dB over the sound{which}"), count);
            if sharp || over_db >= 6.0 {
                count.assert_good("clicks");
            }
            assert!(count.recall() >= 0.9 && count.precision() >= 0.95, "clicks: {count:?}");
        }
    }
}

/// The sharpest bend: the greatest second difference.
fn bend(sound: &[f32]) -> f32 {
    sound.windows(3).map(|x| (x[0] - 2.0 * x[1] + x[2]).abs()).fold(0.0, f32::max)
}

/// The usual way from one sample to the next in the 50 ms around a frame (median): in noise about as far as its RMS.
fn usual_step(audio: &Buffer, frame: usize, rate: u32) -> f64 {
    let reach = rate as usize / 40;
    let part = &audio.channel(0)[frame - reach..frame + reach];
    let mut steps: Vec<f32> = part.windows(2).map(|p| (p[1] - p[0]).abs()).collect();
    let middle = steps.len() / 2;
    f64::from(*steps.select_nth_unstable_by(middle, f32::total_cmp).1)
}

/// Samples left out: the jump is at least so many times the sound's RMS, and so many times its usual step from one
/// sample to the next. Where noise jumps as far from sample to sample, a cut is no jump, and is neither found nor heard.
#[test]
fn cuts() {
    let Some(trials) = material() else { return };
    let mut table = Table::new("click (samples left out)");
    for (jump, steps) in [(0.5, 0.0), (1.0, 0.0), (2.0, 0.0), (2.0, 12.0)] {
        let count = trial("click", trials, 8, |dice, e, at| {
            let rms = level(&e.audio, 0, at, e.rate).max(steps / jump * usual_step(&e.audio, at, e.rate));
            let far = |skip: &usize| {
                f64::from((e.audio.channel(0)[at + skip] - e.audio.channel(0)[at - 1]).abs()) > jump * rms
            };
            let skip = (0..200).map(|_| dice.whole(40, 2000)).find(far)?;
            let frames = e.audio.frames();
            let mut audio = Buffer::new(e.audio.layout(), 0);
            audio.append(e.audio.view(frames).part(0, at));
            audio.append(e.audio.view(frames).part(at + skip, frames));
            Some(audio)
        });
        let too = if steps > 0.0 { format!(", {steps} steps") } else { String::new() };
        table.row(format!("jump over {jump} RMS{too}"), count);
        count.assert_good("cuts");
    }
}

/// Zeros of so many milliseconds.
#[test]
fn dropouts() {
    let Some(trials) = material() else { return };
    let mut table = Table::new("dropout");
    for ms in [0.5, 1.0, 5.0, 20.0, 46.0] {
        let count = trial("dropout", trials, 9, |_, e, at| {
            let mut audio = e.audio.clone();
            let frames = (ms * f64::from(e.rate) / 1000.0) as usize;
            audio.channel_mut(0)[at..at + frames].fill(0.0);
            Some(audio)
        });
        table.row(format!("{ms} ms"), count);
        count.assert_good("gaps");
    }
}

/// A buffer played in the place of the next one.
#[test]
fn repeats() {
    let Some(trials) = material() else { return };
    let mut table = Table::new("repeated");
    for frames in [64, 128, 512, 1024, 2048] {
        let count = trial("repeated", trials, 10, |_, e, at| {
            let mut audio = e.audio.clone();
            for c in 0..audio.layout().channels() {
                audio.channel_mut(c).copy_within(at - frames..at, at);
            }
            Some(audio)
        });
        table.row(format!("{frames} frames"), count);
        count.assert_good("repeats");
    }
}

/// A value held.
#[test]
fn stuck() {
    let Some(trials) = material() else { return };
    let mut table = Table::new("stuck");
    for ms in [1.0, 2.0, 5.0, 20.0] {
        let count = trial("stuck", trials, 11, |_, e, at| {
            let mut audio = e.audio.clone();
            let value = audio.channel(0)[at - 1];
            let frames = (ms * f64::from(e.rate) / 1000.0) as usize;
            audio.channel_mut(0)[at..at + frames].fill(value);
            Some(audio)
        });
        table.row(format!("{ms} ms"), count);
        count.assert_good("stuck values");
    }
}
