//! The sea at a mole: noise that swells, breaks and runs back, each wave with a height of its own.

use super::arithmetic::{RATE, ease, exp2};
use super::filter::Svf;
use super::track::Stereo;
use crate::chance::Random;

/// Lets waves come in, about every so many seconds, from one frame to another; `height` says how high at a frame.
pub(crate) fn sea(
    stereo: &mut Stereo,
    (from, until): (f64, f64),
    every_s: f64,
    seed: u64,
    height: impl Fn(f64) -> f64,
) {
    let mut chance = Random::new(seed);
    let mut start = from;
    while start < until {
        let length = every_s * (1.5 + 0.6 * chance.unit()) * RATE;
        let tall = height(start + 0.4 * length) * (0.55 + 0.45 * chance.unit());
        let side = 0.6 * chance.signed();
        wave(stereo, start, length, tall, side, &mut chance);
        start += every_s * (0.75 + 0.5 * chance.unit()) * RATE;
    }
}

/// It rises dark, breaks bright, and runs back over pebbles.
fn wave(stereo: &mut Stereo, from: f64, length: f64, tall: f64, side: f64, chance: &mut Random) {
    let mut deep = [Svf::new(300.0, 0.6), Svf::new(300.0, 0.6)];
    let mut foam = [Svf::new(1800.0, 0.5), Svf::new(1800.0, 0.5)];
    let mut floor = [Svf::new(110.0, 0.7), Svf::new(110.0, 0.7)];
    let (mut level, mut bright) = (0.0, 0.0);
    for (i, (l, r)) in stereo.span(from, length / RATE).enumerate() {
        if i.is_multiple_of(64) {
            let t = i as f64 / length;
            level = tall * ease(t / 0.38) * (1.0 - ease((t - 0.4) / 0.6));
            bright = tall * ease((t - 0.2) / 0.2) * (1.0 - ease((t - 0.42) / 0.4));
            let open = 260.0 * exp2(1.7 * level);
            for side in 0..2 {
                deep[side].tune(open, 0.6);
                foam[side].tune(900.0 + 2600.0 * bright, 0.5);
            }
        }
        for (out, side, pan) in [(l, 0, 1.0 - side), (r, 1, 1.0 + side)] {
            let noise = chance.signed();
            let low = floor[side].step(deep[side].step(noise).low).high;
            let value = (low * level * 0.9 + foam[side].step(noise).band * bright * 0.32) * pan * 0.7;
            *out += value as f32;
        }
    }
}
