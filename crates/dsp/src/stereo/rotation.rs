//! Rotation: the whole image turned, as on a goniometer.
//!
//! L' = L·cos α − R·sin α, R' = L·sin α + R·cos α. What stood in the middle moves right by α (at 45° it is on the right
//! alone), and everything keeps its distance from everything else and its power. A balance knob cannot do that: it turns
//! one side down, and what stood there gets lost.
//!
//! ```
//! use tonmeister_core::{Context, Effect, Layout, Settings, Stream};
//! use tonmeister_dsp::{stereo::Rotation, testing};
//!
//! let settings = Settings::new(Rotation::SPEC).with("angle_degrees", 45.0);
//! let stream = Stream { sample_rate: 48_000, layout: Layout::Stereo, max_block: 64, seed: 1 };
//! let mut audio = testing::spread(&[0.5; 64], Layout::Stereo);
//! Rotation::from_settings(&settings).build(&stream).unwrap().process(&mut audio.block(64), &Context::default());
//! assert!(audio.channel(0)[9].abs() < 1e-9 && (audio.channel(1)[9] - 0.7071).abs() < 1e-4);
//! ```

#![allow(
    clippy::inline_always,
    reason = "left out of line they would be compiled without their caller's vector instructions"
)]

use std::f64::consts::SQRT_2;

use tonmeister_core::{
    BuildError, Effect, EffectSpec, Family, Memory, ParamSpec, Processor, Settings, Stream, Tail, Unit,
};

use super::{frame, sides, two_sides};
use crate::modulation::lfo::sine_of_turns;
use crate::modulation::rig::{Knobs, Machine, Running};

const SPEC: EffectSpec = EffectSpec {
    id: "rotation",
    name: "Rotation",
    family: Family::Stereo,
    summary: "Turns the stereo image, and weighs its middle against its sides.",
    doc: "For a stereo recording whose soloist does not stand in the middle, overheads whose snare leans to one side, \
          or to place a stereo instrument off center without losing half of it. Small angles, up to 20° or so, are \
          placement; what already stood at the far edge is turned beyond it and comes out of the other side in \
          opposite polarity, softly. At 90° the sides have changed places, one of them inverted. Power never changes; \
          the mono sum does. `middle_percent` weighs mid against side before the turn, at equal power too.",
    params: &[
        ParamSpec::number(
            "angle_degrees",
            "Angle",
            Unit::Degrees,
            (-90.0, 90.0),
            0.0,
            "How far the image turns to the right: 45 puts the middle on the right alone.",
        ),
        ParamSpec::number(
            "middle_percent",
            "Middle",
            Unit::Percent,
            (-100.0, 100.0),
            0.0,
            "100 is the mid alone, −100 the side alone, each 3 dB up there; 0 leaves both as they are.",
        ),
    ],
    groups: &[],
    files: &[],
    stereo_only: true,
    key: tonmeister_core::KeyUse::None,
    sources: &["M. A. Gerzon, \"Stereo shuffling: new approach, old technique\", Studio Sound 28(7), 1986"],
};

/// The effect `rotation`.
#[derive(Clone, Debug)]
pub struct Rotation(Settings);

impl Effect for Rotation {
    const SPEC: &'static EffectSpec = &SPEC;

    fn from_settings(settings: &Settings) -> Self {
        Rotation(settings.clone())
    }

    fn build(&self, stream: &Stream) -> Result<Box<dyn Processor>, BuildError> {
        two_sides(stream, "a rotation")?;
        Ok(Running::boxed(&self.0, stream, Turn { matrix: [[0.0; 2]; 2] }))
    }
}

struct Turn {
    /// What each output takes of left and right.
    matrix: [[f64; 2]; 2],
}

impl Machine for Turn {
    fn turn(&mut self, knobs: &[f64]) {
        let &[angle_degrees, middle_percent] = knobs else { return };
        let (sin, cos) = if angle_degrees == 0.0 {
            (0.0, 1.0)
        } else {
            let turns = angle_degrees / 360.0;
            (sine_of_turns(turns), sine_of_turns(0.25 - turns))
        };
        let weight = |middle: f64| SQRT_2 * sine_of_turns(0.125 * (1.0 + 0.01 * middle));
        let (mid, side) =
            if middle_percent == 0.0 { (1.0, 1.0) } else { (weight(middle_percent), weight(-middle_percent)) };
        let (same, across) = (0.5 * (mid + side), 0.5 * (mid - side));
        self.matrix = [
            [cos * same - sin * across, cos * across - sin * same],
            [sin * same + cos * across, sin * across + cos * same],
        ];
    }

    #[inline(always)]
    fn frame<const C: usize>(&mut self, input: [f64; C]) -> [f64; C] {
        let [l, r] = sides(input);
        frame(self.matrix.map(|[of_left, of_right]| of_left * l + of_right * r))
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
    use crate::stereo::probe::lopsided;
    use crate::testing::{run, stereo_noise};

    #[test]
    fn everything_turns_by_the_angle_and_keeps_its_power() {
        // Reached: angles within 1e-4°, power within 1e-5 dB, for sources all around.
        for angle in [-90.0_f64, -33.0, 0.0, 10.0, 45.0, 90.0] {
            let settings = Settings::new(&SPEC).with("angle_degrees", angle);
            for source in (-80..=90).step_by(10).map(|a| f64::from(a).to_radians()) {
                let mut audio = tonmeister_core::Buffer::from_stereo(
                    vec![(0.5 * source.cos()) as f32; 8],
                    vec![(0.5 * source.sin()) as f32; 8],
                );
                bench::stereo::<Rotation>(&settings).process(&mut audio.block(8), &tonmeister_core::Context::default());
                let [l, r] = [0, 1].map(|c| f64::from(audio.channel(c)[7]));
                let turned = (r.atan2(l) - source).to_degrees().rem_euclid(360.0);
                assert!(((turned - angle + 180.0).rem_euclid(360.0) - 180.0).abs() < 1e-4, "{turned}, not {angle}");
                assert!((10.0 * (4.0 * (l * l + r * r)).log10()).abs() < 1e-5);
            }
        }
        let input = stereo_noise(7, 0.5, 5000);
        assert_eq!(run(&mut *bench::stereo::<Rotation>(&Settings::new(&SPEC)), &input, &[512], &[]), input);
    }

    #[test]
    fn the_middle_is_weighed_at_equal_power() {
        for middle in [-100.0_f64, -50.0, 25.0, 100.0] {
            let settings = Settings::new(&SPEC).with("middle_percent", middle);
            let gain = |right: f32| {
                let mut audio = tonmeister_core::Buffer::from_stereo(vec![0.5; 4], vec![right; 4]);
                bench::stereo::<Rotation>(&settings).process(&mut audio.block(4), &tonmeister_core::Context::default());
                f64::from(audio.channel(0)[3]) / 0.5
            };
            let (mid, side) = (gain(0.5), gain(-0.5));
            assert!((mid * mid + side * side - 2.0).abs() < 1e-6, "{middle}");
            let angle = (1.0 + 0.01 * middle) * std::f64::consts::FRAC_PI_4;
            assert!((mid - 2.0_f64.sqrt() * angle.sin()).abs() < 1e-6, "{middle}");
        }
    }

    #[test]
    fn nothing_clicks() {
        // Asked: −100 dB.
        let moves = [("angle_degrees", -20.0, 45.0), ("middle_percent", -60.0, 60.0)];
        bench::assert_no_zipper_on::<Rotation>(&Settings::new(&SPEC), &moves, -100.0, &lopsided());
    }
}
