//! The tables and their versions. The rules for migrations are in `migrations/README.md`.

use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::{AnyConnection, Connection, SqlStr};

use super::open;
use crate::config::DatabaseAt;

/// Why the database cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It cannot be reached, or a statement failed.
    #[error(transparent)]
    Sql(#[from] sqlx::Error),
    /// Its tables cannot be brought up to date.
    #[error("cannot migrate the tables: {0}")]
    Migrate(#[from] MigrateError),
    /// Its tables are older than this program needs.
    #[error("the schema has version {found}, and this program needs {needed}: run `sidecar migrate`")]
    TooOld {
        /// The newest migration it has; 0 for none.
        found: i64,
        /// The newest migration that this program has.
        needed: i64,
    },
}

/// Brings the tables up to date. On PostgreSQL several processes may try at once: they queue at an advisory lock.
///
/// Migrations that this program does not know are left alone: a newer program has run, and tables of the next version
/// still serve this one.
///
/// # Errors
/// [`OpenError::Sql`] when the database cannot be reached, [`OpenError::Migrate`] when a migration fails,
/// [`OpenError::TooOld`] when the tables are still too old afterwards.
pub async fn migrate(at: &DatabaseAt) -> Result<(), OpenError> {
    prepare(at, true).await
}

/// Ensures that the tables are as new as we need: brings them up to date, or refuses older ones.
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

/// Version, name and text of each migration. sqlx has a macro that reads the folder, but it compiles everything sqlx
/// needs a second time, with both databases' drivers, to run inside the compiler.
const MIGRATIONS: [(i64, &str, &str); 25] = [
    (1, "init", include_str!("../../migrations/0001_init.sql")),
    (2, "locks", include_str!("../../migrations/0002_locks.sql")),
    (3, "characters", include_str!("../../migrations/0003_characters.sql")),
    (4, "account waiting", include_str!("../../migrations/0004_account_waiting.sql")),
    (8, "lock timers", include_str!("../../migrations/0008_lock_timers.sql")),
    (9, "community", include_str!("../../migrations/0009_community.sql")),
    (10, "friends", include_str!("../../migrations/0010_friends.sql")),
    (11, "notifications", include_str!("../../migrations/0011_notifications.sql")),
    (12, "leaderboards", include_str!("../../migrations/0012_leaderboards.sql")),
    (13, "leaderboard feed", include_str!("../../migrations/0013_leaderboard_feed.sql")),
    (14, "lobbies", include_str!("../../migrations/0014_lobbies.sql")),
    (15, "mail", include_str!("../../migrations/0015_mail.sql")),
    (16, "oauth", include_str!("../../migrations/0016_oauth.sql")),
    (17, "scripts", include_str!("../../migrations/0017_scripts.sql")),
    (18, "admin", include_str!("../../migrations/0018_admin.sql")),
    (19, "final sigma", include_str!("../../migrations/0019_final_sigma.sql")),
    (20, "administrators", include_str!("../../migrations/0020_administrators.sql")),
    (21, "lobby lists", include_str!("../../migrations/0021_lobby_lists.sql")),
    (22, "oauth pages", include_str!("../../migrations/0022_oauth_pages.sql")),
    (23, "refresh again", include_str!("../../migrations/0023_refresh_again.sql")),
    (24, "bans", include_str!("../../migrations/0024_bans.sql")),
    (25, "guests", include_str!("../../migrations/0025_guests.sql")),
    (26, "write probe", include_str!("../../migrations/0026_write_probe.sql")),
    (27, "ban reasons", include_str!("../../migrations/0027_ban_reasons.sql")),
    (28, "mutes", include_str!("../../migrations/0028_mutes.sql")),
];

fn migrations() -> Migrator {
    let migrations = MIGRATIONS.map(|(version, name, sql)| {
        Migration::new(version, name.into(), MigrationType::Simple, SqlStr::from_static(sql), false)
    });
    let mut migrator = Migrator::with_migrations(migrations.into());
    migrator.set_ignore_missing(true);
    migrator
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_migration_of_the_folder_is_known() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations");
        let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
        let mut files: Vec<String> = files.filter(|file| file.ends_with(".sql")).collect();
        files.sort();
        let known = MIGRATIONS
            .map(|(version, name, sql)| (format!("{version:04}_{}.sql", name.replace(' ', "_")), sql.to_owned()));
        let there: Vec<(String, String)> = files
            .into_iter()
            .map(|file| (file.clone(), std::fs::read_to_string(format!("{folder}/{file}")).unwrap()))
            .collect();
        assert_eq!(there, known);
    }
}
