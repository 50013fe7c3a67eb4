//! Boards and records as they are stored.

use std::fmt;
use std::str::FromStr;

use realmgate_platform::database::SqlRow;
use realmgate_platform::database::columns::{from_sql_ms, parsed, undecodable};
use realmgate_protocol::ids::AccountId;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sqlx::Row;
use uuid::Uuid;

use super::places::Place;

/// Farthest score from 0: every JSON client and every sorted set can tell it from its neighbours.
pub const MOST_SCORE: i64 = (1 << 53) - 1;

/// A word that is none of those there are.
#[derive(Debug, thiserror::Error)]
#[error("unknown value: {0}")]
pub struct UnknownWord(String);

/// Which scores are better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum SortOrder {
    /// Higher scores.
    Desc,
    /// Lower scores.
    Asc,
}

/// How a new score changes the stored one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Operator {
    /// It replaces the stored score.
    Set,
    /// The better score stays.
    Best,
    /// It is added to the stored score.
    Incr,
    /// It is subtracted from the stored score.
    Decr,
}

macro_rules! words {
    ($kind:ident { $($variant:ident = $word:literal),+ $(,)? }) => {
        impl $kind {
            /// As clients and the database write it.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl FromStr for $kind {
            type Err = UnknownWord;
            fn from_str(word: &str) -> Result<Self, UnknownWord> {
                match word { $($word => Ok(Self::$variant),)+ other => Err(UnknownWord(other.to_owned())) }
            }
        }
    };
}

words!(SortOrder { Desc = "desc", Asc = "asc" });
words!(Operator { Set = "set", Best = "best", Incr = "incr", Decr = "decr" });

impl SortOrder {
    /// The score as it sorts: the lower, the better.
    pub fn points(self, score: i64) -> i64 {
        match self {
            Self::Asc => score,
            Self::Desc => -score,
        }
    }
}

impl Operator {
    /// The score after `given` has come to `there`; `None` when it would be too large to be told exactly.
    pub fn apply(self, order: SortOrder, there: i64, given: i64) -> Option<i64> {
        let score = match self {
            Self::Set => given,
            Self::Best if order.points(given) < order.points(there) => given,
            Self::Best => there,
            Self::Incr => there.checked_add(given)?,
            Self::Decr => there.checked_sub(given)?,
        };
        is_score(score).then_some(score)
    }
}

/// Whether a number may be a score.
pub fn is_score(score: i64) -> bool {
    (-MOST_SCORE..=MOST_SCORE).contains(&score)
}

/// Whose record it is. A board has one of each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    /// A user's.
    User(AccountId),
    /// Somebody's who is no user, by this name.
    Label(String),
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(account) => write!(f, "user:{account}"),
            Self::Label(label) => write!(f, "label:{label}"),
        }
    }
}

impl FromStr for Owner {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        let unknown = || UnknownWord(text.to_owned());
        match text.split_once(':') {
            Some(("user", id)) => id.parse().map(Self::User).map_err(|_| unknown()),
            Some(("label", label)) => Ok(Self::Label(label.to_owned())),
            _ => Err(unknown()),
        }
    }
}

impl Owner {
    /// The user, if it is one's.
    pub fn user(&self) -> Option<AccountId> {
        match self {
            Self::User(account) => Some(*account),
            Self::Label(_) => None,
        }
    }

    /// The name of somebody who is no user.
    pub fn label(&self) -> Option<&str> {
        match self {
            Self::User(_) => None,
            Self::Label(label) => Some(label),
        }
    }
}

/// A board.
#[derive(Debug, Clone)]
pub struct Board {
    pub id: Uuid,
    /// What all seasons of it are known by.
    pub slug: String,
    pub title: String,
    pub description: String,
    pub order: SortOrder,
    pub operator: Operator,
    pub starts_at_ms: Option<u64>,
    pub ends_at_ms: Option<u64>,
    pub metadata: Map<String, Value>,
    pub created_at_ms: u64,
    pub updated_at_ms: u64,
}

/// The columns of a [`Board`].
pub(super) const BOARD: &str = "id, slug, title, description, sort_order, operator, starts_at_ms, ends_at_ms, metadata, \
                                created_at_ms, updated_at_ms";

