//! `GET /map-registry/proof`.

use std::net::SocketAddr;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::Extensions;
use realmgate_platform::error::{Error, ErrorCode};
use realmgate_platform::http::{Connection, Problem};
use realmgate_protocol::proof::{parse_nonce, prove};
use serde::{Deserialize, Serialize};

use crate::state::AppState;

/// The challenge.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Question {
    /// 32 random bytes in base64url without padding.
    #[param(min_length = 43, max_length = 43, pattern = "^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$")]
    nonce: String,
}

/// A proof that this directory knows the service token.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Proof {
    /// The local address and port of this connection, as the directory sees them.
    address: String,
    /// HMAC-SHA256 in base64url without padding, one for each accepted service token. The key is the service token; the
    /// message is `realmgate directory proof 1`, the 32 bytes of the nonce, and `address`.
    proofs: Vec<String>,
}

/// Prove to a map server that this directory knows the service token, before the map server sends it.
#[utoipa::path(
    get, path = "/map-registry/proof", tag = "directory", params(Question),
    responses(
        (status = 200, body = Proof),
        (status = 400, body = Problem, content_type = "application/problem+json", description = "BAD_REQUEST"),
    ),
)]
pub async fn proof(
    State(state): State<AppState>,
    extensions: Extensions,
    question: Result<Query<Question>, QueryRejection>,
) -> Result<Json<Proof>, Error> {
    let nonce = question.ok().and_then(|Query(question)| parse_nonce(&question.nonce));
    let nonce = nonce.ok_or_else(|| Error::new(ErrorCode::BadRequest, "nonce must be 32 bytes in base64url"))?;
    // Without a connection, nobody could have relayed the question.
    let local = extensions.get::<Connection>().map_or(state.addrs.directory, |connection| connection.local);
    let address = SocketAddr::new(local.ip().to_canonical(), local.port());
    let proofs = state.config.secrets.service_token.all().map(|token| prove(token, &nonce, address)).collect();
    Ok(Json(Proof { address: address.to_string(), proofs }))
}
