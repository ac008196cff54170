//! Other mixes of the same song, as what they change.

use tonmeister_core::Note;

/// A named mix of the same song: what it changes in it. [`Song::version`](super::Song::version) makes it a song.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Version {
    /// Its stable name.
    pub id: String,
    /// As a person reads it, when stated.
    pub title: Option<String>,
    /// The version it starts from; without one, from the song.
    pub base: Option<String>,
    /// Tracks and buses that are silent in it, on all of their ways out.
    pub mute: Vec<String>,
    /// Tracks and buses that sound in it although they are muted in what it starts from.
    pub unmute: Vec<String>,
    /// When there are any, only these tracks and buses are soloed.
    pub solo: Vec<String>,
    /// Inserts that are left out: `vocal/deesser`.
    pub bypass: Vec<String>,
    /// Inserts that are taken in although they are bypassed in what it starts from.
    pub enable: Vec<String>,
    /// Parameters that are set otherwise, each once.
    pub set: Vec<Setting>,
    /// Ranges that are taken out of it.
    pub cut: Vec<String>,
    /// How long the two sides of each of these cuts overlap, in seconds, when stated;
    /// [`CUT_CROSSFADE`](crate::keys::CUT_CROSSFADE) has the default.
    pub cut_crossfade_s: Option<f64>,
    /// Whether these cuts move to the nearest beats.
    pub cut_snap: bool,
    /// What its bus dynamics follow, when stated; else what those of its base follow. [`Song::bus_dynamics`] asks the bases.
    ///
    /// [`Song::bus_dynamics`]: super::Song::bus_dynamics
    pub dynamics: Option<BusDynamics>,
}

/// What compressors and other dynamics on buses and on the master follow in a version.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum BusDynamics {
    /// The mix: they do to the version what they do to the mix, moment by moment.
    #[default]
    Mix,
    /// The version alone, as when a muted session is printed.
    Own,
}

impl BusDynamics {
    /// In the order of [`crate::keys::BUS_DYNAMICS`].
    pub const ALL: [BusDynamics; 2] = [BusDynamics::Mix, BusDynamics::Own];

    /// As the document writes it.
    pub fn word(self) -> &'static str {
        crate::keys::BUS_DYNAMICS[self as usize].id
    }
}

/// A state of strips that was put by. [`Song::recall`](super::Song::recall) brings it back, all of it or a part.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scene {
    /// Its stable name.
    pub id: String,
    /// As a person reads it, when stated.
    pub title: Option<String>,
    /// Inserts that it bypasses.
    pub bypass: Vec<String>,
    /// Inserts that it takes in.
    pub enable: Vec<String>,
    /// Values, each parameter once; none is [`Change::By`].
    pub set: Vec<Setting>,
}

/// A parameter set otherwise than in the song.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// Which: `vocal/fader_db`.
    pub address: String,
    /// To what.
    pub change: Change,
}

/// How a parameter is set otherwise. Automation of it gives way to a value, and is moved as a whole by decibels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Change {
    /// To a value, in the parameter's own unit.
    To(f64),
    /// To a note, which follows the tempo.
    Note(Note),
    /// By decibels up or down.
    By(f64),
}
