//! Logarithms and exponentials fast enough to be taken for every sample, and the same on every machine.
//!
//! A gain computer works in decibels, and the C library's `log10` and `pow` would cost more than all the rest of a
//! compressor; besides, their last digits differ from machine to machine. The two functions here are polynomials on
//! a reduced argument, made of operations that IEEE 754 defines to the last bit (no fused multiply-add), and free of
//! branches, so that a loop over them becomes vector code.
//!
//! | function | greatest error |
//! |---|---|
//! | [`log2`] | 1.5·10⁻⁸, that is 9·10⁻⁸ dB |
//! | [`exp2`] | 5.1·10⁻⁹ of the value, that is 4.5·10⁻⁸ dB |
//!
//! Both are exact where it matters: `log2(1) = 0` and `exp2` of an integer is that power of two, so that 0 dB is a
//! gain of exactly 1. Method: interpolation in Chebyshev nodes of log₂(1+f)/f and (2ʳ−1)/r (the factored-out zero
//! gives the exactness); argument reduction to [√½, √2) and [−½, ½].

#![allow(
    clippy::inline_always,
    reason = "left out of line they would be compiled without the caller's vector instructions"
)]

/// Decibels of one power of two of amplitude: 20·log₁₀ 2.
pub const DB_PER_OCTAVE: f64 = 6.020_599_913_279_624;
/// Powers of two in one decibel of amplitude.
pub const OCTAVES_PER_DB: f64 = 0.166_096_404_744_368_1;

const LOG2: [f64; 9] = [
    1.4426950035679822,
    -0.7213474682495624,
    0.48091075345941253,
    -0.36069326813533614,
    0.28790326092450147,
    -0.2391698814010418,
    0.21607822552243777,
    -0.20586188051276055,
    0.1231096846719146,
];

const EXP2: [f64; 6] = [
    0.6931471880262288,
    0.24022650760568126,
    0.05550357114219078,
    0.009618082557277852,
    0.0013390863364671234,
    0.0001545316294512069,
];

const ONE_BITS: u64 = 0x3FF0_0000_0000_0000;
const HALF_ROOT_BITS: u64 = 0x3FE6_A09E_667F_3BCD; // √½
const MANTISSA: u64 = 0x000F_FFFF_FFFF_FFFF;
/// 2⁵²: a small whole number put into its last bits becomes a float without a conversion instruction.
const TWO_52: f64 = 4_503_599_627_370_496.0;
/// 1.5·2⁵²: adding it rounds to the nearest whole number, which then stands in the last bits.
const ROUNDER: f64 = 6_755_399_441_055_744.0;

/// The logarithm to base 2 of a positive number. Zero and subnormal numbers give about −1023; the sign is not looked
/// at, so the logarithm of a sample's magnitude needs no `abs`.
#[inline(always)]
pub fn log2(x: f64) -> f64 {
    let bits = x.to_bits() & !(1 << 63);
    let shifted = bits.wrapping_add(ONE_BITS - HALF_ROOT_BITS);
    let exponent = f64::from_bits((shifted >> 52) | TWO_52.to_bits()) - (TWO_52 + 1023.0);
    let f = f64::from_bits((shifted & MANTISSA) + HALF_ROOT_BITS) - 1.0;
    let mut p = LOG2[8];
    p = p * f + LOG2[7];
    p = p * f + LOG2[6];
    p = p * f + LOG2[5];
    p = p * f + LOG2[4];
    p = p * f + LOG2[3];
    p = p * f + LOG2[2];
    p = p * f + LOG2[1];
    p = p * f + LOG2[0];
    exponent + p * f
}

/// Two to the power of `x`. Powers outside −1022 … 1023 are held at those.
#[inline(always)]
pub fn exp2(x: f64) -> f64 {
    let x = if x > -1022.0 { x } else { -1022.0 };
    let x = if x < 1023.0 { x } else { 1023.0 };
    let rounded = x + ROUNDER;
    let r = x - (rounded - ROUNDER);
    let mut p = EXP2[5];
    p = p * r + EXP2[4];
    p = p * r + EXP2[3];
    p = p * r + EXP2[2];
    p = p * r + EXP2[1];
    p = p * r + EXP2[0];
    (1.0 + p * r) * f64::from_bits(rounded.to_bits().wrapping_add(1023) << 52)
}

