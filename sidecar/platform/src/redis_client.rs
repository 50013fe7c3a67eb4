//! The connection to Redis, which holds only what may be lost: a Redis that starts empty is filled again within a
//! heartbeat.

mod connection;

use std::fmt::Display;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use redis::aio::{MultiplexedConnection, PubSub};
use redis::{Client, ErrorKind, IntoConnectionInfo, ProtocolVersion, RedisError, RedisResult, ServerErrorKind};
use secrecy::ExposeSecret;
use tokio::sync::Mutex;
use tracing::{Instrument, field};
use uuid::Uuid;

use self::connection::Connector;
use crate::clock::Clock;
use crate::config::RedisConfig;
use crate::error::{Error, ErrorCode};

/// How long Redis may take to accept a connection, and to answer a command.
const PATIENCE: Duration = Duration::from_secs(1);

/// How long the outcome of a probe is good: anybody may ask for readiness, as often as they like.
const PROBE_EVERY: Duration = Duration::from_secs(1);

/// Redis failed, or could not be asked.
#[derive(Debug, thiserror::Error)]
#[error("Redis: {0}")]
pub struct RedisFailed(#[from] RedisError);

impl RedisFailed {
    /// Whether Redis cannot be reached, or is still loading its data.
    pub fn is_away(&self) -> bool {
        let loading = ErrorKind::Server(ServerErrorKind::BusyLoading);
        self.0.is_io_error() || self.0.kind() == loading
    }

    /// Whether Redis has become the replica of another one, which takes no writes.
    fn is_of_replica(&self) -> bool {
        self.0.kind() == ErrorKind::Server(ServerErrorKind::ReadOnly)
    }
}

impl From<RedisFailed> for Error {
    fn from(failed: RedisFailed) -> Self {
        let error = Self::new(ErrorCode::Overloaded, "A part of the server is temporarily unavailable");
        Self { retry_after_s: Some(1), cause: Some(failed.into()), ..error }
    }
}

/// A shared handle on Redis. It connects when it is first used, and again whenever the connection was lost. While Redis
/// is away, every call fails at once.
#[derive(Clone)]
pub struct RedisClient(Arc<Inner>);

/// What [`RedisClient`] dereferences to.
pub struct Inner {
    connector: Connector,
    client: Client,
    prefix: String,
    clock: Clock,
    up: AtomicBool,
    /// A key of this process.
    probe_key: String,
    /// When Redis was last probed, by [`Clock::uptime`], and whether it took a write.
    probed: Mutex<Option<(Duration, bool)>>,
}

impl RedisClient {
    /// A handle that is not connected yet.
    ///
    /// # Errors
    /// When the configured URL is not a Redis URL.
    pub fn new(config: &RedisConfig, clock: Clock) -> Result<Self, RedisFailed> {
        let info = config.url.expose_secret().into_connection_info()?;
        // Only with RESP3 is a lost connection noticed before the next call runs into it.
        let redis = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
        if config.url.expose_secret().starts_with("rediss:") {
            // An error means that this process has chosen a provider already, which is just as good.
            let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        }
        let client = Client::open(info.set_redis_settings(redis))?;
        let connector = Connector::new(client.clone());
        let (prefix, up) = (config.prefix.clone(), AtomicBool::new(false));
        let probe_key = format!("{prefix}probe:{}", Uuid::new_v4().simple());
        Ok(Self(Arc::new(Inner { connector, client, prefix, clock, up, probe_key, probed: Mutex::default() })))
    }
}

impl Deref for RedisClient {
    type Target = Inner;
    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl Inner {
    /// The key or channel of this name, with the prefix.
    pub fn key(&self, name: impl Display) -> String {
        format!("{}{name}", self.prefix)
    }

    /// Runs `work` with the connection. `call` names it in the metrics.
    ///
    /// # Errors
    /// When Redis cannot be reached, does not answer within 1 s, or answers with an error.
    pub async fn call<T, F>(
        &self,
        call: &'static str,
        work: impl FnOnce(MultiplexedConnection) -> F + Send,
    ) -> Result<T, RedisFailed>
    where
        F: Future<Output = RedisResult<T>> + Send,
    {
        let started = self.clock.uptime();
        let span = tracing::debug_span!("redis", call, failed = field::Empty);
        let result = self.on_connection(work).instrument(span.clone()).await;
        span.record("failed", result.is_err());
        let took = self.clock.uptime().saturating_sub(started);
        metrics::histogram!("realmgate_redis_seconds", "call" => call).record(took.as_secs_f64());
        self.note(result.as_ref().err());
        result
    }

    async fn on_connection<T, F>(&self, work: impl FnOnce(MultiplexedConnection) -> F + Send) -> Result<T, RedisFailed>
    where
        F: Future<Output = RedisResult<T>> + Send,
    {
        let connection = self.connector.connection().await?;
        let result = work(connection.redis.clone()).await;
        if result.as_ref().is_err_and(|error| error.is_io_error() || error.is_unrecoverable_error()) {
            connection.give_up();
        }
        Ok(result?)
    }

    /// Whether Redis takes writes, by one of a key that expires; known for 1 s. One that answers may refuse them all: a
    /// replica, one whose memory is full, or one that cannot save.
    pub async fn takes_writes(&self) -> bool {
        let mut probed = self.probed.lock().await;
        let before = *probed;
        if let Some((at, took)) = before
            && self.clock.uptime().saturating_sub(at) < PROBE_EVERY
        {
            return took;
        }
        let written = self.write_probe().await;
        let took = written.is_ok();
        if before.is_none_or(|(_, before)| before != took) {
            match &written {
                Err(error) => tracing::warn!(%error, "Redis refuses writes"),
                Ok(()) => tracing::debug!("Redis accepts writes"),
            }
        }
        *probed = Some((self.clock.uptime(), took));
        took
    }

    async fn write_probe(&self) -> Result<(), RedisFailed> {
        let mut set = redis::cmd("SET");
        set.arg(&self.probe_key).arg(1).arg("PX").arg(PROBE_EVERY.as_millis() as u64);
        let written = self.call("probe", |mut redis| async move { set.exec_async(&mut redis).await }).await;
        if written.as_ref().is_err_and(RedisFailed::is_of_replica) {
            // Its name may lead to another one by now.
            self.connector.give_up().await;
        }
        written
    }

    /// Whether Redis answered when it was last asked.
    pub fn is_up(&self) -> bool {
        self.up.load(Ordering::Relaxed)
    }

    /// Pings Redis.
    ///
    /// # Errors
    /// When Redis cannot be reached, or does not answer within 1 s.
    pub async fn ping(&self) -> Result<(), RedisFailed> {
        self.call("ping", |mut redis| async move { redis::cmd("PING").exec_async(&mut redis).await }).await
    }

    /// Opens a separate connection, for listening.
    ///
    /// # Errors
    /// When Redis is away, or refuses us.
    pub async fn listener(&self) -> Result<PubSub, RedisFailed> {
        match tokio::time::timeout(PATIENCE, self.client.get_async_pubsub()).await {
            Ok(connected) => Ok(connected?),
            Err(_) => Err(RedisError::from((ErrorKind::Io, "connecting timed out")).into()),
        }
    }

    fn note(&self, error: Option<&RedisFailed>) {
        let up = error.is_none_or(|error| !error.is_away() && !error.0.is_unrecoverable_error());
        if self.up.swap(up, Ordering::Relaxed) != up {
            match error {
                Some(error) if !up => tracing::warn!(%error, "Redis is unavailable"),
                _ => tracing::info!("Redis is available"),
            }
        }
        metrics::gauge!("realmgate_redis_up").set(if up { 1.0 } else { 0.0 });
    }
}

#[cfg(test)]
mod tests {
    use realmgate_services::{OwnRedis, free_port};

    use super::*;
    use crate::testing::soon;
    use crate::testing::{TestRedis, a_moment};

    #[tokio::test]
    async fn a_redis_that_is_away_is_overload_and_its_password_is_not_shown() {
        let port = free_port();
        let config = RedisConfig { url: format!("redis://:hidden@127.0.0.1:{port}").into(), prefix: String::new() };
        let redis = RedisClient::new(&config, Clock::system()).unwrap();
        let failed = redis.ping().await.unwrap_err();
        assert!(!redis.is_up());
        assert!(!failed.to_string().contains("hidden"), "{failed}");
        assert!(failed.is_away(), "{failed}");
        let error = Error::from(failed);
        assert_eq!((error.code, error.retry_after_s), (ErrorCode::Overloaded, Some(1)));
        assert!(!error.to_string().contains("hidden"), "{error}");
    }

    #[tokio::test]
    async fn a_call_to_a_closed_port_does_not_wait() {
        let config = RedisConfig { url: "redis://127.0.0.1:1".into(), prefix: String::new() };
        let redis = RedisClient::new(&config, Clock::system()).unwrap();
        for call in 0..3 {
            let answer = tokio::time::timeout(Duration::from_secs(1), redis.ping()).await;
            assert!(answer.expect("it fails within a second").unwrap_err().is_away(), "call {call}");
        }
    }

    /// Waits until Redis is found to take writes, or not to, though it answers all the while.
    async fn found(redis: &RedisClient, takes_writes: bool) {
        let noticed = async {
            while redis.takes_writes().await != takes_writes {
                a_moment().await;
            }
        };
        soon("another answer", noticed).await;
        redis.ping().await.unwrap();
        assert!(redis.is_up());
    }

    #[tokio::test]
    async fn redis_that_refuses_writes_is_found_out() {
        let Some(own) = OwnRedis::start().await else { return };
        let config = RedisConfig { url: own.url.as_str().into(), prefix: "realm:".to_owned() };
        let redis = RedisClient::new(&config, Clock::system()).unwrap();
        assert!(redis.takes_writes().await);
        let refusals: [[&[&str]; 2]; 3] = [
            [&["REPLICAOF", "127.0.0.1", "1"], &["REPLICAOF", "NO", "ONE"]],
            [
                &["CONFIG", "SET", "maxmemory", "1", "maxmemory-policy", "noeviction"],
                &["CONFIG", "SET", "maxmemory", "0"],
            ],
            [&["CONFIG", "SET", "min-replicas-to-write", "1"], &["CONFIG", "SET", "min-replicas-to-write", "0"]],
        ];
        for [refuse, accept] in refusals {
            own.run(refuse);
            found(&redis, false).await;
            own.run(accept);
            found(&redis, true).await;
        }
    }

    #[tokio::test]
    async fn probes_cost_redis_one_write_a_second() {
        let Some(test) = TestRedis::connect().await else { return };
        let clock = Clock::manual(0);
        let redis = RedisClient::new(&test.config, clock.clone()).unwrap();
        let probes = || test.keys().len();
        for _ in 0..3 {
            assert!(redis.takes_writes().await);
            assert_eq!(probes(), 1);
        }
        // What is known is not asked for again.
        test.flush();
        assert!(redis.takes_writes().await);
        assert_eq!(probes(), 0);
        clock.advance(PROBE_EVERY);
        assert!(redis.takes_writes().await);
        assert_eq!(probes(), 1);
        let gone = async {
            while probes() > 0 {
                a_moment().await;
            }
        };
        soon("the end of the key", gone).await;
    }

    #[tokio::test]
    async fn a_lost_connection_is_made_anew() {
        let Some(test) = TestRedis::connect().await else { return };
        let redis = &test.client;
        redis.ping().await.unwrap();
        assert_eq!(test.cut(), 1);
        // The call that runs into the broken connection may fail; none after it.
        let first = redis.ping().await;
        redis.ping().await.unwrap_or_else(|error| panic!("{error} after {first:?}"));
        test.let_in(false);
        let lost = async {
            while redis.ping().await.is_ok() {
                a_moment().await;
            }
        };
        soon("the end", lost).await;
        assert!(!redis.is_up());
        test.let_in(true);
        let back = async {
            while redis.ping().await.is_err() {
                a_moment().await;
            }
        };
        soon("Redis", back).await;
        assert!(redis.is_up());
    }
}
