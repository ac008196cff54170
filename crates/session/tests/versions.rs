//! Versions: what each changes in the song, what it leaves, and how a document's versions are edited.

mod common;

use std::fmt::Write as _;

use common::draw::Draw;
use common::{EVERYTHING, registry, rendered};
use proptest::prelude::{ProptestConfig, any, proptest};
use tonmeister_session::model::{Change, Setting, Song, StripAt, Version};
use tonmeister_session::{Document, Edit, Named, NamedSort, Returns, Solo, Soloing, keys, parse, print};

fn read(text: &str) -> Document {
    parse(text, &registry()).unwrap_or_else(|found| panic!("{}{text}", rendered(text, &found)))
}

fn version(text: &str, id: &str) -> Song {
    read(text).song().version(id).unwrap()
}

#[test]
fn a_version_changes_what_it_names_and_nothing_else() {
    let song = read(EVERYTHING).song().clone();
    let mut expected = song.clone();
    expected.versions.clear();
    let bass = &mut expected.tracks[1].strip;
    for key in ["mute", "mute_main", "mute_post", "mute_pre"] {
        bass.set(key, 1.0);
    }
    // The kick's fader is automated: every point goes up with it.
    expected.tracks[0].strip.automation[0].points[0].value = -59.0;
    expected.tracks[0].strip.automation[0].points[1].value = -2.5;
    expected.master.strip.inserts[0].settings = {
        let mut settings = song.master.strip.inserts[0].settings.clone();
        let index = settings.index_of("highpass/hz").unwrap();
        settings.set_at(index, 20.0).unwrap();
        settings
    };
    assert_eq!(version(EVERYTHING, "no-bass"), expected);
}

#[test]
fn a_version_starts_from_its_base_and_has_the_last_word() {
    let song = version(EVERYTHING, "drums-only");
    let (kick, bass) = (&song.tracks[0].strip, &song.tracks[1].strip);
    assert!(!bass.is("mute") && !bass.is("mute_pre"), "unmuted again, as it was written");
    assert!(song.buses[0].strip.is("solo") && !kick.is("solo"));
    assert!(kick.inserts[1].bypass && !kick.inserts[2].bypass);
    let lane = |address: &str| {
        let (at, target) = song.target(address).unwrap();
        song.strip(at).lane(target).map(|lane| lane.points.iter().map(|point| point.value).collect::<Vec<_>>())
    };
    assert_eq!(lane("kick/fader_db"), Some(vec![-58.5, -2.0]), "the base's decibel and its own half");
    assert_eq!(lane("kick/eq/bells/2/gain_db"), Some(vec![-4.5, -6.5]));
    let attack = &kick.inserts[1].settings;
    let note = attack.note(attack.index_of("attack_ms").unwrap()).unwrap();
    assert_eq!(note.to_string(), "1/64");
    assert!((attack.get("attack_ms") - 60_000.0 / 122.0 / 16.0).abs() < 1e-9, "at the song's 122 BPM");
    // What was set by a value no longer moves.
    assert_eq!(kick.get("polarity"), 0.0);
    let moved = EVERYTHING.replace("\"kick/fader_db\" = \"+0.5\"", "\"kick/fader_db\" = -7");
    let song = version(&moved, "drums-only");
    assert_eq!(song.tracks[0].strip.get("fader_db"), -7.0);
    assert!(song.tracks[0].strip.automation.iter().all(|lane| song.target("kick/fader_db").unwrap().1 != lane.target));
}

