//! Mid and side instead of left and right, and back.
//!
//! Encoding: M = (L + R)/2 on the left channel, S = (L − R)/2 on the right. Decoding: L = M + S, R = M − S. One after
//! the other they are nothing at all, to the last bit or two of a sample.
//!
//! ```
//! use tonmeister_core::{Buffer, Context, Effect, Layout, Settings, Stream};
//! use tonmeister_dsp::stereo::MidSide;
//!
//! let stream = Stream { sample_rate: 48_000, layout: Layout::Stereo, max_block: 64, seed: 1 };
//! let mut audio = Buffer::from_stereo(vec![0.5; 64], vec![0.25; 64]);
//! let encode = Settings::new(MidSide::SPEC);
//! MidSide::from_settings(&encode).build(&stream).unwrap().process(&mut audio.block(64), &Context::default());
//! assert!(audio.channel(0) == [0.375; 64] && audio.channel(1) == [0.125; 64]);
//! ```

#![allow(
    clippy::inline_always,
    reason = "left out of line they would be compiled without their caller's vector instructions"
)]

use tonmeister_core::{
    BuildError, Choice, Effect, EffectSpec, Family, Memory, ParamSpec, Processor, Settings, Stream, Tail, Unit,
};

use super::{frame, sides, two_sides};
use crate::math::amplitude_of_db;
use crate::modulation::rig::{Knobs, Machine, Running};

const SPEC: EffectSpec = EffectSpec {
    id: "mid_side",
    name: "Mid/side",
    family: Family::Stereo,
    summary: "Turns left and right into mid and side, or back, with a gain for each.",
    doc: "Encode, put effects behind that treat the two channels apart, decode: an equalizer then hears the middle of \
          the image on the left channel and its sides on the right. The half is taken when encoding, so encoding and \
          decoding give back the input. Also for recordings that were made as mid and side: a cardioid microphone \
          toward the source and a figure of eight across it. Whatever stands between the two should treat both \
          channels alike in time: a delay on one of them turns the image.",
    params: &[
        ParamSpec::choice(
            "direction",
            "Direction",
            &[
                Choice { id: "encode", doc: "left becomes mid, right becomes side" },
                Choice { id: "decode", doc: "left is taken as mid, right as side" },
            ],
            "Into mid and side, or back.",
        ),
        ParamSpec::number("mid_db", "Mid", Unit::Db, (-24.0, 24.0), 0.0, "Gain of the middle."),
        ParamSpec::number("side_db", "Side", Unit::Db, (-24.0, 24.0), 0.0, "Gain of what differs between the sides."),
    ],
    groups: &[],
    files: &[],
    stereo_only: true,
    key: tonmeister_core::KeyUse::None,
    sources: &["A. D. Blumlein: British patent 394 325, 1931 (sum and difference of two channels)"],
};

/// The effect `mid_side`.
#[derive(Clone, Debug)]
pub struct MidSide(Settings);

impl Effect for MidSide {
    const SPEC: &'static EffectSpec = &SPEC;

    fn from_settings(settings: &Settings) -> Self {
        MidSide(settings.clone())
    }

    fn build(&self, stream: &Stream) -> Result<Box<dyn Processor>, BuildError> {
        two_sides(stream, "mid and side")?;
        let machine = Matrix { decode: self.0.get("direction") == 1.0, gains: [1.0; 2] };
        Ok(Running::boxed(&self.0, stream, machine))
    }
}

struct Matrix {
    decode: bool,
    gains: [f64; 2],
}

impl Machine for Matrix {
    fn turn(&mut self, knobs: &[f64]) {
        let &[_, mid_db, side_db] = knobs else { return };
        self.gains = [mid_db, side_db].map(amplitude_of_db);
    }

    #[inline(always)]
    fn frame<const C: usize>(&mut self, input: [f64; C]) -> [f64; C] {
        let [a, b] = sides(input);
        let [mid, side] = self.gains;
        frame(if self.decode {
            let (mid, side) = (a * mid, b * side);
            [mid + side, mid - side]
        } else {
            [0.5 * (a + b) * mid, 0.5 * (a - b) * side]
        })
    }

    fn tail(&self, _: &Knobs) -> Tail {
        Tail::Frames(0)
    }

    fn memory(&self, knobs: &Knobs) -> Memory {
        Memory::of_ringing(self.tail(knobs))
    }

    fn reset(&mut self) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modulation::bench;
    use crate::testing::{run, stereo_noise};

    #[test]
    fn there_and_back_is_nothing() {
        // Asked: an exact null. Reached: one rounding of f32 on the way, −150 dB of full scale at most.
        let input = stereo_noise(3, 0.9, 20_000);
        let middle = run(&mut *bench::stereo::<MidSide>(&Settings::new(&SPEC)), &input, &[512], &[]);
        let decode = Settings::new(&SPEC).with("direction", 1.0);
        let output = run(&mut *bench::stereo::<MidSide>(&decode), &middle, &[512], &[]);
        bench::assert_near(&output, &input, 6e-8);
        // The mid carries the mono sum, the side what it lacks.
        for n in 0..20_000 {
            let [l, r] = [input.channel(0)[n], input.channel(1)[n]].map(f64::from);
            assert!((f64::from(middle.channel(0)[n]) - 0.5 * (l + r)).abs() < 6e-8);
            assert!((f64::from(middle.channel(1)[n]) - 0.5 * (l - r)).abs() < 6e-8);
        }
    }

    #[test]
    fn gains_are_decibels_and_move_in_silence() {
        let input = stereo_noise(3, 0.5, 1000);
        let louder = Settings::new(&SPEC).with("mid_db", 6.0).with("side_db", -12.0);
        let out = run(&mut *bench::stereo::<MidSide>(&louder), &input, &[512], &[]);
        let flat = run(&mut *bench::stereo::<MidSide>(&Settings::new(&SPEC)), &input, &[512], &[]);
        for (c, gain) in [1.995_262, 0.251_188_6].into_iter().enumerate() {
            assert!(out.channel(c).iter().zip(flat.channel(c)).all(|(y, x)| (y - gain * x).abs() < 2e-6));
        }
        // Asked: −100 dB.
        for direction in [0.0, 1.0] {
            let settings = Settings::new(&SPEC).with("direction", direction);
            let moves = [("mid_db", -12.0, 0.0), ("side_db", 0.0, 12.0)];
            bench::assert_no_zipper_on::<MidSide>(&settings, &moves, -100.0, &super::super::probe::lopsided());
        }
    }
}
