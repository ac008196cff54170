//! The law of one band, up or down, and its way through time.
//!
//! Every law is written as something to take away that rises with the level, so that the same ballistics serve all of
//! them: the attack is the answer to a rising level, the release to a falling one. Compression takes c(x − T) away.
//! Lifting and expanding act below the threshold, by c(T − x); what is smoothed is how much of the widest range is
//! *not* used, which rises with the level.

#![allow(clippy::inline_always, reason = "must be inlined to be compiled with the caller's vector instructions")]

use tonmeister_core::Event;

use crate::control::Control;
use crate::dynamics::ballistics::{Ballistics, Times};
use crate::dynamics::curve::{Curve, at_least, at_most};
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
/// The widest range, in dB.
const WIDEST_DB: f64 = 60.0;

/// Which way levels are moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// Down, above the threshold.
    Compress,
    /// Up, below the threshold.
    Lift,
    /// Down, below the threshold.
    Expand,
}

/// What is done to one band.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Band {
    /// Threshold (dB), ratio, knee (dB), attack (ms), release (ms), range (dB), make-up (dB).
    pub controls: [f64; MOVING],
    /// Which way levels are moved.
    pub mode: Mode,
    /// Off: the band passes as it is.
    pub on: bool,
}

impl Band {
    /// The most that the band is ever raised by, in dB.
    pub(super) fn highest_gain_db(&self) -> f64 {
        let lifted = if self.mode == Mode::Lift { self.controls[RANGE] } else { 0.0 };
        (self.controls[MAKEUP] + lifted).max(0.0)
    }
}

/// What the parameters amount to at one frame.
#[derive(Clone, Copy, Debug)]
struct Law {
    curve: Curve,
    /// 1: above the threshold. −1: below it.
    side: f64,
    /// What is smoothed when nothing is moved.
    base: f64,
    /// 1: up. −1: down.
    way: f64,
    range: f64,
    makeup_db: f64,
}

impl Law {
    fn new(mode: Mode, [threshold, ratio, knee, _, _, range, makeup_db]: [f64; MOVING]) -> Self {
        let (side, base, way) = match mode {
            Mode::Compress => (1.0, 0.0, -1.0),
            Mode::Lift => (-1.0, WIDEST_DB, 1.0),
            Mode::Expand => (-1.0, WIDEST_DB, -1.0),
        };
        let slope = if mode == Mode::Expand { ratio - 1.0 } else { 1.0 - 1.0 / ratio };
        Law { curve: Curve { threshold_db: side * threshold, slope, knee_db: knee }, side, base, way, range, makeup_db }
    }

    /// What is to be smoothed at a level.
    #[inline(always)]
    fn ask(&self, level_db: f64) -> f64 {
        self.base + self.side * at_most(self.curve.reduction_db(self.side * level_db), self.range)
    }

    /// How far the level is moved, in dB, from what was smoothed.
    #[inline(always)]
    fn change_db(&self, smooth: f64) -> f64 {
        self.way * at_most(self.side * (smooth - self.base), self.range)
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
        let law = Law::new(band.mode, band.controls);
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
        self.law = Law::new(self.band.mode, self.band.controls);
        self.listen_afresh();
    }

    /// As if there had been silence until now.
    fn listen_afresh(&mut self) {
        self.detectors.iter_mut().for_each(Detector::reset);
        // Times so short that one step arrives.
        let mut at_once = Ballistics::new(Times::manual(0.0, 0.0, self.sample_rate));
        at_once.run(&mut [self.law.ask(-1000.0); 64]);
        self.ballistics = at_once;
        self.new_times = true;
        self.set_times();
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
                *law = Law::new(self.band.mode, controls);
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
                *level = law.ask(self.db_per_octave * log2(*level));
            }
        } else {
            ask(&self.law, self.db_per_octave, levels);
        }
        self.ballistics.run(levels);
        let gains = &mut self.gains[..frames];
        if moving {
            for ((gain, level), law) in gains.iter_mut().zip(levels.iter_mut()).zip(self.laws.iter()) {
                *level = law.change_db(*level);
                *gain = exp2(OCTAVES_PER_DB * (*level + law.makeup_db));
            }
        } else {
            give(&self.law, levels, gains);
        }
        for ((gain, mix), (reduction, change)) in
            gains.iter_mut().zip(mixes).zip(reductions.iter_mut().zip(levels.iter()))
        {
            let on = self.on.step();
            *gain = 1.0 + on * mix * (*gain - 1.0);
            *reduction = at_least(-change * on, *reduction);
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
        *level = law.ask(db_per_octave * log2(*level));
    }
}

#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn give(law: &Law, levels: &mut [f64], gains: &mut [f64]) {
    for (gain, level) in gains.iter_mut().zip(levels) {
        *level = law.change_db(*level);
        *gain = exp2(OCTAVES_PER_DB * (*level + law.makeup_db));
    }
}
