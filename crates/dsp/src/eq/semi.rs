//! The semi-parametric equalizer of a mixing desk: high-pass, low shelf, two sweepable middles of fixed width, high
//! shelf.
//!
//! Fewer decisions than the parametric one: every band has a frequency and a gain, and its width is that of a good
//! desk. The bands are the equalizer's own, which keep their analog shape up to 20 kHz. Minimum phase, no latency.
//!
//! ```
//! use tonmeister_core::{Effect, Settings};
//! use tonmeister_dsp::eq::semi::{SemiParametric, response};
//!
//! let settings = Settings::new(SemiParametric::SPEC).with("low_mid_hz", 300.0).with("low_mid_db", -6.0);
//! let db = response(&settings, 44_100, &[30.0, 300.0, 3000.0]);
//! assert!(db[0].abs() < 0.2 && (db[1] + 6.0).abs() < 0.05 && db[2].abs() < 0.2);
//! ```

use tonmeister_core::{
    BuildError, Effect, EffectSpec, Family, GroupSpec, ParamSpec, Processor, Settings, Stream, Unit,
};

use super::HIGHEST;
use super::band::{Band, Placed, Shape};
use super::processor::{EqProcessor, Target};
use super::row;
use crate::biquad::Biquad;
use crate::simd::Level;

/// Center over width of the middles: an octave and a half.
const MIDDLE_Q: f64 = 0.9;
/// Of the shelves: as steep as goes without overshoot.
const SHELF_Q: f64 = std::f64::consts::FRAC_1_SQRT_2;
/// Of the high-pass: 18 dB per octave.
const HIGHPASS_ORDER: usize = 3;

const fn gain(id: &'static str, name: &'static str, doc: &'static str) -> ParamSpec {
    ParamSpec::number(id, name, Unit::Db, (-15.0, 15.0), 0.0, doc)
}

const fn hz(id: &'static str, name: &'static str, range: (f64, f64), default: f64, doc: &'static str) -> ParamSpec {
    ParamSpec::number(id, name, Unit::Hz, range, default, doc).logarithmic()
}

static SPEC: EffectSpec = EffectSpec {
    id: "semi_parametric",
    name: "Semi-parametric equalizer",
    family: Family::Equalizer,
    summary: "A desk's four bands and its high-pass: find a frequency, set a gain, done.",
    doc: "For shaping a track quickly and musically: wide middles (Q 0.9, an octave and a half) that blend instead of \
          ringing, gentle shelves, a high-pass of 18 dB per octave. Each band keeps the shape of its analog model up to \
          20 kHz at every sample rate (middles within 0.35 dB, shelves 0.15 dB, high-pass 0.1 dB); a boost and a cut of \
          the same numbers undo one another exactly. Minimum phase, no latency. Everything may be automated without \
          clicks: glides are followed about 1.5 ms late, jumps are eased over 20 ms; while a band moves it may deviate \
          by 1 dB more, at the very top. Frequencies above 0.49 of the sample rate stay there. For narrow cuts take \
          `eq`.",
    params: &[
        gain("low_db", "Low", "Gain of everything well below `low_hz`: weight, warmth, boom."),
        hz("low_hz", "Low frequency", (30.0, 450.0), 100.0, "Where the low shelf has half of its gain, in dB."),
        gain("low_mid_db", "Low middle", "Gain at `low_mid_hz`: body, boxiness, mud."),
        hz("low_mid_hz", "Low middle frequency", (80.0, 2000.0), 350.0, "The center of the low middle band."),
        gain("high_mid_db", "High middle", "Gain at `high_mid_hz`: presence, bite, harshness."),
        hz("high_mid_hz", "High middle frequency", (400.0, 8000.0), 2500.0, "The center of the high middle band."),
        gain("high_db", "High", "Gain of everything well above `high_hz`: air, brilliance, hiss."),
        hz(
            "high_hz",
            "High frequency",
            (1500.0, 16_000.0),
            10_000.0,
            "Where the high shelf has half of its gain, in dB.",
        ),
        ParamSpec::number(
            "output_db",
            "Output",
            Unit::Db,
            (-24.0, 24.0),
            0.0,
            "Gain after all bands. Jumps are eased over 60 ms.",
        ),
    ],
    groups: &[GroupSpec {
        id: "highpass",
        name: "High-pass",
        max: 1,
        params: &[hz("hz", "Frequency", (16.0, 400.0), 80.0, "Where the level has fallen by 3.01 dB.")],
        doc: "Takes away rumble, plosives and spill below: 18 dB per octave, Butterworth.",
    }],
    files: &[],
    stereo_only: false,
    key: tonmeister_core::KeyUse::None,
    sources: &[
        "M. Vicanek, Matched Second Order Digital Filters, 2016, section 2: the numerator's basis and factorization",
        "A. Simper, Linear Trapezoidal Integrated State Variable Filter, 2013: bands that move",
        "R. Bristow-Johnson, Cookbook Formulae for Audio EQ Biquad Filter Coefficients: the analog prototypes",
    ],
};

