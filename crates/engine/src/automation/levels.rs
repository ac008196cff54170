//! A followed level as a lane sees it: known at every step of the grid up to the block that is being made.

use std::collections::VecDeque;

use super::GRID;

/// A level between floor (0) and ceiling (1), in straight lines between the multiples of [`GRID`] frames.
#[derive(Clone, Debug, Default)]
pub(super) struct Levels {
    /// The step that the first of `values` stands at.
    base: i64,
    values: VecDeque<f64>,
    /// The frame that is expected next, and the level there: time may jump.
    next: Option<(i64, f64)>,
}

impl Levels {
    /// For blocks of that many frames at most, so that nothing grows while it sounds.
    pub(super) fn new(block: usize) -> Self {
        Levels { values: VecDeque::with_capacity(block / GRID as usize + 4), ..Levels::default() }
    }

    /// Takes what came with the frames from `frame` on: for each, the level at the end of its step.
    pub(super) fn hear(&mut self, frame: i64, ends: &[f32]) {
        let step = frame.div_euclid(GRID);
        let follows = self.next.is_some_and(|(next, _)| next == frame);
        let kept = usize::try_from(step - self.base).ok().filter(|kept| follows && *kept < self.values.len());
        if let Some(kept) = kept {
            self.values.drain(..kept);
            // Where a step goes on, what leads to its end is known, and stays what it is though time jumps inside it.
            self.values.truncate(if frame.rem_euclid(GRID) == 0 { 1 } else { 2 });
        } else {
            // From a jump on it goes to the new level from where it was.
            let last = self.values.back().copied().unwrap_or(0.0);
            self.values.clear();
            self.values.push_back(last);
        }
        self.base = step;
        loop {
            // The first frame in the step whose end is not known yet.
            let at = ((step + self.values.len() as i64 - 1) * GRID - frame).max(0) as usize;
            let Some(end) = ends.get(at) else { break };
            self.values.push_back(f64::from(*end));
        }
        self.next = None;
        let next = frame + ends.len() as i64;
        self.next = Some((next, self.at(next)));
    }

    /// The level in a frame.
    pub(super) fn at(&self, frame: i64) -> f64 {
        let step = usize::try_from(frame.div_euclid(GRID) - self.base).ok();
        if let Some(step) = step
            && let (Some(from), Some(to)) = (self.values.get(step), self.values.get(step + 1))
        {
            return from + (to - from) * (frame.rem_euclid(GRID) as f64 / GRID as f64);
        }
        match self.next {
            Some((next, level)) if next == frame => level,
            _ if frame < self.base * GRID => self.values.front().copied().unwrap_or(0.0),
            _ => self.values.back().copied().unwrap_or(0.0),
        }
    }

    /// The level all through `from..to`, if it is known to rest there.
    pub(super) fn still(&self, from: i64, to: i64) -> Option<f64> {
        let first = usize::try_from(from.div_euclid(GRID) - self.base).ok()?;
        let last = usize::try_from((to - 1).div_euclid(GRID) + 1 - self.base).ok()?;
        let level = *self.values.get(first)?;
        (last < self.values.len() && self.values.range(first..=last).all(|other| *other == level)).then_some(level)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// However time is cut, the level is the same in every frame, and rests where it says so.
    #[test]
    fn levels_are_the_same_however_time_is_cut() {
        let ends: Vec<f32> =
            (0..2000_i64).map(|frame| [0.0, 0.5, 0.5, 0.5, 1.0, 0.25][(frame / GRID % 6) as usize]).collect();
        let wanted = |frame: i64| {
            let end = |step: i64| if step < 0 { 0.0 } else { f64::from(ends[(step * GRID) as usize]) };
            let (from, to) = (end(frame / GRID - 1), end(frame / GRID));
            from + (to - from) * ((frame % GRID) as f64 / GRID as f64)
        };
        for size in [1, 7, 64, 100, 2000] {
            let mut levels = Levels::new(2000);
            for from in (0..2000).step_by(size) {
                let to = (from + size).min(2000);
                levels.hear(from as i64, &ends[from..to]);
                for frame in from as i64..to as i64 {
                    assert_eq!(levels.at(frame), wanted(frame), "{frame} of {size}");
                }
                if let Some(level) = levels.still(from as i64, to as i64) {
                    assert!((from..to).all(|frame| levels.at(frame as i64) == level));
                }
            }
            assert!(levels.values.capacity() <= 2 * (2000 / GRID as usize + 4));
        }
    }
}
