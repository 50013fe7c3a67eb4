//! Friends, requests and blocks: every route, what it is refused, and whom it is told.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::backends::{Player, Realm, on_every_backend};
use crate::client::Client;
use crate::testing::Answer;

on_every_backend!(
    a_request_leads_to_a_friendship_and_its_end,
    who_ask_each_other_are_friends_at_once,
    who_ask_each_other_at_the_same_time_are_friends_once,
    a_request_is_declined_or_withdrawn,
    blocks_keep_people_apart,
    what_is_not_the_callers_to_do_is_refused,
    lists_have_pages,
    who_comes_back_is_notified_of_what_was_missed,
    request_that_is_made_again_is_notified_of_once_and_few_times,
);

async fn ask(realm: &Realm, player: &Player, target: &Player) -> Answer {
    realm.by(player, "POST", "/friends", json!({"target_user_id": target.id})).await
}

async fn get(realm: &Realm, player: &Player, path: &str) -> Value {
    realm.by(player, "GET", path, json!(null)).await.expect(StatusCode::OK)
}

/// The id of the only request that waits for the player's answer.
async fn request_of(realm: &Realm, player: &Player) -> String {
    let requests = get(realm, player, "/me/friend-requests").await;
    assert_eq!(requests["incoming"].as_array().map(Vec::len), Some(1), "{requests}");
    requests["incoming"][0]["id"].as_str().unwrap().to_owned()
}

async fn friends_of(realm: &Realm, player: &Player) -> Vec<String> {
    let friends = get(realm, player, "/me/friends").await;
    friends["data"].as_array().unwrap().iter().map(|friend| friend["id"].as_str().unwrap().to_owned()).collect()
}

/// The next event of both, which must be the same.
async fn both_hear(clients: [&mut Client; 2], event: &str, relation: &Value) {
    for client in clients {
        assert_eq!(&client.event(event).await, relation, "{event}");
    }
}

/// The next event must be a notification of this kind.
async fn notified(client: &mut Client, sender: &Player, kind: &str, friendship: &str) {
    let told = client.event("notification_created").await;
    assert_eq!(told["metadata"], json!({"type": kind, "friendship_id": friendship}), "{told}");
    assert_eq!((&told["sender_id"], &told["sender_name"]), (&json!(sender.id), &json!(sender.username)));
}

fn relation(id: &str, requester: &Player, target: &Player, status: &str) -> Value {
    json!({"id": id, "requester_id": requester.id, "target_id": target.id, "status": status})
}

