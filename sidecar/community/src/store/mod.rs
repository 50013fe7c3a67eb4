//! SQL of the community's services, over the one database of a sidecar. The rules of SQL are those of
//! `realmgate_platform::database`.

mod accounts;
mod credentials;
mod endings;
mod profiles;

pub use accounts::{AccountStore, NewDevice};
pub use credentials::{Unlinked, Ways};
pub use endings::Change;
pub use profiles::ProfileRow;
