//! What must hold of the demo's document: it is understood without a warning, and its mix is in balance.

use std::sync::{Arc, OnceLock};

use tonmeister_core::{Block, Buffer, Layout, Source, SourceError, SourceInfo, View};
use tonmeister_engine::{Compiled, EngineError, Executor, Library, compile};
use tonmeister_measure::loudness::{Loudness, LoudnessMeter};
use tonmeister_session::{Document, parse};

use super::tests::song;
use super::{SAMPLE_RATE, SONG_TOML, STEMS, Stem, TITLE};

fn document() -> Document {
    match parse(SONG_TOML, &tonmeister_dsp::rack()) {
        Ok(document) => document,
        Err(findings) => panic!("the demo's document is refused: {findings:#?}"),
    }
}

#[test]
fn the_document_is_understood_without_a_warning() {
    let document = document();
    assert!(document.warnings().is_empty(), "{:#?}", document.warnings());
    let song = document.song();
    assert_eq!(song.title, TITLE);
    assert_eq!(song.sample_rate_hz, SAMPLE_RATE);
}

#[test]
fn every_stem_is_a_track_and_every_track_a_stem() {
    let document = document();
    let tracks: Vec<_> =
        document.song().tracks.iter().map(|t| (t.id.clone(), t.role.clone(), t.clips.clone())).collect();
    assert_eq!(tracks.len(), STEMS.len());
    for ((id, role, clips), (stem, plays)) in tracks.iter().zip(STEMS) {
        assert_eq!((id.as_str(), role.as_deref()), (stem, Some(plays)));
        assert_eq!(clips.len(), 1);
        assert_eq!(clips[0].audio, format!("stems/{stem}.wav"));
    }
}

/// What a mix is made of is all there: equalizers, compression, two send effects, groups and moves.
#[test]
fn the_mix_shows_every_tool() {
    let document = document();
    let song = document.song();
    let strips: Vec<_> = song.tracks.iter().map(|t| &t.strip).chain(song.buses.iter().map(|b| &b.strip)).collect();
    let count = |effect: &str| {
        let inserts = strips.iter().flat_map(|s| &s.inserts).chain(&song.master.strip.inserts);
        inserts.filter(|i| i.settings.spec().id == effect).count()
    };
    assert!(count("eq") >= STEMS.len(), "{} equalizers", count("eq"));
    assert!(count("compressor") >= 6, "{} compressors", count("compressor"));
    assert_eq!((count("reverb"), count("delay")), (1, 1));
    assert!(song.buses.len() >= 5);
    let sends = strips.iter().flat_map(|s| &s.sends).count();
    let lanes = strips.iter().map(|s| s.automation.len()).sum::<usize>() + song.master.strip.automation.len();
    assert!(sends >= 8 && lanes >= 8, "{sends} sends, {lanes} lanes");
}

/// The stems in memory.
struct Stems(&'static [Stem]);

impl Stems {
    fn find(&self, audio: &str) -> Result<&'static Stem, SourceError> {
        let found = self.0.iter().find(|stem| audio == format!("stems/{}.wav", stem.id));
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
fn mixed(without: &[&str]) -> Buffer {
    let document = document();
    let mut edited = document.song().clone();
    for track in edited.tracks.iter_mut().filter(|track| without.contains(&track.id.as_str())) {
        track.strip.set("mute", 1.0);
    }
    let library: Arc<dyn Library> = Arc::new(Stems(song()));
    let compiled: Compiled = compile(&edited, document.registry(), &*library).expect("the song compiles");
    let mut mix = Buffer::new(Layout::Stereo, 0);
    let append = |view: View<'_>| -> Result<(), EngineError> {
        mix.append(view);
        Ok(())
    };
    Executor::new(compiled, &library, 512).render(2, vec![Box::new(append)]).expect("the song renders");
    mix
}

fn mix() -> &'static Buffer {
    static MIX: OnceLock<Buffer> = OnceLock::new();
    MIX.get_or_init(|| mixed(&[]))
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

#[test]
fn the_mix_leaves_room_for_mastering_and_rings_out() {
    let measured = loudness(mix(), 0.0, 1000.0);
    let (lufs, peak) = (measured.integrated_lufs.unwrap(), measured.true_peak_dbtp.unwrap());
    println!("mix: {lufs:.2} LUFS, {peak:.2} dBTP");
    assert!((-20.5..=-17.5).contains(&lufs), "{lufs:.2} LUFS");
    assert!((-8.0..=-4.0).contains(&peak), "{peak:.2} dBTP");
    let frames = mix().frames();
    let end = (0..2).flat_map(|c| &mix().channel(c)[frames - 480..]).fold(0.0_f32, |peak, s| peak.max(s.abs()));
    assert!(end < 1e-4, "the mix ends at {end}");
    let power = |c: usize| mix().channel(c).iter().map(|s| f64::from(s * s)).sum::<f64>();
    let balance_db = 10.0 * (power(0) / power(1)).log10();
    assert!(balance_db.abs() < 0.7, "left is {balance_db:.2} dB above right");
}

/// Lead voice against the mix without it, in K-weighted terms: pop stands at +1 to +2 LU, within one more either way
/// from part to part.
#[test]
fn the_voice_stands_where_pop_puts_it() {
    let rest = mixed(&["vocal"]);
    let mut voice = mix().clone();
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
    let verse = lufs(mix(), 8.6, 25.6);
    let chorus = lufs(mix(), 34.2, 51.2);
    let last = lufs(mix(), 68.3, 85.3);
    println!("verse {verse:.1}, chorus {chorus:.1}, last chorus {last:.1} LUFS");
    assert!(chorus > verse + 1.0, "{chorus:.2} against {verse:.2} LUFS");
    assert!(last > chorus + 0.2, "{last:.2} against {chorus:.2} LUFS");
}
