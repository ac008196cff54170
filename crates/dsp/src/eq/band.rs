//! One band of the equalizer, and its sections.

use tonmeister_core::BuildError;

use super::HIGHEST;
use super::butterworth::{self, MOST, Sections};
use super::fit;
use super::joint;
use super::narrow;
use super::prototype::{Corner, Prototype, dampings};
use super::route::Channel;
use super::tilt;
use crate::biquad::Biquad;

/// How much a shelf may deviate for its level far below to be the better.
const SHELF_LIMIT_DB: f64 = 0.13;

/// What a band does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shape {
    /// Takes away what lies below: Butterworth of this order, 6 dB per octave each, −3.01 dB at the frequency.
    HighPass {
        /// 1 to 16.
        order: usize,
    },
    /// Raises or lowers what lies below; half the decibels at the frequency.
    LowShelf {
        /// 2, 4, 6 or 8: how steep it can be, 6 dB per octave each.
        order: usize,
    },
    /// Raises or lowers what lies around the frequency.
    Bell,
    /// Raises or lowers what lies above; half the decibels at the frequency.
    HighShelf {
        /// 2, 4, 6 or 8: how steep it can be, 6 dB per octave each.
        order: usize,
    },
    /// Takes away what lies above: Butterworth of this order, 6 dB per octave each, −3.01 dB at the frequency.
    LowPass {
        /// 1 to 16.
        order: usize,
    },
    /// Silences the frequency, and little around it.
    Notch,
    /// Keeps what lies around the frequency, 6 dB per octave to both sides.
    BandPass,
    /// Leans the whole spectrum in a straight line, hinged at the frequency.
    Tilt,
    /// Turns the phase, by half a circle at the frequency, and no level.
    AllPass,
}

impl Shape {
    /// The order of a high-pass, low-pass or shelf.
    pub fn order(self) -> Option<usize> {
        match self {
            Shape::HighPass { order }
            | Shape::LowPass { order }
            | Shape::LowShelf { order }
            | Shape::HighShelf { order } => Some(order),
            Shape::Bell | Shape::Notch | Shape::BandPass | Shape::Tilt | Shape::AllPass => None,
        }
    }

    /// As a message names it.
    pub fn name(self) -> &'static str {
        match self {
            Shape::HighPass { .. } => "high-pass",
            Shape::LowShelf { .. } => "low shelf",
            Shape::Bell => "bell",
            Shape::HighShelf { .. } => "high shelf",
            Shape::LowPass { .. } => "low-pass",
            Shape::Notch => "notch",
            Shape::BandPass => "band-pass",
            Shape::Tilt => "tilt",
            Shape::AllPass => "all-pass",
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
    /// Its gain in dB. Of a high-pass or low-pass, its resonance: by how much the level at the frequency differs from
    /// Butterworth's. Of a tilt, its slope in dB per octave, up to 6. The others have none.
    pub gain_db: f64,
    /// Its quality: a bell's, notch's, band-pass's or all-pass's center over its width; a shelf's steepness, 0.7071
    /// without overshoot. The others have none.
    pub q: f64,
}

/// A band, and where in the stereo picture it works.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Placed {
    /// What it does.
    pub band: Band,
    /// Whether it does it.
    pub on: bool,
    /// What it does it to.
    pub channel: Channel,
}

impl From<Band> for Placed {
    /// On, and for every channel.
    fn from(band: Band) -> Placed {
        Placed { band, on: true, channel: Channel::Stereo }
    }
}

impl Band {
    /// The analog filter that it stands for: |H|² at a frequency.
    pub fn analog_power(&self, hz: f64) -> f64 {
        match self.shape {
            Shape::HighPass { order } => Prototype::highpass(self.corner(order)).map(|s| s.power(hz)).product(),
            Shape::LowPass { order } => Prototype::lowpass(self.corner(order)).map(|s| s.power(hz)).product(),
            Shape::LowShelf { .. } | Shape::HighShelf { .. } => {
                let steps = self.steps();
                steps.map(|step| step.shelf().power(hz)).product()
            }
            Shape::Bell => Prototype::bell(self.hz, self.gain_db, self.q).power(hz),
            Shape::Notch => Prototype::notch(self.hz, self.q).power(hz),
            Shape::BandPass => Prototype::bandpass(self.hz, self.q).power(hz),
            Shape::Tilt => tilt::analog_power(self.hz, self.gain_db, hz),
            Shape::AllPass => 1.0,
        }
    }

