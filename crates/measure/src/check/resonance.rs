//! What rings: a narrow band that stands over its surroundings whatever is played.
//!
//! A note stands out while it lasts, and on its own line. A resonance (of a room, a microphone, a drum, a filter) raises
//! everything that falls on it, notes, but also the noise of drums and breath and the tails between notes, and all of a
//! stretch as wide as it is. So of every moment of 0.17 s the middle (median) of five neighboring bands of a 24th of an
//! octave is compared with the middle of all that lies within seven twelfths of an octave to either side: a single line
//! moves neither. And what counts is not how far it stands out at its best or on the average but how far it does *four fifths
//! of the time* (the lowest fifth of its moments is left out). Notes fall back below their surroundings far more often
//! than that.
//!
//! Moments do not tell equally much. Where single lines tower, the level of a band says which note is played; in the noise of a
//! struck drum, of breath or of a cymbal, neighbors are alike but for what the resonance does. So a moment counts by how even
//! its surroundings are: by the inverse of the square of their usual distance from their middle, and of 2 dB, by which noise
//! differs anyway.
//!
//! That holds only where something sounds in every band nearly all the time. A file is asked only when all seven
//! octaves from 100 Hz to 12.8 kHz are filled in three quarters of its moments, as they are in a mix: single instruments
//! have resonances of their own, which make their sound, and thin music (a piano, a flute) says nothing between its
//! notes. And only from 850 Hz to 8 kHz: below, the few notes of a song's bass and chords stand out as much as a
//! resonance does.

use realfft::num_complex::Complex32;

use super::balance::Balances;
use super::finder::Sheet;
use super::finding::Finding;
use super::histogram::Histogram;
use super::rules::RESONANCE;

/// Bands in an octave.
const PER_OCTAVE: f64 = 24.0;
/// The lowest band's middle, and the highest's at most.
const LOWEST_HZ: f64 = 500.0;
const HIGHEST_HZ: f64 = 13_600.0;
/// What is judged.
const JUDGED_HZ: std::ops::RangeInclusive<f64> = 850.0..=8_000.0;
/// Bands to either side whose middle is taken: five are a fifth of an octave.
const BESIDE: usize = 2;
/// Bands to either side it is compared with: seven twelfths of an octave,
const AROUND: usize = 14;
/// those next to it that do not count when it is asked how even its surroundings are,
const OWN: usize = 3;
/// and when it is asked whether there is sound around it.
const NEXT: usize = 5;
/// How far bands of noise lie from their middle anyway, dB.
const UNEVEN_DB: f64 = 2.0;
/// What a moment counts whose surroundings are all alike.
const EVEN: f64 = 1024.0;
/// Windows of a moment.
const WINDOWS: usize = 4;
/// Moments count in which what lies around is no further below the loudest so far, dB,
const SOUNDS_DB: f64 = 35.0;
/// and above this (mean square per band, dBFS).
const SILENT_DB: f64 = -88.0;
/// The part of the moments that may fall below.
const LEFT_OUT: f64 = 0.2;
/// So many moments must count (5 s), and such a part of all.
const LEAST_MOMENTS: u64 = 30;
const LEAST_PART: f64 = 0.2;
/// Octaves that must be filled, the lowest edge.
pub(super) const OCTAVES: usize = 7;
pub(super) const OCTAVES_FROM_HZ: f64 = 100.0;
/// An octave is filled where three quarters of its moments lie no further below the mean of the loudest octave, dB.
const FILLED_DB: f64 = -45.0;
/// How many resonances are told at most.
const MOST: usize = 4;
/// Bands between two of them.
const APART: usize = 10;
/// Bands to either side that lie no further below the highest, dB, stand as high as it.
const FLAT: usize = 4;
const FLAT_DB: f64 = 0.5;

/// Hears the spectra of a file, all channels together.
pub(super) struct Resonances {
    /// Edges of the bands, in bins from the lower edge of bin 0; the same of the octaves.
    edges: Vec<f64>,
    octave_edges: Vec<f64>,
    /// Power per bin of the moment under way, later summed up from bin to bin.
    power: Vec<f64>,
    windows: usize,
    moments: u64,
    /// The first band that is judged.
    first: usize,
    /// Of each band that is judged: the loudest surroundings so far in dB, and how far it stands over them.
    loudest: Vec<f64>,
    excess: Vec<Histogram>,
    /// In how many moments there was sound around it.
    heard: Vec<u64>,
    octaves: Vec<(Histogram, f64)>,
    balances: Balances,
    /// Scratch: the bands of the moment, and in dB.
    bands: Vec<f64>,
    levels: Vec<f64>,
    ranks: Vec<f64>,
}

