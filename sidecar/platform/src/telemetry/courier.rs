//! Posts what is queued to whoever is to have it. One that is away, slow or answers nonsense costs a line in the log and what was
//! to be sent to it.

use std::fmt;
use std::time::Duration;

use axum::http::header::{CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, Url};
use tokio::sync::mpsc::Receiver;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;

const CONNECT_WITHIN: Duration = Duration::from_secs(2);
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// Most of an answer that is read, in bytes, so that its connection can be used again.
const MAX_ANSWER_BYTES: usize = 16 * 1_024;
/// How long nothing is sent after a failure; twice as long after each further one.
const REST: Duration = Duration::from_secs(1);
const LONGEST_REST: Duration = Duration::from_secs(60);
/// The same where the other end says how long.
const LONGEST_WISHED: Duration = Duration::from_secs(600);
/// How often a failure is told at most.
const COMPLAIN_EVERY: Duration = Duration::from_secs(600);

/// How much is sent at once.
pub(super) struct Load {
    /// Most things in one post.
    pub(super) most: usize,
    /// How long the first one waits for others.
    pub(super) gather: Duration,
    pub(super) content_type: &'static str,
}

/// The way to one receiver.
pub(super) struct Courier {
    what: &'static str,
    client: Client,
    url: Url,
    headers: HeaderMap,
    clock: Clock,
    complained: Option<Duration>,
}

/// Why a post was in vain. The address is no part of it, since it may hold what is secret.
enum Failed {
    Unreachable(reqwest::Error),
    Refused { status: u16, wait: Option<Duration> },
}

impl Courier {
    /// One that follows nobody elsewhere. `what` names in the log and the metrics what it carries.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub(super) fn new(what: &'static str, url: Url, headers: HeaderMap, clock: Clock) -> reqwest::Result<Self> {
        let client = Client::builder().connect_timeout(CONNECT_WITHIN).timeout(ANSWER_WITHIN).redirect(Policy::none());
        let client = client.user_agent(concat!("realmgate/", env!("CARGO_PKG_VERSION"))).build()?;
        Ok(Self { what, client, url, headers, clock, complained: None })
    }

    /// Sends what comes until the end: then what is queued, unless that fails.
    pub(super) async fn deliver<T>(
        mut self,
        mut queue: Receiver<T>,
        load: Load,
        end: CancellationToken,
        pack: impl Fn(Vec<T>) -> Vec<u8>,
    ) {
        let mut rest = REST;
        loop {
            let things = gathered(&mut queue, &load, &end).await;
            if things.is_empty() {
                return;
            }
            let count = things.len() as u64;
            match self.post(pack(things), load.content_type).await {
                Ok(()) => {
                    rest = REST;
                    metrics::counter!("realmgate_telemetry_sent_total", "what" => self.what).increment(count);
                }
                Err(failed) => {
                    lost(self.what, failed.reason(), count);
                    self.complain(&failed);
                    let wished = failed.wait().map(|wait| wait.min(LONGEST_WISHED));
                    tokio::select! {
                        // Whoever ends does not wait for a receiver that fails.
                        () = end.cancelled() => return,
                        () = tokio::time::sleep(wished.unwrap_or(rest)) => {}
                    }
                    rest = (rest * 2).min(LONGEST_REST);
                }
            }
        }
    }

    async fn post(&self, body: Vec<u8>, content_type: &'static str) -> Result<(), Failed> {
        let call = self.client.post(self.url.clone()).headers(self.headers.clone());
        let mut answer =
            call.header(CONTENT_TYPE, content_type).body(body).send().await.map_err(Failed::Unreachable)?;
        let status = answer.status();
        let wait = answer.headers().get(RETRY_AFTER).and_then(seconds);
        let mut read = 0;
        while read < MAX_ANSWER_BYTES {
            // What it says besides its status is nothing to us.
            let Ok(Some(chunk)) = answer.chunk().await else { break };
            read += chunk.len();
        }
        if status.is_success() { Ok(()) } else { Err(Failed::Refused { status: status.as_u16(), wait }) }
    }

    fn complain(&mut self, failed: &Failed) {
        let now = self.clock.uptime();
        if self.complained.is_none_or(|before| now.saturating_sub(before) >= COMPLAIN_EVERY) {
            self.complained = Some(now);
            tracing::warn!(what = self.what, why = %failed, "cannot send traces or errors: they are dropped");
        }
    }
}

/// The next things: those that are there some time after the first, or as many as fit. At the end those that are left, or none.
async fn gathered<T>(queue: &mut Receiver<T>, load: &Load, end: &CancellationToken) -> Vec<T> {
    let mut things = Vec::new();
    let is_there = tokio::select! {
        biased;
        count = queue.recv_many(&mut things, load.most) => count > 0,
        () = end.cancelled() => false,
    };
    if !is_there {
        return things;
    }
    let until = tokio::time::sleep(load.gather);
    tokio::pin!(until);
    while things.len() < load.most {
        let room = load.most - things.len();
        tokio::select! {
            biased;
            count = queue.recv_many(&mut things, room) => if count == 0 { break },
            () = end.cancelled() => break,
            () = &mut until => break,
        }
    }
    things
}

/// Counts what nobody will get.
pub(super) fn lost(what: &'static str, why: &'static str, count: u64) {
    metrics::counter!("realmgate_telemetry_lost_total", "what" => what, "why" => why).increment(count);
}

fn seconds(value: &HeaderValue) -> Option<Duration> {
    value.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
}

impl Failed {
    fn reason(&self) -> &'static str {
        match self {
            Self::Unreachable(_) => "unreachable",
            Self::Refused { .. } => "refused",
        }
    }

    fn wait(&self) -> Option<Duration> {
        match self {
            Self::Unreachable(_) => None,
            Self::Refused { wait, .. } => *wait,
        }
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable(error) if error.is_timeout() => f.write_str("the request timed out"),
            Self::Unreachable(error) if error.is_connect() => f.write_str("cannot connect"),
            Self::Unreachable(_) => f.write_str("invalid HTTP response"),
            Self::Refused { status, .. } => write!(f, "HTTP status {status}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    /// Less than a rest that is wished for, and more than a busy machine takes.
    const PATIENCE: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn whoever_ends_does_not_wait_for_a_receiver_that_fails() {
        let busy = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", busy.local_addr().unwrap()).parse().unwrap();
        let (asked, mut was_asked) = tokio::sync::oneshot::channel();
        tokio::spawn(async move {
            let (mut socket, _) = busy.accept().await.unwrap();
            asked.send(socket.read(&mut [0; 4_096]).await.unwrap()).unwrap();
            let answer = "HTTP/1.1 503 Busy\r\nretry-after: 600\r\ncontent-length: 0\r\n\r\n";
            socket.write_all(answer.as_bytes()).await.unwrap();
            // Until it is closed.
            socket.read_to_end(&mut Vec::new()).await
        });
        let courier = Courier::new("traces", url, HeaderMap::new(), Clock::system()).unwrap();
        let (things, queue) = tokio::sync::mpsc::channel(1);
        let load = Load { most: 1, gather: Duration::ZERO, content_type: "text/plain" };
        let end = CancellationToken::new();
        things.send(()).await.unwrap();
        end.cancel();
        let delivered = courier.deliver(queue, load, end, |_| Vec::new());
        tokio::time::timeout(PATIENCE, delivered).await.expect("it does not rest after its failure");
        assert!(was_asked.try_recv().is_ok_and(|bytes| bytes > 0), "what was queued is posted all the same");
    }
}
