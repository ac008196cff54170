//! From peaks to a smooth gain.

use crate::dynamics::curve::{at_least, at_most};
use crate::math::{DB_PER_OCTAVE, OCTAVES_PER_DB, exp2, log2};

/// How many frames are worked on at a time.
pub(crate) const TILE: usize = 32;

/// A reduction this small (in dB) is none: the releases come to rest, and what follows passes bit for bit again.
const NOTHING_DB: f64 = 1e-7;
/// A gain of 1 in whole numbers: fine to −228 dB, and two averages of 20 ms at 384 kHz still fit into 63 bits.
const UNITY: f64 = (1_u64 << 38) as f64;
/// Keeps the rounding of the logarithm (10⁻⁷ dB) on the safe side.
const SAFETY_DB: f64 = 1e-6;

/// How long reductions are held, and how they are let go.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shape {
    /// How many frames the gain takes to go down: the support of the two averages. At least 2.
    pub attack: usize,
    /// How many frames a reduction is held at least.
    pub hold: usize,
    /// Time constants of the three releases, in frames.
    pub release: [f64; 3],
}

/// How slowly the medium and the slow release are charged, as parts of their release times: a single peak is the fast
/// one's business alone. On real songs (`tests/limiter.rs` of the façade) this is where the audible residual at equal
/// loudness is least; half or twice as much changes little.
const CHARGE: [f64; 2] = [1.0, 1.0];

/// The gain of one channel, or of linked channels.
#[derive(Clone, Debug)]
pub(crate) struct Envelope {
    hold: Hold,
    releases: Releases,
    averages: [Average; 2],
    /// What two full sums of a gain of 1 come to.
    full: f64,
    /// How many frames after the last reduction everything is back at 1.
    settle_frames: usize,
    /// How many frames the averages have been fed with 1.
    open_for: usize,
}

impl Envelope {
    pub(crate) fn new(shape: &Shape) -> Self {
        let second = shape.attack.div_ceil(2).max(1);
        let first = (shape.attack + 1 - second).max(1);
        Envelope {
            hold: Hold::new(shape.hold.max(shape.attack)),
            releases: Releases::new(shape.release),
            averages: [Average::new(first, 1), Average::new(second, first as i64)],
            full: UNITY * (first * second) as f64,
            settle_frames: shape.attack + TILE,
            open_for: shape.attack + TILE,
        }
    }

    pub(crate) fn reset(&mut self) {
        self.hold.reset();
        self.releases.state = [0.0; 3];
        self.averages.iter_mut().for_each(Average::reset);
        self.open_for = self.settle_frames;
    }

    /// From the reductions that the samples of a tile need (in dB, none negative) to gains, in place. Returns whether
    /// any of them differs from 1.
    pub(crate) fn run(&mut self, tile: &mut [f64; TILE]) -> bool {
        let asked = self.hold.run(tile);
        let closed = asked || self.releases.busy();
        if !closed && self.open_for >= self.settle_frames {
            tile.fill(1.0);
            return false;
        }
        self.open_for = if closed { 0 } else { self.open_for + TILE };
        if closed {
            self.releases.run(tile);
        }
        let mut gains = [0_i64; TILE];
        whole_gains(tile, &mut gains);
        for average in &mut self.averages {
            average.run(&mut gains);
        }
        parts_of(&gains, self.full, tile);
        true
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
        // A float between 2⁵² and 2⁵³ holds a whole number in its last bits: no conversion instruction is needed.
        // Half is taken off because the addition rounds, and a gain may only err downwards; 1 stays 1.
        let value = exp2(-OCTAVES_PER_DB * reduction) * UNITY;
        let down = if value < UNITY { at_least(value - 0.5, 0.0) } else { UNITY };
        *gain = ((down + 4_503_599_627_370_496.0).to_bits() & 0x000F_FFFF_FFFF_FFFF) as i64;
    }
}

#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn parts_of(sums: &[i64; TILE], full: f64, gains: &mut [f64; TILE]) {
    for (gain, sum) in gains.iter_mut().zip(sums) {
        *gain = at_most(*sum as f64 / full, 1.0);
    }
}

/// The greatest of a sliding window of 32·`tiles` + 1 frames (van Herk; Gil and Werman 1993): the end of the tile in
/// which the window begins, the tiles between, the beginning of the one in which it ends.
#[derive(Clone, Debug)]
struct Hold {
    /// For each past tile the greatest from each frame to the tile's end; the oldest is at `at`.
    ends: Vec<[f64; TILE]>,
    at: usize,
    /// How many tiles in a row had nothing to hold.
    idle: usize,
}

impl Hold {
    fn new(frames: usize) -> Self {
        let tiles = frames.saturating_sub(1).div_ceil(TILE).max(1);
        Hold { ends: vec![[0.0; TILE]; tiles], at: 0, idle: tiles }
    }

    fn reset(&mut self) {
        self.ends.fill([0.0; TILE]);
        self.at = 0;
        self.idle = self.ends.len();
    }

    /// In place. Returns whether there is anything.
    fn run(&mut self, tile: &mut [f64; TILE]) -> bool {
        let oldest = self.ends[self.at];
        let mut end = 0.0;
        let ends = &mut self.ends[self.at];
        for (to, from) in ends.iter_mut().zip(&*tile).rev() {
            end = at_least(*from, end);
            *to = end;
        }
        let any = end > 0.0;
        self.at = (self.at + 1) % self.ends.len();
        if !any && self.idle >= self.ends.len() {
            return false;
        }
        self.idle = if any { 0 } else { self.idle + 1 };
        // The newest is this very tile: its own beginnings stand in its place.
        let newest = (self.at + self.ends.len() - 1) % self.ends.len();
        let whole = self.ends.iter().enumerate().filter(|(i, _)| *i != newest).fold(0.0, |a, (_, e)| at_least(e[0], a));
        let mut beginning = whole;
        for (value, end) in tile.iter_mut().zip(oldest) {
            beginning = at_least(*value, beginning);
            *value = at_least(end, beginning);
        }
        true
    }
}

