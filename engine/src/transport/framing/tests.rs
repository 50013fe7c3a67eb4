use std::panic::catch_unwind;
use std::time::Duration;

use ::renet::{Bytes, ChannelConfig, ConnectionConfig, DisconnectReason, RenetClient, SendType};
use proptest::prelude::*;
use realmgate_protocol::ids::Tick;
use realmgate_protocol::wire::datagram::{self, SnapshotAck, VERSION};
use realmgate_protocol::wire::stream::{HELD_BYTES, WINDOW_BYTES, WINDOW_MESSAGES};

use super::guard::{FRAMES, Guard, MESSAGES};
use super::*;

const TICK: Duration = Duration::from_millis(50);

/// A stock client, configured as docs/protocol.md says.
fn stock_client() -> RenetClient {
    let channels = || {
        let channel = |channel_id, send_type| ChannelConfig { channel_id, max_memory_usage_bytes: 1 << 20, send_type };
        let resend_time = Duration::from_millis(100);
        vec![channel(FRAMES, SendType::Unreliable), channel(MESSAGES, SendType::ReliableOrdered { resend_time })]
    };
    let mut client = RenetClient::new(ConnectionConfig {
        available_bytes_per_tick: 60_000,
        server_channels_config: channels(),
        client_channels_config: channels(),
    });
    client.set_connected();
    client
}

/// The server's end as stock renet has it, without our guard.
fn stock_server() -> RenetClient {
    let mut server = RenetClient::new(renet::channels(HELD_BYTES));
    server.set_connected();
    server
}

fn frame(newest: u32) -> ClientFrame {
    ClientFrame { ack: SnapshotAck { newest: Tick(newest), before: 0 }, ..ClientFrame::default() }
}

fn varint(value: u64) -> Vec<u8> {
    match value {
        0..0x40 => vec![value as u8],
        0x40..0x4000 => (value as u16 | 0x4000).to_be_bytes().to_vec(),
        0x4000..0x4000_0000 => (value as u32 | 0x8000_0000).to_be_bytes().to_vec(),
        _ => (value | 0xc000_0000_0000_0000).to_be_bytes().to_vec(),
    }
}

/// A packet of reliable messages.
fn reliable(sequence: u64, messages: &[(u64, &[u8])]) -> Vec<u8> {
    let mut packet = [&[0][..], &varint(sequence), &[MESSAGES]].concat();
    packet.extend((messages.len() as u16).to_be_bytes());
    for (id, message) in messages {
        packet.extend([varint(*id), varint(message.len() as u64), message.to_vec()].concat());
    }
    packet
}

/// A packet of frames.
fn unreliable(sequence: u64, frames: &[Vec<u8>]) -> Vec<u8> {
    let mut packet = [&[1][..], &varint(sequence), &[FRAMES]].concat();
    packet.extend((frames.len() as u16).to_be_bytes());
    for frame in frames {
        packet.extend([varint(frame.len() as u64), frame.clone()].concat());
    }
    packet
}

/// Acknowledges every other packet up to the last of so many.
fn acknowledges(ranges: u64) -> Vec<u8> {
    let further = ranges - 1;
    [&[4, 0][..], &varint(2 * further), &[0], &varint(further), &vec![0; 2 * further as usize]].concat()
}

/// A slice of a message.
fn slice(kind: u8, index: u64, of: u64, bytes: &[u8]) -> Vec<u8> {
    let numbers = [varint(0), varint(index), varint(of), varint(bytes.len() as u64)].concat();
    [&[kind, 0, 1 - kind % 2], &numbers[..], bytes].concat()
}

/// What the guard says of the first packet of a client that was sent ten: its frames.
fn judge(packet: &[u8]) -> Result<Vec<ClientFrame>, PacketRefusal> {
    let mut frames = Vec::new();
    Guard::new(HELD_BYTES).check(packet, 10, &mut frames).map(|()| frames)
}

fn undecided() -> Framing {
    Framing::undecided(Bounds::default())
}

