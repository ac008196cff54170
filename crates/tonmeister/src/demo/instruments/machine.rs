//! Drum machines: circuits that ring, as they were built from 1980 on.
//!
//! A bass drum is a sine whose pitch falls, overdriven; a clap is noise through a band-pass, started three times in 25 ms;
//! a snare is two sines and a burst; a rim is two short ones. Hats are [`cymbals`](super::cymbals).

use super::arithmetic::{RATE, decay, sine};
use super::filter::{Mode, Svf};
use super::track::{Stereo, Track};
use crate::chance::Random;

/// A curve that bends softly and never passes ±1: x·(27 + x²)/(27 + 9x²), a Padé approximant of tanh.
pub(crate) fn bend(x: f64) -> f64 {
    let x = x.clamp(-3.0, 3.0);
    x * (27.0 + x * x) / (27.0 + 9.0 * x * x)
}

/// The bass drum, tuned in Hz.
pub(crate) fn kick(track: &mut Track, from: f64, hz: f64, force: f64, hand: &mut Random) {
    let mut turns = 0.0;
    let (mut fast, mut slow, mut body) = (1.0, 1.0, 1.0);
    let (fast_fall, slow_fall, body_fall) = (decay(0.035), decay(0.16), decay(0.42));
    let mut tick = Svf::new(3800.0, 0.8);
    let (mut click, click_fall) = (0.5, decay(0.012));
    track.lay(from, 0.45, |i| {
        turns += (hz + 75.0 * slow + 330.0 * fast) / RATE;
        turns -= f64::from(turns >= 1.0);
        let skin = bend(1.9 * sine(turns) * body) * 0.9;
        let noise = tick.step(hand.signed()).band * click;
        fast *= fast_fall;
        slow *= slow_fall;
        body *= body_fall;
        click *= click_fall;
        let end = ((0.45 * RATE - i as f64) / 1200.0).min(1.0);
        (skin + noise) * force * end
    });
}

/// The clap.
pub(crate) fn clap(stereo: &mut Stereo, from: f64, force: f64, hand: &mut Random) {
    let mut palms = [Svf::new(1150.0, 1.6), Svf::new(1210.0, 1.6)];
    let mut air = [Svf::new(1900.0, 0.6), Svf::new(1900.0, 0.6)];
    let (burst_fall, tail_fall) = (decay(0.022), decay(0.26));
    let (mut burst, mut tail) = (0.0, 0.0);
    let starts = [0, (0.0095 * RATE) as usize, (0.0188 * RATE) as usize];
    for (i, (l, r)) in stereo.span(from, 0.35).enumerate() {
        if starts.contains(&i) {
            burst = 1.0;
        }
        if i == starts[2] {
            tail = 0.5;
        }
        let level = (burst + tail) * force;
        for (out, side) in [(l, 0), (r, 1)] {
            let noise = hand.signed();
            let value = palms[side].step(noise).band + 0.35 * air[side].step(noise).high;
            *out += (value * level) as f32;
        }
        burst *= burst_fall;
        tail *= tail_fall;
    }
}

/// A snare for rolls.
pub(crate) fn snare(stereo: &mut Stereo, from: f64, force: f64, hand: &mut Random) {
    let mut skin = [Mode::struck(196.0, 0.5 * force, 0.13), Mode::struck(318.0, 0.3 * force, 0.1)];
    let mut wires = Svf::new(3100.0, 0.5);
    let (mut level, fall) = (0.55 * force, decay(0.16));
    stereo.lay(from, 0.25, 0.12 * hand.signed(), |_| {
        level *= fall;
        skin.iter_mut().map(Mode::step).sum::<f64>() + wires.step(hand.signed()).high * level
    });
}

/// The rim: two short rings, far from each other.
pub(crate) fn rim(stereo: &mut Stereo, from: f64, pan: f64, force: f64, hand: &mut Random) {
    let off = 1.0 + 0.003 * hand.human();
    let mut rings = [Mode::struck(1690.0 * off, 0.5 * force, 0.045), Mode::struck(455.0 * off, 0.5 * force, 0.06)];
    stereo.lay(from, 0.09, pan, |_| rings.iter_mut().map(Mode::step).sum());
}

/// A tom: the bass drum's circuit, higher, without its drive.
pub(crate) fn tom(stereo: &mut Stereo, from: f64, hz: f64, pan: f64, force: f64) {
    let mut turns = 0.0;
    let (mut bent, mut body) = (1.0, force);
    let (bent_fall, body_fall) = (decay(0.15), decay(0.38));
    stereo.lay(from, 0.42, pan, |i| {
        turns += hz * (1.0 + 0.55 * bent) / RATE;
        turns -= f64::from(turns >= 1.0);
        bent *= bent_fall;
        body *= body_fall;
        sine(turns) * body * (i as f64 / 30.0).min(1.0)
    });
}
