//! How this sidecar answers others.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use realmgate_community::Events;
use realmgate_protocol::movement::Position;

use super::{Answer, Ask, News, ReplicaHandler};
use crate::gateway::Sockets;
use crate::link::{Departures, Links, PrepareFailure};

/// Answers from what is connected to this process.
pub struct LocalReplica {
    /// The map servers' links.
    pub links: Arc<Links>,
    /// Who waits for characters to leave.
    pub departures: Arc<Departures>,
    /// The players' sockets.
    pub sockets: Arc<Sockets>,
    /// The realtime sockets.
    pub events: Events,
}

#[async_trait]
impl ReplicaHandler for LocalReplica {
    async fn answer(&self, _from: &str, ask: Ask) -> Answer {
        match ask {
            Ask::ToMapServer { server, message } => match self.links.send(&server, message) {
                Ok(()) => Answer::Sent,
                Err(_) => Answer::NoLink,
            },
            Ask::Prepare { server, question } => match self.links.get(&server) {
                None => Answer::NoLink,
                Some(link) => answer_of(link.prepare(question).await),
            },
            Ask::Watch { server, question } => match self.links.get(&server) {
                None => Answer::NoLink,
                Some(link) => answer_of(link.watch(question).await),
            },
            Ask::Return { server, question } => match self.links.get(&server) {
                None => Answer::NoLink,
                Some(link) => Answer::Body(link.find_body(question).await),
            },
            Ask::CloseSockets { account, keep_session, code, reason } => {
                Answer::Closed { count: self.sockets.close_others(account, keep_session, code, &reason) }
            }
            Ask::PingLink { server } => Answer::LinkAlive(match self.links.get(&server) {
                Some(link) => link.answers().await,
                None => false,
            }),
            Ask::FindLogIn { session } => {
                Answer::LogInHere(self.sockets.has_log_in(session) || self.events.has_log_in(session))
            }
        }
    }

    async fn heard(&self, _from: &str, news: News) {
        match news {
            News::Departed { character } => self.departures.departed(character),
            News::SessionEnded { session } => self.sockets.close_session(session),
            News::Lingers { character, longest_ms } => {
                self.departures.lingers(character, Duration::from_millis(longest_ms.into()));
            }
        }
    }
}

fn answer_of(prepared: Result<Option<Position>, PrepareFailure>) -> Answer {
    match prepared {
        Ok(spawn) => Answer::Prepared(spawn),
        Err(PrepareFailure::Refused(refusal)) => Answer::Refused(refusal),
        Err(PrepareFailure::Unreachable) => Answer::Unreachable,
    }
}
