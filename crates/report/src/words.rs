//! What the numbers mean, in plain words.
//!
//! The limits here sort into words and judge nothing; what is a fault, `check` says.

use std::fmt::Write as _;

use tonmeister_core::Severity;
use tonmeister_measure::loudness::Loudness;

use crate::figures::balance;
use crate::figures::when;
use crate::subject::{Service, Subject};
use crate::text::{count, list, number, place, signed_truly};

/// One aspect and what is to be said of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// "Loudness", "Dynamics".
    pub about: &'static str,
    /// A sentence or two.
    pub words: String,
}

/// The first sentence: what kind of loudness, and whether something is wrong.
pub fn verdict(subject: &Subject) -> String {
    let Some(lufs) = subject.loudness.integrated_lufs else {
        return if subject.loudness.sample_peak_dbfs.is_none() {
            "Nothing is to be heard in this file.".into()
        } else {
            "Too short or too quiet to have a loudness.".into()
        };
    };
    let (errors, warnings) = (subject.count(Severity::Error), subject.count(Severity::Warning));
    let faults = match (errors, warnings) {
        (0, 0) => "No faults were found.".into(),
        (0, 1) => "One thing to look at.".into(),
        (0, n) => format!("{} to look at.", count(n, "thing")),
        (1, 0) => "One fault to mend.".into(),
        (n, 0) => format!("{} to mend.", count(n, "fault")),
        (n, m) => format!("{} to mend and {} to look at.", count(n, "fault"), count(m, "more thing")),
    };
    format!("{}, {}, at {} LUFS. {faults}", capital(kind(lufs)), density(&subject.loudness), number(lufs, 1))
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or(String::new(), |first| first.to_uppercase().chain(chars).collect())
}

fn kind(lufs: f64) -> &'static str {
    match lufs {
        l if l > -8.0 => "extremely loud",
        l if l > -11.0 => "loud",
        l if l > -15.5 => "moderately loud",
        l if l > -20.0 => "quiet",
        _ => "very quiet",
    }
}

fn density(loudness: &Loudness) -> &'static str {
    match loudness.plr_db {
        Some(plr) if plr < 8.0 => "pressed hard",
        Some(plr) if plr < 11.0 => "dense",
        Some(plr) if plr < 15.0 => "open",
        Some(_) => "full of peaks",
        None => "of unknown density",
    }
}

/// Everything that is said of a file alone.
pub fn summary(subject: &Subject, services: &[Service]) -> Vec<Said> {
    let mut said = Vec::new();
    let mut say = |about, words: String| {
        if !words.is_empty() {
            said.push(Said { about, words });
        }
    };
    say("Problems", problems(subject));
    say("Streaming", streaming(&subject.loudness, services));
    say("Dynamics", dynamics(&subject.loudness));
    say("Peaks", peaks(&subject.loudness));
    say("Tone", tone(subject));
    say("Width", width(subject));
    say("File", subject.remarks.join(" "));
    said
}

/// The gravest problems with their times.
fn problems(subject: &Subject) -> String {
    let grave: Vec<String> = subject
        .by_gravity()
        .into_iter()
        .filter(|finding| finding.severity > Severity::Note)
        .take(3)
        .map(|finding| match when(finding) {
            Some(when) => format!("{} ({when})", signed_truly(finding.message.trim_end_matches('.'))),
            None => signed_truly(finding.message.trim_end_matches('.')),
        })
        .collect();
    let more = subject.findings.iter().filter(|f| f.severity > Severity::Note).count() - grave.len();
    let mut words = grave.iter().map(|text| format!("{}.", capital(text))).collect::<Vec<_>>().join(" ");
    if more > 0 {
        let _ = write!(words, " And {more} more, below.");
    }
    words
}

/// How it will fare on streaming services.
pub fn streaming(loudness: &Loudness, services: &[Service]) -> String {
    if loudness.integrated_lufs.is_none() {
        return String::new();
    }
    let (mut down, mut up, mut same, mut unknown) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for service in services.iter().filter(|service| service.plays) {
        match service.gain_db(loudness) {
            Some(gain) if gain <= -0.05 => down.push((gain, service.name.clone())),
            Some(gain) if gain >= 0.05 => up.push((gain, service.name.clone())),
            Some(_) => same.push(service.name.clone()),
            None => unknown.push(service.name.clone()),
        }
    }
    let mut sentences = Vec::new();
    if !down.is_empty() {
        let most = down.iter().map(|(gain, _)| -gain).fold(0.0, f64::max);
        let end =
            if most >= 3.0 { " Its loudness is lost there; what was pressed to reach it stays pressed." } else { "" };
        sentences.push(format!("Turned down: {}.{end}", grouped(down)));
    }
    if !up.is_empty() {
        sentences.push(format!("Turned up: {}.", grouped(up)));
    }
    if !same.is_empty() {
        sentences.push(format!("Played as it is by {}.", list(&same)));
    }
    if !unknown.is_empty() {
        let verb = if unknown.len() == 1 { "plays" } else { "play" };
        sentences.push(format!(
            "{} {verb} louder music; whether a quiet song is turned up there is not known.",
            list(&unknown)
        ));
    }
    sentences.join(" ")
}

/// "by 4.2 dB on Spotify and Tidal, by 6.2 dB on Apple Music".
fn grouped(gains: Vec<(f64, String)>) -> String {
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    for (gain, name) in gains {
        let by = number(gain.abs(), 1);
        match groups.iter_mut().find(|(known, _)| *known == by) {
            Some((_, names)) => names.push(name),
            None => groups.push((by, vec![name])),
        }
    }
    let group = |(by, names): &(String, Vec<String>)| format!("by {by} dB on {}", list(names));
    groups.iter().map(group).collect::<Vec<_>>().join(", ")
}

