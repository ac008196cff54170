//! Changes of a document, as values: made by a console, a script or an assistant, and taken back to the byte.
//!
//! An edit becomes [`Splice`]s of the text ([`locate`] finds the place, [`text`] knows TOML's forms), the text is read
//! again, and only when the song is still valid does the document change. So the text and the song never differ, and
//! whatever an edit is not about keeps every byte.

mod checks;
pub(crate) mod locate;
mod mentions;
mod named;
mod plan;
mod splice;
mod text;
mod timeline;

pub use named::{Named, NamedSort};
pub use splice::Splice;

use tonmeister_core::{Level, Note};

use crate::lane::Reshape;
use crate::model::{Bus, Clip, Follower, Insert, Lfo, Marker, Meter, Point, Range, Send, Tempo, Track};

/// A value that no parameter describes.
#[derive(Clone, Debug, PartialEq)]
pub enum Plain {
    /// A title, a path, an id that a route leads to, a word.
    Text(String),
    /// A number.
    Number(f64),
    /// True or false.
    Switch(bool),
}

/// One change of a document. Addresses are those of automation with the strip in front: `kick/fader_db`,
/// `kick/send/room/level_db`, `kick/eq/bells/2/gain_db`, `master/limiter/ceiling_dbtp`.
#[derive(Clone, Debug, PartialEq)]
pub enum Edit {
    /// Sets a parameter of a strip, send or insert, in the parameter's own unit (a switch is 0 or 1, a choice its
    /// place). A single table of an insert that is not there yet (`kick/eq/highpass/hz`) is begun.
    SetParam {
        /// Which.
        address: String,
        /// To what.
        value: f64,
    },
    /// Sets a time or rate of an insert to a note, which follows the tempo from then on.
    SetNote {
        /// Which.
        address: String,
        /// To what.
        note: Note,
    },
    /// Sets what is no parameter of a strip, send or effect: `song/title`, `song/tempo_bpm`, `kick/role`,
    /// `kick/audio`, `kick/output`, `kick/compressor/bypass`, `kick/compressor/channels`, `kick/compressor/key`, `hall/convolution/ir` (the
    /// file of an effect), `kick/send/room/tap`, `kick/clip/1/start_s` (clips in the order of the text),
    /// `song/marker/chorus/at`, `song/range/verse/to`, `song/tempo/2/bpm`, `song/meter/1/signature`. A time on the
    /// timeline is a number of seconds or the text of a bar and beat, and stays what it is set to.
    SetPlain {
        /// Which.
        address: String,
        /// To what.
        value: Plain,
    },
    /// Takes a value out of the text, so that its default holds. Nothing happens when it is not there.
    Reset {
        /// What [`Edit::SetParam`] or [`Edit::SetPlain`] sets.
        address: String,
    },
    /// Adds a track.
    AddTrack {
        /// Its place among the tracks.
        at: usize,
        /// The track; its output, sends and side-chains name buses and tracks by their places before the edit.
        track: Track,
    },
    /// Takes a track out. Refused while a side-chain listens to it or a version or scene names it.
    RemoveTrack {
        /// Its id.
        id: String,
    },
    /// Adds a bus.
    AddBus {
        /// Its place among the buses.
        at: usize,
        /// The bus; it names buses and tracks by their places before the edit.
        bus: Bus,
    },
    /// Takes a bus out. Refused while something leads to it, listens to it or names it.
    RemoveBus {
        /// Its id.
        id: String,
    },
    /// Adds an insert. Its id must be free on the strip.
    AddInsert {
        /// A track's or bus's id, or `master`.
        strip: String,
        /// Its place among the inserts.
        at: usize,
        /// The insert.
        insert: Insert,
    },
    /// Takes an insert out, the automation that moves it, and what versions and scenes make of it.
    RemoveInsert {
        /// A track's or bus's id, or `master`.
        strip: String,
        /// The insert's id.
        insert: String,
    },
    /// Adds an item to a table or list of an insert: a bell to an equalizer.
    AddItem {
        /// A track's or bus's id, or `master`.
        strip: String,
        /// The insert's id.
        insert: String,
        /// The table or list: `bells`.
        group: String,
        /// What is set in it; the rest is at its default.
        values: Vec<(String, f64)>,
    },
    /// Takes an item out, the automation that moves it, and what versions and scenes make of it; the addresses behind it count one
    /// less, in versions and scenes too.
    RemoveItem {
        /// A track's or bus's id, or `master`.
        strip: String,
        /// The insert's id.
        insert: String,
        /// The table or list: `bells`.
        group: String,
        /// Which, counted from 1.
        item: usize,
    },
    /// Adds a send, behind the others.
    AddSend {
        /// A track's or bus's id.
        strip: String,
        /// The send.
        send: Send,
    },
    /// Takes a send out, the automation that moves it, and what versions and scenes make of it.
    RemoveSend {
        /// A track's or bus's id.
        strip: String,
        /// The bus it goes to.
        to: String,
    },
    /// Sets all points of a lane. A lane that is not there is added; without points it is taken out.
    SetAutomation {
        /// A track's or bus's id, or `master`.
        strip: String,
        /// What moves, on that strip: `compressor/threshold_db`.
        target: String,
        /// The points, times rising.
        points: Vec<Point>,
    },
    /// Sets what swings around a lane. A lane that is not there is added; with neither points nor generators it is
    /// taken out.
    SetLfos {
        /// A track's or bus's id, or `master`.
        strip: String,
        /// What moves, on that strip.
        target: String,
        /// The generators; they add.
        lfos: Vec<Lfo>,
    },
    /// Sets the level that a lane follows. A lane that is not there is added; with nothing that moves it anymore it is
    /// taken out.
    SetFollow {
        /// A track's or bus's id, or `master`.
        strip: String,
        /// What moves, on that strip.
        target: String,
        /// What it follows, and how.
        follow: Option<Follower>,
    },
    /// Cuts, copies, moves, scales or thins a stretch of a lane. Nothing happens where nothing moves.
    ReshapeAutomation {
        /// A track's or bus's id, or `master`.
        strip: String,
        /// What moves, on that strip.
        target: String,
        /// The stretch's beginning, in seconds.
        from_s: f64,
        /// Its end, in seconds.
        to_s: f64,
        /// What is done to it.
        how: Reshape,
    },
    /// Adds a clip. A track whose audio is a file is unfolded first ([`Edit::Unfold`]).
    AddClip {
        /// A track's id.
        track: String,
        /// Its place among the clips of the text.
        at: usize,
        /// The clip.
        clip: Clip,
    },
    /// Makes a clip another: writes what differs, and nothing else.
    SetClip {
        /// A track's id.
        track: String,
        /// Which, counted from 1 in the order of the text.
        number: usize,
        /// What it becomes.
        clip: Clip,
    },
    /// Takes a clip out. Refused when it is the track's only one.
    RemoveClip {
        /// A track's id.
        track: String,
        /// Which, counted from 1 in the order of the text.
        number: usize,
    },
    /// Adds to the timeline.
    AddToTimeline {
        /// Its place among its own sort.
        at: usize,
        /// What.
        entry: Entry,
    },
    /// Takes a table of the timeline out: `marker/chorus`, `range/verse`, `tempo/2`, `meter/1` (counted from 1).
    RemoveFromTimeline {
        /// Which.
        address: String,
    },
    /// Sets how a rule of the check counts, and from where on. Without both it is taken out, and the rule is its own
    /// again.
    SetCheck {
        /// A track's id, or `song` for all.
        strip: String,
        /// The rule's id.
        rule: String,
        /// How it counts, when set.
        level: Option<Level>,
        /// From where on, when set, in the rule's unit.
        limit: Option<f64>,
    },
    /// Adds a VCA, a link group, a stem, a scene or a version.
    AddNamed {
        /// Its place among those of its sort.
        at: usize,
        /// What is added.
        named: Named,
    },
    /// Sets a VCA, a link group, a stem, a scene or a version, found by its id, to what is given; the automation of a VCA stays. What is
    /// said already keeps its place and its comments.
    SetNamed {
        /// As it shall be.
        named: Named,
    },
    /// Takes a VCA, a link group, a stem, a scene or a version out. Refused while something names it.
    RemoveNamed {
        /// Of which sort.
        sort: NamedSort,
        /// Its id.
        id: String,
    },
    /// Writes the audio of a track, given as a file, as a clip that is the whole of it: the same song, with a clip to
    /// be set. Nothing happens when it has clips already.
    Unfold {
        /// A track's id.
        track: String,
    },
    /// Replaces stretches of the text. Inverses are such edits; one fits the text that the edit left, and is refused
    /// when that has changed at its places since.
    Rewrite(Vec<Splice>),
    /// All of these in turn, or none.
    Together(Vec<Edit>),
}

/// What the timeline holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Entry {
    /// A change of the tempo.
    Tempo(Tempo),
    /// A change of the meter.
    Meter(Meter),
    /// A place with a name.
    Marker(Marker),
    /// A stretch with a name.
    Range(Range),
}
