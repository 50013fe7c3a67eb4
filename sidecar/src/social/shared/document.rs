//! The form of a party in Redis.

use realmgate_platform::error::Error;
use serde::{Deserialize, Serialize};

use crate::social::parties::{Invited, Member, Party, Person};

#[derive(Serialize, Deserialize)]
pub(super) struct Document {
    members: Vec<DocumentedMember>,
    invited: Vec<String>,
    /// When each was invited, in Unix milliseconds; empty if an older sidecar wrote it.
    #[serde(default)]
    asked_at_ms: Vec<u64>,
}

#[derive(Serialize, Deserialize)]
struct DocumentedMember {
    id: String,
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    away_since_ms: Option<u64>,
}

impl Document {
    /// The document of a party.
    pub(super) fn write(party: &Party) -> Result<String, Error> {
        let members = party.members.iter().map(|member| DocumentedMember {
            id: member.person.id.to_string(),
            name: member.person.name.clone(),
            away_since_ms: member.away_since_ms,
        });
        let invited = party.invited.iter().map(|invited| invited.id.to_string()).collect();
        let asked_at_ms = party.invited.iter().map(|invited| invited.asked_at_ms).collect();
        let document = Self { members: members.collect(), invited, asked_at_ms };
        serde_json::to_string(&document).map_err(Error::internal)
    }

    /// The party of a document.
    pub(super) fn read(text: &str) -> Option<Party> {
        let read = serde_json::from_str::<Self>(text).map_err(|error| error.to_string());
        let party = read.and_then(|document| document.party().ok_or_else(|| "invalid id".to_owned()));
        party.inspect_err(|error| tracing::warn!(error, "cannot parse a party in Redis")).ok()
    }

    fn party(self) -> Option<Party> {
        let member = |member: DocumentedMember| {
            let person = Person { id: member.id.parse().ok()?, name: member.name };
            Some(Member { person, away_since_ms: member.away_since_ms })
        };
        let members = self.members.into_iter().map(member).collect::<Option<_>>()?;
        let asked_at_ms = self.asked_at_ms.into_iter().chain(std::iter::repeat(0));
        let invited = self.invited.into_iter().zip(asked_at_ms);
        let invited = invited.map(|(id, asked_at_ms)| Some(Invited { id: id.parse().ok()?, asked_at_ms }));
        let invited = invited.collect::<Option<_>>()?;
        Some(Party { members, invited })
    }
}
