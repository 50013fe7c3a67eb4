//! Lobbies, and who is in them. Whoever changes a lobby or its members has locked its row, so that of two at once the second sees
//! what the first has done; whoever comes in has locked its own account before.

mod change;
mod find;
mod rows;
mod seats;

use realmgate_platform::database::SqlStore;

pub use change::{Changer, Changing, LobbyChange};
pub use find::{LobbyFilter, Wish};
pub use rows::{LobbyRow, LobbySettings};
pub(super) use rows::{insert, lock, set_metadata};
pub(super) use seats::depart;
pub use seats::{Departure, Joining, Kicking, Making, NewLobby};

/// Lobbies.
#[derive(Clone)]
pub struct LobbyStore(SqlStore);

impl LobbyStore {
    /// The lobbies of a database.
    pub fn new(sql: SqlStore) -> Self {
        Self(sql)
    }
}
