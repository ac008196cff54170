//! The slow oscillator behind every effect that moves to and fro.
//!
//! Its phase is a whole number, 2⁻⁶⁴ of a turn, to which each frame adds a whole number: nothing is rounded on the
//! way, so it neither drifts nor depends on blocks. After ten minutes it stands where rate × time says, to 10⁻¹¹ of a
//! turn. A rate that moves changes only what is added; the phase never jumps.

#![allow(
    clippy::inline_always,
    reason = "left out of line they would be compiled without their caller's vector instructions"
)]

use std::f64::consts::{PI, TAU};

use tonmeister_core::Choice;

/// One turn.
const TURN: f64 = 18_446_744_073_709_551_616.0;
/// A square's edges take this long, and a triangle's corners, so that they do not click on a level.
const EDGE_MS: f64 = 10.0;

/// What the oscillator does in one turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Up and down like a swing.
    Sine,
    /// Straight up, straight down, round for 10 ms at the corners.
    Triangle,
    /// Eases to a new place each turn, drawn evenly between the ends.
    Random,
    /// Up, then down, with edges of 10 ms whose speed is a raised cosine.
    Square,
}

impl Shape {
    /// As a document writes them, in the order of the variants.
    pub(crate) const CHOICES: &[Choice] = &[
        Choice { id: "sine", doc: "swings, slowest at the ends" },
        Choice { id: "triangle", doc: "runs straight to and fro" },
        Choice { id: "random", doc: "eases to a new place each turn" },
        Choice { id: "square", doc: "switches, with edges of 10 ms" },
    ];
    /// Those that a delay or a frequency may follow.
    pub(crate) const GENTLE: &[Choice] = Self::CHOICES.split_at(3).0;

    /// The one of that index.
    pub(crate) fn of(choice: f64) -> Shape {
        [Shape::Sine, Shape::Triangle, Shape::Random, Shape::Square][(choice as usize).min(3)]
    }
}

/// A distance between two phases.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Offset(u128);

impl Offset {
    /// So many degrees ahead; not negative.
    pub(crate) fn degrees(degrees: f64) -> Offset {
        Offset::turns(degrees / 360.0)
    }

    /// So many turns ahead; not negative.
    pub(crate) fn turns(turns: f64) -> Offset {
        Offset((turns * TURN) as u128)
    }
}

/// The oscillator.
#[derive(Clone, Debug)]
pub(crate) struct Lfo {
    shape: Shape,
    /// Whole turns above, the phase in the lower 64 bits.
    turns: u128,
    step: u128,
    rate: f64,
    /// Half an edge of a square, or half of what a triangle's corner is rounded over, in turns.
    round: f64,
    seed: u64,
}

impl Lfo {
    /// At the start of its first turn, at rest until [`Lfo::set_hz`].
    pub(crate) fn new(shape: Shape, sample_rate: u32, seed: u64) -> Self {
        Lfo { shape, turns: 0, step: 0, rate: f64::from(sample_rate), round: 0.25, seed }
    }

    /// Back to the start.
    pub(crate) fn reset(&mut self) {
        self.turns = 0;
    }

    /// Where it would be after that many frames at the rate of now.
    pub(crate) fn begin_at(&mut self, frame: u64) {
        self.turns = self.step.wrapping_mul(u128::from(frame));
    }

    /// Turns that many times a second from now on.
    #[inline(always)]
    pub(crate) fn set_hz(&mut self, hz: f64) {
        self.step = (hz / self.rate * TURN) as u128;
        self.round = (0.0005 * EDGE_MS * hz).clamp(1e-9, 0.25);
    }

    /// One frame on.
    #[inline(always)]
    pub(crate) fn step(&mut self) {
        self.turns = self.turns.wrapping_add(self.step);
    }

    /// Where it is, −1 to 1, that far ahead.
    #[inline(always)]
    pub(crate) fn at(&self, ahead: Offset) -> f64 {
        let turns = self.turns.wrapping_add(ahead.0);
        let phase = turns as u64;
        if self.shape == Shape::Random {
            return self.wander((turns >> 64) as u64, phase);
        }
        let quarter = fold(phase);
        match self.shape {
            Shape::Triangle => rounded(quarter, self.round),
            Shape::Square => edge((quarter / self.round).clamp(-1.0, 1.0)),
            Shape::Sine | Shape::Random => sine_of_quarter(quarter),
        }
    }

    /// From one drawn place to the next along 6u⁵ − 15u⁴ + 10u³, which starts and stops without a corner.
    fn wander(&self, turn: u64, phase: u64) -> f64 {
        let u = (phase >> 11) as f64 * (1.0 / 9_007_199_254_740_992.0);
        let [from, to] = [turn, turn.wrapping_add(1)].map(|turn| draw(self.seed, turn));
        from + (to - from) * u * u * u * (10.0 + u * (6.0 * u - 15.0))
    }
}

