//! A PostgreSQL cluster of a test's own: crash-safe as the real one, and stopped, killed and started again at will.

use std::path::{Path, PathBuf};
use std::process::Command;

use realmgate_services::free_port;
use rustix::process::Signal;
use sqlx::{Connection, PgConnection};

use super::disk::SmallDisk;
use super::program::{Missing, ServiceFolder, ServiceUser, find};
use crate::home::Home;
use crate::process::{Process, command};
use crate::wait::{PATIENCE, found_within, until_within};

/// A running cluster.
#[derive(Debug)]
pub struct Postgres {
    program: PathBuf,
    user: Option<ServiceUser>,
    home: Home,
    port: u16,
    process: Option<Process>,
    /// Ends before the folder that it is mounted on.
    disk: Option<SmallDisk>,
    folder: ServiceFolder,
}

impl Postgres {
    /// Makes a cluster on the machine's own disk, and waits until it answers.
    ///
    /// # Errors
    /// When `initdb` or `postgres` is not installed.
    ///
    /// # Panics
    /// When it does not; its output is in the message.
    pub async fn start() -> Result<Self, Missing> {
        Self::start_on(None).await
    }

    /// As [`Postgres::start`], on a disk of so many megabytes that can be filled. That takes root.
    ///
    /// # Errors
    /// When `initdb`, `postgres` or what mounts the disk is not installed.
    ///
    /// # Panics
    /// When it does not answer; its output is in the message.
    pub async fn start_on_small_disk(megabytes: u32) -> Result<Self, Missing> {
        Self::start_on(Some(megabytes)).await
    }

    async fn start_on(megabytes: Option<u32>) -> Result<Self, Missing> {
        let (initdb, program) = (find("initdb", "postgresql")?, find("postgres", "postgresql")?);
        let user = ServiceUser::of(&["postgres"]);
        let folder = ServiceFolder::new(user);
        let disk = match (megabytes, user) {
            (Some(megabytes), Some(user)) => Some(SmallDisk::mount(folder.path(), megabytes, user).await?),
            _ => None,
        };
        let mut postgres = Self { program, user, home: Home::new(), port: free_port(), process: None, disk, folder };
        postgres.make_cluster(&initdb).await;
        postgres.start_again().await;
        Ok(postgres)
    }

    /// The URL of one of its databases.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its disk, if that can be filled.
    pub fn disk(&self) -> Option<&SmallDisk> {
        self.disk.as_ref()
    }

    /// Whether it has not ended.
    pub fn is_running(&self) -> bool {
        self.process.as_ref().is_some_and(Process::is_running)
    }

    /// Makes a database.
    ///
    /// # Panics
    /// When it cannot be made.
    pub async fn create_database(&self, name: &str) {
        let mut connection = PgConnection::connect(&self.url("postgres")).await.expect("the cluster answers");
        let create = sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"));
        sqlx::query(create).execute(&mut connection).await.expect("a database can be made");
    }

    /// Makes a user who may do everything, but has to show this password.
    ///
    /// # Panics
    /// When the cluster does not do what it is told.
    pub async fn add_user(&self, name: &str, password: &str) {
        let rules = self.data().join("pg_hba.conf");
        let known = std::fs::read_to_string(&rules).expect("a cluster has rules");
        // The first that fits is the one that counts.
        let first = format!("host all {name} 127.0.0.1/32 scram-sha-256\n{known}");
        std::fs::write(&rules, first).expect("the rules can be changed");
        let mut connection = PgConnection::connect(&self.url("postgres")).await.expect("the cluster answers");
        let create = format!("CREATE ROLE {name} SUPERUSER LOGIN PASSWORD '{password}'");
        for order in [create.as_str(), "SELECT pg_reload_conf()"] {
            let order = sqlx::AssertSqlSafe(order.to_owned());
            sqlx::query(order).execute(&mut connection).await.expect("the cluster does what it is told");
        }
    }

    /// Stops it as an operator does who has no time: sessions are ended, everything is written.
    pub async fn stop_fast(&mut self) {
        self.end(Signal::INT).await;
    }

    /// Ends it at once. Its children notice, and end too.
    pub async fn kill(&mut self) {
        self.end(Signal::KILL).await;
    }

    async fn end(&mut self, signal: Signal) {
        if let Some(process) = self.process.take() {
            process.signal(signal);
            process.finished().await;
        }
    }

    /// Starts it again on the same port, with what it had committed.
    ///
    /// # Panics
    /// When it does not answer; its output is in the message.
    pub async fn start_again(&mut self) {
        let url = self.url("postgres");
        let mut process = self.serve();
        until_within("PostgreSQL answers", PATIENCE, async || {
            // After a kill the last of its children may still hold the shared memory for a moment.
            if !process.is_running() {
                assert!(process.stderr().contains("still in use"), "PostgreSQL has ended{}", process.told());
                process = self.serve();
            }
            PgConnection::connect(&url).await.ok()?.close().await.ok()
        })
        .await;
        self.process = Some(process);
    }

    fn serve(&self) -> Process {
        let mut serve = self.command(&self.program);
        serve.arg("-D").arg(self.data()).arg("-k").arg(self.folder.path());
        serve.args(["-p", &self.port.to_string(), "-h", "127.0.0.1"]);
        Process::start(&self.home, serve)
    }

