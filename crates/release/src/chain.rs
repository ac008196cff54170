//! The mastering chain as a document: one stereo track and what is done to it.
//!
//! | stage | default | why |
//! |---|---|---|
//! | gain staging | to −18 LUFS | the compressor meets every song at the same level |
//! | equalizer | high-pass 20 Hz, 12 dB/oct | takes away what costs level and is not heard; no tone is invented |
//! | bus compressor | RMS, 1.5:1 from −16 dB, knee 9 dB, 30 ms, automatic release, blind below 90 Hz | one or two decibels of glue on the loudest parts; a kick does not pump the song |
//! | drive | searched | whatever reaches the loudness asked for |
//! | true-peak limiter | ceiling as asked, `transparent` | bass passes without distortion; the search refuses more than 6 dB of it |

use tonmeister_core::{EffectSpec, Registry, Settings};
use tonmeister_session::model::{Channels, Clip, Destination, Insert, PanLaw, Song, Strip, Track};

/// Every song enters the compressor at this loudness.
pub const STAGING_LUFS: f64 = -18.0;

/// What a song is mastered from: the audio, and the level it has.
#[derive(Clone, Debug)]
pub struct Material {
    /// The file, relative to the document.
    pub audio: String,
    /// What it is called.
    pub title: String,
    /// Frames per second.
    pub sample_rate: u32,
    /// Its length in frames.
    pub frames: u64,
    /// Its integrated loudness.
    pub loudness_lufs: f64,
}

/// The chain as far as the limiter: staging, equalizer, compressor.
///
/// # Panics
/// When the registry lacks an equalizer or a compressor, as do [`standard`] and [`add_limiter`].
pub fn before_limiter(material: &Material, registry: &Registry) -> Song {
    let mut song = bare(material);
    let strip = &mut song.tracks[0].strip;
    strip.set("trim_db", staging_db(material.loudness_lufs));
    strip.inserts = standard(registry);
    song
}

/// The gain that brings a song to [`STAGING_LUFS`], in tenths of a decibel.
pub fn staging_db(loudness_lufs: f64) -> f64 {
    tenth(STAGING_LUFS - loudness_lufs).clamp(-60.0, 36.0)
}

/// The standard chain before the limiter: high-pass and bus compressor.
///
/// # Panics
/// When the registry lacks them.
pub fn standard(registry: &Registry) -> Vec<Insert> {
    let highpass = [("hz", 20.0), ("slope_db_oct", 12.0)];
    let compressor = settings(registry, "compressor")
        .with("threshold_db", -16.0)
        .with("ratio", 1.5)
        .with("knee_db", 9.0)
        .with("attack_ms", 30.0)
        .with("release_ms", 200.0)
        .with("release", choice(registry, "compressor", "release", "auto"))
        .with("detector", choice(registry, "compressor", "detector", "rms"))
        .with("sidechain_highpass_hz", 90.0);
    vec![insert("eq", settings(registry, "eq").with_item("highpass", &highpass)), insert("compressor", compressor)]
}

/// Drive and limiter, onto a song's master.
///
/// # Panics
/// When the registry lacks a limiter.
pub fn add_limiter(song: &mut Song, registry: &Registry, drive_db: f64, ceiling_dbtp: f64) {
    let strip = &mut song.master.strip;
    strip.set("trim_db", drive_db);
    let limiter = settings(registry, "limiter")
        .with("ceiling_dbtp", ceiling_dbtp)
        .with("character", choice(registry, "limiter", "character", "transparent"));
    strip.inserts = vec![insert("limiter", limiter)];
}

/// Bass in mono below a frequency, onto a song's master.
///
/// # Panics
/// When the registry lacks a mono maker.
pub fn add_mono_below(song: &mut Song, registry: &Registry, hz: f64) {
    song.master.strip.inserts.push(insert("mono_maker", settings(registry, "mono_maker").with("hz", hz)));
}

/// The material and nothing done to it.
pub fn bare(material: &Material) -> Song {
    let track = Track {
        id: "mix".into(),
        role: None,
        clips: vec![Clip::whole(material.audio.clone())],
        check: Vec::new(),
        strip: Strip::new(Some(Destination::Master)),
    };
    Song {
        title: material.title.clone(),
        // A mono file sounds on both sides as it is.
        pan_law: PanLaw::Zero,
        // To the frame: what joins two songs of an album without a gap must not grow a tail.
        length_s: Some(material.frames as f64 / f64::from(material.sample_rate)),
        tracks: vec![track],
        ..Song::empty(material.sample_rate)
    }
}

/// Rounded to a tenth of a decibel, as a person would set it.
fn tenth(db: f64) -> f64 {
    (db * 10.0).round() / 10.0
}

fn insert(id: &str, settings: Settings) -> Insert {
    Insert { id: id.into(), bypass: false, channels: Channels::Stereo, key: None, settings }
}

fn spec(registry: &Registry, id: &str) -> &'static EffectSpec {
    registry.spec(id).unwrap_or_else(|| panic!("the rack has no effect `{id}`"))
}

fn settings(registry: &Registry, id: &str) -> Settings {
    Settings::new(spec(registry, id))
}

/// The index of a word of a choice.
fn choice(registry: &Registry, effect: &str, param: &str, word: &str) -> f64 {
    let found = spec(registry, effect).params.iter().find(|p| p.id == param).and_then(|p| match p.kind {
        tonmeister_core::ParamKind::Choice(choices) => choices.iter().position(|c| c.id == word),
        _ => None,
    });
    found.unwrap_or_else(|| panic!("`{effect}` has no `{param} = \"{word}\"`")) as f64
}
