//! The HTTP layer: routes, extractors, answers.

mod admin;
pub mod auth;
pub mod characters;
pub mod classes;
pub mod directory;
pub mod health;
pub mod metrics;
mod openapi;
mod page;
pub mod status;
pub mod watch;

use axum::Router;
use axum::middleware::from_fn_with_state;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use openapi::document;
pub use page::{Documents, Pictures, Realm};

use realmgate_platform::http::layers;

use crate::state::AppState;

/// The listeners' routers.
pub struct Routers {
    /// Port 3000: players and browsers.
    pub api: Router,
    /// Port 3001: our servers.
    pub directory: Router,
    /// Port 3002: players' gateway sockets.
    pub gateway: Router,
    /// Port 3004: services that are not ours.
    pub door: Option<Router>,
}

/// Builds the whole route table.
pub fn routers(state: &AppState) -> Routers {
    let mut api = layers::public(public(state), state).layer(from_fn_with_state(state.clone(), page::not_found_page));
    if state.config.roles.api {
        api = api.merge(layers::files(page::files(), state));
    }
    if state.config.roles.has_public_listener() {
        api = api.merge(layers::files(page::files_of_theme(), state));
    }
    let directory = Router::from(directory::router())
        .merge(Router::from(internal_routes()))
        .merge(Router::from(service_routes()))
        .merge(crate::link::router());
    let mut gateway = crate::gateway::router();
    if state.config.roles.is_gateway_alone() {
        gateway = gateway.merge(Router::from(service_routes()));
    }
    let door = state.door.as_ref().map(|door| match state.config.roles.is_door_alone() {
        true => layers::internal(Router::from(service_routes()), state).merge(door.router()),
        false => door.router(),
    });
    Routers { api, directory: layers::internal(directory, state), gateway: layers::sockets(gateway, state), door }
}

/// Everything on 3000, by the roles of this process.
fn public(state: &AppState) -> Router<AppState> {
    let roles = state.config.roles;
    let mut all = Router::from(service_routes());
    if roles.api {
        all = all
            .merge(Router::from(public_routes()))
            .merge(Router::from(internal_routes()))
            .merge(Router::from(watch_routes()))
            .merge(page::router());
    }
    if roles.community {
        let (mut below, mut of_worlds) = (realmgate_community::http::router(&state.community), admin::router(state));
        if !state.config.is_production {
            (below, of_worlds) = (layers::timed(below, state), layers::timed(of_worlds, state));
        }
        all = all
            .nest("/api/v1", below)
            .merge(realmgate_community::http::router_beside(&state.community))
            .merge(of_worlds);
    }
    all
}

/// Routes for players, on 3000.
fn public_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(auth::register::register))
        .routes(routes!(auth::login::login))
        .routes(routes!(auth::refresh::refresh))
        .routes(routes!(auth::logout::logout))
        .routes(routes!(classes::list))
        .routes(routes!(characters::list::list, characters::create::create))
        .routes(routes!(characters::delete::delete, characters::update::update))
        .routes(routes!(characters::restore::restore))
        .routes(routes!(status::status))
        .routes(routes!(openapi::openapi))
}

/// Routes for our servers, on 3000 and 3001, with the service token.
fn internal_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(characters::internal::internal))
}

/// Routes for those who watch, on 3000, with the service token.
fn watch_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(watch::list::list, watch::start::start))
}

/// Routes for operators, on 3000 and 3001; on 3002 or 3004 for a process that has neither.
fn service_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(health::healthz))
        .routes(routes!(health::readyz))
        .routes(routes!(metrics::metrics))
}
