//! A rule that can be left out: a patch of the source, and the test that must notice it.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

/// Where the patches are, from the root.
const FOLDER: &str = "xtask/mutations";

/// A rule that can be left out.
pub struct Mutation {
    /// What `--only` and the table call it: the name of its file.
    pub name: String,
    /// What is so without the rule.
    pub breaks: String,
    /// What must fail then.
    pub guard: Guard,
    /// The file.
    pub patch: PathBuf,
}

/// A test that guards a rule.
#[derive(Debug, PartialEq, Eq)]
pub struct Guard {
    /// The build that has it.
    pub build: Build,
    /// Where it is, from the root.
    pub file: String,
    /// Its function. A test that runs on both databases is run on both.
    pub test: String,
}

/// What cargo builds for a test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Build {
    /// The unit tests of a library.
    Lib(String),
    /// A file or folder in a package's `tests/`.
    Test(String),
}

/// Every rule that can be left out, by name.
pub fn all(root: &Path) -> Result<Vec<Mutation>> {
    let mut mutations = Vec::new();
    for entry in fs::read_dir(root.join(FOLDER)).context(FOLDER)? {
        let patch = entry?.path();
        let text = fs::read_to_string(&patch)?;
        mutations.push(Mutation::of(patch, &text)?);
    }
    ensure!(!mutations.is_empty(), "{FOLDER} holds no patches");
    mutations.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(mutations)
}

impl Mutation {
    fn of(patch: PathBuf, text: &str) -> Result<Self> {
        let name = patch.file_stem().and_then(OsStr::to_str).unwrap_or_default().to_owned();
        let line = |head: &str| {
            let line = text.lines().take_while(|line| !line.is_empty()).find_map(|line| line.strip_prefix(head));
            line.with_context(|| format!("{FOLDER}/{name}.patch has no line `{head}…` at its head"))
        };
        let guard = Guard::of(line("Noticed by: ")?)?;
        Ok(Self { breaks: line("Breaks: ")?.to_owned(), guard, name, patch })
    }
}

impl Guard {
    /// From `path/to/file.rs::function`.
    fn of(cited: &str) -> Result<Self> {
        let (file, test) = cited.split_once("::").with_context(|| format!("{cited} is not a file and a function"))?;
        Ok(Self { build: Build::of(file)?, file: file.to_owned(), test: test.to_owned() })
    }
}

impl Build {
    /// What has the tests of this file.
    fn of(file: &str) -> Result<Self> {
        match file.split(['/', '.']).collect::<Vec<_>>()[..] {
            [package, "src", ..] | ["sidecar", package, "src", ..] => Ok(Self::Lib(format!("realmgate_{package}"))),
            [_, "tests", name, ..] => Ok(Self::Test(name.to_owned())),
            _ => bail!("{file} is neither in a package's src/ nor in its tests/"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_says_what_breaks_and_who_notices() {
        let head = "Breaks: All is well.\nNoticed by: sidecar/src/lock/a.rs::it_holds\n\n--- a/x\n+++ b/x\n";
        let mutation = Mutation::of("x/no-lock.patch".into(), head).unwrap();
        let guard = Guard {
            build: Build::Lib("realmgate_sidecar".to_owned()),
            file: "sidecar/src/lock/a.rs".to_owned(),
            test: "it_holds".to_owned(),
        };
        assert_eq!((&*mutation.name, &*mutation.breaks, mutation.guard), ("no-lock", "All is well.", guard));
        assert_eq!(mutation.patch, Path::new("x/no-lock.patch"));
        let below = format!("--- a/x\n\n{head}");
        for (text, missing) in [
            ("--- a/x\n", "Noticed by: "),
            (&*below, "Noticed by: "),
            ("Noticed by: sidecar/src/lock/a.rs::it_holds\n\nBreaks: All is well.\n", "Breaks: "),
        ] {
            let error = Mutation::of("x/no-lock.patch".into(), text).err().expect("a head that says too little");
            let wanted = format!("xtask/mutations/no-lock.patch has no line `{missing}…` at its head");
            assert_eq!(error.to_string(), wanted);
        }
    }

    #[test]
    fn a_test_is_built_by_where_it_is() {
        let test = |name: &str| Build::Test(name.to_owned());
        assert_eq!(Build::of("engine/tests/worlds/outage.rs").unwrap(), test("worlds"));
        assert_eq!(Build::of("engine/tests/broken_maps.rs").unwrap(), test("broken_maps"));
        assert_eq!(Build::of("engine/src/lib.rs").unwrap(), Build::Lib("realmgate_engine".to_owned()));
        let platform = Build::Lib("realmgate_platform".to_owned());
        assert_eq!(Build::of("sidecar/platform/src/limits/source.rs").unwrap(), platform);
        let error = Build::of("docs/locks.md").unwrap_err();
        assert_eq!(error.to_string(), "docs/locks.md is neither in a package's src/ nor in its tests/");
    }
}
