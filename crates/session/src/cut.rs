//! Cuts: stretches of a song taken out of its time, as for a radio edit.
//!
//! A cut is made before everything that sounds: clips, automation, markers, ranges, tempo and meter close up, and what
//! a reverberation or a delay makes of the sound before the cut rings on over it. Each clip that sounds into the cut
//! and each that sounds out of it overlap by the cross-fade, in curves of equal power, which ends where the cut was: the
//! first beat behind it is whole.

mod lanes;
mod meters;

use crate::keys::MAX_SECONDS;
use crate::model::{BarBeat, Clip, CrossfadeShape, Lane, Marker, Range, Song, Tempo, Until, Window};

/// A stretch of the timeline to be taken out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cut {
    /// Its start, in seconds.
    pub from_s: f64,
    /// Its end, in seconds.
    pub to_s: f64,
    /// How long what was before it and what is behind it overlap, in seconds; at most as long as the cut, and as what
    /// is left before it.
    pub crossfade_s: f64,
    /// Moves both ends to the nearest beat of the tempo map.
    pub snap: bool,
}

/// What is left between two cuts, in frames.
#[derive(Clone, Copy, Debug)]
struct Kept {
    from: u64,
    /// The last stretch has no end.
    to: Option<u64>,
    /// Where it begins then.
    at: u64,
    /// How long it overlaps with what is before it.
    overlap: u64,
    /// How long it fades in where nothing is left before it.
    opening: u64,
}

impl Kept {
    fn shift(&self, frame: u64) -> u64 {
        self.at + frame.saturating_sub(self.from)
    }
}

/// Seconds and frames of the song: cuts fall on frames, so that nothing moves by a part of one.
#[derive(Clone, Copy, Debug)]
struct Grid(f64);

impl Grid {
    fn frame(self, seconds: f64) -> u64 {
        (seconds * self.0).round().max(0.0) as u64
    }

    fn seconds(self, frame: u64) -> f64 {
        frame as f64 / self.0
    }
}

impl Song {
    /// The cut that takes a range out; `None` when there is no range of that id.
    pub fn cut(&self, range: &str, crossfade_s: f64, snap: bool) -> Option<Cut> {
        let range = self.ranges.iter().find(|other| other.id == range)?;
        Some(Cut { from_s: range.from_s, to_s: range.to_s, crossfade_s, snap })
    }

    /// The song without these stretches. Cuts that overlap or touch are one; one that is empty is none.
    ///
    /// A song's versions keep what they say. Where a cut leaves a bar that is not whole, it becomes a bar of its own
    /// signature, so that the bars behind it stay bars. What was written as a bar and beat from the bar of the first cut on is
    /// seconds from then on.
    #[must_use]
    pub fn with_cuts(&self, cuts: &[Cut]) -> Song {
        let grid = Grid(f64::from(self.sample_rate_hz));
        let kept = self.kept(cuts, grid);
        if kept.len() == 1 && kept[0].from == 0 {
            return self.clone();
        }
        let map = |seconds: f64| {
            let frame = grid.frame(seconds);
            let place = kept.partition_point(|kept| kept.from <= frame);
            let Some(kept) = place.checked_sub(1).map(|place| kept[place]) else { return (0.0, false) };
            match kept.to {
                Some(to) if frame >= to => (grid.seconds(kept.shift(to)), false),
                _ if kept.from == 0 => (seconds, true),
                _ => (grid.seconds(kept.shift(frame)), true),
            }
        };
        let mut song = self.clone();
        song.length_s = self.length_s.map(|length| map(length).0).filter(|length| *length > 0.0);
        let untouched = |seconds: f64, written| if map(seconds) == (seconds, true) { written } else { None };
        song.markers = self.markers.iter().filter(|marker| map(marker.at_s).1).cloned().collect();
        for Marker { at_s, written, .. } in &mut song.markers {
            (*at_s, *written) = (map(*at_s).0, untouched(*at_s, *written));
        }
        for Range { from_s, from_written, to_s, to_written, .. } in &mut song.ranges {
            (*from_s, *from_written) = (map(*from_s).0, untouched(*from_s, *from_written));
            (*to_s, *to_written) = (map(*to_s).0, untouched(*to_s, *to_written));
        }
        song.ranges.retain(|range| range.to_s > range.from_s);
        song.meters = meters::cut(self, &kept, grid);
        (song.tempo_bpm, song.tempos) = self.cut_tempos(&kept, grid);
        for track in &mut song.tracks {
            track.clips = cut_clips(&track.clips, &kept, grid);
        }
        // A bar that is cut is another: what was written in it, or behind it, is seconds from now on.
        let bar = kept[0].to.filter(|_| kept[0].from == 0).map_or(0, |to| self.tempo_map().place(grid.seconds(to)).0);
        song.forget_bars(bar);
        let (old, new) = (self.tempo_map(), song.tempo_map());
        let cut_lane = |lane: &mut Lane, spec| {
            lane.points = lanes::points(&lane.points, spec, &kept, grid);
            lane.lfos = lanes::lfos(&lane.lfos, &kept, grid, (&old, &new));
        };
        let strips = song.tracks.iter_mut().map(|t| &mut t.strip).chain(song.buses.iter_mut().map(|b| &mut b.strip));
        let strips = strips.chain(song.vcas.iter_mut().map(|vca| &mut vca.strip)).chain([&mut song.master.strip]);
        for strip in strips {
            let specs: Vec<_> = strip.automation.iter().map(|lane| strip.target_spec(lane.target)).collect();
            for (lane, spec) in strip.automation.iter_mut().zip(specs) {
                cut_lane(lane, spec);
            }
            // A generator may have been all that moved, and all of it cut.
            strip.automation.retain(|lane| !lane.is_empty());
        }
        // Bars before the cut stay bars; the map that is left rounds them its own way.
        song.follow_tempo();
        song
    }

