//! A client on a double of the map server.

use realmgate_protocol::bits::BitWriter;
use realmgate_protocol::ids::{ChannelId, CharacterId, EntityId, MapId, Tick};
use realmgate_protocol::movement::{Angle, Course, Position};
use realmgate_protocol::realm::{Answers, MoveSpeed, Rules};
use realmgate_protocol::wire::WireComponent;
use realmgate_protocol::wire::datagram::{self, ClientFrame, Section, ServerFrameHead};
use realmgate_protocol::wire::snapshot::{EntityUpdate, OwnState, SnapshotWriter, write_update};

use super::*;
use crate::token::testing::grant;
use crate::transport::testing::{Heard, ServerDouble};

const TICKET: u64 = 7;
const START: Position = Position { x: 50_000, y: 50_000 };
const SPEED: i32 = 100;

fn admission(server: &ServerDouble) -> EntryGrant {
    grant(server, TICKET)
}

fn welcome() -> ServerMessage {
    ServerMessage::Welcome {
        protocol_hash: protocol_hash(),
        entity: EntityId(5),
        character: CharacterId([2; 16]),
        map: MapId(1),
        channel: ChannelId(1),
        tick: Tick(0),
        tick_hz: 60,
        body_radius: 320,
        slots: Vec::new(),
    }
}

fn inventory() -> ServerMessage {
    ServerMessage::Inventory { items: Vec::new(), gold: 0, experience: 0, level: 1, bag_slots: 20 }
}

fn content() -> ServerMessage {
    ServerMessage::Content {
        classes: Vec::new(),
        abilities: Vec::new(),
        mobs: Vec::new(),
        items: Vec::new(),
        rules: Rules::default(),
    }
}

fn setup() -> Setup {
    Setup::new(Clock::start())
}

/// Enters on a server that sends everything it should.
async fn entered(server: &mut ServerDouble) -> GameClient {
    let (admission, setup) = (admission(server), setup());
    let greeting = async {
        let (client, message) = server.next_message().await;
        assert_eq!(message, Session::hello());
        [welcome(), content(), inventory()].iter().for_each(|message| server.tell(client, message));
    };
    let (client, ()) = tokio::join!(GameClient::enter(&admission, &setup, None), greeting);
    client.unwrap()
}

fn snapshot(tick: u32, last_command: u32, at: Position) -> Vec<u8> {
    let mut out = BitWriter::default();
    ServerFrameHead { tick: Tick(tick), last_command, buffered_commands: 2 }.write(&mut out);
    let mask = 1 << MoveSpeed::ID;
    let told = EntityUpdate { is_new: tick == 1, has_course: false, changed: mask, there: mask };
    let mut update = BitWriter::default();
    write_update(&mut update, told, &Course::default(), |_, out| {
        MoveSpeed { units_per_tick: SPEED as u16 }.write(out);
    });
    let mut snapshot = SnapshotWriter::own(&mut out, OwnState { position: at, facing: Angle(0) });
    snapshot.despawns([].into_iter());
    assert!(snapshot.entity(EntityId(5), update.bytes(), update.len_bits(), 1_192));
    snapshot.finish();
    datagram::seal(Section::Snapshot(out.bytes()))
}

/// A server that moves one player. It applies each frame's new commands and answers with a snapshot.
struct World {
    at: Position,
    applied: u32,
    tick: u32,
}

impl World {
    fn apply(&mut self, frame: &ClientFrame) -> Vec<u8> {
        let before = self.applied;
        for command in frame.commands.iter().filter(|command| command.number > before) {
            assert_eq!(command.number, self.applied + 1, "no command is left out");
            let (dx, dy) = command.heading.map_or((0, 0), |heading| heading.scaled(SPEED));
            (self.at, self.applied) = (self.at.offset(dx, dy), command.number);
        }
        self.tick += 1;
        snapshot(self.tick, self.applied, self.at)
    }
}

#[tokio::test]
async fn a_player_walks_as_predicted_though_every_third_snapshot_is_lost() {
    let mut server = ServerDouble::start().await;
    let mut client = entered(&mut server).await;
    server.send(TICKET, &snapshot(1, 0, START));
    let mut world = World { at: START, applied: 0, tick: 1 };
    let simulate = async {
        while world.applied < 60 {
            let Heard::Frame(_, frame) = server.next().await else { continue };
            let answer = world.apply(&frame);
            if !world.tick.is_multiple_of(3) {
                server.send(TICKET, &answer);
            }
        }
    };
    let walk = async {
        loop {
            client.tick().await.unwrap();
            let heading = client.session().own_entity().map(|_| Angle(32));
            client.act(Intent { heading, action: None });
        }
    };
    tokio::select! { () = simulate => {}, () = walk => {} }
    assert!(world.at.x > START.x && world.at.y > START.y);
    assert_eq!(client.session().corrections(), 0);
    assert!(client.counters().snapshots > 20);
    assert_eq!(client.counters().decode_errors, 0);
}

#[tokio::test]
async fn logging_out_waits_for_the_server_to_say_so() {
    let mut server = ServerDouble::start().await;
    let client = entered(&mut server).await;
    let goodbye = async {
        assert_eq!(server.next_message().await, (TICKET, ClientMessage::Logout));
        server.tell(TICKET, &ServerMessage::Gold { total: 5 });
        server.tell(TICKET, &ServerMessage::Leave { reason: LeaveReason::Logout });
        while server.next().await != Heard::Disconnected(TICKET) {}
    };
    let (remains, ()) = tokio::join!(client.log_out(), goodbye);
    assert_eq!(remains.left, Some(LeaveReason::Logout));
    assert!(remains.told.contains(&ServerMessage::Gold { total: 5 }), "what is told on the way out is not lost");
    assert_eq!(remains.session.possessions.gold, 5);
}

#[tokio::test]
async fn what_was_told_before_the_end_is_heard_before_the_end() {
    let mut server = ServerDouble::start().await;
    let mut client = entered(&mut server).await;
    client.tick().await.unwrap();
    let leave = ServerMessage::Leave { reason: LeaveReason::Kicked };
    server.tell(TICKET, &leave);
    server.drop_client(TICKET);
    let mut heard = Vec::new();
    let reason = loop {
        match client.tick().await {
            Ok(told) => heard.extend(told),
            Err(reason) => break reason,
        }
        client.act(Intent::default());
    };
    assert_eq!((heard.last(), reason), (Some(&leave), CloseReason::ByServer));
}

#[tokio::test]
async fn another_protocol_is_refused_before_and_after_connecting() {
    let mut server = ServerDouble::start().await;
    let other = EntryGrant { protocol_hash: format!("{:016x}", 1), ..admission(&server) };
    let error = GameClient::enter(&other, &setup(), None).await.unwrap_err();
    assert_eq!(error, EnterError::ProtocolMismatch { server: 1 });

    let (admission, setup) = (admission(&server), setup());
    let refusing = async {
        server.next_message().await;
        let (request, answers) = ("Hello".to_owned(), Answers::Message { id: 0 });
        server.tell(TICKET, &ServerMessage::Refused { request, answers, reason: Refusal::ProtocolMismatch });
    };
    let (entered, ()) = tokio::join!(GameClient::enter(&admission, &setup, None), refusing);
    assert_eq!(entered.unwrap_err(), EnterError::Refused(Refusal::ProtocolMismatch));
}
