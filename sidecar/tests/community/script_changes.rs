//! What scripts ask of the realm and change there. They are in `scripts/ledger.lua`.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::http::StatusCode;
use futures_util::future::join_all;
use realmgate_platform::testing::{a_moment, soon};
use realmgate_sidecar::config::Settings;
use serde_json::{Value, json};

use crate::backends::{Player, Realm, on_every_backend};
use crate::elsewhere::Elsewhere;
use crate::leaderboards::Boards;
use crate::lobbies::{join, leave, make};
use crate::testing::Answer;

on_every_backend!(
    develops =>
    what_a_script_changes_is_told_and_read_by_everybody,
    of_a_call_that_fails_nothing_is_done,
    calls_at_once_lose_nothing,
    values_are_read_by_whom_the_script_lets,
    a_lobby_s_metadata_is_changed_and_told,
    a_script_makes_a_lobby_without_a_host,
    what_cannot_be_asked_has_file_and_line,
    values_go_with_those_whose_they_are,
);

/// Where a script is developed, a player is told what is wrong with it.
fn develops(settings: &mut Settings) {
    settings.telemetry.deployment_environment = "development".to_owned();
}

#[tokio::test]
async fn a_script_calls_whom_it_may() {
    let there = Elsewhere::start().await;
    there.says("/prices", json!({"sword": 7}));
    let url = there.url();
    let may = Some(format!("{url},http://127.0.0.1:1").parse().unwrap());
    let realm = Realm::sqlite_with(|settings| {
        develops(settings);
        settings.hooks_may_call = may;
    })
    .await;
    let ann = first(&realm).await;
    let headers = json!({"authorization": "Bearer secret"});
    let asked = json!({"url": format!("{url}/prices"), "method": "POST", "headers": headers, "body": {"of": "sword"}});
    let answer = done(&realm, &ann, "ask", json!(["fetch", asked])).await;
    assert_eq!((&answer["status"], &answer["json"]), (&json!(200), &json!({"sword": 7})));
    let asked = there.asked("/prices");
    assert_eq!((&*asked["authorization"], asked.contains_key(r#"{"of":"sword"}"#)), ("Bearer secret", true));
    // Another port than those two, though it begins with one of them.
    let other = json!({"url": "http://127.0.0.1:11/"});
    let fault = refused(&realm, &ann, "ask", json!(["fetch", other])).await;
    assert!(fault["details"].as_str().unwrap().contains("is not in HOOKS_MAY_CALL"), "{fault}");
}

/// What a script waits for is of its own time: it asks no more when that is over, and its thread goes on.
#[tokio::test]
async fn calls_of_other_programs_end_with_the_script_s_call() {
    let slow = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", slow.local_addr().unwrap());
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = asked.clone();
    // It takes every call and answers none.
    let silent = tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((socket, _)) = slow.accept().await {
            counted.fetch_add(1, Ordering::Relaxed);
            open.push(socket);
        }
    });
    let may = Some(url.parse().unwrap());
    let realm = Realm::sqlite_with(|settings| settings.hooks_may_call = may).await;
    let ann = first(&realm).await;
    let patient = call(&realm, &ann, "patient", json!([{"url": url}])).await.expect(StatusCode::BAD_REQUEST);
    assert_eq!(patient, json!({"error": "timeout"}));
    assert_eq!(asked.load(Ordering::Relaxed), 2, "4 s, and what is left of 5 s");
    assert_eq!(done(&realm, &ann, "patience", json!([])).await, 1, "a new thread would say 0");
    silent.abort();
}

/// The first user of a realm whose sidecars have loaded the scripts: an administrator.
async fn first(realm: &Realm) -> Player {
    let user = realm.device("the administrator's").await;
    for _ in 0..2 {
        let loaded = async {
            while call(realm, &user, "read", json!(["x"])).await.status != StatusCode::OK {
                a_moment().await;
            }
        };
        soon("the scripts", loaded).await;
    }
    user
}

async fn call(realm: &Realm, user: &Player, function: &str, args: Value) -> Answer {
    let body = json!({"plugin": "ledger", "fn": function, "args": args});
    realm.by(user, "POST", "/hooks/call", body).await
}

async fn done(realm: &Realm, user: &Player, function: &str, args: Value) -> Value {
    call(realm, user, function, args).await.expect(StatusCode::OK)["data"].clone()
}

async fn refused(realm: &Realm, user: &Player, function: &str, args: Value) -> Value {
    call(realm, user, function, args).await.expect(StatusCode::BAD_REQUEST)
}

async fn read(realm: &Realm, user: &Player, path: &str) -> (u16, Value) {
    let answer = realm.by(user, "GET", &format!("/kv/{path}"), Value::Null).await;
    (answer.status.as_u16(), answer.json())
}

async fn what_a_script_changes_is_told_and_read_by_everybody(realm: Realm) {
    let admin = first(&realm).await;
    let boards = Boards { realm, admin };
    let board = boards.board(json!({})).await;
    let (realm, admin) = (&boards.realm, &boards.admin);
    let ann = realm.device("ann's").await;
    let mut at_ann = realm.online(&ann).await;
    assert_eq!(done(realm, &ann, "earn", json!([5])).await, 5);
    assert_eq!(at_ann.event("updated").await["metadata"], json!({"coins": 5}));
    assert_eq!(done(realm, &ann, "earn", json!([-2])).await, 3);
    assert_eq!(at_ann.event("updated").await["metadata"], json!({"coins": 3}));
    let broke = refused(realm, &ann, "earn", json!([-4])).await;
    assert_eq!(broke, json!({"error": "too_poor"}));
    assert_eq!(done(realm, admin, "user", json!([ann.id])).await["metadata"], json!({"coins": 3}));

    assert_eq!(done(realm, admin, "reward", json!(["arena", ann.id, 7])).await, Value::Null);
    let told = at_ann.event("notification_created").await;
    let of = |name: &str| told[name].as_str().unwrap().to_owned();
    assert_eq!(
        (of("title"), of("content"), of("sender_id")),
        ("Well done".into(), "You have 7".into(), admin.id.clone())
    );
    assert_eq!(told["metadata"], json!({"type": "reward"}));
    let records = boards.get(&format!("/{board}/records"), 200).await;
    let record = &records["data"][0];
    assert_eq!(
        (&record["user_id"], &record["score"], &record["metadata"]["by"]),
        (&json!(ann.id), &json!(7), &json!("a script"))
    );
    let path = format!("rewarded?user_id={}", ann.id);
    assert_eq!(read(realm, &ann, &path).await, (200, json!({"data": 7})));
}

async fn of_a_call_that_fails_nothing_is_done(realm: Realm) {
    let admin = first(&realm).await;
    let boards = Boards { realm, admin };
    let board = boards.board(json!({})).await;
    let realm = &boards.realm;
    let ann = realm.device("ann's").await;
    let failed = refused(realm, &ann, "reward_and_fail", json!(["arena", ann.id, 7])).await;
    assert_eq!((&failed["error"], &failed["details"]), (&json!("exception"), &json!("ledger.lua:38: after all not")));
    // Only when the rest has been read is it known that the board has ended.
    boards.admin("POST", &format!("/{board}/end"), json!({}), 200).await;
    let ended = refused(realm, &ann, "reward", json!([board, ann.id, 7])).await;
    assert_eq!((&ended["error"], &ended["details"]), (&json!("exception"), &json!("the leaderboard has ended")));
    assert_eq!(boards.get(&format!("/{board}/records"), 200).await["data"], json!([]));
    assert_eq!(read(realm, &ann, &format!("rewarded?user_id={}", ann.id)).await.0, 404);
    // No notification waits.
    realm.online(&ann).await;
}

async fn calls_at_once_lose_nothing(realm: Realm) {
    // As many as an account may have at one sidecar.
    const CALLS: i64 = 16;
    let admin = first(&realm).await;
    let ann = realm.device("ann's").await;
    let counts = join_all((0..CALLS).map(|_| done(&realm, &admin, "count", json!(["visits"])))).await;
    let mut counts: Vec<i64> = counts.iter().map(|count| count.as_i64().unwrap()).collect();
    counts.sort_unstable();
    assert_eq!(counts, (1..=CALLS).collect::<Vec<_>>());
    assert_eq!(read(&realm, &ann, "visits").await, (200, json!({"data": CALLS})));
    // What `caller` shows was read too.
    join_all((0..CALLS).map(|_| done(&realm, &ann, "earn", json!([1])))).await;
    assert_eq!(done(&realm, &ann, "earn", json!([0])).await, CALLS);
}

async fn values_are_read_by_whom_the_script_lets(realm: Realm) {
    let admin = first(&realm).await;
    let (ann, ben) = (realm.device("ann's").await, realm.device("ben's").await);
    let lobby = make(&realm, &ben, json!({})).await;
    let owners = json!({"user": ann.id, "lobby": lobby});
    let path = |key: &str| format!("{key}?user_id={}&lobby_id={lobby}", ann.id);
    let forbidden = (403, json!({"error": "forbidden"}));
    // Whether the owner, a member of the lobby, and an administrator may.
    for (access, may) in [
        ("public", [true, true, true]),
        ("owner_only", [true, false, false]),
        ("lobby_members_only", [false, true, false]),
        ("owner_or_lobby_member", [true, true, false]),
        ("admin_only", [false, false, true]),
    ] {
        let mut of = owners.clone();
        of["access"] = json!(access);
        assert_eq!(done(&realm, &ann, "keep", json!([access, {"a": [1]}, of])).await, json!({"a": [1]}));
        for (player, may) in [&ann, &ben, &admin].into_iter().zip(may) {
            let expected = if may { (200, json!({"data": {"a": [1]}})) } else { forbidden.clone() };
            assert_eq!(read(&realm, player, &path(access)).await, expected, "{access}");
        }
    }
    let none = (404, json!({"error": "not_found"}));
    // Only scripts, where nothing is said; and what was said stays.
    assert_eq!(done(&realm, &ann, "keep", json!(["secret", 1, owners])).await, 1);
    assert_eq!(read(&realm, &admin, &path("secret")).await, none);
    assert_eq!(done(&realm, &ann, "keep", json!(["public", 2, owners])).await, 2);
    assert_eq!(read(&realm, &ben, &path("public")).await, (200, json!({"data": 2})));
    // The same key of somebody else, or of nobody, is another one.
    assert_eq!(done(&realm, &ann, "read", json!(["public"])).await, Value::Null);
    assert_eq!(read(&realm, &ben, "public").await, none);
    assert_eq!(done(&realm, &ann, "keep", json!(["public", null, owners])).await, Value::Null);
    assert_eq!(read(&realm, &ben, &path("public")).await, none, "it was removed");
    assert_eq!(read(&realm, &ben, "public?user_id=nobody").await.0, 400);
    for key in ["a%00b".to_owned(), "x".repeat(129)] {
        assert_eq!(read(&realm, &ben, &key).await, none);
    }
}

async fn a_lobby_s_metadata_is_changed_and_told(realm: Realm) {
    let ann = first(&realm).await;
    let ben = realm.device("ben's").await;
    let mut at_ann = realm.online(&ann).await;
    let lobby = make(&realm, &ann, json!({"title": "Tower", "metadata": {"level": 3}})).await;
    assert_eq!(at_ann.event("updated").await["lobby_id"], json!(lobby));
    join(&realm, &ben, &lobby, json!({})).await.expect(StatusCode::OK);
    let topic = format!("lobby:{lobby}");
    at_ann.join(&topic).await;
    assert_eq!(done(&realm, &ben, "set_mode", json!([lobby, "duel"])).await, "duel");
    let both = json!({"level": 3, "mode": "duel"});
    // Whatever it is told of those who come before that.
    while at_ann.frame().await[4]["metadata"] != both {}
    let path = "/lobbies?metadata_key=mode&metadata_value=duel";
    let found = realm.call("GET", path, Value::Null).send().await.expect(StatusCode::OK);
    assert_eq!(found["data"][0]["id"], json!(lobby));
    let seen = done(&realm, &ben, "lobby", json!([lobby])).await;
    let members: Vec<&Value> = seen["members"].as_array().unwrap().iter().map(|member| &member["id"]).collect();
    assert_eq!(
        (&seen["title"], &seen["metadata"], members),
        (&json!("Tower"), &both, vec![&json!(ann.id), &json!(ben.id)])
    );
}

async fn a_script_makes_a_lobby_without_a_host(realm: Realm) {
    let ann = first(&realm).await;
    let ben = realm.device("ben's").await;
    let mut listening = realm.socket(&ben).await;
    listening.join("lobbies").await;
    let failed = refused(&realm, &ann, "open_and_fail", json!([{"title": "Ruin"}])).await;
    assert_eq!(failed["error"], "exception");
    let attrs = json!({"title": "Arena", "max_users": 4, "metadata": {"level": 3}, "host_id": ben.id});
    let seen = done(&realm, &ben, "open", json!([attrs, "duel"])).await;
    let id = seen["id"].as_str().unwrap().to_owned();
    let told = listening.event("lobby_created").await;
    assert_eq!((&told["id"], &told["title"]), (&json!(id), &json!("Arena")), "of the call that failed there is none");
    let read_by_ben = realm.by(&ben, "GET", &format!("/lobbies/{id}"), Value::Null).await.expect(StatusCode::OK);
    let mut shown = read_by_ben["data"].clone();
    shown["members"] = read_by_ben["members"].clone();
    assert_eq!(shown, seen, "the call has seen it as it is now");
    assert_eq!((&shown["hostless"], &shown["host_id"]), (&json!(true), &json!("")));
    assert_eq!((&shown["metadata"], &shown["members"]), (&json!({"level": 3, "mode": "duel"}), &json!([])));
    assert_eq!(read(&realm, &ann, &format!("opened?lobby_id={id}")).await, (200, json!({"data": "duel"})));
    let found = realm.call("GET", "/lobbies?metadata_key=mode", Value::Null).send().await.expect(StatusCode::OK);
    assert_eq!(found["data"][0]["id"], json!(id), "it is found by what the same call has changed");
    join(&realm, &ben, &id, json!({})).await.expect(StatusCode::OK);
    leave(&realm, &ben).await;
    realm.by(&ben, "GET", &format!("/lobbies/{id}"), Value::Null).await.expect(StatusCode::OK);
}

async fn what_cannot_be_asked_has_file_and_line(realm: Realm) {
    let ann = first(&realm).await;
    let nobody = "00000000-0000-7000-8000-000000000000";
    for (args, words) in [
        (json!(["user", "x"]), "user: the user must be an id"),
        (json!(["value", ""]), "value: the key must be a string of 1 to 128 characters"),
        (json!(["value", "k", {"user": 1}]), "value: `user` must be an id"),
        (json!(["set_value", "k", "x".repeat(16_385)]), "set_value: the value has more than 16384 bytes"),
        (json!(["set_user_metadata", ann.id, [1]]), "set_user_metadata: the metadata must be a table with string keys"),
        (json!(["submit_score", "none", ann.id, 1]), "submit_score: unknown leaderboard"),
        (json!(["submit_score", "none", ann.id, 1.5]), "submit_score: the score must be an integer"),
        (json!(["create_lobby", {"max_users": 0}]), "create_lobby: max_users is too small"),
        (json!(["create_lobby", [1]]), "create_lobby: the first argument must be a table with string keys"),
        (
            json!(["create_lobby", {"password": "x"}]),
            "create_lobby: a lobby created by a script cannot have a password: use `before_lobby_join`",
        ),
        (json!(["notify", ann.id, "", ""]), "notify: the title must be a string of 1 to 80 characters"),
        (json!(["notify", ann.id, "two\nlines", "x"]), "notify: the title has control characters"),
    ] {
        let failed = refused(&realm, &ann, "ask", args.clone()).await;
        assert_eq!(failed["details"], format!("ledger.lua:58: realm.{words}"), "{args}");
    }
    for function in ["user", "lobby"] {
        assert_eq!(done(&realm, &ann, "ask", json!([function, nobody])).await, Value::Null);
    }
    done(&realm, &ann, "often", json!([256])).await;
    let often = refused(&realm, &ann, "often", json!([257])).await;
    assert!(often["details"].as_str().unwrap().ends_with("a call may use `realm` at most 256 times"), "{often}");
    done(&realm, &ann, "many", json!([64])).await;
    let many = refused(&realm, &ann, "many", json!([65])).await;
    assert!(many["details"].as_str().unwrap().ends_with("a call may make at most 64 changes"), "{many}");
    let gone = refused(&realm, &ann, "keep", json!(["k", 1, {"user": nobody}])).await;
    assert_eq!(gone["details"], "the user does not exist");
}

async fn values_go_with_those_whose_they_are(realm: Realm) {
    let ann = first(&realm).await;
    let ben = realm.device("ben's").await;
    let lobby = make(&realm, &ben, json!({})).await;
    let (his, its) = (json!({"user": ben.id}), json!({"lobby": lobby}));
    for of in [&his, &its] {
        assert_eq!(done(&realm, &ann, "keep", json!(["k", 1, of])).await, 1);
    }
    realm.by(&ben, "DELETE", "/me", Value::Null).await.expect(StatusCode::OK);
    for of in [&his, &its] {
        assert_eq!(done(&realm, &ann, "read", json!(["k", of])).await, Value::Null, "{of}");
    }
}
