//! The page and all that it loads.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;

use axum::http::StatusCode;
use flate2::read::GzDecoder;

use crate::testing::{Answer, TestApp};

const DOCUMENTS: [&str; 3] = ["/", "/play", "/admin"];

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
    let names: BTreeSet<_> = seen.iter().filter_map(|address| address.rsplit('/').next()).collect();
    let expected = ["admin.css", "admin.js", "landing.css", "landing.js", "play.css", "play.js"];
    assert_eq!(names, BTreeSet::from(expected), "a script and a style sheet for each");
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

#[tokio::test]
async fn scripts_and_styles_go_compressed_by_brotli_from_the_first_request_on() {
    let app = TestApp::start().await;
    let document = app.get("/play").send().await.text;
    for address in named(&document).into_iter().filter(|address| address.starts_with("/files/")) {
        let plain = app.get(address).send().await;
        let gzip = app.get(address).header("accept-encoding", "gzip").send().await;
        let brotli = app.get(address).header("accept-encoding", "gzip, deflate, br, zstd").send().await;
        assert_eq!(brotli.header("content-encoding"), Some("br"), "{address}");
        assert!(brotli.bytes.len() < gzip.bytes.len(), "{address}");
        let mut text = Vec::new();
        brotli::BrotliDecompress(&mut &brotli.bytes[..], &mut text).unwrap();
        assert_eq!(String::from_utf8(text).unwrap(), plain.text, "{address}");
    }
}

/// Of the 320 KB that a first visit may load with its pictures (docs/performance.md).
const MOST_OF_THE_PROGRAM_BYTES: usize = 120_000;

