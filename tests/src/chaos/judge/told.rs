//! Nothing that a bot was told is missing: its journal held against the ledger.

use std::collections::BTreeSet;

use crate::chaos::journal::Entry;

/// What the database says of one character.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stored {
    /// The items it has.
    pub items: BTreeSet<String>,
    /// Every item that ever came to it.
    pub came: BTreeSet<String>,
    /// Every item that ever went from it.
    pub went: BTreeSet<String>,
    /// Its gold after each event, in the order of the events.
    pub balances: Vec<i64>,
    /// Its experience.
    pub experience: i64,
    /// Its level.
    pub level: i64,
}

/// What it was last told it is and owns.
#[derive(Debug, Default)]
struct Last {
    items: BTreeSet<String>,
    experience: i64,
    level: i64,
}

/// What of the journal the database does not know, one sentence each.
///
/// Whatever was told was committed before, so that this holds at any time, and must go on to hold. What is committed and
/// never told, because the connection broke or its player left meanwhile, is no fault.
pub fn faults(journal: &[Entry], stored: &Stored) -> Vec<String> {
    let mut found = Vec::new();
    let mut last = Last::default();
    let mut balances = stored.balances.iter().peekable();
    let mut gold_told = |gold: i64, found: &mut Vec<String>| {
        // The same total may be told again; a later one is further on.
        if !balances.any_from(gold) {
            found.push(format!("{gold} gold was told, and the ledger never came to that after what was told before"));
        }
    };
    for entry in journal {
        match entry {
            Entry::Owns { items, gold, experience, level } => {
                let lost = last.items.iter().filter(|item| !items.contains(item) && !stored.went.contains(*item));
                found.extend(lost.map(|item| format!("the item {item} is gone after coming back, and never went")));
                found.extend(items.iter().filter(|item| !stored.came.contains(*item)).map(|item| never_came(item)));
                gold_told(*gold, &mut found);
                if *experience < last.experience {
                    found.push(format!("{experience} experience after coming back, {} before", last.experience));
                }
                last = Last { items: items.iter().cloned().collect(), experience: *experience, level: *level };
            }
            Entry::Got { item } => {
                if !stored.came.contains(item) {
                    found.push(never_came(item));
                }
                last.items.insert(item.clone());
            }
            Entry::Lost { item } => {
                if !stored.went.contains(item) {
                    found.push(format!("the item {item} was taken, and by the ledger it never went"));
                }
                last.items.remove(item);
            }
            Entry::Gold { gold } => gold_told(*gold, &mut found),
            Entry::Experience { experience, level } => {
                (last.experience, last.level) = (last.experience.max(*experience), *level);
            }
            Entry::Born { .. }
            | Entry::In { .. }
            | Entry::Sees
            | Entry::Left
            | Entry::Out { .. }
            | Entry::Refused { .. } => {}
        }
    }
    found.extend(at_the_end(&last, stored));
    found
}

fn never_came(item: &str) -> String {
    format!("the item {item} was given, and by the ledger it never came")
}

fn at_the_end(last: &Last, stored: &Stored) -> Vec<String> {
    let mut found = Vec::new();
    if stored.experience < last.experience {
        found.push(format!("{} experience were told, {} are stored", last.experience, stored.experience));
    }
    if stored.level < last.level {
        found.push(format!("level {} was told, {} is stored", last.level, stored.level));
    }
    let missing = last.items.iter().filter(|item| !stored.items.contains(*item) && !stored.went.contains(*item));
    found.extend(missing.map(|item| format!("the item {item} is neither there nor gone")));
    found
}

/// Looks for a total at or after the last one that was found.
trait AnyFrom {
    fn any_from(&mut self, gold: i64) -> bool;
}

