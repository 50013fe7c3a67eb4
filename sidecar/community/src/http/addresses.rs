//! What goes by mail: sign-up, another address, another password. Whoever asks learns nothing of the address.

use axum::Json;
use axum::extract::State;
use realmgate_platform::http::extract::Peer;
use serde::Deserialize;

use super::me::Changed;
use super::{Anybody, Done, Input, Player, Refusal, Refused};
use crate::state::Community;

/// A sign-up. The password is chosen when the address is confirmed.
#[derive(Deserialize, utoipa::ToSchema)]
pub(super) struct SignUp {
    /// The e-mail address. The account is created when its owner confirms it.
    #[schema(max_length = 160, extensions(("x-limits" = json!({"max": "LIMIT_MAX_EMAIL"}))))]
    email: String,
}

/// The token of a link in a mail.
#[derive(Deserialize, utoipa::ToSchema)]
pub(super) struct LinkToken {
    /// The token from the link.
    token: String,
    /// The password of a new account; ignored for other links.
    #[schema(format = Password, min_length = 8, max_length = 72)]
    password: Option<String>,
}

/// An e-mail address.
#[derive(Deserialize, utoipa::ToSchema)]
pub(super) struct Forgot {
    /// The e-mail address.
    #[schema(max_length = 160, extensions(("x-limits" = json!({"max": "LIMIT_MAX_EMAIL"}))))]
    email: String,
}

/// The token of a link, and a new password.
#[derive(Deserialize, utoipa::ToSchema)]
pub(super) struct Reset {
    /// The token from the link.
    token: String,
    /// The new password.
    #[schema(format = Password, min_length = 8, max_length = 72)]
    password: String,
}

/// A new e-mail address.
#[derive(Deserialize, utoipa::ToSchema)]
pub(super) struct NewAddress {
    /// The e-mail address.
    #[schema(max_length = 160, extensions(("x-limits" = json!({"max": "LIMIT_MAX_EMAIL"}))))]
    email: String,
    /// The current password, if the account has one.
    #[schema(format = Password)]
    current_password: Option<String>,
    /// The first password, if the account has none.
    #[schema(format = Password, min_length = 8, max_length = 72)]
    password: Option<String>,
}

/// Sign up with an e-mail address.
///
/// A mail explains the next step, whether the address has an account or not.
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

/// Confirm an e-mail address with the token of a link. A new account gets its password here.
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

/// Request a mail with a link to set a new password. It is sent if an account has the address.
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

/// Set a new password with the token of a link. All logins of the account end.
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

/// Request a mail to confirm a new e-mail address.
///
/// The address changes when its link is used. If it replaces another one, all logins of the account end.
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
