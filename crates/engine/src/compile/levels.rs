//! Levels that lanes follow, as nodes of the graph, and how they come to where the lanes work.

use std::sync::Arc;

use tonmeister_core::{Layout, Memory, Tail};
use tonmeister_session::model::{PanLaw, Strip, Target};
use tonmeister_session::tables::STRIP;

use super::EngineError;
use super::graph::{Graph, Version, Way, strip_name};
use super::routes::Followed;
use crate::automation::GRID;
use crate::follow::{Hearing, Moved};
use crate::name::{ENTRY, Namer};
use crate::plan::{Entry, Path, PlanControl, PlanEdge, PlanNode};

/// Whether it works before the inserts.
pub(super) fn enters(moved: Moved) -> bool {
    matches!(moved, Moved::Lane(Target::Strip(at)) if ENTRY.contains(&STRIP[at].id))
}

/// Whether it works before what leaves the inserts.
pub(super) fn inside(moved: Moved) -> bool {
    enters(moved) || matches!(moved, Moved::Lane(Target::Insert { .. }))
}

impl Way {
    /// Straight on, through no gains.
    pub(super) fn through(from: usize, strip: &Arc<Strip>) -> Self {
        Way { from, path: Path::Through, strip: Arc::clone(strip), controls: Vec::new() }
    }
}

impl Graph<'_> {
    /// The levels that some of a strip's lanes follow.
    pub(super) fn controls(
        &mut self,
        version: Version<'_>,
        strip: usize,
        wanted: impl Fn(Moved) -> bool,
    ) -> Result<Vec<(Moved, usize)>, EngineError> {
        let mut controls = Vec::new();
        for (place, Followed { moved, .. }) in version.routes.followed[strip].iter().enumerate() {
            if wanted(*moved) {
                controls.push((*moved, self.level_of_whole(version, strip, place)?));
            }
        }
        Ok(controls)
    }

    /// The node of a level that a lane of a strip follows.
    pub(super) fn level_of_whole(
        &mut self,
        version: Version<'_>,
        strip: usize,
        place: usize,
    ) -> Result<usize, EngineError> {
        let Followed { moved, follow, from } = version.routes.followed[strip][place];
        if let Some(node) = self.levels.get(&(version.song, strip, moved)) {
            return Ok(*node);
        }
        let way = self.tapped(version, from, (follow.of.tap, follow.of.muted))?;
        let name = format!("level of {}", strip_name(version.wanted, from));
        let node = self.level(&way, Hearing::of(&follow), name, version.wanted.song.pan_law);
        self.levels.insert((version.song, strip, moved), node);
        Ok(node)
    }

    fn level(&mut self, way: &Way, hearing: Hearing, strip: String, law: PanLaw) -> usize {
        let edge = self.edge(way, law);
        let mut name = Namer::new("level");
        self.name_edge(&mut name, &edge);
        name.hearing(&hearing);
        name.count(u64::from(self.sample_rate));
        let known = (name.finish(), strip);
        if let Some(node) = self.known.get(&known) {
            return *node;
        }
        let (name, strip) = known.clone();
        self.silent.push(self.silent[way.from]);
        self.nodes.push(PlanNode {
            name,
            strip,
            stage: 0,
            layout: Layout::Mono,
            arrival: self.heard_at(&edge),
            latency: GRID as u64,
            tail: Tail::Frames(0),
            looks_back: self.looks_back(&edge) + hearing.memory(self.sample_rate),
            memory: self.memory_of(&edge).then(Memory::Frames(hearing.memory(self.sample_rate))),
            entry: Entry::Level,
            inputs: vec![edge],
            inserts: Vec::new(),
            before: Layout::Mono,
            ends: None,
            values: Arc::new(Strip::new(None)),
            clips: Vec::new(),
            controls: Vec::new(),
            hearing: Some(hearing),
        });
        self.parts.push((0, 0..0));
        let node = self.nodes.len() - 1;
        self.known.insert(known, node);
        node
    }

    /// When the signal of a node has to enter it, so that levels come in time that move it `early` frames behind its
    /// entry, and how they wait for it. Those that move nothing in it are left out.
    pub(super) fn moved_from(
        &self,
        arrival: u64,
        controls: &[(Moved, usize)],
        early: impl Fn(Moved) -> Option<u64>,
    ) -> (u64, Vec<PlanControl>) {
        let own = controls.iter().filter_map(|(moved, from)| Some((*moved, *from, early(*moved)?)));
        let own: Vec<(Moved, usize, u64)> = own.collect();
        let slowest = own.iter().map(|(_, from, early)| self.departure(*from).saturating_sub(*early));
        let arrival = slowest.fold(arrival, u64::max);
        let control = |&(moved, from, early): &(Moved, usize, u64)| PlanControl {
            from,
            delay: arrival + early - self.departure(from),
            moved,
        };
        (arrival, own.iter().map(control).collect())
    }

    /// A way as an edge, which waits for what its gains follow, and for nothing else yet.
    pub(super) fn edge(&self, way: &Way, law: PanLaw) -> PlanEdge {
        let Way { from, path, strip, controls } = way;
        let own = self.departure(*from);
        let latest = controls.iter().map(|(_, level)| self.departure(*level)).fold(own, u64::max);
        let control =
            |&(moved, from): &(Moved, usize)| PlanControl { from, delay: latest - self.departure(from), moved };
        PlanEdge {
            from: *from,
            path: *path,
            delay: 0,
            wait: latest - own,
            controls: controls.iter().map(control).collect(),
            strip: Arc::clone(strip),
            law,
        }
    }

    /// How late a signal is behind the gains of an edge.
    pub(super) fn heard_at(&self, edge: &PlanEdge) -> u64 {
        self.departure(edge.from) + edge.wait
    }

    /// How far the levels on an edge look back.
    pub(super) fn looks_back(&self, edge: &PlanEdge) -> u64 {
        let levels = edge.controls.iter().map(|control| self.nodes[control.from].looks_back);
        levels.fold(self.nodes[edge.from].looks_back, u64::max)
    }

    /// How far back what comes by an edge remembers.
    pub(super) fn memory_of(&self, edge: &PlanEdge) -> Memory {
        let levels = edge.controls.iter().map(|control| self.nodes[control.from].memory);
        levels.fold(self.nodes[edge.from].memory, Memory::or)
    }

    /// What is followed, by name.
    pub(super) fn name_controls(&self, name: &mut Namer, controls: &[PlanControl]) {
        name.count(controls.len() as u64);
        for PlanControl { from, delay, moved: _ } in controls {
            name.name(&self.nodes[*from].name);
            name.count(*delay);
        }
    }
}
