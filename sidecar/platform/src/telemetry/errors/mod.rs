//! Errors of our own code and panics, as reports for a Sentry: what happened and where, without anything that is secret or says
//! who somebody is.

mod envelope;
mod layer;
mod panics;
mod rates;
mod report;
mod scrub;

pub(super) use envelope::{envelope, headers};
pub(super) use layer::layer;
pub(super) use report::Report;