    async fn make_cluster(&self, initdb: &Path) {
        let mut make = self.command(initdb);
        make.arg("-D").arg(self.data()).args(["-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "-N"]);
        // Small segments, so that a small disk has room for some.
        make.args(["--wal-segsize", if self.disk.is_some() { "1" } else { "16" }]);
        let made = Process::start(&self.home, make);
        let finished = made.finished_within(2 * PATIENCE).await;
        assert_eq!(finished.code, Some(0), "no cluster can be made{}", made.told());
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = match (&self.disk, self.user) {
            (Some(disk), Some(user)) => disk.command(program, user),
            (None, Some(user)) => {
                let mut command = command(program);
                user.runs(&mut command);
                command
            }
            (_, None) => command(program),
        };
        command.current_dir("/").env("PATH", "/usr/bin:/bin");
        command
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // The postmaster alone is our child: it must end its own before the folder is removed under them.
        if let Some(process) = &self.process {
            process.signal(Signal::QUIT);
            process.wait_blocking();
        }
    }
}

/// Whether a database answers within the usual patience.
pub async fn answers(url: &str) -> bool {
    found_within(PATIENCE, async || PgConnection::connect(url).await.ok()).await.is_some()
}

#[cfg(test)]
mod tests {
    use realmgate_skip::skip;

    use super::*;
    use crate::backends::program::or_skip;
    use crate::process::is_alive;

    /// How the cluster ended the last time, by its own words when it starts.
    fn has_found(postgres: &Postgres, end: &str) -> bool {
        postgres.process.as_ref().is_some_and(|process| process.stderr().contains(end))
    }

    async fn count(postgres: &Postgres) -> i64 {
        let mut connection = PgConnection::connect(&postgres.url("realm")).await.unwrap();
        sqlx::query_scalar("SELECT COUNT(*) FROM kept").fetch_one(&mut connection).await.unwrap()
    }

    #[tokio::test]
    async fn what_is_committed_outlives_a_stop_and_a_kill_and_nothing_is_left() {
        let Some(mut postgres) = or_skip(Postgres::start().await) else { return };
        postgres.create_database("realm").await;
        let mut connection = PgConnection::connect(&postgres.url("realm")).await.unwrap();
        sqlx::query("CREATE TABLE kept AS SELECT 1 AS one").execute(&mut connection).await.unwrap();
        postgres.stop_fast().await;
        assert!(!postgres.is_running());
        sqlx::query("SELECT 1").execute(&mut connection).await.expect_err("the session was ended");
        postgres.start_again().await;
        assert!(has_found(&postgres, "database system was shut down at"), "it was stopped, not killed");
        assert_eq!(count(&postgres).await, 1);
        let mut connection = PgConnection::connect(&postgres.url("realm")).await.unwrap();
        sqlx::query("INSERT INTO kept VALUES (2)").execute(&mut connection).await.unwrap();
        postgres.kill().await;
        assert!(!postgres.is_running());
        postgres.start_again().await;
        assert!(has_found(&postgres, "database system was not properly shut down"), "it was killed, not stopped");
        assert_eq!(count(&postgres).await, 2);
        let (url, folder) = (postgres.url("realm"), postgres.folder.path().to_owned());
        let pid = postgres.process.as_ref().map(Process::pid).expect("it runs");
        drop(postgres);
        let gone = PgConnection::connect(&url).await.expect_err("nobody listens there");
        assert!(matches!(gone, sqlx::Error::Io(_)), "{gone}");
        assert!(!folder.exists() && !is_alive(pid));
    }

    #[tokio::test]
    async fn a_full_disk_refuses_writes_and_loses_nothing() {
        if ServiceUser::of(&["postgres"]).is_none() {
            return skip("no right to mount a disk: that takes root");
        }
        let Some(mut postgres) = or_skip(Postgres::start_on_small_disk(80).await) else { return };
        postgres.create_database("realm").await;
        let mut connection = PgConnection::connect(&postgres.url("realm")).await.unwrap();
        sqlx::query("CREATE TABLE kept (one BIGINT, much TEXT)").execute(&mut connection).await.unwrap();
        sqlx::query("INSERT INTO kept VALUES (1, '')").execute(&mut connection).await.unwrap();
        postgres.disk().unwrap().fill();
        let much = "INSERT INTO kept SELECT n, repeat('x', 1000) FROM generate_series(1, 10000) AS n";
        let refused = sqlx::query(much).execute(&mut connection).await.expect_err("there is no room");
        let code = refused.as_database_error().and_then(|error| error.code().map(|code| code.into_owned()));
        assert_eq!(code.as_deref(), Some("53100"), "the disk is full: {refused}");
        postgres.disk().unwrap().make_room();
        if !answers(&postgres.url("realm")).await {
            postgres.start_again().await;
        }
        assert_eq!(count(&postgres).await, 1);
        let mut connection = PgConnection::connect(&postgres.url("realm")).await.unwrap();
        sqlx::query(much).execute(&mut connection).await.expect("there is room again");
        assert_eq!(count(&postgres).await, 10_001);
    }
}
