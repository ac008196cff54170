use std::time::Instant;

use tonmeister_core::{Buffer, Context, Effect, Event, Layout, ParamIndex, Processor, Settings, Stream, Tail};

use super::Delay;
use crate::testing::{assert_block_size_does_not_matter, impulse, run, sine, spread, stereo_noise};

const RATE: u32 = 48_000;

fn stream() -> Stream {
    Stream { sample_rate: RATE, layout: Layout::Stereo, max_block: 4096, seed: 1 }
}

fn settings() -> Settings {
    Settings::new(Delay::SPEC)
}

fn number(settings: &Settings, address: &str) -> ParamIndex {
    settings.index_of(address).unwrap()
}

fn build(settings: &Settings) -> Box<dyn Processor> {
    Delay::from_settings(settings).build(&stream()).unwrap()
}

/// Frames and heights of everything above 1e-4.
fn echoes(samples: &[f32]) -> Vec<(usize, f32)> {
    samples.iter().copied().enumerate().filter(|(_, y)| y.abs() > 1e-4).collect()
}

fn db(x: f64) -> f64 {
    20.0 * x.log10()
}

#[test]
fn stereo_echoes_come_when_and_as_loud_as_written() {
    let settings = settings().with("time_ms", 100.0).with("right_percent", 75.0).with("feedback_percent", 50.0);
    let out = run(&mut *build(&settings), &impulse(Layout::Stereo, 10, 20_000), &[512], &[]);
    assert_eq!(echoes(out.channel(0))[..3], [(4810, 1.0), (9610, 0.5), (14_410, 0.25)]);
    assert_eq!(echoes(out.channel(1))[..3], [(3610, 1.0), (7210, 0.5), (10_810, 0.25)]);
}

#[test]
fn ping_pong_bounces() {
    let settings = settings().with("time_ms", 100.0).with("feedback_percent", 50.0).with("mode", 1.0);
    let out = run(&mut *build(&settings), &impulse(Layout::Stereo, 0, 20_000), &[512], &[]);
    assert_eq!(echoes(out.channel(0)), [(4800, 1.0), (14_400, 0.25)]);
    assert_eq!(echoes(out.channel(1)), [(9600, 0.5), (19_200, 0.125)]);
}

#[test]
fn mix_goes_from_dry_to_wet() {
    let input = stereo_noise(1, 0.5, 6000);
    let dry = run(&mut *build(&settings().with("mix_percent", 0.0)), &input, &[512], &[]);
    assert_eq!(dry, input);
    let half = settings().with("mix_percent", 50.0).with("time_ms", 10.0).with("feedback_percent", 0.0);
    let out = run(&mut *build(&half), &input, &[512], &[]);
    for n in 480..6000 {
        let expected = 0.5 * (input.channel(0)[n] + input.channel(0)[n - 480]);
        assert!((out.channel(0)[n] - expected).abs() < 1e-7);
    }
}

#[test]
fn every_echo_is_filtered_once_more() {
    // A long tone, so that each echo shows the steady gain of the filters.
    let tone = |hz: f64| {
        let mut samples = sine(hz, 0.5, RATE, 24_000);
        samples.resize(110_000, 0.0);
        spread(&samples, Layout::Stereo)
    };
    let plain = settings().with("time_ms", 700.0).with("feedback_percent", 80.0);
    let cut = plain.clone().with_item("highpass", &[("hz", 200.0)]).with_item("lowpass", &[("hz", 5000.0)]);
    for (hz, expected) in [(200.0, -3.01), (1000.0, -0.01), (5000.0, -3.01)] {
        let [plain, cut] = [&plain, &cut].map(|s| run(&mut *build(s), &tone(hz), &[512], &[]));
        for echo in 1..=2 {
            let level = |b: &Buffer| {
                let at = echo * 33_600 + 12_000;
                db(b.channel(0)[at..at + 9600].iter().map(|y| f64::from(y * y)).sum::<f64>().sqrt())
            };
            let gain = level(&cut) - level(&plain);
            assert!((gain - expected * echo as f64).abs() < 0.1, "{hz} Hz, echo {echo}: {gain:.3} dB");
        }
    }
}

