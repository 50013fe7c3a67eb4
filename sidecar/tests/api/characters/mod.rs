//! `/characters`.

mod create;
mod delete;
mod internal;
mod list;
