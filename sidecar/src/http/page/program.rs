//! The page's own files, which are in the binary: documents, styles and modules.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use bytes::Bytes;

use super::comments::without_comments;
use super::file::{File, content_hash};

/// Name and content of each file below `clients/`, by `build.rs`.
static FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/page_files.rs"));

/// What `GET /` and `GET /play` answer, and what they load.
pub(super) struct Program {
    /// The hash that is in the addresses of all files: modules name each other by relative paths, so that they move together.
    hash: String,
    files: BTreeMap<&'static str, File>,
}

/// The only one.
pub(super) static PROGRAM: LazyLock<Program> = LazyLock::new(Program::new);

impl Program {
    fn new() -> Self {
        let hash = content_hash(FILES.iter().flat_map(|(name, content)| [name.as_bytes(), content]));
        let names = FILES.iter().map(|(name, _)| *name);
        let modules: Vec<&str> = names.filter(|name| is_module_of_the_game(name)).collect();
        let file = |&(name, content): &(&'static str, &'static [u8])| {
            let bytes = match std::str::from_utf8(content) {
                Ok(document) if name.ends_with(".html") => Bytes::from(fill(document, &hash, &modules)),
                Ok(module) if name.ends_with(".js") => Bytes::from(without_comments(module)),
                _ => Bytes::from_static(content),
            };
            Some((name, File::new(name, bytes)?))
        };
        let files = FILES.iter().filter_map(file).collect();
        Self { hash, files }
    }

    /// The file of this name, if the hash that it is asked by is that of this program.
    pub(super) fn file(&self, hash: &str, name: &str) -> Option<&File> {
        self.files.get(name).filter(|_| hash == self.hash)
    }

    /// The document of this name.
    ///
    /// # Panics
    /// If there is none.
    pub(super) fn document(&self, name: &str) -> &File {
        &self.files[name]
    }
}

/// Those of `/play?watch` are loaded by whoever watches.
fn is_module_of_the_game(name: &str) -> bool {
    let is_of_players = name.starts_with("page/src/") && !name.starts_with("page/src/watch/");
    name.ends_with(".js") && (is_of_players || name.starts_with("js/src/"))
}

/// A document with the addresses of what it loads. All modules are named, so that a browser asks for all at once
/// instead of for one after the other as it reads them.
fn fill(document: &str, hash: &str, modules: &[&str]) -> String {
    let link = |module: &&str| format!("<link rel=\"modulepreload\" href=\"/files/{hash}/{module}\">");
    let links: Vec<String> = modules.iter().map(link).collect();
    document.replace("{{preload}}", &links.join("\n")).replace("{{files}}", &format!("/files/{hash}"))
}
