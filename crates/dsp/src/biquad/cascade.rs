//! Running sections one after the other.

use multiversion::multiversion;
use tonmeister_core::{Block, Layout, View};

use super::Biquad;
use crate::simd::Level;
use crate::simd::pipeline::{Bank, LANES};

/// States below this are set to zero, before they become denormal and slow (−500 dB).
const TINY: f64 = 1e-25;
/// States are looked at whenever this many frames have passed, counted from the birth of the cascade.
const GRID: u64 = 512;

/// Some sections that advance together, in the lanes of one [`Bank`].
#[derive(Clone, Debug)]
pub(crate) struct Group {
    bank: Bank,
    channels: usize,
    sections: usize,
}

impl Group {
    pub(crate) fn new(layout: Layout) -> Group {
        Group { bank: Bank::new(), channels: layout.channels(), sections: 0 }
    }

    /// How many sections one group should hold for this level: as many as its registers carry.
    pub(crate) fn capacity(level: Level, layout: Layout) -> usize {
        level.lanes().min(LANES) / layout.channels()
    }

    pub(crate) fn len(&self) -> usize {
        self.sections
    }

    pub(crate) fn clear(&mut self) {
        self.bank = Bank::new();
        self.sections = 0;
    }

    /// Appends a section that goes on from these states: per channel, the all-pole value `w` of `b₀w₀ + b₁w₁ + b₂w₂`
    /// one and two frames ago.
    pub(crate) fn push(&mut self, section: &Biquad, states: [[f64; 2]; 2]) {
        for (channel, [w1, w2]) in states.into_iter().enumerate().take(self.channels) {
            let lane = self.sections * self.channels + channel;
            self.bank.b0[lane] = section.b0;
            self.bank.b1[lane] = section.b1;
            self.bank.b2[lane] = section.b2;
            self.bank.a1[lane] = section.a1;
            self.bank.a2[lane] = section.a2;
            self.bank.w1[lane] = w1;
            self.bank.w2[lane] = w2;
        }
        self.sections += 1;
    }

    /// The states of a section, as [`Group::push`] takes them.
    pub(crate) fn states(&self, section: usize) -> [[f64; 2]; 2] {
        let mut states = [[0.0; 2]; 2];
        for (channel, state) in states.iter_mut().enumerate().take(self.channels) {
            let lane = section * self.channels + channel;
            *state = [self.bank.w1[lane], self.bank.w2[lane]];
        }
        states
    }

    /// Runs every section over interleaved audio, in place.
    pub(crate) fn run(&mut self, level: Level, wire: &mut [f64]) {
        let lanes = (self.sections * self.channels).next_multiple_of(4);
        match self.channels {
            1 => self.bank.run::<1>(level, lanes, wire),
            _ => self.bank.run::<2>(level, lanes, wire),
        }
    }

    /// Silences states that have become too small to matter.
    pub(crate) fn flush(&mut self) {
        // Written over whether small or not, so that it is done to all of them at once.
        for states in [&mut self.bank.w1, &mut self.bank.w2] {
            for state in states {
                *state = if state.abs() < TINY { 0.0 } else { *state };
            }
        }
    }

    fn rest(&mut self) {
        self.bank.w1 = [0.0; LANES];
        self.bank.w2 = [0.0; LANES];
    }
}

/// A row of sections over one or two channels.
///
/// Computes in `f64` whatever goes in and out. Every way to run it advances the same states, so they may be mixed;
/// the output is bit-identical however the audio is cut into blocks and on every [`Level`]. Latency: none.
#[derive(Clone, Debug)]
pub struct Cascade {
    groups: Vec<Group>,
    layout: Layout,
    level: Level,
    wire: Vec<f64>,
    clock: u64,
}

impl Cascade {
    /// These sections, first to last, at rest.
    pub fn new(sections: &[Biquad], layout: Layout) -> Cascade {
        Cascade::at_level(sections, layout, Level::best())
    }

    /// [`Cascade::new`] with a chosen set of vector instructions (the best there is when the machine lacks it).
    pub fn at_level(sections: &[Biquad], layout: Layout, level: Level) -> Cascade {
        let capacity = Group::capacity(level, layout);
        let groups = sections.chunks(capacity).map(|chunk| {
            let mut group = Group::new(layout);
            for section in chunk {
                group.push(section, [[0.0; 2]; 2]);
            }
            group
        });
        let wire = vec![0.0; GRID as usize * layout.channels()];
        Cascade { groups: groups.collect(), layout, level, wire, clock: 0 }
    }

    /// Filters a block in place.
    ///
    /// # Panics
    /// When the block's layout is not the cascade's.
    pub fn run(&mut self, block: &mut Block<'_>) {
        assert_eq!(block.layout(), self.layout, "the layout that the cascade was made for");
        let mut at = 0;
        while at < block.frames() {
            let frames = self.stretch(block.frames() - at);
            take_in(&mut self.wire, block.view().part(at, at + frames));
            self.advance(frames);
            give_out(&self.wire, &mut block.part(at, at + frames), 1.0);
            at += frames;
        }
    }

