//! The song as typed values: what the text says, checked and with every default filled in.
//!
//! Signal flow of a strip, in order: clips → trim → polarity → delay → inserts → *pre sends* → fader (and mute) →
//! pan and width → *post sends* → output.

mod clips;
mod follower;
mod groups;
mod lanes;
mod places;
mod stems;
mod versions;

pub use groups::{Link, Linked, Vca};
pub use places::StripAt;
pub use stems::{Held, Stem};
pub use versions::{BusDynamics, Change, Scene, Setting, Version};

use tonmeister_core::{Level, ParamIndex, ParamSpec, Settings};

pub use crate::time::{BarBeat, Marker, Meter, Range, Signature, Tempo};
pub use clips::{Clip, CrossfadeShape, FadeShape, Repeat, Until, Window};
pub use follower::{Detector, Follower};
pub use lanes::{Curve, Lane, Lfo, LfoShape, Point, Rate, gain};

use crate::time::TempoMap;

/// A whole song: what is rendered, at what rate, through which mixer.
#[derive(Clone, Debug, PartialEq)]
pub struct Song {
    /// Its name.
    pub title: String,
    /// Who plays it, when stated.
    pub artist: Option<String>,
    /// The rate everything is mixed at; sources at other rates are converted.
    pub sample_rate_hz: u32,
    /// Quarter notes per minute at the song's start: what the effects' notes follow.
    pub tempo_bpm: f64,
    /// Changes of the tempo, times strictly rising. One at the very start has the song's `tempo_bpm`.
    pub tempos: Vec<Tempo>,
    /// Changes of the meter, bars strictly rising; 4/4 before the first.
    pub meters: Vec<Meter>,
    /// Places with a name, in the order of the document.
    pub markers: Vec<Marker>,
    /// Stretches with a name, in the order of the document.
    pub ranges: Vec<Range>,
    /// What a mono source loses at the centre.
    pub pan_law: PanLaw,
    /// Render this many seconds. Without it: until the last clip ends, and then the tails.
    pub length_s: Option<f64>,
    /// What the check of its audio is told, in the order of the document, each rule once.
    pub check: Vec<Check>,
    /// The raw tracks, in the order of the document.
    pub tracks: Vec<Track>,
    /// The buses (groups and effect returns), in the order of the document.
    pub buses: Vec<Bus>,
    /// The end of every road.
    pub master: Master,
    /// Faders above strips, in the order of the document.
    pub vcas: Vec<Vca>,
    /// Strips whose settings go together, in the order of the document.
    pub links: Vec<Link>,
    /// The parts that the mix is written as, in the order of the document; without any, its groups.
    pub stems: Vec<Stem>,
    /// States of the desk that were put by, in the order of the document. They sound only when they are recalled.
    pub scenes: Vec<Scene>,
    /// Other mixes of the same song, in the order of the document.
    pub versions: Vec<Version>,
}

impl Song {
    /// A song of nothing, at that rate, with everything at its default.
    pub fn empty(sample_rate_hz: u32) -> Self {
        Song {
            title: "Untitled".into(),
            artist: None,
            sample_rate_hz,
            tempo_bpm: crate::keys::TEMPO.default,
            tempos: Vec::new(),
            meters: Vec::new(),
            markers: Vec::new(),
            ranges: Vec::new(),
            pan_law: PanLaw::Minus3,
            length_s: None,
            check: Vec::new(),
            tracks: Vec::new(),
            buses: Vec::new(),
            master: Master { strip: Strip::new(None) },
            vcas: Vec::new(),
            links: Vec::new(),
            stems: Vec::new(),
            scenes: Vec::new(),
            versions: Vec::new(),
        }
    }
}

impl Song {
    /// Bars, beats and seconds of the song.
    pub fn tempo_map(&self) -> TempoMap {
        TempoMap::new(self.tempo_bpm, &self.tempos, &self.meters).0
    }

