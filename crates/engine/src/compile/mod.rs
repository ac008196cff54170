//! From songs to a plan.
//!
//! 0. *Lower* (in `session`): solos and groups become plain strips.
//! 1. *Bodies*: every strip for itself, clips placed and processors built, which is how latencies become known. Strips
//!    that are set alike in several songs are one body.
//! 2. *Routes*: outputs, sends and side-chains of each song; loops are refused by name.
//! 3. *Graph*: from each output backward, nodes with what they listen to, everybody waiting for the slowest path into
//!    the same place. Nodes that would make the same are one ([`crate::name`]): what versions and stems share is done
//!    once.
//! 4. *Stages*: only what some output needs, in an order in which everybody comes after what they listen to.

use std::sync::Arc;

use tonmeister_core::{Processor, Registry, Tail};
use tonmeister_session::model::Song;

use crate::clip::{Library, PlacedClip};
use crate::kept::{Kept, Shelf};
use crate::plan::{Part, Plan, PlanOutput};

mod body;
mod graph;
mod levels;
mod routes;
mod stems;

pub use stems::{Stem, StemPath, indivisible};

use graph::{Graph, Version};
use routes::Routes;
use stems::Division;

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

/// A song to render, and the stems to render besides.
#[derive(Clone, Debug)]
pub struct Wanted<'s> {
    /// What its outputs are called: the version.
    pub version: String,
    /// The song.
    pub song: &'s Song,
    /// Its stems; they add up to the mix as far as the arithmetic allows.
    pub stems: Vec<Stem>,
    /// Where the stems are taken.
    pub path: StemPath,
    /// The place of an earlier one of the set whose bus dynamics are replayed: on buses and on the master, whatever works
    /// by level does to this version what it does to that one, so that versions which complete each other add up.
    pub replays: Option<usize>,
    /// The place of an earlier one of the set that it lies beside: what is delivered of it is as long as that, although it
    /// falls silent sooner. For versions of one song whose time runs alike.
    pub beside: Option<usize>,
}

impl<'s> Wanted<'s> {
    /// The mix of a song, without stems.
    pub fn mix(song: &'s Song) -> Self {
        Wanted {
            version: song.title.clone(),
            song,
            stems: Vec::new(),
            path: StemPath::Through,
            replays: None,
            beside: None,
        }
    }
}

/// A plan and the processors that will carry it out, born ready.
pub struct Compiled {
    /// What will be done.
    pub plan: Arc<Plan>,
    /// Per node, per [`crate::PlanNode::inserts`].
    pub(crate) processors: Vec<Vec<Box<dyn Processor>>>,
    /// Per node, its render where it need not be made again.
    pub(crate) kept: Vec<Option<Kept>>,
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
    compile_all(&[Wanted::mix(song)], registry, library, None)
}

/// [`compile()`] for several songs (versions of one, mostly) and their stems at once. What they share is done once.
///
/// With a shelf, nodes whose renders stand there are read instead of made.
///
/// # Errors
/// Besides what [`compile()`] refuses: songs at different sample rates, stems that name strips that are not there.
pub fn compile_all(
    wanted: &[Wanted<'_>],
    registry: &Registry,
    library: &dyn Library,
    shelf: Option<&dyn Shelf>,
) -> Result<Compiled, EngineError> {
    let Some(first) = wanted.first() else {
        return Err(EngineError::new("the render", "there is nothing to render"));
    };
    let sample_rate = first.song.sample_rate_hz;
    if let Some(other) = wanted.iter().find(|w| w.song.sample_rate_hz != sample_rate) {
        let message = format!(
            "runs at {} Hz and `{}` at {sample_rate} Hz; what is rendered in one pass has one rate",
            other.song.sample_rate_hz, first.version
        );
        return Err(EngineError::new(format!("`{}`", other.version), message));
    }
    // Solos, groups and trims become plain strips.
    let lowered: Vec<Song> = wanted.iter().map(|wanted| wanted.song.lowered()).collect();
    let wanted: Vec<Wanted<'_>> =
        wanted.iter().zip(&lowered).map(|(wanted, song)| Wanted { song, ..wanted.clone() }).collect();
    let bodies = body::bodies(&wanted, registry, library)?;
    let mut graph = Graph::new(bodies, registry, sample_rate);
    let mut outputs = Vec::new();
    // Of each song, the place of its mix among the outputs.
    let mut mixes: Vec<usize> = Vec::new();
    let wanted_all = &wanted;
    for (at, wanted) in wanted.iter().enumerate() {
        if wanted.replays.is_some_and(|other| other >= at) {
            let message = "replays a version that does not come before it";
            return Err(EngineError::new(format!("`{}`", wanted.version), message));
        }
        if wanted.beside.is_some_and(|other| other >= at) {
            let message = "lies beside a version that does not come before it";
            return Err(EngineError::new(format!("`{}`", wanted.version), message));
        }
        let routes = Routes::of(wanted.song);
        routes.refuse_loops(wanted.song)?;
        let is_replayed = wanted_all.iter().any(|other| other.replays == Some(at));
        let division = Division::of(wanted, &routes, is_replayed)?;
        let version = Version { song: at, wanted, routes: &routes, division: &division };
        let whole = graph.whole(version)?;
        let (frames, tail, endless) = length(wanted.song, graph.clips_end(at), graph.tail(whole));
        let own: usize = outputs.len();
        let beside = wanted.beside.map(|other| mixes[other]);
        mixes.push(own);
        let mut output = |graph: &Graph<'_>, part: Part, node: usize| {
            let (version, latency, silent) = (wanted.version.clone(), graph.departure(node), graph.is_silent(node));
            let beside = if part == Part::Mix { beside } else { Some(own) };
            outputs.push(PlanOutput { version, part, node, latency, frames, tail, endless, silent, beside });
        };
        output(&graph, Part::Mix, whole);
        for (number, stem) in wanted.stems.iter().enumerate() {
            let node = graph.stem(number, version)?;
            output(&graph, Part::Stem(stem.id.clone()), node);
        }
        if wanted.path == StemPath::Before && !wanted.stems.is_empty() {
            let node = graph.stem(wanted.stems.len(), version)?;
            output(&graph, Part::Sum, node);
        }
    }
    graph.finish(outputs, shelf)
}

/// How long the material is, and how long it may ring.
fn length(song: &Song, clips_end: u64, tail: Tail) -> (u64, u64, bool) {
    if let Some(seconds) = song.length_s {
        return (tonmeister_core::Frames::from_seconds(seconds, song.sample_rate_hz).0, 0, false);
    }
    let most = ENDLESS_S * u64::from(song.sample_rate_hz);
    match tail {
        Tail::Frames(tail) => (clips_end, tail.min(most), false),
        Tail::Endless => (clips_end, most, true),
    }
}

/// The later end of two sets of clips.
fn last_end(clips: &[PlacedClip]) -> u64 {
    clips.iter().map(PlacedClip::end).max().unwrap_or(0)
}

/// How long two stages in a row sound on.
fn follow(first: Tail, second: Tail) -> Tail {
    match (first, second) {
        (Tail::Frames(a), Tail::Frames(b)) => Tail::Frames(a.saturating_add(b)),
        _ => Tail::Endless,
    }
}

/// How long two sounds beside each other sound on.
fn longer(a: Tail, b: Tail) -> Tail {
    match (a, b) {
        (Tail::Frames(a), Tail::Frames(b)) => Tail::Frames(a.max(b)),
        _ => Tail::Endless,
    }
}
