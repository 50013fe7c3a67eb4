//! How the parts tell an account or a topic something: [`Events`] is the one place where anything is published.
//!
//! What is published here reaches the sockets of this sidecar at once, and those of the others over Redis, in the order in which
//! each sidecar has published it. It may be lost where Redis or a client is away: nothing that must not be lost is only an event,
//! and whoever joins a topic is first told how things stand.

mod changes;
mod crossing;
mod fan_out;
mod hub;
mod outbox;
mod topic;

use std::sync::Arc;

use realmgate_platform::redis_client::RedisClient;
use realmgate_protocol::ids::AccountId;
use serde::Serialize;
use uuid::Uuid;

use self::changes::Then;
use self::crossing::Notice;

pub(crate) use self::changes::{Passage, Stage};
pub(crate) use self::crossing::Crossing;
pub(crate) use self::hub::{Hub, Seat};
pub(crate) use self::outbox::{Delivery, End, Told};
pub(crate) use self::topic::NoTopic;
pub use self::topic::Topic;

/// A handle for publishing.
#[derive(Clone)]
pub struct Events {
    pub(crate) hub: Arc<Hub>,
    pub(crate) crossing: Option<Arc<Crossing>>,
}

impl Events {
    /// Events of the sidecar `replica`, which cross to the others where there is a Redis.
    pub fn new(redis: Option<&RedisClient>, replica: &str) -> Self {
        let crossing = redis.map(|redis| Arc::new(Crossing::new(redis.clone(), replica)));
        Self { hub: Arc::default(), crossing }
    }

    /// Tells all who have joined a topic that something has happened.
    pub fn tell(&self, topic: Topic, event: &str, payload: &impl Serialize) {
        self.publish(&Told::event(topic, event, payload));
    }

    /// The same of something that clients are also told of when they join: each is told of it once. `of` is its id.
    pub fn tell_once(&self, topic: Topic, event: &str, of: Uuid, payload: &impl Serialize) {
        self.publish(&Told::once(topic, event, of, payload));
    }

    /// Something has changed of what an account itself or its friends are shown. It is read anew and told to them; those
    /// for whom it looks as before hear nothing. To be called once the change is committed.
    pub fn changed(&self, account: AccountId) {
        self.change(account, Passage::default());
    }

    /// The same where a socket has joined the account's topic: its lobby is told that it is here.
    pub(crate) fn came(&self, account: AccountId) {
        self.change(account, Passage { came: true, left: false });
    }

    /// The same where the account's last socket is gone: its lobby is told so.
    pub(crate) fn left(&self, account: AccountId) {
        self.change(account, Passage { came: false, left: true });
    }

    /// Something has changed of what everybody may see of a lobby, which is read anew and told to its members and to the list.
    /// `passage`: whether it has come into the list or gone from it.
    pub(crate) fn lobby_changed(&self, lobby: Uuid, passage: Passage) {
        let Passage { came, left } = passage;
        self.cross(|| Notice::LobbyChanged { lobby, listed: came, unlisted: left });
        self.hub.changes.add_lobby(lobby, passage);
    }

    /// As [`Events::tell`], once all is told that has changed before.
    pub(crate) fn tell_then(&self, topic: Topic, event: &str, payload: &impl Serialize) {
        self.follow(Told::event(topic, event, payload));
    }

    /// The same of a lobby, to all who have joined the list.
    pub(crate) fn tell_list_then(&self, lobby: Uuid, event: &str, payload: &impl Serialize) {
        self.follow(Told::listed(lobby, event, payload));
    }

    /// The sockets of an account, or of everybody, lose a lobby's topic, once all is told that was to be told before.
    pub(crate) fn expel(&self, lobby: Uuid, account: Option<AccountId>) {
        self.cross(|| Notice::Expelled { lobby, account: account.map(|account| account.to_string()) });
        self.hub.follow(Then::Expel(lobby, account));
    }

    /// A log-in has ended: its sockets close, wherever they are.
    pub fn log_in_ended(&self, log_in: Uuid) {
        self.cross(|| Notice::LogInEnded { log_in });
        self.hub.end_log_in(log_in);
    }

    /// Whom the account blocks has changed: its sockets leave out other texts from now on.
    pub(crate) fn blocks_changed(&self, account: AccountId) {
        self.cross(|| Notice::BlocksChanged { account: account.to_string() });
        self.hub.blocks_changed(account);
    }

    /// Whether a socket may have joined the topic: one here has, or another sidecar is asked over Redis.
    pub fn may_reach(&self, topic: Topic) -> bool {
        self.crossing.is_some() || self.hub.has(topic)
    }

    /// Whether a socket here was opened by this log-in.
    pub fn has_log_in(&self, log_in: Uuid) -> bool {
        self.hub.has_log_in(log_in)
    }

    fn publish(&self, told: &Arc<Told>) {
        self.cross(|| Notice::of(told, false));
        self.hub.deliver(told);
    }

    fn follow(&self, told: Arc<Told>) {
        self.cross(|| Notice::of(&told, true));
        self.hub.follow(Then::Event(told));
    }

    fn change(&self, account: AccountId, passage: Passage) {
        let Passage { came, left } = passage;
        self.cross(|| Notice::Changed { account: account.to_string(), came, left });
        self.hub.changes.add(account, passage);
    }

    fn cross(&self, notice: impl FnOnce() -> Notice) {
        if let Some(crossing) = &self.crossing {
            crossing.publish(notice());
        }
    }
}
