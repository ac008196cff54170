//! Two microphones at one source, apart in time; and tracks that only look like it.

use std::f64::consts::PI;

use tonmeister_core::Buffer;
use tonmeister_dsp::testing::noise;
use tonmeister_measure::check::{Config, Finding, Inspection, Member, compare_set};

use crate::tally::{Count, Dice, Excerpt, Kind, Table, all, cut, inspect, rms_dbfs, whole};

/// A channel, later by any time that may change from frame to frame (a windowed sinc of 32 taps).
fn later(x: &[f32], delay: impl Fn(usize) -> f64) -> Vec<f32> {
    let tap = |t: f64| {
        if t.abs() >= 16.0 {
            return 0.0;
        }
        let sinc = if t.abs() < 1e-9 { 1.0 } else { (PI * t).sin() / (PI * t) };
        sinc * (0.5 + 0.5 * (PI * t / 16.0).cos())
    };
    let at = |n: usize| {
        let place = n as f64 - delay(n);
        let first = place.floor() as i64 - 15;
        let taps = (first..first + 32).filter(|k| *k >= 0 && (*k as usize) < x.len());
        taps.map(|k| f64::from(x[k as usize]) * tap(place - k as f64)).sum::<f64>() as f32
    };
    (0..x.len()).map(at).collect()
}

/// A first-order shelf: another microphone's color.
fn colored(x: &[f32], amount: f64) -> Vec<f32> {
    let mut dull = 0.0;
    x.iter()
        .map(|x| {
            dull += 0.15 * (f64::from(*x) - dull);
            (f64::from(*x) + amount * dull) as f32
        })
        .collect()
}

fn add(to: &mut [f32], sound: &[f32], db: f64) {
    let power = |x: &[f32]| x.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>() / x.len() as f64;
    let gain = (power(to) / power(sound).max(1e-30) * 10f64.powf(db / 10.0)).sqrt() as f32;
    to.iter_mut().zip(sound).for_each(|(y, x)| *y += gain * x);
}

/// 12 s of every stem that sounds, left channel.
fn stems() -> Option<Vec<Excerpt>> {
    let files = all(Kind::Stems)?;
    let load = |file: &std::path::PathBuf| {
        let all = whole(file);
        let part = cut(&all, 20 * all.rate as usize, 12 * all.rate as usize);
        let audio = Buffer::from_mono(part.audio.channel(0).to_vec());
        (rms_dbfs(&audio) > -55.0).then_some(Excerpt { audio, ..part })
    };
    Some(files.iter().filter_map(load).collect())
}

fn compared(a: &Inspection, b: &Inspection) -> Vec<Finding> {
    let both = [Member { name: "near", inspection: a }, Member { name: "far", inspection: b }];
    compare_set(&both, &Config::default()).into_iter().filter(|f| f.rule == "delay-pair").collect()
}

/// Sounds that fill the band: a sine-like bass says nothing about time, and is not asked.
fn is_broad(stem: &Excerpt) -> bool {
    let x = stem.audio.channel(0);
    let bright: f64 = x.windows(2).map(|w| f64::from(w[1] - w[0]).powi(2)).sum();
    let window = (0.35 * f64::from(stem.rate)) as usize;
    let sounds = |w: &&[f32]| w.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>() > 1e-6 * window as f64;
    if x.chunks_exact(window).filter(sounds).count() < 9 {
        return false;
    }
    let power: f64 = x.iter().map(|x| f64::from(*x).powi(2)).sum();
    // RMS frequency: neither a bass nor a cymbal, whose sound lies above the band that is compared.
    (700.0..6_000.0).contains(&((bright / power).sqrt() * f64::from(stem.rate) / (2.0 * PI)))
}

