//! Uncompressed files of every kind, written byte by byte here.

mod common;

use common::{aiff, chunk, error_of, fmt, noise, open_bytes, open_silencing, open_with_policy, read_all, riff, wav};
use tonmeister_core::{Buffer, Layout, Severity};
use tonmeister_media::{Codec, Container, NonFinite, open, probe};

/// Values whose every stored kind is known: full scale, silence, one step, and some between.
const VALUES: [f32; 8] = [-1.0, -0.5, 0.0, 0.5, 0.25, -0.25, 0.75, -0.75];

/// The bytes of [`VALUES`] in a kind of sample.
fn stored(convert: impl Fn(f32) -> Vec<u8>) -> Vec<u8> {
    VALUES.iter().flat_map(|value| convert(*value)).collect()
}

fn integer(value: f32, bits: u32) -> i64 {
    (f64::from(value) * (1_i64 << (bits - 1)) as f64) as i64
}

fn little(bits: u32) -> impl Fn(f32) -> Vec<u8> {
    move |v| integer(v, bits).to_le_bytes()[..bits as usize / 8].to_vec()
}

fn big(bits: u32) -> impl Fn(f32) -> Vec<u8> {
    move |v| {
        let mut bytes = little(bits)(v);
        bytes.reverse();
        bytes
    }
}

fn assert_values(bytes: &[u8], layout: Layout, codec: Codec, bits: u16) {
    let mut opened = open_bytes(bytes).unwrap();
    assert_eq!(opened.warnings, []);
    assert_eq!((opened.info.layout, opened.info.codec, opened.info.bits), (layout, codec, Some(bits)));
    let audio = read_all(&mut *opened.source, &[3]);
    for (channel, lane) in (0..layout.channels()).map(|c| (c, audio.channel(c))) {
        let expected: Vec<f32> = VALUES.iter().skip(channel).step_by(layout.channels()).copied().collect();
        assert_eq!(lane, expected);
    }
}

#[test]
fn every_kind_of_wav_sample_is_read_exactly() {
    let unsigned = |v| vec![(integer(v, 8) + 128) as u8];
    for (channels, layout) in [(1, Layout::Mono), (2, Layout::Stereo)] {
        assert_values(&wav(1, channels, 44_100, 8, &stored(unsigned)), layout, Codec::Integer, 8);
        for bits in [16_u16, 24, 32] {
            let bytes = stored(little(u32::from(bits)));
            assert_values(&wav(1, channels, 96_000, bits, &bytes), layout, Codec::Integer, bits);
        }
        let bytes = stored(|v| v.to_le_bytes().to_vec());
        assert_values(&wav(3, channels, 48_000, 32, &bytes), layout, Codec::Float, 32);
        let bytes = stored(|v| f64::from(v).to_le_bytes().to_vec());
        assert_values(&wav(3, channels, 48_000, 64, &bytes), layout, Codec::Float, 64);
    }
}

#[test]
fn every_linear_kind_of_aiff_is_read_exactly() {
    let signed = |v| vec![integer(v, 8) as u8];
    for (channels, layout) in [(1, Layout::Mono), (2, Layout::Stereo)] {
        assert_values(&aiff(None, channels, 44_100, 8, &stored(signed)), layout, Codec::Integer, 8);
        for bits in [16_u16, 24, 32] {
            let wide = u32::from(bits);
            assert_values(&aiff(None, channels, 44_100, bits, &stored(big(wide))), layout, Codec::Integer, bits);
            for kind in [b"NONE", b"twos"] {
                let bytes = aiff(Some(kind), channels, 48_000, bits, &stored(big(wide)));
                assert_values(&bytes, layout, Codec::Integer, bits);
            }
            let bytes = aiff(Some(b"sowt"), channels, 48_000, bits, &stored(little(wide)));
            assert_values(&bytes, layout, Codec::Integer, bits);
        }
        for (kind, bytes) in
            [(b"fl32", stored(|v| v.to_be_bytes().to_vec())), (b"FL32", stored(|v| v.to_be_bytes().to_vec()))]
        {
            assert_values(&aiff(Some(kind), channels, 48_000, 32, &bytes), layout, Codec::Float, 32);
        }
        let bytes = stored(|v| f64::from(v).to_be_bytes().to_vec());
        assert_values(&aiff(Some(b"fl64"), channels, 48_000, 64, &bytes), layout, Codec::Float, 64);
        assert_values(&aiff(Some(b"in24"), channels, 48_000, 24, &stored(big(24))), layout, Codec::Integer, 24);
        assert_values(&aiff(Some(b"42ni"), channels, 48_000, 24, &stored(little(24))), layout, Codec::Integer, 24);
        assert_values(&aiff(Some(b"in32"), channels, 48_000, 32, &stored(big(32))), layout, Codec::Integer, 32);
        assert_values(&aiff(Some(b"23ni"), channels, 48_000, 32, &stored(little(32))), layout, Codec::Integer, 32);
        let unsigned = |v| vec![(integer(v, 8) + 128) as u8];
        assert_values(&aiff(Some(b"raw "), channels, 48_000, 8, &stored(unsigned)), layout, Codec::Integer, 8);
    }
}

