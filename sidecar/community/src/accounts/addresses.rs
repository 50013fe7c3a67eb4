//! Addresses of accounts, and what goes by mail: sign-up, another address, another password.
//!
//! Nobody learns here whether an address has an account. Whatever is asked for is answered alike and costs the same; only
//! who reads the mails of the address is told. So an account is made when its address is confirmed, and its password is chosen
//! then: nobody can take an address that is not theirs, nor leave a password where its owner will sign up.

use std::sync::Arc;

use axum::http::StatusCode;
use realmgate_platform::clock::Clock;
use realmgate_platform::error::Error;
use realmgate_platform::limits::Source;
use realmgate_platform::tokens::Caller;
use realmgate_protocol::ids::AccountId;
use secrecy::SecretString;
use uuid::Uuid;

use super::devices::{TRIES, generated};
use super::log_ins::LogIns;
use super::rules;
use crate::field_limits::FieldLimits;
use crate::http::{Fields, Refusal};
use crate::mail::Post;
use crate::store::{Link, MailKind, MailStore, NewMail, NewSignUp, Noted, Used};

/// Mails of one kind that an address gets within an hour. Kinds are counted apart: sign-ups with somebody's address
/// do not keep its owner from a new password.
const MAILS_PER_HOUR: u32 = 5;
const HOUR_MS: u64 = 60 * 60 * 1_000;
/// How long a link lives that confirms an address.
const CONFIRM_WITHIN_MS: u64 = 24 * HOUR_MS;
/// How long a link lives that sets a password.
const RESET_WITHIN_MS: u64 = HOUR_MS;

/// Addresses, and the links in mails to them.
pub struct Addresses {
    pub(crate) log_ins: Arc<LogIns>,
    pub(crate) mails: MailStore,
    pub(crate) post: Arc<Post>,
    pub(crate) clock: Clock,
}

impl Addresses {
    /// Writes to an address from which an account may be made.
    ///
    /// # Errors
    /// 400 for a text that is no address, 429 for too many mails of this source.
    pub async fn sign_up(&self, source: Source, address: &str) -> Result<(), Refusal> {
        let address = legal(address, &self.log_ins.settings.limits)?;
        self.log_ins.limits.mail(source).await?;
        let known = self.log_ins.store.find_address(&address).await?;
        let mail = match known {
            Some((account, _)) => NewMail { account: Some(account), ..self.mail(MailKind::Known, &address) },
            None => self.mail(MailKind::SignUp, &address),
        };
        self.ask(mail).await
    }

    /// Writes to an address, if it has an account, how to set another password.
    ///
    /// # Errors
    /// 400 for a text that is no address, 429 for too many mails of this source.
    pub async fn ask_reset(&self, source: Source, address: &str) -> Result<(), Refusal> {
        let address = legal(address, &self.log_ins.settings.limits)?;
        self.log_ins.limits.mail(source).await?;
        let known = self.log_ins.store.find_address(&address).await?;
        let token_version = known.map_or(0, |(_, version)| version);
        let account = known.map(|(account, _)| account);
        let mail = self.mail(MailKind::Reset, &address);
        self.ask(NewMail { account, token_version, is_sent: account.is_some(), lives_ms: RESET_WITHIN_MS, ..mail })
            .await
    }

    /// Writes to an address that is to be the account's. An account without a password gets `password` with it; any other has
    /// to show its own.
    ///
    /// # Errors
    /// 400 for an address or a password that is not legal, 401 for a wrong current password, 403 for an old log-in of an account without
    /// one, 429 for too many mails or tries.
    pub async fn change(
        &self,
        source: Source,
        caller: &Caller,
        address: &str,
        current: Option<String>,
        password: Option<String>,
    ) -> Result<(), Refusal> {
        let account = caller.account;
        let address = legal(address, &self.log_ins.settings.limits)?;
        let secret = match self.log_ins.store.password_name(account).await? {
            Some(name) => {
                self.log_ins.limits.mail(source).await?;
                self.log_ins.prove(source, account, &name, current).await?;
                String::new()
            }
            None => {
                let password = password.ok_or_else(|| invalid("password", "can't be blank"))?;
                legal_password(&password)?;
                self.log_ins.prove_fresh(source, caller, None).await?;
                self.paid_hash(source, &address, password).await?
            }
        };
        let owner = self.log_ins.store.find_address(&address).await?.map(|(owner, _)| owner);
        if owner == Some(account) {
            return Err(invalid("email", "did not change"));
        }
        let version = self.log_ins.store.token_version(account).await?.ok_or_else(gone)?;
        let mail = match owner {
            Some(_) => NewMail { account: owner, ..self.mail(MailKind::Known, &address) },
            None => {
                let mail = self.mail(MailKind::Address, &address);
                NewMail { account: Some(account), token_version: version, secret: &secret, ..mail }
            }
        };
        self.ask(mail).await
    }