    /// Brings every time that is written as a bar and beat, and every generator that swings in notes, to the tempo: for
    /// songs that are built or changed in code. A beat that its bar does not have keeps its seconds.
    pub fn follow_tempo(&mut self) {
        let (tempo, places) = TempoMap::new(self.tempo_bpm, &self.tempos, &self.meters);
        for (change, at_s) in self.tempos.iter_mut().zip(places) {
            change.at_s = at_s;
        }
        let follow = |seconds: &mut f64, written: Option<BarBeat>| {
            *seconds = written.and_then(|place| tempo.seconds_of(place).ok()).unwrap_or(*seconds);
        };
        for marker in &mut self.markers {
            follow(&mut marker.at_s, marker.written);
        }
        for range in &mut self.ranges {
            follow(&mut range.from_s, range.from_written);
            follow(&mut range.to_s, range.to_written);
        }
        for track in &mut self.tracks {
            for clip in &mut track.clips {
                follow(&mut clip.start_s, clip.start_written);
            }
            track.clips.sort_by(|a, b| a.start_s.total_cmp(&b.start_s));
        }
        let strips = self.tracks.iter_mut().map(|t| &mut t.strip).chain(self.buses.iter_mut().map(|b| &mut b.strip));
        let strips = strips.chain(self.vcas.iter_mut().map(|vca| &mut vca.strip));
        for lane in strips.chain([&mut self.master.strip]).flat_map(|strip| &mut strip.automation) {
            for point in &mut lane.points {
                follow(&mut point.time_s, point.written);
            }
            for lfo in &mut lane.lfos {
                follow(&mut lfo.from_s, lfo.from_written);
                if let Some(to_s) = &mut lfo.to_s {
                    follow(to_s, lfo.to_written);
                }
                if let Rate::Note { tempo: own, .. } = &mut lfo.rate {
                    *own = tempo.clone();
                }
            }
        }
    }
}

/// What a mono source loses on each side when panned to the centre, against panned hard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PanLaw {
    /// 0 dB: a balance control; the far side is turned down, the near side stays.
    Zero,
    /// −2.5 dB.
    Minus2_5,
    /// −3 dB (−3.01): equal power, the default.
    Minus3,
    /// −4.5 dB (−4.52).
    Minus4_5,
    /// −6 dB (−6.02): the mono sum stays constant.
    Minus6,
}

impl PanLaw {
    /// The exponent p of L = cosᵖθ, R = sinᵖθ; `None` for the balance law.
    pub fn exponent(self) -> Option<f64> {
        match self {
            PanLaw::Zero => None,
            PanLaw::Minus2_5 => Some(2.5 / (20.0 * std::f64::consts::SQRT_2.log10())),
            PanLaw::Minus3 => Some(1.0),
            PanLaw::Minus4_5 => Some(1.5),
            PanLaw::Minus6 => Some(2.0),
        }
    }

    /// As the document writes it: `-3.0`.
    pub fn db(self) -> f64 {
        match self {
            PanLaw::Zero => 0.0,
            PanLaw::Minus2_5 => -2.5,
            PanLaw::Minus3 => -3.0,
            PanLaw::Minus4_5 => -4.5,
            PanLaw::Minus6 => -6.0,
        }
    }

    /// The law that the document writes so, if there is one.
    pub fn of_db(db: f64) -> Option<PanLaw> {
        [PanLaw::Zero, PanLaw::Minus2_5, PanLaw::Minus3, PanLaw::Minus4_5, PanLaw::Minus6]
            .into_iter()
            .find(|law| law.db() == db)
    }
}

impl Tap {
    /// In the order of [`crate::keys::TAPS`].
    pub const ALL: [Tap; 2] = [Tap::Post, Tap::Pre];

    /// As the document writes it.
    pub fn word(self) -> &'static str {
        crate::keys::TAPS[self as usize].id
    }
}

impl Channels {
    /// In the order of [`crate::keys::CHANNEL_WORDS`].
    pub const ALL: [Channels; 5] = [Channels::Stereo, Channels::Left, Channels::Right, Channels::Mid, Channels::Side];

    /// As the document writes it.
    pub fn word(self) -> &'static str {
        crate::keys::CHANNEL_WORDS[self as usize].id
    }
}

