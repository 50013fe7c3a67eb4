//! The tables and their versions. How a migration may look is told in `sidecar/migrations/README.md`.

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::{AnyConnection, Connection};

use super::open;
use crate::config::DatabaseAt;

/// Why the database cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It cannot be reached, or does not do what it is told.
    #[error(transparent)]
    Sql(#[from] sqlx::Error),
    /// Its tables cannot be brought up to date.
    #[error("its tables cannot be brought up to date: {0}")]
    Migrate(#[from] MigrateError),
    /// Its tables are those of an older program.
    #[error("its tables are of version {found}, and this program needs {needed}: run `sidecar migrate`")]
    TooOld {
        /// The newest migration it has; 0 for none.
        found: i64,
        /// The newest migration we have.
        needed: i64,
    },
}

/// Brings the tables up to date. Several may try at once on PostgreSQL: they queue there.
///
/// Migrations that this program does not know are left alone: a newer one has run, and tables of the next version still
/// serve this one.
pub async fn migrate(at: &DatabaseAt) -> Result<(), OpenError> {
    prepare(at, true).await
}

/// Sees to it that the tables are as new as we need: brings them up to date, or refuses older ones.
pub(super) async fn prepare(at: &DatabaseAt, migrate: bool) -> Result<(), OpenError> {
    let mut connection = open::connection(at).await?;
    if migrate {
        migrations().run(&mut connection).await?;
    }
    check(&mut connection).await?;
    connection.close().await?;
    Ok(())
}

/// Refuses tables that are older than we need.
async fn check(connection: &mut AnyConnection) -> Result<(), OpenError> {
    let needed = migrations().iter().map(|migration| migration.version).max().unwrap_or(0);
    let found = match newest(connection).await {
        Ok(found) => found,
        // There is no such table yet.
        Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("42P01") => 0,
        Err(error) => return Err(error.into()),
    };
    if found < needed { Err(OpenError::TooOld { found, needed }) } else { Ok(()) }
}

async fn newest(connection: &mut AnyConnection) -> sqlx::Result<i64> {
    sqlx::query_scalar("SELECT COALESCE(MAX(version), 0) FROM _sqlx_migrations WHERE success")
        .fetch_one(connection)
        .await
}

fn migrations() -> Migrator {
    let mut migrations = sqlx::migrate!("./migrations");
    migrations.set_ignore_missing(true);
    migrations
}
