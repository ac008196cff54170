//! The tape that echoes are recorded on: it takes only so much.

/// How far the treble that the averaging of two frames takes away is given back.
const BACK: f64 = 0.7;
/// How late the low frequencies come, in frames: half for the averaging, less what giving back takes off.
pub(crate) const LATE: f64 = 0.5 - BACK / (1.0 + BACK);

/// Bends x to x/√(1 + (gx)²): quiet sounds as they are, loud ones toward 1/g.
///
/// Anti-aliased by the antiderivative F = √(1 + (gx)²)/g² (Parker, Zavalishin, Le Bivic, *Reducing the aliasing of
/// nonlinear waveshaping using continuous-time convolution*, Digital Audio Effects 2016): (F(a) − F(b))/(a − b), which for this curve
/// comes out as (a + b)/(√(1 + (ga)²) + √(1 + (gb)²)), without a division by nearly nothing. For quiet sounds that
/// is the mean of two frames; a one-pole gives the treble back (−0.2 dB at 10 kHz, −1.7 dB at 18 kHz and 44.1 kHz), and both
/// together never gain.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Saturate {
    drive: f64,
    before: f64,
    root: f64,
    treble: f64,
}

impl Saturate {
    /// The gain g from decibels.
    pub(crate) fn drive(&mut self, db: f64) {
        self.drive = crate::math::amplitude_of_db(db);
        self.root = self.root_of(self.before);
    }

    #[inline]
    fn root_of(&self, x: f64) -> f64 {
        let x = self.drive * x;
        (1.0 + x * x).sqrt()
    }

    /// The next frame.
    #[inline]
    pub(crate) fn frame(&mut self, x: f64) -> f64 {
        // What is no number would stay.
        let x = if x.abs() < 1e30 { x } else { 0.0 };
        let root = self.root_of(x);
        let mean = (x + self.before) / (root + self.root);
        (self.before, self.root) = (x, root);
        self.treble = (1.0 + BACK) * mean - BACK * self.treble;
        self.treble
    }

    /// See [`super::cut::Cut::flush`].
    pub(crate) fn flush(&mut self) {
        for state in [&mut self.before, &mut self.treble] {
            if state.abs() < 1e-25 {
                *state = 0.0;
            }
        }
        self.root = self.root_of(self.before);
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use super::*;
    use crate::delay::probe::powers;

    fn gain_db(hz: f64, rate: f64) -> f64 {
        let mut tape = Saturate::default();
        tape.drive(0.0);
        let (mut re, mut im) = (0.0, 0.0);
        for n in 0..44_100 {
            let phase = TAU * hz / rate * f64::from(n);
            let y = tape.frame(1e-4 * phase.sin());
            re += y * phase.sin();
            im += y * phase.cos();
        }
        20.0 * (re.hypot(im) / 2.205).log10()
    }

    #[test]
    fn quiet_sounds_pass_and_never_gain() {
        for (hz, least) in [(100.0, -0.001), (5000.0, -0.06), (10_000.0, -0.25), (18_000.0, -1.8)] {
            let gain = gain_db(hz, 44_100.0);
            assert!(gain <= 1e-3 && gain >= least, "{hz} Hz: {gain:.3} dB");
        }
    }

    #[test]
    fn it_bends_toward_its_limit() {
        let mut tape = Saturate::default();
        tape.drive(12.0);
        let last = |tape: &mut Saturate, x: f64| (0..400).map(|_| tape.frame(x)).last().unwrap();
        for x in [0.01, 0.1, 0.5, 4.0] {
            let g = 10_f64.powf(0.6);
            let wanted = x / (1.0 + (g * x).powi(2)).sqrt();
            assert!((last(&mut tape, x) - wanted).abs() < 1e-6 * wanted.max(0.01), "{x}");
        }
    }

    #[test]
    fn what_folds_back_is_far_weaker_than_without() {
        // A full-scale tone of 5012.7 Hz, 12 dB into the curve at 48 kHz: what is no multiple of it, against the tone. Below
        // 16 kHz the bare curve leaves −21 dB and this one −30; below 6 kHz −28 dB and −62.
        let size = 16_384;
        let bin = 1711;
        let hz = f64::from(bin) * 48_000.0 / size as f64;
        let mut tape = Saturate::default();
        tape.drive(12.0);
        let input = |n: usize| (TAU * hz / 48_000.0 * n as f64).sin();
        let bent: Vec<f32> = (0..2 * size).map(|n| tape.frame(input(n)) as f32).collect();
        let g = 10_f64.powf(0.6);
        let bare: Vec<f32> = (0..size).map(|n| (input(n) / (1.0 + (g * input(n)).powi(2)).sqrt()) as f32).collect();
        let folded = |samples: &[f32], top: usize| {
            let powers = powers(samples);
            let harmonic = |at: usize| (at % bin as usize) <= 6 || (at % bin as usize) >= bin as usize - 6;
            let dirt: f64 = (20..top).filter(|at| !harmonic(*at)).map(|at| powers[at]).sum();
            10.0 * (dirt / powers[bin as usize]).log10()
        };
        for (top, better) in [(size / 3, 8.5), (size / 8, 15.0)] {
            let (bare, bent) = (folded(&bare, top), folded(&bent[size..], top));
            println!("below bin {top}: bare {bare:.1} dB, anti-aliased {bent:.1} dB");
            assert!(bent < bare - better, "{bare:.1} dB, {bent:.1} dB");
        }
    }
}
