//! Compressed files, made by the programs that studios use. Where one is not installed, its tests say so and pass.

mod common;

use std::path::Path;

use common::{material, noise, read_all, run, wav_of_speakers};
use tonmeister_core::{Buffer, Layout, Speaker};
use tonmeister_media::{
    Codec, Container, Format, IntegerBits, OpenOptions, SampleFormat, Speakers, Writer, open, open_wide, probe,
};

/// Lengths that are no multiple of any codec's frame.
const LENGTHS: [usize; 3] = [1, 4_801, 100_003];

/// Band-limited music-like noise on a 16-bit grid, so that lossless codecs must give it back exactly.
fn sound(layout: Layout, frames: usize) -> Buffer {
    let lane = |seed: u64| -> Vec<f32> {
        let (mut slow, mut slower) = (0.0_f32, 0.0_f32);
        noise(seed, 1.0, frames)
            .iter()
            .map(|s| {
                slow += 0.2 * (s - slow);
                slower += 0.2 * (slow - slower);
                (slower * 0.8 * 32_768.0).round() / 32_768.0
            })
            .collect()
    };
    match layout {
        Layout::Mono => Buffer::from_mono(lane(1)),
        Layout::Stereo => Buffer::from_stereo(lane(1), lane(2)),
    }
}

fn save(path: &Path, audio: &Buffer, format: Format, sample_rate: u32) {
    let mut writer = Writer::create(path, format, sample_rate, audio.layout()).unwrap();
    writer.write(audio.view(audio.frames())).unwrap();
    writer.finish().unwrap();
}

fn read(path: &Path) -> Buffer {
    let mut opened = open(path).unwrap();
    assert_eq!(opened.warnings, []);
    assert_eq!(probe(path).unwrap().info, opened.info);
    read_all(&mut *opened.source, &[1000, 7, 4096])
}

/// The level of the difference below the level of the original, in dB, and the same when shifted by one frame.
fn null_depths(original: &Buffer, decoded: &Buffer) -> (f64, f64) {
    let lane = |audio: &Buffer| audio.channel(0).to_vec();
    let (a, b) = (lane(original), lane(decoded));
    let power = |x: f64| x * x;
    let total: f64 = a.iter().map(|s| power(f64::from(*s))).sum();
    let against = |shift: usize| -> f64 {
        let rest: f64 = a[shift..].iter().zip(&b).map(|(x, y)| power(f64::from(x - y))).sum();
        10.0 * (rest / total).log10()
    };
    (against(0), against(1))
}

/// Makes a WAV of each length and layout, encodes it with `encode(input, output)`, and hands over original and file.
fn for_every_shape(
    extension: &str,
    sample_rate: u32,
    lengths: &[usize],
    encode: impl Fn(&str, &str) -> bool,
    check: impl Fn(&Buffer, &Path),
) {
    let folder = tempfile::tempdir().unwrap();
    for layout in [Layout::Mono, Layout::Stereo] {
        for frames in lengths {
            let original = sound(layout, *frames);
            let input = folder.path().join("in.wav");
            save(&input, &original, Format::Wav(SampleFormat::Int16), sample_rate);
            let output = folder.path().join(format!("out.{extension}"));
            if !encode(input.to_str().unwrap(), output.to_str().unwrap()) {
                return;
            }
            check(&original, &output);
            // The name is not looked at.
            let renamed = folder.path().join("out.bin");
            std::fs::rename(&output, &renamed).unwrap();
            assert_eq!(open(&renamed).unwrap().info.frames, *frames as u64);
        }
    }
}

fn ffmpeg(input: &str, output: &str, options: &[&str]) -> bool {
    let arguments = [&["-v", "error", "-nostdin", "-y", "-i", input][..], options, &[output]].concat();
    run("ffmpeg", &arguments)
}

fn lossless(codec: Codec, container: Container) -> impl Fn(&Buffer, &Path) {
    move |original, path| {
        let info = open(path).unwrap().info;
        assert_eq!((info.codec, info.container, info.bits), (codec, container, Some(16)));
        assert_eq!(&read(path), original);
    }
}

