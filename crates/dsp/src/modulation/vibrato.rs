//! The vibrato: pitch to and fro.
//!
//! A delay of d(t) = A·(1 + sin ωt) seconds raises the pitch by the factor 1 − d′(t), so A = (2^(depth/12) − 1)/ω bends it
//! up by `depth_st` semitones at the most, and down by a hair more. Latency: 16 frames, the interpolator's half-length;
//! besides, the sound comes later by A on the mean (0.9 ms at 5 Hz and half a semitone).
//!
//! ```
//! use tonmeister_core::{Context, Effect, Layout, Settings, Stream};
//! use tonmeister_dsp::{modulation::Vibrato, testing};
//!
//! let settings = Settings::new(Vibrato::SPEC).with("depth_st", 0.0);
//! let stream = Stream { sample_rate: 48_000, layout: Layout::Mono, max_block: 64, seed: 1 };
//! let mut audio = testing::impulse(Layout::Mono, 0, 64);
//! Vibrato::from_settings(&settings).build(&stream).unwrap().process(&mut audio.block(64), &Context::default());
//! // Without depth it only comes by its latency later.
//! assert_eq!(audio.channel(0)[16], 1.0);
//! ```

#![allow(
    clippy::inline_always,
    reason = "left out of line they would be compiled without their caller's vector instructions"
)]

use std::f64::consts::TAU;

use tonmeister_core::{
    BuildError, Effect, EffectSpec, Family, Frames, Memory, ParamSpec, Processor, Settings, Stream, Tail, Unit,
};

use super::follow::Follow;
use super::lfo::{Lfo, Offset, Shape};
use super::rig::{Knobs, Machine, Running, audible};
use crate::line::{self, Line, Tap};
use crate::math;

const SLOWEST_HZ: f64 = 0.5;
const DEEPEST_ST: f64 = 2.0;

const SPEC: EffectSpec = EffectSpec {
    id: "vibrato",
    name: "Vibrato",
    family: Family::Modulation,
    summary: "Bends the pitch up and down, as a player's finger does.",
    doc: "For synthesizers, electric piano, a dry guitar. `rate_hz` may be written as a note value. The depth is that of \
          the pitch, whatever the rate. When rate or depth move, the delay behind them glides to its new size. \
          `phase_degrees` needs a stereo track; a little of it widens, much of it sounds out of tune.",
    params: &[
        ParamSpec::number("rate_hz", "Rate", Unit::Hz, (SLOWEST_HZ, 15.0), 5.0, "How often it bends.").logarithmic(),
        ParamSpec::number(
            "depth_st",
            "Depth",
            Unit::Semitones,
            (0.0, DEEPEST_ST),
            0.3,
            "How far the pitch goes up and down.",
        ),
        ParamSpec::number(
            "phase_degrees",
            "Stereo phase",
            Unit::Degrees,
            (0.0, 180.0),
            0.0,
            "How far the right side is ahead of the left.",
        ),
    ],
    groups: &[],
    files: &[],
    stereo_only: false,
    key: tonmeister_core::KeyUse::None,
    sources: &["Dattorro: Effect design, part 2: delay-line modulation and chorus, JAES 45(10), 1997"],
};

/// The effect `vibrato`.
#[derive(Clone, Debug)]
pub struct Vibrato(Settings);

impl Effect for Vibrato {
    const SPEC: &'static EffectSpec = &SPEC;

    fn from_settings(settings: &Settings) -> Self {
        Vibrato(settings.clone())
    }

    fn build(&self, stream: &Stream) -> Result<Box<dyn Processor>, BuildError> {
        let longest = 2.0 * reach(SLOWEST_HZ, DEEPEST_ST) * f64::from(stream.sample_rate);
        let line = || Line::new(longest.ceil() as usize + line::HALF + 1);
        let machine = Bend {
            rate: f64::from(stream.sample_rate),
            lfo: Lfo::new(Shape::Sine, stream.sample_rate, stream.seed),
            phase: Follow::turns(stream.sample_rate),
            right: Offset::default(),
            reach: Follow::new(stream.sample_rate),
            lines: (0..stream.layout.channels()).map(|_| line()).collect(),
            taps: [const { Tap::resting() }; 2],
        };
        Ok(Running::boxed(&self.0, stream, machine))
    }
}

/// Seconds of delay to either side.
fn reach(hz: f64, semitones: f64) -> f64 {
    (math::exp2(semitones / 12.0) - 1.0) / (TAU * hz)
}

