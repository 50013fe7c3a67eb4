//! Accounts, log-ins and characters on real databases.

use realmgate_protocol::ids::{AccountId, CharacterId};
use uuid::Uuid;

use super::accounts::NewAccount;
use super::characters::{Creation, Deletion, NewCharacter};
use super::sessions::{NewRefreshToken, Rotation};
use super::testing::{TestStore, on_both};
use super::{AccountStore, CharacterStore, SessionStore, SqlStore};

on_both!(
    a_user_name_is_given_once,
    a_session_lives_until_it_is_ended,
    of_two_that_come_with_one_token_the_second_ends_the_session,
    expired_tokens_are_forgotten_with_their_sessions,
    an_account_has_no_more_characters_than_it_may,
    a_name_is_free_again_when_its_character_is_deleted,
);

const ACCOUNT: AccountId = AccountId([9; 16]);
const SESSION: Uuid = Uuid::from_u128(7);

async fn register(store: &SqlStore, id: AccountId) -> bool {
    let new = NewAccount { id, folded: "ann", username: "Ann", password_hash: "argon", at_ms: 1 };
    store.create_with_password(new).await.unwrap()
}

fn token(hash: &str) -> NewRefreshToken<'_> {
    NewRefreshToken { hash, expires_at_ms: 100, at_ms: 10 }
}

async fn log_in(store: &SqlStore) {
    assert!(register(store, ACCOUNT).await);
    store.open(SESSION, ACCOUNT, token("first")).await.unwrap();
}

fn new_character(number: u8, name: &str) -> NewCharacter<'_> {
    let id = CharacterId([number; 16]);
    NewCharacter {
        id,
        account: ACCOUNT,
        session: Uuid::nil(),
        name,
        folded: name,
        class_id: "mage",
        at_ms: number.into(),
    }
}

async fn a_user_name_is_given_once(store: TestStore) {
    let other = store.beside().await;
    let both = tokio::join!(register(&store, ACCOUNT), register(&other, AccountId([8; 16])));
    assert!(both.0 != both.1, "one of them has it: {both:?}");
    let found = store.find_password("ann").await.unwrap().unwrap();
    assert_eq!(found.account, if both.0 { ACCOUNT } else { AccountId([8; 16]) });
    assert_eq!((found.password_hash.as_str(), found.token_version), ("argon", 0));
    assert!(store.find_password("bob").await.unwrap().is_none());
    assert!(store.set_role("ann", "admin").await.unwrap());
    assert!(!store.set_role("bob", "admin").await.unwrap());
}

async fn a_session_lives_until_it_is_ended(store: TestStore) {
    log_in(&store).await;
    let live = store.find_live(SESSION).await.unwrap().unwrap();
    assert_eq!((live.account, live.role.as_str(), live.token_version), (ACCOUNT, "player", 0));
    store.end(SESSION, 20).await.unwrap();
    assert!(store.find_live(SESSION).await.unwrap().is_none());
    assert_eq!(store.rotate("first", token("second")).await.unwrap(), Rotation::Dead);
}

async fn of_two_that_come_with_one_token_the_second_ends_the_session(store: TestStore) {
    log_in(&store).await;
    let other = store.beside().await;
    let both = tokio::join!(store.rotate("first", token("mine")), other.rotate("first", token("yours")));
    let rotated = Rotation::Rotated { session: SESSION, account: ACCOUNT, token_version: 0 };
    let reused = Rotation::Reused { session: SESSION };
    let both = (both.0.unwrap(), both.1.unwrap());
    assert!(both == (rotated.clone(), reused.clone()) || both == (reused, rotated), "{both:?}");
    assert!(store.find_live(SESSION).await.unwrap().is_none());
    for dead in ["first", "mine", "yours", "never was"] {
        assert_eq!(store.rotate(dead, token("next")).await.unwrap(), Rotation::Dead, "{dead}");
    }
}

async fn expired_tokens_are_forgotten_with_their_sessions(store: TestStore) {
    log_in(&store).await;
    let later = NewRefreshToken { hash: "later", expires_at_ms: 200, at_ms: 10 };
    store.open(Uuid::from_u128(8), ACCOUNT, later).await.unwrap();
    assert_eq!(store.rotate("first", NewRefreshToken { at_ms: 100, ..token("x") }).await.unwrap(), Rotation::Dead);
    assert_eq!(store.sweep(100).await.unwrap(), 1);
    assert!(store.find_live(SESSION).await.unwrap().is_none());
    assert!(store.find_live(Uuid::from_u128(8)).await.unwrap().is_some());
}

async fn an_account_has_no_more_characters_than_it_may(store: TestStore) {
    assert!(register(&store, ACCOUNT).await);
    let other = store.beside().await;
    for round in 0..10 {
        let (mine, yours) = (format!("Mine {round}"), format!("Yours {round}"));
        let most = u32::from(round) + 1;
        let (mine, yours) = tokio::join!(
            store.create(new_character(1 + 2 * round, &mine), most),
            other.create(new_character(2 + 2 * round, &yours), most)
        );
        let both = [mine.unwrap(), yours.unwrap()];
        let made = both.iter().filter(|one| matches!(one, Creation::Created(_))).count();
        assert_eq!(made, 1, "{both:?}");
    }
    assert_eq!(store.list(ACCOUNT).await.unwrap().len(), 10);
}

async fn a_name_is_free_again_when_its_character_is_deleted(store: TestStore) {
    assert!(register(&store, ACCOUNT).await);
    let Creation::Created(ann) = store.create(new_character(1, "Ann"), 8).await.unwrap() else { panic!("it is free") };
    assert_eq!(CharacterStore::find(&*store, ann.id).await.unwrap(), Some(ann.clone()));
    assert_eq!(store.find_by_name("Ann").await.unwrap(), Some(ann.clone()));
    let taken = store.create(new_character(2, "Ann"), 8).await.unwrap();
    assert!(matches!(taken, Creation::NameTaken), "{taken:?}");
    assert_eq!(store.delete(ann.id, ACCOUNT, Uuid::nil(), 50).await.unwrap(), Deletion::Deleted);
    assert_eq!(store.delete(ann.id, ACCOUNT, Uuid::nil(), 60).await.unwrap(), Deletion::InWorld);
    assert_eq!(CharacterStore::find(&*store, ann.id).await.unwrap(), None);
    assert!(matches!(store.create(new_character(2, "Ann"), 8).await.unwrap(), Creation::Created(_)));
}
