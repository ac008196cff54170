//! Names, extensions and what each format can hold.

use tonmeister_core::Layout;

use super::{Format, IntegerBits, Mp3Mode, SampleFormat};

fn all() -> Vec<Format> {
    let mut all = vec![
        Format::Aac { kbps: 256 },
        Format::Opus { kbps: 160 },
        Format::Vorbis { tenths: 80 },
        Format::Vorbis { tenths: -5 },
        Format::Mp3(Mp3Mode::Cbr(320)),
        Format::Mp3(Mp3Mode::Vbr(0)),
    ];
    for samples in [SampleFormat::Int16, SampleFormat::Int24, SampleFormat::Float32] {
        all.extend([Format::Wav(samples), Format::Aiff(samples)]);
    }
    for bits in [IntegerBits::Sixteen, IntegerBits::TwentyFour] {
        all.extend([Format::Flac(bits), Format::Alac(bits)]);
    }
    all
}

#[test]
fn short_names_come_back_as_the_same_format() {
    for format in all() {
        assert_eq!(format.to_string().parse(), Ok(format));
        assert_eq!(format.to_string().to_uppercase().parse(), Ok(format));
    }
    assert_eq!(Format::Vorbis { tenths: -5 }.to_string(), "vorbis-q-0.5");
    assert_eq!(Format::Vorbis { tenths: -5 }.title(), "Ogg Vorbis q-0.5");
    for wrong in [
        "",
        "wav",
        "mp3-",
        "mp3-v10",
        "mp3-321",
        "flac-32f",
        "flac-32",
        "vorbis-q11",
        "vorbis-q0.25",
        "opus-5",
        "opus-511",
        "aac-1000",
        "ogg-8",
        "mp3-v-1",
        "mp3--1",
    ] {
        let error = wrong.parse::<Format>().unwrap_err().to_string();
        assert!(error.contains("mp3-320") && error.contains(wrong), "{error}");
    }
}

#[test]
fn every_format_names_a_rate_that_it_takes() {
    for format in all() {
        for rate in [8_000, 11_025, 32_000, 44_100, 48_000, 64_000, 88_200, 96_000, 176_400, 192_000, 384_000] {
            let to = format.rate_for(rate);
            assert!(format.takes_rate(to), "{format} {rate}");
            assert_eq!(to == rate, format.takes_rate(rate));
            assert_eq!(format.refusal(to, Layout::Stereo), None);
            if to != rate {
                let refusal = format.refusal(rate, Layout::Stereo).unwrap();
                assert!(refusal.contains(&format!("not {rate} Hz; convert to {to} Hz")), "{refusal}");
            }
        }
    }
    let mp3 = Format::Mp3(Mp3Mode::Vbr(0));
    let rates =
        [(8_000, 32_000), (88_200, 44_100), (96_000, 48_000), (176_400, 44_100), (64_000, 32_000), (37_800, 44_100)];
    for (from, to) in rates {
        assert_eq!(mp3.rate_for(from), to);
    }
    assert_eq!(Format::Opus { kbps: 96 }.rate_for(44_100), 48_000);
}

#[test]
fn bit_rates_that_cannot_be_are_refused_with_the_nearest_or_the_range() {
    let refusal = |format: Format, layout| format.refusal(48_000, layout).unwrap();
    assert!(refusal(Format::Mp3(Mp3Mode::Cbr(300)), Layout::Mono).contains("nearest is 320"));
    assert!(refusal(Format::Mp3(Mp3Mode::Vbr(10)), Layout::Mono).contains("V0 (finest) to V9"));
    assert!(refusal(Format::Aac { kbps: 300 }, Layout::Mono).contains("mono AAC at 48000 Hz takes 32 to 288"));
    assert!(refusal(Format::Aac { kbps: 48 }, Layout::Stereo).contains("stereo AAC at 48000 Hz takes 64 to 320"));
    assert!(refusal(Format::Opus { kbps: 300 }, Layout::Mono).contains("mono Opus takes 6 to 256"));
    assert!(refusal(Format::Opus { kbps: 511 }, Layout::Stereo).contains("stereo Opus takes 12 to 510"));
    assert!(refusal(Format::Vorbis { tenths: 101 }, Layout::Stereo).contains("-1 to 10"));
    assert_eq!(Format::Opus { kbps: 510 }.refusal(48_000, Layout::Stereo), None);
}

#[test]
fn the_extension_is_the_one_that_players_know() {
    let extensions: Vec<&str> = all().into_iter().map(Format::extension).collect();
    for known in ["wav", "aiff", "aifc", "flac", "m4a", "mp3", "ogg", "opus"] {
        assert!(extensions.contains(&known));
    }
    assert!(all().into_iter().all(|format| !format.lossy() || format.bits().is_none()));
}
