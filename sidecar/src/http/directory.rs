//! The directory's routes (port 3001): map servers register here, and authorized callers look them up.

mod caller;
mod deregister;
mod heartbeat;
mod logged_in;
mod lookup;
mod proof;
mod register;
pub(in crate::http) mod servers;
mod sessions;
#[cfg(test)]
mod tests;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

/// The directory's routes, for our servers.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(proof::proof))
        .routes(routes!(register::register))
        .routes(routes!(heartbeat::heartbeat))
        .routes(routes!(lookup::lookup))
        .routes(routes!(servers::servers))
        .routes(routes!(deregister::deregister))
        .routes(routes!(sessions::online))
        .routes(routes!(sessions::read, sessions::offline))
        .routes(routes!(logged_in::list))
}
