//! Closing a socket so that its client learns why.

use std::borrow::Cow;

use axum::extract::ws::close_code;
use realmgate_platform::websocket::Socket;

use super::registry::CloseReason;

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
        reason: Cow::Borrowed("The login was not used in time: refresh it, or log in again"),
    };
    pub(super) const TOO_OFTEN: Self = Self { code: close_code::POLICY, reason: Cow::Borrowed("Rate limited") };
    pub(super) const INTERNAL: Self = Self { code: close_code::ERROR, reason: Cow::Borrowed("Internal error") };
    pub(super) const TOO_BIG: Self =
        Self { code: close_code::SIZE, reason: Cow::Borrowed("The message is larger than 4 KiB") };
    pub(super) const OUT_OF_TURN: Self =
        Self { code: close_code::POLICY, reason: Cow::Borrowed("enter_world before the last was answered") };
    pub(super) const TOO_MANY_CONTROL_FRAMES: Self =
        Self { code: close_code::POLICY, reason: Cow::Borrowed("Too many control frames") };
    pub(super) const SHUTDOWN: Self =
        Self { code: close_code::AWAY, reason: Cow::Borrowed("The gateway is shutting down") };
}

impl From<CloseReason> for Farewell {
    fn from(reason: CloseReason) -> Self {
        match reason {
            CloseReason::Replaced => Self { code: REPLACED, reason: Cow::Borrowed("Replaced") },
            CloseReason::LoggedOut => Self { code: close_code::NORMAL, reason: Cow::Borrowed("Logged out") },
            CloseReason::Lost => {
                Self { code: close_code::RESTART, reason: Cow::Borrowed("The gateway has lost its lock") }
            }
            CloseReason::Told(code, reason) => Self { code, reason: reason.into() },
        }
    }
}

/// Sends the close frame, and waits a moment for the client to get it.
pub(super) async fn close(socket: Socket, Farewell { code, reason }: Farewell) {
    socket.say_goodbye(code, &reason).await;
}
