//! The flanger: a comb whose teeth wander.
//!
//! ```text
//! in ──┬──▶ waits ahead_ms ───────────────────────────────▶ dry
//!      └─▶(+)──▶ line ──┬─▶ sweep ──▶ √(1 − feedback²) ──▶ wet
//!          ▲            └─▶ sweep ─┐
//!          └── bend ◀── feedback ◀─┘
//! ```
//!
//! The sweep runs from `delay_ms` to `delay_ms + depth_ms`. With `ahead_ms` the dry sound waits that long, so that the
//! sweep starts before it: where both meet, the comb opens through zero, as between two tape machines. The feedback goes
//! once round in the time of the sweep; its resonances are turned down by √(1 − feedback²), so that noise keeps its
//! loudness, and what exceeds full scale in the loop is bent back as in the [delay](crate::delay).
//!
//! Latency: `ahead_ms` rounded to frames, and 16 frames for the interpolator.
//!
//! ```
//! use tonmeister_core::{Context, Effect, Layout, Settings, Stream};
//! use tonmeister_dsp::{modulation::Flanger, testing};
//!
//! let settings = Settings::new(Flanger::SPEC).with("delay_ms", 1.0).with("depth_ms", 0.0).with("feedback_percent", 0.0);
//! let stream = Stream { sample_rate: 48_000, layout: Layout::Mono, max_block: 4800, seed: 1 };
//! // The first tooth of a comb of 1 ms stands at 500 Hz.
//! let mut audio = testing::spread(&testing::sine(500.0, 0.5, 48_000, 4800), Layout::Mono);
//! Flanger::from_settings(&settings).build(&stream).unwrap().process(&mut audio.block(4800), &Context::default());
//! assert!(audio.channel(0)[1000..].iter().all(|y| y.abs() < 1e-6));
//! ```

#![allow(
    clippy::inline_always,
    reason = "left out of line they would be compiled without their caller's vector instructions"
)]

use tonmeister_core::{
    Automatable, BuildError, Effect, EffectSpec, Family, Frames, Memory, ParamSpec, Processor, Settings, Stream, Tail,
    Unit,
};

use super::follow::Follow;
use super::lfo::{Lfo, Offset, Shape};
use super::rig::{Knobs, Machine, Running, audible};
use crate::delay::bend;
use crate::line::{self, Line, Tap};

const LONGEST_MS: f64 = 20.0;
const AHEAD_MS: f64 = 10.0;

const SPEC: EffectSpec = EffectSpec {
    id: "flanger",
    name: "Flanger",
    family: Family::Modulation,
    summary: "Sweeps a comb of notches through the sound, like two tape machines out of step.",
    doc: "For guitars, drums, whole mixes. `rate_hz` may be written as a note value. For the sweep through zero of tape, \
          set `ahead_ms` to half of `depth_ms` and `delay_ms` to 0; with `invert` the sound vanishes where both meet. \
          Under 16 frames (0.36 ms at 44.1 kHz) the loop's treble is duller, as it is in analog ones. A moved delay or \
          depth glides there like tape. Summing to mono does no harm while `phase_degrees` is 0.",
    params: &[
        ParamSpec::number("rate_hz", "Rate", Unit::Hz, (0.01, 10.0), 0.2, "How often it sweeps.").logarithmic(),
        ParamSpec::number(
            "depth_ms",
            "Depth",
            Unit::Ms,
            (0.0, LONGEST_MS),
            3.0,
            "How far the delay sweeps, from its shortest to its longest.",
        ),
        ParamSpec::number("delay_ms", "Delay", Unit::Ms, (0.0, LONGEST_MS), 0.3, "The shortest delay of the sweep."),
        ParamSpec::number(
            "ahead_ms",
            "Ahead",
            Unit::Ms,
            (0.0, AHEAD_MS),
            0.0,
            "How long the dry sound waits, so that the sweep starts ahead of it and runs through zero. Latency.",
        )
        .automatable(Automatable::Fixed),
        ParamSpec::number(
            "feedback_percent",
            "Feedback",
            Unit::Percent,
            (-95.0, 95.0),
            40.0,
            "How much goes round again. Above zero the peaks ring, below zero the places between them.",
        ),
        ParamSpec::switch("invert", "Invert", false, "Subtracts the swept sound instead of adding it."),
        ParamSpec::choice("shape", "Shape", Shape::GENTLE, "How it sweeps in one turn."),
        ParamSpec::number(
            "phase_degrees",
            "Stereo phase",
            Unit::Degrees,
            (0.0, 180.0),
            0.0,
            "How far the right side is ahead of the left.",
        ),
        ParamSpec::number(
            "mix_percent",
            "Mix",
            Unit::Percent,
            (0.0, 100.0),
            50.0,
            "0 is the dry sound alone, 100 the swept one alone. The notches are deepest at 50.",
        ),
    ],
    groups: &[],
    files: &[],
    stereo_only: false,
    key: tonmeister_core::KeyUse::None,
    sources: &["Dattorro: Effect design, part 2: delay-line modulation and chorus, JAES 45(10), 1997"],
};

