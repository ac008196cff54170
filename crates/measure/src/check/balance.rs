//! How the spectrum of a mix is balanced: whether a whole band stands out as in no release (harshness, mud).
//!
//! The mean spectrum of the file, in thirds of an octave from 63 Hz to 12.8 kHz, is held against that of releases
//! ([`RELEASES`]). Songs differ from one another by much, but not in any manner: what makes one brighter or fuller makes
//! neighbouring thirds so too, and the nearer they lie the more alike. So the differences are taken as a walk along the
//! frequencies, in which each third resembles the one before it, and in that walk the shape of a bell of Q 1 in the
//! middle of the band is looked for: its height by least squares (a matched filter: the generalized least squares of a
//! regression with autoregressive errors), free of the level and, for mud, of the tilt. That height, in dB, is what the
//! rules count.
//!
//! Only mixes are asked: all seven octaves from 100 Hz to 12.8 kHz filled nearly all the time, as they would be without
//! that bell; a low end; and a spectrum that moves, as that of one held synthesizer does not.

use super::finder::Sheet;
use super::finding::Finding;
use super::histogram::Histogram;
use super::resonance::{OCTAVES, OCTAVES_FROM_HZ, db};
use super::rules::{HARSH, MUDDY, Rule};

/// Thirds of octaves that are compared.
pub const THIRDS: usize = 23;
/// The lower edge of the first.
const FROM_HZ: f64 = 63.0;
const TO_HZ: f64 = 12_800.0;

/// What releases have in the thirds of octaves from 63 Hz up, dB, freed of level: the means over 27 full mixes, 19 of them
/// released tracks and 8 mixes of songs (of all styles, loud and soft). The test `the_reference_is_the_mean_of_the_material`
/// in `tests/find/balance.rs` makes them anew, prints them and holds them against these.
pub const RELEASES: [f64; THIRDS] = [
    7.5, 6.3, 6.0, 5.9, 6.0, 5.3, 4.9, 4.4, 3.5, 2.8, 2.5, 0.8, 0.0, -0.9, -1.5, -2.3, -3.1, -4.6, -5.4, -6.7, -8.0,
    -9.6, -13.7,
];

/// Moments of a section, at first; where there are too many sections, two become one.
const SECTION: u64 = 64;
const MOST_SECTIONS: usize = 512;
/// A file has so many moments at least (10 s),
const LEAST_MOMENTS: u64 = 60;
/// octaves that are filled: three quarters of their moments no further below the mean of the loudest, dB;
const FILLED_DB: f64 = -43.0;
/// thirds below 200 Hz no further below the loudest, dB;
const LOW_END_DB: f64 = -12.0;
const LOW_THIRDS: usize = 5;
/// and octaves whose share of a moment moves by so much (the deviation over time, on the mean), dB.
const MOVES_DB: f64 = 1.2;
/// What stands out by more is one sound in that band, and no mix, dB: the greatest of a mix with a bell of 18 dB is 24.
const MOST_DB: f64 = 26.0;
/// Moments further below the loudest so far do not count for that, dB.
const SOUNDS_DB: f64 = 30.0;
/// A finding that holds in so much of the sounding sections is of the whole.
const WHOLE: f64 = 0.8;

/// A band that may stand out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Band {
    /// 2 to 5 kHz.
    Harsh,
    /// 200 to 500 Hz.
    Muddy,
}

impl Band {
    /// Both.
    pub const ALL: [Band; 2] = [Band::Harsh, Band::Muddy];

    /// Its edges, Hz.
    pub const fn edges_hz(self) -> (f64, f64) {
        match self {
            Band::Harsh => (2000.0, 5000.0),
            Band::Muddy => (200.0, 500.0),
        }
    }

    /// Its middle, Hz.
    pub fn middle_hz(self) -> f64 {
        let (low, high) = self.edges_hz();
        (low * high).sqrt()
    }

    /// How much a third of a song differs as the one before it does (correlation), and whether the tilt is free.
    const fn walk(self) -> (f64, bool) {
        match self {
            Band::Harsh => (0.95, false),
            Band::Muddy => (0.7, true),
        }
    }

