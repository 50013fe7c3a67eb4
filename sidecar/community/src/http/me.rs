//! `/me`: the caller, and what they change of themselves.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use realmgate_platform::http::extract::Peer;
use serde::{Deserialize, Serialize};

use super::{Done, Input, Player, Refusal, Refused};
use crate::accounts::shapes::Me;
use crate::state::Community;

/// A display name.
#[derive(Deserialize, utoipa::ToSchema)]
pub(super) struct DisplayName {
    /// The display name; may be empty.
    #[schema(max_length = 80, extensions(("x-limits" = json!({"max": "LIMIT_MAX_DISPLAY_NAME"}))))]
    display_name: String,
}

/// A user name.
#[derive(Deserialize, utoipa::ToSchema)]
pub(super) struct Username {
    /// Letters and digits, with single `.`, `_` and `-` between them; stored in lower case.
    #[schema(min_length = 3, max_length = 32, extensions(("x-limits" = json!({"min": "LIMIT_MIN_USERNAME", "max": "LIMIT_MAX_USERNAME"}))))]
    username: String,
}

/// A privacy setting.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "it only describes: a form may say it as text")]
pub(super) struct ShowMap {
    /// Whether friends may see the map of the user's character.
    show_map: bool,
}

/// A new password.
#[derive(Deserialize, utoipa::ToSchema)]
pub(super) struct Password {
    /// The new password.
    #[schema(format = Password, min_length = 8, max_length = 72)]
    password: String,
    /// The current password, if the account has one.
    #[schema(format = Password)]
    current_password: Option<String>,
}

/// Proof that the owner of the account sends the request.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "it only describes: the route refuses in words of its own")]
pub(super) struct Proof {
    /// The account's password, if the login is older than 15 minutes.
    #[schema(format = Password)]
    current_password: Option<String>,
}

/// The changed fields.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct Changed {
    /// Always true.
    ok: bool,
    /// The account's id.
    id: String,
    /// The new display name.
    #[serde(skip_serializing_if = "Option::is_none")]
    display_name: Option<String>,
    /// The new user name.
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<String>,
    /// Whether friends may see the map of the user's character.
    #[serde(skip_serializing_if = "Option::is_none")]
    show_map: Option<bool>,
}

/// Read your account.
#[utoipa::path(
    get, path = "/me", operation_id = "get_current_user", tag = "Users", security(("access_token" = [])),
    responses((status = 200, body = Me)),
)]
pub(super) async fn get_current_user(
    State(community): State<Community>,
    Player(caller): Player,
) -> Result<Json<Me>, Refusal> {
    let gone = || Refusal::error(StatusCode::UNAUTHORIZED, "Failed.");
    let profile = community.store.profile(caller.account).await?.ok_or_else(gone)?;
    Ok(Json(Me::new(profile, community.store.ways(caller.account).await?)))
}

/// Delete your account with its characters.
#[utoipa::path(
    delete, path = "/me", operation_id = "delete_current_user", tag = "Users", security(("access_token" = [])),
    request_body = Proof,
    responses((status = 200, body = Done), (status = 403, body = Refused), (status = 409, body = Refused)),
)]
pub(super) async fn delete_current_user(
    State(community): State<Community>,
    peer: Peer,
    Player(caller): Player,
    input: Input,
) -> Result<Json<Done>, Refusal> {
    community.log_ins.prove_fresh(peer.into(), &caller, input.text("current_password")).await?;
    community.deletion.delete(caller.account).await?;
    Ok(Json(Done {}))
}

/// Change your display name.
#[utoipa::path(
    patch, path = "/me/display_name", operation_id = "update_current_user_display_name", tag = "Users",
    security(("access_token" = [])), request_body = DisplayName, responses((status = 200, body = Changed)),
)]
pub(super) async fn update_current_user_display_name(
    State(community): State<Community>,
    Player(caller): Player,
    input: Input,
) -> Result<Json<Changed>, Refusal> {
    let DisplayName { display_name } = input.fields()?;
    let display_name = community.profiles.set_display_name(caller.account, &display_name).await?;
    Ok(Json(Changed { display_name: Some(display_name), ..Changed::of(&caller) }))
}

/// Change your user name.
#[utoipa::path(
    patch, path = "/me/username", operation_id = "update_current_user_username", tag = "Users",
    security(("access_token" = [])), request_body = Username, responses((status = 200, body = Changed)),
)]
pub(super) async fn update_current_user_username(
    State(community): State<Community>,
    Player(caller): Player,
    input: Input,
) -> Result<Json<Changed>, Refusal> {
    let Username { username } = input.fields()?;
    let username = community.profiles.set_username(caller.account, &username).await?;
    Ok(Json(Changed { username: Some(username), ..Changed::of(&caller) }))
}

/// Set whether friends may see the map of your character.
#[utoipa::path(
    patch, path = "/me/show_map", operation_id = "update_current_user_show_map", tag = "Users",
    security(("access_token" = [])), request_body = ShowMap, responses((status = 200, body = Changed)),
)]
pub(super) async fn update_current_user_show_map(
    State(community): State<Community>,
    Player(caller): Player,
    input: Input,
) -> Result<Json<Changed>, Refusal> {
    let show = input.flag("show_map").ok_or_else(Refusal::bad_request)?;
    community.profiles.set_show_map(caller.account, show).await?;
    Ok(Json(Changed { show_map: Some(show), ..Changed::of(&caller) }))
}

/// Change or set your password. All your logins end, including this one.
#[utoipa::path(
    patch, path = "/me/password", operation_id = "update_current_user_password", tag = "Users",
    security(("access_token" = [])), request_body = Password,
    responses((status = 200, body = Changed), (status = 403, body = Refused)),
)]
pub(super) async fn update_current_user_password(
    State(community): State<Community>,
    peer: Peer,
    Player(caller): Player,
    input: Input,
) -> Result<Json<Changed>, Refusal> {
    let Password { password, current_password } = input.fields()?;
    community.profiles.set_password(peer.into(), &caller, current_password, password).await?;
    Ok(Json(Changed::of(&caller)))
}

impl Changed {
    pub(super) fn of(caller: &realmgate_platform::tokens::Caller) -> Self {
        Self { ok: true, id: caller.account.to_string(), display_name: None, username: None, show_map: None }
    }
}
