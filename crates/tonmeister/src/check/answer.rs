//! What a document does about a finding. The file stays as it is, so the finding does too; but where the song already
//! turns the polarity, takes the offset away or plays only what sounds, nobody need be told again.

use std::path::Path;

use tonmeister_core::Family;
use tonmeister_measure::check::Finding;
use tonmeister_measure::check::rules;
use tonmeister_session::model::{self, Channels, Clip, Insert, Strip, Target, Track};
use tonmeister_session::tables::{STRIP, place};

use super::Song;

/// Silence that a clip may keep around its sound without being blamed, in seconds: a trim cuts whole seconds and
/// leaves some air.
pub(crate) const AIR_S: f64 = 1.1;

/// What answers a finding about one file, when every track that plays it does: the first such address.
pub(crate) fn alone(songs: &[Song], path: &Path, finding: &Finding) -> Option<String> {
    let mut by = None;
    for song in songs {
        for track in playing(song, path) {
            let answer = of_track(song, track, path, finding)?;
            by.get_or_insert(answer);
        }
    }
    by
}

/// The rule that finds two microphones out of time.
pub(crate) const DELAY_PAIR: &str = "delay-pair";

/// As near as two microphones are brought together by whole frames, in seconds.
const IN_TIME_S: f64 = 1e-4;

/// What answers a finding about several files.
pub(crate) fn together(songs: &[Song], finding: &Finding) -> Option<String> {
    let song = songs.first()?;
    let (a, b) = pair(song, finding)?;
    if finding.rule == rules::POLARITY_PAIR.id && !moves(&a.strip, "polarity") && !moves(&b.strip, "polarity") {
        let turned = |track: &Track| track.strip.get("polarity") != 0.0;
        return match (turned(a), turned(b)) {
            (true, false) => Some(format!("{}/polarity", a.id)),
            (false, true) => Some(format!("{}/polarity", b.id)),
            _ => None,
        };
    }
    if finding.rule == DELAY_PAIR {
        // The later one stands first.
        let (rate, waits) =
            (f64::from(song.document.song().sample_rate_hz), |track: &Track| track.strip.get("delay_samples"));
        let apart = finding.evidence("delay")? + (waits(a) - waits(b)) / rate;
        return (apart.abs() <= IN_TIME_S && waits(a) != waits(b)).then(|| format!("{}/delay_samples", b.id));
    }
    None
}

/// The two tracks that play the two files of a finding, and nobody else does.
pub(crate) fn pair<'s>(song: &'s Song, finding: &Finding) -> Option<(&'s Track, &'s Track)> {
    let [a, b] = finding.files.as_slice() else { return None };
    let only = |name: &str| -> Option<&'s Track> {
        let mut tracks = playing(song, Path::new(name));
        tracks.next().filter(|_| tracks.next().is_none())
    };
    Some((only(a)?, only(b)?))
}

/// The tracks that play a file.
pub(crate) fn playing<'s, 'p>(song: &'s Song, path: &'p Path) -> impl Iterator<Item = &'s Track> + use<'s, 'p> {
    let plays = move |clip: &Clip| song.file(&clip.audio) == path;
    song.document.song().tracks.iter().filter(move |track| track.clips.iter().any(plays))
}

/// Whether a parameter of the strip itself is automated.
pub(crate) fn moves(strip: &Strip, id: &str) -> bool {
    let target = Target::Strip(place(STRIP, id));
    strip.automation.iter().any(|lane| lane.target == target)
}

