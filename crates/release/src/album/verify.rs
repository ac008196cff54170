//! A finished release looked at again: is every file there, the same, playable, and rightly summed up for others?

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde::Serialize;
use tonmeister_core::Buffer;
use tonmeister_media as media;

use super::lock::{Lock, Locked, NAME, hash_of, plain};
use super::manifest;
use super::studio::Trouble;

/// What became of a release since it was made.
#[derive(Clone, Debug, Serialize)]
pub struct Verified {
    /// The album's title.
    pub title: String,
    /// The program that made it.
    pub program: String,
    /// Each file.
    pub files: Vec<Checked>,
}

impl Verified {
    /// Whether every file is as it was made.
    pub fn is_whole(&self) -> bool {
        self.files.iter().all(|file| file.problem.is_none())
    }
}

/// A file that was looked at.
#[derive(Clone, Debug, Serialize)]
pub struct Checked {
    /// Where it stands, from the release's folder.
    pub path: String,
    /// What is wrong with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// Looks at the release in a folder: each file's hash, each file decoded to its end, and whether what is written for the
/// distributor (`manifest.csv`, `manifest.json`, `checksums.md5`) still speaks of these files.
pub fn verify(folder: &Path) -> Result<Verified, Trouble> {
    let path = folder.join(NAME);
    let text = std::fs::read(&path).map_err(|e| match e.kind() {
        std::io::ErrorKind::NotFound => Trouble::input(folder, format!("holds no `{NAME}`: is it a finished release?")),
        _ => Trouble::input(&path, plain(&e)),
    })?;
    let lock: Lock = serde_json::from_slice(&text)
        .map_err(|e| Trouble::input(&path, format!("is no lock of a release ({e}); make the release again")))?;
    // Decoding keeps a core busy, reading keeps the disk busy: every core takes the next file.
    let workers = std::thread::available_parallelism().map_or(1, std::num::NonZero::get).min(lock.files.len()).max(1);
    let next = AtomicUsize::new(0);
    let mut files: Vec<(usize, Checked)> = std::thread::scope(|scope| {
        let work = || {
            let mut done = Vec::new();
            let take = || {
                let n = next.fetch_add(1, Ordering::Relaxed);
                lock.files.get(n).map(|file| (n, file))
            };
            while let Some((n, file)) = take() {
                done.push((n, Checked { path: file.path.clone(), problem: problem(folder, file) }));
            }
            done
        };
        let threads: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        // A panic in one of them goes on here.
        threads.into_iter().flat_map(|t| t.join().unwrap_or_else(|p| std::panic::resume_unwind(p))).collect()
    });
    files.sort_by_key(|(n, _)| *n);
    let mut files: Vec<Checked> = files.into_iter().map(|(_, checked)| checked).collect();
    let whole: Vec<(&str, bool)> = files.iter().map(|file| (file.path.as_str(), file.problem.is_none())).collect();
    let summed = manifest::verify(folder, &whole);
    files.extend(summed);
    Ok(Verified { title: lock.title.clone(), program: lock.program.clone(), files })
}

/// What is wrong with a file.
fn problem(folder: &Path, file: &Locked) -> Option<String> {
    let inside = !file.path.split('/').any(|part| part == "..") && !Path::new(&file.path).is_absolute();
    if !inside {
        return Some("leads out of the release".into());
    }
    let at = folder.join(&file.path);
    match hash_of(&at) {
        Err(error) => Some(plain(&error)),
        Ok((_, hash)) if hash != file.blake3 => Some("was changed since it was made".into()),
        // What has the same hash was decoded when it was made; decoding again finds a decoder that changed.
        Ok(_) if file.song.is_some() || (file.frames > 0 && is_wav(&file.path)) => decoded(&at, file.frames).err(),
        Ok(_) => None,
    }
}

/// Whether a file of the whole album (a side, a disc's image) is audio with a header.
fn is_wav(path: &str) -> bool {
    Path::new(path).extension().is_some_and(|extension| extension.eq_ignore_ascii_case("wav"))
}

/// Decodes a file to its end and counts.
fn decoded(path: &Path, frames: u64) -> Result<(), String> {
    let mut source = media::open(path).map_err(|e| e.to_string())?.source;
    let mut buffer = Buffer::new(source.info().layout, 4096);
    let mut found = 0;
    loop {
        let read = source.read(&mut buffer.block(4096)).map_err(|e| e.to_string())?;
        if read == 0 {
            break;
        }
        found += read as u64;
    }
    if found == frames { Ok(()) } else { Err(format!("decodes to {found} frames where {frames} were written")) }
}
