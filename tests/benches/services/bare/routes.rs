//! The handlers. This file is compiled once for each kind of database, which `super` names.

mod characters;
mod enter;
mod refresh;
mod rows;
mod saves;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::{any, get, post};

use super::{BEGIN_READ, BEGIN_WRITE, Db, LOCKS_ROWS, Pools};

type State = super::Shared<Pools>;
type Connection = <Db as sqlx::Database>::Connection;
type Row = <Db as sqlx::Database>::Row;

/// A load that fails is no load: whoever sees the status gives up.
struct Failed(anyhow::Error);

impl<E: Into<anyhow::Error>> From<E> for Failed {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl axum::response::IntoResponse for Failed {
    fn into_response(self) -> axum::response::Response {
        (StatusCode::INTERNAL_SERVER_ERROR, format!("{:#}", self.0)).into_response()
    }
}

/// All of them.
pub fn router(state: State) -> Router {
    Router::new()
        .route("/auth/refresh", post(refresh::refresh))
        .route("/characters", get(characters::list))
        .route("/enter", post(enter::enter))
        .route("/map-link", any(saves::link))
        .with_state(state)
}
