//! Sines, powers and levels made of nothing but +, −, × and ÷.
//!
//! The song must be the same to the bit on every machine, and the mathematical functions of different platforms
//! differ in their last digits. IEEE 754 defines the four operations exactly, so polynomials in them do not.

/// Frames per second, as the number the formulas need.
pub(crate) const RATE: f64 = crate::demo::SAMPLE_RATE as f64;

/// The whole part below: −0.2 → −1. (Written out because `floor` is a library call on older processors.)
#[inline]
fn whole(x: f64) -> i64 {
    let towards_zero = x as i64;
    towards_zero - i64::from(x < towards_zero as f64)
}

/// sin(2π·turns), by Taylor's series to the 13th power on a quarter turn: error below 7·10⁻¹⁰.
#[inline]
pub(crate) fn sine(turns: f64) -> f64 {
    let x = turns - whole(turns + 0.5) as f64;
    let folded = if x > 0.25 {
        0.5 - x
    } else if x < -0.25 {
        -0.5 - x
    } else {
        x
    };
    let t = folded * std::f64::consts::TAU;
    let s = t * t;
    // 1/3!, 1/5! …: multiplied, because a division takes several times as long.
    let series = -1.0 / 39_916_800.0 + s * (1.0 / 6_227_020_800.0);
    let series = 1.0 / 362_880.0 + s * series;
    let series = -1.0 / 5040.0 + s * series;
    let series = 1.0 / 120.0 + s * series;
    let series = -1.0 / 6.0 + s * series;
    t + t * s * series
}

/// cos(2π·turns).
#[inline]
pub(crate) fn cosine(turns: f64) -> f64 {
    sine(turns + 0.25)
}

/// tan(2π·turns), for less than a quarter turn.
pub(crate) fn tangent(turns: f64) -> f64 {
    sine(turns) / cosine(turns)
}

/// 2ˣ, by Taylor's series to the 9th power on ±½: relative error below 10⁻¹¹.
#[inline]
pub(crate) fn exp2(x: f64) -> f64 {
    let exponent = whole(x + 0.5).clamp(-1000, 1000);
    let t = (x - exponent as f64) * std::f64::consts::LN_2;
    let series = 1.0 / 40_320.0 + t * (1.0 / 362_880.0);
    let series = 1.0 / 5040.0 + t * series;
    let series = 1.0 / 720.0 + t * series;
    let series = 1.0 / 120.0 + t * series;
    let series = 1.0 / 24.0 + t * series;
    let series = 1.0 / 6.0 + t * series;
    let series = 0.5 + t * series;
    (1.0 + t + t * t * series) * f64::from_bits(((exponent + 1023) as u64) << 52)
}

/// The factor of a level in decibels.
pub(crate) fn gain(db: f64) -> f64 {
    exp2(db * 0.166_096_404_744_368_13)
}

/// The frequency of a MIDI note number, fractions allowed: 69 is 440 Hz.
pub(crate) fn pitch(note: f64) -> f64 {
    440.0 * exp2((note - 69.0) / 12.0)
}

/// The factor per frame of a decay that falls by 60 dB in so many seconds.
pub(crate) fn decay(seconds: f64) -> f64 {
    exp2(-9.965_784_284_662_087 / (seconds * RATE))
}

/// The factor per frame of a one-pole that moves 63 % of its way in so many seconds.
pub(crate) fn follow(seconds: f64) -> f64 {
    1.0 - exp2(-std::f64::consts::LOG2_E / (seconds * RATE))
}

/// From 0 to 1 along a raised cosine while `t` goes from 0 to 1.
pub(crate) fn ease(t: f64) -> f64 {
    if t <= 0.0 {
        0.0
    } else if t >= 1.0 {
        1.0
    } else {
        0.5 - 0.5 * cosine(t * 0.5)
    }
}

#[cfg(test)]
mod tests {
    use super::{decay, ease, exp2, gain, pitch, sine, tangent};

    #[test]
    fn the_polynomials_are_the_functions() {
        for i in -4000..4000 {
            let x = f64::from(i) / 777.0;
            assert!((sine(x) - (x * std::f64::consts::TAU).sin()).abs() < 1e-9, "sine({x})");
            assert!((exp2(x) / x.exp2() - 1.0).abs() < 1e-10, "exp2({x})");
        }
        assert!((tangent(0.1) - (0.1 * std::f64::consts::TAU).tan()).abs() < 1e-8);
        assert!((gain(-6.0) - 0.501_187_233_627).abs() < 1e-9);
        assert!((pitch(60.0) - 261.625_565_3).abs() < 1e-6);
        assert_eq!((ease(-1.0), ease(0.5), ease(2.0)), (0.0, 0.5, 1.0));
        let mut level = 1.0;
        for _ in 0..4800 {
            level *= decay(0.1);
        }
        assert!((level - 0.001).abs() < 1e-9);
    }
}
