//! Esses and pops put into voices.

use std::f64::consts::TAU;

use tonmeister_core::Buffer;
use tonmeister_dsp::testing::noise;

use crate::tally::{Count, Dice, Excerpt, Kind, Table, all, cut, inspect, of, rms_dbfs, whole};

/// The loudest 25 s of every voice among the stems.
fn voices() -> Option<Vec<Excerpt>> {
    let files = all(Kind::Stems)?;
    let voices = files.iter().filter(|f| f.to_string_lossy().contains("vocal"));
    let load = |file: &std::path::PathBuf| {
        let all = whole(file);
        let frames = 25 * all.rate as usize;
        let cuts = (0..8).map(|n| cut(&all, n * 5 * all.rate as usize, frames));
        cuts.max_by(|a, b| rms_dbfs(&a.audio).total_cmp(&rms_dbfs(&b.audio)))
    };
    Some(voices.filter_map(load).collect())
}

/// The mean power of the hundredths of a second that lie within 30 dB of the loudest, and which those are.
fn sounding(audio: &Buffer, rate: u32) -> (f64, Vec<usize>) {
    let step = (rate / 100) as usize;
    let channels = audio.layout().channels();
    let middle = |n: usize| (0..channels).map(|c| f64::from(audio.channel(c)[n])).sum::<f64>() / channels as f64;
    let powers: Vec<f64> = (0..audio.frames() / step)
        .map(|k| (k * step..(k + 1) * step).map(|n| middle(n).powi(2)).sum::<f64>() / step as f64)
        .collect();
    let loudest = powers.iter().copied().fold(0.0, f64::max);
    let places: Vec<usize> = (0..powers.len()).filter(|k| powers[*k] > 1e-3 * loudest).collect();
    (places.iter().map(|k| powers[*k]).sum::<f64>() / places.len().max(1) as f64, places)
}

/// A raised-cosine fade of a stretch.
fn arch(n: usize, frames: usize, edge: usize) -> f64 {
    let from_edge = n.min(frames - 1 - n).min(edge) as f64 / edge as f64;
    0.5 - 0.5 * (std::f64::consts::PI * from_edge).cos()
}

/// Takes the voice away for a moment and puts an ess there: noise from 5 to 9 kHz.
fn ess(audio: &mut Buffer, rate: u32, at: usize, seed: u64, power: f64, seconds: f64) {
    let frames = ((seconds * f64::from(rate)) as usize).min(audio.frames() - at);
    let mut sound: Vec<f64> = noise(seed, 1.0, frames + 400).iter().map(|x| f64::from(*x)).collect();
    // Two turns of a band-pass round 6.7 kHz.
    for _ in 0..2 {
        let w = TAU * 6_700.0 / f64::from(rate);
        let (alpha, cos) = (w.sin() / (2.0 * 1.6), w.cos());
        let mut state = [0.0; 4];
        for s in &mut sound {
            let y = (alpha * (*s - state[1]) + 2.0 * cos * state[2] - (1.0 - alpha) * state[3]) / (1.0 + alpha);
            state = [*s, state[0], y, state[2]];
            *s = y;
        }
    }
    let sound = &sound[400..];
    let gain = (power / (sound.iter().map(|s| s * s).sum::<f64>() / frames as f64)).sqrt();
    for c in 0..audio.layout().channels() {
        for (n, s) in audio.channel_mut(c)[at..at + frames].iter_mut().enumerate() {
            let fade = arch(n, frames, (rate / 100) as usize);
            *s = (f64::from(*s) * (1.0 - 0.95 * fade) + gain * fade * sound[n]) as f32;
        }
    }
}

/// Breath on a capsule: a falling rumble round 50 Hz.
fn pop(audio: &mut Buffer, rate: u32, at: usize, power: f64, hz: f64, seconds: f64) {
    let frames = ((3.0 * seconds * f64::from(rate)) as usize).min(audio.frames() - at);
    for c in 0..audio.layout().channels() {
        for (n, s) in audio.channel_mut(c)[at..at + frames].iter_mut().enumerate() {
            let t = n as f64 / f64::from(rate);
            let shape = (1.0 - (-t / 0.006).exp()) * (-t / seconds * 2.0).exp();
            *s += ((2.0 * power).sqrt() * 1.35 * shape * (TAU * hz * t).sin()) as f32;
        }
    }
}

