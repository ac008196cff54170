//! Where the hum is: its frequency is found, then its phase is followed.
//!
//! Found: for every frequency in question the harmonics of two seconds at a time are added up in phase, each frame weighted
//! with the music beside it, and their power is set against what chance would give. The best few are tried in full.
//!
//! Followed: in every frame the harmonics tell by how much their common phase is off, each as surely as it is strong, high
//! and undisturbed. The phase is the smoothest curve through what they tell: least squares with a penalty on the third
//! difference (Whittaker, *On a new method of graduation*, 1923), over all of the memory, at every step anew. Where music
//! hides the hum the curve goes on as it was.

use std::f64::consts::TAU;

use rustfft::num_complex::Complex;

use super::ear::{Ear, PAST, PER_FRAME, Tone};
use super::fit::Harmonic;

/// Frequencies in question are so far apart, in hertz.
const GRID: f64 = 0.01;
/// Frames that are added up in phase when hum is looked for: two seconds.
const TOGETHER: usize = 16;
/// No harmonic of two seconds counts for more than so many times chance: a note is no proof.
const MOST: f64 = 6.0;
/// So many of the best frequencies are tried in full.
const TRIED: usize = 3;
/// Neighbors of a candidate this near are the same one, in hertz.
const SAME: f64 = 0.04;
/// By how much the third difference of the phase moves: 0.8 mrad, so that half a hertz may drift away in a minute.
const STIFF: f64 = 1.0 / (8e-4 * 8e-4);
/// Evidence that makes a harmonic a witness; how many there must be, and how much all must say; no single one counts for more.
const WITNESS: f64 = 5.0;
const WITNESSES: usize = 3;
const FOUND: f64 = 30.0;
const ONE_SAYS: f64 = 20.0;
/// One of the lowest three may stand for all if it says as much as this.
const ALONE: f64 = 60.0;
/// Where the softest pieces have less than this part of its power there is no hum.
const STOPPED: f64 = 0.25;
/// Where less than this is said the hum is lost, …
const LOST: f64 = 12.0;
/// … after so many steps.
const PATIENCE: u32 = 8;
/// Steps between two searches: a second from one to the next.
const REST: u32 = 3;

/// Where hum is looked for.
#[derive(Clone, Debug)]
pub(super) struct Search {
    /// Around these frequencies, in hertz, …
    pub around: Vec<f64>,
    /// … this far to either side.
    pub range: f64,
}

/// Follows the hum.
pub(super) struct Track {
    search: Search,
    harmonics: usize,
    channels: usize,
    hop: f64,
    room: usize,
    /// Harmonic by harmonic, channel by channel.
    lines: Vec<Harmonic>,
    /// The common phase at the middle of every frame in the memory, oldest first.
    phases: Vec<f64>,
    /// Whether there was sound in the frame.
    counts: Vec<f64>,
    /// The power of the softest piece of each frame, for each channel.
    softest: Vec<Vec<f64>>,
    /// How much each frame counts for what is taken away.
    recent: Vec<f64>,
    locked: bool,
    doubts: u32,
    /// Steps until hum is looked for again.
    wait: u32,
    /// The frequency that the track is around.
    home: f64,
    tones: Vec<Tone>,
    sorted: Vec<f64>,
    system: Vec<[f64; 4]>,
    shift: Vec<f64>,
    weight: Vec<f64>,
    scores: Vec<f64>,
    sums: Vec<(Complex<f64>, f64)>,
}

impl Track {
    /// For a memory of so many frames.
    pub(super) fn new(search: Search, harmonics: usize, channels: usize, room: usize, hop_seconds: f64) -> Self {
        let room = room.max(PAST);
        let grid = search.around.len() * (2 * steps(search.range) + 1);
        Track {
            harmonics,
            channels,
            hop: hop_seconds,
            room,
            lines: vec![(); harmonics * channels].iter().map(|()| Harmonic::new(room + 2)).collect(),
            phases: Vec::with_capacity(room + 2),
            counts: Vec::with_capacity(room + 2),
            softest: vec![Vec::with_capacity(room + 2); channels],
            recent: Vec::with_capacity(room + 2),
            locked: false,
            doubts: 0,
            wait: 0,
            home: search.around[0],
            tones: vec![Tone::default(); harmonics],
            sorted: Vec::with_capacity(room + 2),
            system: Vec::with_capacity(room + 2),
            shift: Vec::with_capacity(room + 2),
            weight: Vec::with_capacity(room + 2),
            scores: vec![0.0; grid],
            sums: vec![(Complex::default(), 0.0); harmonics],
            search,
        }
    }

