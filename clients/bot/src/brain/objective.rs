//! Objectives: to a vendor to sell and buy, through a portal to another map.

use std::time::Duration;

use rand::RngExt;
use rand_pcg::Pcg64;
use realmgate_protocol::ids::EntityId;
use realmgate_protocol::movement::{Angle, Position, UNITS_PER_TILE};
use realmgate_protocol::realm::{ClientMessage, EntityKind, ServerMessage, VendorItem};

use super::bag::spare;
use super::later;
use super::requests::Requests;
use super::senses::{Me, Senses};

const VENDOR_SIGHT_TILES: i32 = 12;
/// Maximum number of deals in one visit.
const DEALS: u32 = 3;
const OBJECTIVE_WITHIN: Duration = Duration::from_secs(40);
/// How long a bot stands in a portal before it steps out and in again.
const PORTAL_PATIENCE: Duration = Duration::from_secs(3);

#[derive(Debug, Clone, PartialEq)]
struct Stock {
    vendor: EntityId,
    sells: Vec<VendorItem>,
    buys: Vec<VendorItem>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Objective {
    Vendor { until: Duration, deals: u32 },
    Portal { portal: Position, until: Duration, there_since: Option<Duration> },
}

/// The objective that a bot is on.
#[derive(Debug)]
pub struct Objectives {
    traveller: bool,
    objective: Option<Objective>,
    stock: Option<Stock>,
    next_vendor: Duration,
    next_portal: Duration,
}

impl Objectives {
    /// No objective yet. Schedules the first ones.
    pub fn new(traveller: bool, now: Duration, rng: &mut Pcg64) -> Self {
        let (next_vendor, next_portal) = (later(now, 5_000..40_000, rng), later(now, 2_000..8_000, rng));
        Self { traveller, objective: None, stock: None, next_vendor, next_portal }
    }

    /// The bot has entered a world: its objective is void, and it does not go straight back through the portal.
    pub fn arrive(&mut self, now: Duration, rng: &mut Pcg64) {
        self.objective = None;
        self.stock = None;
        self.next_portal = later(now, 3_000..12_000, rng);
    }

    /// Takes a vendor's stock.
    pub fn hear(&mut self, message: &ServerMessage) {
        if let ServerMessage::VendorStock { vendor, sells, buys, .. } = message {
            self.stock = Some(Stock { vendor: *vendor, sells: sells.clone(), buys: buys.clone() });
        }
    }

    /// Whether the bot is on its way to a portal, or should be. Then it stops for nothing.
    pub fn is_leaving(&self, senses: &Senses<'_>) -> bool {
        match self.objective {
            Some(objective) => matches!(objective, Objective::Portal { .. }),
            None => self.wants_portal(senses),
        }
    }

    fn wants_portal(&self, senses: &Senses<'_>) -> bool {
        self.traveller && senses.now >= self.next_portal && !senses.points_of_interest.portals.is_empty()
    }

    /// Where the objective leads. Deals with the vendor once there.
    pub fn step(
        &mut self,
        senses: &Senses<'_>,
        me: &Me<'_>,
        requests: &mut Requests,
        rng: &mut Pcg64,
        asks: &mut Vec<ClientMessage>,
    ) -> Option<Position> {
        if self.objective.is_none() {
            self.objective = self.choose(senses, me, rng);
        }
        match self.objective? {
            Objective::Vendor { until, .. } | Objective::Portal { until, .. } if senses.now > until => {
                self.objective = None;
                None
            }
            Objective::Vendor { until, deals } => self.visit(senses, me, requests, (until, deals), asks),
            Objective::Portal { portal, until, there_since } => {
                Some(self.enter(senses, me, portal, (until, there_since), rng))
            }
        }
    }

