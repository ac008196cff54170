//! The mono maker: bass in the middle.
//!
//! Left and right are cut in two by a Linkwitz–Riley crossover; of the lower band only the mid is kept. So the side
//! goes through the crossover's high-pass and the mid through low-pass plus high-pass, which is its all-pass: both
//! turn their phase alike, and what stands to one side above the frequency stays where it is. A plain high-pass on
//! the side alone would not do that: the two would part by up to half a turn around the frequency.
//!
//! ```
//! use tonmeister_core::{Buffer, Effect, Layout, Settings, Stream};
//! use tonmeister_dsp::{stereo::MonoMaker, testing};
//!
//! let settings = Settings::new(MonoMaker::SPEC).with("hz", 120.0);
//! let stream = Stream { sample_rate: 48_000, layout: Layout::Stereo, max_block: 4096, seed: 1 };
//! // A bass note on the left alone comes out of both sides.
//! let input = Buffer::from_stereo(testing::sine(40.0, 0.5, 48_000, 48_000), vec![0.0; 48_000]);
//! let out = testing::run(&mut *MonoMaker::from_settings(&settings).build(&stream).unwrap(), &input, &[512], &[]);
//! assert!((0..48_000).skip(9600).all(|n| (out.channel(0)[n] - out.channel(1)[n]).abs() < 0.01));
//! ```

use tonmeister_core::{BuildError, Effect, EffectSpec, Family, ParamSpec, Processor, Settings, Stream, Unit};

use super::cut::{Cut, PHASE, SLOPE, Weigher, crossover};
use crate::crossover::MOST_BANDS;

const SPEC: EffectSpec = EffectSpec {
    id: "mono_maker",
    name: "Mono maker",
    family: Family::Stereo,
    summary: "Brings everything below a frequency to the middle.",
    doc: "On the master before vinyl, for clubs whose subwoofers are mono, or wherever stereo effects have made the \
          bass wander: low notes then have the same level from both loudspeakers. What is in the side below the \
          frequency is taken away, not moved: a bass that stands only on one side loses 6 dB, one that is out of \
          phase vanishes. The mono sum is flat within 0.01 dB. In minimum phase it is an all-pass of the input (the \
          bass comes a few milliseconds after the treble); in linear phase it is the input, 53 ms late. On a mono \
          track only that all-pass is left.",
    params: &[
        ParamSpec::number(
            "hz",
            "Frequency",
            Unit::Hz,
            (20.0, 500.0),
            120.0,
            "The side is 6 dB down here. A moving frequency glides through three one-poles of 10 ms.",
        )
        .logarithmic(),
        ParamSpec::number(
            "amount_percent",
            "Amount",
            Unit::Percent,
            (0.0, 100.0),
            100.0,
            "How much of the low side is taken away: 0 leaves the image as it is.",
        ),
        SLOPE,
        PHASE,
    ],
    groups: &[],
    files: &[],
    stereo_only: false,
    key: tonmeister_core::KeyUse::None,
    sources: &[
        "S. H. Linkwitz, \"Active crossover networks for noncoincident drivers\", J. Audio Eng. Soc. 24(1), 1976",
    ],
};

/// The effect `mono_maker`.
#[derive(Clone, Debug)]
pub struct MonoMaker(Settings);

impl Effect for MonoMaker {
    const SPEC: &'static EffectSpec = &SPEC;

    fn from_settings(settings: &Settings) -> Self {
        MonoMaker(settings.clone())
    }

    fn build(&self, stream: &Stream) -> Result<Box<dyn Processor>, BuildError> {
        let crossover = crossover(&self.0, &[self.0.get("hz")], stream);
        Ok(Cut::boxed(&self.0, stream, 0..1, crossover, LowSide { weights: [1.0; MOST_BANDS] }))
    }
}

struct LowSide {
    weights: [f64; MOST_BANDS],
}

impl Weigher for LowSide {
    fn turn(&mut self, knobs: &[f64]) {
        self.weights[0] = 1.0 - 0.01 * knobs[1];
    }

    fn weights(&self) -> &[f64; MOST_BANDS] {
        &self.weights
    }
}

