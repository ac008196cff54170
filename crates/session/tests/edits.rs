//! Edits: what they change, what they leave, and the way back.

mod common;

use common::draw::{Draw, address, settable};
use common::{EVERYTHING, registry, rendered};
use proptest::prelude::{ProptestConfig, any, prop_assert_eq, proptest};
use tonmeister_core::{Level, Slot};
use tonmeister_session::model::{Clip, Curve, Destination, KeySource, Point, SideChain, Song, Strip, Target, Track};
use tonmeister_session::{Document, Edit, Entry, Named, Plain, parse, print};

const INLINE: &str = include_str!("songs/inline.toml");
const SCATTERED: &str = include_str!("songs/scattered.toml");

fn read(text: &str) -> Document {
    parse(text, &registry()).unwrap_or_else(|found| panic!("{}{text}", rendered(text, &found)))
}

/// The lines that an edit took out (`-`) and put in (`+`); and it must lead back.
fn changes(text: &str, edit: &Edit) -> String {
    let mut document = read(text);
    let inverse = document.apply(edit).unwrap_or_else(|d| panic!("{d:?}"));
    let after = document.to_text();
    assert_eq!(read(&after).song(), document.song(), "text and song are in step");
    let again = document.apply(&inverse).unwrap();
    assert_eq!(document.text(), text, "the inverse restores every byte");
    document.apply(&again).unwrap();
    assert_eq!(document.text(), after, "the inverse of the inverse is the edit");
    let (old, new): (Vec<&str>, Vec<&str>) = (text.split('\n').collect(), after.split('\n').collect());
    let same = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let rest = old.len().min(new.len()) - same;
    let tail = old.iter().rev().zip(new.iter().rev()).take(rest).take_while(|(a, b)| a == b).count();
    let gone = old[same..old.len() - tail].iter().map(|line| format!("-{line}\n"));
    let come = new[same..new.len() - tail].iter().map(|line| format!("+{line}\n"));
    gone.chain(come).collect()
}

fn set(address: &str, value: f64) -> Edit {
    Edit::SetParam { address: address.into(), value }
}

#[test]
fn setting_a_parameter_changes_its_value_and_nothing_else() {
    let one = |address, value| changes(EVERYTHING, &set(address, value));
    assert_eq!(one("kick/fader_db", -6.0), "-fader_db = -3.5\n+fader_db = -6.0\n");
    assert_eq!(one("kick/mute", 1.0), "+mute = true\n");
    assert_eq!(one("kick/polarity", 0.0), "-polarity = \"inverted\"\n+polarity = \"normal\"\n");
    assert_eq!(
        one("kick/eq/bells/2/gain_db", -2.5),
        "-    { hz = 350.0, gain_db = -4.0, q = 1.4 }, # cardboard\n+    { hz = 350.0, gain_db = -2.5, q = 1.4 }, # cardboard\n"
    );
    assert_eq!(
        one("kick/eq/highpass/slope_db_oct", 48.0),
        "-highpass = { hz = 30.0, slope_db_oct = 24 }\n+highpass = { hz = 30.0, slope_db_oct = 48 }\n"
    );
    assert_eq!(one("kick/compressor/sidechain/slope_db_oct", 24.0), "+slope_db_oct = 24\n");
    assert_eq!(one("kick/compressor-2/sidechain/hz", 100.0), "+sidechain = { hz = 100.0 }\n");
    assert_eq!(one("bass/send/room/level_db", -3.0), "+level_db = -3.0\n");
    assert_eq!(one("master/eq/highpass/hz", 20.0), "-highpass.hz = 25.0\n+highpass.hz = 20.0\n");
    assert_eq!(
        one("drums/eq/bells/1/q", 2.0).lines().last(),
        Some(
            "+insert = [{ effect = \"compressor\", ratio = 2 }, { effect = \"eq\", bells = [{ gain_db = 1.5, q = 2.0 }] }]"
        )
    );
    assert_eq!(one("kick/compressor/detector", 1.0), "+detector = \"rms\"\n");
}

