//! A portrait of a sound: all that a picture of it needs, from one pass over it.
//!
//! ```
//! use tonmeister_core::{Layout, View};
//! use tonmeister_measure::portrait::PortraitMeter;
//!
//! let tone = tonmeister_dsp::testing::sine(1000.0, 0.5, 48_000, 96_000);
//! let mut meter = PortraitMeter::new(48_000, Layout::Stereo);
//! meter.push(View::stereo(&tone, &tone));
//! let portrait = meter.finish();
//! let (hz, db) = portrait.long_term.left.tone_near(1000.0).unwrap();
//! assert!((hz - 1000.0).abs() < 0.1 && (db + 6.02).abs() < 0.1);
//! assert!(portrait.space.unwrap().correlation.unwrap() > 0.999);
//! ```
//!
//! Every part is bounded: a [`Portrait`] of ten hours is as large as one of ten minutes (about 4 MB), because
//! columns are joined two by two when there are too many. It has the same bits however the sound was cut into pushes.

mod waveform;

use realfft::num_complex::Complex32;
use serde::Serialize;
use tonmeister_core::{Layout, View};

use waveform::WaveformSums;
pub use waveform::{Waveform, WaveformColumn};

use crate::space::{BandSums, GoniometerMeter, Space, SpaceSums};
use crate::spectrum::{
    BandLevels, BandMeter, LongTerm, LongTermSums, Spectrogram, SpectrogramSums, covered, lead, trail,
};
use crate::stft::{Shape, Stft, Window};

/// Sound is heard in pieces of so many frames.
const TILE: usize = 1024;

/// All that a picture of a sound needs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Portrait {
    /// Frames per second.
    pub sample_rate_hz: u32,
    /// Length.
    pub frames: u64,
    /// Channels: 1 or 2.
    pub channels: usize,
    /// Peaks and power over time.
    pub waveform: Waveform,
    /// The long-term average spectrum.
    pub long_term: LongTerm,
    /// Levels in thirds of octaves, over time and on the whole.
    pub bands: BandLevels,
    /// Level over time and frequency.
    pub spectrogram: Spectrogram,
    /// How it lies in space; `None` for mono.
    pub space: Option<Space>,
}

/// Makes a [`Portrait`].
pub struct PortraitMeter {
    sample_rate: u32,
    layout: Layout,
    /// What was pushed and not yet heard.
    tile: Vec<Vec<f32>>,
    frames: u64,
    stft: Stft<f32>,
    waveform: WaveformSums,
    long_term: LongTermSums,
    bands: BandMeter,
    spectrogram: SpectrogramSums,
    space: Option<SpaceParts>,
}

struct SpaceParts {
    sums: SpaceSums,
    bands: BandSums,
    goniometer: GoniometerMeter,
}

impl PortraitMeter {
    /// Ready for the first frame.
    pub fn new(sample_rate: u32, layout: Layout) -> Self {
        let channels = layout.channels();
        let shape = LongTermSums::shape(sample_rate);
        let silence = vec![0.0; lead(shape)];
        let mut stft = Stft::new(shape, channels);
        stft.push_channels(&vec![&silence[..]; channels], |_, _| {});
        let stereo = layout == Layout::Stereo;
        PortraitMeter {
            sample_rate,
            layout,
            tile: vec![Vec::with_capacity(TILE); channels],
            frames: 0,
            stft,
            waveform: WaveformSums::new(channels),
            long_term: LongTermSums::new(shape, stereo),
            bands: BandMeter::new(sample_rate, layout),
            spectrogram: SpectrogramSums::new(shape, channels, sample_rate),
            space: stereo.then(|| SpaceParts {
                sums: SpaceSums::new(TILE),
                bands: BandSums::new(shape, sample_rate),
                goniometer: GoniometerMeter::new(),
            }),
        }
    }

