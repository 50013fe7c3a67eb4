//! Puts the page into the binary: its documents, and what `cargo xtask bundle` has made for browsers, compressed by brotli too,
//! since that takes longer than a browser waits. `page_files.rs` lists them.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// One less than the best: 2 % longer, and compressed in 2 s of an unoptimised build instead of 5.
const QUALITY: i32 = 10;

#[expect(
    clippy::disallowed_methods,
    reason = "a build script has no command line; cargo tells it by this variable alone"
)]
fn main() -> io::Result<()> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../clients/page").canonicalize()?;
    let mut files = Vec::new();
    // Changes of anything else in the page's folder change nothing here.
    for path in files_of(&page)?.into_iter().filter(|path| path.extension().is_some_and(|found| found == "html")) {
        println!("cargo::rerun-if-changed={}", path.display());
        files.extend(name_of(&path, "").map(|name| (name, path)));
    }
    let built = page.join("built");
    println!("cargo::rerun-if-changed={}", built.display());
    collect(&built, "", &mut files)?;
    files.sort();
    let out = PathBuf::from(std::env::var("OUT_DIR").expect("cargo sets it"));
    let mut list = String::from("&[\n");
    for (name, path) in &files {
        let brotli = brotli(path, &out.join(format!("{}.br", name.replace('/', "."))))?;
        let brotli = brotli.map_or_else(|| "None".to_owned(), |path| format!("Some(include_bytes!({path:?}))"));
        writeln!(list, "    ({name:?}, include_bytes!({path:?}), {brotli}),").expect("a string takes all");
    }
    list.push_str("]\n");
    fs::write(out.join("page_files.rs"), list)
}

/// Compresses a file, and answers where to; `None` for a document, which is filled in later, and for what gets no shorter.
fn brotli(path: &Path, out: &Path) -> io::Result<Option<PathBuf>> {
    if path.extension().is_some_and(|found| found == "html") {
        return Ok(None);
    }
    let content = fs::read(path)?;
    let mut shorter = Vec::new();
    let params = brotli::enc::BrotliEncoderParams { quality: QUALITY, size_hint: content.len(), ..Default::default() };
    brotli::BrotliCompress(&mut content.as_slice(), &mut shorter, &params)?;
    fs::write(out, &shorter)?;
    Ok((shorter.len() < content.len()).then(|| out.to_owned()))
}

/// All files below a folder, by their names from there.
fn collect(folder: &Path, name: &str, files: &mut Vec<(String, PathBuf)>) -> io::Result<()> {
    for path in files_of(folder)? {
        let Some(name) = name_of(&path, name) else { continue };
        if path.is_dir() {
            collect(&path, &format!("{name}/"), files)?;
        } else {
            files.push((name, path));
        }
    }
    Ok(())
}

fn files_of(folder: &Path) -> io::Result<Vec<PathBuf>> {
    fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect()
}

fn name_of(path: &Path, before: &str) -> Option<String> {
    Some(format!("{before}{}", path.file_name()?.to_str()?))
}
