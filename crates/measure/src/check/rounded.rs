//! Crests pressed flat by a curve: soft clipping.
//!
//! The curvature of a crest over its height (`−x″/x`) says how sharp it is, in units of the frequency squared. In a sum
//! of many sounds it is on the average the same for crests of any height: for Gaussian processes the expected curvature
//! grows in proportion to the height (Rice, Bell System Technical Journal 24, 1945, section 3.6). A gain that moves
//! slowly, as a limiter's, does not change that. A curve `g` does: at a crest of height `u` the curvature is multiplied
//! by `g′(u)` but the height only by `g(u)/u`, so the highest crests become rounder than the lower ones, the more the
//! curve bends. Heights and curvatures are counted as they come; at the end the median of the highest crests is laid
//! against that of crests 3 to 7 dB below.

use tonmeister_core::SourceInfo;

use super::finder::{Finder, Sheet, Tile};
use super::finding::Finding;
use super::histogram::Histogram;
use super::rules::SOFT_CLIPPED;

/// Heights are counted in steps of this, from so far below full scale to so far above it, dB.
const STEP_DB: f64 = 0.25;
const LOW_DB: f64 = -60.0;
const HIGH_DB: f64 = 24.0;
/// Crests this far below the highest so far are not counted (amplitude): 20 dB.
const COUNTED: f32 = 0.1;
/// The highest crests: so many of them, and never fewer than lie within half a dB, nor farther down than 3 dB.
const HIGHEST: u64 = 15;
const WITHIN_DB: std::ops::RangeInclusive<f64> = 0.5..=3.0;
/// So many must lie there at least.
const LEAST_HIGH: u64 = 5;
/// Those they are compared with lie so far below, dB; so many at least.
const BELOW_DB: std::ops::Range<f64> = 3.0..7.0;
const LEAST_BELOW: u64 = 30;
/// A curve gathers crests under its ceiling: within 1.5 dB of the highest lie so many of what lies 4 to 8 dB below it.
const CEILING_DB: f64 = 1.5;
const BODY_DB: std::ops::Range<f64> = 4.0..8.0;
const GATHERED: f64 = 0.012;
/// Flat tops that make it clipping proper.
const FLAT_TOPS: u64 = 3;

/// Of one channel: curvatures, in octaves, for each step of height.
struct Crests {
    last: [f32; 2],
    highest: f32,
    rows: Vec<Option<Histogram>>,
}

/// Counts crests.
pub(super) struct Rounded {
    channels: Vec<Crests>,
}

impl Rounded {
    pub(super) fn new(info: SourceInfo) -> Self {
        let rows = ((HIGH_DB - LOW_DB) / STEP_DB) as usize;
        let crests = || Crests { last: [0.0; 2], highest: 0.0, rows: vec![None; rows] };
        Rounded { channels: (0..info.layout.channels()).map(|_| crests()).collect() }
    }
}

impl Crests {
    fn hear(&mut self, samples: &[f32]) {
        let [mut before, mut here] = self.last;
        for sample in samples {
            let after = sample.abs();
            if here > before && here >= after && here > COUNTED * self.highest {
                self.count(before, here, after);
            }
            (before, here) = (here, after);
        }
        self.last = [before, here];
    }

    fn count(&mut self, before: f32, here: f32, after: f32) {
        self.highest = self.highest.max(here);
        let height = 20.0 * f64::from(here).log10();
        let curvature = (2.0 * f64::from(here) - f64::from(before) - f64::from(after)) / f64::from(here);
        let row = ((height - LOW_DB) / STEP_DB).max(0.0) as usize;
        let row = row.min(self.rows.len() - 1);
        // A crest of 10 Hz at 192 kHz has 2⁻²³.
        self.rows[row].get_or_insert_with(|| Histogram::new(-24.0, 2.0, 0.125)).add(curvature.max(1e-9).log2());
    }

