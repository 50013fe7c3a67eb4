//! The parameter of a path.

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;

use crate::error::{Error, ErrorCode};

/// The one parameter of a route's path, as text.
pub struct PathText(pub String);

impl<S: Send + Sync> FromRequestParts<S> for PathText {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let params = RawPathParams::from_request_parts(parts, state).await;
        let params = params.map_err(|_| Error::new(ErrorCode::BadRequest, "The path is not UTF-8"))?;
        let text = params.iter().next().map(|(_, text)| text.to_owned());
        text.map(Self).ok_or_else(|| Error::internal(anyhow::anyhow!("the route has no parameter")))
    }
}
