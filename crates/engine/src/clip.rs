//! A track's audio: its clips placed on the frames of the song.
//!
//! What a clip gives in a frame depends on that frame alone, so that a render may begin anywhere. [`tape`] reads a
//! stretch of a file in either direction, [`player`] plays the clips of a track.

mod player;
mod tape;

use std::f64::consts::FRAC_PI_2;

use tonmeister_core::{Db, Frames, Layout, Source, SourceError, SourceInfo};
use tonmeister_session::model::{Clip, FadeShape, Point, Until};

pub(crate) use player::ClipPlayer;

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
#[derive(Clone, Debug)]
pub(crate) struct PlacedClip {
    pub(crate) audio: String,
    pub(crate) layout: Layout,
    /// Where it begins to sound, and for how long.
    pub(crate) start: u64,
    pub(crate) length: u64,
    /// The stretch of the file.
    pub(crate) offset: u64,
    stretch: u64,
    reverse: bool,
    /// Its own time where it begins to sound, and where it would end.
    own_from: u64,
    own_total: u64,
    /// How long each pass of a loop takes over from the one before, and how.
    join: u64,
    join_shape: FadeShape,
    gain: f64,
    /// Moves of the gain in its own time, in seconds.
    gain_points: Vec<Point>,
    fades: Vec<Fade>,
    mute: bool,
    /// Nothing shapes it and no other clip of its track sounds with it.
    alone: bool,
}

/// A fade over frames of a clip, counted from where it begins to sound.
#[derive(Clone, Copy, Debug)]
struct Fade {
    /// May be before the first frame that sounds.
    start: i64,
    frames: u64,
    shape: FadeShape,
    rising: bool,
}

impl Fade {
    fn rising(start: i64, frames: u64, shape: FadeShape) -> Self {
        Fade { start, frames, shape, rising: true }
    }

    fn falling(end: i64, frames: u64, shape: FadeShape) -> Self {
        Fade { start: end - frames as i64, frames, shape, rising: false }
    }

    fn end(&self) -> i64 {
        self.start + self.frames as i64
    }

    /// Its gain at a frame: full behind a fade in and before a fade out.
    fn at(&self, frame: i64) -> f64 {
        if !(self.start..self.end()).contains(&frame) {
            return 1.0;
        }
        let done = if self.rising { frame - self.start } else { self.end() - 1 - frame };
        fade(self.shape, (done as f64 + 0.5) / self.frames as f64)
    }
}

/// Places the clips of a track, which stand in the order of their starts. The error names what does not fit.
pub(crate) fn place(clips: &[Clip], library: &dyn Library, sample_rate: u32) -> Result<Vec<PlacedClip>, Misplaced> {
    let mut placed: Vec<PlacedClip> = Vec::with_capacity(clips.len());
    for (number, clip) in clips.iter().enumerate() {
        let refuse = |message: String| Misplaced { clip: number, message };
        let info = library.info(&clip.audio, sample_rate).map_err(|e| refuse(e.message))?;
        let mut next = PlacedClip::new(clip, info).map_err(refuse)?;
        if clip.crossfade_s > 0.0 {
            let frames = Frames::from_seconds(clip.crossfade_s, sample_rate).0;
            take_over(placed.last_mut(), &mut next, frames, clip).map_err(refuse)?;
        }
        placed.push(next);
    }
    Ok(placed)
}

/// Why a clip cannot be placed.
#[derive(Debug)]
pub(crate) struct Misplaced {
    /// Which, in the order of the track's clips.
    pub(crate) clip: usize,
    pub(crate) message: String,
}

/// Lets a clip take over from the one before it.
fn take_over(before: Option<&mut PlacedClip>, next: &mut PlacedClip, frames: u64, clip: &Clip) -> Result<(), String> {
    let place = format!("the clip of `{}` at {} s takes over in {} s", clip.audio, clip.start_s, clip.crossfade_s);
    let Some(before) = before.filter(|before| before.start < next.start) else {
        return Err(format!("{place}, but no clip of the track sounds before it; take its `crossfade_s` out"));
    };
    let end = next.start + frames;
    if before.end() < end {
        let short = Frames(end - before.end()).seconds(1) / f64::max(1.0, frames as f64) * clip.crossfade_s;
        return Err(format!(
            "{place}, but the clip before it, of `{}`, ends {short:.3} s too early for that; lengthen that one or lower \
             `crossfade_s`",
            before.audio
        ));
    }
    if next.length < frames {
        return Err(format!("{place}, which is longer than it is; lower `crossfade_s`"));
    }
    before.length = end - before.start;
    let shape = clip.crossfade_shape.into();
    before.fades.push(Fade::falling(before.length as i64, frames, shape));
    next.fades.push(Fade::rising(0, frames, shape));
    Ok(())
}

