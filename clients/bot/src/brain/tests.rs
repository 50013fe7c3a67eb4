//! What a bot does in given scenes.

use std::collections::BTreeMap;

use rand::SeedableRng;
use realmgate_protocol::ids::{EntityId, ItemId};
use realmgate_protocol::movement::{Angle, UNITS_PER_TILE};
use realmgate_protocol::realm::{Answers, EntityKind, ItemView, OfferView, Refusal, TradeEnd};
use realmgate_protocol::wire::Aim;

use super::stage::{Actor, Stage};
use super::*;

const HERE: Position = Position { x: 50_000, y: 50_000 };

fn brain(is_traveller: bool) -> Brain {
    let temper = Temper { is_traveller, is_reckless: false };
    Brain::new(Pcg64::seed_from_u64(3), temper, Duration::from_secs(100))
}

fn actor(id: u32, kind: EntityKind, tiles_east: i32) -> Actor {
    Actor { id: EntityId(id), kind, at: HERE.offset(tiles_east * UNITS_PER_TILE, 0), health: 100, name: "" }
}

/// Decides tick by tick until a decision passes the test. Panics if none does within a minute of its clock.
fn until<T>(brain: &mut Brain, stage: &mut Stage, mut test: impl FnMut(&Decision) -> Option<T>) -> T {
    for _ in 0..1_800 {
        stage.now += Duration::from_millis(33);
        if let Some(found) = test(&brain.decide(&stage.senses())) {
            return found;
        }
    }
    panic!("nothing of the kind is decided");
}

fn asks(decision: &Decision, name: &str) -> Option<ClientMessage> {
    decision.asks.iter().find(|ask| ask.name() == name).cloned()
}

#[test]
fn a_mob_far_away_is_walked_to_and_one_in_range_is_hit() {
    let (mut stage, mut brain) = (Stage::new(), brain(false));
    stage.show(HERE, 100, &[actor(9, EntityKind::Mob, 6)]);
    let decision = brain.decide(&stage.senses());
    assert_eq!((decision.intent.heading, decision.intent.action), (Some(Angle(0)), None));
    stage.show(HERE, 100, &[actor(9, EntityKind::Mob, 1)]);
    let decision = brain.decide(&stage.senses());
    let blow = Action::new(0, Aim::Entity(EntityId(9)));
    assert_eq!((decision.intent.heading, decision.intent.action), (None, Some(blow)));
    let again = brain.decide(&stage.senses());
    assert_eq!(again.intent, Intent::default(), "the slot is not tried again at once");
}

#[test]
fn players_are_never_attacked() {
    let (mut stage, mut brain) = (Stage::new(), brain(false));
    stage.show(HERE, 100, &[actor(9, EntityKind::Player, 1)]);
    for _ in 0..300 {
        stage.now += Duration::from_millis(33);
        assert_eq!(brain.decide(&stage.senses()).intent.action, None);
    }
}

#[test]
fn low_health_is_healed_and_potions_are_drunk() {
    let scenes = [(40, true, true), (54, true, true), (55, false, true), (59, false, true), (60, false, false)];
    for (health, heals, drinks) in scenes {
        let (mut stage, mut brain) = (Stage::new(), brain(false));
        stage.own(&[("potion", 0)], 0);
        stage.show(HERE, health, &[actor(9, EntityKind::Mob, 1)]);
        let decision = brain.decide(&stage.senses());
        let (heal, blow) = (Action::new(1, Aim::None), Action::new(0, Aim::Entity(EntityId(9))));
        assert_eq!(decision.intent.action, Some(if heals { heal } else { blow }), "at {health}");
        let potion = ClientMessage::UseItem { item: ItemId([1; 16]) };
        assert_eq!(asks(&decision, "UseItem"), drinks.then_some(potion), "at {health}");
    }
}

#[test]
fn the_reckless_do_not_heal() {
    let mut stage = Stage::new();
    let temper = Temper { is_traveller: false, is_reckless: true };
    let mut brain = Brain::new(Pcg64::seed_from_u64(3), temper, Duration::from_secs(100));
    stage.own(&[("potion", 0)], 0);
    stage.show(HERE, 10, &[actor(9, EntityKind::Mob, 1)]);
    let decision = brain.decide(&stage.senses());
    assert_eq!(decision.intent.action.map(|action| action.slot), Some(0), "it strikes");
    assert_eq!(asks(&decision, "UseItem"), None);
}

