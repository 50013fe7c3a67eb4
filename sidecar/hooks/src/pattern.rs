//! Lua's patterns, matched in steps that are counted: whatever a player's text makes of a pattern ends with the time of the call.
//!
//! A pattern is read once, into items. A match passes through them in order. For each item that could also match
//! otherwise it keeps a choice, and goes back to the newest one when it fails. So there is no recursion, and what a
//! match keeps is bounded by the pattern's length.
//!
//! What is wrong with a pattern is an item too: as in Lua, it matters only if a match comes so far.

use crate::call_time::CallTime;

/// Most items of a pattern.
const MOST_ITEMS: usize = 4_096;
/// Most captures of a pattern, as in Lua.
const MOST_CAPTURES: usize = 32;
/// How many steps are done between two looks at the clock. One takes a few nanoseconds.
const LOOK_EVERY: usize = 20_000;
const ESCAPE: u8 = b'%';
/// What makes more of a text than a text.
const SPECIALS: &[u8] = b"^$*+?.([%-";

/// Why nothing is found out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The pattern, or what replaces its matches, is malformed: Lua's words.
    Malformed(String),
    /// The time of the call is over.
    Timeout,
    /// The result would be larger than all the memory of a script.
    TooLarge,
}

/// Counts steps, and looks at the clock now and then.
pub(crate) struct Steps<'a> {
    time: &'a CallTime,
    left: usize,
}

impl<'a> Steps<'a> {
    /// Counts for the call under way.
    pub(crate) fn of(time: &'a CallTime) -> Self {
        Self { time, left: LOOK_EVERY }
    }

    fn take(&mut self, steps: usize) -> Result<(), Fault> {
        match self.left.checked_sub(steps) {
            Some(left) => self.left = left,
            None if self.time.is_over() => return Err(Fault::Timeout),
            None => self.left = LOOK_EVERY,
        }
        Ok(())
    }
}

/// Bytes, as a bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Set([u64; 4]);

impl Set {
    const NONE: Self = Self([0; 4]);
    const ALL: Self = Self([u64::MAX; 4]);