/// The effect `flanger`.
#[derive(Clone, Debug)]
pub struct Flanger(Settings);

impl Effect for Flanger {
    const SPEC: &'static EffectSpec = &SPEC;

    fn from_settings(settings: &Settings) -> Self {
        Flanger(settings.clone())
    }

    fn build(&self, stream: &Stream) -> Result<Box<dyn Processor>, BuildError> {
        let frames_per_ms = 0.001 * f64::from(stream.sample_rate);
        let waits = line::HALF + (self.0.get("ahead_ms") * frames_per_ms).round() as usize;
        let longest = (2.0 * LONGEST_MS * frames_per_ms).ceil() as usize + 2 * line::HALF;
        let side = || Side {
            dry: Line::new(waits),
            line: Line::new(longest),
            wet: Tap::resting(),
            back: Tap::resting(),
            ahead: Offset::default(),
        };
        let machine = Comb {
            frames_per_ms,
            waits: Tap::new(waits as f64),
            lfo: Lfo::new(Shape::of(self.0.get("shape")), stream.sample_rate, stream.seed),
            delay: Follow::new(stream.sample_rate),
            depth: Follow::new(stream.sample_rate),
            phase: Follow::turns(stream.sample_rate),
            sides: (0..stream.layout.channels()).map(|_| side()).collect(),
            sign: if self.0.get("invert") == 1.0 { -1.0 } else { 1.0 },
            feedback: 0.0,
            wet: 0.0,
            mix: 0.0,
        };
        Ok(Running::boxed(&self.0, stream, machine))
    }
}

struct Side {
    dry: Line,
    /// What went in and what went round.
    line: Line,
    wet: Tap,
    back: Tap,
    ahead: Offset,
}

struct Comb {
    frames_per_ms: f64,
    /// Where the dry sound is read.
    waits: Tap,
    lfo: Lfo,
    delay: Follow,
    depth: Follow,
    /// How far the right side is ahead.
    phase: Follow,
    sides: Vec<Side>,
    sign: f64,
    feedback: f64,
    /// The level that keeps noise as loud as it was.
    wet: f64,
    mix: f64,
}

impl Comb {
    fn spread(&mut self) {
        if let Some(right) = self.sides.get_mut(1) {
            right.ahead = Offset::turns(self.phase.place());
        }
    }
}

impl Machine for Comb {
    fn turn(&mut self, knobs: &[f64]) {
        let &[rate_hz, depth_ms, delay_ms, _, feedback_percent, _, _, phase_degrees, mix_percent] = knobs else {
            return;
        };
        self.lfo.set_hz(rate_hz);
        self.depth.to(depth_ms * self.frames_per_ms);
        self.delay.to(delay_ms * self.frames_per_ms);
        self.feedback = 0.01 * feedback_percent;
        self.wet = self.sign * (1.0 - self.feedback * self.feedback).sqrt();
        self.phase.to(phase_degrees / 360.0);
        self.spread();
        self.mix = 0.01 * mix_percent;
    }

