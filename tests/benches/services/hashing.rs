//! Other ways to hash passwords beside a world than the one that is shipped, to see what each brings.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use realmgate_tests::backends::program::find;

use crate::server::LOAD_CORE;

/// How passwords are hashed.
#[derive(Debug, Clone)]
pub struct Variant {
    /// `PASSWORD_MEMORY_MIB`.
    pub memory_mib: &'static str,
    /// Where passwords are hashed.
    pub placement: Placement,
}

/// Where, and how far below the world: done to the running threads from outside.
#[derive(Debug, Clone)]
pub struct Placement {
    /// For people.
    pub name: &'static str,
    /// At the niceness that is shipped where there are several cores, instead of the scheduling class for what runs when
    /// nobody else wants to.
    niceness: bool,
    /// On the core that the load has, instead of the world's.
    other_core: bool,
}

const AS_SHIPPED: Placement = Placement { name: "as shipped for one core", niceness: false, other_core: false };
const NICENESS: Placement = Placement { name: "at niceness 10", niceness: true, other_core: false };
const OTHER_CORE: Placement = Placement { name: "as shipped for two cores", niceness: true, other_core: true };

impl Variant {
    /// What is shipped, on the one core that the server has here.
    pub const SHIPPED: Self = Self { memory_mib: "19", placement: AS_SHIPPED };

    /// All that are compared.
    pub fn all() -> impl Iterator<Item = Self> {
        let placements = [AS_SHIPPED, NICENESS, OTHER_CORE];
        let at = |memory_mib| placements.clone().map(|placement| Self { memory_mib, placement });
        at("19").into_iter().chain(at("7"))
    }
}

impl Placement {
    /// Puts the hashing threads of a server there.
    pub fn put(&self, server: u32) -> Result<()> {
        let threads = hashing_threads(server)?;
        for thread in &threads {
            if self.niceness {
                change("chrt", &["--other", "--pid", "0", thread])?;
                change("renice", &["--priority", "10", "--pid", thread])?;
            }
            if self.other_core {
                change("taskset", &["-cp", LOAD_CORE, thread])?;
            }
        }
        ensure!(!threads.is_empty(), "the server has no thread that hashes passwords");
        Ok(())
    }
}

fn hashing_threads(server: u32) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for thread in fs::read_dir(Path::new("/proc").join(server.to_string()).join("task"))? {
        let thread = thread?;
        if fs::read_to_string(thread.path().join("comm"))?.starts_with("passwords") {
            found.push(thread.file_name().to_string_lossy().into_owned());
        }
    }
    Ok(found)
}

fn change(program: &'static str, args: &[&str]) -> Result<()> {
    let done = Command::new(find(program, "util-linux")?).args(args).output().context(program)?;
    ensure!(done.status.success(), "{program}: {}", String::from_utf8_lossy(&done.stderr).trim());
    Ok(())
}
