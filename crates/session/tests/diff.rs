//! What two songs are told apart by, and in which words.

mod common;

use common::draw::Draw;
use common::{EVERYTHING, registry, rendered};
use proptest::prelude::{ProptestConfig, any, proptest};
use tonmeister_session::model::Song;
use tonmeister_session::{About, Document, Plain, diff, parse, print};

const SONG: &str = "[song]\nsample_rate_hz = 48000\n
[[track]]\nid = \"vocal\"\naudio = \"vocal.wav\"\nfader_db = -3.0\n
[[track.insert]]\neffect = \"eq\"\nhighpass = { hz = 80.0 }\nbells = [{ hz = 300.0, gain_db = -2.0 }, { hz = 3000.0, gain_db = 1.5 }]\n
[[track.insert]]\neffect = \"compressor\"\nattack_ms = 10.0\n
[[track.send]]\nto = \"room\"\nlevel_db = -14.0\n
[[track.automation]]\ntarget = \"fader_db\"\npoints = [[0.0, -3.0], [42.0, -3.0], [50.0, -3.0], [63.0, -3.0], [90.0, -6.0]]\n
[[track]]\nid = \"guitar\"\n
[[track.clip]]\naudio = \"guitar.wav\"\nstart_s = 8.0\nlength_s = 4.0\n
[[track.clip]]\naudio = \"guitar.wav\"\nstart_s = 20.0\n
[[bus]]\nid = \"drums\"\n
[[bus.insert]]\neffect = \"compressor\"\nratio = 4.0\n
[[bus]]\nid = \"room\"\n
[[vca]]\nid = \"all\"\nmembers = [\"vocal\", \"guitar\"]\n
[[version]]\nid = \"instrumental\"\nmute = [\"vocal\"]\n
[[version]]\nid = \"loud\"\nset = { \"vocal/fader_db\" = \"+1.0\", \"drums/compressor/ratio\" = 3.0 }\n";

fn read(text: &str) -> Document {
    parse(text, &registry()).unwrap_or_else(|found| panic!("{}{text}", rendered(text, &found)))
}

fn sentences(before: &Song, after: &Song) -> Vec<String> {
    diff(before, after).into_iter().map(|found| found.sentence).collect()
}

/// What is said when texts are replaced in the song.
fn changed(replace: &[(&str, &str)]) -> Vec<String> {
    let mut text = SONG.to_owned();
    for (from, to) in replace {
        assert!(text.contains(from), "{from}");
        text = text.replacen(from, to, 1);
    }
    sentences(read(SONG).song(), read(&text).song())
}

#[test]
fn a_song_does_not_differ_from_itself() {
    assert_eq!(changed(&[]), Vec::<String>::new());
    let everything = read(EVERYTHING);
    assert_eq!(sentences(everything.song(), everything.song()), Vec::<String>::new());
}

#[test]
fn strips_are_told_apart_in_a_mixers_words() {
    let guitar = "id = \"guitar\"\n";
    let one = |keys: &str| changed(&[(guitar, &format!("{guitar}{keys}"))]).join(" | ");
    assert_eq!(one("fader_db = 0.8\n"), "guitar +0.8 dB");
    assert_eq!(one("fader_db = -150\n"), "guitar: fader 0 dB → silence");
    assert_eq!(one("pan = -0.3\n"), "guitar panned from center to 30 L");
    assert_eq!(one("pan = 1\n"), "guitar panned from center to hard R");
    assert_eq!(one("mute = true\n"), "guitar muted");
    assert_eq!(one("solo = true\n"), "guitar soloed");
    assert_eq!(one("width = 0.5\n"), "guitar: width 1 → 0.5");
    assert_eq!(one("polarity = \"inverted\"\n"), "guitar: polarity inverted");
    assert_eq!(one("trim_db = -2.5\n"), "guitar: trim 0 → -2.5 dB");
    assert_eq!(one("output = \"drums\"\n"), "guitar goes to drums (was master)");
    assert_eq!(one("role = \"electric-guitar\"\n"), "guitar: role electric-guitar (was not stated)");
    assert_eq!(
        one("[[track.send]]\nto = \"room\"\ntap = \"pre\"\nlevel_db = -20\n"),
        "guitar: send to room added at -20 dB, before the fader"
    );
    assert_eq!(one("[[track.insert]]\neffect = \"eq\"\n"), "guitar: eq added in front");
    assert_eq!(changed(&[("level_db = -14.0", "level_db = -10.0")]), ["vocal: send to room -14 → -10 dB"]);
    assert_eq!(
        changed(&[("level_db = -14.0", "tap = \"pre\"\nlevel_db = -14.0")]),
        ["vocal: send to room now before the fader"]
    );
    assert_eq!(
        changed(&[("[[track.send]]\nto = \"room\"\nlevel_db = -14.0\n", "")]),
        ["vocal: send to room taken out (was -14 dB)"]
    );
}

