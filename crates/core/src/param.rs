//! What can be set on an effect, described once; and one instance's values.
//!
//! An effect has scalar parameters (`threshold_db = -18.0`), files (`ir = "hall.wav"`) and groups of them: a *single* group is a table that
//! may be left out (`highpass = { hz = 30.0, slope_db_oct = 24 }`), a *many* group is a list of tables
//! (`bells = [{ hz = 62.0, gain_db = 2.0 }]`). Inside [`Settings`] every value is an `f64`: a switch is 0 or 1, a
//! choice is its index, an integer is whole.
//!
//! Addresses, as automation uses them: `threshold_db`, `highpass/hz`, `bells/2/gain_db` (lists count from 1).

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::audio::Buffer;
use crate::note::Note;

/// What a number means, and how a reader writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unit {
    /// Decibels.
    Db,
    /// Decibels of true peak, relative to full scale.
    Dbtp,
    /// Hertz.
    Hz,
    /// Milliseconds.
    Ms,
    /// Seconds.
    Seconds,
    /// Per cent.
    Percent,
    /// So many to one.
    Ratio,
    /// Decibels per octave.
    DbPerOctave,
    /// Frames.
    Frames,
    /// Semitones: a twelfth of an octave, up or down.
    Semitones,
    /// Degrees of phase or of angle.
    Degrees,
    /// Bits of a sample.
    Bits,
    /// A bare number (Q, a position from −1 to 1).
    None,
}

impl Unit {
    /// As it is written behind a number.
    pub fn symbol(self) -> &'static str {
        match self {
            Unit::Db => "dB",
            Unit::Dbtp => "dBTP",
            Unit::Hz => "Hz",
            Unit::Ms => "ms",
            Unit::Seconds => "s",
            Unit::Percent => "%",
            Unit::Ratio => ":1",
            Unit::DbPerOctave => "dB/oct",
            Unit::Frames => "frames",
            Unit::Semitones => "st",
            Unit::Degrees => "°",
            Unit::Bits => "bit",
            Unit::None => "",
        }
    }
}

/// How a knob's travel maps to the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Taper {
    /// Equal travel, equal difference.
    Linear,
    /// Equal travel, equal factor (frequencies, times).
    Logarithmic,
}

/// One word that a choice may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The word in the document.
    pub id: &'static str,
    /// What it does to the sound.
    pub doc: &'static str,
}

/// What values a parameter takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ParamKind {
    /// Any number of a range.
    Number {
        /// The least.
        min: f64,
        /// The most.
        max: f64,
        /// How a knob travels.
        taper: Taper,
    },
    /// A whole number of a range.
    Integer {
        /// The least.
        min: i64,
        /// The most.
        max: i64,
    },
    /// One of a few numbers (slopes, pan laws).
    Steps(&'static [f64]),
    /// On or off; `true` is 1.
    Switch,
    /// One of a few words; the value is the index.
    Choice(&'static [Choice]),
}

/// Whether and how a parameter may move while it sounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Automatable {
    /// Moves without a click.
    Smooth,
    /// May be switched at a frame, by `hold` points only.
    Stepped,
    /// Fixed when the processor is built (it changes latency or memory).
    Fixed,
}

/// One parameter, described once.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ParamSpec {
    /// The key in the document, its unit included: `threshold_db`.
    pub id: &'static str,
    /// As a person reads it: "Threshold".
    pub name: &'static str,
    /// What the number means.
    pub unit: Unit,
    /// What values it takes.
    pub kind: ParamKind,
    /// The value when nothing is written.
    pub default: f64,
    /// Whether it may move.
    pub automatable: Automatable,
    /// What it does to the sound.
    pub doc: &'static str,
}

impl ParamSpec {
    /// A number of a linear range that automation may move.
    pub const fn number(
        id: &'static str,
        name: &'static str,
        unit: Unit,
        (min, max): (f64, f64),
        default: f64,
        doc: &'static str,
    ) -> Self {
        let kind = ParamKind::Number { min, max, taper: Taper::Linear };
        ParamSpec { id, name, unit, kind, default, automatable: Automatable::Smooth, doc }
    }

