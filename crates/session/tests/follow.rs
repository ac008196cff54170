//! Automation that follows a level: read, printed, turned by versions, told apart, and refused where it runs in a circle.
#![allow(missing_docs)]

mod common;

use common::registry;
use tonmeister_session::model::{Detector, Follower, KeySource, KeyTap, SideChain};
use tonmeister_session::{Document, Song, diff, parse, print};

fn read(text: &str) -> Document {
    parse(text, &registry()).unwrap_or_else(|found| panic!("{found:?} of {text}"))
}

fn codes(text: &str) -> Vec<&'static str> {
    parse(text, &registry()).err().into_iter().flatten().map(|found| found.code).collect()
}

const HEAD: &str = "[song]\nsample_rate_hz = 48000\n[[track]]\nid = \"vocal\"\naudio = \"v.wav\"\n";

/// A song whose guitar, with a compressor and a send to a room, is moved so.
fn guitar(lanes: &str) -> String {
    format!(
        "{HEAD}[[track]]\nid = \"guitar\"\naudio = \"g.wav\"\n[[track.insert]]\neffect = \"compressor\"\n[[track.send]]\n\
         to = \"room\"\n{lanes}[[bus]]\nid = \"room\"\n"
    )
}

fn lane(target: &str, follow: &str) -> String {
    format!("[[track.automation]]\ntarget = \"{target}\"\nfollow = {{ {follow} }}\n")
}

fn song(lanes: &str) -> Song {
    read(&guitar(lanes)).song().clone()
}

#[test]
fn it_is_read_with_its_usual_values_and_printed_again() {
    let text = guitar(&format!(
        "{}{}",
        lane("fader_db", "key = \"vocal\", at_floor = 0.0, at_ceiling = -6.0"),
        lane(
            "guitar/compressor/threshold_db",
            "key = \"room\", key_tap = \"post\", key_muted = true, detector = \"peak\", attack_ms = 0, release_ms = 900, \
             floor_db = -40, ceiling_db = -12.5, at_floor = -10, at_ceiling = -30, depth = 0.5"
        ) + "points = [[0.0, -20.0], [4.0, -12.0]]\n",
    ));
    // The room is fed by the guitar: only a lane behind its send could follow it.
    assert_eq!(codes(&text), ["routing-loop"]);
    let text = text.replace("key = \"room\"", "key = \"vocal\"");
    let document = read(&text);
    let guitar = &document.song().tracks[1].strip;
    let vocal = SideChain::of(KeySource::Track(0));
    assert_eq!(guitar.automation[0].follow, Some(Follower::new(vocal, 0.0, -6.0)));
    assert!(guitar.automation[0].points.is_empty() && guitar.automation[0].moves());
    let other = Follower {
        of: SideChain { tap: KeyTap::Post, muted: true, ..vocal },
        detector: Detector::Peak,
        attack_ms: 0.0,
        release_ms: 900.0,
        floor_db: -40.0,
        ceiling_db: -12.5,
        at_floor: -10.0,
        at_ceiling: -30.0,
        depth: 0.5,
    };
    assert_eq!(guitar.automation[1].follow, Some(other));
    assert_eq!(guitar.automation[1].points.len(), 2);
    let again = parse(&print(document.song()), &registry()).unwrap();
    assert_eq!(again.song(), document.song());
    assert!(print(document.song()).contains("follow = { key = \"vocal\", at_floor = 0.0, at_ceiling = -6.0 }"));
}

