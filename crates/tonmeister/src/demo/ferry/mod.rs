//! *Last Light Ferry*: a pop song in G major, 112.5 beats per minute, sung.
//!
//! In reading order: `score` is the form, the harmony and the grooves; `lyrics` the melody and its words. Then the band:
//! `drums`, `metal`, `percussion`, `bass`, `keys`, `pad`, `synth`, `singers`. Its stems are raw, as a band leaves them on
//! the last evening in the studio: dry, a little boomy here, a little sharp there, at healthy levels.

pub(in crate::demo) mod bass;
mod drums;
mod keys;
pub(in crate::demo) mod lyrics;
mod metal;
mod pad;
mod percussion;
pub(in crate::demo) mod score;
pub(in crate::demo) mod singers;
pub(in crate::demo) mod synth;

use super::{Part, Song};

/// The song.
pub static SONG: Song = Song {
    id: "ferry",
    title: "Last Light Ferry",
    document: include_str!("song.toml"),
    frames: score::FRAMES,
    stems: &[
        Part { id: "kick", role: "kick", play: drums::kick },
        Part { id: "snare", role: "snare", play: drums::snare },
        Part { id: "hats", role: "cymbals", play: metal::hats },
        Part { id: "percussion", role: "percussion", play: percussion::percussion },
        Part { id: "cymbals", role: "cymbals", play: metal::cymbals },
        Part { id: "bass", role: "bass", play: bass::bass },
        Part { id: "chords", role: "keys", play: keys::chords },
        Part { id: "pad", role: "pad", play: pad::pad },
        Part { id: "pluck", role: "synth", play: synth::pluck },
        Part { id: "lead", role: "synth", play: synth::lead },
        Part { id: "backing-low", role: "backing", play: singers::backing_low },
        Part { id: "backing-high", role: "backing", play: singers::backing_high },
        Part { id: "vocal", role: "vocals", play: singers::vocal },
    ],
    rooms: &[],
};
