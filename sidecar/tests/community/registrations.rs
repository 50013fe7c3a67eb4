//! Accounts that come by a mail or by a provider: who is the first, and whom a script refuses.

use std::path::Path;

use axum::http::StatusCode;
use realmgate_platform::testing::{a_moment, soon};
use realmgate_sidecar::config::Settings;
use serde_json::{Value, json};

use crate::backends::{Player, Realm};
use crate::mails::by_mail;
use crate::oauth::player;
use crate::providers::{Doors, through_doors};
use crate::smtp::MailServer;
use crate::testing::PASSWORD;

by_mail!(whoever_confirms_the_first_address_is_the_administrator);

mod by_providers {
    use super::{through_doors, whoever_comes_by_a_provider_first_is_the_administrator};

    through_doors!(whoever_comes_by_a_provider_first_is_the_administrator);
}

/// Whether each of them is an administrator.
async fn are_administrators(realm: &Realm, players: &[Player]) -> Vec<bool> {
    let mut are = Vec::new();
    for player in players {
        are.push(realm.by(player, "GET", "/admin/users", Value::Null).await.status == StatusCode::OK);
    }
    are
}

async fn by_address(realm: &Realm, server: &mut MailServer, address: &str) -> Player {
    realm.sign_up(address).await;
    realm.confirm(&server.token(address).await).await.expect(StatusCode::OK);
    let body = json!({"email": address, "password": PASSWORD});
    Player::of(&realm.call("POST", "/login", body).send().await.expect(StatusCode::OK))
}

async fn whoever_confirms_the_first_address_is_the_administrator(realm: Realm, mut server: MailServer) {
    let ann = by_address(&realm, &mut server, "ann@example.org").await;
    let ben = by_address(&realm, &mut server, "ben@example.org").await;
    assert_eq!(are_administrators(&realm, &[ann, ben]).await, [true, false]);
}

async fn whoever_comes_by_a_provider_first_is_the_administrator(doors: Doors) {
    let mut players = Vec::new();
    for id in ["71", "72"] {
        doors.discord_knows(id, &format!("{id}@example.org"), true);
        players.push(player(&doors.realm, &doors.by_code("discord", "c").await.expect(StatusCode::OK)).await);
    }
    assert_eq!(are_administrators(&doors.realm, &players).await, [true, false]);
}

/// What the script of `happenings` says no to.
#[tokio::test]
async fn a_script_refuses_whoever_comes_by_mail_or_by_a_provider() {
    let mut server = MailServer::start().await;
    let doors = Doors::open(async |change| {
        let realm = Realm::sqlite_with(|settings: &mut Settings| {
            server.of()(settings);
            settings.hooks_dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/community/happenings");
            change(settings);
        });
        Some(realm.await)
    });
    let doors = doors.await.unwrap();
    let admin = doors.realm.device("the administrator's").await;
    let close = async || {
        let body = json!({"plugin": "keeper", "fn": "set", "args": ["closed", true]});
        doors.realm.by(&admin, "POST", "/hooks/call", body).await.status
    };
    soon("the script", async {
        while close().await != StatusCode::OK {
            a_moment().await;
        }
    })
    .await;
    let refused = json!({"error": "registration_rejected", "message": "not today"});
    doors.discord_knows("71", "ann@example.org", true);
    assert_eq!(doors.by_code("discord", "c").await.expect(StatusCode::BAD_REQUEST), refused);
    doors.realm.sign_up("ben@example.org").await;
    let token = server.token("ben@example.org").await;
    assert_eq!(doors.realm.confirm(&token).await.expect(StatusCode::BAD_REQUEST), refused);
    let users = doors.realm.by(&admin, "GET", "/admin/users", Value::Null).await.expect(StatusCode::OK);
    assert_eq!(users["meta"]["total_count"], 1, "nobody has come");
}
