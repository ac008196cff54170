use std::fs;
use std::process::Command;

use proptest::prelude::*;
use tonmeister_core::{Buffer, Layout, Source};
use tonmeister_media::{Format, SampleFormat, Writer};

use super::*;
use crate::cdtext::{Block, TrackText};
use crate::ddp::{Fileset, Master, write};
use crate::toc::{Copy, Disc, FIRST_PAUSE, Track};

fn sheet(text: &str) -> CueSheet {
    parse(text).unwrap_or_else(|found| panic!("{found:?}")).sheet
}

fn lines_of(text: &str) -> Vec<String> {
    let found = parse(text).unwrap_err();
    for finding in &found {
        assert!(finding.help.is_some(), "{finding:?}");
        assert!(finding.span.clone().is_none_or(|span| text.get(span).is_some()));
    }
    found.iter().map(|f| f.message.split(':').next().unwrap_or_default().to_owned()).collect()
}

#[test]
fn every_way_of_writing_is_read() {
    let text = "\u{FEFF}rem Genre \"Jazz\"\r\nRem DATE 2026\r\ncatalog 4006381333931\r\nTitle \"Say \"hi\" twice\"\r\n\
        performer Nobody at all\r\n\r\nfile disc one.wav wave\r\n\ttrack 1 audio\r\n\t\tTITLE \"Träume\"\r\n\
        \t\tflags dcp pre\r\n\t\tisrc us-abc-26-00001\r\n\t\tpregap 0:2:0\r\n\t\tindex 1 00:00:00\r\n\
        FILE \"two.bin\" BINARY\r\n TRACK 02 AUDIO\r\n  INDEX 00 00:00:00\r\n  INDEX 01 00:01:10\r\n  POSTGAP 00:01:00\r\n";
    let parsed = parse(text).unwrap();
    assert_eq!(parsed.warnings, []);
    let sheet = parsed.sheet;
    assert_eq!((sheet.remark("genre"), sheet.remark("DATE"), sheet.remark("x")), (Some("Jazz"), Some("2026"), None));
    assert_eq!(sheet.catalog.map(|c| c.to_string()).as_deref(), Some("4006381333931"));
    assert_eq!((sheet.texts.title.as_str(), sheet.texts.performer.as_str()), ("Say \"hi\" twice", "Nobody at all"));
    assert_eq!(sheet.files[0], CueFile { name: "disc one.wav".into(), kind: FileKind::Wave });
    assert_eq!(sheet.files[1], CueFile { name: "two.bin".into(), kind: FileKind::Binary });
    let [one, two] = &sheet.tracks[..] else { panic!() };
    assert_eq!((one.flags.words(), one.pregap), (vec!["PRE", "DCP"], Some(Sectors(150))));
    assert_eq!(one.isrc.map(|c| c.hyphenated()).as_deref(), Some("US-ABC-26-00001"));
    assert_eq!(two.indexes[1], CueIndex { number: 1, file: 1, at: Sectors(85) });
    assert_eq!(two.postgap, Some(Sectors(75)));
    // Other encodings of the same: Windows-1252 and UTF-16.
    let curly = "TITLE \"Träume – ‘live’ €\"";
    let ansi: Vec<u8> = [&b"TITLE \"Tr"[..], b"\xE4", b"ume \x96 \x91live\x92 \x80\""].concat();
    let wide: Vec<u8> = [0xFEFF].into_iter().chain(curly.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    assert_eq!(
        (decode(&ansi).as_str(), decode(&wide).as_str(), decode(curly.as_bytes()).as_str()),
        (curly, curly, curly)
    );
}

#[test]
fn mistakes_are_named_by_their_line() {
    let head = "FILE \"a.wav\" WAVE\nTRACK 01 AUDIO\nINDEX 01 00:00:00\n";
    let with = |rest: &str| lines_of(&format!("{head}{rest}"));
    assert_eq!(with("TRACK 03 AUDIO\nINDEX 01 00:05:00"), ["line 4"]);
    assert_eq!(with("TRACK 02 MODE1/2352\nINDEX 01 00:05:00"), ["line 4"]);
    assert_eq!(with("TRACK 02 AUDIO\nINDEX 01 00:60:00"), ["line 5", "line 4"]);
    assert_eq!(with("TRACK 02 AUDIO\nINDEX 02 00:05:00"), ["line 5", "line 4"]);
    assert_eq!(with("TRACK 02 AUDIO\nTITLE \"no index\"\n"), ["line 4"]);
    assert_eq!(with("TRACK 02 AUDIO\nINDEX 00 00:05:00\nINDEX 01 00:04:00"), ["line 6"]);
    assert_eq!(with("TRACK 02 AUDIO\nINDEX 01 00:05:00\nPREGAP 00:02:00"), ["line 6"]);
    assert_eq!(with("FLAGS DCP SCMS"), ["line 4"]);
    assert_eq!(with("PREGAP soon"), ["line 4"]);
    assert_eq!(with("FILE \"b.xyz\" XYZ"), ["line 4"]);
    assert_eq!(lines_of("TRACK 01 AUDIO\nINDEX 01 00:00:00"), ["line 2", "line 1"]);
    assert_eq!(lines_of("ISRC USABC2600001\nFILE a WAVE\nINDEX 01 00:00:00").len(), 2);
    assert_eq!(lines_of("").len(), 1);
    assert!(lines_of(&"\u{0}\u{1}binary\n".repeat(9999)).len() < 40);
    let warned = parse(&format!("{head}TITEL \"x\"\nISRC nonsense\nFLAGS LOUD\nCATALOG 123\n")).unwrap().warnings;
    assert_eq!(warned.len(), 4);
    assert_eq!(warned[0].help.as_deref(), Some("did you mean TITLE? The line is passed over"));
}

#[test]
fn pauses_are_laid_out_wherever_they_are_written() {
    // Two files; a pause in the file before, one inserted, silence behind.
    let text = "FILE \"1.wav\" WAVE\nTRACK 01 AUDIO\nINDEX 01 00:00:00\nTRACK 02 AUDIO\nINDEX 00 00:10:00\n\
        FILE \"2.wav\" WAVE\nINDEX 01 00:00:00\nPOSTGAP 00:01:00\nTRACK 03 AUDIO\nPREGAP 00:03:00\nINDEX 01 00:20:00\n\
        INDEX 02 00:21:00\n";
    let lengths = [12 * 44_100, 30 * 44_100 + 5];
    let laid = sheet(text).lay_out(&lengths, FirstPause::Told).unwrap();
    let s = |seconds: u32| Sectors(seconds * 75);
    let disc = Disc {
        ean: None,
        tracks: vec![
            Track { pause: Some(s(0)), ..Track::at(s(2)) },
            Track { pause: Some(s(12)), ..Track::at(s(14)) },
            Track { pause: Some(s(35)), indexes: vec![s(38), s(39)], ..Track::default() },
        ],
        end: s(48) + Sectors(1),
    };
    assert_eq!(laid.disc, disc);
    assert_eq!(laid.text, None);
    let file = |file, from: u64, to: u64| Piece::File { file, from: from * 44_100, frames: (to - from) * 44_100 };
    let last = Piece::File { file: 1, from: 20 * 44_100, frames: 10 * 44_100 + 5 };
    let silence = |seconds: u64| Piece::Silence(seconds * 44_100);
    assert_eq!(laid.pieces, [silence(2), file(0, 0, 12), file(1, 0, 20), silence(1), silence(3), last]);
    // The first two seconds in the file, or a hidden track of 100 s counted from behind them.
    let hidden = "FILE \"a\" WAVE\nTRACK 01 AUDIO\nINDEX 00 00:00:00\nINDEX 01 01:40:00\n";
    let start = |first| sheet(hidden).lay_out(&[44_100 * 200], first).unwrap().disc.tracks[0].start();
    assert_eq!((start(FirstPause::Told), start(FirstPause::Included)), (s(100), s(100)));
    assert_eq!(start(FirstPause::Added), s(102));
    // What cannot be: an index behind the end, a file that ends inside a sector, two ways of a pause.
    let codes = |text: &str, lengths: &[u64]| {
        let found = sheet(text).lay_out(lengths, FirstPause::Told).unwrap_err();
        found.iter().map(|f| f.code).collect::<Vec<_>>()
    };
    assert_eq!(codes(hidden, &[44_100 * 100]), ["cue-index"]);
    assert_eq!(codes(text, &[12 * 44_100 + 1, 30 * 44_100]), ["cue-sector"]);
    let both = "FILE a WAVE\nTRACK 01 AUDIO\nPREGAP 00:02:00\nINDEX 00 00:00:00\nINDEX 01 00:03:00";
    assert_eq!(codes(both, &[44_100 * 100]), ["cue-gap"]);
}

fn some_disc() -> (Disc, Block) {
    let mut disc = Disc::of_lengths(&[(Sectors(400), 305 * 588), (Sectors(75), 310 * 588), (Sectors(0), 320 * 588)]);
    disc.ean = "4006381333931".parse().ok();
    disc.tracks[1].flags.copy = Copy::Once;
    disc.tracks[2].isrc = "USABC2600003".parse().ok();
    let texts = |title: &str| Texts { title: title.into(), arranger: "Jalal".into(), ..Texts::default() };
    let track = |title: &str| TrackText { texts: texts(title), isrc: None };
    let tracks = vec![track("Eins"), track("Say two"), track("Drei")];
    (disc, Block { disc: texts("Träume"), tracks, ..Block::default() })
}

fn forms(tracks: usize) -> [Form; 3] {
    let files: Vec<CueFile> =
        (1..=tracks).map(|n| CueFile { name: format!("{n:02} song.wav"), kind: FileKind::Wave }).collect();
    [
        Form::Image(CueFile { name: "disc.wav".into(), kind: FileKind::Wave }),
        Form::Tracks(files.clone(), Gaps::After),
        Form::Tracks(files, Gaps::Before),
    ]
}

#[test]
fn a_disc_comes_back_from_its_sheet_in_every_form() {
    let (disc, block) = some_disc();
    for form in forms(3) {
        for first in [FirstPause::Included, FirstPause::Added, FirstPause::Told] {
            let written = CueSheet::of_disc(&disc, Some(&block), &form, first).unwrap();
            let read = sheet(&print(&written).unwrap());
            assert_eq!(read, written);
            let ranges = form.ranges(&disc, first).unwrap();
            let lengths: Vec<u64> = ranges.iter().map(|r| (r.end - r.start).frames()).collect();
            let laid = read.lay_out(&lengths, FirstPause::Told).unwrap();
            assert_eq!((&laid.disc, laid.text.as_ref().and_then(|t| t.first())), (&disc, Some(&block)));
        }
    }
    let mut said = block.clone();
    said.tracks[1].texts.title = "Say \"two\"".into();
    let sheet = CueSheet::of_disc(&disc, Some(&said), &forms(3)[0], FirstPause::Told).unwrap();
    assert!(print(&sheet).unwrap().contains("TITLE \"Say 'two'\"\n"), "quotation marks would end it");
    assert!(CueSheet::of_disc(&disc, None, &forms(2)[1], FirstPause::Told).is_err());
    let mut broken = block;
    broken.tracks[1].texts.title = "two\nlines".into();
    let sheet = CueSheet::of_disc(&disc, Some(&broken), &forms(3)[0], FirstPause::Told).unwrap();
    assert!(print(&sheet).unwrap_err()[0].message.contains("title of track 2"));
}

/// cuetools reads the same. Not run, loudly, where it is not installed.
#[test]
fn cuetools_reads_the_same() {
    let (disc, block) = some_disc();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("disc.cue");
    let written = CueSheet::of_disc(&disc, Some(&block), &forms(3)[0], FirstPause::Included).unwrap();
    fs::write(&path, print(&written).unwrap()).unwrap();
    let Ok(out) = Command::new("cueconvert").args(["-i", "cue", "-o", "toc"]).arg(&path).output() else {
        eprintln!("SKIPPED: cueconvert (cuetools) is not installed, so it was not asked to read the cue sheet");
        return;
    };
    let said = String::from_utf8_lossy(&out.stdout).into_owned();
    assert!(out.status.success(), "{out:?}");
    // Track 1 is 400 sectors of pause and 305 of song, track 2 begins with 75 sectors of pause.
    for word in [
        "CATALOG \"4006381333931\"",
        "ISRC \"USABC2600003\"",
        "TITLE \"Träume\"",
        "FILE \"disc.wav\" 0 00:09:30",
        "START 00:05:25",
        "FILE \"disc.wav\" 00:09:30 00:05:10",
        "START 00:01:00",
    ] {
        assert!(said.contains(word), "{word} in\n{said}");
    }
}

/// A function of its frame, on the 16-bit grid.
fn tone(frame: u64, channel: usize) -> f32 {
    ((frame * 7919 + channel as u64 * 131) % 20_011) as f32 / 32_768.0 - 0.25
}

fn save(path: &std::path::Path, format: SampleFormat, range: std::ops::Range<u64>) {
    let lane = |c| range.clone().map(|n| tone(n, c)).collect::<Vec<f32>>();
    let audio = Buffer::from_stereo(lane(0), lane(1));
    let mut writer = Writer::create(path, Format::Wav(format), 44_100, Layout::Stereo).unwrap();
    writer.write(audio.view(audio.frames())).unwrap();
    writer.finish().unwrap();
}

fn heard(mut source: Box<dyn Source>) -> Buffer {
    let frames = source.info().frames as usize;
    let mut buffer = Buffer::new(Layout::Stereo, frames);
    let mut done = 0;
    while done < frames {
        done += source.read(&mut buffer.block_range(done, frames.min(done + 5_003))).unwrap();
    }
    buffer
}

/// Songs in files of several kinds become a disc, a fileset and an image, with every frame at its place.
#[test]
fn files_of_songs_become_a_disc() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let sector = Sectors::FRAMES;
    save(&at("one.wav"), SampleFormat::Float32, 0..400 * sector);
    let raw = |range: std::ops::Range<u64>| {
        let sample = |n: u64, c| (tone(n, c) * 32_768.0) as i16;
        range.flat_map(|n| [sample(n, 0), sample(n, 1)]).flat_map(i16::to_be_bytes).collect::<Vec<u8>>()
    };
    fs::write(at("two.raw"), raw(400 * sector..750 * sector)).unwrap();
    save(&at("three.wav"), SampleFormat::Int16, 750 * sector..1100 * sector - 88);
    let text = "TITLE \"Songs\"\nFILE \"one.wav\" WAVE\nTRACK 01 AUDIO\nTITLE \"One\"\nINDEX 01 00:00:00\n\
        FILE \"two.raw\" MOTOROLA\nTRACK 02 AUDIO\nPREGAP 00:01:00\nINDEX 01 00:00:00\n\
        FILE \"three.wav\" WAVE\nTRACK 03 AUDIO\nINDEX 01 00:00:00\n";
    fs::write(at("songs.cue"), text).unwrap();
    let opened = open(at("songs.cue"), FirstPause::Told).unwrap();
    assert_eq!((opened.findings.as_slice(), opened.disc.end), (&[][..], Sectors(150 + 75 + 1100)));
    let program = heard(opened.program());
    let expected = |n: u64| match n / sector {
        0..150 | 550..625 => None,
        150..550 => Some(n - 150 * sector),
        _ => Some(n - 225 * sector).filter(|n| *n < 1100 * sector - 88),
    };
    for n in 0..program.frames() {
        let value = expected(n as u64).map_or(0.0, |n| tone(n, 1));
        assert_eq!(program.channel(1)[n], value, "frame {n}");
    }
    assert_eq!(heard(opened.track(2).unwrap()).channel(0)[0], tone(400 * sector, 0));
    // As a fileset, and from there as an image, which is opened again.
    let master = Master { disc: &opened.disc, text: opened.text.as_ref(), id: "" };
    write(at("ddp"), &master, Sectors(0), &mut *opened.program()).unwrap();
    let fileset = Fileset::open(at("ddp")).unwrap();
    assert_eq!(fileset.text, opened.text);
    let block = fileset.text.as_ref().and_then(|t| t.first());
    for first in [FirstPause::Included, FirstPause::Added] {
        let done = write_image(folder.path(), "image", &fileset.disc, block, first, &mut *fileset.program()).unwrap();
        let begin = if first == FirstPause::Added { FIRST_PAUSE } else { Sectors(0) };
        assert_eq!(done.frames, (opened.disc.end - begin).frames());
        let image = open(&done.cue, FirstPause::Told).unwrap();
        assert_eq!((&image.disc, &image.text), (&opened.disc, &opened.text));
        assert!(heard(image.program()) == program);
    }
}

