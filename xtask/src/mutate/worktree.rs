//! A worktree of git in `target/mutants`, with the files as they are now, in which rules are left out; never in the
//! source itself.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::binaries::output;
use crate::workspace::Workspace;

/// The worktree.
pub struct Worktree {
    /// Where it is.
    pub root: PathBuf,
    /// Where it is built. Kept, so that the next run compiles only what has changed.
    pub target: PathBuf,
}

impl Worktree {
    /// Brings it to what the source is now, committed or not, whatever an earlier run has left there. What is the same
    /// already is not touched: cargo goes by the time of a file.
    pub fn of(workspace: &Workspace) -> Result<Self> {
        let folder = workspace.root.join("target/mutants");
        let worktree = Self { root: folder.join("source"), target: folder.join("build") };
        std::fs::create_dir_all(&folder)?;
        // All that git tracks and all that it would add, as a tree that belongs to no commit.
        let present = |arguments: &[&str]| {
            let mut git = git(&workspace.root, arguments);
            output(git.env("GIT_INDEX_FILE", folder.join("index")))
        };
        present(&["add", "--all"])?;
        let tree = String::from_utf8(present(&["write-tree"])?)?;
        if !worktree.root.join(".git").is_file() {
            let root = worktree.root.display().to_string();
            output(&mut git(&workspace.root, &["worktree", "add", "--force", "--no-checkout", "--detach", &root]))?;
        }
        output(&mut git(&worktree.root, &["read-tree", "--reset", "-u", tree.trim()]))?;
        Ok(worktree)
    }

    /// Leaves the rule of a patch out.
    pub fn apply(&self, patch: &Path) -> Result<()> {
        output(git(&self.root, &["apply"]).arg(patch)).map(|_| ())
    }

    /// Puts it back.
    pub fn take_back(&self, patch: &Path) -> Result<()> {
        output(git(&self.root, &["apply", "--reverse"]).arg(patch)).map(|_| ())
    }
}

fn git(folder: &Path, arguments: &[&str]) -> Command {
    let mut git = Command::new("git");
    // A checkout that belongs to another user, as in containers, is no reason for git to refuse.
    git.args(["-c", "safe.directory=*"]).args(arguments).current_dir(folder);
    git
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const PATCH: &str = "Breaks: a\n\n--- a/src/a.rs\n+++ b/src/a.rs\n@@ -2,2 +2,2 @@\n top\n-a\n+b\n";

    fn repository() -> (tempfile::TempDir, Workspace) {
        let folder = tempfile::tempdir().unwrap();
        let workspace = Workspace { root: folder.path().to_owned(), ci: false };
        output(&mut git(folder.path(), &["init", "--quiet"])).unwrap();
        fs::write(folder.path().join(".gitignore"), "/target\n").unwrap();
        fs::create_dir(folder.path().join("src")).unwrap();
        fs::write(folder.path().join("src/a.rs"), "// moved\n// by one line\ntop\na\n").unwrap();
        fs::write(folder.path().join("no-a.patch"), PATCH).unwrap();
        output(&mut git(folder.path(), &["add", "."])).unwrap();
        let who = ["-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "--quiet", "--message", "a"];
        output(&mut git(folder.path(), &who)).unwrap();
        (folder, workspace)
    }

    #[test]
    fn a_rule_is_left_out_of_the_worktree_alone_and_put_back() {
        let (folder, workspace) = repository();
        let worktree = Worktree::of(&workspace).unwrap();
        let there = || fs::read_to_string(worktree.root.join("src/a.rs")).unwrap();
        let before = there();
        worktree.apply(&folder.path().join("no-a.patch")).unwrap();
        assert!(there().ends_with("top\nb\n"), "the patch finds its lines though they have moved");
        assert_eq!(fs::read_to_string(folder.path().join("src/a.rs")).unwrap(), before, "the source is as it was");
        worktree.take_back(&folder.path().join("no-a.patch")).unwrap();
        assert_eq!(there(), before);
    }

    #[test]
    fn what_an_earlier_run_left_is_brought_to_the_source_of_today() {
        let (folder, workspace) = repository();
        let worktree = Worktree::of(&workspace).unwrap();
        worktree.apply(&folder.path().join("no-a.patch")).unwrap();
        fs::write(folder.path().join("src/b.rs"), "not committed").unwrap();
        fs::remove_file(folder.path().join("no-a.patch")).unwrap();
        let worktree = Worktree::of(&workspace).unwrap();
        assert_eq!(fs::read_to_string(worktree.root.join("src/b.rs")).unwrap(), "not committed");
        assert!(fs::read_to_string(worktree.root.join("src/a.rs")).unwrap().ends_with("top\na\n"), "it is put back");
        assert!(!worktree.root.join("no-a.patch").exists(), "what the source has not any more is gone");
    }

    #[test]
    fn what_is_the_same_keeps_its_time() {
        let (folder, workspace) = repository();
        let time = |of: &Worktree| fs::metadata(of.root.join("src/a.rs")).unwrap().modified().unwrap();
        let first = time(&Worktree::of(&workspace).unwrap());
        fs::write(folder.path().join("src/b.rs"), "not committed").unwrap();
        let worktree = Worktree::of(&workspace).unwrap();
        assert_eq!(time(&worktree), first);
        assert!(worktree.root.join("src/b.rs").exists(), "beside what has changed");
    }
}
