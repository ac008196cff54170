//! A history that never grows beyond a bound: when it is full, neighbors are joined two by two, and from then on each
//! entry spans twice the time.

/// Entries of equal width (so many numbers each) over equal spans of time, in one flat vector.
///
/// What is joined depends on the place in the stream alone, so a history has the same bits however the stream was cut.
#[derive(Clone, Debug)]
pub(crate) struct Folded {
    width: usize,
    limit: usize,
    /// How many of the smallest spans an entry joins.
    span: usize,
    /// Spans in the last, unfinished entry.
    pending: usize,
    entries: Vec<f64>,
    join: fn(&mut [f64], &[f64]),
}

impl Folded {
    /// Empty. `limit`: how many entries there are at most; even, at least 2.
    pub(crate) fn new(width: usize, limit: usize, join: fn(&mut [f64], &[f64])) -> Self {
        Folded { width, limit: limit.max(2).next_multiple_of(2), span: 1, pending: 0, entries: Vec::new(), join }
    }

    /// Adds what was found in the next smallest span.
    pub(crate) fn push(&mut self, entry: &[f64]) {
        debug_assert_eq!(entry.len(), self.width);
        if self.width == 0 {
            return;
        }
        if self.pending == 0 {
            if self.entries.len() == self.limit * self.width {
                self.fold();
            }
            self.entries.extend_from_slice(entry);
        } else {
            let last = self.entries.len() - self.width;
            (self.join)(&mut self.entries[last..], entry);
        }
        self.pending = (self.pending + 1) % self.span;
    }

    fn fold(&mut self) {
        let width = self.width;
        let kept = self.entries.len() / (2 * width);
        for k in 0..kept {
            let (before, after) = self.entries.split_at_mut((2 * k + 1) * width);
            let later = &after[..width];
            (self.join)(&mut before[2 * k * width..], later);
            self.entries.copy_within(2 * k * width..(2 * k + 1) * width, k * width);
        }
        self.entries.truncate(kept * width);
        self.span *= 2;
    }

    /// How many entries there are.
    pub(crate) fn len(&self) -> usize {
        self.entries.len().checked_div(self.width).unwrap_or(0)
    }

    /// How many of the smallest spans a whole entry joins.
    pub(crate) fn span(&self) -> usize {
        self.span
    }

    /// How many of the smallest spans an entry joins: fewer for the last.
    pub(crate) fn spans_of(&self, entry: usize) -> usize {
        if entry + 1 == self.len() && self.pending > 0 { self.pending } else { self.span }
    }

    /// One entry.
    pub(crate) fn entry(&self, entry: usize) -> &[f64] {
        &self.entries[entry * self.width..(entry + 1) * self.width]
    }

    /// All entries in turn.
    pub(crate) fn entries(&self) -> impl Iterator<Item = &[f64]> {
        self.entries.chunks_exact(self.width)
    }
}

/// Joins by adding up.
pub(crate) fn add(earlier: &mut [f64], later: &[f64]) {
    for (a, b) in earlier.iter_mut().zip(later) {
        *a += b;
    }
}

#[cfg(test)]
mod tests {
    use super::{Folded, add};

    #[test]
    fn a_history_keeps_its_sum_and_its_bound() {
        for count in [0, 1, 7, 8, 9, 16, 17, 100, 1023] {
            let mut folded = Folded::new(2, 8, add);
            for n in 0..count {
                folded.push(&[f64::from(n), 1.0]);
            }
            assert!(folded.len() <= 8, "{count}");
            assert_eq!(folded.entries().map(|e| e[1]).sum::<f64>(), f64::from(count));
            assert_eq!((0..folded.len()).map(|e| folded.spans_of(e)).sum::<usize>(), count as usize);
            for (k, entry) in folded.entries().enumerate() {
                let from = k * folded.span();
                let sum: usize = (from..from + folded.spans_of(k)).sum();
                assert_eq!(entry[0], sum as f64);
            }
        }
    }
}
