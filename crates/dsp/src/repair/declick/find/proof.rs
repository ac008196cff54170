//! Telling clicks from music among what was found.
//!
//! What was found was found with a model that had learned from the clicks as well. A second one learns from the frame in
//! which all of it is filled, and is asked again: where does it begin and end, and how much better is the frame foretold
//! without it? That must be a lot beside the errors right next to it, on either side: a click is over when it is over,
//! but the scrape of a plectrum goes on, and so does a bang.

use super::super::super::ar::Gaps;
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
    ) {
        if spans.is_empty() || !self.model.learn(clean) {
            return;
        }
        spans.retain_mut(|span| {
            let (from, to) = *span;
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
        let count = (clean.len() / 128).clamp(24, self.sorting.len());
        let (begin, end) = (from - GUARD - count, to + GUARD);
        let silent = |at: usize| frame[at..at + count].iter().all(|x| *x == 0.0);
        if silent(begin) != silent(end) {
            return None;
        }
        self.model.backward_error_within(clean, &mut self.backward, begin, begin + count);
        self.model.forward_error_within(clean, &mut self.forward, end, end + count);
        let sorted = &mut self.sorting[..count];
        let [before, behind] = [&self.backward[begin..], &self.forward[end..]].map(|errors| {
            sorted.iter_mut().zip(errors).for_each(|(out, x)| *out = x.abs());
            let (_, size, _) = sorted.select_nth_unstable_by((SMALLER * count as f64) as usize, f64::total_cmp);
            *size / DEVIATIONS
        });
        Some(before.max(behind))
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
