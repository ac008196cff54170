//! Songs drawn at random, and moves.

use proptest::prelude::*;
use tonmeister_core::ParamIndex;
use tonmeister_session::model::{
    Curve, Destination, Detector, Follower, Insert, KeySource, KeyTap, Lane, PanLaw, Point, SideChain, Song, Tap,
    Target,
};
use tonmeister_session::tables::{STRIP, place};

use super::{bus, gain, send, song, track, wait};

pub fn lane(target: Target, points: &[(f64, f64, Curve)]) -> Lane {
    let points = points.iter().map(|&(time_s, value, curve)| Point::new(time_s, value, curve)).collect();
    Lane::new(target, points)
}

/// A song over random graphs: tracks and buses with latencies, sends to later buses, automation.
pub fn any_song() -> impl Strategy<Value = Song> {
    let strip = (0_usize..300, any::<u8>(), any::<u8>(), -30.0..6.0_f64, -1.0..1.0_f64, any::<bool>());
    (prop::collection::vec(strip.clone(), 1..6), prop::collection::vec(strip, 0..5)).prop_map(|(tracks, buses)| {
        let mut song = song();
        song.pan_law = PanLaw::Minus3;
        let count = buses.len();
        let destination = |byte: u8, from: usize| {
            let choices = count - from + 1;
            match from + usize::from(byte) % choices {
                bus if bus < count => Destination::Bus(bus),
                _ => Destination::Master,
            }
        };
        for (i, (latency, output, aux, fader, pan, moves)) in tracks.into_iter().enumerate() {
            let mut t = track(&format!("t{i}"), ["mono", "stereo"][i % 2], destination(output, 0));
            t.strip.inserts = vec![wait(latency), gain(0.5)];
            t.strip.set("fader_db", fader);
            t.strip.set("pan", pan);
            if let Destination::Bus(to) = destination(aux, 0) {
                t.strip.sends.push(send(to, if aux > 127 { Tap::Pre } else { Tap::Post }));
            }
            if moves {
                let target = Target::Strip(place(STRIP, if aux > 100 { "pan" } else { "fader_db" }));
                let points = [(0.01, 0.0, Curve::Hold), (0.03, -0.9, Curve::S), (0.05, 0.3, Curve::Hold)];
                t.strip.automation.push(lane(target, &points));
                let target = Target::Insert { insert: 1, param: ParamIndex(0) };
                let points = [(0.005, 0.0, Curve::Hold), (0.0301, 2.0, Curve::Linear), (0.04, 1.0, Curve::Hold)];
                t.strip.automation.push(lane(target, &points));
            }
            song.tracks.push(t);
        }
        for (i, (latency, output, aux, fader, pan, _)) in buses.into_iter().enumerate() {
            let mut b = bus(&format!("b{i}"), destination(output, i + 1));
            b.strip.inserts = vec![wait(latency)];
            b.strip.set("fader_db", fader);
            b.strip.set("pan", pan);
            b.strip.set("width", 0.5 + pan.abs());
            if let Destination::Bus(to) = destination(aux, i + 1) {
                b.strip.sends.push(send(to, Tap::Post));
            }
            song.buses.push(b);
        }
        song
    })
}

