//! Bots play on a real server; afterwards the database holds what each was last told, and the books balance.

use realmgate_tests::bots::Bots;
use realmgate_tests::{Database, MapServer, Settings};

const COUNT: u32 = 8;

#[tokio::test]
async fn what_bots_were_told_is_what_is_stored() {
    let server = MapServer::start_linked(&Settings::new()).await;
    let run = Bots::start(&server, COUNT, 20, &["--expect", "kills,chat,loot"]).finished().await;
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

    let home = server.settings.home.clone();
    server.stop().await;
    let afterwards = Database::open(&home).await;
    for character in &run.told {
        character.assert_stored(&afterwards).await;
    }
    afterwards.assert_books_balance().await;
}
