//! Dispatches each message of a map server.

use std::sync::Arc;
use std::time::Duration;

use realmgate_protocol::link::{FromMap, LeaveReason};

use super::Link;
use crate::error::Error;
use crate::service::world;
use crate::social;
use crate::state::AppState;

/// Handles one message completely. An error ends the link: the map server connects again and repeats what was not
/// answered.
pub(super) async fn handle(state: &AppState, link: &Arc<Link>, message: FromMap) -> Result<(), Error> {
    metrics::counter!("realmgate_link_messages_total", "kind" => message.name()).increment(1);
    match message {
        FromMap::Hello { .. } | FromMap::Reclaim { .. } => {
            Err(Error::new(crate::ErrorCode::BadMessage, "Hello and Reclaim come once, first"))
        }
        FromMap::Prepared { request, refusal, spawn } => {
            link.answer(request, refusal.map_or(Ok(spawn), Err));
            Ok(())
        }
        FromMap::Entered { character, epoch } => world::entered(state, link, character, epoch).await,
        FromMap::Save { saves } => world::save(state, link, &saves).await,
        FromMap::Events { batch, events } => world::commit(state, link, batch, &events).await,
        FromMap::Released { save, reason } => world::released(state, link, &save, reason).await,
        FromMap::Dropped { character, epoch, reason } => {
            world::dropped(state, link, character, epoch, reason, reason.name()).await
        }
        FromMap::Expired { character, epoch } => {
            world::dropped(state, link, character, epoch, LeaveReason::ConnectionLost, "Expired").await
        }
        FromMap::Travel { request, save, channel } => world::travel(state, link, request, save, channel).await,
        FromMap::Load { channels } => world::loaded(state, link, channels).await,
        FromMap::Social { character, command } => {
            social::command(state, &link.server, character, command);
            Ok(())
        }
        FromMap::Lingers { character, ms, .. } => {
            world::lingers(state, link, character, Duration::from_millis(ms.into())).await;
            Ok(())
        }
    }
}
