//! One shared connection, reconnected when it is lost.
//!
//! The `redis` crate has a manager for this, but it gives up for good when Redis refuses a new connection for any
//! reason other than the network: while it loads its data after a restart, for instance.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, ErrorKind, PushInfo, PushKind, RedisError, RedisResult};
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::PATIENCE;

/// How long after a failed try other callers fail without a try of their own. Those who waited for that try need not
/// wait again.
const PAUSE: Duration = Duration::from_millis(50);

/// Connects when it needs to.
pub(super) struct Connector {
    client: Client,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    current: Option<Connection>,
    failed_at: Option<Instant>,
}

/// A connection that many callers use at once.
#[derive(Clone)]
pub(super) struct Connection {
    pub(super) redis: MultiplexedConnection,
    lost: Arc<AtomicBool>,
}

impl Connection {
    /// Marks the connection as lost: no other call uses it.
    pub(super) fn give_up(&self) {
        self.lost.store(true, Ordering::Relaxed);
    }
}

impl Connector {
    pub(super) fn new(client: Client) -> Self {
        Self { client, state: Mutex::default() }
    }

    /// Returns the connection if it is good as far as is known, or a new one.
    pub(super) async fn connection(&self) -> RedisResult<Connection> {
        let mut state = self.state.lock().await;
        if let Some(current) = &state.current
            && !current.lost.load(Ordering::Relaxed)
        {
            return Ok(current.clone());
        }
        if state.failed_at.is_some_and(|at| at.elapsed() < PAUSE) {
            return Err(RedisError::from((ErrorKind::Io, "the last attempt to connect has just failed")));
        }
        match self.connect().await {
            Ok(connection) => {
                *state = State { current: Some(connection.clone()), failed_at: None };
                Ok(connection)
            }
            Err(error) => {
                *state = State { current: None, failed_at: Some(Instant::now()) };
                Err(error)
            }
        }
    }

    /// Marks the connection that there is as lost, if there is one.
    pub(super) async fn give_up(&self) {
        if let Some(current) = &self.state.lock().await.current {
            current.give_up();
        }
    }

    async fn connect(&self) -> RedisResult<Connection> {
        let lost = Arc::new(AtomicBool::new(false));
        let notice = lost.clone();
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(PATIENCE))
            .set_response_timeout(Some(PATIENCE))
            .set_push_sender(move |push: PushInfo| {
                if push.kind == PushKind::Disconnection {
                    notice.store(true, Ordering::Relaxed);
                }
                Ok::<(), std::convert::Infallible>(())
            });
        let redis = self.client.get_multiplexed_async_connection_with_config(&config).await?;
        Ok(Connection { redis, lost })
    }
}
