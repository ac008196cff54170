//! One band of the dynamic equalizer: its ear, its law, its filter.
//!
//! The law asks for a part of the range, 0 to 1, and the ballistics smooth that part; so a range that moves is heard at
//! once and never against a reduction of yesterday's range, not even where it changes its sign.

use tonmeister_core::{Layout, View};

use super::DynamicBand;
use crate::biquad::Biquad;
use crate::control::{Control, JUMP_MS};
use crate::dynamics::ballistics::{Ballistics, Times};
use crate::dynamics::curve::{Curve, at_least};
use crate::dynamics::detector::{Detector, DetectorKind, Listening};
use crate::eq::prototype::{Corner, Prototype};
use crate::eq::svf::Svf;
use crate::eq::{Band, Shape};
use crate::math::log2;
use crate::travel::Travel;

/// How many frames are worked on at a time.
pub(super) const PART: usize = 64;
/// `when = "below"`.
pub(super) const BELOW: f64 = 1.0;
/// `hears = "whole"`.
pub(super) const WHOLE: f64 = 1.0;
/// The most gain in dB, up or down: the greatest resting gain and the greatest range.
const SPAN: usize = 36;
/// Nothing is heard louder than this (80 dB above full scale): a detector would not forget it for seconds.
const LOUDEST: f32 = 1e4;
/// A state below this is nothing (−500 dB).
const TINY: f64 = 1e-25;

/// What may move: resting gain, range, threshold, ratio, knee, attack, release.
const MOVING: usize = 7;
const ATTACK: usize = 5;
/// Where these begin among the band's parameters, and where its switch is.
const FIRST: usize = 2;
const ON: usize = 11;

/// A band that sounds.
pub(super) struct Running {
    settings: DynamicBand,
    kind: DetectorKind,
    sample_rate: u32,
    controls: [Control; MOVING],
    on: Travel,
    /// The side-chain's filter, none when the band hears everything, and its states for each side.
    ear: Option<Biquad>,
    ear_states: [[f64; 2]; 2],
    detectors: [Detector; 2],
    ballistics: Ballistics,
    new_times: bool,
    /// The filter at −[`SPAN`], …, 0, …, [`SPAN`] dB.
    designs: Vec<Biquad>,
    table: Vec<Svf>,
    states: [[f64; 2]; 2],
    /// Of each frame: the resting gain, the range, and how much of it is given.
    base: [f64; PART],
    reach: [f64; PART],
    lane: [f64; PART],
}

/// The filter at every decibel. A cut is the boost turned over; at 0 dB the zeros lie on the poles.
fn designs(band: &Band, sample_rate: f64) -> Vec<Biquad> {
    let at = |gain_db: f64| Band { gain_db, ..*band }.settled(sample_rate).as_slice()[0];
    let mut all = vec![Biquad::IDENTITY; 2 * SPAN + 1];
    for db in 1..=SPAN {
        let boost = at(db as f64);
        (all[SPAN + db], all[SPAN - db]) = (boost, boost.inverse());
    }
    let Biquad { a1, a2, .. } = at(1e-3);
    all[SPAN] = Biquad { b0: 1.0, b1: a1, b2: a2, a1, a2 };
    all
}

impl Running {
    pub(super) fn new(settings: &DynamicBand, listening: &Listening, sample_rate: u32) -> Running {
        let rate = f64::from(sample_rate);
        let Band { shape, hz, q, .. } = settings.band;
        let corner = Corner::butterworth(hz, 2);
        let ear = match shape {
            _ if settings.whole => None,
            Shape::LowShelf { .. } => Prototype::lowpass(corner).next(),
            Shape::HighShelf { .. } => Prototype::highpass(corner).next(),
            _ => Some(Prototype::bandpass(hz, q)),
        };
        let designs = designs(&settings.band, rate);
        let detector = Detector::new(listening, sample_rate);
        let mut running = Running {
            settings: *settings,
            kind: listening.kind,
            sample_rate,
            controls: [Control::plain(0.0); MOVING],
            on: Travel::new(0.0, sample_rate),
            ear: ear.map(|prototype| prototype.bilinear(rate)),
            ear_states: [[0.0; 2]; 2],
            detectors: [detector.clone(), detector],
            ballistics: Ballistics::new(Times::manual(1.0, 1.0, sample_rate)),
            new_times: false,
            table: designs.iter().map(Svf::of).collect(),
            designs,
            states: [[0.0; 2]; 2],
            base: [0.0; PART],
            reach: [0.0; PART],
            lane: [0.0; PART],
        };
        running.reset();
        running
    }

