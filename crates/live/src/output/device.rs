//! The machine's sound device.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use cpal::traits::{DeviceTrait, HostTrait, StreamTrait};
use tonmeister_core::{Buffer, Layout};

use super::system::Watch;
use super::{Counts, Output, OutputError, Performance, Playing};
use crate::player::Player;

/// The device that the system plays on, at the song's rate, in two channels of floats.
#[derive(Clone, Copy, Debug)]
pub struct Device {
    /// How many blocks it is asked to hold, the one that sounds among them: 2 to 64, an even number.
    pub periods: u32,
}

/// A device at work.
struct Sounding {
    stream: cpal::Stream,
    counts: Arc<Counts>,
    lost: Arc<AtomicBool>,
}

impl Output for Device {
    fn start(self: Box<Self>, mut player: Player) -> Result<Box<dyn Playing>, OutputError> {
        let refuse = |what: &str, e: &dyn std::fmt::Display| OutputError(format!("the sound device {what}: {e}"));
        let device = cpal::default_host().default_output_device();
        let device = device.ok_or_else(|| OutputError("this machine has no sound device; connect one".into()))?;
        let block = player.block();
        let config = cpal::StreamConfig {
            channels: 2,
            sample_rate: player.sample_rate(),
            // The device holds two of these.
            buffer_size: cpal::BufferSize::Fixed(u32::try_from(block).unwrap_or(256) * (self.periods.clamp(2, 64) / 2)),
        };
        let rate = f64::from(player.sample_rate());
        let counts = Arc::new(Counts::new(block as f64 / rate));
        counts.set_in_memory(super::system::stay_in_memory());
        let lost = Arc::new(AtomicBool::new(false));
        let (told, failed, missed) = (Arc::clone(&counts), Arc::clone(&lost), Arc::clone(&counts));
        let mut buffer = Buffer::new(Layout::Stereo, block);
        let fill = move |out: &mut [f32], _: &cpal::OutputCallbackInfo| {
            for piece in out.chunks_mut(2 * block) {
                let begun = Watch::start();
                let frames = piece.len() / 2;
                player.fill(&mut buffer.block(frames));
                for (i, pair) in piece.chunks_exact_mut(2).enumerate() {
                    (pair[0], pair[1]) = (buffer.channel(0)[i], buffer.channel(1)[i]);
                }
                let took = begun.stop();
                told.block(took, took.0, false);
            }
        };
        let trouble = move |error: cpal::Error| match error.kind() {
            cpal::ErrorKind::Xrun => missed.xrun(),
            cpal::ErrorKind::RealtimeDenied => missed.set_realtime(false),
            cpal::ErrorKind::DeviceChanged => {}
            _ => failed.store(true, Ordering::Relaxed),
        };
        let stream = device
            .build_output_stream(config, fill, trouble, None)
            .map_err(|e| refuse("does not take the song's sample rate in stereo", &e))?;
        stream.play().map_err(|e| refuse("does not play", &e))?;
        Ok(Box::new(Sounding { stream, counts, lost }))
    }
}

impl Playing for Sounding {
    fn performance(&self) -> Performance {
        self.counts.performance()
    }

    fn is_over(&self) -> bool {
        self.lost.load(Ordering::Relaxed)
    }

    fn stop(self: Box<Self>) -> Result<Performance, OutputError> {
        drop(self.stream);
        if self.lost.load(Ordering::Relaxed) {
            return Err(OutputError("the sound device was lost while it played".into()));
        }
        Ok(self.counts.performance())
    }
}