/// What of a track answers a finding about a file that it plays.
pub(crate) fn of_track(song: &Song, track: &Track, path: &Path, finding: &Finding) -> Option<String> {
    let clips = || track.clips.iter().filter(|clip| song.file(&clip.audio) == path);
    let id = &track.id;
    match finding.rule {
        rule if rule == rules::DC_OFFSET.id => insert(track, |insert| takes_offset(insert, finding.channel)),
        rule if rule == rules::POLARITY_STEREO.id => insert(track, turns_one_side),
        // What follows from one side being upside down goes with it.
        rule if rule == rules::MONO_LOSS.id || rule == rules::LOW_END_WIDE.id => {
            let opposed = finding.evidence("correlation")? <= -rules::POLARITY_STEREO.limit;
            insert(track, |insert| opposed && turns_one_side(insert))
        }
        rule if rule == rules::LEADING_SILENCE.id => {
            let sounds_from = finding.at?.to_s;
            let kept = AIR_S.max(finding_limit(song, track, &rules::LEADING_SILENCE));
            clips().all(|clip| clip.offset_s + kept >= sounds_from).then(|| format!("{id}/clip"))
        }
        rule if rule == rules::TRAILING_SILENCE.id => {
            let sounds_to = finding.at?.from_s;
            let kept = AIR_S.max(finding_limit(song, track, &rules::TRAILING_SILENCE));
            let ends = |clip: &Clip| clip.length_s.is_some_and(|length| clip.offset_s + length <= sounds_to + kept);
            clips().all(ends).then(|| format!("{id}/clip"))
        }
        rule if rule == rules::OVER_FULL_SCALE.id => {
            let peak = finding.evidence("peak")?;
            let trim = track.strip.get("trim_db");
            let held = !moves(&track.strip, "trim_db") && clips().all(|clip| peak + clip.gain_db + trim <= 0.0);
            held.then(|| format!("{id}/trim_db"))
        }
        _ => None,
    }
}

/// The limit that the document gives to a rule.
fn finding_limit(song: &Song, track: &Track, rule: &rules::Rule) -> f64 {
    let said = |checks: &[model::Check]| checks.iter().find(|set| set.rule == rule.id)?.limit;
    said(&track.check).or_else(|| said(&song.document.song().check)).unwrap_or(rule.limit)
}

fn insert(track: &Track, answers: impl Fn(&Insert) -> bool) -> Option<String> {
    let found = track.strip.inserts.iter().find(|insert| !insert.bypass && answers(insert))?;
    Some(format!("{}/{}", track.id, found.id))
}

/// Whether nothing that stands still comes through, in that channel.
fn takes_offset(insert: &Insert, channel: Option<usize>) -> bool {
    let heard = match insert.channels {
        Channels::Stereo => true,
        Channels::Left => channel == Some(0),
        Channels::Right => channel == Some(1),
        Channels::Mid | Channels::Side => false,
    };
    let spec = insert.settings.spec();
    let cuts = spec.id == "dc_blocker"
        || spec.family == Family::Equalizer && has(insert, "highpass") && !insert.settings.items("highpass").is_empty();
    heard && cuts
}

fn has(insert: &Insert, group: &str) -> bool {
    insert.settings.spec().groups.iter().any(|g| g.id == group)
}

/// Whether one side comes out upside down against the other.
fn turns_one_side(insert: &Insert) -> bool {
    let gain = insert.settings.spec().id == "gain" && insert.channels == Channels::Stereo;
    gain && (insert.settings.get("invert_left") != 0.0) != (insert.settings.get("invert_right") != 0.0)
}

