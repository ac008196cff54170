//! The law of one band, up or down, and its way through time.
//!
//! Whatever the direction, what is smoothed rises with the level ([`Curve::demand_db`]): the attack is the answer to a
//! rising level, the release to a falling one.

#![allow(clippy::inline_always, reason = "must be inlined to be compiled with the caller's vector instructions")]

use tonmeister_core::{Event, Memory};

use crate::control::Control;
use crate::dynamics::ballistics::{Ballistics, Times};
use crate::dynamics::curve::{Curve, Direction, at_least, at_most};
use crate::dynamics::detector::{Detector, Listening};
use crate::math::{OCTAVES_PER_DB, exp2, log2};
use crate::travel::Travel;

use super::PART;

/// The parameters of a band that may move, in the order of the table.
pub(super) const MOVING: usize = 7;
const ATTACK: usize = 3;
const RELEASE: usize = 4;
const RANGE: usize = 5;
const MAKEUP: usize = 6;
/// The switch `on`, behind the choice of the mode.
const ON: usize = MOVING + 1;
/// A level below everything, in dB.
const SILENCE_DB: f64 = -1000.0;

/// What is done to one band.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Band {
    /// Threshold (dB), ratio, knee (dB), attack (ms), release (ms), range (dB), make-up (dB).
    pub controls: [f64; MOVING],
    /// Which way levels are moved.
    pub direction: Direction,
    /// Off: the band passes as it is.
    pub on: bool,
}

impl Band {
    /// The most that the band is ever raised by, in dB.
    pub(super) fn highest_gain_db(&self) -> f64 {
        let lifted = if self.direction == Direction::Lift { self.controls[RANGE] } else { 0.0 };
        (self.controls[MAKEUP] + lifted).max(0.0)
    }
}

/// What the parameters amount to at one frame.
#[derive(Clone, Copy, Debug)]
struct Law {
    curve: Curve,
    makeup_db: f64,
}

impl Law {
    fn new(direction: Direction, [threshold, ratio, knee, _, _, range, makeup_db]: [f64; MOVING]) -> Self {
        let curve = match direction {
            Direction::Compress => Curve::new(threshold, ratio, knee),
            Direction::Lift => Curve::lifting(threshold, ratio, knee),
            Direction::Expand => Curve::expanding(threshold, ratio, knee),
        };
        Law { curve: curve.within(range), makeup_db }
    }

    /// A smoothed reduction, held inside a range that may have become narrower in the meantime.
    #[inline(always)]
    fn hold(&self, reduction_db: f64) -> f64 {
        let range = self.curve.range_db;
        at_least(at_most(reduction_db, range), -range)
    }
}

/// One band that sounds.
pub(super) struct BandProcessor {
    band: Band,
    sample_rate: u32,
    controls: [Control; MOVING],
    /// 1 is on.
    on: Travel,
    law: Law,
    detectors: [Detector; 2],
    db_per_octave: f64,
    ballistics: Ballistics,
    /// Times moved since they were last set.
    new_times: bool,
    key: [f32; PART],
    levels: [f64; PART],
    other: [f64; PART],
    gains: [f64; PART],
    laws: Box<[Law; PART]>,
}

impl BandProcessor {
    pub(super) fn new(band: Band, listening: &Listening, sample_rate: u32) -> Self {
        let law = Law::new(band.direction, band.controls);
        let detector = Detector::new(listening, sample_rate);
        let times = Times::manual(band.controls[ATTACK], band.controls[RELEASE], sample_rate);
        let mut processor = BandProcessor {
            band,
            sample_rate,
            controls: band.controls.map(|value| Control::rounded(value, sample_rate)),
            on: Travel::new(0.0, sample_rate),
            law,
            detectors: [detector.clone(), detector],
            db_per_octave: listening.kind.db_per_octave(),
            ballistics: Ballistics::new(times),
            new_times: false,
            key: [0.0; PART],
            levels: [0.0; PART],
            other: [0.0; PART],
            gains: [0.0; PART],
            laws: Box::new([law; PART]),
        };
        processor.reset();
        processor
    }

    pub(super) fn reset(&mut self) {
        self.controls = self.band.controls.map(|value| Control::rounded(value, self.sample_rate));
        self.on = Travel::new(if self.band.on { 1.0 } else { 0.0 }, self.sample_rate);
        self.law = Law::new(self.band.direction, self.band.controls);
        self.listen_afresh();
    }

