//! Solo: which ways out of which strips are heard while others are soloed.

use std::collections::BTreeSet;

use tonmeister_core::Diagnostic;

use crate::edit::Edit;
use crate::model::{Bus, Destination, Send, Song, Strip, StripAt, Tap};
use crate::report::suggestion;
use crate::tables::{SEND, SILENCE_DB, place};

/// What is soloed, and what becomes of the rest.
#[derive(Clone, Debug, PartialEq)]
pub struct Solo {
    /// The strips that are soloed; with none, everything is heard. The master is always heard.
    pub strips: Vec<StripAt>,
    /// How the rest is turned down: −150 dB is silence, −20 dB a dim that keeps the song around what is soloed.
    pub rest_db: f64,
    /// Which returns a soloed strip is heard through.
    pub returns: Returns,
}

/// Which buses a soloed strip is heard through besides its output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Returns {
    /// Every one that it sends to: it keeps its room.
    #[default]
    All,
    /// Only those that are solo safe.
    Safe,
}

/// What solo leaves of a strip. Mutes and faders act besides.
#[derive(Clone, Debug, PartialEq)]
pub struct Heard {
    /// Which strip.
    pub strip: StripAt,
    /// The gain of its output, in decibels: 0, or that of the rest. What is turned down is so once on its way, where it meets
    /// what is heard or the master; before that it is 0.
    pub output_db: f64,
    /// The same for each of its sends.
    pub sends_db: Vec<f64>,
    /// Whether any way out of it is heard at full level.
    open: bool,
}

impl Heard {
    /// Whether any of it is heard at full level.
    pub fn is_heard(&self) -> bool {
        self.open
    }
}

/// One way from a strip to a bus or the master.
struct Way {
    from: usize,
    to: usize,
    send: Option<usize>,
}

impl Solo {
    /// What the song itself solos, the rest silent, every return heard.
    pub fn of(song: &Song) -> Self {
        let strips = song.strips().filter(|at| *at != StripAt::Master && song.strip(*at).is("solo"));
        Solo { strips: strips.collect(), rest_db: SILENCE_DB, returns: Returns::All }
    }
}

/// How a strip is soloed by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Soloing {
    /// Besides what is soloed already.
    Too,
    /// In the place of all that is soloed: exclusive.
    Alone,
    /// No longer.
    Off,
}

impl Song {
    /// The edit that solos a track or bus, or all that a VCA turns: one [`Edit::Together`] of what is otherwise now.
    /// Refused when there is no such strip; the master is never soloed.
    pub fn soloed(&self, id: &str, how: Soloing) -> Result<Edit, Diagnostic> {
        let meant: BTreeSet<StripAt> = match self.find(id) {
            Some(StripAt::Vca(vca)) => self.turned_by(vca),
            Some(at @ (StripAt::Track(_) | StripAt::Bus(_))) => BTreeSet::from([at]),
            _ => {
                let error =
                    Diagnostic::error("unknown-strip", format!("there is no track, bus or VCA \"{id}\" to solo"));
                let all = self.strips().filter(|at| *at != StripAt::Master).map(|at| self.id(at));
                let all: Vec<&str> = all.chain(self.vcas.iter().map(|vca| vca.id.as_str())).collect();
                return Err(match suggestion(id, all.into_iter()) {
                    Some(help) => error.help(help),
                    None => error,
                });
            }
        };
        let edit = |at: StripAt| {
            let address = format!("{}/solo", self.id(at));
            let (is, wanted) = match (how, meant.contains(&at)) {
                (Soloing::Off, true) | (Soloing::Alone, false) => (self.strip(at).is("solo"), false),
                (Soloing::Too | Soloing::Alone, true) => (self.strip(at).is("solo"), true),
                (Soloing::Too | Soloing::Off, false) => return None,
            };
            match (is, wanted) {
                (false, true) => Some(Edit::SetParam { address, value: 1.0 }),
                (true, false) => Some(Edit::Reset { address }),
                _ => None,
            }
        };
        Ok(Edit::Together(self.strips().filter(|at| *at != StripAt::Master).filter_map(edit).collect()))
    }

    /// The song as somebody hears it who listens to some tracks and buses alone, past the master and its processors: after
    /// their inserts and before fader, mute and pan ([`Tap::Pre`], PFL), or behind all of these ([`Tap::Post`], AFL). Several
    /// are added. Solos are off; everything else plays on unheard for who listens to it: sends, side-chains, followers.
    #[must_use]
    pub fn heard_alone(&self, strips: &[StripAt], tap: Tap) -> Song {
        let mut song = self.clone();
        let (away, ear) = (song.buses.len(), song.buses.len() + 1);
        let mut nowhere = Strip::new(Some(Destination::Master));
        nowhere.set("mute", 1.0);
        // No document has an id with brackets.
        song.buses.push(Bus { id: "(nowhere)".into(), strip: nowhere });
        song.buses.push(Bus { id: "(listen)".into(), strip: Strip::new(Some(Destination::Master)) });
        song.master.strip = Strip::new(None);
        for at in self.strips().filter(|at| *at != StripAt::Master) {
            let strip = song.strip_mut(at);
            strip.set("solo", 0.0);
            if strip.output == Some(Destination::Master) {
                strip.output = Some(Destination::Bus(away));
            }
            if !strips.contains(&at) {
                continue;
            }
            if tap == Tap::Pre && strip.is("mute_pre") {
                // A mute does not reach what is listened to before it; the other sends keep it.
                strip.set("mute_pre", 0.0);
                if strip.is("mute") {
                    let mute = place(SEND, "mute");
                    strip.sends.iter_mut().filter(|send| send.tap == Tap::Pre).for_each(|send| send.values[mute] = 1.0);
                }
            }
            strip.sends.push(Send::new(ear, tap));
        }
        song
    }