/// The decoded sound has the original's length and lies exactly over it: it nulls at least so deep, and much less when
/// shifted by one frame.
fn lossy(codec: Codec, depth: f64) -> impl Fn(&Buffer, &Path) {
    move |original, path| {
        assert_eq!(open(path).unwrap().info.codec, codec);
        let decoded = read(path);
        assert_eq!(decoded.frames(), original.frames());
        if original.frames() > 50_000 {
            let (aligned, shifted) = null_depths(original, &decoded);
            assert!(aligned < depth, "{codec}: {aligned:.1} dB is left of the original");
            assert!(aligned < shifted - 6.0, "{codec} is out of step: {aligned:.1} dB, shifted {shifted:.1} dB");
        }
    }
}

#[test]
fn flac_is_exact() {
    for_every_shape(
        "flac",
        44_100,
        &LENGTHS,
        |i, o| run("flac", &["-s", "-f", "-8", "-o", o, i]),
        lossless(Codec::Flac, Container::Flac),
    );
    for_every_shape("flac", 96_000, &LENGTHS, |i, o| ffmpeg(i, o, &[]), lossless(Codec::Flac, Container::Flac));
}

#[test]
fn flac_in_ogg_is_exact() {
    let encode = |i: &str, o: &str| run("flac", &["-s", "-f", "--ogg", "-o", o, i]);
    for_every_shape("oga", 44_100, &LENGTHS[1..], encode, lossless(Codec::Flac, Container::Ogg));
}

#[test]
fn flac_whose_length_was_never_stated_is_counted() {
    let check = |original: &Buffer, path: &Path| {
        let mut bytes = std::fs::read(path).unwrap();
        // The 36 bits of the length in STREAMINFO.
        bytes[21] &= 0xF0;
        bytes[22..26].fill(0);
        std::fs::write(path, bytes).unwrap();
        assert_eq!(&read(path), original);
    };
    for_every_shape("flac", 48_000, &LENGTHS[1..], |i, o| ffmpeg(i, o, &[]), check);
}

#[test]
fn alac_is_exact() {
    let encode = |i: &str, o: &str| ffmpeg(i, o, &["-c:a", "alac"]);
    for_every_shape("m4a", 44_100, &LENGTHS, encode, lossless(Codec::Alac, Container::Mp4));
    for_every_shape("caf", 48_000, &LENGTHS[1..], encode, lossless(Codec::Alac, Container::Caf));
}

#[test]
fn mp3_is_trimmed_to_the_frame() {
    let lame = |i: &str, o: &str| run("lame", &["--quiet", "-b", "320", i, o]);
    for_every_shape("mp3", 44_100, &LENGTHS, lame, lossy(Codec::Mp3, -20.0));
    let variable = |i: &str, o: &str| run("lame", &["--quiet", "-V", "0", i, o]);
    for_every_shape("mp3", 48_000, &LENGTHS[1..], variable, lossy(Codec::Mp3, -20.0));
    let tagged = |i: &str, o: &str| ffmpeg(i, o, &["-b:a", "256k", "-metadata", "title=A rather long title"]);
    for_every_shape("mp3", 44_100, &LENGTHS[1..], tagged, lossy(Codec::Mp3, -20.0));
}

#[test]
fn aac_in_mp4_is_trimmed_to_the_frame() {
    let encode = |i: &str, o: &str| ffmpeg(i, o, &["-c:a", "aac", "-b:a", "256k"]);
    for_every_shape("m4a", 44_100, &LENGTHS, encode, lossy(Codec::Aac, -15.0));
    let fast_start = |i: &str, o: &str| ffmpeg(i, o, &["-c:a", "aac", "-b:a", "256k", "-movflags", "+faststart"]);
    for_every_shape("m4a", 48_000, &LENGTHS[1..], fast_start, lossy(Codec::Aac, -15.0));
}

#[test]
fn vorbis_is_trimmed_to_the_frame() {
    let encode = |i: &str, o: &str| ffmpeg(i, o, &["-c:a", "libvorbis", "-q:a", "8"]);
    for_every_shape("ogg", 44_100, &LENGTHS, encode, lossy(Codec::Vorbis, -20.0));
}

#[test]
fn opus_is_trimmed_to_the_frame() {
    let encode = |i: &str, o: &str| run("opusenc", &["--quiet", "--bitrate", "256", i, o]);
    for_every_shape("opus", 48_000, &LENGTHS, encode, lossy(Codec::Opus, -12.0));
    let encode = |i: &str, o: &str| ffmpeg(i, o, &["-c:a", "libopus", "-b:a", "256k"]);
    for_every_shape("opus", 48_000, &LENGTHS[1..], encode, lossy(Codec::Opus, -12.0));
}