/// One raw track.
#[derive(Clone, Debug, PartialEq)]
pub struct Track {
    /// Its stable name in addresses.
    pub id: String,
    /// What it plays ("kick", "vocal"), when known.
    pub role: Option<String>,
    /// Its audio, in order of start. Clips may overlap: they add.
    pub clips: Vec<Clip>,
    /// What the check of its audio is told, over what the song says.
    pub check: Vec<Check>,
    /// Its channel strip.
    pub strip: Strip,
}

/// How a rule of the check is set. Level or limit, or both.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Check {
    /// The rule's id.
    pub rule: &'static str,
    /// How its findings count, when set.
    pub level: Option<Level>,
    /// From where on it counts, when set, in the rule's unit.
    pub limit: Option<f64>,
}

/// A group of tracks or the return of a send effect.
#[derive(Clone, Debug, PartialEq)]
pub struct Bus {
    /// Its stable name.
    pub id: String,
    /// Its channel strip.
    pub strip: Strip,
}

/// The end of every road: the mix bus.
#[derive(Clone, Debug, PartialEq)]
pub struct Master {
    /// Its strip; it has no sends and no output.
    pub strip: Strip,
}

/// A channel strip.
#[derive(Clone, Debug, PartialEq)]
pub struct Strip {
    /// Values of [`crate::tables::STRIP`], one per entry, in its order.
    pub values: Vec<f64>,
    /// Processors, in order.
    pub inserts: Vec<Insert>,
    /// Sends, in the order of the document.
    pub sends: Vec<Send>,
    /// Where the signal goes; `None` on the master only.
    pub output: Option<Destination>,
    /// Moves over time, at most one lane per target.
    pub automation: Vec<Lane>,
    /// Faders of others that this strip follows. No document writes them: [`Song::lowered`] works them out, of VCAs and solos.
    pub followed: Vec<Follow>,
}

/// A fader elsewhere that turns a strip up and down with it: its gain multiplies the strip's own.
#[derive(Clone, Debug, PartialEq)]
pub struct Follow {
    /// Its level while nothing moves it; −150 dB is silence.
    pub db: f64,
    /// Its moves, over the range of `fader_db`; at least one point, or no lane.
    pub lane: Option<Lane>,
    /// Which ways out of the strip it turns.
    pub ways: Ways,
    /// It is a mute: what listens to a strip although it is muted does not hear it.
    pub mutes: bool,
}

/// Ways out of a strip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ways {
    /// Its output.
    pub main: bool,
    /// Its post-fader sends.
    pub post: bool,
    /// Its pre-fader sends.
    pub pre: bool,
}

impl Ways {
    /// All of them.
    pub const ALL: Ways = Ways { main: true, post: true, pre: true };
    /// Those behind the fader.
    pub const POST: Ways = Ways { main: true, post: true, pre: false };
}

/// Where a strip's signal goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// To the mix bus.
    Master,
    /// To the bus at this place of [`Song::buses`].
    Bus(usize),
}

/// A processor in a strip.
#[derive(Clone, Debug, PartialEq)]
pub struct Insert {
    /// Its stable name inside the strip: what was written, else the effect's id (`compressor`, `compressor-2`).
    pub id: String,
    /// Left out of the sound (and of its latency).
    pub bypass: bool,
    /// The part of the signal that it works on.
    pub channels: Channels,
    /// What drives the side-chain instead of the signal itself.
    pub key: Option<SideChain>,
    /// What it is and how it is set.
    pub settings: Settings,
}

/// The part of a strip's signal that a processor works on; the other part waits for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Channels {
    /// All of it.
    #[default]
    Stereo,
    /// The left channel.
    Left,
    /// The right channel.
    Right,
    /// What both channels share: half their sum.
    Mid,
    /// What they do not share: half their difference.
    Side,
}

/// What drives a side-chain: whose signal, and taken where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SideChain {
    /// Whose signal.
    pub from: KeySource,
    /// Where it is taken.
    pub tap: KeyTap,
    /// Behind the fader: that it is heard although the source is muted. Elsewhere no mute reaches it.
    pub muted: bool,
}

impl SideChain {
    /// The signal of a strip as its fader finds it.
    pub fn of(from: KeySource) -> Self {
        SideChain { from, tap: KeyTap::Pre, muted: false }
    }
}

