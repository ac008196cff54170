//! A folder or a file in the making, beside its place: it appears under its name when it is whole, or not at all.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::{Builder, TempDir};

use crate::error::ReleaseError;

/// A folder on its way to a name. Dropped, it vanishes.
pub(crate) struct FolderBeside {
    folder: TempDir,
    target: PathBuf,
}

impl FolderBeside {
    /// Makes the folder in its target's own parent, so that the rename stays on one disk.
    ///
    /// # Errors
    /// When something of that name is there (an empty folder may be), or the parent is missing or not writable.
    pub(crate) fn create(target: &Path) -> Result<FolderBeside, ReleaseError> {
        let io = |e| ReleaseError::io(target, "written", e);
        refuse_existing(target)?;
        let name = target.file_name().ok_or_else(|| io(io::Error::other("the name has no last part")))?;
        let mut prefix = std::ffi::OsString::from(".");
        prefix.push(name);
        prefix.push(".");
        let parent = parent_of(target);
        let mut builder = Builder::new();
        builder.prefix(&prefix).suffix(".part");
        // Temporary folders are private by default; this one is to be as any other.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o777));
        let folder = builder.tempdir_in(parent).map_err(|e| ReleaseError::io(parent, "written", e))?;
        Ok(FolderBeside { folder, target: target.to_owned() })
    }

    /// Where its files are written for now.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a whole file into it and syncs it.
    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> Result<(), ReleaseError> {
        let path = self.path().join(name);
        let write = || {
            let mut file = File::create_new(&path)?;
            file.write_all(bytes)?;
            file.sync_all()
        };
        write().map_err(|e| ReleaseError::io(&self.target.join(name), "written", e))
    }

    /// Syncs it, gives it its name, and syncs that.
    pub(crate) fn put_in_place(self) -> Result<(), ReleaseError> {
        let FolderBeside { folder, target } = self;
        let io = |e| ReleaseError::io(&target, "written", e);
        sync_folder(folder.path()).map_err(io)?;
        refuse_existing(&target)?;
        fs::rename(folder.path(), &target).map_err(io)?;
        // It has another name now, so there is nothing left to vanish.
        drop(folder.keep());
        sync_folder(parent_of(&target)).map_err(io)
    }
}

fn refuse_existing(target: &Path) -> Result<(), ReleaseError> {
    let exists = || Err(ReleaseError::Exists { path: target.to_owned() });
    match fs::read_dir(target) {
        Ok(mut entries) => entries.next().map_or(Ok(()), |_| exists()),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(_) => exists(),
    }
}

/// The folder that a path stands in.
pub(crate) fn parent_of(target: &Path) -> &Path {
    match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Syncs a folder, so that a rename in it survives a power cut.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    // Folders cannot be opened for syncing everywhere; where they can, a failure counts.
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

/// Writes a file beside its place, syncs it, and gives it its name; a file that had it is replaced.
pub(crate) fn write_file(target: &Path, bytes: &[u8]) -> Result<(), ReleaseError> {
    let io = |e| ReleaseError::io(target, "written", e);
    let mut builder = Builder::new();
    builder.prefix(".tonmeister.").suffix(".part");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.tempfile_in(parent_of(target)).map_err(io)?;
    file.write_all(bytes).map_err(io)?;
    file.as_file().sync_all().map_err(io)?;
    file.persist(target).map_err(|e| io(e.error))?;
    sync_folder(parent_of(target)).map_err(io)
}
