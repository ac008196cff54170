//! A few `f64` side by side, and the handful of operations that the [pipeline](super::pipeline) needs on them.
//!
//! The vector types here are only ever used inside functions that were compiled for their instruction set and that
//! are only called on machines that have it; that is the safety argument of every `unsafe` block below.

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::{
    __m128d, __m256d, _CMP_GE_OQ, _CMP_LT_OQ, _mm_add_pd, _mm_and_pd, _mm_andnot_pd, _mm_cmpge_pd, _mm_cmplt_pd,
    _mm_load1_pd, _mm_loadu_pd, _mm_mul_pd, _mm_or_pd, _mm_set1_pd, _mm_shuffle_pd, _mm_storeh_pd, _mm_storeu_pd,
    _mm_sub_pd, _mm256_add_pd, _mm256_and_pd, _mm256_blend_pd, _mm256_blendv_pd, _mm256_broadcast_pd, _mm256_cmp_pd,
    _mm256_extractf128_pd, _mm256_loadu_pd, _mm256_mul_pd, _mm256_permute2f128_pd, _mm256_permute4x64_pd,
    _mm256_set1_pd, _mm256_storeu_pd, _mm256_sub_pd,
};

/// `WIDTH` numbers side by side. `CHANNELS` (1 or 2) is how many of them one frame takes.
pub(crate) trait Lanes: Copy {
    /// How many numbers.
    const WIDTH: usize;

    /// From the first `WIDTH` numbers of a slice.
    fn load(from: &[f64]) -> Self;
    /// Into the first `WIDTH` numbers of a slice.
    fn store(self, to: &mut [f64]);
    /// The same number in every lane.
    fn splat(value: f64) -> Self;
    /// Lane by lane.
    fn plus(self, other: Self) -> Self;
    /// Lane by lane.
    fn minus(self, other: Self) -> Self;
    /// Lane by lane.
    fn times(self, other: Self) -> Self;
    /// `yes` where `from <= self < to`, `no` elsewhere.
    fn select_within(self, from: Self, to: Self, yes: Self, no: Self) -> Self;
    /// Holds the frame at `at` of interleaved audio in its last lanes.
    fn frame<const CHANNELS: usize>(wire: &[f64], at: usize) -> Self;
    /// The lanes moved up by one frame; the last frame of `before` moves in at the bottom.
    fn moved<const CHANNELS: usize>(self, before: Self) -> Self;
    /// Writes the last lanes as the frame at `at` of interleaved audio.
    fn put_last<const CHANNELS: usize>(self, wire: &mut [f64], at: usize);
}

/// Two lanes without vector instructions: every other level's twin.
#[derive(Clone, Copy)]
pub(crate) struct Plain([f64; 2]);

impl Plain {
    #[inline(always)]
    fn both(self, other: Self, op: impl Fn(f64, f64) -> f64) -> Self {
        Plain([op(self.0[0], other.0[0]), op(self.0[1], other.0[1])])
    }
}

impl Lanes for Plain {
    const WIDTH: usize = 2;

    #[inline(always)]
    fn load(from: &[f64]) -> Self {
        Plain([from[0], from[1]])
    }
    #[inline(always)]
    fn store(self, to: &mut [f64]) {
        to[..2].copy_from_slice(&self.0);
    }
    #[inline(always)]
    fn splat(value: f64) -> Self {
        Plain([value; 2])
    }
    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        self.both(other, |a, b| a + b)
    }
    #[inline(always)]
    fn minus(self, other: Self) -> Self {
        self.both(other, |a, b| a - b)
    }
    #[inline(always)]
    fn times(self, other: Self) -> Self {
        self.both(other, |a, b| a * b)
    }
    #[inline(always)]
    fn select_within(self, from: Self, to: Self, yes: Self, no: Self) -> Self {
        let pick = |l: usize| if self.0[l] >= from.0[l] && self.0[l] < to.0[l] { yes.0[l] } else { no.0[l] };
        Plain([pick(0), pick(1)])
    }
    #[inline(always)]
    fn frame<const CHANNELS: usize>(wire: &[f64], at: usize) -> Self {
        let frame = &wire[at * CHANNELS..(at + 1) * CHANNELS];
        Plain([frame[0], frame[CHANNELS - 1]])
    }
    #[inline(always)]
    fn moved<const CHANNELS: usize>(self, before: Self) -> Self {
        if CHANNELS == 1 { Plain([before.0[1], self.0[0]]) } else { before }
    }
    #[inline(always)]
    fn put_last<const CHANNELS: usize>(self, wire: &mut [f64], at: usize) {
        wire[at * CHANNELS..(at + 1) * CHANNELS].copy_from_slice(&self.0[2 - CHANNELS..]);
    }
}

/// Two lanes in an SSE2 register.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
pub(crate) struct Two(__m128d);

// SAFETY (all blocks): SSE2 belongs to every x86-64 machine; pointers come from slices checked to be long enough.
#[cfg(target_arch = "x86_64")]
impl Lanes for Two {
    const WIDTH: usize = 2;

