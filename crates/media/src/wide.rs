//! Streams of any number of channels, and the way from them to mono and stereo.
//!
//! The house mixes mono and stereo, and its [`Source`] knows nothing else. Measuring needs no more than planar channels:
//! [`Lanes`] gives them, and every reader of this crate is one. A file of one or two channels becomes a [`Source`] by
//! wrapping its lanes.

use tonmeister_core::{Block, Diagnostic, Source, SourceError, SourceInfo};

use crate::finite::NonFiniteCount;
use crate::info::{FileInfo, Speakers};

/// A stream of planar channels, read forwards.
pub trait Lanes: Send {
    /// Fills the lanes, one for each channel, all of one length, and returns how many frames were written: fewer than
    /// asked for only at the end, where the rest is left as it was.
    fn read(&mut self, lanes: &mut [&mut [f32]]) -> Result<usize, SourceError>;

    /// Passes over frames without delivering them; returns how many (fewer only at the end).
    fn skip(&mut self, frames: u64) -> Result<u64, SourceError>;
}

/// A file of any number of channels that is open.
pub struct OpenedWide {
    /// Its audio, from the first frame.
    pub lanes: Box<dyn Lanes>,
    /// What it is.
    pub info: FileInfo<Speakers>,
    /// What was not as it should be, and what was done about it.
    pub warnings: Vec<Diagnostic>,
    /// How many samples that are no numbers [`NonFinite::Silence`](crate::NonFinite::Silence) or
    /// [`NonFinite::Keep`](crate::NonFinite::Keep) has met so far.
    pub silenced: NonFiniteCount,
}

/// One or two lanes as a source.
pub(crate) struct Narrow {
    pub(crate) lanes: Box<dyn Lanes>,
    pub(crate) info: SourceInfo,
}

impl Source for Narrow {
    fn info(&self) -> SourceInfo {
        self.info
    }

    fn read(&mut self, out: &mut Block<'_>) -> Result<usize, SourceError> {
        match out.pair_mut() {
            Some((left, right)) => self.lanes.read(&mut [left, right]),
            None => self.lanes.read(&mut [out.channel_mut(0)]),
        }
    }

    fn skip(&mut self, frames: u64) -> Result<u64, SourceError> {
        self.lanes.skip(frames)
    }
}

/// Lends the frames `from..to` of every lane; without allocating for one and two lanes.
pub(crate) fn part<T>(lanes: &mut [&mut [f32]], from: usize, to: usize, run: impl FnOnce(&mut [&mut [f32]]) -> T) -> T {
    match lanes {
        [mono] => run(&mut [&mut mono[from..to]]),
        [left, right] => run(&mut [&mut left[from..to], &mut right[from..to]]),
        lanes => {
            let mut parts: Vec<&mut [f32]> = lanes.iter_mut().map(|lane| &mut lane[from..to]).collect();
            run(&mut parts)
        }
    }
}