#[test]
fn full_feedback_stays_bounded_and_lives_on() {
    for mode in [0.0, 1.0] {
        let settings = settings().with("time_ms", 3.17).with("feedback_percent", 100.0).with("mode", mode);
        let mut processor = build(&settings);
        assert_eq!(processor.tail(), Tail::Endless);
        // Fed at full scale for ten seconds with a tone that adds up in the loop.
        let input = spread(&sine(1000.0 / 3.17 * 2.0, 1.0, RATE, 480_000), Layout::Stereo);
        let out = run(&mut *processor, &input, &[4096], &[]);
        let peak = out.channel(0).iter().chain(out.channel(1)).fold(0.0_f32, |a, y| a.max(y.abs()));
        assert!(peak > 1.0 && peak <= 3.0, "{peak}");
        let mut after = Buffer::new(Layout::Stereo, 48_000);
        processor.process(&mut after.block(48_000), &Context::default());
        assert!(after.channel(0)[47_000..].iter().any(|y| y.abs() > 0.1));
    }
}

#[test]
fn below_full_scale_the_loop_is_linear() {
    let settings = settings().with("time_ms", 3.171).with("feedback_percent", 60.0);
    let input = stereo_noise(3, 0.2, 9600);
    let quiet = run(&mut *build(&settings), &input, &[512], &[]);
    let mut half = input.clone();
    half.block(9600).channels_mut().for_each(|c| c.iter_mut().for_each(|x| *x *= 0.5));
    let half = run(&mut *build(&settings), &half, &[512], &[]);
    for (a, b) in quiet.channel(0).iter().zip(half.channel(0)) {
        assert!((a - 2.0 * b).abs() < 1e-7);
    }
}

#[test]
fn changes_of_time_never_jump() {
    // The steepest step of the output while a 1 kHz tone's delay changes, against the tone's own.
    let input = spread(&sine(1000.0, 0.5, RATE, 96_000), Layout::Stereo);
    let own = 0.5 * std::f32::consts::TAU * 1000.0 / 48_000.0;
    for change in [0.0, 1.0] {
        let settings = settings().with("time_ms", 100.0).with("feedback_percent", 0.0).with("change", change);
        let param = number(&settings, "time_ms");
        for (value, glide) in [(101.3, 0), (250.25, 0), (30.0, 0), (20.0, 4800)] {
            let events = [Event { at: 24_000, param, value, glide }];
            let out = run(&mut *build(&settings), &input, &[512], &events);
            let steepest = out.channel(0)[10_000..].windows(2).map(|w| (w[1] - w[0]).abs()).fold(0.0, f32::max);
            assert!(steepest < 1.6 * own, "change {change} to {value}: {:.2} times the tone's own", steepest / own);
            // And it arrives.
            let frame = 95_000;
            let delay = (value * 48.0) as f32;
            let ideal = 0.5 * (f64::from(frame as f32 - delay) * std::f64::consts::TAU / 48.0).sin();
            assert!((f64::from(out.channel(0)[frame]) - ideal).abs() < 1e-3, "change {change} to {value}");
        }
    }
}

#[test]
fn a_crossfade_keeps_the_pitch_and_a_glide_bends_it() {
    let input = spread(&sine(1000.0, 0.5, RATE, 96_000), Layout::Stereo);
    let crossings = |change| {
        let settings = settings().with("time_ms", 100.0).with("feedback_percent", 0.0).with("change", change);
        let param = number(&settings, "time_ms");
        let events = [Event { at: 24_000, param, value: 300.0, glide: 0 }];
        let out = run(&mut *build(&settings), &input, &[512], &events);
        // The 100 ms after the change, clear of the fade's 30.
        out.channel(0)[26_000..30_800].windows(2).filter(|w| w[0] < 0.0 && w[1] >= 0.0).count()
    };
    assert_eq!(crossings(0.0), 100);
    assert!((48..70).contains(&crossings(1.0)), "{}", crossings(1.0));
}

