//! One account for the worlds and for the community.

use axum::http::StatusCode;
use realmgate_platform::tokens::Caller;
use serde_json::{Value, json};

use crate::backends::{Player, Realm, on_every_backend};

on_every_backend!(who_came_by_device_makes_characters_and_is_expected_in_the_world, characters_go_with_their_account);

async fn who_came_by_device_makes_characters_and_is_expected_in_the_world(realm: Realm) {
    let ann = realm.device("ann's phone").await;
    let character = character(&realm, &ann, "Ann").await;
    let listed = realm.app().get("/characters").bearer(&ann.access).send().await.expect(StatusCode::OK);
    assert_eq!(listed[0]["id"], character);
    let app = realm.app();
    let Caller { account, session, .. } = app.state().tokens.authenticate(&ann.access).await.unwrap();
    app.state().world.accounts.expects(account, session).await.expect("the gateway lets it in");
    app.state().world.accounts.claim(account, session).await.expect("its socket has the account");
    let me = realm.by(&ann, "GET", "/me", json!(null)).await.expect(StatusCode::OK);
    assert_eq!(me["is_online"], true, "who is at a gateway is online");
}

async fn characters_go_with_their_account(realm: Realm) {
    let (admin, ann) = (realm.device("first").await, realm.device("ann's phone").await);
    character(&realm, &ann, "Ann").await;
    character(&realm, &admin, "Zoe").await;
    realm.by(&ann, "DELETE", "/me", json!(null)).await.expect(StatusCode::OK);
    realm.app().delete_due_characters().await;
    let again = realm.device("ann's phone").await;
    let listed = realm.app().get("/characters").bearer(&again.access).send().await.expect(StatusCode::OK);
    assert_eq!(listed, json!([]));
    character(&realm, &again, "Ann").await;
    let listed = realm.app().get("/characters").bearer(&admin.access).send().await.expect(StatusCode::OK);
    assert_eq!(listed.as_array().map(Vec::len), Some(1), "others keep theirs");
}

#[tokio::test]
async fn a_character_in_the_world_is_taken_out_first() {
    let realm = Realm::sqlite().await;
    let (_, ann) = (realm.device("first").await, realm.device("ann's phone").await);
    let id = character(&realm, &ann, "Ann").await;
    realm.app().lock(&id).await;
    realm.by(&ann, "DELETE", "/me", json!(null)).await.expect(StatusCode::OK);
    realm.app().delete_due_characters().await;
    let internal = async || {
        let app = realm.app();
        app.get_internal(&format!("/characters/{id}/internal")).bearer(app.service_token()).send().await.status
    };
    assert_eq!(internal().await, StatusCode::NOT_FOUND, "only one that nobody has the lock of is deleted");
}

async fn character(realm: &Realm, player: &Player, name: &str) -> String {
    let body = json!({"name": name, "class_id": "mage"});
    let made = realm.app().post("/characters", body).bearer(&player.access).send().await.expect(StatusCode::CREATED);
    let made: Value = made;
    made["id"].as_str().unwrap().to_owned()
}