fn receive(framing: &mut Framing, payload: &[u8]) -> Result<Vec<ClientFrame>, PacketRefusal> {
    let mut frames = Vec::new();
    framing.receive(payload, Duration::ZERO, |frame| frames.push(frame)).map(|()| frames)
}

fn composed(framing: &mut Framing, snapshot: Option<&[u8]>, now: Duration) -> Vec<Vec<u8>> {
    let mut payloads = Vec::new();
    framing.compose(snapshot, now, &mut Vec::new(), |payload| payloads.push(payload.to_vec()));
    payloads
}

#[test]
fn nothing_is_sent_before_the_first_payload_says_how() {
    let mut framing = undecided();
    framing.queue(vec![7]).unwrap();
    assert!(composed(&mut framing, Some(&[1]), TICK).is_empty());
    assert!(!framing.is_acknowledged() && !framing.is_quiet(), "it waits to be sent");
    let mut own = framing;
    assert_eq!(receive(&mut own, &frame(3).seal()), Ok(vec![frame(3)]));
    assert!(matches!(own, Framing::Own { .. }));
    assert_eq!(composed(&mut own, None, TICK), [[VERSION, 16, 1, 0, 0, 1, 0, 7]]);

    let mut renet = undecided();
    renet.queue(vec![7]).unwrap();
    assert_eq!(receive(&mut renet, &unreliable(0, &[frame(3).seal()])), Ok(vec![frame(3)]));
    assert!(renet.is_renet());
    assert_eq!(composed(&mut renet, None, TICK)[0], reliable(0, &[(0, &[7])]));
}

#[test]
fn a_framing_that_is_decided_stays() {
    let mut own = undecided();
    receive(&mut own, &frame(1).seal()).unwrap();
    assert_eq!(receive(&mut own, &unreliable(0, &[frame(1).seal()])), Err(PacketRefusal::Payload));
    let mut renet = undecided();
    assert_eq!(receive(&mut renet, &[4]), Err(PacketRefusal::Payload), "a torn packet decides, too");
    assert_eq!(receive(&mut renet, &frame(1).seal()), Err(PacketRefusal::Payload));
    assert_eq!(receive(&mut renet, &unreliable(0, &[frame(1).seal()])), Ok(vec![frame(1)]));
    let mut browser = Framing::own(Bounds::default());
    assert_eq!(receive(&mut browser, &unreliable(0, &[frame(1).seal()])), Err(PacketRefusal::Payload));
}

/// A stock client and the server's end, over a line that loses what `loses` says.
struct Line {
    client: RenetClient,
    server: Framing,
    now: Duration,
    frames: Vec<ClientFrame>,
    from_client: Vec<Vec<u8>>,
    snapshots: Vec<Vec<u8>>,
    from_server: Vec<Vec<u8>>,
}

impl Line {
    fn new() -> Self {
        Self {
            client: stock_client(),
            server: undecided(),
            now: Duration::ZERO,
            frames: Vec::new(),
            from_client: Vec::new(),
            snapshots: Vec::new(),
            from_server: Vec::new(),
        }
    }

    fn tick(&mut self, snapshot: Option<&[u8]>, mut loses: impl FnMut() -> bool) {
        self.now += TICK;
        self.client.update(TICK);
        for packet in self.client.get_packets_to_send() {
            if !loses() {
                let taken = self.server.receive(&packet, self.now, |frame| self.frames.push(frame));
                assert!(
                    matches!(taken, Ok(()) | Err(PacketRefusal::PollBudget)),
                    "a stock client breaks no rule: {taken:?}"
                );
            }
        }
        self.from_client.extend(std::iter::from_fn(|| self.server.next_message()));
        for packet in composed(&mut self.server, snapshot, self.now) {
            if !loses() {
                self.client.process_packet(&packet);
            }
        }
        self.snapshots.extend(std::iter::from_fn(|| self.client.receive_message(FRAMES)).map(Vec::from));
        self.from_server.extend(std::iter::from_fn(|| self.client.receive_message(MESSAGES)).map(Vec::from));
        assert!(!self.client.is_disconnected());
    }
}