#[test]
fn a_traveller_on_its_way_stops_for_nothing() {
    let (mut stage, mut brain) = (Stage::new(), brain(true));
    stage.points_of_interest.portals = vec![HERE.offset(0, -20 * UNITS_PER_TILE)];
    stage.show(HERE, 100, &[]);
    stage.now += Duration::from_secs(10);
    brain.decide(&stage.senses());
    kill(&mut brain, &mut stage, 0);
    stage.show(HERE, 100, &[actor(9, EntityKind::Mob, 1), actor(5, EntityKind::GroundGold, 0)]);
    for _ in 0..20 {
        stage.now += Duration::from_millis(33);
        let decision = brain.decide(&stage.senses());
        assert_eq!((decision.intent.heading, decision.intent.action), (Some(Angle(192)), None));
        assert_eq!(asks(&decision, "PickUp"), None);
    }
}

#[test]
fn the_dead_ask_to_live_again_until_they_do() {
    let (mut stage, mut brain) = (Stage::new(), brain(false));
    stage.show(HERE, 0, &[actor(9, EntityKind::Mob, 1)]);
    for _ in 0..2 {
        let decision = until(&mut brain, &mut stage, |decision| asks(decision, "Respawn").map(|_| decision.intent));
        assert_eq!(decision, Intent::default(), "the dead do not fight");
    }
    stage.show(HERE, 100, &[]);
    for _ in 0..300 {
        stage.now += Duration::from_millis(33);
        assert_eq!(asks(&brain.decide(&stage.senses()), "Respawn"), None, "it lives again");
    }
}

/// The bot has killed something this many tiles to the east.
fn kill(brain: &mut Brain, stage: &mut Stage, tiles_east: i32) {
    stage.show(HERE, 100, &[Actor { health: 0, ..actor(20, EntityKind::Mob, tiles_east) }]);
    brain.hear(&ServerMessage::Kill { target: EntityId(20), mob: None }, &stage.senses());
}

#[test]
fn loot_is_walked_to_and_picked_up_once() {
    let (mut stage, mut brain) = (Stage::new(), brain(false));
    stage.show(HERE, 100, &[actor(9, EntityKind::GroundItem, 3)]);
    assert_eq!(asks(&brain.decide(&stage.senses()), "PickUp"), None, "it is nobody's that the bot knows of");
    kill(&mut brain, &mut stage, 3);
    stage.show(HERE, 100, &[actor(9, EntityKind::GroundItem, 3)]);
    assert_eq!(brain.decide(&stage.senses()).intent.heading, Some(Angle(0)));
    stage.show(HERE.offset(3 * UNITS_PER_TILE, 0), 100, &[actor(9, EntityKind::GroundItem, 3)]);
    stage.now += Duration::from_millis(33);
    let decision = brain.decide(&stage.senses());
    assert_eq!(asks(&decision, "PickUp"), Some(ClientMessage::PickUp { entity: EntityId(9) }));
    assert_eq!(asks(&brain.decide(&stage.senses()), "PickUp"), None);
    let item = ItemView { item: ItemId([7; 16]), definition: "pelt".to_owned(), slot: 0 };
    let placed = ServerMessage::ItemPlaced { item };
    stage.tell(&placed);
    assert!(brain.hear(&placed, &stage.senses()), "that was loot");
    assert!(!brain.hear(&placed, &stage.senses()));
    stage.now += Duration::from_millis(33);
    assert_eq!(asks(&brain.decide(&stage.senses()), "PickUp"), None, "it is in view for a moment longer");
}

