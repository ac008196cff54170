//! What several verbs show of a finished file: its levels, and what dynamics processors did.

use std::fmt::Write;

use tonmeister::{Dynamics, Loudness, Written};

use crate::table::{BAD, Side, Table, duration, maybe, number, quantity, styled};

/// Length, format, loudness and peaks of a file that was written.
pub(crate) fn written(written: &Written) -> String {
    let mut table = Table::facts();
    table.fact("length", duration(written.frames as f64 / f64::from(written.sample_rate_hz)));
    table.fact("samples", format!("{}, {} Hz", depth(written), written.sample_rate_hz));
    levels(&mut table, &written.loudness);
    let mut text = table.text();
    if written.clipped_samples > 0 {
        let over = written.clipped_samples;
        let what = format!("{over} samples did not fit and were held at full scale: lower the master fader");
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
    let range = loudness.range.as_ref().map(|range| {
        let ends = format!("({} to {} LUFS)", number(range.low_lufs, 1), number(range.high_lufs, 1));
        format!("{}  {ends}", quantity(range.lu, 1, "LU"))
    });
    table.fact("loudness range", range.unwrap_or_else(|| "–".into()));
    table.fact("loudest 3 s", maybe(loudness.max_short_term_lufs, 1, "LUFS"));
    table.fact("loudest 400 ms", maybe(loudness.max_momentary_lufs, 1, "LUFS"));
    table.fact("true peak", maybe(loudness.true_peak_dbtp, 2, "dBTP"));
    table.fact("sample peak", maybe(loudness.sample_peak_dbfs, 2, "dBFS"));
    table.fact("peak to loudness", maybe(loudness.plr_db, 1, "dB"));
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