#[test]
fn a_stock_client_exchanges_frames_and_messages() {
    let mut line = Line::new();
    line.server.queue(vec![5; 1_000]).unwrap();
    line.client.send_message(FRAMES, frame(1).seal());
    line.client.send_message(FRAMES, frame(2).seal());
    line.client.send_message(MESSAGES, vec![8, 9]);
    line.tick(Some(&[1, 2, 3]), || false);
    assert_eq!(line.frames, [frame(1), frame(2)]);
    assert_eq!(line.from_client, [[8, 9]]);
    assert_eq!(line.snapshots, [datagram::seal(Section::Snapshot(&[1, 2, 3]))]);
    assert_eq!(line.from_server, [[5; 1_000]]);
    assert!(!line.server.is_acknowledged());
    line.tick(None, || false);
    assert!(line.server.is_acknowledged());
}

#[test]
fn what_is_queued_is_bounded_and_counted() {
    let bounds = Bounds { queue_bytes: 100_000, queue_messages: 200, ..Bounds::default() };
    let mut line = Line { server: Framing::undecided(bounds), ..Line::new() };
    line.client.send_message(FRAMES, frame(1).seal());
    line.tick(None, || false);
    assert_eq!(line.server.queue(vec![0; 1_001]), Err(QueueError::Length(1_001)));
    assert_eq!(line.server.queue(Vec::new()), Err(QueueError::Length(0)));
    let mut queued = 0;
    while line.server.queue(vec![1; 1_000]).is_ok() {
        queued += 1;
    }
    assert_eq!((queued, line.server.queued()), (100, (100_000, 100)));
    // Nothing arrives: a window is in flight, and the rest waits.
    let sent: usize = composed(&mut line.server, None, line.now).iter().map(Vec::len).sum();
    assert!((WINDOW_BYTES - 1_000..WINDOW_BYTES + 1_000).contains(&sent), "{sent}");
    assert_eq!(line.server.queued(), (100_000, 100));
    for _ in 0..40 {
        line.tick(None, || false);
    }
    assert_eq!((line.server.queued(), line.from_server.len()), ((0, 0), 100));
    while line.server.queue(vec![1]).is_ok() {
        queued += 1;
    }
    assert_eq!(queued, 300);
    composed(&mut line.server, None, line.now);
    let window = (0..).take_while(|_| line.server.queue(vec![1]).is_ok()).count();
    assert_eq!(window, WINDOW_MESSAGES, "as many as are in flight have made room");
}

#[test]
fn what_the_host_does_not_take_waits_at_the_client() {
    let mut line = Line::new();
    let message = |number: u8| vec![number; 1_000];
    (0..60).for_each(|number| line.client.send_message(MESSAGES, message(number)));
    let mut waits = 0;
    for _ in 0..20 {
        line.client.update(TICK);
        for packet in line.client.get_packets_to_send() {
            match line.server.receive(&packet, line.now, |_| {}) {
                Ok(()) => {}
                Err(PacketRefusal::PollBudget) => waits += 1,
                Err(other) => panic!("{other:?}"),
            }
        }
    }
    let held: Vec<Vec<u8>> = std::iter::from_fn(|| line.server.next_message()).collect();
    assert_eq!((held.len(), waits > 0), (HELD_BYTES / 1_000, true), "as many bytes as our own framing holds");
    (0..20).for_each(|_| line.tick(None, || false));
    let all: Vec<Vec<u8>> = held.into_iter().chain(line.from_client).collect();
    assert_eq!(all, (0..60).map(message).collect::<Vec<_>>());
}

#[test]
fn a_host_that_waits_for_a_message_is_given_it_however_much_is_held() {
    let mut server = undecided();
    let message = [7; 1_000];
    for id in 1..=33 {
        let taken = receive(&mut server, &reliable(id, &[(id, &message)]));
        let is_room = id <= HELD_BYTES as u64 / 1_000;
        assert_eq!(taken.is_ok(), is_room, "message {id}");
    }
    assert!(!server.has_message());
    assert_eq!(receive(&mut server, &reliable(40, &[(0, &message)])), Ok(Vec::new()));
    assert_eq!(
        receive(&mut server, &reliable(41, &[(33, &message)])),
        Err(PacketRefusal::PollBudget),
        "nobody waits for it"
    );
    assert_eq!(std::iter::from_fn(|| server.next_message()).count(), 33);
    assert_eq!(receive(&mut server, &reliable(42, &[(33, &message)])), Ok(Vec::new()));
    let Framing::Renet(renet) = server else { panic!("it is renet's") };
    assert!(renet.is_sound());
}

