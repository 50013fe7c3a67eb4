//! Errors as clients see them: a closed set of stable codes.

use std::borrow::Cow;
use std::collections::BTreeMap;

/// Seconds after which clients may retry when the database does not answer.
const DATABASE_AWAY_S: u64 = 5;

macro_rules! error_codes {
    ($($(#[doc = $doc:literal])* $name:ident = $text:literal, $title:literal;)*) => {
        /// Every error code that a client may receive, over HTTP and on the gateway.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum ErrorCode {
            $($(#[doc = $doc])* $name,)*
        }

        impl ErrorCode {
            /// All codes.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The code as it is written in problem documents and gateway messages.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text),* }
            }

            /// A short title for people.
            pub fn title(self) -> &'static str {
                match self { $(Self::$name => $title),* }
            }
        }
    };
}

error_codes! {
    /// The request is not what this route takes.
    BadRequest = "BAD_REQUEST", "Malformed request";
    /// Fields of the request break a rule; `errors` says which.
    Validation = "VALIDATION_FAILED", "Invalid fields in the request";
    /// The access token is missing or no longer valid.
    Unauthorized = "UNAUTHORIZED", "Missing or invalid access token";
    /// At the door: the access token is forged, expired or revoked. Elsewhere this is `UNAUTHORIZED`.
    InvalidToken = "INVALID_TOKEN", "Invalid or expired access token";
    /// User name and password do not match.
    InvalidCredentials = "INVALID_CREDENTIALS", "Wrong user name or password";
    /// The refresh token is unknown, expired or was used before.
    InvalidRefreshToken = "INVALID_REFRESH_TOKEN", "Invalid or expired refresh token";
    /// The service token is missing or wrong.
    ServiceTokenRequired = "SERVICE_TOKEN_REQUIRED", "Missing or invalid service token";
    /// The caller is known but not allowed to do this.
    Forbidden = "FORBIDDEN", "Not allowed";
    /// The request names a domain that this server does not know.
    Misdirected = "MISDIRECTED", "This server does not serve this host name";
    /// No such route or resource.
    NotFound = "NOT_FOUND", "Not found";
    /// The route exists, but not with this method.
    MethodNotAllowed = "METHOD_NOT_ALLOWED", "Method not allowed";
    /// No such character.
    CharacterNotFound = "CHARACTER_NOT_FOUND", "No such character";
    /// No live map server hosts the map.
    MapNotFound = "MAP_NOT_FOUND", "No map server hosts this map";
    /// No such map server; it should register (again).
    ServerNotFound = "SERVER_NOT_FOUND", "No such map server";
    /// Every map server of the map is full.
    MapFull = "MAP_FULL", "The map is full";
    /// The user name is taken.
    UsernameTaken = "USERNAME_TAKEN", "The user name is taken";
    /// The character name is taken.
    NameTaken = "NAME_TAKEN", "The character name is taken";
    /// The account has the maximum number of characters.
    TooManyCharacters = "TOO_MANY_CHARACTERS", "The account has the maximum number of characters";
    /// The character is in the world, or on its way there.
    CharacterInWorld = "CHARACTER_IN_WORLD", "The character is in the world";
    /// The character is due for deletion and has to be restored first.
    CharacterDeleted = "CHARACTER_DELETED", "The character is marked for deletion";
    /// A script refuses the character the way into the world; the detail says why.
    EntryRefused = "ENTRY_REFUSED", "The character may not enter the world now";
    /// The account is already in the world elsewhere.
    AlreadyOnline = "ALREADY_ONLINE", "The account is already in the world";
    /// A live map server has this id.
    ServerIdTaken = "SERVER_ID_TAKEN", "The server id is in use by another running map server";
    /// The map server does not answer.
    MapServerUnreachable = "MAP_SERVER_UNREACHABLE", "The map server does not answer";
    /// A service behind the door cannot be reached, or its answer is not HTTP.
    ServiceUnreachable = "SERVICE_UNREACHABLE", "The service cannot be reached";
    /// A service behind the door has no capacity left, or has failed too often; `Retry-After` says when to retry.
    ServiceUnavailable = "SERVICE_UNAVAILABLE", "The service is not available now";
    /// A service behind the door did not answer in time.
    ServiceTimeout = "SERVICE_TIMEOUT", "The service did not answer in time";
    /// A gateway message that cannot be understood.
    BadMessage = "BAD_MESSAGE", "Malformed message";
    /// An `enter_world` that its client called off. Sent as [`BadMessage`](Self::BadMessage), and only to a client that
    /// breaks the order.
    CalledOff = "CALLED_OFF", "Canceled by the client";
    /// The body is too large.
    PayloadTooLarge = "PAYLOAD_TOO_LARGE", "The body is too large";
    /// The body is not JSON.
    UnsupportedMediaType = "UNSUPPORTED_MEDIA_TYPE", "The body must be application/json";
    /// Rate limit exceeded; `Retry-After` says when to retry.
    RateLimited = "RATE_LIMITED", "Too many requests";
    /// The request took too long.
    Timeout = "TIMEOUT", "The request took too long";
    /// Too busy at the moment; `Retry-After` says when to retry.
    Overloaded = "OVERLOADED", "The server is busy";
    /// An internal error; the log has the cause.
    Internal = "INTERNAL", "Internal server error";
}

/// An error on its way to a client. The cause is only for the log.
#[derive(Debug)]
pub struct Error {
    /// The stable code.
    pub code: ErrorCode,
    /// What happened this time, for people. Never contains a secret.
    pub detail: Cow<'static, str>,
    /// Complaints by field, for [`ErrorCode::Validation`].
    pub fields: BTreeMap<String, Vec<String>>,
    /// Seconds until the client may retry; `None` if no time is given.
    pub retry_after_s: Option<u64>,
    /// The cause, which is logged and never sent.
    pub cause: Option<anyhow::Error>,
}

impl Error {
    /// An error with its own detail.
    pub fn new(code: ErrorCode, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { code, detail: detail.into(), fields: BTreeMap::new(), retry_after_s: None, cause: None }
    }

    /// An internal error. Clients see only the code.
    pub fn internal(cause: impl Into<anyhow::Error>) -> Self {
        Self { cause: Some(cause.into()), ..ErrorCode::Internal.into() }
    }

    /// A validation error for one field.
    pub fn field(name: &str, complaint: impl Into<String>) -> Self {
        let fields = BTreeMap::from([(name.to_owned(), vec![complaint.into()])]);
        Self { fields, ..ErrorCode::Validation.into() }
    }

    /// A rate limit error; clients may retry after at least one second.
    pub fn rate_limited(retry_after_s: u64) -> Self {
        Self { retry_after_s: Some(retry_after_s.max(1)), ..ErrorCode::RateLimited.into() }
    }
}

impl From<ErrorCode> for Error {
    fn from(code: ErrorCode) -> Self {
        Self::new(code, code.title())
    }
}

/// A database that is away, busy or has no free connection becomes `OVERLOADED`, since a later retry may succeed.
impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        if !may_succeed_later(&error) {
            return Self::internal(error);
        }
        Self {
            retry_after_s: Some(DATABASE_AWAY_S),
            cause: Some(error.into()),
            ..Self::new(ErrorCode::Overloaded, "The database does not answer")
        }
    }
}

