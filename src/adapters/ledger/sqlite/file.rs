//! The file: the lock that keeps other processes out, the connections, and the schema.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::background::ports::{HookError, LedgerError};

/// The schema's migrations. The number of the last one is the file's `user_version`.
const MIGRATIONS: [&str; 9] = [
    include_str!("migrations/0001_tasks_and_notices.sql"),
    include_str!("migrations/0002_language.sql"),
    include_str!("migrations/0003_fallbacks.sql"),
    include_str!("migrations/0004_cards.sql"),
    include_str!("migrations/0005_channels.sql"),
    include_str!("migrations/0006_answers.sql"),
    include_str!("migrations/0007_blocks.sql"),
    include_str!("migrations/0008_texts.sql"),
    include_str!("migrations/0009_channel_parents.sql"),
];

/// The file's `application_id`: "Lgwk".
const APPLICATION_ID: i64 = 0x4C67_776B;

/// How long a statement waits for a lock, which somebody with a shell of `SQLite` may hold.
const BUSY: Duration = Duration::from_secs(5);

/// Why a ledger cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it open.
    #[error("the ledger `{}` is in use by another process", path.display())]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// A newer program wrote it.
    #[error("the ledger `{}` has schema version {found}, this program knows up to {known}: start a newer program", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// The schema's version.
        found: i64,
        /// The newest version this program knows.
        known: i64,
    },
    /// It is a database of something else.
    #[error("`{}` is a database, but not a ledger", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// The file cannot be opened, read or written.
    #[error("cannot {operation} of the ledger `{}`", path.display())]
    Store {
        /// The file.
        path: PathBuf,
        /// What was being done.
        operation: &'static str,
        /// What the system said.
        #[source]
        source: HookError,
    },
    /// What it holds cannot be understood.
    #[error("cannot load the ledger `{}`", path.display())]
    Load {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        #[source]
        source: LedgerError,
    },
}

/// A file that this process holds. The lock ends when this is dropped.
#[derive(Debug)]
pub(super) struct LedgerFile {
    path: PathBuf,
    _lock: File,
}

impl LedgerFile {
    /// Takes the lock beside the file, which tells that no other process works on it: all leases in it are dead.
    pub(super) fn lock(path: &Path) -> Result<Self, OpenError> {
        // A link and its target are one ledger, so they need one lock.
        let path = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
        let mut name = path.clone().into_os_string();
        name.push(".lock");
        let failed = |source: std::io::Error| failure(&path, "take the lock")(source);
        let mut ours = File::options();
        ours.create(true).truncate(false).write(true);
        // It holds what people asked and were told. What is there already keeps the rights that somebody gave it.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut ours, 0o600);
        let lock = ours.open(&name).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {
                // SQLite takes a file without contents for a new one, and gives its log the same rights.
                ours.open(&path).map_err(failed)?;
                Ok(Self { path, _lock: lock })
            }
            Err(TryLockError::WouldBlock) => Err(OpenError::InUse { path }),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }

    /// Opens the one connection that changes rows, and brings the schema up to date.
    pub(super) fn writer(&self) -> Result<Connection, OpenError> {
        let mut connection = self.attempt("open the file", || {
            connect(&self.path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)
        })?;
        check_owner(&self.path, &connection)?;
        self.attempt("set up the file", || set_up_writer(&connection))?;
        self.migrate(&mut connection)?;
        Ok(connection)
    }

