//! The tremolo: loudness to and fro.
//!
//! The gain is 1 − depth·(1 − w)/2, w the wave between −1 and 1: it never exceeds one. With a `harmonic` table the
//! sound is split at a frequency by a first-order filter, whose halves add up to exactly what went in, and lows and
//! highs sway against each other, as in amplifiers of 1960: the tone sways more than the loudness.
//!
//! ```
//! use tonmeister_core::{Context, Effect, Layout, Settings, Stream};
//! use tonmeister_dsp::{modulation::Tremolo, testing};
//!
//! let settings = Settings::new(Tremolo::SPEC).with("rate_hz", 5.0).with("depth_percent", 100.0);
//! let stream = Stream { sample_rate: 48_000, layout: Layout::Mono, max_block: 9600, seed: 1 };
//! let mut audio = testing::spread(&[0.5; 9600], Layout::Mono);
//! Tremolo::from_settings(&settings).build(&stream).unwrap().process(&mut audio.block(9600), &Context::default());
//! // A quarter of a turn in, full; three quarters in, silent.
//! assert!(audio.channel(0)[2399] > 0.499 && audio.channel(0)[7199] < 1e-6);
//! ```

#![allow(
    clippy::inline_always,
    reason = "left out of line they would be compiled without their caller's vector instructions"
)]

use tonmeister_core::{
    BuildError, Effect, EffectSpec, Family, GroupSpec, Memory, ParamSpec, Processor, Settings, Stream, Tail, Unit,
};

use super::lfo::{Lfo, Offset, Shape};
use super::rig::{Knobs, Machine, Running};
use super::split::Split;

const SPEC: EffectSpec = EffectSpec {
    id: "tremolo",
    name: "Tremolo",
    family: Family::Modulation,
    summary: "Makes the sound louder and softer in turn.",
    doc: "For electric piano, guitar and pads. `rate_hz` may be written as a note value. The gain never exceeds one, \
          so the sound gets softer on the whole: 3.8 dB at full depth, for a sine. A random wave goes where it likes, \
          once each turn. `phase_degrees` needs a stereo track. The square has edges of 10 ms and does not click.",
    params: &[
        ParamSpec::number("rate_hz", "Rate", Unit::Hz, (0.05, 20.0), 5.0, "How often it sways.").logarithmic(),
        ParamSpec::number(
            "depth_percent",
            "Depth",
            Unit::Percent,
            (0.0, 100.0),
            50.0,
            "How far the gain falls: at 100 the sound vanishes once each turn.",
        ),
        ParamSpec::choice("shape", "Shape", Shape::CHOICES, "How the gain moves in one turn."),
        ParamSpec::number(
            "phase_degrees",
            "Stereo phase",
            Unit::Degrees,
            (0.0, 180.0),
            0.0,
            "How far the right side is ahead of the left: at 180 one is loud while the other is soft.",
        ),
    ],
    groups: &[GroupSpec {
        id: "harmonic",
        name: "Harmonic",
        max: 1,
        params: &[ParamSpec::number(
            "hz",
            "Frequency",
            Unit::Hz,
            (100.0, 3000.0),
            700.0,
            "Between the lows and the highs; both are 3 dB down here.",
        )
        .logarithmic()],
        doc: "Lows and highs sway against each other, so that the tone sways more than the loudness.",
    }],
    files: &[],
    stereo_only: false,
    key: tonmeister_core::KeyUse::None,
    sources: &["Zavalishin: The art of VA filter design, 2018, ch. 3 (the first-order filter)"],
};

/// The effect `tremolo`.
#[derive(Clone, Debug)]
pub struct Tremolo(Settings);

impl Effect for Tremolo {
    const SPEC: &'static EffectSpec = &SPEC;

    fn from_settings(settings: &Settings) -> Self {
        Tremolo(settings.clone())
    }

    fn build(&self, stream: &Stream) -> Result<Box<dyn Processor>, BuildError> {
        let shape = Shape::of(self.0.get("shape"));
        let machine = Sway {
            lfo: Lfo::new(shape, stream.sample_rate, stream.seed),
            depth: 0.0,
            sides: [Offset::default(); 2],
            split: self.0.items("harmonic").first().map(|_| Split::new(stream.sample_rate)),
        };
        Ok(Running::boxed(&self.0, stream, machine))
    }
}

struct Sway {
    lfo: Lfo,
    depth: f64,
    /// How far ahead each side is.
    sides: [Offset; 2],
    split: Option<Split>,
}

impl Machine for Sway {
    fn turn(&mut self, knobs: &[f64]) {
        let &[rate_hz, depth_percent, _, phase_degrees, ref harmonic @ ..] = knobs else { return };
        self.lfo.set_hz(rate_hz);
        self.depth = 0.01 * depth_percent;
        self.sides[1] = Offset::degrees(phase_degrees);
        if let (Some(split), Some(hz)) = (&mut self.split, harmonic.first()) {
            split.tune(*hz);
        }
    }

