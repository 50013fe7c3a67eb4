//! Trading with other bots; both sides follow the same script.

use std::time::Duration;

use rand::RngExt;
use rand_pcg::Pcg64;
use realmgate_protocol::ids::ItemId;
use realmgate_protocol::movement::Position;
use realmgate_protocol::realm::{ClientMessage, EntityKind, ServerMessage};

use super::bag::spare;
use super::later;
use super::senses::{Me, Senses};

const SIGHT_TILES: i32 = 15;
const ANSWER_WITHIN: Duration = Duration::from_secs(6);
const DEAL_WITHIN: Duration = Duration::from_secs(20);
/// How long both offers must be unchanged before a bot confirms. The other may still be changing its offer.
const SETTLED_AFTER: Duration = Duration::from_millis(700);

/// What the trade wants the body to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stance {
    /// The body is free.
    Free,
    /// The body must stand.
    Stand,
    /// The body should walk to a partner at this position.
    Seek(Position),
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Stage {
    Idle,
    Asked { since: Duration },
    Open { since: Duration, offered: bool, revision: u32, revision_since: Duration, agreed: Option<u32> },
}

/// The trade that a bot is in, or when it wants the next one.
#[derive(Debug)]
pub struct Trading {
    stage: Stage,
    next: Duration,
    answer: Option<bool>,
    cancel: bool,
}

impl Trading {
    /// No trade yet. Schedules the first one.
    pub fn new(now: Duration, rng: &mut Pcg64) -> Self {
        Self { stage: Stage::Idle, next: later(now, 4_000..12_000, rng), answer: None, cancel: false }
    }

    /// The bot has entered a world, where it has no trade yet.
    pub fn arrive(&mut self, now: Duration, rng: &mut Pcg64) {
        *self = Self::new(now, rng);
    }

    /// Ends the trade, if there is one.
    pub fn cancel(&mut self) {
        if self.stage != Stage::Idle {
            self.cancel = true;
        }
    }

    /// Takes the server's messages about trades.
    pub fn hear(&mut self, message: &ServerMessage, senses: &Senses<'_>, rng: &mut Pcg64) {
        let now = senses.now;
        match message {
            ServerMessage::TradeRequested { name, .. } => {
                let is_busy = matches!(self.stage, Stage::Open { .. });
                self.answer = Some(!is_busy && senses.roster.contains(name));
            }
            ServerMessage::TradeState { revision, .. } => match &mut self.stage {
                Stage::Open { revision: known, revision_since, .. } if known != revision => {
                    (*known, *revision_since) = (*revision, now);
                }
                Stage::Open { .. } => {}
                Stage::Idle | Stage::Asked { .. } => {
                    let revision = *revision;
                    self.stage =
                        Stage::Open { since: now, offered: false, revision, revision_since: now, agreed: None };
                }
            },
            ServerMessage::TradeEnded { .. } => self.rest(now, rng),
            ServerMessage::Refused { request, .. } => match (&mut self.stage, request.as_str()) {
                (Stage::Asked { .. }, "TradeRequest") => self.rest(now, rng),
                // The offers had changed, or the store was busy: confirm again once they have settled.
                (Stage::Open { agreed, revision_since, .. }, "TradeConfirm") => {
                    (*agreed, *revision_since) = (None, now)
                }
                (Stage::Open { .. }, "TradeOffer") => self.cancel = true,
                // Two bots that ask each other both accept. The second answer finds the trade already open.
                _ => {}
            },
            _ => {}
        }
    }

    fn rest(&mut self, now: Duration, rng: &mut Pcg64) {
        self.stage = Stage::Idle;
        self.cancel = false;
        self.next = later(now, 8_000..20_000, rng);
    }

    /// Makes the next move of the script.
    pub fn step(&mut self, senses: &Senses<'_>, me: &Me<'_>, rng: &mut Pcg64, asks: &mut Vec<ClientMessage>) -> Stance {
        if let Some(accept) = self.answer.take() {
            asks.push(ClientMessage::TradeAnswer { accept });
        }
        if std::mem::take(&mut self.cancel) {
            asks.push(ClientMessage::TradeCancel);
            self.rest(senses.now, rng);
        }
        match self.stage {
            Stage::Idle => self.seek(senses, me, asks),
            Stage::Asked { since } if senses.now - since > ANSWER_WITHIN => {
                self.cancel = true;
                Stance::Free
            }
            Stage::Asked { .. } => Stance::Stand,
            Stage::Open { since, .. } if senses.now - since > DEAL_WITHIN => {
                self.cancel = true;
                Stance::Free
            }
            Stage::Open { .. } => {
                self.deal(senses, rng, asks);
                Stance::Stand
            }
        }
    }

    /// Looks for a partner among the bots in view, if there is anything to give.
    fn seek(&mut self, senses: &Senses<'_>, me: &Me<'_>, asks: &mut Vec<ClientMessage>) -> Stance {
        let possessions = &senses.session.possessions;
        let has_goods = possessions.gold > 0 || possessions.bag().next().is_some();
        if senses.now < self.next || !has_goods || me.in_combat() {
            return Stance::Free;
        }
        let is_partner = |id, name: &str| id != me.id && name != senses.name && senses.roster.contains(name);
        let partner = senses.nearest(me.at, EntityKind::Player, SIGHT_TILES, |id, other| {
            !other.is_dead() && is_partner(id, other.name())
        });
        match partner {
            Some((with, place)) if me.is_near(place, senses.reach(|rules| rules.trade_range)) => {
                asks.push(ClientMessage::TradeRequest { with });
                self.stage = Stage::Asked { since: senses.now };
                Stance::Stand
            }
            Some((_, place)) => Stance::Seek(place),
            None => Stance::Free,
        }
    }

    fn deal(&mut self, senses: &Senses<'_>, rng: &mut Pcg64, asks: &mut Vec<ClientMessage>) {
        let Stage::Open { offered, revision, revision_since, agreed, .. } = &mut self.stage else { return };
        if !*offered {
            *offered = true;
            let (items, gold) = offer(senses, rng);
            asks.push(ClientMessage::TradeOffer { items, gold });
            return;
        }
        let Some(trade) = &senses.session.trade else { return };
        let is_empty = [&trade.mine, &trade.theirs].iter().all(|offer| offer.items.is_empty() && offer.gold == 0);
        let is_settled = senses.now - *revision_since > SETTLED_AFTER;
        if is_settled && !is_empty && !trade.mine.confirmed && *agreed != Some(*revision) {
            *agreed = Some(*revision);
            asks.push(ClientMessage::TradeConfirm { revision: *revision });
        }
    }
}

/// An item that can be spared, or some gold, or nothing.
fn offer(senses: &Senses<'_>, rng: &mut Pcg64) -> (Vec<ItemId>, u64) {
    let gold = senses.session.possessions.gold;
    match spare(senses.session) {
        Some(item) if gold == 0 || rng.random_bool(0.5) => (vec![item.item], 0),
        _ if gold > 0 => (Vec::new(), rng.random_range(1..=gold.min(10))),
        _ => (senses.session.possessions.bag().next().map(|item| item.item).into_iter().collect(), 0),
    }
}
