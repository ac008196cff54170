//! Sharp esses and popped consonants of a voice that stands alone.
//!
//! Of three bands (below 120 Hz, 200 Hz to 2 kHz, 4 to 10 kHz) the power is taken every 10 ms. Where the middle rules
//! there is a vowel; the mean of all vowels is what the voice is measured by. An ess is a short time in which the top
//! rules *and the middle falls away*: cymbals over an instrument do not make it fall. A pop is a short burst at the
//! bottom that comes from nowhere and leaves nothing.
//!
//! A file is asked only when it is like one voice: vowels for a good part of its time, little at the bottom, and pauses
//! (for pops). Bass, drums and whole mixes are not judged.

use std::f64::consts::TAU;

use tonmeister_core::SourceInfo;

use super::finder::{Finder, Sheet, Tile};
use super::finding::Finding;
use super::rules::{PLOSIVE, Rule, SIBILANT};

/// How often the bands are read, in seconds.
const STEP_S: f64 = 0.01;
/// So many readings are judged together: eleven minutes.
const CHAPTER: usize = 65_536;
/// Readings this far below the loudest are silent, in dB.
const SOUNDS_DB: f64 = -30.0;
/// The middle lies this far above the top in a vowel, in dB.
const VOWEL_DB: f64 = 10.0;
/// The top lies this far above the middle in an ess, in dB.
const ESS_DB: f64 = 3.0;
/// How long an ess lasts, in readings.
const ESS: std::ops::RangeInclusive<usize> = 4..=35;
/// The middle falls so far in an ess, in dB, against a quarter of a second before and after.
const FALL_DB: f64 = 5.0;
/// How long a pop lasts, in readings.
const POP: std::ops::RangeInclusive<usize> = 2..=20;
/// The bottom rises so far over what was before a pop, and falls so far after, in dB.
const RISE_DB: f64 = 15.0;
const DROP_DB: f64 = 12.0;
/// A voice has vowels for this part of its time or more,
const VOWELS: f64 = 0.4;
/// the bottom lies this far below its vowels, in dB,
const BOTTOM_DB: f64 = -15.0;
/// it rests now and then,
const SOUNDS: f64 = 0.88;
/// and its pops are rarer than this, per second of sound: a drum or a bass is not.
const POPS_PER_S: f64 = 0.5;
/// Fewer pops than this are no beat, however short the voice.
const FEW_POPS: f64 = 6.0;
/// So few esses are an accident of one word.
const LEAST_ESSES: usize = 3;
/// How many places are remembered.
const PLACES: usize = 4096;

/// A filter of second order.
#[derive(Clone, Copy)]
struct Section {
    b: [f64; 3],
    a: [f64; 2],
    state: [f64; 2],
}

impl Section {
    /// Butterworth's low-pass or high-pass.
    fn new(hz: f64, q: f64, rate: f64, low: bool) -> Self {
        let w = TAU * hz.min(0.45 * rate) / rate;
        let (alpha, cos) = (w.sin() / (2.0 * q), w.cos());
        let side = if low { 1.0 - cos } else { 1.0 + cos };
        let a0 = 1.0 + alpha;
        let middle = if low { side } else { -side };
        Section {
            b: [side / 2.0 / a0, middle / a0, side / 2.0 / a0],
            a: [-2.0 * cos / a0, (1.0 - alpha) / a0],
            state: [0.0; 2],
        }
    }

    fn process(&mut self, x: f64) -> f64 {
        let y = self.b[0] * x + self.state[0];
        self.state[0] = self.b[1] * x - self.a[0] * y + self.state[1];
        self.state[1] = self.b[2] * x - self.a[1] * y;
        y
    }
}

/// Power at the bottom, in the middle, at the top.
type Reading = [f32; 3];

/// A burst: where, how long, how far above the vowels.
#[derive(Clone, Copy, Debug)]
struct Burst {
    from: u64,
    readings: usize,
    over_db: f64,
}

/// Hears one voice.
pub(super) struct Voice {
    filters: [[Section; 2]; 3],
    step: usize,
    sums: [f64; 3],
    heard: usize,
    readings: Vec<Reading>,
    /// The number of the first of them.
    first: u64,
    esses: Vec<Burst>,
    pops: Vec<Burst>,
}

