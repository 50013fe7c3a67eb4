//! Finds patterns in texts, in steps that are counted: whatever a player's text makes of a pattern ends with the time of the call.
//!
//! A match passes through the items of a pattern in order. For each item that could also match otherwise it keeps a
//! choice, and goes back to the newest one when it fails. So there is no recursion, and what a match keeps is bounded by
//! the pattern's length.

use crate::call_time::CallTime;
use crate::pattern::{Item, Kind, MOST_CAPTURES, Pattern, Set};

/// How many steps are done between two looks at the clock. One takes a few nanoseconds.
const LOOK_EVERY: usize = 20_000;

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

    /// Counts some.
    ///
    /// # Errors
    /// [`Fault::Timeout`].
    pub(crate) fn take(&mut self, steps: usize) -> Result<(), Fault> {
        match self.left.checked_sub(steps) {
            Some(left) => self.left = left,
            None if self.time.is_over() => return Err(Fault::Timeout),
            None => self.left = LOOK_EVERY,
        }
        Ok(())
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
