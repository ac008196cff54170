//! Releases that cannot be made, do not fit, or are killed: what is said, and what is left behind.

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use common::{code, err, json, out, tonmeister};
use tempfile::TempDir;

const RATE: u32 = 44_100;

/// A tone that pulses, 16 bits, mono.
fn wav(seconds: f64) -> Vec<u8> {
    let frames = (seconds * f64::from(RATE)) as u32;
    let mut bytes = Vec::new();
    bytes.extend(b"RIFF");
    bytes.extend((36 + frames * 2).to_le_bytes());
    bytes.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    bytes.extend(RATE.to_le_bytes());
    bytes.extend((RATE * 2).to_le_bytes());
    bytes.extend(b"\x02\0\x10\0data");
    bytes.extend((frames * 2).to_le_bytes());
    for frame in 0..frames {
        let time = f64::from(frame) / f64::from(RATE);
        let pulse = (std::f64::consts::PI * time * 2.0).sin().powi(2);
        let sample = 0.3 * pulse * (std::f64::consts::TAU * 220.0 * time).sin();
        bytes.extend(((sample * 32_767.0) as i16).to_le_bytes());
    }
    bytes
}

/// One second of 32-bit floats, one of which is not a number.
fn poisoned() -> Vec<u8> {
    let mut bytes = wav(2.0);
    bytes[20] = 3;
    bytes[32] = 4;
    bytes[34] = 32;
    bytes[28..32].copy_from_slice(&(RATE * 4).to_le_bytes());
    bytes[44..].fill(0);
    let middle = 44 + RATE as usize * 2;
    bytes[middle..middle + 4].copy_from_slice(&f32::NAN.to_le_bytes());
    bytes
}

const HEAD: &str = "[album]\ntitle = \"Two\"\nartist = \"Nobody\"\nloudness_lufs = -20.0\ngap_s = 0.5\n";
const SONGS: &str = "[[song]]\naudio = \"one.wav\"\n[[song]]\naudio = \"two.wav\"\n";
const DELIVER: &str = "[[deliver]]\nformat = \"wav\"\ndepth = \"16\"\nfolder = \"wav\"\n";

/// A folder with two songs, of five and of three seconds.
fn album() -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("one.wav"), wav(5.0)).unwrap();
    fs::write(folder.path().join("two.wav"), wav(3.0)).unwrap();
    folder
}

fn release(folder: &Path, text: &str) -> Output {
    let at = |name: &str| folder.join(name).to_string_lossy().into_owned();
    fs::write(at("album.toml"), text).unwrap();
    tonmeister(&["release", &at("album.toml"), "-o", &at("out")])
}

#[test]
fn what_cannot_be_made_is_told_with_its_remedy_and_leaves_nothing() {
    let folder = album();
    let text = "[album] = no audio";
    fs::write(folder.path().join("text.wav"), text).unwrap();
    fs::write(folder.path().join("text.png"), text).unwrap();
    fs::write(folder.path().join("nan.wav"), poisoned()).unwrap();
    fs::write(folder.path().join("header.wav"), &wav(1.0)[..30]).unwrap();
    fs::write(folder.path().join("empty.wav"), "").unwrap();
    let one = "[[song]]\naudio = \"one.wav\"\n";
    let with = |line: &str| format!("{HEAD}{line}\n{SONGS}{DELIVER}");
    let songs = |more: &str| format!("{HEAD}{one}{more}\n{DELIVER}");
    let hundred = format!("{HEAD}{}[cd]\n", one.repeat(100));
    let cases = [
        ("no artwork", with("artwork = \"cover.png\""), 3, ["cover.png", "no such file"]),
        ("artwork that is no picture", with("artwork = \"text.png\""), 3, ["text.png", "JPEG or PNG"]),
        ("a wrong check digit", with("upc = \"036000291453\""), 3, ["check digit", "036000291453"]),
        ("a wrong ISRC", songs("isrc = \"GB-ABC-26-1\""), 3, ["ISRC", "GB-ABC-26-1"]),
        ("a missing song", songs("[[song]]\naudio = \"three.wav\""), 3, ["three.wav", "no such file"]),
        ("a song that is a folder", songs("[[song]]\naudio = \".\""), 3, ["song 2", "a folder"]),
        ("no audio", songs("[[song]]\naudio = \"text.wav\""), 4, ["text.wav", "no audio file"]),
        ("an empty song", songs("[[song]]\naudio = \"empty.wav\""), 4, ["empty.wav", "0 bytes"]),
        ("half a header", songs("[[song]]\naudio = \"header.wav\""), 4, ["header.wav", "damaged"]),
        ("no number", songs("[[song]]\naudio = \"nan.wav\""), 4, ["nan.wav", "not a number"]),
        ("100 songs on a disc", hundred, 3, ["100 tracks", "make two discs"]),
        ("3 s on a disc", format!("{HEAD}{SONGS}[cd]\n"), 3, ["track 2", "00:04:00"]),
        (
            "a rate that Opus has not",
            format!("{HEAD}{one}[[deliver]]\nformat = \"opus\"\nsample_rate_hz = 44100\n"),
            3,
            ["Opus", "48"],
        ),
    ];
    for (what, text, wanted, words) in cases {
        let told = release(folder.path(), &text);
        let said = err(&told);
        assert_eq!(code(&told), wanted, "{what}: {said}");
        assert!(words.iter().all(|word| said.contains(word)) && !said.contains("panicked"), "{what}: {said}");
        assert!(!folder.path().join("out").exists(), "{what}: something was written");
    }
}

