//! What [`compile()`](crate::compile()) makes of a song: an immutable list of what is done in which order.

use std::fmt;

use tonmeister_core::{Layout, Tail};
use tonmeister_session::model::{Channels, PanLaw, Strip, Tap};

use crate::clip::PlacedClip;

/// Everything a render does, decided. Prints as text.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Frames per second.
    pub sample_rate: u32,
    /// The longest block the executor may be asked for.
    pub max_block: usize,
    /// Frames until the last clip has ended, or what `length_s` asks for.
    pub frames: u64,
    /// How long the song may sound on after that. Zero when `length_s` fixes the length.
    pub tail: u64,
    /// Whether some effect would sound for ever, so that the tail had to be cut.
    pub endless: bool,
    /// By how many frames the sum is late; the renderer takes it off again.
    pub latency: u64,
    /// In an order in which every node comes after what it listens to. The last one is the master.
    pub nodes: Vec<PlanNode>,
    pub(crate) pan_law: PanLaw,
}

/// A strip, with what it listens to and what it does.
#[derive(Clone, Debug)]
pub struct PlanNode {
    /// The id in the document; `master` for the master.
    pub name: String,
    /// Nodes of one stage do not listen to each other: they may run side by side.
    pub stage: usize,
    /// What leaves the inserts.
    pub layout: Layout,
    /// How late the signal is when it enters the inserts.
    pub arrival: u64,
    /// What the inserts add to that.
    pub latency: u64,
    /// How long the strip sounds on after its input.
    pub tail: Tail,
    /// Who is summed here.
    pub inputs: Vec<PlanEdge>,
    /// What is done, in order.
    pub inserts: Vec<PlanInsert>,
    pub(crate) entry: Layout,
    pub(crate) strip: Strip,
    pub(crate) clips: Vec<PlacedClip>,
}

/// A signal path from one node to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlanEdge {
    /// The place of the source in [`Plan::nodes`].
    pub from: usize,
    /// What it is.
    pub path: Path,
    /// By how many frames it waits for the slowest path into the same node.
    pub delay: u64,
}

/// Which way a signal leaves a strip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Path {
    /// The strip's output, after fader and pan.
    Output,
    /// The send at that place of the strip.
    Send(usize, Tap),
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
    /// The latency of the inserts before it.
    pub before: u64,
    /// What it is heard in.
    pub layout: Layout,
    /// The part of it that it works on.
    pub channels: Channels,
    /// The node whose signal before the fader drives its side-chain, and by how much that is delayed.
    pub key: Option<(usize, u64)>,
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
}

impl fmt::Display for Plan {
    /// One line per node: stage, name, how late, what it sums and what it does.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} Hz, {} frames + {} of tail, latency {}",
            self.sample_rate, self.frames, self.tail, self.latency
        )?;
        for node in &self.nodes {
            let layout = if node.layout == Layout::Mono { "mono" } else { "stereo" };
            write!(f, "{} {} [{layout}] at {}", node.stage, node.name, node.arrival)?;
            for clip in &node.clips {
                write!(f, " <- \"{}\" {}..{} from {}", clip.audio, clip.start, clip.end(), clip.offset)?;
            }
            for edge in &node.inputs {
                let path = match edge.path {
                    Path::Output => "",
                    Path::Send(_, Tap::Post) => " post",
                    Path::Send(_, Tap::Pre) => " pre",
                };
                write!(f, " <- {}{path}", self.nodes[edge.from].name)?;
                if edge.delay > 0 {
                    write!(f, " +{}", edge.delay)?;
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
                if let Some((from, delay)) = insert.key {
                    write!(f, " keyed by {} +{delay}", self.nodes[from].name)?;
                }
            }
            writeln!(f)?;
        }
        Ok(())
    }
}
