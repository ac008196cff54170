//! Automation that follows a level: where it should be, on its frame, and the same however it is rendered.
#![allow(missing_docs)]

mod support;

use std::sync::Arc;

use proptest::prelude::*;
use support::draw::{any_song, follow_levels, keyed_song};
use support::{bus, gain, library, registry, render, render_span, run, song, track, wait};
use tonmeister_core::{Buffer, ParamIndex};
use tonmeister_dsp::testing::{noise, stereo_noise};
use tonmeister_engine::{Library, Span, Wanted, compile, compile_all};
use tonmeister_session::model::{
    Curve, Destination, Detector, Follow, Follower, KeySource, KeyTap, Lane, PanLaw, Point, SideChain, Song, Target,
    Ways,
};
use tonmeister_session::tables::{STRIP, place};

const RATE: f64 = 48_000.0;

fn control(id: &str) -> Target {
    Target::Strip(place(STRIP, id))
}

fn led(target: Target, follow: Follower) -> Lane {
    Lane { follow: Some(follow), ..Lane::new(target, Vec::new()) }
}

/// Follows the second track over 40 dB in linear steps of decibels.
fn vocal() -> Follower {
    Follower {
        detector: Detector::Peak,
        attack_ms: 50.0,
        release_ms: 400.0,
        floor_db: -50.0,
        ceiling_db: -10.0,
        ..Follower::new(SideChain::of(KeySource::Track(1)), 0.0, -20.0)
    }
}

/// A tone that sounds at that level (of its peak) from one frame to another.
fn burst(hz: f64, db: f64, from: usize, to: usize, frames: usize) -> Buffer {
    let gain = 10f64.powf(db / 20.0);
    let sample = |i: usize| {
        let inside = (from..to).contains(&i);
        if inside { (gain * (std::f64::consts::TAU * hz * (i - from) as f64 / RATE).cos()) as f32 } else { 0.0 }
    };
    Buffer::from_mono((0..frames).map(sample).collect())
}

/// A constant that is moved, and the burst that moves it, which itself is not heard.
fn moved(lane: Lane, burst: Buffer) -> (Song, Arc<dyn Library>) {
    let ones = Buffer::from_mono(vec![1.0; burst.frames()]);
    let library = library(&[("ones", ones), ("burst", burst)]);
    let mut song = song();
    song.tracks = vec![track("ones", "ones", Destination::Master), track("burst", "burst", Destination::Master)];
    song.tracks[1].strip.set("mute", 1.0);
    song.tracks[0].strip.automation = vec![lane];
    (song, library)
}

fn db(gain: f32) -> f64 {
    20.0 * f64::from(gain).log10()
}

/// A tone burst of −20 dBFS leads a fader 30 of 40 dB of the way, at 40 dB in 50 ms, and back at 40 dB in 400 ms: straight
/// lines. Measured, the farthest from them: 0.02 dB by peaks; by power, behind the 40 ms that it looks at, 0.006 dB.
#[test]
fn a_fader_follows_a_tone_burst_in_straight_lines() {
    let (from, to, frames) = (9_600, 33_600, 72_000);
    for (detector, hz) in
        [(Detector::Peak, 1000.0), (Detector::Peak, 997.0), (Detector::Rms, 1000.0), (Detector::Rms, 60.0)]
    {
        let follow = Follower { detector, ..vocal() };
        let (song, library) = moved(led(control("fader_db"), follow), burst(hz, -20.0, from, to, frames));
        let (out, _) = render(&song, &library, &registry(), 1, 480).unwrap();
        // 30 of 40 dB are three quarters: -15 of -20 dB.
        let (up, down) = (20.0 / 0.05, 20.0 / 0.4);
        let mut worst = 0.0_f64;
        for (i, x) in out.channel(0).iter().enumerate() {
            let since = |frame: usize| (i as f64 - frame as f64) / RATE;
            let wanted = if i < from {
                0.0
            } else if i < to {
                -(since(from) * up).min(15.0)
            } else {
                -(15.0 - since(to) * down).max(0.0)
            };
            // A window of power rises and falls with its edges; a line is a step of 64 frames long before it turns.
            let edge = if detector == Detector::Rms { 1920 + 64 } else { 128 };
            let turns = [from, to, from + 1800, to + 14_400];
            let near =
                turns.iter().any(|turn| (*turn as i64 - edge as i64..*turn as i64 + edge as i64).contains(&(i as i64)));
            let sloping = detector == Detector::Rms && (i > to || (i > from && i < from + 3800));
            if !near && !sloping {
                worst = worst.max((db(*x) - wanted).abs());
            }
        }
        println!("{detector:?} {hz} Hz: {worst:.4} dB");
        assert!(worst < 0.1, "{detector:?} at {hz} Hz: {worst} dB");
    }
}