#[test]
fn what_is_cut_off_is_released_with_a_remark() {
    let folder = album();
    let whole = wav(3.0);
    fs::write(folder.path().join("two.wav"), &whole[..whole.len() / 2]).unwrap();
    let told = release(folder.path(), &format!("{HEAD}{SONGS}{DELIVER}"));
    let said = out(&told) + &err(&told);
    assert_eq!(code(&told), 0, "{said}");
    assert!(said.contains("two.wav") && said.contains("cut off"), "{said}");
}

#[test]
fn a_hundred_songs_are_fine_as_files() {
    let folder = album();
    fs::write(folder.path().join("short.wav"), wav(0.5)).unwrap();
    let songs = "[[song]]\naudio = \"short.wav\"\nchain = \"none\"\ngap_s = 0.0\n".repeat(100);
    let told = release(folder.path(), &format!("{HEAD}{songs}{DELIVER}"));
    assert_eq!(code(&told), 0, "{}", err(&told));
    assert!(folder.path().join("out/wav/001 short.wav").exists());
    assert!(folder.path().join("out/wav/100 short.wav").exists());
}

/// Every file under its name, with its bytes; what is hidden has none yet. Page and report say what was there already.
fn stands(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(at) = open.pop() {
        for entry in fs::read_dir(&at).into_iter().flatten() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() && !name.starts_with('.') {
                open.push(path);
            } else if !name.starts_with('.') && !["release.json", "release.html"].contains(&name.as_str()) {
                found.insert(path.strip_prefix(folder).unwrap().to_owned(), fs::read(&path).unwrap());
            }
        }
    }
    found
}

