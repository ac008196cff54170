//! Clips read ahead of their time, on a thread that may wait.
//!
//! Every track has two rings: full chunks go to the audio thread, empty ones come back. Nothing is allocated after the
//! start, nobody locks, and what the audio thread has done with is never freed there.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rtrb::{Consumer, Producer, RingBuffer};
use tonmeister_core::{Block, Buffer};
use tonmeister_engine::{Feed, Reel};

/// Frames that are read at a time.
pub(crate) const CHUNK: usize = 1024;

/// How long the reader rests when everything is full: far less than what it reads ahead.
const REST: Duration = Duration::from_millis(5);

/// A stretch of a track on its timeline.
struct Chunk {
    at: i64,
    sound: Buffer,
}

/// The reader's end of a track.
struct Writing {
    reel: Reel,
    at: i64,
    full: Producer<Chunk>,
    empty: Consumer<Chunk>,
    /// Up to where on the timeline everything has been read.
    read: Arc<AtomicI64>,
    failed: bool,
}

/// The audio thread's end of a track.
struct Line {
    full: Consumer<Chunk>,
    empty: Producer<Chunk>,
    current: Option<Chunk>,
    missed: Arc<AtomicU64>,
}

impl Feed for Line {
    fn read(&mut self, at: i64, out: &mut Block<'_>) {
        let frames = out.frames();
        let mut done = 0;
        while done < frames {
            let wanted = at + done as i64;
            match &self.current {
                Some(chunk) if wanted < chunk.at + CHUNK as i64 => {
                    // What is wanted never lies before the first chunk: that is where the track began to be read.
                    let from = (wanted - chunk.at).max(0) as usize;
                    let count = (CHUNK - from).min(frames - done);
                    let mut part = out.part(done, done + count);
                    for (channel, samples) in part.channels_mut().enumerate() {
                        samples.copy_from_slice(&chunk.sound.channel(channel)[from..from + count]);
                    }
                    done += count;
                }
                _ => {
                    if let Some(chunk) = self.current.take() {
                        // The ring has room for every chunk of the track.
                        let _ = self.empty.push(chunk);
                    }
                    self.current = self.full.pop().ok();
                    if self.current.is_none() {
                        out.part(done, frames).silence();
                        self.missed.fetch_add((frames - done) as u64, Ordering::Relaxed);
                        return;
                    }
                }
            }
        }
    }
}

/// What was wrong with the files that are read.
pub(crate) type Troubles = Arc<Mutex<Vec<String>>>;

/// The tracks of an executor, before anything is read.
pub(crate) struct Tracks {
    lines: Vec<Writing>,
    ahead: usize,
    missed: Arc<AtomicU64>,
}

impl Tracks {
    /// Each to be read so many frames ahead. Frames that did not come in time are counted in `missed`.
    pub(crate) fn new(ahead: usize, missed: Arc<AtomicU64>) -> Self {
        Tracks { lines: Vec::new(), ahead, missed }
    }

    /// Takes a track to be read, and gives what brings it.
    pub(crate) fn add(&mut self, reel: Reel) -> Box<dyn Feed> {
        let count = self.ahead.div_ceil(CHUNK) + 2;
        let (full, taking) = RingBuffer::new(count);
        let (mut giving, empty) = RingBuffer::new(count);
        for _ in 0..count {
            let _ = giving.push(Chunk { at: 0, sound: Buffer::new(reel.layout(), CHUNK) });
        }
        let at = reel.at();
        let read = Arc::new(AtomicI64::new(at));
        self.lines.push(Writing { reel, at, full, empty, read, failed: false });
        Box::new(Line { full: taking, empty: giving, current: None, missed: Arc::clone(&self.missed) })
    }

    /// Begins to read, for an executor that stands at `place`.
    pub(crate) fn start(self, place: i64, troubles: Troubles) -> std::io::Result<Reader> {
        let marks =
            self.lines.iter().map(|line| Mark { late: place - line.at, read: Arc::clone(&line.read) }).collect();
        let stop = Arc::new(AtomicBool::new(false));
        let (mut lines, stopped) = (self.lines, Arc::clone(&stop));
        let thread = std::thread::Builder::new().name("tonmeister-reader".into()).spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                let mut busy = false;
                // In turn, so that the first chunks of all tracks come before the second of any.
                for line in &mut lines {
                    busy |= line.read_on(&troubles);
                }
                if !busy {
                    std::thread::park_timeout(REST);
                }
            }
        })?;
        Ok(Reader { marks, stop, thread: Some(thread) })
    }
}

impl Writing {
    /// Reads one chunk, if one is empty.
    fn read_on(&mut self, troubles: &Troubles) -> bool {
        let Ok(mut chunk) = self.empty.pop() else { return false };
        chunk.at = self.at;
        let mut block = chunk.sound.block(CHUNK);
        if !self.failed
            && let Err(error) = self.reel.read(&mut block)
        {
            // The song plays on without the track, and somebody is told.
            self.failed = true;
            troubles.lock().unwrap_or_else(PoisonError::into_inner).push(error.message);
        }
        if self.failed {
            block.silence();
        }
        self.at += CHUNK as i64;
        let _ = self.full.push(chunk);
        self.read.store(self.at, Ordering::Release);
        true
    }
}

/// How far a track has been read, and how late it is where it is heard.
struct Mark {
    late: i64,
    read: Arc<AtomicI64>,
}

/// A thread that reads ahead until it is dropped.
pub(crate) struct Reader {
    marks: Vec<Mark>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Reader {
    /// Whether an executor at `place` finds its next frames read.
    pub(crate) fn has(&self, place: i64, frames: usize) -> bool {
        self.marks.iter().all(|mark| mark.read.load(Ordering::Acquire) >= place - mark.late + frames as i64)
    }

    /// Waits until it does. Not for the audio thread.
    pub(crate) fn wait(&self, place: i64, frames: usize) {
        while !self.has(place, frames) && self.thread.as_ref().is_some_and(|thread| !thread.is_finished()) {
            if let Some(thread) = &self.thread {
                thread.thread().unpark();
            }
            std::thread::sleep(Duration::from_micros(200));
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // A reader that panicked has nothing more to say.
            let _ = thread.join();
        }
    }
}