#[test]
fn plain_values_and_resets() {
    let plain = |address: &str, value| changes(EVERYTHING, &Edit::SetPlain { address: address.into(), value });
    let reset = |address: &str| changes(EVERYTHING, &Edit::Reset { address: address.into() });
    assert_eq!(
        plain("song/title", Plain::Text("Day \"Drive\"".into())),
        "-title = \"Night Drive\"     # working title\n+title = \"Day \\\"Drive\\\"\"     # working title\n"
    );
    assert_eq!(
        plain("song/sample_rate_hz", Plain::Number(44100.0)),
        "-sample_rate_hz = 48_000\n+sample_rate_hz = 44100\n"
    );
    assert_eq!(
        plain("kick/output", Plain::Text("master".into())).lines().nth(1),
        Some("+output = \"master\"   # glued there")
    );
    assert_eq!(plain("kick/compressor/bypass", Plain::Switch(true)), "+bypass = true\n");
    assert_eq!(plain("kick/eq/channels", Plain::Text("side".into())), "+channels = \"side\"\n");
    assert_eq!(plain("bass/clip/1/start_s", Plain::Number(12.0)), "-start_s = 64.0\n+start_s = 12.0\n");
    assert_eq!(reset("kick/output"), "-output = \"drums\"   # glued there\n");
    assert_eq!(reset("kick/pan"), "");
    assert_eq!(reset("master/eq/highpass/slope_db_oct"), "-highpass.slope_db_oct = 12\n");
    assert_eq!(reset("song/artist"), "-artist = 'The \"Late\" Ones'\n");
}

#[test]
fn notes_stay_notes_and_follow_the_tempo() {
    let text = "[song]\nsample_rate_hz = 48000\ntempo_bpm = 150\n[[track]]\nid = \"a\"\naudio = \"a.wav\"\n\
        [[track.insert]]\neffect = \"compressor\"\nattack_ms = \"1/8.\"   # dotted\nsidechain = { hz = \"1/64\" }\n\
        [[track.insert]]\neffect = \"eq\"\nbells = [{ hz = 30.0 }, { hz = \"1/64d\" }]\n";
    let mut document = read(text);
    let value = |document: &Document, insert: usize, address: &str| {
        let settings = &document.song().tracks[0].strip.inserts[insert].settings;
        let index = settings.index_of(address).unwrap();
        (settings.at(index).1, settings.note(index).map(|note| note.to_string()))
    };
    assert_eq!(value(&document, 0, "attack_ms"), (300.0, Some("1/8.".into())));
    assert_eq!(value(&document, 0, "sidechain/hz"), (40.0, Some("1/64".into())));
    assert_eq!(value(&document, 1, "bells/1/hz"), (30.0, None));
    assert_eq!(value(&document, 1, "bells/2/hz").1, Some("1/64.".into()));

    let printed = print(document.song());
    assert!(printed.contains("attack_ms = \"1/8.\"\nsidechain = { hz = \"1/64\" }\n"), "{printed}");
    assert!(printed.contains("bells = [{ hz = 30.0 }, { hz = \"1/64.\" }]"), "{printed}");
    assert_eq!(read(&printed).song(), document.song());

    let tempo = |bpm| Edit::SetPlain { address: "song/tempo_bpm".into(), value: Plain::Number(bpm) };
    assert_eq!(changes(text, &tempo(200.0)), "-tempo_bpm = 150\n+tempo_bpm = 200.0\n");
    document.apply(&tempo(200.0)).unwrap();
    assert_eq!(value(&document, 0, "attack_ms"), (225.0, Some("1/8.".into())));
    let refused = document.apply(&tempo(60.0)).unwrap_err();
    assert!(refused.message.contains("`attack_ms` cannot be \"1/8.\": at 60 BPM that is 750 ms"), "{refused:?}");

    let note = |address: &str, note: &str| Edit::SetNote { address: address.into(), note: note.parse().unwrap() };
    assert_eq!(
        changes(text, &note("a/compressor/attack_ms", "1/16t")),
        "-attack_ms = \"1/8.\"   # dotted\n+attack_ms = \"1/16t\"   # dotted\n"
    );
    assert_eq!(changes(text, &note("a/eq/highpass/hz", "1/64")), "+highpass = { hz = \"1/64\" }\n");
    assert_eq!(
        changes(text, &set("a/compressor/attack_ms", 30.0)),
        "-attack_ms = \"1/8.\"   # dotted\n+attack_ms = 30.0   # dotted\n"
    );
    assert_eq!(document.apply(&note("a/compressor/ratio", "1/4")).unwrap_err().code, "no-note");
    assert_eq!(document.apply(&note("a/compressor/attack_ms", "4/1")).unwrap_err().code, "edit-refused");
}

