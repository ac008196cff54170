//! The balance corrector: a hand on the balance knob, very slow.
//!
//! Mean powers of left and right, and of their product, are followed over `speed_s`; what lies below −60 dBFS does not
//! count, so a pause changes nothing. From them follows how many decibels the left is louder, in one of two ways:
//!
//! - *level*: the ratio of the powers. Answered with gains, half of the difference to each side.
//! - *axis*: the angle of the image's longest axis, `½·atan2(2·E[LR], E[LL] − E[RR])`: where the strongest thing that
//!   both sides share stands. Answered with a rotation, which moves the image and keeps its power.
//!
//! ```
//! use tonmeister_core::{Buffer, Effect, Layout, Settings, Stream};
//! use tonmeister_dsp::{stereo::BalanceCorrector, testing};
//!
//! let settings = Settings::new(BalanceCorrector::SPEC).with("speed_s", 1.0);
//! let stream = Stream { sample_rate: 8000, layout: Layout::Stereo, max_block: 4096, seed: 1 };
//! let input = Buffer::from_stereo(testing::noise(1, 0.4, 80_000), testing::noise(2, 0.3, 80_000)); // 2.5 dB apart
//! let out = testing::run(&mut *BalanceCorrector::from_settings(&settings).build(&stream).unwrap(), &input, &[512], &[]);
//! let power = |c: usize| out.channel(c)[72_000..].iter().map(|x| x * x).sum::<f32>();
//! assert!((10.0 * (power(0) / power(1)).log10()).abs() < 0.3);
//! ```

#![allow(
    clippy::inline_always,
    reason = "left out of line they would be compiled without their caller's vector instructions"
)]

use tonmeister_core::{
    BuildError, Choice, Effect, EffectSpec, Family, ParamSpec, Processor, Settings, Stream, Tail, Unit,
};

use super::{frame, sides, two_sides};
use crate::math::{amplitude_of_db, db_of_amplitude};
use crate::modulation::rig::{Knobs, Machine, Running, flush};

/// The powers are looked at whenever so many frames have passed; in between the correction goes in straight lines.
const TICK: u32 = 64;
/// Quieter stretches do not count: −60 dBFS of both sides' mean power.
const GATE: f64 = 1e-6;
/// A sample that is louder counts as this, 12 dB above full scale, so that no fault upstream is remembered for long.
const LOUDEST: f64 = 4.0;

const SPEC: EffectSpec = EffectSpec {
    id: "balance_corrector",
    name: "Balance corrector",
    family: Family::Stereo,
    summary: "Brings an image that leans to one side back to the middle, slowly.",
    doc: "For live recordings and transfers whose channels were not set alike, a stereo pair that stood askew, long \
          material nobody wants to ride. It follows the balance over `speed_s` and takes `amount_percent` of what it \
          finds away, up to `range_db`; the first seconds of a song are on their way there. It cannot know what was meant: a \
          guitar that plays alone on the left for a minute will be pulled toward the middle. Keep the speed slow, the \
          range small, and bypass it where the lean is music. `axis` turns the image toward what both sides share and \
          holds still while the sides are more out of phase than in; `level` weighs the sides and nothing else.",
    params: &[
        ParamSpec::choice(
            "method",
            "Method",
            &[
                Choice { id: "level", doc: "left and right are brought to one level by gains" },
                Choice { id: "axis", doc: "the image is turned until its longest axis stands in the middle" },
            ],
            "What counts as balanced, and how it is answered.",
        ),
        ParamSpec::number(
            "amount_percent",
            "Amount",
            Unit::Percent,
            (0.0, 100.0),
            100.0,
            "How much of the lean is taken away.",
        ),
        ParamSpec::number(
            "range_db",
            "Range",
            Unit::Db,
            (0.0, 12.0),
            6.0,
            "The most that is corrected, as a difference between left and right. For `axis`: the angle at which a \
             source has that difference.",
        ),
        ParamSpec::number(
            "speed_s",
            "Speed",
            Unit::Seconds,
            (1.0, 60.0),
            10.0,
            "Time over which the balance is measured, and again in which 63 % of a correction has come.",
        )
        .logarithmic(),
    ],
    groups: &[],
    files: &[],
    stereo_only: true,
    key: tonmeister_core::KeyUse::None,
    sources: &["I. T. Jolliffe: Principal component analysis, 2nd ed., 2002, ch. 1 (the axis)"],
};

/// The effect `balance_corrector`.
#[derive(Clone, Debug)]
pub struct BalanceCorrector(Settings);

impl Effect for BalanceCorrector {
    const SPEC: &'static EffectSpec = &SPEC;

    fn from_settings(settings: &Settings) -> Self {
        BalanceCorrector(settings.clone())
    }

