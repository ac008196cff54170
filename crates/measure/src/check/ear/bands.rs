//! Bins gathered into bands.

use crate::stft::Shape;

/// How many third-octave bands there are: 25 Hz to 16 kHz.
pub(super) const THIRDS: usize = 29;
/// How many bands as wide as the ear's own filters (ERB) there are: 30 Hz to 15 kHz.
pub(in crate::check) const ERBS: usize = 40;

/// The middle of a third-octave band (IEC 61260, base ten).
pub(super) fn third_hz(band: usize) -> f64 {
    10f64.powf((band as f64 + 14.0) / 10.0)
}

/// The third-octave bands whose middles lie from one frequency to another.
pub(super) fn thirds(from_hz: f64, to_hz: f64) -> std::ops::Range<usize> {
    let slack = 10f64.powf(0.05);
    let first = (0..THIRDS).find(|b| third_hz(*b) * slack > from_hz).unwrap_or(THIRDS);
    let end = (first..THIRDS).find(|b| third_hz(*b) / slack >= to_hz).unwrap_or(THIRDS);
    first..end
}

/// Frequency to ERB number (Glasberg & Moore 1990).
fn erb_number(hz: f64) -> f64 {
    21.4 * (0.00437 * hz + 1.0).log10()
}

/// The edges and the middle of an ERB band: number 0 begins at 30 Hz, the last ends at 15 kHz.
pub(in crate::check) fn erb_hz(band: f64) -> f64 {
    let (low, high) = (erb_number(30.0), erb_number(15_000.0));
    let number = low + (high - low) * band / ERBS as f64;
    (10f64.powf(number / 21.4) - 1.0) / 0.00437
}

/// Which bins belong to which band: the first bin of each and the end of the last.
pub(super) struct Edges(Vec<usize>);

impl Edges {
    /// Third-octave bands.
    pub(super) fn thirds(shape: Shape, rate: u32) -> Self {
        Self::new(shape, rate, (0..=THIRDS).map(|b| third_hz(b) / 10f64.powf(0.05)))
    }

    /// ERB bands.
    pub(super) fn erbs(shape: Shape, rate: u32) -> Self {
        Self::new(shape, rate, (0..=ERBS).map(|b| erb_hz(b as f64)))
    }

    fn new(shape: Shape, rate: u32, edges: impl Iterator<Item = f64>) -> Self {
        Edges(edges.map(|hz| (shape.bin(hz, rate).ceil() as usize).min(shape.bins())).collect())
    }

    /// The bins of each band.
    pub(super) fn ranges(&self) -> impl Iterator<Item = std::ops::Range<usize>> + '_ {
        self.0.windows(2).map(|edges| edges[0]..edges[1])
    }
}

#[cfg(test)]
mod tests {
    use super::{ERBS, THIRDS, erb_hz, third_hz, thirds};

    #[test]
    fn bands_lie_where_they_are_said_to() {
        assert!((third_hz(16) - 1000.0).abs() < 1e-6 && third_hz(THIRDS - 1) < 16_000.0);
        let named: Vec<i64> = thirds(200.0, 500.0).map(|b| third_hz(b).round() as i64).collect();
        assert_eq!(named, [200, 251, 316, 398, 501]);
        assert!((erb_hz(0.0) - 30.0).abs() < 1e-6 && (erb_hz(ERBS as f64) - 15_000.0).abs() < 1e-6);
    }
}