#[test]
fn packets_that_overtake_each_other_are_taken_once() {
    let mut guard = Guard::new(HELD_BYTES);
    let mut take = |sequence: u64| guard.check(&reliable(sequence, &[(0, &[1])]), 0, &mut Vec::new());
    let late = Err(PacketRefusal::Replayed);
    assert_eq!([5, 7, 6, 4, 3].map(&mut take), [Ok(()); 5], "each is beside one that came");
    assert_eq!([7, 6, 3].map(&mut take), [late; 3], "they came before");
    assert_eq!([1, 9, 2, 1].map(&mut take), [late, Ok(()), Ok(()), Ok(())], "1 is beside none at first");
    assert_eq!([200, 199, 136, 135].map(&mut take), [Ok(()), Ok(()), late, late]);
    let (mut all, newest) = ((137..199).rev(), 200);
    assert!(all.all(|sequence| take(sequence).is_ok()) && take(newest - 64).is_ok(), "64 are remembered");
    assert_eq!(take(newest - 65), late);
}

#[test]
fn many_small_messages_arrive_although_they_share_packets() {
    let mut line = Line::new();
    for number in 0..600u16 {
        line.client.send_message(MESSAGES, number.to_le_bytes().to_vec());
    }
    (0..40).for_each(|_| line.tick(None, || false));
    let expected: Vec<Vec<u8>> = (0..600u16).map(|number| number.to_le_bytes().to_vec()).collect();
    assert_eq!(line.from_client, expected);
}

#[test]
fn no_order_of_sequence_numbers_ends_a_connection() {
    let mut server = undecided();
    let mut send = |sequence: u64| {
        let _ = server.receive(&reliable(sequence, &[(0, &[1])]), Duration::ZERO, |_| {});
    };
    // Each time some far ahead, and then every other one of those before it, downwards.
    for window in 1..40 {
        let newest = window * 1_000;
        send(newest);
        (0..120).for_each(|back| send(newest - 2 - 2 * back));
    }
    assert!(!composed(&mut server, Some(&[1]), TICK).is_empty(), "renet has ended the connection");
    let Framing::Renet(renet) = server else { panic!("it is renet's") };
    assert!(renet.is_sound());
}

proptest! {
    #[test]
    fn every_message_arrives_once_and_in_order(
        seed in any::<u64>(),
        down in prop::collection::vec((1..400usize, any::<u8>()), 1..60),
        up in prop::collection::vec((1..400usize, any::<u8>()), 1..40),
    ) {
        let (mut line, mut state) = (Line::new(), seed);
        // One in four is lost.
        let mut loses = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % 4 == 0
        };
        let message = |(length, byte): &(usize, u8)| vec![*byte; *length];
        for tick in 0..400 {
            line.client.send_message(FRAMES, frame(1).seal());
            if let Some(up) = up.get(tick) {
                line.client.send_message(MESSAGES, message(up));
            }
            if let Some(down) = down.get(tick) {
                line.server.queue(message(down)).unwrap();
            }
            line.tick(Some(&[1]), &mut loses);
            if tick > 60 && line.from_server.len() == down.len() && line.from_client.len() == up.len() {
                break;
            }
        }
        prop_assert_eq!(line.from_server, down.iter().map(message).collect::<Vec<_>>());
        prop_assert_eq!(line.from_client, up.iter().map(message).collect::<Vec<_>>());
    }

    #[test]
    fn no_order_of_packets_and_acknowledgements_harms_renet(
        moves in prop::collection::vec((0..3u8, 1..120u64, prop::bool::weighted(0.05)), 1..900),
    ) {
        let (mut newest, mut ticks, mut bytes) = (100_000, 0u64, Vec::new());
        for (kind, apart, ends_tick) in moves {
            let packet = match kind {
                0 => {
                    newest += apart;
                    reliable(newest, &[(0, &[1])])
                }
                1 => reliable(newest - apart, &[(0, &[1])]),
                // What was sent up to now, of which there is one packet a tick at least.
                _ => [vec![4], varint(newest - apart / 8), varint(ticks), varint(ticks), vec![0]].concat(),
            };
            ticks += u64::from(ends_tick);
            bytes.extend((packet.len() as u16 | if ends_tick { 0x8000 } else { 0 }).to_le_bytes());
            bytes.extend(packet);
        }
        check(&bytes);
    }

    #[test]
    fn no_packet_that_passes_harms_renet(
        kind in 0..6u8,
        sequence in 0..3u8,
        body in prop::collection::vec(prop_oneof![4 => 0..6u8, 1 => any::<u8>()], 0..24),
    ) {
        let packet = [vec![kind, sequence], body].concat();
        let length = (packet.len() as u16 | 0xc000).to_le_bytes();
        check([&length[..], &packet].concat().as_slice());
    }
}

