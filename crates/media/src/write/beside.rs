//! A temporary file beside its target.

use std::fs::{self, File, Permissions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile, TempPath};

use super::sync_folder;
use crate::error::MediaError;

/// Bytes on their way to a target. Dropped, they vanish.
#[derive(Debug)]
pub(crate) struct Beside {
    file: NamedTempFile,
    target: PathBuf,
}

impl Beside {
    /// Makes the temporary file in the target's own folder, so that the rename stays on one disk.
    pub(crate) fn create(path: &Path) -> Result<Beside, MediaError> {
        // A link is followed: the file behind it is what the user means to replace.
        let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        if target.is_dir() {
            return Err(MediaError::Folder { path: target });
        }
        let io = |e| MediaError::io(path, "written", e);
        let folder = folder_of(&target);
        let name = target.file_name().ok_or_else(|| io(io::Error::other("the name has no last part")))?;
        let mut prefix = std::ffi::OsString::from(".");
        prefix.push(name);
        prefix.push(".");
        let mut builder = Builder::new();
        builder.prefix(&prefix).suffix(".part");
        let old = fs::metadata(&target).ok().map(|data| data.permissions());
        if let Some(permissions) = old.or_else(usual_permissions) {
            builder.permissions(permissions);
        }
        let file = builder.tempfile_in(folder).map_err(io)?;
        Ok(Beside { file, target })
    }

    /// The bytes without the open file, for a time.
    pub(crate) fn into_closed(self) -> (TempPath, PathBuf) {
        (self.file.into_temp_path(), self.target)
    }

    /// [`Beside::into_closed`] undone.
    pub(crate) fn reopened((path, target): (TempPath, PathBuf)) -> Result<Beside, MediaError> {
        let opened = File::options().read(true).write(true).open(&path);
        let file = opened.map_err(|e| MediaError::io(&target, "written", e))?;
        Ok(Beside { file: NamedTempFile::from_parts(file, path), target })
    }

    /// The file to be.
    pub(crate) fn target(&self) -> &Path {
        &self.target
    }

    /// Where the bytes are meanwhile.
    pub(crate) fn path(&self) -> &Path {
        self.file.path()
    }

    /// The file in the making.
    pub(crate) fn file(&mut self) -> &mut File {
        self.file.as_file_mut()
    }

    /// Syncs, renames, and syncs the folder.
    pub(crate) fn put_in_place(self) -> Result<(), MediaError> {
        let Beside { file, target } = self;
        let io = |e| MediaError::io(&target, "written", e);
        file.as_file().sync_all().map_err(io)?;
        file.persist(&target).map_err(|e| io(e.error))?;
        sync_folder(folder_of(&target)).map_err(io)
    }
}

fn folder_of(target: &Path) -> &Path {
    match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// What the user's mask leaves of everything; temporary files are private by default.
#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere there is no such default")]
fn usual_permissions() -> Option<Permissions> {
    Some(std::os::unix::fs::PermissionsExt::from_mode(0o666))
}

/// The system's own default.
#[cfg(not(unix))]
fn usual_permissions() -> Option<Permissions> {
    None
}

impl Write for Beside {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.as_file_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.as_file_mut().flush()
    }
}

impl Read for Beside {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        File::read(self.file.as_file_mut(), out)
    }
}

impl Seek for Beside {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.as_file_mut().seek(to)
    }
}
