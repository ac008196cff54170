//! Hum, noise, and the traces of coders and conversions.

use std::path::{Path, PathBuf};
use std::process::Command;

use realfft::RealFftPlanner;

use crate::common::read;
use crate::inject::{add_hum, add_noise};
use crate::tally::{Count, Dice, Excerpt, Kind, Table, excerpts, inspect, of};

fn material() -> Option<Vec<Excerpt>> {
    let mut all = excerpts(Kind::Finished, 12, 12.0, 4)?;
    all.extend(excerpts(Kind::Stems, 24, 12.0, 4)?);
    all.extend(excerpts(Kind::Mixes, 6, 12.0, 4)?);
    Some(all)
}

/// The level of the bass (below some 600 Hz) in the quietest tenth of 50 ms, dBFS.
fn quiet_bass(e: &Excerpt) -> f64 {
    let wide = e.rate as usize / 1200;
    let mean = |x: &[f32]| -> Vec<f32> {
        let mut sum = 0.0_f64;
        let step = |n: usize| {
            sum += f64::from(x[n]) - if n >= wide { f64::from(x[n - wide]) } else { 0.0 };
            (sum / wide as f64) as f32
        };
        (0..x.len()).map(step).collect()
    };
    let low = mean(&mean(e.audio.channel(0)));
    let level =
        |b: &[f32]| 10.0 * (b.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>() / b.len() as f64).max(1e-20).log10();
    let mut levels: Vec<f64> = low.chunks_exact(e.rate as usize / 20).map(level).collect();
    levels.sort_by(f64::total_cmp);
    levels[levels.len() / 10]
}

/// Hum as loud as the bass in the sound's quietest tenth, and so many dB louder or softer (never below −70 dBFS), six
/// lines that fall by 5 dB each, at 49.5 to 50.5 and 59.5 to 60.5 Hz.
#[test]
fn hum() {
    let Some(trials) = material() else { return };
    let mut table = Table::new("hum");
    let clean: Vec<bool> = trials
        .iter()
        .map(|e| {
            let inspection = inspect(e.rate, &e.audio);
            of(&inspection, "hum").next().is_some()
        })
        .collect();
    let (mut worst_hz, mut worst_db) = (0.0_f64, 0.0_f64);
    for over_db in [-10.0, 0.0, 10.0] {
        let mut count = Count::default();
        let mut dice = Dice::new(3);
        for (e, clean) in trials.iter().zip(&clean) {
            let mains = if dice.unit() < 0.5 { 50.0 } else { 60.0 };
            let (hz, level) = (mains + dice.between(-0.5, 0.5), (quiet_bass(e) + over_db).max(-70.0));
            let levels: Vec<f64> = (0..6).map(|n| level - 5.0 * n as f64).collect();
            let mut audio = e.audio.clone();
            add_hum(&mut audio, e.rate, hz, &levels);
            let inspection = inspect(e.rate, &audio);
            let finding = of(&inspection, "hum").next();
            count.with_fault(finding.is_some());
            count.without(*clean);
            if let (Some(finding), true) = (finding, over_db >= 0.0) {
                worst_hz = worst_hz.max((finding.evidence("fundamental").unwrap() - hz).abs());
                let total = 10.0 * levels.iter().map(|l| 10f64.powf(l / 10.0)).sum::<f64>().log10();
                worst_db = worst_db.max((finding.evidence("level").unwrap() - total).abs());
            }
        }
        table.row(format!("{over_db:+} dB over the quiet bass"), count);
        if over_db >= 0.0 {
            count.assert_good("hum");
        }
    }
    eprintln!("as loud and louder: frequency within {worst_hz:.2} Hz, level within {worst_db:.1} dB");
}

