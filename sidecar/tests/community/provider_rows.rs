//! What each call of log-in by providers answers and is refused, and what becomes of what is linked.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::oauth::{me, player};
use crate::providers::{Doors, through_doors};

through_doors!(
    each_call_has_its_refusals,
    a_provider_is_linked_and_unlinked_while_the_player_is_told,
    what_an_account_has_is_not_overwritten,
);

async fn each_call_has_its_refusals(doors: Doors) {
    doors.there.does("/api/oauth2/token", |_| (400, json!({"error": "invalid_grant"}).to_string()));
    doors.there.does("/token", |_| (400, json!({"error": "invalid_grant"}).to_string()));
    let code = json!({"code": "c"});
    for (method, path, body, status, error, explained_in) in [
        ("GET", "/auth/myspace", Value::Null, 400, "invalid_provider", "message"),
        // Nobody configured it.
        ("GET", "/auth/google", Value::Null, 400, "invalid_provider", "message"),
        ("GET", "/auth/session", Value::Null, 400, "invalid_provider", "message"),
        ("GET", "/auth/session/", Value::Null, 400, "invalid_provider", "message"),
        ("GET", "/auth/session/nothing", Value::Null, 404, "session_not_found", "message"),
        ("POST", "/auth/myspace/callback", code.clone(), 400, "missing_or_unsupported", ""),
        ("POST", "/auth/google/callback", code.clone(), 400, "missing_or_unsupported", ""),
        ("POST", "/auth/discord/callback", json!({}), 400, "missing_or_unsupported", ""),
        ("POST", "/auth/discord/callback", json!({"code": ""}), 400, "missing_or_unsupported", ""),
        ("POST", "/auth/steam/callback", json!({}), 400, "missing_param", ""),
        ("POST", "/auth/discord/callback", code.clone(), 400, "exchange_failed", "details"),
        ("POST", "/auth/google/id_token", json!({}), 400, "missing_param", ""),
        ("POST", "/auth/google/id_token", json!({"id_token": "x"}), 500, "server_misconfigured", ""),
        ("POST", "/auth/apple/ios/callback", json!({}), 400, "missing_code", ""),
        ("POST", "/auth/apple/ios/callback", code, 400, "exchange_failed", "details"),
    ] {
        let answer = doors.realm.call(method, path, body.clone()).send().await;
        let (what, told) = (format!("{method} {path} {body}: {}", answer.text), answer.json());
        assert_eq!((answer.status.as_u16(), &told["error"]), (status, &json!(error)), "{what}");
        for field in ["message", "details"] {
            assert_eq!(told.get(field).is_some_and(Value::is_string), field == explained_in, "{what}");
        }
    }
}

async fn a_provider_is_linked_and_unlinked_while_the_player_is_told(doors: Doors) {
    let (ann, ben) = (doors.realm.device("ann's").await, doors.realm.device("ben's").await);
    let by = async |player: &_, method: &str, path: &str, body: Value| {
        let answer = doors.realm.by(player, method, path, body).await;
        (answer.status.as_u16(), answer.json())
    };
    let (code, done) = (json!({"code": "c"}), (200, json!({})));
    let refused = |error: &str| (400, json!({"error": error}));
    let last = refused("Cannot unlink the last linked provider");
    let mut client = doors.realm.online(&ann).await;
    assert_eq!(by(&ann, "DELETE", "/me/providers/discord", Value::Null).await, last, "there is none");
    doors.discord_knows("71", "ann@example.org", true);
    let linked = by(&ann, "POST", "/auth/discord/callback", code.clone()).await;
    assert_eq!(linked, (200, json!({"data": {"linked": true, "provider": "discord_id"}})));
    assert_eq!(client.event("updated").await["linked_providers"]["discord"], true);
    let (status, taken) = by(&ben, "POST", "/auth/discord/callback", code.clone()).await;
    assert_eq!((status, &taken["error"]), (409, &json!("provider_already_linked")));
    assert!(taken["message"].is_string(), "{taken}");
    assert_eq!(by(&ann, "DELETE", "/me/providers/myspace", Value::Null).await, refused("Unknown provider"));
    assert_eq!(by(&ann, "DELETE", "/me/providers/discord", Value::Null).await, last);

    doors.there.says("/graph/oauth/access_token", json!({"access_token": "opens"}));
    doors.there.says("/graph/me", json!({"id": "81", "name": "Ann"}));
    by(&ann, "POST", "/auth/facebook/callback", code.clone()).await;
    assert_eq!(client.event("updated").await["linked_providers"]["facebook"], true);
    // Of two, one that is not among them goes without a word.
    assert_eq!(by(&ann, "DELETE", "/me/providers/google", Value::Null).await, done);
    assert_eq!(by(&ann, "DELETE", "/me/providers/discord", Value::Null).await, done);
    let told = client.event("updated").await["linked_providers"].clone();
    assert_eq!((&told["discord"], &told["facebook"], &told["device"]), (&json!(false), &json!(true), &json!(true)));
    assert_eq!(by(&ann, "DELETE", "/me/providers/facebook", Value::Null).await, last, "a device is no provider");
    assert_eq!(by(&ann, "DELETE", "/me/device", Value::Null).await, done, "but a provider stays when it goes");
    assert_eq!(client.event("updated").await["linked_providers"]["device"], false);
    // What was unlinked opens an account of its own.
    let opened = doors.by_code("discord", "c").await.expect(StatusCode::OK);
    assert_ne!(opened["data"]["user_id"], json!(ann.id));
    // A token that is none links nothing.
    let call = doors.realm.call("POST", "/auth/facebook/callback", code).bearer("no token");
    let opened = call.send().await.expect(StatusCode::OK);
    let data = &opened["data"];
    let tokens = json!({"access_token": data["access_token"], "refresh_token": data["refresh_token"],
        "expires_in": 900, "user_id": ann.id});
    assert_eq!(data, &tokens);
}

async fn what_an_account_has_is_not_overwritten(doors: Doors) {
    doors.discord_knows("71", "ann@example.org", true);
    let ann = player(&doors.realm, &doors.by_code("discord", "c").await.expect(StatusCode::OK)).await;
    let named = doors.realm.by(&ann, "PATCH", "/me/display_name", json!({"display_name": "Queen"})).await;
    named.expect(StatusCode::OK);
    let before = me(&doors.realm, &ann).await;
    doors.discord_knows("71", "other@example.org", true);
    let again = player(&doors.realm, &doors.by_code("discord", "c").await.expect(StatusCode::OK)).await;
    assert_eq!(me(&doors.realm, &again).await, before);
    assert_eq!((&before["email"], &before["display_name"]), (&json!("ann@example.org"), &json!("Queen")));
}
