//! Width: more or less of what differs between the sides.
//!
//! The side is multiplied by a number and the mid left alone, so the mono sum stays as it was. The number may differ
//! from band to band (crossovers as in [`mod@crate::crossover`]), and a shelf on the side gives the bass a width of its
//! own without any crossover: Blumlein's shuffler, (s + √G·ω)/(s + ω/√G).
//!
//! ```
//! use tonmeister_core::{Buffer, Context, Effect, Layout, Settings, Stream};
//! use tonmeister_dsp::stereo::Width;
//!
//! let settings = Settings::new(Width::SPEC).with("width_percent", 150.0);
//! let stream = Stream { sample_rate: 48_000, layout: Layout::Stereo, max_block: 64, seed: 1 };
//! let mut audio = Buffer::from_stereo(vec![0.5; 64], vec![0.25; 64]);
//! Width::from_settings(&settings).build(&stream).unwrap().process(&mut audio.block(64), &Context::default());
//! // Half as much again between the sides, and the same sum.
//! assert!(audio.channel(0) == [0.5625; 64] && audio.channel(1) == [0.1875; 64]);
//! ```

use tonmeister_core::{
    BuildError, Effect, EffectSpec, Family, GroupSpec, ParamSpec, Processor, Settings, Stream, Unit,
};

use super::cut::{Cut, PHASE, SLOPE, Weigher, crossover};
use super::two_sides;
use crate::crossover::MOST_BANDS;
use crate::math::amplitude_of_db;
use crate::modulation::lfo::sine_of_turns;
use crate::modulation::rig::Knobs;
use crate::modulation::split::Split;

const SPEC: EffectSpec = EffectSpec {
    id: "stereo_width",
    name: "Stereo width",
    family: Family::Stereo,
    summary: "Makes the image wider or narrower, as a whole, in the bass, or band by band.",
    doc: "For a stereo keyboard that takes too much room, a reverb that shall open up, a mix whose bass is too wide \
          and whose air is too narrow. Only the side is touched, so the mono sum stays as it is: but what was made \
          louder in the side is heard in stereo alone, and a mix at 200 sounds emptier in mono than it did. Above 100 \
          the sides may be out of phase; watch the correlation. It widens what is already there: on a mono source only \
          `balance` does anything (a decorrelator makes width out of nothing). Crossovers turn the phase of everything \
          alike, unless `phase` is linear; the shelf turns that of the side alone, by 20° at most for 6 dB. \
          Order: bands, width, shelf, balance.",
    params: &[
        ParamSpec::number(
            "width_percent",
            "Width",
            Unit::Percent,
            (0.0, 200.0),
            100.0,
            "Gain of the side: 0 is mono, 100 as it was, 200 is 6 dB more.",
        ),
        ParamSpec::number(
            "balance",
            "Balance",
            Unit::None,
            (-1.0, 1.0),
            0.0,
            "Weighs left against right at equal power: −1 is the left alone, 3 dB up. The one knob here that changes \
             the mono sum.",
        ),
        SLOPE,
        PHASE,
    ],
    groups: &[
        GroupSpec {
            id: "crossovers",
            name: "Crossover",
            max: MOST_BANDS - 1,
            params: &[ParamSpec::number(
                "hz",
                "Frequency",
                Unit::Hz,
                (20.0, 16_000.0),
                1000.0,
                "Where two bands meet. At least a third of an octave above the crossover before it.",
            )
            .logarithmic()],
            doc: "Where the sound is cut, lowest first.",
        },
        GroupSpec {
            id: "bands",
            name: "Band",
            max: MOST_BANDS,
            params: &[ParamSpec::number(
                "width_percent",
                "Width",
                Unit::Percent,
                (0.0, 200.0),
                100.0,
                "Gain of the side in this band.",
            )],
            doc: "The width of each band, lowest first; at most one more than there are crossovers. A band without a \
                  table stays as wide as it was.",
        },
        GroupSpec {
            id: "shelf",
            name: "Side shelf",
            max: 1,
            params: &[
                ParamSpec::number("hz", "Frequency", Unit::Hz, (50.0, 2000.0), 300.0, "Half the decibels are reached.")
                    .logarithmic(),
                ParamSpec::number(
                    "gain_db",
                    "Gain",
                    Unit::Db,
                    (-24.0, 12.0),
                    3.0,
                    "Of the side far below. Positive gives the bass room (a shuffler, for closely spaced microphones); \
                     negative gathers it in the middle.",
                ),
            ],
            doc: "A gentle shelf of first order on the side: the width of the bass.",
        },
    ],
    files: &[],
    stereo_only: true,
    key: tonmeister_core::KeyUse::None,
    sources: &[
        "M. A. Gerzon, \"Stereo shuffling: new approach, old technique\", Studio Sound 28(7), 1986",
        "A. D. Blumlein: British patent 394 325, 1931",
    ],
};
const SCALARS: usize = 4;