    /// The same analog filter as a row of sections, and the gain (of power) before them: quicker when many frequencies
    /// are asked for.
    pub(crate) fn analog(&self) -> (Vec<Prototype>, f64) {
        let sections = match self.shape {
            Shape::HighPass { order } => Prototype::highpass(self.corner(order)).collect(),
            Shape::LowPass { order } => Prototype::lowpass(self.corner(order)).collect(),
            Shape::LowShelf { .. } | Shape::HighShelf { .. } => self.steps().map(|step| step.shelf()).collect(),
            Shape::Bell => vec![Prototype::bell(self.hz, self.gain_db, self.q)],
            Shape::Notch => vec![Prototype::notch(self.hz, self.q)],
            Shape::BandPass => vec![Prototype::bandpass(self.hz, self.q)],
            Shape::Tilt => return tilt::analog(self.hz, self.gain_db),
            Shape::AllPass => Vec::new(),
        };
        (sections, 1.0)
    }

    /// The sections of the band at rest. A bell, shelf or tilt of 0 dB is an identity.
    pub(crate) fn settled(&self, sample_rate: f64) -> Sections {
        let flat = self.gain_db == 0.0;
        match self.shape {
            Shape::HighPass { order } => butterworth::highpass(self.corner(order), sample_rate),
            Shape::LowPass { order } => butterworth::lowpass(self.corner(order), sample_rate),
            Shape::LowShelf { order } | Shape::HighShelf { order } if flat => {
                Sections::new((0..order / 2).map(|_| Biquad::IDENTITY))
            }
            Shape::Bell if flat => Sections::new([Biquad::IDENTITY]),
            Shape::LowShelf { order } | Shape::HighShelf { order } if order > 2 => self.steep(sample_rate),
            Shape::LowShelf { .. } | Shape::HighShelf { .. } | Shape::Bell => {
                let limit_db = if self.shape == Shape::Bell { 0.3 } else { SHELF_LIMIT_DB };
                Sections::new(self.steps().map(|step| {
                    let (prototype, turned) = step.prototype();
                    fit::settled(prototype, step.q, turned, limit_db, sample_rate)
                }))
            }
            Shape::Notch => narrow::notch(self.hz, self.q, sample_rate),
            Shape::BandPass => narrow::bandpass(self.hz, self.q, sample_rate),
            Shape::Tilt if flat => Sections::new((0..tilt::count(sample_rate)).map(|_| Biquad::IDENTITY)),
            Shape::Tilt => tilt::settled(self.hz, self.gain_db, sample_rate),
            Shape::AllPass => Sections::new([narrow::allpass(self.hz, self.q, sample_rate)]),
        }
    }

    /// The sections of the band on the move; as many as at rest, and quick to compute.
    pub(crate) fn moving(&self, sample_rate: f64) -> Sections {
        match self.shape {
            Shape::HighPass { order } => butterworth::highpass_moving(self.corner(order), sample_rate),
            Shape::LowPass { order } => butterworth::lowpass_moving(self.corner(order), sample_rate),
            Shape::LowShelf { .. } | Shape::HighShelf { .. } | Shape::Bell => Sections::new(self.steps().map(|step| {
                let (prototype, turned) = step.prototype();
                fit::moving(prototype, step.q, turned, sample_rate)
            })),
            Shape::Notch => narrow::notch_moving(self.hz, self.q, sample_rate),
            Shape::BandPass => narrow::bandpass_moving(self.hz, self.q, sample_rate),
            Shape::Tilt => tilt::moving(self.hz, self.gain_db, sample_rate),
            Shape::AllPass => Sections::new([narrow::allpass(self.hz, self.q, sample_rate)]),
        }
    }

