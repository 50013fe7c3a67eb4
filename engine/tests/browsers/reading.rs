//! Clients that read slowly, or not at all.

use std::time::Duration;

use realmgate_engine::transport::STALLED_QUEUE_BYTES;
use realmgate_engine::transport::refusal::PacketRefusal;
use realmgate_engine::transport::{ClientId, Transport};

use super::scene::{DEADLINE, Scene, now};

/// The host's tick that a snapshot shows: it stands behind the head, whose 36 bits take 5 bytes.
fn shown(snapshot: &[u8]) -> u64 {
    u64::from_le_bytes(snapshot[5..13].try_into().unwrap())
}

#[test]
fn who_did_not_read_gets_the_newest_snapshot_next() {
    let mut scene = Scene::new();
    let mut client = scene.join(1);
    // Not pumped: its socket fills, and from then on snapshots replace each other.
    scene.until("many came too late", &mut [], |scene, _| scene.host.refusals(PacketRefusal::SnapshotLate) >= 200);
    let (last, seen) = (scene.host.ticks, client.frames);
    assert!(shown(&client.newest) < last, "it has read nothing yet");
    // The host rests: what comes was on its way, and the newest is what waited behind it.
    let started = now();
    while shown(&client.newest) != last {
        assert!(now() - started < DEADLINE, "it is shown {}, and {last} is the newest", shown(&client.newest));
        client.pump();
        std::thread::park_timeout(Duration::from_millis(5));
    }
    let in_between = client.frames - seen;
    assert!(in_between < 150, "{in_between} old ones waited for it in sockets");
    scene.assert_plays(&mut client);
    scene.assert_serves();
}

#[test]
fn who_does_not_read_is_disconnected_and_others_are_not() {
    let mut scene = Scene::new();
    let mut reader = scene.join(1);
    let _deaf = scene.join(2);
    // Its socket is full of snapshots first; then it is sent a little more than may wait.
    scene.until("its socket is full", &mut [&mut reader], |scene, _| {
        scene.host.refusals(PacketRefusal::SnapshotLate) >= 20
    });
    let messages = STALLED_QUEUE_BYTES / 1_000 + 2;
    for client in [1, 2] {
        (0..messages).for_each(|_| scene.host.transport.send_message(ClientId(client), vec![7; 1_000]));
    }
    scene.until("one is out", &mut [&mut reader], |scene, _| !scene.host.disconnected.is_empty());
    assert_eq!(scene.host.disconnected, [ClientId(2)], "the other one was sent as much, and has read it");
    assert_eq!(scene.host.refusals(PacketRefusal::ClientBehind), 1);
    scene.assert_plays(&mut reader);
    assert_eq!(reader.messages.iter().filter(|message| message.len() == 1_000).count(), messages);
    scene.assert_serves();
}

#[test]
fn what_a_large_world_is_told_at_once_reaches_who_reads() {
    let mut scene = Scene::new();
    let mut client = scene.join(1);
    (0..200).for_each(|number| scene.host.transport.send_message(ClientId(1), vec![number; 900]));
    scene.until("all of it came", &mut [&mut client], |_, clients| clients[0].messages.len() == 200);
    assert_eq!(scene.host.refusals(PacketRefusal::ClientBehind), 0);
    scene.assert_serves();
}

#[test]
fn what_others_cause_never_costs_a_client_its_connection() {
    let mut scene = Scene::new();
    let mut client = scene.join(1);
    scene.until("its socket is full", &mut [], |scene, _| scene.host.refusals(PacketRefusal::SnapshotLate) >= 20);
    for number in 0..5_000u32 {
        scene.host.transport.send_of_others(ClientId(1), [&number.to_le_bytes()[..], &[7; 60]].concat());
    }
    scene.until("most of it is left out", &mut [], |scene, _| scene.host.refusals(PacketRefusal::ClientSlow) > 4_500);
    // Longer than a client may stall with too much.
    let late = scene.host.refusals(PacketRefusal::SnapshotLate);
    scene.until("time has passed", &mut [], |scene, _| scene.host.refusals(PacketRefusal::SnapshotLate) > late + 300);
    let own = [9; 900].to_vec();
    scene.host.transport.send_message(ClientId(1), own.clone());
    scene.until("its own has come", &mut [&mut client], |_, clients| clients[0].messages.contains(&own));
    assert!(client.closed.is_none() && scene.host.disconnected.is_empty());
    scene.assert_plays(&mut client);
    scene.assert_serves();
}

#[test]
fn who_falls_silent_is_gone() {
    let mut scene = Scene::new();
    let _silent = scene.join(1);
    scene.until("the host heard of it", &mut [], |scene, _| scene.host.disconnected == [ClientId(1)]);
    scene.assert_serves();
}
