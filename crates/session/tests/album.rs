//! What an album document says, and what broken ones are told.

mod common;

use std::fs;
use std::path::Path;

use common::{registry, rendered};
use tonmeister_core::Registry;
use tonmeister_core::codes::{Barcode, Isrc, ReleaseDate};
use tonmeister_session::album::model::{
    Audio, Cd, Deliver, Depth, Dither, Evening, Format, Gap, IntoNext, Mode, Part, Tape, Wrapping,
};
use tonmeister_session::album::{AlbumDocument, keys, parse, reference, schema};
use tonmeister_session::model::FadeShape;

const EVERYTHING: &str = include_str!("albums/everything.toml");

fn read(text: &str) -> AlbumDocument {
    parse(text, &registry()).unwrap_or_else(|found| panic!("{}", rendered(text, &found)))
}

/// A gap lies before its song; before the first there is none, and whoever wrote one meant another.
#[test]
fn a_gap_before_the_first_song_is_told_to_do_nothing() {
    let album = |first: &str, second: &str| {
        format!(
            "[album]\ntitle = \"A\"\nartist = \"B\"\n[[song]]\naudio = \"1.wav\"\ntitle = \"1\"\n{first}\n\
             [[song]]\naudio = \"2.wav\"\ntitle = \"2\"\n{second}\n[[deliver]]\nformat = \"wav\"\n"
        )
    };
    let text = album("gap_s = 3.0", "");
    let document = read(&text);
    let [warning] = document.warnings() else { panic!("{:?}", document.warnings()) };
    assert_eq!((warning.code, &text[warning.span.clone().unwrap()]), ("no-effect", "3.0"));
    assert!(read(&album("gap_s = 0.0", "gap_s = 3.0")).warnings().is_empty());
}