#[test]
fn the_file_of_an_effect_is_set_taken_out_and_found() {
    let text = "[song]\nsample_rate_hz = 48000\n[[track]]\nid = \"a\"\naudio = \"a.wav\"\n\
        [[track.insert]]\neffect = \"room\"\nir = \"rooms/hall.wav\"   # the old one\nearly = \"early.wav\"\n";
    let plain =
        |address: &str, value: &str| Edit::SetPlain { address: address.into(), value: Plain::Text(value.into()) };
    assert_eq!(
        changes(text, &plain("a/room/ir", "rooms/church.wav")),
        "-ir = \"rooms/hall.wav\"   # the old one\n+ir = \"rooms/church.wav\"   # the old one\n"
    );
    assert_eq!(changes(text, &Edit::Reset { address: "a/room/early".into() }), "-early = \"early.wav\"\n");
    let mut document = read(text);
    assert_eq!(document.song().tracks[0].strip.inserts[0].settings.file("ir"), Some("rooms/hall.wav"));
    assert_eq!(document.span_of("a/room/ir").map(|span| &text[span]), Some("\"rooms/hall.wav\""));
    let refused = document.apply(&Edit::Reset { address: "a/room/ir".into() }).unwrap_err();
    assert_eq!(refused.code, "edit-refused", "what it needs stays: {refused:?}");
    assert_eq!(document.apply(&plain("a/room/irr", "x.wav")).unwrap_err().code, "unknown-address");
    assert_eq!(print(document.song()).matches("ir = \"rooms/hall.wav\"").count(), 1);
}

#[test]
fn an_insert_takes_its_comments_and_its_automation_with_it_and_leaves_the_names() {
    let gone = changes(EVERYTHING, &Edit::RemoveInsert { strip: "kick".into(), insert: "compressor".into() });
    let expected = "-# slow, to keep the click\n-[[track.insert]]\n-effect = \"compressor\"\n-threshold_db = -18.5\n\
        -attack_ms = 30\n-[track.insert.sidechain]\n-hz = 80.0\n-\n";
    assert!(gone.contains("-# slow, to keep the click\n"), "{gone}");
    assert!(gone.contains("+id = \"compressor-2\"\n"), "the second keeps its name: {gone}");
    assert!(expected.lines().all(|line| gone.lines().any(|l| l == line)), "{gone}");
    let gone = changes(EVERYTHING, &Edit::RemoveInsert { strip: "kick".into(), insert: "eq".into() });
    assert!(gone.contains("-target = \"kick/eq/bells/2/gain_db\""), "{gone}");
    assert!(!gone.contains("-target = \"fader_db\"") || gone.contains("+target = \"fader_db\""), "{gone}");
}

#[test]
fn an_insert_comes_in_its_place() {
    let insert = print_parts().strip.inserts[0].clone();
    let edit = |strip: &str, at| Edit::AddInsert { strip: strip.into(), at, insert: insert.clone() };
    let block = "+[[track.insert]]\n+effect = \"compressor\"\n+id = \"squash\"\n+threshold_db = -30.0\n";
    assert_eq!(changes(EVERYTHING, &edit("kick", 1)).trim_matches(['+', '\n']), block.trim_matches(['+', '\n']));
    assert_eq!(changes(EVERYTHING, &edit("kick", 3)), format!("{block}+\n"));
    assert_eq!(
        changes(EVERYTHING, &edit("room", 0)),
        "+[[bus.insert]]\n+effect = \"compressor\"\n+id = \"squash\"\n+threshold_db = -30.0\n+\n"
    );
    let inline = "{ effect = \"compressor\", id = \"squash\", threshold_db = -30.0 }";
    assert!(changes(EVERYTHING, &edit("drums", 1)).contains(&format!("ratio = 2 }}, {inline}, {{ effect = \"eq\"")));
    assert!(changes(INLINE, &edit("b", 0)).contains(&format!("], insert = [{inline}] }},\n")));
}

fn print_parts() -> Track {
    let text = "[song]\nsample_rate_hz = 48000\n[[track]]\nid = \"x\"\naudio = \"x.wav\"\n[[track.insert]]\n\
        effect = \"compressor\"\nid = \"squash\"\nthreshold_db = -30.0\n";
    read(text).song().tracks[0].clone()
}

#[test]
fn an_equalizer_gains_and_loses_bells_and_automation_follows() {
    let add = |strip: &str, insert: &str, gain: f64| Edit::AddItem {
        strip: strip.into(),
        insert: insert.into(),
        group: "bells".into(),
        values: vec![("hz".into(), 500.0), ("gain_db".into(), gain)],
    };
    assert_eq!(changes(EVERYTHING, &add("kick", "eq", 1.0)), "+    { hz = 500.0, gain_db = 1.0 },\n");
    assert_eq!(changes(EVERYTHING, &add("master", "eq", 1.0)), "+bells = [{ hz = 500.0, gain_db = 1.0 }]\n");
    assert!(changes(INLINE, &add("a", "eq", 1.0)).contains("bells = [{ hz = 500.0, gain_db = 1.0 }]"));
    assert_eq!(changes(SCATTERED, &add("a", "eq", 0.0)), "+\n+[[track.insert.bells]]\n+hz = 500.0\n+\n");
    let remove =
        |strip: &str, item| Edit::RemoveItem { strip: strip.into(), insert: "eq".into(), group: "bells".into(), item };
    let change = changes(EVERYTHING, &remove("kick", 1));
    assert!(change.contains("+target = \"eq/bells/1/gain_db\""), "{change}");
    let change = changes(SCATTERED, &remove("a", 1));
    assert!(change.contains("-hz = 100.0") && change.contains("+target = \"eq/bells/1/hz\""), "{change}");
}

