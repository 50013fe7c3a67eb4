//! Part of a real Redis for one test.

use std::time::Duration;

use realmgate_skip::skip;
use uuid::Uuid;

use crate::clock::Clock;
use crate::config::RedisConfig;
use crate::redis_client::RedisClient;

/// Redis under a prefix and with a user of its own; both are deleted in the end.
pub struct TestRedis {
    /// Under a prefix of its own.
    pub client: RedisClient,
    /// What leads there.
    pub config: RedisConfig,
    user: String,
    plain: redis::Client,
}

impl TestRedis {
    /// Connects; `None` if this machine has no Redis, which is a failure under `CI=true`.
    #[expect(clippy::disallowed_methods, reason = "where the tests' services are is the machine's to say")]
    pub async fn connect() -> Option<Self> {
        let url = std::env::var("TEST_REDIS_URL").unwrap_or_else(|_| "redis://127.0.0.1:6379".to_owned());
        let plain = redis::Client::open(url.as_str()).unwrap();
        let Ok(mut connection) = plain.get_connection_with_timeout(Duration::from_secs(2)) else {
            skip("no Redis (TEST_REDIS_URL)");
            return None;
        };
        let user = format!("test-{}", Uuid::new_v4().simple());
        // With a user of its own, a test can cut its own connections.
        redis::cmd("ACL").arg(&["SETUSER", &user, "on", ">hidden", "~*", "&*", "+@all"]).exec(&mut connection).unwrap();
        let mut url = redis::parse_redis_url(&url).unwrap();
        url.set_username(&user).unwrap();
        url.set_password(Some("hidden")).unwrap();
        let config = RedisConfig { url: url.as_str().into(), prefix: format!("{user}:") };
        let client = RedisClient::new(&config, Clock::system()).unwrap();
        Some(Self { client, config, user, plain })
    }

    /// Another handle on the same keys, as another process would have.
    pub fn another(&self) -> RedisClient {
        RedisClient::new(&self.config, Clock::system()).unwrap()
    }

    /// A connection that is not under test.
    pub fn plain(&self) -> redis::Connection {
        self.plain.get_connection_with_timeout(Duration::from_secs(2)).unwrap()
    }

    /// Every key of this test.
    pub fn keys(&self) -> Vec<String> {
        redis::cmd("KEYS").arg(format!("{}*", self.config.prefix)).query(&mut self.plain()).unwrap()
    }

    /// Deletes every key of this test, as if Redis had started empty.
    pub fn flush(&self) {
        let keys = self.keys();
        if !keys.is_empty() {
            redis::cmd("DEL").arg(keys).exec(&mut self.plain()).unwrap();
        }
    }

    /// Cuts every connection of this test; returns how many there were.
    pub fn cut(&self) -> u32 {
        redis::cmd("CLIENT").arg(&["KILL", "USER", &self.user]).query(&mut self.plain()).unwrap()
    }

    /// Lets this test's user in, or locks it out, as if Redis were away.
    pub fn let_in(&self, let_in: bool) {
        let state = if let_in { "on" } else { "off" };
        redis::cmd("ACL").arg(&["SETUSER", &self.user, state]).exec(&mut self.plain()).unwrap();
        self.cut();
    }
}

impl Drop for TestRedis {
    fn drop(&mut self) {
        // A test that fails because Redis went away should report that, not this.
        if let Ok(mut connection) = self.plain.get_connection_with_timeout(Duration::from_secs(2)) {
            // What still runs must not write any more.
            self.let_in(false);
            self.flush();
            let deleted = redis::cmd("ACL").arg(&["DELUSER", &self.user]).exec(&mut connection);
            assert!(deleted.is_ok() || std::thread::panicking(), "{deleted:?}");
        }
    }
}
