//! Scripts that players call, by HTTP and over the socket. They are in `scripts`.

use axum::http::StatusCode;
use realmgate_platform::testing::{a_moment, soon};
use serde_json::{Value, json};

use crate::backends::{Player, Realm, on_every_backend};
use crate::testing::Answer;

on_every_backend!(
    what_can_be_called_is_listed,
    a_call_has_the_function_s_result,
    each_thing_that_cannot_be_done_has_its_code,
    the_socket_calls_too_and_tells_other_things_meanwhile,
    a_player_has_a_reference_of_what_has_failed_and_administrators_have_the_rest,
    a_plugin_that_is_off_is_said_to_be,
);

/// A user of a realm whose sidecars have loaded the scripts.
async fn user(realm: &Realm) -> Player {
    let user = realm.device("ann's").await;
    for _ in 0..2 {
        let loaded = async {
            while list(realm, &user).await.is_empty() {
                a_moment().await;
            }
        };
        soon("the scripts", loaded).await;
    }
    user
}

async fn list(realm: &Realm, user: &Player) -> Vec<Value> {
    let listed = realm.by(user, "GET", "/hooks", Value::Null).await.expect(StatusCode::OK);
    let mut listed = listed["data"].as_array().unwrap().clone();
    listed.retain(|hook| hook["plugin"] == "trial");
    listed
}

async fn call(realm: &Realm, user: &Player, function: &str, args: Value) -> Answer {
    let body = json!({"plugin": "trial", "fn": function, "args": args});
    realm.by(user, "POST", "/hooks/call", body).await
}

