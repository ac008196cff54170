//! Finding clicks.

mod proof;

use super::super::ar::{Gaps, Model};
pub(super) use proof::Returning;

/// Samples over which the prediction error's spread is measured, on either side.
const STRETCH: usize = 256;

/// The edges of a click need to stand out only by this part of what its middle must,
const FAINT: f64 = 0.3;
/// if that stands out by so many times as much, forward and backward.
const CLEAR: f64 = 2.0;
/// So many samples in a row that do not are the end of it, and no edge is longer than that.
const EDGE: (usize, usize) = (4, 5);

/// What is looked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Search {
    /// How many standard deviations it stands out by.
    pub deviations: f64,
    /// In samples.
    pub longest: usize,
    /// Only by the matched filter: single samples and little more.
    pub short: bool,
}

/// Finds what the samples around it do not foretell, and what does not foretell them.
///
/// A click begins where forward prediction fails for the first time, and ends where backward prediction does: forward
/// errors ring on behind the click, backward errors ring in front of it, and where both stand out is the click. What is
/// weaker is found by the matched filter, which interpolates each sample from both sides. The spread of the errors is
/// taken from the median of their magnitudes, before and behind, and the widest counts: the first sample of a drum
/// stands out from what was before, but not from what comes.
pub(super) struct Finder {
    model: Model,
    forward: Vec<f64>,
    backward: Vec<f64>,
    matched: Vec<f64>,
    spread: Vec<f64>,
    matched_spread: Vec<f64>,
    sorting: Vec<f64>,
    /// Which samples of the frame are clicks.
    marks: Vec<bool>,
    fresh: Vec<(usize, usize)>,
}

impl Finder {
    /// For frames of that length.
    pub(super) fn new(size: usize, order: usize) -> Self {
        Finder {
            model: Model::new(size, order),
            forward: vec![0.0; size],
            backward: vec![0.0; size],
            matched: vec![0.0; size],
            spread: vec![0.0; size / STRETCH],
            matched_spread: vec![0.0; size / STRETCH],
            sorting: vec![0.0; 2 * STRETCH],
            marks: vec![false; size],
            fresh: Vec::with_capacity(size),
        }
    }

    /// Forgets what was found.
    pub(super) fn forget(&mut self) {
        self.marks.fill(false);
    }

    /// Looks through the frame, and fills what it finds for now, so that the next search sees more. False when there
    /// was nothing.
    pub(super) fn search(&mut self, frame: &mut [f64], gaps: &mut Gaps, search: &Search) -> bool {
        if !self.model.learn(frame) {
            return false;
        }
        let order = self.model.order();
        self.model.forward_error(frame, &mut self.forward);
        self.model.backward_error(frame, &mut self.backward);
        // The matched filter: the forward error, foretold backward.
        self.model.backward_error(&self.forward, &mut self.matched);
        self.matched[..order].fill(0.0);
        let power = self.model.power();
        self.matched.iter_mut().for_each(|x| *x /= power);
        let loudness = (frame.iter().map(|x| x * x).sum::<f64>() / frame.len() as f64).sqrt();
        let floor = (1e-4 * loudness).max(1e-7);
        spreads(&self.forward, order, floor, &mut self.sorting, &mut self.spread);
        spreads(&self.matched, order, floor / power.sqrt(), &mut self.sorting, &mut self.matched_spread);
        self.fresh.clear();
        if !search.short {
            self.strong(search);
        }
        self.weak(search);
        self.fresh.sort_unstable();
        merge(&mut self.fresh);
        for (from, to) in &self.fresh {
            self.marks[*from..*to].fill(true);
        }
        gaps.fill(&self.model, frame, &self.fresh);
        !self.fresh.is_empty()
    }

    /// Where forward and backward prediction fail.
    fn strong(&mut self, search: &Search) {
        let order = self.model.order();
        let hold = order / 2;
        let end = self.forward.len() - order;
        let mut at = order;
        while at < end {
            if self.forward[at].abs() <= search.deviations * self.spread[at / STRETCH] {
                at += 1;
                continue;
            }
            // From here to where forward errors have been small for a while.
            let (from, mut last) = (at, at);
            while at < end && at - last <= hold {
                if self.forward[at].abs() > search.deviations * self.spread[at / STRETCH] {
                    last = at;
                }
                at += 1;
            }
            // The last backward error inside, if it is one with the beginning.
            let fails = |n: usize| self.backward[n].abs() > search.deviations * self.spread[n / STRETCH];
            let Some(to) = (from..=last).rev().find(|n| fails(*n)) else { continue };
            let (from, to) = self.widened(from, to + 1, search);
            if to - from <= search.longest && self.fresh.len() < self.fresh.capacity() {
                self.fresh.push((from, to));
            }
        }
    }

