//! What went wrong, for scripts: a kind to decide by, a stable code, what to show, and what to do.

use std::collections::BTreeMap;
use std::time::Duration;

use realmgate_client::api::{ApiError, Problem};
use realmgate_client::client::EnterError;
use realmgate_client::entry::EntryError;
use realmgate_client::gateway::GatewayError;
use realmgate_protocol::realm::Refusal;

/// Sorts of failures, by what a game does about them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// The server says no, for the reason that the code names.
    Refused,
    /// Asked too often: wait for as long as it says.
    RateLimited,
    /// Nobody answers.
    Unreachable,
    /// The log-in is no longer good: log in again.
    LoggedOut,
    /// Client and server are of different versions.
    Outdated,
    /// The game asked for something at the wrong time, or for too much at once.
    Misused,
}

/// Why a call failed or a request was refused.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    /// What a game decides by.
    pub kind: FailureKind,
    /// The stable code, in capitals.
    pub code: String,
    /// What is wrong, for people.
    pub text: String,
    /// What is wrong with each field of the request, by its name.
    pub fields: BTreeMap<String, String>,
    /// How long to wait before asking again.
    pub retry_after: Duration,
    /// What was asked for.
    pub request: String,
}

impl Failure {
    /// One without fields.
    pub fn new(kind: FailureKind, code: &str, text: impl Into<String>) -> Self {
        let (code, text) = (code.to_owned(), text.into());
        Self { kind, code, text, fields: BTreeMap::new(), retry_after: Duration::ZERO, request: String::new() }
    }

    /// Too many requests wait for the network's thread.
    pub fn busy() -> Self {
        Self::new(FailureKind::Misused, "BUSY", "too many requests are waiting to be sent")
    }

    /// The game did something wrong.
    pub fn misused(code: &str, text: &str) -> Self {
        Self::new(FailureKind::Misused, code, text)
    }

    /// It needs a log-in.
    pub fn not_logged_in() -> Self {
        Self::new(FailureKind::LoggedOut, "NOT_LOGGED_IN", "nobody is logged in")
    }

    /// It needs a player in the world.
    pub fn not_in_world() -> Self {
        Self::new(FailureKind::Misused, "NOT_IN_WORLD", "the player is not in the world")
    }

    /// There is a player in the world already, or on its way there.
    pub fn in_world_already() -> Self {
        Self::new(FailureKind::Misused, "IN_WORLD_ALREADY", "the player is in the world already")
    }

    /// The request is longer than a message may be.
    pub fn too_long() -> Self {
        Self::new(FailureKind::Misused, "TOO_LONG", "the request is too long")
    }

    /// Whether the same may succeed a while later.
    pub fn may_pass(&self) -> bool {
        let passing =
            ["MAP_FULL", "MAP_NOT_FOUND", "ALREADY_ONLINE", "MAP_SERVER_UNREACHABLE", "INTERNAL", "OVERLOADED"];
        matches!(self.kind, FailureKind::Unreachable | FailureKind::RateLimited)
            || passing.contains(&self.code.as_str())
    }

    /// What a map server refuses.
    pub fn refusal(reason: Refusal, request: &str) -> Self {
        let kind = match reason {
            Refusal::ProtocolMismatch => FailureKind::Outdated,
            Refusal::RateLimited => FailureKind::RateLimited,
            _ => FailureKind::Refused,
        };
        let name = format!("{reason:?}");
        Self { request: request.to_owned(), ..Self::new(kind, &capitals(&name), sentence(&name)) }
    }

    fn problem(problem: Problem) -> Self {
        let kind = match (problem.status, problem.code.as_str()) {
            (429, _) => FailureKind::RateLimited,
            (_, "UNAUTHORIZED" | "INVALID_REFRESH_TOKEN") => FailureKind::LoggedOut,
            _ => FailureKind::Refused,
        };
        let text = if problem.detail.is_empty() { problem.title } else { problem.detail };
        let said = |value: serde_json::Value| match value {
            serde_json::Value::Array(all) => all.iter().map(plain).collect::<Vec<_>>().join("; "),
            one => plain(&one),
        };
        let fields = problem.errors.into_iter().map(|(field, value)| (field, said(value))).collect();
        let retry_after = problem.retry_after.unwrap_or_default();
        let code = if problem.code.is_empty() { format!("HTTP_{}", problem.status) } else { problem.code };
        Self { fields, retry_after, ..Self::new(kind, &code, text) }
    }
}

