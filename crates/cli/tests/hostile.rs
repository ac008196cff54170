//! Broken deliveries and broken runs: every fault has a message that names the file, an exit code, and no half a file.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

const RATE: u32 = 48_000;
const SECONDS: usize = 2;

fn tonmeister(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tonmeister")).args(arguments).output().expect("the command starts")
}

/// A WAV file of 32-bit floats: header and samples.
fn wav(channels: u16, samples: &[f32]) -> Vec<u8> {
    let data = samples.len() as u32 * 4;
    let mut bytes = Vec::new();
    bytes.extend(b"RIFF");
    bytes.extend((36 + data).to_le_bytes());
    bytes.extend(b"WAVEfmt ");
    bytes.extend(16_u32.to_le_bytes());
    bytes.extend(3_u16.to_le_bytes());
    bytes.extend(channels.to_le_bytes());
    bytes.extend(RATE.to_le_bytes());
    bytes.extend((RATE * u32::from(channels) * 4).to_le_bytes());
    bytes.extend((channels * 4).to_le_bytes());
    bytes.extend(32_u16.to_le_bytes());
    bytes.extend(b"data");
    bytes.extend(data.to_le_bytes());
    for sample in samples {
        bytes.extend(sample.to_le_bytes());
    }
    bytes
}

/// Two seconds of a 220 Hz tone on both channels.
fn tone() -> Vec<f32> {
    let frames = RATE as usize * SECONDS;
    let at = |i: usize| 0.25 * (std::f32::consts::TAU * 220.0 * (i / 2) as f32 / RATE as f32).sin();
    (0..frames * 2).map(at).collect()
}

