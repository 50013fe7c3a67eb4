//! Keys of a test's own on a Redis that runs anyway.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use realmgate_skip::skip;
use redis::{Client, Connection, RedisResult, cmd};

use crate::run::run;

/// Where Redis is, unless `TEST_REDIS_URL` names another.
const SERVER: &str = "redis://127.0.0.1:6379";
const WITHIN: Duration = Duration::from_secs(10);
/// The password of every test's user. It protects nothing: the server itself is open to its tests.
const PASSWORD: &str = "hidden";

/// Redis under a prefix and with a user of its own; both are deleted with this value, and by the reaper.
#[derive(Debug)]
pub struct TestRedis {
    /// What goes into `REDIS_URL`: with the user, so that a test can cut its own connections.
    pub url: String,
    /// What goes into `REDIS_PREFIX`.
    pub prefix: String,
    user: String,
    plain: Client,
}

impl TestRedis {
    /// A prefix and a user that no other test has; `None`, with a message, if there is no server, which is a failure on
    /// CI.
    ///
    /// # Panics
    /// When the server refuses to create a user.
    pub fn connect() -> Option<Self> {
        static CONNECTED: AtomicU32 = AtomicU32::new(0);
        let server = server();
        let mut connection = connect(&server).map_err(skip_redis).ok()?;
        run().uses(&format!("redis {server}"));
        let user = format!("{}{}", prefix(run().id()), CONNECTED.fetch_add(1, Ordering::Relaxed));
        let rule = ["SETUSER", &user, "on", &format!(">{PASSWORD}"), "~*", "&*", "+@all"];
        cmd("ACL").arg(&rule).exec(&mut connection).expect("a user can be created");
        let mut url = redis::parse_redis_url(&server).expect("it was connected to");
        url.set_username(&user).expect("an address of Redis may have a user");
        url.set_password(Some(PASSWORD)).expect("an address of Redis may have a password");
        let plain = Client::open(server).expect("it was connected to");
        Some(Self { url: url.into(), prefix: format!("{user}:"), user, plain })
    }

    /// Whether there is a server; a message says so if not, and on CI it is a failure.
    pub fn is_possible() -> bool {
        connect(&server()).map_err(skip_redis).is_ok()
    }

    /// A connection that is not under test.
    ///
    /// # Panics
    /// When the server does not answer.
    pub fn plain(&self) -> Connection {
        connected(&self.plain).expect("Redis answered before")
    }

    /// Every key of this test.
    ///
    /// # Panics
    /// When the server does not answer.
    pub fn keys(&self) -> Vec<String> {
        keys(&mut self.plain(), &self.prefix).expect("Redis lists its keys")
    }

    /// Deletes every key of this test, as if Redis had started empty.
    ///
    /// # Panics
    /// When the server does not answer.
    pub fn flush(&self) {
        delete(&mut self.plain(), &self.keys()).expect("keys can be deleted");
    }

    /// Cuts every connection of this test; returns how many there were.
    ///
    /// # Panics
    /// When the server does not answer.
    pub fn cut(&self) -> u32 {
        cmd("CLIENT").arg(&["KILL", "USER", &self.user]).query(&mut self.plain()).expect("connections can be cut")
    }

    /// Lets this test's user in, or locks it out, as if Redis were unavailable.
    ///
    /// # Panics
    /// When the server does not answer.
    pub fn let_in(&self, let_in: bool) {
        let state = if let_in { "on" } else { "off" };
        cmd("ACL").arg(&["SETUSER", &self.user, state]).exec(&mut self.plain()).expect("a user can be changed");
        self.cut();
    }

    fn delete_all(&self) -> RedisResult<()> {
        let mut connection = connected(&self.plain)?;
        // What still runs must not write any more.
        cmd("ACL").arg(&["DELUSER", &self.user]).exec(&mut connection)?;
        let keys = keys(&mut connection, &self.prefix)?;
        delete(&mut connection, &keys)
    }
}

impl Drop for TestRedis {
    fn drop(&mut self) {
        if let Err(error) = self.delete_all() {
            eprintln!("the keys {}* are left to the reaper: {error}", self.prefix);
        }
    }
}

/// Deletes every user and key of a run.
pub(crate) fn delete_all(server: &str, run: &str) -> RedisResult<()> {
    let mut connection = connect(server)?;
    let users: Vec<String> = cmd("ACL").arg("USERS").query(&mut connection)?;
    for user in users.iter().filter(|user| user.starts_with(&prefix(run))) {
        cmd("ACL").arg(&["DELUSER", user]).exec(&mut connection)?;
    }
    let keys = keys(&mut connection, &prefix(run))?;
    delete(&mut connection, &keys)
}

fn prefix(run: &str) -> String {
    format!("test-{run}-")
}

fn keys(connection: &mut Connection, prefix: &str) -> RedisResult<Vec<String>> {
    cmd("KEYS").arg(format!("{prefix}*")).query(connection)
}

fn delete(connection: &mut Connection, keys: &[String]) -> RedisResult<()> {
    if keys.is_empty() { Ok(()) } else { cmd("DEL").arg(keys).exec(connection) }
}

#[expect(clippy::disallowed_methods, reason = "where a test's services are is no setting of the game")]
fn server() -> String {
    std::env::var("TEST_REDIS_URL").unwrap_or_else(|_| SERVER.to_owned())
}

fn skip_redis(error: redis::RedisError) {
    skip(format_args!("no Redis (TEST_REDIS_URL): {error}"));
}

fn connect(server: &str) -> RedisResult<Connection> {
    connected(&Client::open(server)?)
}

fn connected(client: &Client) -> RedisResult<Connection> {
    let connection = client.get_connection_with_timeout(WITHIN)?;
    connection.set_read_timeout(Some(WITHIN))?;
    Ok(connection)
}
