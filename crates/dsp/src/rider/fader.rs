//! The ear and the hand.
//!
//! The stream is heard in hops of 10 ms. A hop above the gate is *sung*; the loudness is that of the last sung hops,
//! as many as fill the window. Behind a pause as long as the window it is measured afresh, and nothing moves until a
//! quarter of the window is full. In a hop that is not sung the fader holds.
//!
//! The fader follows through two equal one-poles in decibels; between hops it goes in straight lines.

use std::f64::consts::PI;

use tonmeister_core::{Layout, View};

use crate::biquad::{Biquad, Cascade};
use crate::math::{DB_PER_OCTAVE, log2};

/// A key below this is silent.
const KEY_SILENT_DB: f64 = -70.0;
/// The key is averaged over so many windows.
const KEY_WINDOWS: f64 = 4.0;
/// Two equal one-poles in a row have passed 63 % of a step after so many of their time constants.
const TWO_POLES: f64 = 2.146_193_220_620_583;
/// So many samples are cleaned at a time.
const PART: usize = 64;

/// Frames of a hop: 10 ms.
pub(super) fn hop(sample_rate: u32) -> usize {
    (sample_rate as usize).div_ceil(100)
}

/// The two filters of K-weighting (ITU-R BS.1770-5, Annex 1) by the bilinear transform of the analog prototype behind
/// the tables for 48 kHz, as `tonmeister-measure` has them.
fn k_weighting(sample_rate: u32) -> [Biquad; 2] {
    let warped = |hz: f64, rate: f64| (PI * hz / rate).tan();
    let rate = f64::from(sample_rate);
    // Below 3.4 kHz of bandwidth the shelf would have no place.
    let k = warped(1_681.974_450_955_533_f64.min(0.45 * rate), rate);
    let (q, high) = (0.707_175_236_955_419_6, 10_f64.powf(3.999_843_853_973_347 / 20.0));
    let band = high.powf(0.499_666_774_154_541_6);
    let a0 = 1.0 + k / q + k * k;
    let shelf = Biquad {
        b0: (high + band * k / q + k * k) / a0,
        b1: 2.0 * (k * k - high) / a0,
        b2: (high - band * k / q + k * k) / a0,
        a1: 2.0 * (k * k - 1.0) / a0,
        a2: (1.0 - k / q + k * k) / a0,
    };
    let (hz, q) = (38.135_470_876_024_44, 0.500_327_037_323_877_3);
    let leading = |k: f64| 1.0 + k / q + k * k;
    let k = warped(hz, rate);
    let a0 = leading(k);
    let unit = leading(warped(hz, 48_000.0)) / a0;
    let high_pass =
        Biquad { b0: unit, b1: -2.0 * unit, b2: unit, a1: 2.0 * (k * k - 1.0) / a0, a2: (1.0 - k / q + k * k) / a0 };
    [shelf, high_pass]
}

/// Measures power, weighted or not, of one or two channels, whichever come.
pub(super) struct Ear {
    mono: Cascade,
    stereo: Cascade,
    weighted: bool,
    sums: [f64; 2],
    channels: usize,
}

impl Ear {
    pub(super) fn new(weighted: bool, sample_rate: u32) -> Self {
        let sections = if weighted { k_weighting(sample_rate).to_vec() } else { Vec::new() };
        Ear {
            mono: Cascade::new(&sections, Layout::Mono),
            stereo: Cascade::new(&sections, Layout::Stereo),
            weighted,
            sums: [0.0; 2],
            channels: 1,
        }
    }

    pub(super) fn hear(&mut self, sound: View<'_>) {
        self.channels = sound.layout().channels();
        let mut at = 0;
        while at < sound.frames() {
            let end = sound.frames().min(at + PART);
            let mut clean = [[0.0_f32; PART]; 2];
            for (clean, channel) in clean.iter_mut().zip(sound.channels()) {
                for (to, from) in clean.iter_mut().zip(&channel[at..end]) {
                    *to = if from.is_finite() { *from } else { 0.0 };
                }
            }
            let [left, right] = &clean;
            let (left, right) = (&left[..end - at], &right[..end - at]);
            if self.channels == 2 {
                self.stereo.add_squares(View::stereo(left, right), &mut self.sums);
            } else {
                self.mono.add_squares(View::mono(left), &mut self.sums);
            }
            at = end;
        }
    }