#[test]
fn ducking_takes_what_the_dry_signal_exceeds() {
    let hits = settings().with("time_ms", 1000.0).with("feedback_percent", 0.0);
    let ducked = hits.clone().with_item("duck", &[("threshold_db", -30.0), ("depth_db", 12.0), ("release_ms", 100.0)]);
    // Two seconds of tone: the first second is heard as an echo under the second one, then alone.
    for (peak_db, expected) in [(-20.0, -10.0), (-6.0, -12.0), (-50.0, 0.0)] {
        let mut samples = sine(1000.0, 10f64.powf(peak_db / 20.0), RATE, 96_000);
        samples.resize(144_000, 0.0);
        let input = spread(&samples, Layout::Stereo);
        let [plain, ducked] = [&hits, &ducked].map(|s| run(&mut *build(s), &input, &[512], &[]));
        let level = |b: &Buffer, at: usize| {
            db(b.channel(0)[at..at + 4800].iter().map(|y| f64::from(y * y)).sum::<f64>().sqrt())
        };
        let under = level(&ducked, 90_000) - level(&plain, 90_000);
        assert!((under - expected).abs() < 0.3, "{peak_db} dB: {under:.2} dB under the tone");
        let alone = level(&ducked, 138_000) - level(&plain, 138_000);
        assert!(alone.abs() < 0.1, "{peak_db} dB: {alone:.2} dB after it");
    }
}

#[test]
fn numbers_move_without_zipper_noise() {
    // −12 dB (the mix) and +12 (the feedback), in 50 ms and at once; energy from 3 to 20 kHz around a 1 kHz tone.
    for (address, from, value) in [("mix_percent", 100.0, 25.0), ("feedback_percent", 0.0, 75.0)] {
        for glide in [0, 2400] {
            let settings = settings().with("time_ms", 10.0).with("feedback_percent", 0.0).with(address, from);
            let param = number(&settings, address);
            let events = [Event { at: 20_000, param, value, glide }];
            // Quiet enough for the sum of all echoes to stay below full scale, where the loop is linear.
            let input = spread(&sine(1000.0, 0.1, RATE, 48_000), Layout::Stereo);
            let out = run(&mut *build(&settings), &input, &[512], &events);
            let dirt = super::probe::band_energy_db(&out.channel(0)[16_000..32_384], RATE, 3000.0, 20_000.0);
            assert!(dirt <= -100.0, "{address} over {glide} frames: {dirt:.1} dB");
        }
    }
}

#[test]
fn blocks_do_not_matter() {
    let settings = settings()
        .with("time_ms", 7.31)
        .with("right_percent", 83.0)
        .with_item("highpass", &[])
        .with_item("lowpass", &[])
        .with_item("duck", &[]);
    let event = |at, address, value, glide| Event { at, param: number(&settings, address), value, glide };
    let events = [
        event(100, "time_ms", 20.0, 0),
        event(700, "mix_percent", 40.0, 3000),
        event(700, "lowpass/hz", 900.0, 1500),
        event(1999, "right_percent", 120.0, 700),
        event(2500, "duck/depth_db", 20.0, 0),
        event(2500, "feedback_percent", 90.0, 100),
        event(6001, "time_ms", 4.0, 1000),
        event(7000, "highpass/hz", 1900.0, 0),
    ];
    for (mode, change) in [(0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0)] {
        let settings = settings.clone().with("mode", mode).with("change", change);
        assert_block_size_does_not_matter(|| build(&settings), &stereo_noise(5, 0.5, 12_000), &events);
    }
}

#[test]
fn reset_is_birth_and_nothing_poisons_the_loop() {
    let settings = settings().with("time_ms", 5.03).with("feedback_percent", 100.0).with_item("lowpass", &[]);
    let mut processor = build(&settings);
    let input = stereo_noise(8, 0.5, 4000);
    let first = run(&mut *processor, &input, &[512], &[]);
    let mut bad = Buffer::from_stereo(vec![f32::NAN; 64], vec![f32::INFINITY; 64]);
    processor.process(&mut bad.block(64), &Context::default());
    let mut after = Buffer::new(Layout::Stereo, 2000);
    processor.process(&mut after.block(2000), &Context::default());
    assert!(after.channel(0)[..].iter().chain(after.channel(1)).all(|y| y.is_finite()));
    processor.reset();
    assert_eq!(run(&mut *processor, &input, &[512], &[]), first);
}

