//! Speaking with a map server wherever its link is: in this process, or at another sidecar.

use std::time::Duration;

use realmgate_protocol::ids::ServerId;
use realmgate_protocol::link::ToMap;

use super::links::PREPARE_DEADLINE;
use super::{LinkGone, PrepareFailure, Question};
use crate::replicas::{Answer, Ask, BusError};
use crate::state::AppState;

/// How long another sidecar may take to pass a message on.
const PASS_ON: Duration = Duration::from_secs(2);
/// What the way to another sidecar and back may add to the time a map server has for its answer.
const DETOUR: Duration = Duration::from_millis(500);

/// Asks a map server to expect a character. `replica` is where the directory says its link is.
pub(crate) async fn prepare(
    state: &AppState,
    server: &ServerId,
    replica: &str,
    question: Question,
) -> Result<(), PrepareFailure> {
    if let Some(link) = state.link.links.get(server) {
        return link.prepare(question).await;
    }
    if replica == state.config.gateway.id {
        // The directory has not heard yet that the link is gone.
        return Err(PrepareFailure::Unreachable);
    }
    let ask = Ask::Prepare { server: server.clone(), question };
    match state.replicas.ask(replica, ask, PREPARE_DEADLINE + DETOUR).await {
        Ok(Answer::Prepared) => Ok(()),
        Ok(Answer::Refused(refusal)) => Err(PrepareFailure::Refused(refusal)),
        Ok(_) => Err(PrepareFailure::Unreachable),
        Err(error) => Err(unreached(replica, error)),
    }
}

/// Says something to a map server. That it was sent does not mean that it was read.
pub(crate) async fn tell(state: &AppState, server: &ServerId, message: ToMap) -> Result<(), LinkGone> {
    if let Some(link) = state.link.links.get(server) {
        return link.send(message);
    }
    let found = state.registry.find(server).await.map_err(|error| {
        tracing::warn!(%server, %error, "where a map server's link is can not be told");
        LinkGone
    })?;
    let replica = found.as_ref().and_then(|server| server.replica()).ok_or(LinkGone)?;
    if replica == state.config.gateway.id {
        return Err(LinkGone);
    }
    let ask = Ask::ToMapServer { server: server.clone(), message };
    match state.replicas.ask(replica, ask, PASS_ON).await {
        Ok(Answer::Sent) => Ok(()),
        Ok(_) => Err(LinkGone),
        Err(error) => {
            unreached(replica, error);
            Err(LinkGone)
        }
    }
}

/// Says something to a map server without waiting for it, where whoever asks has better things to do.
pub(crate) fn tell_soon(state: &AppState, server: &ServerId, message: ToMap) {
    if let Some(link) = state.link.links.get(server) {
        // Without a link it hears of it when it next writes.
        let _ = link.send(message);
        return;
    }
    let (state, server) = (state.clone(), server.clone());
    state.tasks.clone().spawn(async move {
        let _ = tell(&state, &server, message).await;
    });
}

fn unreached(replica: &str, error: BusError) -> PrepareFailure {
    tracing::debug!(replica, %error, "another sidecar could not be asked");
    PrepareFailure::Unreachable
}
