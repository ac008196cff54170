//! Cutting a sound into two to six bands that add up to the sound again.
//!
//! A [`Crossover`] is a tool of other processors: they split, change each band, and add. When nobody changes a band,
//! the sum has the level of the input at every frequency.
//!
//! - [`Phase::Minimum`]: Linkwitz–Riley filters, no latency. The sum is an all-pass: within 0.01 dB flat, its phase
//!   turned around each crossover. Every band below a crossover goes through the all-pass of that crossover as well;
//!   without it a tree of three bands or more sums to dips of several decibels.
//! - [`Phase::Linear`]: symmetric FIR filters of the same slopes. The sum is the input, late by
//!   [`Crossover::latency`] (about 53 ms) and otherwise equal to the last bits. A band with a steep gain rings before
//!   a transient as much as behind it.
//!
//! The crossovers may move while they sound. Their frequencies travel on a logarithmic scale through three one-poles of
//! 10 ms, whatever is asked for, and keep a third of an octave between each other. While they move the sum stays
//! what it is: an all-pass (whose phase moves) or the delayed input.
//!
//! Sources: S. H. Linkwitz, "Active crossover networks for noncoincident drivers", J. Audio Eng. Soc. 24(1), 1976;
//! S. P. Lipshitz, J. Vanderkooy, "A family of linear-phase crossover networks of high slope derived by time delay",
//! J. Audio Eng. Soc. 31(1), 1983; J. D'Appolito, "Active realization of multiway all-pass crossover systems",
//! J. Audio Eng. Soc. 35(4), 1987 (the all-passes of the other branches).
//!
//! ```
//! use tonmeister_core::{Buffer, Layout};
//! use tonmeister_dsp::crossover::{Bands, Crossover, Phase, Slope};
//!
//! let mut crossover = Crossover::new(&[200.0, 3000.0], Slope::Db24, Phase::Minimum, 48_000, Layout::Mono);
//! let (low_note, mut bands) = (tonmeister_dsp::testing::sine(50.0, 0.5, 48_000, 9600), Bands::new(3, 9600));
//! crossover.split(Buffer::from_mono(low_note).view(9600), &mut bands);
//! let power = |band: usize| bands.channel(band, 0)[4800..].iter().map(|x| x * x).sum::<f64>();
//! assert!(power(0) > 1e4 * power(1) && power(1) > power(2)); // a bass note is in the lowest band
//! ```

use tonmeister_core::{Block, Frames, Layout, View};

use crate::biquad::{Biquad, tail_frames};
use crate::travel::Travel;

mod fir;
#[cfg(test)]
mod tests;
mod tree;

use fir::Fir;
use tree::Tree;

/// The most bands.
pub const MOST_BANDS: usize = 6;
/// The most crossovers.
const MOST: usize = MOST_BANDS - 1;
/// Frequencies are looked at whenever so many frames have passed; in between, coefficients go in straight lines.
const TICK: usize = 32;
/// Neighboring crossovers keep this many octaves apart.
const APART: f64 = 1.0 / 3.0;
/// The highest crossover, as a fraction of the sample rate.
const HIGHEST: f64 = 0.45;
/// The lowest crossover.
const LOWEST_HZ: f64 = 10.0;
/// Time constant of each of the three one-poles that a moving frequency goes through.
const SMOOTHING_MS: f64 = 10.0;

/// How steeply neighboring bands part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Slope {
    /// 12 dB per octave (Linkwitz–Riley of order 2): bands overlap widely, phase turns least.
    Db12,
    /// 24 dB per octave (order 4): the usual one.
    Db24,
    /// 48 dB per octave (order 8): bands keep to themselves, phase turns most.
    Db48,
}

impl Slope {
    /// The power of frequency with which a band falls: 2, 4 or 8.
    pub fn order(self) -> i32 {
        match self {
            Slope::Db12 => 2,
            Slope::Db24 => 4,
            Slope::Db48 => 8,
        }
    }
}

/// What splitting does to time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// No latency; the sum of the bands is an all-pass.
    Minimum,
    /// A fixed latency; the sum of the bands is the delayed input.
    Linear,
}

/// Bands as they come out of a [`Crossover`], lowest first, in `f64`.
#[derive(Clone, Debug)]
pub struct Bands {
    samples: Vec<f64>,
    count: usize,
    most: usize,
    frames: usize,
}

impl Bands {
    /// Room for so many bands of so many frames, on one or two channels.
    pub fn new(count: usize, most_frames: usize) -> Self {
        Bands { samples: vec![0.0; 2 * count * most_frames], count, most: most_frames, frames: 0 }
    }

    /// How many bands.
    pub fn count(&self) -> usize {
        self.count
    }

    /// How many frames the last [`Crossover::split`] filled in.
    pub fn frames(&self) -> usize {
        self.frames
    }

