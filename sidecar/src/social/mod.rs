//! Parties, whispers and mutes: messages between players of different channels, maps and servers, and who may chat.
//!
//! Users who are in no world take part over the realtime socket of the community, in the name of a character where they have one:
//! `commands` is what players in the world ask, `asks` what users at sockets ask, `deliver` and `shown` what both receive.
//!
//! The locks say where a character is. Parties may be lost with Redis; while it is away, there are whispers but no
//! parties. A task of its own handles all happenings in order, so that nothing else waits for them.

mod asks;
mod book;
mod commands;
mod deliver;
mod mutes;
mod parties;
mod presence;
mod shared;
mod shown;
mod users;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use parties::Parties;
use realmgate_community::{Audience, Events};
use realmgate_platform::database::DatabaseTime;
use realmgate_platform::error::Error;
use realmgate_platform::limits::Limits;
use realmgate_platform::redis_client::RedisClient;
use realmgate_protocol::ids::{AccountId, CharacterId, ServerId};
use realmgate_protocol::link::{LeaveReason, SocialCommand};
use tokio::sync::mpsc;

use self::book::{InProcessBook, PartyBook};
use self::shared::SharedBook;
use crate::directory::{Registry, Sessions};
use crate::service::world::MapServers;
use crate::store::{CharacterStore, LockStore, Store};

/// How many happenings may wait to be handled.
const QUEUE: usize = 4_096;

/// Tells parties what happens to characters, and hands them their players' commands.
#[derive(Clone)]
pub struct Social(mpsc::Sender<Happening>);

/// What has happened and is not handled yet, in order.
pub struct Happenings(mpsc::Receiver<Happening>);

/// The parties, and what answers their players.
pub struct PartyService {
    parties: Box<dyn PartyBook>,
    /// Members whose place in their party did not agree with the locks when the two were last compared.
    doubted: Mutex<Vec<CharacterId>>,
    locks: LockStore,
    characters: CharacterStore,
    map_servers: Arc<MapServers>,
    registry: Registry,
    sessions: Sessions,
    audience: Audience,
    events: Events,
    limits: Arc<Limits>,
    time: Arc<DatabaseTime>,
}

/// What parties and whispers are built from.
pub struct SocialParts<'a> {
    /// The Redis that sidecars share, if they do.
    pub redis: Option<&'a RedisClient>,
    /// Says where characters are, and which users there are.
    pub store: &'a Store,
    /// The map servers, wherever their links are.
    pub map_servers: Arc<MapServers>,
    /// The live map servers, and their maps.
    pub registry: Registry,
    /// The session entries, which say on which map a user is.
    pub sessions: Sessions,
    /// Publishes to users at realtime sockets.
    pub events: Events,
    /// The rate limits.
    pub limits: Arc<Limits>,
    /// The database's time.
    pub time: Arc<DatabaseTime>,
}

/// What happens to a character.
#[derive(Debug)]
enum Happening {
    Arrived(CharacterId),
    Left(CharacterId, LeaveReason),
    Reached(AccountId),
    Muted(AccountId),
    Asked { server: ServerId, speaker: CharacterId, command: SocialCommand },
}

impl Social {
    /// Both ends of an empty queue.
    pub fn queue() -> (Self, Happenings) {
        let (sender, receiver) = mpsc::channel(QUEUE);
        (Self(sender), Happenings(receiver))
    }

    /// Tells a character's party that it is in a world.
    pub(crate) fn arrived(&self, character: CharacterId) {
        self.note(Happening::Arrived(character));
    }

    /// Tells a character's party that it is in no world any more. It keeps its place for a while, unless it left on
    /// purpose.
    pub(crate) fn left(&self, character: CharacterId, reason: LeaveReason) {
        self.note(Happening::Left(character, reason));
    }

    /// Tells the parties of an account's characters that its user may be at a realtime socket now, or at none.
    pub(crate) fn reached(&self, account: AccountId) {
        self.note(Happening::Reached(account));
    }

    /// Has the player of an account in the world muted, or not any more, as the database says.
    pub(crate) fn muted(&self, account: AccountId) {
        self.note(Happening::Muted(account));
    }

    /// Hands over a command of a player, sent by a map server.
    pub(crate) fn command(&self, server: &ServerId, speaker: CharacterId, command: SocialCommand) {
        self.note(Happening::Asked { server: server.clone(), speaker, command });
    }

    fn note(&self, happening: Happening) {
        if self.0.try_send(happening).is_err() {
            // Parties learn from the locks where everybody is.
            metrics::counter!("realmgate_social_dropped_total").increment(1);
        }
    }
}

impl PartyService {
    /// Starts without parties, or with those in Redis.
    pub fn new(parts: SocialParts<'_>) -> Self {
        let SocialParts { redis, store, map_servers, registry, sessions, events, limits, time } = parts;
        let parties: Box<dyn PartyBook> = match redis {
            Some(redis) => Box::new(SharedBook::new(redis.clone())),
            None => Box::new(InProcessBook::default()),
        };
        let (locks, characters) = (store.locks.clone(), store.characters.clone());
        let (audience, doubted) = (Audience::new(store.sql().clone()), Mutex::default());
        Self { parties, doubted, locks, characters, map_servers, registry, sessions, audience, events, limits, time }
    }

    /// Handles happenings in order. Ends when nobody can report one any more.
    pub(crate) async fn handle_all(&self, mut happenings: Happenings) {
        while let Some(happening) = happenings.0.recv().await {
            self.work_off(happening).await;
        }
    }

    /// The names that the account's characters ignore, in small letters.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub(crate) async fn ignored_names(&self, account: AccountId) -> Result<BTreeSet<String>, Error> {
        Ok(self.characters.ignored_names(account).await?)
    }

    /// Removes members who did not come back, and corrects where parties believe their members to be: a happening may
    /// have been lost with a sidecar, or while Redis was away.
    pub(crate) async fn tidy(&self) -> Result<(), Error> {
        let members = self.members().await?;
        if members.is_empty() {
            return Ok(());
        }
        let out = self.out_of_reach(&members).await?;
        let wrong: Vec<CharacterId> = members
            .iter()
            .filter(|member| member.is_away != out.contains(&member.id))
            .map(|member| member.id)
            .collect();
        let doubted =
            std::mem::replace(&mut *self.doubted.lock().unwrap_or_else(PoisonError::into_inner), wrong.clone());
        let now_ms = self.time.now_ms();
        let tidy = &mut |parties: &mut Parties| {
            let mut deliveries = parties.forget_the_long_gone(now_ms);
            // A member may just be coming or going: only what is wrong for the second time is corrected.
            for member in wrong.iter().filter(|member| doubted.contains(member)) {
                let away = out.contains(member);
                deliveries.extend(parties.set_reached(*member, !away, now_ms));
            }
            Ok(deliveries)
        };
        if let Ok(deliveries) = self.parties.change(tidy).await? {
            self.deliver(deliveries).await?;
        }
        Ok(())
    }
}
