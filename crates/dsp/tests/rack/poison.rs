//! Samples that are no number, far too large or far too small do no lasting harm.

use tonmeister_core::{Buffer, EffectSpec, Tail};

use crate::cases::{Case, distance, layouts, peak};
use crate::exempt::Promise;
use crate::report::{Found, every_effect};

/// What is put into the first channel, and what a twin hears instead.
struct Poison {
    name: &'static str,
    samples: &'static [f32],
    /// How far from the twin the output may still be afterwards, as a part of its power.
    apart: f64,
    /// How many tails and seconds later.
    patience: f64,
}

const POISONS: &[Poison] = &[
    Poison {
        name: "no number",
        samples: &[f32::NAN, f32::INFINITY, 0.5, f32::NEG_INFINITY, -f32::NAN],
        apart: 1e-8,
        patience: 1.0,
    },
    // A filter that was fed 600 dB too much takes five of its tails to forget it.
    Poison { name: "1e30", samples: &[1e30, -1e30, 1e30], apart: 1e-2, patience: 5.0 },
    Poison { name: "denormals", samples: &[1e-39, -3e-41, 1e-45, f32::MIN_POSITIVE / 2.0], apart: 1e-8, patience: 1.0 },
];

fn poison(case: &Case, found: &mut Found) {
    let tail = match case.build().tail() {
        Tail::Frames(tail) => tail as f64 / 48_000.0,
        Tail::Endless => return,
    };
    let latency = case.latency();
    for poison in POISONS {
        let before = latency + case.frames(0.05);
        let wait = (poison.patience * tail.min(4.0) + if poison.patience > 1.0 { 2.0 } else { 1.0 }).min(10.0);
        let clean = before + poison.samples.len() + latency + case.frames(wait);
        let seconds = (clean + 4800) as f64 / 48_000.0;
        let healthy = {
            let mut input = case.noise(seconds);
            input.channel_mut(0)[before..before + poison.samples.len()].fill(0.0);
            input
        };
        let mut ill: Buffer = healthy.clone();
        ill.channel_mut(0)[before..before + poison.samples.len()].copy_from_slice(poison.samples);
        let (healthy, ill) = (case.render(&healthy, &[]), case.render(&ill, &[]));
        let (loudest, apart) = (peak(&ill, clean), distance(&healthy, &ill, clean));
        if !loudest.is_finite() || apart > poison.apart || apart.is_nan() {
            found.breach(format!(
                "{}: {wait:.1} s after {}, a peak of {loudest:e}, {:.0} dB apart from its twin",
                case.name,
                poison.name,
                10.0 * apart.log10()
            ));
        }
    }
}

fn both(spec: &'static EffectSpec, found: &mut Found) {
    let layouts = layouts(spec);
    poison(&Case::plain(spec, layouts[0], 48_000), found);
    poison(&Case::full(spec, layouts[layouts.len() - 1], 48_000), found);
}

#[test]
fn no_sample_does_lasting_harm() {
    every_effect(Promise::Poison, both);
}