    /// Takes the newest two frames, and finds or follows the hum.
    pub(super) fn step(&mut self, ear: &Ear) {
        if self.locked {
            let hz = self.frequency();
            let last = self.phases[self.phases.len() - 1];
            self.make_room(2);
            for n in 1..=2 {
                self.take(ear, 2 - n, hz, last + TAU * hz * self.hop * n as f64);
            }
            self.follow(2);
            let score = self.score();
            self.doubts = if score < LOST { self.doubts + 1 } else { 0 };
            if self.doubts > PATIENCE || (self.frequency() - self.home).abs() > self.search.range + 0.02 {
                self.locked = false;
            }
        } else {
            self.find(ear);
        }
    }

    /// Whether there is hum that is known.
    pub(super) fn locked(&self) -> bool {
        self.locked
    }

    /// The frequency at the newest end, in hertz.
    pub(super) fn frequency(&self) -> f64 {
        let n = self.phases.len();
        let back = (2 * PER_FRAME * 2).min(n - 1);
        (self.phases[n - 1] - self.phases[n - 1 - back]) / (TAU * self.hop * back as f64)
    }

    /// The phase and its slope (radians per frame) at a frame so many before the newest; before the first it goes straight on.
    pub(super) fn phase(&self, ago: usize) -> (f64, f64) {
        let n = self.phases.len();
        let last = n - 1;
        if ago > last {
            let slope = self.phases[1] - self.phases[0];
            return (self.phases[0] - slope * (ago - last) as f64, slope);
        }
        let k = last - ago;
        let (before, after) = (k.saturating_sub(1), (k + 1).min(last));
        (self.phases[k], (self.phases[after] - self.phases[before]) / (after - before) as f64)
    }

    /// What is to be taken away around a frame so many before the newest: the amplitude of every harmonic of a channel.
    pub(super) fn estimate(&mut self, ago: usize, memory: f64) {
        let last = self.counts.len() - 1;
        self.recent.clear();
        self.recent.extend(self.counts.iter().enumerate().map(|(k, count)| {
            let older = (last - k).saturating_sub(ago) as f64;
            count * (-older / memory).exp()
        }));
        for line in &mut self.lines {
            line.fit(&self.recent, false, &mut self.sorted);
        }
        self.veto();
    }

    /// Hum never pauses: where the sound is often softer than the hum would be, it is none.
    fn veto(&mut self) {
        for channel in 0..self.channels {
            let lines = &mut self.lines[channel * self.harmonics..][..self.harmonics];
            let hum: f64 = lines.iter().map(|line| 0.5 * line.trust * line.hum.norm_sqr()).sum();
            self.sorted.clear();
            let there = self.softest[channel].iter().zip(&self.counts).filter(|(_, count)| **count > 0.0);
            self.sorted.extend(there.map(|(power, _)| *power));
            if self.sorted.is_empty() {
                continue;
            }
            let middle = self.sorted.len() / 2;
            if hum * STOPPED > *self.sorted.select_nth_unstable_by(middle, f64::total_cmp).1 {
                for line in lines {
                    (line.trust, line.evidence) = (0.0, 0.0);
                }
            }
        }
    }

    /// The harmonics of a channel as they stand.
    pub(super) fn lines(&self, channel: usize) -> &[Harmonic] {
        &self.lines[channel * self.harmonics..][..self.harmonics]
    }

    fn make_room(&mut self, frames: usize) {
        let over = (self.phases.len() + frames).saturating_sub(self.room);
        self.phases.drain(..over);
        self.counts.drain(..over);
        for list in &mut self.softest {
            list.drain(..over);
        }
        for line in &mut self.lines {
            line.heard.drain(..over);
            line.beside.drain(..over);
        }
    }

    fn take(&mut self, ear: &Ear, ago: usize, hz: f64, phase: f64) {
        self.phases.push(phase);
        self.counts.push(if ear.silent(ago) { 0.0 } else { 1.0 });
        let turn = Complex::new(phase.cos(), -phase.sin());
        for channel in 0..self.channels {
            self.softest[channel].push(ear.softest(ago, channel));
            ear.read(ago, channel, hz, &mut self.tones);
            let mut turned = Complex::new(1.0, 0.0);
            let lines = &mut self.lines[channel * self.harmonics..];
            for (h, (line, tone)) in lines.iter_mut().zip(&self.tones).enumerate() {
                turned *= turn;
                line.heard.push(tone.value * turned / ear.lobe(hz * (h + 1) as f64));
                line.beside.push(tone.beside);
            }
        }
    }

