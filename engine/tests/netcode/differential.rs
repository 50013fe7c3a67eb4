//! Sends the same legal traffic to stock `renetcode::NetcodeServer` and to ours: the same must come out of both.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::time::Duration;

use proptest::prelude::*;
use renetcode::{
    ClientAuthentication, ConnectToken, NetcodeClient, NetcodeServer, ServerAuthentication, ServerConfig, ServerResult,
};

use crate::lane::{Event, KEY, Lane, PROTOCOL_ID, address, server_address};

const UNIX_START: Duration = Duration::from_secs(1_000);
const STEP: Duration = Duration::from_millis(100);
const CLIENTS: usize = 4;

/// The outcome of a run, at the server and at each client.
#[derive(Debug, Default, PartialEq, Eq)]
struct Outcome {
    server: Vec<Heard>,
    clients: BTreeMap<usize, Vec<Vec<u8>>>,
    /// Which clients know at the end that they are connected.
    connected: Vec<usize>,
}

#[derive(Debug, PartialEq, Eq)]
enum Heard {
    Connected(u64, u8),
    Payload(u64, Vec<u8>),
    Disconnected(u64),
}

/// A server under test.
trait Side {
    /// Takes a datagram; returns what the server heard and what it answers.
    fn take(&mut self, from: SocketAddr, datagram: &[u8]) -> (Option<Heard>, Vec<Vec<u8>>);
    fn payload(&mut self, client: u64, payload: &[u8]) -> Vec<Vec<u8>>;
    fn disconnect(&mut self, client: u64) -> Vec<Vec<u8>>;
    fn pass(&mut self, by: Duration);
    /// What it sends to this client because time has passed.
    fn tend(&mut self, client: u64) -> Vec<Vec<u8>>;
}

impl Side for NetcodeServer {
    fn take(&mut self, from: SocketAddr, datagram: &[u8]) -> (Option<Heard>, Vec<Vec<u8>>) {
        match self.process_packet(from, &mut datagram.to_vec()) {
            ServerResult::PacketToSend { payload, .. } => (None, vec![payload.to_vec()]),
            ServerResult::Payload { client_id, payload } => (Some(Heard::Payload(client_id, payload.to_vec())), vec![]),
            ServerResult::ClientConnected { client_id, user_data, payload, .. } => {
                (Some(Heard::Connected(client_id, user_data[7])), vec![payload.to_vec()])
            }
            ServerResult::ClientDisconnected { client_id, .. } => (Some(Heard::Disconnected(client_id)), vec![]),
            ServerResult::None => (None, vec![]),
        }
    }

    fn payload(&mut self, client: u64, payload: &[u8]) -> Vec<Vec<u8>> {
        self.generate_payload_packet(client, payload).map(|(_, datagram)| datagram.to_vec()).into_iter().collect()
    }

    fn disconnect(&mut self, client: u64) -> Vec<Vec<u8>> {
        match NetcodeServer::disconnect(self, client) {
            ServerResult::ClientDisconnected { payload: Some(payload), .. } => vec![payload.to_vec()],
            _ => vec![],
        }
    }

    fn pass(&mut self, by: Duration) {
        self.update(by);
    }

    fn tend(&mut self, client: u64) -> Vec<Vec<u8>> {
        match self.update_client(client) {
            ServerResult::PacketToSend { payload, .. } => vec![payload.to_vec()],
            _ => vec![],
        }
    }
}

impl Side for Lane {
    fn take(&mut self, from: SocketAddr, datagram: &[u8]) -> (Option<Heard>, Vec<Vec<u8>>) {
        // The owner of each slot before the packet, which may end a session.
        let owner = |slot| (1..=200).find(|id| self.server.slot_of(*id) == Some(slot));
        let ids: Vec<_> = (0..self.server.slots()).map(owner).collect();
        let heard = match self.receive(datagram, from) {
            Ok(Event::Connected { client_id, user_data, .. }) => Some(Heard::Connected(client_id, user_data)),
            Ok(Event::Payload { slot, payload }) => Some(Heard::Payload(ids[slot].unwrap(), payload)),
            Ok(Event::Disconnected { slot }) => Some(Heard::Disconnected(ids[slot].unwrap())),
            Ok(Event::Answered | Event::Heard { .. }) | Err(_) => None,
        };
        (heard, self.answers())
    }

