//! A data file that has passed its schema, and where each of its values is written.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Fault, Faults, SourceText, schema, toml_tree};

/// A parsed file that knows the position of every key and value.
///
/// Values are addressed by JSON pointers (`/mobs/wolf/health`, `/drops/0`).
#[derive(Debug, Clone)]
pub struct SpannedDocument {
    pub(super) source: SourceText,
    pub(super) value: Value,
    pub(super) spans: BTreeMap<String, Spans>,
}

/// Where a value and its key are written.
#[derive(Debug, Clone)]
pub(super) struct Spans {
    pub(super) key: Option<Range<usize>>,
    /// For a table, the span of its header.
    pub(super) value: Range<usize>,
}

/// Parses a TOML file and checks it against a JSON Schema; all faults are found at once.
///
/// After a syntax error the rest is still checked, as far as one can tell what was meant.
///
/// ```
/// use std::path::Path;
///
/// use realmgate_engine::data::check_toml;
/// use serde::Deserialize;
/// use serde_json::json;
///
/// #[derive(Deserialize)]
/// struct Mob {
///     health: u32,
/// }
///
/// let schema = json!({
///     "type": "object",
///     "properties": { "health": { "type": "integer", "minimum": 1 } },
///     "required": ["health"],
/// });
/// let file = Path::new("wolf.toml");
/// let wolf: Mob = check_toml(file, "health = 30", &schema)?.parse()?;
/// assert_eq!(wolf.health, 30);
///
/// let faults = check_toml(file, "health = 0", &schema).err().ok_or("no fault was found")?;
/// let places: Vec<_> = faults.iter().map(|fault| (fault.line, fault.column)).collect();
/// assert_eq!(places, [(1, 10)]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// All faults that were found: syntax errors, and values that the schema does not allow.
pub fn check_toml(file: &Path, text: &str, schema: &Value) -> Result<SpannedDocument, Faults> {
    let (document, syntax) = toml_tree::parse(SourceText::new(file, text));
    let mut faults = schema::check(&document, schema);
    if !syntax.is_empty() {
        faults = believable(faults, &syntax, text);
        faults.extend(syntax);
    }
    faults.into_result(document)
}

/// The schema faults that are worth showing for a file with syntax errors. What seems to be missing may be in the
/// broken line, and after a broken table header nothing is where it was meant to be.
fn believable(faults: Faults, syntax: &Faults, text: &str) -> Faults {
    let broken: Vec<u32> = syntax.iter().map(|fault| fault.line).collect();
    let is_header =
        |line: &u32| text.lines().nth(*line as usize - 1).is_some_and(|text| text.trim_start().starts_with('['));
    let mut kept = Faults::new();
    if !broken.iter().any(is_header) {
        // A value that could not be read at all is replaced by one with an empty span.
        let written = |fault: &Fault| !fault.span.is_empty() && !broken.contains(&fault.line);
        let sound = |fault: &Fault| written(fault) && !schema::is_missing_key(fault);
        kept.extend(faults.into_iter().filter(sound));
    }
    kept
}

impl SpannedDocument {
    /// The file's text.
    pub fn source(&self) -> &SourceText {
        &self.source
    }

    /// The whole document as JSON; dates are strings.
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// The line and column of the value at a JSON pointer; for a table those of its header. A pointer that leads
    /// nowhere gets the position of the nearest table around it.
    pub fn position(&self, pointer: &str) -> (u32, u32) {
        self.source.position(self.value_span(pointer).start)
    }

    /// A fault at the value at a JSON pointer, for checks that a schema cannot make.
    pub fn fault(&self, pointer: &str, message: impl Into<String>, expected: impl Into<String>) -> Fault {
        self.source.fault(self.value_span(pointer), message, expected)
    }

    /// A fault at the key of a JSON pointer.
    pub fn key_fault(&self, pointer: &str, message: impl Into<String>, expected: impl Into<String>) -> Fault {
        let key = self.spans.get(pointer).and_then(|spans| spans.key.clone());
        self.source.fault(key.unwrap_or_else(|| self.value_span(pointer)), message, expected)
    }

    /// Parses the document into a Rust type.
    ///
    /// # Errors
    /// A fault with its position when the type itself refuses a value that the schema allows.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, Faults> {
        toml::from_str(self.source.text()).map_err(|error| {
            let span = error.span().unwrap_or(0..0);
            self.source.fault(span, error.message().trim().to_owned(), "").into()
        })
    }

    fn value_span(&self, pointer: &str) -> Range<usize> {
        let mut pointer = pointer;
        loop {
            if let Some(spans) = self.spans.get(pointer) {
                return spans.value.clone();
            }
            match pointer.rfind('/') {
                Some(parent) => pointer = &pointer[..parent],
                None => return 0..0,
            }
        }
    }
}

/// The JSON pointer of a member of `parent`.
pub(super) fn member(parent: &str, key: &str) -> String {
    format!("{parent}/{}", key.replace('~', "~0").replace('/', "~1"))
}
