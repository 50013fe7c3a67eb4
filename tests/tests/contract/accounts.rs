//! Registering, logging in, staying logged in, logging out.

use std::time::Duration;

use realmgate_tests::account::{fresh_name, jwt_parts};
use realmgate_tests::{Account, Home, SidecarProcess, until};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::backend::{Backend, on_every_backend};
use crate::servers::sidecar;
use crate::sidecars::Sidecars;

on_every_backend!(
    registering_answers_with_tokens,
    bad_names_and_passwords_are_complained_about_by_field,
    logging_in_needs_name_and_password,
    a_log_in_takes_as_long_for_nobody_as_for_somebody,
    an_access_token_is_a_jwt_with_the_promised_fields,
    a_refresh_token_is_good_once_and_its_return_ends_the_family,
    unknown_refresh_tokens_are_refused,
    logging_out_ends_this_log_in_alone,
    access_tokens_expire,
);

fn assert_tokens(tokens: &Value) {
    for field in ["access_token", "user_id", "refresh_token"] {
        assert!(tokens[field].as_str().is_some_and(|text| !text.is_empty()), "{field} of {tokens}");
    }
    assert_eq!(tokens["expires_in"], 900, "15 minutes");
}

async fn registering_answers_with_tokens(backend: Backend) {
    let sidecar = sidecar(backend).await;
    let name = fresh_name("Ann");
    let api = sidecar.api();
    let tokens = api.post("/auth/register", json!({"username": name, "password": "long enough"})).await.json(201);
    assert_tokens(&tokens);
    let again = json!({"username": name.to_uppercase(), "password": "something else"});
    api.post("/auth/register", again).await.problem(409, "USERNAME_TAKEN");
}

async fn bad_names_and_passwords_are_complained_about_by_field(backend: Backend) {
    let sidecar = sidecar(backend).await;
    let api = sidecar.api();
    let problem = api.post("/auth/register", json!({"username": "a b", "password": "short"})).await;
    let problem = problem.problem(422, "VALIDATION_FAILED");
    for field in ["username", "password"] {
        let complaints = problem["errors"][field].as_array().expect("complaints by field");
        assert!(complaints.iter().all(Value::is_string) && !complaints.is_empty(), "{problem}");
    }
    let nothing = api.post("/auth/register", json!({})).await.problem(422, "VALIDATION_FAILED");
    assert!(nothing["errors"].get("username").is_some() && nothing["errors"].get("password").is_some(), "{nothing}");
    let typed = api.post("/auth/register", json!({"username": 7, "password": "long enough"})).await;
    assert!(typed.problem(422, "VALIDATION_FAILED")["errors"].get("username").is_some());
}

async fn logging_in_needs_name_and_password(backend: Backend) {
    let sidecar = sidecar(backend).await;
    // Failures count by address: those of this test are not to stand in another's way.
    let api = sidecar.api().from_source([127, 0, 0, 21].into());
    let account = Account::register(&api).await;
    let tokens = api.post("/auth/login", account.credentials()).await.json(200);
    assert_tokens(&tokens);
    assert_eq!(tokens["user_id"], account.user_id.as_str());
    let wrong = json!({"username": account.username, "password": "wrong password"});
    api.post("/auth/login", wrong).await.problem(401, "INVALID_CREDENTIALS");
    let unknown = json!({"username": "nobody-at-all", "password": "wrong password"});
    api.post("/auth/login", unknown).await.problem(401, "INVALID_CREDENTIALS");
    api.post("/auth/login", json!({"username": ""})).await.problem(422, "VALIDATION_FAILED");
}

async fn a_log_in_takes_as_long_for_nobody_as_for_somebody(backend: Backend) {
    let sidecar = sidecar(backend).await;
    let api = sidecar.api().from_source([127, 0, 0, 22].into());
    let account = Account::register(&api).await;
    let time = async |username: &str| {
        let began = Instant::now();
        let body = json!({"username": username, "password": "wrong password"});
        api.post("/auth/login", body).await.problem(401, "INVALID_CREDENTIALS");
        began.elapsed()
    };
    // The shortest of several, in turns: whatever else this machine does lengthens both.
    let (mut somebody, mut nobody) = (Duration::MAX, Duration::MAX);
    for _ in 0..5 {
        somebody = somebody.min(time(&account.username).await);
        nobody = nobody.min(time("nobody-at-all").await);
    }
    // Without a hash the ratio would be ten and more.
    assert!(nobody * 4 > somebody && somebody * 4 > nobody, "{somebody:?} for somebody, {nobody:?} for nobody");
}

