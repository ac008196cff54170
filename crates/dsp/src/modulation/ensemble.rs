//! The ensemble: a string machine's shimmer.
//!
//! Three delays are swayed by two waves at once, a slow wide one and a fast small one, each in three phases a third of
//! a turn apart, as in the string synthesizers of 1974. While one voice is sharp the others are flat, so the pitch
//! stands still on the whole and only the shimmer is left. The first voice hears the left side, the second the middle,
//! the third the right; at full width they stand there too.
//!
//! ```
//! use tonmeister_core::{Context, Effect, Layout, Settings, Stream};
//! use tonmeister_dsp::{modulation::Ensemble, testing};
//!
//! let stream = Stream { sample_rate: 48_000, layout: Layout::Stereo, max_block: 48_000, seed: 1 };
//! let mut audio = testing::spread(&testing::sine(440.0, 0.5, 48_000, 48_000), Layout::Stereo);
//! let ensemble = Ensemble::from_settings(&Settings::new(Ensemble::SPEC));
//! ensemble.build(&stream).unwrap().process(&mut audio.block(48_000), &Context::default());
//! // Left and right are no longer the same.
//! assert!(audio.channel(0)[24_000..].iter().zip(&audio.channel(1)[24_000..]).any(|(l, r)| (l - r).abs() > 0.2));
//! ```

#![allow(
    clippy::inline_always,
    reason = "left out of line they would be compiled without their caller's vector instructions"
)]

use tonmeister_core::{
    BuildError, Effect, EffectSpec, Family, Layout, Memory, ParamSpec, Processor, Settings, Stream, Tail, Unit,
};

use super::follow::Follow;
use super::lfo::{Lfo, Offset, Shape, sine_of_turns};
use super::rig::{Knobs, Machine, Running, audible};
use crate::line::{self, Line, Tap};

const LONGEST_MS: f64 = 20.0;
const SLOW_MS: f64 = 8.0;
const FAST_MS: f64 = 2.0;

const SPEC: EffectSpec = EffectSpec {
    id: "ensemble",
    name: "Ensemble",
    family: Family::Modulation,
    summary: "Three voices sway slowly and shiver quickly, a third of a turn apart, like a string machine.",
    doc: "For synthesizer strings, organs, pads: wherever a chorus still sounds like one. `slow_hz` and `fast_hz` may be \
          written as note values. The voices are the whole sound, `mix_percent` stays at 100; lows, which are the same \
          in all three, come out up to 3 dB stronger at full width and 5 dB at none. A moved delay or depth glides there \
          like tape.",
    params: &[
        ParamSpec::number("slow_hz", "Slow rate", Unit::Hz, (0.05, 2.0), 0.6, "How often the voices sway.")
            .logarithmic(),
        ParamSpec::number("slow_ms", "Slow depth", Unit::Ms, (0.0, SLOW_MS), 3.0, "How far the slow wave goes."),
        ParamSpec::number("fast_hz", "Fast rate", Unit::Hz, (2.0, 12.0), 6.0, "How often they shiver.").logarithmic(),
        ParamSpec::number("fast_ms", "Fast depth", Unit::Ms, (0.0, FAST_MS), 0.4, "How far the fast wave goes."),
        ParamSpec::number("delay_ms", "Delay", Unit::Ms, (1.0, LONGEST_MS), 3.0, "The shortest delay of each voice.")
            .logarithmic(),
        ParamSpec::number(
            "width_percent",
            "Width",
            Unit::Percent,
            (0.0, 100.0),
            100.0,
            "How far apart the voices stand: at 100 left, middle and right; at 0 all in the middle.",
        ),
        ParamSpec::number(
            "mix_percent",
            "Mix",
            Unit::Percent,
            (0.0, 100.0),
            100.0,
            "0 is the dry sound alone, 100 the voices alone.",
        ),
    ],
    groups: &[],
    files: &[],
    stereo_only: true,
    key: tonmeister_core::KeyUse::None,
    sources: &["Dattorro: Effect design, part 2: delay-line modulation and chorus, JAES 45(10), 1997"],
};

