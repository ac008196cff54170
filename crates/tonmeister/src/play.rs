//! The verb *play*: a song is heard while it is edited.

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;
use tonmeister_core::{Frames, Layout};
use tonmeister_engine::Library;
use tonmeister_live::{Clocked, Live, LiveError, LiveOptions, Pace, Player, Studio};
use tonmeister_release::ddp::is_fileset;
use tonmeister_session::model::Song;

use crate::ear::Ear;
use crate::failure::{Failure, Finding};
use crate::mix::{Spot, Trouble, no_version};
use crate::output::{Depth, Output, Written, format_of, refuse_to_replace};
use crate::progress::Progress;
use crate::world::{Files, World, sources};

mod meters;

use meters::Metering;
pub use meters::{LiveMeter, LiveMeters, LiveNeedles, LiveRow, MostReduced};

/// How often the position is shown and files are looked at.
const LOOK: Duration = Duration::from_millis(50);

/// How often needles are shown.
const GLANCE: Duration = Duration::from_millis(33);

/// Where the sound goes.
#[derive(Clone, Debug, PartialEq)]
pub enum Listener {
    /// The machine's sound device; only in builds with the feature `device`.
    Device,
    /// Nobody: to see whether this machine keeps up. So many times as fast as it sounds.
    Nobody(f64),
    /// A file, `.wav` or `.flac`, as fast as it goes.
    File(PathBuf, Depth),
}

/// What to play, and to whom.
#[derive(Clone, Debug, PartialEq)]
pub struct PlayOptions {
    /// Where the sound goes.
    pub listener: Listener,
    /// The version of the song that is played; without one, the song itself. Its dynamics hear that version alone.
    pub version: Option<String>,
    /// How it is listened to.
    pub ear: Ear,
    /// Where it begins; of a version that is cut, in its own time.
    pub from: Spot,
    /// The loop, in seconds of the song.
    pub loop_s: Option<(f64, f64)>,
    /// How long to play, in seconds; else until the song is over, or for ever in a loop.
    pub for_s: Option<f64>,
    /// Frames per block, 16 to 4096.
    pub block: usize,
    /// Blocks that the device holds, the one that sounds among them, 2 to 64; a device takes an even number. Each more than two
    /// is heard as a block of latency, and bridges a block's length of the machine being away.
    pub periods: u32,
    /// Read the document anew whenever it changes on disk.
    pub watch: bool,
    /// The meters that listen; without any, nobody does.
    pub meters: Vec<LiveMeter>,
}

/// What playing came to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PlayReport {
    /// The song's title.
    pub title: String,
    /// Tracks in it.
    pub tracks: usize,
    /// How much sound was delivered, in seconds.
    pub played_s: f64,
    /// How late the sound is by the song's own processors, in milliseconds.
    pub latency_ms: f64,
    /// From the turn of a control until it is heard at a device that holds so many blocks, in milliseconds.
    pub turn_to_sound_ms: f64,
    /// How late the device says that it is, at most, in milliseconds: what it holds, and what lies behind it. `None` without a
    /// device, or when it does not say.
    pub device_ms: Option<f64>,
    /// A block's length in milliseconds.
    pub block_ms: f64,
    /// What part of a core the audio thread takes, on average.
    pub load: f64,
    /// What 99.9 per cent of the blocks were ready within, in milliseconds after they were due to be begun.
    pub most_ms: f64,
    /// The same of the slowest block.
    pub worst_ms: f64,
    /// Blocks that were not ready when they should have sounded: gaps.
    pub xruns: u64,
    /// Whether the system ran the audio thread before all others.
    pub realtime: bool,
    /// Whether the system kept all of the program in memory.
    pub in_memory: bool,
    /// Frames of tracks, over all tracks, that were silent because they had not been read in time.
    pub missed_frames: u64,
    /// Plans that took over: locates, and edits that were more than a turn of a control.
    pub plans: u64,
    /// The file, if it went into one.
    pub written: Option<Written>,
    /// What the meters came to, if any listened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meters: Option<LiveMeters>,
    /// What was odd about the document and its files.
    pub warnings: Vec<Finding>,
}

impl World {
    /// Prepares a song to be played live: for the console, and for whoever edits while it sounds. Audio is named relative
    /// to `base`.
    pub fn live(&self, song: &Song, base: &Path, options: &LiveOptions) -> Result<(Live, Player), LiveError> {
        self.live_from(song, &Files::new(base), options)
    }

    fn live_from(&self, song: &Song, files: &Arc<Files>, options: &LiveOptions) -> Result<(Live, Player), LiveError> {
        let library: Arc<dyn Library> = Arc::clone(files) as Arc<dyn Library>;
        Live::new(song, Studio { registry: self.registry().clone(), library }, options)
    }

    /// Plays a song document, or the disc in a folder that holds a DDP fileset. `remark` is told what happens meanwhile: the document was read anew, a file cannot be read.
    /// Setting [`World::stop`] ends it, as the end of the song does.
    pub fn play(
        &self,
        path: &Path,
        options: &PlayOptions,
        progress: &mut dyn Progress,
        remark: &mut dyn FnMut(&str),
    ) -> Result<PlayReport, Failure> {
        self.play_watched(path, options, progress, remark, &mut |_| ())
    }

