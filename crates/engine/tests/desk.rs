//! What mutes, solos and faders above a strip do to the sound.
#![allow(missing_docs)]

mod support;

use proptest::prelude::*;
use support::{bus, library, registry, render, send, song, track};
use tonmeister_core::Buffer;
use tonmeister_dsp::testing::{noise, stereo_noise};
use tonmeister_session::model::{Curve, Destination, Follow, Lane, Point, Song, Tap, Target, Vca, Ways};
use tonmeister_session::tables::{STRIP, place};

const FRAMES: usize = 6000;

fn lane(id: &str, points: &[(f64, f64, Curve)]) -> Lane {
    let points = points.iter().map(|&(time_s, value, curve)| Point::new(time_s, value, curve)).collect();
    Lane::new(Target::Strip(place(STRIP, id)), points)
}

/// A track that goes to the master, post-fader to one bus and pre-fader to another, each at a gain that tells it apart.
fn three_ways() -> Song {
    let mut song = song();
    song.buses = vec![bus("post", Destination::Master), bus("pre", Destination::Master)];
    song.buses[0].strip.set("fader_db", -20.0);
    song.buses[1].strip.set("fader_db", -40.0);
    song.tracks = vec![track("t", "ones", Destination::Master)];
    song.tracks[0].strip.sends = vec![send(0, Tap::Post), send(1, Tap::Pre)];
    song
}

/// What arrives of a track of ones, at some frames.
fn heard(song: &Song, frames: &[usize]) -> Vec<f64> {
    let ones = Buffer::from_stereo(vec![1.0; FRAMES], vec![1.0; FRAMES]);
    let (out, _) = render(song, &library(&[("ones", ones)]), &registry(), 2, 512).unwrap();
    frames.iter().map(|frame| (f64::from(out.channel(0)[*frame]) * 1e4).round() / 1e4).collect()
}

#[test]
fn mute_silences_the_ways_that_its_points_name() {
    let mut song = three_ways();
    assert_eq!(heard(&song, &[3000]), [1.11]);
    for (points, rest) in [
        ([true, true, false], 0.01),
        ([true, true, true], 0.0),
        ([false, true, false], 1.01),
        ([true, false, false], 0.11),
        ([false, false, true], 1.1),
    ] {
        let strip = &mut song.tracks[0].strip;
        strip.set("mute", 1.0);
        for (id, on) in ["mute_main", "mute_post", "mute_pre"].into_iter().zip(points) {
            strip.set(id, f64::from(u8::from(on)));
        }
        assert_eq!(heard(&song, &[3000]), [rest], "{points:?}");
    }
    // Automated, it reaches the same ways; a jump is over 20 ms (960 frames) later.
    song.tracks[0].strip.automation = vec![lane("mute", &[(0.0, 0.0, Curve::Hold), (0.05, 1.0, Curve::Hold)])];
    assert_eq!(heard(&song, &[2399, 3400]), [1.11, 1.1]);
}

#[test]
fn a_muted_version_is_silent_on_every_way() {
    let mut song = three_ways();
    let mute = vec!["t".to_owned()];
    song.versions = vec![tonmeister_session::model::Version { id: "none".into(), mute, ..Default::default() }];
    assert_eq!(heard(&song.version("none").unwrap(), &[3000]), [0.0]);
}

#[test]
fn faders_that_a_strip_follows_multiply_on_their_ways() {
    let mut song = three_ways();
    let db = 20.0 * 0.5f64.log10();
    let follow = |ways| Follow { db, lane: None, ways, mutes: false };
    song.tracks[0].strip.followed = vec![follow(Ways::POST)];
    assert_eq!(heard(&song, &[3000]), [0.56]);
    song.tracks[0].strip.followed = vec![follow(Ways::ALL), follow(Ways { main: true, post: false, pre: false })];
    assert_eq!(heard(&song, &[3000]), [0.305]);
    song.tracks[0].strip.followed = vec![Follow { db: -150.0, ..follow(Ways::ALL) }];
    assert_eq!(heard(&song, &[3000]), [0.0]);
}

#[test]
fn a_trim_of_the_fader_rides_on_its_automation() {
    let mut song = three_ways();
    song.tracks[0].strip.sends.clear();
    // In decibels both lanes add, to the frame: the fader falls by 12 dB in a tenth of a second, the trim rises by 12.
    song.tracks[0].strip.automation = vec![
        lane("fader_db", &[(0.0, 0.0, Curve::Hold), (0.1, -12.0, Curve::DbLinear)]),
        lane("fader_trim_db", &[(0.0, -6.0, Curve::Hold), (0.1, 6.0, Curve::DbLinear)]),
    ];
    let constant = (10f64.powf(-6.0 / 20.0) * 1e4).round() / 1e4;
    assert_eq!(heard(&song, &[0, 1, 777, 2400, 4800, 5999]), [constant; 6]);
}

