//! The Haas effect: one side a little late.
//!
//! Between one and some forty milliseconds the ear takes two equal sounds for one, and hears it where the earlier one
//! came from; the later one makes it louder and wider, and may be up to 10 dB louder before it is heard for itself.
//!
//! In mono the two sides comb: equal parts d late cancel at 1/(2d), 3/(2d), 5/(2d)…: at 15 ms first at 33 Hz, then
//! every 67 Hz.
//!
//! ```
//! use tonmeister_core::{Context, Effect, Layout, Settings, Stream};
//! use tonmeister_dsp::{stereo::Haas, testing};
//!
//! let settings = Settings::new(Haas::SPEC).with("delay_ms", 10.0);
//! let stream = Stream { sample_rate: 48_000, layout: Layout::Stereo, max_block: 960, seed: 1 };
//! let mut audio = testing::impulse(Layout::Stereo, 0, 960);
//! Haas::from_settings(&settings).build(&stream).unwrap().process(&mut audio.block(960), &Context::default());
//! assert!(audio.channel(0)[0] == 1.0 && audio.channel(1)[480] == 1.0);
//! ```

#![allow(
    clippy::inline_always,
    reason = "left out of line they would be compiled without their caller's vector instructions"
)]

use tonmeister_core::{
    BuildError, Choice, Effect, EffectSpec, Family, Memory, ParamSpec, Processor, Settings, Stream, Tail, Unit,
};

use super::{frame, sides, two_sides};
use crate::line::{self, Line, Tap};
use crate::math::amplitude_of_db;
use crate::modulation::follow::Follow;
use crate::modulation::rig::{Knobs, Machine, Running, audible};

const LONGEST_MS: f64 = 40.0;

const SPEC: EffectSpec = EffectSpec {
    id: "haas",
    name: "Haas delay",
    family: Family::Stereo,
    summary: "Delays one side by some milliseconds: wide, and heard on the other side.",
    doc: "The cheapest width there is, and the dearest in mono: summed, the two sides comb. Their first notch lies at \
          1/(2·delay), 33 Hz at 15 ms, and the next ones every 1/delay above. With the late side 6 dB down, \
          9.5 dB lie between notches and peaks. Use it where mono does not matter, on one of two doubled \
          parts, or to place an ensemble by time instead of level; where mono matters, use the decorrelator, whose \
          sum is untouched. Below 1 ms the image only leans; above 30 ms percussive sounds are heard twice. A moved \
          `delay_ms` glides there like tape and bends the late side's pitch meanwhile.",
    params: &[
        ParamSpec::choice(
            "late_side",
            "Late side",
            &[
                Choice { id: "right", doc: "the right comes late: the sound is heard on the left" },
                Choice { id: "left", doc: "the left comes late: the sound is heard on the right" },
            ],
            "Which side is delayed.",
        ),
        ParamSpec::number(
            "delay_ms",
            "Delay",
            Unit::Ms,
            (0.0, LONGEST_MS),
            15.0,
            "How late it comes. In mono the first notch lies at 500 Hz divided by this number.",
        ),
        ParamSpec::number(
            "level_db",
            "Level",
            Unit::Db,
            (-24.0, 10.0),
            0.0,
            "Gain of the late side. Louder, up to 10 dB, it fills its side and still does not draw the sound there.",
        ),
    ],
    groups: &[],
    files: &[],
    stereo_only: true,
    key: tonmeister_core::KeyUse::None,
    sources: &[
        "H. Haas, \"The influence of a single echo on the audibility of speech\", J. Audio Eng. Soc. 20(2), 1972 \
         (thesis of 1949)",
    ],
};

/// The effect `haas`.
#[derive(Clone, Debug)]
pub struct Haas(Settings);

impl Effect for Haas {
    const SPEC: &'static EffectSpec = &SPEC;

    fn from_settings(settings: &Settings) -> Self {
        Haas(settings.clone())
    }