    #[inline(always)]
    fn frame<const C: usize>(&mut self, mut frame: [f64; C]) -> [f64; C] {
        self.lfo.step();
        let (delay, depth) = (self.delay.step(), 0.5 * self.depth.step());
        if self.phase.moving() {
            self.phase.step();
            self.spread();
        }
        for (x, side) in frame.iter_mut().zip(&mut self.sides) {
            let sweep = delay + depth * (1.0 + self.lfo.at(side.ahead));
            side.wet.set(line::HALF as f64 + sweep);
            let wet = f64::from(side.wet.read(&side.line));
            let mut back = 0.0;
            if self.feedback != 0.0 {
                side.back.set(sweep);
                back = bend(self.feedback * f64::from(side.back.read(&side.line)));
            }
            side.line.push(audible(*x + back));
            let dry = f64::from(self.waits.read(&side.dry));
            side.dry.push(*x as f32);
            *x = dry * (1.0 - self.mix) + wet * self.wet * self.mix;
        }
        frame
    }

    fn latency(&self) -> Frames {
        Frames(self.waits.delay() as u64)
    }

    fn tail(&self, knobs: &Knobs) -> Tail {
        let on_the_way = self.delay.place() + self.depth.place();
        let longest = on_the_way.max((knobs.most(1) + knobs.most(2)) * self.frames_per_ms).max(1.0);
        let feedback = 0.01 * knobs.most(4).abs().max(knobs.least(4).abs());
        let rounds = if feedback > 0.0 { 1.0 + (6.0 / -feedback.log10()).ceil() } else { 1.0 };
        // The interpolator spreads each round a little.
        Tail::Frames((rounds * (longest + 1.0)).ceil() as u64 + 4 * line::HALF as u64)
    }

    /// What goes round is kept in single precision, so two rounds need not come to agree in their last bit.
    fn memory(&self, knobs: &Knobs) -> Memory {
        let goes_round = knobs.most(4) != 0.0 || knobs.least(4) != 0.0;
        if goes_round { Memory::Endless } else { Memory::of_ringing(self.tail(knobs)) }
    }

    fn reset(&mut self) {
        self.lfo.reset();
        self.delay.reset();
        self.depth.reset();
        self.phase.reset();
        for side in &mut self.sides {
            side.dry.clear();
            side.line.clear();
        }
    }

