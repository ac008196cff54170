//! A release made by several hands at the same time: the same to the bit as by one, stopped and taken up again too.
#![allow(missing_docs)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tonmeister::{Failure, Progress, ReleaseOptions, Silent, World};
use tonmeister_core::{Buffer, Layout};
use tonmeister_media::{Format, SampleFormat, Writer};

/// Noise that swells, so that the limiter has something to do.
fn song(path: &Path, seed: u64, rate: u32, seconds: f32) {
    let frames = (seconds * rate as f32) as usize;
    let lane = |seed: u64| -> Vec<f32> {
        let swell = |n: usize| 0.05 + 0.4 * (n as f32 / rate as f32 * 2.0).sin().powi(6);
        tonmeister_dsp::testing::noise(seed, 0.5, frames).iter().enumerate().map(|(n, x)| x * swell(n)).collect()
    };
    let audio = Buffer::from_stereo(lane(seed), lane(seed + 100));
    let mut writer = Writer::create(path, Format::Wav(SampleFormat::Float32), rate, Layout::Stereo).unwrap();
    writer.write(audio.view(audio.frames())).unwrap();
    writer.finish().unwrap();
}

/// An album of five songs: of two rates, one a document with a version, two of them one run; files of two rates, coded and
/// not, in versions; a disc and a record.
fn album(folder: &Path) -> PathBuf {
    for (n, (rate, seconds)) in
        [(44_100, 4.5), (48_000, 5.0), (44_100, 4.2), (44_100, 4.4), (44_100, 6.0)].iter().enumerate()
    {
        song(&folder.join(format!("{n}.wav")), n as u64, *rate, *seconds);
    }
    let document = "[song]\ntitle = \"One\"\nsample_rate_hz = 44100\n\n[[track]]\nid = \"band\"\naudio = \"0.wav\"\n\n\
                    [[track]]\nid = \"voice\"\naudio = \"4.wav\"\n\n[[version]]\nid = \"instrumental\"\nmute = [\"voice\"]\n";
    std::fs::write(folder.join("song.toml"), document).unwrap();
    let text = "[album]\ntitle = \"A\"\nartist = \"B\"\nloudness_lufs = -16.0\nmode = \"MODE\"\nconsistency = \"correct\"\n\n\
                [[song]]\ndocument = \"song.toml\"\n\n[[song]]\naudio = \"1.wav\"\n\n[[song]]\naudio = \"2.wav\"\ngap_s = 0.0\n\n\
                [[song]]\naudio = \"3.wav\"\n\n\
                [[deliver]]\nformat = \"wav\"\nversions = [\"mono\", \"instrumental\"]\n\n\
                [[deliver]]\nformat = \"flac\"\ndepth = \"16\"\nsample_rate_hz = 44100\nversions = [\"instrumental\"]\n\n\
                [[deliver]]\nformat = \"opus\"\nbitrate_kbps = 96\n\n[[deliver]]\nformat = \"vorbis\"\nquality = 3.0\n\n\
                [cd]\n\n[vinyl]\n";
    let path = folder.join("album.toml");
    std::fs::write(&path, text).unwrap();
    path
}

fn in_mode(album: &Path, mode: &str) -> PathBuf {
    let text = std::fs::read_to_string(album).unwrap().replace("MODE", mode);
    let path = album.with_file_name(format!("by-{mode}.toml"));
    std::fs::write(&path, text).unwrap();
    path
}

/// Every file of a folder, by its path from there.
fn all(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.insert(path.strip_prefix(folder).unwrap().to_owned(), std::fs::read(&path).unwrap());
            }
        }
    }
    files
}

fn same(a: &BTreeMap<PathBuf, Vec<u8>>, b: &BTreeMap<PathBuf, Vec<u8>>, what: &str) {
    assert_eq!(a.keys().collect::<Vec<_>>(), b.keys().collect::<Vec<_>>(), "{what}");
    for (path, bytes) in a {
        assert!(*bytes == b[path], "{what}: {} differs", path.display());
    }
}

fn with_threads(threads: usize) -> World {
    let mut world = World::new();
    world.threads = threads;
    world
}

fn released(album: &Path, out: &Path, threads: usize) -> BTreeMap<PathBuf, Vec<u8>> {
    let world = with_threads(threads);
    world.release(album, out, &ReleaseOptions::default(), &mut Silent).unwrap();
    assert!(world.verify_release(out).unwrap().is_whole());
    all(out)
}

#[test]
fn many_hands_change_no_bit_of_a_release() {
    let folder = tempfile::tempdir().unwrap();
    let album = album(folder.path());
    for (mode, several) in [("song", vec![2, 5]), ("album", vec![3])] {
        let album = in_mode(&album, mode);
        let out = |threads: usize| folder.path().join(format!("{mode}-{threads}"));
        let alone = released(&album, &out(1), 1);
        assert!(alone.keys().filter(|path| path.extension().is_some_and(|e| e == "opus")).count() == 4);
        for threads in several {
            same(&alone, &released(&album, &out(threads), threads), &format!("{mode}, {threads} threads"));
        }
    }
}

/// Counts, and asks to stop at some unit of work.
struct Stops {
    at: u64,
    told: u64,
    steps: Vec<(u64, u64)>,
    stop: Arc<AtomicBool>,
}

impl Progress for Stops {
    fn begin(&mut self, _what: &str, total: u64) {
        self.steps.push((0, total));
    }

    fn advance(&mut self, units: u64) {
        self.told += units;
        if let Some((done, _)) = self.steps.last_mut() {
            *done += units;
        }
        if self.told >= self.at {
            self.stop.store(true, Ordering::Relaxed);
        }
    }

    fn end(&mut self) {}
}

#[test]
fn hands_stop_when_they_are_asked_to_and_go_on_where_they_were() {
    let folder = tempfile::tempdir().unwrap();
    let album = in_mode(&album(folder.path()), "song");
    let whole = released(&album, &folder.path().join("whole"), 3);
    let out = folder.path().join("out");
    let run = |at: u64| {
        let world = with_threads(3);
        let mut progress = Stops { at, told: 0, steps: Vec::new(), stop: Arc::clone(&world.stop) };
        let made = world.release(&album, &out, &ReleaseOptions::default(), &mut progress);
        (made, progress)
    };
    let mut stopped = 0;
    for at in [1, 900_000, 2_000_000, 4_000_000] {
        let (made, _) = run(at);
        match made {
            Err(Failure::Interrupted) => stopped += 1,
            Err(other) => panic!("{other}"),
            Ok(_) => {}
        }
        // Nothing half-written has a file's own name.
        for (path, bytes) in all(&out).iter().filter(|(path, _)| !path.starts_with(".tonmeister-work")) {
            let half = path.extension().is_some_and(|extension| extension == "part");
            assert!(
                half || whole.get(path).is_some_and(|w| w == bytes) || path.ends_with("release.json"),
                "{}",
                path.display()
            );
        }
    }
    assert!(stopped >= 3, "{stopped}");
    let (made, progress) = run(u64::MAX);
    made.unwrap();
    assert!(progress.steps.iter().all(|(done, total)| done <= total), "{:?}", progress.steps);
    let made = all(&out);
    for (path, bytes) in &whole {
        // What was kept from before is told as kept.
        if !path.to_string_lossy().starts_with("release.") {
            assert!(made.get(path) == Some(bytes), "{}", path.display());
        }
    }
    assert!(World::new().verify_release(&out).unwrap().is_whole());
}
