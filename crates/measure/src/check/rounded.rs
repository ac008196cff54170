//! Crests pressed flat by a curve: soft clipping.
//!
//! A curve `g` that bends leaves less of everything small that rides on a crest: what is faster than the crest is multiplied
//! by `g′` there, and by nearly one where the wave goes through zero, a millisecond later. So the treble dips under the highest crests, at
//! either polarity. Nothing else does that: in a sum of sounds the treble knows nothing of the instant at which the bass
//! has its crest, and a gain that moves, a limiter's too, holds for longer than one crest (over 3 or 6 dB of limiting, with 5 to 200 ms
//! of release, the treble moves by half a dB).
//!
//! The power over 5 kHz, smoothed over 0.4 ms, is taken in a reach of 6 ms around every crest that is the greatest there: its mean level
//! where the wave is within 1.5 dB of the crest, against that where it is 5 dB below it and more. Strokes bring treble of
//! their own; a crest whose treble differs from before to behind by 5 dB is not counted. Dips are counted by the
//! height of the crest; at the end the median of the highest counts.

use tonmeister_core::SourceInfo;

use super::finder::{Finder, Sheet, Tile};
use super::finding::Finding;
use super::histogram::Histogram;
use super::rules::SOFT_CLIPPED;

/// Heights are counted in steps of this, from so far below full scale to so far above it, dB.
const STEP_DB: f64 = 0.25;
const LOW_DB: f64 = -60.0;
const HIGH_DB: f64 = 24.0;
/// Crests this far below the highest so far are not counted (amplitude): 3.1 dB.
const COUNTED: f32 = 0.7;
/// The highest crests: those within the first, and where they are fewer than so many, down to the second.
const WITHIN_DB: std::ops::RangeInclusive<f64> = 1.5..=3.0;
const HIGHEST: u64 = 12;
/// So many must lie there at least.
const LEAST: u64 = 5;
/// Around a crest, s, and the smoothing of the treble's power, s.
const REACH_S: f64 = 0.006;
const SMOOTHED_S: f64 = 0.0004;
/// Where the treble begins.
const TREBLE_HZ: f64 = 5000.0;
/// The filter's taps at 44.1 kHz.
const TAPS: f64 = 31.0;
/// On the crest: above so much of its height (1.5 dB below it). Off it: below so much (5 dB), but no zero crossing.
const ON: f32 = 0.841_4;
const OFF: std::ops::Range<f32> = 0.02..0.562_3;
/// Samples off the crest that are needed on either side.
const LEAST_OFF: u32 = 8;
/// By so much the treble may differ between the two, dB.
const UNEVEN_DB: f64 = 5.0;
/// Power that is nothing.
const NOTHING: f32 = 1e-12;
/// Flat tops that make it clipping proper.
const FLAT_TOPS: u64 = 3;

/// Of one channel: dips, in dB, for each step of height.
struct Crests {
    samples: Vec<f32>,
    /// The next sample to be looked at.
    next: usize,
    highest: f32,
    rows: Vec<Option<Histogram>>,
}

/// What finds the treble of a stretch.
struct Treble {
    taps: Vec<f32>,
    smoothed: usize,
    reach: usize,
    high: Vec<f32>,
    power: Vec<f32>,
}

impl Treble {
    fn new(rate: f64) -> Self {
        let half = (TAPS * rate / 44_100.0 / 2.0).round() as i32;
        let cut = 2.0 * (TREBLE_HZ / rate).min(0.45);
        let low = |n: i32| {
            let x = std::f64::consts::PI * cut * f64::from(n);
            let window = 0.5 + 0.5 * (std::f64::consts::PI * f64::from(n) / f64::from(half)).cos();
            window * cut * if n == 0 { 1.0 } else { x.sin() / x }
        };
        let taps = (-half..=half).map(|n| (f64::from(u8::from(n == 0)) - low(n)) as f32).collect();
        let smoothed = ((SMOOTHED_S * rate) as usize).max(3) | 1;
        let reach = (REACH_S * rate) as usize;
        Treble { taps, smoothed, reach, high: Vec::new(), power: Vec::new() }
    }

