//! Small files, written whole or not at all.

use std::io::{self, Write};
use std::path::Path;

/// What to do with a file that stands under the name already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Existing {
    /// It makes room.
    Replace,
    /// It stays; the error is [`io::ErrorKind::AlreadyExists`].
    Keep,
}

/// Writes beside the target, syncs, and puts the file in its place.
pub(crate) fn write(path: &Path, text: &str, existing: Existing) -> io::Result<()> {
    write_bytes(path, text.as_bytes(), existing)
}

/// The same for a file that is no text.
pub(crate) fn write_bytes(path: &Path, bytes: &[u8], existing: Existing) -> io::Result<()> {
    let folder = path.parent().filter(|f| !f.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut beside = tempfile::Builder::new();
    #[cfg(unix)]
    let beside = {
        use std::os::unix::fs::PermissionsExt;
        // As any new file: what the user's mask leaves (temporary files are private otherwise).
        beside.permissions(std::fs::Permissions::from_mode(0o666))
    };
    let made = beside.prefix(".tonmeister.").suffix(".part").tempfile_in(folder);
    let mut file = made.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => {
            io::Error::other(format!("there is no folder {}; make it, or name another", folder.display()))
        }
        _ => error,
    })?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    match existing {
        Existing::Replace => file.persist(path).map_err(|e| e.error)?,
        Existing::Keep => file.persist_noclobber(path).map_err(|e| e.error)?,
    };
    Ok(())
}
