//! The file of a kept render: a header, blocks of samples each with its hash, and what the inserts told.
//!
//! All numbers are little-endian. Header: 8 bytes of magic, sample rate (u32), channels (u32), frames (u64), 16 bytes of
//! hash over those. Blocks: per channel 4096 samples (f32, the last block filled up with zeros), then 16 bytes of hash.
//! End, twice: count (u32), per entry the insert (u32) and its figures (f64, what does not exist is no number), then 16
//! bytes of hash. First dynamics processors with three gains each, then meters with eleven levels.

use std::fs::File;
use std::io::{self, Read, Seek as _, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tonmeister_core::{Block, GainReduction, Layout, Levels, Source, SourceError, SourceInfo, View};
use tonmeister_engine::Told;

/// What the files end in.
pub(super) const EXTENSION: &str = "render";

const MAGIC: [u8; 8] = *b"TMRENDR3";
const FRAMES: usize = 4096;
const HASH: usize = 16;
const HEADER: usize = 8 + 4 + 4 + 8 + HASH;
/// More inserts than any strip has.
const MOST_ENTRIES: u32 = 1024;
/// Longer than any song: what claims more was not written here.
const MOST_FRAMES: u64 = 1 << 44;

/// XXH3 in 128 bits: it tells damage, and nobody has to be kept from forging a render; it reads ten times as fast as what
/// names renders.
fn hash(bytes: &[u8]) -> [u8; HASH] {
    twox_hash::XxHash3_128::oneshot(bytes).to_le_bytes()
}

/// The shape of a render.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) sample_rate: u32,
    pub(super) layout: Layout,
    pub(super) frames: u64,
}

impl Header {
    fn block_bytes(&self) -> usize {
        FRAMES * 4 * self.layout.channels()
    }

    /// A block with its hash.
    fn record_bytes(&self) -> usize {
        self.block_bytes() + HASH
    }

    /// How much room the file takes, but for what the inserts told.
    pub(super) fn file_bytes(&self) -> u64 {
        HEADER as u64 + self.frames.div_ceil(FRAMES as u64) * self.record_bytes() as u64
    }

    fn to_bytes(self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(self.sample_rate.to_le_bytes());
        bytes.extend((self.layout.channels() as u32).to_le_bytes());
        bytes.extend(self.frames.to_le_bytes());
        bytes.extend(hash(&bytes));
        bytes
    }

    fn of_bytes(bytes: &[u8; HEADER]) -> Option<Self> {
        let (body, sum) = bytes.split_at(HEADER - HASH);
        if body[..8] != MAGIC || hash(body) != sum {
            return None;
        }
        let word = |at: usize| u32::from_le_bytes(std::array::from_fn(|i| body[at + i]));
        let frames = u64::from_le_bytes(std::array::from_fn(|i| body[16 + i]));
        if frames > MOST_FRAMES {
            return None;
        }
        Some(Header { sample_rate: word(8), layout: Layout::of_channels(word(12) as usize)?, frames })
    }
}

/// A render being written.
pub(super) struct Recording<W> {
    out: W,
    header: Header,
    /// A block, and room for its hash: they are written at once.
    record: Vec<u8>,
    /// Frames in the block so far.
    filled: usize,
    taken: u64,
}

impl<W: Write> Recording<W> {
    pub(super) fn begin(mut out: W, header: Header) -> io::Result<Self> {
        out.write_all(&header.to_bytes())?;
        Ok(Recording { out, header, record: vec![0; header.record_bytes()], filled: 0, taken: 0 })
    }

    pub(super) fn push(&mut self, view: View<'_>) -> io::Result<()> {
        // What comes beyond the length that was announced is nobody's.
        let frames = (self.header.frames - self.taken).min(view.frames() as u64) as usize;
        let mut done = 0;
        while done < frames {
            let step = (FRAMES - self.filled).min(frames - done);
            for (channel, samples) in view.channels().enumerate() {
                let at = (channel * FRAMES + self.filled) * 4;
                let into = self.record[at..at + 4 * step].as_chunks_mut::<4>().0;
                for (bytes, x) in into.iter_mut().zip(&samples[done..done + step]) {
                    *bytes = x.to_le_bytes();
                }
            }
            self.filled += step;
            done += step;
            if self.filled == FRAMES {
                self.write_block()?;
            }
        }
        self.taken += frames as u64;
        Ok(())
    }

