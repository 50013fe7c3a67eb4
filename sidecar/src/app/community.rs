//! What the community's services ask of the worlds: the one place where both meet.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use realmgate_community::hooks::Hooks;
use realmgate_community::{SocialAsk, SocialRefusal, World};
use realmgate_platform::error::Error;
use realmgate_protocol::ids::{AccountId, CharacterId, MapId};
use serde_json::{Value, json};
use tokio_util::task::TaskTracker;
use tracing::Instrument;
use uuid::Uuid;

use crate::directory::Sessions;
use crate::service::characters::Characters;
use crate::service::socket_closes::SocketCloses;
use crate::service::world::{AccountLocks, EntryRules, Exits};
use crate::social::{PartyService, Social};
use crate::store::characters::CharacterRow;

/// The way into the worlds, as far as scripts decide about it.
pub(super) struct ScriptsAtTheGate {
    pub(super) hooks: Arc<Hooks>,
    pub(super) characters: Arc<Characters>,
}

#[async_trait]
impl EntryRules for ScriptsAtTheGate {
    async fn refusal(&self, account: AccountId, character: CharacterId, map: MapId) -> Result<Option<String>, Error> {
        if !self.hooks.decide_entry() {
            return Ok(None);
        }
        let CharacterRow { id, name, class_id, level, .. } = self.characters.find(character).await?;
        let shown = json!({"id": id.to_string(), "name": name, "class_id": class_id, "level": level});
        self.hooks.refuses_entry(account, shown, map).await
    }
}

/// The worlds, as far as accounts concern them.
pub(super) struct WorldOfAccounts {
    pub(super) locks: Arc<AccountLocks>,
    pub(super) exits: Arc<Exits>,
    pub(super) characters: Arc<Characters>,
    pub(super) sessions: Sessions,
    pub(super) social: Social,
    pub(super) parties: Arc<PartyService>,
    pub(super) closes: Arc<SocketCloses>,
    /// How long a caller waits for a player to leave.
    pub(super) handover_wait: Duration,
    pub(super) tasks: TaskTracker,
}

impl WorldOfAccounts {
    /// Waits for a player to leave, but not for longer than callers wait: `None`. It completes even if the caller goes away.
    async fn in_time<T: Send + 'static>(
        &self,
        leaving: impl Future<Output = Result<T, Error>> + Send + 'static,
    ) -> Result<Option<T>, Error> {
        let leaving = self.tasks.spawn(leaving.in_current_span());
        match tokio::time::timeout(self.handover_wait, leaving).await {
            Ok(left) => left.map_err(Error::internal)?.map(Some),
            Err(_) => Ok(None),
        }
    }
}

#[async_trait]
impl World for WorldOfAccounts {
    async fn logged_in(&self, account: AccountId, session: Uuid) -> Result<(), Error> {
        self.locks.logged_in(account, session).await
    }

    async fn refreshed(&self, account: AccountId, session: Uuid) -> Result<(), Error> {
        self.locks.refreshed(account, session).await
    }

    async fn log_out(&self, account: AccountId, sessions: Vec<Uuid>) -> Result<(), Error> {
        let exits = self.exits.clone();
        let leaving = async move {
            for session in sessions {
                exits.log_out(account, session).await.inspect_err(|error| {
                    tracing::error!(%error, %account, "login revoked, but cleanup failed");
                })?;
            }
            Ok(())
        };
        // The player waits for the end of a fight, and leaves then.
        self.in_time(leaving).await?;
        Ok(())
    }

    async fn kick(&self, account: AccountId) -> Result<bool, Error> {
        let exits = self.exits.clone();
        let was_there = self.in_time(async move { exits.kick(account).await }).await?;
        // A player that did not leave in time is still there.
        Ok(was_there.unwrap_or(true))
    }

    fn muted(&self, account: AccountId) {
        self.social.muted(account);
    }

    async fn map_of(&self, account: AccountId) -> Option<u16> {
        let entry = self.sessions.get(&account.to_string()).await.ok().flatten()?;
        entry.character.map(|character| character.map_id.0)
    }

    async fn social(&self, account: AccountId, ask: SocialAsk) -> Result<Result<Value, SocialRefusal>, Error> {
        self.parties.ask(account, ask).await
    }

    async fn party_of(&self, account: AccountId) -> Result<Option<Value>, Error> {
        self.parties.party_of(account).await
    }

    async fn ignored_names(&self, account: AccountId) -> Result<BTreeSet<String>, Error> {
        self.parties.ignored_names(account).await
    }

    fn reach_changed(&self, account: AccountId) {
        self.social.reached(account);
    }

    fn socket_closed(&self, account: AccountId, session: Uuid) {
        self.closes.closed(account, session);
    }

    async fn delete_characters(&self, account: AccountId) -> Result<(), Error> {
        self.characters.delete_all(account).await
    }
}
