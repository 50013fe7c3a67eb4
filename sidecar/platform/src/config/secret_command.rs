//! Runs the command that prints secrets, with a limit on its time and its output.

use std::io::Read;
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};

use super::secret_store::MAX_BYTES;
use crate::clock::Clock;

/// How often a command that has printed everything is checked for its end.
const CHECK_EVERY: Duration = Duration::from_millis(2);

/// What `command` prints to stdout, run by `/bin/sh` with the environment of this process. Its stderr is discarded, since it
/// may contain secrets too.
///
/// # Errors
/// When it cannot be started, does not succeed, prints more than 64 KiB, or does not end in time: then it is killed with
/// all of its process group. The error never quotes its output.
pub(super) fn output(command: &str, within: Duration) -> Result<Vec<u8>, String> {
    let clock = Clock::system();
    let deadline = clock.uptime() + within;
    // In a process group of its own, so that a pipeline is killed as a whole.
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", command]).process_group(0);
    shell.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = shell.spawn().map_err(|error| format!("cannot start /bin/sh: {error}"))?;
    let ended = child.stdout.take().map(read).ok_or("has no output".to_owned()).and_then(|printed| {
        let output = printed.recv_timeout(within).map_err(|_| too_slow(within))?;
        let output = output.map_err(|error| format!("its output cannot be read: {error}"))?;
        if output.len() as u64 > MAX_BYTES {
            return Err(format!("printed more than {MAX_BYTES} bytes"));
        }
        Ok((wait(&mut child, &clock, deadline)?.ok_or_else(|| too_slow(within))?, output))
    });
    match ended {
        Ok((status, output)) if status.success() => Ok(output),
        Ok((status, _)) => {
            Err(format!("ended with {status}; run it by hand to see why, since its output is not logged"))
        }
        Err(why) => {
            end(&mut child);
            Err(why)
        }
    }
}

fn too_slow(within: Duration) -> String {
    format!("did not end, or left its output open, within {} s (SECRETS_COMMAND_SECONDS)", within.as_secs())
}

/// Reads in another thread, so that the time has a limit. One byte more than is allowed shows that there is too much.
fn read(stdout: ChildStdout) -> Receiver<std::io::Result<Vec<u8>>> {
    let (done, printed) = mpsc::sync_channel(1);
    thread::spawn(move || {
        let mut output = Vec::new();
        let read = stdout.take(MAX_BYTES + 1).read_to_end(&mut output);
        // No one waits for it any longer if it was too slow.
        let _ = done.send(read.map(|_| output));
    });
    printed
}

/// The status with which it ended; `None` if it still runs at the deadline.
fn wait(child: &mut Child, clock: &Clock, deadline: Duration) -> Result<Option<ExitStatus>, String> {
    loop {
        match child.try_wait() {
            Ok(None) if clock.uptime() < deadline => thread::sleep(CHECK_EVERY),
            status => return status.map_err(|error| error.to_string()),
        }
    }
}

fn end(child: &mut Child) {
    // Its number is its own until it is waited for.
    let _ = kill_process_group(Pid::from_child(child), Signal::KILL);
    let _ = child.wait();
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(60);

    #[test]
    fn what_a_pipeline_prints_is_returned_without_its_stderr() {
        assert_eq!(output("echo to-stderr >&2; echo a=b | tr a-z A-Z", PATIENCE).unwrap(), b"A=B\n");
    }

    #[test]
    fn a_command_that_does_not_end_is_killed_with_its_children() {
        let folder = tempfile::tempdir().unwrap();
        let pids = folder.path().join("pids");
        // The second has closed its output, and the third keeps it open in a child.
        for hangs in ["sleep 600", "exec >&-; sleep 600", "sleep 600 & exit 0"] {
            let command = format!("echo $$ > {}; {hangs}", pids.display());
            let error = output(&command, Duration::from_secs(1)).unwrap_err();
            assert!(error.contains("within 1 s"), "{hangs}: {error}");
            let group: i32 = std::fs::read_to_string(&pids).unwrap().trim().parse().unwrap();
            let clock = Clock::system();
            let deadline = clock.uptime() + PATIENCE;
            while is_running(group) {
                assert!(clock.uptime() < deadline, "{hangs}: a process is left");
                thread::yield_now();
            }
        }
    }

    /// Whether a process of this group runs. One that has ended may still wait for being reaped by the system.
    fn is_running(group: i32) -> bool {
        let is_of_group = |stat: String| {
            let rest = stat.rsplit_once(") ").map_or("", |(_, rest)| rest).to_owned();
            let mut fields = rest.split(' ');
            fields.next() != Some("Z") && fields.nth(1) == Some(group.to_string().as_str())
        };
        let stats = std::fs::read_dir("/proc").unwrap().filter_map(Result::ok);
        stats.filter_map(|entry| std::fs::read_to_string(entry.path().join("stat")).ok()).any(is_of_group)
    }

    #[test]
    fn output_without_an_end_is_refused() {
        assert!(output("yes", PATIENCE).unwrap_err().contains("more than 65536 bytes"));
    }

    #[test]
    fn a_command_that_fails_is_told_by_its_status() {
        assert!(output("kill -9 $$", PATIENCE).unwrap_err().contains("signal: 9"));
        assert!(output("no-such-program-at-all", PATIENCE).unwrap_err().contains("exit status: 127"));
    }
}
