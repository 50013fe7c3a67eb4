//! What can go wrong, as clients see it: a closed set of stable codes.

use std::borrow::Cow;
use std::collections::BTreeMap;

use axum::http::StatusCode;

/// When to come back where the database does not answer.
const DATABASE_AWAY_S: u64 = 5;

macro_rules! error_codes {
    ($($(#[doc = $doc:literal])* $name:ident = $text:literal, $status:ident, $title:literal;)*) => {
        /// Every code that a client may meet, over HTTP and on the gateway.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum ErrorCode {
            $($(#[doc = $doc])* $name,)*
        }

        impl ErrorCode {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The code as it is written in problem documents and gateway messages.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text),* }
            }

            /// The HTTP status that goes with it.
            pub fn status(self) -> StatusCode {
                match self { $(Self::$name => StatusCode::$status),* }
            }

            /// What it means in general, for people.
            pub fn title(self) -> &'static str {
                match self { $(Self::$name => $title),* }
            }
        }
    };
}

error_codes! {
    /// The request is not what this route takes.
    BadRequest = "BAD_REQUEST", BAD_REQUEST, "The request is malformed";
    /// Fields of the request break a rule; `errors` says which.
    Validation = "VALIDATION_FAILED", UNPROCESSABLE_ENTITY, "Fields of the request are not acceptable";
    /// No access token, or one that is no good any more.
    Unauthorized = "UNAUTHORIZED", UNAUTHORIZED, "A valid access token is needed";
    /// User name and password do not fit.
    InvalidCredentials = "INVALID_CREDENTIALS", UNAUTHORIZED, "User name or password is wrong";
    /// The refresh token is unknown, expired or was used before.
    InvalidRefreshToken = "INVALID_REFRESH_TOKEN", UNAUTHORIZED, "The refresh token is no good any more";
    /// The service token is missing or wrong.
    ServiceTokenRequired = "SERVICE_TOKEN_REQUIRED", UNAUTHORIZED, "The service token is needed";
    /// Known, but not allowed.
    Forbidden = "FORBIDDEN", FORBIDDEN, "Not allowed";
    /// No such route or resource.
    NotFound = "NOT_FOUND", NOT_FOUND, "Not found";
    /// The route exists, not with this method.
    MethodNotAllowed = "METHOD_NOT_ALLOWED", METHOD_NOT_ALLOWED, "Method not allowed";
    /// No such character.
    CharacterNotFound = "CHARACTER_NOT_FOUND", NOT_FOUND, "No such character";
    /// No live map server hosts the map.
    MapNotFound = "MAP_NOT_FOUND", NOT_FOUND, "No map server hosts this map";
    /// No such map server; it should register (again).
    ServerNotFound = "SERVER_NOT_FOUND", NOT_FOUND, "No such map server";
    /// Every map server of the map is full.
    MapFull = "MAP_FULL", SERVICE_UNAVAILABLE, "The map has no room";
    /// The user name belongs to somebody.
    UsernameTaken = "USERNAME_TAKEN", CONFLICT, "The user name is taken";
    /// The character name belongs to somebody.
    NameTaken = "NAME_TAKEN", CONFLICT, "The character name is taken";
    /// The account has as many characters as it may.
    TooManyCharacters = "TOO_MANY_CHARACTERS", CONFLICT, "The account has no room for another character";
    /// The character is in the world, or on its way there.
    CharacterInWorld = "CHARACTER_IN_WORLD", CONFLICT, "The character is in the world";
    /// The account is in the world elsewhere.
    AlreadyOnline = "ALREADY_ONLINE", CONFLICT, "The account is in the world already";
    /// A map server that is alive has this id.
    ServerIdTaken = "SERVER_ID_TAKEN", CONFLICT, "The server id belongs to another map server that is alive";
    /// The map server does not answer.
    MapServerUnreachable = "MAP_SERVER_UNREACHABLE", BAD_GATEWAY, "The map server does not answer";
    /// A gateway message that cannot be understood.
    BadMessage = "BAD_MESSAGE", BAD_REQUEST, "The message is malformed";
    /// The body is too large.
    PayloadTooLarge = "PAYLOAD_TOO_LARGE", PAYLOAD_TOO_LARGE, "The body is too large";
    /// The body is not JSON.
    UnsupportedMediaType = "UNSUPPORTED_MEDIA_TYPE", UNSUPPORTED_MEDIA_TYPE, "The body must be application/json";
    /// Too many requests; `Retry-After` says when to come back.
    RateLimited = "RATE_LIMITED", TOO_MANY_REQUESTS, "Too many requests";
    /// It took too long.
    Timeout = "TIMEOUT", SERVICE_UNAVAILABLE, "The request took too long";
    /// Too much to do at the moment; `Retry-After` says when to come back.
    Overloaded = "OVERLOADED", SERVICE_UNAVAILABLE, "Too busy at the moment";
    /// A fault on our side; the log says which.
    Internal = "INTERNAL", INTERNAL_SERVER_ERROR, "Something went wrong on the server";
}

