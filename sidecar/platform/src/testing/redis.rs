//! Part of a real Redis for one test.

use std::ops::Deref;

use crate::clock::Clock;
use crate::config::RedisConfig;
use crate::redis_client::RedisClient;

/// Redis under a prefix and with a user of its own; both are deleted in the end.
pub struct TestRedis {
    /// Under a prefix of its own.
    pub client: RedisClient,
    /// What leads there.
    pub config: RedisConfig,
    keys: realmgate_services::TestRedis,
}

impl TestRedis {
    /// Connects; `None` if this machine has no Redis, which is a failure under `CI=true`.
    pub async fn connect() -> Option<Self> {
        let keys = realmgate_services::TestRedis::connect()?;
        let config = RedisConfig { url: keys.url.as_str().into(), prefix: keys.prefix.clone() };
        let client = RedisClient::new(&config, Clock::system()).unwrap();
        Some(Self { client, config, keys })
    }

    /// Another handle on the same keys, as another process would have.
    pub fn another(&self) -> RedisClient {
        RedisClient::new(&self.config, Clock::system()).unwrap()
    }
}

impl Deref for TestRedis {
    type Target = realmgate_services::TestRedis;

    fn deref(&self) -> &realmgate_services::TestRedis {
        &self.keys
    }
}
