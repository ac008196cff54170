//! The K-System (Bob Katz, "An Integrated Approach to Metering, Monitoring, and Leveling Practices", JAES 48(9), 2000):
//! energy around a 0 that belongs to a calibrated loudness in the room, and peaks above it.

use tonmeister_core::{Layout, View};

use super::peak::{Fall, Needle};
use super::scale::{Law, Mark, Scale, Zone, mark};
use super::{Meter, Reading, SILENCE, decibels, heard};

/// How much room there is above 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum K {
    /// 20 dB: wide dynamics, classical music, film.
    K20,
    /// 14 dB: most music.
    K14,
    /// 12 dB: broadcast.
    K12,
}

impl K {
    /// What 0 is, in dBFS of a sine.
    pub fn reference_dbfs(self) -> f64 {
        match self {
            K::K20 => -20.0,
            K::K14 => -14.0,
            K::K12 => -12.0,
        }
    }
}

const fn marks(top: f64, label: &'static str) -> [Mark; 10] {
    [
        mark(-40.0, "-40", Zone::Normal),
        mark(-30.0, "-30", Zone::Normal),
        mark(-24.0, "-24", Zone::Normal),
        mark(-18.0, "-18", Zone::Normal),
        mark(-12.0, "-12", Zone::Normal),
        mark(-6.0, "-6", Zone::Normal),
        mark(0.0, "0", Zone::High),
        mark(4.0, "+4", Zone::Over),
        mark(8.0, "+8", Zone::Over),
        mark(top, label, Zone::Over),
    ]
}

const fn scale(title: &'static str, top_db: f64, marks: &'static [Mark]) -> Scale {
    Scale { title, unit: "dB", bottom_db: -40.0, top_db, law: Law::Decibels, marks }
}

static K20: Scale = scale("K-20", 20.0, &marks(20.0, "+20"));
static K14: Scale = scale("K-14", 14.0, &marks(14.0, "+14"));
static K12: Scale = scale("K-12", 12.0, &marks(12.0, "+12"));

/// How quickly each of two smoothings follows the energy, in 1/s: together they stand at 99 % of the level after 600 ms.
const FOLLOW: f64 = 9.72;

/// RMS over 600 ms, aligned with a sine, as the level; the sample peak (with its fall and hold) as the held mark. Both in
/// dB from 0 of the scale.
#[derive(Clone, Debug)]
pub struct KMeter {
    k: K,
    follow: f64,
    channels: Vec<Channel>,
}

#[derive(Clone, Debug)]
struct Channel {
    energy: [f64; 2],
    peak: Needle,
}

impl KMeter {
    /// At rest.
    pub fn new(sample_rate: u32, layout: Layout, k: K) -> Self {
        let channel = Channel { energy: [0.0; 2], peak: Needle::new(sample_rate, Fall::default()) };
        let follow = 1.0 - (-FOLLOW / f64::from(sample_rate)).exp();
        KMeter { k, follow, channels: vec![channel; layout.channels()] }
    }
}

impl Meter for KMeter {
    fn push(&mut self, view: View<'_>) {
        for (c, channel) in self.channels.iter_mut().enumerate() {
            for s in view.channel(c) {
                let x = heard(*s);
                channel.peak.step(x.abs());
                let [first, second] = &mut channel.energy;
                *first += self.follow * (x * x - *first);
                *second += self.follow * (*first - *second);
                if *first < SILENCE && *second < SILENCE {
                    (*first, *second) = (0.0, 0.0);
                }
            }
        }
    }

    fn channels(&self) -> usize {
        self.channels.len()
    }

    fn read(&self, channel: usize) -> Reading {
        let channel = &self.channels[channel];
        let from_zero = |dbfs: f64| dbfs - self.k.reference_dbfs();
        Reading {
            level_db: from_zero(decibels((2.0 * channel.energy[1]).sqrt())),
            held_db: channel.peak.read().held_db.map(from_zero),
        }
    }

    fn scale(&self) -> &'static Scale {
        match self.k {
            K::K20 => &K20,
            K::K14 => &K14,
            K::K12 => &K12,
        }
    }

    fn reset(&mut self) {
        for channel in &mut self.channels {
            channel.energy = [0.0; 2];
            channel.peak.reset();
        }
    }
}
