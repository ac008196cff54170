//! A spectrum leaned in a straight line: a row of first-order shelves, two octaves apart.
//!
//! On logarithmic axes every zero bends the level up by 6 dB per octave and every pole bends it down again. With zeros
//! two octaves apart from 7 Hz on, and each pole a part of that way above its zero, the level climbs in steps so soft
//! that they ripple by less than 0.02 dB: as steep, against 6 dB per octave, as that part is large (Schultz, Hahn,
//! Spors, "Shelving Filters with Adjustable Transition Band", AES 148, 2020). Toward half the sample rate the
//! analog steps go on for ever and the digital ones do not, so one section more corrects what the top lacks.

use std::f64::consts::TAU;

use super::butterworth::{CORRECTING_POLES, Sections, idle_correction, quick_correction};
use super::fit::{Grid, POINTS, TOP, numerator};
use super::prototype::{Poles, Prototype};
use crate::biquad::Biquad;

/// Where the lowest step begins. At 50 Hz the steepest line has lost 0.08 dB to what is level below.
const LOWEST_HZ: f64 = 7.0;
/// From one step to the next.
const RATIO: f64 = 4.0;
/// As steep as first-order steps can be: 20·lg 2.
const STEEPEST: f64 = 6.020_599_913_279_624;
/// The steps of the analog line: the last lie where nothing is heard of them.
const ENDLESS: i32 = 13;

/// One step: where it begins to climb and where it ends, in Hz.
fn step(k: i32, slope: f64) -> (f64, f64) {
    let zero = LOWEST_HZ * RATIO.powi(k);
    (zero, zero * RATIO.powf(slope.abs() / STEEPEST))
}

/// |H|² of steps of an upward line, 1 at 0 Hz.
fn rising(steps: std::ops::Range<i32>, slope: f64, hz: f64) -> f64 {
    let power = |k| {
        let (zero, pole) = step(k, slope);
        (1.0 + (hz / zero).powi(2)) / (1.0 + (hz / pole).powi(2))
    };
    steps.map(power).product()
}

/// |H|² of the analog line of `slope` dB per octave through 0 dB at `pivot_hz`.
pub(crate) fn analog_power(pivot_hz: f64, slope: f64, hz: f64) -> f64 {
    let power = rising(0..ENDLESS, slope, hz) / rising(0..ENDLESS, slope, pivot_hz);
    if slope < 0.0 { 1.0 / power } else { power }
}

/// The analog line as a row of first-order sections, and the gain (of power) before them.
pub(crate) fn analog(pivot_hz: f64, slope: f64) -> (Vec<Prototype>, f64) {
    let section = |k| {
        let (zero, pole) = step(k, slope);
        let (above, below) = if slope < 0.0 { (pole, zero) } else { (zero, pole) };
        Prototype { hz: zero, numerator: [1.0, zero / above, 0.0], denominator: [1.0, zero / below, 0.0] }
    };
    let sections: Vec<Prototype> = (0..ENDLESS).map(section).collect();
    let at_pivot: f64 = sections.iter().map(|section| section.power(pivot_hz)).product();
    (sections, 1.0 / at_pivot)
}

/// How many steps there are below the sample rate.
fn steps(sample_rate: f64) -> i32 {
    (0..ENDLESS).take_while(|k| step(*k, 0.0).0 < sample_rate).count() as i32
}

/// How many sections a tilt takes: two steps each, and one that corrects.
pub(crate) fn count(sample_rate: f64) -> usize {
    (steps(sample_rate) as usize).div_ceil(2) + 1
}

/// One digital step: b₀ + b₁z⁻¹ above 1 + a₁z⁻¹.
struct First {
    b: [f64; 2],
    a1: f64,
}

impl First {
    const IDENTITY: First = First { b: [1.0, 0.0], a1: 0.0 };

    /// Zero and pole carried over; 1 at 0 Hz.
    fn carried_over((zero_hz, pole_hz): (f64, f64), sample_rate: f64) -> First {
        let (zero, pole) = (-TAU * zero_hz / sample_rate, -TAU * pole_hz / sample_rate);
        let gain = pole.exp_m1() / zero.exp_m1();
        First { b: [gain, -gain * zero.exp()], a1: -pole.exp() }
    }

    /// Both, one after the other.
    fn then(&self, other: &First) -> Biquad {
        let (b, c) = (self.b, other.b);
        Biquad {
            b0: b[0] * c[0],
            b1: b[0] * c[1] + b[1] * c[0],
            b2: b[1] * c[1],
            a1: self.a1 + other.a1,
            a2: self.a1 * other.a1,
        }
    }
}

/// The upward steps below the sample rate.
fn climb(slope: f64, sample_rate: f64) -> Sections {
    let count = steps(sample_rate);
    let first = |k| if k < count { First::carried_over(step(k, slope), sample_rate) } else { First::IDENTITY };
    Sections::new((0..count).step_by(2).map(|k| first(k).then(&first(k + 1))))
}

/// What the steps lack of |H|².
fn left(slope: f64, climb: &Sections, hz: f64, sample_rate: f64) -> f64 {
    rising(0..ENDLESS, slope, hz) / climb.power(TAU * hz / sample_rate)
}

/// What the steps lack toward the top, as a section.
fn correction(slope: f64, climb: &Sections, sample_rate: f64) -> Biquad {
    let grid = Grid::new(sample_rate, [0.12 * sample_rate, 0.3 * sample_rate], 1.0);
    let target = grid.hz.map(|hz| left(slope, climb, hz, sample_rate));
    let fitted = numerator(Poles::twice(CORRECTING_POLES), &grid, &target, &[1.0; POINTS]);
    if fitted.inverse().is_stable() { fitted } else { idle_correction() }
}

/// Turned over for a downward line, and 0 dB at the pivot.
fn hinged(mut sections: Sections, pivot_hz: f64, slope: f64, sample_rate: f64) -> Sections {
    if slope < 0.0 {
        sections.each(|section| section.inverse());
    }
    let at = pivot_hz.min(TOP * sample_rate);
    let gain = (analog_power(pivot_hz, slope, at) / sections.power(TAU * at / sample_rate)).sqrt();
    sections.first(|Biquad { b0, b1, b2, a1, a2 }| Biquad { b0: b0 * gain, b1: b1 * gain, b2: b2 * gain, a1, a2 });
    sections
}

/// A tilt at rest.
pub(crate) fn settled(pivot_hz: f64, slope: f64, sample_rate: f64) -> Sections {
    let mut sections = climb(slope, sample_rate);
    sections.push(correction(slope, &sections, sample_rate));
    hinged(sections, pivot_hz, slope, sample_rate)
}

/// A tilt on the move.
pub(crate) fn moving(pivot_hz: f64, slope: f64, sample_rate: f64) -> Sections {
    let mut sections = climb(slope, sample_rate);
    sections.push(quick_correction(|hz| left(slope, &sections, hz, sample_rate), sample_rate));
    hinged(sections, pivot_hz, slope, sample_rate)
}
