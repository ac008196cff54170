//! How time is divided, and the windows that step through it.

/// How time is divided: a step is 100 ms, a hop is the tenth of it or less.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Grid {
    pub(crate) hop_frames: usize,
    pub(crate) hops_per_step: usize,
}

impl Grid {
    /// The longest hop up to 10 ms that divides 100 ms into whole frames. Where 100 ms are not a whole number of
    /// frames themselves (11025 Hz) the hop is 10 ms rounded down, and the windows are up to 1 % short.
    pub(crate) fn at(sample_rate: u32) -> Grid {
        let step = sample_rate as usize / 10;
        let exact = (10..=40).find(|hops| step.is_multiple_of(*hops)).filter(|_| sample_rate.is_multiple_of(10));
        let hops_per_step = exact.unwrap_or(10);
        Grid { hop_frames: step / hops_per_step, hops_per_step }
    }

    pub(crate) fn step_frames(self) -> usize {
        self.hop_frames * self.hops_per_step
    }

    pub(crate) fn hops(self, steps: usize) -> usize {
        self.hops_per_step * steps
    }
}

/// The greatest mean of a window so far, and after how many hops it stood.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Greatest {
    pub(crate) energy: f64,
    pub(crate) hops: u64,
}

/// The energies of the last hops, as many as the longest window takes. Silence precedes the programme.
#[derive(Clone, Debug)]
pub(crate) struct Windows {
    /// Twice as long as needed, so that the last ones always lie in one piece.
    hops: Vec<f64>,
    longest: usize,
    heard: u64,
}

impl Windows {
    pub(crate) fn new(longest: usize) -> Self {
        let mut hops = Vec::with_capacity(2 * longest);
        hops.resize(longest, 0.0);
        Windows { hops, longest, heard: 0 }
    }

    pub(crate) fn push(&mut self, hop: f64) {
        if self.hops.len() == 2 * self.longest {
            self.hops.copy_within(self.longest.., 0);
            self.hops.truncate(self.longest);
        }
        self.hops.push(hop);
        self.heard += 1;
    }

    pub(crate) fn sum_of_last(&self, hops: usize) -> f64 {
        sum(&self.hops[self.hops.len() - hops..])
    }

    /// Keeps the greater one: what stood before, or this energy after the last hop.
    pub(crate) fn keep(&self, greatest: &mut Greatest, energy: f64) {
        if energy > greatest.energy {
            *greatest = Greatest { energy, hops: self.heard };
        }
    }
}

/// A sum in eight interleaved parts: always in the same order, and quick.
fn sum(values: &[f64]) -> f64 {
    let mut parts = [0.0; 8];
    let chunks = values.chunks_exact(8);
    for (part, value) in parts.iter_mut().zip(chunks.remainder()) {
        *part = *value;
    }
    for chunk in chunks {
        for (part, value) in parts.iter_mut().zip(chunk) {
            *part += value;
        }
    }
    parts.iter().sum()
}

#[cfg(test)]
mod tests {
    use super::Grid;

    #[test]
    fn hops_last_ten_milliseconds_at_most() {
        for rate in [8_000, 16_000, 22_050, 32_000, 44_100, 48_000, 88_200, 96_000, 176_400, 192_000, 768_000] {
            let grid = Grid::at(rate);
            assert_eq!(grid.step_frames() as u32 * 10, rate, "{rate}");
            assert!(grid.hop_frames as u32 * 100 <= rate, "{rate}");
        }
        let odd = Grid::at(11_025);
        assert_eq!((odd.hop_frames, odd.hops_per_step), (110, 10));
    }
}
