//! The page's own files, which are in the binary: documents, and a script and a style sheet for each.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use bytes::Bytes;

use realmgate_platform::http::content_hash;

use super::file::File;

/// A name, what is in it, and the same compressed by brotli where that is shorter.
type Embedded = (&'static str, &'static [u8], Option<&'static [u8]>);

/// Each document, and each file that `cargo xtask bundle` has made, by `build.rs`.
static FILES: &[Embedded] = include!(concat!(env!("OUT_DIR"), "/page_files.rs"));

/// What documents are made of, and what they load.
pub(super) struct Program {
    /// The hash that is in the addresses of all files: a script loads another by a relative path, so that they move together.
    hash: String,
    files: BTreeMap<&'static str, File>,
}

/// The only one.
pub(super) static PROGRAM: LazyLock<Program> = LazyLock::new(Program::new);

impl Program {
    fn new() -> Self {
        // What is open in a document is filled in for each realm.
        let loaded = || FILES.iter().filter(|(name, ..)| !name.ends_with(".html"));
        let hash = content_hash(loaded().flat_map(|(name, content, _)| [name.as_bytes(), content]));
        let file = |&(name, content, brotli): &Embedded| {
            let file = File::new(name, Bytes::from_static(content))?;
            Some((name, file.with_brotli(brotli.map(Bytes::from_static))))
        };
        Self { hash, files: loaded().filter_map(file).collect() }
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
            FILES.iter().find(|(known, ..)| *known == name).and_then(|(_, content, _)| str::from_utf8(content).ok());
        let filled = source.map(|source| {
            filled(source, |slot| match slot {
                "files" => Some(format!("/files/{}", self.hash)),
                other => value(other),
            })
        });
        filled.and_then(|text| File::new(name, Bytes::from(text))).expect("the program has this document")
    }
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
