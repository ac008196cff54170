//! What is done to the sound, as song documents: the same engine runs them as any mix.

use tonmeister_core::Registry;
use tonmeister_session::album::Album;
use tonmeister_session::model::{Clip, Curve, Lane, Point, Song, Target};
use tonmeister_session::tables::{STRIP, place};

use crate::album::sequence::{Placed, Timeline};
use crate::chain::{self, Material};

/// A stretch of the master where its fader gives way, because a lossy decoder would overshoot the ceiling there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dip {
    /// The middle, in seconds from the beginning of the programme.
    pub at_s: f64,
    /// How far the fader goes down, in dB (more than 0).
    pub db: f64,
}

/// How far a dip reaches to each side, in seconds.
pub(crate) const DIP_REACH_S: f64 = DIP_HOLD_S + DIP_TRAVEL_S;
/// How long a dip stays down on each side of its middle, in seconds: half the step in which peaks are looked for, and a
/// little more.
const DIP_HOLD_S: f64 = 0.055;
/// How long a dip travels, in seconds: longer than a period of the bass, so that it is no distortion.
const DIP_TRAVEL_S: f64 = 0.030;

/// A song without anything done to it, of that length and rate.
fn bare(title: &str, rate: u32, frames: u64, clips: Vec<Clip>) -> Song {
    let audio = clips.first().map_or_else(String::new, |clip| clip.audio.clone());
    let material = Material { audio, title: title.into(), sample_rate: rate, frames, loudness_lufs: 0.0 };
    let mut song = chain::bare(&material);
    song.tracks[0].clips = clips;
    song
}

fn seconds(frames: u64, rate: u32) -> f64 {
    frames as f64 / f64::from(rate)
}

fn stretch(audio: &str, rate: u32, offset: u64, length: u64, start: u64) -> Clip {
    let mut clip = Clip::whole(audio);
    clip.offset_s = seconds(offset, rate);
    clip.length_s = Some(seconds(length, rate));
    clip.start_s = seconds(start, rate);
    clip
}

/// A song with its fades.
fn faded(audio: &str, rate: u32, offset: u64, song: &Placed, start: u64, gain_db: f64) -> Clip {
    let mut clip = stretch(audio, rate, offset, song.length, start);
    clip.fade_in_s = seconds(song.fade_in.frames, rate);
    clip.fade_in_shape = song.fade_in.shape;
    clip.fade_out_s = seconds(song.fade_out.frames, rate);
    clip.fade_out_shape = song.fade_out.shape;
    clip.gain_db = gain_db;
    clip
}

/// What a run of songs goes through before the limiter: staging, the songs' own inserts, the chain.
///
/// # Panics
/// When the registry lacks the standard chain's effects.
pub fn run_chain(
    album: &Album,
    timeline: &Timeline,
    run: usize,
    audio: &[String],
    staging_db: f64,
    registry: &Registry,
) -> Song {
    let places = timeline.run(run);
    let mut at = 0;
    let clips = places.clone().map(|place| {
        let song = &timeline.songs[place];
        let clip = stretch(&audio[place], timeline.rate, song.offset, song.length, at);
        at += song.length;
        clip
    });
    let clips = clips.collect();
    let mut document = bare(&album.title, timeline.rate, at, clips);
    let first = &album.songs[places.start];
    let strip = &mut document.tracks[0].strip;
    strip.set("trim_db", staging_db);
    let standard = album.chain.is_none().then(|| chain::standard(registry));
    strip.inserts = first.strip_inserts(album.chain.as_deref().or(standard.as_deref()).unwrap_or_default());
    // Moves count from where the song begins, and so does a run: one with moves is a run by itself.
    strip.automation.clone_from(&first.automation);
    document
}

/// A run of songs alone, driven into the limiter: what the search for its level listens to.
///
/// # Panics
/// When the registry has no limiter.
pub fn run_limited(
    album: &Album,
    timeline: &Timeline,
    run: usize,
    staged: &str,
    (drive_db, ceiling_dbtp): (f64, f64),
    registry: &Registry,
) -> Song {
    let mut at = 0;
    let mut clips = Vec::new();
    for place in timeline.run(run) {
        let song = &timeline.songs[place];
        clips.push(faded(staged, timeline.rate, at, song, at, album.songs[place].level_db));
        at += song.length;
    }
    let mut document = bare(&album.title, timeline.rate, at, clips);
    chain::add_limiter(&mut document, registry, drive_db, ceiling_dbtp);
    document
}

