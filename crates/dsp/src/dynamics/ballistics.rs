//! Attack and release: how fast a reduction comes and goes.
//!
//! Decoupled smoothing in the log domain (Giannoulis, Massberg, Reiss 2012, section 3.2): first a follower that
//! rises at once and falls with the release, then a one-pole low-pass with the attack,
//!
//! > y₁ = max(x, α_R·y₁ + (1 − α_R)·x),  y = α_A·y + (1 − α_A)·y₁.
//!
//! One follower sags at once between the crests of a wave, and what the attack leaves of that ripple is distortion of
//! low notes. So there are two in a row, a quick one (a tenth of the other's time) before the slow one: a reduction
//! begins to fall with a bend instead of a corner, and a pause shorter than the quick one hardly moves it. At 100 Hz
//! with 5/100 ms that takes 14 dB off the distortion, at the same times as heard.
//!
//! All times are those at which 63 % of a step in decibels have passed. A falling step goes through all three stages,
//! so the followers' own constants are made shorter by what the attack stage adds: the release *as heard* is the one
//! that was asked for. (A release shorter than the attack cannot be had from stages in a row; it takes as long as the
//! attack.)
//!
//! *Automatic release* runs the followers beside a slow one and takes the greater: they (0.6 of the release time) are
//! for what is over in a moment, the slow one (6 times the release) also rises slowly, in twice the release time, so
//! that only sustained loudness charges it.
//!
//! The recurrences make every sample wait for the one before. Eight steps of max(p, α·y + q) are again of that form,
//! so the state is carried only from every eighth sample to the next, and the rest is computed beside it, eight groups
//! at a time (look-ahead recursion). The grouping follows the stream's own frames, never the host's blocks.

#![allow(clippy::inline_always, reason = "the step must stand inside its loop to be scheduled with its neighbors")]

use tonmeister_core::Memory;

use super::curve::at_least;
use crate::math::exp2;
use crate::simd::Level;
use crate::simd::rows::{self, OnRows, ROW, Row};

/// A reduction this small (in dB) is none: the states come to rest and cost nothing.
const NOTHING_DB: f64 = 1e-12;
/// Below every reduction, yet finite: an infinity times a coefficient of 0 would be no number.
const NO_FLOOR: f64 = -1e300;
/// How long the fast one of two releases takes, as a part of the release time.
const FAST: f64 = 0.6;
/// How long the quick one of two followers in a row takes, as a part of the other's time.
const QUICK: f64 = 0.1;
/// The slow one's constant over the release less the attack, as a polynomial of attack over release: solved for 1000
/// points (both followers and the attack together leave 1/e of a step after the release time) and fitted by least
/// squares. The release that is heard is within 0.02 % of the one that was asked for.
const FOLLOWER: [f64; 9] = [
    0.9048427284850964,
    -0.031041154943897434,
    0.5376486231469384,
    -14.050925962275407,
    61.13934889274269,
    -126.05118351672824,
    141.4554822914961,
    -82.39457861513804,
    19.39933314114628,
];
/// How many samples the state is carried over at once.
const GROUP: usize = ROW;

/// How fast, as coefficients at one sample rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Times {
    pub(super) attack: f64,
    pub(super) release: f64,
    /// Of the quick follower before the one that has the release.
    quick: f64,
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

/// 1 − α of a one-pole that passes 63 % of a step in so many frames: 1 − e^(−1/frames), cheap enough for every frame.
fn part_per_frame(frames: f64) -> f64 {
    let u = 1.0 / frames.max(1e-3);
    if u > 0.25 {
        1.0 - exp2(-u * std::f64::consts::LOG2_E)
    } else {
        // The series, for a difference from 1 would lose the digits of long times; the next term is 4·10⁻¹¹ of it.
        let mut sum = 1.0;
        for k in (2..=8).rev() {
            sum = 1.0 - u / f64::from(k) * sum;
        }
        u * sum
    }
}

/// The slow follower's constant for which all stages together pass 63 % of a falling step in `release` frames.
fn follower_frames(attack: f64, release: f64) -> f64 {
    let part = (attack / release).min(1.0);
    (release - attack).max(0.0) * FOLLOWER.iter().rev().fold(0.0, |sum, c| sum * part + c)
}

impl Times {
    /// The slow one of two releases, one frame on; 0 when there is one release.
    #[inline(always)]
    pub(super) fn remember(&self, slow: &mut f64, x: f64) -> f64 {
        *slow = self.slow.map_or(0.0, |times| times.after(*slow, x));
        *slow
    }

