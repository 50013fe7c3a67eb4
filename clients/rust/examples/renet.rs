//! A game client on stock renet: `renet` and `renet_netcode` carry the game, `realmgate-protocol` reads and writes its bytes.
//! It registers, makes a warrior, enters the world, walks to the nearest mob, and fights until it has killed one.
//!
//! ```sh
//! ./start_server.sh 1 4001                                         # a server
//! cargo run --profile play -p realmgate-client --example renet http://127.0.0.1:3000
//! ```

#![expect(clippy::print_stdout, reason = "an example: the terminal is its screen")]
#![expect(clippy::disallowed_methods, reason = "a connect token holds the real time")]

use std::collections::HashMap;
use std::net::UdpSocket;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, bail, ensure};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use futures_util::{SinkExt, StreamExt};
use realmgate_protocol::bits::BitReader;
use realmgate_protocol::codec::{decode_reliable, encode_reliable};
use realmgate_protocol::ids::EntityId;
use realmgate_protocol::movement::{Angle, Course, Position};
use realmgate_protocol::realm::{ClientMessage, ComponentValue, EntityKind, ServerMessage, protocol_hash};
use realmgate_protocol::wire::datagram::{self, ClientFrame, Section, ServerFrameHead, SnapshotAck};
use realmgate_protocol::wire::snapshot::{self, OwnState, SnapshotVisitor};
use realmgate_protocol::wire::{Action, Aim, InputCommand};
use renet::{ChannelConfig, ConnectionConfig, RenetClient, SendType};
use renet_netcode::{ClientAuthentication, ConnectToken, NetcodeClientTransport};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

/// Frames: inputs up, snapshots down.
const FRAMES: u8 = 0;
/// Reliable messages, both ways.
const MESSAGES: u8 = 1;
const TICK: Duration = Duration::from_millis(50);
/// How far a strike reaches, in 1/1,024 tile.
const REACH: i64 = 1_500;
const NEAR: i32 = 3 * 1_024; // so near, a mob is walked to

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let server = std::env::args().nth(1).unwrap_or_else(|| "http://127.0.0.1:3000".to_owned());
    let token = BASE64_URL_SAFE_NO_PAD.decode(enter(&server).await?)?;
    let connect_token = ConnectToken::read(&mut token.as_slice())?;
    let authentication = ClientAuthentication::Secure { connect_token };
    let mut transport = NetcodeClientTransport::new(unix_now(), authentication, UdpSocket::bind("0.0.0.0:0")?)?;
    let mut client = RenetClient::new(channels());
    // The client speaks first: its first packet tells the server that renet frames them.
    say(&mut client, &ClientMessage::Hello { protocol_hash: protocol_hash() })?;
    let mut game = Game::default();
    for _ in 0..120 * 20 {
        client.update(TICK);
        transport.update(TICK, &mut client)?;
        while let Some(message) = client.receive_message(MESSAGES) {
            match decode_reliable(&message)? {
                ServerMessage::Welcome { tick, .. } => (game.is_in, game.head.tick) = (true, tick),
                ServerMessage::Died { .. } => say(&mut client, &ClientMessage::Respawn)?,
                ServerMessage::Kill { target, .. } => {
                    println!("killed entity {}", target.0);
                    say(&mut client, &ClientMessage::Logout)?;
                    return Ok(transport.send_packets(&mut client)?);
                }
                _ => {}
            }
        }
        while let Some(payload) = client.receive_message(FRAMES) {
            if let Section::Snapshot(body) = datagram::open(&payload)?.section {
                game.see(body).context("a snapshot that cannot be read")?;
            }
        }
        if game.is_in {
            client.send_message(FRAMES, game.act().seal());
        }
        if client.is_connected() {
            transport.send_packets(&mut client)?;
        }
        tokio::time::sleep(TICK).await;
    }
    bail!("killed nothing in two minutes")
}

