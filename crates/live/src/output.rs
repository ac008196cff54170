//! Where the sound goes.
//!
//! An [`Output`] asks the [`Player`] for sound. [`Clocked`] does so by a clock and hands blocks to a [`Sink`]: nothing at
//! all, a file, the console's stream ([`streamed`]). `Device` (feature `device`) is the machine's sound device.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rtrb::{Consumer, RingBuffer};
use tonmeister_core::{Buffer, Layout, View};

use crate::player::Player;

#[cfg(feature = "device")]
pub mod device;
mod system;

use system::Watch;

/// Why an output does not play.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct OutputError(pub String);

/// Something that can ask a player for sound.
pub trait Output {
    /// Begins to, until the handle is stopped or the [`crate::Live`] it plays for is gone.
    fn start(self: Box<Self>, player: Player) -> Result<Box<dyn Playing>, OutputError>;
}

/// An output at work. Dropping it stops it.
pub trait Playing {
    /// How it goes.
    fn performance(&self) -> Performance;

    /// Whether it has ended by itself.
    fn is_over(&self) -> bool;

    /// Ends it: what it came to, or what went wrong.
    fn stop(self: Box<Self>) -> Result<Performance, OutputError>;
}

/// How an output has kept up.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Performance {
    /// Blocks that were delivered.
    pub blocks: u64,
    /// Frames of the song that were delivered.
    pub frames: u64,
    /// Blocks that were not ready when they should have sounded: each is a gap.
    pub xruns: u64,
    /// The time between asking for a block and having it, the worst, in milliseconds.
    pub worst_ms: f64,
    /// The longest from the beginning of a block's making to its end, in milliseconds.
    pub made_ms: f64,
    /// The longest that a processor worked on a block, in milliseconds: that part is the program's. Where the system does not
    /// know (it is not Linux), the same as `made_ms`.
    pub worked_ms: f64,
    /// Blocks that a processor worked on for longer than they sound. A gap beside none of these is one of the machine, which
    /// was away or let others run.
    pub heavy: u64,
    /// The longest that the system let the audio thread wait before it ran, in milliseconds: no program can do anything about
    /// that part.
    pub woken_ms: f64,
    /// Of the time to a block, what 99.9 per cent of the blocks stay below, in milliseconds, to 1/64 of a block's length.
    pub most_ms: f64,
    /// The mean time a block takes to make, as a part of its length: the load of the audio thread.
    pub load: f64,
    /// Whether the audio thread runs before all others (real-time scheduling).
    pub realtime: bool,
    /// Whether the system keeps all of the program in memory, so that nothing must be fetched from disk in the middle of a block.
    pub in_memory: bool,
    /// The length of a block in milliseconds.
    pub block_ms: f64,
    /// From a block's making until it sounds, the longest that the device said, in milliseconds. Of a device that says so only.
    pub latency_ms: Option<f64>,
}

/// Places of the histogram: sixteen block lengths in steps of 1/64.
const PLACES: usize = 1024;

/// How many blocks an output holds unless it is told otherwise: one plays while the next is made.
const PERIODS: u32 = 2;

/// Numbers that the audio thread writes and others read.
pub(crate) struct Counts {
    blocks: AtomicU64,
    frames: AtomicU64,
    latency_ns: AtomicU64,
    xruns: AtomicU64,
    worst_ns: AtomicU64,
    sum_ns: AtomicU64,
    made_ns: AtomicU64,
    worked_ns: AtomicU64,
    heavy: AtomicU64,
    woken_ns: AtomicU64,
    places: Vec<AtomicU64>,
    realtime: AtomicBool,
    in_memory: AtomicBool,
    block_ns: u64,
}

impl Counts {
    pub(crate) fn new(block_s: f64) -> Self {
        Counts {
            blocks: AtomicU64::new(0),
            frames: AtomicU64::new(0),
            latency_ns: AtomicU64::new(0),
            xruns: AtomicU64::new(0),
            worst_ns: AtomicU64::new(0),
            sum_ns: AtomicU64::new(0),
            made_ns: AtomicU64::new(0),
            worked_ns: AtomicU64::new(0),
            heavy: AtomicU64::new(0),
            woken_ns: AtomicU64::new(0),
            places: (0..PLACES).map(|_| AtomicU64::new(0)).collect(),
            realtime: AtomicBool::new(false),
            in_memory: AtomicBool::new(false),
            block_ns: (block_s * 1e9) as u64,
        }
    }

