//! The gains of an album: every run of songs through its chain, then the search on the finished chain.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tonmeister_core::{Layout, View};
use tonmeister_measure::loudness::LoudnessMeter;
use tonmeister_measure::spectrum::LongTermMeter;
use tonmeister_media as media;
use tonmeister_session::album::Album;
use tonmeister_session::album::model::{AlbumSong, Mode};
use tonmeister_session::model::Song;

use super::crew;
use super::documents::{run_chain, run_limited};
use super::even::{Tone, measures};
use super::inputs::{Input, listen, text_of};
use super::levels::{Cutter, Levels, meter};
use super::lock::{Solution, Work, keep, key, recall};
use super::make::Options;
use super::sequence::Timeline;
use super::solve::{Found, Heard, Held, seek, thousandth};
use super::studio::{Studio, Trouble};
use crate::chain::{STAGING_LUFS, staging_db};

/// Tries that a search is expected to take, for whoever waits.
const TRIES: u64 = 3;

/// A run of songs behind its chain.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Staged {
    /// Each song's levels there.
    pub(crate) songs: Vec<Levels>,
    /// Each song's tone there, where it is measured.
    pub(crate) tones: Vec<Tone>,
}

/// Everything that stays the same while an album is made.
pub(crate) struct Session<'a> {
    pub(crate) album: &'a Album,
    pub(crate) timeline: &'a Timeline,
    pub(crate) inputs: &'a [Input],
    pub(crate) options: &'a Options,
}

/// Renders a document into a WAV file of floats, and hands every block to `hear` as well.
pub(crate) fn render_to(
    studio: &mut dyn Studio,
    song: &Song,
    what: &str,
    path: &Path,
    mut hear: impl FnMut(View<'_>) + Send,
) -> Result<Vec<(String, f64)>, Trouble> {
    let format = media::Format::Wav(media::SampleFormat::Float32);
    let writer = media::Writer::create(path, format, song.sample_rate_hz, Layout::Stereo);
    let mut writer = writer.map_err(|e| Trouble::output(path, e))?;
    let mut sink = |view: View<'_>| {
        hear(view);
        writer.write(view).map_err(|e| Trouble::output(path, e))
    };
    let reductions = studio.render(song, what, &mut sink)?;
    writer.finish().map_err(|e| Trouble::output(path, e))?;
    Ok(reductions)
}

/// The same where it is to be kept; else it is only heard.
pub(crate) fn render_or_hear(
    studio: &mut dyn Studio,
    song: &Song,
    what: &str,
    path: Option<&PathBuf>,
    mut hear: impl FnMut(View<'_>) + Send,
) -> Result<(), Trouble> {
    if let Some(path) = path {
        return render_to(studio, song, what, path, hear).map(drop);
    }
    let mut sink = |view: View<'_>| {
        hear(view);
        Ok(())
    };
    studio.render(song, what, &mut sink).map(drop)
}