#[test]
fn silence_stays_silence_and_a_song_built_in_code_is_checked() {
    let text = "[song]\nsample_rate_hz = 48000\n[[track]]\nid = \"a\"\naudio = \"a.wav\"\nfader_db = -150\n\
        [[version]]\nid = \"up\"\nset = { \"a/fader_db\" = \"+6\" }\n\
        [[version]]\nid = \"down\"\nset = { \"a/fader_db\" = -149 }\n\
        [[version]]\nid = \"below\"\nbase = \"down\"\nset = { \"a/fader_db\" = \"−3 dB\" }\n";
    assert_eq!(version(text, "up").tracks[0].strip.get("fader_db"), -150.0);
    assert_eq!(version(text, "below").tracks[0].strip.get("fader_db"), -150.0);
    let song = read(text).song().clone();
    let refused = song.version("upp").unwrap_err();
    assert_eq!((refused.code, refused.help.as_deref()), ("unknown-version", Some("did you mean `up`?")));
    let with = |change: Version| {
        let mut song = song.clone();
        song.versions.push(Version { id: "x".into(), ..change });
        song.version("x").unwrap_err().code
    };
    let set = |address: &str, change| vec![Setting { address: address.into(), change }];
    assert_eq!(with(Version { mute: vec!["b".into()], ..Version::default() }), "unknown-address");
    assert_eq!(with(Version { mute: vec!["master".into()], ..Version::default() }), "unknown-address");
    assert_eq!(with(Version { bypass: vec!["a/eq".into()], ..Version::default() }), "unknown-address");
    assert_eq!(with(Version { base: Some("x".into()), ..Version::default() }), "version-loop");
    assert_eq!(with(Version { base: Some("y".into()), ..Version::default() }), "unknown-version");
    assert_eq!(with(Version { set: set("a/fader", Change::To(0.0)), ..Version::default() }), "unknown-address");
    assert_eq!(with(Version { set: set("a/fader_db", Change::To(f64::NAN)), ..Version::default() }), "out-of-range");
    assert_eq!(with(Version { set: set("a/pan", Change::By(0.1)), ..Version::default() }), "no-decibels");
    assert_eq!(
        with(Version { set: set("a/pan", Change::Note("1/4".parse().unwrap())), ..Version::default() }),
        "out-of-range"
    );
}

#[test]
fn versions_are_written_changed_and_found() {
    let mut document = read(EVERYTHING);
    let place = |document: &Document, address: &str| document.span_of(address).map(|s| document.text()[s].to_owned());
    assert_eq!(place(&document, "song/version/no-bass/mute").as_deref(), Some("[\"bass\"]"));
    assert_eq!(
        place(&document, "song/version/drums-only/set/kick/fader_db").as_deref(),
        Some("\"kick/fader_db\" = \"+0.5\"")
    );
    assert_eq!(place(&document, "song/version/none"), None);

    let mut changed = document.song().versions[1].clone();
    changed.unmute.clear();
    changed.title = Some("Drums".into());
    changed.set[0].change = Change::By(-1.0);
    changed.set.remove(1);
    changed.set.push(Setting { address: "drums/fader_db".into(), change: Change::To(-1.0) });
    let undo = document.apply(&Edit::SetNamed { named: Named::Version(changed.clone()) }).unwrap();
    assert_eq!(document.song().versions[1], changed);
    let text = document.text();
    assert!(text.contains("\"kick/eq/bells/2/gain_db\" = \"-1.0\"   # moves its automation\n"), "{text}");
    assert!(text.contains("\"kick/compressor/attack_ms\" = \"1/64\"\n\"drums/fader_db\" = -1.0\n"), "{text}");
    assert!(text.contains("mute = [\"bass\"]   # the mic too\n"), "the other one is untouched");
    document.apply(&undo).unwrap();
    assert_eq!(document.text(), EVERYTHING);

    let tv = Version { id: "tv".into(), mute: vec!["kick".into()], ..Version::default() };
    document.apply(&Edit::AddNamed { at: 2, named: Named::Version(tv) }).unwrap();
    assert!(document.text().ends_with("\n[[version]]\nid = \"tv\"\nmute = [\"kick\"]\n"), "{}", document.text());
    let sort = NamedSort::Version;
    let refused = document.apply(&Edit::RemoveNamed { sort, id: "no-bass".into() }).unwrap_err();
    assert_eq!(refused.code, "edit-refused", "another starts from it: {refused:?}");
    document.apply(&Edit::RemoveNamed { sort, id: "drums-only".into() }).unwrap();
    document.apply(&Edit::RemoveNamed { sort, id: "no-bass".into() }).unwrap();
    assert!(!document.text().contains("# without the low end"), "its comment goes with it");
    assert_eq!(document.song().versions.len(), 1);
}

