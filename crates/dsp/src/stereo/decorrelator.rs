//! The decorrelator: a stereo sound out of a mono one.
//!
//! A diffuse copy D of the mid is added to the left and subtracted from the right: L' = L + aD(M), R' = R − aD(M). In
//! the sum it cancels, so mono is exactly what it was. For a D of the mid's own power the correlation of a mono sound
//! becomes (1 − a²)/(1 + a²): 0.6 at half the amount, none at the full.
//!
//! Two kinds of D: *velvet* noise, a thousand signed clicks a second at random places, fading by 30 dB over its length;
//! and *all-passes*, six in a row, whose spectrum is flat to the last bit but which ring on longer.
//!
//! ```
//! use tonmeister_core::{Effect, Layout, Settings, Stream};
//! use tonmeister_dsp::{stereo::Decorrelator, testing};
//!
//! let settings = Settings::new(Decorrelator::SPEC).with("amount_percent", 80.0);
//! let stream = Stream { sample_rate: 48_000, layout: Layout::Stereo, max_block: 4096, seed: 1 };
//! let mono = testing::spread(&testing::noise(3, 0.5, 9600), Layout::Stereo);
//! let out = testing::run(&mut *Decorrelator::from_settings(&settings).build(&stream).unwrap(), &mono, &[512], &[]);
//! assert!((0..9600).all(|n| (out.channel(0)[n] + out.channel(1)[n] - 2.0 * mono.channel(0)[n]).abs() < 1e-6));
//! assert!((4800..9600).any(|n| (out.channel(0)[n] - out.channel(1)[n]).abs() > 0.5));
//! ```

#![allow(
    clippy::inline_always,
    reason = "left out of line they would be compiled without their caller's vector instructions"
)]

use tonmeister_core::{
    Automatable, BuildError, Choice, Effect, EffectSpec, Family, Memory, ParamSpec, Processor, Settings, Stream, Tail,
    Unit,
};

use super::{frame, sides, two_sides};
use crate::modulation::lfo::sine_of_turns;
use crate::modulation::rig::{Knobs, Machine, Running};
use crate::modulation::split::Split;

/// Clicks of velvet noise per second: dense enough to sound smooth (Karjalainen and Järveläinen find 600 to 2000).
const DENSITY: f64 = 1000.0;
/// How far velvet noise fades over its length.
const FADE_DB: f64 = 30.0;
/// Of so many draws of velvet noise the one with the evenest spectrum is taken: a single one is 4.5 dB off in its worst
/// third of an octave, as a rule, the best of these two.
const DRAWS: usize = 32;
/// At so many frequencies each third is looked at.
const POINTS: usize = 8;
/// Feedback of the all-passes.
const FEEDBACK: f64 = 0.6;
/// Their delays, as parts of the whole: no two in a simple ratio.
const PARTS: [f64; 6] = [0.063, 0.091, 0.127, 0.173, 0.233, 0.313];

const SPEC: EffectSpec = EffectSpec {
    id: "decorrelator",
    name: "Decorrelator",
    family: Family::Stereo,
    summary: "Makes a mono sound wide without touching its mono sum.",
    doc: "For mono keyboards, backing voices, room microphones, anything that shall surround what stands in the \
          middle. Left and right get the same diffuse copy in opposite polarity, so in mono exactly the dry sound is \
          left. In stereo each side is colored, differently, and louder by up to 3 dB at the full amount: the sum \
          stays, so the rest must be added. Percussive sounds smear over `size_ms`; make it short there, or the \
          amount small. Of a stereo sound it widens the mid and leaves the side alone. Lows are kept in the middle by \
          `low_cut_hz`. What it adds is drawn from the song's seed and the same each time.",
    params: &[
        ParamSpec::number(
            "amount_percent",
            "Amount",
            Unit::Percent,
            (0.0, 100.0),
            50.0,
            "How much of the diffuse copy: 50 leaves a correlation of 0.6, 100 none.",
        ),
        ParamSpec::number(
            "low_cut_hz",
            "Low cut",
            Unit::Hz,
            (20.0, 1000.0),
            150.0,
            "The copy is 3 dB down here and falls by 6 dB an octave below: the bass stays in the middle.",
        )
        .logarithmic(),
        ParamSpec::choice(
            "method",
            "Method",
            &[
                Choice { id: "velvet", doc: "sparse random clicks: short and natural, its spectrum even on average" },
                Choice { id: "allpass", doc: "a row of all-passes: an even spectrum, for sustained sounds; rings on" },
            ],
            "What the copy goes through.",
        ),
        ParamSpec::number(
            "size_ms",
            "Size",
            Unit::Ms,
            (5.0, 60.0),
            30.0,
            "How long a click becomes. For the all-passes: the sum of their delays; they ring some ten times as long.",
        )
        .automatable(Automatable::Fixed),
    ],
    groups: &[],
    files: &[],
    stereo_only: true,
    key: tonmeister_core::KeyUse::None,
    sources: &[
        "B. Alary, A. Politis, V. Välimäki, \"Velvet-noise decorrelator\", DAFx-17, section 3",
        "S. J. Schlecht, B. Alary, V. Välimäki, E. A. P. Habets, \"Optimized velvet-noise decorrelator\", DAFx-18 \
         (choosing the even ones)",
        "M. R. Schroeder, \"Natural sounding artificial reverberation\", J. Audio Eng. Soc. 10(3), 1962 (the all-pass)",
        "M. Karjalainen, H. Järveläinen, \"Reverberation modeling using velvet noise\", AES 30th conf., 2007 (density)",
    ],
};

