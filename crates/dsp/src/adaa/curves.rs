//! Curves whose antiderivatives are known. All pass through zero with a slope of one and end at ±1.

use super::{Curve, sorted};

/// Cut off at ±1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HardClip;

impl Curve for HardClip {
    #[inline]
    fn at(&self, x: f64) -> f64 {
        x.clamp(-1.0, 1.0)
    }

    fn first(&self, x: f64) -> f64 {
        let a = x.abs();
        if a <= 1.0 { 0.5 * x * x } else { a - 0.5 }
    }

    fn second(&self, x: f64) -> f64 {
        let a = x.abs();
        let y = if a <= 1.0 { a * a * a / 6.0 } else { 0.5 * a * (a - 1.0) + 1.0 / 6.0 };
        y.copysign(x)
    }

    #[inline]
    fn over_segment(&self, a: f64, b: f64) -> f64 {
        let (low, high) = if a < b { (a, b) } else { (b, a) };
        0.5 * (low + high) - ramp_2(low, high, 1.0) + ramp_2(-high, -low, 1.0)
    }

    #[inline]
    fn over_triangle(&self, samples: [f64; 3]) -> f64 {
        let [a, b, c] = samples;
        (a + b + c) / 3.0 + self.bend_over_triangle(samples)
    }

    #[inline]
    fn bend_over_triangle(&self, samples: [f64; 3]) -> f64 {
        let [low, mid, high] = sorted(samples);
        ramp_3([-high, -mid, -low], 1.0) - ramp_3([low, mid, high], 1.0)
    }
}

/// Cut off at ±1 with a rounded corner: a parabola from 1 − width to 1 + width of the input.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Knee {
    /// 0 is [`HardClip`]; with 1 the whole curve is bent, and 2 is where the input reaches the ceiling.
    pub width: f64,
}

/// Narrower knees are corners.
const NARROWEST: f64 = 1e-4;

impl Knee {
    /// Mean of the parabola's bend at the upper end, over sorted samples.
    #[inline]
    fn bent(self, x: [f64; 3]) -> f64 {
        if x[2] <= 1.0 - self.width {
            return 0.0;
        }
        if self.width < NARROWEST {
            return ramp_3(x, 1.0);
        }
        (square_3(x, 1.0 - self.width) - square_3(x, 1.0 + self.width)) / (4.0 * self.width)
    }

    /// Antiderivatives of `at(x) − x` for x ≥ 0, by the power of the truncated functions.
    fn truncated(self, x: f64, power: i32, scale: f64) -> f64 {
        let part = |corner: f64| (x - corner).max(0.0).powi(power) / scale;
        if self.width < NARROWEST {
            // ∫ of a ramp has one power less than that of a square.
            return (x - 1.0).max(0.0).powi(power - 1) * f64::from(power) / scale;
        }
        (part(1.0 - self.width) - part(1.0 + self.width)) / (4.0 * self.width)
    }
}

impl Curve for Knee {
    #[inline]
    fn at(&self, x: f64) -> f64 {
        let a = x.abs();
        let y = if a <= 1.0 - self.width {
            a
        } else if a >= 1.0 + self.width {
            1.0
        } else {
            a - (a - 1.0 + self.width).powi(2) / (4.0 * self.width)
        };
        y.copysign(x)
    }

    fn first(&self, x: f64) -> f64 {
        let a = x.abs();
        0.5 * a * a - self.truncated(a, 3, 3.0) * if self.width < NARROWEST { 0.5 } else { 1.0 }
    }

    fn second(&self, x: f64) -> f64 {
        let a = x.abs();
        let bend = self.truncated(a, 4, 12.0) * if self.width < NARROWEST { 0.5 } else { 1.0 };
        (a * a * a / 6.0 - bend).copysign(x)
    }

    fn close(&self) -> f64 {
        1e-3
    }

    #[inline]
    fn over_triangle(&self, samples: [f64; 3]) -> f64 {
        let [a, b, c] = samples;
        (a + b + c) / 3.0 + self.bend_over_triangle(samples)
    }

    #[inline]
    fn bend_over_triangle(&self, samples: [f64; 3]) -> f64 {
        let [low, mid, high] = sorted(samples);
        self.bent([-high, -mid, -low]) - self.bent([low, mid, high])
    }
}

/// x − 4x³/27, which reaches ±1 with a level end at ±1.5.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cubic;

impl Curve for Cubic {
    #[inline]
    fn at(&self, x: f64) -> f64 {
        let x = x.clamp(-1.5, 1.5);
        x - x * x * x * (4.0 / 27.0)
    }

    fn first(&self, x: f64) -> f64 {
        let a = x.abs();
        let y = a.min(1.5);
        0.5 * y * y - y.powi(4) / 27.0 + (a - y)
    }

