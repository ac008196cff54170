//! Tests of the space as an acoustician would measure it: from its impulse responses.

use std::f64::consts::TAU;
use std::sync::OnceLock;

use realfft::RealFftPlanner;
use realfft::num_complex::Complex;
use tonmeister_core::{Buffer, Context, Effect, Layout, Settings, Stream};

use super::decay::center;
use super::{Reverb, curve, tuning};

const RATE: u32 = 48_000;
const FS: f64 = 48_000.0;

fn settings(kind: usize) -> Settings {
    Settings::new(Reverb::SPEC).with("kind", kind as f64).with("pre_delay_ms", 0.0)
}

fn name(kind: usize) -> &'static str {
    super::KINDS[kind].id
}

/// Without modulation and with the same decay everywhere.
fn plain(kind: usize, decay_s: f64) -> Settings {
    let flat = settings(kind).with("low_ratio", 1.0).with("high_ratio", 1.0);
    flat.with("decay_s", decay_s).with("modulation_percent", 0.0)
}

/// The response to an impulse of these heights on left and right.
pub(super) fn response(settings: &Settings, heights: [f32; 2], seconds: f64) -> [Vec<f64>; 2] {
    let frames = (seconds * FS) as usize;
    let stream = Stream { sample_rate: RATE, layout: Layout::Stereo, max_block: frames, seed: 1 };
    let mut processor = Reverb::from_settings(settings).build(&stream).unwrap();
    let mut buffer = Buffer::new(Layout::Stereo, frames);
    for (channel, height) in heights.iter().enumerate() {
        buffer.channel_mut(channel)[0] = *height;
    }
    processor.process(&mut buffer.block(frames), &Context::default());
    [0, 1].map(|c| buffer.channel(c).iter().map(|y| f64::from(*y)).collect())
}

/// All four ways through the space: left and right in, left and right out.
pub(super) fn responses(settings: &Settings, seconds: f64) -> Vec<Vec<f64>> {
    let [a, b] = response(settings, [1.0, 0.0], seconds);
    let [c, d] = response(settings, [0.0, 1.0], seconds);
    vec![a, b, c, d]
}

fn db(power: f64) -> f64 {
    10.0 * power.log10()
}

fn energy(signal: &[f64]) -> f64 {
    signal.iter().map(|x| x * x).sum()
}

/// Complex spectrum, zero-padded to `size`.
pub(super) fn spectrum(signal: &[f64], size: usize) -> Vec<Complex<f64>> {
    let mut input = signal.to_vec();
    input.resize(size, 0.0);
    let fft = RealFftPlanner::<f64>::new().plan_fft_forward(size);
    let mut output = fft.make_output_vec();
    fft.process(&mut input, &mut output).unwrap();
    output
}

/// Size of a spectrum with as much silence behind the signal as its band filters may ring.
pub(super) fn roomy(frames: usize) -> usize {
    (2 * frames).next_power_of_two()
}

/// The gain in a band between two frequencies, with slopes of a sixth of an octave (half a cosine over log frequency).
fn within(hz: f64, from: f64, to: f64) -> f64 {
    let slope = |ratio: f64| 0.5 + 0.5 * (std::f64::consts::PI * (6.0 * ratio.log2()).clamp(-0.5, 0.5)).sin();
    if hz == 0.0 { 0.0 } else { slope(hz / from) * slope(to / hz) }
}

/// The energy of a spectrum between two frequencies.
fn band_energy(bins: &[Complex<f64>], from: f64, to: f64) -> f64 {
    let step = FS / 2.0 / (bins.len() - 1) as f64;
    let near = (0.9 * from / step) as usize..((1.1 * to / step) as usize).min(bins.len());
    near.map(|k| bins[k].norm_sqr() * within(k as f64 * step, from, to).powi(2)).sum()
}