#[test]
fn the_tail_is_as_long_as_it_says() {
    let settings = settings().with("time_ms", 20.0).with("feedback_percent", 70.0).with_item("highpass", &[]);
    let mut processor = build(&settings);
    let Tail::Frames(tail) = processor.tail() else { panic!("it ends") };
    let mut out = impulse(Layout::Stereo, 0, tail as usize + 1000);
    processor.process(&mut out.block(tail as usize + 1000), &Context::default());
    assert!(out.channel(0)[tail as usize..].iter().all(|y| y.abs() < 1e-6));
}

#[test]
fn what_cannot_sound_is_refused_in_words() {
    let mono = Stream { layout: Layout::Mono, ..stream() };
    assert!(Delay::from_settings(&settings()).build(&mono).is_err());
    let low = Stream { sample_rate: 8000, ..stream() };
    let error = Delay::from_settings(&settings().with_item("lowpass", &[])).build(&low).err().unwrap();
    assert!(error.to_string().contains("above half of 8000 Hz"), "{error}");
}

#[test]
#[ignore = "a measurement of speed, for a quiet machine"]
fn speed() {
    let full = settings().with_item("highpass", &[]).with_item("lowpass", &[]).with_item("duck", &[]);
    for (name, settings) in [
        ("whole frames", settings()),
        ("between frames", settings().with("time_ms", 333.333)),
        ("between frames, filters and ducking", full.with("time_ms", 333.333)),
        ("whole frames, on tape", settings().with_item("tape", &[])),
    ] {
        let mut processor = build(&settings);
        let mut buffer = stereo_noise(1, 0.5, 48_000);
        let start = Instant::now();
        for _ in 0..20 {
            for at in (0..48_000).step_by(480) {
                processor.process(&mut buffer.block_range(at, at + 480), &Context::default());
            }
        }
        println!("{name}: {:.1} ns per frame", start.elapsed().as_nanos() as f64 / 960_000.0);
    }
}

#[test]
fn taps_come_when_where_and_as_loud_as_written() {
    let settings = settings()
        .with("time_ms", 100.0)
        .with("feedback_percent", 50.0)
        .with("echo_percent", 0.0)
        .with_item("taps", &[("time_ms", 25.0), ("level_db", 0.0), ("pan", -1.0)])
        .with_item("taps", &[("time_ms", 50.0), ("level_db", -6.0), ("pan", 0.5)]);
    let out = run(&mut *build(&settings), &impulse(Layout::Stereo, 0, 12_000), &[512], &[]);
    let energy = |channel: usize, at: usize| {
        let part = &out.channel(channel)[at - 2..at + 200];
        db(part.iter().map(|y| f64::from(y * y)).sum::<f64>().sqrt())
    };
    // The low-pass of 22 kHz at 48 kHz takes 0.6 dB of the energy of an impulse.
    assert!((energy(0, 1200) + 0.6).abs() < 0.2 && energy(1, 1200) < -100.0);
    let theta = 1.5 * std::f64::consts::FRAC_PI_4;
    assert!((energy(0, 2400) - db(theta.cos()) + 6.6).abs() < 0.2);
    assert!((energy(1, 2400) - db(theta.sin()) + 6.6).abs() < 0.2);
    // They hear the repeats as well, half as loud; the main echo is silent.
    assert!((energy(0, 6000) + 6.6).abs() < 0.2 && energy(0, 4800) < -40.0);
}

