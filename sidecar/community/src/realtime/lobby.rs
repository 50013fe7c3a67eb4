//! The topic of a lobby: who may join it, and how things stand for whoever does.

use std::sync::Arc;

use realmgate_protocol::ids::AccountId;
use serde_json::json;
use uuid::Uuid;

use super::frame::{Said, Status};
use super::socket::Client;
use crate::events::{End, Told, Topic};
use crate::lobbies::shapes::{Joined, Listing, Only, State};
use crate::state::Community;
use crate::store::{LobbyRow, ProfileRow};

/// Who may be told of a lobby.
enum Access {
    Member(State),
    Spectator(State),
    Refused(&'static str),
}

impl Client {
    /// Lets a client join the topic of a lobby, and tells it how things stand there.
    pub(super) async fn join_lobby(&mut self, said: &Said, lobby: Uuid) -> Result<(), End> {
        let (topic, account) = (Topic::Lobby(lobby), self.caller.account);
        let (state, spectator) = match access(&self.community, account, lobby).await {
            Ok(Access::Member(state)) => (state, false),
            Ok(Access::Spectator(state)) => (state, true),
            Ok(Access::Refused(reason)) => return self.give_up(said, topic, reason).await,
            Err(error) => {
                tracing::warn!(%error, %account, "joining a lobby's topic failed");
                return self.give_up(said, topic, "join crashed").await;
            }
        };
        if spectator {
            self.community.spectators.settle(account, lobby, true).await;
        }
        self.answer(said, &said.0, Status::Ok, json!({})).await?;
        self.remember(&updated(lobby, &state));
        self.push(said, "updated", &Joined { state: &state, spectator }).await
    }

    /// Tells what of it the client was not told; who may not be told any more loses the topic.
    pub(super) async fn refresh_lobby(&mut self, lobby: Uuid) -> Result<(), End> {
        match access(&self.community, self.caller.account, lobby).await {
            Ok(Access::Member(state) | Access::Spectator(state)) => self.tell(updated(lobby, &state)).await,
            Ok(Access::Refused(_)) => self.close(Topic::Lobby(lobby)).await,
            // Where the database cannot be asked, the next change tells.
            Err(_) => Ok(()),
        }
    }

    /// Tells how a lobby of the list stands of which something was missed: whether it is there still, and that its members may be others.
    pub(super) async fn refresh_listed(&mut self, lobby: Uuid) -> Result<(), End> {
        if !self.has_joined(Topic::Lobbies) {
            return Ok(());
        }
        let only = Only { id: lobby };
        match self.community.lobbies.store.find(lobby).await {
            Ok(Some(row)) if !row.settings.hidden => {
                self.tell(listed(row)).await?;
                self.tell(Told::listed(lobby, "lobby_membership_changed", &only)).await
            }
            Ok(_) => self.tell(Told::listed(lobby, "lobby_deleted", &only)).await,
            Err(_) => Ok(()),
        }
    }
}

/// How a lobby stands. That is told seldom enough where it changes often ([`super::announce`]): no socket keeps it back.
pub(super) fn updated(lobby: Uuid, state: &State) -> Arc<Told> {
    Told::once(Topic::Lobby(lobby), "updated", Uuid::nil(), state)
}

/// The same in the list.
pub(super) fn listed(lobby: LobbyRow) -> Arc<Told> {
    Told::listed_state(lobby.id, "lobby_updated", &Listing::from(lobby))
}

/// Whether nobody but members is told of the lobby.
pub(super) fn is_closed(lobby: &LobbyRow) -> bool {
    lobby.settings.hidden || lobby.settings.locked || lobby.settings.password.is_some()
}

async fn access(community: &Community, account: AccountId, lobby: Uuid) -> sqlx::Result<Access> {
    let found: Option<(LobbyRow, Vec<ProfileRow>)> = community.lobbies.store.with_members(lobby).await?;
    if let Some((_, members)) = &found
        && members.iter().any(|member| member.account == account)
    {
        return Ok(found.map_or(Access::Refused("not_spectatable"), |found| Access::Member(found.into())));
    }
    if community.lobbies.store.of(account).await?.is_some() {
        return Ok(Access::Refused("must_spectate_own_lobby"));
    }
    match found {
        Some(found) if !is_closed(&found.0) => Ok(Access::Spectator(found.into())),
        Some(_) | None => Ok(Access::Refused("not_spectatable")),
    }
}
