//! Side-chains from every tap: on their frame, past mutes when asked, refused when they run in a circle.
#![allow(missing_docs)]

mod support;

use proptest::prelude::*;
use support::draw::{keyed_song, lane};
use support::{bus, gain, library, peak_db, registry, render, render_span, song, track, wait};
use tonmeister_core::{Buffer, Layout};
use tonmeister_dsp::testing::{impulse, noise, stereo_noise};
use tonmeister_engine::{Span, Wanted, compile, compile_all};
use tonmeister_session::model::{
    Curve, Destination, Follow, Insert, KeySource, KeyTap, PanLaw, SideChain, Song, Target, Ways,
};
use tonmeister_session::tables::{STRIP, place};

/// Takes its key off the signal.
fn keyed(key: SideChain) -> Insert {
    Insert { key: Some(key), ..gain(1.0) }
}

fn tap(from: KeySource, tap: KeyTap) -> SideChain {
    SideChain { tap, ..SideChain::of(from) }
}

fn tapes() -> std::sync::Arc<dyn tonmeister_engine::Library> {
    library(&[("mono", Buffer::from_mono(noise(1, 0.5, 3000))), ("stereo", stereo_noise(2, 0.5, 2777))])
}

/// An impulse on a track, on the bus that it leads to, and behind a bus of that bus: wherever it is tapped, whatever the
/// latencies before and behind the tap, the key meets the signal on the frame of the impulse and on no other.
#[test]
fn a_key_from_any_tap_meets_the_signal_on_its_frame() {
    let library = library(&[("x", impulse(Layout::Mono, 1000, 2000))]);
    let sources = [KeySource::Track(1), KeySource::Bus(0), KeySource::Bus(1)];
    for (before, source_latency, bus_latency) in [(0, 0, 0), (250, 7, 0), (0, 1000, 333), (64, 63, 5), (4000, 1, 900)] {
        for from in sources {
            for at in KeyTap::ALL {
                let mut song = song();
                song.tracks = vec![track("x", "x", Destination::Master), track("key", "x", Destination::Bus(0))];
                song.buses = vec![bus("group", Destination::Bus(1)), bus("nowhere", Destination::Master)];
                song.buses[1].strip.set("mute_post", 0.0);
                song.buses[1].strip.set("mute", 1.0);
                song.tracks[1].strip.set("delay_samples", 3.0);
                song.tracks[0].strip.set("delay_samples", 3.0);
                song.tracks[1].strip.inserts.push(wait(source_latency));
                song.buses.iter_mut().for_each(|bus| bus.strip.inserts.push(wait(bus_latency)));
                song.tracks[0].strip.inserts = vec![wait(before), keyed(tap(from, at)), wait(50)];
                let (out, _) = render(&song, &library, &registry(), 1, 100).unwrap();
                assert!(peak_db(&out) < -140.0, "{from:?} {at:?} {before}: {} dB", peak_db(&out));
                // And it is the key that does it.
                song.tracks[0].strip.inserts[1].key = None;
                let (out, _) = render(&song, &library, &registry(), 1, 100).unwrap();
                assert_eq!(out.channel(0)[1003], 1.0);
            }
        }
    }
}

