//! Characters and their classes.

use std::time::Duration;

use realmgate_tests::account::fresh_name;
use realmgate_tests::netcode::unix_now;
use realmgate_tests::scenario::DATA;
use realmgate_tests::{Account, Api, Shared};
use serde_json::{Value, json};

use crate::backend::{Backend, on_every_backend};
use crate::servers::sidecar;
use crate::sidecars::Sidecars;

on_every_backend!(
    classes_are_listed_for_everybody,
    a_character_is_made_and_listed,
    bad_characters_are_complained_about_by_field,
    an_account_has_room_for_eight,
    a_deleted_character_is_listed_and_can_be_restored,
    a_character_is_renamed_and_shown_as_it_looks,
    characters_that_never_were_are_not_found,
    characters_are_for_those_who_are_logged_in,
    our_servers_read_any_character_on_both_ports,
);

const NOBODY: &str = "018f0000-0000-7000-8000-000000000001";

/// Somebody with an account.
struct Somebody {
    account: Account,
    api: Api,
    classes: Value,
    sidecar: Shared<Sidecars>,
}

async fn somebody(backend: Backend) -> Somebody {
    let sidecar = sidecar(backend).await;
    let account = Account::register(&sidecar.api()).await;
    let classes = sidecar.api().get("/character-classes").await.json(200);
    Somebody { api: account.calls(&sidecar.api()), account, classes, sidecar }
}

async fn classes_are_listed_for_everybody(backend: Backend) {
    let listed = sidecar(backend).await.api().without_token().get("/character-classes").await.json(200);
    let classes = ["warrior", "ranger", "cleric"].map(|id| {
        let class = &DATA.classes[DATA.classes.find(id).expect("it is in the data")];
        json!({"id": id, "name": class.name, "description": class.description})
    });
    assert_eq!(listed, json!(classes), "in the designers' order");
}

async fn a_character_is_made_and_listed(backend: Backend) {
    let Somebody { api, classes, .. } = &somebody(backend).await;
    assert_eq!(api.get("/characters").await.json(200), json!([]));
    let name = fresh_name("Zoë ");
    // Not the first class: that one would be right by chance.
    let made = api.post("/characters", json!({"name": name, "class_id": classes[1]["id"]})).await.json(201);
    assert_eq!(made["name"], name.as_str());
    assert_eq!(made["level"], 1);
    assert_eq!((&made["class_id"], &made["class_name"]), (&classes[1]["id"], &classes[1]["name"]));
    assert!(made["id"].is_string(), "ids are text: {made}");
    assert_eq!(api.get("/characters").await.json(200), json!([made]), "made and listed alike");
    let again = json!({"name": name.to_uppercase(), "class_id": classes[0]["id"]});
    api.post("/characters", again).await.problem(409, "NAME_TAKEN");
    assert_eq!(api.get("/characters").await.json(200), json!([made]), "and no other was made");
}

async fn bad_characters_are_complained_about_by_field(backend: Backend) {
    let Somebody { api, classes, .. } = &somebody(backend).await;
    let complain = async |body: Value, field: &str| {
        assert_eq!(api.post("/characters", body.clone()).await.complaints(), [field], "{body}");
    };
    complain(json!({"name": "<b>", "class_id": classes[0]["id"]}), "name").await;
    complain(json!({"name": fresh_name("Ok "), "class_id": "no-such-class"}), "class_id").await;
    complain(json!({"class_id": classes[0]["id"]}), "name").await;
    complain(json!({"name": fresh_name("Ok ")}), "class_id").await;
    assert_eq!(api.post("/characters", json!({})).await.complaints(), ["class_id", "name"], "each by its own");
    assert_eq!(api.get("/characters").await.json(200), json!([]), "none of them was made");
}

async fn an_account_has_room_for_eight(backend: Backend) {
    let Somebody { api, classes, .. } = &somebody(backend).await;
    let class = &classes[0]["id"];
    for _ in 0..8 {
        api.post("/characters", json!({"name": fresh_name("Many "), "class_id": class})).await.json(201);
    }
    let ninth = json!({"name": fresh_name("Many "), "class_id": class});
    api.post("/characters", ninth).await.problem(409, "TOO_MANY_CHARACTERS");
    assert_eq!(api.get("/characters").await.json(200).as_array().map(Vec::len), Some(8));
}

