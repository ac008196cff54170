//! The graph of all outputs: nodes made backward from them, each once.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use tonmeister_core::{Layout, Memory, Processor, Registry, Tail};
use tonmeister_session::model::{KeyTap, PanLaw, Strip, Target};

use super::body::{Bodies, Body, BodyInsert};
use super::levels::{enters, inside};
use super::routes::{Keyed, Routes};
use super::stems::{Division, StemPath};
use super::{Compiled, EngineError, MAX_BLOCK, Wanted, follow, last_end, longer};
use crate::follow::Moved;
use crate::kept::{Kept, Shape, Shelf};
use crate::mix::{Gains, moved_on};
use crate::name::{Name, Namer};
use crate::plan::{Entry, Path, Plan, PlanControl, PlanEdge, PlanInsert, PlanNode, PlanOutput};

/// Nodes in the making.
pub(super) struct Graph<'r> {
    pub(super) bodies: Bodies,
    registry: &'r Registry,
    pub(super) sample_rate: u32,
    pub(super) nodes: Vec<PlanNode>,
    /// Per node: its body, and which of the body's inserts it holds.
    pub(super) parts: Vec<(usize, Range<usize>)>,
    /// Per node, whether nothing leads into it.
    pub(super) silent: Vec<bool>,
    /// By name and strip: two tracks of the same audio are two, so that a hand may turn one of them.
    pub(super) known: HashMap<(Name, String), usize>,
    /// Per song and strip of the whole mix: the nodes its parts became, each with the place where it ends.
    whole: HashMap<(usize, usize), Vec<(usize, usize)>>,
    /// Per song and strip of the whole mix that is listened to before its inserts: the node of what enters them.
    entries: HashMap<(usize, usize), usize>,
    /// Per song and strip of the whole mix: what is summed there, by content.
    sums: HashMap<(usize, usize), Name>,
    /// Per song and strip of the whole mix: the nodes of the levels that its lanes follow.
    pub(super) levels: HashMap<(usize, usize, Moved), usize>,
    /// Per stem (song, number) and strip: its node.
    stems: HashMap<(usize, usize, usize), usize>,
}

/// A signal on its way into a node.
#[derive(Clone)]
pub(super) struct Way {
    pub(super) from: usize,
    pub(super) path: Path,
    /// Whose fader and sends are on the way.
    pub(super) strip: Arc<Strip>,
    /// The levels that these follow.
    pub(super) controls: Vec<(Moved, usize)>,
}

/// What a node is asked to be.
struct Ask {
    body: usize,
    inserts: Range<usize>,
    entry: Entry,
    /// Who is summed.
    inputs: Vec<Way>,
    /// What inserts listen to.
    keys: Vec<Key>,
    /// The levels that its strip's lanes follow.
    controls: Vec<(Moved, usize)>,
    law: PanLaw,
    /// It applies this strip's own fader.
    ends: Option<Arc<Strip>>,
    strip: String,
}

/// What an insert listens to.
#[derive(Clone)]
struct Key {
    /// The insert, by its place in the document.
    place: usize,
    way: Way,
    /// The node that begins with the same insert and hears the same, where there is one.
    lender: Option<usize>,
}

/// A song that is being compiled.
#[derive(Clone, Copy)]
pub(super) struct Version<'a> {
    /// Its number.
    pub(super) song: usize,
    pub(super) wanted: &'a Wanted<'a>,
    pub(super) routes: &'a Routes,
    pub(super) division: &'a Division,
}

impl<'r> Graph<'r> {
    pub(super) fn new(bodies: Bodies, registry: &'r Registry, sample_rate: u32) -> Self {
        Graph {
            bodies,
            registry,
            sample_rate,
            nodes: Vec::new(),
            parts: Vec::new(),
            silent: Vec::new(),
            known: HashMap::new(),
            whole: HashMap::new(),
            entries: HashMap::new(),
            sums: HashMap::new(),
            levels: HashMap::new(),
            stems: HashMap::new(),
        }
    }

    /// How late a node's signal leaves it.
    pub(super) fn departure(&self, node: usize) -> u64 {
        self.nodes[node].arrival + self.nodes[node].latency
    }

    /// Whether nothing leads into a node but sums of nothing: neither clips nor what goes through others.
    pub(super) fn is_silent(&self, node: usize) -> bool {
        self.silent[node]
    }

