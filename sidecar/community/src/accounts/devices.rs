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
/// Generated names of four digits that are tried before one of six, and then how many of those.
const TRIES: u32 = 5;

impl LogIns {
    /// Logs in by a device, and makes an account for one that is new.
    ///
    /// # Errors
    /// 403 where this is switched off or the account waits to be activated, 400 for an id that is none, 429 for too many
    /// new accounts.
    pub async fn by_device(&self, source: Source, device: &str) -> Result<Grant, Refusal> {
        if !self.settings.device_login {
            return Err(Refusal::error(StatusCode::FORBIDDEN, "device-based authentication is disabled"));
        }
        if let Some(fault) = rules::device_id_fault(device) {
            let fields = Fields::from([("device_id", vec![fault])]);
            return Err(Refusal::with_details("unable to create device user", &fields));
        }
        let account = match self.store.find_device(device).await? {
            Some(account) => account,
            None => {
                self.limits.registration(source).await?;
                self.make(device).await?
            }
        };
        self.open(account).await
    }

    async fn make(&self, device: &str) -> Result<AccountId, Refusal> {
        for number in 0..2 * TRIES {
            let username = generated(if number < TRIES { 10_000 } else { 1_000_000 })?;
            let account = AccountId::from(Uuid::now_v7());
            let activated = !self.settings.require_activation;
            let new = NewDevice { account, device, username: &username, activated, at_ms: self.clock.now_ms() };
            if self.store.create_by_device(new).await? {
                metrics::counter!("realmgate_registrations_total").increment(1);
                tracing::info!(%account, "registered by a device");
                return Ok(account);
            }
            // Another call with the same id was quicker, or the name is taken.
            if let Some(account) = self.store.find_device(device).await? {
                return Ok(account);
            }
        }
        Err(Refusal::with_details(
            "unable to create device user",
            &Fields::from([("username", vec!["has already been taken"])]),
        ))
    }
}

/// A word and a number below `numbers`, with as many digits as those have.
fn generated(numbers: u32) -> Result<String, Refusal> {
    let random = getrandom::u64()
        .map_err(|error| realmgate_platform::error::Error::internal(anyhow::anyhow!("random bytes: {error}")))?;
    let word = WORDS[usize::try_from(random % 16).unwrap_or_default()];
    let digits = (numbers - 1).to_string().len();
    Ok(format!("{word}-{:0digits$}", (random >> 8) % u64::from(numbers)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_names_are_legal() {
        for (numbers, digits) in [(10_000, 4), (1_000_000, 6)] {
            for _ in 0..100 {
                let name = generated(numbers).unwrap();
                assert!(realmgate_platform::accounts::is_username(&name), "{name}");
                let (_, number) = name.split_once('-').unwrap();
                assert!(number.len() == digits && number.bytes().all(|byte| byte.is_ascii_digit()), "{name}");
            }
        }
    }
}
