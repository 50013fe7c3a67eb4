//! What sockets join, and its names, as in `lobby:ID`.

use std::fmt;
use std::str::FromStr;

use realmgate_protocol::ids::AccountId;
use uuid::Uuid;

/// Something that sockets join to be told of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// An account, for its owner alone.
    User(AccountId),
    /// A lobby, for its members and for those who watch it.
    Lobby(Uuid),
    /// The list of lobbies, for everybody.
    Lobbies,
    /// The chat of a map, for everybody.
    Map(u16),
}

/// Why a text is no topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoTopic {
    /// There is no such kind.
    Unknown,
    /// The kind is there, and its id is none.
    BadId,
    /// The same of a lobby.
    BadLobby,
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(account) => write!(f, "user:{account}"),
            Self::Lobby(lobby) => write!(f, "lobby:{lobby}"),
            Self::Lobbies => f.write_str("lobbies"),
            Self::Map(map) => write!(f, "map:{map}"),
        }
    }
}

impl FromStr for Topic {
    type Err = NoTopic;

    fn from_str(text: &str) -> Result<Self, NoTopic> {
        match text.split_once(':') {
            None if text == "lobbies" => Ok(Self::Lobbies),
            Some(("user", id)) => {
                let topic = Self::User(id.parse().map_err(|_| NoTopic::BadId)?);
                // Events name it in one way: who wrote it in another would not know them for theirs.
                if topic.to_string() == text { Ok(topic) } else { Err(NoTopic::BadId) }
            }
            Some(("lobby", id)) => {
                let topic = Self::Lobby(id.parse().map_err(|_| NoTopic::BadLobby)?);
                if topic.to_string() == text { Ok(topic) } else { Err(NoTopic::BadLobby) }
            }
            Some(("map", id)) => {
                let topic = Self::Map(id.parse().map_err(|_| NoTopic::BadId)?);
                if topic.to_string() == text { Ok(topic) } else { Err(NoTopic::BadId) }
            }
            _ => Err(NoTopic::Unknown),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_is_written_in_one_way() {
        let user = "user:0198a6e2-0000-7000-8000-00000000000a";
        let lobby = user.replace("user", "lobby");
        for text in [user, &lobby, "lobbies", "map:7", "map:65535"] {
            assert_eq!(text.parse::<Topic>().map(|topic| topic.to_string()), Ok(text.to_owned()));
        }
        for (text, fault) in [
            (user.to_uppercase().replace("USER", "user").as_str(), NoTopic::BadId),
            ("user:0198a6e20000700080000000000000aa", NoTopic::BadId),
            (lobby.replace('-', "").as_str(), NoTopic::BadLobby),
            ("lobby:", NoTopic::BadLobby),
            ("user:", NoTopic::BadId),
            ("user:me", NoTopic::BadId),
            ("user", NoTopic::Unknown),
            ("lobbies:", NoTopic::Unknown),
            ("", NoTopic::Unknown),
            ("party:x", NoTopic::Unknown),
            ("map:", NoTopic::BadId),
            ("map:07", NoTopic::BadId),
            ("map:+7", NoTopic::BadId),
            ("map:65536", NoTopic::BadId),
        ] {
            assert_eq!(text.parse::<Topic>(), Err(fault), "{text}");
        }
    }
}
