//! A hand on a control while it sounds: the old value goes over into the new one without a click.

use std::f64::consts::PI;

/// The time constant of each of the four stages that a turn goes through: it is half done after 7 ms, to 60 dB after
/// 25 ms. Four stages leave −100 dB and less of any turn above 3 kHz, also of one that overtakes another, and being
/// plain poles they never overshoot.
const STAGE_S: f64 = 0.002;

const STAGES: usize = 4;

/// −180 dB: here a turn is over. It is 58 ms old then.
const OVER: f64 = 1e-9;

/// How far a raised cosine has come in a frame, of 0 to `frames` − 1.
pub(crate) fn weight(frame: u64, frames: u64) -> f64 {
    0.5 - 0.5 * (PI * (frame + 1) as f64 / (frames + 1) as f64).cos()
}

/// How far values still are from where they belong, which may itself move.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Crossing<const N: usize> {
    /// What each stage has still to come down from.
    stages: [[f64; N]; STAGES],
    keep: f64,
}

impl<const N: usize> Crossing<N> {
    /// Where nothing is on its way.
    pub(crate) fn new(sample_rate: u32) -> Self {
        let keep = (-1.0 / (STAGE_S * f64::from(sample_rate))).exp();
        Crossing { stages: [[0.0; N]; STAGES], keep }
    }

    /// Where the values belong has jumped: they do not.
    pub(crate) fn jump(&mut self, from: [f64; N], to: [f64; N]) {
        for stage in &mut self.stages {
            for i in 0..N {
                stage[i] += from[i] - to[i];
            }
        }
    }

    /// The next frame's values, which belong at `to`.
    pub(crate) fn step(&mut self, to: [f64; N]) -> [f64; N] {
        let mut before = [0.0; N];
        for stage in &mut self.stages {
            for i in 0..N {
                stage[i] = before[i] + (stage[i] - before[i]) * self.keep;
            }
            before = *stage;
        }
        if self.stages.iter().flatten().all(|rest| rest.abs() < OVER) {
            self.stages = [[0.0; N]; STAGES];
            return to;
        }
        std::array::from_fn(|i| to[i] + before[i])
    }

    /// Whether all of them have arrived.
    pub(crate) fn is_over(&self) -> bool {
        self.stages[STAGES - 1] == [0.0; N] && self.stages[0] == [0.0; N]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_arrives_without_overshoot_whatever_overtakes_it() {
        let mut crossing = Crossing::new(48_000);
        let mut at = 1.0;
        let (mut least, mut most, mut half, mut fine) = (1.0_f64, 0.0_f64, 0, 0);
        for turn in 0..40 {
            let to = if turn % 2 == 0 { 0.25 } else { 1.0 };
            crossing.jump([at], [to]);
            at = to;
            for _ in 0..(turn * 37) % 900 {
                let [value] = crossing.step([at]);
                (least, most) = (least.min(value), most.max(value));
            }
        }
        assert!(least >= 0.25 - 1e-12 && most <= 1.0 + 1e-12, "{least} to {most}");
        let mut crossing = Crossing::new(48_000);
        crossing.jump([0.0], [1.0]);
        let over = (1..10_000).find(|frame| {
            let [value] = crossing.step([1.0]);
            half = if value < 0.5 { *frame } else { half };
            fine = if value < 0.999 { *frame } else { fine };
            crossing.is_over()
        });
        assert_eq!((half, fine, over), (351, 1252, Some(2798)));
    }
}
