//! The songs on one timeline, in frames of the album's rate.

use tonmeister_core::{Diagnostic, Frames};
use tonmeister_dsp::resample::resampled_frames;
use tonmeister_session::album::AlbumDocument;
use tonmeister_session::album::model::{AlbumSong, Gap, IntoNext};
use tonmeister_session::model::FadeShape;

/// What the sequence has to know of a song's audio.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Length {
    /// Frames of its audio at the album's rate.
    pub frames: u64,
    /// Beats per minute, when known.
    pub tempo_bpm: Option<f64>,
}

/// A song on the timeline.
#[derive(Clone, Debug, PartialEq)]
pub struct Placed {
    /// Where in its audio it begins.
    pub offset: u64,
    /// How long it sounds.
    pub length: u64,
    /// Where on the timeline it begins. Its track begins there, too.
    pub start: u64,
    /// Where its track ends: where the next one begins, gaps belong to the track before.
    pub end: u64,
    /// The fade in.
    pub fade_in: Fade,
    /// The fade out.
    pub fade_out: Fade,
    /// The run of songs without a seam that it belongs to.
    pub run: usize,
}

/// A fade.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fade {
    /// Its length in frames; 0 for none.
    pub frames: u64,
    /// Its curve.
    pub shape: FadeShape,
}

/// All songs of an album in their places.
#[derive(Clone, Debug, PartialEq)]
pub struct Timeline {
    /// Frames per second.
    pub rate: u32,
    /// The songs.
    pub songs: Vec<Placed>,
    /// Length of it all.
    pub frames: u64,
}

impl Timeline {
    /// Where the tracks begin and end at another rate, from the exact times of this one.
    pub fn cuts(&self, rate: u32) -> Vec<(u64, u64)> {
        let at = |frame: u64| resampled_frames(frame, self.rate, rate);
        self.songs.iter().map(|song| (at(song.start), at(song.end))).collect()
    }

    /// How many runs of songs without a seam there are.
    pub fn runs(&self) -> usize {
        self.songs.last().map_or(0, |song| song.run + 1)
    }

    /// The songs of a run, as places.
    pub fn run(&self, run: usize) -> std::ops::Range<usize> {
        let from = self.songs.partition_point(|song| song.run < run);
        from..self.songs.partition_point(|song| song.run <= run)
    }
}

/// Places the songs. Everything that does not fit is told at once, each finding at its song.
pub fn place(document: &AlbumDocument, lengths: &[Length], rate: u32) -> Result<Timeline, Vec<Diagnostic>> {
    place_songs(&document.album().songs, lengths, rate, |song| document.span_of_song(song))
}

/// The same for songs of which `span` knows where they stand in the document.
pub(crate) fn place_songs(
    songs: &[AlbumSong],
    lengths: &[Length],
    rate: u32,
    span: impl Fn(usize) -> Option<std::ops::Range<usize>>,
) -> Result<Timeline, Vec<Diagnostic>> {
    let mut found = Vec::new();
    let mut tell = |song: usize, code: &'static str, message: String, label: String| {
        let diagnostic = Diagnostic::error(code, message);
        found.push(match span(song) {
            Some(span) => diagnostic.at(span, label),
            None => diagnostic,
        });
    };
    let frames = |seconds: f64| Frames::from_seconds(seconds, rate).0;
    let seconds = |frames: u64| Frames(frames).seconds(rate);
    let mut placed: Vec<Placed> = Vec::new();
    let mut at = 0;
    for (place, (song, length)) in songs.iter().zip(lengths).enumerate() {
        let offset = frames(song.start_s);
        let end = song.end_s.map_or(length.frames, frames);
        if end > length.frames || offset >= end {
            let whole = seconds(length.frames);
            let label =
                format!("expected 0 ≤ start < end ≤ {whole:.3} s, found {} to {:.3} s", song.start_s, seconds(end));
            tell(place, "stretch", format!("song {} is {whole:.3} s long", place + 1), label);
            continue;
        }
        let own = end - offset;
        let before = place.checked_sub(1).map(|b| (&songs[b], lengths[b]));
        let gap = match before {
            None => 0,
            Some((before, length)) => match (before.into_next, song.gap) {
                (IntoNext::Ends, Gap::Seconds(gap)) => frames(gap),
                (IntoNext::Ends, Gap::Beats(beats)) => {
                    let tempo = before.tempo_bpm.or(length.tempo_bpm);
                    if tempo.is_none() {
                        let label = format!("expected the tempo of song {place} for a gap of {beats} beats");
                        let message = "nobody knows how long a beat is; give the song before its `tempo_bpm`".into();
                        tell(place, "tempo", message, label);
                    }
                    tempo.map_or(0, |tempo| frames(beats * 60.0 / tempo))
                }
                _ => 0,
            },
        };
        let overlap_before = before.map_or(0, |(before, _)| frames(before.into_next.overlap_s()));
        let overlap = frames(song.into_next.overlap_s());
        let fade_in = match before.map(|(before, _)| before.into_next) {
            Some(IntoNext::Crossfade { shape, .. }) => Fade { frames: overlap_before, shape },
            _ => Fade { frames: frames(song.fade_in_s), shape: song.fade_in_shape },
        };
        let fade_out = match song.into_next {
            IntoNext::Crossfade { shape, .. } => Fade { frames: overlap, shape },
            _ => Fade { frames: frames(song.fade_out_s), shape: song.fade_out_shape },
        };
        if fade_in.frames + fade_out.frames > own || overlap_before + overlap >= own {
            let label = format!(
                "expected fades and overlaps of at most {:.3} s together, found {:.3} s",
                seconds(own),
                seconds((fade_in.frames + fade_out.frames).max(overlap_before + overlap))
            );
            tell(place, "fades", format!("song {} is too short for its fades", place + 1), label);
        }
        let crossfade = matches!(song.into_next, IntoNext::Crossfade { .. });
        let faded_twice = before.is_some_and(|(b, _)| matches!(b.into_next, IntoNext::Crossfade { .. }));
        if (crossfade && song.fade_out_s > 0.0) || (faded_twice && song.fade_in_s > 0.0) {
            let label = "expected either the crossfade or the fade at that end".to_string();
            tell(place, "fades", format!("song {} is faded twice at one end", place + 1), label);
        }
        let start = (at + gap).saturating_sub(overlap_before);
        let joined = gap == 0 && overlap_before == 0 && fade_in.frames == 0;
        let run = match (placed.last(), before) {
            (Some(last), Some((b, _))) if joined && last.fade_out.frames == 0 && alike(b, song) => last.run,
            (Some(last), _) => last.run + 1,
            (None, _) => 0,
        };
        if let Some(last) = placed.last_mut() {
            last.end = start;
        }
        at = start + own;
        placed.push(Placed { offset, length: own, start, end: at, fade_in, fade_out, run });
    }
    if found.is_empty() { Ok(Timeline { rate, songs: placed, frames: at }) } else { Err(found) }
}

