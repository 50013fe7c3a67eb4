//! What mails say.

use super::source::{Content, Letter, Sender};
use crate::store::{DueMail, MailKind};

/// What all mails of a realm have in common.
pub(super) struct Letterhead {
    /// The realm's name.
    pub realm: String,
    /// Whom mails are from.
    pub from: Sender,
    /// What links begin with.
    pub public_url: String,
}

impl Letterhead {
    /// Writes a mail. `token` opens its link, if it has one.
    pub(super) fn write(&self, mail: &DueMail, token: &str, at_ms: u64) -> anyhow::Result<Letter> {
        let realm = &self.realm;
        let link = format!("{}/account/link?token={token}", self.public_url);
        let forgot = format!("{}/account/forgot", self.public_url);
        let ignore = "If that was not you, there is nothing to do: without the link nothing happens.";
        let (subject, text) = match mail.kind {
            MailKind::SignUp => (
                format!("Your account at {realm}"),
                format!(
                    "Somebody has signed up at {realm} with this address. Confirm it within a day:\n\n{link}\n\n{ignore}\n"
                ),
            ),
            MailKind::Address => (
                format!("Your address at {realm}"),
                format!(
                    "Somebody wants to use this address for an account at {realm}. Confirm it within a day:\n\n{link}\n\n\
                     {ignore}\n"
                ),
            ),
            MailKind::Reset => (
                format!("A new password at {realm}"),
                format!(
                    "Somebody has asked for a new password of your account at {realm}. Choose it within an hour:\n\n{link}\n\n\
                     {ignore}\n"
                ),
            ),
            MailKind::Known => (
                format!("Your account at {realm}"),
                format!(
                    "Somebody wants to use this address at {realm}, where it has an account already. Log in with it; if you do \
                     not know the password any more, ask for a new one:\n\n{forgot}\n\nIf that was not you, there is nothing to do.\n"
                ),
            ),
            MailKind::Changed => (
                format!("Your address at {realm}"),
                format!(
                    "Your account at {realm} has another address now, and this one opens it no more. If that was not you, \
                     tell those who run {realm}.\n"
                ),
            ),
        };
        let content = Content { id: &mail.id, to: mail.address.parse()?, subject: &subject, text: &text, at_ms };
        Ok(self.from.letter(content))
    }
}