fn db(power: f64) -> f64 {
    10.0 * power.max(1e-20).log10()
}

fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = values.len().max(1) as f64;
    values.sum::<f64>() / count
}

fn median(mut values: Vec<f32>) -> f64 {
    values.sort_by(f32::total_cmp);
    values.get(values.len() / 2).copied().map_or(0.0, f64::from)
}

/// Where something holds, one after the other: (first, end).
fn runs(holds: impl Iterator<Item = bool>) -> Vec<(usize, usize)> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for (at, holds) in holds.enumerate() {
        match runs.last_mut() {
            Some((_, end)) if holds && *end == at => *end = at + 1,
            _ if holds => runs.push((at, at + 1)),
            _ => {}
        }
    }
    runs
}

impl Voice {
    pub(super) fn new(info: SourceInfo) -> Self {
        let rate = f64::from(info.sample_rate);
        let section = |hz: f64, low: bool| Section::new(hz, std::f64::consts::FRAC_1_SQRT_2, rate, low);
        // A low-pass of fourth order takes the two Butterworth sections.
        let bottom = [Section::new(120.0, 0.5412, rate, true), Section::new(120.0, 1.3066, rate, true)];
        Voice {
            filters: [
                bottom,
                [section(200.0, false), section(2_000.0, true)],
                [section(4_000.0, false), section(10_000.0, true)],
            ],
            step: (STEP_S * rate).round().max(1.0) as usize,
            sums: [0.0; 3],
            heard: 0,
            readings: Vec::new(),
            first: 0,
            esses: Vec::new(),
            pops: Vec::new(),
        }
    }

    fn read(&mut self) {
        let frames = self.heard as f64;
        self.readings.push(self.sums.map(|s| (s / frames) as f32));
        self.sums = [0.0; 3];
        self.heard = 0;
        // States that have died away are zero, on the file's own grid.
        for section in self.filters.iter_mut().flatten() {
            section.state.iter_mut().filter(|s| s.abs() < 1e-25).for_each(|s| *s = 0.0);
        }
        if self.readings.len() == CHAPTER {
            self.judge();
        }
    }

    /// Judges the readings so far and forgets them.
    fn judge(&mut self) {
        let readings = std::mem::take(&mut self.readings);
        let first = self.first;
        self.first += readings.len() as u64;
        let sound = |r: &Reading| f64::from(r[1]) + f64::from(r[2]);
        let loudest = readings.iter().map(sound).fold(0.0, f64::max);
        let floor = loudest * 10f64.powf(SOUNDS_DB / 10.0);
        let sounds = |r: &Reading| sound(r) > floor;
        let is_vowel = |r: &&Reading| sounds(r) && f64::from(r[1]) > 10f64.powf(VOWEL_DB / 10.0) * f64::from(r[2]);
        let sounding: Vec<&Reading> = readings.iter().filter(|r| sounds(r)).collect();
        let vowels: Vec<f64> = sounding.iter().copied().filter(is_vowel).map(|r| f64::from(r[1])).collect();
        if loudest <= 0.0 || vowels.len() < 20 || (vowels.len() as f64) < VOWELS * sounding.len() as f64 {
            return;
        }
        let voice = db(mean(vowels.iter().copied()));
        if db(median(sounding.iter().map(|r| r[0]).collect())) - voice > BOTTOM_DB {
            return;
        }
        let esses = esses(&readings, voice, sounds);
        self.esses.extend(esses.into_iter().map(|b| Burst { from: first + b.from, ..b }));
        let pauses = (sounding.len() as f64) < SOUNDS * readings.len() as f64;
        let pops = pops(&readings, voice);
        if pauses && (pops.len() as f64) <= (POPS_PER_S * STEP_S * sounding.len() as f64).max(FEW_POPS) {
            self.pops.extend(pops.into_iter().map(|b| Burst { from: first + b.from, ..b }));
        }
        self.esses.truncate(PLACES);
        self.pops.truncate(PLACES);
    }

