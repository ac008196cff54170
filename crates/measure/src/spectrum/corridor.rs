//! Where the tone of a programme usually lies.

use serde::{Deserialize, Serialize};

use super::bands::Division;
use super::bank::{BandLevels, power};
use super::db;
use crate::weighting::Coefficients;

mod free;

/// Levels below this, under the loudness, say nothing: of a reference they count as this much, of a programme they are
/// below whatever is asked.
const FLOOR_DB: f64 = -60.0;
/// A corridor is as wide as so many standard deviations to either side of the mean (two of fifteen lie outside, when they
/// are spread as usual),
const DEVIATIONS: f64 = 1.5;
/// and not narrower than this, or two references would leave no room between them.
const LEAST_HALF_DB: f64 = 1.5;

/// A corridor for the long-term tone of a programme: for each third of an octave, where its level usually lies under the
/// programme's loudness.
///
/// Levels are compared at equal loudness: the mean square in each band over the K-weighted mean square of all of them
/// (BS.1770's weighting at the bands' middles), so a quiet and a loud master of one mix are alike.
///
/// A corridor says what is usual, not what is right. One of [your own references](Corridor::of_references) says more
/// than any that comes from elsewhere.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Corridor {
    /// Its name.
    pub name: String,
    /// Where it comes from.
    pub source: String,
    /// The bands, from low to high.
    pub bands: Vec<CorridorBand>,
}

/// One third of an octave of a corridor, in dB relative to the loudness.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CorridorBand {
    /// The name of the band.
    pub nominal_hz: f64,
    /// The lower limit.
    pub low_db: f64,
    /// The middle.
    pub middle_db: f64,
    /// The upper limit.
    pub high_db: f64,
}

/// How a programme lies to a corridor.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Fit {
    /// The corridor's name.
    pub corridor: String,
    /// Where it comes from.
    pub source: String,
    /// The bands that both have.
    pub bands: Vec<BandFit>,
}

/// How one third of an octave lies to its corridor.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct BandFit {
    /// The band and its limits.
    #[serde(flatten)]
    pub limits: CorridorBand,
    /// The programme's level, relative to its loudness.
    pub level_db: f64,
    /// How far it lies above (positive) or below (negative) the corridor; 0 within.
    pub outside_db: f64,
}

/// The level of each band under the K-weighted level of all, in dB; `None` for silence.
pub fn tone(levels: &BandLevels) -> Option<Vec<f64>> {
    // Weighted as at 48 kHz, where the standard says it; a band's middle stands for the band.
    let weighting = Coefficients::at(48_000);
    let both = levels.both();
    let weighted = |(band, level): (&super::Band, &f64)| power(level + weighting.gain_db(band.center_hz, 48_000));
    let loudness: f64 = levels.bands.iter().zip(&both).map(weighted).sum();
    (loudness > 1e-15).then(|| both.iter().map(|level| level - db(loudness)).collect())
}

impl Corridor {
    /// The corridor of references: mean ± 1.5 standard deviations of their levels in each band, at least ±1.5 dB. Of
    /// a single one: ±1.5 dB around it. `None` when all are silent or there is none.
    pub fn of_references(name: &str, references: &[BandLevels]) -> Option<Corridor> {
        let tones: Vec<(&BandLevels, Vec<f64>)> =
            references.iter().filter_map(|r| thirds(r).then(|| tone(r)).flatten().map(|t| (r, t))).collect();
        // What not all of them have (above half of a low sample rate) is left out.
        let shared = tones.iter().map(|(_, t)| t.len()).min()?;
        let (first, _) = tones.first()?;
        let band = |k: usize| {
            let values: Vec<f64> = tones.iter().map(|(_, t)| t[k].max(FLOOR_DB)).collect();
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            let squares: f64 = values.iter().map(|v| (v - mean).powi(2)).sum();
            let deviation = (squares / (values.len().max(2) - 1) as f64).sqrt();
            let half = (DEVIATIONS * deviation).max(LEAST_HALF_DB);
            let nominal_hz = first.bands[k].nominal_hz;
            CorridorBand { nominal_hz, low_db: mean - half, middle_db: mean, high_db: mean + half }
        };
        let plural = if tones.len() == 1 { "one reference" } else { "references" };
        let source = match tones.len() {
            1 => format!("{plural} ±{LEAST_HALF_DB} dB"),
            n => format!("mean ±{DEVIATIONS} standard deviations of {n} {plural}"),
        };
        Some(Corridor { name: name.into(), source, bands: (0..shared).map(band).collect() })
    }