    /// Fills the memory with what the ear remembers, at one frequency, and estimates anew.
    fn load(&mut self, ear: &Ear, hz: f64) {
        self.phases.clear();
        self.counts.clear();
        self.softest.iter_mut().for_each(Vec::clear);
        self.lines.iter_mut().for_each(Harmonic::forget);
        let frames = (ear.frames() as usize).min(PAST);
        for k in 0..frames {
            self.take(ear, frames - 1 - k, hz, TAU * hz * self.hop * k as f64);
        }
        self.fit(true);
    }

    fn fit(&mut self, afresh: bool) {
        for line in &mut self.lines {
            line.fit(&self.counts, afresh, &mut self.sorted);
        }
        self.veto();
    }

    /// How sure it is that this is hum: what all harmonics say, if several do; the louder channel's.
    fn score(&self) -> f64 {
        let channel = |channel: usize| {
            let lines = self.lines(channel);
            let says = |line: &Harmonic| if line.evidence > WITNESS { line.evidence.min(ONE_SAYS) } else { 0.0 };
            let witnesses = lines.iter().filter(|line| line.evidence > WITNESS && line.trust > 0.0).count();
            let alone = lines.iter().take(3).any(|line| line.evidence > ALONE && line.trust > 0.9);
            let sum: f64 = lines.iter().map(says).sum();
            let several = witnesses >= WITNESSES.min(self.harmonics);
            let sum = if alone { sum.max(FOUND) } else { sum };
            if alone || several { sum } else { 0.0 }
        };
        (0..self.channels).map(channel).fold(0.0, f64::max)
    }

    fn find(&mut self, ear: &Ear) {
        let frames = (ear.frames() as usize).min(PAST);
        if frames < TOGETHER + PER_FRAME || self.wait > 0 {
            self.wait = self.wait.saturating_sub(1);
            return;
        }
        self.wait = REST;
        let side = steps(self.search.range);
        let width = 2 * side + 1;
        for place in 0..self.scores.len() {
            let hz = self.search.around[place / width] + (place % width) as f64 * GRID - side as f64 * GRID;
            self.scores[place] = self.chance(ear, frames, hz);
        }
        let mut best = (0.0, 0.0);
        for _ in 0..TRIED {
            let Some((place, _)) =
                self.scores.iter().copied().enumerate().max_by(|a, b| a.1.total_cmp(&b.1)).filter(|best| best.1 > 0.0)
            else {
                break;
            };
            let hz = self.search.around[place / width] + (place % width) as f64 * GRID - side as f64 * GRID;
            self.load(ear, hz);
            let score = self.score();
            if score > best.0 {
                best = (score, hz);
            }
            let near = (SAME / GRID) as usize;
            let (from, to) = (place.saturating_sub(near), (place + near + 1).min(self.scores.len()));
            self.scores[from..to].fill(0.0);
        }
        if best.0 == 0.0 {
            return;
        }
        self.load(ear, best.1);
        self.follow(8);
        if self.score() >= FOUND {
            self.locked = true;
            self.doubts = 0;
            let nearest = |a: &&f64, b: &&f64| (*a - best.1).abs().total_cmp(&(*b - best.1).abs());
            self.home = *self.search.around.iter().min_by(nearest).unwrap_or(&best.1);
        }
    }

    /// How far the harmonics of that frequency stand out of chance, two seconds at a time.
    fn chance(&mut self, ear: &Ear, frames: usize, hz: f64) -> f64 {
        let mut total = 0.0;
        let mut from = 0;
        while from + TOGETHER <= frames {
            for channel in 0..self.channels {
                self.sums.fill((Complex::default(), 0.0));
                for n in 0..TOGETHER {
                    let ago = frames - 1 - from - n;
                    if ear.silent(ago) {
                        continue;
                    }
                    let window = 0.5 - 0.5 * (TAU * (n + 1) as f64 / (TOGETHER + 1) as f64).cos();
                    ear.read(ago, channel, hz, &mut self.tones);
                    let angle = TAU * (hz * self.hop * n as f64).fract();
                    let turn = Complex::new(angle.cos(), -angle.sin());
                    let mut turned = Complex::new(1.0, 0.0);
                    for (sum, tone) in self.sums.iter_mut().zip(&self.tones) {
                        turned *= turn;
                        let weight = window / (tone.beside + 1e-18);
                        sum.0 += tone.value * turned * weight;
                        sum.1 += window * weight;
                    }
                }
                let same = PER_FRAME as f64;
                total += self
                    .sums
                    .iter()
                    .map(|(sum, chance)| sum.norm_sqr() / (same * chance + sum.norm_sqr() / MOST + 1e-300))
                    .sum::<f64>();
            }
            from += TOGETHER / 2;
        }
        total
    }

