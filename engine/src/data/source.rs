//! The text of a data file, and lines and columns in it.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Fault;

/// Most bytes of a designer's file: a map of 2,000 × 2,000 tiles has some 15 MB for each layer.
const MAX_FILE_BYTES: u64 = 64 << 20;

/// The text of one file together with where its lines begin.
#[derive(Debug, Clone)]
pub struct SourceText {
    file: PathBuf,
    text: Arc<str>,
    line_starts: Vec<usize>,
}

impl SourceText {
    /// Takes the text of `file` without reading the file.
    pub fn new(file: &Path, text: impl Into<Arc<str>>) -> Self {
        let text = text.into();
        let after_breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        let line_starts = std::iter::once(0).chain(after_breaks).collect();
        Self { file: file.to_owned(), text, line_starts }
    }

    /// Reads `file`.
    ///
    /// # Errors
    /// A [`Fault`] of the file when it is missing, cannot be read, is longer than 64 MiB or is not UTF-8.
    pub fn read(file: &Path) -> Result<Self, Fault> {
        read_bounded(file).map(|text| Self::new(file, text)).map_err(|error| {
            let message = match error.kind() {
                ErrorKind::NotFound => "the file does not exist".to_owned(),
                ErrorKind::InvalidData => "the file is not UTF-8 text".to_owned(),
                ErrorKind::FileTooLarge => "the file is too large".to_owned(),
                _ => format!("cannot read the file: {error}"),
            };
            Fault::of_file(file, message, "a readable UTF-8 text file of at most 64 MiB")
        })
    }

    /// The file's name, as it was given.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The whole text, shared.
    pub fn shared_text(&self) -> Arc<str> {
        Arc::clone(&self.text)
    }

    /// The line and column, both from 1, of a byte. Columns count characters; beyond the end is the end.
    pub fn position(&self, byte: usize) -> (u32, u32) {
        let byte = byte.min(self.text.len());
        let line = self.line_starts.partition_point(|start| *start <= byte);
        let start = self.line_starts[line - 1];
        let column = self.text[start..].char_indices().take_while(|(at, _)| start + at < byte).count();
        (line as u32, column as u32 + 1)
    }

    /// The byte at a line and column, both from 1; beyond the end of a line is its end.
    pub fn byte_at(&self, line: u32, column: u32) -> usize {
        let Some(start) = self.line_starts.get((line as usize).saturating_sub(1)) else { return self.text.len() };
        let line = self.text[*start..].lines().next().unwrap_or_default();
        let in_line = line.char_indices().map(|(at, _)| at).nth((column as usize).saturating_sub(1));
        start + in_line.unwrap_or(line.len())
    }

    /// A fault at this byte range.
    pub fn fault(&self, span: Range<usize>, message: impl Into<String>, expected: impl Into<String>) -> Fault {
        let (line, column) = self.position(span.start);
        Fault { file: self.file.clone(), line, column, message: message.into(), expected: expected.into(), span }
    }
}

/// Reads at most [`MAX_FILE_BYTES`], however long the file is or becomes.
fn read_bounded(file: &Path) -> std::io::Result<String> {
    let (file, mut text) = (File::open(file)?, String::new());
    // The length says nothing about a file that grows meanwhile, or about a pipe.
    if file.metadata()?.len() <= MAX_FILE_BYTES {
        file.take(MAX_FILE_BYTES + 1).read_to_string(&mut text)?;
        if text.len() as u64 <= MAX_FILE_BYTES {
            return Ok(text);
        }
    }
    Err(ErrorKind::FileTooLarge.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_the_end_has_a_position() {
        let text = "añb\n\ncd";
        let source = SourceText::new(Path::new("x"), text);
        assert_eq!(source.position(0), (1, 1));
        assert_eq!(source.position("añ".len()), (1, 3));
        assert_eq!(source.position("añb\n".len()), (2, 1));
        assert_eq!(source.position("añb\n\nc".len()), (3, 2));
        assert_eq!(source.position(1_000), (3, 3));
        for byte in (0..=text.len()).filter(|byte| text.is_char_boundary(*byte)) {
            let (line, column) = source.position(byte);
            assert_eq!(source.byte_at(line, column), byte, "{line}:{column}");
        }
        let ends = [source.byte_at(1, 99), source.byte_at(2, 2), source.byte_at(3, 99), source.byte_at(99, 1)];
        assert_eq!(ends, ["añb".len(), "añb\n".len(), text.len(), text.len()]);
    }
}