    /// One channel of one band.
    ///
    /// # Panics
    /// When there is no such band.
    pub fn channel(&self, band: usize, channel: usize) -> &[f64] {
        &self.samples[(2 * band + channel) * self.most..][..self.frames]
    }

    /// One channel of one band, to be changed.
    ///
    /// # Panics
    /// When there is no such band.
    pub fn channel_mut(&mut self, band: usize, channel: usize) -> &mut [f64] {
        &mut self.samples[(2 * band + channel) * self.most..][..self.frames]
    }

    /// Takes a sound as the one and only band.
    pub(crate) fn take_in(&mut self, input: View<'_>) {
        self.frames = input.frames();
        for c in 0..input.layout().channels() {
            let band = self.channel_mut(0, c);
            band.iter_mut().zip(input.channel(c)).for_each(|(to, from)| *to = finite(*from));
        }
    }

    /// Both channels of one band, to be changed together.
    ///
    /// # Panics
    /// When there is no such band.
    pub fn pair_mut(&mut self, band: usize) -> (&mut [f64], &mut [f64]) {
        let (left, right) = self.samples[2 * band * self.most..][..2 * self.most].split_at_mut(self.most);
        (&mut left[..self.frames], &mut right[..self.frames])
    }

    /// Adds the bands, lowest first, and writes the sum into a block of that many frames.
    ///
    /// # Panics
    /// When the block has another length.
    pub fn sum_into(&self, block: &mut Block<'_>) {
        assert_eq!(block.frames(), self.frames, "as many frames as were split");
        for (c, out) in block.channels_mut().enumerate() {
            for (n, out) in out.iter_mut().enumerate() {
                let at = |band: usize| self.samples[(2 * band + c) * self.most + n];
                *out = (1..self.count).fold(at(0), |sum, band| sum + at(band)) as f32;
            }
        }
    }
}

/// A crossover frequency on its way.
#[derive(Clone, Copy, Debug)]
struct Corner {
    born_hz: f64,
    travel: Travel,
    /// Octaves (log₂ of hertz) behind each of three one-poles.
    smooth: [f64; 3],
}

/// Splits one or two channels into bands.
#[derive(Debug)]
pub struct Crossover {
    sample_rate: u32,
    slope: Slope,
    corners: Vec<Corner>,
    /// How much of the way each one-pole covers per tick.
    part: f64,
    moving: bool,
    machine: Machine,
    clock: u64,
}

#[derive(Debug)]
enum Machine {
    Tree(Box<Tree>),
    Fir(Box<Fir>),
}

impl Crossover {
    /// With its crossovers at these frequencies, lowest first; one band more than there are frequencies.
    ///
    /// Frequencies above 0.45 of the sample rate are held there, and neighbors are kept a third of an octave apart.
    ///
    /// # Panics
    /// When there are none or more than five.
    pub fn new(hz: &[f64], slope: Slope, phase: Phase, sample_rate: u32, layout: Layout) -> Self {
        assert!((1..=MOST).contains(&hz.len()), "one to {MOST} crossovers");
        let corner = |hz: &f64| Corner { born_hz: *hz, travel: Travel::new(*hz, sample_rate), smooth: [0.0; 3] };
        let machine = match phase {
            Phase::Minimum => Machine::Tree(Box::new(Tree::new(slope, hz.len()))),
            Phase::Linear => Machine::Fir(Box::new(Fir::new(slope, hz.len(), sample_rate, layout))),
        };
        let tick_ms = 1000.0 * TICK as f64 / f64::from(sample_rate);
        let mut crossover = Crossover {
            sample_rate,
            slope,
            corners: hz.iter().map(corner).collect(),
            part: -(-tick_ms / SMOOTHING_MS).exp_m1(),
            moving: false,
            machine,
            clock: 0,
        };
        crossover.reset();
        crossover
    }

    /// How many bands come out.
    pub fn bands(&self) -> usize {
        self.corners.len() + 1
    }

    /// By how many frames the bands are late: none, or for [`Phase::Linear`] 2560 at 44.1 and 48 kHz and the same
    /// time, by powers of two, at other rates.
    pub fn latency(&self) -> Frames {
        match &self.machine {
            Machine::Tree(_) => Frames(0),
            Machine::Fir(fir) => Frames(fir.latency() as u64),
        }
    }

    /// After how many frames, latency not counted, the bands have fallen by 120 dB, with the frequencies it was born
    /// with.
    pub fn tail(&self) -> u64 {
        match &self.machine {
            Machine::Tree(_) => {
                let aims = self.aims(|corner| corner.born_hz);
                let sections = aims[..self.corners.len()].iter().flat_map(|octave| {
                    let g = warped(octave.exp2(), self.sample_rate);
                    let poles = tree::poles(self.slope, g);
                    // Every pole twice: as in the deepest branch, and more than in any other.
                    poles.into_iter().flatten().flat_map(|section: Biquad| [section, section])
                });
                tail_frames(&sections.collect::<Vec<_>>())
            }
            Machine::Fir(fir) => fir.tail() as u64,
        }
    }

