//! The effect `meter`: a place in a chain where the level is read.
//!
//! Sound passes bit for bit and at once; what it measures comes out through [`Processor::levels`]. The figures are those
//! of [`loudness`](crate::loudness) and [`space`](crate::space) over the same signal, but memory does not grow: gates are
//! applied to a [`histogram`] of hundredths of a LU instead of to the blocks themselves, and nothing is
//! allocated while it sounds.
//!
//! The effect lives here and not on the rack's own shelves, because it measures: whoever fills a registry adds it.
//!
//! ```
//! use tonmeister_core::{Context, Effect, Layout, Settings, Stream};
//! use tonmeister_dsp::testing::{sine, spread};
//! use tonmeister_measure::tap::MeterTap;
//!
//! let stream = Stream { sample_rate: 48_000, layout: Layout::Stereo, max_block: 96_000, seed: 1 };
//! let mut meter = MeterTap::from_settings(&Settings::new(MeterTap::SPEC)).build(&stream).unwrap();
//! let mut tone = spread(&sine(1000.0, 0.0708, 48_000, 96_000), Layout::Stereo);
//! meter.process(&mut tone.block(96_000), &Context::default());
//! assert!((meter.levels().unwrap().integrated_lufs.unwrap() + 23.0).abs() < 0.01);
//! ```

mod histogram;
#[cfg(test)]
mod tests;

use tonmeister_core::{
    Block, BuildError, Context, Effect, EffectSpec, Family, KeyUse, Layout, Levels, Memory, Processor, Settings,
    Stream, View,
};
use tonmeister_dsp::truepeak::TruePeakMeter;

use self::histogram::Histogram;
use crate::loudness::grid::{Greatest, Grid, Windows};
use crate::loudness::{INTEGRATED_GATE_LU, MOMENTARY_STEPS, RANGE_GATE_LU, SHORT_TERM_STEPS, decibels, lufs};
use crate::space::{CorrelationMeter, Pair, products};
use crate::weighting::PairEnergy;

/// The time constant of the correlation now: quick enough for the eye.
const CORRELATION_S: f64 = 0.4;

/// −120 dBFS: what lies below is the silence behind a programme.
const SILENCE: f32 = 1e-6;

const SPEC: EffectSpec = EffectSpec {
    id: "meter",
    name: "Meter",
    family: Family::Utility,
    summary: "Reads loudness, peaks and correlation at its place in a chain, and changes nothing.",
    doc: "Wherever you want to know how loud a signal is: in front of a compressor to set its threshold, behind it to \
          see what is left, on a bus, at the end of the master. What it has read stands in the report of a mix under the \
          insert's address, so that an `id` such as \"after-the-compressor\" makes the report speak: integrated loudness \
          (gated, ITU-R BS.1770-5), loudness range (EBU Tech 3342), the loudest 400 ms and 3 s, true peak, sample peak, \
          RMS (a full-scale sine is −3.01) and, of stereo, the correlation of its sides. They are the figures that `measure` \
          gives for a file of the same signal, to 0.01 LU; a programme ends with its last sample above −120 dBFS, so that \
          silence behind it dilutes nothing. A mono strip counts as the one channel it is. Sound passes bit for bit.",
    params: &[],
    groups: &[],
    files: &[],
    stereo_only: false,
    key: KeyUse::None,
    sources: &[
        "ITU-R BS.1770-5 (loudness, true peak)",
        "EBU Tech 3341 and 3342 (momentary and short-term loudness, loudness range)",
    ],
};

/// The effect `meter`. It has no settings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MeterTap;

impl Effect for MeterTap {
    const SPEC: &'static EffectSpec = &SPEC;

    fn from_settings(_: &Settings) -> Self {
        MeterTap
    }

    fn build(&self, stream: &Stream) -> Result<Box<dyn Processor>, BuildError> {
        Ok(Box::new(Tap::new(*stream)))
    }
}

/// A meter that listens.
struct Tap {
    hop: Hop,
    grid: Grid,
    weighted: PairEnergy,
    windows: Windows,
    in_step: usize,
    steps: usize,
    greatest_momentary: Greatest,
    greatest_short_term: Greatest,
    /// The blocks of 400 ms and the windows of 3 s that end every 100 ms.
    momentary: Histogram,
    short_term: Histogram,
    true_peak: TruePeakMeter,
    sample_peak: f32,
    /// Sums over whole hops.
    sums: Pair,
    frames: u64,
    /// Where the programme ends, as far as is known: behind the last sample above [`SILENCE`].
    end: u64,
    correlation: CorrelationMeter,
    stream: Stream,
}

/// What came since the last whole hop; what is no number is silence.
struct Hop {
    channels: [Vec<f32>; 2],
    layout: Layout,
    filled: usize,
}

impl Hop {
    fn of(layout: Layout, frames: usize) -> Self {
        let room = |channel| vec![0.0; if channel < layout.channels() { frames } else { 0 }];
        Hop { channels: [room(0), room(1)], layout, filled: 0 }
    }

    fn part(&self, from: usize, to: usize) -> View<'_> {
        let [left, right] = &self.channels;
        match self.layout {
            Layout::Mono => View::mono(&left[from..to]),
            Layout::Stereo => View::stereo(&left[from..to], &right[from..to]),
        }
    }

    /// The sums of squares and of products so far; of mono both channels are the one.
    fn sums(&self) -> [f64; 3] {
        let left = &self.channels[0][..self.filled];
        let right = &self.channels[self.layout.channels() - 1][..self.filled];
        products(left, right)
    }
}

