//! What all calls have in common: how they are sent, who sends them, and how they are answered and refused.

use std::time::Duration;

use axum::http::StatusCode;
use realmgate_platform::testing::soon;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::backends::{Realm, on_every_backend};

on_every_backend!(
    calls_are_sent_in_many_ways,
    a_connection_is_kept,
    whoever_calls_is_told_what_is_wrong_with_the_token,
    every_answer_has_a_name,
    pages_of_this_machine_may_call,
    a_fault_of_ours_tells_nothing,
);

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";
const PARTS: &str = "multipart/form-data; boundary=xyz";

async fn calls_are_sent_in_many_ways(realm: Realm) {
    let ann = realm.device("ann's").await;
    let parts = "--xyz\r\nContent-Disposition: form-data; name=\"display_name\"\r\n\r\nAnn of parts\r\n--xyz--\r\n";
    for (path, kind, body, name) in [
        ("", JSON, r#"{"display_name": "Ann of JSON"}"#, "Ann of JSON"),
        ("", "application/json; charset=utf-8", r#"{"display_name": "Ännchen"}"#, "Ännchen"),
        ("", FORM, "display_name=Ann+of+forms", "Ann of forms"),
        ("", PARTS, parts, "Ann of parts"),
        ("?display_name=Ann%20of%20queries", JSON, "", "Ann of queries"),
        ("?display_name=Ann%20of%20queries", JSON, r#"{"display_name": "Ann of bodies"}"#, "Ann of bodies"),
    ] {
        let call = realm.call("PATCH", &format!("/me/display_name{path}"), Value::Null).bearer(&ann.access);
        let changed = call.body(kind, body).send().await.expect(StatusCode::OK);
        assert_eq!(changed, json!({"ok": true, "id": ann.id, "display_name": name}), "{kind}: {body}");
    }
    // What may be left out may be: the body, what it is, or what is in it.
    for accept in ["application/json", "*/*"] {
        for (kind, body) in [(None, ""), (Some(JSON), ""), (Some(JSON), "{}"), (Some(FORM), ""), (Some(PARTS), "")] {
            for (path, status) in [("/lobbies", StatusCode::CREATED), ("/lobbies/leave", StatusCode::OK)] {
                let call = realm.call("POST", path, Value::Null).bearer(&ann.access).header("accept", accept);
                let call = kind.into_iter().fold(call, |call, kind| call.body(kind, body));
                assert!(call.send().await.expect(status).is_object(), "{path} {kind:?} {body}");
            }
        }
    }
    // The path says whom it is about, whatever the body says.
    let (ben, cid) = (realm.device("ben's").await, realm.device("cid's").await);
    let path = format!("/users/{}/block?id={}", ben.id, cid.id);
    realm.by(&ann, "POST", &path, json!({"id": cid.id})).await.expect(StatusCode::OK);
    let blocked = realm.by(&ann, "GET", "/me/blacklist", Value::Null).await.expect(StatusCode::OK);
    assert_eq!((&blocked["data"][0]["id"], &blocked["meta"]["total_count"]), (&json!(ben.id), &json!(1)));
}

async fn a_connection_is_kept(realm: Realm) {
    let mut tcp = TcpStream::connect(realm.app().state().addrs.api).await.unwrap();
    for _ in 0..3 {
        tcp.write_all(b"GET /api/v1/health HTTP/1.1\r\nhost: realm\r\n\r\n").await.unwrap();
        let mut answer = Vec::new();
        let whole = async {
            while !answer.ends_with(b"Z\"}") {
                assert_ne!(tcp.read_buf(&mut answer).await.unwrap(), 0, "it is closed");
            }
        };
        soon("the answer", whole).await;
        assert!(answer.starts_with(b"HTTP/1.1 200 OK\r\n"), "{}", String::from_utf8_lossy(&answer));
    }
}

async fn whoever_calls_is_told_what_is_wrong_with_the_token(realm: Realm) {
    let first = realm.device("the administrator's").await;
    let [ann, gone, banned] = [realm.device("ann's").await, realm.device("gone").await, realm.device("banned").await];
    let out = realm.device("out").await;
    let log_ins = format!("/admin/users/{}/log_ins", out.id);
    realm.by(&first, "DELETE", &log_ins, Value::Null).await.expect(StatusCode::OK);
    realm.by(&gone, "DELETE", "/me", Value::Null).await.expect(StatusCode::OK);
    let path = format!("/admin/users/{}", banned.id);
    realm.by(&first, "PATCH", &path, json!({"is_activated": false})).await.expect(StatusCode::OK);
    let told = async |path: &str, shown: Option<String>, error: &str| {
        let call = realm.call("GET", path, Value::Null);
        let call = shown.iter().fold(call, |call, shown| call.header("authorization", shown));
        let refused = call.send().await.expect(StatusCode::UNAUTHORIZED);
        assert_eq!(refused, json!({"error": error}), "{path} {shown:?}");
    };
    let bearer = |token: &str| Some(format!("Bearer {token}"));
    let (missing, wrong, ended) = ("Authentication required", "Invalid authentication token", "Failed.");
    for path in ["/me", "/admin/users", "/leaderboards/none/records/me"] {
        told(path, None, missing).await;
        told(path, Some("Basic YTpi".to_owned()), missing).await;
        for token in ["x", &ann.refresh, &format!("{}x", ann.access)] {
            told(path, bearer(token), wrong).await;
        }
        for token in [&out.access, &gone.access, &banned.access] {
            told(path, bearer(token), ended).await;
        }
    }
    let refused = realm.by(&ann, "GET", "/admin/users", Value::Null).await.expect(StatusCode::FORBIDDEN);
    assert_eq!(refused, json!({"error": "forbidden"}));
    realm.each(|app| app.advance(Duration::from_secs(901)));
    told("/me", bearer(&ann.access), wrong).await;
    realm.call("POST", "/refresh", json!({"refresh_token": ann.refresh})).send().await.expect(StatusCode::OK);
}

async fn every_answer_has_a_name(realm: Realm) {
    for (path, status) in
        [("/health", StatusCode::OK), ("/me", StatusCode::UNAUTHORIZED), ("/x", StatusCode::NOT_FOUND)]
    {
        let answer = realm.call("GET", path, Value::Null).header("x-request-id", "mine-1").send().await;
        assert_eq!((answer.status, answer.header("x-request-id")), (status, Some("mine-1")), "{path}");
        let answer = realm.call("GET", path, Value::Null).send().await;
        assert!(answer.header("x-request-id").is_some_and(|name| name.len() == 32), "{path}");
        assert_eq!(answer.header("x-request-time"), None, "{path}: players are not told how long it took");
        assert_eq!(answer.header("content-type"), Some("application/json"), "{path}");
    }
}

async fn pages_of_this_machine_may_call(realm: Realm) {
    let ask = async |origin: &str| {
        let call = realm.call("OPTIONS", "/me/display_name", Value::Null).header("origin", origin);
        let call = call.header("access-control-request-method", "PATCH");
        call.header("access-control-request-headers", "authorization,content-type,traceparent").send().await
    };
    let allowed = ask("http://localhost:8000").await;
    assert_eq!(allowed.status, StatusCode::OK, "{}", allowed.text);
    assert_eq!(allowed.header("access-control-allow-origin"), Some("http://localhost:8000"));
    for (header, words) in [
        ("access-control-allow-methods", &["GET", "POST", "PATCH", "DELETE"][..]),
        ("access-control-allow-headers", &["authorization", "content-type", "x-request-id", "traceparent"]),
    ] {
        let told = allowed.header(header).unwrap_or_default();
        assert!(words.iter().all(|word| told.split(',').any(|told| told.trim() == *word)), "{header}: {told}");
    }
    assert_eq!(ask("https://elsewhere.example").await.header("access-control-allow-origin"), None);
    let page = realm.call("GET", "/health", Value::Null).header("origin", "http://localhost:8000").send().await;
    assert_eq!(page.header("access-control-allow-origin"), Some("http://localhost:8000"));
}

async fn a_fault_of_ours_tells_nothing(realm: Realm) {
    realm.execute("ALTER TABLE leaderboards RENAME TO lost").await;
    let fault = realm.call("GET", "/leaderboards", Value::Null).send().await;
    let fault = fault.expect(StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(fault, json!({"errors": {"detail": "Internal Server Error"}}));
}

/// Whoever asks for it, by a name that clients are made from.
#[tokio::test]
async fn the_description_may_be_switched_off() {
    let realm = Realm::sqlite_with(|settings| settings.community.publish_openapi = false).await;
    for path in ["/api/openapi", "/api/docs"] {
        let off = realm.app().get(path).send().await;
        assert_eq!((off.status, off.text.as_str()), (StatusCode::NOT_FOUND, "Not Found"), "{path}");
    }
}