    pub(super) fn reset(&mut self) {
        let DynamicBand { band, range_db, threshold_db, ratio, knee_db, attack_ms, release_ms, on, .. } = self.settings;
        let born = [band.gain_db, range_db, threshold_db, ratio, knee_db, attack_ms, release_ms];
        for (i, (control, value)) in self.controls.iter_mut().zip(born).enumerate() {
            *control = if i < ATTACK { Control::rounded(value, self.sample_rate) } else { Control::plain(value) };
        }
        self.on = Travel::new(if on { 1.0 } else { 0.0 }, self.sample_rate);
        self.detectors.iter_mut().for_each(Detector::reset);
        self.ballistics = Ballistics::new(Times::manual(attack_ms, release_ms, self.sample_rate));
        self.new_times = false;
        (self.ear_states, self.states) = Default::default();
    }

    /// One of the band's parameters starts to move. Jumps travel in 50 ms; those of times are over at once, for they
    /// make no click.
    pub(super) fn begin(&mut self, param: usize, value: f64, glide: u32) {
        if param == ON {
            self.on.to(value, 0);
        } else if let Some(moving) = param.checked_sub(FIRST).filter(|moving| *moving < MOVING) {
            let jump = (JUMP_MS * f64::from(self.sample_rate) / 1000.0) as u32;
            let glide = if glide == 0 && moving < ATTACK { jump } else { glide };
            self.controls[moving].to(value, glide);
            self.new_times |= moving >= ATTACK;
        }
    }

    /// On every [`PART`]th frame.
    pub(super) fn tick(&mut self) {
        if self.new_times {
            let [.., attack, release] = self.controls.map(|control| control.value());
            self.ballistics.set_times(Times::manual(attack, release, self.sample_rate));
            self.new_times = self.controls[ATTACK..].iter().any(Control::moving);
        }
    }

    /// States that have become nothing come to rest.
    pub(super) fn settle(&mut self) {
        self.detectors.iter_mut().for_each(Detector::settle);
        self.ballistics.settle();
        for state in self.states.iter_mut().chain(&mut self.ear_states).flatten() {
            if state.abs() < TINY {
                *state = 0.0;
            }
        }
    }

    /// The law that the controls make. A range of the other sign turns the other way: what evened out exaggerates.
    fn curve(&self) -> Curve {
        let [_, range, threshold, ratio, knee, ..] = self.controls.map(|control| control.value());
        match (self.settings.below, range < 0.0) {
            (false, true) => Curve::new(threshold, ratio, knee),
            (false, false) => {
                let mut lift = Curve::new(threshold, 1.0, knee);
                lift.slope = ratio - 1.0;
                lift
            }
            (true, true) => Curve::expanding(threshold, ratio, knee),
            (true, false) => Curve::lifting(threshold, ratio, knee),
        }
    }

    /// What is asked for at a level: rises with it, so that an attack is always the answer to more sound.
    fn demand(&self, curve: &Curve, range_db: f64, level_db: f64) -> f64 {
        let part = (curve.turn_db(level_db) / at_least(range_db.abs(), 1e-9)).min(1.0);
        if self.settings.below { 1.0 - part } else { part }
    }

    /// Hears a part of the side-chain, and finds out how much of the range is given in each frame.
    pub(super) fn listen(&mut self, heard: View<'_>) {
        let frames = heard.frames();
        let mut other = [0.0; PART];
        for (side, samples) in heard.channels().enumerate() {
            let mut band = [0.0_f32; PART];
            let band = &mut band[..frames];
            match &self.ear {
                Some(ear) => through(ear, &mut self.ear_states[side], samples, band),
                None => band.iter_mut().zip(samples).for_each(|(y, x)| *y = bounded(*x)),
            }
            let into = if side == 0 { &mut self.lane } else { &mut other };
            self.detectors[side].run(band, &mut into[..frames]);
        }
        if heard.layout() == Layout::Stereo {
            self.lane.iter_mut().zip(&other).for_each(|(a, b)| *a = at_least(*a, *b));
        }
        let scale = self.kind.db_per_octave();
        if self.controls.iter().any(Control::moving) || self.on.moving() {
            for n in 0..frames {
                self.controls.iter_mut().for_each(|control| {
                    control.step();
                });
                let on = self.on.step();
                let (gain, range) = (self.controls[0].value(), self.controls[1].value());
                (self.base[n], self.reach[n]) = (on * gain, on * range);
                self.lane[n] = self.demand(&self.curve(), range, scale * log2(self.lane[n]));
            }
        } else {
            let (on, gain, range) = (self.on.value(), self.controls[0].value(), self.controls[1].value());
            self.base.fill(on * gain);
            self.reach.fill(on * range);
            let curve = self.curve();
            for n in 0..frames {
                self.lane[n] = self.demand(&curve, range, scale * log2(self.lane[n]));
            }
        }
        self.ballistics.run(&mut self.lane[..frames]);
        if self.settings.below {
            self.lane[..frames].iter_mut().for_each(|part| *part = 1.0 - *part);
        }
    }

