//! Registration, log-in, token refresh and log-out.

use std::sync::Arc;
use std::time::Duration;

use realmgate_platform::clock::Clock;
use realmgate_platform::error::{Error, ErrorCode};
use realmgate_platform::limits::{Limits, Source};
use realmgate_platform::passwords::Passwords;
use realmgate_platform::sessions::{Opening, Rotation, SessionStore};
use realmgate_platform::tokens::{self, Caller, Tokens};
use realmgate_protocol::ids::AccountId;
use secrecy::SecretString;
use tokio::task::JoinHandle;
use tokio_util::task::TaskTracker;
use tracing::Instrument;
use uuid::Uuid;

use super::world::{AccountLocks, Exits};
use crate::store::AccountStore;
use crate::store::accounts::NewAccount;

/// Allowed lengths of a user name, in characters.
pub const USERNAME_LENGTH: std::ops::RangeInclusive<usize> = 3..=64;
/// Shortest password, in characters.
pub const MIN_PASSWORD_CHARS: usize = 8;
/// Longest password, in characters.
pub const MAX_PASSWORD_CHARS: usize = 256;

/// The tokens of a client that has authenticated.
pub struct Grant {
    /// The access token, sent with every call.
    pub access_token: String,
    /// The account.
    pub account: AccountId,
    /// The refresh token, traded for the next pair.
    pub refresh_token: String,
    /// Lifetime of the access token, in seconds.
    pub expires_in: u64,
}

/// The user name as it is compared: `Ann` and `ann` are the same.
pub fn fold_username(username: &str) -> String {
    username.to_ascii_lowercase()
}

/// What is wrong with a new user name, if anything.
pub fn username_fault(username: &str) -> Option<&'static str> {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'@' | b'+');
    if !USERNAME_LENGTH.contains(&username.len()) {
        Some("must have 3 to 64 characters")
    } else if !username.bytes().all(legal) {
        Some("must contain only letters a to z, digits and _ - . @ +")
    } else {
        None
    }
}

/// What is wrong with a new password, if anything.
pub fn password_fault(password: &str) -> Option<&'static str> {
    let chars = password.chars().count();
    if chars < MIN_PASSWORD_CHARS {
        Some("must have at least 8 characters")
    } else if chars > MAX_PASSWORD_CHARS {
        Some("must have at most 256 characters")
    } else {
        None
    }
}

/// Accounts and their log-ins.
pub struct Accounts {
    pub(crate) store: AccountStore,
    pub(crate) log_ins: SessionStore,
    pub(crate) passwords: Arc<Passwords>,
    pub(crate) limits: Arc<Limits>,
    pub(crate) tokens: Arc<Tokens>,
    /// The locks of accounts, which wait for log-ins.
    pub(crate) locks: Arc<AccountLocks>,
    /// The way out of the world, for players whose log-in ends.
    pub(crate) exits: Arc<Exits>,
    pub(crate) clock: Clock,
    /// Whether new accounts wait until an administrator activates them.
    pub(crate) require_activation: bool,
    /// How long a log-out waits for its player to leave the world.
    pub(crate) handover_wait: Duration,
    /// Log-ins that are being ended.
    pub(crate) tasks: TaskTracker,
}

impl Accounts {
    /// Creates an account and logs it in. The caller has checked both texts with [`username_fault`] and
    /// [`password_fault`].
    ///
    /// # Errors
    /// `USERNAME_TAKEN`; `RATE_LIMITED` for too many registrations or waiting log-ins; `OVERLOADED` when the queue for
    /// password hashes is full; others when hashing fails or the database cannot be asked.
    pub async fn register(&self, source: Source, username: &str, password: SecretString) -> Result<Grant, Error> {
        self.limits.registration(source).await?;
        let folded = fold_username(username);
        // Checked first, so that a taken name does not cost a hash. The insert below decides.
        if self.store.find_password(&folded).await?.is_some() {
            return Err(ErrorCode::UsernameTaken.into());
        }
        let password_hash = self.passwords.turn(source, &folded).await?.hash(password).await?;
        let id = AccountId::from(Uuid::now_v7());
        let account = NewAccount {
            id,
            folded: &folded,
            username,
            password_hash: &password_hash,
            activated: !self.require_activation,
            from_this_machine: source.is_this_machine(),
            at_ms: self.clock.now_ms(),
        };
        if !self.store.create_with_password(account).await? {
            return Err(ErrorCode::UsernameTaken.into());
        }
        metrics::counter!("realmgate_registrations_total").increment(1);
        tracing::info!(account = %id, "registered");
        self.open_session(id, 0).await
    }