    /// A block: how long making it took, and how much of that a processor worked on it; how long after it was due to be begun
    /// it was there, and whether that was too long.
    pub(crate) fn block(&self, frames: usize, (made, worked): (Duration, Duration), ready: Duration, xrun: bool) {
        self.blocks.fetch_add(1, Ordering::Relaxed);
        self.frames.fetch_add(frames as u64, Ordering::Relaxed);
        self.xruns.fetch_add(u64::from(xrun), Ordering::Relaxed);
        let nanos = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.sum_ns.fetch_add(nanos(made), Ordering::Relaxed);
        self.worst_ns.fetch_max(nanos(ready), Ordering::Relaxed);
        self.made_ns.fetch_max(nanos(made), Ordering::Relaxed);
        self.worked_ns.fetch_max(nanos(worked), Ordering::Relaxed);
        self.heavy.fetch_add(u64::from(nanos(worked) > self.block_ns), Ordering::Relaxed);
        self.woken_ns.fetch_max(nanos(ready.saturating_sub(made)), Ordering::Relaxed);
        let place = (nanos(ready) * 64 / self.block_ns.max(1)) as usize;
        self.places[place.min(PLACES - 1)].fetch_add(1, Ordering::Relaxed);
    }

    /// How long the device says that it takes from here until it sounds.
    #[cfg(feature = "device")]
    pub(crate) fn latency(&self, time: Duration) {
        self.latency_ns.fetch_max(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// A gap that somebody else has noticed.
    #[cfg(feature = "device")]
    pub(crate) fn xrun(&self) {
        self.xruns.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn set_realtime(&self, realtime: bool) {
        self.realtime.store(realtime, Ordering::Relaxed);
    }

    pub(crate) fn set_in_memory(&self, in_memory: bool) {
        self.in_memory.store(in_memory, Ordering::Relaxed);
    }

    pub(crate) fn performance(&self) -> Performance {
        let blocks = self.blocks.load(Ordering::Relaxed);
        let block_ms = self.block_ns as f64 / 1e6;
        let mut left = blocks - blocks / 1000;
        let most = self.places.iter().position(|place| {
            left = left.saturating_sub(place.load(Ordering::Relaxed));
            left == 0
        });
        let latency_ns = self.latency_ns.load(Ordering::Relaxed);
        Performance {
            blocks,
            frames: self.frames.load(Ordering::Relaxed),
            xruns: self.xruns.load(Ordering::Relaxed),
            worst_ms: self.worst_ns.load(Ordering::Relaxed) as f64 / 1e6,
            made_ms: self.made_ns.load(Ordering::Relaxed) as f64 / 1e6,
            worked_ms: self.worked_ns.load(Ordering::Relaxed) as f64 / 1e6,
            heavy: self.heavy.load(Ordering::Relaxed),
            woken_ms: self.woken_ns.load(Ordering::Relaxed) as f64 / 1e6,
            most_ms: (most.unwrap_or(PLACES - 1) + 1) as f64 / 64.0 * block_ms,
            load: self.sum_ns.load(Ordering::Relaxed) as f64 / (blocks.max(1) as f64 * block_ms * 1e6),
            realtime: self.realtime.load(Ordering::Relaxed),
            in_memory: self.in_memory.load(Ordering::Relaxed),
            block_ms,
            latency_ms: (latency_ns > 0).then_some(latency_ns as f64 / 1e6),
        }
    }
}

/// Takes blocks of sound, on the audio thread. An error ends the output.
pub type Sink = Box<dyn FnMut(View<'_>) -> Result<(), String> + Send>;

/// By which clock blocks are asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pace {
    /// By the time on the wall, so many times as fast: 1 is how it sounds. The thread asks to run before all others. A block
    /// that is not there when its turn to sound has come is an xrun, as on a device; the clock then begins anew.
    Wall(f64),
    /// As fast as it goes. Where clips have not been read yet, it waits for them, so that nothing is ever missing.
    Free,
}

/// Asks for blocks by a clock.
pub struct Clocked {
    sink: Sink,
    pace: Pace,
    periods: u32,
    frames: Option<u64>,
}

impl std::fmt::Debug for Clocked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Clocked").field("pace", &self.pace).field("frames", &self.frames).finish_non_exhaustive()
    }
}

impl Clocked {
    /// Hands every block to a sink.
    pub fn new(sink: Sink, pace: Pace) -> Self {
        Clocked { sink, pace, periods: PERIODS, frames: None }
    }

    /// Nobody hears it.
    pub fn null(pace: Pace) -> Self {
        Clocked::new(Box::new(|_| Ok(())), pace)
    }

    /// Holds so many blocks (2 to 64; 2 unless told), the one that sounds among them. Each more than two makes what is turned
    /// audible a block later, and bridges a block's length of the machine being away.
    #[must_use]
    pub fn holding(mut self, periods: u32) -> Self {
        self.periods = periods.clamp(2, 64);
        self
    }