    /// One of a few numbers; fixed when built.
    pub const fn steps(
        id: &'static str,
        name: &'static str,
        unit: Unit,
        steps: &'static [f64],
        default: f64,
        doc: &'static str,
    ) -> Self {
        ParamSpec { id, name, unit, kind: ParamKind::Steps(steps), default, automatable: Automatable::Fixed, doc }
    }

    /// A whole number; fixed when built.
    pub const fn integer(
        id: &'static str,
        name: &'static str,
        unit: Unit,
        (min, max): (i64, i64),
        default: i64,
        doc: &'static str,
    ) -> Self {
        let kind = ParamKind::Integer { min, max };
        ParamSpec { id, name, unit, kind, default: default as f64, automatable: Automatable::Fixed, doc }
    }

    /// On or off; fixed when built.
    pub const fn switch(id: &'static str, name: &'static str, default: bool, doc: &'static str) -> Self {
        let default = if default { 1.0 } else { 0.0 };
        let automatable = Automatable::Fixed;
        ParamSpec { id, name, unit: Unit::None, kind: ParamKind::Switch, default, automatable, doc }
    }

    /// One of a few words (the first is the default); fixed when built.
    pub const fn choice(id: &'static str, name: &'static str, choices: &'static [Choice], doc: &'static str) -> Self {
        let kind = ParamKind::Choice(choices);
        ParamSpec { id, name, unit: Unit::None, kind, default: 0.0, automatable: Automatable::Fixed, doc }
    }

    /// With a logarithmic knob.
    #[must_use]
    pub const fn logarithmic(mut self) -> Self {
        if let ParamKind::Number { min, max, .. } = self.kind {
            self.kind = ParamKind::Number { min, max, taper: Taper::Logarithmic };
        }
        self
    }

    /// With another permission to move.
    #[must_use]
    pub const fn automatable(mut self, automatable: Automatable) -> Self {
        self.automatable = automatable;
        self
    }

    /// Whether a note value means something to it: a time that follows the tempo, or cycles of that length.
    pub fn takes_notes(&self) -> bool {
        matches!(self.kind, ParamKind::Number { .. }) && matches!(self.unit, Unit::Ms | Unit::Seconds | Unit::Hz)
    }

    /// What a note is to it at that tempo; the error says how long that would be, and what is expected.
    pub fn resolve(&self, note: Note, tempo_bpm: f64) -> Result<f64, ParamError> {
        let value =
            note.value(self.unit, tempo_bpm).filter(|_| self.takes_notes()).ok_or(ParamError::NoNote(self.id))?;
        let expected = || ParamError::NoteOutOfRange {
            id: self.id,
            note,
            tempo_bpm,
            found: format!("{} {}", (value * 1000.0).round() / 1000.0, self.unit.symbol()),
            expected: self.expected(),
        };
        self.check(value).map_err(|_| expected())?;
        Ok(value)
    }

    /// Whether the value is one that it takes; the error says what is expected.
    pub fn check(&self, value: f64) -> Result<(), ParamError> {
        let fits = match self.kind {
            ParamKind::Number { min, max, .. } => (min..=max).contains(&value),
            ParamKind::Integer { min, max } => value.fract() == 0.0 && (min as f64..=max as f64).contains(&value),
            ParamKind::Steps(steps) => steps.contains(&value),
            ParamKind::Switch => value == 0.0 || value == 1.0,
            ParamKind::Choice(choices) => value.fract() == 0.0 && (0.0..choices.len() as f64).contains(&value),
        };
        if fits { Ok(()) } else { Err(ParamError::OutOfRange { id: self.id, expected: self.expected(), found: value }) }
    }

    /// What it takes, in words: "a number from −60 to 0 dB".
    pub fn expected(&self) -> String {
        let unit = self.unit.symbol();
        let space = if unit.is_empty() || unit.starts_with([':', '%', '°']) { "" } else { " " };
        match self.kind {
            ParamKind::Number { min, max, .. } => format!("a number from {min} to {max}{space}{unit}"),
            ParamKind::Integer { min, max } => format!("a whole number from {min} to {max}{space}{unit}"),
            ParamKind::Steps(steps) => {
                let list: Vec<String> = steps.iter().map(f64::to_string).collect();
                format!("one of {}{space}{unit}", list.join(", "))
            }
            ParamKind::Switch => "true or false".into(),
            ParamKind::Choice(choices) => {
                let list: Vec<String> = choices.iter().map(|c| format!("\"{}\"", c.id)).collect();
                format!("one of {}", list.join(", "))
            }
        }
    }
}

