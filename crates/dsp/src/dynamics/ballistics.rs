//! Attack and release: how fast a reduction comes and goes.
//!
//! Decoupled smoothing in the log domain (Giannoulis, Massberg, Reiss 2012, section 3.2): first a follower that
//! rises at once and falls with the release, then a one-pole low-pass with the attack,
//!
//! > y₁ = max(x, α_R·y₁ + (1 − α_R)·x),  y = α_A·y + (1 − α_A)·y₁.
//!
//! Each times are those at which 63 % of a step in decibels have passed. A falling step goes through both stages, so
//! the follower's own constant is made shorter by what the attack stage adds: the release *as heard* is the one that
//! was asked for. (A release shorter than the attack cannot be had from two stages in a row; it takes as long as the
//! attack.)
//!
//! *Automatic release* runs two followers side by side and takes the greater: a fast one (0.6 of the release time)
//! for what is over in a moment, and a slow one (6 times the release) that also rises slowly, in twice the release
//! time, so that only sustained loudness charges it.
//!
//! Both recurrences make every sample wait for the one before. Eight steps of max(p, α·y + q) are again of that form,
//! so the state is carried only from every eighth sample to the next, and the rest is computed beside it, eight groups
//! at a time (look-ahead recursion). The grouping follows the stream's own frames, never the host's blocks.

#![allow(clippy::inline_always, reason = "the step must stand inside its loop to be scheduled with its neighbors")]

use super::curve::at_least;

/// A reduction this small (in dB) is none: the states come to rest and cost nothing.
const NOTHING_DB: f64 = 1e-12;
/// Below every reduction, yet finite: an infinity times a coefficient of 0 would be no number.
const NO_FLOOR: f64 = -1e300;
/// How long the fast one of two releases takes, as a part of the release time.
const FAST: f64 = 0.6;
/// How many samples the state is carried over at once.
const GROUP: usize = 8;

/// How fast, as coefficients at one sample rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Times {
    pub(super) attack: f64,
    pub(super) release: f64,
    slow: Option<Slow>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Slow {
    attack: f64,
    release: f64,
}

impl Slow {
    /// Rising it takes the one coefficient, falling the other: whichever gives more.
    #[inline(always)]
    fn after(self, slow: f64, x: f64) -> f64 {
        let (rise, fall) = (self.attack * (x - slow), self.release * (x - slow));
        slow + if rise > fall { rise } else { fall }
    }
}

/// 1 − α of a one-pole that passes 63 % of a step in so many frames.
fn part_per_frame(frames: f64) -> f64 {
    -(-1.0 / frames.max(1e-3)).exp_m1()
}

/// The follower's constant for which both stages together pass 63 % of a falling step in `release` frames.
fn follower_frames(attack: f64, release: f64) -> f64 {
    // What is left after the release time of a step through one-poles of constants a and b. At a = b the formula has
    // a removable hole; a hair beside it is as good.
    let left = |b: f64| {
        let a = if (attack / b - 1.0).abs() < 1e-6 { attack * (1.0 + 1e-6) } else { attack };
        (b * (-release / b).exp() - a * (-release / a).exp()) / (b - a)
    };
    let (mut short, mut long) = (release * 1e-4, release);
    for _ in 0..40 {
        let middle = f64::midpoint(short, long);
        if left(middle) > (-1.0_f64).exp() {
            long = middle;
        } else {
            short = middle;
        }
    }
    f64::midpoint(short, long)
}

impl Times {
    /// The slow one of two releases, one frame on; 0 when there is one release.
    #[inline(always)]
    pub(super) fn remember(&self, slow: &mut f64, x: f64) -> f64 {
        *slow = self.slow.map_or(0.0, |times| times.after(*slow, x));
        *slow
    }

    /// With a fixed release. Times in milliseconds.
    pub fn manual(attack_ms: f64, release_ms: f64, sample_rate: u32) -> Self {
        let per_ms = f64::from(sample_rate) / 1000.0;
        let (attack, release) = (attack_ms * per_ms, release_ms * per_ms);
        let follower = follower_frames(attack.max(1e-3), release.max(1e-3));
        Times { attack: part_per_frame(attack), release: part_per_frame(follower), slow: None }
    }

    /// For one stage that rises with the attack and falls with the release, as [`Loop`](super::feedback::Loop) does:
    /// nothing needs to be made up for.
    pub fn single(attack_ms: f64, release_ms: f64, sample_rate: u32) -> Self {
        let part = |ms: f64| part_per_frame(ms * f64::from(sample_rate) / 1000.0);
        Times { attack: part(attack_ms), release: part(release_ms), slow: None }
    }

    /// [`Times::single`] with a release that follows the program.
    pub fn single_automatic(attack_ms: f64, release_ms: f64, sample_rate: u32) -> Self {
        let Times { slow, .. } = Times::automatic(attack_ms, release_ms, sample_rate);
        Times { slow, ..Times::single(attack_ms, FAST * release_ms, sample_rate) }
    }

