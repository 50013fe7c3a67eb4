//! What Redis does in one step.

use realmgate_platform::redis_client::{RedisClient, RedisFailed};
use redis::Script;

use super::Keys;

/// Sets places in the set and in the one that is being built, where these are there. A place without points is removed.
/// Returns whether one is being built.
const PLACE: &str = "
for _, key in ipairs(KEYS) do
  if redis.call('EXISTS', key) == 1 then
    for i = 1, #ARGV, 2 do
      if ARGV[i + 1] == '' then redis.call('ZREM', key, ARGV[i]) else redis.call('ZADD', key, ARGV[i + 1], ARGV[i]) end
    end
  end
end
return redis.call('EXISTS', KEYS[2])";

/// Begins a set, unless somebody builds it. KEYS: unfinished, builder; ARGV: the builder's token, milliseconds.
const BEGIN: &str = "
if not redis.call('SET', KEYS[2], ARGV[1], 'NX', 'PX', ARGV[2]) then return 0 end
redis.call('DEL', KEYS[1])
redis.call('ZADD', KEYS[1], '-inf', '')
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1";

/// Adds what was read to the set that is being built; what is there already is newer. Returns whether the builder still is one.
const ADD: &str = "
if redis.call('GET', KEYS[2]) ~= ARGV[1] or redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
for i = 3, #ARGV, 2 do redis.call('ZADD', KEYS[1], 'NX', ARGV[i + 1], ARGV[i]) end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
redis.call('PEXPIRE', KEYS[2], ARGV[2])
return 1";

/// Gives the set that is whole its name. KEYS: unfinished, builder, set; ARGV: the builder's token, milliseconds to live.
const END: &str = "
if redis.call('GET', KEYS[2]) ~= ARGV[1] or redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('RENAME', KEYS[1], KEYS[3])
redis.call('PEXPIRE', KEYS[3], ARGV[2])
redis.call('DEL', KEYS[2])
return 1";

/// The scripts, each with its digest.
pub(super) struct Scripts {
    place: Script,
    begin: Script,
    add: Script,
    end: Script,
}

impl Default for Scripts {
    fn default() -> Self {
        let [place, begin, add, end] = [PLACE, BEGIN, ADD, END].map(Script::new);
        Self { place, begin, add, end }
    }
}

impl Scripts {
    /// Sets places; returns whether a set is being built.
    pub(super) async fn place(
        &self,
        redis: &RedisClient,
        keys: &Keys,
        places: &[(&str, Option<i64>)],
    ) -> Result<bool, RedisFailed> {
        let mut call = self.place.prepare_invoke();
        call.key(&keys.set).key(&keys.unfinished);
        for (tie, points) in places {
            call.arg(*tie).arg(points.map_or_else(String::new, |points| points.to_string()));
        }
        redis.call("place_ranks", |mut redis| async move { call.invoke_async(&mut redis).await }).await
    }

    /// Begins a set; returns `false` if somebody builds it.
    pub(super) async fn begin(
        &self,
        redis: &RedisClient,
        keys: &Keys,
        token: &str,
        lives_ms: u64,
    ) -> Result<bool, RedisFailed> {
        let mut call = self.begin.prepare_invoke();
        call.key(&keys.unfinished).key(&keys.builder).arg(token).arg(lives_ms);
        redis.call("build_ranks", |mut redis| async move { call.invoke_async(&mut redis).await }).await
    }

    /// Adds places to the set that is being built; returns `false` if its builder was too slow.
    pub(super) async fn add(
        &self,
        redis: &RedisClient,
        keys: &Keys,
        token: &str,
        lives_ms: u64,
        places: &[crate::store::Place],
    ) -> Result<bool, RedisFailed> {
        let mut call = self.add.prepare_invoke();
        call.key(&keys.unfinished).key(&keys.builder).arg(token).arg(lives_ms);
        for place in places {
            call.arg(&place.tie).arg(place.points);
        }
        redis.call("build_ranks", |mut redis| async move { call.invoke_async(&mut redis).await }).await
    }

    /// Gives the set its name; returns `false` if its builder was too slow.
    pub(super) async fn end(
        &self,
        redis: &RedisClient,
        keys: &Keys,
        token: &str,
        lives_ms: u64,
    ) -> Result<bool, RedisFailed> {
        let mut call = self.end.prepare_invoke();
        call.key(&keys.unfinished).key(&keys.builder).key(&keys.set).arg(token).arg(lives_ms);
        redis.call("build_ranks", |mut redis| async move { call.invoke_async(&mut redis).await }).await
    }
}
