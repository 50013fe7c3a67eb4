//! Where characters and their users are. The locks and the sockets say so, whatever was lost and whichever sidecar has just started.

use std::collections::BTreeSet;

use realmgate_platform::error::Error;
use realmgate_protocol::ids::{AccountId, CharacterId, ServerId};
use realmgate_protocol::link::SocialEvent;
use serde_json::Value;

use super::PartyService;
use super::parties::{MemberStatus, Parties};
use super::users::Speaker;
use crate::lock::CharacterOwner;

impl PartyService {
    /// Those members who are neither in a world nor on their way to one, and whose users are at no realtime socket.
    pub(super) async fn out_of_reach(&self, members: &[MemberStatus]) -> Result<BTreeSet<CharacterId>, Error> {
        let ids: Vec<CharacterId> = members.iter().map(|member| member.id).collect();
        let found = self.locks.find_all(&ids).await?;
        let (held, free): (Vec<_>, Vec<_>) =
            found.into_iter().partition(|found| found.lock.owner != CharacterOwner::None);
        let on_sockets = self.audience.on_sockets(&free.iter().map(|found| found.account).collect()).await?;
        let free = free.into_iter().filter(|found| on_sockets.contains(&found.account));
        let reached: BTreeSet<CharacterId> = held.into_iter().chain(free).map(|found| found.character).collect();
        Ok(ids.into_iter().filter(|id| !reached.contains(id)).collect())
    }

    /// The speaker of a command; `None` for a character that the map server does not hold: it may not speak for others.
    pub(super) async fn speaker(&self, server: &ServerId, character: CharacterId) -> Result<Option<Speaker>, Error> {
        let found = self.locks.find(character).await?;
        let here = found.filter(|found| found.lock.owner.map_server() == Some(server));
        Ok(here.map(Speaker::of))
    }

    /// The user of an account has come to a realtime socket, or left the last one here: its characters' parties learn of it.
    pub(super) async fn reached(&self, account: AccountId) -> Result<(), Error> {
        let members = self.members().await?;
        if members.is_empty() {
            return Ok(());
        }
        let own: BTreeSet<CharacterId> =
            self.characters.by_use(account).await?.into_iter().map(|character| character.id).collect();
        let own: Vec<MemberStatus> = members.into_iter().filter(|member| own.contains(&member.id)).collect();
        if own.is_empty() {
            return Ok(());
        }
        let (out, now_ms) = (self.out_of_reach(&own).await?, self.time.now_ms());
        let correct = &mut |parties: &mut Parties| {
            let wrong = own.iter().filter(|member| member.is_away != out.contains(&member.id));
            Ok(wrong.flat_map(|member| parties.set_reached(member.id, !out.contains(&member.id), now_ms)).collect())
        };
        let outcome = self.parties.change(correct).await?;
        self.deliver(outcome.unwrap_or_default()).await
    }

    /// The party that a character of the account is in, as `party_updated` shows it; `None` if it is in none.
    ///
    /// # Errors
    /// When the database or the parties cannot be asked.
    pub(crate) async fn party_of(&self, account: AccountId) -> Result<Option<Value>, Error> {
        // Most users are in no party, and on most servers there is none.
        if self.members().await?.is_empty() {
            return Ok(None);
        }
        let mut own = self.characters.by_use(account).await?;
        own.sort_by_key(|character| !character.is_in_world());
        let ids: Vec<CharacterId> = own.iter().map(|character| character.id).collect();
        let mut state = None;
        let look = &mut |parties: &mut Parties| {
            state = ids.iter().find_map(|id| parties.state_of(*id));
            Ok(Vec::new())
        };
        // Reading changes nothing, so there are no events.
        let _ = self.parties.change(look).await?;
        match state {
            Some(SocialEvent::PartyState { party, members }) => Ok(Some(self.party_updated(party, &members).await?)),
            _ => Ok(None),
        }
    }

    /// All members of all parties.
    pub(super) async fn members(&self) -> Result<Vec<MemberStatus>, Error> {
        let mut members = Vec::new();
        let look = &mut |parties: &mut Parties| {
            members = parties.members();
            Ok(Vec::new())
        };
        let _ = self.parties.change(look).await?;
        Ok(members)
    }
}
