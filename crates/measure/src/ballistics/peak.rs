//! The highest sample, with a needle that falls slowly and a mark that stays.

use tonmeister_core::{Layout, View};

use super::scale::{Law, Scale, Zone, mark};
use super::{Meter, Reading, SILENCE, decibels, fall_per_frame, heard};

/// How a needle comes down, and how long the mark of the highest level stays.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fall {
    /// How fast the level falls, in decibels per second.
    pub db_per_s: f64,
    /// How long the highest level is held before it falls too, in seconds; infinite to hold it until a reset.
    pub hold_s: f64,
}

impl Default for Fall {
    /// 20 dB in 1.7 s, as programme meters fall (IEC 60268-18 asks digital peak meters for the same), and 1.5 s of hold.
    fn default() -> Self {
        Fall { db_per_s: 20.0 / 1.7, hold_s: 1.5 }
    }
}

/// A level that jumps up at once and falls evenly in decibels, and its held mark. One step per frame.
#[derive(Clone, Debug)]
pub(super) struct Needle {
    fall: f64,
    hold_frames: u64,
    level: f64,
    held: f64,
    /// Frames until the held level begins to fall.
    left: u64,
}

impl Needle {
    pub(super) fn new(sample_rate: u32, fall: Fall) -> Self {
        let hold = fall.hold_s.max(0.0) * f64::from(sample_rate);
        Needle {
            fall: fall_per_frame(fall.db_per_s.max(0.0), sample_rate),
            // The cast saturates: for ever.
            hold_frames: hold.round() as u64,
            level: 0.0,
            held: 0.0,
            left: 0,
        }
    }

    pub(super) fn step(&mut self, magnitude: f64) {
        let fallen = self.level * self.fall;
        self.level = if magnitude > fallen { magnitude } else { fallen };
        if self.level < SILENCE {
            self.level = 0.0;
        }
        if magnitude >= self.held {
            (self.held, self.left) = (magnitude, self.hold_frames);
        } else if self.left > 0 {
            self.left -= 1;
        } else {
            self.held = (self.held * self.fall).max(self.level);
        }
    }

    pub(super) fn read(&self) -> Reading {
        Reading { level_db: decibels(self.level), held_db: Some(decibels(self.held)) }
    }

    pub(super) fn reset(&mut self) {
        (self.level, self.held, self.left) = (0.0, 0.0, 0);
    }
}

pub(super) static DBFS: Scale = Scale {
    title: "Peak",
    unit: "dBFS",
    bottom_db: -60.0,
    top_db: 3.0,
    law: Law::Decibels,
    marks: &[
        mark(-60.0, "60", Zone::Normal),
        mark(-50.0, "50", Zone::Normal),
        mark(-40.0, "40", Zone::Normal),
        mark(-30.0, "30", Zone::Normal),
        mark(-24.0, "24", Zone::Normal),
        mark(-18.0, "18", Zone::Normal),
        mark(-12.0, "12", Zone::Normal),
        mark(-9.0, "9", Zone::High),
        mark(-6.0, "6", Zone::High),
        mark(-3.0, "3", Zone::High),
        mark(0.0, "0", Zone::Over),
        mark(3.0, "+3", Zone::Over),
    ],
};

/// The highest sample of each channel, in dBFS.
#[derive(Clone, Debug)]
pub struct PeakMeter {
    needles: Vec<Needle>,
}

impl PeakMeter {
    /// Falls 20 dB in 1.7 s and holds for 1.5 s.
    pub fn new(sample_rate: u32, layout: Layout) -> Self {
        PeakMeter::with_fall(sample_rate, layout, Fall::default())
    }

    /// Falls and holds as asked.
    pub fn with_fall(sample_rate: u32, layout: Layout, fall: Fall) -> Self {
        PeakMeter { needles: vec![Needle::new(sample_rate, fall); layout.channels()] }
    }
}

impl Meter for PeakMeter {
    fn push(&mut self, view: View<'_>) {
        for (c, needle) in self.needles.iter_mut().enumerate() {
            view.channel(c).iter().for_each(|s| needle.step(heard(*s).abs()));
        }
    }

    fn channels(&self) -> usize {
        self.needles.len()
    }

    fn read(&self, channel: usize) -> Reading {
        self.needles[channel].read()
    }

    fn scale(&self) -> &'static Scale {
        &DBFS
    }

    fn reset(&mut self) {
        self.needles.iter_mut().for_each(Needle::reset);
    }
}
