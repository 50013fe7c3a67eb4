//! Counts in Redis, each check one script. Redis's clock is the one that counts, and every key ends by itself.

use std::num::NonZeroU32;
use std::sync::LazyLock;
use std::time::Duration;

use redis::{Script, ScriptInvocation};

use crate::error::Error;
use crate::redis_client::RedisClient;

/// Takes one out of an allowance that comes back bit by bit; how many ms to wait where none is left. A key holds the time
/// in us at which its allowance is whole again.
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

/// Counts one more within each window that began with the first; how many ms to wait where the first key has too many.
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

/// How many ms to wait where the first key counts so many, or the second does and the third at least one.
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

/// What all sidecars count together. Every method answers `None` where Redis does not, and a wait of zero where more may
/// be asked.
#[derive(Clone)]
pub(super) struct Shared(RedisClient);

impl Shared {
    pub(super) fn new(redis: RedisClient) -> Self {
        Self(redis)
    }

    /// Takes one out of an allowance of `burst`, of which one comes back each `period`.
    pub(super) async fn take(&self, kind: &str, who: &str, period: Duration, burst: NonZeroU32) -> Option<Duration> {
        let mut take = TAKE.key(self.key(kind, who));
        take.arg(period.as_micros().to_string()).arg(burst.get());
        self.wait("limit_take", &take).await
    }

    /// Counts one more of each kind in its window; `most` is what the first may come to.
    pub(super) async fn count(&self, keys: &[(&str, &str)], window: Duration, most: u32) -> Option<Duration> {
        let mut count = COUNT.prepare_invoke();
        keys.iter().for_each(|(kind, who)| {
            count.key(self.key(kind, who));
        });
        count.arg(window.as_millis().to_string()).arg(most);
        self.wait("limit_count", &count).await
    }

    /// Whether the first key counts so many, or the second does and the third at least one.
    pub(super) async fn counted(&self, keys: [(&str, &str); 3], most: u32) -> Option<Duration> {
        let mut wait = WAIT.prepare_invoke();
        keys.iter().for_each(|(kind, who)| {
            wait.key(self.key(kind, who));
        });
        wait.arg(most);
        self.wait("limit_ask", &wait).await
    }

    async fn wait(&self, call: &'static str, script: &ScriptInvocation<'_>) -> Option<Duration> {
        let waited = self.0.call(call, |mut redis| async move { script.invoke_async::<u64>(&mut redis).await }).await;
        waited
            .map(Duration::from_millis)
            .inspect_err(|error| tracing::debug!(%error, "limits are this process's own"))
            .ok()
    }

    fn key(&self, kind: &str, who: &str) -> String {
        self.0.key(format_args!("limit:{kind}:{who}"))
    }
}

/// Whoever has to wait is turned away.
pub(super) fn verdict(wait: Duration) -> Result<(), Error> {
    if wait.is_zero() { Ok(()) } else { Err(Error::rate_limited(wait.as_secs() + 1)) }
}
