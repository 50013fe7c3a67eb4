//! From an account at a provider to one of ours: found, linked, or made.

use axum::http::StatusCode;
use realmgate_platform::bans::Ban;
use realmgate_platform::clock::Clock;
use realmgate_platform::limits::Source;
use realmgate_protocol::ids::AccountId;
use serde_json::json;
use uuid::Uuid;

use super::identity::{Identity, Provider};
use super::outward::ProviderError;
use crate::accounts::LogIns;
use crate::accounts::devices::{TRIES, generated_after};
use crate::accounts::rules;
use crate::field_limits::size;
use crate::http::Refusal;
use crate::store::{AccountStore, Given, Linking, NewIdentity, ProviderId};

/// Allowed lengths of the word that a generated name begins with.
const WORD: std::ops::RangeInclusive<usize> = 3..=20;

/// Finds, links and makes accounts.
pub(super) struct Resolver<'a> {
    pub store: &'a AccountStore,
    pub log_ins: &'a LogIns,
    pub clock: &'a Clock,
    /// Whether the accounts of administrators are logged in to and linked. Not where somebody else may have led the user here.
    pub admits_administrators: bool,
}

/// Why nobody has logged in, or nothing is linked.
pub(super) enum Failure {
    /// The provider has not said who it is.
    Exchange(ProviderError),
    /// No account can be made.
    Create(&'static str),
    /// The account to link to is not there any more.
    Link(&'static str),
    /// It opens another account.
    Taken,
    /// The account waits to be activated.
    NotActivated,
    /// An administrator has banned the account.
    Banned(Ban),
    /// The account is an administrator's, and a game has begun the flow.
    Administrator,
    /// The user does not agree.
    Declined,
    /// It is not the player's business.
    Ours(Refusal),
}

impl Resolver<'_> {
    /// The account of somebody whom a provider knows: by the provider's id, else by an address that the provider says is theirs,
    /// else a new one.
    pub async fn account(&self, source: Source, provider: Provider, who: &Identity) -> Result<AccountId, Failure> {
        let id = ProviderId { provider: provider.name(), subject: &who.subject };
        let account = match self.store.find_identity(id).await? {
            Some(account) => account,
            None => self.link_or_make(source, id, who).await?,
        };
        let Some(profile) = self.store.profile(account).await? else { return Err(Failure::NotActivated) };
        match profile.ban {
            _ if profile.admin && !self.admits_administrators => Err(Failure::Administrator),
            _ if profile.activated => Ok(account),
            // The log-in lifts it.
            Some(ban) if ban.is_over(self.clock.now_ms()) => Ok(account),
            Some(ban) => Err(Failure::Banned(ban)),
            None => Err(Failure::NotActivated),
        }
    }

    async fn link_or_make(&self, source: Source, id: ProviderId<'_>, who: &Identity) -> Result<AccountId, Failure> {
        // One that the provider has not checked may be anybody's: what becomes of it would tell whether it has an account.
        let address = who.address.as_ref().filter(|address| address.is_verified);
        let address = address.and_then(|address| rules::address(&address.text, &self.log_ins.settings.limits));
        if let Some(text) = &address {
            if let Some(account) = self.store.link_by_address(text, id, self.clock.now_ms()).await? {
                tracing::info!(%account, provider = id.provider, "provider linked by a verified address");
                return Ok(account);
            }
            if self.store.find_address(text).await?.is_some() {
                // A call of the same player may have taken it since: its account is the one.
                if let Some(account) = self.store.find_identity(id).await? {
                    return Ok(account);
                }
                return Err(Failure::Create(
                    "This address belongs to another account. Log in to it, and link this provider there",
                ));
            }
        }
        self.log_ins.limits.registration(source).await.map_err(|error| Failure::Ours(error.into()))?;
        self.make(source, id, who, address.as_deref().unwrap_or_default()).await
    }

    async fn make(
        &self,
        source: Source,
        id: ProviderId<'_>,
        who: &Identity,
        address: &str,
    ) -> Result<AccountId, Failure> {
        let Given { display_name, picture } = self.given(who);
        let word = word_of(display_name);
        for number in 0..TRIES {
            let account = AccountId::from(Uuid::now_v7());
            let mut username = generated_after(word.as_deref(), number).map_err(Failure::Ours)?;
            if number == 0 {
                username = self.log_ins.before_register(username, display_name).await.map_err(Failure::Ours)?;
            }
            let activated = !self.log_ins.settings.require_activation;
            let new = NewIdentity {
                account,
                username: &username,
                display_name,
                picture,
                address,
                activated,
                from_this_machine: source.is_this_machine() && self.admits_administrators,
                at_ms: self.clock.now_ms(),
            };
            if self.store.create_by_identity(new, id).await? {
                metrics::counter!("realmgate_registrations_total").increment(1);
                tracing::info!(%account, provider = id.provider, "account registered with a provider");
                return Ok(account);
            }
            // Another call was quicker, or the name is taken.
            if let Some(account) = self.store.find_identity(id).await? {
                return Ok(account);
            }
        }
        Err(Failure::Create("Try again"))
    }

    /// What of an account at a provider goes into an account here, if the rules allow it.
    fn given<'w>(&self, who: &'w Identity) -> Given<'w> {
        let limits = &self.log_ins.settings.limits;
        let is_legal = |name: &&str| rules::display_name_fault(name, limits).is_none();
        let is_picture = |url: &&str| url.starts_with("https://") && url.len() <= size(limits.max_profile_url);
        Given {
            display_name: Some(who.name.trim()).filter(is_legal).unwrap_or_default(),
            picture: Some(who.picture.as_str()).filter(is_picture).unwrap_or_default(),
        }
    }

    /// Links to an account, whose token version was `version` when that began.
    pub async fn link(
        &self,
        provider: Provider,
        who: &Identity,
        (account, version): (AccountId, i64),
    ) -> Result<(), Failure> {
        if !self.admits_administrators && self.store.profile(account).await?.is_some_and(|profile| profile.admin) {
            return Err(Failure::Administrator);
        }
        let id = ProviderId { provider: provider.name(), subject: &who.subject };
        let given = self.given(who);
        match self.store.link_identity(account, version, id, given, self.clock.now_ms()).await? {
            Linking::Done => Ok(()),
            Linking::Taken => Err(Failure::Taken),
            Linking::Gone => Err(Failure::Link("The login that started this has ended")),
        }
    }
}