    #[inline(always)]
    fn frame<const C: usize>(&mut self, mut frame: [f64; C]) -> [f64; C] {
        self.lfo.step();
        let mut wave = 0.0;
        for (c, x) in frame.iter_mut().enumerate() {
            // Two sides in step share a wave.
            if c == 0 || self.sides[c] != self.sides[0] {
                wave = self.lfo.at(self.sides[c]);
            }
            let gain = 1.0 - 0.5 * self.depth * (1.0 - wave);
            if let Some(split) = &mut self.split {
                let low = split.low(c, *x);
                *x = low * gain + (*x - low) * (1.0 - 0.5 * self.depth * (1.0 + wave));
            } else {
                *x *= gain;
            }
        }
        frame
    }

    fn flush(&mut self) {
        self.split.iter_mut().for_each(Split::flush);
    }

    /// The splitting filter rings on.
    fn tail(&self, knobs: &Knobs) -> Tail {
        Tail::Frames(self.split.as_ref().map_or(0, |split| split.tail(knobs.least(4))))
    }

    fn memory(&self, knobs: &Knobs) -> Memory {
        Memory::of_ringing(self.tail(knobs))
    }

    fn reset(&mut self) {
        self.lfo.reset();
        self.split.iter_mut().for_each(Split::reset);
    }

    fn begin_at(&mut self, frame: u64) {
        self.lfo.begin_at(frame);
    }
}

#[cfg(test)]
mod tests {
    use tonmeister_core::Layout;

    use super::*;
    use crate::modulation::bench::{self, RATE as FS};
    use crate::testing::{run, sine, spread};

    #[test]
    fn the_gain_is_what_is_written() {
        let settings =
            Settings::new(&SPEC).with("rate_hz", 4.0).with("depth_percent", 80.0).with("phase_degrees", 90.0);
        let input = spread(&vec![1.0; 48_000], Layout::Stereo);
        let out = run(&mut *bench::stereo::<Tremolo>(&settings), &input, &[512], &[]);
        for n in (0..48_000).step_by(97) {
            let phase = std::f64::consts::TAU * 4.0 * f64::from(n + 1) / 48_000.0;
            for (c, phase) in [phase, phase + std::f64::consts::FRAC_PI_2].into_iter().enumerate() {
                let gain = 1.0 - 0.4 * (1.0 - phase.sin());
                assert!((f64::from(out.channel(c)[n as usize]) - gain).abs() < 1e-7);
            }
        }
    }

    #[test]
    fn harmonic_halves_add_up_and_sway_apart() {
        let still = Settings::new(&SPEC).with("depth_percent", 0.0).with_item("harmonic", &[]);
        let input = spread(&sine(1000.0, 0.5, FS, 4800), Layout::Mono);
        let out = run(&mut *bench::mono::<Tremolo>(&still), &input, &[512], &[]);
        bench::assert_near(&out, &input, 1e-7);
        // Lows are loud a quarter of a turn in, when highs are soft; the other way round half a turn later.
        let swaying = Settings::new(&SPEC).with("depth_percent", 100.0).with("rate_hz", 1.0).with_item("harmonic", &[]);
        let peak = |hz: f64, at: usize| {
            let input = spread(&sine(hz, 1.0, FS, 48_000), Layout::Mono);
            let out = run(&mut *bench::mono::<Tremolo>(&swaying), &input, &[512], &[]);
            out.channel(0)[at - 1000..at + 1000].iter().fold(0.0_f32, |a, y| a.max(y.abs()))
        };
        assert!(peak(70.0, 12_000) > 0.95 && peak(70.0, 36_000) < 0.15);
        assert!(peak(7000.0, 12_000) < 0.15 && peak(7000.0, 36_000) > 0.95);
    }

    #[test]
    fn nothing_clicks_not_even_the_square() {
        // Asked: −100 dB. Reached: −112 dB or less, with every shape.
        for shape in 0..4 {
            let settings = Settings::new(&SPEC).with("shape", f64::from(shape)).with("rate_hz", 6.0);
            bench::assert_no_zipper::<Tremolo>(
                &settings,
                &[("depth_percent", 0.0, 100.0), ("rate_hz", 1.0, 8.0)],
                -100.0,
            );
        }
        let settings = Settings::new(&SPEC).with_item("harmonic", &[]);
        bench::assert_no_zipper::<Tremolo>(
            &settings,
            &[("harmonic/hz", 200.0, 3000.0), ("phase_degrees", 0.0, 180.0)],
            -100.0,
        );
    }

    #[test]
    fn house_rules() {
        for shape in 0..4 {
            let settings = Settings::new(&SPEC).with("shape", f64::from(shape)).with_item("harmonic", &[]);
            bench::assert_house_rules::<Tremolo>(&settings);
            bench::assert_house_rules::<Tremolo>(&Settings::new(&SPEC).with("shape", f64::from(shape)));
        }
    }
}