/// The level of an amplitude in decibels. Zero gives about −6160 dB, not −∞.
#[inline(always)]
pub fn db_of_amplitude(amplitude: f64) -> f64 {
    DB_PER_OCTAVE * log2(amplitude)
}

/// The amplitude of a level in decibels; 0 dB gives exactly 1.
#[inline(always)]
pub fn amplitude_of_db(db: f64) -> f64 {
    exp2(OCTAVES_PER_DB * db)
}

/// Turns amplitudes into levels in decibels.
#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
pub fn amplitudes_to_db(values: &mut [f64]) {
    for value in values {
        *value = db_of_amplitude(*value);
    }
}

/// Turns levels in decibels into amplitudes.
#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
pub fn db_to_amplitudes(values: &mut [f64]) {
    for value in values {
        *value = amplitude_of_db(*value);
    }
}

/// The modified Bessel function of the first kind and order zero, by its power series (Abramowitz & Stegun 9.6.12): the
/// shape of the Kaiser window.
pub fn bessel_i0(x: f64) -> f64 {
    let quarter = x * x / 4.0;
    let (mut sum, mut term, mut k) = (1.0, 1.0, 1.0);
    while term > sum * 1e-17 {
        term *= quarter / (k * k);
        sum += term;
        k += 1.0;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log2_keeps_its_error() {
        let mut worst = 0.0_f64;
        for i in 0..200_000 {
            let x = (f64::from(i - 100_000) * 1e-3).exp2();
            worst = worst.max((log2(x) - x.log2()).abs());
        }
        println!("log2: {worst:.2e}");
        assert!(worst <= 1.5e-8, "{worst:.2e}");
    }

    #[test]
    fn exp2_keeps_its_error() {
        let mut worst = 0.0_f64;
        for i in 0..200_000 {
            let x = f64::from(i - 100_000) * 1e-3;
            worst = worst.max((exp2(x) / x.exp2() - 1.0).abs());
        }
        println!("exp2: {worst:.2e}");
        assert!(worst <= 5.1e-9, "{worst:.2e}");
    }

    #[test]
    fn both_are_exact_at_powers_of_two() {
        for k in -300..300 {
            let x = 2.0_f64.powi(k);
            assert_eq!(log2(x), f64::from(k));
            assert_eq!(exp2(f64::from(k)), x);
        }
        assert_eq!(amplitude_of_db(0.0), 1.0);
        assert_eq!(log2(-8.0), 3.0);
    }

    #[test]
    fn edges_stay_finite() {
        for x in [0.0, f64::MIN_POSITIVE / 4.0, f64::MAX, f64::INFINITY, f64::NAN] {
            assert!(log2(x).abs() < 1100.0, "{x}");
        }
        for x in [f64::NEG_INFINITY, f64::INFINITY, -1e9, 1e9, f64::NAN] {
            assert!(exp2(x).is_finite(), "{x}");
        }
    }

    #[test]
    fn slices_have_the_bits_of_single_values() {
        let values: Vec<f64> = (1..1000).map(|i| f64::from(i) * 0.37).collect();
        let (mut levels, mut gains) = (values.clone(), values.clone());
        amplitudes_to_db(&mut levels);
        db_to_amplitudes(&mut gains);
        for (i, value) in values.iter().enumerate() {
            assert_eq!(levels[i].to_bits(), db_of_amplitude(*value).to_bits());
            assert_eq!(gains[i].to_bits(), amplitude_of_db(*value).to_bits());
        }
    }

    #[test]
    #[ignore = "a stopwatch, not a check"]
    fn stopwatch() {
        let mut values = vec![0.7_f64; 4096];
        for (name, work) in [("levels", amplitudes_to_db as fn(&mut [f64])), ("gains", db_to_amplitudes)] {
            let start = std::time::Instant::now();
            for _ in 0..2000 {
                values.fill(0.3);
                work(&mut values);
            }
            println!("{name}: {:.2} ns", start.elapsed().as_secs_f64() * 1e9 / 2000.0 / 4096.0);
        }
    }
}
