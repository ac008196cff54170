//! The effect `declick`: clicks, pops and crackle are found and replaced by what the sound around them foretells.
//!
//! A frame of 8192 samples (at 44.1 and 48 kHz) is described by an autoregressive model. What the model cannot foretell,
//! neither forward nor backward, and stands out from the prediction error around it by so many standard deviations
//! and from that right next to it, is a click ([`find`]); it is cut out and filled with the samples that leave the least prediction error under
//! a second, finer model (order 512), and where that is less certain than the click is loud, with what is likely beside
//! what was there. Everything else comes out bit for bit as it went in.
//!
//! ```
//! use tonmeister_core::{Buffer, Context, Effect, Layout, Settings, Stream};
//! use tonmeister_dsp::{repair::Declick, testing};
//!
//! let stream = Stream { sample_rate: 48_000, layout: Layout::Mono, max_block: 48_000, seed: 0 };
//! let mut declick = Declick::from_settings(&Settings::new(Declick::SPEC)).build(&stream).unwrap();
//! let tone = testing::sine(440.0, 0.3, 48_000, 48_000);
//! let clean: Vec<f32> = tone.iter().zip(testing::noise(1, 1e-3, 48_000)).map(|(x, hiss)| x + hiss).collect();
//! let mut audio = Buffer::from_mono(clean.clone());
//! audio.channel_mut(0)[20_000] += 0.2; // a click
//! declick.process(&mut audio.block(48_000), &Context::default());
//! let [mended, kept] = [20_000, 20_100].map(|at| audio.channel(0)[at + declick.latency().0 as usize]);
//! assert!((mended - clean[20_000]).abs() < 0.003 && kept == clean[20_100]);
//! ```

mod find;

#[cfg(test)]
pub(super) mod tests;

use tonmeister_core::{BuildError, Effect, EffectSpec, Family, ParamSpec, Processor, Settings, Stream, Unit};

use super::ar::{Gaps, Model};
use super::grid::{Grid, Worker};
use find::{Finder, Returning, Search};

/// No click is longer, at any rate.
const LONGEST: usize = 512;

const PARAMS: &[ParamSpec] = &[
    ParamSpec::number(
        "sensitivity_percent",
        "Sensitivity",
        Unit::Percent,
        (0.0, 100.0),
        40.0,
        "How little of a click is taken for one: it must stand out from the prediction error around it by 10 standard \
         deviations at 0, 5 at 50, 2.5 at 100. Too high, and plucked strings and consonants lose their edge.",
    ),
    ParamSpec::number(
        "crackle_percent",
        "Crackle",
        Unit::Percent,
        (0.0, 100.0),
        0.0,
        "Looks twice more for what is shorter than half a millisecond, with a threshold lower by up to 40 %: for worn \
         vinyl and the rustle of a bad contact. Above 0, clicks at even distances are clicks, too, and the edges of \
         a synthesizer with them.",
    ),
    ParamSpec::number(
        "longest_ms",
        "Longest",
        Unit::Ms,
        (0.1, 5.0),
        2.5,
        "What is longer is music, and stays. (Above 96 kHz no click is longer than 512 frames.)",
    )
    .logarithmic(),
];

const SPEC: EffectSpec = EffectSpec {
    id: "declick",
    name: "De-click",
    family: Family::Repair,
    summary: "Takes out clicks, pops and crackle and fills the gaps with what the sound around them foretells.",
    doc: "\
Reach for it on vinyl, on recordings with digital dropouts, mouth clicks, or a cut that ticks. What is not part of a \
click is not touched, to the last bit. Each channel is searched by itself. Begin with the sensitivity low and raise it \
until the clicks are gone; listen to what was taken out (input minus output): hearing music there means it is too high. \
\
Short gaps in tonal sound are filled beyond hearing (20 samples to 23 dB below the sound and better), 2 ms still \
well; noise is replaced by quieter noise. Where the filling is less certain than the click is loud, what was there counts \
too, so that a faint click seldom costs more than it did. An onset is told from a click by the sound that follows it. What \
stands out alike three times at even distances, the edge of a synthesizer's wave, is music; clicks that come so evenly are \
taken with Crackle above 0. A pulse that an instrument makes by itself but once (a single-sample impulse) may be taken for \
a click: lower the sensitivity. \
On six plucked stems of songs, with a click every 26 ms, at a sensitivity of 50, 91 to 100 % of the \
clicks were found and 93 to 100 % of what was found was one; the sound came 10 to 27 dB nearer to what it was, and on an \
electric piano 60 dB above the clicks 8 dB. Without \
clicks, at 40, four of the six came out to the last bit, and what changed in the others lies 58 dB below them; on a square lead \
and a distorted bass, 47 dB. The latency is about 0.15 s. \
Parameters are read once per hop (2048 frames at 48 kHz).",
    params: PARAMS,
    groups: &[],
    files: &[],
    stereo_only: false,
    key: tonmeister_core::KeyUse::None,
    sources: &[
        "S. J. Godsill, P. J. W. Rayner, \"Digital Audio Restoration\", Springer 1998, chapter 5 (detection by \
         prediction error and matched filter, least-squares interpolation)",
        "S. J. Godsill, P. J. W. Rayner, \"A Bayesian approach to the restoration of degraded audio signals\", IEEE \
         Trans. Speech and Audio Processing 3(4), 1995 (what was seen under a click)",
        "A. Janssen, R. Veldhuis, L. Vries, \"Adaptive interpolation of discrete-time signals that can be modeled as \
         autoregressive processes\", IEEE Trans. ASSP 34(2), 1986",
    ],
};

