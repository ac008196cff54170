//! Renders kept on disk, by content: what was made once is read the next time.
//!
//! Below the shelf's folder stands one folder per program (a render belongs to the very executable that made it), in it
//! one file per render, named by the hash of what went into it. Files appear whole or not at all, so that several
//! programs can share a shelf; each block of a file carries its own hash, so that what a disk has damaged is found when
//! it is read, and made again. The files that were not used for the longest go first when the shelf is full.

use std::fs::{self, File};
use std::io::{self, BufWriter, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use tonmeister_engine::{Keeper, Kept, Name, Shape, Shelf, Told};

mod file;

use file::{Header, Reading, Recording};

/// A file changed less than this long ago may change again without its time saying so.
const SETTLED: Duration = Duration::from_secs(2);

/// What a killed program left half-written is taken away when it is older than this.
const ABANDONED: Duration = Duration::from_secs(24 * 60 * 60);

/// Bytes of a render that are written at once: the system keeps what comes together in one piece, which is quicker to write
/// and to read than many small ones.
const GATHERED: usize = 256 << 10;

/// How full the shelf is left when it has been tidied.
const TIDY: f64 = 0.9;

/// A folder of renders.
pub struct DiskShelf {
    /// The folder that was named.
    root: PathBuf,
    /// Where this program's renders lie.
    own: PathBuf,
    most_bytes: u64,
    /// Bytes that this program has promised to write since it last tidied.
    promised: Arc<AtomicU64>,
    damaged: Arc<AtomicBool>,
}

impl std::fmt::Debug for DiskShelf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DiskShelf")
            .field("root", &self.root)
            .field("most_bytes", &self.most_bytes)
            .finish_non_exhaustive()
    }
}

impl DiskShelf {
    /// The shelf in that folder, which is made when it is not there; it holds at most so many bytes.
    ///
    /// # Errors
    /// When the folder cannot be made, or the running program cannot be read.
    pub fn open(root: &Path, most_bytes: u64) -> io::Result<Self> {
        let program = hash_of(&std::env::current_exe()?)?;
        let own = root.join(format!("by-{}", &program[..32]));
        fs::create_dir_all(&own)?;
        let shelf = DiskShelf { root: root.into(), own, most_bytes, promised: Arc::default(), damaged: Arc::default() };
        shelf.tidy();
        Ok(shelf)
    }

    /// Where renders are kept by default: the system's folder for what can be made again.
    pub fn default_folder() -> Option<PathBuf> {
        let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let home = || {
            set("HOME")
                .map(|home| if cfg!(target_os = "macos") { home.join("Library/Caches") } else { home.join(".cache") })
        };
        let caches = if cfg!(windows) { set("LOCALAPPDATA") } else { set("XDG_CACHE_HOME").or_else(home) };
        caches.map(|folder| folder.join("tonmeister"))
    }

    /// Takes the renders away that were not used for the longest, until there is room again, and what killed programs
    /// left behind.
    pub fn tidy(&self) {
        self.promised.store(0, Ordering::Relaxed);
        let mut files = Vec::new();
        let folders = fs::read_dir(&self.root).into_iter().flatten().flatten().map(|entry| entry.path());
        for folder in folders.filter(|path| path.is_dir()) {
            let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
            for (path, meta) in entries.filter_map(|entry| Some((entry.path(), entry.metadata().ok()?))) {
                let used = meta.modified().unwrap_or(SystemTime::UNIX_EPOCH);
                let half = path.extension().is_none_or(|extension| extension != file::EXTENSION && extension != MEMO);
                match half {
                    true if used.elapsed().is_ok_and(|age| age > ABANDONED) => drop(fs::remove_file(&path)),
                    true => {}
                    false => files.push((used, meta.len(), path)),
                }
            }
        }
        let mut bytes: u64 = files.iter().map(|(_, length, _)| length).sum();
        if bytes <= self.most_bytes {
            return;
        }
        files.sort();
        for (_, length, path) in files {
            if bytes as f64 <= self.most_bytes as f64 * TIDY {
                break;
            }
            // Another program may have been faster; somebody who reads it still can.
            if fs::remove_file(&path).is_ok() {
                bytes -= length;
            }
        }
    }

