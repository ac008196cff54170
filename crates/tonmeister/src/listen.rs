//! Listening: files are read ahead while they are heard, and several are heard at the same time.
//!
//! Decoding a file and measuring it take about the same time, so a thread of its own decodes a few pieces ahead. Several
//! files share the cores, one file to a core at a time: what is in memory grows with the cores and not with the files.
//! Nothing of this changes a bit of what is heard, nor the order in which results stand.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Sender, channel, sync_channel};

use rayon::prelude::*;
use tonmeister_core::{Buffer, Layout, Source};
use tonmeister_media as media;

use crate::failure::Failure;
use crate::progress::Progress;
use crate::world::World;

/// Frames read at a time: some tenths of a second.
const STEP: usize = 16_384;
/// Pieces on their way: one that is decoded, one that is heard, and two to even out haste and delay.
const PIECES: usize = 4;
/// Into how many parts the progress of each of several files is cut.
const PARTS: u64 = 1000;

/// Reads pieces on a thread of its own while others are heard, until one of no frames or a failure comes.
fn ahead<P: Send>(
    piece: impl Fn() -> P,
    mut read: impl FnMut(&mut P) -> Result<usize, Failure> + Send,
    mut hear: impl FnMut(&mut P, usize) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let (full, filled) = sync_channel(PIECES);
    let (back, empty) = sync_channel::<P>(PIECES);
    let pieces: [P; PIECES] = std::array::from_fn(|_| piece());
    std::thread::scope(move |scope| {
        scope.spawn(move || {
            for mut piece in empty {
                let frames = read(&mut piece);
                let is_last = !matches!(frames, Ok(1..));
                // Nobody listens any more where hearing has failed.
                if full.send((piece, frames)).is_err() || is_last {
                    return;
                }
            }
        });
        for piece in pieces {
            // There is room for all of them, and the thread takes them while it lives.
            let _ = back.send(piece);
        }
        for (mut piece, frames) in filled {
            let frames = frames?;
            if frames == 0 {
                break;
            }
            hear(&mut piece, frames)?;
            // After the last piece nobody waits for more.
            let _ = back.send(piece);
        }
        Ok(())
    })
}

impl World {
    /// Reads lanes to their end, stretch by stretch.
    pub(crate) fn each_stretch(
        &self,
        path: &Path,
        lanes: &mut dyn media::Lanes,
        channels: usize,
        mut each: impl FnMut(&[&[f32]]),
    ) -> Result<(), Failure> {
        ahead(
            || vec![0.0_f32; channels * STEP],
            |memory| {
                let mut parts: Vec<&mut [f32]> = memory.chunks_exact_mut(STEP).collect();
                lanes.read(&mut parts).map_err(|e| Failure::input(path, e))
            },
            |memory, frames| {
                self.go_on()?;
                let heard: Vec<&[f32]> = memory.chunks_exact(STEP).map(|part| &part[..frames]).collect();
                each(&heard);
                Ok(())
            },
        )
    }

    /// Reads a source to its end. The buffer handed on holds just the frames that were read.
    pub(crate) fn each_block(
        &self,
        path: &Path,
        source: &mut dyn Source,
        mut each: impl FnMut(&Buffer),
    ) -> Result<(), Failure> {
        let layout: Layout = source.info().layout;
        ahead(
            || Buffer::new(layout, STEP),
            |buffer| source.read(&mut buffer.block(STEP)).map_err(|e| Failure::input(path, e)),
            |buffer, frames| {
                self.go_on()?;
                if frames == STEP {
                    each(buffer);
                } else {
                    let mut part = Buffer::new(layout, 0);
                    part.append(buffer.view(frames));
                    each(&part);
                }
                Ok(())
            },
        )
    }

    /// Hears files at the same time, as many as there are cores, and returns what came of each in the order given; one
    /// that cannot be read does not keep the others from being heard.
    pub(crate) fn each_file<T: Send>(
        &self,
        paths: &[PathBuf],
        what: &str,
        progress: &mut dyn Progress,
        hear: impl Fn(&Path, &mut dyn Progress) -> Result<T, Failure> + Sync,
    ) -> Result<Vec<Result<T, Failure>>, Failure> {
        if let [only] = paths {
            let heard = hear(only, progress);
            self.go_on()?;
            return Ok(vec![heard]);
        }
        progress.begin(what, PARTS * paths.len() as u64);
        let (sender, receiver) = channel();
        let heard = std::thread::scope(|scope| {
            let work = scope.spawn(|| {
                // One by one: the longest of the last few is all that the others ever wait for.
                let each = paths.par_iter().with_max_len(1).map_with(sender, |sender, path| {
                    let mut share = Share { sender: sender.clone(), total: 1, done: 0, told: 0 };
                    let heard = self.go_on().and_then(|()| hear(path, &mut share));
                    share.tell(PARTS);
                    heard
                });
                each.collect()
            });
            while let Ok(parts) = receiver.recv() {
                progress.advance(parts);
            }
            work.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        });
        progress.end();
        self.go_on()?;
        Ok(heard)
    }
}

/// The progress of one of several files, in [`PARTS`].
struct Share {
    sender: Sender<u64>,
    total: u64,
    done: u64,
    told: u64,
}

