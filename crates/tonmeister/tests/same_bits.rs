//! The same text gives the same bits: over the demo song, with every effect of the rack in it.
#![allow(missing_docs)]

use std::path::Path;

use tonmeister::demo::{FERRY, perform};
use tonmeister::{Depth, MixOptions, Silent, World};
use tonmeister_core::{Buffer, Layout, Settings};
use tonmeister_media::{Format, SampleFormat, Writer};
use tonmeister_session::Edit;
use tonmeister_session::model::{Channels, Insert};

/// A room of half a second: noise that dies away.
fn room(path: &Path) {
    let side = |seed| {
        let noise = tonmeister_dsp::testing::noise(seed, 0.5, 24_000);
        noise.iter().enumerate().map(|(n, x)| x * (-(n as f32) / 4000.0).exp()).collect::<Vec<f32>>()
    };
    let audio = Buffer::from_stereo(side(1), side(2));
    let mut writer = Writer::create(path, Format::Wav(SampleFormat::Float32), 48_000, Layout::Stereo).unwrap();
    writer.write(audio.view(audio.frames())).unwrap();
    writer.finish().unwrap();
}

/// The demo song with every effect of the rack somewhere in it, cut to a few seconds in the chorus.
fn session(folder: &Path) -> std::path::PathBuf {
    perform::write_song(&FERRY, folder, &mut Silent).unwrap();
    let world = World::new();
    // From the chorus on, where everybody plays.
    let from_chorus = |line: &str| match line.strip_prefix("audio = ") {
        Some(file) => format!("clip = [{{ audio = {file}, offset_s = 34.1 }}]\n"),
        None if line.starts_with("length_s") => "length_s = 4.0\n".into(),
        None => format!("{line}\n"),
    };
    let text: String = FERRY.document.lines().map(from_chorus).collect();
    let mut document = tonmeister_session::parse(&text, world.registry()).unwrap();
    // Whatever the demo song has not got, behind the inserts of its tracks, one after the other.
    let tracks: Vec<(String, usize)> =
        document.song().tracks.iter().map(|track| (track.id.clone(), track.strip.inserts.len())).collect();
    let missing = world.registry().specs().filter(|spec| !text.contains(&format!("effect = \"{}\"", spec.id)));
    for (n, spec) in missing.enumerate() {
        let mut settings = Settings::new(spec);
        for file in spec.files.iter().filter(|file| file.required) {
            settings.set_file(file.id, "room.wav").unwrap();
        }
        let id = format!("extra-{}", spec.id);
        let insert = Insert { id, bypass: false, channels: Channels::Stereo, key: None, settings };
        let (strip, inserts) = &tracks[n % tracks.len()];
        let at = inserts + n / tracks.len();
        document.apply(&Edit::AddInsert { strip: strip.clone(), at, insert }).unwrap();
    }
    room(&folder.join("room.wav"));
    let text = document.to_text();
    let path = folder.join("session.toml");
    std::fs::write(&path, text).unwrap();
    path
}

#[test]
fn blocks_and_threads_change_no_bit_of_a_real_session() {
    let folder = tempfile::tempdir().unwrap();
    let song = session(folder.path());
    let render = |threads: usize, block: usize| {
        let mut world = World::new();
        world.threads = threads;
        world.block = block;
        let output = folder.path().join("mix.wav");
        world.mix(&song, &MixOptions::whole(output.clone(), Depth::Float32), &mut Silent).unwrap();
        std::fs::read(output).unwrap()
    };
    let first = render(1, 4096);
    assert!(first.len() > 4 * 48_000 * 8, "the session sounds for its four seconds");
    for (threads, block) in [(1, 1), (1, 64), (2, 4096), (2, 1000), (3, 333), (8, 2048), (1, 17)] {
        assert!(render(threads, block) == first, "{threads} threads, blocks of {block}");
    }
}
