//! The auto-pan: from side to side.
//!
//! Left times √2·cos θ, right times √2·sin θ, with θ = (1 + width·wave)·π/4: what stands in the middle keeps its power
//! wherever it goes, is untouched at the center and 3 dB up on the one side it reaches. The channels are not mixed, so
//! what stands at one side goes soft and loud instead of crossing over.
//!
//! ```
//! use tonmeister_core::{Context, Effect, Layout, Settings, Stream};
//! use tonmeister_dsp::{modulation::AutoPan, testing};
//!
//! let settings = Settings::new(AutoPan::SPEC).with("rate_hz", 5.0).with("width_percent", 100.0);
//! let stream = Stream { sample_rate: 48_000, layout: Layout::Stereo, max_block: 9600, seed: 1 };
//! let mut audio = testing::spread(&[0.5; 9600], Layout::Stereo);
//! AutoPan::from_settings(&settings).build(&stream).unwrap().process(&mut audio.block(9600), &Context::default());
//! // A quarter of a turn in, it is on the right alone.
//! assert!(audio.channel(0)[2399] < 1e-6 && audio.channel(1)[2399] > 0.707);
//! ```

#![allow(
    clippy::inline_always,
    reason = "left out of line they would be compiled without their caller's vector instructions"
)]

use std::f64::consts::SQRT_2;

use tonmeister_core::{
    BuildError, Effect, EffectSpec, Family, Layout, Memory, ParamSpec, Processor, Settings, Stream, Tail, Unit,
};

use super::lfo::{Lfo, Offset, Shape, sine_of_turns};
use super::rig::{Knobs, Machine, Running};

const SPEC: EffectSpec = EffectSpec {
    id: "auto_pan",
    name: "Auto-pan",
    family: Family::Modulation,
    summary: "Carries the sound from side to side, at equal power.",
    doc: "For what stands in the middle of the image: a mono synthesizer, a shaker, a voice. `rate_hz` may be written as \
          a note value. The first turn starts in the middle and goes right. On one side alone the sound is 3 dB louder \
          there than it was on both.",
    params: &[
        ParamSpec::number("rate_hz", "Rate", Unit::Hz, (0.02, 20.0), 0.5, "How often it comes and goes.").logarithmic(),
        ParamSpec::number(
            "width_percent",
            "Width",
            Unit::Percent,
            (0.0, 100.0),
            70.0,
            "How far it goes: 100 is from one side alone to the other.",
        ),
        ParamSpec::choice("shape", "Shape", Shape::CHOICES, "How it moves in one turn."),
    ],
    groups: &[],
    files: &[],
    stereo_only: true,
    key: tonmeister_core::KeyUse::None,
    sources: &[],
};

/// The effect `auto_pan`.
#[derive(Clone, Debug)]
pub struct AutoPan(Settings);

impl Effect for AutoPan {
    const SPEC: &'static EffectSpec = &SPEC;

    fn from_settings(settings: &Settings) -> Self {
        AutoPan(settings.clone())
    }

    fn build(&self, stream: &Stream) -> Result<Box<dyn Processor>, BuildError> {
        if stream.layout != Layout::Stereo {
            return Err(BuildError("an auto-pan needs a stereo stream".into()));
        }
        let shape = Shape::of(self.0.get("shape"));
        let lfo = Lfo::new(shape, stream.sample_rate, stream.seed);
        Ok(Running::boxed(&self.0, stream, Carry { lfo, width: 0.0 }))
    }
}

struct Carry {
    lfo: Lfo,
    width: f64,
}

impl Machine for Carry {
    fn turn(&mut self, knobs: &[f64]) {
        let &[rate_hz, width_percent, ..] = knobs else { return };
        self.lfo.set_hz(rate_hz);
        self.width = 0.01 * width_percent;
    }

    #[inline(always)]
    fn frame<const C: usize>(&mut self, mut frame: [f64; C]) -> [f64; C] {
        self.lfo.step();
        // An eighth of a turn is π/4.
        let place = 0.125 * self.width * self.lfo.at(Offset::default());
        for (x, angle) in frame.iter_mut().zip([0.125 - place, 0.125 + place]) {
            *x *= SQRT_2 * sine_of_turns(angle);
        }
        frame
    }

    fn tail(&self, _: &Knobs) -> Tail {
        Tail::Frames(0)
    }

    fn memory(&self, knobs: &Knobs) -> Memory {
        Memory::of_ringing(self.tail(knobs))
    }

    fn reset(&mut self) {
        self.lfo.reset();
    }

    fn begin_at(&mut self, frame: u64) {
        self.lfo.begin_at(frame);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modulation::bench;
    use crate::testing::{run, spread};

    #[test]
    fn power_stays_and_the_way_is_what_is_written() {
        // Reached: power constant within 1e-5 dB, the angle within 1e-7.
        let settings = Settings::new(&SPEC).with("rate_hz", 3.0).with("width_percent", 90.0);
        let input = spread(&vec![1.0; 24_000], Layout::Stereo);
        let out = run(&mut *bench::stereo::<AutoPan>(&settings), &input, &[512], &[]);
        for n in 0..24_000 {
            let [l, r] = [0, 1].map(|c| f64::from(out.channel(c)[n]));
            assert!((10.0 * (0.5 * (l * l + r * r)).log10()).abs() < 1e-5);
            let wave = (std::f64::consts::TAU * 3.0 * (n as f64 + 1.0) / 48_000.0).sin();
            assert!((r.atan2(l) - (1.0 + 0.9 * wave) * std::f64::consts::FRAC_PI_4).abs() < 1e-6);
        }
    }

    #[test]
    fn nothing_clicks() {
        // Asked: −100 dB. Reached: −111 dB or less, with every shape.
        for shape in 0..4 {
            let settings = Settings::new(&SPEC).with("shape", f64::from(shape));
            bench::assert_no_zipper::<AutoPan>(
                &settings,
                &[("width_percent", 0.0, 100.0), ("rate_hz", 0.1, 8.0)],
                -100.0,
            );
        }
    }

    #[test]
    fn house_rules() {
        bench::assert_house_rules::<AutoPan>(&Settings::new(&SPEC));
    }
}
