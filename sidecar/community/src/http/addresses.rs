//! What goes by mail: sign-up, another address, another password. Whoever asks learns nothing of the address.

use axum::Json;
use axum::extract::State;
use realmgate_platform::http::extract::Peer;
use serde::Deserialize;

use super::me::Changed;
use super::{Anybody, Done, Input, Player, Refusal, Refused};
use crate::state::Community;

/// An address. The password is chosen when it is confirmed.
#[derive(Deserialize, utoipa::ToSchema)]
pub(super) struct SignUp {
    /// The address. Nothing is there before its owner has confirmed it.
    #[schema(max_length = 160, extensions(("x-limits" = json!({"max": "LIMIT_MAX_EMAIL"}))))]
    email: String,
}

/// The token of a link.
#[derive(Deserialize, utoipa::ToSchema)]
pub(super) struct LinkToken {
    /// As it stands in the link.
    token: String,
    /// The password of the account that a sign-up makes; of no use to other links.
    #[schema(format = Password, min_length = 8, max_length = 72)]
    password: Option<String>,
}

/// An address.
#[derive(Deserialize, utoipa::ToSchema)]
pub(super) struct Forgot {
    /// The address.
    #[schema(max_length = 160, extensions(("x-limits" = json!({"max": "LIMIT_MAX_EMAIL"}))))]
    email: String,
}

/// The token of a link, and a new password.
#[derive(Deserialize, utoipa::ToSchema)]
pub(super) struct Reset {
    /// As it stands in the link.
    token: String,
    /// The new password.
    #[schema(format = Password, min_length = 8, max_length = 72)]
    password: String,
}

/// A new address.
#[derive(Deserialize, utoipa::ToSchema)]
pub(super) struct NewAddress {
    /// The address.
    #[schema(max_length = 160, extensions(("x-limits" = json!({"max": "LIMIT_MAX_EMAIL"}))))]
    email: String,
    /// The password, where there is one.
    #[schema(format = Password)]
    current_password: Option<String>,
    /// The first password, where there is none.
    #[schema(format = Password, min_length = 8, max_length = 72)]
    password: Option<String>,
}

/// Sign up with an address: a mail tells how to go on, whether the address has an account or not.
#[utoipa::path(
    post, path = "/register", operation_id = "register", tag = "Authentication", request_body = SignUp,
    responses((status = 200, body = Done)),
)]
pub(super) async fn register(
    State(community): State<Community>,
    peer: Peer,
    _: Anybody,
    input: Input,
) -> Result<Json<Done>, Refusal> {
    let SignUp { email } = input.fields()?;
    community.addresses.sign_up(peer.into(), &email).await?;
    Ok(Json(Done {}))
}

/// Confirm an address by the link that was sent to it. A new account gets its password with it.
#[utoipa::path(
    post, path = "/confirm", operation_id = "confirm_address", tag = "Authentication", request_body = LinkToken,
    responses((status = 200, body = Done), (status = 400, body = Refused)),
)]
pub(super) async fn confirm_address(
    State(community): State<Community>,
    peer: Peer,
    _: Anybody,
    input: Input,
) -> Result<Json<Done>, Refusal> {
    let LinkToken { token, password } = input.fields()?;
    community.addresses.confirm(peer.into(), &token, password).await?;
    Ok(Json(Done {}))
}

/// Ask for a link that sets a new password. It is sent if the address has an account.
#[utoipa::path(
    post, path = "/password/forgot", operation_id = "forgot_password", tag = "Authentication", request_body = Forgot,
    responses((status = 200, body = Done)),
)]
pub(super) async fn forgot_password(
    State(community): State<Community>,
    peer: Peer,
    _: Anybody,
    input: Input,
) -> Result<Json<Done>, Refusal> {
    let Forgot { email } = input.fields()?;
    community.addresses.ask_reset(peer.into(), &email).await?;
    Ok(Json(Done {}))
}

/// Set a new password by the link that was sent. Every log-in ends.
#[utoipa::path(
    post, path = "/password/reset", operation_id = "reset_password", tag = "Authentication", request_body = Reset,
    responses((status = 200, body = Done), (status = 400, body = Refused)),
)]
pub(super) async fn reset_password(
    State(community): State<Community>,
    peer: Peer,
    _: Anybody,
    input: Input,
) -> Result<Json<Done>, Refusal> {
    let Reset { token, password } = input.fields()?;
    community.addresses.reset(peer.into(), &token, password).await?;
    Ok(Json(Done {}))
}

/// Ask for a mail that makes an address yours. In place of another one, that ends every log-in.
#[utoipa::path(
    patch, path = "/me/email", operation_id = "update_current_user_email", tag = "Users",
    security(("access_token" = [])), request_body = NewAddress,
    responses((status = 200, body = Changed), (status = 403, body = Refused)),
)]
pub(super) async fn update_current_user_email(
    State(community): State<Community>,
    peer: Peer,
    Player(caller): Player,
    input: Input,
) -> Result<Json<Changed>, Refusal> {
    let NewAddress { email, current_password, password } = input.fields()?;
    community.addresses.change(peer.into(), &caller, &email, current_password, password).await?;
    Ok(Json(Changed::of(&caller)))
}