    fn write_block(&mut self) -> io::Result<()> {
        let (block, sum) = self.record.split_at_mut(self.header.block_bytes());
        sum.copy_from_slice(&hash(block));
        self.out.write_all(&self.record)?;
        self.filled = 0;
        Ok(())
    }

    /// Ends the file; refused when less came than was announced.
    pub(super) fn finish(mut self, told: &Told) -> io::Result<W> {
        if self.taken < self.header.frames {
            return Err(io::Error::other("the render ended early"));
        }
        if self.filled > 0 {
            for channel in 0..self.header.layout.channels() {
                self.record[(channel * FRAMES + self.filled) * 4..(channel + 1) * FRAMES * 4].fill(0);
            }
            self.write_block()?;
        }
        self.out.write_all(&entries(&told.reductions, gains_of))?;
        self.out.write_all(&entries(&told.levels, figures_of))?;
        self.out.flush()?;
        Ok(self.out)
    }
}

/// A render being read, each block checked.
pub(super) struct Reading {
    file: File,
    path: PathBuf,
    header: Header,
    /// A block and its hash, read at once and straight from the file: what lies between would only copy.
    record: Vec<u8>,
    /// The frame that comes next, and whether its block is there.
    at: u64,
    loaded: bool,
    damaged: Arc<AtomicBool>,
}

impl Reading {
    /// Opens a render and what its inserts told; `None` where the file is none, is cut off or damaged there.
    pub(super) fn open(mut file: File, path: PathBuf, damaged: Arc<AtomicBool>) -> Option<(Self, Told)> {
        let mut bytes = [0; HEADER];
        file.read_exact(&mut bytes).ok()?;
        let header = Header::of_bytes(&bytes)?;
        file.seek(SeekFrom::Start(header.file_bytes())).ok()?;
        let reductions =
            read_entries(&mut file, |[now_db, max_db, mean_db]| GainReduction { now_db, max_db, mean_db })?;
        let told = Told { reductions, levels: read_entries(&mut file, levels_of)? };
        file.seek(SeekFrom::Start(HEADER as u64)).ok()?;
        let record = vec![0; header.record_bytes()];
        Some((Reading { file, path, header, record, at: 0, loaded: false, damaged }, told))
    }

    pub(super) fn header(&self) -> Header {
        self.header
    }

    fn load(&mut self) -> Result<(), SourceError> {
        let read = self.file.read_exact(&mut self.record);
        let (block, sum) = self.record.split_at(self.header.block_bytes());
        if read.is_err() || hash(block) != sum {
            // Out of the way, so that the next try makes it anew.
            let _ = std::fs::remove_file(&self.path);
            self.damaged.store(true, Ordering::Relaxed);
            return Err(SourceError::new(format!(
                "{}: a render that was kept is damaged; it was taken away, so render again",
                self.path.display()
            )));
        }
        self.loaded = true;
        Ok(())
    }
}

fn gains_of(reduction: &GainReduction) -> [f64; 3] {
    [reduction.now_db, reduction.max_db, reduction.mean_db]
}

fn figures_of(levels: &Levels) -> [f64; 11] {
    let Levels {
        sample_peak_dbfs,
        true_peak_dbtp,
        rms_dbfs,
        momentary_lufs,
        short_term_lufs,
        max_momentary_lufs,
        max_short_term_lufs,
        integrated_lufs,
        range_lu,
        correlation_now,
        correlation,
    } = *levels;
    let peaks = [sample_peak_dbfs, true_peak_dbtp, rms_dbfs];
    let now = [momentary_lufs, short_term_lufs, max_momentary_lufs, max_short_term_lufs];
    let whole = [integrated_lufs, range_lu, correlation_now, correlation];
    let mut figures = [f64::NAN; 11];
    for (figure, level) in figures.iter_mut().zip(peaks.into_iter().chain(now).chain(whole)) {
        *figure = level.unwrap_or(f64::NAN);
    }
    figures
}

