//! Link groups at work: what is done to one member is done to all.

use std::collections::{BTreeSet, HashMap};

use tonmeister_core::ParamKind;

use crate::edit::Edit;
use crate::model::{Linked, Song, StripAt, Target};
use crate::tables::{SEND, SILENCE_DB, STRIP, place};
use crate::version::in_decibels;

/// What a target of a strip is linked by, and whether by its way instead of its value.
fn linked_by(target: Target) -> Option<(Linked, bool)> {
    let is = |table: &[tonmeister_core::ParamSpec], at: usize, id: &str| place(table, id) == at;
    match target {
        Target::Strip(at) if is(STRIP, at, "fader_db") => Some((Linked::Fader, true)),
        Target::Strip(at) if is(STRIP, at, "mute") => Some((Linked::Mute, false)),
        Target::Strip(at) if is(STRIP, at, "solo") => Some((Linked::Solo, false)),
        Target::Strip(at) if is(STRIP, at, "pan") => Some((Linked::Pan, true)),
        Target::Send { param, .. } => Some((Linked::Sends, !is(SEND, param, "mute"))),
        _ => None,
    }
}

impl Song {
    /// An edit of one member of a link group as the edits of all of them: one [`Edit::Together`], undone at once. An edit
    /// that no link concerns comes back as it is.
    ///
    /// Faders, pans and sends go by the same way and stop at the ends of their ranges; a fader that is pulled down to
    /// silence pulls the others down, and one that leaves silence takes those along that were silent. Mutes and solos
    /// go to the same. Groups that share a member act as one. Automation is not linked.
    pub fn linked(&self, edit: &Edit) -> Edit {
        let (address, value) = match edit {
            Edit::SetParam { address, value } => (address, Some(*value)),
            Edit::Reset { address } => (address, None),
            Edit::Together(edits) => return Edit::Together(edits.iter().map(|edit| self.linked(edit)).collect()),
            _ => return edit.clone(),
        };
        let Some((at, target)) = self.target(address) else { return edit.clone() };
        let Some((property, by_way)) = linked_by(target) else { return edit.clone() };
        let spec = self.strip(at).target_spec(target);
        let (before, after) = (self.strip(at).value(target), value.unwrap_or(spec.default));
        if spec.check(after).is_err() {
            return edit.clone();
        }
        let mut edits = vec![edit.clone()];
        for other in self.linked_with(at, property) {
            let Some((address, target)) = self.same_on(at, target, other) else { continue };
            let own = self.strip(other).value(target);
            let value = if by_way { moved(spec, own, before, after) } else { after };
            if value != own {
                edits.push(Edit::SetParam { address, value });
            }
        }
        if edits.len() == 1 { edit.clone() } else { Edit::Together(edits) }
    }

    /// The other members of all groups that link this property and hang together with the strip.
    fn linked_with(&self, at: StripAt, property: Linked) -> BTreeSet<StripAt> {
        let strips = self.strips().chain((0..self.vcas.len()).map(StripAt::Vca));
        let places: HashMap<&str, StripAt> = strips.map(|at| (self.id(at), at)).collect();
        let groups: Vec<BTreeSet<StripAt>> = self
            .links
            .iter()
            .filter(|link| link.properties.contains(&property))
            .map(|link| link.members.iter().filter_map(|id| places.get(id.as_str()).copied()).collect())
            .collect();
        let mut all = BTreeSet::from([at]);
        loop {
            let count = all.len();
            for group in &groups {
                if !group.is_disjoint(&all) {
                    all.extend(group);
                }
            }
            if all.len() == count {
                break;
            }
        }
        all.remove(&at);
        all
    }

    /// The same parameter on another strip, where it has it.
    fn same_on(&self, at: StripAt, target: Target, other: StripAt) -> Option<(String, Target)> {
        let local = match target {
            Target::Send { send, param } => {
                let bus = self.strip(at).sends[send].to;
                format!("send/{}/{}", self.buses.get(bus)?.id, SEND[param].id)
            }
            Target::Strip(place) => STRIP[place].id.to_owned(),
            Target::Insert { .. } => return None,
        };
        Some((format!("{}/{local}", self.id(other)), self.target_on(other, &local)?))
    }
}

/// Where a member goes when another goes from `before` to `after`.
fn moved(spec: &tonmeister_core::ParamSpec, own: f64, before: f64, after: f64) -> f64 {
    let ParamKind::Number { min, max, .. } = spec.kind else { return after };
    if in_decibels(spec) {
        let silent = |db: f64| db <= SILENCE_DB;
        match (silent(before), silent(after), silent(own)) {
            (_, true, _) => return SILENCE_DB,
            (true, false, true) => return after,
            (true, false, false) | (false, false, true) => return own,
            (false, false, false) => {}
        }
    }
    // To a thousandth, as a console shows it: sums of decimals would trail others.
    (((own + (after - before)) * 1000.0).round() / 1000.0).clamp(min, max)
}
