//! Runs a plan: in order for one thread and for live use, or as a pipeline over all cores.
//!
//! In the pipeline, every stage works on a block of its own at the same time: while the master makes block *n*, the
//! buses make block *n*+1 and the tracks *n*+2. Nobody writes what another reads in the same tick, so there is one
//! barrier per tick, no lock, and no way for the number of threads to change a bit.

use std::sync::Arc;

use rayon::prelude::*;
use tonmeister_core::{Buffer, GainReduction, Layout, LentGains, Levels, View};

use crate::clip::Library;
use crate::compile::{Compiled, EngineError};
use crate::kept::{Shape, Shelf};
use crate::live::Timeline;
use crate::node::{Node, Signals};
use crate::plan::{Plan, PlanOutput};
use crate::trim::Trimmer;

/// How to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RenderOptions {
    /// Worker threads; 0 takes every core. The sound does not depend on it.
    pub threads: usize,
    /// Frames per block, 1 to [`crate::MAX_BLOCK`]. The sound does not depend on it.
    pub block: usize,
}

impl Default for RenderOptions {
    /// Every core, blocks of 4096 frames.
    fn default() -> Self {
        RenderOptions { threads: 0, block: crate::MAX_BLOCK }
    }
}

/// A stretch of the song to render instead of all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The first frame that is delivered.
    pub from: u64,
    /// The frame behind the last.
    pub to: u64,
    /// How many frames before that the render begins, so that delays, filters, detectors and reverbs hold what they
    /// would hold. What remembers no further back than this gives the very bits of a render from the start; what swings
    /// by itself (a chorus) stands where it would stand there, unless its rate is automated.
    pub pre_roll: u64,
}

/// What a render came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Rendered {
    /// How many frames were delivered of each output.
    pub frames: Vec<u64>,
    /// What every dynamics processor on the way to the first output did: "drums/compressor" and its gain reduction.
    pub gain_reductions: Vec<(String, GainReduction)>,
    /// What every meter on the way to the first output heard: "drums/meter" and its levels.
    pub levels: Vec<(String, Levels)>,
}

/// What takes an output, block by block.
pub type Sink<'s, E> = Box<dyn FnMut(View<'_>) -> Result<(), E> + Send + 's>;

/// A plan with its processors and what they remember.
pub struct Executor {
    pub(crate) plan: Arc<Plan>,
    pub(crate) nodes: Vec<Node>,
    /// Per node, the blocks that somebody still has to read.
    pub(crate) rings: Vec<Vec<Buffer>>,
    /// The same for the gains that a node lends, where it does.
    lent: Vec<Vec<LentGains>>,
    block: usize,
    pub(crate) made: u64,
    /// Live only: the order in which the song is heard, and how late signals are in its nodes.
    pub(crate) timeline: Timeline,
    pub(crate) late: Vec<i64>,
}

impl std::fmt::Debug for Executor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Executor").field("plan", &self.plan).field("made", &self.made).finish_non_exhaustive()
    }
}

/// The rings as they are read while block `block` is made.
struct AtBlock<'a> {
    rings: &'a [Vec<Buffer>],
    lent: &'a [Vec<LentGains>],
    block: u64,
    frames: usize,
}

impl Signals for AtBlock<'_> {
    fn of(&self, node: usize) -> View<'_> {
        let ring = &self.rings[node];
        ring[(self.block % ring.len() as u64) as usize].view(self.frames)
    }

    fn gains(&self, node: usize) -> &LentGains {
        let ring = &self.lent[node];
        &ring[(self.block % ring.len() as u64) as usize]
    }
}

