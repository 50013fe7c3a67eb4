//! The skipped tests of one run, in a file that all test programs of one `cargo test` add to.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::os::unix::process::parent_id;
use std::path::{Path, PathBuf};
use std::thread;

/// Where the files lie, beside the test programs.
const FOLDER: &str = "skipped-tests";

/// The run that this test program is part of.
pub struct Run {
    /// The process that started it, which is cargo for all of them: its number, and when it was started.
    name: String,
    folder: PathBuf,
    program: String,
}

impl Run {
    /// The run of this program.
    pub fn current() -> io::Result<Self> {
        let path = std::env::current_exe()?;
        let folder = path.parent().unwrap_or(&path).join(FOLDER);
        let parent = parent_id();
        let start = started_at(parent).ok_or_else(|| io::Error::other("there is no /proc to name a run by"))?;
        let program = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Self { name: format!("{parent}-{start}"), folder, program })
    }

    /// Adds the test of this thread. The first skip of a run removes the files of those that have ended.
    pub fn record(&self, missing: &str) -> io::Result<()> {
        let file = self.file();
        if !file.exists() {
            fs::create_dir_all(&self.folder)?;
            remove_ended(&self.folder)?;
        }
        let test = thread::current().name().unwrap_or("a thread without a name").to_owned();
        // One write each, so that no two programs mix their lines.
        let line = format!("{} {test}\t{}\n", self.program, missing.replace(['\n', '\t'], " "));
        File::options().create(true).append(true).open(file)?.write_all(line.as_bytes())
    }

    /// How many tests were skipped so far, by reason; each test once, by its first.
    pub fn summary(&self) -> io::Result<String> {
        let text = match fs::read_to_string(self.file()) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error),
        };
        Ok(summary(&text))
    }

    fn file(&self) -> PathBuf {
        self.folder.join(&self.name)
    }
}

fn summary(text: &str) -> String {
    let mut reasons = BTreeMap::<&str, &str>::new();
    for (test, missing) in text.lines().filter_map(|line| line.split_once('\t')) {
        // What follows the colon differs between tests that miss the same thing.
        let reason = missing.split_once(": ").map_or(missing, |(reason, _)| reason);
        reasons.entry(test).or_insert(reason);
    }
    let mut counts = BTreeMap::<&str, usize>::new();
    for reason in reasons.values() {
        *counts.entry(reason).or_default() += 1;
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let counted: Vec<_> = counts.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
    match reasons.len() {
        0 => "none".to_owned(),
        1 => format!("1 test: {}", counted.join(", ")),
        all => format!("{all} tests: {}", counted.join(", ")),
    }
}

/// Removes the files whose processes have ended.
fn remove_ended(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let Some((pid, start)) = name.split_once('-') else { continue };
        let runs = pid.parse().ok().and_then(started_at).is_some_and(|current| current == start);
        if !runs {
            match fs::remove_file(&path) {
                // Another program of this run was faster.
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                done => done?,
            }
        }
    }
    Ok(())
}

/// When a process was started, in ticks since boot: with its number this names it for good.
fn started_at(pid: u32) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // After the name, which may hold anything.
    stat.rsplit_once(')')?.1.split_whitespace().nth(19).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_are_counted_once_and_by_reason() {
        let redis = "no Redis (TEST_REDIS_URL): refused";
        let postgres = "no PostgreSQL (TEST_POSTGRES_URL): timed out";
        let skipped = |lines: &[(&str, &str)]| {
            summary(&lines.iter().map(|(test, missing)| format!("{test}\t{missing}\n")).collect::<String>())
        };
        assert_eq!(skipped(&[]), "none");
        assert_eq!(skipped(&[("a one", redis), ("a one", redis)]), "1 test: 1 no Redis (TEST_REDIS_URL)");
        let several = [("a one", redis), ("a two", postgres), ("b one", postgres), ("a two", redis)];
        let counted = "3 tests: 2 no PostgreSQL (TEST_POSTGRES_URL), 1 no Redis (TEST_REDIS_URL)";
        assert_eq!(skipped(&several), counted, "a test counts by its first reason");
    }

    #[test]
    fn files_of_ended_runs_are_removed() {
        let folder = std::env::temp_dir().join(format!("realmgate-skip-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let own = std::process::id();
        let living = format!("{own}-{}", started_at(own).expect("this process runs"));
        let names = [living.clone(), format!("{own}-1"), "4294967295-5".to_owned(), "README".to_owned()];
        names.iter().for_each(|name| fs::write(folder.join(name), "").unwrap());
        remove_ended(&folder).unwrap();
        let mut left: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        fs::remove_dir_all(&folder).unwrap();
        assert_eq!(left, [living.as_str(), "README"], "a number that was given again names another run");
    }
}
