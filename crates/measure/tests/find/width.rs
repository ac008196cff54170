//! Faults of width and balance, put into mixes and released tracks.

use std::f64::consts::TAU;
use std::sync::OnceLock;

use tonmeister_core::Buffer;
use tonmeister_measure::check::Inspection;

use crate::tally::{Count, Dice, Excerpt, Kind, Table, excerpts, inspect, of};

/// Stereo music of 20 s, without what cancels itself already (one mix has a chorus that turns its right side).
fn music() -> Option<&'static [Excerpt]> {
    static MUSIC: OnceLock<Option<Vec<Excerpt>>> = OnceLock::new();
    let load = || {
        let mut all = excerpts(Kind::Finished, 22, 20.0, 31)?;
        all.extend(excerpts(Kind::Mixes, 9, 20.0, 32)?);
        all.retain(|e| e.audio.layout().channels() == 2 && !e.name.starts_with("freedoom_rock"));
        Some(all)
    };
    MUSIC.get_or_init(load).as_deref()
}

fn found(inspection: &Inspection, rule: &'static str) -> bool {
    of(inspection, rule).next().is_some()
}

/// Middle and side.
fn halves(audio: &Buffer) -> (Vec<f64>, Vec<f64>) {
    let pairs = || audio.channel(0).iter().zip(audio.channel(1)).map(|(l, r)| (f64::from(*l), f64::from(*r)));
    (pairs().map(|(l, r)| 0.5 * (l + r)).collect(), pairs().map(|(l, r)| 0.5 * (l - r)).collect())
}

fn joined(middle: &[f64], side: &[f64]) -> Buffer {
    let both = || middle.iter().zip(side);
    Buffer::from_stereo(both().map(|(m, s)| (m + s) as f32).collect(), both().map(|(m, s)| (m - s) as f32).collect())
}

fn power(x: &[f64]) -> f64 {
    x.iter().map(|x| x * x).sum()
}

/// A filter of second order (Bristow-Johnson's recipes): its denominator, and a low-pass or all-pass above it.
fn filtered(x: &[f64], hz: f64, q: f64, rate: u32, low_pass: bool) -> Vec<f64> {
    let w = TAU * hz / f64::from(rate);
    let (alpha, cos) = (w.sin() / (2.0 * q), w.cos());
    let b = if low_pass {
        [(1.0 - cos) / 2.0, 1.0 - cos, (1.0 - cos) / 2.0]
    } else {
        [1.0 - alpha, -2.0 * cos, 1.0 + alpha]
    };
    let a = [1.0 + alpha, -2.0 * cos, 1.0 - alpha];
    let mut state = [0.0; 4];
    x.iter()
        .map(|x| {
            let y = (b[0] * x + b[1] * state[0] + b[2] * state[1] - a[1] * state[2] - a[2] * state[3]) / a[0];
            state = [*x, state[0], y, state[2]];
            y
        })
        .collect()
}

fn wide(channel: &[f32]) -> Vec<f64> {
    channel.iter().map(|x| f64::from(*x)).collect()
}

fn narrow(channel: &[f64]) -> Vec<f32> {
    channel.iter().map(|x| *x as f32).collect()
}

/// The correlation of the two sides.
fn correlation(l: &[f64], r: &[f64]) -> f64 {
    l.iter().zip(r).map(|(l, r)| l * r).sum::<f64>() / (power(l) * power(r)).sqrt().max(1e-30)
}

/// False alarms of a rule on the untouched music.
fn untouched(rule: &'static str, count: &mut Count) {
    for excerpt in music().unwrap_or_default() {
        count.without(found(&inspect(excerpt.rate, &excerpt.audio), rule));
    }
}

