use std::time::Instant;

use super::{Convolver, Latency, Path};
use crate::testing::noise;

fn wide(samples: &[f32]) -> Vec<f64> {
    samples.iter().copied().map(f64::from).collect()
}

/// Noise that falls by 60 dB over its length, with a click in front: as a room's impulse response.
fn room(seed: u64, length: usize) -> Vec<f64> {
    let fall = |n: usize| 10f64.powf(-3.0 * n as f64 / length as f64);
    let mut impulse: Vec<f64> =
        noise(seed, 0.3, length).iter().enumerate().map(|(n, x)| f64::from(*x) * fall(n)).collect();
    if let Some(first) = impulse.first_mut() {
        *first = 1.0;
    }
    impulse
}

fn run(convolver: &mut Convolver, input: &[&[f32]], outputs: usize, sizes: &[usize]) -> Vec<Vec<f32>> {
    let frames = input[0].len();
    let mut out = vec![vec![0.0; frames]; outputs];
    let mut at = 0;
    for size in sizes.iter().cycle() {
        let end = (at + size).min(frames);
        let input: Vec<&[f32]> = input.iter().map(|x| &x[at..end]).collect();
        let mut output: Vec<&mut [f32]> = out.iter_mut().map(|y| &mut y[at..end]).collect();
        convolver.process(&input, &mut output);
        at = end;
        if at == frames {
            break;
        }
    }
    out
}

/// The sum itself, at some frames.
fn direct(impulse: &[f64], input: &[f32], at: usize) -> f64 {
    impulse.iter().take(at + 1).enumerate().map(|(k, h)| h * f64::from(input[at - k])).sum()
}

/// The error against the direct sum at each `apart`-th frame, in decibels of the output.
fn error_db(impulse: &[f64], input: &[f32], output: &[f32], late: usize, apart: usize) -> f64 {
    let (mut wrong, mut wanted) = (0.0, 0.0);
    for at in (0..input.len() - late).step_by(apart) {
        let y = direct(impulse, input, at);
        wanted += y * y;
        wrong += (f64::from(output[at + late]) - y).powi(2);
    }
    10.0 * f64::log10(wrong / wanted)
}

#[test]
fn it_is_the_direct_sum_at_every_length_and_latency() {
    // −138 to −142 dB; −120 are asked for.
    let input = noise(3, 0.5, 9000);
    for length in [1, 2, 63, 64, 65, 128, 511, 512, 513, 2047, 2049, 5000, 8200] {
        for latency in [Latency::None, Latency::Frames(64), Latency::Frames(128), Latency::Frames(2048)] {
            let impulse = room(9, length);
            let mut convolver = Convolver::new(1, 1, &[Path { input: 0, output: 0, impulse: &impulse }], latency);
            let late = convolver.latency();
            let out = run(&mut convolver, &[&input], 1, &[480]);
            assert!(out[0][..late].iter().all(|y| *y == 0.0));
            let error = error_db(&impulse, &input, &out[0], late, 37);
            assert!(error <= -130.0, "{length} taps, {latency:?}: {error:.1} dB");
        }
    }
}

#[test]
fn a_long_hall_is_the_direct_sum() {
    // 2.5 s: all sizes of partitions. Measured −139.9 dB.
    let input = noise(4, 0.5, 150_000);
    let impulse = room(5, 120_000);
    let mut convolver = Convolver::new(1, 1, &[Path { input: 0, output: 0, impulse: &impulse }], Latency::None);
    let out = run(&mut convolver, &[&input], 1, &[512]);
    let error = error_db(&impulse, &input, &out[0], 0, 997);
    println!("{convolver:?}: {error:.1} dB");
    assert!(error <= -130.0, "{error:.1} dB");
}

