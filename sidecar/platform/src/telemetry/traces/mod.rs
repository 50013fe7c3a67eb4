//! Traces: which spans are under way, which trace they belong to, and how finished ones are told.

mod layer;
mod otlp;
mod parent;
mod span;

pub(super) use layer::layer;
pub(super) use otlp::batch;
pub(super) use span::{Open, Span};

pub use parent::Parent;
pub use span::{answered, follow, name_request};