#[tokio::test]
async fn the_program_is_short_to_load() {
    let app = TestApp::start().await;
    let document = app.get("/play").send().await.text;
    let files: BTreeSet<_> = named(&document).into_iter().filter(|address| address.starts_with("/files/")).collect();
    assert!(!files.iter().any(|address| address.contains("/watch/")), "players load what spectators need");
    let mut bytes = 0;
    for address in files {
        let file = app.get(address).header("accept-encoding", "gzip, br").send().await;
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

/// Starts a server with these pictures, and answers its list of maps and pictures.
async fn with_pictures(pictures: &[(&str, &[u8])], base: Option<&str>) -> (TestApp, serde_json::Value) {
    let assets = tempfile::tempdir().unwrap();
    fs::write(assets.path().join("classes.toml"), "[warrior]\nname = 'Warrior'").unwrap();
    for (name, bytes) in pictures {
        let path = assets.path().join("pictures").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    let maps = assets.path().join("maps");
    fs::create_dir(&maps).unwrap();
    let app = TestApp::start_with(|settings| {
        settings.maps_dir = maps;
        settings.assets_dir = assets.path().to_owned();
        settings.assets_base_url = base.map(str::to_owned);
    });
    let app = app.await;
    let list = app.get("/assets.json").send().await.expect(StatusCode::OK);
    (app, list)
}

#[tokio::test]
async fn small_pictures_come_in_one_answer_and_each_by_itself() {
    let pictures: [(&str, &[u8]); 2] = [("mobs/wolf.png", b"a wolf"), ("items/sword.png", b"a sword")];
    let (app, list) = with_pictures(&pictures, None).await;
    let parts = serde_json::json!([["pictures/items/sword.png", 7], ["pictures/mobs/wolf.png", 6]]);
    assert_eq!(list["pack"]["parts"], parts);
    let address = list["pack"]["address"].as_str().expect("an address");
    let pack = app.get(address).send().await;
    assert_eq!((pack.status, &pack.bytes[..]), (StatusCode::OK, &b"a sworda wolf"[..]));
    assert_eq!(pack.header("cache-control"), Some("public, max-age=31536000, immutable"));
    assert_eq!(pack.header("access-control-allow-origin"), Some("*"));
    for (name, bytes) in pictures {
        let own = list["files"][format!("pictures/{name}")].as_str().expect("an address of its own");
        assert_eq!(app.get(own).send().await.bytes, bytes, "{name}");
    }
    let (_, other) = with_pictures(&[("mobs/wolf.png", b"a bear")], None).await;
    assert_ne!(other["pack"]["address"], list["pack"]["address"], "its address changes with it");
    let (_, none) = with_pictures(&[("ui/logo.png", b"a logo")], None).await;
    assert!(none.get("pack").is_none(), "{none}");
}

#[tokio::test]
async fn a_delivery_network_may_have_the_small_pictures_too() {
    let (app, list) = with_pictures(&[("mobs/wolf.png", b"a wolf")], Some("https://cdn.example/realm/")).await;
    let address = list["pack"]["address"].as_str().expect("an address");
    let path = address.strip_prefix("https://cdn.example/realm").expect("the network's address");
    assert_eq!(app.get(path).send().await.text, "a wolf", "where the network asks for it");
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
    let main = named(&document).into_iter().find(|address| address.ends_with("/play.js")).expect("an address");
    let program = main.strip_suffix("play.js").unwrap();
    for there in [main, &map] {
        assert_eq!(app.get(there).send().await.status, StatusCode::OK, "{there}");
    }
    for path in [
        &format!("{program}../test/scene.test.js"),
        &format!("{program}watch/../play.js"),
        &format!("{program}play.html"),
        &format!("{program}src/main.js"),
        &format!("{beside}../secret.tmx"),
        &format!("{beside}%2e%2e/secret.tmx"),
        &format!("{beside}%2e%2e%2fsecret.tmx"),
        "/files/0/play.js",
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
async fn sounds_are_listed_beside_pictures_and_kept_for_good() {
    let assets = tempfile::tempdir().unwrap();
    for (name, content) in [
        ("sounds/effects/hit.mp3", "a blow"),
        ("sounds/effects/hit.wav", "of another type"),
        ("sounds/effects/hit.png", "no sound"),
        ("pictures/hit.mp3", "no picture"),
        ("classes.toml", "[warrior]\nname = 'Warrior'"),
    ] {
        let file = assets.path().join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, content).unwrap();
    }
    let app = TestApp::start_with(|settings| settings.assets_dir = assets.path().to_owned()).await;
    let list = app.get("/assets.json").send().await.expect(StatusCode::OK);
    let sounds = list["sounds"].as_object().expect("a list of sounds");
    assert_eq!(sounds.keys().collect::<Vec<_>>(), ["sounds/effects/hit.mp3"], "what is no MP3 is not played");
    assert!(list["files"].get("pictures/hit.mp3").is_none(), "a sound is no picture");
    let address = sounds["sounds/effects/hit.mp3"].as_str().expect("an address");
    let sound = app.get(address).header("accept-encoding", "gzip").send().await;
    assert_eq!((sound.status, sound.text.as_str()), (StatusCode::OK, "a blow"));
    assert_eq!(sound.header("content-type"), Some("audio/mpeg"));
    assert_eq!(sound.header("content-encoding"), None, "it is compressed already");
    assert_eq!(sound.header("cache-control"), Some("public, max-age=31536000, immutable"));
    assert_eq!(sound.header("access-control-allow-origin"), Some("*"));
}

#[tokio::test]
async fn game_is_redirected_to_the_page_with_its_path_and_query() {
    let (app, _) = with_pictures(&[], None).await;
    for (asked, location) in [
        ("/game", "/play"),
        ("/game/", "/play"),
        ("/game?", "/play?"),
        ("/game?watch&next=%2Fgame", "/play?watch&next=%2Fgame"),
        ("/game/a%20b/c?d=e", "/play/a%20b/c?d=e"),
        ("/game//other.example/x", "/play//other.example/x"),
    ] {
        let redirect = app.get(asked).send().await;
        assert_eq!(redirect.status, StatusCode::PERMANENT_REDIRECT, "{asked}");
        assert_eq!(redirect.header("location"), Some(location), "{asked}");
    }
    assert_eq!(app.get("/play?watch").send().await.status, StatusCode::OK, "the location is the page");
    app.get("/games").send().await.problem(404, "NOT_FOUND");
}

#[tokio::test]
async fn a_device_can_have_the_game_among_its_programs() {
    let (app, list) = with_pictures(&[("ui/icon-192.png", b"an icon")], None).await;
    let icon = list["files"]["pictures/ui/icon-192.png"].as_str().expect("an address");
    for path in ["/", "/play"] {
        let document = app.get(path).send().await;
        assert!(named(&document.text).contains(&"/manifest.webmanifest"), "{path}");
        assert!(named(&document.text).contains(&icon), "{path}");
        let policy = document.header("content-security-policy").expect("a policy");
        assert_eq!(sources(policy, "manifest-src"), ["'self'"], "{path}");
    }
    let manifest = app.get("/manifest.webmanifest").send().await;
    assert_eq!(manifest.header("content-type"), Some("application/manifest+json"));
    let manifest = manifest.expect(StatusCode::OK);
    assert_eq!((&manifest["name"], &manifest["start_url"]), (&"Realmgate".into(), &"/play".into()));
    let icons = manifest["icons"].as_array().expect("icons");
    assert_eq!(icons.len(), 1, "this world has one of the two sizes");
    assert_eq!((&icons[0]["src"], &icons[0]["sizes"]), (&icon.into(), &"192x192".into()));
}

#[tokio::test]
async fn a_link_to_the_realm_has_a_picture_where_its_address_is_known() {
    let pictures: [(&str, &[u8]); 1] = [("ui/title.png", b"a picture")];
    let (app, _) = with_pictures(&pictures, None).await;
    let document = app.get("/").send().await.text;
    assert!(!document.contains("og:image") && document.contains("og:title"), "nobody knows its host: {document}");
    let (app, list) = with_pictures(&pictures, Some("https://cdn.example")).await;
    let title = list["files"]["pictures/ui/title.png"].as_str().expect("an address");
    let document = app.get("/").send().await.text;
    assert!(document.contains(&format!("property=\"og:image\" content=\"{title}\"")), "{title} in {document}");
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

#[tokio::test]
async fn a_browser_that_opens_an_unknown_address_is_shown_a_page() {
    let app = TestApp::start().await;
    for path in ["/nowhere", "/api/v1/nowhere"] {
        let shown = app.get(path).header("accept", "text/html,application/xhtml+xml,*/*;q=0.8").send().await;
        assert_eq!(shown.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(shown.header("content-type"), Some("text/html; charset=utf-8"), "{path}");
        assert!(shown.text.contains("Page not found") && named(&shown.text).contains(&"/"), "{path}: {}", shown.text);
        assert!(shown.header("content-security-policy").is_some() && shown.header("x-request-id").is_some());
        let read = app.get(path).send().await;
        assert_eq!(read.status, StatusCode::NOT_FOUND, "{path}");
        assert!(read.header("content-type").is_some_and(|kind| kind.contains("json")), "{path}: {}", read.text);
    }
    let posted = app.post("/nowhere", serde_json::json!({})).header("accept", "text/html").send().await;
    assert!(posted.header("content-type").is_some_and(|kind| kind.contains("json")), "{}", posted.text);
}