#[test]
fn bare_aac_has_the_length_of_its_packets() {
    let folder = tempfile::tempdir().unwrap();
    let (input, output) = (folder.path().join("in.wav"), folder.path().join("out.aac"));
    save(&input, &sound(Layout::Stereo, 50_000), Format::Wav(SampleFormat::Int16), 44_100);
    if ffmpeg(input.to_str().unwrap(), output.to_str().unwrap(), &["-c:a", "aac"]) {
        let frames = read(&output).frames();
        assert!(frames >= 50_000 && frames.is_multiple_of(1024), "{frames}");
    }
}

#[test]
fn compressed_files_that_are_cut_off_are_read_as_far_as_they_go() {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("in.wav");
    save(&input, &sound(Layout::Stereo, 200_000), Format::Wav(SampleFormat::Int16), 48_000);
    let kinds: [(&str, &[&str]); 6] = [
        ("flac", &[]),
        ("m4a", &["-c:a", "aac", "-movflags", "+faststart"]),
        ("mp3", &["-b:a", "192k"]),
        ("ogg", &["-c:a", "libvorbis"]),
        ("opus", &["-c:a", "libopus"]),
        ("alac.m4a", &["-c:a", "alac", "-movflags", "+faststart"]),
    ];
    for (extension, options) in kinds {
        let output = folder.path().join(format!("out.{extension}"));
        if !ffmpeg(input.to_str().unwrap(), output.to_str().unwrap(), options) {
            return;
        }
        let whole = open(&output).unwrap().info.frames;
        assert_eq!(whole, 200_000);
        let bytes = std::fs::read(&output).unwrap();
        std::fs::write(&output, &bytes[..bytes.len() * 6 / 10]).unwrap();
        let mut opened = open(&output).unwrap();
        let frames = opened.info.frames;
        assert!((20_000..180_000).contains(&frames), "{extension}: {frames}");
        let warning = opened.warnings.iter().find(|w| w.code == "truncated");
        let message = &warning.unwrap_or_else(|| panic!("{extension}: no warning")).message;
        assert!(message.contains("cut off") && message.contains(&format!("{frames} frames")), "{message}");
        let read = read_all(&mut *opened.source, &[4096]);
        assert_eq!(read.frames() as u64, frames, "{extension}");
        std::fs::write(&output, &bytes[..40]).unwrap();
        let error = open(&output).err().unwrap_or_else(|| panic!("{extension}: 40 bytes were opened")).to_string();
        assert!(error.contains(output.to_str().unwrap()), "{error}");
    }
}

#[test]
fn skipping_in_compressed_files_is_exact() {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("in.wav");
    save(&input, &sound(Layout::Stereo, 60_000), Format::Wav(SampleFormat::Int16), 48_000);
    for (extension, options) in [("flac", &[][..]), ("mp3", &["-b:a", "192k"]), ("opus", &["-c:a", "libopus"])] {
        let output = folder.path().join(format!("out.{extension}"));
        if !ffmpeg(input.to_str().unwrap(), output.to_str().unwrap(), options) {
            return;
        }
        let whole = read(&output);
        let mut opened = open(&output).unwrap();
        assert_eq!(opened.source.skip(12_345).unwrap(), 12_345);
        let mut part = Buffer::new(Layout::Stereo, 10_000);
        assert_eq!(opened.source.read(&mut part.block(10_000)).unwrap(), 10_000);
        assert_eq!(part.channel(0), &whole.channel(0)[12_345..22_345]);
        assert_eq!(opened.source.skip(1_000_000).unwrap(), 60_000 - 22_345);
    }
}

#[test]
fn surround_and_high_efficiency_files_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    for (extension, options) in [
        ("flac", &["-ac", "6"][..]),
        ("m4a", &["-ac", "6", "-c:a", "aac"]),
        ("ogg", &["-ac", "6", "-c:a", "libvorbis"]),
        ("opus", &["-ac", "6", "-c:a", "libopus", "-mapping_family", "1"]),
    ] {
        let input = folder.path().join("in.wav");
        save(&input, &sound(Layout::Stereo, 20_000), Format::Wav(SampleFormat::Int16), 48_000);
        let output = folder.path().join(format!("out.{extension}"));
        if !ffmpeg(input.to_str().unwrap(), output.to_str().unwrap(), options) {
            return;
        }
        let error = open(&output).err().unwrap_or_else(|| panic!("{extension} was opened")).to_string();
        assert!(error.contains(output.to_str().unwrap()) && error.contains("6 channels"), "{extension}: {error}");
    }
}

