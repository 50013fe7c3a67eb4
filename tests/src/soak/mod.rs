//! Players who come, play, leave and are replaced by others for as long as one likes, and what that makes of the servers.
//!
//! A [`realm`] of real processes, a [`crowd`] of bots in groups, each group of new accounts; a [`watch`] that looks at
//! memory, descriptors, threads and figures, and draws a line under each minute; [`judge`] says whether anything grows,
//! [`report`] writes it down. `cargo xtask soak` starts a [`run`].

pub mod crowd;
pub mod judge;
pub mod page;
pub mod realm;
pub mod report;
pub mod run;
pub mod watch;
