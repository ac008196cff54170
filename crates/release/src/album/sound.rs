//! The sound between the gains and the files: the programme and its masters.
//!
//! Masters are files among the steps on the way, unless the programme is too long to be kept; the programme never is one.

use serde::{Deserialize, Serialize};
use tonmeister_core::Layout;
use tonmeister_dsp::resample::resampled_frames;
use tonmeister_measure::loudness::{LoudnessMeter, Options, Peaks};
use tonmeister_media::Tags;
use tonmeister_session::model::Song;

use super::balance::{Session, render_or_hear};
use super::documents::{Dip, dipped, master, programme};
use super::editions::Edition;
use super::inputs::text_of;
use super::lock::{Solution, Work, forget, keep, key, recall};
use super::sequence::Timeline;
use super::studio::{Studio, Trouble};
use super::texts::of_version;

/// How far the true peak of a master may lie above the ceiling: what rounding adds.
const PEAK_TOLERANCE_DB: f64 = 0.003;
/// Renders of one master; more than one is needed when content near half the rate overshoots.
const MAX_MASTERS: usize = 4;

/// What the sound of every file follows from.
pub(crate) fn sound_key(session: &Session<'_>, solution: &Solution, studio: &dyn Studio) -> String {
    let gains = format!("{:?} {:?} {}", solution.staging_db, solution.runs_db, solution.gain_db);
    key(&["sound", &session.key(studio), &gains])
}

/// What was measured of a master.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Mastered {
    pub(crate) ceiling_dbtp: f64,
    pub(crate) integrated_lufs: Option<f64>,
    pub(crate) true_peak_dbtp: Option<f64>,
}

/// The sound between the gains and the files, rendered where an earlier run has not left it.
pub(crate) struct Lost<'a> {
    pub(crate) session: &'a Session<'a>,
    pub(crate) solution: &'a Solution,
    /// Which version of the album it is; nothing for the album itself.
    edition: Option<&'a Edition>,
    /// What clips call the programme, once it can be had.
    programme: Option<String>,
}

