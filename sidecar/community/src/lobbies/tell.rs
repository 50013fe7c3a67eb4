//! Who is told what of lobbies. The order is a promise: an account first, what has happened in the lobby then, the list last.

use realmgate_protocol::ids::AccountId;
use serde_json::json;

use super::Lobbies;
use super::shapes::{Former, Member, NewHost, Only};
use crate::events::{Passage, Topic};
use crate::store::{Departure, LobbyRow, ProfileRow};

impl Lobbies {
    pub(super) fn tell_made(&self, host: Option<AccountId>, made: &LobbyRow) {
        if let Some(host) = host {
            self.events.changed(host);
        }
        self.events.lobby_changed(made.id, Passage { came: !made.settings.hidden, left: false });
    }

    pub(super) fn tell_changed(&self, before: &LobbyRow, after: &LobbyRow) {
        let (was_hidden, is_hidden) = (before.settings.hidden, after.settings.hidden);
        let passage = Passage { came: was_hidden && !is_hidden, left: is_hidden && !was_hidden };
        self.events.lobby_changed(after.id, passage);
    }

    pub(super) fn tell_joined(&self, profile: ProfileRow, lobby: &LobbyRow) {
        self.events.changed(profile.account);
        self.events.tell_then(Topic::Lobby(lobby.id), "user_joined", &Member::from(profile));
        self.tell_list(lobby, "lobby_membership_changed");
    }

    /// Tells that an account has left a lobby, if it was in one.
    pub(crate) fn tell_departure(&self, account: AccountId, departure: Option<Departure>) {
        let Some(Departure { lobby, name, deleted, new_host }) = departure else { return };
        self.events.changed(account);
        if deleted {
            self.tell_list(&lobby, "lobby_deleted");
            return self.events.expel(lobby.id, None);
        }
        let topic = Topic::Lobby(lobby.id);
        self.events.tell_then(topic, "user_left", &Former { user_id: account.to_string(), display_name: &name });
        if let Some((host, name)) = new_host {
            let new_host = NewHost { new_host_id: host.to_string(), display_name: &name };
            self.events.tell_then(topic, "host_changed", &new_host);
        }
        self.tell_list(&lobby, "lobby_membership_changed");
        self.events.expel(lobby.id, Some(account));
    }

    pub(super) async fn tell_kicked(
        &self,
        caller: AccountId,
        target: AccountId,
        profile: Option<ProfileRow>,
        lobby: &LobbyRow,
    ) {
        let name = profile.map(|profile| profile.display_name).unwrap_or_default();
        let former = Former { user_id: target.to_string(), display_name: &name };
        self.events.changed(target);
        self.events.tell_then(Topic::Lobby(lobby.id), "user_kicked", &former);
        self.tell_list(lobby, "lobby_membership_changed");
        self.events.expel(lobby.id, Some(target));
        let title = &lobby.settings.title;
        let metadata = json!({"type": "lobby_kicked", "lobby_id": lobby.id.to_string(), "lobby_name": title});
        self.notifications
            .send(caller, target, "Removed from lobby", "has removed you from the lobby", &metadata)
            .await;
    }

    pub(super) fn tell_deleted(&self, lobby: &LobbyRow, members: &[AccountId]) {
        members.iter().for_each(|member| self.events.changed(*member));
        self.tell_list(lobby, "lobby_deleted");
        self.events.expel(lobby.id, None);
    }

    /// Tells the list, unless the lobby is in none.
    fn tell_list(&self, lobby: &LobbyRow, event: &str) {
        if !lobby.settings.hidden {
            self.events.tell_list_then(lobby.id, event, &Only { id: lobby.id });
        }
    }
}