async fn a_request_leads_to_a_friendship_and_its_end(realm: Realm) {
    let (ann, ben) = (realm.device("ann's").await, realm.device("ben's").await);
    let (mut at_ann, mut at_ben) = (realm.online(&ann).await, realm.online(&ben).await);
    assert_eq!(ask(&realm, &ann, &ben).await.expect(StatusCode::CREATED), json!({}));
    let id = request_of(&realm, &ben).await;
    let asked = relation(&id, &ann, &ben, "pending");
    assert_eq!(at_ann.event("outgoing_request").await, asked);
    assert_eq!(at_ben.event("incoming_request").await, asked);
    notified(&mut at_ben, &ann, "friend_request", &id).await;
    // Again, it is the same request.
    ask(&realm, &ann, &ben).await.expect(StatusCode::CREATED);
    let (incoming, outgoing) =
        (get(&realm, &ben, "/me/friend-requests").await, get(&realm, &ann, "/me/friend_requests?page_size=10").await);
    let request = &incoming["incoming"][0];
    assert_eq!(request, &outgoing["outgoing"][0]);
    assert_eq!((&request["requester"]["id"], &request["target"]["id"]), (&json!(ann.id), &json!(ben.id)));
    assert_eq!((&request["status"], &request["requester"]["username"]), (&json!("pending"), &json!(ann.username)));
    assert!(request["inserted_at"].as_str().is_some_and(|at| at.ends_with('Z')), "{request}");
    assert_eq!((&incoming["outgoing"], &outgoing["incoming"]), (&json!([]), &json!([])));
    let meta = json!({"page": 1, "page_size": 10, "counts": {"incoming": 0, "outgoing": 1},
        "total_counts": {"incoming": 0, "outgoing": 1}, "total_pages": {"incoming": 0, "outgoing": 1},
        "has_more": {"incoming": false, "outgoing": false}});
    assert_eq!(outgoing["meta"], meta);

    let accept = format!("/friends/{id}/accept");
    assert_eq!(realm.by(&ben, "POST", &accept, json!(null)).await.expect(StatusCode::OK), json!({}));
    both_hear([&mut at_ann, &mut at_ben], "friend_accepted", &relation(&id, &ann, &ben, "accepted")).await;
    notified(&mut at_ann, &ben, "friend_accepted", &id).await;
    for (player, friend) in [(&ann, &ben), (&ben, &ann)] {
        let listed = get(&realm, player, "/me/friends").await;
        assert_eq!(listed["meta"]["total_count"], 1);
        let listed = &listed["data"][0];
        assert_eq!((&listed["id"], &listed["friendship_id"]), (&json!(friend.id), &json!(id)));
        assert_eq!((&listed["is_online"], listed.get("email")), (&json!(true), None));
        assert_eq!(get(&realm, player, "/me/friend-requests").await["incoming"], json!([]));
        ask(&realm, player, friend).await.expect(StatusCode::CREATED);
    }
    // Who was asked may end it as well as who asked.
    let end = format!("/friends/{id}");
    assert_eq!(realm.by(&ben, "DELETE", &end, json!(null)).await.expect(StatusCode::OK), json!({}));
    both_hear([&mut at_ann, &mut at_ben], "friend_removed", &relation(&id, &ann, &ben, "accepted")).await;
    assert_eq!(friends_of(&realm, &ann).await, [""; 0]);
    realm.by(&ben, "DELETE", &end, json!(null)).await.expect(StatusCode::NOT_FOUND);
}

async fn who_ask_each_other_are_friends_at_once(realm: Realm) {
    let (ann, ben) = (realm.device("ann's").await, realm.device("ben's").await);
    ask(&realm, &ann, &ben).await.expect(StatusCode::CREATED);
    let id = request_of(&realm, &ben).await;
    let (mut at_ann, mut at_ben) = (realm.online(&ann).await, realm.online_with(&ben, 1).await);
    ask(&realm, &ben, &ann).await.expect(StatusCode::CREATED);
    both_hear([&mut at_ann, &mut at_ben], "friend_accepted", &relation(&id, &ann, &ben, "accepted")).await;
    notified(&mut at_ann, &ben, "friend_accepted", &id).await;
    assert_eq!((friends_of(&realm, &ann).await, friends_of(&realm, &ben).await), (vec![ben.id], vec![ann.id]));
}

async fn who_ask_each_other_at_the_same_time_are_friends_once(realm: Realm) {
    let mut pairs = Vec::new();
    for pair in 0..6 {
        pairs.push((realm.device(&format!("a {pair}")).await, realm.device(&format!("b {pair}")).await));
    }
    let calls = pairs.iter().flat_map(|(a, b)| [ask(&realm, a, b), ask(&realm, b, a), ask(&realm, a, b)]);
    for answer in futures_util::future::join_all(calls).await {
        answer.expect(StatusCode::CREATED);
    }
    for (a, b) in pairs {
        assert_eq!(friends_of(&realm, &a).await, std::slice::from_ref(&b.id));
        assert_eq!(friends_of(&realm, &b).await, std::slice::from_ref(&a.id));
        for player in [&a, &b] {
            let requests = get(&realm, player, "/me/friend-requests").await;
            assert_eq!(requests["meta"]["total_counts"], json!({"incoming": 0, "outgoing": 0}));
        }
        // However many end it at once, it ends once.
        let id = get(&realm, &a, "/me/friends").await["data"][0]["friendship_id"].as_str().unwrap().to_owned();
        let path = format!("/friends/{id}");
        let ends = [&a, &b, &a].map(|player| realm.by(player, "DELETE", &path, Value::Null));
        let ended = futures_util::future::join_all(ends).await;
        assert_eq!(ended.iter().filter(|answer| answer.status == StatusCode::OK).count(), 1);
    }
}

