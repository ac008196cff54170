//! Eight `f64` side by side, and the handful of operations that the [ballistics](crate::dynamics) need on them.
//!
//! Eight rows of eight turn into eight columns in registers, which no compiler finds by itself: it moves number by number.

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::{
    __m512d, _mm512_add_pd, _mm512_loadu_pd, _mm512_max_pd, _mm512_mul_pd, _mm512_set_pd, _mm512_set1_pd,
    _mm512_shuffle_f64x2, _mm512_storeu_pd, _mm512_unpackhi_pd, _mm512_unpacklo_pd,
};

use super::Level;

/// How many numbers a row has.
pub(crate) const ROW: usize = 8;

/// Eight numbers side by side.
pub(crate) trait Row: Copy {
    /// From eight numbers in memory.
    fn load(from: &[f64; ROW]) -> Self;
    /// From eight numbers of which each comes by itself.
    fn of(numbers: [f64; ROW]) -> Self;
    /// To eight numbers.
    fn numbers(self) -> [f64; ROW];
    /// The same number everywhere.
    fn splat(value: f64) -> Self;
    /// Place by place.
    fn plus(self, other: Self) -> Self;
    /// Place by place.
    fn times(self, other: Self) -> Self;
    /// Place by place: itself where it is more than the floor.
    fn at_least(self, floor: Self) -> Self;
    /// Rows become columns.
    fn transposed(rows: [Self; ROW]) -> [Self; ROW];
}

/// Without vector instructions named: the compiler does what it can. The other's twin.
#[derive(Clone, Copy)]
pub(crate) struct PlainRow([f64; ROW]);

impl PlainRow {
    #[inline(always)]
    fn both(self, other: Self, op: impl Fn(f64, f64) -> f64) -> Self {
        let mut row = self.0;
        for (a, b) in row.iter_mut().zip(other.0) {
            *a = op(*a, b);
        }
        PlainRow(row)
    }
}

impl Row for PlainRow {
    #[inline(always)]
    fn load(from: &[f64; ROW]) -> Self {
        PlainRow(*from)
    }
    #[inline(always)]
    fn of(numbers: [f64; ROW]) -> Self {
        PlainRow(numbers)
    }
    #[inline(always)]
    fn numbers(self) -> [f64; ROW] {
        self.0
    }
    #[inline(always)]
    fn splat(value: f64) -> Self {
        PlainRow([value; ROW])
    }
    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        self.both(other, |a, b| a + b)
    }
    #[inline(always)]
    fn times(self, other: Self) -> Self {
        self.both(other, |a, b| a * b)
    }
    #[inline(always)]
    fn at_least(self, floor: Self) -> Self {
        self.both(floor, |a, b| if a > b { a } else { b })
    }
    #[inline(always)]
    fn transposed(rows: [Self; ROW]) -> [Self; ROW] {
        std::array::from_fn(|k| PlainRow(std::array::from_fn(|g| rows[g].0[k])))
    }
}

/// In an AVX-512 register.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
pub(crate) struct WideRow(__m512d);

// SAFETY (all blocks): only instantiated in functions compiled for AVX-512 that are entered after it was detected;
// pointers come from arrays of eight.
#[cfg(target_arch = "x86_64")]
impl Row for WideRow {
    #[inline(always)]
    fn load(from: &[f64; ROW]) -> Self {
        WideRow(unsafe { _mm512_loadu_pd(from.as_ptr()) })
    }
    #[inline(always)]
    fn of([a, b, c, d, e, f, g, h]: [f64; ROW]) -> Self {
        WideRow(unsafe { _mm512_set_pd(h, g, f, e, d, c, b, a) })
    }
    #[inline(always)]
    fn numbers(self) -> [f64; ROW] {
        let mut numbers = [0.0; ROW];
        unsafe { _mm512_storeu_pd(numbers.as_mut_ptr(), self.0) };
        numbers
    }
    #[inline(always)]
    fn splat(value: f64) -> Self {
        WideRow(unsafe { _mm512_set1_pd(value) })
    }
    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        WideRow(unsafe { _mm512_add_pd(self.0, other.0) })
    }
    #[inline(always)]
    fn times(self, other: Self) -> Self {
        WideRow(unsafe { _mm512_mul_pd(self.0, other.0) })
    }
    #[inline(always)]
    fn at_least(self, floor: Self) -> Self {
        // The instruction gives its second operand where the first is not more: what the twin says.
        WideRow(unsafe { _mm512_max_pd(self.0, floor.0) })
    }
    #[inline(always)]
    fn transposed(rows: [Self; ROW]) -> [Self; ROW] {
        const EVEN: i32 = 0b10_00_10_00;
        const ODD: i32 = 0b11_01_11_01;
        let mut columns = rows;
        unsafe {
            // Pairs of rows, number by number; then pairs of numbers across four of those.
            let mut pairs = rows;
            for i in 0..ROW / 2 {
                let (upper, lower) = (rows[2 * i].0, rows[2 * i + 1].0);
                pairs[2 * i] = WideRow(_mm512_unpacklo_pd(upper, lower));
                pairs[2 * i + 1] = WideRow(_mm512_unpackhi_pd(upper, lower));
            }
            for half in 0..2 {
                let [p, q, r, s] = [pairs[half].0, pairs[2 + half].0, pairs[4 + half].0, pairs[6 + half].0];
                let (upper, lower) = (_mm512_shuffle_f64x2::<EVEN>(p, q), _mm512_shuffle_f64x2::<EVEN>(r, s));
                columns[half] = WideRow(_mm512_shuffle_f64x2::<EVEN>(upper, lower));
                columns[4 + half] = WideRow(_mm512_shuffle_f64x2::<ODD>(upper, lower));
                let (upper, lower) = (_mm512_shuffle_f64x2::<ODD>(p, q), _mm512_shuffle_f64x2::<ODD>(r, s));
                columns[2 + half] = WideRow(_mm512_shuffle_f64x2::<EVEN>(upper, lower));
                columns[6 + half] = WideRow(_mm512_shuffle_f64x2::<ODD>(upper, lower));
            }
        }
        columns
    }
}

/// Work on rows, to be compiled once for each set of instructions.
pub(crate) trait OnRows {
    /// Does it. To be marked `#[inline(always)]`.
    fn run<R: Row>(self);
}

/// Does the work with the instructions of a level.
pub(crate) fn run(level: Level, work: impl OnRows) {
    match level.or_best() {
        Level::Plain => work.run::<PlainRow>(),
        #[cfg(target_arch = "x86_64")]
        Level::Sse2 => work.run::<PlainRow>(),
        // SAFETY: `or_best` gives only levels that the machine has.
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => unsafe { run_avx2(work) },
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => unsafe { run_avx512(work) },
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn run_avx2(work: impl OnRows) {
    work.run::<PlainRow>();
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,avx512f,avx512vl")]
fn run_avx512(work: impl OnRows) {
    work.run::<WideRow>();
}