fn levels_of(figures: [f64; 11]) -> Levels {
    let [
        sample_peak_dbfs,
        true_peak_dbtp,
        rms_dbfs,
        momentary_lufs,
        short_term_lufs,
        max_momentary_lufs,
        max_short_term_lufs,
        integrated_lufs,
        range_lu,
        correlation_now,
        correlation,
    ] = figures.map(|figure| Some(figure).filter(|figure| !figure.is_nan()));
    Levels {
        sample_peak_dbfs,
        true_peak_dbtp,
        rms_dbfs,
        momentary_lufs,
        short_term_lufs,
        max_momentary_lufs,
        max_short_term_lufs,
        integrated_lufs,
        range_lu,
        correlation_now,
        correlation,
    }
}

/// A list of entries with its hash.
fn entries<T, const N: usize>(all: &[(usize, T)], figures: fn(&T) -> [f64; N]) -> Vec<u8> {
    let mut bytes = (all.len() as u32).to_le_bytes().to_vec();
    for (insert, told) in all {
        bytes.extend((*insert as u32).to_le_bytes());
        bytes.extend(figures(told).iter().flat_map(|figure| figure.to_le_bytes()));
    }
    bytes.extend(hash(&bytes));
    bytes
}

fn read_entries<T, const N: usize>(file: &mut File, told: fn([f64; N]) -> T) -> Option<Vec<(usize, T)>> {
    let mut count = [0; 4];
    file.read_exact(&mut count).ok()?;
    let entries = u32::from_le_bytes(count);
    if entries > MOST_ENTRIES {
        return None;
    }
    let length = 4 + 8 * N;
    let mut body = vec![0; entries as usize * length];
    file.read_exact(&mut body).ok()?;
    let mut sum = [0; HASH];
    file.read_exact(&mut sum).ok()?;
    if hash(&[&count[..], &body].concat()) != sum {
        return None;
    }
    let read = |entry: &[u8]| {
        let insert = u32::from_le_bytes(std::array::from_fn(|i| entry[i])) as usize;
        let figure = |n: usize| f64::from_le_bytes(std::array::from_fn(|i| entry[4 + 8 * n + i]));
        (insert, told(std::array::from_fn(figure)))
    };
    Some(body.chunks_exact(length).map(read).collect())
}

impl Source for Reading {
    fn info(&self) -> SourceInfo {
        let Header { sample_rate, layout, frames } = self.header;
        SourceInfo { sample_rate, layout, frames }
    }

    fn read(&mut self, out: &mut Block<'_>) -> Result<usize, SourceError> {
        let frames = (self.header.frames - self.at).min(out.frames() as u64) as usize;
        let mut done = 0;
        while done < frames {
            if !self.loaded {
                self.load()?;
            }
            let from = (self.at % FRAMES as u64) as usize;
            let step = (FRAMES - from).min(frames - done);
            for channel in 0..self.header.layout.channels() {
                let at = (channel * FRAMES + from) * 4;
                let bytes = self.record[at..at + 4 * step].as_chunks::<4>().0;
                for (y, x) in out.channel_mut(channel)[done..done + step].iter_mut().zip(bytes) {
                    *y = f32::from_le_bytes(*x);
                }
            }
            done += step;
            self.at += step as u64;
            self.loaded = from + step < FRAMES;
        }
        Ok(frames)
    }

    fn skip(&mut self, frames: u64) -> Result<u64, SourceError> {
        let to = (self.at + frames).min(self.header.frames);
        let (from_block, to_block) = (self.at / FRAMES as u64, to / FRAMES as u64);
        if from_block != to_block || !self.loaded {
            let start = HEADER as u64 + to_block * self.header.record_bytes() as u64;
            self.file.seek(SeekFrom::Start(start)).map_err(|e| SourceError::new(e.to_string()))?;
            self.loaded = false;
        }
        let skipped = to - self.at;
        self.at = to;
        Ok(skipped)
    }
}
