//! The machine's sound device.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use cpal::traits::{DeviceTrait, HostTrait, StreamTrait};
use cpal::{ErrorKind, FromSample, SampleFormat, SizedSample};
use tonmeister_core::{Buffer, Layout};

use super::system::{self, Watch};
use super::{Counts, Output, OutputError, Performance, Playing};
use crate::player::Player;

/// So long the device is given silence before the song: what it is given first, some lose while they begin.
const LEAD_S: f64 = 0.05;

/// A device that says nothing but errors for so long is lost. (ALSA, leading to a sound server, does so for some milliseconds, while it
/// does not know how late the server is.)
const PATIENCE: Duration = Duration::from_secs(2);

/// How long to wait after an error before the device is asked again: who asks before all others would let nobody mend it.
const AGAIN: Duration = Duration::from_millis(2);

/// What samples are taken as, the best first. All of 24 bits come through the first two.
const FORMATS: [SampleFormat; 3] = [SampleFormat::F32, SampleFormat::I32, SampleFormat::I16];

/// The device that the system plays on, at the song's rate. In stereo; where it has one channel only, that one has
/// (L + R) / 2, and where it has no stereo but more channels, the first two of them sound.
#[derive(Clone, Copy, Debug)]
pub struct Device {
    /// How many blocks it is asked to hold, the one that sounds among them: 2 to 64, an even number.
    pub periods: u32,
    /// Ends by itself when so many frames have been heard; without it, never.
    pub frames: Option<u64>,
}

/// A device at work.
struct Sounding {
    stream: cpal::Stream,
    rate: f64,
    counts: Arc<Counts>,
    told: Arc<Told>,
}

/// What the device says of itself.
#[derive(Default)]
struct Told {
    lost: AtomicBool,
    /// Everything has been heard.
    over: AtomicBool,
    /// Errors since the last block: how long they have been waited for, in nanoseconds.
    waited_ns: AtomicU64,
    /// The first error that was no gap.
    error: OnceLock<String>,
}

impl Told {
    fn error(&self, error: &cpal::Error, counts: &Counts) {
        match error.kind() {
            ErrorKind::Xrun => counts.xrun(),
            ErrorKind::RealtimeDenied => counts.set_realtime(false),
            ErrorKind::DeviceChanged => {}
            kind => {
                // What is not there anymore does not come back. Anything else may be over at the next block.
                let gone = matches!(kind, ErrorKind::DeviceNotAvailable | ErrorKind::StreamInvalidated);
                let waited = self.waited_ns.fetch_add(AGAIN.as_nanos() as u64, Ordering::Relaxed);
                if gone || u128::from(waited) >= PATIENCE.as_nanos() {
                    let _ = self.error.set(error.to_string());
                    self.lost.store(true, Ordering::Release);
                }
                std::thread::sleep(AGAIN);
            }
        }
    }
}

/// How a device is asked to play.
struct Shape {
    config: cpal::StreamConfig,
    format: SampleFormat,
}

impl Shape {
    /// The best that it takes at that rate.
    fn of(device: &cpal::Device, rate: u32, frames: u32) -> Result<Shape, OutputError> {
        let refuse = |e: cpal::Error| OutputError(format!("there is no sound device that can be used: {e}; {ELSE}"));
        let all: Vec<_> = device.supported_output_configs().map_err(refuse)?.collect();
        Shape::best(&all, rate, frames)
    }

    /// The best of all that it takes.
    fn best(all: &[cpal::SupportedStreamConfigRange], rate: u32, frames: u32) -> Result<Shape, OutputError> {
        let fits = |config: &&cpal::SupportedStreamConfigRange| {
            (config.min_sample_rate()..=config.max_sample_rate()).contains(&rate)
        };
        // Stereo before anything else, then fewer channels before more.
        let rank = |config: &cpal::SupportedStreamConfigRange| {
            let format = FORMATS.iter().position(|format| *format == config.sample_format())?;
            Some((config.channels() != 2, config.channels(), format))
        };
        let best = all.iter().filter(fits).filter_map(|config| Some((rank(config)?, config))).min_by_key(|(r, _)| *r);
        if let Some((_, best)) = best {
            let buffer_size = cpal::BufferSize::Fixed(frames);
            let config = cpal::StreamConfig { channels: best.channels(), sample_rate: rate, buffer_size };
            return Ok(Shape { config, format: best.sample_format() });
        }
        let mut rates: Vec<u32> = all.iter().flat_map(|c| [c.min_sample_rate(), c.max_sample_rate()]).collect();
        rates.sort_unstable();
        rates.dedup();
        let rates: Vec<String> = rates.iter().map(u32::to_string).collect();
        let takes = if rates.is_empty() { "nothing".into() } else { format!("{} Hz", rates.join(", ")) };
        Err(OutputError(format!(
            "the sound device takes {takes}, and the song is at {rate} Hz; set the device to the song's rate, play through \
             a sound server that converts (PulseAudio, PipeWire), or {ELSE}"
        )))
    }
}

/// What can be done without a device.
const ELSE: &str = "play into a file with --to, or to nobody with --null";

