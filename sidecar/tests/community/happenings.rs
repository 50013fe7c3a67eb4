//! What scripts are told after something has happened, and asked before. They are in `happenings/keeper.lua`.

use std::path::Path;

use axum::http::StatusCode;
use realmgate_platform::testing::{a_moment, soon};
use realmgate_sidecar::config::Settings;
use serde_json::{Value, json};

use crate::backends::{Player, Realm, on_every_backend};
use crate::leaderboards::Boards;
use crate::lobbies::{join, leave, make};

on_every_backend!(of_happenings =>
    each_thing_that_has_happened_is_told_once,
    a_script_decides_about_accounts,
    a_script_decides_about_lobbies,
);

fn of_happenings(settings: &mut Settings) {
    settings.hooks_dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/community/happenings");
}

/// The first user of a realm whose sidecars have loaded the script: an administrator. It has come before the script.
async fn first(realm: &Realm) -> Player {
    let user = realm.device("the administrator's").await;
    for _ in 0..2 {
        let loaded = async {
            while set(realm, &user, "is_loaded", json!(true)).await != StatusCode::OK {
                a_moment().await;
            }
        };
        soon("the script", loaded).await;
    }
    user
}

async fn set(realm: &Realm, user: &Player, key: &str, value: Value) -> StatusCode {
    let body = json!({"plugin": "keeper", "fn": "set", "args": [key, value]});
    realm.by(user, "POST", "/hooks/call", body).await.status
}

/// What the script was told, once it is that much.
async fn told(realm: &Realm, user: &Player, count: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let telling = async {
        while lines.len() < count {
            let answer = realm.by(user, "GET", "/kv/log", Value::Null).await;
            if answer.status == StatusCode::OK {
                lines = serde_json::from_value(answer.json()["data"].clone()).unwrap();
                // Whether the administrator had come before the script was loaded is not decided.
                lines.retain(|line| *line != format!("registered {}", user.id));
            }
        }
    };
    soon("the script's being told", telling).await;
    lines.sort_unstable();
    lines
}

async fn each_thing_that_has_happened_is_told_once(realm: Realm) {
    let admin = first(&realm).await;
    let boards = Boards { realm, admin };
    let (realm, admin) = (&boards.realm, &boards.admin);
    let (ann, ben, cat) = (realm.device("ann's").await, realm.device("ben's").await, realm.device("cat's").await);
    realm.by(&ann, "PATCH", "/me/display_name", json!({"display_name": "Ann"})).await.expect(StatusCode::OK);
    let lobby = make(realm, &ann, json!({"title": "Tower"})).await;
    for player in [&ben, &cat] {
        join(realm, player, &lobby, json!({})).await.expect(StatusCode::OK);
    }
    realm.by(&ann, "PATCH", "/lobbies", json!({"title": "Castle"})).await.expect(StatusCode::OK);
    realm.by(&ann, "POST", "/lobbies/kick", json!({"target_user_id": cat.id})).await.expect(StatusCode::OK);
    leave(realm, &ann).await;
    let path = format!("/admin/lobbies/{lobby}");
    realm.by(admin, "DELETE", &path, Value::Null).await.expect(StatusCode::OK);
    let board = boards.board(json!({})).await;
    boards.score(&board, &ben, 7).await;
    // What fails has no effect, and is not made again.
    boards.score(&board, &cat, -1).await;
    boards.label(&board, "The Guild", 9).await;
    let client = realm.online(&cat).await;
    client.close().await;
    realm.by(&ann, "DELETE", "/me", Value::Null).await.expect(StatusCode::OK);
    let mut expected = vec![
        format!("updated {}", ann.id),
        format!("made {lobby}"),
        format!("joined {} {lobby}", ben.id),
        format!("joined {} {lobby}", cat.id),
        format!("changed {lobby}"),
        format!("kicked {} {} {lobby}", ann.id, cat.id),
        format!("host {lobby} {}", ben.id),
        format!("left {} {lobby}", ann.id),
        format!("gone {lobby} Castle"),
        format!("score {} 7", ben.id),
        "score The Guild 9".to_owned(),
        format!("online {}", cat.id),
        format!("offline {}", cat.id),
        format!("deleted {} Ann", ann.id),
    ];
    expected.extend([&ann, &ben, &cat].map(|player| format!("registered {}", player.id)));
    expected.sort_unstable();
    let lines = told(realm, admin, expected.len()).await;
    assert_eq!(lines, expected);
    soon("the end of all calls", async {
        while realm.count("SELECT COUNT(*) FROM due_hooks").await > 0 {
            a_moment().await;
        }
    })
    .await;
    assert_eq!(told(realm, admin, expected.len()).await.len(), expected.len());
}

