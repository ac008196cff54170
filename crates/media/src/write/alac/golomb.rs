//! Golomb codes whose parameter follows the mean of what was coded (Apple's `aglib.c`, after Golomb and Rice).
//!
//! A number is a quotient in unary (at most 8 ones) and a remainder of `k` bits; what would be longer is nine ones and the
//! number itself. Where the mean is very small, a run of zeros is coded as its length.

use super::bits::Bits;

/// How fast the mean follows, in 512ths.
pub(super) const PB: u8 = 40;
/// The mean at the start of a packet.
pub(super) const MB: u8 = 10;
/// The most bits of a remainder.
pub(super) const KB: u8 = 14;

/// Where codes go: into a packet, or only into a count.
pub(super) trait Take {
    fn take(&mut self, value: u32, count: u32);
}

impl Take for Bits {
    #[inline]
    fn take(&mut self, value: u32, count: u32) {
        self.put(value, count);
    }
}

/// Counts bits.
#[derive(Debug, Default)]
pub(super) struct Count(pub(super) u64);

impl Take for Count {
    #[inline]
    fn take(&mut self, _: u32, count: u32) {
        self.0 += u64::from(count);
    }
}

/// The most ones of a quotient; one more says that the number follows as it is.
const PREFIX: u32 = 9;
/// Above this the mean is set, not followed.
const CLAMP: u32 = 0xFFFF;

/// Codes what the predictor missed; `size` is the bits of a number that is stored as it is. `false` when the numbers are
/// such that decoders are known to disagree.
pub(super) fn code(missed: &[i32], size: u32, out: &mut impl Take) -> bool {
    let mut mean = u32::from(MB);
    let mut after_run = 0_u32;
    let mut at = 0;
    while at < missed.len() {
        let value = missed[at];
        // Even numbers are positive, odd ones negative. After a run of zeros there is no zero.
        let number = (value.unsigned_abs() << 1) - u32::from(value < 0) - after_run;
        if number <= CLAMP && number + after_run > CLAMP {
            return false;
        }
        let k = ((mean >> 9) + 3).ilog2().min(u32::from(KB));
        put_number(number, k, size, out);
        at += 1;
        mean = if number > CLAMP {
            CLAMP
        } else {
            u32::from(PB) * (number + after_run) + mean - ((u32::from(PB) * mean) >> 9)
        };
        after_run = 0;
        if mean << 2 < 512 && at < missed.len() {
            let zeros = missed[at..].iter().take_while(|value| **value == 0).count();
            at += zeros;
            let k = mean.leading_zeros() - 24 + ((mean + 16) >> 6);
            put_run(zeros as u32, k, out);
            mean = 0;
            after_run = 1;
        }
    }
    true
}

/// One number: quotient and remainder by 2ᵏ − 1. A remainder of 0 takes one bit less.
#[inline]
fn put_number(number: u32, k: u32, size: u32, out: &mut impl Take) {
    let divisor = (1 << k) - 1;
    let quotient = number / divisor;
    if quotient < PREFIX {
        let (value, count) = short(number, quotient, divisor, k);
        if count <= 25 {
            out.take(value, count);
            return;
        }
    }
    out.take((1 << PREFIX) - 1, PREFIX);
    out.take(number, size);
}

/// The length of a run of zeros; one that is too long follows in 16 bits.
fn put_run(zeros: u32, k: u32, out: &mut impl Take) {
    let divisor = (1 << k) - 1;
    let quotient = zeros / divisor;
    if quotient < PREFIX {
        let (value, count) = short(zeros, quotient, divisor, k);
        if count <= PREFIX + 16 {
            out.take(value, count);
            return;
        }
    }
    out.take((1 << PREFIX) - 1, PREFIX);
    out.take(zeros, 16);
}

#[inline]
fn short(number: u32, quotient: u32, divisor: u32, k: u32) -> (u32, u32) {
    let remainder = number - quotient * divisor;
    let none = u32::from(remainder == 0);
    let count = quotient + k + 1 - none;
    let ones = ((1_u32 << quotient) - 1) << (count - quotient);
    (ones + remainder + 1 - none, count)
}