/// White and dull noise of known level under stems that have pauses.
#[test]
fn noise() {
    let Some(trials) = material() else { return };
    let mut table = Table::new("noise-floor");
    let clean: Vec<bool> = trials
        .iter()
        .map(|e| {
            let inspection = inspect(e.rate, &e.audio);
            of(&inspection, "noise-floor").next().is_some()
        })
        .collect();
    let mut apart = Vec::new();
    for level in [-60.0, -50.0] {
        let mut count = Count::default();
        for (n, (e, clean)) in trials.iter().zip(&clean).enumerate() {
            count.without(*clean);
            // Pauses: the quietest tenth of the half seconds lies below the noise.
            let half = e.rate as usize / 2;
            let mut levels: Vec<f64> = (0..e.audio.frames() / half)
                .map(|k| {
                    let part = &e.audio.channel(0)[k * half..(k + 1) * half];
                    10.0 * (part.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>() / half as f64).max(1e-20).log10()
                })
                .collect();
            levels.sort_by(f64::total_cmp);
            if levels[2] > level - 14.0 || levels[levels.len() / 2] < level + 16.0 {
                continue;
            }
            let mut audio = e.audio.clone();
            add_noise(&mut audio, n as u64 + 1, level);
            let inspection = inspect(e.rate, &audio);
            let seen = of(&inspection, "noise-floor").any(|f| f.channel == Some(0));
            count.with_fault(seen);
            apart.extend(inspection.stats.channels[0].noise_floor_dbfs.map(|f| f - level));
        }
        table.row(format!("{level} dBFS in the pauses"), count);
        if count.put > 0 {
            count.assert_good("noise");
        }
    }
    let worst = apart.iter().fold(0.0_f64, |a, x| a.max(x.abs()));
    eprintln!(
        "the floor is read within {worst:.2} dB ({} readings, mean {:+.2})",
        apart.len(),
        apart.iter().sum::<f64>() / apart.len() as f64
    );
}

/// A program of this machine that codes audio, or a loud word that it is missing.
fn tool(name: &str) -> bool {
    let there = Command::new(name).arg("-version").output().is_ok();
    if !there {
        eprintln!("SKIPPED: no {name} here");
    }
    there
}

fn run(command: &mut Command) {
    let out = command.output().unwrap_or_else(|e| panic!("{e}"));
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
}

fn wav(e: &Excerpt, folder: &Path, name: &str) -> PathBuf {
    let path = folder.join(name);
    let frames = e.audio.frames();
    let mut bytes = Vec::new();
    let channels = e.audio.layout().channels();
    let length = (frames * channels * 2) as u32;
    bytes.extend(b"RIFF");
    bytes.extend((36 + length).to_le_bytes());
    bytes.extend(b"WAVEfmt ");
    bytes.extend(16_u32.to_le_bytes());
    bytes.extend(1_u16.to_le_bytes());
    bytes.extend((channels as u16).to_le_bytes());
    bytes.extend(e.rate.to_le_bytes());
    bytes.extend((e.rate * channels as u32 * 2).to_le_bytes());
    bytes.extend((channels as u16 * 2).to_le_bytes());
    bytes.extend(16_u16.to_le_bytes());
    bytes.extend(b"data");
    bytes.extend(length.to_le_bytes());
    for n in 0..frames {
        for c in 0..channels {
            bytes.extend(((e.audio.channel(c)[n] * 32_767.0).round().clamp(-32_768.0, 32_767.0) as i16).to_le_bytes());
        }
    }
    std::fs::write(&path, bytes).unwrap();
    path
}

/// These songs came as AAC and as Ogg Vorbis (their `meta.json` says so): what is found in them is true.
const LOSSY_SOURCES: [&str; 2] = ["evr_caesium/", "sectoid_feelings/"];

/// Bright sound: more than −75 dBFS from 16.5 to 20 kHz, without which no coder leaves a trace there.
fn bright(e: &Excerpt) -> bool {
    let x = e.audio.channel(0);
    let size = 1024;
    let transform = RealFftPlanner::<f32>::new().plan_fft_forward(size);
    let mut spectrum = transform.make_output_vec();
    let [from, to] = [16_500.0, 20_000.0].map(|hz: f64| (hz / f64::from(e.rate) * size as f64) as usize);
    let mut sum = 0.0;
    for part in x.chunks_exact(size) {
        let shape = |n: usize| 0.5 - 0.5 * (std::f32::consts::TAU * n as f32 / size as f32).cos();
        let mut part: Vec<f32> = part.iter().enumerate().map(|(n, s)| s * shape(n)).collect();
        transform.process(&mut part, &mut spectrum).unwrap();
        sum += spectrum[from..to].iter().map(|x| f64::from(x.norm_sqr())).sum::<f64>();
    }
    // Both halves of the spectrum; the window leaves three eighths of the power.
    let power = 2.0 * sum / (x.len() / size) as f64 / (size * size) as f64 / 0.375;
    10.0 * power.max(1e-20).log10() > -75.0
}

