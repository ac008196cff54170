//! The command as scripts and musicians meet it: exit codes, what goes to which stream, and what is said.

mod common;

use std::f64::consts::TAU;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use common::{code, err, json, out, tonmeister};

const RATE: u32 = 48_000;

/// A 16-bit WAV file: a sine of that level on every channel, swelling and fading so that it starts and ends at zero.
fn write_sine(path: &Path, channels: u16, seconds: f64, hz: f64, level: f64) {
    let frames = (seconds * f64::from(RATE)) as u32;
    let data = frames * u32::from(channels) * 2;
    let mut bytes = Vec::with_capacity(44 + data as usize);
    bytes.extend(b"RIFF");
    bytes.extend((36 + data).to_le_bytes());
    bytes.extend(b"WAVEfmt ");
    bytes.extend(16_u32.to_le_bytes());
    bytes.extend(1_u16.to_le_bytes());
    bytes.extend(channels.to_le_bytes());
    bytes.extend(RATE.to_le_bytes());
    bytes.extend((RATE * u32::from(channels) * 2).to_le_bytes());
    bytes.extend((channels * 2).to_le_bytes());
    bytes.extend(16_u16.to_le_bytes());
    bytes.extend(b"data");
    bytes.extend(data.to_le_bytes());
    for frame in 0..frames {
        let time = f64::from(frame) / f64::from(RATE);
        let swell = (std::f64::consts::PI * time / seconds).sin();
        let sample = (level * swell * (TAU * hz * time).sin() * 32_767.0).round() as i16;
        for _ in 0..channels {
            bytes.extend(sample.to_le_bytes());
        }
    }
    fs::write(path, bytes).expect("a file in a temporary folder");
}

/// A folder with a small song: two stems and their document, made by the command itself.
struct Song {
    folder: TempDir,
}

impl Song {
    fn new() -> Self {
        let song = Song { folder: TempDir::new().expect("a temporary folder") };
        write_sine(&song.path("kick.wav"), 1, 2.0, 60.0, 0.4);
        write_sine(&song.path("vox.wav"), 2, 2.0, 440.0, 0.3);
        let made = tonmeister(&["new", &song.text("")]);
        assert_eq!(code(&made), 0, "{}", err(&made));
        song
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).to_string_lossy().into_owned()
    }

    fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).expect("the folder");
        let mut names: Vec<String> =
            entries.map(|e| e.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

#[test]
fn help_and_man_pages_tell_the_exit_codes() {
    let help = tonmeister(&["--help"]);
    let page = tonmeister(&["man"]);
    for text in [out(&help), out(&page)] {
        for meaning in ["the arguments make no sense", "the document is not valid", "cannot be written", "target"] {
            assert!(text.contains(meaning), "{meaning} is missing in {text}");
        }
    }
    for verb in
        ["new", "mix", "master", "process", "rack", "measure", "check", "man", "completions", "schema", "targets"]
    {
        let help = tonmeister(&[verb, "--help"]);
        assert_eq!(code(&help), 0, "{verb}");
        assert!(out(&help).contains("Usage: tonmeister"), "{verb}");
        let page = tonmeister(&["man", verb]);
        assert!(out(&page).contains(&format!("tonmeister\\-{verb}")), "{verb}: {}", out(&page));
    }
}

#[test]
fn every_page_and_completion_is_made() {
    let folder = TempDir::new().unwrap();
    let pages = tonmeister(&["man", "--all", &folder.path().to_string_lossy()]);
    assert_eq!(code(&pages), 0, "{}", err(&pages));
    assert!(folder.path().join("tonmeister.1").exists() && folder.path().join("tonmeister-mix.1").exists());
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = tonmeister(&["completions", shell]);
        assert!(code(&script) == 0 && out(&script).contains("measure"), "{shell}");
    }
    let schema = json(&tonmeister(&["schema"]));
    assert!(schema["$defs"]["track"].is_object());
    assert!(json(&tonmeister(&["schema", "--album"]))["$defs"]["album-song"].is_object());
}

