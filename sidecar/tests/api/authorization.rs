//! Authorization: every route of the document, for every kind of caller, on both ports.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use axum::http::{Method, StatusCode};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use realmgate_protocol::ids::AccountId;
use realmgate_sidecar::http;
use realmgate_sidecar::store::accounts::NewAccount;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::testing::{Call, PASSWORD, TestApp};

/// The listeners that answer a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Port {
    Api,
    Directory,
    Both,
}

/// Whom a route is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum For {
    /// Everybody: the caller's tokens make no difference.
    All,
    /// Every user who is logged in.
    Users,
    /// The user whom the resource belongs to.
    Owner,
    /// Our servers.
    Servers,
    /// Administrators, with refusals in the community's shapes.
    Admins,
}

/// A route: its method and path as in the document, its listeners, whom it is for, and its status on success.
type Row = (&'static str, &'static str, Port, For, u16);

#[rustfmt::skip]
const ROUTES: &[Row] = &[
    ("POST",   "/auth/register",            Port::Api,       For::All,     201),
    ("POST",   "/auth/login",               Port::Api,       For::All,     200),
    ("POST",   "/auth/refresh",             Port::Api,       For::All,     200),
    ("POST",   "/auth/logout",              Port::Api,       For::Users,   204),
    ("GET",    "/character-classes",        Port::Api,       For::All,     200),
    ("GET",    "/characters",               Port::Api,       For::Users,   200),
    ("POST",   "/characters",               Port::Api,       For::Users,   201),
    ("DELETE", "/characters/{id}",          Port::Api,       For::Owner,   204),
    ("PATCH",  "/characters/{id}",          Port::Api,       For::Owner,   200),
    ("POST",   "/characters/{id}/restore",  Port::Api,       For::Owner,   200),
    ("GET",    "/characters/{id}/internal", Port::Both,      For::Servers, 200),
    ("GET",    "/watch",                    Port::Api,       For::Servers, 200),
    // Nothing is hosted here: whoever may ask is told so.
    ("POST",   "/watch",                    Port::Api,       For::Servers, 404),
    ("GET",    "/api/v1/admin/users/{id}/characters", Port::Api, For::Admins, 200),
    ("GET",    "/api/v1/admin/characters",  Port::Api,       For::Admins,  200),
    ("GET",    "/api/v1/admin/characters/{id}", Port::Api,   For::Admins,  200),
    ("GET",    "/api/v1/admin/characters/{id}/gold", Port::Api, For::Admins, 200),
    // There is no such item.
    ("GET",    "/api/v1/admin/items/{id}/ledger", Port::Api, For::Admins,  404),
    ("POST",   "/api/v1/admin/announcements", Port::Api,     For::Admins,  200),
    ("GET",    "/api/v1/admin/overview",    Port::Api,       For::Admins,  200),
    ("GET",    "/api/v1/admin/servers",     Port::Api,       For::Admins,  200),
    ("GET",    "/api/v1/admin/settings",    Port::Api,       For::Admins,  200),
    ("GET",    "/status",                   Port::Api,       For::All,     200),
    ("GET",    "/openapi.json",             Port::Api,       For::All,     200),
    ("GET",    "/healthz",                  Port::Both,      For::All,     200),
    ("GET",    "/readyz",                   Port::Both,      For::All,     200),
    // From this machine, it is for everybody; the callers here are elsewhere.
    ("GET",    "/metrics",                  Port::Both,      For::Servers, 200),
    ("GET",    "/map-registry/proof",       Port::Directory, For::All,     200),
    ("POST",   "/map-registry/register",    Port::Directory, For::Servers, 201),
    ("POST",   "/map-registry/heartbeat",   Port::Directory, For::Servers, 200),
    ("GET",    "/map-registry/map/{mapId}", Port::Directory, For::Servers, 200),
    ("GET",    "/map-registry/servers",     Port::Directory, For::Servers, 200),
    ("GET",    "/sessions",                 Port::Directory, For::Servers, 200),
    ("DELETE", "/map-registry/server/{id}", Port::Directory, For::Servers, 204),
    ("POST",   "/session/online",           Port::Directory, For::Servers, 200),
    ("GET",    "/session/{userId}",         Port::Directory, For::Servers, 404),
    ("DELETE", "/session/{userId}",         Port::Directory, For::Servers, 204),
];

