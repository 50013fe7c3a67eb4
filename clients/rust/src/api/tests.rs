//! Calls of the API against a double of it.

use axum::extract::{Path, RawQuery};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use super::*;

/// A client of an API that `routes` serve.
async fn served(routes: Router) -> Api {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, routes).await });
    Api::new(&format!("http://{address}/"))
}

fn problem(status: StatusCode, code: &str) -> (StatusCode, Json<Value>) {
    (status, Json(json!({ "status": status.as_u16(), "code": code, "title": "No", "detail": "Not so." })))
}

async fn register(Json(body): Json<Value>) -> (StatusCode, Json<Value>) {
    if body["username"] == "taken" {
        return problem(StatusCode::CONFLICT, "USERNAME_TAKEN");
    }
    let tokens = json!({ "access_token": "a", "user_id": "u", "refresh_token": "r", "expires_in": 900, "more": 1 });
    (StatusCode::CREATED, Json(tokens))
}

async fn characters(headers: HeaderMap) -> (StatusCode, Json<Value>) {
    if headers.get("authorization").is_none_or(|value| value != "Bearer a") {
        return problem(StatusCode::UNAUTHORIZED, "UNAUTHENTICATED");
    }
    (StatusCode::OK, Json(json!([{ "id": "c", "name": "Ada", "level": 3, "class_name": "Mage", "map_id": 1 }])))
}

async fn delete_character(Path(id): Path<String>) -> (StatusCode, Json<Value>) {
    if id == "c" { (StatusCode::NO_CONTENT, Json(Value::Null)) } else { problem(StatusCode::FORBIDDEN, "FORBIDDEN") }
}

fn routes() -> Router {
    Router::new()
        .route("/auth/register", post(register))
        .route("/characters", get(characters))
        .route("/characters/{id}", delete(delete_character))
        .route("/auth/login", post(async || (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "7")], "slow down")))
}

#[tokio::test]
async fn answers_are_read_and_unknown_fields_let_be() {
    let api = served(routes()).await;
    let tokens = api.register("ada", "a long password").await.unwrap();
    let [access_token, user_id, refresh_token] = ["a", "u", "r"].map(str::to_owned);
    assert_eq!(tokens, Tokens { access_token, user_id, refresh_token, expires_in: 900 });
    let characters = api.characters(&tokens.access_token).await.unwrap();
    let [id, name, class_name] = ["c", "Ada", "Mage"].map(str::to_owned);
    assert_eq!(characters, [Character { id, name, level: 3, class_name }]);
    api.delete_character(&tokens.access_token, "c").await.unwrap();
}

#[tokio::test]
async fn refusals_carry_their_code() {
    let api = served(routes()).await;
    let code = |result: Result<(), ApiError>| result.unwrap_err().code().map(str::to_owned);
    assert_eq!(code(api.register("taken", "p").await.map(drop)).as_deref(), Some("USERNAME_TAKEN"));
    assert_eq!(code(api.characters("wrong").await.map(drop)).as_deref(), Some("UNAUTHENTICATED"));
    assert_eq!(code(api.delete_character("a", "other").await).as_deref(), Some("FORBIDDEN"));
}

#[tokio::test]
async fn refusals_of_the_community_have_codes_too() {
    let refuse = |status: StatusCode, body: Value| get(async move || (status, Json(body)));
    let named = json!({ "error": "invalid_data", "errors": { "username": ["is taken"] } });
    let by_details = json!({ "error": "unable to create device user", "details": { "device_id": ["is blank"] } });
    let explained = json!({ "error": "account_not_activated", "message": "Wait." });
    let stale = json!({ "error": "Invalid authentication token" });
    let routes = Router::new()
        .route("/api/v1/users/named", refuse(StatusCode::BAD_REQUEST, named))
        .route("/api/v1/users/details", refuse(StatusCode::BAD_REQUEST, by_details))
        .route("/api/v1/users/explained", refuse(StatusCode::FORBIDDEN, explained))
        .route("/api/v1/users/stale", refuse(StatusCode::UNAUTHORIZED, stale));
    let api = served(routes).await;
    let problem = async |id: &str| match api.user(id).await {
        Err(ApiError::Refused(problem)) => *problem,
        other => panic!("{id}: {other:?}"),
    };
    let (named, details) = (problem("named").await, problem("details").await);
    assert_eq!((named.code.as_str(), &named.errors["username"]), ("INVALID_DATA", &json!(["is taken"])));
    assert_eq!(details.code, "UNABLE_TO_CREATE_DEVICE_USER");
    assert_eq!(details.errors["device_id"], json!(["is blank"]));
    let explained = problem("explained").await;
    assert_eq!((explained.code.as_str(), explained.detail.as_str()), ("ACCOUNT_NOT_ACTIVATED", "Wait."));
    assert_eq!(problem("stale").await.code, "UNAUTHORIZED", "a newer token helps, as everywhere");
    assert_eq!(problem("nowhere").await.code, "", "and what is no refusal of ours has none");
}