/// The effect `ensemble`.
#[derive(Clone, Debug)]
pub struct Ensemble(Settings);

impl Effect for Ensemble {
    const SPEC: &'static EffectSpec = &SPEC;

    fn from_settings(settings: &Settings) -> Self {
        Ensemble(settings.clone())
    }

    fn build(&self, stream: &Stream) -> Result<Box<dyn Processor>, BuildError> {
        if stream.layout != Layout::Stereo {
            return Err(BuildError("an ensemble needs a stereo stream".into()));
        }
        let frames_per_ms = 0.001 * f64::from(stream.sample_rate);
        let line = || Line::new(((LONGEST_MS + SLOW_MS + FAST_MS) * frames_per_ms).ceil() as usize + line::HALF);
        let wave = || Lfo::new(Shape::Sine, stream.sample_rate, stream.seed);
        let place = || Follow::new(stream.sample_rate);
        let machine = Strings {
            frames_per_ms,
            waves: [wave(), wave()],
            depths: [place(), place()],
            delay: place(),
            phases: [0.0, 1.0, 2.0].map(|third| Offset::turns(third / 3.0)),
            lines: [line(), line(), line()],
            taps: [const { Tap::resting() }; 3],
            gains: [[0.0; 2]; 3],
            mix: 0.0,
        };
        Ok(Running::boxed(&self.0, stream, machine))
    }
}

struct Strings {
    frames_per_ms: f64,
    /// Slow and fast.
    waves: [Lfo; 2],
    depths: [Follow; 2],
    delay: Follow,
    phases: [Offset; 3],
    lines: [Line; 3],
    taps: [Tap; 3],
    /// Of each voice, left and right.
    gains: [[f64; 2]; 3],
    mix: f64,
}

impl Machine for Strings {
    fn turn(&mut self, knobs: &[f64]) {
        let &[slow_hz, slow_ms, fast_hz, fast_ms, delay_ms, width_percent, mix_percent] = knobs else { return };
        self.waves[0].set_hz(slow_hz);
        self.waves[1].set_hz(fast_hz);
        self.depths[0].to(slow_ms * self.frames_per_ms);
        self.depths[1].to(fast_ms * self.frames_per_ms);
        self.delay.to(delay_ms * self.frames_per_ms);
        self.mix = 0.01 * mix_percent;
        // Equal power for each voice; three of them share two sides, so ⅔ of the power on each.
        let level = (2.0_f64 / 3.0).sqrt();
        self.gains = [-0.01, 0.0, 0.01].map(|end| {
            let place = 0.125 * width_percent * end;
            [0.125 - place, 0.125 + place].map(|angle| level * sine_of_turns(angle))
        });
    }

    #[inline(always)]
    fn frame<const C: usize>(&mut self, mut frame: [f64; C]) -> [f64; C] {
        self.waves.iter_mut().for_each(Lfo::step);
        let delay = self.delay.step();
        let depths = [0.5 * self.depths[0].step(), 0.5 * self.depths[1].step()];
        let (left, right) = (frame[0], frame[C - 1]);
        let mut wet = [0.0; 2];
        let heard = [left, 0.5 * (left + right), right];
        for (voice, (line, tap)) in self.lines.iter_mut().zip(&mut self.taps).enumerate() {
            let (slow, fast) = (1.0 + self.waves[0].at(self.phases[voice]), 1.0 + self.waves[1].at(self.phases[voice]));
            tap.set(delay + depths[0] * slow + depths[1] * fast);
            let y = f64::from(tap.read(line));
            line.push(audible(heard[voice]));
            wet[0] += y * self.gains[voice][0];
            wet[1] += y * self.gains[voice][1];
        }
        for (x, wet) in frame.iter_mut().zip(wet) {
            *x = *x * (1.0 - self.mix) + wet * self.mix;
        }
        frame
    }