    fn payload(&mut self, client: u64, payload: &[u8]) -> Vec<Vec<u8>> {
        self.server.slot_of(client).into_iter().for_each(|slot| self.send_payload(slot, payload));
        self.answers()
    }

    fn disconnect(&mut self, client: u64) -> Vec<Vec<u8>> {
        self.server.slot_of(client).into_iter().for_each(|slot| Lane::disconnect(self, slot));
        self.answers()
    }

    fn pass(&mut self, by: Duration) {
        self.now += by;
    }

    fn tend(&mut self, client: u64) -> Vec<Vec<u8>> {
        self.server.slot_of(client).into_iter().for_each(|slot| assert!(Lane::tend(self, slot), "nobody is lost"));
        self.answers()
    }
}

/// What happens to a datagram on its way.
#[derive(Debug, Clone, Copy)]
enum Fate {
    Arrives,
    Lost,
    Doubled,
    /// Arrives after the next datagram in the same direction.
    Late,
}

#[derive(Debug, Clone)]
enum Move {
    Connect(usize),
    /// A payload to the server.
    Up(usize, Vec<u8>, Fate),
    /// A payload to a client.
    Down(usize, Vec<u8>, Fate),
    /// A tenth of a second with keep-alives.
    Pass,
    Leave(usize),
    Throw(usize),
}

/// The clients of one run, and the datagrams that are late.
struct Run<'a, S: Side> {
    side: S,
    tokens: &'a [ConnectToken],
    /// The present client of each place, and its number among the tokens.
    clients: [Option<(NetcodeClient, u64)>; CLIENTS],
    late_up: VecDeque<(SocketAddr, Vec<u8>)>,
    late_down: VecDeque<(usize, Vec<u8>)>,
    next_token: usize,
    outcome: Outcome,
}

impl<S: Side> Run<'_, S> {
    fn up(&mut self, place: usize, datagram: &[u8]) {
        let (heard, answers) = self.side.take(address(place as u16), datagram);
        self.outcome.server.extend(heard);
        answers.iter().for_each(|answer| self.down(place, answer));
    }

    fn down(&mut self, place: usize, datagram: &[u8]) {
        let Some((client, _)) = &mut self.clients[place] else { return };
        let payload = client.process_packet(&mut datagram.to_vec()).map(<[u8]>::to_vec);
        self.outcome.clients.entry(place).or_default().extend(payload);
    }

    fn connect(&mut self, place: usize) {
        if self.clients[place].is_some() {
            return;
        }
        let connect_token = self.tokens[self.next_token].clone();
        let id = connect_token.client_id;
        self.next_token += 1;
        let client = NetcodeClient::new(UNIX_START, ClientAuthentication::Secure { connect_token }).unwrap();
        self.clients[place] = Some((client, id));
        // Request, response, and a keep-alive that confirms; each goes out a quarter of a second after the last.
        for _ in 0..3 {
            self.pass(Duration::from_millis(250));
        }
    }

    fn pass(&mut self, by: Duration) {
        for place in 0..CLIENTS {
            let Some((client, _)) = &mut self.clients[place] else { continue };
            if let Some((datagram, _)) = client.update(by) {
                let datagram = datagram.to_vec();
                self.up(place, &datagram);
            }
        }
        self.side.pass(by);
        for place in 0..CLIENTS {
            let Some((_, id)) = &self.clients[place] else { continue };
            for said in self.side.tend(*id) {
                self.down(place, &said);
            }
        }
    }

    fn run(mut self, moves: &[Move]) -> Outcome {
        for step in moves {
            match step {
                Move::Connect(place) => self.connect(*place),
                Move::Up(place, payload, fate) => {
                    let Some((client, _)) = &mut self.clients[*place] else { continue };
                    let Ok((_, datagram)) = client.generate_payload_packet(payload) else { continue };
                    let datagram = datagram.to_vec();
                    match fate {
                        Fate::Lost => {}
                        Fate::Late => {
                            self.late_up.push_back((address(*place as u16), datagram));
                            continue;
                        }
                        Fate::Arrives => self.up(*place, &datagram),
                        Fate::Doubled => (0..2).for_each(|_| self.up(*place, &datagram)),
                    }
                    while let Some((from, datagram)) = self.late_up.pop_front() {
                        let (heard, _) = self.side.take(from, &datagram);
                        self.outcome.server.extend(heard);
                    }
                }
                Move::Down(place, payload, fate) => {
                    let Some((_, id)) = &self.clients[*place] else { continue };
                    let datagrams = self.side.payload(*id, payload);
                    match fate {
                        Fate::Lost => {}
                        Fate::Late => {
                            self.late_down.extend(datagrams.into_iter().map(|datagram| (*place, datagram)));
                            continue;
                        }
                        Fate::Arrives => datagrams.iter().for_each(|datagram| self.down(*place, datagram)),
                        Fate::Doubled => {
                            datagrams.iter().chain(&datagrams).for_each(|datagram| self.down(*place, datagram));
                        }
                    }
                    while let Some((place, datagram)) = self.late_down.pop_front() {
                        self.down(place, &datagram);
                    }
                }
                Move::Pass => self.pass(STEP),
                Move::Leave(place) => {
                    let Some((mut client, _)) = self.clients[*place].take() else { continue };
                    let (_, datagram) = client.disconnect().unwrap();
                    let datagram = datagram.to_vec();
                    self.up(*place, &datagram);
                }
                Move::Throw(place) => {
                    let Some((_, id)) = &self.clients[*place] else { continue };
                    let goodbyes = self.side.disconnect(*id);
                    goodbyes.iter().for_each(|datagram| self.down(*place, datagram));
                    let (client, _) = self.clients[*place].take().unwrap();
                    assert!(client.is_disconnected(), "it heard the goodbye");
                }
            }
        }
        let connected =
            |client: &Option<(NetcodeClient, u64)>| client.as_ref().is_some_and(|(client, _)| client.is_connected());
        self.outcome.connected = (0..CLIENTS).filter(|place| connected(&self.clients[*place])).collect();
        self.outcome
    }
}

