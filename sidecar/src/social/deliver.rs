//! Delivers events to characters on their map servers, and to their users at realtime sockets.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use realmgate_community::Topic;
use realmgate_platform::error::Error;
use realmgate_protocol::ids::{AccountId, CharacterId, ServerId};
use realmgate_protocol::link::{SocialEvent, ToMap};
use serde_json::Value;
use uuid::Uuid;

use super::parties::Delivery;
use super::users::Speaker;
use super::{PartyService, shown};
use crate::store::locks::LockedCharacter;

/// The key under which sockets remember the last party that they sent.
const PARTY: Uuid = Uuid::max();

impl PartyService {
    /// Sends each event to the map server that its character is on, in order, and to its user's realtime sockets. Events for
    /// a character that can be reached in neither way are dropped.
    pub(super) async fn deliver(&self, deliveries: Vec<Delivery>) -> Result<(), Error> {
        self.deliver_from(None, deliveries).await
    }

    /// The same for what a user has sent or done.
    pub(super) async fn deliver_from(&self, by: Option<&Speaker>, deliveries: Vec<Delivery>) -> Result<(), Error> {
        let mut by_listener = BTreeMap::<CharacterId, Vec<SocialEvent>>::new();
        for Delivery { to, event } in deliveries {
            by_listener.entry(to).or_default().push(event);
        }
        if by_listener.is_empty() {
            return Ok(());
        }
        let listeners: Vec<CharacterId> = by_listener.keys().copied().collect();
        let found = self.locks.find_all(&listeners).await?;
        let found: BTreeMap<CharacterId, LockedCharacter> =
            found.into_iter().map(|found| (found.character, found)).collect();
        self.publish(by, &by_listener, &found).await?;
        let telling = by_listener.into_iter().map(|(listener, events)| {
            let server = found.get(&listener).and_then(|found| found.lock.owner.map_server());
            async move {
                for event in events {
                    self.tell(listener, server, event).await;
                }
            }
        });
        join_all(telling).await;
        Ok(())
    }

    async fn tell(&self, listener: CharacterId, server: Option<&ServerId>, event: SocialEvent) {
        let message = ToMap::Social { character: listener, event };
        let is_sent = match server {
            Some(server) => self.map_servers.tell(server, message).await.is_ok(),
            None => false,
        };
        if !is_sent {
            metrics::counter!("realmgate_social_events_undelivered_total").increment(1);
        }
    }

    async fn publish(
        &self,
        by: Option<&Speaker>,
        by_listener: &BTreeMap<CharacterId, Vec<SocialEvent>>,
        found: &BTreeMap<CharacterId, LockedCharacter>,
    ) -> Result<(), Error> {
        // All members receive the same party.
        let mut party: Option<(&SocialEvent, Value)> = None;
        for (listener, events) in by_listener {
            let Some(account) = found.get(listener).map(|found| found.account) else { continue };
            let topic = Topic::User(account);
            if !self.events.may_reach(topic) {
                continue;
            }
            for event in events {
                if let SocialEvent::PartyState { party: id, members } = event {
                    let payload = match party.take().filter(|(shown, _)| *shown == event) {
                        Some((_, payload)) => payload,
                        None => self.party_updated(*id, members).await?,
                    };
                    self.events.tell_once(topic, "party_updated", PARTY, &payload);
                    party = Some((event, payload));
                } else if let Some(speaker) = by {
                    self.publish_said(speaker, account, event).await?;
                }
            }
        }
        Ok(())
    }

    async fn publish_said(&self, speaker: &Speaker, to: AccountId, event: &SocialEvent) -> Result<(), Error> {
        let (name, payload) = match event {
            SocialEvent::PartyInvited { party, .. } => ("party_invited", shown::party_invited(speaker, *party)),
            SocialEvent::PartyChat { text, .. } => ("party_chat", shown::party_chat(speaker, text)),
            _ => return Ok(()),
        };
        if self.hears(to, speaker).await? {
            self.events.tell(Topic::User(to), name, &payload);
        }
        Ok(())
    }
}