    /// [`World::play`], and shows 30 times a second where the needles of [`PlayOptions::meters`] stand.
    pub fn play_watched(
        &self,
        path: &Path,
        options: &PlayOptions,
        progress: &mut dyn Progress,
        remark: &mut dyn FnMut(&str),
        show: &mut dyn FnMut(&LiveNeedles),
    ) -> Result<PlayReport, Failure> {
        let (document, mut warnings) = match is_fileset(path) {
            true if options.watch => return Err(Failure::Usage("a disc is not edited: leave --watch out".into())),
            true => self.document_of_disc(path)?,
            false => self.open_document(path)?,
        };
        let song = &heard(document.song(), options)?;
        let base = path.parent().unwrap_or(Path::new(""));
        let rate = song.sample_rate_hz;
        if !(2..=64).contains(&options.periods) || options.listener == Listener::Device && options.periods % 2 == 1 {
            let what = "--periods takes 2 to 64 blocks, and an even number of them for a sound device";
            return Err(Failure::Usage(what.into()));
        }
        let frame = |name: &str, seconds: f64| match seconds {
            seconds if (0.0..=1e6).contains(&seconds) => Ok(Frames::from_seconds(seconds, rate).0),
            _ => Err(Failure::Usage(format!("{name} {seconds} s is no place in a song; it is from 0 s on"))),
        };
        let from = Frames::from_seconds(options.from.seconds(song, false)?, rate).0;
        let cycle = options.loop_s.map(|(a, b)| Ok((frame("--loop", a)?, frame("--loop", b)?))).transpose()?;
        let most = options.for_s.map(|seconds| frame("--for", seconds)).transpose()?;
        let files = Files::new(base);
        let live = LiveOptions { block: options.block, from, cycle, ..LiveOptions::default() };
        let (live, mut player) = self.live_from(song, &files, &live).map_err(|error| match error {
            LiveError::Engine(error) => Trouble::Engine(error).in_document(path, &document),
            other => Failure::Usage(other.to_string()),
        })?;
        let plan = live.plan();
        let end = plan.outputs[0].frames + plan.outputs[0].tail;
        let circles = cycle.is_some_and(|(_, to)| from < to);
        let frames = most.or((!circles && !options.watch).then(|| end.saturating_sub(from)));
        let file = Arc::new(Mutex::new(None));
        let take = |slot: &Mutex<Option<Output>>| slot.lock().unwrap_or_else(PoisonError::into_inner).take();
        let output = self.output(options, (rate, frames), &file, &sources(song, base))?;
        let refuse = |e: LiveError| Failure::Usage(e.to_string());
        let silent = |e: tonmeister_live::OutputError| match &options.listener {
            Listener::File(to, _) => Failure::output(to, e),
            Listener::Device => Failure::output(Path::new("sound device"), e),
            Listener::Nobody(_) => Failure::Usage(e.to_string()),
        };
        let mut metering = match &options.meters[..] {
            [] => None,
            some => Some(Metering::start(some, &live, &mut player)?),
        };
        live.play().map_err(refuse)?;
        let playing = output.start(player).map_err(silent)?;
        progress.begin("Playing", frames.unwrap_or(end));
        let of_s = frames.map(|frames| frames as f64 / f64::from(rate));
        let mut shown = |live: &Live| {
            if let Some(metering) = &mut metering {
                show(&metering.needles(live, of_s));
            }
        };
        self.accompany(path, &live, &*playing, options, progress, remark, &mut shown);
        progress.end();
        let interrupted = self.stop.load(Ordering::Relaxed);
        if interrupted && options.listener == Listener::Device {
            fade_out(&live, &*playing);
        }
        let status = live.status();
        let performance = playing.stop();
        // With the output the player has gone, and what it played has been heard.
        let meters = metering.map(|metering| metering.end(&live));
        let written = match take(&file) {
            Some(_) if interrupted => return Err(Failure::Interrupted),
            other => other,
        };
        let performance = performance.map_err(silent)?;
        let written = written.map(|output| output.end().keep()).transpose()?;
        warnings.extend(files.warnings());
        let block = options.block as f64;
        let latency = plan.outputs[0].latency as f64;
        let ms = |frames: f64| frames * 1e3 / f64::from(rate);
        let played = written.as_ref().map_or(performance.frames, |file: &Written| file.frames);
        Ok(PlayReport {
            title: song.title.clone(),
            tracks: song.tracks.len(),
            played_s: played as f64 / f64::from(rate),
            latency_ms: ms(latency),
            // It waits for the next block at most a block's length, is made while the others sound, and ends with its own.
            turn_to_sound_ms: ms(latency + f64::from(options.periods + 1) * block),
            device_ms: performance.latency_ms,
            block_ms: ms(block),
            load: performance.load,
            most_ms: performance.most_ms,
            worst_ms: performance.worst_ms,
            xruns: performance.xruns,
            realtime: performance.realtime,
            in_memory: performance.in_memory,
            missed_frames: status.missed_frames,
            plans: status.plans,
            written,
            meters,
            warnings,
        })
    }

