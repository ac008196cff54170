//! A delay line that is read between its samples.
//!
//! The sample at a fractional place is the band-limited interpolation of its neighbors: a sinc under a Kaiser
//! window, 32 taps, tabulated in 128 phases between which taps are interpolated in a straight line. At 44.1 kHz the
//! band up to 18 kHz is the 82 % of the spectrum that such a kernel passes flat (Kaiser: ripple −90 dB for 32 taps
//! and a transition of 18 % on each side of the upper band edge); the table's own steps lie at −110 dB for a 5 kHz
//! tone. Laakso, Välimäki, Karjalainen and Laine, *Splitting the unit delay*, IEEE SP Magazine 13(1), 1996, §III.
//!
//! The kernel looks as far into the future as into the past. It stands inside the delay, so nothing becomes late:
//! a delay of 16 frames or more has all 32 taps. A shorter one has only as many frames on its newer side, so the
//! kernel shrinks to 2·⌊delay⌋ taps: the time stays right, and the treble falls off sooner (within 0.1 dB to 14 kHz
//! from 8 frames, to 8 kHz from 4, at 44.1 kHz). Whole numbers of frames are exact at any
//! length.

#![allow(
    clippy::inline_always,
    reason = "left out of line they would be compiled without their caller's vector instructions"
)]

use std::f64::consts::PI;
use std::sync::OnceLock;

use crate::math::bessel_i0;

/// Taps on each side of the place that is read.
pub(crate) const HALF: usize = 16;
const TAPS: usize = 2 * HALF;
const PHASES: usize = 128;
/// So many frames are read side by side.
const STRETCH: usize = 32;
/// The part of the band that is kept flat: 18 kHz at 44.1 kHz.
const FLAT: f64 = 18_000.0 / 22_050.0;

type Row = [f32; TAPS];

/// For each half-length 1..=16, the taps of phases 0..=128 in the order of time, the rest of the row zero.
fn kernels() -> &'static [Vec<Row>] {
    static TABLE: OnceLock<Vec<Vec<Row>>> = OnceLock::new();
    TABLE.get_or_init(|| (1..=HALF).map(|half| (0..=PHASES).map(|p| row(half, p)).collect()).collect())
}

fn row(half: usize, phase: usize) -> Row {
    let fraction = phase as f64 / PHASES as f64;
    let beta = kaiser_beta(2 * half);
    let tap = |j: usize| {
        // The oldest sample comes first: tap j stands `half − j` frames behind the whole part of the delay.
        let u = half as f64 - j as f64 - fraction;
        let inside = (1.0 - (u / half as f64).powi(2)).max(0.0);
        sinc(u) * bessel_i0(beta * inside.sqrt()) / bessel_i0(beta)
    };
    let taps: Vec<f64> = (0..2 * half).map(tap).collect();
    let sum: f64 = taps.iter().sum();
    let mut row = [0.0; TAPS];
    row.iter_mut().zip(&taps).for_each(|(r, t)| *r = (t / sum) as f32);
    row
}

/// The window that reaches from the flat band to its mirror image with that many taps (Kaiser 1974, for more than
/// 50 dB). Where so few taps cannot, the least full window that still keeps the middle of the band flat.
fn kaiser_beta(taps: usize) -> f64 {
    let transition = 2.0 * PI * (1.0 - FLAT);
    let attenuation = 8.0 + 2.285 * (taps as f64 - 1.0) * transition;
    (0.1102 * (attenuation - 8.7)).max(if taps > 4 { 7.0 } else { 4.0 })
}

/// sin(πx)/(πx), with zeros that are zero.
fn sinc(x: f64) -> f64 {
    if x == 0.0 {
        1.0
    } else if x.fract() == 0.0 {
        0.0
    } else {
        (PI * x).sin() / (PI * x)
    }
}

/// The memory of one channel: the last frames that went in.
#[derive(Debug)]
pub(crate) struct Line {
    // A power of two, and the first taps once more behind it, so that a read never wraps.
    samples: Vec<f32>,
    mask: usize,
    next: usize,
}

