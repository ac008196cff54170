//! A parameter that moves is not heard to move in steps.
//!
//! A tone of 1 kHz sounds while one parameter travels from 30 to 70 per cent of its knob in 50 ms, then jumps back.
//! Between 3 and 20 kHz lies then no more than −100 dB of it, or no more than lies there when the parameter rests
//! at either end, or on the way (where echoes meet the tone in step, a tape in their loop bends it more than at either end).

use realfft::RealFftPlanner;
use realfft::num_complex::Complex;
use tonmeister_core::{Automatable, Buffer, Event, ParamIndex, ParamKind};
use tonmeister_dsp::testing::{sine, spread};

use crate::cases::{Case, layouts, value_at};
use crate::exempt::Promise;
use crate::report::every_effect;

const RATE: u32 = 48_000;
/// −100 dB.
const MOST: f64 = 1e-10;
/// What rests may differ by from place to place: half a decibel.
const ROOM: f64 = 1.12;

/// Places on the way, in equal factors, that are looked at where both ends are quieter than what moves.
const WAYS: i32 = 16;

/// The tone, faded in.
fn tone(case: &Case, frames: usize) -> Buffer {
    let mut tone = sine(1000.0, 0.5, RATE, frames);
    let fade = case.frames(0.1);
    for (n, x) in tone[..fade].iter_mut().enumerate() {
        *x *= (0.5 - 0.5 * (std::f64::consts::PI * n as f64 / fade as f64).cos()) as f32;
    }
    spread(&tone, case.stream.layout)
}

/// The power between 3 and 20 kHz, and all of it, of the louder channel under a Hann window.
fn high_and_all(buffer: &Buffer, from: usize, to: usize) -> (f64, f64) {
    let frames = to - from;
    let fft = RealFftPlanner::<f64>::new().plan_fft_forward(frames);
    let of = |channel: &[f32]| {
        let window = |n: usize| 0.5 - 0.5 * (std::f64::consts::TAU * n as f64 / frames as f64).cos();
        let mut samples: Vec<f64> =
            channel[from..to].iter().enumerate().map(|(n, x)| f64::from(*x) * window(n)).collect();
        let mut spectrum = fft.make_output_vec();
        fft.process(&mut samples, &mut spectrum).expect("lengths fit");
        let bin = |hz: f64| (hz * frames as f64 / f64::from(RATE)).round() as usize;
        let power = |from: usize, to: usize| spectrum[from..to].iter().map(Complex::norm_sqr).sum::<f64>();
        (power(bin(3000.0), bin(20_000.0)), power(0, spectrum.len()))
    };
    let channels = (0..buffer.layout().channels()).map(|channel| of(buffer.channel(channel)));
    channels.fold((0.0, 0.0), |(high, all), (h, a)| (f64::max(high, h), f64::max(all, a)))
}

/// What is wrong with how this parameter moves, if anything.
fn travel(case: &Case, index: ParamIndex) -> Result<(), String> {
    let (param, _) = case.settings.at(index);
    let (low, high) = (value_at(param, 0.3), value_at(param, 0.7));
    let resting = |value| {
        let mut case = case.clone();
        case.settings.set_at(index, value).map(|()| case).map_err(|error| error.to_string())
    };
    let (low_case, high_case) = (resting(low)?, resting(high)?);
    let latency = low_case.try_build()?.latency().0 as usize;
    let window = case.frames(0.3) + latency;
    let start = case.frames(0.3) + latency;
    let input = tone(case, start + 2 * window);
    let lead = case.frames(0.1);
    let to = |at: usize, value, glide| Event { at: at as u32, param: index, value, glide };
    let events = [to(start + lead, high, case.frames(0.05) as u32), to(start + window + lead, low, 0)];
    let moved = low_case.render(&input, &events);
    let mut rests: Option<[Buffer; 2]> = None;
    for (what, from) in [("a glide", start), ("a jump", start + window)] {
        let (noise, all) = high_and_all(&moved, from, from + window);
        let all = all.max(high_and_all(&input, from, from + window).1);
        if noise <= MOST * all {
            continue;
        }
        let rests = rests.get_or_insert_with(|| [low_case.render(&input, &[]), high_case.render(&input, &[])]);
        let rest = rests.iter().map(|rest| high_and_all(rest, from, from + window).0).fold(0.0, f64::max);
        let between = || {
            let places = (1..WAYS).map(|n| low * (high / low).powf(f64::from(n) / f64::from(WAYS)));
            let on_the_way = |value| Ok(high_and_all(&resting(value)?.render(&input, &[]), from, from + window).0);
            places
                .map(on_the_way)
                .try_fold(rest, |most, power: Result<f64, String>| Ok::<f64, String>(most.max(power?)))
        };
        if noise - ROOM * rest > MOST * all && (low <= 0.0 || high <= 0.0 || noise - ROOM * between()? > MOST * all) {
            let db = |power: f64| 10.0 * (power / all).log10();
            return Err(format!(
                "{what} between {low} and {high} leaves {:.1} dB above 3 kHz; at rest {:.1} dB",
                db(noise),
                db(rest)
            ));
        }
    }
    Ok(())
}

#[test]
fn nothing_zips() {
    every_effect(Promise::Zipper, |spec, found| {
        let case = Case::full(spec, layouts(spec)[0], RATE);
        let mut done = Vec::new();
        for index in case.movable() {
            let (param, _) = case.settings.at(index);
            let name = case.name_of(index);
            let number = matches!(param.kind, ParamKind::Number { .. } | ParamKind::Integer { .. });
            if param.automatable != Automatable::Smooth || !number || done.contains(&name) {
                continue;
            }
            if let Err(what) = travel(&case, index) {
                found.breach_of(&name, what);
            }
            done.push(name);
        }
    });
}
