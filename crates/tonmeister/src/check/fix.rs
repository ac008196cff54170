//! What of a check can be mended in the document, as edits of its text. Audio files are never touched, what an edit is
//! not about keeps its bytes, and every edit says why: in the report, and as a comment where there is room for one.
//!
//! Only what certainly does no harm is mended. What is left is left with a reason.

use std::path::{Path, PathBuf};

use serde::Serialize;
use tonmeister_core::{Registry, Settings, Severity};
use tonmeister_measure::check::Finding as AudioFinding;
use tonmeister_measure::check::rules;
use tonmeister_session::model::{Channels, Clip, Insert, Tap, Track};
use tonmeister_session::tables::SILENCE_DB;
use tonmeister_session::{Edit, Plain, Splice};

use super::answer::{self, moves, playing};
use super::diff::unified;
use super::{CheckOptions, CheckReport, FileReport, Song};
use crate::failure::Failure;
use crate::progress::Progress;
use crate::text_file::{self, Existing};
use crate::world::{World, plain};

/// How to mend.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FixOptions {
    /// Only say what would be done.
    pub dry_run: bool,
    /// Mend notes too, not only warnings and errors.
    pub notes: bool,
}

/// What was done to one document.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FixReport {
    /// The document.
    pub song: PathBuf,
    /// What was mended, in the order of the findings.
    pub mends: Vec<Mend>,
    /// What could have been mended and was left.
    pub left: Vec<Left>,
    /// The change of the text, as `diff -u` shows it; empty when there is none.
    pub diff: String,
    /// Whether the file was changed.
    pub written: bool,
}

/// One edit.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Mend {
    /// The rule whose finding it answers.
    pub rule: &'static str,
    /// What was changed: `kick/dc_blocker`.
    pub address: String,
    /// How.
    pub change: String,
    /// What was found.
    pub why: String,
}

/// A finding that was not mended.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Left {
    /// Its rule.
    pub rule: &'static str,
    /// The track concerned.
    pub track: String,
    /// Why it was left.
    pub why: String,
}

/// What `--fix` does about a rule, for its page.
pub(crate) fn described(rule: &str) -> Option<&'static str> {
    Some(match rule {
        answer::DELAY_PAIR => {
            "leaves it to the ear, and says by how many `delay_samples` the earlier track would wait."
        }
        r if r == rules::DC_OFFSET.id => "puts a `dc_blocker` first on every track that plays the file.",
        r if r == rules::POLARITY_STEREO.id => "puts a `gain` with `invert_right = true` first on the track.",
        r if r == rules::POLARITY_PAIR.id => {
            "turns the `polarity` of the track that stands against the most others; between equals, of the one that is \
             called bottom, under or out, else of the later one. It leaves tracks whose polarity is automated."
        }
        r if r == rules::LEADING_SILENCE.id => {
            "with `--notes` lets the clip begin later in the file and as much later in the song, by whole seconds, so \
             that the sound stays where it is. It leaves clips with a fade in."
        }
        r if r == rules::TRAILING_SILENCE.id => {
            "with `--notes` gives the clip a `length_s` that ends behind the sound. It leaves clips with a fade out, and \
             the clip that the song's own end hangs on."
        }
        r if r == rules::OVER_FULL_SCALE.id => {
            "takes the excess off the track's `trim_db` and gives it back on its `fader_db`, where nothing between the \
             two would hear the difference."
        }
        _ => return None,
    })
}