async fn what_can_be_called_is_listed(realm: Realm) {
    let user = user(&realm).await;
    let listed = list(&realm, &user).await;
    let names: Vec<&str> = listed.iter().map(|hook| hook["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["echo", "fail", "loop", "me", "refuse"], "none that the server calls itself");
    let signature = json!({"arity": null, "signature": "echo(...)", "doc": "What was given.", "example_args": []});
    let echo = json!({"plugin": "trial", "name": "echo", "dynamic": false, "arities": [], "signatures": [signature]});
    assert_eq!(listed[0], echo);
    assert_eq!(listed[3]["arities"], json!([0]));
}

async fn a_call_has_the_function_s_result(realm: Realm) {
    let user = user(&realm).await;
    for (given, result) in [
        (json!([1, "two", {"three": [3]}]), json!([1, "two", {"three": [3]}])),
        (json!("one"), json!(["one"])),
        (json!(null), json!([])),
    ] {
        let answer = call(&realm, &user, "echo", given).await.expect(StatusCode::OK);
        assert_eq!(answer, json!({"data": result}));
    }
    let me = call(&realm, &user, "me", json!([])).await.expect(StatusCode::OK);
    assert_eq!((&me["data"]["id"], &me["data"]["username"]), (&json!(user.id), &json!(user.username)));
}

async fn each_thing_that_cannot_be_done_has_its_code(realm: Realm) {
    let user = user(&realm).await;
    let refused = async |body: Value| {
        let answer = realm.by(&user, "POST", "/hooks/call", body).await;
        (answer.status.as_u16(), answer.json())
    };
    for body in [json!({}), json!({"plugin": "trial"}), json!({"fn": "echo"}), json!({"plugin": 1, "fn": "echo"})] {
        assert_eq!(refused(body).await, (400, json!({"error": "invalid_request"})));
    }
    let of = |plugin: &str, function: &str, args: Value| json!({"plugin": plugin, "fn": function, "args": args});
    for (body, error) in [
        (of("trial", "after_startup", json!([])), json!({"error": "reserved_hook_name"})),
        (of("trial", "after_anything", json!([])), json!({"error": "reserved_hook_name"})),
        (of("nobody", "echo", json!([])), json!({"error": "plugin_not_found"})),
        (of("trial", "nothing", json!([])), json!({"error": "not_implemented"})),
        (of("trial", "me", json!([1])), json!({"error": "not_implemented"})),
        (of("trial", "refuse", json!([])), json!({"error": "too_young"})),
        (of("trial", "echo", json!(vec![0; 33])), json!({"error": "too_many_args", "max": 32})),
    ] {
        assert_eq!(refused(body.clone()).await, (400, error), "{body}");
    }
    let long = of("trial", "echo", json!(["x".repeat(65_536)]));
    assert_eq!(refused(long).await, (413, json!({"error": "args_too_large", "max_bytes": 65_536})));
}

/// The reference of a failure, and nothing of what has failed.
fn reference(said: &Value) -> &str {
    let reference = said["reference"].as_str().unwrap_or_else(|| panic!("{said}"));
    assert_eq!((said["error"].as_str(), said.as_object().unwrap().len()), (Some("exception"), 2), "{said}");
    reference
}

async fn a_player_has_a_reference_of_what_has_failed_and_administrators_have_the_rest(realm: Realm) {
    let admin = user(&realm).await;
    let ann = realm.device("another's").await;
    let failed = call(&realm, &ann, "fail", json!([])).await.expect(StatusCode::BAD_REQUEST);
    let mut client = realm.online(&ann).await;
    let wish = json!({"plugin": "trial", "fn": "fail", "args": []});
    let answer = client.push(&ann.topic(), "call_hook", wish).await;
    let mut looked_for = vec![reference(&failed), reference(&answer["response"])];
    // Each sidecar has its own.
    let found = async {
        while !looked_for.is_empty() {
            let states = realm.by(&admin, "GET", "/admin/hooks", Value::Null).await.expect(StatusCode::OK);
            for failure in states["data"]["failures"].as_array().unwrap() {
                assert_eq!(failure["error"], "trial.lua:17: broken");
                looked_for.retain(|reference| failure["reference"] != *reference);
            }
        }
    };
    soon("the failures", found).await;
}

async fn a_plugin_that_is_off_is_said_to_be(realm: Realm) {
    let admin = user(&realm).await;
    realm.each(|app| {
        app.state().community.hooks.turn_off("trial");
    });
    let refused = call(&realm, &admin, "echo", json!([])).await.expect(StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(refused, json!({"error": "plugin_off"}));
    let ready = realm.app().get("/readyz").send().await.expect(StatusCode::OK);
    let warnings = ready["warnings"].as_array().unwrap();
    assert!(warnings.len() == 1 && warnings[0].as_str().unwrap().contains("a script is off"), "{ready}");
    let states = realm.by(&admin, "GET", "/admin/hooks", Value::Null).await.expect(StatusCode::OK);
    let plugins = states["data"]["plugins"].as_array().unwrap();
    let trial = plugins.iter().find(|plugin| plugin["name"] == "trial").unwrap();
    assert!(trial["fault"].as_str().unwrap().starts_with("trial.lua: off"), "{trial}");
}

async fn the_socket_calls_too_and_tells_other_things_meanwhile(realm: Realm) {
    let user = user(&realm).await;
    let mut client = realm.online(&user).await;
    let topic = user.topic();
    let wish = |function: &str, args: Value| json!({"plugin": "trial", "fn": function, "args": args});
    let answer = client.push(&topic, "call_hook", wish("echo", json!([7]))).await;
    assert_eq!(answer, json!({"status": "ok", "response": {"data": [7]}}));
    for (payload, error) in [
        (json!({}), "invalid_request"),
        (json!("nothing"), "invalid_request"),
        (wish("before_stop", json!([])), "reserved_hook_name"),
        (json!({"plugin": "nobody", "fn": "echo"}), "not_found"),
        (wish("nothing", json!([])), "not_implemented"),
        (wish("refuse", json!([])), "too_young"),
    ] {
        let answer = client.push(&topic, "call_hook", payload.clone()).await;
        assert_eq!(answer, json!({"status": "error", "response": {"error": error}}), "{payload}");
    }
    // A call that does not end keeps nothing else waiting.
    let (join_ref, reference) = (client.join_ref.clone(), client.count());
    client.send(json!([join_ref, reference, topic, "call_hook", wish("loop", json!([]))])).await;
    realm.by(&user, "PATCH", "/me/display_name", json!({"display_name": "Ann"})).await.expect(StatusCode::OK);
    assert_eq!(client.event("updated").await["display_name"], "Ann");
    let answer = client.frame().await;
    let timeout = json!({"status": "error", "response": {"error": "timeout"}});
    assert_eq!((&answer[1], &answer[4]), (&reference, &timeout));
    for _ in 0..8 {
        let reference = client.count();
        client.send(json!([client.join_ref, reference, topic, "call_hook", wish("loop", json!([]))])).await;
    }
    let ninth = client.push(&topic, "call_hook", wish("echo", json!([]))).await;
    assert_eq!(ninth, json!({"status": "error", "response": {"error": "too_many_calls"}}));
}

/// Its other calls wait, by whatever way they come, and more than a few are refused.
#[tokio::test]
async fn an_account_has_so_many_calls_over_all_its_ways_and_keeps_nobody_else_waiting() {
    let realm = Realm::sqlite().await;
    let (flooder, ann) = (user(&realm).await, realm.device("another's").await);
    let (wish, mut sockets) = (json!({"plugin": "trial", "fn": "loop", "args": []}), Vec::new());
    for _ in 0..2 {
        let mut client = realm.online(&flooder).await;
        for _ in 0..8 {
            let reference = client.count();
            client.send(json!([client.join_ref, reference, flooder.topic(), "call_hook", wish])).await;
        }
        // What it says next is answered after its calls have begun.
        let ninth = client.push(&flooder.topic(), "call_hook", wish.clone()).await;
        assert_eq!(ninth["response"], json!({"error": "too_many_calls"}));
        sockets.push(client);
    }
    let refused = call(&realm, &flooder, "echo", json!([])).await;
    assert_eq!(refused.expect(StatusCode::TOO_MANY_REQUESTS), json!({"error": "too_many_calls"}));
    assert_eq!(refused.header("retry-after"), Some("1"));
    // One of the flooder's is under way and one waits in the plugin: the others do not.
    call(&realm, &ann, "echo", json!([])).await.expect(StatusCode::OK);
}