#[test]
fn what_goes_from_a_strip_goes_from_its_versions() {
    let mut document = read(EVERYTHING);
    document
        .apply(&Edit::RemoveItem { strip: "kick".into(), insert: "eq".into(), group: "bells".into(), item: 1 })
        .unwrap();
    assert!(document.text().contains("\"kick/eq/bells/1/gain_db\" = \"-0.5\"   # moves its automation"));
    document.apply(&Edit::RemoveInsert { strip: "kick".into(), insert: "compressor".into() }).unwrap();
    let version = &document.song().versions[1];
    assert_eq!(version.bypass, Vec::<String>::new());
    assert_eq!(version.enable, ["kick/compressor-2"]);
    assert!(version.set.iter().all(|setting| setting.address != "kick/compressor/attack_ms"));
    document.apply(&Edit::RemoveSend { strip: "bass".into(), to: "room".into() }).unwrap();
    document.apply(&Edit::RemoveInsert { strip: "master".into(), insert: "eq".into() }).unwrap();
    assert_eq!(document.song().versions[0].set.len(), 1);
}

/// Two tracks into a bus, one of them into a room as well, a third past both.
fn desk() -> Song {
    let track = |id: &str, more: &str| format!("[[track]]\nid = \"{id}\"\naudio = \"a.wav\"\n{more}\n");
    let send = "output = \"band\"\nsend = [{ to = \"room\" }, { to = \"hall\" }]";
    let text = format!(
        "[song]\nsample_rate_hz = 48000\n{}{}{}[[bus]]\nid = \"band\"\n[[bus]]\nid = \"room\"\n[[bus]]\nid = \"hall\"\nsolo_safe = true\n",
        track("a", send),
        track("b", "output = \"band\""),
        track("c", "send = [{ to = \"room\" }]"),
    );
    read(&text).song().clone()
}