impl World {
    /// Checks, mends what can be mended in the documents, and gives the check as it stands then. What is mended counts
    /// as answered; running it again finds nothing to mend.
    pub fn fix(
        &self,
        paths: &[PathBuf],
        options: &CheckOptions,
        fix: FixOptions,
        progress: &mut dyn Progress,
    ) -> Result<(Vec<FixReport>, CheckReport), Failure> {
        let is_document = |path: &PathBuf| path.extension().is_some_and(|e| e.eq_ignore_ascii_case("toml"));
        if !paths.iter().any(is_document) {
            return Err(Failure::Usage(
                "there is no document to edit: --fix changes a song.toml and never an audio file; `tonmeister new \
                 FOLDER` makes one"
                    .into(),
            ));
        }
        let mut checked = self.checked(paths, options, progress)?;
        let mut reports = Vec::new();
        for song in &mut checked.songs {
            let before = song.document.to_text();
            let mut mender = Mender { song, report: &checked.report, registry: self.registry(), notes: fix.notes };
            let (mends, left) = mender.run();
            let after = song.document.text();
            let diff = unified(&song.path.display().to_string(), &before, after);
            let written = !fix.dry_run && !diff.is_empty();
            if written {
                write(&song.path, &before, after)?;
            }
            reports.push(FixReport { song: song.path.clone(), mends, left, diff, written });
        }
        checked.report.settle(&checked.songs);
        Ok((reports, checked.report))
    }
}

/// Puts the new text in the place of the one that was checked, whole or not at all.
pub(crate) fn write(path: &Path, before: &str, after: &str) -> Result<(), Failure> {
    if std::fs::read_to_string(path).is_ok_and(|now| now != before) {
        return Err(Failure::output(path, "was changed by somebody else meanwhile; run it again"));
    }
    text_file::write(path, after, Existing::Replace).map_err(|error| Failure::output(path, plain(&error)))
}

/// What came of one finding on one track: the edit, or why there is none.
type Outcome = Result<(String, String), String>;

struct Mender<'m> {
    song: &'m mut Song,
    report: &'m CheckReport,
    registry: &'m Registry,
    notes: bool,
}