pub(super) fn db(power: f64) -> f64 {
    10.0 * power.max(1e-13).log10()
}

/// The middle of a band.
fn band_hz(band: usize) -> f64 {
    LOWEST_HZ * (band as f64 / PER_OCTAVE).exp2()
}

impl Resonances {
    /// For spectra of so many bins that lie `hz` apart.
    pub(super) fn new(bins: usize, hz: f64) -> Self {
        let top = hz * (bins - 1) as f64;
        let octaves = (HIGHEST_HZ.min(0.94 * top) / LOWEST_HZ).log2();
        let bands = (octaves * PER_OCTAVE + 1.0).max(0.0) as usize;
        let edge = |band: f64| LOWEST_HZ * ((band - 0.5) / PER_OCTAVE).exp2() / hz + 0.5;
        let octave = |n: usize| (OCTAVES_FROM_HZ * (n as f64).exp2()).min(top) / hz + 0.5;
        let first = (0..bands).find(|b| band_hz(*b) >= *JUDGED_HZ.start()).unwrap_or(bands).max(AROUND);
        let last = bands.saturating_sub(AROUND);
        let judged = (first..last).take_while(|b| band_hz(*b) <= *JUDGED_HZ.end()).count();
        Resonances {
            edges: (0..=bands).map(|b| edge(b as f64)).collect(),
            octave_edges: (0..=OCTAVES).map(octave).collect(),
            power: vec![0.0; bins + 1],
            windows: 0,
            moments: 0,
            first,
            loudest: vec![f64::NEG_INFINITY; judged],
            excess: vec![Histogram::new(-20.0, 30.0, 0.25); judged],
            heard: vec![0; judged],
            octaves: vec![(Histogram::new(-140.0, 20.0, 1.0), 0.0); OCTAVES],
            balances: Balances::new(bins, hz),
            bands: vec![0.0; bands],
            levels: vec![0.0; bands],
            ranks: Vec::with_capacity(2 * AROUND + 1),
        }
    }

    /// The spectra of one window; `weight` makes mean squares of their squares.
    pub(super) fn hear(&mut self, spectra: &[Vec<Complex32>], weight: f64) {
        for spectrum in spectra {
            for (sum, x) in self.power[1..].iter_mut().zip(spectrum) {
                *sum += f64::from(x.norm_sqr()) * weight;
            }
        }
        self.windows += 1;
        if self.windows == WINDOWS {
            self.end_moment();
        }
    }

    fn end_moment(&mut self) {
        // From here on: the power below each bin's upper edge.
        let mut sum = 0.0;
        for power in &mut self.power {
            sum += *power / WINDOWS as f64;
            *power = sum;
        }
        let below = |edge: f64| {
            let bin = (edge as usize).min(self.power.len() - 2);
            let part = (edge - bin as f64).min(1.0);
            self.power[bin] * (1.0 - part) + self.power[bin + 1] * part
        };
        for (band, edges) in self.bands.iter_mut().zip(self.edges.windows(2)) {
            *band = (below(edges[1]) - below(edges[0])).max(0.0);
        }
        let mut octaves = [0.0; OCTAVES];
        let bands = self.octaves.iter_mut().zip(&mut octaves).zip(self.octave_edges.windows(2));
        for (((histogram, total), octave), edges) in bands {
            *octave = (below(edges[1]) - below(edges[0])).max(0.0);
            histogram.add(db(*octave));
            *total += *octave;
        }
        self.balances.hear(below, &octaves);
        self.judge();
        self.power.fill(0.0);
        self.windows = 0;
        self.moments += 1;
    }

