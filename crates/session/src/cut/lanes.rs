//! Automation over a cut: it closes up, and glides through the overlap.

use tonmeister_core::{Automatable, ParamSpec};

use super::{Grid, Kept};
use crate::lane::{anchor, straight};
use crate::model::{Curve, Lfo, Point, Rate};
use crate::time::TempoMap;

/// The points of a lane. Through the overlap it goes straight from where it was to where it is behind the cut; without
/// one, and where it is switched, it jumps.
pub(super) fn points(points: &[Point], spec: &ParamSpec, kept: &[Kept], grid: Grid) -> Vec<Point> {
    if points.len() < 2 {
        return points.to_vec();
    }
    let mut out: Vec<Point> = Vec::new();
    let end = points[points.len() - 1].time_s;
    for kept in kept {
        let (from, at) = (grid.seconds(kept.from), grid.seconds(kept.at));
        let to = kept.to.map_or(end.max(from), |to| grid.seconds(to));
        let mut piece = points.to_vec();
        if kept.from > 0 {
            anchor(&mut piece, spec, from);
        }
        if kept.to.is_some() {
            anchor(&mut piece, spec, to);
        }
        piece.retain(|point| (from..=to).contains(&point.time_s) || (kept.from == 0 && point.time_s < from));
        if kept.from > 0 {
            for point in &mut piece {
                *point = Point { time_s: at + (point.time_s - from), written: None, ..*point };
            }
        }
        let Some(first) = piece.first_mut() else { continue };
        if !out.is_empty() {
            let glides = kept.overlap > 0 && spec.automatable != Automatable::Stepped;
            let leave = grid.seconds(kept.at.saturating_sub(if glides { kept.overlap } else { 1 }));
            anchor(&mut out, spec, leave);
            out.retain(|point| point.time_s <= leave);
            first.curve = if glides { straight(spec) } else { Curve::Hold };
        }
        out.append(&mut piece);
    }
    out
}

/// The most cycles that a document counts.
const LFO_PHASE_MOST: f64 = 1e9;

/// The generators: each goes on behind the cut in the phase that it had there.
pub(super) fn lfos(lfos: &[Lfo], kept: &[Kept], grid: Grid, (old, new): (&TempoMap, &TempoMap)) -> Vec<Lfo> {
    let mut out = Vec::new();
    for lfo in lfos {
        for kept in kept {
            let (from, at) = (grid.seconds(kept.from), grid.seconds(kept.at));
            let to = kept.to.map(|to| grid.seconds(to));
            let begins = lfo.from_s.max(from);
            let ends = [lfo.to_s, to].into_iter().flatten().reduce(f64::min);
            if ends.is_some_and(|ends| ends <= begins) {
                continue;
            }
            let mut piece = lfo.clone();
            if let Rate::Note { tempo, .. } = &mut piece.rate {
                *tempo = new.clone();
            }
            if kept.from > 0 {
                piece.phase += match &lfo.rate {
                    Rate::Hz(hz) => hz * (from - at),
                    Rate::Note { note, .. } => (old.quarters(from) - new.quarters(at)) / note.quarters(),
                };
                // After thousands of years of cycles they are counted anew.
                piece.phase %= LFO_PHASE_MOST;
                (piece.from_s, piece.from_written) = (at + (begins - from), None);
            }
            if piece.to_s != ends || kept.from > 0 {
                (piece.to_s, piece.to_written) = (ends.map(|ends| at + (ends - from)), None);
            }
            out.push(piece);
        }
    }
    out
}
