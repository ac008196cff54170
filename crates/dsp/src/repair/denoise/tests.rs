use std::f64::consts::TAU;
use std::fmt::Write;

use tonmeister_core::{Buffer, Event, Layout, ParamIndex, Settings, Stream};

use super::*;
use crate::testing::{noise, run, stereo_noise};

const RATE: u32 = 48_000;
/// How high strokes are, beside chords of a peak of about 0.5.
const STROKE: f32 = 0.1;

fn build(settings: &Settings, layout: Layout) -> Box<dyn Processor> {
    let stream = Stream { sample_rate: RATE, layout, max_block: 4096, seed: 0 };
    Denoise::from_settings(settings).build(&stream).unwrap()
}

/// Plucked chords in a minor key over a bass, with a noisy stroke of that peak on every beat, from one second on.
fn music(frames: usize, stroke: f32) -> Vec<f64> {
    let mut out = vec![0.0; frames];
    let mut pluck = |at: usize, hz: f64, level: f64, seconds: f64| {
        for partial in 1..=10 {
            let hz = hz * f64::from(partial);
            if hz > 16_000.0 {
                break;
            }
            let step = num(TAU * hz / f64::from(RATE));
            let decay = (-1.0 / (seconds / f64::from(partial).sqrt() * f64::from(RATE))).exp();
            let mut z = (0.0, level / f64::from(partial));
            for (n, x) in out.iter_mut().skip(at).take(3 * RATE as usize).enumerate() {
                let rise = (n as f64 / 100.0).min(1.0);
                *x += rise * z.0;
                z = (decay * (z.0 * step.0 - z.1 * step.1), decay * (z.0 * step.1 + z.1 * step.0));
            }
        }
    };
    let beat = RATE as usize / 2;
    let chords = [[220.0, 261.63, 329.63], [174.61, 220.0, 261.63], [196.0, 246.94, 293.66], [164.81, 207.65, 246.94]];
    for (n, at) in (RATE as usize..frames).step_by(beat).enumerate() {
        let chord = chords[(n / 2) % 4];
        pluck(at, chord[0] / 4.0, 0.2, 0.5);
        pluck(at, chord[n % 3] * 2.0, 0.1, 0.35);
        if n % 2 == 0 {
            for hz in chord {
                pluck(at, hz, 0.08, 0.6);
            }
        }
    }
    for (n, at) in (RATE as usize..frames).step_by(beat).enumerate() {
        for (i, x) in noise(n as u64 + 50, stroke, 4800.min(frames - at)).into_iter().enumerate() {
            out[at + i] += f64::from(x) * (-(i as f64) / 480.0).exp();
        }
    }
    out
}

fn num(angle: f64) -> (f64, f64) {
    (angle.cos(), angle.sin())
}

/// White noise, so many dB below the music, and its sum with the music.
fn noisy(clean: &[f64], snr_db: f64) -> Vec<f32> {
    let power = clean[RATE as usize..].iter().map(|x| x * x).sum::<f64>() / (clean.len() - RATE as usize) as f64;
    let peak = (3.0 * power * 10f64.powf(-snr_db / 10.0)).sqrt();
    clean.iter().zip(noise(9, 1.0, clean.len())).map(|(s, n)| (s + peak * f64::from(n)) as f32).collect()
}

/// How far what is wrong lies below the music, from that frame on.
fn sdr_db(clean: &[f64], output: &[f32], late: usize, from: usize) -> f64 {
    let (mut right, mut wrong) = (0.0, 0.0);
    for n in from..clean.len() - late {
        right += clean[n] * clean[n];
        wrong += (f64::from(output[n + late]) - clean[n]).powi(2);
    }
    10.0 * (right / wrong).log10()
}

