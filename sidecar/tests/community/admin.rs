//! What administrators see and do beside the rows of other files, and that all of it is recorded.

use std::fs;
use std::time::Duration;

use axum::http::StatusCode;
use realmgate_platform::config::DatabaseAt;
use realmgate_platform::testing::{a_moment, soon};
use realmgate_sidecar::config::{Settings, SettingsInForce};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::backends::{Player, Realm, on_every_backend};
use crate::testing::Answer;

on_every_backend!(
    users_are_found_by_name_address_and_id,
    log_ins_are_listed_and_ended,
    every_act_is_recorded_without_secrets,
    no_form_of_a_call_hides_what_an_act_changes,
    a_failed_call_is_told_with_file_and_line,
    a_log_in_to_the_pages_ends_when_it_is_idle_and_after_half_a_day,
    the_pages_log_in_by_a_cookie_that_others_cannot_use,
    settings_are_told_without_secrets,
);

async fn get(realm: &Realm, admin: &Player, path: &str) -> Value {
    realm.by(admin, "GET", &format!("/admin{path}"), Value::Null).await.expect(StatusCode::OK)
}

async fn users_are_found_by_name_address_and_id(realm: Realm) {
    let (admin, ann) = (realm.device("the administrator's").await, realm.device("ann's").await);
    realm.by(&ann, "PATCH", "/me/username", json!({"username": "ann-of-the-hill"})).await.expect(StatusCode::OK);
    realm
        .execute(
            "INSERT INTO credentials (kind, subject, secret, display, account_id, created_at_ms)
             SELECT 'email', 'ann@example.org', '', '', account_id, 0 FROM profiles WHERE username = 'ann-of-the-hill'",
        )
        .await;
    for text in ["ANN-OF", "ann@example.org", "%20Ann@Example.org", &ann.id] {
        let found = get(&realm, &admin, &format!("/users?q={text}")).await;
        assert_eq!(found["meta"]["total_count"], 1, "{text}");
        let user = &found["data"][0];
        assert_eq!(
            (&user["id"], &user["email"], &user["is_admin"]),
            (&json!(ann.id), &json!("ann@example.org"), &json!(false))
        );
    }
    assert_eq!(get(&realm, &admin, "/users?q=nobody@example.org").await["data"], json!([]));
    assert_eq!(get(&realm, &admin, "/users").await["meta"]["total_count"], 2);
    assert_eq!(get(&realm, &admin, &format!("/users/{}", ann.id)).await["data"]["username"], "ann-of-the-hill");
    for path in ["/admin/users/nobody", "/admin/users/00000000-0000-7000-8000-000000000000/log_ins"] {
        realm.by(&admin, "GET", path, Value::Null).await.expect(StatusCode::NOT_FOUND);
    }
}

async fn log_ins_are_listed_and_ended(realm: Realm) {
    let (admin, first) = (realm.device("the administrator's").await, realm.device("ann's").await);
    let second = realm.device("ann's").await;
    let client = realm.online(&second).await;
    let path = format!("/users/{}/log_ins", first.id);
    let ended = |listed: &Value| -> Vec<bool> {
        listed["data"].as_array().unwrap().iter().map(|log_in| !log_in["ended_at"].is_null()).collect()
    };
    assert_eq!(ended(&get(&realm, &admin, &path).await), [false, false]);
    realm.by(&first, "DELETE", "/logout", Value::Null).await.expect(StatusCode::OK);
    assert_eq!(ended(&get(&realm, &admin, &path).await), [false, true], "the newest is the first");
    realm.by(&admin, "DELETE", &format!("/admin{path}"), Value::Null).await.expect(StatusCode::OK);
    assert_eq!(ended(&get(&realm, &admin, &path).await), [true, true]);
    realm.by(&second, "GET", "/me", Value::Null).await.expect(StatusCode::UNAUTHORIZED);
    client.closed().await;
    let refresh = json!({"refresh_token": second.refresh});
    realm.call("POST", "/refresh", refresh).send().await.expect(StatusCode::UNAUTHORIZED);
}

