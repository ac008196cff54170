//! What `harsh` and `muddy` hold a song against, made from a folder of released songs.
//!
//! `TONMEISTER_MUSIC=FOLDER BLESS=1 cargo test --workspace --test find -- --ignored --nocapture the_norm` writes
//! `src/check/balance/norm.rs` anew (`cargo fmt` after it); without `BLESS` it is compared. The folder holds one folder per
//! collection (a game, an album), as `bench/music get FOLDER` makes it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use tonmeister_core::Level;
use tonmeister_measure::check::balance::{Balance, Band, THIRDS, VIEWS, Views, norm, views_of_spectrum};
use tonmeister_measure::check::rules::{HARSH, MUDDY};

use crate::common::files;
use crate::tally::{cut, inspect_with, whole};
use crate::tone::only;

const SIZE: usize = THIRDS * VIEWS;
/// Minutes of a song, where they lie in it,
const PLACES: [f64; 3] = [0.2, 0.5, 0.8];
const SECONDS: f64 = 60.0;
/// none of them shorter than so much.
const SHORTEST_SECONDS: f64 = 25.0;
/// How much of each view's own variance is added to it, that what a few hundred songs have in common by chance does not
/// count. Of 0.03 to 1, the songs of other collections were told best with this.
const SHRINK: f64 = 0.1;

/// How much the plain reading counts for mud: the songs of other collections vary least with it (0 to 1 was tried).
const PLAIN: f64 = 0.3;

struct Song {
    collection: String,
    views: Vec<f64>,
}