/// −1 to 1, the same for the same seed and turn (`SplitMix64`: Steele, Lea, Flood, *Fast splittable pseudorandom
/// number generators*, OOPSLA 2014).
fn draw(seed: u64, turn: u64) -> f64 {
    let mut z = seed.wrapping_add(turn.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((z ^ (z >> 31)) as i64) as f64 * (2.0 / TURN)
}

/// The place on a wave that runs from −¼ to ¼ and back, in turns, at a phase in 2⁻⁶⁴ turns.
#[inline(always)]
fn fold(phase: u64) -> f64 {
    let x = (phase as i64) as f64 * (1.0 / TURN);
    if x.abs() > 0.25 { x.signum() * 0.5 - x } else { x }
}

/// A triangle of height one whose slope turns as a sine does, within that distance of its corners.
#[inline(always)]
fn rounded(quarter: f64, round: f64) -> f64 {
    let away = 0.25 - quarter.abs();
    let height = if away < round {
        1.0 - 4.0 * round * (1.0 - 2.0 / PI * sine_of_quarter(0.25 * (1.0 - away / round)))
    } else {
        4.0 * quarter.abs()
    };
    height.copysign(quarter) / (1.0 - 4.0 * round * (1.0 - 2.0 / PI))
}

/// From −1 to 1 with a raised cosine for its speed: corners so round that nothing of them is heard.
#[inline(always)]
fn edge(u: f64) -> f64 {
    u + sine_of_turns(0.5 * u) * (1.0 / PI)
}

/// sin(2πx) for x in −¼..=¼, by the power series to x¹⁵ (error 6·10⁻¹²): quicker than the C library's, and the same
/// on every machine.
#[inline(always)]
fn sine_of_quarter(x: f64) -> f64 {
    let y = TAU * x;
    let z = y * y;
    let mut p = -1.0 / 1_307_674_368_000.0;
    for c in [1.0 / 6_227_020_800.0, -1.0 / 39_916_800.0, 1.0 / 362_880.0, -1.0 / 5040.0, 1.0 / 120.0, -1.0 / 6.0] {
        p = p * z + c;
    }
    y + y * z * p
}

/// sin(2πx) for any x of moderate size, in turns.
#[inline(always)]
pub(crate) fn sine_of_turns(x: f64) -> f64 {
    let x = x - x.round();
    sine_of_quarter(if x.abs() > 0.25 { x.signum() * 0.5 - x } else { x })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lfo(shape: Shape, hz: f64) -> Lfo {
        let mut lfo = Lfo::new(shape, 48_000, 7);
        lfo.set_hz(hz);
        lfo
    }

    #[test]
    fn a_sine_is_a_sine() {
        for k in -1000..=1000 {
            let x = f64::from(k) * 0.001_37;
            assert!((sine_of_turns(x) - (TAU * x).sin()).abs() < 1e-11, "{x}");
        }
    }

    #[test]
    fn nothing_drifts_in_ten_minutes() {
        // Asked: none. Reached: under 1e-11 of a turn after 28.8 million frames, for rates that no binary number is.
        for hz in [0.1, 1.0 / 3.0, 0.7, 6.3] {
            let mut lfo = lfo(Shape::Sine, hz);
            let frames = 600 * 48_000;
            // The sum of equal whole numbers is their product: what the oscillator adds one by one.
            lfo.turns = lfo.step * frames;
            let turns = lfo.turns as f64 / TURN;
            assert!((turns - hz * 600.0).abs() < 1e-11, "{hz} Hz: {:e}", turns - hz * 600.0);
        }
        let mut stepped = lfo(Shape::Sine, 0.7);
        (0..100_000).for_each(|_| stepped.step());
        assert_eq!(stepped.turns, stepped.step * 100_000);
    }

    #[test]
    fn shapes_are_what_they_are_called() {
        let at = |shape, turns: f64| lfo(shape, 2.0).at(Offset::turns(turns));
        for (turns, sine, triangle) in
            [(0.0, 0.0, 0.0), (0.125, 0.5_f64.sqrt(), 0.5), (0.25, 1.0, 1.0), (0.75, -1.0, -1.0)]
        {
            assert!((at(Shape::Sine, turns) - sine).abs() < 1e-11);
            // 2 Hz, 10 ms: rounding the corners makes the straight parts steeper by 1.5 %.
            assert!((at(Shape::Triangle, turns) - triangle).abs() < 0.008);
        }
        assert!((at(Shape::Square, 0.1) - 1.0).abs() < 1e-11 && (at(Shape::Square, 0.9) + 1.0).abs() < 1e-11);
        // 2 Hz, 10 ms: the edge reaches a hundredth of a turn to either side.
        assert!(at(Shape::Square, 0.009) < 1.0 && (at(Shape::Square, 0.010_01) - 1.0).abs() < 1e-11);
    }

    #[test]
    fn random_is_even_smooth_and_repeatable() {
        let mut lfo = lfo(Shape::Random, 100.0);
        let (mut sum, mut squares, mut before) = (0.0, 0.0, lfo.at(Offset::default()));
        for turn in 0..20_000_u64 {
            let place = draw(7, turn);
            (sum, squares) = (sum + place, squares + place * place);
        }
        // Even between −1 and 1: mean 0, mean square a third.
        assert!((sum / 2e4).abs() < 0.02 && (squares / 2e4 - 1.0 / 3.0).abs() < 0.01);
        for _ in 0..48_000 {
            lfo.step();
            let now = lfo.at(Offset::default());
            // The steepest of a quintic over 480 frames across the whole range: 1.875 · 2 / 480.
            assert!((now - before).abs() <= 0.0079 && now.abs() <= 1.0);
            before = now;
        }
        let other = Lfo { seed: 8, ..lfo.clone() };
        assert_ne!(other.at(Offset::default()), lfo.at(Offset::default()));
    }
}