#[test]
fn what_is_no_disc_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let refused = |text: &str| {
        fs::write(at("x.cue"), text).unwrap();
        open(at("x.cue"), FirstPause::Told).unwrap_err().to_string()
    };
    assert!(refused("nonsense").contains("no TRACK"));
    assert!(refused("FILE gone.wav WAVE\nTRACK 01 AUDIO\nINDEX 01 00:00:00").contains("gone.wav"));
    let mut writer = Writer::create(at("48.wav"), Format::Wav(SampleFormat::Int16), 48_000, Layout::Stereo).unwrap();
    writer.write(Buffer::new(Layout::Stereo, 99).view(99)).unwrap();
    writer.finish().unwrap();
    assert!(refused("FILE 48.wav WAVE\nTRACK 01 AUDIO\nINDEX 01 00:00:00").contains("48000 Hz"));
    // An image whose first two seconds sound cannot be written without them; nothing is left behind.
    save(&at("loud.wav"), SampleFormat::Int16, 1..900 * Sectors::FRAMES + 1);
    fs::write(at("x.cue"), "FILE loud.wav WAVE\nTRACK 01 AUDIO\nINDEX 01 00:02:00\n").unwrap();
    let loud = open(at("x.cue"), FirstPause::Told).unwrap();
    let written = write_image(folder.path(), "out", &loud.disc, None, FirstPause::Added, &mut *loud.program());
    assert!(written.unwrap_err().to_string().contains("not silent"));
    assert!(!at("out.wav").exists() && !at("out.cue").exists());
    assert!(fs::read_dir(folder.path()).unwrap().all(|e| !e.unwrap().file_name().to_string_lossy().starts_with('.')));
}

