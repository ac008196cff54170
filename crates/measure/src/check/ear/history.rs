//! Rows of numbers over time, of any length in bounded memory.

/// Rows of `width` numbers, each the mean over a number of steps. When there are more than `most`, neighbors are
/// joined and rows become twice as long; so the rows of any two histories can be brought to one length.
#[derive(Clone, Debug)]
pub(in crate::check) struct History {
    width: usize,
    most: usize,
    /// Steps per row.
    steps: u64,
    /// The row under way, and how many steps are in it.
    sum: Vec<f64>,
    filled: u64,
    rows: Vec<f32>,
}

impl History {
    /// Rows of `width` numbers, each of `steps` steps at first; never more than `most` of them, an even number.
    pub(in crate::check) fn new(width: usize, steps: u64, most: usize) -> Self {
        let (steps, most) = (steps.max(1), most.next_multiple_of(2));
        History { width, most, steps, sum: vec![0.0; width], filled: 0, rows: Vec::new() }
    }

    /// The next step.
    pub(in crate::check) fn add(&mut self, values: impl Iterator<Item = f64>) {
        for (sum, value) in self.sum.iter_mut().zip(values) {
            *sum += value;
        }
        self.filled += 1;
        if self.filled == self.steps {
            self.end_row();
        }
    }

    /// The end: a row that is at least half full counts.
    pub(in crate::check) fn finish(&mut self) {
        if 2 * self.filled >= self.steps {
            self.end_row();
        }
    }

    fn end_row(&mut self) {
        let filled = self.filled as f64;
        self.rows.extend(self.sum.iter().map(|s| (s / filled) as f32));
        self.sum.fill(0.0);
        self.filled = 0;
        if self.rows.len() == self.most * self.width {
            self.coarsen();
        }
    }

    fn coarsen(&mut self) {
        let width = self.width;
        let pairs = self.rows.chunks(2 * width);
        let joined = |pair: &[f32]| {
            let (first, second) = pair.split_at(width.min(pair.len()));
            let mean = |i: usize| second.get(i).map_or(first[i], |s| 0.5 * (first[i] + s));
            (0..width).map(mean).collect::<Vec<f32>>()
        };
        self.rows = pairs.flat_map(joined).collect();
        self.steps *= 2;
    }

    /// The same in rows of so many steps, which must be this history's own or a doubling of them.
    pub(in crate::check) fn in_rows_of(&self, steps: u64) -> Self {
        let mut copy = self.clone();
        while copy.steps < steps {
            copy.coarsen();
        }
        copy
    }

    /// Steps per row.
    pub(in crate::check) fn steps(&self) -> u64 {
        self.steps
    }

    /// How many rows.
    pub(in crate::check) fn len(&self) -> usize {
        self.rows.len() / self.width
    }

    /// Every row.
    pub(in crate::check) fn rows(&self) -> impl ExactSizeIterator<Item = &[f32]> + '_ {
        self.rows.chunks_exact(self.width)
    }
}

#[cfg(test)]
mod tests {
    use super::History;

    #[test]
    fn any_length_fits_and_means_are_kept() {
        let mut short = History::new(2, 3, 16);
        let mut long = History::new(2, 3, 16);
        let step = |n: usize| [n as f64, 1.0].into_iter();
        (0..30).for_each(|n| short.add(step(n)));
        (0..1000).for_each(|n| long.add(step(n)));
        assert_eq!((short.steps(), short.len()), (3, 10));
        assert!(long.len() < 16 && long.steps() > 3 && long.rows().all(|r| r[1] == 1.0));
        let first = long.rows().next().unwrap()[0];
        assert!((f64::from(first) - (long.steps() - 1) as f64 / 2.0).abs() < 1e-3);
        let coarse = short.in_rows_of(12);
        assert_eq!((coarse.steps(), coarse.rows().next().unwrap()[0]), (12, 5.5));
    }
}
