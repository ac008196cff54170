//! `check` as pipelines meet it: exit codes, what is written where, and what is said.

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use common::{code, err, json, out, tonmeister};

const RATE: u32 = 48_000;

/// A mono 16-bit WAV file: a soft 440 Hz tone that leans by `offset`.
fn write(path: &Path, offset: f64) {
    let frames = 2 * RATE;
    let mut bytes = Vec::with_capacity(44 + 2 * frames as usize);
    bytes.extend(b"RIFF");
    bytes.extend((36 + 2 * frames).to_le_bytes());
    bytes.extend(b"WAVEfmt ");
    bytes.extend(16_u32.to_le_bytes());
    bytes.extend(1_u16.to_le_bytes());
    bytes.extend(1_u16.to_le_bytes());
    bytes.extend(RATE.to_le_bytes());
    bytes.extend((RATE * 2).to_le_bytes());
    bytes.extend(2_u16.to_le_bytes());
    bytes.extend(16_u16.to_le_bytes());
    bytes.extend(b"data");
    bytes.extend((2 * frames).to_le_bytes());
    for frame in 0..frames {
        let phase = std::f64::consts::PI * f64::from(frame) / f64::from(frames);
        let sample =
            offset + 0.2 * phase.sin() * (440.0 * std::f64::consts::TAU * f64::from(frame) / f64::from(RATE)).sin();
        bytes.extend(((sample * 32_767.0).round() as i16).to_le_bytes());
    }
    fs::write(path, bytes).expect("a file in a temporary folder");
}

const SONG: &str =
    "[song]\nsample_rate_hz = 48000\n\n[[track]]\nid = \"bass\"\naudio = \"a bass.wav\"   # through the old box\n";

/// A folder with a song whose only track leans.
struct Song(TempDir);

impl Song {
    fn new() -> Self {
        let song = Song(TempDir::new().expect("a temporary folder"));
        write(&song.path("a bass.wav"), 0.03);
        fs::write(song.path("song.toml"), SONG).expect("a document");
        song
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).to_string_lossy().into_owned()
    }
}

#[test]
fn exit_codes_for_pipelines() {
    let song = Song::new();
    let toml = song.text("song.toml");
    let run = |options: &[&str]| tonmeister(&[&["check", &toml], options].concat());
    // 0: warned of, and nothing denied. 1: denied, one way or another.
    assert_eq!(code(&run(&[])), 0);
    assert_eq!(code(&run(&["--deny", "dc-offset"])), 1);
    assert_eq!(code(&run(&["--deny", "level", "--deny", "signal", "--deny", "file"])), 1);
    assert_eq!(code(&run(&["--deny-warnings"])), 1);
    assert_eq!(code(&run(&["--deny-warnings", "--allow", "dc-offset"])), 0);
    assert_eq!(code(&run(&["--deny", "dc-offset", "--limit", "dc-offset=0.1"])), 0);
    // 2: what is asked for is not there.
    let unknown = run(&["--deny", "dc_offset"]);
    assert_eq!(code(&unknown), 2);
    assert!(err(&unknown).contains("did you mean `dc-offset`?"), "{}", err(&unknown));
    assert_eq!(code(&run(&["--limit", "dc-offset=loud"])), 2);
    assert_eq!(code(&run(&["--dry-run"])), 2);
    assert_eq!(code(&run(&["--allow", "clipped", "--deny", "clipped"])), 2);
    assert_eq!(code(&run(&["--json", "--sarif", "-"])), 2);
    assert_eq!(code(&tonmeister(&["check"])), 2);
    // 3: the document is told where it is wrong.
    fs::write(song.path("song.toml"), format!("{SONG}\n[check]\ndc-ofset = \"deny\"\n")).unwrap();
    let wrong = run(&[]);
    assert_eq!(code(&wrong), 3);
    let told = err(&wrong);
    assert!(told.contains("song.toml:9:1") && told.contains("did you mean `dc-offset`?"), "{told}");
    fs::write(song.path("song.toml"), format!("{SONG}\n[check]\ndc-offset = \"deny\"\n")).unwrap();
    assert_eq!(code(&run(&[])), 1);
    // The command goes before the document.
    assert_eq!(code(&run(&["--warn", "dc-offset"])), 0);
    // 5: the log has nowhere to go, or would replace what was checked.
    assert_eq!(code(&run(&["--sarif", &song.text("nowhere/check.sarif")])), 5);
    assert_eq!(code(&run(&["--sarif", &song.text("a bass.wav")])), 5);
}

#[test]
fn rules_are_listed_and_explained() {
    let song = Song::new();
    let all = out(&tonmeister(&["check", "--rules"]));
    assert!(all.contains("dc-offset") && all.contains("polarity-pair"), "{all}");
    fs::write(song.path("song.toml"), format!("{SONG}\n[check]\ndc-offset = {{ level = \"deny\", limit = 0.25 }}\n"))
        .unwrap();
    let rules = json(&tonmeister(&["check", "--rules", "--json", &song.text("song.toml")]));
    let dc = rules.as_array().unwrap().iter().find(|rule| rule["id"] == "dc-offset").unwrap().clone();
    assert_eq!((&dc["level"], &dc["limit"], &dc["set"]), (&"deny".into(), &0.25.into(), &true.into()));
    let page = tonmeister(&["check", "--explain", "dc-offset"]);
    assert_eq!(code(&page), 0);
    assert!(out(&page).contains("## Why it matters") && out(&page).contains("[check]"), "{}", out(&page));
    assert_eq!(code(&tonmeister(&["check", "--explain", "nothing"])), 2);
}

