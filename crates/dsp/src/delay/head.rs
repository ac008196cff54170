//! Where a delay line is read, and how that place moves when the time changes.

use std::f64::consts::PI;

use crate::line::{Line, Tap};

/// How the sound gets from one time to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// A second place fades in while the first fades out.
    Crossfade,
    /// The place travels, as a tape machine's head would.
    Glide,
}

/// Length of a crossfade.
const FADE_MS: f64 = 30.0;
/// The head follows its target with this time constant…
const FOLLOW_MS: f64 = 60.0;
/// …but never moves faster than this many frames per frame: the pitch stays between half and one and a half.
const FASTEST: f64 = 0.5;
/// Nearer than this, in frames, it has arrived.
const ARRIVED: f64 = 1e-6;

/// Reads a line at a time that may change, without ever jumping.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    change: Change,
    /// Where it is, and where it fades to, before the tape's unevenness.
    place: f64,
    aim: f64,
    now: Tap,
    next: Tap,
    /// Frames into the crossfade; 0 is none.
    faded: u32,
    fade: u32,
    speed: f64,
    pull: f64,
    inertia: f64,
}

impl Head {
    /// At that many frames.
    pub(crate) fn new(change: Change, delay: f64, rate: f64) -> Self {
        let pull = 1.0 / (0.001 * FOLLOW_MS * rate);
        Head {
            change,
            place: delay.max(1.0),
            aim: delay.max(1.0),
            now: Tap::new(delay),
            next: Tap::new(delay),
            faded: 0,
            fade: (0.001 * FADE_MS * rate).max(1.0) as u32,
            speed: 0.0,
            pull,
            // Four times the pull is critical damping: it arrives without overshooting.
            inertia: (4.0 * pull).min(1.0),
        }
    }

    /// The line's sample, on the way to `wanted` frames, and at once `later` by so many more.
    #[inline]
    pub(crate) fn read(&mut self, line: &Line, wanted: f64, later: f64) -> f64 {
        match self.change {
            Change::Crossfade => self.read_fading(line, wanted.max(1.0), later),
            Change::Glide => {
                self.follow(wanted.max(1.0));
                self.now.set(self.place + later);
                f64::from(self.now.read(line))
            }
        }
    }

    /// Over how many frames to come the line holds all that is read already, if the head stands at `wanted` frames and
    /// nothing fades; otherwise 0.
    pub(crate) fn resting(&mut self, wanted: f64) -> usize {
        let rests = match self.change {
            Change::Crossfade => self.faded == 0,
            Change::Glide => self.speed == 0.0,
        };
        if !rests || wanted != self.place {
            return 0;
        }
        self.now.set(self.place);
        self.now.ahead()
    }

    /// That many frames of the line at once, while it rests.
    #[inline]
    pub(crate) fn stretch(&self, line: &Line, out: &mut [f32]) {
        self.now.stretch(line, out);
    }

    #[inline]
    fn read_fading(&mut self, line: &Line, wanted: f64, later: f64) -> f64 {
        self.now.set(self.place + later);
        let old = f64::from(self.now.read(line));
        if self.faded == 0 {
            if wanted == self.place {
                return old;
            }
            self.aim = wanted;
        }
        self.faded += 1;
        self.next.set(self.aim + later);
        let new = f64::from(self.next.read(line));
        let way = 0.5 - 0.5 * (PI * f64::from(self.faded) / f64::from(self.fade)).cos();
        if self.faded == self.fade {
            std::mem::swap(&mut self.now, &mut self.next);
            self.place = self.aim;
            self.faded = 0;
        }
        old + (new - old) * way
    }

    #[inline]
    fn follow(&mut self, wanted: f64) {
        let away = wanted - self.place;
        if away == 0.0 && self.speed == 0.0 {
            return;
        }
        if away.abs() < ARRIVED && self.speed.abs() < ARRIVED {
            self.speed = 0.0;
            self.place = wanted;
            return;
        }
        let speed = (away * self.pull).clamp(-FASTEST, FASTEST);
        self.speed += (speed - self.speed) * self.inertia;
        self.place = (self.place + self.speed).max(1.0);
    }
}
