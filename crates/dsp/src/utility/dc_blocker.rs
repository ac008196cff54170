//! The DC blocker: takes away what stands still.
//!
//! A high-pass of one pole or two (Butterworth) at a few hertz, with its zeros at 0 Hz: a constant offset dies away
//! exponentially, to nothing.
//!
//! ```
//! use tonmeister_core::{Context, Effect, Layout, Settings, Stream};
//! use tonmeister_dsp::{testing, utility::DcBlocker};
//!
//! let stream = Stream { sample_rate: 48_000, layout: Layout::Mono, max_block: 24_000, seed: 1 };
//! let mut audio = testing::spread(&[0.5; 24_000], Layout::Mono);
//! let blocker = DcBlocker::from_settings(&Settings::new(DcBlocker::SPEC));
//! blocker.build(&stream).unwrap().process(&mut audio.block(24_000), &Context::default());
//! assert!(audio.channel(0)[0] > 0.49 && audio.channel(0)[23_999].abs() < 1e-6);
//! ```

#![allow(
    clippy::inline_always,
    reason = "left out of line they would be compiled without their caller's vector instructions"
)]

use std::f64::consts::{PI, SQRT_2};

use tonmeister_core::{
    BuildError, Effect, EffectSpec, Family, Memory, ParamSpec, Processor, Settings, Stream, Tail, Unit,
};

use crate::modulation::rig::{Knobs, Machine, Running, flush};
use crate::modulation::split::Split;

const SPEC: EffectSpec = EffectSpec {
    id: "dc_blocker",
    name: "DC blocker",
    family: Family::Utility,
    summary: "Takes away a constant offset and what lies far below hearing.",
    doc: "For recordings of converters with an offset, in front of anything that treats the two polarities apart \
          (compressors, clippers, saturators), behind asymmetric distortion, against the rumble that only moves \
          loudspeakers. An offset costs headroom and clicks at every cut. At 5 Hz and 6 dB an octave it takes \
          0.26 dB at 20 Hz and turns the phase by 14° there; at 12 dB an octave 0.02 dB and 21°. The offset has fallen \
          by 90 dB after 1.65 s divided by the frequency in hertz (2.4 s with 12 dB an octave): 0.33 s at 5 Hz. A \
          waveform that is lopsided by nature (a trumpet, a voice) stays so: its mean is zero.",
    params: &[
        ParamSpec::number("hz", "Frequency", Unit::Hz, (1.0, 40.0), 5.0, "3 dB down here.").logarithmic(),
        ParamSpec::steps(
            "slope_db_oct",
            "Slope",
            Unit::DbPerOctave,
            &[6.0, 12.0],
            6.0,
            "How steeply it falls below: one pole, or two (Butterworth).",
        ),
    ],
    groups: &[],
    files: &[],
    stereo_only: false,
    key: tonmeister_core::KeyUse::None,
    sources: &["Zavalishin: The art of VA filter design, 2018, ch. 3 and 4 (trapezoidal filters)"],
};

/// The effect `dc_blocker`.
#[derive(Clone, Debug)]
pub struct DcBlocker(Settings);

impl Effect for DcBlocker {
    const SPEC: &'static EffectSpec = &SPEC;

    fn from_settings(settings: &Settings) -> Self {
        DcBlocker(settings.clone())
    }

    fn build(&self, stream: &Stream) -> Result<Box<dyn Processor>, BuildError> {
        if self.0.get("slope_db_oct") == 6.0 {
            return Ok(Running::boxed(&self.0, stream, One(Split::new(stream.sample_rate))));
        }
        let rate = f64::from(stream.sample_rate);
        Ok(Running::boxed(&self.0, stream, Two { rate, g: 0.0, scale: 1.0, states: [[0.0; 2]; 2] }))
    }
}

/// One pole: all that the low-pass leaves.
struct One(Split);

impl Machine for One {
    fn turn(&mut self, knobs: &[f64]) {
        self.0.tune(knobs[0]);
    }

    #[inline(always)]
    fn frame<const C: usize>(&mut self, mut frame: [f64; C]) -> [f64; C] {
        for (c, x) in frame.iter_mut().enumerate() {
            *x -= self.0.low(c, *x);
        }
        frame
    }

    fn flush(&mut self) {
        self.0.flush();
    }

    fn tail(&self, knobs: &Knobs) -> Tail {
        Tail::Frames(self.0.tail(knobs.least(0)))
    }

