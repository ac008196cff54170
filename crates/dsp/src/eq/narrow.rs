//! Notches, band-passes and all-passes: bands without a gain.
//!
//! A **notch** has its zeros on the unit circle at its frequency, where they silence it exactly, and its poles are
//! the analog ones carried over. A **band-pass** has one zero at 0 Hz and such poles. What the level of either lacks
//! toward the top, a second section corrects. An **all-pass** has as many
//! zeros as poles, each mirrored in the unit circle, so its level is 1 by construction; its phase and its delay are
//! the analog ones at its frequency.

use std::f64::consts::{PI, TAU};

use super::butterworth::{CORRECTING_POLES, Sections, TOLERABLE, idle_correction, quick_correction};
use super::fit::{Grid, POINTS, STRAIGHT, mix, numerator};
use super::prototype::{Poles, Prototype};
use crate::biquad::Biquad;

/// The notch proper: its level is right at 0 Hz.
fn notch_section(prototype: &Prototype, sample_rate: f64) -> Biquad {
    let poles = prototype.poles(sample_rate);
    let half = PI * prototype.hz / sample_rate;
    let gain = poles.at_zero / (4.0 * half.sin() * half.sin());
    Biquad { b0: gain, b1: -2.0 * gain * (2.0 * half).cos(), b2: gain, a1: poles.a1, a2: poles.a2 }
}

/// A section, and what corrects its level.
fn corrected(section: Biquad, prototype: &Prototype, q: f64, sample_rate: f64) -> Sections {
    let grid = Grid::new(sample_rate, [prototype.hz, prototype.hz], q);
    let target = grid.hz.map(|at| prototype.power(at) / section.power(TAU * at / sample_rate));
    let off = target.iter().map(|left| left.ln().abs()).fold(0.0, f64::max);
    let correction = if off > TOLERABLE {
        numerator(Poles::twice(CORRECTING_POLES), &grid, &target, &[1.0; POINTS])
    } else {
        Biquad::IDENTITY
    };
    Sections::new([section, correction])
}

/// A section on the move, and quickly what corrects its level.
fn corrected_quickly(section: Biquad, prototype: &Prototype, sample_rate: f64) -> Sections {
    let left = |at: f64| prototype.power(at) / section.power(TAU * at / sample_rate);
    Sections::new([section, quick_correction(left, sample_rate)])
}

/// A notch at rest: the notch and its correction.
pub(crate) fn notch(hz: f64, q: f64, sample_rate: f64) -> Sections {
    let prototype = Prototype::notch(hz, q);
    if prototype.bend(sample_rate) < STRAIGHT {
        return Sections::new([prototype.bilinear(sample_rate), Biquad::IDENTITY]);
    }
    corrected(notch_section(&prototype, sample_rate), &prototype, q, sample_rate)
}

/// A notch on the move.
pub(crate) fn notch_moving(hz: f64, q: f64, sample_rate: f64) -> Sections {
    let prototype = Prototype::notch(hz, q);
    let straight = ((STRAIGHT - prototype.bend(sample_rate)) / (0.75 * STRAIGHT)).clamp(0.0, 1.0);
    if straight == 1.0 {
        return Sections::new([prototype.bilinear(sample_rate), idle_correction()]);
    }
    let section = mix(notch_section(&prototype, sample_rate), prototype.bilinear(sample_rate), straight);
    corrected_quickly(section, &prototype, sample_rate)
}

/// The band-pass proper: poles carried over, a zero at 0 Hz, its lower skirt right.
fn bandpass_section(prototype: &Prototype, sample_rate: f64) -> Biquad {
    let poles = prototype.poles(sample_rate);
    let gain = poles.at_zero * prototype.numerator[1] * sample_rate / (TAU * prototype.hz);
    Biquad { b0: gain, b1: -gain, b2: 0.0, a1: poles.a1, a2: poles.a2 }
}

/// A band-pass at rest: the band-pass and its correction.
pub(crate) fn bandpass(hz: f64, q: f64, sample_rate: f64) -> Sections {
    let prototype = Prototype::bandpass(hz, q);
    corrected(bandpass_section(&prototype, sample_rate), &prototype, q, sample_rate)
}

/// A band-pass on the move.
pub(crate) fn bandpass_moving(hz: f64, q: f64, sample_rate: f64) -> Sections {
    let prototype = Prototype::bandpass(hz, q);
    corrected_quickly(bandpass_section(&prototype, sample_rate), &prototype, sample_rate)
}

/// An all-pass, at rest and on the move. The bilinear transform holds the phase at `hz`, and a quality as much lower as
/// the transform squeezes the axis there holds the delay.
pub(crate) fn allpass(hz: f64, q: f64, sample_rate: f64) -> Biquad {
    let w = TAU * hz / sample_rate;
    Prototype::allpass(hz, q * w.sin() / w).bilinear(sample_rate)
}
