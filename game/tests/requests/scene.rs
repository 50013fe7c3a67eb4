//! A channel with a small map, players who send and receive messages, and a store that answers when told to.

use std::collections::BTreeMap;
use std::sync::Arc;

use bevy_app::App;
use bevy_ecs::prelude::*;
use realmgate_engine::body::{At, Body};
use realmgate_engine::channel::{BuildWorld, Channel, ChannelKey, ChannelSettings, ToChannel};
use realmgate_engine::clock::TickClock;
use realmgate_engine::map::{Map, Rect};
use realmgate_engine::outbox::OutMessage;
use realmgate_engine::persist::PersistPort;
use realmgate_engine::player::{CaptureSoftState, PlayerJoined, Players};
use realmgate_engine::replication::{NetEntity, Replicated};
use realmgate_engine::schedule::{TickSchedule, TickSet};
use realmgate_engine::transport::SessionId;
use realmgate_game::chat::ChatPlugin;
use realmgate_game::combat::InCombat;
use realmgate_game::data::Data;
use realmgate_game::death::{DeathSystems, Died, VictimKind};
use realmgate_game::equipment::EquipmentPlugin;
use realmgate_game::ignore::{IgnorePlugin, Ignored};
use realmgate_game::inventory::{Inventory, InventoryPlugin};
use realmgate_game::loot::{Goods, LootPlugin, OnGround};
use realmgate_game::maps::sketch;
use realmgate_game::outage::OutagePlugin;
use realmgate_game::party::PartyPlugin;
use realmgate_game::requests::{RequestSet, RequestsPlugin};
use realmgate_game::session::SessionPlugin;
use realmgate_game::social::SocialPlugin;
use realmgate_game::spawn::CharacterReady;
use realmgate_game::stats::Character;
use realmgate_game::trade::TradePlugin;
use realmgate_game::travel::{Portal, TravelPlugin};
use realmgate_game::vendor::{Shop, VendorPlugin, VendorSpot};
use realmgate_protocol::codec::{decode_reliable, decode_split, encode_reliable};
use realmgate_protocol::ids::{AccountId, ChannelId, CharacterId, EntityId, EventKey, ItemId, LockEpoch, MapId, Tick};
use realmgate_protocol::link::{
    CharacterLoad, EventOutcome, EventRefusal, FromMap, ItemRecord, OwnedEvent, SocialEvent, SoftState,
};
use realmgate_protocol::movement::Position;
use realmgate_protocol::realm::{Answers, ClientMessage, Health, Refusal, Resource, ServerMessage, protocol_hash};
use realmgate_protocol::wire::parts::Reassembly;

use crate::content;
use crate::store::Store;

/// A smith at (1, 1), a wall, a portal at (12, 1) that leads to (1, 3), and one at (12, 3) that leads to another map.
const ROWS: [&str; 5] = ["..............", "..............", "......#.......", ".S....#.......", "......#......."];

pub const SMITH_AT: Position = Position::tile_centre(1, 1);

/// The test fixture of this crate.
pub struct Scene {
    pub channel: Channel,
    pub store: Store,
    /// Events that the store has not answered.
    pub waiting: Vec<OwnedEvent>,
    pub link: Vec<FromMap>,
    pub disconnected: Vec<SessionId>,
    pub violations: usize,
    /// Number of messages caused by other players, which may be dropped for clients that do not keep up.
    pub of_others: usize,
    heard: BTreeMap<SessionId, Vec<ServerMessage>>,
    /// The names of the messages that each player has sent; empty for bytes that are none.
    sent: BTreeMap<u8, Vec<&'static str>>,
    parts: BTreeMap<SessionId, Reassembly>,
}

