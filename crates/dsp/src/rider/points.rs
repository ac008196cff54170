//! The fader's way as automation.

use tonmeister_core::{Layout, Stream, View};

use super::{PART, Rider, Riding};

/// What a rider with these settings does to this sound, as points of a fader's automation: frame and gain in dB,
/// straight lines in dB between them.
///
/// Frames are those of the sound itself: where the processor is late by its look-ahead, these points are not. The
/// fader that they draw differs from the processor's by `error_db` at most, with as few points as a recursive
/// halving finds (Douglas and Peucker 1973); 0 keeps every corner, one per 10 ms. Before the first point and behind
/// the last the gain stays. A sound without frames has no points.
pub fn moves(
    settings: &Rider,
    stream: &Stream,
    sound: View<'_>,
    key: Option<View<'_>>,
    error_db: f64,
) -> Vec<(u64, f64)> {
    if sound.frames() == 0 {
        return Vec::new();
    }
    let mut riding = Riding::new(settings, stream.sample_rate);
    let late = settings.lookahead(stream.sample_rate) as usize;
    let silence = [0.0; PART];
    let mut positions = [0.0; PART];
    let mut corners: Vec<(u64, f64)> = Vec::new();
    let end = sound.frames() + late;
    let mut at = 0;
    while at < end {
        let limit = if at < sound.frames() { sound.frames() } else { end };
        let count = PART.min(riding.left()).min(limit - at);
        let corner = riding.place == 0;
        if at < sound.frames() {
            let key = key.filter(|key| key.frames() >= at + count).map(|key| key.part(at, at + count));
            riding.run(sound.part(at, at + count), key, &mut positions[..count]);
        } else {
            let quiet = match sound.layout() {
                Layout::Mono => View::mono(&silence[..count]),
                Layout::Stereo => View::stereo(&silence[..count], &silence[..count]),
            };
            riding.run(quiet, None, &mut positions[..count]);
        }
        // The first and last frames of the sound, and every corner in between.
        let first = (at..at + count).contains(&late).then(|| late - at);
        let last = (at..at + count).contains(&(end - 1)).then(|| end - 1 - at);
        for place in [corner.then_some(0), first, last].into_iter().flatten() {
            if at + place >= late && corners.last().is_none_or(|point| point.0 != (at + place - late) as u64) {
                corners.push(((at + place - late) as u64, positions[place]));
            }
        }
        at += count;
    }
    thin(&corners, error_db)
}

/// Leaves out what straight lines between the rest come close enough to.
fn thin(points: &[(u64, f64)], error: f64) -> Vec<(u64, f64)> {
    let mut kept = vec![false; points.len()];
    kept[0] = true;
    kept[points.len() - 1] = true;
    let mut open = vec![(0, points.len() - 1)];
    while let Some((a, b)) = open.pop() {
        let (from, to) = (points[a], points[b]);
        let line = |frame: u64| from.1 + (to.1 - from.1) * (frame - from.0) as f64 / (to.0 - from.0).max(1) as f64;
        let off = |i: &usize| (points[*i].1 - line(points[*i].0)).abs();
        let Some(worst) = (a + 1..b).max_by(|i, j| off(i).total_cmp(&off(j))) else { continue };
        if off(&worst) > error {
            kept[worst] = true;
            open.push((a, worst));
            open.push((worst, b));
        }
    }
    // A fader that never leaves its place needs one point.
    let mut thinned: Vec<(u64, f64)> =
        points.iter().zip(kept).filter(|(_, kept)| *kept).map(|(point, _)| *point).collect();
    if let [a, b] = thinned[..]
        && a.1 == b.1
    {
        thinned.truncate(1);
    }
    thinned
}
