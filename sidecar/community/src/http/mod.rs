//! Routes below `/api/v1`, on the players' port. Their answers and refusals have shapes of their own, which clients made for
//! this kind of service know; docs/community.md describes them.

mod callers;
mod health;
mod input;
mod log_in;
mod manage;
mod me;
mod openapi;
mod paging;
mod refusal;
mod users;
mod ways;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::routing::{any, get};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use callers::{Admin, Anybody, PathId, Player};
pub use input::Input;
pub use openapi::document;
pub use paging::{Listed, Meta, Page};
pub use refusal::{Fields, Refusal, Refused};

use crate::state::Community;

/// Largest body of a call with an access token, in bytes. Those without have the platform's limit, which is far smaller: what
/// strangers send is held in memory before anything is known of them.
const MAX_BODY_BYTES: usize = 1_048_576;

/// An answer that says nothing but that it was done.
#[derive(Debug, Default, serde::Serialize, utoipa::ToSchema)]
pub struct Done {}

/// An answer in an envelope.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct Data<T> {
    /// What was asked for.
    pub data: T,
}

/// The routes, to be nested below `/api/v1`.
pub fn router<S>(community: &Community) -> Router<S> {
    let of_users = Router::from(routes_of_users()).layer(DefaultBodyLimit::max(MAX_BODY_BYTES));
    Router::from(routes_of_anybody())
        .merge(of_users)
        .fallback(|| async { Refusal::no_route() })
        .method_not_allowed_fallback(|| async { Refusal::detail(StatusCode::METHOD_NOT_ALLOWED) })
        .with_state(community.clone())
}

/// What is beside those routes: the document, and the folder's own name, which nesting leaves out.
pub fn router_beside<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route("/api/openapi", get(openapi::openapi)).route("/api/v1/", any(|| async { Refusal::no_route() }))
}

/// For calls that need no access token.
fn routes_of_anybody() -> OpenApiRouter<Community> {
    OpenApiRouter::new()
        .routes(routes!(health::index))
        .routes(routes!(log_in::login))
        .routes(routes!(log_in::device_login))
        .routes(routes!(log_in::refresh_token))
        .routes(routes!(log_in::logout))
        .routes(routes!(users::search_users))
        .routes(routes!(users::get_user))
}

/// For calls with an access token.
fn routes_of_users() -> OpenApiRouter<Community> {
    OpenApiRouter::new()
        .routes(routes!(me::get_current_user, me::delete_current_user))
        .routes(routes!(me::update_current_user_display_name))
        .routes(routes!(me::update_current_user_username))
        .routes(routes!(me::update_current_user_password))
        .routes(routes!(ways::link_device, ways::unlink_device))
        .routes(routes!(manage::admin_update_user, manage::admin_delete_user))
}
