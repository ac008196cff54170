//! The clips of a track in both songs.

use super::words::{clock, number, signed};
use super::{About, Both, Pair};
use crate::model::Clip;

/// What a change of a track's audio weighs.
const CLIP: f64 = 6.0;

impl Pair<'_> {
    pub(super) fn clips(&mut self, both: &Both<'_>, before: usize, after: usize) {
        let (a, b) = (&self.before.tracks[before].clips, &self.after.tracks[after].clips);
        if a == b {
            return;
        }
        let (id, weight) = (both.id, CLIP * both.reach);
        if let Some(by) = shifted(a, b) {
            let way = if by > 0.0 { "later" } else { "earlier" };
            let what = if b.len() == 1 { "its clip".into() } else { format!("all {} clips", b.len()) };
            let sentence = format!("{id}: {what} moved {} s {way}", number(by.abs()));
            self.add(About::Clips, format!("{id}/clip"), weight, sentence);
            return;
        }
        // What is the same on both sides is passed over, the rest of one file is paired in order.
        let mut left: Vec<&Clip> = a.iter().collect();
        let mut fresh: Vec<(usize, &Clip)> = Vec::new();
        for (place, clip) in b.iter().enumerate() {
            match left.iter().position(|old| *old == clip) {
                Some(twin) => drop(left.remove(twin)),
                None => fresh.push((place, clip)),
            }
        }
        for (place, clip) in fresh {
            let address = format!("{id}/clip/{}", place + 1);
            let at = clock(clip.start_s);
            match left.iter().position(|old| old.audio == clip.audio) {
                Some(twin) => {
                    let old = left.remove(twin);
                    self.add(About::Clips, address, weight, format!("{id}: clip at {at} {}", edited(old, clip)));
                }
                None => {
                    self.add(About::Clips, address, weight, format!("{id}: clip of {} added at {at}", clip.audio));
                }
            }
        }
        for clip in left {
            let sentence = format!("{id}: clip of {} at {} taken out", clip.audio, clock(clip.start_s));
            self.add(About::Clips, format!("{id}/clip"), weight, sentence);
        }
    }
}

/// By how much all clips moved, when that is all that happened.
fn shifted(a: &[Clip], b: &[Clip]) -> Option<f64> {
    let by = b.first()?.start_s - a.first()?.start_s;
    let same = |(a, b): (&Clip, &Clip)| {
        let back = Clip { start_s: a.start_s, start_written: a.start_written, ..b.clone() };
        back == *a && (b.start_s - a.start_s - by).abs() < 1e-6
    };
    (a.len() == b.len() && by != 0.0 && a.iter().zip(b).all(same)).then_some(by)
}

/// What was done to a clip.
fn edited(a: &Clip, b: &Clip) -> String {
    let mut said = Vec::new();
    if a.start_s != b.start_s {
        said.push(format!("moved there from {}", clock(a.start_s)));
    }
    if a.offset_s != b.offset_s {
        said.push(format!("begins {} s into its file (was {} s)", number(b.offset_s), number(a.offset_s)));
    }
    if a.length_s != b.length_s {
        let length = |s: Option<f64>| s.map_or("to the file's end".into(), |s| format!("{} s", number(s)));
        said.push(format!("length {} → {}", length(a.length_s), length(b.length_s)));
    }
    if a.gain_db != b.gain_db {
        said.push(format!("{} dB", signed(b.gain_db - a.gain_db)));
    }
    let rest = Clip {
        start_s: b.start_s,
        start_written: b.start_written,
        offset_s: b.offset_s,
        length_s: b.length_s,
        gain_db: b.gain_db,
        ..a.clone()
    };
    if rest != *b {
        said.push("edited (fades and the like)".into());
    }
    said.join(", ")
}
