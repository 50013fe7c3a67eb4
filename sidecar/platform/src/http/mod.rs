//! HTTP: listeners, the layers around every route, extractors, problem documents.

mod content_hash;
pub mod extract;
pub mod layers;
mod markup;
mod problem;
mod serve;
mod state;
mod write_timeout;

pub use content_hash::content_hash;
pub use layers::TraceId;
pub use markup::escaped;
pub use problem::{Problem, status_of};
pub use serve::{Certificate, Connection, HttpListener, Inflow, Patience, redirect};
pub use state::{HttpParts, HttpState};
pub use write_timeout::WriteTimeout;
