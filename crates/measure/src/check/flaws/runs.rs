//! Runs of one value: gaps, and values that stick.

/// The sound that is kept around a run, in seconds.
const AROUND_S: f64 = 0.03;
/// The shortest run that is looked at.
const SHORTEST_S: f64 = 0.3e-3;
/// The longest: what is silent longer may be meant.
const LONGEST_S: f64 = 0.06;
/// No shorter run than three times this counts.
const HELD: usize = 4;
/// How far the sound would have moved during the run, step by step.
const MOVED: f32 = 2e-3;
/// The last millisecond before a gap, and the first after it, are at least this loud, of the sound around.
const EDGE: f64 = 0.12;
/// The sample before a gap, or the one after it, is at least this far from zero, of the sound around (RMS).
const BREAK: f64 = 0.12;
/// Zero, give or take two steps of 16 bits.
const ZERO: f32 = 6.2e-5;
/// Or the outermost step on a side is this part of the usual one: a wave that is cut where it crosses zero.
const STEP: f32 = 0.7;
/// How different in level both sides may be: the 30 ms around, or the millisecond next to the run.
const APART: f64 = 8.0;
/// The sound around a gap is at least this loud (RMS): −54 dBFS.
const SOUND: f64 = 2e-3;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Zeros.
    Gap,
    /// Another value.
    Stuck,
}

/// A run that is a flaw.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    pub(super) kind: Kind,
    pub(super) from: u64,
    pub(super) frames: u64,
    /// The sound around it, dBFS.
    pub(super) level: f64,
}

/// Finds runs in one channel.
pub(super) struct Runs {
    rate: f64,
    /// The sound from `first` on.
    samples: Vec<f32>,
    first: u64,
    /// Up to which sample runs were looked for.
    looked: usize,
    found: Vec<Run>,
}

impl Runs {
    pub(super) fn new(sample_rate: u32) -> Self {
        Runs { rate: f64::from(sample_rate), samples: Vec::new(), first: 0, looked: 0, found: Vec::new() }
    }

    fn frames(&self, seconds: f64) -> usize {
        (seconds * self.rate) as usize
    }

    pub(super) fn hear(&mut self, more: &[f32]) {
        self.samples.extend_from_slice(more);
        let ahead = self.frames(AROUND_S + LONGEST_S) + 2;
        if self.samples.len() > self.looked + ahead + 8192 {
            self.look(self.samples.len() - ahead);
            let keep = self.frames(AROUND_S) + 2;
            let over = self.looked.saturating_sub(keep);
            self.samples.drain(..over);
            self.first += over as u64;
            self.looked -= over;
        }
    }

    pub(super) fn finish(&mut self) -> Vec<Run> {
        self.look(self.samples.len());
        std::mem::take(&mut self.found)
    }

    /// Looks at every run that starts before `end`.
    fn look(&mut self, end: usize) {
        let shortest = self.frames(SHORTEST_S).max(HELD);
        let mut at = self.looked.max(1);
        while at < end {
            // A run of that length meets every `shortest`-th sample: most are passed over unseen.
            let Some(held) = (at..end.min(self.samples.len() - 1)).find(|n| is_held(&self.samples, *n)) else {
                at = end;
                break;
            };
            let length = self.run(held);
            if length >= shortest && self.found.len() < super::PLACES {
                self.found.extend(self.judged(held, length));
            }
            at = held + length.max(1);
        }
        self.looked = at;
    }

    /// How many samples from `from` on have its value.
    fn run(&self, from: usize) -> usize {
        let value = self.samples[from];
        let zero = value.abs() <= ZERO;
        let on = |s: &&f32| if zero { s.abs() <= ZERO } else { **s == value };
        self.samples[from..].iter().take_while(on).count()
    }

    fn judged(&self, from: usize, length: usize) -> Option<Run> {
        let (around, x) = (self.frames(AROUND_S), &self.samples);
        let to = from + length;
        if length > self.frames(LONGEST_S) || from < around / 3 || to + around / 3 > x.len() {
            return None;
        }
        let before = &x[from.saturating_sub(around)..from];
        let after = &x[to..x.len().min(to + around)];
        let close = self.frames(1e-3);
        let last = &before[before.len().saturating_sub(close)..];
        let next = &after[..close.min(after.len())];
        let level = rms(before).min(rms(after));
        let alike = |a: f64, b: f64| a.max(b) <= APART * a.min(b);
        let kind = if x[from].abs() <= ZERO { Kind::Gap } else { Kind::Stuck };
        // The sound is there on both sides, and about as loud.
        if level < SOUND || !(alike(rms(before), rms(after)) || alike(rms(last), rms(next))) {
            return None;
        }
        // Such a run is none of the sound's own: it is far longer than any held value around it, and the sound would
        // have moved far in that time.
        let own = longest_held(before).max(longest_held(after));
        let moved = step(before).min(step(after)) * length as f32;
        if length < 3 * own.max(HELD) || moved < MOVED {
            return None;
        }
        // Up to the edge: no fade.
        let edges = rms(last) > EDGE * rms(before) && rms(next) > EDGE * rms(after);
        let is_flaw = match kind {
            // And a break on one side at least: what comes to rest at zero by itself leaves none.
            Kind::Gap => {
                let off = f64::from(x[from - 1].abs().max(x[to].abs())) > BREAK * level;
                // The step that led to the gap on one side, and away from it on the other.
                let steps = [(x[from - 2] - x[from - 1], before), (x[to + 1] - x[to], after)];
                edges && (off || steps.into_iter().all(|(outermost, side)| outermost.abs() >= STEP * step(side)))
            }
            Kind::Stuck => {
                let greatest = before.iter().chain(after).fold(0.0_f32, |a, s| a.max(s.abs()));
                x[from].abs() < 0.97 * greatest && length >= self.frames(1e-3)
            }
        };
        is_flaw.then(|| Run {
            kind,
            from: self.first + from as u64,
            frames: length as u64,
            level: 20.0 * level.log10(),
        })
    }
}

/// Whether the next sample has the same value, or both are zero.
fn is_held(x: &[f32], n: usize) -> bool {
    x[n] == x[n + 1] || (x[n].abs() <= ZERO && x[n + 1].abs() <= ZERO)
}

fn rms(x: &[f32]) -> f64 {
    (x.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>() / x.len().max(1) as f64).sqrt()
}

/// The longest run of one value.
fn longest_held(x: &[f32]) -> usize {
    let (mut longest, mut run) = (1, 1);
    for n in 1..x.len() {
        run = if is_held(x, n - 1) { run + 1 } else { 1 };
        longest = longest.max(run);
    }
    longest
}

/// The usual way from one sample to the next (median).
fn step(x: &[f32]) -> f32 {
    let mut steps: Vec<f32> = x.windows(2).map(|p| (p[0] - p[1]).abs()).collect();
    if steps.is_empty() {
        return 0.0;
    }
    let middle = steps.len() / 2;
    *steps.select_nth_unstable_by(middle, f32::total_cmp).1
}