    /// How far back one that moves at these times remembers: the stages stand behind each other.
    pub(crate) fn memory(&self) -> Memory {
        let stages = [self.attack, self.release, self.quick].map(|part| Memory::of_mean(1.0 / part));
        let slow = self.slow.map_or(Memory::NONE, |slow| Memory::of_mean(1.0 / slow.attack.min(slow.release)));
        stages.into_iter().fold(slow, Memory::then)
    }

    /// With a fixed release. Times in milliseconds.
    pub fn manual(attack_ms: f64, release_ms: f64, sample_rate: u32) -> Self {
        let per_ms = f64::from(sample_rate) / 1000.0;
        let (attack, release) = (attack_ms * per_ms, release_ms * per_ms);
        let follower = follower_frames(attack.max(1e-3), release.max(1e-3));
        Times {
            attack: part_per_frame(attack),
            release: part_per_frame(follower),
            quick: part_per_frame(QUICK * follower),
            slow: None,
        }
    }

    /// For one stage that rises with the attack and falls with the release, as [`Loop`](super::feedback::Loop) does:
    /// nothing needs to be made up for.
    pub fn single(attack_ms: f64, release_ms: f64, sample_rate: u32) -> Self {
        let part = |ms: f64| part_per_frame(ms * f64::from(sample_rate) / 1000.0);
        Times { attack: part(attack_ms), release: part(release_ms), quick: 1.0, slow: None }
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

/// A number for each frame of eight groups, group by group.
type Square = [[f64; GROUP]; GROUP];

/// What rises at once and falls with a time.
#[derive(Clone, Copy, Debug)]
struct Follower {
    /// 1 − α, and the first eight powers of α.
    part: f64,
    falls: [f64; GROUP],
    /// At the end of the last group.
    state: f64,
    /// The group under way, k frames in: `y₁ = max(floor, falls[k]·state + push)`.
    floor: f64,
    push: f64,
    /// Its last value.
    last: f64,
}

impl Follower {
    fn resting_on(part: f64, value: f64) -> Self {
        Follower { part, falls: powers(1.0 - part), state: value, floor: NO_FLOOR, push: 0.0, last: value }
    }

    fn set_part(&mut self, part: f64) {
        self.part = part;
        self.falls = powers(1.0 - part);
    }

    /// From the last value on, a new group.
    #[inline(always)]
    fn begin_group(&mut self) {
        self.state = self.last;
        self.floor = NO_FLOOR;
        self.push = 0.0;
    }

    fn settle(&mut self) {
        self.last = rest(self.last);
        self.begin_group();
    }

    /// One frame, the k-th of its group.
    #[inline(always)]
    fn step(&mut self, k: usize, x: f64) -> f64 {
        let pushed = self.part * x;
        self.floor = at_least(x, self.falls[0] * self.floor + pushed);
        self.push = self.falls[0] * self.push + pushed;
        self.last = at_least(self.falls[k] * self.state + self.push, self.floor);
        self.last
    }

    /// Eight groups, by the operations of [`Follower::step`]: a row has the frames of one place in their groups.
    #[inline(always)]
    fn square<R: Row>(&mut self, x: &mut [R; GROUP]) {
        let (part, fall) = (R::splat(self.part), R::splat(self.falls[0]));
        let (mut floor, mut push) = (R::splat(NO_FLOOR), R::splat(0.0));
        let (mut floors, mut pushes) = ([floor; GROUP], [push; GROUP]);
        for k in 0..GROUP {
            let pushed = part.times(x[k]);
            floor = x[k].at_least(fall.times(floor).plus(pushed));
            push = fall.times(push).plus(pushed);
            (floors[k], pushes[k]) = (floor, push);
        }
        let (last_floors, last_pushes) = (floor.numbers(), push.numbers());
        let mut begins = [0.0; GROUP];
        for g in 0..GROUP {
            begins[g] = self.state;
            self.state = at_least(self.falls[GROUP - 1] * self.state + last_pushes[g], last_floors[g]);
        }
        let begins = R::of(begins);
        for k in 0..GROUP {
            x[k] = R::splat(self.falls[k]).times(begins).plus(pushes[k]).at_least(floors[k]);
        }
        self.last = self.state;
    }
}

/// The low-pass that has the attack.
#[derive(Clone, Copy, Debug)]
struct Smoother {
    /// 1 − α, and the first eight powers of α.
    part: f64,
    rises: [f64; GROUP],
    /// At the end of the last group.
    state: f64,
    /// The group under way, k frames in: `y = rises[k]·state + lift`.
    lift: f64,
    /// Its last value.
    last: f64,
}

impl Smoother {
    fn resting_on(part: f64, value: f64) -> Self {
        Smoother { part, rises: powers(1.0 - part), state: value, lift: 0.0, last: value }
    }

    fn set_part(&mut self, part: f64) {
        self.part = part;
        self.rises = powers(1.0 - part);
    }

    #[inline(always)]
    fn begin_group(&mut self) {
        self.state = self.last;
        self.lift = 0.0;
    }

    fn settle(&mut self) {
        self.last = rest(self.last);
        self.begin_group();
    }

    #[inline(always)]
    fn step(&mut self, k: usize, x: f64) -> f64 {
        self.lift = self.rises[0] * self.lift + self.part * x;
        self.last = self.rises[k] * self.state + self.lift;
        self.last
    }

    /// Eight groups, by the operations of [`Smoother::step`].
    #[expect(
        clippy::needless_range_loop,
        reason = "rows stay in registers where nothing but their place is looped over"
    )]
    #[inline(always)]
    fn square<R: Row>(&mut self, x: &mut [R; GROUP]) {
        let (part, rise) = (R::splat(self.part), R::splat(self.rises[0]));
        let mut lift = R::splat(0.0);
        for row in &mut *x {
            lift = rise.times(lift).plus(part.times(*row));
            *row = lift;
        }
        let lifts = lift.numbers();
        let mut begins = [0.0; GROUP];
        for g in 0..GROUP {
            begins[g] = self.state;
            self.state = self.rises[GROUP - 1] * self.state + lifts[g];
        }
        let begins = R::of(begins);
        for k in 0..GROUP {
            x[k] = x[k].plus(R::splat(self.rises[k]).times(begins));
        }
        self.last = self.state;
    }
}

