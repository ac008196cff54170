//! Why a file cannot be used: which file, what place in it, what was expected, what to do.

use std::io;
use std::path::{Path, PathBuf};

use tonmeister_core::SourceError;

/// Why a file could not be opened, read or written.
#[derive(Debug, thiserror::Error)]
pub enum MediaError {
    /// There is nothing of that name.
    #[error("there is no file {}; check the spelling and the folder the path starts from", path.display())]
    Missing {
        /// The file asked for.
        path: PathBuf,
    },
    /// There is no such folder to write it into.
    #[error("{} was not written: there is no folder {}; make it, or name another", path.display(), folder.display())]
    NoFolder {
        /// The file to be.
        path: PathBuf,
        /// The folder that is not there.
        folder: PathBuf,
    },
    /// It is a folder.
    #[error("{} is a folder, not an audio file; name one of the files in it", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
    },
    /// It may not be read or written.
    #[error("no permission to {action} {}; change its permissions or copy it elsewhere", path.display())]
    Denied {
        /// The file.
        path: PathBuf,
        /// `read` or `write`.
        action: &'static str,
    },
    /// It holds not one byte.
    #[error("{} is empty (0 bytes); export or copy it again", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// There is no room for it.
    #[error("{} was not written: the disk is full; make room and run it again", path.display())]
    Full {
        /// The file to be.
        path: PathBuf,
    },
    /// The disk takes nothing.
    #[error("{} was not written: the disk is read-only; name another folder", path.display())]
    ReadOnly {
        /// The file to be.
        path: PathBuf,
    },
    /// The disk, the network or the operating system failed.
    #[error("{} could not be {action}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// `read`, `written`.
        action: &'static str,
        /// What the operating system said.
        source: io::Error,
    },
    /// It is no kind of audio that is known here.
    #[error(
        "{} is no audio file that can be read: it begins with {found}. WAV, AIFF, FLAC, ALAC, MP3, AAC, Ogg Vorbis \
         and Opus are read; the file's name does not matter",
        path.display()
    )]
    NotAudio {
        /// The file.
        path: PathBuf,
        /// Its first bytes.
        found: String,
    },
    /// It is audio of a kind that is not read.
    #[error("{} holds {found}; {remedy}", path.display())]
    Unsupported {
        /// The file.
        path: PathBuf,
        /// What it holds.
        found: String,
        /// What to do instead.
        remedy: &'static str,
    },
    /// More channels than two.
    #[error(
        "{} has {channels} channels; mono and stereo are taken here. Split it into mono or stereo files, in a song one track each",
        path.display()
    )]
    Channels {
        /// The file.
        path: PathBuf,
        /// How many it has.
        channels: usize,
    },
    /// A sample rate outside 8 000 to 384 000 Hz.
    #[error("{} states a sample rate of {rate} Hz; 8000 to 384000 Hz are read. Its header is damaged, or convert it", path.display())]
    Rate {
        /// The file.
        path: PathBuf,
        /// What its header says.
        rate: u64,
    },
    /// Its structure contradicts itself.
    #[error("{} is damaged at {place}: {found}; export or copy it again", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// `byte 12`, `3.250 s`.
        place: String,
        /// What was found there.
        found: String,
    },
    /// Samples to be written that are not numbers, or a shape that does not fit.
    #[error("{} was not written: {found}", path.display())]
    Refused {
        /// The file to be.
        path: PathBuf,
        /// What was wrong with the samples or the settings.
        found: String,
    },
}

impl MediaError {
    /// Sorts an operating system's error into the kinds that have a remedy.
    pub(crate) fn io(path: &Path, action: &'static str, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::NotFound => match path.parent() {
                Some(folder) if action != "read" && !folder.as_os_str().is_empty() => {
                    MediaError::NoFolder { folder: folder.to_owned(), path }
                }
                _ => MediaError::Missing { path },
            },
            io::ErrorKind::IsADirectory => MediaError::Folder { path },
            io::ErrorKind::PermissionDenied => {
                MediaError::Denied { path, action: if action == "read" { "read" } else { "write" } }
            }
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => MediaError::Full { path },
            io::ErrorKind::ReadOnlyFilesystem => MediaError::ReadOnly { path },
            _ => MediaError::Io { path, action, source },
        }
    }

    /// A contradiction at that byte of the file.
    pub(crate) fn damaged(path: &Path, byte: u64, found: impl Into<String>) -> Self {
        MediaError::Damaged { path: path.to_owned(), place: format!("byte {byte}"), found: found.into() }
    }

    /// A kind of audio that is not read.
    pub(crate) fn unsupported(path: &Path, found: impl Into<String>, remedy: &'static str) -> Self {
        MediaError::Unsupported { path: path.to_owned(), found: found.into(), remedy }
    }
}

impl From<MediaError> for SourceError {
    fn from(error: MediaError) -> Self {
        SourceError::new(error.to_string())
    }
}
