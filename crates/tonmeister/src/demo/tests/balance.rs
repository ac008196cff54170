//! What must hold of the demo's documents: they are understood without a warning, and their mixes are in balance.

use std::sync::{Arc, OnceLock};

use tonmeister_core::{Block, Buffer, Layout, Source, SourceError, SourceInfo, View};
use tonmeister_engine::{Compiled, EngineError, Executor, Library, compile};
use tonmeister_measure::loudness::{Loudness, LoudnessMeter};
use tonmeister_session::{Document, parse};

use super::stems_of;
use crate::demo::{ALBUM_TOML, BREAKWATER, FERRY, SAMPLE_RATE, SLACK, SONGS, Song, Stem, play};

pub(super) fn document(song: &Song) -> Document {
    match parse(song.document, &tonmeister_dsp::rack()) {
        Ok(document) => document,
        Err(findings) => panic!("the document of {} is refused: {findings:#?}", song.id),
    }
}

#[test]
fn the_documents_are_understood_without_a_warning() {
    for song in SONGS {
        let document = document(song);
        assert!(document.warnings().is_empty(), "{}: {:#?}", song.id, document.warnings());
        let read = document.song();
        assert_eq!((read.title.as_str(), read.sample_rate_hz), (song.title, SAMPLE_RATE));
    }
    let album = tonmeister_session::album::parse(ALBUM_TOML, &tonmeister_dsp::rack()).expect("an album");
    assert!(album.warnings().is_empty(), "{:#?}", album.warnings());
    assert_eq!(album.album().songs.len(), SONGS.len());
}

/// Whoever was recorded is in the mix, under its own name.
#[test]
fn every_stem_is_a_track_and_every_track_plays_stems() {
    for song in SONGS {
        let document = document(song);
        let tracks = &document.song().tracks;
        for part in song.stems {
            let track = tracks.iter().find(|track| track.id == part.id);
            assert_eq!(track.and_then(|track| track.role.as_deref()), Some(part.role), "{}/{}", song.id, part.id);
        }
        for clip in tracks.iter().flat_map(|track| &track.clips) {
            let known = song.stems.iter().any(|part| clip.audio == format!("stems/{}.wav", part.id));
            assert!(known, "{}: nobody plays {}", song.id, clip.audio);
        }
    }
}

/// Between them the three mixes show the rack and the desk: twenty effects and more, and every kind of route.
#[test]
fn the_mixes_show_every_tool() {
    let mut effects = std::collections::BTreeSet::new();
    let (mut sends, mut lanes, mut swings, mut versions, mut vcas, mut parts, mut keys) = (0, 0, 0, 0, 0, 0, 0);
    for song in SONGS {
        let document = document(song);
        let song = document.song();
        for at in song.strips() {
            let strip = song.strip(at);
            effects.extend(strip.inserts.iter().map(|insert| insert.settings.spec().id));
            sends += strip.sends.len();
            lanes += strip.automation.len();
            swings += strip.automation.iter().filter(|lane| !lane.lfos.is_empty()).count();
            parts += strip.inserts.iter().filter(|i| i.channels != tonmeister_session::model::Channels::Stereo).count();
            keys += strip.inserts.iter().filter(|i| i.key.is_some()).count();
        }
        versions += song.versions.len();
        vcas += song.vcas.len();
    }
    println!("{effects:?}");
    assert!(effects.len() >= 20, "{} effects: {effects:?}", effects.len());
    assert!(sends >= 20 && lanes >= 25 && swings >= 3, "{sends} sends, {lanes} lanes, {swings} swings");
    assert!(versions >= 8 && vcas >= 1 && parts >= 2 && keys >= 4, "{versions}, {vcas}, {parts}, {keys}");
}

/// Stems and rooms in memory.
struct Stems {
    stems: &'static [Stem],
    rooms: &'static [Stem],
}

impl Stems {
    fn of(song: &'static Song) -> Self {
        static ROOMS: OnceLock<Vec<Stem>> = OnceLock::new();
        // One song has rooms.
        let rooms = if song.rooms.is_empty() { &[] } else { ROOMS.get_or_init(|| play(song.rooms)).as_slice() };
        Stems { stems: stems_of(song), rooms }
    }