    /// Who asks for the sound, for so many frames. The file that it goes into, if it does, is put into the slot.
    fn output(
        &self,
        options: &PlayOptions,
        (rate, frames): (u32, Option<u64>),
        file: &Arc<Mutex<Option<Output>>>,
        sources: &[PathBuf],
    ) -> Result<Box<dyn tonmeister_live::Output>, Failure> {
        Ok(match &options.listener {
            Listener::Device => device(options.periods, frames)?,
            Listener::Nobody(speed) => timed(Clocked::null(Pace::Wall(*speed)).holding(options.periods), frames),
            Listener::File(to, depth) => {
                if frames.is_none() {
                    let what = "a loop, or a song that is watched, has no end: say with --for how much of it to write";
                    return Err(Failure::Usage(what.into()));
                }
                format_of(to, *depth)?;
                refuse_to_replace(to, sources)?;
                let created = Output::create(self, to, *depth, (rate, Layout::Stereo))?;
                *file.lock().unwrap_or_else(PoisonError::into_inner) = Some(created);
                let slot = Arc::clone(file);
                let sink = Box::new(move |view: tonmeister_core::View<'_>| {
                    // Nobody else has it while it plays.
                    let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
                    slot.as_mut().map_or(Ok(()), |output| output.write(view).map_err(|e| e.to_string()))
                });
                timed(Clocked::new(sink, Pace::Free), frames)
            }
        })
    }

    /// Stays while it plays: shows where it is, tells what happens, reads the document anew.
    #[allow(clippy::too_many_arguments)]
    fn accompany(
        &self,
        path: &Path,
        live: &Live,
        playing: &dyn tonmeister_live::Playing,
        options: &PlayOptions,
        progress: &mut dyn Progress,
        remark: &mut dyn FnMut(&str),
        shown: &mut dyn FnMut(&Live),
    ) {
        let mut watch = options.watch.then(|| self.watch(path));
        let mut told = 0;
        while !playing.is_over() && !self.stop.load(Ordering::Relaxed) {
            std::thread::sleep(if options.meters.is_empty() { LOOK } else { GLANCE });
            shown(live);
            let performance = playing.performance();
            progress.advance(performance.frames - told);
            told = performance.frames;
            for trouble in live.troubles() {
                remark(&trouble);
            }
            if watch.as_ref().is_some_and(|watch| watch.changed().is_some()) {
                watch = Some(self.watch(path));
                match self.open_document(path) {
                    Ok((document, _)) if document.song().sample_rate_hz == live.sample_rate() => {
                        match heard(document.song(), options) {
                            Ok(song) => {
                                live.edit(&song);
                                remark("the document was read anew");
                            }
                            Err(failure) => remark(&format!("the song plays on as it was: {failure}")),
                        }
                    }
                    Ok(_) => remark("the document has another sample rate now: end this and play it anew"),
                    Err(failure) => remark(&format!("the song plays on as it was: {failure}")),
                }
            }
        }
    }
}

/// Takes the sound out before the device is let go of, so that it does not end with a click; waits no longer than a second.
fn fade_out(live: &Live, playing: &dyn tonmeister_live::Playing) {
    let begun = Instant::now();
    let waits = || begun.elapsed() < Duration::from_secs(1) && !playing.is_over();
    let stopped = live.stop().is_ok();
    while stopped && live.status().playing && waits() {
        std::thread::sleep(Duration::from_millis(2));
    }
    let held = playing.performance().latency_ms.unwrap_or(0.0).min(1000.0);
    std::thread::sleep(Duration::from_secs_f64(held / 1e3));
}

/// What of a document is heard: itself, or one of its versions, by an ear.
fn heard(song: &Song, options: &PlayOptions) -> Result<Song, Failure> {
    match &options.version {
        None => options.ear.hears(song),
        Some(id) => options.ear.hears(&song.version(id).map_err(no_version)?),
    }
}

fn timed(clock: Clocked, frames: Option<u64>) -> Box<dyn tonmeister_live::Output> {
    Box::new(match frames {
        Some(frames) => clock.for_frames(frames),
        None => clock,
    })
}

#[cfg(feature = "device")]
#[allow(clippy::unnecessary_wraps)]
fn device(periods: u32, frames: Option<u64>) -> Result<Box<dyn tonmeister_live::Output>, Failure> {
    Ok(Box::new(tonmeister_live::Device { periods, frames }))
}

#[cfg(not(feature = "device"))]
fn device(_: u32, _: Option<u64>) -> Result<Box<dyn tonmeister_live::Output>, Failure> {
    let what = "this build has no sound device (it was made without the feature `device`); listen to a file with --to, or \
                measure with --null";
    Err(Failure::Usage(what.into()))
}

#[cfg(test)]
mod tests;