#[test]
fn what_is_soloed_sounds_as_it_does_alone() {
    let sounds = [("a", stereo_noise(1, 0.2, FRAMES)), ("b", Buffer::from_mono(noise(3, 0.3, FRAMES)))];
    let desk = |ids: &[&str]| {
        let mut song = song();
        song.buses = vec![bus("band", Destination::Master), bus("room", Destination::Bus(0))];
        song.tracks = ids.iter().map(|id| track(id, id, Destination::Bus(0))).collect();
        for track in &mut song.tracks {
            track.strip.sends = vec![send(1, if track.id == "a" { Tap::Pre } else { Tap::Post })];
        }
        song
    };
    let sound = |song: &Song| render(song, &library(&sounds), &registry(), 2, 512).unwrap().0;
    for (place, id) in ["a", "b"].into_iter().enumerate() {
        let mut both = desk(&["a", "b"]);
        both.tracks[place].strip.set("solo", 1.0);
        let (soloed, alone) = (sound(&both), sound(&desk(&[id])));
        assert_eq!(soloed.channel(0), alone.channel(0), "to the bit");
        assert_eq!(soloed.channel(1), alone.channel(1));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn faders_above_a_strip_do_not_depend_on_blocks(
        times in proptest::collection::vec(0.0..0.12f64, 1..4),
        levels in proptest::collection::vec(-150.0..12.0f64, 4),
        block in 1..700usize,
        curve in 0..4usize,
    ) {
        let mut times = times;
        times.sort_by(f64::total_cmp);
        times.dedup();
        let points: Vec<(f64, f64, Curve)> =
            times.iter().zip(&levels).map(|(time, level)| (*time, *level, Curve::ALL[curve])).collect();
        let mut song = three_ways();
        song.tracks[0].strip.followed = vec![Follow { db: 0.0, lane: Some(lane("fader_db", &points)), ways: Ways::ALL, mutes: false }];
        song.tracks[0].strip.automation = vec![lane("fader_trim_db", &points)];
        let sounds = library(&[("ones", stereo_noise(5, 0.5, FRAMES))]);
        let whole = render(&song, &sounds, &registry(), 1, 4096).unwrap().0;
        let cut = render(&song, &sounds, &registry(), 2, block).unwrap().0;
        prop_assert_eq!(whole.channel(0), cut.channel(0));
        prop_assert_eq!(whole.channel(1), cut.channel(1));
    }
}

#[test]
fn vcas_add_in_decibels_behind_the_automation_of_their_members() {
    let mut song = three_ways();
    let half = 20.0 * 0.5f64.log10();
    let vca = |id: &str, members: &[&str], db: f64| {
        let mut vca = Vca::new(id, members.iter().map(|id| (*id).to_owned()).collect());
        vca.strip.set("fader_db", db);
        vca
    };
    // The track through both, once each; the bus of the post-fader send through the outer one as well.
    song.vcas = vec![vca("inner", &["t"], half), vca("outer", &["inner", "t", "post"], half)];
    assert_eq!(heard(&song, &[3000]), [0.25 + 0.1 * 0.25 * 0.5 + 0.01]);
    // On the frame: a fader of −6 dB, and a VCA that falls by 12 dB in a tenth of a second while the fader rises.
    song.buses.clear();
    song.tracks[0].strip.sends.clear();
    song.vcas.truncate(1);
    song.tracks[0].strip.automation = vec![lane("fader_db", &[(0.0, -6.0, Curve::Hold), (0.1, 6.0, Curve::DbLinear)])];
    song.vcas[0].strip.automation = vec![lane("fader_db", &[(0.0, 0.0, Curve::Hold), (0.1, -12.0, Curve::DbLinear)])];
    let constant = (10f64.powf(-6.0 / 20.0) * 1e4).round() / 1e4;
    assert_eq!(heard(&song, &[0, 1, 777, 2400, 4800, 5999]), [constant; 6]);
}

#[test]
fn a_vca_mutes_like_its_members_do() {
    let mut own = three_ways();
    own.tracks[0].strip.automation = vec![lane("mute", &[(0.0, 0.0, Curve::Hold), (0.05, 1.0, Curve::Hold)])];
    let mut above = three_ways();
    above.vcas = vec![Vca::new("v", vec!["t".into()])];
    above.vcas[0].strip.automation = own.tracks[0].strip.automation.clone();
    let frames: Vec<usize> = (2300..3500).collect();
    assert_eq!(heard(&own, &frames), heard(&above, &frames), "with the same rounded jump");
}