impl Session<'_> {
    /// Whether steps on the way are kept as files.
    pub(crate) fn keeps(&self) -> bool {
        self.timeline.frames <= self.options.kept_s * u64::from(self.timeline.rate)
    }

    /// What the sound of a run follows from, besides its gains.
    fn run_key(&self, run: usize, studio: &dyn Studio) -> String {
        let audio: Vec<String> = self.inputs.iter().map(|input| input.hash.clone()).collect();
        let song = run_chain(self.album, self.timeline, run, &audio, 0.0, studio.registry());
        let tones = if measures(&self.album.consistency) { "heard" } else { "" };
        key(&["run", &self.options.program, &tonmeister_session::print(&song), tones])
    }

    /// What all gains follow from.
    pub(crate) fn key(&self, studio: &dyn Studio) -> String {
        let mut parts: Vec<String> = (0..self.timeline.runs()).map(|run| self.run_key(run, studio)).collect();
        let sound = &self.album.sound;
        let levels: Vec<f64> = self.album.songs.iter().map(|song| song.level_db).collect();
        parts.push(format!("{:?} {levels:?}", self.timeline));
        parts.push(format!(
            "{:?} {} {} {} {} {}",
            sound.mode,
            self.options.loudness_lufs,
            self.options.ceiling_dbtp,
            sound.max_limiting_db,
            sound.min_plr_db,
            sound.min_psr_db
        ));
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        key(&parts)
    }

    /// Each song as it came.
    pub(crate) fn listen(&self, studio: &mut dyn Studio) -> Result<Vec<(Levels, Tone)>, Trouble> {
        let tone = measures(&self.album.consistency);
        let sizes: Vec<u64> = self.inputs.iter().map(|input| input.frames).collect();
        crew::each(studio, "Listening to the songs", &sizes, |studio, place| {
            let song = &self.album.songs[place];
            listen(studio, &self.inputs[place], (song.start_s, song.end_s), tone)
        })
    }

    /// What that follows from.
    pub(crate) fn heard_key(&self) -> String {
        let songs = self.album.songs.iter().zip(self.inputs);
        let song = |(song, input): (&AlbumSong, &Input)| format!("{} {} {:?}", input.hash, song.start_s, song.end_s);
        let mut parts: Vec<String> = songs.map(song).collect();
        parts.push(format!("heard {} {}", self.options.program, measures(&self.album.consistency)));
        key(&parts.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// How long each run is, in frames.
    fn run_frames(&self) -> Vec<u64> {
        let frames = |run: usize| self.timeline.songs[self.timeline.run(run)].iter().map(|song| song.length).sum();
        (0..self.timeline.runs()).map(frames).collect()
    }

    /// Every run behind its chain, as clips name it.
    pub(crate) fn all_staged(
        &self,
        studio: &mut dyn Studio,
        work: &Work,
        staging_db: &[f64],
    ) -> Result<Vec<(String, Staged)>, Trouble> {
        crew::each(studio, "Equalizing and compressing", &self.run_frames(), |studio, run| {
            self.staged(studio, work, run, staging_db[run])
        })
    }

    /// The gain into each run's chain, from the loudest of its songs.
    pub(crate) fn staging(&self, inputs: &[Levels]) -> Vec<f64> {
        let one = |run: usize| {
            let loudest =
                inputs[self.timeline.run(run)].iter().filter_map(|l| l.integrated_lufs).max_by(f64::total_cmp);
            staging_db(loudest.unwrap_or(STAGING_LUFS))
        };
        (0..self.timeline.runs()).map(one).collect()
    }

    /// What a run behind its chain is called.
    fn run_name(&self, studio: &dyn Studio, run: usize, staging_db: f64) -> String {
        format!("run-{}", key(&[&self.run_key(run, studio), &staging_db.to_string()]))
    }

    /// The file of a run behind its chain, if steps are kept.
    pub(crate) fn run_file(&self, studio: &dyn Studio, work: &Work, run: usize, staging_db: f64) -> PathBuf {
        work.path(&format!("{}.wav", self.run_name(studio, run, staging_db)))
    }

    /// A run behind its chain, as clips name it, rendered if an earlier run has not left it.
    pub(crate) fn staged(
        &self,
        studio: &mut dyn Studio,
        work: &Work,
        run: usize,
        staging_db: f64,
    ) -> Result<(String, Staged), Trouble> {
        let path = self.run_file(studio, work, run, staging_db);
        let facts = path.with_extension("json");
        let audio: Vec<String> = self.inputs.iter().map(|input| input.audio.clone()).collect();
        let song = run_chain(self.album, self.timeline, run, &audio, staging_db, studio.registry());
        let text = if self.keeps() { text_of(&path)? } else { self.run_name(studio, run, staging_db) };
        if !self.keeps() {
            studio.feed(&text, song.clone());
        }
        if let Some(staged) = recall::<Staged>(&facts).filter(|_| path.exists() || !self.keeps()) {
            return Ok((text, staged));
        }
        let mut hear = self.meters(run, &path)?;
        if measures(&self.album.consistency) {
            let spectrum = |_| LongTermMeter::new(self.timeline.rate, Layout::Stereo);
            hear.spectra = self.timeline.run(run).map(spectrum).collect();
        }
        let what = format!("Song {}: equalizing and compressing", self.timeline.run(run).start + 1);
        render_or_hear(studio, &song, &what, self.keeps().then_some(&path), |view| hear.push(view))?;
        let tones = std::mem::take(&mut hear.spectra).into_iter().map(|s| Tone::of(&s.finish())).collect();
        let staged = Staged { songs: hear.finish(), tones };
        keep(&facts, &staged)?;
        Ok((text, staged))
    }

    fn meters(&self, run: usize, path: &Path) -> Result<Meters, Trouble> {
        let songs = &self.timeline.songs[self.timeline.run(run)];
        let mut at = 0;
        let stretches = songs.iter().map(|song| {
            at += song.length;
            (at - song.length, at)
        });
        let cutter = Cutter::new(stretches.collect::<Vec<_>>());
        let meters: Result<Vec<LoudnessMeter>, String> =
            songs.iter().map(|_| meter(self.timeline.rate, Layout::Stereo)).collect();
        Ok(Meters { cutter, loudness: meters.map_err(|e| Trouble::output(path, e))?, spectra: Vec::new() })
    }

    /// A run at a gain into the limiter: each song's levels, and the most that was taken off.
    fn attempt(
        &self,
        studio: &mut dyn Studio,
        run: usize,
        staged: &str,
        drive_db: f64,
        number: usize,
    ) -> Result<(Vec<Levels>, f64), Trouble> {
        let goal = (drive_db, self.options.ceiling_dbtp);
        let song = run_limited(self.album, self.timeline, run, staged, goal, studio.registry());
        let mut hear = self.meters(run, Path::new(staged))?;
        let what = format!("Song {}: limiting, try {number}", self.timeline.run(run).start + 1);
        let mut sink = |view: View<'_>| {
            hear.push(view);
            Ok(())
        };
        let reductions = studio.render(&song, &what, &mut sink)?;
        let limiting = reductions.iter().map(|(_, db)| *db).fold(0.0, f64::max);
        // A track ends with the gap behind its song; what rings into it counts in the file, and so it does here.
        for (meter, song) in hear.loudness.iter_mut().zip(&self.timeline.songs[self.timeline.run(run)]) {
            let gap = (song.end - song.start).saturating_sub(song.length).min(u64::from(self.timeline.rate));
            let silence = vec![0.0; gap as usize];
            meter.push(View::stereo(&silence, &silence));
        }
        Ok((hear.finish(), limiting))
    }

    /// How far a try goes beyond what is allowed: the greatest of all excesses.
    fn over(&self, before: &[Levels], after: &[Levels], limiting_db: f64) -> Option<(f64, Held)> {
        let sound = &self.album.sound;
        let mut all = vec![(limiting_db - sound.max_limiting_db, Held::Limiting)];
        for (before, after) in before.iter().zip(after) {
            // A song that comes with less than the floor cannot be given more; it is not given less.
            let floor = |least: f64, has: Option<f64>| least.min(has.unwrap_or(least) - 0.1);
            if sound.min_plr_db > 0.0 {
                all.extend(after.plr_db.map(|plr| (floor(sound.min_plr_db, before.plr_db) - plr, Held::Plr)));
            }
            if sound.min_psr_db > 0.0 {
                all.extend(after.min_psr_db.map(|psr| (floor(sound.min_psr_db, before.min_psr_db) - psr, Held::Psr)));
            }
        }
        all.into_iter().max_by(|a, b| a.0.total_cmp(&b.0))
    }

    /// Finds every gain.
    pub(crate) fn solve(&self, studio: &mut dyn Studio, work: &Work, inputs: Vec<Levels>) -> Result<Solution, Trouble> {
        let staging = self.staging(&inputs);
        let staged = self.all_staged(studio, work, &staging)?;
        let (runs_db, gain_db, found, limiting_db) = match self.album.sound.mode {
            Mode::Album => self.together(studio, &inputs, &staged)?,
            Mode::Song => self.each(studio, &staged)?,
        };
        let tones = staged.into_iter().flat_map(|(_, staged)| staged.tones).collect();
        Ok(Solution { key: self.key(studio), inputs, tones, staging_db: staging, runs_db, gain_db, found, limiting_db })
    }

    /// One gain for all: the runs keep the levels in which they came.
    fn together(
        &self,
        studio: &mut dyn Studio,
        inputs: &[Levels],
        staged: &[(String, Staged)],
    ) -> Result<Gains, Trouble> {
        let runs_db: Vec<f64> = staged
            .iter()
            .enumerate()
            .map(|(run, (_, staged))| {
                let pairs = inputs[self.timeline.run(run)].iter().zip(&staged.songs);
                let change = pairs.filter_map(|(a, b)| Some((a.integrated_lufs?, b.integrated_lufs?)));
                change.max_by(|a, b| a.0.total_cmp(&b.0)).map_or(0.0, |(before, after)| thousandth(before - after))
            })
            .collect();
        let levels =
            self.album.songs.iter().zip(inputs).filter_map(|(song, l)| Some(l.integrated_lufs? + song.level_db));
        let loudest = levels.max_by(f64::total_cmp);
        let start = loudest.map_or(0.0, |lufs| self.options.loudness_lufs - lufs);
        let (mut limiting, mut number) = (vec![0.0; staged.len()], 0);
        let found = seek(self.options.loudness_lufs, start, |gain| -> Result<Heard, Trouble> {
            number += 1;
            let (mut lufs, mut over): (Option<f64>, Option<(f64, Held)>) = (None, None);
            let what = format!("Limiting, try {number}");
            let heard = crew::each(studio, &what, &self.run_frames(), |studio, run| {
                self.attempt(studio, run, &staged[run].0, gain + runs_db[run], number)
            })?;
            for (run, ((_, before), (after, limiting_db))) in staged.iter().zip(heard).enumerate() {
                limiting[run] = limiting_db;
                let loudest = after.iter().filter_map(|l| l.integrated_lufs).max_by(f64::total_cmp);
                lufs = lufs.max_by(loudest);
                let here = self.over(&before.songs, &after, limiting_db);
                over = if over.map_or(f64::NEG_INFINITY, |o| o.0) >= here.map_or(f64::NEG_INFINITY, |o| o.0) {
                    over
                } else {
                    here
                };
            }
            Ok(Heard { lufs, over })
        })?;
        let found = found.ok_or_else(|| self.nothing_found("the album"))?;
        Ok((runs_db, found.gain_db, vec![found], limiting))
    }

    /// Each run to the loudness.
    fn each(&self, studio: &mut dyn Studio, staged: &[(String, Staged)]) -> Result<Gains, Trouble> {
        let sizes: Vec<u64> = self.run_frames().into_iter().map(|frames| TRIES * frames).collect();
        let sought = crew::each(studio, "Limiting, until the loudness is there", &sizes, |studio, run| {
            self.sought(studio, run, &staged[run])
        })?;
        let (all, limiting): (Vec<Found>, Vec<f64>) = sought.into_iter().unzip();
        Ok((all.iter().map(|found| found.gain_db).collect(), 0.0, all, limiting))
    }

    /// One run to the loudness: how the search ended, and the most that the limiter takes off.
    fn sought(
        &self,
        studio: &mut dyn Studio,
        run: usize,
        (path, before): &(String, Staged),
    ) -> Result<(Found, f64), Trouble> {
        let places = self.timeline.run(run);
        let songs = &self.album.songs[places.clone()];
        let loudest = |levels: &[Levels], with: f64| {
            let each = levels.iter().zip(songs).filter_map(|(l, s)| Some(l.integrated_lufs? - with * s.level_db));
            each.max_by(f64::total_cmp)
        };
        let start = loudest(&before.songs, 0.0).map_or(0.0, |lufs| self.options.loudness_lufs - lufs);
        let (mut most, mut number) = (0.0, 0);
        let found = seek(self.options.loudness_lufs, start, |gain| -> Result<Heard, Trouble> {
            number += 1;
            let (after, limiting_db) = self.attempt(studio, run, path, gain, number)?;
            most = limiting_db;
            Ok(Heard { lufs: loudest(&after, 1.0), over: self.over(&before.songs, &after, limiting_db) })
        })?;
        let found = found.ok_or_else(|| self.nothing_found(&format!("song {}", places.start + 1)))?;
        Ok((found, most))
    }

    fn nothing_found(&self, what: &str) -> Trouble {
        let sound = &self.album.sound;
        Trouble::Target(format!(
            "no gain was found for {what} that keeps at most {:.1} dB of limiting, a PLR of {:.1} dB and a PSR of {:.1} dB; \
             ask for less loudness, or lower `min_plr_db` and `min_psr_db`",
            sound.max_limiting_db, sound.min_plr_db, sound.min_psr_db
        ))
    }
}

