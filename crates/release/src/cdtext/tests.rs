use std::process::Command;

use proptest::prelude::*;

use super::*;

fn texts(title: &str, performer: &str) -> Texts {
    Texts { title: title.into(), performer: performer.into(), ..Texts::default() }
}

fn album() -> CdText {
    let track = |title: &str, code: &str| TrackText { texts: texts(title, "Jalal"), isrc: code.parse().ok() };
    CdText::of(Block {
        disc: texts("Träume", "Jalal"),
        tracks: vec![track("Une façade", "USABC2600001"), track("", ""), track("A title longer than one pack", "")],
        disc_id: "TM-0001".into(),
        genre: Some(Genre { code: 0x0E, text: "with a touch of everything".into() }),
        closed: "Mastered on a Sunday".into(),
        ean: "4006381333931".parse().ok(),
        ..Block::default()
    })
}

#[test]
fn what_was_written_is_read_without_a_finding() {
    let bytes = encode(&album()).unwrap();
    assert_eq!(bytes.len() % PACK, 0);
    let read = decode(&bytes);
    assert_eq!(read.findings, []);
    assert_eq!(read.text, album());
    assert_eq!(encode(&CdText::default()), Ok(Vec::new()));
}

/// Two packs worked out by hand from the description, with CRCs computed by Python's `binascii.crc_hqx`, inverted.
#[test]
fn packs_have_the_bytes_the_description_says() {
    let block = Block {
        disc: texts("AB", ""),
        tracks: vec![TrackText { texts: texts("Hello World!", ""), isrc: None }],
        ..Block::default()
    };
    let bytes = encode(&CdText::of(block)).unwrap();
    assert_eq!(&bytes[..16], b"\x80\x00\x00\x00AB\0Hello Wor");
    assert_eq!(&bytes[18..34], b"\x80\x01\x01\x09ld!\0\0\0\0\0\0\0\0\0");
    assert_eq!(&bytes[36..52], b"\x8f\x00\x02\x00\x00\x01\x01\x00\x02\x00\x00\x00\x00\x00\x00\x00");
    assert_eq!(&bytes[54..70], b"\x8f\x01\x03\x00\x00\x00\x00\x00\x00\x00\x00\x03\x04\x00\x00\x00");
    assert_eq!(&bytes[72..88], b"\x8f\x02\x04\x00\x00\x00\x00\x00\x09\x00\x00\x00\x00\x00\x00\x00");
    assert_eq!(bytes.len(), 5 * PACK);
    // The example of three size packs in libburn's doc/cdtext.txt: the checksums there are C020 and 1145.
    let known: [(&[u8], u16); 2] = [
        (b"\x8f\x01\x2b\x00\x00\x00\x00\x00\x00\x00\x06\x03\x2c\x00\x00\x00", 0xC020),
        (b"\x8f\x02\x2c\x00\x00\x00\x00\x00\x09\x00\x00\x00\x00\x00\x00\x00", 0x1145),
    ];
    for (pack, sum) in known {
        assert_eq!(pack::crc(pack), sum);
    }
}

#[test]
fn a_character_that_does_not_fit_is_named_and_nothing_is_written() {
    let mut text = album();
    text.blocks[0].tracks[2].texts.title = "Łódź – “live”".into();
    text.blocks[0].disc.title = "夢".into();
    let found = encode(&text).unwrap_err();
    assert_eq!(found.len(), 2);
    assert!(found[0].message.contains("the disc, title") && found[0].message.contains("U+5922"), "{found:?}");
    assert_eq!(found[0].help.as_deref(), Some("write it in letters that CD players have"));
    assert!(found[1].message.contains("track 3, title") && found[1].message.contains("the 1st of"), "{found:?}");
    assert_eq!(found[1].help.as_deref(), Some("write `Lódz - \"live\"` for the CD"));
    assert_eq!(plain("Łódź", Charset::Ascii).as_deref(), Some("Lodz"));
    // A TAB would mean the text of the track before.
    text = album();
    text.blocks[0].tracks[1].texts.title = "\t".into();
    assert!(encode(&text).is_err());
}

