//! What a compressor calls loud.
//!
//! | detector | reads | distortion of a 100 Hz sine (4:1, 5/100 ms) | cost, mono |
//! |---|---|---|---|
//! | `peak` | the rectified wave | −74 dB | 4 ns per frame |
//! | `rms` | the mean power of a window, times √2 | −97 dB | 6 ns |
//! | `envelope` | the analytic envelope (two all-pass chains 90° apart) | −150 dB | 8 ns |
//!
//! All three read a steady sine as its peak, so a threshold means the same with each of them.

use multiversion::multiversion;

use super::hilbert::Hilbert;
use tonmeister_core::Memory;

use crate::biquad::Biquad;
use crate::eq::prototype::{Corner, Prototype};

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
    /// Whether [`Detector::run`] delivers powers, not amplitudes.
    pub(crate) fn reads_power(self) -> bool {
        self != DetectorKind::Peak
    }

    /// Decibels per octave of what [`Detector::run`] delivers: amplitudes or powers.
    pub(crate) fn db_per_octave(self) -> f64 {
        match self {
            DetectorKind::Peak => crate::math::DB_PER_OCTAVE,
            DetectorKind::Rms | DetectorKind::Envelope => crate::math::DB_PER_OCTAVE / 2.0,
        }
    }
}

/// A bell before a detector.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Accent {
    /// Its center.
    pub hz: f64,
    /// How much more (or less) it is heard, in dB.
    pub gain_db: f64,
    /// Its quality: center over width.
    pub q: f64,
}

/// How the side-chain is heard.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Listening {
    /// The detector.
    pub kind: DetectorKind,
    /// Time constant of the mean power, for [`DetectorKind::Rms`].
    pub rms_ms: f64,
    /// Corner of the high-pass before the detector (12 dB per octave); 0 is none.
    pub highpass_hz: f64,
    /// Corner of the low-pass before the detector (12 dB per octave); 0 is none.
    pub lowpass_hz: f64,
    /// A bell before the detector.
    pub accent: Option<Accent>,
}

impl Listening {
    /// With that detector, its mean power over 10 ms, and no filter.
    pub fn new(kind: DetectorKind) -> Self {
        Listening { kind, rms_ms: 10.0, highpass_hz: 0.0, lowpass_hz: 0.0, accent: None }
    }
}

/// One channel's detector.
#[derive(Clone, Debug)]
pub(crate) struct Detector {
    filters: Vec<Section>,
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
        Detector { filters: filters(listening, rate), state }
    }

    /// The level at each sample, as an amplitude (`peak`) or a power (the others), sine peak 1 being 1. What is no
    /// finite number is heard as silence.
    pub(crate) fn run(&mut self, key: &[f32], out: &mut [f64]) {
        if self.filters.is_empty() && matches!(self.state, State::Peak) {
            return hear_peaks(key, out);
        }
        hear(key, out);
        for filter in &mut self.filters {
            filter.run(out);
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

    /// How far back it remembers. Direct-form filters need not come to agree in their last bit.
    pub(crate) fn memory(&self) -> Memory {
        match &self.state {
            _ if !self.filters.is_empty() => Memory::Endless,
            State::Peak => Memory::NONE,
            State::Rms { part, .. } => Memory::of_mean(1.0 / part),
            State::Envelope(hilbert) => hilbert.memory(),
        }
    }

    /// States too small to be heard become zero. To be called on a fixed grid of the stream's frames.
    pub(crate) fn settle(&mut self) {
        self.filters.iter_mut().for_each(Section::settle);
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
        for filter in &mut self.filters {
            filter.state = [0.0; 2];
        }
        match &mut self.state {
            State::Peak => {}
            State::Rms { power, .. } => *power = 0.0,
            State::Envelope(hilbert) => hilbert.reset(),
        }
    }
}

/// What is no finite number is silence.
#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn hear(key: &[f32], out: &mut [f64]) {
    for (to, from) in out.iter_mut().zip(key) {
        *to = if from.is_finite() { f64::from(*from) } else { 0.0 };
    }
}

/// [`hear`], and the magnitude of it.
#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn hear_peaks(key: &[f32], out: &mut [f64]) {
    for (to, from) in out.iter_mut().zip(key) {
        *to = if from.is_finite() { f64::from(from.abs()) } else { 0.0 };
    }
}

