//! Convolution with long impulse responses: a real room, a linear-phase filter.
//!
//! ```
//! use tonmeister_dsp::convolve::{Convolver, Latency, Path};
//!
//! // An echo of half the level after 3 000 frames, without latency.
//! let mut echo = vec![0.0; 3001];
//! echo[3000] = 0.5;
//! let mut convolver = Convolver::new(1, 1, &[Path { input: 0, output: 0, impulse: &echo }], Latency::None);
//! let mut sound = vec![0.0_f32; 4096];
//! sound[7] = 1.0;
//! convolver.process_in_place(&mut [&mut sound]);
//! assert!((sound[3007] - 0.5).abs() < 1e-6);
//! ```
//!
//! The impulse response is cut into partitions that grow with their distance from its start (Gardner, *Efficient
//! convolution without input-output delay*, JAES 43(3), 1995; Wefers, *Partitioned convolution algorithms for real-time
//! auralization*, 2015, §5): the first 64 taps are summed directly ([`head`]), then come partitions of 64, 256, 1024,
//! 4096 and 16 384 frames ([`stage`]), each stage in the frequency domain. A partition of B frames begins 2·B frames
//! behind the start, so that a stage has B frames' time for its work; it does a part of it every 64 frames, and no call
//! stands out.
//!
//! Everything happens on a grid of the convolver's own frames: the output has the same bits however the input is cut
//! into blocks, and on every machine, because the transforms ([`transform`]) are plain loops in a fixed order.
//!
//! Samples and spectra are `f32`, the spectra of the impulse response are computed in `f64`. The error against a direct
//! sum in `f64` lies at −135 dB or so of the output.

mod head;
mod stage;
mod transform;

#[cfg(test)]
mod tests;

use head::Head;
use stage::Stage;
use tonmeister_core::Memory;

/// The shortest partition, and the taps that are summed directly when there is to be no latency.
const SHORTEST: usize = 64;
/// The longest partition.
const LONGEST: usize = 16_384;
/// Each stage's partitions are longer than those before by this factor.
const GROWTH: usize = 4;

/// One way through the convolver: what an input adds to an output.
#[derive(Clone, Copy, Debug)]
pub struct Path<'a> {
    /// The input, from 0.
    pub input: usize,
    /// The output, from 0.
    pub output: usize,
    /// What an impulse of height one at the input becomes.
    pub impulse: &'a [f64],
}

/// When the output comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Latency {
    /// At once. The first 64 taps are summed directly.
    None,
    /// So many frames late, a power of two from 64 to 16 384: nothing is summed directly, and a long block saves the
    /// short transforms. Cheaper by a fifth or so at 64, by half at 1024.
    Frames(usize),
}

/// Convolves inputs with impulse responses and sums them into outputs.
///
/// It may have any number of inputs and outputs; each input is transformed once, whatever the number of its paths.
/// Two paths, left to left and right to right, make an ordinary stereo reverb, four a true stereo one.
pub struct Convolver {
    inputs: usize,
    outputs: usize,
    latency: usize,
    /// Taps, from the longest path, latency not counted.
    length: usize,
    /// Frames between two ticks of the grid.
    grid: usize,
    head: Head,
    stages: Vec<Stage>,
    /// Frames since the last tick.
    at: usize,
}

