//! How mails leave: a mail server that refuses, is away or takes its time loses nothing and holds nobody up.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use axum::http::StatusCode;
use realmgate_platform::testing::{a_moment, soon};
use serde_json::json;

use crate::backends::Realm;
use crate::mails::by_mail;
use crate::smtp::{MailServer, Manner};
use crate::testing::PASSWORD;

/// The wait after the first failure.
const FIRST_WAIT: Duration = Duration::from_secs(30);
/// How long a mail is one sidecar's.
const LEASE: Duration = Duration::from_secs(2 * 60);

by_mail!(
    a_mail_that_is_refused_is_sent_again,
    a_mail_server_that_is_away_loses_nothing,
    a_mail_server_that_keeps_silent_holds_nobody_up,
    each_mail_is_sent_once,
    a_mail_that_can_never_be_sent_is_given_up,
);

/// Waits until sending has failed so often for whatever is due, by the waits that follow on that.
async fn until_it_failed(realm: &Realm, waits: u64) {
    let failed = async {
        loop {
            let mut db = realm.app().state().store.sql().read("test").await.unwrap();
            let query = "SELECT due_at_ms - created_at_ms FROM mails WHERE due_at_ms IS NOT NULL";
            let wait: Option<i64> = sqlx::query_scalar(query).fetch_optional(&mut *db).await.unwrap();
            drop(db);
            if wait.is_some_and(|wait| wait.unsigned_abs() == waits * 1_000) {
                return;
            }
            a_moment().await;
        }
    };
    soon("a failure", failed).await;
}

async fn a_mail_that_is_refused_is_sent_again(realm: Realm, mut server: MailServer) {
    server.set(Manner::Refuses);
    realm.sign_up("ann@example.org").await;
    until_it_failed(&realm, 30).await;
    realm.each(|app| app.advance(FIRST_WAIT));
    until_it_failed(&realm, 30 + 60).await;
    server.set(Manner::Takes);
    realm.each(|app| app.advance(FIRST_WAIT * 2));
    let token = server.token("ann@example.org").await;
    realm.confirm(&token).await.expect(StatusCode::OK);
}

async fn a_mail_server_that_is_away_loses_nothing(realm: Realm, mut server: MailServer) {
    server.go_away().await;
    realm.sign_up("ann@example.org").await;
    until_it_failed(&realm, 30).await;
    server.come_back().await;
    realm.each(|app| app.advance(FIRST_WAIT));
    let token = server.token("ann@example.org").await;
    realm.confirm(&token).await.expect(StatusCode::OK);
}

async fn a_mail_server_that_keeps_silent_holds_nobody_up(realm: Realm, mut server: MailServer) {
    server.set(Manner::Silent);
    realm.sign_up("ann@example.org").await;
    server.is_silent().await;
    realm.device("bob's phone").await;
    server.set(Manner::Takes);
    realm.sign_up("zoe@example.org").await;
    server.token("zoe@example.org").await;
    server.go_on();
    let token = server.token("ann@example.org").await;
    realm.confirm(&token).await.expect(StatusCode::OK);
}

async fn each_mail_is_sent_once(realm: Realm, mut server: MailServer) {
    let mut expected: Vec<String> = (0..12).map(|number| format!("player-{number}@example.org")).collect();
    futures_util::future::join_all(expected.iter().map(|address| realm.sign_up(address))).await;
    let mut sent = Vec::new();
    for _ in &expected {
        sent.push(server.next().await.to);
    }
    realm.sign_up("last@example.org").await;
    server.token("last@example.org").await;
    expected.sort();
    sent.sort();
    assert_eq!(sent, expected);
    assert!(server.has_none());
}

async fn a_mail_that_can_never_be_sent_is_given_up(realm: Realm, mut server: MailServer) {
    server.go_away().await;
    realm.sign_up("ann@example.org").await;
    until_it_failed(&realm, 30).await;
    realm.each(|app| app.advance(Duration::from_secs(24 * 60 * 60)));
    server.come_back().await;
    realm.sign_up("last@example.org").await;
    server.token("last@example.org").await;
    assert!(server.has_none(), "its link would have ended");
}

#[tokio::test]
async fn what_is_under_way_when_a_sidecar_ends_is_sent_by_whoever_comes_after() {
    let mut server = MailServer::start().await;
    let realm = Realm::sqlite_with(server.of()).await;
    server.set(Manner::Silent);
    realm.sign_up("ann@example.org").await;
    server.is_silent().await;
    let realm = realm.restarted_with(server.of()).await;
    server.set(Manner::Takes);
    realm.sign_up("last@example.org").await;
    server.token("last@example.org").await;
    realm.each(|app| app.advance(LEASE));
    let token = server.token("ann@example.org").await;
    realm.confirm(&token).await.expect(StatusCode::OK);
}

#[tokio::test]
async fn tokens_are_in_no_row() {
    let mut server = MailServer::start().await;
    let realm = Realm::sqlite_with(server.of()).await;
    realm.sign_up("ann@example.org").await;
    let token = server.token("ann@example.org").await;
    let folder = realm.app().data_dir();
    let mut database = String::new();
    for name in ["realmgate.db", "realmgate.db-wal"] {
        database += &String::from_utf8_lossy(&std::fs::read(folder.join(name)).unwrap_or_default());
    }
    assert!(database.contains("ann@example.org"), "the mail is in it");
    assert!(!database.contains(&token));
}

