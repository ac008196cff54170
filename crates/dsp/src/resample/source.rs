//! The converter over a source.

use tonmeister_core::{Block, Buffer, Source, SourceError, SourceInfo};

use super::{Resampler, resampled_frames};

/// Frames that are asked of the source at once.
const CHUNK: usize = 4096;

/// A source at another sample rate.
///
/// Time zero stays where it is, the length is [`resampled_frames`], and the bits do not depend on the sizes of the
/// blocks that are read or skipped. At equal rates it hands the source's samples on unchanged.
pub struct Resampled {
    source: Box<dyn Source>,
    info: SourceInfo,
    resampler: Option<Resampler>,
    chunk: Buffer,
    ready: Buffer,
    /// The frames of `ready` that are used up.
    used: usize,
    /// The next frame to deliver.
    at: u64,
}

impl Resampled {
    /// Reads `source` at `target_rate` Hz.
    ///
    /// # Panics
    /// When a rate is 0.
    pub fn new(source: Box<dyn Source>, target_rate: u32) -> Self {
        let old = source.info();
        let frames = resampled_frames(old.frames, old.sample_rate, target_rate);
        Resampled {
            info: SourceInfo { sample_rate: target_rate, frames, ..old },
            resampler: Some(Resampler::new(old.layout, old.sample_rate, target_rate)),
            chunk: Buffer::new(old.layout, CHUNK),
            ready: Buffer::new(old.layout, 0),
            used: 0,
            at: 0,
            source,
        }
    }

    /// Makes more frames ready, or all that are left.
    fn fetch(&mut self) -> Result<(), SourceError> {
        self.ready = Buffer::new(self.info.layout, 0);
        self.used = 0;
        while self.ready.frames() == 0 {
            let Some(resampler) = &mut self.resampler else { return Ok(()) };
            let read = self.source.read(&mut self.chunk.block(CHUNK))?;
            resampler.push(self.chunk.view(read), &mut self.ready);
            if read < CHUNK
                && let Some(resampler) = self.resampler.take()
            {
                resampler.finish(&mut self.ready);
            }
        }
        Ok(())
    }

    /// Passes `frames` frames to `take` (which gets them, and where in the request they belong).
    fn advance(
        &mut self,
        frames: u64,
        mut take: impl FnMut(tonmeister_core::View<'_>, usize),
    ) -> Result<u64, SourceError> {
        let wanted = frames.min(self.info.frames - self.at);
        let mut done = 0;
        while done < wanted {
            if self.ready.frames() == self.used {
                self.fetch()?;
                if self.ready.frames() == 0 {
                    let message = "the audio to be converted ends before its stated length; read the file again";
                    return Err(SourceError::new(message));
                }
            }
            let count = (wanted - done).min((self.ready.frames() - self.used) as u64) as usize;
            take(self.ready.view(self.used + count).part(self.used, self.used + count), done as usize);
            self.used += count;
            self.at += count as u64;
            done += count as u64;
        }
        Ok(done)
    }
}

impl Source for Resampled {
    fn info(&self) -> SourceInfo {
        self.info
    }

    fn read(&mut self, out: &mut Block<'_>) -> Result<usize, SourceError> {
        let done = self.advance(out.frames() as u64, |part, to| {
            for (channel, lane) in out.channels_mut().zip(part.channels()) {
                channel[to..to + lane.len()].copy_from_slice(lane);
            }
        })?;
        Ok(done as usize)
    }

    fn skip(&mut self, frames: u64) -> Result<u64, SourceError> {
        let wanted = frames.min(self.info.frames - self.at);
        let ready = self.advance(wanted.min((self.ready.frames() - self.used) as u64), |_, _| {})?;
        let (passed, further) = self.resampler.as_mut().map_or((0, 0), |r| r.pass_over(wanted - ready));
        let skipped = self.source.skip(further)?;
        debug_assert!(skipped <= further);
        self.at += passed;
        Ok(ready + passed + self.advance(wanted - ready - passed, |_, _| {})?)
    }
}