#[test]
fn solo_keeps_what_is_before_and_behind() {
    let song = desk();
    let heard = |ids: &[&str], returns| {
        let strips = ids.iter().map(|id| song.find(id).unwrap()).collect();
        let heard = song.heard(&Solo { strips, rest_db: -150.0, returns });
        let name = |h: &tonmeister_session::Heard| {
            let sends = song.strip(h.strip).sends.iter().zip(&h.sends_db).filter(|(_, db)| **db == 0.0);
            let sends: Vec<&str> = sends.map(|(send, _)| song.buses[send.to].id.as_str()).collect();
            let main = if h.output_db == 0.0 { "+" } else { "" };
            h.is_heard().then(|| format!("{}{main}{}", song.id(h.strip), sends.concat()))
        };
        heard.iter().filter_map(name).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(heard(&[], Returns::All), "a+roomhall b+ c+room band+ room+ hall+");
    assert_eq!(heard(&["a"], Returns::All), "a+roomhall band+ room+ hall+");
    assert_eq!(heard(&["a"], Returns::Safe), "a+hall band+ hall+");
    assert_eq!(heard(&["c"], Returns::All), "c+room room+ hall+");
    assert_eq!(heard(&["band"], Returns::All), "a+ b+ band+ hall+", "a bus keeps its sources, on their way to it");
    assert_eq!(heard(&["room"], Returns::All), "aroom croom room+ hall+");
    assert_eq!(heard(&["room", "b"], Returns::Safe), "aroom b+ croom band+ room+ hall+");
}

#[test]
fn lowering_leaves_no_solo_and_can_be_done_twice() {
    let mut song = desk();
    song.tracks[2].strip.set("solo", 1.0);
    let lowered = song.lowered();
    assert_eq!(lowered.lowered(), lowered);
    assert_eq!(lowered.tracks[2].strip.followed, []);
    assert_eq!(lowered.tracks[0].strip.followed.len(), 1);
    assert!(lowered.tracks[0].strip.sends.iter().all(|send| send.get("mute") == 1.0));
    let dimmed = song.listened(&Solo { strips: vec![StripAt::Track(2)], rest_db: -20.0, returns: Returns::All });
    assert_eq!(dimmed.tracks[0].strip.followed, [], "it leads to a bus that is turned down itself");
    assert_eq!(dimmed.buses[0].strip.followed[0].db, -20.0);
    assert_eq!(dimmed.tracks[0].strip.sends[0].get("level_db"), -20.0);
    assert_eq!(desk().lowered(), desk(), "where nothing is soloed, nothing is done");
}

#[test]
fn solo_is_a_matter_of_one_edit() {
    let mut document = read(&print(&desk()));
    let before = document.text().to_owned();
    let solo = |document: &mut Document, id: &str, how| {
        let edit = document.song().soloed(id, how).unwrap();
        let undo = document.apply(&edit).unwrap();
        let song = document.song();
        let on: Vec<&str> = song.strips().filter(|at| song.strip(*at).is("solo")).map(|at| song.id(at)).collect();
        (on.join(" "), undo)
    };
    solo(&mut document, "a", Soloing::Too);
    let (both, _) = solo(&mut document, "band", Soloing::Too);
    assert_eq!(both, "a band");
    let text = document.text().to_owned();
    let (alone, undo) = solo(&mut document, "c", Soloing::Alone);
    assert_eq!(alone, "c");
    document.apply(&undo).unwrap();
    assert_eq!(document.text(), text, "exclusive solo goes back to what was soloed before");
    solo(&mut document, "a", Soloing::Off);
    assert_eq!(solo(&mut document, "band", Soloing::Off).0, "");
    assert_eq!(document.text(), before);
    let refused = document.song().soloed("bnd", Soloing::Too).unwrap_err();
    assert_eq!((refused.code, refused.help.as_deref()), ("unknown-strip", Some("did you mean `band`?")));
    assert!(document.song().soloed("master", Soloing::Too).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn every_version_of_a_drawn_song_is_a_song_of_the_same_build(bytes in proptest::collection::vec(any::<u8>(), 0..900)) {
        let song = Draw(&bytes).song(&registry());
        for version in &song.versions {
            let other = song.version(&version.id).unwrap();
            assert_eq!(read(&print(&other)).song(), &other);
            for at in song.strips() {
                let (a, b) = (song.strip(at), other.strip(at));
                assert_eq!(a.output, b.output);
                assert_eq!((a.sends.len(), a.inserts.len()), (b.sends.len(), b.inserts.len()));
            }
            let lowered = other.lowered();
            assert_eq!(lowered.lowered(), lowered);
        }
    }
}

#[test]
fn versions_upon_versions_are_read_in_time() {
    // As many versions as there may be, each upon the one before, each setting as much as it may.
    let mut text = String::from("[song]\nsample_rate_hz = 48000\n");
    for track in 0..1024 {
        let _ = writeln!(text, "[[track]]\nid = \"t{track}\"\naudio = \"a.wav\"");
    }
    for version in 0..keys::MAX_VERSIONS {
        let base = version.checked_sub(1).map_or(String::new(), |base| format!("base = \"v{base}\"\n"));
        let _ = writeln!(text, "[[version]]\nid = \"v{version}\"\n{base}[version.set]");
        let key = ["pan", "fader_db", "width", "trim_db"][version % 4];
        for track in 0..keys::MAX_SETTINGS {
            let _ = writeln!(text, "\"t{track}/{key}\" = 0.5");
        }
    }
    let begin = std::time::Instant::now();
    let song = read(&text).song().clone();
    assert!(begin.elapsed().as_secs() < 20, "{:?}", begin.elapsed());
    let begin = std::time::Instant::now();
    song.version("v127").unwrap();
    assert!(begin.elapsed().as_secs() < 5, "{:?}", begin.elapsed());
}

/// A radio edit is a version without some of its ranges; what starts from it is without them, too.
#[test]
fn a_version_is_cut_and_what_starts_from_it_is() {
    let text = r#"
[song]
sample_rate_hz = 48000
tempo_bpm = 120.0
[[range]]
id = "solo"
from = 2.0
to = 4.01
[[track]]
id = "a"
[[track.clip]]
audio = "a.wav"
length_s = 10.0
[[version]]
id = "radio"
cut = ["solo"]
cut_snap = true
[[version]]
id = "radio-instrumental"
base = "radio"
mute = ["a"]
"#;
    let document = read(text);
    for id in ["radio", "radio-instrumental"] {
        let song = document.song().version(id).unwrap();
        assert_eq!(song.tracks[0].clips.len(), 2, "{id}");
        let cut = document.song().cut("solo", 0.03, true).unwrap();
        let expected = document.song().with_cuts(&[cut]);
        assert_eq!(song.tracks[0].clips, expected.tracks[0].clips, "{id}");
        assert_eq!(song.tracks[0].strip.is("mute"), id != "radio");
    }
    let wrong = text.replace("cut = [\"solo\"]", "cut = [\"sollo\"]");
    let errors = parse(&wrong, &registry()).map(drop).unwrap_err();
    assert_eq!(errors[0].code, "unknown-range");
    assert!(errors[0].help.as_ref().unwrap().contains("solo"));
}