    /// What is heard of each track and bus, in their order.
    ///
    /// A soloed strip is heard with the buses that it runs through; a soloed bus with what leads to it, and that only on
    /// its way there; a strip that is solo safe stays as it is. Solo does not reach side-chains, wherever they are tapped:
    /// what ducks in the mix ducks the same in solo.
    pub fn heard(&self, solo: &Solo) -> Vec<Heard> {
        let ways = self.ways();
        let count = self.tracks.len() + self.buses.len();
        let node = |at: StripAt| match at {
            StripAt::Track(track) => track,
            StripAt::Bus(bus) => self.tracks.len() + bus,
            // Nothing is soloed by a VCA: its members are.
            StripAt::Master | StripAt::Vca(_) => count,
        };
        let places: Vec<StripAt> = self.strips().filter(|at| *at != StripAt::Master).collect();
        let safe: Vec<bool> = places.iter().map(|at| self.strip(*at).is("solo_safe")).collect();
        let soloed: Vec<usize> = solo.strips.iter().map(|at| node(*at)).filter(|node| *node < count).collect();
        let all = soloed.is_empty();
        // Towards something soloed, whichever way.
        let towards = reach(count, &soloed, ways.iter().map(|way| (way.to, way.from)));
        let onward = |way: &Way| {
            way.send.is_none() || solo.returns == Returns::All || safe.get(way.to).copied().unwrap_or(false)
        };
        let mut begin = soloed;
        begin.extend((0..count).filter(|node| safe[*node]));
        let carries = reach(count, &begin, ways.iter().filter(|way| onward(way)).map(|way| (way.from, way.to)));
        let open = |way: &Way| all || (carries[way.from] && (onward(way) || safe[way.from])) || towards[way.to];
        let mut heard: Vec<Heard> = places
            .iter()
            .map(|at| {
                let sends_db = vec![0.0; self.strip(*at).sends.len()];
                Heard { strip: *at, output_db: 0.0, sends_db, open: false }
            })
            .collect();
        ways.iter().filter(|way| open(way)).for_each(|way| heard[way.from].open = true);
        let meets: Vec<bool> = heard.iter().map(Heard::is_heard).chain([true]).collect();
        // What is silent need not go on; what is only turned down must not be so on every bus that it comes through.
        let turned = |way: &Way| !open(way) && (solo.rest_db <= SILENCE_DB || meets[way.to]);
        for way in ways.iter().filter(|way| turned(way)) {
            match way.send {
                None => heard[way.from].output_db = solo.rest_db,
                Some(send) => heard[way.from].sends_db[send] = solo.rest_db,
            }
        }
        heard
    }

    /// Outputs and sends; tracks first, then buses, then the master.
    fn ways(&self) -> Vec<Way> {
        let (tracks, master) = (self.tracks.len(), self.tracks.len() + self.buses.len());
        let mut ways = Vec::new();
        for (from, at) in self.strips().enumerate() {
            let strip = self.strip(at);
            match strip.output {
                Some(Destination::Master) => ways.push(Way { from, to: master, send: None }),
                Some(Destination::Bus(bus)) => ways.push(Way { from, to: tracks + bus, send: None }),
                None => {}
            }
            let sends = strip.sends.iter().enumerate();
            ways.extend(sends.map(|(place, send)| Way { from, to: tracks + send.to, send: Some(place) }));
        }
        ways
    }
}

/// What can be reached from some places over edges; the places themselves, too. One place more than strips: the master.
fn reach(strips: usize, begin: &[usize], edges: impl Iterator<Item = (usize, usize)>) -> Vec<bool> {
    let mut next: Vec<Vec<usize>> = vec![Vec::new(); strips + 1];
    for (from, to) in edges {
        next[from].push(to);
    }
    let mut reached = vec![false; strips + 1];
    let mut way = begin.to_vec();
    while let Some(node) = way.pop() {
        if !std::mem::replace(&mut reached[node], true) {
            way.extend(next[node].iter().copied().filter(|to| !reached[*to]));
        }
    }
    // Everything ends at the master: that it is reached says nothing.
    reached[strips] = false;
    reached
}
