//! The verb *desk* and listening, as somebody uses them: what is heard, and what the document says then.
#![allow(missing_docs)]

use std::path::{Path, PathBuf};

use tonmeister::desk::Recall;
use tonmeister::{Depth, DeskAction, DeskReport, Ear, Failure, MixOptions, SORTS, Silent, Stretched, World};
use tonmeister_core::Layout;
use tonmeister_media::{Format, SampleFormat, Writer};

const FRAMES: usize = 48_000;

/// A folder with a steady sound for each track, by which its gain can be read: `one.wav` is 0.1 on the left alone, `two.wav` on
/// the right alone.
fn song(folder: &Path, text: &str) -> PathBuf {
    for (name, side) in [("one.wav", 0), ("two.wav", 1)] {
        let mut sound = tonmeister_core::Buffer::new(Layout::Stereo, FRAMES);
        sound.channel_mut(side).fill(0.1);
        let format = Format::Wav(SampleFormat::Float32);
        let mut writer = Writer::create(folder.join(name), format, 48_000, Layout::Stereo).unwrap();
        writer.write(sound.view(FRAMES)).unwrap();
        writer.finish().unwrap();
    }
    let path = folder.join("song.toml");
    std::fs::write(&path, format!("[song]\nsample_rate_hz = 48000\n{text}")).unwrap();
    path
}

/// The gains of the two tracks in what is heard, in dB, to a hundredth; −150 for silence.
fn heard(song: &Path, ear: Ear) -> Result<[f64; 2], Failure> {
    let to = song.with_file_name("heard.wav");
    let options = MixOptions { ear, ..MixOptions::whole(&to, Depth::Float32) };
    World::new().mix(song, &options, &mut Silent)?;
    let mut source = tonmeister_media::open(&to).unwrap().source;
    let mut sound = tonmeister_core::Buffer::new(Layout::Stereo, FRAMES);
    source.read(&mut sound.block(FRAMES)).unwrap();
    Ok([0, 1].map(|side| {
        let gain = f64::from(sound.channel(side)[FRAMES / 2]) / 0.1;
        ((20.0 * gain.max(1e-8).log10()).max(-150.0) * 100.0).round() / 100.0
    }))
}

const DESK: &str = r#"
[[track]]
id = "one"
audio = "one.wav"
output = "band"
fader_db = -6.0
send = [{ to = "hall", level_db = -20.0 }, { to = "room", level_db = -30.0 }]

[[track]]
id = "two"
audio = "two.wav"
fader_db = -3.0
mute = true
solo = true

[[bus]]
id = "band"
fader_db = -2.0

[[bus]]
id = "hall"
solo_safe = true

[[bus]]
id = "room"

[[vca]]
id = "all"
members = ["one"]
fader_db = -1.0

[master]
fader_db = -10.0
"#;

/// The sum of levels in dB.
fn sum(levels: &[f64]) -> f64 {
    let gain: f64 = levels.iter().map(|db| 10.0_f64.powf(db / 20.0)).sum();
    (20.0 * gain.log10() * 100.0).round() / 100.0
}

