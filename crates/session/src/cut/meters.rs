//! Bars over a cut.

use super::{Grid, Kept};
use crate::model::{Meter, Song};
use crate::time::{Signature, TempoMap};

/// A bar, and the ticks that have passed of it, at a time.
fn place(map: &TempoMap, seconds: f64) -> (u32, u64) {
    let (bar, beat, ticks) = map.place(seconds);
    let signature = map.signature(bar);
    let ticks = u64::from(beat - 1) * u64::from(signature.beat_ticks()) + ticks.round() as u64;
    // A frame is no tick: what has nearly reached the next bar is there.
    if ticks >= u64::from(signature.bar_ticks()) { (bar + 1, 0) } else { (bar, ticks) }
}

/// The meters of a song without what lies between the kept stretches. The bar in which a cut falls is as long as what is
/// left of it, to a sixty-fourth.
pub(super) fn cut(song: &Song, kept: &[Kept], grid: Grid) -> Vec<Meter> {
    let map = song.tempo_map();
    let mut out: Vec<Meter> = Vec::new();
    // New numbers of bars less the old ones.
    let mut moved: i64 = 0;
    let mut left: Option<(u32, u64)> = None;
    for kept in kept {
        let mut behind = 0;
        if kept.from > 0 {
            let (bar, passed) = place(&map, grid.seconds(kept.from));
            let (before, had) = left.map_or((1, 0), |(before, had)| ((i64::from(before) + moved).max(1) as u32, had));
            let signature = map.signature(bar);
            let same = left.is_some_and(|(before, _)| map.signature(before) == signature);
            behind = bar;
            if had == passed && (had == 0 || same) {
                moved = i64::from(before) - i64::from(bar);
                push(&mut out, before, signature);
            } else {
                let rest = if passed == 0 { 0 } else { u64::from(signature.bar_ticks()) - passed };
                let whole = (had + rest).div_ceil(60).max(1) * 60;
                push(&mut out, before, Signature::of_ticks(whole).unwrap_or(signature));
                // A bar that begins with the cut follows; one that was begun has ended in the odd bar.
                moved = i64::from(before) - i64::from(bar) + i64::from(passed == 0);
                let next = if passed == 0 { bar } else { bar + 1 };
                push(&mut out, before + 1, map.signature(next));
                behind = next;
            }
        }
        left = kept.to.map(|to| place(&map, grid.seconds(to)));
        let ends = left.map_or(u32::MAX, |(bar, passed)| if passed == 0 { bar } else { bar + 1 });
        for meter in song.meters.iter().filter(|meter| meter.bar > behind && meter.bar < ends) {
            push(&mut out, (i64::from(meter.bar) + moved).max(1) as u32, meter.signature);
        }
    }
    out
}

/// Adds a change unless it changes nothing; of two at one bar the later counts.
fn push(out: &mut Vec<Meter>, bar: u32, signature: Signature) {
    while out.last().is_some_and(|last| last.bar >= bar) {
        out.pop();
    }
    if out.last().map_or(Signature::COMMON, |last| last.signature) != signature {
        out.push(Meter { bar, signature });
    }
}
