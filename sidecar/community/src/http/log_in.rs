//! Log-in by password and by device, refresh, log-out.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use realmgate_platform::http::extract::{Peer, bearer};
use serde::{Deserialize, Serialize};

use super::{Anybody, Data, Done, Input, Refusal, Refused};
use crate::accounts::Grant;
use crate::state::Community;

/// An e-mail address and a password.
#[derive(Deserialize, utoipa::ToSchema)]
pub(super) struct Login {
    /// The e-mail address, or the user name that the password belongs to.
    email: String,
    /// The password.
    #[schema(format = Password)]
    password: String,
    /// A device to link if the account has none.
    device_id: Option<String>,
}

/// A device.
#[derive(Deserialize, utoipa::ToSchema)]
pub(super) struct Device {
    /// The device's id, a secret: anyone who knows it has the account. Make it long and random, and store it.
    #[schema(min_length = 1, max_length = 256, extensions(("x-limits" = json!({"max": "LIMIT_MAX_DEVICE_ID"}))))]
    device_id: String,
}

/// A refresh token.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "it only describes: the route refuses in words of its own")]
pub(super) struct Refresh {
    /// The refresh token of a login.
    refresh_token: String,
}

/// The tokens of a login.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct Tokens {
    /// Sent with every request, as `Authorization: Bearer`.
    access_token: String,
    /// Exchanged for the next access token; it stays the same.
    refresh_token: String,
    /// Lifetime of the access token in seconds.
    expires_in: u64,
    /// The account's id.
    user_id: String,
    /// The unique user name.
    username: String,
    /// The display name.
    display_name: String,
}

/// Log in with an e-mail address and a password.
#[utoipa::path(
    post, path = "/login", operation_id = "login", tag = "Authentication", request_body = Login,
    responses((status = 200, body = Data<Tokens>), (status = 401, body = Refused), (status = 403, body = Refused)),
)]
pub(super) async fn login(
    State(community): State<Community>,
    peer: Peer,
    _: Anybody,
    input: Input,
) -> Result<Json<Data<Tokens>>, Refusal> {
    let Login { email, password, device_id } = input.fields()?;
    let grant = community.log_ins.by_password(peer.into(), &email, password.into(), device_id.as_deref()).await?;
    Ok(Json(grant.into()))
}

/// Log in with a device. The first login creates the account.
#[utoipa::path(
    post, path = "/login/device", operation_id = "device_login", tag = "Authentication", request_body = Device,
    responses((status = 200, body = Data<Tokens>), (status = 403, body = Refused)),
)]
pub(super) async fn device_login(
    State(community): State<Community>,
    peer: Peer,
    _: Anybody,
    input: Input,
) -> Result<Json<Data<Tokens>>, Refusal> {
    let Device { device_id } = input.fields()?;
    Ok(Json(community.log_ins.by_device(peer.into(), &device_id).await?.into()))
}

/// Exchange a refresh token for a new access token.
#[utoipa::path(
    post, path = "/refresh", operation_id = "refresh_token", tag = "Authentication", request_body = Refresh,
    responses((status = 200, body = Data<Tokens>), (status = 401, body = Refused)),
)]
pub(super) async fn refresh_token(
    State(community): State<Community>,
    _: Anybody,
    input: Input,
) -> Result<Json<Data<Tokens>>, Refusal> {
    let missing = || Refusal::error(StatusCode::BAD_REQUEST, "refresh_token is required");
    let token = input.text("refresh_token").ok_or_else(missing)?;
    Ok(Json(community.log_ins.refresh(token).await?.into()))
}

/// Log out: end the login of the access token, if there is one.
#[utoipa::path(
    delete, path = "/logout", operation_id = "logout", tag = "Authentication", security((), ("access_token" = [])),
    responses((status = 200, body = Done)),
)]
pub(super) async fn logout(
    State(community): State<Community>,
    _: Anybody,
    headers: HeaderMap,
) -> Result<Json<Done>, Refusal> {
    community.log_ins.log_out(bearer(&headers)).await?;
    Ok(Json(Done {}))
}

impl From<Grant> for Data<Tokens> {
    fn from(grant: Grant) -> Self {
        let data = Tokens {
            access_token: grant.access_token,
            refresh_token: grant.refresh_token,
            expires_in: grant.expires_in,
            user_id: grant.account.to_string(),
            username: grant.username,
            display_name: grant.display_name,
        };
        Self { data }
    }
}