#[test]
fn inserts_are_told_apart_by_their_ids() {
    assert_eq!(changed(&[("ratio = 4.0", "ratio = 3.0")]), ["drums: compressor ratio 4 → 3"]);
    assert_eq!(changed(&[("ratio = 4.0", "bypass = true")]), ["drums: compressor bypassed"]);
    assert_eq!(
        changed(&[("ratio = 4.0", "key = \"vocal\"")]),
        ["drums: compressor listens to vocal (was the signal itself)"]
    );
    assert_eq!(
        changed(&[("ratio = 4.0", "key = \"vocal\"\nkey_tap = \"post\"\nkey_muted = true")]),
        [
            "drums: compressor listens to vocal (was the signal itself)",
            "drums: compressor hears vocal behind its fader (was before its fader)",
            "drums: compressor hears vocal while it is muted",
        ]
    );
    assert_eq!(changed(&[("ratio = 4.0", "channels = \"mid\"")]), ["drums: compressor works on mid (was stereo)"]);
    assert_eq!(changed(&[("gain_db = 1.5", "gain_db = 3")]), ["vocal: eq bell 2 gain 1.5 → 3 dB"]);
    assert_eq!(changed(&[("{ hz = 300.0, gain_db = -2.0 }, ", "")]), ["vocal: eq bell 1 taken out (300 Hz, -2 dB)"]);
    assert_eq!(changed(&[("highpass = { hz = 80.0 }\n", "")]), ["vocal: eq high-pass taken out (80 Hz)"]);
    assert_eq!(changed(&[("attack_ms = 10.0", "attack_ms = \"1/64\"")]), ["vocal: compressor attack 10 ms → 1/64"]);
    let swapped = "[[track.insert]]\neffect = \"compressor\"\n[[track.insert]]\neffect = \"eq\"\nhighpass";
    let moved = changed(&[
        ("[[track.insert]]\neffect = \"compressor\"\nattack_ms = 10.0\n", ""),
        ("[[track.insert]]\neffect = \"eq\"\nhighpass", swapped),
    ]);
    assert_eq!(moved, ["vocal: eq moved behind compressor"]);
    let other = changed(&[
        ("effect = \"compressor\"\nratio = 4.0", "effect = \"eq\"\nid = \"compressor\""),
        (", \"drums/compressor/ratio\" = 3.0", ""),
    ]);
    let expected = ["drums: compressor taken out", "drums: compressor added in front", "version loud changed"];
    assert_eq!(other, expected, "another effect under the name");
}

#[test]
fn automation_is_told_apart_by_what_it_does() {
    let bump = changed(&[("[50.0, -3.0]", "[50.0, -0.9]")]);
    assert_eq!(bump, ["vocal: fader automation changed between 0:42 and 1:03 (up to 2.1 dB)"]);
    let found = diff(read(SONG).song(), read(&SONG.replace("[50.0, -3.0]", "[50.0, -0.9]")).song());
    assert_eq!(found[0].during_s, Some((42.0, Some(63.0))));
    assert!((found[0].weight - 2.1).abs() < 1e-9 && found[0].about == About::Automation);
    assert_eq!(found[0].address, "vocal/fader_db");
    assert_eq!(
        changed(&[("[90.0, -6.0]", "[90.5, -4.0]")]),
        ["vocal: fader automation changed from 1:03 on (up to 2 dB)"]
    );
    let same = changed(&[("[63.0, -3.0], [90.0, -6.0]", "[63.0, -3.0], [76.5, -4.5], [90.0, -6.0]")]);
    assert_eq!(same, ["vocal: fader automation written otherwise, to the same effect"]);
    let lane = "[[track.automation]]\ntarget = \"pan\"\npoints = [[2.5, 0.0], [5.0, 1.0], [10.0, 0.0]]\n";
    let pans = changed(&[("[[track]]\nid = \"guitar\"\n", &format!("{lane}\n[[track]]\nid = \"guitar\"\n"))]);
    assert_eq!(pans, ["vocal: pan automation added between 0:02.5 and 0:10"]);
    // What is written does not count where it moves.
    assert_eq!(changed(&[("fader_db = -3.0", "fader_db = 3.0")]), Vec::<String>::new());
}

