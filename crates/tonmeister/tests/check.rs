//! Checking a song, mending its document, and checking again.
#![allow(missing_docs)]

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use tonmeister::check::fix::{FixOptions, FixReport};
use tonmeister::{CheckOptions, CheckReport, Depth, Failure, Level, MixOptions, RuleSetting, Severity, Silent, World};
use tonmeister_core::{Buffer, Layout};
use tonmeister_media::{Format, SampleFormat, Writer};

const RATE: u32 = 48_000;

fn write(path: &Path, channels: &[Vec<f32>]) {
    let audio = match channels {
        [mono] => Buffer::from_mono(mono.clone()),
        [left, right] => Buffer::from_stereo(left.clone(), right.clone()),
        _ => unreachable!("one or two"),
    };
    let layout = if channels.len() == 1 { Layout::Mono } else { Layout::Stereo };
    let mut writer = Writer::create(path, Format::Wav(SampleFormat::Float32), RATE, layout).unwrap();
    writer.write(audio.view(channels[0].len())).unwrap();
    writer.finish().unwrap();
}

/// Hits of noise that ring off, another every half second: something like a drum.
fn drum(seconds: f64, seed: u32, gain: f32) -> Vec<f32> {
    let mut state = seed;
    let mut low = 0.0_f32;
    let frames = (seconds * f64::from(RATE)) as usize;
    (0..frames)
        .map(|n| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let noise = (state >> 8) as f32 / (1 << 23) as f32 - 1.0;
            low += 0.2 * (noise - low);
            let age = (n % (RATE as usize / 2)) as f32 / RATE as f32;
            gain * low * (-age * 12.0).exp()
        })
        .collect()
}

const SONG: &str = r#"# Third take, all microphones
[song]
title = "Mended"
sample_rate_hz = 48000
pan_law_db = 0.0

[[track]]
id = "snare-top"
audio = "top.wav"      # the good one

[[track]]
id = "snare-bottom"
audio = "bottom.wav"   # the other side
fader_db = -4.0

[[track]]
id = "kick"
audio = "kick.wav"     # old converter

[[track.insert]]
effect = "compressor"
threshold_db = -20.0

[[track]]
id = "keys"
audio = "keys.wav"

[[track]]
id = "brass"
audio = "brass.wav"    # comes in late

[[track]]
id = "hot"
audio = "hot.wav"
fader_db = -6.0
"#;

/// A session with one fault of every kind that can be mended.
fn session() -> (TempDir, PathBuf) {
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name);
    let snare = drum(30.0, 1, 0.6);
    let late = 48;
    let bottom: Vec<f32> = (0..snare.len()).map(|n| if n < late { 0.0 } else { -0.8 * snare[n - late] }).collect();
    write(&at("top.wav"), std::slice::from_ref(&snare));
    write(&at("bottom.wav"), &[bottom]);
    write(&at("kick.wav"), &[drum(30.0, 2, 0.5).into_iter().map(|x| x + 0.05).collect()]);
    let keys = drum(30.0, 3, 0.5);
    write(&at("keys.wav"), &[keys.clone(), keys.iter().map(|x| -0.9 * x).collect()]);
    let mut brass = vec![0.0; 13 * RATE as usize + 12_345];
    brass.extend(drum(4.0, 4, 0.5));
    brass.resize(30 * RATE as usize, 0.0);
    write(&at("brass.wav"), &[brass]);
    let mut hot = drum(30.0, 5, 0.5);
    let loudest = hot.iter().fold(0.0_f32, |peak, x| peak.max(x.abs()));
    for x in &mut hot {
        *x *= 1.5 / loudest;
    }
    write(&at("hot.wav"), &[hot]);
    let song = at("song.toml");
    fs::write(&song, SONG).unwrap();
    (folder, song)
}

fn rules(report: &CheckReport) -> Vec<(&'static str, String)> {
    let name = |path: &Path| path.file_stem().unwrap().to_string_lossy().into_owned();
    let alone = report.files.iter().flat_map(|f| f.findings.iter().map(|x| (x.rule, name(&f.path))));
    let together = report.together.iter().map(|x| (x.rule, x.files.iter().map(|f| name(Path::new(f))).collect()));
    alone.chain(together).collect()
}