#[test]
fn blocks_do_not_matter() {
    let (left, right) = (noise(1, 0.5, 9000), noise(2, 0.5, 9000));
    let [a, b] = [room(1, 3000), room(2, 2500)];
    for latency in [Latency::None, Latency::Frames(256)] {
        let make = || {
            let paths = [
                Path { input: 0, output: 0, impulse: &a },
                Path { input: 1, output: 1, impulse: &b },
                Path { input: 1, output: 0, impulse: &b[..100] },
            ];
            Convolver::new(2, 2, &paths, latency)
        };
        let whole = run(&mut make(), &[&left, &right], 2, &[9000]);
        for sizes in [&[1][..], &[64], &[4096], &[7, 480, 1, 333, 2048, 31]] {
            assert!(run(&mut make(), &[&left, &right], 2, sizes) == whole, "blocks of {sizes:?}");
        }
        let mut in_place = [left.clone(), right.clone()];
        let mut convolver = make();
        let mut channels = in_place.each_mut().map(|c| &mut c[..]);
        convolver.process_in_place(&mut channels);
        assert!(in_place[..] == whole[..]);
        convolver.reset();
        assert!(run(&mut convolver, &[&left, &right], 2, &[100]) == whole, "after a reset");
    }
}

#[test]
fn paths_cross_and_add_up() {
    let (left, right) = (noise(1, 0.5, 4000), noise(2, 0.5, 4000));
    let [a, b, c] = [room(1, 700), room(2, 1500), room(3, 90)];
    let paths = [
        Path { input: 0, output: 1, impulse: &a },
        Path { input: 1, output: 1, impulse: &b },
        Path { input: 1, output: 0, impulse: &c },
    ];
    let out = run(&mut Convolver::new(2, 2, &paths, Latency::None), &[&left, &right], 2, &[64]);
    for at in (0..4000).step_by(13) {
        let wanted = [direct(&c, &right, at), direct(&a, &left, at) + direct(&b, &right, at)];
        for (out, wanted) in out.iter().zip(wanted) {
            assert!((f64::from(out[at]) - wanted).abs() < 3e-6, "{at}: {}, not {wanted}", out[at]);
        }
    }
}

#[test]
fn silence_and_what_is_no_number() {
    // An impulse response that begins with a second of silence, and is heard after it.
    let mut impulse = vec![0.0; 48_001];
    impulse[48_000] = 0.5;
    let mut convolver = Convolver::new(1, 1, &[Path { input: 0, output: 0, impulse: &impulse }], Latency::None);
    let mut input = vec![0.0_f32; 150_000];
    (input[3], input[10], input[11], input[12]) = (1.0, f32::NAN, f32::INFINITY, 1e-42);
    let out = run(&mut convolver, &[&input], 1, &[512]).remove(0);
    assert!((out[48_003] - 0.5).abs() < 1e-6);
    assert!(out.iter().enumerate().all(|(n, y)| n == 48_003 || y.abs() < 1e-6));
    // And nothing at all comes when there is nothing.
    assert!(out[100_000..].iter().all(|y| *y == 0.0));
    assert_eq!(wide(&run(&mut Convolver::new(1, 1, &[], Latency::None), &[&input[..100]], 1, &[7])[0]), vec![0.0; 100]);
}

#[test]
#[ignore = "a measurement of speed, for a quiet machine"]
fn speed() {
    for (seconds, latency) in [
        (0.1, Latency::None),
        (2.0, Latency::None),
        (2.0, Latency::Frames(64)),
        (2.0, Latency::Frames(1024)),
        (10.0, Latency::None),
    ] {
        let impulse = room(1, (48_000.0 * seconds) as usize);
        let paths = [0, 1].map(|k| Path { input: k, output: k, impulse: &impulse });
        let mut convolver = Convolver::new(2, 2, &paths, latency);
        let [mut left, mut right] = [noise(1, 0.5, 256), noise(2, 0.5, 256)];
        // The work repeats itself every 16 384 frames; the least time of each block of that round is its own.
        let mut least = [f64::INFINITY; 64];
        for _ in 0..60 {
            for least in &mut least {
                let start = Instant::now();
                convolver.process_in_place(&mut [&mut left, &mut right]);
                *least = least.min(start.elapsed().as_secs_f64() * 1e6);
                left.iter_mut().chain(&mut right).for_each(|x| *x = x.clamp(-0.5, 0.5));
            }
        }
        let (mean, most) = (least.iter().sum::<f64>() / 64.0, least.iter().copied().fold(0.0, f64::max));
        println!("{seconds} s, {latency:?}: {mean:.1} µs per 256 stereo frames, {most:.1} at most");
    }
}