/// The effect `decorrelator`.
#[derive(Clone, Debug)]
pub struct Decorrelator(Settings);

impl Effect for Decorrelator {
    const SPEC: &'static EffectSpec = &SPEC;

    fn from_settings(settings: &Settings) -> Self {
        Decorrelator(settings.clone())
    }

    fn build(&self, stream: &Stream) -> Result<Box<dyn Processor>, BuildError> {
        two_sides(stream, "a decorrelator")?;
        let frames = 0.001 * self.0.get("size_ms") * f64::from(stream.sample_rate);
        let copy = if self.0.get("method") == 0.0 {
            Copy::Velvet(Velvet::new(frames, f64::from(stream.sample_rate), stream.seed))
        } else {
            Copy::AllPasses(PARTS.map(|part| AllPass::new((part * frames).round().max(1.0) as usize)))
        };
        let machine = Widen { copy, low_cut: Split::new(stream.sample_rate), amount: 0.0 };
        Ok(Running::boxed(&self.0, stream, machine))
    }
}

/// What makes the diffuse copy.
enum Copy {
    Velvet(Velvet),
    AllPasses([AllPass; PARTS.len()]),
}

struct Widen {
    copy: Copy,
    low_cut: Split,
    amount: f64,
}

impl Machine for Widen {
    fn turn(&mut self, knobs: &[f64]) {
        let &[amount_percent, low_cut_hz, ..] = knobs else { return };
        self.amount = 0.01 * amount_percent;
        self.low_cut.tune(low_cut_hz);
    }

    #[inline(always)]
    fn frame<const C: usize>(&mut self, input: [f64; C]) -> [f64; C] {
        let [l, r] = sides(input);
        let mid = 0.5 * (l + r);
        let high = mid - self.low_cut.low(0, mid);
        let copy = match &mut self.copy {
            Copy::Velvet(velvet) => velvet.next(high),
            Copy::AllPasses(all) => all.iter_mut().fold(high, |x, all_pass| all_pass.next(x)),
        };
        let side = self.amount * copy;
        frame([l + side, r - side])
    }

    fn flush(&mut self) {
        self.low_cut.flush();
    }

    fn tail(&self, knobs: &Knobs) -> Tail {
        let copy = match &self.copy {
            Copy::Velvet(velvet) => velvet.memory.len() as u64,
            Copy::AllPasses(all) => ringing(all.each_ref().map(|all_pass| all_pass.memory.len())),
        };
        Tail::Frames(copy + self.low_cut.tail(knobs.least(1)))
    }

    fn memory(&self, knobs: &Knobs) -> Memory {
        Memory::of_ringing(self.tail(knobs))
    }

    fn reset(&mut self) {
        self.low_cut.reset();
        match &mut self.copy {
            Copy::Velvet(velvet) => {
                velvet.memory.fill(0.0);
                velvet.at = 0;
            }
            Copy::AllPasses(all) => {
                for all_pass in all {
                    all_pass.memory.fill(0.0);
                    all_pass.at = 0;
                }
            }
        }
    }
}

/// What is remembered: nothing that is too small to hear, so that nothing becomes denormal.
#[inline]
fn kept(x: f64) -> f64 {
    if x.abs() < 1e-25 { 0.0 } else { x }
}

/// A sparse filter of signed clicks.
struct Velvet {
    /// How many frames ago, and how loud.
    taps: Vec<(usize, f64)>,
    memory: Vec<f64>,
    at: usize,
}

