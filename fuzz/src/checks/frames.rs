//! Payloads of datagrams, in both directions.

use realmgate_client::world::{Change, read_frame};
use realmgate_protocol::ids::Tick;
use realmgate_protocol::limits::{MAX_COMMANDS_PER_FRAME, MAX_PAYLOAD_BYTES};
use realmgate_protocol::wire::datagram::{self, ClientFrame, Section, ServerFrameHead};
use realmgate_protocol::wire::snapshot::MAX_COUNT;

/// What a map server reads from a client.
pub fn client_payload(payload: &[u8]) {
    let Ok(opened) = datagram::open(payload) else { return };
    assert!(payload.len() <= MAX_PAYLOAD_BYTES, "a payload that is too long was opened");
    let Section::Input(body) = opened.section else { return };
    let Some(frame) = ClientFrame::open(body) else { return };
    assert!(frame.commands.len() <= MAX_COMMANDS_PER_FRAME, "{} commands", frame.commands.len());
    let numbers: Vec<u32> = frame.commands.iter().map(|command| command.number).collect();
    assert!(numbers.windows(2).all(|pair| pair[0] + 1 == pair[1]), "numbers have gaps: {numbers:?}");
    assert!(frame.ack.ticks().count() <= 33, "more ticks are acknowledged than there are bits");
    let again = frame.seal();
    let Section::Input(body) = datagram::open(&again).expect("what was read can be written").section else {
        panic!("it is written as something else")
    };
    assert_eq!(ClientFrame::open(body).as_ref(), Some(&frame), "it reads back as something else");
}

/// What a client reads from a map server.
pub fn server_payload(payload: &[u8]) {
    let Ok(Section::Snapshot(body)) = datagram::open(payload).map(|opened| opened.section) else { return };
    let newest = ServerFrameHead { tick: Tick(70_000), last_command: 69_000, buffered_commands: 0 };
    let Ok((_, changes)) = read_frame(body, &newest) else { return };
    let count = |wanted: fn(&Change) -> bool| changes.iter().filter(|change| wanted(change)).count();
    assert!(count(|change| matches!(change, Change::Despawn(_))) <= MAX_COUNT);
    assert!(count(|change| matches!(change, Change::Entity(..))) <= MAX_COUNT);
    assert!(changes.len() <= payload.len() * 8, "more changes than bits");
    let again = read_frame(body, &newest);
    assert_eq!(again.map(|(_, changes)| changes), Ok(changes), "it reads differently a second time");
}
