//! What scripts say before something happens to a lobby. Where no script has anything to say, nothing is read for it.

use axum::http::StatusCode;
use realmgate_protocol::ids::AccountId;
use serde_json::{Value, json};
use uuid::Uuid;

use super::wishes::Wanted;
use super::{Lobbies, forbidden};
use crate::accounts::shapes::Public;
use crate::hooks::Vetoed;
use crate::http::Refusal;
use crate::store::{Changer, Departure, ProfileRow};

impl Lobbies {
    /// `before_lobby_create(attrs)`: with a `host_id`, or for an administrator with `hostless`.
    pub(super) async fn before_create(&self, host: Option<AccountId>, wanted: Wanted) -> Result<Wanted, Refusal> {
        if !self.hooks.has("before_lobby_create") {
            return Ok(wanted);
        }
        let mut attrs = wanted.attrs();
        let refused = match host {
            Some(host) => {
                attrs["host_id"] = json!(host.to_string());
                Refusal::error(StatusCode::UNPROCESSABLE_ENTITY, "unexpected_error")
            }
            None => {
                attrs["hostless"] = json!(true);
                forbidden("forbidden")
            }
        };
        let attrs = self.hooks.before("before_lobby_create", host, vec![attrs]).await;
        self.rewritten(wanted, attrs, || refused)
    }

    /// `before_lobby_update(lobby, attrs)`.
    pub(super) async fn before_change(&self, changer: Changer, wanted: Wanted) -> Result<Wanted, Refusal> {
        if !self.hooks.has("before_lobby_update") {
            return Ok(wanted);
        }
        let account = match changer {
            Changer::Member(account) => Some(account),
            Changer::Admin(_) => None,
        };
        let (lobby, refused) = match changer {
            Changer::Member(account) => {
                let refused = Refusal::error(StatusCode::UNPROCESSABLE_ENTITY, "unexpected_error");
                (self.store.of(account).await?, refused)
            }
            Changer::Admin(lobby) => (Some(lobby), forbidden("forbidden")),
        };
        let Some(lobby) = self.shape(lobby).await? else { return Ok(wanted) };
        let attrs = self.hooks.before("before_lobby_update", account, vec![lobby, wanted.attrs()]).await;
        self.rewritten(wanted, attrs, || refused)
    }

    /// `before_lobby_join(user, lobby, opts)`: before anybody asks for a password.
    pub(super) async fn before_join(
        &self,
        profile: &ProfileRow,
        lobby: Uuid,
        password: Option<&str>,
    ) -> Result<(), Refusal> {
        if !self.hooks.has("before_lobby_join") {
            return Ok(());
        }
        let Some(lobby) = self.shape(Some(lobby)).await? else { return Ok(()) };
        let opts = password.map_or_else(|| json!({}), |password| json!({"password": password}));
        let args = vec![json!(Public::from(profile.clone())), lobby, opts];
        self.may("before_lobby_join", Some(profile.account), args, "rejected").await
    }

    /// `before_lobby_leave(user, lobby)`: who wants to go has gone, whatever a script says.
    pub(super) async fn before_leave(&self, account: AccountId, departure: Option<&Departure>) -> Result<(), Refusal> {
        if let Some(departure) = departure.filter(|_| self.hooks.has("before_lobby_leave")) {
            let lobby = self.shape(Some(departure.lobby.id)).await?;
            let lobby = lobby.unwrap_or_else(|| json!({"id": departure.lobby.id.to_string()}));
            // It has been logged, and there is nothing to refuse.
            let _ =
                self.hooks.before("before_lobby_leave", Some(account), vec![self.user(account).await?, lobby]).await;
        }
        Ok(())
    }

    /// `before_lobby_kick(host, target, lobby)`.
    pub(super) async fn before_kick(&self, host: AccountId, target: AccountId) -> Result<(), Refusal> {
        if !self.hooks.has("before_lobby_kick") {
            return Ok(());
        }
        let Some(lobby) = self.shape(self.store.of(host).await?).await? else { return Ok(()) };
        let args = vec![self.user(host).await?, self.user(target).await?, lobby];
        self.may("before_lobby_kick", Some(host), args, "rejected").await
    }

    /// `before_lobby_delete(lobby)`.
    pub(super) async fn before_delete(&self, lobby: Uuid) -> Result<(), Refusal> {
        if !self.hooks.has("before_lobby_delete") {
            return Ok(());
        }
        let Some(lobby) = self.shape(Some(lobby)).await? else { return Ok(()) };
        self.may("before_lobby_delete", None, vec![lobby], "forbidden").await
    }

    async fn may(
        &self,
        hook: &'static str,
        account: Option<AccountId>,
        args: Vec<Value>,
        refused: &'static str,
    ) -> Result<(), Refusal> {
        match self.hooks.before(hook, account, args).await {
            Ok(_) => Ok(()),
            Err(Vetoed { .. }) => Err(forbidden(refused)),
        }
    }

    async fn shape(&self, lobby: Option<Uuid>) -> sqlx::Result<Option<Value>> {
        let Some(lobby) = lobby else { return Ok(None) };
        Ok(self.store.with_members(lobby).await?.map(|(lobby, members)| crate::hooks::lobby_shape(lobby, members)))
    }

    async fn user(&self, account: AccountId) -> sqlx::Result<Value> {
        let found = self.accounts.profile(account).await?;
        Ok(found.map_or_else(|| json!({"id": account.to_string()}), |profile| json!(Public::from(profile))))
    }

    /// A wish as scripts have left it. What they have made of it has to be legal.
    fn rewritten(
        &self,
        wanted: Wanted,
        attrs: Result<Value, Vetoed>,
        refused: impl FnOnce() -> Refusal,
    ) -> Result<Wanted, Refusal> {
        match attrs {
            Ok(Value::Object(attrs)) => match wanted.rewritten(attrs, &self.field_limits) {
                Ok(wanted) => Ok(wanted),
                Err(fields) => {
                    tracing::warn!(?fields, "script returned invalid lobby fields");
                    Err(refused())
                }
            },
            Ok(_) => Ok(wanted),
            Err(Vetoed { .. }) => Err(refused()),
        }
    }
}
