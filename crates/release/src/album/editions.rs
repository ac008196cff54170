//! Versions of an album: its songs as instrumentals, a cappellas or edits, and the album folded down to mono.
//!
//! An edition is an album of its own, of the songs that have the version, in the album's order. What is done to the sound
//! was decided by the album: every song goes through the same chain with the same gains, so that an instrumental lies
//! under its song as it should, and is limited again at the output rate. Mono is folded from the finished program, behind
//! the chain and before the limiter.

use serde::{Deserialize, Serialize};
use tonmeister_core::{Diagnostic, Registry};
use tonmeister_dsp::resample::resampled_frames;
use tonmeister_session::album::keys::{GAP, MONO};
use tonmeister_session::album::model::{AlbumSong, Audio, Evening, Gap, IntoNext};
use tonmeister_session::album::{Album, AlbumDocument};

use super::even::{self, Lie};
use super::inputs::{Input, in_words};
use super::lock::Solution;
use super::sequence::{Length, Timeline, place_songs};

/// A version of the album.
#[derive(Clone, Debug)]
pub(crate) struct Edition {
    /// The version's id.
    pub(crate) id: String,
    /// The songs that have it.
    pub(crate) album: Album,
    /// Their places on it.
    pub(crate) timeline: Timeline,
    /// Their audio.
    pub(crate) inputs: Vec<Input>,
    /// Which song of the album each of them is.
    pub(crate) places: Vec<usize>,
    /// What each is called, as a version of its song.
    pub(crate) names: Vec<String>,
}

/// Something about a song's version that whoever asked for it should know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remark {
    /// Which song, counted from 0.
    pub song: usize,
    /// The version's id.
    pub version: String,
    /// What is so.
    pub message: String,
    /// What to do.
    pub remedy: String,
}

/// Every edition that some set of files asks for, and what is to be told of songs in them.
pub(crate) fn editions(
    document: &AlbumDocument,
    inputs: &[Input],
    timeline: &Timeline,
) -> Result<(Vec<Edition>, Vec<Remark>), Vec<Diagnostic>> {
    let album = document.album();
    let (mut all, mut remarks): (Vec<Edition>, Vec<Remark>) = (Vec::new(), Vec::new());
    for id in album.deliver.iter().flat_map(|set| &set.versions) {
        if all.iter().any(|edition| edition.id == *id) {
            continue;
        }
        all.push(if id == MONO {
            let places: Vec<usize> = (0..inputs.len()).collect();
            let names = vec![in_words(MONO, None); inputs.len()];
            let (album, inputs) = (album.clone(), inputs.to_vec());
            Edition { id: id.clone(), album, timeline: timeline.clone(), inputs, places, names }
        } else {
            edition(document, id, inputs, timeline.rate, &mut remarks)?
        });
    }
    Ok((all, remarks))
}

fn edition(
    document: &AlbumDocument,
    id: &str,
    inputs: &[Input],
    rate: u32,
    remarks: &mut Vec<Remark>,
) -> Result<Edition, Vec<Diagnostic>> {
    let album = document.album();
    let mut remark = |song: usize, message: String, remedy: &str| {
        remarks.push(Remark { song, version: id.into(), message, remedy: remedy.into() });
    };
    let (mut places, mut songs, mut found, mut names) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (place, input) in inputs.iter().enumerate() {
        let Some(version) = input.versions.iter().find(|version| version.id == id) else {
            let remedy = match album.songs[place].audio {
                Audio::Document(_) => "add a `[[version]]` of that id to its document",
                Audio::File(_) => {
                    "a plain file has no versions but mono; name the song's `document`, or release that mix by itself"
                }
            };
            remark(place, format!("has no version `{id}`, so none is delivered"), remedy);
            continue;
        };
        let mut song = album.songs[place].clone();
        if version.cut {
            if !song.automation.is_empty() {
                song.automation.clear();
                remark(
                    place,
                    format!("is mastered without its automation as `{id}`, whose time runs otherwise"),
                    "master that version as a song of its own where it needs moves",
                );
            }
            // What is left off the mix's end is left off the version's end.
            let mix = seconds(input);
            song.end_s = song.end_s.map(|end| end - mix + seconds(&version.input));
        } else {
            // The same music may ring out sooner.
            song.end_s = song.end_s.map(|end| end.min(seconds(&version.input)));
        }
        places.push(place);
        songs.push(song);
        found.push(version.input.clone());
        names.push(version.input.version_title.clone().unwrap_or_else(|| in_words(id, None)));
    }
    alone(&mut songs, &places, album);
    let lengths: Vec<Length> = found
        .iter()
        .map(|input| Length {
            frames: resampled_frames(input.frames, input.sample_rate, rate),
            tempo_bpm: input.tempo_bpm,
        })
        .collect();
    let timeline = place_songs(&songs, &lengths, rate, |song| document.span_of_song(places[song]));
    let timeline = timeline.map_err(|found| {
        let of = |d: Diagnostic| Diagnostic { message: format!("as `{id}`: {}", d.message), ..d };
        found.into_iter().map(of).collect::<Vec<_>>()
    })?;
    let album = Album { songs, ..album.clone() };
    Ok(Edition { id: id.into(), album, timeline, inputs: found, places, names })
}

