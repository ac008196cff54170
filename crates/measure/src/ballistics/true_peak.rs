//! The highest point of the waveform between the samples, with the needle of the sample peak.

use tonmeister_core::{Layout, View};
use tonmeister_dsp::truepeak::kernel::{REACH, TILE, cell_peaks};

use super::peak::{DBFS, Fall, Needle};
use super::scale::Scale;
use super::{Meter, Reading, heard};

static DBTP: Scale = Scale { title: "True peak", unit: "dBTP", ..DBFS };

/// The true peak of each channel, in dBTP: 8 places per sample and a parabola, right to ±0.01 dB up to 0.907 of half the
/// sample rate. The needle follows up to 56 frames behind the audio (1.2 ms at 48 kHz), because the waveform between two
/// samples depends on what follows.
#[derive(Clone, Debug)]
pub struct TruePeakMeter {
    channels: Vec<Channel>,
}

#[derive(Clone, Debug)]
struct Channel {
    /// What precedes a tile, the tile, what follows it.
    samples: [f32; TILE + 2 * REACH],
    filled: usize,
    needle: Needle,
}

impl Channel {
    fn push(&mut self, samples: &[f32]) {
        for s in samples {
            self.samples[self.filled] = heard(*s) as f32;
            self.filled += 1;
            if self.filled == self.samples.len() {
                let mut peaks = [0.0; TILE];
                cell_peaks(&self.samples, &mut peaks);
                for peak in peaks {
                    self.needle.step(f64::from(peak));
                }
                self.samples.copy_within(TILE.., 0);
                self.filled -= TILE;
            }
        }
    }

    fn reset(&mut self) {
        self.samples.fill(0.0);
        // Silence precedes the first sample.
        self.filled = REACH;
        self.needle.reset();
    }
}

impl TruePeakMeter {
    /// Falls 20 dB in 1.7 s and holds for 1.5 s.
    pub fn new(sample_rate: u32, layout: Layout) -> Self {
        TruePeakMeter::with_fall(sample_rate, layout, Fall::default())
    }

    /// Falls and holds as asked.
    pub fn with_fall(sample_rate: u32, layout: Layout, fall: Fall) -> Self {
        let needle = Needle::new(sample_rate, fall);
        let channel = Channel { samples: [0.0; TILE + 2 * REACH], filled: REACH, needle };
        TruePeakMeter { channels: vec![channel; layout.channels()] }
    }
}

impl Meter for TruePeakMeter {
    fn push(&mut self, view: View<'_>) {
        for (c, channel) in self.channels.iter_mut().enumerate() {
            channel.push(view.channel(c));
        }
    }

    fn channels(&self) -> usize {
        self.channels.len()
    }

    fn read(&self, channel: usize) -> Reading {
        self.channels[channel].needle.read()
    }

    fn scale(&self) -> &'static Scale {
        &DBTP
    }

    fn reset(&mut self) {
        self.channels.iter_mut().for_each(Channel::reset);
    }
}