fn powers(base: f64) -> [f64; GROUP] {
    let mut power = 1.0;
    std::array::from_fn(|_| {
        power *= base;
        power
    })
}

/// What is as good as nothing is nothing.
fn rest(value: f64) -> f64 {
    if value < NOTHING_DB { 0.0 } else { value }
}

/// Smooths the reduction of one channel (or of linked channels).
#[derive(Clone, Copy, Debug)]
pub struct Ballistics {
    times: Times,
    quick: Follower,
    follower: Follower,
    smoother: Smoother,
    /// The slow one of two releases.
    slow: f64,
    /// How many frames of the group under way are done.
    place: usize,
}

impl Ballistics {
    /// At rest.
    pub fn new(times: Times) -> Self {
        Ballistics::resting_on(times, 0.0)
    }

    /// As it is after `value` has been asked for since ever.
    pub fn resting_on(times: Times, value: f64) -> Self {
        Ballistics {
            times,
            quick: Follower::resting_on(times.quick, value),
            follower: Follower::resting_on(times.release, value),
            smoother: Smoother::resting_on(times.attack, value),
            slow: value,
            place: 0,
        }
    }

    /// Other times from the next frame on.
    #[inline]
    pub fn set_times(&mut self, times: Times) {
        if times != self.times {
            self.begin_group();
            self.quick.set_part(times.quick);
            self.follower.set_part(times.release);
            self.smoother.set_part(times.attack);
            self.times = times;
        }
    }

    /// A new group from the last frame on, be the one under way full or not.
    #[inline(always)]
    fn begin_group(&mut self) {
        self.quick.begin_group();
        self.follower.begin_group();
        self.smoother.begin_group();
        self.place = 0;
    }

    /// Lets states that are as good as nothing come to rest. To be called on a fixed grid of the stream's frames.
    pub fn settle(&mut self) {
        self.quick.settle();
        self.follower.settle();
        self.smoother.settle();
        self.slow = rest(self.slow);
        self.place = 0;
    }

    /// Whether everything is at rest.
    pub fn resting(&self) -> bool {
        [self.quick.last, self.follower.last, self.smoother.last, self.slow] == [0.0; 4]
    }

    /// Passes over frames without any reduction while at rest.
    pub fn rest(&mut self, frames: usize) {
        self.place = (self.place + frames) % GROUP;
        if self.place == 0 {
            self.begin_group();
        } else {
            (self.quick.floor, self.follower.floor) = (0.0, 0.0);
        }
    }

