//! The tape that echoes are recorded on: it takes only so much.
//!
//! Bends x to x/√(1 + (gx)²): quiet sounds as they are, loud ones toward 1/g. An echo passes the tape once more each time
//! round, so that wrong notes would add up: the curve runs at [`FACTOR`] times the rate, and there bends the straight lines
//! between samples rather than the samples (Parker, Zavalishin, Le Bivic, *Reducing the aliasing of nonlinear waveshaping
//! using continuous-time convolution*, Digital Audio Effects 2016). The antiderivative is √(1 + (gx)²)/g², and the mean of
//! the curve between a and b comes out as (a + b)/(√(1 + (ga)²) + √(1 + (gb)²)), without a division by nearly nothing.
//!
//! Each line is taken in two halves, and a sample weighs the four around it 1 : 3 : 3 : 1, nearly a triangle, which is an
//! antialiasing of the second order (Bilbao, Esqueda, Parker, Välimäki, *Antiderivative antialiasing for memoryless
//! nonlinearities*, IEEE SPL 24(7), 2017) with square roots alone. That dulls; three taps behind it give the treble back.
//!
//! What lies above 20 kHz would come round again and again, where the oversampler cannot tell it from its mirror image
//! about half the rate, and the curve would make differences of the two. So it is not recorded: a low-pass before the curve.
//!
//! All of it is [`Tape::latency`] frames late, which the delay takes off its times: echoes come when they are written. What
//! is not recorded yet cannot be heard, so a time has to be at least [`Tape::shortest`].

use std::f64::consts::PI;

use super::Lines;
use crate::line::HALF;
use crate::math::{amplitude_of_db, bessel_i0};
use crate::oversample::Oversampler;
use crate::travel::Travel;

/// The curve runs at so many times the rate. Alone it leaves −94 dB of wrong notes of tones up to 17 kHz of full scale, 30 dB
/// into the curve; at eight times −74 dB.
const FACTOR: usize = 16;
/// So many frames are recorded together. The oversampler is quicker with many, and the shortest time is longer.
const TOGETHER: usize = 32;
/// Fast samples that the means and the taps behind them are late: one each.
const LATE: usize = 2;
/// What three taps behind the curve, (−b, 1 + 2b, −b), give back of the treble that the means took: for quiet sounds they are
/// (3, 10, 3)/16, and all in all −0.0003 dB is missing at 20 kHz and 44.1 kHz.
const BRIGHT: f32 = 0.1875;
/// Half of the low-pass, and its window (70 dB). Flat to 17 kHz at 44.1 kHz, and together with the oversampler's own −79 dB at
/// the worst of what is mirrored about half the rate (found by trial: Kaiser & Schafer, *On the use of the I₀-sinh window*, 1980).
const HALF_PASS: usize = 32;
const BETA: f64 = 6.755;
/// The middle of its edge, as a part of the rate: 19.12 kHz at 44.1 kHz.
const EDGE: f64 = 0.4336;
/// Ripples must not make a gain of an endless loop.
const NEVER_A_GAIN: f64 = 0.9995;
/// The farthest from zero that anything is taken for.
const FARTHEST: f64 = 1e4;

/// One side of it.
#[derive(Debug)]
struct Side {
    over: Oversampler<f32>,
    /// What was heard since the last time that was recorded, and before that as far as the low-pass reaches.
    heard: [f32; 2 * HALF_PASS + TOGETHER],
    past: Past,
}

/// What the bending remembers from one call to the next.
#[derive(Clone, Copy, Debug, Default)]
struct Past {
    /// The last fast sample.
    sample: f32,
    /// What the line up to it counts for it.
    behind: f32,
    /// The last ones bent.
    bent: [f32; 2],
}

/// What is recorded on, for left and right.
#[derive(Debug)]
pub(super) struct Tape {
    pub(super) drive_db: Travel,
    sides: [Side; 2],
    /// The low-pass from its outermost tap to the middle.
    pass: [f32; HALF_PASS + 1],
    /// The gain g now, and for each frame that has come together.
    drive: f32,
    drives: [f32; TOGETHER],
    filled: usize,
    born_db: f64,
    rate: u32,
}

impl Tape {
    pub(super) fn new(drive_db: f64, sample_rate: u32) -> Self {
        let side = || Side {
            over: Oversampler::around(FACTOR, LATE),
            heard: [0.0; 2 * HALF_PASS + TOGETHER],
            past: Past::default(),
        };
        Tape {
            drive_db: Travel::new(drive_db, sample_rate),
            sides: [side(), side()],
            pass: pass(),
            drive: amplitude_of_db(drive_db) as f32,
            drives: [0.0; TOGETHER],
            filled: 0,
            born_db: drive_db,
            rate: sample_rate,
        }
    }

