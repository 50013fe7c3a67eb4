//! Statements that several handlers need.

use sqlx::AssertSqlSafe;

use super::{Connection, LOCKS_ROWS};

/// Locks rows on PostgreSQL, as the sidecar does before it checks and writes.
pub async fn lock_rows(
    connection: &mut Connection,
    table: &str,
    key: &str,
    keys: impl IntoIterator<Item = String>,
) -> anyhow::Result<()> {
    if !LOCKS_ROWS {
        return Ok(());
    }
    let keys = serde_json::to_string(&keys.into_iter().collect::<Vec<_>>())?;
    let query = format!(
        "SELECT 1 FROM {table} WHERE {key} = ANY(ARRAY(SELECT json_array_elements_text(CAST($1 AS json)))) \
         ORDER BY {key} FOR NO KEY UPDATE"
    );
    sqlx::query(AssertSqlSafe(query)).bind(keys).execute(connection).await?;
    Ok(())
}

/// `($1, $2, $3)`.
pub fn parameters(first: usize, count: usize) -> String {
    let names: Vec<String> = (first..first + count).map(|number| format!("${number}")).collect();
    format!("({})", names.join(", "))
}

/// Parts of 64 rows, and what is left in smaller powers of two.
pub fn parts<T>(mut left: &[T]) -> Vec<&[T]> {
    let mut parts = Vec::new();
    while !left.is_empty() {
        let (part, rest) = left.split_at(64.min(1 << left.len().ilog2()));
        parts.push(part);
        left = rest;
    }
    parts
}

/// What a handler relies on.
pub fn demand(holds: bool, otherwise: &'static str) -> anyhow::Result<()> {
    anyhow::ensure!(holds, otherwise);
    Ok(())
}