impl Board {
    pub(super) fn of(row: &SqlRow) -> sqlx::Result<Self> {
        let time = |column| row.try_get::<Option<i64>, _>(column).map(|ms| ms.map(from_sql_ms));
        Ok(Self {
            id: parsed(row, "id")?,
            slug: row.try_get("slug")?,
            title: row.try_get("title")?,
            description: row.try_get("description")?,
            order: parsed(row, "sort_order")?,
            operator: parsed(row, "operator")?,
            starts_at_ms: time("starts_at_ms")?,
            ends_at_ms: time("ends_at_ms")?,
            metadata: object(row)?,
            created_at_ms: from_sql_ms(row.try_get("created_at_ms")?),
            updated_at_ms: from_sql_ms(row.try_get("updated_at_ms")?),
        })
    }

    /// Whether it takes scores and counts as active: its end, if it has one, is yet to come.
    pub fn is_active(&self, now_ms: u64) -> bool {
        self.ends_at_ms.is_none_or(|end| end > now_ms)
    }
}

/// A record, with what its user is called.
#[derive(Debug, Clone)]
pub struct RecordRow {
    pub id: Uuid,
    pub board: Uuid,
    pub owner: Owner,
    pub score: i64,
    pub place: Place,
    pub metadata: Map<String, Value>,
    pub created_at_ms: u64,
    pub updated_at_ms: u64,
    /// Empty for a label.
    pub username: String,
    pub display_name: String,
}

/// The columns of a [`RecordRow`] and where they come from; `r` is the record.
pub(super) const RECORD: &str = "r.id, r.leaderboard_id, r.owner, r.score, r.points, r.tie, r.metadata, r.created_at_ms, \
                                 r.updated_at_ms, COALESCE(p.username, '') AS username, \
                                 COALESCE(p.display_name, '') AS display_name \
                                 FROM leaderboard_records r LEFT JOIN profiles p ON p.account_id = r.user_id";

impl RecordRow {
    pub(super) fn of(row: &SqlRow) -> sqlx::Result<Self> {
        Ok(Self {
            id: parsed(row, "id")?,
            board: parsed(row, "leaderboard_id")?,
            owner: parsed(row, "owner")?,
            score: row.try_get("score")?,
            place: Place { points: row.try_get("points")?, tie: row.try_get("tie")? },
            metadata: object(row)?,
            created_at_ms: from_sql_ms(row.try_get("created_at_ms")?),
            updated_at_ms: from_sql_ms(row.try_get("updated_at_ms")?),
            username: row.try_get("username")?,
            display_name: row.try_get("display_name")?,
        })
    }
}

fn object(row: &SqlRow) -> sqlx::Result<Map<String, Value>> {
    serde_json::from_str(&row.try_get::<String, _>("metadata")?).map_err(undecodable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_do_what_they_say() {
        use Operator::{Best, Decr, Incr, Set};
        for (operator, order, there, given, score) in [
            (Set, SortOrder::Desc, 10, 3, Some(3)),
            (Best, SortOrder::Desc, 10, 3, Some(10)),
            (Best, SortOrder::Desc, 10, 11, Some(11)),
            (Best, SortOrder::Asc, 10, 3, Some(3)),
            (Best, SortOrder::Asc, 10, 11, Some(10)),
            (Incr, SortOrder::Desc, 10, 3, Some(13)),
            (Decr, SortOrder::Desc, 10, 13, Some(-3)),
            (Incr, SortOrder::Desc, MOST_SCORE, 1, None),
            (Decr, SortOrder::Asc, -MOST_SCORE, 1, None),
            (Incr, SortOrder::Asc, i64::MAX, 1, None),
        ] {
            assert_eq!(operator.apply(order, there, given), score, "{operator:?} {order:?} {there} {given}");
        }
    }

    #[test]
    fn owners_are_read_as_they_are_written() {
        for owner in [Owner::User(AccountId::from(Uuid::from_u128(7))), Owner::Label("a: b".to_owned())] {
            assert_eq!(owner.to_string().parse::<Owner>().unwrap(), owner);
        }
        assert!("user:x".parse::<Owner>().is_err() && "x".parse::<Owner>().is_err());
    }
}
