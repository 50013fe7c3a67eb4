//! Puts the page and the client library that it plays with into the binary: `page_files.rs` lists them.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Below `clients/`: the folders that browsers load, and the names that they have there.
const FOLDERS: [(&str, &str); 2] = [("page", "page"), ("js/src", "js/src")];

/// What browsers load. Types and tests stay outside.
const EXTENSIONS: [&str; 3] = ["html", "css", "js"];

#[expect(
    clippy::disallowed_methods,
    reason = "a build script has no command line; cargo tells it by this variable alone"
)]
fn main() -> io::Result<()> {
    let clients = Path::new(env!("CARGO_MANIFEST_DIR")).join("../clients");
    let clients = clients.canonicalize()?;
    let mut files = Vec::new();
    for (folder, name) in FOLDERS {
        println!("cargo::rerun-if-changed={}", clients.join(folder).display());
        collect(&clients.join(folder), name, &mut files)?;
    }
    files.sort();
    let mut list = String::from("&[\n");
    for (name, path) in &files {
        writeln!(list, "    ({name:?}, include_bytes!({path:?})),").expect("a string takes all");
    }
    list.push_str("]\n");
    let out = PathBuf::from(std::env::var("OUT_DIR").expect("cargo sets it"));
    fs::write(out.join("page_files.rs"), list)
}

fn collect(folder: &Path, name: &str, files: &mut Vec<(String, PathBuf)>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let Some(last) = path.file_name().and_then(|last| last.to_str()) else { continue };
        let name = format!("{name}/{last}");
        if path.is_dir() && last != "test" {
            collect(&path, &name, files)?;
        } else if path.extension().is_some_and(|found| EXTENSIONS.iter().any(|known| found == *known)) {
            files.push((name, path));
        }
    }
    Ok(())
}