#[test]
fn fast_conversions_equal_the_plain_definition_at_every_length() {
    // All lengths around the widths of the vector loops, with every byte value in play.
    for frames in (0..70).chain([4095, 4096, 4097]) {
        let mut state = 7_u32;
        let data: Vec<u8> = (0..frames * 6)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 24) as u8
            })
            .collect();
        for channels in [1_usize, 2] {
            let mut opened = open_bytes(&wav(1, channels as u16, 48_000, 24, &data[..frames * 3 * channels])).unwrap();
            let audio = read_all(&mut *opened.source, &[1000]);
            for frame in 0..frames {
                for channel in 0..channels {
                    let at = (frame * channels + channel) * 3;
                    let value = i32::from_le_bytes([0, data[at], data[at + 1], data[at + 2]]) >> 8;
                    assert_eq!(audio.channel(channel)[frame], value as f32 / 8_388_608.0);
                }
            }
        }
    }
}

#[test]
fn extensible_headers_tell_the_valid_bits_and_the_true_kind() {
    let extension = |valid: u16, sub: u16| {
        let mut out = 22_u16.to_le_bytes().to_vec();
        out.extend_from_slice(&valid.to_le_bytes());
        out.extend_from_slice(&3_u32.to_le_bytes());
        out.extend_from_slice(&sub.to_le_bytes());
        out.extend_from_slice(&[0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71]);
        out
    };
    let make = |bytes: u16, valid, sub, data: &[u8]| {
        let format = [fmt(0xFFFE, 2, 48_000, bytes, bytes * 8), extension(valid, sub)].concat();
        riff(&[chunk(b"fmt ", &format), chunk(b"data", data)])
    };
    assert_values(&make(4, 24, 1, &stored(little(32))), Layout::Stereo, Codec::Integer, 24);
    assert_values(&make(3, 20, 1, &stored(little(24))), Layout::Stereo, Codec::Integer, 20);
    assert_values(&make(4, 32, 3, &stored(|v| v.to_le_bytes().to_vec())), Layout::Stereo, Codec::Float, 32);
    let mut ambisonic = make(4, 32, 3, &[]);
    let guid = ambisonic.windows(2).position(|w| w == [0x38, 0x9B]).unwrap();
    ambisonic[guid] = 0x21;
    assert!(error_of(&ambisonic).contains("unknown extensible format"));
}

#[test]
fn rf64_and_bw64_take_their_sizes_from_ds64() {
    let data = stored(little(24));
    for (id, container) in [(b"RF64", Container::Rf64), (b"BW64", Container::Bw64)] {
        let mut sizes = 0_u64.to_le_bytes().to_vec();
        sizes.extend_from_slice(&(data.len() as u64).to_le_bytes());
        sizes.extend_from_slice(&[0; 12]);
        let mut samples = chunk(b"data", &data);
        samples[4..8].fill(0xFF);
        let list = chunk(b"LIST", b"INFOISFT");
        let mut file = riff(&[chunk(b"ds64", &sizes), chunk(b"fmt ", &fmt(1, 2, 48_000, 3, 24)), samples, list]);
        file[..4].copy_from_slice(id);
        file[4..8].fill(0xFF);
        assert_values(&file, Layout::Stereo, Codec::Integer, 24);
        assert_eq!(open_bytes(&file).unwrap().info.container, container);
    }
}

