//! Log-ins by a device: whoever knows its id has the account, which is made with the first one.

use axum::http::StatusCode;
use realmgate_platform::limits::Source;
use realmgate_protocol::ids::AccountId;
use uuid::Uuid;

use super::log_ins::{Grant, LogIns};
use super::rules;
use crate::http::{Fields, Refusal};
use crate::store::NewDevice;

/// What generated names begin with.
const WORDS: [&str; 16] = [
    "badger", "falcon", "heron", "lynx", "marten", "otter", "raven", "stoat", "swift", "tern", "viper", "weasel",
    "wolf", "bison", "crane", "finch",
];
/// Generated names that are tried: half of them of four digits, then of six.
pub(crate) const TRIES: u32 = 10;

impl LogIns {
    /// Logs in by a device, and makes an account for one that is new.
    ///
    /// # Errors
    /// 403 where this is switched off or the account waits to be activated, 400 for an id that is none, 429 for too many
    /// new accounts.
    pub async fn by_device(&self, source: Source, device: &str) -> Result<Grant, Refusal> {
        let logged_in = self.try_device(source, device).await;
        let result = logged_in.as_ref().map_or_else(Refusal::result, |_| "ok");
        metrics::counter!("realmgate_logins_total", "kind" => "device", "result" => result).increment(1);
        logged_in
    }

    async fn try_device(&self, source: Source, device: &str) -> Result<Grant, Refusal> {
        if !self.settings.device_login {
            return Err(Refusal::error(StatusCode::FORBIDDEN, "device-based authentication is disabled"));
        }
        if let Some(fault) = rules::device_id_fault(device, &self.settings.limits) {
            let fields = Fields::from([("device_id", vec![fault])]);
            return Err(Refusal::with_details("unable to create device user", &fields));
        }
        let account = match self.store.find_device(device).await? {
            Some(account) => account,
            None => {
                self.limits.registration(source).await?;
                self.make(source, device).await?
            }
        };
        self.open(account).await
    }

    async fn make(&self, source: Source, device: &str) -> Result<AccountId, Refusal> {
        for number in 0..TRIES {
            let mut username = generated(number)?;
            // Once: where its name is taken, the account is called as we say.
            if number == 0 {
                username = self.before_register(username, "").await?;
            }
            let account = AccountId::from(Uuid::now_v7());
            let activated = !self.settings.require_activation;
            let (from_this_machine, at_ms) = (source.is_this_machine(), self.clock.now_ms());
            let new = NewDevice { account, device, username: &username, activated, from_this_machine, at_ms };
            if self.store.create_by_device(new).await? {
                metrics::counter!("realmgate_registrations_total").increment(1);
                tracing::info!(%account, "account registered with a device");
                return Ok(account);
            }
            // Another call with the same id was quicker, or the name is taken.
            if let Some(account) = self.store.find_device(device).await? {
                return Ok(account);
            }
        }
        Err(Refusal::with_details(
            "unable to create device user",
            &Fields::from([("username", vec!["has already been taken".into()])]),
        ))
    }
}

/// A name for the try of a number: a word and four digits, later six.
pub(crate) fn generated(number: u32) -> Result<String, Refusal> {
    generated_after(None, number)
}

/// The same after a word of the caller's.
pub(crate) fn generated_after(word: Option<&str>, number: u32) -> Result<String, Refusal> {
    let random = getrandom::u64()
        .map_err(|error| realmgate_platform::error::Error::internal(anyhow::anyhow!("random bytes: {error}")))?;
    let word = word.unwrap_or(WORDS[usize::try_from(random % 16).unwrap_or_default()]);
    let (digits, numbers) = if number < TRIES / 2 { (4, 10_000) } else { (6, 1_000_000) };
    Ok(format!("{word}-{:0digits$}", (random >> 8) % numbers))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field_limits::FieldLimits;

    #[test]
    fn generated_names_are_legal() {
        for (number, digits) in [(0, 4), (TRIES - 1, 6)] {
            for _ in 0..100 {
                let name = generated(number).unwrap();
                assert!(rules::username_fault(&name, &FieldLimits::default()).is_none(), "{name}");
                let (_, number) = name.split_once('-').unwrap();
                assert!(number.len() == digits && number.bytes().all(|byte| byte.is_ascii_digit()), "{name}");
            }
        }
    }
}
