//! Level over time and frequency.

use realfft::num_complex::Complex32;
use serde::Serialize;

use super::rows::Rows;
use crate::fold::{Folded, add};
use crate::stft::{Shape, Stft};

/// Below and above these a longer and a shorter window listens.
const LOW_HZ: f64 = 320.0;
const HIGH_HZ: f64 = 2560.0;
/// At most so many columns.
const COLUMNS: usize = 2048;

/// Level over time and frequency, in bands of a twenty-fourth of an octave. Three windows share the work: 0.34 s below
/// 320 Hz, 0.085 s to 2560 Hz and 0.021 s above, so that basses are told apart and hi-hats keep their place.
///
/// However long the sound, there are at most 2048 columns (at least 1024 once it is longer than 44 s): neighbors are
/// joined by their mean power.
#[derive(Clone, PartialEq, Serialize)]
pub struct Spectrogram {
    /// The length of a column; the last may be shorter.
    pub frames_per_column: u64,
    /// How many columns there are.
    pub columns: usize,
    /// The middles of the rows, from low to high.
    pub hz: Vec<f64>,
    /// Mean square in each band in dB (mean of the channels), column after column, each from low to high; −200 is
    /// silence. Pink noise is level, a tone of full scale is at −3 dB where the rows are wider than the window's reach.
    pub db: Vec<f32>,
}

impl Spectrogram {
    /// One column, from low to high.
    pub fn column(&self, column: usize) -> &[f32] {
        let rows = self.hz.len();
        &self.db[column * rows..(column + 1) * rows]
    }
}

impl std::fmt::Debug for Spectrogram {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Spectrogram({} columns of {} frames)", self.columns, self.frames_per_column)
    }
}

/// The sums behind a [`Spectrogram`].
pub(crate) struct SpectrogramSums {
    hz: Vec<f64>,
    /// Longest window first. The first one's spectra come from outside.
    layers: Vec<Layer>,
    /// Windows of the middle and the short layer.
    stfts: Vec<Stft<f32>>,
    frames: u64,
}

struct Layer {
    shape: Shape,
    rows: Rows,
    powers: Vec<f64>,
    /// One entry of the rows for each span of `windows` windows.
    entry: Vec<f64>,
    windows: usize,
    in_span: usize,
    heard: u64,
    history: Folded,
}

impl Layer {
    fn new(shape: Shape, windows: usize, hz: &[f64], sample_rate: u32) -> Self {
        let half = (1.0f64 / 48.0).exp2();
        let bands: Vec<(f64, f64)> =
            hz.iter().map(|hz| (shape.bin(hz / half, sample_rate), shape.bin(hz * half, sample_rate))).collect();
        Layer {
            shape,
            rows: Rows::new(&bands, shape.bins()),
            powers: vec![0.0; shape.bins()],
            entry: vec![0.0; hz.len()],
            windows,
            in_span: 0,
            heard: 0,
            history: Folded::new(hz.len(), COLUMNS, add),
        }
    }

    fn hear(&mut self, spectra: &[Vec<Complex32>]) {
        let channels = spectra.len().max(1);
        let scale = 0.5 / self.shape.window.noise_bandwidth() / (channels * self.windows) as f64;
        self.powers.fill(0.0);
        for spectrum in spectra {
            for (p, x) in self.powers.iter_mut().zip(spectrum) {
                *p += f64::from(x.re) * f64::from(x.re) + f64::from(x.im) * f64::from(x.im);
            }
        }
        for (row, entry) in self.entry.iter_mut().enumerate() {
            *entry += scale * self.rows.power(row, &self.powers);
        }
        self.heard += 1;
        self.in_span += 1;
        if self.in_span == self.windows {
            self.in_span = 0;
            self.history.push(&self.entry);
            self.entry.fill(0.0);
        }
    }

    /// How many zeros go before the sound so that the first window lies around the middle of the first hop.
    fn lead(&self) -> usize {
        lead(self.shape)
    }
}

/// How many zeros go before the sound so that window *k* lies around the middle of hop *k*.
pub(crate) fn lead(shape: Shape) -> usize {
    shape.size.saturating_sub(shape.hop) / 2
}

