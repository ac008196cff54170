//! The analog filters that the equalizer's bands stand for, and two direct ways to a digital section.

use crate::biquad::Biquad;

/// One analog section, `N(s)/D(s)`, lowest power first, with `s` in units of the band's frequency.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Prototype {
    /// The frequency that `s = j` stands for, in Hz.
    pub(crate) hz: f64,
    /// c + b·s + a·s² above the line.
    pub(crate) numerator: [f64; 3],
    /// c + b·s + a·s² below the line.
    pub(crate) denominator: [f64; 3],
}

/// The amplitude `A` of the cookbook's prototypes: half the decibels.
fn half_gain(gain_db: f64) -> f64 {
    10f64.powf(gain_db / 40.0)
}

impl Prototype {
    /// A bell: `(s² + sA/Q + 1) / (s² + s/(AQ) + 1)`. A cut is exactly a boost turned over.
    pub(crate) fn bell(hz: f64, gain_db: f64, q: f64) -> Prototype {
        let a = half_gain(gain_db);
        Prototype { hz, numerator: [1.0, a / q, 1.0], denominator: [1.0, 1.0 / (a * q), 1.0] }
    }

    /// A low shelf, half its decibels at `hz`: `A(s² + s√A/Q + A) / (As² + s√A/Q + 1)`.
    pub(crate) fn low_shelf(hz: f64, gain_db: f64, q: f64) -> Prototype {
        let a = half_gain(gain_db);
        let middle = a.sqrt() / q;
        Prototype { hz, numerator: [a * a, a * middle, a], denominator: [1.0, middle, a] }
    }

    /// A high shelf, half its decibels at `hz`: the low shelf mirrored on the logarithmic frequency axis.
    pub(crate) fn high_shelf(hz: f64, gain_db: f64, q: f64) -> Prototype {
        let a = half_gain(gain_db);
        let middle = a.sqrt() / q;
        Prototype { hz, numerator: [a, a * middle, a * a], denominator: [a, middle, 1.0] }
    }

    /// A notch, silent at `hz`: `(s² + 1) / (s² + s/Q + 1)`.
    pub(crate) fn notch(hz: f64, q: f64) -> Prototype {
        Prototype { hz, numerator: [1.0, 0.0, 1.0], denominator: [1.0, 1.0 / q, 1.0] }
    }

    /// A band-pass, 0 dB at `hz`: `(s/Q) / (s² + s/Q + 1)`.
    pub(crate) fn bandpass(hz: f64, q: f64) -> Prototype {
        Prototype { hz, numerator: [0.0, 1.0 / q, 0.0], denominator: [1.0, 1.0 / q, 1.0] }
    }

    /// An all-pass, turned by half a circle at `hz`: `(s² − s/Q + 1) / (s² + s/Q + 1)`.
    pub(crate) fn allpass(hz: f64, q: f64) -> Prototype {
        Prototype { hz, numerator: [1.0, -1.0 / q, 1.0], denominator: [1.0, 1.0 / q, 1.0] }
    }

    /// The sections of a high-pass; the odd one, if any, comes first.
    pub(crate) fn highpass(corner: Corner) -> impl Iterator<Item = Prototype> {
        corner.sections([0.0, 1.0, 0.0], [0.0, 0.0, 1.0])
    }

    /// The sections of a low-pass; the odd one, if any, comes first.
    pub(crate) fn lowpass(corner: Corner) -> impl Iterator<Item = Prototype> {
        corner.sections([1.0, 0.0, 0.0], [1.0, 0.0, 0.0])
    }

    /// |H|² at a frequency.
    pub(crate) fn power(&self, hz: f64) -> f64 {
        let x = (hz / self.hz) * (hz / self.hz);
        let of = |[c, b, a]: [f64; 3]| (c - a * x) * (c - a * x) + b * b * x;
        of(self.numerator) / of(self.denominator)
    }

    /// The poles, carried over to the digital plane by `z = e^{sT}`.
    pub(crate) fn poles(&self, sample_rate: f64) -> Poles {
        let w = std::f64::consts::TAU * self.hz / sample_rate;
        let [c, b, a] = self.denominator;
        if a == 0.0 {
            let decay = c / b * w;
            let (near, far) = (-(-decay).exp_m1(), 1.0 + (-decay).exp());
            return Poles { a1: -(-decay).exp(), a2: 0.0, at_zero: near, at_half: far };
        }
        let decay = 0.5 * b / a * w;
        let root = c / a * w * w - decay * decay;
        let size = (-decay).exp();
        let inward = -(-decay).exp_m1();
        if root >= 0.0 {
            let angle = root.sqrt();
            // 1 + a₁ + a₂ = |1 − p|², without the cancellation that would cost low frequencies their digits.
            let at_zero = inward * inward + 4.0 * size * (0.5 * angle).sin().powi(2);
            let at_half = (1.0 + size) * (1.0 + size) - 4.0 * size * (0.5 * angle).sin().powi(2);
            Poles { a1: -2.0 * size * angle.cos(), a2: size * size, at_zero, at_half }
        } else {
            let split = (-root).sqrt();
            let (slow, fast) = (c / a * w * w / (decay + split), decay + split);
            let at_zero = (-slow).exp_m1() * (-fast).exp_m1();
            let (slow, fast) = ((-slow).exp(), (-fast).exp());
            Poles { a1: -(slow + fast), a2: slow * fast, at_zero, at_half: (1.0 + slow) * (1.0 + fast) }
        }
    }

