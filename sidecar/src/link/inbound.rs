//! Dispatches each message of a map server.

use std::sync::Arc;
use std::time::Duration;

use realmgate_platform::error::{Error, ErrorCode};
use realmgate_protocol::link::{FromMap, LeaveReason};

use super::links::Reply;
use super::{Link, MapLinks};

impl MapLinks {
    /// Handles one message completely. An error ends the link: the map server connects again and repeats what was not
    /// answered.
    pub(super) async fn handle(&self, link: &Arc<Link>, message: FromMap) -> Result<(), Error> {
        metrics::counter!("realmgate_link_messages_total", "kind" => message.name()).increment(1);
        match message {
            FromMap::Hello { .. } | FromMap::Reclaim { .. } => {
                Err(Error::new(ErrorCode::BadMessage, "Hello and Reclaim are allowed only once, at the start"))
            }
            FromMap::Prepared { request, refusal, spawn } => {
                link.answer(request, Reply::Prepared(refusal.map_or(Ok(spawn), Err)));
                Ok(())
            }
            FromMap::BodyFound { request, body } => {
                link.answer(request, Reply::BodyFound(body));
                Ok(())
            }
            FromMap::Entered { character, epoch } => self.residents.entered(link, character, epoch).await,
            FromMap::Save { saves } => self.residents.save(link, &saves).await,
            FromMap::Events { batch, events } => self.residents.commit(link, batch, &events).await,
            FromMap::Released { save, reason } => self.releases.released(link, &save, reason).await,
            FromMap::Dropped { character, epoch, reason } => {
                self.releases.dropped(link, character, epoch, reason, reason.name()).await
            }
            FromMap::Expired { character, epoch } => {
                self.releases.dropped(link, character, epoch, LeaveReason::ConnectionLost, "Expired").await
            }
            FromMap::Travel { request, save, channel } => self.journeys.travel(link, request, save, channel).await,
            FromMap::Load { channels } => self.residents.loaded(link, channels).await,
            FromMap::Social { character, command } => {
                self.social.command(&link.server, character, command);
                Ok(())
            }
            FromMap::Lingers { character, ms, .. } => {
                self.departures.lingers(link, character, Duration::from_millis(ms.into())).await;
                Ok(())
            }
        }
    }
}
