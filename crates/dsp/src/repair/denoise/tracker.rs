//! What lies under the sound without a gap.
//!
//! The power of each bin is smoothed over time and its neighbors, and its minimum over the memory is followed. Where
//! the smoothed power stands close to that minimum there is noise alone, and it is averaged; where it stands far above
//! there is music, and the estimate waits (Cohen & Berdugo 2002).
//!
//! Dense music has no gaps, and its softest moment is not noise. But noise alone stays near its minimum most of the time,
//! music seldom: where the sound and its neighbors come near the minimum in too small a part of the time there is no noise
//! to be known, and none is taken away.
//!
//! A bass line or a held note has no gaps either. But it stands in few bins, and noise in all: no bin's noise may exceed
//! the lower quarter of the minima around it by more than a little.

/// The memory is kept in this many parts, each with its own minimum.
const PARTS: usize = 8;
/// How much of the smoothed power stays from spectrum to spectrum.
const SMOOTH: f64 = 0.9;
/// Music is what stands so far above the minimum.
const MUSIC: f64 = 5.0;
/// How much of the likelihood of music stays.
const LIKELIHOOD: f64 = 0.2;
/// How much of the noise stays where there is no music.
const NOISE: f64 = 0.95;
/// A bin counts for no more than so many times the noise: beginnings of notes lift the estimate little. Of noise itself
/// this takes 2 % away.
const SURPRISE: f64 = 4.0;
/// The noise, against the minimum of its smoothed power over a few seconds.
const OVER_MINIMUM: f64 = 1.5;
/// Over how many bins to either side the lower quarter is looked for: 0.75 kHz.
const AROUND: usize = 32;
/// The noise in a bin, at most, against a minimum that a quarter of those around it lie below.
const OVER_QUARTER: f64 = 2.2;

/// So many times the minimum is near it.
const NEAR: f64 = 2.0;
/// How much of the time the sound must be near its minimum for noise to be known at all, and to be known for sure.
const OFTEN: (f64, f64) = (0.15, 0.3);
/// Spectra before that part is known.
const UNKNOWN: f64 = 10.0;

/// Follows the noise of one channel.
pub(super) struct Tracker {
    smooth: Vec<f64>,
    /// The least of the present part.
    least: Vec<f64>,
    /// The least of every past part, part by part.
    past: Vec<f64>,
    /// The least of all past parts.
    floor: Vec<f64>,
    music: Vec<f64>,
    noise: Vec<f64>,
    /// No bin's noise may exceed this; a part of it is renewed with every spectrum.
    most: Vec<f64>,
    /// In how much of the time the power is near its minimum.
    near: Vec<f64>,
    /// Spectra in a part.
    length: u64,
    spectra: u64,
    loudest: f64,
}

impl Tracker {
    /// For that many bins, with a memory of so many spectra; no power above `loudest` is believed.
    pub(super) fn new(bins: usize, memory: f64, loudest: f64) -> Self {
        let none = vec![0.0; bins];
        Tracker {
            smooth: none.clone(),
            least: none.clone(),
            past: vec![0.0; bins * PARTS],
            floor: none.clone(),
            music: none.clone(),
            noise: none.clone(),
            most: none.clone(),
            near: none,
            length: ((memory / PARTS as f64).round() as u64).max(1),
            spectra: 0,
            loudest,
        }
    }

    /// The power of the noise in each bin; nothing until the memory has been filled once.
    pub(super) fn noise(&self) -> &[f64] {
        &self.noise
    }

    /// One spectrum more.
    pub(super) fn update(&mut self, power: &[f64]) {
        let last = power.len() - 1;
        self.find_most(power.len());
        let begins = self.spectra.is_multiple_of(self.length);
        let parts = self.spectra / self.length;
        if begins && parts > 0 {
            self.close_part(parts);
        }
        let first = self.spectra == 0;
        let known = parts >= PARTS as u64;
        let wakes = begins && parts == PARTS as u64;
        // An average over all that is known, up to the memory.
        let known_for =
            (self.spectra.saturating_sub(PARTS as u64 * self.length) as f64).min((PARTS as u64 * self.length) as f64);
        let part_near = 1.0 / (known_for + UNKNOWN);
        for k in 0..=last {
            let at = |k: usize| power[k].min(self.loudest);
            let here = at(k);
            let around = 0.5 * here + 0.25 * (at(k.saturating_sub(1)) + at((k + 1).min(last)));
            let smooth = if first { around } else { around + SMOOTH * (self.smooth[k] - around) };
            self.smooth[k] = smooth;
            self.least[k] = if begins || smooth < self.least[k] { smooth } else { self.least[k] };
            if !known {
                continue;
            }
            let floor = self.floor[k].min(self.least[k]);
            if wakes {
                self.noise[k] = OVER_MINIMUM * floor;
            }
            let near = if smooth < NEAR * floor { 1.0 } else { 0.0 };
            self.near[k] += part_near * (near - self.near[k]);
            let music = if smooth > MUSIC * floor { 1.0 } else { 0.0 };
            self.music[k] = music + LIKELIHOOD * (self.music[k] - music);
            // Silence is not noise: what was known before it stays.
            if around > 0.0 {
                let part = (1.0 - NOISE) * (1.0 - self.music[k]);
                let noise = self.noise[k].max(floor);
                let noise = noise + part * (here.min(SURPRISE * noise) - noise);
                self.noise[k] = noise.min(self.most[k]);
            }
        }
        self.spectra += 1;
    }

    fn close_part(&mut self, parts: u64) {
        let bins = self.least.len();
        let place = ((parts - 1) % PARTS as u64) as usize * bins;
        self.past[place..][..bins].copy_from_slice(&self.least);
        self.floor.copy_from_slice(&self.past[..bins]);
        for part in self.past.chunks_exact(bins).skip(1) {
            self.floor.iter_mut().zip(part).for_each(|(floor, least)| *floor = floor.min(*least));
        }
    }

    /// Renews a part of what the noise may be at most, so that all of it is new once in a part of the memory.
    fn find_most(&mut self, bins: usize) {
        let step = self.spectra % self.length;
        let share = |step: u64| (bins as u64 * step / self.length) as usize;
        let mut near = [0.0; 2 * AROUND + 1];
        for k in share(step)..share(step + 1) {
            // At the ends as many bins as elsewhere, to one side.
            let from = k.saturating_sub(AROUND).min(bins.saturating_sub(near.len()));
            let count = near.len().min(bins - from);
            let near = &mut near[..count];
            near.copy_from_slice(&self.floor[from..][..count]);
            let (_, quarter, _) = near.select_nth_unstable_by(count / 4, f64::total_cmp);
            let quarter = *quarter;
            near.copy_from_slice(&self.near[from..][..count]);
            let (_, often, _) = near.select_nth_unstable_by(count / 2, f64::total_cmp);
            let sure = ((*often - OFTEN.0) / (OFTEN.1 - OFTEN.0)).clamp(0.0, 1.0);
            self.most[k] = OVER_QUARTER * quarter * sure;
        }
    }

    /// Nothing was heard.
    pub(super) fn reset(&mut self) {
        self.spectra = 0;
        for list in [&mut self.smooth, &mut self.least, &mut self.past, &mut self.floor, &mut self.music] {
            list.fill(0.0);
        }
        self.noise.fill(0.0);
        self.most.fill(0.0);
        self.near.fill(0.0);
    }
}
