//! The files of a change, as git names them.

use std::collections::BTreeSet;
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
    fn a_branch_that_is_not_there_is_named() {
        let error = files(repository().path(), "nothing").unwrap_err();
        assert_eq!(error.to_string(), "there is no commit nothing");
    }
}
