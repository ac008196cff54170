//! Renders that begin in the middle of the song, through every effect of the rack.
#![allow(missing_docs)]

mod support;

use support::{insert, library, render, render_span, song, track};
use tonmeister_core::{Buffer, Settings};
use tonmeister_dsp::testing::stereo_noise;
use tonmeister_engine::Span;
use tonmeister_session::model::{Destination, Insert};

/// What begins on multiples of this begins on every grid that effects work on inside.
const GRID: u64 = 65_536;

fn difference_db(one: &Buffer, other: &Buffer, from: usize) -> f64 {
    let (mut wrong, mut right) = (0.0_f64, 0.0_f64);
    for channel in 0..2 {
        for (i, y) in other.channel(channel).iter().enumerate() {
            let x = f64::from(one.channel(channel)[from + i]);
            wrong = wrong.max((x - f64::from(*y)).abs());
            right = right.max(x.abs());
        }
    }
    if wrong == 0.0 { f64::NEG_INFINITY } else { 20.0 * (wrong / right).log10() }
}

fn apart(processor: Insert, pre_roll: u64) -> f64 {
    let rack = tonmeister_dsp::rack();
    let library = library(&[("x", stereo_noise(3, 0.3, 270_000))]);
    let mut song = song();
    song.tracks = vec![track("x", "x", Destination::Master)];
    song.tracks[0].strip.inserts = vec![processor];
    let (whole, _) = render(&song, &library, &rack, 1, 4096).unwrap();
    let from = 3 * GRID + pre_roll % GRID;
    let span = Span { from, to: from + 20_000, pre_roll };
    let out = render_span(&song, &library, &rack, (1, 777), span).unwrap();
    difference_db(&whole, &out, from as usize)
}

/// Whatever swings by itself swings from the middle as it does from the start, to the bit.
#[test]
fn what_swings_by_itself_stands_where_it_would_stand() {
    let rack = tonmeister_dsp::rack();
    let set = |id: &str, values: &[(&str, f64)]| {
        let settings = Settings::new(rack.spec(id).unwrap());
        insert(id, values.iter().fold(settings, |settings, (key, value)| settings.with(key, *value)))
    };
    let mut all: Vec<Insert> =
        ["chorus", "ensemble", "flanger", "phaser", "vibrato", "tremolo", "auto_pan"].map(|id| set(id, &[])).into();
    all.push(set("chorus", &[("rate_hz", 0.333), ("shape", 2.0)]));
    all.push(set("rotary", &[("speed", 1.0)]));
    let tape = [("wow_percent", 0.2), ("flutter_percent", 0.1), ("auto_gain", 0.0)];
    all.push(set("tape", &tape));
    // What bends a wave forgets it at once, but for the gain that holds its loudness.
    all.extend(["saturator", "exciter"].map(|id| set(id, &[("auto_gain", 0.0)])));
    all.extend((0..6).map(|signal| set("test_signal", &[("signal", f64::from(signal))])));
    let wobbling = Settings::new(rack.spec("delay").unwrap()).with("feedback_percent", 0.0);
    all.push(insert("delay", wobbling.with_item("wow", &[("wow_percent", 0.3)])));
    for processor in all {
        let told = format!("{} {:?}", processor.id, processor.settings.get(processor.settings.spec().params[0].id));
        let db = apart(processor, 2 * GRID);
        println!("{told}: {db:.1} dB");
        assert_eq!(db, f64::NEG_INFINITY, "{told}");
    }
}

/// What still hears more than 2.7 s later what it heard once, by how much that may tell, in dB: echoes, a hall, gains that
/// follow the loudness of many seconds. The de-noiser learns for longer than that, so that it is another one.
const REMEMBER: [(&str, f64); 8] = [
    ("rider", -135.0),
    ("delay", -60.0),
    ("reverb", -95.0),
    ("tape", -70.0),
    ("saturator", -75.0),
    ("exciter", -70.0),
    ("balance_corrector", -60.0),
    ("denoise", 0.0),
];

/// The rack as it comes, from the middle, with a pre-roll of 2.7 s: the bits of the whole, but for those that remember
/// longer. Measured of these: the rider −143 dB, the reverb −104 dB, the saturator −83 dB, the exciter −79 dB, the tape
/// −77 dB, the balance corrector −70 dB, the delay −64 dB.
#[test]
fn every_effect_from_the_middle() {
    let rack = tonmeister_dsp::rack();
    for spec in rack.specs().filter(|spec| spec.files.iter().all(|file| !file.required)) {
        let db = apart(insert(spec.id, Settings::new(spec)), 2 * GRID);
        println!("{}: {db:.1} dB", spec.id);
        let most = REMEMBER.iter().find(|(id, _)| *id == spec.id).map_or(f64::NEG_INFINITY, |(_, most)| *most);
        assert!(db <= most, "{}: {db} dB", spec.id);
    }
}

/// What those that remember are apart by from the bits of the whole behind the ten seconds and more that a stretch is
/// played unheard unless somebody says otherwise (8 grid steps, 10.9 s at 48 kHz): at most, in dB. The rider and the delay
/// as they come have the bits by then. The reverb's lines go round in single precision and never come to agree in their
/// last bit; gains that match loudness, and balance, are means that fade over seconds; the de-noiser has learned from what
/// it heard. Of these only a render from the song's start has the bits.
const BEHIND_TEN_SECONDS: [(&str, f64); 8] = [
    ("rider", f64::NEG_INFINITY),
    ("delay", f64::NEG_INFINITY),
    ("reverb", -125.0),
    ("tape", -95.0),
    ("saturator", -90.0),
    ("exciter", -90.0),
    ("balance_corrector", -55.0),
    ("denoise", -60.0),
];

/// Measured: the reverb −132 dB, the saturator −117 dB, the tape −102 dB, the exciter −98 dB, the balance corrector −74 dB,
/// the de-noiser −63 dB. Behind a pre-roll that reaches the song's start all have the bits of the whole.
#[test]
fn what_remembers_behind_the_usual_pre_roll() {
    let rack = tonmeister_dsp::rack();
    let library = library(&[("x", stereo_noise(3, 0.3, 10 * GRID as usize))]);
    for (id, most) in BEHIND_TEN_SECONDS {
        let mut song = song();
        song.tracks = vec![track("x", "x", Destination::Master)];
        song.tracks[0].strip.inserts = vec![insert(id, Settings::new(rack.spec(id).unwrap()))];
        let (whole, _) = render(&song, &library, &rack, 1, 4096).unwrap();
        let from = 9 * GRID;
        for (pre_roll, most) in [(8 * GRID, most), (from, f64::NEG_INFINITY)] {
            let span = Span { from, to: from + 20_000, pre_roll };
            let out = render_span(&song, &library, &rack, (1, 777), span).unwrap();
            let db = difference_db(&whole, &out, from as usize);
            println!("{id}, {pre_roll} frames before: {db:.1} dB");
            assert!(db <= most, "{id}, {pre_roll} frames before: {db} dB");
        }
    }
}
