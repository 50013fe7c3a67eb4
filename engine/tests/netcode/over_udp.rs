//! The transport on a bound socket: an independent implementation of the standard as its client, and a tick's sends
//! spread over time.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use netcode::{Client, ConnectToken, NetcodeSocket};
use realmgate_engine::outbox::FrameBatch;
use realmgate_engine::transport::refusal::PacketRefusal;
use realmgate_engine::transport::udp::{UdpSettings, UdpTransport};
use realmgate_engine::transport::{ClientId, SessionId, Transport, TransportEvent};
use realmgate_protocol::limits::{MAX_TICKET_BYTES, NETCODE_PROTOCOL_ID};
use realmgate_protocol::wire::datagram::{self, ClientFrame, Section};

use crate::lane::KEY;

/// Longer than anything here takes, even on a busy machine.
const DEADLINE: Duration = Duration::from_secs(20);

#[expect(clippy::disallowed_methods, reason = "a real socket is waited for in real time")]
fn now() -> Instant {
    Instant::now()
}

struct Scene {
    transport: UdpTransport,
    events: Vec<TransportEvent>,
    clients: Vec<Client<NetcodeSocket>>,
    started: Instant,
}

impl Scene {
    fn new(change: impl FnOnce(&mut UdpSettings)) -> Self {
        let mut settings = UdpSettings::new("127.0.0.1:0".parse().unwrap(), KEY);
        change(&mut settings);
        let transport = UdpTransport::bind(settings).unwrap();
        Self { transport, events: Vec::new(), clients: Vec::new(), started: now() }
    }

    fn until(&mut self, what: &str, mut is_so: impl FnMut(&mut Self) -> bool) {
        let started = now();
        while !is_so(self) {
            assert!(now() - started < DEADLINE, "never: {what}");
            let at_s = (now() - self.started).as_secs_f64();
            self.clients.iter_mut().for_each(|client| client.update(at_s));
            self.transport.poll(&mut self.events);
            // About a tick; the wait itself is for the condition above.
            std::thread::park_timeout(Duration::from_millis(2));
        }
    }

    fn join(&mut self, client_id: u64) {
        let server = self.transport.local_address();
        let token = ConnectToken::build(server, NETCODE_PROTOCOL_ID, client_id, KEY)
            .expire_seconds(30)
            .timeout_seconds(5)
            .user_data([client_id as u8; 256])
            .generate()
            .unwrap();
        let mut client = Client::new(&token.try_into_bytes().unwrap()).unwrap();
        // It counts its time-out from the moment at which it begins.
        client.update((now() - self.started).as_secs_f64());
        client.connect();
        self.clients.push(client);
        self.until("it connects", |scene| scene.clients.last().unwrap().is_connected());
        self.clients.last_mut().unwrap().send(&ClientFrame::default().seal()).unwrap();
    }
}

#[test]
fn a_client_of_another_implementation_connects_stays_and_leaves() {
    let mut scene = Scene::new(|_| ());
    scene.join(9);
    let (client, ticket) = (ClientId(9), vec![9; MAX_TICKET_BYTES]);
    scene.until("its frame comes", |scene| scene.events.len() >= 2);
    assert_eq!(scene.events[0], TransportEvent::Connected { client, ticket });
    assert!(matches!(scene.events[1], TransportEvent::Frame { client: ClientId(9), .. }));

    let mut frames = FrameBatch::default();
    frames.write(SessionId::from(9), |out| out.extend([1, 2, 3]));
    scene.transport.send_frames(frames);
    scene.transport.flush();
    let mut came = None;
    scene.until("the snapshot comes", |scene| {
        came = came.take().or_else(|| scene.clients[0].recv());
        came.is_some()
    });
    assert_eq!(came, Some(datagram::seal(Section::Snapshot(&[1, 2, 3]))));

    // It says nothing but keep-alives for longer than a client may be silent.
    let quiet_since = now();
    scene.until("it has stayed", |_| now() - quiet_since > Duration::from_secs(6));
    assert!(scene.clients[0].is_connected());
    scene.clients[0].disconnect().unwrap();
    // Its id is free at once, and not only when its silence is noticed.
    scene.join(9);
    assert_eq!(scene.transport.refused(PacketRefusal::DuplicateSession), 0);
    scene.until("it has left", |scene| scene.events.contains(&TransportEvent::Disconnected { client }));
}

