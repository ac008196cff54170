//! Plucked strings: a delay line that goes round, losing a little each time.
//!
//! Karplus and Strong, "Digital synthesis of plucked-string and drum timbres", *Computer Music Journal* 7(2), 1983, with the
//! extensions of Jaffe and Smith in the same issue: the pick's place as a comb (§5), its softness as a low-pass whose
//! corner rises with force (§4), decay by loss and damping (§3), and an all-pass that tunes between whole samples (§2).
//! Each string swings in two planes, a hair out of tune and dying at different rates, so that it sings before it fades.

use super::arithmetic::{RATE, cosine, exp2, pitch};
use super::filter::Svf;
use super::track::Track;
use crate::chance::Random;

/// What is plucked, and how.
#[derive(Clone, Copy)]
pub(crate) struct Pluck {
    /// MIDI note.
    pub(crate) note: f64,
    /// 0 to 1.
    pub(crate) force: f64,
    /// Frames until the string is stopped.
    pub(crate) held: f64,
    /// Where it is plucked, as a part of its length from the bridge.
    pub(crate) place: f64,
    /// How soft the fingertip is: the corner of the excitation at full force, in Hz.
    pub(crate) tip_hz: f64,
    /// Seconds until its fundamental has fallen by 60 dB.
    pub(crate) ring_s: f64,
    /// How much faster overtones die: 0 (steel) to 0.5 (gut).
    pub(crate) damping: f64,
}

/// One plane in which a string swings.
struct Plane {
    line: Vec<f64>,
    at: usize,
    last: f64,
    damping: f64,
    tune: f64,
    tuned_in: f64,
    tuned_out: f64,
}

impl Plane {
    fn new(hz: f64, damping: f64) -> Self {
        // The loop is as long as a period: whole samples, the damping's own delay, and the rest in the all-pass, whose
        // delay is best kept between a tenth and a whole sample more.
        let period = RATE / hz - damping;
        let whole = (period - 0.1) as usize;
        let rest = period - whole as f64;
        let tune = (1.0 - rest) / (1.0 + rest);
        Plane { line: vec![0.0; whole.max(2)], at: 0, last: 0.0, damping, tune, tuned_in: 0.0, tuned_out: 0.0 }
    }

    #[inline]
    fn step(&mut self, pluck: f64, keep: f64) -> f64 {
        let out = self.line[self.at];
        let lost = (out + self.damping * (self.last - out)) * keep;
        self.last = out;
        self.tuned_out = self.tune * (lost - self.tuned_out) + self.tuned_in;
        self.tuned_in = lost;
        self.line[self.at] = self.tuned_out + pluck;
        self.at += 1;
        if self.at == self.line.len() {
            self.at = 0;
        }
        out
    }
}

/// A string that was plucked.
pub(crate) struct Strung {
    planes: [Plane; 2],
    keep: f64,
    stopped: f64,
    held: usize,
    /// The shape of the pluck, over one period and its mirror at the pick's place.
    pulse: Vec<f64>,
}

impl Strung {
    pub(crate) fn new(pluck: &Pluck, hand: &mut Random) -> Self {
        let hz = pitch(pluck.note);
        let period = RATE / hz;
        // The finger's push, a little rough, softened, and its reflection from the bridge with opposite sign.
        let width = (RATE / pluck.tip_hz).max(4.0);
        let corner = pluck.tip_hz * exp2(1.6 * (pluck.force - 1.0));
        let mut soft = [Svf::new(corner, 0.55), Svf::new((hz * 3.0).max(corner * 0.5), 0.5)];
        let back = ((period * pluck.place) as usize).max(1);
        let length = period as usize + back + 1;
        let mut push = vec![0.0; length];
        for (i, value) in push.iter_mut().enumerate() {
            let t = i as f64 / width;
            let shape = if t < 1.0 { 0.5 - 0.5 * cosine(t) } else { 0.0 };
            let rough = if (i as f64) < period { 0.16 * hand.signed() } else { 0.0 };
            let raw = shape * (6.0 / width.min(60.0)) + rough * 0.25;
            let once = soft[0].step(raw).low;
            *value = (0.55 * once + 0.9 * soft[1].step(once).low) * pluck.force;
        }
        let pulse = (0..length).map(|i| push[i] - if i >= back { push[i - back] } else { 0.0 }).collect();
        let planes = [Plane::new(hz, pluck.damping), Plane::new(hz * 1.000_35, pluck.damping)];
        // So much each time round that a second has hz of them.
        let keep = exp2(-9.965_784_284_662_087 / (pluck.ring_s * hz));
        let stopped = exp2(-9.965_784_284_662_087 / (0.16 * hz));
        Strung { planes, keep, stopped, held: pluck.held as usize, pulse }
    }

    /// The force on the bridge at a frame, which must be asked for in order.
    #[inline]
    pub(crate) fn step(&mut self, frame: usize) -> f64 {
        let pluck = self.pulse.get(frame).copied().unwrap_or(0.0);
        let keep = if frame < self.held { self.keep } else { self.stopped };
        // The plane across the soundboard gives its energy away sooner.
        let up = self.planes[0].step(pluck, keep * keep);
        let along = self.planes[1].step(0.6 * pluck, keep);
        up + along
    }
}

