//! Rate limits in Redis. Each check is one script. Redis's clock is the one that counts, and every key expires by
//! itself.

use std::num::NonZeroU32;
use std::sync::LazyLock;
use std::time::Duration;

use redis::{Script, ScriptInvocation};

use crate::error::Error;
use crate::redis_client::RedisClient;

/// Takes a token out of a bucket that refills one by one. Returns how many ms to wait if none is left. A key holds the
/// time in us at which its bucket is full again.
static TAKE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        local time = redis.call('TIME')
        local now, period, burst = time[1] * 1000000 + time[2], tonumber(ARGV[1]), tonumber(ARGV[2])
        local whole = tonumber(redis.call('GET', KEYS[1]) or now)
        -- Within these bounds, should the clock have been set.
        whole = math.min(math.max(whole, now), now + burst * period)
        local wait = whole - (burst - 1) * period - now
        if wait > 0 then return math.ceil(wait / 1000) end
        local left = math.ceil((whole + period - now) / 1000)
        redis.call('SET', KEYS[1], string.format('%.0f', whole + period), 'PX', string.format('%.0f', left))
        return 0
        ",
    )
});

/// Counts one more for each key, in a window that began with the first. Returns how many ms to wait if the first key
/// has too many.
static COUNT: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        local wait = 0
        for i, key in ipairs(KEYS) do
            local count = redis.call('INCR', key)
            if count == 1 then redis.call('PEXPIRE', key, ARGV[1]) end
            if i == 1 and count > tonumber(ARGV[2]) then wait = math.max(redis.call('PTTL', key), 1) end
        end
        return wait
        ",
    )
});

/// How many ms to wait if the first key's count has reached the limit, or the second's has and the third's is at least
/// one.
static WAIT: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        local function wait(key, most)
            if tonumber(redis.call('GET', key) or 0) < tonumber(most) then return 0 end
            return math.max(redis.call('PTTL', key), 1)
        end
        local source = wait(KEYS[1], ARGV[1])
        if source > 0 then return source end
        if wait(KEYS[2], ARGV[1]) > 0 then return wait(KEYS[3], 1) end
        return 0
        ",
    )
});

/// How many ms to wait if the key's count has reached the limit.
static FULL: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        if tonumber(redis.call('GET', KEYS[1]) or 0) < tonumber(ARGV[1]) then return 0 end
        return math.max(redis.call('PTTL', KEYS[1]), 1)
        ",
    )
});

/// What all sidecars count together. Every method returns `None` if Redis does not answer, and a wait of zero if more
/// is allowed.
#[derive(Clone)]
pub(super) struct Shared(RedisClient);

impl Shared {
    pub(super) fn new(redis: RedisClient) -> Self {
        Self(redis)
    }

    /// Takes a token out of a bucket of `burst`, which gets one back each `period`.
    pub(super) async fn take(&self, kind: &str, who: &str, period: Duration, burst: NonZeroU32) -> Option<Duration> {
        let mut take = TAKE.key(self.key(kind, who));
        take.arg(period.as_micros().to_string()).arg(burst.get());
        self.wait("limit_take", &take).await
    }

    /// Counts one more of each kind in its window; `most` is the limit of the first.
    pub(super) async fn count(&self, keys: &[(&str, &str)], window: Duration, most: u32) -> Option<Duration> {
        let mut count = COUNT.prepare_invoke();
        keys.iter().for_each(|(kind, who)| {
            count.key(self.key(kind, who));
        });
        count.arg(window.as_millis().to_string()).arg(most);
        self.wait("limit_count", &count).await
    }

    /// How long to wait if the first key's count has reached `most`, or the second's has and the third's is at least
    /// one.
    pub(super) async fn counted(&self, keys: [(&str, &str); 3], most: u32) -> Option<Duration> {
        let mut wait = WAIT.prepare_invoke();
        keys.iter().for_each(|(kind, who)| {
            wait.key(self.key(kind, who));
        });
        wait.arg(most);
        self.wait("limit_ask", &wait).await
    }

    /// How long to wait if the key's count has reached `most`.
    pub(super) async fn full(&self, kind: &str, who: &str, most: u32) -> Option<Duration> {
        let mut full = FULL.key(self.key(kind, who));
        full.arg(most);
        self.wait("limit_full", &full).await
    }

    async fn wait(&self, call: &'static str, script: &ScriptInvocation<'_>) -> Option<Duration> {
        let waited = self.0.call(call, |mut redis| async move { script.invoke_async::<u64>(&mut redis).await }).await;
        waited
            .map(Duration::from_millis)
            .inspect_err(
                |error| tracing::debug!(%error, "Redis is unavailable: rate limits count in this process only"),
            )
            .ok()
    }

    fn key(&self, kind: &str, who: &str) -> String {
        self.0.key(format_args!("limit:{kind}:{who}"))
    }
}

/// `RATE_LIMITED` for a wait that is not zero.
pub(super) fn verdict(wait: Duration) -> Result<(), Error> {
    if wait.is_zero() { Ok(()) } else { Err(Error::rate_limited(wait.as_secs() + 1)) }
}
