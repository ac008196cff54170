//! A place that follows where it should be: a tape machine's head, or the phase of a delay's wave.

#![allow(
    clippy::inline_always,
    reason = "left out of line they would be compiled without their caller's vector instructions"
)]

/// The place follows with this time constant…
const FOLLOW_MS: f64 = 60.0;
/// …but a delay never moves faster than this many frames per frame: the pitch stays between half and one and a half.
const FASTEST: f64 = 0.5;
/// Its speed follows with two time constants of this part of the other: as quick as it can be without overshooting, and
/// with corners so round that nothing is heard of them but the pitch.
const INERTIA: f64 = 7.5;

/// A number that neither jumps nor jerks.
#[derive(Clone, Debug)]
pub(crate) struct Follow {
    /// Where it should be, once it was told.
    wanted: Option<f64>,
    place: f64,
    speeds: [f64; 2],
    pull: f64,
    inertia: f64,
    fastest: f64,
    /// Nearer than this it has arrived.
    near: f64,
}

impl Follow {
    /// A delay in frames. Goes at once where it is first sent.
    pub(crate) fn new(sample_rate: u32) -> Self {
        let pull = 1.0 / (0.001 * FOLLOW_MS * f64::from(sample_rate));
        let inertia = (INERTIA * pull).min(1.0);
        Follow { wanted: None, place: 0.0, speeds: [0.0; 2], pull, inertia, fastest: FASTEST, near: 1e-6 }
    }

    /// A part of a turn.
    pub(crate) fn turns(sample_rate: u32) -> Self {
        Follow { fastest: f64::INFINITY, near: 1e-10, ..Follow::new(sample_rate) }
    }

    /// Goes at once where it is sent next.
    pub(crate) fn reset(&mut self) {
        self.wanted = None;
        self.speeds = [0.0; 2];
    }

    /// Where it is.
    pub(crate) fn place(&self) -> f64 {
        self.place
    }

    /// Sets out for that place.
    #[inline(always)]
    pub(crate) fn to(&mut self, wanted: f64) {
        if self.wanted.is_none() {
            self.place = wanted;
        }
        self.wanted = Some(wanted);
    }

    /// Whether it has not arrived yet.
    #[inline(always)]
    pub(crate) fn moving(&self) -> bool {
        self.wanted != Some(self.place) || self.speeds[1] != 0.0
    }

    /// One frame on: where it is.
    #[inline(always)]
    pub(crate) fn step(&mut self) -> f64 {
        let wanted = self.wanted.unwrap_or(self.place);
        let away = wanted - self.place;
        if away == 0.0 && self.speeds[1] == 0.0 {
            return self.place;
        }
        if away.abs() < self.near && self.speeds.iter().all(|speed| speed.abs() < 1e-3 * self.near) {
            self.speeds = [0.0; 2];
            self.place = wanted;
            return wanted;
        }
        let speed = (away * self.pull).clamp(-self.fastest, self.fastest);
        self.speeds[0] += (speed - self.speeds[0]) * self.inertia;
        self.speeds[1] += (self.speeds[0] - self.speeds[1]) * self.inertia;
        self.place += self.speeds[1];
        self.place
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_arrives_without_overshooting_and_never_hurries() {
        for (from, to) in [(100.0, 1000.0), (1000.0, 990.0), (0.0, 5000.0)] {
            let mut follow = Follow::new(48_000);
            follow.to(from);
            follow.to(to);
            let mut before = from;
            let mut frames = 0;
            while follow.moving() {
                let now = follow.step();
                assert!((now - before).abs() <= 0.5 && (now - from).abs() <= (to - from).abs() + 1e-6);
                before = now;
                frames += 1;
            }
            assert!(follow.place() == to && frames < 100_000, "{frames}");
        }
    }
}
