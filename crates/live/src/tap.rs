//! A copy of what is played, for meters: from the audio thread, through a ring, to a thread that may wait.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rtrb::{Consumer, Producer, RingBuffer};
use tonmeister_core::{Block, View};

/// The audio thread's end.
pub(crate) struct Tap {
    ring: Producer<f32>,
    lost: Arc<AtomicU64>,
}

/// The other end. It is over when the player is gone and everything was taken.
#[derive(Debug)]
pub struct Heard {
    ring: Consumer<f32>,
    lost: Arc<AtomicU64>,
}

/// A ring for so many frames of stereo.
pub(crate) fn tapped(frames: usize) -> (Tap, Heard) {
    let (giving, taking) = RingBuffer::new(2 * frames);
    let lost = Arc::new(AtomicU64::new(0));
    (Tap { ring: giving, lost: Arc::clone(&lost) }, Heard { ring: taking, lost })
}

impl Tap {
    /// Passes on what was played. What finds no room, because nobody takes it, is left out and counted. On the audio thread:
    /// neither allocates nor waits.
    pub(crate) fn pass(&mut self, view: View<'_>) {
        let room = view.frames().min(self.ring.slots() / 2);
        if let Ok(chunk) = self.ring.write_chunk_uninit(2 * room) {
            let (left, right) = (view.channel(0), view.channel(view.layout().channels() - 1));
            chunk.fill_from_iter(left[..room].iter().zip(&right[..room]).flat_map(|(l, r)| [*l, *r]));
        }
        self.lost.fetch_add((view.frames() - room) as u64, Ordering::Relaxed);
    }

    /// Whether so many frames would be left out although somebody listens.
    pub(crate) fn is_full(&self, frames: usize) -> bool {
        let needed = (2 * frames).min(self.ring.buffer().capacity());
        self.ring.slots() < needed && !self.ring.is_abandoned()
    }
}

impl Heard {
    /// The next frames that were played, as many as are there and fit into the block; how many they are.
    ///
    /// # Panics
    /// When the block is mono.
    pub fn take(&mut self, out: &mut Block<'_>) -> usize {
        let frames = out.frames().min(self.ring.slots() / 2);
        let Ok(chunk) = self.ring.read_chunk(2 * frames) else { return 0 };
        let (left, right) = out.pair_mut().expect("what is played is stereo");
        let pairs = chunk.into_iter();
        for (i, sample) in pairs.enumerate() {
            if i % 2 == 0 { left[i / 2] = sample } else { right[i / 2] = sample }
        }
        frames
    }

    /// Whether nothing more will come.
    pub fn is_over(&self) -> bool {
        // In this order: who leaves has given everything before.
        self.ring.is_abandoned() && self.ring.is_empty()
    }

    /// Frames that were played and not passed on, because they were not taken in time.
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }
}
