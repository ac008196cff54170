//! From the tree to the [`Song`]: every value checked, every default filled in, every error told.
//!
//! In order: the names of tracks and buses ([`song()`]), each strip with its inserts and sends ([`strip`]), its
//! automation ([`lanes`]), and at last whether any signal runs in a circle ([`routes`]). An error never ends the
//! reading; the part that is wrong is left at its default, and what depends on it is not blamed a second time.

pub(crate) mod album;
mod checks;
mod clips;
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

use crate::model::Song;
use crate::report::Report;
use crate::time::TempoMap;
use crate::tree::Table;

/// Whose strip.
pub(crate) use crate::model::StripAt as Place;
pub(crate) use lanes::{Addresses, default_curve};
pub(crate) use strip::automatic_ids;

/// A signal runs from one strip to another.
struct Edge {
    from: Place,
    to: Place,
    /// It is heard there, and does not only drive a side-chain.
    heard: bool,
    /// It is taken before the inserts of the strip that it comes from.
    pre_inserts: bool,
    /// Where the document says so.
    span: Range<usize>,
}

/// What is known while reading.
struct Reader<'a> {
    registry: &'a Registry,
    report: Report,
    /// Tracks and buses by id; the first of two bearers.
    names: HashMap<String, Place>,
    buses: Vec<String>,
    edges: Vec<Edge>,
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
