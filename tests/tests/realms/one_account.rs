//! One account for everything: who logs in by OpenID makes a character, kills a mob, and stands on the board.

use std::fs;

use realmgate_client::api::Api;
use realmgate_protocol::ids::EntityId;
use realmgate_protocol::movement::Position;
use realmgate_tests::{MapServer, Settings, until};
use serde_json::json;

use crate::javascript::actors::Order;
use crate::javascript::in_rust;
use crate::openid::OpenIdProvider;
use crate::small_world;

/// Where the provider sends browsers back to.
const PUBLIC_URL: &str = "https://realm.example";

/// A server on which players log in by this provider, which knows it by this name.
pub fn settings_with(provider: &OpenIdProvider, client_id: &str, settings: Settings) -> Settings {
    let file = settings.home.path("providers.toml");
    let issuer = &provider.issuer;
    let text = format!(
        "[google]\nclient_id = \"{client_id}\"\nclient_secret = \"a secret of the realm's\"\nissuer = \"{issuer}\"\n"
    );
    fs::write(&file, text).expect("it can be written");
    settings.set("PROVIDERS_FILE", file.to_str().expect("its name is text"))
}

/// Out of the safe zone, where the mob is in reach.
const BEFORE_THE_FIELD: (i32, i32) = (10, 8);
const BOAR_HEALTH: u32 = 30;

#[tokio::test(flavor = "multi_thread")]
async fn who_logs_in_by_openid_kills_a_mob_and_stands_on_the_board() {
    let Some(mut provider) = OpenIdProvider::start(None).await else { return };
    let settings = small_world::settings("javascript/maps", BOAR_HEALTH);
    let settings = settings_with(&provider, "realm", settings).set("PUBLIC_URL", PUBLIC_URL);
    let server = MapServer::start_linked(&settings).await;
    let api = server.api();

    let begun = api.get("/api/v1/auth/google").await.json(200);
    let text = |name: &str| begun[name].as_str().expect("a text");
    let at = provider.visit(text("authorization_url"), "ann").await;
    let page = api.get(at.strip_prefix(PUBLIC_URL).expect("it comes back to us")).await;
    assert!(page.text.contains(text("code")), "{}", page.text);
    let token = page.text.split_once("name=\"session_id\" value=\"").expect("a form").1;
    let token = token.split_once('"').expect("an end").0;
    let done = api.post("/auth/success", json!({"session_id": token, "answer": "yes"})).await;
    assert!(done.text.contains("Go back to the game"), "{}", done.text);
    let status = api.get(&format!("/api/v1/auth/session/{}", text("session_id"))).await.json(200);
    let told = |name: &str| status["data"][name].as_str().unwrap_or_else(|| panic!("{name}: {status}"));

    let own = Api::new(&format!("http://{}", server.api_addr()));
    let ann = in_rust::enter_as(&own, told("access_token"), "Ann", server.ready.game).await;
    ann.until("it is in the world", |picture| picture.place.is_some()).await;
    ann.order(Order::Walk(Position::tile_centre(BEFORE_THE_FIELD.0, BEFORE_THE_FIELD.1)));
    let seen = ann.until("the mob is in view", |picture| picture.mob().is_some()).await;
    let mob = seen.mob().expect("it was just seen").entity;
    ann.order(Order::Attack(Some(EntityId(mob))));
    ann.until("the mob is dead", |picture| picture.mob().is_some_and(|mob| mob.health == Some(0))).await;
    ann.order(Order::Attack(None));

    until("she stands on the board", async || {
        let page = api.get("/api/v1/leaderboards/kills/records").await.json(200);
        let first = page["data"].as_array()?.first()?.clone();
        (first["user_id"] == told("user_id") && first["score"].as_i64() >= Some(1)).then_some(())
    })
    .await;
    server.stop().await;
}
