//! Clips: stretches of audio files on the timeline, and what is done to them before the strip.

use super::Point;
use crate::time::BarBeat;

/// A stretch of an audio file, placed on the timeline.
///
/// In order: the stretch of the file is turned around (`reverse`), repeated (`repeat`), turned up and down (`gain_db`,
/// `gain`) and faded; `window` chooses what of all that sounds.
#[derive(Clone, Debug, PartialEq)]
pub struct Clip {
    /// The file, relative to the document's folder.
    pub audio: String,
    /// Where it starts on the timeline, in seconds.
    pub start_s: f64,
    /// The bar and beat that the start was written as.
    pub start_written: Option<BarBeat>,
    /// Where in the file the stretch begins, in seconds.
    pub offset_s: f64,
    /// How long the stretch is; without it, to the file's end.
    pub length_s: Option<f64>,
    /// Plays the stretch from its end to its beginning.
    pub reverse: bool,
    /// Plays the stretch again and again.
    pub repeat: Option<Repeat>,
    /// Its own gain.
    pub gain_db: f64,
    /// Moves of its gain, added to `gain_db`: decibels over seconds from the clip's own start. May be empty.
    pub gain: Vec<Point>,
    /// Length of the fade in, in seconds.
    pub fade_in_s: f64,
    /// Length of the fade out, in seconds.
    pub fade_out_s: f64,
    /// The curve of the fade in.
    pub fade_in_shape: FadeShape,
    /// The curve of the fade out.
    pub fade_out_shape: FadeShape,
    /// From its start on it takes over, in this time, from the clip of its track that started before it; 0: they add.
    pub crossfade_s: f64,
    /// The curve of that.
    pub crossfade_shape: CrossfadeShape,
    /// Silent, though it keeps its time.
    pub mute: bool,
    /// What of it sounds; without it, all.
    pub window: Option<Window>,
}

/// How often a clip plays its stretch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Repeat {
    /// Until when.
    pub until: Until,
    /// How long one pass takes over from the one before, in seconds. The new pass begins that much before its time,
    /// with what comes before the stretch in the file (behind it, in reverse), so that the loop keeps its length.
    pub crossfade_s: f64,
}

/// When a loop ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Until {
    /// After that many passes.
    Count(u32),
    /// After that many seconds.
    Length(f64),
}

/// What of a clip sounds, in the clip's own time: what a cut leaves of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Window {
    /// Its own time at `start_s`, in seconds.
    pub from_s: f64,
    /// Until when of its own time, in seconds; without it, to its end. May be behind its end.
    pub until_s: Option<f64>,
    /// A fade at the beginning, in seconds, on top of its own.
    pub fade_in_s: f64,
    /// A fade before `until_s`, in seconds, on top of its own. A clip that ends before has none.
    pub fade_out_s: f64,
    /// The curve of the fade in.
    pub fade_in_shape: CrossfadeShape,
    /// The curve of the fade out.
    pub fade_out_shape: CrossfadeShape,
}

/// How a fade travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FadeShape {
    /// A quarter sine: two such fades crossing keep the power of unrelated sounds.
    EqualPower,
    /// A straight line: two such fades crossing keep the level of like sounds.
    Linear,
    /// A raised cosine: gentle at both ends.
    S,
    /// A straight line in decibels over 60 dB, with a linear last step to silence.
    Exponential,
}

/// How one clip takes over from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CrossfadeShape {
    /// Keeps the power of unrelated sounds.
    EqualPower,
    /// Keeps the level of like sounds.
    Linear,
}

impl FadeShape {
    /// In the order of [`crate::keys::FADE_SHAPES`].
    pub const ALL: [FadeShape; 4] = [FadeShape::EqualPower, FadeShape::Linear, FadeShape::S, FadeShape::Exponential];

    /// As the document writes it.
    pub fn word(self) -> &'static str {
        crate::keys::FADE_SHAPES[self as usize].id
    }
}

impl CrossfadeShape {
    /// In the order of [`crate::keys::CROSSFADE_SHAPES`].
    pub const ALL: [CrossfadeShape; 2] = [CrossfadeShape::EqualPower, CrossfadeShape::Linear];

    /// As the document writes it.
    pub fn word(self) -> &'static str {
        crate::keys::CROSSFADE_SHAPES[self as usize].id
    }
}

impl From<CrossfadeShape> for FadeShape {
    fn from(shape: CrossfadeShape) -> FadeShape {
        match shape {
            CrossfadeShape::EqualPower => FadeShape::EqualPower,
            CrossfadeShape::Linear => FadeShape::Linear,
        }
    }
}

impl Clip {
    /// The whole of a file, from the song's start.
    pub fn whole(audio: impl Into<String>) -> Self {
        Clip {
            audio: audio.into(),
            start_s: 0.0,
            start_written: None,
            offset_s: 0.0,
            length_s: None,
            reverse: false,
            repeat: None,
            gain_db: 0.0,
            gain: Vec::new(),
            fade_in_s: 0.0,
            fade_out_s: 0.0,
            fade_in_shape: FadeShape::EqualPower,
            fade_out_shape: FadeShape::EqualPower,
            crossfade_s: 0.0,
            crossfade_shape: CrossfadeShape::EqualPower,
            mute: false,
            window: None,
        }
    }

    /// Whether its audio runs as it stands in the file, so that what is taken off the file's ends is taken off the
    /// clip's: neither turned around nor repeated nor seen through a window.
    pub fn runs_as_recorded(&self) -> bool {
        !self.reverse && self.repeat.is_none() && self.window.is_none()
    }
}

impl Window {
    /// All of a clip.
    pub const ALL: Window = Window {
        from_s: 0.0,
        until_s: None,
        fade_in_s: 0.0,
        fade_out_s: 0.0,
        fade_in_shape: CrossfadeShape::EqualPower,
        fade_out_shape: CrossfadeShape::EqualPower,
    };
}