struct Bend {
    rate: f64,
    lfo: Lfo,
    /// How far the right side is ahead.
    phase: Follow,
    right: Offset,
    /// Frames to either side.
    reach: Follow,
    lines: Vec<Line>,
    taps: [Tap; 2],
}

impl Machine for Bend {
    fn turn(&mut self, knobs: &[f64]) {
        let &[rate_hz, depth_st, phase_degrees] = knobs else { return };
        self.lfo.set_hz(rate_hz);
        self.reach.to(reach(rate_hz, depth_st) * self.rate);
        self.phase.to(phase_degrees / 360.0);
        self.right = Offset::turns(self.phase.place());
    }

    #[inline(always)]
    fn frame<const C: usize>(&mut self, mut frame: [f64; C]) -> [f64; C] {
        self.lfo.step();
        let reach = self.reach.step();
        if self.phase.moving() {
            self.right = Offset::turns(self.phase.step());
        }
        for (c, ((x, line), tap)) in frame.iter_mut().zip(&mut self.lines).zip(&mut self.taps).enumerate() {
            let wave = self.lfo.at(if c == 0 { Offset::default() } else { self.right });
            tap.set(line::HALF as f64 + reach * (1.0 + wave));
            let y = tap.read(line);
            line.push(audible(*x));
            *x = f64::from(y);
        }
        frame
    }

    fn latency(&self) -> Frames {
        Frames(line::HALF as u64)
    }

    fn tail(&self, knobs: &Knobs) -> Tail {
        let reach = reach(knobs.least(0), knobs.most(1)) * self.rate;
        Tail::Frames((2.0 * reach.max(self.reach.place())).ceil() as u64 + line::HALF as u64)
    }

    fn memory(&self, knobs: &Knobs) -> Memory {
        Memory::of_ringing(self.tail(knobs))
    }

    fn reset(&mut self) {
        self.lfo.reset();
        self.reach.reset();
        self.phase.reset();
        self.lines.iter_mut().for_each(Line::clear);
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

    /// Against the exact answer, the tone at the moved time: the error in decibels.
    fn error_db(settings: &Settings, hz: f64, rate: f64, depth: f64) -> f64 {
        let input = spread(&sine(hz, 0.5, FS, 96_000), Layout::Mono);
        let out = run(&mut *bench::mono::<Vibrato>(settings), &input, &[512], &[]);
        let (mut wanted, mut wrong) = (0.0, 0.0);
        for n in 4000..96_000 {
            let t = f64::from(n);
            let reach = (2_f64.powf(depth / 12.0) - 1.0) / (TAU * rate) * 48_000.0;
            let delay = 16.0 + reach * (1.0 + (TAU * rate * (t + 1.0) / 48_000.0).sin());
            let ideal = 0.5 * (TAU * hz / 48_000.0 * (t - delay)).sin();
            wanted += ideal * ideal;
            wrong += (f64::from(out.channel(0)[n as usize]) - ideal).powi(2);
        }
        10.0 * (wrong / wanted).log10()
    }

    #[test]
    fn the_pitch_goes_where_it_is_sent_without_dirt() {
        // Asked: −80 dB at 5 kHz, 1 Hz, ±1 ms. Reached: −98 dB; two semitones at 5 Hz: −98 dB too.
        let depth = 12.0 * (1.0 + 0.001 * TAU).log2();
        for (hz, rate, depth) in [(5000.0, 1.0, depth), (5000.0, 5.0, 2.0), (440.0, 15.0, 0.5)] {
            let settings = Settings::new(&SPEC).with("rate_hz", rate).with("depth_st", depth);
            let error = error_db(&settings, hz, rate, depth);
            println!("{hz} Hz, {rate} Hz, {depth:.3} st: {error:.1} dB");
            assert!(error <= -90.0, "{error:.1} dB");
        }
    }

    #[test]
    fn nothing_clicks() {
        // Asked: −100 dB.
        let moves = [("depth_st", 0.0, 1.0), ("rate_hz", 2.0, 8.0), ("phase_degrees", 0.0, 90.0)];
        bench::assert_no_zipper::<Vibrato>(&Settings::new(&SPEC), &moves, -100.0);
    }

    #[test]
    fn house_rules() {
        bench::assert_house_rules::<Vibrato>(&Settings::new(&SPEC).with("phase_degrees", 60.0));
    }
}