impl Velvet {
    /// The most even of [`DRAWS`].
    fn new(frames: f64, sample_rate: f64, seed: u64) -> Self {
        let mut state = seed ^ 0x5851_F42D_4C95_7F2D;
        let mut draw = || {
            state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut z = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
        };
        let (mut taps, mut least) = (Vec::new(), f64::INFINITY);
        for _ in 0..DRAWS {
            let drawn = clicks(frames, sample_rate, &mut draw);
            let uneven = unevenness(&drawn, sample_rate);
            if uneven < least {
                (taps, least) = (drawn, uneven);
            }
        }
        let longest = taps.iter().map(|(place, _)| *place).max().unwrap_or(1);
        Velvet { taps, memory: vec![0.0; longest + 1], at: 0 }
    }

    #[inline]
    fn next(&mut self, x: f64) -> f64 {
        let size = self.memory.len();
        self.memory[self.at] = kept(x);
        let sum = self.taps.iter().fold(0.0, |sum, (place, gain)| {
            let ago = if *place <= self.at { self.at - place } else { self.at + size - place };
            sum + gain * self.memory[ago]
        });
        self.at = if self.at + 1 == size { 0 } else { self.at + 1 };
        sum
    }
}

/// One draw: so many frames ago, so loud; of power one. Signs change in pairs, so that the lowest frequencies get no
/// lump of their own.
fn clicks(frames: f64, sample_rate: f64, draw: &mut impl FnMut() -> f64) -> Vec<(usize, f64)> {
    let spacing = sample_rate / DENSITY;
    let mut sign = 1.0;
    let mut taps: Vec<(usize, f64)> = (0..(frames / spacing).ceil() as usize)
        .map(|m| {
            sign = if m % 2 == 1 { -sign } else { (draw() - 0.5).signum() };
            let place = (m as f64 + draw()) * spacing;
            (place as usize + 1, sign * 10.0_f64.powf(-FADE_DB / 20.0 * place / frames))
        })
        .collect();
    let power: f64 = taps.iter().map(|(_, gain)| gain * gain).sum();
    for (_, gain) in &mut taps {
        *gain /= power.sqrt();
    }
    taps
}

/// The factor by which the power of the worst third of an octave from 300 Hz to 13 kHz differs from one.
fn unevenness(taps: &[(usize, f64)], sample_rate: f64) -> f64 {
    let power = |hz: f64| {
        let turns = |place: usize| (hz / sample_rate * place as f64).fract();
        let (re, im) = taps.iter().fold((0.0, 0.0), |(re, im), (place, gain)| {
            (re + gain * sine_of_turns(0.25 + turns(*place)), im + gain * sine_of_turns(turns(*place)))
        });
        re * re + im * im
    };
    let mut center = 316.0;
    let mut worst = 1.0_f64;
    while center < 13_000.0_f64.min(0.4 * sample_rate) {
        let mean =
            (0..POINTS).map(|k| power(center * (1.0 + 0.232 * ((k as f64 + 0.5) / POINTS as f64 - 0.5)))).sum::<f64>()
                / POINTS as f64;
        worst = worst.max(mean.max(1.0 / mean));
        center *= 1.259_921_049_894_873;
    }
    worst
}

/// (z⁻ᵈ − g)/(1 − g·z⁻ᵈ).
struct AllPass {
    memory: Vec<f64>,
    at: usize,
}

impl AllPass {
    fn new(delay: usize) -> Self {
        AllPass { memory: vec![0.0; delay], at: 0 }
    }

    #[inline]
    fn next(&mut self, x: f64) -> f64 {
        let old = self.memory[self.at];
        let new = kept(x + FEEDBACK * old);
        self.memory[self.at] = new;
        self.at = if self.at + 1 == self.memory.len() { 0 } else { self.at + 1 };
        old - FEEDBACK * new
    }
}

/// After how many frames all-passes of these delays in a row have fallen by 120 dB, by Cauchy's estimate (see
/// [`crate::biquad::tail_frames`]): on the circle |z| = e^{−λ}, |H| is at most Π(u + g)/(1 − g·u) with u = e^{λd}.
fn ringing(delays: [usize; PARTS.len()]) -> u64 {
    let longest = delays.iter().copied().max().unwrap_or(1) as f64;
    let frames = (1..10).map(|tenths| {
        let lambda = -FEEDBACK.ln() / longest * 0.1 * f64::from(tenths);
        let size = delays.iter().map(|delay| {
            let u = (lambda * *delay as f64).exp();
            ((u + FEEDBACK) / (1.0 - FEEDBACK * u)).ln()
        });
        (1e6_f64.ln() + size.sum::<f64>()) / lambda
    });
    frames.fold(f64::INFINITY, f64::min).ceil() as u64
}

#[cfg(test)]
mod tests {
    use tonmeister_core::Layout;

