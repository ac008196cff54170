//! Effects that sound with a file, on disk.

use std::path::Path;
use std::sync::Arc;

use tonmeister_core::{
    Block, Buffer, BuildError, Context, Effect, EffectSpec, Family, FileSpec, Layout, Processor, Registry, Settings,
    Stream,
};
use tonmeister_media::{Format, SampleFormat, Writer};

use super::World;
use crate::{Depth, Failure, MixOptions, Silent};

/// Plays its file instead of what comes in.
struct Play(Arc<Buffer>);

struct Playing(Arc<Buffer>, usize);

impl Effect for Play {
    const SPEC: &'static EffectSpec = &EffectSpec {
        id: "play",
        name: "Play",
        family: Family::Utility,
        summary: "",
        doc: "",
        params: &[],
        groups: &[],
        files: &[FileSpec { id: "sound", name: "Sound", required: true, max_seconds: 1.0, doc: "" }],
        stereo_only: false,
        key: tonmeister_core::KeyUse::None,
        sources: &[],
    };

    fn from_settings(settings: &Settings) -> Self {
        Play(Arc::clone(settings.sound("sound").expect("the engine reads it")))
    }

    fn build(&self, _: &Stream) -> Result<Box<dyn Processor>, BuildError> {
        Ok(Box::new(Playing(Arc::clone(&self.0), 0)))
    }
}

impl Processor for Playing {
    fn process(&mut self, block: &mut Block<'_>, _: &Context<'_>) {
        for channel in block.channels_mut() {
            for (i, x) in channel.iter_mut().enumerate() {
                *x = self.0.channel(0).get(self.1 + i).copied().unwrap_or_default();
            }
        }
        self.1 += block.frames();
    }

    fn reset(&mut self) {
        self.1 = 0;
    }
}

fn write(path: &Path, rate: u32, level: f32, frames: usize) {
    let audio = Buffer::from_mono(vec![level; frames]);
    let mut writer = Writer::create(path, Format::Wav(SampleFormat::Float32), rate, Layout::Mono).expect("a file");
    writer.write(audio.view(frames)).expect("its samples");
    writer.finish().expect("its end");
}

/// A folder with a song that plays a room, and a world that knows the effect.
fn studio() -> (tempfile::TempDir, World) {
    let folder = tempfile::tempdir().expect("a folder");
    write(&folder.path().join("take.wav"), 48_000, 0.25, 48_000);
    write(&folder.path().join("room.wav"), 24_000, 0.5, 12_000);
    let song = "[song]\nsample_rate_hz = 48000\n[[track]]\nid = \"a\"\naudio = \"take.wav\"\n\
        [[track.insert]]\neffect = \"play\"\nsound = \"room.wav\"\n";
    std::fs::write(folder.path().join("song.toml"), song).expect("a song");
    let world = World { registry: Registry::new().with::<Play>(), ..World::new() };
    (folder, world)
}

fn mix(world: &World, folder: &Path, name: &str) -> Result<crate::MixReport, Failure> {
    let options = MixOptions::whole(folder.join(name), Depth::Float32);
    world.mix(&folder.join("song.toml"), &options, &mut Silent)
}

#[test]
fn the_file_of_an_effect_is_read_beside_the_song_at_its_rate() {
    let (folder, world) = studio();
    let report = mix(&world, folder.path(), "mix.wav").expect("a mix");
    assert!(report.warnings.iter().any(|w| w.message.contains("room.wav runs at 24000 Hz")), "{:?}", report.warnings);
    let mut source = tonmeister_media::open(folder.path().join("mix.wav")).expect("the mix").source;
    let mut heard = Buffer::new(Layout::Stereo, 48_000);
    assert_eq!(source.read(&mut heard.block(48_000)).expect("samples"), 48_000);
    // Half a second of the room, converted, and nothing behind it: −3 dB of pan law on 0.5.
    assert!((heard.channel(0)[12_000] - 0.5 * 0.5_f32.sqrt()).abs() < 1e-3, "{}", heard.channel(0)[12_000]);
    assert_eq!(heard.channel(0)[30_000], 0.0);
}

#[test]
fn the_file_of_an_effect_is_not_written_over() {
    let (folder, world) = studio();
    let before = std::fs::read(folder.path().join("room.wav")).expect("the room");
    assert!(matches!(mix(&world, folder.path(), "room.wav"), Err(Failure::Output { .. })));
    assert_eq!(std::fs::read(folder.path().join("room.wav")).expect("the room"), before);
}

#[test]
fn a_file_that_is_missing_or_no_audio_is_told_at_its_line() {
    let (folder, world) = studio();
    for (bytes, words) in [(None, "room.wav"), (Some("no audio"), "room.wav")] {
        std::fs::remove_file(folder.path().join("room.wav")).expect("the room was there");
        if let Some(bytes) = bytes {
            std::fs::write(folder.path().join("room.wav"), bytes).expect("a file");
        }
        let Err(Failure::Render { text, diagnostic, .. }) = mix(&world, folder.path(), "mix.wav") else {
            panic!("the room cannot be read");
        };
        assert_eq!(diagnostic.span.clone().map(|span| &text[span]), Some("\"room.wav\""));
        assert!(diagnostic.message.contains(words) && diagnostic.message.contains("insert `play`"), "{diagnostic:?}");
        let checked = world
            .check(&[folder.path().join("song.toml")], &crate::CheckOptions::default(), &mut Silent)
            .expect("a report");
        assert_eq!((checked.errors, checked.document.len(), checked.files.len()), (1, 1, 1));
        assert_eq!(checked.document[0].place.map(|place| place.line), Some(8));
        std::fs::write(folder.path().join("room.wav"), "").expect("a file");
    }
}
