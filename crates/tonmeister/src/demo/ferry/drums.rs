//! Kick and snare: struck skins as decaying modes, with the noises a microphone close to them hears.
//!
//! Both are raw on purpose. The kick has a boxy ring near 340 Hz, the snare a shell that sings at 560 Hz: a mixing
//! desk takes them out. Strokes differ in force by the drummer's hand, so there is something for a compressor to do.

use tonmeister_core::Buffer;

use super::score::{FRAMES, bars, drums, energy, played};
use crate::chance::Random;
use crate::demo::instruments::arithmetic::RATE;
use crate::demo::instruments::kit::{strike_kick, strike_snare};
use crate::demo::instruments::track::{Track, mono_stem};
use crate::demo::notation::strokes;

/// The bass drum.
pub(super) fn kick() -> Buffer {
    let mut track = Track::new(FRAMES);
    let mut hand = Random::new(11);
    for bar in bars() {
        for (step, _, force) in strokes(drums(bar).kick) {
            let from = played(bar, step, 1.2, &mut hand);
            let force = force * (0.72 + 0.28 * energy(bar)) * (1.0 + 0.05 * hand.human());
            strike_kick(track.span(from, 0.6), force, &mut hand);
        }
    }
    mono_stem(track, -4.0)
}

/// The snare drum, ghost notes, rolls and all.
pub(super) fn snare() -> Buffer {
    let mut track = Track::new(FRAMES);
    let mut hand = Random::new(12);
    for bar in bars() {
        for (step, sign, force) in strokes(drums(bar).snare) {
            // Backbeats sit a hair behind the beat; ghosts fall where they fall.
            let late = if sign == 'o' { 0.0 } else { 0.003 * RATE };
            let from = played(bar, step, if sign == 'o' { 2.6 } else { 1.4 }, &mut hand) + late;
            let force = force * (0.75 + 0.25 * energy(bar)) * (1.0 + 0.06 * hand.human());
            let force = if sign == 'o' { force * 0.62 } else { force };
            strike_snare(track.span(from, 0.5), force, &mut hand);
        }
    }
    mono_stem(track, -3.5)
}
