//! Strips and values of a song, found by their names.

use super::{Song, Strip, Target};
use crate::tables;

/// A strip of a song.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StripAt {
    /// The track at this place of [`Song::tracks`].
    Track(usize),
    /// The bus at this place of [`Song::buses`].
    Bus(usize),
    /// The master.
    Master,
    /// The VCA at this place of [`Song::vcas`]: no signal runs through its strip.
    Vca(usize),
}

impl Song {
    /// The strip or VCA of that id; `master` is the master's.
    pub fn find(&self, id: &str) -> Option<StripAt> {
        if id == "master" {
            return Some(StripAt::Master);
        }
        let track = self.tracks.iter().position(|track| track.id == id).map(StripAt::Track);
        let bus = || self.buses.iter().position(|bus| bus.id == id).map(StripAt::Bus);
        track.or_else(bus).or_else(|| self.vcas.iter().position(|vca| vca.id == id).map(StripAt::Vca))
    }

    /// A strip.
    ///
    /// # Panics
    /// When the song has no such place.
    pub fn strip(&self, at: StripAt) -> &Strip {
        match at {
            StripAt::Track(place) => &self.tracks[place].strip,
            StripAt::Bus(place) => &self.buses[place].strip,
            StripAt::Master => &self.master.strip,
            StripAt::Vca(place) => &self.vcas[place].strip,
        }
    }

    /// A strip, to be changed.
    ///
    /// # Panics
    /// When the song has no such place.
    pub fn strip_mut(&mut self, at: StripAt) -> &mut Strip {
        match at {
            StripAt::Track(place) => &mut self.tracks[place].strip,
            StripAt::Bus(place) => &mut self.buses[place].strip,
            StripAt::Master => &mut self.master.strip,
            StripAt::Vca(place) => &mut self.vcas[place].strip,
        }
    }

    /// The id of a strip.
    ///
    /// # Panics
    /// When the song has no such place.
    pub fn id(&self, at: StripAt) -> &str {
        match at {
            StripAt::Track(place) => &self.tracks[place].id,
            StripAt::Bus(place) => &self.buses[place].id,
            StripAt::Master => "master",
            StripAt::Vca(place) => &self.vcas[place].id,
        }
    }

    /// Every strip that sounds: the tracks, the buses, the master.
    pub fn strips(&self) -> impl Iterator<Item = StripAt> + use<> {
        let tracks = (0..self.tracks.len()).map(StripAt::Track);
        tracks.chain((0..self.buses.len()).map(StripAt::Bus)).chain([StripAt::Master])
    }

    /// The parameter that an address names: `kick/fader_db`, `kick/send/room/level_db`, `kick/eq/bells/2/gain_db`.
    pub fn target(&self, address: &str) -> Option<(StripAt, Target)> {
        let (id, local) = address.split_once('/')?;
        let at = self.find(id)?;
        Some((at, self.target_on(at, local)?))
    }

    /// The parameter that an address on a strip names: `fader_db`, `send/room/level_db`.
    pub fn target_on(&self, at: StripAt, local: &str) -> Option<Target> {
        let strip = self.strip(at);
        let Some((first, rest)) = local.split_once('/') else {
            let there = match at {
                StripAt::Vca(_) => tables::ON_VCA.contains(&local),
                StripAt::Master => !tables::NOT_ON_MASTER.contains(&local),
                StripAt::Track(_) | StripAt::Bus(_) => true,
            };
            let place = tables::STRIP.iter().position(|spec| spec.id == local);
            return place.filter(|_| there).map(Target::Strip);
        };
        if first == "send" {
            let (bus, param) = rest.split_once('/')?;
            let send = strip.sends.iter().position(|send| self.buses.get(send.to).is_some_and(|to| to.id == bus))?;
            let param = tables::SEND.iter().position(|spec| spec.id == param)?;
            return Some(Target::Send { send, param });
        }
        let insert = strip.inserts.iter().position(|insert| insert.id == first)?;
        let param = strip.inserts[insert].settings.index_of(rest).ok()?;
        Some(Target::Insert { insert, param })
    }
}

impl Strip {
    /// The written value of a target.
    ///
    /// # Panics
    /// When the strip has no such target.
    pub fn value(&self, target: Target) -> f64 {
        match target {
            Target::Strip(place) => self.values[place],
            Target::Send { send, param } => self.sends[send].values[param],
            Target::Insert { insert, param } => self.inserts[insert].settings.at(param).1,
        }
    }
}
