//! Lua's patterns, read into the items that a match passes through ([`matcher`](crate::matcher)).
//!
//! What is wrong with a pattern is an item too: as in Lua, it matters only if a match comes so far.

/// Most items of a pattern.
const MOST_ITEMS: usize = 4_096;
/// Most captures of a pattern, as in Lua.
pub(crate) const MOST_CAPTURES: usize = 32;
const ESCAPE: u8 = b'%';
/// What makes more of a text than a text.
const SPECIALS: &[u8] = b"^$*+?.([%-";

/// Bytes, as a bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Set([u64; 4]);

impl Set {
    pub(crate) const NONE: Self = Self([0; 4]);
    const ALL: Self = Self([u64::MAX; 4]);

    pub(crate) fn has(&self, byte: u8) -> bool {
        self.0[usize::from(byte >> 6)] >> (byte & 63) & 1 == 1
    }

    fn add_range(&mut self, first: u8, last: u8) {
        for byte in first..=last {
            self.0[usize::from(byte >> 6)] |= 1 << (byte & 63);
        }
    }

    fn add(&mut self, other: Self) {
        self.0.iter_mut().zip(other.0).for_each(|(word, more)| *word |= more);
    }

    fn inverted(self) -> Self {
        Self(self.0.map(|word| !word))
    }

    fn of(byte: u8) -> Self {
        let mut set = Self::NONE;
        set.add_range(byte, byte);
        set
    }

    /// What `%` and this byte stand for: a class, all but a class, or the byte itself.
    fn escaped(byte: u8) -> Self {
        let ranges: &[(u8, u8)] = match byte.to_ascii_lowercase() {
            b'a' => &[(b'A', b'Z'), (b'a', b'z')],
            b'c' => &[(0, 31), (127, 127)],
            b'd' => &[(b'0', b'9')],
            b'g' => &[(33, 126)],
            b'l' => &[(b'a', b'z')],
            b'p' => &[(33, 47), (58, 64), (91, 96), (123, 126)],
            b's' => &[(9, 13), (b' ', b' ')],
            b'u' => &[(b'A', b'Z')],
            b'w' => &[(b'0', b'9'), (b'A', b'Z'), (b'a', b'z')],
            b'x' => &[(b'0', b'9'), (b'A', b'F'), (b'a', b'f')],
            b'z' => &[(0, 0)],
            _ => return Self::of(byte),
        };
        let mut set = Self::NONE;
        ranges.iter().for_each(|&(first, last)| set.add_range(first, last));
        if byte.is_ascii_lowercase() { set } else { set.inverted() }
    }
}

/// What a match passes through.
#[derive(Debug)]
pub(crate) enum Item {
    /// One byte of these.
    One(Set),
    /// As many as there are, and at least so many.
    Many { set: Set, least: usize },
    /// One or none.
    Maybe(Set),
    /// As few as do.
    Few(Set),
    /// Here a capture begins.
    Open(usize),
    /// Here it ends.
    Close(usize),
    /// What a capture has matched, once more.
    Again(usize),
    /// From one byte to the one that balances it.
    Balanced(u8, u8),
    /// Between a byte that is none of these and one that is.
    Frontier(Set),
    /// The end of the text.
    End,
    /// Lua's words of what is wrong here.
    Fault(String),
}

/// What a capture is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Position,
    Unfinished,
}

/// A pattern that was read.
#[derive(Debug)]
pub(crate) struct Pattern {
    /// Whether it matches only where a search begins.
    pub(crate) is_anchored: bool,
    pub(crate) items: Vec<Item>,
    pub(crate) captures: Vec<Kind>,
}

/// Whether it finds itself and nothing else.
pub(crate) fn is_plain(pattern: &[u8]) -> bool {
    !pattern.iter().any(|byte| SPECIALS.contains(byte))
}

impl Pattern {
    /// Reads a pattern. Only where anchors count, a `^` at its beginning is one.
    pub(crate) fn read(pattern: &[u8], anchors: bool) -> Self {
        let is_anchored = anchors && pattern.first() == Some(&b'^');
        let mut reading = Reading { rest: &pattern[usize::from(is_anchored)..], captures: Vec::new() };
        let mut items = Vec::new();
        while !reading.rest.is_empty() {
            let full = items.len() == MOST_ITEMS;
            let item = if full { Err("pattern too complex".to_owned()) } else { reading.item() };
            let is_fault = item.is_err();
            items.push(item.unwrap_or_else(Item::Fault));
            if is_fault {
                break;
            }
        }
        Self { is_anchored, items, captures: reading.captures }
    }
}

