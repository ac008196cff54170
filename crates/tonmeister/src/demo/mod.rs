//! A song to try everything on: *Last Light Ferry*, composed and played by this module.
//!
//! [`stems`] renders thirteen raw tracks, as a band leaves them on the last evening in the studio: dry, a little boomy
//! here, a little sharp there, at healthy levels. [`SONG_TOML`] is a mix of them that explains itself.
//!
//! In reading order:
//!
//! - `score` is the form, the harmony and the grooves; `lyrics` the melody and its words.
//! - The band: `drums`, `metal`, `percussion`, `bass`, `keys`, `pad`, `synth`.
//! - The singers: `phones` knows how a mouth stands for each sound, `voice` sings, `singers` are the people.
//! - What they are built from: `oscillator` (band-limited waves), `filter`, `noise` (seeded chance),
//!   `track` (notes become a stem) and `arithmetic`.
//!
//! Everything is computed with the four operations and the square root, which IEEE 754 defines to the last bit, so
//! the stems are the same on every machine; the tests hold their hashes.

mod arithmetic;
mod bass;
#[cfg(test)]
mod document;
mod drums;
mod filter;
mod keys;
mod lyrics;
mod metal;
mod oscillator;
mod pad;
mod percussion;
pub mod perform;
mod phones;
mod score;
mod singers;
mod synth;
#[cfg(test)]
mod tests;
mod track;
mod voice;

use tonmeister_core::Buffer;

/// The song's name.
pub const TITLE: &str = "Last Light Ferry";

/// Frames per second of every stem.
pub const SAMPLE_RATE: u32 = 48_000;

/// The mix: a commented `song.toml` that expects the stems as `stems/<id>.wav` beside it.
pub const SONG_TOML: &str = include_str!("song.toml");

/// The release: a commented `album.toml` that expects the mix's document beside it.
pub const ALBUM_TOML: &str = include_str!("album.toml");

/// Name and role of every stem, in the order of [`stems`].
pub const STEMS: [(&str, &str); 13] = [
    ("kick", "kick"),
    ("snare", "snare"),
    ("hats", "cymbals"),
    ("percussion", "percussion"),
    ("cymbals", "cymbals"),
    ("bass", "bass"),
    ("chords", "keys"),
    ("pad", "pad"),
    ("pluck", "synth"),
    ("lead", "synth"),
    ("backing-low", "backing"),
    ("backing-high", "backing"),
    ("vocal", "vocals"),
];

/// One raw track.
#[derive(Clone, Debug)]
pub struct Stem {
    /// Its name in the document and in its file's name.
    pub id: &'static str,
    /// What it plays.
    pub role: &'static str,
    /// Its sound: [`SAMPLE_RATE`], as long as every other, mono or stereo as it would be recorded.
    pub audio: Buffer,
}

/// How each stem is played, in the order of [`STEMS`].
const PLAYERS: [fn() -> Buffer; 13] = [
    drums::kick,
    drums::snare,
    metal::hats,
    percussion::percussion,
    metal::cymbals,
    bass::bass,
    keys::chords,
    pad::pad,
    synth::pluck,
    synth::lead,
    singers::backing_low,
    singers::backing_high,
    singers::vocal,
];

/// Plays the song: about two seconds of work, spread over the machine's cores, always with the same result.
///
/// # Panics
/// Never by itself; a panic of a rendering thread is passed on.
pub fn stems() -> Vec<Stem> {
    let workers = std::thread::available_parallelism().map_or(1, std::num::NonZero::get).min(PLAYERS.len());
    let next = std::sync::atomic::AtomicUsize::new(0);
    let play = || {
        let mut played = Vec::new();
        loop {
            // The last stems take longest, so they are begun first.
            let turn = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let Some(place) = (PLAYERS.len() - 1).checked_sub(turn) else { return played };
            played.push((place, PLAYERS[place]()));
        }
    };
    let mut all: Vec<(usize, Buffer)> = std::thread::scope(|threads| {
        let handles: Vec<_> = (0..workers).map(|_| threads.spawn(play)).collect();
        let join = |handle: std::thread::ScopedJoinHandle<'_, Vec<(usize, Buffer)>>| {
            handle.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        handles.into_iter().flat_map(join).collect()
    });
    all.sort_by_key(|(place, _)| *place);
    let named = all.into_iter().zip(STEMS);
    named.map(|((_, audio), (id, role))| Stem { id, role, audio }).collect()
}