    /// How long a node sounds on.
    pub(super) fn tail(&self, node: usize) -> Tail {
        self.nodes[node].tail
    }

    /// When the last clip of a song has ended.
    pub(super) fn clips_end(&self, song: usize) -> u64 {
        self.bodies.of[song].iter().map(|(body, _)| last_end(&self.bodies.all[*body].clips)).max().unwrap_or(0)
    }

    /// The whole mix of a song: every strip, the master last. Returns the master's node.
    pub(super) fn whole(&mut self, version: Version<'_>) -> Result<usize, EngineError> {
        let mut node = 0;
        for strip in 0..=version.routes.master() {
            node = self.strip_of_whole(version, strip)?;
        }
        // Who replays this one hears the levels of this one.
        for strip in 0..=version.routes.master() {
            for place in 0..version.routes.followed[strip].len() {
                self.level_of_whole(version, strip, place)?;
            }
        }
        Ok(node)
    }

    pub(super) fn strip_of_whole(&mut self, version: Version<'_>, strip: usize) -> Result<usize, EngineError> {
        let Version { song, wanted, routes, division } = version;
        if let Some((_, node)) = self.whole.get(&(song, strip)).and_then(|parts| parts.last()) {
            return Ok(*node);
        }
        let (body, values) = self.bodies.of[song][strip].clone();
        let count = self.bodies.all[body].inserts.len();
        let mut parts: Vec<(usize, usize)> = Vec::new();
        let mut inputs = Vec::new();
        if routes.tapped[strip] {
            parts.push((0, self.entry_of_whole(version, strip)?));
        } else {
            inputs = self.inputs_of_whole(version, strip)?;
        }
        let mut keys = self.keys_of_whole(version, strip)?;
        let is_master = strip == routes.master();
        let controls = self.controls(version, strip, |moved| inside(moved) || is_master)?;
        if let Some(other) = wanted.replays.filter(|_| strip >= wanted.song.tracks.len()) {
            let sum = self.sums[&(song, strip)];
            keys.extend(self.replayed(other, strip, body, wanted.song, sum, &routes.keys[strip]));
        }
        // Cut where a stem has to hear what an insert hears.
        let mut ends: Vec<usize> = division.taps(strip, &self.bodies.all[body], &routes.keys[strip]);
        ends.push(count);
        let mut from = 0;
        for end in ends {
            let (entry, inputs) = match parts.last() {
                // It ends where it was tapped before its inserts.
                Some((before, _)) if *before == end => continue,
                Some((_, before)) => (Entry::Through, vec![Way::through(*before, &values)]),
                None => (entry_of(wanted, strip), std::mem::take(&mut inputs)),
            };
            let node = self.node(Ask {
                body,
                inserts: from..end,
                entry,
                inputs,
                keys: keys.clone(),
                controls: controls.clone(),
                law: wanted.song.pan_law,
                ends: (strip == routes.master() && end == count).then(|| Arc::clone(&values)),
                strip: strip_name(wanted, strip),
            });
            parts.push((end, node));
            from = end;
        }
        let last = parts[parts.len() - 1].1;
        self.whole.insert((song, strip), parts);
        Ok(last)
    }

    /// What a strip sums, and under which name.
    fn inputs_of_whole(&mut self, version: Version<'_>, strip: usize) -> Result<Vec<Way>, EngineError> {
        let mut inputs = Vec::new();
        for &(from, path) in &version.routes.inputs[strip] {
            let node = self.strip_of_whole(version, from)?;
            inputs.push(self.way(version, (from, node), path)?);
        }
        let sum = self.sum_name(&inputs, version.wanted.song.pan_law);
        self.sums.insert((version.song, strip), sum);
        Ok(inputs)
    }

    /// A way out of a strip, with what its gains follow.
    fn way(&mut self, version: Version<'_>, (strip, from): (usize, usize), path: Path) -> Result<Way, EngineError> {
        let values = Arc::clone(&self.bodies.of[version.song][strip].1);
        let works = moved_on(&values, path);
        let controls = self.controls(version, strip, |moved| works.contains(&moved))?;
        Ok(Way { from, path, strip: values, controls })
    }

