//! Telling clicks from music among what was found.
//!
//! What was found was found with a model that had learned from the clicks as well. A second one learns from the frame in
//! which all of it is filled, and is asked again: where does it begin and end, and how much better is the frame foretold
//! without it? That must be a lot beside the errors right next to it, on either side: a click is over when it is over,
//! but the scrape of a plectrum goes on, and so does a bang. And it must not return: what stands out alike three times
//! at even distances is the edge of a synthesizer's wave, a glottis, or the loop of a sampler.

use super::super::super::ar::{Gaps, Model};
use super::Finder;

/// The errors right next to a click are not asked: its own edges may be among them.
const GUARD: usize = 4;
/// Of those around it, so many are smaller than what is taken for their size,
const SMALLER: f64 = 0.7;
/// and with a normal distribution that is so many standard deviations.
const DEVIATIONS: f64 = 1.036;
/// A click must stand out from them by so much more than it had to when it was looked for.
const STANDS: f64 = 1.2;
/// Its first and last sample stand out by this part.
const ENDS: f64 = 0.6;
/// What is no longer than this is not narrowed.
const NARROW: usize = 3;

/// How much the errors at three places must be alike (1: the same but for their size) to be of one kind.
const ALIKE: f64 = 0.6;
/// Their energies differ by no more than this.
const LOUDER: f64 = 4.0;
/// How many samples before and behind a span are compared with it.
const MARGIN: (usize, usize) = (4, 8);

/// What to make of what stands out at even distances.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Returning {
    /// It belongs to the sound.
    IsMusic,
    /// It is a click each time, like any other.
    IsNone,
}

impl Finder {
    /// Keeps of the spans what is a click, narrowed to what does not fit, and filled in `clean`; there the rest becomes
    /// again what it is in `frame`. `deviations` are those of the search.
    pub(in super::super) fn confirm(
        &mut self,
        frame: &[f64],
        clean: &mut [f64],
        gaps: &mut Gaps,
        spans: &mut Vec<(usize, usize)>,
        deviations: f64,
        returning: Returning,
    ) {
        if spans.is_empty() || !self.model.learn(clean) {
            return;
        }
        // The matched filter has done its part; its memory holds what is not foretold of the sound as it came.
        self.model.forward_error(frame, &mut self.matched);
        spans.retain_mut(|span| {
            let (from, to) = *span;
            if returning == Returning::IsMusic && returns(&self.matched, (from, to), self.model.order()) {
                clean[from..to].copy_from_slice(&frame[from..to]);
                return false;
            }
            let around = self.around(frame, clean, from, to);
            clean[from..to].copy_from_slice(&frame[from..to]);
            let Some(around) = around else { return false };
            let (from, to) = self.narrowed(clean, from, to, ENDS * deviations * around);
            let with = self.energy(clean, from, to);
            gaps.fill(&self.model, clean, &[(from, to)]);
            let without = self.energy(clean, from, to);
            let stands = ((with - without).max(0.0) / (to - from) as f64).sqrt();
            if stands <= STANDS * deviations * around {
                clean[from..to].copy_from_slice(&frame[from..to]);
                return false;
            }
            *span = (from, to);
            true
        });
    }

    /// The size of the errors before and behind a span, of whichever side has larger ones. None where one side is
    /// silent: there the sound begins or ends.
    fn around(&mut self, frame: &[f64], clean: &[f64], from: usize, to: usize) -> Option<f64> {
        let count = self.beside(clean.len());
        let silent = |at: usize| frame[at..at + count].iter().all(|x| *x == 0.0);
        if silent(from - GUARD - count) != silent(to + GUARD) {
            return None;
        }
        let tools = (&mut self.backward[..], &mut self.forward[..], &mut self.sorting[..count]);
        Some(spread(&self.model, tools, clean, (from, to)))
    }

    /// The same by another model, wherever it is.
    pub(in super::super) fn spread(&mut self, model: &Model, sound: &[f64], span: (usize, usize)) -> f64 {
        let count = self.beside(sound.len());
        spread(model, (&mut self.backward, &mut self.forward, &mut self.sorting[..count]), sound, span)
    }

    /// How many samples on either side are asked, in a frame so long.
    fn beside(&self, size: usize) -> usize {
        (size / 128).clamp(24, self.sorting.len())
    }

    /// From the first sample that is not foretold to the last that is not, backward.
    fn narrowed(&mut self, sound: &[f64], from: usize, to: usize, limit: f64) -> (usize, usize) {
        if to - from <= NARROW {
            return (from, to);
        }
        self.model.forward_error_within(sound, &mut self.forward, from, to);
        self.model.backward_error_within(sound, &mut self.backward, from, to);
        let first = (from..to).find(|n| self.forward[*n].abs() > limit);
        let last = (from..to).rev().find(|n| self.backward[*n].abs() > limit);
        match (first, last) {
            (Some(first), Some(last)) if first <= last => (first, last + 1),
            _ => (from, to),
        }
    }

    /// The energy of all errors that a span has a part in.
    fn energy(&mut self, sound: &[f64], from: usize, to: usize) -> f64 {
        let end = to + self.model.order();
        self.model.forward_error_within(sound, &mut self.forward, from, end);
        self.forward[from..end].iter().map(|x| x * x).sum()
    }
}

/// The size of the errors before and behind a span, of whichever side has larger ones: of as many as can be sorted.
fn spread(
    model: &Model,
    (backward, forward, sorting): (&mut [f64], &mut [f64], &mut [f64]),
    sound: &[f64],
    (from, to): (usize, usize),
) -> f64 {
    let count = sorting.len();
    let (begin, end) = (from - GUARD - count, to + GUARD);
    model.backward_error_within(sound, backward, begin, begin + count);
    model.forward_error_within(sound, forward, end, end + count);
    let [before, behind] = [&backward[begin..], &forward[end..]].map(|errors| {
        sorting.iter_mut().zip(errors).for_each(|(out, x)| *out = x.abs());
        let (_, size, _) = sorting.select_nth_unstable_by((SMALLER * count as f64) as usize, f64::total_cmp);
        *size / DEVIATIONS
    });
    before.max(behind)
}

/// Whether what stands out of the prediction does so three times in a row at even distances: before and behind the span,
/// twice before it, or twice behind it.
fn returns(error: &[f64], (from, to): (usize, usize), order: usize) -> bool {
    let (from, to) = (from - MARGIN.0, to + MARGIN.1);
    let count = to - from;
    let energy = |x: &[f64]| x.iter().map(|x| x * x).sum::<f64>();
    let here = &error[from..to];
    let own = energy(here);
    let alike = |at: Option<usize>| {
        let Some(there) = at.filter(|at| *at >= order).and_then(|at| error.get(at..at + count)) else { return false };
        let both: f64 = here.iter().zip(there).map(|(a, b)| a * b).sum();
        let other = energy(there);
        both > ALIKE * (own * other).sqrt() && (own / LOUDER..own * LOUDER).contains(&other)
    };
    // A period is seldom a whole number of samples.
    let near = |at: Option<usize>| at.is_some_and(|at| at > 0 && (at - 1..=at + 1).any(|at| alike(Some(at))));
    // An error rings on for as long as the model is: that is no return. The longest period is a third of the frame.
    (count + order..error.len() / 3).any(|lag| {
        let (behind, before) = (from + lag, from.checked_sub(lag));
        alike(before) && (near(Some(behind)) || near(from.checked_sub(2 * lag)))
            || alike(Some(behind)) && near(Some(behind + lag))
    })
}