    fn memory(&self, knobs: &Knobs) -> Memory {
        Memory::of_ringing(self.tail(knobs))
    }

    fn reset(&mut self) {
        self.0.reset();
    }
}

/// Two poles: a trapezoidal state-variable filter.
struct Two {
    rate: f64,
    g: f64,
    scale: f64,
    states: [[f64; 2]; 2],
}

impl Machine for Two {
    fn turn(&mut self, knobs: &[f64]) {
        self.g = (PI * knobs[0] / self.rate).tan();
        self.scale = 1.0 / (1.0 + self.g * (self.g + SQRT_2));
    }

    #[inline(always)]
    fn frame<const C: usize>(&mut self, mut frame: [f64; C]) -> [f64; C] {
        for (x, [first, second]) in frame.iter_mut().zip(&mut self.states) {
            let high = (*x - (self.g + SQRT_2) * *first - *second) * self.scale;
            let up = self.g * high;
            let band = up + *first;
            *first = band + up;
            let up = self.g * band;
            *second += 2.0 * up;
            *x = high;
        }
        frame
    }

    fn flush(&mut self) {
        self.states.as_flattened_mut().iter_mut().for_each(flush);
    }

    /// e^{−ωt/√2}, with room for the sum of sine and cosine under it.
    fn tail(&self, knobs: &Knobs) -> Tail {
        Tail::Frames((14.5 * SQRT_2 * self.rate / (2.0 * PI * knobs.least(0))).ceil() as u64 + 2)
    }

    fn memory(&self, knobs: &Knobs) -> Memory {
        Memory::of_ringing(self.tail(knobs))
    }

    fn reset(&mut self) {
        self.states = [[0.0; 2]; 2];
    }
}

#[cfg(test)]
mod tests {
    use tonmeister_core::Layout;

    use super::*;
    use crate::modulation::bench;
    use crate::stereo::probe::level;
    use crate::testing::{impulse, run, spread};

    #[test]
    fn an_offset_is_gone_when_the_documentation_says() {
        // Asked: −90 dB after settling. Reached: −90 dB after 1.65/f (2.42/f) seconds, then −140 dB and below.
        for (slope, seconds) in [(6.0, 1.65), (12.0, 2.42)] {
            for (hz, rate) in [(5.0, 48_000), (10.0, 44_100), (20.0, 192_000)] {
                let settings = Settings::new(&SPEC).with("hz", hz).with("slope_db_oct", slope);
                let input = spread(&vec![1.0; rate as usize], Layout::Stereo);
                let out = run(&mut *bench::at_rate::<DcBlocker>(&settings, Layout::Stereo, rate), &input, &[512], &[]);
                let settled = (seconds / hz * f64::from(rate)) as usize;
                for c in 0..2 {
                    let left = out.channel(c)[settled..].iter().fold(0.0_f32, |a, y| a.max(y.abs()));
                    assert!(left < 3.17e-5, "{slope} dB/oct at {hz} Hz: {left}");
                    assert!(out.channel(c)[rate as usize - 1].abs() < 1e-7);
                }
            }
        }
    }

    #[test]
    fn music_stays() {
        // Against the analog formulas: within 0.001 dB from 10 Hz to 20 kHz.
        for (slope, order) in [(6.0, 1), (12.0, 2)] {
            let settings = Settings::new(&SPEC).with("slope_db_oct", slope);
            let out = run(&mut *bench::mono::<DcBlocker>(&settings), &impulse(Layout::Mono, 0, 96_000), &[512], &[]);
            let response: Vec<f64> = out.channel(0).iter().map(|y| f64::from(*y)).collect();
            for hz in [10.0_f64, 20.0, 50.0, 200.0, 1000.0, 8000.0, 20_000.0] {
                let wanted = -10.0 * (1.0 + (5.0 / hz).powi(2 * order)).log10();
                assert!((level(&response, hz) - wanted).abs() < 0.001, "{hz} Hz: {}", level(&response, hz));
            }
        }
    }

    #[test]
    fn nothing_clicks() {
        for slope in [6.0, 12.0] {
            let settings = Settings::new(&SPEC).with("slope_db_oct", slope);
            bench::assert_no_zipper::<DcBlocker>(&settings, &[("hz", 1.0, 40.0)], -100.0);
            bench::assert_house_rules::<DcBlocker>(&settings);
        }
    }
}
