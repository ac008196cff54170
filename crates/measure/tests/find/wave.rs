//! Clipped passages, overs, offsets, cut edges, holes, padded bits.

use tonmeister_core::Buffer;
use tonmeister_core::SourceInfo;
use tonmeister_measure::check::Inspector;

use crate::inject::{amplitude, gain, map, peak, quantize};
use crate::tally::{Count, Dice, Excerpt, Kind, Table, cut, excerpts, inspect, of};

fn material() -> Option<Vec<Excerpt>> {
    let mut all = excerpts(Kind::Finished, 10, 4.0, 1)?;
    all.extend(excerpts(Kind::Stems, 12, 4.0, 1)?);
    all.extend(excerpts(Kind::Mixes, 4, 4.0, 1)?);
    Some(all)
}

fn found(e: &Excerpt, audio: &Buffer, rule: &str) -> bool {
    of(&inspect(e.rate, audio), rule).next().is_some()
}

/// Runs of three samples and more at a level, of one polarity and channel, as a person would count them on paper.
fn tops(audio: &Buffer, from: usize, to: usize, level: f32) -> usize {
    let runs = |c: usize, sign: f32| {
        let on = |s: &f32| s * sign >= level * (1.0 - 5e-5);
        audio.channel(c)[from..to].chunk_by(|a, b| on(a) == on(b)).filter(|run| on(&run[0]) && run.len() >= 3).count()
    };
    (0..audio.layout().channels()).flat_map(|c| [runs(c, 1.0), runs(c, -1.0)]).max().unwrap_or(0)
}

/// A passage of two seconds is clipped so many dB below its own peak, and lies 6 dB below the file's.
#[test]
fn clipped_passages() {
    let Some(trials) = material() else { return };
    let mut table = Table::new("clipped-passage");
    for under_db in [0.5, 1.0, 3.0, 6.0] {
        let mut count = Count::default();
        for e in &trials {
            let (from, to) = (e.rate as usize, 3 * e.rate as usize);
            let mut passage = cut(e, from, to - from).audio;
            let level = peak(&passage) * amplitude(-under_db) as f32;
            let turned = 0.5 * peak(&e.audio) / level;
            map(&mut passage, |s| s.clamp(-level, level) * turned);
            let mut audio = e.audio.clone();
            for c in 0..audio.layout().channels() {
                audio.channel_mut(c)[from..to].copy_from_slice(passage.channel(c));
            }
            quantize(&mut audio, 24);
            if tops(&audio, from, to, 0.5 * peak(&e.audio)) < 6 {
                continue;
            }
            // In a channel without a louder place it is `clipped`.
            let seen = found(e, &audio, "clipped-passage") || found(e, &audio, "clipped");
            count.with_fault(seen);
        }
        for e in &trials {
            let inspection = inspect(e.rate, &e.audio);
            count.without(of(&inspection, "clipped-passage").next().is_some());
        }
        table.row(format!("{under_db} dB below its peak"), count);
        if under_db != 1.0 {
            count.assert_good("clipped passages");
        }
    }
}

/// The whole clipped, at the file's greatest level, 16 bits.
#[test]
fn clipping() {
    let Some(trials) = material() else { return };
    let mut table = Table::new("clipped");
    for under_db in [0.5, 1.0, 3.0, 6.0] {
        let mut count = Count::default();
        for e in &trials {
            let level = peak(&e.audio) * amplitude(-under_db) as f32;
            let mut audio = e.audio.clone();
            map(&mut audio, |s| s.clamp(-level, level) * 0.7);
            quantize(&mut audio, 16);
            if tops(&audio, 0, audio.frames(), peak(&audio)) >= 3 {
                count.with_fault(found(e, &audio, "clipped"));
            }
        }
        for e in &trials {
            count.without(found(e, &e.audio, "clipped"));
        }
        table.row(format!("{under_db} dB below its peak"), count);
        if under_db >= 1.0 {
            count.assert_good("clipping");
        }
    }
}

/// Turned up until the true peak is so far over full scale, or under it.
#[test]
fn overs() {
    let Some(trials) = material() else { return };
    let mut table = Table::new("true-peak");
    for over_db in [0.1, 0.5, 1.0] {
        let mut count = Count::default();
        for e in &trials {
            let true_peak = inspect(e.rate, &e.audio).stats.true_peak_dbtp.unwrap();
            let mut audio = e.audio.clone();
            gain(&mut audio, over_db - true_peak);
            count.with_fault(found(e, &audio, "true-peak"));
            gain(&mut audio, -over_db - 0.05);
            count.without(found(e, &audio, "true-peak"));
        }
        table.row(format!("{over_db:+} dBTP"), count);
        count.assert_good("overs");
    }
}