#[test]
fn automation_is_drawn_redrawn_and_taken_out() {
    let lane = |strip: &str, target: &str, points: &[(f64, f64)]| Edit::SetAutomation {
        strip: strip.into(),
        target: target.into(),
        points: points.iter().map(|(t, v)| Point::new(*t, *v, Curve::DbLinear)).collect(),
    };
    assert_eq!(
        changes(EVERYTHING, &lane("kick", "fader_db", &[(0.0, -10.0), (1.5, 0.0)])),
        "-points = [[0.0, -60.0], [4.0, -3.5, \"s\"]]   # comes up slowly\n\
         +points = [[0.0, -10.0], [1.5, 0.0]]   # comes up slowly\n"
    );
    assert_eq!(
        changes(EVERYTHING, &lane("drums", "fader_db", &[(0.0, -10.0)])),
        "+[[bus.automation]]\n+target = \"fader_db\"\n+points = [[0.0, -10.0]]\n+\n"
    );
    let gone = changes(EVERYTHING, &lane("master", "width", &[]));
    assert_eq!(gone, "-[[master.automation]]\n-target = \"width\"\n-points = [[0.0, 0.0], [8.0, 1.0]]\n-\n");
    let gone = changes(INLINE, &lane("b", "send/r/level_db", &[]));
    assert!(gone.starts_with("-      { target = \"send/r/level_db\""), "{gone}");
}

#[test]
fn tracks_buses_and_sends_come_and_go() {
    let song = read(EVERYTHING).song().clone();
    let mut track = song.tracks[1].clone();
    track.id = "bass-2".into();
    let change = changes(EVERYTHING, &Edit::AddTrack { at: 2, track: track.clone() });
    assert!(change.starts_with("+[[track]]\n+id = \"bass-2\"\n") && !change.contains("\n-"), "{change}");
    let refused = read(EVERYTHING).apply(&Edit::RemoveTrack { id: "bass".into() }).unwrap_err();
    assert_eq!(refused.code, "edit-refused", "a version names it: {refused:?}");
    let bare = EVERYTHING.split("\n# both of the low end").next().unwrap();
    let gone = changes(bare, &Edit::RemoveTrack { id: "bass".into() });
    assert!(gone.starts_with("-[[track]]\n-id = \"bass\"\n") && !gone.contains("\n+"), "{gone}");
    let gone = changes(EVERYTHING, &Edit::RemoveSend { strip: "bass".into(), to: "room".into() });
    assert!(gone.contains("-target = \"send/room/level_db\""), "{gone}");
    changes(INLINE, &Edit::AddTrack { at: 1, track: Track { strip: Strip::new(Some(Destination::Bus(0))), ..track } });
    let scattered = changes(SCATTERED, &Edit::RemoveTrack { id: "a".into() });
    assert!(scattered.contains("-# of the track, though a bus stands between\n"), "{scattered}");
}

#[test]
fn an_edit_that_breaks_the_song_is_refused_and_changes_nothing() {
    let mut document = read(EVERYTHING);
    let mut refuse = |edit: Edit, code: &str| {
        let found = document.apply(&edit).unwrap_err();
        assert_eq!(found.code, code, "{edit:?}: {found:?}");
        assert_eq!(document.text(), EVERYTHING);
    };
    refuse(Edit::RemoveTrack { id: "kick".into() }, "edit-refused");
    refuse(Edit::RemoveBus { id: "room".into() }, "edit-refused");
    refuse(Edit::RemoveBus { id: "kick".into() }, "unknown-address");
    refuse(set("kick/fader_db", 13.0), "out-of-range");
    refuse(set("kick/fader_db", f64::NAN), "out-of-range");
    refuse(set("kick/fadre_db", 1.0), "unknown-address");
    refuse(set("kick", 1.0), "unknown-address");
    refuse(Edit::Reset { address: "kick/audio".into() }, "edit-refused");
    refuse(Edit::SetPlain { address: "room/output".into(), value: Plain::Text("room".into()) }, "edit-refused");
    refuse(Edit::SetPlain { address: "kick/id".into(), value: Plain::Text("k".into()) }, "unknown-address");
    refuse(Edit::AddTrack { at: 9, track: print_parts() }, "unknown-address");
    let taken = Track { clips: vec![Clip::whole("")], ..print_parts() };
    refuse(Edit::AddTrack { at: 0, track: taken }, "edit-refused");
    refuse(Edit::Together(vec![set("kick/pan", 0.5), set("kick/fader_db", 100.0)]), "out-of-range");
}

