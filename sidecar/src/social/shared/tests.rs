//! Tests of what only parties in Redis do.

use realmgate_platform::testing::{TestRedis, a_moment, soon};
use realmgate_protocol::ids::CharacterId;
use realmgate_protocol::link::SocialEvent;

use super::super::parties::{Failure, Person};
use super::*;

fn person(number: u8) -> Person {
    Person { id: CharacterId([number; 16]), name: format!("P{number}") }
}

fn book(redis: &TestRedis) -> SharedBook {
    SharedBook::new(redis.another())
}

async fn invite(book: &SharedBook, host: u8, guest: u8) -> u64 {
    let heard = book.change(&mut |parties| parties.invite(&person(host), &person(guest), 0)).await.unwrap().unwrap();
    match heard[0].event {
        SocialEvent::PartyInvited { party, .. } => party,
        ref other => panic!("{other:?}"),
    }
}

async fn accept(book: &SharedBook, guest: u8, party: u64) -> Outcome {
    book.change(&mut |parties| parties.answer(&person(guest), party, true)).await.unwrap()
}

/// Who receives what the speaker says.
async fn listeners(book: &SharedBook, speaker: u8) -> Vec<CharacterId> {
    let heard = book.change(&mut |parties| parties.chat(&person(speaker), "hi")).await.unwrap();
    heard.unwrap_or_default().into_iter().map(|delivery| delivery.to).collect()
}

#[tokio::test]
async fn all_sidecars_see_one_party() {
    let Some(redis) = TestRedis::connect().await else { return };
    let (one, two) = (book(&redis), book(&redis));
    let party = invite(&one, 1, 2).await;
    accept(&two, 2, party).await.unwrap();
    for book in [&one, &two, &book(&redis)] {
        assert_eq!(listeners(book, 1).await, [person(1).id, person(2).id]);
    }
    assert!(invite(&two, 3, 4).await > party, "no id is given out twice");
    two.change(&mut |parties| parties.leave(person(1).id)).await.unwrap().unwrap();
    assert!(listeners(&one, 2).await.is_empty(), "a party of one is dissolved");
}

#[tokio::test]
async fn of_many_who_accept_at_once_five_are_in() {
    let Some(redis) = TestRedis::connect().await else { return };
    let books = [book(&redis), book(&redis)].map(std::sync::Arc::new);
    let mut party = 0;
    for guest in 2..=9 {
        party = invite(&books[0], 1, guest).await;
    }
    let joins = (2..=9).map(|guest| {
        let book = books[usize::from(guest % 2)].clone();
        tokio::spawn(async move { accept(&book, guest, party).await.is_ok() })
    });
    let mut joined = 0;
    for join in joins.collect::<Vec<_>>() {
        joined += u32::from(join.await.unwrap());
    }
    assert_eq!(joined, 4, "and the leader");
    assert_eq!(listeners(&books[1], 1).await.len(), 5);
}

#[tokio::test]
async fn an_empty_redis_gets_its_parties_back() {
    let Some(redis) = TestRedis::connect().await else { return };
    let (one, two) = (book(&redis), book(&redis));
    let party = invite(&one, 1, 2).await;
    accept(&one, 2, party).await.unwrap();
    assert_eq!(listeners(&two, 1).await.len(), 2);
    redis.flush();
    assert_eq!(listeners(&two, 1).await.len(), 2, "by whoever asks next");
    let third = invite(&one, 1, 3).await;
    assert_eq!(third, party);
    accept(&book(&redis), 3, third).await.unwrap();
    // The second one has not seen that a third member joined.
    redis.flush();
    listeners(&two, 1).await;
    assert_eq!(listeners(&one, 1).await.len(), 2, "nor has the first");
    assert!(invite(&one, 4, 5).await > party);
    redis.flush();
    listeners(&two, 1).await;
    assert_eq!(listeners(&one, 4).await.len(), 1, "who saw more puts it back");
}

#[tokio::test]
async fn what_cannot_be_read_is_as_good_as_lost() {
    let Some(redis) = TestRedis::connect().await else { return };
    let one = book(&redis);
    let (lost, kept) = (invite(&one, 1, 2).await, invite(&one, 3, 4).await);
    let key = format!("{}parties", redis.config.prefix);
    let invited = person(2).id;
    let unreadable = [
        "{}".to_owned(),
        format!(r#"{{"invited": ["{invited}"]}}"#),
        format!(r#"{{"members": [{{"id": "nobody", "name": "P1"}}], "invited": ["{invited}"]}}"#),
        format!(r#"{{"members": [], "invited": ["nobody", "{invited}"]}}"#),
    ];
    for text in unreadable {
        redis::cmd("HSET").arg(&key).arg(lost).arg(&text).exec(&mut redis.plain()).unwrap();
        assert_eq!(accept(&book(&redis), 2, lost).await.unwrap_err(), Failure::NoInvitation, "{text}");
    }
    // A good document, under what is no id.
    let mut plain = redis.plain();
    let good: String = redis::cmd("HGET").arg(&key).arg(kept).query(&mut plain).unwrap();
    redis::cmd("HSET").arg(&key).arg("nonsense").arg(&good).exec(&mut plain).unwrap();
    assert_eq!(accept(&book(&redis), 4, 0).await.unwrap_err(), Failure::NoInvitation);
    accept(&book(&redis), 4, kept).await.unwrap();
}

/// Everything that Redis has of parties.
fn stored(redis: &TestRedis) -> BTreeMap<String, String> {
    redis::cmd("HGETALL").arg(format!("{}parties", redis.config.prefix)).query(&mut redis.plain()).unwrap()
}

/// Lets Redis come back, and waits until the book has noticed.
async fn come_back(redis: &TestRedis, book: &SharedBook) {
    redis.let_in(true);
    let back = async {
        while book.change(&mut |_| Ok(Vec::new())).await.is_err() {
            a_moment().await
        }
    };
    soon("Redis", back).await;
}

#[tokio::test]
async fn without_redis_nothing_changes() {
    let Some(redis) = TestRedis::connect().await else { return };
    let one = book(&redis);
    let party = invite(&one, 1, 2).await;
    let before = stored(&redis);
    redis.let_in(false);
    let mut join = |parties: &mut Parties| parties.answer(&person(2), party, true);
    assert_eq!(one.change(&mut join).await.unwrap_err().code, ErrorCode::Overloaded);
    come_back(&redis, &one).await;
    let mut join_late = |parties: &mut Parties| {
        redis.let_in(false);
        join(parties)
    };
    let late = one.change(&mut join_late).await;
    assert_eq!(late.unwrap_err().code, ErrorCode::Overloaded, "it went away before the change was written");
    come_back(&redis, &one).await;
    assert_eq!(stored(&redis), before);
    accept(&one, 2, party).await.unwrap();
}
