//! How much a dynamics processor takes off.

use tonmeister_core::GainReduction;

use super::Reading;
use super::peak::Fall;
use super::scale::{Law, Scale, Zone, mark};

static SCALE: Scale = Scale {
    title: "Gain reduction",
    unit: "dB",
    bottom_db: 0.0,
    top_db: 24.0,
    law: Law::Decibels,
    marks: &[
        mark(0.0, "0", Zone::Normal),
        mark(1.0, "1", Zone::Normal),
        mark(2.0, "2", Zone::Normal),
        mark(3.0, "3", Zone::Normal),
        mark(6.0, "6", Zone::Normal),
        mark(9.0, "9", Zone::High),
        mark(12.0, "12", Zone::High),
        mark(18.0, "18", Zone::Over),
        mark(24.0, "24", Zone::Over),
    ],
};

/// The gain reduction that a processor reports, with a needle that falls slowly and a mark that stays. Readings are
/// decibels of reduction, 0 for none.
///
/// ```
/// use tonmeister_core::GainReduction;
/// use tonmeister_measure::ballistics::ReductionMeter;
///
/// let mut meter = ReductionMeter::new(48_000);
/// // The limiter took 4 dB off somewhere in these 512 frames, though at their end it takes 1.
/// meter.push(GainReduction { now_db: 1.0, max_db: 4.0, mean_db: 0.2 }, 512);
/// assert!(meter.read().level_db > 3.8 && meter.read().held_db == Some(4.0));
/// ```
#[derive(Clone, Debug)]
pub struct ReductionMeter {
    sample_rate: f64,
    fall: Fall,
    level_db: f64,
    held_db: f64,
    held_frames: u64,
    /// The most that the processor has reported.
    most_db: f64,
}

impl ReductionMeter {
    /// Falls 20 dB in 1.7 s and holds for 1.5 s.
    pub fn new(sample_rate: u32) -> Self {
        ReductionMeter::with_fall(sample_rate, Fall::default())
    }

    /// Falls and holds as asked.
    pub fn with_fall(sample_rate: u32, fall: Fall) -> Self {
        let sample_rate = f64::from(sample_rate);
        ReductionMeter { sample_rate, fall, level_db: 0.0, held_db: 0.0, held_frames: 0, most_db: 0.0 }
    }

    /// Takes what a processor reports after a block of so many frames. A greater maximum than before tells of a
    /// reduction inside the block, and is shown although it is over.
    pub fn push(&mut self, reported: GainReduction, frames: u64) {
        let seconds = frames as f64 / self.sample_rate;
        let fallen = self.fall.db_per_s * seconds;
        let mut now = if reported.now_db.is_finite() { reported.now_db.max(0.0) } else { 0.0 };
        // A maximum that shrinks belongs to a processor that was reset.
        if reported.max_db.is_finite() && reported.max_db != self.most_db {
            if reported.max_db > self.most_db {
                now = now.max(reported.max_db);
            }
            self.most_db = reported.max_db;
        }
        self.level_db = (self.level_db - fallen).max(now).max(0.0);
        if now >= self.held_db {
            (self.held_db, self.held_frames) = (now, 0);
        } else {
            // What remains of the block after the hold has ended is for falling.
            let hold = (self.fall.hold_s.max(0.0) * self.sample_rate).round() as u64;
            self.held_frames = self.held_frames.saturating_add(frames);
            let over = self.held_frames.saturating_sub(hold).min(frames) as f64 / self.sample_rate;
            self.held_db = (self.held_db - self.fall.db_per_s * over).max(self.level_db);
        }
    }

    /// Where the needle stands.
    pub fn read(&self) -> Reading {
        Reading { level_db: self.level_db, held_db: Some(self.held_db) }
    }

    /// What is printed behind the needle.
    pub fn scale(&self) -> &'static Scale {
        &SCALE
    }

    /// Back to no reduction.
    pub fn reset(&mut self) {
        (self.level_db, self.held_db, self.held_frames, self.most_db) = (0.0, 0.0, 0, 0.0);
    }
}

#[cfg(test)]
mod tests {
    use super::{GainReduction, ReductionMeter};

    fn report(now_db: f64, max_db: f64) -> GainReduction {
        GainReduction { now_db, max_db, mean_db: 0.0 }
    }

    #[test]
    fn it_falls_twenty_decibels_in_seventeen_tenths_and_holds() {
        for block in [1, 64, 480, 4800] {
            let mut meter = ReductionMeter::new(48_000);
            meter.push(report(22.0, 22.0), 0);
            for _ in 0..72_000 / block {
                meter.push(report(0.0, 22.0), block);
            }
            // After 1.5 s: the needle has fallen by 17.65 dB, the mark not at all.
            assert!((meter.read().level_db - (22.0 - 17.647)).abs() < 0.001, "{block}: {:?}", meter.read());
            assert_eq!(meter.read().held_db, Some(22.0));
            for _ in 0..48_000 / block {
                meter.push(report(0.0, 22.0), block);
            }
            assert!((meter.read().held_db.unwrap() - (22.0 - 11.765)).abs() < 0.01, "{block}: {:?}", meter.read());
            assert_eq!(meter.read().level_db, 0.0);
        }
    }

    #[test]
    fn a_processor_that_is_reset_or_broken_does_no_harm() {
        let mut meter = ReductionMeter::new(48_000);
        meter.push(report(f64::NAN, f64::INFINITY), 100);
        assert_eq!(meter.read().level_db, 0.0);
        meter.push(report(3.0, 9.0), 100);
        meter.reset();
        meter.push(report(0.0, 0.0), 100);
        meter.push(report(0.0, 2.0), 0);
        assert_eq!(meter.read().level_db, 2.0);
    }
}