#[test]
fn edits_together_are_taken_back_together() {
    let mut document = read(EVERYTHING);
    let edits = Edit::Together(vec![set("kick/pan", 0.5), set("bass/pan", -0.5), set("kick/pan", 0.25)]);
    let undo = document.apply(&edits).unwrap();
    assert_eq!(document.song().tracks[0].strip.get("pan"), 0.25);
    let redo = document.apply(&undo).unwrap();
    assert_eq!(document.text(), EVERYTHING);
    document.apply(&redo).unwrap();
    assert_eq!(document.song().tracks[1].strip.get("pan"), -0.5);
    // Undone out of order, an edit sees that its place has changed.
    let stale = document.apply(&set("kick/pan", 1.0)).unwrap();
    document.apply(&set("kick/pan", 0.125)).unwrap();
    assert_eq!(document.apply(&stale).unwrap_err().code, "edit-outdated");
}

#[test]
fn the_master_is_begun_where_it_is_not_written() {
    let text = "[song]\nsample_rate_hz = 48000";
    assert_eq!(changes(text, &set("master/fader_db", -1.0)), "+\n+[master]\n+fader_db = -1.0\n+\n");
    let change = changes(SCATTERED, &set("master/fader_db", -1.0));
    assert_eq!(change, "+\n+[master]\n+fader_db = -1.0\n+\n");
}

/// What the song should be after an edit, worked out on the model; `None` where that is not worth it.
fn expected(song: &Song, edit: &Edit) -> Option<Song> {
    let mut song = song.clone();
    match edit {
        Edit::SetParam { address: wanted, value } => {
            let (id, local) = wanted.split_once('/')?;
            let reader = song.clone();
            let strip = strip_mut(&mut song, id)?;
            let target = settable(strip).into_iter().find(|t| address(&reader, strip, *t) == local)?;
            match target {
                Target::Strip(place) => strip.values[place] = *value,
                Target::Send { send, param } => strip.sends[send].values[param] = *value,
                Target::Insert { insert, param } => strip.inserts[insert].settings.set_at(param, *value).unwrap(),
            }
        }
        Edit::AddInsert { strip, at, insert } => {
            let strip = strip_mut(&mut song, strip)?;
            strip.inserts.insert(*at, insert.clone());
            for lane in &mut strip.automation {
                if let Target::Insert { insert, .. } = &mut lane.target {
                    *insert += usize::from(*insert >= *at);
                }
            }
        }
        Edit::RemoveInsert { strip, insert } if song.versions.is_empty() && song.scenes.is_empty() => {
            let strip = strip_mut(&mut song, strip)?;
            let at = strip.inserts.iter().position(|i| i.id == *insert)?;
            strip.inserts.remove(at);
            strip.automation.retain(|lane| !matches!(lane.target, Target::Insert { insert, .. } if insert == at));
            for lane in &mut strip.automation {
                if let Target::Insert { insert, .. } = &mut lane.target {
                    *insert -= usize::from(*insert > at);
                }
            }
        }
        Edit::AddSend { strip, send } => strip_mut(&mut song, strip)?.sends.push(send.clone()),
        Edit::SetAutomation { strip, target, points } => {
            let reader = song.clone();
            let strip = strip_mut(&mut song, strip)?;
            let target = settable(strip).into_iter().find(|t| address(&reader, strip, *t) == *target)?;
            let lane = strip.automation.iter().position(|lane| lane.target == target);
            match lane {
                Some(lane) => {
                    strip.automation[lane].points.clone_from(points);
                    strip.automation.retain(|lane| !lane.is_empty());
                }
                None if points.is_empty() => {}
                None => {
                    strip.automation.push(tonmeister_session::model::Lane::new(target, points.clone()));
                }
            }
        }
        Edit::SetLfos { .. } | Edit::SetFollow { .. } | Edit::AddToTimeline { .. } | Edit::SetClip { .. } => {
            return timed(song, edit);
        }
        Edit::AddTrack { at, track } => {
            for strip in song.tracks.iter_mut().map(|t| &mut t.strip).chain(song.buses.iter_mut().map(|b| &mut b.strip))
            {
                shift_keys(strip, *at);
            }
            shift_keys(&mut song.master.strip, *at);
            song.vcas.iter_mut().for_each(|vca| shift_keys(&mut vca.strip, *at));
            let mut track = track.clone();
            shift_keys(&mut track.strip, *at);
            song.tracks.insert(*at, track);
            // What swings in notes swings in the song's tempo.
            song.follow_tempo();
        }
        Edit::AddNamed { at, named: Named::Version(version) } => song.versions.insert(*at, version.clone()),
        Edit::SetNamed { named: Named::Version(version) } => {
            let place = song.versions.iter().position(|other| other.id == version.id)?;
            song.versions[place] = version.clone();
        }
        Edit::AddNamed { at, named: Named::Vca(vca) } => song.vcas.insert(*at, vca.clone()),
        Edit::SetNamed { named: Named::Vca(vca) } => {
            let place = song.vcas.iter().position(|other| other.id == vca.id)?;
            song.vcas[place] = vca.clone();
        }
        Edit::AddNamed { at, named: Named::Scene(scene) } => song.scenes.insert(*at, scene.clone()),
        Edit::SetNamed { named: Named::Scene(scene) } => {
            let place = song.scenes.iter().position(|other| other.id == scene.id)?;
            song.scenes[place] = scene.clone();
        }
        Edit::AddNamed { at, named: Named::Stem(stem) } => song.stems.insert(*at, stem.clone()),
        Edit::SetNamed { named: Named::Stem(stem) } => {
            let place = song.stems.iter().position(|other| other.id == stem.id)?;
            song.stems[place] = stem.clone();
        }
        Edit::AddNamed { at, named: Named::Link(link) } => song.links.insert(*at, link.clone()),
        Edit::SetNamed { named: Named::Link(link) } => {
            let place = song.links.iter().position(|other| other.id == link.id)?;
            song.links[place] = link.clone();
        }
        Edit::RemoveItem { strip, insert, group, item } if song.versions.is_empty() && song.scenes.is_empty() => {
            let strip = strip_mut(&mut song, strip)?;
            let at = strip.inserts.iter().position(|i| i.id == *insert)?;
            remove_item(strip, at, group, *item - 1)?;
        }
        _ => return None,
    }
    Some(song)
}

