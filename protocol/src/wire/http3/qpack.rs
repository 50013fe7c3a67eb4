//! Header fields (QPACK, RFC 9204) without a dynamic table, which our settings forbid: numbers of the static table, texts, and how many there may be.

use super::Http3Error;
use super::huffman;
use super::static_table::FIELDS;

/// Most fields of a request. A browser sends a dozen.
const MAX_FIELDS: usize = 64;

/// A name and its value.
pub(super) type Field = (Vec<u8>, Vec<u8>);

/// The fields of a request or an answer.
pub(super) fn decode(mut from: &[u8]) -> Result<Vec<Field>, Http3Error> {
    // How much of a dynamic table is needed, and where in it to begin: there is none.
    if integer(&mut from, 8)? != 0 {
        return Err(Http3Error::Fields);
    }
    integer(&mut from, 7)?;
    let mut fields = Vec::new();
    while let Some(first) = from.first() {
        if fields.len() == MAX_FIELDS {
            return Err(Http3Error::TooLong);
        }
        let field = match first {
            0xc0.. => numbered(integer(&mut from, 6)?).map(|(name, value)| (name.into(), value.into()))?,
            0x50..=0x5f | 0x70..=0x7f => {
                let (name, _) = numbered(integer(&mut from, 4)?)?;
                (name.into(), string(&mut from, 7)?)
            }
            0x20..=0x3f => (string(&mut from, 3)?, string(&mut from, 7)?),
            // All others mean a dynamic table.
            _ => return Err(Http3Error::Fields),
        };
        fields.push(field);
    }
    Ok(fields)
}

fn numbered(number: usize) -> Result<(&'static str, &'static str), Http3Error> {
    FIELDS.get(number).copied().ok_or(Http3Error::Fields)
}

/// A number in the last bits of a byte, and in more bytes where it is too large for these.
fn integer(from: &mut &[u8], bits: u8) -> Result<usize, Http3Error> {
    let most = (1_usize << bits) - 1;
    let mut value = usize::from(byte(from)?) & most;
    if value < most {
        return Ok(value);
    }
    // Nothing here is longer than some kilobytes.
    for shift in [0, 7, 14] {
        let next = byte(from)?;
        value += usize::from(next & 0x7f) << shift;
        if next & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(Http3Error::Fields)
}

fn byte(from: &mut &[u8]) -> Result<u8, Http3Error> {
    let (first, rest) = from.split_first().ok_or(Http3Error::Fields)?;
    *from = rest;
    Ok(*first)
}

/// A string whose length has so many bits of its first byte; the bit before them says whether it is in Huffman's code.
fn string(from: &mut &[u8], bits: u8) -> Result<Vec<u8>, Http3Error> {
    let is_huffman = from.first().is_some_and(|first| first >> bits & 1 == 1);
    let length = integer(from, bits)?;
    let (bytes, rest) = from.split_at_checked(length).ok_or(Http3Error::Fields)?;
    *from = rest;
    if is_huffman { huffman::decode(bytes).ok_or(Http3Error::Fields) } else { Ok(bytes.to_vec()) }
}

/// Fields that are being written.
pub(super) struct Fields(Vec<u8>);

impl Fields {
    pub(super) fn new() -> Self {
        // No dynamic table.
        Self(vec![0, 0])
    }

    /// A field as it stands in the static table.
    pub(super) fn numbered(mut self, number: u8) -> Self {
        self.integer(0xc0, 6, number.into());
        self
    }

    /// One whose name stands there.
    pub(super) fn named(mut self, number: u8, value: &str) -> Self {
        self.integer(0x50, 4, number.into());
        self.string(0, 7, value);
        self
    }

    /// One that does not.
    pub(super) fn field(mut self, name: &str, value: &str) -> Self {
        self.string(0x20, 3, name);
        self.string(0, 7, value);
        self
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    fn string(&mut self, marked: u8, bits: u8, text: &str) {
        self.integer(marked, bits, text.len());
        self.0.extend_from_slice(text.as_bytes());
    }

    fn integer(&mut self, marked: u8, bits: u8, value: usize) {
        let most = (1_usize << bits) - 1;
        if value < most {
            return self.0.push(marked | value as u8);
        }
        self.0.push(marked | most as u8);
        let mut rest = value - most;
        while rest >= 0x80 {
            self.0.push(rest as u8 | 0x80);
            rest >>= 7;
        }
        self.0.push(rest as u8);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn fields_of_the_standard_are_read() {
        // RFC 9204, B.1: a name from the static table.
        let bytes = [b"\x00\x00\x51\x0b", &b"/index.html"[..]].concat();
        assert_eq!(decode(&bytes).unwrap(), [(b":path".to_vec(), b"/index.html".to_vec())]);
    }

    #[test]
    fn what_needs_a_dynamic_table_or_is_cut_short_is_refused() {
        let refused = |bytes: &[u8]| decode(bytes) == Err(Http3Error::Fields);
        assert!(refused(&[]) && refused(&[0]) && refused(&[2, 0]), "no prefix, or a dynamic table");
        assert!(refused(&[0, 0, 0x80]) && refused(&[0, 0, 0x10]) && refused(&[0, 0, 0x40]) && refused(&[0, 0, 0]));
        assert!(refused(&[0, 0, 0xff, 0x24]), "number 99");
        assert!(refused(&[0, 0, 0x51, 0x0b, b'/']) && refused(&[0, 0, 0xff, 0x80, 0x80, 0x80, 0]));
        assert_eq!(decode(&[vec![0, 0], vec![0xc1; MAX_FIELDS + 1]].concat()), Err(Http3Error::TooLong));
        assert_eq!(decode(&[vec![0, 0], vec![0xc1; MAX_FIELDS]].concat()).unwrap().len(), MAX_FIELDS);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(name in "[a-z-]{1,40}", value in "[ -~]{0,400}", number in 0..99_u8) {
            let bytes = Fields::new().field(&name, &value).numbered(number).named(number, &value).into_bytes();
            let (known, known_value) = FIELDS[usize::from(number)];
            let told = [(&name[..], &value[..]), (known, known_value), (known, &value)];
            prop_assert_eq!(decode(&bytes).unwrap(), told.map(|(name, value)| (name.into(), value.into())));
        }
    }
}
