//! The audit of the ledgers. The order of their lines does not matter: what came to an owner minus what went from it
//! must be exactly what that owner has.

use std::collections::BTreeMap;

use realmgate_platform::database::SqlConnection;
use serde::Serialize;
use sqlx::Row;

/// Maximum number of faults of one kind that are reported.
const MAX_TOLD: usize = 20;

/// What an audit found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct AuditReport {
    /// Number of items that exist.
    pub items: u64,
    /// Number of lines in the item ledger.
    pub item_lines: u64,
    /// Gold in purses, tills and on the ground: what the world owes.
    pub gold_in_world: i64,
    /// Number of lines in the gold ledger.
    pub gold_lines: u64,
    /// What does not add up, one sentence each; at most 20 of a kind.
    pub faults: Vec<String>,
}

impl AuditReport {
    /// Whether everything adds up.
    pub fn is_clean(&self) -> bool {
        self.faults.is_empty()
    }
}

/// A query whose every row is a fault: what the fault is, and rows of one text that says where.
struct Check {
    fault: &'static str,
    rows: &'static str,
}

/// All checks. An item's flow at an owner is what came minus what went: 1 where the item is, 0 where it was.
const CHECKS: &[Check] = &[
    Check {
        fault: "the item has an owner that the ledger does not name",
        rows: "SELECT id || ' at ' || owner AS place FROM items EXCEPT \
               SELECT item_id || ' at ' || owner FROM ( \
                 SELECT item_id, to_owner AS owner, 1 AS n FROM item_ledger WHERE to_owner IS NOT NULL \
                 UNION ALL SELECT item_id, from_owner, -1 FROM item_ledger WHERE from_owner IS NOT NULL) AS flow \
               GROUP BY item_id, owner HAVING SUM(n) = 1",
    },
    Check {
        fault: "the ledger names an owner that does not have the item",
        rows: "SELECT item_id || ' at ' || owner AS place FROM ( \
                 SELECT item_id, to_owner AS owner, 1 AS n FROM item_ledger WHERE to_owner IS NOT NULL \
                 UNION ALL SELECT item_id, from_owner, -1 FROM item_ledger WHERE from_owner IS NOT NULL) AS flow \
               GROUP BY item_id, owner HAVING SUM(n) <> 0 \
               EXCEPT SELECT id || ' at ' || owner FROM items",
    },
    Check {
        fault: "the item was not created exactly once",
        rows: "SELECT item_id AS place FROM item_ledger GROUP BY item_id \
               HAVING SUM(CASE WHEN from_owner IS NULL THEN 1 ELSE 0 END) <> 1",
    },
    Check {
        fault: "the item's definition differs from the ledger's",
        rows: "SELECT DISTINCT items.id AS place FROM items JOIN item_ledger ON item_ledger.item_id = items.id \
               WHERE items.definition <> item_ledger.definition",
    },
    Check {
        fault: "an item must have a slot if and only if a character owns it",
        rows: "SELECT id || ' at ' || owner AS place FROM items \
               WHERE (slot IS NOT NULL) <> (owner LIKE 'character:%')",
    },
    Check {
        fault: "the owner is a character that does not exist",
        rows: "SELECT items.id || ' at ' || items.owner AS place FROM items \
               LEFT JOIN characters ON items.owner = 'character:' || characters.id \
               WHERE items.owner LIKE 'character:%' AND characters.id IS NULL",
    },
    Check {
        fault: "the balance differs from the ledger's",
        rows: "SELECT owner || ' differs by ' || CAST(SUM(n) AS TEXT) AS place FROM ( \
                 SELECT owner, balance AS n FROM gold_balances \
                 UNION ALL SELECT to_owner, -amount FROM gold_ledger \
                 UNION ALL SELECT from_owner, amount FROM gold_ledger) AS flow \
               GROUP BY owner HAVING SUM(n) <> 0",
    },
    Check {
        fault: "gold does not sum to zero",
        rows: "SELECT CAST(SUM(balance) AS TEXT) AS place FROM gold_balances HAVING SUM(balance) <> 0",
    },
    Check {
        fault: "a purse or the ground has negative gold",
        rows: "SELECT owner AS place FROM gold_balances \
               WHERE balance < 0 AND owner <> 'world' AND owner NOT LIKE 'vendor:%'",
    },
];

pub(super) async fn run(connection: &mut SqlConnection) -> sqlx::Result<AuditReport> {
    let totals = totals(connection).await?;
    let figure = |name| totals.get(name).copied().unwrap_or(0);
    let mut report = AuditReport {
        items: figure("items").unsigned_abs(),
        item_lines: figure("item_lines").unsigned_abs(),
        gold_in_world: figure("gold_in_world"),
        gold_lines: figure("gold_lines").unsigned_abs(),
        faults: Vec::new(),
    };
    for check in CHECKS {
        let rows = sqlx::query(check.rows).fetch_all(&mut *connection).await?;
        for row in rows.iter().take(MAX_TOLD) {
            report.faults.push(format!("{}: {}", check.fault, row.try_get::<String, _>("place")?));
        }
    }
    Ok(report)
}

/// Totals by name.
pub(super) async fn totals(connection: &mut SqlConnection) -> sqlx::Result<BTreeMap<&'static str, i64>> {
    const FIGURES: &[(&str, &str)] = &[
        ("items", "SELECT COUNT(*) FROM items"),
        ("item_lines", "SELECT COUNT(*) FROM item_ledger"),
        ("gold_in_world", "SELECT COALESCE(CAST(SUM(balance) AS BIGINT), 0) FROM gold_balances WHERE owner <> 'world'"),
        ("gold_lines", "SELECT COUNT(*) FROM gold_ledger"),
        ("events", "SELECT COUNT(*) FROM owned_events"),
    ];
    let mut totals = BTreeMap::new();
    for (name, query) in FIGURES {
        let (figure,): (i64,) = sqlx::query_as(*query).fetch_one(&mut *connection).await?;
        totals.insert(*name, figure);
    }
    Ok(totals)
}
