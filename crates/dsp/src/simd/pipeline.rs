//! A cascade of biquads with its sections and channels in lanes, each section a few frames behind the one before.
//!
//! In a cascade, section *k* at frame *n* waits for section *k−1* at frame *n* and for itself at frame *n−1*. Let
//! section *k* work on frame *n − 2k* and everything one step needs was made in earlier steps: all sections advance
//! together, in lanes. At the start and the end of a stretch some sections have no frame to work on; they compute
//! and throw away. So nothing is late and no state hangs in the pipe: a stretch leaves exactly the states that the
//! plain section-by-section program leaves, and cutting it anywhere changes no bit.
//!
//! Sections are in direct form II, `w₀ = (x − a₂w₂) − a₁w₁`, `y = b₀w₀ + (b₁w₁ + b₂w₂)`, in `f64`. Of the direct
//! forms it has the shortest wait from frame to frame (one product, one difference), two states, and states that do
//! not depend on the numerator. What it costs is noise of about ε/ω₀² against the signal, −168 dB for a pole at
//! 10 Hz and 384 kHz.

use super::Level;
#[cfg(target_arch = "x86_64")]
use super::lanes::{Four, Two};
use super::lanes::{Lanes, Plain};

/// How many lanes one [`Bank`] has: 16 sections of one channel, or 8 of two.
pub(crate) const LANES: usize = 16;

/// By how many frames each section lags the one before. Two hides most of the way from output to next input.
const SKEW: usize = 2;

/// Coefficients and states of up to 16 lanes. Lane `section·channels + channel`; unused lanes are empty wires.
#[derive(Clone, Debug)]
#[repr(align(64))]
pub(crate) struct Bank {
    pub(crate) b0: [f64; LANES],
    pub(crate) b1: [f64; LANES],
    pub(crate) b2: [f64; LANES],
    pub(crate) a1: [f64; LANES],
    pub(crate) a2: [f64; LANES],
    pub(crate) w1: [f64; LANES],
    pub(crate) w2: [f64; LANES],
}

impl Bank {
    /// All lanes are empty wires: what goes in comes out.
    pub(crate) fn new() -> Bank {
        let zero = [0.0; LANES];
        Bank { b0: [1.0; LANES], b1: zero, b2: zero, a1: zero, a2: zero, w1: zero, w2: zero }
    }

