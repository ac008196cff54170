//! The desk's arithmetic: sums, sends, delay compensation, automation, and that nothing depends on blocks or threads.
#![allow(missing_docs)]

mod support;

use proptest::prelude::*;
use support::draw::{any_song, lane};
use support::{above_3_khz_db, bus, gain, library, peak_db, registry, render, render_span, send, song, track, wait};
use tonmeister_core::{Buffer, ParamIndex};
use tonmeister_dsp::testing::{impulse, noise, stereo_noise};
use tonmeister_engine::{Span, compile};
use tonmeister_session::model::{
    Clip, Curve, Destination, FadeShape, Insert, KeySource, PanLaw, SideChain, Tap, Target,
};
use tonmeister_session::tables::{STRIP, place};

#[test]
fn at_unity_the_mix_is_the_plain_sum() {
    let parts = [stereo_noise(1, 0.2, 10_000), stereo_noise(3, 0.3, 12_345), stereo_noise(5, 0.1, 777)];
    let mono = noise(9, 0.2, 9_999);
    let library = library(&[
        ("a", parts[0].clone()),
        ("b", parts[1].clone()),
        ("c", parts[2].clone()),
        ("m", Buffer::from_mono(mono.clone())),
    ]);
    let mut song = song();
    song.buses = vec![bus("group", Destination::Master)];
    song.tracks = vec![
        track("a", "a", Destination::Master),
        track("b", "b", Destination::Bus(0)),
        track("c", "c", Destination::Bus(0)),
        track("m", "m", Destination::Bus(0)),
    ];
    let (mut out, rendered) = render(&song, &library, &registry(), 2, 512).unwrap();
    assert_eq!(rendered.frames, [12_345]);
    for channel in 0..2 {
        for (i, y) in out.channel_mut(channel).iter_mut().enumerate() {
            let stems: f64 = parts.iter().filter_map(|p| p.channel(channel).get(i)).map(|x| f64::from(*x)).sum();
            *y = (f64::from(*y) - stems - mono.get(i).map_or(0.0, |x| f64::from(*x))) as f32;
        }
    }
    assert!(peak_db(&out) < -140.0, "{} dB", peak_db(&out));
}

#[test]
fn bus_send_and_slow_paths_cancel() {
    let library = library(&[("x", stereo_noise(7, 0.5, 20_000))]);
    let mut song = song();
    song.buses =
        vec![bus("slow", Destination::Bus(1)), bus("slower", Destination::Master), bus("fx", Destination::Master)];
    song.buses[0].strip.inserts.push(wait(441));
    song.buses[1].strip.inserts.push(wait(99));
    song.buses[2].strip.inserts = vec![wait(17), wait(1)];
    // One half straight, one half through two slow buses; the whole again through a send, upside down.
    song.tracks = vec![
        track("straight", "x", Destination::Master),
        track("around", "x", Destination::Bus(0)),
        track("sender", "x", Destination::Master),
    ];
    song.tracks[0].strip.inserts.push(wait(3000));
    song.tracks[2].strip.set("fader_db", -150.0);
    song.tracks[2].strip.set("polarity", 1.0);
    song.tracks[2].strip.sends = vec![send(2, Tap::Pre), send(0, Tap::Pre), send(2, Tap::Post)];
    let (out, _) = render(&song, &library, &registry(), 2, 256).unwrap();
    assert_eq!(out.frames(), 20_000);
    assert!(peak_db(&out) < -140.0, "{} dB", peak_db(&out));
}

#[test]
fn a_key_arrives_together_with_the_signal_it_steers() {
    let library = library(&[("x", stereo_noise(11, 0.5, 8_000))]);
    for (before, key_latency) in [(0, 0), (250, 0), (0, 1000), (64, 63), (10, 4000)] {
        let mut song = song();
        song.tracks = vec![track("x", "x", Destination::Master), track("key", "x", Destination::Bus(0))];
        song.buses = vec![bus("nowhere", Destination::Master)];
        song.buses[0].strip.set("mute", 1.0);
        song.tracks[1].strip.inserts.push(wait(key_latency.max(1)));
        // The effect takes its key off the signal: silence if and only if both are aligned.
        let mut keyed = gain(1.0);
        keyed.key = Some(SideChain::of(KeySource::Track(1)));
        song.tracks[0].strip.inserts = vec![wait(before.max(1)), keyed];
        let (out, _) = render(&song, &library, &registry(), 2, 100).unwrap();
        assert!(peak_db(&out) < -140.0, "{before} {key_latency}: {} dB", peak_db(&out));
    }
}

