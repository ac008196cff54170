use std::sync::Arc;

use tonmeister_core::{Buffer, Context, Effect, Event, Layout, Processor, Settings, Stream, Tail};

use super::Convolution;
use crate::testing::{assert_block_size_does_not_matter, impulse, noise, run, sine, spread, stereo_noise};

const RATE: u32 = 48_000;
const FS: f64 = 48_000.0;

fn stream() -> Stream {
    Stream { sample_rate: RATE, layout: Layout::Stereo, max_block: 4096, seed: 1 }
}

/// Noise that falls by 60 dB in `t60` seconds, behind `before` frames of silence; −90 dB of noise below.
fn fall(seed: u64, t60: f64, seconds: f64, before: usize) -> Vec<f32> {
    let (sound, floor) = (noise(seed, 0.5, (seconds * FS) as usize), noise(seed + 50, 0.5, (seconds * FS) as usize));
    let level = |n: usize| 10f64.powf(-3.0 * n as f64 / FS / t60) as f32;
    let sound = sound.iter().zip(floor).enumerate().map(|(n, (x, floor))| x * level(n) + 3e-5 * floor);
    std::iter::repeat_n(0.0, before).chain(sound).collect()
}

fn hall(t60: f64, seconds: f64, before: usize) -> Buffer {
    Buffer::from_stereo(fall(3, t60, seconds, before), fall(4, t60, seconds, before))
}

/// The recording as it is.
fn plain(room: &Buffer) -> Settings {
    let mut settings = Settings::new(Convolution::SPEC).with("level", 1.0).with("trim", 0.0);
    settings.load("ir", Arc::new(room.clone()));
    settings
}

fn build(settings: &Settings) -> Box<dyn Processor> {
    Convolution::from_settings(settings).build(&stream()).unwrap()
}

/// What comes out for a click on the left.
fn response(settings: &Settings, frames: usize) -> Buffer {
    let mut sound = Buffer::new(Layout::Stereo, frames);
    sound.channel_mut(0)[0] = 1.0;
    sound.channel_mut(1)[0] = 1.0;
    build(settings).process(&mut sound.block(frames), &Context::default());
    sound
}

fn direct(impulse: &[f32], input: &[f32], at: usize) -> f64 {
    impulse.iter().take(at + 1).enumerate().map(|(k, h)| f64::from(*h) * f64::from(input[at - k])).sum()
}

fn energy(samples: &[f32]) -> f64 {
    samples.iter().map(|y| f64::from(*y).powi(2)).sum()
}

fn refusal(settings: &Settings) -> String {
    Convolution::from_settings(settings).build(&stream()).err().unwrap().to_string()
}

#[test]
fn every_kind_of_recording_is_the_direct_sum() {
    // −120 dB are asked for, −134 dB at worst measured.
    let input = stereo_noise(9, 0.5, 30_000);
    let (first, second) = (hall(0.4, 0.5, 100), hall(0.3, 0.45, 0));
    let mono = Buffer::from_mono(first.channel(0).to_vec());
    for (name, ir, ir_right) in
        [("mono", &mono, None), ("stereo", &first, None), ("true stereo", &first, Some(&second))]
    {
        let mut settings = plain(ir);
        if let Some(right) = ir_right {
            settings.load("ir_right", Arc::new(right.clone()));
        }
        let out = run(&mut *build(&settings), &input, &[480], &[]);
        let (mut wrong, mut wanted) = (0.0, 0.0);
        for at in (0..30_000).step_by(311) {
            for side in 0..2 {
                let y = match ir_right {
                    Some(right) => {
                        direct(ir.channel(side), input.channel(0), at)
                            + direct(right.channel(side), input.channel(1), at)
                    }
                    None => direct(ir.channel(side.min(ir.layout().channels() - 1)), input.channel(side), at),
                };
                wanted += y * y;
                wrong += (f64::from(out.channel(side)[at]) - y).powi(2);
            }
        }
        let error = 10.0 * f64::log10(wrong / wanted);
        println!("{name}: {error:.1} dB");
        assert!(error <= -125.0, "{name}: {error:.1} dB");
    }
}

#[test]
fn blocks_do_not_matter() {
    let settings = plain(&hall(0.2, 0.2, 0)).with_item("highpass", &[]).with_item("lowpass", &[]);
    let settings = settings.with_item("duck", &[]);
    let event = |at, address, value, glide| Event { at, param: settings.index_of(address).unwrap(), value, glide };
    let events = [
        event(100, "mix_percent", 30.0, 0),
        event(777, "gain_db", -20.0, 900),
        event(1500, "width_percent", 20.0, 0),
        event(2001, "duck/depth_db", 20.0, 300),
        event(3000, "lowpass/hz", 800.0, 2000),
        event(3100, "highpass/hz", 900.0, 0),
    ];
    assert_block_size_does_not_matter(|| build(&settings), &stereo_noise(5, 0.5, 9000), &events);
}

