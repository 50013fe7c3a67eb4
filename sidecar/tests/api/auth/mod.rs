//! `/auth`.

mod crowd;
mod login;
mod logout;
mod refresh;
mod register;
mod rotation;
mod rows;