/// The box of an instrument: resonances beside the string's own sound.
pub(crate) struct Body {
    modes: Vec<(Svf, f64)>,
    top: Svf,
    dry: f64,
}

/// A classical guitar's: air in the hole, top plate, two of its higher modes (Fletcher and Rossing, *The Physics of
/// Musical Instruments*, 2nd ed., §9.4).
pub(crate) const GUITAR: &[(f64, f64, f64)] =
    &[(102.0, 9.0, 0.55), (204.0, 11.0, 0.5), (395.0, 12.0, 0.28), (560.0, 10.0, 0.2), (1180.0, 6.0, 0.12)];
/// A double bass's.
pub(crate) const CONTRABASS: &[(f64, f64, f64)] =
    &[(62.0, 5.0, 0.5), (101.0, 6.0, 0.6), (168.0, 7.0, 0.35), (310.0, 6.0, 0.2), (740.0, 4.0, 0.15)];
/// A concert harp's: long and shallow, it adds little.
pub(crate) const HARP: &[(f64, f64, f64)] =
    &[(146.0, 6.0, 0.3), (260.0, 6.0, 0.3), (430.0, 6.0, 0.2), (900.0, 4.0, 0.15)];
/// A violoncello's: air, main wood, and the hill of its bridge (Fletcher and Rossing, §10.5).
pub(crate) const CELLO: &[(f64, f64, f64)] = &[
    (102.0, 6.0, 0.45),
    (176.0, 8.0, 0.6),
    (232.0, 8.0, 0.4),
    (410.0, 6.0, 0.35),
    (680.0, 5.0, 0.3),
    (1500.0, 2.5, 0.35),
    (2400.0, 2.0, 0.3),
];
/// Violins and violas together: the same family, smaller.
pub(crate) const VIOLA: &[(f64, f64, f64)] = &[
    (228.0, 6.0, 0.35),
    (350.0, 7.0, 0.5),
    (445.0, 7.0, 0.4),
    (850.0, 5.0, 0.3),
    (1200.0, 4.0, 0.3),
    (2600.0, 2.0, 0.4),
];

impl Body {
    /// From Hz, Q and level of each resonance; how much of the string comes past them; and where its top ends.
    pub(crate) fn new(modes: &[(f64, f64, f64)], dry: f64, top_hz: f64) -> Self {
        let modes = modes.iter().map(|(hz, q, level)| (Svf::new(*hz, *q), *level)).collect();
        Body { modes, top: Svf::new(top_hz, 0.6), dry }
    }

    #[inline]
    fn step(&mut self, string: f64) -> f64 {
        let rung: f64 = self.modes.iter_mut().map(|(mode, level)| mode.step(string).band * *level).sum();
        self.top.step(string * self.dry + rung).low
    }

    /// A whole track of strings, as it leaves the box.
    pub(crate) fn over(mut self, track: &mut Track) {
        for sample in &mut track.samples {
            *sample = self.step(f64::from(*sample)) as f32;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Pluck, Strung};
    use crate::chance::Random;
    use crate::demo::instruments::arithmetic::{RATE, pitch};

    /// The tuning all-pass does its work: cents from the note asked for, by the best lag of a long stretch.
    #[test]
    fn strings_are_in_tune_and_ring_as_long_as_they_should() {
        for note in [38.0, 50.0, 57.0, 64.0, 71.0, 79.0] {
            let pluck = Pluck { note, force: 0.8, held: 1e9, place: 0.2, tip_hz: 3000.0, ring_s: 4.0, damping: 0.25 };
            let mut string = Strung::new(&pluck, &mut Random::new(1));
            let sound: Vec<f64> = (0..60_000).map(|i| string.step(i)).collect();
            let period = RATE / pitch(note);
            // Over ten periods, so that a cent is a tenth of one.
            let likeness = |lag: usize| -> f64 { (9000..21_000).map(|i| sound[i] * sound[i + lag]).sum() };
            let (low, high) = ((period * 9.8) as usize, (period * 10.2) as usize + 1);
            let best = (low..=high).max_by(|a, b| likeness(*a).total_cmp(&likeness(*b))).expect("a range");
            let (l, m, r) = (likeness(best - 1), likeness(best), likeness(best + 1));
            let found = (best as f64 + 0.5 * (l - r) / (l - 2.0 * m + r)) / 10.0;
            let cents = 1200.0 * (period / found).log2();
            assert!(cents.abs() < 4.0, "note {note}: {cents:.2} cents off");
            let power = |from: usize| sound[from..from + 4800].iter().map(|s| s * s).sum::<f64>();
            let fallen = 10.0 * (power(2400) / power(50_400)).log10();
            assert!((8.0..45.0).contains(&fallen), "note {note}: {fallen:.1} dB in a second");
        }
    }
}