    /// With a release that follows the program.
    pub fn automatic(attack_ms: f64, release_ms: f64, sample_rate: u32) -> Self {
        let per_ms = f64::from(sample_rate) / 1000.0;
        let slow = Slow {
            attack: part_per_frame(2.0 * release_ms * per_ms),
            release: part_per_frame(6.0 * release_ms * per_ms),
        };
        Times { slow: Some(slow), ..Times::manual(attack_ms, FAST * release_ms, sample_rate) }
    }
}

/// Smooths the reduction of one channel (or of linked channels).
#[derive(Clone, Copy, Debug)]
pub struct Ballistics {
    times: Times,
    /// The first eight powers of the follower's and of the attack's α.
    falls: [f64; GROUP],
    rises: [f64; GROUP],
    /// The follower and the output at the end of the last group.
    follower: f64,
    smooth: f64,
    slow: f64,
    /// The group under way, k frames in: `y₁ = max(floor, falls[k]·follower + push)`, `y = rises[k]·smooth + lift`.
    floor: f64,
    push: f64,
    lift: f64,
    place: usize,
    /// The last of both stages.
    last: (f64, f64),
}

impl Ballistics {
    /// At rest.
    pub fn new(times: Times) -> Self {
        let mut ballistics = Ballistics {
            times,
            falls: [0.0; GROUP],
            rises: [0.0; GROUP],
            follower: 0.0,
            smooth: 0.0,
            slow: 0.0,
            floor: NO_FLOOR,
            push: 0.0,
            lift: 0.0,
            place: 0,
            last: (0.0, 0.0),
        };
        ballistics.raise_powers();
        ballistics
    }

    /// As it is after `value` has been asked for since ever.
    pub fn resting_on(times: Times, value: f64) -> Self {
        Ballistics { follower: value, smooth: value, slow: value, last: (value, value), ..Ballistics::new(times) }
    }

    fn raise_powers(&mut self) {
        let powers = |base: f64| {
            let mut power = 1.0;
            std::array::from_fn(|_| {
                power *= base;
                power
            })
        };
        self.falls = powers(1.0 - self.times.release);
        self.rises = powers(1.0 - self.times.attack);
    }

    /// Other times from the next frame on.
    #[inline]
    pub fn set_times(&mut self, times: Times) {
        if times != self.times {
            self.close_group();
            self.times = times;
            self.raise_powers();
        }
    }

    /// Ends the group early: the state stands on the last frame.
    fn close_group(&mut self) {
        (self.follower, self.smooth) = self.last;
        self.begin_group();
    }

    #[inline(always)]
    fn begin_group(&mut self) {
        self.floor = NO_FLOOR;
        self.push = 0.0;
        self.lift = 0.0;
        self.place = 0;
    }

    /// Lets states that are as good as nothing come to rest. To be called on a fixed grid of the stream's frames.
    pub fn settle(&mut self) {
        self.close_group();
        let rest = |value: f64| if value < NOTHING_DB { 0.0 } else { value };
        self.follower = rest(self.follower);
        self.smooth = rest(self.smooth);
        self.slow = rest(self.slow);
        self.last = (self.follower, self.smooth);
    }

    /// Whether everything is at rest.
    pub fn resting(&self) -> bool {
        self.last == (0.0, 0.0) && self.follower == 0.0 && self.smooth == 0.0 && self.slow == 0.0
    }

    /// Passes over frames without any reduction while at rest.
    pub fn rest(&mut self, frames: usize) {
        self.place = (self.place + frames) % GROUP;
        if self.place == 0 {
            self.begin_group();
        } else {
            self.floor = 0.0;
        }
    }

    /// One frame: the reduction asked for, the reduction given.
    #[inline(always)]
    pub fn step(&mut self, x: f64) -> f64 {
        let k = self.place;
        let pushed = self.times.release * x;
        self.floor = at_least(x, self.falls[0] * self.floor + pushed);
        self.push = self.falls[0] * self.push + pushed;
        let mut follower = at_least(self.falls[k] * self.follower + self.push, self.floor);
        if let Some(slow) = self.times.slow {
            self.slow = slow.after(self.slow, x);
            self.last.0 = follower;
            follower = at_least(follower, self.slow);
        } else {
            self.last.0 = follower;
        }
        self.lift = self.rises[0] * self.lift + self.times.attack * follower;
        let smooth = self.rises[k] * self.smooth + self.lift;
        self.last.1 = smooth;
        self.place = k + 1;
        if self.place == GROUP {
            (self.follower, self.smooth) = self.last;
            self.begin_group();
        }
        smooth
    }

    /// Many frames, in place.
    pub fn run(&mut self, x: &mut [f64]) {
        let mut state = *self;
        let head = (GROUP - state.place) % GROUP;
        let (head, rest) = x.split_at_mut(head.min(x.len()));
        for value in head {
            *value = state.step(*value);
        }
        let (groups, tail) = rest.as_chunks_mut::<GROUP>();
        let (squares, rest) = groups.as_chunks_mut::<GROUP>();
        for square in squares {
            if state.times.slow.is_none() {
                eight_groups(&mut state, square);
            } else {
                square.as_flattened_mut().iter_mut().for_each(|value| *value = state.step(*value));
            }
        }
        for value in rest.as_flattened_mut().iter_mut().chain(tail) {
            *value = state.step(*value);
        }
        *self = state;
    }
}

