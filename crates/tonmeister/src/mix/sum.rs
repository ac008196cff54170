//! Whether parts add up: the sum of several outputs with signs, measured while they are made.

use std::collections::VecDeque;

use serde::Serialize;
use tonmeister_core::{Db, View};

/// What is left when the parts of a mix are taken off it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Null {
    /// The largest sample that is left, in dB against the mix's own largest (full scale, where that is lower than full
    /// scale, would flatter). `None` when nothing at all is left.
    pub peak_db: Option<f64>,
    /// What is left on average, in dB against the mix's own average. `None` when nothing at all is left.
    pub rms_db: Option<f64>,
}

/// Adds outputs up, each wherever it is, and measures what comes of it.
///
/// Outputs arrive a few blocks apart from each other; what is not complete waits.
#[derive(Debug)]
pub(crate) struct Summing {
    /// How far each part has come.
    at: Vec<u64>,
    waiting: VecDeque<[f64; 2]>,
    /// The frame that waits at the front.
    from: u64,
    left: Level,
    whole: Level,
}

#[derive(Clone, Copy, Debug, Default)]
struct Level {
    peak: f64,
    energy: f64,
}

impl Level {
    fn add(&mut self, frame: [f64; 2]) {
        for x in frame {
            self.peak = self.peak.max(x.abs());
            self.energy += x * x;
        }
    }
}

impl Summing {
    /// Of a whole (part 0) and that many parts that are taken off it.
    pub(crate) fn new(parts: usize) -> Self {
        Summing {
            at: vec![0; parts + 1],
            waiting: VecDeque::new(),
            from: 0,
            left: Level::default(),
            whole: Level::default(),
        }
    }

    /// The next frames of a part; 0 is the whole.
    pub(crate) fn push(&mut self, part: usize, view: View<'_>) {
        let offset = (self.at[part] - self.from) as usize;
        let end = offset + view.frames();
        if self.waiting.len() < end {
            self.waiting.resize(end, [0.0; 2]);
        }
        let sign = if part == 0 { 1.0 } else { -1.0 };
        let right = view.channel(view.layout().channels() - 1);
        let waiting = self.waiting.range_mut(offset..end);
        for ((frame, l), r) in waiting.zip(view.channel(0)).zip(right) {
            let heard = [f64::from(*l), f64::from(*r)];
            if part == 0 {
                self.whole.add(heard);
            }
            frame[0] += sign * heard[0];
            frame[1] += sign * heard[1];
        }
        self.at[part] += view.frames() as u64;
        let done = self.at.iter().min().copied().unwrap_or_default();
        for frame in self.waiting.drain(..(done - self.from) as usize) {
            self.left.add(frame);
        }
        self.from = done;
    }

    /// All are in; what ended early was silent from there on.
    pub(crate) fn finish(mut self) -> Null {
        for frame in self.waiting.drain(..) {
            self.left.add(frame);
        }
        let against = |left: f64, whole: f64| (left > 0.0 && whole > 0.0).then(|| Db::of_gain(left / whole).0);
        Null {
            peak_db: against(self.left.peak, self.whole.peak),
            rms_db: against(self.left.energy.sqrt(), self.whole.energy.sqrt()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_that_arrive_apart_from_each_other_are_added_at_their_frames() {
        let whole: Vec<f32> = (0..1000).map(|i| (i as f32 * 0.01).sin()).collect();
        let half: Vec<f32> = whole.iter().map(|x| x * 0.5).collect();
        let mut sum = Summing::new(2);
        sum.push(1, View::mono(&half[..700]));
        sum.push(0, View::mono(&whole[..300]));
        sum.push(2, View::mono(&half[..10]));
        sum.push(0, View::mono(&whole[300..]));
        sum.push(2, View::mono(&half[10..]));
        sum.push(1, View::mono(&half[700..]));
        assert_eq!(sum.finish(), Null { peak_db: None, rms_db: None });

        // A part that ends early leaves what it lacks: here the last hundred frames of one half.
        let mut sum = Summing::new(2);
        sum.push(0, View::mono(&whole));
        sum.push(1, View::mono(&half));
        sum.push(2, View::mono(&half[..900]));
        let peak = whole.iter().fold(0.0_f32, |m, x| m.max(x.abs()));
        let left = half[900..].iter().fold(0.0_f32, |m, x| m.max(x.abs()));
        let expected = 20.0 * f64::from(left / peak).log10();
        assert!((sum.finish().peak_db.unwrap() - expected).abs() < 1e-4);
    }
}