/// Whether two songs can go through one chain without a seam.
fn alike(a: &AlbumSong, b: &AlbumSong) -> bool {
    let plain = |song: &AlbumSong| song.inserts.is_empty() && song.automation.is_empty();
    plain(a) && plain(b) && a.chain == b.chain
}

#[cfg(test)]
mod tests {
    use tonmeister_core::Registry;
    use tonmeister_session::album::parse;

    use super::*;

    fn album(songs: &str) -> AlbumDocument {
        let text = format!("[album]\ntitle = \"A\"\nartist = \"B\"\n{songs}");
        parse(&text, &Registry::new()).unwrap_or_else(|found| panic!("{found:?}"))
    }

    fn ten_seconds(songs: usize) -> Vec<Length> {
        vec![Length { frames: 480_000, tempo_bpm: None }; songs]
    }

    #[test]
    fn gaps_beats_crossfades_and_segues_place_the_next_song() {
        let document = album(
            "[[song]]\naudio = \"a\"\n[[song]]\naudio = \"b\"\ngap_s = 1.5\ntempo_bpm = 120.0\n\
             [[song]]\naudio = \"c\"\ngap_beats = 3.0\ncrossfade_s = 2.0\n[[song]]\naudio = \"d\"\nsegue_s = 0.5\n\
             [[song]]\naudio = \"e\"\n[[song]]\naudio = \"f\"\ngap_s = 0.0\n",
        );
        let timeline = place(&document, &ten_seconds(6), 48_000).unwrap();
        let starts: Vec<f64> = timeline.songs.iter().map(|s| s.start as f64 / 48_000.0).collect();
        // 3 beats of 120 BPM are 1.5 s; the crossfade takes 2 s off, the segue 0.5 s.
        assert_eq!(starts, [0.0, 11.5, 23.0, 31.0, 40.5, 50.5]);
        assert_eq!(timeline.frames, 605 * 4800);
        assert!(timeline.songs.windows(2).all(|w| w[0].end == w[1].start));
        let runs: Vec<usize> = timeline.songs.iter().map(|s| s.run).collect();
        assert_eq!(runs, [0, 1, 2, 3, 4, 4]);
        assert_eq!(timeline.run(4), 4..6);
        assert_eq!((timeline.songs[2].fade_out.frames, timeline.songs[3].fade_in.frames), (96_000, 96_000));
        assert_eq!(timeline.songs[4].fade_in.frames, 0);
    }

    #[test]
    fn tracks_meet_at_every_rate() {
        let document =
            album("[[song]]\naudio = \"a\"\n[[song]]\naudio = \"b\"\ngap_s = 0.123456\n[[song]]\naudio = \"c\"\n");
        let timeline = place(&document, &ten_seconds(3), 48_000).unwrap();
        for rate in [44_100, 48_000, 88_200, 96_000, 8_000] {
            let cuts = timeline.cuts(rate);
            assert!(cuts.windows(2).all(|w| w[0].1 == w[1].0));
            assert_eq!(cuts.last().unwrap().1, resampled_frames(timeline.frames, 48_000, rate));
        }
    }

    #[test]
    fn what_does_not_fit_is_told_all_at_once() {
        let document = album(
            "[[song]]\naudio = \"a\"\nstart_s = 11.0\n[[song]]\naudio = \"b\"\ngap_beats = 1.0\nfade_in_s = 6.0\nfade_out_s = 6.0\n\
             crossfade_s = 1.0\n[[song]]\naudio = \"c\"\nend_s = 12.0\n",
        );
        let found = place(&document, &ten_seconds(3), 48_000).unwrap_err();
        let codes: Vec<&str> = found.iter().map(|d| d.code).collect();
        assert_eq!(codes, ["stretch", "tempo", "fades", "stretch"]);
        assert!(found.iter().all(|d| d.span.is_some()));
    }
}