/// Method and path of every route.
pub fn routes() -> impl Iterator<Item = (&'static str, &'static str)> {
    ROUTES.iter().map(|row| (row.0, row.1))
}

/// The kinds of callers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Caller {
    Nobody,
    Malformed,
    Unsigned,
    Expired,
    LoggedOut,
    Revoked,
    WrongServiceToken,
    Owner,
    OtherUser,
    Admin,
    Server,
}

const CALLERS: [Caller; 11] = [
    Caller::Nobody,
    Caller::Malformed,
    Caller::Unsigned,
    Caller::Expired,
    Caller::LoggedOut,
    Caller::Revoked,
    Caller::WrongServiceToken,
    Caller::Owner,
    Caller::OtherUser,
    Caller::Admin,
    Caller::Server,
];

/// The expected status, and the code of the problem.
fn expected(route: For, well: u16, caller: Caller) -> (u16, Option<&'static str>) {
    let is_user = matches!(caller, Caller::Owner | Caller::OtherUser | Caller::Admin);
    match route {
        For::All => (well, None),
        For::Users | For::Owner if !is_user => (401, Some("UNAUTHORIZED")),
        // An administrator has no rights over other people's characters.
        For::Owner if caller != Caller::Owner => (403, Some("FORBIDDEN")),
        For::Servers if caller != Caller::Server => (401, Some("SERVICE_TOKEN_REQUIRED")),
        For::Admins if !is_user => (401, None),
        For::Admins if caller != Caller::Admin => (403, None),
        For::Users | For::Owner | For::Servers | For::Admins => (well, None),
    }
}

/// A user with a character.
struct Person {
    account: AccountId,
    session: Uuid,
    access: String,
    refresh: String,
    character: String,
}

struct Scene {
    app: TestApp,
    people: u32,
}

impl Scene {
    async fn start() -> Self {
        let app = TestApp::start_with(|settings| {
            settings.calls_per_min = 1_000_000;
            settings.registrations_per_min = 1_000_000;
            settings.failed_logins_per_min = 1_000_000;
        })
        .await;
        app.register("ann").await;
        Self { app, people: 0 }
    }

    /// A new user, who was never given a password.
    async fn person(&mut self) -> Person {
        self.people += 1;
        let (state, name) = (self.app.state(), format!("person{}", self.people));
        let (account, session) = (AccountId::from(Uuid::now_v7()), Uuid::now_v7());
        let new = NewAccount::plain(account, &name, &name);
        assert!(state.store.accounts.create_with_password(new).await.unwrap());
        let refresh = state.tokens.mint_refresh().unwrap();
        state.store.sessions.open(session, account, refresh.row()).await.unwrap();
        let access = state.tokens.mint_access(account, session, 0).unwrap().0;
        let body = json!({"name": self.character_name(), "class_id": "mage"});
        let made = self.app.post("/characters", body).bearer(&access).send().await;
        let character = made.json()["id"].as_str().expect("a character").to_owned();
        Person { account, session, access, refresh: refresh.text, character }
    }

    /// A name of letters that no other character has.
    fn character_name(&self) -> String {
        let digits = format!("{:06}", self.people);
        format!("Hero{}", digits.bytes().map(|digit| char::from(digit - b'0' + b'a')).collect::<String>())
    }

