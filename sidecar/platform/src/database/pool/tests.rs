//! What happens to connections, over a link to PostgreSQL that can fall silent.

use std::time::Duration;

use secrecy::ExposeSecret;
use sqlx::Executor;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::Pool;
use crate::clock::Clock;
use crate::config::DatabaseAt;
use crate::database::SqlConnection;
use crate::database::open;
use crate::testing::{TestDatabase, TestSql, a_moment, on_backends};

/// How long a test waits for anything.
const PATIENCE: Duration = Duration::from_secs(20);

on_backends! {
    on_sqlite: async { Some(crate::testing::TestSql::sqlite().await) },
    on_postgres: crate::testing::TestSql::postgres() => [
        a_transaction_that_is_dropped_changes_nothing,
        a_connection_in_order_is_lent_again,
    ]
}

async fn a_transaction_that_is_dropped_changes_nothing(store: TestSql) {
    store.execute("CREATE TABLE seen (n INTEGER)").await;
    let mut transaction = store.sql.begin_write("test").await.unwrap();
    transaction.execute("INSERT INTO seen VALUES (1)").await.unwrap();
    drop(transaction);
    let mut transaction = store.sql.begin_write("test").await.unwrap();
    transaction.execute("INSERT INTO seen VALUES (2)").await.unwrap();
    transaction.commit().await.unwrap();
    let mut db = store.sql.read("test").await.unwrap();
    let seen: Vec<i64> = sqlx::query_scalar("SELECT CAST(n AS BIGINT) FROM seen").fetch_all(&mut *db).await.unwrap();
    assert_eq!(seen, [2]);
}

async fn a_connection_in_order_is_lent_again(store: TestSql) {
    store.execute("CREATE TABLE seen (n INTEGER PRIMARY KEY)").await;
    store.execute("INSERT INTO seen VALUES (1)").await;
    let mut db = store.sql.write("test").await.unwrap();
    db.execute("CREATE TEMPORARY TABLE of_this_connection (n INTEGER)").await.unwrap();
    // The error is the statement's, not the connection's.
    let error = db.execute("INSERT INTO seen VALUES (1)").await.unwrap_err();
    assert!(error.as_database_error().is_some_and(|error| error.is_unique_violation()), "it is there already: {error}");
    drop(db);
    until_all_are_back(|| store.sql.count_connections()).await;
    store.execute("INSERT INTO of_this_connection VALUES (2)").await;
    // The first time it came back after an error, and now after an answer.
    store.execute("INSERT INTO of_this_connection VALUES (3)").await;
}

/// The pool of a database behind a link of its own, and that link; `None` if there is no PostgreSQL.
async fn linked(most: u32) -> Option<(Pool, SilentLink, TestDatabase)> {
    let database = TestDatabase::create().await?;
    let mut config = database.config();
    let DatabaseAt::Postgres(url) = &config.at else { panic!("not PostgreSQL") };
    let (server, path) = url.expose_secret().rsplit_once('/').unwrap();
    let (user, place) = server.rsplit_once('@').unwrap();
    let link = SilentLink::to(place.to_owned()).await;
    config.at = DatabaseAt::Postgres(format!("{user}@{}/{path}", link.address).into());
    config.pool = most;
    config.statement = Duration::from_millis(500);
    let (pool, _) = open::pools(&config, &Clock::system()).await.unwrap();
    Some((pool, link, database))
}

async fn backend(connection: &mut SqlConnection) -> sqlx::Result<i64> {
    sqlx::query_scalar("SELECT CAST(pg_backend_pid() AS BIGINT)").fetch_one(connection).await
}

/// Waits until every connection was given back. `count` says how many there are, and how many of them are idle.
async fn until_all_are_back(count: impl Fn() -> (usize, usize)) {
    let back = async {
        loop {
            let (all, idle) = count();
            if all == idle {
                return;
            }
            a_moment().await;
        }
    };
    tokio::time::timeout(PATIENCE, back).await.expect("every connection comes back");
}

/// Makes a connection as it is after a failover: it leads to a server that takes no writes.
async fn demote(connection: &mut SqlConnection) {
    connection.execute("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY").await.unwrap();
}