#[test]
fn everything_that_can_be_written_is_read() {
    let document = read(EVERYTHING);
    assert!(document.warnings().is_empty());
    let album = document.album();
    assert_eq!((album.title.as_str(), album.artist.as_str()), ("Night Drive", "The Late Ones"));
    assert_eq!(album.about.upc, Barcode::parse("036000291452").ok());
    assert_eq!(album.about.recording_date, ReleaseDate::parse("2026").ok());
    assert_eq!(album.about.artwork.as_deref(), Some("cover.jpg"));
    assert_eq!((album.sound.mode, album.sound.loudness_lufs), (Mode::Song, Some(-12.5)));
    assert_eq!((album.sound.ceiling_dbtp, album.sound.sample_rate_hz), (Some(-1.5), Some(96_000)));
    assert_eq!((album.sound.max_limiting_db, album.sound.min_plr_db, album.sound.min_psr_db), (4.0, 8.0, 6.0));
    assert_eq!(album.chain.as_ref().unwrap()[0].settings.items("highpass"), [[25.0, 12.0]]);
    let [one, two, three, four] = album.songs.as_slice() else { panic!("{}", album.songs.len()) };
    assert_eq!(one.audio, Audio::Document("songs/one/song.toml".into()));
    assert_eq!((one.isrc, one.explicit), (Isrc::parse("GBABC2600001").ok(), Some(false)));
    assert_eq!((one.artists.len(), one.composers.as_slice()), (2, ["Ada".to_string()].as_slice()));
    assert_eq!((one.start_s, one.end_s, one.fade_in_shape), (0.25, Some(180.0), FadeShape::S));
    assert_eq!((one.fade_out_s, one.fade_out_shape), (4.0, FadeShape::Exponential));
    assert!(one.hidden && one.chain);
    assert_eq!(one.inserts[0].settings.get("threshold_db"), -20.0);
    assert_eq!(one.version.as_deref(), Some("radio-edit"));
    // At 122 BPM the ninth bar begins after 32 beats.
    let at: Vec<f64> = one.automation.iter().map(|lane| lane.points[1].time_s).collect();
    assert!((at[0] - 32.0 * 60.0 / 122.0).abs() < 1e-9 && at[1..] == [8.0, 60.0], "{at:?}");
    let even = album.consistency;
    assert_eq!((even.evening, even.max_correction_db, even.reference), (Evening::Correct, 1.0, Some(1)));
    assert_eq!(album.deliver[0].versions, ["instrumental", "mono"]);
    assert_eq!((two.gap, two.chain), (Gap::Beats(4.0), false));
    assert_eq!(two.into_next, IntoNext::Crossfade { seconds: 3.0, shape: FadeShape::Linear });
    assert_eq!(three.into_next, IntoNext::Segue { seconds: 0.5 });
    assert_eq!((four.gap, four.into_next), (Gap::Seconds(1.5), IntoNext::Ends));
    let cd = &album.deliver[0];
    assert_eq!(
        (cd.format, cd.sample_rate_hz, cd.depth, cd.dither),
        (Format::Wav, Some(44_100), Depth::Bits16, Dither::Lipshitz5)
    );
    assert_eq!((cd.folder.as_deref(), cd.name.as_str()), (Some("cd"), "{track} {artist} - {title}"));
    assert_eq!(album.deliver[1], Deliver::of(Format::Flac));
    assert_eq!(album.cd, Some(Cd { text: false, dither: Dither::F9, cue: true, pq: false }));
    assert_eq!((cd.container, cd.bext), (Wrapping::Rf64, false));
    let vinyl = album.vinyl.unwrap();
    assert_eq!((vinyl.medium().as_str(), vinyl.sides, vinyl.sample_rate_hz), ("10-inch 45", Some(1), Some(88_200)));
    assert_eq!((vinyl.peak_dbtp, vinyl.mono_below_hz), (-4.5, Some(120.0)));
    let cassette = album.cassette.unwrap();
    assert_eq!((cassette.tape, cassette.sample_rate_hz, cassette.peak_dbtp), (Tape::C90, None, -2.0));
    assert_eq!((one.side, two.side), (None, Some('A')));
    assert_eq!((album.deliver[2].bitrate_kbps, album.deliver[3].quality), (Some(128), Some(6.5)));
    let about = &album.about;
    assert_eq!((about.disc, about.language.unwrap().as_str()), (Some((1, Some(2))), "en"));
    let made: Vec<&str> = about.credits.iter().map(|(_, name)| name.as_str()).collect();
    assert_eq!(made, ["Ada", "Cy", "Cy", "Dee"]);
    assert_eq!((one.version_title.as_deref(), one.genre.as_deref()), (Some("Live"), Some("Pop")));
    assert_eq!(one.language.unwrap().as_str(), "de");
    let parts: Vec<(Part, &str)> = one.credits.iter().map(|(part, name)| (*part, name.as_str())).collect();
    assert_eq!(parts.len(), 10);
    assert_eq!(
        (parts[0], parts[5], parts[9]),
        ((Part::Featured, "Eve"), (Part::Performer, "Jo"), (Part::Mastering, "Ned"))
    );
    assert_eq!((album.deliver[4].format, album.deliver[4].vbr), (Format::Mp3, Some(2)));
    assert_eq!(&EVERYTHING[document.span_of_song(0).unwrap()], "[[song]]");
}

#[test]
fn what_is_left_out_has_a_default() {
    let document = read("[album]\ntitle = \"A\"\nartist = \"B\"\n[[song]]\naudio = \"a.wav\"\n");
    let album = document.album();
    assert_eq!(album.chain, None);
    assert_eq!(album.deliver, [Deliver::of(Format::Wav), Deliver::of(Format::Flac)]);
    assert_eq!(album.songs[0].gap, Gap::Seconds(2.0));
    assert_eq!((album.sound.mode, album.sound.max_limiting_db), (Mode::Album, 6.0));
}

