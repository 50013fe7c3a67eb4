//! Errors of the API, parsed from its problem documents.

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::Response;
use reqwest::header::RETRY_AFTER;
use serde::Deserialize;

/// Why a call to the API failed.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// The server refused the request.
    #[error("{0}")]
    Refused(Box<Problem>),
    /// The server could not be reached, or the connection broke.
    #[error("the API does not respond: {0}")]
    Unreachable(#[from] reqwest::Error),
    /// The answer does not follow the contract.
    #[error("cannot read the API's response: {0}")]
    Unreadable(String),
}

impl ApiError {
    /// The stable code of a refusal, such as `USERNAME_TAKEN`; `None` for other errors.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Refused(problem) => Some(&problem.code),
            _ => None,
        }
    }

    /// How long to wait before asking again, if that can help: after too many requests, or from a busy server.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused(problem) if matches!(problem.status, 429 | 503) => {
                Some(problem.retry_after.unwrap_or(Duration::from_secs(1)))
            }
            _ => None,
        }
    }
}

/// A problem document (RFC 9457), with the status and header it came with.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Problem {
    /// The HTTP status.
    pub status: u16,
    /// A stable code in capitals; empty if the answer had none.
    pub code: String,
    /// What is wrong, in a few words.
    pub title: String,
    /// What is wrong with this request.
    pub detail: String,
    /// What is wrong with each field, by field name.
    pub errors: BTreeMap<String, serde_json::Value>,
    /// How long to wait before asking again, from the `Retry-After` header.
    #[serde(skip)]
    pub retry_after: Option<Duration>,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = if self.detail.is_empty() { &self.title } else { &self.detail };
        write!(f, "{} {}: {text}", self.status, self.code)?;
        self.errors.iter().try_for_each(|(field, error)| write!(f, "; {field}: {error}"))
    }
}

/// How the routes below `/api/v1` refuse: with a code or a sentence, and complaints by field.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Refused {
    error: String,
    message: String,
    errors: BTreeMap<String, serde_json::Value>,
    details: BTreeMap<String, serde_json::Value>,
}

impl Refused {
    /// The same as a problem, whose code is the error in capitals: `Invalid email or password` is
    /// `INVALID_EMAIL_OR_PASSWORD`.
    fn into_problem(self) -> Problem {
        let words = self.error.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
        let code = match self.error.as_str() {
            // What every other route says of a token that is missing or no good.
            "Invalid authentication token" | "Authentication required" => "UNAUTHORIZED".to_owned(),
            _ => words.collect::<Vec<_>>().join("_").to_uppercase(),
        };
        let errors = if self.errors.is_empty() { self.details } else { self.errors };
        Problem { code, title: self.error.replace('_', " "), detail: self.message, errors, ..Problem::default() }
    }
}

/// Returns the response if it succeeded, otherwise its problem as an error.
pub(super) async fn refused(response: Response) -> Result<Response, ApiError> {
    if response.status().is_success() {
        return Ok(response);
    }
    let status = response.status().as_u16();
    let seconds = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    let body = response.bytes().await?;
    // A proxy between us and the server may answer without a problem document.
    let mut problem: Problem = serde_json::from_slice(&body).unwrap_or_default();
    if problem.code.is_empty() {
        problem = serde_json::from_slice(&body).map(Refused::into_problem).unwrap_or(problem);
    }
    problem.status = status;
    problem.retry_after = seconds.map(Duration::from_secs);
    Err(ApiError::Refused(Box::new(problem)))
}
