//! Generators, cuts and long lanes, as they are heard.
#![allow(missing_docs)]

mod support;

use support::{above_3_khz_db, gain, library, registry, render, song, track};
use tonmeister_core::{Buffer, ParamIndex};
use tonmeister_dsp::testing::stereo_noise;
use tonmeister_session::cut::Cut;
use tonmeister_session::model::{Clip, Curve, Destination, Lane, Lfo, LfoShape, PanLaw, Point, Repeat, Target, Until};
use tonmeister_session::tables::{STRIP, place};

/// At 4 Hz, measured over ±6 dB of a fader and ±0.5 of a pan: sine −143.8 and −144.7 dB, triangle −101.7 and −108.7 dB,
/// square −124.5 and −129.7 dB, random −139.2 and −142.0 dB.
#[test]
fn generators_make_no_zipper_noise_and_do_not_depend_on_blocks() {
    let tone = tonmeister_dsp::testing::sine(1000.0, 0.4, support::RATE, 96_000);
    let library = library(&[("tone", Buffer::from_mono(tone))]);
    for shape in LfoShape::ALL {
        for (param, depth) in [("fader_db", 6.0), ("pan", 0.5)] {
            let mut song = song();
            // The balance law has a corner in the middle, which is heard at any speed.
            song.pan_law = PanLaw::Minus3;
            song.tracks = vec![track("tone", "tone", Destination::Master)];
            let lfo = Lfo { shape, seed: 3, from_s: 0.1, to_s: Some(1.7), ..Lfo::sine(4.0, depth) };
            let around = Lane { lfos: vec![lfo.clone()], ..Lane::new(Target::Strip(place(STRIP, param)), Vec::new()) };
            let moves = vec![Point::new(0.0, 1.0, Curve::Hold), Point::new(1.0, 0.5, Curve::Hold)];
            let insert = Target::Insert { insert: 0, param: ParamIndex(0) };
            song.tracks[0].strip.inserts = vec![gain(0.7)];
            song.tracks[0].strip.automation = vec![around];
            let (out, _) = render(&song, &library, &registry(), 1, 512).unwrap();
            let noise = above_3_khz_db(&out);
            println!("{param} {shape:?}: {noise:.1} dB");
            assert!(noise <= -100.0, "{param} by {shape:?}: {noise} dB");
            song.tracks[0]
                .strip
                .automation
                .push(Lane { lfos: vec![Lfo { depth: 0.2, ..lfo }], ..Lane::new(insert, moves) });
            let (whole, _) = render(&song, &library, &registry(), 1, 4096).unwrap();
            for (threads, block) in [(2, 1000), (1, 77)] {
                let (cut, _) = render(&song, &library, &registry(), threads, block).unwrap();
                assert!(whole == cut, "{shape:?} in blocks of {block}");
            }
        }
    }
}

#[test]
fn a_cut_closes_up_and_keeps_every_other_sample() {
    let sound = stereo_noise(5, 0.5, 48_000);
    let library = library(&[("x", sound.clone()), ("y", stereo_noise(8, 0.5, 20_000))]);
    let mut song = song();
    song.tracks = vec![track("x", "x", Destination::Master), track("y", "y", Destination::Master)];
    let looped = Repeat { until: Until::Count(3), crossfade_s: 0.01 };
    song.tracks[1].clips = vec![Clip {
        start_s: 0.05,
        offset_s: 0.1,
        length_s: Some(0.3),
        repeat: Some(looped),
        reverse: true,
        fade_in_s: 0.2,
        fade_out_s: 0.2,
        ..Clip::whole("y")
    }];
    let (whole, _) = render(&song, &library, &registry(), 1, 512).unwrap();
    // 0.25 s to 0.5 s, overlapping by 10 ms: frames 12000 to 24000, 480 of them.
    let cut = Cut { from_s: 0.25, to_s: 0.5, crossfade_s: 0.01, snap: false };
    let (short, _) = render(&song.with_cuts(&[cut]), &library, &registry(), 1, 512).unwrap();
    assert_eq!(short.frames(), whole.frames() - 12_000);
    for channel in 0..2 {
        let (a, b) = (whole.channel(channel), short.channel(channel));
        assert!(a[..11_520] == b[..11_520], "before the overlap nothing changes");
        assert!(a[24_000..] == b[12_000..12_000 + a.len() - 24_000], "nor behind it");
        for i in 0..480 {
            let part = (i as f64 + 0.5) / 480.0 * std::f64::consts::FRAC_PI_2;
            let wanted = f64::from(a[11_520 + i]) * part.cos() + f64::from(a[23_520 + i]) * part.sin();
            assert!((f64::from(b[11_520 + i]) - wanted).abs() < 1e-6, "{i}");
        }
    }
}
