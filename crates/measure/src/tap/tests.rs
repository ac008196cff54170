use tonmeister_core::{Buffer, Event, ParamIndex};
use tonmeister_dsp::testing::{noise, sine, spread, stereo_noise};

use super::*;
use crate::loudness::{Loudness, LoudnessMeter, Options, Peaks};

fn tap(sample_rate: u32, layout: Layout) -> Box<dyn Processor> {
    let stream = Stream { sample_rate, layout, max_block: 4096, seed: 0 };
    MeterTap.build(&stream).unwrap()
}

/// What a tap hears of that, in blocks of these sizes in turn.
fn heard(tap: &mut dyn Processor, audio: &Buffer, sizes: &[usize]) -> Levels {
    let mut through = audio.clone();
    let mut at = 0;
    for size in sizes.iter().cycle() {
        let end = (at + size).min(through.frames());
        tap.process(&mut through.block_range(at, end), &Context::default());
        at = end;
        if at == through.frames() {
            break;
        }
    }
    for c in 0..audio.layout().channels() {
        assert!(through.channel(c).iter().zip(audio.channel(c)).all(|(a, b)| a.to_bits() == b.to_bits()));
    }
    tap.levels().unwrap()
}

fn measured(sample_rate: u32, audio: &Buffer) -> Loudness {
    let options = Options { peaks: Peaks::TrueClosely, ..Options::default() };
    let mut meter = LoudnessMeter::with_options(sample_rate, audio.layout(), options).unwrap();
    meter.push(audio.view(audio.frames()));
    meter.finish()
}

fn near(what: &str, a: Option<f64>, b: Option<f64>, within: f64) {
    let alike = match (a, b) {
        (Some(a), Some(b)) => (a - b).abs() <= within,
        (a, b) => a == b,
    };
    assert!(alike, "{what}: {a:?} instead of {b:?}");
}

/// The tap's figures are those of the loudness meter. Measured: peaks and maxima to 1e-6 dB, RMS to 1e-4, integrated loudness and
/// range to 0.002 LU.
fn agree(what: &str, sample_rate: u32, audio: &Buffer) {
    let found = heard(&mut *tap(sample_rate, audio.layout()), audio, &[4096]);
    let asked = measured(sample_rate, audio);
    let near = |figure: &str, a, b, within| near(&format!("{what}, {figure}"), a, b, within);
    near("sample peak", found.sample_peak_dbfs, asked.sample_peak_dbfs, 0.0);
    near("true peak", found.true_peak_dbtp, asked.true_peak_dbtp, 0.0);
    near("RMS", found.rms_dbfs, asked.rms_dbfs, 1e-4);
    near("momentary", found.max_momentary_lufs, asked.max_momentary_lufs, 1e-6);
    near("short-term", found.max_short_term_lufs, asked.max_short_term_lufs, 1e-6);
    near("integrated", found.integrated_lufs, asked.integrated_lufs, 0.005);
    near("range", found.range_lu, asked.range.map(|range| range.lu), 0.01);
}

/// Numbers from 0 to 1.
fn dice(seed: u64) -> impl FnMut() -> f64 {
    let mut rolls = noise(seed + 100, 0.5, 30_000).into_iter();
    move || f64::from(rolls.next().unwrap()) + 0.5
}

/// Noise that swells and fades, with pauses: something for every gate.
fn programme(seed: u64, sample_rate: u32, layout: Layout, seconds: f64) -> Buffer {
    let frames = (seconds * f64::from(sample_rate)) as usize;
    let mut audio = match layout {
        Layout::Mono => Buffer::from_mono(noise(seed, 1.0, frames)),
        Layout::Stereo => stereo_noise(seed, 1.0, frames),
    };
    let mut random = dice(seed);
    let bar = sample_rate as usize / 3;
    for from in (0..frames).step_by(bar) {
        let db = -60.0 * random().powi(2) - 1.0;
        let gain = if random() < 0.1 { 0.0 } else { 10_f64.powf(db / 20.0) as f32 };
        for c in 0..layout.channels() {
            audio.channel_mut(c)[from..(from + bar).min(frames)].iter_mut().for_each(|x| *x *= gain);
        }
    }
    // RMS is read up to the end.
    (0..layout.channels()).for_each(|c| audio.channel_mut(c)[frames - 1] = 0.01);
    audio
}

#[test]
fn the_figures_are_those_of_measure() {
    for (seed, sample_rate) in [(1, 44_100), (2, 48_000), (3, 96_000), (4, 11_025)] {
        for layout in [Layout::Mono, Layout::Stereo] {
            agree("programme", sample_rate, &programme(seed, sample_rate, layout, 20.3));
        }
    }
    for (hz, level) in [(40.0, 0.9), (997.0, 0.1), (12_000.0, 0.5)] {
        agree("tone", 48_000, &spread(&sine(hz, level, 48_000, 240_001), Layout::Stereo));
    }
    for frames in [0, 1, 100, 19_199, 19_200, 143_999, 144_000] {
        agree("short", 48_000, &stereo_noise(9, 0.5, frames));
    }
}