/// What shall become of a file in a mix: refused, or read with a remark that has these words.
#[derive(Clone, Copy)]
enum Fate {
    Refused(&'static str),
    Read(&'static str),
}

/// Every case of the field's list of bad deliveries, as bytes.
fn cases() -> Vec<(&'static str, Vec<u8>, Fate)> {
    let good = wav(2, &tone());
    let patched = |at: usize, bytes: [u8; 4]| {
        let mut file = good.clone();
        file[at..at + 4].copy_from_slice(&bytes);
        file
    };
    let poisoned = |value: f32| {
        let mut samples = tone();
        samples[RATE as usize] = value;
        wav(2, &samples)
    };
    let mut no_channels = good.clone();
    no_channels[22..24].fill(0);
    vec![
        ("truncated", good[..good.len() / 2].to_vec(), Fate::Read("is cut off")),
        ("header-only", good[..44].to_vec(), Fate::Read("cut off")),
        ("cut-inside-fmt", good[..30].to_vec(), Fate::Refused("damaged")),
        ("size-0", patched(40, [0; 4]), Fate::Read("length open")),
        ("size-ff", patched(40, [0xff; 4]), Fate::Read("length open")),
        ("nan", poisoned(f32::NAN), Fate::Refused("not a number")),
        ("infinite", poisoned(f32::INFINITY), Fate::Refused("infinite")),
        ("no-channels", no_channels, Fate::Refused("channel")),
        ("six-channels", wav(6, &[0.1; 600]), Fate::Refused("6 channels")),
        ("wrong-rate", patched(24, 44_100_u32.to_le_bytes()), Fate::Read("converted")),
        ("no-frames", wav(2, &[]), Fate::Read("no audio")),
        ("empty", Vec::new(), Fate::Refused("empty")),
        ("text", b"this is no audio at all, whatever its name says".to_vec(), Fate::Refused("")),
    ]
}

fn song(folder: &Path, file: &str) -> PathBuf {
    let text = format!(
        "[song]\nsample_rate_hz = {RATE}\n\n[[track]]\nid = \"good\"\naudio = \"good.wav\"\n\n\
         [[track]]\nid = \"bad\"\naudio = \"{file}\"\n"
    );
    let path = folder.join("song.toml");
    fs::write(&path, text).expect("the document");
    path
}

#[test]
fn every_bad_delivery_is_refused_by_name_or_read_with_a_remark() {
    let folder = TempDir::new().expect("a folder");
    let at = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    fs::write(at("good.wav"), wav(2, &tone())).expect("a file");
    for (name, bytes, fate) in cases() {
        let file = format!("{name}.wav");
        fs::write(at(&file), bytes).expect("a file");
        let document = song(folder.path(), &file);
        let output = tonmeister(&["mix", &document.to_string_lossy(), "-o", &at("mix.wav")]);
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(said.contains(&file), "{name}: the file is named: {said}");
        match fate {
            Fate::Refused(words) => {
                assert_eq!(output.status.code(), Some(4), "{name}: {said}");
                assert!(said.contains(words), "{name}: {said}");
                assert!(said.contains("audio = "), "{name}: the line of the document is shown: {said}");
                assert!(!Path::new(&at("mix.wav")).exists(), "{name}: nothing is written");
            }
            Fate::Read(words) => {
                assert_eq!(output.status.code(), Some(0), "{name}: {said}");
                assert!(said.contains(words), "{name}: {said}");
                fs::remove_file(at("mix.wav")).expect("the mix is written");
            }
        }
        // The other verbs end by themselves as well, with a code that means something.
        for verb in [&["measure"][..], &["check"], &["master", "-o", "master.wav"]] {
            let mut arguments: Vec<String> = verb.iter().map(|s| (*s).to_owned()).collect();
            if let Some(out) = arguments.iter_mut().find(|a| *a == "master.wav") {
                *out = at("master.wav");
            }
            arguments.push(at(&file));
            let output = tonmeister(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
            let code = output.status.code().expect("it ends by itself");
            assert!([0, 1, 4, 6].contains(&code), "{verb:?} {name}: {code}");
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(code == 0 || !said.contains("panicked"), "{verb:?} {name}: {said}");
        }
    }
}

#[test]
fn a_folder_a_missing_file_and_one_without_permission_are_named() {
    let folder = TempDir::new().expect("a folder");
    let at = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    fs::write(at("good.wav"), wav(2, &tone())).expect("a file");
    fs::create_dir(at("folder.wav")).expect("a folder");
    for name in ["folder.wav", "missing.wav"] {
        let document = song(folder.path(), name);
        let output = tonmeister(&["mix", &document.to_string_lossy(), "-o", &at("mix.wav")]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(4), "{name}: {said}");
        assert!(said.contains(name) && said.contains("audio = "), "{name}: {said}");
        assert_eq!(tonmeister(&["measure", &at(name)]).status.code(), Some(4), "{name}");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::write(at("locked.wav"), wav(2, &tone())).expect("a file");
        fs::set_permissions(at("locked.wav"), fs::Permissions::from_mode(0o000)).expect("permissions");
        // The superuser reads everything; there is nothing to test then.
        if fs::File::open(at("locked.wav")).is_err() {
            let output = tonmeister(&["measure", &at("locked.wav")]);
            assert_eq!(output.status.code(), Some(4));
            assert!(String::from_utf8_lossy(&output.stderr).contains("permission"));
        }
    }
}

#[test]
fn a_folder_to_write_into_that_is_not_there_is_named() {
    let folder = TempDir::new().expect("a folder");
    let at = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    fs::write(at("good.wav"), wav(2, &tone())).expect("a file");
    let (good, out) = (at("good.wav"), at("out/mix.wav"));
    for verb in [vec!["process", "gain", &good, "-o", &out], vec!["compare", &good, &good, "--residual", &out]] {
        let output = tonmeister(&verb);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(5), "{said}");
        assert!(said.contains("no folder") && !said.contains("spelling"), "{said}");
        assert!(!folder.path().join("out").exists());
    }
}

#[test]
fn what_did_not_fit_has_a_remedy_that_is_there() {
    let folder = TempDir::new().expect("a folder");
    let at = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    fs::write(at("good.wav"), wav(2, &tone())).expect("a file");
    let output = tonmeister(&["process", "gain", &at("good.wav"), "-o", &at("loud.wav"), "--set", "gain_db=20"]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("did not fit") && said.contains("--bits 32f") && !said.contains("fader"), "{said}");
}

#[test]
fn samples_whose_scale_is_not_known_are_not_mastered() {
    let folder = TempDir::new().expect("a folder");
    let at = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let whole_numbers: Vec<f32> = tone().iter().map(|x| x * 2_147_483_648.0).collect();
    fs::write(at("integers.wav"), wav(2, &whole_numbers)).expect("a file");
    let output = tonmeister(&["master", &at("integers.wav"), "-o", &at("out.wav")]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(4), "{said}");
    assert!(said.contains("integers.wav") && said.contains("LUFS") && said.contains("export it again"), "{said}");
    assert!(!folder.path().join("out.wav").exists());
}

/// A number below its range is told as one, not taken for an option that is not there.
#[test]
fn negative_numbers_are_values() {
    for arguments in [
        &["master", "a.wav", "-o", "b.wav", "--max-limiting", "-1"][..],
        &["mix", "a.toml", "-o", "b.wav", "--pre-roll", "-3"],
        &["mix", "a.toml", "-o", "b.wav", "--from", "-3"],
        &["process", "gain", "a.wav", "-o", "b.wav", "--tempo", "-120"],
        &["ride", "a.toml", "vocal", "--error", "-1"],
        &["align", "a.wav", "b.wav", "--reach", "-1"],
        &["record", "a.toml", "vocal/fader_db", "--moves", "m.csv", "--return", "-1"],
        &["play", "a.toml", "--for", "-1"],
        &["abx", "a.wav", "b.wav", "--from", "-1"],
    ] {
        let output = tonmeister(arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && !said.contains("unexpected argument"), "{arguments:?}: {said}");
    }
}

/// A script that writes the result to a full disk must not take it for a whole one.
#[cfg(target_os = "linux")]
#[test]
fn a_result_that_standard_output_does_not_take_is_an_error() {
    let folder = TempDir::new().expect("a folder");
    let good = folder.path().join("good.wav").to_string_lossy().into_owned();
    fs::write(&good, wav(2, &tone())).expect("a file");
    for arguments in [vec!["measure", &good], vec!["measure", "--json", &good], vec!["schema"]] {
        let full = fs::File::options().write(true).open("/dev/full").expect("a full disk");
        let output = Command::new(env!("CARGO_BIN_EXE_tonmeister")).args(&arguments).stdout(full).output();
        let output = output.expect("the command starts");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(5), "{arguments:?}: {said}");
        assert!(said.contains("standard output") && said.contains("full"), "{arguments:?}: {said}");
    }
}

#[test]
fn a_room_that_is_missing_too_long_or_no_path_is_named_at_its_line() {
    let folder = TempDir::new().expect("a folder");
    let at = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    fs::write(at("good.wav"), wav(2, &tone())).expect("a file");
    fs::write(at("text.wav"), "no audio").expect("a file");
    fs::write(at("long.wav"), wav(1, &vec![0.1; RATE as usize * 61])).expect("a file");
    let cases = [
        ("", 3, "has no `ir`"),
        ("ir = 3\n", 3, "`ir` cannot be the number 3"),
        ("ir = \"\"\n", 3, "names no file"),
        ("irr = \"good.wav\"\n", 3, "did you mean `ir`?"),
        ("ir = \"missing.wav\"\n", 4, "missing.wav"),
        ("ir = \"text.wav\"\n", 4, "text.wav"),
        ("ir = \"long.wav\"\n", 4, "holds at most"),
        ("ir = \"good.wav\"\n", 0, "Wrote"),
    ];
    for (line, wanted, words) in cases {
        let document = song(folder.path(), "good.wav");
        let text = fs::read_to_string(&document).expect("the document");
        let room = format!("{text}\n[[track.insert]]\neffect = \"convolution\"\n{line}");
        fs::write(&document, room).expect("the document");
        let output = tonmeister(&["mix", &document.to_string_lossy(), "-o", &at("mix.wav")]);
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert_eq!(output.status.code(), Some(wanted), "{line}: {said}");
        assert!(said.contains(words), "{line}: {said}");
        assert!(wanted == 0 || said.contains("song.toml"), "{line}: {said}");
        assert_eq!(Path::new(&at("mix.wav")).exists(), wanted == 0, "{line}");
    }
    let process = |arguments: &[&str]| {
        let output =
            tonmeister(&[&["process", "convolution", &at("good.wav"), "-o", &at("out.wav")], arguments].concat());
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    assert_eq!(process(&[]).0, Some(2));
    let (code, said) = process(&["--file", &format!("ir={}", at("missing.wav"))]);
    assert!(code == Some(4) && said.contains("missing.wav"), "{code:?} {said}");
    assert_eq!(process(&["--file", &format!("ir={}", at("good.wav")), "--tail"]).0, Some(0));
}

/// A mix that takes longer than anybody waits: ten hours, over an old file that must survive.
fn endless_mix(folder: &Path) -> Child {
    fs::write(folder.join("good.wav"), wav(2, &tone())).expect("a file");
    fs::write(folder.join("mix.wav"), b"the old mix").expect("a file");
    let document = song(folder, "good.wav");
    let text = fs::read_to_string(&document).expect("the document");
    fs::write(&document, text.replace("[song]\n", "[song]\nlength_s = 36000.0\n")).expect("the document");
    let mut child = Command::new(env!("CARGO_BIN_EXE_tonmeister"))
        .args(["mix", &document.to_string_lossy(), "-o", &folder.join("mix.wav").to_string_lossy()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the command starts");
    // Until it writes.
    let started = Instant::now();
    while files(folder).len() < 4 && started.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(20));
    }
    std::thread::sleep(Duration::from_millis(100));
    assert!(child.try_wait().expect("its state").is_none(), "it is still at work");
    child
}

fn files(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("the folder").map(|e| e.expect("an entry").file_name());
    let mut names: Vec<String> = entries.map(|n| n.to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
#[cfg(unix)]
fn an_interrupted_mix_leaves_the_old_file_and_nothing_else() {
    let folder = TempDir::new().expect("a folder");
    let mut child = endless_mix(folder.path());
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill");
    assert!(sent.success());
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
    assert_eq!(files(folder.path()), ["good.wav", "mix.wav", "song.toml"]);
    assert_eq!(fs::read(folder.path().join("mix.wav")).expect("the old mix"), b"the old mix");
}

#[test]
fn a_killed_mix_leaves_the_old_file() {
    let folder = TempDir::new().expect("a folder");
    let mut child = endless_mix(folder.path());
    child.kill().expect("it is killed");
    child.wait().expect("it ends");
    assert_eq!(fs::read(folder.path().join("mix.wav")).expect("the old mix"), b"the old mix");
}

/// Ctrl-C ends a blind test as `q` does: what was answered is told, and the excerpts are taken away.
#[test]
#[cfg(unix)]
fn an_interrupted_blind_test_tells_and_leaves_nothing() {
    let (folder, excerpts) = (TempDir::new().expect("a folder"), TempDir::new().expect("a folder"));
    let good = folder.path().join("good.wav");
    fs::write(&good, wav(2, &tone())).expect("a file");
    let good = good.to_string_lossy().into_owned();
    let mut child = Command::new(env!("CARGO_BIN_EXE_tonmeister"))
        .args(["abx", &good, &good, "--trials", "5", "--player", "true", "--json"])
        .env("TMPDIR", excerpts.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the command starts");
    let mut typed = child.stdin.take().expect("its input");
    std::io::Write::write_all(&mut typed, b"a\n=a\n").expect("it listens");
    let started = Instant::now();
    while files(excerpts.path()).is_empty() && started.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(20));
    }
    std::thread::sleep(Duration::from_millis(500));
    assert!(child.try_wait().expect("its state").is_none(), "it waits for the next answer");
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill");
    assert!(sent.success());
    let ended = child.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&ended.stdout).into_owned();
    assert_eq!(ended.status.code(), Some(130), "{said}");
    assert!(said.contains("\"trials\": 1") && said.contains("\"cut_short\": true"), "{said}");
    assert_eq!(files(excerpts.path()), Vec::<String>::new());
    drop(typed);
}
