//! Data files that are saved while somebody plays: `clients/page/test/reload.mjs` is the player.

use std::fs;
use std::path::Path;

use realmgate_skip::skip;
use realmgate_tests::{MapServer, Settings};
use serde_json::json;
use tokio::time::timeout;

use super::WITHIN;
use super::stage::{Script, What};
use crate::browsers;

/// Saves a file with another text in the place of one.
fn save(file: &Path, what: &str, by: &str) {
    let text = fs::read_to_string(file).expect("it can be read");
    assert!(text.contains(what), "{} has {what:?}", file.display());
    fs::write(file, text.replacen(what, by, 1)).expect("it can be written");
}

#[tokio::test(flavor = "multi_thread")]
async fn page_shows_new_data_without_a_reload() {
    let _turn = browsers::turn().await;
    let settings = Settings::new();
    let assets = settings.home.assets_with("classes.toml", "[warrior.stats]", "[warrior.stats]");
    let settings = settings.set("ASSETS_DIR", assets.to_str().expect("its name is text"));
    let server = MapServer::start_linked(&settings).await;
    let Some(mut script) = Script::start("reload.mjs", &server, &json!({})) else {
        return skip("node (Node.js) is not installed: nobody saw new data on the page");
    };
    let played = timeout(WITHIN, async {
        while let Some(wish) = script.next().await {
            let What::Step(step) = &wish.what else { panic!("{wish:?} is no part of this") };
            assert_eq!(step.name, "plays");
            save(&assets.join("classes.toml"), "[warrior.stats]\nhealth = 140", "[warrior.stats]\nhealth = 240");
            save(&assets.join("abilities.toml"), "name = \"Strike\"", "name = \"Smite\"");
            script.done(&wish).await;
        }
    });
    played.await.expect("it ends in time");
    if !script.has_played().await {
        skip("Chromium or playwright-core is not installed: nobody saw new data on the page");
    }
    server.stop().await;
}
