//! The energy of the last moments.

use tonmeister_core::{Layout, View};

use super::scale::{Law, Scale, Zone, mark};
use super::{Meter, Reading, decibels, heard};

static SCALE: Scale = Scale {
    title: "RMS",
    unit: "dBFS",
    bottom_db: -60.0,
    top_db: 0.0,
    law: Law::Decibels,
    marks: &[
        mark(-60.0, "60", Zone::Normal),
        mark(-50.0, "50", Zone::Normal),
        mark(-40.0, "40", Zone::Normal),
        mark(-30.0, "30", Zone::Normal),
        mark(-24.0, "24", Zone::Normal),
        mark(-20.0, "20", Zone::Normal),
        mark(-18.0, "18", Zone::Normal),
        mark(-14.0, "14", Zone::High),
        mark(-12.0, "12", Zone::High),
        mark(-6.0, "6", Zone::Over),
        mark(0.0, "0", Zone::Over),
    ],
};

/// The root of the mean square over an even window that slides by milliseconds, aligned with a sine: a full-scale sine
/// reads 0 dBFS (AES17), 3.01 dB more than its RMS as a number.
#[derive(Clone, Debug)]
pub struct RmsMeter {
    hop_frames: usize,
    in_hop: usize,
    /// Where in the rings the present hop will be put.
    at: usize,
    channels: Vec<Channel>,
}

#[derive(Clone, Debug)]
struct Channel {
    now: f64,
    /// Sums of squares of the hops in the window.
    hops: Vec<f64>,
    mean: f64,
}

impl RmsMeter {
    /// With a window of 300 ms, as long as a VU meter's needle takes.
    pub fn new(sample_rate: u32, layout: Layout) -> Self {
        RmsMeter::with_window(sample_rate, layout, 300.0)
    }

    /// With a window of so many milliseconds (to the whole one, at least 1, at most a minute).
    pub fn with_window(sample_rate: u32, layout: Layout, window_ms: f64) -> Self {
        let hops = window_ms.clamp(1.0, 60_000.0).round() as usize;
        let channel = Channel { now: 0.0, hops: vec![0.0; hops], mean: 0.0 };
        let hop_frames = (sample_rate as usize / 1000).max(1);
        RmsMeter { hop_frames, in_hop: 0, at: 0, channels: vec![channel; layout.channels()] }
    }

    fn end_hop(&mut self) {
        for channel in &mut self.channels {
            channel.hops[self.at] = std::mem::take(&mut channel.now);
            // Summed anew each time: a running sum would keep the rounding of loud moments in silence.
            let sum: f64 = channel.hops.iter().sum();
            channel.mean = sum / (channel.hops.len() * self.hop_frames) as f64;
        }
        self.in_hop = 0;
        self.at = (self.at + 1) % self.channels.first().map_or(1, |c| c.hops.len());
    }
}

impl Meter for RmsMeter {
    fn push(&mut self, view: View<'_>) {
        let mut at = 0;
        while at < view.frames() {
            let end = view.frames().min(at + self.hop_frames - self.in_hop);
            for (c, channel) in self.channels.iter_mut().enumerate() {
                for s in &view.channel(c)[at..end] {
                    let s = heard(*s);
                    channel.now += s * s;
                }
            }
            self.in_hop += end - at;
            at = end;
            if self.in_hop == self.hop_frames {
                self.end_hop();
            }
        }
    }

    fn channels(&self) -> usize {
        self.channels.len()
    }

    fn read(&self, channel: usize) -> Reading {
        Reading { level_db: decibels((2.0 * self.channels[channel].mean).sqrt()), held_db: None }
    }

    fn scale(&self) -> &'static Scale {
        &SCALE
    }

    fn reset(&mut self) {
        (self.in_hop, self.at) = (0, 0);
        for channel in &mut self.channels {
            (channel.now, channel.mean) = (0.0, 0.0);
            channel.hops.fill(0.0);
        }
    }
}