impl Mender<'_> {
    fn run(&mut self) -> (Vec<Mend>, Vec<Left>) {
        let (mut mends, mut left) = (Vec::new(), Vec::new());
        let mut put = |rule, track: String, why: &str, outcome: Outcome| match outcome {
            Ok((address, change)) => mends.push(Mend { rule, address, change, why: why.to_owned() }),
            Err(why) => left.push(Left { rule, track, why }),
        };
        let told = |finding: &&AudioFinding, notes: bool| notes || finding.severity > Severity::Note;
        let (report, notes) = (self.report, self.notes);
        for file in &report.files {
            for finding in file.findings.iter().filter(|finding| told(finding, notes)) {
                let tracks: Vec<String> = playing(self.song, &file.path).map(|track| track.id.clone()).collect();
                for id in tracks {
                    if let Some(outcome) = self.alone(&id, file, finding) {
                        put(finding.rule, id, &finding.message, outcome);
                    }
                }
            }
        }
        let pairs: Vec<&AudioFinding> = report
            .together
            .iter()
            .filter(|finding| finding.rule == rules::POLARITY_PAIR.id && told(finding, notes))
            .collect();
        for finding in &pairs {
            if let Some((id, outcome)) = self.pair(finding, &pairs) {
                put(finding.rule, id, &finding.message, outcome);
            }
        }
        let told = report.together.iter().filter(|finding| told(finding, notes));
        for finding in told.filter(|finding| finding.rule == answer::DELAY_PAIR) {
            if let Some((track, why)) = self.late(finding) {
                put(finding.rule, track, &finding.message, Err(why));
            }
        }
        (mends, left)
    }

    /// Two microphones out of time: whether to move one is for the ear, but by how much is known.
    fn late(&self, finding: &AudioFinding) -> Option<(String, String)> {
        if answer::together(std::slice::from_ref(self.song), finding).is_some() {
            return None;
        }
        let (later, earlier) = answer::pair(self.song, finding)?;
        let rate = f64::from(self.song.document.song().sample_rate_hz);
        let frames = (finding.evidence("delay")? * rate).round() + later.strip.get("delay_samples");
        let why = format!("a room microphone may be late on purpose; `delay_samples = {frames}` brings it in time");
        Some((earlier.id.clone(), why))
    }

    fn track(&self, id: &str) -> Option<&Track> {
        self.song.document.song().tracks.iter().find(|track| track.id == id)
    }

    /// Mends one finding on one track; `None` when there is nothing to do, or nobody knows what.
    fn alone(&mut self, id: &str, file: &FileReport, finding: &AudioFinding) -> Option<Outcome> {
        let track = self.track(id)?;
        if answer::of_track(self.song, track, &file.path, finding).is_some() {
            return None;
        }
        Some(match finding.rule {
            rule if rule == rules::DC_OFFSET.id => self.insert(id, "dc_blocker", &[], finding),
            rule if rule == rules::POLARITY_STEREO.id => self.insert(id, "gain", &[("invert_right", 1.0)], finding),
            rule if rule == rules::LEADING_SILENCE.id => self.trim(id, file, finding, Side::Leading),
            rule if rule == rules::TRAILING_SILENCE.id => self.trim(id, file, finding, Side::Trailing),
            rule if rule == rules::OVER_FULL_SCALE.id => self.hold(id, finding),
            _ => return None,
        })
    }

    fn apply(&mut self, edits: Vec<Edit>) -> Result<Edit, String> {
        self.song.document.apply(&Edit::Together(edits)).map_err(|refused| refused.message)
    }

    /// Puts an effect first.
    fn insert(&mut self, id: &str, effect: &str, set: &[(&str, f64)], finding: &AudioFinding) -> Outcome {
        let spec = self.registry.spec(effect).ok_or_else(|| format!("there is no effect `{effect}`"))?;
        let settings = set.iter().fold(Settings::new(spec), |settings, (key, value)| settings.with(key, *value));
        let taken: Vec<&str> =
            self.track(id).map_or_else(Vec::new, |track| track.strip.inserts.iter().map(|i| i.id.as_str()).collect());
        // One of these is free: there is one more of them than of what is taken.
        let mut names = (1..=taken.len() + 1).map(|n| if n == 1 { effect.to_owned() } else { format!("{effect}-{n}") });
        let name = names.find(|name| !taken.contains(&name.as_str())).unwrap_or_default();
        let insert = Insert { id: name.clone(), bypass: false, channels: Channels::Stereo, key: None, settings };
        self.apply(vec![Edit::AddInsert { strip: id.into(), at: 0, insert }])?;
        let address = format!("{id}/{name}");
        comment(self.song, &address, finding);
        let with: Vec<&str> = set.iter().map(|(key, _)| *key).collect();
        let with = if with.is_empty() { String::new() } else { format!(" with `{}`", with.join("`, `")) };
        Ok((address, format!("`{effect}`{with} put first on `{id}`")))
    }

    /// Trim down and fader up by what lies beyond full scale.
    fn hold(&mut self, id: &str, finding: &AudioFinding) -> Outcome {
        let track = self.track(id).ok_or("there is no such track")?;
        let strip = &track.strip;
        if !strip.inserts.is_empty() {
            return Err("its inserts would hear another level; set `trim_db` by ear".into());
        }
        if strip.sends.iter().any(|send| send.tap == Tap::Pre) {
            return Err("its pre-fader sends would become softer; set `trim_db` by ear".into());
        }
        if moves(strip, "trim_db") || moves(strip, "fader_db") {
            return Err("its trim or its fader is automated".into());
        }
        let gain = track.clips.iter().map(|clip| clip.gain_db).fold(f64::NEG_INFINITY, f64::max);
        let (trim, fader) = (strip.get("trim_db"), strip.get("fader_db"));
        let peak = finding.evidence("peak").ok_or("its peak is not known")? + gain + trim;
        let excess = (peak * 10.0).ceil() / 10.0;
        let (down, up) = (tenth(trim - excess), tenth(fader + excess));
        if fader <= SILENCE_DB || excess <= 0.0 {
            return Err("it is not heard".into());
        }
        let set = |key: &str, value: f64| Edit::SetParam { address: format!("{id}/{key}"), value };
        self.apply(vec![set("trim_db", down), set("fader_db", up)])?;
        let address = format!("{id}/trim_db");
        comment(self.song, &address, finding);
        Ok((address, format!("trim at {down} dB instead of {trim} dB, and the fader as much higher at {up} dB")))
    }

    /// Lets the clips of a file play only what sounds.
    fn trim(&mut self, id: &str, file: &FileReport, finding: &AudioFinding, side: Side) -> Outcome {
        let at = finding.at.ok_or("its place is not known")?;
        let track = self.track(id).ok_or("there is no such track")?;
        let unfold = self.song.document.clip_numbers(id).is_empty();
        let numbers = if unfold { vec![1] } else { self.song.document.clip_numbers(id) };
        let clips: Vec<(usize, Clip)> = numbers
            .into_iter()
            .zip(&track.clips)
            .filter(|(_, clip)| self.song.file(&clip.audio) == file.path)
            .map(|(number, clip)| (number, clip.clone()))
            .collect();
        let mut edits = Vec::new();
        if unfold {
            edits.push(Edit::Unfold { track: id.into() });
        }
        let mut first = None;
        let mut cut_s = 0.0;
        for (number, clip) in &clips {
            if !clip.runs_as_recorded() {
                return Err("its clip plays backwards, again and again or in part; set it by hand".into());
            }
            let set = |key: &str, value: f64| Edit::SetPlain {
                address: format!("{id}/clip/{number}/{key}"),
                value: Plain::Number(value),
            };
            match side {
                Side::Leading => {
                    // Whole seconds are whole frames at every rate, so the sound does not move by one.
                    let later = (at.to_s - AIR - clip.offset_s).floor();
                    if later < 1.0 {
                        continue;
                    }
                    if clip.fade_in_s > 0.0 {
                        return Err("its clip fades in, and the fade would move".into());
                    }
                    if clip.length_s.is_some_and(|length| length <= later) {
                        return Err("its clip plays nothing but silence".into());
                    }
                    edits.push(set("start_s", micros(clip.start_s + later)));
                    edits.push(set("offset_s", micros(clip.offset_s + later)));
                    edits.extend(clip.length_s.map(|length| set("length_s", micros(length - later))));
                    cut_s += later;
                    first.get_or_insert(format!("{id}/clip/{number}/offset_s"));
                }
                Side::Trailing => {
                    let whole = file.stats.as_ref().map_or(0.0, |s| s.frames as f64 / f64::from(s.sample_rate_hz));
                    let length = (at.from_s + AIR - clip.offset_s).ceil();
                    let now = clip.length_s.unwrap_or(whole - clip.offset_s);
                    if length >= now {
                        continue;
                    }
                    if clip.fade_out_s > 0.0 {
                        return Err("its clip fades out, and the fade would move".into());
                    }
                    if length < 1.0 {
                        return Err("its clip plays nothing but silence".into());
                    }
                    edits.push(set("length_s", length));
                    cut_s += now - length;
                    first.get_or_insert(format!("{id}/clip/{number}/length_s"));
                }
            }
        }
        let address = first.ok_or("its clips play little of the silence already")?;
        let end = self.end();
        let back = self.apply(edits)?;
        if side == Side::Trailing && self.end() != end {
            // The inverse of what was just done always fits.
            self.apply(vec![back])?;
            return Err("the song ends with it, and would become shorter; give the song a `length_s` first".into());
        }
        comment(self.song, &address, finding);
        let what = if side == Side::Leading { "before" } else { "after" };
        let change = format!("{cut_s:.3} s of silence {what} the sound left out; the sound stays where it is");
        Ok((address, change))
    }

    /// Where the last clip ends, in frames of a million to the second; `None` when the song has a length of its own,
    /// or a file's is not known.
    fn end(&self) -> Option<i64> {
        let song = self.song.document.song();
        if song.length_s.is_some() {
            return None;
        }
        let mut latest = 0.0_f64;
        for clip in song.tracks.iter().flat_map(|track| &track.clips) {
            let path = self.song.file(&clip.audio);
            let stats = self.report.files.iter().find(|file| file.path == path)?.stats.as_ref()?;
            let whole = stats.frames as f64 / f64::from(stats.sample_rate_hz);
            latest = latest.max(clip.start_s + clip.length_s.unwrap_or(whole - clip.offset_s));
        }
        Some((latest * 1e6).round() as i64)
    }

    /// Turns one of two tracks, if that leaves fewer pairs turned than before.
    fn pair(&mut self, finding: &AudioFinding, pairs: &[&AudioFinding]) -> Option<(String, Outcome)> {
        if answer::together(std::slice::from_ref(self.song), finding).is_some() {
            return None;
        }
        let [a, b] = finding.files.as_slice() else { return None };
        let (one, other) = answer::pair(self.song, finding)?;
        let against = |name: &str| pairs.iter().filter(|pair| pair.files.iter().any(|file| file == name)).count();
        let weight = |name: &str, track: &Track| (against(name), is_second(track));
        let later = other.id.clone();
        let mut candidates = [other.id.clone(), one.id.clone()];
        if weight(a, one) > weight(b, other) {
            candidates.reverse();
        }
        let open = |song: &Song| {
            pairs.iter().filter(|pair| answer::together(std::slice::from_ref(song), pair).is_none()).count()
        };
        let before = open(self.song);
        for id in candidates {
            let Some(track) = self.track(&id) else { continue };
            if moves(&track.strip, "polarity") {
                continue;
            }
            let value = 1.0 - track.strip.get("polarity");
            let address = format!("{id}/polarity");
            let Ok(back) = self.apply(vec![Edit::SetParam { address: address.clone(), value }]) else { continue };
            if open(self.song) < before {
                comment(self.song, &address, finding);
                let word = if value == 0.0 { "normal" } else { "inverted" };
                return Some((id, Ok((address, format!("polarity is now \"{word}\"")))));
            }
            // The inverse of what was just done always fits.
            let _restored = self.apply(vec![back]);
        }
        let why = "turning one of the two would turn it against others; listen, and choose".to_owned();
        Some((later, Err(why)))
    }
}