impl Convolver {
    /// Ready for that many inputs and outputs. Several paths may lead from one input, and into one output; two of the
    /// same ends add up.
    ///
    /// # Panics
    /// When a path leads from or to a channel that is not there, or the latency is no power of two from 64 to 16 384.
    pub fn new(inputs: usize, outputs: usize, paths: &[Path<'_>], latency: Latency) -> Convolver {
        assert!(paths.iter().all(|p| p.input < inputs && p.output < outputs), "a path leads from or to nowhere");
        let (grid, latency) = match latency {
            Latency::None => (SHORTEST, 0),
            Latency::Frames(n) => {
                assert!(n.is_power_of_two() && (SHORTEST..=LONGEST).contains(&n), "{n} frames are no latency");
                (n, n)
            }
        };
        let length = paths.iter().map(|p| p.impulse.len()).max().unwrap_or(0);
        // A late output is one of impulse responses that begin with silence: the head has nothing to do then.
        let end = length + latency;
        let mut stages = Vec::new();
        let (mut size, mut from) = (grid, grid);
        while from < end {
            let next = size * GROWTH;
            // The next size has its time from twice its length on.
            let to = if next <= LONGEST.max(grid) { (2 * next).min(end) } else { end };
            stages.push(Stage::new(size, from, to, grid, (inputs, outputs), paths, latency));
            (size, from) = (next, to);
        }
        let head = Head::new(if latency == 0 { SHORTEST } else { 0 }, grid, (inputs, outputs), paths);
        Convolver { inputs, outputs, latency, length, grid, head, stages, at: 0 }
    }

    /// By how many frames the output is late.
    pub fn latency(&self) -> usize {
        self.latency
    }

    /// Frames of the longest impulse response.
    pub fn length(&self) -> usize {
        self.length
    }

    /// How far back it remembers, latency not counted: what lies in one of its blocks with a sound rounds it, too.
    pub fn memory(&self) -> Memory {
        Memory::Frames((self.length + 4 * LONGEST) as u64)
    }

    /// Convolves a block of any length. What is no number counts as silence.
    ///
    /// # Panics
    /// When the number of channels is not that of the convolver, or the channels are not equally long.
    pub fn process(&mut self, input: &[&[f32]], output: &mut [&mut [f32]]) {
        assert!(input.len() == self.inputs && output.len() == self.outputs, "other channels than were asked for");
        let frames = input.first().map_or(0, |channel| channel.len());
        let mut at = 0;
        while at < frames {
            let end = frames.min(at + self.grid - self.at);
            for (k, channel) in input.iter().enumerate() {
                self.head.write(k, self.at, &channel[at..end]);
            }
            for (k, channel) in output.iter_mut().enumerate() {
                self.read(k, &mut channel[at..end]);
            }
            self.pass(end - at);
            at = end;
        }
    }

    /// Convolves a block of any length where it stands: for as many outputs as inputs.
    ///
    /// # Panics
    /// As [`Convolver::process`].
    pub fn process_in_place(&mut self, channels: &mut [&mut [f32]]) {
        assert!(channels.len() == self.inputs && self.inputs == self.outputs, "other channels than were asked for");
        let frames = channels.first().map_or(0, |channel| channel.len());
        let mut at = 0;
        while at < frames {
            let end = frames.min(at + self.grid - self.at);
            for (k, channel) in channels.iter().enumerate() {
                self.head.write(k, self.at, &channel[at..end]);
            }
            for (k, channel) in channels.iter_mut().enumerate() {
                self.read(k, &mut channel[at..end]);
            }
            self.pass(end - at);
            at = end;
        }
    }

    /// Back to silence.
    pub fn reset(&mut self) {
        self.head.reset();
        self.stages.iter_mut().for_each(Stage::reset);
        self.at = 0;
    }

    /// The output from this place of the grid on. The input of these frames is in the head's memory.
    fn read(&self, channel: usize, output: &mut [f32]) {
        self.head.read(channel, self.at, output);
        for stage in &self.stages {
            stage.read(channel, self.at, output);
        }
    }

    /// So many frames on; at the end of the grid the stages do their work.
    fn pass(&mut self, frames: usize) {
        self.at += frames;
        if self.at == self.grid {
            self.at = 0;
            for stage in &mut self.stages {
                stage.tick(|input| self.head.newest(input));
            }
            self.head.tick();
        }
    }
}

impl std::fmt::Debug for Convolver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let stages: Vec<String> = self.stages.iter().map(Stage::to_string).collect();
        f.debug_struct("Convolver")
            .field("inputs", &self.inputs)
            .field("outputs", &self.outputs)
            .field("latency", &self.latency)
            .field("length", &self.length)
            .field("stages", &stages)
            .finish()
    }
}
