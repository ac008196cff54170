//! Files that are written: exact, whole or not at all.

use std::fs;
use std::path::Path;

use tonmeister_core::{Buffer, Layout};

use super::{Format, IntegerBits, SampleFormat, Writer};
use crate::{Container, open};

const FORMATS: [Format; 8] = [
    Format::Wav(SampleFormat::Int16),
    Format::Wav(SampleFormat::Int24),
    Format::Wav(SampleFormat::Float32),
    Format::Flac(IntegerBits::Sixteen),
    Format::Flac(IntegerBits::TwentyFour),
    Format::Aiff(SampleFormat::Int16),
    Format::Aiff(SampleFormat::Int24),
    Format::Aiff(SampleFormat::Float32),
];

/// Every third value of a walk over the grid of that many bits, full scale included.
fn on_grid(bits: u32, layout: Layout, frames: usize) -> Buffer {
    let half = 1_i64 << (bits - 1);
    let value = |i: usize| ((i as i64 * 7_919 * 65_537) % (2 * half) - half) as f32 / half as f32;
    let mut buffer = Buffer::new(layout, frames);
    for channel in 0..layout.channels() {
        for (i, out) in buffer.channel_mut(channel).iter_mut().enumerate() {
            *out = value(i * 2 + channel);
        }
    }
    buffer
}

fn write(path: &Path, format: Format, audio: &Buffer, block: usize, limit: u64) -> super::Written {
    let mut writer = Writer::with_limit(path, format, 48_000, audio.layout(), limit).unwrap();
    let view = audio.view(audio.frames());
    let mut at = 0;
    while at < audio.frames() {
        let end = (at + block).min(audio.frames());
        writer.write(view.part(at, end)).unwrap();
        at = end;
    }
    writer.finish().unwrap()
}

fn read(path: &Path) -> Buffer {
    let mut opened = open(path).unwrap();
    assert_eq!(opened.warnings, []);
    let frames = opened.info.frames as usize;
    let mut buffer = Buffer::new(opened.info.layout, frames);
    assert_eq!(opened.source.read(&mut buffer.block(frames)).unwrap(), frames);
    buffer
}

#[test]
fn what_is_on_the_grid_comes_back_exactly_whatever_the_blocks() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mix");
    for format in FORMATS {
        for layout in [Layout::Mono, Layout::Stereo] {
            let audio = on_grid(format.bits().map_or(24, u32::from), layout, 20_001);
            for block in [1 << 20, 4096, 333] {
                let written = write(&path, format, &audio, block, u64::from(u32::MAX));
                assert_eq!((written.frames, written.clipped), (20_001, 0));
                assert_eq!(read(&path), audio, "{format:?} {layout:?}");
                assert_eq!(open(&path).unwrap().info.bits, format.bits().or(Some(32)));
            }
        }
    }
}

#[test]
fn samples_between_the_steps_go_to_the_nearest_and_those_outside_are_clamped_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mix.wav");
    for (bits, format) in [
        (16, Format::Wav(SampleFormat::Int16)),
        (24, Format::Wav(SampleFormat::Int24)),
        (16, Format::Flac(IntegerBits::Sixteen)),
        (24, Format::Flac(IntegerBits::TwentyFour)),
    ] {
        let half = f64::from(1_u32 << (bits - 1));
        let steps = [0.4, 0.5, 0.6, 1.5, 2.5, -0.5, -1.5, 1000.25, half - 1.0, -half, half, -half - 1.0, 4.0 * half];
        let nearest = [0.0, 0.0, 1.0, 2.0, 2.0, 0.0, -2.0, 1000.0, half - 1.0, -half, half - 1.0, -half, half - 1.0];
        let audio = Buffer::from_mono(steps.iter().map(|s| (s / half) as f32).collect());
        // A step of −half − 1 is no `f32` at 24 bits and rounds onto full scale.
        let over = audio.channel(0).iter().filter(|s| **s < -1.0 || f64::from(**s) * half > half - 1.0).count();
        let written = write(&path, format, &audio, 100, u64::from(u32::MAX));
        assert_eq!(written.clipped, over as u64);
        let expected: Vec<f32> = nearest.iter().map(|s| (s / half) as f32).collect();
        assert_eq!(read(&path).channel(0), expected, "{format:?}");
    }
}