#[test]
fn each_tap_has_filters_of_its_own() {
    let tap = |extra: (&str, f64)| {
        let plain = settings().with("echo_percent", 0.0).with("feedback_percent", 0.0);
        plain.with_item("taps", &[("time_ms", 10.0), ("level_db", 0.0), ("pan", -1.0), extra])
    };
    let level = |settings: &Settings, hz: f64| {
        let out = run(&mut *build(settings), &spread(&sine(hz, 0.5, RATE, 24_000), Layout::Stereo), &[512], &[]);
        db(out.channel(0)[9600..19_200].iter().map(|y| f64::from(y * y)).sum::<f64>().sqrt()
            / (0.125_f64 * 9600.0).sqrt())
    };
    assert!((level(&tap(("lowpass_hz", 1000.0)), 1000.0) + 3.01).abs() < 0.05);
    assert!((level(&tap(("highpass_hz", 1000.0)), 1000.0) + 3.01).abs() < 0.05);
    assert!(level(&tap(("lowpass_hz", 1000.0)), 8000.0) < -17.0 && level(&tap(("highpass_hz", 1000.0)), 125.0) < -17.0);
}

#[test]
fn a_driven_tape_stays_bounded_at_full_feedback_and_keeps_the_time() {
    for mode in [0.0, 1.0] {
        let settings = settings().with("time_ms", 3.17).with("feedback_percent", 100.0).with("mode", mode);
        let settings = settings.with_item("tape", &[("drive_db", 12.0)]).with_item("wow", &[("wow_percent", 0.0)]);
        let mut processor = build(&settings);
        let noise = run(&mut *processor, &stereo_noise(2, 1.0, 240_000), &[4096], &[]);
        let peak = |b: &Buffer| b.channel(0).iter().chain(b.channel(1)).fold(0.0_f32, |a, y| a.max(y.abs()));
        assert!(peak(&noise) < 2.0, "{}", peak(&noise));
    }
    // A low tone's first echo comes at 20 ms to a hundredth of a frame.
    let settings =
        settings().with("time_ms", 20.0).with("feedback_percent", 0.0).with_item("tape", &[("drive_db", 0.0)]);
    let input = spread(&sine(200.0, 1e-3, RATE, 24_000), Layout::Stereo);
    let out = run(&mut *build(&settings), &input, &[512], &[]);
    let (mut re, mut im) = (0.0, 0.0);
    for n in 4800..14_400 {
        let phase = std::f64::consts::TAU * 200.0 / 48_000.0 * (n as f64 - 960.0);
        re += f64::from(out.channel(0)[n]) * phase.sin();
        im += f64::from(out.channel(0)[n]) * phase.cos();
    }
    let late = -im.atan2(re) / (std::f64::consts::TAU * 200.0 / 48_000.0);
    assert!(late.abs() < 0.01, "{late:.4} frames");
}

#[test]
fn the_tape_makes_no_wrong_notes_however_often_an_echo_comes_round() {
    // SOUND: −80 dB up to 20 kHz. A full-scale tone that goes on, so that every repeat there will ever be is in it; what
    // is no multiple of it, strongest line against the tone. Measured: −97 dB; without oversampling it was −19 dB.
    const SIZE: usize = 16_384;
    let mut worst = (f64::NEG_INFINITY, String::new());
    for rate in [44_100_u32, 48_000] {
        for (place, near) in
            [997.0, 3001.0, 5003.0, 7001.0, 9001.0, 11_003.0, 13_001.0, 15_013.0].into_iter().enumerate()
        {
            let tone = (near * SIZE as f64 / f64::from(rate)) as usize | 1;
            let samples = sine(tone as f64 * f64::from(rate) / SIZE as f64, 1.0, rate, 3 * SIZE);
            let input = spread(&samples, Layout::Stereo);
            for drive in [0.0, 6.0, 12.0, 20.0, 30.0] {
                let time = [10.0, 7.31, 4.003][place % 3];
                let settings = settings().with("time_ms", time).with("feedback_percent", 80.0);
                let settings = settings.with_item("tape", &[("drive_db", drive)]);
                let stream = Stream { sample_rate: rate, ..stream() };
                let mut delay = Delay::from_settings(&settings).build(&stream).unwrap();
                let out = run(&mut *delay, &input, &[4096], &[]);
                let powers = super::probe::powers(&out.channel(0)[2 * SIZE..]);
                let top = (20_000.0 * SIZE as f64 / f64::from(rate)) as usize;
                // The window of the spectrum is six bins wide.
                let alien = |at: &usize| (6..=tone - 6).contains(&(at % tone));
                let wrong = (6..top).filter(alien).map(|at| powers[at]).fold(0.0, f64::max);
                let level = 10.0 * (wrong / powers[tone]).log10();
                if level > worst.0 {
                    worst = (level, format!("{near} Hz, {drive} dB, every {time} ms, at {rate}"));
                }
            }
        }
    }
    println!("wrong notes of the tape: {:.1} dB, {}", worst.0, worst.1);
    assert!(worst.0 <= -80.0, "{:.1} dB, {}", worst.0, worst.1);
}