#[test]
fn strips_are_listened_to_in_place_and_alone() {
    let folder = tempfile::tempdir().unwrap();
    let song = song(folder.path(), DESK);
    let ids = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
    let solo = |strips: &[&str]| Ear { solo: ids(strips), ..Ear::default() };
    let silent = -150.0;
    assert_eq!(heard(&song, Ear::default()).unwrap(), [silent, silent], "who is soloed is muted");
    let main = -6.0 - 1.0;
    let whole = sum(&[main - 12.0, main - 30.0, main - 40.0]);
    assert_eq!(heard(&song, solo(&["one"])).unwrap(), [whole, silent]);
    assert_eq!(heard(&song, solo(&["all"])).unwrap(), [whole, silent], "a VCA stands for what it turns");
    let isolated = Ear { isolate: true, ..solo(&["one"]) };
    assert_eq!(heard(&song, isolated).unwrap(), [sum(&[main - 12.0, main - 30.0]), silent], "without the room");
    let dimmed = Ear { dim_db: Some(20.0), ..solo(&["two"]) };
    let rest = sum(&[main - 12.0 - 20.0, main - 30.0 - 20.0, main - 40.0 - 20.0]);
    assert_eq!(heard(&song, dimmed).unwrap(), [rest, silent], "once, through however many buses");

    let pfl = |strips: &[&str]| Ear { pfl: ids(strips), ..Ear::default() };
    let afl = |strips: &[&str]| Ear { afl: ids(strips), ..Ear::default() };
    assert_eq!(heard(&song, pfl(&["one"])).unwrap(), [0.0, silent], "before the fader, past the master");
    assert_eq!(heard(&song, pfl(&["one", "two"])).unwrap(), [0.0, 0.0], "a mute does not reach it");
    assert_eq!(heard(&song, afl(&["one"])).unwrap(), [main, silent], "with its VCA");
    assert_eq!(heard(&song, afl(&["two"])).unwrap(), [silent, silent], "behind the mute");
    assert_eq!(heard(&song, pfl(&["band"])).unwrap(), [main, silent]);
    assert_eq!(heard(&song, afl(&["band"])).unwrap(), [main - 2.0, silent]);
    assert_eq!(heard(&song, afl(&["hall"])).unwrap(), [main - 20.0, silent]);

    let refused = |ear: Ear| heard(&song, ear).unwrap_err().to_string();
    assert_eq!(refused(solo(&["ban"])), "there is no track, bus or VCA `ban`; did you mean `band`?");
    assert!(refused(pfl(&["master"])).contains("anyway"));
    assert!(refused(Ear { dim_db: Some(6.0), ..Ear::default() }).contains("--solo"));
    assert!(refused(Ear { afl: ids(&["one"]), ..solo(&["two"]) }).contains("one way"));
    assert!(refused(Ear { dim_db: Some(-3.0), ..solo(&["two"]) }).contains("0 to 150"));
}

const LINKED: &str = r#"
[[track]]
id = "one"
audio = "one.wav"   # the first
fader_db = -3.0
pan = 0.25

[[track]]
id = "two"
audio = "two.wav"
fader_db = -6.0

[[track.insert]]
effect = "compressor"

[[track.automation]]
target = "compressor/makeup_db"
points = [[0.0, 0.0], [1.0, -6.0], [2.0, 0.0], [9.0, 0.0]]

[[range]]
id = "verse"
from = 0.0
to = 2.0

[[link]]
id = "pair"
members = ["one", "two"]
properties = ["fader", "mute"]
"#;

fn desk(song: &Path, action: &DeskAction) -> Result<DeskReport, Failure> {
    World::new().desk(song, action)
}

fn set(song: &Path, turns: &[&str]) -> Result<Vec<String>, Failure> {
    let turned = desk(song, &DeskAction::Set(turns.iter().map(|turn| (*turn).to_owned()).collect()))?.turned;
    let one = |turned: tonmeister::desk::Turned| {
        let linked = if turned.linked { " too" } else { "" };
        format!("{} {}{linked}", turned.address, turned.values.join(" > "))
    };
    Ok(turned.into_iter().map(one).collect())
}

#[test]
fn a_turn_takes_what_is_linked_along() {
    let folder = tempfile::tempdir().unwrap();
    let song = song(folder.path(), LINKED);
    let before = std::fs::read_to_string(&song).unwrap();
    assert_eq!(
        set(&song, &["one/fader_db+=1.5", "two/compressor/ratio=3", "one/pan=-0.5"]).unwrap(),
        [
            "one/fader_db -3.0 > -1.5",
            "one/pan 0.25 > -0.5",
            "two/fader_db -6.0 > -4.5 too",
            "two/compressor/ratio 4.0 > 3.0"
        ]
    );
    let text = std::fs::read_to_string(&song).unwrap();
    assert!(text.contains("audio = \"one.wav\"   # the first"), "{text}");
    assert_eq!(set(&song, &["two/mute=true"]).unwrap(), ["one/mute false > true too", "two/mute false > true"]);

    std::fs::write(&song, &before).unwrap();
    let refused = |turns: &[&str]| set(&song, turns).unwrap_err().to_string();
    assert!(refused(&["one/fader=-3"]).contains("one/fader_db"));
    assert!(refused(&["on/fader_db=-3"]).contains("did you mean `one`"));
    assert!(refused(&["one/fader_db=99"]).contains("-150 to 12"));
    assert!(refused(&["one/mute+=1"]).contains("switched"));
    assert!(refused(&["one"]).contains("ADDRESS=VALUE"));
    let automated = refused(&["two/compressor/makeup_db=1"]);
    assert!(automated.contains("desk scale two/compressor/makeup_db"), "{automated}");
    assert!(refused(&["one/fader_db=-1", "three/pan=0"]).contains("three"));
    assert_eq!(std::fs::read_to_string(&song).unwrap(), before, "all of it or nothing");
}

