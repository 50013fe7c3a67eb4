//! Tests of the rate limits, in this process and shared through Redis.

use std::net::IpAddr;
use std::time::Duration;

use redis::Script;
use tokio::time::Instant;

use super::*;
use crate::config::RateLimits;
use crate::error::ErrorCode;
use crate::testing::TestRedis;
use crate::testing::on_backends;

const LIMITS: RateLimits = RateLimits {
    failed_logins_per_min: 10,
    registrations_per_min: 10,
    loopback_registrations_per_min: 20,
    calls_per_min: 240,
    gateway_messages_per_10s: 60,
    realtime_messages_per_10s: 60,
    chat_messages_per_10s: 12,
    lobby_changes_per_min: 60,
    entries_per_min: 6,
    entries_per_min_per_ip: 20,
    journeys_per_min: 30,
    mails_per_min_per_ip: 10,
    log_ins_per_min: 30,
};

/// Limits with a clock that the test moves.
struct Bench {
    limits: Limits,
    clock: Clock,
    redis: Option<TestRedis>,
}

impl Bench {
    fn in_process() -> Self {
        let clock = Clock::manual(1_000_000);
        Self { limits: Limits::new(&LIMITS, &clock, None), clock, redis: None }
    }

    async fn redis() -> Option<Self> {
        let (redis, clock) = (TestRedis::connect().await?, Clock::manual(1_000_000));
        Some(Self { limits: Limits::new(&LIMITS, &clock, Some(&redis.client)), clock, redis: Some(redis) })
    }

    /// Lets time pass. Redis's clock cannot be set, so what it holds is made older.
    fn pass(&self, time: Duration) {
        self.clock.advance(time);
        let Some(redis) = &self.redis else { return };
        let age = Script::new(
            r"
            for _, key in ipairs(KEYS) do
                local value = tonumber(redis.call('GET', key))
                -- A time, not a count.
                if value > 1e12 then
                    redis.call('SET', key, string.format('%.0f', value - ARGV[1] * 1000), 'KEEPTTL')
                end
                redis.call('PEXPIRE', key, math.max(redis.call('PTTL', key) - ARGV[1], 0))
            end
            ",
        );
        let mut age = age.arg(u64::try_from(time.as_millis()).unwrap());
        redis.keys().into_iter().for_each(|key| {
            age.key(key);
        });
        age.invoke::<()>(&mut redis.plain()).unwrap();
    }
}

fn source(text: &str) -> Source {
    text.parse::<IpAddr>().unwrap().into()
}

fn account(number: u8) -> AccountId {
    AccountId([number; 16])
}

/// How many seconds whoever is refused is told to wait.
fn refused(outcome: Result<(), Error>) -> u64 {
    let error = outcome.expect_err("it is refused");
    assert_eq!(error.code, ErrorCode::RateLimited);
    error.retry_after_s.expect("a time to wait")
}

async fn a_rate_is_per_key_and_comes_back(bench: Bench) {
    let (limits, here) = (&bench.limits, source("10.0.0.1"));
    for turn in 0..10 {
        assert!(limits.registration(here).await.is_ok(), "registration {turn}");
    }
    let wait = refused(limits.registration(here).await);
    assert!((6..=7).contains(&wait), "one in six seconds, rounded up, not {wait}");
    assert!(limits.registration(source("10.0.0.2")).await.is_ok());
    assert!(limits.anonymous_call(here).await.is_ok(), "each limit counts for itself");
    bench.pass(Duration::from_secs(6));
    assert!(limits.registration(here).await.is_ok());
    assert!(limits.registration(here).await.is_err());
    bench.pass(Duration::from_secs(600));
    for _ in 0..10 {
        assert!(limits.registration(here).await.is_ok(), "never more than at first");
    }
    assert!(limits.registration(here).await.is_err());
}

async fn entries_are_counted_by_account_and_by_source(bench: Bench) {
    let (limits, here, this_machine) = (&bench.limits, source("10.0.0.1"), source("127.0.0.1"));
    for number in 1..=4 {
        for turn in 0..6 {
            assert!(limits.entry(account(number), this_machine).await.is_ok(), "account {number}, entry {turn}");
        }
    }
    // This machine has had more than an address may, but its accounts have a limit, too.
    for from in [this_machine, source("10.0.0.3")] {
        let wait = refused(limits.entry(account(1), from).await);
        assert!((10..=11).contains(&wait), "one in ten seconds, rounded up, wherever it comes from, not {wait}");
    }
    for number in 10..30 {
        assert!(limits.entry(account(number), here).await.is_ok(), "account {number}");
    }
    let wait = refused(limits.entry(account(30), here).await);
    assert!((1..=4).contains(&wait), "too many accounts of one address: one in three seconds, not {wait}");
    assert!(limits.entry(account(31), source("10.0.0.2")).await.is_ok(), "others have their own");
    bench.pass(Duration::from_secs(10));
    assert!(limits.entry(account(1), this_machine).await.is_ok());
    assert!(limits.entry(account(1), this_machine).await.is_err());
}

