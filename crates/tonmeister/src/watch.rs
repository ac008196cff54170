//! Whether a song, or anything that it is made from, has changed on disk.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::world::{World, sources};

/// Length and time of a file; nothing when it is not there.
type Stamp = Option<(u64, Option<SystemTime>)>;

/// A song document and its audio files as they were.
#[derive(Debug)]
pub struct Watch {
    song: PathBuf,
    stamps: BTreeMap<PathBuf, Stamp>,
}

impl World {
    /// Looks at a song document and every file that it names, as they are now. A document that cannot be read is watched
    /// alone, until it can.
    pub fn watch(&self, song: &Path) -> Watch {
        let base = song.parent().unwrap_or(Path::new(""));
        let named = self.open_document(song).map(|(document, _)| sources(document.song(), base)).unwrap_or_default();
        let stamps = named.into_iter().chain([song.to_owned()]).map(|path| {
            let now = stamp(&path);
            (path, now)
        });
        Watch { song: song.into(), stamps: stamps.collect() }
    }
}

impl Watch {
    /// The first file that is otherwise than it was.
    pub fn changed(&self) -> Option<&Path> {
        self.stamps.iter().find(|(path, then)| stamp(path) != **then).map(|(path, _)| path.as_path())
    }

    /// The document.
    pub fn song(&self) -> &Path {
        &self.song
    }
}

fn stamp(path: &Path) -> Stamp {
    let meta = std::fs::metadata(path).ok()?;
    Some((meta.len(), meta.modified().ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_song_and_its_audio_are_watched() {
        let folder = tempfile::tempdir().unwrap();
        let (song, audio) = (folder.path().join("song.toml"), folder.path().join("a.wav"));
        std::fs::write(&audio, b"one").unwrap();
        let text = "[song]\nsample_rate_hz = 48000\n\n[[track]]\nid = \"a\"\naudio = \"a.wav\"\n";
        std::fs::write(&song, text).unwrap();
        let world = World::new();
        let watch = world.watch(&song);
        assert_eq!(watch.changed(), None);
        std::fs::write(&audio, b"longer").unwrap();
        assert_eq!(watch.changed(), Some(audio.as_path()));
        let watch = world.watch(&song);
        std::fs::write(&song, "no document").unwrap();
        assert_eq!(watch.changed(), Some(song.as_path()));
        let watch = world.watch(&song);
        std::fs::remove_file(&audio).unwrap();
        assert_eq!(watch.changed(), None, "a document that cannot be read names nothing");
        std::fs::remove_file(&song).unwrap();
        assert_eq!(watch.changed(), Some(song.as_path()));
    }
}