    /// The token that a caller shows. `owner` is the user who owns the resource.
    async fn shown(&mut self, caller: Caller, owner: &Person) -> Option<String> {
        let bearer = |token: &str| Some(format!("Bearer {token}"));
        match caller {
            Caller::Nobody => None,
            Caller::Malformed => bearer("no.token"),
            Caller::Unsigned => bearer(&unsigned(&owner.access)),
            Caller::Expired => bearer(&self.expired(owner)),
            Caller::LoggedOut => {
                let person = self.person().await;
                self.app.state().store.sessions.end(person.session, 1).await.unwrap();
                bearer(&person.access)
            }
            // Its version differs from the account's, as after raising the account's version.
            Caller::Revoked => bearer(&self.app.state().tokens.mint_access(owner.account, owner.session, 7).unwrap().0),
            Caller::WrongServiceToken => bearer(&format!("{}x", self.app.service_token())),
            Caller::Owner => bearer(&owner.access),
            Caller::OtherUser => bearer(&self.person().await.access),
            Caller::Admin => {
                let person = self.person().await;
                let name = format!("person{}", self.people);
                assert!(self.app.state().store.accounts.set_role(&name, "admin").await.unwrap());
                bearer(&person.access)
            }
            Caller::Server => bearer(self.app.service_token()),
        }
    }

    /// All that a call to the routes could change, if it is not refused.
    async fn kept(&self, owner: &Person) -> String {
        let state = self.app.state();
        let characters = state.store.characters.list(owner.account).await.unwrap();
        let log_in = state.store.sessions.find_live(owner.session).await.unwrap();
        let servers = state.registry.servers().await.unwrap();
        let online = state.sessions.get("u").await.unwrap();
        format!("{characters:?} {log_in:?} {servers:?} {online:?}")
    }

    /// A token that was valid until it expired.
    fn expired(&self, owner: &Person) -> String {
        let state = self.app.state();
        let token = state.tokens.mint_access(owner.account, owner.session, 0).unwrap().0;
        self.app.advance(state.config.tokens.access + Duration::from_secs(1));
        token
    }

    /// The request to the route as its owner would make it, on one of the listeners.
    async fn request(&mut self, port: Port, method: &str, route: &str, owner: &Person) -> Call {
        if route.starts_with("/map-registry") && !route.ends_with("register") {
            // Registry entries expire in the time that passes here.
            let body = registration("map-server-1");
            self.app.post_internal("/map-registry/register", body).bearer(self.app.service_token()).send().await;
        }
        self.people += 1;
        let body = match route {
            "/auth/register" => json!({"username": format!("new{}", self.people), "password": PASSWORD}),
            "/auth/login" => json!({"username": "ann", "password": PASSWORD}),
            "/auth/refresh" => json!({"refresh_token": owner.refresh}),
            "/characters" => json!({"name": self.character_name(), "class_id": "mage"}),
            "/characters/{id}" if method == "PATCH" => json!({"appearance": {"hair": "red"}}),
            "/map-registry/register" => registration(&format!("map-server-{}", self.people)),
            "/map-registry/heartbeat" => json!({"id": "map-server-1", "current_players": 0, "load": 0.0}),
            "/session/online" => json!({"userId": "u", "gatewayId": "g"}),
            "/api/v1/admin/announcements" => json!({"text": "The realm restarts at noon"}),
            "/watch" if method == "POST" => json!({"map_id": 9}),
            _ => Value::Null,
        };
        let path = match route {
            "/map-registry/server/{id}" => "/map-registry/server/map-server-1".to_owned(),
            "/map-registry/proof" => format!("{route}?nonce={}", "x".repeat(42) + "A"),
            _ => route.replace("{id}", &owner.character).replace("{mapId}", "1").replace("{userId}", "u"),
        };
        let call = self.app.call_on(port == Port::Directory, Method::from_bytes(method.as_bytes()).unwrap(), &path);
        // From another machine, since this one is trusted with more.
        let call = call.from("203.0.113.9");
        if body.is_null() { call } else { call.json(body) }
    }
}

fn registration(id: &str) -> Value {
    json!({"id": id, "name": "x", "ip": "127.0.0.1", "port": 4001, "supported_maps": [1], "max_players": 2})
}

/// An unsigned token with the claims of this one.
fn unsigned(token: &str) -> String {
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT","kid":"k0"}"#);
    format!("{header}.{}.", token.split('.').nth(1).unwrap())
}