impl Executor {
    /// Ready to make the first block, of at most `block` frames.
    ///
    /// # Panics
    /// When `block` is 0 or more than [`crate::MAX_BLOCK`].
    pub fn new(compiled: Compiled, library: &Arc<dyn Library>, block: usize) -> Self {
        let Compiled { plan, processors, kept } = compiled;
        assert!((1..=plan.max_block).contains(&block), "blocks have 1 to {} frames", plan.max_block);
        let mut nodes: Vec<Node> = processors
            .into_iter()
            .zip(kept)
            .enumerate()
            .map(|(place, makers)| Node::new(&plan, place, makers, library, block))
            .collect();
        let readers = |place: usize| plan.nodes.iter().filter(move |node| node.heard().any(|from| from == place));
        let slots: Vec<usize> = (nodes.iter().enumerate())
            .map(|(place, node)| readers(place).map(|reader| reader.stage - node.stage).max().unwrap_or(1))
            .collect();
        let rings = plan.nodes.iter().zip(&slots).map(|(node, slots)| vec![Buffer::new(node.layout, block); *slots]);
        let rings = rings.collect();
        for lender in plan.nodes.iter().flat_map(|node| &node.inserts).filter_map(|insert| insert.lender) {
            nodes[lender].lent = Some(nodes[lender].room_for_gains(block));
        }
        let lent = nodes.iter().zip(slots);
        let lent = lent.map(|(node, slots)| node.lent.iter().cycle().take(slots).cloned().collect()).collect();
        Executor { plan, nodes, rings, lent, block, made: 0, timeline: Timeline::STRAIGHT, late: Vec::new() }
    }

    /// Keeps what is worth keeping of this render on a shelf, for the next one.
    pub fn keep_on(&mut self, shelf: &dyn Shelf) {
        let (rate, total) = (self.plan.sample_rate, self.total());
        for (node, plan) in self.nodes.iter_mut().zip(&self.plan.nodes) {
            if plan.entry != crate::plan::Entry::Kept && plan.is_worth_keeping() {
                node.keep(shelf.keep(&plan.name, Shape { sample_rate: rate, layout: plan.layout, frames: total }));
            }
        }
    }

    /// Frames that a whole render makes of every node.
    fn total(&self) -> u64 {
        self.plan.total().div_ceil(self.block as u64) * self.block as u64
    }

    /// Makes the next block in order, on this thread. [`Executor::output`] lends what came of it, late by the output's
    /// latency.
    ///
    /// # Panics
    /// When `frames` is 0 or more than the executor was made for.
    pub fn next_block(&mut self, frames: usize) -> Result<(), EngineError> {
        assert!((1..=self.block).contains(&frames), "blocks have 1 to {} frames", self.block);
        for place in 0..self.nodes.len() {
            let node = &mut self.nodes[place];
            node.process(frames, &AtBlock { rings: &self.rings, lent: &self.lent, block: self.made, frames });
            publish(node, (&mut self.rings[place], &mut self.lent[place]), self.made);
        }
        self.made += 1;
        self.check()
    }

