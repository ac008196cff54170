//! *Slack Water*: a waltz in D for a few strings, a felt piano and the sea, between two tides.
//!
//! `score` is the form, the harmony, the melodies and the tempo; `plucked`, `struck` and `bowed` are who plays. The stems are
//! quiet and close, with the noises that wood and skin make; the room is added by the desk, with [`SONG`]'s chapel.

pub(in crate::demo) mod bowed;
mod plucked;
pub(in crate::demo) mod score;
mod struck;

use tonmeister_core::Buffer;

use super::instruments::arithmetic::ease;
use super::instruments::track::Stereo;
use super::instruments::{room, water};
use super::{Part, Song};

/// The song.
pub static SONG: Song = Song {
    id: "slack",
    title: "Slack Water",
    document: include_str!("song.toml"),
    frames: score::FRAMES,
    stems: &[
        Part { id: "guitar", role: "guitar", play: plucked::guitar },
        Part { id: "harp", role: "harp", play: plucked::harp },
        Part { id: "bass", role: "bass", play: plucked::bass },
        Part { id: "celesta", role: "celesta", play: struck::celesta },
        Part { id: "sea", role: "ambience", play: sea },
        Part { id: "cello", role: "cello", play: bowed::cello },
        Part { id: "piano", role: "piano", play: struck::piano },
        Part { id: "strings", role: "strings", play: bowed::strings },
    ],
    rooms: &[Part { id: "chapel", role: "room", play: room::chapel }],
};

/// The water at the mole: there before the music, nearly gone in the middle, and what is left at the end.
fn sea() -> Buffer {
    let frames = score::FRAMES as f64;
    let mut stereo = Stereo::new(score::FRAMES);
    water::sea(&mut stereo, (0.0, frames - 4.0 * 48_000.0), 5.2, 371, |frame| {
        let t = frame / frames;
        0.85 - 0.6 * ease(t / 0.15) + 0.65 * ease((t - 0.82) / 0.14)
    });
    stereo.stem(-14.0)
}
