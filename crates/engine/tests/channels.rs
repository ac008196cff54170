//! Inserts on a part of the signal: that part only, the rest untouched and in time.
#![allow(missing_docs)]

mod support;

use support::{gain, library, registry, render, song, track, wait};
use tonmeister_core::{Buffer, ParamIndex};
use tonmeister_dsp::testing::{noise, stereo_noise};
use tonmeister_engine::compile;
use tonmeister_session::model::{
    Channels, Curve, Destination, Insert, KeySource, Lane, Point, SideChain, Song, Target,
};

const FRAMES: usize = 12_000;
const PARTS: [Channels; 4] = [Channels::Left, Channels::Right, Channels::Mid, Channels::Side];

fn on(channels: Channels, mut insert: Insert) -> Insert {
    insert.channels = channels;
    insert
}

fn through(inserts: Vec<Insert>) -> Song {
    let mut song = song();
    song.tracks = vec![track("x", "x", Destination::Master)];
    song.tracks[0].strip.inserts = inserts;
    for (n, insert) in song.tracks[0].strip.inserts.iter_mut().enumerate() {
        insert.id = format!("i{n}");
    }
    song
}

fn heard(song: &Song, audio: &Buffer, block: usize) -> Buffer {
    let library = library(&[("x", audio.clone()), ("k", Buffer::from_mono(noise(77, 0.5, FRAMES)))]);
    render(song, &library, &registry(), 2, block).unwrap().0
}

/// The largest difference from what a frame should be.
fn off(out: &Buffer, wanted: impl Fn(usize) -> (f64, f64)) -> f64 {
    (0..FRAMES)
        .map(|i| {
            let (l, r) = wanted(i);
            (f64::from(out.channel(0)[i]) - l).abs().max((f64::from(out.channel(1)[i]) - r).abs())
        })
        .fold(0.0, f64::max)
}

#[test]
fn what_does_nothing_to_a_part_changes_no_bit_however_late_it_is() {
    let audio = stereo_noise(5, 0.5, FRAMES);
    for channels in PARTS {
        for late in [0, 1, 441, 5000] {
            let out = heard(&through(vec![on(channels, wait(late))]), &audio, 512);
            assert!(out == audio, "{channels:?} {late}");
        }
    }
}

#[test]
fn a_gain_on_a_part_is_heard_in_that_part_only() {
    let audio = stereo_noise(5, 0.5, FRAMES);
    let at = |i: usize| (f64::from(audio.channel(0)[i]), f64::from(audio.channel(1)[i]));
    for gained in [0.0, 0.25, 2.0] {
        for channels in PARTS {
            // Late, and in two inserts, so that the waiting part must keep up.
            let out = heard(&through(vec![on(channels, wait(300)), on(channels, gain(gained)), wait(7)]), &audio, 512);
            let wanted = |i: usize| {
                let (l, r) = at(i);
                let (mid, side) = (f64::midpoint(l, r), f64::midpoint(l, -r));
                match channels {
                    Channels::Left => (l * gained, r),
                    Channels::Right => (l, r * gained),
                    Channels::Mid => (mid * gained + side, mid * gained - side),
                    Channels::Side => (mid + side * gained, mid - side * gained),
                    Channels::Stereo => (l, r),
                }
            };
            // −138 dBFS: the rounding of 32-bit samples near full scale, and nothing more.
            let off = off(&out, wanted);
            assert!(off < 1.2e-7, "{channels:?} × {gained}: {off}");
        }
    }
    let out = heard(&through(vec![on(Channels::Left, gain(0.5))]), &audio, 512);
    assert_eq!(out.channel(1), audio.channel(1), "the other channel keeps its bits");
}

#[test]
fn mid_and_side_turned_over_are_both_channels_turned_over() {
    let audio = stereo_noise(5, 0.5, FRAMES);
    let song = through(vec![on(Channels::Mid, gain(-1.0)), on(Channels::Side, gain(-1.0)), gain(-1.0)]);
    let off = off(&heard(&song, &audio, 512), |i| (f64::from(audio.channel(0)[i]), f64::from(audio.channel(1)[i])));
    assert!(off < 1.2e-7, "{off}");
}

#[test]
fn mono_is_spread_and_its_side_is_silence() {
    let audio = Buffer::from_mono(noise(9, 0.5, FRAMES));
    let x = |i: usize| f64::from(audio.channel(0)[i]);
    let out = heard(&through(vec![on(Channels::Side, gain(4.0))]), &audio, 512);
    assert_eq!(off(&out, |i| (x(i), x(i))), 0.0);
    let out = heard(&through(vec![on(Channels::Right, gain(0.0))]), &audio, 512);
    assert_eq!(off(&out, |i| (x(i), 0.0)), 0.0);
}

#[test]
fn keys_automation_and_latency_stay_with_it_for_every_block_size() {
    let audio = stereo_noise(5, 0.5, FRAMES);
    let mut song = through(vec![wait(100), on(Channels::Side, gain(1.0)), on(Channels::Mid, wait(64))]);
    song.tracks.push(track("k", "k", Destination::Master));
    song.tracks[0].strip.inserts[1].key = Some(SideChain::of(KeySource::Track(1)));
    let target = Target::Insert { insert: 1, param: ParamIndex(0) };
    let point = |time_s, value| Point::new(time_s, value, Curve::Linear);
    song.tracks[0].strip.automation = vec![Lane::new(target, vec![point(0.05, 1.0), point(0.2, -2.0)])];
    let whole = heard(&song, &audio, 4096);
    for block in [1, 13, 64, 1000] {
        assert!(heard(&song, &audio, block) == whole, "blocks of {block}");
    }
    let library = library(&[("x", audio.clone()), ("k", Buffer::from_mono(noise(77, 0.5, FRAMES)))]);
    let plan = compile(&song, &registry(), &*library).unwrap().plan;
    assert_eq!(plan.outputs[0].latency, 164);
    let text = plan.to_string();
    assert!(text.contains("| i1 on side keyed by k +100 | i2 on mid (64)"), "{text}");
}