    const fn rule(self) -> &'static Rule {
        match self {
            Band::Harsh => &HARSH,
            Band::Muddy => &MUDDY,
        }
    }

    /// What a bell of Q 1 and 10 dB in its middle gives a frequency, as a part of those 10 dB (of the analog filter).
    fn bell(self, hz: f64) -> f64 {
        let x = hz / self.middle_hz();
        let (a, off) = (10f64.powf(0.5), (1.0 - x * x).powi(2));
        (off + a * x * x).log10() - (off + x * x / a).log10()
    }

    /// How high a bell in this band stands in the difference of a spectrum from others, dB.
    pub fn height(self, difference: &[f64; THIRDS]) -> f64 {
        let (likeness, tilt_is_free) = self.walk();
        let fresh = (1.0 - likeness * likeness).sqrt();
        // What is new in each third after the one before it.
        let new = |x: [f64; THIRDS]| -> [f64; THIRDS] {
            std::array::from_fn(|n| if n == 0 { x[0] } else { (x[n] - likeness * x[n - 1]) / fresh })
        };
        let dot = |a: &[f64; THIRDS], b: &[f64; THIRDS]| -> f64 { a.iter().zip(b).map(|(a, b)| a * b).sum() };
        let without = |x: [f64; THIRDS], b: &[f64; THIRDS]| -> [f64; THIRDS] {
            let part = dot(&x, b) / dot(b, b);
            std::array::from_fn(|n| x[n] - part * b[n])
        };
        let level = new([1.0; THIRDS]);
        let bell = new(std::array::from_fn(|n| self.bell(middle_hz(n))));
        let mut own = without(bell, &level);
        if tilt_is_free {
            let tilt = without(new(std::array::from_fn(|n| n as f64)), &level);
            own = without(own, &tilt);
        }
        dot(&own, &new(*difference)) / dot(&own, &bell)
    }
}

/// The middle of a third, Hz.
fn middle_hz(third: usize) -> f64 {
    FROM_HZ * ((third as f64 + 0.5) / 3.0).exp2()
}

/// The balance of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Balance {
    /// The mean level of every third of an octave from 63 Hz to 12.8 kHz, dB, at any scale.
    pub levels: [f64; THIRDS],
    /// Of every octave from 100 Hz on: what three quarters of its moments exceed, and its mean, dB.
    octaves: [(f64, f64); OCTAVES],
    /// How much the octaves' shares of a moment move, dB.
    moves: f64,
}

impl Balance {
    /// How far a band stands over what `others` have there, dB; `None` when the file is no full mix.
    pub fn over(&self, band: Band, others: &[f64; THIRDS]) -> Option<f64> {
        let over = band.height(&std::array::from_fn(|n| self.levels[n] - others[n]));
        (over <= MOST_DB && self.is_mix_without(band, over.max(0.0))).then_some(over)
    }

    /// Whether it is a full mix, as it would be without a bell of that height.
    fn is_mix_without(&self, band: Band, height: f64) -> bool {
        let octave = |n: usize| height * band.bell(OCTAVES_FROM_HZ * (n as f64 + 0.5).exp2());
        let loudest = self.octaves.iter().enumerate().map(|(n, o)| o.1 - octave(n)).fold(f64::NEG_INFINITY, f64::max);
        let is_full = self.octaves.iter().enumerate().all(|(n, o)| o.0 - octave(n) - loudest >= FILLED_DB);
        let third = |n: usize| self.levels[n] - height * band.bell(middle_hz(n));
        let top = |to: usize| (0..to).map(third).fold(f64::NEG_INFINITY, f64::max);
        is_full && top(LOW_THIRDS) - top(THIRDS) >= LOW_END_DB && self.moves >= MOVES_DB
    }
}

/// A stretch of time: moments, and their power in every third.
#[derive(Clone, Copy, Default)]
struct Section {
    moments: u64,
    power: [f32; THIRDS],
}

