//! Tagged files with bytes changed, cut out, put in or cut off: their tags are read or refused, and what is read can be
//! written again. Never a panic, never memory that their size does not warrant.

mod common;

use std::io::Cursor;
use std::path::Path;
use std::sync::LazyLock;

use common::change::{apply, change};
use common::{noise, run};
use proptest::prelude::*;
use tonmeister_core::Buffer;
use tonmeister_media::tags::{Embedded, Marker, Role, rewrite, tags, tags_input};
use tonmeister_media::{Bext, Format, IntegerBits, SampleFormat, Tags, Writer};

/// Small files of every container, with tags and a picture.
static SEEDS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let audio = Buffer::from_stereo(noise(1, 0.3, 4800), noise(2, 0.3, 4800));
    let mut given = Tags {
        title: Some("夜 Größe".into()),
        isrc: Some("GBAYE6900301".parse().unwrap()),
        comment: Some("c".repeat(300)),
        bpm: Some(99.5),
        compilation: true,
        broadcast: Some(Bext { coding_history: "A=PCM".into(), ..Bext::default() }),
        markers: vec![Marker { frame: 7, length: 9, label: "m".into() }],
        ..Tags::default()
    };
    given.credit(Role::Main, "Ann");
    given.credit(Role::Featured, "Bo");
    given.credit(Role::Producer, "Cy");
    let cover =
        Embedded { kind: 3, mime: "image/jpeg".into(), description: "d".into(), bytes: vec![0xFF, 0xD8, 0xFF, 1, 2] };
    let input = folder.path().join("in.wav");
    let mut paths = Vec::new();
    for (name, format) in [
        ("in.wav", Format::Wav(SampleFormat::Int16)),
        ("in.aiff", Format::Aiff(SampleFormat::Int16)),
        ("in.flac", Format::Flac(IntegerBits::Sixteen)),
    ] {
        let path = folder.path().join(name);
        let mut writer = Writer::create(&path, format, 48_000, audio.layout()).unwrap();
        writer.write(audio.view(4800)).unwrap();
        writer.finish().unwrap();
        paths.push(path);
    }
    for (name, options) in [
        ("a.mp3", &[][..]),
        ("a.m4a", &["-c:a", "aac", "-movflags", "+faststart"][..]),
        ("b.m4a", &["-c:a", "alac"][..]),
        ("a.ogg", &["-c:a", "libvorbis"][..]),
        ("a.opus", &["-c:a", "libopus"][..]),
    ] {
        let path = folder.path().join(name);
        let (from, to) = (input.to_str().unwrap(), path.to_str().unwrap());
        if run("ffmpeg", &[&["-v", "error", "-nostdin", "-i", from][..], options, &[to]].concat()) {
            paths.push(path);
        }
    }
    let seed = |path: &std::path::PathBuf| {
        rewrite(path, &given, Some(&cover)).unwrap();
        std::fs::read(path).unwrap()
    };
    paths.iter().map(seed).collect()
});

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn changed_tags_are_read_or_refused(
        seed in any::<prop::sample::Index>(),
        changes in prop::collection::vec(change(), 1..5),
        behind in any::<bool>(),
    ) {
        let mut bytes = seed.get(&SEEDS).clone();
        // Half of the damage goes to the end, where WAV and AIFF have their tags.
        let start = if behind { bytes.len() * 3 / 4 } else { 0 };
        let mut part = bytes.split_off(start);
        for change in &changes {
            apply(&mut part, change);
        }
        bytes.extend(part);
        let name = Path::new("test");
        let Ok(got) = tags_input(name, Cursor::new(bytes.clone())) else { return Ok(()) };
        let size: usize = got.pictures.iter().map(|picture| picture.bytes.len()).sum::<usize>()
            + got.unknown.iter().map(|(key, text)| key.len() + text.len()).sum::<usize>();
        // Bytes that are not UTF-8 become three.
        prop_assert!(size <= bytes.len() * 4 + 10_000, "{size} of {}", bytes.len());
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, &bytes).unwrap();
        let plain = Tags { title: Some("t".into()), ..Tags::default() };
        match rewrite(&path, &plain, None) {
            Ok(_) => prop_assert_eq!(tags(&path).unwrap().tags.title, plain.title),
            Err(_) => prop_assert!(std::fs::read(&path).unwrap() == bytes, "a refused file stays as it was"),
        }
    }
}