const MENDABLE: [&str; 6] =
    ["dc-offset", "polarity-pair", "polarity-stereo", "leading-silence", "trailing-silence", "over-full-scale"];

fn mendable(report: &CheckReport) -> Vec<(&'static str, String)> {
    rules(report).into_iter().filter(|(rule, _)| MENDABLE.contains(rule)).collect()
}

fn fix(song: &Path, dry_run: bool) -> (FixReport, CheckReport) {
    let options = FixOptions { dry_run, notes: true };
    let (mut fixes, report) = World::new().fix(&[song.into()], &CheckOptions::default(), options, &mut Silent).unwrap();
    (fixes.remove(0), report)
}

fn check(song: &Path, options: &CheckOptions) -> CheckReport {
    World::new().check(&[song.into()], options, &mut Silent).unwrap()
}

fn mix(song: &Path, name: &str) -> Vec<u8> {
    let output = song.with_file_name(name);
    let options = MixOptions::whole(output.clone(), Depth::Float32);
    World::new().mix(song, &options, &mut Silent).unwrap();
    fs::read(output).unwrap()
}

#[test]
fn what_is_mended_is_found_no_more_and_the_second_time_changes_nothing() {
    let (_folder, song) = session();
    let before = check(&song, &CheckOptions::default());
    let found = mendable(&before);
    for rule in MENDABLE {
        assert!(found.iter().any(|(found, _)| *found == rule), "{rule} is not found: {found:?}");
    }
    let (dry, after) = fix(&song, true);
    assert_eq!(fs::read_to_string(&song).unwrap(), SONG, "a dry run changes nothing");
    assert!(!dry.written && dry.diff.starts_with("--- "));
    assert_eq!(mendable(&after), []);

    let audio: Vec<_> = before.files.iter().map(|file| (file.path.clone(), fs::read(&file.path).unwrap())).collect();
    let (done, after) = fix(&song, false);
    assert_eq!((done.mends.clone(), done.diff.clone()), (dry.mends, dry.diff));
    assert!(done.written);
    assert_eq!(mendable(&after), []);
    let text = fs::read_to_string(&song).unwrap();
    for line in [
        "# Third take, all microphones",
        "audio = \"top.wav\"      # the good one",
        "audio = \"bottom.wav\"   # the other side",
        "audio = \"kick.wav\"     # old converter",
    ] {
        assert!(text.contains(line), "{line} is gone from\n{text}");
    }
    assert!(
        text.contains(
            "clip = [{ audio = \"brass.wav\", start_s = 13.0, offset_s = 13.0, length_s = 5.0 }]    # comes in late"
        ),
        "{text}"
    );
    // Of the two, the one that is called bottom; and every edit says why.
    assert!(text.contains("fader_db = -4.0\npolarity = \"inverted\"   # polarity-pair: "), "{text}");
    assert!(text.contains("# dc-offset: ") && text.contains("# over-full-scale: "), "{text}");
    let dc = text.find("effect = \"dc_blocker\"").unwrap();
    assert!(dc < text.find("effect = \"compressor\"").unwrap(), "first in the chain");
    assert!(text.contains("trim_db = -3.6") && text.contains("fader_db = -2.4"), "{text}");
    for (path, bytes) in audio {
        assert!(fs::read(&path).unwrap() == bytes, "{} was touched", path.display());
    }

    // A check by itself says the same, and there is nothing left to mend.
    assert_eq!(mendable(&check(&song, &CheckOptions::default())), []);
    let (again, _) = fix(&song, false);
    assert_eq!((again.mends, again.diff.as_str(), again.written), (vec![], "", false));
    assert_eq!(fs::read_to_string(&song).unwrap(), text);
}

