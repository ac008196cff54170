//! Effects that sound with a recording: it is read before they are built, at the song's rate, whole, and within bounds.
#![allow(missing_docs)]

mod support;

use support::{insert, library, play, registry, render, song, track};
use tonmeister_core::{Buffer, Settings};
use tonmeister_dsp::testing::{noise, stereo_noise};
use tonmeister_engine::{EngineError, compile};
use tonmeister_session::model::{Destination, Song};

fn playing(file: &str) -> Song {
    let mut song = song();
    song.tracks = vec![track("x", "x", Destination::Master)];
    song.tracks[0].strip.inserts = vec![play(file)];
    song
}

fn refused(song: &Song, audio: &[(&str, Buffer)]) -> EngineError {
    compile(song, &registry(), &*library(audio)).expect_err("it cannot be compiled")
}

#[test]
fn an_effect_sounds_with_the_whole_of_its_recording() {
    // 20 000 frames: more than one reading of it, and every reading is short.
    let (track, hall) = (stereo_noise(1, 0.1, 24_000), stereo_noise(2, 0.1, 20_000));
    let library = library(&[("x", track), ("hall", hall.clone())]);
    for (threads, block) in [(1, 4096), (2, 100)] {
        let (out, _) = render(&playing("hall"), &library, &registry(), threads, block).unwrap();
        for channel in 0..2 {
            assert_eq!(out.channel(channel)[..20_000], *hall.channel(channel));
            assert!(out.channel(channel)[20_000..].iter().all(|x| *x == 0.0));
        }
    }
}

#[test]
fn a_recording_is_missing_too_long_or_empty() {
    let tape = |frames| Buffer::from_mono(noise(3, 0.1, frames));
    let missing = refused(&playing("hall"), &[("x", tape(100))]);
    assert_eq!(missing.to_string(), "track `x`, insert `play`: hall: there is no such file");
    assert_eq!(missing.address.as_deref(), Some("x/play/sound"));

    assert!(compile(&playing("hall"), &registry(), &*library(&[("x", tape(100)), ("hall", tape(24_000))])).is_ok());
    let long = refused(&playing("hall"), &[("x", tape(100)), ("hall", tape(24_001))]);
    let said = "`hall` lasts 0.5000 s, but the sound holds at most 0.5 s; shorten the file";
    assert_eq!(long.message, said);

    let empty = refused(&playing("hall"), &[("x", tape(100)), ("hall", tape(0))]);
    assert_eq!(empty.message, "`hall` holds no audio; the sound needs some");
}

#[test]
fn an_effect_in_code_without_its_recording_is_refused_unless_bypassed() {
    let mut song = playing("hall");
    let spec = song.tracks[0].strip.inserts[0].settings.spec();
    song.tracks[0].strip.inserts = vec![insert("play", Settings::new(spec))];
    let audio = [("x", Buffer::from_mono(noise(3, 0.1, 100)))];
    let message = refused(&song, &audio).message;
    assert_eq!(message, "the effect needs its sound: name an audio file as `sound`");
    song.tracks[0].strip.inserts[0].bypass = true;
    assert!(compile(&song, &registry(), &*library(&audio)).is_ok());
}