    /// The block that was made last, of that output.
    ///
    /// # Panics
    /// When no block was made yet, or there is no such output.
    pub fn output(&self, output: usize, frames: usize) -> View<'_> {
        let ring = &self.rings[self.plan.outputs[output].node];
        ring[((self.made - 1) % ring.len() as u64) as usize].view(frames)
    }

    /// Renders everything and hands each output to its sink, block by block, the latency taken off.
    ///
    /// `threads` 0 takes every core, except for a song so small (a track or two without inserts) that handing blocks
    /// around would cost more than it gains.
    ///
    /// After the last clip an output goes on until it has fallen below −120 dBFS for good, or its tail is over; one that lies
    /// beside others, until the longest of them has.
    ///
    /// # Panics
    /// When there are not as many sinks as outputs.
    pub fn render<E: From<EngineError> + Send>(self, threads: usize, sinks: Vec<Sink<'_, E>>) -> Result<Rendered, E> {
        assert_eq!(sinks.len(), self.plan.outputs.len(), "every output needs its sink");
        let trimmers = sinks
            .into_iter()
            .zip(&self.plan.outputs)
            .map(|(sink, output)| Trimmer::new(Layout::Stereo, output.latency, output.frames, output.tail, sink))
            .collect();
        let blocks = self.total() / self.block as u64;
        self.run(threads, blocks, trimmers)
    }

    /// Renders a stretch of everything, of exactly that length. Nothing of it is kept.
    ///
    /// # Panics
    /// When there are not as many sinks as outputs, or the stretch ends before it begins.
    pub fn render_span<E: From<EngineError> + Send>(
        self,
        threads: usize,
        span: Span,
        sinks: Vec<Sink<'_, E>>,
    ) -> Result<Rendered, E> {
        let lengths = vec![(span.to.saturating_sub(span.from), 0); sinks.len()];
        self.span(threads, span, lengths, sinks)
    }

    /// The same for what is to be heard: behind its last clip an output goes on only as far as it does in the whole
    /// ([`Executor::render`]).
    ///
    /// # Panics
    /// As [`Executor::render_span`] does.
    pub fn render_stretch<E: From<EngineError> + Send>(
        self,
        threads: usize,
        span: Span,
        sinks: Vec<Sink<'_, E>>,
    ) -> Result<Rendered, E> {
        let length = |output: &PlanOutput| {
            let frames = span.to.min(output.frames + output.tail).saturating_sub(span.from);
            let sure = span.to.min(output.frames).saturating_sub(span.from);
            (sure, frames - sure)
        };
        let lengths = self.plan.outputs.iter().map(length).collect();
        self.span(threads, span, lengths, sinks)
    }

    /// A stretch, with the frames of each output that are certain and those that may come if they sound.
    fn span<E: From<EngineError> + Send>(
        mut self,
        threads: usize,
        span: Span,
        lengths: Vec<(u64, u64)>,
        sinks: Vec<Sink<'_, E>>,
    ) -> Result<Rendered, E> {
        assert_eq!(sinks.len(), self.plan.outputs.len(), "every output needs its sink");
        assert!(span.from <= span.to, "a stretch ends behind its beginning");
        let start = span.from.saturating_sub(span.pre_roll);
        for (node, plan) in self.nodes.iter_mut().zip(&self.plan.nodes) {
            node.keep(None);
            node.start_at(start).map_err(|e| EngineError::new(&plan.strip, e.message).at(&plan.strip))?;
        }
        let plan = Arc::clone(&self.plan);
        let late = |output: &PlanOutput| output.latency + span.from - start;
        let frames = plan.outputs.iter().map(|o| late(o) + span.to - span.from).max().unwrap_or(0);
        let blocks = frames.div_ceil(self.block as u64);
        let trimmers = sinks.into_iter().zip(&plan.outputs).zip(lengths);
        let trimmers = trimmers
            .map(|((sink, output), (sure, tail))| Trimmer::new(Layout::Stereo, late(output), sure, tail, sink))
            .collect();
        self.run(threads, blocks, trimmers)
    }

    fn run<E: From<EngineError> + Send>(
        mut self,
        threads: usize,
        blocks: u64,
        mut trimmers: Vec<Trimmer<Sink<'_, E>>>,
    ) -> Result<Rendered, E> {
        if threads == 1 || (threads == 0 && self.plan.is_light()) {
            for _ in 0..blocks {
                self.next_block(self.block)?;
                for (output, trimmer) in trimmers.iter_mut().enumerate() {
                    trimmer.push(self.output(output, self.block))?;
                }
            }
        } else {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .map_err(|e| EngineError::new("the render", format!("no worker threads could be started: {e}")))?;
            pool.install(|| self.pipeline(blocks, &mut trimmers))?;
        }
        self.nodes.iter_mut().for_each(Node::end);
        // What falls silent sooner than what it lies beside goes on as it is, so that they add up to the last frame.
        let longest = |plan: &Plan, trimmers: &[Trimmer<Sink<'_, E>>], root: usize| {
            let beside = trimmers.iter().enumerate().filter(|(output, _)| plan.lies_beside(*output) == root);
            beside.map(|(_, trimmer)| trimmer.delivered()).max().unwrap_or(0)
        };
        for output in 0..trimmers.len() {
            let root = self.plan.lies_beside(output);
            if root != output {
                let frames = longest(&self.plan, &trimmers, root);
                trimmers[output].reach(frames)?;
            }
        }
        let frames = trimmers.iter().map(Trimmer::delivered).collect();
        Ok(Rendered { frames, gain_reductions: self.gain_reductions(), levels: self.levels() })
    }

    /// All stages at once, each on its own block, while the sinks take the blocks that were finished before.
    fn pipeline<E: From<EngineError> + Send>(
        &mut self,
        blocks: u64,
        trimmers: &mut [Trimmer<Sink<'_, E>>],
    ) -> Result<(), E> {
        let last_stage = self.nodes.iter().map(|n| n.stage).max().unwrap_or(0) as u64;
        let frames = self.block;
        let plan = Arc::clone(&self.plan);
        for tick in 0..=blocks + last_stage {
            let at_stage = |stage: u64| tick.checked_sub(stage).filter(|b| *b < blocks);
            let (nodes, rings, lent) = (&mut self.nodes, &self.rings, &self.lent);
            let ((), delivered) = rayon::join(
                || {
                    nodes.par_iter_mut().with_max_len(1).for_each(|node| {
                        if let Some(block) = at_stage(node.stage as u64) {
                            node.process(frames, &AtBlock { rings, lent, block, frames });
                        }
                    });
                },
                || {
                    trimmers.par_iter_mut().zip(&plan.outputs).with_max_len(1).try_for_each(|(trimmer, output)| {
                        match at_stage(plan.nodes[output.node].stage as u64 + 1) {
                            Some(block) => trimmer.push(AtBlock { rings, lent, block, frames }.of(output.node)),
                            None => Ok(()),
                        }
                    })
                },
            );
            delivered?;
            for ((node, ring), lent) in self.nodes.iter_mut().zip(&mut self.rings).zip(&mut self.lent) {
                if let Some(block) = at_stage(node.stage as u64) {
                    publish(node, (ring, lent), block);
                }
            }
            self.check()?;
        }
        Ok(())
    }

    fn check(&self) -> Result<(), EngineError> {
        for (node, plan) in self.nodes.iter().zip(&self.plan.nodes) {
            if let Some(error) = &node.failed {
                return Err(EngineError::new(format!("track `{}`", plan.strip), error.message.clone()).at(&plan.strip));
            }
        }
        Ok(())
    }

    /// What the insert of a node does to the level, where it is a dynamics processor: both are places in the plan. Allocates
    /// nothing, so that an audio thread may ask.
    pub fn gain_reduction(&self, node: usize, insert: usize) -> Option<GainReduction> {
        self.nodes[node].gain_reduction(insert)
    }

    /// What every dynamics processor on the way to the first output has done so far, under its address.
    pub fn gain_reductions(&self) -> Vec<(String, GainReduction)> {
        self.told(|node| node.gain_reductions().collect())
    }

    /// What every meter on the way to the first output has heard so far, under its address.
    pub fn levels(&self) -> Vec<(String, Levels)> {
        self.told(|node| node.levels().collect())
    }

    /// What the inserts on the way to the first output tell, each under its address.
    fn told<T>(&self, of: impl Fn(&Node) -> Vec<(usize, T)>) -> Vec<(String, T)> {
        let mut heard = vec![false; self.nodes.len()];
        heard[self.plan.outputs[0].node] = true;
        for place in (0..self.nodes.len()).rev() {
            if heard[place] {
                self.plan.nodes[place].inputs.iter().for_each(|edge| heard[edge.from] = true);
            }
        }
        let nodes = self.nodes.iter().zip(&self.plan.nodes).zip(heard).filter(|(_, heard)| *heard);
        let under = |plan: &crate::plan::PlanNode, insert: usize| format!("{}/{}", plan.strip, plan.inserts[insert].id);
        let told =
            nodes.flat_map(|((node, plan), _)| of(node).into_iter().map(move |(i, told)| (under(plan, i), told)));
        told.collect()
    }
}

/// What a node has made becomes readable, in exchange for a buffer nobody reads any more.
fn publish(node: &mut Node, (ring, lent): (&mut [Buffer], &mut [LentGains]), block: u64) {
    let slot = (block % ring.len() as u64) as usize;
    std::mem::swap(&mut node.fresh, &mut ring[slot]);
    if let Some(gains) = &mut node.lent {
        std::mem::swap(gains, &mut lent[slot]);
    }
}
