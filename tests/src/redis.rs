//! A piece of a running Redis for a test.

#![expect(clippy::print_stderr, reason = "whoever reads a test's output must see what was left behind")]

use std::time::Duration;

use realmgate_skip::skip;
use redis::{Client, Connection, RedisResult};
use uuid::Uuid;

/// Where Redis is, if `TEST_REDIS_URL` does not say otherwise.
const SERVER: &str = "redis://127.0.0.1:6379";
/// How long it may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Keys of a test's own, told by their prefix; deleted with this value, also when the test fails.
#[derive(Debug)]
pub struct TestRedis {
    /// What goes into `REDIS_URL`.
    pub url: String,
    /// What goes into `REDIS_PREFIX`.
    pub prefix: String,
}

impl Default for TestRedis {
    fn default() -> Self {
        Self { url: server(), prefix: format!("test-{}:", Uuid::new_v4().simple()) }
    }
}

impl TestRedis {
    /// A prefix that nobody else uses.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether there is a server; said by name where there is none.
    ///
    /// # Panics
    /// Where no server is, under `CI=true`.
    pub fn is_possible() -> bool {
        connect(&server()).map_err(|error| skip(format_args!("no Redis (TEST_REDIS_URL): {error}"))).is_ok()
    }

    fn delete_keys(&self) -> RedisResult<()> {
        let mut connection = connect(&self.url)?;
        let keys: Vec<String> = redis::cmd("KEYS").arg(format!("{}*", self.prefix)).query(&mut connection)?;
        if keys.is_empty() { Ok(()) } else { redis::cmd("DEL").arg(keys).exec(&mut connection) }
    }
}

impl Drop for TestRedis {
    fn drop(&mut self) {
        if let Err(error) = self.delete_keys() {
            eprintln!("the keys {}* are left behind: {error}", self.prefix);
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "where a test's services are is no setting of the game")]
fn server() -> String {
    std::env::var("TEST_REDIS_URL").unwrap_or_else(|_| SERVER.to_owned())
}

fn connect(url: &str) -> RedisResult<Connection> {
    let connection = Client::open(url)?.get_connection_with_timeout(PATIENCE)?;
    connection.set_read_timeout(Some(PATIENCE))?;
    Ok(connection)
}
