//! Bots play on a real server; afterwards the database holds what each was last told, and the books balance.

use realmgate_client::scrape::Scrape;
use realmgate_tests::bots::{BotRun, Bots};
use realmgate_tests::wait::{PATIENCE, found_within};
use realmgate_tests::{Database, MapServer, Settings};

const COUNT: u32 = 8;

/// What bots cause, and so has been counted, by the map server and by the sidecar in it.
const CAUSED: [&str; 30] = [
    "ticks_total",
    "tick_part_seconds_count",
    "tick_send_seconds_count",
    "datagrams_in_total",
    "datagrams_out_total",
    "bytes_in_total",
    "bytes_out_total",
    "players_joined_total",
    "kills_total",
    "loot_picked_up_total",
    "chat_messages_total",
    "process_resident_bytes",
    "link_up",
    "http_requests_total",
    "http_request_seconds_count",
    "registrations_total",
    "characters_created_total",
    "enter_world_total",
    "prepares_total",
    "departures_total",
    "saves_total",
    "events_total",
    "event_batch_seconds_count",
    "map_links",
    "link_messages_total",
    "database_seconds_count",
    "ledger",
    "locks",
    "table_entries",
    "connections",
];
/// What a realm without faults never counts.
const NEVER: [&str; 12] = [
    "channel_panics_total",
    "link_messages_lost_total",
    "locks_lost_total",
    "locks_fenced_total",
    "loot_forgone_total",
    "oversized_messages_total",
    "bad_messages_total",
    "websockets_flooded_total",
    "outages_total",
    "replica_lost_total",
    "social_dropped_total",
    "refresh_reuse_total",
];

async fn assert_counted(server: &MapServer) {
    let mut figures = Scrape::of(&server.admin().get("/metrics").await.text);
    figures.add(&server.api().get("/metrics").await.text);
    let counted = |name: &str| figures.sum(&format!("realmgate_{name}")).unwrap_or(0.0);
    for name in CAUSED {
        assert!(counted(name) > 0.0, "realmgate_{name} was not counted");
    }
    for name in NEVER {
        assert_eq!(counted(name), 0.0, "realmgate_{name}");
    }
}

/// The shipped boards say what bots have reached: each bot is an account with one character.
async fn assert_on_boards(server: &MapServer, run: &BotRun) {
    let scores = async |slug: &str| {
        let page = server.api().get(&format!("/api/v1/leaderboards/{slug}/records?page_size=100")).await.json(200);
        let scores = page["data"].as_array().into_iter().flatten().filter_map(|row| row["score"].as_i64());
        scores.collect::<Vec<_>>()
    };
    let mut levels: Vec<i64> = run.told.iter().filter(|told| told.experience > 0).map(|told| told.level).collect();
    levels.sort_unstable_by_key(|level| -level);
    let counted = found_within(PATIENCE, async || (scores("level").await == levels).then_some(()));
    assert!(counted.await.is_some(), "{:?} on the board, and {levels:?} told", scores("level").await);
    let (life, week) = (scores("kills").await, scores("weekly_kills").await);
    assert!(life.iter().sum::<i64>() > 0 && life == week, "{life:?} kills, {week:?} of this week");
    let richest = run.told.iter().map(|told| told.gold).max();
    assert!(scores("gold").await.first().copied() >= richest, "the board has what somebody had at most");
}

#[tokio::test]
async fn what_bots_were_told_is_what_is_stored() {
    let server = MapServer::start_linked(&Settings::new()).await;
    let run = Bots::start(&server, COUNT, 45, &["--expect", "kills,chat,loot"]).finished().await;
    run.assert_good();
    assert_eq!(run.told.len(), COUNT as usize, "every bot has been told something");
    assert_eq!(run.report["mismatches"], serde_json::json!([]));
    for figure in ["tick_p99_ms", "server_resident_bytes", "snapshots_per_s"] {
        assert!(run.report[figure].as_f64().is_some_and(|value| value > 0.0), "{figure}: {:#}", run.report);
    }
    let joined = run.report["compared"].as_array().and_then(|all| all.iter().find(|one| one["what"] == "joined"));
    assert!(
        joined.is_some_and(|joined| joined["server"].as_u64() >= Some(COUNT.into())),
        "{joined:?} by its own count"
    );

    let database = Database::open(&server.settings.home).await;
    for character in &run.told {
        character.assert_stored(&database).await;
        let row = database.character(&character.character_id).await;
        assert_eq!(row.lock_owner, "none", "{} has said goodbye", character.name);
    }
    database.assert_books_balance().await;
    let (items, gold) = database.lines_from_play().await;
    assert!(items > 0 && gold > 0, "{items} lines of items and {gold} of gold were booked while they played");

    assert_counted(&server).await;
    assert_on_boards(&server, &run).await;

    let home = server.settings.home.clone();
    server.stop().await;
    let afterwards = Database::open(&home).await;
    for character in &run.told {
        character.assert_stored(&afterwards).await;
    }
    afterwards.assert_books_balance().await;
}

#[tokio::test]
async fn bots_play_over_websocket_as_over_udp() {
    let server = MapServer::start_linked(&Settings::new()).await;
    let run = Bots::start(&server, 4, 30, &["--transport", "websocket", "--expect", "kills,chat"]).finished().await;
    run.assert_good();
    assert_eq!(run.report["mismatches"], serde_json::json!([]));
    let figures = server.admin().get("/metrics").await.text;
    let messages = |way: &str| {
        let name = format!("realmgate_datagrams_{way}_total{{transport=\"websocket\"}} ");
        figures.lines().find_map(|line| line.strip_prefix(&name)?.parse::<f64>().ok())
    };
    assert!(messages("in") > Some(100.0) && messages("out") > Some(100.0), "{:?}", (messages("in"), messages("out")));
    server.stop().await;
}