#[test]
fn what_mono_loses_is_found() {
    let Some(music) = music() else { return };
    let mut table = Table::new("mono-loss");
    let mut graver = Count::default();
    for loss_db in [4.0, 5.5, 6.0, 9.0] {
        let mut count = Count::default();
        untouched("mono-loss", &mut count);
        for excerpt in music {
            let (middle, side) = halves(&excerpt.audio);
            let wanted = (10f64.powf(loss_db / 10.0) - 1.0) * power(&middle);
            if power(&side) < 1e-4 * power(&middle) {
                continue;
            }
            let gain = (wanted / power(&side)).sqrt();
            let side: Vec<f64> = side.iter().map(|s| s * gain).collect();
            count.with_fault(found(&inspect(excerpt.rate, &joined(&middle, &side)), "mono-loss"));
        }
        table.row(format!("{loss_db} dB lost"), count);
        graver = count;
        if loss_db >= 6.0 {
            count.assert_good("mono-loss");
        }
    }
    assert!(graver.put > 20);
}

#[test]
fn a_band_that_cancels_is_found() {
    let Some(music) = music() else { return };
    let mut table = Table::new("mono-loss-band");
    let mut dice = Dice::new(5);
    let mut count = Count::default();
    untouched("mono-loss-band", &mut count);
    for excerpt in music.iter().chain(music).chain(music) {
        let hz = dice.between(200f64.ln(), 4000f64.ln()).exp();
        let (l, r) = (wide(excerpt.audio.channel(0)), wide(excerpt.audio.channel(1)));
        // What is as good as mono there, and carries a tenth of the power.
        let band = |x: &[f64]| -> Vec<f64> {
            let passed = filtered(x, hz, 1.0, excerpt.rate, false);
            x.iter().zip(&passed).map(|(x, y)| 0.5 * (x - y)).collect()
        };
        let (low, high) = (band(&l), band(&r));
        if correlation(&low, &high) < 0.75 || power(&low) + power(&high) < 0.04 * (power(&l) + power(&r)) {
            continue;
        }
        let turned = Buffer::from_stereo(narrow(&l), narrow(&filtered(&r, hz, 0.7, excerpt.rate, false)));
        let inspection = inspect(excerpt.rate, &turned);
        let near = |f: &&tonmeister_measure::check::Finding| {
            f.evidence("from").unwrap() < hz * 1.1 && f.evidence("to").unwrap() > hz / 1.1
        };
        count.with_fault(of(&inspection, "mono-loss-band").any(|f| near(&f)) || found(&inspection, "mono-loss"));
    }
    table.row("one side turned round 200 Hz to 4 kHz", count);
    assert!(count.put >= 8);
    count.assert_good("mono-loss-band");
}

#[test]
fn a_turned_stretch_is_found_in_its_place() {
    let Some(music) = music() else { return };
    let mut table = Table::new("out-of-phase");
    let mut dice = Dice::new(6);
    for seconds in [5.0, 8.0] {
        let mut count = Count::default();
        untouched("out-of-phase", &mut count);
        for excerpt in music {
            let rate = f64::from(excerpt.rate);
            let from = dice.between(1.0, 19.0 - seconds);
            let range = (from * rate) as usize..((from + seconds) * rate) as usize;
            let mut audio = excerpt.audio.clone();
            let sound: Vec<f64> = wide(&audio.channel(0)[range.clone()]);
            if correlation(&sound, &wide(&audio.channel(1)[range.clone()])) < 0.5 {
                continue;
            }
            audio.channel_mut(1)[range].iter_mut().for_each(|s| *s = -*s);
            let inspection = inspect(excerpt.rate, &audio);
            let at = of(&inspection, "out-of-phase").next().and_then(|f| f.at);
            count.with_fault(
                at.is_some_and(|at| (at.from_s - from).abs() < 1.5 && (at.to_s - from - seconds).abs() < 2.0),
            );
        }
        table.row(format!("right turned for {seconds} s"), count);
        assert!(count.put >= 15);
        if seconds > 5.0 {
            count.assert_good("out-of-phase");
        }
    }
}

