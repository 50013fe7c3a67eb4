//! One run of a test process, and the id that everything it starts carries.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::sync::{LazyLock, Mutex, PoisonError};

use rustix::fs::{StatVfsMountFlags, statvfs};
use uuid::Uuid;

use crate::reaper;

/// The environment variable that marks the processes of a run.
pub(crate) const MARK: &str = "REALMGATE_TEST_RUN";
/// A file system in memory: commits and folders cost no disk there.
const MEMORY: &str = "/dev/shm";
/// It is used where this many bytes are free.
const ENOUGH_MEMORY: u64 = 4 << 30;

/// This test process's run. The first call starts its reaper.
///
/// # Panics
/// When the program has no [`reaper!`](crate::reaper!) at its root.
pub fn run() -> &'static Run {
    static RUN: LazyLock<Run> = LazyLock::new(Run::start);
    &RUN
}

/// A run of a test process.
#[derive(Debug)]
pub struct Run {
    id: String,
    folder: PathBuf,
    reaper: Mutex<Child>,
}

impl Run {
    fn start() -> Self {
        let id = Uuid::new_v4().simple().to_string()[..12].to_owned();
        let folder = temporary_folder().join(format!("realmgate-test-{id}"));
        std::fs::create_dir_all(&folder).expect("a folder for temporary files can be created");
        let reaper = Mutex::new(reaper::start(&id, &folder));
        // Every folder of the crate `tempfile` lies in ours from now on, and ends with it.
        tempfile::env::override_temp_dir(&folder).ok();
        Self { id, folder, reaper }
    }

    /// Its id: lower-case letters and digits.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Its folder. Temporary folders of the crate `tempfile` lie in it.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The environment of a process that ends with the run, even when the process that started it is killed.
    /// Its children inherit it. Temporary files go into the run's folder.
    pub fn environment(&self) -> [(&'static str, &str); 2] {
        [(MARK, &self.id), ("TMPDIR", self.folder.to_str().unwrap_or("/tmp"))]
    }

    /// Lets the reaper clean up one more service: `line` is one that [`reaper::serve`] understands.
    pub(crate) fn uses(&self, line: &str) {
        let mut reaper = self.reaper.lock().unwrap_or_else(PoisonError::into_inner);
        let input = reaper.stdin.as_mut().expect("it is piped");
        writeln!(input, "{line}").expect("the reaper is running");
    }
}

/// `TMPDIR` where it is set, else memory where there is enough of it, else the system's folder.
#[expect(clippy::disallowed_methods, reason = "where a machine keeps temporary files is no setting of the game")]
fn temporary_folder() -> PathBuf {
    let has_room = |path: &str| {
        statvfs(path).is_ok_and(|disk| {
            let may_run_programs = !disk.f_flag.contains(StatVfsMountFlags::NOEXEC);
            may_run_programs && disk.f_bavail * disk.f_frsize >= ENOUGH_MEMORY
        })
    };
    match std::env::var_os("TMPDIR") {
        None if has_room(MEMORY) => MEMORY.into(),
        _ => std::env::temp_dir(),
    }
}
