//! Electric piano: frequency modulation, as a tine before a pickup comes out of it (Chowning, JAES 21(7), 1973).
//!
//! Raw: the cabinet booms near 320 Hz, right where the voice wants to be warm.

use tonmeister_core::Buffer;

use super::score::{Change, FRAMES, LAST, Part, STEP, changes, energy, part, played};
use crate::chance::Random;
use crate::demo::instruments::arithmetic::{RATE, cosine};
use crate::demo::instruments::filter::Svf;
use crate::demo::instruments::tine::strike;
use crate::demo::instruments::track::{Stereo, Track};

/// Sixteenth (from the change of harmony), length, force.
type Strum = (usize, usize, f64);

const VERSE: &[Strum] = &[(0, 5, 0.72), (6, 3, 0.5), (10, 5, 0.6)];
const VERSE_ANSWER: &[Strum] = &[(0, 6, 0.7), (7, 2, 0.45), (10, 2, 0.55), (13, 3, 0.5)];
const RISE: &[Strum] = &[(0, 4, 0.72), (4, 4, 0.5), (8, 4, 0.66), (12, 4, 0.55)];
const CHORUS: &[Strum] = &[(0, 3, 0.9), (3, 3, 0.72), (6, 5, 0.78), (11, 3, 0.7), (14, 2, 0.6)];
const WHOLE: &[Strum] = &[(0, 15, 0.66)];

fn strums(change: &Change) -> &'static [Strum] {
    match part(change.bar) {
        Part::Verse | Part::SecondVerse | Part::Outro if change.bar == 43 => WHOLE,
        Part::Verse | Part::SecondVerse | Part::Outro if change.bar % 2 == 1 => VERSE_ANSWER,
        Part::Verse | Part::SecondVerse | Part::Outro => VERSE,
        Part::Rise => RISE,
        Part::Chorus | Part::LastChorus => CHORUS,
        Part::Intro | Part::Bridge => WHOLE,
        Part::End => &[(0, 32, 0.8)],
    }
}

/// The electric piano's stem.
pub(super) fn chords() -> Buffer {
    let mut dry = Track::new(FRAMES);
    let mut hand = Random::new(51);
    for change in changes() {
        for (step, steps, force) in strums(&change).iter().filter(|strum| strum.0 < change.steps) {
            let steps = (*steps).min(change.steps - step);
            let from = played(change.bar, change.step + step, 2.2, &mut hand);
            let force = force * (0.75 + 0.25 * energy(change.bar));
            // Long chords are rolled from the bottom, short ones struck nearly together.
            let roll = match change.bar {
                LAST => 0.055,
                _ if steps > 7 => 0.022,
                _ => 0.004,
            };
            let voices = change.harmony.voices.iter().enumerate();
            for (voice, note) in voices {
                let from = from + roll * RATE * voice as f64 + 0.0015 * RATE * hand.human();
                let force = force * (1.0 + 0.07 * hand.human()) * if voice == 3 { 1.1 } else { 0.95 };
                let held = steps as f64 * STEP * 0.93;
                strike(&mut dry, from, held, f64::from(*note), force);
            }
        }
    }
    cabinet(&dry)
}

/// The tremolo that wanders between the loudspeakers, and the box they stand in.
fn cabinet(dry: &Track) -> Buffer {
    let mut stereo = Stereo::new(FRAMES);
    let mut body = Svf::new(318.0, 1.6);
    let mut cone = Svf::new(5200.0, 0.6);
    let (mut left, mut right) = (1.0, 1.0);
    for (i, sample) in dry.samples.iter().enumerate() {
        if i % 16 == 0 {
            let sway = 0.2 * cosine(i as f64 * (3.75 / RATE));
            left = (1.0 + sway) * 0.7;
            right = (1.0 - sway) * 0.7;
        }
        let dry = f64::from(*sample);
        let wet = cone.step(dry).low + 0.5 * body.step(dry).band;
        stereo.left.samples[i] = (wet * left) as f32;
        stereo.right.samples[i] = (wet * right) as f32;
    }
    stereo.stem(-6.0)
}
