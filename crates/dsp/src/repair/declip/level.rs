//! Finding the level at which a recording was clipped.

/// Samples of a flat top differ by less than this part of the level.
const FLAT: f32 = 1e-4;
/// Flat tops lie no farther from the level than this.
const SAME: f32 = 1e-3;
/// Nothing below −40 dB was clipped.
const QUIETEST: f32 = 0.01;
/// The edge of a flat top has more than so many steps of the numbers that the sound is written in: in few bits the
/// crest of a slow wave is flat. At least the steps of 16 bits count, which scaling may have hidden.
const STEPS: f32 = 3.5;
/// How many flat tops of three samples and more it takes.
const ENOUGH: u32 = 2;

/// A level that was proven once counts wherever the loudest samples differ from it by no more than this part, however
/// short their tops are.
const AGAIN: f32 = 2e-5;

/// What was heard of one side (above or below zero) in one hop.
#[derive(Clone, Copy, Debug, Default)]
struct Heard {
    most: f32,
    /// Flat tops at the most.
    flat: u32,
    /// The lowest sample of them.
    least: f32,
}

/// Where one side of a sound was cut.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Level {
    /// What reaches this was cut; infinite where nothing was.
    pub from: f32,
    /// What is louder than this was not cut at that level.
    pub top: f32,
}

impl Level {
    pub(super) const NONE: Level = Level { from: f32::INFINITY, top: f32::INFINITY };

    /// The level whose flat tops reach from `least` to `most`.
    fn of(least: f32, most: f32) -> Self {
        // Tops that wander have wandered farther down where nobody saw it.
        let from = (least - (most - least)).max(most * (1.0 - SAME)).min(most * (1.0 - 0.5 * AGAIN));
        Level { from, top: most * (1.0 + SAME) }
    }

    pub(super) fn is_found(self) -> bool {
        self.from.is_finite()
    }
}

/// Listens for flat tops, above and below.
#[derive(Debug)]
pub(super) struct Ceiling {
    /// The last hops of both sides, in a ring.
    heard: Vec<[Heard; 2]>,
    next: usize,
    levels: [Level; 2],
    /// The level that flat tops have proven last, on either side, while nothing louder has come; 0 for none.
    proven: [f32; 2],
}

impl Ceiling {
    /// Remembers that many hops.
    pub(super) fn new(hops: usize) -> Self {
        Ceiling { heard: vec![[Heard::default(); 2]; hops], next: 0, levels: [Level::NONE; 2], proven: [0.0; 2] }
    }

    pub(super) fn reset(&mut self) {
        self.heard.fill([Heard::default(); 2]);
        self.next = 0;
        self.levels = [Level::NONE; 2];
        self.proven = [0.0; 2];
    }

    /// The levels found last, above and below.
    pub(super) fn levels(&self) -> [Level; 2] {
        self.levels
    }

    /// Hears a hop.
    pub(super) fn hear(&mut self, hop: &[f32]) -> [Level; 2] {
        self.heard[self.next] = [listen(hop, 1.0), listen(hop, -1.0)];
        self.next = (self.next + 1) % self.heard.len();
        let mut most = [0.0_f32; 2];
        for side in 0..2 {
            most[side] = self.heard.iter().map(|heard| heard[side].most).fold(0.0, f32::max);
            let (mut flat, mut least) = (0, most[side]);
            for heard in self.heard.iter().map(|heard| heard[side]) {
                if heard.flat > 0 && heard.most >= most[side] * (1.0 - SAME) {
                    flat += heard.flat;
                    least = least.min(heard.least);
                }
            }
            self.levels[side] = Level::NONE;
            if flat >= ENOUGH && most[side] >= QUIETEST {
                self.levels[side] = Level::of(least, most[side]);
                self.proven[side] = most[side];
            } else if most[side] > self.proven[side] * (1.0 + SAME) {
                self.proven[side] = 0.0;
            }
        }
        for (level, most) in self.levels.iter_mut().zip(most) {
            let again = |proven: f32| proven > 0.0 && (most - proven).abs() <= AGAIN * proven;
            if !level.is_found() && self.proven.iter().any(|proven| again(*proven)) {
                *level = Level::of(most * (1.0 - AGAIN), most);
            }
        }
        self.levels
    }
}

/// A flat top has three samples or more that hardly differ, and an edge: the wave arrives or leaves much faster than
/// it moves on top. (The crest of a slow sine is flat too, but has no edge.)
fn listen(hop: &[f32], side: f32) -> Heard {
    let most = hop.iter().map(|x| x * side).fold(0.0, f32::max);
    let mut heard = Heard { most, flat: 0, least: most };
    if most < QUIETEST {
        return heard;
    }
    let step = |pair: &[f32]| (pair[1] - pair[0]).abs();
    let fits = |grid: &f32| hop.iter().all(|x| (x / grid).fract() == 0.0);
    let grid = (1..15).map(|bits| 0.5_f32.powi(bits)).find(fits).unwrap_or(0.5_f32.powi(15));
    let least = (4.0 * FLAT * most).max(STEPS * grid);
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
            let moves = run.windows(2).map(step).fold(0.0, f32::max);
            let edge = (hop[at] - hop[at - 1]).abs().max((hop[end] - hop[end - 1]).abs());
            if moves <= FLAT * most && edge >= least.max(10.0 * moves) {
                heard.flat += 1;
                heard.least = run.iter().map(|x| x * side).fold(heard.least, f32::min);
            }
        }
        at = end;
    }
    heard
}
