//! `new`: a folder of stems becomes a document.
//!
//! [`plan`] does the thinking and touches no file: names become roles ([`role`]), ids and an order (drums, bass,
//! guitars, keys, pads, leads, vocals, effects); relatives are gathered on buses; rates and lengths are compared.
//! What it decides it also says, as notes.
//!
//! It decides nothing about the sound. There is no insert, no send, every fader stands at 0 dB and every pan in the
//! centre, so the new document renders to *the plain sum of the stems*: what was delivered is what is heard first.
//! Mono stems would lose 3 dB each under the usual pan law, therefore a song with any of them starts with
//! `pan_law_db = 0.0` and a comment that says why.
//!
//! [`create`] reads the folder, plans, and writes `song.toml` whole or not at all.

mod folder;
mod name;
pub mod role;

use std::collections::BTreeMap;

use tonmeister_core::{Diagnostic, Layout, SourceInfo};
use tonmeister_session::model::{Bus, Clip, Destination, PanLaw, Song, Strip, Track};

pub use folder::{NewOptions, NewReport, NewTrack, create};
use role::{Family, Kind, Role};

/// One audio file of the folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StemFile {
    /// As the document will name it: relative to the document's folder, with `/` between folders.
    pub path: String,
    /// Rate, layout and length.
    pub info: SourceInfo,
    /// Where the recorder's clock stood at the first sample, in frames since midnight, if the file says so.
    pub clock: Option<u64>,
}

impl StemFile {
    /// The file's name without folders and extension.
    fn name(&self) -> &str {
        let file = self.file_name();
        file.rsplit_once('.').map_or(file, |(name, _)| name)
    }

    /// The file's name without folders.
    fn file_name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    fn seconds(&self) -> f64 {
        self.info.frames as f64 / f64::from(self.info.sample_rate)
    }
}

/// A document that nobody has mixed yet.
#[derive(Clone, Debug, PartialEq)]
pub struct NewSong {
    /// The song: the plain sum of its stems.
    pub song: Song,
    /// What was decided and what deserves a look, in words.
    pub notes: Vec<Diagnostic>,
}

/// Why there is no song in these files.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoSong {
    /// Not one audio file.
    #[error("there is no audio file here; expected stems as WAV, FLAC, AIFF or another format that can be read")]
    NoFiles,
    /// Audio, but nothing that is a track.
    #[error("none of these files is a stem: {} by name versions of the whole song, or clicks", .0.join(", "))]
    OnlyMixes(Vec<String>),
}

/// A stem and what its name says.
struct Stem<'a> {
    file: &'a StemFile,
    role: Option<Role>,
}

/// A song from stems: see the [module](self).
pub fn plan(files: &[StemFile], title: &str) -> Result<NewSong, NoSong> {
    if files.is_empty() {
        return Err(NoSong::NoFiles);
    }
    let mut notes = Vec::new();
    let mut stems = stems_of(files, &mut notes);
    if stems.is_empty() {
        return Err(NoSong::OnlyMixes(files.iter().map(|file| file.path.clone()).collect()));
    }
    stems.sort_by(|a, b| rank(a.role).cmp(&rank(b.role)).then_with(|| name::natural(a.file.name(), b.file.name())));
    let sample_rate_hz = common_rate(&stems, &mut notes);
    compare_lengths(&stems, &mut notes);
    compare_clocks(&stems, &mut notes);
    name_the_unknown(&stems, &mut notes);

    let mut ids = name::Ids::default();
    let given: Vec<String> = stems.iter().map(|stem| ids.give(stem.file.name(), "track")).collect();
    let families = shared_buses(&stems);
    let track = |(stem, id): (&Stem<'_>, String)| Track {
        id,
        role: stem.role.map(|role| role.id().into()),
        clips: vec![Clip::whole(&stem.file.path)],
        check: Vec::new(),
        strip: Strip::new(Some(destination(stem.role, &families))),
    };
    let tracks: Vec<Track> = stems.iter().zip(given).map(track).collect();
    let buses = families
        .iter()
        .map(|family| Bus { id: bus_id(*family, &mut ids), strip: Strip::new(Some(Destination::Master)) });
    let any_mono = stems.iter().any(|stem| stem.file.info.layout == Layout::Mono);
    let song = Song {
        title: title.into(),
        pan_law: if any_mono { PanLaw::Zero } else { PanLaw::Minus3 },
        buses: buses.collect(),
        tracks,
        ..Song::empty(sample_rate_hz)
    };
    Ok(NewSong { song, notes })
}