/// A table of parameters inside an effect: one that may be absent, or a list.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GroupSpec {
    /// The key in the document: `highpass`, `bells`.
    pub id: &'static str,
    /// As a person reads one of them: "High-pass", "Bell".
    pub name: &'static str,
    /// How many there may be. 1: a single table, off when absent. More: a list of tables.
    pub max: usize,
    /// What can be set in each.
    pub params: &'static [ParamSpec],
    /// What it does to the sound.
    pub doc: &'static str,
}

impl GroupSpec {
    /// Whether it is written as a list.
    pub fn many(&self) -> bool {
        self.max > 1
    }
}

/// A recording that an effect needs (an impulse response), described once.
///
/// The document gives it as a path: `ir = "rooms/hall.wav"`. Whoever builds the processor reads the file, brings it
/// to the stream's rate and hands it over through [`Settings::load`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FileSpec {
    /// The key in the document: `ir`.
    pub id: &'static str,
    /// As a person reads it: "Impulse response".
    pub name: &'static str,
    /// Whether the effect cannot sound without it.
    pub required: bool,
    /// The longest that is read; what lies behind is refused, so that memory stays bounded.
    pub max_seconds: f64,
    /// What it does to the sound.
    pub doc: &'static str,
}

/// The shelf of the rack on which an effect is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// Shapes the spectrum.
    Equalizer,
    /// Shapes the level over time.
    Dynamics,
    /// Reverbs, delays, distance.
    Space,
    /// Moves pitch, time, phase or level to and fro.
    Modulation,
    /// Adds harmonics.
    Color,
    /// Places and widens.
    Stereo,
    /// Takes away what should not be there.
    Repair,
    /// Signals, gains, channels.
    Utility,
}

impl Family {
    /// Every family, in the order of the rack.
    pub const ALL: [Family; 8] = [
        Family::Equalizer,
        Family::Dynamics,
        Family::Space,
        Family::Modulation,
        Family::Color,
        Family::Stereo,
        Family::Repair,
        Family::Utility,
    ];

    /// As a person reads it: "Equalizers".
    pub fn name(self) -> &'static str {
        match self {
            Family::Equalizer => "Equalizers",
            Family::Dynamics => "Dynamics",
            Family::Space => "Space",
            Family::Modulation => "Modulation",
            Family::Color => "Color",
            Family::Stereo => "Stereo",
            Family::Repair => "Repair",
            Family::Utility => "Utility",
        }
    }
}

/// What an effect does with an external side-chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyUse {
    /// It takes none.
    None,
    /// It detects on the key in place of its own signal, and all it does follows from what it detects: keyed by the very
    /// signal it would hear, it does the same.
    Detector,
    /// It weighs its own signal against the key.
    Reference,
}

impl EffectSpec {
    /// Whether a side-chain can be routed to it.
    pub const fn takes_key(&self) -> bool {
        !matches!(self.key, KeyUse::None)
    }
}

/// An effect, described once.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EffectSpec {
    /// The word in the document: `compressor`.
    pub id: &'static str,
    /// As a person reads it: "Compressor".
    pub name: &'static str,
    /// Where it stands in the rack.
    pub family: Family,
    /// What it does to the sound, in one sentence.
    pub summary: &'static str,
    /// When to reach for it, how it behaves, known limits.
    pub doc: &'static str,
    /// Scalar parameters.
    pub params: &'static [ParamSpec],
    /// Tables and lists of parameters.
    pub groups: &'static [GroupSpec],
    /// Recordings it needs.
    pub files: &'static [FileSpec],
    /// It makes a stereo sound even of a mono source: the engine hands it two channels.
    pub stereo_only: bool,
    /// What it does with an external side-chain.
    pub key: KeyUse,
    /// Papers and standards, with section.
    pub sources: &'static [&'static str],
}

