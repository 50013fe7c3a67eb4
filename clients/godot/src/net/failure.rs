//! What went wrong, for scripts: a kind to decide by, a stable code, what to show, and what to do.

use std::collections::BTreeMap;
use std::time::Duration;

use realmgate_client::api::{ApiError, Problem};
use realmgate_client::client::EnterError;
use realmgate_client::entry::EntryError;
use realmgate_client::gateway::GatewayError;
use realmgate_protocol::realm::{Answers, Refusal};

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
    /// The ability slot, where it was the use of an ability.
    pub slot: Option<u8>,
}

impl Failure {
    /// One without fields.
    pub fn new(kind: FailureKind, code: &str, text: impl Into<String>) -> Self {
        let (code, text) = (code.to_owned(), text.into());
        let (fields, retry_after, request) = (BTreeMap::new(), Duration::ZERO, String::new());
        Self { kind, code, text, fields, retry_after, request, slot: None }
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
        Self::new(FailureKind::LoggedOut, "NOT_LOGGED_IN", "not logged in")
    }

    /// It needs a player in the world.
    pub fn not_in_world() -> Self {
        Self::new(FailureKind::Misused, "NOT_IN_WORLD", "the player is not in the world")
    }

    /// There is a player in the world already, or on its way there.
    pub fn in_world_already() -> Self {
        Self::new(FailureKind::Misused, "IN_WORLD_ALREADY", "the player is already in the world")
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
    pub fn refusal(reason: Refusal, request: &str, answers: Answers) -> Self {
        let kind = match reason {
            Refusal::ProtocolMismatch => FailureKind::Outdated,
            Refusal::RateLimited => FailureKind::RateLimited,
            _ => FailureKind::Refused,
        };
        let name = format!("{reason:?}");
        let slot = match answers {
            Answers::Command { slot, .. } => Some(slot),
            Answers::Nothing | Answers::Message { .. } => None,
        };
        Self { request: request.to_owned(), slot, ..Self::new(kind, &capitals(&name), sentence(&name)) }
    }

    fn problem(problem: Problem) -> Self {
        let kind = match (problem.status, problem.code.as_str()) {
            (429, _) => FailureKind::RateLimited,
            (_, "UNAUTHORIZED" | "INVALID_REFRESH_TOKEN" | "INVALID_OR_EXPIRED_REFRESH_TOKEN") => {
                FailureKind::LoggedOut
            }
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
        match error {
            EntryError::Token(error) => error.into(),
            EntryError::Gateway(error) => error.into(),
            EntryError::Enter(error) => error.into(),
        }
    }
}

impl From<GatewayError> for Failure {
    fn from(error: GatewayError) -> Self {
        let (text, retry_after) = (error.to_string(), error.retry_after().unwrap_or_default());
        let failure = match &error {
            error if error.wants_fresh_tokens() => Self::new(FailureKind::LoggedOut, "LOG_IN_EXPIRED", text),
            GatewayError::Refused { code, message, .. } => {
                let limited = code == "RATE_LIMITED";
                let kind = if limited { FailureKind::RateLimited } else { FailureKind::Refused };
                Self::new(kind, code, message.clone())
            }
            GatewayError::Closed { code: 4_001, .. } => {
                Self::new(FailureKind::LoggedOut, "REPLACED", "the account has logged in elsewhere")
            }
            GatewayError::Unreadable(_) => Self::new(FailureKind::Outdated, "UNREADABLE", text),
            _ => Self::new(FailureKind::Unreachable, "GATEWAY_UNREACHABLE", text),
        };
        Self { retry_after, ..failure }
    }
}

impl From<EnterError> for Failure {
    fn from(error: EnterError) -> Self {
        let text = error.to_string();
        match error {
            EnterError::ProtocolMismatch { .. } | EnterError::Hash => {
                Self::new(FailureKind::Outdated, "PROTOCOL_MISMATCH", text)
            }
            EnterError::Refused(reason) => Self::refusal(reason, "Hello", Answers::Nothing),
            EnterError::SentAway(reason) => Self::new(FailureKind::Refused, &capitals(&format!("{reason:?}")), text),
            EnterError::Closed(_) | EnterError::Silent => {
                Self::new(FailureKind::Unreachable, "MAP_SERVER_UNREACHABLE", text)
            }
            _ => Self::new(FailureKind::Outdated, "UNREADABLE", text),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn refusals_have_codes_in_capitals_and_words_for_people() {
        let failure = Failure::refusal(Refusal::BagFull, "PickUp", Answers::Message { id: 4 });
        assert_eq!((failure.code.as_str(), failure.text.as_str()), ("BAG_FULL", "bag full"));
        assert_eq!((failure.kind, failure.request.as_str()), (FailureKind::Refused, "PickUp"));
        assert_eq!(Failure::refusal(Refusal::RateLimited, "Chat", Answers::Nothing).kind, FailureKind::RateLimited);
    }

    #[test]
    fn every_refusal_has_a_code_of_its_own_a_kind_and_words() {
        let mut codes = BTreeSet::new();
        for name in Refusal::VARIANTS {
            let reason: Refusal =
                serde_json::from_str(&format!("\"{name}\"")).expect("a refusal is written by its name");
            let failure = Failure::refusal(reason, "Chat", Answers::Nothing);
            let kind = match *name {
                "ProtocolMismatch" => FailureKind::Outdated,
                "RateLimited" => FailureKind::RateLimited,
                _ => FailureKind::Refused,
            };
            assert_eq!(failure.kind, kind, "{name}");
            assert_eq!(failure.text.replace(' ', "_").to_uppercase(), failure.code, "{name}");
            assert!(codes.insert(failure.code), "{name} has the code of another");
        }
        assert!(codes.len() > 30, "the server refuses for many reasons, and the test sees only {}", codes.len());
    }

    #[test]
    fn what_the_gateway_refuses_keeps_its_code() {
        for (code, kind) in [
            ("MAP_FULL", FailureKind::Refused),
            ("CHARACTER_NOT_FOUND", FailureKind::Refused),
            ("RATE_LIMITED", FailureKind::RateLimited),
        ] {
            let (code_, message) = (code.to_owned(), "no".to_owned());
            let failure = Failure::from(GatewayError::Refused { code: code_, message, retry_after: None });
            assert_eq!((failure.code.as_str(), failure.kind, failure.text.as_str()), (code, kind, "no"));
        }
    }

    #[test]
    fn complaints_are_kept_by_field() {
        let errors = BTreeMap::from([("name".to_owned(), serde_json::json!(["too short", "no letters"]))]);
        let problem = Problem { status: 422, code: "VALIDATION_FAILED".to_owned(), errors, ..Problem::default() };
        let failure = Failure::from(ApiError::Refused(Box::new(problem)));
        assert_eq!(failure.fields["name"], "too short; no letters");
    }
}
