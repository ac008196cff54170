//! Signals that run in a circle: outputs, sends and side-chains must lead somewhere.

use std::collections::HashSet;

use tonmeister_core::Diagnostic;

use super::{Place, Reader};
use crate::model::Song;
use crate::tree::{Span, Table};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    New,
    OnTheWay,
    Done,
}

impl Reader<'_> {
    /// Reports every loop, by the names along it, where it closes.
    pub(super) fn find_loops(&mut self, song: &Song) {
        let tracks = song.tracks.len();
        let node = |place: Place| match place {
            Place::Track(track) => track,
            Place::Bus(bus) => tracks + bus,
            // No signal runs to or from a VCA.
            Place::Master | Place::Vca(_) => tracks + song.buses.len(),
        };
        let count = tracks + song.buses.len() + 1;
        // Every strip twice: what leaves its inserts, and behind all of these what enters them, which is another thing
        // to listen to. What arrives at a strip arrives at both; a key arrives behind the inserts' beginning.
        let mut roads: Vec<Vec<(usize, Span)>> = vec![Vec::new(); 2 * count];
        for edge in &self.edges {
            let (from, to) = (node(edge.from) + if edge.pre_inserts { count } else { 0 }, node(edge.to));
            roads[from].push((to, edge.span.clone()));
            if edge.heard {
                roads[from].push((count + to, edge.span.clone()));
            }
        }
        let name = |node: usize| -> &str {
            let node = node % count;
            let bus = || song.buses.get(node - tracks).map(|bus| bus.id.as_str());
            song.tracks.get(node).map(|track| track.id.as_str()).or_else(bus).unwrap_or("master")
        };
        for (circle, span) in circles(&roads) {
            let mut names: Vec<&str> = circle.iter().map(|node| name(*node)).collect();
            names.push(names[0]);
            // A strip that listens to what enters itself is told once.
            if names.len() > 2 {
                names.dedup();
            }
            // A long loop is named by its beginning and its end.
            let road = if names.len() > 12 {
                format!("{} → … → {}", names[..8].join(" → "), names[names.len() - 3..].join(" → "))
            } else {
                names.join(" → ")
            };
            let label = "expected a way to the master, found the loop closing here".to_string();
            let error = Diagnostic::error("routing-loop", format!("the signal runs in a circle: {road}"));
            self.report.add(error.at(span, label).help("lead one of them elsewhere: an output, a send or a `key`"));
        }
    }
}

impl Reader<'_> {
    /// Warns of buses that nothing leads to.
    pub(super) fn find_idle_buses(&mut self, tree: &Table, song: &Song) {
        if self.report.errors() > 0 {
            return;
        }
        let fed: HashSet<Place> = self.edges.iter().filter(|edge| edge.heard).map(|edge| edge.to).collect();
        for (place, (bus, table)) in song.buses.iter().zip(tree.tables("bus")).enumerate() {
            if fed.contains(&Place::Bus(place)) {
                continue;
            }
            let warning =
                Diagnostic::warning("idle-bus", format!("nothing leads to the bus `{}`, so it is silent", bus.id));
            let label = "expected an output or a send to it somewhere, found none".to_string();
            let help = format!("lead a track there with `output = \"{0}\"` or a send `to = \"{0}\"`", bus.id);
            self.report.add(warning.at(table.span.clone(), label).help(help));
        }
    }
}

/// Each circle that a walk in depth closes, in order of the walk, with the place of the edge that closes it.
pub(super) fn circles(roads: &[Vec<(usize, Span)>]) -> Vec<(Vec<usize>, Span)> {
    let mut marks = vec![Mark::New; roads.len()];
    let mut found = Vec::new();
    for start in 0..roads.len() {
        if marks[start] != Mark::New {
            continue;
        }
        // Node and the next of its roads to walk; a stack of our own, for chains may be a thousand buses long.
        let mut way: Vec<(usize, usize)> = vec![(start, 0)];
        marks[start] = Mark::OnTheWay;
        while let Some((node, next)) = way.last_mut() {
            let Some((to, span)) = roads[*node].get(*next) else {
                marks[*node] = Mark::Done;
                way.pop();
                continue;
            };
            *next += 1;
            match marks[*to] {
                Mark::New => {
                    marks[*to] = Mark::OnTheWay;
                    way.push((*to, 0));
                }
                Mark::OnTheWay if found.len() < crate::report::MOST => {
                    let from = way.iter().position(|(n, _)| n == to).unwrap_or(0);
                    found.push((way[from..].iter().map(|(n, _)| *n).collect(), span.clone()));
                }
                Mark::OnTheWay | Mark::Done => {}
            }
        }
    }
    found
}