    fn judge(&mut self) {
        for (level, band) in self.levels.iter_mut().zip(&self.bands) {
            *level = db(*band);
        }
        let mut own = [0.0; 2 * BESIDE + 1];
        let judged = self.loudest.iter_mut().zip(&mut self.excess).zip(&mut self.heard);
        for (n, ((loudest, excess), heard)) in judged.enumerate() {
            let b = self.first + n;
            let sides = self.bands[b - AROUND..b - NEXT].iter().chain(&self.bands[b + NEXT + 1..=b + AROUND]);
            let around = db(sides.sum::<f64>() / (2 * (AROUND - NEXT)) as f64);
            *loudest = loudest.max(around);
            if around < *loudest - SOUNDS_DB || around < SILENT_DB {
                continue;
            }
            let middle = |ranks: &mut [f64]| *ranks.select_nth_unstable_by(ranks.len() / 2, f64::total_cmp).1;
            self.ranks.clear();
            self.ranks.extend_from_slice(&self.levels[b - AROUND..=b + AROUND]);
            let usual = middle(&mut self.ranks);
            let sides = self.levels[b - AROUND..b - OWN].iter().chain(&self.levels[b + OWN + 1..=b + AROUND]);
            self.ranks.clear();
            self.ranks.extend(sides.map(|level| (level - usual).abs()));
            // The usual distance of normal numbers from their middle is so much of their deviation.
            let uneven = 1.48 * middle(&mut self.ranks);
            let weight = EVEN * (UNEVEN_DB / (UNEVEN_DB + uneven)).powi(2);
            own.copy_from_slice(&self.levels[b - BESIDE..=b + BESIDE]);
            excess.add_weighing(middle(&mut own) - usual, weight.max(1.0) as u32);
            *heard += 1;
        }
    }

    /// Whether sound fills every octave nearly all the time.
    fn is_full(&self) -> bool {
        let moments = self.moments.max(1) as f64;
        let loudest = self.octaves.iter().map(|(_, total)| total / moments).fold(0.0, f64::max);
        self.octaves.iter().all(|(levels, _)| levels.quantile(0.25) - db(loudest) >= FILLED_DB)
    }

    /// How far each band that is judged stands over its surroundings nearly all the time, dB.
    fn standing(&self) -> Vec<f64> {
        let least = LEAST_MOMENTS.max((LEAST_PART * self.moments as f64) as u64);
        let over = |(excess, heard): (&Histogram, &u64)| {
            if *heard >= least { excess.quantile(LEFT_OUT) } else { f64::NEG_INFINITY }
        };
        self.excess.iter().zip(&self.heard).map(over).collect()
    }

    /// The middle of what stands as high as a band, all but: the middle of five bands has a flat top.
    fn middle_hz(&self, standing: &[f64], n: usize) -> f64 {
        let high = |b: &usize| standing[*b] > standing[n] - FLAT_DB;
        let below = (0..n).rev().take(FLAT).take_while(high).count();
        let above = (n + 1..standing.len()).take(FLAT).take_while(high).count();
        band_hz(self.first + n) * ((above as f64 - below as f64) / (2.0 * PER_OCTAVE)).exp2()
    }

    /// Tells what was found; windows are `hop` frames apart.
    pub(super) fn conclude(&self, sheet: &mut Sheet<'_>, hop: usize) {
        self.balances.conclude(sheet, &self.octaves, (WINDOWS * hop) as u64);
        sheet.is_full = self.moments >= LEAST_MOMENTS && self.is_full();
        if !sheet.is_full {
            return;
        }
        let limit = sheet.limit(&RESONANCE);
        let mut standing = self.standing();
        for _ in 0..MOST {
            let Some((n, over)) = standing.iter().copied().enumerate().max_by(|a, b| a.1.total_cmp(&b.1)) else {
                return;
            };
            if over < limit {
                return;
            }
            let hz = self.middle_hz(&standing, n);
            let named = if hz < 1000.0 { format!("{hz:.0} Hz") } else { format!("{:.1} kHz", hz / 1000.0) };
            let message = format!(
                "it rings at {named}: a fifth of an octave there stands {over:.1} dB or more over what surrounds it for \
                 four fifths of the time, whatever is played"
            );
            sheet.put([Finding::of(&RESONANCE, message)
                .graver(RESONANCE.severity_of(over))
                .with("frequency", hz, "Hz")
                .with("over", over, "dB")]);
            let (from, to) = (n.saturating_sub(APART), (n + APART + 1).min(standing.len()));
            standing[from..to].fill(f64::NEG_INFINITY);
        }
    }
}
