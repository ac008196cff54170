//! What the audio thread tells the others: plain numbers, each written whole.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64};

/// Told by the audio thread, read by anybody.
#[derive(Default)]
pub(crate) struct Shared {
    /// The place on the timeline that is heard next, and the frame of the song there.
    pub(crate) place: AtomicI64,
    pub(crate) song: AtomicI64,
    /// Whether it plays, or is about to stop.
    pub(crate) playing: AtomicBool,
    /// How many decks were taken over, and how many came too late for that.
    pub(crate) joined: AtomicU64,
    pub(crate) refused: AtomicU64,
    /// Frames of tracks that had not been read when they were due.
    pub(crate) missed: Arc<AtomicU64>,
    /// Set when the player is gone.
    pub(crate) over: AtomicBool,
}
