//! A parameter's way through time, as a function of the frame: nothing is summed up, so nothing depends on blocks.
//!
//! A straight glide has a corner at each end, and a corner in a gain splashes over the spectrum: −98 dB for 12 dB in
//! 50 ms. So what is followed is the mean of the last 2.5 ms of the way ([`Way`]): corners become curves, straight
//! stretches stay straight (about 1.5 ms late), and joined glides stay joined.

use super::processor::STEP;

/// How long the mean is, in seconds.
pub(crate) const ROUND_S: f64 = 0.0025;

/// How a value goes from one place to another.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Travel {
    from: f64,
    to: f64,
    start: u64,
    frames: u32,
    /// A raised cosine instead of a straight line.
    eased: bool,
    /// In equal factors instead of equal steps, where it is eased.
    by_factor: bool,
}

impl Travel {
    /// At rest.
    pub(crate) fn rest(value: f64, by_factor: bool) -> Travel {
        Travel { from: value, to: value, start: 0, frames: 0, eased: false, by_factor }
    }

    /// Where it is at that frame.
    pub(crate) fn at(&self, clock: u64) -> f64 {
        let passed = clock.saturating_sub(self.start);
        if passed >= u64::from(self.frames) {
            return self.to;
        }
        let part = passed as f64 / f64::from(self.frames);
        if !self.eased {
            return self.from + (self.to - self.from) * part;
        }
        let part = 0.5 - 0.5 * (std::f64::consts::PI * part).cos();
        if self.by_factor {
            self.from * (self.to / self.from).powf(part)
        } else {
            self.from + (self.to - self.from) * part
        }
    }

    /// Whether it has arrived.
    pub(crate) fn resting(&self, clock: u64) -> bool {
        self.from == self.to || clock >= self.start + u64::from(self.frames)
    }

    /// Sets out from where it is: in a straight line over `glide` frames, or, for a jump, eased over `ease` frames.
    /// Says whether there is any way to go.
    pub(crate) fn set_out(&mut self, clock: u64, to: f64, glide: u32, ease: u32) -> bool {
        let from = self.at(clock);
        let eased = glide == 0;
        let frames = if eased { ease } else { glide };
        *self = Travel { from, to, start: clock, frames, eased, by_factor: self.by_factor };
        from != to
    }
}

/// A [`Travel`] with its corners rounded, looked at every [`STEP`] frames.
#[derive(Clone, Debug)]
pub(crate) struct Way {
    travel: Travel,
    /// Where the travel was at the last steps, in a ring.
    past: Vec<f64>,
    oldest: usize,
}

impl Way {
    /// At rest, its mean so many frames long.
    pub(crate) fn rounded(value: f64, by_factor: bool, frames: f64) -> Way {
        let steps = (frames / STEP as f64).ceil().max(1.0) as usize;
        Way { travel: Travel::rest(value, by_factor), past: vec![value; steps], oldest: 0 }
    }

    /// Back to rest.
    pub(crate) fn reset(&mut self, value: f64) {
        self.travel = Travel::rest(value, self.travel.by_factor);
        self.past.fill(value);
    }

    /// Takes down where the travel is at a step.
    pub(crate) fn record(&mut self, clock: u64) {
        self.past[self.oldest] = self.travel.at(clock);
        self.oldest = (self.oldest + 1) % self.past.len();
    }

    /// The mean over the steps taken down: what to be at by the next step. It looks at nothing that an event could
    /// still change, so glides that join make one way, wherever they join.
    pub(crate) fn mean(&self) -> f64 {
        self.past.iter().sum::<f64>() / self.past.len() as f64
    }

    /// Where it will rest.
    pub(crate) fn end(&self) -> f64 {
        self.travel.to
    }

    /// Whether travel and mean have both arrived.
    pub(crate) fn resting(&self, clock: u64) -> bool {
        self.travel.resting(clock) && self.past.iter().all(|value| *value == self.travel.to)
    }

    /// Sets out ([`Travel::set_out`]).
    pub(crate) fn set_out(&mut self, clock: u64, to: f64, glide: u32, ease: u32) -> bool {
        self.travel.set_out(clock, to, glide, ease)
    }
}
