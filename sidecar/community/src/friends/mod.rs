//! Friends, the requests that lead there, and blocks.

pub mod shapes;

use std::sync::Arc;

use axum::http::StatusCode;
use realmgate_platform::clock::Clock;
use realmgate_platform::limits::Limits;
use realmgate_protocol::ids::AccountId;
use serde_json::json;
use uuid::Uuid;

use self::shapes::{Friend, Relation};
use crate::accounts::shapes::Brief;
use crate::events::{Events, Topic};
use crate::http::Refusal;
use crate::notifications::Notifications;
use crate::store::{AccountStore, FriendRow, FriendStore, Friendship, Limit, Outcome, ProfileRow, Step};
use crate::world::World;

/// What a notification says.
struct Word {
    kind: &'static str,
    title: &'static str,
    content: &'static str,
}

const REQUESTED: Word = Word { kind: "friend_request", title: "Friend request", content: "wants to be your friend" };
const ACCEPTED: Word =
    Word { kind: "friend_accepted", title: "Friend request accepted", content: "is your friend now" };
const REJECTED: Word =
    Word { kind: "friend_rejected", title: "Friend request declined", content: "has declined your request" };

/// Friends and blocks of accounts.
pub struct Friends {
    pub(crate) store: FriendStore,
    pub(crate) accounts: AccountStore,
    pub(crate) events: Events,
    pub(crate) notifications: Notifications,
    pub(crate) world: Arc<dyn World>,
    pub(crate) limits: Arc<Limits>,
    pub(crate) clock: Clock,
}

impl Friends {
    /// Asks somebody to be a friend. Where they have asked already, both are friends now.
    ///
    /// # Errors
    /// 400 for oneself, somebody who blocks or is blocked, and too many; 404 for nobody; 429 for who has asked too often.
    pub async fn ask(&self, caller: AccountId, target: AccountId) -> Result<(), Refusal> {
        if caller == target {
            return Err(bad("cannot_friend_self"));
        }
        // One of an older version is given a profile.
        self.accounts.profile(target).await?.ok_or_else(not_found)?;
        if self.store.is_news(caller, target).await? {
            self.limits.friend_request(caller, target).await?;
        }
        match self.store.ask(caller, target, self.clock.now_ms()).await? {
            Outcome::Done(row) if row.requester == caller => {
                let relation = Relation::from(row);
                self.events.tell(Topic::User(row.requester), "outgoing_request", &relation);
                self.events.tell(Topic::User(row.target), "incoming_request", &relation);
                self.notify(caller, target, row.id, &REQUESTED).await;
                Ok(())
            }
            Outcome::Done(row) => {
                self.tell_both(row, "friend_accepted");
                self.notify(caller, target, row.id, &ACCEPTED).await;
                Ok(())
            }
            other => refused(other, "forbidden"),
        }
    }

    /// Takes a step with a friendship.
    ///
    /// # Errors
    /// 400 for too many friends, 403 for what is not the caller's to do, 404 for no friendship.
    pub async fn step(&self, caller: AccountId, id: Uuid, step: Step) -> Result<(), Refusal> {
        let event = |row: &Friendship| match step {
            Step::Accept => "friend_accepted",
            Step::Reject => "friend_rejected",
            Step::Block => "friend_blocked",
            Step::Unblock => "friend_unblocked",
            Step::Remove if row.is_request() => "request_cancelled",
            Step::Remove => "friend_removed",
        };
        match self.store.step(id, caller, step, self.clock.now_ms()).await? {
            Outcome::Done(row) => {
                self.tell_both(row, event(&row));
                match step {
                    Step::Accept => self.notify(caller, row.requester, row.id, &ACCEPTED).await,
                    Step::Reject => self.notify(caller, row.requester, row.id, &REJECTED).await,
                    Step::Block | Step::Unblock => self.events.blocks_changed(caller),
                    Step::Remove => {}
                }
                Ok(())
            }
            other => refused(other, if step == Step::Remove { "not_authorized" } else { "forbidden" }),
        }
    }