#[test]
fn stock_renet_ends_the_process_over_a_slice_beyond_the_last() {
    for kind in [2, 3] {
        let packet = slice(kind, 9, 1, &[7; 1_200]);
        let outcome = catch_unwind(|| stock_server().process_packet(&packet));
        assert!(outcome.is_err(), "renet has fixed this: the guard can let slices of type {kind} through");
        assert_eq!(judge(&packet), Err(PacketRefusal::Payload));
    }
}

#[test]
fn stock_renet_keeps_any_number_of_empty_messages() {
    let mut server = stock_server();
    let packets = (0..100u64).map(|sequence| {
        let messages: Vec<(u64, &[u8])> = (0..200).map(|id| (1 + sequence * 200 + id, &[][..])).collect();
        reliable(sequence, &messages)
    });
    for packet in packets {
        server.process_packet(&packet);
        assert_eq!(judge(&packet), Err(PacketRefusal::Message));
    }
    server.process_packet(&reliable(100, &[(0, &[1])]));
    let kept = std::iter::from_fn(|| server.receive_message(MESSAGES)).count();
    assert_eq!(kept, 20_001, "renet has a limit now: the guard needs none");

    let empty = unreliable(0, &vec![Vec::new(); 1_000]);
    let mut server = stock_server();
    (0..50).for_each(|_| server.process_packet(&empty));
    assert_eq!(std::iter::from_fn(|| server.receive_message(FRAMES)).count(), 50_000);
    assert_eq!(judge(&empty), Err(PacketRefusal::Payload));
}

#[test]
fn stock_renet_ends_a_connection_whose_packets_come_in_falling_order() {
    let (mut server, mut guard) = (stock_server(), Guard::new(HELD_BYTES));
    let (mut taken, mut sequence) = (0, 8_000);
    while sequence > 2 {
        let packet = reliable(sequence, &[(0, &[1])]);
        server.process_packet(&packet);
        taken += usize::from(guard.check(&packet, 0, &mut Vec::new()).is_ok());
        sequence -= 2;
    }
    assert!(!server.is_disconnected());
    server.get_packets_to_send();
    let reason = server.disconnect_reason();
    assert!(matches!(reason, Some(DisconnectReason::PacketSerialization(_))), "{reason:?}: renet has a limit now");
    assert_eq!(taken, 1, "none of the others is beside one that came");
}

#[test]
fn stock_renet_ends_a_connection_over_a_packet_that_it_cannot_read() {
    let torn: [(&[u8], PacketRefusal); 7] = [
        (&[], PacketRefusal::Payload),
        (&[5, 0], PacketRefusal::Payload),
        (&[0, 0xff], PacketRefusal::Payload),
        (&[0, 0, MESSAGES, 0, 1, 0, 2, 7], PacketRefusal::Payload),
        (&[1, 0, 9, 0, 1, 1, 7], PacketRefusal::Payload),
        (&[4, 0, 3, 4, 0], PacketRefusal::Payload),
        (&[4, 0, 3, 0, 1, 2, 0], PacketRefusal::Payload),
    ];
    for (packet, reason) in torn {
        let mut server = stock_server();
        server.process_packet(packet);
        assert!(server.is_disconnected(), "{packet:?}");
        assert_eq!(judge(packet), Err(reason), "{packet:?}");
    }
}