proptest! {
    /// Any disc of any pauses comes back from its sheet, in every form.
    #[test]
    fn any_disc_comes_back_from_its_sheet(
        pause in 150u32..2000,
        tracks in prop::collection::vec((0u32..300, 300u32..4000, prop::collection::vec(1u32..60, 0..3)), 1..30),
    ) {
        let songs: Vec<_> = tracks.iter().map(|(gap, length, _)| (Sectors(*gap), u64::from(*length) * 588)).collect();
        let mut disc = Disc::of_lengths(&[&[(Sectors(pause), songs[0].1)], &songs[1..]].concat());
        for (track, (_, _, steps)) in disc.tracks.iter_mut().zip(&tracks) {
            for step in steps {
                track.indexes.extend(track.indexes.last().map(|last| *last + Sectors(*step)));
            }
        }
        for form in forms(tracks.len()) {
            for first in [FirstPause::Included, FirstPause::Added] {
                let text = print(&CueSheet::of_disc(&disc, None, &form, first).unwrap()).unwrap();
                let ranges = form.ranges(&disc, first).unwrap();
                let lengths: Vec<u64> = ranges.iter().map(|r| (r.end - r.start).frames()).collect();
                let laid = sheet(&text).lay_out(&lengths, FirstPause::Told).unwrap();
                prop_assert_eq!(&laid.disc, &disc);
                let length: u64 = laid.pieces.iter().map(|p| p.frames()).sum();
                prop_assert_eq!(length, disc.end.frames());
            }
        }
    }

    /// Lines changed, cut or made up never panic, and findings point into the text.
    #[test]
    fn hostile_sheets_are_read_or_refused(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..20),
        noise in prop::collection::vec(any::<u8>(), 0..300),
        lengths in prop::collection::vec(0u32..3000, 3),
    ) {
        let (disc, block) = some_disc();
        let written = CueSheet::of_disc(&disc, Some(&block), &forms(3)[1], FirstPause::Told).unwrap();
        let mut bytes = print(&written).unwrap().into_bytes();
        for (place, value) in changes {
            let at = place.index(bytes.len());
            bytes[at] = value;
        }
        let lengths: Vec<u64> = lengths.into_iter().map(|n| u64::from(n) * 588).collect();
        let lines: Vec<u8> = bytes.split_inclusive(|b| *b == b'\n').rev().flatten().copied().collect();
        for text in [decode(&bytes), decode(&noise), decode(&lines)] {
            match parse(&text) {
                Ok(parsed) => {
                    if let Ok(laid) = parsed.sheet.lay_out(&lengths, FirstPause::Told) {
                        prop_assert_eq!(laid.disc.tracks.len(), parsed.sheet.tracks.len());
                        let frames: u64 = laid.pieces.iter().map(|p| p.frames()).sum();
                        prop_assert_eq!(frames, laid.disc.end.frames());
                        prop_assert!(laid.disc.check().iter().all(|f| f.help.is_some()));
                    }
                    if let Ok(printed) = print(&parsed.sheet) {
                        // Quotation marks became apostrophes; everything else stays, and says so again.
                        let again = parse(&printed).map(|p| p.sheet).unwrap();
                        prop_assert_eq!(&again.tracks.len(), &parsed.sheet.tracks.len());
                        prop_assert_eq!(print(&again), Ok(printed));
                    }
                }
                Err(found) => {
                    prop_assert!(!found.is_empty());
                    for span in found.into_iter().filter_map(|f| f.span) {
                        prop_assert!(text.get(span).is_some());
                    }
                }
            }
        }
    }
}
