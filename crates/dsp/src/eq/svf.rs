//! A section that may change while it sounds: the trapezoidal state-variable filter (Simper, "Linear Trapezoidal
//! Integrated State Variable Filter", 2013) with free output weights, so that it realizes any stable section.
//!
//! Its two states are those of integrators, which mean the same whatever the coefficients: moving them makes no
//! click. Against a direct form with the all-pole values w₁, w₂ (the [`Group`](crate::biquad::Group)'s states):
//!
//! `s₁ = (2g/D)(w₁ − w₂)`, `s₂ = (2g²/D)(w₁ + w₂)`, `D = 1 + kg + g²`,
//!
//! for the same poles, exactly and always invertibly. So a section goes from one form to the other between two
//! frames and nobody hears it.

use crate::biquad::Biquad;

/// The coefficients of a section in state-variable form.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Svf {
    /// Integrator gain, tan of half the poles' frequency.
    pub(crate) g: f64,
    /// Damping, 1/Q.
    pub(crate) k: f64,
    /// Weight of the high-pass output.
    pub(crate) high: f64,
    /// Weight of the band-pass output.
    pub(crate) band: f64,
    /// Weight of the low-pass output.
    pub(crate) low: f64,
}

impl Svf {
    /// The same transfer function. The section must be stable.
    pub(crate) fn of(section: &Biquad) -> Svf {
        let Biquad { b0, b1, b2, a1, a2 } = *section;
        let (at_zero, at_half) = (1.0 + a1 + a2, 1.0 - a1 + a2);
        let g = (at_zero / at_half).sqrt();
        let d = 4.0 / at_half;
        Svf {
            g,
            k: 2.0 * (1.0 - a2) / (g * at_half),
            high: 0.25 * d * (b0 - b1 + b2),
            band: 0.5 * d * (b0 - b2) / g,
            low: (b0 + b1 + b2) / at_zero,
        }
    }

    fn zip(self, other: Svf, with: impl Fn(f64, f64) -> f64) -> Svf {
        Svf {
            g: with(self.g, other.g),
            k: with(self.k, other.k),
            high: with(self.high, other.high),
            band: with(self.band, other.band),
            low: with(self.low, other.low),
        }
    }

    /// What per frame leads from here to there in that many frames.
    pub(crate) fn step_to(self, there: Svf, frames: u32) -> Svf {
        let part = 1.0 / f64::from(frames);
        self.zip(there, |from, to| (to - from) * part)
    }

    /// This, and so many steps.
    #[inline]
    pub(crate) fn after(self, step: Svf, frames: f64) -> Svf {
        self.zip(step, |value, step| value + step * frames)
    }

    /// Integrator states from all-pole values.
    pub(crate) fn states_from([w1, w2]: [f64; 2], coefficients: Svf) -> [f64; 2] {
        let Svf { g, k, .. } = coefficients;
        let scale = 2.0 * g / (1.0 + g * (g + k));
        [scale * (w1 - w2), scale * g * (w1 + w2)]
    }

    /// All-pole values from integrator states.
    pub(crate) fn states_into([s1, s2]: [f64; 2], coefficients: Svf) -> [f64; 2] {
        let Svf { g, k, .. } = coefficients;
        let scale = 0.25 * (1.0 + g * (g + k)) / g;
        [scale * (s2 / g + s1), scale * (s2 / g - s1)]
    }
}

/// How far a settled design lies from the quick one: factors for the poles, differences for the weights.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Offset(Svf);

impl Offset {
    /// None at all.
    pub(crate) const NONE: Offset = Offset(Svf { g: 0.0, k: 0.0, high: 0.0, band: 0.0, low: 0.0 });

    /// From the quick design to the settled one.
    pub(crate) fn between(quick: Svf, settled: Svf) -> Offset {
        Offset(Svf {
            g: settled.g / quick.g - 1.0,
            k: settled.k / quick.k - 1.0,
            high: settled.high - quick.high,
            band: settled.band - quick.band,
            low: settled.low - quick.low,
        })
    }

    /// So much of this and so much of that.
    pub(crate) fn blend(self, part: f64, other: Offset, other_part: f64) -> Offset {
        Offset(self.0.zip(other.0, |a, b| part * a + other_part * b))
    }

    /// The quick design, moved by this much.
    pub(crate) fn apply(self, quick: Svf) -> Svf {
        Svf {
            g: quick.g * (1.0 + self.0.g),
            k: quick.k * (1.0 + self.0.k),
            high: quick.high + self.0.high,
            band: quick.band + self.0.band,
            low: quick.low + self.0.low,
        }
    }
}

/// Runs interleaved frames whose coefficients travel in straight lines from `start`, `passed` frames ago.
pub(crate) fn run<const CHANNELS: usize>(
    start: Svf,
    step: Svf,
    passed: u64,
    states: &mut [[f64; 2]; 2],
    wire: &mut [f64],
) {
    let mut s = *states;
    for (n, frame) in wire.chunks_exact_mut(CHANNELS).enumerate() {
        let Svf { g, k, high, band, low } = start.after(step, (passed + n as u64) as f64);
        let a1 = 1.0 / (1.0 + g * (g + k));
        let a2 = g * a1;
        let a3 = g * a2;
        for (x, s) in frame.iter_mut().zip(&mut s) {
            let v3 = *x - s[1];
            let v1 = a1 * s[0] + a2 * v3;
            let v2 = s[1] + (a2 * s[0] + a3 * v3);
            s[0] = 2.0 * v1 - s[0];
            s[1] = 2.0 * v2 - s[1];
            *x = high * (*x - k * v1 - v2) + (band * v1 + low * v2);
        }
    }
    *states = s;
}
