//! How this sidecar answers others.

use std::time::Duration;

use async_trait::async_trait;

use super::{Answer, Ask, News, ReplicaHandler};
use crate::link::PrepareFailure;
use crate::state::AppState;

/// Answers from what is connected to this process.
pub struct LocalReplica(AppState);

impl LocalReplica {
    /// A handler that answers for this process.
    pub fn new(state: AppState) -> Self {
        Self(state)
    }
}

#[async_trait]
impl ReplicaHandler for LocalReplica {
    async fn answer(&self, _from: &str, ask: Ask) -> Answer {
        let hub = &self.0.link;
        match ask {
            Ask::ToMapServer { server, message } => match hub.links.send(&server, message) {
                Ok(()) => Answer::Sent,
                Err(_) => Answer::NoLink,
            },
            Ask::Prepare { server, question } => match hub.links.get(&server) {
                None => Answer::NoLink,
                Some(link) => match link.prepare(question).await {
                    Ok(spawn) => Answer::Prepared(spawn),
                    Err(PrepareFailure::Refused(refusal)) => Answer::Refused(refusal),
                    Err(PrepareFailure::Unreachable) => Answer::Unreachable,
                },
            },
            Ask::CloseSockets { account, keep_session, code, reason } => {
                Answer::Closed { count: hub.sockets.close_others(account, keep_session, code, &reason) }
            }
            Ask::PingLink { server } => Answer::LinkAlive(match hub.links.get(&server) {
                Some(link) => link.answers().await,
                None => false,
            }),
        }
    }

    async fn heard(&self, _from: &str, news: News) {
        let hub = &self.0.link;
        match news {
            News::Departed { character } => hub.departures.departed(character),
            News::SessionEnded { session } => hub.sockets.close_session(session),
            News::Lingers { character, longest_ms } => {
                hub.departures.lingers(character, Duration::from_millis(longest_ms.into()));
            }
        }
    }
}