    /// What a link is for; `None` for one that was used, has ended or never was.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn link(&self, token: &str) -> Result<Option<Link>, Refusal> {
        Ok(self.mails.link(token, self.clock.now_ms()).await?)
    }

    /// Uses a link that confirms an address: makes its account with this password, or gives the address to the account that asked.
    ///
    /// # Errors
    /// 400 for a link that does not work any more, or a new account's password that is not legal.
    pub async fn confirm(&self, source: Source, token: &str, password: Option<String>) -> Result<(), Refusal> {
        let link = self.link(token).await?.ok_or_else(gone)?;
        let used = match link.kind {
            MailKind::SignUp => {
                let password = password.ok_or_else(|| invalid("password", "can't be blank"))?;
                legal_password(&password)?;
                let hash = self.log_ins.passwords.turn(source, &link.address).await?.hash(password.into()).await?;
                self.make(source, &link.with_password(hash)).await?
            }
            MailKind::Address => self.mails.set_address(&link, self.clock.now_ms()).await?,
            _ => Used::Gone,
        };
        self.finish(used).await
    }

    /// Uses a link that sets a password; every log-in of the account ends.
    ///
    /// # Errors
    /// 400 for a link that does not work any more, or a password that is not legal.
    pub async fn reset(&self, source: Source, token: &str, password: String) -> Result<(), Refusal> {
        legal_password(&password)?;
        let link = self.link(token).await?.filter(|link| link.kind == MailKind::Reset).ok_or_else(gone)?;
        let hash = self.log_ins.passwords.turn(source, &link.address).await?.hash(password.into()).await?;
        let used = self.mails.reset_password(&link, &hash, self.clock.now_ms()).await?;
        self.finish(used).await
    }

    async fn make(&self, source: Source, link: &Link) -> Result<Used, Refusal> {
        let activated = !self.log_ins.settings.require_activation;
        for number in 0..TRIES {
            let mut username = generated(number)?;
            if number == 0 {
                username = self.log_ins.before_register(username, "").await?;
            }
            let (from_this_machine, at_ms) = (source.is_this_machine(), self.clock.now_ms());
            let new = NewSignUp { username: &username, activated, from_this_machine, at_ms };
            match self.mails.sign_up(link, new).await? {
                Used::NameTaken => {}
                used => {
                    if let Used::Done(account, _) = &used {
                        metrics::counter!("realmgate_registrations_total").increment(1);
                        tracing::info!(%account, "account registered with an address");
                    }
                    return Ok(used);
                }
            }
        }
        Err(Error::internal(anyhow::anyhow!("every generated name is taken")).into())
    }

    /// Tells what a link has done.
    async fn finish(&self, used: Used) -> Result<(), Refusal> {
        let Used::Done(account, ended) = used else { return Err(gone()) };
        self.log_ins.events.changed(account);
        self.post.look(); // an earlier address is told
        self.tell_ended(account, ended).await
    }

    async fn tell_ended(&self, account: AccountId, ended: Vec<Uuid>) -> Result<(), Refusal> {
        if ended.is_empty() { Ok(()) } else { Ok(self.log_ins.world.log_out(account, ended).await?) }
    }

    /// Hashes a password for whoever may cause a mail.
    async fn paid_hash(&self, source: Source, address: &str, password: String) -> Result<String, Refusal> {
        self.log_ins.limits.mail(source).await?;
        Ok(self.log_ins.passwords.turn(source, address).await?.hash(SecretString::from(password)).await?)
    }

    fn mail<'a>(&self, kind: MailKind, address: &'a str) -> NewMail<'a> {
        NewMail {
            kind,
            address,
            account: None,
            token_version: 0,
            secret: "",
            is_sent: true,
            at_ms: self.clock.now_ms(),
            lives_ms: CONFIRM_WITHIN_MS,
        }
    }

    async fn ask(&self, mail: NewMail<'_>) -> Result<(), Refusal> {
        match self.mails.ask(&mail, MAILS_PER_HOUR).await? {
            Noted::Done => {
                self.post.look();
                Ok(())
            }
            // A refusal would tell a stranger what the address has been sent.
            Noted::TooMany(_) if mail.kind != MailKind::Address => Ok(()),
            Noted::TooMany(oldest_ms_ago) => {
                Err(Error::rate_limited(HOUR_MS.saturating_sub(oldest_ms_ago) / 1_000 + 1).into())
            }
        }
    }
}

fn legal(text: &str, limits: &FieldLimits) -> Result<String, Refusal> {
    rules::address(text, limits).ok_or_else(|| invalid("email", "must have the @ sign and no spaces"))
}

fn legal_password(password: &str) -> Result<(), Refusal> {
    rules::password_fault(password).map_or(Ok(()), |fault| Err(invalid("password", fault)))
}

fn invalid(field: &'static str, fault: &'static str) -> Refusal {
    Refusal::invalid_data(&Fields::from([(field, vec![fault.into()])]))
}

fn gone() -> Refusal {
    Refusal::explained(StatusCode::BAD_REQUEST, "invalid_token", "This link has been used or has expired")
}