    /// Curvatures of the crests between two distances below the highest, dB.
    fn between(&self, top: usize, from_db: f64, to_db: f64) -> Histogram {
        let row = |db: f64| (top + 1).saturating_sub((db / STEP_DB).round() as usize);
        let mut all = Histogram::new(-24.0, 2.0, 0.125);
        self.rows[row(to_db)..row(from_db)].iter().flatten().for_each(|h| all.join(h));
        all
    }

    /// How many times rounder the highest crests are than those below; `None` for too few.
    fn rounder(&self) -> Option<f64> {
        let top = self.rows.iter().rposition(Option::is_some)?;
        let mut within = *WITHIN_DB.start();
        while within < *WITHIN_DB.end() && self.between(top, 0.0, within).total < HIGHEST {
            within += STEP_DB;
        }
        let high = self.between(top, 0.0, within);
        let below = self.between(top, within + BELOW_DB.start, within + BELOW_DB.end);
        let body = self.between(top, BODY_DB.start, BODY_DB.end).total;
        let gathered = self.between(top, 0.0, CEILING_DB).total as f64 / body.max(1) as f64;
        let enough = high.total >= LEAST_HIGH && below.total >= LEAST_BELOW && gathered >= GATHERED;
        enough.then(|| (below.quantile(0.5) - high.quantile(0.5)).exp2())
    }
}

impl Finder for Rounded {
    fn hear(&mut self, tile: &Tile<'_>) {
        for (crests, samples) in self.channels.iter_mut().zip(tile.channels) {
            crests.hear(samples);
        }
    }

    fn conclude(self: Box<Self>, sheet: &mut Sheet<'_>) {
        if !sheet.is_full {
            return;
        }
        let limit = sheet.limit(&SOFT_CLIPPED);
        for (c, crests) in self.channels.iter().enumerate() {
            if sheet.stats.channels[c].flat_tops >= FLAT_TOPS {
                continue;
            }
            let Some(times) = crests.rounder().filter(|times| *times >= limit) else { continue };
            let message = format!(
                "the highest crests of the {} channel are {times:.1} times rounder than those a few dB below: a curve has \
                 pressed them",
                sheet.name(c)
            );
            sheet.put([Finding::of(&SOFT_CLIPPED, message)
                .graver(SOFT_CLIPPED.severity_of(times))
                .on(c)
                .with("rounder", times, "times")]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Crests;
    use tonmeister_dsp::testing::noise;

    fn rounder(samples: &[f32]) -> Option<f64> {
        let rows = vec![None; 336];
        let mut crests = Crests { last: [0.0; 2], highest: 0.0, rows };
        crests.hear(samples);
        crests.rounder()
    }

    /// Sums of twelve noises are all but Gaussian: crests of all heights are about as sharp (or too few stand
    /// out to be asked), a gain that moves slowly leaves them so, and a curve makes the highest more than three times rounder.
    #[test]
    fn a_curve_is_told_from_a_gain() {
        let mut sum = vec![0.0_f32; 200_000];
        for seed in 0..12 {
            // Smoothed, so that crests have several samples.
            let rough = noise(seed + 1, 1.0, sum.len() + 8);
            sum.iter_mut().enumerate().for_each(|(n, s)| *s += rough[n..n + 8].iter().sum::<f32>() / 8.0);
        }
        let driven: Vec<f32> = sum.iter().map(|x| (1.2 * x).tanh()).collect();
        let turned = |(n, x): (usize, &f32)| x * (1.0 + 0.5 * (n as f32 * 1e-4).sin());
        let turned: Vec<f32> = sum.iter().enumerate().map(turned).collect();
        for even in [&sum, &turned] {
            assert!(rounder(even).is_none_or(|times| times < 1.6), "{:?}", rounder(even));
        }
        let times = rounder(&driven).unwrap();
        assert!(times > 3.0, "{times}");
        assert_eq!(rounder(&[]), None);
    }
}