    /// As it was built.
    pub(super) fn reset(&mut self) {
        self.drive_db = Travel::new(self.born_db, self.rate);
        self.drive = amplitude_of_db(self.born_db) as f32;
        self.filled = 0;
        for side in &mut self.sides {
            side.over.reset();
            (side.heard, side.past) = ([0.0; 2 * HALF_PASS + TOGETHER], Past::default());
        }
    }

    /// By how many frames what is on the lines is late.
    pub(super) fn latency(&self) -> f64 {
        (self.sides[0].over.latency() + HALF_PASS) as f64
    }

    /// The shortest time that can be read, in frames: everything that the lines' interpolation reaches is recorded by then.
    pub(super) fn shortest(&self) -> f64 {
        self.latency() + (TOGETHER + HALF) as f64
    }

    /// Records a frame: the lines hold silence for it until so many have come together.
    #[inline]
    pub(super) fn record(&mut self, heard: [f64; 2], lines: &mut Lines) {
        if self.drive_db.moving() {
            self.drive = amplitude_of_db(self.drive_db.step()) as f32;
        }
        self.drives[self.filled] = self.drive;
        for ((side, line), heard) in self.sides.iter_mut().zip(&mut lines.sides).zip(heard) {
            side.heard[2 * HALF_PASS + self.filled] = super::audible(heard.clamp(-FARTHEST, FARTHEST));
            line.push(0.0);
        }
        lines.middle.iter_mut().for_each(|middle| middle.push(0.0));
        self.filled += 1;
        if self.filled == TOGETHER {
            self.filled = 0;
            self.wind(lines);
        }
    }

    /// Bends what has come together and puts it on the lines.
    fn wind(&mut self, lines: &mut Lines) {
        let Tape { sides, drives, pass, .. } = self;
        let mut wound = [[0.0_f32; TOGETHER]; 2];
        for (side, wound) in sides.iter_mut().zip(&mut wound) {
            low_pass(&side.heard, pass, wound);
            side.heard.copy_within(TOGETHER.., 0);
        }
        let [left, right] = sides;
        let mut pasts = [&mut left.past, &mut right.past];
        let [one, two] = &mut wound;
        Oversampler::run_together([&mut left.over, &mut right.over], [one, two], |fast| {
            for (fast, past) in fast.into_iter().zip(&mut pasts) {
                bend(fast, drives, past);
            }
        });
        for (wound, line) in wound.iter_mut().zip(&mut lines.sides) {
            for x in wound.iter_mut() {
                *x = super::audible(f64::from(*x));
            }
            line.replace(wound);
        }
        if let Some(middle) = &mut lines.middle {
            let [left, right] = &wound;
            let both: [f32; TOGETHER] = std::array::from_fn(|n| 0.5 * (left[n] + right[n]));
            middle.replace(&both);
        }
    }
}

/// Taps of the low-pass: a sinc under a Kaiser window.
fn pass() -> [f32; HALF_PASS + 1] {
    let tap = |k: usize| {
        let t = (HALF_PASS - k) as f64;
        let inside = (1.0 - (t / (HALF_PASS as f64 + 0.5)).powi(2)).max(0.0);
        let window = bessel_i0(BETA * inside.sqrt()) / bessel_i0(BETA);
        let sinc = if t == 0.0 { 2.0 * EDGE } else { (2.0 * PI * EDGE * t).sin() / (PI * t) };
        sinc * window
    };
    let taps: [f64; HALF_PASS + 1] = std::array::from_fn(tap);
    let sum = 2.0 * taps.iter().sum::<f64>() - taps[HALF_PASS];
    taps.map(|tap| (NEVER_A_GAIN * tap / sum) as f32)
}

/// Each output reads as many taps before as behind it.
#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn low_pass(heard: &[f32; 2 * HALF_PASS + TOGETHER], pass: &[f32; HALF_PASS + 1], out: &mut [f32; TOGETHER]) {
    for (y, x) in out.iter_mut().zip(&heard[HALF_PASS..]) {
        *y = pass[HALF_PASS] * x;
    }
    for (k, tap) in pass[..HALF_PASS].iter().enumerate() {
        let (before, behind) = (&heard[k..][..TOGETHER], &heard[2 * HALF_PASS - k..][..TOGETHER]);
        for ((y, a), b) in out.iter_mut().zip(before).zip(behind) {
            *y += tap * (a + b);
        }
    }
}