/// Whether it is the database's state that was in the way, and not what it was asked. Of PostgreSQL's codes these are the
/// classes 08 (the connection broke), 40 (lost to another transaction), 53 (no resources), 55 (something is locked) and 57 (a time-out, a
/// shutdown), the end of a transaction that we were too busy to go on with, and a server that takes no writes, as after a failover; of SQLite's those whose lowest byte says that it is busy or locked.
fn may_succeed_later(error: &sqlx::Error) -> bool {
    let code = match error {
        sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::Io(_) => return true,
        sqlx::Error::Database(error) => error.code().unwrap_or_default(),
        _ => return false,
    };
    let is_sqlstate = code.len() == 5;
    if is_sqlstate {
        return ["08", "25006", "25P03", "40", "53", "55", "57"].iter().any(|class| code.starts_with(class));
    }
    code.parse().is_ok_and(|code: u32| matches!(code & 0xff, 5 | 6))
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
    use sqlx::error::{DatabaseError, ErrorKind};

    use super::*;

    #[test]
    fn codes_are_capitals_and_unique() {
        let mut seen = std::collections::HashSet::new();
        for code in ErrorCode::ALL {
            let text = code.as_str();
            assert!(!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_'), "{text}");
            assert!(seen.insert(text), "{text} is used twice");
        }
    }

    #[test]
    fn a_database_that_is_away_is_no_fault_of_ours() {
        let refused = || sqlx::Error::Io(std::io::ErrorKind::ConnectionRefused.into());
        let all: [fn() -> sqlx::Error; 3] = [|| sqlx::Error::PoolTimedOut, || sqlx::Error::PoolClosed, refused];
        for away in all {
            let (why, error) = (away().to_string(), Error::from(away()));
            assert_eq!((error.code, error.retry_after_s), (ErrorCode::Overloaded, Some(5)), "{why}");
            assert_eq!(error.cause.map(|cause| cause.to_string()), Some(why), "the log says why");
        }
        let fault = Error::from(sqlx::Error::RowNotFound);
        assert_eq!((fault.code, fault.retry_after_s), (ErrorCode::Internal, None));
    }

    /// An error that a database answers with a code.
    #[derive(Debug)]
    struct Answer(&'static str);

    impl std::fmt::Display for Answer {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str(self.0)
        }
    }

    impl std::error::Error for Answer {}

    impl DatabaseError for Answer {
        fn message(&self) -> &str {
            self.0
        }

        fn code(&self) -> Option<Cow<'_, str>> {
            Some(self.0.into())
        }

        fn as_error(&self) -> &(dyn std::error::Error + Send + Sync + 'static) {
            self
        }

        fn as_error_mut(&mut self) -> &mut (dyn std::error::Error + Send + Sync + 'static) {
            self
        }

        fn into_error(self: Box<Self>) -> Box<dyn std::error::Error + Send + Sync + 'static> {
            self
        }

        fn kind(&self) -> ErrorKind {
            ErrorKind::Other
        }
    }

    #[test]
    fn a_database_that_is_busy_is_asked_again_later() {
        let answered = |code| Error::from(sqlx::Error::Database(Box::new(Answer(code)))).code;
        for busy in ["08006", "25006", "25P03", "40001", "53300", "55P03", "57014", "57P01", "5", "6", "261", "517"] {
            assert_eq!(answered(busy), ErrorCode::Overloaded, "{busy}");
        }
        for fault in ["25001", "42601", "23505", "22P02", "1", "11", "1555", "2067", ""] {
            assert_eq!(answered(fault), ErrorCode::Internal, "{fault}");
        }
    }

    #[test]
    fn the_cause_is_not_in_the_detail() {
        let on_fire = || std::io::Error::other("disk on fire");
        let internal = Error::internal(anyhow::Error::from(on_fire()));
        for error in
            [internal, Error::from(sqlx::Error::Io(on_fire())), Error::from(sqlx::Error::Protocol("fire".into()))]
        {
            assert!(!error.detail.contains("fire"), "{error:?}");
            assert!(error.to_string().contains("fire"), "the log says why: {error}");
        }
    }
}
