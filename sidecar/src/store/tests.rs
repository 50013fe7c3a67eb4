//! Accounts, log-ins and characters on real databases.

use std::ops::Range;

use realmgate_platform::clock::Clock;
use realmgate_platform::sessions::{NewRefreshToken, Opening, Rotation, TRADED_AGAIN_MS};
use realmgate_protocol::ids::{AccountId, CharacterId};
use sqlx::{AssertSqlSafe, Row};
use uuid::Uuid;

use super::Store;
use super::accounts::NewAccount;
use super::characters::{Change, CharacterChange, Creation, DELETE_DUE, Deletion, NewCharacter, Rename, TAKEN};
use super::testing::{TestStore, on_both};
use crate::service::names::look;

on_both!(
    a_user_name_is_given_once,
    a_role_is_given_to_the_account_of_a_user_name,
    a_session_lives_until_it_is_ended,
    of_two_that_come_with_one_token_both_get_the_next,
    a_token_that_comes_again_too_late_ends_the_session,
    a_token_whose_successor_was_used_ends_the_session,
    of_log_ins_that_come_at_once_so_many_live,
    expired_tokens_are_forgotten_with_their_sessions,
    an_account_has_no_more_characters_than_it_may,
    a_name_is_free_again_when_its_character_is_deleted,
    what_is_due_is_deleted_and_nothing_else,
    names_of_older_sidecars_get_their_keys_and_stay,
    of_two_that_want_a_look_one_has_it,
    the_time_of_the_database_is_about_ours,
);

const ACCOUNT: AccountId = AccountId([9; 16]);
const OTHER_ACCOUNT: AccountId = AccountId([8; 16]);
const SESSION: Uuid = Uuid::from_u128(7);
const OTHER_SESSION: Uuid = Uuid::from_u128(8);

async fn register(store: &Store, id: AccountId) -> bool {
    let new = NewAccount { password_hash: "argon", at_ms: 1, ..NewAccount::plain(id, "ann", "Ann") };
    store.accounts.create_with_password(new).await.unwrap()
}

fn token(hash: &str) -> NewRefreshToken<'_> {
    NewRefreshToken { hash, expires_at_ms: 100, at_ms: 10 }
}

async fn log_in(store: &Store) {
    assert!(register(store, ACCOUNT).await);
    store.sessions.open(SESSION, ACCOUNT, token("first")).await.unwrap();
}

fn new_character(number: u8, name: &str) -> NewCharacter<'_> {
    let id = CharacterId([number; 16]);
    NewCharacter {
        id,
        account: ACCOUNT,
        session: Uuid::nil(),
        name,
        folded: name,
        key: name,
        class_id: "mage",
        at_ms: number.into(),
    }
}

/// The names of the account's characters, oldest first.
async fn names(store: &Store) -> Vec<String> {
    store.characters.list(ACCOUNT).await.unwrap().into_iter().map(|row| row.name).collect()
}

async fn a_user_name_is_given_once(store: TestStore) {
    let other = store.beside().await;
    let both = tokio::join!(register(&store, ACCOUNT), register(&other, OTHER_ACCOUNT));
    assert!(both.0 != both.1, "one of them has it: {both:?}");
    let (winner, loser) = if both.0 { (ACCOUNT, OTHER_ACCOUNT) } else { (OTHER_ACCOUNT, ACCOUNT) };
    assert!(!register(&store, loser).await, "nor does it get it later");
    let found = store.accounts.find_password("ann").await.unwrap().unwrap();
    assert_eq!((found.account, found.password_hash.as_str(), found.token_version), (winner, "argon", 0));
    assert_eq!(store.account_locks.account_lock(loser).await.unwrap(), None, "there is no account without a name");
    assert!(store.accounts.find_password("bob").await.unwrap().is_none());
}

async fn a_role_is_given_to_the_account_of_a_user_name(store: TestStore) {
    log_in(&store).await;
    let eve = NewAccount { password_hash: "argon", at_ms: 1, ..NewAccount::plain(OTHER_ACCOUNT, "eve", "Eve") };
    assert!(store.accounts.create_with_password(eve).await.unwrap());
    store.sessions.open(OTHER_SESSION, OTHER_ACCOUNT, token("other")).await.unwrap();
    let role = async |session: Uuid| store.sessions.find_live(session).await.unwrap().unwrap().role;
    assert!(!store.accounts.set_role("bob", "admin").await.unwrap(), "nobody has that name");
    assert_eq!(
        (role(SESSION).await, role(OTHER_SESSION).await),
        ("admin".to_owned(), "player".to_owned()),
        "the first"
    );
    assert!(store.accounts.set_role("eve", "admin").await.unwrap());
    assert_eq!(role(OTHER_SESSION).await, "admin");
    assert!(store.accounts.set_role("eve", "player").await.unwrap());
    assert_eq!((role(SESSION).await, role(OTHER_SESSION).await), ("admin".to_owned(), "player".to_owned()));
}