    /// What enters the inserts of a strip of the whole mix, as a node.
    pub(super) fn entry_of_whole(&mut self, version: Version<'_>, strip: usize) -> Result<usize, EngineError> {
        let Version { song, wanted, .. } = version;
        if let Some(node) = self.entries.get(&(song, strip)) {
            return Ok(*node);
        }
        let inputs = self.inputs_of_whole(version, strip)?;
        let controls = self.controls(version, strip, enters)?;
        let node = self.node(Ask {
            body: self.bodies.of[song][strip].0,
            inserts: 0..0,
            entry: entry_of(wanted, strip),
            inputs,
            keys: Vec::new(),
            controls,
            law: wanted.song.pan_law,
            ends: None,
            strip: strip_name(wanted, strip),
        });
        self.entries.insert((song, strip), node);
        Ok(node)
    }

    /// What the inserts of a strip listen to in the whole mix, or in the one that it replays: its side-chains do then to
    /// this version what they do to that one, whoever is muted.
    fn keys_of_whole(&mut self, version: Version<'_>, strip: usize) -> Result<Vec<Key>, EngineError> {
        let mut keys = Vec::new();
        for &Keyed { place, from, tap, muted } in &version.routes.keys[strip] {
            keys.push(Key { place, way: self.tapped(version, from, (tap, muted))?, lender: None });
        }
        Ok(keys)
    }

    /// What is heard of a strip at a tap, in the whole mix or in the one that it replays.
    pub(super) fn tapped(
        &mut self,
        version: Version<'_>,
        from: usize,
        (tap, muted): (KeyTap, bool),
    ) -> Result<Way, EngineError> {
        let Version { song, wanted, .. } = version;
        let path = if tap == KeyTap::Post { Path::Key { muted } } else { Path::Through };
        let replayed = wanted.replays.and_then(|other| {
            let node = match tap {
                KeyTap::PreInserts => *self.entries.get(&(other, from))?,
                KeyTap::Pre | KeyTap::Post => self.whole.get(&(other, from))?.last()?.1,
            };
            (self.nodes[node].strip == strip_name(wanted, from)).then_some((other, node))
        });
        if let Some((other, node)) = replayed {
            let strip = Arc::clone(&self.bodies.of[other][from].1);
            // The whole of it was made before, levels and all.
            let level = |moved: Moved| Some((moved, *self.levels.get(&(other, from, moved))?));
            let controls = moved_on(&strip, path).into_iter().filter_map(level).collect();
            return Ok(Way { from: node, path, strip, controls });
        }
        let node = match tap {
            KeyTap::PreInserts => self.entry_of_whole(version, from)?,
            KeyTap::Pre | KeyTap::Post => self.strip_of_whole(version, from)?,
        };
        debug_assert!(self.whole.contains_key(&(song, from)) || tap == KeyTap::PreInserts);
        self.way(version, (from, node), path)
    }

    /// What a bus or master sums, by content.
    fn sum_name(&self, inputs: &[Way], law: PanLaw) -> Name {
        let mut name = Namer::new("sum");
        for Way { from, path, strip, controls } in inputs {
            let source = &self.nodes[*from];
            if !Gains::new(strip, source.layout, *path, law, self.sample_rate).is_silent() {
                name.name(&source.name);
                name.way_out(strip, *path, law);
                name.count(controls.len() as u64);
                for (_, level) in controls {
                    name.name(&self.nodes[*level].name);
                }
            }
        }
        name.finish()
    }

    /// Which inserts of a bus listen to what the same inserts hear in another version, and where: those that work by
    /// level, unless the bus sums the same in both.
    fn replayed(
        &self,
        other: usize,
        strip: usize,
        body: usize,
        song: &tonmeister_session::model::Song,
        sum: Name,
        keyed: &[Keyed],
    ) -> Vec<Key> {
        if self.sums.get(&(other, strip)) == Some(&sum) {
            return Vec::new();
        }
        let (tracks, id) = (song.tracks.len(), super::routes::strips(song).nth(strip).map(|(id, _)| id.to_owned()));
        // Versions keep strips and inserts where they are; what was moved or replaced has nothing to be replayed.
        let parts = self.whole.get(&(other, strip)).filter(|_| strip >= tracks);
        let Some(parts) = parts.filter(|parts| id.as_ref() == parts.last().map(|(_, node)| &self.nodes[*node].strip))
        else {
            return Vec::new();
        };
        let theirs = &self.bodies.all[self.bodies.of[other][strip].0];
        let ours = self.bodies.all[body]
            .inserts
            .iter()
            .filter(|ours| ours.replays && keyed.iter().all(|key| key.place != ours.place));
        let heard = |id: &str| {
            let at = theirs.inserts.iter().position(|insert| insert.id == id && insert.replays)?;
            let part = parts.iter().position(|(end, _)| *end == at)?;
            Some((parts[part].1, parts.get(part + 1).map(|(_, node)| *node)))
        };
        let strip = &self.bodies.of[other][strip].1;
        let key = |place, (from, lender)| Key { place, way: Way::through(from, strip), lender };
        ours.filter_map(|insert| Some(key(insert.place, heard(&insert.id)?))).collect()
    }

