//! One band of the equalizer, and its sections.

use super::butterworth::{self, Sections};
use super::fit;
use super::prototype::Prototype;
use crate::biquad::Biquad;

/// What a band does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shape {
    /// Takes away what lies below: Butterworth of this order, 6 dB per octave each, −3.01 dB at the frequency.
    HighPass {
        /// 1 to 16.
        order: usize,
    },
    /// Raises or lowers what lies below; half the decibels at the frequency.
    LowShelf,
    /// Raises or lowers what lies around the frequency.
    Bell,
    /// Raises or lowers what lies above; half the decibels at the frequency.
    HighShelf,
    /// Takes away what lies above: Butterworth of this order, 6 dB per octave each, −3.01 dB at the frequency.
    LowPass {
        /// 1 to 16.
        order: usize,
    },
}

impl Shape {
    /// The order of a high-pass or low-pass.
    pub fn order(self) -> Option<usize> {
        match self {
            Shape::HighPass { order } | Shape::LowPass { order } => Some(order),
            Shape::LowShelf | Shape::Bell | Shape::HighShelf => None,
        }
    }

    /// As a message names it.
    pub fn name(self) -> &'static str {
        match self {
            Shape::HighPass { .. } => "high-pass",
            Shape::LowShelf => "low shelf",
            Shape::Bell => "bell",
            Shape::HighShelf => "high shelf",
            Shape::LowPass { .. } => "low-pass",
        }
    }
}

/// One band: what it does, where, how much, how narrow.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Band {
    /// What it does.
    pub shape: Shape,
    /// Its frequency, in Hz.
    pub hz: f64,
    /// Its gain in dB; a high-pass or low-pass has none.
    pub gain_db: f64,
    /// Its quality: a bell's center over its width; a shelf's steepness, 0.7071 without overshoot. A high-pass or
    /// low-pass has none.
    pub q: f64,
}

impl Band {
    /// The analog filter that it stands for: |H|² at a frequency.
    pub fn analog_power(&self, hz: f64) -> f64 {
        match self.shape {
            Shape::HighPass { order } => Prototype::highpass(self.hz, order).map(|s| s.power(hz)).product(),
            Shape::LowPass { order } => Prototype::lowpass(self.hz, order).map(|s| s.power(hz)).product(),
            Shape::LowShelf => Prototype::low_shelf(self.hz, self.gain_db, self.q).power(hz),
            Shape::Bell => Prototype::bell(self.hz, self.gain_db, self.q).power(hz),
            Shape::HighShelf => Prototype::high_shelf(self.hz, self.gain_db, self.q).power(hz),
        }
    }

    /// The sections of the band at rest. A bell or shelf of 0 dB is an identity.
    pub(crate) fn settled(&self, sample_rate: f64) -> Sections {
        match self.shape {
            Shape::HighPass { order } => butterworth::highpass(self.hz, order, sample_rate),
            Shape::LowPass { order } => butterworth::lowpass(self.hz, order, sample_rate),
            _ if self.gain_db == 0.0 => Sections::new([Biquad::IDENTITY]),
            _ => {
                let (prototype, turned) = self.prototype();
                let limit_db = if self.shape == Shape::Bell { 0.3 } else { 0.13 };
                Sections::new([fit::settled(prototype, self.q, turned, limit_db, sample_rate)])
            }
        }
    }

    /// The sections of the band on the move; as many as at rest, and quick to compute.
    pub(crate) fn moving(&self, sample_rate: f64) -> Sections {
        match self.shape {
            Shape::HighPass { order } => butterworth::highpass_moving(self.hz, order, sample_rate),
            Shape::LowPass { order } => butterworth::lowpass_moving(self.hz, order, sample_rate),
            _ => {
                let (prototype, turned) = self.prototype();
                Sections::new([fit::moving(prototype, self.q, turned, sample_rate)])
            }
        }
    }

    /// The way round in which the poles lie lower: bells and low shelves as a boost, high shelves as a cut.
    fn prototype(&self) -> (Prototype, bool) {
        let boost = self.gain_db.abs();
        match self.shape {
            Shape::LowShelf => (Prototype::low_shelf(self.hz, boost, self.q), self.gain_db < 0.0),
            Shape::HighShelf => (Prototype::high_shelf(self.hz, -boost, self.q), self.gain_db > 0.0),
            _ => (Prototype::bell(self.hz, boost, self.q), self.gain_db < 0.0),
        }
    }
}