    /// Brings the phase of every frame to what the harmonics tell, and their estimates after it.
    fn follow(&mut self, rounds: usize) {
        let n = self.phases.len();
        for _ in 0..rounds {
            self.fit(false);
            self.shift.clear();
            self.shift.resize(n, 0.0);
            self.weight.clear();
            self.weight.resize(n, 0.0);
            for (place, line) in self.lines.iter().enumerate().filter(|(_, line)| line.trust > 0.0) {
                let h = (place % self.harmonics + 1) as f64;
                let power = line.hum.norm_sqr();
                for k in (0..n).filter(|k| self.counts[*k] > 0.0) {
                    let sure = line.weights[k] * line.trust / PER_FRAME as f64;
                    self.shift[k] += sure * h * (line.heard[k] * line.hum.conj()).im;
                    self.weight[k] += sure * h * h * power;
                }
            }
            for (shift, weight) in self.shift.iter_mut().zip(&self.weight) {
                // What would be more than half a radian is no news of the phase.
                *shift = shift.clamp(-0.5 * weight, 0.5 * weight);
            }
            self.smooth();
            for k in 0..n {
                let by = self.shift[k];
                self.phases[k] += by;
                let turn = Complex::new(by.cos(), -by.sin());
                for lines in self.lines.chunks_exact_mut(self.harmonics) {
                    let mut turned = Complex::new(1.0, 0.0);
                    for line in lines {
                        turned *= turn;
                        line.heard[k] *= turned;
                    }
                }
            }
        }
        self.fit(false);
    }

    /// Solves (W + λD'D)·shift = told − λD'D·phases, D being the third difference, by Cholesky's method for bands.
    fn smooth(&mut self) {
        const D: [f64; 4] = [-1.0, 3.0, -3.0, 1.0];
        let n = self.phases.len();
        self.system.clear();
        self.system.extend(self.weight.iter().map(|weight| [weight + 1e-6, 0.0, 0.0, 0.0]));
        for k in 0..n.saturating_sub(3) {
            let third: f64 = (0..4).map(|i| D[i] * self.phases[k + i]).sum();
            for (i, left) in D.iter().enumerate() {
                self.shift[k + i] -= STIFF * left * third;
                for (j, right) in D.iter().enumerate().take(i + 1) {
                    self.system[k + i][i - j] += STIFF * left * right;
                }
            }
        }
        // Row k of the triangle: its diagonal, and what lies one, two and three to the left of it.
        for k in 0..n {
            for left in (1..=3.min(k)).rev() {
                let j = k - left;
                let mut x = self.system[k][left];
                for i in j.saturating_sub(3).max(k.saturating_sub(3))..j {
                    x -= self.system[k][k - i] * self.system[j][j - i];
                }
                self.system[k][left] = x / self.system[j][0];
            }
            let mut x = self.system[k][0];
            for left in 1..=3.min(k) {
                x -= self.system[k][left].powi(2);
            }
            self.system[k][0] = x.max(1e-12).sqrt();
            let mut y = self.shift[k];
            for left in 1..=3.min(k) {
                y -= self.system[k][left] * self.shift[k - left];
            }
            self.shift[k] = y / self.system[k][0];
        }
        for k in (0..n).rev() {
            let mut y = self.shift[k];
            for right in 1..=3.min(n - 1 - k) {
                y -= self.system[k + right][right] * self.shift[k + right];
            }
            self.shift[k] = y / self.system[k][0];
        }
    }

    pub(super) fn reset(&mut self) {
        self.locked = false;
        self.doubts = 0;
        self.phases.clear();
        self.counts.clear();
        self.softest.iter_mut().for_each(Vec::clear);
        self.wait = 0;
        for line in &mut self.lines {
            line.forget();
        }
    }
}

fn steps(range: f64) -> usize {
    (range / GRID).round() as usize
}
