//! A program under test: its output is kept, and it ends with its value.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use realmgate_services::run;
use rustix::process::{Pid, Signal, kill_process};

use crate::binaries::workspace;
use crate::home::Home;
use crate::wait::{PATIENCE, found_within};

/// As much of the output as a failed test shows.
const SHOWN_LINES: usize = 60;

/// A running program.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Mutex<Child>,
    stdout: PathBuf,
    stderr: PathBuf,
    /// Not removed while the program runs in it.
    _home: Home,
}

/// How a program ended.
#[derive(Debug)]
pub struct Finished {
    /// Its exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// What it wrote to stdout.
    pub stdout: String,
    /// What it wrote to stderr.
    pub stderr: String,
}

/// A command that sees nothing of the test's own environment, whose settings would be the program's too. It ends with the
/// test run.
pub fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().envs(run().environment()).env("RUST_BACKTRACE", "1").current_dir(workspace());
    command
}

impl Process {
    /// Starts a program; its output goes to files in `home`.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn start(home: &Home, command: Command) -> Self {
        Self::start_reading(home, command, Stdio::null())
    }

    /// As [`Process::start`], with another input; one that is piped is open until [`Process::end_input`].
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn start_reading(home: &Home, mut command: Command, input: Stdio) -> Self {
        let name = Path::new(command.get_program()).file_name().unwrap_or_default().to_string_lossy().into_owned();
        let (stdout, stderr) = (home.fresh_path("stdout"), home.fresh_path("stderr"));
        let file = |path: &Path| File::create(path).expect("an output file can be made");
        command.stdin(input).stdout(file(&stdout)).stderr(file(&stderr));
        let child = command.spawn().unwrap_or_else(|error| panic!("{name} cannot be started: {error}"));
        Self { name, child: Mutex::new(child), stdout, stderr, _home: home.clone() }
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child().id()
    }

    /// Whether it has not ended.
    pub fn is_running(&self) -> bool {
        self.status().is_none()
    }

    /// What it wrote to stdout so far.
    pub fn stdout(&self) -> String {
        read_lossy(&self.stdout)
    }

    /// What it wrote to stderr so far: where logs go.
    pub fn stderr(&self) -> String {
        read_lossy(&self.stderr)
    }

    /// Asks it to end, as an operator does.
    pub fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    /// Ends its input, where that was piped.
    pub fn end_input(&self) {
        drop(self.child().stdin.take());
    }

    /// Sends it a signal; one that has ended does not mind.
    pub fn signal(&self, signal: Signal) {
        let pid = Pid::from_child(&self.child());
        let _ = kill_process(pid, signal);
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// When it still runs after [`PATIENCE`].
    pub async fn finished(&self) -> Finished {
        self.finished_within(PATIENCE).await
    }

    /// As [`Process::finished`], for one that takes its time.
    ///
    /// # Panics
    /// When it still runs afterwards.
    pub async fn finished_within(&self, patience: Duration) -> Finished {
        let Some(status) = found_within(patience, async || self.status()).await else {
            panic!("{} still runs after {patience:?}{}", self.name, self.told());
        };
        Finished { code: status.code(), stdout: self.stdout(), stderr: self.stderr() }
    }

    /// Waits for its end where nothing can be awaited: in a destructor.
    pub fn wait_blocking(&self) {
        // There is nobody to tell that it cannot be waited for.
        let _ = self.child().wait();
    }

    /// The end of its output, for the message of a test that fails.
    pub fn told(&self) -> String {
        let (stdout, stderr) = (self.stdout(), self.stderr());
        let name = &self.name;
        format!("\n--- stdout of {name}\n{}\n--- stderr of {name}\n{}\n---", tail(&stdout), tail(&stderr))
    }

    fn status(&self) -> Option<ExitStatus> {
        self.child().try_wait().expect("one's own child can be asked for its end")
    }

    fn child(&self) -> std::sync::MutexGuard<'_, Child> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let child = self.child.get_mut().unwrap_or_else(PoisonError::into_inner);
        // It may have ended by itself.
        let _ = child.kill();
        let _ = child.wait();
    }
}

/// Whether a process runs, be it a child of the test or not. One that has ended and that nobody has asked for its end
/// does not.
pub fn is_alive(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // After the name, which may hold anything: the state.
    let state = stat.rsplit_once(')').and_then(|(_, rest)| rest.trim_start().chars().next());
    !matches!(state, None | Some('Z' | 'X'))
}

fn read_lossy(path: &Path) -> String {
    String::from_utf8_lossy(&std::fs::read(path).unwrap_or_default()).into_owned()
}

fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(SHOWN_LINES)..].join("\n")
}
