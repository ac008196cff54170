//! A voice, sung long, to be cut into pieces.

use tonmeister_core::Buffer;

use super::score::{FRAMES, STEP, VOICE, at};
use crate::demo::instruments::track::{Stereo, place};
use crate::demo::instruments::voice::{Singer, Sung, sing};

const SINGER: Singer = Singer {
    tract: 1.17,
    breath: 1.3,
    vibrato_hz: 5.7,
    vibrato_cents: 20.0,
    detune_cents: 0.0,
    late_ms: 0.0,
    seed: 511,
};

/// Two takes of the same pieces, one to each side.
pub(super) fn chops() -> Buffer {
    let mut stereo = Stereo::new(FRAMES);
    let second = Singer { tract: 1.2, detune_cents: 8.0, seed: 512, ..SINGER };
    for (singer, pan) in [(SINGER, -0.6), (second, 0.6)] {
        let sung: Vec<Sung> = VOICE
            .iter()
            .map(|(bar, step, steps, note, signs)| {
                let from = at(*bar, *step as f64);
                let until = from + (*steps as f64 - 0.25) * STEP;
                let note = f64::from(*note) + singer.detune_cents / 100.0;
                Sung { from, until, note, signs, effort: if *steps < 4 { 0.8 } else { 0.62 } }
            })
            .collect();
        let take = sing(&singer, &sung, FRAMES);
        let (left, right) = place(pan);
        for (i, sample) in take.samples.iter().enumerate() {
            stereo.left.samples[i] += (f64::from(*sample) * left) as f32;
            stereo.right.samples[i] += (f64::from(*sample) * right) as f32;
        }
    }
    stereo.stem(-7.0)
}
