//! From the file to a dictionary, with all faults at once.

use std::fmt;
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use toml::de::DeTable;

use super::fault::{Faults, Report};
use super::service::{self, Taken};
use super::table::Table;
use super::{Dictionary, Service};

/// The maximum size of the file, in bytes.
const MAX_FILE_BYTES: u64 = 1 << 20;
/// The maximum number of services.
pub(super) const MAX_SERVICES: usize = 64;

/// What a dictionary without faults has, for `sidecar door --check`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Summary {
    /// The number of services.
    pub services: usize,
    /// How many of them have a Socket.IO server.
    pub with_socket_io: usize,
}

/// `No faults: 2 services, 1 with Socket.IO.`
impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.services == 1 { "" } else { "s" };
        write!(f, "No faults: {} service{plural}, {} with Socket.IO.", self.services, self.with_socket_io)
    }
}

/// Reads and checks a file without using it.
///
/// # Errors
/// All faults of the file: it is missing, cannot be read, has more than 1 MiB or breaks a rule.
pub fn check(file: &Path) -> Result<Summary, Faults> {
    let services = Dictionary::read(file)?.services;
    let with_socket_io = services.iter().filter(|service| service.socket_io.is_some()).count();
    Ok(Summary { services: services.len(), with_socket_io })
}

impl Dictionary {
    /// Reads and parses a file.
    ///
    /// # Errors
    /// All faults of the file: it is missing, cannot be read, has more than 1 MiB or breaks a rule.
    pub fn read(file: &Path) -> Result<Self, Faults> {
        let text = read_bounded(file).map_err(|error| unreadable(file, &error))?;
        Self::parse(&text, file)
    }

    /// Parses the text of `file`, which is not read: messages name it.
    ///
    /// # Errors
    /// All faults, each with its line and column, what is wrong and what was expected.
    pub fn parse(text: &str, file: &Path) -> Result<Self, Faults> {
        if text.len() as u64 > MAX_FILE_BYTES {
            return Err(unreadable(file, &ErrorKind::FileTooLarge.into()));
        }
        let (root, errors) = DeTable::parse_recoverable(text);
        let report = Report::new(text);
        let mut is_header_broken = false;
        for error in errors {
            let span = error.span().unwrap_or(0..0);
            is_header_broken |= report.line_of(span.start).trim_start().starts_with('[');
            let (message, expected) = worded(error.message());
            report.syntax_error(span, message, expected);
        }
        // After a broken header no key is where it was meant to be.
        if is_header_broken {
            return report.finish(file, Self::default());
        }
        let services = read_services(Table::root(&report, root.get_ref()), &report);
        report.finish(file, Self { services })
    }
}

fn read_services<'t>(mut file: Table<'t>, report: &'t Report<'t>) -> Vec<Service> {
    let mut services = Vec::new();
    let mut taken = Taken::default();
    if let Some(table) = file.table("services") {
        for (name, table) in table.tables() {
            if services.len() == MAX_SERVICES {
                let message = format!("there are more than {MAX_SERVICES} services");
                report.fault(name.span, message, format!("at most {MAX_SERVICES}"));
                break;
            }
            services.push(service::read(&name, table, &mut taken));
        }
    }
    file.finish();
    services
}

/// Splits the parser's message into what is wrong and what was expected.
fn worded(message: &str) -> (&str, &str) {
    match message.split_once(", expected ") {
        Some((message, "nothing")) => (message, ""),
        Some(parts) => parts,
        None if message == "duplicate key" => (message, "each key and each table once"),
        None => (message, ""),
    }
}

/// The fault of a file that cannot be read.
pub(super) fn unreadable(file: &Path, error: &io::Error) -> Faults {
    let message = match error.kind() {
        ErrorKind::NotFound => "the file does not exist".to_owned(),
        ErrorKind::InvalidData => "the file is not UTF-8 text".to_owned(),
        ErrorKind::FileTooLarge => "the file is too large".to_owned(),
        _ => format!("cannot read the file: {error}"),
    };
    Faults::of_file(file, message, "a UTF-8 text file of at most 1 MiB")
}

/// Reads at most [`MAX_FILE_BYTES`], also of a file that grows. A pipe, which might block, is not opened.
pub(super) fn read_bounded(file: &Path) -> io::Result<String> {
    if !std::fs::metadata(file)?.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    let mut text = String::new();
    File::open(file)?.take(MAX_FILE_BYTES + 1).read_to_string(&mut text)?;
    if text.len() as u64 > MAX_FILE_BYTES { Err(ErrorKind::FileTooLarge.into()) } else { Ok(text) }
}

#[cfg(test)]
mod tests {
    use axum::http::Method;
    use proptest::prelude::*;

    use super::super::testing::{EXAMPLE, SHOP, parse};
    use super::*;

    /// Pieces of a file, so that arbitrary texts reach further than the parser.
    fn piece() -> impl Strategy<Value = String> {
        let known = [
            "[services.shop]\n",
            "[services.shop.socket_io]\n",
            "[services.shop.breaker]\n",
            "[services",
            "url = \"http://a\"\n",
            "urls = [\"http://a:1\", ",
            "path = \"/a\"\n",
            "public = [\"GET /a/*\"]\n",
            "claims = { userId = \"x-a\" }\n",
            "namespace = \"/a\"\n",
            "timeout_s = ",
            "retries = ",
            "http = ",
            "\"",
            "]",
            "{",
            "'''",
            "\r\n",
            "é",
        ];
        prop_oneof![proptest::sample::select(known.to_vec()).prop_map(str::to_owned), "\\PC{0,12}", any::<String>()]
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(pieces in prop::collection::vec(piece(), 0..24)) {
            let text = pieces.concat();
            if let Err(faults) = Dictionary::parse(&text, Path::new("services.toml")) {
                prop_assert!(faults.iter().next().is_some());
                for fault in &faults {
                    prop_assert!(fault.line >= 1 && fault.line <= text.matches('\n').count() + 1);
                    prop_assert!(!fault.message.is_empty() && !fault.message.contains('\n'), "{:?}", fault.message);
                }
            }
        }

        #[test]
        fn arbitrary_values_never_panic(value in "\\PC{0,40}") {
            for key in ["url", "path", "health", "http", "timeout_s", "retries"] {
                let _ = parse(&format!("{SHOP}{key} = {value}\n"));
                let _ = parse(&format!("{SHOP}{key} = {value:?}\n"));
            }
            let _ = parse(&format!("{SHOP}public = [{value:?}]\nclaims = {{ role = {value:?} }}\n"));
            let _ = parse(&SHOP.replace("http://shop:1", &value));
        }

        #[test]
        fn arbitrary_paths_are_looked_up_without_a_panic(path in "\\PC{0,40}") {
            let dictionary = parse(EXAMPLE).unwrap();
            for path in [path.clone(), format!("/shop{path}"), format!("/shop/news/{path}")] {
                if let Some((service, rest)) = dictionary.at_path(&path) {
                    prop_assert!(rest.is_empty() || rest.starts_with('/'));
                    let _ = service.is_public(&Method::GET, rest);
                }
            }
        }
    }
}