fn bext() -> Vec<u8> {
    let mut body = vec![0; 602];
    body[..9].copy_from_slice(b"Take 12 \0");
    body[256..266].copy_from_slice(b"Recorder 7");
    body[320..330].copy_from_slice(b"2026-11-20");
    body[330..338].copy_from_slice(b"10:11:12");
    body[338..346].copy_from_slice(&(48_000_u64 * 3600 * 30).to_le_bytes());
    body[346] = 2;
    body
}

#[test]
fn time_stamps_and_odd_chunks_are_read_before_and_after_the_samples() {
    let format = chunk(b"fmt ", &fmt(1, 1, 48_000, 2, 16));
    let data = chunk(b"data", &stored(little(16)));
    let odd = chunk(b"note", b"odd");
    let mut unpadded = odd.clone();
    unpadded.pop();
    for chunks in [
        vec![chunk(b"bext", &bext()), odd.clone(), format.clone(), data.clone()],
        vec![odd.clone(), format.clone(), data.clone(), odd, chunk(b"bext", &bext())],
        vec![unpadded, chunk(b"bext", &bext()), format, data],
    ] {
        let file = riff(&chunks);
        assert_values(&file, Layout::Mono, Codec::Integer, 16);
        let bext = open_bytes(&file).unwrap().info.bext.unwrap();
        assert_eq!(bext.time_reference, 5_184_000_000, "30 hours do not fit 32 bits");
        assert_eq!((bext.description.as_str(), bext.originator.as_str()), ("Take 12", "Recorder 7"));
        assert_eq!((bext.date.as_str(), bext.time.as_str(), bext.version), ("2026-11-20", "10:11:12", 2));
    }
}

#[test]
fn sample_rates_from_8_to_384_khz_are_read_and_others_refused() {
    for rate in [8_000, 44_100, 192_000, 384_000] {
        assert_eq!(open_bytes(&wav(1, 1, rate, 16, &[0; 8])).unwrap().info.sample_rate, rate);
    }
    for rate in [0, 7_999, 384_001, u32::MAX] {
        let error = error_of(&wav(1, 1, rate, 16, &[0; 8]));
        assert!(error.contains("test") && error.contains(&format!("{rate} Hz")), "{error}");
    }
}

#[test]
fn blocks_and_skips_do_not_change_the_samples() {
    let data: Vec<u8> = noise(3, 1.0, 100_000).iter().flat_map(|s| s.to_le_bytes()).collect();
    let file = wav(3, 2, 48_000, 32, &data);
    let whole = read_all(&mut *open_bytes(&file).unwrap().source, &[50_000, 1]);
    for sizes in [&[1_usize, 4096, 7][..], &[480]] {
        assert_eq!(read_all(&mut *open_bytes(&file).unwrap().source, sizes), whole);
    }
    let mut opened = open_bytes(&file).unwrap();
    let mut at = 0;
    for (skip, read) in [(0, 10), (5, 100), (20_000, 1), (3, 20_000), (1, 9_000)] {
        assert_eq!(opened.source.skip(skip as u64).unwrap(), skip as u64);
        at += skip;
        let mut part = Buffer::new(Layout::Stereo, read);
        assert_eq!(opened.source.read(&mut part.block(read)).unwrap(), read);
        assert_eq!(part.channel(1), &whole.channel(1)[at..at + read]);
        at += read;
    }
    assert_eq!(opened.source.skip(u64::MAX).unwrap(), 50_000 - at as u64);
    assert_eq!(opened.source.read(&mut Buffer::new(Layout::Stereo, 9).block(9)).unwrap(), 0);
}

// What is wrong with files in the wild, each case by its own name.

