//! The waveform, with the problems placed on it.

use tonmeister_measure::portrait::WaveformColumn;

use super::{COLUMNS, Cast, gravity, when};
use crate::draw::{Axis, Field, Plot, Rect};
use crate::figure::{Figure, ReadAxis, Readout, Shape, Track};
use crate::subject::Subject;
use crate::text::{clock, count};

/// Each file's waveform; problems that have a place are marked above it and shaded in it.
pub fn wave(cast: Cast<'_>) -> Figure<'_> {
    let lanes: Vec<Lane<'_>> = cast.curves().flat_map(|(n, subject)| lanes(cast, n, subject)).collect();
    let heights = (height(&lanes, Shape::Wide), height(&lanes, Shape::Narrow));
    let placed: usize = cast.subjects.iter().map(|s| s.findings.iter().filter(|f| f.at.is_some()).count()).sum();
    let words = format!(
        "Waveform of {} over {}, with {} marked at {} place in time.",
        if cast.alone().is_some() { "the file".into() } else { count(cast.subjects.len(), "file") },
        clock(cast.seconds()),
        count(placed, "problem"),
        if placed == 1 { "its" } else { "their" }
    );
    let seconds = cast.seconds();
    let readout = Readout { axis: ReadAxis::Seconds(seconds.max(1e-3)), tracks: lanes.iter().map(track).collect() };
    Figure {
        name: "waveform".into(),
        title: "Waveform and problems".into(),
        words,
        caption: format!(
            "Pale: the greatest and least samples. Strong: the root of the mean square. Marks above: ▼ errors, ◆ \
             warnings, ● notes.{}",
            cast.missing()
        ),
        legend: cast.legend(),
        heights,
        table: None,
        readout: Some(readout),
        heats: Vec::new(),
        draw: Box::new(move |plot, shape| {
            let mut top = 6.0;
            for (k, lane) in lanes.iter().enumerate() {
                let last = k + 1 == lanes.len();
                top = draw(plot, shape, cast, lane, top, seconds, last);
            }
        }),
    }
}

struct Lane<'a> {
    subject: &'a Subject,
    n: usize,
    caption: String,
    columns: Vec<WaveformColumn>,
    marked: bool,
    /// Which channel; `None` when it is all of them.
    channel: Option<usize>,
}

/// A file alone shows its channels apart.
fn lanes<'a>(cast: Cast<'a>, n: usize, subject: &'a Subject) -> Vec<Lane<'a>> {
    let channels = &subject.portrait.waveform.channels;
    match channels.as_slice() {
        [left, right] if cast.alone().is_some() => [("left", left), ("right", right)]
            .into_iter()
            .enumerate()
            .map(|(k, (name, columns))| Lane {
                subject,
                n,
                caption: name.into(),
                columns: columns.clone(),
                marked: k == 0,
                channel: Some(k),
            })
            .collect(),
        [left, right] => {
            let both = left.iter().zip(right).map(|(l, r)| WaveformColumn {
                min: l.min.min(r.min),
                max: l.max.max(r.max),
                rms: l.rms.max(r.rms),
            });
            vec![Lane { subject, n, caption: cast.name(n), columns: both.collect(), marked: true, channel: None }]
        }
        [only, ..] => {
            let caption = if cast.alone().is_some() { String::new() } else { cast.name(n) };
            vec![Lane { subject, n, caption, columns: only.clone(), marked: true, channel: None }]
        }
        [] => Vec::new(),
    }
}

const MARKS: f64 = 16.0;

fn lane_height(shape: Shape) -> f64 {
    shape.pick(92.0, 70.0)
}