async fn a_request_is_declined_or_withdrawn(realm: Realm) {
    let (ann, ben) = (realm.device("ann's").await, realm.device("ben's").await);
    ask(&realm, &ann, &ben).await.expect(StatusCode::CREATED);
    let id = request_of(&realm, &ben).await;
    let (mut at_ann, mut at_ben) = (realm.online(&ann).await, realm.online_with(&ben, 1).await);
    let reject = format!("/friends/{id}/reject");
    assert_eq!(realm.by(&ben, "POST", &reject, json!(null)).await.expect(StatusCode::OK), json!({}));
    both_hear([&mut at_ann, &mut at_ben], "friend_rejected", &relation(&id, &ann, &ben, "rejected")).await;
    notified(&mut at_ann, &ben, "friend_rejected", &id).await;
    assert_eq!(get(&realm, &ann, "/me/friend-requests").await["outgoing"], json!([]));
    // Asked again, it is a new request, which who asked takes back.
    ask(&realm, &ann, &ben).await.expect(StatusCode::CREATED);
    let again = request_of(&realm, &ben).await;
    assert_ne!(again, id);
    at_ann.event("outgoing_request").await;
    at_ben.event("incoming_request").await;
    notified(&mut at_ben, &ann, "friend_request", &again).await;
    let withdraw = format!("/friends/{again}");
    let refused = realm.by(&ben, "DELETE", &withdraw, json!(null)).await.expect(StatusCode::FORBIDDEN);
    assert_eq!(refused, json!({"error": "not_authorized"}), "who is asked declines instead");
    realm.by(&ann, "DELETE", &withdraw, json!(null)).await.expect(StatusCode::OK);
    both_hear([&mut at_ann, &mut at_ben], "request_cancelled", &relation(&again, &ann, &ben, "pending")).await;
    // What was declined in one direction does not stand in the way of the other.
    ask(&realm, &ann, &ben).await.expect(StatusCode::CREATED);
    let id = request_of(&realm, &ben).await;
    realm.by(&ben, "POST", &format!("/friends/{id}/reject"), json!(null)).await.expect(StatusCode::OK);
    ask(&realm, &ben, &ann).await.expect(StatusCode::CREATED);
    let id = request_of(&realm, &ann).await;
    realm.by(&ann, "POST", &format!("/friends/{id}/accept"), json!(null)).await.expect(StatusCode::OK);
    assert_eq!(friends_of(&realm, &ann).await, [ben.id]);
}