/// A pattern of which so much is left to be read.
struct Reading<'a> {
    rest: &'a [u8],
    captures: Vec<Kind>,
}

impl Reading<'_> {
    fn item(&mut self) -> Result<Item, String> {
        let item = match *self.rest {
            [b'(', b')', ..] => return self.open(Kind::Position, 2),
            [b'(', ..] => return self.open(Kind::Unfinished, 1),
            [b')', ..] => {
                let open = self.captures.iter().rposition(|&kind| kind == Kind::Unfinished);
                let open = open.ok_or("invalid pattern capture")?;
                self.captures[open] = Kind::Text;
                (Item::Close(open), 1)
            }
            [b'$'] => (Item::End, 1),
            [ESCAPE, b'b', from, to, ..] => (Item::Balanced(from, to), 4),
            [ESCAPE, b'b', ..] => return Err("malformed pattern (missing arguments to '%b')".to_owned()),
            [ESCAPE, b'f', ref class @ ..] => {
                if class.first() != Some(&b'[') {
                    return Err("missing '[' after '%f' in pattern".to_owned());
                }
                let (set, length) = bracketed(class)?;
                (Item::Frontier(set), length + 2)
            }
            [ESCAPE, digit @ b'0'..=b'9', ..] => (self.again(digit)?, 2),
            _ => return self.repeated(),
        };
        self.rest = &self.rest[item.1..];
        Ok(item.0)
    }

    fn open(&mut self, kind: Kind, length: usize) -> Result<Item, String> {
        if self.captures.len() == MOST_CAPTURES {
            return Err("too many captures".to_owned());
        }
        self.captures.push(kind);
        self.rest = &self.rest[length..];
        Ok(Item::Open(self.captures.len() - 1))
    }

    fn again(&self, digit: u8) -> Result<Item, String> {
        let number = usize::from(digit - b'0');
        let kind = number.checked_sub(1).and_then(|index| self.captures.get(index));
        match kind {
            Some(Kind::Text) => Ok(Item::Again(number - 1)),
            // A position is no text that could be there once more.
            Some(Kind::Position) => Ok(Item::One(Set::NONE)),
            Some(Kind::Unfinished) | None => Err(format!("invalid capture index %{number}")),
        }
    }

    /// Bytes, and how often.
    fn repeated(&mut self) -> Result<Item, String> {
        let (set, length) = match *self.rest {
            [b'.', ..] => (Set::ALL, 1),
            [ESCAPE, class, ..] => (Set::escaped(class), 2),
            [ESCAPE] => return Err("malformed pattern (ends with '%')".to_owned()),
            [b'[', ..] => bracketed(self.rest)?,
            [byte, ..] => (Set::of(byte), 1),
            [] => (Set::NONE, 0),
        };
        let (item, suffix) = match self.rest.get(length) {
            Some(b'*') => (Item::Many { set, least: 0 }, 1),
            Some(b'+') => (Item::Many { set, least: 1 }, 1),
            Some(b'?') => (Item::Maybe(set), 1),
            Some(b'-') => (Item::Few(set), 1),
            _ => (Item::One(set), 0),
        };
        self.rest = &self.rest[length + suffix..];
        Ok(item)
    }
}

/// Reads `[…]`. Returns its length, too.
fn bracketed(text: &[u8]) -> Result<(Set, usize), String> {
    let is_inverted = text.get(1) == Some(&b'^');
    let begin = 1 + usize::from(is_inverted);
    let end = end_of_brackets(text, begin)?;
    let (mut set, mut at) = (Set::NONE, begin);
    while at < end {
        at += match text[at..] {
            [ESCAPE, class, ..] => {
                set.add(Set::escaped(class));
                2
            }
            [first, b'-', last, ..] if at + 2 < end => {
                set.add_range(first, last);
                3
            }
            [byte, ..] => {
                set.add_range(byte, byte);
                1
            }
            [] => break,
        };
    }
    Ok((if is_inverted { set.inverted() } else { set }, end + 1))
}

/// Where the bracket is that ends a set. The first byte of one never does, nor one after a `%`.
fn end_of_brackets(text: &[u8], begin: usize) -> Result<usize, String> {
    let mut at = begin;
    loop {
        at += match text.get(at) {
            None => return Err("malformed pattern (missing ']')".to_owned()),
            Some(&ESCAPE) if at + 1 < text.len() => 2,
            Some(_) => 1,
        };
        if text.get(at) == Some(&b']') {
            return Ok(at);
        }
    }
}
