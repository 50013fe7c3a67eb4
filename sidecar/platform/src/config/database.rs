//! Where the database is and how it is used.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use sqlx::postgres::PgConnectOptions;

use super::defaults::defaults;
use super::{ConfigError, SecretStoreSettings};

/// Flags and environment variables of the database.
#[derive(Debug, Clone, clap::Args)]
pub struct DatabaseSettings {
    /// Database, sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME [default: sqlite:DATA_DIR/realmgate.db]
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, value_parser = secret)]
    pub database_url: Option<SecretString>,
    /// Connections to PostgreSQL, at most
    #[arg(long, env = "DATABASE_POOL", default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub database_pool: u32,
    /// How long a call waits for a connection before it fails, in seconds
    #[arg(long, env = "DATABASE_ACQUIRE_SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=600))]
    pub database_acquire_seconds: u32,
    /// How long PostgreSQL may work on a statement before it cancels it, in seconds
    #[arg(long, env = "DATABASE_STATEMENT_SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=600))]
    pub database_statement_seconds: u32,
}

/// The settings that tools need which only open the database.
#[derive(Debug, Clone, clap::Args)]
pub struct Storage {
    /// Directory of the database
    #[arg(long, env = "DATA_DIR", default_value = "./data")]
    pub data_dir: PathBuf,
    /// The database.
    #[command(flatten)]
    pub database: DatabaseSettings,
    /// Where `DATABASE_URL` may be stored.
    #[command(flatten)]
    pub secret_stores: SecretStoreSettings,
}

/// The checked database settings.
#[derive(Debug, Clone)]
pub struct DatabaseConfig {
    /// Where the database is.
    pub at: DatabaseAt,
    /// Maximum number of connections to PostgreSQL.
    pub pool: u32,
    /// How long a call waits for a connection before it fails.
    pub acquire: Duration,
    /// How long PostgreSQL may work on a statement before it gives up.
    pub statement: Duration,
    /// Whether PostgreSQL's tables are migrated when the database is opened. Where several sidecars share it,
    /// `sidecar migrate` does that, and they only check. A SQLite file is always migrated.
    pub migrate: bool,
}

/// Where a database is.
#[derive(Debug, Clone)]
pub enum DatabaseAt {
    /// The path of a SQLite file.
    Sqlite(PathBuf),
    /// The URL of a PostgreSQL database, with its password.
    Postgres(SecretString),
}

impl Default for DatabaseSettings {
    fn default() -> Self {
        defaults()
    }
}

impl DatabaseSettings {
    /// Checks where the database is. Without an address, it is a file in `data_dir`.
    ///
    /// # Errors
    /// When `DATABASE_URL` is neither a SQLite path nor a valid PostgreSQL URL.
    pub fn resolve(&self, data_dir: &Path) -> Result<DatabaseConfig, ConfigError> {
        Ok(DatabaseConfig {
            at: self.at(data_dir)?,
            pool: self.database_pool,
            acquire: Duration::from_secs(self.database_acquire_seconds.into()),
            statement: Duration::from_secs(self.database_statement_seconds.into()),
            migrate: true,
        })
    }

    fn at(&self, data_dir: &Path) -> Result<DatabaseAt, ConfigError> {
        let url = self.database_url.as_ref().map_or("", |url| url.expose_secret());
        if url.is_empty() {
            return Ok(DatabaseAt::Sqlite(data_dir.join("realmgate.db")));
        }
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return match PgConnectOptions::from_str(url) {
                Ok(_) => Ok(DatabaseAt::Postgres(url.into())),
                // The cause could repeat a part of the address, and with it the password.
                Err(_) => Err(ConfigError::new("DATABASE_URL", "must be postgres://USER:PASSWORD@HOST:PORT/NAME")),
            };
        }
        let path = url.strip_prefix("sqlite://").or_else(|| url.strip_prefix("sqlite:"));
        match path {
            Some(path) if !path.is_empty() && !path.contains(":memory:") => {
                Ok(DatabaseAt::Sqlite(Path::new(path).to_owned()))
            }
            _ => Err(ConfigError::new("DATABASE_URL", "must be sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME")),
        }
    }
}

impl Storage {
    /// The database that these settings name. Reads the stores of secrets.
    ///
    /// # Errors
    /// As [`DatabaseSettings::resolve`] and [`SecretStoreSettings::read`].
    pub fn database(&self) -> Result<DatabaseConfig, ConfigError> {
        let mut database = self.database.clone();
        let mut stored = self.secret_stores.read(&["DATABASE_URL"])?;
        stored.fill("DATABASE_URL", &mut database.database_url);
        stored.log();
        database.resolve(&self.data_dir)
    }
}

/// For people to read, without the password.
impl fmt::Display for DatabaseAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(file) => write!(f, "{}", file.display()),
            Self::Postgres(url) => match PgConnectOptions::from_str(url.expose_secret()) {
                Ok(options) => {
                    let name = options.get_database().unwrap_or(options.get_username());
                    write!(f, "{name} on PostgreSQL at {}:{}", options.get_host(), options.get_port())
                }
                Err(_) => f.write_str("PostgreSQL"),
            },
        }
    }
}

/// Parses a setting whose value is never shown.
///
/// # Errors
/// Never: every text is taken.
pub fn secret(text: &str) -> Result<SecretString, std::convert::Infallible> {
    Ok(text.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(url: &str) -> Result<DatabaseAt, ConfigError> {
        let settings = DatabaseSettings { database_url: Some(url.into()), ..DatabaseSettings::default() };
        settings.resolve(Path::new("data")).map(|config| config.at)
    }

    #[test]
    fn a_database_is_a_file_or_a_server() {
        for (url, file) in [("", "data/realmgate.db"), ("sqlite:x/y.db", "x/y.db"), ("sqlite:///y.db", "/y.db")] {
            assert!(matches!(at(url), Ok(DatabaseAt::Sqlite(path)) if path == Path::new(file)), "{url}");
        }
        for url in ["postgres://u:p@h/db", "postgresql://h", "postgres://u@h:5433/db?sslmode=require"] {
            let found = at(url);
            assert!(matches!(&found, Ok(DatabaseAt::Postgres(known)) if known.expose_secret() == url), "{found:?}");
        }
        for url in ["mysql://h/db", "sqlite:", "sqlite::memory:", "realmgate.db", "postgres://h:port/db"] {
            assert_eq!(at(url).unwrap_err().key, "DATABASE_URL", "{url}");
        }
    }

    #[test]
    fn the_password_is_never_shown() {
        let known = at("postgres://ann:hunter2@db.example:5433/realm").unwrap();
        assert_eq!(known.to_string(), "realm on PostgreSQL at db.example:5433");
        assert!(!format!("{known:?}").contains("hunter2"));
        for bad in ["postgres://ann:hunter2@db:x/realm", "postgres://ann:hunt/hunter2@db/realm?sslmode=hunter2"] {
            let error = at(bad).unwrap_err().to_string();
            assert!(!error.contains("hunter2") && error.contains("DATABASE_URL"), "{error}");
        }
    }
}
