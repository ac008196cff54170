//! How the loudness of two recordings moves against each other.

use serde::Serialize;

use crate::loudness::History;

/// Short-term loudness below this is a pause, and left out.
const PAUSE_LUFS: f64 = -70.0;

/// How the loudness of two recordings moves against each other: what riding, compression and limiting did.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Movement {
    /// Second − first, the mean over all windows of 3 s.
    pub mean_db: f64,
    /// How far the difference strays from its mean (standard deviation): 0 where only a gain lies between them.
    pub strays_db: f64,
    /// Where the second is loudest against the first, beyond the mean.
    pub most_db: f64,
    /// The end of that window.
    pub most_at_s: f64,
    /// Where it is quietest against the first, below the mean.
    pub least_db: f64,
    /// The end of that window.
    pub least_at_s: f64,
}

/// Lays two histories of aligned recordings over each other; `None` when they have no window of sound in common.
pub fn movement(first: &History, second: &History) -> Option<Movement> {
    let sounds = |lufs: &Option<f64>| lufs.filter(|l| *l > PAUSE_LUFS);
    let pairs = first.short_term_lufs.iter().zip(&second.short_term_lufs).enumerate();
    // A window of 3 s ends at 3.0 s, 3.1 s, …
    let differences: Vec<(f64, f64)> =
        pairs.filter_map(|(i, (a, b))| Some((3.0 + i as f64 / 10.0, sounds(b)? - sounds(a)?))).collect();
    let count = differences.len() as f64;
    let mean_db = differences.iter().map(|(_, db)| db).sum::<f64>() / count;
    let by_difference = |a: &&(f64, f64), b: &&(f64, f64)| a.1.total_cmp(&b.1);
    let most = differences.iter().max_by(by_difference)?;
    let least = differences.iter().min_by(by_difference)?;
    Some(Movement {
        mean_db,
        strays_db: (differences.iter().map(|(_, db)| (db - mean_db).powi(2)).sum::<f64>() / count).sqrt(),
        most_db: most.1 - mean_db,
        most_at_s: most.0,
        least_db: least.1 - mean_db,
        least_at_s: least.0,
    })
}
