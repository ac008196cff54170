//! The greatest and the least of a sliding window, a tile at a time.

#![allow(
    clippy::inline_always,
    reason = "left out of line it would be compiled without its caller's vector instructions"
)]

use super::envelope::TILE;
use crate::dynamics::curve::at_least;
use crate::dynamics::parts::DelayLine;

/// The greatest of a sliding window.
///
/// Up to 33 frames it is as long as asked, a longer one is rounded up to 32·n + 1 frames. Both are found by the way of van
/// Herk, and of Gil and Werman (1993): the end of the block in which the window begins, the blocks between, the beginning
/// of the one in which it ends. What was before the first frame counts as 0.
#[derive(Clone, Debug)]
pub(super) enum Greatest {
    /// The window in frames, and the tile before.
    Short(usize, Box<[f64; TILE]>),
    Long(Tiles),
}

/// The tiles of a long window.
#[derive(Clone, Debug)]
pub(super) struct Tiles {
    /// For each past tile the greatest from each frame to the tile's end.
    ends: Vec<[f64; TILE]>,
    /// For each past tile its greatest; what fills the last lanes is never the greatest.
    whole: Vec<[f64; LANES]>,
    /// Where the oldest is.
    at: usize,
}

const LANES: usize = 8;

impl Greatest {
    /// A window of so many frames, at least 1.
    pub(super) fn new(frames: usize) -> Self {
        if frames <= TILE + 1 {
            return Greatest::Short(frames.max(1), Box::new([0.0; TILE]));
        }
        Greatest::Long(Tiles::new((frames - 1).div_ceil(TILE)))
    }

    /// How many frames before the newest one the window begins.
    pub(super) fn reach(&self) -> usize {
        match self {
            Greatest::Short(frames, _) => frames - 1,
            Greatest::Long(tiles) => tiles.ends.len() * TILE,
        }
    }

    pub(super) fn reset(&mut self) {
        match self {
            Greatest::Short(_, before) => before.fill(0.0),
            Greatest::Long(tiles) => *tiles = Tiles::new(tiles.ends.len()),
        }
    }

    /// In place.
    pub(super) fn run(&mut self, tile: &mut [f64; TILE]) {
        match self {
            Greatest::Short(1, _) => {}
            Greatest::Short(frames, before) => short(*frames, before, tile),
            Greatest::Long(tiles) => long(tiles, tile),
        }
    }
}

fn negate(tile: &mut [f64; TILE]) {
    for x in tile {
        *x = -*x;
    }
}

/// The least of a sliding window, in the same way.
#[derive(Clone, Debug)]
pub(super) struct Least(Greatest);

impl Least {
    pub(super) fn new(frames: usize) -> Self {
        Least(Greatest::new(frames))
    }

    pub(super) fn reach(&self) -> usize {
        self.0.reach()
    }

    pub(super) fn reset(&mut self) {
        self.0.reset();
    }

    pub(super) fn run(&mut self, tile: &mut [f64; TILE]) {
        if self.reach() == 0 {
            return;
        }
        negate(tile);
        self.0.run(tile);
        negate(tile);
    }
}

#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn short(frames: usize, before: &mut [f64; TILE], tile: &mut [f64; TILE]) {
    let mut all = [0.0; 2 * TILE];
    all[..TILE].copy_from_slice(before);
    all[TILE..].copy_from_slice(tile);
    *before = *tile;
    let mut ends = all;
    ends.chunks_mut(frames).for_each(to_the_end);
    all.chunks_mut(frames).for_each(from_the_beginning);
    for ((value, end), beginning) in tile.iter_mut().zip(&ends[TILE + 1 - frames..]).zip(&all[TILE..]) {
        *value = at_least(*end, *beginning);
    }
}

/// The greatest from each frame to the block's end. One after the other: a greatest takes a cycle, and to wait for what
/// was just stored, a shifted vector, ten.
#[inline(always)]
fn to_the_end(block: &mut [f64]) {
    let mut greatest = f64::NEG_INFINITY;
    for value in block.iter_mut().rev() {
        greatest = at_least(*value, greatest);
        *value = greatest;
    }
}

/// The greatest from the block's beginning to each frame.
#[inline(always)]
fn from_the_beginning(block: &mut [f64]) {
    let mut greatest = f64::NEG_INFINITY;
    for value in block {
        greatest = at_least(*value, greatest);
        *value = greatest;
    }
}

impl Tiles {
    fn new(count: usize) -> Self {
        let mut whole = vec![[f64::NEG_INFINITY; LANES]; count.div_ceil(LANES)];
        whole.as_flattened_mut()[..count].fill(0.0);
        Tiles { ends: vec![[0.0; TILE]; count], whole, at: 0 }
    }
}

#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn long(tiles: &mut Tiles, tile: &mut [f64; TILE]) {
    let (mut end, mut beginning) = (*tile, *tile);
    to_the_end(&mut end);
    from_the_beginning(&mut beginning);
    let oldest = std::mem::replace(&mut tiles.ends[tiles.at], end);
    tiles.whole[tiles.at / LANES][tiles.at % LANES] = f64::NEG_INFINITY;
    let mut lanes = [f64::NEG_INFINITY; LANES];
    for some in &tiles.whole {
        for (greatest, one) in lanes.iter_mut().zip(some) {
            *greatest = at_least(*one, *greatest);
        }
    }
    let between = lanes.into_iter().fold(f64::NEG_INFINITY, at_least);
    tiles.whole[tiles.at / LANES][tiles.at % LANES] = end[0];
    tiles.at = if tiles.at + 1 == tiles.ends.len() { 0 } else { tiles.at + 1 };
    for ((value, end), beginning) in tile.iter_mut().zip(oldest).zip(beginning) {
        *value = at_least(end, at_least(beginning, between));
    }
}

/// What comes in, so many frames later.
pub(super) type Later = DelayLine<f64>;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::noise;

    #[test]
    fn greatest_and_least_are_those_of_the_window() {
        for frames in [1, 2, 3, 7, 32, 33, 34, 240, 600] {
            let (mut greatest, mut least, mut later) =
                (Greatest::new(frames), Least::new(frames), Later::new(frames - 1));
            let reach = greatest.reach();
            assert!(reach == least.reach() && (frames - 1..frames + TILE).contains(&reach));
            assert!(frames > TILE + 1 || reach == frames - 1);
            let x: Vec<f64> = noise(frames as u64, 1.0, 3200).iter().map(|x| f64::from(*x) + 1.0).collect();
            for (t, tile) in x.as_chunks::<TILE>().0.iter().enumerate() {
                let (mut high, mut low, mut late) = (*tile, *tile, *tile);
                greatest.run(&mut high);
                least.run(&mut low);
                later.run(&mut late);
                for i in 0..TILE {
                    let k = t * TILE + i;
                    let before = if k < reach { 0.0 } else { f64::INFINITY };
                    let window = || x[k.saturating_sub(reach)..=k].iter().copied();
                    assert_eq!(high[i], window().fold(0.0, f64::max), "frame {k} of a window of {frames}");
                    assert_eq!(low[i], window().fold(before, f64::min), "frame {k} of a window of {frames}");
                    assert_eq!(late[i], k.checked_sub(frames - 1).map_or(0.0, |k| x[k]));
                }
            }
        }
    }
}