#[test]
fn microphones_apart_are_found() {
    let Some(stems) = stems() else { return };
    let mut dice = Dice::new(41);
    let mut table = Table::new("delay-pair");
    let (mut count, mut turned_right, mut worst) = (Count::default(), 0, 0.0_f64);
    let broad: Vec<&Excerpt> = stems.iter().filter(|s| is_broad(s)).collect();
    for stem in &broad {
        let rate = f64::from(stem.rate);
        let delay_ms = dice.between(0.12_f64.ln(), 19.5_f64.ln()).exp();
        let sign = if dice.unit() < 0.5 { -1.0 } else { 1.0 };
        let frames = delay_ms * 1e-3 * rate;
        let near = stem.audio.channel(0);
        let mut far: Vec<f32> = colored(&later(near, |_| frames), dice.between(-0.4, 0.8));
        for x in &mut far {
            *x *= sign as f32;
        }
        add(&mut far, &noise(dice.whole(1, 1000) as u64, 1.0, near.len()), -20.0);
        // The neighbor's instrument leaks into it.
        let other = broad[dice.whole(0, broad.len())];
        if other.name != stem.name {
            add(&mut far, &other.audio.channel(0)[..near.len().min(other.audio.frames())], -20.0);
        }
        let a = inspect(stem.rate, &stem.audio);
        let b = inspect(stem.rate, &Buffer::from_mono(far));
        let found = compared(&a, &b);
        let right = found.iter().find(|f| (f.evidence("frames").unwrap() - frames).abs() < 4.0 && f.files[0] == "far");
        if let Some(f) = right {
            worst = worst.max((f.evidence("frames").unwrap() - frames).abs());
            turned_right += usize::from(f.evidence("polarity").unwrap() == sign);
        }
        count.with_fault(right.is_some());
        // The same two microphones in line.
        let c = inspect(stem.rate, &Buffer::from_mono(colored(near, 0.5)));
        count.without(!compared(&a, &c).is_empty());
    }
    table.row("0.12–20 ms, −20 dB noise, bleed", count);
    eprintln!("worst {worst:.2} frames off with another color, polarity right in {turned_right} of {}", count.found);
    assert_eq!(turned_right, count.found);
    count.assert_good("delay-pair");
}

/// Noise, and noise 20 dB below it that is not common: within a tenth of a frame, polarity always right.
#[test]
fn the_delay_is_exact_to_a_tenth_of_a_frame() {
    let source = noise(3, 0.3, 48_000 * 8);
    let mut worst = 0.0_f64;
    for (n, frames) in [5.3, 17.77, 100.5, 333.25, 900.0].into_iter().enumerate() {
        for sign in [1.0_f32, -1.0] {
            let mut far = later(&source, |_| frames);
            for x in &mut far {
                *x *= sign;
            }
            add(&mut far, &noise(90 + n as u64, 1.0, source.len()), -20.0);
            let (a, b) =
                (inspect(48_000, &Buffer::from_mono(source.clone())), inspect(48_000, &Buffer::from_mono(far)));
            let found = compared(&a, &b);
            assert_eq!(found.len(), 1, "{frames}");
            worst = worst.max((found[0].evidence("frames").unwrap() - frames).abs());
            assert_eq!(found[0].evidence("polarity"), Some(f64::from(sign)));
        }
    }
    eprintln!("delay-pair: worst {worst:.3} frames off at 20 dB");
    assert!(worst <= 0.1, "{worst}");
}

#[test]
fn a_shared_beat_or_a_part_played_twice_is_no_pair() {
    let Some(stems) = stems() else { return };
    let inspections: Vec<Inspection> = stems.iter().map(|s| inspect(s.rate, &s.audio)).collect();
    let song = |s: &Excerpt| s.name.split('/').next().unwrap_or_default().to_owned();
    let (mut pairs, mut accused) = (0, 0);
    for (i, a) in stems.iter().enumerate() {
        for (j, b) in stems.iter().enumerate().skip(i + 1) {
            if song(a) == song(b) && a.rate == b.rate {
                pairs += 1;
                accused += compared(&inspections[i], &inspections[j]).len();
            }
        }
    }
    eprintln!("delay-pair: {accused} of {pairs} pairs of stems of one song are accused");
    let mut dice = Dice::new(43);
    let (mut twice, mut twice_accused) = (0, 0);
    for (stem, inspection) in stems.iter().zip(&inspections) {
        // A player's second time: between 2 and 12 ms off, never the same, a little out of tune.
        let (slow, fast) = (dice.between(0.2, 0.5), dice.between(1.1, 2.3));
        let rate = f64::from(stem.rate);
        let wander = |n: usize| {
            let t = n as f64 / rate;
            rate * 1e-3 * (7.0 + 3.5 * (2.0 * PI * slow * t).sin() + 1.5 * (2.0 * PI * fast * t + 1.0).sin())
        };
        let second = Buffer::from_mono(colored(&later(stem.audio.channel(0), wander), 0.3));
        twice += 1;
        twice_accused += compared(inspection, &inspect(stem.rate, &second)).len();
    }
    eprintln!("delay-pair: {twice_accused} of {twice} parts played twice are accused");
    assert!(accused * 50 <= pairs && twice_accused * 20 <= twice);
}
