//! Stems of the document's own choosing: who is in which, and whether they sum to the mix.

use std::collections::{BTreeSet, HashMap};

use super::{Destination, Song, StripAt};

/// A part of the mix that is written as a file of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stem {
    /// Its stable name, and that of its file.
    pub id: String,
    /// As a person reads it, when stated.
    pub title: Option<String>,
    /// Tracks, buses and VCAs that it holds.
    pub of: Vec<String>,
}

/// The stems of a song, each with what it holds: [`Song::stems_held`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// Per stem, its tracks and buses. A VCA stands for what it turns, and a bus brings along whoever leads to it, so that
    /// their sends are in the stem too, but for those that a stem names for themselves.
    pub strips: Vec<BTreeSet<StripAt>>,
    /// Tracks that no stem holds, by their place.
    pub left_out: Vec<usize>,
    /// What two stems hold: the later of them, the earlier, and the strips. Who is only brought along by a bus is not told.
    pub twice: Vec<(usize, usize, Vec<StripAt>)>,
    /// A stem, a strip that it names, and the bus of another stem that this strip leads into: it is heard in that
    /// one, and the first has only what it sends past the bus.
    pub elsewhere: Vec<(usize, StripAt, usize)>,
}

impl Held {
    /// Whether every track is in one stem, so that the stems sum to the mix as far as the arithmetic allows.
    pub fn is_whole(&self) -> bool {
        self.left_out.is_empty() && self.twice.is_empty()
    }
}

impl Song {
    /// What the song's stems hold. Names that are not there are passed over; without stems, everything is left out.
    pub fn stems_held(&self) -> Held {
        let named: Vec<BTreeSet<StripAt>> = self.stems_named();
        let mut holders: HashMap<StripAt, Vec<usize>> = HashMap::new();
        for (stem, strips) in named.iter().enumerate() {
            for strip in strips {
                holders.entry(*strip).or_default().push(stem);
            }
        }
        let mut held = Held { strips: named, ..Held::default() };
        for at in self.strips().filter(|at| *at != StripAt::Master) {
            let bus = self.led_into(at, &holders);
            let taken = bus.and_then(|bus| holders.get(&StripAt::Bus(bus)));
            match (holders.get(&at), taken) {
                (Some(own), Some(taken)) => {
                    let apart = own.iter().filter(|stem| !taken.contains(stem));
                    held.elsewhere.extend(apart.filter_map(|stem| Some((*stem, at, bus?))));
                }
                (None, Some(taken)) => {
                    for stem in taken {
                        held.strips[*stem].insert(at);
                    }
                }
                (None, None) => {
                    if let StripAt::Track(track) = at {
                        held.left_out.push(track);
                    }
                }
                (Some(_), None) => {}
            }
            if let Some([first, second, ..]) = holders.get(&at).map(Vec::as_slice) {
                match held.twice.iter_mut().find(|(later, earlier, _)| (later, earlier) == (second, first)) {
                    Some((.., strips)) => strips.push(at),
                    None => held.twice.push((*second, *first, vec![at])),
                }
            }
        }
        held
    }

    /// Per stem the tracks and buses that it names, itself or by VCAs.
    fn stems_named(&self) -> Vec<BTreeSet<StripAt>> {
        let all = self.strips().chain((0..self.vcas.len()).map(StripAt::Vca));
        let names: HashMap<&str, StripAt> = all.map(|at| (self.id(at), at)).collect();
        let places =
            |ids: &[String]| -> Vec<StripAt> { ids.iter().filter_map(|id| names.get(id.as_str())).copied().collect() };
        let vcas: Vec<Vec<StripAt>> = self.vcas.iter().map(|vca| places(&vca.members)).collect();
        let named = |ids: &[String]| {
            let mut strips = BTreeSet::new();
            let mut seen = vec![false; vcas.len()];
            let mut todo = places(ids);
            while let Some(at) = todo.pop() {
                match at {
                    StripAt::Vca(vca) if std::mem::replace(&mut seen[vca], true) => {}
                    StripAt::Vca(vca) => todo.extend(&vcas[vca]),
                    StripAt::Master => {}
                    StripAt::Track(_) | StripAt::Bus(_) => drop(strips.insert(at)),
                }
            }
            strips
        };
        self.stems.iter().map(|stem| named(&stem.of)).collect()
    }

    /// The first bus on a strip's way to the master that a stem names, if there is one.
    fn led_into(&self, mut at: StripAt, holders: &HashMap<StripAt, Vec<usize>>) -> Option<usize> {
        // A loop ends when every bus has been passed; the reader refuses it.
        for _ in 0..self.buses.len() {
            let Some(Destination::Bus(bus)) = self.strip(at).output else { return None };
            at = StripAt::Bus(bus);
            if holders.contains_key(&at) {
                return Some(bus);
            }
        }
        None
    }
}