/// Items and gold a player enters with.
#[derive(Default)]
pub struct Kit {
    pub items: Vec<(&'static str, u16)>,
    pub gold: u64,
}

pub fn kit(items: &[(&'static str, u16)], gold: u64) -> Kit {
    Kit { items: items.to_vec(), gold }
}

pub fn character(player: u8) -> CharacterId {
    CharacterId([player; 16])
}

/// Id of a player's n-th item.
pub const fn item(player: u8, n: u8) -> ItemId {
    let mut bytes = [player; 16];
    bytes[15] = 100 + n;
    ItemId(bytes)
}

pub fn map() -> Map {
    let mut map = sketch(MapId(1), &ROWS).expect("a small map");
    map.add(VendorSpot { name: "smith".to_owned(), vendor: "smith".to_owned(), position: SMITH_AT });
    let portal = |name: &str, at, to_map, to_spawn: &str| Portal {
        name: name.to_owned(),
        rect: Rect::of_tiles(at, (1, 1)),
        to_map: MapId(to_map),
        to_spawn: to_spawn.to_owned(),
    };
    map.add(portal("home", (12, 1), 1, "start"));
    map.add(portal("away", (12, 3), 2, "start"));
    map
}

pub fn settings() -> ChannelSettings {
    let key = ChannelKey { map: MapId(1), channel: ChannelId(1) };
    ChannelSettings { key, map: Arc::new(map()), tick_hz: 30, seed: [7; 32], threads: Default::default() }
}

/// The features under test. In place of the rest of the game, there are only characters with a body.
pub fn world(extra: impl Fn(&mut App) + Send + Sync + 'static) -> BuildWorld {
    let data = Data(Arc::new(content::data()));
    Arc::new(move |app| {
        app.insert_resource(data.clone())
            .insert_resource(CaptureSoftState(capture))
            .add_message::<Died>()
            .add_message::<CharacterReady>()
            .add_plugins((RequestsPlugin, SessionPlugin, InventoryPlugin, LootPlugin, EquipmentPlugin, VendorPlugin))
            .add_plugins((TradePlugin, PartyPlugin, ChatPlugin, SocialPlugin, TravelPlugin, OutagePlugin, IgnorePlugin))
            .configure_sets(TickSchedule, DeathSystems.in_set(TickSet::Lifecycle))
            .add_systems(TickSchedule, embody.in_set(TickSet::Intent).before(RequestSet::Settle));
        extra(app);
    })
}

fn embody(
    mut commands: Commands,
    mut joined: MessageReader<PlayerJoined>,
    data: Res<Data>,
    mut ready: MessageWriter<CharacterReady>,
) {
    for PlayerJoined { player, load } in joined.read() {
        let class = data.classes.find(&load.class_id).expect("the class is in the data");
        let at = load.soft.as_ref().map_or(Position::tile_centre(1, 3), |soft| Position { x: soft.x, y: soft.y });
        commands.entity(*player).insert((
            Body { radius: 300 },
            At(at),
            Character { class, level: load.level, experience: load.experience },
            Replicated(Health { current: 50, max: 100 }),
            Replicated(Resource { current: 95, max: 100 }),
            InCombat::default(),
        ));
        ready.write(CharacterReady { player: *player });
    }
}

fn capture(world: &World, player: Entity) -> SoftState {
    let at = world.get::<At>(player).map_or(Position::default(), |at| at.0);
    let ignored = world.get::<Ignored>(player).map(Ignored::names).unwrap_or_default();
    SoftState { map: MapId(1), x: at.x, y: at.y, health: 50, ignored, ..SoftState::default() }
}

/// Where [`two_players`] stand.
pub const HERE: Position = Position::tile_centre(3, 1);

/// A scene with the players 1 and 2 at the same point.
pub fn two_players() -> Scene {
    let mut scene = Scene::new();
    scene.enter(1, kit(&[], 0), HERE);
    scene.enter(2, kit(&[], 0), HERE);
    scene.link.clear();
    scene
}

impl Scene {
    /// What a player hears in the tick in which the sidecar says this to it.
    pub fn heard_from_beyond(&mut self, player: u8, event: SocialEvent) -> Vec<ServerMessage> {
        self.channel.push(ToChannel::Social { character: character(player), event });
        self.tick();
        self.hear(player)
    }

    pub fn new() -> Self {
        Self::with(|_| {})
    }

    pub fn with(extra: impl Fn(&mut App) + Send + Sync + 'static) -> Self {
        let mut scene = Self {
            channel: Channel::new(settings(), &world(extra)),
            store: Store::default(),
            waiting: Vec::new(),
            link: Vec::new(),
            disconnected: Vec::new(),
            violations: 0,
            of_others: 0,
            heard: BTreeMap::new(),
            sent: BTreeMap::new(),
            parts: BTreeMap::new(),
        };
        scene.tick();
        scene
    }

    /// Lets a warrior enter, send `Hello` and be welcomed.
    pub fn enter(&mut self, player: u8, kit: Kit, at: Position) {
        self.enter_silently(player, kit, at);
        self.say(player, ClientMessage::Hello { protocol_hash: protocol_hash() });
        self.tick();
        self.hear(player);
    }

    pub fn enter_silently(&mut self, player: u8, kit: Kit, at: Position) {
        let items: Vec<(ItemId, String, u16)> = (0..)
            .zip(&kit.items)
            .map(|(n, (definition, slot))| (item(player, n), (*definition).to_owned(), *slot))
            .collect();
        self.store.endow(character(player), &items, kit.gold);
        let soft = SoftState {
            map: MapId(1),
            x: at.x,
            y: at.y,
            health: 50,
            resource: 0,
            cooldowns: Vec::new(),
            ..SoftState::default()
        };
        let record = |(item, definition, slot)| ItemRecord { item, definition, slot };
        let load = CharacterLoad {
            items: items.into_iter().map(record).collect(),
            gold: kit.gold,
            soft: Some(soft),
            ..new_character(player)
        };
        self.join(player, load);
    }

    pub fn join(&mut self, player: u8, load: CharacterLoad) {
        self.store.epochs.insert(load.character, LockEpoch(1));
        self.channel.push(ToChannel::Join { session: session(player), epoch: LockEpoch(1), load });
        self.tick();
    }

    pub fn say(&mut self, player: u8, message: ClientMessage) {
        let bytes = encode_reliable(&message).expect("the message is short");
        self.say_bytes(player, message.name(), bytes);
    }

    /// Sends bytes under the name of a message; empty if they are none.
    pub fn say_bytes(&mut self, player: u8, name: &'static str, bytes: Vec<u8>) {
        self.sent.entry(player).or_default().push(name);
        self.channel.push(ToChannel::Message { session: session(player), bytes });
    }

    /// The refusal of the last message of this name that a player has sent.
    #[track_caller]
    pub fn refusal(&self, player: u8, name: &str, reason: Refusal) -> ServerMessage {
        let id = self.sent[&player].iter().rposition(|sent| *sent == name).expect("it was sent") as u32;
        ServerMessage::Refused { request: name.to_owned(), answers: Answers::Message { id }, reason }
    }

    /// Sends a message, and returns what the player hears in the same tick.
    pub fn ask(&mut self, player: u8, message: ClientMessage) -> Vec<ServerMessage> {
        self.hear(player);
        self.say(player, message);
        self.tick();
        self.hear(player)
    }

    /// Sends a request that must be refused.
    #[track_caller]
    pub fn refused(&mut self, player: u8, message: ClientMessage, reason: Refusal) {
        let request = message.name();
        let before = self.waiting.len();
        let heard = self.ask(player, message);
        assert_eq!(heard, [self.refusal(player, request, reason)]);
        assert_eq!(self.waiting.len(), before, "what is refused at once never reaches the store");
    }

    /// The tick of the world.
    pub fn now(&self) -> Tick {
        self.channel.world().resource::<TickClock>().now()
    }

    /// The messages a player has received since the last call.
    pub fn hear(&mut self, player: u8) -> Vec<ServerMessage> {
        self.heard.remove(&session(player)).unwrap_or_default()
    }

    pub fn tick(&mut self) {
        self.channel.tick().expect("the channel lives");
        let outbox = self.channel.take_outbox();
        for OutMessage { session, bytes, of_others } in outbox.messages {
            self.of_others += usize::from(of_others);
            let message = match decode_reliable(&bytes).expect("a message of ours") {
                ServerMessage::Part { index, count, bytes } => {
                    let whole = self.parts.entry(session).or_default().take(index, count, &bytes);
                    let Some(whole) = whole.expect("the parts are in order") else { continue };
                    decode_split(&whole).expect("the parts are a message")
                }
                message => message,
            };
            self.heard.entry(session).or_default().push(message);
        }
        self.link.extend(outbox.link);
        self.disconnected.extend(outbox.disconnects);
        self.violations += outbox.violations.len();
        self.waiting.extend(self.channel.take_events());
    }

    pub fn ticks(&mut self, count: u32) {
        (0..count).for_each(|_| self.tick());
    }

    /// Commits all waiting events in the store, and tells the world.
    pub fn commit(&mut self) {
        self.answer(|_| None);
    }

    /// Refuses all waiting events.
    pub fn refuse(&mut self) {
        self.answer(|_| Some(EventRefusal::Invalid));
    }

    /// Answers all waiting events: with the refusal, or by committing them if possible.
    pub fn answer(&mut self, mut refuse: impl FnMut(&OwnedEvent) -> Option<EventRefusal>) {
        let mut outcomes = Vec::new();
        for event in std::mem::take(&mut self.waiting) {
            let refusal = refuse(&event).or_else(|| self.store.commit(&event));
            outcomes.push(EventOutcome { key: event.key, refusal });
        }
        self.channel.push(ToChannel::Committed { outcomes });
        self.tick();
    }

    pub fn entity(&self, player: u8) -> Entity {
        self.channel.world().resource::<Players>().of_character(character(player)).expect("the player is here")
    }

    pub fn net(&self, player: u8) -> EntityId {
        self.channel.world().get::<NetEntity>(self.entity(player)).expect("players are replicated").0
    }

    pub fn inventory(&self, player: u8) -> &Inventory {
        self.channel.world().get::<Inventory>(self.entity(player)).expect("players own things")
    }

    /// A player's items with their slots, its gold, and how much of that is free.
    pub fn belongings(&self, player: u8) -> (Vec<(ItemId, u16)>, u64, u64) {
        let inventory = self.inventory(player);
        let items = inventory.items().map(|(item, held)| (item, held.slot)).collect();
        (items, inventory.gold(), inventory.free_gold())
    }

    pub fn is_here(&self, player: u8) -> bool {
        self.channel.world().resource::<Players>().of_character(character(player)).is_some()
    }

    pub fn smith(&mut self) -> EntityId {
        let world = self.channel.world_mut();
        world.query::<(&NetEntity, &Shop)>().iter(world).next().expect("the smith is there").0.0
    }

    pub fn slot(&self, player: u8, item: ItemId) -> Option<u16> {
        self.inventory(player).get(item).map(|held| held.slot)
    }

    /// Fills the queue of the store until it takes nothing more.
    pub fn flood_the_store(&mut self) {
        let nothing =
            OwnedEvent { key: EventKey([0; 16]), reason: "flood".to_owned(), fences: Vec::new(), changes: Vec::new() };
        let mut port = self.channel.world_mut().resource_mut::<PersistPort>();
        let keys = (0u128..).map(|number| EventKey(number.to_le_bytes()));
        let _ = keys.map(|key| port.submit(OwnedEvent { key, ..nothing.clone() })).find(Result::is_err);
        self.channel.take_events();
    }

    pub fn put(&mut self, player: u8, bundle: impl Bundle) {
        let entity = self.entity(player);
        self.channel.world_mut().entity_mut(entity).insert(bundle);
    }

    /// Everything on the ground, by entity id.
    pub fn ground(&mut self) -> Vec<(EntityId, Goods)> {
        let world = self.channel.world_mut();
        let mut query = world.query::<(&NetEntity, &OnGround)>();
        let mut found: Vec<_> = query.iter(world).map(|(net, thing)| (net.0, thing.goods.clone())).collect();
        found.sort_by_key(|(net, _)| *net);
        found
    }

    /// Reports a rat that was killed by a player.
    pub fn kill_rat(&mut self, killer: u8, position: Position) {
        let killer = self.entity(killer);
        let mob = self.channel.world().resource::<Data>().mobs.find("rat");
        let died = Died {
            victim: killer,
            victim_kind: VictimKind::Mob,
            killer: Some(killer),
            credit: vec![(killer, 10)],
            position,
            mob,
            mob_level: 1,
        };
        self.channel.world_mut().write_message(died);
        self.tick();
    }
}

pub fn session(player: u8) -> SessionId {
    u64::from(player).into()
}

/// A new character that was never in a world.
pub fn new_character(player: u8) -> CharacterLoad {
    CharacterLoad::fresh(character(player), AccountId([player; 16]), &format!("Player{player}"), "warrior")
}