    fn find(&self, audio: &str) -> Result<&'static Stem, SourceError> {
        let (folder, stems) = if audio.starts_with("rooms/") { ("rooms", self.rooms) } else { ("stems", self.stems) };
        let found = stems.iter().find(|stem| audio == format!("{folder}/{}.wav", stem.id));
        found.ok_or_else(|| SourceError::new(format!("there is no stem `{audio}`")))
    }
}

impl Library for Stems {
    fn info(&self, audio: &str, sample_rate: u32) -> Result<SourceInfo, SourceError> {
        let audio = &self.find(audio)?.audio;
        Ok(SourceInfo { sample_rate, layout: audio.layout(), frames: audio.frames() as u64 })
    }

    fn open(&self, audio: &str, sample_rate: u32) -> Result<Box<dyn Source>, SourceError> {
        assert_eq!(sample_rate, SAMPLE_RATE);
        Ok(Box::new(Reader { audio: &self.find(audio)?.audio, at: 0 }))
    }
}

struct Reader {
    audio: &'static Buffer,
    at: usize,
}

impl Source for Reader {
    fn info(&self) -> SourceInfo {
        SourceInfo { sample_rate: SAMPLE_RATE, layout: self.audio.layout(), frames: self.audio.frames() as u64 }
    }

    fn read(&mut self, out: &mut Block<'_>) -> Result<usize, SourceError> {
        let frames = out.frames().min(self.audio.frames() - self.at);
        for (channel, samples) in out.channels_mut().enumerate() {
            samples[..frames].copy_from_slice(&self.audio.channel(channel)[self.at..self.at + frames]);
        }
        self.at += frames;
        Ok(frames)
    }

    fn skip(&mut self, frames: u64) -> Result<u64, SourceError> {
        let passed = frames.min((self.audio.frames() - self.at) as u64);
        self.at += passed as usize;
        Ok(passed)
    }
}

/// The song as its document mixes it, without the tracks named.
fn mixed(song: &'static Song, without: &[&str]) -> Buffer {
    let document = document(song);
    let mut edited = document.song().clone();
    for track in edited.tracks.iter_mut().filter(|track| without.contains(&track.id.as_str())) {
        track.strip.set("mute", 1.0);
    }
    let library: Arc<dyn Library> = Arc::new(Stems::of(song));
    let compiled: Compiled = compile(&edited, document.registry(), &*library).expect("the song compiles");
    let mut mix = Buffer::new(Layout::Stereo, 0);
    let append = |view: View<'_>| -> Result<(), EngineError> {
        mix.append(view);
        Ok(())
    };
    Executor::new(compiled, &library, 512).render(2, vec![Box::new(append)]).expect("the song renders");
    mix
}

