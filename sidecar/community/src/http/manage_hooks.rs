//! `/admin/hooks`: how scripts are, and what of them has failed.

use axum::Json;
use axum::extract::State;
use serde::Serialize;

use super::{Admin, Data, Refusal, Refused};
use crate::hooks::{Failure, PluginState, ScheduleState};
use crate::state::Community;

/// The state of the scripts.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct Scripts {
    /// The plugins, by name.
    plugins: Vec<PluginState>,
    /// The latest failures at this server, newest first.
    failures: Vec<Failure>,
    /// The functions with a schedule.
    schedules: Vec<ScheduleState>,
}

/// Read the state of the scripts.
#[utoipa::path(
    get, path = "/admin/hooks", operation_id = "admin_list_hooks", tag = "Admin", security(("access_token" = [])),
    responses((status = 200, body = Data<Scripts>), (status = 403, body = Refused)),
)]
pub(super) async fn admin_list_hooks(
    State(community): State<Community>,
    _: Admin,
) -> Result<Json<Data<Scripts>>, Refusal> {
    scripts(&community).await
}

/// Reload changed scripts at this server.
#[utoipa::path(
    post, path = "/admin/hooks/reload", operation_id = "admin_reload_hooks", tag = "Admin", security(("access_token" = [])),
    responses((status = 200, body = Data<Scripts>), (status = 403, body = Refused)),
)]
pub(super) async fn admin_reload_hooks(
    State(community): State<Community>,
    _: Admin,
) -> Result<Json<Data<Scripts>>, Refusal> {
    community.hooks.refresh().await?;
    scripts(&community).await
}

async fn scripts(community: &Community) -> Result<Json<Data<Scripts>>, Refusal> {
    let hooks = &community.hooks;
    let (plugins, failures, schedules) = (hooks.states(), hooks.failures(), hooks.schedules().await?);
    Ok(Json(Data { data: Scripts { plugins, failures, schedules } }))
}