    /// The mean power of the hop, scaled so that ten times its logarithm is the level.
    pub(super) fn take(&mut self, hop: usize) -> f64 {
        let [a, b] = std::mem::take(&mut self.sums);
        let power = (a + b) / hop as f64;
        // −0.691 dB is BS.1770's constant.
        if self.weighted { power * 10_f64.powf(-0.0691) } else { power / self.channels as f64 }
    }

    pub(super) fn reset(&mut self) {
        self.mono.reset();
        self.stereo.reset();
        self.sums = [0.0; 2];
        self.channels = 1;
    }
}

fn db(power: f64) -> f64 {
    0.5 * DB_PER_OCTAVE * log2(power)
}

/// What the parameters ask for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wish {
    pub(super) target: f64,
    pub(super) range: f64,
    pub(super) speed: f64,
    pub(super) gate: f64,
    pub(super) over_key: f64,
}

/// The fader.
#[derive(Clone, Debug)]
pub(super) struct Fader {
    /// Powers of the last sung hops, in a ring.
    sung: Vec<f64>,
    next: usize,
    count: usize,
    /// Hops since something was sung.
    pause: usize,
    key_power: f64,
    key_part: f64,
    hop_ms: f64,
    /// Behind the first and the second one-pole, dB.
    smooth: [f64; 2],
    /// Where the line began.
    from: f64,
}

impl Fader {
    pub(super) fn new(window_ms: f64, sample_rate: u32) -> Self {
        let hop_ms = 1000.0 * hop(sample_rate) as f64 / f64::from(sample_rate);
        let hops = (window_ms / hop_ms).round().max(1.0);
        Fader {
            sung: vec![0.0; hops as usize],
            next: 0,
            count: 0,
            pause: 0,
            key_power: 0.0,
            key_part: -(-1.0 / (KEY_WINDOWS * hops)).exp_m1(),
            hop_ms,
            smooth: [0.0; 2],
            from: 0.0,
        }
    }

    pub(super) fn reset(&mut self) {
        self.sung.fill(0.0);
        (self.next, self.count, self.pause, self.key_power) = (0, 0, 0, 0.0);
        (self.smooth, self.from) = ([0.0; 2], 0.0);
    }

    /// Where it stands at this part of a hop, in dB.
    pub(super) fn position_db(&self, part: f64) -> f64 {
        self.from + part * (self.smooth[1] - self.from)
    }

    /// A hop has been heard.
    pub(super) fn hop(&mut self, power: f64, key: Option<f64>, wish: &Wish) {
        self.from = self.smooth[1];
        if let Some(key) = key {
            self.key_power += self.key_part * (key - self.key_power);
        }
        if db(power) < wish.gate {
            self.pause += 1;
            return;
        }
        if self.pause >= self.sung.len() {
            self.count = 0;
        }
        self.pause = 0;
        self.sung[self.next] = power;
        self.next = (self.next + 1) % self.sung.len();
        self.count = (self.count + 1).min(self.sung.len());
        if 4 * self.count < self.sung.len() {
            return;
        }
        // The newest, wherever the ring begins.
        let newest = (0..self.count).map(|age| self.sung[(self.next + self.sung.len() - 1 - age) % self.sung.len()]);
        let level = db(newest.sum::<f64>() / self.count as f64);
        let key_level = db(self.key_power);
        let keyed = key.is_some() && key_level > KEY_SILENT_DB;
        let target = if keyed { key_level + wish.over_key } else { wish.target };
        let aim = (target - level).clamp(-wish.range, wish.range);
        let part = -(-self.hop_ms * TWO_POLES / wish.speed).exp_m1();
        self.smooth[0] += part * (aim - self.smooth[0]);
        self.smooth[1] += part * (self.smooth[0] - self.smooth[1]);
    }
}
