//! `tonmeister measure`.

use std::fmt::Write;
use std::path::PathBuf;

use serde::Serialize;
use tonmeister::MeasureReport;

use super::levels;
use crate::args::Measure;
use crate::bars::Bars;
use crate::exit::Outcome;
use crate::table::{FAINT, STRONG, Side, Table, duration, maybe, styled};
use crate::trouble;
use crate::voice::Voice;

/// All files.
#[derive(Serialize)]
struct Measured {
    files: Vec<MeasureReport>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    failed: Vec<Unmeasured>,
}

/// A file that could not be measured.
#[derive(Serialize)]
struct Unmeasured {
    path: PathBuf,
    message: String,
}

/// Measures file after file; one that cannot be read does not keep the others from being measured.
pub(crate) fn run(args: &Measure, voice: &mut Voice) -> Outcome {
    let world = super::world();
    let mut measured = Measured { files: Vec::new(), failed: Vec::new() };
    let mut outcome = Outcome::Done;
    for path in &args.files {
        match world.measure(path, &mut Bars::new(voice)) {
            Ok(report) => measured.files.push(report),
            Err(failure) => {
                outcome = Outcome::of(&failure);
                if !voice.json() {
                    trouble::tell(&failure, voice);
                }
                measured.failed.push(Unmeasured { path: path.clone(), message: failure.to_string() });
            }
        }
    }
    voice.result(&measured, told);
    outcome
}

fn told(measured: &Measured) -> String {
    let mut text = match measured.files.as_slice() {
        [] => String::new(),
        [only] => alone(only),
        several => together(several),
    };
    for file in &measured.files {
        text.push_str(&trouble::remarks(&file.warnings));
    }
    text
}

fn alone(file: &MeasureReport) -> String {
    let mut table = Table::facts();
    table.fact("length", duration(file.seconds));
    table.fact("format", format!("{}, {} Hz", file.format, file.loudness.sample_rate_hz));
    levels::levels(&mut table, &file.loudness);
    table.fact("peak to short-term", maybe(file.loudness.min_psr_db, 1, "dB at the least"));
    let path = file.path.display().to_string();
    let mut text = format!("{}\n\n{}", styled(STRONG, path), table.text());
    let mut channels = Table::new(&[
        ("channel", Side::Left),
        ("true peak", Side::Right),
        ("sample peak", Side::Right),
        ("RMS", Side::Right),
        ("crest", Side::Right),
    ]);
    let names: &[&str] = if file.channels == 2 { &["left", "right"] } else { &["mono"] };
    for (name, channel) in names.iter().zip(&file.loudness.channels) {
        channels.row([
            (*name).into(),
            maybe(channel.true_peak_dbtp, 2, "dBTP"),
            maybe(channel.sample_peak_dbfs, 2, "dBFS"),
            maybe(channel.rms_dbfs, 1, "dBFS"),
            maybe(channel.crest_db, 1, "dB"),
        ]);
    }
    let _ = write!(text, "\n{}", channels.text());
    text
}

fn together(files: &[MeasureReport]) -> String {
    let mut table = Table::new(&[
        ("file", Side::Left),
        ("length", Side::Right),
        ("LUFS", Side::Right),
        ("range LU", Side::Right),
        ("max 3 s", Side::Right),
        ("dBTP", Side::Right),
        ("PLR dB", Side::Right),
    ]);
    for file in files {
        let loudness = &file.loudness;
        let bare = |value: Option<f64>, decimals| maybe(value, decimals, "").trim_end().to_string();
        table.row([
            file.path.display().to_string(),
            styled(FAINT, duration(file.seconds)),
            bare(loudness.integrated_lufs, 1),
            bare(loudness.range.as_ref().map(|range| range.lu), 1),
            bare(loudness.max_short_term_lufs, 1),
            bare(loudness.true_peak_dbtp, 2),
            bare(loudness.plr_db, 1),
        ]);
    }
    table.text()
}