#[test]
fn clips_strips_groups_and_the_song_itself() {
    let shifted = changed(&[("start_s = 8.0", "start_s = 8.5"), ("start_s = 20.0", "start_s = 20.5")]);
    assert_eq!(shifted, ["guitar: all 2 clips moved 0.5 s later"]);
    assert_eq!(changed(&[("start_s = 20.0", "start_s = 19.0")]), ["guitar: clip at 0:19 moved there from 0:20"]);
    assert_eq!(
        changed(&[("start_s = 8.0\nlength_s = 4.0", "start_s = 8.0\ngain_db = 2\nlength_s = 3.5")]),
        ["guitar: clip at 0:08 length 4 s → 3.5 s, +2 dB"]
    );
    assert_eq!(changed(&[("sample_rate_hz = 48000", "sample_rate_hz = 44100")]), ["sample rate 48000 → 44100 Hz"]);
    let song = changed(&[("sample_rate_hz = 48000", "sample_rate_hz = 48000\ntempo_bpm = 90\ntitle = \"B\"")]);
    assert_eq!(song, ["tempo 120 → 90 BPM", "called \"B\" (was \"Untitled\")"]);
    assert_eq!(
        changed(&[("members = [\"vocal\", \"guitar\"]", "members = [\"vocal\", \"drums\"]\nfader_db = -2")]),
        ["all -2 dB", "all now turns drums", "all no longer turns guitar"]
    );
    let added =
        changed(&[("[[bus]]\nid = \"drums\"", "[[bus]]\nid = \"hall\"\nmute = true\n\n[[bus]]\nid = \"drums\"")]);
    assert_eq!(added, ["bus hall added at 0 dB, muted"]);
    assert_eq!(
        changed(&[("id = \"instrumental\"", "id = \"karaoke\"")]),
        ["version instrumental taken out", "version karaoke added"]
    );
}

#[test]
fn versions_are_told_apart_and_what_is_heard_most_comes_first() {
    let song = read(SONG).song().clone();
    let version = |id: &str| song.version(id).unwrap();
    let bare = Song { versions: Vec::new(), ..song.clone() };
    assert_eq!(sentences(&bare, &version("instrumental")), ["vocal muted"]);
    assert_eq!(
        sentences(&bare, &version("loud")),
        ["vocal: fader automation changed all through (up to 1 dB)", "drums: compressor ratio 4 → 3"]
    );
    assert_eq!(
        sentences(&version("instrumental"), &version("loud")),
        ["vocal unmuted", "vocal: fader automation changed all through (up to 1 dB)", "drums: compressor ratio 4 → 3"]
    );
    // What is done to a strip that is silent in both is told, and last.
    let quiet = |text: &str| read(text).song().version("instrumental").unwrap();
    let edited =
        SONG.replace("[50.0, -3.0]", "[50.0, 9.0]").replace("id = \"guitar\"\n", "id = \"guitar\"\npan = 0.05\n");
    let found = diff(&quiet(SONG), &quiet(&edited));
    assert_eq!(found[0].sentence, "guitar panned from center to 5 R");
    assert_eq!(
        (found[0].before.clone(), found[0].after.clone()),
        (Some(Plain::Number(0.0)), Some(Plain::Number(0.05)))
    );
    assert_eq!(found[1].weight, 0.0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn whatever_an_edit_changes_is_told(
        bytes in proptest::collection::vec(any::<u8>(), 0..600),
        edits in proptest::collection::vec(any::<u8>(), 0..120),
    ) {
        let registry = registry();
        let mut document = read(&print(&Draw(&bytes).song(&registry)));
        let mut draw = Draw(&edits);
        for _ in 0..4 {
            let before = document.song().clone();
            let edit = draw.edit(&before, &registry);
            if document.apply(&edit).is_err() {
                continue;
            }
            assert_eq!(diff(document.song(), document.song()), []);
            let found = diff(&before, document.song());
            assert!(found.windows(2).all(|pair| pair[0].weight >= pair[1].weight));
            assert!(found.iter().all(|f| f.weight.is_finite() && !f.sentence.is_empty() && !f.sentence.contains("NaN")), "{found:?}");
            // A written value counts for nothing where a lane moves it.
            if format!("{before:?}") != format!("{:?}", document.song()) && found.is_empty() {
                let still = |song: &Song| {
                    let mut song = song.clone();
                    for at in song.strips().chain((0..song.vcas.len()).map(tonmeister_session::model::StripAt::Vca)) {
                        let strip = song.strip_mut(at);
                        for lane in strip.automation.clone() {
                            let value = strip.target_spec(lane.target).default;
                            match lane.target {
                                tonmeister_session::model::Target::Strip(place) => strip.values[place] = value,
                                tonmeister_session::model::Target::Send { send, param } => strip.sends[send].values[param] = value,
                                tonmeister_session::model::Target::Insert { insert, param } => strip.inserts[insert].settings.set_at(param, value).unwrap(),
                            }
                        }
                    }
                    song
                };
                let (mut a, mut b) = (still(&before), still(document.song()));
                for song in [&mut a, &mut b] {
                    for strip in song.tracks.iter_mut().map(|t| &mut t.strip).chain(song.buses.iter_mut().map(|b| &mut b.strip)) {
                        strip.set("mute_main", 1.0);
                        strip.set("mute_post", 1.0);
                        strip.set("mute_pre", 1.0);
                    }
                    for vca in &mut song.vcas {
                        vca.members.sort();
                        for point in ["mute_main", "mute_post", "mute_pre"] {
                            vca.strip.set(point, 1.0);
                        }
                    }
                }
                assert_eq!(a, b, "{edit:?}");
            }
        }
    }
}
