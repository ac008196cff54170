//! Finding the level at which a recording was clipped.

/// Samples of a flat top differ by less than this part of the level.
const FLAT: f32 = 1e-4;
/// Flat tops lie no farther from the level than this.
const SAME: f32 = 1e-3;
/// Nothing below −40 dB was clipped.
const QUIETEST: f32 = 0.01;
/// How many flat tops of three samples and more it takes.
const ENOUGH: u32 = 2;

/// What was heard of one side (above or below zero) in one hop.
#[derive(Clone, Copy, Debug, Default)]
struct Heard {
    most: f32,
    /// Flat tops at the most.
    flat: u32,
}

/// Listens for flat tops, above and below.
#[derive(Debug)]
pub(super) struct Ceiling {
    /// The last hops of both sides, in a ring.
    heard: Vec<[Heard; 2]>,
    next: usize,
    levels: [f32; 2],
}

impl Ceiling {
    /// Remembers that many hops.
    pub(super) fn new(hops: usize) -> Self {
        Ceiling { heard: vec![[Heard::default(); 2]; hops], next: 0, levels: [f32::INFINITY; 2] }
    }

    pub(super) fn reset(&mut self) {
        self.heard.fill([Heard::default(); 2]);
        self.next = 0;
        self.levels = [f32::INFINITY; 2];
    }

    /// The levels found last, above and below; infinite where nothing is clipped.
    pub(super) fn levels(&self) -> [f32; 2] {
        self.levels
    }

    /// Hears a hop.
    pub(super) fn hear(&mut self, hop: &[f32]) -> [f32; 2] {
        self.heard[self.next] = [listen(hop, 1.0), listen(hop, -1.0)];
        self.next = (self.next + 1) % self.heard.len();
        for (side, level) in self.levels.iter_mut().enumerate() {
            let most = self.heard.iter().map(|heard| heard[side].most).fold(0.0, f32::max);
            let at_most = |heard: &&[Heard; 2]| heard[side].most >= most * (1.0 - SAME);
            let flat: u32 = self.heard.iter().filter(at_most).map(|heard| heard[side].flat).sum();
            *level = if flat >= ENOUGH && most >= QUIETEST { most * (1.0 - SAME) } else { f32::INFINITY };
        }
        self.levels
    }
}

/// A flat top has three samples or more that hardly differ, and an edge: the wave arrives or leaves much faster than
/// it moves on top. (The crest of a slow sine is flat too, but has no edge.)
fn listen(hop: &[f32], side: f32) -> Heard {
    let most = hop.iter().map(|x| x * side).fold(0.0, f32::max);
    let mut heard = Heard { most, flat: 0 };
    if most < QUIETEST {
        return heard;
    }
    let top = most * (1.0 - SAME);
    let mut at = 1;
    while at + 1 < hop.len() {
        if hop[at] * side < top {
            at += 1;
            continue;
        }
        let end = at + hop[at..].iter().take_while(|x| **x * side >= top).count();
        let run = &hop[at..end];
        if run.len() >= 3 && end < hop.len() {
            // Inside the run: its first and last sample may already be on the slope.
            let steps = run.windows(2).map(|pair| (pair[1] - pair[0]).abs());
            let moves = steps.fold(0.0, f32::max);
            let edge = (hop[at] - hop[at - 1]).abs().max((hop[end] - hop[end - 1]).abs());
            heard.flat += u32::from(moves <= FLAT * most && edge >= (10.0 * moves).max(4.0 * FLAT * most));
        }
        at = end;
    }
    heard
}
