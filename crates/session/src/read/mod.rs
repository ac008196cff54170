//! From the tree to the [`Song`]: every value checked, every default filled in, every error told.
//!
//! In order: the names of tracks and buses ([`song()`]), each strip with its inserts and sends ([`strip`]), its
//! automation ([`lanes`]), and at last whether any signal runs in a circle ([`routes`]). An error never ends the
//! reading; the part that is wrong is left at its default, and what depends on it is not blamed a second time.

pub(crate) mod album;
mod checks;
mod clips;
mod follow;
mod groups;
mod lanes;
mod routes;
mod song;
mod stems;
mod strip;
mod timeline;
mod values;
mod versions;

use std::collections::HashMap;
use std::ops::Range;

use tonmeister_core::{Diagnostic, Registry};

use crate::model::{KeySource, Song};
use crate::report::Report;
use crate::time::TempoMap;
use crate::tree::Table;

/// Whose strip.
pub(crate) use crate::model::StripAt as Place;
use follow::Followed;
pub(crate) use lanes::{Addresses, default_curve};
pub(crate) use strip::automatic_ids;

/// A signal runs from one strip to another.
struct Edge {
    from: Place,
    to: Place,
    way: Way,
    /// Where the document says so.
    span: Range<usize>,
}

/// Which way it runs.
#[derive(Clone, Copy)]
enum Way {
    /// By the output.
    Output,
    /// By the send of that number, from before the fader or from behind it.
    Send { number: usize, pre: bool },
    /// Not heard: it drives a side-chain, and is taken before the inserts, behind the fader, or between.
    Key { pre_inserts: bool, post: bool },
}

impl Edge {
    /// By the output.
    fn new(from: Place, to: Place, span: &Range<usize>) -> Self {
        Edge { from, to, way: Way::Output, span: span.clone() }
    }

    /// Whether it is heard where it arrives, and does not only drive a side-chain.
    fn heard(&self) -> bool {
        !matches!(self.way, Way::Key { .. })
    }
}

/// Where a signal comes from that is listened to.
fn place_of(source: KeySource) -> Place {
    match source {
        KeySource::Track(track) => Place::Track(track),
        KeySource::Bus(bus) => Place::Bus(bus),
    }
}

/// What is known while reading.
struct Reader<'a> {
    registry: &'a Registry,
    report: Report,
    /// Tracks and buses by id; the first of two bearers.
    names: HashMap<String, Place>,
    buses: Vec<String>,
    edges: Vec<Edge>,
    follows: Vec<Followed>,
    points: usize,
    /// What notes follow.
    tempo_bpm: f64,
    /// What bars and beats are counted by.
    tempo: TempoMap,
}

impl<'a> Reader<'a> {
    /// Nothing read yet.
    fn new(registry: &'a Registry) -> Self {
        Reader {
            registry,
            report: Report::default(),
            names: HashMap::new(),
            buses: Vec::new(),
            edges: Vec::new(),
            follows: Vec::new(),
            points: 0,
            tempo_bpm: crate::keys::TEMPO.default,
            tempo: TempoMap::constant(crate::keys::TEMPO.default),
        }
    }
}

/// The song that a tree describes, with warnings; or everything that is wrong with it.
pub(crate) fn song(tree: &Table, registry: &Registry) -> Result<(Song, Vec<Diagnostic>), Vec<Diagnostic>> {
    let mut reader = Reader::new(registry);
    let song = reader.document(tree);
    reader.find_loops(&song);
    reader.find_idle_buses(tree, &song);
    match reader.report.finish() {
        (false, warnings) => Ok((song, warnings)),
        (true, found) => Err(found),
    }
}