#[test]
fn learned_noise_goes_and_music_stays() {
    // Asked at 10, 20, 30 dB: 20, 27, 34 dB, and no less than 42 at 40. Reached: 20.5, 27.9, 36.9, 45.9 dB;
    // without any strokes 21.1, 29.9, 39.0, 48.4; with strokes of 0.3, themselves white noise, 18.6, 27.4, 36.3, 45.5.
    // Six real songs, mixed, 14 s of each: 17.0 to 22.4, 24.2 to 29.4, 32.5 to 36.6, 41.6 to 43.6 dB.
    let asked = [(10.0, 20.0), (20.0, 27.0), (30.0, 34.0), (40.0, 42.0)];
    let off = [Event { at: 43_000, param: ParamIndex(LEARN), value: 0.0, glide: 0 }];
    let mut short = false;
    for stroke in [0.0, STROKE, 0.3] {
        let clean = music(5 * RATE as usize, stroke);
        let mut report = String::new();
        for (snr, least) in asked {
            let settings = Settings::new(&SPEC).with("learn", 1.0).with("reduction_db", 20.0);
            let mut processor = build(&settings, Layout::Mono);
            let late = processor.latency().0 as usize;
            let out = run(&mut *processor, &Buffer::from_mono(noisy(&clean, snr)), &[512], &off);
            let sdr = sdr_db(&clean, out.channel(0), late, RATE as usize);
            write!(report, "{snr} → {sdr:.1} dB; ").unwrap();
            short |= stroke == STROKE && sdr < least;
        }
        println!("learned, strokes of {stroke}: {report}");
    }
    assert!(!short);
}

#[test]
fn a_lead_in_is_learned_as_if_by_hand() {
    let sound = Buffer::from_mono(noisy(&music(3 * RATE as usize, STROKE), 20.0));
    let by_hand = Settings::new(&SPEC).with("learn", 1.0);
    let off = [Event { at: 43_200, param: ParamIndex(LEARN), value: 0.0, glide: 0 }];
    let asked = run(&mut *build(&by_hand, Layout::Mono), &sound, &[512], &off);
    let lead_in = Settings::new(&SPEC).with("lead_in_seconds", 43_200.0 / f64::from(RATE));
    let mut processor = build(&lead_in, Layout::Mono);
    let first = run(&mut *processor, &sound, &[333, 1, 4096], &[]);
    processor.reset();
    let second = run(&mut *processor, &sound, &[512], &[]);
    assert!(asked.channel(0) == first.channel(0) && asked.channel(0) == second.channel(0));
}

#[test]
fn tracked_noise_goes_and_music_stays() {
    let clean = music(9 * RATE as usize, STROKE);
    let mut report = String::new();
    let mut short = false;
    // As asked of learned noise, but no more than harmless at 40 dB. Reached: 20.2, 27.4, 36.1, 40.1 dB.
    for (snr, least) in [(10.0, 20.0), (20.0, 27.0), (30.0, 34.0), (40.0, 40.0)] {
        let settings = Settings::new(&SPEC).with("memory_seconds", 3.0).with("reduction_db", 20.0);
        let mut processor = build(&settings, Layout::Mono);
        let late = processor.latency().0 as usize;
        let out = run(&mut *processor, &Buffer::from_mono(noisy(&clean, snr)), &[512], &[]);
        let sdr = sdr_db(&clean, out.channel(0), late, 4 * RATE as usize);
        write!(report, "{snr} → {sdr:.1} dB; ").unwrap();
        short |= sdr < least;
    }
    println!("tracked: {report}");
    assert!(!short, "{report}");
}

#[test]
fn what_is_left_of_noise_does_not_chirp() {
    // Of white noise the powers of bins have a mean square of twice their squared mean; tones that come and go raise that.
    // Measured: 2.66; with noise learned for each bin alone, 5.7.
    let input = Buffer::from_mono(noise(21, 0.05, 4 * RATE as usize));
    let settings = Settings::new(&SPEC).with("lead_in_seconds", 1.0);
    let out = run(&mut *build(&settings, Layout::Mono), &input, &[512], &[]);
    let (mut sum, mut squares, mut count) = (0.0, 0.0, 0.0);
    for frame in (3 * RATE as usize / 2..4 * RATE as usize - 2048).step_by(1024) {
        for bin in (20..1000).step_by(20) {
            let (mut re, mut im) = (0.0, 0.0);
            for n in 0..2048 {
                let x = f64::from(out.channel(0)[frame + n]) * (0.5 - 0.5 * (TAU * n as f64 / 2048.0).cos());
                let (cos, sin) = num(TAU * ((bin * n) % 2048) as f64 / 2048.0);
                re += x * cos;
                im += x * sin;
            }
            let power = re * re + im * im;
            sum += power;
            squares += power * power;
            count += 1.0;
        }
    }
    let lumps = squares * count / (sum * sum);
    println!("{lumps:.2}");
    assert!(lumps < 3.0, "{lumps}");
}

