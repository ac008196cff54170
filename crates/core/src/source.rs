//! Where audio comes from: a stream of planar `f32` with a known shape.

use crate::audio::{Block, Layout};

/// The shape of a source of audio.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceInfo {
    /// Frames per second.
    pub sample_rate: u32,
    /// Mono or stereo.
    pub layout: Layout,
    /// Length, gapless trimming applied.
    pub frames: u64,
}

/// Why audio could not be read. The message names the file, the place, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SourceError {
    /// What was expected, what was found, what to do.
    pub message: String,
}

impl SourceError {
    /// With that message.
    pub fn new(message: impl Into<String>) -> Self {
        SourceError { message: message.into() }
    }
}

/// A stream of audio, read forwards.
pub trait Source: Send {
    /// Its shape. `frames` is exact: [`Source::read`] delivers that many and no more.
    fn info(&self) -> SourceInfo;

    /// Fills `out` (of the source's layout) and returns how many frames it wrote: fewer than asked for only at
    /// the end, where the rest of `out` is left as it was.
    fn read(&mut self, out: &mut Block<'_>) -> Result<usize, SourceError>;

    /// Passes over frames without delivering them; returns how many (fewer only at the end).
    fn skip(&mut self, frames: u64) -> Result<u64, SourceError>;
}