impl Section {
    fn add(&mut self, moments: u64, power: &[f32; THIRDS]) {
        self.moments += moments;
        self.power.iter_mut().zip(power).for_each(|(sum, p)| *sum += p);
    }

    fn level(&self) -> f64 {
        db(self.power.iter().map(|p| f64::from(*p)).sum::<f64>() / self.moments.max(1) as f64)
    }
}

/// Hears the moments of a file, all channels together.
pub(super) struct Balances {
    /// Edges of the thirds, in bins from the lower edge of bin 0; empty where the file ends below 12.8 kHz.
    edges: Vec<f64>,
    sections: Vec<Section>,
    /// Moments of a section.
    length: u64,
    loudest: f64,
    /// Of the octaves' shares in dB: how many, sums, sums of squares.
    shares: (u64, [(f64, f64); OCTAVES]),
}

impl Balances {
    pub(super) fn new(bins: usize, hz: f64) -> Self {
        let reaches = hz * (bins - 1) as f64 > TO_HZ * 1.02;
        let edge = |n: usize| FROM_HZ * (n as f64 / 3.0).exp2() / hz + 0.5;
        Balances {
            edges: if reaches { (0..=THIRDS).map(edge).collect() } else { Vec::new() },
            sections: Vec::new(),
            length: SECTION,
            loudest: f64::NEG_INFINITY,
            shares: (0, [(0.0, 0.0); OCTAVES]),
        }
    }

    /// A moment: the power below any place in the spectrum, and in the octaves.
    pub(super) fn hear(&mut self, below: impl Fn(f64) -> f64, octaves: &[f64; OCTAVES]) {
        if self.edges.is_empty() {
            return;
        }
        let thirds = std::array::from_fn(|n| (below(self.edges[n + 1]) - below(self.edges[n])).max(0.0) as f32);
        if self.sections.last().is_none_or(|s| s.moments >= self.length) {
            if self.sections.len() == MOST_SECTIONS {
                let joined = |pair: &[Section]| {
                    let mut both = pair[0];
                    both.add(pair[1].moments, &pair[1].power);
                    both
                };
                self.sections = self.sections.chunks_exact(2).map(joined).collect();
                self.length *= 2;
            }
            self.sections.push(Section::default());
        }
        if let Some(section) = self.sections.last_mut() {
            section.add(1, &thirds);
        }
        let total = db(octaves.iter().sum());
        self.loudest = self.loudest.max(total);
        if total < self.loudest - SOUNDS_DB {
            return;
        }
        let mean = octaves.iter().map(|p| db(*p)).sum::<f64>() / OCTAVES as f64;
        self.shares.0 += 1;
        for ((sum, squares), power) in self.shares.1.iter_mut().zip(octaves) {
            let share = db(*power) - mean;
            *sum += share;
            *squares += share * share;
        }
    }

    /// The whole; `None` of what is too short, or ends below 12.8 kHz.
    pub(super) fn balance(&self, octaves: &[(Histogram, f64)]) -> Option<Balance> {
        let mut all = Section::default();
        let mut power = [0.0_f64; THIRDS];
        for section in &self.sections {
            all.moments += section.moments;
            power.iter_mut().zip(&section.power).for_each(|(sum, p)| *sum += f64::from(*p));
        }
        if all.moments < LEAST_MOMENTS {
            return None;
        }
        let moments = all.moments as f64;
        let count = self.shares.0.max(1) as f64;
        let deviation = |(sum, squares): &(f64, f64)| (squares / count - (sum / count).powi(2)).max(0.0).sqrt();
        Some(Balance {
            levels: power.map(|p| db(p / moments)),
            octaves: std::array::from_fn(|n| (octaves[n].0.quantile(0.25), db(octaves[n].1 / moments))),
            moves: self.shares.1.iter().map(deviation).sum::<f64>() / OCTAVES as f64,
        })
    }