async fn every_act_is_recorded_without_secrets(realm: Realm) {
    let (admin, ann) = (realm.device("the administrator's").await, realm.device("ann's").await);
    let path = format!("/admin/users/{}", ann.id);
    let body = json!({"display_name": "Ann", "password": "hunter22"});
    realm.by(&admin, "PATCH", &path, body).await.expect(StatusCode::OK);
    realm.by(&admin, "PATCH", &path, json!({"metadata": 7})).await.expect(StatusCode::UNPROCESSABLE_ENTITY);
    // Neither what others try nor what is only looked at.
    realm.by(&ann, "PATCH", &path, json!({"is_admin": true})).await.expect(StatusCode::FORBIDDEN);
    realm.by(&admin, "GET", &path, Value::Null).await.expect(StatusCode::OK);
    assert_eq!(get(&realm, &admin, "/acts").await["data"][0]["subject"], json!(ann.username), "whom it changed");
    realm.by(&admin, "DELETE", &path, Value::Null).await.expect(StatusCode::OK);
    let acts = get(&realm, &admin, "/acts").await;
    let seen: Vec<Value> = acts["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|act| {
            json!([
                act["user_id"],
                act["username"],
                act["subject"],
                act["method"],
                act["path"],
                act["body"],
                act["status"]
            ])
        })
        .collect();
    let act = |method: &str, body: &str, status: u16| json!([admin.id, admin.username, "", method, path, body, status]);
    let expected = [
        act("DELETE", "", 200),
        act("PATCH", r#"{"metadata":7}"#, 422),
        act("PATCH", r#"{"display_name":"Ann","password":"…"}"#, 200),
        json!([admin.id, admin.username, "", "LOG IN", "", "", 200]),
    ];
    assert_eq!(seen, expected);
    assert_eq!(acts["meta"]["total_count"], 4);
    assert_eq!(get(&realm, &admin, "/acts?page=2&page_size=2").await["data"][0]["method"], "PATCH");
    let before = format!("/acts?before={}", acts["data"][2]["id"].as_str().unwrap());
    let older = get(&realm, &admin, &before).await;
    assert_eq!((older["data"][0]["method"].as_str(), &older["meta"]["total_count"]), (Some("LOG IN"), &json!(1)));
    realm.by(&admin, "GET", "/admin/acts?before=x", Value::Null).await.expect(StatusCode::BAD_REQUEST);
}

async fn no_form_of_a_call_hides_what_an_act_changes(realm: Realm) {
    let (admin, ann) = (realm.device("the administrator's").await, realm.device("ann's").await);
    let path = format!("/admin/users/{}", ann.id);
    let recorded = async || {
        let acts = get(&realm, &admin, "/acts?page_size=1").await;
        serde_json::from_str::<Value>(acts["data"][0]["body"].as_str().unwrap()).unwrap()
    };
    let is_admin = async || get(&realm, &admin, &format!("/users/{}", ann.id)).await["data"]["is_admin"] == true;
    for (admin_now, is_recorded) in [(true, json!(true)), (false, json!(false))] {
        let padded = json!({"a": "x".repeat(5_000), "is_admin": admin_now});
        realm.by(&admin, "PATCH", &path, padded).await.expect(StatusCode::OK);
        assert_eq!((is_admin().await, &recorded().await["is_admin"]), (admin_now, &is_recorded));
    }
    realm.by(&admin, "PATCH", &format!("{path}?display_name=GM"), Value::Null).await.expect(StatusCode::OK);
    assert_eq!(recorded().await, json!({"display_name": "GM"}));
    let form = realm.app().call(axum::http::Method::PATCH, &format!("/api/v1{path}")).bearer(&admin.access);
    let form = form.body("application/x-www-form-urlencoded", "display_name=Queen").send().await;
    form.expect(StatusCode::OK);
    assert_eq!(recorded().await, json!({"display_name": "Queen"}));
    let many: serde_json::Map<String, Value> = (0..40).map(|number| (format!("f{number}"), json!(1))).collect();
    let refused = realm.by(&admin, "PATCH", &path, Value::Object(many)).await.expect(StatusCode::BAD_REQUEST);
    assert_eq!(refused["error"], "too_many_fields");
}

async fn a_failed_call_is_told_with_file_and_line(realm: Realm) {
    let admin = realm.device("the administrator's").await;
    let call = async || {
        let body = json!({"plugin": "trial", "fn": "fail", "args": []});
        realm.by(&admin, "POST", "/hooks/call", body).await.json()["error"] == "exception"
    };
    soon("the script", async {
        while !call().await {
            a_moment().await;
        }
    })
    .await;
    // Each sidecar tells of its own.
    let mut states = Value::Null;
    let told = async {
        while states["failures"] == json!([]) || states.is_null() {
            states = get(&realm, &admin, "/hooks").await["data"].clone();
        }
    };
    soon("the sidecar that has called it", told).await;
    let failure = &states["failures"][0];
    assert_eq!((&failure["plugin"], &failure["function"]), (&json!("trial"), &json!("fail")));
    assert_eq!(failure["error"], "trial.lua:17: broken");
    let names: Vec<&str> =
        states["plugins"].as_array().unwrap().iter().map(|plugin| plugin["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["ledger", "trial"]);
    let trial = &states["plugins"][1];
    assert_eq!((&trial["fault"], &trial["functions"][0]["signature"]), (&Value::Null, &json!("after_startup()")));
    let again = realm.by(&admin, "POST", "/admin/hooks/reload", Value::Null).await.expect(StatusCode::OK);
    assert_eq!(again["data"]["plugins"], states["plugins"]);
}

/// Of a realm of one sidecar: scripts of its own, one of which has a fault.
#[tokio::test]
async fn faults_and_schedules_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, source: &str| fs::write(folder.path().join(name), source).unwrap();
    write("clock.lua", "return { tick = function() end, schedules = { tick = '0 5 * * *' } }");
    write("bad.lua", "return {\n  x = function() end,\n  oops\n  = = 1,\n}");
    let hooks_dir = folder.path().to_owned();
    let realm = Realm::sqlite_with(|settings| settings.hooks_dir = hooks_dir).await;
    let admin = realm.device("the administrator's").await;
    realm.by(&admin, "POST", "/admin/hooks/reload", Value::Null).await.expect(StatusCode::OK);
    let states = get(&realm, &admin, "/hooks").await["data"].clone();
    let fault = states["plugins"][0]["fault"].as_str().unwrap();
    assert!(fault.starts_with("bad.lua:4:"), "{fault}");
    let schedule = &states["schedules"][0];
    assert_eq!(
        (&schedule["plugin"], &schedule["function"], &schedule["cron"]),
        (&json!("clock"), &json!("tick"), &json!("0 5 * * *"))
    );
    let at = |name: &str| schedule[name].as_str().unwrap().to_owned();
    assert!(
        at("last_at").ends_with("T05:00:00Z") && at("next_at").ends_with("T05:00:00Z") && at("last_at") < at("next_at")
    );
    // Players do not call it.
    let body = json!({"plugin": "clock", "fn": "tick"});
    let refused = realm.by(&admin, "POST", "/hooks/call", body).await.expect(StatusCode::BAD_REQUEST);
    assert_eq!(refused, json!({"error": "reserved_hook_name"}));
    write("clock.lua", "return {}");
    let gone = realm.by(&admin, "POST", "/admin/hooks/reload", Value::Null).await.expect(StatusCode::OK);
    assert_eq!((&gone["data"]["schedules"], &gone["data"]["plugins"][1]["functions"]), (&json!([]), &json!([])));
}

async fn settings_are_told_without_secrets(realm: Realm) {
    let (admin, ann) = (realm.device("the administrator's").await, realm.device("ann's").await);
    for _ in 0..2 {
        let app = realm.app();
        let call = app.get("/api/v1/admin/settings").bearer(&admin.access);
        let answer = call.send().await;
        let settings = answer.expect(StatusCode::OK)["data"].as_array().unwrap().clone();
        let named = |name: &str| settings.iter().find(|setting| setting["name"] == name).unwrap().clone();
        let expected = json!({
            "name": "GATEWAY_ADDR", "flag": "--gateway-addr", "value": "127.0.0.1:3002", "is_secret": false,
            "is_set": false, "origin": "default", "help": "Address of the gateway WebSocket",
        });
        assert_eq!(named("GATEWAY_ADDR"), expected);
        assert_eq!((&named("MAIL_URL")["value"], &named("MAIL_URL")["is_secret"]), (&Value::Null, &json!(true)));
        // What this sidecar really keeps to itself, whether it was given or generated.
        let config = &app.state().config;
        let mut secrets = vec![config.secrets.service_token.expose().to_owned(), admin.access.clone()];
        secrets.extend(config.redis.as_ref().map(|redis| redis.url.expose_secret().to_owned()));
        if let DatabaseAt::Postgres(url) = &config.database.at {
            secrets.push(url.expose_secret().to_owned());
        }
        for secret in secrets {
            assert!(!answer.text.contains(&secret), "{secret} is in {}", answer.text);
        }
    }
    realm.by(&ann, "GET", "/admin/settings", Value::Null).await.expect(StatusCode::FORBIDDEN);
    realm.call("GET", "/admin/settings", Value::Null).send().await.expect(StatusCode::UNAUTHORIZED);
}

/// Of a realm of one sidecar, which was given everything that may hold a secret.
#[tokio::test]
async fn no_secret_that_was_given_is_told() {
    let secrets = [
        ("--database-url", "postgres://realm:hunter2@db.example/realm"),
        ("--redis-url", "rediss://:hunter2@redis.example"),
        ("--jwt-secret", "hunter2-hunter2-hunter2-hunter2-hunter2"),
        ("--ticket-key", "hunter2-hunter2-hunter2-hunter2-hunter2"),
        ("--service-token", "hunter2-hunter2-hunter2-hunter2-hunter2"),
        ("--mail-url", "smtps://post:hunter2@mail.example"),
        ("--otel-exporter-otlp-endpoint", "https://hunter2@otel.example"),
        ("--otel-exporter-otlp-headers", "authorization=hunter2"),
        ("--sentry-dsn", "https://hunter2@errors.example/1"),
        ("--server-manager-set", "DATABASE_URL=postgres://realm:hunter2@db.example"),
    ];
    let line: Vec<&str> = secrets.iter().flat_map(|(flag, value)| [*flag, *value]).collect();
    let in_force = SettingsInForce::of_line::<Settings>(&line).unwrap();
    let realm = Realm::sqlite_with(|settings| settings.in_force = in_force).await;
    let admin = realm.device("the administrator's").await;
    let answer = realm.by(&admin, "GET", "/admin/settings", Value::Null).await;
    let settings = answer.expect(StatusCode::OK)["data"].as_array().unwrap().clone();
    assert!(!answer.text.contains("hunter2"), "{}", answer.text);
    for (flag, _) in secrets {
        let setting = settings.iter().find(|setting| setting["flag"] == flag).unwrap();
        let shown = (&setting["value"], &setting["is_secret"], &setting["is_set"], &setting["origin"]);
        assert_eq!(shown, (&Value::Null, &json!(true), &json!(true), &json!("command_line")), "{flag}");
    }
}

/// The pages' cookie, as a browser would send it.
async fn cookie_of(realm: &Realm, body: Value) -> Answer {
    let call = realm.app().call(axum::http::Method::POST, "/admin/session").header("x-realmgate-admin", "1");
    call.json(body).send().await
}

async fn a_log_in_to_the_pages_ends_when_it_is_idle_and_after_half_a_day(realm: Realm) {
    realm.device("the administrator's").await;
    let cookie = async || {
        let admin = realm.device("the administrator's").await;
        let answer = cookie_of(&realm, json!({"refresh_token": admin.refresh})).await;
        answer.headers["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned()
    };
    let ask = async |cookie: &str| {
        let call = realm.call("GET", "/admin/users", Value::Null).header("cookie", cookie);
        call.header("x-realmgate-admin", "1").send().await.status
    };
    let idle = cookie().await;
    realm.each(|app| app.advance(Duration::from_secs(29 * 60)));
    assert_eq!(ask(&idle).await, StatusCode::OK);
    realm.each(|app| app.advance(Duration::from_secs(29 * 60)));
    assert_eq!(ask(&idle).await, StatusCode::OK, "each call keeps it");
    realm.each(|app| app.advance(Duration::from_secs(30 * 60)));
    assert_eq!(ask(&idle).await, StatusCode::UNAUTHORIZED);
    let busy = cookie().await;
    for _ in 0..12 * 60 / 20 - 1 {
        realm.each(|app| app.advance(Duration::from_secs(20 * 60)));
        assert_eq!(ask(&busy).await, StatusCode::OK);
    }
    realm.each(|app| app.advance(Duration::from_secs(20 * 60)));
    assert_eq!(ask(&busy).await, StatusCode::UNAUTHORIZED);
}

async fn the_pages_log_in_by_a_cookie_that_others_cannot_use(realm: Realm) {
    let (admin, ann) = (realm.device("the administrator's").await, realm.device("ann's").await);
    let answer = cookie_of(&realm, json!({"refresh_token": admin.refresh})).await;
    let set = answer.headers["set-cookie"].to_str().unwrap().to_owned();
    answer.expect(StatusCode::OK);
    assert!(set.ends_with("; Path=/; HttpOnly; SameSite=Strict"), "{set}");
    let cookie = set.split(';').next().unwrap().to_owned();
    let ask = async |method: &str, path: &str, header: bool| {
        let mut call = realm.call(method, path, Value::Null).header("cookie", &format!("a=b; {cookie}"));
        if header {
            call = call.header("x-realmgate-admin", "1");
        }
        call.send().await.status
    };
    assert_eq!(ask("GET", "/admin/users", true).await, StatusCode::OK);
    // A form or a link of somebody else's page cannot have the header.
    for method in ["GET", "POST"] {
        let path = if method == "GET" { "/admin/users" } else { "/admin/hooks/reload" };
        assert_eq!(ask(method, path, false).await, StatusCode::UNAUTHORIZED);
    }
    let whose = async |call: crate::testing::Call| call.send().await.expect(StatusCode::OK)["username"].clone();
    let read = || realm.app().call(axum::http::Method::GET, "/admin/session");
    let own = || read().header("cookie", &cookie);
    assert_eq!(whose(own().header("x-realmgate-admin", "1")).await, json!(admin.username));
    assert_eq!(whose(own()).await, Value::Null, "by a link of another page");
    assert_eq!(whose(read().header("x-realmgate-admin", "1")).await, Value::Null, "without a log-in");
    // It is for administrators' routes alone.
    assert_eq!(ask("GET", "/me", true).await, StatusCode::UNAUTHORIZED);
    let without = realm.app().call(axum::http::Method::POST, "/admin/session");
    without.json(json!({"refresh_token": admin.refresh})).send().await.expect(StatusCode::BAD_REQUEST);
    cookie_of(&realm, json!({"refresh_token": "x"})).await.expect(StatusCode::UNAUTHORIZED);
    cookie_of(&realm, json!({"email": "nobody", "password": "x"})).await.expect(StatusCode::UNAUTHORIZED);
    cookie_of(&realm, json!({})).await.expect(StatusCode::UNAUTHORIZED);
    cookie_of(&realm, json!({"refresh_token": ann.refresh})).await.expect(StatusCode::FORBIDDEN);
    realm.by(&ann, "GET", "/me", Value::Null).await.expect(StatusCode::UNAUTHORIZED);
    // Who is an administrator no more has no use of it.
    realm.execute("UPDATE accounts SET role = 'player'").await;
    assert_eq!(ask("GET", "/admin/users", true).await, StatusCode::FORBIDDEN);
    assert_eq!(whose(own().header("x-realmgate-admin", "1")).await, Value::Null);
    realm.execute("UPDATE accounts SET role = 'admin'").await;
    let end = realm.app().call(axum::http::Method::DELETE, "/admin/session").header("cookie", &cookie);
    let ended = end.header("x-realmgate-admin", "1").send().await;
    assert!(ended.headers["set-cookie"].to_str().unwrap().contains("; Max-Age=0"));
    assert_eq!(ask("GET", "/admin/users", true).await, StatusCode::UNAUTHORIZED);
    realm.by(&admin, "GET", "/me", Value::Null).await.expect(StatusCode::UNAUTHORIZED);
}
