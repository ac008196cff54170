//! What somebody listens to: strips soloed for the while, or listened to alone, before or behind their faders.

use tonmeister_session::model::{Song, StripAt, Tap};
use tonmeister_session::tables::SILENCE_DB;
use tonmeister_session::{Returns, Solo};

use crate::desk::no_strip;
use crate::failure::Failure;

/// How a song is listened to. None of it is in the document.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ear {
    /// These tracks, buses and VCAs are soloed, in the place of what the document solos.
    pub solo: Vec<String>,
    /// By so many decibels the rest is turned down; without it, the rest is silent.
    pub dim_db: Option<f64>,
    /// A soloed strip is heard through those returns only that are solo safe.
    pub isolate: bool,
    /// These tracks, buses and VCAs are heard alone and past the master: behind their inserts and before their faders.
    pub pfl: Vec<String>,
    /// The same behind fader, mute and pan.
    pub afl: Vec<String>,
}

impl Ear {
    /// Whether it hears the song as everybody does.
    pub fn is_open(&self) -> bool {
        self.solo.is_empty() && self.pfl.is_empty() && self.afl.is_empty()
    }

    /// The song as it hears it.
    ///
    /// # Errors
    /// A strip that is not there, or more than one way of listening.
    pub fn hears(&self, song: &Song) -> Result<Song, Failure> {
        let ways = [&self.solo, &self.pfl, &self.afl].iter().filter(|ids| !ids.is_empty()).count();
        if ways > 1 {
            return Err(Failure::Usage("listen in one way: with --solo, with --pfl or with --afl".into()));
        }
        if self.solo.is_empty() && (self.dim_db.is_some() || self.isolate) {
            return Err(Failure::Usage("--dim and --isolate say how to --solo; name what is soloed".into()));
        }
        if !self.pfl.is_empty() {
            return Ok(song.heard_alone(&strips(song, &self.pfl)?, Tap::Pre));
        }
        if !self.afl.is_empty() {
            return Ok(song.heard_alone(&strips(song, &self.afl)?, Tap::Post));
        }
        if self.solo.is_empty() {
            return Ok(song.clone());
        }
        let rest_db = match self.dim_db {
            None => SILENCE_DB,
            Some(by) if (0.0..=150.0).contains(&by) => -by,
            Some(by) => return Err(Failure::Usage(format!("--dim takes 0 to 150 dB, not {by}"))),
        };
        let returns = if self.isolate { Returns::Safe } else { Returns::All };
        Ok(song.listened(&Solo { strips: strips(song, &self.solo)?, rest_db, returns }))
    }
}

/// The tracks and buses of those names; of a VCA, all that it turns.
fn strips(song: &Song, ids: &[String]) -> Result<Vec<StripAt>, Failure> {
    let mut all = Vec::new();
    for id in ids {
        match song.find(id) {
            Some(StripAt::Vca(vca)) => all.extend(song.turned_by(vca)),
            Some(StripAt::Master) => {
                return Err(Failure::Usage("the master is what is heard anyway; name others".into()));
            }
            Some(at) => all.push(at),
            None => return Err(Failure::Usage(no_strip(song, id))),
        }
    }
    all.sort_unstable();
    all.dedup();
    Ok(all)
}