fn flat(views: &Views) -> Vec<f64> {
    views.iter().flatten().copied().collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// What a change of level does to the views.
fn level() -> Vec<f64> {
    flat(&views_of_spectrum(&[1.0; THIRDS]))
}

/// Every minute of a full mix in the folder's collections, freed of its level.
fn songs(folder: &Path) -> Vec<Song> {
    let config = only("harsh").with_level("muddy", Level::Note).unwrap();
    let level = level();
    let mut songs = Vec::new();
    let mut collections: Vec<_> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    collections.sort();
    for folder in collections.into_iter().filter(|f| f.is_dir()) {
        let collection = folder.file_name().unwrap().to_string_lossy().into_owned();
        let before = songs.len();
        for file in files(&folder, &["ogg", "opus", "mp3", "flac", "wav"]) {
            let Ok(song) = std::panic::catch_unwind(|| whole(&file)) else { continue };
            let (all, rate) = (song.audio.frames(), f64::from(song.rate));
            let minute = all.min((SECONDS * rate) as usize);
            let places = if all < 2 * minute { &PLACES[1..2] } else { &PLACES[..] };
            for place in places {
                let e = cut(&song, ((all - minute) as f64 * place) as usize, minute);
                if (minute as f64) < SHORTEST_SECONDS * rate {
                    continue;
                }
                let balance = inspect_with(e.rate, &e.audio, &config).balance;
                let Some(balance) = balance.filter(Balance::is_mix) else { continue };
                let mut views = flat(&balance.views);
                let part = dot(&views, &level) / dot(&level, &level);
                views.iter_mut().zip(&level).for_each(|(x, l)| *x -= part * l);
                songs.push(Song { collection: collection.clone(), views });
            }
        }
        eprintln!("{collection}: {} minutes of full mixes", songs.len() - before);
    }
    songs
}

/// Their mean, and for each band the weights; a collection counts by the square root of its minutes.
fn fit(songs: &[&Song]) -> (Vec<f64>, [Vec<f64>; 2]) {
    let mut counts: BTreeMap<&str, f64> = BTreeMap::new();
    for song in songs {
        *counts.entry(&song.collection).or_default() += 1.0;
    }
    let weight = |s: &Song| 1.0 / counts[s.collection.as_str()].sqrt();
    let total: f64 = songs.iter().map(|s| weight(s)).sum();
    let mut mean = vec![0.0; SIZE];
    for song in songs {
        mean.iter_mut().zip(&song.views).for_each(|(m, x)| *m += weight(song) / total * x);
    }
    let mut covariance = vec![vec![0.0; SIZE]; SIZE];
    for song in songs {
        let off: Vec<f64> = song.views.iter().zip(&mean).map(|(x, m)| x - m).collect();
        for (row, a) in covariance.iter_mut().zip(&off) {
            row.iter_mut().zip(&off).for_each(|(c, b)| *c += weight(song) / total * a * b);
        }
    }
    for (n, row) in covariance.iter_mut().enumerate() {
        row[n] += SHRINK * row[n] + 1e-3;
    }
    let level = level();
    let by_level = solve(&covariance, &level);
    let weights = Band::ALL.map(|band| {
        let bell = flat(&band.bell_in_views());
        let by_bell = solve(&covariance, &bell);
        // One for the bell and nothing for the level.
        let (bb, bl, ll) = (dot(&bell, &by_bell), dot(&bell, &by_level), dot(&level, &by_level));
        let scale = bb * ll - bl * bl;
        let mut weights: Vec<f64> = by_bell.iter().zip(&by_level).map(|(b, l)| (ll * b - bl * l) / scale).collect();
        if band == Band::Muddy {
            for (n, weight) in weights.iter_mut().enumerate() {
                // The plain reading knows the first view only.
                let plain = band.plain_weights().get(n).copied().unwrap_or(0.0);
                *weight = (1.0 - PLAIN) * *weight + PLAIN * plain;
            }
        }
        weights
    });
    (mean, weights)
}

/// The solution of a symmetric, positive definite system (Cholesky).
fn solve(matrix: &[Vec<f64>], right: &[f64]) -> Vec<f64> {
    let mut lower = vec![vec![0.0; SIZE]; SIZE];
    for i in 0..SIZE {
        for j in 0..=i {
            let left = matrix[i][j] - dot(&lower[i][..j], &lower[j][..j]);
            lower[i][j] = if i == j { left.sqrt() } else { left / lower[j][j] };
        }
    }
    let mut x = right.to_vec();
    for i in 0..SIZE {
        x[i] = (x[i] - dot(&lower[i][..i], &x[..i])) / lower[i][i];
    }
    for i in (0..SIZE).rev() {
        x[i] = (x[i] - (i + 1..SIZE).map(|j| lower[j][i] * x[j]).sum::<f64>()) / lower[i][i];
    }
    x
}

/// How the minutes of each collection are told by what the others have.
fn print_by_the_others(songs: &[Song]) {
    let mut collections: Vec<&str> = songs.iter().map(|s| s.collection.as_str()).collect();
    collections.dedup();
    let mut heights = [Vec::new(), Vec::new()];
    for collection in collections {
        let (own, others): (Vec<&Song>, Vec<&Song>) = songs.iter().partition(|s| s.collection == collection);
        let (mean, weights) = fit(&others);
        for (heights, weights) in heights.iter_mut().zip(&weights) {
            heights.extend(own.iter().map(|s| dot(&s.views, weights) - dot(&mean, weights)));
        }
    }
    for (band, mut heights) in Band::ALL.into_iter().zip(heights) {
        heights.sort_by(f64::total_cmp);
        let count = heights.len() as f64;
        let at = |part: f64| heights[((count * part) as usize).min(heights.len() - 1)];
        let quantiles =
            [0.01, 0.02, 0.05, 0.1, 0.5, 0.9, 0.95, 0.98, 0.99].map(|part| format!("{part}: {:.1}", at(part)));
        eprintln!("{band:?}: {} minutes, quantiles {}", heights.len(), quantiles.join(", "));
        let own = if band == Band::Harsh { HARSH.limit } else { MUDDY.limit };
        for limit in [own, 4.0, 5.0, 6.0, 7.0, 8.0, 10.0] {
            let told = |gain: f64| heights.iter().filter(|h| **h + gain >= limit).count() as f64 / count;
            let found = [6.0, 8.0, 10.0, 12.0, 15.0].map(|gain| format!("{gain} dB {:.3}", told(gain)));
            eprintln!("  from {limit} dB on: untouched {:.3}; {}", told(0.0), found.join(", "));
        }
    }
}

fn table(values: &[f64], digits: usize) -> String {
    let rows = values.chunks(THIRDS).map(|row| {
        let row: Vec<String> = row.iter().map(|x| format!("{:.digits$}", x + 0.0)).collect();
        format!("    [{}],\n", row.join(", "))
    });
    rows.collect()
}

#[test]
#[ignore = "needs a folder of released songs: TONMEISTER_MUSIC"]
fn the_norm_of_released_songs() {
    let Some(folder) = std::env::var_os("TONMEISTER_MUSIC") else {
        eprintln!("SKIPPED: set TONMEISTER_MUSIC to a folder as `bench/music get` makes it");
        return;
    };
    let songs = songs(Path::new(&folder));
    print_by_the_others(&songs);
    let (mean, weights) = fit(&songs.iter().collect::<Vec<_>>());
    let parts = [("RELEASES", &mean, 1), ("HARSH", &weights[0], 4), ("MUDDY", &weights[1], 4)];
    let docs = [
        "/// The mean of released songs in every view, dB, freed of level.",
        "/// What each third in each view counts for the height of a bell in the middle of 2 to 5 kHz.",
        "/// The same for 200 to 500 Hz.",
    ];
    let mut text = format!(
        "//! What released songs have, and by which weights a song is held against them: made by `the_norm_of_released_songs` in\n\
         //! `tests/find/norm.rs` from {} minutes of full mixes that `bench/music get` fetches (none of them in the tests'\n\
         //! material); not written by hand.\n\nuse super::Views;\n",
        songs.len()
    );
    for ((name, values, digits), doc) in parts.iter().zip(docs) {
        write!(text, "\n{doc}\npub const {name}: Views = [\n{}];\n", table(values, *digits)).unwrap();
    }
    if std::env::var_os("BLESS").is_some() {
        let to = concat!(env!("CARGO_MANIFEST_DIR"), "/src/check/balance/norm.rs");
        std::fs::write(to, text).unwrap();
        return;
    }
    for ((name, made, digits), stored) in parts.iter().zip([norm::RELEASES, norm::HARSH, norm::MUDDY]) {
        let off = made.iter().zip(stored.iter().flatten()).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(off <= 0.6 * 10f64.powi(-i32::try_from(*digits).unwrap()), "{name} is off by {off}");
    }
}