fn mix(song: &'static Song) -> &'static Buffer {
    static MIXES: [OnceLock<Buffer>; SONGS.len()] = [const { OnceLock::new() }; SONGS.len()];
    let place = SONGS.iter().position(|other| other.id == song.id).expect("a song of the album");
    MIXES[place].get_or_init(|| mixed(song, &[]))
}

fn loudness(audio: &Buffer, from_s: f64, until_s: f64) -> Loudness {
    let mut meter = LoudnessMeter::new(SAMPLE_RATE, audio.layout()).expect("a rate that meters know");
    let frame = |s: f64| ((s * f64::from(SAMPLE_RATE)) as usize).min(audio.frames());
    meter.push(audio.view(audio.frames()).part(frame(from_s), frame(until_s)));
    meter.finish()
}

fn lufs(audio: &Buffer, from_s: f64, until_s: f64) -> f64 {
    loudness(audio, from_s, until_s).integrated_lufs.expect("not silent")
}

/// Loudness and peak of each mix: room for mastering, and as far from each other as the music is.
#[test]
fn the_mixes_leave_room_for_mastering_and_ring_out() {
    for (song, lufs_from, lufs_to) in [(&FERRY, -20.5, -17.5), (&SLACK, -27.0, -21.0), (&BREAKWATER, -20.5, -17.0)] {
        let measured = loudness(mix(song), 0.0, 1000.0);
        let (lufs, peak) = (measured.integrated_lufs.unwrap(), measured.true_peak_dbtp.unwrap());
        let range = measured.range.map_or(0.0, |range| range.lu);
        println!("{}: {lufs:.2} LUFS, {peak:.2} dBTP, {range:.1} LU", song.id);
        assert!((lufs_from..=lufs_to).contains(&lufs), "{}: {lufs:.2} LUFS", song.id);
        assert!((-12.0..=-2.0).contains(&peak), "{}: {peak:.2} dBTP", song.id);
        let frames = mix(song).frames();
        let end = (0..2).flat_map(|c| &mix(song).channel(c)[frames - 480..]).fold(0.0_f32, |p, s| p.max(s.abs()));
        assert!(end < 1e-4, "the mix of {} ends at {end}", song.id);
        let power = |c: usize| mix(song).channel(c).iter().map(|s| f64::from(s * s)).sum::<f64>();
        let balance_db = 10.0 * (power(0) / power(1)).log10();
        assert!(balance_db.abs() < 1.0, "{}: left is {balance_db:.2} dB above right", song.id);
    }
}

/// Nothing that matters is lost where there is only one loudspeaker: the mono sum is less than 2 LU below the mix.
#[test]
fn the_mixes_survive_in_mono() {
    for song in SONGS {
        let stereo = mix(song);
        let sides = stereo.channel(0).iter().zip(stereo.channel(1));
        let mid: Vec<f32> = sides.map(|(l, r)| 0.5 * (l + r)).collect();
        let mono = Buffer::from_stereo(mid.clone(), mid);
        let lost = lufs(stereo, 0.0, 1000.0) - lufs(&mono, 0.0, 1000.0);
        println!("{}: {lost:.2} LU lost in mono", song.id);
        assert!((0.0..2.0).contains(&lost), "{}: {lost:.2} LU", song.id);
    }
}

/// The waltz has one arch: its height is far louder than its beginning, and its range is that of chamber music.
#[test]
fn the_waltz_rises_and_falls() {
    let (theme, height, coda) =
        (lufs(mix(&SLACK), 10.0, 24.0), lufs(mix(&SLACK), 42.0, 54.0), lufs(mix(&SLACK), 74.0, 80.0));
    println!("theme {theme:.1}, height {height:.1}, coda {coda:.1} LUFS");
    assert!(height > theme + 6.0 && height > coda + 6.0, "{theme:.1}, {height:.1}, {coda:.1} LUFS");
}

/// The machines hold their level, the break lets go, and the drop is the loudest place.
#[test]
fn the_drop_is_louder_than_the_break() {
    let (theme, broken, drop) =
        (lufs(mix(&BREAKWATER), 30.8, 46.0), lufs(mix(&BREAKWATER), 46.2, 57.0), lufs(mix(&BREAKWATER), 61.5, 84.0));
    println!("theme {theme:.1}, break {broken:.1}, drop {drop:.1} LUFS");
    assert!(drop > theme + 0.3 && drop > broken + 2.5, "{theme:.1}, {broken:.1}, {drop:.1} LUFS");
}

/// Lead voice against the mix without it, in K-weighted terms: pop stands at +1 to +2 LU, within one more either way
/// from part to part.
#[test]
fn the_voice_stands_where_pop_puts_it() {
    let rest = mixed(&FERRY, &["vocal"]);
    let mut voice = mix(&FERRY).clone();
    for channel in 0..2 {
        for (v, r) in voice.channel_mut(channel).iter_mut().zip(rest.channel(channel)) {
            *v -= r;
        }
    }
    for (part, from_s, until_s) in [("verse", 8.6, 25.6), ("chorus", 34.2, 49.0), ("last chorus", 68.3, 85.3)] {
        let above = lufs(&voice, from_s, until_s) - lufs(&rest, from_s, until_s);
        println!("{part}: the voice lies {above:+.2} LU above the rest");
        assert!((0.0..=3.0).contains(&above), "{part}: {above:+.2} LU");
    }
    let whole = lufs(&voice, 8.6, 93.0) - lufs(&rest, 8.6, 93.0);
    println!("song: {whole:+.2} LU");
    assert!((0.75..=2.25).contains(&whole), "song: {whole:+.2} LU");
}

/// The form is heard: the chorus lifts, the last one most.
#[test]
fn choruses_are_louder_than_verses() {
    let verse = lufs(mix(&FERRY), 8.6, 25.6);
    let chorus = lufs(mix(&FERRY), 34.2, 51.2);
    let last = lufs(mix(&FERRY), 68.3, 85.3);
    println!("verse {verse:.1}, chorus {chorus:.1}, last chorus {last:.1} LUFS");
    assert!(chorus > verse + 1.0, "{chorus:.2} against {verse:.2} LUFS");
    assert!(last > chorus + 0.2, "{last:.2} against {chorus:.2} LUFS");
}
