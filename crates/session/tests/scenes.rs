//! Scenes: what is put by, what comes back, and the way back from that.

mod common;

use common::draw::Draw;
use common::{EVERYTHING, registry, rendered};
use proptest::prelude::{ProptestConfig, any, proptest};
use tonmeister_session::model::{Change, Song};
use tonmeister_session::{Document, Edit, Named, Plain, Recall, SceneSort, parse, print};

fn read(text: &str) -> Document {
    parse(text, &registry()).unwrap_or_else(|found| panic!("{}{text}", rendered(text, &found)))
}

/// A document with that state put by as `before`.
fn with_scene(document: &mut Document, what: &Recall) {
    let scene = document.song().stored("before", what);
    document.apply(&Edit::AddNamed { at: 0, named: Named::Scene(scene) }).unwrap();
}

#[test]
fn a_scene_brings_back_what_it_was_made_of() {
    let mut document = read(EVERYTHING);
    with_scene(&mut document, &Recall::default());
    assert_eq!(
        document.song().recall("before", &Recall::default()).unwrap(),
        Edit::Together(Vec::new()),
        "nothing is otherwise"
    );
    let stored = document.song().clone();
    let set = |address: &str, value| Edit::SetParam { address: address.into(), value };
    for edit in [
        set("kick/fader_db", 3.0),
        set("kick/pan", 0.5),
        set("bass/mute", 0.0),
        set("bass/send/room/level_db", -30.0),
        set("kick/eq/bells/2/gain_db", -6.5),
        set("all/fader_db", -2.0),
        Edit::SetNote { address: "kick/compressor/attack_ms".into(), note: "1/64".parse().unwrap() },
        Edit::SetPlain { address: "kick/compressor-2/bypass".into(), value: Plain::Switch(false) },
    ] {
        document.apply(&edit).unwrap();
    }
    let changed = document.text().to_owned();
    let all = document.song().recall("before", &Recall::default()).unwrap();
    let Edit::Together(edits) = &all else { panic!("{all:?}") };
    assert_eq!(edits.len(), 8);
    let undo = document.apply(&all).unwrap();
    assert_eq!(document.song(), &stored);
    document.apply(&undo).unwrap();
    assert_eq!(document.text(), changed, "to the byte");

    let part = |strips: Option<&[&str]>, sorts: &[SceneSort]| {
        let strips = strips.map(|ids| ids.iter().map(|id| (*id).to_owned()).collect());
        let edit = document.song().recall("before", &Recall { strips, sorts: sorts.to_vec() }).unwrap();
        let Edit::Together(edits) = edit else { panic!("{edit:?}") };
        let address = |edit: &Edit| match edit {
            Edit::SetParam { address, .. } | Edit::SetNote { address, .. } | Edit::SetPlain { address, .. } => {
                address.clone()
            }
            other => panic!("{other:?}"),
        };
        edits.iter().map(address).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(part(None, &[SceneSort::Faders]), "kick/fader_db all/fader_db");
    assert_eq!(part(Some(&["kick"]), &[SceneSort::Faders, SceneSort::Pans]), "kick/fader_db kick/pan");
    assert_eq!(part(None, &[SceneSort::Mutes]), "bass/mute");
    assert_eq!(part(None, &[SceneSort::Sends]), "bass/send/room/level_db");
    assert_eq!(
        part(None, &[SceneSort::Inserts]),
        "kick/eq/bells/2/gain_db kick/compressor/attack_ms kick/compressor-2/bypass"
    );
    assert_eq!(part(None, &[SceneSort::Inputs]), "");
}

#[test]
fn a_scene_in_a_document_is_checked_and_follows_its_strips() {
    let mut document = read(EVERYTHING);
    let scene = &document.song().scenes[0];
    assert_eq!((scene.id.as_str(), scene.title.as_deref()), ("chorus", Some("The chorus")));
    assert_eq!(scene.set[1].change, Change::To(0.0));
    assert_eq!(
        document.song().recall("chrous", &Recall::default()).unwrap_err().help.as_deref(),
        Some("did you mean `chorus`?")
    );
    assert_eq!(
        document.span_of("song/scene/chorus/set/kick/mute").map(|s| document.text()[s].to_owned()).as_deref(),
        Some("\"kick/mute\" = false")
    );
    document.apply(&Edit::RemoveInsert { strip: "kick".into(), insert: "compressor".into() }).unwrap();
    assert_eq!(document.song().scenes[0].bypass, Vec::<String>::new());
    let broken = |line: &str| {
        let text = format!(
            "[song]\nsample_rate_hz = 48000\n[[track]]\nid = \"a\"\naudio = \"a.wav\"\n[[scene]]\nid = \"s\"\n{line}\n"
        );
        parse(&text, &registry()).unwrap_err()[0].code
    };
    assert_eq!(broken("set = { \"a/fader_db\" = \"+1\" }"), "wrong-type", "a scene holds values");
    assert_eq!(broken("set = { \"a/fader\" = 1 }"), "unknown-address");
    assert_eq!(broken("set = { \"master/solo\" = true }"), "unknown-address");
    assert_eq!(broken("mute = [\"a\"]"), "unknown-key");
    assert_eq!(broken("bypass = [\"a/eq\"]"), "unknown-insert");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn whatever_happens_to_values_a_scene_brings_them_back(
        bytes in proptest::collection::vec(any::<u8>(), 0..500),
        edits in proptest::collection::vec(any::<u8>(), 0..100),
    ) {
        let song = Song { scenes: Vec::new(), ..Draw(&bytes).song(&registry()) };
        let mut document = read(&print(&song));
        with_scene(&mut document, &Recall::default());
        let stored = document.song().clone();
        let mut draw = Draw(&edits);
        for _ in 0..8 {
            let edit = draw.edit(document.song(), &registry());
            if matches!(edit, Edit::SetParam { .. }) {
                let _ = document.apply(&edit);
            }
        }
        let edit = document.song().recall("before", &Recall::default()).unwrap();
        let changed = document.text().to_owned();
        let undo = document.apply(&edit).unwrap();
        assert_eq!(document.song(), &stored);
        document.apply(&undo).unwrap();
        assert_eq!(document.text(), changed);
    }
}
