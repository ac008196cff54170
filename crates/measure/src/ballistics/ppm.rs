//! Peak programme meters (IEC 60268-10): quick to rise, but not so quick that what nobody hears would show; slow to fall.

use tonmeister_core::{Layout, View};

use super::scale::{Law, Scale, Zone, mark};
use super::{Meter, Reading, SILENCE, decibels, fall_per_frame, heard};

/// Which meter, by its maker's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PpmType {
    /// Type I, German broadcasting: 0 dB is the permitted maximum, −9 dBFS.
    Din,
    /// Type I, Scandinavian: 0 dB (TEST) is −18 dBFS.
    Nordic,
    /// British (type II a): marks 1 to 7, mark 4 is −18 dBFS. Readings are dB from mark 4.
    Bbc,
    /// Of the EBU (type II b): 0 dB (TEST) is −18 dBFS.
    Ebu,
}

/// What moves a needle: two envelopes whose sum is shown.
#[derive(Clone, Copy, Debug)]
struct Ballistics {
    /// How quickly each envelope rises, in 1/s.
    rise: [f64; 2],
    /// How fast they fall, in decibels per second.
    fall_db_per_s: f64,
    /// What makes a steady sine of 5 kHz read its peak.
    gain: f64,
}

/// 20 dB in 1.7 s. The two rise times make bursts of 10, 5, 3 and 0.4 ms read −0.84, −2.08, −3.55 and −14.5 dB.
const TYPE_I: Ballistics = Ballistics { rise: [452.1, 1317.9], fall_db_per_s: 20.0 / 1.7, gain: 0.510_85 };
/// 24 dB in 2.8 s. Bursts of 100, 10, 5, 1.5 and 0.5 ms read 0.0, −2.0, −3.95, −9.4 and −16.6 dB.
const TYPE_II: Ballistics = Ballistics { rise: [200.4, 867.8], fall_db_per_s: 24.0 / 2.8, gain: 0.513_98 };

impl PpmType {
    fn ballistics(self) -> Ballistics {
        match self {
            PpmType::Din | PpmType::Nordic => TYPE_I,
            PpmType::Bbc | PpmType::Ebu => TYPE_II,
        }
    }

    /// What 0 dB of its scale is, in dBFS.
    pub fn reference_dbfs(self) -> f64 {
        if self == PpmType::Din { -9.0 } else { -18.0 }
    }

    fn scale(self) -> &'static Scale {
        match self {
            PpmType::Din => &DIN,
            PpmType::Nordic => &NORDIC,
            PpmType::Bbc => &BBC,
            PpmType::Ebu => &EBU,
        }
    }
}

static DIN: Scale = Scale {
    title: "PPM type I (DIN)",
    unit: "dB",
    bottom_db: -50.0,
    top_db: 5.0,
    law: Law::Decibels,
    marks: &[
        mark(-50.0, "-50", Zone::Normal),
        mark(-40.0, "-40", Zone::Normal),
        mark(-30.0, "-30", Zone::Normal),
        mark(-20.0, "-20", Zone::Normal),
        mark(-10.0, "-10", Zone::Normal),
        mark(-5.0, "-5", Zone::Normal),
        mark(0.0, "0", Zone::Over),
        mark(5.0, "+5", Zone::Over),
    ],
};

static NORDIC: Scale = Scale {
    title: "PPM type I (Nordic)",
    unit: "dB",
    bottom_db: -42.0,
    top_db: 12.0,
    law: Law::Decibels,
    marks: &[
        mark(-42.0, "-42", Zone::Normal),
        mark(-36.0, "-36", Zone::Normal),
        mark(-30.0, "-30", Zone::Normal),
        mark(-24.0, "-24", Zone::Normal),
        mark(-18.0, "-18", Zone::Normal),
        mark(-12.0, "-12", Zone::Normal),
        mark(-6.0, "-6", Zone::Normal),
        mark(0.0, "TEST", Zone::Normal),
        mark(6.0, "+6", Zone::High),
        mark(9.0, "+9", Zone::Over),
        mark(12.0, "+12", Zone::Over),
    ],
};

static BBC: Scale = Scale {
    title: "PPM type IIa (BBC)",
    unit: "dB from 4",
    bottom_db: -16.0,
    top_db: 13.0,
    law: Law::Decibels,
    marks: &[
        mark(-14.0, "1", Zone::Normal),
        mark(-8.0, "2", Zone::Normal),
        mark(-4.0, "3", Zone::Normal),
        mark(0.0, "4", Zone::Normal),
        mark(4.0, "5", Zone::Normal),
        mark(8.0, "6", Zone::Over),
        mark(12.0, "7", Zone::Over),
    ],
};

static EBU: Scale = Scale {
    title: "PPM type IIb (EBU)",
    unit: "dB",
    bottom_db: -14.0,
    top_db: 14.0,
    law: Law::Decibels,
    marks: &[
        mark(-12.0, "-12", Zone::Normal),
        mark(-8.0, "-8", Zone::Normal),
        mark(-4.0, "-4", Zone::Normal),
        mark(0.0, "TEST", Zone::Normal),
        mark(4.0, "+4", Zone::Normal),
        mark(8.0, "+8", Zone::High),
        mark(9.0, "+9", Zone::Over),
        mark(12.0, "+12", Zone::Over),
    ],
};

/// A peak programme meter. The held mark is the greatest reading since the start or the last reset.
#[derive(Clone, Debug)]
pub struct PpmMeter {
    kind: PpmType,
    rise: [f64; 2],
    fall: f64,
    needles: Vec<Needle>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Needle {
    envelopes: [f64; 2],
    greatest: f64,
}

impl PpmMeter {
    /// At rest.
    pub fn new(sample_rate: u32, layout: Layout, kind: PpmType) -> Self {
        let ballistics = kind.ballistics();
        PpmMeter {
            kind,
            rise: ballistics.rise.map(|rise| 1.0 - (-rise / f64::from(sample_rate)).exp()),
            fall: fall_per_frame(ballistics.fall_db_per_s, sample_rate),
            needles: vec![Needle::default(); layout.channels()],
        }
    }

    fn reading(&self, sum: f64) -> f64 {
        decibels(sum * self.kind.ballistics().gain) - self.kind.reference_dbfs()
    }
}

impl Meter for PpmMeter {
    fn push(&mut self, view: View<'_>) {
        for (c, needle) in self.needles.iter_mut().enumerate() {
            for s in view.channel(c) {
                let x = heard(*s).abs();
                for (envelope, rise) in needle.envelopes.iter_mut().zip(&self.rise) {
                    *envelope *= self.fall;
                    if x > *envelope {
                        *envelope += rise * (x - *envelope);
                    } else if *envelope < SILENCE {
                        *envelope = 0.0;
                    }
                }
                let sum = needle.envelopes[0] + needle.envelopes[1];
                if sum > needle.greatest {
                    needle.greatest = sum;
                }
            }
        }
    }

    fn channels(&self) -> usize {
        self.needles.len()
    }

    fn read(&self, channel: usize) -> Reading {
        let needle = &self.needles[channel];
        let level_db = self.reading(needle.envelopes[0] + needle.envelopes[1]);
        Reading { level_db, held_db: Some(self.reading(needle.greatest)) }
    }

    fn scale(&self) -> &'static Scale {
        self.kind.scale()
    }

    fn reset(&mut self) {
        self.needles.fill(Needle::default());
    }
}
