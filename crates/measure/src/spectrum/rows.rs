//! Bins of a spectrum gathered into bands.

/// How much each bin counts in each of a number of bands: as if the density between two bins ran in a straight line.
/// A band much wider than a bin hears just the bins within; a narrower one what lies between.
#[derive(Clone, Debug)]
pub(crate) struct Rows {
    /// First bin and first weight of each row; one more for the end.
    rows: Vec<(usize, usize)>,
    weights: Vec<f64>,
}

impl Rows {
    /// Bands from one fractional bin to another; bins from `bins` on do not exist.
    pub(crate) fn new(bands: &[(f64, f64)], bins: usize) -> Self {
        let mut rows = Vec::with_capacity(bands.len() + 1);
        let mut weights = Vec::new();
        for (low, high) in bands {
            let first = (low - 1.0).ceil().max(0.0) as usize;
            let last = ((high + 1.0).floor().max(0.0) as usize).min(bins.saturating_sub(1));
            rows.push((first, weights.len()));
            for bin in first..=last.max(first) {
                let weight = if bin < bins { hat(high - bin as f64) - hat(low - bin as f64) } else { 0.0 };
                weights.push(weight);
            }
        }
        rows.push((0, weights.len()));
        Rows { rows, weights }
    }

    /// The bins of a band and their weights.
    pub(crate) fn row(&self, row: usize) -> (usize, &[f64]) {
        let (first, from) = self.rows[row];
        (first, &self.weights[from..self.rows[row + 1].1])
    }

    /// The power in a band.
    pub(crate) fn power(&self, row: usize, powers: &[f64]) -> f64 {
        let (first, weights) = self.row(row);
        weights.iter().zip(powers.get(first..).unwrap_or_default()).map(|(w, p)| w * p).sum()
    }
}

/// The integral up to `x` of a triangle of width 2 and height 1 around 0.
fn hat(x: f64) -> f64 {
    let x = x.clamp(-1.0, 1.0);
    if x < 0.0 { 0.5 * (1.0 + x) * (1.0 + x) } else { 1.0 - 0.5 * (1.0 - x) * (1.0 - x) }
}
