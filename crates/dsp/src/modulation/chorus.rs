//! The chorus: one player becomes several.
//!
//! Up to four voices, each a delay that sways between `delay_ms` and `delay_ms + depth_ms` and is a little out of tune
//! on the way; their waves are spread evenly over the turn. The voices are added as unrelated sounds (1/√voices), so
//! more of them thicken without getting louder.
//!
//! ```
//! use tonmeister_core::{Context, Effect, Layout, Settings, Stream};
//! use tonmeister_dsp::{modulation::Chorus, testing};
//!
//! let settings = Settings::new(Chorus::SPEC).with("voices", 1.0).with("depth_ms", 0.0).with("delay_ms", 10.0);
//! let stream = Stream { sample_rate: 48_000, layout: Layout::Stereo, max_block: 1000, seed: 1 };
//! let mut audio = testing::impulse(Layout::Stereo, 0, 1000);
//! Chorus::from_settings(&settings).build(&stream).unwrap().process(&mut audio.block(1000), &Context::default());
//! // A voice that stands still is an echo.
//! assert_eq!((audio.channel(0)[0], audio.channel(0)[480]), (0.5, 0.5));
//! ```

#![allow(
    clippy::inline_always,
    reason = "left out of line they would be compiled without their caller's vector instructions"
)]

use tonmeister_core::{
    BuildError, Effect, EffectSpec, Family, GroupSpec, Layout, Memory, ParamSpec, Processor, Settings, Stream, Tail,
    Unit,
};

use super::follow::Follow;
use super::lfo::{Lfo, Offset, Shape};
use super::rig::{Knobs, Machine, Running, audible};
use super::split::Split;
use crate::line::{self, Line, Tap};

const VOICES: usize = 4;
const LONGEST_MS: f64 = 40.0;
const DEEPEST_MS: f64 = 15.0;

const SPEC: EffectSpec = EffectSpec {
    id: "chorus",
    name: "Chorus",
    family: Family::Modulation,
    summary: "Adds voices that are a little late and a little out of tune, so that one sounds like several.",
    doc: "For guitars, pads, electric piano, background voices; on a bus, with `mix_percent` at 100, for all of them. \
          `rate_hz` may be written as a note value. The detuning grows with rate times depth: 0.5 Hz and 4 ms bend by \
          0.6 %, a tenth of a semitone. A moved delay or depth glides there like tape, with the pitch bent meanwhile. \
          Left and right keep their own voices; summed to mono the waves of both sides are heard at once.",
    params: &[
        ParamSpec::number("rate_hz", "Rate", Unit::Hz, (0.02, 8.0), 0.5, "How often each voice sways.").logarithmic(),
        ParamSpec::number(
            "depth_ms",
            "Depth",
            Unit::Ms,
            (0.0, DEEPEST_MS),
            4.0,
            "How far the delay sways, from its shortest to its longest.",
        ),
        ParamSpec::number("delay_ms", "Delay", Unit::Ms, (1.0, LONGEST_MS), 8.0, "The shortest delay of each voice.")
            .logarithmic(),
        ParamSpec::integer("voices", "Voices", Unit::None, (1, VOICES as i64), 2, "How many are added on each side."),
        ParamSpec::choice("shape", "Shape", Shape::GENTLE, "How the voices sway; `random` lets each go its own way."),
        ParamSpec::number(
            "phase_degrees",
            "Stereo phase",
            Unit::Degrees,
            (0.0, 180.0),
            90.0,
            "How far the right side's waves are ahead of the left's: 0 is as narrow as the source.",
        ),
        ParamSpec::number(
            "mix_percent",
            "Mix",
            Unit::Percent,
            (0.0, 100.0),
            50.0,
            "0 is the dry sound alone, 100 the voices alone.",
        ),
    ],
    groups: &[GroupSpec {
        id: "highpass",
        name: "High-pass",
        max: 1,
        params: &[
            ParamSpec::number("hz", "Frequency", Unit::Hz, (20.0, 2000.0), 150.0, "3 dB down here.").logarithmic()
        ],
        doc: "Takes lows from the voices, 6 dB per octave, so that the bass stays firm.",
    }],
    files: &[],
    stereo_only: true,
    key: tonmeister_core::KeyUse::None,
    sources: &["Dattorro: Effect design, part 2: delay-line modulation and chorus, JAES 45(10), 1997"],
};