    /// Whether something that was read since turned out to be damaged. It is gone: the same render without it succeeds.
    pub(crate) fn take_damage(&self) -> bool {
        self.damaged.swap(false, Ordering::Relaxed)
    }

    /// The hash of a file, remembered as long as its size and time stay the same.
    pub(crate) fn content(&self, path: &Path) -> io::Result<String> {
        let path = path.canonicalize()?;
        let meta = fs::metadata(&path)?;
        let changed = meta.modified()?;
        let since = changed.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let what = format!("{} {} {}", path.display(), meta.len(), since.as_nanos());
        let memo = self.own.join(format!("{}.{MEMO}", &blake3::hash(what.as_bytes()).to_hex()[..32]));
        if let Ok(known) = fs::read_to_string(&memo)
            && known.len() == 64
        {
            return Ok(known);
        }
        let content = hash_of(&path)?;
        if changed.elapsed().is_ok_and(|age| age > SETTLED) {
            // Without the memo the next render reads the file once more: nothing is lost.
            let _ = write_whole(&memo, content.as_bytes());
        }
        Ok(content)
    }

    fn place(&self, name: &Name) -> PathBuf {
        self.own.join(format!("{name}.{}", file::EXTENSION))
    }
}

/// The extension of what is remembered of a source file.
const MEMO: &str = "content";

fn hash_of(path: &Path) -> io::Result<String> {
    let mut hasher = blake3::Hasher::new();
    let mut file = File::open(path)?;
    let mut buffer = vec![0; 1 << 18];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hasher.finalize().to_hex().to_string()),
            got => hasher.update(&buffer[..got]),
        };
    }
}

fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.persist(path).map(drop).map_err(|error| error.error)
}

impl Shelf for DiskShelf {
    fn find(&self, name: &Name, shape: Shape) -> Option<Kept> {
        let path = self.place(name);
        let file = File::open(&path).ok()?;
        // The time of a file says when it was last of use.
        let _ = file.set_modified(SystemTime::now());
        let (reading, told) = Reading::open(file, path.clone(), Arc::clone(&self.damaged)).or_else(|| {
            let _ = fs::remove_file(&path);
            None
        })?;
        let Header { sample_rate, layout, frames } = reading.header();
        (sample_rate == shape.sample_rate && layout == shape.layout && frames >= shape.frames)
            .then(|| Kept { source: Box::new(reading), told })
    }

    fn keep(&self, name: &Name, shape: Shape) -> Option<Box<dyn Keeper>> {
        let header = Header { sample_rate: shape.sample_rate, layout: shape.layout, frames: shape.frames };
        let bytes = header.file_bytes();
        // No render of its own pushes out what another part of it has just kept.
        if self.promised.fetch_add(bytes, Ordering::Relaxed) + bytes > (self.most_bytes as f64 * TIDY) as u64 {
            return None;
        }
        let file = tempfile::NamedTempFile::new_in(&self.own).ok()?;
        let recording = Recording::begin(BufWriter::with_capacity(GATHERED, file), header).ok()?;
        Some(Box::new(Keeping { recording: Some(recording), target: self.place(name) }))
    }
}

/// A render on its way to the shelf.
struct Keeping {
    /// Nothing once writing has failed: the copy is given up, the render goes on.
    recording: Option<Recording<BufWriter<tempfile::NamedTempFile>>>,
    target: PathBuf,
}

impl Keeper for Keeping {
    fn push(&mut self, view: tonmeister_core::View<'_>) {
        if let Some(recording) = &mut self.recording
            && recording.push(view).is_err()
        {
            self.recording = None;
        }
    }

    fn finish(self: Box<Self>, told: &Told) {
        let Some(recording) = self.recording else { return };
        if let Ok(file) =
            recording.finish(told).and_then(|out| out.into_inner().map_err(io::IntoInnerError::into_error))
        {
            let _ = file.persist(&self.target);
        }
    }
}

#[cfg(test)]
mod tests;