/// The number of a parameter inside one instance's [`Settings`]: scalars first, then each group's items in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ParamIndex(pub u32);

/// Where a [`ParamIndex`] points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Slot {
    /// The scalar at this place of [`EffectSpec::params`].
    Scalar(usize),
    /// A parameter of one item of a group.
    Grouped {
        /// Place in [`EffectSpec::groups`].
        group: usize,
        /// Which item, from 0.
        item: usize,
        /// Place in [`GroupSpec::params`].
        param: usize,
    },
}

/// Why a value or an address was refused.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ParamError {
    /// No such parameter.
    #[error("there is no parameter `{0}`")]
    Unknown(String),
    /// The parameter does not take that value.
    #[error("`{id}` is {expected}, not {found}")]
    OutOfRange {
        /// The parameter.
        id: &'static str,
        /// What it takes.
        expected: String,
        /// What was given.
        found: f64,
    },
    /// It is neither a time nor a rate, so no note.
    #[error("`{0}` takes no note")]
    NoNote(&'static str),
    /// The note is too long or too short at this tempo.
    #[error("`{id}` cannot be \"{note}\": at {tempo_bpm} BPM that is {found}, and it takes {expected}")]
    NoteOutOfRange {
        /// The parameter.
        id: &'static str,
        /// What was given.
        note: Note,
        /// The tempo.
        tempo_bpm: f64,
        /// What the note is at that tempo, with its unit.
        found: String,
        /// What the parameter takes.
        expected: String,
    },
    /// More items than the group holds.
    #[error("`{id}` holds at most {max}")]
    TooMany {
        /// The group.
        id: &'static str,
        /// How many it holds.
        max: usize,
    },
}

/// The values of one instance of an effect. Always inside the ranges of its [`EffectSpec`].
#[derive(Clone, PartialEq)]
pub struct Settings {
    spec: &'static EffectSpec,
    scalars: Vec<f64>,
    groups: Vec<Vec<Vec<f64>>>,
    /// Where a value was written as a note.
    notes: BTreeMap<Slot, Note>,
    files: Vec<Option<Recording>>,
}

/// A file that was named, and what was read from it.
#[derive(Clone)]
struct Recording {
    path: String,
    sound: Option<Arc<Buffer>>,
}

impl PartialEq for Recording {
    /// The name decides: what was read follows from it.
    fn eq(&self, other: &Self) -> bool {
        self.path == other.path
    }
}

impl Settings {
    /// Everything at its default, every group absent.
    pub fn new(spec: &'static EffectSpec) -> Self {
        Settings {
            spec,
            scalars: spec.params.iter().map(|p| p.default).collect(),
            groups: vec![Vec::new(); spec.groups.len()],
            notes: BTreeMap::new(),
            files: vec![None; spec.files.len()],
        }
    }