impl PlacedClip {
    /// Places a clip whose source has that shape. The error names what does not fit.
    fn new(clip: &Clip, info: SourceInfo) -> Result<Self, String> {
        let frames = |seconds: f64| Frames::from_seconds(seconds, info.sample_rate).0;
        let offset = frames(clip.offset_s);
        let seconds = Frames(info.frames).seconds(info.sample_rate);
        if offset >= info.frames && info.frames > 0 {
            return Err(format!(
                "the clip of `{}` begins at {} s of a file that is {seconds:.3} s long; lower `offset_s`",
                clip.audio, clip.offset_s
            ));
        }
        let rest = info.frames - offset.min(info.frames);
        let stretch = clip.length_s.map_or(rest, frames);
        if stretch > rest {
            return Err(format!(
                "the clip of `{}` asks for {} s from {} s on, but the file is {seconds:.3} s long; lower `length_s`",
                clip.audio,
                clip.length_s.unwrap_or_default(),
                clip.offset_s
            ));
        }
        let own_total = match clip.repeat.map(|repeat| repeat.until) {
            Some(Until::Count(count)) => stretch.saturating_mul(u64::from(count)),
            Some(Until::Length(length)) if stretch > 0 => frames(length),
            Some(Until::Length(_)) | None => stretch,
        };
        let crossfade_s = clip.repeat.map_or(0.0, |repeat| repeat.crossfade_s);
        let join = frames(crossfade_s);
        let spare = if clip.reverse { rest - stretch } else { offset };
        if join > spare.min(stretch) {
            let most = Frames(spare.min(stretch)).seconds(info.sample_rate);
            return Err(format!(
                "the loop of `{}` cross-fades over {crossfade_s} s, but there are {most:.3} s to play before it; lower \
                 `loop_crossfade_s` or move the stretch",
                clip.audio
            ));
        }
        let (fade_in, fade_out) = (frames(clip.fade_in_s).min(own_total), frames(clip.fade_out_s).min(own_total));
        let window = clip.window.unwrap_or(tonmeister_session::model::Window::ALL);
        let own_from = frames(window.from_s).min(own_total);
        let own_until = window.until_s.map(frames);
        let length = own_until.unwrap_or(own_total).min(own_total).saturating_sub(own_from);
        let sounding = |own: u64| own as i64 - own_from as i64;
        let mut fades = Vec::new();
        let mut add = |fade: Fade| {
            if fade.frames > 0 && fade.end() > 0 && fade.start < length as i64 {
                fades.push(fade);
            }
        };
        add(Fade::rising(sounding(0), fade_in, clip.fade_in_shape));
        add(Fade::falling(sounding(own_total), fade_out, clip.fade_out_shape));
        add(Fade::rising(0, frames(window.fade_in_s), window.fade_in_shape.into()));
        // A clip that ends before its window does has no fade there.
        if let Some(until) = own_until.filter(|until| *until <= own_total) {
            add(Fade::falling(sounding(until), frames(window.fade_out_s), window.fade_out_shape.into()));
        }
        Ok(PlacedClip {
            audio: clip.audio.clone(),
            layout: info.layout,
            start: frames(clip.start_s),
            length,
            offset,
            stretch,
            reverse: clip.reverse,
            own_from,
            own_total,
            join,
            join_shape: clip.crossfade_shape.into(),
            gain: Db(clip.gain_db).gain(),
            gain_points: clip.gain.clone(),
            fades,
            mute: clip.mute,
            alone: false,
        })
    }

    pub(crate) fn end(&self) -> u64 {
        self.start.saturating_add(self.length)
    }

    /// What it is besides its file's content, for the name of what is made of it.
    pub(crate) fn feed(&self, namer: &mut Namer) {
        let PlacedClip { audio: _, layout, start, length, offset, stretch, reverse, own_from, own_total, join, .. } =
            self;
        let PlacedClip { join_shape, gain, gain_points, fades, mute, alone: _, .. } = self;
        let flags = [u64::from(*reverse), u64::from(*mute)];
        for count in [*start, *length, *offset, *stretch, *own_from, *own_total, *join].into_iter().chain(flags) {
            namer.count(count);
        }
        namer.count(layout.channels() as u64);
        namer.text(join_shape.word());
        namer.number(*gain);
        namer.points(gain_points);
        namer.count(fades.len() as u64);
        for Fade { start, frames, shape, rising } in fades {
            namer.count(*start as u64);
            namer.count(*frames);
            namer.text(shape.word());
            namer.count(u64::from(*rising));
        }
    }

    /// The gain at a frame, counted from where it begins to sound, without its automation.
    fn gain_at(&self, frame: u64) -> f64 {
        self.fades.iter().fold(self.gain, |gain, fade| gain * fade.at(frame as i64))
    }

    /// Whether its samples are those of the file, in one order or the other.
    fn is_plain(&self) -> bool {
        self.gain == 1.0 && self.fades.is_empty() && self.gain_points.is_empty() && self.join == 0 && !self.mute
    }

    /// Whether a fade shapes any of these frames.
    fn fades_within(&self, from: u64, to: u64) -> bool {
        self.fades.iter().any(|fade| fade.start < to as i64 && fade.end() > from as i64)
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

#[cfg(test)]
mod tests;