    /// Puts its reductions in the place of those that are nearer to none.
    pub(super) fn furthest(&self, reductions: &mut [f64]) {
        for (n, furthest) in reductions.iter_mut().enumerate() {
            let own = -self.reach[n] * self.lane[n];
            if own.abs() > furthest.abs() {
                *furthest = own;
            }
        }
    }

    /// The filter at a gain, between its two neighbors in the table.
    #[inline]
    fn at(&self, db: f64) -> Svf {
        let place = (db + SPAN as f64).clamp(0.0, 2.0 * SPAN as f64);
        let below = (place as usize).min(2 * SPAN - 1);
        let step = self.table[below].step_to(self.table[below + 1], 1);
        self.table[below].after(step, place - below as f64)
    }

    /// Filters a part.
    pub(super) fn run<const CHANNELS: usize>(&mut self, wire: &mut [[f64; PART]; 2], frames: usize) {
        let mut states = self.states;
        let mut last = f64::NAN;
        let mut svf = self.table[SPAN];
        let [mut a1, mut a2, mut a3] = [0.0; 3];
        for n in 0..frames {
            let db = self.base[n] + self.reach[n] * self.lane[n];
            if db != last {
                svf = self.at(db);
                a1 = 1.0 / (1.0 + svf.g * (svf.g + svf.k));
                a2 = svf.g * a1;
                a3 = svf.g * a2;
                last = db;
            }
            for (s, wire) in states.iter_mut().zip(&mut *wire).take(CHANNELS) {
                let x = wire[n];
                let v3 = x - s[1];
                let v1 = a1 * s[0] + a2 * v3;
                let v2 = s[1] + (a2 * s[0] + a3 * v3);
                *s = [2.0 * v1 - s[0], 2.0 * v2 - s[1]];
                wire[n] = svf.high * (x - svf.k * v1 - v2) + (svf.band * v1 + svf.low * v2);
            }
        }
        self.states = states;
    }

    /// Of all that it may be with the settings it was born with, what rings longest.
    pub(super) fn longest(&self) -> Biquad {
        let DynamicBand { band, range_db, .. } = self.settings;
        let ends = [band.gain_db, band.gain_db + range_db, 0.0];
        let least = ends.iter().fold(0.0_f64, |a, b| a.min(*b)).floor();
        let most = ends.iter().fold(0.0_f64, |a, b| a.max(*b)).ceil();
        let place = |db: f64| ((db + SPAN as f64) as usize).min(2 * SPAN);
        let may_be = &self.designs[place(least)..=place(most)];
        let resting = range_db == 0.0 && band.gain_db == 0.0;
        let longest = may_be.iter().max_by(|a, b| a.pole_radius().total_cmp(&b.pole_radius()));
        longest.copied().filter(|_| !resting).unwrap_or(Biquad::IDENTITY)
    }
}

/// What a detector may hear of a sample.
fn bounded(x: f32) -> f32 {
    if x.is_finite() { x.clamp(-LOUDEST, LOUDEST) } else { 0.0 }
}

/// Filters what a detector is to hear.
fn through(ear: &Biquad, state: &mut [f64; 2], samples: &[f32], out: &mut [f32]) {
    let Biquad { b0, b1, b2, a1, a2 } = *ear;
    let [mut s1, mut s2] = *state;
    for (out, x) in out.iter_mut().zip(samples) {
        let x = f64::from(bounded(*x));
        let y = b0 * x + s1;
        s1 = s2 + b1 * x - a1 * y;
        s2 = b2 * x - a2 * y;
        *out = y as f32;
    }
    *state = [s1, s2];
}
