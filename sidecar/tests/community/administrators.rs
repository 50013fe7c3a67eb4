//! Who becomes the administrator of a realm, and that one always stays.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::backends::{Player, Realm, on_every_backend};
use crate::testing::{Answer, PASSWORD};

on_every_backend!(
    a_first_account_from_elsewhere_is_not_the_administrator,
    the_newest_code_of_a_start_makes_one_administrator,
    the_last_administrator_stays,
    of_two_administrators_who_demote_each_other_one_stays,
);

/// A log-in by a device from an address, and what a proxy says of it.
async fn device_from(realm: &Realm, device: &str, address: &str, forwarded: Option<&str>) -> Player {
    let call = realm.app().post("/api/v1/login/device", json!({"device_id": device})).from(address);
    let call = forwarded.into_iter().fold(call, |call, client| call.header("x-forwarded-for", client));
    Player::of(&call.send().await.expect(StatusCode::OK))
}

async fn is_admin(realm: &Realm, player: &Player) -> bool {
    realm.by(player, "GET", "/admin/users", Value::Null).await.status == StatusCode::OK
}

async fn a_first_account_from_elsewhere_is_not_the_administrator(realm: Realm) {
    let stranger = device_from(&realm, "a stranger's", "198.51.100.66", None).await;
    let by_proxy = device_from(&realm, "by a proxy", "127.0.0.1", Some("198.51.100.66")).await;
    let second = device_from(&realm, "this machine's, but too late", "127.0.0.1", None).await;
    for player in [&stranger, &by_proxy, &second] {
        assert!(!is_admin(&realm, player).await);
    }
}

#[tokio::test]
async fn a_first_account_by_a_proxy_on_this_machine_is_not_the_administrator() {
    let realm = Realm::sqlite().await;
    let first = device_from(&realm, "by a proxy", "127.0.0.1", Some("198.51.100.66")).await;
    assert!(!is_admin(&realm, &first).await);
}

#[tokio::test]
async fn a_page_whose_name_was_led_to_this_machine_makes_no_administrator() {
    let device = json!({"device_id": "a page's"});
    let realm = Realm::sqlite().await;
    let call = realm.app().post("/api/v1/login/device", device.clone()).header("host", "evil.example");
    call.send().await.problem(421, "MISDIRECTED");
    let proxied = Realm::sqlite_with(|settings| settings.allowed_origins = Some("https://realm.example".into())).await;
    let call = proxied.app().post("/api/v1/login/device", device).header("host", "evil.example");
    let first = Player::of(&call.send().await.expect(StatusCode::OK));
    assert!(!is_admin(&proxied, &first).await);
}

/// Logs in to the administrators' pages.
async fn log_in(realm: &Realm, name: &str, code: Option<&str>) -> Answer {
    let body = json!({"email": name, "password": PASSWORD, "code": code});
    realm.app().post("/admin/session", body).header("x-realmgate-admin", "1").send().await
}

async fn the_newest_code_of_a_start_makes_one_administrator(realm: Realm) {
    for name in ["stranger", "ann", "bob"] {
        let body = json!({"username": name, "password": PASSWORD});
        realm.app().post("/auth/register", body).from("198.51.100.66").send().await.expect(StatusCode::CREATED);
    }
    let mut codes = Vec::new();
    realm.each(|app| codes.push(app.administrator_code().expect("nobody administers it").to_owned()));
    let newest = codes.pop().unwrap();
    assert_eq!(log_in(&realm, "ann", None).await.expect(StatusCode::FORBIDDEN)["error"], "forbidden");
    for other in codes.iter().map(String::as_str).chain(["a guess"]) {
        assert_eq!(log_in(&realm, "ann", Some(other)).await.expect(StatusCode::FORBIDDEN)["error"], "invalid_code");
    }
    let wrong = json!({"email": "ann", "password": "a wrong guess", "code": newest});
    let refused = realm.app().post("/admin/session", wrong).header("x-realmgate-admin", "1").send().await;
    refused.expect(StatusCode::UNAUTHORIZED);

    log_in(&realm, "ann", Some(&newest)).await.expect(StatusCode::OK);
    log_in(&realm, "ann", None).await.expect(StatusCode::OK);
    assert_eq!(log_in(&realm, "bob", Some(&newest)).await.expect(StatusCode::FORBIDDEN)["error"], "invalid_code");
}

#[tokio::test]
async fn a_realm_with_an_administrator_prints_no_code() {
    let realm = Realm::sqlite().await;
    let code = realm.app().administrator_code().map(str::to_owned);
    let ann = realm.device("ann's phone").await;
    assert!(code.is_some() && is_admin(&realm, &ann).await);
    let realm = realm.restarted_with(|_| {}).await;
    assert_eq!(realm.app().administrator_code(), None);
}

async fn the_last_administrator_stays(realm: Realm) {
    let (ann, bob) = (realm.device("ann's phone").await, realm.device("bob's phone").await);
    let path = format!("/admin/users/{}", ann.id);
    let refusals = [
        realm.by(&ann, "PATCH", &path, json!({"is_admin": false})).await,
        realm.by(&ann, "PATCH", &path, json!({"is_activated": false})).await,
        realm.by(&ann, "DELETE", &path, Value::Null).await,
        realm.by(&ann, "DELETE", "/me", Value::Null).await,
    ];
    for refused in refusals {
        assert_eq!(refused.expect(StatusCode::CONFLICT)["error"], "last_administrator");
    }
    assert!(is_admin(&realm, &ann).await);
    // A banned administrator administers nothing.
    let of_bob = format!("/admin/users/{}", bob.id);
    realm.by(&ann, "PATCH", &of_bob, json!({"is_admin": true, "is_activated": false})).await.expect(StatusCode::OK);
    realm.by(&ann, "PATCH", &path, json!({"is_admin": false})).await.expect(StatusCode::CONFLICT);
    realm.by(&ann, "PATCH", &of_bob, json!({"is_activated": true})).await.expect(StatusCode::OK);
    realm.by(&ann, "PATCH", &path, json!({"is_admin": false})).await.expect(StatusCode::OK);
    assert!(!is_admin(&realm, &ann).await);
}

async fn of_two_administrators_who_demote_each_other_one_stays(realm: Realm) {
    let (ann, bob) = (realm.device("ann's phone").await, realm.device("bob's phone").await);
    let edit = async |by: &Player, of: &Player, admin: bool| {
        realm.by(by, "PATCH", &format!("/admin/users/{}", of.id), json!({"is_admin": admin})).await
    };
    edit(&ann, &bob, true).await.expect(StatusCode::OK);
    for _ in 0..8 {
        tokio::join!(edit(&ann, &bob, false), edit(&bob, &ann, false));
        let (one, other) = (is_admin(&realm, &ann).await, is_admin(&realm, &bob).await);
        assert!(one != other, "one of them stays: {one} {other}");
        let (stays, goes) = if one { (&ann, &bob) } else { (&bob, &ann) };
        edit(stays, goes, true).await.expect(StatusCode::OK);
    }
}
