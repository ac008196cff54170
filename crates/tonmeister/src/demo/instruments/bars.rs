//! A celesta: steel bars over wooden boxes, struck with felt.
//!
//! The modes of a bar that is free at both ends lie at 1, 2.756, 5.404 and 8.933 times its pitch (Fletcher and Rossing,
//! *The Physics of Musical Instruments*, 2nd ed., §2.13); the box below is tuned to the first and makes it the note.

use super::arithmetic::{RATE, exp2, pitch};
use super::filter::Mode;
use super::track::Stereo;
use crate::chance::Random;

/// Strikes a bar (MIDI note); it rings until it has done.
pub(crate) fn strike(stereo: &mut Stereo, from: f64, note: f64, force: f64, hand: &mut Random) {
    let hz = pitch(note);
    let pan = ((note - 83.0) / 14.0).clamp(-0.75, 0.75);
    let ring = 2.6 * exp2(-(note - 76.0) / 20.0);
    // Times the pitch, level, seconds against the first.
    let all = [(1.0, 1.0, 1.0), (2.756, 0.22 * force, 0.3), (5.404, 0.12 * force, 0.12), (8.933, 0.05 * force, 0.06)];
    for (times, level, lasts) in all {
        if hz * times > 16_000.0 {
            continue;
        }
        let mut mode = Mode::struck(hz * times, level * force * (0.94 + 0.12 * hand.unit()), ring * lasts);
        stereo.lay(from, ring * lasts * 1.3, pan, |i| mode.step() * (i as f64 / (0.0012 * RATE)).min(1.0));
    }
}
