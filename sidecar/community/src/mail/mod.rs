//! Mails to players: what they say, and how they leave. What is due is in the database, so that nothing is lost when a mail
//! server is away or this process ends; nobody waits for a mail to be sent.

mod carrier;
mod letter;
mod post;
mod settings;
mod source;

pub use carrier::Carrier;
pub(crate) use letter::Letterhead;
pub use post::Post;
pub use settings::{MailConfig, MailSettings};
pub use source::Sender;