async fn blocks_keep_people_apart(realm: Realm) {
    let (ann, ben) = (realm.device("ann's").await, realm.device("ben's").await);
    realm.befriend(&ann, &ben).await;
    let (mut at_ann, mut at_ben) = (realm.online_with(&ann, 1).await, realm.online_with(&ben, 1).await);
    at_ann.event("friend_updated").await;
    let block = format!("/users/{}/block", ben.id);
    for _ in 0..2 {
        assert_eq!(realm.by(&ann, "POST", &block, json!(null)).await.expect(StatusCode::OK), json!({}));
    }
    let blocked = get(&realm, &ann, "/me/blocked").await;
    assert_eq!((&blocked["meta"]["total_count"], &blocked["data"][0]["requester"]["id"]), (&json!(1), &json!(ben.id)));
    let id = blocked["data"][0]["id"].as_str().unwrap().to_owned();
    both_hear([&mut at_ann, &mut at_ben], "friend_blocked", &relation(&id, &ben, &ann, "blocked")).await;
    let blacklist = get(&realm, &ann, "/me/blacklist").await;
    assert_eq!((&blacklist["data"][0]["username"], &blacklist["meta"]["count"]), (&json!(ben.username), &json!(1)));
    assert_eq!(get(&realm, &ben, "/me/blocked").await["data"], json!([]), "whom he blocks");
    assert_eq!(friends_of(&realm, &ben).await, [""; 0]);
    for (player, target) in [(&ann, &ben), (&ben, &ann)] {
        let refused = ask(&realm, player, target).await.expect(StatusCode::BAD_REQUEST);
        assert_eq!(refused, json!({"error": "blocked"}));
    }
    // Each blocks for itself.
    realm.by(&ben, "POST", &format!("/users/{}/block", ann.id), json!(null)).await.expect(StatusCode::OK);
    let by_ben = get(&realm, &ben, "/me/blocked").await["data"][0]["id"].as_str().unwrap().to_owned();
    both_hear([&mut at_ann, &mut at_ben], "friend_blocked", &relation(&by_ben, &ann, &ben, "blocked")).await;
    let refused = realm.by(&ben, "POST", &format!("/friends/{id}/unblock"), json!(null)).await;
    assert_eq!(refused.expect(StatusCode::FORBIDDEN), json!({"error": "forbidden"}), "not who is blocked");
    realm.by(&ben, "POST", &format!("/friends/{by_ben}/unblock"), json!(null)).await.expect(StatusCode::OK);
    both_hear([&mut at_ann, &mut at_ben], "friend_unblocked", &relation(&by_ben, &ann, &ben, "blocked")).await;
    assert_eq!(ask(&realm, &ben, &ann).await.expect(StatusCode::BAD_REQUEST)["error"], "blocked");
    let unblock = format!("/users/{}/unblock", ben.id);
    assert_eq!(realm.by(&ann, "POST", &unblock, json!(null)).await.expect(StatusCode::OK), json!({}));
    both_hear([&mut at_ann, &mut at_ben], "friend_unblocked", &relation(&id, &ben, &ann, "blocked")).await;
    let again = realm.by(&ann, "POST", &unblock, json!(null)).await.expect(StatusCode::NOT_FOUND);
    assert_eq!(again, json!({"error": "not_found"}));
    // Now they may ask again, and who is asked may block by the request.
    ask(&realm, &ben, &ann).await.expect(StatusCode::CREATED);
    let id = request_of(&realm, &ann).await;
    at_ann.event("incoming_request").await;
    notified(&mut at_ann, &ben, "friend_request", &id).await;
    at_ben.event("outgoing_request").await;
    let by_request = format!("/friends/{id}/block");
    let refused = realm.by(&ben, "POST", &by_request, json!(null)).await.expect(StatusCode::FORBIDDEN);
    assert_eq!(refused, json!({"error": "forbidden"}));
    realm.by(&ann, "POST", &by_request, json!(null)).await.expect(StatusCode::OK);
    both_hear([&mut at_ann, &mut at_ben], "friend_blocked", &relation(&id, &ben, &ann, "blocked")).await;
    realm.by(&ann, "POST", &by_request, json!(null)).await.expect(StatusCode::FORBIDDEN);
}