/// The effect `semi_parametric`.
#[derive(Clone, Debug)]
pub struct SemiParametric {
    /// The high-pass, if there is one, then low shelf, low middle, high middle, high shelf.
    bands: Vec<Band>,
    output_db: f64,
}

impl SemiParametric {
    /// The bands as this sample rate can have them.
    fn bands(&self, sample_rate: u32) -> Vec<Band> {
        // A hair below the limit, so that a frequency held there is one that can be built.
        let highest = 0.999 * HIGHEST * f64::from(sample_rate);
        self.bands.iter().map(|band| Band { hz: band.hz.min(highest), ..*band }).collect()
    }

    /// What each parameter's number means: four pairs of gain and frequency, the output, the high-pass.
    fn targets(&self) -> Vec<Target> {
        let first = self.bands.len() - 4;
        let pairs = (first..first + 4).flat_map(|voice| [Target::Band(voice, 1), Target::Band(voice, 0)]);
        pairs.chain([Target::Output]).chain((first == 1).then_some(Target::Band(0, 0))).collect()
    }
}

impl Effect for SemiParametric {
    const SPEC: &'static EffectSpec = &SPEC;

    fn from_settings(settings: &Settings) -> Self {
        let highpass = |values: &Vec<f64>| Band {
            shape: Shape::HighPass { order: HIGHPASS_ORDER },
            hz: values[0],
            gain_db: 0.0,
            q: SHELF_Q,
        };
        let band =
            |shape, gain: &str, hz: &str, q| Band { shape, hz: settings.get(hz), gain_db: settings.get(gain), q };
        let mut bands: Vec<Band> = settings.items("highpass").iter().map(highpass).collect();
        bands.extend([
            band(Shape::LowShelf { order: 2 }, "low_db", "low_hz", SHELF_Q),
            band(Shape::Bell, "low_mid_db", "low_mid_hz", MIDDLE_Q),
            band(Shape::Bell, "high_mid_db", "high_mid_hz", MIDDLE_Q),
            band(Shape::HighShelf { order: 2 }, "high_db", "high_hz", SHELF_Q),
        ]);
        SemiParametric { bands, output_db: settings.get("output_db") }
    }

    fn build(&self, stream: &Stream) -> Result<Box<dyn Processor>, BuildError> {
        let bands: Vec<Placed> = self.bands(stream.sample_rate).into_iter().map(Placed::from).collect();
        let shape = (stream.sample_rate, stream.layout);
        Ok(Box::new(EqProcessor::new(&bands, self.output_db, self.targets(), shape, Level::best())))
    }
}

/// What the equalizer does to a sine of each frequency, in dB: exactly what sounds at rest, the output gain included.
pub fn response(settings: &Settings, sample_rate: u32, hz: &[f64]) -> Vec<f64> {
    let effect = SemiParametric::from_settings(settings);
    let (bands, rate) = (effect.bands(sample_rate), f64::from(sample_rate));
    let sections: Vec<Biquad> = bands.iter().flat_map(|band| band.settled(rate).as_slice().to_vec()).collect();
    row::response(&sections, effect.output_db, rate, hz)
}

#[cfg(test)]
mod tests {
    use tonmeister_core::{Event, Layout};

    use super::*;
    use crate::modulation::bench::assert_no_zipper;
    use crate::testing::{run, stereo_noise};

    fn strip() -> Settings {
        Settings::new(&SPEC)
            .with("low_db", 4.0)
            .with("low_mid_db", -6.0)
            .with("high_mid_db", 3.0)
            .with("high_db", 5.0)
            .with_item("highpass", &[("hz", 60.0)])
    }

