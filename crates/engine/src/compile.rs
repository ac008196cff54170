//! From a song to a plan, in named passes: lower (in `session`) → resolve → route → order → compensate → measure the
//! tail.

use std::sync::Arc;

use rayon::prelude::*;
use tonmeister_core::{Layout, Processor, Registry, Settings, Stream, Tail};
use tonmeister_session::model::{Channels, Destination, KeySource, Song, Strip, Target};

use crate::clip::{Library, PlacedClip};
use crate::plan::{Path, Plan, PlanEdge, PlanInsert, PlanNode};
use crate::recording::Recordings;

/// The longest block an executor takes.
pub const MAX_BLOCK: usize = 4096;

/// An effect that sounds for ever is let sound for this long after the song.
pub const ENDLESS_S: u64 = 60;

/// Why a song cannot be compiled or rendered: which strip, what, and the remedy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {message}")]
pub struct EngineError {
    /// The strip, as a person names it: "track `kick`, insert `eq`".
    pub place: String,
    /// The same as an address of the document (`kick/eq`), where it is one.
    pub address: Option<String>,
    /// What is wrong and what to do.
    pub message: String,
}

impl EngineError {
    pub(crate) fn new(place: impl Into<String>, message: impl Into<String>) -> Self {
        EngineError { place: place.into(), address: None, message: message.into() }
    }

    pub(crate) fn at(mut self, address: impl Into<String>) -> Self {
        self.address = Some(address.into());
        self
    }
}

/// A plan and the processors that will carry it out, born ready.
pub struct Compiled {
    /// What will be done.
    pub plan: Arc<Plan>,
    /// Per node, per [`PlanNode::inserts`].
    pub(crate) processors: Vec<Vec<Box<dyn Processor>>>,
}

impl std::fmt::Debug for Compiled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Compiled").field("plan", &self.plan).finish_non_exhaustive()
    }
}

/// Decides everything about rendering a song: who listens to whom, in which order, and who waits for whom.
///
/// Builds every processor (that is how latencies become known), reads the recordings that effects need, and looks at
/// every source's shape, but reads no audio of tracks.
pub fn compile(song: &Song, registry: &Registry, library: &dyn Library) -> Result<Compiled, EngineError> {
    let song = &song.lowered();
    let resolved = resolve(song, registry, library)?;
    let routes = route(song);
    let order = order(song, &resolved, &routes)?;
    let (mut nodes, processors) = arrange(resolved, &routes, &order);
    compensate(&mut nodes);
    let (frames, tail, endless) = lengths(song, &nodes);
    let master = nodes.len() - 1;
    let plan = Plan {
        sample_rate: song.sample_rate_hz,
        max_block: MAX_BLOCK,
        frames,
        tail,
        endless,
        latency: nodes[master].arrival + nodes[master].latency,
        nodes,
        pan_law: song.pan_law,
    };
    Ok(Compiled { plan: Arc::new(plan), processors })
}

/// A strip with its clips placed and its processors built, not yet connected.
struct Resolved {
    node: PlanNode,
    processors: Vec<Box<dyn Processor>>,
}

/// Pass 1: every strip for itself. Tracks first, then buses, then the master: the *song order* of the other passes.
fn resolve(song: &Song, registry: &Registry, library: &dyn Library) -> Result<Vec<Resolved>, EngineError> {
    let desk = Desk { song, registry, recordings: Recordings::new(library, song.sample_rate_hz) };
    let tracks = song.tracks.par_iter().map(|track| {
        let place = format!("track `{}`", track.id);
        let mut clips = Vec::new();
        let refuse = |message: String| EngineError::new(&place, message).at(&track.id);
        for clip in &track.clips {
            let info = library.info(&clip.audio, song.sample_rate_hz).map_err(|e| refuse(e.message))?;
            clips.push(PlacedClip::new(clip, info).map_err(refuse)?);
        }
        let stereo = clips.iter().any(|c| c.layout == Layout::Stereo);
        let entry = if stereo { Layout::Stereo } else { Layout::Mono };
        desk.strip(&track.id, &place, entry, &track.strip, clips)
    });
    let buses = song.buses.par_iter().map(|bus| {
        let place = format!("bus `{}`", bus.id);
        desk.strip(&bus.id, &place, Layout::Stereo, &bus.strip, Vec::new())
    });
    let mut all: Vec<Resolved> = tracks.chain(buses).collect::<Result<_, _>>()?;
    let strip = &song.master.strip;
    all.push(desk.strip("master", "the master", Layout::Stereo, strip, Vec::new())?);
    Ok(all)
}

/// What building the processors of a strip needs of the song.
struct Desk<'s> {
    song: &'s Song,
    registry: &'s Registry,
    recordings: Recordings<'s>,
}