    /// As if there had been silence until now.
    fn listen_afresh(&mut self) {
        self.detectors.iter_mut().for_each(Detector::reset);
        let [attack, release] = [ATTACK, RELEASE].map(|param| self.controls[param].value());
        let times = Times::manual(attack, release, self.sample_rate);
        self.ballistics = Ballistics::resting_on(times, self.law.curve.demand_db(SILENCE_DB));
        self.new_times = false;
    }

    pub(super) fn begin_event(&mut self, param: usize, event: &Event, jump: u32) {
        if param == ON {
            if self.off() && event.value == 1.0 {
                self.listen_afresh();
            }
            self.on.to(event.value, event.glide);
        } else if let Some(control) = self.controls.get_mut(param) {
            let times = param == ATTACK || param == RELEASE;
            control.to(event.value, if event.glide == 0 && !times { jump } else { event.glide });
        }
    }

    /// How far back it remembers, with the parameters it was born with.
    pub(super) fn memory(&self) -> Memory {
        let times = Times::manual(self.band.controls[ATTACK], self.band.controls[RELEASE], self.sample_rate);
        self.detectors[0].memory().then(times.memory())
    }

    fn off(&self) -> bool {
        self.on.value() == 0.0 && !self.on.moving()
    }

    /// To be called on a fixed grid of the stream's frames.
    pub(super) fn set_times(&mut self) {
        if self.new_times {
            let [attack, release] = [ATTACK, RELEASE].map(|param| self.controls[param].value());
            self.ballistics.set_times(Times::manual(attack, release, self.sample_rate));
            self.new_times = false;
        }
    }

    /// To be called on a fixed grid of the stream's frames.
    pub(super) fn settle(&mut self) {
        self.detectors.iter_mut().for_each(Detector::settle);
        self.ballistics.settle();
    }

    /// What each frame is to be multiplied with, if anything; raises `reductions` to what was taken away.
    pub(super) fn gains(
        &mut self,
        first: &[f64],
        second: Option<&[f64]>,
        mixes: &[f64],
        reductions: &mut [f64],
    ) -> Option<&[f64]> {
        let frames = first.len();
        let moving = self.controls.iter().any(Control::moving);
        if moving {
            for law in &mut self.laws[..frames] {
                self.new_times |= self.controls[ATTACK].moving() || self.controls[RELEASE].moving();
                let controls = self.controls.each_mut().map(Control::step);
                *law = Law::new(self.band.direction, controls);
            }
            self.law = self.laws[frames - 1];
        }
        if self.off() {
            return None;
        }
        self.hear(first, second);
        let levels = &mut self.levels[..frames];
        if moving {
            for (level, law) in levels.iter_mut().zip(self.laws.iter()) {
                *level = law.curve.demand_db(self.db_per_octave * log2(*level));
            }
        } else {
            ask(&self.law, self.db_per_octave, levels);
        }
        self.ballistics.run(levels);
        self.band.direction.reductions(levels);
        let gains = &mut self.gains[..frames];
        if moving {
            for ((gain, level), law) in gains.iter_mut().zip(levels.iter_mut()).zip(self.laws.iter()) {
                *level = law.hold(*level);
                *gain = exp2(OCTAVES_PER_DB * (law.makeup_db - *level));
            }
        } else {
            give(&self.law, levels, gains);
        }
        for ((gain, mix), (reduction, own)) in gains.iter_mut().zip(mixes).zip(reductions.iter_mut().zip(levels.iter()))
        {
            let on = self.on.step();
            *gain = 1.0 + on * mix * (*gain - 1.0);
            *reduction = at_least(own * on, *reduction);
        }
        Some(gains)
    }

    /// How loud the louder channel is.
    fn hear(&mut self, first: &[f64], second: Option<&[f64]>) {
        let frames = first.len();
        let mut run = |channel: usize, samples: &[f64], levels: &mut [f64; PART]| {
            for (key, sample) in self.key.iter_mut().zip(samples) {
                *key = *sample as f32;
            }
            self.detectors[channel].run(&self.key[..frames], &mut levels[..frames]);
        };
        run(0, first, &mut self.levels);
        if let Some(second) = second {
            run(1, second, &mut self.other);
            for (level, other) in self.levels[..frames].iter_mut().zip(&self.other) {
                *level = at_least(*level, *other);
            }
        }
    }
}

#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn ask(law: &Law, db_per_octave: f64, levels: &mut [f64]) {
    for level in levels {
        *level = law.curve.demand_db(db_per_octave * log2(*level));
    }
}

#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn give(law: &Law, levels: &mut [f64], gains: &mut [f64]) {
    for (gain, level) in gains.iter_mut().zip(levels) {
        *level = law.hold(*level);
        *gain = exp2(OCTAVES_PER_DB * (law.makeup_db - *level));
    }
}
