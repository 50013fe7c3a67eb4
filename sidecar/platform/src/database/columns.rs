//! Conversion of column values: ids and structures are TEXT, numbers and times BIGINT.

use std::str::FromStr;

use realmgate_protocol::ids::LockEpoch;
use sqlx::Row;

use super::SqlRow;

/// Converts a time in Unix milliseconds to a column value.
pub fn to_sql_ms(ms: u64) -> i64 {
    i64::try_from(ms).unwrap_or(i64::MAX)
}

/// Converts a column value to a time in Unix milliseconds.
pub fn from_sql_ms(ms: i64) -> u64 {
    u64::try_from(ms).unwrap_or(0)
}

/// Converts an epoch to a column value.
pub fn to_sql_epoch(epoch: LockEpoch) -> i64 {
    i64::try_from(epoch.0).unwrap_or(i64::MAX)
}

/// Parses an id from the database, where every id is text that we wrote.
///
/// # Errors
/// When the text is not such an id.
pub fn parse_id<T>(column: &str, text: &str) -> sqlx::Result<T>
where
    T: FromStr<Err: std::error::Error + Send + Sync + 'static>,
{
    text.parse().map_err(|error| sqlx::Error::ColumnDecode { index: column.to_owned(), source: Box::new(error) })
}

/// The error for a stored value that cannot be decoded.
pub fn undecodable(error: impl std::error::Error + Send + Sync + 'static) -> sqlx::Error {
    sqlx::Error::Decode(Box::new(error))
}

/// Reads and parses a text column.
///
/// # Errors
/// When there is no such column, or its text is not a `T`.
pub fn parsed<T>(row: &SqlRow, column: &str) -> sqlx::Result<T>
where
    T: FromStr<Err: std::error::Error + Send + Sync + 'static>,
{
    parse_id(column, &row.try_get::<String, _>(column)?)
}

/// Reads a number column as the type it stands for.
///
/// # Errors
/// When there is no such column, or its number does not fit into `T`.
pub fn number<T>(row: &SqlRow, column: &str) -> sqlx::Result<T>
where
    T: TryFrom<i64, Error: std::error::Error + Send + Sync + 'static>,
{
    T::try_from(row.try_get::<i64, _>(column)?).map_err(undecodable)
}
