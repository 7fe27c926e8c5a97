//! A folder for the demo's ledger that goes away with it.

use std::io;
use std::path::{Path, PathBuf};

/// Removed, with all that is in it, when dropped.
pub(super) struct Folder(PathBuf);

impl Folder {
    /// Makes a new folder among the system's temporary files.
    pub(super) fn make() -> io::Result<Self> {
        let name = format!("legwork-demo-{}-{:08x}", std::process::id(), fastrand::u32(..));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path)?;
        Ok(Self(path))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::debug!(%error, "the demo's folder is left behind");
        }
    }
}