/// Where a side-chain takes its key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum KeyTap {
    /// After the inserts, before fader, mute and pan.
    #[default]
    Pre,
    /// After fader, mute and pan, as a post-fader send takes its copy.
    Post,
    /// After trim, polarity and delay, before the inserts.
    PreInserts,
}

impl KeyTap {
    /// In the order of [`crate::keys::KEY_TAPS`].
    pub const ALL: [KeyTap; 3] = [KeyTap::Pre, KeyTap::Post, KeyTap::PreInserts];

    /// As the document writes it.
    pub fn word(self) -> &'static str {
        crate::keys::KEY_TAPS[self as usize].id
    }
}

/// Whose signal drives a side-chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// The track at this place of [`Song::tracks`].
    Track(usize),
    /// The bus at this place of [`Song::buses`].
    Bus(usize),
}

/// A copy of a strip's signal to a bus.
#[derive(Clone, Debug, PartialEq)]
pub struct Send {
    /// The bus, as its place in [`Song::buses`].
    pub to: usize,
    /// Before the fader and pan, or after them.
    pub tap: Tap,
    /// Values of [`crate::tables::SEND`], one per entry, in its order.
    pub values: Vec<f64>,
}

/// Where a send takes its copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tap {
    /// After fader, mute and pan: the send follows the track's level.
    Post,
    /// After the inserts, before fader, mute and pan.
    Pre,
}

/// What a lane moves, on its own strip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// The entry of [`crate::tables::STRIP`] at this place.
    Strip(usize),
    /// Of the send at `send`, the entry of [`crate::tables::SEND`] at `param`.
    Send {
        /// Place in [`Strip::sends`].
        send: usize,
        /// Place in the table.
        param: usize,
    },
    /// Of the insert at `insert`, the parameter of that number.
    Insert {
        /// Place in [`Strip::inserts`].
        insert: usize,
        /// The parameter.
        param: ParamIndex,
    },
}

impl Strip {
    /// A strip at its defaults with that output.
    pub fn new(output: Option<Destination>) -> Self {
        Strip {
            values: crate::tables::STRIP.iter().map(|p| p.default).collect(),
            inserts: Vec::new(),
            sends: Vec::new(),
            output,
            automation: Vec::new(),
            followed: Vec::new(),
        }
    }

    /// The value of an entry of [`crate::tables::STRIP`].
    ///
    /// # Panics
    /// When the table has no such entry.
    pub fn get(&self, id: &str) -> f64 {
        self.values[crate::tables::place(crate::tables::STRIP, id)]
    }

    /// Sets an entry of [`crate::tables::STRIP`], unchecked.
    ///
    /// # Panics
    /// When the table has no such entry.
    pub fn set(&mut self, id: &str, value: f64) {
        self.values[crate::tables::place(crate::tables::STRIP, id)] = value;
    }

    /// Whether a switch of [`crate::tables::STRIP`] is on.
    ///
    /// # Panics
    /// When the table has no such entry.
    pub fn is(&self, id: &str) -> bool {
        self.get(id) == 1.0
    }

    /// The lane that moves a target, if one does.
    pub fn lane(&self, target: Target) -> Option<&Lane> {
        self.automation.iter().find(|lane| lane.target == target)
    }

    /// The description of what a lane moves.
    pub fn target_spec(&self, target: Target) -> &'static ParamSpec {
        match target {
            Target::Strip(place) => &crate::tables::STRIP[place],
            Target::Send { param, .. } => &crate::tables::SEND[param],
            Target::Insert { insert, param } => self.inserts[insert].settings.at(param).0,
        }
    }
}

impl Send {
    /// A send at its defaults.
    pub fn new(to: usize, tap: Tap) -> Self {
        Send { to, tap, values: crate::tables::SEND.iter().map(|p| p.default).collect() }
    }

    /// The value of an entry of [`crate::tables::SEND`].
    ///
    /// # Panics
    /// When the table has no such entry.
    pub fn get(&self, id: &str) -> f64 {
        self.values[crate::tables::place(crate::tables::SEND, id)]
    }
}
