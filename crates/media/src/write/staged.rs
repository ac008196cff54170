//! A file that is complete and waits beside its place.

use std::fs::File;
use std::path::PathBuf;

use tempfile::TempPath;
use tonmeister_core::Diagnostic;

use super::Written;
use super::beside::Beside;
use crate::error::MediaError;
use crate::finite::NonFinite;
use crate::open::{OpenOptions, Opened, open_input};
use crate::tags::{Embedded, Tags, write_to};

/// A complete file that has not got its name yet: it is heard, and then kept or dropped. So what an encoder makes of a
/// signal is judged on the very bytes that are delivered, and nothing is encoded twice. It is not held open: as many can wait
/// as there is room for on the disk. Dropped, it leaves no trace.
#[derive(Debug)]
pub struct Staged {
    path: TempPath,
    target: PathBuf,
    written: Written,
}

impl Staged {
    pub(super) fn new(out: Beside, written: Written) -> Staged {
        let (path, target) = out.into_closed();
        Staged { path, target, written }
    }

    /// What was written.
    pub fn written(&self) -> &Written {
        &self.written
    }

    /// Opens it, as a player would: decoded to floats that are held nowhere, from where the audio begins to where it ends.
    ///
    /// # Errors
    /// When it cannot be read, or does not have as many frames as went in.
    pub fn open(&self) -> Result<Opened, MediaError> {
        let file = File::open(&self.path).map_err(|e| MediaError::io(&self.target, "read", e))?;
        let opened = open_input(&self.target, file, OpenOptions { non_finite: NonFinite::Refuse })?;
        if opened.info.frames != self.written.frames {
            let found = format!("{} frames went in and {} came out", self.written.frames, opened.info.frames);
            return Err(MediaError::Refused { path: self.target.clone(), found });
        }
        Ok(opened)
    }

    /// Writes tags, and a front cover if there is one, syncs it and puts it in its place. Gives back what the tags were
    /// warned of ([`Tags::check`](crate::Tags::check)).
    ///
    /// # Errors
    /// Those of [`Writer::finish_tagged`](super::Writer::finish_tagged); what stood at the target stays.
    pub fn put_in_place(self, tags: &Tags, cover: Option<&Embedded>) -> Result<(Written, Vec<Diagnostic>), MediaError> {
        let mut out = Beside::reopened((self.path, self.target))?;
        let warnings = write_to(out.file(), &self.written.path, tags, cover)?;
        out.put_in_place()?;
        Ok((self.written, warnings))
    }
}
