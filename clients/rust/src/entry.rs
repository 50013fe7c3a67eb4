//! Entering the world, with as many tickets as it takes.

use std::fmt;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use realmgate_protocol::entry::EntryGrant;
use realmgate_protocol::ids::ChannelId;

use crate::api::ApiError;
use crate::client::{EnterError, GameClient, Setup};
use crate::gateway::{Gateway, GatewayError};
use crate::session::Possessions;

/// Maximum tickets to try before giving up. Each lost accept costs one.
const MAX_TICKETS: usize = 5;

/// Why a character did not enter the world.
#[derive(Debug, thiserror::Error)]
pub enum EntryError {
    /// The gateway gave no ticket.
    #[error(transparent)]
    Gateway(#[from] GatewayError),
    /// The map server did not admit it, with any of the tickets.
    #[error(transparent)]
    Enter(#[from] EnterError),
    /// The gateway wants a newer access token, and there is none.
    #[error("cannot refresh the access token: {0}")]
    Token(#[source] ApiError),
}

impl EntryError {
    /// Whether trying again, a while later, can help. A wrong character stays wrong, and so does a token that has expired,
    /// where nobody has a newer one.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Gateway(GatewayError::Refused { code, .. }) => {
                ["MAP_FULL", "MAP_NOT_FOUND", "ALREADY_ONLINE", "MAP_SERVER_UNREACHABLE", "RATE_LIMITED", "INTERNAL"]
                    .contains(&code.as_str())
            }
            Self::Gateway(error) => !error.wants_fresh_tokens(),
            Self::Enter(error) => error.is_worth_another_ticket(),
            Self::Token(error) => matches!(error, ApiError::Unreachable(_)) || error.retry_after().is_some(),
        }
    }

    /// How long to wait before trying again, if the gateway or the API says so.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Gateway(error) => error.retry_after(),
            Self::Enter(_) => None,
            Self::Token(error) => error.retry_after(),
        }
    }
}

/// Asks the program for a newer access token.
struct FreshToken(Box<dyn FnMut() -> BoxFuture<'static, Result<String, ApiError>> + Send>);

impl fmt::Debug for FreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FreshToken")
    }
}

/// Receives the message of each welcome of the gateway.
struct OnWelcome(Box<dyn FnMut(&str) + Send>);

impl fmt::Debug for OnWelcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OnWelcome")
    }
}

/// One character's way into the world.
///
/// ```no_run
/// use std::sync::Arc;
///
/// use realmgate_client::api::{Api, ApiError};
/// use realmgate_client::client::Setup;
/// use realmgate_client::clock::Clock;
/// use realmgate_client::entry::Entry;
/// use realmgate_client::transport::Carrier;
/// use tokio::sync::Mutex;
///
/// # async fn example(api: Api, gateway_url: &str, character_id: &str) -> Result<(), Box<dyn std::error::Error>> {
/// let account = api.login("Adventurer", "correct horse battery").await?;
/// let refresh_token = Arc::new(Mutex::new(account.refresh_token));
/// let entry = Entry::new(gateway_url, &account.access_token, character_id);
/// let mut entry = entry.with_fresh_token(move || {
///     let (api, refresh_token) = (api.clone(), refresh_token.clone());
///     async move {
///         let mut refresh_token = refresh_token.lock().await;
///         let tokens = api.refresh(&refresh_token).await?;
///         *refresh_token = tokens.refresh_token;
///         Ok::<_, ApiError>(tokens.access_token)
///     }
/// });
///
/// let setup = Setup { carrier: Carrier::WebSocket, ..Setup::new(Clock::start()) };
/// let client = entry.enter(None, &setup).await?;
/// println!("{:?}", client.session().welcome());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Entry {
    gateway_url: String,
    access_token: String,
    character_id: String,
    fresh_token: Option<FreshToken>,
    on_welcome: Option<OnWelcome>,
    gateway: Option<Gateway>,
    tickets: u64,
}

impl Entry {
    /// A way in for a character of the account that the token belongs to.
    pub fn new(gateway_url: &str, access_token: &str, character_id: &str) -> Self {
        Self {
            gateway_url: gateway_url.to_owned(),
            access_token: access_token.to_owned(),
            character_id: character_id.to_owned(),
            fresh_token: None,
            on_welcome: None,
            gateway: None,
            tickets: 0,
        }
    }

