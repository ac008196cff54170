//! What has pads instead of skins: kick, clap, hats, percussion, and the sounds between the parts.

use tonmeister_core::Buffer;

use super::score::{FRAMES, LAST, Part, STEP, at, bars, machines, part, played};
use crate::chance::Random;
use crate::demo::instruments::arithmetic::{RATE, ease, exp2, sine};
use crate::demo::instruments::cymbals::{crash, strike_hat};
use crate::demo::instruments::filter::Svf;
use crate::demo::instruments::machine;
use crate::demo::instruments::percussion::{shake, slap};
use crate::demo::instruments::track::{Stereo, Track, mono_stem};
use crate::demo::instruments::water::sea;
use crate::demo::notation::strokes;

/// The bass drum, tuned a little above the bass's lowest notes.
pub(super) fn kick() -> Buffer {
    let mut track = Track::new(FRAMES);
    let mut hand = Random::new(401);
    for bar in bars() {
        for (step, _, force) in strokes(machines(bar).kick) {
            machine::kick(&mut track, at(bar, step as f64), 51.9, force, &mut hand);
        }
    }
    mono_stem(track, -3.0)
}

/// Claps, and the snare that rolls into the parts.
pub(super) fn clap() -> Buffer {
    let mut stereo = Stereo::new(FRAMES);
    let mut hand = Random::new(411);
    for bar in bars() {
        for (step, _, force) in strokes(machines(bar).clap) {
            machine::clap(&mut stereo, at(bar, step as f64), force, &mut hand);
        }
        for (step, _, force) in strokes(machines(bar).roll) {
            machine::snare(&mut stereo, at(bar, step as f64), force * 0.8, &mut hand);
        }
    }
    stereo.stem(-5.0)
}

/// Closed and open hats: the closed one chokes the open one.
pub(super) fn hats() -> Buffer {
    let mut track = Track::new(FRAMES);
    let mut hand = Random::new(421);
    for bar in bars() {
        let groove = machines(bar);
        let opened: Vec<usize> = strokes(groove.open).map(|(step, ..)| step).collect();
        for (step, _, force) in strokes(groove.hats).filter(|(step, ..)| !opened.contains(step)) {
            let from = played(bar, step, 0.6, &mut hand);
            strike_hat(track.span(from, 0.11), force * (1.0 + 0.05 * hand.human()), false, &mut hand);
        }
        for (step, _, force) in strokes(groove.open) {
            strike_hat(track.span(at(bar, step as f64), 1.5 * STEP / RATE), force * 0.8, true, &mut hand);
        }
    }
    mono_stem(track, -9.0)
}

/// Rim, shaker, congas, and toms where a part turns.
pub(super) fn percussion() -> Buffer {
    let mut stereo = Stereo::new(FRAMES);
    let mut hand = Random::new(431);
    for bar in bars() {
        let groove = machines(bar);
        for (step, _, force) in strokes(groove.rim) {
            let pan = if step % 4 == 3 { -0.5 } else { 0.35 };
            machine::rim(&mut stereo, at(bar, step as f64), pan, force * 0.6, &mut hand);
        }
        for (step, _, force) in strokes(groove.shaker) {
            shake(&mut stereo, played(bar, step, 1.5, &mut hand), force * (1.0 + 0.08 * hand.human()), &mut hand);
        }
        if matches!(part(bar), Part::Groove | Part::Drop | Part::Outro) && bar % 2 == 1 {
            for (step, _, force) in strokes("....o.....x..xX.") {
                let hz = if force > 0.9 { 248.0 } else { 186.0 };
                slap(&mut stereo, played(bar, step, 2.0, &mut hand), hz, force * 0.6, &mut hand);
            }
        }
    }
    for bar in [15, 23, 31, 39] {
        for (step, hz, pan) in [(8, 176.0, -0.5), (10, 148.0, -0.15), (12, 118.0, 0.2), (14, 92.0, 0.5)] {
            machine::tom(&mut stereo, at(bar, f64::from(step)), hz, pan, 0.5);
        }
    }
    stereo.stem(-7.0)
}

/// Between the parts: the sea that the song comes out of, crashes, noise that rises, and what falls after it.
pub(super) fn effects() -> Buffer {
    let mut stereo = Stereo::new(FRAMES);
    let mut hand = Random::new(441);
    sea(&mut stereo, (0.0, at(7, 0.0)), 4.2, 442, |frame| 0.3 * (1.0 - ease(frame / at(8, 0.0))));
    for (bar, force) in [(8, 0.6), (16, 0.85), (32, 1.0), (36, 0.5), (40, 0.85), (LAST, 0.9)] {
        crash(&mut stereo, at(bar, 0.0), force * 0.6, &mut hand);
    }
    rise(&mut stereo, at(6, 0.0), at(8, 0.0), 0.3, &mut hand);
    rise(&mut stereo, at(14, 0.0), at(16, 0.0), 0.34, &mut hand);
    rise(&mut stereo, at(28, 0.0), at(31, 14.0), 0.62, &mut hand);
    for bar in [16, 32, LAST] {
        boom(&mut stereo, at(bar, 0.0));
    }
    fall(&mut stereo, at(24, 0.0), 4.0, &mut hand);
    fall(&mut stereo, at(44, 0.0), 3.0, &mut hand);
    stereo.stem(-7.0)
}

/// Noise through a filter that climbs five octaves, wider and wider.
fn rise(stereo: &mut Stereo, from: f64, until: f64, loud: f64, hand: &mut Random) {
    let mut filters = [Svf::new(300.0, 2.5), Svf::new(300.0, 2.5)];
    let length = until - from;
    let mut level = 0.0;
    for (i, (l, r)) in stereo.span(from, length / RATE + 0.01).enumerate() {
        let t = i as f64 / length;
        if i.is_multiple_of(32) {
            level = loud * t * t * (1.0 - ease((t - 0.985) / 0.015));
            let hz = 260.0 * exp2(5.0 * t);
            for (side, filter) in filters.iter_mut().enumerate() {
                filter.tune(hz * (1.0 + 0.05 * side as f64), 1.8);
            }
        }
        for (side, out) in [l, r].into_iter().enumerate() {
            *out += (filters[side].step(hand.signed()).band * level) as f32;
        }
    }
}

/// The same downwards, as after a wave.
fn fall(stereo: &mut Stereo, from: f64, seconds: f64, hand: &mut Random) {
    let mut filters = [Svf::new(6000.0, 0.8), Svf::new(6000.0, 0.8)];
    let length = seconds * RATE;
    let mut level = 0.0;
    for (i, (l, r)) in stereo.span(from, seconds).enumerate() {
        let t = i as f64 / length;
        if i.is_multiple_of(32) {
            level = 0.34 * (1.0 - ease(t)) * exp2(-2.0 * t);
            for filter in &mut filters {
                filter.tune(9000.0 * exp2(-5.0 * t), 0.8);
            }
        }
        for (side, out) in [l, r].into_iter().enumerate() {
            *out += (filters[side].step(hand.signed()).low * level) as f32;
        }
    }
}

/// A low note that sinks under the first beat of a part.
fn boom(stereo: &mut Stereo, from: f64) {
    let mut turns = 0.0;
    stereo.lay(from, 2.2, 0.0, |i| {
        let t = i as f64 / (2.2 * RATE);
        turns += (33.0 + 42.0 * exp2(-7.0 * t)) / RATE;
        turns -= f64::from(turns >= 1.0);
        0.42 * sine(turns) * ease(t * 60.0) * (1.0 - ease(t)) * exp2(-2.0 * t)
    });
}