    /// Makes every time that is written in that bar, or in one behind it, a number of seconds.
    fn forget_bars(&mut self, bar: u32) {
        let forget = |written: &mut Option<BarBeat>| *written = written.filter(|place| place.bar < bar);
        self.tempos.iter_mut().for_each(|tempo| forget(&mut tempo.written));
        self.markers.iter_mut().for_each(|marker| forget(&mut marker.written));
        for range in &mut self.ranges {
            forget(&mut range.from_written);
            forget(&mut range.to_written);
        }
        self.tracks.iter_mut().flat_map(|track| &mut track.clips).for_each(|clip| forget(&mut clip.start_written));
        let strips = self.tracks.iter_mut().map(|t| &mut t.strip).chain(self.buses.iter_mut().map(|b| &mut b.strip));
        let strips = strips.chain(self.vcas.iter_mut().map(|vca| &mut vca.strip)).chain([&mut self.master.strip]);
        for lane in strips.flat_map(|strip| &mut strip.automation) {
            lane.points.iter_mut().for_each(|point| forget(&mut point.written));
            for lfo in &mut lane.lfos {
                forget(&mut lfo.from_written);
                forget(&mut lfo.to_written);
            }
        }
    }

    /// What the cuts leave.
    fn kept(&self, cuts: &[Cut], grid: Grid) -> Vec<Kept> {
        let tempo = self.tempo_map();
        let place = |cut: &Cut, seconds: f64| grid.frame(if cut.snap { tempo.nearest_beat(seconds) } else { seconds });
        let mut gone: Vec<(u64, u64, u64)> = cuts
            .iter()
            .map(|cut| (place(cut, cut.from_s), place(cut, cut.to_s), grid.frame(cut.crossfade_s)))
            .filter(|(from, to, _)| from < to)
            .collect();
        gone.sort_unstable();
        gone.dedup_by(|next, last| {
            let touch = next.0 <= last.1;
            if touch {
                *last = (last.0, last.1.max(next.1), last.2.max(next.2));
            }
            touch
        });
        let mut kept = vec![Kept { from: 0, to: None, at: 0, overlap: 0, opening: 0 }];
        for (from, to, crossfade) in gone {
            let last = kept.len() - 1;
            if from == 0 {
                kept[last] = Kept { from: to, to: None, at: 0, overlap: 0, opening: crossfade };
                continue;
            }
            kept[last].to = Some(from);
            let before = from - kept[last].from;
            let overlap = crossfade.min(before).min(to - from);
            kept.push(Kept { from: to, to: None, at: kept[last].at + before, overlap, opening: 0 });
        }
        kept
    }

    /// The tempo at the start, and its changes.
    fn cut_tempos(&self, kept: &[Kept], grid: Grid) -> (f64, Vec<Tempo>) {
        let map = self.tempo_map();
        // The change that holds at a time, and whether it is a ramp.
        let ramp = |seconds: f64| {
            let place = self.tempos.partition_point(|tempo| tempo.at_s <= seconds);
            place.checked_sub(1).and_then(|place| self.tempos[place].ramp_to_bpm)
        };
        let mut out: Vec<Tempo> = Vec::new();
        let mut start_bpm = self.tempo_bpm;
        for kept in kept {
            let (from, at) = (grid.seconds(kept.from), grid.seconds(kept.at));
            if kept.from > 0 {
                if kept.at == 0 {
                    start_bpm = map.bpm(from);
                }
                let joint = Tempo { at_s: at, written: None, bpm: map.bpm(from), ramp_to_bpm: ramp(from) };
                let goes_on = out
                    .last()
                    .map_or(start_bpm == joint.bpm, |last: &Tempo| last.ramp_to_bpm.is_none() && last.bpm == joint.bpm);
                if !goes_on || joint.ramp_to_bpm.is_some() {
                    out.push(joint);
                }
            }
            let to = kept.to.map_or(f64::INFINITY, |to| grid.seconds(to));
            for tempo in self.tempos.iter().filter(|tempo| tempo.at_s < to) {
                if kept.from == 0 {
                    out.push(*tempo);
                } else if tempo.at_s > from {
                    out.push(Tempo { at_s: at + (tempo.at_s - from), written: None, ..*tempo });
                }
            }
            // A ramp that is cut has come as far as it had.
            if let Some(last) = out.last_mut().filter(|last| last.ramp_to_bpm.is_some() && ramp_ends_behind(self, to)) {
                last.ramp_to_bpm = Some(map.bpm(to));
            }
        }
        (start_bpm, out)
    }
}

