//! What a compressor calls loud.
//!
//! | detector | reads | distortion of a 100 Hz sine (4:1, 5/100 ms) | cost, mono |
//! |---|---|---|---|
//! | `peak` | the rectified wave | −60 dB | 4 ns per frame |
//! | `rms` | the mean power of a window, times √2 | −84 dB | 6 ns |
//! | `envelope` | the analytic envelope (two all-pass chains 90° apart) | −147 dB | 8 ns |
//!
//! All three read a steady sine as its peak, so a threshold means the same with each of them.

use super::hilbert::Hilbert;

/// How a level is taken from a waveform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DetectorKind {
    /// The magnitude of each sample.
    Peak,
    /// The mean power over `rms_ms`.
    Rms,
    /// The magnitude of the analytic signal.
    Envelope,
}

impl DetectorKind {
    /// Decibels per octave of what [`Detector::run`] delivers: amplitudes or powers.
    pub(crate) fn db_per_octave(self) -> f64 {
        match self {
            DetectorKind::Peak => crate::math::DB_PER_OCTAVE,
            DetectorKind::Rms | DetectorKind::Envelope => crate::math::DB_PER_OCTAVE / 2.0,
        }
    }
}

/// How the side-chain is heard.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Listening {
    /// The detector.
    pub kind: DetectorKind,
    /// Time constant of the mean power, for [`DetectorKind::Rms`].
    pub rms_ms: f64,
    /// Corner of the high-pass before the detector; 0 is none.
    pub highpass_hz: f64,
}

/// One channel's detector.
#[derive(Clone, Debug)]
pub(crate) struct Detector {
    highpass: Option<HighPass>,
    state: State,
}

#[derive(Clone, Debug)]
enum State {
    Peak,
    Rms { part: f64, power: f64 },
    Envelope(Box<Hilbert>),
}

impl Detector {
    pub(crate) fn new(listening: &Listening, sample_rate: u32) -> Self {
        let rate = f64::from(sample_rate);
        let state = match listening.kind {
            DetectorKind::Peak => State::Peak,
            DetectorKind::Rms => State::Rms { part: -(-1000.0 / (listening.rms_ms * rate)).exp_m1(), power: 0.0 },
            DetectorKind::Envelope => State::Envelope(Box::new(Hilbert::new(sample_rate))),
        };
        let hz = listening.highpass_hz.min(0.45 * rate);
        Detector { highpass: (hz > 0.0).then(|| HighPass::new(hz / rate)), state }
    }

    /// The level at each sample, as an amplitude (`peak`) or a power (the others), sine peak 1 being 1.
    pub(crate) fn run(&mut self, key: &[f32], out: &mut [f64]) {
        for (to, from) in out.iter_mut().zip(key) {
            *to = f64::from(*from);
        }
        if let Some(highpass) = &mut self.highpass {
            highpass.run(out);
        }
        match &mut self.state {
            State::Peak => out.iter_mut().for_each(|x| *x = x.abs()),
            State::Rms { part, power } => {
                for x in out {
                    // Twice the mean power of a sine is its peak's.
                    *power += *part * (2.0 * *x * *x - *power);
                    *x = *power;
                }
            }
            State::Envelope(hilbert) => hilbert.powers(out),
        }
    }

    /// States too small to be heard become zero. To be called on a fixed grid of the stream's frames.
    pub(crate) fn settle(&mut self) {
        if let Some(highpass) = &mut self.highpass {
            highpass.settle();
        }
        match &mut self.state {
            State::Peak => {}
            State::Rms { power, .. } => {
                if *power < 1e-25 {
                    *power = 0.0;
                }
            }
            State::Envelope(hilbert) => hilbert.settle(),
        }
    }

    pub(crate) fn reset(&mut self) {
        if let Some(highpass) = &mut self.highpass {
            highpass.state = [0.0; 2];
        }
        match &mut self.state {
            State::Peak => {}
            State::Rms { power, .. } => *power = 0.0,
            State::Envelope(hilbert) => hilbert.reset(),
        }
    }
}

/// A second-order Butterworth high-pass: 12 dB per octave.
#[derive(Clone, Debug)]
struct HighPass {
    b0: f64,
    a1: f64,
    a2: f64,
    state: [f64; 2],
}

impl HighPass {
    /// With its corner at a fraction of the sample rate.
    fn new(corner: f64) -> Self {
        let k = (std::f64::consts::PI * corner).tan();
        let norm = 1.0 / (1.0 + std::f64::consts::SQRT_2 * k + k * k);
        let a2 = (1.0 - std::f64::consts::SQRT_2 * k + k * k) * norm;
        HighPass { b0: norm, a1: 2.0 * (k * k - 1.0) * norm, a2, state: [0.0; 2] }
    }

    fn run(&mut self, x: &mut [f64]) {
        let [mut s1, mut s2] = self.state;
        for x in x {
            let y = self.b0 * *x + s1;
            s1 = s2 - 2.0 * self.b0 * *x - self.a1 * y;
            s2 = self.b0 * *x - self.a2 * y;
            *x = y;
        }
        self.state = [s1, s2];
    }

    fn settle(&mut self) {
        for s in &mut self.state {
            if s.abs() < 1e-25 {
                *s = 0.0;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::sine;

    fn steady(kind: DetectorKind, hz: f64, highpass_hz: f64) -> f64 {
        let listening = Listening { kind, rms_ms: 20.0, highpass_hz };
        let x = sine(hz, 0.5, 48_000, 48_000);
        let mut out = vec![0.0; x.len()];
        Detector::new(&listening, 48_000).run(&x, &mut out);
        let last = &out[24_000..];
        let level = |v: f64| kind.db_per_octave() * v.log2();
        match kind {
            DetectorKind::Peak => level(last.iter().fold(0.0_f64, |a, b| a.max(*b))),
            _ => level(last.iter().sum::<f64>() / last.len() as f64),
        }
    }

    #[test]
    fn every_detector_reads_a_sine_as_its_peak() {
        for kind in [DetectorKind::Peak, DetectorKind::Rms, DetectorKind::Envelope] {
            for hz in [100.0, 997.0, 9973.0] {
                let error = steady(kind, hz, 0.0) - 20.0 * 0.5_f64.log10();
                assert!(error.abs() < 0.05, "{kind:?} at {hz} Hz: {error:+.3} dB");
            }
        }
    }

    #[test]
    fn the_high_pass_is_three_decibels_down_at_its_corner() {
        let level = |hz: f64| steady(DetectorKind::Rms, hz, 200.0) - 20.0 * 0.5_f64.log10();
        assert!((level(200.0) + 3.01).abs() < 0.05);
        assert!((level(50.0) + 24.1).abs() < 0.2);
        assert!(level(5000.0).abs() < 0.01);
    }
}