/// Bends fast samples, [`FACTOR`] for each drive.
#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn bend(fast: &mut [f32], drives: &[f32; TOGETHER], past: &mut Past) {
    const SIZE: usize = TOGETHER * FACTOR;
    let Some(fast) = fast.first_chunk_mut::<SIZE>() else { return };
    let mut x = [0.0_f32; SIZE + 1];
    x[0] = past.sample;
    x[1..].copy_from_slice(fast);
    // Loops over nothing but the samples, into arrays of their own: only those become vector code.
    let (mut gain, mut root) = ([0.0_f32; SIZE], [0.0_f32; SIZE + 1]);
    for (gain, drive) in gain.chunks_exact_mut(FACTOR).zip(drives) {
        gain.fill(*drive);
    }
    root[0] = (1.0 + (gain[0] * x[0]) * (gain[0] * x[0])).sqrt();
    for n in 0..SIZE {
        root[n + 1] = (1.0 + (gain[n] * x[n + 1]) * (gain[n] * x[n + 1])).sqrt();
    }
    // Of the line up to each sample, what counts for the sample before it, and what for the sample itself.
    let (mut before, mut behind) = ([0.0_f32; SIZE], [0.0_f32; SIZE + 1]);
    behind[0] = past.behind;
    for n in 0..SIZE {
        let middle = 0.5 * (x[n] + x[n + 1]);
        let turn = (1.0 + (gain[n] * middle) * (gain[n] * middle)).sqrt();
        let (first, second) = ((x[n] + middle) / (root[n] + turn), (middle + x[n + 1]) / (turn + root[n + 1]));
        before[n] = 3.0 * first + second;
        behind[n + 1] = first + 3.0 * second;
    }
    let mut bent = [0.0_f32; SIZE + 2];
    bent[..2].copy_from_slice(&past.bent);
    for n in 0..SIZE {
        bent[n + 2] = 0.125 * (behind[n] + before[n]);
    }
    for n in 0..SIZE {
        fast[n] = (1.0 + 2.0 * BRIGHT) * bent[n + 1] - BRIGHT * (bent[n] + bent[n + 2]);
    }
    *past = Past { sample: x[SIZE], behind: behind[SIZE], bent: [bent[SIZE], bent[SIZE + 1]] };
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use super::*;
    use crate::line::Line;

    /// What the tape puts on the line of `input` (a multiple of [`TOGETHER`]), its latency taken off.
    fn recorded(drive_db: f64, input: &[f64]) -> Vec<f64> {
        let mut tape = Tape::new(drive_db, 44_100);
        let line = || Line::new(2 * input.len());
        let mut lines = Lines { sides: [line(), line()], middle: None };
        for x in input {
            tape.record([*x, *x], &mut lines);
        }
        let left = &lines.sides[0];
        let mut out = vec![0.0; input.len() - tape.latency() as usize];
        left.past(out.len(), &mut out);
        out.into_iter().map(f64::from).collect()
    }

    fn gain_db(hz: f64) -> f64 {
        let phase = |n: usize| TAU * hz / 44_100.0 * n as f64;
        let input: Vec<f64> = (0..32 * 1000).map(|n| 1e-4 * phase(n).sin()).collect();
        let (mut re, mut im) = (0.0, 0.0);
        // Half a second: whole periods.
        for (n, y) in recorded(0.0, &input).iter().enumerate().skip(4410).take(22_050) {
            re += y * phase(n).sin();
            im += y * phase(n).cos();
        }
        20.0 * (re.hypot(im) / 1.1025).log10()
    }

    #[test]
    fn quiet_sounds_pass_as_they_are_to_17_khz_and_nothing_ever_gains() {
        for (hz, least) in [(100.0, -0.01), (5000.0, -0.01), (10_000.0, -0.01), (17_000.0, -0.02), (18_000.0, -0.2)] {
            let gain = gain_db(hz);
            println!("{hz} Hz: {gain:.5} dB");
            assert!((least..0.0).contains(&gain), "{hz} Hz: {gain:.5} dB");
        }
        for hz in (1..43).map(|n| 500.0 * f64::from(n)) {
            assert!(gain_db(hz) < 0.0, "{hz} Hz");
        }
    }

    #[test]
    fn it_bends_toward_its_limit() {
        for x in [0.01, 0.1, 0.5, 4.0] {
            let g = 10_f64.powf(0.6);
            let wanted = x / (1.0 + (g * x).powi(2)).sqrt();
            let last = *recorded(12.0, &[x; 640]).last().unwrap();
            assert!((last / wanted - 1.0).abs() < 1e-3, "{x}: {last} instead of {wanted}");
        }
    }
}