    fn choose(&mut self, senses: &Senses<'_>, me: &Me<'_>, rng: &mut Pcg64) -> Option<Objective> {
        let now = senses.now;
        if self.wants_portal(senses) {
            self.next_portal = later(now, 5_000..20_000, rng) + OBJECTIVE_WITHIN;
            let portal =
                senses.points_of_interest.portals[rng.random_range(0..senses.points_of_interest.portals.len())];
            return Some(Objective::Portal { portal, until: now + OBJECTIVE_WITHIN, there_since: None });
        }
        let is_worth_it = spare(senses.session).is_some() || senses.session.possessions.gold > 0;
        if now >= self.next_vendor && is_worth_it && vendor_place(senses, me).is_some() {
            self.next_vendor = later(now, 30_000..60_000, rng);
            return Some(Objective::Vendor { until: now + OBJECTIVE_WITHIN, deals: 0 });
        }
        None
    }

    fn visit(
        &mut self,
        senses: &Senses<'_>,
        me: &Me<'_>,
        requests: &mut Requests,
        (until, deals): (Duration, u32),
        asks: &mut Vec<ClientMessage>,
    ) -> Option<Position> {
        let now = senses.now;
        let near = senses.nearest(me.at, EntityKind::Vendor, 2, |_, _| true);
        let Some((vendor, place)) =
            near.filter(|(_, place)| me.is_near(*place, senses.reach(|rules| rules.vendor_range)))
        else {
            return vendor_place(senses, me);
        };
        if !requests.is_idle(now) {
            return Some(me.at);
        }
        let Some(stock) = self.stock.as_ref().filter(|stock| stock.vendor == vendor) else {
            requests.ask(ClientMessage::VendorList { vendor }, None, now, asks);
            return Some(place);
        };
        match deal(senses, stock).filter(|_| deals < DEALS) {
            Some(ask) => {
                requests.ask(ask, None, now, asks);
                self.objective = Some(Objective::Vendor { until, deals: deals + 1 });
            }
            None => {
                // Prices are requested again on the next visit.
                self.stock = None;
                self.objective = None;
            }
        }
        Some(me.at)
    }

    /// Goes into the portal, and out and back in if nothing happens there.
    fn enter(
        &mut self,
        senses: &Senses<'_>,
        me: &Me<'_>,
        portal: Position,
        (until, there_since): (Duration, Option<Duration>),
        rng: &mut Pcg64,
    ) -> Position {
        let now = senses.now;
        let is_there = me.is_near(portal, UNITS_PER_TILE / 2);
        let there_since = there_since.or(is_there.then_some(now));
        let waited = there_since.map_or(Duration::ZERO, |since| now - since);
        let (there_since, goal) = if waited > PORTAL_PATIENCE + Duration::from_secs(2) {
            (None, portal)
        } else if waited > PORTAL_PATIENCE {
            let (dx, dy) = Angle(rng.random()).scaled(3 * UNITS_PER_TILE);
            (there_since, portal.offset(dx, dy))
        } else {
            (there_since, portal)
        };
        self.objective = Some(Objective::Portal { portal, until, there_since });
        goal
    }
}

/// The position of the nearest vendor in view, otherwise of the nearest known one.
fn vendor_place(senses: &Senses<'_>, me: &Me<'_>) -> Option<Position> {
    let seen = senses.nearest(me.at, EntityKind::Vendor, VENDOR_SIGHT_TILES, |_, _| true).map(|(_, place)| place);
    seen.or_else(|| senses.points_of_interest.vendors.iter().min_by_key(|place| place.distance_squared(me.at)).copied())
}

/// Sells an item that the bot can spare, otherwise buys the cheapest item if that leaves half the gold.
fn deal(senses: &Senses<'_>, stock: &Stock) -> Option<ClientMessage> {
    let (session, vendor) = (senses.session, stock.vendor);
    if let Some(item) = spare(session)
        && stock.buys.iter().any(|wanted| wanted.definition == item.definition)
    {
        return Some(ClientMessage::VendorSell { vendor, item: item.item });
    }
    let cheapest = stock.sells.iter().min_by_key(|offer| offer.price)?;
    let is_affordable = cheapest.price.saturating_mul(2) <= session.possessions.gold;
    (is_affordable && !session.possessions.is_bag_full()).then(|| ClientMessage::VendorBuy {
        vendor,
        definition: cheapest.definition.clone(),
        price: cheapest.price,
    })
}