#[test]
fn loot_of_others_is_left_alone() {
    let (mut stage, mut brain) = (Stage::new(), brain(false));
    kill(&mut brain, &mut stage, 0);
    stage.show(HERE, 100, &[actor(9, EntityKind::GroundGold, 0)]);
    assert!(asks(&brain.decide(&stage.senses()), "PickUp").is_some());
    let refused = ServerMessage::Refused {
        request: "PickUp".to_owned(),
        answers: Answers::Message { id: 0 },
        reason: Refusal::NotYours,
    };
    assert!(!brain.hear(&refused, &stage.senses()));
    for _ in 0..300 {
        stage.now += Duration::from_millis(33);
        assert_eq!(asks(&brain.decide(&stage.senses()), "PickUp"), None);
    }
}

#[test]
fn an_empty_place_is_filled_and_a_taken_one_is_not() {
    let (mut stage, mut brain) = (Stage::new(), brain(false));
    stage.show(HERE, 100, &[]);
    stage.own(&[("hat", 0)], 0);
    let ask = asks(&brain.decide(&stage.senses()), "Equip");
    assert_eq!(ask, Some(ClientMessage::Equip { item: ItemId([1; 16]) }));
    let mut other = self::brain(false);
    stage.own(&[("hat", 101), ("hat", 0)], 0);
    assert_eq!(asks(&other.decide(&stage.senses()), "Equip"), None);
    let mut third = self::brain(false);
    stage.own(&[("hat", 0), ("pelt", 100)], 0);
    assert_eq!(asks(&third.decide(&stage.senses()), "Equip"), ask, "what is worn elsewhere takes no place");
}

#[test]
fn a_traveller_walks_to_a_portal_and_others_do_not_mind_it() {
    for traveller in [true, false] {
        let (mut stage, mut brain) = (Stage::new(), brain(traveller));
        stage.points_of_interest.portals = vec![HERE.offset(0, -20 * UNITS_PER_TILE)];
        stage.show(HERE, 100, &[actor(9, EntityKind::Mob, 8)]);
        stage.now += Duration::from_secs(10);
        let heading = brain.decide(&stage.senses()).intent.heading;
        assert_eq!(heading, Some(Angle(if traveller { 192 } else { 0 })));
    }
}

#[test]
fn something_is_said_to_all_and_to_another_bot() {
    let (mut stage, mut brain) = (Stage::new(), brain(false));
    stage.roster.add("Me");
    stage.roster.add("Other");
    stage.show(HERE, 100, &[]);
    let said = until(&mut brain, &mut stage, |decision| asks(decision, "Chat"));
    assert!(matches!(&said, ClientMessage::Chat { text } if !text.is_empty()), "{said:?}");
    for _ in 0..10 {
        let whisper = until(&mut brain, &mut stage, |decision| asks(decision, "Whisper"));
        assert!(
            matches!(&whisper, ClientMessage::Whisper { to, text } if to == "Other" && !text.is_empty()),
            "{whisper:?}"
        );
    }
}

#[test]
fn only_bots_are_traded_with() {
    let (mut stage, mut brain) = (Stage::new(), brain(false));
    stage.roster.add("Other");
    stage.show(HERE, 100, &[]);
    for (name, accept) in [("Stranger", false), ("Other", true)] {
        let request = ServerMessage::TradeRequested { from: EntityId(4), name: name.to_owned() };
        brain.hear(&request, &stage.senses());
        let answer = asks(&brain.decide(&stage.senses()), "TradeAnswer");
        assert_eq!(answer, Some(ClientMessage::TradeAnswer { accept }), "{name}");
    }
    stage.own(&[], 30);
    let stranger = Actor { name: "Stranger", ..actor(4, EntityKind::Player, 1) };
    stage.show(HERE, 100, std::slice::from_ref(&stranger));
    for _ in 0..1_800 {
        stage.now += Duration::from_millis(33);
        assert_eq!(asks(&brain.decide(&stage.senses()), "TradeRequest"), None, "of a stranger");
    }
    stage.show(HERE, 100, &[stranger, Actor { name: "Other", ..actor(2, EntityKind::Player, 1) }]);
    let request = until(&mut brain, &mut stage, |decision| asks(decision, "TradeRequest"));
    assert_eq!(request, ClientMessage::TradeRequest { with: EntityId(2) });
}

/// The server's side of a trade between two stages.
#[derive(Default)]
struct TradeServer {
    revision: u32,
    gold: [u64; 2],
    confirmed: [bool; 2],
}