    use super::*;
    use crate::modulation::bench;
    use crate::stereo::probe::{click, correlation, frequencies, level, lopsided, mid_side};
    use crate::testing::{noise, run, spread, stereo_noise};

    #[test]
    fn the_mono_sum_is_untouched() {
        // Asked: within 0.01 dB. Reached: a rounding of f32 on each side.
        let input = stereo_noise(5, 0.5, 20_000);
        for method in [0.0, 1.0] {
            let settings = Settings::new(&SPEC).with("amount_percent", 100.0).with("method", method);
            let out = run(&mut *bench::stereo::<Decorrelator>(&settings), &input, &[512], &[]);
            for n in 0..20_000 {
                let sum = |of: &tonmeister_core::Buffer| f64::from(of.channel(0)[n]) + f64::from(of.channel(1)[n]);
                assert!((sum(&out) - sum(&input)).abs() < 3e-7, "{n}");
            }
        }
    }

    #[test]
    fn the_correlation_is_what_the_amount_says() {
        // (1 − a²)/(1 + a²) of a mono sound. Reached: within 0.04 for white noise and any seed of velvet.
        let mono = spread(&noise(9, 0.5, 96_000), Layout::Stereo);
        for method in [0.0, 1.0] {
            for (amount, wanted) in [(0.0, 1.0), (25.0, 0.882), (50.0, 0.6), (100.0, 0.0)] {
                let settings =
                    Settings::new(&SPEC).with("amount_percent", amount).with("method", method).with("low_cut_hz", 20.0);
                for seed in 1..4 {
                    let stream = Stream { sample_rate: 48_000, layout: Layout::Stereo, max_block: 4096, seed };
                    let mut processor = Decorrelator(settings.clone()).build(&stream).unwrap();
                    let found = correlation(&run(&mut *processor, &mono, &[512], &[]), 9600);
                    assert!((found - wanted).abs() < 0.04, "{method}, {amount} %, seed {seed}: {found}");
                }
            }
        }
    }

    #[test]
    fn all_passes_are_flat_and_velvet_is_even_on_average() {
        // Reached: all-passes within 0.01 dB above the low cut; velvet within 3 dB in every third of an octave from
        // 300 Hz to 12 kHz.
        let settings = Settings::new(&SPEC).with("amount_percent", 100.0).with("low_cut_hz", 20.0);
        let [_, side] = mid_side(
            &mut *bench::stereo::<Decorrelator>(&settings.clone().with("method", 1.0)),
            &click(1.0, 1.0, 96_000),
        );
        for hz in frequencies().filter(|hz| *hz > 400.0) {
            let cut = 10.0 * (1.0 + (20.0 / hz).powi(2)).log10();
            assert!((level(&side, hz) + cut).abs() < 0.01, "{hz} Hz: {} dB", level(&side, hz));
        }
        let [_, side] = mid_side(&mut *bench::stereo::<Decorrelator>(&settings), &click(1.0, 1.0, 4096));
        for third in 0..16 {
            let center = 316.0 * 2.0_f64.powf(f64::from(third) / 3.0);
            let powers =
                (0..24).map(|k| 10.0_f64.powf(0.1 * level(&side, center * 2.0_f64.powf(f64::from(k) / 72.0 - 0.16))));
            let mean = 10.0 * (powers.sum::<f64>() / 24.0).log10();
            assert!(mean.abs() < 3.0, "{center} Hz: {mean} dB");
        }
    }

    #[test]
    fn the_bass_stays_in_the_middle() {
        // 6 dB an octave below the cut: −17 dB three octaves down.
        let settings = Settings::new(&SPEC).with("amount_percent", 100.0).with("method", 1.0).with("low_cut_hz", 400.0);
        let [_, side] = mid_side(&mut *bench::stereo::<Decorrelator>(&settings), &click(1.0, 1.0, 96_000));
        assert!((level(&side, 50.0) + 18.1).abs() < 0.2, "{}", level(&side, 50.0));
    }

    #[test]
    fn nothing_clicks() {
        // Asked: −100 dB.
        for method in [0.0, 1.0] {
            let settings = Settings::new(&SPEC).with("method", method);
            let moves = [("amount_percent", 0.0, 100.0), ("low_cut_hz", 50.0, 800.0)];
            bench::assert_no_zipper_on::<Decorrelator>(&settings, &moves, -100.0, &lopsided());
        }
    }

    #[test]
    fn house_rules() {
        for method in [0.0, 1.0] {
            bench::assert_house_rules::<Decorrelator>(&Settings::new(&SPEC).with("method", method));
        }
    }
}
