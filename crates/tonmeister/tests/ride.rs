//! A rider's moves, written into the document, sound like the rider.
#![allow(missing_docs)]

mod material;

use std::path::Path;

use material::read;
use tempfile::TempDir;
use tonmeister::{Depth, Failure, MixOptions, RideOptions, Silent, World};
use tonmeister_core::Buffer;
use tonmeister_media::{Format, SampleFormat, Writer};

const RATE: u32 = 48_000;

/// Phrases of two seconds, loud and soft in turn, with pauses between them.
fn phrases(path: &Path) {
    let samples: Vec<f32> = (0..16 * RATE as usize)
        .map(|n| {
            let (time, phrase) = (n as f64 / f64::from(RATE), n / (2 * RATE as usize));
            let within = time - 2.0 * phrase as f64;
            let level = if phrase % 2 == 0 { 0.25 } else { 0.09 };
            let shape = (std::f64::consts::PI * (within / 1.6).min(1.0)).sin().max(0.0).sqrt();
            (level * shape * (std::f64::consts::TAU * 330.0 * time).sin()) as f32
        })
        .collect();
    let buffer = Buffer::from_mono(samples);
    let mut writer = Writer::create(path, Format::Wav(SampleFormat::Float32), RATE, buffer.layout()).unwrap();
    writer.write(buffer.view(buffer.frames())).unwrap();
    writer.finish().unwrap();
}

const RIDER: &str = "[[track.insert]]\neffect = \"rider\" # by hand later\ntarget_db = -22.0\n";
const EQ: &str = "[[track.insert]]\neffect = \"eq\"\nbells = [{ hz = 300.0, gain_db = 4.0 }]\n";

fn song(folder: &Path, inserts: &[&str]) -> std::path::PathBuf {
    phrases(&folder.join("voice.wav"));
    let text = format!(
        "[song]\ntitle = \"Ride\"\nsample_rate_hz = {RATE}\n\n[[track]]\nid = \"voice\"\naudio = \"voice.wav\"\nfader_db = \
         -4.0\ntrim_db = 2.0\npan = 0.3\n\n{}",
        inserts.concat()
    );
    let path = folder.join("song.toml");
    std::fs::write(&path, text).unwrap();
    path
}

fn mixed(song: &Path, name: &str) -> Buffer {
    let output = song.with_file_name(name);
    World::new().mix(song, &MixOptions::whole(output.clone(), Depth::Float32), &mut Silent).unwrap();
    read(&output)
}

fn ride(song: &Path, rider: &str) -> Result<tonmeister::RideReport, Failure> {
    World::new().ride(song, &RideOptions { rider: rider.into(), error_db: 0.1 }, &mut Silent)
}

/// How far the two are from each other, against the first, in dB.
fn null(a: &Buffer, b: &Buffer) -> f64 {
    let power = |x: &mut dyn Iterator<Item = f64>| x.map(|x| x * x).sum::<f64>();
    let both = || (0..2).flat_map(|c| a.channel(c).iter().zip(b.channel(c)));
    let left = power(&mut both().map(|(a, b)| f64::from(*a) - f64::from(*b)));
    10.0 * (left / power(&mut both().map(|(a, _)| f64::from(*a)))).log10()
}

#[test]
fn the_fader_or_the_trim_does_what_the_rider_did() {
    for (inserts, lane) in [(vec![EQ, RIDER], "voice/fader_db"), (vec![RIDER, EQ], "voice/trim_db")] {
        let folder = TempDir::new().unwrap();
        let song = song(folder.path(), &inserts);
        let ridden = mixed(&song, "rider.wav");
        let report = ride(&song, "voice").unwrap();
        assert_eq!((report.lane.as_str(), report.rider.as_str()), (lane, "voice/rider"));
        assert!(report.points < 200 && report.range_db[1] - report.range_db[0] > 4.0, "{report:?}");
        let drawn = mixed(&song, "drawn.wav");
        let difference = null(&ridden, &drawn);
        // 0.1 dB of error is −38.7 dB; found: −50 dB and less.
        println!("{lane}: {} points, {difference:.1} dB", report.points);
        assert!(difference < -38.0, "{lane}: {difference:.1} dB");
        assert!(std::fs::read_to_string(&song).unwrap().contains("# by hand later"));
        assert!(ride(&song, "voice").unwrap_err().to_string().contains("bypassed"));
    }
}

