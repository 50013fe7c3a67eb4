//! What the network's thread tells is brought to the nodes, as signals.

use godot::prelude::*;
use realmgate_protocol::link::LeaveReason;
use realmgate_protocol::realm::{ChannelInfo, CombatKind, ServerMessage};

use super::{RealmClient, value};
use crate::bag::RealmBag;
use crate::call::RealmCall;
use crate::chat::RealmChat;
use crate::error::RealmError;
use crate::net::{Failure, News, Outcome, World, capitals};
use crate::party::RealmParty;
use crate::trade::RealmTrade;
use crate::vendor::RealmVendor;

impl RealmClient {
    /// Brings what has come since the last frame.
    pub(super) fn take_news(&mut self) {
        for (number, failure) in std::mem::take(&mut self.unsent) {
            self.answer(number, Err(failure));
        }
        for failure in self.unsent() {
            self.refuse(&failure);
        }
        let news: Vec<News> = self.network.as_ref().map(|network| network.news().collect()).unwrap_or_default();
        for news in news {
            self.take(news);
        }
    }

    fn take(&mut self, news: News) {
        match news {
            News::Answered(number, answer) => self.answer(number, answer),
            News::Welcomed(message) => godot_print!("Welcome message: {message}"),
            News::Entered(world) => self.enter(world),
            News::Lost(reason) => self.signals().connection_lost().emit(&GString::from(reason.as_str())),
            News::Travels => self.signals().travelling().emit(),
            News::Left(reason, failure) => self.leave(reason, failure.as_ref()),
            News::Refused(failure) => self.refuse(&failure),
            News::Told(message) => self.hear(&message),
            News::Places(places) => self.places = places,
            News::Possessions(possessions) => {
                let (bag, content) = (self.bag.clone(), self.content().cloned());
                self.beside(|| RealmBag::take(&bag, &possessions, content.as_ref()));
            }
            News::Party(now) => {
                let party = self.party.clone();
                self.beside(|| RealmParty::take(&party, &now));
            }
            News::Trade(trade) => {
                let (part, content) = (self.trade.clone(), self.content().cloned());
                self.beside(|| RealmTrade::take(&part, trade.as_ref(), content.as_deref()));
            }
        }
    }

    fn answer(&mut self, number: u64, answer: Result<Outcome, Failure>) {
        let Some(call) = self.calls.remove(&number) else { return };
        match &answer {
            Ok(Outcome::LoggedIn { user }) => {
                let user = GString::from(user.as_str());
                self.user_id = user.clone();
                self.signals().logged_in().emit(&user);
            }
            Ok(Outcome::LeftWorld) => self.leave(Some(LeaveReason::Logout), None),
            Ok(_) => {}
            Err(failure) => self.signals().call_failed().emit(&RealmError::of(failure)),
        }
        let answer = answer.map(value).map_err(|failure| RealmError::of(&failure));
        self.beside(|| RealmCall::finish(&call, answer));
    }

    /// Does something whose signals may lead back to this node: who hears of one thing may ask for the next at once.
    pub(super) fn beside(&mut self, deed: impl FnOnce()) {
        let _free = self.base_mut();
        deed();
    }

    fn enter(&mut self, world: Box<World>) {
        self.world = Some(world);
        self.worlds += 1;
        // What was shown last is of another world.
        self.picture = Default::default();
        self.signals().entered().emit();
    }

    fn leave(&mut self, reason: Option<LeaveReason>, failure: Option<&Failure>) {
        if self.world.take().is_none() && failure.is_none() {
            return;
        }
        self.picture = Default::default();
        self.intent = Default::default();
        let reason = reason
            .map_or_else(StringName::default, |reason| StringName::from(capitals(&format!("{reason:?}")).as_str()));
        self.signals().left().emit(&reason, failure.map(RealmError::of).as_ref());
    }

    fn hear(&mut self, message: &ServerMessage) {
        match message {
            ServerMessage::Refused { request, reason, answers, .. } => {
                self.refuse(&Failure::refusal(*reason, request, *answers));
            }
            ServerMessage::Combat { kind, source, target, ability, amount } => {
                let ability = ability.map_or(-1, i64::from);
                let kind = StringName::from(combat(*kind));
                self.signals().combat().emit(
                    &kind,
                    i64::from(source.0),
                    i64::from(target.0),
                    ability,
                    i64::from(*amount),
                );
            }
            ServerMessage::Kill { target, .. } => self.signals().killed().emit(i64::from(target.0)),
            ServerMessage::Died { by } => self.signals().died().emit(by.map_or(0, |by| by.0.into())),
            ServerMessage::Respawned => self.signals().respawned().emit(),
            ServerMessage::LevelUp { level } => self.signals().level_reached().emit(i64::from(*level)),
            ServerMessage::LeavingIn { ms, at_most_ms } => {
                self.signals().leaving_in().emit(seconds(*ms), seconds(*at_most_ms));
            }
            ServerMessage::Channels { channels } => {
                let channels: Array<VarDictionary> = channels.iter().map(channel).collect();
                self.signals().channels_listed().emit(&channels);
            }
            other => {
                let (chat, party) = (self.chat.clone(), self.party.clone());
                let (trade, vendor) = (self.trade.clone(), self.vendor.clone());
                self.beside(|| {
                    RealmChat::hear(&chat, other);
                    RealmParty::hear(&party, other);
                    RealmTrade::hear(&trade, other);
                    RealmVendor::hear(&vendor, other);
                });
            }
        }
    }
}

fn seconds(ms: u32) -> f64 {
    f64::from(ms) / 1_000.0
}

fn combat(kind: CombatKind) -> &'static str {
    match kind {
        CombatKind::Damage => "damage",
        CombatKind::Tick => "tick",
        CombatKind::Heal => "heal",
        CombatKind::Buff => "buff",
        CombatKind::Root => "root",
        CombatKind::Knockback => "knockback",
    }
}

fn channel(channel: &ChannelInfo) -> VarDictionary {
    let mut entry = VarDictionary::new();
    entry.set("channel", i64::from(channel.channel.0));
    entry.set("players", i64::from(channel.players));
    entry.set("capacity", i64::from(channel.capacity));
    entry
}