#[test]
fn nonsense_ends_with_2() {
    assert_eq!(code(&tonmeister(&["sing"])), 2);
    assert_eq!(code(&tonmeister(&["mix", "song.toml"])), 2);
    assert_eq!(code(&tonmeister(&["mix", "song.toml", "-o", "a.wav", "--bits", "12"])), 2);
    assert_eq!(code(&tonmeister(&["mix", "song.toml", "-o", "a.wav", "--block-size", "0"])), 2);
    let page = tonmeister(&["man", "sing"]);
    assert_eq!(code(&page), 2);
    assert!(err(&page).contains("there is no verb `sing`"), "{}", err(&page));
    let song = Song::new();
    let loud = tonmeister(&["master", &song.text("vox.wav"), "-o", &song.text("m.wav"), "--target", "spotifi"]);
    assert_eq!(code(&loud), 2);
    assert!(err(&loud).contains("did you mean `spotify`"), "{}", err(&loud));
}

#[test]
fn a_slip_in_the_document_is_shown_where_it_is() {
    let song = Song::new();
    let text = fs::read_to_string(song.path("song.toml")).unwrap();
    let line = text.lines().position(|line| line == "id = \"vox\"").unwrap() + 2;
    fs::write(song.path("song.toml"), text.replace("id = \"vox\"\n", "id = \"vox\"\nfadre_db = -3.0\n")).unwrap();
    let mix = ["mix", &song.text("song.toml"), "-o", &song.text("mix.wav")];
    let told = tonmeister(&mix);
    assert_eq!(code(&told), 3);
    let said = err(&told);
    for part in ["fadre_db = -3.0", "━━━", "fader_db", &format!("song.toml:{line}:1")] {
        assert!(said.contains(part) || (part == "━━━" && said.contains("^^^")), "{part} is missing in\n{said}");
    }
    let told = tonmeister(&[&mix[..], &["--json"]].concat());
    let finding = json(&told)["error"]["findings"][0].clone();
    assert_eq!(json(&told)["error"]["kind"], "document");
    assert_eq!((&finding["place"]["line"], &finding["place"]["column"]), (&line.into(), &1.into()), "{finding}");
    assert!(err(&told).is_empty());
    assert!(!song.path("mix.wav").exists());
}

#[test]
fn what_cannot_be_read_or_written_has_a_code_of_its_own() {
    let song = Song::new();
    let missing = tonmeister(&["mix", &song.text("nowhere.toml"), "-o", &song.text("mix.wav")]);
    assert_eq!(code(&missing), 4, "{}", err(&missing));
    assert!(err(&missing).contains("nowhere.toml"), "{}", err(&missing));
    fs::write(song.path("text.wav"), "no audio at all").unwrap();
    let measured = tonmeister(&["measure", &song.text("text.wav"), &song.text("vox.wav")]);
    assert_eq!(code(&measured), 4);
    assert!(err(&measured).contains("text.wav") && out(&measured).contains("vox.wav"));
    let nowhere = tonmeister(&["mix", &song.text("song.toml"), "-o", &song.text("no/such/folder/mix.wav")]);
    assert_eq!(code(&nowhere), 5, "{}", err(&nowhere));
    let again = tonmeister(&["new", &song.text("")]);
    assert_eq!(code(&again), 5);
    assert!(err(&again).contains("--force"), "{}", err(&again));
}

#[test]
fn a_mix_is_written_and_told() {
    let song = Song::new();
    let before = song.files();
    let mix = tonmeister(&["mix", &song.text("song.toml"), "-o", &song.text("mix.flac"), "--bits", "16"]);
    assert_eq!(code(&mix), 0, "{}", err(&mix));
    assert!(err(&mix).is_empty(), "a pipe sees no progress: {}", err(&mix));
    for part in ["2 tracks", "0:02.000", "16 bits, 48000 Hz", "LUFS", "dBTP", "mix.flac"] {
        assert!(out(&mix).contains(part), "{part} is missing in\n{}", out(&mix));
    }
    assert!(!out(&mix).contains('\u{1b}'), "a pipe sees no color");
    assert!(out(&mix).contains('−') && !out(&mix).contains(" -"), "a minus is a minus");
    assert_eq!(song.files().len(), before.len() + 1, "nothing but the mix is left behind");

    let json_mix = tonmeister(&["--json", "mix", &song.text("song.toml"), "-o", &song.text("mix.wav")]);
    let report = json(&json_mix);
    assert_eq!((&report["tracks"], &report["written"]["frames"]), (&2.into(), &96_000.into()));
    let measured = json(&tonmeister(&["measure", &song.text("mix.wav"), "--json"]));
    assert_eq!(measured["files"][0]["loudness"]["integrated_lufs"], report["written"]["loudness"]["integrated_lufs"]);
}

