//! The rack, described: what effects there are, and what can be set on each.

use serde::Serialize;
use tonmeister_core::{Automatable, EffectSpec, Family, ParamKind, ParamSpec};

use crate::failure::Failure;
use crate::world::World;

/// The effects of one family.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Shelf {
    /// Its name: "Dynamics".
    pub family: &'static str,
    /// What stands on it.
    pub effects: Vec<Listed>,
}

/// An effect in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Listed {
    /// The word in the document.
    pub id: &'static str,
    /// As a person reads it.
    pub name: &'static str,
    /// What it does to the sound.
    pub summary: &'static str,
}

/// An effect with all that can be set on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Described {
    /// The word in the document.
    pub id: &'static str,
    /// As a person reads it.
    pub name: &'static str,
    /// Its shelf.
    pub family: &'static str,
    /// What it does to the sound, in one sentence.
    pub summary: &'static str,
    /// When to reach for it, how it behaves, known limits.
    pub doc: &'static str,
    /// Whether it listens to a side-chain.
    pub takes_key: bool,
    /// Whether it makes stereo of mono.
    pub stereo_only: bool,
    /// The recordings that it sounds with.
    pub files: Vec<Knob>,
    /// Its parameters; those of a list by its first item.
    pub params: Vec<Knob>,
    /// Papers and standards.
    pub sources: &'static [&'static str],
}

/// What can be set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Knob {
    /// Its address in the effect.
    pub address: String,
    /// As a person reads it.
    pub name: &'static str,
    /// What it takes, in words.
    pub takes: String,
    /// What holds when nothing is set; none for a file that is needed.
    pub default: Option<String>,
    /// How automation moves it: `smoothly`, `in steps` or not at all.
    pub moves: Option<&'static str>,
    /// What it does to the sound.
    pub doc: String,
}

impl World {
    /// What effects there are, shelf by shelf; empty shelves are left out.
    pub fn rack(&self) -> Vec<Shelf> {
        let shelf = |family: Family| Shelf {
            family: family.name(),
            effects: self
                .registry()
                .specs()
                .filter(|spec| spec.family == family)
                .map(|spec| Listed { id: spec.id, name: spec.name, summary: spec.summary })
                .collect(),
        };
        Family::ALL.into_iter().map(shelf).filter(|shelf| !shelf.effects.is_empty()).collect()
    }

    /// What can be set on an effect.
    pub fn describe(&self, effect: &str) -> Result<Described, Failure> {
        let spec = self.effect(effect)?;
        Ok(Described {
            id: spec.id,
            name: spec.name,
            family: spec.family.name(),
            summary: spec.summary,
            doc: spec.doc,
            takes_key: spec.takes_key(),
            stereo_only: spec.stereo_only,
            files: files(spec),
            params: params(spec),
            sources: spec.sources,
        })
    }
}

fn files(spec: &EffectSpec) -> Vec<Knob> {
    let knob = |file: &tonmeister_core::FileSpec| Knob {
        address: file.id.into(),
        name: file.name,
        takes: format!("an audio file of at most {} s", file.max_seconds),
        default: (!file.required).then(|| "none".into()),
        moves: None,
        doc: file.doc.into(),
    };
    spec.files.iter().map(knob).collect()
}

fn params(spec: &EffectSpec) -> Vec<Knob> {
    let grouped = spec.groups.iter().flat_map(|group| group.params);
    let all = spec.params.iter().chain(grouped);
    super::values::addresses(spec).into_iter().zip(all).map(|(address, param)| knob(address, param)).collect()
}

fn knob(address: String, param: &ParamSpec) -> Knob {
    let note = if param.takes_notes() { ", or a note" } else { "" };
    let mut doc = param.doc.to_owned();
    if let ParamKind::Choice(choices) = param.kind {
        let words: Vec<String> = choices.iter().map(|choice| format!("{}: {}", choice.id, choice.doc)).collect();
        doc = format!("{doc} {}.", words.join("; "));
    }
    Knob {
        address,
        name: param.name,
        takes: format!("{}{note}", param.expected()),
        default: Some(tonmeister_session::written(param, param.default)),
        moves: match param.automatable {
            Automatable::Smooth => Some("smoothly"),
            Automatable::Stepped => Some("in steps"),
            Automatable::Fixed => None,
        },
        doc,
    }
}
