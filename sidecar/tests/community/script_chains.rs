//! Several scripts that are asked before something happens, and the sample that comes with the server.

use std::fs;
use std::path::Path;
use std::pin::pin;

use axum::http::StatusCode;
use futures_util::future::{Either, join_all, select};
use realmgate_platform::testing::{a_moment, soon};
use realmgate_sidecar::config::Settings;
use serde_json::{Value, json};

use crate::backends::{Player, Realm, on_every_backend};
use crate::testing::Answer;

mod sample {
    use super::{of_the_sample, the_sample_greets};
    use crate::backends::on_every_backend;

    on_every_backend!(of_the_sample => the_sample_greets);
}

on_every_backend!(names_that_the_server_keeps_are_nobodys_to_call);

fn of_the_sample(settings: &mut Settings) {
    settings.hooks_dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../hooks");
}

async fn call(realm: &Realm, user: &Player, plugin: &str, function: &str, args: Value) -> Answer {
    let body = json!({"plugin": plugin, "fn": function, "args": args});
    realm.by(user, "POST", "/hooks/call", body).await
}

async fn the_sample_greets(realm: Realm) {
    let ann = realm.device("ann's").await;
    for _ in 0..2 {
        let greet = async || call(&realm, &ann, "example_hook", "hello", json!(["Ada"])).await;
        soon("the sample", async {
            while greet().await.status != StatusCode::OK {
                a_moment().await;
            }
        })
        .await;
    }
    for (args, name) in [(json!(["Ada"]), "Ada"), (json!([]), &*ann.username)] {
        let greeting = call(&realm, &ann, "example_hook", "hello", args).await.expect(StatusCode::OK);
        assert_eq!(greeting, json!({"data": format!("Hello, {name}!")}));
    }
    let mut client = realm.online(&ann).await;
    let wish = json!({"plugin": "example_hook", "fn": "hello", "args": ["Ada"]});
    let answer = client.push(&ann.topic(), "call_hook", wish).await;
    assert_eq!(answer, json!({"status": "ok", "response": {"data": "Hello, Ada!"}}));
}

async fn names_that_the_server_keeps_are_nobodys_to_call(realm: Realm) {
    let ann = realm.device("ann's").await;
    for name in [
        "after_startup",
        "before_stop",
        "before_user_register",
        "after_user_register",
        "after_user_logged_in",
        "before_user_update",
        "after_user_updated",
        "after_user_online",
        "after_user_offline",
        "after_user_deleted",
        "before_lobby_create",
        "after_lobby_create",
        "before_lobby_join",
        "after_lobby_join",
        "before_lobby_leave",
        "after_lobby_leave",
        "before_lobby_update",
        "after_lobby_updated",
        "before_lobby_delete",
        "after_lobby_deleted",
        "before_lobby_kick",
        "after_lobby_kick",
        "after_lobby_host_change",
        "after_score_submitted",
        "before_kv_get",
        "on_custom_hook",
        "env_vars",
        "notification_types",
        "realtime_events",
        "kv_schemas",
        "metadata_schemas",
    ] {
        let refused = call(&realm, &ann, "trial", name, json!([])).await.expect(StatusCode::BAD_REQUEST);
        assert_eq!(refused, json!({"error": "reserved_hook_name"}), "{name}");
    }
}

/// The first refuses, and the others are not asked; where none does, each sees what those before it have made of it.
#[tokio::test]
async fn scripts_are_asked_one_after_the_other_until_one_refuses() {
    let folder = tempfile::tempdir().unwrap();
    let script = |name: &str| {
        format!(
            "return {{ before_lobby_create = function(attrs)\n\
               if attrs.title == 'not by {name}' then return nil, 'no' end\n\
               if attrs.title:find('fails at {name}') then error('broken') end\n\
               attrs.title = attrs.title .. ', {name}'\n\
               return attrs\n\
             end, is_loaded = function() return true end }}"
        )
    };
    for name in ["a", "b"] {
        fs::write(folder.path().join(format!("{name}.lua")), script(name)).unwrap();
    }
    let hooks_dir = folder.path().to_owned();
    let realm = Realm::sqlite_with(|settings| settings.hooks_dir = hooks_dir).await;
    let ann = realm.device("ann's").await;
    for name in ["a", "b"] {
        let is_loaded = async || call(&realm, &ann, name, "is_loaded", json!([])).await.status == StatusCode::OK;
        soon("the script", async {
            while !is_loaded().await {
                a_moment().await;
            }
        })
        .await;
    }
    let make = async |title: &str| realm.by(&ann, "POST", "/lobbies", json!({"title": title})).await;
    // What `b` would refuse, it does not see: `a` has changed it.
    for title in ["not by a", "fails at a", "fails at b"] {
        let refused = make(title).await.expect(StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(refused, json!({"error": "unexpected_error"}), "{title}");
    }
    let made = make("not by b").await.expect(StatusCode::CREATED);
    assert_eq!(made["title"], "not by b, a, b");
}

/// Time runs the same on every backend, and such a call costs all of its own.
#[tokio::test]
async fn a_call_that_does_not_end_is_told_so() {
    let realm = Realm::sqlite().await;
    let ann = realm.device("ann's").await;
    let is_loaded = async || call(&realm, &ann, "trial", "me", json!([])).await.status == StatusCode::OK;
    soon("the scripts", async {
        while !is_loaded().await {
            a_moment().await;
        }
    })
    .await;
    let endless = call(&realm, &ann, "trial", "loop", json!([])).await.expect(StatusCode::BAD_REQUEST);
    assert_eq!(endless, json!({"error": "timeout"}));
}

/// Somebody waits for it: players' calls of the same script, which came before, are done after it.
#[tokio::test]
async fn what_is_asked_before_something_happens_passes_players_calls_by() {
    let folder = tempfile::tempdir().unwrap();
    let script = "return { loop = function() while true do end end, is_loaded = function() return true end,\n\
                  before_lobby_create = function(attrs) return attrs end }";
    fs::write(folder.path().join("it.lua"), script).unwrap();
    let hooks_dir = folder.path().to_owned();
    let realm = Realm::sqlite_with(|settings| settings.hooks_dir = hooks_dir).await;
    let (flooder, ann) = (realm.device("flooder's").await, realm.device("ann's").await);
    soon("the script", async {
        while call(&realm, &ann, "it", "is_loaded", json!([])).await.status != StatusCode::OK {
            a_moment().await;
        }
    })
    .await;
    let loops = pin!(join_all((0..2).map(|_| call(&realm, &flooder, "it", "loop", json!([])))));
    let lobby = pin!(realm.by(&ann, "POST", "/lobbies", json!({"title": "ann's"})));
    match select(loops, lobby).await {
        Either::Right((made, _)) => made.expect(StatusCode::CREATED),
        Either::Left(_) => panic!("both calls that do not end have had their turn before"),
    };
}