    /// Samples that must be known to either side of a crest.
    fn context(&self) -> usize {
        self.reach + self.smoothed / 2 + self.taps.len() / 2 + 1
    }

    /// How far the treble on a crest lies over that around it, dB; `None` where there is not enough of either, or a stroke.
    fn over(&mut self, samples: &[f32], at: usize) -> Option<f64> {
        let from = at - self.reach - self.smoothed / 2;
        let count = 2 * self.reach + self.smoothed - 1;
        self.high.clear();
        self.high.extend((0..count).map(|n| {
            let start = from + n - self.taps.len() / 2;
            let sum: f32 = self.taps.iter().zip(&samples[start..start + self.taps.len()]).map(|(a, x)| a * x).sum();
            sum * sum
        }));
        self.power.clear();
        let scale = 1.0 / self.smoothed as f32;
        self.power.extend(self.high.windows(self.smoothed).map(|p| p.iter().sum::<f32>() * scale));
        let height = samples[at].abs();
        let (mut on, mut off) = ((0.0, 0_u32), [(0.0, 0_u32); 2]);
        for (n, power) in self.power.iter().enumerate() {
            let value = samples[at - self.reach + n].abs();
            let sum = match value {
                v if v > ON * height => &mut on,
                v if v < OFF.end * height && v > OFF.start * height => &mut off[usize::from(n >= self.reach)],
                _ => continue,
            };
            sum.0 += 10.0 * f64::from((power + NOTHING).log10());
            sum.1 += 1;
        }
        if off.iter().any(|sum| sum.1 < LEAST_OFF) {
            return None;
        }
        let mean = |sum: (f64, u32)| sum.0 / f64::from(sum.1);
        let [before, behind] = off.map(mean);
        ((before - behind).abs() < UNEVEN_DB).then(|| mean(on) - 0.5 * (before + behind))
    }
}

impl Crests {
    fn new() -> Self {
        let rows = ((HIGH_DB - LOW_DB) / STEP_DB) as usize;
        Crests { samples: Vec::new(), next: 0, highest: 0.0, rows: vec![None; rows] }
    }

    fn hear(&mut self, samples: &[f32], treble: &mut Treble) {
        self.samples.extend_from_slice(samples);
        let context = treble.context();
        self.next = self.next.max(context);
        while self.next + context < self.samples.len() {
            let at = self.next;
            let here = self.samples[at].abs();
            let mut step = 1;
            if here > COUNTED * self.highest && here > 0.0 {
                let higher = |n: &usize| self.samples[at + n].abs() > here || self.samples[at - n].abs() >= here;
                match (1..=treble.reach).find(higher) {
                    // The next that could be the greatest is the one that is higher.
                    Some(n) if self.samples[at + n].abs() > here => step = n,
                    Some(_) => {}
                    None => self.count(at, treble),
                }
            }
            self.next += step;
        }
        let done = self.next.saturating_sub(context).min(self.samples.len());
        if done > self.samples.len() / 2 {
            self.samples.drain(..done);
            self.next -= done;
        }
    }

    fn count(&mut self, at: usize, treble: &mut Treble) {
        let here = self.samples[at].abs();
        self.highest = self.highest.max(here);
        let Some(over) = treble.over(&self.samples, at) else { return };
        let row = ((20.0 * f64::from(here).log10() - LOW_DB) / STEP_DB).max(0.0) as usize;
        let row = row.min(self.rows.len() - 1);
        self.rows[row].get_or_insert_with(|| Histogram::new(-60.0, 40.0, 0.25)).add(over);
    }

    /// By how many dB the treble dips under the highest crests; `None` for too few.
    fn dip(&self) -> Option<f64> {
        let top = self.rows.iter().rposition(Option::is_some)?;
        let within = |db: f64| {
            let mut all = Histogram::new(-60.0, 40.0, 0.25);
            let lowest = (top + 1).saturating_sub((db / STEP_DB).round() as usize);
            self.rows[lowest..=top].iter().flatten().for_each(|h| all.join(h));
            all
        };
        let mut db = *WITHIN_DB.start();
        while db < *WITHIN_DB.end() && within(db).total < HIGHEST {
            db += STEP_DB;
        }
        let highest = within(db);
        (highest.total >= LEAST).then(|| -highest.quantile(0.5))
    }
}

