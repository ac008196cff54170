//! The codec loop: every track encoded and decoded, its true peaks held against the ceiling, and the master's fader taken
//! back for the moments that a decoder makes too high. Nothing else of the song changes. What a decoder was found to keep
//! below the ceiling waits beside its place and is what is delivered: nothing is encoded twice.

use std::path::Path;

use serde::{Deserialize, Serialize};
use tonmeister_core::Buffer;
use tonmeister_media::Staged;
use tonmeister_session::model::Song;

use super::crew;
use super::deliver::{length, parts};
use super::documents::{DIP_REACH_S, Dip};
use super::files::{Set, begin};
use super::levels::{Levels, meter};
use super::studio::{Studio, Trouble};

/// Rounds of solving; what is still above the ceiling then is told.
pub(crate) const ROUNDS: usize = 8;
/// How far below the ceiling a solved moment is aimed, in dB, and so much more in each round: the next round's decoder
/// rounds otherwise, at low rates by more than what is left.
const IN_HAND_DB: f64 = 0.1;
/// The most that a moment is taken back, in dB: deeper would be heard as a hole. What is still above the ceiling then is
/// told.
const MOST_DB: f64 = 6.0;
/// So far above the ceiling no codec comes by itself, in dB: the encoder is at fault, and its file is noise somewhere.
const BROKEN_DB: f64 = 12.0;
/// The length of a step in which peaks are looked for, in seconds.
const STEP_S: f64 = 0.1;
/// Frames at a time.
const BLOCK: usize = 4096;

/// What the loop did for one song in one format.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Looped {
    /// Which song, counted from 0.
    pub song: usize,
    /// Which version of it; nothing for the one that the album has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The format.
    pub format: String,
    /// The greatest true peak that a decoder gave at first.
    pub before_dbtp: Option<f64>,
    /// The greatest true peak it gives of what is delivered.
    pub after_dbtp: Option<f64>,
    /// How many tenths of a second were taken back.
    pub moments: usize,
    /// The most that any of them was taken back.
    pub most_db: f64,
}

/// A track as it was last encoded, complete and without its name.
pub(crate) struct Trial {
    /// Which song, counted from 0.
    pub(crate) song: usize,
    pub(crate) staged: Staged,
    /// What went in.
    pub(crate) before: Levels,
    /// What comes out.
    pub(crate) after: Levels,
}

/// One song heard through the codec, and the moments above the ceiling.
struct Through {
    trial: Trial,
    dips: Vec<Dip>,
}

/// Hears these tracks of a master through the codec of a set.
fn through(
    studio: &mut dyn Studio,
    master: &Song,
    (set, out): (&Set, &Path),
    (cuts, songs): (&[(u64, u64)], &[usize]),
    ceiling_dbtp: f64,
) -> Result<Vec<Through>, Trouble> {
    let trouble = |e: &dyn std::fmt::Display| Trouble::Target(format!("{}: {e}", set.format.title()));
    let mut all = Vec::new();
    let mut source = studio.open(master)?;
    let mut at = 0;
    for song in songs.iter().copied() {
        let (from, to) = cuts[song];
        source.skip(from.saturating_sub(at)).map_err(|e| trouble(&e))?;
        at = to;
        let path = out.join(set.paths[song].as_deref().unwrap_or_default());
        let told = |e: &dyn std::fmt::Display| Trouble::output(&path, e);
        let (mut writer, mut meter_in) = begin(&path, set, 0)?;
        let layout = source.info().layout;
        let mut buffer = Buffer::new(layout, BLOCK);
        studio.begin(&format!("Song {}: through {}", song + 1, set.format.title()), to - from);
        let mut left = to - from;
        while left > 0 {
            let frames = source.read(&mut buffer.block(left.min(BLOCK as u64) as usize)).map_err(|e| trouble(&e))?;
            if frames == 0 {
                break;
            }
            writer.write(buffer.view(frames)).map_err(|e| told(&e))?;
            meter_in.push(buffer.view(frames));
            left -= frames as u64;
            studio.advance(frames as u64)?;
        }
        let staged = writer.stage().map_err(|e| told(&e))?;
        let opened = staged.open().map_err(|e| told(&format!("was encoded but cannot be read back: {e}")))?;
        let mut heard = opened.source;
        let mut meter = meter(set.rate, layout).map_err(|e| trouble(&e))?;
        loop {
            let frames = heard.read(&mut buffer.block(BLOCK)).map_err(|e| told(&e))?;
            if frames == 0 {
                break;
            }
            meter.push(buffer.view(frames));
            studio.advance(0)?;
        }
        let (loudness, history) = meter.finish_with_history();
        let start_s = from as f64 / f64::from(set.rate);
        let steps = history.true_peak_dbtp.iter().map(Vec::len).max().unwrap_or(0);
        let highest = |step: usize| {
            let lanes = history.true_peak_dbtp.iter().filter_map(|lane| *lane.get(step)?);
            lanes.max_by(f64::total_cmp).unwrap_or(f64::NEG_INFINITY)
        };
        let dips = (0..steps).filter(|step| highest(*step) > ceiling_dbtp).map(|step| Dip {
            at_s: start_s + (step as f64 + 0.5) * STEP_S,
            db: highest(step) - ceiling_dbtp + IN_HAND_DB,
        });
        let (before, after) = (Levels::from(&meter_in.finish()), Levels::from(&loudness));
        all.push(Through { trial: Trial { song, staged, before, after }, dips: dips.collect() });
    }
    Ok(all)
}