#[test]
fn what_cannot_be_ridden_is_said() {
    let folder = TempDir::new().unwrap();
    let between = song(folder.path(), &[EQ, RIDER, "[[track.insert]]\neffect = \"compressor\"\n"]);
    let before = std::fs::read_to_string(&between).unwrap();
    let refused = |rider: &str| ride(&between, rider).unwrap_err().to_string();
    assert!(refused("voice/rider").contains("between other inserts"));
    assert!(refused("voise").contains("did you mean `voice`?"));
    assert!(refused("voice/eq").contains("no insert with `effect = \"rider\"`"));
    assert_eq!(std::fs::read_to_string(&between).unwrap(), before);
}

/// What a hand does is written as a desk would record it, and the document keeps its remarks and its order.
#[test]
fn moves_of_a_hand_are_written_into_the_document() {
    use tonmeister::{RecordMode, RecordOptions};
    let folder = TempDir::new().unwrap();
    let text = "[song]\nsample_rate_hz = 48000 # as recorded\n\n[[track]]\nid = \"voice\" # the one\naudio = \"voice.wav\"\n\
                fader_db = -4.0\n\n[[track.automation]]\ntarget = \"pan\" # by hand\npoints = [[0.0, 0.0], [8.0, 0.5]]\n\n# the \
                end\n[master]\nfader_db = -1.0\n";
    let path = folder.path().join("song.toml");
    std::fs::write(&path, text).unwrap();
    let options = |control: &str, mode| RecordOptions {
        control: control.into(),
        mode,
        from: None,
        to: None,
        return_s: 0.5,
        error: 0.1,
        name: "-".into(),
    };
    let record = |moves: &str, options: &RecordOptions| World::new().record(&path, moves, options);
    // A ride of a hundred moves in a straight line is two points, and what was there before and behind.
    let ride = (0..=100).map(|i| format!("{}, {}", 2.0 + 0.02 * f64::from(i), -4.0 - 0.05 * f64::from(i)));
    let moves = format!("2, touch\n{}\n4.5, release\n", ride.collect::<Vec<_>>().join("\n"));
    let report = record(&moves, &options("voice/fader_db", RecordMode::Touch)).unwrap();
    assert_eq!((report.moves, report.points[0]), (103, 0));
    assert!(report.points[1] <= 6, "{:?}", report.points);
    assert_eq!((report.written_s, report.range, report.unit), ([2.0, 5.0], [-9.0, -4.0], "dB"));
    let written = std::fs::read_to_string(&path).unwrap();
    for kept in ["48000 # as recorded", "\"voice\" # the one", "target = \"pan\" # by hand", "# the end\n[master]"] {
        assert!(written.contains(kept), "{kept} in {written}");
    }
    assert!(written.contains("target = \"fader_db\""));
    // Added to what is there, an offset moves what it is held over.
    let report = record("2.5, 2.0, touch\n3.5, release\n", &options("voice/fader_db", RecordMode::Trim)).unwrap();
    assert!(report.points[0] > 2 && report.written_s[0] >= 2.4);
    // What cannot be is refused, with nothing changed.
    let before = std::fs::read_to_string(&path).unwrap();
    let refused = |moves: &str, control: &str, mode| record(moves, &options(control, mode)).unwrap_err().to_string();
    assert!(
        refused("1, 0\n2, 3\n", "voice/fader_db", RecordMode::Touch).contains("write `touch` behind the first value")
    );
    assert!(refused("1, 99, touch\n2, release\n", "voice/fader_db", RecordMode::Touch).contains("cannot be \"99\""));
    assert!(refused("1, 0\n2, 0\n", "vioce/fader_db", RecordMode::Write).contains("did you mean `voice`?"));
    assert!(refused("1, 1, touch\n2, release\n", "voice/mute", RecordMode::Trim).contains("is switched"));
    assert!(refused("", "voice/fader_db", RecordMode::Write).contains("there is nothing to record"));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), before);
}