/// Who moves what is followed is told where the circle closes; what lies behind the tap may follow it.
#[test]
fn what_it_follows_must_not_be_moved_by_it() {
    let ends = "at_floor = 0.0, at_ceiling = -6.0";
    let own = |target: &str, tap: &str| {
        let follow = format!("key = \"guitar\", key_tap = \"{tap}\", {ends}");
        codes(&guitar(&lane(target, &follow)))
    };
    let none: [&str; 0] = [];
    assert_eq!(own("fader_db", "pre"), none, "a fader may follow what enters it");
    assert_eq!(own("fader_db", "pre-inserts"), none);
    assert_eq!(own("fader_db", "post"), ["routing-loop"]);
    assert_eq!(own("send/room/level_db", "post"), none, "a send may follow what enters it");
    assert_eq!(own("compressor/threshold_db", "pre-inserts"), none);
    assert_eq!(own("compressor/threshold_db", "pre"), ["routing-loop"]);
    assert_eq!(own("trim_db", "pre-inserts"), ["routing-loop"]);
    let room = |target: &str| codes(&guitar(&lane(target, &format!("key = \"room\", {ends}"))));
    assert_eq!(room("send/room/level_db"), ["routing-loop"]);
    assert_eq!(room("fader_db"), ["routing-loop"], "the send is behind the fader");
    let pre = guitar(&lane("fader_db", &format!("key = \"room\", {ends}")))
        .replace("to = \"room\"", "to = \"room\"\ntap = \"pre\"");
    assert_eq!(codes(&pre), none, "the send is before the fader");
    let found =
        parse(&guitar(&lane("fader_db", &format!("key = \"guitar\", key_tap = \"post\", {ends}"))), &registry());
    let told = &found.unwrap_err()[0];
    assert_eq!(told.message, "the signal runs in a circle: guitar → guitar");
    // A VCA moves what it turns.
    let vca = |follow: &str| {
        let vca = format!(
            "[[vca]]\nid = \"band\"\nmembers = [\"guitar\"]\n[[vca.automation]]\ntarget = \"fader_db\"\nfollow = {{ key = {follow}, {ends} }}\n"
        );
        codes(&(guitar("") + &vca))
    };
    assert_eq!(vca("\"vocal\""), none);
    assert_eq!(vca("\"guitar\""), none);
    assert_eq!(vca("\"guitar\", key_tap = \"post\""), ["routing-loop"]);
    assert_eq!(vca("\"room\""), ["routing-loop"]);
}

#[test]
fn a_version_turns_what_it_follows_between() {
    let text = guitar(&lane("fader_db", "key = \"vocal\", at_floor = 0.0, at_ceiling = -6.0"));
    let version = |set: &str| format!("{text}[[version]]\nid = \"up\"\nset = {{ \"guitar/fader_db\" = {set} }}\n");
    let up = read(&version("\"+2.0\"")).song().version("up").unwrap();
    let follow = up.tracks[1].strip.automation[0].follow.unwrap();
    assert_eq!((follow.at_floor, follow.at_ceiling, up.tracks[1].strip.get("fader_db")), (2.0, -4.0, 2.0));
    let still = read(&version("-3.0")).song().version("up").unwrap();
    assert!(still.tracks[1].strip.automation.is_empty());
    assert_eq!(codes(&version("\"+13.0\"")), ["version-sum"]);
}

#[test]
fn it_is_told_in_a_mixers_words() {
    let told = |a: &str, b: &str| -> Vec<String> {
        diff(&song(a), &song(b)).into_iter().map(|found| found.sentence).collect()
    };
    let usual = lane("fader_db", "key = \"vocal\", at_floor = 0.0, at_ceiling = -6.0");
    assert_eq!(
        told("", &usual),
        ["guitar: fader follows vocal (0 → -6 dB between -60 dB and 0 dB RMS, attack 10 ms, release 200 ms)"]
    );
    assert_eq!(told(&usual, ""), ["guitar: fader no longer follows vocal"]);
    let other = lane("fader_db", "key = \"vocal\", at_floor = 0.0, at_ceiling = -9.0, attack_ms = 20.0");
    assert_eq!(
        told(&usual, &other),
        ["guitar: fader follows vocal otherwise: at the ceiling -6 → -9 dB, attack 10 → 20 ms"]
    );
    let room = lane(
        "pan",
        "key = \"vocal\", key_tap = \"post\", detector = \"peak\", at_floor = 0.0, at_ceiling = 0.5, depth = 0.5",
    );
    assert_eq!(
        told("", &room),
        [
            "guitar: pan follows vocal (0 → 0.5 between -60 dB and 0 dB peak, behind its fader, attack 10 ms, release 200 ms, depth 0.5)"
        ]
    );
    assert!(told(&usual, &usual).is_empty());
}

#[test]
fn what_does_nothing_is_told() {
    let warned = |lanes: &str| {
        let document = read(&guitar(lanes));
        document.warnings().iter().map(|warning| warning.code).collect::<Vec<_>>()
    };
    let usual = lane("fader_db", "key = \"vocal\", at_floor = 0.0, at_ceiling = -6.0");
    assert!(warned(&usual).is_empty());
    assert_eq!(warned(&(usual + "points = [[0.0, 0.0], [1.0, -3.0]]\n")), ["no-effect"]);
    let muted = lane("fader_db", "key = \"vocal\", key_muted = true, at_floor = 0.0, at_ceiling = -6.0");
    assert_eq!(warned(&muted), ["no-effect"]);
}
