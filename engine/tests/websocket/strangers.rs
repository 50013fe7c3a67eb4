//! Who connects and shows no ticket.

use std::io::Write;
use std::sync::Arc;

use realmgate_engine::transport::Rate;
use realmgate_engine::transport::StrangerLimits;
use realmgate_engine::transport::refusal::PacketRefusal;

use super::client::{ASKED, Client, ask, connect, is_closed};
use super::scene::Scene;

const NO_RATE: Rate = Rate { per_second: 1_000_000, burst: 1_000_000 };

#[test]
fn garbage_is_answered_and_closed() {
    let mut scene = Scene::new();
    let long = format!("GET /play HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(5_000));
    let garbage = "\u{1}\u{2}\u{3}\r\n\r\n";
    for (request, status) in
        [(garbage, 400), ("GET / HTTP/1.1\r\n\r\n", 404), ("GET /play HTTP/1.1\r\n\r\n", 426), (long.as_str(), 431)]
    {
        let mut stream = connect(scene.address());
        let answer = ask(&mut stream, request);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")) || status == 431 && answer.is_empty(), "{answer}");
        assert!(is_closed(&mut stream));
    }
    scene.until_refused(PacketRefusal::Upgrade, 4);
    scene.assert_serves();
}

#[test]
fn pages_of_other_origins_are_refused() {
    let mut scene = Scene::with(|settings| {
        settings.allows_origin = Arc::new(|origin, host| origin == "https://play.example" && host == Some("localhost"));
    });
    let of = |origin: &str| ASKED.replace("Upgrade: w", &format!("Origin: {origin}\r\nUpgrade: w"));
    let status = |request: String| ask(&mut connect(scene.address()), &request)[9..12].to_owned();
    let asked = ["https://play.example", "https://evil.example", "null"].map(|origin| status(of(origin)));
    assert_eq!(asked, ["101", "403", "403"]);
    scene.until_refused(PacketRefusal::Origin, 2);
    scene.assert_serves();
}

#[test]
fn who_says_nothing_is_closed_in_time() {
    let mut scene = Scene::new();
    let mut silent = connect(scene.address());
    let mut half = connect(scene.address());
    half.write_all(&ASKED.as_bytes()[..60]).unwrap();
    let mut without_ticket = Client::silent(scene.address());
    scene.until_closed(&mut without_ticket, 1_008);
    scene.until_refused(PacketRefusal::NoTicket, 1);
    scene.until_refused(PacketRefusal::Upgrade, 2);
    assert!(is_closed(&mut silent) && is_closed(&mut half));
    scene.assert_serves();
}

#[test]
fn one_source_has_so_many_at_once_and_in_a_while() {
    let limits = StrangerLimits {
        most_of_source: 20,
        rate_of_source: Rate { per_second: 0, burst: 31 },
        ..StrangerLimits::default()
    };
    let mut scene = Scene::with(|settings| settings.strangers = limits);
    // The witness was the first of the 31, and is no stranger any more.
    let first: Vec<_> = (0..25).map(|_| connect(scene.address())).collect();
    scene.until_refused(PacketRefusal::SourceBudget, 5);
    drop(first);
    scene.until("they are gone", &mut [], |scene, _| scene.host.refusals(PacketRefusal::Upgrade) == 20);
    let _more: Vec<_> = (0..25).map(|_| connect(scene.address())).collect();
    scene.until_refused(PacketRefusal::SourceBudget, 5 + 20);
    scene.assert_serves();
}

#[test]
fn a_flood_keeps_nobody_out() {
    let limits = StrangerLimits { most: 64, most_of_source: 1_000, rate_of_source: NO_RATE, rate: NO_RATE };
    let mut scene = Scene::with(|settings| settings.strangers = limits);
    let flood: Vec<_> = (0..500).map(|_| connect(scene.address())).collect();
    let mut client = scene.join(1);
    scene.assert_plays(&mut client);
    scene.assert_serves();
    assert!(scene.host.refusals(PacketRefusal::PendingFull) >= 436, "the oldest made way");
    drop(flood);
}
