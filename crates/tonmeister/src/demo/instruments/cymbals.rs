//! Hi-hats and cymbals: many pitches that do not belong together.
//!
//! A pair of hats is six square waves at unrelated pitches behind high-passes, as the circuits of drum machines have
//! made it since 1980; a cymbal is some dozens of modes and, where they lie too densely to be told apart, noise in
//! bands that die at their own rates.

use super::arithmetic::{RATE, decay, exp2};
use super::filter::{Mode, Svf};
use super::oscillator::{Oscillator, square};
use super::track::Stereo;
use crate::chance::Random;

/// The pitches of six square waves whose sum is a closed pair of cymbals.
const PLATES: [f64; 6] = [317.0, 463.5, 551.3, 788.9, 833.2, 1214.7];

/// One stroke on the hats, open or closed; the slice ends where the foot closes them.
pub(crate) fn strike_hat(out: &mut [f32], force: f64, open: bool, hand: &mut Random) {
    let mut plates: Vec<(Oscillator, f64)> =
        PLATES.iter().map(|hz| (Oscillator::new(square().below(*hz), hand.unit()), *hz)).collect();
    let mut ring = Svf::new(8600.0 + 900.0 * force, 1.4);
    let mut edge = Svf::new(6900.0, 0.8);
    let mut thump = Mode::struck(212.0, 0.05 * force, 0.12);
    let seconds = if open { 0.75 } else { 0.045 + 0.05 * force };
    let (mut level, fall) = (force, decay(seconds));
    let (mut tip, tip_fall) = (0.5 * force, decay(0.018));
    let closing = 900.0_f64.min(out.len() as f64 * 0.2);
    let length = out.len();
    for (i, sample) in out.iter_mut().enumerate() {
        let metal: f64 = plates.iter_mut().map(|(plate, hz)| plate.step(*hz)).sum::<f64>() * 0.2;
        let noise = hand.signed();
        let air = edge.step(metal + 0.55 * noise).high;
        let body = ring.step(metal).band;
        let end = ((length - i) as f64 / closing).min(1.0);
        *sample += ((air * 0.6 + body * 0.7) * (level + tip) * end + thump.step()) as f32;
        level *= fall;
        tip *= tip_fall;
    }
}

/// Fifty modes spread over five octaves, the high ones gone first, and between them the shimmer of the thousands
/// that cannot be told apart: bands of noise, each with its own decay.
pub(crate) fn crash(stereo: &mut Stereo, from: f64, force: f64, hand: &mut Random) {
    // Hz, level, seconds to fall by 60 dB.
    const SHIMMER: [(f64, f64, f64); 5] =
        [(1300.0, 0.1, 2.4), (3100.0, 0.2, 2.9), (5600.0, 0.3, 2.5), (9200.0, 0.34, 1.9), (14_000.0, 0.26, 1.2)];
    for i in 0..50 {
        let hz = 290.0 * exp2(5.45 * (f64::from(i) + hand.unit()) / 50.0);
        let rings = (3.4 - 0.00019 * hz).max(0.6) * (0.8 + 0.4 * hand.unit());
        let loud = force * 0.026 * (0.5 + hand.unit()) * if hz > 2500.0 { 1.0 } else { 0.8 };
        let (left, right) = (0.35 + 0.65 * hand.unit(), 0.35 + 0.65 * hand.unit());
        let mut mode = Mode::struck(hz, loud, rings).turned(hand.unit());
        // A mode 70 dB down is done.
        for (l, r) in stereo.span(from, 4.0_f64.min(rings * 1.17)) {
            let value = mode.step();
            *l += (value * left) as f32;
            *r += (value * right) as f32;
        }
    }
    for (hz, level, rings) in SHIMMER {
        let mut sides = [Svf::new(hz, 1.1), Svf::new(hz, 1.1)];
        let (mut now, fall) = (level * force, decay(rings));
        // Low bands answer later: the stroke spreads inwards from the edge.
        let rise = 1_200_000.0 / hz;
        for (i, (l, r)) in stereo.span(from, 3.2_f64.min(rings * 1.3)).enumerate() {
            let risen = now * (i as f64 / rise).min(1.0);
            *l += (sides[0].step(hand.signed()).band * risen) as f32;
            *r += (sides[1].step(hand.signed()).band * risen) as f32;
            now *= fall;
        }
    }
}

/// Grows out of nothing and stops at the bar line.
pub(crate) fn swell(stereo: &mut Stereo, from: f64, until: f64, hand: &mut Random) {
    let frames = until - from;
    let mut filters = [Svf::new(3600.0, 0.6), Svf::new(3600.0, 0.6)];
    let mut modes: Vec<Mode> = (0..14)
        .map(|i| Mode::struck(900.0 * exp2(0.25 * (f64::from(i) + hand.unit())), 0.035, 400.0).turned(hand.unit()))
        .collect();
    for (i, (l, r)) in stereo.span(from, frames / RATE + 0.3).enumerate() {
        let t = i as f64 / frames;
        let level = if t < 1.0 { exp2(7.0 * (t - 1.0)) } else { exp2(-40.0 * (t - 1.0)) };
        let fade = (t * 8.0).min(1.0) * level * 0.5;
        let metal: f64 = modes.iter_mut().map(Mode::step).sum();
        *l += ((filters[0].step(hand.signed()).high + metal) * fade) as f32;
        *r += ((filters[1].step(hand.signed()).high - metal * 0.6) * fade) as f32;
    }
}

/// The tip of the stick on the ride: a ping over a thin sheen.
pub(crate) fn ride(stereo: &mut Stereo, from: f64, force: f64, hand: &mut Random) {
    const PING: [(f64, f64, f64); 9] = [
        (1187.0, 0.07, 0.5),
        (2311.0, 0.1, 0.7),
        (3467.0, 0.12, 0.9),
        (4289.0, 0.11, 0.8),
        (5731.0, 0.09, 0.7),
        (6947.0, 0.08, 0.55),
        (8123.0, 0.07, 0.45),
        (9871.0, 0.05, 0.4),
        (12011.0, 0.04, 0.3),
    ];
    let mut modes: Vec<Mode> = PING
        .iter()
        .map(|(hz, loud, rings)| {
            Mode::struck(*hz, loud * force * (0.8 + 0.4 * hand.unit()), *rings).turned(hand.unit())
        })
        .collect();
    let mut tip = Svf::new(7600.0, 0.7);
    let (mut stick, fall) = (0.35 * force, decay(0.05));
    for (l, r) in stereo.span(from, 0.8) {
        let value: f64 = modes.iter_mut().map(Mode::step).sum::<f64>() + tip.step(hand.signed()).high * stick;
        *l += (value * 0.55) as f32;
        *r += (value * 0.83) as f32;
        stick *= fall;
    }
}
