//! High-pass and low-pass filters: Butterworth cascades, resonant if asked for, that hold their shape up to half the
//! sample rate.
//!
//! A **high-pass** needs nothing but its analog poles carried over and all its zeros at 0 Hz: the deviation stays
//! under a hundredth of a decibel for corners up to a few kHz, at every order, and its stop band falls for ever.
//! For higher corners one more section corrects what is left.
//!
//! A **low-pass** has no digital counterpart of zeros at infinity, and eight sections fitted one by one add their
//! eight deviations. So the numerators of all sections are fitted together: Gauss-Newton steps on the level of the
//! whole cascade, frequencies weighted again after each by the deviation left (Lawson), which spreads it evenly
//! ([`Joint`]).

use super::fit::{Grid, POINTS, match_three, mix, numerator};
use super::joint::{Joint, Part};
use super::prototype::{Corner, Poles, Prototype, basis, dot};
use crate::biquad::Biquad;

/// The most sections that a band takes: order 16, and one that corrects.
pub(crate) const MOST: usize = 9;
/// Where the poles of a correcting section lie: smooth over the whole axis.
pub(crate) const CORRECTING_POLES: f64 = -0.4;

/// The sections of one band, in order. The last of a high-pass or low-pass is its correction, often an identity.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sections {
    list: [Biquad; MOST],
    len: usize,
}

impl Sections {
    pub(crate) fn new(sections: impl IntoIterator<Item = Biquad>) -> Sections {
        let mut all = Sections { list: [Biquad::IDENTITY; MOST], len: 0 };
        for section in sections {
            all.list[all.len] = section;
            all.len += 1;
        }
        all
    }

    pub(crate) fn as_slice(&self) -> &[Biquad] {
        &self.list[..self.len]
    }

    pub(crate) fn power(&self, radians: f64) -> f64 {
        self.as_slice().iter().map(|section| section.power(radians)).product()
    }

    pub(crate) fn push(&mut self, section: Biquad) {
        self.list[self.len] = section;
        self.len += 1;
    }

    /// Puts something else in the place of each.
    pub(crate) fn each(&mut self, with: impl Fn(Biquad) -> Biquad) {
        for section in &mut self.list[..self.len] {
            *section = with(*section);
        }
    }

    /// Puts something else in the place of the first.
    pub(crate) fn first(&mut self, with: impl Fn(Biquad) -> Biquad) {
        self.list[0] = with(self.list[0]);
    }
}

/// |H|² of an analog cascade.
fn analog_power(sections: impl Iterator<Item = Prototype>, hz: f64) -> f64 {
    sections.map(|section| section.power(hz)).product()
}

/// A correction starts where the deviation exceeds 0.02 dB, as a natural logarithm of power.
pub(crate) const TOLERABLE: f64 = 0.02 * std::f64::consts::LN_10 / 10.0;

/// The high-pass sections, uncorrected: poles matched, zeros at 0 Hz, levels right near the top.
fn highpass_sections(corner: Corner, sample_rate: f64) -> Sections {
    let top = 0.4 * sample_rate;
    let sine = (std::f64::consts::PI * top / sample_rate).sin().powi(2);
    Sections::new(Prototype::highpass(corner).map(|section| {
        let poles = section.poles(sample_rate);
        let line = dot(poles.basis(), basis(sine));
        if section.denominator[2] == 0.0 {
            let gain = (section.power(top) * line / (4.0 * sine)).sqrt();
            Biquad { b0: gain, b1: -gain, b2: 0.0, a1: poles.a1, a2: poles.a2 }
        } else {
            let gain = (section.power(top) * line).sqrt() / (4.0 * sine);
            Biquad { b0: gain, b1: -2.0 * gain, b2: gain, a1: poles.a1, a2: poles.a2 }
        }
    }))
}

/// A high-pass at rest.
pub(crate) fn highpass(corner: Corner, sample_rate: f64) -> Sections {
    let mut sections = highpass_sections(corner, sample_rate);
    let grid = Grid::new(sample_rate, [corner.hz; 2], corner.narrowness());
    let target = grid.hz.map(|at| {
        let radians = std::f64::consts::TAU * at / sample_rate;
        analog_power(Prototype::highpass(corner), at) / sections.power(radians)
    });
    let off = target.iter().map(|left| left.ln().abs()).fold(0.0, f64::max);
    let needed = off > TOLERABLE;
    sections.push(if needed {
        numerator(Poles::twice(CORRECTING_POLES), &grid, &target, &[1.0; POINTS])
    } else {
        Biquad::IDENTITY
    });
    sections
}