/// All songs in sequence, with fades, levels and the gain of each run: no limiter yet, and at the album's rate.
pub fn programme(album: &Album, timeline: &Timeline, staged: &[String], gains_db: &[f64]) -> Song {
    let mut clips = Vec::new();
    for (run, gain_db) in gains_db.iter().enumerate() {
        let mut at = 0;
        for place in timeline.run(run) {
            let song = &timeline.songs[place];
            let gain_db = gain_db + album.songs[place].level_db;
            clips.push(faded(&staged[run], timeline.rate, at, song, song.start, gain_db));
            at += song.length;
        }
    }
    bare(&album.title, timeline.rate, timeline.frames, clips)
}

/// The programme at an output rate: converted first, folded down where it is asked for, then the album's gain, then the
/// limiter.
///
/// # Panics
/// When the registry has no limiter.
pub fn master(
    album: &Album,
    programme: &str,
    (rate, frames): (u32, u64),
    (gain_db, ceiling_dbtp, mono): (f64, f64, bool),
    registry: &Registry,
) -> Song {
    let mut document = bare(&album.title, rate, frames, vec![Clip::whole(programme)]);
    if mono {
        // No side: both channels are (L + R) / 2. Folded before the limiter, which then holds the ceiling of the sum.
        document.tracks[0].strip.set("width", 0.0);
    }
    chain::add_limiter(&mut document, registry, gain_db, ceiling_dbtp);
    document
}

/// A master, or the programme, as it is; behind it a fader that gives way at these moments.
pub(crate) fn dipped(album: &Album, audio: &str, (rate, frames): (u32, u64), dips: &[Dip]) -> Song {
    let mut document = bare(&album.title, rate, frames, vec![Clip::whole(audio)]);
    if !dips.is_empty() {
        let target = Target::Strip(place(STRIP, "fader_db"));
        document.master.strip.automation.push(Lane::new(target, fader(dips)));
    }
    document
}

/// The programme at an output rate without gain or limiter, bass in mono where that is wanted: what sides are made of.
///
/// # Panics
/// When the registry has no mono maker.
pub fn premaster(
    album: &Album,
    programme: &str,
    (rate, frames): (u32, u64),
    mono_below_hz: Option<f64>,
    registry: &Registry,
) -> Song {
    let mut document = bare(&album.title, rate, frames, vec![Clip::whole(programme)]);
    if let Some(hz) = mono_below_hz {
        chain::add_mono_below(&mut document, registry, hz);
    }
    document
}

/// The fader's way through the dips. Where dips overlap the deeper one holds.
fn fader(dips: &[Dip]) -> Vec<Point> {
    let mut edges: Vec<f64> = Vec::new();
    for dip in dips {
        let (from, to) = (dip.at_s - DIP_REACH_S, dip.at_s + DIP_REACH_S);
        edges.extend([from, dip.at_s - DIP_HOLD_S, dip.at_s + DIP_HOLD_S, to]);
    }
    edges.retain(|time| *time > 0.0);
    edges.push(0.0);
    edges.sort_by(f64::total_cmp);
    edges.dedup_by(|a, b| *a - *b < 0.001);
    let point = |time_s: f64| Point::new(time_s, -depth(dips, time_s), Curve::DbLinear);
    edges.into_iter().map(point).collect()
}

/// How far the fader is down at a time.
fn depth(dips: &[Dip], time_s: f64) -> f64 {
    let one = |dip: &Dip| {
        let past = (time_s - dip.at_s).abs() - DIP_HOLD_S;
        dip.db * (1.0 - (past - 1e-9).max(0.0) / DIP_TRAVEL_S).clamp(0.0, 1.0)
    };
    // At the edges themselves the distance is not exactly the hold.
    dips.iter().map(one).map(|db| if db < 1e-6 { 0.0 } else { db }).fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dip_goes_down_holds_and_comes_back() {
        let points = fader(&[Dip { at_s: 10.0, db: 0.5 }, Dip { at_s: 10.1, db: 1.0 }]);
        let values: Vec<f64> = points.iter().map(|p| p.value).collect();
        assert_eq!(values[0], 0.0);
        assert!((points[1].time_s - 9.915).abs() < 1e-9 && values[1] == 0.0);
        assert_eq!(values.last(), Some(&0.0));
        assert!((values.iter().copied().fold(0.0, f64::min) + 1.0).abs() < 1e-9);
        assert!(points.windows(2).all(|w| w[0].time_s < w[1].time_s));
        // Around its own middle the shallower one is at least as deep as asked.
        assert!(depth(&[Dip { at_s: 10.0, db: 0.5 }, Dip { at_s: 10.1, db: 1.0 }], 10.0) >= 0.5);
    }
}