fn plain(value: &serde_json::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// `BagFull` as `BAG_FULL`.
pub fn capitals(name: &str) -> String {
    words(name).join("_").to_uppercase()
}

/// `BagFull` as `bag full`.
fn sentence(name: &str) -> String {
    words(name).join(" ").to_lowercase()
}

fn words(name: &str) -> Vec<String> {
    name.chars().fold(Vec::new(), |mut words, letter| {
        match words.last_mut() {
            Some(word) if !letter.is_uppercase() => word.push(letter),
            _ => words.push(letter.to_string()),
        }
        words
    })
}

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Self {
        match error {
            ApiError::Refused(problem) => Self::problem(*problem),
            ApiError::Unreachable(_) => Self::new(FailureKind::Unreachable, "UNREACHABLE", error.to_string()),
            ApiError::Unreadable(_) => Self::new(FailureKind::Outdated, "UNREADABLE", error.to_string()),
        }
    }
}

impl From<EntryError> for Failure {
    fn from(error: EntryError) -> Self {
        let text = error.to_string();
        let retry_after = error.retry_after().unwrap_or_default();
        let failure = match &error {
            EntryError::Gateway(gateway) if gateway.wants_fresh_tokens() => {
                Self::new(FailureKind::LoggedOut, "LOG_IN_EXPIRED", text)
            }
            EntryError::Gateway(GatewayError::Refused { code, message, .. }) => {
                let limited = code == "RATE_LIMITED";
                let kind = if limited { FailureKind::RateLimited } else { FailureKind::Refused };
                Self::new(kind, code, message.clone())
            }
            EntryError::Gateway(GatewayError::Closed { code: 4_001, .. }) => {
                Self::new(FailureKind::LoggedOut, "REPLACED", "the account has logged in elsewhere")
            }
            EntryError::Gateway(GatewayError::Unreadable(_)) => Self::new(FailureKind::Outdated, "UNREADABLE", text),
            EntryError::Gateway(_) => Self::new(FailureKind::Unreachable, "GATEWAY_UNREACHABLE", text),
            EntryError::Enter(EnterError::ProtocolMismatch { .. } | EnterError::Hash) => {
                Self::new(FailureKind::Outdated, "PROTOCOL_MISMATCH", text)
            }
            EntryError::Enter(EnterError::Refused(reason)) => Self::refusal(*reason, "Hello"),
            EntryError::Enter(EnterError::SentAway(reason)) => {
                Self::new(FailureKind::Refused, &capitals(&format!("{reason:?}")), text)
            }
            EntryError::Enter(EnterError::Closed(_) | EnterError::Silent) => {
                Self::new(FailureKind::Unreachable, "MAP_SERVER_UNREACHABLE", text)
            }
            EntryError::Enter(_) => Self::new(FailureKind::Outdated, "UNREADABLE", text),
        };
        Self { retry_after, ..failure }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_have_codes_in_capitals_and_words_for_people() {
        let failure = Failure::refusal(Refusal::BagFull, "PickUp");
        assert_eq!((failure.code.as_str(), failure.text.as_str()), ("BAG_FULL", "bag full"));
        assert_eq!((failure.kind, failure.request.as_str()), (FailureKind::Refused, "PickUp"));
        assert_eq!(Failure::refusal(Refusal::RateLimited, "Chat").kind, FailureKind::RateLimited);
    }

    #[test]
    fn complaints_are_kept_by_field() {
        let errors = BTreeMap::from([("name".to_owned(), serde_json::json!(["too short", "no letters"]))]);
        let problem = Problem { status: 422, code: "VALIDATION_FAILED".to_owned(), errors, ..Problem::default() };
        let failure = Failure::from(ApiError::Refused(Box::new(problem)));
        assert_eq!(failure.fields["name"], "too short; no letters");
    }
}