    fn tail(&self, knobs: &Knobs) -> Tail {
        let on_the_way = self.delay.place() + self.depths[0].place() + self.depths[1].place();
        let longest = (knobs.most(1) + knobs.most(3) + knobs.most(4)) * self.frames_per_ms;
        Tail::Frames(on_the_way.max(longest).ceil() as u64 + line::HALF as u64)
    }

    fn memory(&self, knobs: &Knobs) -> Memory {
        Memory::of_ringing(self.tail(knobs))
    }

    fn reset(&mut self) {
        self.waves.iter_mut().for_each(Lfo::reset);
        self.depths.iter_mut().for_each(Follow::reset);
        self.delay.reset();
        self.lines.iter_mut().for_each(Line::clear);
    }

    fn begin_at(&mut self, frame: u64) {
        self.waves.iter_mut().for_each(|wave| wave.begin_at(frame));
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use super::*;
    use crate::modulation::bench::{self, RATE as FS};
    use crate::testing::{run, sine, spread, stereo_noise};

    #[test]
    fn three_voices_in_three_phases_of_two_waves() {
        // Against the exact answer at full width: left is voice one and 0.707 of voice two. Reached: −98 dB.
        let input = spread(&sine(5000.0, 0.25, FS, 96_000), Layout::Stereo);
        let out = run(&mut *bench::stereo::<Ensemble>(&Settings::new(&SPEC)), &input, &[512], &[]);
        let (mut wanted, mut wrong) = (0.0, 0.0);
        for n in 2000..96_000 {
            let voice = |third: f64| {
                let t = f64::from(n + 1) / 48_000.0;
                let wave = |hz: f64| 0.5 + 0.5 * (TAU * (hz * t + third / 3.0)).sin();
                let delay = 48.0 * (3.0 + 3.0 * wave(0.6) + 0.4 * wave(6.0));
                0.25 * (TAU * 5000.0 / 48_000.0 * (f64::from(n) - delay)).sin()
            };
            let ideal = (voice(0.0) + 0.5_f64.sqrt() * voice(1.0)) * (2.0_f64 / 3.0).sqrt();
            wanted += ideal * ideal;
            wrong += (f64::from(out.channel(0)[n as usize]) - ideal).powi(2);
        }
        let error = 10.0 * f64::log10(wrong / wanted);
        println!("{error:.1} dB");
        assert!(error <= -80.0, "{error:.1} dB");
    }

    #[test]
    fn it_is_as_loud_as_the_source() {
        let power = |buffer: &tonmeister_core::Buffer| -> f64 {
            (0..2).flat_map(|c| &buffer.channel(c)[4800..]).map(|y| f64::from(y * y)).sum()
        };
        let noise = stereo_noise(3, 0.5, 48_000);
        let input = spread(noise.channel(0), Layout::Stereo);
        for width in [0.0, 100.0] {
            let settings = Settings::new(&SPEC).with("width_percent", width);
            let out = run(&mut *bench::stereo::<Ensemble>(&settings), &input, &[512], &[]);
            let louder = 10.0 * (power(&out) / power(&input)).log10();
            assert!(louder.abs() < 0.5, "{width} %: {louder:.2} dB");
        }
    }

    #[test]
    fn nothing_clicks() {
        // Asked: −100 dB.
        let moves = [
            ("mix_percent", 0.0, 100.0),
            ("width_percent", 0.0, 100.0),
            ("slow_hz", 0.2, 2.0),
            ("fast_hz", 3.0, 8.0),
            ("slow_ms", 0.0, 6.0),
            ("fast_ms", 0.0, 0.8),
            ("delay_ms", 1.0, 10.0),
        ];
        bench::assert_no_zipper::<Ensemble>(&Settings::new(&SPEC), &moves, -100.0);
    }

    #[test]
    fn house_rules() {
        bench::assert_house_rules::<Ensemble>(&Settings::new(&SPEC).with("mix_percent", 70.0));
    }
}