/// Whether a ramp is on its way at a time.
fn ramp_ends_behind(song: &Song, seconds: f64) -> bool {
    let place = song.tempos.partition_point(|tempo| tempo.at_s < seconds);
    // One that ends there has come to its end.
    place > 0 && song.tempos.get(place).is_some_and(|next| next.at_s > seconds)
}

/// Writes every cross-fade between clips as fades of its own: the one before ends, the next begins.
fn crossfaded(clips: &[Clip], grid: Grid) -> Vec<Clip> {
    let mut out = clips.to_vec();
    for place in 1..out.len() {
        let (crossfade_s, shape) = (out[place].crossfade_s, out[place].crossfade_shape);
        if crossfade_s <= 0.0 {
            continue;
        }
        let start = grid.frame(out[place].start_s);
        let before = &mut out[place - 1];
        let window = before.window.unwrap_or(Window::ALL);
        let own = grid.frame(window.from_s) + start.saturating_sub(grid.frame(before.start_s));
        // No document holds a later time.
        let until_s = Some(grid.seconds(own + grid.frame(crossfade_s)).min(MAX_SECONDS));
        before.window = Some(Window { until_s, fade_out_s: crossfade_s, fade_out_shape: shape, ..window });
        let clip = &mut out[place];
        // A loop's joins have the same curve.
        clip.crossfade_s = 0.0;
        let window = clip.window.unwrap_or(Window::ALL);
        clip.window = Some(Window { fade_in_s: crossfade_s, fade_in_shape: shape, ..window });
    }
    out
}

fn cut_clips(clips: &[Clip], kept: &[Kept], grid: Grid) -> Vec<Clip> {
    let whole = crossfaded(clips, grid);
    let mut out: Vec<Clip> = Vec::new();
    for (place, kept_here) in kept.iter().enumerate() {
        let fade_out = kept.get(place + 1).map_or(0, |next| next.overlap);
        out.extend(whole.iter().filter_map(|clip| piece(clip, kept_here, fade_out, grid)));
    }
    if let (true, Some(first)) = (out.is_empty(), clips.first()) {
        // A track keeps its place although nothing of it is left.
        let window = Window { until_s: Some(grid.seconds(1)), ..Window::ALL };
        let silent = Clip { start_s: 0.0, start_written: None, crossfade_s: 0.0, mute: true, ..first.clone() };
        out.push(Clip { window: Some(window), ..silent });
    }
    out.sort_by(|a, b| a.start_s.total_cmp(&b.start_s));
    out
}

/// What a stretch that is kept leaves of a clip.
fn piece(clip: &Clip, kept: &Kept, overlap: u64, grid: Grid) -> Option<Clip> {
    let window = clip.window.unwrap_or(Window::ALL);
    let (start, own) = (grid.frame(clip.start_s), grid.frame(window.from_s));
    // Known only where the document says it; else it is the file's.
    let total = match (clip.repeat.map(|repeat| repeat.until), clip.length_s) {
        (Some(Until::Length(length)), _) => Some(length),
        (Some(Until::Count(count)), Some(length)) => Some(length * f64::from(count)),
        (None, length) => length,
        (Some(Until::Count(_)), None) => None,
    };
    let until = [window.until_s, total].into_iter().flatten().reduce(f64::min);
    let end = until.map(|until| start + grid.frame(until).saturating_sub(own));
    let from = kept.from - kept.overlap;
    if kept.to.is_some_and(|to| start >= to) || end.is_some_and(|end| end <= from) {
        return None;
    }
    let mut window = window;
    let mut new = clip.clone();
    if start < from {
        let fade = kept.overlap.max(kept.opening);
        window.from_s = grid.seconds(own + (from - start));
        (window.fade_in_s, window.fade_in_shape) = (grid.seconds(fade), CrossfadeShape::EqualPower);
    }
    let begin = start.max(from);
    if let Some(to) = kept.to.filter(|to| end.is_none_or(|end| end > *to)) {
        let fade = overlap.min(to - begin);
        window.until_s = Some(grid.seconds(own + (to - start)).min(MAX_SECONDS));
        (window.fade_out_s, window.fade_out_shape) = (grid.seconds(fade), CrossfadeShape::EqualPower);
    }
    if kept.from > 0 {
        let at = kept.at + begin - kept.from.min(begin) - (kept.from.saturating_sub(begin));
        (new.start_s, new.start_written) = (grid.seconds(at), None);
    }
    new.window = (window != Window::ALL).then_some(window);
    Some(new)
}
