//! A track's audio: its clips read as streams, placed, faded and added.

use std::f64::consts::FRAC_PI_2;
use std::sync::Arc;

use tonmeister_core::{Block, Buffer, Db, Layout, Source, SourceError, SourceInfo};
use tonmeister_session::model::{Clip, FadeShape};

use crate::mix::add_samples;
use crate::name::Namer;

/// Where the engine gets audio from: somebody else knows files.
pub trait Library: Send + Sync {
    /// The shape of a piece of audio once converted to that rate.
    fn info(&self, audio: &str, sample_rate: u32) -> Result<SourceInfo, SourceError>;

    /// What the audio is, as a word that changes when the audio does: the hash of the file, where renders are kept for
    /// another day. The name alone will do for a render that keeps nothing.
    fn content(&self, audio: &str) -> Result<String, SourceError> {
        Ok(audio.to_owned())
    }

    /// The audio as a stream at that rate, from its first frame. May be called on any thread, also more than once.
    fn open(&self, audio: &str, sample_rate: u32) -> Result<Box<dyn Source>, SourceError>;
}

/// A clip in frames of the song.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PlacedClip {
    pub(crate) audio: String,
    pub(crate) layout: Layout,
    pub(crate) start: u64,
    pub(crate) offset: u64,
    pub(crate) length: u64,
    gain: f64,
    fade_in: u64,
    fade_out: u64,
    shape: FadeShape,
    /// Nothing shapes it and no other clip of its track sounds with it.
    alone: bool,
}

impl PlacedClip {
    /// Places a clip whose source has that shape. The error names what does not fit.
    pub(crate) fn new(clip: &Clip, info: SourceInfo) -> Result<Self, String> {
        let frames = |seconds: f64| tonmeister_core::Frames::from_seconds(seconds, info.sample_rate).0;
        let offset = frames(clip.offset_s);
        let seconds = tonmeister_core::Frames(info.frames).seconds(info.sample_rate);
        if offset >= info.frames && info.frames > 0 {
            return Err(format!(
                "the clip of `{}` begins at {} s of a file that is {seconds:.3} s long; lower `offset_s`",
                clip.audio, clip.offset_s
            ));
        }
        let rest = info.frames - offset.min(info.frames);
        let length = clip.length_s.map_or(rest, frames);
        if length > rest {
            return Err(format!(
                "the clip of `{}` asks for {} s from {} s on, but the file is {seconds:.3} s long; lower `length_s`",
                clip.audio,
                clip.length_s.unwrap_or_default(),
                clip.offset_s
            ));
        }
        Ok(PlacedClip {
            audio: clip.audio.clone(),
            layout: info.layout,
            start: frames(clip.start_s),
            offset,
            length,
            gain: Db(clip.gain_db).gain(),
            fade_in: frames(clip.fade_in_s).min(length),
            fade_out: frames(clip.fade_out_s).min(length),
            shape: clip.fade_shape,
            alone: false,
        })
    }

    pub(crate) fn end(&self) -> u64 {
        self.start + self.length
    }

    /// What it is besides its file's content, for the name of what is made of it.
    pub(crate) fn feed(&self, namer: &mut Namer) {
        let PlacedClip { audio: _, layout, start, offset, length, gain, fade_in, fade_out, shape, alone: _ } = self;
        for count in [layout.channels() as u64, *start, *offset, *length, *fade_in, *fade_out] {
            namer.count(count);
        }
        namer.number(*gain);
        namer.text(shape.word());
    }

    /// The gain at a frame of the clip.
    fn gain_at(&self, frame: u64) -> f64 {
        let mut gain = self.gain;
        if frame < self.fade_in {
            gain *= fade(self.shape, (frame as f64 + 0.5) / self.fade_in as f64);
        }
        let left = self.length - frame;
        if left <= self.fade_out {
            gain *= fade(self.shape, (left as f64 - 0.5) / self.fade_out as f64);
        }
        gain
    }
}

/// The gain of a fade that is `part` (0 to 1) of the way from silence to full.
fn fade(shape: FadeShape, part: f64) -> f64 {
    match shape {
        FadeShape::EqualPower => (FRAC_PI_2 * part).sin(),
        FadeShape::Linear => part,
        FadeShape::S => (FRAC_PI_2 * part).sin().powi(2),
        // −60 dB at the start; the last thousandth is taken off in a straight line so that the end is silence.
        FadeShape::Exponential => (Db(-60.0 * (1.0 - part)).gain() - 0.001) / 0.999,
    }
}

/// Plays the clips of one track, forwards, opening each file only while it sounds.
pub(crate) struct ClipPlayer {
    library: Arc<dyn Library>,
    sample_rate: u32,
    clips: Vec<PlacedClip>,
    open: Vec<(usize, Box<dyn Source>)>,
    next: usize,
    scratch: Buffer,
}