/// An offset, and one that comes in the middle of ten seconds; and how exactly it is read.
#[test]
fn offsets() {
    let Some(mut trials) = excerpts(Kind::Finished, 8, 16.0, 2) else { return };
    trials.extend(excerpts(Kind::Stems, 8, 16.0, 2).unwrap());
    let mut table = Table::new("offset-moves");
    let mut worst = 0.0_f64;
    for offset in [0.015, 0.02, 0.04] {
        let mut count = Count::default();
        for e in &trials {
            let whole = inspect(e.rate, &e.audio);
            let mut audio = e.audio.clone();
            map(&mut audio, |s| s + 0.02);
            let leaning = inspect(e.rate, &audio);
            for (a, b) in whole.stats.channels.iter().zip(&leaning.stats.channels) {
                worst = worst.max((b.dc - a.dc - 0.02).abs());
            }
            let mut audio = e.audio.clone();
            let half = audio.frames() / 2;
            for c in 0..audio.layout().channels() {
                audio.channel_mut(c)[half..].iter_mut().for_each(|s| *s += offset * 1.5);
            }
            count.with_fault(found(e, &audio, "offset-moves"));
            count.without(of(&whole, "offset-moves").next().is_some());
        }
        table.row(format!("{:.4} of full scale", offset * 1.5), count);
        if offset >= 0.02 {
            count.assert_good("offsets that change");
        }
    }
    // Measured: within 1e-8, the rounding of the samples themselves.
    eprintln!("the mean of a channel is read within {worst:.1e} of full scale");
    assert!(worst < 1e-5);
}

/// Starts and ends in the middle of sound, against the same with a fade of some milliseconds.
#[test]
fn cut_edges() {
    let Some(trials) = material() else { return };
    let mut table = Table::new("cut-start, cut-end");
    let mut dice = Dice::new(5);
    for fade_ms in [2.0, 5.0, 20.0] {
        let mut counts = [Count::default(), Count::default()];
        // Three places in each.
        for e in trials.iter().flat_map(|e| [e; 3]) {
            let frames = 2 * e.rate as usize;
            let from = dice.whole(0, e.audio.frames() - frames);
            let mut part = cut(e, from, frames);
            for (count, rule) in counts.iter_mut().zip(["cut-start", "cut-end"]) {
                let channels = part.audio.layout().channels();
                let edge = |n: usize| if rule == "cut-start" { n } else { frames - 1 - n };
                let level = |from: usize, to: usize| {
                    let all = (0..channels).flat_map(|c| (from..to).map(move |n| (c, n)));
                    let energy: f64 = all.map(|(c, n)| f64::from(part.audio.channel(c)[edge(n)]).powi(2)).sum();
                    (energy / (channels * (to - from)) as f64).sqrt()
                };
                // In the middle of sound.
                if level(0, 900) > 0.01 && level(0, 900) > 0.1 * level(0, frames / 2) {
                    let seen = found(&part, &part.audio, rule);
                    count.with_fault(seen);
                }
            }
            let fade = (fade_ms * f64::from(e.rate) / 1000.0) as usize;
            for c in 0..part.audio.layout().channels() {
                for n in 0..fade {
                    let gain = n as f32 / fade as f32;
                    part.audio.channel_mut(c)[n] *= gain;
                    part.audio.channel_mut(c)[frames - 1 - n] *= gain;
                }
            }
            for (count, rule) in counts.iter_mut().zip(["cut-start", "cut-end"]) {
                count.without(found(&part, &part.audio, rule));
            }
        }
        table.row(format!("start, false: faded {fade_ms} ms"), counts[0]);
        table.row(format!("end, false: faded {fade_ms} ms"), counts[1]);
        for count in counts {
            count.assert_good("cut edges");
        }
    }
}

/// Bits: stored with 24, of which 8 to 20 say something; the same with dither of one step of 24 bits says all.
#[test]
fn padded_bits() {
    let Some(trials) = material() else { return };
    let mut table = Table::new("padded-bits");
    let inspected = |e: &Excerpt, audio: &Buffer| {
        let info = SourceInfo { sample_rate: e.rate, layout: audio.layout(), frames: audio.frames() as u64 };
        let mut inspector = Inspector::new(info).with_bits(Some(24));
        inspector.push(audio.view(audio.frames()));
        inspector.finish()
    };
    for bits in [12, 16, 20] {
        let mut count = Count::default();
        for e in &trials {
            let mut audio = e.audio.clone();
            gain(&mut audio, -1.0);
            quantize(&mut audio, bits);
            count.with_fault(of(&inspected(e, &audio), "padded-bits").next().is_some());
            gain(&mut audio, -0.3);
            quantize(&mut audio, 24);
            count.without(of(&inspected(e, &audio), "padded-bits").next().is_some());
        }
        table.row(format!("{bits} of 24"), count);
        count.assert_good("padded bits");
    }
}

/// Silence of all channels in the middle.
#[test]
fn holes() {
    let Some(trials) = excerpts(Kind::Finished, 12, 8.0, 3) else { return };
    let mut table = Table::new("hole");
    let mut count = Count::default();
    for e in &trials {
        let mut audio = e.audio.clone();
        let (from, frames) = (2 * e.rate as usize, (2.2 * f64::from(e.rate)) as usize);
        for c in 0..audio.layout().channels() {
            audio.channel_mut(c)[from..from + frames].fill(0.0);
        }
        let inspection = inspect(e.rate, &audio);
        let at = of(&inspection, "hole").next().and_then(|f| f.at);
        count.with_fault(at.is_some_and(|at| (at.from_s - 2.0).abs() < 0.001 && (at.to_s - 4.2).abs() < 0.001));
        count.without(found(e, &e.audio, "hole"));
    }
    table.row("2.2 s", count);
    count.assert_good("holes");
}