impl Desk<'_> {
    fn strip(
        &self,
        name: &str,
        place: &str,
        entry: Layout,
        strip: &Strip,
        clips: Vec<PlacedClip>,
    ) -> Result<Resolved, EngineError> {
        let (mut layout, mut latency, mut tail) = (entry, 0, Tail::Frames(strip.get("delay_samples") as u64));
        let (mut inserts, mut processors) = (Vec::new(), Vec::new());
        for (index, insert) in strip.inserts.iter().enumerate().filter(|(_, insert)| !insert.bypass) {
            let (spec, whole) = (insert.settings.spec(), insert.channels == Channels::Stereo);
            // A mono signal has no side and no left until it is spread to both channels.
            if spec.stereo_only || !whole {
                layout = Layout::Stereo;
            }
            let built = if whole { layout } else { Layout::Mono };
            let seed = seed(name, &insert.id);
            let stream = Stream { sample_rate: self.song.sample_rate_hz, layout: built, max_block: MAX_BLOCK, seed };
            let address = format!("{name}/{}", insert.id);
            let refuse = |message| EngineError::new(format!("{place}, insert `{}`", insert.id), message);
            if spec.stereo_only && !whole {
                let message = format!("the effect `{}` makes stereo, so it works on the whole signal only", spec.id);
                return Err(refuse(message).at(format!("{address}/channels")));
            }
            let mut settings = insert.settings.clone();
            settings.follow(self.song.tempo_bpm).map_err(|e| refuse(e.to_string()).at(address.clone()))?;
            start(&mut settings, strip, index);
            self.recordings
                .load(&mut settings)
                .map_err(|(key, message)| refuse(message).at(format!("{address}/{key}")))?;
            let processor = self.registry.build(&settings, &stream).map_err(|e| refuse(e.0).at(address))?;
            tail = follow(tail, processor.tail());
            let own = processor.latency().0;
            inserts.push(PlanInsert {
                id: insert.id.clone(),
                place: index,
                latency: own,
                before: latency,
                layout,
                channels: insert.channels,
                key: None,
            });
            latency += own;
            processors.push(processor);
        }
        let node = PlanNode {
            name: name.into(),
            stage: 0,
            layout,
            arrival: 0,
            latency,
            tail,
            inputs: Vec::new(),
            inserts,
            entry,
            strip: strip.clone(),
            clips,
        };
        Ok(Resolved { node, processors })
    }
}

/// A processor is born with the values its automation starts from.
fn start(settings: &mut Settings, strip: &Strip, index: usize) {
    for lane in &strip.automation {
        if let (Target::Insert { insert, param }, Some(first)) = (lane.target, lane.points.first())
            && insert == index
        {
            // The document was checked: a value out of range cannot come here; the written value stands if it did.
            let _ = settings.set_at(param, first.value);
        }
    }
}