#[tokio::test]
async fn who_logs_in_by_a_device_gets_tokens_and_a_profile() {
    let tokens = json!({ "data": {
        "access_token": "a", "user_id": "u", "refresh_token": "r", "expires_in": 900, "username": "otter-1",
    } });
    let me = json!({
        "id": "u", "username": "otter-1", "display_name": "", "is_online": false, "last_seen_at": "1970-01-01T00:00:00Z",
        "has_password": false, "email": "",
    });
    let listed = json!({ "data": [me.clone()], "meta": { "has_more": true, "page": 2 } });
    let log_in = async move |Json(body): Json<Value>| match body == json!({ "device_id": "a device" }) {
        true => (StatusCode::OK, Json(tokens)),
        false => problem(StatusCode::BAD_REQUEST, "INVALID_DATA"),
    };
    let profile = async move |headers: HeaderMap| match headers.get("authorization") {
        Some(value) if value == "Bearer a" => (StatusCode::OK, Json(me)),
        _ => problem(StatusCode::UNAUTHORIZED, "UNAUTHORIZED"),
    };
    let find = async move |RawQuery(query): RawQuery| match query.as_deref() == Some("q=ott&page=2") {
        true => (StatusCode::OK, Json(listed)),
        false => problem(StatusCode::BAD_REQUEST, "INVALID_DATA"),
    };
    let routes = Router::new()
        .route("/api/v1/login/device", post(log_in))
        .route("/api/v1/me", get(profile))
        .route("/api/v1/users", get(find));
    let api = served(routes).await;
    let tokens = api.device_login("a device").await.unwrap();
    assert_eq!((tokens.access_token.as_str(), tokens.refresh_token.as_str()), ("a", "r"));
    let me = api.me(&tokens.access_token).await.unwrap();
    assert_eq!((me.username.as_str(), me.has_password), ("otter-1", false));
    let found = api.find_users("ott", 2).await.unwrap();
    assert_eq!((found.users, found.has_more), (vec![me], true));
}

#[tokio::test]
async fn a_rate_limit_says_when_to_come_back_even_without_a_document() {
    let api = served(routes()).await;
    let limited = api.login("ada", "p").await.unwrap_err();
    assert_eq!(limited.retry_after(), Some(Duration::from_secs(7)));
    let refused = api.register("taken", "p").await.unwrap_err();
    assert_eq!(refused.retry_after(), None, "to ask again would not help");
}

#[tokio::test]
async fn a_server_without_status_has_none() {
    assert_eq!(served(routes()).await.world_status().await.unwrap(), None);
    let other = served(Router::new().route("/status", get(async || "all is well"))).await;
    assert_eq!(other.world_status().await.unwrap(), None, "that is no status of ours");
    let broken = served(Router::new().route("/status", get(async || StatusCode::INTERNAL_SERVER_ERROR))).await;
    let error = broken.world_status().await.unwrap_err();
    assert!(matches!(&error, ApiError::Refused(problem) if problem.status == 500), "it may have one: {error}");
}

#[tokio::test]
async fn a_status_may_leave_out_what_it_likes() {
    let status = json!({ "maps": [
        { "map_id": 1, "portals": [{ "x": 3.5, "y": 2, "to_map": 2 }] },
        { "map_id": 2, "width": 2, "height": 2, "solid": ["#.", ".."] },
        { "portals": [{}], "safe_zones": [{}], "vendors": [{}], "mob_areas": [{}] },
    ] });
    let status_of = async |answer: Value| {
        let api = served(Router::new().route("/status", get(async move || Json(answer)))).await;
        api.world_status().await.unwrap().unwrap()
    };
    let maps = status_of(status).await.maps;
    let solid = ["#.", ".."].map(str::to_owned).to_vec();
    let portals = vec![Portal { x: 3.5, y: 2.0, to_map: 2 }];
    let empty = MapStatus {
        portals: vec![Portal::default()],
        safe_zones: vec![Area::default()],
        vendors: vec![Spot::default()],
        mob_areas: vec![Area::default()],
        ..MapStatus::default()
    };
    let expected = [
        MapStatus { map_id: 1, portals, ..MapStatus::default() },
        MapStatus { map_id: 2, width: 2, height: 2, solid, ..MapStatus::default() },
        empty,
    ];
    assert_eq!(maps, expected);
    assert_eq!(maps[0].portals[0].position(), tiles(3.5, 2.0));
    assert!(maps[0].grid().is_none());
    assert!(maps[1].grid().unwrap().is_solid(0, 0));
    assert_eq!(status_of(json!({})).await, WorldStatus::default());
}

#[tokio::test]
async fn the_gateway_is_on_the_host_of_the_api() {
    let status = || get(async || Json(json!({ "gateway_port": 4_711, "maps": [] })));
    for (routes, port) in [(Router::new().route("/status", status()), 4_711), (Router::new(), 3_002)] {
        let api = served(routes).await;
        // By another name than the one that is taken where there is none.
        let api = Api { base: api.base.replace("127.0.0.1", "localhost"), ..api };
        assert_eq!(api.gateway_url().await.unwrap(), format!("ws://localhost:{port}"));
    }
}
