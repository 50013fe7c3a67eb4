//! The user behind a call.

use axum::extract::{FromRef, FromRequestParts};
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;

use super::AnonymousPeer;
use crate::error::{Error, ErrorCode};
use crate::http::HttpState;
use crate::tokens::Caller;

/// The token of `Authorization: Bearer`.
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

/// A call with a valid access token, counted against its user's rate limit. One without is counted against that of its address.
impl<S> FromRequestParts<S> for Caller
where
    HttpState: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let http = HttpState::from_ref(state);
        let found = match bearer(&parts.headers) {
            Some(token) => http.tokens.authenticate(token).await,
            None => Err(ErrorCode::Unauthorized.into()),
        };
        match found {
            Ok(caller) => http.limits.call(caller.account).await.map(|()| caller),
            Err(error) if error.code == ErrorCode::Unauthorized => {
                AnonymousPeer::from_request_parts(parts, state).await.and(Err(error))
            }
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_is_read_in_any_case() {
        let headers = |value: &str| HeaderMap::from_iter([(AUTHORIZATION, value.parse().unwrap())]);
        assert_eq!(bearer(&headers("Bearer abc")), Some("abc"));
        assert_eq!(bearer(&headers("bearer abc")), Some("abc"));
        assert_eq!(bearer(&headers("BEARER abc")), Some("abc"));
        assert_eq!(bearer(&headers("Basic abc")), None);
        assert_eq!(bearer(&HeaderMap::new()), None);
    }
}