    /// Says how to get a newer access token, by a refresh. It is asked when the gateway takes the old one no more, once for
    /// each ticket.
    #[must_use]
    pub fn with_fresh_token<F>(mut self, mut ask: impl FnMut() -> F + Send + 'static) -> Self
    where
        F: Future<Output = Result<String, ApiError>> + Send + 'static,
    {
        self.fresh_token = Some(FreshToken(Box::new(move || ask().boxed())));
        self
    }

    /// Calls `show` with the message of the gateway's welcome, each time that the gateway accepts the token. It must not
    /// block.
    #[must_use]
    pub fn with_welcome(mut self, show: impl FnMut(&str) + Send + 'static) -> Self {
        self.on_welcome = Some(OnWelcome(Box::new(show)));
        self
    }

    /// Sets a newer access token, after a refresh. Closes the open gateway socket.
    pub fn set_access_token(&mut self, access_token: &str) {
        access_token.clone_into(&mut self.access_token);
        self.gateway = None;
    }

    /// Number of tickets requested so far.
    pub fn tickets(&self) -> u64 {
        self.tickets
    }

    /// Enters the world through the gateway, on `channel` or the least loaded one.
    ///
    /// # Errors
    /// [`EntryError::Gateway`] when the gateway gives no ticket, [`EntryError::Enter`] when the map server does not
    /// admit the character after 5 tickets, or for a reason that another ticket cannot change, [`EntryError::Token`] when
    /// the gateway wants a newer access token and there is none.
    pub async fn enter(&mut self, channel: Option<ChannelId>, setup: &Setup) -> Result<GameClient, EntryError> {
        self.enter_with_tickets(channel, setup, None).await
    }

    /// Travels to where the old map server said, or through the gateway if that fails.
    ///
    /// # Errors
    /// As [`Self::enter`]: [`EntryError::Gateway`] without a new ticket, [`EntryError::Enter`] when no ticket gets it
    /// in.
    pub async fn travel(
        &mut self,
        grant: &EntryGrant,
        setup: &Setup,
        carried: Possessions,
    ) -> Result<GameClient, EntryError> {
        match GameClient::enter(grant, setup, Some(carried.clone())).await {
            Ok(client) => Ok(client),
            Err(error) if error.is_worth_another_ticket() => {
                tracing::warn!(%error, map = grant.map_id, "entry with the granted ticket failed, requesting another one");
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
                    tracing::warn!(%error, tries, "entry failed, requesting another ticket");
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Gets a ticket from the gateway, over the open socket if it still works, and with a newer token if it wants one.
    async fn ticket(&mut self, channel: Option<ChannelId>) -> Result<EntryGrant, EntryError> {
        self.tickets += 1;
        if let Some(mut gateway) = self.gateway.take() {
            match gateway.enter_world(&self.character_id, channel).await {
                Ok(grant) => {
                    self.gateway = Some(gateway);
                    return Ok(grant);
                }
                Err(GatewayError::Closed { .. } | GatewayError::Unreachable(_)) => {}
                Err(error @ GatewayError::Refused { .. }) => {
                    self.gateway = Some(gateway);
                    return Err(error.into());
                }
                // A late answer must not be mistaken for the answer to another request, so the socket is dropped.
                Err(error) => return Err(error.into()),
            }
        }
        match self.ticket_anew(channel).await {
            Err(error) if error.wants_fresh_tokens() => {
                let Some(FreshToken(ask)) = &mut self.fresh_token else { return Err(error.into()) };
                let token = ask().await.map_err(EntryError::Token)?;
                self.set_access_token(&token);
                Ok(self.ticket_anew(channel).await?)
            }
            ticket => Ok(ticket?),
        }
    }

    /// Over a new socket, with the token that there is.
    async fn ticket_anew(&mut self, channel: Option<ChannelId>) -> Result<EntryGrant, GatewayError> {
        let mut gateway = Gateway::connect(&self.gateway_url, &self.access_token).await?;
        if let Some(OnWelcome(show)) = &mut self.on_welcome {
            show(gateway.welcome());
        }
        let grant = gateway.enter_world(&self.character_id, channel).await?;
        self.gateway = Some(gateway);
        Ok(grant)
    }
}

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