/// Each run's gain, the gain of all, how the searches ended, the limiting of each run.
type Gains = (Vec<f64>, f64, Vec<Found>, Vec<f64>);

/// The greater of two loudnesses.
trait MaxBy {
    fn max_by(self, other: Self) -> Self;
}

impl MaxBy for Option<f64> {
    fn max_by(self, other: Self) -> Self {
        match (self, other) {
            (Some(a), Some(b)) => Some(a.max(b)),
            (a, b) => a.or(b),
        }
    }
}

/// A meter for each song of a run.
struct Meters {
    cutter: Cutter,
    loudness: Vec<LoudnessMeter>,
    /// Of each song, too, where tones are measured.
    spectra: Vec<LongTermMeter>,
}

impl Meters {
    fn push(&mut self, view: View<'_>) {
        let (meters, spectra) = (&mut self.loudness, &mut self.spectra);
        let each = |place: usize, view: View<'_>| {
            let meter: &mut LoudnessMeter = &mut meters[place];
            meter.push(view);
            if let Some(spectrum) = spectra.get_mut(place) {
                spectrum.push(view);
            }
            Ok::<(), std::convert::Infallible>(())
        };
        match self.cutter.push(view, each) {
            Ok(()) => {}
            Err(never) => match never {},
        }
    }

    fn finish(self) -> Vec<Levels> {
        self.loudness.into_iter().map(|meter| Levels::from(&meter.finish())).collect()
    }
}
