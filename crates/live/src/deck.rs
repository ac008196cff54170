//! A plan at work, with its tracks read ahead: what the audio thread plays.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use tonmeister_core::View;
use tonmeister_engine::{Compiled, Executor, Library, Timeline, Turn};

use crate::meters::Meters;
use crate::reader::{Reader, Tracks, Troubles};

/// What the making of a deck needs to know.
#[derive(Clone)]
pub(crate) struct Making {
    pub(crate) library: Arc<dyn Library>,
    /// The longest block.
    pub(crate) block: usize,
    /// How many frames are read ahead.
    pub(crate) ahead: usize,
    pub(crate) missed: Arc<AtomicU64>,
    pub(crate) troubles: Troubles,
}

/// A plan at work. Made and dropped on a thread that may wait; in between it belongs to the audio thread.
pub(crate) struct Deck {
    executor: Executor,
    reader: Reader,
    timeline: Timeline,
    latency: i64,
    /// How far ahead its clips are read when it is sent.
    cushion: usize,
    meters: Arc<Meters>,
    /// Which one it is of those that were sent.
    pub(crate) serial: u64,
}

impl Deck {
    /// Ready to play from a place of the timeline on, with nothing played before it.
    pub(crate) fn new(compiled: Compiled, making: &Making, timeline: Timeline, from: i64) -> std::io::Result<Self> {
        let mut tracks = Tracks::new(making.ahead, Arc::clone(&making.missed));
        let feed = &mut |reel| tracks.add(reel);
        let executor = Executor::live(compiled, &making.library, making.block, (timeline, from), feed);
        let latency = executor.plan().outputs[0].latency as i64;
        let reader = tracks.start(from, Arc::clone(&making.troubles))?;
        let meters = Arc::new(Meters::new(&executor));
        Ok(Deck { executor, reader, timeline, latency, cushion: making.ahead / 4, meters, serial: 0 })
    }

    /// The place on the timeline that is heard next.
    pub(crate) fn at(&self) -> i64 {
        self.executor.place() - self.latency
    }

    pub(crate) fn timeline(&self) -> Timeline {
        self.timeline
    }

    pub(crate) fn plan(&self) -> &Arc<tonmeister_engine::Plan> {
        self.executor.plan()
    }

    pub(crate) fn meters(&self) -> &Arc<Meters> {
        &self.meters
    }

    /// How many of the next frames can be made at once.
    pub(crate) fn straight(&self, frames: usize) -> usize {
        self.executor.straight(frames)
    }

    /// Makes the next frames.
    pub(crate) fn make(&mut self, frames: usize) -> View<'_> {
        // What can fail is reading, and that is somebody else's: what is not there is silence, and counted.
        let _ = self.executor.next_block(frames);
        self.meters.take(&self.executor, frames);
        self.executor.output(0, frames)
    }

    pub(crate) fn turn(&mut self, turn: &Turn) {
        self.executor.turn(turn);
    }

    /// Plays on unheard until `at` is heard next, in blocks of the longest length. Not for the audio thread.
    pub(crate) fn warm_up(&mut self, at: i64, block: usize) {
        while self.at() < at {
            let frames = usize::try_from(at - self.at()).unwrap_or(block).min(block);
            // When it is heard, its reader must already be well ahead.
            self.reader.wait(self.executor.place(), frames + self.cushion);
            let frames = self.straight(frames);
            self.make(frames);
        }
        self.reader.wait(self.executor.place(), self.cushion);
    }

    /// Waits until the next frames have been read. Not for the audio thread.
    pub(crate) fn wait(&self, frames: usize) {
        self.reader.wait(self.executor.place(), frames);
    }
}