    /// Runs the first `lanes` lanes (a multiple of 4) over interleaved audio, in place.
    pub(crate) fn run<const CHANNELS: usize>(&mut self, level: Level, lanes: usize, wire: &mut [f64]) {
        match level.or_best() {
            Level::Plain => run_lanes::<Plain, CHANNELS>(self, lanes, wire),
            #[cfg(target_arch = "x86_64")]
            Level::Sse2 => run_lanes::<Two, CHANNELS>(self, lanes, wire),
            // SAFETY: `or_best` gives only levels that the machine has.
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => unsafe { run_avx2::<CHANNELS>(self, lanes, wire) },
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => unsafe { run_avx512::<CHANNELS>(self, lanes, wire) },
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn run_avx2<const CHANNELS: usize>(bank: &mut Bank, lanes: usize, wire: &mut [f64]) {
    run_lanes::<Four, CHANNELS>(bank, lanes, wire);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,avx512f,avx512vl")]
fn run_avx512<const CHANNELS: usize>(bank: &mut Bank, lanes: usize, wire: &mut [f64]) {
    run_lanes::<Four, CHANNELS>(bank, lanes, wire);
}

/// Chooses the number of vectors, so that each is a loop of its own that keeps its states in registers.
#[inline(always)]
fn run_lanes<L: Lanes, const CHANNELS: usize>(bank: &mut Bank, lanes: usize, wire: &mut [f64]) {
    match lanes / L::WIDTH {
        0 => {}
        1 => run_vectors::<L, CHANNELS, 1>(bank, wire),
        2 => run_vectors::<L, CHANNELS, 2>(bank, wire),
        3 => run_vectors::<L, CHANNELS, 3>(bank, wire),
        4 => run_vectors::<L, CHANNELS, 4>(bank, wire),
        6 => run_vectors::<L, CHANNELS, 6>(bank, wire),
        8 => run_vectors::<L, CHANNELS, 8>(bank, wire),
        other => unreachable!("{other} vectors: lanes come in fours, at most sixteen"),
    }
}

// Loops over indices and no closures from here on: a closure is a function of its own, and would have to be inlined for
// its vectors to stay in registers.

#[inline(always)]
fn load<L: Lanes, const VECTORS: usize>(from: &[f64; LANES]) -> [L; VECTORS] {
    let mut vectors = [L::splat(0.0); VECTORS];
    for v in 0..VECTORS {
        vectors[v] = L::load(&from[v * L::WIDTH..]);
    }
    vectors
}

#[inline(always)]
fn store<L: Lanes, const VECTORS: usize>(vectors: [L; VECTORS], to: &mut [f64; LANES]) {
    for v in 0..VECTORS {
        vectors[v].store(&mut to[v * L::WIDTH..]);
    }
}

/// The frame at `at`, or silence past the end.
#[inline(always)]
fn frame_or_silence<L: Lanes, const CHANNELS: usize>(wire: &[f64], at: usize) -> L {
    if (at + 1) * CHANNELS <= wire.len() { L::frame::<CHANNELS>(wire, at) } else { L::splat(0.0) }
}

/// What moves through the pipe between two steps.
struct Pipe<L, const VECTORS: usize> {
    b0: [L; VECTORS],
    b1: [L; VECTORS],
    b2: [L; VECTORS],
    a1: [L; VECTORS],
    a2: [L; VECTORS],
    w1: [L; VECTORS],
    w2: [L; VECTORS],
    /// What goes into each lane at this step, and at the next ones.
    queue: [[L; VECTORS]; SKEW],
    /// The first step at which each lane has a frame, and the first at which it has none any more.
    starts: [L; VECTORS],
    ends: [L; VECTORS],
}

impl<L: Lanes, const VECTORS: usize> Pipe<L, VECTORS> {
    #[inline(always)]
    fn new<const CHANNELS: usize>(bank: &Bank, wire: &[f64]) -> Self {
        let mut starts = [0.0; LANES];
        let mut ends = [0.0; LANES];
        for l in 0..LANES {
            starts[l] = (SKEW * (l / CHANNELS)) as f64;
            ends[l] = starts[l] + (wire.len() / CHANNELS) as f64;
        }
        let silence = [L::splat(0.0); VECTORS];
        let mut pipe = Pipe {
            b0: load(&bank.b0),
            b1: load(&bank.b1),
            b2: load(&bank.b2),
            a1: load(&bank.a1),
            a2: load(&bank.a2),
            w1: load(&bank.w1),
            w2: load(&bank.w2),
            queue: [silence; SKEW],
            starts: load(&starts),
            ends: load(&ends),
        };
        for at in 0..SKEW {
            pipe.hand_on::<CHANNELS>(silence, frame_or_silence::<L, CHANNELS>(wire, at));
        }
        pipe
    }

    /// One step of every lane: the new all-pole values, and the outputs.
    #[inline(always)]
    fn compute(&self) -> ([L; VECTORS], [L; VECTORS]) {
        let mut w = self.queue[0];
        let mut y = w;
        #[allow(clippy::needless_range_loop)] // Seven arrays walk together.
        for v in 0..VECTORS {
            let fed = self.queue[0][v].minus(self.a2[v].times(self.w2[v]));
            w[v] = fed.minus(self.a1[v].times(self.w1[v]));
        }
        for v in 0..VECTORS {
            let past = self.b1[v].times(self.w1[v]).plus(self.b2[v].times(self.w2[v]));
            y[v] = self.b0[v].times(w[v]).plus(past);
        }
        (w, y)
    }

    /// Hands each section's output to the next, to be worked on two steps later, with a new frame for the first.
    #[inline(always)]
    fn hand_on<const CHANNELS: usize>(&mut self, y: [L; VECTORS], frame: L) {
        for ahead in 1..SKEW {
            self.queue[ahead - 1] = self.queue[ahead];
        }
        self.queue[SKEW - 1][0] = y[0].moved::<CHANNELS>(frame);
        for v in 1..VECTORS {
            self.queue[SKEW - 1][v] = y[v].moved::<CHANNELS>(y[v - 1]);
        }
    }

    /// A step at which every lane has a frame.
    #[inline(always)]
    fn step<const CHANNELS: usize>(&mut self, frame: L) -> L {
        let (w, y) = self.compute();
        self.w2 = self.w1;
        self.w1 = w;
        self.hand_on::<CHANNELS>(y, frame);
        y[VECTORS - 1]
    }

    /// A step at which some lanes have none: those keep their states.
    #[inline(always)]
    fn guarded_step<const CHANNELS: usize>(&mut self, time: usize, frame: L) -> L {
        let (w, y) = self.compute();
        let time = L::splat(time as f64);
        #[allow(clippy::needless_range_loop)] // Five arrays walk together.
        for v in 0..VECTORS {
            self.w2[v] = time.select_within(self.starts[v], self.ends[v], self.w1[v], self.w2[v]);
            self.w1[v] = time.select_within(self.starts[v], self.ends[v], w[v], self.w1[v]);
        }
        self.hand_on::<CHANNELS>(y, frame);
        y[VECTORS - 1]
    }
}

#[inline(always)]
fn run_vectors<L: Lanes, const CHANNELS: usize, const VECTORS: usize>(bank: &mut Bank, wire: &mut [f64]) {
    let frames = wire.len() / CHANNELS;
    let lag = SKEW * (VECTORS * L::WIDTH / CHANNELS - 1);
    let mut pipe = Pipe::<L, VECTORS>::new::<CHANNELS>(bank, wire);
    let full = frames.saturating_sub(SKEW).max(lag);
    for t in 0..lag {
        pipe.guarded_step::<CHANNELS>(t, frame_or_silence::<L, CHANNELS>(wire, t + SKEW));
    }
    for t in lag..full {
        let last = pipe.step::<CHANNELS>(L::frame::<CHANNELS>(wire, t + SKEW));
        last.put_last::<CHANNELS>(wire, t - lag);
    }
    for t in full..frames + lag {
        let last = pipe.guarded_step::<CHANNELS>(t, frame_or_silence::<L, CHANNELS>(wire, t + SKEW));
        last.put_last::<CHANNELS>(wire, t - lag);
    }
    store(pipe.w1, &mut bank.w1);
    store(pipe.w2, &mut bank.w2);
}
