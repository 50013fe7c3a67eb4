//! Statements for many rows at once. Row counts are powers of two, so that few statement texts are prepared.

use sqlx::{Any, AssertSqlSafe};

use super::{SqlConnection, SqlRow};

/// Maximum number of rows in one statement.
const MOST_ROWS: usize = 64;

/// A statement to bind to.
pub type Statement = sqlx::query::Query<'static, Any, sqlx::any::AnyArguments>;

/// Fetches the rows that a query finds for any of these keys. The query ends where the keys go: `SELECT … WHERE id IN`.
///
/// # Errors
/// When the statement fails for any part of the keys; those before it stay, outside of a transaction.
pub async fn fetch_in(
    connection: &mut SqlConnection,
    query: &str,
    keys: impl IntoIterator<Item = String>,
) -> sqlx::Result<Vec<SqlRow>> {
    let keys: Vec<String> = keys.into_iter().collect();
    let mut found = Vec::with_capacity(keys.len());
    for part in parts(&keys) {
        found.extend(with_keys(query, part).fetch_all(&mut *connection).await?);
    }
    Ok(found)
}

/// Executes a statement for all of these keys. The statement ends where the keys go: `DELETE … WHERE id IN`.
///
/// # Errors
/// When the statement fails for any part of the keys; those before it stay, outside of a transaction.
pub async fn execute_in(
    connection: &mut SqlConnection,
    statement: &str,
    keys: impl IntoIterator<Item = String>,
) -> sqlx::Result<()> {
    let keys: Vec<String> = keys.into_iter().collect();
    for part in parts(&keys) {
        with_keys(statement, part).execute(&mut *connection).await?;
    }
    Ok(())
}

/// A statement about rows of values: `before VALUES ($1, $2), ($3, $4) after`.
pub struct Values {
    /// What comes before the rows.
    pub before: &'static str,
    /// How many values a row has.
    pub columns: usize,
    /// What comes after the rows.
    pub after: &'static str,
}

impl Values {
    /// Executes the statement for all rows; returns how many it affected. `bind` binds the values of one row.
    ///
    /// # Errors
    /// When the statement fails for any part of the rows; those before it stay, outside of a transaction.
    pub async fn execute<R>(
        &self,
        connection: &mut SqlConnection,
        rows: &[R],
        bind: impl Fn(Statement, &R) -> Statement,
    ) -> sqlx::Result<u64> {
        let mut affected = 0;
        for part in parts(rows) {
            let statement = part.iter().fold(self.statement(part.len()), &bind);
            affected += statement.execute(&mut *connection).await?.rows_affected();
        }
        Ok(affected)
    }

    /// As [`Values::execute`], but returns the rows that the statement returns.
    ///
    /// # Errors
    /// When the statement fails for any part of the rows; those before it stay, outside of a transaction.
    pub async fn fetch<R>(
        &self,
        connection: &mut SqlConnection,
        rows: &[R],
        bind: impl Fn(Statement, &R) -> Statement,
    ) -> sqlx::Result<Vec<SqlRow>> {
        let mut found = Vec::new();
        for part in parts(rows) {
            let statement = part.iter().fold(self.statement(part.len()), &bind);
            found.extend(statement.fetch_all(&mut *connection).await?);
        }
        Ok(found)
    }

    fn statement(&self, rows: usize) -> Statement {
        let rows: Vec<String> = (0..rows).map(|row| parameters(1 + row * self.columns, self.columns)).collect();
        sqlx::query(AssertSqlSafe(format!("{} VALUES {} {}", self.before, rows.join(", "), self.after)))
    }
}

fn with_keys(statement: &str, keys: &[String]) -> Statement {
    let statement = sqlx::query(AssertSqlSafe(format!("{statement} {}", parameters(1, keys.len()))));
    keys.iter().fold(statement, |statement, key| statement.bind(key.clone()))
}

/// `count` parameters from the `first` on: `($1, $2, $3)`.
fn parameters(first: usize, count: usize) -> String {
    let names: Vec<String> = (first..first + count).map(|number| format!("${number}")).collect();
    format!("({})", names.join(", "))
}

/// Splits into chunks of [`MOST_ROWS`], and the rest into smaller powers of two.
fn parts<T>(all: &[T]) -> impl Iterator<Item = &[T]> {
    let mut left = all;
    std::iter::from_fn(move || {
        let rows = MOST_ROWS.min(1 << left.len().checked_ilog2()?);
        let (part, rest) = left.split_at(rows);
        left = rest;
        Some(part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_powers_of_two() {
        let all: Vec<usize> = (0..77).collect();
        let sizes: Vec<usize> = parts(&all).map(<[usize]>::len).collect();
        assert_eq!(sizes, [64, 8, 4, 1]);
        assert_eq!(parts(&all).flatten().copied().collect::<Vec<_>>(), all);
        assert_eq!(parts::<u8>(&[]).count(), 0);
    }

    #[test]
    fn parameters_are_numbered_on() {
        assert_eq!(parameters(1, 1), "($1)");
        assert_eq!(parameters(4, 3), "($4, $5, $6)");
    }
}
