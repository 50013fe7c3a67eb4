//! Routes below `/api/v1`, on the players' port, and how large a body they may be sent. Their answers and refusals have
//! shapes of their own, which clients made for this kind of service know; docs/community.md describes them.

mod acts;
mod addresses;
mod admin_session;
mod blocks;
mod board_records;
mod boards;
mod callers;
mod cookie;
mod docs;
mod friends;
mod health;
mod hooks;
mod input;
mod link_pages;
mod lobbies;
mod lobby_seats;
mod log_in;
mod manage;
mod manage_boards;
mod manage_hooks;
mod manage_lobbies;
mod manage_records;
mod me;
mod openapi;
pub(crate) mod pages;
mod paging;
mod parts;
mod provider_pages;
mod providers;
mod published;
mod refusal;
mod users;
mod values;
mod ways;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use axum::routing::{any, get};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use callers::{Admin, Anybody, Claimed, MaybePlayer, PathId, PathPair, Player};
pub use input::Input;
pub use openapi::{add_common_answers, complete, document};
pub use paging::{Listed, Meta, Page};
pub(crate) use published::Published;
pub use refusal::{Fault, Fields, Refusal, Refused};

use crate::field_limits::size;
use crate::state::Community;

/// Largest body of a player's call, in bytes, where the arguments of scripts are not larger. Calls without an access
/// token have the platform's limit, which is far smaller: what strangers send is held in memory before anything is known of
/// them.
const MAX_BODY_BYTES: usize = 128 * 1_024;
/// Largest body of an administrator's call, in bytes.
const MAX_ADMIN_BODY_BYTES: usize = 1_048_576;

/// An empty response: the request has succeeded.
#[derive(Debug, Default, serde::Serialize, utoipa::ToSchema)]
pub struct Done {}

/// A response in an envelope.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct Data<T> {
    /// The requested data.
    pub data: T,
}

/// The routes, to be nested below `/api/v1`.
pub fn router<S>(community: &Community) -> Router<S> {
    let largest = MAX_BODY_BYTES.max(2 * size(community.settings.limits.max_hook_args_size));
    let of_users = Router::from(routes_of_users())
        // As newer clients write it.
        .route("/me/friend_requests", get(friends::list_friend_requests))
        .layer(DefaultBodyLimit::max(largest));
    let of_admins =
        for_admins(community, Router::from(routes_of_admins())).layer(DefaultBodyLimit::max(MAX_ADMIN_BODY_BYTES));
    Router::from(routes_of_anybody())
        // As a session without an id, which is no provider either.
        .route("/auth/session/", get(providers::no_provider))
        .merge(of_users)
        .merge(of_admins)
        .fallback(|| async { Refusal::no_route() })
        .method_not_allowed_fallback(|| async { Refusal::detail(StatusCode::METHOD_NOT_ALLOWED) })
        .with_state(community.clone())
}

/// Routes of somebody else for administrators: only they come in, and what they do is recorded.
pub fn for_admins<S: Clone + Send + Sync + 'static>(community: &Community, routes: Router<S>) -> Router<S> {
    routes.route_layer(from_fn_with_state(community.clone(), acts::authorize_and_audit))
}

/// What is beside those routes: the document and its page, the realtime socket, the pages that links in mails and providers lead to, and the folder's own name, which nesting leaves out.
pub fn router_beside<S: Clone + Send + Sync + 'static>(community: &Community) -> Router<S> {
    let router = Router::new()
        .route("/api/openapi", get(openapi::openapi))
        .route("/api/docs", get(docs::docs))
        .route("/api/v1/", any(|| async { Refusal::no_route() }))
        .with_state(community.clone());
    router
        .merge(crate::realtime::router(community))
        .merge(link_pages::router(community))
        .merge(admin_session::router(community))
        .merge(provider_pages::router(community))
}

