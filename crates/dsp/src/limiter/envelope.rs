//! From peaks to a smooth gain.

use tonmeister_core::Memory;

use super::window::{Greatest, Later, Least};
use crate::dynamics::curve::{at_least, at_most};
use crate::dynamics::parts::DelayLine;
use crate::math::{DB_PER_OCTAVE, OCTAVES_PER_DB, exp2, log2};

/// How many frames are worked on at a time.
pub(crate) const TILE: usize = 32;

/// A reduction this small (in dB) is none: the releases come to rest, and what follows passes bit for bit again.
const NOTHING_DB: f64 = 1e-7;
/// A gain of 1 in whole numbers: fine to −228 dB, and two averages of 20 ms at 384 kHz still fit into 63 bits.
const UNITY: f64 = (1_u64 << 38) as f64;
/// A dB of reduction in whole numbers: 500 dB and averages of 20 ms at 384 kHz still fit into 63 bits.
const DECIBEL: f64 = (1_u64 << 28) as f64;
/// A float between 2⁵² and 2⁵³ holds a whole number in its last bits: no conversion instruction is needed.
const WHOLE: f64 = 4_503_599_627_370_496.0;
/// Keeps the rounding of the logarithm (10⁻⁷ dB) on the safe side.
const SAFETY_DB: f64 = 1e-6;

/// Demands that come again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Recurring {
    /// The longest gap between two demands, in frames, that is bridged. 0: none is.
    pub gap: usize,
    /// For how many frames they must have kept coming, before there is a bridge.
    pub lasting: usize,
}

/// Which demands the gain answers slowly, and how they are let go.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shape {
    /// How many frames the gain takes to go down for what lasts: the support of the two averages of the body. At
    /// least 2.
    pub attack: usize,
    /// How many frames a reduction of the body is held at least.
    pub hold: usize,
    /// What comes again, and so belongs to the body; the longest gap first.
    pub recurring: [Recurring; 2],
    /// How many frames a demand must last to belong to the body. 0: all do, and no peak is left to the short averages.
    pub wide: usize,
    /// The support of the two averages that answer single peaks, in frames. At least 2.
    pub peak: usize,
    /// Time constants of the three releases of the body, in frames.
    pub release: [f64; 3],
}

impl Shape {
    /// The classic limiter of the same attack, for comparisons: every reduction is held for so many frames, then let go
    /// with one time constant (in frames).
    #[must_use]
    pub fn of_one_release(self, release: f64, hold: usize) -> Self {
        let none = Recurring { gap: 0, lasting: 0 };
        Shape { hold, recurring: [none; 2], wide: 0, peak: 2, release: [release; 3], ..self }
    }
}

/// How slowly the medium and the slow release are charged, as parts of their release times: a single peak is the fast
/// one's business alone. On real songs (`tests/limiter.rs` of the façade) this is where the audible residual at equal
/// loudness is least; half or twice as much changes little.
const CHARGE: [f64; 2] = [1.0, 1.0];
/// A single peak is let go within so many supports of its averages.
const PEAK_RELEASE: f64 = 2.0;

/// The gain of one channel, or of linked channels.
#[derive(Clone, Debug)]
pub(crate) struct Envelope {
    body: Option<Body>,
    peak: Peak,
    /// After so many tiles without a demand everything is back at 1, the releases excepted.
    settled: usize,
    /// For how many tiles nothing was asked and the releases were at rest.
    open_for: usize,
}

impl Envelope {
    pub(crate) fn new(shape: &Shape) -> Self {
        let attack = shape.attack.max(2);
        let body = Body::new(shape, attack);
        let peak = Peak::new(shape.peak.max(2), body.late + attack - 1);
        Envelope::of(Some(body), peak)
    }

    /// One that answers every demand within the support of its averages, and has no body.
    pub(crate) fn short(support: usize) -> Self {
        Envelope::of(None, Peak::new(support.max(2), 0))
    }