fn seconds(input: &Input) -> f64 {
    input.frames as f64 / f64::from(input.sample_rate)
}

/// Where a neighbor is missing, nothing is joined to it: a crossfade becomes a fade of that length, and a pause is one.
fn alone(songs: &mut [AlbumSong], places: &[usize], album: &Album) {
    for n in 0..places.len() {
        let place = places[n];
        if n > 0 && places[n - 1] + 1 != place {
            songs[n].gap = Gap::Seconds(if album.gap_s > 0.0 { album.gap_s } else { GAP.default });
        }
        let before = place.checked_sub(1).filter(|before| n == 0 || places[n - 1] != *before);
        if let Some(IntoNext::Crossfade { seconds, shape }) = before.map(|before| album.songs[before].into_next) {
            (songs[n].fade_in_s, songs[n].fade_in_shape) = (seconds, shape);
        }
        if places.get(n + 1) != Some(&(place + 1)) {
            if let IntoNext::Crossfade { seconds, shape } = songs[n].into_next {
                (songs[n].fade_out_s, songs[n].fade_out_shape) = (seconds, shape);
            }
            songs[n].into_next = IntoNext::Ends;
        }
    }
}

impl Edition {
    /// Its album with the moves that were made to the songs.
    pub(crate) fn corrected(&self, lies: &[Lie], registry: &Registry) -> Album {
        let own: Vec<Lie> = self.places.iter().filter_map(|place| lies.get(*place).cloned()).collect();
        let mut album = even::corrected(&self.album, &own, registry);
        if !self.is_mono() {
            // The songs were compared; their versions are moved as they are.
            album.consistency.evening = Evening::Off;
        }
        album
    }

    /// Whether it is the album's fold-down.
    pub(crate) fn is_mono(&self) -> bool {
        self.id == MONO
    }

    /// The album's gains as they are for these songs: nothing is searched anew.
    pub(crate) fn solution(&self, solution: &Solution, timeline: &Timeline) -> Solution {
        let run = |run: usize| timeline.songs[self.places[self.timeline.run(run).start]].run;
        let each = |values: &[f64]| (0..self.timeline.runs()).map(|own| values[run(own)]).collect::<Vec<_>>();
        Solution {
            inputs: Vec::new(),
            tones: Vec::new(),
            staging_db: each(&solution.staging_db),
            runs_db: each(&solution.runs_db),
            limiting_db: each(&solution.limiting_db),
            ..solution.clone()
        }
    }

    /// Where each song of the album begins and ends in this edition, at a rate; a song without it has no length.
    pub(crate) fn cuts(&self, rate: u32, songs: usize) -> Vec<(u64, u64)> {
        let own = self.timeline.cuts(rate);
        let mut at = 0;
        let one = |place: usize| {
            if let Some(n) = self.places.iter().position(|known| *known == place) {
                at = own[n].1;
                return own[n];
            }
            (at, at)
        };
        (0..songs).map(one).collect()
    }
}