#[test]
fn a_report_is_one_page_and_pictures_are_files() {
    let song = Song::new();
    let (vox, page, drawn) = (song.text("vox.wav"), song.text("report.html"), song.text("drawn"));
    let told = tonmeister(&["measure", &vox, "--report", &page, "--pictures", &drawn]);
    assert_eq!(code(&told), 0, "{}", err(&told));
    assert!(out(&told).contains("LUFS") && out(&told).contains("report.html"), "{}", out(&told));
    let html = fs::read_to_string(&page).expect("a page");
    assert!(html.starts_with("<!DOCTYPE html>") && html.contains("<h1>vox.wav</h1>"));
    assert!(fs::read(song.path("drawn/loudness.png")).expect("a picture").starts_with(b"\x89PNG"));
    let other = tonmeister(&["measure", &vox, "--report", &song.text("report.png")]);
    assert!(code(&other) == 2 && err(&other).contains(".html or .pdf"), "{}", err(&other));
    assert!(!song.path("report.png").exists());
    // The same numbers as without, and two stories of two files.
    let plain = json(&tonmeister(&["measure", &vox, "--json"]));
    let both = json(&tonmeister(&["measure", "--before", &vox, "--after", &vox, "--report", &page, "--json"]));
    assert_eq!(plain["files"][0], both["files"][1]);
    assert_eq!(both["report"]["page"], page.as_str());
    assert_eq!(code(&tonmeister(&["measure", "--before", &vox])), 2, "before what?");
}

#[test]
fn several_files_are_measured_as_one_album_and_surround_in_its_places() {
    let song = Song::new();
    let (vox, quiet) = (song.text("vox.wav"), song.text("surround.wav"));
    // 5.1 with a 1 kHz tone on every channel: −30 dBFS in front, −24 on the LFE, which does not count.
    let levels = [-30.0, -30.0, -30.0, -24.0, -30.0, -30.0_f64].map(|db| 10f64.powf(db / 20.0));
    let tone = |n: u32| (std::f64::consts::TAU * f64::from(n % 48) / 48.0).sin();
    let data: Vec<u8> = (0..5 * 48_000)
        .flat_map(|n| levels.map(|level| (level * tone(n) * 32_768.0).round() as i16))
        .flat_map(i16::to_le_bytes)
        .collect();
    let mut file = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x06\0".to_vec();
    for field in [48_000_u32, 48_000 * 12, 0x0010_000C] {
        file.extend_from_slice(&field.to_le_bytes());
    }
    file.extend_from_slice(b"data");
    file.extend_from_slice(&(data.len() as u32).to_le_bytes());
    file.extend_from_slice(&data);
    let size = file.len() as u32 - 8;
    file[4..8].copy_from_slice(&size.to_le_bytes());
    fs::write(song.path("surround.wav"), file).unwrap();

    let measured = json(&tonmeister(&["measure", &vox, &quiet, "--album", "--history", "--json"]));
    let surround = &measured["files"][1];
    // Three channels count once, two 1.41 times: −33.01 + 10 lg(3 + 2.82) + the weighting's 0.0 at 1 kHz.
    let integrated = surround["loudness"]["integrated_lufs"].as_f64().unwrap();
    assert!((integrated - (-33.01 + 10.0 * 5.82_f64.log10())).abs() < 0.05, "{integrated}");
    assert_eq!(surround["channel_names"], serde_json::json!(["L", "R", "C", "LFE", "Ls", "Rs"]));
    assert_eq!(surround["warnings"][0]["code"], "channels-unnamed");
    assert_eq!(surround["history"]["short_term_lufs"].as_array().map(Vec::len), Some(21));
    let (album, alone) = (&measured["album"], &measured["files"][0]["loudness"]);
    assert_eq!((&album["programmes"], &album["true_peak_dbtp"]), (&2.into(), &alone["true_peak_dbtp"]));

    // Told where the channels stand, it believes that: all in front, all counted once.
    let told = tonmeister(&["measure", &quiet, "--channels", "L,R,C,Lc,Rc,Cb"]);
    assert_eq!(code(&told), 0, "{}", err(&told));
    assert!(out(&told).contains("Lc") && !out(&told).contains("LFE"), "{}", out(&told));
    let wrong = tonmeister(&["measure", &quiet, "--channels", "L,R"]);
    assert!(code(&wrong) != 0 && err(&wrong).contains("6 channels"), "{}", err(&wrong));
}