#[test]
fn a_client_of_another_implementation_hears_of_its_end() {
    let mut scene = Scene::new(|_| ());
    scene.join(9);
    scene.transport.disconnect(ClientId(9));
    scene.transport.flush();
    scene.until("it hears of it", |scene| scene.clients[0].is_disconnected());
}

/// The host polls again and again and never flushes, so that it is always in a tick.
#[test]
fn on_one_core_a_tick_that_never_ends_keeps_nobody_out() {
    let mut scene = Scene::new(|settings| {
        settings.poll_every = Some(Duration::from_millis(33));
        settings.shares_core = true;
    });
    (1..=3).for_each(|client| scene.join(client));
    let came = |scene: &Scene, id| {
        scene
            .events
            .iter()
            .any(|event| matches!(event, TransportEvent::Frame { client, .. } if *client == ClientId(id)))
    };
    scene.until("all frames come", |scene| (1..=3).all(|id| came(scene, id)));
    // What is handed over at the end of a tick wakes the thread.
    scene.transport.disconnect(ClientId(2));
    scene.transport.flush();
    scene.until("it is disconnected", |scene| scene.clients[1].is_disconnected());
}

#[test]
fn a_tick_that_is_spread_over_time_loses_nothing() {
    let mut scene = Scene::new(|settings| settings.spread_sends_over = Duration::from_millis(100));
    (1..=3).for_each(|client| scene.join(client));
    let mut spare = FrameBatch::default();
    // Faster than they can be spread: the rest of a tick goes out when the next is there.
    for tick in 0..20u8 {
        for client in 1..=3 {
            spare.write(SessionId::from(client), |out| out.extend([tick; 500]));
        }
        spare = scene.transport.send_frames(spare);
        assert!(spare.is_empty());
        scene.transport.send_message(ClientId(2), vec![tick]);
        scene.transport.flush();
    }
    // The disconnect goes out only after the frames before it.
    scene.transport.disconnect(ClientId(3));
    scene.transport.flush();
    scene.until("all frames are out", |scene| scene.transport.frames_out() == 60);
    let mut frames: [Vec<(usize, u8)>; 3] = Default::default();
    let mut messages: [BTreeMap<u16, u8>; 3] = Default::default();
    scene.until("all of it is in", |scene| {
        for (place, client) in scene.clients.iter_mut().enumerate() {
            for payload in std::iter::from_fn(|| client.recv()) {
                take(&payload, &mut frames[place], &mut messages[place]);
            }
        }
        let count = [frames[0].len(), frames[1].len(), messages[1].len()];
        count == [20, 20, 20] && scene.clients[2].is_disconnected()
    });
    assert_eq!(frames, [(); 3].map(|()| (0..20).map(|tick| (500, tick)).collect::<Vec<_>>()));
    let messages = messages.map(|messages| messages.into_values().collect::<Vec<u8>>());
    assert_eq!(messages, [vec![], (0..20).collect(), vec![]], "each to whom it is for");
    assert!(scene.clients[0].is_connected() && scene.clients[1].is_connected());
}

#[test]
fn a_tick_that_is_spread_over_time_is_not_sent_at_once() {
    let mut scene = Scene::new(|settings| {
        settings.spread_sends_over = Duration::from_secs(3_600);
        settings.burst_bytes = 64 * (60 + 1);
    });
    scene.join(1);
    let mut frames = FrameBatch::default();
    (0..2 * 64).for_each(|_| frames.write(SessionId::from(1), |out| out.extend([0])));
    scene.transport.send_frames(frames);
    scene.transport.flush();
    scene.until("a burst is out", |scene| scene.transport.frames_out() >= 64);
    let since = now();
    scene.until("a while passes", |_| now() - since > Duration::from_millis(200));
    assert_eq!(scene.transport.frames_out(), 64, "the second one is due in half an hour");
}

/// Adds the snapshot of a payload, as its length and what it is filled with, and its messages, by their numbers.
fn take(payload: &[u8], frames: &mut Vec<(usize, u8)>, messages: &mut BTreeMap<u16, u8>) {
    let payload = datagram::open(payload).expect("a legal payload");
    if let Section::Snapshot(body) = payload.section {
        assert!(body.iter().all(|byte| *byte == body[0]), "of one tick");
        frames.push((body.len(), body[0]));
    }
    messages.extend((payload.messages.first..).zip(payload.messages.iter().map(|message| message[0])));
}
