//! What log-ins leave in the database: a limited number of sessions per account, and one refresh token of each.

use std::time::Duration;

use axum::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use sqlx::AssertSqlSafe;

use crate::testing::TestApp;

/// Maximum number of live log-ins of an account.
const LIVING: usize = 16;

/// Counts a table's rows.
pub async fn rows(app: &TestApp, table: &str) -> i64 {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(app.data_dir().join("realmgate.db"));
    let pool = sqlx::SqlitePool::connect_with(options).await.unwrap();
    let count = sqlx::query_scalar(AssertSqlSafe(format!("SELECT COUNT(*) FROM {table}"))).fetch_one(&pool).await;
    pool.close().await;
    count.unwrap()
}

#[tokio::test]
async fn one_log_in_too_many_ends_the_oldest() {
    let app = TestApp::start().await;
    // Older still, and another account's.
    let bob = app.register("bob").await;
    let oldest = app.register("ann").await;
    let login = async || {
        app.advance(Duration::from_secs(1));
        app.login("ann").await
    };
    let second = login().await;
    for _ in 2..LIVING {
        login().await;
    }
    let characters = |access: &str| app.get("/characters").bearer(access).send();
    characters(&oldest.access).await.expect(StatusCode::OK);
    let newest = login().await;
    characters(&oldest.access).await.problem(401, "UNAUTHORIZED");
    let refresh = app.post("/auth/refresh", json!({"refresh_token": oldest.refresh})).send().await;
    refresh.problem(401, "INVALID_REFRESH_TOKEN");
    characters(&second.access).await.expect(StatusCode::OK);
    characters(&newest.access).await.expect(StatusCode::OK);
    characters(&bob.access).await.expect(StatusCode::OK);
}

#[tokio::test]
async fn a_log_in_that_is_refreshed_has_one_row_however_often() {
    let app = TestApp::start().await;
    let mut token = app.register("ann").await.refresh;
    let first = token.clone();
    for _ in 0..5 {
        let next = app.post("/auth/refresh", json!({"refresh_token": token})).send().await.expect(StatusCode::OK);
        token = next["refresh_token"].as_str().unwrap().to_owned();
    }
    assert_eq!((rows(&app, "sessions").await, rows(&app, "refresh_tokens").await), (1, 1));
    // A copy of a token that is not stored any more is still recognised.
    app.post("/auth/refresh", json!({"refresh_token": first})).send().await.problem(401, "INVALID_REFRESH_TOKEN");
    app.post("/auth/refresh", json!({"refresh_token": token})).send().await.problem(401, "INVALID_REFRESH_TOKEN");
}

#[tokio::test]
async fn what_has_ended_is_forgotten_by_the_next_sweep() {
    let app = TestApp::start().await;
    let user = app.register("ann").await;
    let other = app.login("ann").await;
    app.post("/auth/logout", json!({})).bearer(&user.access).send().await.expect(StatusCode::NO_CONTENT);
    app.state().store.sessions.sweep(app.state().clock.now_ms()).await.unwrap();
    assert_eq!((rows(&app, "sessions").await, rows(&app, "refresh_tokens").await), (1, 1));
    app.get("/characters").bearer(&other.access).send().await.expect(StatusCode::OK);
}

/// The parts of a refresh token: random, log-in, signature.
fn parts(token: &str) -> [&str; 3] {
    token.split('.').collect::<Vec<_>>().try_into().expect("a refresh token has three parts")
}

#[tokio::test]
async fn a_made_up_family_ends_nobodys_log_in() {
    let app = TestApp::start().await;
    let (ann, bob) = (app.register("ann").await, app.register("bob").await);
    let refresh = async |token: &str| app.post("/auth/refresh", json!({"refresh_token": token})).send().await;
    // They are not stored any more: all that is left to judge is whose they say they are.
    for used in [&ann, &bob] {
        refresh(&used.refresh).await.expect(StatusCode::OK);
    }
    app.advance(Duration::from_secs(31));
    let [random, family, signature] = parts(&ann.refresh);
    let [other_random, _, other_signature] = parts(&bob.refresh);
    let reversed: String = random.chars().rev().collect();
    let first_byte = URL_SAFE_NO_PAD.encode(&URL_SAFE_NO_PAD.decode(signature).unwrap()[..1]);
    for forged in [
        format!("{reversed}.{family}.{signature}"),
        format!("{other_random}.{family}.{other_signature}"),
        format!("{random}.{family}.{first_byte}"),
        format!("{random}.{family}."),
    ] {
        refresh(&forged).await.problem(401, "INVALID_REFRESH_TOKEN");
        for user in [&ann, &bob] {
            assert_eq!(app.list(user).await, json!([]), "{forged} has ended a log-in");
        }
    }
    refresh(&ann.refresh).await.problem(401, "INVALID_REFRESH_TOKEN");
    app.get("/characters").bearer(&ann.access).send().await.problem(401, "UNAUTHORIZED");
}
