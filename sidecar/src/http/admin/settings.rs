//! The settings in force.

use axum::Json;
use axum::extract::State;
use realmgate_community::http::{Data, Refusal, Refused};
use serde::Serialize;

use crate::config::{Origin, Setting};
use crate::state::AppState;

/// A setting of the sidecar that answers.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct SettingInForce {
    /// Its environment variable.
    name: String,
    /// Its flag.
    flag: String,
    /// Its value as written; null if there is none, and for a secret.
    value: Option<String>,
    /// Whether the value is hidden.
    is_secret: bool,
    /// Whether it is set.
    is_set: bool,
    /// Source of its value: `default`, `environment`, `command_line` or `secret_store`.
    origin: &'static str,
    /// Its description.
    help: String,
}

impl From<&Setting> for SettingInForce {
    fn from(setting: &Setting) -> Self {
        let Setting { name, flag, value, is_shown, from, help } = setting.clone();
        let origin = match from {
            Origin::Default => "default",
            Origin::Environment => "environment",
            Origin::CommandLine => "command_line",
            Origin::SecretStore => "secret_store",
        };
        Self { name, flag, value, is_secret: !is_shown, is_set: from != Origin::Default, origin, help }
    }
}

/// List the settings of the sidecar that answers, in the order of its `--help`.
///
/// The values of secrets are not shown, only whether they are set.
#[utoipa::path(
    get, path = "/api/v1/admin/settings", operation_id = "admin_list_settings", tag = "Admin", security(("access_token" = [])),
    responses((status = 200, body = Data<Vec<SettingInForce>>), (status = 403, body = Refused)),
)]
pub(super) async fn list(State(state): State<AppState>) -> Result<Json<Data<Vec<SettingInForce>>>, Refusal> {
    let data = state.config.in_force.iter().map(SettingInForce::from).collect();
    Ok(Json(Data { data }))
}