/// The effect `width`.
#[derive(Clone, Debug)]
pub struct Width(Settings);

impl Effect for Width {
    const SPEC: &'static EffectSpec = &SPEC;

    fn from_settings(settings: &Settings) -> Self {
        Width(settings.clone())
    }

    fn build(&self, stream: &Stream) -> Result<Box<dyn Processor>, BuildError> {
        two_sides(stream, "width")?;
        let hz: Vec<f64> = self.0.items("crossovers").iter().map(|item| item[0]).collect();
        let bands = self.0.items("bands").len();
        if bands > hz.len() + 1 {
            return Err(BuildError(format!("{bands} bands need {} crossovers", bands - 1)));
        }
        let shelf = self.0.items("shelf").first().map(|_| Split::new(stream.sample_rate));
        let machine = Sides {
            first_band: SCALARS + hz.len(),
            bands,
            weights: [1.0; MOST_BANDS],
            balance: [1.0; 2],
            shelf,
            lift: 0.0,
        };
        let crossover = crossover(&self.0, &hz, stream);
        Ok(Cut::boxed(&self.0, stream, SCALARS..SCALARS + hz.len(), crossover, machine))
    }
}

struct Sides {
    /// The first knob of the bands.
    first_band: usize,
    bands: usize,
    weights: [f64; MOST_BANDS],
    balance: [f64; 2],
    shelf: Option<Split>,
    /// What the shelf adds of the side's lows.
    lift: f64,
}

impl Sides {
    /// The pole of a shelf: below it all of the gain, at `hz` half of it.
    fn pole(hz: f64, gain_db: f64) -> f64 {
        hz / amplitude_of_db(0.5 * gain_db)
    }
}

impl Weigher for Sides {
    fn turn(&mut self, knobs: &[f64]) {
        let &[width_percent, balance, ..] = knobs else { return };
        let width = 0.01 * width_percent;
        let (bands, shelf) = knobs[self.first_band..].split_at(self.bands);
        self.weights = [width; MOST_BANDS];
        for (weight, band) in self.weights.iter_mut().zip(bands) {
            *weight = width * 0.01 * band;
        }
        // √2·cos and √2·sin of (1 + balance)·π/4; exactly one when nothing is weighed.
        let side = |place: f64| std::f64::consts::SQRT_2 * sine_of_turns(0.125 * (1.0 + place));
        self.balance = if balance == 0.0 { [1.0; 2] } else { [side(-balance), side(balance)] };
        if let (Some(split), &[hz, gain_db]) = (&mut self.shelf, shelf) {
            split.tune(Self::pole(hz, gain_db));
            self.lift = amplitude_of_db(gain_db) - 1.0;
        }
    }

    #[inline]
    fn weights(&self) -> &[f64; MOST_BANDS] {
        &self.weights
    }

    #[inline]
    fn finish(&mut self, mid: f64, mut side: f64) -> [f64; 2] {
        if let Some(split) = &mut self.shelf {
            side += self.lift * split.low(0, side);
        }
        [(mid + side) * self.balance[0], (mid - side) * self.balance[1]]
    }

    fn flush(&mut self) {
        self.shelf.iter_mut().for_each(Split::flush);
    }

    fn tail(&self, knobs: &Knobs) -> u64 {
        let shelf = self.first_band + self.bands;
        self.shelf.as_ref().map_or(0, |split| {
            let gain_db = knobs.most(shelf + 1);
            // What is lifted rings so much louder.
            let louder = 1.0 + gain_db.max(0.0) / 120.0;
            (louder * split.tail(Self::pole(knobs.least(shelf), gain_db)) as f64).ceil() as u64
        })
    }