impl Share {
    fn tell(&mut self, parts: u64) {
        if parts > self.told {
            // Nobody listens any more only if the watcher panicked.
            let _ = self.sender.send(parts - self.told);
            self.told = parts;
        }
    }
}

impl Progress for Share {
    fn begin(&mut self, _what: &str, total: u64) {
        self.total = total.max(1);
    }

    fn advance(&mut self, units: u64) {
        self.done = (self.done + units).min(self.total);
        self.tell((u128::from(self.done) * u128::from(PARTS) / u128::from(self.total)) as u64);
    }

    fn end(&mut self) {}
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};
    use std::sync::atomic::Ordering;

    use tonmeister_core::{Block, Layout, Source, SourceError, SourceInfo};

    use super::{PARTS, STEP};
    use crate::failure::Failure;
    use crate::progress::Progress;
    use crate::world::World;

    /// Counts up from 0, and breaks off where it is told to.
    struct Counting {
        at: usize,
        frames: usize,
        breaks_at: usize,
    }

    impl Source for Counting {
        fn info(&self) -> SourceInfo {
            SourceInfo { sample_rate: 48_000, layout: Layout::Mono, frames: self.frames as u64 }
        }

        fn read(&mut self, out: &mut Block<'_>) -> Result<usize, SourceError> {
            if self.at >= self.breaks_at {
                return Err(SourceError::new("broken"));
            }
            let count = out.frames().min(self.frames - self.at);
            for (n, sample) in out.channel_mut(0)[..count].iter_mut().enumerate() {
                *sample = (self.at + n) as f32;
            }
            self.at += count;
            Ok(count)
        }

        fn skip(&mut self, _frames: u64) -> Result<u64, SourceError> {
            Ok(0)
        }
    }

    /// All that was heard of a source, or why it ended.
    fn heard(frames: usize, breaks_at: usize) -> (Vec<f32>, Result<(), Failure>) {
        let mut all = Vec::new();
        let mut source = Counting { at: 0, frames, breaks_at };
        let end = World::new().each_block(Path::new("count"), &mut source, |block| {
            all.extend_from_slice(block.channel(0));
        });
        (all, end)
    }

    #[test]
    fn every_frame_is_heard_once_and_in_order() {
        for frames in [0, 1, STEP - 1, STEP, STEP + 1, 9 * STEP + 7] {
            let (all, end) = heard(frames, usize::MAX);
            assert!(end.is_ok());
            assert_eq!(all.len(), frames);
            assert!(all.iter().enumerate().all(|(n, sample)| *sample == n as f32), "{frames} frames");
        }
    }

    #[test]
    fn what_stands_before_a_break_is_heard_and_the_break_is_told() {
        let (all, end) = heard(20 * STEP, 6 * STEP);
        assert_eq!(all.len(), 6 * STEP);
        assert!(end.is_err_and(|failure| failure.to_string().contains("broken")));
    }

    #[test]
    fn a_stop_ends_it_at_the_next_piece() {
        let world = World::new();
        let mut source = Counting { at: 0, frames: 1000 * STEP, breaks_at: usize::MAX };
        let mut blocks = 0;
        let end = world.each_block(Path::new("count"), &mut source, |_| {
            blocks += 1;
            world.stop.store(blocks == 3, Ordering::Relaxed);
        });
        assert!(matches!(end, Err(Failure::Interrupted)));
        assert_eq!(blocks, 3);
        assert!(source.at <= 8 * STEP, "at most the pieces on their way were read: {}", source.at);
    }

    #[derive(Default)]
    struct Tally {
        total: u64,
        done: u64,
        steps: usize,
    }

    impl Progress for Tally {
        fn begin(&mut self, _what: &str, total: u64) {
            self.total = total;
            self.steps += 1;
        }

        fn advance(&mut self, units: u64) {
            self.done += units;
        }

        fn end(&mut self) {}
    }

    #[test]
    fn results_stand_in_the_order_of_the_files_and_progress_adds_up() {
        let paths: Vec<PathBuf> = (0..40).map(|n| PathBuf::from(n.to_string())).collect();
        let mut tally = Tally::default();
        let world = World::new();
        let results = world.each_file(&paths, "Counting", &mut tally, |path, progress| {
            let number: u64 = path.to_string_lossy().parse().unwrap();
            progress.begin("one", 1 + number % 7);
            (0..number % 9).for_each(|_| progress.advance(1));
            progress.end();
            if number == 13 { Err(Failure::input(path, "unlucky")) } else { Ok(number) }
        });
        let results = results.unwrap();
        assert_eq!((tally.done, tally.total, tally.steps), (40 * PARTS, 40 * PARTS, 1));
        for (n, result) in results.into_iter().enumerate() {
            match result {
                Ok(number) => assert_eq!(number, n as u64),
                Err(failure) => assert!(n == 13 && failure.to_string().contains("unlucky")),
            }
        }
    }

    #[test]
    fn a_stop_is_a_failure_of_the_whole() {
        let paths: Vec<PathBuf> = (0..9).map(|n| PathBuf::from(n.to_string())).collect();
        for paths in [&paths[..1], &paths[..]] {
            let world = World::new();
            let results = world.each_file(paths, "Stopping", &mut crate::Silent, |_, _| {
                world.stop.store(true, Ordering::Relaxed);
                Err::<(), _>(Failure::Interrupted)
            });
            assert!(matches!(results, Err(Failure::Interrupted)));
        }
    }
}
