//! Whose call is done next. What somebody waits for before it happens goes first, then what the server calls, then players'
//! calls; of those who have waited within one of these lines, each in turn.

use std::collections::VecDeque;

/// How many calls may wait in a line.
const MOST: usize = 256;

/// Whose call it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum By {
    /// The server's, before it does something that this account wants.
    Before(String),
    /// The server's, after something has happened or when it is time.
    Server,
    /// A player's, of this account.
    Player(String),
}

/// Calls that wait.
pub(crate) struct Queue<T> {
    lines: [Line<T>; 3],
}

/// Accounts in the order of their turns, with the calls of each in the order in which they came.
struct Line<T> {
    accounts: VecDeque<(String, VecDeque<T>)>,
    count: usize,
}

impl<T> Queue<T> {
    pub(crate) fn new() -> Self {
        Self { lines: std::array::from_fn(|_| Line { accounts: VecDeque::new(), count: 0 }) }
    }

    /// Adds a call, as the last of its account. Returns whether there was a place for it.
    pub(crate) fn push(&mut self, by: &By, call: T) -> bool {
        let (line, account) = match by {
            By::Before(account) => (0, &**account),
            By::Server => (1, ""),
            By::Player(account) => (2, &**account),
        };
        self.lines[line].push(account, call)
    }

    /// Takes out the next one.
    pub(crate) fn pop(&mut self) -> Option<T> {
        self.lines.iter_mut().find_map(Line::pop)
    }
}

impl<T> Line<T> {
    fn push(&mut self, account: &str, call: T) -> bool {
        if self.count == MOST {
            return false;
        }
        self.count += 1;
        match self.accounts.iter_mut().find(|(known, _)| known == account) {
            Some((_, calls)) => calls.push_back(call),
            None => self.accounts.push_back((account.to_owned(), VecDeque::from([call]))),
        }
        true
    }

    fn pop(&mut self) -> Option<T> {
        let (account, mut calls) = self.accounts.pop_front()?;
        let call = calls.pop_front()?;
        self.count -= 1;
        if !calls.is_empty() {
            self.accounts.push_back((account, calls));
        }
        Some(call)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn player(account: &str) -> By {
        By::Player(account.to_owned())
    }

    fn drained(queue: &mut Queue<u32>) -> Vec<u32> {
        std::iter::from_fn(|| queue.pop()).collect()
    }

    #[test]
    fn accounts_take_turns_and_what_others_wait_for_goes_first() {
        let mut queue = Queue::new();
        for call in 0..4 {
            assert!(queue.push(&player("flooder"), call));
        }
        for (by, call) in [
            (player("ann"), 10),
            (player("ben"), 20),
            (By::Server, 30),
            (By::Before("flooder".to_owned()), 40),
            (By::Before("flooder".to_owned()), 41),
            (By::Before("ann".to_owned()), 50),
        ] {
            assert!(queue.push(&by, call));
        }
        assert_eq!(drained(&mut queue), [40, 50, 41, 30, 0, 10, 20, 1, 2, 3]);
    }

    #[test]
    fn a_full_line_keeps_nobody_out_of_another() {
        let mut queue = Queue::new();
        for call in 0..256 {
            assert!(queue.push(&player("flooder"), call));
        }
        assert!(!queue.push(&player("ann"), 1_000));
        assert!(queue.push(&By::Server, 2_000) && queue.push(&By::Before("ann".to_owned()), 3_000));
        assert_eq!(drained(&mut queue).len(), 258);
        assert!(queue.push(&player("ann"), 1_000), "places are given back");
    }
}