impl Failure {
    /// As programs know it.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Exchange(_) => "exchange_failed",
            Self::Create(_) => "create_failed",
            Self::Link(_) => "link_failed",
            Self::Taken => "provider_already_linked",
            Self::NotActivated => "account_not_activated",
            Self::Banned(_) => "account_banned",
            Self::Administrator => "administrator",
            Self::Declined => "access_denied",
            Self::Ours(_) => "server_error",
        }
    }

    /// How a sign-in has ended, for figures: `provider` where the provider has not said who it is.
    pub fn result(&self) -> &'static str {
        match self {
            Self::Exchange(_) => "provider",
            Self::Create(_)
            | Self::Link(_)
            | Self::Taken
            | Self::NotActivated
            | Self::Banned(_)
            | Self::Administrator
            | Self::Declined => "refused",
            Self::Ours(refusal) => refusal.result(),
        }
    }

    /// For people.
    pub fn text(&self) -> String {
        match self {
            Self::Exchange(error) => error.to_string(),
            Self::Create(text) | Self::Link(text) => (*text).to_owned(),
            Self::Taken => "This provider's account opens another account here".to_owned(),
            Self::NotActivated => "Your account is waiting to be activated by an administrator".to_owned(),
            Self::Banned(ban) => ban.text(),
            Self::Administrator => {
                "Administrators log in with a provider only on this server's pages, not from a game".to_owned()
            }
            Self::Declined => "You declined".to_owned(),
            Self::Ours(_) => "Try again later".to_owned(),
        }
    }

    /// As a call is refused.
    pub fn refusal(self) -> Refusal {
        let status = match &self {
            Self::Ours(_) | Self::Exchange(_) | Self::Create(_) | Self::Link(_) => StatusCode::BAD_REQUEST,
            Self::Taken => StatusCode::CONFLICT,
            Self::NotActivated | Self::Banned(_) | Self::Administrator | Self::Declined => StatusCode::FORBIDDEN,
        };
        let field =
            if matches!(self, Self::Taken | Self::NotActivated | Self::Banned(_)) { "message" } else { "details" };
        match self {
            Self::Ours(refusal) => refusal,
            other => Refusal::told(status, json!({"error": other.code(), field: other.text()})),
        }
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Self::Ours(error.into())
    }
}

/// What a generated name begins with: the letters of what somebody is called.
fn word_of(name: &str) -> Option<String> {
    let letters = name.chars().filter(char::is_ascii_alphanumeric).map(|char| char.to_ascii_lowercase());
    Some(letters.take(*WORD.end()).collect::<String>()).filter(|word| WORD.contains(&word.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_begin_with_what_somebody_is_called() {
        assert_eq!(word_of("Änn O'Hara").as_deref(), Some("nnohara"));
        assert_eq!(word_of(&"x".repeat(99)).map(|word| word.len()), Some(20));
        assert_eq!((word_of("李雷"), word_of("Al")), (None, None));
        let name = generated_after(word_of("Anna").as_deref(), TRIES).unwrap();
        assert!(
            name.starts_with("anna-") && rules::username_fault(&name, &crate::FieldLimits::default()).is_none(),
            "{name}"
        );
    }
}
