//! `/api/v1/admin`: what administrators see of the worlds. The routes are beside those of the community, in their shapes,
//! and behind the same layer, which lets only administrators in.

mod announcements;
mod characters;
mod ledger;
mod overview;
mod servers;
mod settings;

use axum::Router;
use axum::http::StatusCode;
use realmgate_community::http::Refusal;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

/// The routes.
pub fn router(state: &AppState) -> Router<AppState> {
    realmgate_community::http::for_admins(&state.community, Router::from(routes()))
}

/// The routes, as the document has them.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(announcements::announce))
        .routes(routes!(characters::of_user))
        .routes(routes!(characters::find))
        .routes(routes!(characters::read))
        .routes(routes!(ledger::of_item))
        .routes(routes!(ledger::of_purse))
        .routes(routes!(overview::overview))
        .routes(routes!(servers::list))
        .routes(routes!(settings::list))
}

fn not_found() -> Refusal {
    Refusal::error(StatusCode::NOT_FOUND, "not_found")
}

/// An id of a path.
fn id<T: std::str::FromStr>(text: &str) -> Result<T, Refusal> {
    text.parse().map_err(|_| not_found())
}
