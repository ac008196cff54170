//! Two files read side by side, at one rate, in one layout, from the same moment of the music.

use std::path::Path;

use tonmeister_core::{Block, Buffer, Db, Layout, Source, View};
use tonmeister_dsp::resample::{Resampled, resampled_frames};
use tonmeister_measure::compare::Fraction;
use tonmeister_media as media;

use super::Alignment;
use crate::failure::{Failure, Finding};
use crate::measure::{open_silenced, silenced};
use crate::sound::Sound;

/// Frames read at a time.
const STEP: usize = 16_384;

/// What two files have in common: the rate of the first, and stereo if either is.
pub(super) struct Shape<'p> {
    pub(super) paths: [&'p Path; 2],
    pub(super) rates: [u32; 2],
    pub(super) rate: u32,
    pub(super) layout: Layout,
    lengths: [u64; 2],
}

impl<'p> Shape<'p> {
    /// Looks at both files.
    pub(super) fn of(first: &'p Path, second: &'p Path) -> Result<(Self, Vec<Finding>), Failure> {
        let paths = [first, second];
        let (mut infos, mut warnings) = (Vec::new(), Vec::new());
        for path in paths {
            let opened = open_silenced(path)?;
            warnings.extend(opened.warnings.iter().map(|d| Finding::new(path, "", d)));
            let info = opened.source.info();
            if info.frames == 0 {
                return Err(Failure::input(path, "holds no audio; there is nothing to compare"));
            }
            infos.push(info);
        }
        let [a, b] = [infos[0], infos[1]];
        if a.sample_rate != b.sample_rate {
            let message = format!("runs at {} Hz and is converted to the first's {} Hz", b.sample_rate, a.sample_rate);
            warnings.push(Finding::note(second, "converted", message));
        }
        let stereo = [a, b].iter().any(|info| info.layout == Layout::Stereo);
        let shape = Shape {
            paths,
            rates: [a.sample_rate, b.sample_rate],
            rate: a.sample_rate,
            layout: if stereo { Layout::Stereo } else { Layout::Mono },
            lengths: [a.frames, resampled_frames(b.frames, b.sample_rate, a.sample_rate)],
        };
        Ok((shape, warnings))
    }

    /// The longer of the two, for telling how far the work is.
    pub(super) fn frames(&self) -> u64 {
        self.lengths[0].max(self.lengths[1])
    }

    /// One of the two files from its beginning.
    pub(super) fn reader(&self, side: usize) -> Result<Reader<'p>, Failure> {
        let path = self.paths[side];
        let Sound { source, silenced, .. } = open_silenced(path)?;
        let own = source.info().layout;
        let source: Box<dyn Source> =
            if self.rates[side] == self.rate { source } else { Box::new(Resampled::new(source, self.rate)) };
        Ok(Reader { path, source, silenced, own, buffer: Buffer::new(self.layout, STEP) })
    }
}

/// A file at the common rate and in the common layout.
pub(super) struct Reader<'p> {
    path: &'p Path,
    source: Box<dyn Source>,
    silenced: media::NonFiniteCount,
    own: Layout,
    buffer: Buffer,
}

impl Reader<'_> {
    /// The next frames; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<View<'_>>, Failure> {
        let frames = self.fill(STEP)?;
        Ok((frames > 0).then(|| self.buffer.view(frames)))
    }

    /// Fills the buffer with up to so many frames; fewer only at the end.
    fn fill(&mut self, frames: usize) -> Result<usize, Failure> {
        let mut done = 0;
        while done < frames {
            let mut rest = self.buffer.block_range(done, frames);
            let mut own = match self.own {
                Layout::Mono => Block::mono(rest.channel_mut(0)),
                Layout::Stereo => rest,
            };
            match self.source.read(&mut own).map_err(|e| Failure::input(self.path, e))? {
                0 => break,
                got => done += got,
            }
        }
        if self.own == Layout::Mono
            && let Some((left, right)) = self.buffer.block(done).pair_mut()
        {
            right.copy_from_slice(left);
        }
        Ok(done)
    }
}

/// How the second is to be moved and weighed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Place {
    /// How many whole frames the second comes later.
    pub(super) later: i64,
    /// And which fraction of one.
    fraction: f64,
    turned: bool,
    /// The gain it is given.
    pub(super) gain_db: f64,
}