    /// Logs in by password. Takes the same time whether the user exists or not.
    ///
    /// # Errors
    /// `INVALID_CREDENTIALS`; `RATE_LIMITED` for too many calls, failures or log-ins; `OVERLOADED` when the queue for
    /// password hashes is full; others when the stored hash cannot be checked or the database cannot be asked.
    pub async fn login(&self, source: Source, username: &str, password: SecretString) -> Result<Grant, Error> {
        // A right password costs a hash too, and a row.
        self.limits.anonymous_call(source).await?;
        let folded = fold_username(username);
        self.may_try(source, &folded).await?;
        let turn = self.passwords.turn(source, &folded).await?;
        // Checked again now that it is our turn: guesses that are sent all at once do not pass the limit together.
        self.may_try(source, &folded).await?;

        // No name has control characters, and PostgreSQL takes no text with a zero byte.
        let row = match folded.contains(char::is_control) {
            true => None,
            false => self.store.find_password(&folded).await?,
        };
        let hash = row.as_ref().map(|row| row.password_hash.clone());
        let checked = turn.verify(password, hash).await?;
        match row.filter(|_| checked.fits) {
            Some(row) => {
                self.limits.log_ins.record(&folded).await;
                if let Some(renewed) = checked.renewed {
                    self.store.renew_password(&folded, &row.password_hash, &renewed).await?;
                    tracing::info!(account = %row.account, "password hash renewed");
                }
                metrics::counter!("realmgate_logins_total", "kind" => "name", "result" => "ok").increment(1);
                self.open_session(row.account, row.token_version).await
            }
            None => {
                self.limits.failures.record(&folded, source).await;
                metrics::counter!("realmgate_logins_total", "kind" => "name", "result" => "failed").increment(1);
                Err(ErrorCode::InvalidCredentials.into())
            }
        }
    }

    /// Checks the rate limits of failed and successful log-ins, before a password is hashed.
    async fn may_try(&self, source: Source, folded: &str) -> Result<(), Error> {
        self.limits.failures.check(folded, source).await?;
        self.limits.log_ins.check(folded).await
    }

    /// Trades a refresh token for a new pair (refresh token rotation), and has the gateways wait for the log-in again. A token
    /// that comes again within [`TRADED_AGAIN_MS`](realmgate_platform::sessions::TRADED_AGAIN_MS) gets the same next one; later it was
    /// copied: its whole family is revoked, and the log-in ends.
    ///
    /// # Errors
    /// `INVALID_REFRESH_TOKEN` when the token is unknown, expired or used; others when the database cannot be asked.
    pub async fn refresh(&self, refresh_token: &str) -> Result<Grant, Error> {
        let next = self.tokens.next_refresh(refresh_token);
        let used = tokens::hash_refresh(refresh_token);
        let family = self.tokens.family(refresh_token);
        match self.log_ins.rotate(&used, family, next.row()).await? {
            Rotation::Rotated { session, account, token_version } => {
                if let Err(error) = self.locks.refreshed(account, session).await {
                    // The old token is spent: the client gets the new one, whatever else fails.
                    tracing::error!(%error, %account, "cannot make the gateways wait for a refreshed login");
                }
                let (access_token, expires_in) = self.tokens.mint_access(account, session, token_version)?;
                Ok(Grant { access_token, account, refresh_token: self.tokens.seal_refresh(&next, session), expires_in })
            }
            Rotation::Reused { session, account } => {
                metrics::counter!("realmgate_refresh_reuse_total").increment(1);
                tracing::warn!(%session, "refresh token reused: ending its login");
                // The caller need not wait until a player has left the world.
                drop(self.end_session(account, session));
                Err(ErrorCode::InvalidRefreshToken.into())
            }
            Rotation::Dead => Err(ErrorCode::InvalidRefreshToken.into()),
        }
    }

