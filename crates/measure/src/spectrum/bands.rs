//! Octaves and thirds of octaves as IEC 61260 divides them.

use serde::Serialize;

/// A band of the standard's division.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Band {
    /// The name of the band: 31.5, 1000, 16000.
    pub nominal_hz: f64,
    /// Its exact middle, a power of 10^0.1 (thirds) or 10^0.3 (octaves).
    pub center_hz: f64,
    /// Where it begins.
    pub low_hz: f64,
    /// Where it ends: half the sample rate for a band that is not there to its end.
    pub high_hz: f64,
}

/// How wide bands are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Division {
    /// Ten bands, 31.5 Hz to 16 kHz.
    Octaves,
    /// Thirty-one bands, 20 Hz to 20 kHz.
    Thirds,
}

impl Division {
    /// The bands whose middle lies below half the sample rate.
    pub fn bands(self, sample_rate: u32) -> Vec<Band> {
        let (exponents, half): (Vec<i32>, f64) = match self {
            Division::Thirds => ((13..=43).collect(), 0.05),
            Division::Octaves => ((15..=42).step_by(3).collect(), 0.15),
        };
        let top = f64::from(sample_rate) / 2.0;
        let band = |x: i32| {
            let tenth = f64::from(x) / 10.0;
            Band {
                nominal_hz: nominal(x),
                center_hz: 10f64.powf(tenth),
                low_hz: 10f64.powf(tenth - half),
                high_hz: 10f64.powf(tenth + half).min(top),
            }
        };
        exponents.into_iter().map(band).filter(|b| b.center_hz < top).collect()
    }
}

/// The name of the band around 10^(x/10) Hz (IEC 61260, annex on nominal frequencies).
fn nominal(x: i32) -> f64 {
    const NAMES: [f64; 10] = [1.0, 1.25, 1.6, 2.0, 2.5, 3.15, 4.0, 5.0, 6.3, 8.0];
    NAMES[x.rem_euclid(10) as usize] * 10f64.powi(x.div_euclid(10))
}