#[test]
fn automation_lands_on_its_frame_behind_any_latency() {
    let library = library(&[("one", Buffer::from_mono(vec![1.0; 10_000]))]);
    let mut song = song();
    song.tracks = vec![track("one", "one", Destination::Master)];
    let gain_target = Target::Insert { insert: 1, param: ParamIndex(0) };
    song.tracks[0].strip.inserts = vec![wait(1234), gain(0.0)];
    song.tracks[0].strip.automation =
        vec![lane(gain_target, &[(0.0, 0.0, Curve::Hold), (5000.0 / 48_000.0, 1.0, Curve::Hold)])];
    let (out, _) = render(&song, &library, &registry(), 1, 4096).unwrap();
    assert_eq!(out.channel(0)[4999], 0.0);
    assert_eq!(out.channel(0)[5000], 1.0);

    let fader = Target::Strip(place(STRIP, "fader_db"));
    song.tracks[0].strip.automation =
        vec![lane(fader, &[(0.0, -150.0, Curve::Hold), (5000.0 / 48_000.0, 0.0, Curve::Hold)])];
    song.tracks[0].strip.inserts = vec![wait(1234)];
    let (out, _) = render(&song, &library, &registry(), 1, 4096).unwrap();
    assert_eq!(out.channel(0)[4999], 0.0);
    assert!(out.channel(0)[5000] > 0.0, "the rounded jump begins on its frame");
    assert_eq!(out.channel(0)[5960], 1.0, "and is over 20 ms later");
}

#[test]
fn a_ramp_of_decibels_is_the_ramp_that_was_written() {
    let library = library(&[("one", Buffer::from_stereo(vec![1.0; 48_000], vec![1.0; 48_000]))]);
    let mut song = song();
    song.tracks = vec![track("one", "one", Destination::Master)];
    let fader = Target::Strip(place(STRIP, "fader_db"));
    song.tracks[0].strip.automation = vec![lane(fader, &[(0.0, 0.0, Curve::Hold), (1.0, -24.0, Curve::DbLinear)])];
    let (out, _) = render(&song, &library, &registry(), 1, 1000).unwrap();
    for (i, y) in out.channel(0).iter().enumerate() {
        let expected = 10f64.powf(-24.0 * i as f64 / 48_000.0 / 20.0);
        assert!((f64::from(*y) - expected).abs() < 1e-7, "frame {i}");
    }
}

#[test]
fn clips_are_placed_trimmed_faded_and_added() {
    let ramp: Vec<f32> = (0..1000).map(|i| i as f32).collect();
    let library = library(&[("ramp", Buffer::from_mono(ramp))]);
    let at = |frames: u32| f64::from(frames) / 48_000.0;
    let mut song = song();
    song.tracks = vec![track("t", "ramp", Destination::Master)];
    song.tracks[0].clips = vec![
        Clip { start_s: at(100), offset_s: at(10), length_s: Some(at(50)), ..Clip::whole("ramp") },
        Clip { start_s: at(120), gain_db: -20.0 * 2f64.log10(), length_s: Some(at(10)), ..Clip::whole("ramp") },
        Clip {
            start_s: at(300),
            fade_in_s: at(100),
            fade_in_shape: FadeShape::Linear,
            length_s: Some(at(200)),
            ..Clip::whole("ramp")
        },
    ];
    let (out, rendered) = render(&song, &library, &registry(), 2, 33).unwrap();
    assert_eq!(rendered.frames, [500]);
    let y = out.channel(1);
    assert_eq!((y[99], y[100], y[119], y[149], y[150]), (0.0, 10.0, 29.0, 59.0, 0.0));
    assert!((y[125] - (35.0 + 2.5)).abs() < 1e-5);
    assert!((y[349] - 49.0 * 0.495).abs() < 1e-4, "{}", y[349]);
    assert_eq!(y[450], 150.0);
}

#[test]
fn what_cannot_be_rendered_is_refused_by_name() {
    let library = library(&[("x", impulse(tonmeister_core::Layout::Mono, 0, 480))]);
    let mut lost = song();
    lost.tracks = vec![track("ghost", "missing.wav", Destination::Master)];
    let error = compile(&lost, &registry(), &*library).unwrap_err().to_string();
    assert_eq!(error, "track `ghost`: missing.wav: there is no such file");

    let mut long = song();
    long.tracks = vec![track("long", "x", Destination::Master)];
    long.tracks[0].clips[0].length_s = Some(1.0);
    let error = compile(&long, &registry(), &*library).unwrap_err().to_string();
    assert!(error.contains("track `long`") && error.contains("0.010 s long; lower `length_s`"), "{error}");

    let mut circle = song();
    circle.buses = vec![bus("a", Destination::Bus(1)), bus("b", Destination::Bus(0))];
    let error = compile(&circle, &registry(), &*library).unwrap_err().to_string();
    assert!(error.contains("in a circle, a → b → a; take one"), "{error}");
}

