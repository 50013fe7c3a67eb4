//! What a change has to pass: by its files, or by the names of packages.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::readers::{lies_in, of};
use crate::metadata::Package;
use crate::workspaces::Beside;

/// Folders of which the page's bundle is made, or in which it lies.
const BUNDLED: [&str; 2] = ["clients/page", "clients/js/src"];
/// Files and folders that `cargo xtask packages` reads.
const PACKED: [&str; 9] = [
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "clients/godot/addons",
    "clients/js/README.md",
    "clients/js/package.json",
    "clients/rust/Cargo.toml",
    "clients/rust/README.md",
    "protocol/Cargo.toml",
    "protocol/README.md",
];

/// What a change has to pass.
#[derive(Default)]
pub struct Plan {
    /// Packages with code that changed: their format and clippy's warnings are looked at.
    code: BTreeSet<String>,
    /// Packages of which tests run.
    tests: BTreeMap<String, Scope>,
    /// Workspaces beside the main one in which something changed.
    beside: BTreeSet<&'static Beside>,
    /// Whether a document changed.
    documents: bool,
    /// Whether something changed of which the page's bundle is made.
    bundle: bool,
    /// Whether something changed that the published packages hold, or that says what they hold.
    packages: bool,
    /// Files that nothing here is for.
    pub uncovered: Vec<String>,
}

/// Which tests of a package.
enum Scope {
    All,
    /// Some of those in its `tests/`: the target, and a text in the names of its tests.
    Some(BTreeSet<(String, String)>),
}

/// A command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Job {
    /// Of cargo, on the workspace.
    Cargo(Vec<String>),
    /// `cargo check` of a workspace beside it.
    Beside(&'static Beside),
    /// `cargo xtask tidy`.
    Tidy,
    /// `cargo xtask bundle --check`.
    Bundle,
    /// `cargo xtask packages`.
    Packages,
}

impl Plan {
    /// For packages that are named.
    pub fn named(names: &[String]) -> Self {
        let tests = names.iter().map(|name| (name.clone(), Scope::All)).collect();
        Self { code: names.iter().cloned().collect(), tests, ..Self::default() }
    }

    /// For files that changed.
    pub fn of_files<'a>(packages: &[Package], files: impl IntoIterator<Item = &'a String>) -> Self {
        let mut plan = Self::default();
        for file in files {
            plan.add(packages, file);
        }
        plan
    }

    fn add(&mut self, packages: &[Package], file: &str) {
        let mut covered = false;
        let beside = Beside::all().into_iter().find(|beside| lies_in(file, beside.folder));
        if let Some(beside) = beside {
            self.beside.insert(beside);
            covered = true;
        } else if let Some(package) = owner(packages, file) {
            self.code.insert(package.name.clone());
            match test_of(package, file) {
                Some(test) => self.add_test(&package.name, test, ""),
                None => _ = self.tests.insert(package.name.clone(), Scope::All),
            }
            covered = true;
        }
        self.bundle |= BUNDLED.iter().any(|folder| lies_in(file, folder));
        if PACKED.iter().any(|packed| lies_in(file, packed)) {
            self.packages = true;
            covered = true;
        }
        for reader in of(file) {
            match reader.test {
                Some((test, name)) => self.add_test(reader.package, test, name),
                None => _ = self.tests.insert(reader.package.to_owned(), Scope::All),
            }
            covered = true;
        }
        if file.ends_with(".md") {
            self.documents = true;
            covered = true;
        }
        if !covered {
            self.uncovered.push(file.to_owned());
        }
    }

    fn add_test(&mut self, package: &str, test: &str, name: &str) {
        let scope = self.tests.entry(package.to_owned()).or_insert_with(|| Scope::Some(BTreeSet::new()));
        if let Scope::Some(tests) = scope {
            tests.insert((test.to_owned(), name.to_owned()));
        }
    }

    /// The commands, cheapest first.
    pub fn jobs(&self, packages: &[Package]) -> Vec<Job> {
        let mut jobs = Vec::new();
        let named = self.code.iter().flat_map(|name| ["-p", name]);
        if !self.code.is_empty() {
            jobs.push(cargo(["fmt", "--check"].into_iter().chain(named.clone())));
        }
        if self.documents {
            jobs.push(Job::Tidy);
        }
        if self.bundle {
            jobs.push(Job::Bundle);
        }
        if self.packages {
            jobs.push(Job::Packages);
        }
        if !self.code.is_empty() {
            let rest = ["--all-targets", "--", "--deny", "warnings"];
            jobs.push(cargo(["clippy"].into_iter().chain(named).chain(rest)));
        }
        for package in packages.iter().filter(|package| self.code.contains(&package.name)) {
            // `--all-targets` leaves them out.
            let long = package.long_tests.iter().flat_map(|test| ["--test", test]);
            if !package.long_tests.is_empty() {
                let rest = ["--", "--deny", "warnings"];
                jobs.push(cargo(["clippy", "-p", &package.name].into_iter().chain(long).chain(rest)));
            }
        }
        jobs.extend(self.beside.iter().map(|beside| Job::Beside(beside)));
        let all = self.tests.iter().filter(|(_, scope)| matches!(scope, Scope::All));
        let all: Vec<_> = all.flat_map(|(name, _)| ["-p", name]).collect();
        if !all.is_empty() {
            jobs.push(cargo(["test"].into_iter().chain(all)));
        }
        for (package, scope) in &self.tests {
            if let Scope::Some(tests) = scope {
                jobs.extend(some(package, tests));
            }
        }
        jobs
    }
}

/// The commands for some tests of a package: one for all that run whole, and one for each part of another.
fn some<'a>(package: &'a str, tests: &'a BTreeSet<(String, String)>) -> impl Iterator<Item = Job> + 'a {
    let whole: BTreeSet<_> = tests.iter().filter(|(_, name)| name.is_empty()).map(|(test, _)| test.as_str()).collect();
    let command = ["test", "-p", package];
    let at_once = cargo(command.into_iter().chain(whole.iter().flat_map(|test| ["--test", test])));
    let parts = tests.iter().filter({
        let whole = whole.clone();
        move |(test, _)| !whole.contains(test.as_str())
    });
    let parts = parts.map(move |(test, name)| cargo(command.into_iter().chain(["--test", test, name])));
    (!whole.is_empty()).then_some(at_once).into_iter().chain(parts)
}

fn cargo<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Job {
    Job::Cargo(arguments.into_iter().map(str::to_owned).collect())
}

/// The innermost package that a file lies in.
fn owner<'a>(packages: &'a [Package], file: &str) -> Option<&'a Package> {
    packages.iter().filter(|package| lies_in(file, &package.folder)).max_by_key(|package| package.folder.len())
}

/// The one test that a file of a package is part of.
fn test_of<'a>(package: &'a Package, file: &str) -> Option<&'a str> {
    let within = file.strip_prefix(&package.folder)?.strip_prefix("/tests/")?;
    let name = within.split(['/', '.']).next()?;
    let tests = package.tests.iter().chain(&package.long_tests);
    tests.map(String::as_str).find(|test| *test == name)
}

impl fmt::Display for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cargo(arguments) => write!(f, "cargo {}", arguments.join(" ")),
            Self::Beside(beside) => write!(f, "cargo check --manifest-path {}/Cargo.toml", beside.folder),
            Self::Tidy => f.write_str("cargo xtask tidy"),
            Self::Bundle => f.write_str("cargo xtask bundle --check"),
            Self::Packages => f.write_str("cargo xtask packages"),
        }
    }
}

#[cfg(test)]
mod tests;