/// A source with a processor, a fader, a pan, a mute and moves; what each tap hears of it is what the source itself
/// would put out there.
#[test]
fn each_tap_hears_what_it_says() {
    let library = tapes();
    let mut source = track("source", "mono", Destination::Master);
    source.strip.inserts = vec![wait(40), gain(0.5)];
    source.strip.set("trim_db", -6.0);
    source.strip.set("pan", -0.4);
    let fader = Target::Strip(place(STRIP, "fader_db"));
    source.strip.automation = vec![lane(fader, &[(0.0, -3.0, Curve::Hold), (0.05, -20.0, Curve::DbLinear)])];
    let heard = |key: SideChain, change: &dyn Fn(&mut Song)| {
        let mut song = song();
        song.pan_law = PanLaw::Minus3;
        song.tracks = vec![track("silence", "stereo", Destination::Master), source.clone()];
        song.tracks[0].strip.inserts = vec![wait(9), gain(0.0), keyed(key)];
        song.tracks[1].strip.set("mute_main", 1.0);
        song.tracks[1].strip.output = Some(Destination::Bus(0));
        song.buses = vec![bus("away", Destination::Master)];
        song.buses[0].strip.set("mute", 1.0);
        change(&mut song);
        render(&song, &library, &registry(), 2, 300).unwrap().0
    };
    let alone = |change: &dyn Fn(&mut Song)| {
        let mut song = song();
        song.pan_law = PanLaw::Minus3;
        song.tracks = vec![source.clone()];
        song.master.strip.set("polarity", 1.0);
        change(&mut song);
        render(&song, &library, &registry(), 1, 4096).unwrap().0
    };
    let bare = |song: &mut Song| {
        let strip = &mut song.tracks[0].strip;
        strip.automation.clear();
        strip.set("pan", 0.0);
        song.pan_law = PanLaw::Zero;
    };
    let same = |a: &Buffer, b: &Buffer| (0..2).all(|c| (0..2777).all(|i| a.channel(c)[i] == b.channel(c)[i]));
    let from = KeySource::Track(1);
    let nothing = |_: &mut Song| ();
    assert!(same(&heard(tap(from, KeyTap::Post), &nothing), &alone(&nothing)));
    assert!(same(&heard(tap(from, KeyTap::Pre), &nothing), &alone(&bare)));
    let uncut = |song: &mut Song| {
        bare(song);
        song.tracks[0].strip.inserts.clear();
    };
    assert!(same(&heard(tap(from, KeyTap::PreInserts), &nothing), &alone(&uncut)));

    // A mute is behind the first two, and silences the third unless it is asked to go on. A solo reaches none.
    let mute = |song: &mut Song| song.tracks[1].strip.set("mute", 1.0);
    let open = |song: &mut Song| {
        mute(song);
        song.tracks[1].strip.set("mute_post", 0.0);
    };
    let solo = |song: &mut Song| song.tracks[0].strip.set("solo", 1.0);
    let follow = |mutes: bool| Follow { db: -150.0, lane: None, ways: Ways::ALL, mutes };
    let mute_above = |song: &mut Song| song.tracks[1].strip.followed.push(follow(true));
    let fader_above = |song: &mut Song| song.tracks[1].strip.followed.push(follow(false));
    let post = tap(from, KeyTap::Post);
    let always = SideChain { muted: true, ..post };
    let loud = heard(post, &nothing);
    for at in [KeyTap::Pre, KeyTap::PreInserts] {
        assert!(heard(tap(from, at), &mute) == heard(tap(from, at), &nothing));
    }
    assert!(peak_db(&heard(post, &mute)) < -140.0 && peak_db(&heard(post, &mute_above)) < -140.0);
    assert!(heard(post, &open) == loud && heard(post, &solo) == loud);
    assert!(heard(always, &mute) == loud && heard(always, &mute_above) == loud);
    assert!(peak_db(&heard(always, &fader_above)) < -140.0, "a fader that is down is down");
}

/// A strip may listen to what enters itself, and two may listen to what enters each other; only what really comes round
/// is refused, and named.
#[test]
fn what_runs_in_a_circle_is_refused_by_name() {
    let library = tapes();
    let mut base = song();
    base.tracks = vec![track("a", "mono", Destination::Bus(0)), track("b", "mono", Destination::Bus(0))];
    base.buses = vec![bus("group", Destination::Master)];
    let with = |keys: &[(usize, KeySource, KeyTap)]| {
        let mut song = base.clone();
        for (strip, from, at) in keys {
            let insert = keyed(tap(*from, *at));
            match strip {
                2 => song.buses[0].strip.inserts.push(insert),
                track => song.tracks[*track].strip.inserts.push(insert),
            }
        }
        compile(&song, &registry(), &*library).map(|compiled| compiled.plan).map_err(|error| error.message)
    };
    let (a, b, group) = (KeySource::Track(0), KeySource::Track(1), KeySource::Bus(0));
    for at in [KeyTap::Pre, KeyTap::Post] {
        assert!(with(&[(0, a, at)]).unwrap_err().contains("in a circle, a → a; "));
        assert!(with(&[(0, b, at), (1, a, at)]).unwrap_err().contains("in a circle, a → b → a; "));
    }
    assert!(with(&[(0, group, KeyTap::PreInserts)]).unwrap_err().contains("in a circle, a → group → a; "));
    assert!(with(&[(2, group, KeyTap::PreInserts)]).is_ok());
    let plan = with(&[(0, a, KeyTap::PreInserts), (0, b, KeyTap::PreInserts), (1, a, KeyTap::PreInserts)]).unwrap();
    let text = plan.to_string();
    assert!(text.contains("keyed by a pre-inserts +0 | gain keyed by b pre-inserts +0\n"), "{text}");
}