/// Settings of the effect `declick`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Declick {
    /// How little of a click is taken for one.
    pub sensitivity_percent: f64,
    /// How much is done about crackle.
    pub crackle_percent: f64,
    /// What is longer stays.
    pub longest_ms: f64,
}

impl Effect for Declick {
    const SPEC: &'static EffectSpec = &SPEC;

    fn from_settings(settings: &Settings) -> Self {
        Declick {
            sensitivity_percent: settings.get("sensitivity_percent"),
            crackle_percent: settings.get("crackle_percent"),
            longest_ms: settings.get("longest_ms"),
        }
    }

    fn build(&self, stream: &Stream) -> Result<Box<dyn Processor>, BuildError> {
        let worker = Repair::new(stream);
        let born = [self.sensitivity_percent, self.crackle_percent, self.longest_ms];
        let knob_of = [Some(0), Some(1), Some(2)];
        Ok(Box::new(Grid::new(worker, stream.layout, stream.sample_rate, &born, &knob_of, None)))
    }
}

/// Both channels' frames, and the tools.
struct Repair {
    sample_rate: f64,
    hop: usize,
    /// Where in the frame the hop lies that is given out.
    begin: usize,
    /// The newest samples of each channel; what was given out stands there repaired.
    frames: Vec<Vec<f64>>,
    /// The frame without the clicks found so far.
    clean: Vec<f64>,
    spans: Vec<(usize, usize)>,
    finder: Finder,
    fine: Model,
    gaps: Gaps,
}

impl Repair {
    fn new(stream: &Stream) -> Self {
        let octaves = (f64::from(stream.sample_rate) / 48_000.0).log2().round() as i32;
        let size = (8192.0 * 2.0_f64.powi(octaves)) as usize;
        let hop = size / 4;
        Repair {
            sample_rate: f64::from(stream.sample_rate),
            hop,
            begin: (size - hop) / 2,
            frames: vec![vec![0.0; size]; stream.layout.channels()],
            clean: vec![0.0; size],
            spans: Vec::with_capacity(size),
            finder: Finder::new(size, (size / 128).clamp(16, 64)),
            fine: Model::new(size, (size / 16).min(1024)),
            gaps: Gaps::new(LONGEST),
        }
    }

    /// Repairs the hop of a channel's frame that is given out next.
    fn repair(&mut self, channel: usize, [sensitivity, crackle, longest_ms]: [f64; 3]) {
        let frame = &mut self.frames[channel];
        let deviations = 10.0 * (-sensitivity / 50.0).exp2();
        let frames_per_ms = self.sample_rate / 1000.0;
        let longest = ((longest_ms * frames_per_ms).round() as usize).clamp(1, LONGEST);
        self.clean.copy_from_slice(frame);
        self.finder.forget();
        let clicks = Search { deviations, longest, short: false };
        let short = ((0.5 * frames_per_ms).round() as usize).clamp(1, longest);
        let rustle = Search { deviations: deviations * (1.0 - 0.004 * crackle), longest: short, short: true };
        let passes = if crackle > 0.0 { 4 } else { 2 };
        for search in &[clicks, clicks, rustle, rustle][..passes] {
            if !self.finder.search(&mut self.clean, &mut self.gaps, search) {
                break;
            }
        }
        let (begin, end) = (self.begin, self.begin + self.hop);
        self.finder.spans(begin, end, longest, &mut self.spans);
        let least = if crackle > 0.0 { rustle.deviations } else { deviations };
        let returning = if crackle > 0.0 { Returning::IsNone } else { Returning::IsMusic };
        self.finder.confirm(frame, &mut self.clean, &mut self.gaps, &mut self.spans, least, returning);
        if self.spans.is_empty() {
            return;
        }
        // The neighbors that are clicks too stay as they were filled for now, and what is a click here is filled
        // twice: the second model has learnt from the first filling.
        for _ in 0..2 {
            if self.fine.learn(&self.clean) {
                self.gaps.fill(&self.fine, &mut self.clean, &self.spans);
            }
        }
        for span in &self.spans {
            let spread = self.finder.spread(&self.fine, &self.clean, *span);
            self.gaps.believe(&self.fine, &mut self.clean, frame, *span, spread);
        }
        for (from, to) in &self.spans {
            for (sample, filled) in frame[*from..*to].iter_mut().zip(&self.clean[*from..*to]) {
                *sample = f64::from(*filled as f32);
            }
        }
    }
}

impl Worker for Repair {
    fn hop(&self) -> usize {
        self.hop
    }

    fn delay(&self) -> usize {
        self.clean.len() - self.hop - self.begin
    }

    fn work(&mut self, channel: usize, input: &[f32], output: &mut [f32], knobs: &[f64]) {
        let frame = &mut self.frames[channel];
        frame.copy_within(self.hop.., 0);
        let old = frame.len() - self.hop;
        frame[old..].iter_mut().zip(input).for_each(|(out, x)| *out = f64::from(*x));
        if frame.iter().any(|x| *x != 0.0) {
            self.repair(channel, [knobs[0], knobs[1], knobs[2]]);
        }
        let ready = &self.frames[channel][self.begin..self.begin + self.hop];
        output.iter_mut().zip(ready).for_each(|(out, x)| *out = *x as f32);
    }

    fn reset(&mut self) {
        self.frames.iter_mut().for_each(|frame| frame.fill(0.0));
    }
}