fn height(lanes: &[Lane<'_>], shape: Shape) -> f64 {
    let each = |lane: &Lane<'_>| lane_height(shape) + 12.0 + if lane.marked { MARKS } else { 0.0 };
    6.0 + lanes.iter().map(each).sum::<f64>() + 14.0
}

fn draw(plot: &mut Plot, shape: Shape, cast: Cast<'_>, lane: &Lane<'_>, top: f64, seconds: f64, last: bool) -> f64 {
    let top = top + if lane.marked { MARKS } else { 0.0 };
    let bottom = top + lane_height(shape);
    let (left, right) = shape.span();
    let mut x = Axis::time(seconds, shape.pick(12, 5));
    if !last {
        x = x.unmarked();
    }
    let highest = lane.columns.iter().map(|c| f64::from(c.max.abs().max(c.min.abs()))).fold(0.0, f64::max);
    let full = if highest > 1.0 { highest * 1.02 } else { 1.0 };
    let y = Axis::linear(-full, full, if full < 4.0 { 1.0 } else { full }, "");
    let field = plot.field(Rect { left, top, right, bottom }, "", x, y);
    let color = plot.theme().ink(cast.ink(lane.n));
    let portrait = &lane.subject.portrait;
    let step = portrait.waveform.frames_per_column as f64 / f64::from(portrait.sample_rate_hz);
    let columns = joined(&lane.columns, shape.pick(COLUMNS, 300));
    let each = step * lane.columns.len() as f64 / columns.len().max(1) as f64;
    let at = |k: usize| (k as f64 + 0.5) * each;
    let outer: Vec<_> = columns.iter().enumerate().map(|(k, c)| (at(k), f64::from(c.min), f64::from(c.max))).collect();
    let inner: Vec<_> = columns.iter().enumerate().map(|(k, c)| (at(k), -f64::from(c.rms), f64::from(c.rms))).collect();
    shade(plot, &field, lane.subject, lane.channel);
    plot.area(&field, &outer, color, 0.42);
    plot.area(&field, &inner, color, 0.9);
    if !lane.caption.is_empty() {
        plot.words(left + 7.0, top + 14.0, "start", plot.theme().legend, 11.0, &lane.caption);
    }
    if lane.marked {
        marks(plot, &field, lane.subject);
    }
    bottom + 12.0
}

/// Problems as bands over the waveform.
fn shade(plot: &mut Plot, field: &Field, subject: &Subject, channel: Option<usize>) {
    for finding in subject.by_gravity().into_iter().rev() {
        let Some(at) = finding.at else { continue };
        if finding.channel.zip(channel).is_some_and(|(found, here)| found != here) {
            continue;
        }
        let (ink, ..) = gravity(finding.severity);
        let color = plot.theme().ink(ink);
        plot.block(field, (at.from_s, at.to_s), (field.y.min, field.y.max), color, 0.1);
    }
}

/// Problems as marks above it; the gravest is drawn last, on top.
fn marks(plot: &mut Plot, field: &Field, subject: &Subject) {
    for finding in subject.by_gravity().into_iter().rev() {
        let Some(at) = finding.at else { continue };
        let (ink, mark, word) = gravity(finding.severity);
        let color = plot.theme().ink(ink);
        let (from, to) = (field.x(at.from_s), field.x(at.to_s));
        if to - from > 1.0 {
            let y = field.rect.top - 2.0;
            plot.raw(&format!("<path d=\"M{from:.1} {y:.1}H{to:.1}\" stroke=\"{color}\" stroke-width=\"2\"/>\n"));
        }
        let title = format!("{word} at {}: {}", when(finding).unwrap_or_default(), finding.message);
        plot.mark(from, field.rect.top - 8.0, mark, color, &title);
    }
}

/// At most so many columns.
fn joined(columns: &[WaveformColumn], most: usize) -> Vec<WaveformColumn> {
    let each = columns.len().div_ceil(most).max(1);
    let join = |part: &[WaveformColumn]| {
        let power = part.iter().map(|c| c.rms * c.rms).sum::<f32>() / part.len() as f32;
        let least = part.iter().map(|c| c.min).fold(f32::INFINITY, f32::min);
        let greatest = part.iter().map(|c| c.max).fold(f32::NEG_INFINITY, f32::max);
        WaveformColumn { min: least, max: greatest, rms: power.sqrt() }
    };
    columns.chunks(each).map(join).collect()
}

fn track(lane: &Lane<'_>) -> Track {
    let portrait = &lane.subject.portrait;
    let step = portrait.waveform.frames_per_column as f64 / f64::from(portrait.sample_rate_hz);
    let peak = |c: &WaveformColumn| {
        let peak = f64::from(c.max.abs().max(c.min.abs()));
        (peak > 0.0).then(|| 20.0 * peak.log10())
    };
    let values: Vec<_> = lane.columns.iter().map(peak).collect();
    let label = if lane.caption.is_empty() { "peak".into() } else { lane.caption.clone() };
    Track::of_time(label, "dBFS", 1, (step / 2.0, step), &values, f64::max)
}
