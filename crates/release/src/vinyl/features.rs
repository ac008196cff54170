//! What a cutter listens for.

use tonmeister_measure::loudness::Loudness;
use tonmeister_measure::portrait::Portrait;

/// Treble that a needle finds hard, in hertz: where sibilants lie.
const SIBILANTS_HZ: (f64, f64) = (5_000.0, 10_000.0);
/// Below this nothing is heard, in hertz.
const RUMBLE_HZ: f64 = 20.0;
/// Powers below this (−120 dBFS) are silence.
const SILENT: f64 = 1e-12;

/// What was measured of a song. `None` where there is nothing to say, as in silence or in mono.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Features {
    /// Integrated loudness (ITU-R BS.1770).
    pub integrated_lufs: Option<f64>,
    /// RMS of the whole in dBFS.
    pub rms_dbfs: Option<f64>,
    /// The frequency below which bass was looked at, in hertz.
    pub mono_below_hz: f64,
    /// Side over middle below it, in dB; `None` for mono, which is how a record is cut.
    pub low_width_db: Option<f64>,
    /// The lowest correlation over a second (or over as long as the song lasts), with the time where that begins, in seconds.
    pub lowest_correlation: Option<(f64, f64)>,
    /// The longest stretch in which a band below that frequency is turned against itself, from and to in seconds.
    pub low_turned_s: Option<(f64, f64)>,
    /// Power of 5 to 10 kHz in dB of the whole: how sharp its sibilants are.
    pub sibilance_db: Option<f64>,
    /// Power below 20 Hz in dB of the whole.
    pub rumble_db: Option<f64>,
}

impl Features {
    /// Takes them from a song's portrait and loudness. `mono_below_hz` says which bass has to be in mono.
    pub fn of(portrait: &Portrait, loudness: &Loudness, mono_below_hz: f64) -> Features {
        let long = &portrait.long_term;
        let both = long.both();
        let whole = both.total();
        let share = |low, high| ratio(both.band(low, high), whole);
        let space = portrait.space.as_ref();
        let low =
            |s: &Option<tonmeister_measure::spectrum::Spectrum>| s.as_ref().map_or(0.0, |s| s.band(0.0, mono_below_hz));
        let rate = f64::from(portrait.sample_rate_hz);
        let lowest = space.and_then(|s| lowest(&s.history.correlation, s.history.frames_per_point as f64 / rate));
        let turned = space.map_or(&[][..], |s| &s.against).iter().filter(|a| a.band.high_hz <= mono_below_hz);
        Features {
            integrated_lufs: loudness.integrated_lufs,
            rms_dbfs: loudness.rms_dbfs,
            mono_below_hz,
            low_width_db: ratio(low(&long.side), low(&long.mid)),
            lowest_correlation: lowest,
            low_turned_s: turned.map(|a| (a.from_s, a.to_s)).max_by(|a, b| (a.1 - a.0).total_cmp(&(b.1 - b.0))),
            sibilance_db: share(SIBILANTS_HZ.0, SIBILANTS_HZ.1),
            rumble_db: share(0.0, RUMBLE_HZ),
        }
    }
}

/// The lowest mean over a second of points so far apart, and when it begins. Seconds that are silent for more than half are
/// passed over.
fn lowest(points: &[Option<f32>], apart_s: f64) -> Option<(f64, f64)> {
    let span = ((1.0 / apart_s).ceil() as usize).clamp(1, points.len().max(1));
    let mean = |window: &[Option<f32>]| {
        let heard = window.iter().flatten().count();
        let sum: f64 = window.iter().flatten().map(|c| f64::from(*c)).sum();
        (2 * heard > window.len()).then(|| sum / heard as f64)
    };
    let seconds = points.windows(span).enumerate().filter_map(|(n, window)| Some((mean(window)?, n as f64 * apart_s)));
    seconds.min_by(|a, b| a.0.total_cmp(&b.0))
}

/// Decibels between two powers; `None` when either is silent.
fn ratio(above: f64, below: f64) -> Option<f64> {
    (above > SILENT && below > SILENT).then(|| 10.0 * (above / below).log10())
}