/// 99 tracks of 18 characters and the disc's 21: (99 × 19 + 22) / 12 = 158.6, so 159 packs a field. One field fits, two
/// (318) do not. At the limit: 253 packs are written, 254 refused.
#[test]
fn past_253_packs_it_is_refused() {
    let track = |n: usize| TrackText { texts: texts(&format!("A song of number {n:02}.."), ""), isrc: None };
    let mut block = Block { disc: texts("x", ""), tracks: (0..99).map(track).collect(), ..Block::default() };
    let count = |block: &Block| encode(&CdText::of(block.clone())).map(|bytes| bytes.len() / PACK);
    let now = count(&block).unwrap();
    block.closed = "x".repeat((256 - now) * 12 - 1);
    assert_eq!(count(&block), Ok(256));
    block.closed.push('x');
    let found = count(&block).unwrap_err();
    assert!(found[0].message.contains("254 packs") && found[0].message.contains("253 fit"), "{found:?}");
    block.closed.pop();
    assert_eq!(decode(&encode(&CdText::of(block.clone())).unwrap()).text, CdText::of(block));
}

#[test]
fn a_lone_tab_repeats_the_track_before() {
    let mut text = album();
    text.blocks[0].tracks.iter_mut().for_each(|t| t.texts.performer = "?".into());
    let mut bytes = encode(&text).unwrap();
    for pack in bytes.as_chunks_mut::<PACK>().0.iter_mut().filter(|p| p[0] == 0x81) {
        pack[4..16].iter_mut().filter(|b| **b == b'?').skip(1).for_each(|b| *b = b'\t');
        let sum = pack::crc(&pack[..16]);
        pack[16..].copy_from_slice(&sum.to_be_bytes());
    }
    let read = decode(&bytes);
    assert_eq!((read.findings, read.text), (vec![], text));
}

#[test]
fn damage_is_found_and_oddities_are_read_past() {
    let bytes = encode(&album()).unwrap();
    let codes = |bytes: &[u8]| decode(bytes).findings.iter().map(|f| f.code).collect::<Vec<_>>();
    // A trailing zero, as Sonoris writes it; a header of four bytes, as drives answer.
    assert_eq!(codes(&[&bytes[..], &[0]].concat()), [""; 0]);
    assert_eq!(codes(&[&[2, 0, 0, 0], &bytes[..]].concat()), [""; 0]);
    assert_eq!(codes(&bytes[..bytes.len() - 1])[0], "cdtext-cut-off");
    let mut flipped = bytes.clone();
    flipped[7] ^= 1;
    assert_eq!(codes(&flipped), ["cdtext-crc"]);
    assert!(codes(&bytes[PACK..]).contains(&"cdtext-count"));
    assert!(codes(&bytes[..bytes.len() - PACK]).contains(&"cdtext-sizes"));
    assert_eq!(codes(&[]), [""; 0]);
}

#[test]
fn blocks_are_languages() {
    let mut german = album().blocks.remove(0);
    german.language = Language::named("german").unwrap();
    german.charset = Charset::Ascii;
    german.disc.title = "Traeume".into();
    german.tracks[0].texts.title = "Eine Fassade".into();
    german.copyrighted = true;
    let text = CdText { blocks: vec![album().blocks.remove(0), german] };
    let bytes = encode(&text).unwrap();
    let read = decode(&bytes);
    assert_eq!((read.findings, &read.text), (vec![], &text));
    // Sequence numbers count within the block.
    let second = bytes.as_chunks::<PACK>().0.iter().find(|p| p[3] >> 4 == 1).unwrap();
    assert_eq!(second[2], 0);
    let mut unlike = text;
    unlike.blocks[1].tracks.pop();
    assert!(encode(&unlike).is_err());
}

#[test]
fn names_and_numbers_belong_together() {
    assert_eq!(Language::ENGLISH.name(), Some("English"));
    assert_eq!(Language::named("Japanese"), Some(Language(0x69)));
    assert_eq!(Language::named("amharic"), Some(Language(0x7F)));
    assert_eq!(Language(0x44).name(), None);
    assert_eq!((genre_code("jazz"), genre_name(0x1B)), (Some(0x0E), Some("World Music")));
    let named = |word| (genre_name(Genre::named(word).code).unwrap(), Genre::named(word).text);
    for (word, name) in [
        ("Rock", "Rock Music"),
        ("hip-hop", "Hip Hop"),
        ("R&B", "Rhythm & Blues"),
        ("Rhythm and Blues", "Rhythm & Blues"),
        ("Children\u{2019}s Music", "Childrens Music"),
        ("Classical", "Classical"),
        ("pop", "Pop Music"),
    ] {
        assert_eq!(named(word), (name, String::new()), "{word}");
    }
    assert_eq!(named("Synthwave"), ("Not Defined", "Synthwave".into()));
    assert_eq!(named("Música"), ("Not Defined", String::new()));
    assert_eq!(named("Not Used"), ("Not Defined", "Not Used".into()));
}