    fn build(&self, stream: &Stream) -> Result<Box<dyn Processor>, BuildError> {
        two_sides(stream, "a Haas delay")?;
        let frames_per_ms = 0.001 * f64::from(stream.sample_rate);
        let machine = Late {
            frames_per_ms,
            channel: usize::from(self.0.get("late_side") == 0.0),
            delay: Follow::new(stream.sample_rate),
            gain: 1.0,
            line: Line::new((LONGEST_MS * frames_per_ms).ceil() as usize + 1 + line::HALF),
            tap: Tap::resting(),
        };
        Ok(Running::boxed(&self.0, stream, machine))
    }
}

struct Late {
    frames_per_ms: f64,
    /// Which one is late.
    channel: usize,
    delay: Follow,
    gain: f64,
    line: Line,
    tap: Tap,
}

impl Machine for Late {
    fn turn(&mut self, knobs: &[f64]) {
        let &[_, delay_ms, level_db] = knobs else { return };
        self.delay.to(delay_ms * self.frames_per_ms);
        self.gain = amplitude_of_db(level_db);
    }

    #[inline(always)]
    fn frame<const C: usize>(&mut self, input: [f64; C]) -> [f64; C] {
        let mut both = sides(input);
        self.line.push(audible(both[self.channel]));
        // The newest frame is one behind the next: no delay is a place of one.
        self.tap.set(1.0 + self.delay.step());
        both[self.channel] = self.gain * f64::from(self.tap.read(&self.line));
        frame(both)
    }

    fn tail(&self, knobs: &Knobs) -> Tail {
        let longest = self.delay.place().max(knobs.most(1) * self.frames_per_ms);
        Tail::Frames(longest.ceil() as u64 + line::HALF as u64)
    }

    fn memory(&self, knobs: &Knobs) -> Memory {
        Memory::of_ringing(self.tail(knobs))
    }

    fn reset(&mut self) {
        self.delay.reset();
        self.line.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modulation::bench;
    use crate::stereo::probe::{click, level, lopsided, mid_side};
    use crate::testing::{run, stereo_noise};

    #[test]
    fn one_side_is_late_and_the_other_untouched() {
        let input = stereo_noise(3, 0.5, 6000);
        for (choice, late) in [(0.0, 1), (1.0, 0)] {
            for delay_ms in [0.0, 0.5, 12.0, 40.0] {
                let settings = Settings::new(&SPEC).with("late_side", choice).with("delay_ms", delay_ms);
                let out = run(&mut *bench::stereo::<Haas>(&settings), &input, &[512], &[]);
                let frames = (delay_ms * 48.0) as usize;
                assert_eq!(out.channel(1 - late), input.channel(1 - late));
                assert_eq!(out.channel(late)[frames..], input.channel(late)[..6000 - frames]);
            }
        }
    }

    #[test]
    fn the_mono_sum_has_its_notches_where_the_documentation_says() {
        // First notch at 1/(2·delay), deeper than 100 dB; 9.5 dB deep with the late side 6 dB down.
        for delay_ms in [5.0, 15.0, 25.0] {
            let settings = Settings::new(&SPEC).with("delay_ms", delay_ms);
            let [mid, _] = mid_side(&mut *bench::stereo::<Haas>(&settings), &click(1.0, 1.0, 8192));
            for k in [1.0, 3.0, 5.0] {
                assert!(level(&mid, k * 500.0 / delay_ms) < -100.0);
                assert!(level(&mid, (k + 1.0) * 500.0 / delay_ms).abs() < 0.01);
            }
            let softer = settings.with("level_db", -6.0);
            let [mid, _] = mid_side(&mut *bench::stereo::<Haas>(&softer), &click(1.0, 1.0, 8192));
            // Against one side and the other in step.
            let (notch, peak) = (level(&mid, 500.0 / delay_ms), level(&mid, 1000.0 / delay_ms));
            assert!((peak - notch - 9.56).abs() < 0.05, "{} dB", peak - notch);
        }
    }

    #[test]
    fn nothing_clicks() {
        // Asked: −100 dB.
        let moves = [("level_db", -12.0, 6.0), ("delay_ms", 5.0, 20.0)];
        bench::assert_no_zipper_on::<Haas>(&Settings::new(&SPEC), &moves, -100.0, &lopsided());
    }

    #[test]
    fn house_rules() {
        bench::assert_house_rules::<Haas>(&Settings::new(&SPEC));
    }
}