impl Line {
    /// Remembers at least `longest` frames.
    pub(crate) fn new(longest: usize) -> Self {
        // The table is made now, and not at the first read, which happens while it sounds.
        kernels();
        let size = (longest + TAPS + 1).next_power_of_two();
        Line { samples: vec![0.0; size + TAPS], mask: size - 1, next: 0 }
    }

    /// Takes the next frame in.
    #[inline(always)]
    pub(crate) fn push(&mut self, sample: f32) {
        self.samples[self.next] = sample;
        if self.next < TAPS {
            let mirror = self.next + self.mask + 1;
            self.samples[mirror] = sample;
        }
        self.next = (self.next + 1) & self.mask;
    }

    /// Takes the next frames in, at most as many as it remembers.
    #[inline]
    pub(crate) fn push_all(&mut self, mut frames: &[f32]) {
        while !frames.is_empty() {
            let count = frames.len().min(self.mask + 1 - self.next);
            let (now, later) = frames.split_at(count);
            self.samples[self.next..][..count].copy_from_slice(now);
            if self.next < TAPS {
                let again = count.min(TAPS - self.next);
                self.samples[self.mask + 1 + self.next..][..again].copy_from_slice(&now[..again]);
            }
            self.next = (self.next + count) & self.mask;
            frames = later;
        }
    }

    /// Puts others in the place of the last frames, at most as many as it remembers.
    pub(crate) fn replace(&mut self, frames: &[f32]) {
        self.next = self.next.wrapping_sub(frames.len()) & self.mask;
        self.push_all(frames);
    }

    /// The frames from so many before the next one on.
    #[inline]
    pub(crate) fn past(&self, back: usize, mut out: &mut [f32]) {
        let mut at = self.next.wrapping_sub(back) & self.mask;
        while !out.is_empty() {
            let (now, later) = out.split_at_mut(out.len().min(self.mask + 1 - at));
            now.copy_from_slice(&self.samples[at..][..now.len()]);
            (at, out) = (0, later);
        }
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        self.samples.fill(0.0);
        self.next = 0;
    }
}

/// A place where a [`Line`] is read, with the taps that belong to it.
#[derive(Clone, Debug)]
pub(crate) struct Tap {
    delay: f64,
    whole: usize,
    half: usize,
    between: bool,
    taps: Row,
}

impl Tap {
    /// That many frames behind the frame about to be pushed; at least 1.
    pub(crate) fn new(delay: f64) -> Self {
        let mut tap = Tap { delay: 0.0, whole: 1, half: 1, between: false, taps: [0.0; TAPS] };
        tap.set(delay);
        tap
    }

    /// Before it was sent anywhere: one frame behind.
    pub(crate) const fn resting() -> Self {
        Tap { delay: 1.0, whole: 1, half: 1, between: false, taps: [0.0; TAPS] }
    }

    /// Where it reads.
    #[inline(always)]
    pub(crate) fn delay(&self) -> f64 {
        self.delay
    }

    /// Moves to another place.
    #[inline(always)]
    pub(crate) fn set(&mut self, delay: f64) {
        let delay = delay.max(1.0);
        if delay == self.delay {
            return;
        }
        self.delay = delay;
        self.whole = delay as usize;
        self.half = self.whole.min(HALF);
        let fraction = delay - self.whole as f64;
        self.between = fraction != 0.0;
        if self.between {
            let place = fraction * PHASES as f64;
            let (phase, part) = (place as usize, (place - (place as usize) as f64) as f32);
            let kernel = &kernels()[self.half - 1];
            let (a, b) = (&kernel[phase], &kernel[phase + 1]);
            // Beside the memory of this place, so that the compiler sees that nothing overlaps and takes them together.
            let mut taps = [0.0; TAPS];
            for (tap, (a, b)) in taps.iter_mut().zip(a.iter().zip(b)) {
                *tap = a + (b - a) * part;
            }
            self.taps = taps;
        }
    }