async fn a_session_lives_until_it_is_ended(store: TestStore) {
    log_in(&store).await;
    store.sessions.open(OTHER_SESSION, ACCOUNT, token("other")).await.unwrap();
    let live = store.sessions.find_live(SESSION).await.unwrap().unwrap();
    assert_eq!((live.account, live.role.as_str(), live.token_version), (ACCOUNT, "admin", 0));
    store.sessions.end(SESSION, 20).await.unwrap();
    assert!(store.sessions.find_live(SESSION).await.unwrap().is_none());
    assert_eq!(store.sessions.rotate("first", Some(SESSION), token("second")).await.unwrap(), Rotation::Dead);
    assert!(store.sessions.find_live(OTHER_SESSION).await.unwrap().is_some(), "another one lives on");
    let rotated = Rotation::Rotated { session: OTHER_SESSION, account: ACCOUNT, token_version: 0 };
    let next = store.sessions.rotate("other", Some(OTHER_SESSION), token("third")).await.unwrap();
    assert_eq!(next, rotated, "with its token");
}

async fn of_two_that_come_with_one_token_both_get_the_next(store: TestStore) {
    log_in(&store).await;
    let other = store.beside().await;
    let both = tokio::join!(
        store.sessions.rotate("first", Some(SESSION), token("second")),
        other.sessions.rotate("first", Some(SESSION), token("second"))
    );
    let rotated = Rotation::Rotated { session: SESSION, account: ACCOUNT, token_version: 0 };
    assert_eq!((both.0.unwrap(), both.1.unwrap()), (rotated.clone(), rotated.clone()));
    assert_eq!(store.sessions.rotate("second", Some(SESSION), token("third")).await.unwrap(), rotated);
}

async fn a_token_that_comes_again_too_late_ends_the_session(store: TestStore) {
    log_in(&store).await;
    let later = |hash, at_ms| NewRefreshToken { at_ms, ..token(hash) };
    let rotated = Rotation::Rotated { session: SESSION, account: ACCOUNT, token_version: 0 };
    let reused = Rotation::Reused { session: SESSION, account: ACCOUNT };
    let rotate = async |used, next| store.sessions.rotate(used, Some(SESSION), next).await.unwrap();
    assert_eq!(rotate("first", later("second", 50)).await, rotated);
    assert_eq!(rotate("first", later("second", 50 + TRADED_AGAIN_MS - 1)).await, rotated, "its answer was lost");
    assert_eq!(rotate("first", later("second", 50 + TRADED_AGAIN_MS)).await, reused);
    assert!(store.sessions.find_live(SESSION).await.unwrap().is_none());
}

async fn a_token_whose_successor_was_used_ends_the_session(store: TestStore) {
    log_in(&store).await;
    let rotate = async |used, next| store.sessions.rotate(used, Some(SESSION), token(next)).await.unwrap();
    rotate("first", "second").await;
    rotate("second", "third").await;
    assert_eq!(rotate("first", "second").await, Rotation::Reused { session: SESSION, account: ACCOUNT });
    assert!(store.sessions.find_live(SESSION).await.unwrap().is_none());
    for dead in ["first", "second", "third", "never was"] {
        assert_eq!(store.sessions.rotate(dead, None, token("next")).await.unwrap(), Rotation::Dead, "{dead}");
    }
}

async fn of_log_ins_that_come_at_once_so_many_live(store: TestStore) {
    assert!(register(&store, ACCOUNT).await);
    let other = store.beside().await;
    let (mut ended, mut opened) = (Vec::new(), Vec::new());
    for number in 0..20_u128 {
        let (mine, yours) = (format!("mine {number}"), format!("yours {number}"));
        let ids = [Uuid::from_u128(100 + 2 * number), Uuid::from_u128(101 + 2 * number)];
        let both = tokio::join!(
            store.sessions.open(ids[0], ACCOUNT, token(&mine)),
            other.sessions.open(ids[1], ACCOUNT, token(&yours))
        );
        for opening in [both.0.unwrap(), both.1.unwrap()] {
            let Opening::Opened(these) = opening else { panic!("the account is activated") };
            ended.extend(these);
        }
        opened.extend(ids);
    }
    let mut living = Vec::new();
    for id in opened {
        if store.sessions.find_live(id).await.unwrap().is_some() {
            living.push(id);
        }
    }
    ended.sort();
    let ids = |numbers: Range<u128>| numbers.map(Uuid::from_u128).collect::<Vec<_>>();
    assert_eq!(living, ids(124..140), "the newest sixteen live");
    assert_eq!(ended, ids(100..124), "it is told which have ended");
}

