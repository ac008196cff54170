//! Counting what cannot be kept.

/// How often values fell into steps of a scale.
#[derive(Clone, Debug)]
pub(super) struct Histogram {
    from: f64,
    step: f64,
    pub(super) counts: Vec<u32>,
    pub(super) total: u64,
}

impl Histogram {
    pub(super) fn new(from: f64, to: f64, step: f64) -> Self {
        let steps = ((to - from) / step).ceil() as usize;
        Histogram { from, step, counts: vec![0; steps], total: 0 }
    }

    /// Takes what another one of the same scale counted.
    pub(super) fn join(&mut self, other: &Histogram) {
        self.counts.iter_mut().zip(&other.counts).for_each(|(mine, theirs)| *mine += theirs);
        self.total += other.total;
    }

    /// Beyond the ends of the scale a value counts at its end.
    pub(super) fn add(&mut self, value: f64) {
        self.add_weighing(value, 1);
    }

    /// The same for a value that counts as so many.
    pub(super) fn add_weighing(&mut self, value: f64, weight: u32) {
        let place = ((value - self.from) / self.step).max(0.0) as usize;
        let last = self.counts.len() - 1;
        let count = &mut self.counts[place.min(last)];
        *count = count.saturating_add(weight);
        self.total += u64::from(weight);
    }

    /// The value below which such a part of all lies.
    pub(super) fn quantile(&self, part: f64) -> f64 {
        let wanted = part * self.total as f64;
        let mut below = 0.0;
        for (place, count) in self.counts.iter().enumerate() {
            let count = f64::from(*count);
            if below + count >= wanted && count > 0.0 {
                return self.from + self.step * (place as f64 + (wanted - below) / count);
            }
            below += count;
        }
        self.from
    }
}

#[cfg(test)]
mod tests {
    use super::Histogram;

    #[test]
    fn quantiles_lie_between_the_steps_where_they_should() {
        let mut histogram = Histogram::new(0.0, 10.0, 0.5);
        (0..1000).for_each(|n| histogram.add(f64::from(n) / 100.0));
        for part in [0.1, 0.2, 0.25, 0.5, 0.9] {
            assert!((histogram.quantile(part) - 10.0 * part).abs() < 0.02, "{part}");
        }
        histogram.add(-5.0);
        histogram.add(50.0);
        assert_eq!((histogram.counts[0], histogram.counts[19]), (51, 51));
        let mut weighed = Histogram::new(0.0, 10.0, 0.5);
        (0..1000).for_each(|n| weighed.add_weighing(f64::from(n) / 100.0, if n < 500 { 3 } else { 1 }));
        assert!((weighed.quantile(0.75) - 5.0).abs() < 0.02 && weighed.total == 2000);
    }
}