    #[test]
    fn every_band_keeps_the_shape_of_its_model() {
        // Asked: 0.35 dB for middles, 0.15 for shelves, 0.1 for the high-pass, 44.1 kHz, 20 Hz to 20 kHz.
        let hz: Vec<f64> = (0..=200).map(|n| 20.0 * 1000f64.powf(f64::from(n) / 200.0)).collect();
        let worst = |settings: &Settings, place: usize| {
            let band = SemiParametric::from_settings(settings).bands(44_100)[place];
            let got = response(settings, 44_100, &hz);
            let miss = hz.iter().zip(got).map(|(hz, got)| (got - 10.0 * band.analog_power(*hz).log10()).abs());
            miss.fold(0.0, f64::max)
        };
        for (place, (gain, freq, limit)) in [
            ("low_db", "low_hz", 0.15),
            ("low_mid_db", "low_mid_hz", 0.35),
            ("high_mid_db", "high_mid_hz", 0.35),
            ("high_db", "high_hz", 0.15),
        ]
        .into_iter()
        .enumerate()
        {
            let spec = SPEC.params.iter().find(|param| param.id == freq).unwrap();
            let tonmeister_core::ParamKind::Number { min, max, .. } = spec.kind else { panic!("a number") };
            let mut most = 0.0_f64;
            for (part, db) in (0..=8).flat_map(|part| [-15.0, -7.0, 4.0, 15.0].map(|db| (f64::from(part) / 8.0, db))) {
                let settings = Settings::new(&SPEC).with(freq, min * (max / min).powf(part)).with(gain, db);
                most = most.max(worst(&settings, place));
            }
            println!("{gain}: {most:.3} dB off its model");
            assert!(most <= limit, "{gain}: {most} dB");
        }
        for hz in [16.0, 80.0, 400.0] {
            let off = worst(&Settings::new(&SPEC).with_item("highpass", &[("hz", hz)]), 0);
            assert!(off <= 0.1, "high-pass at {hz} Hz: {off} dB");
        }
    }

    #[test]
    fn flat_it_is_not_there() {
        let input = stereo_noise(1, 0.9, 5000);
        let stream = Stream { sample_rate: 48_000, layout: Layout::Stereo, max_block: 512, seed: 0 };
        let effect = SemiParametric::from_settings(&Settings::new(&SPEC));
        assert!(run(&mut *effect.build(&stream).unwrap(), &input, &[512], &[]) == input);
    }

    #[test]
    fn every_parameter_moves_its_own_band() {
        // Moved there, it sounds as if built there.
        let goals = [
            ("low_db", -5.0),
            ("low_hz", 200.0),
            ("low_mid_db", 5.0),
            ("low_mid_hz", 700.0),
            ("high_mid_db", -4.0),
            ("high_mid_hz", 5000.0),
            ("high_db", -8.0),
            ("high_hz", 6000.0),
            ("output_db", -3.0),
            ("highpass/hz", 150.0),
        ];
        let stream = Stream { sample_rate: 48_000, layout: Layout::Stereo, max_block: 512, seed: 0 };
        let input = stereo_noise(4, 0.3, 40_000);
        for (address, value) in goals {
            let param = strip().index_of(address).unwrap();
            let mut goal = strip();
            goal.set_at(param, value).unwrap();
            let build = |settings: &Settings| SemiParametric::from_settings(settings).build(&stream).unwrap();
            let event = [Event { at: 1000, param, value, glide: 2400 }];
            let moved = run(&mut *build(&strip()), &input, &[512], &event);
            let built = run(&mut *build(&goal), &input, &[512], &[]);
            let apart = |from: usize, to: usize| {
                let pairs = moved.channel(0)[from..to].iter().zip(&built.channel(0)[from..to]);
                pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
            };
            assert!(apart(0, 1500) > 1e-3, "{address} does nothing");
            assert!(apart(35_000, 40_000) < 1e-6, "{address}: {} apart at rest", apart(35_000, 40_000));
        }
    }

    #[test]
    fn bands_move_without_a_zip() {
        // Asked: −100 dB. Reached: −102 dB (a middle's gain by a jump); the output
        // gain −103 dB; all others −109 dB or less.
        let moves = [
            ("low_mid_db", -6.0, 6.0),
            ("low_mid_hz", 300.0, 1500.0),
            ("high_mid_hz", 1000.0, 5000.0),
            ("high_db", -6.0, 6.0),
            ("high_hz", 3000.0, 10_000.0),
            ("low_hz", 60.0, 300.0),
            ("highpass/hz", 40.0, 300.0),
            ("output_db", -12.0, 6.0),
        ];
        assert_no_zipper::<SemiParametric>(&strip(), &moves, -100.0);
    }
}
