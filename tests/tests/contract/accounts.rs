//! Registering, logging in, staying logged in, logging out.

use std::time::Duration;

use realmgate_tests::account::{fresh_name, jwt_parts};
use realmgate_tests::netcode::unix_now;
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
    let api = sidecar.api().from_source([127, 0, 0, 23].into());
    let tokens = api.post("/auth/register", json!({"username": name, "password": "long enough"})).await.json(201);
    assert_tokens(&tokens);
    let access_token = tokens["access_token"].as_str().expect("a text");
    assert_eq!(jwt_parts(access_token).1["userId"], tokens["user_id"]);
    api.with_token(access_token).get("/characters").await.json(200);
    let refresh = json!({"refresh_token": tokens["refresh_token"]});
    assert_eq!(api.post("/auth/refresh", refresh).await.json(200)["user_id"], tokens["user_id"]);

    let again = json!({"username": name.to_uppercase(), "password": "something else"});
    api.post("/auth/register", again.clone()).await.problem(409, "USERNAME_TAKEN");
    api.post("/auth/login", again).await.problem(401, "INVALID_CREDENTIALS");
    let log_in = api.post("/auth/login", json!({"username": name, "password": "long enough"})).await.json(200);
    assert_eq!(log_in["user_id"], tokens["user_id"], "the account is the first one's still");
}

async fn bad_names_and_passwords_are_complained_about_by_field(backend: Backend) {
    let sidecar = sidecar(backend).await;
    let api = sidecar.api();
    let name = fresh_name("ann");
    for (body, bad) in [
        (json!({"username": "a b", "password": "short"}), &["password", "username"][..]),
        (json!({}), &["password", "username"]),
        (json!({"username": "a b", "password": "long enough"}), &["username"]),
        (json!({"username": 7, "password": "long enough"}), &["username"]),
        (json!({"username": name, "password": "2 short"}), &["password"]),
        (json!({"username": name}), &["password"]),
        (json!({"username": "ab", "password": "long enough"}), &["username"]),
        (json!({"username": "a".repeat(65), "password": "long enough"}), &["username"]),
        (json!({"username": name, "password": "p".repeat(257)}), &["password"]),
    ] {
        assert_eq!(api.post("/auth/register", body.clone()).await.complaints(), bad, "{body}");
    }
    let good = json!({"username": name, "password": "8 chars."});
    api.post("/auth/register", good).await.json(201);
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
    for (body, missing) in [
        (json!({"username": ""}), &["password", "username"][..]),
        (json!({"username": account.username}), &["password"]),
        (json!({"password": account.password}), &["username"]),
    ] {
        assert_eq!(api.post("/auth/login", body.clone()).await.complaints(), missing, "{body}");
    }
}

async fn a_log_in_takes_as_long_for_nobody_as_for_somebody(backend: Backend) {
    let sidecar = Sidecars::start(backend, &[("FAILED_LOGINS_PER_MIN", "1000000")]).await;
    let api = sidecar.api();
    let account = Account::register(&api).await;
    let time = async |username: &str| {
        let began = Instant::now();
        let body = json!({"username": username, "password": "wrong password"});
        api.post("/auth/login", body).await.problem(401, "INVALID_CREDENTIALS");
        began.elapsed()
    };
    // The shortest of several, in turns: whatever else this machine does lengthens both, and one may be lucky for long.
    let (mut somebody, mut nobody) = (Duration::MAX, Duration::MAX);
    let began = Instant::now();
    loop {
        somebody = somebody.min(time(&account.username).await);
        nobody = nobody.min(time("nobody-at-all").await);
        // Without a hash the ratio would be ten and more.
        if nobody * 4 > somebody && somebody * 4 > nobody {
            break;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "{somebody:?} for somebody, {nobody:?} for nobody");
    }
}