/// Eight groups side by side, from the beginning of the first, by the operations of [`Ballistics::step`]. Only one
/// product and one sum per group and stage wait for each other.
#[multiversion::multiversion(targets("x86_64+avx2"))]
fn eight_groups(state: &mut Ballistics, x: &mut [[f64; GROUP]; GROUP]) {
    let Ballistics { times, falls, rises, .. } = *state;
    let (mut floors, mut pushes) = ([[0.0; GROUP]; GROUP], [[0.0; GROUP]; GROUP]);
    let (mut floor, mut push) = ([NO_FLOOR; GROUP], [0.0; GROUP]);
    for k in 0..GROUP {
        for g in 0..GROUP {
            let pushed = times.release * x[g][k];
            floor[g] = at_least(x[g][k], falls[0] * floor[g] + pushed);
            push[g] = falls[0] * push[g] + pushed;
        }
        (floors[k], pushes[k]) = (floor, push);
    }
    let mut begins = [0.0; GROUP];
    for g in 0..GROUP {
        begins[g] = state.follower;
        state.follower = at_least(falls[GROUP - 1] * state.follower + push[g], floor[g]);
    }
    let (mut lifts, mut lift) = ([[0.0; GROUP]; GROUP], [0.0; GROUP]);
    for k in 0..GROUP {
        for g in 0..GROUP {
            let follower = at_least(falls[k] * begins[g] + pushes[k][g], floors[k][g]);
            lift[g] = rises[0] * lift[g] + times.attack * follower;
        }
        lifts[k] = lift;
    }
    for g in 0..GROUP {
        begins[g] = state.smooth;
        state.smooth = rises[GROUP - 1] * state.smooth + lift[g];
    }
    for k in 0..GROUP {
        for g in 0..GROUP {
            x[g][k] = rises[k] * begins[g] + lifts[k][g];
        }
    }
    state.last = (state.follower, state.smooth);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::noise;

    fn asked(frames: usize) -> Vec<f64> {
        let hiss = noise(3, 12.0, frames);
        hiss.iter().enumerate().map(|(n, x)| if n / 500 % 3 == 2 { 0.0 } else { f64::from(x.max(0.0)) }).collect()
    }

    #[test]
    fn looking_ahead_is_the_published_recursion() {
        let times = Times::manual(2.0, 60.0, 48_000);
        let mut given = asked(6000);
        let (mut follower, mut smooth) = (0.0_f64, 0.0);
        let published: Vec<f64> = given
            .iter()
            .map(|x| {
                follower = x.max((1.0 - times.release) * follower + times.release * x);
                smooth = (1.0 - times.attack) * smooth + times.attack * follower;
                smooth
            })
            .collect();
        Ballistics::new(times).run(&mut given);
        for (a, b) in given.iter().zip(&published) {
            assert!((a - b).abs() < 1e-11, "{a} is not {b}");
        }
    }

    #[test]
    fn cutting_changes_no_bit() {
        for times in [Times::manual(0.01, 1.0, 48_000), Times::automatic(10.0, 100.0, 48_000)] {
            let x = asked(2000);
            let mut whole = x.clone();
            Ballistics::new(times).run(&mut whole);
            for size in [1, 3, 64] {
                let mut cut = x.clone();
                let mut ballistics = Ballistics::new(times);
                cut.chunks_mut(size).for_each(|part| ballistics.run(part));
                assert_eq!(cut, whole);
            }
        }
    }

    #[test]
    fn it_comes_to_rest_and_resting_changes_nothing() {
        let mut ballistics = Ballistics::new(Times::manual(1.0, 5.0, 48_000));
        ballistics.run(&mut [6.0; 100]);
        for _ in 0..100 {
            ballistics.run(&mut [0.0; 256]);
            ballistics.settle();
        }
        assert!(ballistics.resting());
        let mut rested = ballistics;
        rested.rest(7);
        ballistics.run(&mut [0.0; 7]);
        let (mut a, mut b) = (asked(100), asked(100));
        ballistics.run(&mut a);
        rested.run(&mut b);
        assert_eq!(a, b);
    }

    #[test]
    fn a_release_shorter_than_the_attack_takes_as_long_as_the_attack() {
        let mut ballistics = Ballistics::new(Times::manual(50.0, 5.0, 48_000));
        ballistics.run(&mut vec![10.0; 48_000]);
        let mut fall = vec![0.0; 9600];
        ballistics.run(&mut fall);
        let passed = fall.iter().position(|r| *r < 10.0 * (-1.0_f64).exp()).unwrap();
        assert!((2390..2440).contains(&passed), "{passed} frames");
    }
}