    /// One frame: the reduction asked for, the reduction given.
    #[inline(always)]
    pub fn step(&mut self, x: f64) -> f64 {
        let k = self.place;
        let quick = self.quick.step(k, x);
        let mut follower = self.follower.step(k, quick);
        if let Some(slow) = self.times.slow {
            self.slow = slow.after(self.slow, x);
            follower = at_least(follower, self.slow);
        }
        let smooth = self.smoother.step(k, follower);
        self.place = k + 1;
        if self.place == GROUP {
            self.begin_group();
        }
        smooth
    }

    /// Many frames, in place.
    pub fn run(&mut self, x: &mut [f64]) {
        self.run_at(Level::best(), x);
    }

    fn run_at(&mut self, level: Level, x: &mut [f64]) {
        let mut state = *self;
        let head = (GROUP - state.place) % GROUP;
        let (head, rest) = x.split_at_mut(head.min(x.len()));
        for value in head {
            *value = state.step(*value);
        }
        let (groups, tail) = rest.as_chunks_mut::<GROUP>();
        let (squares, rest) = groups.as_chunks_mut::<GROUP>();
        if state.times.slow.is_none() {
            rows::run(level, Squares { state: &mut state, squares });
        } else {
            squares.as_flattened_mut().as_flattened_mut().iter_mut().for_each(|value| *value = state.step(*value));
        }
        for value in rest.as_flattened_mut().iter_mut().chain(tail) {
            *value = state.step(*value);
        }
        *self = state;
    }
}

/// Eight groups side by side, and so on, from the beginning of a group, by the operations of [`Ballistics::step`]. Only
/// one product and one sum per group and stage wait for each other. While one stage waits, the next works on the eight
/// groups before, and the third on those before them.
struct Squares<'a> {
    state: &'a mut Ballistics,
    squares: &'a mut [Square],
}

impl OnRows for Squares<'_> {
    #[inline(always)]
    fn run<R: Row>(self) {
        let Squares { state, squares } = self;
        let Ballistics { mut quick, mut follower, mut smoother, .. } = *state;
        let nothing = [R::splat(0.0); GROUP];
        let (mut behind_quick, mut behind_follower) = (nothing, nothing);
        for at in 0..squares.len() + 2 {
            if at >= 2 {
                smoother.square(&mut behind_follower);
                let groups = R::transposed(behind_follower);
                for (to, group) in squares[at - 2].iter_mut().zip(groups) {
                    *to = group.numbers();
                }
            }
            if (1..=squares.len()).contains(&at) {
                follower.square(&mut behind_quick);
                behind_follower = behind_quick;
            }
            if let Some(square) = squares.get(at) {
                let mut groups = nothing;
                for (group, from) in groups.iter_mut().zip(square) {
                    *group = R::load(from);
                }
                behind_quick = R::transposed(groups);
                quick.square(&mut behind_quick);
            }
        }
        (state.quick, state.follower, state.smoother) = (quick, follower, smoother);
    }
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
        let (mut quick, mut follower, mut smooth) = (0.0_f64, 0.0_f64, 0.0);
        let published: Vec<f64> = given
            .iter()
            .map(|x| {
                quick = x.max((1.0 - times.quick) * quick + times.quick * x);
                follower = quick.max((1.0 - times.release) * follower + times.release * quick);
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
    fn every_level_gives_the_same_bits() {
        let times = Times::manual(2.0, 60.0, 48_000);
        let run = |level: Level| {
            let (mut given, mut ballistics) = (asked(6000), Ballistics::new(times));
            given.chunks_mut(1000).for_each(|part| ballistics.run_at(level, part));
            given
        };
        let mut stepped = asked(6000);
        let mut ballistics = Ballistics::new(times);
        for value in &mut stepped {
            *value = ballistics.step(*value);
        }
        for level in Level::all() {
            assert_eq!(run(level), stepped, "{level:?}");
        }
    }

    #[test]
    fn cutting_changes_no_bit() {
        for times in [Times::manual(0.01, 1.0, 48_000), Times::automatic(10.0, 100.0, 48_000)] {
            let x = asked(2000);
            let mut whole = x.clone();
            Ballistics::new(times).run(&mut whole);
            for size in [1, 3, 64, 200, 256] {
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
