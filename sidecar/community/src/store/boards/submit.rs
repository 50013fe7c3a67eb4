//! Handing in a score: decides whether it replaces the record, and changes that and the counts of its blocks in one
//! transaction.

use realmgate_platform::database::SqlConnection;
use realmgate_platform::database::columns::to_sql_ms;
use realmgate_platform::database::dialect::Dialect;
use realmgate_platform::database::retry::retried;
use realmgate_platform::hook_subscriptions::Arg;
use realmgate_protocol::ids::AccountId;
use serde_json::{Map, Value, json};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::places::{Place, tie};
use super::rows::{Board, Owner, RECORD, RecordRow};
use super::{BoardStore, blocks, catalogue, due};

/// A score for a board.
#[derive(Debug, Clone)]
pub struct Submission<'a> {
    pub board: Uuid,
    pub owner: &'a Owner,
    pub score: i64,
    pub metadata: &'a Map<String, Value>,
}

/// What became of a score.
#[derive(Debug)]
pub enum Submitted {
    /// It counts.
    Done(Box<Moved>),
    /// There is no such board.
    NoBoard,
    /// The board's time is over.
    Ended,
    /// There is no such user.
    NoUser,
    /// The sum would be too large.
    TooLarge,
}

/// A record after a change, and what that has left behind.
#[derive(Debug)]
pub struct Moved {
    /// The record.
    pub record: RecordRow,
    /// Whether it stands elsewhere than before.
    pub moved: bool,
    /// A block that has become too small.
    pub thin: Option<Place>,
}

impl BoardStore {
    /// Submits a score by the board's operator.
    ///
    /// # Errors
    /// When the database cannot be asked, a row cannot be decoded, or the transaction still loses to others after five
    /// retries.
    pub async fn submit(&self, score: &Submission<'_>, at_ms: u64) -> sqlx::Result<Submitted> {
        retried!("submit_score", async {
            let mut tx = self.sql.begin_write("submit_score").await?;
            let submitted = self.submit_within(&mut tx, score, at_ms).await?;
            if let Submitted::Done(moved) = &submitted {
                self.note_score(&mut tx, &moved.record).await?;
                tx.commit().await?;
            }
            Ok(submitted)
        })
    }

    /// Submits a score within a transaction.
    pub(in super::super) async fn submit_within(
        &self,
        tx: &mut SqlConnection,
        score: &Submission<'_>,
        at_ms: u64,
    ) -> sqlx::Result<Submitted> {
        // Shared by all who submit; whoever ends the board waits for them.
        let suffix = Dialect::of(tx).for_key_share();
        let Some(board) = catalogue::find(tx, score.board, suffix).await? else { return Ok(Submitted::NoBoard) };
        if !board.is_active(at_ms) {
            return Ok(Submitted::Ended);
        }
        self.put(tx, &board, score, at_ms).await
    }

    /// Scripts hear of a score, unless they have submitted it themselves.
    pub(super) async fn note_score(&self, tx: &mut SqlConnection, record: &RecordRow) -> sqlx::Result<()> {
        let told = json!({
            "id": record.id.to_string(), "leaderboard_id": record.board.to_string(), "score": record.score,
            "user_id": record.owner.user().map(|user| user.to_string()), "label": record.owner.label(),
            "metadata": record.metadata,
        });
        self.sql.hook_subscriptions().note(tx, "after_score_submitted", &[Arg::Value(told)]).await
    }

    /// Submits a score within a transaction that has the board's row.
    pub(super) async fn put(
        &self,
        tx: &mut SqlConnection,
        board: &Board,
        given: &Submission<'_>,
        at_ms: u64,
    ) -> sqlx::Result<Submitted> {
        loop {
            let Some(there) = own(tx, board.id, given.owner).await? else {
                match self.insert(tx, board, given, at_ms).await? {
                    // Somebody else was first meanwhile.
                    None => continue,
                    Some(submitted) => return Ok(submitted),
                }
            };
            let Some(score) = board.operator.apply(board.order, there.score, given.score) else {
                return Ok(Submitted::TooLarge);
            };
            let stays = board.operator == super::Operator::Best && score == there.score;
            let metadata = if stays { there.metadata.clone() } else { given.metadata.clone() };
            return self
                .write(tx, board, there, score, metadata, at_ms)
                .await
                .map(|moved| Submitted::Done(Box::new(moved)));
        }
    }

