//! A character that is to enter the world: how it gets tickets, and how many are tried.

use anyhow::Result;
use realmgate_client::gateway::Gateway;
use realmgate_protocol::entry::EntryGrant;

use crate::account::{Account, Character};
use crate::map_server::MapServer;

/// Tickets that are tried at most, as the libraries do for players: on a bad line all packets of one may be lost.
pub const MOST_TICKETS: usize = 5;

/// A new account's first character, before the gateway.
pub struct Newcomer {
    gateway: Gateway,
    character: Character,
}

impl Newcomer {
    /// Makes the account and the character.
    ///
    /// # Errors
    /// When the gateway does not let it in.
    pub async fn new(server: &MapServer) -> Result<Self> {
        let api = server.api();
        let account = Account::register(&api).await;
        let character = account.new_character(&api).await;
        let url = format!("ws://{}", server.gateway());
        Ok(Self { gateway: Gateway::connect(&url, &account.access_token).await?, character })
    }

    /// A ticket, which takes the place of the one before.
    ///
    /// # Errors
    /// When the gateway refuses it.
    pub async fn ticket(&mut self) -> Result<EntryGrant> {
        Ok(self.gateway.enter_world(&self.character.id, None).await?)
    }
}