#[test]
fn a_file_that_is_cut_off_is_read_as_far_as_it_goes_and_says_what_is_missing() {
    let file = wav(1, 2, 48_000, 24, &vec![0; 6 * 48_000]);
    let cut = &file[..44 + 6 * 12_000 + 5];
    let mut opened = open_bytes(cut).unwrap();
    assert_eq!(opened.info.frames, 12_000);
    assert_eq!(opened.warnings.len(), 1);
    let warning = &opened.warnings[0];
    assert_eq!((warning.severity, warning.code), (Severity::Warning, "truncated"));
    assert!(warning.message.contains("36000 frames (0.750 s) of 48000 are missing"), "{}", warning.message);
    read_all(&mut *opened.source, &[4096]);

    let file = aiff(None, 1, 44_100, 16, &vec![0; 2 * 44_100]);
    let opened = open_bytes(&file[..file.len() - 2 * 22_050]).unwrap();
    assert_eq!((opened.info.frames, opened.warnings[0].code), (22_050, "truncated"));
}

#[test]
fn lengths_left_open_are_read_to_the_end_of_the_file() {
    for open_size in [0_u32, u32::MAX] {
        let mut file = wav(1, 1, 48_000, 16, &stored(little(16)));
        file[40..44].copy_from_slice(&open_size.to_le_bytes());
        let mut opened = open_bytes(&file).unwrap();
        assert_eq!(opened.warnings[0].code, "open-length");
        assert_eq!(read_all(&mut *opened.source, &[64]).channel(0), VALUES);
        let mut file = aiff(None, 1, 48_000, 16, &stored(big(16)));
        let sound = file.windows(4).position(|w| w == b"SSND").unwrap();
        file[sound + 4..sound + 8].copy_from_slice(&open_size.to_be_bytes());
        file[22..26].fill(0);
        let mut opened = open_bytes(&file).unwrap();
        assert_eq!(opened.warnings[0].code, "open-length");
        assert_eq!(read_all(&mut *opened.source, &[64]).channel(0), VALUES);
    }
}

#[test]
fn an_empty_data_chunk_is_not_mistaken_for_an_open_length() {
    let format = chunk(b"fmt ", &fmt(1, 1, 48_000, 2, 16));
    for file in [
        riff(&[format.clone(), chunk(b"data", &[])]),
        riff(&[format.clone(), chunk(b"data", &[]), chunk(b"LIST", b"INFOICMTxy")]),
        aiff(None, 1, 48_000, 16, &[]),
    ] {
        let mut opened = open_bytes(&file).unwrap();
        assert_eq!((opened.info.frames, opened.warnings[0].code), (0, "no-audio"));
        assert_eq!(read_all(&mut *opened.source, &[16]).frames(), 0);
    }
}

#[test]
fn headers_that_are_cut_or_senseless_are_errors_with_a_place() {
    let file = wav(1, 2, 48_000, 16, &[0; 16]);
    assert!(error_of(&file[..10]).contains("damaged at byte 10"));
    assert!(error_of(&file[..30]).contains("`fmt ` chunk of fewer than 16 bytes"));
    assert!(error_of(&file[..36]).contains("ends before its `data` chunk"));
    assert!(error_of(&wav(1, 0, 48_000, 16, &[0; 16])).contains("0 channels"));
    assert!(error_of(&wav(1, 2, 48_000, 0, &[])).contains("0 bits"));
    assert!(error_of(&riff(&[chunk(b"data", &[0; 8])])).contains("no `fmt ` chunk"));
    let file = aiff(None, 2, 48_000, 16, &[0; 16]);
    assert!(error_of(&file[..20]).contains("COMM"));
    assert!(error_of(&file[..40]).contains("no audio"));
    assert!(error_of(&aiff(None, 0, 48_000, 16, &[])).contains("0 channels"));
}

