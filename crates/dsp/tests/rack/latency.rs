//! The output is late by exactly what `latency` says.

use realfft::RealFftPlanner;
use tonmeister_core::Layout;

use crate::cases::{Case, layouts};
use crate::exempt::Promise;
use crate::report::every_effect;

/// The lag at which the output is most like the input.
fn lag(input: &[f32], output: &[f32]) -> isize {
    let size = (2 * input.len()).next_power_of_two();
    let mut planner = RealFftPlanner::<f64>::new();
    let (forward, back) = (planner.plan_fft_forward(size), planner.plan_fft_inverse(size));
    let spectrum = |samples: &[f32]| {
        let mut padded: Vec<f64> = samples.iter().map(|x| f64::from(*x)).collect();
        padded.resize(size, 0.0);
        let mut spectrum = forward.make_output_vec();
        forward.process(&mut padded, &mut spectrum).expect("lengths fit");
        spectrum
    };
    let mut product: Vec<_> = spectrum(input).iter().zip(spectrum(output)).map(|(a, b)| a.conj() * b).collect();
    product[0].im = 0.0;
    product[size / 2].im = 0.0;
    let mut likeness = back.make_output_vec();
    back.process(&mut product, &mut likeness).expect("lengths fit");
    let best = (0..size).max_by(|a, b| likeness[*a].abs().total_cmp(&likeness[*b].abs())).unwrap_or(0);
    if best > size / 2 { best as isize - size as isize } else { best as isize }
}

#[test]
fn the_output_is_late_by_the_latency() {
    every_effect(Promise::Latency, |spec, found| {
        let full = |rate| Case::full(spec, Layout::Stereo, rate);
        let all = layouts(spec).iter().map(|layout| Case::plain(spec, *layout, 48_000));
        for case in all.chain([full(44_100), full(96_000)]) {
            let latency = case.latency();
            let input = case.noise(0.3 + latency as f64 / f64::from(case.stream.sample_rate));
            let output = case.render(&input, &[]);
            for channel in 0..input.layout().channels() {
                let found_at = lag(input.channel(channel), output.channel(channel));
                if found_at != latency as isize {
                    found.breach(format!("{}: says {latency}, is late by {found_at} frames", case.name));
                }
            }
        }
    });
}

#[test]
fn a_mix_of_nothing_is_the_input_late_by_the_latency() {
    every_effect(Promise::Dry, |spec, found| {
        if !spec.params.iter().any(|param| param.id == "mix_percent") {
            return;
        }
        let full = |layout, rate| Case::full(spec, layout, rate);
        let all = layouts(spec).iter().map(|layout| full(*layout, 48_000));
        for mut case in all.chain([full(Layout::Stereo, 44_100), Case::drawn(spec, Layout::Stereo, 96_000, 1)]) {
            case.settings.set("mix_percent", 0.0).unwrap();
            let latency = case.latency();
            let input = case.noise(0.1 + latency as f64 / f64::from(case.stream.sample_rate));
            let output = case.render(&input, &[]);
            let worst = (0..input.layout().channels()).flat_map(|channel| {
                let pairs = input.channel(channel).iter().zip(&output.channel(channel)[latency..]);
                pairs.map(|(a, b)| f64::from((a - b).abs()))
            });
            let worst = worst.fold(0.0, f64::max);
            // −140 dB of full scale, and a rounding.
            if worst > 1.6e-7 {
                found.breach_of("mix_percent", format!("{}: {worst:e} away from the dry sound", case.name));
            }
        }
    });
}