/// The part of a signal of so many frames between two frequencies, from its spectrum; and its rate, which is as low as
/// the band allows with a fourfold margin.
pub(super) fn band(bins: &[Complex<f64>], frames: usize, from: f64, to: f64) -> (Vec<f64>, f64) {
    let whole = 2 * (bins.len() - 1);
    let needed = (8.0 * to * 2f64.powf(1.0 / 6.0) / FS * whole as f64) as usize;
    let size = needed.next_power_of_two().min(whole);
    let kept = size / 2 + 1;
    let shape = |(k, bin): (usize, &Complex<f64>)| bin * within(k as f64 * FS / whole as f64, from, to);
    let mut input: Vec<Complex<f64>> = bins[..kept].iter().enumerate().map(shape).collect();
    input[kept - 1] = Complex::default();
    let fft = RealFftPlanner::<f64>::new().plan_fft_inverse(size);
    let mut output = fft.make_output_vec();
    fft.process(&mut input, &mut output).unwrap();
    output.truncate(frames * size / whole);
    (output, FS * size as f64 / whole as f64)
}

/// T60 from the backward-integrated energy of several responses (Schroeder 1965): a line through −5 to −45 dB.
fn t60(parts: &[Vec<f64>], rate: f64) -> f64 {
    let frames = parts[0].len();
    let mut decay = vec![0.0; frames];
    let mut sum = 0.0;
    for n in (0..frames).rev() {
        sum += parts.iter().map(|p| p[n] * p[n]).sum::<f64>();
        decay[n] = sum;
    }
    let level = |n: usize| db(decay[n] / decay[0]);
    // The sum only falls from frame to frame.
    let [from, to] = [-5.0, -45.0].map(|db| decay.partition_point(|e| *e > decay[0] * 10f64.powf(0.1 * db)));
    let count = (to - from) as f64;
    let (mx, my) = ((from..to).map(|n| n as f64).sum::<f64>() / count, (from..to).map(level).sum::<f64>() / count);
    let (mut xy, mut xx) = (0.0, 0.0);
    for n in from..to {
        xy += (n as f64 - mx) * (level(n) - my);
        xx += (n as f64 - mx).powi(2);
    }
    -60.0 / (xy / xx) / rate
}

#[test]
fn each_octave_of_the_response_lasts_as_long_as_asked() {
    for kind in 0..4 {
        let shaped = settings(kind).with("decay_s", 1.5).with("low_ratio", 1.4).with("high_ratio", 0.4);
        for settings in [shaped, plain(kind, 1.5)].into_iter().take(if kind == 0 { 2 } else { 1 }) {
            let curve = curve(&settings);
            let all = responses(&settings, 1.2 * curve.longest());
            let frames = all[0].len();
            let spectra: Vec<_> = all.iter().map(|r| spectrum(r, roomy(frames))).collect();
            for octave in 1..10 {
                let hz = center(octave);
                let (from, to) = (hz / 2f64.powf(0.25), hz * 2f64.powf(0.25));
                let (parts, rates): (Vec<_>, Vec<_>) = spectra.iter().map(|s| band(s, frames, from, to)).unzip();
                let (measured, wanted) = (t60(&parts, rates[0]), curve.at(hz));
                let error = 100.0 * (measured / wanted - 1.0);
                println!("{} {hz} Hz: {measured:.3} s, wanted {wanted:.3}: {error:+.1} %", name(kind));
                assert!(error.abs() <= 5.0, "{} at {hz} Hz: {measured:.3} s, not {wanted:.3}", name(kind));
            }
        }
    }
}

