//! The folder with the scripts.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read};
use std::path::Path;

/// The longest script, in bytes.
const SCRIPT_BYTES: u64 = 256 << 10;
/// Most scripts.
const MOST: usize = 64;
/// The longest name of a plugin.
const NAME_CHARS: usize = 64;

/// The sources of all plugins, by name; instead of a source what is in the way of reading it. A folder that is not there has none.
///
/// # Errors
/// When the folder is there and cannot be read.
pub(crate) fn read(folder: &Path) -> io::Result<BTreeMap<String, Result<String, String>>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        entries => entries?,
    };
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "lua"));
    // Which are too many must be the same ones each time.
    paths.sort_unstable();
    let mut found = BTreeMap::new();
    for path in paths {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let source = match () {
            () if !is_name(&name) => Err("the name must have 1 to 64 characters of a-z, 0-9 and _".to_owned()),
            () if found.len() >= MOST => Err(format!("the folder must have at most {MOST} scripts")),
            () => source(&path).map_err(|error| format!("cannot read the file: {error}")),
        };
        let source = source.map_err(|fault| format!("{name}.lua: {fault}"));
        found.insert(name, source);
    }
    Ok(found)
}

fn is_name(name: &str) -> bool {
    (1..=NAME_CHARS).contains(&name.len()) && name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'))
}

fn source(path: &Path) -> io::Result<String> {
    // To open a pipe waits until somebody writes into it.
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("not a file"));
    }
    let mut source = String::new();
    let read = fs::File::open(path)?.take(SCRIPT_BYTES + 1).read_to_string(&mut source)?;
    if read as u64 > SCRIPT_BYTES {
        return Err(io::Error::other(format!("the file has more than {SCRIPT_BYTES} bytes")));
    }
    // Editors put it before a text in UTF-8; Lua's own loader skips it too.
    Ok(source.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(source))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipe_is_a_fault_and_keeps_nobody_waiting() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("good.lua"), "return {}").unwrap();
        let made = std::process::Command::new("mkfifo").arg(folder.path().join("pipe.lua")).status().unwrap();
        assert!(made.success());
        let found = read(folder.path()).unwrap();
        assert_eq!(found["good"].as_deref(), Ok("return {}"));
        assert_eq!(found["pipe"].clone().unwrap_err(), "pipe.lua: cannot read the file: not a file");
    }

    #[test]
    fn a_byte_order_mark_is_skipped() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("bom.lua"), "\u{feff}return {}").unwrap();
        assert_eq!(read(folder.path()).unwrap()["bom"].as_deref(), Ok("return {}"));
    }
}
