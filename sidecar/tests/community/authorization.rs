//! Authorization: every route of the document, for every kind of caller.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::backends::{Player, Realm};

/// Whom a route is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum For {
    /// Everybody: the caller's tokens make no difference.
    All,
    /// Every user who is logged in, for their own account.
    Users,
    /// The same, with a log-in of the last minutes.
    Fresh,
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
    ("GET",    "/auth/providers",   For::All,    200, ""),
    ("GET",    "/auth/{provider}",  For::All,    400, ""),
    ("GET",    "/auth/session/{session_id}", For::All, 404, ""),
    ("POST",   "/auth/{provider}/callback", For::All, 400, r#"{"code": "x"}"#),
    ("POST",   "/auth/google/id_token", For::All, 500, r#"{"id_token": "x"}"#),
    ("POST",   "/auth/apple/ios/callback", For::All, 400, r#"{"code": "x"}"#),
    ("DELETE", "/me/providers/{provider}", For::Users, 400, ""),
    ("POST",   "/register",         For::All,    200, r#"{"email": "new@example.org", "password": "a long password"}"#),
    ("POST",   "/confirm",          For::All,    400, r#"{"token": "x"}"#),
    ("POST",   "/password/forgot",  For::All,    200, r#"{"email": "nobody@example.org"}"#),
    ("POST",   "/password/reset",   For::All,    400, r#"{"token": "x", "password": "a long password"}"#),
    ("GET",    "/me",               For::Users,  200, ""),
    ("DELETE", "/me",               For::Fresh,  200, ""),
    ("PATCH",  "/me/display_name",  For::Users,  200, r#"{"display_name": "Ann"}"#),
    ("PATCH",  "/me/username",      For::Users,  200, r#"{"username": "fresh.name"}"#),
    ("PATCH",  "/me/password",      For::Fresh,  200, r#"{"password": "a long password"}"#),
    ("PATCH",  "/me/email",         For::Fresh,  200, r#"{"email": "new@example.org", "password": "a long password"}"#),
    ("POST",   "/me/device",        For::Fresh,  200, r#"{"device_id": "another"}"#),
    ("DELETE", "/me/device",        For::Users,  400, ""),
    ("GET",    "/users",            For::All,    200, ""),
    ("GET",    "/users/{id}",       For::All,    200, ""),
    ("PATCH",  "/me/show_map",      For::Users,  200, r#"{"show_map": true}"#),
    ("POST",   "/friends",          For::Users,  404, r#"{"target_user_id": "00000000-0000-7000-8000-000000000000"}"#),
    ("GET",    "/me/friends",       For::Users,  200, ""),
    ("GET",    "/me/friend-requests", For::Users, 200, ""),
    ("POST",   "/friends/{id}/accept", For::Users, 404, ""),
    ("POST",   "/friends/{id}/reject", For::Users, 404, ""),
    ("POST",   "/friends/{id}/block", For::Users, 404, ""),
    ("POST",   "/friends/{id}/unblock", For::Users, 404, ""),
    ("DELETE", "/friends/{id}",     For::Users,  404, ""),
    ("POST",   "/users/{id}/block", For::Users,  200, ""),
    ("POST",   "/users/{id}/unblock", For::Users, 404, ""),
    ("GET",    "/me/blocked",       For::Users,  200, ""),
    ("GET",    "/me/blacklist",     For::Users,  200, ""),
    ("GET",    "/admin/acts",       For::Admins, 200, ""),
    ("GET",    "/admin/hooks",      For::Admins, 200, ""),
    ("POST",   "/admin/hooks/reload", For::Admins, 200, ""),
    ("GET",    "/admin/users",      For::Admins, 200, ""),
    ("GET",    "/admin/users/{id}", For::Admins, 200, ""),
    ("GET",    "/admin/users/{id}/log_ins", For::Admins, 200, ""),
    ("DELETE", "/admin/users/{id}/log_ins", For::Admins, 200, ""),
    // Nobody is in the world.
    ("POST",   "/admin/users/{id}/kick", For::Admins, 409, ""),
    ("PATCH",  "/admin/users/{id}", For::Admins, 200, r#"{"display_name": "Ann"}"#),
    ("DELETE", "/admin/users/{id}", For::Admins, 200, ""),
    ("GET",    "/hooks",            For::Users,  200, ""),
    ("POST",   "/hooks/call",       For::Users,  400, r#"{"plugin": "nobody", "fn": "x"}"#),
    ("GET",    "/kv/{key}",         For::Users,  404, ""),
    ("GET",    "/lobbies",          For::All,    200, ""),
    ("GET",    "/lobbies/{lobby}",  For::Users,  200, ""),
    ("POST",   "/lobbies",          For::Users,  201, r#"{"title": "Another"}"#),
    ("PATCH",  "/lobbies",          For::Users,  400, r#"{"title": "Another"}"#),
    ("POST",   "/lobbies/{lobby}/join", For::Users, 200, ""),
    ("POST",   "/lobbies/leave",    For::Users,  200, ""),
    ("POST",   "/lobbies/kick",     For::Users,  400, r#"{"target_user_id": "00000000-0000-7000-8000-000000000000"}"#),
    ("POST",   "/lobbies/quick_join", For::Users, 200, ""),
    ("GET",    "/admin/lobbies",    For::Admins, 200, ""),
    ("POST",   "/admin/lobbies",    For::Admins, 201, r#"{"title": "Another"}"#),
    ("PATCH",  "/admin/lobbies/{lobby}", For::Admins, 200, r#"{"title": "Other"}"#),
    ("DELETE", "/admin/lobbies/{lobby}", For::Admins, 200, ""),
    ("GET",    "/leaderboards",                                   For::All,    200, ""),
    ("POST",   "/leaderboards/resolve",                           For::All,    200, r#"{"slugs": ["kept"]}"#),
    ("GET",    "/leaderboards/{board}",                           For::All,    200, ""),
    ("GET",    "/leaderboards/{board}/records",                   For::All,    200, ""),
    ("GET",    "/leaderboards/{board}/records/around/{user_id}",  For::All,    200, ""),
    ("GET",    "/leaderboards/{board}/records/me",                For::Users,  404, ""),
    ("POST",   "/admin/leaderboards",                             For::Admins, 200, r#"{"slug": "new", "title": "New"}"#),
    ("PATCH",  "/admin/leaderboards/{board}",                     For::Admins, 200, r#"{"title": "Other"}"#),
    ("POST",   "/admin/leaderboards/{board}/end",                 For::Admins, 200, ""),
    ("DELETE", "/admin/leaderboards/{board}",                     For::Admins, 200, ""),
    ("GET",    "/admin/leaderboards/{board}/records",             For::Admins, 200, ""),
    ("POST",   "/admin/leaderboards/{board}/records",             For::Admins, 200, r#"{"label": "x", "score": 1}"#),
    ("PATCH",  "/admin/leaderboards/{board}/records/{record_id}", For::Admins, 200, r#"{"score": 3}"#),
    ("DELETE", "/admin/leaderboards/{board}/records/{record_id}", For::Admins, 200, ""),
    ("DELETE", "/admin/leaderboards/{board}/records/user/{user_id}", For::Admins, 200, ""),
];

/// The path of a row as the document has it, and as it is called. `board` is a board of the target's, and its record there; `lobby`
/// is what the target is the host of.
fn paths(path: &str, target: &Player, board: &(String, String), lobby: &str) -> (String, String) {
    let called = path.replace("{id}", &target.id).replace("{user_id}", &target.id);
    let called = called.replace("{key}", "nothing").replace("{board}", &board.0).replace("{record_id}", &board.1);
    (path.replace("{board}", "{id}").replace("{lobby}", "{id}"), called.replace("{lobby}", lobby))
}

/// Makes a board with a record of the target's. Returns both ids.
async fn board_of(realm: &Realm, target: &Player) -> (String, String) {
    let admin = realm.device("the administrator's").await;
    let id = |answer: Value| answer["data"]["id"].as_str().unwrap().to_owned();
    let body = json!({"slug": "kept", "title": "Kept"});
    let board = id(realm.by(&admin, "POST", "/admin/leaderboards", body).await.expect(StatusCode::OK));
    let body = json!({"user_id": target.id, "score": 7});
    let path = format!("/admin/leaderboards/{board}/records");
    let record = id(realm.by(&admin, "POST", &path, body).await.expect(StatusCode::OK));
    (board, record)
}

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
        (For::All, _) | (_, Caller::Admin) => well,
        (For::Users | For::Fresh, Caller::User) | (For::Users, Caller::LoggedOut) => well,
        (For::Admins, Caller::User) | (For::Fresh, Caller::LoggedOut) => 403,
        _ => 401,
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
    let mut kept = Vec::new();
    for path in ["/me", "/lobbies?title=kept", "/leaderboards", "/leaderboards/kept/records"] {
        kept.push(realm.by(target, "GET", path, Value::Null).await.expect(StatusCode::OK));
    }
    kept.into()
}

/// A realm, somebody in it, a board with that one's record, and that one's lobby.
struct Ground {
    realm: Realm,
    target: Player,
    board: (String, String),
    lobby: String,
}

impl Ground {
    async fn new() -> Self {
        let realm = Realm::sqlite().await;
        // The first is the administrator. It is not the last one, who could not go.
        let admin = realm.device("the administrator's").await;
        let other = realm.device("another administrator's").await;
        let promoted =
            realm.by(&admin, "PATCH", &format!("/admin/users/{}", other.id), json!({"is_admin": true})).await;
        promoted.expect(StatusCode::OK);
        let target = realm.device("the target's").await;
        let board = board_of(&realm, &target).await;
        let made = realm.by(&target, "POST", "/lobbies", json!({"title": "Kept"})).await.expect(StatusCode::CREATED);
        let lobby = made["id"].as_str().unwrap().to_owned();
        Self { realm, target, board, lobby }
    }
}

/// Tests of every eighth route, beginning with each of the first eight: a realm for each route and caller takes long.
macro_rules! each_caller_gets_what_is_its_own_and_no_more {
    ($($name:ident: $first:literal),+ $(,)?) => {
        mod each_caller_gets_what_is_its_own_and_no_more {
            $(#[tokio::test]
            async fn $name() {
                super::try_every_caller(super::ROUTES.iter().skip($first).step_by(8)).await;
            })+
        }
    };
}
each_caller_gets_what_is_its_own_and_no_more!(
    at_routes_0: 0, at_routes_1: 1, at_routes_2: 2, at_routes_3: 3,
    at_routes_4: 4, at_routes_5: 5, at_routes_6: 6, at_routes_7: 7,
);

async fn try_every_caller(routes: impl Iterator<Item = &Row>) {
    let document = realmgate_community::http::document();
    let document = serde_json::to_value(&document).unwrap();
    for &(method, path, route, well, body) in routes {
        // One realm for those who change nothing, refused or not; whoever may has one of their own.
        let mut shared = None;
        for caller in CALLERS {
            let is_allowed = expected(route, well, caller) == well && well < 400 && method != "GET";
            let ground = match shared.take().filter(|_| !is_allowed) {
                Some(ground) => ground,
                None => Ground::new().await,
            };
            let Ground { realm, target, board, lobby } = ground;
            let shown = shown(&realm, caller).await;
            let (described, called) = paths(path, &target, &board, &lobby);
            let before = kept(&realm, &target).await;
            let mut call = realm.call(method, &called, Value::Null);
            if !body.is_empty() {
                call = call.body("application/json", body);
            }
            if let Some(shown) = shown {
                call = call.header("authorization", &shown);
            }
            let answer = call.send().await;
            let (status, what) = (expected(route, well, caller), format!("{method} {path} as {caller:?}"));
            assert_eq!(answer.status.as_u16(), status, "{what}: {}", answer.text);
            if status < 300 {
                assert!(answer.json().is_object(), "{what}: every success says something: {}", answer.text);
            }
            if status == 401 && route != For::All {
                assert!(answer.json()["error"].is_string(), "{what}: {}", answer.text);
            }
            if route != For::Admins || caller != Caller::Admin {
                assert_eq!(kept(&realm, &target).await, before, "{what} has changed somebody else");
            }
            let operation = &document["paths"][format!("/api/v1{described}")][method.to_lowercase()];
            let described = operation["responses"].get(status.to_string()).is_some();
            assert!(described, "{what}: {status} is not in the document");
            shared = (!is_allowed).then_some(Ground { realm, target, board, lobby });
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
    let table =
        ROUTES.iter().map(|row| (row.0.to_owned(), row.1.replace("{board}", "{id}").replace("{lobby}", "{id}")));
    let table = table.collect();
    assert_eq!(described, table);
    let realm = Realm::sqlite().await;
    let page = realm.app().get("/api/docs").send().await;
    assert!(page.status == StatusCode::OK && page.text.contains("/api/v1/login/device"), "{}", page.text);
    let mut served = realm.app().get("/api/openapi").send().await.expect(StatusCode::OK);
    let here = format!("http://{}", realm.app().state().addrs.api);
    assert_eq!(served["servers"], json!([{"url": here}]));
    served["servers"] = document["servers"].clone();
    assert_eq!(served, document);
}
