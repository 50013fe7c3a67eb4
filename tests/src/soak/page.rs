//! The pages of metrics of all processes, as one.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use realmgate_client::scrape::{Histogram, Scrape, label};

/// Gauges of how much there is of something, with the names that a table shows them by.
const SIZES: [(&str, &str); 9] = [
    ("realmgate_sessions", "sessions"),
    ("realmgate_expected_players", "expected"),
    ("realmgate_gateway_sockets", "sockets"),
    ("realmgate_connections", "connections"),
    ("realmgate_event_batches_waiting", "batches"),
    ("realmgate_send_queue_frames", "frames"),
    ("realmgate_database_connections", "database"),
    ("realmgate_ledger", "ledger"),
    ("realmgate_locks", "locks"),
];
/// The gauge of tables that have none of their own.
const TABLES: &str = "realmgate_table_entries";

/// What was read.
#[derive(Debug, Clone, Default)]
pub struct Page(Scrape);

impl Page {
    /// Adds what another process says.
    pub fn add(&mut self, text: &str) {
        self.0.add(text);
    }

    /// A counter or gauge, added up over its labels and processes; 0 where nothing counted it.
    pub fn sum(&self, name: &str) -> f64 {
        self.0.sum(name).unwrap_or_default()
    }

    /// A histogram, added up over its labels and processes.
    ///
    /// # Errors
    /// Where there is none.
    pub fn histogram(&self, name: &str) -> Result<Histogram> {
        self.0.histogram(name).with_context(|| format!("there is no {name}"))
    }

    /// How many samples there are: what every scrape carries, and a monitoring keeps.
    pub fn series(&self) -> usize {
        self.0.samples().count()
    }

    /// How much there is in each table. What the figures call one is kept by its label, as `rates`.
    pub fn tables(&self) -> BTreeMap<String, u64> {
        let mut tables = BTreeMap::new();
        for (name, labels, value) in self.0.samples() {
            let shown = match SIZES.iter().find(|(known, _)| *known == name) {
                // Of the ledger only the lines: what players own is no table of ours.
                Some((_, "ledger")) => label(labels, "figure").filter(|figure| figure.ends_with("_lines")),
                // Of characters only those whose lock somebody holds.
                Some((_, "locks")) => label(labels, "owner").filter(|owner| *owner != "none").map(|_| "locks"),
                Some((_, shown)) => Some(*shown),
                None if name == TABLES => label(labels, "table"),
                None => None,
            };
            if let Some(shown) = shown {
                *tables.entry(shown.to_owned()).or_default() += value as u64;
            }
        }
        tables
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_added_up() {
        let mut page = Page::default();
        page.add("# TYPE realmgate_sessions gauge\nrealmgate_sessions 3\nrealmgate_connections{listener=\"api\"} 2\n");
        page.add("realmgate_connections{listener=\"gateway\"} 5\nrealmgate_table_entries{table=\"gates\"} 4\n");
        page.add("realmgate_ledger{figure=\"gold_lines\"} 9\nrealmgate_ledger{figure=\"gold_in_world\"} 70\n");
        page.add("realmgate_locks{owner=\"none\"} 50\nrealmgate_locks{owner=\"map\"} 2\n");
        page.add("realmgate_locks{owner=\"gateway\"} 1\n");
        page.add("realmgate_sessions 4\nrealmgate_table_entries{table=\"gates\"} 1\nrealmgate_logins_total 2\n");
        assert_eq!((page.sum("realmgate_connections"), page.sum("realmgate_none"), page.series()), (7.0, 0.0, 12));
        let expected = [("sessions", 7), ("connections", 7), ("gates", 5), ("gold_lines", 9), ("locks", 3)];
        assert_eq!(page.tables(), BTreeMap::from(expected.map(|(name, count)| (name.to_owned(), count))));
        for count in [2, 3] {
            page.add(&format!("work_bucket{{le=\"0.1\"}} {count}\nwork_bucket{{le=\"+Inf\"}} {count}\n"));
        }
        assert_eq!(page.histogram("work").unwrap().count(), 5);
        assert_eq!(page.histogram("none").unwrap_err().to_string(), "there is no none");
    }
}
