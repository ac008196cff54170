//! An album from beginning to end: what follows what, how loud, and what lies between.

use crate::draw::{Axis, Ink, Plot, Rect};
use crate::figure::{Figure, Shape};
use crate::text::{clock, number};

use super::{down, up};

/// A song in its place.
#[derive(Clone, Debug, PartialEq)]
pub struct InOrder {
    /// What it is called.
    pub name: String,
    /// Where it begins, in seconds of the album.
    pub start_s: f64,
    /// How long it sounds.
    pub sounds_s: f64,
    /// Its integrated loudness as it came.
    pub before_lufs: Option<f64>,
    /// And as it leaves.
    pub after_lufs: Option<f64>,
    /// From its quiet passages to its loud ones, as it leaves (EBU Tech 3342).
    pub range_lufs: Option<(f64, f64)>,
}

/// The songs as blocks over the time of the album, as high as they are loud. Gaps are gaps, crossfades overlap.
pub fn order(songs: Vec<InOrder>) -> Figure<'static> {
    let seconds = songs.iter().map(|song| song.start_s + song.sounds_s).fold(0.0, f64::max);
    let one = |song: &InOrder| match song.after_lufs {
        Some(lufs) => format!("{} from {} at {} LUFS.", song.name, clock(song.start_s), number(lufs, 1)),
        None => format!("{} from {}, silent.", song.name, clock(song.start_s)),
    };
    Figure {
        name: "order".into(),
        title: "From beginning to end".into(),
        words: songs.iter().map(one).collect::<Vec<_>>().join(" "),
        caption:
            "Each block is a song, as high as its integrated loudness; the darker band goes from its quiet passages to \
                  its loud ones. Dashed: its loudness as it came. Where blocks overlap, songs cross."
                .into(),
        legend: vec![("as delivered".into(), Ink::Series(0)), ("as it came".into(), Ink::Before)],
        heights: (232.0, 206.0),
        table: None,
        readout: None,
        heats: Vec::new(),
        draw: Box::new(move |plot, shape| draw(plot, shape, &songs, seconds)),
    }
}

fn draw(plot: &mut Plot, shape: Shape, songs: &[InOrder], seconds: f64) {
    let levels = || songs.iter().flat_map(|song| [song.before_lufs, song.after_lufs]).flatten();
    let highs = songs.iter().filter_map(|song| song.range_lufs.map(|(_, high)| high));
    let lows = songs.iter().filter_map(|song| song.range_lufs.map(|(low, _)| low));
    let top = levels().chain(highs).fold(f64::NEG_INFINITY, f64::max);
    let top = if top.is_finite() { up(top + 2.0, 3.0) } else { 0.0 };
    let lowest = levels().chain(lows).fold(top - 12.0, f64::min).max(top - 48.0);
    let bottom = down(lowest - 1.0, 3.0);
    let step = if top - bottom > 30.0 { 12.0 } else { 6.0 };
    let rect: Rect = shape.field(22.0, shape.pick(204.0, 176.0));
    let x = Axis::time(seconds, shape.pick(12, 5));
    let field = plot.field(rect, "", x, Axis::linear(bottom, top, step, "LUFS"));
    let theme = plot.theme();
    for (n, song) in songs.iter().enumerate() {
        let ends = (song.start_s, song.start_s + song.sounds_s);
        if let Some(lufs) = song.after_lufs {
            plot.block(&field, ends, (bottom, lufs), theme.series[0], 0.2);
            if let Some((low, high)) = song.range_lufs {
                plot.block(&field, ends, (low, high), theme.series[0], 0.3);
            }
            plot.line(&field, [(ends.0, lufs), (ends.1, lufs)], theme.series[0], 2.4);
        }
        if let Some(lufs) = song.before_lufs {
            plot.dashed(&field, [(ends.0, lufs), (ends.1, lufs)], theme.before);
        }
        let middle = f64::midpoint(field.x(ends.0), field.x(ends.1));
        if field.x(ends.1) - field.x(ends.0) > 14.0 {
            plot.words(middle, rect.bottom - 8.0, "middle", theme.text, 12.0, &(n + 1).to_string());
        }
    }
}