async fn too_many_messages_in_one_window_are_refused(bench: Bench) {
    let pace = &bench.limits.gateway;
    for message in 0..60 {
        assert!(pace.message(account(1)).await.is_ok(), "message {message}");
    }
    let wait = refused(pace.message(account(1)).await);
    assert!((10..=11).contains(&wait), "{wait}");
    assert!(pace.message(account(2)).await.is_ok(), "each account has its own");
    bench.pass(Duration::from_secs(5));
    let wait = refused(pace.message(account(1)).await);
    assert!((1..=6).contains(&wait), "the same window, not {wait}");
    bench.pass(Duration::from_secs(5));
    for message in 0..60 {
        assert!(pace.message(account(1)).await.is_ok(), "the next window begins anew: message {message}");
    }
    refused(pace.message(account(1)).await);
}

async fn lobbies_change_a_few_times_at_once_and_then_once_a_second(bench: Bench) {
    let (limits, here, who) = (&bench.limits, source("10.0.0.1"), account(1));
    for turn in 0..6 {
        assert!(limits.lobby_change(who, here).await.is_ok(), "change {turn}");
    }
    let wait = refused(limits.lobby_change(who, source("10.0.0.2")).await);
    assert!((1..=2).contains(&wait), "wherever it comes from, {wait}");
    assert!(limits.lobby_change(account(2), here).await.is_ok());
    assert!(limits.lobby_change(who, source("127.0.0.1")).await.is_ok(), "load tests run here");
    bench.pass(Duration::from_secs(1));
    assert!(limits.lobby_change(who, here).await.is_ok());
    refused(limits.lobby_change(who, here).await);
}

async fn an_account_asks_one_a_few_times_an_hour_and_all_not_many_times(bench: Bench) {
    let limits = &bench.limits;
    for turn in 0..3 {
        assert!(limits.friend_request(account(1), account(2)).await.is_ok(), "request {turn}");
    }
    let wait = refused(limits.friend_request(account(1), account(2)).await);
    assert!((3_590..=3_601).contains(&wait), "{wait}");
    assert!(limits.friend_request(account(2), account(1)).await.is_ok(), "that one may ask back");
    for other in 3..120 {
        assert!(limits.friend_request(account(1), account(other)).await.is_ok(), "{other}");
    }
    refused(limits.friend_request(account(1), account(121)).await);
    assert!(limits.friend_request(account(2), account(121)).await.is_ok());
    bench.pass(Duration::from_secs(3_600));
    assert!(limits.friend_request(account(1), account(2)).await.is_ok());
}

async fn refused_sockets_use_up_no_calls(bench: Bench) {
    let (limits, here) = (&bench.limits, source("10.0.0.1"));
    let (began, mut opened) = (Instant::now(), 0);
    while limits.refused_socket(here).await.is_ok() {
        opened += 1;
        // Four come back each second, by Redis's clock.
        let back = 1 + began.elapsed().as_millis() / 250;
        assert!(opened <= 240 + back, "{opened} in {:?}", began.elapsed());
    }
    assert!(opened >= 240, "{opened}");
    assert!(limits.anonymous_call(here).await.is_ok());
    assert!(limits.refused_socket(source("10.0.0.2")).await.is_ok());
}

async fn ten_failures_stop_a_source_for_a_minute(bench: Bench) {
    let (failures, here) = (&bench.limits.failures, source("10.0.0.1"));
    for turn in 0..10 {
        assert!(failures.check("ann", here).await.is_ok(), "guess {turn}");
        failures.record("ann", here).await;
    }
    let wait = refused(failures.check("ann", here).await);
    assert!((60..=61).contains(&wait), "{wait}");
    assert!(failures.check("bob", here).await.is_err(), "the source may not go on with another account");
    assert!(failures.check("bob", source("10.0.0.2")).await.is_ok(), "another source may");
    bench.pass(Duration::from_secs(30));
    let wait = refused(failures.check("bob", here).await);
    assert!((1..=31).contains(&wait), "it is the same minute, not {wait}");
    bench.pass(Duration::from_secs(30));
    assert!(failures.check("ann", here).await.is_ok());
    assert!(failures.check("bob", here).await.is_ok());
}