    fn reset(&mut self) {
        self.shelf.iter_mut().for_each(Split::reset);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modulation::bench;
    use crate::stereo::probe::{click, frequencies, level, lopsided, mid_side};
    use crate::testing::{run, stereo_noise};

    fn banded() -> Settings {
        Settings::new(&SPEC)
            .with_item("crossovers", &[("hz", 200.0)])
            .with_item("crossovers", &[("hz", 3000.0)])
            .with_item("bands", &[("width_percent", 0.0)])
            .with_item("bands", &[])
            .with_item("bands", &[("width_percent", 160.0)])
    }

    #[test]
    fn the_mono_sum_stays_whatever_is_done_to_the_side() {
        // Asked: within 0.01 dB. Reached: to the rounding of f32 without crossovers, within 0.001 dB with them.
        let input = stereo_noise(7, 0.5, 20_000);
        for width in [0.0, 70.0, 130.0, 200.0] {
            let settings = Settings::new(&SPEC).with("width_percent", width);
            let shelved = settings.clone().with_item("shelf", &[("gain_db", 9.0)]);
            for settings in [settings.clone(), shelved] {
                let [mid, _] = mid_side(&mut *bench::stereo::<Width>(&settings), &input);
                for (n, mid) in mid.iter().enumerate() {
                    let sum = 0.5 * (f64::from(input.channel(0)[n]) + f64::from(input.channel(1)[n]));
                    assert!((mid - sum).abs() < 3e-7, "{width} at {n}");
                }
            }
        }
        let [mid, _] = mid_side(&mut *bench::stereo::<Width>(&banded()), &click(1.0, 0.0, 32_768));
        let worst = frequencies().map(|hz| (level(&mid, hz) + 6.0206).abs()).fold(0.0, f64::max);
        assert!(worst < 0.001, "{worst} dB");
        let linear = banded().with("phase", 1.0);
        let mut processor = bench::stereo::<Width>(&linear);
        let late = processor.latency().0 as usize;
        let [mid, _] = mid_side(&mut *processor, &input);
        for n in 0..20_000 - late {
            let sum = 0.5 * (f64::from(input.channel(0)[n]) + f64::from(input.channel(1)[n]));
            assert!((mid[n + late] - sum).abs() < 1e-6, "{n}");
        }
    }

    #[test]
    fn widths_are_what_is_written() {
        let [_, side] = mid_side(&mut *bench::stereo::<Width>(&banded()), &click(1.0, -1.0, 32_768));
        assert!(level(&side, 30.0) < -60.0, "{}", level(&side, 30.0));
        assert!(level(&side, 800.0).abs() < 0.1 && (level(&side, 15_000.0) - 4.082).abs() < 0.02);
        // Untouched, it is the input itself.
        let input = stereo_noise(7, 0.5, 5000);
        let out = run(&mut *bench::stereo::<Width>(&Settings::new(&SPEC)), &input, &[512], &[]);
        bench::assert_near(&out, &input, 3e-8);
        let mono = Settings::new(&SPEC).with("width_percent", 0.0);
        let out = run(&mut *bench::stereo::<Width>(&mono), &input, &[512], &[]);
        assert_eq!(out.channel(0), out.channel(1));
    }

    #[test]
    fn the_shelf_is_the_analog_shuffler() {
        // |H|² = (f² + G·f₀²)/(f² + f₀²/G), an independent formula; within 0.02 dB below 4 kHz.
        for gain_db in [-18.0, -6.0, 6.0, 12.0] {
            let settings = Settings::new(&SPEC).with_item("shelf", &[("hz", 300.0), ("gain_db", gain_db)]);
            let [_, side] = mid_side(&mut *bench::stereo::<Width>(&settings), &click(1.0, -1.0, 32_768));
            let gain = 10.0_f64.powf(gain_db / 20.0);
            for hz in frequencies().filter(|hz| *hz < 4000.0) {
                let wanted = 10.0 * ((hz * hz + gain * 9e4) / (hz * hz + 9e4 / gain)).log10();
                let found = level(&side, hz);
                assert!((found - wanted).abs() < 0.02, "{gain_db} dB: {found}, not {wanted} at {hz} Hz");
            }
        }
    }

    #[test]
    fn balance_keeps_power_and_its_ends_are_one_side() {
        let input = stereo_noise(7, 0.5, 2000);
        for place in [-1.0_f64, -0.4, 0.3, 1.0] {
            let settings = Settings::new(&SPEC).with("balance", place);
            let out = run(&mut *bench::stereo::<Width>(&settings), &input, &[512], &[]);
            let gains = [0, 1].map(|c| f64::from(out.channel(c)[5] / input.channel(c)[5]));
            assert!((gains[0].powi(2) + gains[1].powi(2) - 2.0).abs() < 1e-5, "{place}");
            let angle = (1.0 + place) * std::f64::consts::FRAC_PI_4;
            assert!((gains[1] - 2.0_f64.sqrt() * angle.sin()).abs() < 1e-6, "{place}");
        }
    }

    #[test]
    fn nothing_clicks() {
        // Asked: −100 dB.
        let settings = banded().with_item("shelf", &[]);
        let moves = [
            ("width_percent", 0.0, 200.0),
            ("balance", -0.6, 0.6),
            ("crossovers/2/hz", 800.0, 3000.0),
            ("bands/2/width_percent", 0.0, 200.0),
            ("shelf/gain_db", -12.0, 12.0),
            ("shelf/hz", 100.0, 2000.0),
        ];
        bench::assert_no_zipper_on::<Width>(&settings, &moves, -100.0, &lopsided());
    }

    #[test]
    fn house_rules() {
        bench::assert_house_rules::<Width>(&Settings::new(&SPEC));
        bench::assert_house_rules::<Width>(&banded().with_item("shelf", &[("gain_db", 12.0)]));
    }
}