/// What a version mutes goes on ducking it as it ducks the mix, where it replays the mix; alone it does not.
#[test]
fn a_version_that_replays_the_mix_keeps_its_keys() {
    let library = tapes();
    let mut mix = song();
    mix.tracks = vec![track("bass", "stereo", Destination::Bus(0)), track("kick", "mono", Destination::Bus(1))];
    mix.buses = vec![bus("group", Destination::Master), bus("drums", Destination::Master)];
    mix.tracks[0].strip.inserts = vec![keyed(tap(KeySource::Bus(1), KeyTap::PreInserts))];
    mix.buses[0].strip.inserts = vec![keyed(tap(KeySource::Track(1), KeyTap::Post))];
    let mut version = mix.clone();
    version.tracks[1].strip.set("mute", 1.0);
    let wanted = |song, replays| Wanted { replays, ..Wanted::mix(song) };
    let set = [wanted(&mix, None), wanted(&version, Some(0)), wanted(&version, None)];
    let compiled = compile_all(&set, &registry(), &*library, None).unwrap();
    let (outs, _) = support::run(compiled, &library, 2, 512).unwrap();
    let mut kick = mix.clone();
    kick.tracks[0].strip.set("mute", 1.0);
    kick.buses[0].strip.inserts.clear();
    let (kick, _) = render(&kick, &library, &registry(), 1, 512).unwrap();
    let mut left = outs[0].clone();
    for channel in 0..2 {
        let parts = outs[1].channel(channel).iter().zip(kick.channel(channel));
        left.channel_mut(channel).iter_mut().zip(parts).for_each(|(y, (a, b))| *y -= a + b);
    }
    assert!(peak_db(&left) < -130.0, "{} dB", peak_db(&left));
    assert!(outs[1] != outs[2], "alone, nothing ducks it");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    /// Whatever the graph and whoever listens to whom: an impulse in every track stays on its frame.
    #[test]
    fn an_impulse_stays_on_its_frame_through_any_keys(mut song in keyed_song()) {
        for track in &mut song.tracks {
            track.strip.automation.clear();
        }
        let library = library(&[
            ("mono", impulse(Layout::Mono, 1000, 2000)),
            ("stereo", impulse(Layout::Stereo, 1000, 2000)),
        ]);
        let (out, _) = render(&song, &library, &registry(), 1, 512).unwrap();
        for channel in 0..2 {
            for (i, y) in out.channel(channel).iter().enumerate() {
                prop_assert!(i == 1000 || *y == 0.0, "frame {i}: {y}");
            }
        }
    }

    /// Blocks, threads and where a render begins change no bit.
    #[test]
    fn keys_are_the_same_bits_however_they_are_rendered(
        song in keyed_song(),
        from in 0_u64..3000,
        pre_roll in 128_u64..700,
        block in 1_usize..1500,
    ) {
        let library = tapes();
        let (whole, _) = render(&song, &library, &registry(), 1, 4096).unwrap();
        for (threads, block) in [(1, block), (2, block.max(16))] {
            let (cut, _) = render(&song, &library, &registry(), threads, block).unwrap();
            prop_assert!(whole == cut, "{threads} threads, blocks of {block}");
        }
        let span = Span { from, to: from + 900, pre_roll };
        let middle = render_span(&song, &library, &registry(), (1, block), span).unwrap();
        for channel in 0..2 {
            let expected = whole.channel(channel).iter().skip(from as usize).chain(std::iter::repeat(&0.0));
            prop_assert!(middle.channel(channel).iter().zip(expected).all(|(y, x)| y == x));
        }
    }

    /// Whoever is muted, the plan never leaves out what a key needs.
    #[test]
    fn what_a_key_needs_is_in_the_plan(mut song in keyed_song(), muted in any::<u8>()) {
        for (number, track) in song.tracks.iter_mut().enumerate() {
            track.strip.set("mute", f64::from(muted >> (number % 8) & 1));
        }
        let plan = compile(&song, &registry(), &*tapes()).unwrap().plan;
        for (place, node) in plan.nodes.iter().enumerate() {
            let strip = song.strip(song.find(&node.strip).unwrap());
            for insert in &node.inserts {
                prop_assert_eq!(insert.key.is_some(), strip.inserts[insert.place].key.is_some());
            }
            for key in node.inserts.iter().filter_map(|insert| insert.key.as_ref()) {
                prop_assert!(key.from < place);
                prop_assert!(plan.nodes[key.from].stage < node.stage);
            }
        }
    }
}