/// The files that are tracks, with what their names say; the others become notes.
fn stems_of<'a>(files: &'a [StemFile], notes: &mut Vec<Diagnostic>) -> Vec<Stem<'a>> {
    let words: Vec<Vec<String>> = files.iter().map(|file| role::words(file.name())).collect();
    let shared = shared_words(&words);
    let (mut stems, mut left_out) = (Vec::new(), Vec::new());
    for (file, words) in files.iter().zip(&words) {
        // What every name begins with is the song's title or the kind of thing in the folder: it tells stems apart
        // only where nothing else does.
        let own = role::of_words(&words[shared..]);
        let kind = if own == Kind::Stem(None) { role::of_words(words) } else { own };
        match kind {
            Kind::Stem(role) => stems.push(Stem { file, role }),
            Kind::NotATrack(word) => left_out.push(format!("`{}` (\"{word}\")", file.file_name())),
        }
    }
    if !left_out.is_empty() {
        let message = format!("left out, because their names say that they are no tracks: {}", list(&left_out));
        notes.push(note("left-out", message).help("if one of them is, write a `[[track]]` for it"));
    }
    stems
}

/// How many words all names begin with.
fn shared_words(names: &[Vec<String>]) -> usize {
    let Some((first, others)) = names.split_first().filter(|(_, others)| !others.is_empty()) else { return 0 };
    let same = |at: usize| others.iter().all(|words| words.get(at) == first.get(at));
    (0..first.len()).take_while(|at| same(*at)).count()
}

/// Known roles in their order, then what nobody knows.
fn rank(role: Option<Role>) -> (bool, Option<Role>) {
    (role.is_none(), role)
}