/// Every name, hidden or not.
fn names(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(at) = open.pop() {
        for entry in fs::read_dir(&at).unwrap() {
            let path = entry.unwrap().path();
            found.push(path.strip_prefix(folder).unwrap().to_owned());
            if path.is_dir() {
                open.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Eight kills, one after the other into what the one before has left; `bench/kills` makes it a hundred.
#[test]
fn a_killed_release_leaves_whole_files_and_goes_on() {
    let folder = album();
    let at = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let text = format!(
        "{HEAD}[[song]]\naudio = \"one.wav\"\n[[song]]\naudio = \"two.wav\"\nend_s = 2.5\n{DELIVER}\
         [[deliver]]\nformat = \"flac\"\nsample_rate_hz = 48000\n[[deliver]]\nformat = \"opus\"\n"
    );
    let began = Instant::now();
    let whole = release(folder.path(), &text);
    let lasts = began.elapsed();
    assert_eq!(code(&whole), 0, "{}", err(&whole));
    let (wanted, all) = (stands(&folder.path().join("out")), names(&folder.path().join("out")));
    let killed = folder.path().join("killed");
    let mut seed = 1_u64;
    for _ in 0..8 {
        let mut child = Command::new(env!("CARGO_BIN_EXE_tonmeister"))
            .args(["release", &at("album.toml"), "-o", &at("killed"), "--quiet"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        std::thread::sleep(lasts.mul_f64((seed >> 40) as f64 / f64::from(1 << 24)));
        child.kill().unwrap();
        child.wait().unwrap();
        for (path, bytes) in stands(&killed) {
            assert!(wanted.get(&path) == Some(&bytes), "{} is not whole", path.display());
        }
    }
    // Half a file of a killed run.
    fs::create_dir_all(killed.join("wav")).unwrap();
    fs::write(killed.join("wav/.01 one.wav.Xy12.part"), "half").unwrap();
    let last = tonmeister(&["release", &at("album.toml"), "-o", &at("killed"), "--json"]);
    assert_eq!(code(&last), 0, "{}", err(&last));
    assert_eq!(json(&last)["files"].as_array().unwrap().len(), 6);
    assert!(stands(&killed) == wanted, "other bytes than an undisturbed run");
    assert_eq!(names(&killed), all);
}

/// Runs a script where `$DISK` is a small disk of its own, as root in a world of its own; `None` where that is not allowed.
#[cfg(target_os = "linux")]
fn on_a_disk(options: &str, folder: &Path, script: &str) -> Option<Output> {
    let disk = folder.join("disk");
    fs::create_dir_all(&disk).unwrap();
    let whole = format!("mount -t tmpfs -o {options} none \"$DISK\" || exit 99\n{script}");
    let run = Command::new("unshare")
        .args(["-rm", "sh", "-c", &whole])
        .env("DISK", &disk)
        .env("TONMEISTER", env!("CARGO_BIN_EXE_tonmeister"))
        .env("ALBUM", folder.join("album.toml"))
        .env("KEEP", folder.join("keep"))
        .output();
    match run {
        Ok(run) if run.status.code() != Some(99) && !String::from_utf8_lossy(&run.stderr).contains("unshare:") => {
            Some(run)
        }
        _ => {
            eprintln!("SKIPPED: no small disk can be mounted here (unshare -rm, mount -t tmpfs)");
            None
        }
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_disk_without_room_is_told_before_work_begins() {
    let folder = album();
    fs::write(folder.path().join("album.toml"), format!("{HEAD}{SONGS}{DELIVER}")).unwrap();
    let script = "$TONMEISTER release $ALBUM -o $DISK/out; code=$?; find $DISK -mindepth 1; exit $code";
    let Some(told) = on_a_disk("size=2m", folder.path(), script) else { return };
    let said = err(&told);
    assert_eq!(code(&told), 5, "{said}");
    for word in ["disk/out", "needs up to", "3 MB are free", "make room"] {
        assert!(said.contains(word), "{word}: {said}");
    }
    assert_eq!(out(&told), "", "something was written");
}

/// A disk that has room when work begins and none later (it holds a few files only): what is there is whole, what was
/// finished is kept, and with more room the next run finishes.
#[test]
#[cfg(target_os = "linux")]
fn a_disk_that_fills_up_is_told_and_the_next_run_goes_on() {
    let folder = album();
    let text = format!("{HEAD}[[song]]\naudio = \"one.wav\"\n[[song]]\naudio = \"two.wav\"\nend_s = 2.5\n{DELIVER}");
    let whole = release(folder.path(), &text);
    assert_eq!(code(&whole), 0, "{}", err(&whole));
    let wanted = stands(&folder.path().join("out"));
    let script = "mkdir $KEEP; $TONMEISTER release $ALBUM -o $DISK/out --quiet; code=$?; cp -r $DISK/out $KEEP/first
        mount -o remount,nr_inodes=1000 $DISK || exit 98
        $TONMEISTER release $ALBUM -o $DISK/out --quiet || exit 97
        cp -r $DISK/out $KEEP/second; exit $code";
    let mut met = 0;
    for files in 4..30 {
        let _ = fs::remove_dir_all(folder.path().join("keep"));
        let options = format!("size=100m,nr_inodes={files}");
        let Some(told) = on_a_disk(&options, folder.path(), script) else { return };
        let said = err(&told);
        if code(&told) == 0 {
            break;
        }
        met += 1;
        assert_eq!(code(&told), 5, "{files} files: {said}");
        assert!(said.contains("full") && said.contains("make room"), "{files} files: {said}");
        for (path, bytes) in stands(&folder.path().join("keep/first")) {
            assert!(wanted.get(&path) == Some(&bytes), "{files} files: {} is not whole", path.display());
        }
        assert!(stands(&folder.path().join("keep/second")) == wanted, "{files} files: other bytes");
    }
    // Steps, a track, the report: it ran full at nine places.
    assert!(met >= 6, "{met}");
}

#[test]
#[cfg(target_os = "linux")]
fn a_disk_that_takes_nothing_is_told() {
    let folder = album();
    fs::write(folder.path().join("album.toml"), format!("{HEAD}{SONGS}{DELIVER}")).unwrap();
    let script = "mount -o remount,ro $DISK; $TONMEISTER release $ALBUM -o $DISK/out";
    let Some(told) = on_a_disk("size=100m", folder.path(), script) else { return };
    let said = err(&told);
    assert_eq!(code(&told), 5, "{said}");
    assert!(said.contains("read-only") && said.contains("name another folder") && said.contains("disk/out"), "{said}");
}

/// Two at once would write the same steps.
#[test]
fn two_releases_do_not_share_a_folder() {
    let folder = album();
    let at = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    fs::write(folder.path().join("long.wav"), wav(120.0)).unwrap();
    fs::write(at("album.toml"), format!("{HEAD}[[song]]\naudio = \"long.wav\"\n{DELIVER}")).unwrap();
    let run = ["release", &at("album.toml"), "-o", &at("out"), "--quiet"];
    let mut first = Command::new(env!("CARGO_BIN_EXE_tonmeister")).args(run).stdout(Stdio::null()).spawn().unwrap();
    let held = folder.path().join("out/.tonmeister-work/held");
    let began = Instant::now();
    while !held.exists() && began.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(2));
    }
    std::thread::sleep(Duration::from_millis(20));
    let second = tonmeister(&run);
    let was_there = first.try_wait().unwrap().is_none();
    first.kill().unwrap();
    first.wait().unwrap();
    // On a machine that is fast enough the first one is done already.
    if was_there {
        assert_eq!(code(&second), 5, "{}", err(&second));
        assert!(err(&second).contains("another release is being made in this folder"), "{}", err(&second));
    }
}
