//! `cargo xtask tidy`: rules of this repository that no compiler checks. Each module below is one of them.

mod cited;
mod clippy_settings;
mod english;
mod figures;
mod game_types;
mod leftovers;
mod line_lengths;
pub mod links;
mod machine;
mod names;
mod sizes;
mod sleeps;
mod test_regions;
pub mod tree;

use std::fmt;
use std::path::Path;

use anyhow::{Result, ensure};

use self::tree::{File, Tree};
use crate::check::changed::AddedLines;

/// Every rule looks at one file at a time; only those in [`findings`] compare several.
const RULES: [fn(&File) -> Vec<Finding>; 7] = [
    game_types::check,
    sizes::check,
    leftovers::check,
    line_lengths::check,
    names::check,
    sleeps::check,
    machine::check,
];

/// Something that a rule does not like.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    path: String,
    line: usize,
    wrong: String,
    mend: String,
    only_warns: bool,
}

impl Finding {
    fn new(path: &str, line: usize, wrong: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, wrong: wrong.into(), mend: mend.into(), only_warns: false }
    }

    fn warning(self) -> Self {
        Self { only_warns: true, ..self }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let warning = if self.only_warns { "warning: " } else { "" };
        write!(f, "{}:{}: {warning}{}; {}", self.path, self.line, self.wrong, self.mend)
    }
}

/// Applies every rule to every file that git knows or would add, prints what they find, and fails unless that is
/// warnings only.
pub fn run(root: &Path) -> Result<()> {
    let tree = Tree::read(root)?;
    // A shallow clone has nothing to compare with.
    let added = AddedLines::read(root, "main").unwrap_or_default();
    let findings = findings(&tree, &added);
    for finding in &findings {
        println!("{finding}");
    }
    let faults = findings.iter().filter(|finding| !finding.only_warns).count();
    println!("{} files, {faults} faults, {} warnings", tree.files.len(), findings.len() - faults);
    ensure!(faults == 0, "tidy found {faults} faults");
    Ok(())
}

fn findings(tree: &Tree, added: &AddedLines) -> Vec<Finding> {
    let mut findings: Vec<_> = tree.files.iter().flat_map(|file| RULES.iter().flat_map(|rule| rule(file))).collect();
    findings.extend(figures::check(tree));
    findings.extend(cited::check(tree));
    findings.extend(links::check(tree));
    findings.extend(clippy_settings::check(tree));
    findings.extend(english::check(tree, added));
    findings.sort();
    findings.dedup();
    findings
}

#[cfg(test)]
mod testing {
    use std::fs;
    use std::process::Command;

    use super::*;

    /// What tidy says of a repository with these files: `path:line: what is wrong; what to do`.
    pub fn tidy(files: &[(&str, &str)]) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let init = Command::new("git").args(["init", "--quiet"]).arg(folder.path()).status().unwrap();
        assert!(init.success(), "the files of a repository are what git lists");
        for (path, text) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        findings(&Tree::read(folder.path()).unwrap(), &AddedLines::default()).iter().map(Finding::to_string).collect()
    }

    /// Asserts that tidy finds one thing in one file, at this line, in these words.
    #[track_caller]
    pub fn assert_finds(path: &str, text: &str, line: usize, words: &str) {
        let found = tidy(&[(path, text)]);
        let [finding] = &found[..] else { panic!("one finding is expected in {path}, not {found:#?}") };
        assert!(finding.starts_with(&format!("{path}:{line}: ")), "{finding} is not about {path}:{line}");
        assert!(finding.contains(words), "{finding} does not say: {words}");
    }

    /// Asserts that tidy has nothing to say about this file.
    #[track_caller]
    pub fn assert_clean(path: &str, text: &str) {
        assert_eq!(tidy(&[(path, text)]), [""; 0], "{path} breaks no rule");
    }
}
