//! What is judged by spectra: the sides of a stereo file, and what a file may hide of its siblings.
//!
//! One short-time transform of about 0.17 s is taken of each channel; from it come, per third of an octave, the power of
//! each side and of what they have in common, and the energies in bands of the ear.

pub(super) mod bands;
pub(super) mod history;
mod sides;

use tonmeister_core::SourceInfo;

use super::finder::{Finder, Sheet, Tile};
use crate::stft::{Shape, Stft, Window};
use bands::{ERBS, Edges, THIRDS};
use history::History;

/// The length of a spectrum, in seconds, before it is rounded to a power of two.
const WINDOW_S: f64 = 0.17;
/// How long a row of energies in ear bands is at first, in seconds.
const ROW_S: f64 = 0.35;
/// How many of them are kept at most: 160 kB.
const ROWS: usize = 1024;

/// Hears spectra and hands them to the judges.
pub(super) struct Ear {
    stft: Stft<f32>,
    judges: Judges,
}

struct Judges {
    thirds: Edges,
    erbs: Edges,
    scale: f64,
    sides: Option<sides::Sides>,
    energies: History,
}

/// Power per third of an octave.
#[derive(Clone)]
pub(super) struct Powers {
    left: [f64; THIRDS],
    right: [f64; THIRDS],
    common: [f64; THIRDS],
}

impl Powers {
    const NONE: Powers = Powers { left: [0.0; THIRDS], right: [0.0; THIRDS], common: [0.0; THIRDS] };

    fn add(&mut self, more: &Powers) {
        let lanes = [(&mut self.left, &more.left), (&mut self.right, &more.right), (&mut self.common, &more.common)];
        for (mine, theirs) in lanes {
            mine.iter_mut().zip(theirs).for_each(|(m, t)| *m += t);
        }
    }

    /// Left, right, common of a range of bands.
    fn sum(&self, bands: std::ops::Range<usize>) -> [f64; 3] {
        [&self.left, &self.right, &self.common].map(|lane| lane[bands.clone()].iter().sum())
    }
}

impl Ear {
    /// For a file of that shape.
    pub(super) fn new(info: SourceInfo) -> Self {
        let shape = shape(info.sample_rate);
        let channels = info.layout.channels();
        let hops = |seconds: f64| (seconds * f64::from(info.sample_rate) / shape.hop as f64).round().max(1.0) as u64;
        let judges = Judges {
            thirds: Edges::thirds(shape, info.sample_rate),
            erbs: Edges::erbs(shape, info.sample_rate),
            // Mean square from |X|², as the transform has it.
            scale: 0.5 / shape.window.noise_bandwidth(),
            sides: (channels == 2).then(|| sides::Sides::new(hops(1.0), shape.hop)),
            energies: History::new(ERBS, hops(ROW_S), ROWS),
        };
        Ear { stft: Stft::new(shape, channels), judges }
    }
}

/// Spectra, and their steps, at a sample rate.
fn shape(rate: u32) -> Shape {
    Shape::spanning(WINDOW_S, 2, Window::Hann, rate)
}

/// How many frames a step is.
pub(super) fn hop(rate: u32) -> usize {
    shape(rate).hop
}

impl Judges {
    fn take(&mut self, spectra: &Spectra<'_>) {
        let mut powers = Powers::NONE;
        for (band, bins) in self.thirds.ranges().enumerate() {
            let [left, right, common] = spectra.powers(bins, self.scale);
            (powers.left[band], powers.right[band], powers.common[band]) = (left, right, common);
        }
        if let Some(sides) = &mut self.sides {
            sides.add(&powers);
        }
        let energy = |bins| {
            let [left, right, _] = spectra.powers(bins, self.scale);
            left + right
        };
        self.energies.add(self.erbs.ranges().map(energy));
    }
}

/// The spectra of one window; of a mono file both sides are the one.
struct Spectra<'a>(&'a [Vec<realfft::num_complex::Complex32>]);

impl Spectra<'_> {
    /// Left², right², and the real part of left × right in a range of bins. A mono file is left alone.
    fn powers(&self, bins: std::ops::Range<usize>, scale: f64) -> [f64; 3] {
        let mut sums = [0.0_f32; 3];
        match self.0 {
            [left, right, ..] => {
                for (l, r) in left[bins.clone()].iter().zip(&right[bins]) {
                    sums[0] += l.norm_sqr();
                    sums[1] += r.norm_sqr();
                    sums[2] += l.re * r.re + l.im * r.im;
                }
            }
            [mono] => sums[0] = mono[bins].iter().map(realfft::num_complex::Complex::norm_sqr).sum(),
            [] => {}
        }
        sums.map(|s| f64::from(s) * scale)
    }
}

impl Finder for Ear {
    fn hear(&mut self, tile: &Tile<'_>) {
        let judges = &mut self.judges;
        self.stft.push_channels(tile.channels, |_, spectra| judges.take(&Spectra(spectra)));
    }

    fn conclude(mut self: Box<Self>, sheet: &mut Sheet<'_>) {
        let judges = &mut self.judges;
        self.stft.finish(|_, spectra| judges.take(&Spectra(spectra)));
        self.judges.energies.finish();
        if let Some(sides) = self.judges.sides.take() {
            sides.conclude(sheet);
        }
        sheet.energies = Some(self.judges.energies);
    }
}