    /// Whether it lies where this sample rate has sound, and is one that the specification knows.
    pub(crate) fn check(&self, sample_rate: u32) -> Result<(), BuildError> {
        let limit = HIGHEST * f64::from(sample_rate);
        let Band { shape, hz, gain_db, q } = *self;
        if hz >= limit {
            return Err(BuildError(format!(
                "the {} at {hz} Hz lies too high for a sample rate of {sample_rate} Hz; \
                 move it below {limit:.0} Hz, take it out, or work at a higher rate",
                shape.name(),
            )));
        }
        let known = match shape {
            Shape::HighPass { order } | Shape::LowPass { order } => {
                (1..=16).contains(&order) && (-6.0..=24.0).contains(&gain_db)
            }
            Shape::LowShelf { order } | Shape::HighShelf { order } => {
                [2, 4, 6, 8].contains(&order) && (-24.0..=24.0).contains(&gain_db)
            }
            Shape::Tilt => (-6.0..=6.0).contains(&gain_db),
            Shape::Bell | Shape::Notch | Shape::BandPass | Shape::AllPass => (-24.0..=24.0).contains(&gain_db),
        };
        let known = known && hz >= 10.0 && (0.1..=40.0).contains(&q);
        if !known {
            return Err(BuildError(format!(
                "expected bands from 10 Hz, gains from -24 to 24 dB, Q from 0.1 to 40, orders from 1 to 16 (of shelves 2, \
                 4, 6 or 8), resonances from -6 to 24 dB and tilts from -6 to 6 dB/oct; found {self:?}; bring it \
                 inside"
            )));
        }
        if shape.order() == Some(1) && gain_db != 0.0 {
            return Err(BuildError(format!(
                "the {} at {hz} Hz falls by 6 dB per octave and cannot resonate; set resonance_db to 0 or choose a \
                 slope of 12 dB per octave or more",
                shape.name(),
            )));
        }
        Ok(())
    }

    fn corner(&self, order: usize) -> Corner {
        Corner { hz: self.hz, order, resonance_db: self.gain_db }
    }

    /// The bands of second order that it is made of: one, but several equal steps for a steep shelf, whose qualities
    /// are Butterworth's so that together they rise as steeply as goes without overshoot (the sharpest is sharper by
    /// as much as the band's quality lies above 0.7071).
    fn steps(&self) -> impl Iterator<Item = Band> + use<> {
        let band = *self;
        let order = match band.shape {
            Shape::LowShelf { order } | Shape::HighShelf { order } => order,
            _ => 2,
        };
        dampings(order).enumerate().map(move |(k, damping)| {
            if order == 2 {
                return band;
            }
            let sharper = if k == 0 { band.q * std::f64::consts::SQRT_2 } else { 1.0 };
            Band { gain_db: band.gain_db * 2.0 / order as f64, q: sharper / damping, ..band }
        })
    }

    /// The steps of a steep shelf at rest, fitted as one: designed each alone, their deviations add up.
    fn steep(&self, sample_rate: f64) -> Sections {
        let mut prototypes = [Prototype::notch(self.hz, 1.0); MOST];
        let (mut count, mut turned) = (0, false);
        let alone = Sections::new(self.steps().map(|step| {
            let (prototype, over) = step.prototype();
            prototypes[count] = prototype;
            count += 1;
            turned = over;
            fit::settled(prototype, step.q, false, SHELF_LIMIT_DB, sample_rate)
        }));
        let mut together = joint::shelf(&prototypes[..count], &alone, self.q, sample_rate);
        if turned {
            together.each(|section| section.inverse());
        }
        together
    }

    /// The analog prototype of one step of a shelf.
    fn shelf(&self) -> Prototype {
        match self.shape {
            Shape::LowShelf { .. } => Prototype::low_shelf(self.hz, self.gain_db, self.q),
            _ => Prototype::high_shelf(self.hz, self.gain_db, self.q),
        }
    }

    /// The way round in which the poles lie lower: bells and low shelves as a boost, high shelves as a cut.
    fn prototype(&self) -> (Prototype, bool) {
        let boost = self.gain_db.abs();
        match self.shape {
            Shape::LowShelf { .. } => (Prototype::low_shelf(self.hz, boost, self.q), self.gain_db < 0.0),
            Shape::HighShelf { .. } => (Prototype::high_shelf(self.hz, -boost, self.q), self.gain_db > 0.0),
            _ => (Prototype::bell(self.hz, boost, self.q), self.gain_db < 0.0),
        }
    }
}