async fn an_access_token_is_a_jwt_with_the_promised_fields(backend: Backend) {
    let sidecar = sidecar(backend).await;
    let before_s = unix_now().as_secs();
    let account = Account::register(&sidecar.api()).await;
    let (header, payload) = jwt_parts(&account.access_token);
    assert_eq!(header["alg"], "HS256");
    assert!(header["kid"].as_str().is_some_and(|kid| !kid.is_empty()), "{header}");
    assert_eq!(payload["userId"], account.user_id.as_str());
    let seconds = |field: &str| payload[field].as_u64().expect("seconds since 1970");
    assert_eq!(seconds("exp") - seconds("iat"), 900);
    assert!((before_s..=unix_now().as_secs()).contains(&seconds("iat")), "{payload} was made after {before_s}");
    for field in ["jti", "sid"] {
        assert!(payload[field].as_str().is_some_and(|id| !id.is_empty()), "{field} of {payload}");
    }
    // A token's own id, and that of its log-in.
    let of = |tokens: Value| jwt_parts(tokens["access_token"].as_str().expect("a text")).1;
    let refresh = json!({"refresh_token": account.refresh_token});
    let renewed = of(sidecar.api().post("/auth/refresh", refresh).await.json(200));
    let other = of(sidecar.api().post("/auth/login", account.credentials()).await.json(200));
    assert_eq!((&renewed["sid"], &renewed["userId"]), (&payload["sid"], &payload["userId"]));
    assert_eq!(other["userId"], payload["userId"]);
    assert_ne!(other["sid"], payload["sid"]);
    assert_ne!(renewed["jti"], payload["jti"]);
}

async fn a_refresh_token_is_good_once_and_its_return_ends_the_family(backend: Backend) {
    let sidecar = sidecar(backend).await;
    let api = sidecar.api();
    let account = Account::register(&api).await;
    let other = api.post("/auth/login", account.credentials()).await.json(200);
    let refresh = async |token: &Value| api.post("/auth/refresh", json!({"refresh_token": token})).await;
    let second = refresh(&json!(account.refresh_token)).await.json(200);
    assert_tokens(&second);
    assert_eq!(second["user_id"], account.user_id.as_str());
    assert_ne!(second["refresh_token"], account.refresh_token.as_str());
    let third = refresh(&second["refresh_token"]).await.json(200);

    refresh(&json!(account.refresh_token)).await.problem(401, "INVALID_REFRESH_TOKEN");
    refresh(&third["refresh_token"]).await.problem(401, "INVALID_REFRESH_TOKEN");
    let with = |tokens: &Value| api.with_token(tokens["access_token"].as_str().expect("a text"));
    for stolen in [account.calls(&api), with(&second), with(&third)] {
        stolen.get("/characters").await.problem(401, "UNAUTHORIZED");
    }
    with(&other).get("/characters").await.json(200);
    refresh(&other["refresh_token"]).await.json(200);
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
    let refresh = json!({"refresh_token": other["refresh_token"]});
    api.post("/auth/refresh", refresh).await.json(200);
    api.post("/auth/logout", json!({})).await.problem(401, "UNAUTHORIZED");
}

async fn access_tokens_expire(backend: Backend) {
    let sidecar = Sidecars::start(backend, &[("ACCESS_TOKEN_SECONDS", "4")]).await;
    let account = Account::register(&sidecar.api()).await;
    let api = account.calls(&sidecar.api());
    api.get("/characters").await.json(200);
    let refused =
        until("the token has expired", async || Some(api.get("/characters").await).filter(|a| a.status != 200));
    refused.await.problem(401, "UNAUTHORIZED");
    let expires_s = jwt_parts(&account.access_token).1["exp"].as_u64().expect("a time");
    assert!(unix_now().as_secs() >= expires_s, "not before its time, {expires_s}");
    let refresh = json!({"refresh_token": account.refresh_token});
    let renewed = sidecar.api().post("/auth/refresh", refresh).await.json(200);
    assert_eq!(renewed["expires_in"], 4, "the log-in goes on");
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
    // Who was away meanwhile is logged in still.
    let refresh = json!({"refresh_token": account.refresh_token});
    let renewed = after.api().post("/auth/refresh", refresh).await.json(200);
    let access_token = renewed["access_token"].as_str().unwrap();
    assert_eq!(jwt_parts(access_token).0["kid"], "new");
    after.api().with_token(access_token).get("/characters").await.json(200);
}
