//! Plays a song while it is edited.
//!
//! The same plan and the same nodes as a render's, driven block by block on an audio thread:
//!
//! - [`Live`] is the desk's side: play, stop, locate, loop, and [`Live::edit`], which takes the song as it shall be. What
//!   of an edit is a turn of a control goes to the nodes that run; for the rest, another plan is compiled, played up to
//!   where the song is, and cross-faded in ([`live`](mod@live), [`build`]).
//! - [`Player`] is the audio thread's side. It plays a deck ([`deck`]): a plan at work whose clips are read ahead by a thread of
//!   its own ([`reader`]).
//! - [`Output`] asks the player for sound: a clock that drives a [`Sink`], or the machine's sound device.
//! - [`Heard`] is what meters listen to: a copy of what is played, in a ring, for a thread that may wait ([`tap`]).
//!
//! Both sides speak through rings and plain numbers. The audio thread neither allocates nor frees, neither locks nor
//! waits: what it is done with it hands back to be dropped elsewhere.
#![forbid(unsafe_code)]

mod build;
mod deck;
pub mod live;
mod meters;
pub mod output;
mod player;
mod reader;
mod shared;
pub mod tap;

pub use live::{Live, LiveError, LiveOptions, Status, Studio};
pub use meters::{Meter, Reduction};
#[cfg(feature = "device")]
pub use output::device::Device;
pub use output::{Clocked, Output, OutputError, Pace, Performance, Playing, Sink, streamed};
pub use player::Player;
pub use tap::Heard;