async fn what_is_not_the_callers_to_do_is_refused(realm: Realm) {
    let [ann, ben, cid] = [realm.device("ann's").await, realm.device("ben's").await, realm.device("cid's").await];
    ask(&realm, &ann, &ben).await.expect(StatusCode::CREATED);
    let id = request_of(&realm, &ben).await;
    let nobody = "00000000-0000-7000-8000-000000000000";
    for (body, status, answer) in [
        (json!({"target_user_id": ann.id}), 400, json!({"error": "cannot_friend_self"})),
        (json!({"target_user_id": nobody}), 404, json!({"error": "not_found"})),
        (json!({"target_user_id": "ben"}), 400, json!({"errors": {"detail": "Bad Request"}})),
        (json!({"target_user_id": 7}), 400, json!({"errors": {"detail": "Bad Request"}})),
        (json!({}), 400, json!({"errors": {"detail": "Bad Request"}})),
    ] {
        let refused = realm.by(&ann, "POST", "/friends", body.clone()).await;
        assert_eq!((refused.status.as_u16(), refused.json()), (status, answer), "{body}");
    }
    let rows = |id: &str| {
        let steps = ["accept", "reject", "block", "unblock"].map(|step| ("POST", format!("/friends/{id}/{step}")));
        steps.into_iter().chain([("DELETE", format!("/friends/{id}"))]).collect::<Vec<_>>()
    };
    for (method, path) in rows("ben") {
        let refused = realm.by(&ann, method, &path, json!(null)).await.expect(StatusCode::BAD_REQUEST);
        assert_eq!(refused, json!({"error": "invalid_id"}), "{path}");
    }
    for (method, path) in rows(nobody) {
        let refused = realm.by(&ann, method, &path, json!(null)).await.expect(StatusCode::NOT_FOUND);
        assert_eq!(refused, json!({"error": "not_found"}), "{path}");
    }
    // A third one has nothing to say, and who asked only to take it back.
    for player in [&cid, &ann] {
        for (method, path) in rows(&id) {
            if method == "DELETE" && player.id == ann.id {
                continue;
            }
            let code = if method == "DELETE" { "not_authorized" } else { "forbidden" };
            let refused = realm.by(player, method, &path, json!(null)).await.expect(StatusCode::FORBIDDEN);
            assert_eq!(refused, json!({"error": code}), "{method} {path}");
        }
    }
    let unblock = realm.by(&ben, "POST", &format!("/friends/{id}/unblock"), json!(null)).await;
    unblock.expect(StatusCode::FORBIDDEN);
    realm.by(&ben, "POST", &format!("/friends/{id}/accept"), json!(null)).await.expect(StatusCode::OK);
    for step in ["accept", "reject", "block", "unblock"] {
        let refused = realm.by(&ben, "POST", &format!("/friends/{id}/{step}"), json!(null)).await;
        assert_eq!(refused.expect(StatusCode::FORBIDDEN), json!({"error": "forbidden"}), "{step} of a friend");
    }
    for (path, status, code) in [
        (format!("/users/{}/block", ann.id), 400, "cannot_block_self"),
        ("/users/ann/block".to_owned(), 400, "invalid_id"),
        (format!("/users/{nobody}/block"), 400, "invalid"),
        ("/users/ann/unblock".to_owned(), 400, "invalid_id"),
        (format!("/users/{}/unblock", ben.id), 404, "not_found"),
        (format!("/users/{nobody}/unblock"), 404, "not_found"),
    ] {
        let refused = realm.by(&ann, "POST", &path, json!(null)).await;
        assert_eq!((refused.status.as_u16(), refused.json()), (status, json!({"error": code})), "{path}");
    }
    assert_eq!(friends_of(&realm, &ann).await, [ben.id], "what was refused has changed nothing");
}

async fn lists_have_pages(realm: Realm) {
    let ann = realm.device("ann's").await;
    for number in 0..3 {
        let friend = realm.device(&format!("friend {number}")).await;
        realm.befriend(&ann, &friend).await;
        let asks = realm.device(&format!("asks {number}")).await;
        ask(&realm, &asks, &ann).await.expect(StatusCode::CREATED);
        let blocked = realm.device(&format!("blocked {number}")).await;
        realm.by(&ann, "POST", &format!("/users/{}/block", blocked.id), json!(null)).await.expect(StatusCode::OK);
    }
    for path in ["/me/friends", "/me/blocked", "/me/blacklist"] {
        let mut seen = std::collections::BTreeSet::new();
        for (page, rows) in [(1, 2), (2, 1), (3, 0)] {
            let listed = get(&realm, &ann, &format!("{path}?page={page}&page_size=2&unknown=")).await;
            let expected = json!({"page": page, "page_size": 2, "count": rows, "total_count": 3, "total_pages": 2,
                "has_more": page == 1});
            assert_eq!(listed["meta"], expected, "{path}");
            seen.extend(listed["data"].as_array().unwrap().iter().map(Value::to_string));
        }
        assert_eq!(seen.len(), 3, "{path}: each is on one page");
    }
    let requests = get(&realm, &ann, "/me/friend-requests?page=2&page_size=2").await;
    assert_eq!((requests["incoming"].as_array().map(Vec::len), &requests["outgoing"]), (Some(1), &json!([])));
    assert_eq!(requests["meta"]["has_more"], json!({"incoming": false, "outgoing": false}));
    assert_eq!(requests["meta"]["total_pages"], json!({"incoming": 2, "outgoing": 0}));
}

