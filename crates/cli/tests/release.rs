//! `tonmeister release` as scripts and musicians meet it.

mod common;

use std::fs;
use std::path::Path;

use common::{code, err, json, out, tonmeister};

/// A folder with two songs of the demo's own sort: mixes made by the command itself, and an album of them.
fn album(folder: &Path) -> String {
    let text = |name: &str| folder.join(name).to_string_lossy().into_owned();
    for (name, hz, level) in [("one.wav", 220.0, 0.5), ("two.wav", 330.0, 0.2)] {
        wav(&folder.join(name), hz, level);
    }
    let document = "[album]\ntitle = \"Two\"\nartist = \"Nobody\"\nloudness_lufs = -20.0\n\n[[song]]\naudio = \"one.wav\"\n\n\
                    [[song]]\naudio = \"two.wav\"\ngap_s = 1.0\n\n[[deliver]]\nformat = \"flac\"\nfolder = \"flac\"\n";
    fs::write(folder.join("album.toml"), document).unwrap();
    text("album.toml")
}

/// Three seconds of a tone that pulses, 16 bits, mono.
fn wav(path: &Path, hz: f64, level: f64) {
    let frames = 3 * 48_000_u32;
    let mut bytes = Vec::new();
    bytes.extend(b"RIFF");
    bytes.extend((36 + frames * 2).to_le_bytes());
    bytes.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    bytes.extend(48_000_u32.to_le_bytes());
    bytes.extend(96_000_u32.to_le_bytes());
    bytes.extend(b"\x02\0\x10\0data");
    bytes.extend((frames * 2).to_le_bytes());
    for frame in 0..frames {
        let time = f64::from(frame) / 48_000.0;
        let pulse = (std::f64::consts::PI * time * 2.0).sin().powi(2);
        let sample = level * pulse * (std::f64::consts::TAU * hz * time).sin();
        bytes.extend(((sample * 32_767.0) as i16).to_le_bytes());
    }
    fs::write(path, bytes).unwrap();
}

#[test]
fn a_release_is_planned_made_verified_and_found_changed() {
    let folder = tempfile::tempdir().unwrap();
    let document = album(folder.path());
    let text = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let release = text("out");
    let planned = tonmeister(&["release", &document, "-o", &release, "--dry-run"]);
    assert_eq!(code(&planned), 0, "{}", err(&planned));
    assert!(out(&planned).contains("Spotify") && !folder.path().join("out").exists());
    let made = tonmeister(&["release", &document, "-o", &release, "--json"]);
    assert_eq!(code(&made), 0, "{}", err(&made));
    let told = json(&made);
    assert_eq!(told["songs"].as_array().unwrap().len(), 2);
    assert_eq!(told["files"][1]["path"], "flac/02 two.flac");
    assert!((told["songs"][0]["after"]["integrated_lufs"].as_f64().unwrap() + 20.0).abs() < 0.15, "{told}");
    assert_eq!(told["songs"][0]["services"][0]["service"], "Spotify");
    let page = fs::read_to_string(folder.path().join("out/release.html")).unwrap();
    assert!(page.contains("<h1>Two</h1>") && page.contains("Where it is played") && page.contains("id=\"song-2\""));
    assert!(!page.contains("http-equiv") && !page.contains("src=\"http"));
    assert!(page.contains("Before and after") && page.contains("What was done, in this order"));
    let paper = fs::read(folder.path().join("out/release.pdf")).unwrap();
    assert!(paper.starts_with(b"%PDF-1.7") && paper.ends_with(b"%%EOF"));
    let same = tonmeister(&["release", "--verify", &release]);
    assert_eq!(code(&same), 0, "{}", err(&same));
    let again = tonmeister(&["release", &document, "-o", &release, "--json"]);
    assert_eq!(json(&again)["files"][0]["kept"], true);
    fs::write(folder.path().join("out/flac/01 one.flac"), "gone").unwrap();
    let changed = tonmeister(&["release", "--verify", &release]);
    assert_eq!(code(&changed), 1);
    assert!(out(&changed).contains("was changed since it was made"), "{}", out(&changed));
}

#[test]
fn every_stage_is_auditioned() {
    let folder = tempfile::tempdir().unwrap();
    let document = album(folder.path());
    let listen = folder.path().join("listen").to_string_lossy().into_owned();
    let heard = tonmeister(&["release", &document, "--audition", &listen, "--range", "0-2"]);
    assert_eq!(code(&heard), 0, "{}", err(&heard));
    assert!(out(&heard).contains("limiter") && out(&heard).contains("audition.html"), "{}", out(&heard));
    assert!(folder.path().join("listen/01 one/3 limiter in.wav").exists());
    assert!(folder.path().join("listen/01 one/3 limiter out.wav").exists());
    assert_eq!(code(&tonmeister(&["release", &document, "--audition", &listen, "--range", "2-1"])), 2);
    assert_eq!(code(&tonmeister(&["release", &document, "--range", "1-2", "-o", &listen])), 2);
}

#[test]
fn what_is_wrong_ends_with_its_code() {
    let folder = tempfile::tempdir().unwrap();
    let document = album(folder.path());
    let release = folder.path().join("out").to_string_lossy().into_owned();
    let good = fs::read_to_string(&document).unwrap();
    let with = |text: &str| {
        fs::write(&document, text).unwrap();
        tonmeister(&["release", &document, "-o", &release])
    };
    let told = with(&good.replace("title = \"Two\"", "title = \"Two\"\nupc = \"036000291453\""));
    assert_eq!(code(&told), 3);
    assert!(err(&told).contains("check digit"), "{}", err(&told));
    let told = with(&good.replace("two.wav", "three.wav"));
    assert_eq!(code(&told), 3);
    assert!(err(&told).contains("three.wav"), "{}", err(&told));
    let told = with(&good.replace("-20.0", "-3.0\nmax_limiting_db = 0.5"));
    assert_eq!(code(&told), 6, "{}", err(&told));
    assert!(out(&told).contains("held by the most limiting"), "{}", out(&told));
    assert_eq!(code(&tonmeister(&["release", "--verify", &folder.path().to_string_lossy()])), 4);
    assert_eq!(code(&tonmeister(&["release", &document])), 2);
    // A folder cannot stand where a file stands.
    let told = tonmeister(&["release", &document, "-o", &document]);
    assert_eq!(code(&told), 5, "{}", err(&told));
}