/// An error on its way to a client. The cause is for the log alone.
#[derive(Debug)]
pub struct Error {
    /// Which.
    pub code: ErrorCode,
    /// What happened this time, for people. Never holds a secret.
    pub detail: Cow<'static, str>,
    /// What is wrong with which field, for [`ErrorCode::Validation`].
    pub fields: BTreeMap<String, Vec<String>>,
    /// When to come back.
    pub retry_after_s: Option<u64>,
    /// What the log shall say beside it.
    pub cause: Option<anyhow::Error>,
}

impl Error {
    /// An error with a detail of its own.
    pub fn new(code: ErrorCode, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { code, detail: detail.into(), fields: BTreeMap::new(), retry_after_s: None, cause: None }
    }

    /// A fault on our side. Clients see the code alone.
    pub fn internal(cause: impl Into<anyhow::Error>) -> Self {
        Self { cause: Some(cause.into()), ..ErrorCode::Internal.into() }
    }

    /// One field that breaks a rule.
    pub fn field(name: &str, complaint: impl Into<String>) -> Self {
        let fields = BTreeMap::from([(name.to_owned(), vec![complaint.into()])]);
        Self { fields, ..ErrorCode::Validation.into() }
    }

    /// Too many requests.
    pub fn rate_limited(retry_after_s: u64) -> Self {
        Self { retry_after_s: Some(retry_after_s.max(1)), ..ErrorCode::RateLimited.into() }
    }
}

impl From<ErrorCode> for Error {
    fn from(code: ErrorCode) -> Self {
        Self::new(code, code.title())
    }
}

/// A database that is away or has no connection left is told apart: whoever asks again later may be luckier.
impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::Io(_) => Self {
                retry_after_s: Some(DATABASE_AWAY_S),
                cause: Some(error.into()),
                ..Self::new(ErrorCode::Overloaded, "The database does not answer")
            },
            error => Self::internal(error),
        }
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.code.as_str(), self.detail)?;
        match &self.cause {
            Some(cause) => write!(f, " ({cause:#})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_capitals_and_unique() {
        let mut seen = std::collections::HashSet::new();
        for code in ErrorCode::ALL {
            let text = code.as_str();
            assert!(text.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_'), "{text}");
            assert!(seen.insert(text), "{text} is used twice");
        }
    }

    #[test]
    fn a_database_that_is_away_is_no_fault_of_ours() {
        let error = Error::from(sqlx::Error::PoolTimedOut);
        assert_eq!((error.code, error.retry_after_s), (ErrorCode::Overloaded, Some(DATABASE_AWAY_S)));
        assert!(error.cause.is_some(), "the log says why");
        assert_eq!(Error::from(sqlx::Error::RowNotFound).code, ErrorCode::Internal);
    }

    #[test]
    fn the_cause_is_not_in_the_detail() {
        let error = Error::internal(anyhow::anyhow!("disk on fire"));
        assert!(!error.detail.contains("fire"));
        assert!(error.to_string().contains("fire"), "the log says why");
    }
}