    /// A click fades in and out. What is left of its edges would be taken for sound, and spoil the filling: so it
    /// reaches as far as the errors are larger than usual. What may be music is not widened: the beginning of a note
    /// stands out forward, but hardly backward.
    fn widened(&self, from: usize, to: usize, search: &Search) -> (usize, usize) {
        let exceeds =
            |error: &[f64], n: usize, part: f64| error[n].abs() > part * search.deviations * self.spread[n / STRETCH];
        let clear = |error: &[f64]| (from..to).any(|n| exceeds(error, n, CLEAR));
        if !clear(&self.forward) || !clear(&self.backward) {
            return (from, to);
        }
        let order = self.model.order();
        let (mut first, mut last) = (from, to);
        let mut at = from;
        while at > order && first - at < EDGE.0 && from - at < EDGE.1 {
            at -= 1;
            if exceeds(&self.forward, at, FAINT) {
                first = at;
            }
        }
        at = to;
        while at < self.backward.len() - order && at - last < EDGE.0 && at - to < EDGE.1 {
            if exceeds(&self.backward, at, FAINT) {
                last = at + 1;
            }
            at += 1;
        }
        (first, last)
    }

    /// Where the matched filter stands out and nothing strong is near.
    fn weak(&mut self, search: &Search) {
        let order = self.model.order();
        let reach = order / 2;
        let (mut strong, found) = (0, self.fresh.len());
        let mut at = 2 * order;
        while at < self.matched.len() - 2 * order {
            let limit = search.deviations * self.matched_spread[at / STRETCH];
            let here = self.matched[at].abs();
            while strong < found && self.fresh[strong].1 + order <= at {
                strong += 1;
            }
            let near_strong = strong < found && self.fresh[strong].0 <= at + order;
            let top = || self.matched[at - reach..=at + reach].iter().all(|x| x.abs() <= here);
            if here <= limit || near_strong || !top() {
                at += 1;
                continue;
            }
            let stands = |n: usize| self.matched[n].abs() > 0.5 * limit;
            let from = (at - reach..at).rev().find(|n| !stands(*n)).map_or(at - reach, |n| n + 1);
            let to = (at + 1..at + reach).find(|n| !stands(*n)).unwrap_or(at + reach);
            if to - from <= search.longest && self.fresh.len() < self.fresh.capacity() {
                self.fresh.push((from, to));
            }
            at = at.max(to);
        }
    }

    /// The clicks that begin in a part of the frame, or the rest of one that began before and has not been repaired.
    pub(super) fn spans(&self, begin: usize, end: usize, longest: usize, spans: &mut Vec<(usize, usize)>) {
        spans.clear();
        let mut at = begin;
        while at < end {
            if !self.marks[at] {
                at += 1;
                continue;
            }
            let length = self.marks[at..].iter().take_while(|mark| **mark).count().min(longest);
            spans.push((at, at + length));
            at += length + 1;
        }
    }
}

/// The standard deviation at each stretch, as the median tells it: the wider of that before and that behind.
fn spreads(error: &[f64], order: usize, floor: f64, sorting: &mut [f64], spread: &mut [f64]) {
    let count = spread.len();
    let mut median = |from: usize, to: usize| {
        // The edges of the frame have no prediction error.
        let (from, to) = ((from * STRETCH).max(order), (to * STRETCH).min(error.len() - order));
        let sorted = &mut sorting[..to - from];
        sorted.iter_mut().zip(&error[from..to]).for_each(|(out, x)| *out = x.abs());
        let (_, median, _) = sorted.select_nth_unstable_by((to - from) / 2, f64::total_cmp);
        1.4826 * *median
    };
    // Of each two stretches in turn.
    for (k, spread) in spread.iter_mut().enumerate() {
        *spread = median(k, (k + 2).min(count)).max(floor);
    }
    // The widest of the pairs that end before a stretch, hold it, or begin behind it.
    let (mut two_before, mut before) = (spread[0], spread[0]);
    for k in 0..count {
        let (here, behind) = (spread[k], spread[(k + 1).min(count - 1)]);
        spread[k] = two_before.max(before).max(here).max(behind);
        (two_before, before) = (before, here);
    }
}

/// Makes one of spans that touch.
fn merge(spans: &mut Vec<(usize, usize)>) {
    spans.dedup_by(|next, last| {
        let touches = next.0 <= last.1;
        if touches {
            last.1 = last.1.max(next.1);
        }
        touches
    });
}
