//! Clients that read slowly, or not at all.

use realmgate_engine::transport::STALLED_QUEUE_BYTES;
use realmgate_engine::transport::refusal::PacketRefusal;
use realmgate_engine::transport::{ClientId, Transport};

use super::scene::Scene;

#[test]
fn who_did_not_read_gets_the_newest_snapshot_next() {
    let mut scene = Scene::new();
    let mut client = scene.join(1);
    // Not pumped: its socket fills, and from then on snapshots replace each other.
    scene.until("many came too late", &mut [], |scene, _| scene.host.refusals(PacketRefusal::SnapshotLate) >= 200);
    let (last, seen) = (scene.host.ticks, client.frames);
    scene.until("it is shown what is now", &mut [&mut client], |_, clients| {
        let tick = clients[0].newest.windows(8).map(|eight| u64::from_le_bytes(eight.try_into().unwrap()));
        tick.into_iter().any(|tick| (last..last + 10_000).contains(&tick))
    });
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
