//! What a document says, and that reading it changes nothing.

#![allow(clippy::format_collect, reason = "test documents are small and read better so")]

mod common;

use common::{EVERYTHING, registry, rendered};
use tonmeister_core::Level;
use tonmeister_session::model::{
    Check, Curve, Destination, FadeShape, KeySource, KeyTap, PanLaw, SideChain, Tap, Target,
};
use tonmeister_session::{Document, parse, print};

fn read(text: &str) -> Document {
    parse(text, &registry()).unwrap_or_else(|found| panic!("{}", rendered(text, &found)))
}

fn codes(text: &str) -> Vec<&'static str> {
    parse(text, &registry()).err().unwrap_or_default().iter().map(|d| d.code).collect()
}

#[test]
fn everything_that_can_be_written_is_read() {
    let document = read(EVERYTHING);
    let song = document.song();
    assert_eq!((song.title.as_str(), song.artist.as_deref()), ("Night Drive", Some("The \"Late\" Ones")));
    assert_eq!((song.sample_rate_hz, song.tempo_bpm, song.length_s), (48_000, 122.0, Some(185.25)));
    assert_eq!(song.pan_law, PanLaw::Minus4_5);
    let set = |rule, level, limit| Check { rule, level, limit };
    assert_eq!(
        song.check,
        [set("dc-offset", Some(Level::Deny), Some(0.0005)), set("clipped", Some(Level::Allow), None)]
    );
    let kick = &song.tracks[0];
    assert_eq!((kick.id.as_str(), kick.role.as_deref()), ("kick", Some("kick")));
    assert_eq!(kick.strip.output, Some(Destination::Bus(0)));
    assert_eq!((kick.strip.get("fader_db"), kick.strip.get("polarity"), kick.strip.get("width")), (-3.5, 1.0, 1.0));
    let ids: Vec<&str> = kick.strip.inserts.iter().map(|insert| insert.id.as_str()).collect();
    assert_eq!(ids, ["eq", "compressor", "compressor-2"]);
    assert_eq!(kick.strip.inserts[0].settings.items("bells"), [[62.0, 2.0, 1.2], [350.0, -4.0, 1.4]]);
    assert_eq!(kick.strip.inserts[0].settings.items("highpass"), [[30.0, 24.0]]);
    assert_eq!(kick.strip.inserts[1].settings.items("sidechain"), [[80.0, 12.0]]);
    assert!(kick.strip.inserts[2].bypass && !kick.strip.inserts[1].bypass);
    let lane = &kick.strip.automation[1];
    let Target::Insert { insert: 0, param } = lane.target else { panic!("{:?}", lane.target) };
    assert_eq!(kick.strip.inserts[0].settings.address(param), "bells/2/gain_db");
    assert_eq!((lane.points[1].time_s, lane.points[1].value, lane.points[1].curve), (60.5, -6.0, Curve::DbLinear));
    assert_eq!(kick.strip.automation[0].points[1].curve, Curve::S);
    assert_eq!(kick.strip.automation[2].points[0].curve, Curve::Hold);
    let bass = &song.tracks[1];
    assert_eq!(bass.clips.iter().map(|clip| clip.start_s).collect::<Vec<_>>(), [0.0, 64.0]);
    assert_eq!((bass.clips[1].fade_in_shape, bass.clips[1].fade_out_shape), (FadeShape::S, FadeShape::S));
    assert_eq!(
        bass.strip.inserts[0].key,
        Some(SideChain { from: KeySource::Track(0), tap: KeyTap::Post, muted: true })
    );
    assert_eq!((bass.strip.sends[0].to, bass.strip.sends[0].tap), (1, Tap::Pre));
    assert_eq!((bass.strip.sends[0].get("pan"), bass.strip.sends[0].get("mute")), (-0.25, 1.0));
    assert_eq!(song.buses[0].strip.inserts[1].id, "eq");
    assert_eq!(song.master.strip.inserts[0].settings.items("highpass"), [[25.0, 12.0]]);
    assert_eq!(song.master.strip.automation[0].points[1].curve, Curve::Linear);
    assert_eq!(document.warnings(), []);
}

#[test]
fn the_text_is_given_back_as_it_was_read() {
    for text in [
        EVERYTHING.to_string(),
        EVERYTHING.replace('\n', "\r\n"),
        format!("\u{feff}{EVERYTHING}"),
        EVERYTHING.trim_end().to_string(),
    ] {
        let document = read(&text);
        assert_eq!(document.to_text(), text);
        assert_eq!(document.song(), read(EVERYTHING).song());
    }
}

#[test]
fn a_printed_song_reads_back_the_same() {
    let document = read(EVERYTHING);
    let printed = print(document.song());
    assert_eq!(read(&printed).song(), document.song(), "{printed}");
    assert_eq!(print(read(&printed).song()), printed);
}