    /// Ends by itself after so many frames.
    #[must_use]
    pub fn for_frames(mut self, frames: u64) -> Self {
        self.frames = Some(frames);
        self
    }

    fn run(mut self, player: &mut Player, counts: &Counts, stop: &AtomicBool) -> Result<(), String> {
        let block = player.block();
        let rate = f64::from(player.sample_rate());
        let mut buffer = Buffer::new(Layout::Stereo, block);
        let mut left = self.frames.unwrap_or(u64::MAX);
        let mut due = Instant::now();
        while left > 0 && !stop.load(Ordering::Relaxed) && !player.is_orphaned() {
            let frames = block.min(usize::try_from(left).unwrap_or(block));
            match self.pace {
                Pace::Wall(_) => std::thread::sleep(due.saturating_duration_since(Instant::now())),
                Pace::Free => player.wait_for_clips(frames),
            }
            let begun = Watch::start();
            player.fill(&mut buffer.block(frames));
            let made = begun.stop();
            (self.sink)(buffer.view(frames))?;
            left -= frames as u64;
            match self.pace {
                Pace::Wall(speed) => {
                    let ready = due.elapsed();
                    let length = Duration::from_secs_f64(frames as f64 / rate / speed);
                    let late = ready > length * (self.periods - 1);
                    counts.block(frames, made, ready, late);
                    due = if late { Instant::now() } else { due + length };
                }
                Pace::Free => counts.block(frames, made, made.0, false),
            }
        }
        Ok(())
    }
}

impl Output for Clocked {
    fn start(self: Box<Self>, mut player: Player) -> Result<Box<dyn Playing>, OutputError> {
        let speed = match self.pace {
            Pace::Wall(speed) if !(0.01..=1000.0).contains(&speed) => {
                return Err(OutputError(format!("a clock runs 0.01 to 1000 times as fast as the wall's, not {speed}")));
            }
            Pace::Wall(speed) => speed,
            Pace::Free => 1.0,
        };
        let counts = Arc::new(Counts::new(player.block() as f64 / f64::from(player.sample_rate()) / speed));
        let stop = Arc::new(AtomicBool::new(false));
        let (told, stopped) = (Arc::clone(&counts), Arc::clone(&stop));
        if let Pace::Wall(_) = self.pace {
            counts.set_in_memory(system::stay_in_memory());
        }
        let thread = std::thread::Builder::new().name("tonmeister-audio".into());
        let thread = thread.spawn(move || {
            if let Pace::Wall(_) = self.pace {
                told.set_realtime(system::run_before_all_others());
            }
            self.run(&mut player, &told, &stopped)
        });
        let thread = thread.map_err(|e| OutputError(format!("the audio thread could not be started: {e}")))?;
        Ok(Box::new(Running { counts, stop, thread: Some(thread) }))
    }
}

/// A clock at work.
struct Running {
    counts: Arc<Counts>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<Result<(), String>>>,
}

impl Running {
    fn end(&mut self) -> Result<(), OutputError> {
        self.stop.store(true, Ordering::Relaxed);
        match self.thread.take().map(JoinHandle::join) {
            None | Some(Ok(Ok(()))) => Ok(()),
            Some(Ok(Err(message))) => Err(OutputError(message)),
            Some(Err(panic)) => std::panic::resume_unwind(panic),
        }
    }
}

impl Playing for Running {
    fn performance(&self) -> Performance {
        self.counts.performance()
    }

    fn is_over(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }

    fn stop(mut self: Box<Self>) -> Result<Performance, OutputError> {
        self.end()?;
        Ok(self.counts.performance())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.thread.is_some() {
            // Nobody asked how it ended.
            let _ = self.end();
        }
    }
}

/// A sink that passes samples on, left and right in turn, to a thread that may wait: the console's stream. What does not
/// fit into so many frames, because nobody takes them, is dropped and counted.
pub fn streamed(frames: usize) -> (Sink, Consumer<f32>, Arc<AtomicU64>) {
    let (mut giving, taking) = RingBuffer::new(2 * frames);
    let dropped = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&dropped);
    let sink = Box::new(move |view: View<'_>| {
        let room = view.frames().min(giving.slots() / 2);
        if let Ok(chunk) = giving.write_chunk_uninit(2 * room) {
            let (left, right) = (view.channel(0), view.channel(view.layout().channels() - 1));
            chunk.fill_from_iter(left[..room].iter().zip(&right[..room]).flat_map(|(l, r)| [*l, *r]));
        }
        count.fetch_add((view.frames() - room) as u64, Ordering::Relaxed);
        Ok(())
    });
    (sink, taking, dropped)
}
