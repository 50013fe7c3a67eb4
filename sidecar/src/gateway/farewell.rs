//! Closing a socket so that its client learns why.

use std::borrow::Cow;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket, close_code};
use futures_util::SinkExt;
use tokio::time::timeout;

use super::sockets::CloseReason;

/// How long the client may take to agree.
const PATIENCE: Duration = Duration::from_secs(2);
/// An application's own code: a newer socket of the account is open.
const REPLACED: u16 = 4_001;

/// Why we close.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Farewell {
    code: u16,
    reason: Cow<'static, str>,
}

impl Farewell {
    pub(super) const INVALID_TOKEN: Self = Self { code: close_code::POLICY, reason: Cow::Borrowed("Invalid token") };
    pub(super) const TOO_OFTEN: Self = Self { code: close_code::POLICY, reason: Cow::Borrowed("Rate limited") };
    pub(super) const INTERNAL: Self = Self { code: close_code::ERROR, reason: Cow::Borrowed("Internal error") };
    pub(super) const TOO_BIG: Self =
        Self { code: close_code::SIZE, reason: Cow::Borrowed("A message has at most 4 KiB") };
    pub(super) const OUT_OF_TURN: Self =
        Self { code: close_code::POLICY, reason: Cow::Borrowed("enter_world before the last was answered") };
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

/// Answers a client's own close, or it would take its connection for broken.
pub(super) async fn agree(mut socket: WebSocket) {
    let _ = timeout(PATIENCE, socket.close()).await;
}

/// Says why, and waits a moment for the client to hear it: dropping the socket at once could lose the last words.
pub(super) async fn close(mut socket: WebSocket, Farewell { code, reason }: Farewell) {
    let goodbye = async {
        let frame = CloseFrame { code, reason: reason.as_ref().into() };
        if socket.send(Message::Close(Some(frame))).await.is_ok() {
            while let Some(Ok(_)) = socket.recv().await {}
        }
    };
    // A client that does not agree is left behind.
    let _ = timeout(PATIENCE, goodbye).await;
}