    /// One stem of a song, whose whole mix is there already. Returns its master's node.
    pub(super) fn stem(&mut self, number: usize, version: Version<'_>) -> Result<usize, EngineError> {
        self.strip_of_stem(number, version, version.routes.master())
    }

    fn strip_of_stem(&mut self, number: usize, version: Version<'_>, strip: usize) -> Result<usize, EngineError> {
        let Version { song, wanted, routes, division } = version;
        if division.is_whole(number, strip, wanted.path) {
            return self.strip_of_whole(version, strip);
        }
        if let Some(node) = self.stems.get(&(song, number, strip)) {
            return Ok(*node);
        }
        let mut inputs = Vec::new();
        for &(from, path) in &routes.inputs[strip] {
            if division.contributes(number, from) {
                let node = self.strip_of_stem(number, version, from)?;
                inputs.push(self.way(version, (from, node), path)?);
            }
        }
        let mut keys = self.keys_of_whole(version, strip)?;
        let is_master = strip == routes.master();
        // Before the master's fader, nobody moves it.
        let ends = is_master && wanted.path == StemPath::Through;
        let controls = self.controls(version, strip, |moved| inside(moved) || ends)?;
        let (body, values) = self.bodies.of[song][strip].clone();
        let body_of = &self.bodies.all[body];
        let count = if is_master && wanted.path == StemPath::Before { 0 } else { body_of.inserts.len() };
        // What the level of the whole mix makes an insert do, it does to every part of it.
        for tap in division.taps(strip, body_of, &routes.keys[strip]).into_iter().filter(|tap| *tap < count) {
            let place = body_of.inserts[tap].place;
            let parts = self.whole.get(&(song, strip)).map_or(&[][..], Vec::as_slice);
            // Where the whole itself replays another version, its parts replay that, too.
            let whole = parts.iter().find(|(end, _)| *end > tap).map(|(_, node)| *node);
            let theirs = whole.and_then(|node| self.nodes[node].inserts.iter().find(|i| i.place == place));
            let replayed = theirs.and_then(|insert| insert.key.as_ref());
            let heard =
                replayed.map(|key| key.from).or_else(|| parts.iter().find(|(end, _)| *end == tap).map(|(_, n)| *n));
            let lender = theirs.and_then(|insert| insert.lender).or(whole);
            keys.extend(heard.map(|from| Key { place, way: Way::through(from, &values), lender }));
        }
        let ends = is_master.then(|| match wanted.path {
            StemPath::Through => values,
            StemPath::Before => Arc::new(Strip::new(None)),
        });
        let node = self.node(Ask {
            body,
            inserts: 0..count,
            entry: Entry::Sum,
            inputs,
            keys,
            controls,
            law: wanted.song.pan_law,
            ends,
            strip: strip_name(wanted, strip),
        });
        self.stems.insert((song, number, strip), node);
        Ok(node)
    }

    /// Whether there is nothing in a sum. Who listens comes after who is listened to.
    fn hears_nothing(&self, entry: Entry, inputs: &[PlanEdge]) -> bool {
        match entry {
            Entry::Sum | Entry::Through | Entry::Level => inputs.iter().all(|edge| self.silent[edge.from]),
            Entry::Clips | Entry::Kept => false,
        }
    }

