//! The beginning of the impulse responses, summed directly: it is heard at once.

use super::Path;

/// Outputs that are summed side by side.
const LANES: usize = 16;

/// The newest input, and what its first taps make of it.
pub(super) struct Head {
    taps: usize,
    grid: usize,
    /// Of each input: the taps' reach of frames before the grid's last tick, the frames since, and room for lanes that
    /// run over.
    memory: Vec<Vec<f32>>,
    /// For each output: inputs and their taps.
    paths: Vec<Vec<(usize, Vec<f32>)>>,
}

impl Head {
    /// Which sums so many taps of each path; frames are counted on a grid.
    pub(super) fn new(taps: usize, grid: usize, (inputs, outputs): (usize, usize), paths: &[Path<'_>]) -> Head {
        let mut sorted = vec![Vec::new(); outputs];
        for path in paths {
            let taps: Vec<f32> = path.impulse.iter().take(taps).map(|h| *h as f32).collect();
            if taps.iter().any(|h| *h != 0.0) {
                sorted[path.output].push((path.input, taps));
            }
        }
        Head { taps, grid, memory: vec![vec![0.0; taps + grid + LANES]; inputs], paths: sorted }
    }

    /// Takes frames of an input in, from this place of the grid on. What would poison the memory, and what is too
    /// small to hear (−400 dB) but slow to compute with, is silence.
    #[inline]
    pub(super) fn write(&mut self, input: usize, at: usize, samples: &[f32]) {
        let start = self.taps + at;
        for (y, x) in self.memory[input][start..start + samples.len()].iter_mut().zip(samples) {
            *y = if (1e-20..1e15).contains(&x.abs()) { *x } else { 0.0 };
        }
    }

    /// An output from this place of the grid on.
    pub(super) fn read(&self, output: usize, at: usize, samples: &mut [f32]) {
        sum(&self.paths[output], &self.memory, self.taps + at, samples);
    }

    /// The frames of an input since the last tick of the grid.
    pub(super) fn newest(&self, input: usize) -> &[f32] {
        &self.memory[input][self.taps..self.taps + self.grid]
    }

    /// The grid is full.
    pub(super) fn tick(&mut self) {
        for memory in &mut self.memory {
            memory.copy_within(self.grid..self.grid + self.taps, 0);
        }
    }

    pub(super) fn reset(&mut self) {
        self.memory.iter_mut().for_each(|memory| memory.fill(0.0));
    }
}

/// The direct sums. The lanes are frames, so each frame's sum runs over its taps in the same order wherever a run begins.
#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn sum(paths: &[(usize, Vec<f32>)], memory: &[Vec<f32>], start: usize, samples: &mut [f32]) {
    for (k, out) in samples.chunks_mut(LANES).enumerate() {
        let newest = start + k * LANES;
        let mut sums = [0.0_f32; LANES];
        for (input, taps) in paths {
            for (back, h) in taps.iter().enumerate() {
                let Some(x) = memory[*input][newest - back..].first_chunk::<LANES>() else { break };
                for lane in 0..LANES {
                    sums[lane] += h * x[lane];
                }
            }
        }
        out.copy_from_slice(&sums[..out.len()]);
    }
}