/// A high-pass on the move: without its correction.
pub(crate) fn highpass_moving(corner: Corner, sample_rate: f64) -> Sections {
    let mut sections = highpass_sections(corner, sample_rate);
    sections.push(idle_correction());
    sections
}

/// A correction that corrects nothing yet, but has its poles.
pub(crate) fn idle_correction() -> Biquad {
    let poles = Poles::twice(CORRECTING_POLES);
    Biquad { b0: 1.0, b1: poles.a1, b2: poles.a2, a1: poles.a1, a2: poles.a2 }
}

/// A correction of what is `left` of |H|² at a frequency, in closed form: right at 0 Hz, where nothing is left, and at
/// two frequencies toward the top.
pub(crate) fn quick_correction(left: impl Fn(f64) -> f64, sample_rate: f64) -> Biquad {
    let poles = Poles::twice(CORRECTING_POLES);
    let below = poles.basis();
    let row = |part: f64| {
        let phi = basis((std::f64::consts::PI * part).sin().powi(2));
        (phi[1], phi[2], left(part * sample_rate) * dot(below, phi) - below[0] * phi[0])
    };
    let ((p1, p2, p), (r1, r2, r)) = (row(0.26), row(0.43));
    let determinant = p1 * r2 - p2 * r1;
    let (b1, b2) = ((p * r2 - p2 * r) / determinant, (p1 * r - p * r1) / determinant);
    let section = poles.with_numerator([below[0], b1.max(1e-5 * below[1]), b2]);
    if section.inverse().is_stable() { section } else { idle_correction() }
}

/// Corners below this many radians per frame are left to the bilinear transform while they move; up to twice as many
/// the two designs are mixed. So low, the fit would have to find its coefficients in the last digits.
const LOW: f64 = 0.01;

/// A low-pass section is matched at 0 Hz and about an octave and a half below and above its corner.
const MATCH_Q: f64 = 0.35;

/// A low-pass on the move: every section matched at three frequencies by itself.
pub(crate) fn lowpass_moving(corner: Corner, sample_rate: f64) -> Sections {
    let straight = (2.0 - std::f64::consts::TAU * corner.hz / (sample_rate * LOW)).clamp(0.0, 1.0);
    let design = |section: Prototype| {
        if straight == 1.0 {
            return section.bilinear(sample_rate);
        }
        let matched = match_three(section, MATCH_Q, sample_rate, 0.0);
        if straight == 0.0 { matched } else { mix(matched, section.bilinear(sample_rate), straight) }
    };
    let mut sections = Sections::new(Prototype::lowpass(corner).map(design));
    sections.push(idle_correction());
    sections
}

/// The largest deviation from `target`, as a natural logarithm of power, where a low-pass is heard.
fn off(sections: &Sections, grid: &Grid, target: &[f64; POINTS], sample_rate: f64) -> f64 {
    let miss = |(hz, target): (&f64, &f64)| {
        let power = sections.power(std::f64::consts::TAU * hz / sample_rate);
        if *target > HEARD { (power / target).ln().abs() } else { 0.0 }
    };
    grid.hz.iter().zip(target).map(miss).fold(0.0, f64::max)
}

/// Where a low-pass is deeper than this (−110 dB), nobody sees its shape: to −90 dB it is within 0.1 dB of its model.
const HEARD: f64 = 1e-11;

/// A low-pass at rest.
pub(crate) fn lowpass(corner: Corner, sample_rate: f64) -> Sections {
    let grid = Grid::new(sample_rate, [corner.hz; 2], corner.narrowness());
    let target = grid.hz.map(|at| analog_power(Prototype::lowpass(corner), at));
    let mut low = Sections::new(Prototype::lowpass(corner).map(|section| section.bilinear(sample_rate)));
    if off(&low, &grid, &target, sample_rate) < TOLERABLE {
        low.push(Biquad::IDENTITY);
        return low;
    }
    let mut joint = Joint::new(&grid, &target, HEARD, 0.0);
    for section in Prototype::lowpass(corner) {
        joint.push(Part::start(section, sample_rate));
    }
    let alone = joint.parts;
    let off = joint.fit();
    if off > TOLERABLE {
        let without = std::mem::replace(&mut joint.parts, alone);
        joint.push(Part::of(Poles::twice(CORRECTING_POLES), &idle_correction()));
        if joint.fit() < off {
            return Sections::new(joint.sections());
        }
        joint.parts = without;
        joint.len -= 1;
    }
    let mut sections = Sections::new(joint.sections());
    sections.push(Biquad::IDENTITY);
    sections
}
