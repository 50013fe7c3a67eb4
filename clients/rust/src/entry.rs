//! Getting into the world, with as many tickets as that takes.

use realmgate_protocol::ids::ChannelId;
use realmgate_protocol::link::TravelGrant;

use crate::client::{Admission, EnterError, GameClient, Setup};
use crate::gateway::{Gateway, GatewayError};
use crate::session::Possessions;

/// Tickets asked for before giving up: a lost accept costs one.
const MAX_TICKETS: usize = 5;

/// Why a character is not in the world.
#[derive(Debug, thiserror::Error)]
pub enum EntryError {
    /// The gateway gave no ticket.
    #[error(transparent)]
    Gateway(#[from] GatewayError),
    /// The map server did not let it in, whatever the ticket.
    #[error(transparent)]
    Enter(#[from] EnterError),
}

/// One character's way into the world.
#[derive(Debug)]
pub struct Entry {
    gateway_url: String,
    access_token: String,
    character_id: String,
    gateway: Option<Gateway>,
    tickets: u64,
}

impl Entry {
    /// For a character of the account that the token is for.
    pub fn new(gateway_url: &str, access_token: &str, character_id: &str) -> Self {
        Self {
            gateway_url: gateway_url.to_owned(),
            access_token: access_token.to_owned(),
            character_id: character_id.to_owned(),
            gateway: None,
            tickets: 0,
        }
    }

    /// Takes a newer access token, after a refresh.
    pub fn set_access_token(&mut self, access_token: &str) {
        access_token.clone_into(&mut self.access_token);
        self.gateway = None;
    }

    /// Tickets asked for so far.
    pub fn tickets(&self) -> u64 {
        self.tickets
    }

    /// Enters through the gateway.
    pub async fn enter(&mut self, channel: Option<ChannelId>, setup: &Setup) -> Result<GameClient, EntryError> {
        self.enter_with_tickets(channel, setup, None).await
    }

    /// Goes where the old map server said; through the gateway when that fails.
    pub async fn travel(
        &mut self,
        grant: &TravelGrant,
        setup: &Setup,
        carried: Possessions,
    ) -> Result<GameClient, EntryError> {
        match GameClient::enter(&Admission::from(grant), setup, Some(carried.clone())).await {
            Ok(client) => Ok(client),
            Err(error) if error.is_worth_another_ticket() => {
                tracing::warn!(%error, map = %grant.map, "the grant was no use, asking for another ticket");
                self.enter_with_tickets(None, setup, Some(carried)).await
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn enter_with_tickets(
        &mut self,
        channel: Option<ChannelId>,
        setup: &Setup,
        carried: Option<Possessions>,
    ) -> Result<GameClient, EntryError> {
        let mut tries = 0;
        loop {
            tries += 1;
            let admission = self.ticket(channel).await?;
            match GameClient::enter(&admission, setup, carried.clone()).await {
                Ok(client) => return Ok(client),
                Err(error) if error.is_worth_another_ticket() && tries < MAX_TICKETS => {
                    tracing::warn!(%error, tries, "not let in, asking for another ticket");
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// A ticket from the gateway, over the open socket if it still is one.
    async fn ticket(&mut self, channel: Option<ChannelId>) -> Result<Admission, EntryError> {
        self.tickets += 1;
        if let Some(mut gateway) = self.gateway.take() {
            match gateway.enter_world(&self.character_id, channel).await {
                Ok(success) => {
                    self.gateway = Some(gateway);
                    return Ok(Admission::try_from(&success)?);
                }
                Err(GatewayError::Closed { .. } | GatewayError::Unreachable(_)) => {}
                Err(error @ GatewayError::Refused { .. }) => {
                    self.gateway = Some(gateway);
                    return Err(error.into());
                }
                // A late answer must not be taken for that to another question: the socket is dropped.
                Err(error) => return Err(error.into()),
            }
        }
        let mut gateway = Gateway::connect(&self.gateway_url, &self.access_token).await?;
        let success = gateway.enter_world(&self.character_id, channel).await?;
        self.gateway = Some(gateway);
        Ok(Admission::try_from(&success)?)
    }
}

#[cfg(test)]
mod tests;
