//! An album to try everything on: *Three Crossings*, composed and played by this module.
//!
//! Three songs, as different as songs can be that still belong together: [`FERRY`] is sung pop over a band, [`SLACK`] a
//! waltz for a few strings and a felt piano, [`BREAKWATER`] a night of machines. Each is a score, a table of raw stems and
//! a commented `song.toml` that mixes them; [`ALBUM_TOML`] makes a release of the three.
//!
//! In reading order:
//!
//! - `ferry`, `slack`, `breakwater`: the songs. Each has a `score` (form, harmony, tempo) and who plays it.
//! - `instruments`: how each instrument makes its sound, by which published method; what they are built from.
//! - `notation`: how scores are written down. `cover`: the album's picture. `perform`: the verb.
//!
//! Everything is computed with the four operations and the square root, which IEEE 754 defines to the last bit, so
//! the stems are the same on every machine; the tests hold their hashes.

mod breakwater;
mod cover;
mod ferry;
mod instruments;
mod notation;
pub mod perform;
mod slack;
#[cfg(test)]
mod tests;

use tonmeister_core::Buffer;

pub use breakwater::SONG as BREAKWATER;
pub use ferry::SONG as FERRY;
pub use slack::SONG as SLACK;

/// The album's name.
pub const TITLE: &str = "Three Crossings";

/// The songs, in the order of the album.
pub static SONGS: [&Song; 3] = [&FERRY, &SLACK, &BREAKWATER];

/// Frames per second of every stem.
pub const SAMPLE_RATE: u32 = 48_000;

/// The release: a commented `album.toml` that expects each song's document in the folder of its id.
pub const ALBUM_TOML: &str = include_str!("album.toml");

/// A song: on paper, and who plays it.
#[derive(Debug)]
pub struct Song {
    /// Its short name: of its folder, and for the command line.
    pub id: &'static str,
    /// Its name.
    pub title: &'static str,
    /// The mix: a commented `song.toml` that expects the stems as `stems/<id>.wav` beside it, and the rooms as
    /// `rooms/<id>.wav`.
    pub document: &'static str,
    /// Length of every stem, in frames at [`SAMPLE_RATE`].
    pub frames: usize,
    /// Its raw tracks.
    pub stems: &'static [Part],
    /// What its convolutions sound with.
    pub rooms: &'static [Part],
}

/// What one player plays.
#[derive(Debug)]
pub struct Part {
    /// Its name in the document and in its file's name.
    pub id: &'static str,
    /// What it is: "kick", "vocals", "room".
    pub role: &'static str,
    play: fn() -> Buffer,
}

/// One raw track.
#[derive(Clone, Debug)]
pub struct Stem {
    /// Its name in the document and in its file's name.
    pub id: &'static str,
    /// What it plays.
    pub role: &'static str,
    /// Its sound: [`SAMPLE_RATE`], mono or stereo as it would be recorded. All stems of a song are equally long.
    pub audio: Buffer,
}

/// Plays parts: some seconds of work for a song, spread over the machine's cores, always with the same result.
///
/// # Panics
/// Never by itself; a panic of a rendering thread is passed on.
pub fn play(parts: &'static [Part]) -> Vec<Stem> {
    let workers = std::thread::available_parallelism().map_or(1, std::num::NonZero::get).min(parts.len());
    let next = std::sync::atomic::AtomicUsize::new(0);
    let work = || {
        let mut played = Vec::new();
        loop {
            // The last stems take longest, so they are begun first.
            let turn = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let Some(place) = parts.len().checked_sub(turn + 1) else { return played };
            let Part { id, role, play } = &parts[place];
            played.push((place, Stem { id, role, audio: play() }));
        }
    };
    let mut all: Vec<(usize, Stem)> = std::thread::scope(|threads| {
        let handles: Vec<_> = (0..workers).map(|_| threads.spawn(work)).collect();
        let join = |handle: std::thread::ScopedJoinHandle<'_, Vec<(usize, Stem)>>| {
            handle.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        handles.into_iter().flat_map(join).collect()
    });
    all.sort_by_key(|(place, _)| *place);
    all.into_iter().map(|(_, stem)| stem).collect()
}