    #[inline(always)]
    fn load(from: &[f64]) -> Self {
        Two(unsafe { _mm_loadu_pd(from[..2].as_ptr()) })
    }
    #[inline(always)]
    fn store(self, to: &mut [f64]) {
        unsafe { _mm_storeu_pd(to[..2].as_mut_ptr(), self.0) }
    }
    #[inline(always)]
    fn splat(value: f64) -> Self {
        Two(unsafe { _mm_set1_pd(value) })
    }
    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        Two(unsafe { _mm_add_pd(self.0, other.0) })
    }
    #[inline(always)]
    fn minus(self, other: Self) -> Self {
        Two(unsafe { _mm_sub_pd(self.0, other.0) })
    }
    #[inline(always)]
    fn times(self, other: Self) -> Self {
        Two(unsafe { _mm_mul_pd(self.0, other.0) })
    }
    #[inline(always)]
    fn select_within(self, from: Self, to: Self, yes: Self, no: Self) -> Self {
        unsafe {
            let within = _mm_and_pd(_mm_cmpge_pd(self.0, from.0), _mm_cmplt_pd(self.0, to.0));
            Two(_mm_or_pd(_mm_and_pd(within, yes.0), _mm_andnot_pd(within, no.0)))
        }
    }
    #[inline(always)]
    fn frame<const CHANNELS: usize>(wire: &[f64], at: usize) -> Self {
        let frame = wire[at * CHANNELS..(at + 1) * CHANNELS].as_ptr();
        Two(unsafe { if CHANNELS == 1 { _mm_load1_pd(frame) } else { _mm_loadu_pd(frame) } })
    }
    #[inline(always)]
    fn moved<const CHANNELS: usize>(self, before: Self) -> Self {
        if CHANNELS == 1 { Two(unsafe { _mm_shuffle_pd::<0b01>(before.0, self.0) }) } else { before }
    }
    #[inline(always)]
    fn put_last<const CHANNELS: usize>(self, wire: &mut [f64], at: usize) {
        let frame = wire[at * CHANNELS..(at + 1) * CHANNELS].as_mut_ptr();
        unsafe { if CHANNELS == 1 { _mm_storeh_pd(frame, self.0) } else { _mm_storeu_pd(frame, self.0) } }
    }
}

/// Four lanes in an AVX register.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
pub(crate) struct Four(__m256d);

// SAFETY (all blocks): only instantiated in functions compiled for AVX2 that are entered after it was detected;
// pointers come from slices checked to be long enough.
#[cfg(target_arch = "x86_64")]
impl Lanes for Four {
    const WIDTH: usize = 4;

    #[inline(always)]
    fn load(from: &[f64]) -> Self {
        Four(unsafe { _mm256_loadu_pd(from[..4].as_ptr()) })
    }
    #[inline(always)]
    fn store(self, to: &mut [f64]) {
        unsafe { _mm256_storeu_pd(to[..4].as_mut_ptr(), self.0) }
    }
    #[inline(always)]
    fn splat(value: f64) -> Self {
        Four(unsafe { _mm256_set1_pd(value) })
    }
    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        Four(unsafe { _mm256_add_pd(self.0, other.0) })
    }
    #[inline(always)]
    fn minus(self, other: Self) -> Self {
        Four(unsafe { _mm256_sub_pd(self.0, other.0) })
    }
    #[inline(always)]
    fn times(self, other: Self) -> Self {
        Four(unsafe { _mm256_mul_pd(self.0, other.0) })
    }
    #[inline(always)]
    fn select_within(self, from: Self, to: Self, yes: Self, no: Self) -> Self {
        unsafe {
            let late = _mm256_cmp_pd::<_CMP_GE_OQ>(self.0, from.0);
            let early = _mm256_cmp_pd::<_CMP_LT_OQ>(self.0, to.0);
            Four(_mm256_blendv_pd(no.0, yes.0, _mm256_and_pd(late, early)))
        }
    }
    #[inline(always)]
    fn frame<const CHANNELS: usize>(wire: &[f64], at: usize) -> Self {
        let frame = &wire[at * CHANNELS..(at + 1) * CHANNELS];
        Four(unsafe {
            if CHANNELS == 1 { _mm256_set1_pd(frame[0]) } else { _mm256_broadcast_pd(&*frame.as_ptr().cast()) }
        })
    }
    #[inline(always)]
    fn moved<const CHANNELS: usize>(self, before: Self) -> Self {
        Four(unsafe {
            if CHANNELS == 1 {
                // Lanes 3, 0, 1, 2 of each; the bottom lane then comes from the vector before.
                let up = _mm256_permute4x64_pd::<0b10_01_00_11>(self.0);
                _mm256_blend_pd::<0b0001>(up, _mm256_permute4x64_pd::<0b10_01_00_11>(before.0))
            } else {
                _mm256_permute2f128_pd::<0x21>(before.0, self.0)
            }
        })
    }
    #[inline(always)]
    fn put_last<const CHANNELS: usize>(self, wire: &mut [f64], at: usize) {
        let frame = wire[at * CHANNELS..(at + 1) * CHANNELS].as_mut_ptr();
        unsafe {
            let last = _mm256_extractf128_pd::<1>(self.0);
            if CHANNELS == 1 { _mm_storeh_pd(frame, last) } else { _mm_storeu_pd(frame, last) }
        }
    }
}