/// What a document can do about a rule, for its page.
pub(crate) fn described(rule: &str) -> Option<&'static str> {
    Some(match rule {
        r if r == rules::DC_OFFSET.id => {
            "In a document it counts as answered when every track that plays the file has a `dc_blocker`, or an \
             equalizer with a `highpass`, among its inserts."
        }
        r if r == rules::POLARITY_STEREO.id => {
            "In a document it counts as answered when the track has a `gain` that inverts one side."
        }
        r if r == rules::MONO_LOSS.id || r == rules::LOW_END_WIDE.id => {
            "In a document it counts as answered where the two sides are opposed (a correlation of −0.5 or less) and the \
             track has a `gain` that inverts one of them."
        }
        r if r == rules::POLARITY_PAIR.id => {
            "In a document it counts as answered when exactly one of the two tracks has `polarity = \"inverted\"`."
        }
        DELAY_PAIR => {
            "In a document it counts as answered when the tracks' `delay_samples` bring the two together to a tenth of a \
             millisecond."
        }
        r if r == rules::LEADING_SILENCE.id || r == rules::TRAILING_SILENCE.id => {
            "In a document it counts as answered when the clips play no more of the silence than the limit, or about a \
             second."
        }
        r if r == rules::OVER_FULL_SCALE.id => {
            "In a document it counts as answered when the clip's gain and the track's `trim_db` bring it below full \
             scale."
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use tonmeister_core::Severity;
    use tonmeister_measure::check::{Evidence, Finding};

    use super::{DELAY_PAIR, Song, alone, together};

    fn song(tracks: &str) -> Song {
        let text = format!("[song]\nsample_rate_hz = 48000\n{tracks}");
        let registry = tonmeister_dsp::rack();
        Song { path: "takes/song.toml".into(), document: tonmeister_session::parse(&text, &registry).expect("a song") }
    }

    fn track(id: &str, more: &str) -> String {
        format!("[[track]]\nid = \"{id}\"\naudio = \"{id}.wav\"\n{more}\n")
    }

    fn finding(rule: &'static str, files: &[&str], evidence: (&'static str, f64)) -> Finding {
        Finding {
            rule,
            severity: Severity::Warning,
            files: files.iter().map(|file| (*file).to_owned()).collect(),
            at: None,
            channel: None,
            evidence: vec![Evidence { name: evidence.0, value: evidence.1, unit: "" }],
            message: String::new(),
            remedy: "",
        }
    }

    #[test]
    fn two_microphones_are_in_time_when_the_earlier_waits() {
        // The room is 2 ms late: 96 frames.
        let late = finding(DELAY_PAIR, &["takes/room.wav", "takes/close.wav"], ("delay", 0.002));
        let by = |close: &str, room: &str| together(&[song(&(track("close", close) + &track("room", room)))], &late);
        assert_eq!(by("", ""), None);
        assert_eq!(by("delay_samples = 96", ""), Some("close/delay_samples".into()));
        assert_eq!(by("delay_samples = 90", ""), None, "an eighth of a millisecond is left");
        assert_eq!(by("delay_samples = 106", "delay_samples = 10"), Some("close/delay_samples".into()));
        assert_eq!(by("", "delay_samples = 96"), None, "the wrong one waits");
    }

    #[test]
    fn what_is_automated_bypassed_or_played_otherwise_answers_nothing() {
        let turned = finding("polarity-pair", &["takes/a.wav", "takes/b.wav"], ("correlation", -1.0));
        let by = |a: &str, b: &str| together(&[song(&(track("a", a) + &track("b", b)))], &turned);
        assert_eq!(by("polarity = \"inverted\"", ""), Some("a/polarity".into()));
        assert_eq!(by("polarity = \"inverted\"", "polarity = \"inverted\""), None);
        let moved =
            "polarity = \"inverted\"\n[[track.automation]]\ntarget = \"polarity\"\npoints = [[0.0, \"normal\"]]";
        assert_eq!(by(moved, ""), None);

        let leans = finding("dc-offset", &[], ("mean", 0.02));
        let by = |more: &str| alone(&[song(&track("a", more))], "takes/a.wav".as_ref(), &leans);
        assert_eq!(by("[[track.insert]]\neffect = \"dc_blocker\""), Some("a/dc_blocker".into()));
        assert_eq!(by("[[track.insert]]\neffect = \"dc_blocker\"\nbypass = true"), None);
        assert_eq!(by("[[track.insert]]\neffect = \"eq\"\nhighpass = { hz = 40.0 }"), Some("a/eq".into()));
        assert_eq!(by("[[track.insert]]\neffect = \"eq\""), None);
        // Another track plays it as it is.
        let both = song(
            &(track("a", "[[track.insert]]\neffect = \"dc_blocker\"") + "[[track]]\nid = \"b\"\naudio = \"a.wav\"\n"),
        );
        assert_eq!(alone(&[both], "takes/a.wav".as_ref(), &leans), None);

        let by = |correlation: f64, more: &str| {
            let cancels = finding("mono-loss", &[], ("correlation", correlation));
            alone(&[song(&track("a", more))], "takes/a.wav".as_ref(), &cancels)
        };
        let turned = "[[track.insert]]\neffect = \"gain\"\ninvert_right = true";
        assert_eq!(by(-0.98, turned), Some("a/gain".into()));
        assert_eq!((by(-0.3, turned), by(-0.98, "")), (None, None), "a widener cancels otherwise");

        let hot = finding("over-full-scale", &[], ("peak", 3.5));
        let by = |more: &str| alone(&[song(&track("a", more))], "takes/a.wav".as_ref(), &hot);
        assert_eq!((by("trim_db = -3.6"), by("trim_db = -3.4")), (Some("a/trim_db".into()), None));
    }
}