    fn begin_at(&mut self, frame: u64) {
        self.lfo.begin_at(frame);
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use tonmeister_core::Layout;

    use super::*;
    use crate::modulation::bench::{self, RATE as FS};
    use crate::testing::{impulse, noise, run, sine, spread};

    fn still(delay_ms: f64) -> Settings {
        Settings::new(&SPEC).with("delay_ms", delay_ms).with("depth_ms", 0.0).with("feedback_percent", 0.0)
    }

    /// Level of the response to an impulse at a frequency.
    fn gain_db(settings: &Settings, hz: f64) -> f64 {
        let out = run(&mut *bench::mono::<Flanger>(settings), &impulse(Layout::Mono, 0, 48_000), &[512], &[]);
        let (mut re, mut im) = (0.0, 0.0);
        for (n, y) in out.channel(0).iter().enumerate() {
            let angle = TAU * hz / 48_000.0 * n as f64;
            re += f64::from(*y) * angle.cos();
            im -= f64::from(*y) * angle.sin();
        }
        10.0 * (re * re + im * im).log10()
    }

    #[test]
    fn notches_and_peaks_stand_where_the_comb_has_them() {
        // A delay between frames, 1.237 ms: notches at odd multiples of 404.2 Hz, at least 60 dB deep.
        for k in 0..20 {
            let tooth = (f64::from(k) + 0.5) / 0.001_237;
            assert!(gain_db(&still(1.237), tooth) < -60.0, "{tooth}");
            assert!(gain_db(&still(1.237), f64::from(k) / 0.001_237).abs() < 0.01);
        }
        // With feedback: ½(1 + √(1 − f²)·D/(1 − f·D)), D = ±1 at peaks and notches.
        for feedback in [-90.0, -40.0, 40.0, 90.0] {
            let settings = still(1.0).with("feedback_percent", feedback);
            let f = 0.01 * feedback;
            for (hz, turn) in [(1000.0, 1.0), (1500.0, -1.0), (5000.0, 1.0)] {
                let expected = 0.5 * (1.0 + (1.0_f64 - f * f).sqrt() * turn / (1.0 - f * turn));
                let got = gain_db(&settings, hz);
                assert!((got - 20.0 * expected.abs().log10()).abs() < 0.02, "{feedback} %, {hz} Hz: {got:.3} dB");
            }
        }
    }

    #[test]
    fn through_zero_the_sound_vanishes_and_the_latency_is_true() {
        let settings = still(2.0).with("ahead_ms", 2.0).with("invert", 1.0);
        let out =
            run(&mut *bench::mono::<Flanger>(&settings), &spread(&noise(1, 0.5, 9600), Layout::Mono), &[512], &[]);
        assert!(out.channel(0).iter().all(|y| *y == 0.0));
        // Sweeping, it comes by twice a turn: when the delay is 2 ms, at the wave's zeros.
        let settings = settings.with("delay_ms", 0.0).with("depth_ms", 4.0).with("rate_hz", 1.0);
        let tone = spread(&sine(3000.0, 0.5, FS, 48_000), Layout::Mono);
        let out = run(&mut *bench::mono::<Flanger>(&settings), &tone, &[512], &[]);
        assert!(out.channel(0)[23_995..24_003].iter().all(|y| y.abs() < 0.01));
        assert!(out.channel(0)[26_000..30_000].iter().any(|y| y.abs() > 0.49));

        let dry = settings.with("mix_percent", 0.0);
        let mut processor = bench::mono::<Flanger>(&dry);
        assert_eq!(processor.latency(), Frames(96 + 16));
        let out = run(&mut *processor, &tone, &[512], &[]);
        assert_eq!(out.channel(0)[112..], tone.channel(0)[..48_000 - 112]);
    }

    #[test]
    fn feedback_keeps_noise_as_loud_and_the_loop_bounded() {
        let power = |feedback: f64, peak: f32| {
            let settings = Settings::new(&SPEC).with("feedback_percent", feedback).with("mix_percent", 100.0);
            let input = spread(&noise(2, peak, 96_000), Layout::Mono);
            let out = run(&mut *bench::mono::<Flanger>(&settings), &input, &[512], &[]);
            10.0 * out.channel(0).iter().map(|y| f64::from(y * y)).sum::<f64>().log10()
        };
        let none = power(0.0, 0.1);
        for feedback in [-80.0, 50.0, 80.0] {
            let louder = power(feedback, 0.1) - none;
            assert!(louder.abs() < 1.0, "{feedback} %: {louder:.2} dB");
        }
        let settings = still(1.0).with("feedback_percent", 95.0);
        let loud = spread(&sine(1000.0, 1.0, FS, 48_000), Layout::Mono);
        let out = run(&mut *bench::mono::<Flanger>(&settings), &loud, &[512], &[]);
        assert!(out.channel(0).iter().all(|y| y.abs() < 3.0));
    }

    #[test]
    fn nothing_clicks() {
        // Asked: −100 dB.
        let moves = [
            ("mix_percent", 0.0, 100.0),
            ("feedback_percent", -80.0, 80.0),
            ("rate_hz", 0.1, 1.0),
            ("depth_ms", 1.0, 6.0),
            ("delay_ms", 0.5, 8.0),
            ("phase_degrees", 0.0, 180.0),
        ];
        bench::assert_no_zipper::<Flanger>(&Settings::new(&SPEC), &moves, -100.0);
    }

    #[test]
    fn house_rules() {
        for (shape, feedback) in [(0.0, 60.0), (1.0, -95.0), (2.0, 0.0)] {
            let settings = Settings::new(&SPEC).with("shape", shape).with("feedback_percent", feedback);
            bench::assert_house_rules::<Flanger>(&settings.with("ahead_ms", 1.3));
        }
    }
}