    fn build(&self, stream: &Stream) -> Result<Box<dyn Processor>, BuildError> {
        two_sides(stream, "a balance corrector")?;
        let machine = Hand {
            by_axis: self.0.get("method") == 1.0,
            rate: f64::from(stream.sample_rate),
            amount: 0.0,
            range_db: 0.0,
            part: 0.0,
            here: [0.0; 3],
            means: [0.0; 3],
            lean_db: 0.0,
            passed: 0,
            matrix: STRAIGHT,
            step: [[0.0; 2]; 2],
        };
        Ok(Running::boxed(&self.0, stream, machine))
    }
}

/// Changes nothing.
const STRAIGHT: [[f64; 2]; 2] = [[1.0, 0.0], [0.0, 1.0]];

struct Hand {
    by_axis: bool,
    rate: f64,
    amount: f64,
    range_db: f64,
    /// How much of the way the one-poles cover per tick.
    part: f64,
    /// Sums over this tick: left, right, their product.
    here: [f64; 3],
    /// The same, followed.
    means: [f64; 3],
    /// How much louder the left is, followed once more.
    lean_db: f64,
    /// Frames of this tick.
    passed: u32,
    matrix: [[f64; 2]; 2],
    step: [[f64; 2]; 2],
}

impl Hand {
    /// How many decibels the left is louder, if it can be told.
    fn measured(&self) -> Option<f64> {
        let [left, right, both] = self.means;
        if left + right <= 0.0 {
            return None;
        }
        if !self.by_axis {
            return Some(0.5 * db_of_amplitude(left.max(1e-30) / right.max(1e-30)));
        }
        // The axis between the sides, 0 on the left and a quarter of a turn on the right: its tangent is R over L.
        let tangent = 2.0 * both / ((left - right) + (left - right).hypot(2.0 * both));
        (both > 0.0).then(|| -db_of_amplitude(tangent.clamp(1e-6, 1e6)))
    }

    fn tick(&mut self) {
        let here = std::mem::take(&mut self.here).map(|sum| sum / f64::from(TICK));
        if here[0] + here[1] > 2.0 * GATE {
            for (mean, here) in self.means.iter_mut().zip(here) {
                *mean += self.part * (here - *mean);
            }
            if let Some(lean_db) = self.measured() {
                self.lean_db += self.part * (lean_db.clamp(-self.range_db, self.range_db) - self.lean_db);
            }
        }
        let aim = self.aim();
        for (step, (to, from)) in
            self.step.as_flattened_mut().iter_mut().zip(aim.as_flattened().iter().zip(self.matrix.as_flattened()))
        {
            *step = (to - from) / f64::from(TICK);
        }
    }

    /// What takes the lean away.
    fn aim(&self) -> [[f64; 2]; 2] {
        let lean_db = self.amount * self.lean_db.clamp(-self.range_db, self.range_db);
        if lean_db == 0.0 {
            return STRAIGHT;
        }
        if !self.by_axis {
            let gain = amplitude_of_db(0.5 * lean_db);
            return [[1.0 / gain, 0.0], [0.0, gain]];
        }
        // From the source's place, tan θ = R/L, to the middle: sin and cos of 45° − θ without angles.
        let (l, r) = (amplitude_of_db(0.5 * lean_db), amplitude_of_db(-0.5 * lean_db));
        let norm = (2.0 * (l * l + r * r)).sqrt();
        let (cos, sin) = ((l + r) / norm, (l - r) / norm);
        [[cos, -sin], [sin, cos]]
    }
}

impl Machine for Hand {
    fn turn(&mut self, knobs: &[f64]) {
        let &[_, amount_percent, range_db, speed_s] = knobs else { return };
        self.amount = 0.01 * amount_percent;
        self.range_db = range_db;
        self.part = -(-f64::from(TICK) / (speed_s * self.rate)).exp_m1();
    }

    #[inline(always)]
    fn frame<const C: usize>(&mut self, input: [f64; C]) -> [f64; C] {
        let [l, r] = sides(input);
        for (row, step) in self.matrix.iter_mut().zip(&self.step) {
            row[0] += step[0];
            row[1] += step[1];
        }
        let (heard_l, heard_r) = (l.clamp(-LOUDEST, LOUDEST), r.clamp(-LOUDEST, LOUDEST));
        self.here[0] += heard_l * heard_l;
        self.here[1] += heard_r * heard_r;
        self.here[2] += heard_l * heard_r;
        self.passed += 1;
        if self.passed == TICK {
            self.passed = 0;
            self.tick();
        }
        frame(self.matrix.map(|[of_left, of_right]| of_left * l + of_right * r))
    }

    fn flush(&mut self) {
        self.means.iter_mut().for_each(flush);
    }

    fn tail(&self, _: &Knobs) -> Tail {
        Tail::Frames(0)
    }

    fn reset(&mut self) {
        (self.here, self.means, self.lean_db, self.passed) = ([0.0; 3], [0.0; 3], 0.0, 0);
        (self.matrix, self.step) = (STRAIGHT, [[0.0; 2]; 2]);
    }
}

#[cfg(test)]
mod tests {
    use tonmeister_core::{Buffer, Layout};

