//! The files of a change, as git names them.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::binaries::output;

/// The files that differ from a branch since this one left it, with those that are not committed or not even added; on
/// that branch itself, from what was last pushed of it, and where nothing was, from the commit before.
pub fn files(root: &Path, against: &str) -> Result<BTreeSet<String>> {
    let base = base(root, against)?;
    let differing = git(root, &["diff", "--name-only", "--no-renames", "-z", &base])?;
    let untracked = git(root, &["ls-files", "-z", "--others", "--exclude-standard"])?;
    Ok(differing.split('\0').chain(untracked.split('\0')).filter(|file| !file.is_empty()).map(str::to_owned).collect())
}

/// The lines that a change adds, by file.
#[derive(Default)]
pub struct AddedLines(BTreeMap<String, Vec<RangeInclusive<usize>>>);

impl AddedLines {
    /// The lines that differ from a branch, with those that are not committed; on that branch itself, as [`files`].
    pub fn read(root: &Path, against: &str) -> Result<Self> {
        let base = base(root, against)?;
        let plain =
            ["--unified=0", "--no-renames", "--no-color", "--no-ext-diff", "--src-prefix=a/", "--dst-prefix=b/"];
        let diff = git(root, &[&["-c", "core.quotePath=false", "diff"][..], &plain, &[&base]].concat())?;
        let untracked = git(root, &["ls-files", "-z", "--others", "--exclude-standard"])?;
        let mut added = Self::parse(&diff);
        for file in untracked.split_terminator('\0') {
            added.0.insert(file.to_owned(), vec![1..=usize::MAX]);
        }
        Ok(added)
    }

    /// Reads a diff without context.
    fn parse(diff: &str) -> Self {
        let mut added = Self::default();
        let mut file = None;
        for line in diff.lines() {
            if let Some(path) = line.strip_prefix("+++ ") {
                file = path.strip_prefix("b/").map(str::to_owned);
            } else if let (Some(path), Some(lines)) = (&file, line.strip_prefix("@@ ").and_then(lines_of_hunk)) {
                added.0.entry(path.clone()).or_default().push(lines);
            }
        }
        added
    }

    /// These lines of one file.
    #[cfg(test)]
    pub fn of(file: &str, lines: RangeInclusive<usize>) -> Self {
        Self(BTreeMap::from([(file.to_owned(), vec![lines])]))
    }

    /// Whether the change adds this line, counted from 1.
    pub fn has(&self, file: &str, line: usize) -> bool {
        self.0.get(file).is_some_and(|lines| lines.iter().any(|lines| lines.contains(&line)))
    }
}

/// The lines that a hunk adds: those of `+12,3` in `-10,2 +12,3 @@`.
fn lines_of_hunk(hunk: &str) -> Option<RangeInclusive<usize>> {
    let (_, added) = hunk.split_once(" +")?;
    let added = added.split(' ').next()?;
    let (first, count) = added.split_once(',').unwrap_or((added, "1"));
    let (first, count) = (first.parse::<usize>().ok()?, count.parse::<usize>().ok()?);
    (count > 0).then(|| first..=first + count - 1)
}

fn base(root: &Path, against: &str) -> Result<String> {
    let pushed = format!("origin/{against}");
    let is_pushed = git(root, &["show-ref", "--verify", "--quiet", &format!("refs/remotes/{pushed}")]).is_ok();
    let other = match git(root, &["rev-parse", "--abbrev-ref", "HEAD"])?.trim() {
        branch if branch != against => against,
        _ if is_pushed => &pushed,
        _ => "HEAD~1",
    };
    let base = git(root, &["merge-base", "HEAD", other]).with_context(|| format!("there is no commit {other}"))?;
    Ok(base.trim().to_owned())
}

fn git(root: &Path, arguments: &[&str]) -> Result<String> {
    let mut git = Command::new("git");
    // A checkout that belongs to another user, as in containers, is no reason to refuse.
    let listed = output(git.args(["-c", "safe.directory=*"]).args(arguments).current_dir(root))?;
    Ok(String::from_utf8(listed)?)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// A repository with a commit on `main` that has the file `old`.
    fn repository() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        git(folder.path(), &["init", "--quiet", "--initial-branch", "main"]).unwrap();
        commit(folder.path(), "old");
        folder
    }

    fn commit(root: &Path, file: &str) {
        fs::write(root.join(file), file).unwrap();
        git(root, &["add", file]).unwrap();
        let who = ["-c", "user.name=A", "-c", "user.email=a@b"];
        git(root, &[&who[..], &["commit", "--quiet", "--message", file]].concat()).unwrap();
    }

    fn changed(root: &Path) -> Vec<String> {
        files(root, "main").unwrap().into_iter().collect()
    }

    #[test]
    fn a_branch_differs_by_its_commits_and_by_what_is_not_committed() {
        let folder = repository();
        let root = folder.path();
        git(root, &["checkout", "--quiet", "-b", "change"]).unwrap();
        commit(root, "committed");
        fs::write(root.join("untracked"), "").unwrap();
        fs::remove_file(root.join("old")).unwrap();
        assert_eq!(changed(root), ["committed", "old", "untracked"]);
        git(root, &["checkout", "--quiet", "main"]).unwrap();
        commit(root, "of-others");
        git(root, &["checkout", "--quiet", "change"]).unwrap();
        assert_eq!(changed(root), ["committed", "old", "untracked"], "what others did meanwhile is not of the change");
    }

    #[test]
    fn main_differs_from_what_was_pushed_or_from_the_commit_before() {
        let folder = repository();
        let root = folder.path();
        commit(root, "second");
        commit(root, "third");
        assert_eq!(changed(root), ["third"]);
        git(root, &["update-ref", "refs/remotes/origin/main", "HEAD~2"]).unwrap();
        assert_eq!(changed(root), ["second", "third"]);
    }

    #[test]
    fn added_lines_are_those_of_the_change_and_of_new_files() {
        let folder = repository();
        let root = folder.path();
        fs::write(root.join("text"), "1\n2\n3\n4\n").unwrap();
        git(root, &["add", "text"]).unwrap();
        commit(root, "second");
        fs::write(root.join("text"), "1\n+++ b/other\n3\nnew\nnew\n4\n").unwrap();
        fs::write(root.join("untracked"), "1\n").unwrap();
        git(root, &["commit", "--quiet", "--all", "--message", "third", "--author", "A <a@b>"]).unwrap_or_default();
        let added = AddedLines::read(root, "main").unwrap();
        let lines: Vec<usize> = (1..=6).filter(|line| added.has("text", *line)).collect();
        assert_eq!(lines, [2, 4, 5]);
        assert!(added.has("untracked", 1) && !added.has("old", 1) && !added.has("other", 1));
    }

    #[test]
    fn a_branch_that_is_not_there_is_named() {
        let error = files(repository().path(), "nothing").unwrap_err();
        assert_eq!(error.to_string(), "there is no commit nothing");
    }
}
