//! A stretch of a file, read from any place in either direction through a source that only runs forwards.

use tonmeister_core::{Block, Buffer, Source, SourceError};

use super::{Library, PlacedClip};

/// How much of a file is held at once where it is read backwards, or again and again: 5.5 s at 48 kHz, 2 MB in stereo.
/// Reading backwards opens the file once for each of these and passes over what comes before, which is quick for plain
/// samples and takes decoding for coded ones.
const HELD: u64 = 1 << 18;

/// A place in a file, and what is held of it.
#[derive(Default)]
pub(super) struct Tape {
    running: Option<(Box<dyn Source>, u64)>,
    held: Option<Buffer>,
    held_at: u64,
}

impl Tape {
    /// Reads frames of one pass over a clip's stretch, from `within` on: negative for what comes before it.
    pub(super) fn read(
        &mut self,
        (library, sample_rate): (&dyn Library, u32),
        clip: &PlacedClip,
        within: i64,
        out: &mut Block<'_>,
    ) -> Result<(), SourceError> {
        let frames = out.frames() as u64;
        let open = |from: u64| -> Result<Box<dyn Source>, SourceError> {
            let mut source = library.open(&clip.audio, sample_rate)?;
            source.skip(from)?;
            Ok(source)
        };
        // All that sounds of the stretch and around it.
        let (low, high) = if clip.reverse {
            (clip.offset, clip.offset + clip.stretch + clip.join)
        } else {
            (clip.offset - clip.join, clip.offset + clip.stretch)
        };
        let short = high - low <= HELD;
        if !clip.reverse {
            let from = (clip.offset as i64 + within) as u64;
            if clip.own_total > clip.stretch && short {
                let held = match &mut self.held {
                    Some(held) => held,
                    none => none.insert(load(&mut *open(low)?, clip, low, high)?),
                };
                copy(held, (from - low) as usize, out);
                return Ok(());
            }
            let mut running = match self.running.take() {
                Some((source, at)) if at == from => source,
                _ => open(from)?,
            };
            fill(&mut *running, clip, from, out)?;
            self.running = Some((running, from + frames));
            return Ok(());
        }
        let mut done = 0;
        while done < frames {
            // The frame behind the next one to be heard.
            let top = ((clip.offset + clip.stretch) as i64 - within) as u64 - done;
            let holds = |held: &Buffer| self.held_at < top && top <= self.held_at + held.frames() as u64;
            let held = match self.held.take() {
                Some(held) if holds(&held) => held,
                _ => {
                    let (from, to) = if short { (low, high) } else { (top.saturating_sub(HELD).max(low), top) };
                    self.held_at = from;
                    load(&mut *open(from)?, clip, from, to)?
                }
            };
            let count = (frames - done).min(top - self.held_at);
            let end = (top - self.held_at) as usize;
            let mut part = out.part(done as usize, (done + count) as usize);
            for (channel, samples) in part.channels_mut().enumerate() {
                let from = &held.channel(channel)[end - count as usize..end];
                for (y, x) in samples.iter_mut().zip(from.iter().rev()) {
                    *y = *x;
                }
            }
            self.held = Some(held);
            done += count;
        }
        Ok(())
    }
}

fn load(source: &mut dyn Source, clip: &PlacedClip, from: u64, to: u64) -> Result<Buffer, SourceError> {
    let mut held = Buffer::new(clip.layout, (to - from) as usize);
    let frames = held.frames();
    fill(source, clip, from, &mut held.block(frames))?;
    Ok(held)
}

fn copy(held: &Buffer, from: usize, out: &mut Block<'_>) {
    let frames = out.frames();
    for (channel, samples) in out.channels_mut().enumerate() {
        samples.copy_from_slice(&held.channel(channel)[from..from + frames]);
    }
}

/// Reads exactly the block from a source that stands at that frame of the file, or says where the file ended before its
/// time.
fn fill(source: &mut dyn Source, clip: &PlacedClip, at: u64, out: &mut Block<'_>) -> Result<(), SourceError> {
    let mut done = 0;
    while done < out.frames() {
        let end = out.frames();
        let got = source.read(&mut out.part(done, end))?;
        if got == 0 {
            return Err(SourceError::new(format!(
                "{}: the audio ended at frame {} of {} that were announced when the file was opened; it may have \
                 changed meanwhile or be damaged: run `tonmeister check` on it",
                clip.audio,
                at + done as u64,
                clip.offset + clip.stretch
            )));
        }
        done += got;
    }
    Ok(())
}
