use std::fmt::Write as _;

use proptest::prelude::*;
use tonmeister_core::Registry;
use tonmeister_session::album::parse;

use super::*;
use crate::album::sequence::{Length, place};

/// An album of songs, each so many seconds long and going over into the next in one of four ways.
fn planned(
    songs: &[(u64, u8)],
    hidden: bool,
    vinyl: &str,
) -> (AlbumDocument, Timeline, Result<Vec<Sides>, Vec<Diagnostic>>) {
    let mut text = format!("[album]\ntitle = \"A\"\nartist = \"B\"\n{vinyl}");
    for (n, (_, way)) in songs.iter().enumerate() {
        let _ = write!(text, "[[song]]\naudio = \"{n}.wav\"\nhidden = {}\n", hidden && n == 0);
        let before = n.checked_sub(1).map_or(0, |before| songs[before].1);
        text.push_str(match (before, n) {
            (_, 0) | (2.., _) => "",
            (0, _) => "gap_s = 1.25\n",
            (1, _) => "gap_s = 0.0\n",
        });
        text.push_str(match way {
            2 if n + 1 < songs.len() => "crossfade_s = 2.5\n",
            3 if n + 1 < songs.len() => "segue_s = 1.0\n",
            _ => "",
        });
    }
    let document = parse(&text, &Registry::new()).unwrap_or_else(|found| panic!("{found:?}"));
    let lengths: Vec<Length> =
        songs.iter().map(|(seconds, _)| Length { frames: seconds * 44_100 + 7, tempo_bpm: None }).collect();
    let timeline = place(&document, &lengths, 44_100).unwrap_or_else(|found| panic!("{found:?}"));
    let titles: Vec<String> = (0..songs.len()).map(|n| n.to_string()).collect();
    let sides = sides(&document, &timeline, &titles);
    (document, timeline, sides)
}

proptest! {
    /// Whatever the songs: every one stands on one side, in order, no side begins inside what plays without a seam, and none
    /// is longer than it can be. Or it is said, in its place, why that cannot be.
    #[test]
    fn sides_hold_all_songs_in_order(
        songs in prop::collection::vec((6u64..900, 0u8..4), 1..14),
        hidden: bool,
        count in prop::option::of(1usize..6),
        rate in prop::sample::select(vec![44_100u32, 48_000, 96_000]),
    ) {
        let hidden = hidden && songs.len() > 1;
        let sides = count.map_or_else(String::new, |sides| format!("sides = {sides}\n"));
        let vinyl = format!("[vinyl]\nsample_rate_hz = {rate}\n{sides}[cassette]\ntape = \"C90\"\n");
        let (document, timeline, sides) = planned(&songs, hidden, &vinyl);
        let sides = match sides {
            Ok(sides) => sides,
            Err(found) => {
                prop_assert!(found.iter().all(|d| d.span.is_some() && d.severity == Severity::Error));
                return Ok(());
            }
        };
        prop_assert_eq!(sides.len(), 2);
        for sides in sides {
            let report = sides.report();
            let all: Vec<usize> = report.sides.iter().flat_map(|side| side.songs.iter().map(|song| song.song)).collect();
            prop_assert_eq!(all, (usize::from(hidden)..songs.len()).collect::<Vec<_>>());
            if let Some(count) = count.filter(|_| sides.folder == "vinyl") {
                prop_assert_eq!(report.sides.len(), count);
            }
            let frames = resampled_frames(timeline.frames, timeline.rate, sides.rate);
            let mut last = 0;
            for (side, stretch) in report.sides.iter().zip(sides.stretches()) {
                let first = side.songs[0].song;
                let joined = first.checked_sub(1).filter(|before| *before >= usize::from(hidden)).is_some_and(|before| {
                    let songs = &document.album().songs;
                    songs[before].into_next != IntoNext::Ends || songs[first].gap == Gap::Seconds(0.0)
                });
                prop_assert!(!joined, "side {} begins inside a join", side.letter);
                prop_assert!(side.seconds <= sides.medium.longest_s);
                prop_assert!(stretch.start >= last && stretch.start < stretch.end && stretch.end <= frames);
                let seconds = (stretch.end - stretch.start) as f64 / f64::from(sides.rate);
                prop_assert!((seconds - side.seconds).abs() < 1e-3, "{seconds} {}", side.seconds);
                last = stretch.end;
            }
        }
    }
}

#[test]
fn letters_say_where_sides_begin() {
    let songs = [(100, 0), (100, 0), (100, 0), (100, 0)];
    let (_, _, even) = planned(&songs, false, "[vinyl]\nsides = 2\n");
    let ends: Vec<usize> = even.unwrap()[0].split.sides.iter().map(|side| side.songs.end).collect();
    assert_eq!(ends, [2, 4]);
    let text = "[album]\ntitle = \"A\"\nartist = \"B\"\n[vinyl]\n[[song]]\naudio = \"a\"\n[[song]]\naudio = \"b\"\nside = \"B\"\n\
                [[song]]\naudio = \"c\"\n[[song]]\naudio = \"d\"\nside = \"C\"\n";
    let document = parse(text, &Registry::new()).unwrap_or_else(|found| panic!("{found:?}"));
    let lengths = [Length { frames: 44_100 * 60, tempo_bpm: None }; 4];
    let timeline = place(&document, &lengths, 44_100).unwrap();
    let sides = sides(&document, &timeline, &["a", "b", "c", "d"].map(String::from)).unwrap();
    let ends: Vec<usize> = sides[0].split.sides.iter().map(|side| side.songs.end).collect();
    assert_eq!(ends, [1, 3, 4]);
    assert_eq!(sides[0].paths()[..3], ["vinyl/Side A.wav", "vinyl/Side A.cue", "vinyl/Side B.wav"]);
}