#[test]
fn floats_are_written_bit_for_bit_over_full_scale_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mix.wav");
    let audio = Buffer::from_mono(vec![0.1, -0.0, 7.5, f32::MIN_POSITIVE, -3.0e-9]);
    assert_eq!(write(&path, Format::Wav(SampleFormat::Float32), &audio, 2, u64::from(u32::MAX)).clipped, 0);
    let back = read(&path);
    let bits = |b: &Buffer| b.channel(0).iter().map(|s| s.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(&back), bits(&audio));
}

#[test]
fn wav_becomes_rf64_exactly_when_it_must() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mix.wav");
    let audio = on_grid(16, Layout::Mono, 1001);
    let format = Format::Wav(SampleFormat::Int16);
    write(&path, format, &audio, 100, u64::from(u32::MAX));
    let plain = fs::read(&path).unwrap();
    let riff_size = plain.len() as u64 - 8;
    assert_eq!(&plain[..4], b"RIFF");
    assert_eq!(u64::from(u32::from_le_bytes(plain[4..8].try_into().unwrap())), riff_size);
    for (limit, container) in [(riff_size, Container::Wav), (riff_size - 1, Container::Rf64)] {
        write(&path, format, &audio, 100, limit);
        assert_eq!(open(&path).unwrap().info.container, container);
        assert_eq!(read(&path), audio);
        assert_eq!(fs::read(&path).unwrap().len(), plain.len(), "the header keeps its size");
    }
    let wide = fs::read(&path).unwrap();
    assert_eq!((&wide[..8], &wide[12..16]), (&b"RF64\xFF\xFF\xFF\xFF"[..], &b"ds64"[..]));
    let size = |at: usize| u64::from_le_bytes(wide[at..at + 8].try_into().unwrap());
    assert_eq!((size(20), size(28), size(36)), (riff_size, 2002, 1001));
}

#[test]
fn odd_data_is_padded() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mix.wav");
    let audio = on_grid(24, Layout::Mono, 7);
    write(&path, Format::Wav(SampleFormat::Int24), &audio, 3, u64::from(u32::MAX));
    assert_eq!(fs::metadata(&path).unwrap().len() % 2, 0);
    assert_eq!(read(&path), audio);
}

#[test]
fn an_interrupted_render_leaves_the_old_file_or_none() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mix");
    let names = || fs::read_dir(folder.path()).unwrap().flatten().map(|e| e.file_name()).collect::<Vec<_>>();
    for format in FORMATS {
        let mut writer = Writer::create(&path, format, 48_000, Layout::Mono).unwrap();
        writer.write(on_grid(16, Layout::Mono, 5000).view(5000)).unwrap();
        assert_eq!(names().len(), 1, "the file in the making stands beside its target");
        assert!(!path.exists());
        drop(writer);
        assert!(names().is_empty());
    }
    fs::write(&path, b"old").unwrap();
    let mut writer = Writer::create(&path, FORMATS[0], 48_000, Layout::Mono).unwrap();
    writer.write(on_grid(16, Layout::Mono, 5000).view(5000)).unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"old");
    writer.finish().unwrap();
    assert_eq!(read(&path).frames(), 5000);
    assert_eq!(names().len(), 1);
}

#[test]
fn what_is_no_number_is_never_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mix.wav");
    let mut samples = vec![0.0; 20_000];
    samples[12_000] = f32::NAN;
    for format in FORMATS {
        let mut writer = Writer::create(&path, format, 48_000, Layout::Mono).unwrap();
        writer.write(Buffer::new(Layout::Mono, 12_000).view(12_000)).unwrap();
        let error = writer.write(Buffer::from_mono(samples.clone()).view(20_000)).unwrap_err().to_string();
        assert!(error.contains("mix.wav") && error.contains("0.500000 s (frame 24000)"), "{error}");
        drop(writer);
        assert!(!path.exists());
    }
}

#[test]
fn targets_that_cannot_be_are_refused_before_anything_is_rendered() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |path: &Path, rate| Writer::create(path, FORMATS[0], rate, Layout::Mono).err().unwrap().to_string();
    assert!(refused(folder.path(), 48_000).contains("is a folder"));
    assert!(refused(&folder.path().join("no/such/mix.wav"), 48_000).contains("mix.wav"));
    assert!(refused(&folder.path().join("mix.wav"), 1_000).contains("1000 Hz"));
    let mut writer = Writer::create(folder.path().join("mix.wav"), FORMATS[0], 48_000, Layout::Mono).unwrap();
    assert!(writer.write(Buffer::new(Layout::Stereo, 8).view(8)).is_err());
    let empty = Writer::create(folder.path().join("mix.flac"), FORMATS[3], 48_000, Layout::Mono).unwrap();
    assert!(empty.finish().unwrap_err().to_string().contains("0 frames"));
    let empty = Writer::create(folder.path().join("mix.wav"), FORMATS[0], 48_000, Layout::Mono).unwrap();
    assert_eq!(empty.finish().unwrap().frames, 0);
}

