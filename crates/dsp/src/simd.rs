//! The one room of this crate where `unsafe` may live: what needs explicit vector instructions.
//!
//! Most loops of this crate are plain and shaped so that the compiler vectorizes them. Recursive filters are the
//! exception: a sample waits for the one before it, so the lanes must be laid across sections and channels, one
//! step apart in time, and no compiler finds that by itself. [`pipeline`] does, on top of [`lanes`], the few vector
//! operations it needs, written once per instruction set.
//!
//! A [`Level`] names an instruction set. Every level gives the same bits: each lane does the IEEE operations of the
//! plain program in the same order, nothing is contracted into fused multiply-adds, and nothing is summed across
//! lanes. Tests run every level that the machine has against the plain one.
#![allow(unsafe_code)]

pub(crate) mod lanes;
pub(crate) mod pipeline;

/// A set of vector instructions that a kernel can be run with. All of them give the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Level {
    /// No vector instructions are named; the compiler does what it can. Every machine has it.
    Plain,
    /// Two `f64` at a time; every x86-64 machine has it.
    #[cfg(target_arch = "x86_64")]
    Sse2,
    /// Four `f64` at a time.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// Four `f64` at a time and twice as many registers (AVX-512 F and VL).
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Level {
    /// The fastest that this machine has. Detected once, then remembered.
    pub fn best() -> Level {
        #[cfg(target_arch = "x86_64")]
        {
            if std::is_x86_feature_detected!("avx512f") && std::is_x86_feature_detected!("avx512vl") {
                return Level::Avx512;
            }
            if std::is_x86_feature_detected!("avx2") {
                return Level::Avx2;
            }
            Level::Sse2
        }
        #[cfg(not(target_arch = "x86_64"))]
        Level::Plain
    }

    /// Every level that this machine has, slowest first.
    pub fn all() -> Vec<Level> {
        #[cfg(target_arch = "x86_64")]
        {
            let ladder = [Level::Plain, Level::Sse2, Level::Avx2, Level::Avx512];
            let best = ladder.iter().position(|level| *level == Level::best()).unwrap_or(0);
            ladder[..=best].to_vec()
        }
        #[cfg(not(target_arch = "x86_64"))]
        vec![Level::Plain]
    }

    /// This level if the machine has it, otherwise the best it has: what makes running a kernel at a level sound.
    fn or_best(self) -> Level {
        if self == Level::Plain || Level::all().contains(&self) { self } else { Level::best() }
    }
}