/// Hears them in several parts at the same time where songs can be read `apart` from those before them.
fn all_through(
    studio: &mut dyn Studio,
    master: &Song,
    (set, out): (&Set, &Path),
    (cuts, apart): (&[(u64, u64)], bool),
    wanted: &[bool],
    ceiling_dbtp: f64,
) -> Result<Vec<Through>, Trouble> {
    let songs: Vec<usize> = (0..cuts.len()).filter(|song| wanted[*song]).collect();
    let own: Vec<(u64, u64)> = songs.iter().map(|song| cuts[*song]).collect();
    let parts = parts(&own, if apart { studio.cores() } else { 1 });
    let sizes: Vec<u64> = parts.iter().map(|part| length(&own[part.clone()])).collect();
    let heard = crew::each(studio, &format!("Through {}", set.format.title()), &sizes, |studio, part| {
        through(studio, master, (set, out), (cuts, &songs[parts[part].clone()]), ceiling_dbtp)
    })?;
    Ok(heard.into_iter().flatten().collect())
}

/// Solves a set: `dipped` gives the master with these dips, and is asked again until a decoder stays below the ceiling;
/// only tracks that a new dip reaches into are encoded again. `apart` says whether a song can be read without those before
/// it. Gives each track as it was last encoded, in order, and what was done for it; fails where the encoder makes noise.
pub(crate) fn solve(
    studio: &mut dyn Studio,
    (set, out): (&Set, &Path),
    (cuts, apart): (&[(u64, u64)], bool),
    ceiling_dbtp: f64,
    dipped: impl Fn(&[Dip]) -> Song,
) -> Result<(Vec<Trial>, Vec<Looped>), Trouble> {
    // A track that no new dip reaches into is what it would be if it were encoded again.
    let mut trials: Vec<Option<Trial>> = set.paths.iter().map(|_| None).collect();
    let mut dips: Vec<Dip> = Vec::new();
    let mut songs: Vec<Looped> = Vec::new();
    let mut wanted: Vec<bool> = set.paths.iter().map(Option::is_some).collect();
    for round in 0..ROUNDS {
        let heard = all_through(studio, &dipped(&dips), (set, out), (cuts, apart), &wanted, ceiling_dbtp)?;
        if round == 0 {
            songs = heard.iter().map(|one| looped(set, &one.trial)).collect();
        }
        for one in &heard {
            if let Some(song) = songs.iter_mut().find(|song| song.song == one.trial.song) {
                song.after_dbtp = one.trial.after.true_peak_dbtp;
            }
        }
        let again = round as f64 * IN_HAND_DB;
        let deeper = |dip: &Dip| Dip { db: dip.db + again, ..*dip };
        let more: Vec<(usize, Dip)> =
            heard.iter().flat_map(|one| one.dips.iter().map(|dip| (one.trial.song, deeper(dip)))).collect();
        for one in heard {
            let song = one.trial.song;
            trials[song] = Some(one.trial);
        }
        if more.is_empty() || round + 1 == ROUNDS {
            break;
        }
        let reached = |(from, to): (u64, u64)| {
            let seconds = |frame: u64| frame as f64 / f64::from(set.rate);
            let (from, to) = (seconds(from) - DIP_REACH_S, seconds(to) + DIP_REACH_S);
            more.iter().any(|(_, dip)| (from..=to).contains(&dip.at_s))
        };
        for (song, wanted) in wanted.iter_mut().enumerate() {
            *wanted = set.paths[song].is_some() && reached(cuts[song]);
        }
        for (song, dip) in more {
            deepen(&mut dips, dip);
            if let Some(song) = songs.iter_mut().find(|one| one.song == song) {
                let (from, to) = cuts[song.song];
                let inside = |d: &&Dip| (from..to).contains(&((d.at_s * f64::from(set.rate)) as u64));
                song.moments = dips.iter().filter(inside).count();
                song.most_db = dips.iter().filter(inside).map(|d| d.db).fold(0.0, f64::max);
            }
        }
        dips.sort_by(|a, b| a.at_s.total_cmp(&b.at_s));
    }
    refuse_noise(&songs, ceiling_dbtp)?;
    Ok((trials.into_iter().flatten().collect(), songs))
}