impl<'a, I: Iterator<Item = &'a i64> + Clone> AnyFrom for std::iter::Peekable<I> {
    fn any_from(&mut self, gold: i64) -> bool {
        let mut ahead = self.clone();
        while let Some(balance) = ahead.peek() {
            if **balance == gold {
                *self = ahead;
                return true;
            }
            ahead.next();
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(items: &[&str]) -> BTreeSet<String> {
        items.iter().map(|item| (*item).to_owned()).collect()
    }

    fn owns(items: &[&str], gold: i64) -> Entry {
        Entry::Owns { items: set(items).into_iter().collect(), gold, experience: 10, level: 1 }
    }

    fn got(item: &str) -> Entry {
        Entry::Got { item: item.to_owned() }
    }

    fn lost(item: &str) -> Entry {
        Entry::Lost { item: item.to_owned() }
    }

    fn stored() -> Stored {
        Stored {
            items: set(&["a", "c"]),
            came: set(&["a", "b", "c"]),
            went: set(&["b"]),
            balances: vec![0, 5, 9, 5],
            experience: 30,
            level: 2,
        }
    }

    fn life() -> Vec<Entry> {
        vec![
            Entry::In { map: 1 },
            owns(&["a"], 0),
            got("b"),
            Entry::Gold { gold: 5 },
            Entry::Experience { experience: 20, level: 1 },
            lost("b"),
            Entry::Out { why: "timeout: the server sent nothing".to_owned() },
            Entry::In { map: 1 },
            Entry::Owns { items: vec!["a".to_owned(), "c".to_owned()], gold: 9, experience: 30, level: 2 },
            Entry::Gold { gold: 5 },
            Entry::Left,
        ]
    }

    #[track_caller]
    fn catches(journal: &[Entry], stored: &Stored, fault: &str) {
        let found = faults(journal, stored);
        assert!(found.len() == 1 && found[0].contains(fault), "{found:?}");
    }

    #[test]
    fn a_life_that_is_stored_is_no_fault() {
        assert_eq!(faults(&life(), &stored()), [""; 0]);
        let told_again = [owns(&["a"], 5), Entry::Gold { gold: 5 }, owns(&["a"], 5)];
        let came_to_it_once = Stored { balances: vec![0, 5, 9], ..stored() };
        assert_eq!(faults(&told_again, &came_to_it_once), [""; 0], "the same total may be told again");
    }

    #[test]
    fn what_was_committed_and_never_told_is_no_fault() {
        let journal = &life()[..6];
        assert_eq!(faults(journal, &stored()), [""; 0]);
    }

    #[test]
    fn a_lost_item_is_caught() {
        let journal = [owns(&["a"], 0), got("x")];
        let mut missing = faults(&journal, &stored());
        missing.sort_unstable();
        assert_eq!(
            missing,
            ["the item x is neither there nor gone", "the item x was given, and by the ledger it never came"]
        );
        let nowhere = ["the item x was given, and by the ledger it never came", "the item x is neither there nor gone"];
        assert_eq!(faults(&[owns(&["a", "x"], 0)], &stored()), nowhere, "what it came with counts too");
        let gone = Stored { items: set(&["c"]), ..stored() };
        catches(&life()[..6], &gone, "the item a is neither there nor gone");
        catches(&[owns(&["a", "c"], 0), owns(&["c"], 0)], &stored(), "a is gone after coming back, and never went");
        catches(&[owns(&["a"], 0), lost("a")], &stored(), "a was taken, and by the ledger it never went");
    }

    #[test]
    fn lost_gold_is_caught() {
        let rolled_back = Stored { balances: vec![0, 9, 5], ..stored() };
        catches(&[owns(&[], 0), Entry::Gold { gold: 7 }], &stored(), "7 gold was told");
        catches(&[owns(&[], 9), Entry::Gold { gold: 0 }], &rolled_back, "0 gold was told");
    }

    #[test]
    fn lost_experience_is_caught() {
        let told = [owns(&[], 0), Entry::Experience { experience: 31, level: 2 }];
        catches(&told, &stored(), "31 experience were told, 30 are stored");
        let then_less = [owns(&[], 0), told[1].clone(), Entry::Experience { experience: 20, level: 2 }];
        catches(&then_less, &stored(), "31 experience were told, 30 are stored");
        let owned = [Entry::Owns { items: Vec::new(), gold: 0, experience: 31, level: 2 }];
        catches(&owned, &stored(), "31 experience were told, 30 are stored");
        let higher = Entry::Experience { experience: 30, level: 3 };
        let came_higher = Entry::Owns { items: Vec::new(), gold: 0, experience: 30, level: 3 };
        for told in [vec![owns(&[], 0), higher], vec![came_higher]] {
            catches(&told, &stored(), "level 3 was told, 2 is stored");
        }
        let back = [Entry::Experience { experience: 20, level: 1 }, owns(&[], 0)];
        catches(&back, &stored(), "10 experience after coming back, 20 before");
    }
}
