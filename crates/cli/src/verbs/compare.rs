//! `tonmeister compare`.

use std::fmt::Write;

use tonmeister::compare::{Alignment, BandDifference, Compared};
use tonmeister::{CompareOptions, CompareReport, Depth, Failure, LevelMatch};

use crate::args::Compare;
use crate::bars::Bars;
use crate::exit::Outcome;
use crate::table::{FAINT, GOOD, STRONG, Side, Table, duration, maybe, number, quantity, signed, styled};
use crate::trouble;
use crate::voice::Voice;

/// Half the width of the bar of differences, in characters, and how many decibels one of them is.
const BAR: (usize, f64) = (12, 1.0);

/// Compares and tells what is different.
pub(crate) fn run(args: &Compare, voice: &mut Voice) -> Result<Outcome, Failure> {
    let is_flac = args.residual.as_ref().is_some_and(|p| p.extension().is_some_and(|e| e.eq_ignore_ascii_case("flac")));
    let options = CompareOptions {
        level: args.level(),
        align: !args.no_align,
        residual: args.residual.clone(),
        depth: if is_flac { Depth::Int24 } else { Depth::Float32 },
    };
    let report = super::world().compare(&args.first, &args.second, &options, &mut Bars::new(voice))?;
    voice.result(&report, told);
    Ok(Outcome::Done)
}

fn told(report: &CompareReport) -> String {
    let (first, second) = (&report.first, &report.second);
    let names = [&first.path, &second.path].map(|path| styled(STRONG, path.display()));
    let mut text = format!("{} against {}\n\n", names[1], names[0]);
    let mut facts = Table::facts();
    facts.fact("compared", duration(report.difference.frames as f64 / f64::from(first.sample_rate_hz)));
    let unrelated = report.warnings.iter().any(|warning| warning.code == "unrelated");
    let unplaced = if unrelated { "no common music was found" } else { "both from their beginnings" };
    facts.fact("time", report.alignment.as_ref().map_or_else(|| unplaced.into(), time));
    facts.fact("level", level(report));
    facts.fact("left over", left(report));
    text.push_str(&facts.text());
    let _ = write!(text, "\n{}", figures(report));
    if !report.difference.bands.is_empty() && !report.difference.identical {
        let _ = write!(text, "\n{}", bands(report));
    }
    if let Some(residual) = &report.residual {
        let _ = writeln!(text, "\nThe difference is in {}", residual.path.display());
    }
    text.push_str(&trouble::remarks(&report.warnings));
    text
}

fn time(alignment: &Alignment) -> String {
    let frames = alignment.delay_frames;
    let when = if frames == 0.0 {
        "together to the frame".into()
    } else {
        let (late, milliseconds) = (if frames > 0.0 { "later" } else { "earlier" }, alignment.delay_s.abs() * 1e3);
        format!("{} frames ({} ms) {late}", number(frames.abs(), 3), number(milliseconds, 3))
    };
    let turned = if alignment.turned { ", polarity turned (turned back here)" } else { "" };
    format!("{when}{turned}, coherence {}", number(alignment.coherence, 4))
}

fn level(report: &CompareReport) -> String {
    let why = match report.level {
        LevelMatch::Loudness => "for equal loudness",
        LevelMatch::Null => "where least is left",
        LevelMatch::Off => return "as it is".into(),
    };
    format!("{} {why}", signed(report.gain_db, 2, "dB"))
}

fn left(report: &CompareReport) -> String {
    let difference = &report.difference;
    if difference.identical {
        return styled(GOOD, "nothing: the samples are the same");
    }
    let best = match (difference.deepest_null_db, difference.deepest_gain_db) {
        (Some(null), Some(gain)) if difference.null_db.is_some_and(|at_hand| at_hand - null > 0.1) => {
            format!(", at best {} with {} more", quantity(null, 1, "dB"), signed(gain, 2, "dB"))
        }
        _ => String::new(),
    };
    let peak = maybe(difference.residual_peak_dbfs, 1, "dBFS at most");
    format!("{}{best}; {peak}", maybe(difference.null_db, 1, "dB"))
}