async fn expired_tokens_are_forgotten_with_their_sessions(store: TestStore) {
    log_in(&store).await;
    let later = NewRefreshToken { hash: "later", expires_at_ms: 200, at_ms: 10 };
    store.sessions.open(OTHER_SESSION, ACCOUNT, later).await.unwrap();
    let late = NewRefreshToken { at_ms: 100, ..token("x") };
    assert_eq!(store.sessions.rotate("first", Some(SESSION), late).await.unwrap(), Rotation::Dead);
    assert_eq!(store.sessions.sweep(99).await.unwrap(), 0, "none has expired");
    assert!(store.sessions.find_live(SESSION).await.unwrap().is_some());
    assert_eq!(store.sessions.sweep(100).await.unwrap(), 1);
    assert!(store.sessions.find_live(SESSION).await.unwrap().is_none());
    assert!(store.sessions.find_live(OTHER_SESSION).await.unwrap().is_some());
    let rotated = Rotation::Rotated { session: OTHER_SESSION, account: ACCOUNT, token_version: 0 };
    assert_eq!(store.sessions.rotate("later", None, token("next")).await.unwrap(), rotated, "it is not forgotten");
}

async fn an_account_has_no_more_characters_than_it_may(store: TestStore) {
    assert!(register(&store, ACCOUNT).await);
    let other = store.beside().await;
    for round in 0..10 {
        let (mine, yours) = (format!("Mine {round}"), format!("Yours {round}"));
        let most = u32::from(round) + 1;
        let (mine, yours) = tokio::join!(
            store.characters.create(new_character(1 + 2 * round, &mine), most),
            other.characters.create(new_character(2 + 2 * round, &yours), most)
        );
        let both = [mine.unwrap(), yours.unwrap()];
        assert_eq!(both.iter().filter(|one| matches!(one, Creation::Created(_))).count(), 1, "{both:?}");
        assert_eq!(both.iter().filter(|one| matches!(one, Creation::TooMany)).count(), 1, "{both:?}");
    }
    assert_eq!(store.characters.list(ACCOUNT).await.unwrap().len(), 10);
}

async fn a_name_is_free_again_when_its_character_is_deleted(store: TestStore) {
    assert!(register(&store, ACCOUNT).await);
    let Creation::Created(ann) = store.characters.create(new_character(1, "Ann"), 8).await.unwrap() else {
        panic!("it is free")
    };
    let ann = *ann;
    assert_eq!(store.characters.find(ann.id).await.unwrap(), Some(ann.clone()));
    assert_eq!(store.characters.find_by_name("Ann").await.unwrap(), Some(ann.clone()));
    let taken = store.characters.create(new_character(2, "Ann"), 8).await.unwrap();
    assert!(matches!(taken, Creation::NameTaken), "{taken:?}");
    assert_eq!(store.characters.delete(ann.id, ACCOUNT, Uuid::nil(), 50).await.unwrap(), Deletion::Deleted);
    assert_eq!(store.characters.delete(ann.id, ACCOUNT, Uuid::nil(), 60).await.unwrap(), Deletion::InWorld);
    assert_eq!(store.characters.find(ann.id).await.unwrap(), None);
    assert_eq!(store.characters.find_by_name("Ann").await.unwrap(), None);
    assert!(matches!(store.characters.create(new_character(2, "Ann"), 8).await.unwrap(), Creation::Created(_)));
}

async fn what_is_due_is_deleted_and_nothing_else(store: TestStore) {
    assert!(register(&store, ACCOUNT).await);
    let other = store.beside().await;
    for (number, name) in [(1, "Ann"), (2, "Bob"), (3, "Cid"), (4, "Dan"), (5, "Eve")] {
        assert!(matches!(store.characters.create(new_character(number, name), 8).await.unwrap(), Creation::Created(_)));
    }
    let id = |number| CharacterId([number; 16]);
    for (number, at_ms) in [(1, 100), (2, 101), (3, 100), (5, 100)] {
        assert_eq!(store.characters.mark(id(number), ACCOUNT, Uuid::nil(), at_ms).await.unwrap(), Deletion::Deleted);
    }
    assert!(matches!(store.characters.restore(id(3), ACCOUNT, Uuid::nil()).await.unwrap(), Change::Done(_)));
    // As by an older sidecar, which brings in who is marked.
    store.execute("UPDATE characters SET lock_owner = 'map:map-1' WHERE name = 'Eve'").await;
    assert_eq!(store.characters.delete_due(99).await.unwrap(), 0);
    let both = tokio::join!(store.characters.delete_due(100), other.characters.delete_due(100));
    assert_eq!(both.0.unwrap() + both.1.unwrap(), 1, "whoever does it, it is done once");
    assert_eq!(names(&store).await, ["Bob", "Cid", "Dan", "Eve"]);
    assert!(matches!(store.characters.restore(id(1), ACCOUNT, Uuid::nil()).await.unwrap(), Change::Gone));
}

