//! Whether parts add up: the sum of several outputs with signs, measured while they are made.

use multiversion::multiversion;
use serde::Serialize;
use tonmeister_core::{Db, View};

/// What is left when the parts of a mix are taken off it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Null {
    /// The largest sample that is left, in dB against the mix's own largest (full scale, where that is lower than full
    /// scale, would flatter). `None` when nothing at all is left.
    pub peak_db: Option<f64>,
    /// What is left on average, in dB against the mix's own average. `None` when nothing at all is left.
    pub rms_db: Option<f64>,
}

/// How many sums of squares run beside each other.
const LANES: usize = 8;

/// Adds outputs up, each wherever it is, and measures what comes of it.
///
/// Outputs arrive a few blocks apart from each other; what is not complete waits.
#[derive(Debug)]
pub(crate) struct Summing {
    /// How far each part has come.
    at: Vec<u64>,
    /// Per side.
    waiting: [Vec<f64>; 2],
    /// The frame that waits at the front.
    from: u64,
    left: [Level; 2],
    whole: [Level; 2],
}

/// The level of one side. A frame's lane follows from its place in the song, so that the sums do not depend on the
/// pieces that it comes in.
#[derive(Clone, Copy, Debug, Default)]
struct Level {
    peaks: [f64; LANES],
    energies: [f64; LANES],
}

impl Level {
    /// Adds frames that begin at that place.
    fn add<S: Heard>(&mut self, at: u64, samples: &[S]) {
        let ahead = (at.next_multiple_of(LANES as u64) - at) as usize;
        let (head, rest) = samples.split_at(ahead.min(samples.len()));
        let first = (at % LANES as u64) as usize;
        let (chunks, tail) = rest.as_chunks::<LANES>();
        self.add_lanes(first, head);
        S::add_all(self, chunks);
        self.add_lanes(0, tail);
    }

    #[inline]
    fn add_lanes<S: Heard>(&mut self, first: usize, samples: &[S]) {
        let lanes = self.peaks[first..].iter_mut().zip(&mut self.energies[first..]);
        for ((peak, energy), x) in lanes.zip(samples) {
            let x: f64 = (*x).into();
            *peak = if x.abs() > *peak { x.abs() } else { *peak };
            *energy += x * x;
        }
    }

    fn peak(&self) -> f64 {
        self.peaks.iter().fold(0.0, |most, peak| peak.max(most))
    }

    fn energy(&self) -> f64 {
        self.energies.iter().sum()
    }
}

/// A sample of a part, or of what is left.
trait Heard: Copy + Into<f64> {
    /// Adds whole rows of lanes.
    fn add_all(level: &mut Level, rows: &[[Self; LANES]]);
}

impl Heard for f32 {
    fn add_all(level: &mut Level, rows: &[[f32; LANES]]) {
        add_samples(level, rows);
    }
}

impl Heard for f64 {
    fn add_all(level: &mut Level, rows: &[[f64; LANES]]) {
        add_sums(level, rows);
    }
}

#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn add_samples(level: &mut Level, rows: &[[f32; LANES]]) {
    let mut own = *level;
    for row in rows {
        own.add_lanes(0, row);
    }
    *level = own;
}

#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn add_sums(level: &mut Level, rows: &[[f64; LANES]]) {
    let mut own = *level;
    for row in rows {
        own.add_lanes(0, row);
    }
    *level = own;
}

/// Adds samples to what waits.
#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn add_to(waiting: &mut [f64], heard: &[f32]) {
    waiting.iter_mut().zip(heard).for_each(|(sum, x)| *sum += f64::from(*x));
}

/// Takes samples off what waits.
#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn take_off(waiting: &mut [f64], heard: &[f32]) {
    waiting.iter_mut().zip(heard).for_each(|(sum, x)| *sum -= f64::from(*x));
}

impl Summing {
    /// Of a whole (part 0) and that many parts that are taken off it.
    pub(crate) fn new(parts: usize) -> Self {
        Summing {
            at: vec![0; parts + 1],
            waiting: Default::default(),
            from: 0,
            left: Default::default(),
            whole: Default::default(),
        }
    }