impl Tap {
    fn new(stream: Stream) -> Self {
        let grid = Grid::at(stream.sample_rate);
        Tap {
            hop: Hop::of(stream.layout, grid.hop_frames),
            grid,
            weighted: PairEnergy::new(stream.sample_rate, stream.layout),
            windows: Windows::new(grid.hops(SHORT_TERM_STEPS)),
            in_step: 0,
            steps: 0,
            greatest_momentary: Greatest::default(),
            greatest_short_term: Greatest::default(),
            momentary: Histogram::new(),
            short_term: Histogram::new(),
            true_peak: TruePeakMeter::close(stream.layout),
            sample_peak: 0.0,
            sums: Pair::default(),
            frames: 0,
            end: 0,
            correlation: CorrelationMeter::new(stream.sample_rate, CORRELATION_S),
            stream,
        }
    }

    /// Hears a stretch that lies inside one hop.
    fn hear(&mut self, view: View<'_>) {
        let (from, to) = (self.hop.filled, self.hop.filled + view.frames());
        for (hop, samples) in self.hop.channels.iter_mut().zip(view.channels()) {
            let hop = &mut hop[from..to];
            let mut peak = 0.0_f32;
            for (into, x) in hop.iter_mut().zip(samples) {
                *into = if x.is_finite() { *x } else { 0.0 };
                peak = if into.abs() > peak { into.abs() } else { peak };
            }
            self.sample_peak = self.sample_peak.max(peak);
            if peak > SILENCE {
                let last = hop.iter().rposition(|x| x.abs() > SILENCE).unwrap_or(0);
                self.end = self.end.max(self.frames + last as u64 + 1);
            }
        }
        self.true_peak.push(self.hop.part(from, to));
        self.frames += (to - from) as u64;
        self.hop.filled = to;
        if to == self.grid.hop_frames {
            self.end_hop();
        }
    }

    fn end_hop(&mut self) {
        let whole = self.hop.part(0, self.grid.hop_frames);
        self.weighted.push(whole);
        if whole.layout() == Layout::Stereo {
            self.correlation.push(whole);
        }
        let [left, right, both] = self.hop.sums();
        let sums = &mut self.sums;
        *sums = Pair { left: sums.left + left, right: sums.right + right, both: sums.both + both };
        self.hop.filled = 0;

        let channels = self.stream.layout.channels();
        self.windows.push(self.weighted.take_weighted()[..channels].iter().sum());
        let (momentary, short_term) = (self.window(MOMENTARY_STEPS), self.window(SHORT_TERM_STEPS));
        self.windows.keep(&mut self.greatest_momentary, momentary);
        self.windows.keep(&mut self.greatest_short_term, short_term);
        self.in_step += 1;
        if self.in_step == self.grid.hops_per_step {
            self.in_step = 0;
            self.steps += 1;
            // A block that ends in silence belongs to the programme only if it goes on.
            let over = self.frames - self.end >= self.grid.hop_frames as u64;
            if self.steps >= MOMENTARY_STEPS {
                self.momentary.add(momentary, over);
            }
            if self.steps >= SHORT_TERM_STEPS {
                self.short_term.add(short_term, over);
            }
        }
    }

    /// Weighted mean square over the last whole steps' worth of hops.
    fn window(&self, steps: usize) -> f64 {
        self.windows.sum_of_last(self.grid.hops(steps)) / (steps * self.grid.step_frames()) as f64
    }
}

impl Processor for Tap {
    fn process(&mut self, block: &mut Block<'_>, _: &Context<'_>) {
        let view = block.view();
        let mut at = 0;
        while at < view.frames() {
            let end = view.frames().min(at + self.grid.hop_frames - self.hop.filled);
            self.hear(view.part(at, end));
            at = end;
        }
    }

    /// What sounds passes as it is.
    fn memory(&self) -> Memory {
        Memory::NONE
    }

    fn reset(&mut self) {
        *self = Tap::new(self.stream);
    }

    fn levels(&self) -> Option<Levels> {
        let [left, right, both] = self.hop.sums();
        let sums = Pair { left: self.sums.left + left, right: self.sums.right + right, both: self.sums.both + both };
        let stereo = self.stream.layout == Layout::Stereo;
        let length = self.end.max(1) as f64;
        Some(Levels {
            sample_peak_dbfs: decibels(f64::from(self.sample_peak)),
            true_peak_dbtp: decibels(self.true_peak.max_at_rest()),
            rms_dbfs: decibels((0.5 * (sums.left + sums.right) / length).sqrt()),
            momentary_lufs: lufs(self.window(MOMENTARY_STEPS)),
            short_term_lufs: lufs(self.window(SHORT_TERM_STEPS)),
            max_momentary_lufs: lufs(self.greatest_momentary.energy),
            max_short_term_lufs: lufs(self.greatest_short_term.energy),
            integrated_lufs: self.momentary.mean_above(INTEGRATED_GATE_LU).and_then(lufs),
            range_lu: self.short_term.range_lu(RANGE_GATE_LU),
            correlation_now: self.correlation.correlation().filter(|_| stereo),
            correlation: Pair { left: sums.left / length, right: sums.right / length, both: sums.both / length }
                .correlation()
                .filter(|_| stereo),
        })
    }
}
