//! Why a release cannot be written or read: which file, what place, what to do.

use std::fmt::Write;
use std::io;
use std::path::{Path, PathBuf};

use tonmeister_core::{Diagnostic, SourceError};

/// Why something was not written or could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReleaseError {
    /// There is nothing of that name.
    #[error("there is no {}; check the spelling and the folder the path starts from", path.display())]
    Missing {
        /// What was asked for.
        path: PathBuf,
    },
    /// Something of that name is there already.
    #[error("{} is there already; move it away or choose another name", path.display())]
    Exists {
        /// What was to be written.
        path: PathBuf,
    },
    /// There is no room for it.
    #[error("{} was not written: the disk is full; make room and run it again", path.display())]
    Full {
        /// What was to be written.
        path: PathBuf,
    },
    /// The disk, the network or the operating system failed.
    #[error("{} could not be {action}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// `read` or `written`.
        action: &'static str,
        /// What the operating system said.
        source: io::Error,
    },
    /// A folder without a `DDPID`.
    #[error(
        "{} holds no DDP fileset: there is no DDPID in it; name the folder that DDPID, DDPMS and the image are in",
        path.display()
    )]
    NoFileset {
        /// The folder.
        path: PathBuf,
    },
    /// It breaks a rule, so that nothing was written.
    #[error("{} was not written: {}", path.display(), listed(findings))]
    Refused {
        /// What was to be written.
        path: PathBuf,
        /// The broken rules, each with its remedy.
        findings: Vec<Diagnostic>,
    },
    /// A text that cannot be understood.
    #[error("{} cannot be read: {}", path.display(), listed(findings))]
    Unread {
        /// The file.
        path: PathBuf,
        /// What is wrong in which line, with remedies.
        findings: Vec<Diagnostic>,
    },
    /// It cannot be understood.
    #[error("{} is damaged at {place}: {found}; copy or export it again", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// `byte 12`, `packet 3`, `line 7`.
        place: String,
        /// What was expected and found.
        found: String,
    },
    /// Audio could not be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// An audio file could not be read or written.
    #[error(transparent)]
    Media(#[from] tonmeister_media::MediaError),
}

impl ReleaseError {
    /// Sorts an operating system's error into the kinds that have a remedy.
    pub(crate) fn io(path: &Path, action: &'static str, source: io::Error) -> ReleaseError {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::NotFound => ReleaseError::Missing { path },
            io::ErrorKind::AlreadyExists => ReleaseError::Exists { path },
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => ReleaseError::Full { path },
            _ => ReleaseError::Io { path, action, source },
        }
    }

    pub(crate) fn damaged(path: &Path, place: impl Into<String>, found: impl Into<String>) -> ReleaseError {
        ReleaseError::Damaged { path: path.to_owned(), place: place.into(), found: found.into() }
    }
}

/// Findings on lines of their own, the first on the line that is there.
fn listed(findings: &[Diagnostic]) -> String {
    let mut out = String::new();
    for (n, finding) in findings.iter().enumerate() {
        out.push_str(if n == 0 { "" } else { "\n" });
        out.push_str(&finding.message);
        if let Some(help) = &finding.help {
            // Writing to a string cannot fail.
            let _ = write!(out, "; {help}");
        }
    }
    out
}