#[cfg(unix)]
#[test]
fn links_are_followed_and_permissions_kept() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let (real, link) = (folder.path().join("real.wav"), folder.path().join("link.wav"));
    fs::write(&real, b"old").unwrap();
    fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
    std::os::unix::fs::symlink(&real, &link).unwrap();
    write(&link, FORMATS[0], &on_grid(16, Layout::Mono, 10), 10, u64::from(u32::MAX));
    assert!(link.is_symlink());
    assert_eq!(read(&real).frames(), 10);
    assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
}

#[test]
fn aiff_refuses_to_outgrow_its_32_bits() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mix.aiff");
    let audio = on_grid(16, Layout::Mono, 1001);
    // FORM holds 46 bytes of header and 2002 of samples.
    for (limit, fits) in [(2049, true), (2048, false)] {
        let format = Format::Aiff(SampleFormat::Int16);
        let mut writer = Writer::with_limit(&path, format, 48_000, Layout::Mono, limit).unwrap();
        match writer.write(audio.view(1001)) {
            Ok(()) => assert!(fits),
            Err(error) => assert!(!fits && error.to_string().contains("4 GiB"), "{error}"),
        }
        drop(writer);
        assert!(!path.exists());
    }
    write(&path, Format::Aiff(SampleFormat::Int16), &audio, 100, u64::from(u32::MAX));
    let bytes = fs::read(&path).unwrap();
    assert_eq!(u32::from_be_bytes(bytes[4..8].try_into().unwrap()) as usize, bytes.len() - 8);
    // 48 kHz as an 80-bit float.
    assert_eq!(bytes[28..38], [0x40, 0x0E, 0xBB, 0x80, 0, 0, 0, 0, 0, 0]);
}

#[test]
fn a_last_step_gets_the_whole_file_before_it_stands_anywhere() {
    let folder = tempfile::tempdir().unwrap();
    for format in FORMATS {
        let path = folder.path().join("mix");
        let begin = || {
            let mut writer = Writer::create(&path, format, 48_000, Layout::Mono).unwrap();
            writer.write(on_grid(16, Layout::Mono, 5000).view(5000)).unwrap();
            writer
        };
        let refuse = |_: &mut fs::File| {
            assert!(!path.exists());
            Err(crate::MediaError::Refused { path: path.clone(), found: "no".into() })
        };
        begin().finish_with(refuse).unwrap_err();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is left behind");
        let append = |file: &mut fs::File| {
            let mut magic = [0; 4];
            std::io::Read::read_exact(file, &mut magic).unwrap();
            assert!([b"RIFF", b"FORM", b"fLaC"].contains(&&magic));
            std::io::Seek::seek(file, std::io::SeekFrom::End(0)).unwrap();
            std::io::Write::write_all(file, b"more").unwrap();
            Ok(())
        };
        begin().finish_with(append).unwrap();
        assert!(fs::read(&path).unwrap().ends_with(b"more"), "{format}");
        fs::remove_file(&path).unwrap();
    }
}

#[test]
fn a_missing_or_failing_mp3_encoder_is_named() {
    use super::beside::Beside;
    use super::lame::LameSink;
    use super::{Mp3Mode, Sink};
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mix.mp3");
    let begin = |program: &str| {
        let out = Beside::create(&path).unwrap();
        LameSink::with_program(program, &path, out, Mp3Mode::Cbr(320), Layout::Mono, 48_000)
    };
    let error = begin("no-such-encoder").err().unwrap().to_string();
    assert!(error.contains("mix.mp3") && error.contains("not installed") && error.contains("install it"), "{error}");
    if cfg!(unix) {
        let mut sink = begin("false").unwrap();
        let audio = on_grid(16, Layout::Mono, 5000);
        let error = (0..1000).find_map(|_| sink.write(&path, audio.view(5000)).err());
        let error = error.unwrap_or_else(|| Box::new(sink).finish(&path).err().unwrap()).to_string();
        assert!(error.contains("the MP3 encoder") && error.contains("stopped"), "{error}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is left behind");
}