#[test]
fn a_scene_is_put_by_and_recalled_in_part() {
    let folder = tempfile::tempdir().unwrap();
    let song = song(folder.path(), LINKED);
    let scene = || "monday".to_owned();
    let store = |title: Option<&str>| DeskAction::Store {
        scene: scene(),
        title: title.map(str::to_owned),
        what: Recall::default(),
    };
    let stored = desk(&song, &store(Some("Monday night"))).unwrap().stored.unwrap();
    assert!(!stored.replaced && stored.values > 40, "{stored:?}");
    set(&song, &["one/fader_db=-9", "one/pan=1", "two/compressor/ratio=8"]).unwrap();
    let recall = |strips: Option<&str>, sort: Option<&str>| {
        let what = Recall {
            strips: strips.map(|id| vec![id.to_owned()]),
            sorts: SORTS
                .iter()
                .filter(|(word, _)| sort.is_none_or(|sort| sort == *word))
                .map(|(_, sort)| *sort)
                .collect(),
        };
        let turned = desk(&song, &DeskAction::Recall { scene: scene(), what }).map(|report| report.turned);
        turned.map(|all| all.into_iter().map(|turned| turned.address).collect::<Vec<_>>())
    };
    assert_eq!(recall(None, Some("pans")).unwrap(), ["one/pan"]);
    assert_eq!(recall(Some("two"), None).unwrap(), ["two/fader_db", "two/compressor/ratio"]);
    assert_eq!(recall(None, None).unwrap(), ["one/fader_db"]);
    assert_eq!(recall(None, None).unwrap(), Vec::<String>::new());
    assert!(recall(Some("three"), None).unwrap_err().to_string().contains("three"));
    let again = desk(&song, &store(None)).unwrap().stored.unwrap();
    assert!(again.replaced);
    let text = std::fs::read_to_string(&song).unwrap();
    assert!(text.contains("Monday night"), "its title stays");
}

#[test]
fn stretches_of_automation_are_copied_moved_and_cut() {
    let folder = tempfile::tempdir().unwrap();
    let song = song(folder.path(), LINKED);
    let lane = |song: &Path| {
        let text = std::fs::read_to_string(song).unwrap();
        let (_, points) = text.split_once("points = ").unwrap();
        points[..points.find("]]").or_else(|| points.find("\n]")).unwrap()].to_owned()
    };
    let reshape = |from: &str, to: &str, how: Stretched| {
        let controls = vec!["two/compressor/makeup_db".to_owned()];
        let action = DeskAction::Reshape { controls, from: from.parse().unwrap(), to: to.parse().unwrap(), how };
        desk(&song, &action).map(|report| report.lanes[0].points)
    };
    let [before, after] = reshape("verse", "verse", Stretched::Copied("5".parse().unwrap())).unwrap();
    assert!(before == 4 && after > 6, "{before} {after}");
    assert!(lane(&song).contains("[6.0, -6.0"), "{}", lane(&song));
    reshape("5", "7", Stretched::Scaled { by: 1.0, add: 2.0 }).unwrap();
    assert!(lane(&song).contains("[6.0, -4.0"), "{}", lane(&song));
    reshape("5", "7", Stretched::Cut).unwrap();
    assert!(!lane(&song).contains("-4.0"), "{}", lane(&song));
    assert!(lane(&song).contains("[1.0, -6.0"), "{}", lane(&song));
    assert!(reshape("7", "5", Stretched::Cut).unwrap_err().to_string().contains("--to comes after --from"));
    let none = DeskAction::Reshape {
        controls: vec!["one/fader_db".into()],
        from: "0".parse().unwrap(),
        to: "1".parse().unwrap(),
        how: Stretched::Cut,
    };
    assert!(desk(&song, &none).unwrap_err().to_string().contains("no points"));
}