/// For calls that need no access token.
fn routes_of_anybody() -> OpenApiRouter<Community> {
    OpenApiRouter::new()
        .routes(routes!(health::index))
        .routes(routes!(log_in::login))
        .routes(routes!(log_in::device_login))
        .routes(routes!(log_in::refresh_token))
        .routes(routes!(log_in::logout))
        .routes(routes!(providers::list_providers))
        .routes(routes!(providers::oauth_request))
        .routes(routes!(providers::oauth_session_status))
        .routes(routes!(providers::oauth_api_callback))
        .routes(routes!(providers::oauth_google_id_token))
        .routes(routes!(providers::oauth_callback_api_apple_ios))
        .routes(routes!(addresses::register))
        .routes(routes!(addresses::confirm_address))
        .routes(routes!(addresses::forgot_password))
        .routes(routes!(addresses::reset_password))
        .routes(routes!(users::search_users))
        .routes(routes!(users::get_user))
        .routes(routes!(lobbies::list_lobbies))
        .routes(routes!(boards::list_leaderboards))
        .routes(routes!(boards::resolve_leaderboard_slugs))
        .routes(routes!(boards::get_leaderboard))
        .routes(routes!(board_records::list_leaderboard_records))
        .routes(routes!(board_records::list_records_around_user))
}

/// For calls with an access token.
fn routes_of_users() -> OpenApiRouter<Community> {
    OpenApiRouter::new()
        .routes(routes!(me::get_current_user, me::delete_current_user))
        .routes(routes!(me::update_current_user_display_name))
        .routes(routes!(me::update_current_user_username))
        .routes(routes!(me::update_current_user_password))
        .routes(routes!(addresses::update_current_user_email))
        .routes(routes!(ways::link_device, ways::unlink_device))
        .routes(routes!(providers::unlink_provider))
        .routes(routes!(me::update_current_user_show_map))
        .routes(routes!(friends::create_friend_request))
        .routes(routes!(friends::list_friends))
        .routes(routes!(friends::list_friend_requests))
        .routes(routes!(friends::accept_friend_request))
        .routes(routes!(friends::reject_friend_request))
        .routes(routes!(friends::block_friend_request))
        .routes(routes!(friends::unblock_friend))
        .routes(routes!(friends::remove_friendship))
        .routes(routes!(blocks::block_user))
        .routes(routes!(blocks::unblock_user))
        .routes(routes!(blocks::list_blocked_friends))
        .routes(routes!(blocks::list_blacklisted_users))
        .routes(routes!(hooks::call_hook))
        .routes(routes!(hooks::list_hooks))
        .routes(routes!(values::get_kv))
        .routes(routes!(lobbies::create_lobby, lobbies::update_lobby))
        .routes(routes!(lobbies::get_lobby))
        .routes(routes!(lobby_seats::join_lobby))
        .routes(routes!(lobby_seats::leave_lobby))
        .routes(routes!(lobby_seats::kick_user))
        .routes(routes!(lobby_seats::quick_join))
        .routes(routes!(board_records::get_my_record))
}

/// For administrators.
fn routes_of_admins() -> OpenApiRouter<Community> {
    OpenApiRouter::new()
        .routes(routes!(acts::admin_list_acts))
        .routes(routes!(manage_hooks::admin_list_hooks))
        .routes(routes!(manage_hooks::admin_reload_hooks))
        .routes(routes!(manage::admin_list_users))
        .routes(routes!(manage::admin_list_log_ins, manage::admin_end_log_ins))
        .routes(routes!(manage::admin_kick_user))
        .routes(routes!(manage::admin_get_user, manage::admin_update_user, manage::admin_delete_user))
        .routes(routes!(manage_lobbies::admin_list_lobbies, manage_lobbies::admin_create_lobby))
        .routes(routes!(manage_lobbies::admin_update_lobby, manage_lobbies::admin_delete_lobby))
        .routes(routes!(manage_boards::admin_create_leaderboard))
        .routes(routes!(manage_boards::admin_update_leaderboard, manage_boards::admin_delete_leaderboard))
        .routes(routes!(manage_boards::admin_end_leaderboard))
        .routes(routes!(manage_records::admin_list_leaderboard_records, manage_records::admin_submit_leaderboard_score))
        .routes(routes!(
            manage_records::admin_update_leaderboard_record,
            manage_records::admin_delete_leaderboard_record
        ))
        .routes(routes!(manage_records::admin_delete_leaderboard_user_record))
}