    fn finding(
        &self,
        sheet: &Sheet<'_>,
        rule: &Rule,
        bursts: &[Burst],
        least: usize,
        what: [&str; 2],
    ) -> Option<Finding> {
        let limit = sheet.limit(rule);
        let over: Vec<&Burst> = bursts.iter().filter(|b| b.over_db >= limit).collect();
        let loudest = over.iter().max_by(|a, b| a.over_db.total_cmp(&b.over_db)).filter(|_| over.len() >= least)?;
        let frame = |reading: u64| reading * self.step as u64;
        let message = format!(
            "{} {} as loud as the vowels or louder, the worst at {:.2} s ({:+.1} dB)",
            over.len(),
            what[usize::from(over.len() != 1)],
            sheet.seconds(frame(loudest.from)),
            loudest.over_db
        );
        let mut finding = Finding::of(rule, message)
            .graver(rule.severity_of(loudest.over_db))
            .between(frame(loudest.from), frame(loudest.from + loudest.readings as u64), sheet.info.sample_rate)
            .with("count", over.len() as f64, "")
            .with("loudest", loudest.over_db, "dB");
        for burst in over.iter().take(16) {
            finding = finding.with("at", sheet.seconds(frame(burst.from)), "s");
        }
        Some(finding)
    }
}

fn esses(readings: &[Reading], voice: f64, sounds: impl Fn(&Reading) -> bool) -> Vec<Burst> {
    let above = 10f64.powf(ESS_DB / 10.0);
    let is_ess = |r: &Reading| sounds(r) && f64::from(r[2]) > above * f64::from(r[1]);
    let found = runs(readings.iter().map(is_ess)).into_iter().filter(|(from, to)| ESS.contains(&(to - from)));
    found
        .filter_map(|(from, to)| {
            let middle = |range: &[Reading]| range.iter().map(|r| f64::from(r[1])).fold(0.0, f64::max);
            let around = middle(&readings[from.saturating_sub(25)..from])
                .max(middle(&readings[to..readings.len().min(to + 25)]));
            let within = mean(readings[from..to].iter().map(|r| f64::from(r[1])));
            let over_db = db(mean(readings[from..to].iter().map(|r| f64::from(r[2])))) - voice;
            let falls = db(around) - db(within) >= FALL_DB;
            falls.then_some(Burst { from: from as u64, readings: to - from, over_db })
        })
        .collect()
}

fn pops(readings: &[Reading], voice: f64) -> Vec<Burst> {
    let is_low = |r: &Reading| r[0] > r[1] && db(f64::from(r[0])) > voice - 6.0;
    let found = runs(readings.iter().map(is_low)).into_iter().filter(|(from, to)| POP.contains(&(to - from)));
    found
        .filter_map(|(from, to)| {
            let bottom = |range: std::ops::Range<usize>| {
                let range = range.start.min(readings.len())..range.end.min(readings.len());
                db(median(readings[range].iter().map(|r| r[0]).collect()))
            };
            let top = readings[from..to].iter().map(|r| f64::from(r[0])).fold(0.0, f64::max);
            let rises = db(top) - bottom(from.saturating_sub(20)..from.saturating_sub(4)) >= RISE_DB;
            let drops = db(top) - bottom(to + 4..to + 24) >= DROP_DB;
            (rises && drops).then_some(Burst { from: from as u64, readings: to - from, over_db: db(top) - voice })
        })
        .collect()
}

impl Finder for Voice {
    fn hear(&mut self, tile: &Tile<'_>) {
        let frames = tile.channels.first().map_or(0, |c| c.len());
        let share = 1.0 / tile.channels.len().max(1) as f64;
        for n in 0..frames {
            let x = share * tile.channels.iter().map(|c| f64::from(c[n])).sum::<f64>();
            for (sum, [first, second]) in self.sums.iter_mut().zip(&mut self.filters) {
                let y = second.process(first.process(x));
                *sum += y * y;
            }
            self.heard += 1;
            if self.heard == self.step {
                self.read();
            }
        }
    }

    fn conclude(mut self: Box<Self>, sheet: &mut Sheet<'_>) {
        self.judge();
        let esses = self.finding(sheet, &SIBILANT, &self.esses, LEAST_ESSES, ["ess", "esses"]);
        let pops = self.finding(sheet, &PLOSIVE, &self.pops, 1, ["pop", "pops"]);
        sheet.put(esses.into_iter().chain(pops));
    }
}