#[cfg(test)]
mod tests {
    use tonmeister_core::Layout;

    use super::*;
    use crate::modulation::bench;
    use crate::stereo::probe::{at, click, frequencies, level, lopsided, mid_side};
    use crate::testing::{run, spread, stereo_noise};

    #[test]
    fn the_side_is_a_linkwitz_riley_high_pass_and_the_mono_sum_flat() {
        // Asked: mono sum within 0.01 dB, the side −24 dB an octave. Reached: within 0.001 dB, and the
        // formula within 0.05 dB down to −60 dB.
        for (order, slope) in [(2, 12.0), (4, 24.0), (8, 48.0)] {
            let settings = Settings::new(&SPEC).with("hz", 150.0).with("slope_db_oct", slope);
            let [mid, side] = mid_side(&mut *bench::stereo::<MonoMaker>(&settings), &click(1.0, 0.0, 32_768));
            for hz in frequencies() {
                let flat = level(&mid, hz) - level(&[0.5], hz);
                assert!(flat.abs() < 0.001, "{slope}: the mono sum is {flat} dB off at {hz} Hz");
                let x = (hz / 150.0).powi(order);
                let wanted = 20.0 * (0.5 * x / (1.0 + x)).log10();
                let found = level(&side, hz);
                assert!(wanted < -66.0 || (found - wanted).abs() < 0.05, "{slope}: {found}, not {wanted} at {hz} Hz");
                // In phase with the mid, so that nothing moves sideways.
                if hz > 80.0 {
                    let ((a, b), (c, d)) = (at(&mid, hz), at(&side, hz));
                    assert!((b * c - a * d).atan2(a * c + b * d).abs() < 1e-3, "{slope}: out of phase at {hz} Hz");
                }
            }
        }
    }

    #[test]
    fn in_linear_phase_the_mono_sum_is_the_input() {
        let settings = Settings::new(&SPEC).with("phase", 1.0);
        let mut processor = bench::stereo::<MonoMaker>(&settings);
        let late = processor.latency().0 as usize;
        let input = stereo_noise(5, 0.5, 20_000);
        let [mid, _] = mid_side(&mut *processor, &input);
        for n in 0..20_000 - late {
            let sum = 0.5 * f64::from(input.channel(0)[n] + input.channel(1)[n]);
            assert!((mid[n + late] - sum).abs() < 1e-6, "{n}");
        }
    }

    #[test]
    fn half_an_amount_is_half_and_a_mono_track_is_the_mono_sum() {
        let half = Settings::new(&SPEC).with("amount_percent", 50.0);
        let [_, side] = mid_side(&mut *bench::stereo::<MonoMaker>(&half), &click(1.0, -1.0, 32_768));
        assert!((level(&side, 20.0) + 6.02).abs() < 0.05 && level(&side, 5000.0).abs() < 1e-3);
        let none = Settings::new(&SPEC).with("amount_percent", 0.0);
        let [_, side] = mid_side(&mut *bench::stereo::<MonoMaker>(&none), &click(1.0, -1.0, 32_768));
        assert!(frequencies().all(|hz| level(&side, hz).abs() < 1e-3));
        let samples = crate::testing::noise(3, 0.5, 9000);
        let mono = run(&mut *bench::mono::<MonoMaker>(&half), &spread(&samples, Layout::Mono), &[512], &[]);
        let both = run(&mut *bench::stereo::<MonoMaker>(&half), &spread(&samples, Layout::Stereo), &[512], &[]);
        assert_eq!(mono.channel(0), both.channel(0));
        assert_eq!(mono.channel(0), both.channel(1));
    }

    #[test]
    fn nothing_clicks() {
        // Asked: −100 dB.
        let moves = [("amount_percent", 0.0, 100.0), ("hz", 50.0, 400.0)];
        bench::assert_no_zipper_on::<MonoMaker>(&Settings::new(&SPEC), &moves, -100.0, &lopsided());
    }

    #[test]
    fn house_rules() {
        bench::assert_house_rules::<MonoMaker>(&Settings::new(&SPEC));
    }
}