/// From the energy per frame: a line through −5 to −45 dB of its backward integral (Schroeder 1965).
fn t60(energy: &[f64]) -> f64 {
    let mut left: Vec<f64> = energy.to_vec();
    (0..left.len() - 1).rev().for_each(|n| left[n] += left[n + 1]);
    let level = |n: usize| 10.0 * (left[n] / left[0]).log10();
    let [from, to] = [-5.0, -45.0].map(|db| (0..left.len()).find(|n| level(*n) < db).unwrap());
    let (mx, my) = (0.5 * (from + to - 1) as f64, (from..to).map(level).sum::<f64>() / (to - from) as f64);
    let xy: f64 = (from..to).map(|n| (n as f64 - mx) * (level(n) - my)).sum();
    let xx: f64 = (from..to).map(|n| (n as f64 - mx).powi(2)).sum();
    -60.0 / (xy / xx) / FS
}

#[test]
fn each_band_lasts_as_long_as_asked() {
    // The middle of each band, away from its slopes: octaves at 63 Hz (too few waves to measure closely), 1 and 12 kHz.
    let room = hall(1.0, 1.6, 0);
    for (ratios, octave, wanted) in [
        ([1.0, 0.5, 1.0], 1000.0, 0.5),
        ([1.0, 1.5, 1.0], 1000.0, 1.5),
        ([1.0, 1.0, 0.4], 12_000.0, 0.4),
        ([1.0, 1.0, 0.4], 700.0, 1.0),
        ([0.5, 1.0, 1.0], 2000.0, 1.0),
        ([0.5, 1.0, 1.0], 70.0, 0.5),
    ] {
        let settings = plain(&room).with("low_ratio", ratios[0]).with("decay_ratio", ratios[1]);
        let settings = settings.with("high_ratio", ratios[2]);
        let out = response(&settings, 78_000);
        let mut bands = [0, 1].map(|side| out.channel(side).to_vec());
        for band in &mut bands {
            // Four times each way, so that the skirts do not tell of the neighbors.
            for _ in 0..4 {
                let mut high = crate::delay::cut::Cut::new(super::Side::High, octave * 0.7, RATE);
                let mut low = crate::delay::cut::Cut::new(super::Side::Low, octave * 1.4, RATE);
                for x in band.iter_mut() {
                    *x = low.frame(high.frame([f64::from(*x), 0.0]))[0] as f32;
                }
            }
        }
        let energy: Vec<f64> = (0..78_000).map(|n| bands.iter().map(|b| f64::from(b[n]).powi(2)).sum()).collect();
        let measured = t60(&energy);
        let error = 100.0 * (measured / wanted - 1.0);
        println!("{ratios:?}, {octave} Hz: {measured:.3} s, wanted {wanted}: {error:+.1} %");
        let limit = if octave < 100.0 { 12.0 } else { 5.0 };
        assert!(error.abs() <= limit, "{ratios:?}, {octave} Hz: {measured:.3} s, wanted {wanted}");
    }
}

#[test]
fn early_late_length_reverse_and_trim_do_what_they_say() {
    let room = hall(0.5, 0.6, 2000);
    let whole = response(&plain(&room), 40_000);
    let level = |out: &Buffer, from: usize, to: usize| 10.0 * energy(&out.channel(0)[from..to]).log10();
    // The first sound stands at frame 2000; 80 ms are 3840 frames.
    for (early, late) in [(-6.0, 0.0), (3.0, -12.0)] {
        let out = response(&plain(&room).with("early_db", early).with("late_db", late), 40_000);
        let change = |from, to| level(&out, from, to) - level(&whole, from, to);
        assert!((change(2000, 2000 + 2800) - early).abs() < 0.1);
        assert!((change(2000 + 4900, 20_000) - late).abs() < 0.1);
    }
    let short = response(&plain(&room).with("length_s", 0.2), 40_000);
    assert!(short.channel(0)[..8640].iter().zip(whole.channel(0)).all(|(a, b)| (a - b).abs() < 1e-6));
    assert!(short.channel(0)[9600..].iter().all(|y| y.abs() < 1e-6));
    let frames = room.frames();
    let reverse = response(&plain(&room).with("reverse", 1.0), frames);
    assert!((0..frames).all(|n| (reverse.channel(1)[n] - room.channel(1)[frames - 1 - n]).abs() < 1e-6));
    let trimmed = response(&plain(&room).with("trim", 1.0).with("pre_delay_ms", 10.0), 40_000);
    let first = room.channel(0).iter().zip(room.channel(1)).position(|(l, r)| l.abs().max(r.abs()) >= 0.05).unwrap();
    // A millisecond stays before the first sound; 480 frames of pre-delay come on top.
    let moved = first - 48 - 480;
    assert!((480 + 48..30_000).all(|n| (trimmed.channel(0)[n] - whole.channel(0)[n + moved]).abs() < 1e-6));
    assert!(trimmed.channel(0)[..480].iter().all(|y| y.abs() < 1e-7));
}

