//! The page and all that it loads.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;

use axum::http::StatusCode;
use flate2::read::GzDecoder;

use crate::testing::{Answer, TestApp};

const DOCUMENTS: [&str; 2] = ["/", "/play"];

/// The sources that a policy names for a kind of content.
fn sources<'policy>(policy: &'policy str, kind: &str) -> Vec<&'policy str> {
    let rule = policy.split(';').map(|rule| rule.split_whitespace()).find(|rule| rule.clone().next() == Some(kind));
    rule.unwrap_or_else(|| panic!("{kind} in {policy}")).skip(1).collect()
}

/// What a document names in its attributes `src` and `href`.
fn named(document: &str) -> Vec<&str> {
    let after = |attribute: &'static str| document.split(attribute).skip(1).filter_map(|rest| rest.split('"').next());
    after(" src=\"").chain(after(" href=\"")).collect()
}

#[tokio::test]
async fn its_policy_lets_only_its_own_scripts_and_styles_run() {
    let app = TestApp::start().await;
    for path in DOCUMENTS {
        let document = app.get(path).send().await;
        assert_eq!(document.status, StatusCode::OK, "{path}");
        assert_eq!(document.header("content-type"), Some("text/html; charset=utf-8"));
        let policy = document.header("content-security-policy").expect("a policy");
        assert_eq!(sources(policy, "default-src"), ["'none'"], "what is not named");
        assert_eq!(sources(policy, "script-src"), ["'self'"]);
        assert_eq!(sources(policy, "style-src"), ["'self'"]);
        assert_eq!(sources(policy, "img-src"), ["'self'", "blob:"]);
        assert_eq!(sources(policy, "frame-ancestors"), ["'none'"]);
        assert!(!policy.contains("unsafe"), "{policy}");
        for own in ["<style", " style=", "javascript:", " onclick=", "<base"] {
            assert!(!document.text.contains(own), "{path} has `{own}`, which the policy forbids");
        }
        let addresses = named(&document.text);
        let other = addresses.iter().find(|address| !address.starts_with('/') || address.starts_with("//"));
        assert_eq!(other, None, "{path} loads from elsewhere");
    }
}

#[tokio::test]
async fn everything_that_it_names_is_there_and_may_be_kept_for_good() {
    let app = TestApp::start().await;
    let mut seen = BTreeSet::new();
    for path in DOCUMENTS {
        let document = app.get(path).send().await.text;
        assert!(!document.contains("{{"), "{path} has a part that was not filled in");
        let files = named(&document).into_iter().filter(|address| address.starts_with("/files/"));
        seen.extend(files.map(str::to_owned));
    }
    for kind in ["/page/src/main.js", "/js/src/index.js", ".css"] {
        assert!(seen.iter().any(|address| address.ends_with(kind)), "{kind} in {seen:?}");
    }
    for address in seen {
        let file = app.get(&address).send().await;
        assert_eq!(file.status, StatusCode::OK, "{address}");
        assert_eq!(file.header("cache-control"), Some("public, max-age=31536000, immutable"), "{address}");
        let kind = if address.ends_with(".css") { "text/css; charset=utf-8" } else { "text/javascript; charset=utf-8" };
        assert_eq!(file.header("content-type"), Some(kind), "{address}");
    }
}

#[tokio::test]
async fn files_go_compressed_to_who_takes_that() {
    let app = TestApp::start().await;
    let plain = app.get("/play").send().await;
    assert_eq!(plain.header("content-encoding"), None);
    let compressed = app.get("/play").header("accept-encoding", "gzip, br").send().await;
    assert_eq!(compressed.header("content-encoding"), Some("gzip"));
    assert_eq!(compressed.header("vary").map(|vary| vary.contains("accept-encoding")), Some(true));
    assert!(compressed.bytes.len() < plain.bytes.len());
    let mut text = String::new();
    GzDecoder::new(&compressed.bytes[..]).read_to_string(&mut text).unwrap();
    assert_eq!(text, plain.text);
}

/// Of the 400 KB that a first visit may load with its pictures (docs/performance.md).
const MOST_OF_THE_PROGRAM_BYTES: usize = 260_000;

#[tokio::test]
async fn the_program_is_short_to_load() {
    let app = TestApp::start().await;
    let document = app.get("/play").send().await.text;
    let files: BTreeSet<_> = named(&document).into_iter().filter(|address| address.starts_with("/files/")).collect();
    assert!(!files.iter().any(|address| address.contains("/watch/")), "players load what spectators need");
    let mut bytes = 0;
    for address in files {
        let file = app.get(address).header("accept-encoding", "gzip").send().await;
        let headers = file.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + ": \r\n".len());
        bytes += headers.sum::<usize>() + file.bytes.len();
    }
    assert!(bytes <= MOST_OF_THE_PROGRAM_BYTES, "{bytes} bytes as sent");
}

