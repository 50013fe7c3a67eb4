//! Values that scripts keep, as players may read them.

use axum::http::StatusCode;
use realmgate_platform::tokens::Caller;
use serde_json::{Value, json};

use super::Hooks;
use crate::http::Refusal;
use crate::store::{Access, ValueKey};

impl Hooks {
    /// The value under a key, where its script lets the caller read it.
    ///
    /// # Errors
    /// 404 for none, and for one that only scripts read; 403 for one that others may read.
    pub async fn read_value(&self, caller: &Caller, key: &ValueKey) -> Result<Value, Refusal> {
        let none = || Refusal::error(StatusCode::NOT_FOUND, "not_found");
        let kept = self.sources.store.value(key).await?.ok_or_else(none)?;
        let owns = key.user == Some(caller.account);
        let may = match self.access(caller, key, kept.access).await? {
            Access::Public => true,
            Access::OwnerOnly => owns,
            Access::LobbyMembersOnly => self.is_in(caller, key).await?,
            Access::OwnerOrLobbyMember => owns || self.is_in(caller, key).await?,
            Access::AdminOnly => caller.role == "admin",
            Access::ServerOnly => return Err(none()),
        };
        if may { Ok(kept.value) } else { Err(Refusal::error(StatusCode::FORBIDDEN, "forbidden")) }
    }

    /// Who may read it: as the first script says that has a `before_kv_get(key, opts)` and says anything, else as it was kept.
    async fn access(&self, caller: &Caller, key: &ValueKey, kept: Access) -> Result<Access, Refusal> {
        if !self.has("before_kv_get") {
            return Ok(kept);
        }
        let (user, lobby) = (key.user.map(|user| user.to_string()), key.lobby.map(|lobby| lobby.to_string()));
        let args = vec![json!(key.key), json!({"user_id": user, "lobby_id": lobby})];
        let said = self.before("before_kv_get", Some(caller.account), args).await;
        let said = said.map_err(|_| Refusal::error(StatusCode::FORBIDDEN, "forbidden"))?;
        Ok(said.as_str().and_then(|word| word.parse().ok()).unwrap_or(kept))
    }

    /// Whether the caller is a member of the lobby whose value it is.
    async fn is_in(&self, caller: &Caller, key: &ValueKey) -> sqlx::Result<bool> {
        match key.lobby {
            Some(lobby) => Ok(self.sources.lobbies.of(caller.account).await? == Some(lobby)),
            None => Ok(false),
        }
    }
}
