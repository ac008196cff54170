//! The search for a gain, on the finished chain: each try renders and measures.

use serde::{Deserialize, Serialize};

/// How near the loudness comes to what was asked for.
pub const TOLERANCE_LU: f64 = 0.03;
/// Within this a loudness counts as reached: no listener and no service tells the difference.
pub const REACHED_LU: f64 = 0.1;
/// Tries of one search; it needs three or four, or up to a dozen at a floor.
const MAX_TRIES: usize = 16;
/// The gains that are tried.
const RANGE_DB: (f64, f64) = (-60.0, 36.0);

/// What holds a gain down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Held {
    /// The most limiting that is allowed.
    Limiting,
    /// The least peak-to-loudness ratio.
    Plr,
    /// The least peak-to-short-term-loudness ratio.
    Psr,
}

/// What a try was heard to be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Heard {
    /// Its loudness; `None` of silence.
    pub lufs: Option<f64>,
    /// How many decibels beyond what is allowed it goes, and what it is that is not; at most 0 when all is well.
    pub over: Option<(f64, Held)>,
}

/// Where a search ended.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// The gain, in thousandths of a decibel: read back from a file it is the same number.
    pub gain_db: f64,
    /// Renders it took.
    pub tries: usize,
    /// Whether the loudness was reached.
    pub reached: bool,
    /// What kept it from being reached.
    pub held: Option<Held>,
}

/// A gain to the thousandth of a decibel.
pub fn thousandth(db: f64) -> f64 {
    (db * 1000.0).round() / 1000.0
}

/// Finds the gain at which `attempt` is heard at `wanted_lufs`, by the secant through the last two tries, and never
/// ends on one that goes beyond what is allowed. `None` when no such gain was found.
pub fn seek<E>(
    wanted_lufs: f64,
    start_db: f64,
    mut attempt: impl FnMut(f64) -> Result<Heard, E>,
) -> Result<Option<Found>, E> {
    let mut gain = thousandth(start_db.clamp(RANGE_DB.0, RANGE_DB.1));
    let mut most = RANGE_DB.1;
    let mut held = None;
    let mut last: Option<(f64, f64)> = None;
    let mut allowed: Option<Found> = None;
    for tries in 1..=MAX_TRIES {
        let heard = attempt(gain)?;
        let Some(lufs) = heard.lufs else {
            return Ok(Some(Found { gain_db: 0.0, tries, reached: true, held: None }));
        };
        let error = wanted_lufs - lufs;
        if let Some((db, what)) = heard.over.filter(|(db, _)| *db > 0.0) {
            // The deepest reduction grows decibel by decibel with the gain; a ratio shrinks more slowly.
            let step = if what == Held::Limiting { db } else { 1.25 * db };
            most = most.min(thousandth(gain - step - 0.005));
            held = Some(what);
        } else {
            let reached = error.abs() <= REACHED_LU;
            let found = Found { gain_db: gain, tries, reached, held: if reached { None } else { held } };
            if error.abs() <= TOLERANCE_LU || (gain >= most && error > 0.0) {
                return Ok(Some(found));
            }
            if allowed.is_none_or(|best| gain > best.gain_db || !best.reached) {
                allowed = Some(found);
            }
        }
        let slope = match last {
            Some((g, l)) if (gain - g).abs() > 1e-6 => ((lufs - l) / (gain - g)).clamp(0.25, 1.5),
            _ => 1.0,
        };
        last = Some((gain, lufs));
        let next = thousandth((gain + error / slope).clamp(RANGE_DB.0, most));
        if next == gain && heard.over.is_none_or(|(db, _)| db <= 0.0) {
            return Ok(allowed.map(|found| Found { tries, ..found }));
        }
        gain = next;
    }
    Ok(allowed.map(|found| Found { tries: MAX_TRIES, ..found }))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A limiter of one peak: louder by 1 LU for each dB until it works, then by 0.6.
    fn limited(gain: f64) -> (f64, f64) {
        let reduction = (gain - 4.0).max(0.0);
        (-20.0 + gain - 0.4 * reduction, reduction)
    }

    fn search(wanted: f64, most: f64) -> Found {
        let attempt = |gain| {
            let (lufs, reduction) = limited(gain);
            Ok::<_, ()>(Heard { lufs: Some(lufs), over: Some((reduction - most, Held::Limiting)) })
        };
        seek(wanted, wanted + 20.0, attempt).unwrap().unwrap()
    }

    #[test]
    fn a_loudness_is_reached_in_a_few_tries() {
        let found = search(-14.0, 6.0);
        assert!(found.reached && found.held.is_none() && found.tries <= 4, "{found:?}");
        assert!((limited(found.gain_db).0 + 14.0).abs() <= TOLERANCE_LU);
    }

    #[test]
    fn what_is_not_allowed_is_not_crossed_and_told() {
        let found = search(-8.0, 6.0);
        assert_eq!((found.reached, found.held), (false, Some(Held::Limiting)));
        let (_, reduction) = limited(found.gain_db);
        assert!(reduction <= 6.0 && reduction > 5.95, "{reduction}");
    }

    #[test]
    fn a_ratio_is_a_floor() {
        // PLR falls by 0.6 dB for each dB of gain past 4.
        let attempt = |gain: f64| {
            let plr = 14.0 - 0.6 * (gain - 4.0).max(0.0);
            Ok::<_, ()>(Heard { lufs: Some(limited(gain).0), over: Some((10.0 - plr, Held::Plr)) })
        };
        let found = seek(-5.0, 15.0, attempt).unwrap().unwrap();
        assert_eq!((found.reached, found.held), (false, Some(Held::Plr)));
        let plr = 14.0 - 0.6 * (found.gain_db - 4.0);
        assert!((10.0..10.4).contains(&plr), "{plr} after {} tries", found.tries);
    }

    #[test]
    fn silence_stays_as_it_is() {
        let found = seek(-14.0, 3.0, |_| Ok::<_, ()>(Heard { lufs: None, over: None })).unwrap().unwrap();
        assert_eq!((found.gain_db, found.reached), (0.0, true));
    }
}
