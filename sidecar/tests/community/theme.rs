//! A realm with a look of its own: its pages, the small ones beside them, and its mails.

use std::fs;

use axum::http::StatusCode;
use realmgate_sidecar::config::Settings;
use serde_json::json;

use crate::backends::{Realm, on_every_backend};
use crate::smtp::MailServer;
use crate::testing::{Answer, PASSWORD};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\nand more";
const THEME: &str = r##"
name = "M & M <land>"
logo = "brand/mark.png"
logo_says_name = false
[colours]
background = "#101820"
accent = "#d0a0ff"
[texts]
lead = "Come <b>in</b>!"
play = "Enter"
description = 'Say "friend"'
mail_greeting = "Hello,"
mail_closing = """
Yours,

the people"""
"##;

/// Every page, and the path that it has.
const PAGES: [&str; 6] =
    ["/", "/play", "/admin", "/account/forgot", "/account/link?token=x", "/auth/success?session_id=x"];

fn themed(settings: &mut Settings) {
    fs::create_dir(settings.assets_dir.join("brand")).unwrap();
    fs::write(settings.assets_dir.join("brand/mark.png"), PNG).unwrap();
    fs::write(settings.assets_dir.join("theme.toml"), THEME).unwrap();
}

async fn get(realm: &Realm, path: &str) -> Answer {
    realm.app().get(path).send().await
}

/// The addresses below `/theme/` that a page names.
fn files_of(page: &str) -> Vec<&str> {
    page.split('"').filter(|part| part.starts_with("/theme/")).collect()
}

on_every_backend!(themed => pages_have_its_name_colours_logo_and_texts, what_pages_load_is_kept_for_good);

async fn pages_have_its_name_colours_logo_and_texts(realm: Realm) {
    let landing = get(&realm, "/").await.text;
    for said in [
        "<title>M &amp; M &lt;land&gt;</title>",
        "<h1 id=\"name\">M &amp; M &lt;land&gt;</h1>",
        "Come &lt;b&gt;in&lt;/b&gt;!",
        ">Enter</a>",
        "content=\"Say &quot;friend&quot;\"",
        "content=\"#101820\"",
    ] {
        assert!(landing.contains(said), "{said} in {landing}");
    }
    assert!(get(&realm, "/admin").await.text.contains("Administration of M &amp; M &lt;land&gt;"));
    assert!(get(&realm, "/account/forgot").await.text.contains("Reset your password · M &amp; M &lt;land&gt;"));
    assert_eq!(get(&realm, "/status").await.json()["name"], "M & M <land>");
    for path in PAGES {
        let page = get(&realm, path).await;
        assert!(!page.text.contains("M & M") && !page.text.contains("<land>"), "text is text: {path}");
        for own in ["<style", " style=", "{{"] {
            assert!(!page.text.contains(own), "{path} has {own}");
        }
        let policy = page.header("content-security-policy").unwrap();
        assert!(!policy.contains("unsafe") && policy.contains("style-src 'self';"), "{path}: {policy}");
        assert!(policy.contains("img-src 'self'"), "{path}: {policy}");
        assert!(!files_of(&page.text).is_empty(), "{path} has no style of the theme");
    }
    let list = get(&realm, "/assets.json").await.json();
    assert_eq!(list["logo_says"], "", "the mark has no name in it");
    let logo = get(&realm, list["files"]["pictures/ui/logo.png"].as_str().unwrap()).await;
    assert_eq!((logo.status, &logo.bytes[..]), (StatusCode::OK, PNG));
}

async fn what_pages_load_is_kept_for_good(realm: Realm) {
    let mut kinds = Vec::new();
    for path in PAGES {
        let page = get(&realm, path).await.text;
        for address in files_of(&page) {
            let file = get(&realm, address).await;
            assert_eq!(file.status, StatusCode::OK, "{address}");
            assert_eq!(file.header("cache-control"), Some("public, max-age=31536000, immutable"), "{address}");
            let kind = file.header("content-type").unwrap().to_owned();
            if kind.starts_with("text/css") {
                assert!(
                    file.text.contains("--slate-1:#101820;") && file.text.contains("--gold:#d0a0ff;"),
                    "{}",
                    file.text
                );
            }
            kinds.push(kind);
        }
    }
    kinds.sort();
    kinds.dedup();
    assert_eq!(kinds, ["image/png", "text/css; charset=utf-8"]);
    for path in ["/theme/0/page.css", "/theme/0123456789abcdef/logo.png", "/theme/0/../../classes.toml"] {
        let missing = get(&realm, path).await;
        assert_eq!(
            (missing.status, missing.header("cache-control")),
            (StatusCode::NOT_FOUND, Some("no-store")),
            "{path}"
        );
    }
}

/// The realm's look is the same wherever it is read; what mails say is sent by one sidecar.
#[tokio::test]
async fn mails_begin_and_end_as_it_says() {
    let mut server = MailServer::start().await;
    let by_mail = server.of();
    let realm = Realm::sqlite_with(|settings| {
        themed(settings);
        by_mail(settings);
    });
    let realm = realm.await;
    let body = json!({"email": "ann@example.org", "password": PASSWORD});
    realm.call("POST", "/register", body).send().await.expect(StatusCode::OK);
    let mail = server.next().await.text;
    assert!(mail.contains("Subject: Your account at M & M <land>\r\n"), "{mail}");
    let (_, text) = mail.split_once("\r\n\r\n").unwrap();
    assert!(text.starts_with("Hello,\r\n\r\nSomebody signed up at M & M <land> with this address."), "{text}");
    assert!(text.trim_end().ends_with("nothing happens without the link.\r\n\r\nYours,\r\n\r\nthe people"), "{text}");
}

#[tokio::test]
async fn an_operators_name_goes_before_the_designers() {
    let realm = Realm::sqlite_with(|settings| {
        themed(settings);
        settings.realm_name = Some("Testland".to_owned());
    });
    let realm = realm.await;
    assert_eq!(get(&realm, "/status").await.json()["name"], "Testland");
    assert!(get(&realm, "/").await.text.contains("<title>Testland</title>"));
    assert!(get(&realm, "/admin").await.text.contains("<title>Administration of Testland</title>"));
}

#[tokio::test]
async fn without_one_pages_are_as_they_were() {
    let realm = Realm::sqlite().await;
    for path in PAGES {
        let page = get(&realm, path).await.text;
        assert!(files_of(&page).is_empty() && !page.contains("<header><"), "{path}: {page}");
    }
    let forgot = get(&realm, "/account/forgot").await;
    assert!(forgot.text.contains("<title>Reset your password</title>"));
    assert!(!forgot.header("content-security-policy").unwrap().contains("img-src"));
    assert!(get(&realm, "/assets.json").await.json().get("logo_says").is_none());
    assert_eq!(get(&realm, "/status").await.json()["name"], "Realmgate");
}