/// The effect `chorus`.
#[derive(Clone, Debug)]
pub struct Chorus(Settings);

impl Effect for Chorus {
    const SPEC: &'static EffectSpec = &SPEC;

    fn from_settings(settings: &Settings) -> Self {
        Chorus(settings.clone())
    }

    fn build(&self, stream: &Stream) -> Result<Box<dyn Processor>, BuildError> {
        if stream.layout != Layout::Stereo {
            return Err(BuildError("a chorus needs a stereo stream".into()));
        }
        let frames_per_ms = 0.001 * f64::from(stream.sample_rate);
        let line = || Line::new(((LONGEST_MS + DEEPEST_MS) * frames_per_ms).ceil() as usize + line::HALF);
        let voices = self.0.get("voices") as usize;
        let machine = Choir {
            frames_per_ms,
            lfo: Lfo::new(Shape::of(self.0.get("shape")), stream.sample_rate, stream.seed),
            delay: Follow::new(stream.sample_rate),
            depth: Follow::new(stream.sample_rate),
            phase: Follow::turns(stream.sample_rate),
            voices,
            // Whole turns apart besides, where a random wave is another one.
            offsets: std::array::from_fn(|v| v as f64 * (1000.0 + 1.0 / voices as f64)),
            ahead: [[Offset::default(); VOICES]; 2],
            split: self.0.items("highpass").first().map(|_| Split::new(stream.sample_rate)),
            lines: [line(), line()],
            taps: [const { [const { Tap::resting() }; VOICES] }; 2],
            mix: 0.0,
        };
        Ok(Running::boxed(&self.0, stream, machine))
    }
}

struct Choir {
    frames_per_ms: f64,
    lfo: Lfo,
    delay: Follow,
    depth: Follow,
    /// How far the right side is ahead.
    phase: Follow,
    voices: usize,
    /// Of each voice, in turns.
    offsets: [f64; VOICES],
    /// Of each voice of each side.
    ahead: [[Offset; VOICES]; 2],
    split: Option<Split>,
    lines: [Line; 2],
    taps: [[Tap; VOICES]; 2],
    mix: f64,
}

impl Choir {
    fn spread(&mut self) {
        let turn = self.phase.place();
        self.ahead = [0.0, turn].map(|side| self.offsets.map(|voice| Offset::turns(voice + side)));
    }
}

impl Machine for Choir {
    fn turn(&mut self, knobs: &[f64]) {
        let &[rate_hz, depth_ms, delay_ms, _, _, phase_degrees, mix_percent, ref highpass @ ..] = knobs else { return };
        self.lfo.set_hz(rate_hz);
        self.depth.to(depth_ms * self.frames_per_ms);
        self.delay.to(delay_ms * self.frames_per_ms);
        self.phase.to(phase_degrees / 360.0);
        self.spread();
        self.mix = 0.01 * mix_percent;
        if let (Some(split), Some(hz)) = (&mut self.split, highpass.first()) {
            split.tune(*hz);
        }
    }

    #[inline(always)]
    fn frame<const C: usize>(&mut self, mut frame: [f64; C]) -> [f64; C] {
        self.lfo.step();
        let (delay, depth) = (self.delay.step(), 0.5 * self.depth.step());
        if self.phase.moving() {
            self.phase.step();
            self.spread();
        }
        let level = 1.0 / (self.voices as f64).sqrt();
        for (c, (x, line)) in frame.iter_mut().zip(&mut self.lines).enumerate() {
            let mut wet = 0.0;
            for (tap, ahead) in self.taps[c].iter_mut().zip(self.ahead[c]).take(self.voices) {
                tap.set(delay + depth * (1.0 + self.lfo.at(ahead)));
                wet += f64::from(tap.read(line));
            }
            line.push(audible(*x));
            wet *= level;
            if let Some(split) = &mut self.split {
                wet -= split.low(c, wet);
            }
            *x = *x * (1.0 - self.mix) + wet * self.mix;
        }
        frame
    }

    fn flush(&mut self) {
        self.split.iter_mut().for_each(Split::flush);
    }