#[test]
fn more_channels_than_two_and_foreign_codecs_are_refused_by_name() {
    let error = error_of(&wav(1, 6, 48_000, 16, &[0; 24]));
    assert!(error.contains("test has 6 channels") && error.contains("Split it"), "{error}");
    assert!(error_of(&wav(1, u16::MAX, 48_000, 16, &[0; 24])).contains("65535 channels"));
    assert!(error_of(&wav(6, 1, 8_000, 8, &[0; 8])).contains("A-law"));
    assert!(error_of(&wav(0x11, 1, 8_000, 4, &[0; 8])).contains("ADPCM"));
    assert!(error_of(&aiff(Some(b"ima4"), 1, 8_000, 16, &[0; 8])).contains("`ima4`"));
    let mut rifx = wav(1, 1, 8_000, 16, &[0; 8]);
    rifx[..4].copy_from_slice(b"RIFX");
    assert!(error_of(&rifx).contains("RIFX"));
    assert!(error_of(b"Dear diary, today").contains("44 65 61 72"));
}

#[test]
fn samples_that_are_no_numbers_are_refused_with_their_time_or_counted_and_silenced_or_kept() {
    let mut samples = vec![0.25_f32; 96_000];
    samples[48_001] = f32::NAN;
    samples[70_000] = f32::NEG_INFINITY;
    for bits in [32, 64] {
        let data: Vec<u8> = match bits {
            32 => samples.iter().flat_map(|s| s.to_le_bytes()).collect(),
            _ => samples.iter().flat_map(|s| f64::from(*s).to_le_bytes()).collect(),
        };
        let file = wav(3, 2, 48_000, bits, &data);
        let mut opened = open_bytes(&file).unwrap();
        let mut block = Buffer::new(Layout::Stereo, 24_000);
        assert_eq!(opened.source.read(&mut block.block(24_000)).unwrap(), 24_000);
        let error = opened.source.read(&mut block.block(24_000)).unwrap_err().to_string();
        assert!(error.contains("test") && error.contains("0.500000 s (frame 24000)"), "{error}");

        let mut opened = open_silencing(&file);
        let audio = read_all(&mut *opened.source, &[1000]);
        assert_eq!(opened.silenced.get(), 2);
        assert_eq!((audio.channel(1)[24_000], audio.channel(0)[35_000]), (0.0, 0.0));

        let mut opened = open_with_policy(&file, NonFinite::Keep);
        let audio = read_all(&mut *opened.source, &[1000]);
        assert_eq!(opened.silenced.get(), 2);
        assert!(audio.channel(1)[24_000].is_nan() && audio.channel(0)[35_000] == f32::NEG_INFINITY);
    }
}

#[test]
fn values_over_full_scale_survive() {
    let data: Vec<u8> = [4.0_f32, -4.0].iter().flat_map(|s| s.to_le_bytes()).collect();
    let audio = read_all(&mut *open_bytes(&wav(3, 1, 48_000, 32, &data)).unwrap().source, &[8]);
    assert_eq!(audio.channel(0), [4.0, -4.0]);
}

#[test]
fn what_is_no_file_is_said_plainly() {
    let folder = tempfile::tempdir().unwrap();
    let message = |path: &std::path::Path| open(path).err().unwrap().to_string();
    assert!(message(&folder.path().join("kick.wav")).contains("there is no file"));
    assert!(message(folder.path()).contains("is a folder"));
    let empty = folder.path().join("empty.wav");
    std::fs::write(&empty, []).unwrap();
    assert!(message(&empty).contains("0 bytes"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let locked = folder.path().join("locked.wav");
        std::fs::write(&locked, wav(1, 1, 48_000, 16, &[0; 8])).unwrap();
        std::fs::set_permissions(&locked, std::fs::Permissions::from_mode(0o0)).unwrap();
        // The superuser may read anything.
        if std::fs::read(&locked).is_err() {
            assert!(message(&locked).contains("no permission to read"));
        }
        assert!(message(std::path::Path::new("/dev/null")).contains("no length"));
    }
}

#[test]
fn the_name_does_not_matter_and_probing_agrees_with_opening() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kick.mp3");
    std::fs::write(&path, wav(1, 2, 44_100, 16, &stored(little(16)))).unwrap();
    let info = probe(&path).unwrap().info;
    assert_eq!(info, open(&path).unwrap().info);
    assert_eq!((info.container, info.frames), (Container::Wav, 4));
}