/// How many zeros follow a sound so that every hop that it began has its window.
pub(crate) fn trail(shape: Shape, frames: u64) -> usize {
    let hops = frames.div_ceil(shape.hop as u64);
    let end = hops.saturating_sub(1) * shape.hop as u64 + shape.size as u64;
    if hops == 0 { 0 } else { end.saturating_sub(frames + lead(shape) as u64) as usize }
}

impl SpectrogramSums {
    /// `long`: the shape of the spectra that will be handed to [`SpectrogramSums::hear_long`], with an overlap of 4.
    pub(crate) fn new(long: Shape, channels: usize, sample_rate: u32) -> Self {
        let top = f64::from(sample_rate) / 2.0 * (-1.0f64 / 48.0).exp2();
        let point = |k: i32| 1000.0 * (f64::from(k) / 24.0).exp2();
        let hz: Vec<f64> = (-135..=104).map(point).filter(|hz| *hz < top).collect();
        let part =
            |low: f64, high: f64| -> Vec<f64> { hz.iter().copied().filter(|hz| (low..high).contains(hz)).collect() };
        let shorter = |by: usize, overlap: usize| {
            let size = (long.size / by).max(16);
            Shape { window: long.window, size, hop: size / overlap }
        };
        let shapes = [shorter(4, 4), shorter(16, 2)];
        let layers = vec![
            Layer::new(long, 1, &part(0.0, LOW_HZ), sample_rate),
            Layer::new(shapes[0], 1, &part(LOW_HZ, HIGH_HZ), sample_rate),
            Layer::new(shapes[1], 2, &part(HIGH_HZ, f64::INFINITY), sample_rate),
        ];
        let mut sums = SpectrogramSums { hz, layers, stfts: shapes.map(|s| Stft::new(s, channels)).into(), frames: 0 };
        for k in 0..2 {
            let silence = vec![0.0; sums.layers[k + 1].lead()];
            sums.push_to(k, &vec![&silence[..]; channels]);
        }
        sums
    }

    fn push_to(&mut self, stft: usize, channels: &[&[f32]]) {
        let layer = &mut self.layers[stft + 1];
        self.stfts[stft].push_channels(channels, |_, spectra| layer.hear(spectra));
    }

    /// A spectrum of the longest window.
    pub(crate) fn hear_long(&mut self, spectra: &[Vec<Complex32>]) {
        self.layers[0].hear(spectra);
    }

    pub(crate) fn push(&mut self, channels: &[&[f32]]) {
        self.frames += channels[0].len() as u64;
        for k in 0..2 {
            self.push_to(k, channels);
        }
    }

    /// The longest windows must have been heard to their end.
    pub(crate) fn finish(mut self, channels: usize) -> Spectrogram {
        for k in 0..2 {
            let layer = &self.layers[k + 1];
            let spans = layer.shape.hop * layer.windows;
            // Whole spans, or the last would be lost.
            let frames = self.frames.next_multiple_of(spans as u64);
            let silence = vec![0.0; trail(layer.shape, frames) + (frames - self.frames) as usize];
            self.push_to(k, &vec![&silence[..]; channels]);
        }
        let span_of = |layer: &Layer| (layer.history.span() * layer.windows * layer.shape.hop) as u64;
        let frames_per_column = self.layers.iter().map(span_of).min().unwrap_or(1);
        let columns = self.frames.div_ceil(frames_per_column) as usize;
        let mut db = Vec::with_capacity(columns * self.hz.len());
        for column in 0..columns {
            for layer in &self.layers {
                let entry = (column as u64 * frames_per_column / span_of(layer)) as usize;
                let entry = entry.min(layer.history.len().saturating_sub(1));
                let spans = layer.history.spans_of(entry).max(1) as f64;
                db.extend(layer.history.entry(entry).iter().map(|p| super::db(p / spans).max(-200.0) as f32));
            }
        }
        Spectrogram { frames_per_column, columns, hz: self.hz, db }
    }
}
