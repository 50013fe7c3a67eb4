//! Closing a socket so that its client learns why.

use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message};
use futures_util::{SinkExt, StreamExt};
use tokio::time::timeout;

use super::{Fault, Socket};

/// How long the client may take to answer our close frame.
const PATIENCE: Duration = Duration::from_secs(2);
/// Messages of the client that may still be on their way when it gets our close frame.
const STILL_HEARD: usize = 256;

impl Socket {
    /// Answers a client's own close frame; without an answer it would take its connection for broken.
    pub async fn agree(mut self) {
        let _ = timeout(PATIENCE, SinkExt::close(&mut self)).await;
    }

    /// Sends the close frame, and waits a moment for the client to get it: dropping the socket at once could lose it.
    pub async fn say_goodbye(mut self, code: u16, reason: &str) {
        let goodbye = async {
            let frame = CloseFrame { code, reason: reason.into() };
            if self.send(Message::Close(Some(frame))).await.is_ok() {
                // A client that floods us is not read until it stops by itself.
                for _ in 0..STILL_HEARD {
                    if matches!(self.next().await, None | Some(Err(Fault::Broken(_)))) {
                        break;
                    }
                }
            }
        };
        // A client that does not answer is dropped.
        let _ = timeout(PATIENCE, goodbye).await;
    }
}