fn run<S: Side>(side: S, tokens: &[ConnectToken], moves: &[Move]) -> Outcome {
    let clients = [const { None }; CLIENTS];
    let (late_up, late_down) = (VecDeque::new(), VecDeque::new());
    Run { side, tokens, clients, late_up, late_down, next_token: 0, outcome: Outcome::default() }.run(moves)
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let fate = || prop_oneof![6 => Just(Fate::Arrives), 1 => Just(Fate::Lost), 1 => Just(Fate::Doubled), 2 => Just(Fate::Late)];
    let payload = || prop_oneof![prop::collection::vec(any::<u8>(), 1..60), Just(vec![7; 1_200])];
    let place = || 0..CLIENTS;
    let step = prop_oneof![
        2 => place().prop_map(Move::Connect),
        12 => (place(), payload(), fate()).prop_map(|(place, payload, fate)| Move::Up(place, payload, fate)),
        12 => (place(), payload(), fate()).prop_map(|(place, payload, fate)| Move::Down(place, payload, fate)),
        3 => Just(Move::Pass),
        1 => place().prop_map(Move::Leave),
        1 => place().prop_map(Move::Throw),
    ];
    let first = (0..CLIENTS).map(Move::Connect).collect::<Vec<_>>();
    prop::collection::vec(step, 1..150).prop_map(move |rest| [first.clone(), rest].concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_same_comes_out_of_both(moves in moves()) {
        let token = |id: u64| {
            let (servers, data) = (vec![server_address()], Some(&[id as u8; 256]));
            ConnectToken::generate(UNIX_START, PROTOCOL_ID, 3_000, id, 1_000, servers, data, &KEY).unwrap()
        };
        let tokens: Vec<_> = (1..=moves.len() as u64).map(token).collect();
        let stock = NetcodeServer::new(ServerConfig {
            current_time: UNIX_START,
            max_clients: 64,
            protocol_id: PROTOCOL_ID,
            public_addresses: vec![server_address()],
            authentication: ServerAuthentication::Secure { private_key: KEY },
        });
        let theirs = run(stock, &tokens, &moves);
        let ours = run(Lane::new(64), &tokens, &moves);
        prop_assert!(theirs.server.len() >= CLIENTS, "something happened");
        prop_assert_eq!(ours, theirs);
    }
}