    fn second(&self, x: f64) -> f64 {
        let a = x.abs();
        let y = a.min(1.5);
        let inside = y.powi(3) / 6.0 - y.powi(5) / 135.0;
        let over = a - y;
        // At 1.5 the first antiderivative is 15/16.
        (inside + over * (0.9375 + 0.5 * over)).copysign(x)
    }

    fn close(&self) -> f64 {
        1e-3
    }
}

/// The hyperbolic tangent. Its second antiderivative holds a dilogarithm: exact, and slow (about 100 ns).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tanh;

impl Curve for Tanh {
    #[inline]
    fn at(&self, x: f64) -> f64 {
        x.tanh()
    }

    fn first(&self, x: f64) -> f64 {
        // ln cosh x
        let a = x.abs();
        a + (-2.0 * a).exp().ln_1p() - std::f64::consts::LN_2
    }

    fn second(&self, x: f64) -> f64 {
        let a = x.abs();
        let rest = 0.5 * (minus_dilogarithm((-2.0 * a).exp()) + std::f64::consts::PI.powi(2) / 12.0);
        (0.5 * a * a - a * std::f64::consts::LN_2 + rest).copysign(x)
    }
}

/// Li₂(−u) for 0 ≤ u ≤ 1: Landen's transformation brings the argument below ½, where the series is short.
fn minus_dilogarithm(u: f64) -> f64 {
    let z = u / (1.0 + u);
    let (mut sum, mut power, mut k) = (0.0, z, 1.0);
    while power > 1e-18 {
        sum += power / (k * k);
        power *= z;
        k += 1.0;
    }
    -sum - 0.5 * u.ln_1p().powi(2)
}

/// x/√(1 + x²): softer than the hyperbolic tangent, and much quicker.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Algebraic;

impl Curve for Algebraic {
    #[inline]
    fn at(&self, x: f64) -> f64 {
        x / (1.0 + x * x).sqrt()
    }

    #[inline]
    fn first(&self, x: f64) -> f64 {
        (1.0 + x * x).sqrt()
    }

    #[inline]
    fn second(&self, x: f64) -> f64 {
        0.5 * (x * (1.0 + x * x).sqrt() + x.asinh())
    }
}

/// Another curve off its center, as a tube with a biased grid: one half-wave is bent sooner than the other, which adds
/// even overtones. Passes through zero.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Biased<C> {
    /// The curve.
    pub curve: C,
    /// Added to what comes in; what the curve makes of it alone is taken away again.
    pub bias: f64,
}

impl<C: Curve> Curve for Biased<C> {
    #[inline]
    fn at(&self, x: f64) -> f64 {
        self.curve.at(x + self.bias) - self.curve.at(self.bias)
    }

    fn first(&self, x: f64) -> f64 {
        self.curve.first(x + self.bias) - x * self.curve.at(self.bias)
    }

    fn second(&self, x: f64) -> f64 {
        self.curve.second(x + self.bias) - 0.5 * x * x * self.curve.at(self.bias)
    }

    fn close(&self) -> f64 {
        self.curve.close()
    }
}

/// Mean of max(x − t, 0) over a segment.
#[inline]
fn ramp_2(low: f64, high: f64, t: f64) -> f64 {
    if high <= t {
        0.0
    } else if low >= t {
        0.5 * (low + high) - t
    } else {
        (high - t) * (high - t) / (2.0 * (high - low))
    }
}

/// Mean of max(x − t, 0) over a triangle of sorted corners. Every denominator is at least as large as what stands
/// above it, so nothing cancels.
#[inline]
fn ramp_3([low, mid, high]: [f64; 3], t: f64) -> f64 {
    let third = 1.0 / 3.0;
    if high <= t {
        0.0
    } else if mid <= t {
        let u = high - t;
        third * u * (u / (high - low)) * (u / (high - mid))
    } else if low < t {
        let u = t - low;
        third * (low + mid + high) - t + third * u * (u / (high - low)) * (u / (mid - low))
    } else {
        third * (low + mid + high) - t
    }
}

/// Mean of max(x − t, 0)² over a triangle of sorted corners.
#[inline]
fn square_3([low, mid, high]: [f64; 3], t: f64) -> f64 {
    let sixth = 1.0 / 6.0;
    let (l, m, h) = (low - t, mid - t, high - t);
    if h <= 0.0 {
        0.0
    } else if m <= 0.0 {
        sixth * h * h * (h / (high - low)) * (h / (high - mid))
    } else {
        let whole = sixth * (l * l + m * m + h * h + l * m + m * h + h * l);
        if l >= 0.0 { whole } else { whole - sixth * l * l * (l / (high - low)) * (l / (mid - low)) }
    }
}