#[test]
fn threads_and_blocks_change_no_bit() {
    let song = Song::new();
    let mut mixes = Vec::new();
    for (name, threads, block) in [("a.wav", "1", "64"), ("b.wav", "2", "1000"), ("c.wav", "3", "4096")] {
        let path = song.text(name);
        let document = song.text("song.toml");
        let mix = tonmeister(&["mix", &document, "-o", &path, "--threads", threads, "--block-size", block]);
        assert_eq!(code(&mix), 0, "{}", err(&mix));
        mixes.push(fs::read(path).unwrap());
    }
    assert!(mixes[0] == mixes[1] && mixes[1] == mixes[2]);
}

#[test]
fn a_master_reaches_its_target_or_says_so() {
    let song = Song::new();
    let (mix, master) = (song.text("vox.wav"), song.text("master.wav"));
    let told = tonmeister(&["master", &mix, "-o", &master, "--loudness", "-14", "--ceiling", "-1"]);
    assert_eq!(code(&told), 0, "{}{}", out(&told), err(&told));
    let measured = json(&tonmeister(&["measure", &master, "--json"]));
    let loudness = &measured["files"][0]["loudness"];
    assert!((loudness["integrated_lufs"].as_f64().unwrap() + 14.0).abs() <= 0.1, "{loudness}");
    assert!(loudness["true_peak_dbtp"].as_f64().unwrap() <= -0.98, "{loudness}");

    let greedy = ["master", &mix, "-o", &master, "--loudness", "-1", "--max-limiting", "1"];
    let told = tonmeister(&greedy);
    assert_eq!(code(&told), 6, "{}{}", out(&told), err(&told));
    assert!(out(&told).contains("not −1.0 LUFS"), "{}", out(&told));
    assert_eq!(json(&tonmeister(&[&greedy[..], &["--json"]].concat()))["reached"], false);
}

#[test]
fn check_ends_with_1_when_it_finds_errors() {
    let song = Song::new();
    let fine = tonmeister(&["check", &song.text("song.toml")]);
    assert_eq!(code(&fine), 0, "{}{}", out(&fine), err(&fine));
    fs::write(song.path("snare.wav"), []).unwrap();
    let found = tonmeister(&["check", &song.text("vox.wav"), &song.text("snare.wav")]);
    assert_eq!(code(&found), 1, "{}{}", out(&found), err(&found));
    assert!(out(&found).contains("snare.wav") && out(&found).contains("1 error"), "{}", out(&found));
    let report = json(&tonmeister(&["check", "--json", &song.text("snare.wav")]));
    assert_eq!(report["errors"], 1);
}