/// Hears how much treble the crests carry.
pub(super) struct Rounded {
    channels: Vec<Crests>,
    treble: Treble,
}

impl Rounded {
    pub(super) fn new(info: SourceInfo) -> Self {
        let channels = (0..info.layout.channels()).map(|_| Crests::new()).collect();
        Rounded { channels, treble: Treble::new(f64::from(info.sample_rate)) }
    }
}

impl Finder for Rounded {
    fn hear(&mut self, tile: &Tile<'_>) {
        for (crests, samples) in self.channels.iter_mut().zip(tile.channels) {
            crests.hear(samples, &mut self.treble);
        }
    }

    fn conclude(self: Box<Self>, sheet: &mut Sheet<'_>) {
        if !sheet.is_full {
            return;
        }
        let whole = self.channels.iter().zip(&sheet.stats.channels).filter(|(_, stats)| stats.flat_tops < FLAT_TOPS);
        let dips: Vec<f64> = whole.filter_map(|(crests, _)| crests.dip()).collect();
        let dip = dips.iter().sum::<f64>() / dips.len().max(1) as f64;
        if dips.is_empty() || dip < sheet.limit(&SOFT_CLIPPED) {
            return;
        }
        let message = format!("the treble dips by {dip:.1} dB under the highest crests: a curve has pressed them");
        sheet.put([Finding::of(&SOFT_CLIPPED, message).graver(SOFT_CLIPPED.severity_of(dip)).with("dip", dip, "dB")]);
    }
}

#[cfg(test)]
mod tests {
    use super::{Crests, Treble};
    use tonmeister_dsp::testing::noise;

    fn dip(samples: &[f32], tile: usize) -> Option<f64> {
        let (mut crests, mut treble) = (Crests::new(), Treble::new(44_100.0));
        samples.chunks(tile).for_each(|tile| crests.hear(tile, &mut treble));
        crests.dip()
    }

    /// Dull noise and some treble.
    fn sound() -> Vec<f32> {
        let mut sum = vec![0.0_f32; 400_000];
        for seed in 0..6 {
            let rough = noise(seed + 1, 1.0, sum.len() + 64);
            let mut running: f32 = rough[..64].iter().sum();
            for (n, s) in sum.iter_mut().enumerate() {
                *s += running / 16.0 + 0.05 * rough[n];
                running += rough[n + 64] - rough[n];
            }
        }
        sum
    }

    #[test]
    fn a_curve_is_told_from_a_gain() {
        let sum = sound();
        let peak = sum.iter().fold(0.0_f32, |a, x| a.max(x.abs()));
        let driven: Vec<f32> = sum.iter().map(|x| (1.8 * x / peak).tanh()).collect();
        let turned: Vec<f32> = sum.iter().enumerate().map(|(n, x)| x * (1.0 + 0.5 * (n as f32 * 1e-4).sin())).collect();
        for even in [&sum, &turned] {
            assert!(dip(even, 1024).is_none_or(|dip| dip.abs() < 1.0), "{:?}", dip(even, 1024));
        }
        let pressed = dip(&driven, 1024).unwrap();
        assert!(pressed > 3.0, "{pressed}");
        assert_eq!(dip(&[], 1024), None);
        // However it is cut.
        assert_eq!(dip(&driven, 1024), dip(&driven, 777));
    }

    #[test]
    fn the_treble_is_over_5_khz() {
        for rate in [22_050.0, 44_100.0, 96_000.0, 192_000.0] {
            let treble = Treble::new(rate);
            let gain = |hz: f64| {
                let w = std::f64::consts::TAU * hz / rate;
                let middle = (treble.taps.len() / 2) as f64;
                let sum: f64 =
                    treble.taps.iter().enumerate().map(|(n, a)| f64::from(*a) * (w * (n as f64 - middle)).cos()).sum();
                20.0 * sum.abs().max(1e-9).log10()
            };
            assert!(gain(1000.0) < -40.0 && gain(8000.0).abs() < 0.5, "{rate}: {} {}", gain(1000.0), gain(8000.0));
        }
    }
}
