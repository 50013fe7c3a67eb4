//! What mails say.

use realmgate_platform::theme::Texts;

use super::settings::MailConfig;
use super::source::{Content, Letter, Sender};
use crate::store::{DueMail, MailKind};

/// What all mails of a realm have in common.
pub(crate) struct Letterhead {
    /// The realm's name.
    realm: String,
    /// Whom mails are from.
    from: Sender,
    /// What links begin with.
    public_url: String,
    /// What stands before the text.
    greeting: String,
    /// What stands behind it.
    closing: String,
}

impl Letterhead {
    /// What the mails of a realm have in common. Links begin with `here` where the settings name nothing else.
    pub(crate) fn new(config: &MailConfig, realm: String, here: String, texts: &Texts) -> Self {
        let MailConfig { from, public_url, .. } = config;
        // Lines end as the text's own do.
        let lines = |text: &String| text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
        Self {
            realm,
            from: from.clone(),
            public_url: public_url.clone().unwrap_or(here),
            greeting: texts.mail_greeting.as_ref().map(|text| format!("{}\n\n", lines(text))).unwrap_or_default(),
            closing: texts
                .mail_closing
                .as_ref()
                .map(|text| format!("\n{}\n", lines(text).trim_end()))
                .unwrap_or_default(),
        }
    }

    /// Writes a mail. `token` opens its link, if it has one.
    pub(super) fn write(&self, mail: &DueMail, token: &str, at_ms: u64) -> anyhow::Result<Letter> {
        let realm = &self.realm;
        let link = format!("{}/account/link?token={token}", self.public_url);
        let forgot = format!("{}/account/forgot", self.public_url);
        let ignore = "If that was not you, ignore this mail: nothing happens without the link.";
        let (subject, text) = match mail.kind {
            MailKind::SignUp => (
                format!("Your account at {realm}"),
                format!(
                    "Somebody signed up at {realm} with this address. Confirm it within a day:\n\n{link}\n\n{ignore}\n"
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
                    "Somebody requested a new password for your account at {realm}. Choose it within an hour:\n\n{link}\n\n\
                     {ignore}\n"
                ),
            ),
            MailKind::Known => (
                format!("Your account at {realm}"),
                format!(
                    "Somebody wants to use this address at {realm}, where it already has an account. Log in with it. If you \
                     have forgotten the password, request a new one:\n\n{forgot}\n\nIf that was not you, ignore this mail.\n"
                ),
            ),
            MailKind::Changed => (
                format!("Your address at {realm}"),
                format!(
                    "Your account at {realm} has a new address. You cannot log in with this one any longer. If that was not you, \
                     contact the operators of {realm}.\n"
                ),
            ),
            MailKind::Password => (
                format!("Your password at {realm} was changed"),
                format!(
                    "The password of your account at {realm} was changed. All devices have been logged out and removed. Linked \
                     accounts at providers can still log in. If that was not you, choose a new password here:\n\n{forgot}\n"
                ),
            ),
            MailKind::Device | MailKind::Provider => (
                format!("Your account at {realm}"),
                format!(
                    "{} can now open your account at {realm}. If that was not you, choose a new password here, which removes \
                     devices, and unlink unknown providers in the game:\n\n{forgot}\n",
                    if mail.kind == MailKind::Device { "A device" } else { "An account at a provider" }
                ),
            ),
            MailKind::Deleted => (
                format!("Your account at {realm}"),
                format!(
                    "Your account at {realm} was deleted, with everything that belonged to it. If that was not you, contact the \
                     operators of {realm}.\n"
                ),
            ),
        };
        let text = format!("{}{text}{}", self.greeting, self.closing);
        let content = Content { id: &mail.id, to: mail.address.parse()?, subject: &subject, text: &text, at_ms };
        Ok(self.from.letter(content))
    }
}
