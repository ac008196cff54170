//! Scenes: the present state of strips put by, and brought back, all of it or a part.

use tonmeister_core::{Diagnostic, ParamIndex};

use crate::edit::{Edit, Plain};
use crate::model::{Change, Scene, Setting, Song, StripAt, Target};
use crate::report::suggestion;
use crate::tables::{NOT_ON_MASTER, ON_VCA, SEND, STRIP};
use crate::version::insert;

/// A sort of setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SceneSort {
    /// `fader_db` and `fader_trim_db`.
    Faders,
    /// Mutes and solos with their points, of strips and sends.
    Mutes,
    /// Pans and widths of strips, pans of sends.
    Pans,
    /// Levels of sends.
    Sends,
    /// What inserts are set to, and whether they are bypassed.
    Inserts,
    /// Before the inserts: trim, polarity, delay.
    Inputs,
}

impl SceneSort {
    /// All of them.
    pub const ALL: [SceneSort; 6] =
        [SceneSort::Faders, SceneSort::Mutes, SceneSort::Pans, SceneSort::Sends, SceneSort::Inserts, SceneSort::Inputs];

    fn of(target: Target) -> SceneSort {
        let id = match target {
            Target::Strip(place) => STRIP[place].id,
            Target::Send { param, .. } if SEND[param].id == "level_db" => return SceneSort::Sends,
            Target::Send { param, .. } => SEND[param].id,
            Target::Insert { .. } => return SceneSort::Inserts,
        };
        match id {
            "fader_db" | "fader_trim_db" => SceneSort::Faders,
            id if id.starts_with("mute") || id.starts_with("solo") => SceneSort::Mutes,
            id if id.starts_with("pan") || id == "width" => SceneSort::Pans,
            _ => SceneSort::Inputs,
        }
    }
}

/// What of a scene is stored or recalled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recall {
    /// Ids of tracks, buses, VCAs, or `master`; without them, every one.
    pub strips: Option<Vec<String>>,
    /// Which settings.
    pub sorts: Vec<SceneSort>,
}

impl Default for Recall {
    /// Everything.
    fn default() -> Self {
        Recall { strips: None, sorts: SceneSort::ALL.to_vec() }
    }
}

impl Recall {
    fn takes_strip(&self, id: &str) -> bool {
        self.strips.as_ref().is_none_or(|strips| strips.iter().any(|strip| strip == id))
    }
}

impl Song {
    /// The present state as a scene of that id: every written value that `what` names, defaults too. Automation is not
    /// part of it. [`Edit::AddNamed`] puts it into the document, [`Edit::SetNamed`] in the place of an older one.
    pub fn stored(&self, id: impl Into<String>, what: &Recall) -> Scene {
        let mut scene = Scene { id: id.into(), ..Scene::default() };
        for at in self.strips().chain((0..self.vcas.len()).map(StripAt::Vca)) {
            let (name, strip) = (self.id(at), self.strip(at));
            if !what.takes_strip(name) {
                continue;
            }
            for (local, target) in self.settable(at) {
                if !what.sorts.contains(&SceneSort::of(target)) {
                    continue;
                }
                let note = match target {
                    Target::Insert { insert, param } => strip.inserts[insert].settings.note(param),
                    _ => None,
                };
                let change = note.map_or_else(|| Change::To(strip.value(target)), Change::Note);
                scene.set.push(Setting { address: format!("{name}/{local}"), change });
            }
            if what.sorts.contains(&SceneSort::Inserts) {
                for insert in &strip.inserts {
                    let list = if insert.bypass { &mut scene.bypass } else { &mut scene.enable };
                    list.push(format!("{name}/{}", insert.id));
                }
            }
        }
        scene
    }

    /// The edit that brings a scene back, as far as `what` says: one [`Edit::Together`] of what is set otherwise now,
    /// whose inverse leads back to the byte. Automation stays as it is, and moves what it moves.
    ///
    /// Refused when there is no such scene, or it names what is not there anymore.
    pub fn recall(&self, id: &str, what: &Recall) -> Result<Edit, Diagnostic> {
        let scene = self.scenes.iter().find(|scene| scene.id == id).ok_or_else(|| {
            let error = Diagnostic::error("unknown-scene", format!("there is no scene \"{id}\" of this song"));
            match suggestion(id, self.scenes.iter().map(|scene| scene.id.as_str())) {
                Some(help) => error.help(help),
                None => error,
            }
        })?;
        let gone = |address: &str| {
            let message = format!("the scene \"{id}\" sets \"{address}\", which is not in this song");
            Diagnostic::error("unknown-address", message)
        };
        let strip_of = |address: &str| what.takes_strip(address.split('/').next().unwrap_or_default());
        let mut edits = Vec::new();
        for Setting { address, change } in scene.set.iter().filter(|setting| strip_of(&setting.address)) {
            let (at, target) = self.target(address).ok_or_else(|| gone(address))?;
            if !what.sorts.contains(&SceneSort::of(target)) {
                continue;
            }
            let strip = self.strip(at);
            let note = match target {
                Target::Insert { insert, param } => strip.inserts[insert].settings.note(param),
                _ => None,
            };
            let address = address.clone();
            match *change {
                Change::Note(new) if note != Some(new) => edits.push(Edit::SetNote { address, note: new }),
                Change::To(value) if note.is_some() || strip.value(target) != value => {
                    edits.push(Edit::SetParam { address, value });
                }
                _ => {}
            }
        }
        let lists = [(true, &scene.bypass), (false, &scene.enable)];
        for (bypass, list) in lists.into_iter().filter(|_| what.sorts.contains(&SceneSort::Inserts)) {
            for address in list.iter().filter(|address| strip_of(address)) {
                let (at, insert) = insert(self, address).ok_or_else(|| gone(address))?;
                if self.strip(at).inserts[insert].bypass != bypass {
                    edits.push(Edit::SetPlain { address: format!("{address}/bypass"), value: Plain::Switch(bypass) });
                }
            }
        }
        Ok(Edit::Together(edits))
    }

    /// Everything that can be set on a strip, by its address there.
    pub fn settable(&self, at: StripAt) -> Vec<(String, Target)> {
        let strip = self.strip(at);
        let there = |id: &str| match at {
            StripAt::Vca(_) => ON_VCA.contains(&id),
            StripAt::Master => !NOT_ON_MASTER.contains(&id),
            StripAt::Track(_) | StripAt::Bus(_) => true,
        };
        let own = STRIP.iter().enumerate().filter(|(_, spec)| there(spec.id));
        let mut all: Vec<(String, Target)> =
            own.map(|(place, spec)| (spec.id.to_owned(), Target::Strip(place))).collect();
        for (send, to) in strip.sends.iter().enumerate() {
            let Some(bus) = self.buses.get(to.to) else { continue };
            let params = SEND.iter().enumerate();
            all.extend(
                params.map(|(param, spec)| (format!("send/{}/{}", bus.id, spec.id), Target::Send { send, param })),
            );
        }
        for (place, insert) in strip.inserts.iter().enumerate() {
            all.extend(insert.settings.addresses().enumerate().map(|(number, address)| {
                (format!("{}/{address}", insert.id), Target::Insert { insert: place, param: ParamIndex(number as u32) })
            }));
        }
        all
    }
}