/// Silence that stays around the sound, in seconds.
const AIR: f64 = 0.05;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Leading,
    Trailing,
}

/// Whether its name says that it is the second microphone of two.
fn is_second(track: &Track) -> bool {
    let words = [track.id.as_str(), track.role.as_deref().unwrap_or_default()].join("-").to_ascii_lowercase();
    let mut words = words.split(|c: char| !c.is_ascii_alphanumeric());
    words.any(|word| ["bottom", "btm", "bot", "under", "below", "out", "rear", "back"].contains(&word))
}

/// A message as the end of a line.
fn line(message: &str) -> String {
    let mut line: String = message.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST).collect();
    if message.chars().nth(LONGEST).is_some() {
        line.truncate(line.rfind(' ').unwrap_or(line.len()));
        line.push('…');
    }
    line
}

/// The longest comment, in characters.
const LONGEST: usize = 90;

/// To a millionth: far less than a frame, and no tail of digits.
fn micros(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}

fn tenth(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

/// Says in the text why something stands there: above a header, or behind a value that ends its line. Where there is
/// no room the report alone says it.
fn comment(song: &mut Song, address: &str, finding: &AudioFinding) {
    // Files as the document names them.
    let folder = song.file("").display().to_string();
    let document = &mut song.document;
    let Some(span) = document.span_of(address) else { return };
    let text = document.text();
    let clean = line(&if folder.is_empty() { finding.message.clone() } else { finding.message.replace(&folder, "") });
    let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let splice = if text[span.clone()].starts_with('[') && address.matches('/').count() == 1 {
        let at = text[..span.start].rfind('\n').map_or(0, |at| at + 1);
        let indent = &text[at..span.start];
        if !indent.trim().is_empty() {
            return;
        }
        Splice {
            at: span.start,
            remove: String::new(),
            insert: format!("# {}: {clean}{newline}{indent}", finding.rule),
        }
    } else {
        let rest = text[span.end..].split('\n').next().unwrap_or_default().trim_end_matches('\r');
        // Braces and brackets that close on the line; behind anything else is no room.
        if !rest.chars().all(|c| matches!(c, ' ' | '\t' | '}' | ']' | ',')) {
            return;
        }
        let at = span.end + rest.trim_end().len();
        Splice { at, remove: String::new(), insert: format!("   # {}: {clean}", finding.rule) }
    };
    let mut with = document.clone();
    if with.apply(&Edit::Rewrite(vec![splice])).is_ok() && with.song() == document.song() {
        *document = with;
    }
}