/// The same, for clips, generators and the timeline.
fn timed(mut song: Song, edit: &Edit) -> Option<Song> {
    match edit {
        Edit::SetLfos { strip, target, lfos } => {
            let reader = song.clone();
            let strip = strip_mut(&mut song, strip)?;
            let target = settable(strip).into_iter().find(|t| address(&reader, strip, *t) == *target)?;
            match strip.automation.iter().position(|lane| lane.target == target) {
                Some(lane) => {
                    strip.automation[lane].lfos.clone_from(lfos);
                    strip.automation.retain(|lane| !lane.is_empty());
                }
                None if lfos.is_empty() => {}
                None => strip.automation.push(tonmeister_session::model::Lane {
                    lfos: lfos.clone(),
                    ..tonmeister_session::model::Lane::new(target, Vec::new())
                }),
            }
        }
        Edit::SetFollow { strip, target, follow } => {
            let reader = song.clone();
            let strip = strip_mut(&mut song, strip)?;
            let target = settable(strip).into_iter().find(|t| address(&reader, strip, *t) == *target)?;
            match strip.automation.iter().position(|lane| lane.target == target) {
                Some(lane) => {
                    strip.automation[lane].follow = *follow;
                    strip.automation.retain(|lane| !lane.is_empty());
                }
                None if follow.is_none() => {}
                None => strip.automation.push(tonmeister_session::model::Lane {
                    follow: *follow,
                    ..tonmeister_session::model::Lane::new(target, Vec::new())
                }),
            }
        }
        Edit::AddToTimeline { at, entry } => match entry.clone() {
            Entry::Tempo(_) | Entry::Meter(_) => return None,
            Entry::Marker(marker) => song.markers.insert(*at, marker),
            Entry::Range(range) => song.ranges.insert(*at, range),
        },
        Edit::SetClip { track, clip, .. } => {
            // Which of them is first in the text is not known here; where there is one it is that.
            let track = song.tracks.iter_mut().find(|t| t.id == *track)?;
            let [only] = track.clips.as_mut_slice() else { return None };
            *only = clip.clone();
        }
        _ => return None,
    }
    Some(song)
}

fn shift_keys(strip: &mut Strip, at: usize) {
    for insert in &mut strip.inserts {
        if let Some(SideChain { from: KeySource::Track(track), .. }) = &mut insert.key {
            *track += usize::from(*track >= at);
        }
    }
    for follow in strip.automation.iter_mut().filter_map(|lane| lane.follow.as_mut()) {
        if let KeySource::Track(track) = &mut follow.of.from {
            *track += usize::from(*track >= at);
        }
    }
}