    /// Gives a record that the transaction has locked another score.
    pub(super) async fn write(
        &self,
        tx: &mut SqlConnection,
        board: &Board,
        there: RecordRow,
        score: i64,
        metadata: Map<String, Value>,
        at_ms: u64,
    ) -> sqlx::Result<Moved> {
        let place = Place { points: board.order.points(score), tie: there.place.tie.clone() };
        sqlx::query(
            "UPDATE leaderboard_records SET score = $2, points = $3, metadata = $4, updated_at_ms = $5 WHERE id = $1",
        )
        .bind(there.id.to_string())
        .bind(score)
        .bind(place.points)
        .bind(Value::Object(metadata.clone()).to_string())
        .bind(to_sql_ms(at_ms))
        .execute(&mut *tx)
        .await?;
        let moved = place != there.place;
        let mut thin = None;
        if moved {
            thin = blocks::count(tx, board.id, Some(&there.place), Some(&place), self.block).await?;
            self.note_due(tx, board.id, there.id, &place.tie, at_ms).await?;
        }
        let record = RecordRow { score, place, metadata, updated_at_ms: at_ms, ..there };
        Ok(Moved { record, moved, thin })
    }

    /// Inserts a first record; `None` if there is one by now.
    async fn insert(
        &self,
        tx: &mut SqlConnection,
        board: &Board,
        given: &Submission<'_>,
        at_ms: u64,
    ) -> sqlx::Result<Option<Submitted>> {
        let user = given.owner.user();
        if let Some(user) = user
            && !is_there(tx, user).await?
        {
            return Ok(Some(Submitted::NoUser));
        }
        let id = Uuid::now_v7();
        let place = Place { points: board.order.points(given.score), tie: tie(at_ms, id) };
        let done = sqlx::query(
            "INSERT INTO leaderboard_records (id, leaderboard_id, owner, user_id, score, points, tie, metadata,
                 created_at_ms, updated_at_ms)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9) ON CONFLICT (leaderboard_id, owner) DO NOTHING",
        )
        .bind(id.to_string())
        .bind(board.id.to_string())
        .bind(given.owner.to_string())
        .bind(user.map(|user| user.to_string()))
        .bind(given.score)
        .bind(place.points)
        .bind(place.tie.clone())
        .bind(Value::Object(given.metadata.clone()).to_string())
        .bind(to_sql_ms(at_ms))
        .execute(&mut *tx)
        .await?;
        if done.rows_affected() == 0 {
            return Ok(None);
        }
        let thin = blocks::count(tx, board.id, None, Some(&place), self.block).await?;
        self.note_due(tx, board.id, id, &place.tie, at_ms).await?;
        let record = RecordRow {
            id,
            board: board.id,
            owner: given.owner.clone(),
            score: given.score,
            place,
            metadata: given.metadata.clone(),
            created_at_ms: at_ms,
            updated_at_ms: at_ms,
            username: String::new(),
            display_name: String::new(),
        };
        Ok(Some(Submitted::Done(Box::new(Moved { record, moved: true, thin }))))
    }

    /// Notes that the index beside the database may not know a record's place yet.
    pub(super) async fn note_due(
        &self,
        tx: &mut SqlConnection,
        board: Uuid,
        record: Uuid,
        tie: &str,
        at_ms: u64,
    ) -> sqlx::Result<()> {
        if self.indexed { due::note(tx, board, record, tie, at_ms).await } else { Ok(()) }
    }

    /// Joins a block that has become too small with the one before it.
    ///
    /// # Errors
    /// When the database cannot be asked, or the transaction still loses to others after five retries.
    pub async fn join_block(&self, board: Uuid, block: &Place) -> sqlx::Result<()> {
        retried!("join_blocks", async {
            let mut tx = self.sql.begin_write("join_blocks").await?;
            blocks::join(&mut tx, board, block, self.block).await?;
            tx.commit().await
        })
    }
}

/// The record of an owner, locked for this transaction.
async fn own(tx: &mut SqlConnection, board: Uuid, owner: &Owner) -> sqlx::Result<Option<RecordRow>> {
    // An outer join cannot be locked as a whole.
    let suffix = if Dialect::of(tx) == Dialect::Sqlite { "" } else { " FOR UPDATE OF r" };
    let query = format!("SELECT {RECORD} WHERE r.leaderboard_id = $1 AND r.owner = $2{suffix}");
    let row = sqlx::query(AssertSqlSafe(query)).bind(board.to_string()).bind(owner.to_string());
    row.fetch_optional(tx).await?.as_ref().map(RecordRow::of).transpose()
}

async fn is_there(tx: &mut SqlConnection, account: AccountId) -> sqlx::Result<bool> {
    let there = "SELECT id FROM accounts WHERE id = $1 AND deleted_at_ms IS NULL";
    let there = sqlx::query_scalar::<_, String>(there).bind(account.to_string()).fetch_optional(tx).await?;
    Ok(there.is_some())
}