impl TradeServer {
    fn state(&self, side: usize) -> ServerMessage {
        let offer =
            |side: usize| OfferView { items: Vec::new(), gold: self.gold[side], confirmed: self.confirmed[side] };
        let (revision, mine, theirs) = (self.revision, offer(side), offer(1 - side));
        ServerMessage::TradeState { with: EntityId(2), revision, mine, theirs }
    }

    /// The messages to both sides after a request from `side`; none for requests that are not about trading.
    fn take(&mut self, side: usize, ask: &ClientMessage) -> Option<[ServerMessage; 2]> {
        match ask {
            ClientMessage::TradeAnswer { accept: true } => {}
            ClientMessage::TradeOffer { gold, .. } => {
                self.revision += 1;
                self.gold[side] = *gold;
                self.confirmed = [false; 2];
            }
            ClientMessage::TradeConfirm { revision } if *revision == self.revision => self.confirmed[side] = true,
            _ => return None,
        }
        if self.confirmed == [true; 2] {
            return Some([
                ServerMessage::TradeEnded { end: TradeEnd::Done },
                ServerMessage::TradeEnded { end: TradeEnd::Done },
            ]);
        }
        Some([self.state(0), self.state(1)])
    }
}

#[test]
fn two_bots_that_meet_trade_to_the_end() {
    let mut stages = [Stage::new(), Stage::new()];
    let temper = Temper { is_traveller: false, is_reckless: true };
    let mut brains = [brain(false), Brain::new(Pcg64::seed_from_u64(8), temper, Duration::from_secs(100))];
    for stage in &mut stages {
        stage.roster.add("Other");
        stage.own(&[], 30);
        stage.show(HERE, 100, &[Actor { name: "Other", ..actor(2, EntityKind::Player, 1) }]);
    }
    let mut server = TradeServer::default();
    for _ in 0..1_800 {
        for side in 0..2 {
            stages[side].now += Duration::from_millis(33);
            for ask in brains[side].decide(&stages[side].senses()).asks {
                let told = if matches!(ask, ClientMessage::TradeRequest { .. }) {
                    let request = ServerMessage::TradeRequested { from: EntityId(2), name: "Other".to_owned() };
                    vec![(1 - side, request)]
                } else {
                    server.take(side, &ask).into_iter().flatten().enumerate().collect()
                };
                for (to, message) in told {
                    stages[to].tell(&message);
                    brains[to].hear(&message, &stages[to].senses());
                    if matches!(message, ServerMessage::TradeEnded { .. }) {
                        assert!(server.gold.iter().sum::<u64>() > 0, "an empty trade is no trade");
                        return;
                    }
                }
            }
        }
    }
    panic!("the trade never ended");
}

#[test]
fn a_world_that_does_not_answer_is_borne() {
    let (mut stage, mut brain) = (Stage::new(), brain(true));
    stage.roster.add("Other");
    stage.own(&[("hat", 0), ("pelt", 1)], 9);
    stage.points_of_interest.vendors = vec![HERE.offset(UNITS_PER_TILE, 0)];
    let others = [
        actor(4, EntityKind::Vendor, 1),
        actor(5, EntityKind::GroundItem, 0),
        actor(6, EntityKind::Mob, 2),
        Actor { name: "Other", ..actor(2, EntityKind::Player, 1) },
    ];
    stage.show(HERE, 100, &others);
    let mut asked: BTreeMap<&str, u32> = BTreeMap::new();
    for _ in 0..3_000 {
        stage.now += Duration::from_millis(33);
        brain.decide(&stage.senses()).asks.iter().for_each(|ask| *asked.entry(ask.name()).or_default() += 1);
    }
    // A request about what it owns is forgotten after 20 seconds, one to trade after 6.
    for (name, how_often) in [("Equip", 4..=5), ("TradeRequest", 3..=8), ("Chat", 4..=17), ("Whisper", 3..=10)] {
        assert!(how_often.contains(asked.get(name).unwrap_or(&0)), "{name} in {asked:?} of 99 seconds");
    }
    assert!(asked.values().sum::<u32>() < 100, "{asked:?}");
}
