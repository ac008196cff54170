//! Peaks and power over time.

use serde::Serialize;

use crate::fold::Folded;

/// The finest columns have so many frames.
const UNIT: usize = 256;
/// At most so many columns.
const COLUMNS: usize = 4096;
/// Least, greatest, sum of squares.
const WIDTH: usize = 3;

/// A waveform as it is drawn: at most 4096 columns for any length, at least 2048 once it is longer than 11 s.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Waveform {
    /// The length of a column; the last may be shorter.
    pub frames_per_column: u64,
    /// The columns of each channel.
    pub channels: Vec<Vec<WaveformColumn>>,
}

/// What a channel does during one column.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct WaveformColumn {
    /// The least sample.
    pub min: f32,
    /// The greatest sample.
    pub max: f32,
    /// Root of the mean square.
    pub rms: f32,
}

/// The sums behind a [`Waveform`].
pub(super) struct WaveformSums {
    history: Folded,
    entry: Vec<f64>,
    frames: u64,
}

impl WaveformSums {
    pub(super) fn new(channels: usize) -> Self {
        WaveformSums {
            history: Folded::new(WIDTH * channels, COLUMNS, join),
            entry: vec![0.0; WIDTH * channels],
            frames: 0,
        }
    }

    /// Whole units, the last of which may be shorter when it is the end.
    pub(super) fn push(&mut self, channels: &[&[f32]]) {
        let frames = channels[0].len();
        for from in (0..frames).step_by(UNIT) {
            let to = frames.min(from + UNIT);
            for (channel, entry) in channels.iter().zip(self.entry.chunks_exact_mut(WIDTH)) {
                entry.copy_from_slice(&extremes(&channel[from..to]));
            }
            self.history.push(&self.entry);
        }
        self.frames += frames as u64;
    }

    pub(super) fn finish(self) -> Waveform {
        let frames_per_column = (UNIT * self.history.span()) as u64;
        let channels = self.entry.len() / WIDTH;
        let column = |(k, entry): (usize, &[f64])| {
            let frames = frames_per_column.min(self.frames - k as u64 * frames_per_column).max(1);
            WaveformColumn { min: entry[0] as f32, max: entry[1] as f32, rms: (entry[2] / frames as f64).sqrt() as f32 }
        };
        let channel =
            |c: usize| self.history.entries().map(|e| &e[WIDTH * c..WIDTH * (c + 1)]).enumerate().map(column).collect();
        Waveform { frames_per_column, channels: (0..channels).map(channel).collect() }
    }
}

fn join(earlier: &mut [f64], later: &[f64]) {
    for (a, b) in earlier.chunks_exact_mut(WIDTH).zip(later.chunks_exact(WIDTH)) {
        a[0] = a[0].min(b[0]);
        a[1] = a[1].max(b[1]);
        a[2] += b[2];
    }
}

/// Least, greatest, sum of squares in eight interleaved parts.
#[multiversion::multiversion(targets("x86_64+avx2", "x86_64+avx512f+avx512dq+avx512vl+avx512bw"))]
fn extremes(samples: &[f32]) -> [f64; 3] {
    let (mut least, mut greatest, mut squares) = ([f32::INFINITY; 8], [f32::NEG_INFINITY; 8], [0.0f64; 8]);
    for chunk in samples.chunks(8) {
        for (n, x) in chunk.iter().enumerate() {
            least[n] = if *x < least[n] { *x } else { least[n] };
            greatest[n] = if *x > greatest[n] { *x } else { greatest[n] };
            squares[n] += f64::from(*x) * f64::from(*x);
        }
    }
    let least = least.into_iter().fold(f32::INFINITY, f32::min);
    let greatest = greatest.into_iter().fold(f32::NEG_INFINITY, f32::max);
    [f64::from(least), f64::from(greatest), squares.iter().sum()]
}