/// libburn's own reader must say what was written. Not run, loudly, where `cdrskin` is not installed.
#[test]
fn libburn_reads_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("CDTEXT.BIN");
    std::fs::write(&path, encode(&album()).unwrap()).unwrap();
    let Ok(out) = Command::new("cdrskin").arg(format!("textfile_to_v07t={}", path.display())).output() else {
        eprintln!("SKIPPED: cdrskin is not installed, so libburn was not asked to read the CD-Text");
        return;
    };
    let sheet: String = out.stdout.iter().map(|b| char::from(*b)).collect();
    let says = |key: &str| {
        let line = sheet.lines().find(|line| line.split('=').next().is_some_and(|k| k.trim() == key));
        line.and_then(|line| line.split_once('=')).map(|(_, value)| value.trim().to_owned())
    };
    let expected = [
        ("Text Code", "8859"),
        ("Language Code", "English"),
        ("Album Title", "Träume"),
        ("Artist Name", "Jalal"),
        ("Catalog Number", "TM-0001"),
        ("Genre Code", "Jazz"),
        ("Genre Information", "with a touch of everything"),
        ("Closed Information", "Mastered on a Sunday"),
        ("UPC / EAN", "4006381333931"),
        ("Track 01 Title", "Une façade"),
        ("Track 03 Title", "A title longer than one pack"),
        ("Track 03 Artist", "Jalal"),
        ("ISRC 01", "USABC2600001"),
        ("Last Track Number", "3"),
    ];
    for (key, value) in expected {
        assert_eq!(says(key).as_deref(), Some(value), "{key} in\n{sheet}");
    }
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), "[ -~\u{A0}-\u{FF}]{0,40}"]
}

prop_compose! {
    fn some_texts()(all in proptest::array::uniform6(text())) -> Texts {
        let [title, performer, songwriter, composer, arranger, message] = all;
        Texts { title, performer, songwriter, composer, arranger, message }
    }
}

proptest! {
    /// Any texts come back as they were written, or are refused for their length.
    #[test]
    fn any_text_comes_back(
        disc in some_texts(),
        tracks in prop::collection::vec(some_texts(), 1..12),
        disc_id in "[ -~]{0,30}",
        genre in proptest::option::of((0u16..0x1C, "[ -~]{0,40}")),
        copyrighted: bool,
    ) {
        let tracks = tracks.into_iter().map(|texts| TrackText { texts, isrc: None }).collect();
        let genre = genre.map(|(code, text)| Genre { code, text });
        let written = CdText::of(Block { copyrighted, disc, tracks, disc_id, genre, ..Block::default() });
        let block = &written.blocks[0];
        match encode(&written) {
            Ok(bytes) if bytes.is_empty() => {
                prop_assert!(block.disc.is_empty() && block.disc_id.is_empty() && block.genre.is_none());
            }
            Ok(bytes) => {
                let read = decode(&bytes);
                prop_assert_eq!(read.findings, vec![]);
                prop_assert_eq!(read.text, written);
            }
            Err(found) => prop_assert_eq!(found[0].code, "cdtext-too-long"),
        }
    }

    /// Bytes changed, cut or made up never panic.
    #[test]
    fn hostile_packs_are_read_past(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..20),
        cut in 0usize..600,
        noise in prop::collection::vec(any::<u8>(), 0..400),
    ) {
        let mut bytes = encode(&album()).unwrap();
        for (place, value) in changes {
            let at = place.index(bytes.len());
            bytes[at] = value;
        }
        bytes.truncate(cut);
        decode(&noise);
        // What is read without a finding is written to be read as the same.
        let (packs, _) = bytes.as_chunks_mut::<PACK>();
        for pack in packs {
            let sum = pack::crc(&pack[..16]);
            pack[16..].copy_from_slice(&sum.to_be_bytes());
        }
        let read = decode(&bytes);
        if read.findings.is_empty()
            && let Ok(written) = encode(&read.text)
            && !written.is_empty()
        {
            let again = decode(&written);
            prop_assert_eq!(again.findings, vec![]);
            prop_assert_eq!(again.text, read.text);
        }
    }
}