    /// The stretch in which a band stands out, in moments; `None` when it does so all the time.
    fn stretch(&self, band: Band, limit: f64) -> Option<(u64, u64)> {
        let loudest = self.sections.iter().map(Section::level).fold(f64::NEG_INFINITY, f64::max);
        let (mut sounding, mut standing) = (0_u64, 0_u64);
        let (mut from, mut at) = (None, 0);
        let mut longest: Option<(u64, u64)> = None;
        for section in &self.sections {
            let to = at + section.moments;
            if section.level() >= loudest - SOUNDS_DB {
                sounding += section.moments;
                let level = |n: usize| db(f64::from(section.power[n]) / section.moments.max(1) as f64);
                if band.height(&std::array::from_fn(|n| level(n) - RELEASES[n])) >= limit {
                    standing += section.moments;
                    let start = *from.get_or_insert(at);
                    if longest.is_none_or(|(a, b)| b - a < to - start) {
                        longest = Some((start, to));
                    }
                } else {
                    from = None;
                }
            }
            at = to;
        }
        longest.filter(|_| (standing as f64) < WHOLE * sounding as f64)
    }

    /// Tells what stands out; `moment` is the frames of one.
    pub(super) fn conclude(&self, sheet: &mut Sheet<'_>, octaves: &[(Histogram, f64)], moment: u64) {
        let Some(balance) = self.balance(octaves) else { return };
        for band in Band::ALL {
            let rule = band.rule();
            let limit = sheet.limit(rule);
            let Some(over) = balance.over(band, &RELEASES).filter(|over| *over >= limit) else { continue };
            let (low, high) = band.edges_hz();
            let named = match band {
                Band::Harsh => "2 to 5 kHz",
                Band::Muddy => "200 to 500 Hz",
            };
            let stretch = self.stretch(band, limit);
            let most = if stretch.is_some() { ", most of it for a while" } else { "" };
            let message = format!("{named} stand {over:.1} dB over what releases have there, next to the rest{most}");
            let mut finding = Finding::of(rule, message)
                .graver(rule.severity_of(over))
                .with("over", over, "dB")
                .with("from", low, "Hz")
                .with("to", high, "Hz");
            if let Some((from, to)) = stretch {
                let last = sheet.stats.frames;
                finding = finding.between(from * moment, (to * moment).min(last), sheet.info.sample_rate);
            }
            sheet.put([finding]);
        }
        sheet.balance = Some(balance);
    }
}

#[cfg(test)]
mod tests {
    use super::{Balance, Band, MOST_DB, OCTAVES, RELEASES, THIRDS, middle_hz};

    #[test]
    fn a_bell_is_read_as_high_as_it_is_and_level_and_tilt_as_nothing() {
        for band in Band::ALL {
            for height in [-6.0, 3.0, 12.0] {
                let bell = std::array::from_fn(|n| 17.0 + height * band.bell(middle_hz(n)));
                assert!((band.height(&bell) - height).abs() < 1e-9, "{band:?}");
            }
            assert!((band.bell(band.middle_hz()) - 1.0).abs() < 1e-12 && band.bell(2.0 * band.middle_hz()) < 0.5);
        }
        let tilt: [f64; THIRDS] = std::array::from_fn(|n| 3.0 * n as f64);
        assert!(Band::Muddy.height(&tilt).abs() < 1e-9);
        // The other band says nothing.
        let harsh = std::array::from_fn(|n| 12.0 * Band::Harsh.bell(middle_hz(n)));
        assert!(Band::Muddy.height(&harsh) < 1.0);
    }

    /// One held sound in the band is no mix, however far it stands out.
    #[test]
    fn what_stands_out_by_more_than_any_mix_is_not_judged() {
        for band in Band::ALL {
            let with = |height: f64| Balance {
                levels: std::array::from_fn(|n| RELEASES[n] + height * band.bell(middle_hz(n))),
                octaves: [(height - 1.0, height); OCTAVES],
                moves: 3.0,
            };
            let told = |height: f64| with(height).over(band, &RELEASES);
            assert!((told(12.0).unwrap() - 12.0).abs() < 1e-9);
            assert_eq!(told(MOST_DB + 1.0), None);
        }
    }
}