/// The families that get a bus: two members or more, and somebody else in the song.
fn shared_buses(stems: &[Stem<'_>]) -> Vec<Family> {
    let mut members: BTreeMap<Family, usize> = BTreeMap::new();
    for family in stems.iter().filter_map(|stem| stem.role.map(Role::family)) {
        *members.entry(family).or_default() += 1;
    }
    members.into_iter().filter(|(_, count)| *count >= 2 && *count < stems.len()).map(|(family, _)| family).collect()
}

fn destination(role: Option<Role>, families: &[Family]) -> Destination {
    let bus = role.and_then(|role| families.iter().position(|family| *family == role.family()));
    bus.map_or(Destination::Master, Destination::Bus)
}

/// The family's name, or with `-bus` behind it where a track is called that.
fn bus_id(family: Family, ids: &mut name::Ids) -> String {
    if ids.is_free(family.id()) {
        ids.give(family.id(), "bus")
    } else {
        ids.give(&format!("{}-bus", family.id()), "bus")
    }
}

/// The rate of most stems; of equally many, the highest.
fn common_rate(stems: &[Stem<'_>], notes: &mut Vec<Diagnostic>) -> u32 {
    let mut counts: BTreeMap<u32, usize> = BTreeMap::new();
    for stem in stems {
        *counts.entry(stem.file.info.sample_rate).or_default() += 1;
    }
    let rate = counts.iter().max_by_key(|(rate, count)| (**count, **rate)).map_or(48_000, |(rate, _)| *rate);
    let others: Vec<String> = stems
        .iter()
        .filter(|stem| stem.file.info.sample_rate != rate)
        .map(|stem| format!("`{}` ({} Hz)", stem.file.file_name(), stem.file.info.sample_rate))
        .collect();
    if !others.is_empty() {
        let message = format!("the song runs at {rate} Hz, as most stems do; converted on reading: {}", list(&others));
        notes.push(Diagnostic::warning("mixed-rates", message).help("check that these files belong to this song"));
    }
    rate
}

/// Stems of one song usually share a length; where they do not, somebody should know.
fn compare_lengths(stems: &[Stem<'_>], notes: &mut Vec<Diagnostic>) {
    let longest = stems.iter().map(|stem| stem.file.seconds()).fold(0.0, f64::max);
    // A codec's padding or a rounded conversion is no difference.
    let shorter: Vec<String> = stems
        .iter()
        .filter(|stem| longest - stem.file.seconds() > 0.05)
        .map(|stem| format!("`{}` ({})", stem.file.file_name(), clock_time(stem.file.seconds())))
        .collect();
    if !shorter.is_empty() {
        let longest = clock_time(longest);
        let message =
            format!("the longest stem lasts {longest}; shorter, and silent after their end: {}", list(&shorter));
        notes.push(
            note("lengths-differ", message).help("every stem starts at 0; set `start_s` where one belongs later"),
        );
    }
}

/// Files of a recorder may carry the time of day of their first sample. It is not used, but said when it matters.
fn compare_clocks(stems: &[Stem<'_>], notes: &mut Vec<Diagnostic>) {
    let seconds = |stem: &Stem<'_>| stem.file.clock.map(|c| c as f64 / f64::from(stem.file.info.sample_rate));
    let Some(first) = stems.iter().filter_map(seconds).min_by(f64::total_cmp) else { return };
    let later = |stem: &Stem<'_>| seconds(stem).map(|s| s - first).filter(|late| *late > 0.000_5);
    let late = stems.iter().filter_map(|stem| later(stem).map(|s| format!("`{}` ({s:.3} s)", stem.file.file_name())));
    let late: Vec<String> = late.collect();
    if !late.is_empty() {
        let message = format!("by their time stamps these begin later than the first stem: {}", list(&late));
        let remedy = "every stem starts at 0 here; write the time as `start_s` if the stamps are right";
        notes.push(note("time-stamps-differ", message).help(remedy));
    }
}

fn name_the_unknown(stems: &[Stem<'_>], notes: &mut Vec<Diagnostic>) {
    let unknown = stems.iter().filter(|stem| stem.role.is_none());
    let unknown: Vec<String> = unknown.map(|stem| format!("`{}`", stem.file.file_name())).collect();
    if !unknown.is_empty() {
        let message = format!("the name does not say what it plays: {}", list(&unknown));
        notes.push(note("no-role", message).help("write a `role`, and an `output` if it belongs on a bus"));
    }
}

fn note(code: &'static str, message: String) -> Diagnostic {
    Diagnostic { severity: tonmeister_core::Severity::Note, ..Diagnostic::warning(code, message) }
}

/// The first few, and how many more there are.
fn list(items: &[String]) -> String {
    const SHOWN: usize = 6;
    let shown = items[..items.len().min(SHOWN)].join(", ");
    if items.len() > SHOWN { format!("{shown} and {} more", items.len() - SHOWN) } else { shown }
}

/// `3:07.5`.
fn clock_time(seconds: f64) -> String {
    let tenths = (seconds * 10.0).round() as u64;
    format!("{}:{:02}.{}", tenths / 600, tenths / 10 % 60, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stem(path: &str, layout: Layout) -> StemFile {
        StemFile { path: path.into(), info: SourceInfo { sample_rate: 48_000, layout, frames: 480_000 }, clock: None }
    }

    fn stereo(paths: &[&str]) -> Vec<StemFile> {
        paths.iter().map(|path| stem(path, Layout::Stereo)).collect()
    }

    fn codes(new: &NewSong) -> Vec<&'static str> {
        new.notes.iter().map(|note| note.code).collect()
    }

    #[test]
    fn stems_stand_in_the_order_of_a_console_and_relatives_share_a_bus() {
        let names = [
            "vox.wav",
            "bv 10.wav",
            "bv 2.wav",
            "Bass.wav",
            "kick.wav",
            "OHs.wav",
            "gtr L.wav",
            "gtr R.wav",
            "pad.wav",
            "snare.wav",
            "thing.wav",
            "fx.wav",
            "rough mix.wav",
        ];
        let new = plan(&stereo(&names), "Song").unwrap();
        let ids: Vec<&str> = new.song.tracks.iter().map(|track| track.id.as_str()).collect();
        let expected = ["kick", "snare", "ohs", "bass", "gtr-l", "gtr-r", "pad", "vox", "bv-2", "bv-10", "fx", "thing"];
        assert_eq!(ids, expected);
        let buses: Vec<&str> = new.song.buses.iter().map(|bus| bus.id.as_str()).collect();
        assert_eq!(buses, ["drums", "guitars", "vocals"]);
        let output = |id: &str| new.song.tracks.iter().find(|t| t.id == id).unwrap().strip.output.clone().unwrap();
        assert_eq!(output("ohs"), Destination::Bus(0));
        assert_eq!(output("bv-2"), Destination::Bus(2));
        assert_eq!(output("bass"), Destination::Master);
        assert_eq!(output("thing"), Destination::Master);
        assert_eq!(codes(&new), ["left-out", "no-role"]);
    }

    #[test]
    fn nothing_is_done_to_the_sound() {
        let new = plan(&stereo(&["kick.wav", "snare.wav", "vox.wav"]), "Song").unwrap();
        let strips = new.song.tracks.iter().map(|t| &t.strip).chain(new.song.buses.iter().map(|b| &b.strip));
        for strip in strips.chain([&new.song.master.strip]) {
            assert_eq!(*strip, Strip::new(strip.output.clone()));
            assert_eq!((strip.get("fader_db"), strip.get("pan")), (0.0, 0.0));
        }
        assert_eq!(new.song.pan_law, PanLaw::Minus3);
        let mono = [stem("kick.wav", Layout::Mono), stem("vox.wav", Layout::Stereo)];
        assert_eq!(plan(&mono, "Song").unwrap().song.pan_law, PanLaw::Zero);
    }

    #[test]
    fn the_commonest_rate_wins_and_the_rest_is_named() {
        let mut files = stereo(&["kick.wav", "snare.wav", "vox.wav"]);
        files[2].info.sample_rate = 44_100;
        let new = plan(&files, "Song").unwrap();
        assert_eq!(new.song.sample_rate_hz, 48_000);
        assert!(new.notes[0].message.contains("`vox.wav` (44100 Hz)"), "{}", new.notes[0].message);
        // One each: the higher keeps more.
        files.remove(0);
        assert_eq!(plan(&files, "Song").unwrap().song.sample_rate_hz, 48_000);
    }

    #[test]
    fn lengths_and_time_stamps_that_differ_are_said() {
        let mut files = stereo(&["kick.wav", "snare.wav"]);
        files[1].info.frames = 240_000;
        files[0].clock = Some(48_000);
        files[1].clock = Some(96_000);
        let new = plan(&files, "Song").unwrap();
        assert_eq!(codes(&new), ["lengths-differ", "time-stamps-differ"]);
        assert!(new.notes[0].message.contains("lasts 0:10.0") && new.notes[0].message.contains("(0:05.0)"));
        assert!(new.notes[1].message.contains("(1.000 s)"));
    }

    #[test]
    fn a_title_in_front_of_every_name_tells_nothing() {
        let new =
            plan(&stereo(&["Piano Man - Drums.wav", "Piano Man - Bass.wav", "Piano Man - Lead.wav"]), "x").unwrap();
        let roles: Vec<&str> = new.song.tracks.iter().map(|track| track.role.as_deref().unwrap_or("")).collect();
        assert_eq!(roles, ["drums", "bass", "synth"]);
        let new = plan(&stereo(&["vox 1.wav", "vox 2.wav"]), "x").unwrap();
        assert_eq!(new.song.tracks[1].role.as_deref(), Some("vocals"));
        // A bus for everybody would be a second master.
        assert!(new.song.buses.is_empty());
    }

    #[test]
    fn a_track_may_be_called_like_a_bus() {
        let new = plan(&stereo(&["drums.wav", "kick.wav", "vox.wav"]), "x").unwrap();
        assert_eq!(new.song.buses[0].id, "drums-bus");
    }

    #[test]
    fn without_stems_there_is_no_song() {
        assert_eq!(plan(&[], "x"), Err(NoSong::NoFiles));
        let error = plan(&stereo(&["reference_mix.flac"]), "x").unwrap_err();
        assert!(error.to_string().contains("reference_mix.flac"), "{error}");
    }
}
