//! Authorization: every route of the document, for every kind of caller.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use serde_json::Value;

use crate::backends::{Player, Realm};

/// Whom a route is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum For {
    /// Everybody: the caller's tokens make no difference.
    All,
    /// Every user who is logged in, for their own account.
    Users,
    /// Administrators.
    Admins,
}

/// A route: its method and path as in the document, whom it is for, its status on success, and its body.
type Row = (&'static str, &'static str, For, u16, &'static str);

#[rustfmt::skip]
const ROUTES: &[Row] = &[
    ("GET",    "/health",           For::All,    200, ""),
    ("POST",   "/login",            For::All,    401, r#"{"email": "nobody", "password": "wrong"}"#),
    ("POST",   "/login/device",     For::All,    200, r#"{"device_id": "a new one"}"#),
    ("POST",   "/refresh",          For::All,    401, r#"{"refresh_token": "x"}"#),
    ("DELETE", "/logout",           For::All,    200, ""),
    ("GET",    "/me",               For::Users,  200, ""),
    ("DELETE", "/me",               For::Users,  200, ""),
    ("PATCH",  "/me/display_name",  For::Users,  200, r#"{"display_name": "Ann"}"#),
    ("PATCH",  "/me/username",      For::Users,  200, r#"{"username": "fresh.name"}"#),
    ("PATCH",  "/me/password",      For::Users,  200, r#"{"password": "a long password"}"#),
    ("POST",   "/me/device",        For::Users,  200, r#"{"device_id": "another"}"#),
    ("DELETE", "/me/device",        For::Users,  400, ""),
    ("GET",    "/users",            For::All,    200, ""),
    ("GET",    "/users/{id}",       For::All,    200, ""),
    ("PATCH",  "/admin/users/{id}", For::Admins, 200, r#"{"display_name": "Ann"}"#),
    ("DELETE", "/admin/users/{id}", For::Admins, 200, ""),
];

/// The kinds of callers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Caller {
    Nobody,
    Malformed,
    RefreshToken,
    LoggedOut,
    Deleted,
    ServiceToken,
    User,
    Admin,
}

const CALLERS: [Caller; 8] = [
    Caller::Nobody,
    Caller::Malformed,
    Caller::RefreshToken,
    Caller::LoggedOut,
    Caller::Deleted,
    Caller::ServiceToken,
    Caller::User,
    Caller::Admin,
];

fn expected(route: For, well: u16, caller: Caller) -> u16 {
    match (route, caller) {
        (For::All, _) | (For::Users | For::Admins, Caller::Admin) | (For::Users, Caller::User) => well,
        (For::Admins, Caller::User) => 403,
        (For::Users | For::Admins, _) => 401,
    }
}

/// What the caller shows; `None` for nothing.
async fn shown(realm: &Realm, caller: Caller) -> Option<String> {
    let admin = realm.device("the administrator's").await;
    let other = realm.device("somebody's").await;
    let bearer = |token: &str| Some(format!("Bearer {token}"));
    match caller {
        Caller::Nobody => None,
        Caller::Malformed => bearer("no token at all"),
        Caller::RefreshToken => bearer(&other.refresh),
        Caller::LoggedOut => {
            realm.by(&other, "DELETE", "/logout", Value::Null).await.expect(StatusCode::OK);
            bearer(&other.access)
        }
        Caller::Deleted => {
            realm.by(&other, "DELETE", "/me", Value::Null).await.expect(StatusCode::OK);
            bearer(&other.access)
        }
        Caller::ServiceToken => bearer(realm.app().service_token()),
        Caller::User => bearer(&other.access),
        Caller::Admin => bearer(&admin.access),
    }
}

/// What the caller must not have changed.
async fn kept(realm: &Realm, target: &Player) -> Value {
    realm.by(target, "GET", "/me", Value::Null).await.expect(StatusCode::OK)
}

#[tokio::test]
async fn each_caller_gets_what_is_its_own_and_no_more() {
    let document = realmgate_community::http::document();
    let document = serde_json::to_value(&document).unwrap();
    for &(method, path, route, well, body) in ROUTES {
        for caller in CALLERS {
            let realm = Realm::sqlite_with(|settings| settings.calls_per_min = 100_000).await;
            let shown = shown(&realm, caller).await;
            let target = realm.device("the target's").await;
            let before = kept(&realm, &target).await;
            let mut call = realm.call(method, &path.replace("{id}", &target.id), Value::Null);
            if !body.is_empty() {
                call = call.body("application/json", body);
            }
            if let Some(shown) = shown {
                call = call.header("authorization", &shown);
            }
            let answer = call.send().await;
            let (status, what) = (expected(route, well, caller), format!("{method} {path} as {caller:?}"));
            assert_eq!(answer.status.as_u16(), status, "{what}: {}", answer.text);
            if status == 401 && route != For::All {
                assert!(answer.json()["error"].is_string(), "{what}: {}", answer.text);
            }
            if route != For::Admins || caller != Caller::Admin {
                assert_eq!(kept(&realm, &target).await, before, "{what} has changed somebody else");
            }
            let operation = &document["paths"][format!("/api/v1{path}")][method.to_lowercase()];
            let described = operation["responses"].get(status.to_string()).is_some();
            assert!(described, "{what}: {status} is not in the document");
        }
    }
}

#[tokio::test]
async fn every_route_of_the_document_is_in_the_table() {
    let document = serde_json::to_value(realmgate_community::http::document()).unwrap();
    let mut described = BTreeSet::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap().iter().filter(|(_, value)| value.is_object()) {
            assert!(operation["operationId"].as_str().is_some_and(|id| !id.is_empty()), "{method} {path}");
            assert!(operation["summary"].as_str().is_some_and(|text| !text.is_empty()), "{method} {path}");
            described.insert((method.to_uppercase(), path.strip_prefix("/api/v1").unwrap().to_owned()));
        }
    }
    let table = ROUTES.iter().map(|row| (row.0.to_owned(), row.1.to_owned())).collect();
    assert_eq!(described, table);
    let realm = Realm::sqlite().await;
    let served = realm.app().get("/api/openapi").send().await.expect(StatusCode::OK);
    assert_eq!(served, document);
}