/// `BLESS=1` writes the findings anew.
#[test]
fn broken_albums_are_explained() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/broken_album");
    let mut all: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    all.retain(|path| path.extension().is_some_and(|e| e == "toml"));
    all.sort();
    let mut differ = Vec::new();
    for path in all {
        let text = fs::read_to_string(&path).unwrap();
        let found = parse(&text, &registry()).expect_err("is not broken");
        for d in &found {
            assert!(d.span.as_ref().is_none_or(|span| text.get(span.clone()).is_some()), "{d:?}");
        }
        let (got, golden) = (rendered(&text, &found), path.with_extension("txt"));
        if std::env::var_os("BLESS").is_some() {
            fs::write(&golden, &got).unwrap();
        } else if fs::read_to_string(&golden).unwrap_or_default().replace("\r\n", "\n") != got {
            differ.push(format!("{}:\n{got}", golden.display()));
        }
    }
    assert!(differ.is_empty(), "these differ (BLESS=1 accepts them):\n{}", differ.join("\n"));
}

/// Cut anywhere, and with any byte changed: an album or findings inside the text, never a panic.
#[test]
fn any_mutation_is_told_inside_the_text() {
    let registry = registry();
    let inside = |text: &str| {
        if let Err(found) = parse(text, &registry) {
            assert!(!found.is_empty());
            assert!(found.iter().all(|d| d.span.as_ref().is_none_or(|span| text.get(span.clone()).is_some())));
        }
    };
    for cut in 0..EVERYTHING.len() {
        inside(&EVERYTHING[..cut]);
    }
    for (at, with) in (0..EVERYTHING.len()).zip("x9\"[=.{-\n\0".chars().cycle()) {
        let mut text = EVERYTHING.to_owned();
        text.replace_range(at..=at, with.encode_utf8(&mut [0; 4]));
        inside(&text);
    }
}

/// What stands where something else stood.
const PIECES: [&str; 20] = [
    "[[song]]\n",
    "[album]\n",
    "[[deliver]]\n",
    "[cd]\n",
    "[chain]\n",
    "[",
    "]]",
    "\"",
    "\"\"\"",
    "=",
    "\n",
    "nan",
    "-inf",
    "1e308",
    "99999999999999999999",
    "-1",
    "{ ",
    "true",
    "ü\u{0}",
    "gap_beats = 1e9\n",
];

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(300))]

    /// Pieces taken out, put in and doubled, several at a time: an album that reads the same again, or findings inside
    /// the text, never a panic.
    #[test]
    fn any_collage_is_an_album_or_told_inside_the_text(
        edits in proptest::collection::vec((0..10_000usize, 0..40usize, 0..PIECES.len(), 0..10_000usize), 1..8)
    ) {
        let registry = registry();
        let mut text = EVERYTHING.to_owned();
        for (at, length, piece, other) in edits {
            let inside = |at: usize| (0..=at % (text.len() + 1)).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
            let (from, to, other) = (inside(at), inside(at + length), inside(other));
            let (from, to) = (from.min(to), from.max(to));
            let doubled = text[other.min(from)..other.max(from)].lines().next().unwrap_or_default().to_owned();
            text.replace_range(from..to, &format!("{}{doubled}", PIECES[piece]));
        }
        match parse(&text, &registry) {
            Ok(document) => {
                let again = parse(&text, &registry);
                proptest::prop_assert!(again.is_ok_and(|again| again.album() == document.album()));
            }
            Err(found) => {
                proptest::prop_assert!(!found.is_empty());
                for span in found.into_iter().filter_map(|d| d.span) {
                    proptest::prop_assert!(text.get(span.clone()).is_some(), "{:?} in {}", span, text);
                }
            }
        }
    }
}

#[test]
fn every_key_is_in_reference_and_schema() {
    let (text, schema) = (reference(), schema(&Registry::new()));
    let tables = [
        ("album", keys::ALBUM),
        ("album-song", keys::SONG),
        ("deliver", keys::DELIVER),
        ("chain", keys::CHAIN_TABLE),
        ("cd", keys::CD),
        ("vinyl", keys::VINYL),
        ("cassette", keys::CASSETTE),
    ];
    for (name, keys) in tables {
        for key in keys {
            assert!(text.contains(&format!("| `{}` |", key.id)), "{}", key.id);
            assert!(schema["$defs"][name]["properties"].get(key.id).is_some(), "{}", key.id);
            assert!(
                EVERYTHING.contains(&format!("{} = ", key.id)) || matches!(key.id, "insert" | "automation" | "gap_s"),
                "{}",
                key.id
            );
        }
    }
}