impl<'a> Lost<'a> {
    /// Nothing of it is there yet.
    pub(crate) fn new(session: &'a Session<'a>, solution: &'a Solution, edition: Option<&'a Edition>) -> Lost<'a> {
        Lost { session, solution, edition, programme: None }
    }

    /// The id of its version.
    pub(crate) fn id(&self) -> Option<&str> {
        self.edition.map(|edition| edition.id.as_str())
    }

    /// Each song's tags.
    pub(crate) fn tags(&self, of_album: &[Tags]) -> Vec<Tags> {
        let mut tags = of_album.to_vec();
        if let Some(edition) = self.edition {
            for (place, name) in edition.places.iter().zip(&edition.names) {
                tags[*place] = of_version(&tags[*place], name, edition.is_mono());
            }
        }
        tags
    }

    /// Where each song of the album begins and ends.
    pub(crate) fn cuts(&self, rate: u32, of_album: &Timeline) -> Vec<(u64, u64)> {
        self.edition.map_or_else(|| of_album.cuts(rate), |edition| edition.cuts(rate, of_album.songs.len()))
    }

    /// The programme, all songs in sequence at the album's rate, as clips name it. It is never a file: it is little more than
    /// a sum, so whoever reads it makes it.
    pub(crate) fn programme(&mut self, studio: &mut dyn Studio, work: &Work) -> Result<String, Trouble> {
        if let Some(name) = &self.programme {
            return Ok(name.clone());
        }
        let (session, solution) = (self.session, self.solution);
        let staged = session.all_staged(studio, work, &solution.staging_db)?;
        let staged: Vec<String> = staged.into_iter().map(|(name, _)| name).collect();
        let song = programme(session.album, session.timeline, &staged, &solution.runs_db);
        let name = format!("programme-{}", sound_key(session, solution, studio));
        studio.feed(&name, song);
        Ok(self.programme.insert(name).clone())
    }

    /// What the master of a rate is called.
    fn master_name(&self, studio: &dyn Studio, rate: u32) -> String {
        let follows = format!("{rate} {}", self.is_mono());
        let name = key(&["master", &sound_key(self.session, self.solution, studio), &follows]);
        format!("master-{rate}-{name}")
    }

    fn is_mono(&self) -> bool {
        self.edition.is_some_and(Edition::is_mono)
    }

    /// How long it is at a rate.
    pub(crate) fn frames(&self, rate: u32) -> u64 {
        resampled_frames(self.session.timeline.frames, self.session.timeline.rate, rate)
    }

    /// What an earlier run has measured of the master of a rate, if that can be had without its being made again.
    fn known_master(&self, studio: &dyn Studio, work: &Work, rate: u32) -> Option<Mastered> {
        let path = work.path(&format!("{}.wav", self.master_name(studio, rate)));
        recall::<Mastered>(&path.with_extension("json")).filter(|_| path.exists() && self.session.keeps())
    }

    /// Sees to it that [`Lost::master`] of a rate has what it is made of. Several masters may be made at the same time; the
    /// songs they share are made here, before.
    pub(crate) fn prepare(&mut self, studio: &mut dyn Studio, work: &Work, rate: u32) -> Result<(), Trouble> {
        if self.known_master(studio, work, rate).is_none() {
            self.programme(studio, work)?;
        }
        Ok(())
    }

    /// The master of a rate, as clips name it: programme, conversion, limiter; its true peak below the ceiling.
    /// [`Lost::prepare`] comes before.
    pub(crate) fn master(
        &self,
        studio: &mut dyn Studio,
        work: &Work,
        rate: u32,
    ) -> Result<(String, Mastered), Trouble> {
        let name = self.master_name(studio, rate);
        let path = work.path(&format!("{name}.wav"));
        let facts = path.with_extension("json");
        let keeps = self.session.keeps();
        if let Some(known) = self.known_master(studio, work, rate) {
            return Ok((text_of(&path)?, known));
        }
        let known = recall::<Mastered>(&facts).filter(|_| !keeps);
        let Some(programme) = &self.programme else {
            return Err(Trouble::output(&path, "was there a moment ago and is gone; run it again"));
        };
        let (session, mono, frames) = (self.session, self.is_mono(), self.frames(rate));
        let gain_db = self.solution.gain_db;
        let song = |studio: &dyn Studio, ceiling: f64| {
            master(session.album, programme, (rate, frames), (gain_db, ceiling, mono), studio.registry())
        };
        if let Some(known) = known {
            let song = song(studio, known.ceiling_dbtp);
            studio.feed(&name, song);
            return Ok((name, known));
        }
        let wanted = session.options.ceiling_dbtp;
        let mut ceiling = wanted;
        let what = match self.id() {
            Some(id) => format!("Mastering {id} at {rate} Hz"),
            None => format!("Mastering at {rate} Hz"),
        };
        for _ in 0..MAX_MASTERS {
            let song = song(studio, ceiling);
            let options = Options { peaks: Peaks::TrueClosely, ..Options::default() };
            let mut meter = LoudnessMeter::with_options(rate, Layout::Stereo, options)
                .map_err(|e| Trouble::Target(e.to_string()))?;
            render_or_hear(studio, &song, &what, keeps.then_some(&path), |view| meter.push(view))?;
            let loudness = meter.finish();
            let true_peak_dbtp = loudness.true_peak_dbtp;
            let excess = true_peak_dbtp.map_or(f64::NEG_INFINITY, |peak| peak - wanted);
            if excess <= PEAK_TOLERANCE_DB {
                let integrated_lufs = loudness.integrated_lufs;
                let mastered = Mastered { ceiling_dbtp: ceiling, integrated_lufs, true_peak_dbtp };
                keep(&facts, &mastered)?;
                let text = if keeps { text_of(&path)? } else { name };
                if !keeps {
                    studio.feed(&text, song);
                }
                return Ok((text, mastered));
            }
            ceiling -= excess;
        }
        Err(Trouble::Target(format!(
            "the true peak at {rate} Hz could not be kept below {wanted:.1} dBTP; ask for a lower ceiling"
        )))
    }

    /// The programme or a master by its name, at its rate, giving way at these moments: what is read of it.
    pub(crate) fn as_it_is(&self, audio: &str, rate: u32, dips: &[Dip]) -> Song {
        dipped(self.session.album, audio, (rate, self.frames(rate)), dips)
    }

    /// Nobody reads the master of this rate any more.
    pub(crate) fn forget_master(&self, studio: &dyn Studio, work: &Work, rate: u32) {
        forget(&work.path(&format!("{}.wav", self.master_name(studio, rate))));
    }

    /// Nobody reads this version's songs behind their chains any more. (Those of the album are read by its fold-down, by
    /// sides and discs, until all is done.)
    pub(crate) fn forget_runs(&self, studio: &dyn Studio, work: &Work) {
        if self.edition.is_some_and(|edition| !edition.is_mono()) {
            for (run, db) in self.solution.staging_db.iter().enumerate() {
                forget(&self.session.run_file(studio, work, run, *db));
            }
        }
    }
}