#[test]
fn a_wide_low_end_is_found() {
    let Some(music) = music() else { return };
    let mut table = Table::new("low-end-wide");
    for (what, gain) in [("side −6 dB", 0.5), ("side −1 dB", 0.9), ("side +1 dB", 1.12), ("turned", 0.0)] {
        let mut count = Count::default();
        untouched("low-end-wide", &mut count);
        for excerpt in music {
            let (middle, mut side) = halves(&excerpt.audio);
            let low = filtered(&filtered(&middle, 120.0, 0.7, excerpt.rate, true), 120.0, 0.7, excerpt.rate, true);
            // A low end that carries a tenth.
            if power(&low) < 0.1 * (power(&middle) + power(&side)) {
                continue;
            }
            let audio = if gain > 0.0 {
                // As a chorus does it: another copy, 9 ms later, on the side.
                let late = (0.009 * f64::from(excerpt.rate)) as usize;
                side.iter_mut().skip(late).zip(&low).for_each(|(s, x)| *s += gain * x);
                joined(&middle, &side)
            } else {
                let right = wide(excerpt.audio.channel(1));
                let low = filtered(&right, 150.0, 0.7, excerpt.rate, true);
                let turned = right.iter().zip(&low).map(|(r, x)| (r - 2.0 * x) as f32).collect();
                Buffer::from_stereo(excerpt.audio.channel(0).to_vec(), turned)
            };
            count.with_fault(found(&inspect(excerpt.rate, &audio), "low-end-wide"));
        }
        table.row(what, count);
        assert!(count.put >= 15);
        if gain > 1.0 || gain == 0.0 {
            count.assert_good("low-end-wide");
        }
    }
}

#[test]
fn a_weak_side_is_found() {
    let Some(music) = music() else { return };
    let mut table = Table::new("one-sided");
    let mut dice = Dice::new(7);
    for down_db in [4.0, 6.0, 9.0] {
        let mut count = Count::default();
        untouched("one-sided", &mut count);
        for excerpt in music {
            let (middle, side) = halves(&excerpt.audio);
            if power(&side) < 1e-3 * power(&middle) {
                continue;
            }
            let weak = dice.whole(0, 2);
            let mut audio = excerpt.audio.clone();
            let gain = 10f64.powf(-down_db / 20.0) as f32;
            audio.channel_mut(weak).iter_mut().for_each(|s| *s *= gain);
            let inspection = inspect(excerpt.rate, &audio);
            count.with_fault(of(&inspection, "one-sided").any(|f| f.channel == Some(weak)));
        }
        table.row(format!("one side {down_db} dB down"), count);
        if down_db > 5.0 {
            count.assert_good("one-sided");
        }
    }
}

#[test]
fn mono_is_found_for_a_while_and_under_a_coder_s_noise() {
    let Some(music) = music() else { return };
    let mut table = Table::new("mono-stretch");
    let mut dice = Dice::new(8);
    let mut count = Count::default();
    untouched("mono-stretch", &mut count);
    for excerpt in music {
        let (middle, mut side) = halves(&excerpt.audio);
        if power(&side) < 0.01 * power(&middle) {
            continue;
        }
        let rate = f64::from(excerpt.rate);
        let from = dice.between(1.0, 11.0);
        side[(from * rate) as usize..((from + 8.0) * rate) as usize].fill(0.0);
        let inspection = inspect(excerpt.rate, &joined(&middle, &side));
        let at = of(&inspection, "mono-stretch").next().and_then(|f| f.at);
        count.with_fault(at.is_some_and(|at| (at.from_s - from).abs() < 1.5 && (at.to_s - from - 8.0).abs() < 2.0));
    }
    table.row("side gone for 8 s", count);
    count.assert_good("mono-stretch");
    drop(table);

    let mut table = Table::new("near-mono");
    let mut count = Count::default();
    untouched("near-mono", &mut count);
    for (n, excerpt) in music.iter().enumerate() {
        let (middle, _) = halves(&excerpt.audio);
        let gain = (power(&middle) / middle.len() as f64).sqrt() * 10f64.powf(-55.0 / 20.0) * 3f64.sqrt();
        let hiss = tonmeister_dsp::testing::noise(n as u64 + 1, gain as f32, middle.len());
        let side: Vec<f64> = hiss.iter().map(|x| f64::from(*x)).collect();
        count.with_fault(found(&inspect(excerpt.rate, &joined(&middle, &side)), "near-mono"));
    }
    table.row("mono and noise at −55 dB", count);
    count.assert_good("near-mono");
}