/// The same songs, in which controls of some strips follow the levels of strips that come before them in the song, or
/// what enters themselves.
pub fn follow_levels(songs: impl Strategy<Value = Song>) -> impl Strategy<Value = Song> {
    let follower = (0_usize..3, any::<bool>(), 0.0..12.0_f64, 0.0..40.0_f64, -60.0..-20.0_f64, 0.0..1.0_f64);
    let one = (any::<u8>(), any::<u8>(), 0_usize..6, follower);
    (songs, prop::collection::vec(one, 1..6)).prop_map(|(mut song, all)| {
        let (tracks, count) = (song.tracks.len(), song.tracks.len() + song.buses.len());
        for (at, from, control, (tap, peak, attack_ms, release_ms, floor_db, depth)) in all {
            let at = usize::from(at) % (count + 1);
            let mut from = usize::from(from) % (at + 1);
            let mut tap = KeyTap::ALL[tap];
            let mut control = control;
            if from == at {
                // Its own raw signal, which moves no trim.
                (from, tap, control) = (from.min(count - 1), KeyTap::PreInserts, control % 3);
            }
            let of = |place: usize| {
                if place < tracks { KeySource::Track(place) } else { KeySource::Bus(place - tracks) }
            };
            let strip = match at {
                track if track < tracks => &mut song.tracks[track].strip,
                bus if bus < count => &mut song.buses[bus - tracks].strip,
                _ => &mut song.master.strip,
            };
            let (target, ends) = match control {
                0 => (Target::Strip(place(STRIP, "fader_db")), (-3.0, -20.0)),
                1 => (Target::Strip(place(STRIP, "pan")), (-0.5, 0.9)),
                2 if !strip.sends.is_empty() => (Target::Send { send: 0, param: 0 }, (-40.0, 0.0)),
                2 => (Target::Strip(place(STRIP, "width")), (0.0, 1.0)),
                3 => (Target::Strip(place(STRIP, "trim_db")), (0.0, -9.0)),
                4 => (Target::Strip(place(STRIP, "fader_trim_db")), (0.0, 6.0)),
                _ => match strip.inserts.iter().position(|insert| insert.id == "gain") {
                    Some(insert) => (Target::Insert { insert, param: ParamIndex(0) }, (1.5, -1.0)),
                    None => (Target::Strip(place(STRIP, "fader_db")), (-20.0, 0.0)),
                },
            };
            let follow = Follower {
                detector: if peak { Detector::Peak } else { Detector::Rms },
                attack_ms,
                release_ms,
                floor_db,
                ceiling_db: 0.0,
                depth: if depth < 0.3 { 1.0 } else { depth },
                ..Follower::new(SideChain { tap, ..SideChain::of(of(from)) }, ends.0, ends.1)
            };
            match strip.automation.iter_mut().find(|lane| lane.target == target) {
                Some(lane) => lane.follow = Some(follow),
                None => strip.automation.push(Lane { follow: Some(follow), ..Lane::new(target, Vec::new()) }),
            }
        }
        song
    })
}

/// A song over a random graph whose strips listen to each other: to whatever comes before them in the song at any tap,
/// and to what enters themselves. Some of those who are listened to are muted.
pub fn keyed_song() -> impl Strategy<Value = Song> {
    let keys = prop::collection::vec((any::<u8>(), any::<u8>(), 0_usize..3, any::<bool>(), any::<bool>()), 1..6);
    (any_song(), keys).prop_map(|(mut song, keys)| {
        let (tracks, count) = (song.tracks.len(), song.tracks.len() + song.buses.len());
        for (at, from, tap, muted, mute) in keys {
            let at = usize::from(at) % (count + 1);
            let mut from = usize::from(from) % (at + 1);
            let mut tap = KeyTap::ALL[tap];
            if from == at {
                // Itself, or, for the master, whoever stands last.
                tap = KeyTap::PreInserts;
                from = from.min(count - 1);
            }
            let of = |place: usize| {
                if place < tracks { KeySource::Track(place) } else { KeySource::Bus(place - tracks) }
            };
            // Tracks and buses that come later lead nowhere before: no signal runs in a circle.
            let key = SideChain { from: of(from), tap, muted: muted && tap == KeyTap::Post };
            let strip = match at {
                at if at < tracks => &mut song.tracks[at].strip,
                at if at < count => &mut song.buses[at - tracks].strip,
                _ => &mut song.master.strip,
            };
            let id = format!("keyed-{}", strip.inserts.len());
            strip.inserts.push(Insert { id, key: Some(key), ..gain(0.37) });
            if mute && from < tracks {
                song.tracks[from].strip.set("mute", 1.0);
            }
        }
        song
    })
}