    /// The node that does what is asked for: a new one, unless one does it already.
    fn node(&mut self, ask: Ask) -> usize {
        let Ask { body: body_place, inserts: range, entry, inputs, keys, controls, law, ends, strip } = ask;
        let body = &self.bodies.all[body_place];
        let before = match entry {
            Entry::Through => self.nodes[inputs[0].from].layout,
            _ => body.entry,
        };
        let mut inserts = self.inserts(body, range.clone(), &keys, law);
        let latency = inserts.iter().map(|insert| insert.latency).sum();
        let own = Tail::Frames(if entry == Entry::Through { 0 } else { body.delay });
        let own_tail = body.inserts[range.clone()].iter().fold(own, |tail, insert| follow(tail, insert.tail));
        let mut layout = inserts.last().map_or(before, |insert| insert.layout);
        // Everybody waits for the slowest path into the same place; muted paths count, so that a mute moves nothing.
        // A key has to be there when the signal reaches the insert, not when it enters the strip.
        let inputs: Vec<PlanEdge> = inputs.iter().map(|way| self.edge(way, law)).collect();
        let slowest_input = inputs.iter().map(|edge| self.heard_at(edge)).max().unwrap_or(0);
        let slowest_key =
            inserts.iter().filter_map(|i| i.key.as_ref().map(|k| self.heard_at(k).saturating_sub(i.before)));
        // And so has a level that moves something here.
        let early = |moved: Moved| match moved {
            Moved::Lane(Target::Insert { insert, .. }) => {
                inserts.iter().find(|own| own.place == insert).map(|own| own.before)
            }
            moved if enters(moved) => {
                (entry != Entry::Through).then_some(if entry == Entry::Clips { body.delay } else { 0 })
            }
            _ => ends.is_some().then_some(latency),
        };
        let (arrival, controls) = self.moved_from(slowest_key.fold(slowest_input, u64::max), &controls, early);
        for insert in &mut inserts {
            if let Some(key) = &mut insert.key {
                key.delay = arrival + insert.before - self.heard_at(key);
            }
        }
        self.settle_lenders(&mut inserts, &body.inserts[range.clone()], &controls, arrival);
        let heard = inputs.iter().map(|edge| self.nodes[edge.from].tail).fold(Tail::Frames(0), longer);
        let inputs: Vec<PlanEdge> = inputs
            .into_iter()
            .filter(|edge| {
                let layout = self.nodes[edge.from].layout;
                edge.path == Path::Through
                    || !Gains::new(&edge.strip, layout, edge.path, law, self.sample_rate).is_silent()
            })
            .map(|edge| PlanEdge { delay: arrival - self.heard_at(&edge), ..edge })
            .collect();

        let mut name = Namer::new("node");
        name.count(entry as u64);
        name.count(arrival);
        // A master applies its own fader; of all others only what stands before the fader is theirs.
        let values = ends.clone().unwrap_or_else(|| Arc::clone(&body.strip));
        if entry != Entry::Through {
            name.name(&body.entry_name);
            name.entry(&values);
        }
        self.name_controls(&mut name, &controls);
        name.count(inputs.len() as u64);
        for edge in &inputs {
            self.name_edge(&mut name, edge);
        }
        name.count(inserts.len() as u64);
        for (insert, spec) in inserts.iter().zip(&body.inserts[range.clone()]) {
            name.name(&spec.name);
            name.count(u64::from(insert.key.is_some()));
            if let Some(key) = &insert.key {
                self.name_edge(&mut name, key);
            }
        }
        name.count(u64::from(ends.is_some()));
        if let Some(strip) = &ends {
            layout = Layout::Stereo;
            name.way_out(strip, Path::Output, law);
        }
        let known = (name.finish(), strip);
        if let Some(node) = self.known.get(&known) {
            return *node;
        }
        let (name, strip) = known.clone();
        self.silent.push(self.hears_nothing(entry, &inputs));
        let (looks_back, memory) = self.remembered(&inputs, &inserts, &controls);
        let memory = body.inserts[range.clone()].iter().map(|insert| insert.memory).fold(memory, Memory::then);
        self.nodes.push(PlanNode {
            name,
            strip,
            stage: 0,
            layout,
            arrival,
            latency,
            tail: follow(heard, own_tail),
            looks_back,
            memory,
            entry,
            inputs,
            inserts,
            before,
            ends: ends.is_some().then_some(law),
            values,
            clips: if entry == Entry::Clips { body.clips.clone() } else { Vec::new() },
            controls,
            hearing: None,
        });
        self.parts.push((body_place, range));
        let node = self.nodes.len() - 1;
        self.known.insert(known, node);
        node
    }