/// Method and path of every route of the document, with its description.
fn documented() -> BTreeMap<(String, String), Value> {
    let document = serde_json::to_value(http::document()).unwrap();
    let paths = document["paths"].as_object().unwrap().clone();
    let routes = paths.into_iter().flat_map(|(path, methods)| {
        let methods = methods.as_object().unwrap().clone();
        methods.into_iter().map(move |(method, route)| ((method.to_uppercase(), path.clone()), route))
    });
    routes.collect()
}

#[test]
fn every_route_has_its_row_and_says_whom_it_is_for() {
    let documented = documented();
    let rows: BTreeSet<_> = ROUTES.iter().map(|row| (row.0.to_owned(), row.1.to_owned())).collect();
    assert_eq!(documented.keys().cloned().collect::<BTreeSet<_>>(), rows, "a row for each route, and no other");
    for (method, path, _, route, _) in ROUTES {
        let security = &documented[&((*method).to_owned(), (*path).to_owned())]["security"];
        let scheme = match route {
            For::All => Value::Null,
            For::Users | For::Owner | For::Admins => json!([{"access_token": []}]),
            For::Servers if *path == "/metrics" => json!([{}, {"service_token": []}]),
            For::Servers => json!([{"service_token": []}]),
        };
        assert_eq!(security, &scheme, "{method} {path}");
    }
}

#[tokio::test]
async fn every_caller_gets_what_is_its_own_and_no_more() {
    let mut scene = Scene::start().await;
    let documented = documented();
    for &(method, path, port, route, well) in ROUTES {
        for here in [Port::Api, Port::Directory].into_iter().filter(|here| port == Port::Both || port == *here) {
            for caller in CALLERS {
                let owner = scene.person().await;
                let shown = scene.shown(caller, &owner).await;
                let mut call = scene.request(here, method, path, &owner).await;
                if let Some(shown) = shown {
                    call = call.header("authorization", &shown);
                }
                let before = scene.kept(&owner).await;
                let answer = call.send().await;
                let (status, code) = expected(route, well, caller);
                let what = format!("{method} {path} on {here:?} as {caller:?}");
                assert_eq!(answer.status.as_u16(), status, "{what}: {}", answer.text);
                if let Some(code) = code {
                    assert_eq!(answer.json()["code"], code, "{what}");
                }
                let may_change =
                    route == For::All || (status == well && matches!(caller, Caller::Owner | Caller::Server));
                if !may_change {
                    assert_eq!(scene.kept(&owner).await, before, "{what} has changed what is another's");
                }
                if (method, path, caller) == ("GET", "/characters", Caller::Owner) {
                    assert!(answer.text.contains(&owner.character), "{what} does not see its own: {}", answer.text);
                }
                let may_read = route == For::All
                    || (route == For::Admins && caller == Caller::Admin)
                    || matches!(caller, Caller::Owner | Caller::Server);
                assert!(may_read || !answer.text.contains(&owner.character), "{what} sees {}", answer.text);
                let answers = &documented[&(method.to_owned(), path.to_owned())]["responses"];
                assert!(answers.get(status.to_string()).is_some(), "{what}: {status} is not in the document");
            }
        }
    }
}

#[tokio::test]
async fn a_route_of_the_other_port_is_not_there() {
    let mut scene = Scene::start().await;
    let owner = scene.person().await;
    // So that the route which reads it would find it.
    let token = scene.app.service_token().to_owned();
    let online = json!({"userId": "u", "gatewayId": "g"});
    scene.app.post_internal("/session/online", online).bearer(&token).send().await.expect(StatusCode::OK);
    for &(method, path, port, _, _) in ROUTES {
        let elsewhere = match port {
            Port::Api => Port::Directory,
            Port::Directory => Port::Api,
            Port::Both => continue,
        };
        let answer = scene.request(elsewhere, method, path, &owner).await.bearer(&token).send().await;
        answer.problem(404, "NOT_FOUND");
    }
}