    /// A straight fall of the level per third of an octave, so many dB per octave (0 is pink noise), between 40 Hz and
    /// 16 kHz, and a corridor of so many dB to either side.
    pub fn falling(db_per_octave: f64, half_db: f64) -> Corridor {
        let bands: Vec<super::Band> =
            Division::Thirds.bands(48_000).into_iter().filter(|b| (40.0..=16_000.0).contains(&b.nominal_hz)).collect();
        let levels: Vec<f64> = bands.iter().map(|b| -db_per_octave * (b.center_hz / 1000.0).log2()).collect();
        let weighting = Coefficients::at(48_000);
        let weighted = |(b, l): (&super::Band, &f64)| power(l + weighting.gain_db(b.center_hz, 48_000));
        let loudness = db(bands.iter().zip(&levels).map(weighted).sum());
        let band = |(b, level): (&super::Band, &f64)| CorridorBand {
            nominal_hz: b.nominal_hz,
            low_db: level - loudness - half_db,
            middle_db: level - loudness,
            high_db: level - loudness + half_db,
        };
        Corridor {
            name: format!("falling {db_per_octave} dB per octave"),
            source: format!("a straight line, ±{half_db} dB"),
            bands: bands.iter().zip(&levels).map(band).collect(),
        }
    }

    /// What comes with the program: the tone of 22 freely licensed releases of many styles.
    pub fn free_releases() -> Corridor {
        free::corridor()
    }

    /// How a programme lies to this corridor. `None` when it is silent, or was not measured in thirds.
    pub fn fit(&self, levels: &BandLevels) -> Option<Fit> {
        if !thirds(levels) {
            return None;
        }
        let tone = tone(levels)?;
        let fit = |limits: &CorridorBand| {
            let k = levels.bands.iter().position(|b| b.nominal_hz == limits.nominal_hz)?;
            let level = tone[k];
            let above = (level - limits.high_db).max(0.0);
            // A corridor that reaches down to the floor has no lower limit.
            let below = if limits.low_db <= FLOOR_DB { 0.0 } else { (limits.low_db - level).max(0.0) };
            Some(BandFit { limits: *limits, level_db: level, outside_db: above - below })
        };
        let bands = self.bands.iter().filter_map(fit).collect();
        Some(Fit { corridor: self.name.clone(), source: self.source.clone(), bands })
    }
}

fn thirds(levels: &BandLevels) -> bool {
    levels.division == Division::Thirds
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spectrum::BandMeter;
    use tonmeister_core::{Layout, View};
    use tonmeister_dsp::testing::noise;

    fn levels(gain: f32, bass: f32) -> BandLevels {
        let mut low = 0.0f32;
        let sound: Vec<f32> = noise(4, 0.3, 96_000)
            .iter()
            .map(|x| {
                low += 0.01 * (x - low);
                gain * (0.1 * x + bass * low)
            })
            .collect();
        let mut meter = BandMeter::new(48_000, Layout::Mono);
        meter.push(View::mono(&sound));
        meter.finish()
    }

    #[test]
    fn loudness_does_not_count_and_tone_does() {
        let corridor = Corridor::of_references("mine", &[levels(1.0, 1.0)]).unwrap();
        let fit = corridor.fit(&levels(0.1, 1.0)).unwrap();
        assert_eq!(fit.bands.len(), 31);
        assert!(fit.bands.iter().all(|b| b.outside_db == 0.0 && (b.level_db - b.limits.middle_db).abs() < 0.01));
        let boomy = corridor.fit(&levels(1.0, 3.0)).unwrap();
        let at = |hz: f64| boomy.bands.iter().find(|b| b.limits.nominal_hz == hz).unwrap().outside_db;
        assert!(at(63.0) > 3.0 && at(8000.0) < -0.5, "{} {}", at(63.0), at(8000.0));
    }

    #[test]
    fn the_spread_of_references_is_the_width() {
        let references = [levels(1.0, 0.5), levels(0.5, 1.0), levels(0.2, 2.0)];
        let corridor = Corridor::of_references("mine", &references).unwrap();
        let tones: Vec<f64> = references.iter().map(|r| tone(r).unwrap()[5]).collect();
        let mean = tones.iter().sum::<f64>() / 3.0;
        let deviation = (tones.iter().map(|t| (t - mean).powi(2)).sum::<f64>() / 2.0).sqrt();
        let band = corridor.bands[5];
        assert!((band.middle_db - mean).abs() < 1e-9);
        assert!((band.high_db - mean - (1.5 * deviation).max(1.5)).abs() < 1e-9);
        assert_eq!(Corridor::of_references("none", &[]), None);
    }

    /// White noise falls by −3 dB per octave of band level: it lies on that line and far off the others.
    #[test]
    fn a_falling_line_is_loudness_normalized() {
        let white = levels(1.0, 0.0);
        let fit = Corridor::falling(-3.0, 1.5).fit(&white).unwrap();
        // Low bands have few values in two seconds; and the line ends at 16 kHz where the noise does not.
        for band in fit.bands.iter().filter(|b| b.limits.nominal_hz > 400.0) {
            assert!((band.level_db - band.limits.middle_db).abs() < 2.2, "{band:?}");
        }
        let pink = Corridor::falling(0.0, 3.0).fit(&white).unwrap();
        assert!(pink.bands[0].outside_db < -3.0);
    }

    #[test]
    fn what_comes_along_is_ordered_and_covers_the_ear() {
        let corridor = Corridor::free_releases();
        assert_eq!(corridor.bands.len(), 31);
        assert!(corridor.bands.iter().all(|b| b.low_db < b.middle_db && b.middle_db < b.high_db));
        assert!(corridor.bands.windows(2).all(|w| w[0].nominal_hz < w[1].nominal_hz));
    }
}