    fn has(&self, byte: u8) -> bool {
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
enum Item {
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
enum Kind {
    Text,
    Position,
    Unfinished,
}

/// A pattern that was read.
#[derive(Debug)]
pub(crate) struct Pattern {
    is_anchored: bool,
    items: Vec<Item>,
    captures: Vec<Kind>,
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

    /// Whether it matches only where a search begins.
    pub(crate) fn is_anchored(&self) -> bool {
        self.is_anchored
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

/// How an item could match otherwise, and the next one could begin elsewhere.
#[derive(Debug, Clone, Copy)]
enum Choice {
    /// From the last of these places down to the first.
    Shorter { item: usize, first: usize, last: usize },
    /// One byte further than here, if that is one of the item's.
    Longer { item: usize, at: usize },
}

/// Finds a pattern in a text.
pub(crate) struct Matcher<'a> {
    pattern: &'a Pattern,
    text: &'a [u8],
    /// Where captures begin and end. Of those that the items passed so far have set, they are right.
    spans: [(usize, usize); MOST_CAPTURES],
    choices: Vec<Choice>,
    last_run: Run,
}

/// As much as an item matches from one place on.
#[derive(Debug, Clone, Copy)]
struct Run {
    item: usize,
    begin: usize,
    end: usize,
}

/// A match: where it begins, and where what follows it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) begin: usize,
    pub(crate) end: usize,
}

/// What a capture has caught.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Caught<'a> {
    Text(&'a [u8]),
    /// Counted from 1.
    Position(usize),
}

impl<'a> Matcher<'a> {
    pub(crate) fn new(pattern: &'a Pattern, text: &'a [u8]) -> Self {
        let last_run = Run { item: usize::MAX, begin: 0, end: 0 };
        Self { pattern, text, spans: [(0, 0); MOST_CAPTURES], choices: Vec::new(), last_run }
    }

    /// The first match that begins here or later. One that ends where the one before it has ended is none.
    ///
    /// # Errors
    /// [`Fault`].
    pub(crate) fn find(
        &mut self,
        from: usize,
        before_ended: Option<usize>,
        steps: &mut Steps<'_>,
    ) -> Result<Option<Found>, Fault> {
        let last = if self.pattern.is_anchored { from.min(self.text.len()) } else { self.text.len() };
        for begin in from..=last {
            let end = self.pass(begin, steps)?;
            if let Some(end) = end.filter(|&end| Some(end) != before_ended) {
                return Ok(Some(Found { begin, end }));
            }
        }
        Ok(None)
    }

    /// All of a match.
    pub(crate) fn all(&self, found: Found) -> &'a [u8] {
        &self.text[found.begin..found.end]
    }

    /// How many captures there are.
    pub(crate) fn captures(&self) -> usize {
        self.pattern.captures.len()
    }

    /// What a capture of the last match has caught. The first is the whole match where the pattern has none.
    ///
    /// # Errors
    /// [`Fault::Malformed`].
    pub(crate) fn caught(&self, index: usize, found: Found) -> Result<Caught<'a>, Fault> {
        let (begin, end) = self.spans.get(index).copied().unwrap_or_default();
        match self.pattern.captures.get(index) {
            Some(Kind::Text) => Ok(Caught::Text(&self.text[begin..end])),
            Some(Kind::Position) => Ok(Caught::Position(begin + 1)),
            Some(Kind::Unfinished) => Err(Fault::Malformed("unfinished capture".to_owned())),
            None if index == 0 => Ok(Caught::Text(self.all(found))),
            None => Err(Fault::Malformed(format!("invalid capture index %{}", index + 1))),
        }
    }

    /// Passes through all items from a place on. Returns where that ends; `None` if there is no way.
    fn pass(&mut self, from: usize, steps: &mut Steps<'_>) -> Result<Option<usize>, Fault> {
        self.choices.clear();
        let (mut index, mut at) = (0, from);
        while let Some(item) = self.pattern.items.get(index) {
            steps.take(1)?;
            (index, at) = match self.pass_item(index, item, at, steps)? {
                Some(next) => (index + 1, next),
                None => match self.choose(steps)? {
                    Some(other) => other,
                    None => return Ok(None),
                },
            };
        }
        Ok(Some(at))
    }

    /// Where the next item begins, if this one matches here.
    fn pass_item(
        &mut self,
        index: usize,
        item: &Item,
        at: usize,
        steps: &mut Steps<'_>,
    ) -> Result<Option<usize>, Fault> {
        Ok(match *item {
            Item::One(set) => self.text.get(at).filter(|&&byte| set.has(byte)).map(|_| at + 1),
            Item::Many { set, least } => {
                let run = self.run(index, set, at, steps)?;
                self.longest(index, at, least, run)
            }
            Item::Maybe(set) => {
                let is_there = self.text.get(at).is_some_and(|&byte| set.has(byte));
                self.longest(index, at, 0, usize::from(is_there))
            }
            Item::Few(_) => {
                self.choices.push(Choice::Longer { item: index, at });
                Some(at)
            }
            Item::Open(capture) => {
                self.spans[capture].0 = at;
                Some(at)
            }
            Item::Close(capture) => {
                self.spans[capture].1 = at;
                Some(at)
            }
            Item::Again(capture) => {
                let (begin, end) = self.spans[capture];
                steps.take(end - begin)?;
                self.text[at..].starts_with(&self.text[begin..end]).then_some(at + end - begin)
            }
            Item::Balanced(open, close) => {
                let end = balanced(&self.text[at..], open, close);
                steps.take(end.unwrap_or(self.text.len() - at))?;
                end.map(|length| at + length)
            }
            Item::Frontier(set) => {
                let before = at.checked_sub(1).map_or(0, |before| self.text[before]);
                let after = self.text.get(at).copied().unwrap_or(0);
                (!set.has(before) && set.has(after)).then_some(at)
            }
            Item::End => (at == self.text.len()).then_some(at),
            Item::Fault(ref words) => return Err(Fault::Malformed(words.clone())),
        })
    }

    /// How much an item matches from here on, however often it may. A run within the last one ends where that does: so it takes no more
    /// steps to trim a text than the text has bytes.
    fn run(&mut self, item: usize, set: Set, at: usize, steps: &mut Steps<'_>) -> Result<usize, Fault> {
        let Run { item: last, begin, end } = self.last_run;
        if item == last && (begin..=end).contains(&at) {
            return Ok(end - at);
        }
        let run = self.text[at..].iter().take_while(|&&byte| set.has(byte)).count();
        steps.take(run)?;
        self.last_run = Run { item, begin: at, end: at + run };
        Ok(run)
    }

    /// Takes all of a run, and keeps that fewer would do.
    fn longest(&mut self, item: usize, at: usize, least: usize, run: usize) -> Option<usize> {
        if run < least {
            return None;
        }
        // Where the text has to end after it, fewer never do.
        let is_last = matches!(self.pattern.items.get(item + 1), Some(Item::End));
        if run > least && !is_last {
            self.choices.push(Choice::Shorter { item, first: at + least, last: at + run - 1 });
        }
        Some(at + run)
    }

    /// Goes back to the newest choice. Returns the item to go on with, and where.
    fn choose(&mut self, steps: &mut Steps<'_>) -> Result<Option<(usize, usize)>, Fault> {
        while let Some(choice) = self.choices.last_mut() {
            steps.take(1)?;
            match choice {
                Choice::Shorter { item, first, last } => {
                    let next = (*item + 1, *last);
                    if first == last {
                        self.choices.pop();
                    } else {
                        *last -= 1;
                    }
                    return Ok(Some(next));
                }
                Choice::Longer { item, at } => {
                    let set = match self.pattern.items.get(*item) {
                        Some(Item::Few(set)) => *set,
                        _ => Set::NONE,
                    };
                    if self.text.get(*at).is_some_and(|&byte| set.has(byte)) {
                        *at += 1;
                        return Ok(Some((*item + 1, *at)));
                    }
                    self.choices.pop();
                }
            }
        }
        Ok(None)
    }
}

/// How long a text is that begins with one byte and ends with the one that balances it.
fn balanced(text: &[u8], open: u8, close: u8) -> Option<usize> {
    let (first, rest) = text.split_first()?;
    let mut depth = usize::from(*first == open);
    if depth == 0 {
        return None;
    }
    for (index, &byte) in rest.iter().enumerate() {
        if byte == close {
            depth -= 1;
            if depth == 0 {
                return Some(index + 2);
            }
        } else if byte == open {
            depth += 1;
        }
    }
    None
}

/// Where a text is found within another, from a place on.
///
/// # Errors
/// [`Fault::Timeout`].
pub(crate) fn find_plain(
    text: &[u8],
    wanted: &[u8],
    from: usize,
    steps: &mut Steps<'_>,
) -> Result<Option<usize>, Fault> {
    let Some(first) = wanted.first() else { return Ok(Some(from)) };
    let mut at = from;
    while let Some(skipped) = text[at..].iter().position(|byte| byte == first) {
        at += skipped;
        steps.take(1 + (skipped + wanted.len()) / 8)?;
        if text[at..].starts_with(wanted) {
            return Ok(Some(at));
        }
        at += 1;
    }
    Ok(None)
}