/// A seed that belongs to the place in the song, so that adding a track changes no other track's sound (FNV-1a).
fn seed(strip: &str, insert: &str) -> u64 {
    strip
        .bytes()
        .chain([b'/'])
        .chain(insert.bytes())
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

fn follow(first: Tail, second: Tail) -> Tail {
    match (first, second) {
        (Tail::Frames(a), Tail::Frames(b)) => Tail::Frames(a.saturating_add(b)),
        _ => Tail::Endless,
    }
}

/// Who is heard where: edges and keys in song order.
struct Routes {
    /// Per node: the signals summed there, in song order, outputs before sends.
    inputs: Vec<Vec<(usize, Path)>>,
    /// Per node: which insert is keyed by which node.
    keys: Vec<Vec<(usize, usize)>>,
}

/// Pass 2: outputs and sends become edges, written down where they arrive.
fn route(song: &Song) -> Routes {
    let (tracks, master) = (song.tracks.len(), song.tracks.len() + song.buses.len());
    let mut routes = Routes { inputs: vec![Vec::new(); master + 1], keys: vec![Vec::new(); master + 1] };
    let strips = song.tracks.iter().map(|t| &t.strip).chain(song.buses.iter().map(|b| &b.strip));
    for (from, strip) in strips.chain([&song.master.strip]).enumerate() {
        match strip.output {
            Some(Destination::Master) => routes.inputs[master].push((from, Path::Output)),
            Some(Destination::Bus(bus)) => routes.inputs[tracks + bus].push((from, Path::Output)),
            None => {}
        }
        for (place, send) in strip.sends.iter().enumerate() {
            routes.inputs[tracks + send.to].push((from, Path::Send(place, send.tap)));
        }
        for (place, insert) in strip.inserts.iter().enumerate().filter(|(_, i)| !i.bypass) {
            match insert.key {
                Some(KeySource::Track(track)) => routes.keys[from].push((place, track)),
                Some(KeySource::Bus(bus)) => routes.keys[from].push((place, tracks + bus)),
                None => {}
            }
        }
    }
    routes
}

/// Pass 3: an order in which everybody comes after what they listen to, by stages; loops are refused by name.
fn order(song: &Song, resolved: &[Resolved], routes: &Routes) -> Result<Vec<(usize, usize)>, EngineError> {
    let count = resolved.len();
    let listens = |node: usize| {
        routes.inputs[node].iter().map(|(from, _)| *from).chain(routes.keys[node].iter().map(|(_, from)| *from))
    };
    let mut stages: Vec<Option<usize>> = vec![None; count];
    let mut settled = 0;
    while settled < count {
        let before = settled;
        for node in 0..count {
            if stages[node].is_none()
                && let Some(stage) = listens(node).try_fold(0, |most, from| stages[from].map(|s| most.max(s + 1)))
            {
                stages[node] = Some(stage);
                settled += 1;
            }
        }
        if settled == before {
            let looped: Vec<&str> =
                (0..count).filter(|n| stages[*n].is_none()).map(|n| resolved[n].node.name.as_str()).collect();
            let message =
                format!("the signal runs in a circle through {}; take one of these paths out", looped.join(", "));
            return Err(EngineError::new(format!("song `{}`", song.title), message));
        }
    }
    let last = stages.iter().flatten().copied().max().unwrap_or(0);
    // The master is heard last even where a bus leads nowhere.
    let stage_of = |node: usize| if node == count - 1 { last.max(1) } else { stages[node].unwrap_or(0) };
    let mut order: Vec<(usize, usize)> = (0..count).map(|node| (stage_of(node), node)).collect();
    order.sort_unstable_by_key(|&(stage, node)| (stage, node));
    Ok(order)
}

/// Puts the nodes in order, with edges that speak of places in that order.
fn arrange(
    resolved: Vec<Resolved>,
    routes: &Routes,
    order: &[(usize, usize)],
) -> (Vec<PlanNode>, Vec<Vec<Box<dyn Processor>>>) {
    let mut place = vec![0; order.len()];
    for (at, (_, node)) in order.iter().enumerate() {
        place[*node] = at;
    }
    let mut slots: Vec<Option<Resolved>> = resolved.into_iter().map(Some).collect();
    let (mut nodes, mut processors) = (Vec::new(), Vec::new());
    for &(stage, index) in order {
        let Some(mut strip) = slots[index].take() else { continue };
        strip.node.stage = stage;
        strip.node.inputs =
            routes.inputs[index].iter().map(|&(from, path)| PlanEdge { from: place[from], path, delay: 0 }).collect();
        for &(insert, from) in &routes.keys[index] {
            if let Some(keyed) = strip.node.inserts.iter_mut().find(|i| i.place == insert) {
                keyed.key = Some((place[from], 0));
            }
        }
        nodes.push(strip.node);
        processors.push(strip.processors);
    }
    (nodes, processors)
}

/// Pass 4: everybody waits for the slowest path into the same place (longest path over the graph).
fn compensate(nodes: &mut [PlanNode]) {
    let mut departures: Vec<u64> = Vec::with_capacity(nodes.len());
    for node in nodes.iter_mut() {
        let slowest_input = node.inputs.iter().map(|e| departures[e.from]).max().unwrap_or(0);
        // A key has to be there when the signal reaches the insert, not when it enters the strip.
        let slowest_key =
            node.inserts.iter().filter_map(|i| i.key.map(|(from, _)| departures[from].saturating_sub(i.before)));
        node.arrival = slowest_key.fold(slowest_input, u64::max);
        for edge in &mut node.inputs {
            edge.delay = node.arrival - departures[edge.from];
        }
        for insert in &mut node.inserts {
            if let Some((from, delay)) = &mut insert.key {
                *delay = node.arrival + insert.before - departures[*from];
            }
        }
        departures.push(node.arrival + node.latency);
    }
}

/// Pass 5: how long the material is, and how long it may ring.
fn lengths(song: &Song, nodes: &[PlanNode]) -> (u64, u64, bool) {
    if let Some(seconds) = song.length_s {
        return (tonmeister_core::Frames::from_seconds(seconds, song.sample_rate_hz).0, 0, false);
    }
    let frames = nodes.iter().flat_map(|n| n.clips.iter().map(PlacedClip::end)).max().unwrap_or(0);
    let mut tails: Vec<Tail> = Vec::with_capacity(nodes.len());
    for node in nodes {
        let heard = node.inputs.iter().map(|e| tails[e.from]).fold(Tail::Frames(0), longer);
        tails.push(follow(heard, node.tail));
    }
    match tails.last() {
        Some(Tail::Frames(tail)) => (frames, (*tail).min(ENDLESS_S * u64::from(song.sample_rate_hz)), false),
        _ => (frames, ENDLESS_S * u64::from(song.sample_rate_hz), true),
    }
}

fn longer(a: Tail, b: Tail) -> Tail {
    match (a, b) {
        (Tail::Frames(a), Tail::Frames(b)) => Tail::Frames(a.max(b)),
        _ => Tail::Endless,
    }
}