#[test]
fn any_recording_is_brought_to_the_level_of_the_sound() {
    // Pink noise by the Voss recipe, against which a room of falling noise must neither lift nor lower.
    let pink = |seed: u64| -> Vec<f32> {
        let rows: Vec<Vec<f32>> = (0..14).map(|row| noise(seed * 20 + row, 0.1, (96_000 >> row) + 1)).collect();
        (0..96_000).map(|n| rows.iter().enumerate().map(|(row, values)| values[n >> row]).sum()).collect()
    };
    let input = Buffer::from_stereo(pink(1), pink(2));
    for gain in [0.01_f32, 3.0] {
        let dark = |channel: &[f32]| -> Vec<f32> {
            let mut state = 0.0;
            channel
                .iter()
                .map(|x| {
                    state += 0.2 * (x * gain - state);
                    state
                })
                .collect()
        };
        let room = hall(0.5, 0.5, 0);
        let room = Buffer::from_stereo(dark(room.channel(0)), dark(room.channel(1)));
        let settings = plain(&room).with("level", 0.0);
        let out = run(&mut *build(&settings), &input, &[512], &[]);
        let power = |b: &Buffer| (0..2).map(|c| energy(&b.channel(c)[48_000..])).sum::<f64>();
        let change = 10.0 * (power(&out) / power(&input)).log10();
        println!("gain {gain}: {change:+.2} dB");
        assert!(change.abs() < 1.0, "gain {gain}: {change:+.2} dB");
    }
}

#[test]
fn the_tail_is_as_long_as_it_says_and_reset_is_birth() {
    let settings = plain(&hall(0.3, 0.7, 0)).with("pre_delay_ms", 100.0);
    let mut processor = build(&settings);
    let Tail::Frames(tail) = processor.tail() else { panic!("it ends") };
    let frames = tail as usize + 20_000;
    let first = run(&mut *processor, &impulse(Layout::Stereo, 0, frames), &[4096], &[]);
    assert!(first.channel(0)[tail as usize..].iter().all(|y| y.abs() < 1e-6));
    let mut bad = Buffer::from_stereo(vec![f32::NAN; 64], vec![f32::INFINITY; 64]);
    processor.process(&mut bad.block(64), &Context::default());
    assert!(bad.channel(0).iter().chain(bad.channel(1)).all(|y| y.is_finite()));
    processor.reset();
    assert!(run(&mut *processor, &impulse(Layout::Stereo, 0, frames), &[4096], &[]) == first);
}

#[test]
fn numbers_move_without_zipper_noise() {
    for (address, value) in [("mix_percent", 25.0), ("width_percent", 25.0), ("gain_db", -12.0)] {
        for glide in [0, 2400] {
            let settings = plain(&hall(0.2, 0.3, 0)).with("level", 0.0);
            let events = [Event { at: 50_000, param: settings.index_of(address).unwrap(), value, glide }];
            let input = spread(&sine(1000.0, 0.5, RATE, 70_000), Layout::Stereo);
            let out = run(&mut *build(&settings), &input, &[512], &events);
            let dirt = crate::delay::probe::band_energy_db(&out.channel(0)[44_000..60_384], RATE, 3000.0, 20_000.0);
            println!("{address} over {glide} frames: {dirt:.1} dB");
            assert!(dirt <= -100.0, "{address} over {glide} frames: {dirt:.1} dB");
        }
    }
}

#[test]
fn what_cannot_sound_is_refused_in_words() {
    assert!(refusal(&Settings::new(Convolution::SPEC)).contains("write `ir = \"hall.wav\"`"));
    assert!(refusal(&plain(&Buffer::new(Layout::Mono, 100))).contains("silent"));
    let mut mixed = plain(&hall(0.2, 0.2, 0));
    mixed.load("ir_right", Arc::new(Buffer::from_mono(fall(1, 0.2, 0.2, 0))));
    assert!(refusal(&mixed).contains("both must have two"));
    let steady = Buffer::from_mono(noise(1, 0.5, 20_000));
    assert!(refusal(&plain(&steady).with("decay_ratio", 0.5)).contains("cannot be measured"));
    assert!(refusal(&plain(&Buffer::from_mono(vec![f32::NAN; 9]))).contains("no numbers"));
}
