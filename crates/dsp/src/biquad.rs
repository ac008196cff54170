//! Second-order sections: their coefficients, their response, and the fast way to run a row of them.
//!
//! A [`Biquad`] is `H(z) = (b₀ + b₁z⁻¹ + b₂z⁻²) / (1 + a₁z⁻¹ + a₂z⁻²)`. It only describes; it can be asked for its
//! magnitude and phase, whether it is stable, and how long it rings. A [`Cascade`] runs up to any number of them
//! one after the other over one or two channels, with states in `f64`, in place, into `f64`, or straight into sums
//! of squares for a meter.
//!
//! ```
//! use tonmeister_core::{Buffer, Layout};
//! use tonmeister_dsp::biquad::{Biquad, Cascade};
//!
//! // Keeps what moves and takes away what stands still: a zero at 0 Hz, a pole close by.
//! let blocker = Biquad { b0: 1.0, b1: -1.0, b2: 0.0, a1: -0.995, a2: 0.0 };
//! assert!(blocker.magnitude(0.0) < 1e-12 && blocker.is_stable());
//!
//! let mut cascade = Cascade::new(&[blocker], Layout::Mono);
//! let mut audio = Buffer::from_mono(vec![1.0; 10_000]);
//! cascade.run(&mut audio.block(10_000));
//! assert!(audio.channel(0)[9_999].abs() < 1e-12);
//! ```

mod cascade;

pub use cascade::Cascade;
pub(crate) use cascade::{Group, give_out, take_in};

/// The coefficients of a second-order section, a₀ = 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Biquad {
    /// Gain of the present input.
    pub b0: f64,
    /// Gain of the input one frame ago.
    pub b1: f64,
    /// Gain of the input two frames ago.
    pub b2: f64,
    /// Gain, subtracted, of the output one frame ago.
    pub a1: f64,
    /// Gain, subtracted, of the output two frames ago.
    pub a2: f64,
}

impl Biquad {
    /// What goes in comes out.
    pub const IDENTITY: Biquad = Biquad { b0: 1.0, b1: 0.0, b2: 0.0, a1: 0.0, a2: 0.0 };

    /// |H|² at an angular frequency in radians per frame (π is half the sample rate).
    ///
    /// Written on sin²(ω/2), so that it is exact near 0 Hz, where `cos ω` no longer tells frequencies apart.
    pub fn power(&self, radians: f64) -> f64 {
        let high = (0.5 * radians).sin().powi(2);
        let low = 1.0 - high;
        let of = |c0: f64, c1: f64, c2: f64| {
            (c0 + c1 + c2).powi(2) * low + (c0 - c1 + c2).powi(2) * high - 16.0 * c0 * c2 * low * high
        };
        of(self.b0, self.b1, self.b2) / of(1.0, self.a1, self.a2)
    }

    /// |H| at an angular frequency in radians per frame.
    pub fn magnitude(&self, radians: f64) -> f64 {
        self.power(radians).max(0.0).sqrt()
    }

    /// The level that a sine of that frequency gains, in dB.
    pub fn magnitude_db(&self, hz: f64, sample_rate: f64) -> f64 {
        10.0 * self.power(std::f64::consts::TAU * hz / sample_rate).log10()
    }

    /// The phase that a sine gains, −π to π, at an angular frequency in radians per frame.
    pub fn phase(&self, radians: f64) -> f64 {
        let arg = |c0: f64, c1: f64, c2: f64| {
            // c₀ + c₁e^{−jω} + c₂e^{−2jω}, turned by one frame: the halves of a symmetric numerator then cancel.
            ((c0 - c2) * radians.sin()).atan2(c1 + (c0 + c2) * radians.cos())
        };
        let turn = arg(self.b0, self.b1, self.b2) - arg(1.0, self.a1, self.a2);
        turn - std::f64::consts::TAU * (turn / std::f64::consts::TAU).round()
    }

    /// How far the farther pole lies from the origin: below 1 it is stable, and near 1 it rings long.
    pub fn pole_radius(&self) -> f64 {
        let root = 0.25 * self.a1 * self.a1 - self.a2;
        if root < 0.0 { self.a2.sqrt() } else { 0.5 * self.a1.abs() + root.sqrt() }
    }

    /// Whether both poles lie inside the unit circle (and every coefficient is a number).
    pub fn is_stable(&self) -> bool {
        let numbers = [self.b0, self.b1, self.b2].iter().all(|c| c.is_finite());
        numbers && self.a2 < 1.0 && 1.0 + self.a1 + self.a2 > 0.0 && 1.0 - self.a1 + self.a2 > 0.0
    }

    /// 1/H: what undoes it. Stable when the zeros of this one lie inside the unit circle.
    #[must_use]
    pub fn inverse(&self) -> Biquad {
        let gain = 1.0 / self.b0;
        Biquad { b0: gain, b1: self.a1 * gain, b2: self.a2 * gain, a1: self.b1 * gain, a2: self.b2 * gain }
    }

    /// The largest |H(z)| on the circle of that radius, for radii outside the poles.
    fn largest_on(&self, radius: f64) -> f64 {
        let root = 0.25 * self.a1 * self.a1 - self.a2;
        let pole_angle = if root < 0.0 { (-root).sqrt().atan2(-0.5 * self.a1) } else { 0.0 };
        let gap = (radius - self.pole_radius()).max(1e-9);
        let near_pole = [-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0].map(|k| pole_angle + k * gap);
        let everywhere = (0..=32).map(|k| std::f64::consts::PI * f64::from(k) / 32.0);
        let size = |angle: f64| {
            // In z⁻¹ = e^{−jω}/radius.
            let of = |c0: f64, c1: f64, c2: f64| {
                let (c1, c2) = (c1 / radius, c2 / (radius * radius));
                let real = c0 + c1 * angle.cos() + c2 * (2.0 * angle).cos();
                let imaginary = c1 * angle.sin() + c2 * (2.0 * angle).sin();
                real.hypot(imaginary)
            };
            of(self.b0, self.b1, self.b2) / of(1.0, self.a1, self.a2)
        };
        near_pole.into_iter().chain(everywhere).map(size).fold(0.0, f64::max)
    }
}

/// After how many frames the impulse response of these sections in a row has fallen by 120 dB for good.
///
/// By Cauchy's estimate |h(n)| ≤ ρⁿ·max|H(z)| over the circle |z| = ρ, for every ρ outside the poles; the least
/// over a few radii is taken. It holds for equal poles too, where counting the slowest alone would be too short.
pub fn tail_frames(sections: &[Biquad]) -> u64 {
    let rings = |section: &&Biquad| **section != Biquad::IDENTITY;
    let sections: Vec<&Biquad> = sections.iter().filter(rings).collect();
    let slowest = sections.iter().map(|section| section.pole_radius()).fold(0.0, f64::max);
    if sections.is_empty() {
        return 0;
    }
    if slowest >= 1.0 {
        return u64::MAX;
    }
    let frames = [0.97, 0.9, 0.8, 0.65, 0.5, 0.3, 0.1].map(|part| {
        let radius = 1.0 - (1.0 - slowest) * part;
        let size: f64 = sections.iter().map(|section| section.largest_on(radius)).product();
        ((1e-6 / size).ln() / radius.ln()).max(0.0)
    });
    frames.into_iter().fold(f64::INFINITY, f64::min).ceil() as u64 + 2 * sections.len() as u64
}

#[cfg(test)]
mod tests;
