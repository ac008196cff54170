//! *Breakwater*: a night of machines in D minor, 125 beats per minute.
//!
//! `score` is the form, the harmony and the patterns; `machines` the drums, `electric` the synthesizers and the guitar,
//! `voice` a singer who is cut into pieces. It begins out of the open fifth on which *Slack Water* ends.

pub(in crate::demo) mod electric;
mod machines;
pub(in crate::demo) mod score;
mod voice;

use super::{Part, Song};

/// The song.
pub static SONG: Song = Song {
    id: "breakwater",
    title: "Breakwater",
    document: include_str!("song.toml"),
    frames: score::FRAMES,
    stems: &[
        Part { id: "kick", role: "kick", play: machines::kick },
        Part { id: "clap", role: "snare", play: machines::clap },
        Part { id: "hats", role: "cymbals", play: machines::hats },
        Part { id: "percussion", role: "percussion", play: machines::percussion },
        Part { id: "bass", role: "bass", play: electric::bass },
        Part { id: "guitar", role: "guitar", play: electric::guitar },
        Part { id: "stabs", role: "synth", play: electric::stabs },
        Part { id: "lead", role: "synth", play: electric::lead },
        Part { id: "effects", role: "effects", play: machines::effects },
        Part { id: "arpeggio", role: "synth", play: electric::arpeggio },
        Part { id: "pad", role: "pad", play: electric::pad },
        Part { id: "chops", role: "vocals", play: voice::chops },
    ],
    rooms: &[],
};