fn remove_item(strip: &mut Strip, at: usize, group: &str, gone: usize) -> Option<()> {
    let old = strip.inserts[at].settings.clone();
    let place = old.spec().groups.iter().position(|g| g.id == group)?;
    let mut new = tonmeister_core::Settings::new(old.spec());
    for param in old.spec().params {
        new.set(param.id, old.get(param.id)).ok()?;
    }
    for (g, spec) in old.spec().groups.iter().enumerate() {
        for (i, item) in old.items(spec.id).iter().enumerate() {
            if (g, i) != (place, gone) {
                let values: Vec<(&str, f64)> = spec.params.iter().map(|p| p.id).zip(item.iter().copied()).collect();
                new.push(spec.id, &values).ok()?;
            }
        }
    }
    let group_len = old.spec().groups[place].params.len() as u32;
    let removed =
        |param| matches!(old.slot(param), Some(Slot::Grouped { group, item, .. }) if (group, item) == (place, gone));
    strip
        .automation
        .retain(|lane| !matches!(lane.target, Target::Insert { insert, param } if insert == at && removed(param)));
    for lane in &mut strip.automation {
        if let Target::Insert { insert, param } = &mut lane.target
            && *insert == at
            && matches!(old.slot(*param), Some(Slot::Grouped { group, item, .. }) if (group, item) > (place, gone))
        {
            param.0 -= group_len;
        }
    }
    strip.inserts[at].settings = new;
    Some(())
}

fn strip_mut<'s>(song: &'s mut Song, id: &str) -> Option<&'s mut Strip> {
    if id == "master" {
        return Some(&mut song.master.strip);
    }
    if let Some(vca) = song.vcas.iter().position(|vca| vca.id == id) {
        return Some(&mut song.vcas[vca].strip);
    }
    let track = song.tracks.iter_mut().find(|t| t.id == id).map(|t| &mut t.strip);
    track.or_else(|| song.buses.iter_mut().find(|b| b.id == id).map(|b| &mut b.strip))
}

/// With what versions set in order of address: an edit leaves what is there in its place.
fn sorted(song: &Song) -> Song {
    let mut song = song.clone();
    for version in &mut song.versions {
        version.set.sort_by(|a, b| a.address.cmp(&b.address));
    }
    for scene in &mut song.scenes {
        scene.set.sort_by(|a, b| a.address.cmp(&b.address));
    }
    song
}

