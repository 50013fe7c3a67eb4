//! Sends what is due: a few mails at a time, each again and again until its link would have ended.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use realmgate_platform::background::Background;
use realmgate_platform::clock::Clock;
use realmgate_platform::error::Error;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::{MissedTickBehavior, timeout};
use tracing::Instrument;

use super::carrier::{Carrier, NotSent};
use super::letter::Letterhead;
use crate::store::{DueMail, MailStore};

/// How often what is due is looked for; what is asked for here is sent at once.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How often those that wait are counted.
const COUNT_EVERY: Duration = Duration::from_secs(15);
/// How often mails whose links have ended are forgotten.
const SWEEP_EVERY: Duration = Duration::from_secs(10 * 60);
/// How many mails are sent at once: a mail server that takes its time holds up that many.
const AT_ONCE: usize = 8;
/// How long a mail may take to be sent.
const SEND_WITHIN: Duration = Duration::from_secs(60);
/// How long a mail is one sidecar's. Longer than it may take.
const LEASE_MS: u64 = 2 * 60 * 1_000;
/// The wait after the first failure; it doubles with each.
const FIRST_WAIT_MS: u64 = 30 * 1_000;
/// The longest wait.
const LONGEST_WAIT_MS: u64 = 60 * 60 * 1_000;
/// Random bytes of a link's token.
const TOKEN_BYTES: usize = 32;

/// The sending of mails.
pub struct Post {
    store: MailStore,
    carrier: Carrier,
    letterhead: Letterhead,
    clock: Clock,
    asked: Notify,
    free: Arc<Semaphore>,
}

impl Post {
    /// The sending of a realm's mails.
    pub(crate) fn new(carrier: Carrier, letterhead: Letterhead, store: MailStore, clock: Clock) -> Self {
        Self { store, carrier, letterhead, clock, asked: Notify::new(), free: Arc::new(Semaphore::new(AT_ONCE)) }
    }

    /// Something may be due now.
    pub fn look(&self) {
        self.asked.notify_one();
    }

    /// Sends what is due, until the shutdown. What is under way then is sent by whoever comes after the lease.
    pub fn start(self: Arc<Self>, background: &Background) {
        let post = self.clone();
        background.keep(SWEEP_EVERY, SWEEP_EVERY, "deleting expired mails failed", move || {
            let post = post.clone();
            async move { post.sweep().await }
        });
        let post = self.clone();
        background.keep(COUNT_EVERY, COUNT_EVERY, "counting waiting mails failed", move || {
            let post = post.clone();
            async move { post.count().await }
        });
        let own = background.clone();
        background.tasks.spawn(async move {
            let mut beats = tokio::time::interval(LOOK_EVERY);
            beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
            let mut is_failing = false;
            loop {
                tokio::select! {
                    () = own.shutdown.cancelled() => return,
                    _ = beats.tick() => {}
                    () = self.asked.notified() => {}
                }
                let sent = self.send_due(&own).await;
                match &sent {
                    Err(error) if !is_failing => tracing::error!(%error, "reading due mails failed"),
                    _ => {}
                }
                is_failing = sent.is_err();
            }
        });
    }

    /// Begins to send what is due, as far as there is room.
    async fn send_due(self: &Arc<Self>, background: &Background) -> sqlx::Result<()> {
        let most = self.free.available_permits();
        if most == 0 {
            return Ok(()); // the next one that is done looks again
        }
        for mail in self.store.take_due(most, self.clock.now_ms(), LEASE_MS).await? {
            // Only this loop takes permits, so there is one; without it, the mail would wait for the end of its lease.
            let Ok(permit) = self.free.clone().try_acquire_owned() else { return Ok(()) };
            let (post, shutdown) = (self.clone(), background.shutdown.clone());
            background.tasks.spawn(async move { shutdown.run_until_cancelled(post.send(mail, permit)).await });
        }
        Ok(())
    }

    async fn send(&self, mail: DueMail, permit: OwnedSemaphorePermit) {
        let span = tracing::debug_span!("mail", failed = tracing::field::Empty);
        let sent = self.try_send(&mail).instrument(span.clone()).await;
        span.record("failed", sent.is_err());
        drop(span);
        let again_at_ms = sent.is_err().then(|| self.clock.now_ms() + wait_ms(mail.tries));
        metrics::counter!("realmgate_mails_total", "result" => if sent.is_ok() { "sent" } else { "failed" })
            .increment(1);
        if let Err(error) = &sent {
            tracing::warn!(%error, mail = %mail.id, tries = mail.tries + 1, "sending a mail failed, retrying later");
        }
        if let Err(error) = self.store.settle(&mail, again_at_ms).await {
            tracing::error!(%error, mail = %mail.id, "saving the result of a mail failed, it may be sent twice");
        }
        drop(permit);
        self.look();
    }

    async fn try_send(&self, mail: &DueMail) -> anyhow::Result<()> {
        let token = match mail.kind.has_link() {
            true => {
                let mut bytes = [0; TOKEN_BYTES];
                getrandom::fill(&mut bytes).map_err(|error| anyhow::anyhow!("random bytes: {error}"))?;
                let token = URL_SAFE_NO_PAD.encode(bytes);
                self.store.add_link(&mail.id, &token).await?;
                token
            }
            false => String::new(),
        };
        let letter = self.letterhead.write(mail, &token, self.clock.now_ms())?;
        match timeout(SEND_WITHIN, self.carrier.carry(&mail.id, letter)).await {
            Ok(carried) => Ok(carried?),
            Err(_) => Err(NotSent::TooSlow.into()),
        }
    }

    async fn count(&self) -> Result<(), Error> {
        let waiting = self.store.count_waiting(self.clock.now_ms()).await?;
        metrics::gauge!("realmgate_mails_waiting").set(waiting as f64);
        Ok(())
    }

    async fn sweep(&self) -> Result<(), Error> {
        let lost = self.store.sweep(self.clock.now_ms()).await?;
        if lost > 0 {
            metrics::counter!("realmgate_mails_total", "result" => "given_up").increment(lost);
            tracing::error!(lost, "dropped mails whose links expired before delivery");
        }
        Ok(())
    }
}

/// How long to wait after a mail has failed that was tried so often before.
fn wait_ms(tries: u32) -> u64 {
    FIRST_WAIT_MS.saturating_mul(1 << tries.min(16)).min(LONGEST_WAIT_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_an_hour() {
        assert_eq!([0, 1, 6, 7, 1_000].map(wait_ms), [30_000, 60_000, 1_920_000, 3_600_000, 3_600_000]);
    }
}
