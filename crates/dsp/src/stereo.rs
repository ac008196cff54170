//! Stereo: where things stand between the loudspeakers, and what is left when the two become one.
//!
//! Most of this shelf works on *mid* M = (L + R)/2 and *side* S = (L − R)/2. Mid is what a mono loudspeaker plays (half
//! of L + R); side is what it cancels. So whatever is done to the side alone leaves the mono sum as it was:
//!
//! | effect | mono sum |
//! |---|---|
//! | [`MidSide`] | becomes a channel of its own |
//! | [`Width`] | untouched; with crossovers an all-pass of it, flat within 0.01 dB, or exact in linear phase (`balance` excepted) |
//! | [`MonoMaker`] | an all-pass of it, or exact in linear phase |
//! | [`Decorrelator`] | untouched |
//! | [`Rotation`], [`BalanceCorrector`] | moves with what they turn or weigh |
//! | [`Haas`] | a comb: the effect to avoid when mono matters |

use tonmeister_core::{BuildError, Layout, Stream};

mod balance_corrector;
mod cut;
mod decorrelator;
mod haas;
mod mid_side;
mod mono_maker;
#[cfg(test)]
pub(crate) mod probe;
mod rotation;
mod width;

pub use balance_corrector::BalanceCorrector;
pub use decorrelator::Decorrelator;
pub use haas::Haas;
pub use mid_side::MidSide;
pub use mono_maker::MonoMaker;
pub use rotation::Rotation;
pub use width::Width;

/// Refuses a mono stream.
pub(crate) fn two_sides(stream: &Stream, who: &str) -> Result<(), BuildError> {
    match stream.layout {
        Layout::Stereo => Ok(()),
        Layout::Mono => Err(BuildError(format!("{who} needs a stereo stream"))),
    }
}

/// Left and right of a frame; the same twice of a mono one.
#[inline]
pub(crate) fn sides<const C: usize>(frame: [f64; C]) -> [f64; 2] {
    [frame[0], frame[C - 1]]
}

/// A frame of left and right; of the left alone in mono.
#[inline]
pub(crate) fn frame<const C: usize>(sides: [f64; 2]) -> [f64; C] {
    std::array::from_fn(|c| sides[c.min(1)])
}