/// Everything before the game: an account, a character, and the gateway's answer to `enter_world`.
async fn enter(server: &str) -> Result<String> {
    let http = reqwest::Client::new();
    let post = async |path: &str, token: &str, body: Value| -> Result<Value> {
        let answer = http.post(format!("{server}{path}")).bearer_auth(token).json(&body).send().await?;
        Ok(answer.error_for_status()?.json().await?)
    };
    let name = format!("Renet{}", unix_now().as_millis());
    let account = post("/auth/register", "", json!({"username": name, "password": "correct horse battery"})).await?;
    let token = account["access_token"].as_str().context("no access token")?;
    let character = post("/characters", token, json!({"name": name, "class_id": "warrior"})).await?;
    let status: Value = http.get(format!("{server}/status")).send().await?.json().await?;
    let port = status["gateway_port"].as_u64().unwrap_or(3_002);
    let host = server.trim_start_matches("http://").split(':').next().unwrap_or_default();
    let (mut gateway, _) = tokio_tungstenite::connect_async(format!("ws://{host}:{port}/ws?token={token}")).await?;
    let data = json!({"character_id": character["id"], "renet": true});
    gateway.send(Message::text(json!({"event": "enter_world", "data": data}).to_string())).await?;
    while let Some(message) = gateway.next().await {
        let message: Value = serde_json::from_str(message?.to_text()?)?;
        ensure!(message["event"] != "error", "the gateway refused: {message}");
        if let Some(token) = message["data"]["renet_connect_token"].as_str() {
            return Ok(token.to_owned());
        }
    }
    bail!("the gateway closed the connection")
}

fn say(client: &mut RenetClient, message: &ClientMessage) -> Result<()> {
    client.send_message(MESSAGES, encode_reliable(message)?);
    Ok(())
}

fn unix_now() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

fn channels() -> ConnectionConfig {
    let channel = |channel_id, send_type| ChannelConfig { channel_id, max_memory_usage_bytes: 1 << 20, send_type };
    let resend_time = Duration::from_millis(200);
    let both =
        vec![channel(FRAMES, SendType::Unreliable), channel(MESSAGES, SendType::ReliableOrdered { resend_time })];
    let (server_channels_config, client_channels_config) = (both.clone(), both);
    ConnectionConfig { available_bytes_per_tick: 60_000, server_channels_config, client_channels_config }
}

/// What the player sees, and what it does.
#[derive(Default)]
struct Game {
    is_in: bool,
    head: ServerFrameHead,
    ack: SnapshotAck,
    place: Position,
    seen: HashMap<EntityId, Seen>,
    commands: u32,
}

#[derive(Default)]
struct Seen {
    place: Position,
    is_mob: bool,
    is_dead: bool,
}

impl Game {
    fn see(&mut self, body: &[u8]) -> Option<()> {
        let mut from = BitReader::new(body);
        let head = ServerFrameHead::read(&mut from, &self.head)?;
        if head.tick > self.ack.newest {
            snapshot::read(&mut from, self)?;
            self.ack.note(head.tick);
            self.head = head;
        }
        Some(())
    }

    /// Walks north, where mobs live, and to a mob that is near, and strikes it. Straight on: a house may be in the way to one that is not.
    fn act(&mut self) -> ClientFrame {
        self.commands += 1;
        let mut command = InputCommand { number: self.commands, ..InputCommand::default() };
        let mobs =
            self.seen.iter().filter(|(_, seen)| seen.is_mob && !seen.is_dead && seen.place.within(self.place, NEAR));
        let nearest = mobs.min_by_key(|(_, seen)| seen.place.distance_squared(self.place));
        let goal = nearest.map_or(Position { y: 0, ..self.place }, |(_, seen)| seen.place);
        if let Some((mob, _)) = nearest.filter(|_| goal.distance_squared(self.place) < REACH * REACH) {
            command.action = Some(Action::new(0, Aim::Entity(*mob)));
        } else {
            command.heading = Some(Angle::between(self.place, goal));
        }
        ClientFrame { ack: self.ack, commands: [command].into_iter().collect() }
    }
}

impl SnapshotVisitor for Game {
    fn own(&mut self, state: OwnState) {
        self.place = state.position;
    }
    fn despawn(&mut self, entity: EntityId) {
        self.seen.remove(&entity);
    }
    fn entity(&mut self, _: EntityId, _: bool) {}
    fn course(&mut self, entity: EntityId, course: Course) {
        self.seen.entry(entity).or_default().place = course.position;
    }

    fn component(&mut self, entity: EntityId, id: u8, from: &mut BitReader<'_>) -> Option<()> {
        let seen = self.seen.entry(entity).or_default();
        match ComponentValue::read(id, from)? {
            ComponentValue::Appearance(looks) => seen.is_mob = looks.kind == EntityKind::Mob,
            ComponentValue::Health(health) => seen.is_dead = health.current == 0,
            _ => {}
        }
        Some(())
    }

    fn remove(&mut self, _: EntityId, _: u8) {}
}