#[test]
fn a_tone_of_known_level_is_read_as_it_is() {
    // EBU Tech 3341, case 1: 1 kHz, −23 dBFS, both sides alike.
    let tone = spread(&sine(1000.0, 10_f64.powf(-23.0 / 20.0), 48_000, 480_000), Layout::Stereo);
    let levels = heard(&mut *tap(48_000, Layout::Stereo), &tone, &[512]);
    for loudness in [
        levels.integrated_lufs,
        levels.momentary_lufs,
        levels.short_term_lufs,
        levels.max_momentary_lufs,
        levels.max_short_term_lufs,
    ] {
        near("loudness", loudness, Some(-23.0), 0.01);
    }
    near("range", levels.range_lu, Some(0.0), 0.01);
    near("RMS", levels.rms_dbfs, Some(-26.01), 0.001);
    near("peak", levels.true_peak_dbtp, Some(-23.0), 0.01);
    near("correlation", levels.correlation, Some(1.0), 1e-9);
    near("correlation", levels.correlation_now, Some(1.0), 1e-9);
}

#[test]
fn correlation_of_known_mixes() {
    // SOUND: ±0.01 on known mixes. (a + c, b + c) of equal powers correlate by one half.
    let [a, b, c] = [1, 2, 3].map(|seed| noise(seed, 0.3, 480_000));
    let with = |x: &[f32], sign: f32| x.iter().zip(&c).map(|(x, c)| sign * (x + c)).collect::<Vec<f32>>();
    for (sign, asked) in [(1.0, 0.5), (-1.0, -0.5)] {
        let levels =
            heard(&mut *tap(48_000, Layout::Stereo), &Buffer::from_stereo(with(&a, 1.0), with(&b, sign)), &[777]);
        near("correlation", levels.correlation, Some(asked), 0.01);
        near("correlation now", levels.correlation_now, Some(asked), 0.05);
    }
    assert_eq!(heard(&mut *tap(48_000, Layout::Mono), &Buffer::from_mono(a), &[777]).correlation, None);
}

#[test]
fn the_cut_does_not_matter_nor_does_what_is_no_number() {
    let mut audio = programme(7, 48_000, Layout::Stereo, 5.0);
    audio.channel_mut(0)[1000] = f32::NAN;
    audio.channel_mut(1)[70_000] = f32::INFINITY;
    let whole = heard(&mut *tap(48_000, Layout::Stereo), &audio, &[4096]);
    assert!(whole.integrated_lufs.unwrap().is_finite() && whole.true_peak_dbtp.unwrap() < 20.0);
    for sizes in [&[1][..], &[480], &[7, 4096, 1, 333]] {
        let mut tap = tap(48_000, Layout::Stereo);
        assert_eq!(heard(&mut *tap, &audio, sizes), whole);
        tap.reset();
        assert_eq!(tap.levels().unwrap(), Levels::default());
        assert_eq!(heard(&mut *tap, &audio, sizes), whole);
    }
    let event = [Event { at: 0, param: ParamIndex(0), value: 1.0, glide: 0 }];
    tap(48_000, Layout::Mono)
        .process(&mut Buffer::new(Layout::Mono, 9).block(9), &Context { events: &event, key: None });
}

#[test]
fn silence_behind_a_programme_changes_no_figure_of_the_whole() {
    let audio = programme(5, 48_000, Layout::Stereo, 8.0);
    let mut tap = tap(48_000, Layout::Stereo);
    let before = heard(&mut *tap, &audio, &[4096]);
    let after = heard(&mut *tap, &Buffer::new(Layout::Stereo, 480_000), &[4096]);
    assert_eq!((after.rms_dbfs, after.correlation), (before.rms_dbfs, before.correlation));
    assert_eq!((after.sample_peak_dbfs, after.true_peak_dbtp), (before.sample_peak_dbfs, before.true_peak_dbtp));
    assert_eq!((after.integrated_lufs, after.range_lu), (before.integrated_lufs, before.range_lu));
    assert!(after.short_term_lufs.is_none_or(|lufs| lufs < -100.0), "{after:?}");
}

#[test]
fn a_pause_belongs_to_the_programme_and_the_silence_behind_it_does_not() {
    // 8.35 s of sound, a pause of 6 s, 4.27 s of sound: with the pause between, the figures are those of the whole.
    let mut audio = programme(11, 48_000, Layout::Stereo, 18.62);
    (0..2).for_each(|c| audio.channel_mut(c)[400_800..688_800].fill(0.0));
    agree("with a pause", 48_000, &audio);
    let mut longer = audio.clone();
    longer.append(Buffer::new(Layout::Stereo, 700_000).view(700_000));
    let [short, long] = [&audio, &longer].map(|audio| heard(&mut *tap(48_000, Layout::Stereo), audio, &[4096]));
    assert_eq!((short.integrated_lufs, short.range_lu), (long.integrated_lufs, long.range_lu));
}

#[test]
fn gates_and_percentiles_are_those_of_the_blocks() {
    use crate::loudness::mean_square;
    let mut random = dice(3);
    let mut histogram = Histogram::new();
    assert_eq!((histogram.mean_above(-10.0), histogram.range_lu(-20.0)), (None, None));
    histogram.add(mean_square(-70.5), false);
    assert_eq!((histogram.mean_above(-10.0), histogram.range_lu(-20.0)), (None, None));
    let mut energies: Vec<f64> = (0..20_000).map(|_| mean_square(-75.0 + 70.0 * random())).collect();
    energies.push(mean_square(45.0).min(1e3));
    for energy in &energies {
        histogram.add(*energy, false);
    }
    let mean = |of: &dyn Fn(&f64) -> bool| {
        let passed: Vec<f64> = energies.iter().copied().filter(of).collect();
        passed.iter().sum::<f64>() / passed.len() as f64
    };
    let gate = 0.1 * mean(&|e| *e > mean_square(-70.0));
    let exact = mean(&|e| *e > gate);
    assert!((lufs(histogram.mean_above(-10.0).unwrap()).unwrap() - lufs(exact).unwrap()).abs() < 0.005);
}