    /// Sends a crossover (0 is the lowest) to another frequency: in a straight line over `glide` frames, or at once,
    /// which is eased; either is smoothed as this module says.
    ///
    /// # Panics
    /// When there is no such crossover.
    pub fn to(&mut self, crossover: usize, hz: f64, glide: u32) {
        self.corners[crossover].travel.to(hz, glide);
        self.moving = true;
    }

    /// Splits a stretch of any length that the bands have room for. Samples that are not finite count as silence.
    ///
    /// # Panics
    /// When the bands are too few or too short.
    pub fn split(&mut self, input: View<'_>, out: &mut Bands) {
        assert!(input.frames() <= out.most && self.bands() == out.count, "room for every band and frame");
        out.frames = input.frames();
        let mut at = 0;
        while at < input.frames() {
            let passed = (self.clock % TICK as u64) as usize;
            if passed == 0 {
                self.tick();
            }
            let end = input.frames().min(at + TICK - passed);
            match &mut self.machine {
                Machine::Tree(tree) => tree.run(input, at..end, passed, out),
                Machine::Fir(fir) => fir.run(input, at..end, out),
            }
            if self.moving {
                for _ in at..end {
                    self.corners.iter_mut().for_each(|corner| {
                        corner.travel.step();
                    });
                }
            }
            self.clock += (end - at) as u64;
            at = end;
        }
    }

    /// Back to the frequencies it was born with, and to silence.
    pub fn reset(&mut self) {
        self.clock = 0;
        for corner in &mut self.corners {
            corner.travel = Travel::new(corner.born_hz, self.sample_rate);
        }
        let aims = self.aims(|corner| corner.born_hz);
        for (corner, aim) in self.corners.iter_mut().zip(aims) {
            corner.smooth = [aim; 3];
        }
        self.moving = false;
        let hz = self.hz();
        match &mut self.machine {
            Machine::Tree(tree) => tree.reset(hz.map(|hz| warped(hz, self.sample_rate))),
            Machine::Fir(fir) => fir.reset(&hz),
        }
    }

    /// Where the lowest two crossovers are (of a single one, where it is and the lowest frequency there is).
    pub(crate) fn edges(&self) -> [f64; 2] {
        let [low, high, ..] = self.hz();
        [low, high]
    }

    /// Where the crossovers are.
    fn hz(&self) -> [f64; MOST] {
        let mut hz = [LOWEST_HZ; MOST];
        for (hz, corner) in hz.iter_mut().zip(&self.corners) {
            *hz = corner.smooth[2].exp2();
        }
        hz
    }

    /// Where the crossovers shall go, in octaves: inside the band, in order, and apart. One-poles that start in
    /// order stay in order.
    fn aims(&self, of: impl Fn(&Corner) -> f64) -> [f64; MOST] {
        let top = (HIGHEST * f64::from(self.sample_rate)).log2();
        let mut aims = [0.0; MOST];
        let mut least = LOWEST_HZ.log2();
        for (k, corner) in self.corners.iter().enumerate() {
            let most = top - APART * (self.corners.len() - 1 - k) as f64;
            aims[k] = of(corner).log2().max(least).min(most);
            least = aims[k] + APART;
        }
        aims
    }

    /// Every [`TICK`] frames: how the frequencies go on.
    fn tick(&mut self) {
        if let Machine::Tree(tree) = &mut self.machine
            && self.clock.is_multiple_of(256)
        {
            tree.flush();
        }
        if self.moving {
            let aims = self.aims(|corner| corner.travel.value());
            let mut arrived = true;
            for (corner, aim) in self.corners.iter_mut().zip(aims) {
                let mut from = aim;
                for smooth in &mut corner.smooth {
                    *smooth += self.part * (from - *smooth);
                    from = *smooth;
                }
                arrived &= !corner.travel.moving() && corner.smooth.iter().all(|smooth| (smooth - aim).abs() < 1e-9);
            }
            if arrived {
                for (corner, aim) in self.corners.iter_mut().zip(aims) {
                    corner.smooth = [aim; 3];
                }
                self.moving = false;
            }
        }
        let hz = self.hz();
        match &mut self.machine {
            Machine::Tree(tree) => {
                if tree.stands_at(&hz) {
                    return;
                }
                tree.aim(&hz, hz.map(|hz| warped(hz, self.sample_rate)));
            }
            Machine::Fir(fir) => fir.aim(&hz),
        }
    }
}

/// A sample; silence for what is no number.
#[inline]
fn finite(x: f32) -> f64 {
    if x.is_finite() { f64::from(x) } else { 0.0 }
}

/// The integrator gain of the trapezoidal rule for a corner.
fn warped(hz: f64, sample_rate: u32) -> f64 {
    (std::f64::consts::PI * hz / f64::from(sample_rate)).tan()
}