fn dynamics(loudness: &Loudness) -> String {
    let (Some(plr), Some(lufs)) = (loudness.plr_db, loudness.integrated_lufs) else { return String::new() };
    let mut words = format!("Peaks stand {} dB above the loudness of {} LUFS: ", number(plr, 1), number(lufs, 1));
    words.push_str(match plr {
        p if p < 8.0 => "drums have little punch left.",
        p if p < 11.0 => "dense, as much of today's pop and rock is.",
        p if p < 15.0 => "drums have room.",
        _ => "little or no limiting; single peaks stand far out.",
    });
    if let Some(range) = loudness.range {
        let how = match range.lu {
            r if r < 4.0 => "it stays at one level from beginning to end",
            r if r < 8.0 => "quiet and loud passages differ as usual in songs",
            r if r < 15.0 => "quiet and loud passages differ much",
            _ => "so much that listeners will reach for the volume",
        };
        let _ = write!(words, " The loudness range is {} LU: {how}.", number(range.lu, 1));
    }
    if let (Some(psr), Some(at)) = (loudness.min_psr_db, loudness.min_psr_at_s) {
        let _ = write!(words, " Pressed most at {}, where {} dB are left.", place(at), number(psr, 1));
    }
    words
}

fn peaks(loudness: &Loudness) -> String {
    let (Some(peak), Some(at)) = (loudness.true_peak_dbtp, loudness.true_peak_at_s) else { return String::new() };
    let level = format!("The highest true peak is {} dBTP, at {}", number(peak, 2), place(at));
    match peak {
        p if p > 0.0 => format!("{level}: beyond full scale. Converters and lossy encoders will clip there."),
        p if p > -0.995 => format!("{level}. Most services ask for −1 dBTP, because lossy encoding may raise peaks."),
        p if p > -1.005 => format!("{level}: just at the ceiling that most services ask for."),
        p if p > -6.0 => format!("{level}: safe for lossy encoding."),
        _ => format!("{level}: there is room above."),
    }
}

fn tone(subject: &Subject) -> String {
    let Some(bands) = balance(subject) else { return String::new() };
    let far = |sign: f64| {
        let named = bands.iter().filter(|(_, db)| db * sign > 4.0);
        named.map(|(name, db)| format!("{name} ({} dB)", crate::text::signed(*db, 0))).collect::<Vec<_>>()
    };
    let (strong, weak) = (far(1.0), far(-1.0));
    match (strong.is_empty(), weak.is_empty()) {
        (true, true) => {
            "Even: no range stands out or falls behind by more than 4 dB against a slope of 4.5 dB per octave.".into()
        }
        (false, true) => format!("Strong in {}, against a slope of 4.5 dB per octave.", list(&strong)),
        (true, false) => format!("Weak in {}, against a slope of 4.5 dB per octave.", list(&weak)),
        (false, false) => {
            format!("Strong in {}, weak in {}, against a slope of 4.5 dB per octave.", list(&strong), list(&weak))
        }
    }
}

fn width(subject: &Subject) -> String {
    let Some(space) = &subject.portrait.space else {
        return "One channel: the same from both loudspeakers.".into();
    };
    let Some(correlation) = space.correlation else { return "Only one channel sounds.".into() };
    let how = match correlation {
        c if c > 0.98 => "Nearly mono",
        c if c > 0.8 => "Narrow to moderate",
        c if c > 0.4 => "Wide",
        c if c > 0.0 => "Very wide",
        _ => "Turned against itself",
    };
    let mut words = format!("{how}: correlation {}.", number(correlation, 2));
    if let Some(loss) = space.mono_loss_db {
        let _ = write!(words, " In mono it loses {} dB", number(loss, 1));
        words.push_str(if loss > 3.5 { ", which will be heard." } else { "." });
    }
    if let Some(low) = space.low_width_db.filter(|low| *low > -6.0) {
        let _ = write!(
            words,
            " Its bass is wide (side {} dB against middle below 120 Hz): weak on vinyl, in clubs and in mono.",
            number(low, 0)
        );
    }
    if let Some(balance) = space.balance_db.filter(|b| b.abs() > 1.5) {
        let side = if balance > 0.0 { "right" } else { "left" };
        let _ = write!(words, " It leans to the {side} by {} dB.", number(balance.abs(), 1));
    }
    words
}

/// What changed from one file to another.
pub fn difference(before: &Subject, after: &Subject) -> String {
    let delta = |value: fn(&Loudness) -> Option<f64>| {
        Some(value(&after.loudness)? - value(&before.loudness)?).filter(|d| d.is_finite())
    };
    let mut words = match delta(|l| l.integrated_lufs) {
        Some(d) if d.abs() < 0.05 => "As loud as before".to_string(),
        Some(d) => format!("{} LU {} than before", number(d.abs(), 1), if d > 0.0 { "louder" } else { "quieter" }),
        None => return "Not to be compared: one of the two has no loudness.".into(),
    };
    if let Some(d) = delta(|l| l.plr_db).filter(|d| d.abs() >= 0.05) {
        let (much, how) = (number(d.abs(), 1), if d < 0.0 { "less" } else { "more" });
        let _ = write!(words, ", with {much} dB {how} between loudness and peaks");
    }
    words.push('.');
    let grave = |s: &Subject| s.count(Severity::Error) + s.count(Severity::Warning);
    let (was, is) = (grave(before), grave(after));
    if was != is {
        let _ = write!(words, " Faults: {was} before, {is} after.");
    }
    words
}