    fn of(body: Option<Body>, peak: Peak) -> Self {
        let memory = body.as_ref().map_or(0, |body| body.memory);
        let settled = (peak.late + memory + 2 * peak.hold.reach()).div_ceil(TILE) + 3;
        Envelope { body, peak, settled, open_for: settled }
    }

    /// How many frames after its demand a gain comes.
    pub(crate) fn late(&self) -> usize {
        self.peak.late
    }

    pub(crate) fn reset(&mut self) {
        self.body.iter_mut().for_each(Body::reset);
        self.peak.reset();
        self.open_for = self.settled;
    }

    /// How far back it remembers: averages are sums of whole numbers and forget to the bit, the releases come to rest.
    pub(crate) fn memory(&self) -> Memory {
        let body = self.body.as_ref().map_or(Memory::NONE, |body| body.releases.memory());
        let windows = self.peak.late + self.peak.hold.reach() + 4 * self.settled * TILE;
        body.then(self.peak.release.memory()).then(Memory::Frames((windows + self.remembers()) as u64))
    }

    /// For how many frames a demand may still matter to the body's answer to later ones.
    pub(crate) fn remembers(&self) -> usize {
        self.peak.late + self.body.as_ref().map_or(0, |body| body.memory)
    }

    /// From the reductions that the samples of a tile need (in dB, none negative) to gains, in place. With `all` the body
    /// answers every demand, held over the longest gap, and nothing is left to the short averages. Returns whether any
    /// gain differs from 1.
    pub(crate) fn run(&mut self, tile: &mut [f64; TILE], all: bool) -> bool {
        let asked = tile.iter().any(|reduction| *reduction > 0.0);
        let body_busy = self.body.as_ref().is_some_and(|body| body.releases.busy());
        if asked || body_busy || self.peak.release.busy() {
            self.open_for = 0;
        } else if self.open_for >= self.settled {
            tile.fill(1.0);
            return false;
        } else {
            self.open_for += 1;
        }
        let mut done = [0.0; TILE];
        if let Some(body) = &mut self.body {
            done = *tile;
            body.run(&mut done, all);
        }
        self.peak.run(tile, &done);
        true
    }
}

/// What lasts: demands that come again, and wide ones.
#[derive(Clone, Debug)]
struct Body {
    again: Vec<Again>,
    /// Every demand, held over the longest gap.
    held: Later,
    wide: Wide,
    hold: Greatest,
    releases: Releases,
    smooth: Smooth,
    /// How many frames after a demand the part of it that lasts is known.
    late: usize,
    /// For how many frames more a demand is remembered.
    memory: usize,
}

/// The part of the demands that comes again: what, for long enough, every window of one gap has asked for at least.
#[derive(Clone, Debug)]
struct Again {
    near: Greatest,
    lasting: Least,
    later: Later,
}

/// The part of the demands that lasts without a gap.
#[derive(Clone, Debug)]
struct Wide {
    least: Least,
    greatest: Greatest,
    later: Later,
}

impl Body {
    fn new(shape: &Shape, attack: usize) -> Self {
        let found: Vec<(Greatest, Least)> = shape
            .recurring
            .iter()
            .filter(|recurring| recurring.gap > 0)
            .map(|recurring| {
                let near = Greatest::new(recurring.gap + 1);
                let lasting = Least::new(recurring.lasting + near.reach() + 1);
                (near, lasting)
            })
            .collect();
        let (least, greatest) = (Least::new(shape.wide + 1), Greatest::new(shape.wide + 1));
        // A bridge is known when its far end is.
        let late = found.iter().map(|(near, _)| near.reach()).fold(least.reach(), usize::max);
        let remembered = found.iter().map(|(near, lasting)| near.reach() + lasting.reach()).max().unwrap_or(0);
        let again = |(near, lasting): (Greatest, Least)| {
            let later = Later::new(late - near.reach());
            Again { near, lasting, later }
        };
        let hold = Greatest::new(shape.hold.max(attack) + 1);
        Body {
            again: found.into_iter().map(again).collect(),
            held: Later::new(late),
            wide: Wide { later: Later::new(late - least.reach()), least, greatest },
            memory: remembered.max(2 * shape.wide) + hold.reach() + attack,
            hold,
            releases: Releases::new(shape.release),
            smooth: Smooth::new(attack, DECIBEL, 0),
            late,
        }
    }

