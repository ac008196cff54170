//! Songs into sides, in their order, as even as can be.

use std::ops::Range;

use super::{Medium, Song};

/// Sides that are tried: four double records.
const MOST_SIDES: usize = 16;
/// Times nearer than this are the same: a hundredth of a second.
const SAME_S: f64 = 0.01;

/// A side.
#[derive(Clone, Debug, PartialEq)]
pub struct Side {
    /// A, B, C, …
    pub letter: char,
    /// The songs on it, by their places in the album.
    pub songs: Range<usize>,
    /// Its length with the pauses between its songs, in seconds.
    pub seconds: f64,
}

/// An album on sides.
#[derive(Clone, Debug, PartialEq)]
pub struct Split {
    /// The sides, from A.
    pub sides: Vec<Side>,
}

impl Split {
    /// The longest side in seconds.
    pub fn longest_s(&self) -> f64 {
        self.sides.iter().map(|s| s.seconds).fold(0.0, f64::max)
    }
}

/// Why songs cannot be put on sides.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum TooLong {
    /// There are fewer songs than sides.
    #[error("{songs} songs cannot fill {sides} sides; a side begins with a song")]
    Empty {
        /// How many songs.
        songs: usize,
        /// How many sides.
        sides: usize,
    },
    /// A song alone is longer than a side.
    #[error("\"{title}\" lasts {}, longer than a side of {medium} ({}); choose another medium or shorten it", minutes(*.seconds), minutes(*.side_s))]
    Song {
        /// The song.
        title: String,
        /// Its length.
        seconds: f64,
        /// The medium.
        medium: String,
        /// The length of its sides.
        side_s: f64,
    },
    /// Even the most sides do not hold them.
    #[error("the songs do not fit on {most} sides of {medium}; leave songs out or choose another medium", most = MOST_SIDES)]
    Album {
        /// The medium.
        medium: String,
    },
}

/// Splits songs into so many sides: in their order, the longest side as short as it can be, and then as even as can be.
///
/// # Errors
/// When there are fewer songs than sides.
pub fn split(songs: &[Song], sides: usize) -> Result<Split, TooLong> {
    if sides == 0 || songs.len() < sides {
        return Err(TooLong::Empty { songs: songs.len(), sides });
    }
    // First how short the longest side can be; then, with no side longer, the least sum of squares.
    let longest = best(songs, sides, f64::INFINITY, f64::max).0;
    let (_, ends) = best(songs, sides, longest + SAME_S, |sum, side| sum + side * side);
    let mut from = 0;
    let sides = ends.into_iter().enumerate().map(|(n, to)| {
        let songs_of = from..to;
        from = to;
        let seconds = length(&songs[songs_of.clone()]);
        Side { letter: char::from(b'A' + (n % 26) as u8), songs: songs_of, seconds }
    });
    Ok(Split { sides: sides.collect() })
}

/// Splits songs into as few sides as hold them well (up to the medium's good length): one side of one record, or two, four,
/// six, … When no number of sides up to 16 does, into as few as hold them at all.
///
/// # Errors
/// When a song is longer than a side can be, or 16 sides do not hold them.
pub fn split_to_fit(songs: &[Song], medium: &Medium) -> Result<Split, TooLong> {
    if songs.is_empty() {
        return Err(TooLong::Empty { songs: 0, sides: 1 });
    }
    if let Some(song) = songs.iter().find(|s| s.seconds > medium.longest_s) {
        return Err(TooLong::Song {
            title: song.title.clone(),
            seconds: song.seconds,
            medium: medium.name.clone(),
            side_s: medium.longest_s,
        });
    }
    for limit in [medium.good_s, medium.longest_s] {
        for sides in std::iter::once(1).chain((2..=MOST_SIDES).step_by(2)).take_while(|n| *n <= songs.len()) {
            let split = split(songs, sides)?;
            if split.longest_s() <= limit {
                return Ok(split);
            }
        }
    }
    Err(TooLong::Album { medium: medium.name.clone() })
}

/// The length of songs on one side: the pause behind the last does not count.
fn length(songs: &[Song]) -> f64 {
    let whole: f64 = songs.iter().map(|s| s.seconds + s.pause_s).sum();
    whole - songs.last().map_or(0.0, |s| s.pause_s)
}

/// The least cost of so many sides none of which is longer than `limit`, and where the sides end.
fn best(songs: &[Song], sides: usize, limit: f64, join: impl Fn(f64, f64) -> f64) -> (f64, Vec<usize>) {
    let n = songs.len();
    // costs[k][j]: the first j songs on k sides.
    let mut costs = vec![vec![f64::INFINITY; n + 1]; sides + 1];
    let mut begins = vec![vec![0; n + 1]; sides + 1];
    costs[0][0] = 0.0;
    for k in 1..=sides {
        for j in k..=n {
            for i in k - 1..j {
                let side = length(&songs[i..j]);
                let cost = join(costs[k - 1][i], side);
                // Of equals the later break wins, so that the first sides are the longer ones.
                if side <= limit && cost <= costs[k][j] {
                    (costs[k][j], begins[k][j]) = (cost, i);
                }
            }
        }
    }
    let mut ends = vec![n];
    for k in (2..=sides).rev() {
        ends.push(begins[k][ends[ends.len() - 1]]);
    }
    ends.reverse();
    (costs[sides][n], ends)
}

/// Minutes and seconds.
pub(super) fn minutes(seconds: f64) -> String {
    let whole = seconds.round() as u64;
    format!("{}:{:02}", whole / 60, whole % 60)
}
