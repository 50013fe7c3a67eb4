//! Tells what has changed of accounts, to themselves, their friends and their lobbies; and of lobbies. It is read when it is told, so that the last thing
//! told is how it stands, also where several change it at once. A lobby that changes often is read and told once in a while.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use realmgate_protocol::ids::AccountId;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::lobby;
use super::pace::Pace;
use crate::accounts::shapes::Me;
use crate::events::{Hub, Passage, Stage, Told, Topic};
use crate::friends::Friends;
use crate::friends::shapes::{Friend, Updated};
use crate::lobbies::shapes::{Listing, Member, Only};
use crate::store::{AccountStore, LobbyStore, ProfileRow};

/// How many accounts are read at once.
const AT_ONCE: usize = 4;
/// How long to wait when the database cannot be asked.
const PAUSE: Duration = Duration::from_secs(1);

/// Tells the sockets of this sidecar what has changed.
pub(crate) struct Announcer {
    pub(crate) hub: Arc<Hub>,
    pub(crate) accounts: AccountStore,
    pub(crate) friends: Arc<Friends>,
    pub(crate) lobbies: LobbyStore,
    /// How long a lobby that was told of is not told of again.
    pub(crate) wait: Duration,
}

impl Announcer {
    /// Tells of every change until the shutdown.
    pub(crate) async fn announce_all(&self, shutdown: CancellationToken) {
        let mut pace = Pace::new(self.wait);
        loop {
            let due = tokio::select! {
                () = shutdown.cancelled() => return,
                () = pace.ended() => vec![Stage { lobbies: pace.take_ended(Instant::now()), ..Stage::default() }],
                due = self.hub.changes.take() => due,
            };
            for stage in due {
                self.announce_stage(stage, &mut pace).await;
            }
        }
    }

    /// All of a stage before the next: of one account, no reading is overtaken by another, and what follows a change is told
    /// after it.
    async fn announce_stage(&self, Stage { accounts, lobbies, then }: Stage, pace: &mut Pace) {
        futures_util::stream::iter(accounts)
            .for_each_concurrent(AT_ONCE, |(account, passage)| async move {
                if let Err(error) = self.announce(account, passage).await {
                    tracing::warn!(%error, %account, "sending a change failed, retrying");
                    tokio::time::sleep(PAUSE).await;
                    self.hub.changes.add(account, passage);
                }
            })
            .await;
        for (lobby, passage) in lobbies {
            if !pace.begin(lobby, passage, Instant::now()) {
                continue;
            }
            if let Err(error) = self.announce_lobby(lobby, passage).await {
                tracing::warn!(%error, %lobby, "sending a change failed, retrying");
                tokio::time::sleep(PAUSE).await;
                self.hub.changes.add_lobby(lobby, passage);
            }
        }
        for then in then {
            self.hub.carry_out(then);
        }
    }

    async fn announce(&self, account: AccountId, passage: Passage) -> sqlx::Result<()> {
        // Anybody's change comes here: most sidecars of most accounts have nobody to tell.
        if !self.hub.is_joined() {
            return Ok(());
        }
        let mut friends = self.friends.store.friend_ids(account).await?;
        friends.retain(|(friend, _)| self.hub.has(Topic::User(*friend)));
        let own = self.hub.has(Topic::User(account));
        if friends.is_empty() && !own && !self.hub.has_lobbies() {
            return Ok(());
        }
        let Some(profile) = self.accounts.profile(account).await? else { return Ok(()) };
        if own {
            let me = Me::new(profile.clone(), self.accounts.ways(account).await?);
            self.hub.deliver(&updated(account, &me));
        }
        self.announce_member(&profile, passage);
        if friends.is_empty() {
            return Ok(());
        }
        let map_id = self.friends.map_of(&profile).await;
        for (friend, friendship) in friends {
            self.hub.deliver(&friend_updated(friend, account, Friend::new(profile.clone(), friendship, map_id)));
        }
        Ok(())
    }
}

impl Announcer {
    /// Tells a lobby of one of its members.
    fn announce_member(&self, profile: &ProfileRow, passage: Passage) {
        let Some(lobby) = profile.lobby else { return };
        self.hub.keep_to_lobby(profile.account, lobby);
        let topic = Topic::Lobby(lobby);
        if !self.hub.has(topic) {
            return;
        }
        let member = Member::from(profile.clone());
        let state = |event| Told::state(topic, event, profile.account.uuid(), &member);
        if passage.left && !profile.online {
            self.hub.deliver(&state("user_offline"));
        } else {
            self.hub.deliver(&state("user_updated"));
        }
        if passage.came {
            self.hub.deliver(&Told::event(topic, "user_online", &member));
        }
    }

    /// Tells a lobby's members, and the list, how it stands.
    async fn announce_lobby(&self, id: Uuid, passage: Passage) -> sqlx::Result<()> {
        let (topic, list) = (Topic::Lobby(id), self.hub.has(Topic::Lobbies));
        if !list && !self.hub.has(topic) {
            return Ok(());
        }
        let gone = || Told::listed(id, "lobby_deleted", &Only { id });
        let Some((row, members)) = self.lobbies.with_members(id).await? else {
            // One that was hidden when it was deleted: the list was not told that.
            if passage.left {
                self.hub.deliver(&gone());
            }
            return Ok(());
        };
        if lobby::is_closed(&row) {
            self.hub.expel(topic, |account| members.iter().all(|member| member.account != account));
        }
        self.hub.deliver(&lobby::updated(id, &(row.clone(), members).into()));
        if list {
            match row.settings.hidden {
                true if passage.left => self.hub.deliver(&gone()),
                true => {}
                false if passage.came => self.hub.deliver(&Told::listed(id, "lobby_created", &Listing::from(row))),
                false => self.hub.deliver(&lobby::listed(row)),
            }
        }
        Ok(())
    }
}

/// An account, as its owner sees it.
pub(super) fn updated(account: AccountId, me: &Me) -> Arc<Told> {
    Told::state(Topic::User(account), "updated", Uuid::nil(), me)
}

/// A friend of `account`.
pub(super) fn friend_updated(account: AccountId, of: AccountId, friend: Friend) -> Arc<Told> {
    Told::state(Topic::User(account), "friend_updated", of.uuid(), &Updated::of(friend))
}