#[test]
fn defaults_are_the_documented_ones() {
    let document = read("[song]\nsample_rate_hz = 44100\n[[track]]\nid = \"a\"\naudio = \"a.wav\"\n");
    let song = document.song();
    assert_eq!((song.title.as_str(), song.tempo_bpm, song.pan_law), ("Untitled", 120.0, PanLaw::Minus3));
    assert_eq!((song.artist.as_deref(), song.length_s), (None, None));
    assert_eq!(song.tracks[0].strip.output, Some(Destination::Master));
    assert_eq!(song.tracks[0].strip.get("fader_db"), 0.0);
    assert_eq!(song.master.strip.output, None);
}

#[test]
fn hostile_texts_are_refused_without_harm() {
    let deep = format!("a = {}{}", "[".repeat(200_000), "]".repeat(200_000));
    assert_eq!(codes(&deep)[0], "syntax");
    let braces = "a = ".to_string() + &"{ a = ".repeat(100_000);
    assert_eq!(codes(&braces)[0], "syntax");
    let dotted = vec!["a"; 100_000].join(".") + " = 1";
    assert_eq!(codes(&dotted)[0], "syntax");
    assert_eq!(codes(&" ".repeat(33 << 20)), ["too-many"]);
    let keys: String = (0..20_000).map(|i| format!("key{i} = 1\n")).collect();
    let found = parse(&keys, &registry()).unwrap_err();
    assert_eq!(found.len(), 1001);
    assert!(found.last().unwrap().message.contains("more findings"));
    assert_eq!(codes(&format!("[song]\n{} = 1", "x".repeat(100_000)))[0], "missing-key");
    for broken in
        ["", "[", "[]", "[[", "[[]]", "=", "\u{feff}", "a", "a.", "[a", "[a]]", "\"", "'''", "a = \"\\x\"", "\0"]
    {
        assert!(parse(broken, &registry()).is_err(), "{broken:?}");
    }
}

#[test]
fn limits_are_counted() {
    let head = "[song]\nsample_rate_hz = 48000\n";
    let tracks: String = (0..4097).map(|i| format!("[[track]]\nid = \"t{i}\"\naudio = \"a\"\n")).collect();
    assert_eq!(codes(&format!("{head}{tracks}")), ["too-many"]);
    let bells = "{}, ".repeat(5);
    let eq =
        format!("{head}[[track]]\nid = \"a\"\naudio = \"a\"\n[[track.insert]]\neffect = \"eq\"\nbells = [{bells}]\n");
    assert_eq!(codes(&eq), ["too-many"]);
    let points: String = (0..1_000_001).map(|i| format!("[{i}e-2,0],")).collect();
    let lane = format!("{head}[master]\n[[master.automation]]\ntarget = \"pan\"\npoints = [{points}]\n");
    assert_eq!(codes(&lane), ["too-many"]);
}

#[test]
fn long_chains_and_loops_of_buses_are_walked() {
    let head = "[song]\nsample_rate_hz = 48000\n[[track]]\nid = \"t\"\naudio = \"a\"\noutput = \"b0\"\n";
    let bus = |i: usize, to: &str| format!("[[bus]]\nid = \"b{i}\"\noutput = \"{to}\"\n");
    let chain: String = (0..1023).map(|i| bus(i, &format!("b{}", i + 1))).collect();
    assert_eq!(codes(&format!("{head}{chain}{}", bus(1023, "master"))), Vec::<&str>::new());
    assert_eq!(codes(&format!("{head}{chain}{}", bus(1023, "b0"))), ["routing-loop"]);
}

#[test]
fn every_place_can_be_found_again() {
    let document = read(EVERYTHING);
    let at = |address: &str| document.span_of(address).map(|span| &EVERYTHING[span]);
    assert_eq!(at("song/title"), Some("\"Night Drive\""));
    assert_eq!(at("kick"), Some("[[track]]"));
    assert_eq!(at("kick/fader_db"), Some("-3.5"));
    assert_eq!(at("kick/audio"), Some("\"stems/kick.wav\""));
    assert_eq!(at("kick/pan"), Some("[[track]]"));
    assert_eq!(at("kick/compressor/threshold_db"), Some("-18.5"));
    assert_eq!(at("kick/compressor-2/bypass"), Some("true"));
    assert_eq!(at("kick/compressor/sidechain/hz"), Some("80.0"));
    assert_eq!(at("kick/eq/bells/2/gain_db"), Some("-4.0"));
    assert_eq!(at("kick/eq/bells/2"), Some("{ hz = 350.0, gain_db = -4.0, q = 1.4 }"));
    assert_eq!(at("kick/send/room/level_db"), Some("-14.0"));
    assert_eq!(at("bass/clip/1/start_s"), Some("64.0"));
    assert_eq!(at("drums/compressor/ratio"), Some("2"));
    assert_eq!(at("master/eq/highpass/hz"), Some("25.0"));
    assert_eq!(at("master"), Some("[master]"));
    assert_eq!(at("nobody"), None);
    assert_eq!(at("kick/eq/bells/3/gain_db"), None);
}