#[test]
fn a_plan_prints_as_text() {
    let library = library(&[("kick.wav", impulse(tonmeister_core::Layout::Mono, 0, 480))]);
    let mut song = song();
    song.tracks = vec![track("kick", "kick.wav", Destination::Bus(0)), track("snare", "kick.wav", Destination::Master)];
    song.buses = vec![bus("drums", Destination::Master), bus("room", Destination::Master)];
    song.tracks[0].strip.inserts.push(wait(64));
    song.tracks[1].strip.sends.push(send(1, Tap::Post));
    song.buses[1].strip.inserts.push(wait(8));
    let plan = compile(&song, &registry(), &*library).unwrap().plan;
    let expected = "\
48000 Hz, 480 frames + 0 of tail, latency 64
0 kick [mono] at 0 <- \"kick.wav\" 0..480 from 0 | wait (64)
0 snare [mono] at 0 <- \"kick.wav\" 0..480 from 0
1 drums [stereo] at 64 <- kick
1 room [stereo] at 0 <- snare post | wait (8)
2 master [stereo] at 64 <- snare +64 <- drums <- room +56
";
    assert_eq!(plan.to_string(), expected);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// Whatever the graph: an impulse in every track arrives everywhere at its own frame and at no other.
    #[test]
    fn an_impulse_stays_on_its_frame_through_any_graph(mut song in any_song()) {
        for track in &mut song.tracks {
            track.strip.automation.clear();
        }
        let library = library(&[
            ("mono", impulse(tonmeister_core::Layout::Mono, 1000, 2000)),
            ("stereo", impulse(tonmeister_core::Layout::Stereo, 1000, 2000)),
        ]);
        let (out, _) = render(&song, &library, &registry(), 1, 512).unwrap();
        prop_assert_eq!(out.frames(), 2000);
        for channel in 0..2 {
            for (i, y) in out.channel(channel).iter().enumerate() {
                prop_assert!(i == 1000 || *y == 0.0, "frame {i}: {y}");
            }
        }
        prop_assert!(out.channel(0)[1000] != 0.0 || out.channel(1)[1000] != 0.0);
    }

    /// A stretch from the middle has the bits of a render from the start, after a pre-roll of two grid steps of
    /// automation: latencies need none.
    #[test]
    fn the_middle_is_the_middle_of_the_whole(
        song in any_song(),
        from in 0_u64..3500,
        length in 0_u64..1500,
        pre_roll in 128_u64..700,
        block in 1_usize..1500,
    ) {
        let library = library(&[("mono", Buffer::from_mono(noise(1, 0.5, 3000))), ("stereo", stereo_noise(2, 0.5, 2777))]);
        let (whole, _) = render(&song, &library, &registry(), 1, 4096).unwrap();
        let span = Span { from, to: from + length, pre_roll };
        for (threads, block) in [(1, block), (2, block.max(64))] {
            let out = render_span(&song, &library, &registry(), (threads, block), span).unwrap();
            prop_assert_eq!(out.frames() as u64, length);
            for channel in 0..2 {
                let expected = whole.channel(channel).iter().skip(from as usize).chain(std::iter::repeat(&0.0));
                for (i, (y, x)) in out.channel(channel).iter().zip(expected).enumerate() {
                    prop_assert!(y == x, "frame {} of {}: {y} for {x}", from + i as u64, whole.frames());
                }
            }
        }
    }

    /// Blocks and threads change no bit, with automation on faders, pans and effects.
    #[test]
    fn blocks_and_threads_change_no_bit(
        mut song in any_song(),
        block in 1_usize..1500,
        places in prop::collection::vec((0.0..0.05_f64, 0.001..0.02_f64, 0_u8..3), 0..6),
    ) {
        // Clips anywhere on the first track: alone, overlapping, faded, turned down.
        let audio = song.tracks[0].clips[0].audio.clone();
        song.tracks[0].clips.extend(places.iter().map(|&(start_s, length_s, kind)| Clip {
            start_s,
            length_s: Some(length_s),
            offset_s: length_s,
            gain_db: if kind == 1 { -3.0 } else { 0.0 },
            fade_out_s: if kind == 2 { length_s / 2.0 } else { 0.0 },
            ..Clip::whole(audio.clone())
        }));
        if places.len() > 2 {
            song.tracks[0].clips.remove(0);
        }
        let library = library(&[("mono", Buffer::from_mono(noise(1, 0.5, 3000))), ("stereo", stereo_noise(2, 0.5, 2777))]);
        let (whole, _) = render(&song, &library, &registry(), 1, 4096).unwrap();
        for (threads, block) in [(1, block), (2, block.max(16)), (3, 777)] {
            let (cut, _) = render(&song, &library, &registry(), threads, block).unwrap();
            prop_assert!(whole == cut, "{threads} threads, blocks of {block}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, ..ProptestConfig::default() })]

    /// Ten thousand graphs, each against itself with other latencies in every strip and a bypassed insert beside them:
    /// buses, sends, automation and a side-chain that is taken off the mix. The sums are the same sums, so not only do
    /// the two null below −140 dB: they are the same bits.
    #[test]
    fn latencies_anywhere_change_nothing(song in any_song(), late in prop::collection::vec(0_usize..200, 12)) {
        let mut song = song;
        for track in &mut song.tracks {
            track.clips[0].length_s = Some(0.002);
        }
        let library = library(&[("mono", Buffer::from_mono(noise(1, 0.5, 200))), ("stereo", stereo_noise(2, 0.5, 200))]);
        let registry = registry();
        let mut other = song.clone();
        let strips = other.tracks.iter_mut().map(|t| &mut t.strip).chain(other.buses.iter_mut().map(|b| &mut b.strip));
        for (strip, late) in strips.zip(late.iter().cycle()) {
            strip.inserts.insert(0, wait(*late));
            strip.inserts.insert(0, Insert { bypass: true, ..wait(1000) });
            for lane in &mut strip.automation {
                if let Target::Insert { insert, .. } = &mut lane.target {
                    *insert += 2;
                }
            }
        }
        // A key: it is taken off the signal, so any misalignment is heard.
        for song in [&mut song, &mut other] {
            let mut keyed = gain(1.0);
            (keyed.id, keyed.key) = ("keyed".into(), Some(SideChain::of(KeySource::Track(0))));
            song.master.strip.inserts.push(keyed);
        }
        let (straight, _) = render(&song, &library, &registry, 1, 4096).unwrap();
        let (around, _) = render(&other, &library, &registry, 1, 512).unwrap();
        prop_assert_eq!(straight.frames(), around.frames());
        prop_assert!(straight == around, "the graph has the same sums, so it has the same bits");
    }
}

#[test]
fn moves_of_faders_pans_and_sends_make_no_zipper_noise() {
    let tone = tonmeister_dsp::testing::sine(1000.0, 0.9, support::RATE, 48_000);
    let library = library(&[("tone", Buffer::from_mono(tone))]);
    let moves = [
        ("fader_db", 0.0, -12.0, Curve::DbLinear, 0.05),
        ("fader_db", 0.0, -12.0, Curve::Linear, 0.05),
        ("fader_db", 0.0, -12.0, Curve::S, 0.05),
        ("fader_db", 0.0, -12.0, Curve::Hold, 0.05),
        ("pan", -0.5, 0.5, Curve::Linear, 0.05),
        ("pan", -0.5, 0.5, Curve::Hold, 0.05),
        ("fader_db", 0.0, -12.0, Curve::Bend(3.0), 0.1),
        ("fader_db", 0.0, -12.0, Curve::Bezier([0.4, 0.0, 0.6, 1.0]), 0.05),
        ("pan", -0.5, 0.5, Curve::Bezier([0.4, 0.0, 0.6, 1.0]), 0.05),
        ("trim_db", 0.0, -12.0, Curve::DbLinear, 0.05),
        ("mute", 0.0, 1.0, Curve::Hold, 0.05),
    ];
    for (param, from, to, curve, seconds) in moves {
        let mut song = song();
        song.pan_law = PanLaw::Minus3;
        song.tracks = vec![track("tone", "tone", Destination::Master)];
        let target = Target::Strip(place(STRIP, param));
        song.tracks[0].strip.automation = vec![lane(target, &[(0.5, from, Curve::Hold), (0.5 + seconds, to, curve)])];
        let (out, _) = render(&song, &library, &registry(), 1, 512).unwrap();
        let noise = above_3_khz_db(&out);
        println!("{param} {curve:?}: {noise:.1} dB");
        assert!(noise <= -100.0, "{param} by {curve:?}: {noise} dB");
    }
}
