//! Calls of the API against a double of it.

use axum::extract::Path;
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
    assert_eq!((tokens.user_id.as_str(), tokens.expires_in), ("u", 900));
    let characters = api.characters(&tokens.access_token).await.unwrap();
    assert_eq!((characters[0].name.as_str(), characters[0].level), ("Ada", 3));
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
async fn a_rate_limit_says_when_to_come_back_even_without_a_document() {
    let error = served(routes()).await.login("ada", "p").await.unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
}

#[tokio::test]
async fn a_server_without_status_has_none() {
    assert_eq!(served(routes()).await.world_status().await.unwrap(), None);
}

#[tokio::test]
async fn a_status_may_leave_out_what_it_likes() {
    let status = json!({ "maps": [
        { "map_id": 1, "portals": [{ "x": 3.5, "y": 2, "to_map": 2 }] },
        { "map_id": 2, "width": 2, "height": 2, "solid": ["#.", ".."] },
    ] });
    let api = served(Router::new().route("/status", get(async move || Json(status)))).await;
    let maps = api.world_status().await.unwrap().unwrap().maps;
    assert_eq!(maps[0].portals[0].position(), tiles(3.5, 2.0));
    assert!(maps[0].grid().is_none());
    assert!(maps[1].grid().unwrap().is_solid(0, 0));
}