#[test]
fn surround_is_read_for_measuring_each_channel_in_its_place() {
    const RATE: u32 = 48_000;
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("in.wav");
    // A tone of its own level on each of L R C LFE Ls Rs; low, because encoders cut the LFE.
    let levels = [0.5_f32, 0.4, 0.3, 0.25, 0.2, 0.1];
    let tone = |n: usize| (std::f32::consts::TAU * 50.0 * n as f32 / RATE as f32).sin();
    let frames = 2 * RATE as usize;
    let data: Vec<u8> = (0..frames)
        .flat_map(|n| levels.map(|level| (level * tone(n) * 32_768.0) as i16))
        .flat_map(i16::to_le_bytes)
        .collect();
    for mask in [0x3F, 0x60F] {
        std::fs::write(&input, wav_of_speakers(6, RATE, 16, mask, &data)).unwrap();
        let exact = read_wide(&input);
        assert_eq!(exact.0.places, Speaker::of_mask(mask, 6));
        assert!(exact.0.stated);
        for (c, level) in levels.iter().enumerate() {
            let expected: Vec<f32> =
                (0..frames).map(|n| f32::from((level * tone(n) * 32_768.0) as i16) / 32_768.0).collect();
            assert_eq!(exact.1[c], expected, "channel {c}");
        }
        for (extension, options) in [("flac", &[][..]), ("ogg", &["-c:a", "libvorbis", "-q:a", "9"])] {
            let output = folder.path().join(format!("out.{extension}"));
            if !ffmpeg(input.to_str().unwrap(), output.to_str().unwrap(), options) {
                return;
            }
            let (speakers, lanes) = read_wide(&output);
            let lfe = speakers.places.iter().position(|p| *p == Speaker::Lfe);
            assert_eq!((lfe, speakers.places.len()), (Some(3), 6), "{extension}: {speakers:?}");
            for (c, level) in levels.iter().enumerate() {
                let middle = &lanes[c][frames / 4..3 * frames / 4];
                let found = middle.iter().fold(0.0_f32, |a, b| a.max(b.abs()));
                // libvorbis makes the LFE louder by a quarter; so do other decoders read it.
                let allowed = if Some(c) == lfe && extension == "ogg" { 0.07 } else { 0.02 };
                assert!((found - level).abs() < allowed, "{extension}, channel {c}: {found} instead of {level}");
            }
        }
    }
}

/// Every channel of a file.
fn read_wide(path: &Path) -> (Speakers, Vec<Vec<f32>>) {
    let mut opened = open_wide(path, OpenOptions::default()).unwrap_or_else(|e| panic!("{e}"));
    let mut lanes = vec![vec![0.0; opened.info.frames as usize]; opened.info.layout.places.len()];
    let mut at = 0;
    loop {
        let mut parts: Vec<&mut [f32]> = lanes
            .iter_mut()
            .map(|lane| {
                let end = lane.len().min(at + 1000);
                &mut lane[at..end]
            })
            .collect();
        match opened.lanes.read(&mut parts).unwrap() {
            0 => return (opened.info.layout, lanes),
            read => at += read,
        }
    }
}

#[test]
fn flac_written_here_is_read_by_its_reference_decoder() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.flac");
    let original = sound(Layout::Stereo, 100_003);
    for bits in [IntegerBits::Sixteen, IntegerBits::TwentyFour] {
        save(&path, &original, Format::Flac(bits), 48_000);
        assert_eq!(read(&path), original);
        // `-t` decodes and compares the checksum of the samples.
        run("flac", &["-s", "-t", path.to_str().unwrap()]);
    }
}

#[test]
fn real_recordings_are_read_to_their_stated_end() {
    let Some(folder) = material() else { return };
    let mut seen = 0;
    for part in ["songs/evr_caesium", "finished"] {
        for entry in std::fs::read_dir(folder.join(part)).into_iter().flatten().flatten().take(8) {
            let path = entry.path();
            if path.extension().is_some_and(|e| e == "flac" || e == "ogg") {
                assert!(read(&path).frames() > 48_000);
                seen += 1;
            }
        }
    }
    assert!(seen > 0, "{} holds no recordings", folder.display());
}
