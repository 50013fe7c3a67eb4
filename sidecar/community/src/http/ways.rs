//! `/me/device`: the device that opens the caller's account.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use realmgate_platform::http::extract::Peer;

use super::{Done, Input, Player, Refusal};
use crate::state::Community;

/// A device.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "it only describes: the route refuses in words of its own")]
pub(super) struct Link {
    /// The device's id, a secret.
    #[schema(min_length = 1, max_length = 256, extensions(("x-limits" = json!({"max": "LIMIT_MAX_DEVICE_ID"}))))]
    device_id: String,
    /// The account's password, if the login is older than 15 minutes.
    #[schema(format = Password)]
    current_password: Option<String>,
}

/// Link a device to your account. It replaces an earlier one.
#[utoipa::path(
    post, path = "/me/device", operation_id = "link_device", tag = "Authentication", security(("access_token" = [])),
    request_body = Link, responses((status = 200, body = Done), (status = 403, body = super::Refused)),
)]
pub(super) async fn link_device(
    State(community): State<Community>,
    peer: Peer,
    Player(caller): Player,
    input: Input,
) -> Result<Json<Done>, Refusal> {
    let missing = || Refusal::error(StatusCode::BAD_REQUEST, "device_id is required");
    let device = input.text("device_id").ok_or_else(missing)?;
    community.log_ins.prove_fresh(peer.into(), &caller, input.text("current_password")).await?;
    community.profiles.link_device(caller.account, device).await?;
    Ok(Json(Done {}))
}

/// Unlink the device from your account.
#[utoipa::path(
    delete, path = "/me/device", operation_id = "unlink_device", tag = "Authentication",
    security(("access_token" = [])), responses((status = 200, body = Done), (status = 400, body = super::Refused)),
)]
pub(super) async fn unlink_device(
    State(community): State<Community>,
    Player(caller): Player,
) -> Result<Json<Done>, Refusal> {
    community.profiles.unlink_device(caller.account).await?;
    Ok(Json(Done {}))
}