    fn reset(&mut self) {
        for Again { near, lasting, later } in &mut self.again {
            near.reset();
            lasting.reset();
            later.reset();
        }
        self.held.reset();
        self.wide.least.reset();
        self.wide.greatest.reset();
        self.wide.later.reset();
        self.hold.reset();
        self.releases.state = [0.0; 3];
        self.smooth.reset();
    }

    /// From demands to the reductions that answer what lasts of them, in dB, in place.
    fn run(&mut self, tile: &mut [f64; TILE], all: bool) {
        let demands = *tile;
        self.wide.least.run(tile);
        self.wide.greatest.run(tile);
        self.wide.later.run(tile);
        for (at, Again { near, lasting, later }) in self.again.iter_mut().enumerate() {
            let mut part = demands;
            near.run(&mut part);
            if at == 0 {
                let mut held = part;
                self.held.run(&mut held);
                if all {
                    tile.iter_mut().zip(held).for_each(|(all, held)| *all = at_least(*all, held));
                }
            }
            lasting.run(&mut part);
            later.run(&mut part);
            tile.iter_mut().zip(part).for_each(|(all, part)| *all = at_least(*all, part));
        }
        self.hold.run(tile);
        self.releases.run(tile);
        let mut whole = [0; TILE];
        whole_decibels(tile, &mut whole);
        self.smooth.run(&mut whole);
        decibels_of(&whole, self.smooth.full, tile);
    }
}

/// Single peaks: what the body has left of the demands.
#[derive(Clone, Debug)]
struct Peak {
    later: Later,
    hold: Greatest,
    release: Release,
    smooth: Smooth,
    late: usize,
}

impl Peak {
    /// `body_late`: how many frames after a demand the body's gain for it comes.
    fn new(support: usize, body_late: usize) -> Self {
        Peak {
            later: Later::new(body_late),
            hold: Greatest::new(support),
            release: Release::new(PEAK_RELEASE * support as f64),
            smooth: Smooth::new(support, UNITY, 1),
            late: body_late + support - 1,
        }
    }

    fn reset(&mut self) {
        self.later.reset();
        self.hold.reset();
        self.release.state = 0.0;
        self.smooth.reset();
    }

    /// From demands in dB to gains, in place; `body` is what is done for them already, in dB.
    fn run(&mut self, tile: &mut [f64; TILE], body: &[f64; TILE]) {
        self.later.run(tile);
        for (demand, done) in tile.iter_mut().zip(body) {
            *demand = at_least(*demand, *done);
        }
        self.hold.run(tile);
        self.release.run(tile);
        let mut whole = [0; TILE];
        whole_gains(tile, &mut whole);
        self.smooth.run(&mut whole);
        gains_of(&whole, self.smooth.full, tile);
    }
}

/// The reductions that peaks need to stay below a ceiling, in dB.
pub(crate) fn needed(peaks: &[f32; TILE], ceiling: f64, reductions: &mut [f64; TILE]) {
    needed_in(peaks, ceiling, reductions);
}

#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn needed_in(peaks: &[f32; TILE], ceiling: f64, reductions: &mut [f64; TILE]) {
    let bias = SAFETY_DB - DB_PER_OCTAVE * log2(ceiling);
    for (reduction, peak) in reductions.iter_mut().zip(peaks) {
        let over = DB_PER_OCTAVE * log2(f64::from(*peak)) + bias;
        *reduction = if f64::from(*peak) > ceiling { at_least(over, 0.0) } else { 0.0 };
    }
}

#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn whole_gains(reductions: &[f64; TILE], gains: &mut [i64; TILE]) {
    for (gain, reduction) in gains.iter_mut().zip(reductions) {
        // Half is taken off because the addition rounds, and a gain may only err downwards; 1 stays 1.
        let value = exp2(-OCTAVES_PER_DB * reduction) * UNITY;
        let down = if value < UNITY { at_least(value - 0.5, 0.0) } else { UNITY };
        *gain = ((down + WHOLE).to_bits() & 0x000F_FFFF_FFFF_FFFF) as i64;
    }
}

