//! `breath` on a real voice: a singer's stem (`songs/evr_caesium`), decoded by `ffmpeg`, over the noise of a room.

use std::path::PathBuf;
use std::process::Command;

use tonmeister_core::{Buffer, Effect, Layout, Settings, Stream};
use tonmeister_dsp::repair::Breath;
use tonmeister_dsp::testing::{noise, run};

const RATE: usize = 48_000;

/// A minute of singing, or a loud word that there is none.
fn voice(stem: &str) -> Option<Vec<f32>> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/material");
    let root = std::env::var_os("TONMEISTER_MATERIAL").map_or_else(beside, PathBuf::from);
    let path = root.join("songs/evr_caesium").join(stem);
    let command = ["-v", "error", "-i"];
    let raw = ["-f", "f32le", "-ac", "1", "-ar", "48000", "-"];
    let output = Command::new("ffmpeg").args(command).arg(&path).args(raw).output();
    match output {
        Ok(output) if output.status.success() => {
            Some(output.stdout.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect())
        }
        _ => {
            eprintln!("SKIPPED: no ffmpeg, or no {} (set TONMEISTER_MATERIAL)", path.display());
            None
        }
    }
}

fn level_db(samples: &[f32]) -> f64 {
    10.0 * (samples.iter().map(|x| f64::from(x * x)).sum::<f64>() / samples.len() as f64 + 1e-20).log10()
}

fn with(range: f64, gap_range: f64, sound: &[f32]) -> Vec<f32> {
    // The room lies 50 dB below the phrases, 35 below the softest of them.
    let gap = Settings::new(Breath::SPEC).with("gap_db", -35.0);
    let settings = gap.with("range_db", range).with("gap_range_db", gap_range);
    let stream = Stream { sample_rate: RATE as u32, layout: Layout::Mono, max_block: 512, seed: 0 };
    let mut processor = Breath::from_settings(&settings).build(&stream).expect("it builds");
    let late = processor.latency().0 as usize;
    let input = Buffer::from_mono([sound, &vec![0.0; late]].concat());
    run(&mut *processor, &input, &[512], &[]).channel(0)[late..].to_vec()
}

/// Gaps are found by their level alone, in windows of 20 ms: what lies within 6 dB of the room for 0.4 s or longer. Their
/// middles fall by the gap's range, and so does nothing that is loud.
#[test]
fn a_singers_gaps_fall_by_their_own_range_and_the_phrases_pass() {
    for stem in ["backing_vocal_main.flac", "lead_vocal.flac", "backing_vocal_harmony.flac"] {
        let Some(dry) = voice(stem) else { return };
        let room = noise(5, 0.0005, dry.len());
        let sound: Vec<f32> = dry.iter().zip(&room).map(|(x, n)| x + n).collect();
        let window = RATE / 50;
        let levels: Vec<f64> = sound.chunks_exact(window).map(level_db).collect();
        let floor = level_db(&room) + 6.0;
        let loud = levels.iter().fold(-200.0_f64, |a, b| a.max(*b)) - 12.0;
        let (only_gaps, both) = (with(0.0, 20.0, &sound), with(6.0, 20.0, &sound));
        // Before the first phrase nothing is known of the voice.
        let first = levels.iter().position(|level| *level > loud).unwrap_or_default();
        let (mut gap_seconds, mut loud_seconds, mut worst) = (0.0, 0.0, (0.0, 0.0));
        for (i, level) in levels.iter().enumerate() {
            let part = i * window..(i + 1) * window;
            let around = &levels[i.saturating_sub(10)..(i + 10).min(levels.len())];
            if around.iter().all(|level| *level < floor) && i > first && i + 10 < levels.len() {
                for out in [&only_gaps, &both] {
                    let off = (level - level_db(&out[part.clone()]) - 20.0).abs();
                    worst = if off > worst.0 { (off, 0.02 * i as f64) } else { worst };
                }
                gap_seconds += 0.02;
            }
            // A singer takes a moment to be known as one.
            if *level > loud && i > 25 {
                assert_eq!(sound[part.clone()], only_gaps[part.clone()], "{stem}: a phrase at {i} × 20 ms");
                assert_eq!(sound[part.clone()], both[part], "{stem}: a phrase at {i} × 20 ms");
                loud_seconds += 0.02;
            }
        }
        println!(
            "{stem}: {gap_seconds:.1} s of gaps within {worst:.3?} dB and s, {loud_seconds:.1} s of phrases untouched"
        );
        assert!(gap_seconds > 1.0 && loud_seconds > 0.5 && worst.0 < 0.2, "{stem}: {gap_seconds} s, {worst:?}");
    }
}