/// Edits one after another, each checked against the model, then all taken back.
fn edit_and_return(text: &str, bytes: &[u8]) {
    let registry = registry();
    let mut document = read(text);
    let mut draw = Draw(bytes);
    let mut back = Vec::new();
    for _ in 0..6 {
        let before = document.clone();
        let edit = draw.edit(before.song(), &registry);
        match document.apply(&edit) {
            Ok(inverse) => {
                if let Some(expected) = expected(before.song(), &edit) {
                    assert_eq!(
                        sorted(document.song()),
                        sorted(&expected),
                        "{edit:?}\n{}\n----\n{}",
                        before.text(),
                        document.text()
                    );
                }
                back.push((before, inverse));
            }
            Err(refused) => {
                assert_eq!(document, before);
                // What the model takes, the document takes; the rest of the refusals are names that are taken or gone.
                let known =
                    ["out-of-range", "edit-refused", "unknown-address", "duplicate-id", "too-many", "unknown-bus"];
                assert!(known.contains(&refused.code), "{edit:?}: {refused:?}\n{text}");
            }
        }
    }
    for (before, inverse) in back.into_iter().rev() {
        document.apply(&inverse).unwrap();
        assert_eq!(document.text(), before.text());
        assert_eq!(document.song(), before.song());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_drawn_song_prints_and_reads_back_the_same(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let song = Draw(&bytes).song(&registry());
        let printed = print(&song);
        let document = read(&printed);
        prop_assert_eq!(document.song(), &song, "{}", printed);
        prop_assert_eq!(print(document.song()), printed);
    }

    #[test]
    fn edits_of_drawn_songs_lead_back(
        song in proptest::collection::vec(any::<u8>(), 0..400),
        edits in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        edit_and_return(&print(&Draw(&song).song(&registry())), &edits);
    }

    #[test]
    fn edits_of_written_songs_lead_back(edits in proptest::collection::vec(any::<u8>(), 0..200), which in 0..6usize) {
        let crlf = |text: &str| text.replace('\n', "\r\n");
        let text = match which {
            0 => EVERYTHING.to_owned(),
            1 => crlf(EVERYTHING),
            2 => INLINE.to_owned(),
            3 => format!("\u{feff}{}", crlf(INLINE)),
            4 => SCATTERED.trim_end().to_owned(),
            _ => format!("\u{feff}{SCATTERED}"),
        };
        edit_and_return(&text, &edits);
    }
}

#[test]
fn a_document_with_carriage_returns_stays_one() {
    let text = EVERYTHING.replace('\n', "\r\n");
    let mut document = read(&text);
    let insert = print_parts().strip.inserts[0].clone();
    document.apply(&Edit::AddInsert { strip: "kick".into(), at: 0, insert }).unwrap();
    document.apply(&set("bass/width", 0.5)).unwrap();
    assert!(document.text().matches('\n').count() == document.text().matches("\r\n").count());
    assert_eq!(document.song().tracks[1].strip.get("width"), 0.5);
}

#[test]
fn the_check_is_set_for_the_song_and_for_a_track() {
    let level =
        |strip: &str, rule: &str, level, limit| Edit::SetCheck { strip: strip.into(), rule: rule.into(), level, limit };
    // The comment behind the rule stays.
    assert_eq!(
        changes(EVERYTHING, &level("song", "dc-offset", Some(Level::Warn), None)),
        "-dc-offset = { level = \"deny\", limit = 0.0005 }   # old converters\n+dc-offset = \"warn\"   # old converters\n"
    );
    assert_eq!(
        changes(EVERYTHING, &level("song", "polarity-pair", None, Some(0.7))),
        "+polarity-pair = { limit = 0.7 }\n"
    );
    assert_eq!(changes(EVERYTHING, &level("song", "clipped", None, None)), "-clipped = \"allow\"\n");
    assert_eq!(
        changes(EVERYTHING, &level("kick", "clipped", Some(Level::Deny), Some(5.0))),
        "+check = { clipped = { level = \"deny\", limit = 5.0 } }\n"
    );
    let bare = "[song]\nsample_rate_hz = 48000\n\n[[track]]\nid = \"a\"\naudio = \"a.wav\"\n";
    let song = changes(bare, &level("song", "clipped", Some(Level::Note), None));
    assert_eq!(song, "+[check]\n+clipped = \"note\"\n+\n");
    // The last one takes its table along.
    assert_eq!(
        changes(&format!("{bare}\n[check]\nclipped = \"note\"\n"), &level("song", "clipped", None, None)),
        "-[check]\n-clipped = \"note\"\n"
    );
    let own = format!("{bare}[track.check.clipped]\nlevel = \"note\" # quiet\n");
    let to = changes(&own, &level("a", "clipped", Some(Level::Warn), Some(2.0)));
    assert_eq!(to, "-level = \"note\" # quiet\n+level = \"warn\" # quiet\n+limit = 2.0\n");
    for (strip, rule) in [("drums", "clipped"), ("kick", "banana"), ("nobody", "clipped")] {
        assert!(read(EVERYTHING).apply(&level(strip, rule, Some(Level::Note), None)).is_err(), "{strip} {rule}");
    }
    assert!(read(EVERYTHING).apply(&level("kick", "polarity-pair", None, Some(0.7))).is_err());
    let document = read(EVERYTHING);
    let place = document.span_of("song/check/clipped").unwrap();
    assert_eq!(&document.text()[place], "clipped = \"allow\"");
}

#[test]
fn audio_unfolds_into_a_clip_and_keeps_its_comment() {
    let unfold = |track: &str| Edit::Unfold { track: track.into() };
    let text = EVERYTHING.replace("audio = \"stems/kick.wav\"", "audio = \"stems/kick.wav\"   # the inside mic");
    let unfolded = changes(&text, &unfold("kick"));
    assert_eq!(
        unfolded,
        "-audio = \"stems/kick.wav\"   # the inside mic\n+clip = [{ audio = \"stems/kick.wav\" }]   # the inside mic\n"
    );
    let mut document = read(&text);
    document.apply(&unfold("kick")).unwrap();
    assert_eq!(document.song(), read(&text).song());
    document.apply(&Edit::SetPlain { address: "kick/clip/1/offset_s".into(), value: Plain::Number(2.5) }).unwrap();
    assert_eq!(document.song().tracks[0].clips[0].offset_s, 2.5);
    assert!(document.text().contains("{ audio = \"stems/kick.wav\", offset_s = 2.5 }]   # the inside mic"));
    assert_eq!(changes(EVERYTHING, &unfold("bass")), "");
    assert!(read(EVERYTHING).apply(&unfold("drums")).is_err());
}