impl Place {
    /// By whole frames alone.
    pub(super) fn whole(later: i64) -> Self {
        Place { later, ..Place::default() }
    }

    /// As it was found, with no gain yet.
    pub(super) fn at(found: &Alignment) -> Self {
        let later = found.delay_frames.round();
        Place { later: later as i64, fraction: found.delay_frames - later, turned: found.turned, gain_db: 0.0 }
    }
}

/// Both files, the second moved to where the first is.
pub(super) struct Pair<'p> {
    readers: [Reader<'p>; 2],
    /// Earlier by the fraction, and as much later as that costs.
    moves: Option<[Fraction; 2]>,
    moved: [Buffer; 2],
    /// How many frames are still to come: what both share.
    left: u64,
    gain: f64,
}

impl<'p> Pair<'p> {
    /// From the first moment that both have.
    pub(super) fn open(shape: &Shape<'p>, place: Place) -> Result<Self, Failure> {
        let mut readers = [shape.reader(0)?, shape.reader(1)?];
        let skips = [(-place.later).max(0) as u64, place.later.max(0) as u64];
        let mut left = u64::MAX;
        for (side, reader) in readers.iter_mut().enumerate() {
            reader.source.skip(skips[side]).map_err(|e| Failure::input(reader.path, e))?;
            left = left.min(shape.lengths[side].saturating_sub(skips[side]));
        }
        // A fraction of nothing leaves the samples as they are.
        let moves = (place.fraction != 0.0).then(|| [0.0, place.fraction].map(|by| Fraction::new(shape.layout, by)));
        let gain = Db(place.gain_db).gain() * if place.turned { -1.0 } else { 1.0 };
        let moved = [Buffer::new(shape.layout, 0), Buffer::new(shape.layout, 0)];
        Ok(Pair { readers, moves, moved, left, gain })
    }

    /// What is said of samples that are no numbers, of each file, as far as it was read.
    pub(super) fn silenced(&self) -> impl Iterator<Item = Finding> {
        self.readers.iter().filter_map(|reader| silenced(reader.path, reader.silenced.get()))
    }

    /// The next frames of both, as many of the one as of the other; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<(View<'_>, View<'_>)>, Failure> {
        let mut frames = self.read()?;
        let moving = self.moves.is_some();
        if moving {
            // What goes in comes out later: nothing at first, and something still behind the end.
            frames = self.shift(frames);
            while frames == 0 && self.left > 0 {
                let read = self.read()?;
                frames = self.shift(read);
            }
        }
        let [first, second] = match (moving, &self.readers) {
            (false, [first, second]) => [&first.buffer, &second.buffer],
            (true, _) => [&self.moved[0], &self.moved[1]],
        };
        Ok((frames > 0).then(|| (first.view(frames), second.view(frames))))
    }

    /// Reads both and weighs the second; says how many frames both had.
    fn read(&mut self) -> Result<usize, Failure> {
        let wanted = self.left.min(STEP as u64) as usize;
        let [first, second] = &mut self.readers;
        let got = first.fill(wanted)?.min(second.fill(wanted)?);
        // A file may be shorter than it says.
        self.left = if got < wanted { 0 } else { self.left - got as u64 };
        if self.gain != 1.0 {
            let mut block = second.buffer.block(got);
            for channel in 0..block.layout().channels() {
                block.channel_mut(channel).iter_mut().for_each(|x| *x = (f64::from(*x) * self.gain) as f32);
            }
        }
        Ok(got)
    }

    /// Moves both by their fractions; says how many frames came out.
    fn shift(&mut self, frames: usize) -> usize {
        let Some(mut moves) = self.moves.take() else { return 0 };
        for ((by, moved), reader) in moves.iter_mut().zip(&mut self.moved).zip(&self.readers) {
            *moved = Buffer::new(moved.layout(), 0);
            by.push(reader.buffer.view(frames), moved);
        }
        if self.left > 0 {
            self.moves = Some(moves);
        } else {
            for (by, moved) in moves.into_iter().zip(&mut self.moved) {
                by.finish(moved);
            }
        }
        self.moved[0].frames()
    }
}