/// The time in ms after the first arrival at which the normalized echo density (Abel and Huang 2006; Hann window of
/// 25 ms) first reaches 0.9.
fn dense_after_ms(response: &[f64]) -> f64 {
    let first = response.iter().position(|y| *y != 0.0).unwrap();
    let half = (0.0125 * FS) as usize;
    let window: Vec<f64> = (0..=2 * half).map(|n| 0.5 - 0.5 * (TAU * n as f64 / (2 * half) as f64).cos()).collect();
    let sum: f64 = window.iter().sum();
    for at in first.. {
        let taps = || (0..=2 * half).filter_map(|k| (at + k).checked_sub(half).map(|n| (window[k] / sum, response[n])));
        let deviation = taps().map(|(w, y)| w * y * y).sum::<f64>().sqrt();
        let outside: f64 = taps().filter(|(_, y)| y.abs() > deviation).map(|(w, _)| w).sum();
        if outside / 0.317_310_507_863 >= 0.9 {
            return (at - first) as f64 / FS * 1e3;
        }
    }
    f64::INFINITY
}

#[test]
fn the_response_becomes_dense_at_once() {
    // Measured: room 27.7 ms, chamber 26.6, plate 11.7, hall 56.9.
    for (kind, limit) in [(0, 30.0), (1, 30.0), (2, 30.0), (3, 60.0)] {
        let [left, right] = response(&settings(kind), [1.0, 1.0], 0.5);
        let ms = dense_after_ms(&left).max(dense_after_ms(&right));
        println!("{}: dense after {ms:.1} ms", name(kind));
        assert!(ms <= limit, "{}: dense after {ms:.1} ms", name(kind));
    }
}

#[test]
fn there_are_enough_modes() {
    for kind in 0..4 {
        let sum: usize = tuning(&settings(kind)).lengths(1.0, FS).iter().sum();
        let t60 = sum as f64 / (0.15 * FS);
        println!("{}: lines of {:.3} s together, enough for a decay of {t60:.1} s", name(kind), sum as f64 / FS);
        assert!(t60 >= settings(kind).get("decay_s") * 1.5, "{}", name(kind));
    }
}

/// How long the late tail's stretches are: their lines are wide enough to hold several resonances each.
const STRETCH: usize = 1 << 13;

/// For each way through a space, the spectra of successive stretches.
type Late = Vec<Vec<Vec<f64>>>;

/// The late tail with its decay taken out, as power spectra under a Hann window.
fn late_spectra(kind: usize) -> &'static Late {
    static LATE: [OnceLock<Late>; 4] = [const { OnceLock::new() }; 4];
    LATE[kind].get_or_init(|| measure_late(kind))
}

fn measure_late(kind: usize) -> Late {
    let (decay_s, from, stretches) = (2.0, (0.25 * FS) as usize, 9);
    let slope = 1000f64.ln() / decay_s / FS;
    let window = |n: usize| 0.5 - 0.5 * (TAU * n as f64 / STRETCH as f64).cos();
    let stretch = |r: &Vec<f64>, k: usize| {
        let start = from + k * STRETCH;
        let sample = |n: usize| r[start + n] * (slope * (start + n) as f64).exp() * window(n);
        let part: Vec<f64> = (0..STRETCH).map(sample).collect();
        spectrum(&part, STRETCH).iter().map(Complex::norm_sqr).collect()
    };
    let all = responses(&plain(kind, decay_s), (from + stretches * STRETCH) as f64 / FS + 0.01);
    all.iter().map(|r| (0..stretches).map(|k| stretch(r, k)).collect()).collect()
}

fn bin(hz: f64) -> usize {
    (hz * STRETCH as f64 / FS) as usize
}

#[test]
fn the_late_tail_is_flat() {
    // Measured: room +1.87 dB, chamber 1.38, plate −1.36, hall −1.25.
    for kind in 0..4 {
        let spectra = late_spectra(kind);
        let count = (spectra.len() * spectra[0].len()) as f64;
        let mean: Vec<f64> =
            (0..=STRETCH / 2).map(|k| spectra.iter().flatten().map(|s| s[k]).sum::<f64>() / count).collect();
        let average = |from: usize, to: usize| mean[from..=to].iter().sum::<f64>() / (to - from + 1) as f64;
        let whole = average(bin(200.0), bin(18_000.0));
        let edge = 2f64.powf(1.0 / 24.0);
        let places = (0..).map(|i| 200.0 * edge.powi(i)).take_while(|hz| *hz < 17_000.0);
        let (worst, at) = places
            .map(|hz| (db(average(bin(hz / edge), bin(hz * edge)) / whole), hz))
            .max_by(|a, b| a.0.abs().total_cmp(&b.0.abs()))
            .unwrap();
        println!("{}: {worst:+.2} dB at most in a twelfth of an octave, at {at:.0} Hz", name(kind));
        assert!(worst.abs() <= 2.0, "{}: {worst:.2} dB", name(kind));
    }
}

