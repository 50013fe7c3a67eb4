//! What scripts read and write. A call writes nothing while it runs: it keeps a [`Journal`], which is committed as a whole when the
//! call has ended well, unless something that it has read was changed meanwhile.

mod commit;
mod due;
mod journal;
mod values;

use realmgate_platform::database::SqlStore;
use realmgate_platform::hook_subscriptions::HookSubscriptions;

pub use commit::{Committed, Effects};
pub use due::DueHook;
pub use journal::{Journal, Notice, Score};
pub use values::{Access, Kept, NoAccess, ValueKey};

use super::BoardStore;

/// What scripts read and write.
#[derive(Clone)]
pub struct ScriptStore {
    sql: SqlStore,
    boards: BoardStore,
}

impl ScriptStore {
    /// What scripts read and write in a database.
    pub fn new(sql: SqlStore, boards: BoardStore) -> Self {
        Self { sql, boards }
    }

    /// Which plugins want to hear of what.
    pub fn subscriptions(&self) -> &HookSubscriptions {
        self.sql.hook_subscriptions()
    }
}