async fn an_access_token_is_a_jwt_with_the_promised_fields(backend: Backend) {
    let account = Account::register(&sidecar(backend).await.api()).await;
    let (header, payload) = jwt_parts(&account.access_token);
    assert_eq!(header["alg"], "HS256");
    assert!(header["kid"].as_str().is_some_and(|kid| !kid.is_empty()), "{header}");
    assert_eq!(payload["userId"], account.user_id.as_str());
    let seconds = |field: &str| payload[field].as_u64().expect("seconds since 1970");
    assert_eq!(seconds("exp") - seconds("iat"), 900);
    for field in ["jti", "sid"] {
        assert!(payload[field].as_str().is_some_and(|id| !id.is_empty()), "{field} of {payload}");
    }
}

async fn a_refresh_token_is_good_once_and_its_return_ends_the_family(backend: Backend) {
    let sidecar = sidecar(backend).await;
    let api = sidecar.api();
    let account = Account::register(&api).await;
    let refresh = async |token: &Value| api.post("/auth/refresh", json!({"refresh_token": token})).await;
    let second = refresh(&json!(account.refresh_token)).await.json(200);
    assert_tokens(&second);
    assert_eq!(second["user_id"], account.user_id.as_str());
    assert_ne!(second["refresh_token"], account.refresh_token.as_str());
    let third = refresh(&second["refresh_token"]).await.json(200);

    refresh(&json!(account.refresh_token)).await.problem(401, "INVALID_REFRESH_TOKEN");
    refresh(&third["refresh_token"]).await.problem(401, "INVALID_REFRESH_TOKEN");
    let stolen = api.with_token(third["access_token"].as_str().expect("a text"));
    stolen.get("/characters").await.problem(401, "UNAUTHORIZED");
    api.post("/auth/login", account.credentials()).await.json(200);
}

async fn unknown_refresh_tokens_are_refused(backend: Backend) {
    let sidecar = sidecar(backend).await;
    let api = sidecar.api();
    let unknown = json!({"refresh_token": "never-given-out"});
    api.post("/auth/refresh", unknown).await.problem(401, "INVALID_REFRESH_TOKEN");
    api.post("/auth/refresh", json!({})).await.problem(422, "VALIDATION_FAILED");
}

async fn logging_out_ends_this_log_in_alone(backend: Backend) {
    let sidecar = sidecar(backend).await;
    let api = sidecar.api();
    let account = Account::register(&api).await;
    let other = api.post("/auth/login", account.credentials()).await.json(200);
    let answer = account.calls(&api).post("/auth/logout", json!({})).await;
    assert_eq!(answer.json(204), Value::Null);
    account.calls(&api).get("/characters").await.problem(401, "UNAUTHORIZED");
    account.calls(&api).post("/auth/logout", json!({})).await.problem(401, "UNAUTHORIZED");
    let refresh = json!({"refresh_token": account.refresh_token});
    api.post("/auth/refresh", refresh).await.problem(401, "INVALID_REFRESH_TOKEN");
    api.with_token(other["access_token"].as_str().expect("a text")).get("/characters").await.json(200);
    api.post("/auth/logout", json!({})).await.problem(401, "UNAUTHORIZED");
}

async fn access_tokens_expire(backend: Backend) {
    let sidecar = Sidecars::start(backend, &[("ACCESS_TOKEN_SECONDS", "1")]).await;
    let account = Account::register(&sidecar.api()).await;
    let api = account.calls(&sidecar.api());
    let refused =
        until("the token has expired", async || Some(api.get("/characters").await).filter(|a| a.status != 200));
    refused.await.problem(401, "UNAUTHORIZED");
}

#[tokio::test]
async fn signing_keys_rotate_without_logging_anybody_out() {
    let home = Home::new();
    let (old, new) =
        ("old:b2xkIHNlY3JldCBvbGQgc2VjcmV0IG9sZCBzZWNyZXQ=", "new:bmV3IHNlY3JldCBuZXcgc2VjcmV0IG5ldyBzZWNyZXQ=");
    let before = SidecarProcess::start_in(&home, &[("JWT_SECRET", old)]).await;
    let account = Account::register(&before.api()).await;
    assert_eq!(jwt_parts(&account.access_token).0["kid"], "old");
    before.stop().await;

    let during = SidecarProcess::start_in(&home, &[("JWT_SECRET", &format!("{new},{old}"))]).await;
    account.calls(&during.api()).get("/characters").await.json(200);
    let tokens = during.api().post("/auth/login", account.credentials()).await.json(200);
    assert_eq!(jwt_parts(tokens["access_token"].as_str().unwrap()).0["kid"], "new");
    during.stop().await;

    let after = SidecarProcess::start_in(&home, &[("JWT_SECRET", new)]).await;
    account.calls(&after.api()).get("/characters").await.problem(401, "UNAUTHORIZED");
    after.api().with_token(tokens["access_token"].as_str().unwrap()).get("/characters").await.json(200);
}
