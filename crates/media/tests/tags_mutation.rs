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

    #[test]
    fn bytes_of_no_order_are_read_or_refused(
        beginning in prop::sample::select(BEGINNINGS.to_vec()),
        pieces in prop::collection::vec(piece(), 0..12),
    ) {
        let bytes = [beginning, &pieces.concat()].concat();
        let _ = tags_input(Path::new("test"), Cursor::new(bytes));
    }
}

/// How each container begins.
const BEGINNINGS: [&[u8]; 6] = [
    b"RIFF\xFF\xFF\xFF\x7FWAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1F\0\0\x80\x3E\0\0\x02\0\x10\0data\x02\0\0\0\0\0",
    b"FORM\x7F\xFF\xFF\xFFAIFF",
    b"fLaC",
    b"ID3\x04\0\0",
    b"OggS\0\x02\0\0\0\0\0\0\0\0",
    b"\0\0\0\x10ftypM4A \0\0\0\0",
];

/// A name that means something, a number that is too large or about right, or anything.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let names: Vec<&[u8]> = vec![
        b"LIST",
        b"INFO",
        b"INAM",
        b"adtl",
        b"labl",
        b"ltxt",
        b"cue ",
        b"bext",
        b"axml",
        b"id3 ",
        b"ID3\x04\0\0",
        b"NAME",
        b"moov",
        b"udta",
        b"meta",
        b"ilst",
        b"----",
        b"data",
        b"\xA9nam",
        b"covr",
        b"TIT2",
        b"TXXX",
        b"APIC",
        b"COMM",
        b"<dc:identifier>ISRC:GBAYE6900301<",
        b"OggS\0\0",
        b"\x01vorbis",
        b"\x03vorbis",
        b"OpusHead",
        b"OpusTags",
    ];
    prop_oneof![
        4 => prop::sample::select(names).prop_map(<[u8]>::to_vec),
        2 => (0_u32..64).prop_map(|n| n.to_le_bytes().to_vec()),
        2 => (0_u32..64).prop_map(|n| n.to_be_bytes().to_vec()),
        1 => any::<u32>().prop_map(|n| n.to_be_bytes().to_vec()),
        2 => prop::collection::vec(any::<u8>(), 0..40),
    ]
}
