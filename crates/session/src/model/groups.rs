//! What turns and sets several strips together.

use std::collections::{BTreeSet, HashMap};

use super::{Song, Strip, StripAt};

/// A fader that turns several strips, like a voltage-controlled amplifier in each: no signal runs through it.
#[derive(Clone, Debug, PartialEq)]
pub struct Vca {
    /// Its stable name in addresses.
    pub id: String,
    /// Tracks, buses and other VCAs.
    pub members: Vec<String>,
    /// Its fader, mute and mute points ([`crate::tables::ON_VCA`]) and their moves. The rest of the strip is at its
    /// defaults and means nothing.
    pub strip: Strip,
}

impl Vca {
    /// A VCA at 0 dB.
    pub fn new(id: impl Into<String>, members: Vec<String>) -> Self {
        Vca { id: id.into(), members, strip: Strip::new(None) }
    }
}

/// Strips whose settings go together when one of them is changed. It has no sound of its own: [`Song::linked`] makes the
/// edits.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    /// Its stable name.
    pub id: String,
    /// Tracks, buses and VCAs.
    pub members: Vec<String>,
    /// What goes together.
    pub properties: Vec<Linked>,
}

/// What a link group links.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Linked {
    /// The fader, by the same number of decibels.
    Fader,
    /// The mute.
    Mute,
    /// The solo.
    Solo,
    /// The pan, by the same way.
    Pan,
    /// Sends to the same bus: level and pan by the same way, mute to the same.
    Sends,
}

impl Linked {
    /// In the order of [`crate::keys::LINKED`].
    pub const ALL: [Linked; 5] = [Linked::Fader, Linked::Mute, Linked::Solo, Linked::Pan, Linked::Sends];

    /// As the document writes it.
    pub fn word(self) -> &'static str {
        crate::keys::LINKED[self as usize].id
    }
}

impl Song {
    /// Every track and bus that a VCA turns, through other VCAs too, each once. Members that are not there are passed
    /// over, and a circle of VCAs ends where it closes.
    pub fn turned_by(&self, vca: usize) -> BTreeSet<StripAt> {
        let vcas: HashMap<&str, usize> = self.vcas.iter().enumerate().map(|(at, vca)| (vca.id.as_str(), at)).collect();
        let mut turned = BTreeSet::new();
        let mut seen = vec![false; self.vcas.len()];
        let mut way = vec![vca];
        while let Some(vca) = way.pop() {
            if std::mem::replace(&mut seen[vca], true) {
                continue;
            }
            for member in &self.vcas[vca].members {
                match vcas.get(member.as_str()) {
                    Some(vca) => way.push(*vca),
                    None => turned.extend(self.find(member).filter(|at| *at != StripAt::Master)),
                }
            }
        }
        turned
    }
}
