//! Stems of the document's own choosing: what they hold, what is told of them, and what a version's dynamics follow.
#![allow(missing_docs)]

mod common;

use common::registry;
use tonmeister_session::model::{BusDynamics, Song, Stem, StripAt, Version};
use tonmeister_session::{Document, Edit, Named, NamedSort, diff, parse};

const TEXT: &str = "[song]\nsample_rate_hz = 48000\n
[[track]]\nid = \"kick\"\naudio = \"a.wav\"\noutput = \"drums\"\nsend = [{ to = \"room\" }]\n
[[track]]\nid = \"snare\"\naudio = \"a.wav\"\noutput = \"drums\"\n
[[track]]\nid = \"bass\"\naudio = \"a.wav\"\n
[[track]]\nid = \"voice\"\naudio = \"a.wav\"\nsend = [{ to = \"room\" }]\n
[[bus]]\nid = \"drums\"\noutput = \"band\"\n
[[bus]]\nid = \"band\"\n
[[bus]]\nid = \"room\"\n
[[vca]]\nid = \"singers\"\nmembers = [\"voice\"]\n
[[vca]]\nid = \"most\"\nmembers = [\"singers\", \"bass\"]\n
[[stem]]\nid = \"beat\"\nof = [\"drums\"]   # with its room\n
[[stem]]\nid = \"rest\"\ntitle = \"Bass and voice\"\nof = [\"most\"]\n
[[version]]\nid = \"tv\"\ndynamics = \"own\"\n
[[version]]\nid = \"clean\"\nbase = \"tv\"\n
[[version]]\nid = \"replayed\"\nbase = \"clean\"\ndynamics = \"mix\"\n";

fn read(text: &str) -> Document {
    parse(text, &registry()).unwrap_or_else(|found| panic!("{}", common::rendered(text, &found)))
}

fn held(song: &Song) -> Vec<Vec<&str>> {
    song.stems_held().strips.iter().map(|strips| strips.iter().map(|at| song.id(*at)).collect()).collect()
}

/// A song whose stems hold these.
fn of(stems: &[&[&str]]) -> Song {
    let mut song = read(TEXT).song().clone();
    let stem = |(at, of): (usize, &&[&str])| Stem {
        id: format!("s{at}"),
        title: None,
        of: of.iter().map(|id| (*id).to_owned()).collect(),
    };
    song.stems = stems.iter().enumerate().map(stem).collect();
    song
}

#[test]
fn a_bus_brings_its_tracks_along_and_a_vca_stands_for_what_it_turns() {
    let document = read(TEXT);
    assert_eq!(document.warnings(), [], "every track is in one stem");
    assert_eq!(held(document.song()), [vec!["kick", "snare", "drums"], vec!["bass", "voice"]]);
    assert!(document.song().stems_held().is_whole());
    // The outer bus brings the inner one; whom a stem names is not brought along, and is told to be heard elsewhere.
    let song = of(&[&["band"], &["kick", "bass", "voice"]]);
    assert_eq!(held(&song), [vec!["snare", "drums", "band"], vec!["kick", "bass", "voice"]]);
    let told = song.stems_held();
    assert!(told.is_whole());
    assert_eq!(told.elsewhere, [(1, StripAt::Track(0), 1)]);
    // The return of an effect, whole in a stem of its own, is no track's group.
    let song = of(&[&["room"], &["kick", "snare", "bass", "voice"]]);
    assert!(song.stems_held().is_whole() && song.stems_held().elsewhere.is_empty());
    // The nearest of two buses that are named.
    assert_eq!(held(&of(&[&["band"], &["drums"]])), [vec!["band"], vec!["kick", "snare", "drums"]]);
}

#[test]
fn who_is_in_no_stem_or_in_two_is_known() {
    let told = of(&[&["kick", "voice"], &["singers", "kick"], &["kick"]]).stems_held();
    assert_eq!(told.left_out, [1, 2]);
    assert_eq!(told.twice, [(1, 0, vec![StripAt::Track(0), StripAt::Track(3)])]);
    assert!(!told.is_whole());
    assert_eq!(of(&[]).stems_held().left_out, [0, 1, 2, 3]);
    // Built in code: what is not there, the master, and a circle of buses.
    let mut wild = of(&[&["nobody", "master", "room"]]);
    wild.buses[1].strip.output = Some(tonmeister_session::model::Destination::Bus(0));
    assert_eq!(held(&wild), [["room"]]);
}

#[test]
fn stems_are_edited_and_told_apart() {
    let mut document = read(TEXT);
    let before = document.song().clone();
    let named = Named::Stem(Stem { id: "beat".into(), title: None, of: vec!["drums".into(), "bass".into()] });
    let undo = document.apply(&Edit::SetNamed { named }).unwrap();
    assert!(document.text().contains("of = [\"drums\", \"bass\"]   # with its room\n"), "{}", document.text());
    assert_eq!(document.warnings().iter().map(|warning| warning.code).collect::<Vec<_>>(), ["in-two-stems"]);
    let sentences = |a: &Song, b: &Song| diff(a, b).into_iter().map(|found| found.sentence).collect::<Vec<_>>();
    assert_eq!(sentences(&before, document.song()), ["stem beat now holds bass"]);
    assert_eq!(sentences(document.song(), &before), ["stem beat no longer holds bass"]);
    document.apply(&undo).unwrap();
    assert_eq!(document.text(), TEXT);
    document.apply(&Edit::RemoveNamed { sort: NamedSort::Stem, id: "rest".into() }).unwrap();
    assert_eq!(sentences(&before, document.song()), ["stem rest taken out"]);
    assert_eq!(document.warnings()[0].message, "`bass`, `voice` are in no stem, so the stems do not sum to the mix");
    assert!(document.span_of("song/stem/beat/of").is_some());
    let named = Named::Stem(Stem { id: "rest".into(), title: None, of: vec!["bass".into(), "voice".into()] });
    document.apply(&Edit::AddNamed { at: 1, named }).unwrap();
    assert_eq!(document.warnings(), []);
    let (_, version) = document.text().split_once("[[stem]]\nid = \"rest\"\nof = [\"bass\", \"voice\"]\n").unwrap();
    assert!(version.trim_start().starts_with("[[version]]"), "in its usual place");
    let refused = document.apply(&Edit::RemoveBus { id: "drums".into() });
    assert_eq!(refused.unwrap_err().code, "edit-refused", "a stem names it");
}

#[test]
fn a_versions_dynamics_are_its_own_or_its_bases() {
    let mut song = read(TEXT).song().clone();
    let said = |song: &Song| ["tv", "clean", "replayed", "nobody"].map(|id| song.bus_dynamics(id));
    assert_eq!(said(&song), [BusDynamics::Own, BusDynamics::Own, BusDynamics::Mix, BusDynamics::Mix]);
    // Built in code, a circle of bases ends.
    song.versions = vec![Version { id: "tv".into(), base: Some("tv".into()), ..Version::default() }];
    assert_eq!(song.bus_dynamics("tv"), BusDynamics::Mix);
}