async fn who_comes_back_is_notified_of_what_was_missed(realm: Realm) {
    let ben = realm.device("ben's").await;
    let mut asked = Vec::new();
    // More than are kept.
    for number in 0..52 {
        let ann = realm.device(&format!("ann's {number}")).await;
        let name = json!({"display_name": format!("Ann {number}")});
        realm.by(&ann, "PATCH", "/me/display_name", name).await.expect(StatusCode::OK);
        ask(&realm, &ann, &ben).await.expect(StatusCode::CREATED);
        let id = request_of(&realm, &ben).await;
        let path = format!("/friends/{id}");
        realm.by(&ann, "DELETE", &path, json!(null)).await.expect(StatusCode::OK);
        asked.push((number, id));
    }
    let mut client = realm.socket(&ben).await;
    client.join(&ben.topic()).await;
    client.event("updated").await;
    client.event("friend_updated").await;
    for (number, id) in &asked[2..] {
        let told = client.event("notification_created").await;
        assert_eq!(
            told["metadata"],
            json!({"type": "friend_request", "friendship_id": id}),
            "{number}: the oldest first"
        );
        assert_eq!((&told["sender_name"], &told["recipient_id"]), (&json!(format!("Ann {number}")), &json!(ben.id)));
        let texts = ["id", "title", "content"].map(|name| told[name].as_str().is_some_and(|text| !text.is_empty()));
        assert_eq!(texts, [true; 3], "{told}");
        assert!(told["inserted_at"].as_str().is_some_and(|at| at.ends_with('Z')), "{told}");
    }
    // What is sent now comes once.
    ask(&realm, &realm.device("cid's").await, &ben).await.expect(StatusCode::CREATED);
    client.event("incoming_request").await;
    client.event("notification_created").await;
    realm.by(&ben, "PATCH", "/me/display_name", json!({"display_name": "Ben"})).await.expect(StatusCode::OK);
    assert_eq!(client.event("updated").await["display_name"], "Ben");
}

async fn request_that_is_made_again_is_notified_of_once_and_few_times(realm: Realm) {
    let [ann, ben, cid] = [realm.device("ann's").await, realm.device("ben's").await, realm.device("cid's").await];
    ask(&realm, &cid, &ben).await.expect(StatusCode::CREATED);
    let of_cid = request_of(&realm, &ben).await;
    realm.by(&cid, "DELETE", &format!("/friends/{of_cid}"), json!(null)).await.expect(StatusCode::OK);
    let mut last = String::new();
    for _ in 0..3 {
        ask(&realm, &ann, &ben).await.expect(StatusCode::CREATED);
        last = request_of(&realm, &ben).await;
        realm.by(&ann, "DELETE", &format!("/friends/{last}"), json!(null)).await.expect(StatusCode::OK);
    }
    let refused = ask(&realm, &ann, &ben).await;
    assert_eq!(refused.expect(StatusCode::TOO_MANY_REQUESTS), json!({"error": "Too Many Requests"}));
    let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=3_601).contains(&wait), "{wait}");
    ask(&realm, &ann, &cid).await.expect(StatusCode::CREATED);
    let mut client = realm.online_with(&ben, 0).await;
    for (sender, id) in [(&cid, &of_cid), (&ann, &last)] {
        notified(&mut client, sender, "friend_request", id).await;
    }
    ask(&realm, &ben, &ann).await.expect(StatusCode::CREATED);
    client.event("outgoing_request").await;
}
