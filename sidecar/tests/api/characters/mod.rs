//! `/characters`.

mod create;
mod delete;
mod internal;
mod list;
mod restore;
mod update;
