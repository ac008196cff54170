//! VCAs and link groups: what they turn, and the edits that they make of one.

mod common;

use common::registry;
use tonmeister_session::model::{Curve, Linked, Point, Song, StripAt, Vca, Version, Ways};
use tonmeister_session::{Document, Edit, Named, NamedSort, parse};

const TEXT: &str = "[song]\nsample_rate_hz = 48000\n
[[track]]\nid = \"l\"\naudio = \"a.wav\"\nfader_db = -6\npan = -0.5\nsend = [{ to = \"room\", level_db = -10 }]\n
[[track]]\nid = \"r\"\naudio = \"a.wav\"\nfader_db = -9.1   # softer\npan = 0.5\nsend = [{ to = \"room\", tap = \"pre\" }]\n
[[track]]\nid = \"far\"\naudio = \"a.wav\"\nfader_db = -150\n
[[bus]]\nid = \"room\"\n
[[vca]]\nid = \"pair\"\nmembers = [\"l\", \"r\"]\nfader_db = -3\n
[[vca]]\nid = \"all\"\nmembers = [\"pair\", \"l\", \"room\"]\nmute_pre = true\n
[[link]]\nid = \"one\"\nmembers = [\"l\", \"r\"]\nproperties = [\"fader\", \"pan\", \"sends\"]\n
[[link]]\nid = \"two\"\nmembers = [\"r\", \"far\", \"all\"]\nproperties = [\"fader\", \"mute\"]\n";

fn read(text: &str) -> Document {
    parse(text, &registry()).unwrap_or_else(|found| panic!("{}", common::rendered(text, &found)))
}

fn song() -> Song {
    read(TEXT).song().clone()
}

#[test]
fn a_vca_turns_each_member_once_through_others_too() {
    let song = song();
    let turned = |vca| song.turned_by(vca).into_iter().map(|at| song.id(at)).collect::<Vec<_>>();
    assert_eq!(turned(0), ["l", "r"]);
    assert_eq!(turned(1), ["l", "r", "room"]);
    // Built in code, a circle ends and what is not there is passed over.
    let mut wild = song.clone();
    wild.vcas =
        vec![Vca::new("a", vec!["b".into(), "l".into(), "master".into()]), Vca::new("b", vec!["a".into(), "x".into()])];
    assert_eq!(wild.turned_by(1).into_iter().collect::<Vec<_>>(), [StripAt::Track(0)]);
}

#[test]
fn a_vca_becomes_faders_that_its_members_follow() {
    let mut document = read(TEXT);
    let followed = |song: &Song, track: usize| song.lowered().tracks[track].strip.followed.clone();
    let of_l = followed(document.song(), 0);
    assert_eq!(of_l.len(), 1, "a VCA at 0 dB does nothing");
    assert_eq!((of_l[0].db, of_l[0].ways), (-3.0, Ways::POST), "pre-fader sends are before it");
    assert_eq!(followed(document.song(), 2), []);
    assert!(document.song().lowered().vcas.is_empty());

    let points = vec![Point::new(0.0, 0.0, Curve::Hold), Point::new(2.0, 1.0, Curve::Hold)];
    let undo = document
        .apply(&Edit::Together(vec![
            Edit::SetAutomation { strip: "all".into(), target: "mute".into(), points },
            Edit::SetParam { address: "all/fader_trim_db".into(), value: 1.5 },
        ]))
        .unwrap();
    assert!(
        document.text().contains("fader_trim_db = 1.5\n\n[[vca.automation]]\ntarget = \"mute\"\n"),
        "{}",
        document.text()
    );
    let of_r = followed(document.song(), 1);
    assert_eq!(of_r.iter().map(|follow| follow.db).collect::<Vec<_>>(), [-3.0, 1.5, 0.0]);
    let mute = of_r[2].lane.as_ref().unwrap();
    assert_eq!(mute.points.iter().map(|point| point.value).collect::<Vec<_>>(), [0.0, -150.0]);
    assert_eq!(of_r[2].ways, Ways::ALL, "its mute reaches what its own mute points say");
    document.apply(&undo).unwrap();
    assert_eq!(document.text(), TEXT);
    assert_eq!(
        document.apply(&Edit::SetParam { address: "all/pan".into(), value: 0.0 }).unwrap_err().code,
        "unknown-address"
    );
    let sort = NamedSort::Vca;
    assert_eq!(document.apply(&Edit::RemoveNamed { sort, id: "pair".into() }).unwrap_err().code, "edit-refused");
    document.apply(&Edit::RemoveNamed { sort: NamedSort::Link, id: "two".into() }).unwrap();
    document.apply(&Edit::RemoveNamed { sort, id: "all".into() }).unwrap();
    document.apply(&Edit::RemoveNamed { sort, id: "pair".into() }).unwrap();
    assert!(document.song().vcas.is_empty());
}

