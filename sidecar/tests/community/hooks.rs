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
        (of("trial", "fail", json!([])), json!({"error": "exception", "details": "trial.lua:17: broken"})),
        (of("trial", "echo", json!(vec![0; 33])), json!({"error": "too_many_args", "max": 32})),
    ] {
        assert_eq!(refused(body.clone()).await, (400, error), "{body}");
    }
    let long = of("trial", "echo", json!(["x".repeat(65_536)]));
    assert_eq!(refused(long).await, (413, json!({"error": "args_too_large", "max_bytes": 65_536})));
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
        (wish("fail", json!([])), "exception"),
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
