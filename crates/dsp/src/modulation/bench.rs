//! What every effect of this shelf is asked in its tests.

use tonmeister_core::{
    Automatable, Buffer, Context, Effect, Event, Layout, ParamIndex, ParamKind, Processor, Settings, Stream, Tail,
};

use crate::delay::probe::powers;
use crate::testing::{assert_block_size_does_not_matter, impulse, noise, run, sine, spread, stereo_noise};

/// The rate of most tests.
pub(crate) const RATE: u32 = 48_000;

pub(crate) fn at_rate<E: Effect>(settings: &Settings, layout: Layout, sample_rate: u32) -> Box<dyn Processor> {
    E::from_settings(settings).build(&Stream { sample_rate, layout, max_block: 4096, seed: 1 }).unwrap()
}

pub(crate) fn stereo<E: Effect>(settings: &Settings) -> Box<dyn Processor> {
    at_rate::<E>(settings, Layout::Stereo, RATE)
}

pub(crate) fn mono<E: Effect>(settings: &Settings) -> Box<dyn Processor> {
    at_rate::<E>(settings, Layout::Mono, RATE)
}

pub(crate) fn assert_near(a: &Buffer, b: &Buffer, limit: f32) {
    for c in 0..a.layout().channels() {
        let worst = a.channel(c).iter().zip(b.channel(c)).fold(0.0_f32, |w, (a, b)| w.max((a - b).abs()));
        assert!(worst <= limit, "channel {c}: {worst}");
    }
}

/// Moves each parameter between two values by a jump and over 50 ms while a 1 kHz tone sounds, and asks for less than
/// `limit` dB between 3 and 20 kHz against what lies below.
pub(crate) fn assert_no_zipper<E: Effect>(settings: &Settings, moves: &[(&str, f64, f64)], limit: f64) {
    let input = spread(&sine(1000.0, 0.25, RATE, 48_000), Layout::Stereo);
    assert_no_zipper_on::<E>(settings, moves, limit, &input);
}

/// The same with another tone: one second of stereo.
pub(crate) fn assert_no_zipper_on<E: Effect>(
    settings: &Settings,
    moves: &[(&str, f64, f64)],
    limit: f64,
    input: &Buffer,
) {
    for (address, from, to) in moves {
        let mut settings = settings.clone();
        let param = settings.index_of(address).unwrap();
        settings.set_at(param, *from).unwrap();
        let still = run(&mut *stereo::<E>(&settings), input, &[512], &[]);
        println!("{address} still: {:.1} dB", dirt_db(&still.channel(0)[11_808..28_192]));
        for glide in [0, 2400] {
            let events = [Event { at: 20_000, param, value: *to, glide }];
            let out = run(&mut *stereo::<E>(&settings), input, &[512], &events);
            for c in 0..2 {
                let dirt = dirt_db(&out.channel(c)[11_808..28_192]);
                println!("{address} over {glide} frames: {dirt:.1} dB");
                assert!(dirt <= limit, "{address} over {glide} frames: {dirt:.1} dB");
            }
        }
    }
}

/// Energy from 3 to 20 kHz against all below, in decibels.
fn dirt_db(samples: &[f32]) -> f64 {
    let powers = powers(samples);
    let bin = |hz: f64| (hz * samples.len() as f64 / f64::from(RATE)) as usize;
    let sum = |from: usize, to: usize| powers[from..to].iter().sum::<f64>();
    10.0 * (sum(bin(3000.0), bin(20_000.0)) / sum(0, bin(3000.0))).log10()
}

/// Block sizes do not matter while everything moves, reset is birth, the tail is true, what is no number does no lasting
/// harm, every rate works.
pub(crate) fn assert_house_rules<E: Effect>(settings: &Settings) {
    let layouts: &[Layout] = if E::SPEC.stereo_only { &[Layout::Stereo] } else { &[Layout::Mono, Layout::Stereo] };
    let events = everything_moves(settings);
    for &layout in layouts {
        let build = || at_rate::<E>(settings, layout, RATE);
        let input = match layout {
            Layout::Mono => Buffer::from_mono(noise(5, 0.5, 9000)),
            Layout::Stereo => stereo_noise(5, 0.5, 9000),
        };
        assert_block_size_does_not_matter(build, &input, &events);

        let mut processor = build();
        let first = run(&mut *processor, &input, &[512], &[]);
        let mut bad = spread(&[f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1.0].repeat(16), layout);
        processor.process(&mut bad.block(64), &Context::default());
        assert!((0..layout.channels()).all(|c| bad.channel(c).iter().all(|y| y.is_finite())));
        processor.reset();
        assert_eq!(run(&mut *processor, &input, &[512], &[]), first);

        let mut processor = build();
        let Tail::Frames(tail) = processor.tail() else { panic!("it ends") };
        let end = (processor.latency().0 + tail) as usize;
        let mut out = impulse(layout, 0, end + 20_000);
        let frames = out.frames();
        processor.process(&mut out.block(frames), &Context::default());
        for c in 0..layout.channels() {
            let late = out.channel(c)[end + 1..].iter().fold(0.0_f32, |a, y| a.max(y.abs()));
            assert!(late < 1e-6, "{late} is left after {tail} frames");
        }
        for rate in [8000, 44_100, 96_000, 384_000] {
            let out = run(&mut *at_rate::<E>(settings, layout, rate), &input, &[512], &events);
            assert!((0..layout.channels()).all(|c| out.channel(c).iter().all(|y| y.abs() < 50.0)), "{rate} Hz");
        }
    }
}

/// Every parameter that may move goes to one end of its range and comes back.
fn everything_moves(settings: &Settings) -> Vec<Event> {
    let mut events = Vec::new();
    for param in (0..settings.count() as u32).map(ParamIndex) {
        let (spec, value) = settings.at(param);
        let end = match spec.kind {
            ParamKind::Number { max, .. } => max,
            ParamKind::Choice(choices) => choices.len() as f64 - 1.0,
            _ => continue,
        };
        if spec.automatable != Automatable::Fixed {
            events.push(Event { at: 100 + 300 * param.0, param, value: end, glide: 1000 * (param.0 % 2) });
            events.push(Event { at: 5001 + 200 * param.0, param, value, glide: 700 * ((param.0 + 1) % 2) });
        }
    }
    events.sort_by_key(|event| event.at);
    events
}
