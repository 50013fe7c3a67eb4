//! A server on its ground, its players, and the steps that take all of them from one tick to the next.

use std::num::NonZeroUsize;
use std::ops::{Index, IndexMut};
use std::sync::mpsc::channel;

use realmgate_engine::host::{HostConfig, LinkEnds, MapServer};
use realmgate_engine::transport::Transports;
use realmgate_protocol::entry::EntryGrant;
use realmgate_protocol::ids::{ChannelId, MapId};
use realmgate_protocol::realm::{ClientMessage, protocol_hash};
use realmgate_protocol::ticket::KeyRing;

use super::double::SERVER;
use super::wire::Network;
use super::{Character, DATA, Ground, MAPS, Player, Seen, SidecarDouble, Wire};

/// Ticks per second of every scene.
pub const TICK_HZ: u32 = 30;
/// Whatever is in view of who arrives is shown within this many ticks: what is far off every other tick.
const SHOWN_WITHIN_TICKS: u32 = 4;
/// For how long players play on while the map link is down.
pub const OFFLINE_PLAY_MAX_S: u32 = 30;
/// The world's seconds in which anything that is told or refused must be.
pub(super) const SOON_S: u32 = 3;

/// A player of a scene.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Who(usize);

/// A scene.
pub struct Scene {
    /// In the sidecar's place.
    pub sidecar: SidecarDouble,
    server: MapServer,
    network: Network,
    players: Vec<Player>,
    now_ms: u64,
}

impl Index<Who> for Scene {
    type Output = Player;
    fn index(&self, who: Who) -> &Player {
        &self.players[who.0]
    }
}

impl IndexMut<Who> for Scene {
    fn index_mut(&mut self, who: Who) -> &mut Player {
        &mut self.players[who.0]
    }
}

impl Scene {
    /// A server on this ground, with nobody on it.
    ///
    /// # Panics
    /// When it cannot be set up.
    pub fn new(wire: Wire, ground: Ground) -> Self {
        let keys: KeyRing = "a secret of at least thirty-two bytes!".parse().expect("a long secret");
        let (to_map, incoming) = channel();
        let (outgoing, from_map) = channel();
        let config = HostConfig {
            server: SERVER.parse().expect("a legal id"),
            maps: ground.maps,
            channels: ground.channels,
            tick_hz: TICK_HZ,
            tick_threads: NonZeroUsize::MIN,
            max_players: 50,
            protocol_hash: protocol_hash(),
            keys: keys.clone(),
            seed: [5; 32],
            record: None,
            offline_play_max_s: OFFLINE_PLAY_MAX_S,
        };
        let (transport, network) = wire.open(keys.netcode_key());
        let build = realmgate_game::build_world(DATA.clone(), MAPS.clone());
        let server = MapServer::new(config, build, Transports::new(vec![transport]), LinkEnds { incoming, outgoing });
        let sidecar = SidecarDouble::new(keys, network.address(), network.doors(), to_map, from_map);
        Self { sidecar, server, network, players: Vec::new(), now_ms: 0 }
    }

    /// A character comes into channel 1 of its map and is told all that its player needs.
    #[track_caller]
    pub fn enter(&mut self, character: Character) -> Who {
        self.enter_channel(character, 1)
    }

    /// The same for another channel.
    #[track_caller]
    pub fn enter_channel(&mut self, character: Character, channel: u16) -> Who {
        let who = self.connect(character, channel);
        self.greet(who);
        who
    }

    /// A player connects and says nothing yet.
    ///
    /// # Panics
    /// After 200 of them.
    pub fn connect(&mut self, character: Character, channel: u16) -> Who {
        let number = u8::try_from(self.players.len() + 1).expect("few players");
        let load = character.load(number);
        let (id, name) = (load.character, load.name.clone());
        self.sidecar.create(load);
        let grant = self.sidecar.admit(id, character.map(), ChannelId(channel));
        let link = self.network.connect(&grant);
        self.players.push(Player::new(name, id, link));
        Who(self.players.len() - 1)
    }

    /// A player says hello, and steps pass until it has been told all it needs and sees itself and all that is in view; that is
    /// not listened to.
    #[track_caller]
    pub fn greet(&mut self, who: Who) {
        self.say(who, ClientMessage::Hello { protocol_hash: protocol_hash() });
        self.until("entered", SOON_S, |scene| {
            scene[who].session.is_entered() && scene[who].session.own_entity().is_some()
        });
        self.steps(SHOWN_WITHIN_TICKS);
        self[who].heard.clear();
    }

    /// A player whose character is in no world enters again, as the sidecar has it now.
    #[track_caller]
    pub fn come_back(&mut self, who: Who, map: u16) {
        let character = self[who].character;
        let grant = self.sidecar.admit(character, MapId(map), ChannelId(1));
        let link = self.network.connect(&grant);
        self[who].change_link(link, None);
        self.greet(who);
    }

    /// A player goes where it was told to, with all it has.
    #[track_caller]
    pub fn follow(&mut self, who: Who, grant: &EntryGrant) {
        let link = self.network.connect(grant);
        let carried = self[who].session.possessions.clone();
        self[who].change_link(link, Some(carried));
        self.greet(who);
    }

    /// One tick of everybody: players send, the server steps, players receive, the sidecar answers.
    pub fn step(&mut self) {
        self.players.iter_mut().for_each(Player::finish_tick);
        self.players.iter_mut().for_each(Player::wait_until_sent);
        self.now_ms += 33;
        self.server.step(self.now_ms);
        self.players.iter_mut().for_each(Player::receive);
        self.sidecar.answer();
    }

    /// Several ticks.
    pub fn steps(&mut self, count: u32) {
        (0..count).for_each(|_| self.step());
    }

    /// What must be so at the end of every scene: everybody who plays was told what the ledger says, nothing was
    /// promised that was not kept, and no gold came from nowhere.
    ///
    /// # Panics
    /// When it is not so.
    pub fn check(&mut self) {
        self.steps(5);
        assert_eq!(self.sidecar.ledger.balance(), 0, "all gold came from somewhere");
        for player in &mut self.players {
            assert_eq!(player.session.take_anomalies(), [""; 0], "what {} was told adds up", player.name);
            assert_eq!(player.session.counters().decode_errors, 0, "{} could read all it got", player.name);
            if !player.is_connected() || !player.session.is_entered() {
                continue;
            }
            let (told, ledger) = (&player.session.possessions, &self.sidecar.ledger);
            assert_eq!(told.gold, ledger.gold(player.character), "the gold of {}", player.name);
            assert_eq!(
                (told.experience, told.level),
                ledger.experience(player.character),
                "what {} learned",
                player.name
            );
            let items: Vec<_> = told.items.values().map(|item| (item.item, &item.definition, item.slot)).collect();
            let kept = ledger.items(player.character);
            let kept: Vec<_> = kept.values().map(|item| (item.item, &item.definition, item.slot)).collect();
            assert_eq!(items, kept, "the items of {}", player.name);
        }
    }

    /// What was shown in this scene; everybody goes home.
    pub(super) fn close(self) -> Seen {
        let mut seen = Seen::default();
        for mut player in self.players {
            seen.add(&player.seen);
            player.disconnect();
        }
        seen
    }
}