/// Mixes and stems through real coders and back, and through a change of the sample rate.
#[test]
fn coders_and_conversions() {
    if !tool("ffmpeg") || !tool("sox") {
        return;
    }
    let mut trials = Vec::new();
    for seed in [5, 6] {
        for kind in [Kind::Stems, Kind::Mixes] {
            let Some(drawn) = excerpts(kind, 80, 4.0, seed) else { return };
            trials.extend(drawn);
        }
    }
    trials.retain(|e| bright(e) && !LOSSY_SOURCES.iter().any(|s| e.name.starts_with(s)));
    let folder = tempfile();
    let mut lossy = Table::new("lossy");
    let mut upsampled = Table::new("upsampled");
    let mut clean = Count::default();
    let mut clean_up = Count::default();
    for e in &trials {
        let inspection = inspect(e.rate, &e.audio);
        clean.without(of(&inspection, "lossy").next().is_some());
        clean_up.without(of(&inspection, "upsampled").next().is_some());
    }
    let coders = [
        ("mp3 128", "mp3", vec!["-c:a", "libmp3lame", "-b:a", "128k"]),
        ("mp3 192", "mp3", vec!["-c:a", "libmp3lame", "-b:a", "192k"]),
        ("mp3 320", "mp3", vec!["-c:a", "libmp3lame", "-b:a", "320k"]),
        ("aac 128", "m4a", vec!["-c:a", "aac", "-b:a", "128k"]),
        ("vorbis 128", "ogg", vec!["-c:a", "libvorbis", "-b:a", "128k"]),
        ("opus 96", "opus", vec!["-c:a", "libopus", "-b:a", "96k"]),
    ];
    for (name, ending, options) in coders {
        let mut count = clean;
        for e in &trials {
            let (from, coded, to) =
                (wav(e, &folder, "a.wav"), folder.join(format!("b.{ending}")), folder.join("c.wav"));
            run(Command::new("ffmpeg").args(["-y", "-i"]).arg(&from).args(&options).arg(&coded));
            run(Command::new("ffmpeg").args(["-y", "-i"]).arg(&coded).args(["-c:a", "pcm_s24le"]).arg(&to));
            let (rate, audio) = read(&to);
            let inspection = inspect(rate, &audio);
            count.with_fault(of(&inspection, "lossy").next().is_some());
        }
        lossy.row(name, count);
        count.assert_good("lossy");
    }
    for (name, low, high) in [
        ("44.1 to 48 kHz", "44100", "48000"),
        ("44.1 to 96 kHz", "44100", "96000"),
        ("48 to 192 kHz", "48000", "192000"),
        ("22.05 to 44.1 kHz", "22050", "44100"),
    ] {
        let mut count = clean_up;
        for e in &trials {
            let (from, between, to) = (wav(e, &folder, "a.wav"), folder.join("b.wav"), folder.join("c.wav"));
            for (from, to, rate) in [(&from, &between, low), (&between, &to, high)] {
                run(Command::new("sox").arg("-D").arg(from).args(["-b", "24"]).arg(to).args(["rate", "-h", rate]));
            }
            let (rate, audio) = read(&to);
            let inspection = inspect(rate, &audio);
            count.with_fault(of(&inspection, "upsampled").next().is_some());
        }
        upsampled.row(name, count);
        assert!(count.recall() >= 0.9 && count.precision() >= 0.95, "upsampled: {count:?}");
    }
    let _ = std::fs::remove_dir_all(&folder);
}

fn tempfile() -> PathBuf {
    let folder = std::env::temp_dir().join(format!("tonmeister-find-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}