    fn tail(&self, knobs: &Knobs) -> Tail {
        let on_the_way = self.delay.place() + self.depth.place();
        let longest = on_the_way.max((knobs.most(1) + knobs.most(2)) * self.frames_per_ms);
        let ringing = self.split.as_ref().map_or(0, |split| split.tail(knobs.least(7)));
        Tail::Frames(longest.ceil() as u64 + line::HALF as u64 + ringing)
    }

    fn memory(&self, knobs: &Knobs) -> Memory {
        Memory::of_ringing(self.tail(knobs))
    }

    fn reset(&mut self) {
        self.lfo.reset();
        self.delay.reset();
        self.depth.reset();
        self.phase.reset();
        self.split.iter_mut().for_each(Split::reset);
        self.lines.iter_mut().for_each(Line::clear);
    }

    fn begin_at(&mut self, frame: u64) {
        self.lfo.begin_at(frame);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modulation::bench::{self, RATE as FS};
    use crate::testing::{run, sine, spread, stereo_noise};

    #[test]
    fn each_voice_is_where_the_formula_says() {
        // Against the exact answer, the tones at the moved times. Reached: −97 dB.
        for voices in 1..=4 {
            let settings = Settings::new(&SPEC)
                .with("voices", f64::from(voices))
                .with("rate_hz", 1.0)
                .with("depth_ms", 2.0)
                .with("mix_percent", 100.0);
            let input = spread(&sine(5000.0, 0.25, FS, 60_000), Layout::Stereo);
            let out = run(&mut *bench::stereo::<Chorus>(&settings), &input, &[512], &[]);
            let turn = std::f64::consts::TAU;
            for (c, ahead) in [0.0, 0.25].into_iter().enumerate() {
                let (mut wanted, mut wrong) = (0.0, 0.0);
                for n in 2000..60_000 {
                    let ideal: f64 = (0..voices)
                        .map(|v| {
                            let phase = f64::from(n + 1) / 48_000.0 + ahead + f64::from(v) / f64::from(voices);
                            let delay = 384.0 + 48.0 * (1.0 + (turn * phase).sin());
                            0.25 * (turn * 5000.0 / 48_000.0 * (f64::from(n) - delay)).sin()
                        })
                        .sum::<f64>()
                        / f64::from(voices).sqrt();
                    wanted += ideal * ideal;
                    wrong += (f64::from(out.channel(c)[n as usize]) - ideal).powi(2);
                }
                let error = 10.0 * f64::log10(wrong / wanted);
                println!("{voices} voices: {error:.1} dB");
                assert!(error <= -80.0, "{voices} voices: {error:.1} dB");
            }
        }
    }

    #[test]
    fn more_voices_are_not_louder() {
        let level = |voices: f64| {
            let settings = Settings::new(&SPEC).with("voices", voices).with("mix_percent", 100.0);
            let out = run(&mut *bench::stereo::<Chorus>(&settings), &stereo_noise(3, 0.5, 48_000), &[512], &[]);
            10.0 * out.channel(0)[4800..].iter().map(|y| f64::from(y * y)).sum::<f64>().log10()
        };
        let one = level(1.0);
        for voices in [2.0, 3.0, 4.0] {
            assert!((level(voices) - one).abs() < 0.3, "{voices}: {:.2} dB", level(voices) - one);
        }
    }

    #[test]
    fn nothing_clicks() {
        // Asked: −100 dB.
        let settings = Settings::new(&SPEC).with_item("highpass", &[]);
        let moves = [
            ("mix_percent", 0.0, 100.0),
            ("rate_hz", 0.2, 2.0),
            ("depth_ms", 0.0, 8.0),
            ("delay_ms", 2.0, 20.0),
            ("phase_degrees", 0.0, 180.0),
            ("highpass/hz", 50.0, 2000.0),
        ];
        bench::assert_no_zipper::<Chorus>(&settings, &moves, -100.0);
    }

    #[test]
    fn house_rules() {
        for shape in 0..3 {
            let settings = Settings::new(&SPEC).with("shape", f64::from(shape)).with("voices", 3.0);
            bench::assert_house_rules::<Chorus>(&settings.with_item("highpass", &[]));
        }
    }
}