#[tokio::test]
async fn after_a_failover_no_connection_to_a_server_that_takes_no_writes_is_kept() {
    let Some((pool, _link, _database)) = linked(2).await else { return };
    for in_transaction in [false, true] {
        let (mut one, mut other) = (pool.lend().await.unwrap(), pool.lend().await.unwrap());
        demote(&mut one).await;
        demote(&mut other).await;
        drop(other);
        if in_transaction {
            one.begin("BEGIN").await.unwrap();
        }
        let error = one.execute("CREATE TABLE written (n INTEGER)").await.unwrap_err();
        assert_eq!(error.as_database_error().unwrap().code().as_deref(), Some("25006"));
        if in_transaction {
            one.rollback().await.unwrap();
        }
        drop(one);
        assert_eq!(pool.count(), (0, 0), "in a transaction: {in_transaction}");
    }
    let mut fresh = pool.lend().await.unwrap();
    fresh.execute("CREATE TABLE written (n INTEGER)").await.unwrap();
}

#[tokio::test]
async fn a_ping_finds_a_server_that_takes_no_writes_and_leaves_it() {
    let Some(store) = TestSql::postgres().await else { return };
    store.sql.ping().await.unwrap();
    demote(&mut store.sql.write("test").await.unwrap()).await;
    store.sql.ping().await.unwrap_err();
    store.sql.ping().await.unwrap();
}

#[tokio::test]
async fn a_database_that_falls_silent_is_given_up_and_asked_anew() {
    let Some((pool, link, _database)) = linked(2).await else { return };
    let (mut busy, mut other) = (pool.lend().await.unwrap(), pool.lend().await.unwrap());
    let before = [backend(&mut busy).await.unwrap(), backend(&mut other).await.unwrap()];
    busy.begin("BEGIN").await.unwrap();
    drop(other);
    assert_eq!(pool.count(), (2, 1));

    link.fall_silent();
    let error = backend(&mut busy).await.unwrap_err();
    assert!(matches!(&error, sqlx::Error::Io(error) if error.kind() == std::io::ErrorKind::TimedOut), "{error}");
    drop(busy);
    assert_eq!(pool.count(), (0, 0), "neither the silent connection is kept, nor those beside it");

    let (mut one, mut two) = (pool.lend().await.unwrap(), pool.lend().await.unwrap());
    for connection in [&mut one, &mut two] {
        assert!(!before.contains(&backend(connection).await.unwrap()));
    }
}

#[tokio::test]
async fn a_silent_answer_to_a_goodbye_takes_no_place_for_ever() {
    let Some((pool, link, _database)) = linked(1).await else { return };
    let mut transaction = pool.lend().await.unwrap();
    transaction.begin("BEGIN").await.unwrap();
    backend(&mut transaction).await.unwrap();
    link.fall_silent();
    // The rollback is not answered.
    drop(transaction);
    until_all_are_back(|| pool.count()).await;
    assert_eq!(pool.count(), (0, 0), "it is not kept");
    backend(&mut pool.lend().await.unwrap()).await.unwrap();
}

#[tokio::test]
async fn a_connection_whose_answer_nobody_awaited_is_not_lent_again() {
    let Some((pool, _link, _database)) = linked(1).await else { return };
    let first = backend(&mut pool.lend().await.unwrap()).await.unwrap();
    let mut connection = pool.lend().await.unwrap();
    assert_eq!(backend(&mut connection).await.unwrap(), first, "with its answer, it is lent again");
    tokio::select! {
        biased;
        answer = connection.execute("SELECT pg_sleep(0.3)") => panic!("answered at once: {answer:?}"),
        // The one look above has sent the statement.
        () = std::future::ready(()) => {}
    }
    drop(connection);
    assert_ne!(backend(&mut pool.lend().await.unwrap()).await.unwrap(), first);
}

/// A TCP proxy whose connections can fall silent: nothing is forwarded any more, and neither side is notified. New
/// connections are forwarded.
struct SilentLink {
    address: std::net::SocketAddr,
    silences: watch::Sender<u64>,
}

impl SilentLink {
    async fn to(place: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (silences, heard) = watch::channel(0);
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let Ok(far) = TcpStream::connect(&place).await else { continue };
                tokio::spawn(carry(near, far, heard.clone()));
            }
        });
        Self { address, silences }
    }

    fn fall_silent(&self) {
        self.silences.send_modify(|silences| *silences += 1);
    }
}

async fn carry(mut near: TcpStream, mut far: TcpStream, mut silences: watch::Receiver<u64>) {
    silences.mark_unchanged();
    tokio::select! {
        // Either side has said goodbye.
        _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}
        // Both sockets stay open until the test has ended.
        Ok(()) = silences.changed() => std::future::pending().await,
    }
}
