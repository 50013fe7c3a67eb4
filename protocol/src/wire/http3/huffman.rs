//! The Huffman code of header fields (RFC 7541, appendix B), read only: nothing that we send is worth it.

/// How many bits each byte takes, and the end of all strings after them. The code is canonical: sorted by length, then by
/// value, each is one more than the one before.
#[rustfmt::skip]
const LENGTHS: [u8; 257] = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28,
    28, 28, 28, 28, 28, 28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6,
    5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7,
    7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
    15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7,
    7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
    24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20, 22, 22, 23, 23, 21,
    23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
    26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24,
    21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
    26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26, 30,
];
/// The longest of them.
const LONGEST: usize = 30;
/// What stands behind all bytes, and in no string.
const END: u16 = 256;

/// The codes of one length: the first of them, how many there are, and where their symbols begin in [`SYMBOLS`].
#[derive(Clone, Copy)]
struct Codes {
    first: u32,
    count: u32,
    symbols: usize,
}

const CODES: [Codes; LONGEST + 1] = codes();
const SYMBOLS: [u16; LENGTHS.len()] = symbols();

const fn codes() -> [Codes; LONGEST + 1] {
    let mut codes = [Codes { first: 0, count: 0, symbols: 0 }; LONGEST + 1];
    let mut symbol = 0;
    while symbol < LENGTHS.len() {
        codes[LENGTHS[symbol] as usize].count += 1;
        symbol += 1;
    }
    let mut length = 1;
    while length <= LONGEST {
        let before = codes[length - 1];
        codes[length].first = (before.first + before.count) << 1;
        codes[length].symbols = before.symbols + before.count as usize;
        length += 1;
    }
    codes
}

const fn symbols() -> [u16; LENGTHS.len()] {
    let (mut sorted, mut at, mut length) = ([0; LENGTHS.len()], 0, 1);
    while length <= LONGEST {
        let mut symbol = 0;
        while symbol < LENGTHS.len() {
            if LENGTHS[symbol] as usize == length {
                sorted[at] = symbol as u16;
                at += 1;
            }
            symbol += 1;
        }
        length += 1;
    }
    sorted
}

/// The string behind these bytes; `None` where they are none.
pub(super) fn decode(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut text = Vec::with_capacity(2 * bytes.len());
    let (mut code, mut length) = (0_u32, 0_usize);
    for bit in bytes.iter().flat_map(|byte| (0..8).rev().map(move |at| u32::from(byte >> at & 1))) {
        (code, length) = (code << 1 | bit, length + 1);
        let codes = CODES.get(length)?;
        if let Some(nth) = code.checked_sub(codes.first)
            && nth < codes.count
        {
            let symbol = SYMBOLS[codes.symbols + nth as usize];
            if symbol == END {
                return None;
            }
            text.push(symbol as u8);
            (code, length) = (0, 0);
        }
    }
    // The last byte is filled up with ones.
    (length < 8 && code == (1 << length) - 1).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_of_the_standard_are_read() {
        // RFC 7541, C.4 and C.6.
        let www = [0xf1, 0xe3, 0xc2, 0xe5, 0xf2, 0x3a, 0x6b, 0xa0, 0xab, 0x90, 0xf4, 0xff];
        assert_eq!(decode(&www).unwrap(), b"www.example.com");
        assert_eq!(decode(&[0xa8, 0xeb, 0x10, 0x64, 0x9c, 0xbf]).unwrap(), b"no-cache");
        assert_eq!(decode(&[0x64, 0x02]).unwrap(), b"302");
        assert_eq!(decode(&[]).unwrap(), b"");
        // Appendix B: codes that are longer than a byte.
        assert_eq!(decode(&[0xff, 0x3f]).unwrap(), b"?");
        assert_eq!(decode(&[0xff, 0xfe, 0x1f]).unwrap(), b"\\");
    }

    #[test]
    fn what_is_cut_short_or_has_an_end_in_it_is_no_string() {
        assert_eq!(decode(&[0xff]), None, "eight bits of filling");
        assert_eq!(decode(&[0xff, 0xff, 0xff, 0xff]), None, "the end");
        assert_eq!(decode(&[0x64, 0x02, 0x00]), None, "filled with zeros");
    }
}