    /// How far back what a node listens to remembers: the levels that are followed on the way, and all of it.
    fn remembered(&self, inputs: &[PlanEdge], inserts: &[PlanInsert], controls: &[PlanControl]) -> (u64, Memory) {
        let edges = inputs.iter().chain(inserts.iter().filter_map(|insert| insert.key.as_ref()));
        let moved = controls.iter().map(|control| &self.nodes[control.from]);
        let levels = moved.clone().map(|node| node.looks_back).max().unwrap_or(0);
        let looks_back = edges.clone().map(|edge| self.looks_back(edge)).fold(levels, u64::max);
        let memory = moved.map(|node| node.memory).fold(Memory::NONE, Memory::or);
        (looks_back, edges.map(|edge| self.memory_of(edge)).fold(memory, Memory::or))
    }

    /// Some inserts of a body, with what they listen to.
    fn inserts(&self, body: &Body, range: Range<usize>, keys: &[Key], law: PanLaw) -> Vec<PlanInsert> {
        let mut before = 0;
        let insert = |insert: &BodyInsert| {
            let key = keys.iter().find(|key| key.place == insert.place);
            let made = PlanInsert {
                id: insert.id.clone(),
                place: insert.place,
                latency: insert.latency,
                before,
                layout: insert.layout,
                channels: insert.channels,
                key: key.map(|Key { way, .. }| self.edge(way, law)),
                lender: key.and_then(|key| key.lender),
            };
            before += insert.latency;
            made
        };
        body.inserts[range].iter().map(insert).collect()
    }

    /// Leaves inserts only those lenders whose gains are theirs.
    fn settle_lenders(
        &self,
        inserts: &mut [PlanInsert],
        bodies: &[BodyInsert],
        controls: &[PlanControl],
        arrival: u64,
    ) {
        for (insert, body) in inserts.iter_mut().zip(bodies) {
            let own = |moved| matches!(moved, Moved::Lane(Target::Insert { insert: at, .. }) if at == insert.place);
            let moved = controls.iter().any(|control| own(control.moved));
            let lends = |lender: &usize| !moved && self.lends(*lender, body, arrival + insert.before);
            insert.lender = insert.lender.filter(lends);
        }
    }

    /// Whether a node begins with that insert, as late as that, so that its gains are those of the insert.
    fn lends(&self, lender: usize, insert: &BodyInsert, at: u64) -> bool {
        let (node, (body, range)) = (&self.nodes[lender], &self.parts[lender]);
        let first = self.bodies.all[*body].inserts[range.clone()].first();
        let same = first.is_some_and(|first| (first.name, first.layout) == (insert.name, insert.layout));
        // What follows a level is moved by what its own node hears.
        let works = node.inserts.first().is_some_and(|first| first.lender.is_none());
        insert.borrows && same && works && node.arrival == at && node.controls.is_empty()
    }

    /// What a node hears by a path.
    pub(super) fn name_edge(&self, name: &mut Namer, edge: &PlanEdge) {
        name.name(&self.nodes[edge.from].name);
        name.count(edge.delay);
        name.count(edge.wait);
        self.name_controls(name, &edge.controls);
        let faded = edge.path != Path::Through;
        name.count(u64::from(faded));
        // Before the fader, what stands behind it is none of the listener's.
        if faded {
            name.way_out(&edge.strip, edge.path, edge.law);
        }
    }

