//! Databases of a server's own.

use anyhow::{Context, Result, ensure};
use realmgate_tests::backends::Postgres;
use realmgate_tests::process::command;
use realmgate_tests::{Home, Process};
use sqlx::postgres::PgPoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use sqlx::{Connection, PgConnection, PgPool, SqlitePool};

use crate::server::built;

/// A database with the sidecar's tables, and the folder of the server that uses it.
#[derive(Debug)]
pub struct Base {
    /// The server's folder.
    pub home: Home,
    /// For us.
    pub pool: Pool,
    postgres_url: Option<String>,
    redis_url: Option<String>,
}

/// Our own connections.
#[derive(Debug, Clone)]
pub enum Pool {
    /// To the file.
    Sqlite(SqlitePool),
    /// To the server.
    Postgres(PgPool),
}

impl Base {
    /// Makes one; in this cluster, or in a file.
    pub async fn create(cluster: Option<&Postgres>, name: &str) -> Result<Self> {
        let home = Home::new();
        let postgres_url = match cluster {
            Some(cluster) => {
                cluster.create_database(name).await;
                Some(cluster.url(name))
            }
            None => None,
        };
        migrate(&home, postgres_url.as_deref()).await?;
        let pool = match &postgres_url {
            Some(url) => Pool::Postgres(PgPoolOptions::new().max_connections(2).connect(url).await?),
            None => {
                let options = SqliteConnectOptions::new().filename(home.data_dir().join("realmgate.db"));
                Pool::Sqlite(SqlitePoolOptions::new().max_connections(1).connect_with(options).await?)
            }
        };
        Ok(Self { home, pool, postgres_url, redis_url: None })
    }

    /// The same, whose sidecar has this Redis.
    pub fn with_redis(self, url: String) -> Self {
        Self { redis_url: Some(url), ..self }
    }

    /// What a sidecar is told.
    pub fn settings(&self) -> Vec<(&'static str, String)> {
        let data_dir = ("DATA_DIR", self.home.data_dir().to_string_lossy().into_owned());
        let secret = ("JWT_SECRET", self.jwt_secret());
        let url = self.postgres_url.clone().map(|url| ("DATABASE_URL", url));
        let redis = self.redis_url.clone().map(|url| ("REDIS_URL", url));
        [data_dir, secret].into_iter().chain(url).chain(redis).collect()
    }

    /// Where the database is, if it is on PostgreSQL.
    pub fn postgres_url(&self) -> Option<&str> {
        self.postgres_url.as_deref()
    }

    /// What access tokens are signed with.
    pub fn jwt_secret(&self) -> String {
        "of a bench, and longer than thirty-two bytes".to_owned()
    }

    /// Executes a statement without parameters; how many rows it affected.
    pub async fn execute(&self, statement: String) -> Result<u64> {
        let statement = sqlx::AssertSqlSafe(statement);
        Ok(match &self.pool {
            Pool::Sqlite(pool) => sqlx::query(statement).execute(pool).await?.rows_affected(),
            Pool::Postgres(pool) => sqlx::query(statement).execute(pool).await?.rows_affected(),
        })
    }

    /// Does at once what a database does by itself some time after many rows were written, so that it is not measured: counts them for its
    /// plans and, PostgreSQL, vacuums them and writes them to their files.
    pub async fn settle(&self) -> Result<()> {
        let statements: &[&str] = match &self.pool {
            Pool::Sqlite(_) => &["ANALYZE"],
            Pool::Postgres(_) => &["VACUUM (ANALYZE)", "CHECKPOINT"],
        };
        for statement in statements {
            self.execute((*statement).to_owned()).await?;
        }
        Ok(())
    }

    /// A number.
    pub async fn number(&self, query: String) -> Result<i64> {
        let query = sqlx::AssertSqlSafe(query);
        Ok(match &self.pool {
            Pool::Sqlite(pool) => sqlx::query_scalar(query).fetch_one(pool).await?,
            Pool::Postgres(pool) => sqlx::query_scalar(query).fetch_one(pool).await?,
        })
    }
}

async fn migrate(home: &Home, postgres_url: Option<&str>) -> Result<()> {
    let mut migrate = command(&built("sidecar")?);
    migrate.arg("migrate").env("DATA_DIR", home.data_dir());
    migrate.envs(postgres_url.map(|url| ("DATABASE_URL", url)));
    std::fs::create_dir_all(home.data_dir())?;
    let migrating = Process::start(home, migrate);
    let migrated = migrating.finished().await;
    ensure!(migrated.code == Some(0), "no tables can be made{}", migrating.told());
    Ok(())
}

/// What makes a commit outlive a crash, as a sentence.
pub async fn durability(cluster: &Postgres) -> Result<String> {
    let mut connection = PgConnection::connect(&cluster.url("postgres")).await?;
    let mut settings = Vec::new();
    for name in ["fsync", "synchronous_commit", "full_page_writes", "wal_sync_method"] {
        let show = sqlx::AssertSqlSafe(format!("SHOW {name}"));
        let value: String = sqlx::query_scalar(show).fetch_one(&mut connection).await.context(name)?;
        settings.push(format!("{name}={value}"));
    }
    let version: String = sqlx::query_scalar("SHOW server_version").fetch_one(&mut connection).await?;
    Ok(format!("Durability, PostgreSQL {version}: {}.", settings.join(", ")))
}
