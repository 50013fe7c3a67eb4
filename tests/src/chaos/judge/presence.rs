//! Everybody is back in time: judged by what the bots say they see.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::chaos::journal::{Entry, Line};

/// Whoever has seen the world within this time is in it; a crossing takes less.
const FRESH_MS: u64 = 1_500;

/// When each bot last saw the world.
#[derive(Debug, Default)]
pub struct Presence {
    seen_ms: BTreeMap<String, u64>,
    why: BTreeMap<String, String>,
}

impl Presence {
    /// Takes the next line of the journal.
    pub fn take(&mut self, line: &Line) {
        match &line.entry {
            Entry::Sees | Entry::In { .. } => {
                self.seen_ms.insert(line.bot.clone(), line.at_ms);
                self.why.remove(&line.bot);
            }
            Entry::Out { why } | Entry::Refused { why } => {
                self.why.insert(line.bot.clone(), why.clone());
            }
            Entry::Born { .. } => {
                self.seen_ms.insert(line.bot.clone(), 0);
            }
            _ => {}
        }
    }

    /// Bots that were ever born.
    pub fn bots(&self) -> usize {
        self.seen_ms.len()
    }

    /// The bots that are not in the world at this time, or have not seen it since another, and why, as far as they know.
    pub fn missing(&self, now_ms: u64, since_ms: u64) -> Vec<String> {
        let oldest = since_ms.max(now_ms.saturating_sub(FRESH_MS));
        let missing = self.seen_ms.iter().filter(|(_, seen)| **seen < oldest);
        let sentence = |(bot, seen): (&String, &u64)| {
            let why = self.why.get(bot).map_or("it sees nothing", String::as_str);
            format!("{bot} for {:.1} s: {why}", now_ms.saturating_sub(*seen) as f64 / 1_000.0)
        };
        missing.map(sentence).collect()
    }
}

/// The longest that any bot saw nothing between two times.
pub fn longest_absence(lines: &[Line], from_ms: u64, to_ms: u64) -> Duration {
    let mut last: BTreeMap<&str, u64> = BTreeMap::new();
    let mut longest = 0;
    for line in lines.iter().take_while(|line| line.at_ms <= to_ms) {
        if matches!(line.entry, Entry::Sees | Entry::In { .. }) {
            let before = last.insert(&line.bot, line.at_ms).unwrap_or(line.at_ms).max(from_ms);
            longest = longest.max(line.at_ms.saturating_sub(before));
        }
    }
    let unseen = last.values().map(|seen| to_ms.saturating_sub((*seen).max(from_ms)));
    Duration::from_millis(unseen.chain([longest]).max().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(at_ms: u64, bot: &str, entry: Entry) -> Line {
        Line { at_ms, bot: bot.to_owned(), entry }
    }

    fn out(why: &str) -> Entry {
        Entry::Out { why: why.to_owned() }
    }

    #[test]
    fn whoever_sees_nothing_is_missing_with_the_reason() {
        let mut presence = Presence::default();
        let lines = [
            line(0, "a", Entry::Born { character: "1".to_owned() }),
            line(0, "b", Entry::Born { character: "2".to_owned() }),
            line(10_000, "a", Entry::In { map: 1 }),
            line(10_000, "b", Entry::In { map: 1 }),
            line(12_000, "a", Entry::Sees),
            line(12_000, "b", out("timeout: the server sent nothing")),
        ];
        lines.iter().for_each(|line| presence.take(line));
        assert_eq!(presence.bots(), 2);
        assert_eq!(presence.missing(11_500, 0), [""; 0], "just seen");
        let not_since_then = ["a for 1.0 s: it sees nothing", "b for 3.0 s: timeout: the server sent nothing"];
        assert_eq!(presence.missing(13_000, 12_001), not_since_then);
        assert_eq!(presence.missing(13_500, 0), ["b for 3.5 s: timeout: the server sent nothing"]);
        assert_eq!(presence.missing(13_501, 0).len(), 2, "a has not seen it for more than a moment");
        presence.take(&line(13_500, "b", Entry::In { map: 1 }));
        assert_eq!(presence.missing(13_500, 0), [""; 0]);
        presence.take(&line(14_000, "a", Entry::Refused { why: "the map is full".to_owned() }));
        presence.take(&line(19_500, "c", Entry::Born { character: "3".to_owned() }));
        let missing = ["a for 8.0 s: the map is full", "b for 6.5 s: it sees nothing", "c for 20.0 s: it sees nothing"];
        assert_eq!(presence.missing(20_000, 0), missing);
    }

    #[test]
    fn the_longest_absence_is_found() {
        let lines = [
            line(1_000, "a", Entry::Sees),
            line(1_000, "b", Entry::Sees),
            line(1_500, "a", Entry::Sees),
            line(3_000, "b", out("timeout: the server sent nothing")),
            line(4_500, "b", Entry::In { map: 1 }),
            line(5_000, "a", Entry::Sees),
        ];
        assert_eq!(longest_absence(&lines, 1_000, 5_000), Duration::from_millis(3_500));
        assert_eq!(longest_absence(&lines, 4_000, 5_000), Duration::from_secs(1), "counted from the beginning");
        assert_eq!(longest_absence(&lines, 1_000, 9_000), Duration::from_millis(4_500), "and to the end");
        assert_eq!(longest_absence(&lines, 1_000, 4_000), Duration::from_secs(3), "nothing after the end counts");
        let gone = [line(1_000, "d", Entry::Sees)];
        let absence = longest_absence(&gone, 4_000, 5_000);
        assert_eq!(absence, Duration::from_secs(1), "nor what was before the beginning, of who never comes back");
        let late = [line(4_000, "c", Entry::Sees), line(4_500, "c", Entry::Sees)];
        assert_eq!(longest_absence(&late, 1_000, 5_000), Duration::from_millis(500), "who never came is not away");
    }
}