    /// Hears more. Samples that are no numbers are heard as silence.
    ///
    /// # Panics
    /// When the layout is not the one it was built for.
    pub fn push(&mut self, view: View<'_>) {
        assert_eq!(view.layout(), self.layout, "the layout it was built for");
        let mut at = 0;
        while at < view.frames() {
            let taken = (TILE - self.tile[0].len()).min(view.frames() - at);
            for (tile, channel) in self.tile.iter_mut().zip(view.channels()) {
                tile.extend(channel[at..at + taken].iter().map(|x| if x.is_finite() { *x } else { 0.0 }));
            }
            at += taken;
            if self.tile[0].len() == TILE {
                self.hear();
            }
        }
    }

    /// Hears the tile.
    fn hear(&mut self) {
        let mut tile = std::mem::take(&mut self.tile);
        let channels: [&[f32]; 2] = [&tile[0], tile.last().map_or(&[], |c| c)];
        let channels = &channels[..self.layout.channels()];
        self.frames += channels[0].len() as u64;
        self.transform(channels, None);
        self.waveform.push(channels);
        self.spectrogram.push(channels);
        self.bands.push(match channels {
            [left, right] => View::stereo(left, right),
            _ => View::mono(channels[0]),
        });
        if let (Some(space), [left, right]) = (&mut self.space, channels) {
            space.sums.push(left, right);
            space.goniometer.push(left, right);
        }
        tile.iter_mut().for_each(Vec::clear);
        self.tile = tile;
    }

    /// Hands sound to the long transform, and its spectra to whoever wants them. `end`: the length of the sound, when
    /// it is known.
    fn transform(&mut self, channels: &[&[f32]], end: Option<u64>) {
        let shape = self.stft.shape();
        let before = lead(shape) as i64;
        let (long_term, spectrogram, space) = (&mut self.long_term, &mut self.spectrogram, &mut self.space);
        self.stft.push_channels(channels, |start, spectra: &[Vec<Complex32>]| {
            // As long as the sound goes on, no window reaches over its end.
            let start = start as i64 - before;
            long_term.hear(spectra, covered(shape, start, end.unwrap_or(u64::MAX / 4)));
            spectrogram.hear_long(spectra);
            if let (Some(space), [left, right]) = (&mut *space, spectra) {
                space.bands.hear(left, right);
            }
        });
    }

    /// The portrait of all that was heard.
    pub fn finish(mut self) -> Portrait {
        if !self.tile[0].is_empty() {
            self.hear();
        }
        let channels = self.layout.channels();
        let shape = self.stft.shape();
        let silence = vec![0.0; trail(shape, self.frames)];
        self.transform(&vec![&silence[..]; channels], Some(self.frames));
        let means = self.long_term.means(self.sample_rate);
        let long_term = LongTerm::of(&means, self.layout == Layout::Stereo, shape.window);
        Portrait {
            sample_rate_hz: self.sample_rate,
            frames: self.frames,
            channels,
            waveform: self.waveform.finish(),
            bands: self.bands.finish(),
            spectrogram: self.spectrogram.finish(channels),
            space: self.space.map(|space| space.finish(&means.bins, &long_term)),
            long_term,
        }
    }
}

impl SpaceParts {
    fn finish(self, means: &[[f64; 4]], long_term: &LongTerm) -> Space {
        let total = self.sums.total();
        let (bands, against) = self.bands.finish(means);
        let low = |s: &Option<crate::spectrum::Spectrum>| s.as_ref().map_or(0.0, |s| s.band(0.0, 120.0));
        Space {
            correlation: total.correlation(),
            balance_db: total.balance_db(),
            width_db: total.width_db(),
            mono_loss_db: total.mono_loss_db(),
            low_width_db: crate::space::ratio(low(&long_term.side), low(&long_term.mid)),
            history: self.sums.history(),
            bands,
            against,
            goniometer: self.goniometer.picture(),
        }
    }
}

impl LongTermSums {
    /// The window that long-term spectra are heard through.
    fn shape(sample_rate: u32) -> Shape {
        Shape::spanning(crate::spectrum::WINDOW_S, crate::spectrum::OVERLAP, Window::Hann, sample_rate)
    }
}

#[cfg(test)]
mod tests;
