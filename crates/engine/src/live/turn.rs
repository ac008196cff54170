//! What of an edit can be done by turning controls while the song plays.

use tonmeister_core::{Automatable, ParamIndex};
use tonmeister_session::model::{Song, Strip, StripAt, Target};
use tonmeister_session::tables::{SEND, STRIP};

use super::hand::{AUX, OUT};
use crate::follow::Moved;
use crate::mix::Gains;
use crate::plan::{Path, Plan, PlanNode};

/// A control of a plan that is turned.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Turn {
    /// The place in [`Plan::nodes`] of the strip; of its last part, where it stands in parts.
    pub node: usize,
    /// Which of its controls, or of the faders that it follows.
    pub target: Moved,
    /// Where it goes, in its own unit.
    pub value: f64,
}

/// How far turning controls leads from one song to another.
#[derive(Clone, Debug)]
pub struct Turned {
    /// The controls to turn.
    pub turns: Vec<Turn>,
    /// The song that sounds then.
    pub song: Song,
    /// Whether that is all of the edit.
    pub complete: bool,
}

/// The controls that lead from the song that a plan was compiled of (and has been turned to since) toward another one.
/// Both as [`Song::at_hand`] makes them (or [`Song::lowered`], where no VCA and no solo is turned); the plan is of that one song, without stems.
///
/// What moves by itself, and what a plan leaves out because it was silent, cannot be turned: for that, the other song is
/// compiled.
pub fn turns(plan: &Plan, old: &Song, new: &Song) -> Turned {
    let mut turned = Turned { turns: Vec::new(), song: old.clone(), complete: false };
    for at in old.strips() {
        let id = old.id(at);
        let Some(other) = new.find(id).filter(|other| same_kind(at, *other)) else { continue };
        // Of a strip that stands in parts, the one that is heard.
        let ends = |place: &usize| plan.nodes[*place].strip == id && plan.is_end(*place);
        let Some(node) = (0..plan.nodes.len()).find(ends) else { continue };
        let (own, wanted) = (old.strip(at), new.strip(other));
        let targets = targets(own, wanted);
        if targets.is_empty() {
            continue;
        }
        let mut reached = own.clone();
        for (target, value) in &targets {
            put(&mut reached, *target, *value);
        }
        // A way out that was silent may not be in the plan.
        let outward = |target: &Moved| !matches!(target, Moved::Lane(Target::Insert { .. }));
        if !holds(plan, node, &reached, old) {
            reached = own.clone();
            for (target, value) in targets.iter().filter(|(target, _)| !outward(target)) {
                put(&mut reached, *target, *value);
            }
        }
        let changed = targets.into_iter().filter(|(target, value)| stands(&reached, *target) == *value);
        turned.turns.extend(changed.map(|(target, value)| Turn { node, target, value }));
        *turned.song.strip_mut(at) = reached;
    }
    turned.complete = turned.song == *new;
    turned
}

fn same_kind(one: StripAt, other: StripAt) -> bool {
    std::mem::discriminant(&one) == std::mem::discriminant(&other)
}

fn stands(strip: &Strip, target: Moved) -> f64 {
    match target {
        Moved::Lane(target) => strip.value(target),
        Moved::Above(at) => strip.followed[at].db,
    }
}

fn put(strip: &mut Strip, target: Moved, value: f64) {
    match target {
        Moved::Above(at) => strip.followed[at].db = value,
        Moved::Lane(Target::Strip(at)) => strip.values[at] = value,
        Moved::Lane(Target::Send { send, param }) => strip.sends[send].values[param] = value,
        Moved::Lane(Target::Insert { insert, param }) => {
            // It comes from a strip where it was checked; what is refused stays and counts as not reached.
            let _ = strip.inserts[insert].settings.set_at(param, value);
        }
    }
}

/// The controls that differ and can be turned, with where they go. Sends and inserts have to stand where they stood.
fn targets(own: &Strip, wanted: &Strip) -> Vec<(Moved, f64)> {
    let mut found = Vec::new();
    let mut add = |target: Target, value: f64| {
        if own.value(target) != value && own.lane(target).is_none() {
            found.push((Moved::Lane(target), value));
        }
    };
    for (at, spec) in STRIP.iter().enumerate() {
        if OUT.contains(&spec.id) || ["trim_db", "polarity", "fader_trim_db"].contains(&spec.id) {
            add(Target::Strip(at), wanted.values[at]);
        }
    }
    for (send, (one, other)) in own.sends.iter().zip(&wanted.sends).enumerate() {
        if (one.to, one.tap) == (other.to, other.tap) {
            for (param, _) in SEND.iter().enumerate().filter(|(_, spec)| AUX.contains(&spec.id)) {
                add(Target::Send { send, param }, other.values[param]);
            }
        }
    }
    for (insert, (one, other)) in own.inserts.iter().zip(&wanted.inserts).enumerate() {
        let (mine, theirs) = (&one.settings, &other.settings);
        let same = one.id == other.id && mine.spec() == theirs.spec() && mine.count() == theirs.count();
        if !same || one.bypass || other.bypass {
            continue;
        }
        for param in (0..mine.count() as u32).map(ParamIndex) {
            let fixed = mine.at(param).0.automatable == Automatable::Fixed;
            // A note follows the tempo, which is worked out when a song is compiled.
            if !fixed && mine.note(param).is_none() && theirs.note(param).is_none() {
                add(Target::Insert { insert, param }, theirs.at(param).1);
            }
        }
    }
    // Faders above: a VCA's, and what solo leaves.
    let above = own.followed.iter().zip(&wanted.followed).filter(|_| own.followed.len() == wanted.followed.len());
    for (at, (one, other)) in above.enumerate() {
        let same = (one.ways, one.mutes) == (other.ways, other.mutes);
        if same && one.lane.is_none() && other.lane.is_none() && one.db != other.db {
            found.push((Moved::Above(at), other.db));
        }
    }
    found
}

/// Whether every way out of a strip that can be heard is in the plan.
fn holds(plan: &Plan, node: usize, strip: &Strip, song: &Song) -> bool {
    let PlanNode { layout, ends, .. } = plan.nodes[node];
    let heard = |path: Path| !Gains::new(strip, layout, path, song.pan_law, plan.sample_rate).is_silent();
    let there = |path: Path| {
        let mut edges = plan.nodes.iter().flat_map(|listener| &listener.inputs);
        edges.any(|edge| edge.from == node && edge.path == path)
    };
    let sends = strip.sends.iter().enumerate().map(|(place, send)| Path::Send(place, send.tap));
    let ways = strip.output.iter().map(|_| Path::Output).chain(sends);
    ends.is_some() || ways.into_iter().all(|path| there(path) || !heard(path))
}