/// Loudness, dynamics and how the two move against each other.
fn figures(report: &CompareReport) -> String {
    let mut table =
        Table::new(&[("", Side::Left), ("first", Side::Right), ("second", Side::Right), ("difference", Side::Right)]);
    let mut row = |what: &str, of: &dyn Fn(&Compared) -> Option<f64>, decimals, unit: &str, difference: &str| {
        let values = [of(&report.first), of(&report.second)];
        let between = values[0].zip(values[1]).map(|(a, b)| signed(b - a, decimals, difference));
        let [a, b] = values.map(|value| maybe(value, decimals, unit));
        table.row([styled(FAINT, what), a, b, between.unwrap_or_else(|| "–".into())]);
    };
    row("loudness", &|c| c.loudness.integrated_lufs, 1, "LUFS", "LU");
    row("loudness range", &|c| c.loudness.range.as_ref().map(|range| range.lu), 1, "LU", "LU");
    row("true peak", &|c| c.loudness.true_peak_dbtp, 2, "dBTP", "dB");
    row("peak to loudness", &|c| c.loudness.plr_db, 1, "dB", "dB");
    row("peak to short-term", &|c| c.loudness.min_psr_db, 1, "dB", "dB");
    row("dynamic range", &|c| c.loudness.dr_db, 1, "dB", "dB");
    let widths = width(&report.difference.bands);
    if let [Some(first), Some(second)] = widths {
        let between = signed(second - first, 1, "dB");
        let [a, b] = [first, second].map(|width| quantity(width, 1, "dB"));
        table.row([styled(FAINT, "width (side over middle)"), a, b, between]);
    }
    let mut text = table.text();
    if let Some(movement) = &report.movement {
        let mut facts = Table::facts();
        facts.fact("moves", format!("strays by {} around its mean", quantity(movement.strays_db, 2, "dB")));
        let place = |db: f64, at: f64| format!("{} at {}", signed(db, 1, "dB"), duration(at));
        let (most, least) =
            (place(movement.most_db, movement.most_at_s), place(movement.least_db, movement.least_at_s));
        facts.fact("", format!("loudest against the first {most}, softest {least}"));
        text.push_str(&facts.text());
    }
    text
}

/// How wide the first and the second are over all bands: side over middle.
fn width(bands: &[BandDifference]) -> [Option<f64>; 2] {
    let over = |of: &dyn Fn(&BandDifference) -> Option<(f64, f64)>| {
        let (mut middle, mut side) = (0.0, 0.0);
        for (level_db, width_db) in bands.iter().filter_map(of) {
            let (power, ratio) = (10f64.powf(level_db / 10.0), 10f64.powf(width_db / 10.0));
            middle += power / (1.0 + ratio);
            side += power * ratio / (1.0 + ratio);
        }
        (middle > 0.0 && side > 0.0).then(|| 10.0 * (side / middle).log10())
    };
    [over(&|b| b.first_dbfs.zip(b.first_width_db)), over(&|b| b.second_dbfs.zip(b.second_width_db))]
}

/// A row per third of an octave: how much more or less, how much of it follows the first, what is left, how wide.
fn bands(report: &CompareReport) -> String {
    let mut table = Table::new(&[
        ("Hz", Side::Right),
        ("second − first", Side::Left),
        ("dB", Side::Right),
        ("coherent", Side::Right),
        ("left dB", Side::Right),
        ("width dB", Side::Right),
    ]);
    for band in &report.difference.bands {
        let hz = if band.hz < 999.0 { number(band.hz, 0) } else { format!("{}k", number(band.hz / 1000.0, 1)) };
        let bare = |value: Option<f64>, decimals| value.map_or_else(|| "–".into(), |v| number(v, decimals));
        let wider = band.second_width_db.zip(band.first_width_db).map(|(b, a)| signed(b - a, 1, "").trim_end().into());
        table.row([
            styled(FAINT, hz),
            bar(band.difference_db),
            band.difference_db.map_or_else(|| "–".into(), |db| signed(db, 1, "").trim_end().into()),
            bare(band.coherence, 3),
            bare(band.null_db, 1),
            wider.unwrap_or_else(|| "–".into()),
        ]);
    }
    table.text()
}

/// A bar to the left or right of a middle line.
fn bar(difference_db: Option<f64>) -> String {
    let (half, step) = BAR;
    let length = difference_db.map_or(0.0, |db| (db / step).clamp(-(half as f64), half as f64));
    // Half a character is drawn as one.
    let filled = length.abs().round() as usize;
    let (blank, block) = (" ".repeat(half - filled), "█".repeat(filled));
    let empty = " ".repeat(half);
    if length < 0.0 { format!("{blank}{block}│{empty}") } else { format!("{empty}│{block}{blank}") }
}
