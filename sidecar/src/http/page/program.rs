//! The page's own files, which are in the binary: documents, styles and modules.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use bytes::Bytes;

use realmgate_platform::http::content_hash;

use super::comments::without_comments;
use super::file::File;

/// Name and content of each file below `clients/`, by `build.rs`.
static FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/page_files.rs"));

/// What documents are made of, and what they load.
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
        let file = |&(name, content): &(&'static str, &'static [u8])| {
            let bytes = match std::str::from_utf8(content) {
                // What is open in a document is filled in for each realm.
                Ok(_) if name.ends_with(".html") => return None,
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

    /// The document of this name, with the addresses of what it loads, and with what `value` says of its other slots.
    ///
    /// # Panics
    /// If there is none.
    pub(super) fn document(&self, name: &str, value: impl Fn(&str) -> Option<String>) -> File {
        let source =
            FILES.iter().find(|(known, _)| *known == name).and_then(|(_, content)| str::from_utf8(content).ok());
        let filled = source.map(|source| {
            filled(source, |slot| match slot {
                "files" => Some(format!("/files/{}", self.hash)),
                "preload" => Some(self.preloads()),
                other => value(other),
            })
        });
        filled.and_then(|text| File::new(name, Bytes::from(text))).expect("the program has this document")
    }

    /// All modules are named, so that a browser asks for all at once instead of for one after the other as it reads them.
    fn preloads(&self) -> String {
        let modules = FILES.iter().map(|(name, _)| *name).filter(|name| is_module_of_the_game(name));
        let link = |module: &str| format!("<link rel=\"modulepreload\" href=\"/files/{}/{module}\">", self.hash);
        modules.map(link).collect::<Vec<_>>().join("\n")
    }
}

/// Those of `/play?watch` are loaded by whoever watches.
fn is_module_of_the_game(name: &str) -> bool {
    let is_of_players = name.starts_with("page/src/") && !name.starts_with("page/src/watch/");
    name.ends_with(".js") && (is_of_players || name.starts_with("js/src/"))
}

/// A document whose slots are filled: `{{name}}`, or `{{name:markup}}` with what stands there where nothing else is said. What is
/// filled in is not looked at again.
fn filled(document: &str, value: impl Fn(&str) -> Option<String>) -> String {
    let (mut out, mut rest) = (String::with_capacity(document.len()), document);
    while let Some((before, after)) = rest.split_once("{{")
        && let Some((slot, behind)) = after.split_once("}}")
    {
        let (name, usual) = slot.split_once(':').unwrap_or((slot, ""));
        out.push_str(before);
        out.push_str(&value(name).unwrap_or_else(|| usual.to_owned()));
        rest = behind;
    }
    out + rest
}