#[test]
fn a_tape_cannot_be_heard_before_it_is_wound() {
    // A time that is too short becomes the shortest: 32 frames together, 16 of the interpolation, and 123 of latency.
    for (time, expected) in [(0.1, 171), (2.0, 171), (4.0, 192), (100.0, 4800)] {
        let settings = settings().with("time_ms", time).with("feedback_percent", 0.0);
        let settings = settings.with_item("tape", &[("drive_db", 0.0)]);
        let mut input = Buffer::new(Layout::Stereo, 6000);
        input.block(6000).channels_mut().for_each(|c| c[10] = 1e-3);
        let out = run(&mut *build(&settings), &input, &[100], &[]);
        let peak = (0..6000).max_by(|a, b| out.channel(0)[*a].abs().total_cmp(&out.channel(0)[*b].abs()));
        assert_eq!(peak, Some(10 + expected), "{time} ms");
    }
}

#[test]
fn wow_and_flutter_bend_as_far_as_written() {
    // The echo of a tone against the tone at the moved time. Reached: −90 dB or less.
    for change in [0.0, 1.0] {
        let settings = settings().with("time_ms", 50.0).with("feedback_percent", 0.0).with("change", change);
        let settings = settings.with_item("wow", &[("wow_percent", 0.5), ("flutter_percent", 0.2)]);
        let out = run(&mut *build(&settings), &spread(&sine(3000.0, 0.5, RATE, 96_000), Layout::Stereo), &[512], &[]);
        let turn = std::f64::consts::TAU;
        let (mut wanted, mut wrong) = (0.0, 0.0);
        for n in 5000..96_000 {
            let sway = |hz: f64, percent: f64| {
                0.01 * percent * 48_000.0 / (turn * hz) * (turn * hz * (n as f64 + 1.0) / 48_000.0).sin()
            };
            let delay = 2400.0 + sway(0.7, 0.5) + sway(7.3, 0.2);
            let ideal = 0.5 * (turn * 3000.0 / 48_000.0 * (n as f64 - delay)).sin();
            wanted += ideal * ideal;
            wrong += (f64::from(out.channel(0)[n]) - ideal).powi(2);
        }
        let error = 10.0 * f64::log10(wrong / wanted);
        assert!(error < -80.0, "{error:.1} dB");
    }
}

#[test]
fn blocks_do_not_matter_to_tape_and_taps() {
    let settings = settings()
        .with("time_ms", 7.31)
        .with_item("tape", &[])
        .with_item("wow", &[])
        .with_item("taps", &[("time_ms", 3.0)])
        .with_item("taps", &[("time_ms", 11.7), ("lowpass_hz", 3000.0)]);
    let event = |at, address, value, glide| Event { at, param: number(&settings, address), value, glide };
    let events = [
        event(100, "taps/1/time_ms", 20.0, 0),
        event(700, "tape/drive_db", 20.0, 3000),
        event(900, "wow/wow_percent", 1.0, 0),
        event(1999, "taps/2/pan", 1.0, 700),
        event(2500, "echo_percent", 30.0, 0),
        event(2500, "taps/2/lowpass_hz", 400.0, 100),
        event(6001, "taps/2/time_ms", 4.0, 1000),
    ];
    for change in [0.0, 1.0] {
        let settings = settings.clone().with("change", change);
        assert_block_size_does_not_matter(|| build(&settings), &stereo_noise(5, 0.5, 12_000), &events);
    }
}
