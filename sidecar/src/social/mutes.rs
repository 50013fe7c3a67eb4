//! Tells map servers who may not chat: when a character arrives, and when an administrator changes it.

use realmgate_platform::error::Error;
use realmgate_protocol::ids::{AccountId, CharacterId};
use realmgate_protocol::link::SocialEvent;

use super::PartyService;
use super::parties::Delivery;

impl PartyService {
    /// A character that arrives may chat as far as its map server knows.
    pub(super) async fn mute_of_newcomer(&self, character: CharacterId) -> Result<(), Error> {
        match self.muted_for_s(character).await? {
            0 => Ok(()),
            for_s => self.deliver(vec![Delivery { to: character, event: SocialEvent::Muted { for_s } }]).await,
        }
    }

    pub(super) async fn mute_changed(&self, account: AccountId) -> Result<(), Error> {
        for held in self.locks.held_by_account(account).await? {
            let for_s = self.muted_for_s(held.character).await?;
            self.deliver(vec![Delivery { to: held.character, event: SocialEvent::Muted { for_s } }]).await?;
        }
        Ok(())
    }

    /// For how many seconds from now a character may not chat, rounded up.
    async fn muted_for_s(&self, character: CharacterId) -> Result<u32, Error> {
        let until_ms = self.characters.muted_until_ms(character).await?.unwrap_or(0);
        let left_ms = until_ms.saturating_sub(self.time.now_ms());
        Ok(u32::try_from(left_ms.div_ceil(1_000)).unwrap_or(u32::MAX))
    }
}
