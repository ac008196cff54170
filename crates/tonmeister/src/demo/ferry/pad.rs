//! The pad: saws a few cents apart on both sides, behind a filter that breathes with the form.
//!
//! Raw: it reaches down into the bass and up over the voice, as pads do; the desk narrows it.

use tonmeister_core::Buffer;

use super::score::{Change, FRAMES, LAST, Part, STEP, at, changes, part};
use crate::chance::Random;
use crate::demo::instruments::arithmetic::{RATE, ease, exp2, pitch, sine};
use crate::demo::instruments::filter::Svf;
use crate::demo::instruments::oscillator::{Oscillator, increment, saw};
use crate::demo::instruments::track::Stereo;

/// The pad's stem.
pub(super) fn pad() -> Buffer {
    let mut stereo = Stereo::new(FRAMES);
    let mut chance = Random::new(61);
    for change in changes().filter(|change| !(4..8).contains(&change.bar)) {
        let notes = change.harmony.voices.iter().copied().chain([change.harmony.bass + 12]);
        for (voice, note) in notes.enumerate() {
            hold(&mut stereo, &change, f64::from(note), if voice == 4 { 0.8 } else { 1.0 }, &mut chance);
        }
    }
    breathe(&mut stereo);
    stereo.stem(-9.0)
}

/// One note of a chord: it comes while the last one goes.
fn hold(stereo: &mut Stereo, change: &Change, note: f64, level: f64, chance: &mut Random) {
    const BLOCK: usize = 64;
    let long = change.bar == LAST;
    let (rise, fall) = (0.32 * RATE, if long { 2.2 * RATE } else { 0.55 * RATE });
    let held = change.steps as f64 * STEP * if long { 0.42 } else { 1.0 };
    let from = (at(change.bar, change.step as f64) - 0.06 * RATE).max(0.0);
    let hz = pitch(note);
    let table = saw().below(hz * 1.01);
    let cents = [-8.5, 0.5, 8.0];
    let mut saws: Vec<(Oscillator, u32)> = cents
        .iter()
        .map(|c| {
            let turns = hz / RATE * exp2((c + chance.human()) / 1200.0);
            (Oscillator::new(table, chance.unit()), increment(turns))
        })
        .collect();
    let mut now = 0.0;
    let mut slope = 0.0;
    for (i, (l, r)) in stereo.span(from, (held + fall) / RATE).enumerate() {
        if i % BLOCK == 0 {
            let shape = |t: f64| ease(t / rise) * (1.0 - ease((t - held) / fall));
            now = shape(i as f64) * level;
            slope = (shape((i + BLOCK) as f64) * level - now) / BLOCK as f64;
        }
        let mut tone = [0.0; 3];
        for (value, (saw, turns)) in tone.iter_mut().zip(&mut saws) {
            *value = saw.advance(*turns);
        }
        *l += ((tone[0] + 0.6 * tone[1] + 0.2 * tone[2]) * now) as f32;
        *r += ((tone[2] + 0.6 * tone[1] + 0.2 * tone[0]) * now) as f32;
        now += slope;
    }
}

/// How far the filter is open at the start of each bar, in octaves above 300 Hz.
fn openness(bar: usize) -> f64 {
    match part(bar) {
        Part::Intro => 1.3 + 0.25 * bar as f64,
        Part::Verse => 1.3,
        Part::Rise => 1.5 + 0.35 * (bar - 12) as f64,
        Part::Chorus => 2.7,
        Part::SecondVerse => 1.5,
        Part::Bridge => 1.7 + 0.3 * (bar - 28) as f64,
        Part::LastChorus => 3.0,
        Part::Outro => 2.2 - 0.3 * (bar - 40) as f64,
        Part::End => 1.2,
    }
}

fn breathe(stereo: &mut Stereo) {
    let mut filters = [Svf::new(300.0, 0.8), Svf::new(300.0, 0.8)];
    let mut second = [Svf::new(300.0, 0.6), Svf::new(300.0, 0.6)];
    for i in 0..FRAMES {
        if i % 64 == 0 {
            let place = i as f64 / (16.0 * STEP);
            let bar = place as usize;
            let travel = ease(place - bar as f64);
            let open = openness(bar) + (openness(bar + 1) - openness(bar)) * travel;
            for (side, filter) in filters.iter_mut().enumerate() {
                let sway = 0.3 * sine(i as f64 * (0.11 / RATE) + 0.3 * side as f64);
                let cutoff = 300.0 * exp2(open + sway);
                filter.tune(cutoff, 0.95);
                second[side].tune(cutoff * 1.9, 0.6);
            }
        }
        let left = &mut stereo.left.samples[i];
        *left = second[0].step(filters[0].step(f64::from(*left)).low).low as f32;
        let right = &mut stereo.right.samples[i];
        *right = second[1].step(filters[1].step(f64::from(*right)).low).low as f32;
    }
}
