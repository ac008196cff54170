//! Compressed files: packets in, trimmed `f32` out.
//!
//! A codec is wrapped behind [`Packets`], which gives decoded stretches one after the other. [`CodedLanes`] makes a
//! stream of them: it takes the encoder's delay off the front, stops at the exact length, and passes over frames by
//! decoding and dropping them, because the state of these codecs after a seek is not that of playing through.

pub(crate) mod demuxed;
pub(crate) mod mp4;
pub(crate) mod opus;

use std::path::PathBuf;

use tonmeister_core::SourceError;

use crate::error::MediaError;
use crate::finite::FinitePolicy;
use crate::info::{FileInfo, Speakers};
use crate::wide::Lanes;

/// A stretch of decoded audio: planar, one lane for each channel.
pub(crate) struct Stretch {
    pub(crate) lanes: Vec<Vec<f32>>,
}

impl Stretch {
    pub(crate) fn new(channels: usize) -> Self {
        Stretch { lanes: vec![Vec::new(); channels] }
    }

    fn frames(&self) -> usize {
        self.lanes.first().map_or(0, Vec::len)
    }

    pub(crate) fn clear(&mut self) {
        self.lanes.iter_mut().for_each(Vec::clear);
    }
}

/// A decoder and the packets it is fed with.
pub(crate) trait Packets: Send {
    /// Replaces `out` by the next decoded stretch (which may be empty); `false` at the end of the stream.
    fn next(&mut self, out: &mut Stretch) -> Result<bool, Fault>;
}

/// Why a packet could not be decoded.
pub(crate) enum Fault {
    /// The bytes could not be read.
    Io(std::io::Error),
    /// They are not what the codec defines.
    Damaged(String),
}

/// A compressed file as a stream.
pub(crate) struct CodedLanes {
    packets: Box<dyn Packets>,
    path: PathBuf,
    sample_rate: u32,
    frames: u64,
    policy: FinitePolicy,
    stretch: Stretch,
    /// The frames of the stretch that are used up.
    used: usize,
    /// Frames of encoder delay that are still to be dropped.
    delay: u64,
    /// The next frame to deliver.
    at: u64,
}

impl CodedLanes {
    pub(crate) fn new(packets: Box<dyn Packets>, info: &FileInfo<Speakers>, delay: u64, policy: FinitePolicy) -> Self {
        CodedLanes {
            packets,
            path: info.path.clone(),
            sample_rate: info.sample_rate,
            frames: info.frames,
            policy,
            stretch: Stretch::new(info.layout.places.len()),
            used: 0,
            delay,
            at: 0,
        }
    }

    /// Passes `frames` frames to `take` (which gets the stretch, where in it, where in the request, and how many).
    fn advance(
        &mut self,
        frames: u64,
        mut take: impl FnMut(&Stretch, usize, usize, usize),
    ) -> Result<u64, SourceError> {
        let wanted = frames.min(self.frames - self.at);
        let mut done = 0;
        while done < wanted {
            let have = self.stretch.frames() - self.used;
            if have == 0 {
                self.fetch()?;
                continue;
            }
            let count = (have as u64).min(wanted - done) as usize;
            take(&self.stretch, self.used, done as usize, count);
            self.used += count;
            self.at += count as u64;
            done += count as u64;
        }
        Ok(done)
    }

    /// Decodes the next stretch and drops what is encoder delay.
    fn fetch(&mut self) -> Result<(), MediaError> {
        let place = || format!("{:.3} s", self.at as f64 / f64::from(self.sample_rate));
        match self.packets.next(&mut self.stretch) {
            Ok(true) => {}
            Ok(false) => {
                let missing = self.frames - self.at;
                let found = format!("the stream ends {missing} frames before its stated length");
                return Err(MediaError::Damaged { path: self.path.clone(), place: place(), found });
            }
            Err(Fault::Io(error)) => return Err(MediaError::io(&self.path, "read", error)),
            Err(Fault::Damaged(found)) => {
                return Err(MediaError::Damaged { path: self.path.clone(), place: place(), found });
            }
        }
        let dropped = self.delay.min(self.stretch.frames() as u64);
        self.used = dropped as usize;
        self.delay -= dropped;
        Ok(())
    }
}

impl Lanes for CodedLanes {
    fn read(&mut self, lanes: &mut [&mut [f32]]) -> Result<usize, SourceError> {
        let start = self.at;
        let room = lanes.first().map_or(0, |lane| lane.len());
        let done = self.advance(room as u64, |stretch, from, to, count| {
            for (out, lane) in lanes.iter_mut().zip(&stretch.lanes) {
                out[to..to + count].copy_from_slice(&lane[from..from + count]);
            }
        })? as usize;
        self.policy.apply(lanes, done, start, &self.path, self.sample_rate)?;
        Ok(done)
    }

    fn skip(&mut self, frames: u64) -> Result<u64, SourceError> {
        self.advance(frames, |_, _, _, _| {})
    }
}