/// The power of a sine counts as its peak, at any frequency.
#[test]
fn both_detectors_read_a_sine_alike() {
    // A peak falls between two crests of a low tone, by as much as the release lets it.
    for (detector, tones) in [(Detector::Rms, [40.0, 100.0, 440.0]), (Detector::Peak, [440.0, 1000.0, 5000.0])] {
        for hz in tones {
            let follow = Follower { detector, ..vocal() };
            let (song, library) = moved(led(control("fader_db"), follow), burst(hz, -30.0, 0, 48_000, 48_000));
            let (out, _) = render(&song, &library, &registry(), 1, 4096).unwrap();
            let worst = out.channel(0)[24_000..].iter().map(|x| (db(*x) + 10.0).abs()).fold(0.0, f64::max);
            println!("{detector:?} {hz} Hz: {worst:.4} dB");
            assert!(worst < 0.1, "{detector:?} at {hz} Hz: {worst} dB");
        }
    }
}

/// Whatever the latencies before the tap and behind it, the level meets the signal that it moves on its frame: the step in
/// which the burst begins is the first that moves, and the step before it is not touched.
#[test]
fn a_level_is_on_its_frame() {
    let follow = Follower { attack_ms: 0.0, release_ms: 0.0, ..vocal() };
    for tap in KeyTap::ALL {
        for (own, before, behind) in [(0, 0, 0), (0, 500, 0), (700, 0, 0), (30, 20, 1000), (1, 64, 63)] {
            for target in ["fader_db", "trim_db", "gain"] {
                let target =
                    if target == "gain" { Target::Insert { insert: 1, param: ParamIndex(0) } } else { control(target) };
                let ends = if matches!(target, Target::Insert { .. }) { (1.0, 0.5) } else { (0.0, -6.0) };
                let follow = Follower {
                    of: SideChain { tap, muted: true, ..follow.of },
                    at_floor: ends.0,
                    at_ceiling: ends.1,
                    ..follow
                };
                let (mut song, library) = moved(led(target, follow), burst(1000.0, 0.0, 6400, 9600, 12_800));
                song.tracks[0].strip.inserts = vec![wait(own), gain(1.0), wait(behind)];
                song.tracks[1].strip.inserts = vec![wait(before)];
                let (out, _) = render(&song, &library, &registry(), 1, 333).unwrap();
                let out = out.channel(0);
                assert!(out[..6400].iter().all(|x| *x == 1.0), "{tap:?} {target:?} {before}");
                assert!(out[6401] < 1.0 && out[6464] < 0.51 && out[6464] > 0.49, "{tap:?} {target:?}: {}", out[6464]);
                assert!(out[9599] < 0.51 && out[9664] == 1.0, "{tap:?} {target:?}: {}", out[9664]);
            }
        }
    }
}

/// The value lies between what is drawn and what follows, as the depth says; pans, sends, masters and VCAs follow, too.
#[test]
fn every_control_follows_as_far_as_it_says() {
    let quiet = burst(1000.0, -10.0, 0, 24_000, 24_000);
    let end = |song: &Song, library: &Arc<dyn Library>| {
        let (out, _) = render(song, library, &registry(), 1, 4096).unwrap();
        [out.channel(0)[20_000], out.channel(1)[20_000]].map(db)
    };
    let near = |found: [f64; 2], wanted: [f64; 2]| {
        assert!((found[0] - wanted[0]).abs() < 0.02 && (found[1] - wanted[1]).abs() < 0.02, "{found:?} for {wanted:?}");
    };
    // Half the way from the drawn -4 dB to the followed -20 dB, and no further than the range goes.
    let half = Follower { depth: 0.5, ..vocal() };
    let mut lane = led(control("fader_db"), half);
    lane.points = vec![Point::new(0.0, -4.0, Curve::Hold)];
    let (mut song, library) = moved(lane, quiet.clone());
    near(end(&song, &library), [-12.0; 2]);
    song.tracks[0].strip.automation[0].points.clear();
    song.tracks[0].strip.set("fader_db", -10.0);
    near(end(&song, &library), [-15.0; 2]);
    let (song, library) = moved(led(control("pan"), Follower { at_ceiling: 1.0, ..vocal() }), quiet.clone());
    assert!(end(&song, &library)[0] < -60.0);
    let (mut song, library) = moved(led(control("fader_db"), vocal()), quiet.clone());
    song.master.strip.automation = std::mem::take(&mut song.tracks[0].strip.automation);
    near(end(&song, &library), [-20.0; 2]);
    let lane = song.master.strip.automation.remove(0);
    song.tracks[0].strip.followed = vec![Follow { db: 0.0, lane: Some(lane.clone()), ways: Ways::POST, mutes: false }];
    near(end(&song, &library), [-20.0; 2]);
    song.tracks[0].strip.followed.clear();
    song.buses = vec![bus("room", Destination::Master)];
    song.tracks[0].strip.sends = vec![support::send(0, tonmeister_session::model::Tap::Post)];
    song.tracks[0].strip.set("mute_post", 0.0);
    song.tracks[0].strip.set("mute", 1.0);
    let send = Target::Send { send: 0, param: 0 };
    song.tracks[0].strip.automation = vec![Lane { target: send, ..lane }];
    near(end(&song, &library), [-20.0; 2]);
}

