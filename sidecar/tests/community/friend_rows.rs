//! Friendships that were declined or blocked, and the order and pages of lists.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::backends::{Player, Realm, on_every_backend};

on_every_backend!(
    what_was_declined_or_blocked_is_over_for_who_asked,
    the_newest_come_first,
    of_several_pages_each_says_whether_there_is_another,
);

async fn ask(realm: &Realm, player: &Player, target: &Player) -> String {
    let body = json!({"target_user_id": target.id});
    realm.by(player, "POST", "/friends", body).await.expect(StatusCode::CREATED);
    let requests = realm.by(player, "GET", "/me/friend-requests", Value::Null).await.expect(StatusCode::OK);
    let mut outgoing = requests["outgoing"].as_array().unwrap().iter();
    let request = outgoing.find(|request| request["target"]["id"] == target.id).unwrap();
    request["id"].as_str().unwrap().to_owned()
}

async fn what_was_declined_or_blocked_is_over_for_who_asked(realm: Realm) {
    let (ann, ben) = (realm.device("ann's").await, realm.device("ben's").await);
    let id = ask(&realm, &ann, &ben).await;
    let path = |step: &str| format!("/friends/{id}{step}");
    let step = async |player: &Player, step: &str| {
        let method = if step.is_empty() { "DELETE" } else { "POST" };
        let answer = realm.by(player, method, &path(step), Value::Null).await;
        (answer.status.as_u16(), answer.json())
    };
    let (done, forbidden) = ((200, json!({})), (403, json!({"error": "forbidden"})));
    let not_authorized = (403, json!({"error": "not_authorized"}));
    assert_eq!(step(&ben, "/reject").await, done);
    for player in [&ann, &ben] {
        assert_eq!(step(player, "").await, not_authorized, "it is declined");
        for again in ["/accept", "/reject", "/unblock"] {
            assert_eq!(step(player, again).await, forbidden, "{again}");
        }
    }
    // Who has declined may block by the same request, which who asked may not.
    assert_eq!(step(&ann, "/block").await, forbidden);
    assert_eq!(step(&ben, "/block").await, done);
    for player in [&ann, &ben] {
        assert_eq!(step(player, "").await, not_authorized, "it is blocked");
        for again in ["/accept", "/reject", "/block"] {
            assert_eq!(step(player, again).await, forbidden, "{again}");
        }
    }
    let body = json!({"target_user_id": ben.id});
    let blocked = realm.by(&ann, "POST", "/friends", body).await.expect(StatusCode::BAD_REQUEST);
    assert_eq!(blocked, json!({"error": "blocked"}));
    // Who is blocked hears nothing of who blocks.
    let mut client = realm.online_with(&ann, 1).await;
    let seen = realm.online_with(&ben, 1).await;
    seen.close().await;
    assert_eq!(step(&ann, "/unblock").await, forbidden);
    assert_eq!(step(&ben, "/unblock").await, done);
    assert_eq!(client.event("friend_unblocked").await["id"], json!(id));
    assert_eq!(step(&ben, "/unblock").await, (404, json!({"error": "not_found"})), "the row is gone");
    ask(&realm, &ann, &ben).await;
}

async fn the_newest_come_first(realm: Realm) {
    let ann = realm.device("ann's").await;
    let mut others = Vec::new();
    for name in ["ben's", "cid's", "dan's"] {
        realm.each(|app| app.advance(std::time::Duration::from_secs(1)));
        let other = realm.device(name).await;
        realm.by(&ann, "POST", &format!("/users/{}/block", other.id), Value::Null).await.expect(StatusCode::OK);
        others.insert(0, other.id);
    }
    let ids = async |path: &str| {
        let listed = realm.by(&ann, "GET", path, Value::Null).await.expect(StatusCode::OK);
        let rows = listed["data"].as_array().unwrap().clone();
        let id = |row: &Value| row["requester"]["id"].as_str().or(row["id"].as_str()).unwrap().to_owned();
        rows.iter().map(id).collect::<Vec<_>>()
    };
    assert_eq!((ids("/me/blacklist").await, ids("/me/blocked").await), (others.clone(), others));
}

async fn of_several_pages_each_says_whether_there_is_another(realm: Realm) {
    let ann = realm.device("ann's").await;
    for number in 0..3 {
        let asks = realm.device(&format!("asks {number}")).await;
        ask(&realm, &asks, &ann).await;
        let asked = realm.device(&format!("asked {number}")).await;
        if number < 2 {
            ask(&realm, &ann, &asked).await;
        }
    }
    for (page, counts, has_more) in [(1, [2, 2], [true, false]), (2, [1, 0], [false, false]), (3, [0, 0], [false; 2])] {
        let path = format!("/me/friend-requests?page={page}&page_size=2");
        let listed = realm.by(&ann, "GET", &path, Value::Null).await.expect(StatusCode::OK);
        let both = |of: [Value; 2]| json!({"incoming": of[0], "outgoing": of[1]});
        let meta = json!({"page": page, "page_size": 2, "counts": both(counts.map(Value::from)),
            "total_counts": both([json!(3), json!(2)]), "total_pages": both([json!(2), json!(1)]),
            "has_more": both(has_more.map(Value::from))});
        assert_eq!(listed["meta"], meta);
    }
}