    /// Pass 4: what outputs need, in order, with the processors that do it.
    pub(super) fn finish(
        mut self,
        mut outputs: Vec<PlanOutput>,
        shelf: Option<&dyn Shelf>,
    ) -> Result<Compiled, EngineError> {
        let sample_rate = self.sample_rate;
        let total = outputs.iter().map(|o| o.latency + o.frames + o.tail).max().unwrap_or(0);
        let count = self.nodes.len();
        let mut needed = vec![false; count];
        for output in &outputs {
            needed[output.node] = true;
        }
        let mut kept: Vec<Option<Kept>> = (0..count).map(|_| None).collect();
        // Nodes come after what they listen to: backward, everybody is asked before those who are needed for them.
        for node in (0..count).rev() {
            if !needed[node] {
                continue;
            }
            let shape = Shape { sample_rate, layout: self.nodes[node].layout, frames: total };
            if let Some(shelf) = shelf.filter(|_| self.nodes[node].is_worth_keeping())
                && let Some(found) = shelf.find(&self.nodes[node].name, shape)
            {
                kept[node] = Some(found);
                continue;
            }
            for from in self.nodes[node].sources() {
                needed[from] = true;
            }
        }
        // Only what is made lends its gains.
        for node in 0..count {
            let made = |lender: &usize| needed[*lender] && kept[*lender].is_none();
            self.nodes[node].inserts.iter_mut().for_each(|insert| insert.lender = insert.lender.filter(made));
        }
        let mut stages = vec![0; count];
        for node in 0..count {
            if needed[node] && kept[node].is_none() {
                stages[node] = self.nodes[node].heard().map(|from| stages[from] + 1).max().unwrap_or(0);
            }
        }
        // A mix is heard last, even where what leads to it is muted.
        let last = (0..count).filter(|n| needed[*n]).map(|n| stages[n]).max().unwrap_or(0);
        for output in &outputs {
            stages[output.node] = stages[output.node].max(if outputs.len() == 1 { last.max(1) } else { 0 });
        }
        let mut order: Vec<usize> = (0..count).filter(|node| needed[*node]).collect();
        order.sort_by_key(|node| stages[*node]);
        let mut place = vec![usize::MAX; count];
        for (at, node) in order.iter().enumerate() {
            place[*node] = at;
        }
        for output in &mut outputs {
            output.node = place[output.node];
        }
        let mut slots: Vec<Option<PlanNode>> = self.nodes.drain(..).map(Some).collect();
        let (mut nodes, mut processors, mut found) = (Vec::new(), Vec::new(), Vec::new());
        for index in order {
            let Some(mut node) = slots[index].take() else { continue };
            node.stage = stages[index];
            let mut own: Vec<Box<dyn Processor>> = Vec::new();
            if kept[index].is_some() {
                node.entry = Entry::Kept;
                // It listens to nobody anymore.
                node.inputs.clear();
                node.inserts.iter_mut().for_each(|insert| (insert.key, insert.lender) = (None, None));
                node.clips.clear();
                node.controls.clear();
                node.ends = None;
            } else {
                node.controls.iter_mut().for_each(|control| control.from = place[control.from]);
                node.inserts.iter_mut().flat_map(|insert| &mut insert.lender).for_each(|from| *from = place[*from]);
                for edge in node.inputs.iter_mut().chain(node.inserts.iter_mut().filter_map(|i| i.key.as_mut())) {
                    edge.from = place[edge.from];
                    edge.controls.iter_mut().for_each(|control| control.from = place[control.from]);
                }
                let (body, range) = self.parts[index].clone();
                for insert in &mut self.bodies.all[body].inserts[range] {
                    own.push(insert.take(self.registry)?);
                }
            }
            nodes.push(node);
            processors.push(own);
            found.push(kept[index].take());
        }
        let plan = Plan { sample_rate, max_block: MAX_BLOCK, outputs, nodes };
        Ok(Compiled { plan: Arc::new(plan), processors, kept: found })
    }
}

/// Where the signal of a strip comes from.
fn entry_of(wanted: &Wanted<'_>, strip: usize) -> Entry {
    if strip < wanted.song.tracks.len() { Entry::Clips } else { Entry::Sum }
}

pub(super) fn strip_name(wanted: &Wanted<'_>, strip: usize) -> String {
    super::routes::strips(wanted.song).nth(strip).map(|(id, _)| id.to_owned()).unwrap_or_default()
}

impl PlanNode {
    /// Whom it listens to.
    pub(crate) fn sources(&self) -> impl Iterator<Item = usize> + '_ {
        let keys = self.inserts.iter().filter_map(|insert| insert.key.as_ref());
        let edges = self.inputs.iter().chain(keys);
        let edges = edges.flat_map(|edge| edge.controls.iter().map(|control| control.from).chain([edge.from]));
        edges.chain(self.controls.iter().map(|control| control.from))
    }

    /// Whom it listens to, and who lends it gains.
    pub(crate) fn heard(&self) -> impl Iterator<Item = usize> + '_ {
        self.sources().chain(self.inserts.iter().filter_map(|insert| insert.lender))
    }

    /// Whether reading it again costs less than making it: it has processors, or sums more than one signal.
    pub(crate) fn is_worth_keeping(&self) -> bool {
        !self.inserts.is_empty() || self.inputs.len() > 1
    }
}