#[test]
fn stock_renet_fills_packets_beyond_1200_bytes() {
    let mut client = stock_client();
    for length in [600, 593] {
        client.send_message(MESSAGES, Bytes::from(vec![1; length]));
    }
    let packets = client.get_packets_to_send();
    assert_eq!(packets.iter().map(Vec::len).collect::<Vec<_>>(), [1_204]);
    assert!(judge(&packets[0]).is_ok(), "so netcode lets 1,300 bytes through");
}

#[test]
fn a_packet_of_many_parts_costs_as_much_as_several() {
    let messages = |count: u64| reliable(0, &(0..count).map(|id| (id, &[7][..])).collect::<Vec<_>>());
    assert_eq!([1, 3, 4, 300].map(|count| cost(&messages(count))), [1, 1, 2, 76]);
    assert_eq!([1, 4, 5, 128].map(|ranges| cost(&acknowledges(ranges))), [1, 1, 2, 32]);
    assert_eq!(cost(&unreliable(0, &[frame(1).seal()])), 1);
    assert_eq!(cost(&[vec![VERSION], vec![0xff; 9]].concat()), 1, "ours has few parts");
    assert_eq!(cost(&[0, 0, MESSAGES, 0xff, 0xff]), 2, "no packet has more parts than bytes");
    assert_eq!((cost(&[0]), cost(&[4, 0xff]), cost(&[])), (1, 1, 1));
}

#[test]
fn more_ranges_than_stock_renet_sends_are_refused() {
    let judge = |packet: &[u8]| Guard::new(HELD_BYTES).check(packet, 1_000, &mut Vec::new());
    assert_eq!(judge(&acknowledges(128)), Ok(()));
    assert_eq!(judge(&acknowledges(129)), Err(PacketRefusal::Payload));
}

#[test]
fn the_guard_takes_what_a_client_may_send_and_nothing_else() {
    let judge = |packet: &[u8]| judge(packet).map(|frames| frames.len());
    let input = frame(1).seal();
    assert_eq!(judge(&unreliable(0, &vec![input.clone(); 8])), Ok(8));
    assert_eq!(judge(&unreliable(0, &vec![input.clone(); 9])), Err(PacketRefusal::Payload));
    assert_eq!(judge(&unreliable(0, &[])), Err(PacketRefusal::Message));
    assert_eq!(judge(&unreliable(0, &[datagram::seal(Section::Snapshot(&[1]))])), Err(PacketRefusal::Frame));
    let with_a_message = [VERSION, 18, 1, 0, 0, 1, 0, 7].into_iter().chain(input[2..].iter().copied()).collect();
    assert_eq!(judge(&unreliable(0, &[with_a_message])), Err(PacketRefusal::Frame), "messages have a channel");
    assert_eq!(judge(&[unreliable(0, &[input]), vec![0]].concat()), Err(PacketRefusal::Payload), "it goes on");

    assert_eq!(judge(&reliable(0, &[(0, &[1]), (511, &[1; 1_000])])), Ok(0));
    assert_eq!(judge(&reliable(0, &[(511, &[1]), (512, &[1])])), Err(PacketRefusal::PollBudget));
    assert_eq!(judge(&reliable(0, &[(0, &[1; 1_001])])), Err(PacketRefusal::Message));
    assert_eq!(judge(&reliable(0, &[])), Err(PacketRefusal::Message));

    assert_eq!(judge(&[4, 0, 9, 2, 1, 3, 2]), Ok(0), "packets 0 to 2 and 7 to 9");
    assert_eq!(judge(&[4, 0, 9, 2, 1, 3, 3]), Err(PacketRefusal::Payload), "-1 to 2");
    assert_eq!(judge(&[4, 0, 10, 0, 0]), Err(PacketRefusal::AckUnsent));
}