    /// The bilinear transform that is exact at `hz`. Squeezes the axis toward half the rate: only for bands whose
    /// shape is over long before.
    pub(crate) fn bilinear(&self, sample_rate: f64) -> Biquad {
        let t = (std::f64::consts::PI * self.hz / sample_rate).tan();
        let first = self.denominator[2] == 0.0;
        let of = |[c, b, a]: [f64; 3]| {
            if first {
                (c * t + b, c * t - b, 0.0)
            } else {
                (c * t * t + b * t + a, 2.0 * (c * t * t - a), c * t * t - b * t + a)
            }
        };
        let ((b0, b1, b2), (a0, a1, a2)) = (of(self.numerator), of(self.denominator));
        Biquad { b0: b0 / a0, b1: b1 / a0, b2: b2 / a0, a1: a1 / a0, a2: a2 / a0 }
    }

    /// How much of the shape lies where the bilinear transform bends: the squares of the angular frequencies at
    /// which its corners lie and to which its skirts reach.
    pub(crate) fn bend(&self, sample_rate: f64) -> f64 {
        let w = std::f64::consts::TAU * self.hz / sample_rate;
        let reach = |[c, b, a]: [f64; 3]| c / a + (b / a) * (b / a);
        w * w * (reach(self.numerator) + reach(self.denominator))
    }
}

/// Where a high-pass or low-pass bends, and how.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Corner {
    /// Where a Butterworth filter has fallen by 3.01 dB.
    pub(crate) hz: f64,
    /// 6 dB per octave each.
    pub(crate) order: usize,
    /// By how much the level at `hz` differs from Butterworth's: the quality of the sharpest pair is as much higher.
    /// A first order has no pair, and nothing to raise.
    pub(crate) resonance_db: f64,
}

impl Corner {
    /// Without resonance.
    pub(crate) fn butterworth(hz: f64, order: usize) -> Corner {
        Corner { hz, order, resonance_db: 0.0 }
    }

    /// How narrow the bend is, for grids.
    pub(crate) fn narrowness(&self) -> f64 {
        10f64.powf(self.resonance_db / 20.0).max(1.0)
    }

    fn sections(self, first: [f64; 3], second: [f64; 3]) -> impl Iterator<Item = Prototype> {
        let Corner { hz, order, resonance_db } = self;
        let odd = (order % 2 == 1).then_some(Prototype { hz, numerator: first, denominator: [1.0, 1.0, 0.0] });
        let pairs = dampings(order).enumerate().map(move |(k, damping)| {
            let damping = if k == 0 { damping * 10f64.powf(-resonance_db / 20.0) } else { damping };
            Prototype { hz, numerator: second, denominator: [1.0, damping, 1.0] }
        });
        odd.into_iter().chain(pairs)
    }
}

/// 1/Q of each pair of a Butterworth filter, the sharpest first: Q = 1/(2 sin((2k−1)π/2N)).
pub(crate) fn dampings(order: usize) -> impl Iterator<Item = f64> {
    (1..=order / 2).map(move |k| 2.0 * ((2 * k - 1) as f64 * std::f64::consts::PI / (2 * order) as f64).sin())
}

/// A pair of digital poles, and `A(z)` at both ends of the axis without loss of digits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Poles {
    pub(crate) a1: f64,
    pub(crate) a2: f64,
    /// 1 + a₁ + a₂.
    pub(crate) at_zero: f64,
    /// 1 − a₁ + a₂.
    pub(crate) at_half: f64,
}

impl Poles {
    /// |A|² over Vicanek's basis: φ₀ = 1 − s, φ₁ = s, φ₂ = 4s(1 − s), with s = sin²(ω/2).
    pub(crate) fn basis(&self) -> [f64; 3] {
        [self.at_zero * self.at_zero, self.at_half * self.at_half, -4.0 * self.a2]
    }

    /// Two equal real poles at `z`.
    pub(crate) fn twice(z: f64) -> Poles {
        Poles { a1: -2.0 * z, a2: z * z, at_zero: (1.0 - z) * (1.0 - z), at_half: (1.0 + z) * (1.0 + z) }
    }

    /// With the minimum-phase numerator whose |B|² is `b₀φ₀ + b₁φ₁ + b₂φ₂` (Vicanek 2016, section 2).
    pub(crate) fn with_numerator(self, [b0, b1, b2]: [f64; 3]) -> Biquad {
        let (at_zero, at_half) = (b0.max(0.0).sqrt(), b1.max(0.0).sqrt());
        let w = 0.5 * (at_zero + at_half);
        let first = 0.5 * (w + (w * w + b2).max(0.0).sqrt());
        let last = if first > 0.0 { -b2 / (4.0 * first) } else { 0.0 };
        Biquad { b0: first, b1: 0.5 * (at_zero - at_half), b2: last, a1: self.a1, a2: self.a2 }
    }
}

/// φ₀, φ₁, φ₂ at s = sin²(ω/2).
pub(crate) fn basis(s: f64) -> [f64; 3] {
    [1.0 - s, s, 4.0 * s * (1.0 - s)]
}

/// Σ over the basis.
pub(crate) fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}