#[tokio::test]
async fn a_source_causes_so_many_mails_a_minute() {
    let realm = Realm::sqlite().await;
    let ask = async |number: u32, from: &str| {
        let path = if number.is_multiple_of(2) { "/register" } else { "/password/forgot" };
        let body = json!({"email": format!("player-{number}@example.org"), "password": PASSWORD});
        realm.app().post(&format!("/api/v1{path}"), body).from(from).send().await.status
    };
    for number in 0..10 {
        assert_eq!(ask(number, "203.0.113.9").await, StatusCode::OK);
    }
    assert_eq!(ask(10, "203.0.113.9").await, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(ask(11, "203.0.113.9").await, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(ask(12, "203.0.113.10").await, StatusCode::OK);
}

/// The mails in a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.extension().is_some_and(|extension| extension == "eml")).collect()
}

#[tokio::test]
async fn without_a_mail_server_mails_are_files_and_their_links_lead_here() {
    let realm = Realm::sqlite().await;
    let app = realm.app();
    realm.sign_up("ann@example.org").await;
    let folder = app.data_dir().join("mail");
    let written = async {
        while files(&folder).is_empty() {
            a_moment().await;
        }
    };
    soon("the file", written).await;
    let file = files(&folder).remove(0);
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let text = std::fs::read_to_string(&file).unwrap();
    let at = text.find("http://").unwrap();
    let link = text[at..].split_whitespace().next().unwrap();

    // As a browser does: it opens the page and presses the button.
    let browser = reqwest::Client::new();
    let page = browser.get(link).send().await.unwrap();
    assert_eq!(page.status().as_u16(), 200);
    let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(
        policy.starts_with("default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self'"),
        "{policy}"
    );
    assert_eq!(page.headers()["cache-control"], "no-store");
    let html = page.text().await.unwrap();
    assert!(html.contains("For ann@example.org: choose a password") && !html.contains("<script"), "{html}");
    let refused = realm.call("POST", "/login", json!({"email": "ann@example.org", "password": PASSWORD})).send().await;
    refused.expect(StatusCode::UNAUTHORIZED);
    let (base, token) = link.split_once("?token=").unwrap();
    let press = async |form: String| {
        let kind = "application/x-www-form-urlencoded";
        let answer = browser.post(base).header("content-type", kind).body(form).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let (status, html) = press(format!("token={token}")).await;
    assert!(status == 400 && html.contains("at least 8 character(s)"), "{html}");
    let form = form_urlencoded::Serializer::new(format!("token={token}&")).append_pair("password", PASSWORD).finish();
    let (status, html) = press(form).await;
    assert!(status == 200 && html.contains("Your e-mail address is confirmed"), "{html}");
    let (status, html) = press(format!("token={token}")).await;
    assert!(status == 404 && html.contains("This link has been used"), "{html}");
    let log_in = realm.call("POST", "/login", json!({"email": "ann@example.org", "password": PASSWORD})).send().await;
    log_in.expect(StatusCode::OK);
}

#[tokio::test]
async fn a_password_is_set_in_a_form_without_a_script() {
    let mut server = MailServer::start().await;
    let realm = Realm::sqlite_with(server.of()).await;
    realm.sign_up("o'neil@example.org").await;
    realm.confirm(&server.token("o'neil@example.org").await).await.expect(StatusCode::OK);
    let form = async |path: &str, form: &str| {
        let kind = "application/x-www-form-urlencoded";
        realm.app().call(axum::http::Method::POST, path).body(kind, form).send().await
    };
    let page = realm.app().get("/account/forgot").send().await;
    let asks = page.text.contains(r#"<form method="post" action="/account/forgot">"#)
        && page.text.contains(r#" name="email""#)
        && !page.text.contains("<script");
    assert!(page.status == StatusCode::OK && asks, "{}", page.text);
    let page = form("/account/forgot", "email=%3Cscript%3E").await;
    assert!(page.status == StatusCode::BAD_REQUEST && !page.text.contains("<script"), "{}", page.text);
    let page = form("/account/forgot", "email=o%27neil%40example.org").await;
    assert!(page.status == StatusCode::OK && page.text.contains("you will receive a link"), "{}", page.text);
    let token = server.token("o'neil@example.org").await;
    let page = realm.app().get(&format!("/account/link?token={token}")).send().await;
    assert!(page.text.contains("For o&#39;neil@example.org: choose a password"), "{}", page.text);
    let hidden =
        format!(r#"<form method="post" action="/account/link"><input type="hidden" name="token" value="{token}">"#);
    let takes = page.text.contains(&hidden) && page.text.contains(r#" name="password""#);
    assert!(takes && !page.text.contains("<script"), "{}", page.text);
    let page = form("/account/link", &format!("token={token}&password=short")).await;
    assert!(page.status == StatusCode::BAD_REQUEST && page.text.contains("at least 8 character(s)"), "{}", page.text);
    let page = form("/account/link", &format!("token={token}&password=another+password")).await;
    assert!(page.status == StatusCode::OK && page.text.contains("Your password is changed"), "{}", page.text);
    let body = json!({"email": "o'neil@example.org", "password": "another password"});
    realm.call("POST", "/login", body).send().await.expect(StatusCode::OK);
    let page = realm.app().get("/account/link?token=%3Cscript%3E").send().await;
    assert!(page.status == StatusCode::NOT_FOUND && !page.text.contains("<script"), "{}", page.text);
    let style = realm.app().get("/account/style.css").send().await;
    assert_eq!((style.status, style.header("content-type")), (StatusCode::OK, Some("text/css")));
}