/// Fails where what an encoder made decodes to something that no codec makes of music.
fn refuse_noise(songs: &[Looped], ceiling_dbtp: f64) -> Result<(), Trouble> {
    for song in songs {
        if let Some(peak) = song.after_dbtp.filter(|peak| *peak > ceiling_dbtp + BROKEN_DB) {
            return Err(Trouble::Target(format!(
                "song {}: what the encoder makes of it as {} decodes to {peak:+.1} dBTP, which no music does: the encoder is at \
                 fault, and the file is not delivered; ask for another bit rate, or leave that format out",
                song.song + 1,
                song.format,
            )));
        }
    }
    Ok(())
}

fn looped(set: &Set, trial: &Trial) -> Looped {
    Looped {
        song: trial.song,
        version: set.version.clone(),
        format: set.format.title(),
        before_dbtp: trial.after.true_peak_dbtp,
        after_dbtp: trial.after.true_peak_dbtp,
        moments: 0,
        most_db: 0.0,
    }
}

/// Adds a dip to those there are: one at the same moment goes deeper.
fn deepen(dips: &mut Vec<Dip>, more: Dip) {
    match dips.iter_mut().find(|dip| (dip.at_s - more.at_s).abs() < STEP_S / 4.0) {
        Some(dip) => dip.db = (dip.db + more.db).min(MOST_DB),
        None => dips.push(Dip { db: more.db.min(MOST_DB), ..more }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_codec_makes_of_music_is_refused() {
        let song = |song: usize, after_dbtp: Option<f64>| Looped {
            song,
            version: None,
            format: "Opus 160 kbit/s".into(),
            before_dbtp: None,
            after_dbtp,
            moments: 0,
            most_db: 0.0,
        };
        assert!(refuse_noise(&[song(0, None), song(1, Some(-1.0)), song(2, Some(3.0))], -1.0).is_ok());
        let refused = refuse_noise(&[song(0, Some(-1.0)), song(1, Some(34.6))], -1.0).unwrap_err().to_string();
        assert!(
            refused.starts_with("song 2: ") && refused.contains("Opus 160 kbit/s decodes to +34.6 dBTP"),
            "{refused}"
        );
    }

    #[test]
    fn a_moment_that_is_still_too_high_goes_deeper() {
        let mut dips = vec![Dip { at_s: 1.05, db: 0.3 }];
        deepen(&mut dips, Dip { at_s: 1.05, db: 0.2 });
        deepen(&mut dips, Dip { at_s: 1.15, db: 0.4 });
        assert_eq!(dips.len(), 2);
        assert!((dips[0].db - 0.5).abs() < 1e-12);
        deepen(&mut dips, Dip { at_s: 1.05, db: 20.0 });
        assert_eq!(dips[0].db, MOST_DB);
    }
}