    /// Filters audio and hands the result to `consume` in `f64`, a stretch at a time, in order; the channels of a
    /// frame lie next to each other. Where the stretches are cut is no matter of the sound: do not build on it.
    ///
    /// # Panics
    /// When the audio's layout is not the cascade's.
    pub fn run_map(&mut self, audio: View<'_>, mut consume: impl FnMut(&[f64])) {
        assert_eq!(audio.layout(), self.layout, "the layout that the cascade was made for");
        let mut at = 0;
        while at < audio.frames() {
            let frames = self.stretch(audio.frames() - at);
            take_in(&mut self.wire, audio.part(at, at + frames));
            self.advance(frames);
            consume(&self.wire[..frames * self.layout.channels()]);
            at += frames;
        }
    }

    /// Filters audio into `f64`, one slice per channel, each as long as the audio.
    ///
    /// # Panics
    /// When layouts or lengths differ.
    pub fn run_to_f64(&mut self, audio: View<'_>, out: &mut [&mut [f64]]) {
        assert_eq!(out.len(), audio.layout().channels(), "one slice per channel");
        let channels = out.len();
        let mut at = 0;
        self.run_map(audio, |wire| {
            for (channel, out) in out.iter_mut().enumerate() {
                let samples = wire[channel..].iter().step_by(channels);
                for (out, sample) in out[at..].iter_mut().zip(samples) {
                    *out = *sample;
                }
            }
            at += wire.len() / channels;
        });
    }

    /// Filters audio, keeps none of it, and adds each channel's sum of squares to `sums`.
    ///
    /// Squares are added frame after frame, so the sums too are the same bits however the audio is cut. A mono
    /// cascade adds to `sums[0]` alone.
    ///
    /// # Panics
    /// When the audio's layout is not the cascade's.
    pub fn add_squares(&mut self, audio: View<'_>, sums: &mut [f64; 2]) {
        match self.layout {
            Layout::Mono => self.run_map(audio, |wire| wire.iter().for_each(|y| sums[0] += y * y)),
            Layout::Stereo => self.run_map(audio, |wire| {
                for frame in wire.chunks_exact(2) {
                    sums[0] += frame[0] * frame[0];
                    sums[1] += frame[1] * frame[1];
                }
            }),
        }
    }

    /// Back to rest: as if nothing had been heard yet.
    pub fn reset(&mut self) {
        self.groups.iter_mut().for_each(Group::rest);
        self.clock = 0;
    }

    /// How many frames to take at once: up to the next look at the states.
    fn stretch(&self, wanted: usize) -> usize {
        wanted.min((GRID - self.clock % GRID) as usize)
    }

    fn advance(&mut self, frames: usize) {
        let wire = &mut self.wire[..frames * self.layout.channels()];
        for group in &mut self.groups {
            group.run(self.level, wire);
        }
        self.clock += frames as u64;
        if self.clock.is_multiple_of(GRID) {
            self.groups.iter_mut().for_each(Group::flush);
        }
    }
}

/// From planar `f32` to interleaved `f64`.
pub(crate) fn take_in(wire: &mut [f64], audio: View<'_>) {
    match audio.layout() {
        Layout::Mono => widen(wire, audio.channel(0)),
        Layout::Stereo => interleave(wire, audio.channel(0), audio.channel(1)),
    }
}

/// From interleaved `f64` to planar `f32`, with a gain.
///
/// The zero added makes every zero a positive one: lanes that only pass a signal on may turn the sign of a zero,
/// and how many of those there are depends on the [`Level`].
pub(crate) fn give_out(wire: &[f64], block: &mut Block<'_>, gain: f64) {
    match block.pair_mut() {
        None => narrow(wire, gain, block.channel_mut(0)),
        Some((left, right)) => divide(wire, gain, left, right),
    }
}

#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn widen(wire: &mut [f64], samples: &[f32]) {
    for (wire, sample) in wire.iter_mut().zip(samples) {
        *wire = f64::from(*sample);
    }
}

#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn interleave(wire: &mut [f64], left: &[f32], right: &[f32]) {
    for (frame, (l, r)) in wire.as_chunks_mut::<2>().0.iter_mut().zip(left.iter().zip(right)) {
        *frame = [f64::from(*l), f64::from(*r)];
    }
}

#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn narrow(wire: &[f64], gain: f64, samples: &mut [f32]) {
    for (sample, wire) in samples.iter_mut().zip(wire) {
        *sample = (wire * gain + 0.0) as f32;
    }
}

#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn divide(wire: &[f64], gain: f64, left: &mut [f32], right: &mut [f32]) {
    for ([frame_l, frame_r], (l, r)) in wire.as_chunks::<2>().0.iter().zip(left.iter_mut().zip(right)) {
        *l = (frame_l * gain + 0.0) as f32;
        *r = (frame_r * gain + 0.0) as f32;
    }
}
