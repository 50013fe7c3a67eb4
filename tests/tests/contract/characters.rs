//! Characters and their classes.

use realmgate_tests::account::fresh_name;
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
    _sidecar: Shared<Sidecars>,
}

async fn somebody(backend: Backend) -> Somebody {
    let sidecar = sidecar(backend).await;
    let account = Account::register(&sidecar.api()).await;
    let classes = sidecar.api().get("/character-classes").await.json(200);
    Somebody { api: account.calls(&sidecar.api()), account, classes, _sidecar: sidecar }
}

async fn classes_are_listed_for_everybody(backend: Backend) {
    let classes = sidecar(backend).await.api().get("/character-classes").await.json(200);
    let classes = classes.as_array().expect("a list");
    assert!(classes.len() >= 3);
    for class in classes {
        for field in ["id", "name", "description"] {
            assert!(class[field].as_str().is_some_and(|text| !text.is_empty()), "{field} of {class}");
        }
    }
}

async fn a_character_is_made_and_listed(backend: Backend) {
    let Somebody { api, classes, .. } = &somebody(backend).await;
    assert_eq!(api.get("/characters").await.json(200), json!([]));
    let name = fresh_name("Zoë ");
    let made = api.post("/characters", json!({"name": name, "class_id": classes[0]["id"]})).await.json(201);
    assert_eq!(made["name"], name.as_str());
    assert_eq!(made["level"], 1);
    assert_eq!(made["class_name"], classes[0]["name"]);
    assert!(made["id"].is_string(), "ids are text: {made}");
    assert_eq!(api.get("/characters").await.json(200), json!([made]), "made and listed alike");
    let again = json!({"name": name.to_uppercase(), "class_id": classes[1]["id"]});
    api.post("/characters", again).await.problem(409, "NAME_TAKEN");
}

async fn bad_characters_are_complained_about_by_field(backend: Backend) {
    let Somebody { api, classes, .. } = &somebody(backend).await;
    let complain = async |body: Value, field: &str| {
        let problem = api.post("/characters", body).await.problem(422, "VALIDATION_FAILED");
        assert!(problem["errors"].get(field).is_some(), "{problem}");
    };
    complain(json!({"name": "<b>", "class_id": classes[0]["id"]}), "name").await;
    complain(json!({"name": fresh_name("Ok "), "class_id": "no-such-class"}), "class_id").await;
    complain(json!({"class_id": classes[0]["id"]}), "name").await;
    complain(json!({"name": fresh_name("Ok ")}), "class_id").await;
}

async fn an_account_has_room_for_eight(backend: Backend) {
    let Somebody { api, classes, .. } = &somebody(backend).await;
    let class = &classes[0]["id"];
    for _ in 0..8 {
        api.post("/characters", json!({"name": fresh_name("Many "), "class_id": class})).await.json(201);
    }
    let ninth = json!({"name": fresh_name("Many "), "class_id": class});
    api.post("/characters", ninth).await.problem(409, "TOO_MANY_CHARACTERS");
}

async fn a_deleted_character_is_listed_and_can_be_restored(backend: Backend) {
    let Somebody { api, account, classes, .. } = &somebody(backend).await;
    let character = account.new_character(api).await;
    let path = format!("/characters/{}", character.id);
    let stranger = Account::register(api).await.calls(api);
    stranger.delete(&path).await.problem(403, "FORBIDDEN");
    assert_eq!(api.delete(&path).await.json(204), Value::Null);
    let listed = api.get("/characters").await.json(200);
    assert!(listed[0]["deletes_at_ms"].is_u64(), "{listed}");
    let again = json!({"name": character.name, "class_id": classes[0]["id"]});
    api.post("/characters", again).await.problem(409, "NAME_TAKEN");
    stranger.post(&format!("{path}/restore"), json!({})).await.problem(403, "FORBIDDEN");
    let restored = api.post(&format!("{path}/restore"), json!({})).await.json(200);
    assert_eq!((&restored["id"], &restored["deletes_at_ms"]), (&json!(character.id), &Value::Null));
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
    stranger.patch(&path, json!({"appearance": {}})).await.problem(403, "FORBIDDEN");
}

async fn characters_that_never_were_are_not_found(backend: Backend) {
    let Somebody { api, .. } = &somebody(backend).await;
    api.delete(&format!("/characters/{NOBODY}")).await.problem(404, "CHARACTER_NOT_FOUND");
    api.delete("/characters/7").await.problem(404, "CHARACTER_NOT_FOUND");
}

async fn characters_are_for_those_who_are_logged_in(backend: Backend) {
    let sidecar = sidecar(backend).await;
    let api = sidecar.api();
    for api in [api.clone(), api.with_token("a.b.c"), api.with_token("nonsense")] {
        api.get("/characters").await.problem(401, "UNAUTHORIZED");
        api.post("/characters", json!({"name": "Ann", "class_id": "x"})).await.problem(401, "UNAUTHORIZED");
        api.delete(&format!("/characters/{NOBODY}")).await.problem(401, "UNAUTHORIZED");
    }
}

async fn our_servers_read_any_character_on_both_ports(backend: Backend) {
    let sidecar = sidecar(backend).await;
    let account = Account::register(&sidecar.api()).await;
    let character = account.new_character(&sidecar.api()).await;
    let path = format!("/characters/{}/internal", character.id);
    let service_token = sidecar.service_token();
    for api in [sidecar.directory(), sidecar.api().with_token(&service_token)] {
        let found = api.get(&path).await.json(200);
        assert_eq!(found["id"], character.id.as_str());
        assert_eq!(found["user_id"], account.user_id.as_str());
        assert_eq!(found["name"], character.name.as_str());
        assert_eq!(found["level"], 1);
        assert!(found["class_id"].is_string() && found["map_id"].is_u64(), "{found}");
        assert!(found["position"]["x"].is_number() && found["position"]["y"].is_number(), "{found}");
        api.get(&format!("/characters/{NOBODY}/internal")).await.problem(404, "CHARACTER_NOT_FOUND");
    }
    for api in [sidecar.api(), sidecar.directory_without_token(), account.calls(&sidecar.api())] {
        api.get(&path).await.problem(401, "SERVICE_TOKEN_REQUIRED");
    }
}
