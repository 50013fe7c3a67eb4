//! Closing a socket so that its client learns why.

use std::borrow::Cow;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, close_code};
use futures_util::{SinkExt, StreamExt};
use realmgate_platform::websocket::{Fault, Socket};
use tokio::time::timeout;

use super::registry::CloseReason;

/// How long the client may take to answer our close frame.
const PATIENCE: Duration = Duration::from_secs(2);
/// Messages of the client that may still be on their way when it gets our close frame.
const STILL_HEARD: usize = 256;
/// An application-defined close code: a newer socket of the account is open.
const REPLACED: u16 = 4_001;

/// The close code and reason with which we close a socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Farewell {
    code: u16,
    reason: Cow<'static, str>,
}

impl Farewell {
    pub(super) const INVALID_TOKEN: Self = Self { code: close_code::POLICY, reason: Cow::Borrowed("Invalid token") };
    /// Nobody waits for this log-in any more. Its tokens are still valid: after a refresh it is waited for again.
    pub(super) const TOO_LATE: Self = Self {
        code: close_code::POLICY,
        reason: Cow::Borrowed("The log-in was not used in time: refresh it, or log in again"),
    };
    pub(super) const TOO_OFTEN: Self = Self { code: close_code::POLICY, reason: Cow::Borrowed("Rate limited") };
    pub(super) const INTERNAL: Self = Self { code: close_code::ERROR, reason: Cow::Borrowed("Internal error") };
    pub(super) const TOO_BIG: Self =
        Self { code: close_code::SIZE, reason: Cow::Borrowed("A message has at most 4 KiB") };
    pub(super) const OUT_OF_TURN: Self =
        Self { code: close_code::POLICY, reason: Cow::Borrowed("enter_world before the last was answered") };
    pub(super) const TOO_MANY_CONTROL_FRAMES: Self =
        Self { code: close_code::POLICY, reason: Cow::Borrowed("Too many control frames") };
    pub(super) const SHUTDOWN: Self = Self { code: close_code::AWAY, reason: Cow::Borrowed("The gateway shuts down") };
}

impl From<CloseReason> for Farewell {
    fn from(reason: CloseReason) -> Self {
        match reason {
            CloseReason::Replaced => Self { code: REPLACED, reason: Cow::Borrowed("Replaced") },
            CloseReason::LoggedOut => Self { code: close_code::NORMAL, reason: Cow::Borrowed("Logged out") },
            CloseReason::Lost => Self { code: close_code::RESTART, reason: Cow::Borrowed("The gateway was cut off") },
            CloseReason::Told(code, reason) => Self { code, reason: reason.into() },
        }
    }
}

/// Answers a client's own close frame; without an answer it would take its connection for broken.
pub(super) async fn agree(mut socket: Socket) {
    let _ = timeout(PATIENCE, socket.close()).await;
}

/// Sends the close frame, and waits a moment for the client to get it: dropping the socket at once could lose it.
pub(super) async fn close(mut socket: Socket, Farewell { code, reason }: Farewell) {
    let goodbye = async {
        let frame = CloseFrame { code, reason: reason.as_ref().into() };
        if socket.send(Message::Close(Some(frame))).await.is_ok() {
            // A client that floods us is not read until it stops by itself.
            for _ in 0..STILL_HEARD {
                if matches!(socket.next().await, None | Some(Err(Fault::Broken(_)))) {
                    break;
                }
            }
        }
    };
    // A client that does not answer is dropped.
    let _ = timeout(PATIENCE, goodbye).await;
}