    /// Opens a connection that only reads.
    pub(super) fn reader(&self) -> Result<Connection, OpenError> {
        self.attempt("open the file", || {
            let connection = connect(&self.path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
            // Small: a reader asks for single rows, and the caches of all connections must leave the process small.
            connection.pragma_update(None, "cache_size", -2_048)?;
            connection.set_prepared_statement_cache_capacity(32);
            Ok(connection)
        })
    }

    /// Opens a connection that only copies pages from the log into the file.
    pub(super) fn copier(&self) -> Result<Connection, OpenError> {
        self.attempt("open the file", || {
            let connection = connect(&self.path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
            set_up_syncs(&connection)?;
            Ok(connection)
        })
    }

    /// An error about what the file holds.
    pub(super) fn unreadable(&self, source: LedgerError) -> OpenError {
        OpenError::Load { path: self.path.clone(), source }
    }

    /// Makes an error of something that the system did not do.
    pub(super) fn failure<E: Into<HookError>>(&self, operation: &'static str) -> impl FnOnce(E) -> OpenError + use<E> {
        failure(&self.path, operation)
    }

    fn migrate(&self, connection: &mut Connection) -> Result<(), OpenError> {
        self.attempt("bring up to date the schema", || {
            let found = pragma(connection, "user_version")?;
            let old = (1..known_version()).contains(&found);
            if old {
                tracing::info!(
                    found,
                    known = known_version(),
                    "the ledger's tables are brought up to date; many tasks take a while"
                );
            }
            for (version, migration) in (1..).zip(MIGRATIONS) {
                if version <= found {
                    continue;
                }
                let transaction = connection.transaction()?;
                transaction.execute_batch(migration)?;
                transaction.pragma_update(None, "user_version", version)?;
                transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
                transaction.commit()?;
            }
            if old {
                tracing::info!("the ledger's tables are up to date");
            }
            Ok(())
        })
    }

    fn attempt<T>(&self, operation: &'static str, action: impl FnOnce() -> rusqlite::Result<T>) -> Result<T, OpenError> {
        attempt(&self.path, operation, action)
    }
}

fn attempt<T>(path: &Path, operation: &'static str, action: impl FnOnce() -> rusqlite::Result<T>) -> Result<T, OpenError> {
    action().map_err(failure(path, operation))
}

fn failure<E: Into<HookError>>(path: &Path, operation: &'static str) -> impl FnOnce(E) -> OpenError + use<E> {
    let path = path.to_path_buf();
    move |source| OpenError::Store { path, operation, source: source.into() }
}

/// Whether a file is a ledger that this program can go on with. Writes nothing and takes no lock, so a server may be working on it
/// meanwhile. It is opened for writing all the same: who may only read leaves the files of the log behind.
pub(super) fn examine(path: &Path) -> Result<(), OpenError> {
    let connection = attempt(path, "open the file", || connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE))?;
    check_owner(path, &connection)
}

/// Refuses databases of others and of newer programs before anything is written.
fn check_owner(path: &Path, connection: &Connection) -> Result<(), OpenError> {
    let known = known_version();
    let read = || -> rusqlite::Result<(i64, i64, i64)> {
        let version = pragma(connection, "user_version")?;
        let application = pragma(connection, "application_id")?;
        let tables = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        Ok((version, application, tables))
    };
    let (found, application, tables) = attempt(path, "read the schema", read)?;
    if tables > 0 && application != APPLICATION_ID {
        return Err(OpenError::Foreign { path: path.to_path_buf() });
    }
    if found > known { Err(OpenError::Newer { path: path.to_path_buf(), found, known }) } else { Ok(()) }
}

fn connect(path: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
    // Each connection stays with one thread, so none needs the library's mutex.
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY)?;
    // Otherwise whatever touches a table with a partial index is compiled again for every new value.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(connection)
}

fn set_up_syncs(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "synchronous", "FULL")?;
    // Where a plain fsync leaves data in the drive's cache, ask for more.
    connection.pragma_update(None, "fullfsync", true)?;
    connection.pragma_update(None, "checkpoint_fullfsync", true)
}

fn set_up_writer(connection: &Connection) -> rusqlite::Result<()> {
    connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get::<_, String>(0))?;
    set_up_syncs(connection)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // Enough for every page that writes come back to. Not more: a commit may look at each page in the cache.
    connection.pragma_update(None, "cache_size", -8_192)?;
    // Then the log starts again from its beginning. By that time another thread has copied nearly all of it. After a crash
    // the log, some 64 MB at most, is read once at the start.
    connection.pragma_update(None, "wal_autocheckpoint", 16_000)?;
    // What a long read made the log grow to is given back to the disk; what it grows to by itself is not, to be written over.
    connection.pragma_update(None, "journal_size_limit", 128 * 1024 * 1024)?;
    connection.pragma_update(None, "temp_store", "MEMORY")
}

fn pragma(connection: &Connection, name: &str) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, name, |row| row.get(0))
}

fn known_version() -> i64 {
    i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_writes_waits_for_the_disk() {
        let folder = tempfile::tempdir().unwrap();
        let file = LedgerFile::lock(&folder.path().join("legwork.db")).unwrap();
        for connection in [file.writer().unwrap(), file.copier().unwrap()] {
            let mode: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
            // 2 is FULL.
            let set = ["synchronous", "fullfsync", "checkpoint_fullfsync"].map(|name| pragma(&connection, name).unwrap());
            assert_eq!((mode.as_str(), set), ("wal", [2, 1, 1]));
        }
    }
}
