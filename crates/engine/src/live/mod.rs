//! What a live driver needs of the engine, besides what a render needs.
//!
//! The nodes are the same and make the same bits. What is added: a [`Timeline`] that may run in a loop, clips that are
//! read ahead by somebody else ([`Reel`], [`Feed`]), and controls that are turned while they sound ([`Turn`]).
//! [`Executor::live`] sets a plan up for it. After that, [`Executor::next_block`], [`Executor::turn`] and all that they
//! call neither allocate nor lock nor wait.

mod crossing;
mod hand;
mod reel;
mod timeline;
mod trimming;
mod turn;

use std::sync::Arc;

use tonmeister_core::View;
use tonmeister_session::model::Target;
use tonmeister_session::tables::STRIP;

pub(crate) use hand::{AUX, Hand, OUT, Turning};
pub use reel::{Feed, Reel};
pub use timeline::Timeline;
pub(crate) use trimming::Trimming;
pub use turn::{Turn, Turned, turns};

use crate::clip::Library;
use crate::compile::Compiled;
use crate::executor::Executor;
use crate::follow::Moved;
use crate::name::ENTRY;
use crate::node::{Entry, Node, late};

impl Executor {
    /// Ready to make blocks of at most `block` frames, beginning at a place of the timeline. Clips are not read by the
    /// executor: each track's are handed to `feed`, which says who brings them.
    ///
    /// Places of the executor are those of the timeline; an output is late by its latency, as in every render.
    ///
    /// # Panics
    /// When `block` is 0 or more than [`crate::MAX_BLOCK`].
    pub fn live(
        compiled: Compiled,
        library: &Arc<dyn Library>,
        block: usize,
        (timeline, at): (Timeline, i64),
        feed: &mut dyn FnMut(Reel) -> Box<dyn Feed>,
    ) -> Self {
        let rate = compiled.plan.sample_rate;
        let mut executor = Executor::new(compiled, library, block);
        for node in &mut executor.nodes {
            node.go_live(timeline, at, rate, feed);
        }
        let mut late: Vec<i64> = executor.nodes.iter().flat_map(latenesses).collect();
        late.sort_unstable();
        late.dedup();
        executor.late = late;
        executor.timeline = timeline;
        executor
    }

    /// The place of the timeline that the next block begins at.
    pub fn place(&self) -> i64 {
        self.nodes.first().map_or(0, |node| node.position)
    }

    /// How many of the next `frames` frames may be made as one block: no node may have to jump inside it.
    pub fn straight(&self, frames: usize) -> usize {
        let at = self.place();
        let run = self.late.iter().map(|late| self.timeline.run(at - late)).min().unwrap_or(u64::MAX);
        usize::try_from(run).map_or(frames, |run| frames.min(run))
    }

    /// Turns a control; it is on its way from the next block on, and does not click.
    pub fn turn(&mut self, turn: &Turn) {
        let Turn { node, target, value } = *turn;
        match target {
            Moved::Lane(Target::Insert { insert, param }) => {
                // A strip that is listened to before its inserts stands in parts.
                let strip = &self.plan.nodes[node].strip;
                for (own, _) in self.nodes.iter_mut().zip(&self.plan.nodes).filter(|(_, plan)| plan.strip == *strip) {
                    if let Some(insert) = own.inserts.iter_mut().find(|own| own.place == insert) {
                        insert.turning.put(param, value);
                    }
                }
            }
            Moved::Lane(Target::Strip(at)) if ENTRY.contains(&STRIP[at].id) => {
                let strip = &self.plan.nodes[node].strip;
                for (own, _) in self.nodes.iter_mut().zip(&self.plan.nodes).filter(|(_, plan)| plan.strip == *strip) {
                    own.trimming.turn(STRIP[at].id, value);
                }
            }
            Moved::Lane(_) | Moved::Above(_) => {
                if let Some((gains, _)) = &mut self.nodes[node].out_gains {
                    gains.turn(target, value);
                }
                for listener in &mut self.nodes {
                    for key in listener.inserts.iter_mut().filter_map(|insert| insert.key.as_mut()) {
                        if let Some((gains, _)) = key.post.as_mut().filter(|_| key.way.from == node) {
                            gains.turn(target, value);
                        }
                    }
                    match &mut listener.entry {
                        Entry::Sum { inputs, .. } => {
                            for input in inputs.iter_mut().filter(|input| input.way.from == node) {
                                input.gains.turn(target, value);
                            }
                        }
                        Entry::Level(level) if level.0.way.from == node => {
                            if let Some((gains, _)) = &mut level.0.post {
                                gains.turn(target, value);
                            }
                        }
                        _ => {}
                    }
                }
            }
        }
    }

    /// What left the inserts of a node in the last block; for a master, what left its fader.
    ///
    /// # Panics
    /// When no block was made yet, or there is no such node.
    pub fn made(&self, node: usize, frames: usize) -> View<'_> {
        let ring = &self.rings[node];
        ring[((self.made - 1) % ring.len() as u64) as usize].view(frames)
    }

    /// What it carries out.
    pub fn plan(&self) -> &Arc<crate::plan::Plan> {
        &self.plan
    }
}

/// How late the signal is wherever a node looks at the song.
fn latenesses(node: &Node) -> Vec<i64> {
    let mut all = vec![node.arrival as i64, (node.arrival + node.sample_delay) as i64];
    all.extend(node.inserts.iter().map(|insert| insert.lateness));
    all.extend(node.inserts.iter().filter_map(|insert| insert.key.as_ref().map(|key| key.way.lateness)));
    all.push(late(&node.inserts, node.arrival) as i64);
    match &node.entry {
        Entry::Sum { inputs, .. } => all.extend(inputs.iter().map(|input| input.way.lateness)),
        Entry::Level(level) => all.push(level.0.way.lateness),
        _ => {}
    }
    all
}