#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn gains_of(sums: &[i64; TILE], full: f64, gains: &mut [f64; TILE]) {
    for (gain, sum) in gains.iter_mut().zip(sums) {
        *gain = at_most(*sum as f64 / full, 1.0);
    }
}

#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn whole_decibels(reductions: &[f64; TILE], whole: &mut [i64; TILE]) {
    for (whole, reduction) in whole.iter_mut().zip(reductions) {
        *whole = ((reduction * DECIBEL + WHOLE).to_bits() & 0x000F_FFFF_FFFF_FFFF) as i64;
    }
}

#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn decibels_of(sums: &[i64; TILE], full: f64, reductions: &mut [f64; TILE]) {
    for (reduction, sum) in reductions.iter_mut().zip(sums) {
        *reduction = *sum as f64 / full;
    }
}

/// A release.
#[derive(Clone, Copy, Debug)]
struct Release {
    /// How much of a reduction is left after a frame.
    keep: f64,
    state: f64,
}

impl Release {
    fn new(frames: f64) -> Self {
        Release { keep: (-1.0 / frames).exp(), state: 0.0 }
    }

    fn busy(&self) -> bool {
        self.state > 0.0
    }

    fn memory(&self) -> Memory {
        Memory::of_mean(-1.0 / self.keep.ln())
    }

    fn run(&mut self, tile: &mut [f64; TILE]) {
        let mut state = self.state;
        for value in tile.iter_mut() {
            state = at_least(*value, state * self.keep);
            *value = state;
        }
        self.state = if state < NOTHING_DB { 0.0 } else { state };
    }
}

/// Three releases side by side; the greatest reduction counts.
#[derive(Clone, Copy, Debug)]
struct Releases {
    /// How much of a reduction is left after a frame.
    keep: [f64; 3],
    /// How much of the distance the medium and the slow one rise in a frame.
    charge: [f64; 2],
    /// What is left of them while they rise.
    rising: [f64; 2],
    state: [f64; 3],
}

impl Releases {
    fn new(frames: [f64; 3]) -> Self {
        let part = |frames: f64| -(-1.0 / frames.max(1e-3)).exp_m1();
        let keep = frames.map(|f| 1.0 - part(f));
        let charge = [part(frames[1] * CHARGE[0]), part(frames[2] * CHARGE[1])];
        let rising = [keep[1] * (1.0 - charge[0]), keep[2] * (1.0 - charge[1])];
        Releases { keep, charge, rising, state: [0.0; 3] }
    }

    fn busy(&self) -> bool {
        self.state != [0.0; 3]
    }

    fn memory(&self) -> Memory {
        let parts = self.keep.map(|keep| 1.0 - keep).into_iter().chain(self.charge);
        Memory::of_mean(1.0 / parts.fold(1.0, f64::min))
    }

    fn run(&mut self, tile: &mut [f64; TILE]) {
        let [mut fast, mut medium, mut slow] = self.state;
        for value in tile.iter_mut() {
            let asked = *value;
            fast = at_least(asked, fast * self.keep[0]);
            // Charged only from above: a smaller demand lets them go at their own pace, it does not hold them. Both
            // ways are tried side by side, because every frame waits for the one before.
            medium = at_least(medium * self.rising[0] + self.charge[0] * asked, medium * self.keep[1]);
            slow = at_least(slow * self.rising[1] + self.charge[1] * asked, slow * self.keep[2]);
            *value = at_least(fast, at_least(medium, slow));
        }
        self.state = [fast, medium, slow].map(|s| if s < NOTHING_DB { 0.0 } else { s });
    }
}

/// Two averages in a row, of whole numbers.
#[derive(Clone, Debug)]
struct Smooth {
    averages: [Average; 2],
    /// What both sums of 1 come to.
    full: f64,
}