    /// The effect.
    pub fn spec(&self) -> &'static EffectSpec {
        self.spec
    }

    /// The value of a scalar.
    ///
    /// # Panics
    /// When the effect has no such scalar: the caller is the effect itself and knows its own table.
    pub fn get(&self, id: &str) -> f64 {
        match self.spec.params.iter().position(|p| p.id == id) {
            Some(place) => self.scalars[place],
            None => panic!("`{}` has no parameter `{id}`", self.spec.id),
        }
    }

    /// Sets a scalar.
    pub fn set(&mut self, id: &str, value: f64) -> Result<(), ParamError> {
        let place = self.spec.params.iter().position(|p| p.id == id);
        let place = place.ok_or_else(|| ParamError::Unknown(id.into()))?;
        self.set_at(ParamIndex(place as u32), value)
    }

    /// [`Settings::set`] in a chain, for tests and built-in chains.
    ///
    /// # Panics
    /// When the value is refused.
    #[must_use]
    pub fn with(mut self, id: &str, value: f64) -> Self {
        if let Err(error) = self.set(id, value) {
            panic!("{error}");
        }
        self
    }

    /// Adds an item to a group: the values named, the rest at their defaults.
    pub fn push(&mut self, group: &str, values: &[(&str, f64)]) -> Result<(), ParamError> {
        let place = self.spec.groups.iter().position(|g| g.id == group);
        let place = place.ok_or_else(|| ParamError::Unknown(group.into()))?;
        let spec = &self.spec.groups[place];
        if self.groups[place].len() >= spec.max {
            return Err(ParamError::TooMany { id: spec.id, max: spec.max });
        }
        let mut item: Vec<f64> = spec.params.iter().map(|p| p.default).collect();
        for (id, value) in values {
            let param = spec.params.iter().position(|p| p.id == *id);
            let param = param.ok_or_else(|| ParamError::Unknown(format!("{group}/{id}")))?;
            spec.params[param].check(*value)?;
            item[param] = *value;
        }
        self.groups[place].push(item);
        Ok(())
    }

    /// [`Settings::push`] in a chain.
    ///
    /// # Panics
    /// When a value is refused.
    #[must_use]
    pub fn with_item(mut self, group: &str, values: &[(&str, f64)]) -> Self {
        if let Err(error) = self.push(group, values) {
            panic!("{error}");
        }
        self
    }

    /// The items of a group, each as its values in the order of [`GroupSpec::params`].
    ///
    /// # Panics
    /// When the effect has no such group.
    pub fn items(&self, group: &str) -> &[Vec<f64>] {
        match self.spec.groups.iter().position(|g| g.id == group) {
            Some(place) => &self.groups[place],
            None => panic!("`{}` has no group `{group}`", self.spec.id),
        }
    }

    /// Names the recording of a [`FileSpec`], as the document writes it. Nothing is read by this.
    pub fn set_file(&mut self, id: &str, path: &str) -> Result<(), ParamError> {
        let place = self.spec.files.iter().position(|f| f.id == id);
        let place = place.ok_or_else(|| ParamError::Unknown(id.into()))?;
        self.files[place] = Some(Recording { path: path.into(), sound: None });
        Ok(())
    }

    /// The recording that was named, if any.
    ///
    /// # Panics
    /// When the effect takes no such file.
    pub fn file(&self, id: &str) -> Option<&str> {
        self.recording(id).map(|recording| recording.path.as_str())
    }

    /// Hands over what was read from the named file, at the rate of the stream it will sound on.
    ///
    /// # Panics
    /// When the effect takes no such file.
    pub fn load(&mut self, id: &str, sound: Arc<Buffer>) {
        match self.spec.files.iter().position(|f| f.id == id) {
            Some(place) => {
                let path = self.files[place].take().map(|recording| recording.path).unwrap_or_default();
                self.files[place] = Some(Recording { path, sound: Some(sound) });
            }
            None => panic!("`{}` takes no file `{id}`", self.spec.id),
        }
    }

    /// What was read from the named file; `None` when none was named, or it has not been read.
    ///
    /// # Panics
    /// When the effect takes no such file.
    pub fn sound(&self, id: &str) -> Option<&Arc<Buffer>> {
        self.recording(id).and_then(|recording| recording.sound.as_ref())
    }

    fn recording(&self, id: &str) -> Option<&Recording> {
        match self.spec.files.iter().position(|f| f.id == id) {
            Some(place) => self.files[place].as_ref(),
            None => panic!("`{}` takes no file `{id}`", self.spec.id),
        }
    }

    /// How many parameters this instance has.
    pub fn count(&self) -> usize {
        let grouped = self.spec.groups.iter().zip(&self.groups).map(|(spec, items)| spec.params.len() * items.len());
        self.scalars.len() + grouped.sum::<usize>()
    }

    /// Where a number points; `None` past the end.
    pub fn slot(&self, index: ParamIndex) -> Option<Slot> {
        let mut rest = index.0 as usize;
        if rest < self.scalars.len() {
            return Some(Slot::Scalar(rest));
        }
        rest -= self.scalars.len();
        for (group, (spec, items)) in self.spec.groups.iter().zip(&self.groups).enumerate() {
            let size = spec.params.len() * items.len();
            if rest < size {
                return Some(Slot::Grouped { group, item: rest / spec.params.len(), param: rest % spec.params.len() });
            }
            rest -= size;
        }
        None
    }

    /// The description and value behind a number.
    ///
    /// # Panics
    /// When the number is not one of this instance's.
    pub fn at(&self, index: ParamIndex) -> (&'static ParamSpec, f64) {
        match self.slot(index) {
            Some(Slot::Scalar(place)) => (&self.spec.params[place], self.scalars[place]),
            Some(Slot::Grouped { group, item, param }) => {
                (&self.spec.groups[group].params[param], self.groups[group][item][param])
            }
            None => panic!("`{}` has no parameter number {}", self.spec.id, index.0),
        }
    }

    /// Sets the value behind a number (for automation's starting values and edits).
    pub fn set_at(&mut self, index: ParamIndex, value: f64) -> Result<(), ParamError> {
        let slot = self.slot(index).ok_or_else(|| ParamError::Unknown(format!("#{}", index.0)))?;
        self.at(index).0.check(value)?;
        self.notes.remove(&slot);
        self.put(slot, value);
        Ok(())
    }

    fn put(&mut self, slot: Slot, value: f64) {
        match slot {
            Slot::Scalar(place) => self.scalars[place] = value,
            Slot::Grouped { group, item, param } => self.groups[group][item][param] = value,
        }
    }

    /// Sets the value behind a number to a note, which stays one: [`Settings::follow`] moves it with the tempo.
    pub fn set_note(&mut self, index: ParamIndex, note: Note, tempo_bpm: f64) -> Result<(), ParamError> {
        let slot = self.slot(index).ok_or_else(|| ParamError::Unknown(format!("#{}", index.0)))?;
        let value = self.at(index).0.resolve(note, tempo_bpm)?;
        self.put(slot, value);
        self.notes.insert(slot, note);
        Ok(())
    }

    /// The note that the value behind a number was written as.
    pub fn note(&self, index: ParamIndex) -> Option<Note> {
        self.slot(index).and_then(|slot| self.notes.get(&slot).copied())
    }

    /// Brings every value that is a note to that tempo.
    pub fn follow(&mut self, tempo_bpm: f64) -> Result<(), ParamError> {
        for (slot, note) in self.notes.clone() {
            let spec = match slot {
                Slot::Scalar(place) => &self.spec.params[place],
                Slot::Grouped { group, param, .. } => &self.spec.groups[group].params[param],
            };
            let value = spec.resolve(note, tempo_bpm)?;
            self.put(slot, value);
        }
        Ok(())
    }

    /// The number of an address: `threshold_db`, `highpass/hz`, `bells/2/gain_db`.
    pub fn index_of(&self, address: &str) -> Result<ParamIndex, ParamError> {
        let unknown = || ParamError::Unknown(address.into());
        let found = (0..self.count() as u32).map(ParamIndex).find(|i| self.address(*i) == address);
        found.ok_or_else(unknown)
    }

    /// The address of a number.
    ///
    /// # Panics
    /// When the number is not one of this instance's.
    pub fn address(&self, index: ParamIndex) -> String {
        match self.slot(index) {
            Some(Slot::Scalar(place)) => self.spec.params[place].id.into(),
            Some(Slot::Grouped { group, item, param }) => {
                let spec = &self.spec.groups[group];
                let param = spec.params[param].id;
                if spec.many() { format!("{}/{}/{param}", spec.id, item + 1) } else { format!("{}/{param}", spec.id) }
            }
            None => panic!("`{}` has no parameter number {}", self.spec.id, index.0),
        }
    }

    /// Every address of this instance, in order.
    pub fn addresses(&self) -> impl Iterator<Item = String> + '_ {
        (0..self.count() as u32).map(|i| self.address(ParamIndex(i)))
    }
}

impl fmt::Debug for Settings {
    /// `compressor { threshold_db: -18, … }`, everything that is set.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct(self.spec.id);
        for (spec, recording) in self.spec.files.iter().zip(&self.files) {
            out.field(spec.id, &recording.as_ref().map(|recording| &recording.path));
        }
        for i in 0..self.count() as u32 {
            out.field(&self.address(ParamIndex(i)), &self.at(ParamIndex(i)).1);
        }
        out.finish()
    }
}

#[cfg(test)]
mod tests;
