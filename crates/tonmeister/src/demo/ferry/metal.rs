//! Hi-hat and cymbals: many pitches that do not belong together.
//!
//! The hi-hat's stand picks up the floor, a low thump that has no place in a mix: its high-pass takes it out.

use tonmeister_core::Buffer;

use super::score::{FRAMES, LAST, Part, at, bars, drums, energy, part, played};
use crate::chance::Random;
use crate::demo::instruments::arithmetic::RATE;
use crate::demo::instruments::cymbals::{crash, ride, strike_hat, swell};
use crate::demo::instruments::track::{Stereo, Track, mono_stem};
use crate::demo::notation::strokes;

/// The hi-hat.
pub(super) fn hats() -> Buffer {
    let mut track = Track::new(FRAMES);
    let mut hand = Random::new(21);
    let all: Vec<(f64, char, f64)> = bars()
        .flat_map(|bar| strokes(drums(bar).hats).map(move |(step, sign, force)| (bar, step, sign, force)))
        .map(|(bar, step, sign, force)| {
            let force = force * (0.7 + 0.3 * energy(bar)) * (1.0 + 0.09 * hand.human());
            // The right hand pushes: off-beats fall softer.
            let force = if step % 4 == 2 { force * 0.86 } else { force };
            (played(bar, step, 1.8, &mut hand), sign, force)
        })
        .collect();
    for (i, (from, sign, force)) in all.iter().enumerate() {
        // The foot closes an open hat on the next stroke.
        let until = all.get(i + 1).map_or(f64::INFINITY, |next| next.0);
        let open = *sign == 'O';
        let seconds = if open { 0.55_f64.min((until - from) / RATE + 0.02) } else { 0.16 };
        strike_hat(track.span(*from, seconds), *force, open, &mut hand);
    }
    mono_stem(track, -8.0)
}

/// Crash and ride, under a pair of microphones, and a swell with mallets before each chorus.
pub(super) fn cymbals() -> Buffer {
    let mut stereo = Stereo::new(FRAMES);
    let mut hand = Random::new(22);
    let crashes = [(4, 0.6), (16, 0.95), (20, 0.55), (24, 0.7), (32, 1.0), (36, 0.75), (40, 0.75), (LAST, 0.9)];
    for (bar, force) in crashes {
        let from = played(bar, 0, 1.5, &mut hand);
        crash(&mut stereo, from, force, &mut hand);
    }
    for bar in [15, 31] {
        swell(&mut stereo, at(bar, 4.0), at(bar + 1, 0.0), &mut hand);
    }
    for bar in bars().filter(|bar| part(*bar) == Part::LastChorus) {
        for step in (0..16).step_by(4) {
            let from = played(bar, step, 2.0, &mut hand);
            ride(&mut stereo, from, if step % 8 == 0 { 0.5 } else { 0.62 } + 0.05 * hand.human(), &mut hand);
        }
    }
    stereo.stem(-7.0)
}