    /// The next frames of a part; 0 is the whole.
    pub(crate) fn push(&mut self, part: usize, view: View<'_>) {
        let offset = (self.at[part] - self.from) as usize;
        let end = offset + view.frames();
        for (side, waiting) in self.waiting.iter_mut().enumerate() {
            if waiting.len() < end {
                waiting.resize(end, 0.0);
            }
            let heard = view.channel(side.min(view.layout().channels() - 1));
            if part == 0 {
                self.whole[side].add(self.at[0], heard);
                add_to(&mut waiting[offset..end], heard);
            } else {
                take_off(&mut waiting[offset..end], heard);
            }
        }
        self.at[part] += view.frames() as u64;
        let done = self.at.iter().min().copied().unwrap_or_default();
        let complete = (done - self.from) as usize;
        if complete > 0 {
            for (waiting, left) in self.waiting.iter_mut().zip(&mut self.left) {
                left.add(self.from, &waiting[..complete]);
                waiting.drain(..complete);
            }
            self.from = done;
        }
    }

    /// All are in; what ended early was silent from there on.
    pub(crate) fn finish(mut self) -> Null {
        for (waiting, left) in self.waiting.iter().zip(&mut self.left) {
            left.add(self.from, waiting);
        }
        let peak = |sides: &[Level; 2]| sides[0].peak().max(sides[1].peak());
        let rms = |sides: &[Level; 2]| (sides[0].energy() + sides[1].energy()).sqrt();
        let against = |left: f64, whole: f64| (left > 0.0 && whole > 0.0).then(|| Db::of_gain(left / whole).0);
        Null {
            peak_db: against(peak(&self.left), peak(&self.whole)),
            rms_db: against(rms(&self.left), rms(&self.whole)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_that_arrive_apart_from_each_other_are_added_at_their_frames() {
        let whole: Vec<f32> = (0..1000).map(|i| (i as f32 * 0.01).sin()).collect();
        let half: Vec<f32> = whole.iter().map(|x| x * 0.5).collect();
        let mut sum = Summing::new(2);
        sum.push(1, View::mono(&half[..700]));
        sum.push(0, View::mono(&whole[..300]));
        sum.push(2, View::mono(&half[..10]));
        sum.push(0, View::mono(&whole[300..]));
        sum.push(2, View::mono(&half[10..]));
        sum.push(1, View::mono(&half[700..]));
        assert_eq!(sum.finish(), Null { peak_db: None, rms_db: None });

        // A part that ends early leaves what it lacks: here the last hundred frames of one half.
        let mut sum = Summing::new(2);
        sum.push(0, View::mono(&whole));
        sum.push(1, View::mono(&half));
        sum.push(2, View::mono(&half[..900]));
        let peak = whole.iter().fold(0.0_f32, |m, x| m.max(x.abs()));
        let left = half[900..].iter().fold(0.0_f32, |m, x| m.max(x.abs()));
        let expected = 20.0 * f64::from(left / peak).log10();
        assert!((sum.finish().peak_db.unwrap() - expected).abs() < 1e-4);
    }

    /// A level is the same to the bit whatever pieces it comes in, and is what it says.
    #[test]
    fn a_level_does_not_depend_on_its_pieces() {
        let samples: Vec<f64> = (0..1000).map(|i| (f64::from(i) * 0.37).sin() * f64::from(i)).collect();
        let level = |step: usize| {
            let mut level = Level::default();
            for (piece, samples) in samples.chunks(step).enumerate() {
                level.add((piece * step) as u64, samples);
            }
            (level.peak(), level.energy())
        };
        let whole = level(1000);
        let energy: f64 = samples.iter().map(|x| x * x).sum();
        assert!((whole.1 / energy - 1.0).abs() < 1e-14);
        assert!(samples.iter().all(|x| x.abs() <= whole.0) && samples.iter().any(|x| x.abs() == whole.0));
        for step in [1, 3, 7, 8, 9, 64, 333] {
            assert_eq!(level(step), whole, "in pieces of {step}");
        }
    }
}
