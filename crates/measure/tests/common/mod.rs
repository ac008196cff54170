//! Signals of EBU Tech 3341 and 3342, and the way to real material.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its own part")]

use std::f64::consts::TAU;
use std::path::PathBuf;

use tonmeister_core::Buffer;

/// The rates every synthetic case is measured at.
pub const RATES: [u32; 5] = [44_100, 48_000, 88_200, 96_000, 192_000];

/// A 1 kHz sine in stretches of (seconds, peak in dBFS; `None` is silence), its phase running on through all of them.
pub fn tone(rate: u32, stretches: &[(f64, Option<f64>)]) -> Vec<f32> {
    // 10 ms hold ten whole cycles at every rate here.
    let cycle: Vec<f64> = (0..rate / 100).map(|n| (TAU * 1000.0 * f64::from(n) / f64::from(rate)).sin()).collect();
    let mut out: Vec<f32> = Vec::new();
    for (seconds, level) in stretches {
        let gain = level.map_or(0.0, |db| 10f64.powf(db / 20.0));
        let end = out.len() + (seconds * f64::from(rate)).round() as usize;
        out.extend((out.len()..end).map(|n| (gain * cycle[n % cycle.len()]) as f32));
    }
    out
}

/// The folder of real music and official signals, or a loud word that it is missing.
pub fn material(what: &str) -> Option<PathBuf> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/material");
    let root = std::env::var_os("TONMEISTER_MATERIAL").map_or_else(beside, PathBuf::from);
    let path = root.join(what);
    if path.exists() {
        return Some(path);
    }
    eprintln!("SKIPPED: no {what} in {} (set TONMEISTER_MATERIAL)", root.display());
    None
}

/// Reads a whole file with this house's own reader.
pub fn read(path: &std::path::Path) -> (u32, Buffer) {
    let mut opened = tonmeister_media::open(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let info = opened.source.info();
    let mut buffer = Buffer::new(info.layout, info.frames as usize);
    let mut at = 0;
    while at < buffer.frames() {
        let end = buffer.frames().min(at + 65_536);
        let read = opened.source.read(&mut buffer.block_range(at, end)).unwrap_or_else(|e| panic!("{e}"));
        assert!(read > 0, "{} ends early", path.display());
        at += read;
    }
    (info.sample_rate, buffer)
}

/// The files of a folder with one of these endings, in order.
pub fn files(folder: &std::path::Path, endings: &[&str]) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut files: Vec<PathBuf> = entries.map(|e| e.expect("the folder can be read").path()).collect();
    files.retain(|f| f.extension().is_some_and(|e| endings.iter().any(|ending| e == *ending)));
    files.sort();
    files
}