async fn a_deleted_character_is_listed_and_can_be_restored(backend: Backend) {
    let Somebody { api, account, classes, .. } = &somebody(backend).await;
    let character = account.new_character(api).await;
    let path = format!("/characters/{}", character.id);
    let stranger = Account::register(api).await.calls(api);
    let made = api.get("/characters").await.json(200);
    assert_eq!(made[0]["deletes_at_ms"], Value::Null);
    stranger.delete(&path).await.problem(403, "FORBIDDEN");
    assert_eq!(api.get("/characters").await.json(200), made, "nobody else deletes it");
    assert_eq!(api.delete(&path).await.json(204), Value::Null);
    let mut listed = api.get("/characters").await.json(200);
    let deletes_at_ms = listed[0]["deletes_at_ms"].take().as_u64().expect("a time");
    // By the database's clock, which the sidecar knows about.
    let in_a_day = (unix_now() + Duration::from_secs(24 * 60 * 60)).as_millis() as u64;
    assert!(deletes_at_ms.abs_diff(in_a_day) < 60_000, "{in_a_day} is a day from now, not {deletes_at_ms}");
    assert_eq!(listed, made, "nothing else is other");
    let again = json!({"name": character.name, "class_id": classes[0]["id"]});
    api.post("/characters", again).await.problem(409, "NAME_TAKEN");
    stranger.post(&format!("{path}/restore"), json!({})).await.problem(403, "FORBIDDEN");
    assert_eq!(api.get("/characters").await.json(200)[0]["deletes_at_ms"], deletes_at_ms);
    let restored = api.post(&format!("{path}/restore"), json!({})).await.json(200);
    assert_eq!(restored, made[0]);
    assert_eq!(api.get("/characters").await.json(200), made);
}

async fn a_character_is_renamed_and_shown_as_it_looks(backend: Backend) {
    let Somebody { api, account, .. } = &somebody(backend).await;
    let character = account.new_character(api).await;
    let path = format!("/characters/{}", character.id);
    let name = fresh_name("Other ");
    let changed = api.patch(&path, json!({"name": name, "appearance": {"hair": "red"}})).await.json(200);
    assert_eq!((&changed["name"], &changed["appearance"]), (&json!(name), &json!({"hair": "red"})));
    assert_eq!(api.get("/characters").await.json(200), json!([changed]));
    api.patch(&path, json!({"name": fresh_name("Third ")})).await.problem(429, "RATE_LIMITED");
    api.patch(&path, json!({"appearance": {"hair": ["red"]}})).await.problem(422, "VALIDATION_FAILED");
    let stranger = Account::register(api).await.calls(api);
    for change in [json!({"appearance": {}}), json!({"name": fresh_name("Third ")})] {
        stranger.patch(&path, change).await.problem(403, "FORBIDDEN");
    }
    assert_eq!(api.get("/characters").await.json(200), json!([changed]), "what was refused changed nothing");
}

async fn characters_that_never_were_are_not_found(backend: Backend) {
    let Somebody { api, .. } = &somebody(backend).await;
    for id in [NOBODY, "7"] {
        let path = format!("/characters/{id}");
        for answer in [
            api.delete(&path).await,
            api.patch(&path, json!({"name": fresh_name("Nobody ")})).await,
            api.post(&format!("{path}/restore"), json!({})).await,
        ] {
            answer.problem(404, "CHARACTER_NOT_FOUND");
        }
    }
}

async fn characters_are_for_those_who_are_logged_in(backend: Backend) {
    let Somebody { account, api: own, classes, sidecar } = &somebody(backend).await;
    let path = format!("/characters/{}", account.new_character(own).await.id);
    let made = own.get("/characters").await.json(200);
    let api = sidecar.api();
    let service_token = sidecar.service_token();
    for api in [api.clone(), api.with_token("a.b.c"), api.with_token("nonsense"), api.with_token(&service_token)] {
        let new = json!({"name": fresh_name("Nobodys "), "class_id": classes[0]["id"]});
        for answer in [
            api.get("/characters").await,
            api.post("/characters", new).await,
            api.patch(&path, json!({"name": fresh_name("Other ")})).await,
            api.delete(&path).await,
            api.post(&format!("{path}/restore"), json!({})).await,
        ] {
            answer.problem(401, "UNAUTHORIZED");
        }
    }
    assert_eq!(own.get("/characters").await.json(200), made);
}

async fn our_servers_read_any_character_on_both_ports(backend: Backend) {
    let sidecar = sidecar(backend).await;
    let account = Account::register(&sidecar.api()).await;
    let character = account.new_character(&sidecar.api()).await;
    let path = format!("/characters/{}/internal", character.id);
    let service_token = sidecar.service_token();
    // As its player sees it, and whose it is.
    let mut expected = account.calls(&sidecar.api()).get("/characters").await.json(200)[0].take();
    assert_eq!((&expected["id"], &expected["name"]), (&json!(character.id), &json!(character.name)));
    assert_eq!((&expected["map_id"], &expected["class_id"]), (&json!(1), &json!("warrior")));
    expected["user_id"] = json!(account.user_id);
    expected["lock_owner"] = json!("none");
    for api in [sidecar.directory(), sidecar.api().with_token(&service_token)] {
        assert_eq!(api.get(&path).await.json(200), expected);
        for nobody in [NOBODY, "7"] {
            api.get(&format!("/characters/{nobody}/internal")).await.problem(404, "CHARACTER_NOT_FOUND");
        }
    }
    for api in [sidecar.api(), sidecar.directory_without_token()] {
        for api in [account.calls(&api), api.with_token("wrong"), api] {
            api.get(&path).await.problem(401, "SERVICE_TOKEN_REQUIRED");
        }
    }
}
