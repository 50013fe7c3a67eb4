//! What strangers leave is forgotten, and what players have is not.

use std::time::Duration;

use axum::http::StatusCode;
use serde_json::json;

use crate::backends::{Player, Realm, on_every_backend};
use crate::lobbies::{join, leave, make};

on_every_backend!(
    guests_with_nothing_are_forgotten_after_a_week,
    guests_who_have_something_stay,
    guests_who_come_back_stay,
    lobbies_whose_members_are_gone_are_forgotten_after_a_day,
);

const DAY: Duration = Duration::from_secs(24 * 3_600);

async fn forget(realm: &Realm) {
    let abandoned = &realm.app().state().community.abandoned;
    abandoned.forget_guests().await.unwrap();
    abandoned.forget_lobbies().await.unwrap();
}

/// Days pass, and each minute of them what is due is looked at; here once a day.
async fn pass(realm: &Realm, days: u32) {
    for _ in 0..days {
        realm.each(|app| app.advance(DAY));
        forget(realm).await;
    }
}

async fn make_character(realm: &Realm, player: &Player) {
    let make = realm.app().post("/characters", json!({"name": "Zoe", "class_id": "mage"})).bearer(&player.access);
    make.send().await.expect(StatusCode::CREATED);
}

async fn is_there(realm: &Realm, player: &Player) -> bool {
    let answer = realm.call("GET", &format!("/users/{}", player.id), json!(null)).send().await;
    answer.status == StatusCode::OK
}

async fn guests_with_nothing_are_forgotten_after_a_week(realm: Realm) {
    // The first account is the administrator, who stays.
    let first = realm.device("first").await;
    let guest = realm.device("guest").await;
    pass(&realm, 6).await;
    assert!(is_there(&realm, &guest).await, "six days");
    pass(&realm, 1).await;
    assert!(!is_there(&realm, &guest).await, "seven days");
    assert!(is_there(&realm, &first).await);
    let again = realm.device("guest").await;
    assert_ne!(again.id, guest.id, "the device makes a new account");
    pass(&realm, 7).await;
    assert!(!is_there(&realm, &again).await);
}

async fn guests_who_have_something_stay(realm: Realm) {
    realm.device("first").await;
    let (ann, ben) = (realm.device("ann's").await, realm.device("ben's").await);
    realm.befriend(&ann, &ben).await;
    let with_character = realm.device("with a character").await;
    make_character(&realm, &with_character).await;
    let nothing = realm.device("nothing").await;
    pass(&realm, 30).await;
    for player in [&ann, &ben, &with_character] {
        assert!(is_there(&realm, player).await);
    }
    assert!(!is_there(&realm, &nothing).await);
}

async fn guests_who_come_back_stay(realm: Realm) {
    realm.device("first").await;
    let (logs_in, refreshes) = (realm.device("logs in").await, realm.device("refreshes").await);
    for _ in 0..3 {
        pass(&realm, 6).await;
        assert_eq!(realm.device("logs in").await.id, logs_in.id);
        let refresh = realm.call("POST", "/refresh", json!({"refresh_token": refreshes.refresh}));
        refresh.send().await.expect(StatusCode::OK);
    }
    pass(&realm, 7).await;
    assert!(!is_there(&realm, &logs_in).await && !is_there(&realm, &refreshes).await);
}

async fn lobbies_whose_members_are_gone_are_forgotten_after_a_day(realm: Realm) {
    let (ann, ben) = (realm.device("ann's").await, realm.device("ben's").await);
    let left = make(&realm, &ann, json!({"title": "Left"})).await;
    make(&realm, &ben, json!({"title": "Kept"})).await;
    make_character(&realm, &ben).await;
    realm.each(|app| app.advance(DAY / 2));
    forget(&realm).await;
    let (left_there, kept_there) =
        ("SELECT COUNT(*) FROM lobbies WHERE title = 'Left'", "SELECT COUNT(*) FROM lobbies WHERE title = 'Kept'");
    assert_eq!(realm.count(left_there).await, 1, "half a day");
    let in_world = "UPDATE characters SET lock_owner = 'map:map-server-1'";
    // One member is enough.
    let cat = realm.device("cat's").await;
    join(&realm, &cat, &left, json!({})).await.expect(StatusCode::OK);
    realm.each(|app| app.advance(DAY * 3 / 4));
    realm.execute(in_world).await;
    forget(&realm).await;
    assert_eq!(realm.count(left_there).await, 1, "Cat was here");
    leave(&realm, &realm.device("cat's").await).await;
    realm.execute(in_world).await;
    forget(&realm).await;
    assert_eq!((realm.count(left_there).await, realm.count(kept_there).await), (0, 1), "Ben is in a world");
}
