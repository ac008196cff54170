//! What several verbs show of a finished file: its levels, and what dynamics processors did and meters heard.

use std::fmt::Write;

use tonmeister::{Dynamics, Loudness, LoudnessRange, Metered, Written};

use crate::table::{BAD, FAINT, Side, Table, duration, maybe, number, quantity, styled};

/// What helps a song whose samples did not fit.
pub(crate) const LOWER_THE_MASTER: &str = "lower the master fader";

/// Length, format, loudness and peaks of a file that was written; and, where samples did not fit, what helps.
pub(crate) fn written(written: &Written, remedy: &str) -> String {
    let mut table = Table::facts();
    table.fact("length", duration(written.frames as f64 / f64::from(written.sample_rate_hz)));
    table.fact("samples", format!("{}, {} Hz", depth(written), written.sample_rate_hz));
    levels(&mut table, &written.loudness);
    let mut text = table.text();
    if written.clipped_samples > 0 {
        let over = written.clipped_samples;
        let what = format!("{over} samples did not fit and were held at full scale: {remedy}");
        let _ = write!(text, "\n  {}\n", styled(BAD, what));
    }
    text
}

fn depth(written: &Written) -> &'static str {
    match written.depth {
        tonmeister::Depth::Int16 => "16 bits",
        tonmeister::Depth::Int24 => "24 bits",
        tonmeister::Depth::Float32 => "32 bits, floating point",
    }
}

/// The rows of loudness and peaks.
pub(crate) fn levels(table: &mut Table, loudness: &Loudness) {
    table.fact("loudness", maybe(loudness.integrated_lufs, 1, "LUFS"));
    table.fact("loudness range", loudness.range.as_ref().map_or_else(|| "–".into(), range));
    let from = |at: Option<f64>| at.map(|at| format!("from {}", duration(at)));
    let row = |value: Option<f64>, decimals, unit, place: Option<String>| placed(maybe(value, decimals, unit), place);
    table.fact("loudest 3 s", row(loudness.max_short_term_lufs, 1, "LUFS", from(loudness.max_short_term_at_s)));
    table.fact("loudest 400 ms", row(loudness.max_momentary_lufs, 1, "LUFS", from(loudness.max_momentary_at_s)));
    let at = |at: Option<f64>| at.map(|at| format!("at {}", duration(at)));
    table.fact("true peak", row(loudness.true_peak_dbtp, 2, "dBTP", at(loudness.true_peak_at_s)));
    table.fact("sample peak", row(loudness.sample_peak_dbfs, 2, "dBFS", at(loudness.sample_peak_at_s)));
    table.fact("peak to loudness", maybe(loudness.plr_db, 1, "dB"));
}

/// "6.2 LU (−19.1 to −12.9 LUFS)".
pub(crate) fn range(range: &LoudnessRange) -> String {
    let ends = format!("({} to {} LUFS)", number(range.low_lufs, 1), number(range.high_lufs, 1));
    placed(quantity(range.lu, 1, "LU"), Some(ends))
}

/// A value and, standing back, where it was found.
pub(crate) fn placed(value: String, place: Option<String>) -> String {
    match place {
        Some(place) => format!("{value}  {}", styled(FAINT, place)),
        None => value,
    }
}

/// What each dynamics processor took off; nothing when there is none.
pub(crate) fn dynamics(all: &[Dynamics]) -> String {
    if all.is_empty() {
        return String::new();
    }
    let mut table = Table::new(&[("gain reduction", Side::Left), ("most", Side::Right), ("mean", Side::Right)]);
    for each in all {
        let (most, mean) = (each.max_reduction_db, each.mean_reduction_db);
        table.row([each.address.clone(), quantity(most, 1, "dB"), quantity(mean, 1, "dB")]);
    }
    format!("\n{}", table.text())
}

/// What each meter heard at its place; nothing when there is none.
pub(crate) fn meters(all: &[Metered]) -> String {
    if all.is_empty() {
        return String::new();
    }
    let right = ["loudness", "range", "loudest 3 s", "true peak", "RMS", "correlation"].map(|name| (name, Side::Right));
    let mut columns = vec![("meter", Side::Left)];
    columns.extend(right);
    let mut table = Table::new(&columns);
    for each in all {
        table.row([
            each.address.clone(),
            maybe(each.integrated_lufs, 1, "LUFS"),
            maybe(each.range_lu, 1, "LU"),
            maybe(each.max_short_term_lufs, 1, "LUFS"),
            maybe(each.true_peak_dbtp, 1, "dBTP"),
            maybe(each.rms_dbfs, 1, "dBFS"),
            each.correlation.map_or_else(|| "–".into(), |correlation| number(correlation, 2)),
        ]);
    }
    format!("\n{}", table.text())
}