#[test]
fn the_text_shows_the_rule_the_numbers_and_the_remedy() {
    let song = Song::new();
    let text = out(&tonmeister(&["check", &song.text("song.toml")]));
    assert!(text.contains("a bass.wav  (bass)\n"), "{text}");
    assert!(text.contains("  warning[dc-offset] ") && text.contains("      mean 0.03"), "{text}");
    assert!(text.contains("      → ") && text.contains("0 errors, 1 warning in 1 file"), "{text}");
    // Where a moment is meant, its level is drawn with carets under it.
    let mut bytes = fs::read(song.path("a bass.wav")).unwrap();
    let at = 44 + 2 * RATE as usize;
    for frame in 0..40 {
        bytes[at + 2 * frame..at + 2 * frame + 2].copy_from_slice(&i16::MAX.to_le_bytes());
    }
    fs::write(song.path("a bass.wav"), bytes).unwrap();
    let text = out(&tonmeister(&["check", "--notes", &song.text("a bass.wav")]));
    assert!(text.contains("at 0:01.000") && text.contains('█') && text.contains('^'), "{text}");
}

#[test]
fn sarif_names_rules_places_and_times() {
    let song = Song::new();
    let file = song.text("check.sarif");
    let run = tonmeister(&["check", &song.text("song.toml"), "--deny", "dc-offset", "--sarif", &file]);
    assert_eq!(code(&run), 1);
    assert!(out(&run).contains("dc-offset"), "the text is there too");
    let log: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    let piped = json(&tonmeister(&["check", &song.text("song.toml"), "--deny", "dc-offset", "--sarif", "-"]));
    assert_eq!(log, piped);
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    for rule in rules {
        assert!(rule["id"].is_string() && rule["shortDescription"]["text"].is_string(), "{rule}");
    }
    assert_eq!(run["invocations"][0]["exitCode"], 1);
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), 1, "{results:?}");
    let result = &results[0];
    let index = result["ruleIndex"].as_u64().unwrap() as usize;
    assert_eq!((&result["ruleId"], &rules[index]["id"]), (&"dc-offset".into(), &"dc-offset".into()));
    assert!(rules[index]["help"]["markdown"].as_str().unwrap().contains("## How to mend it"));
    assert_eq!(result["level"], "error");
    let place = &result["locations"][0]["physicalLocation"]["artifactLocation"];
    let uri = place["uri"].as_str().unwrap();
    assert!(uri.starts_with("file:///") && uri.ends_with("/a%20bass.wav"), "{uri}");
    let artifact = &run["artifacts"][place["index"].as_u64().unwrap() as usize];
    assert_eq!(
        (artifact["location"]["uri"].as_str(), &artifact["properties"]["sampleRateHz"]),
        (Some(uri), &RATE.into())
    );
    let line = &result["relatedLocations"][0]["physicalLocation"]["region"];
    assert_eq!((&line["startLine"], &line["startColumn"]), (&6.into(), &9.into()));
    assert!(result["properties"]["evidence"][0]["value"].as_f64().unwrap() > 0.02);
    let print = |log: &Value| log["runs"][0]["results"][0]["partialFingerprints"]["tonmeisterFinding/v1"].clone();
    assert!(print(&log).as_str().unwrap().len() > 16);
    // What the document answers stays in the log, suppressed, under the same fingerprint.
    assert_eq!(code(&tonmeister(&["check", "--fix", &song.text("song.toml")])), 0);
    let mended = json(&tonmeister(&["check", &song.text("song.toml"), "--sarif", "-"]));
    assert_eq!(print(&mended), print(&log));
    let why = &mended["runs"][0]["results"][0]["suppressions"][0]["justification"];
    assert!(why.as_str().unwrap().contains("bass/dc_blocker"), "{why}");
    // Findings about the document have its lines.
    fs::write(song.path("song.toml"), format!("{SONG}pan_left = 0.5\n")).unwrap();
    let odd = json(&tonmeister(&["check", &song.text("song.toml"), "--sarif", "-"]));
    let results = odd["runs"][0]["results"].as_array().unwrap();
    let idle = results.iter().find(|result| result["ruleId"] == "no-effect").unwrap();
    assert_eq!(idle["locations"][0]["physicalLocation"]["region"]["startLine"], 7);
}

#[test]
fn fix_shows_mends_and_is_done() {
    let song = Song::new();
    let toml = song.text("song.toml");
    let shown = tonmeister(&["check", "--fix", "--dry-run", &toml]);
    assert_eq!(code(&shown), 0, "{}", err(&shown));
    let text = out(&shown);
    assert!(
        text.contains("would mend[dc-offset] bass/dc_blocker") && text.contains("\n+effect = \"dc_blocker\"\n"),
        "{text}"
    );
    assert_eq!(fs::read_to_string(&toml).unwrap(), SONG);
    let done = json(&tonmeister(&["check", "--fix", "--json", &toml]));
    assert_eq!((&done["fixes"][0]["written"], &done["check"]["warnings"]), (&true.into(), &0.into()));
    let text = fs::read_to_string(&toml).unwrap();
    assert!(text.contains("# through the old box") && text.contains("# dc-offset: "), "{text}");
    let again = tonmeister(&["check", "--fix", &toml, "--deny-warnings"]);
    assert_eq!(code(&again), 0);
    assert!(out(&again).contains("nothing to mend here"), "{}", out(&again));
    assert_eq!(fs::read_to_string(&toml).unwrap(), text);
    let bare = tonmeister(&["check", "--fix", &song.text("a bass.wav")]);
    assert_eq!(code(&bare), 2);
    assert!(err(&bare).contains("no document to edit"), "{}", err(&bare));
}