/// Who moves what is followed is refused, by name; who follows what lies before what it moves is not.
#[test]
fn a_level_that_is_moved_by_itself_is_refused() {
    let own = |target: &str, tap: KeyTap| {
        let of = SideChain { tap, ..SideChain::of(KeySource::Track(0)) };
        let (song, library) = moved(led(control(target), Follower { of, ..vocal() }), burst(100.0, 0.0, 0, 100, 1000));
        compile(&song, &registry(), &*library).map(drop).map_err(|error| error.message)
    };
    assert_eq!(own("fader_db", KeyTap::Pre), Ok(()));
    assert_eq!(own("pan", KeyTap::PreInserts), Ok(()));
    assert!(own("fader_db", KeyTap::Post).unwrap_err().starts_with("the signal runs in a circle, ones → ones;"));
    assert!(own("trim_db", KeyTap::PreInserts).is_err());
    assert!(own("trim_db", KeyTap::Pre).is_err());
}

/// An instrumental without the voice follows the voice of the mix all the same, and so do the stems: they add up.
#[test]
fn versions_and_stems_follow_the_mix() {
    let library =
        library(&[("band", stereo_noise(1, 0.3, 20_000)), ("voice", burst(300.0, -10.0, 4000, 12_000, 20_000))]);
    let mut mix = song();
    mix.pan_law = PanLaw::Minus3;
    mix.tracks = vec![track("band", "band", Destination::Bus(0)), track("voice", "voice", Destination::Master)];
    mix.buses = vec![bus("group", Destination::Master)];
    mix.tracks[0].strip.automation = vec![led(control("fader_db"), vocal())];
    let of = SideChain { tap: KeyTap::Post, ..SideChain::of(KeySource::Track(1)) };
    mix.buses[0].strip.automation = vec![led(control("pan"), Follower { of, at_ceiling: 0.7, ..vocal() })];
    let mute = |at: usize| {
        let mut other = mix.clone();
        other.tracks[at].strip.set("mute", 1.0);
        other
    };
    let (instrumental, a_cappella) = (mute(1), mute(0));
    let stems = ["band", "voice"].map(|id| tonmeister_engine::Stem { id: id.into(), strips: vec![id.into()] });
    let wanted = [
        Wanted { stems: stems.to_vec(), ..Wanted::mix(&mix) },
        Wanted { replays: Some(0), ..Wanted::mix(&instrumental) },
        Wanted { replays: Some(0), ..Wanted::mix(&a_cappella) },
    ];
    let compiled = compile_all(&wanted, &registry(), &*library, None).unwrap();
    let (outs, _) = run(compiled, &library, 2, 512).unwrap();
    let apart = |a: &Buffer, b: &Buffer| {
        let pairs = (0..2).flat_map(|c| (0..20_000).map(move |i| (c, i)));
        pairs.map(|(c, i)| (outs[0].channel(c)[i] - a.channel(c)[i] - b.channel(c)[i]).abs()).fold(0.0, f32::max)
    };
    assert!(apart(&outs[1], &outs[2]) < 1e-6 && apart(&outs[3], &outs[4]) < 1e-6);
    // Alone, it hears the same voice before its fader, but not the muted one behind it.
    let (alone, _) = render(&instrumental, &library, &registry(), 1, 512).unwrap();
    assert!(alone.channel(0)[..3900] == outs[3].channel(0)[..3900]);
    assert!(alone.channel(0)[8000..] != outs[3].channel(0)[8000..]);
}

fn tapes() -> Arc<dyn Library> {
    library(&[("mono", Buffer::from_mono(noise(1, 0.5, 9000))), ("stereo", stereo_noise(2, 0.5, 8777))])
}

proptest! {
    /// Levels followed all over random graphs: the same bits in any blocks, on any number of threads, and from the middle
    /// behind a pre-roll as long as the plan says.
    #[test]
    fn what_follows_does_not_depend_on_how_it_is_rendered(
        song in follow_levels(prop_oneof![any_song(), keyed_song()]),
        size in 1_usize..700,
        threads in 2_usize..4,
        from in 0_u64..9000,
    ) {
        let library = tapes();
        let (whole, _) = render(&song, &library, &registry(), 1, 512).unwrap();
        prop_assert!(render(&song, &library, &registry(), threads, size).unwrap().0 == whole, "in other blocks");
        let memory = compile(&song, &registry(), &*library).unwrap().plan.looks_back();
        // As far as plain automation asks for, and the levels.
        let span = Span { from, to: from + 700, pre_roll: memory + 700 };
        let out = render_span(&song, &library, &registry(), (1, size), span).unwrap();
        let to = (from as usize + 700).min(whole.frames());
        let same = |c: usize| out.channel(c)[..to.saturating_sub(from as usize)] == whole.channel(c)[(from as usize).min(to)..to];
        prop_assert!(same(0) && same(1), "from the middle");
    }
}
