//! What is printed behind a needle, as data for whoever draws it.

use serde::Serialize;

/// How the needle moves with the level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Law {
    /// Evenly with decibels.
    Decibels,
    /// Evenly with the amplitude, as a moving coil does: the upper half of the scale are the last 6 dB.
    Amplitude,
}

/// How a stretch of the scale is colored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Zone {
    /// Where a programme may be.
    Normal,
    /// Where it should be for moments only.
    High,
    /// Where it should not be.
    Over,
}

/// One mark.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Mark {
    /// Where it stands, in decibels of the scale.
    pub at_db: f64,
    /// What is written there; may be empty.
    pub label: &'static str,
    /// The zone that begins at the mark.
    pub zone: Zone,
}

/// A scale. Readings are in its own decibels.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Scale {
    /// What the meter is called.
    pub title: &'static str,
    /// The unit of its readings.
    pub unit: &'static str,
    /// The lower end.
    pub bottom_db: f64,
    /// The upper end.
    pub top_db: f64,
    /// How the needle moves.
    pub law: Law,
    /// From the lower end up.
    pub marks: &'static [Mark],
}

impl Scale {
    /// How far up a reading stands: 0 at the lower end (and in silence), 1 at the upper.
    pub fn place(&self, reading_db: f64) -> f64 {
        let part = match self.law {
            Law::Decibels => (reading_db - self.bottom_db) / (self.top_db - self.bottom_db),
            Law::Amplitude => 10f64.powf((reading_db - self.top_db) / 20.0),
        };
        if part.is_nan() { 0.0 } else { part.clamp(0.0, 1.0) }
    }

    /// Whether a reading stands where a programme should not be; a scale without such a stretch has none.
    pub fn is_over(&self, reading_db: f64) -> bool {
        let zone = self.marks.iter().rev().find(|mark| mark.at_db <= reading_db);
        zone.is_some_and(|mark| mark.zone == Zone::Over)
    }

    /// What a reading is called where the marks are numbered and not written in decibels, as on the British meter: 4.5 is half-way
    /// between its marks 4 and 5. Readings beyond the outer marks go on as the last two do.
    pub fn number(&self, reading_db: f64) -> Option<f64> {
        let numbered = |mark: &Mark| Some((mark.at_db, mark.label.parse::<f64>().ok()?));
        let marks: Vec<(f64, f64)> = self.marks.iter().map(numbered).collect::<Option<_>>()?;
        let plain = marks.windows(2).any(|pair| pair[1].1 - pair[0].1 != 1.0);
        if plain || marks.len() < 2 || !reading_db.is_finite() {
            return None;
        }
        let above = marks.iter().position(|(at, _)| reading_db < *at).unwrap_or(marks.len()).clamp(1, marks.len() - 1);
        let ((low, from), (high, to)) = (marks[above - 1], marks[above]);
        Some(from + (to - from) * (reading_db - low) / (high - low))
    }
}

/// A mark, written short in the tables of the meters.
pub(super) const fn mark(at_db: f64, label: &'static str, zone: Zone) -> Mark {
    Mark { at_db, label, zone }
}

#[cfg(test)]
mod tests {
    use super::super::{
        K, KMeter, Meter, PeakMeter, PpmMeter, PpmType, ReductionMeter, RmsMeter, TruePeakMeter, VuMeter,
    };
    use super::Scale;
    use tonmeister_core::Layout;

    #[test]
    fn marks_rise_within_their_scales() {
        let (rate, mono) = (48_000, Layout::Mono);
        let mut scales: Vec<&Scale> = vec![
            PeakMeter::new(rate, mono).scale(),
            TruePeakMeter::new(rate, mono).scale(),
            RmsMeter::new(rate, mono).scale(),
            VuMeter::new(rate, mono).scale(),
            ReductionMeter::new(rate).scale(),
        ];
        scales.extend([K::K20, K::K14, K::K12].map(|k| KMeter::new(rate, mono, k).scale()));
        scales.extend(
            [PpmType::Din, PpmType::Nordic, PpmType::Bbc, PpmType::Ebu].map(|t| PpmMeter::new(rate, mono, t).scale()),
        );
        for scale in scales {
            assert!(scale.marks.is_sorted_by(|a, b| a.at_db < b.at_db), "{}", scale.title);
            assert!(scale.marks.iter().all(|m| (scale.bottom_db..=scale.top_db).contains(&m.at_db)), "{}", scale.title);
            assert_eq!((scale.place(f64::NEG_INFINITY), scale.place(scale.top_db)), (0.0, 1.0));
            assert!(scale.place(f64::NAN) == 0.0);
        }
        // Only the British marks are numbers; from 1 to 2 they are 6 dB apart, then 4.
        let bbc = PpmMeter::new(rate, mono, PpmType::Bbc).scale();
        let told = [-14.0, -11.0, 0.0, 2.0, 12.0, 16.0].map(|db| bbc.number(db).unwrap());
        assert_eq!(told, [1.0, 1.5, 4.0, 4.5, 7.0, 8.0]);
        assert!(bbc.is_over(8.0) && !bbc.is_over(7.9) && !bbc.is_over(f64::NEG_INFINITY));
        assert_eq!(bbc.number(f64::NEG_INFINITY), None);
        assert!([K::K20, K::K14].iter().all(|k| KMeter::new(rate, mono, *k).scale().number(1.0).is_none()));
        // A moving coil shows 0 VU at 71 % of its way.
        let vu = VuMeter::new(rate, mono).scale();
        assert!((vu.place(0.0) - 0.708).abs() < 0.001);
    }
}
