//! A song as audio of another: rendered as it is read.

use std::sync::Arc;

use tonmeister_core::{Block, Source, SourceError, SourceInfo};

use crate::clip::Library;
use crate::compile::Compiled;
use crate::executor::Executor;

/// The first output of a plan as a stream, its lateness taken off, as long as the song is; what rings on behind that is
/// left off. It is made in order, on the thread that reads it, and has the bits of a render.
///
/// With it a [`Library`] can give out what was never written down: nothing is kept, however long it is.
pub struct Played {
    executor: Executor,
    info: SourceInfo,
    block: usize,
    /// Frames that come too early, and frames that are still to be delivered.
    late: u64,
    left: u64,
    /// The part of the newest block that was not delivered yet.
    at: usize,
    ready: usize,
}

impl Played {
    /// Ready to be read, made in blocks of `block` frames.
    ///
    /// # Panics
    /// When `block` is 0 or more than [`crate::MAX_BLOCK`].
    pub fn new(compiled: Compiled, library: &Arc<dyn Library>, block: usize) -> Self {
        let output = &compiled.plan.outputs[0];
        let info = SourceInfo {
            sample_rate: compiled.plan.sample_rate,
            layout: compiled.plan.nodes[output.node].layout,
            frames: output.frames,
        };
        let (late, left) = (output.latency, output.frames);
        Played { executor: Executor::new(compiled, library, block), info, block, late, left, at: 0, ready: 0 }
    }

    /// Makes frames until some are ready: how many, and none behind the end.
    fn ready(&mut self) -> Result<usize, SourceError> {
        while self.at == self.ready && self.left > 0 {
            self.executor.next_block(self.block).map_err(|e| SourceError::new(e.to_string()))?;
            let early = self.late.min(self.block as u64);
            self.late -= early;
            (self.at, self.ready) = (early as usize, self.block);
        }
        Ok((self.ready - self.at).min(usize::try_from(self.left).unwrap_or(usize::MAX)))
    }

    fn took(&mut self, frames: usize) {
        self.at += frames;
        self.left -= frames as u64;
    }
}

impl Source for Played {
    fn info(&self) -> SourceInfo {
        self.info
    }

    fn read(&mut self, out: &mut Block<'_>) -> Result<usize, SourceError> {
        let mut done = 0;
        while done < out.frames() {
            let frames = self.ready()?.min(out.frames() - done);
            if frames == 0 {
                break;
            }
            let made = self.executor.output(0, self.block);
            for channel in 0..self.info.layout.channels() {
                let from = &made.channel(channel)[self.at..self.at + frames];
                out.channel_mut(channel)[done..done + frames].copy_from_slice(from);
            }
            self.took(frames);
            done += frames;
        }
        Ok(done)
    }

    fn skip(&mut self, frames: u64) -> Result<u64, SourceError> {
        let mut done = 0;
        while done < frames {
            let ready = self.ready()?.min(usize::try_from(frames - done).unwrap_or(usize::MAX));
            if ready == 0 {
                break;
            }
            self.took(ready);
            done += ready as u64;
        }
        Ok(done)
    }
}
