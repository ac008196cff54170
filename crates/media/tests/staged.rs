//! Through a format and back before a file has its name: as long as before, in step, and not held at full scale.

mod common;

use common::{noise, read_all, run};
use tonmeister_core::{Buffer, Layout, SourceInfo};
use tonmeister_media::{Format, IntegerBits, Mp3Mode, SampleFormat, Tags, Writer};

const RATE: u32 = 48_000;

/// Every lossy format whose encoder is there.
fn lossy() -> Vec<Format> {
    let mut formats = vec![Format::Vorbis { tenths: 80 }, Format::Opus { kbps: 160 }];
    if cfg!(feature = "aac") || run("ffmpeg", &["-version"]) {
        formats.push(Format::Aac { kbps: 192 });
    }
    if run("lame", &["--version"]) {
        formats.extend([Format::Mp3(Mp3Mode::Cbr(320)), Format::Mp3(Mp3Mode::Cbr(128)), Format::Mp3(Mp3Mode::Vbr(0))]);
    }
    formats
}

fn through(format: Format, audio: &Buffer) -> (Buffer, u64) {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = Writer::create(folder.path().join("a"), format, RATE, audio.layout()).unwrap();
    writer.write(audio.view(audio.frames())).unwrap();
    let staged = writer.stage().unwrap_or_else(|e| panic!("{e}"));
    let mut back = staged.open().unwrap_or_else(|e| panic!("{e}")).source;
    assert_eq!(back.info(), SourceInfo { sample_rate: RATE, layout: audio.layout(), frames: audio.frames() as u64 });
    (read_all(&mut *back, &[4096, 100]), staged.written().clipped)
}

/// Noise below 8 kHz: unlike itself at any shift, and within what every codec keeps.
fn dull_noise(seed: u64, frames: usize, peak: f32) -> Vec<f32> {
    let mut states = [0.0_f32; 4];
    let mut out: Vec<f32> = noise(seed, 1.0, frames)
        .into_iter()
        .map(|s| {
            states.iter_mut().fold(s, |s, state| {
                *state += 0.3 * (s - *state);
                *state
            })
        })
        .collect();
    let most = out.iter().fold(0.0_f32, |most, s| most.max(s.abs()));
    for s in &mut out {
        *s *= peak / most;
    }
    out
}

#[test]
fn what_comes_back_is_in_step_to_the_sample() {
    let frames = 60_001;
    for layout in [Layout::Mono, Layout::Stereo] {
        let audio = match layout {
            Layout::Mono => Buffer::from_mono(dull_noise(1, frames, 0.5)),
            Layout::Stereo => Buffer::from_stereo(dull_noise(1, frames, 0.5), dull_noise(2, frames, 0.5)),
        };
        for format in lossy() {
            let (back, _) = through(format, &audio);
            for channel in 0..layout.channels() {
                let (a, b) = (audio.channel(channel), back.channel(channel));
                let correlation = |shift: i64| -> f64 {
                    (20_000..24_000).map(|n| f64::from(a[n]) * f64::from(b[(n as i64 + shift) as usize])).sum()
                };
                let best = (-2500..=2500).max_by(|x, y| correlation(*x).total_cmp(&correlation(*y))).unwrap();
                assert_eq!(best, 0, "{format} {layout:?}, channel {channel}");
            }
        }
    }
}

#[test]
fn lossless_formats_give_back_their_grid() {
    let audio = Buffer::from_stereo(dull_noise(1, 20_000, 0.9), dull_noise(2, 20_000, 0.9));
    for format in [Format::Wav(SampleFormat::Float32), Format::Aiff(SampleFormat::Float32)] {
        assert!(through(format, &audio).0 == audio);
    }
    for format in [Format::Flac(IntegerBits::TwentyFour), Format::Wav(SampleFormat::Int24)] {
        let (back, clipped) = through(format, &audio);
        let apart = |c: usize| {
            audio.channel(c).iter().zip(back.channel(c)).fold(0.0_f32, |most, (a, b)| most.max((a - b).abs()))
        };
        assert_eq!(clipped, 0);
        assert!(apart(0).max(apart(1)) <= 0.5 / 8_388_608.0);
    }
}

#[test]
fn peaks_over_full_scale_survive() {
    // A loud, clipped tone: its edges cannot be kept, so every codec overshoots.
    let tone = |n: usize, hz: f32| (std::f32::consts::TAU * hz * n as f32 / RATE as f32).sin();
    let clipped: Vec<f32> =
        (0..48_000).map(|n| (4.0 * tone(n, 997.0) + 2.0 * tone(n, 61.0)).clamp(-0.999, 0.999)).collect();
    let audio = Buffer::from_mono(clipped);
    for format in lossy() {
        let (back, held) = through(format, &audio);
        let peak = back.channel(0).iter().fold(0.0_f32, |most, s| most.max(s.abs()));
        eprintln!("{format}: {:.2} dBFS out of -0.01 in", 20.0 * peak.log10());
        assert!(peak > 1.02 && held == 0, "{format}: {peak}");
    }
    // What is over full scale already goes in and comes out.
    let loud = Buffer::from_mono((0..48_000).map(|n| 1.9 * tone(n, 997.0)).collect());
    for format in lossy() {
        let (back, held) = through(format, &loud);
        let peak = back.channel(0)[4800..43_200].iter().fold(0.0_f32, |most, s| most.max(s.abs()));
        if matches!(format, Format::Aac { .. } | Format::Mp3(_)) {
            assert!(held > 1000, "its encoder holds it at full scale");
        } else {
            assert!((peak - 1.9).abs() < 0.1 && held == 0, "{format}: {peak}");
        }
    }
}

/// What was heard is what is kept, with its tags; what is dropped leaves nothing, and neither does what could not be.
#[test]
fn a_file_waits_beside_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let there = || std::fs::read_dir(folder.path()).unwrap().count();
    let audio = Buffer::from_stereo(dull_noise(1, 30_000, 0.5), dull_noise(2, 30_000, 0.5));
    for format in lossy() {
        let path = folder.path().join(format!("a.{}", format.extension()));
        let staged = || {
            let mut writer = Writer::create(&path, format, RATE, audio.layout()).unwrap();
            writer.write(audio.view(audio.frames())).unwrap();
            writer.stage().unwrap()
        };
        drop(staged());
        assert_eq!(there(), 0, "{format}");
        let staged = staged();
        let heard = read_all(&mut *staged.open().unwrap().source, &[4096]);
        assert!(!path.exists() && there() == 1);
        let tags = Tags { title: Some("A".into()), ..Tags::default() };
        let (written, _) = staged.put_in_place(&tags, None).unwrap();
        assert_eq!((written.path.as_path(), written.frames, there()), (path.as_path(), 30_000, 1));
        assert!(read_all(&mut *tonmeister_media::open(&path).unwrap().source, &[4096]) == heard, "{format}");
        assert_eq!(tonmeister_media::tags(&path).unwrap().tags.title.as_deref(), Some("A"));
        std::fs::remove_file(&path).unwrap();
    }
    let begin = || Writer::create(folder.path().join("a"), Format::Opus { kbps: 160 }, RATE, Layout::Mono).unwrap();
    let error = begin().write(Buffer::from_mono(vec![0.0, f32::NAN]).view(2)).unwrap_err().to_string();
    assert!(error.contains("frame 1"), "{error}");
    assert!(begin().stage().unwrap_err().to_string().contains("0 frames"));
    assert_eq!(there(), 0);
}