impl Smooth {
    /// `one`: what 1 is in whole numbers. `rest`: how many ones come in when nothing is limited.
    fn new(support: usize, one: f64, rest: i64) -> Self {
        let second = support.div_ceil(2);
        let first = support + 1 - second;
        let rest = one as i64 * rest;
        Smooth {
            averages: [Average::new(first, rest), Average::new(second, rest * first as i64)],
            full: one * (first * second) as f64,
        }
    }

    fn reset(&mut self) {
        self.averages.iter_mut().for_each(Average::reset);
    }

    fn run(&mut self, whole: &mut [i64; TILE]) {
        for average in &mut self.averages {
            average.run(whole);
        }
    }
}

/// The sum of the last so many whole numbers.
#[derive(Clone, Debug)]
struct Average {
    last: DelayLine<i64>,
    sum: i64,
    /// What comes in when nothing is limited.
    rest: i64,
}

impl Average {
    fn new(frames: usize, rest: i64) -> Self {
        Average { last: DelayLine::filled(frames, rest), sum: rest * frames as i64, rest }
    }

    fn reset(&mut self) {
        self.last.fill(self.rest);
        self.sum = self.rest * self.last.frames() as i64;
    }

    fn run(&mut self, x: &mut [i64; TILE]) {
        let mut gone = *x;
        self.last.run(&mut gone);
        let mut sum = self.sum;
        for (value, gone) in x.iter_mut().zip(gone) {
            sum += *value - gone;
            *value = sum;
        }
        self.sum = sum;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::noise;

    #[test]
    fn the_averages_neither_drift_nor_exceed_what_they_average() {
        let recurring = [Recurring { gap: 90, lasting: 200 }, Recurring { gap: 0, lasting: 0 }];
        let shape = Shape { attack: 37, hold: 100, recurring, wide: 40, peak: 7, release: [50.0, 300.0, 900.0] };
        let mut envelope = Envelope::new(&shape);
        let late = envelope.late();
        let mut asked = Vec::new();
        let mut gains = Vec::new();
        for round in 0..60 {
            let x = noise(round, 1.0, TILE);
            let mut tile = [0.0; TILE];
            for (to, from) in tile.iter_mut().zip(&x) {
                *to = if round < 40 { (f64::from(*from) * 30.0 - 20.0).max(0.0) } else { 0.0 };
            }
            asked.extend(tile);
            envelope.run(&mut tile, false);
            gains.extend(tile);
        }
        for (asked, gain) in asked.iter().zip(&gains[late..]) {
            assert!(-20.0 * gain.log10() >= *asked - 1e-7, "{asked} dB were needed, the gain is {gain}");
        }
        for _ in 0..2000 {
            envelope.run(&mut [0.0; TILE], false);
        }
        assert!(!envelope.run(&mut [0.0; TILE], false), "it must open completely again");
        assert_eq!(envelope.peak.smooth.averages[1].sum as f64, envelope.peak.smooth.full);
        assert_eq!(envelope.body.unwrap().smooth.averages[1].sum, 0);
    }

    #[test]
    fn a_passage_is_let_go_more_slowly_than_a_click() {
        let open_after = |tiles: usize| {
            let none = Recurring { gap: 0, lasting: 0 };
            let mut envelope = Envelope::new(&Shape {
                attack: 48,
                hold: 48,
                recurring: [none; 2],
                wide: 0,
                peak: 2,
                release: [960.0, 5760.0, 43_200.0],
            });
            let mut gains = Vec::new();
            for t in 0..tiles + 3000 {
                let mut tile = [if t < tiles { 6.0 } else { 0.0 }; TILE];
                envelope.run(&mut tile, false);
                gains.extend(tile);
            }
            gains[tiles * TILE + 100..].iter().position(|g| 20.0 * g.log10() > -1.0).unwrap()
        };
        let (click, bar, passage) = (open_after(1), open_after(150), open_after(3000));
        assert!(click < 2400 && bar > 2 * click && passage > 3 * bar, "{click} {bar} {passage}");
    }
}