#[test]
fn strings_without_a_gap_are_not_taken_for_noise() {
    // Nothing is learned, and there is next to no noise.
    // Measured: 63.9 dB. Real songs, mixed, from their sixth second, nothing learned: pop 57.9, rock 29.0 (its chords stand), instrumental
    // 96.6, drum and bass 152, orchestra 96.8 dB; under white noise 40 dB below them 43.6, 28.6, 41.3, 41.8, 43.3.
    let sound = crate::repair::probe::strings(3, RATE, 12 * RATE as usize);
    let mut processor = build(&Settings::new(&SPEC), Layout::Mono);
    let late = processor.latency().0 as usize;
    let out = run(&mut *processor, &Buffer::from_mono(sound.clone()), &[512], &[]);
    let clean: Vec<f64> = sound.iter().map(|x| f64::from(*x)).collect();
    let kept = sdr_db(&clean, out.channel(0), late, 5 * RATE as usize);
    println!("kept to {kept:.1} dB");
    assert!(kept > 40.0, "{kept}");
}

#[test]
fn noise_falls_by_the_reduction_and_no_further() {
    for reduction in [10.0, 20.0] {
        let input = stereo_noise(5, 0.02, 3 * RATE as usize);
        let settings = Settings::new(&SPEC).with("memory_seconds", 1.0).with("reduction_db", reduction);
        let out = run(&mut *build(&settings, Layout::Stereo), &input, &[512], &[]);
        for c in 0..2 {
            let power = |b: &Buffer| b.channel(c)[2 * RATE as usize..].iter().map(|x| f64::from(x * x)).sum::<f64>();
            let fallen = 10.0 * (power(&input) / power(&out)).log10();
            println!("{reduction} dB: {fallen:.2} dB");
            assert!(fallen > reduction - 1.5 && fallen < reduction + 0.1, "{reduction}: {fallen}");
        }
    }
}

#[test]
fn without_reduction_it_only_waits_and_what_is_taken_adds_up() {
    let input = stereo_noise(5, 0.5, RATE as usize * 2);
    let plain = Settings::new(&SPEC).with("memory_seconds", 1.0);
    let late = build(&plain, Layout::Stereo).latency().0 as usize;
    let idle = run(&mut *build(&plain.clone().with("reduction_db", 0.0), Layout::Stereo), &input, &[512], &[]);
    let kept = run(&mut *build(&plain, Layout::Stereo), &input, &[512], &[]);
    let taken = run(&mut *build(&plain.with("listen", 1.0), Layout::Stereo), &input, &[512], &[]);
    for c in 0..2 {
        for n in late..input.frames() {
            let x = input.channel(c)[n - late];
            assert!((idle.channel(c)[n] - x).abs() < 1e-7);
            assert!((kept.channel(c)[n] + taken.channel(c)[n] - x).abs() < 1e-6);
        }
    }
}

#[test]
fn a_song_that_begins_at_once_and_digital_silence_are_not_harmed() {
    // Nothing is known yet: the first seconds pass untouched. And after a gap of nothing, too.
    let mut sound: Vec<f32> = music(3 * RATE as usize, 0.3).iter().skip(RATE as usize).map(|x| *x as f32).collect();
    sound.extend(vec![0.0; RATE as usize / 2]);
    sound.extend_from_within(..RATE as usize);
    let settings = Settings::new(&SPEC).with("memory_seconds", 1.5).with("reduction_db", 25.0);
    let mut processor = build(&settings, Layout::Mono);
    let late = processor.latency().0 as usize;
    let out = run(&mut *processor, &Buffer::from_mono(sound.clone()), &[512], &[]);
    let clean: Vec<f64> = sound.iter().map(|x| f64::from(*x)).collect();
    let first = sdr_db(&clean[..RATE as usize], out.channel(0), late, 0);
    assert!(first > 100.0, "{first}");
}
