//! Where the parts of the client send their requests.

use realmgate_protocol::realm::ClientMessage;

use crate::net::{Link, Request};

/// Requests of a part of the client. Before the first call there is no network, and nobody to ask.
#[derive(Debug, Clone, Default)]
pub struct Requests(Option<Link>);

impl Requests {
    /// Requests over this link.
    pub fn over(link: &Link) -> Self {
        Self(Some(link.clone()))
    }

    /// Sends one. A failure to do so is an error on Godot's console: the game has asked too early, or for far too much.
    pub fn ask(&self, message: ClientMessage) {
        match &self.0 {
            None => godot::global::godot_error!("not in the world: nobody to ask"),
            Some(link) => {
                if let Err(failure) = link.send(Request::Ask(message)) {
                    godot::global::godot_error!("{}", failure.text);
                }
            }
        }
    }
}
