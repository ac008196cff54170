//! Loudness and peaks over time.

use tonmeister_measure::loudness::History;

use super::{Cast, columns, down, up};
use crate::draw::{Axis, Ink, Mark, Plot};
use crate::figure::{Figure, ReadAxis, Readout, Shape, Track};
use crate::page::Table;
use crate::subject::Subject;
use crate::text::{number, place, quantity};

const STEP_S: f64 = 0.1;
/// The last 100 ms of the window, so that a value stands where its window ends.
const MOMENTARY_AT: f64 = 0.4;
const SHORT_TERM_AT: f64 = 3.0;

/// The mean of two loudnesses by their power.
fn mean(a: f64, b: f64) -> f64 {
    a + 10.0 * (0.5 * (1.0 + 10_f64.powf((b - a) / 10.0))).log10()
}

/// Loudness over time: short-term strong; for a file alone also momentary, the range, the gate and the loudest moments.
pub fn loudness(cast: Cast<'_>) -> Figure<'_> {
    let legend = match cast.alone() {
        Some(_) => vec![
            ("short-term (3 s)".into(), Ink::Series(0)),
            ("momentary (0.4 s)".into(), Ink::Before),
            ("integrated".into(), Ink::Series(1)),
        ],
        None => cast.legend(),
    };
    let mut table = Table::new("Loudness", &["", "integrated", "range", "loudest 3 s", "at", "loudest 0.4 s", "at"]);
    for (n, subject) in cast.subjects.iter().enumerate() {
        let l = &subject.loudness;
        let at = |time: Option<f64>| time.map_or("–".into(), place);
        table.row([
            if cast.alone().is_some() { "loudness".into() } else { cast.name(n) },
            quantity(l.integrated_lufs, 1, "LUFS"),
            quantity(l.range.map(|r| r.lu), 1, "LU"),
            quantity(l.max_short_term_lufs, 1, "LUFS"),
            at(l.max_short_term_at_s),
            quantity(l.max_momentary_lufs, 1, "LUFS"),
            at(l.max_momentary_at_s),
        ]);
    }
    Figure {
        name: "loudness".into(),
        title: "Loudness over time".into(),
        words: words(cast),
        caption: if cast.alone().is_some() {
            "Shaded: the loudness range, from which the quietest tenth and the loudest twentieth are left out. Dashed: the \
             gate; what lies below does not count. ▼ the highest true peak."
                .into()
        } else {
            format!("Short-term loudness (3 s). Dashed: the integrated loudness of each.{}", cast.missing())
        },
        legend,
        heights: (318.0, 250.0),
        table: Some(table),
        readout: Some(Readout { axis: ReadAxis::Seconds(cast.seconds().max(1e-3)), tracks: tracks(cast) }),
        heats: Vec::new(),
        draw: Box::new(move |plot, shape| draw_loudness(plot, shape, cast)),
    }
}

fn words(cast: Cast<'_>) -> String {
    let one = |name: &str, subject: &Subject| {
        let l = &subject.loudness;
        match (l.integrated_lufs, l.max_short_term_lufs, l.max_short_term_at_s) {
            (Some(integrated), Some(most), Some(at)) => format!(
                "{name} {} LUFS on the whole, loudest at {} with {} LUFS over three seconds.",
                number(integrated, 1),
                place(at),
                number(most, 1)
            ),
            _ => format!("{name} too short or too quiet to have a loudness."),
        }
    };
    match cast.alone() {
        Some(subject) => one("Loudness over time:", subject),
        None => cast.curves().map(|(n, s)| one(&format!("{}:", cast.name(n)), s)).collect::<Vec<_>>().join(" "),
    }
}

fn tracks(cast: Cast<'_>) -> Vec<Track> {
    let short = |label: String, h: &History| {
        Track::of_time(label, "LUFS", 1, (SHORT_TERM_AT, STEP_S), &h.short_term_lufs, mean)
    };
    match cast.alone() {
        Some(s) => vec![
            short("short-term".into(), &s.history),
            Track::of_time("momentary", "LUFS", 1, (MOMENTARY_AT, STEP_S), &s.history.momentary_lufs, f64::max),
        ],
        None => cast.curves().map(|(n, s)| short(cast.name(n), &s.history)).collect(),
    }
}

fn draw_loudness(plot: &mut Plot, shape: Shape, cast: Cast<'_>) {
    let all = || cast.subjects.iter().map(|s| &s.loudness);
    let top = all().filter_map(|l| l.max_momentary_lufs).fold(f64::NEG_INFINITY, f64::max);
    let top = if top.is_finite() { up(top + 1.0, 6.0) } else { 0.0 };
    let low = all().filter_map(|l| l.range.map(|r| r.low_lufs - 3.0).or(l.integrated_lufs)).fold(top - 24.0, f64::min);
    let gate = all().filter_map(|l| l.gate_lufs).fold(low, |low, gate| low.min(gate - 2.0));
    let bottom = down(gate, 6.0).max(-72.0);
    let y = Axis::linear(bottom, top, if top - bottom > 36.0 { 12.0 } else { 6.0 }, "LUFS");
    let rect = shape.field(22.0, shape.pick(290.0, 222.0));
    let field = plot.field(rect, "", Axis::time(cast.seconds(), shape.pick(12, 5)), y);
    let theme = plot.theme();
    let ends = [0.0, cast.seconds()];
    if let Some(subject) = cast.alone() {
        let l = &subject.loudness;
        if let Some(range) = l.range {
            let band: Vec<_> = ends.iter().map(|x| (*x, range.low_lufs, range.high_lufs)).collect();
            plot.area(&field, &band, theme.series[1], 0.13);
        }
        let momentary = columns(&subject.history.momentary_lufs, (MOMENTARY_AT, STEP_S), f64::max);
        plot.broken_line(&field, momentary, theme.before, 1.0);
        if let Some(gate) = l.gate_lufs {
            plot.dashed(&field, ends.map(|x| (x, gate)), theme.quiet);
            plot.word(&field, (ends[1], gate), -5.0, "end", theme.quiet, &format!("gate {} ", number(gate, 1)));
        }
        if let Some(level) = l.integrated_lufs {
            plot.line(&field, ends.map(|x| (x, level)), theme.series[1], 1.4);
        }
    } else {
        for (n, subject) in cast.curves() {
            if let Some(level) = subject.loudness.integrated_lufs {
                plot.dashed(&field, [0.0, subject.seconds()].map(|x| (x, level)), theme.ink(cast.ink(n)));
            }
        }
    }
    for (n, subject) in cast.curves() {
        let short = columns(&subject.history.short_term_lufs, (SHORT_TERM_AT, STEP_S), mean);
        cast.curve(plot, &field, n, short, if cast.alone().is_some() { 2.4 } else { 2.0 });
    }
    if let Some(subject) = cast.alone() {
        let l = &subject.loudness;
        if let Some(range) = l.range {
            let text = format!(" range {} LU", number(range.lu, 1));
            plot.word(&field, (0.0, range.high_lufs), -5.0, "start", theme.series[1], &text);
        }
        if let (Some(peak), Some(at)) = (l.true_peak_dbtp, l.true_peak_at_s) {
            let title = format!("the highest true peak, {} dBTP, at {}", number(peak, 2), place(at));
            plot.mark(field.x(at), rect.top - 7.0, Mark::Wedge, theme.text, &title);
        }
    }
}

/// True peaks over time against full scale and the ceiling of streaming services; clipped places are marked.
pub fn peaks(cast: Cast<'_>) -> Figure<'_> {
    let legend = match cast.alone() {
        Some(subject) if subject.history.true_peak_dbtp.len() == 2 => {
            vec![("left".into(), Ink::Series(0)), ("right".into(), Ink::Series(1))]
        }
        Some(_) => Vec::new(),
        None => cast.legend(),
    };
    let mut tracks = Vec::new();
    for (n, subject) in cast.curves() {
        for (c, values) in lanes(cast, subject).into_iter().enumerate() {
            let label = match (cast.alone(), c) {
                (None, _) => cast.name(n),
                (Some(_), 0) if subject.history.true_peak_dbtp.len() == 2 => "left".into(),
                (Some(_), 0) => "true peak".into(),
                _ => "right".into(),
            };
            tracks.push(Track::of_time(label, "dBTP", 2, (STEP_S / 2.0, STEP_S), &values, f64::max));
        }
    }
    let mut table =
        Table::new("Peaks", &["", "true peak", "at", "sample peak", "clipped places", "above −1 dBTP", "above 0 dBTP"]);
    for (n, subject) in cast.subjects.iter().enumerate() {
        let l = &subject.loudness;
        let above = |limit: f64| {
            let steps = merged(&subject.history.true_peak_dbtp);
            let count = steps.iter().flatten().filter(|peak| **peak > limit).count();
            format!("{}\u{a0}s", number(count as f64 * STEP_S, 1))
        };
        table.row([
            if cast.alone().is_some() { "peaks".into() } else { cast.name(n) },
            quantity(l.true_peak_dbtp, 2, "dBTP"),
            l.true_peak_at_s.map_or("–".into(), place),
            quantity(l.sample_peak_dbfs, 2, "dBFS"),
            clipped(subject).count().to_string(),
            above(-1.0),
            above(0.0),
        ]);
    }
    Figure {
        name: "peaks".into(),
        title: "True peaks".into(),
        words: peak_words(cast),
        caption: format!(
            "The highest true peak of each tenth of a second. Above 0 dBTP converters and lossy encoders clip; most \
             services ask for −1. ◆ below: where samples are cut off flat.{}",
            cast.missing()
        ),
        legend,
        heights: (236.0, 206.0),
        table: Some(table),
        readout: Some(Readout { axis: ReadAxis::Seconds(cast.seconds().max(1e-3)), tracks }),
        heats: Vec::new(),
        draw: Box::new(move |plot, shape| draw_peaks(plot, shape, cast)),
    }
}

fn clipped(subject: &Subject) -> impl Iterator<Item = &tonmeister_measure::check::Finding> {
    subject.findings.iter().filter(|f| f.rule.contains("clip"))
}

/// Each channel for a file alone, the highest of all channels for one of several.
fn lanes(cast: Cast<'_>, subject: &Subject) -> Vec<Vec<Option<f64>>> {
    let channels = &subject.history.true_peak_dbtp;
    if cast.alone().is_some() { channels.clone() } else { vec![merged(channels)] }
}

fn merged(channels: &[Vec<Option<f64>>]) -> Vec<Option<f64>> {
    let longest = channels.iter().map(Vec::len).max().unwrap_or(0);
    let highest = |k: usize| channels.iter().filter_map(|c| c.get(k).copied().flatten()).reduce(f64::max);
    (0..longest).map(highest).collect()
}

fn peak_words(cast: Cast<'_>) -> String {
    let one = |(n, subject): (usize, &Subject)| {
        let name = if cast.alone().is_some() { "True peaks over time:".into() } else { format!("{}:", cast.name(n)) };
        match (subject.loudness.true_peak_dbtp, subject.loudness.true_peak_at_s) {
            (Some(peak), Some(at)) => format!("{name} the highest is {} dBTP at {}.", number(peak, 2), place(at)),
            _ => format!("{name} none, it is silent."),
        }
    };
    cast.curves().map(one).collect::<Vec<_>>().join(" ")
}

fn draw_peaks(plot: &mut Plot, shape: Shape, cast: Cast<'_>) {
    let highest = cast.subjects.iter().filter_map(|s| s.loudness.true_peak_dbtp).fold(f64::NEG_INFINITY, f64::max);
    let top = if highest.is_finite() { up((highest + 0.5).max(1.0), 3.0) } else { 3.0 };
    let bottom = if highest < -18.0 { down(highest - 18.0, 6.0).max(-96.0) } else { -24.0 };
    let step = if top - bottom > 48.0 { 12.0 } else { 6.0 };
    let rect = shape.field(22.0, shape.pick(196.0, 166.0));
    let field =
        plot.field(rect, "", Axis::time(cast.seconds(), shape.pick(12, 5)), Axis::linear(bottom, top, step, "dBTP"));
    let theme = plot.theme();
    let ends = [0.0, cast.seconds()];
    for (n, subject) in cast.curves() {
        for (c, values) in lanes(cast, subject).into_iter().enumerate() {
            let points = columns(&values, (STEP_S / 2.0, STEP_S), f64::max);
            if cast.alone().is_some() {
                let color = theme.series[c % 6];
                plot.broken_line(&field, points, color, 1.3);
            } else {
                cast.curve(plot, &field, n, points, 1.3);
            }
        }
    }
    plot.line(&field, ends.map(|x| (x, 0.0)), theme.error, 1.2);
    plot.dashed(&field, ends.map(|x| (x, -1.0)), theme.warning);
    for (_, subject) in cast.curves() {
        for finding in clipped(subject) {
            let Some(at) = finding.at else { continue };
            let foot = bottom + (top - bottom) * 0.02;
            plot.block(&field, (at.from_s, at.to_s), (bottom, foot), theme.warning, 1.0);
            plot.mark(field.x(at.from_s), rect.bottom + 26.0, Mark::Diamond, theme.warning, &finding.message);
        }
    }
}
