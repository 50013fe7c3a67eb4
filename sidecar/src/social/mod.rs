//! Parties and whispers: messages between players of different channels, maps and servers.
//!
//! The locks say where a character is. Parties may be lost with Redis; while it is away, there are whispers but no
//! parties. A task of its own handles all happenings in order, so that nothing else waits for them.

mod book;
mod commands;
mod parties;
mod presence;
mod shared;

use std::sync::{Mutex, PoisonError};

use realmgate_protocol::ids::{CharacterId, ServerId};
use realmgate_protocol::link::{LeaveReason, SocialCommand};
use tokio::sync::mpsc;

use self::book::{InProcessBook, PartyBook};
use self::shared::SharedBook;
use crate::error::Error;
use crate::redis_client::RedisClient;
use crate::state::AppState;
use parties::Parties;

/// How many happenings may wait to be handled.
const QUEUE: usize = 4_096;

/// The parties, and the queue of happenings that concern them.
pub struct Social {
    parties: Box<dyn PartyBook>,
    queue: mpsc::Sender<Happening>,
    /// The other end of the queue, until [`start`].
    waiting: Mutex<Option<mpsc::Receiver<Happening>>>,
    /// Members whose place in their party did not agree with the locks when the two were last compared.
    doubted: Mutex<Vec<CharacterId>>,
}

/// What happens to a character.
#[derive(Debug)]
enum Happening {
    Arrived(CharacterId),
    Left(CharacterId, LeaveReason),
    Asked { server: ServerId, speaker: CharacterId, command: SocialCommand },
}

impl Social {
    /// Starts without parties, or with those in Redis.
    pub fn new(redis: Option<&RedisClient>) -> Self {
        let parties: Box<dyn PartyBook> = match redis {
            Some(redis) => Box::new(SharedBook::new(redis.clone())),
            None => Box::new(InProcessBook::default()),
        };
        let (queue, waiting) = mpsc::channel(QUEUE);
        Self { parties, queue, waiting: Mutex::new(Some(waiting)), doubted: Mutex::default() }
    }

    fn note(&self, happening: Happening) {
        if self.queue.try_send(happening).is_err() {
            // Parties learn from the locks where everybody is.
            metrics::counter!("realmgate_social_dropped_total").increment(1);
        }
    }
}

/// Tells a character's party that it is in a world.
pub(crate) fn arrived(state: &AppState, character: CharacterId) {
    state.social.note(Happening::Arrived(character));
}

/// Tells a character's party that it is in no world any more. It keeps its place for a while, unless it left on
/// purpose.
pub(crate) fn left(state: &AppState, character: CharacterId, reason: LeaveReason) {
    state.social.note(Happening::Left(character, reason));
}

/// Handles a command of a player, sent by a map server.
pub(crate) fn command(state: &AppState, server: &ServerId, speaker: CharacterId, command: SocialCommand) {
    state.social.note(Happening::Asked { server: server.clone(), speaker, command });
}

/// Starts handling happenings, until the shutdown. Call it once.
pub(crate) fn start(state: &AppState) {
    let waiting = state.social.waiting.lock().unwrap_or_else(PoisonError::into_inner).take();
    let Some(mut waiting) = waiting else { return };
    let state = state.clone();
    state.tasks.clone().spawn(async move {
        let work = async {
            while let Some(happening) = waiting.recv().await {
                commands::work_off(&state, happening).await;
            }
        };
        tokio::select! {
            () = state.shutdown.cancelled() => {}
            () = work => {}
        }
    });
}

/// Removes members who did not come back, and corrects where parties believe their members to be: a happening may have
/// been lost with a sidecar, or while Redis was away.
pub(crate) async fn tidy(state: &AppState) -> Result<(), Error> {
    let social = &state.social;
    let mut members = Vec::new();
    let look = &mut |parties: &mut Parties| {
        members = parties.members();
        Ok(Vec::new())
    };
    // Reading changes nothing, so there is nobody to tell.
    let _ = social.parties.change(look).await?;
    if members.is_empty() {
        return Ok(());
    }
    let out = presence::out_of_the_world(state, &members).await?;
    let wrong: Vec<CharacterId> =
        members.iter().filter(|member| member.is_away != out.contains(&member.id)).map(|member| member.id).collect();
    let doubted = std::mem::replace(&mut *social.doubted.lock().unwrap_or_else(PoisonError::into_inner), wrong.clone());
    let now_ms = state.db_time.now_ms();
    let tidy = &mut |parties: &mut Parties| {
        let mut deliveries = parties.forget_the_long_gone(now_ms);
        // A member may just be coming or going: only what is wrong for the second time is corrected.
        for member in wrong.iter().filter(|member| doubted.contains(member)) {
            let away = out.contains(member);
            deliveries.extend(if away { parties.away(*member, now_ms) } else { parties.returned(*member) });
        }
        Ok(deliveries)
    };
    if let Ok(deliveries) = social.parties.change(tidy).await? {
        commands::deliver(state, deliveries).await?;
    }
    Ok(())
}