    /// How many frames can be read at once: those that the line holds already.
    pub(crate) fn ahead(&self) -> usize {
        (self.whole + 1).saturating_sub(HALF)
    }

    /// The line's samples at this place for the frames about to be pushed, at most [`Tap::ahead`]: what
    /// [`Tap::read`] gives for one after the other.
    #[inline]
    pub(crate) fn stretch(&self, line: &Line, out: &mut [f32]) {
        if !self.between {
            line.past(self.whole, out);
            return;
        }
        for (n, out) in out.chunks_mut(STRETCH).enumerate() {
            let mut past = [0.0_f32; STRETCH + TAPS];
            line.past(self.whole + self.half - n * STRETCH, &mut past[..out.len() + TAPS - 1]);
            weigh(&self.taps, &past, out);
        }
    }

    /// The line's sample at this place. The line must be at least as long as the delay.
    #[inline(always)]
    pub(crate) fn read(&self, line: &Line) -> f32 {
        if !self.between {
            return line.samples[line.next.wrapping_sub(self.whole) & line.mask];
        }
        let start = line.next.wrapping_sub(self.whole + self.half) & line.mask;
        let Some(samples) = line.samples[start..].first_chunk::<TAPS>() else { return 0.0 };
        let mut lanes = [0.0_f32; 8];
        for (samples, taps) in samples.as_chunks::<8>().0.iter().zip(self.taps.as_chunks::<8>().0) {
            for ((lane, sample), tap) in lanes.iter_mut().zip(samples).zip(taps) {
                *lane += sample * tap;
            }
        }
        // Halved three times: the order that vector registers fold in.
        let (mut fours, mut twos) = ([0.0; 4], [0.0; 2]);
        for (l, four) in fours.iter_mut().enumerate() {
            *four = lanes[l] + lanes[l + 4];
        }
        for (l, two) in twos.iter_mut().enumerate() {
            *two = fours[l] + fours[l + 2];
        }
        twos[0] + twos[1]
    }
}

