//! What [`compile()`](crate::compile()) makes of songs: an immutable list of what is done in which order.

use std::fmt;
use std::sync::Arc;

use tonmeister_core::{Layout, Memory, Tail};
use tonmeister_session::model::{Channels, PanLaw, Strip, Tap};

use crate::clip::PlacedClip;
use crate::follow::{Hearing, Moved};
use crate::name::Name;

/// Everything a render does, decided. Prints as text.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Frames per second.
    pub sample_rate: u32,
    /// The longest block the executor may be asked for.
    pub max_block: usize,
    /// What comes out: the mix of the first song, its stems, the mix of the second, and so on.
    pub outputs: Vec<PlanOutput>,
    /// In an order in which every node comes after what it listens to.
    pub nodes: Vec<PlanNode>,
}

/// A mix or a stem that is delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanOutput {
    /// The name of the song or version.
    pub version: String,
    /// What of it.
    pub part: Part,
    /// The place in [`Plan::nodes`] of the one that makes it.
    pub node: usize,
    /// By how many frames it is late; the renderer takes them off again.
    pub latency: u64,
    /// Frames until the last clip has ended, or what `length_s` asks for.
    pub frames: u64,
    /// How long the song may sound on after that. Zero when `length_s` fixes the length.
    pub tail: u64,
    /// Whether some effect would sound for ever, so that the tail had to be cut.
    pub endless: bool,
    /// Whether nothing at all leads into it: everything that would is muted.
    pub silent: bool,
    /// The place in [`Plan::outputs`] of an earlier one that it lies beside: a stem's mix, a version's mix of the song.
    pub beside: Option<usize>,
}

/// What is delivered of a song.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// All of it, through the master.
    Mix,
    /// The stem of that id.
    Stem(String),
    /// What enters the master: what stems before the master add up to.
    Sum,
}

/// A strip or a part of one, with what it listens to and what it does.
#[derive(Clone, Debug)]
pub struct PlanNode {
    /// What it makes, by content.
    pub name: Name,
    /// The strip's id in the document; `master` for the master.
    pub strip: String,
    /// Nodes of one stage do not listen to each other: they may run side by side.
    pub stage: usize,
    /// What leaves the inserts.
    pub layout: Layout,
    /// How late the signal is when it enters the inserts.
    pub arrival: u64,
    /// What the inserts add to that.
    pub latency: u64,
    /// How long it sounds on after the last clip, with all that it listens to.
    pub tail: Tail,
    /// How many frames the levels that are followed on the way to it look back.
    pub looks_back: u64,
    /// How far back it remembers, with all that it listens to: behind so long a pre-roll a render from the middle has the
    /// bits of the whole.
    pub memory: Memory,
    /// Where its signal comes from.
    pub entry: Entry,
    /// Who is summed here.
    pub inputs: Vec<PlanEdge>,
    /// What is done, in order.
    pub inserts: Vec<PlanInsert>,
    /// The layout of what enters.
    pub(crate) before: Layout,
    /// Its own fader works here: it is a master, and nobody sums it.
    pub(crate) ends: Option<PanLaw>,
    pub(crate) values: Arc<Strip>,
    pub(crate) clips: Vec<PlacedClip>,
    /// The levels that its own lanes follow.
    pub(crate) controls: Vec<PlanControl>,
    /// How it hears its one input's level, where that is all it does.
    pub(crate) hearing: Option<Hearing>,
}

/// A level that a lane follows.
#[derive(Clone, Debug)]
pub(crate) struct PlanControl {
    /// The node that hears it.
    pub(crate) from: usize,
    /// By how many frames it waits for the signal that it moves.
    pub(crate) delay: u64,
    pub(crate) moved: Moved,
}

/// Where the signal of a node comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// From a track's clips.
    Clips,
    /// From the sum of its inputs.
    Sum,
    /// From the part of the strip before it, its one input, as it is.
    Through,
    /// From an earlier render that was kept.
    Kept,
    /// It is no sound but the level of its one input, for automation to follow.
    Level,
}

/// A signal path from one node to another.
#[derive(Clone, Debug)]
pub struct PlanEdge {
    /// The place of the source in [`Plan::nodes`].
    pub from: usize,
    /// What it is.
    pub path: Path,
    /// By how many frames it waits for the slowest path into the same node.
    pub delay: u64,
    /// By how many frames it waits before that for what moves its gains.
    pub(crate) wait: u64,
    /// The levels that its gains follow.
    pub(crate) controls: Vec<PlanControl>,
    /// The strip whose fader and sends are on the way, as this song sets them.
    pub(crate) strip: Arc<Strip>,
    pub(crate) law: PanLaw,
}

/// Which way a signal leaves a strip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Path {
    /// The strip's output, after fader and pan.
    Output,
    /// The send at that place of the strip.
    Send(usize, Tap),
    /// Straight from one part of a strip to the next, or to a side-chain.
    Through,
    /// After fader and pan, to a side-chain.
    Key {
        /// Whether the strip's mute does not reach it.
        muted: bool,
    },
}