#[test]
fn bins_of_the_late_tail_are_as_random_as_in_a_room() {
    // The logarithm of a Rayleigh distribution spreads by 5.57 dB. Measured: 5.57 to 5.68 dB.
    for kind in 0..4 {
        let spectra = late_spectra(kind);
        let levels: Vec<f64> =
            spectra.iter().flatten().flat_map(|s| s[bin(100.0)..bin(18_000.0)].iter().map(|p| db(*p))).collect();
        let average = levels.iter().sum::<f64>() / levels.len() as f64;
        let deviation = (levels.iter().map(|l| (l - average).powi(2)).sum::<f64>() / levels.len() as f64).sqrt();
        println!("{}: bins spread by {deviation:.2} dB", name(kind));
        assert!((deviation - 5.57).abs() <= 0.5, "{}: {deviation:.2} dB", name(kind));
    }
}

#[test]
fn no_resonance_stands_out_for_long() {
    // A bin that rings is high in every stretch of the tail, on every way through the space. Measured: at most 4.7 dB.
    for kind in 0..4 {
        let spectra = late_spectra(kind);
        let mut least = vec![f64::INFINITY; STRETCH / 2 + 1];
        for stretch in 0..spectra[0].len() {
            let sum: Vec<f64> = (0..=STRETCH / 2).map(|k| spectra.iter().map(|s| s[stretch][k]).sum()).collect();
            let mut sorted = sum.clone();
            sorted.sort_by(f64::total_cmp);
            let median = sorted[sorted.len() / 2];
            least.iter_mut().zip(&sum).for_each(|(least, p)| *least = least.min(p / median));
        }
        let worst = db(least[bin(30.0)..].iter().copied().fold(0.0, f64::max));
        println!("{}: the most stubborn bin stays {worst:.1} dB above the median", name(kind));
        assert!(worst <= 10.0, "{}: {worst:.1} dB", name(kind));
    }
}

#[test]
fn left_and_right_are_unlike_and_add_up() {
    // Measured: IACC at most 0.034; the mono sum falls by 2.3 to 2.8 dB, in no octave by more than 3.8.
    for kind in 0..4 {
        let [left, right] = response(&settings(kind), [1.0, 1.0], 2.5);
        let from = (0.1 * FS) as usize;
        let (l, r) = (&left[from..], &right[from..]);
        let scale = (energy(l) * energy(r)).sqrt();
        let most = (FS * 0.001) as usize;
        let cross = |a: &[f64], b: &[f64], lag: usize| a[lag..].iter().zip(b).map(|(x, y)| x * y).sum::<f64>() / scale;
        let iacc = (0..=most).map(|lag| cross(l, r, lag).abs().max(cross(r, l, lag).abs())).fold(0.0, f64::max);
        let [left, right] = [&left, &right].map(|s| spectrum(s, roomy(s.len())));
        let sum: Vec<Complex<f64>> = left.iter().zip(&right).map(|(l, r)| (l + r) * 0.5).collect();
        let drop = |from: f64, to: f64| {
            let [l, r, sum] = [&left, &right, &sum].map(|s| band_energy(s, from, to));
            db(sum / (0.5 * (l + r)))
        };
        let whole = drop(1.0, FS);
        let octaves = (1..10).map(|octave| drop(center(octave) / 2f64.sqrt(), center(octave) * 2f64.sqrt()));
        let deepest = octaves.fold(0.0, f64::min);
        println!("{}: IACC {iacc:.3}, mono {whole:.2} dB, deepest octave {deepest:.2} dB", name(kind));
        assert!(iacc <= 0.15, "{}: IACC {iacc:.3}", name(kind));
        assert!((whole + 3.0).abs() <= 1.0 && deepest >= -6.0, "{}: {whole:.2}, {deepest:.2} dB", name(kind));
    }
}

