//! The volume indicator of 1939 (today IEC 60268-17): a rectifier and a needle with weight.

use std::f64::consts::FRAC_PI_2;

use tonmeister_core::{Layout, View};

use super::scale::{Law, Scale, Zone, mark};
use super::{Meter, Reading, SILENCE, decibels, heard};

/// The needle is a damped swing of 2.1 Hz: it stands at 99 % after 300 ms and overshoots by 1.3 %.
const SWING: f64 = 13.42;
const DAMPING: f64 = 0.81;

static SCALE: Scale = Scale {
    title: "VU",
    unit: "VU",
    bottom_db: -20.0,
    top_db: 3.0,
    law: Law::Amplitude,
    marks: &[
        mark(-20.0, "20", Zone::Normal),
        mark(-10.0, "10", Zone::Normal),
        mark(-7.0, "7", Zone::Normal),
        mark(-5.0, "5", Zone::Normal),
        mark(-3.0, "3", Zone::Normal),
        mark(-2.0, "2", Zone::Normal),
        mark(-1.0, "1", Zone::Normal),
        mark(0.0, "0", Zone::High),
        mark(1.0, "1", Zone::High),
        mark(2.0, "2", Zone::High),
        mark(3.0, "3", Zone::High),
    ],
};

/// Volume units: the mean of the rectified signal through a needle's inertia. 0 VU is a sine at the reference level.
#[derive(Clone, Debug)]
pub struct VuMeter {
    reference_dbfs: f64,
    /// Of the state-variable filter: tan(ω/2fs) and what its feedback divides by.
    g: f64,
    norm: f64,
    needles: Vec<[f64; 3]>,
}

impl VuMeter {
    /// With 0 VU at −18 dBFS (EBU R 68).
    pub fn new(sample_rate: u32, layout: Layout) -> Self {
        VuMeter::with_reference(sample_rate, layout, -18.0)
    }

    /// With 0 VU where a sine's peak is at that level: −20 dBFS after SMPTE RP 155, −18 after EBU R 68.
    pub fn with_reference(sample_rate: u32, layout: Layout, reference_dbfs: f64) -> Self {
        // The trapezoidal rule warps 2.1 Hz by nothing that counts.
        let g = (SWING / (2.0 * f64::from(sample_rate))).tan();
        let norm = 1.0 / (1.0 + g * (2.0 * DAMPING + g));
        VuMeter { reference_dbfs, g, norm, needles: vec![[0.0; 3]; layout.channels()] }
    }
}

impl Meter for VuMeter {
    fn push(&mut self, view: View<'_>) {
        let (g, norm) = (self.g, self.norm);
        for (c, needle) in self.needles.iter_mut().enumerate() {
            let [mut speed, mut place, mut out] = *needle;
            for s in view.channel(c) {
                let high = (heard(*s).abs() - (2.0 * DAMPING + g) * speed - place) * norm;
                let band = g * high + speed;
                speed = g * high + band;
                out = g * band + place;
                place = g * band + out;
                if place.abs() < SILENCE && speed.abs() < SILENCE {
                    (speed, place) = (0.0, 0.0);
                }
            }
            *needle = [speed, place, out];
        }
    }

    fn channels(&self) -> usize {
        self.needles.len()
    }

    fn read(&self, channel: usize) -> Reading {
        // The mean of a rectified sine is 2/π of its peak. Swinging back below zero, the needle lies on its pin.
        let level = self.needles[channel][2].max(0.0) * FRAC_PI_2;
        Reading { level_db: decibels(level) - self.reference_dbfs, held_db: None }
    }

    fn scale(&self) -> &'static Scale {
        &SCALE
    }

    fn reset(&mut self) {
        self.needles.fill([0.0; 3]);
    }
}
