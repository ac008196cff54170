//! An echo of its own beside the main one.

use tonmeister_core::pan;

use super::head::{Change, Head};
use crate::line::Line;
use crate::math;
use crate::modulation::split::Split;
use crate::travel::Travel;

/// Reads what was recorded at a time of its own, and places it.
#[derive(Clone, Debug)]
pub(crate) struct Echo {
    pub(crate) time_ms: Travel,
    pub(crate) level_db: Travel,
    pub(crate) pan: Travel,
    pub(crate) highpass_hz: Travel,
    pub(crate) lowpass_hz: Travel,
    head: Head,
    lows: Split,
    highs: Split,
    gains: [f64; 2],
    frames_per_ms: f64,
}

impl Echo {
    /// From time, level, place, high-pass and low-pass; no time is shorter than `least` frames.
    pub(crate) fn new(item: &[f64], change: Change, sample_rate: u32, least: f64) -> Self {
        let travel = |place: usize| Travel::new(item[place], sample_rate);
        let frames_per_ms = 0.001 * f64::from(sample_rate);
        let mut echo = Echo {
            time_ms: travel(0),
            level_db: travel(1),
            pan: travel(2),
            highpass_hz: travel(3),
            lowpass_hz: travel(4),
            head: Head::new(change, (item[0] * frames_per_ms).max(least), f64::from(sample_rate)),
            lows: Split::new(sample_rate),
            highs: Split::new(sample_rate),
            gains: [0.0; 2],
            frames_per_ms,
        };
        echo.lows.tune(item[3]);
        echo.highs.tune(item[4]);
        echo.place();
        echo
    }

    fn place(&mut self) {
        let level = math::amplitude_of_db(self.level_db.value());
        self.gains = pan::mono(Some(1.0), self.pan.value()).map(|gain| gain * level);
    }

    /// What it adds to left and right.
    #[inline]
    pub(crate) fn frame(&mut self, line: &Line, least: f64, later: f64) -> [f64; 2] {
        if self.level_db.moving() || self.pan.moving() {
            self.level_db.step();
            self.pan.step();
            self.place();
        }
        if self.highpass_hz.moving() {
            self.lows.tune(self.highpass_hz.step());
        }
        if self.lowpass_hz.moving() {
            self.highs.tune(self.lowpass_hz.step());
        }
        let time = (self.time_ms.step() * self.frames_per_ms).max(least);
        let heard = self.head.read(line, time, later);
        let heard = self.highs.low(0, heard);
        let heard = heard - self.lows.low(0, heard);
        self.gains.map(|gain| gain * heard)
    }

    /// See [`super::cut::Cut::flush`].
    pub(crate) fn flush(&mut self) {
        self.lows.flush();
        self.highs.flush();
    }

    /// How late it is or will be, in frames.
    pub(crate) fn latest(&self) -> f64 {
        self.time_ms.value().max(self.time_ms.target()) * self.frames_per_ms
    }
}
