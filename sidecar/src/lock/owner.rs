//! The owner of a lock, and how the store writes it.

use std::fmt;
use std::str::FromStr;

use realmgate_protocol::ids::ServerId;

/// The owner of a character's lock, who may change the character.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum CharacterOwner {
    /// Nobody: it is in no world.
    None,
    /// A gateway, while it brings the character into a world or from one to another.
    Gateway(String),
    /// The map server it plays on.
    Map(ServerId),
}

/// The text that is not an owner.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected 'none', 'gateway:<id>' or 'map:<server id>' as the owner of a lock, not {0:?}")]
pub struct BadOwner(pub String);

impl CharacterOwner {
    /// The map server's id, if the owner is one.
    pub fn map_server(&self) -> Option<&ServerId> {
        match self {
            Self::Map(server) => Some(server),
            Self::None | Self::Gateway(_) => None,
        }
    }

    /// The kind of owner, for metrics.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Gateway(_) => "gateway",
            Self::Map(_) => "map",
        }
    }
}

impl fmt::Display for CharacterOwner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Gateway(id) => write!(f, "gateway:{id}"),
            Self::Map(server) => write!(f, "map:{server}"),
        }
    }
}

impl FromStr for CharacterOwner {
    type Err = BadOwner;

    fn from_str(text: &str) -> Result<Self, BadOwner> {
        let bad = || BadOwner(text.to_owned());
        match text.split_once(':') {
            None if text == "none" => Ok(Self::None),
            Some(("gateway", id)) if !id.is_empty() => Ok(Self::Gateway(id.to_owned())),
            Some(("map", server)) => server.parse().map(Self::Map).map_err(|_| bad()),
            _ => Err(bad()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owners_are_read_as_they_are_written() {
        for text in ["none", "gateway:gateway-1", "map:map-server-1"] {
            assert_eq!(text.parse::<CharacterOwner>().unwrap().to_string(), text);
        }
        for bad in ["", "nobody", "gateway:", "map:", "map:with space"] {
            assert_eq!(bad.parse::<CharacterOwner>(), Err(BadOwner(bad.to_owned())));
        }
    }
}