async fn the_owner_gets_in_from_elsewhere(bench: Bench) {
    let failures = &bench.limits.failures;
    for host in 0..10 {
        failures.record("ann", source(&format!("10.0.0.{host}"))).await;
    }
    assert!(failures.check("ann", source("10.0.0.3")).await.is_err(), "no second guess under attack");
    assert!(failures.check("ann", source("192.168.0.1")).await.is_ok());
    assert!(failures.check("bob", source("10.0.0.3")).await.is_ok());
}

async fn right_passwords_are_counted_by_account_and_wrong_ones_are_not(bench: Bench) {
    let limits = &bench.limits;
    for turn in 0..30 {
        assert!(limits.log_ins.check("ann").await.is_ok(), "log-in {turn}");
        limits.log_ins.record("ann").await;
        limits.failures.record("bob", source(&format!("10.0.0.{turn}"))).await;
    }
    let wait = refused(limits.log_ins.check("ann").await);
    assert!((60..=61).contains(&wait), "{wait}");
    assert!(limits.log_ins.check("bob").await.is_ok(), "guesses take nothing away from the owner");
    bench.pass(Duration::from_secs(60));
    assert!(limits.log_ins.check("ann").await.is_ok());
}

on_backends! {
    in_process: async { Some(super::Bench::in_process()) },
    over_redis: super::Bench::redis() => [
        a_rate_is_per_key_and_comes_back,
        entries_are_counted_by_account_and_by_source,
        too_many_messages_in_one_window_are_refused,
        lobbies_change_a_few_times_at_once_and_then_once_a_second,
        an_account_asks_one_a_few_times_an_hour_and_all_not_many_times,
        refused_sockets_use_up_no_calls,
        ten_failures_stop_a_source_for_a_minute,
        the_owner_gets_in_from_elsewhere,
        right_passwords_are_counted_by_account_and_wrong_ones_are_not,
    ]
}

#[tokio::test]
async fn whoever_has_asked_long_ago_is_forgotten() {
    let bench = Bench::in_process();
    for number in 0..100 {
        bench.limits.call(account(number)).await.unwrap();
        bench.limits.gateway.message(account(number)).await.unwrap();
        bench.limits.realtime.message(account(number)).await.unwrap();
        bench.limits.lobby_password(account(number)).await.unwrap();
        bench.limits.lobby_change(account(number), source("10.0.0.1")).await.unwrap();
        bench.limits.friend_request(account(number), account(100)).await.unwrap();
        bench.limits.refused_socket(source(&format!("10.0.1.{number}"))).await.unwrap();
        bench.limits.failures.record(&format!("user{number}"), source("10.0.0.1")).await;
        for from in [format!("10.0.1.{number}"), format!("127.0.1.{number}")] {
            bench.limits.registration(source(&from)).await.unwrap();
        }
        bench.limits.anonymous_call(source(&format!("10.0.1.{number}"))).await.unwrap();
        bench.limits.mail(source(&format!("10.0.1.{number}"))).await.unwrap();
        bench.limits.entry(account(number), source(&format!("10.0.1.{number}"))).await.unwrap();
        bench.limits.journey(CharacterId([number; 16])).await.unwrap();
        bench.limits.log_ins.record(&format!("user{number}")).await;
    }
    assert_eq!(bench.limits.forget_past(), [("rates", 1_200), ("failures", 201), ("pace", 400)], "what counts is kept");
    bench.pass(Duration::from_secs(61));
    assert_eq!(bench.limits.forget_past(), [("rates", 0), ("failures", 0), ("pace", 200)], "an hour is not over");
    bench.pass(Duration::from_secs(3_600));
    assert_eq!(bench.limits.forget_past(), [("rates", 0), ("failures", 0), ("pace", 0)]);
}