#[test]
fn a_version_mutes_and_solos_by_vca() {
    let mut song = song();
    song.versions = vec![
        Version { id: "without".into(), mute: vec!["pair".into()], ..Version::default() },
        Version { id: "only".into(), solo: vec!["pair".into()], ..Version::default() },
    ];
    let muted = song.version("without").unwrap().lowered();
    let silence = muted.tracks[0].strip.followed.iter().find(|follow| follow.db == -150.0).unwrap();
    assert_eq!(silence.ways, Ways::ALL);
    let only = song.version("only").unwrap();
    assert!(only.tracks[0].strip.is("solo") && only.tracks[1].strip.is("solo") && !only.tracks[2].strip.is("solo"));
}

#[test]
fn what_one_member_is_set_to_the_others_follow() {
    let mut document = read(TEXT);
    let mut turn = |address: &str, value: f64| {
        let edit = document.song().linked(&Edit::SetParam { address: address.into(), value });
        let undo = document.apply(&edit).unwrap();
        let values = ["l/fader_db", "r/fader_db", "far/fader_db", "all/fader_db", "l/pan", "r/pan", "far/pan"];
        let values = values.map(|address| {
            let (at, target) = document.song().target(address).unwrap();
            document.song().strip(at).value(target)
        });
        let sends = [0, 1].map(|track| document.song().tracks[track].strip.sends[0].get("level_db"));
        let mutes = document.song().tracks.iter().map(|track| track.strip.get("mute")).collect::<Vec<_>>();
        assert!(document.text().contains("   # softer\n"));
        document.apply(&undo).unwrap();
        assert_eq!(document.text(), TEXT, "one undo for all");
        (values, sends, mutes)
    };
    // By the same way, over both groups; what was silent stays so.
    assert_eq!(turn("l/fader_db", -3.0).0, [-3.0, -6.1, -150.0, 3.0, -0.5, 0.5, 0.0]);
    assert_eq!(turn("l/fader_db", 12.0).0[..4], [12.0, 8.9, -150.0, 12.0], "they stop at the end");
    assert_eq!(turn("r/fader_db", -150.0).0[..4], [-150.0; 4]);
    assert_eq!(turn("far/fader_db", -20.0).0[..4], [-6.0, -9.1, -20.0, 0.0]);
    assert_eq!(turn("l/pan", -0.25).0[4..], [-0.25, 0.75, 0.0]);
    assert_eq!(turn("r/mute", 1.0).2, [0.0, 1.0, 1.0], "the left one is not linked by mute");
    assert_eq!(turn("l/send/room/level_db", -12.0).1, [-12.0, -2.0]);
    let song = document.song();
    for edit in [
        Edit::SetParam { address: "far/pan".into(), value: 1.0 },
        Edit::SetParam { address: "l/width".into(), value: 0.0 },
        Edit::SetParam { address: "l/fader_db".into(), value: f64::NAN },
        Edit::SetParam { address: "nobody/fader_db".into(), value: 0.0 },
    ] {
        assert_eq!(format!("{:?}", song.linked(&edit)), format!("{edit:?}"), "no link concerns it");
    }
    let reset = song.linked(&Edit::Reset { address: "l/pan".into() });
    assert_eq!(
        reset,
        Edit::Together(vec![
            Edit::Reset { address: "l/pan".into() },
            Edit::SetParam { address: "r/pan".into(), value: 1.0 },
        ])
    );
    let mut link = song.links[0].clone();
    link.properties = vec![Linked::Mute];
    document.apply(&Edit::SetNamed { named: Named::Link(link) }).unwrap();
    assert!(document.text().contains("members = [\"l\", \"r\"]\nproperties = [\"mute\"]\n"));
}