impl ClipPlayer {
    pub(crate) fn new(library: Arc<dyn Library>, sample_rate: u32, clips: &[PlacedClip], max_block: usize) -> Self {
        let mut clips = clips.to_vec();
        clips.sort_by_key(|c| c.start);
        let mut free_from = 0;
        for i in 0..clips.len() {
            let next = clips.get(i + 1).map_or(u64::MAX, |c| c.start);
            clips[i].alone = clips[i].is_plain() && clips[i].start >= free_from && clips[i].end() <= next;
            free_from = free_from.max(clips[i].end());
        }
        // Clips that are alone are read straight into the track; only others need room to be shaped in.
        let layout = if clips.iter().any(|c| c.layout == Layout::Stereo) { Layout::Stereo } else { Layout::Mono };
        let shaped = clips.iter().any(|c| !c.alone || c.layout != layout);
        let scratch = Buffer::new(Layout::Stereo, if shaped { max_block } else { 0 });
        ClipPlayer { library, sample_rate, clips, open: Vec::new(), next: 0, scratch }
    }

    /// Fills `out` with the frames of the song from `at` on. Calls come in order, without gaps.
    pub(crate) fn read(&mut self, at: u64, out: &mut Block<'_>) -> Result<(), SourceError> {
        let end = at + out.frames() as u64;
        while self.next < self.clips.len() && self.clips[self.next].start < end {
            let clip = &self.clips[self.next];
            if clip.length > 0 && clip.end() > at {
                let mut source = self.library.open(&clip.audio, self.sample_rate)?;
                source.skip(clip.offset)?;
                self.open.push((self.next, source));
            }
            self.next += 1;
        }
        // A clip that plays alone all through the block fills it by itself; everything else is added to silence.
        let layout = out.layout();
        let fills = |clip: &PlacedClip| clip.alone && clip.layout == layout;
        let covers = |clip: &PlacedClip| fills(clip) && clip.start <= at && end <= clip.end();
        if !self.open.iter().any(|(place, _)| covers(&self.clips[*place])) {
            out.silence();
        }
        let mut i = 0;
        while i < self.open.len() {
            let clip = &self.clips[self.open[i].0];
            let (from, to) = (clip.start.max(at), clip.end().min(end));
            if from < to {
                let mut part = out.part((from - at) as usize, (to - at) as usize);
                let source = &mut *self.open[i].1;
                if fills(clip) {
                    fill(source, clip, from - clip.start, &mut part)?;
                } else {
                    add(source, clip, from - clip.start, &mut part, &mut self.scratch)?;
                }
            }
            if clip.end() <= end {
                self.open.remove(i);
            } else {
                i += 1;
            }
        }
        Ok(())
    }
}

impl PlacedClip {
    fn is_plain(&self) -> bool {
        self.gain == 1.0 && self.fade_in == 0 && self.fade_out == 0
    }

    /// Whether a fade shapes any of these frames of the clip.
    fn fades_within(&self, from: u64, to: u64) -> bool {
        from < self.fade_in || to > self.length - self.fade_out
    }
}

/// Reads exactly the block, or says where the file ended before its time.
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
                clip.offset + at + done as u64,
                clip.offset + clip.length
            )));
        }
        done += got;
    }
    Ok(())
}

fn add(
    source: &mut dyn Source,
    clip: &PlacedClip,
    at: u64,
    out: &mut Block<'_>,
    scratch: &mut Buffer,
) -> Result<(), SourceError> {
    let frames = out.frames();
    let mut block = scratch.block(frames);
    let mut read = match clip.layout {
        Layout::Mono => Block::mono(block.channel_mut(0)),
        Layout::Stereo => block,
    };
    fill(source, clip, at, &mut read)?;
    for channel in 0..out.layout().channels() {
        // A mono clip on a stereo track sounds on both sides.
        let from = read.channel(channel.min(read.layout().channels() - 1));
        let sum = out.channel_mut(channel);
        if clip.fades_within(at, at + frames as u64) {
            for (i, (y, x)) in sum.iter_mut().zip(from).enumerate() {
                *y += (clip.gain_at(at + i as u64) * f64::from(*x)) as f32;
            }
        } else {
            add_samples(from, clip.gain, sum);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fades_start_at_silence_end_at_full_and_keep_their_promises() {
        for shape in [FadeShape::EqualPower, FadeShape::Linear, FadeShape::S, FadeShape::Exponential] {
            assert!(fade(shape, 0.0).abs() < 1e-12, "{shape:?}");
            assert!((fade(shape, 1.0) - 1.0).abs() < 1e-12, "{shape:?}");
        }
        for part in [0.1, 0.3, 0.5, 0.9] {
            let power = fade(FadeShape::EqualPower, part).powi(2) + fade(FadeShape::EqualPower, 1.0 - part).powi(2);
            assert!((power - 1.0).abs() < 1e-12, "crossing fades keep the power");
            assert!((fade(FadeShape::Linear, part) + fade(FadeShape::Linear, 1.0 - part) - 1.0).abs() < 1e-12);
            assert!((fade(FadeShape::S, part) + fade(FadeShape::S, 1.0 - part) - 1.0).abs() < 1e-12);
        }
    }
}