#[tokio::test]
async fn two_replicas_together_allow_what_one_allows() {
    let Some(redis) = TestRedis::connect().await else { return };
    let clock = Clock::manual(0);
    let replicas = [redis.another(), redis.another()].map(|redis| Limits::new(&LIMITS, &clock, Some(&redis)));
    let (here, this_machine, who) = (source("10.0.0.1"), source("127.0.0.1"), account(1));
    // A slow machine may see some of the allowance come back, but not as much as a second replica would allow.
    let is_one = |most: u32, allowed: u32| assert!((most..2 * most).contains(&allowed), "{allowed} of {most}");
    is_one(10, allowed(&replicas, 10, async |limits| limits.registration(here).await).await);
    is_one(20, allowed(&replicas, 20, async |limits| limits.registration(this_machine).await).await);
    is_one(240, allowed(&replicas, 240, async |limits| limits.call(who).await).await);
    is_one(240, allowed(&replicas, 240, async |limits| limits.anonymous_call(here).await).await);
    is_one(6, allowed(&replicas, 6, async |limits| limits.entry(who, this_machine).await).await);
    is_one(30, allowed(&replicas, 30, async |limits| limits.journey(CharacterId([1; 16])).await).await);
    let others = std::cell::Cell::new(10);
    let by_another = async |limits: &Limits| {
        others.set(others.get() + 1);
        limits.entry(account(others.get()), here).await
    };
    is_one(20, allowed(&replicas, 20, by_another).await);
    assert_eq!(allowed(&replicas, 60, async |limits| limits.gateway.message(who).await).await, 60);
    for replica in [0, 1].repeat(5) {
        replicas[replica].failures.record("ann", here).await;
    }
    for replica in [0, 1].repeat(15) {
        replicas[replica].log_ins.record("ann").await;
    }
    for replica in &replicas {
        refused(replica.failures.check("ann", here).await);
        refused(replica.log_ins.check("ann").await);
    }
}

/// How much is allowed if each of two replicas is asked so many times, in turn.
async fn allowed(replicas: &[Limits; 2], times: u32, ask: impl AsyncFn(&Limits) -> Result<(), Error>) -> u32 {
    let mut allowed = 0;
    for _ in 0..times {
        for replica in replicas {
            allowed += u32::from(ask(replica).await.is_ok());
        }
    }
    allowed
}

#[tokio::test]
async fn while_redis_is_away_each_replica_counts_for_itself() {
    let Some(bench) = Bench::redis().await else { return };
    let (limits, here, redis) = (&bench.limits, source("10.0.0.1"), bench.redis.as_ref().unwrap());
    redis.let_in(false);
    let beside = Limits::new(&LIMITS, &bench.clock, Some(&redis.another()));
    for replica in [limits, &beside] {
        assert!(replica.failures.check("ann", here).await.is_ok(), "it has counted none itself");
        assert!(replica.log_ins.check("ann").await.is_ok(), "nor a log-in");
        let mut allowed = 0;
        for _ in 0..15 {
            allowed += u32::from(replica.registration(here).await.is_ok());
            replica.failures.record("ann", here).await;
        }
        assert_eq!(allowed, 10, "neither open nor closed");
        refused(replica.failures.check("ann", here).await);
        for message in 0..60 {
            assert!(replica.gateway.message(account(1)).await.is_ok(), "message {message}");
        }
        refused(replica.gateway.message(account(1)).await);
        for _ in 0..30 {
            replica.log_ins.record("ann").await;
        }
        refused(replica.log_ins.check("ann").await);
    }
    redis.let_in(true);
    let counted = async {
        while redis.keys().is_empty() {
            let _ = limits.registration(here).await;
        }
    };
    crate::testing::soon("Redis", counted).await;
}

#[tokio::test]
async fn names_and_addresses_are_not_to_be_read_in_redis() {
    let Some(bench) = Bench::redis().await else { return };
    bench.limits.failures.record("ann", source("10.0.0.1")).await;
    bench.limits.registration(source("10.0.0.1")).await.unwrap();
    bench.limits.call(account(1)).await.unwrap();
    bench.limits.log_ins.record("ann").await;
    let redis = bench.redis.as_ref().unwrap();
    let keys = redis.keys();
    assert_eq!(keys.len(), 6, "{keys:?}");
    // Half of a SHA-256, which leads back to nothing, as another way of writing the name would.
    let hashed = ["log-ins:SZFeDX1LQC4wF9AQvBwOgw", "registrations:9QRzRBIvDe6ZdLpnYeYcaw"];
    for name in hashed {
        assert!(keys.iter().any(|key| key.ends_with(&format!(":limit:{name}"))), "{name} is not in {keys:?}");
    }
    for key in keys {
        let name = key.strip_prefix(&redis.config.prefix).unwrap();
        assert!(name.starts_with("limit:") && !name.contains("ann") && !name.contains("10.0.0"), "{name}");
        let left_ms: i64 = redis::cmd("PTTL").arg(&key).query(&mut redis.plain()).unwrap();
        assert!((0..=60_000).contains(&left_ms), "{name} ends by itself, not in {left_ms} ms");
    }
}
