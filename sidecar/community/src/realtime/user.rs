//! The topic of an account: how things stand for whoever joins it.

use realmgate_protocol::ids::AccountId;
use serde_json::{Value, json};
use uuid::Uuid;

use super::announce::{friend_updated, updated};
use super::frame::{Said, Status};
use super::social::{PARTY_UPDATED, party_updated};
use super::socket::Client;
use crate::accounts::shapes::Me;
use crate::events::{End, NoTopic, Told, Topic};
use crate::friends::shapes::{Friend, Updated};
use crate::notifications::{CREATED, Notification};
use crate::state::Community;

/// How an account stands.
struct Standing {
    me: Me,
    friends: Vec<(AccountId, Friend)>,
    notifications: Vec<(Uuid, Notification)>,
    party: Option<Value>,
    is_in_lobby: bool,
}

/// Why a topic that is none is refused.
pub(super) fn reason(no_topic: NoTopic) -> &'static str {
    match no_topic {
        NoTopic::Unknown => "unmatched topic",
        NoTopic::BadId => "invalid topic",
        NoTopic::BadLobby => "invalid_topic_or_unauthenticated",
    }
}

impl Client {
    /// Tells a client that has joined the topic of its account how things stand, in this order: itself, its friends, what
    /// it was told of while it was away.
    pub(super) async fn join_user(&mut self, said: &Said) -> Result<(), End> {
        let topic = Topic::User(self.caller.account);
        let standing = match Standing::of(&self.community, self.caller.account).await {
            Ok(Some(standing)) => standing,
            Ok(None) => return self.give_up(said, topic, "join crashed").await,
            Err(error) => {
                tracing::warn!(%error, account = %self.caller.account, "joining an account's topic failed");
                return self.give_up(said, topic, "join crashed").await;
            }
        };
        self.answer(said, &said.0, Status::Ok, json!({})).await?;
        let Standing { me, friends, notifications, party, is_in_lobby } = standing;
        if is_in_lobby {
            self.community.events.came(self.caller.account);
        }
        self.remember(&updated(self.caller.account, &me));
        self.push(said, "updated", &me).await?;
        for (of, friend) in &friends {
            self.remember(&friend_updated(self.caller.account, *of, friend.clone()));
        }
        let all: Updated = friends.into_iter().map(|(_, friend)| friend).collect();
        self.push(said, "friend_updated", &all).await?;
        for (id, notification) in &notifications {
            self.remember(&Told::once(topic, CREATED, *id, notification));
            self.push(said, CREATED, notification).await?;
        }
        if let Some(party) = party {
            self.remember(&party_updated(self.caller.account, &party));
            self.push(said, PARTY_UPDATED, &party).await?;
        }
        Ok(())
    }

    /// Tells what of it the client was not told.
    pub(super) async fn refresh(&mut self) -> Result<(), End> {
        // Where the database cannot be asked, the next change tells.
        let standing = Standing::of(&self.community, self.caller.account).await;
        let Ok(Some(Standing { me, friends, notifications, party, .. })) = standing else { return Ok(()) };
        let account = self.caller.account;
        self.tell(updated(account, &me)).await?;
        for (of, friend) in friends {
            self.tell(friend_updated(account, of, friend)).await?;
        }
        for (id, notification) in notifications {
            self.tell(Told::once(Topic::User(account), CREATED, id, &notification)).await?;
        }
        if let Some(party) = party {
            self.tell(party_updated(account, &party)).await?;
        }
        Ok(())
    }
}

impl Standing {
    /// How the account stands; `None` if it is gone.
    async fn of(community: &Community, account: AccountId) -> sqlx::Result<Option<Self>> {
        community.presence.settle(account).await?;
        let Some(profile) = community.store.profile(account).await? else { return Ok(None) };
        let is_in_lobby = profile.lobby.is_some();
        let me = Me::new(profile, community.store.ways(account).await?);
        let rows = community.friends.store.all_friends(account).await?;
        let ids: Vec<AccountId> = rows.iter().map(|row| row.profile.account).collect();
        let friends = ids.into_iter().zip(community.friends.seen(rows).await).collect();
        let rows = community.friends.notifications.store.of(account).await?;
        let notifications = rows.into_iter().map(|row| (row.id, Notification::from(row))).collect();
        // Parties may be unavailable: then the next change of the party tells.
        let party = community.world.party_of(account).await.ok().flatten();
        Ok(Some(Self { me, friends, notifications, party, is_in_lobby }))
    }
}
