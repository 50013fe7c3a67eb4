//! Who calls, and what of.

use axum::extract::{FromRef, FromRequestParts, RawPathParams};
use axum::http::StatusCode;
use axum::http::request::Parts;
use realmgate_platform::error::{Error, ErrorCode};
use realmgate_platform::http::HttpState;
use realmgate_platform::http::extract::{AnonymousPeer, bearer};
use realmgate_platform::tokens::{Caller, SignedToken};
use realmgate_protocol::ids::AccountId;
use uuid::Uuid;

use super::admin_session;
use super::refusal::Refusal;
use crate::state::Community;

/// Who calls by an access token's signature alone: it may have been revoked since. What they ask for may be looked up
/// while [`Claimed::admit`] finds out, but is not told before.
pub struct Claimed(SignedToken);

/// A caller with a valid access token, also of a log-in that its user has logged out, counted against their rate limit. A call with an
/// invalid one is counted against that of its address.
pub struct Player(pub Caller);

/// A caller who is an administrator: by an access token, or by the cookie of the pages.
pub struct Admin(pub Caller);

/// An administrator whom the layer around such routes has let in.
#[derive(Clone)]
pub(super) struct Admitted(pub Caller);

/// A caller with a valid access token, or anybody else: an invalid token is none.
pub struct MaybePlayer(pub Option<Caller>);

/// A call that needs no token, counted against the rate limit of its address.
pub struct Anybody;

/// The first parameter of a path: an id, as text.
pub struct PathId(pub String);

/// The first two parameters of a path, as text.
pub struct PathPair(pub String, pub String);

impl FromRequestParts<Community> for Claimed {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, community: &Community) -> Result<Self, Refusal> {
        let token = bearer(&parts.headers).ok_or_else(|| unauthorized("Authentication required"))?;
        let verified = HttpState::from_ref(community).tokens.verify(token);
        verified.map(Self).map_err(|_| unauthorized("Invalid authentication token"))
    }
}

impl Claimed {
    /// The account that the token names.
    pub fn account(&self) -> AccountId {
        self.0.account
    }

    /// Finds the caller, and counts the call against their rate limit.
    ///
    /// # Errors
    /// 401 where the token has been revoked, 429 where there were too many calls.
    pub async fn admit(&self, community: &Community) -> Result<Caller, Refusal> {
        let http = HttpState::from_ref(community);
        counted(&http, http.tokens.find_caller_of_calls(&self.0).await).await
    }

    /// As [`Claimed::admit`], where a log-out counts too.
    async fn admit_logged_in(&self, community: &Community) -> Result<Caller, Refusal> {
        let http = HttpState::from_ref(community);
        counted(&http, http.tokens.find_caller(&self.0).await).await
    }
}

impl FromRequestParts<Community> for Player {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, community: &Community) -> Result<Self, Refusal> {
        find(parts, community, LogOut::IsForgiven).await.map(Self)
    }
}

impl FromRequestParts<Community> for Admin {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, community: &Community) -> Result<Self, Refusal> {
        if let Some(Admitted(caller)) = parts.extensions.get() {
            return Ok(Self(caller.clone()));
        }
        let caller = match admin_session::caller(community, &parts.headers).await? {
            Some(caller) => {
                HttpState::from_ref(community).limits.call(caller.account).await?;
                caller
            }
            None => find(parts, community, LogOut::Counts).await?,
        };
        match caller.role.as_str() {
            "admin" => Ok(Self(caller)),
            _ => Err(Refusal::error(StatusCode::FORBIDDEN, "forbidden")),
        }
    }
}

impl FromRequestParts<Community> for MaybePlayer {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, community: &Community) -> Result<Self, Refusal> {
        let Some(token) = bearer(&parts.headers) else { return Ok(Self(None)) };
        match HttpState::from_ref(community).tokens.authenticate(token).await {
            Ok(caller) => Ok(Self(Some(caller))),
            Err(error) if error.code == ErrorCode::Unauthorized => Ok(Self(None)),
            Err(error) => Err(error.into()),
        }
    }
}

impl FromRequestParts<Community> for Anybody {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, community: &Community) -> Result<Self, Refusal> {
        AnonymousPeer::from_request_parts(parts, community).await?;
        Ok(Self)
    }
}

impl FromRequestParts<Community> for PathId {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, community: &Community) -> Result<Self, Refusal> {
        let params = RawPathParams::from_request_parts(parts, community).await.map_err(|_| Refusal::bad_request())?;
        params.iter().next().map(|(_, text)| Self(text.to_owned())).ok_or_else(Refusal::no_route)
    }
}

impl FromRequestParts<Community> for PathPair {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, community: &Community) -> Result<Self, Refusal> {
        let params = RawPathParams::from_request_parts(parts, community).await.map_err(|_| Refusal::bad_request())?;
        let mut texts = params.iter().map(|(_, text)| text.to_owned());
        texts.next().zip(texts.next()).map(|(one, two)| Self(one, two)).ok_or_else(Refusal::no_route)
    }
}

/// Counts a call against the rate limit of its caller, if there is one.
async fn counted(http: &HttpState, found: Result<Caller, Error>) -> Result<Caller, Refusal> {
    let caller = found.map_err(|error| match error.code {
        ErrorCode::Unauthorized => unauthorized("Failed."),
        _ => error.into(),
    })?;
    http.limits.call(caller.account).await?;
    Ok(caller)
}

/// Whether the token of a log-in that its user has logged out is still good.
#[derive(Clone, Copy)]
enum LogOut {
    IsForgiven,
    Counts,
}

/// Finds the caller by the access token. A call whose token is refused is counted against the rate limit of its address.
async fn find(parts: &mut Parts, community: &Community, log_out: LogOut) -> Result<Caller, Refusal> {
    let found = match (Claimed::from_request_parts(parts, community).await, log_out) {
        (Ok(claimed), LogOut::IsForgiven) => claimed.admit(community).await,
        (Ok(claimed), LogOut::Counts) => claimed.admit_logged_in(community).await,
        (Err(refusal), _) => Err(refusal),
    };
    if found.as_ref().is_err_and(Refusal::is_unauthorized) {
        AnonymousPeer::from_request_parts(parts, community).await?;
    }
    found
}

fn unauthorized(text: &'static str) -> Refusal {
    Refusal::error(StatusCode::UNAUTHORIZED, text)
}

impl PathId {
    /// The id; `None` where the text is none.
    pub fn id(&self) -> Option<Uuid> {
        self.0.parse().ok()
    }

    /// The id.
    ///
    /// # Errors
    /// 400 where the text is none.
    pub fn valid(&self) -> Result<Uuid, Refusal> {
        self.id().ok_or_else(|| Refusal::error(StatusCode::BAD_REQUEST, "invalid_id"))
    }
}