async fn a_script_decides_about_accounts(realm: Realm) {
    let admin = first(&realm).await;
    assert_eq!(set(&realm, &admin, "next", json!("chosen-one")).await, StatusCode::OK);
    let ann = realm.device("ann's").await;
    assert_eq!(ann.username, "chosen-one");
    // It is taken now: another one is made up, and so is one in place of what is no name.
    let ben = realm.device("ben's").await;
    assert_ne!(ben.username, "chosen-one");
    assert_eq!(set(&realm, &admin, "next", json!("No Name!")).await, StatusCode::OK);
    let dan = realm.device("dan's").await;
    assert!(dan.username.contains('-'), "{}", dan.username);
    assert_eq!(set(&realm, &admin, "closed", json!(true)).await, StatusCode::OK);
    let refused = realm.call("POST", "/login/device", json!({"device_id": "cat's"})).send().await;
    let refused = refused.expect(StatusCode::BAD_REQUEST);
    assert_eq!(refused, json!({"error": "registration_rejected", "message": "not today"}));
    // Who has an account comes in.
    assert_eq!(realm.device("ann's").await.id, ann.id);

    let rename = async |name: &str| realm.by(&ann, "PATCH", "/me/display_name", json!({"display_name": name})).await;
    let rude = rename("rude").await.expect(StatusCode::BAD_REQUEST);
    assert_eq!(rude, json!({"error": "invalid_data", "errors": {"display_name": ["is rude"]}}));
    for (name, why) in [("rude", "is rude"), ("loud", "has invalid format")] {
        let refused = realm.by(&ann, "PATCH", "/me/username", json!({"username": name})).await;
        let expected = json!({"error": "invalid_data", "errors": {"username": [why]}});
        assert_eq!(refused.expect(StatusCode::BAD_REQUEST), expected);
    }
    rename("shy").await.expect(StatusCode::OK);
    let me = realm.by(&ann, "GET", "/me", Value::Null).await.expect(StatusCode::OK);
    assert_eq!(me["display_name"], "Shy One");
    let path = format!("/admin/users/{}", ann.id);
    realm.by(&admin, "PATCH", &path, json!({"display_name": "rude"})).await.expect(StatusCode::BAD_REQUEST);
    // Kept for scripts alone, and read since a script says so.
    let closed = realm.by(&ann, "GET", "/kv/closed", Value::Null).await.expect(StatusCode::OK);
    assert_eq!(closed, json!({"data": true}));
    realm.by(&ann, "GET", "/kv/next", Value::Null).await.expect(StatusCode::NOT_FOUND);
}

async fn a_script_decides_about_lobbies(realm: Realm) {
    let admin = first(&realm).await;
    let (ann, ben) = (realm.device("ann's").await, realm.device("ben's").await);
    let refused = |code: &str| json!({"error": code});
    for title in ["no", "writes", "wrong"] {
        let answer = realm.by(&ann, "POST", "/lobbies", json!({"title": title})).await;
        assert_eq!(answer.expect(StatusCode::UNPROCESSABLE_ENTITY), refused("unexpected_error"), "{title}");
    }
    // Who makes one comes in without being asked about.
    let body = json!({"title": "whose", "metadata": {"members_only": true}});
    let made = realm.by(&ann, "POST", "/lobbies", body).await.expect(StatusCode::CREATED);
    assert_eq!(made["title"], json!(ann.id), "scripts see who it will belong to");
    leave(&realm, &ann).await;
    let made = realm.by(&ann, "POST", "/lobbies", json!({"title": "small"})).await.expect(StatusCode::CREATED);
    assert_eq!((&made["max_users"], &made["title"]), (&json!(2), &json!("small")));
    let lobby = made["id"].as_str().unwrap().to_owned();
    let change = async |body: Value| realm.by(&ann, "PATCH", "/lobbies", body).await;
    let no = change(json!({"title": "no"})).await.expect(StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(no, refused("unexpected_error"));
    let loud = change(json!({"title": "loud", "password": "sesame"})).await.expect(StatusCode::OK);
    assert_eq!(
        (&loud["title"], &loud["is_passworded"]),
        (&json!("LOUD"), &json!(true)),
        "what scripts do not see stays"
    );
    let path = format!("/admin/lobbies/{lobby}");
    let no = realm.by(&admin, "PATCH", &path, json!({"title": "no"})).await.expect(StatusCode::FORBIDDEN);
    assert_eq!(no, refused("forbidden"));
    let no = realm.by(&admin, "POST", "/admin/lobbies", json!({"title": "no"})).await.expect(StatusCode::FORBIDDEN);
    assert_eq!(no, refused("forbidden"));
    let small = realm.by(&admin, "POST", "/admin/lobbies", json!({"title": "small"})).await.expect(StatusCode::CREATED);
    let small = &small["data"];
    assert_eq!((&small["max_users"], &small["hostless"]), (&json!(2), &json!(true)), "a script changes it");
    let small = format!("/admin/lobbies/{}", small["id"].as_str().unwrap());
    realm.by(&admin, "DELETE", &small, Value::Null).await.expect(StatusCode::OK);

    change(json!({"password": "", "metadata": {"members_only": true}})).await.expect(StatusCode::OK);
    let out = join(&realm, &ben, &lobby, json!({"password": "sesame"})).await.expect(StatusCode::FORBIDDEN);
    assert_eq!(out, refused("rejected"));
    let quick = realm.by(&ben, "POST", "/lobbies/quick_join", Value::Null).await.expect(StatusCode::FORBIDDEN);
    assert_eq!(quick, refused("rejected"));
    join(&realm, &ben, &lobby, json!({"password": ben.username})).await.expect(StatusCode::OK);
    let kick = async || realm.by(&ann, "POST", "/lobbies/kick", json!({"target_user_id": ben.id})).await;
    change(json!({"title": "peace"})).await.expect(StatusCode::OK);
    assert_eq!(kick().await.expect(StatusCode::FORBIDDEN), refused("rejected"));
    change(json!({"title": "kept"})).await.expect(StatusCode::OK);
    kick().await.expect(StatusCode::OK);
    let kept = realm.by(&admin, "DELETE", &path, Value::Null).await.expect(StatusCode::FORBIDDEN);
    assert_eq!(kept, refused("forbidden"));
    // Nobody is kept by a script.
    leave(&realm, &ann).await;
    realm.by(&ann, "GET", &format!("/lobbies/{lobby}"), Value::Null).await.expect(StatusCode::NOT_FOUND);
}
