//! Files with bytes changed, cut out, put in or cut off never panic, hang, or take memory that their size does not
//! warrant: they are read or refused.

mod common;

use std::sync::LazyLock;

use common::change::{apply, change};
use common::{aiff, chunk, fmt, noise, open_bytes, riff, run, wav};
use proptest::prelude::*;
use tonmeister_core::Buffer;
use tonmeister_media::{Format, IntegerBits, SampleFormat, Writer};

/// Small files of every kind that can be made here.
static SEEDS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let bytes: Vec<u8> = noise(5, 1.0, 3000).iter().flat_map(|s| s.to_le_bytes()).collect();
    let mut seeds = vec![
        wav(1, 2, 48_000, 24, &bytes[..6000]),
        wav(3, 1, 44_100, 32, &bytes),
        riff(&[
            chunk(b"bext", &[65; 610]),
            chunk(b"odd ", b"xyz"),
            chunk(b"fmt ", &fmt(1, 2, 48_000, 2, 16)),
            chunk(b"data", &bytes[..999]),
        ]),
        aiff(None, 2, 44_100, 16, &bytes[..4000]),
        aiff(Some(b"fl32"), 1, 48_000, 32, &bytes),
    ];
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("in.wav");
    let audio = Buffer::from_stereo(noise(1, 0.3, 9000), noise(2, 0.3, 9000));
    for (name, format) in
        [("in.wav", Format::Wav(SampleFormat::Int16)), ("in.flac", Format::Flac(IntegerBits::Sixteen))]
    {
        let path = folder.path().join(name);
        let mut writer = Writer::create(&path, format, 48_000, audio.layout()).unwrap();
        writer.write(audio.view(9000)).unwrap();
        writer.finish().unwrap();
        seeds.push(std::fs::read(path).unwrap());
    }
    let kinds: [(&str, &[&str]); 7] = [
        ("mp3", &[]),
        ("m4a", &["-c:a", "aac"]),
        ("alac.m4a", &["-c:a", "alac"]),
        ("ogg", &["-c:a", "libvorbis"]),
        ("opus", &["-c:a", "libopus"]),
        ("aac", &["-c:a", "aac"]),
        ("caf", &["-c:a", "alac"]),
    ];
    for (extension, options) in kinds {
        let output = folder.path().join(format!("out.{extension}"));
        let (from, to) = (input.to_str().unwrap(), output.to_str().unwrap());
        if run("ffmpeg", &[&["-v", "error", "-nostdin", "-i", from][..], options, &[to]].concat()) {
            seeds.push(std::fs::read(output).unwrap());
        }
    }
    seeds
});

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn changed_files_are_read_or_refused(
        seed in any::<prop::sample::Index>(),
        changes in prop::collection::vec(change(), 1..5),
    ) {
        let mut bytes = seed.get(&SEEDS).clone();
        for change in &changes {
            apply(&mut bytes, change);
        }
        if let Ok(mut opened) = open_bytes(&bytes) {
            let info = opened.source.info();
            let mut buffer = Buffer::new(info.layout, 2048);
            let mut delivered = 0;
            // An error in the middle ends it; silence must not go on for ever (no seed lasts 0.2 s, and no
            // byte of any codec here stands for more than 5 760 frames).
            let bound = bytes.len() as u64 * 5_760 / 2048 + 2;
            for _ in 0..bound {
                match opened.source.read(&mut buffer.block(2048)) {
                    Ok(read) => delivered += read as u64,
                    Err(error) => {
                        prop_assert!(error.message.contains("test"));
                        break;
                    }
                }
                prop_assert!(buffer.channel(0).iter().all(|s| s.is_finite()));
                if delivered >= info.frames {
                    break;
                }
            }
            prop_assert!(delivered <= info.frames);
        }
    }
}
