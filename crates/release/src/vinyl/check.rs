//! What will be hard to cut, and what to do about it.

use tonmeister_core::{Diagnostic, Severity};

use super::split::minutes;
use super::{Features, Kind, Limits, Medium, Side, Song, Split};

/// Everything there is to say of songs on sides: errors where a side does not hold them, warnings where the cutter will have
/// to turn down or change something, notes where another order would sound better.
///
/// Of a tape only lengths are looked at.
pub fn check(songs: &[Song], split: &Split, medium: &Medium, limits: &Limits) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for side in &split.sides {
        check_length(side, medium, &mut found);
    }
    if medium.kind == Kind::Cassette {
        return found;
    }
    let middle = median(songs.iter().filter_map(|s| s.features.as_ref()?.sibilance_db));
    for side in &split.sides {
        let own = songs.get(side.songs.clone()).unwrap_or(&[]);
        for song in own {
            if let Some(features) = &song.features {
                check_song(song, features, limits, middle, &mut found);
            }
        }
        check_inner(side, own, limits, &mut found);
    }
    found
}

fn check_length(side: &Side, medium: &Medium, found: &mut Vec<Diagnostic>) {
    let (name, length) = (&medium.name, minutes(side.seconds));
    if side.seconds > medium.longest_s {
        let message =
            format!("side {} lasts {length}; a side of {name} ends at {}", side.letter, minutes(medium.longest_s));
        let help = "move songs to another side, add a record, or leave songs out";
        found.push(Diagnostic::error("side-too-long", message).help(help));
    } else if side.seconds > medium.good_s {
        let message = format!(
            "side {} lasts {length}; up to {} a side of {name} is cut at full level",
            side.letter,
            minutes(medium.good_s)
        );
        let help = "expect it quieter and nearer to the noise, or move songs to another side";
        found.push(Diagnostic::warning("side-long", message).help(help));
    }
}

fn check_song(song: &Song, f: &Features, limits: &Limits, middle: Option<f64>, found: &mut Vec<Diagnostic>) {
    let title = &song.title;
    if let Some(width) = f.low_width_db.filter(|w| *w > limits.low_width_db) {
        let message = format!(
            "\"{title}\": below {:.0} Hz the side is {} dB of the middle; the needle is thrown up and down",
            f.mono_below_hz,
            number(width, 1)
        );
        let help = format!("`mono_below_hz = {:.0}` puts its bass in mono; or let the cutter do it", f.mono_below_hz);
        found.push(Diagnostic::warning("vinyl-wide-bass", message).help(help));
    }
    if let Some((from, to)) = f.low_turned_s {
        let message = format!(
            "\"{title}\": bass is turned between the channels from {} to {}; the groove may break off there",
            minutes(from),
            minutes(to)
        );
        let help = "turn the polarity of one channel of that track, or put its bass in mono";
        found.push(Diagnostic::warning("vinyl-turned-bass", message).help(help));
    }
    if let Some((lowest, at)) = f.lowest_correlation.filter(|(c, _)| *c < limits.correlation) {
        let message = format!("\"{title}\": correlation falls to {} at {}", number(lowest, 2), minutes(at));
        let help = "narrow what is widened there; an effect that turns one channel is the usual cause";
        found.push(Diagnostic::warning("vinyl-correlation", message).help(help));
    }
    if let Some(rms) = f.rms_dbfs.filter(|rms| *rms > limits.rms_dbfs) {
        let message = format!(
            "\"{title}\": its RMS is {} dBFS; it will be turned down, and seems to be limited already",
            number(rms, 1)
        );
        let help = format!("take the last limiter off the mix, and stay below {} dBFS RMS", number(limits.rms_dbfs, 0));
        found.push(Diagnostic::warning("vinyl-limited", message).help(help));
    }
    if let Some(rumble) = f.rumble_db.filter(|r| *r > limits.rumble_db) {
        let message = format!(
            "\"{title}\": what lies below 20 Hz is {} dB of the whole, and moves the needle unheard",
            number(rumble, 1)
        );
        found.push(Diagnostic::warning("vinyl-rumble", message).help("cut below 20 to 30 Hz"));
    }
    if let (Some(sharp), Some(middle)) = (f.sibilance_db, middle)
        && sharp - middle > limits.sharp_db
    {
        let message = format!(
            "\"{title}\": 5 to 10 kHz stand {:.1} dB above the album's middle; sibilants may distort",
            sharp - middle
        );
        found.push(Diagnostic::warning("vinyl-sibilance", message).help("de-ess it"));
    }
}

/// The innermost song against the others of its side.
fn check_inner(side: &Side, songs: &[Song], limits: &Limits, found: &mut Vec<Diagnostic>) {
    let Some((last, others)) = songs.split_last() else { return };
    let Some(inner) = &last.features else { return };
    let mut note = |what: &str, value: Option<f64>, of: fn(&Features) -> Option<f64>| {
        let rest = median(others.iter().filter_map(|s| of(s.features.as_ref()?)));
        if let (Some(value), Some(rest)) = (value, rest)
            && value - rest > limits.inner_db
        {
            let message = format!(
                "\"{}\" ends side {} and is {:.1} dB {what} than the songs before it; the inner turns sound duller",
                last.title,
                side.letter,
                value - rest
            );
            let help = "a quieter, softer song at the end of a side loses less";
            let finding = Diagnostic { severity: Severity::Note, ..Diagnostic::warning("vinyl-inner", message) };
            found.push(finding.help(help));
        }
    };
    note("louder", inner.integrated_lufs, |f| f.integrated_lufs);
    note("sharper", inner.sibilance_db, |f| f.sibilance_db);
}

/// With so many decimals, a true minus sign, and none before a zero.
fn number(value: f64, decimals: usize) -> String {
    let digits = format!("{:.decimals$}", value.abs());
    let zero = digits.bytes().all(|c| matches!(c, b'0' | b'.'));
    if value < 0.0 && !zero { format!("−{digits}") } else { digits }
}

/// The middle value; the lower of two.
fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut all: Vec<f64> = values.collect();
    all.sort_by(f64::total_cmp);
    all.get(all.len().checked_sub(1)? / 2).copied()
}