/// A processor of a strip.
#[derive(Clone, Debug)]
pub struct PlanInsert {
    /// Its id inside the strip.
    pub id: String,
    /// Its place in the strip's list of inserts.
    pub place: usize,
    /// What it adds to the latency.
    pub latency: u64,
    /// The latency of the inserts before it in this node.
    pub before: u64,
    /// What it is heard in.
    pub layout: Layout,
    /// The part of it that it works on.
    pub channels: Channels,
    /// What it listens to instead of its own signal.
    pub key: Option<PlanEdge>,
    /// The place in [`Plan::nodes`] of the node whose first insert is the same, hears the same at the same time, and so
    /// lends it its gains: it need not listen itself.
    pub lender: Option<usize>,
}

impl Plan {
    /// Whether there is so little to do per block that one core does it fastest.
    pub(crate) fn is_light(&self) -> bool {
        let inserts: usize = self.nodes.iter().map(|node| node.inserts.len()).sum();
        self.nodes.len() + inserts < 4
    }

    /// How late the signal is when it leaves the inserts of a node.
    pub(crate) fn departure(&self, node: usize) -> u64 {
        self.nodes[node].arrival + self.nodes[node].latency
    }

    /// Whether a node's strip ends in it, and does not go on in another part. A level is no strip.
    pub fn is_end(&self, node: usize) -> bool {
        let goes_on = |other: &PlanNode| other.entry == Entry::Through && other.inputs[0].from == node;
        self.nodes[node].entry != Entry::Level && !self.nodes.iter().any(goes_on)
    }

    /// The output that this one lies beside in the end: the mix of the song, or itself. All that lie beside one are as long
    /// as the longest of them, but for that one, which does not depend on what is made with it.
    pub fn lies_beside(&self, mut output: usize) -> usize {
        while let Some(other) = self.outputs[output].beside {
            output = other;
        }
        output
    }

    /// How far back the outputs remember: a render that begins so long before a place has the bits there that the whole
    /// has. [`Memory::Endless`] where an effect never forgets, or is automated: then only a render from the song's start
    /// has them for certain.
    pub fn memory(&self) -> Memory {
        self.outputs.iter().map(|output| self.nodes[output.node].memory).fold(Memory::NONE, Memory::or)
    }

    /// The part of that which levels have that automation follows. 0 where none is followed.
    pub fn looks_back(&self) -> u64 {
        self.outputs.iter().map(|output| self.nodes[output.node].looks_back).max().unwrap_or(0)
    }

    /// How late a signal is where its gains work on it.
    pub(crate) fn lateness(&self, edge: &PlanEdge) -> i64 {
        (self.departure(edge.from) + edge.wait) as i64
    }

    /// Frames that are made of each node before everything is out.
    pub(crate) fn total(&self) -> u64 {
        self.outputs.iter().map(|output| output.latency + output.frames + output.tail).max().unwrap_or(0)
    }
}

impl fmt::Display for Plan {
    /// A line per output, then one per node: stage, name, how late, what it sums and what it does.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for output in &self.outputs {
            if self.outputs.len() > 1 {
                let (version, node) = (&output.version, output.node);
                match &output.part {
                    Part::Mix => write!(f, "{version} = {node}: ")?,
                    Part::Stem(stem) => write!(f, "{version}/{stem} = {node}: ")?,
                    Part::Sum => write!(f, "{version} before its master = {node}: ")?,
                }
            }
            let (frames, tail, latency) = (output.frames, output.tail, output.latency);
            writeln!(f, "{} Hz, {frames} frames + {tail} of tail, latency {latency}", self.sample_rate)?;
        }
        for (place, node) in self.nodes.iter().enumerate() {
            let layout = if node.layout == Layout::Mono { "mono" } else { "stereo" };
            if self.outputs.len() > 1 {
                write!(f, "{place}: ")?;
            }
            write!(f, "{} {} [{layout}] at {}", node.stage, node.strip, node.arrival)?;
            if node.entry == Entry::Kept {
                write!(f, " kept")?;
            }
            for clip in &node.clips {
                write!(f, " <- \"{}\" {}..{} from {}", clip.audio, clip.start, clip.end(), clip.offset)?;
            }
            for edge in &node.inputs {
                let path = match edge.path {
                    Path::Output => "",
                    Path::Send(_, Tap::Post) => " post",
                    Path::Send(_, Tap::Pre) => " pre",
                    Path::Through => " through",
                    Path::Key { .. } => " key",
                };
                write!(f, " <- {}{path}", self.nodes[edge.from].strip)?;
                if edge.wait + edge.delay > 0 {
                    write!(f, " +{}", edge.wait + edge.delay)?;
                }
                for control in &edge.controls {
                    write!(f, " moved by {}", self.nodes[control.from].strip)?;
                }
            }
            for insert in &node.inserts {
                write!(f, " | {}", insert.id)?;
                if insert.channels != Channels::Stereo {
                    write!(f, " on {}", insert.channels.word())?;
                }
                if insert.latency > 0 {
                    write!(f, " ({})", insert.latency)?;
                }
                if let Some(PlanEdge { from, path, delay, .. }) = &insert.key {
                    let tap = match path {
                        Path::Key { muted: true } => " post, muted too",
                        Path::Key { muted: false } => " post",
                        _ if !self.is_end(*from) => " pre-inserts",
                        _ => "",
                    };
                    write!(f, " keyed by {}{tap} +{delay}", self.nodes[*from].strip)?;
                }
            }
            for control in &node.controls {
                write!(f, " | moved by {}", self.nodes[control.from].strip)?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}