    use super::*;
    use crate::modulation::bench;
    use crate::testing::{noise, run, sine};

    const RATE: u32 = 8000;

    fn level_db(out: &Buffer, channel: usize, from: usize, to: usize) -> f64 {
        let power: f64 = out.channel(channel)[from..to].iter().map(|x| f64::from(x * x)).sum();
        10.0 * (power / (to - from) as f64).log10()
    }

    fn lean(out: &Buffer, from: usize, to: usize) -> f64 {
        level_db(out, 0, from, to) - level_db(out, 1, from, to)
    }

    /// Unrelated noises, the left that much louder.
    fn leaning(db: f64, frames: usize) -> Buffer {
        let gain = 10.0_f64.powf(-db / 20.0) as f32;
        Buffer::from_stereo(noise(1, 0.5, frames), noise(2, 0.5 * gain, frames))
    }

    #[test]
    fn a_lean_is_taken_away_up_to_the_range() {
        // Asked: the middle. Reached: within 0.15 dB of what is written after ten times the speed.
        for (db, amount, range, left) in [
            (3.0, 100.0, 6.0, 0.0),
            (-3.0, 100.0, 6.0, 0.0),
            (4.0, 50.0, 6.0, 2.0),
            (9.0, 100.0, 6.0, 3.0),
            (5.0, 100.0, 0.0, 5.0),
        ] {
            let settings =
                Settings::new(&SPEC).with("speed_s", 1.0).with("amount_percent", amount).with("range_db", range);
            let input = leaning(db, 88_000);
            let out =
                run(&mut *bench::at_rate::<BalanceCorrector>(&settings, Layout::Stereo, RATE), &input, &[512], &[]);
            let (before, after) = (lean(&input, 80_000, 88_000), lean(&out, 80_000, 88_000));
            assert!((after - left - (before - db)).abs() < 0.15, "{db} dB, {amount} %, {range} dB: {after}");
        }
    }

    #[test]
    fn the_axis_turns_a_source_to_the_middle_and_keeps_its_power() {
        let (voice, room) = (sine(440.0, 0.5, RATE, 88_000), [noise(5, 0.02, 88_000), noise(6, 0.02, 88_000)]);
        let mix = |gain: f32, c: usize| voice.iter().zip(&room[c]).map(|(v, n)| gain * v + n).collect::<Vec<f32>>();
        let input = Buffer::from_stereo(mix(1.0, 0), mix(0.6, 1));
        let settings = Settings::new(&SPEC).with("speed_s", 1.0).with("method", 1.0);
        let out = run(&mut *bench::at_rate::<BalanceCorrector>(&settings, Layout::Stereo, RATE), &input, &[512], &[]);
        assert!(lean(&out, 80_000, 88_000).abs() < 0.05);
        let power = |of: &Buffer| (0..2).map(|c| 10.0_f64.powf(0.1 * level_db(of, c, 80_000, 88_000))).sum::<f64>();
        assert!((10.0 * (power(&out) / power(&input)).log10()).abs() < 0.001);
        // Out of phase there is no middle to turn to.
        let inverted = Buffer::from_stereo(mix(1.0, 0), mix(-0.6, 1));
        let out =
            run(&mut *bench::at_rate::<BalanceCorrector>(&settings, Layout::Stereo, RATE), &inverted, &[512], &[]);
        assert_eq!(out, inverted);
    }

    #[test]
    fn pauses_change_nothing_and_speed_is_slow() {
        let settings = Settings::new(&SPEC).with("speed_s", 2.0);
        let mut input = leaning(4.0, 96_000);
        for c in 0..2 {
            input.channel_mut(c)[48_000..80_000].iter_mut().for_each(|x| *x *= 1e-4);
        }
        let out = run(&mut *bench::at_rate::<BalanceCorrector>(&settings, Layout::Stereo, RATE), &input, &[512], &[]);
        let lean = |from: usize, to: usize| lean(&out, from, to) - lean(&input, from, to);
        // Over four seconds of silence the hand does not move.
        assert!((lean(47_900, 48_000) - lean(79_800, 79_900)).abs() < 0.01);
        // After the speed's two seconds 1 − 1/e of the measured lean is corrected.
        assert!((-3.1..-2.0).contains(&lean(15_900, 16_100)), "{}", lean(15_900, 16_100));
    }

    #[test]
    fn nothing_clicks() {
        // Asked: −100 dB, with 8 dB to correct.
        let tone = |peak| sine(1000.0, peak, 48_000, 48_000);
        let input = Buffer::from_stereo(tone(0.3), tone(0.12));
        for method in [0.0, 1.0] {
            let settings = Settings::new(&SPEC).with("method", method).with("speed_s", 1.0);
            let moves = [("amount_percent", 0.0, 100.0), ("range_db", 1.0, 12.0), ("speed_s", 1.0, 20.0)];
            bench::assert_no_zipper_on::<BalanceCorrector>(&settings, &moves, -100.0, &input);
        }
    }
}
