//! What scripts do when they were loaded and before the server ends. They are in `startup/startup.lua`.

use std::path::Path;

use axum::http::StatusCode;
use realmgate_platform::error::ErrorCode;
use realmgate_platform::testing::{a_moment, soon};
use realmgate_platform::tokens::Caller;
use realmgate_sidecar::config::Settings;
use realmgate_sidecar::service::world::{Entry, Waiter};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::backends::{Player, Realm, on_every_backend};
use crate::testing::Answer;

on_every_backend!(of_startup =>
    what_a_script_makes_known_can_be_called,
    a_script_decides_who_enters_the_world,
);

fn of_startup(settings: &mut Settings) {
    settings.hooks_dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/community/startup");
}

/// Waits until every sidecar has loaded the script: they are asked in turn.
async fn loaded(realm: &Realm, user: &Player) {
    let in_a_row = async {
        let mut answers = 0;
        while answers < 2 {
            let is_known = call(realm, user, "greet", json!(["Ben"])).await.status == StatusCode::OK;
            answers = if is_known { answers + 1 } else { 0 };
        }
    };
    soon("the script", in_a_row).await;
}

async fn call(realm: &Realm, user: &Player, function: &str, args: Value) -> Answer {
    let body = json!({"plugin": "startup", "fn": function, "args": args});
    realm.by(user, "POST", "/hooks/call", body).await
}

/// Waits until a script has counted so far.
async fn counted(realm: &Realm, user: &Player, key: &str, count: u32) {
    let path = format!("/kv/{key}");
    let counted = async {
        while realm.by(user, "GET", &path, Value::Null).await.json()["data"] != count {
            a_moment().await;
        }
    };
    soon(key, counted).await;
}

async fn what_a_script_makes_known_can_be_called(realm: Realm) {
    let user = realm.device("ann's").await;
    loaded(&realm, &user).await;
    let greeting = call(&realm, &user, "greet", json!(["Ben"])).await.expect(StatusCode::OK);
    assert_eq!(greeting["data"], format!("greet Ben by {}", user.username));
    for (function, args, error) in [
        ("greet", json!([]), "nobody"),
        ("greet", json!(["Ben", "Cid"]), "not_implemented"),
        ("unknown", json!([]), "not_implemented"),
        ("after_all", json!([]), "reserved_hook_name"),
        ("on_custom_hook", json!(["greet", ["Ben"]]), "reserved_hook_name"),
    ] {
        let refused = call(&realm, &user, function, args).await.expect(StatusCode::BAD_REQUEST);
        assert_eq!(refused["error"], error, "{function}");
    }
    let listed = realm.by(&user, "GET", "/hooks", Value::Null).await.expect(StatusCode::OK);
    let meta = json!({"description": "Says hello.", "args": [{"name": "who", "type": "string"}]});
    let signature = json!({"arity": 1, "signature": "greet(who)", "doc": "Says hello.", "example_args": []});
    assert_eq!(
        listed["data"],
        json!([{
            "plugin": "startup", "name": "greet", "dynamic": true, "arities": [1], "signatures": [signature], "meta": meta,
        }])
    );
}

#[tokio::test]
async fn a_script_hears_of_the_start_and_of_the_end() {
    let realm = Realm::sqlite_with(of_startup).await;
    let user = realm.device("ann's").await;
    counted(&realm, &user, "started", 1).await;
    assert_eq!(realm.by(&user, "GET", "/kv/stopped", Value::Null).await.status, StatusCode::NOT_FOUND);
    let realm = realm.restarted_with(of_startup).await;
    counted(&realm, &user, "stopped", 1).await;
    counted(&realm, &user, "started", 2).await;
}

#[tokio::test]
async fn a_script_that_has_changed_makes_known_what_it_says_now() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("startup.lua");
    let script = |name: &str| {
        format!(
            "return {{ after_startup = function() return {{ {{ hook = '{name}' }} }} end, on_custom_hook = function(name) \
             return name end }}"
        )
    };
    std::fs::write(&file, script("first")).unwrap();
    let hooks_dir = folder.path().to_owned();
    let realm = Realm::sqlite_with(|settings| settings.hooks_dir = hooks_dir).await;
    let user = realm.device("ann's").await;
    for name in ["first", "second"] {
        std::fs::write(&file, script(name)).unwrap();
        realm.by(&user, "POST", "/admin/hooks/reload", Value::Null).await.expect(StatusCode::OK);
        assert_eq!(call(&realm, &user, name, Value::Null).await.expect(StatusCode::OK)["data"], name);
    }
    let gone = call(&realm, &user, "first", Value::Null).await.expect(StatusCode::BAD_REQUEST);
    assert_eq!(gone["error"], "not_implemented");
}

async fn a_script_decides_who_enters_the_world(realm: Realm) {
    let user = realm.device("ann's").await;
    let app = realm.app();
    let refused = async |name: &str| {
        let body = json!({"name": name, "class_id": "mage"});
        let made = app.post("/characters", body).bearer(&user.access).send().await.expect(StatusCode::CREATED);
        let Caller { account, session, .. } = app.state().tokens.authenticate(&user.access).await.unwrap();
        let waiter = Waiter { told: mpsc::channel(1).0, cancel: CancellationToken::new() };
        let entry = Entry {
            account,
            log_in: session,
            character: made["id"].as_str().unwrap().parse().unwrap(),
            channel: None,
            own: None,
            trace: String::new(),
            waiter,
        };
        let error = app.state().world.entrance.enter(&entry).await.expect_err("there is no map server");
        (error.code, error.detail)
    };
    loaded(&realm, &user).await;
    let Caller { account, session, .. } = app.state().tokens.authenticate(&user.access).await.unwrap();
    app.state().world.accounts.claim(account, session).await.expect("its socket has the account");
    let (code, why) = refused("Gloom").await;
    assert_eq!((code, why.starts_with("no gloom on map ")), (ErrorCode::EntryRefused, true), "{why}");
    assert_eq!(refused("Hush").await, (ErrorCode::EntryRefused, "no nil before it".into()));
    assert_eq!(refused("Loop").await.0, ErrorCode::Overloaded, "a script that is stuck refuses nobody for good");
    assert_eq!(refused("Ann").await.0, ErrorCode::MapNotFound);
}