    /// Blocks somebody.
    ///
    /// # Errors
    /// 400 for oneself, nobody, and too many.
    pub async fn block(&self, caller: AccountId, other: AccountId) -> Result<(), Refusal> {
        if caller == other {
            return Err(bad("cannot_block_self"));
        }
        self.accounts.profile(other).await?.ok_or_else(|| bad("invalid"))?;
        match self.store.block(caller, other, self.clock.now_ms()).await? {
            Outcome::Done(row) => {
                self.tell_both(row, "friend_blocked");
                self.events.blocks_changed(caller);
                Ok(())
            }
            Outcome::NotFound => Err(bad("invalid")),
            other => refused(other, "forbidden"),
        }
    }

    /// Blocks somebody no more.
    ///
    /// # Errors
    /// 404 where the caller does not block them.
    pub async fn unblock(&self, caller: AccountId, other: AccountId) -> Result<(), Refusal> {
        match self.store.unblock(caller, other).await? {
            Outcome::Done(row) => {
                self.tell_both(row, "friend_unblocked");
                self.events.blocks_changed(caller);
                Ok(())
            }
            other => refused(other, "forbidden"),
        }
    }

    /// Friends as their friends see them: where each is, if its player allows that.
    pub async fn seen(&self, rows: Vec<FriendRow>) -> Vec<Friend> {
        let seen = rows.into_iter().map(|row| async move {
            let map_id = self.map_of(&row.profile).await;
            Friend::new(row.profile, row.friendship, map_id)
        });
        futures_util::future::join_all(seen).await
    }

    /// In which map a player's character is, if its friends may know.
    pub(crate) async fn map_of(&self, profile: &ProfileRow) -> Option<u16> {
        if !profile.show_map {
            return None;
        }
        self.world.map_of(profile.account).await
    }

    /// Tells the friends of an account that is about to be deleted that it is gone offline. Returns what tells them, once
    /// it is deleted.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub(crate) async fn farewells(&self, account: AccountId) -> sqlx::Result<impl FnOnce(&Events) + Send + 'static> {
        let (profile, friends) = (self.accounts.profile(account).await?, self.store.friend_ids(account).await?);
        Ok(move |events: &Events| {
            let Some(profile) = profile else { return };
            let offline = ProfileRow { online: false, ..profile };
            for (friend, friendship) in friends {
                let seen = Friend::new(offline.clone(), friendship, None);
                events.tell(Topic::User(friend), "friend_updated", &shapes::Updated::of(seen));
            }
        })
    }

    async fn notify(&self, sender: AccountId, recipient: AccountId, friendship: Uuid, what: &Word) {
        let metadata = json!({"type": what.kind, "friendship_id": friendship.to_string()});
        self.notifications.send(sender, recipient, what.title, what.content, &metadata).await;
    }

    fn tell_both(&self, row: Friendship, event: &str) {
        let relation = Relation::from(row);
        for side in [row.requester, row.target] {
            self.events.tell(Topic::User(side), event, &relation);
        }
    }
}

impl From<FriendRow> for Brief {
    fn from(row: FriendRow) -> Self {
        row.profile.into()
    }
}

fn refused(outcome: Outcome, not_allowed: &'static str) -> Result<(), Refusal> {
    Err(match outcome {
        Outcome::Done(_) | Outcome::Already => return Ok(()),
        Outcome::Blocked => bad("blocked"),
        Outcome::TooMany(Limit::Friends) => bad("too_many_friends"),
        Outcome::TooMany(Limit::Requests) => bad("too_many_pending_requests"),
        Outcome::TooMany(Limit::Blocks) => bad("too_many_blocks"),
        Outcome::NotFound => not_found(),
        Outcome::NotAllowed => Refusal::error(StatusCode::FORBIDDEN, not_allowed),
    })
}

fn bad(code: &'static str) -> Refusal {
    Refusal::error(StatusCode::BAD_REQUEST, code)
}

fn not_found() -> Refusal {
    Refusal::error(StatusCode::NOT_FOUND, "not_found")
}