/// The sums of taps and samples for the frames of a stretch, each in the order of [`Tap::read`].
#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn weigh(taps: &Row, past: &[f32; STRETCH + TAPS], out: &mut [f32]) {
    let mut lanes = [[0.0_f32; STRETCH]; 8];
    for (k, tap) in taps.iter().enumerate() {
        if let Some(past) = past[k..].first_chunk::<STRETCH>() {
            for (lane, sample) in lanes[k % 8].iter_mut().zip(past) {
                *lane += sample * tap;
            }
        }
    }
    let [a, b, c, d, e, f, g, h] = &lanes;
    for (l, out) in out.iter_mut().enumerate() {
        *out = ((a[l] + e[l]) + (c[l] + g[l])) + ((b[l] + f[l]) + (d[l] + h[l]));
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use super::*;

    /// The complex response of a fixed delay at a frequency in cycles per frame, from its impulse response.
    fn response(delay: f64, frequency: f64) -> (f64, f64) {
        let mut line = Line::new(64);
        let tap = Tap::new(delay);
        let (mut re, mut im) = (0.0, 0.0);
        for n in 0..80 {
            let y = f64::from(tap.read(&line));
            line.push(if n == 0 { 1.0 } else { 0.0 });
            re += y * (TAU * frequency * f64::from(n)).cos();
            im -= y * (TAU * frequency * f64::from(n)).sin();
        }
        (re, im)
    }

    fn worst(whole: f64, highest_hz: f64) -> (f64, f64) {
        let (mut level, mut time) = (0.0_f64, 0.0_f64);
        for step in 0..100 {
            let delay = whole + f64::from(step) * 0.01 + 0.000_7;
            for i in 1..=90 {
                let frequency = highest_hz / 44_100.0 * f64::from(i) / 90.0;
                let (re, im) = response(delay, frequency);
                level = level.max((20.0 * re.hypot(im).log10()).abs());
                // Phase against the ideal, which keeps clear of wrapping.
                let ideal = -TAU * frequency * delay;
                let error = (im * ideal.cos() - re * ideal.sin()).atan2(re * ideal.cos() + im * ideal.sin());
                time = time.max((error / (TAU * frequency)).abs());
            }
        }
        (level, time)
    }

    #[test]
    fn a_fraction_is_right_in_time_and_flat_to_18_khz() {
        for whole in [16.0, 17.0, 40.0] {
            let (level, time) = worst(whole, 18_000.0);
            println!("from {whole} frames: ±{level:.4} dB, {time:.1e} frames");
            assert!(level <= 0.1 && time <= 1e-3, "from {whole} frames: ±{level:.4} dB, {time:.1e} frames");
        }
    }

    #[test]
    fn delays_shorter_than_the_kernel_keep_their_time() {
        for (whole, highest, level_limit, time_limit) in
            [(8.0, 14_000.0, 0.1, 1e-3), (4.0, 8_000.0, 0.1, 1e-3), (2.0, 4_000.0, 0.1, 0.05)]
        {
            let (level, time) = worst(whole, highest);
            println!("from {whole} frames: ±{level:.4} dB, {time:.1e} frames to {highest} Hz");
            assert!(level <= level_limit && time <= time_limit, "from {whole}: ±{level:.4} dB, {time:.1e} frames");
        }
    }

    #[test]
    fn a_stretch_is_one_frame_after_the_other() {
        let input = crate::testing::noise(5, 1.0, 3000);
        for delay in [17.0, 40.3, 100.0, 333.77, 480.001] {
            let tap = Tap::new(delay);
            let (mut one, mut all) = (Line::new(500), Line::new(500));
            let (mut at, mut sizes) = (0, [1_usize, 2, 31, 33, 64, 200, 256, 90].into_iter().cycle());
            while at < input.len() {
                let size = sizes.next().unwrap_or(1).min(tap.ahead()).min(input.len() - at);
                let mut out = vec![0.0; size];
                tap.stretch(&all, &mut out);
                all.push_all(&input[at..at + size]);
                for (n, y) in out.iter().enumerate() {
                    assert_eq!(tap.read(&one).to_bits(), y.to_bits(), "{delay}, frame {}", at + n);
                    one.push(input[at + n]);
                }
                at += size;
            }
        }
    }

    #[test]
    fn whole_numbers_are_exact() {
        for whole in [1.0_f64, 2.0, 15.0, 16.0, 60.0] {
            let mut line = Line::new(64);
            let tap = Tap::new(whole);
            let out: Vec<f32> = (0..64)
                .map(|n| {
                    let y = tap.read(&line);
                    line.push(if n == 0 { 1.0 } else { 0.0 });
                    y
                })
                .collect();
            let place = out.iter().position(|y| *y != 0.0);
            assert_eq!(place, Some(whole as usize).filter(|w| *w < 64));
            assert_eq!(out.iter().map(|y| y.abs()).sum::<f32>(), 1.0);
        }
    }

    #[test]
    fn a_moving_delay_bends_a_tone_without_dirt() {
        // 5 kHz read ±1 ms about 3 ms, once a second: the exact answer is the tone at the moved time.
        let rate = 48_000.0;
        let mut line = Line::new(400);
        let mut tap = Tap::new(144.0);
        let (mut wanted, mut wrong) = (0.0, 0.0);
        for n in 0..96_000 {
            let t = f64::from(n);
            let delay = 144.0 + 48.0 * (TAU * t / rate).sin();
            tap.set(delay);
            let y = f64::from(tap.read(&line));
            line.push((0.5 * (TAU * 5000.0 / rate * t).sin()) as f32);
            if n > 400 {
                let ideal = 0.5 * (TAU * 5000.0 / rate * (t - delay)).sin();
                wanted += ideal * ideal;
                wrong += (y - ideal).powi(2);
            }
        }
        let thd = 10.0 * f64::log10(wrong / wanted);
        println!("THD+N {thd:.1} dB");
        assert!(thd <= -80.0, "THD+N {thd:.1} dB");
    }
}
