//! A track's clips for a live driver: read ahead on a thread that may wait, and handed to one that may not.

use tonmeister_core::{Block, Buffer, Layout, SourceError};

use super::Timeline;
use super::crossing::weight;
use crate::clip::ClipPlayer;
use crate::compile::MAX_BLOCK;

/// How long a track takes over from the end of a loop at its beginning: long enough for no click, short enough for a
/// drum on the first beat.
const SEAM_S: f64 = 0.005;

/// How many frames the seam is read in at a time.
const STEP: usize = 512;

/// The sound of a track's clips as somebody brings it who reads ahead.
pub trait Feed: Send {
    /// Fills `out` (of the track's layout) with the frames from that place of the [`Timeline`] on. Called on the audio
    /// thread: it may neither wait nor allocate, and what has not come in time is silence.
    fn read(&mut self, at: i64, out: &mut Block<'_>);
}

/// The clips of one track on a timeline, to be read on a thread that may wait. It gives the very samples that a render
/// has, but for the 5 ms behind a jump, where it fades over from what would have come without it.
pub struct Reel {
    player: ClipPlayer,
    /// Reads on behind the end of a loop.
    beyond: ClipPlayer,
    timeline: Timeline,
    layout: Layout,
    at: i64,
    seam: u64,
    before: Buffer,
}

impl std::fmt::Debug for Reel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reel").field("timeline", &self.timeline).field("at", &self.at).finish_non_exhaustive()
    }
}

impl Reel {
    pub(crate) fn new(player: ClipPlayer, timeline: Timeline, layout: Layout, at: i64, sample_rate: u32) -> Self {
        let seam = (SEAM_S * f64::from(sample_rate)).round() as u64;
        let beyond = player.another(MAX_BLOCK);
        Reel { player, beyond, timeline, layout, at, seam, before: Buffer::new(layout, STEP) }
    }

    /// What it fills.
    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// The place on the timeline that it reads next.
    pub fn at(&self) -> i64 {
        self.at
    }

    /// Fills `out`, of at most [`crate::MAX_BLOCK`] frames, with what comes next. Opens files and reads them.
    pub fn read(&mut self, out: &mut Block<'_>) -> Result<(), SourceError> {
        let mut done = 0;
        while done < out.frames() {
            let song = self.timeline.song(self.at);
            let mut count =
                (out.frames() - done).min(usize::try_from(self.timeline.run(self.at)).unwrap_or(usize::MAX));
            if song < 0 {
                count = count.min(usize::try_from(-song).unwrap_or(usize::MAX));
                out.part(done, done + count).silence();
            } else {
                let seam = self.timeline.since_jump(self.at).filter(|(since, _)| *since < self.seam);
                if let Some((since, _)) = seam {
                    count = count.min((self.seam - since) as usize).min(STEP);
                }
                let mut part = out.part(done, done + count);
                self.player.read(song as u64, &mut part)?;
                if let Some((since, beyond)) = seam {
                    let mut before = self.before.block(count);
                    self.beyond.read(beyond as u64, &mut before)?;
                    for (new, old) in part.channels_mut().zip(before.channels()) {
                        for (i, (y, x)) in new.iter_mut().zip(old).enumerate() {
                            let part = weight(since + i as u64, self.seam);
                            *y = (f64::from(*x) + (f64::from(*y) - f64::from(*x)) * part) as f32;
                        }
                    }
                }
            }
            done += count;
            self.at += count as i64;
        }
        Ok(())
    }
}
