//! The cello, and the strings behind it.

use tonmeister_core::Buffer;

use super::score::{CELLO, FRAMES, LAST, at, bars, harmony_at, strength};
use crate::demo::instruments::bow::{Bowed, Player, bow, section};
use crate::demo::instruments::string::{Body, CELLO as CELLO_BODY, VIOLA};
use crate::demo::instruments::track::{Stereo, Track, mono_stem};

const CELLIST: Player =
    Player { rise_s: 0.16, fall_s: 0.3, vibrato_cents: 17.0, vibrato_hz: 5.1, detune_cents: 0.0, seed: 351 };

/// The melody as the cellist plays it, in frames.
pub(in crate::demo) fn melody() -> Vec<Bowed> {
    CELLO
        .iter()
        .map(|(bar, eighth, eighths, note)| {
            let reach = (f64::from(*note) - 62.0) * 0.012;
            let force = (0.3 + 0.68 * strength(*bar) + reach).clamp(0.2, 1.0);
            let (from, until) = (at(*bar, *eighth as f64), at(*bar, (*eighth + *eighths) as f64));
            Bowed { from, until: until - 300.0, note: f64::from(*note), force, end_force: force * 0.86 }
        })
        .collect()
}

/// The cello: the melody, and at the end an open fifth on two strings that does not want to stop.
pub(super) fn cello() -> Buffer {
    let mut track = Track::new(FRAMES);
    bow(&mut track, &CELLIST, &melody());
    let (from, until) = (at(LAST, 0.0), FRAMES as f64 - 2.6 * 48_000.0);
    for (note, force, seed) in [(38.0, 0.55, 352), (45.0, 0.5, 353)] {
        let player = Player { rise_s: 0.9, fall_s: 2.4, vibrato_cents: 5.0, seed, ..CELLIST };
        bow(&mut track, &player, &[Bowed { from, until, note, force, end_force: force * 0.8 }]);
    }
    Body::new(CELLO_BODY, 0.34, 6800.0).over(&mut track);
    mono_stem(track, -7.0)
}

/// Violas and second violins: four desks, two to each side, in three parts.
pub(super) fn strings() -> Buffer {
    let mut stereo = Stereo::new(FRAMES);
    for part in 0..3 {
        let notes: Vec<Bowed> = bars()
            .filter(|bar| (16..28).contains(bar) || *bar >= 32)
            .map(|bar| {
                let loud = match bar {
                    16..=19 => 0.16 + 0.09 * (bar - 16) as f64,
                    20..=26 => 0.52 + 0.06 * (bar - 20) as f64,
                    27 => 0.4,
                    _ => 0.3,
                };
                let end = match bar {
                    16..=19 => loud + 0.09,
                    25 => loud,
                    26 | 27 => loud * 0.6,
                    _ => loud * 1.05,
                };
                // The open fifth has no third: the part that had it takes the octave.
                let note = f64::from(harmony_at(bar, 0).voices[part + 1]);
                let up = if (20..26).contains(&bar) && part == 2 { 12.0 } else { 0.0 };
                let until = if bar == LAST + 1 { FRAMES as f64 - 4.5 * 48_000.0 } else { at(bar + 1, 0.0) };
                Bowed { from: at(bar, 0.0), until: until - 200.0, note: note + up, force: loud, end_force: end }
            })
            .collect();
        let player = Player {
            rise_s: 0.45,
            fall_s: 0.9,
            vibrato_cents: 13.0,
            vibrato_hz: 5.5,
            detune_cents: part as f64 - 1.0,
            seed: 361 + 10 * part as u64,
        };
        section([&mut stereo.left, &mut stereo.right], &player, &notes);
    }
    for side in [&mut stereo.left, &mut stereo.right] {
        Body::new(VIOLA, 0.34, 6800.0).over(side);
    }
    // Each desk is heard in the other side's microphone, too.
    let (left, right) = (stereo.left.samples.clone(), stereo.right.samples.clone());
    for (i, (l, r)) in stereo.left.samples.iter_mut().zip(&mut stereo.right.samples).enumerate() {
        *l += 0.34 * right[i.saturating_sub(31)];
        *r += 0.34 * left[i.saturating_sub(31)];
    }
    stereo.stem(-8.0)
}
