//! HTTP: listeners, the layers around every route, extractors, problem documents.

pub mod extract;
pub mod layers;
mod problem;
mod serve;
mod state;

pub use layers::TraceId;
pub use problem::{Problem, status_of};
pub use serve::{Certificate, Connection, Door, Inflow, Patience, redirect};
pub use state::{HttpParts, HttpState};
