//! Real songs, where this machine has them.
#![allow(dead_code)]

use std::path::{Path, PathBuf};
use std::process::Command;

use tonmeister_core::{Buffer, Layout};

/// The folder of test material: `TONMEISTER_MATERIAL`, else beside the checkout. Says loudly when there is none.
pub(crate) fn material(test: &str) -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/material");
    let folder = std::env::var_os("TONMEISTER_MATERIAL").map_or(beside, PathBuf::from);
    if folder.join("songs").is_dir() {
        return Some(folder);
    }
    eprintln!("\n*** SKIPPED: {test} needs the material of real songs; set TONMEISTER_MATERIAL to its folder ***\n");
    None
}

/// The folders inside a folder, sorted.
pub(crate) fn folders(path: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(path).unwrap().map(|e| e.unwrap().path());
    let mut found: Vec<PathBuf> = entries.filter(|p| p.is_dir()).collect();
    found.sort();
    found
}

/// The files of a folder with that extension, sorted.
pub(crate) fn files(path: &Path, extension: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(path).unwrap().map(|e| e.unwrap().path());
    let mut found: Vec<PathBuf> = entries.filter(|p| p.extension().is_some_and(|e| e == extension)).collect();
    found.sort();
    found
}

/// A whole file.
pub(crate) fn read(path: &Path) -> Buffer {
    let mut source = tonmeister_media::open(path).unwrap().source;
    let mut all = Buffer::new(source.info().layout, 0);
    let mut part = Buffer::new(source.info().layout, 65_536);
    loop {
        match source.read(&mut part.block(65_536)).unwrap() {
            0 => return all,
            frames => all.append(part.view(frames)),
        }
    }
}

/// Left and right of a buffer; mono is both.
pub(crate) fn side(buffer: &Buffer, side: usize) -> &[f32] {
    buffer.channel(if buffer.layout() == Layout::Stereo { side } else { 0 })
}

/// What `ffmpeg -af ebur128=peak=true` says: integrated loudness and true peak. `None` where it is not installed.
pub(crate) fn ffmpeg(path: &Path) -> Option<(f64, f64)> {
    let output = Command::new("ffmpeg")
        .args(["-hide_banner", "-nostats", "-nostdin", "-i"])
        .arg(path)
        .args(["-af", "ebur128=peak=true:framelog=verbose", "-f", "null", "-"])
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let summary = &text[text.rfind("Summary:")?..];
    let after = |label: &str, unit: &str| {
        let rest = &summary[summary.find(label)? + label.len()..];
        rest[..rest.find(unit)?].trim().parse::<f64>().ok()
    };
    Some((after("I:", "LUFS")?, after("Peak:", "dBFS")?))
}