/// Starts a server whose maps are one file with this content, and answers its list of maps and pictures.
async fn with_a_map(content: &str, base: Option<&str>) -> (TestApp, serde_json::Value) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("1_here.tmx"), content).unwrap();
    fs::write(folder.path().join("notes.txt"), "not for players").unwrap();
    fs::write(folder.path().join("large.png"), vec![0; 4 * 1024 * 1024 + 1]).unwrap();
    let app = TestApp::start_with(|settings| {
        settings.maps_dir = folder.path().to_owned();
        settings.assets_base_url = base.map(str::to_owned);
    });
    let app = app.await;
    let list = app.get("/assets.json").send().await;
    assert_eq!(list.header("cache-control"), Some("no-cache"));
    (app, list.expect(StatusCode::OK))
}

fn address(list: &serde_json::Value) -> String {
    list["files"]["maps/1_here.tmx"].as_str().expect("an address").to_owned()
}

#[tokio::test]
async fn maps_have_addresses_that_change_with_them() {
    let (app, list) = with_a_map("<map a='1'/>", None).await;
    assert!(list["files"].get("maps/notes.txt").is_none(), "what is no map or picture is not shown");
    assert!(list["files"].get("maps/large.png").is_none(), "what is too large is left out");
    let map: Answer = app.get(&address(&list)).send().await;
    assert_eq!((map.status, map.text.as_str()), (StatusCode::OK, "<map a='1'/>"));
    assert_eq!(map.header("cache-control"), Some("public, max-age=31536000, immutable"));
    assert_eq!(map.header("access-control-allow-origin"), Some("*"));
    assert_eq!(map.header("content-security-policy"), Some("default-src 'none'; sandbox"), "nothing in it runs");

    let (_, same) = with_a_map("<map a='1'/>", None).await;
    let (_, other) = with_a_map("<map a='2'/>", None).await;
    assert_eq!(address(&list), address(&same));
    assert_ne!(address(&list), address(&other));
}

#[tokio::test]
async fn a_delivery_network_may_stand_before_it() {
    let (app, list) = with_a_map("<map/>", Some("https://cdn.example/realm/")).await;
    let path = address(&list);
    let path = path.strip_prefix("https://cdn.example/realm").expect("the network's address");
    assert_eq!(app.get(path).send().await.status, StatusCode::OK, "where the network asks for it");
    let page = app.get("/play").send().await;
    let policy = page.header("content-security-policy").unwrap();
    // Maps are fetched, pictures are shown.
    for kind in ["img-src", "connect-src"] {
        assert!(sources(policy, kind).contains(&"https://cdn.example/realm/"), "{kind} in {policy}");
    }
}

#[tokio::test]
async fn nothing_outside_the_folders_is_to_be_had() {
    let folder = tempfile::tempdir().unwrap();
    let maps = folder.path().join("maps");
    fs::create_dir(&maps).unwrap();
    // Of the same content, so that even the hash is right.
    for file in [maps.join("1_here.tmx"), folder.path().join("secret.tmx")] {
        fs::write(file, "<map/>").unwrap();
    }
    let app = TestApp::start_with(|settings| settings.maps_dir = maps).await;
    let list = app.get("/assets.json").send().await.expect(StatusCode::OK);
    let map = address(&list);
    let beside = map.strip_suffix("1_here.tmx").expect("an address");
    let document = app.get("/play").send().await.text;
    let main = named(&document).into_iter().find(|address| address.ends_with("/page/src/main.js")).expect("an address");
    let program = main.strip_suffix("src/main.js").unwrap();
    for there in [main, &map] {
        assert_eq!(app.get(there).send().await.status, StatusCode::OK, "{there}");
    }
    for path in [
        &format!("{program}test/scene.test.js"),
        &format!("{program}src/../test/scene.test.js"),
        &format!("{program}src/../src/main.js"),
        &format!("{beside}../secret.tmx"),
        &format!("{beside}%2e%2e/secret.tmx"),
        &format!("{beside}%2e%2e%2fsecret.tmx"),
        "/files/0/page/src/main.js",
        "/files/0/../Cargo.toml",
        "/assets/0/maps/../../Cargo.toml",
        "/assets/0/maps/1_greenvale.tmx",
        "/assets/0/maps/1_here.tmx",
        "/assets/%2e%2e/Cargo.toml",
        "/assets//etc/passwd",
    ] {
        let missing = app.get(path).send().await;
        assert_eq!(missing.status, StatusCode::NOT_FOUND, "{path}");
        let kept = missing.header("cache-control");
        assert_eq!(kept, Some("no-store"), "{path}: a replica of another version may have it in a moment");
    }
}

#[tokio::test]
async fn browsers_get_an_emblem_or_nothing_at_all() {
    let app = TestApp::start().await;
    assert_eq!(app.get("/favicon.ico").send().await.status, StatusCode::NO_CONTENT, "this world has no pictures");
    let assets = tempfile::tempdir().unwrap();
    fs::create_dir_all(assets.path().join("pictures/ui")).unwrap();
    fs::write(assets.path().join("pictures/ui/emblem.png"), "a picture").unwrap();
    fs::write(assets.path().join("classes.toml"), "[warrior]\nname = 'Warrior'").unwrap();
    let app = TestApp::start_with(|settings| settings.assets_dir = assets.path().to_owned()).await;
    let emblem = app.get("/favicon.ico").send().await;
    assert_eq!((emblem.status, emblem.text.as_str()), (StatusCode::OK, "a picture"));
    assert_eq!(emblem.header("content-type"), Some("image/png"));
}