impl Output for Device {
    fn start(self: Box<Self>, player: Player) -> Result<Box<dyn Playing>, OutputError> {
        let device = cpal::default_host().default_output_device();
        let device = device.ok_or_else(|| OutputError(format!("this machine has no sound device; {ELSE}")))?;
        let block = player.block();
        // The device holds two of these.
        let held = u32::try_from(block).unwrap_or(256) * (self.periods.clamp(2, 64) / 2);
        let shape = Shape::of(&device, player.sample_rate(), held)?;
        let rate = f64::from(player.sample_rate());
        let counts = Arc::new(Counts::new(block as f64 / rate));
        counts.set_in_memory(system::stay_in_memory());
        let told = Arc::new(Told::default());
        let feed = Feed::new(player, shape.config.channels, self.frames, Arc::clone(&counts), Arc::clone(&told));
        let stream = match shape.format {
            SampleFormat::I32 => open::<i32>(&device, &shape, feed),
            SampleFormat::I16 => open::<i16>(&device, &shape, feed),
            _ => open::<f32>(&device, &shape, feed),
        };
        let stream = stream.map_err(|e| {
            let cpal::StreamConfig { channels, sample_rate, .. } = shape.config;
            OutputError(format!("the sound device does not play {channels} channels at {sample_rate} Hz: {e}; {ELSE}"))
        })?;
        stream.play().map_err(|e| OutputError(format!("the sound device does not play: {e}; {ELSE}")))?;
        Ok(Box::new(Sounding { stream, rate, counts, told }))
    }
}

/// Opens the device and lets it ask for sound.
fn open<T: SizedSample + FromSample<f32>>(
    device: &cpal::Device,
    shape: &Shape,
    mut feed: Feed,
) -> Result<cpal::Stream, cpal::Error> {
    let (counts, told) = (Arc::clone(&feed.counts), Arc::clone(&feed.told));
    let fill = move |out: &mut [T], info: &cpal::OutputCallbackInfo| {
        let stamp = info.timestamp();
        feed.fill(out, stamp.playback.duration_since(stamp.callback));
    };
    device.build_output_stream(shape.config, fill, move |error| told.error(&error, &counts), None)
}

/// What the device hears, on its own thread.
struct Feed {
    player: Player,
    buffer: Buffer,
    channels: usize,
    rate: f64,
    /// Frames of silence still to come before the song.
    lead: u64,
    /// Frames of the song still to come.
    left: Option<u64>,
    /// Frames of silence that came behind it.
    rest: u64,
    begun: bool,
    counts: Arc<Counts>,
    told: Arc<Told>,
}

impl Feed {
    fn new(player: Player, channels: u16, left: Option<u64>, counts: Arc<Counts>, told: Arc<Told>) -> Self {
        let rate = f64::from(player.sample_rate());
        let buffer = Buffer::new(Layout::Stereo, player.block());
        let lead = (LEAD_S * rate).round() as u64;
        Feed { player, buffer, channels: channels.into(), rate, lead, left, rest: 0, begun: false, counts, told }
    }

    /// Fills what the device asks for, which will sound in so long.
    fn fill<T: SizedSample + FromSample<f32>>(&mut self, out: &mut [T], latency: Duration) {
        if !std::mem::replace(&mut self.begun, true) && cfg!(target_os = "linux") {
            // Elsewhere the system does so itself.
            self.counts.set_realtime(system::run_before_all_others());
        }
        self.told.waited_ns.store(0, Ordering::Relaxed);
        self.counts.latency(latency);
        let frames = out.len() / self.channels;
        let lead = self.lead.min(frames as u64) as usize;
        self.lead -= lead as u64;
        let song = self.left.map_or(frames - lead, |left| left.min((frames - lead) as u64) as usize);
        self.left = self.left.map(|left| left - song as u64);
        let (before, rest) = out.split_at_mut(lead * self.channels);
        let (sounds, behind) = rest.split_at_mut(song * self.channels);
        before.fill(T::EQUILIBRIUM);
        behind.fill(T::EQUILIBRIUM);
        let block = self.player.block();
        for piece in sounds.chunks_mut(self.channels * block) {
            let watch = Watch::start();
            let frames = piece.len() / self.channels;
            self.player.fill(&mut self.buffer.block(frames));
            self.interleave(piece);
            let took = watch.stop();
            self.counts.block(frames, took, took.0, false);
        }
        if self.left == Some(0) {
            // What was given before this call is heard when so much more was asked for.
            self.rest += (behind.len() / self.channels) as u64;
            if self.rest as f64 > latency.as_secs_f64() * self.rate + frames as f64 {
                self.told.over.store(true, Ordering::Release);
            }
        }
    }

    fn interleave<T: SizedSample + FromSample<f32>>(&self, out: &mut [T]) {
        let (left, right) = (self.buffer.channel(0), self.buffer.channel(1));
        for ((frame, l), r) in out.chunks_exact_mut(self.channels).zip(left).zip(right) {
            match frame {
                [one] => *one = T::from_sample(0.5 * (l + r)),
                [first, second, rest @ ..] => {
                    (*first, *second) = (T::from_sample(*l), T::from_sample(*r));
                    rest.fill(T::EQUILIBRIUM);
                }
                [] => {}
            }
        }
    }
}

impl Playing for Sounding {
    fn performance(&self) -> Performance {
        self.counts.performance()
    }

    fn is_over(&self) -> bool {
        self.told.lost.load(Ordering::Acquire) || self.told.over.load(Ordering::Acquire)
    }

    fn stop(self: Box<Self>) -> Result<Performance, OutputError> {
        drop(self.stream);
        if self.told.lost.load(Ordering::Acquire) {
            let why = self.told.error.get().map_or("it said no more", String::as_str);
            let seconds = self.counts.performance().frames as f64 / self.rate;
            return Err(OutputError(format!("the sound device was lost after {seconds:.1} s: {why}")));
        }
        Ok(self.counts.performance())
    }
}

#[cfg(test)]
mod tests;