#[tokio::test]
async fn sqlite_finds_a_taken_name_and_what_is_due_by_the_indexes_that_are_for_it() {
    let store = TestStore::sqlite().await;
    let mut db = store.sql.read("test").await.unwrap();
    for (query, indexes) in [
        (TAKEN, ["characters_by_name (name_folded=?)", "characters_by_name_key (name_key=?)"]),
        (DELETE_DUE, ["sqlite_autoindex_characters_1 (id=?)", "characters_by_deletion (deletes_at_ms<?)"]),
    ] {
        let explained = sqlx::query(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {query}")));
        let rows = explained.fetch_all(&mut *db).await.unwrap();
        let plan: Vec<String> = rows.iter().map(|row| row.get("detail")).collect();
        let reads: Vec<String> = plan.into_iter().filter(|step| step.contains("characters")).collect();
        assert_eq!(reads, indexes.map(|index| format!("SEARCH characters USING INDEX {index}")));
    }
}

async fn names_of_older_sidecars_get_their_keys_and_stay(store: TestStore) {
    assert!(register(&store, ACCOUNT).await);
    for (number, name) in [(1, "Iris"), (2, "lris"), (3, "Bob")] {
        let new = NewCharacter { key: &number.to_string(), ..new_character(number, name) };
        assert!(matches!(store.characters.create(new, 8).await.unwrap(), Creation::Created(_)));
    }
    // As written by an older sidecar, which knows no keys.
    store.execute("UPDATE characters SET name_key = NULL").await;
    assert_eq!(store.characters.fill_name_keys(look).await.unwrap(), 3);
    assert_eq!(store.characters.fill_name_keys(look).await.unwrap(), 0, "each once");
    let query = "SELECT name, name_key FROM characters ORDER BY id";
    let mut db = store.sql.read("test").await.unwrap();
    let keys: Vec<(String, Option<String>)> = sqlx::query_as(query).fetch_all(&mut *db).await.unwrap();
    let later = format!("{}/{}", look("lris"), CharacterId([2; 16]));
    let expected = [("Iris", look("Iris")), ("lris", later), ("Bob", look("Bob"))];
    assert_eq!(keys, expected.map(|(name, key)| (name.to_owned(), Some(key))));
    assert_eq!(look("Iris"), look("lris"), "one of them would not be given today");
    let third = NewCharacter { key: &look("lriS"), ..new_character(4, "lriS") };
    assert!(matches!(store.characters.create(third, 8).await.unwrap(), Creation::NameTaken));
}

async fn of_two_that_want_a_look_one_has_it(store: TestStore) {
    assert!(register(&store, ACCOUNT).await);
    let other = store.beside().await;
    let (mine, yours) = (new_character(1, "Iris"), NewCharacter { key: "Iris", ..new_character(2, "lris") });
    let (mine, yours) = tokio::join!(store.characters.create(mine, 8), other.characters.create(yours, 8));
    let made = [mine.unwrap(), yours.unwrap()];
    assert_eq!(made.iter().filter(|one| matches!(one, Creation::Created(_))).count(), 1, "{made:?}");
    assert_eq!(made.iter().filter(|one| matches!(one, Creation::NameTaken)).count(), 1, "{made:?}");
    // The same with two characters that are renamed.
    for (number, name) in [(3, "Bob"), (4, "Cid")] {
        assert!(matches!(store.characters.create(new_character(number, name), 8).await.unwrap(), Creation::Created(_)));
    }
    let rename = |number, name| CharacterChange {
        character: CharacterId([number; 16]),
        account: ACCOUNT,
        session: Uuid::nil(),
        rename: Some(Rename { name, folded: name, key: "dan", at_ms: 5, not_since_ms: 0 }),
        appearance: None,
    };
    let (mine, yours) = (rename(3, "Dan"), rename(4, "dan"));
    let (mine, yours) = tokio::join!(store.characters.alter(&mine), other.characters.alter(&yours));
    let both = [mine.unwrap(), yours.unwrap()];
    assert_eq!(both.iter().filter(|one| matches!(one, Change::Done(_))).count(), 1, "{both:?}");
    assert_eq!(both.iter().filter(|one| matches!(one, Change::NameTaken)).count(), 1, "{both:?}");
    let renamed = if matches!(both[0], Change::Done(_)) { ["Dan", "Cid"] } else { ["Bob", "dan"] };
    assert_eq!(names(&store).await[1..], renamed, "the other one keeps its name");
}

async fn the_time_of_the_database_is_about_ours(store: TestStore) {
    let apart = store.now_ms().await.unwrap().abs_diff(Clock::system().now_ms());
    assert!(apart < 60_000, "{apart} ms apart");
}