/// Trimmed silence moves not one sample, at whole seconds into the file and at any place in the song.
#[test]
fn trimming_does_not_move_the_sound() {
    let (_folder, song) = session();
    let one = "[song]\nsample_rate_hz = 48000\nlength_s = 40.0\n[[track]]\nid = \"brass\"\n\
        clip = [{ audio = \"brass.wav\", start_s = 2.3456 }]\n";
    fs::write(&song, one).unwrap();
    let before = mix(&song, "before.wav");
    let (done, _) = fix(&song, false);
    assert_eq!(done.mends.len(), 2, "{:?}", done.left);
    assert!(fs::read_to_string(&song).unwrap().contains("start_s = 15.3456, offset_s = 13.0"));
    assert!(mix(&song, "after.wav") == before, "not one bit differs");
    // Converted to another rate too, as far as the converter's own rounding goes. And the end of the only clip is the
    // song's end when that has no length of its own: it stays.
    fs::write(&song, one.replace("length_s = 40.0\n", "").replace("48000", "44100")).unwrap();
    let before = mix(&song, "before.wav");
    let (done, _) = fix(&song, false);
    assert_eq!((done.mends.len(), done.left.len()), (1, 1), "{done:?}");
    assert!(done.left[0].why.contains("shorter"), "{}", done.left[0].why);
    let after = mix(&song, "after.wav");
    assert_eq!(after.len(), before.len());
    let samples = |bytes: &[u8]| -> Vec<f32> {
        let data = bytes.windows(4).position(|word| word == b"data").unwrap() + 8;
        bytes[data..].chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect()
    };
    let apart = samples(&before).iter().zip(samples(&after)).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    // −120 dBFS; 8e-17 measured.
    assert!(apart < 1e-6, "{apart}");
    println!("converted, trimmed against untrimmed: {apart:e}");
}

#[test]
fn what_cannot_be_mended_safely_is_left_with_a_reason() {
    let (_folder, song) = session();
    let text = "[song]\nsample_rate_hz = 48000\n[[track]]\nid = \"hot\"\naudio = \"hot.wav\"\n[[track.insert]]\n\
        effect = \"compressor\"\n[[track]]\nid = \"brass\"\nclip = [{ audio = \"brass.wav\", fade_in_s = 1.0 }]\n";
    fs::write(&song, text).unwrap();
    let (done, _) = fix(&song, false);
    assert!(done.left.iter().any(|left| left.track == "hot" && left.why.contains("inserts")), "{done:?}");
    assert!(done.left.iter().any(|left| left.track == "brass" && left.why.contains("fade")), "{done:?}");
    assert!(!fs::read_to_string(&song).unwrap().contains("offset_s"));
    let bare = World::new().fix(
        &[song.with_file_name("hot.wav")],
        &CheckOptions::default(),
        FixOptions::default(),
        &mut Silent,
    );
    assert!(matches!(bare, Err(Failure::Usage(why)) if why.contains("no document")));
}

#[test]
fn notes_are_mended_only_when_asked_for() {
    let (_folder, song) = session();
    let quiet = FixOptions { dry_run: true, notes: false };
    let (fixes, _) = World::new().fix(&[song], &CheckOptions::default(), quiet, &mut Silent).unwrap();
    assert!(fixes[0].mends.iter().any(|mend| mend.rule == "dc-offset"));
    assert!(fixes[0].mends.iter().all(|mend| mend.rule != "leading-silence"), "{:?}", fixes[0].mends);
}

#[test]
fn the_document_the_track_and_the_command_say_how_a_rule_counts() {
    let (_folder, song) = session();
    let own = CheckOptions::default();
    let severity = |report: &CheckReport, rule: &str| {
        let alone = report.files.iter().flat_map(|file| &file.findings).chain(&report.together);
        alone.filter(|finding| finding.rule == rule).map(|finding| finding.severity).collect::<Vec<_>>()
    };
    assert_eq!(severity(&check(&song, &own), "dc-offset"), [Severity::Warning]);
    fs::write(&song, format!("{SONG}\n[check]\ndc-offset = \"deny\"\npolarity-pair = \"deny\"\n")).unwrap();
    let report = check(&song, &own);
    assert_eq!(severity(&report, "dc-offset"), [Severity::Error]);
    assert_eq!(severity(&report, "polarity-pair"), [Severity::Error]);
    // The track goes before the song, for its own file and for what it is in with others.
    let tracked = SONG
        .replace("# old converter\n", "# old converter\n[track.check]\ndc-offset = { limit = 0.1 }\n")
        .replace("# the good one\n", "# the good one\ncheck = { polarity-pair = \"note\" }\n");
    fs::write(&song, format!("{tracked}\n[check]\ndc-offset = \"deny\"\npolarity-pair = \"deny\"\n")).unwrap();
    let report = check(&song, &own);
    assert_eq!(severity(&report, "dc-offset"), []);
    assert_eq!(severity(&report, "polarity-pair"), [Severity::Note]);
    // The command goes before both, by name before group before all.
    let set = |rule: &str, level, limit| RuleSetting { rule: rule.into(), level, limit };
    let loud = CheckOptions {
        rules: vec![
            set("all", Some(Level::Allow), None),
            set("session", Some(Level::Warn), None),
            set("dc-offset", Some(Level::Deny), Some(0.01)),
        ],
        deny_warnings: false,
    };
    let report = check(&song, &loud);
    assert_eq!(severity(&report, "dc-offset"), [Severity::Error]);
    assert_eq!(severity(&report, "polarity-pair"), [Severity::Warning]);
    assert_eq!(severity(&report, "over-full-scale"), []);
    let strict = check(&song, &CheckOptions { deny_warnings: true, ..loud });
    assert_eq!((strict.warnings, severity(&strict, "polarity-pair")), (0, vec![Severity::Error]));
}

