//! The one room of this crate where `unsafe` may live: what needs explicit vector instructions.
//!
//! Most loops of this crate are plain and shaped so that the compiler vectorizes them. Recursive filters are the
//! exception: a sample waits for the one before it, so the lanes must be laid across sections and channels, one
//! step apart in time, and no compiler finds that by itself. [`pipeline`] does, on top of [`lanes`], the few vector
//! operations it needs, written once per instruction set. Attack and release lay stretches of time side by side; what they
//! need is in [`rows`].
//!
//! A [`Level`] names an instruction set. Every level gives the same bits: each lane does the IEEE operations of the
//! plain program in the same order, nothing is contracted into fused multiply-adds, and nothing is summed across
//! lanes. Tests run every level that the machine has against the plain one.
#![allow(unsafe_code)]
// A vector handed to a function that was not compiled for its instruction set leaves its register: everything between
// a kernel's entry and its instructions must be inlined, whatever the compiler thinks of it.
#![allow(clippy::inline_always)]

pub(crate) mod lanes;
pub(crate) mod pipeline;
pub(crate) mod rows;

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
    /// The fastest that this machine has.
    pub fn best() -> Level {
        Level::LADDER.into_iter().rfind(|level| level.is_here()).unwrap_or(Level::Plain)
    }

    /// Every level that this machine has, slowest first.
    pub fn all() -> impl Iterator<Item = Level> {
        Level::LADDER.into_iter().filter(|level| level.is_here())
    }

    #[cfg(target_arch = "x86_64")]
    const LADDER: [Level; 4] = [Level::Plain, Level::Sse2, Level::Avx2, Level::Avx512];
    #[cfg(not(target_arch = "x86_64"))]
    const LADDER: [Level; 1] = [Level::Plain];

    /// Whether this machine has it. Detected once by the standard library, then a look at a flag.
    pub fn is_here(self) -> bool {
        match self {
            Level::Plain => true,
            #[cfg(target_arch = "x86_64")]
            Level::Sse2 => true,
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => std::is_x86_feature_detected!("avx2"),
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => {
                std::is_x86_feature_detected!("avx2")
                    && std::is_x86_feature_detected!("avx512f")
                    && std::is_x86_feature_detected!("avx512vl")
            }
        }
    }

    /// How many lanes of a cascade its registers carry without spilling (measured): 16 is the most that is asked for.
    pub(crate) fn lanes(self) -> usize {
        match self {
            Level::Plain => 4,
            #[cfg(target_arch = "x86_64")]
            Level::Sse2 => 4,
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => 12,
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => 16,
        }
    }

    /// This level if the machine has it, otherwise the best it has: what makes running a kernel at a level sound.
    fn or_best(self) -> Level {
        if self.is_here() { self } else { Level::best() }
    }
}
