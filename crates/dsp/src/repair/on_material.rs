//! The repairs' figures on real recordings: stems of songs, and the ten recordings of the de-clipping survey.
//!
//! The songs are found at `TONMEISTER_MATERIAL`, or `../shared/material` from the workspace root, the survey's ten (its
//! toolbox has them, 44.1 kHz) at `TONMEISTER_SQAM`; `ffmpeg` reads both. Where they are not, a test says so and passes.

mod declick;
mod declip;
mod dehum;
mod denoise;

use std::path::{Path, PathBuf};
use std::process::Command;

use tonmeister_core::{Effect, Layout, Processor, Settings, Stream};

use super::probe::through;

/// The rate of all stems used here.
const RATE: u32 = 44_100;

/// Decodes a piece of a file to one channel, at the rate it has.
fn decode(path: &Path, from: f64, seconds: f64) -> Option<Vec<f32>> {
    let (from, seconds) = (from.to_string(), seconds.to_string());
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-ss", &from, "-t", &seconds, "-i"]).arg(path);
    match command.args(["-f", "f32le", "-ac", "1", "-"]).output() {
        Ok(output) if output.status.success() => {
            Some(output.stdout.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect())
        }
        _ => {
            eprintln!("SKIPPED: no ffmpeg, or no {} (set TONMEISTER_MATERIAL)", path.display());
            None
        }
    }
}

/// Some seconds of a stem.
fn stem(name: &str, from: f64, seconds: f64) -> Option<Vec<f32>> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/material");
    let root = std::env::var_os("TONMEISTER_MATERIAL").map_or_else(beside, PathBuf::from);
    decode(&root.join("songs").join(name).with_extension("flac"), from, seconds)
}

fn build<E: Effect>(settings: &[(&str, f64)]) -> Box<dyn Processor> {
    let settings = settings.iter().fold(Settings::new(E::SPEC), |all, (id, value)| all.with(id, *value));
    let stream = Stream { sample_rate: RATE, layout: Layout::Mono, max_block: 4096, seed: 0 };
    E::from_settings(&settings).build(&stream).unwrap()
}

/// A sound through an effect with those settings.
fn repaired<E: Effect>(settings: &[(&str, f64)], sound: &[f32]) -> Vec<f32> {
    through(&mut *build::<E>(settings), sound)
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}