/// Three releases side by side; the greatest reduction counts.
#[derive(Clone, Copy, Debug)]
struct Releases {
    /// How much of a reduction is left after a frame.
    keep: [f64; 3],
    /// How much of the distance the medium and the slow one rise in a frame.
    charge: [f64; 2],
    state: [f64; 3],
}

impl Releases {
    fn new(frames: [f64; 3]) -> Self {
        let part = |frames: f64| -(-1.0 / frames.max(1e-3)).exp_m1();
        Releases {
            keep: frames.map(|f| 1.0 - part(f)),
            charge: [part(frames[1] * CHARGE[0]), part(frames[2] * CHARGE[1])],
            state: [0.0; 3],
        }
    }

    fn busy(&self) -> bool {
        self.state != [0.0; 3]
    }

    fn run(&mut self, tile: &mut [f64; TILE]) {
        let [mut fast, mut medium, mut slow] = self.state;
        for value in tile.iter_mut() {
            let asked = *value;
            fast = at_least(asked, fast * self.keep[0]);
            // Charged only from above: a smaller demand lets them go at their own pace, it does not hold them.
            medium *= self.keep[1];
            medium += self.charge[0] * at_least(asked - medium, 0.0);
            slow *= self.keep[2];
            slow += self.charge[1] * at_least(asked - slow, 0.0);
            *value = at_least(fast, at_least(medium, slow));
        }
        self.state = [fast, medium, slow].map(|s| if s < NOTHING_DB { 0.0 } else { s });
    }
}

/// The sum of the last so many whole numbers.
#[derive(Clone, Debug)]
struct Average {
    ring: Vec<i64>,
    at: usize,
    sum: i64,
    /// What a gain of 1 is at its input.
    unity: i64,
}

impl Average {
    fn new(frames: usize, scale: i64) -> Self {
        let unity = UNITY as i64 * scale;
        Average { ring: vec![unity; frames], at: 0, sum: unity * frames as i64, unity }
    }

    fn reset(&mut self) {
        self.ring.fill(self.unity);
        self.at = 0;
        self.sum = self.unity * self.ring.len() as i64;
    }

    fn run(&mut self, x: &mut [i64; TILE]) {
        for value in x {
            let old = std::mem::replace(&mut self.ring[self.at], *value);
            self.sum += *value - old;
            *value = self.sum;
            self.at += 1;
            if self.at == self.ring.len() {
                self.at = 0;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::noise;

    #[test]
    fn the_hold_is_the_greatest_of_its_window() {
        for frames in [1, 2, 32, 33, 34, 240, 600] {
            let mut hold = Hold::new(frames);
            let window = TILE * hold.ends.len() + 1;
            assert!(window >= frames && window < frames + TILE + 32);
            let x: Vec<f64> = noise(frames as u64, 1.0, 3200)
                .iter()
                .map(|x| f64::from(*x) * 20.0 - 19.0)
                .map(|x| x.max(0.0))
                .collect();
            for (t, tile) in x.as_chunks::<TILE>().0.iter().enumerate() {
                let mut held = *tile;
                hold.run(&mut held);
                for (i, value) in held.iter().enumerate() {
                    let k = t * TILE + i;
                    let greatest = x[k.saturating_sub(window - 1)..=k].iter().copied().fold(0.0, f64::max);
                    assert_eq!(*value, greatest, "frame {k} of a window of {window}");
                }
            }
        }
    }

    #[test]
    fn the_averages_neither_drift_nor_exceed_what_they_average() {
        let shape = Shape { attack: 37, hold: 100, release: [50.0, 300.0, 900.0] };
        let mut envelope = Envelope::new(&shape);
        let mut asked = Vec::new();
        let mut gains = Vec::new();
        for round in 0..60 {
            let x = noise(round, 1.0, TILE);
            let mut tile = [0.0; TILE];
            for (to, from) in tile.iter_mut().zip(&x) {
                *to = if round < 40 { (f64::from(*from) * 30.0 - 20.0).max(0.0) } else { 0.0 };
            }
            asked.extend(tile);
            envelope.run(&mut tile);
            gains.extend(tile);
        }
        // A sample's gain is the one that is computed `attack − 1` frames after it.
        for (asked, gain) in asked.iter().zip(&gains[36..]) {
            assert!(-20.0 * gain.log10() >= *asked - 1e-7, "{asked} dB were needed, the gain is {gain}");
        }
        for _ in 0..2000 {
            envelope.run(&mut [0.0; TILE]);
        }
        assert!(!envelope.run(&mut [0.0; TILE]), "it must open completely again");
        assert_eq!(envelope.averages[1].sum as f64, envelope.full);
    }

    #[test]
    fn a_passage_is_let_go_more_slowly_than_a_click() {
        let open_after = |tiles: usize| {
            let mut envelope = Envelope::new(&Shape { attack: 48, hold: 48, release: [960.0, 5760.0, 43_200.0] });
            let mut gains = Vec::new();
            for t in 0..tiles + 3000 {
                let mut tile = [if t < tiles { 6.0 } else { 0.0 }; TILE];
                envelope.run(&mut tile);
                gains.extend(tile);
            }
            gains[tiles * TILE + 100..].iter().position(|g| 20.0 * g.log10() > -1.0).unwrap()
        };
        let (click, bar, passage) = (open_after(1), open_after(150), open_after(3000));
        assert!(click < 2400 && bar > 2 * click && passage > 3 * bar, "{click} {bar} {passage}");
    }
}