#[test]
fn rules_that_are_not_there_are_refused() {
    let set = |rule: &str, level, limit| CheckOptions {
        rules: vec![RuleSetting { rule: rule.into(), level, limit }],
        deny_warnings: false,
    };
    for (options, words) in [
        (set("dc_offset", Some(Level::Deny), None), "did you mean `dc-offset`"),
        (set("session", None, Some(1.0)), "no rule `session`"),
        (set("clipped", None, Some(f64::NAN)), "no number"),
    ] {
        let told = World::new().check(&[], &options, &mut Silent);
        assert!(matches!(&told, Err(Failure::Usage(why)) if why.contains(words)), "{told:?}");
    }
    assert!(matches!(World::new().explain("dc-offest"), Err(Failure::Usage(why)) if why.contains("`dc-offset`")));
}

/// A stereo file of floats, written byte by byte: our own writer refuses what is no number.
fn write_raw(path: &Path, frames: &[[f32; 2]]) {
    let data: Vec<u8> = frames.iter().flatten().flat_map(|x| x.to_le_bytes()).collect();
    let mut file = b"RIFF....WAVEfmt ".to_vec();
    file[4..8].copy_from_slice(&(36 + data.len() as u32).to_le_bytes());
    file.extend(16_u32.to_le_bytes());
    file.extend([3_u16, 2].map(u16::to_le_bytes).concat());
    file.extend([RATE, 8 * RATE].map(u32::to_le_bytes).concat());
    file.extend([8_u16, 32].map(u16::to_le_bytes).concat());
    file.extend(b"data");
    file.extend((data.len() as u32).to_le_bytes());
    file.extend(data);
    fs::write(path, file).unwrap();
}

#[test]
fn samples_that_are_no_numbers_are_errors_with_channel_and_time() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("plug-in.wav");
    let mut frames: Vec<[f32; 2]> = drum(2.0, 7, 0.5).into_iter().map(|x| [x, 0.7 * x]).collect();
    frames[48_000][1] = f32::NAN;
    frames[60_000][1] = f32::INFINITY;
    write_raw(&path, &frames);
    let report = World::new().check(&[path], &CheckOptions::default(), &mut Silent).unwrap();
    let finding = report.files[0].findings.iter().find(|f| f.rule == "non-finite").expect("found");
    assert_eq!((finding.severity, finding.channel), (Severity::Error, Some(1)));
    let at = finding.at.unwrap();
    assert!((at.from_s - 1.0).abs() < 1e-9 && (at.to_s - 60_001.0 / 48_000.0).abs() < 1e-9, "{at:?}");
    assert_eq!(report.errors, 1);
    let counted: Vec<u64> = report.files[0].stats.as_ref().unwrap().channels.iter().map(|c| c.non_finite).collect();
    assert_eq!(counted, [0, 2]);
    // The level around it can be drawn.
    let moments = World::new().moments(&report.files[0].path, &report.files[0].findings, 60).unwrap();
    assert!(moments.iter().flatten().flat_map(|m| &m.peaks).all(|peak| peak.is_finite()));
}
