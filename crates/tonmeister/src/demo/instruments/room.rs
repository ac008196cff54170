//! The answer of a stone chapel to a click, for a convolution: computed, not recorded.
//!
//! The reverberation of a hall is noise that dies away exponentially, treble first (Moorer, "About this reverberation
//! business", *Computer Music Journal* 3(2), 1979): here octave bands of noise, each with its own decay, behind a few
//! first reflections. The two sides are independent, as far walls make them.

use tonmeister_core::Buffer;

use super::arithmetic::{RATE, decay};
use super::filter::Svf;
use super::track::Stereo;
use crate::chance::Random;

/// Octave and seconds until it has fallen by 60 dB: stone keeps lows, air takes highs.
const BANDS: [(f64, f64); 8] = [
    (90.0, 1.9),
    (180.0, 2.2),
    (360.0, 2.3),
    (720.0, 2.1),
    (1440.0, 1.8),
    (2880.0, 1.4),
    (5760.0, 0.95),
    (11_500.0, 0.55),
];

/// Milliseconds, level, and place between the sides.
const FIRST: [(f64, f64, f64); 8] = [
    (0.0, 0.5, 0.0),
    (11.3, 0.42, -0.7),
    (14.9, 0.4, 0.75),
    (22.1, 0.3, 0.2),
    (27.7, 0.28, -0.45),
    (36.4, 0.22, 0.6),
    (43.9, 0.2, -0.8),
    (58.2, 0.16, 0.3),
];

/// Two and a half seconds of it.
pub(crate) fn chapel() -> Buffer {
    let seconds = 2.5;
    let mut stereo = Stereo::new((seconds * RATE) as usize);
    let mut chance = Random::new(1979);
    for (ms, level, pan) in FIRST {
        let mut wall = Svf::new(5200.0, 0.6);
        stereo.lay(ms * 0.001 * RATE, 0.02, pan, |i| wall.step(if i == 0 { 2.5 * level } else { 0.0 }).low);
    }
    for (hz, lasts) in BANDS {
        let mut bands = [Svf::new(hz, 1.4), Svf::new(hz, 1.4)];
        let (mut level, fall) = (0.055, decay(lasts));
        for (i, (l, r)) in stereo.span(0.016 * RATE, seconds).enumerate() {
            // Echoes thicken before they are a tail.
            let dense = (i as f64 / (0.05 * RATE)).min(1.0);
            *l += (bands[0].step(chance.signed()).band * level * dense) as f32;
            *r += (bands[1].step(chance.signed()).band * level * dense) as f32;
            level *= fall;
        }
    }
    stereo.stem(-6.0)
}
