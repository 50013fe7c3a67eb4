//! Admissions are logged with the request that led there. Alone in its program, since a log belongs to the whole
//! program.

use std::io::Write;
use std::num::NonZeroUsize;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};

use realmgate_engine::host::{HostConfig, LinkEnds, MapServer};
use realmgate_engine::map::Map;
use realmgate_engine::transport::memory::memory_transport;
use realmgate_engine::transport::{ClientId, Transports};
use realmgate_protocol::ids::{AccountId, ChannelId, CharacterId, LockEpoch, MapId, RequestId, TicketId};
use realmgate_protocol::link::{CharacterLoad, ToMap};
use realmgate_protocol::ticket::{KeyRing, Ticket};

/// A log in memory.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("nobody panics while writing").write(bytes)
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn ticket(number: u8) -> Ticket {
    Ticket {
        ticket_id: TicketId(u64::from(number)),
        account: AccountId([number; 16]),
        character: CharacterId([number; 16]),
        epoch: LockEpoch(3),
        map: MapId(1),
        channel: ChannelId(1),
        server: "here".parse().expect("a legal id"),
        issued_ms: 0,
        expires_ms: 30_000,
    }
}

fn prepare(ticket: &Ticket, trace: &str) -> ToMap {
    let load = CharacterLoad::fresh(ticket.character, ticket.account, "Anna", "");
    ToMap::Prepare {
        request: RequestId(1),
        ticket: ticket.ticket_id,
        expires_in_ms: 30_000,
        map: ticket.map,
        channel: ticket.channel,
        epoch: ticket.epoch,
        load,
        trace: trace.to_owned(),
    }
}

#[test]
fn an_admission_is_logged_with_the_request_that_led_to_it() {
    let log = Log::default();
    let writer = log.clone();
    let to_log = tracing_subscriber::fmt().json().with_writer(move || writer.clone()).finish();
    tracing::subscriber::set_global_default(to_log).expect("it is the only one");

    let keys: KeyRing = "a secret of at least thirty-two bytes!".parse().expect("a long secret");
    let (to_map, incoming) = channel();
    let (outgoing, _from_map) = channel();
    let config = HostConfig {
        server: "here".parse().expect("a legal id"),
        maps: vec![Arc::new(Map::sketch(MapId(1), &["S..", "..."]).expect("a small map"))],
        channels: 1,
        tick_hz: 30,
        tick_threads: NonZeroUsize::MIN,
        max_players: 10,
        protocol_hash: 1,
        keys: keys.clone(),
        seed: [3; 32],
        record: None,
        offline_play_max_s: 600,
    };
    let (transport, network) = memory_transport();
    let mut server = MapServer::new(
        config,
        Arc::new(|_| {}),
        Transports::new(vec![Box::new(transport)]),
        LinkEnds { incoming, outgoing },
    );
    let (longest, too_long) = ("x".repeat(64), "x".repeat(65));
    for (number, trace) in [(1, "0199-a7"), (2, too_long.as_str()), (3, longest.as_str())] {
        let ticket = ticket(number);
        to_map.send(prepare(&ticket, trace).into()).expect("the server is there");
        server.step(u64::from(number) * 100);
        let _client = network.connect(ticket.seal(&keys), ClientId(ticket.ticket_id.0));
        server.step(u64::from(number) * 100 + 33);
    }
    // Nobody has announced the fourth.
    let _stranger = network.connect(ticket(4).seal(&keys), ClientId(4));
    server.step(433);

    let text = String::from_utf8(log.0.lock().expect("nobody panicked").clone()).expect("text");
    let lines = text.lines().filter(|line| line.contains("player admitted"));
    let fields = lines.map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON")["fields"].clone());
    let traces: Vec<_> = fields.map(|fields| (fields["character"].clone(), fields["trace"].clone())).collect();
    let expected = [(1, "0199-a7"), (2, ""), (3, longest.as_str())]
        .map(|(number, trace)| (ticket(number).character.to_string().into(), serde_json::Value::from(trace)));
    assert_eq!(traces, expected, "a trace that is too long is left out, and who is refused is not admitted");
}