#[test]
fn modulation_neither_bends_the_pitch_nor_rings() {
    // Without modulation the same figures show what the measurement itself can tell apart: −108 dB. With it they were
    // −32.9 dB (chamber, 0.8 s) and 0.16 cents (plate, 0.8 s) at worst.
    for kind in 0..4 {
        for (percent, decay_s, limit) in
            [(0.0, 1.8, -80.0), (100.0, 0.8, -30.0), (100.0, 1.8, -30.0), (100.0, 5.0, -30.0)]
        {
            let settings = settings(kind).with("modulation_percent", percent).with("modulation_hz", 1.0);
            let settings = settings.with("decay_s", decay_s);
            let (sidebands, cents) = wobble(&settings, decay_s);
            println!("{} at {percent} %, {decay_s} s: sidebands {sidebands:.1} dB, {cents:.3} cents", name(kind));
            assert!(sidebands <= limit && cents <= 5.0, "{}: {sidebands:.1} dB, {cents:.2} cents", name(kind));
        }
    }
}

/// A steady 440 Hz tone through the space: the energy of everything more than 0.5 Hz away against the tone, and the
/// most that the pitch of a quarter of a second is off.
///
/// Steady, because the tail of a tone consists of resonances that lie a little beside it; those are the room, not
/// its modulation.
fn wobble(settings: &Settings, decay_s: f64) -> (f64, f64) {
    let (settle, size) = ((FS * (3.0 * decay_s).min(8.0)) as usize, 1 << 19);
    let frames = settle + size;
    let stream = Stream { sample_rate: RATE, layout: Layout::Stereo, max_block: frames, seed: 1 };
    let mut processor = Reverb::from_settings(settings).build(&stream).unwrap();
    // Eleven waves take 1200 frames.
    let turns: Vec<(f64, f64)> = (0..1200).map(|n| (TAU * 440.0 / FS * f64::from(n)).sin_cos()).collect();
    let tone: Vec<f32> = (0..frames).map(|n| turns[n % 1200].0 as f32).collect();
    let mut buffer = Buffer::from_stereo(tone.clone(), tone);
    processor.process(&mut buffer.block(frames), &Context::default());
    let steady = &buffer.channel(0)[settle..];
    let powers = crate::delay::probe::powers(steady);
    let bin = |hz: f64| (hz * size as f64 / FS).round() as usize;
    let near: f64 = powers[bin(439.5)..=bin(440.5)].iter().sum();
    let far: f64 = powers[bin(340.0)..bin(439.5)].iter().chain(&powers[bin(440.5) + 1..bin(540.0)]).sum();
    // The turn of the phase against 440 Hz from one quarter of a second to the next.
    let stretch = RATE as usize / 4;
    let phase = |part: &[f32]| {
        let add = |(re, im), (y, (sin, cos)): (&f32, &(f64, f64))| (re + f64::from(*y) * cos, im - f64::from(*y) * sin);
        part.iter().zip(turns.iter().cycle()).fold((0.0, 0.0), add)
    };
    let phases: Vec<(f64, f64)> = steady.chunks_exact(stretch).map(phase).collect();
    let turned = |pair: &[(f64, f64)]| {
        let ((a, b), (c, d)) = (pair[0], pair[1]);
        (a * d - b * c).atan2(a * c + b * d)
    };
    let most = phases.windows(2).map(|pair| turned(pair).abs()).fold(0.0, f64::max);
    (db(far / near), 1200.0 * (1.0 + most / TAU / 0.25 / 440.0).log2())
}
