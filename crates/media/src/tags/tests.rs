//! What files of other programs keep, and what happens at the borders of WAV.

use std::fs::File;
use std::io::{Cursor, Read, Seek, Write};
use std::path::Path;

use super::file::write_with_limit;
use super::{Marker, Tagged, Tags, tags_input};
use crate::error::MediaError;
use crate::info::{Bext, BextLoudness, Codec, Container};
use crate::wav::bext;
use crate::wav::chunks::chunk;
use crate::{OpenOptions, open_input};

const NAME: &str = "test";

fn wav(chunks: &[Vec<u8>]) -> Vec<u8> {
    let body = chunks.concat();
    [b"RIFF".as_slice(), &(body.len() as u32 + 4).to_le_bytes(), b"WAVE", &body].concat()
}

fn format() -> Vec<u8> {
    let mut body = vec![1, 0, 1, 0];
    body.extend_from_slice(&8000_u32.to_le_bytes());
    body.extend_from_slice(&24_000_u32.to_le_bytes());
    body.extend_from_slice(&[3, 0, 24, 0]);
    chunk(*b"fmt ", &body)
}

/// 301 frames of 24 bits: an odd number of bytes.
fn audio() -> Vec<u8> {
    (0..903_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect()
}

fn tagged(bytes: &[u8], tags: &Tags, limit: u64) -> Result<Vec<u8>, MediaError> {
    let mut file: File = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    write_with_limit(&mut file, Path::new(NAME), tags, None, limit)?;
    let mut out = Vec::new();
    file.rewind().unwrap();
    file.read_to_end(&mut out).unwrap();
    Ok(out)
}

fn read(bytes: &[u8]) -> Tagged {
    tags_input(Path::new(NAME), Cursor::new(bytes.to_vec())).unwrap()
}

/// The samples' bytes of a file, and its container, by the reader of audio.
fn sound(bytes: &[u8]) -> (Container, u64, Vec<u32>) {
    let mut opened = open_input(Path::new(NAME), Cursor::new(bytes.to_vec()), OpenOptions::default()).unwrap();
    let mut buffer = tonmeister_core::Buffer::new(opened.info.layout, 1000);
    let got = opened.source.read(&mut buffer.block(1000)).unwrap();
    assert_eq!(opened.warnings, []);
    (opened.info.container, got as u64, buffer.channel(0).iter().map(|s| s.to_bits()).collect())
}

fn given() -> Tags {
    Tags {
        title: Some("Größe".into()),
        isrc: Some("GBAYE6900301".parse().unwrap()),
        broadcast: Some(Bext { version: 2, description: "Take 3".into(), ..Bext::default() }),
        markers: vec![
            Marker { frame: 100, length: 0, label: "A".into() },
            Marker { frame: 200, length: 50, label: String::new() },
        ],
        ..Tags::default()
    }
}

#[test]
fn what_outgrows_32_bits_becomes_rf64_and_stays_it() {
    let plain = wav(&[format(), chunk(*b"data", &audio())]);
    let before = sound(&plain).2;
    let limit = plain.len() as u64 + 200;
    let large = tagged(&plain, &given(), limit).unwrap();
    assert_eq!((&large[..4], &large[12..16]), (b"RF64".as_slice(), b"ds64".as_slice()));
    let word = |at: usize| u64::from_le_bytes(large[at..at + 8].try_into().unwrap());
    assert_eq!((word(20), word(28), word(36)), (large.len() as u64 - 8, 903, 301));
    assert_eq!(sound(&large), (Container::Rf64, 301, before.clone()));
    assert_eq!(read(&large).tags, given());
    let again = tagged(&large, &Tags { title: Some("Other".into()), ..given() }, u64::MAX).unwrap();
    assert_eq!(sound(&again), (Container::Rf64, 301, before.clone()));
    assert_eq!(read(&again).tags.title.as_deref(), Some("Other"));
    let small = tagged(&plain, &given(), u64::MAX).unwrap();
    assert_eq!((&small[..4], sound(&small)), (b"RIFF".as_slice(), (Container::Wav, 301, before)));
    let riff = u32::from_le_bytes(small[4..8].try_into().unwrap());
    assert_eq!((riff as usize + 8, small.len() % 2), (small.len(), 0));
}

#[test]
fn chunks_of_other_programs_stay_where_they_are() {
    let adm = b"<ebuCoreMain><format><audioFormatExtended/></format></ebuCoreMain>";
    let list = [b"INFO".as_slice(), &chunk(*b"INAM", b"Old\0"), &chunk(*b"ISBJ", b"A subject\0")].concat();
    let mut bytes = wav(&[
        chunk(*b"iXML", b"<BWFXML/>"),
        chunk(*b"bext", &[b'x'; 602]),
        format(),
        chunk(*b"LIST", &list),
        chunk(*b"data", &audio()),
        chunk(*b"axml", adm),
        chunk(*b"chna", &[7; 44]),
    ]);
    let before = sound(&bytes).2;
    // The padding byte at the end of the audio is there; at the end of the file it may be missing.
    for round in 0..3 {
        bytes = tagged(&bytes, &given(), u64::MAX).unwrap();
        assert_eq!(sound(&bytes).2, before, "{round}");
        let got = read(&bytes);
        assert_eq!(got.tags, given());
        assert_eq!(got.unknown, [("ISBJ".to_owned(), "A subject".to_owned())]);
        for whole in [&chunk(*b"iXML", b"<BWFXML/>"), &chunk(*b"axml", adm), &chunk(*b"chna", &[7; 44])] {
            assert_eq!(bytes.windows(whole.len()).filter(|part| part == whole).count(), 1);
        }
    }
    let bare = wav(&[format(), [b"data".as_slice(), &903_u32.to_le_bytes(), &audio()].concat()]);
    let done = tagged(&bare, &given(), u64::MAX).unwrap();
    assert_eq!((sound(&done).2, read(&done).tags), (before, given()));
}

#[test]
fn files_that_are_cut_off_are_refused() {
    let whole = wav(&[format(), chunk(*b"data", &audio())]);
    let error = tagged(&whole[..500], &given(), u64::MAX).unwrap_err().to_string();
    assert!(error.contains("samples are missing at its end"), "{error}");
}

#[test]
fn a_bext_chunk_has_its_fields_in_their_places() {
    let bext = Bext {
        time_reference: 0x0001_0000_0002,
        description: "Größe".into(),
        originator: "o".repeat(40),
        originator_reference: "ref".into(),
        date: "2026-03-14".into(),
        time: "01:02:03".into(),
        version: 0,
        umid: Some([9; 64]),
        loudness: BextLoudness {
            integrated_lufs: Some(-14.035),
            range_lu: Some(0.0),
            max_true_peak_dbtp: Some(f64::NAN),
            max_momentary_lufs: Some(-400.0),
            max_short_term_lufs: None,
        },
        coding_history: "A=PCM\nA=FLAC".into(),
    };
    let body = bext::body(&bext);
    assert_eq!(&body[..7], b"Gr??e\0\0");
    assert_eq!((&body[256..288], body[288 + 3]), ("o".repeat(32).as_bytes(), 0));
    assert_eq!((&body[320..330], &body[330..338]), (b"2026-03-14".as_slice(), b"01:02:03".as_slice()));
    assert_eq!((&body[338..346], &body[346..348]), ([2, 0, 0, 0, 1, 0, 0, 0].as_slice(), [2, 0].as_slice()));
    assert_eq!(body[348..412], [9; 64]);
    let value = |at: usize| i16::from_le_bytes([body[at], body[at + 1]]);
    assert_eq!([412, 414, 416, 418, 420].map(value), [-1404, 0, 0x7FFF, 0x7FFF, 0x7FFF]);
    assert!(body[422..602].iter().all(|byte| *byte == 0));
    assert_eq!(&body[602..], b"A=PCM\r\nA=FLAC\r\n");
    let mut other = Bext::default();
    other.add_history(Codec::Float, 96_000, Some(32), 2, "Desk, live");
    other.add_history(Codec::Integer, 44_100, Some(16), 1, "Tonmeister");
    let lines = "A=PCM,F=96000,W=32,M=stereo,T=Desk; live\nA=PCM,F=44100,W=16,M=mono,T=Tonmeister";
    assert_eq!(other.coding_history, lines);
    assert_eq!(bext::parse(&bext::body(&other)).unwrap().coding_history, lines);
    let again = bext::parse(&body).unwrap();
    assert_eq!((again.time_reference, again.version, again.umid), (bext.time_reference, 2, bext.umid));
    assert_eq!((again.loudness.integrated_lufs, again.loudness.range_lu), (Some(-14.04), Some(0.0)));
    assert_eq!(again.coding_history, bext.coding_history);
}