/// Every file that holds no single voice.
fn others() -> Option<Vec<Excerpt>> {
    let mut files = all(Kind::Stems)?;
    files.retain(|f| !f.to_string_lossy().contains("vocal"));
    files.extend(all(Kind::Mixes)?);
    files.extend(all(Kind::Finished)?);
    Some(files.iter().map(|f| whole(f)).collect())
}

#[test]
fn esses_and_pops_are_found_in_voices_only() {
    let (Some(voices), Some(others)) = (voices(), others()) else { return };
    let (mut accused_s, mut accused_p) = (0, 0);
    for excerpt in voices.iter().chain(&others) {
        let inspection = inspect(excerpt.rate, &excerpt.audio);
        for f in of(&inspection, "sibilant").chain(of(&inspection, "plosive")) {
            // The one double track that is all esses, as its composer made it bright: a true finding.
            if !excerpt.name.ends_with("backing_vocal_main") {
                accused_s += usize::from(f.rule == "sibilant");
                accused_p += usize::from(f.rule == "plosive");
            }
        }
    }
    let mut table = Table::new("sibilant");
    for over_db in [-10.0, 0.0, 3.0] {
        let mut dice = Dice::new(61);
        let mut count = Count { false_alarms: accused_s, ..Count::default() };
        for n in 0..24 {
            let voice = &voices[n % voices.len()];
            let (power, places) = sounding(&voice.audio, voice.rate);
            let mut audio = voice.audio.clone();
            for k in 0..6 {
                let at = places[dice.whole(0, places.len())] * (voice.rate / 100) as usize;
                let at = at.min(audio.frames() - voice.rate as usize);
                let seconds = dice.between(0.07, 0.16);
                let power = power * 10f64.powf(over_db / 10.0);
                ess(&mut audio, voice.rate, at, (n * 10 + k + 1) as u64, power, seconds);
            }
            let found = of(&inspect(voice.rate, &audio), "sibilant").next().is_some();
            if over_db < -5.0 {
                count.without(found && !voice.name.ends_with("backing_vocal_main"));
            } else {
                count.with_fault(found);
            }
        }
        table.row(format!("6 esses at {over_db} dB"), count);
        if over_db > 2.0 {
            count.assert_good("sibilant");
        } else if over_db < -5.0 {
            assert_eq!(count.false_alarms, accused_s);
        }
    }
    drop(table);
    // One of them is doubled by a bass below, and not asked.
    let voices: Vec<&Excerpt> = voices.iter().filter(|v| !v.name.ends_with("backing_vocal_alt")).collect();
    let mut table = Table::new("plosive");
    for over_db in [-9.0, 3.0, 6.0] {
        let mut dice = Dice::new(62);
        let mut count = Count { false_alarms: accused_p, ..Count::default() };
        for n in 0..24 {
            let voice = voices[n % voices.len()];
            let (power, places) = sounding(&voice.audio, voice.rate);
            let mut audio = voice.audio.clone();
            for _ in 0..3 {
                let at = places[dice.whole(0, places.len())] * (voice.rate / 100) as usize;
                let at = at.min(audio.frames() - voice.rate as usize);
                let power = power * 10f64.powf(over_db / 10.0);
                pop(&mut audio, voice.rate, at, power, dice.between(35.0, 75.0), dice.between(0.05, 0.12));
            }
            let found = of(&inspect(voice.rate, &audio), "plosive").next().is_some();
            if over_db < -5.0 {
                count.without(found);
            } else {
                count.with_fault(found);
            }
        }
        table.row(format!("3 pops at {over_db} dB"), count);
        if over_db > 5.0 {
            count.assert_good("plosive");
        }
    }
}