    /// Has the gateways wait on for a log-in whose user makes calls and has not opened a socket yet.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn keep_waiting(&self, caller: &Caller) -> Result<(), Error> {
        self.locks.called(caller.account, caller.session).await
    }

    /// Ends the log-in, and takes its player out of the world. That is completed even if the client does not wait for
    /// it.
    ///
    /// # Errors
    /// When the database cannot be asked, or the player could not be taken out of the world.
    pub async fn logout(&self, caller: &Caller) -> Result<(), Error> {
        let ending = self.end_session(caller.account, caller.session);
        match tokio::time::timeout(self.handover_wait, ending).await {
            Ok(ended) => ended.map_err(Error::internal)?,
            // The log-in has ended. Its player waits behind an entry of the account, or for the end of a fight, and
            // leaves then.
            Err(_) => Ok(()),
        }
    }

    /// Ends a log-in for good, with all that depends on it: tokens, sockets at every sidecar, its part of the account's
    /// lock, and the player that it brought into the world. Everything that ends a log-in calls this. It completes even
    /// if nobody waits for the handle.
    pub fn end_session(&self, account: AccountId, session: Uuid) -> JoinHandle<Result<(), Error>> {
        let ending = {
            let (log_ins, exits, now_ms) = (self.log_ins.clone(), self.exits.clone(), self.clock.now_ms());
            async move {
                log_ins.end(session, now_ms).await?;
                exits.log_out(account, session).await.inspect_err(|error| {
                    tracing::error!(%error, %account, "login revoked, but cleanup failed");
                })
            }
        };
        self.tasks.spawn(ending.in_current_span())
    }

    async fn open_session(&self, account: AccountId, token_version: i64) -> Result<Grant, Error> {
        let session = Uuid::now_v7();
        let refresh = self.tokens.mint_refresh()?;
        let ended = match self.log_ins.open(session, account, refresh.row()).await? {
            Opening::Opened(ended) => ended,
            Opening::NotActivated => {
                return Err(Error::new(
                    ErrorCode::Forbidden,
                    "Your account is waiting to be activated by an administrator",
                ));
            }
            Opening::Banned(ban) => return Err(Error::new(ErrorCode::Forbidden, ban.text())),
        };
        for oldest in ended {
            tracing::info!(%account, session = %oldest, "ending the oldest login: the account has too many");
            drop(self.end_session(account, oldest));
        }
        self.locks.logged_in(account, session).await?;
        let (access_token, expires_in) = self.tokens.mint_access(account, session, token_version)?;
        Ok(Grant { access_token, account, refresh_token: self.tokens.seal_refresh(&refresh, session), expires_in })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_names_are_plain() {
        for good in ["ann", "Ann_1", "ann@example.org", "x-y.z", "ann+bob", &"x".repeat(64)] {
            assert_eq!(username_fault(good), None, "{good}");
        }
        for bad in ["", "ab", &"x".repeat(65)] {
            assert_eq!(username_fault(bad), Some("must have 3 to 64 characters"), "{bad:?}");
        }
        for bad in ["with space", "änn", "a\nb c"] {
            assert_eq!(username_fault(bad), Some("must contain only letters a to z, digits and _ - . @ +"), "{bad:?}");
        }
        let plain = (0..=127u8).map(char::from).filter(|symbol| username_fault(&format!("ab{symbol}")).is_none());
        let plain: String = plain.collect();
        assert_eq!(plain, "+-.0123456789@ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz");
        assert_eq!([fold_username("Ann"), fold_username("aNN")], ["ann", "ann"]);
    }

    #[test]
    fn passwords_are_neither_short_nor_endless() {
        let (short, endless) = (Some("must have at least 8 characters"), Some("must have at most 256 characters"));
        for symbol in ["x", "ä"] {
            let fault = |length| password_fault(&symbol.repeat(length));
            assert_eq!([0, 7, 8, 256, 257].map(fault), [short, short, None, None, endless], "{symbol}");
        }
    }
}