#[test]
fn new_names_every_file_it_cannot_read() {
    let song = Song::new();
    fs::write(song.path("snare.wav"), []).unwrap();
    fs::write(song.path("bass.flac"), "no audio").unwrap();
    let folder = song.text("");
    let told = tonmeister(&["new", &folder, "--force"]);
    assert_eq!(code(&told), 4);
    assert!(err(&told).contains("snare.wav") && err(&told).contains("bass.flac"), "{}", err(&told));
    let report = json(&tonmeister(&["new", &folder, "--force", "--skip-unreadable", "--json"]));
    let ids: Vec<&str> = report["tracks"].as_array().unwrap().iter().map(|t| t["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["kick", "vox"]);
    assert_eq!(report["notes"].as_array().unwrap().len(), 2);
}

#[test]
fn targets_are_data_that_can_be_copied_edited_and_used() {
    let song = Song::new();
    assert_eq!(code(&tonmeister(&["targets", "--write", &song.text("mine.toml")])), 0);
    assert_eq!(code(&tonmeister(&["targets", "--write", &song.text("mine.toml")])), 5, "never over another file");
    let text = fs::read_to_string(song.path("mine.toml")).expect("the copy");
    fs::write(song.path("mine.toml"), text.replace("\"spotify\"", "\"the-club\"")).expect("the edit");
    let listed = json(&tonmeister(&["targets", "--json", "--targets", &song.text("mine.toml")]));
    let names: Vec<&str> =
        listed["targets"].as_array().expect("a list").iter().filter_map(|t| t["name"].as_str()).collect();
    assert!(names.contains(&"the-club") && !names.contains(&"spotify"), "{names:?}");
}

#[test]
fn nothing_is_written_over_what_it_is_made_from() {
    let song = Song::new();
    let stem = fs::read(song.path("kick.wav")).expect("the stem");
    assert_eq!(code(&tonmeister(&["mix", &song.text("song.toml"), "-o", &song.text("kick.wav")])), 5);
    assert_eq!(code(&tonmeister(&["master", &song.text("kick.wav"), "-o", &song.text("kick.wav")])), 5);
    assert!(fs::read(song.path("kick.wav")).expect("the stem") == stem);
}

#[test]
fn an_effect_runs_over_a_file() {
    let song = Song::new();
    let (input, output, gone) = (song.text("vox.wav"), song.text("out.flac"), song.text("gone.wav"));
    let run = ["process", "compressor", &input, "-o", &output, "--residual", &gone, "--set", "threshold_db=-40"];
    let told = tonmeister(&run);
    assert_eq!(code(&told), 0, "{}", err(&told));
    for part in ["threshold_db = -40.0", "gain reduction", "out.flac", "what was taken away"] {
        assert!(out(&told).contains(part), "{part} is missing in\n{}", out(&told));
    }
    let report = json(&tonmeister(&[&run[..], &["--json"]].concat()));
    assert_eq!((&report["effect"], &report["written"]["frames"]), (&"compressor".into(), &96_000.into()));
    assert_eq!(report["residual"]["frames"], 96_000);
    for (arguments, wanted) in [
        (vec!["process", "compresor", &input, "-o", &output], 2),
        (vec!["process", "compressor", &input, "-o", &output, "--set", "ratio"], 2),
        (vec!["process", "compressor", &input, "-o", &output, "--set", "ratio=many"], 2),
        (vec!["process", "compressor", "nowhere.wav", "-o", &output], 4),
        (vec!["process", "compressor", &input, "-o", &input], 5),
        (vec!["process", "compressor", &input, "-o", "out.mp3"], 5),
    ] {
        let told = tonmeister(&arguments);
        assert_eq!(code(&told), wanted, "{arguments:?}: {}", err(&told));
        assert!(err(&told).contains("error"), "{}", err(&told));
    }
}

#[test]
fn the_rack_is_listed_and_described() {
    let listed = tonmeister(&["rack"]);
    assert!(out(&listed).contains("Dynamics") && out(&listed).contains("compressor"), "{}", out(&listed));
    let one = tonmeister(&["rack", "eq"]);
    assert!(out(&one).contains("bells/1/gain_db") && out(&one).contains("or a note"), "{}", out(&one));
    assert_eq!(json(&tonmeister(&["rack", "limiter", "--json"]))["family"], "Dynamics");
    assert_eq!(code(&tonmeister(&["rack", "nothing"])), 2);
}

/// A file against itself, later and softer: told in words, as JSON, and with a blind test that nobody can hear.
#[test]
fn two_files_are_compared_and_told_apart_blind() {
    let folder = TempDir::new().expect("a temporary folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (a, b) = (path("a.wav"), path("b.wav"));
    write_sine(Path::new(&a), 2, 2.0, 440.0, 0.4);
    write_sine(Path::new(&b), 2, 2.0, 440.0, 0.2);

    let told = tonmeister(&["compare", &a, &b]);
    assert_eq!(code(&told), 0, "{}", err(&told));
    assert!(out(&told).contains("for equal loudness"), "{}", out(&told));
    let report = json(&tonmeister(&["compare", &a, &b, "--json", "--no-align"]));
    assert!((report["gain_db"].as_f64().expect("a gain") - 6.02).abs() < 0.05, "{report}");
    let told = out(&tonmeister(&["compare", &a, &b, "--no-align"]));
    assert!(told.contains("both from their beginnings") && !told.contains("no common music"), "{told}");
    // What is left is the rounding to 16 bits.
    assert!(report["difference"]["null_db"].as_f64().expect("a null") < -60.0, "{report}");

    let mut test = Command::new(env!("CARGO_BIN_EXE_tonmeister"))
        .args(["abx", &a, &b, "--trials", "4", "--player", "true", "--seed", "5", "--json"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("the command starts");
    let answers = "a\nb\nx\nwhat\n=a\n=b\nx\n=a\n=a\n";
    std::io::Write::write_all(&mut test.stdin.take().expect("its input"), answers.as_bytes()).expect("it listens");
    let ended = test.wait_with_output().expect("the command ends");
    assert_eq!(code(&ended), 0, "{}", err(&ended));
    let score = json(&ended);
    assert_eq!((score["trials"].as_u64(), score["cut_short"].as_bool()), (Some(4), Some(false)), "{score}");
    assert!((score["louder_lu"].as_f64().expect("how much louder") + 6.02).abs() < 0.05, "{score}");
    assert_eq!(code(&tonmeister(&["abx", &a, &b, "--player", "no-such-player-anywhere"])), 0, "nothing was played");
}

/// Two versions that complete each other, and stems: files beside each other, and the proof that they add up.
#[test]
fn versions_and_stems_come_out_of_one_pass_and_add_up() {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name);
    for (name, hz) in [("a.wav", 440.0), ("b.wav", 550.0)] {
        write_sine(&path(name), 1, 1.0, hz, 0.2);
    }
    let song = path("song.toml");
    let text = r#"
[song]
sample_rate_hz = 48000
[[track]]
id = "voice"
audio = "a.wav"
[[track]]
id = "guitar"
audio = "b.wav"
output = "band"
[[bus]]
id = "band"
[master]
[[master.insert]]
effect = "compressor"
threshold_db = -30.0
[[version]]
id = "instrumental"
mute = ["voice"]
[[version]]
id = "a-cappella"
mute = ["band"]
"#;
    fs::write(&song, text).unwrap();
    let (song, mix) = (song.to_str().unwrap().to_owned(), path("out/mix.wav"));
    let cache = format!("--cache={}", path("kept").display());
    let arguments =
        ["mix", &song, "-o", mix.to_str().unwrap(), "--bits", "32f", "--versions", "--stems", &cache, "--json"];
    fs::create_dir(path("out")).unwrap();
    let output = tonmeister(&arguments);
    assert_eq!(code(&output), 0, "{}", err(&output));
    let report = json(&output);
    let versions = report["versions"].as_array().unwrap();
    assert_eq!(versions.len(), 3);
    for version in versions {
        assert!(version["null"]["peak_db"].as_f64().is_none_or(|db| db < -110.0), "{version}");
        // A stem of which everything is muted is no file, and one that is as in the mix is the mix's.
        let stems: Vec<_> =
            version["stems"].as_array().unwrap().iter().map(|s| s["written"]["path"].as_str().unwrap()).collect();
        assert!(stems.iter().all(|path| path.contains("mix-stems")), "{stems:?}");
        assert_eq!(stems.len(), if version["version"].is_null() { 2 } else { 1 });
    }
    // Without a folder it is the system's; an empty variable asks for nothing.
    let run = |more: &[&str], variable: &str| {
        let (home, other) = (path("home"), path("other.wav"));
        Command::new(env!("CARGO_BIN_EXE_tonmeister"))
            .args(["mix", &song, "-o", other.to_str().unwrap()])
            .args(more)
            .envs([("XDG_CACHE_HOME", home.as_path()), ("HOME", &home), ("LOCALAPPDATA", &home)])
            .env("TONMEISTER_CACHE", variable)
            .output()
            .expect("the command starts")
    };
    let kept = || fs::read_dir(path("home")).is_ok_and(|mut inside| inside.next().is_some());
    let plain = run(&[], "");
    assert!(code(&plain) == 0 && !kept(), "{}", err(&plain));
    let cached = run(&["--cache"], "");
    assert!(code(&cached) == 0 && kept(), "{}", err(&cached));
    assert!(out(&cached).contains("Wrote ") && out(&cached).contains("other.wav"), "{}", out(&cached));

    let pair = &report["pairs"][0];
    assert_eq!(pair["versions"], serde_json::json!(["instrumental", "a-cappella"]));
    assert!(pair["null"]["peak_db"].as_f64().is_none_or(|db| db < -110.0), "{pair}");
    for name in ["mix.wav", "mix-instrumental.wav", "mix-stems/band.wav", "mix-stems/voice.wav"] {
        assert!(path("out").join(name).exists(), "{name}");
    }
    // The same again is read, not made, and is the same.
    let before = fs::read(&mix).unwrap();
    let again = tonmeister(&arguments);
    assert_eq!(json(&again)["made"], 0, "{}", err(&again));
    assert_eq!(fs::read(&mix).unwrap(), before);

    let wrong = tonmeister(&["mix", &song, "-o", mix.to_str().unwrap(), "--versions=instrumentl"]);
    assert_eq!(code(&wrong), 2);
    assert!(
        err(&wrong).contains("there is no version \"instrumentl\"") && err(&wrong).contains("instrumental"),
        "{}",
        err(&wrong)
    );
}

#[test]
fn diff_tells_documents_versions_and_commits_apart() {
    let folder = TempDir::new().expect("a temporary folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let song = "[song]\nsample_rate_hz = 48000\n\n[[track]]\nid = \"vocal\"\naudio = \"vocal.wav\"\n\n\
        [[version]]\nid = \"tv\"\nmute = [\"vocal\"]\n\n[[version]]\nid = \"up\"\nset = { \"vocal/fader_db\" = \"+1\" }\n";
    fs::write(path("a.toml"), song).expect("a file");
    fs::write(path("b.toml"), song.replace("audio", "fader_db = 0.8\naudio")).expect("a file");

    let two = tonmeister(&["diff", &path("a.toml"), &path("b.toml")]);
    assert_eq!(code(&two), 0, "{}", err(&two));
    assert!(out(&two).ends_with("\n\n  vocal +0.8 dB\n"), "{}", out(&two));
    let same = tonmeister(&["diff", &path("a.toml"), &path("a.toml")]);
    assert!(out(&same).ends_with("  nothing differs\n"), "{}", out(&same));
    let version = tonmeister(&["diff", &path("a.toml"), "--version", "tv", "--against", "up"]);
    assert!(out(&version).ends_with("\n\n  vocal muted\n  vocal -1 dB\n"), "{}", out(&version));
    let both = json(&tonmeister(&["diff", &path("a.toml"), &path("b.toml"), "--version", "up", "--json"]));
    assert_eq!(both["before"]["version"], "up");
    assert_eq!(both["differences"][0]["address"], "vocal/fader_db");
    assert_eq!(both["differences"][0]["before"], 1.0);
    assert_eq!(both["differences"][0]["after"], 1.8);

    let one = tonmeister(&["diff", &path("a.toml")]);
    assert_eq!(code(&one), 2, "{}", err(&one));
    let unknown = tonmeister(&["diff", &path("a.toml"), "--version", "tvv"]);
    assert_eq!(code(&unknown), 4);
    assert!(err(&unknown).contains("did you mean `tv`?"), "{}", err(&unknown));
    assert_eq!(code(&tonmeister(&["diff", &path("a.toml"), &path("none.toml")])), 4);

    // Commits, where git is there; and a clear word where it is not.
    let here = |program: &str, args: &[&str], paths: &str| {
        let mut command = Command::new(program);
        command.args(args).current_dir(folder.path()).env("GIT_CONFIG_GLOBAL", path("none")).env("LC_ALL", "C");
        if !paths.is_empty() {
            command.env("PATH", paths);
        }
        command.output()
    };
    let tonmeister = env!("CARGO_BIN_EXE_tonmeister");
    let absent = here(tonmeister, &["diff", "HEAD:a.toml", "a.toml"], &path("nowhere")).expect("the command runs");
    assert_eq!(code(&absent), 4);
    assert!(err(&absent).contains("git is not installed here"), "{}", err(&absent));
    if here("git", &["init", "-q"], "").is_err() {
        eprintln!("SKIPPED: diff between commits, for there is no git");
        return;
    }
    fs::create_dir(path("mixes")).expect("a folder");
    fs::write(path("mixes/c.toml"), song).expect("a file");
    let git = |args: &[&str]| assert!(here("git", args, "").expect("git runs").status.success(), "{args:?}");
    git(&["add", "."]);
    git(&["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "-m", "first"]);
    fs::write(path("a.toml"), song.replace("audio", "pan = -0.3\naudio")).expect("a file");
    let commit = here(tonmeister, &["diff", "HEAD:a.toml", "a.toml"], "").expect("the command runs");
    assert!(out(&commit).ends_with("\n\n  vocal panned from center to 30 L\n"), "{}{}", out(&commit), err(&commit));
    let mut mixes = Command::new(tonmeister);
    mixes.args(["diff", "HEAD:c.toml", "HEAD:mixes/c.toml"]).current_dir(path("mixes"));
    let mixes = mixes.output().expect("the command runs");
    assert!(out(&mixes).ends_with("  nothing differs\n"), "from here, else from the top: {}", err(&mixes));
    let none = here(tonmeister, &["diff", "HEAD:none.toml", "a.toml"], "").expect("the command runs");
    assert_eq!(code(&none), 4);
    assert!(err(&none).contains("git has none of that name"), "{}", err(&none));
}