/// The sections of the side-chain's filters.
fn filters(listening: &Listening, rate: f64) -> Vec<Section> {
    let place = |hz: f64| hz.min(0.45 * rate);
    let mut sections = Vec::new();
    if listening.highpass_hz > 0.0 {
        sections.push(highpass(place(listening.highpass_hz) / rate));
    }
    if listening.lowpass_hz > 0.0 {
        sections
            .extend(Prototype::lowpass(Corner::butterworth(place(listening.lowpass_hz), 2)).map(|p| p.bilinear(rate)));
    }
    if let Some(Accent { hz, gain_db, q }) = listening.accent {
        sections.push(Prototype::bell(place(hz), gain_db, q).bilinear(rate));
    }
    sections.into_iter().map(|biquad| Section { biquad, state: [0.0; 2] }).collect()
}

/// A second-order Butterworth high-pass: 12 dB per octave, its corner at a fraction of the sample rate.
fn highpass(corner: f64) -> Biquad {
    let k = (std::f64::consts::PI * corner).tan();
    let norm = 1.0 / (1.0 + std::f64::consts::SQRT_2 * k + k * k);
    let a2 = (1.0 - std::f64::consts::SQRT_2 * k + k * k) * norm;
    Biquad { b0: norm, b1: -2.0 * norm, b2: norm, a1: 2.0 * (k * k - 1.0) * norm, a2 }
}

/// One section that runs.
#[derive(Clone, Debug)]
struct Section {
    biquad: Biquad,
    state: [f64; 2],
}

impl Section {
    fn run(&mut self, x: &mut [f64]) {
        let Biquad { b0, b1, b2, a1, a2 } = self.biquad;
        let [mut s1, mut s2] = self.state;
        for x in x {
            let y = b0 * *x + s1;
            s1 = s2 + b1 * *x - a1 * y;
            s2 = b2 * *x - a2 * y;
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

    fn steady(listening: &Listening, hz: f64) -> f64 {
        let kind = listening.kind;
        let x = sine(hz, 0.5, 48_000, 48_000);
        let mut out = vec![0.0; x.len()];
        Detector::new(listening, 48_000).run(&x, &mut out);
        let last = &out[24_000..];
        let level = |v: f64| kind.db_per_octave() * v.log2();
        let read = match kind {
            DetectorKind::Peak => level(last.iter().fold(0.0_f64, |a, b| a.max(*b))),
            _ => level(last.iter().sum::<f64>() / last.len() as f64),
        };
        read - 20.0 * 0.5_f64.log10()
    }

    #[test]
    fn every_detector_reads_a_sine_as_its_peak() {
        for kind in [DetectorKind::Peak, DetectorKind::Rms, DetectorKind::Envelope] {
            for hz in [100.0, 997.0, 9973.0] {
                let error = steady(&Listening { rms_ms: 20.0, ..Listening::new(kind) }, hz);
                assert!(error.abs() < 0.05, "{kind:?} at {hz} Hz: {error:+.3} dB");
            }
        }
    }

    #[test]
    fn the_filters_are_where_they_are_written() {
        let rms = Listening { rms_ms: 20.0, ..Listening::new(DetectorKind::Rms) };
        let high = Listening { highpass_hz: 200.0, ..rms };
        let low = Listening { lowpass_hz: 2000.0, ..rms };
        let bell = Listening { accent: Some(Accent { hz: 3000.0, gain_db: 9.0, q: 1.0 }), ..rms };
        for (listening, hz, level, within) in [
            (high, 200.0, -3.01, 0.05),
            (high, 50.0, -24.1, 0.2),
            (high, 5000.0, 0.0, 0.01),
            (low, 2000.0, -3.01, 0.05),
            (low, 8000.0, -24.1, 3.0),
            (low, 100.0, 0.0, 0.01),
            (bell, 3000.0, 9.0, 0.05),
            (bell, 100.0, 0.0, 0.1),
        ] {
            let found = steady(&listening, hz);
            assert!((found - level).abs() < within, "{listening:?} at {hz} Hz: {found:.2} dB");
        }
    }

    #[test]
    fn what_is_no_number_is_heard_as_silence() {
        for kind in [DetectorKind::Peak, DetectorKind::Rms, DetectorKind::Envelope] {
            let listening = Listening { highpass_hz: 100.0, ..Listening::new(kind) };
            let (mut broken, mut whole) = (Detector::new(&listening, 48_000), Detector::new(&listening, 48_000));
            let (mut a, mut b) = (vec![0.0; 3], vec![0.0; 3]);
            broken.run(&[0.5, f32::NAN, f32::INFINITY], &mut a);
            whole.run(&[0.5, 0.0, 0.0], &mut b);
            assert_eq!(a, b);
        }
    }
}
