//! What both looks at the waveform are made of: the taps of a phase, and the height of a crest.

#![allow(
    clippy::inline_always,
    reason = "a helper left out of line would be compiled without its caller's vector instructions"
)]

use std::ops::{Add, Div, Mul, Sub};

use crate::math::bessel_i0;

/// sin(πp/16) for p = 0 to 8, to all digits: the bits must not depend on a machine's `sin`.
const SINE_OF_SIXTEENTHS: [f64; 9] = [
    0.0,
    0.195_090_322_016_128_28,
    0.382_683_432_365_089_8,
    0.555_570_233_019_602_2,
    std::f64::consts::FRAC_1_SQRT_2,
    0.831_469_612_302_545_2,
    0.923_879_532_511_286_7,
    0.980_785_280_403_230_4,
    1.0,
];

/// The taps that rebuild the waveform `p / phases` of a sample behind sample `n`, for the samples `n − TAPS/2 + 1` to
/// `n + TAPS/2`: a sinc in a Kaiser window of that shape. Their sum is 1. `phases` is 1, 2, 4, 8 or 16, and `p` less.
pub(super) fn phase<const TAPS: usize>(p: usize, phases: usize, kaiser_beta: f64) -> [f64; TAPS] {
    let reach = TAPS / 2;
    let mut taps = [0.0; TAPS];
    if p == 0 {
        taps[reach - 1] = 1.0;
        return taps;
    }
    let sine = SINE_OF_SIXTEENTHS[p.min(phases - p) * (16 / phases)];
    for (i, tap) in taps.iter_mut().enumerate() {
        let distance = p as f64 / phases as f64 - (i as f64 - (reach - 1) as f64);
        let sign = if (i + reach - 1).is_multiple_of(2) { 1.0 } else { -1.0 };
        let across = distance / reach as f64;
        let window = bessel_i0(kaiser_beta * (1.0 - across * across).max(0.0).sqrt()) / bessel_i0(kaiser_beta);
        *tap = sign * sine / (std::f64::consts::PI * distance) * window;
    }
    let sum: f64 = taps.iter().sum();
    taps.map(|tap| tap / sum)
}

/// A height of the waveform: `f32` where many are computed, `f64` where they are looked at closely.
pub(super) trait Height:
    Copy
    + Default
    + PartialOrd
    + From<u8>
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
{
    /// Without its sign.
    fn magnitude(self) -> Self;
}

impl Height for f32 {
    #[inline(always)]
    fn magnitude(self) -> f32 {
        self.abs()
    }
}

impl Height for f64 {
    #[inline(always)]
    fn magnitude(self) -> f64 {
        self.abs()
    }
}

/// Height of the waveform around a grid point, given its neighbours: the vertex of the parabola when the point is a
/// local maximum of the magnitude, else the point itself.
#[inline(always)]
pub(super) fn crest<H: Height>(before: H, at: H, after: H) -> H {
    let slope = after - before;
    let curvature = (at - before) + (at - after);
    // |slope| ≤ |curvature| says that neither neighbour lies beyond the point; the signs, that it is a crest and
    // not a trough. A flat stretch has no curvature and needs no parabola.
    let peaked = slope.magnitude() <= curvature.magnitude() && curvature * at > H::default();
    let rise = if peaked { slope * slope / (H::from(8) * curvature.magnitude()) } else { H::default() };
    at.magnitude() + rise
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FNV-1a over the bits, the low byte first.
    fn hash(bits: impl IntoIterator<Item = u64>) -> u64 {
        let bytes = bits.into_iter().flat_map(u64::to_le_bytes);
        bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
    }

    /// A reading must not change between two versions of the program: the taps are these to the last bit, as the same
    /// formula gives them in another language.
    #[test]
    fn the_taps_keep_their_bits() {
        let eight = (0..8).flat_map(|p| phase::<48>(p, 8, 6.6));
        let sixteen = (0..16).flat_map(|p| phase::<192>(p, 16, 10.0));
        assert_eq!(hash(eight.map(f64::to_bits)), 0xdf23_dcd3_bd0a_ac0b, "eight phases of 48 taps");
        assert_eq!(hash(sixteen.map(f64::to_bits)), 0x3272_1e33_d313_4e48, "sixteen phases of 192 taps");
    }
}
