//! Boards on real databases: ranks that are read from blocks are those of sorting all.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use realmgate_platform::accounts::{NameLength, NewAccount, insert};
use realmgate_platform::testing::TestSql;
use realmgate_protocol::ids::AccountId;
use serde_json::Map;
use uuid::Uuid;

use super::*;

/// Small, so that a few dozen records are split and joined all the time.
const BLOCK: i64 = 8;

realmgate_platform::testing::on_backends! {
    on_sqlite: async { Some(realmgate_platform::testing::TestSql::sqlite().await) },
    on_postgres: realmgate_platform::testing::TestSql::postgres() => [
        ranks_are_those_of_sorting_all,
        scores_that_come_at_once_are_all_counted,
        first_scores_of_one_owner_at_once_are_one_record,
        what_was_told_counts_once_whoever_counts,
        a_board_goes_with_its_records,
    ]
}

/// What a property test does to a board.
#[derive(Debug, Clone)]
enum Step {
    Submit { who: u8, score: i64 },
    Remove { who: u8 },
    Edit { who: u8, score: i64 },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    // Few scores, so that many are equal.
    let step = prop_oneof![
        6 => (0..60u8, -5..5i64).prop_map(|(who, score)| Step::Submit { who, score }),
        2 => (0..60u8).prop_map(|who| Step::Remove { who }),
        1 => (0..60u8, -50..50i64).prop_map(|(who, score)| Step::Edit { who, score }),
    ];
    proptest::collection::vec(step, 150..250)
}

struct Bench {
    store: BoardStore,
    board: Board,
}

impl Bench {
    async fn new(database: &TestSql, order: SortOrder, operator: Operator) -> Self {
        let store = BoardStore::new(database.sql.clone(), false).with_blocks_of(BLOCK);
        let new = NewBoard {
            slug: "test",
            title: "Test",
            description: "",
            order,
            operator,
            starts_at_ms: None,
            ends_at_ms: None,
            metadata: &Map::new(),
            season: None,
        };
        let board = store.create(&new, 1_000).await.unwrap().expect("a board");
        Self { store, board }
    }

    async fn submit(&self, label: &str, score: i64, at_ms: u64) -> Moved {
        let owner = Owner::Label(label.to_owned());
        let given = Submission { board: self.board.id, owner: &owner, score, metadata: &Map::new() };
        match self.store.submit(&given, at_ms).await.unwrap() {
            Submitted::Done(moved) => *moved,
            refused => panic!("{refused:?}"),
        }
    }

    async fn take(&self, step: &Step, there: &mut BTreeMap<String, RecordRow>, at_ms: u64) {
        let label = |who: u8| format!("player {who}");
        let thin = match step {
            Step::Submit { who, score } => {
                let Moved { record, thin, .. } = self.submit(&label(*who), *score, at_ms).await;
                there.insert(label(*who), record);
                thin
            }
            Step::Remove { who } => {
                let Some(record) = there.remove(&label(*who)) else { return };
                let removed = self.store.remove_record(self.board.id, record.id, at_ms).await.unwrap();
                removed.expect("it was there").1
            }
            Step::Edit { who, score } => {
                let Some(record) = there.get_mut(&label(*who)) else { return };
                let edited = self.store.edit_record(self.board.id, record.id, Some(*score), None, at_ms).await.unwrap();
                let Moved { record: edited, thin, .. } = edited.expect("it was there");
                *record = edited;
                thin
            }
        };
        if let Some(block) = thin {
            self.store.join_block(self.board.id, &block).await.unwrap();
        }
    }

    /// Compares ranks, pages, cursors and windows with these records, sorted.
    async fn compare(&self, records: impl IntoIterator<Item = RecordRow>) {
        let mut sorted: Vec<RecordRow> = records.into_iter().collect();
        let better = |row: &RecordRow| (self.board.order.points(row.score), row.created_at_ms / 1_000, row.id);
        sorted.sort_by_key(better);
        let ids: Vec<Uuid> = sorted.iter().map(|row| row.id).collect();
        let (board, total) = (self.board.id, ids.len() as i64);
        for (row, rank) in sorted.iter().zip(1..) {
            assert_eq!(self.store.rank(board, &row.place).await.unwrap(), rank, "{row:?}");
        }
        let found = |standing: &Standing| standing.rows.iter().map(|row| row.id).collect::<Vec<_>>();
        let from =
            |first: i64, limit: usize| ids.iter().skip(first as usize - 1).take(limit).copied().collect::<Vec<_>>();
        for first in [1, 2, 7, 8, 9, 20, total.max(1), total + 1, total + 100] {
            let page = self.store.page(board, first, 7).await.unwrap();
            assert_eq!((found(&page), page.first, page.total), (from(first, 7), first, total), "from {first}");
        }
        for (row, rank) in sorted.iter().zip(1..).step_by(5) {
            let after = self.store.after(board, &row.place, 4).await.unwrap();
            assert_eq!((found(&after), after.first, after.total), (from(rank + 1, 4), rank + 1, total));
            let around = self.store.around(board, &row.owner, 5).await.unwrap().expect("it has a record");
            assert_eq!((found(&around), around.first), (from(window(rank, 5), 5), window(rank, 5)));
        }
    }

    /// How many records each block says that it has.
    async fn blocks(&self) -> Vec<i64> {
        let query = "SELECT size FROM leaderboard_blocks WHERE leaderboard_id = $1 ORDER BY points, tie";
        let mut db = self.store.sql.read("test").await.unwrap();
        sqlx::query_scalar(query).bind(self.board.id.to_string()).fetch_all(&mut *db).await.unwrap()
    }

    async fn records(&self) -> Vec<RecordRow> {
        self.store.page(self.board.id, 1, 10_000).await.unwrap().rows
    }
}

async fn ranks_are_those_of_sorting_all(database: TestSql) {
    let mut runner = TestRunner::deterministic();
    for (order, operator) in [
        (SortOrder::Desc, Operator::Incr),
        (SortOrder::Asc, Operator::Best),
        (SortOrder::Desc, Operator::Set),
        (SortOrder::Asc, Operator::Decr),
    ] {
        let bench = Bench::new(&database, order, operator).await;
        let (steps, mut there) = (steps().new_tree(&mut runner).unwrap().current(), BTreeMap::new());
        for (step, number) in steps.iter().zip(0..) {
            // Several within a second.
            bench.take(step, &mut there, 1_000 + number * 300).await;
            if number % 40 == 0 {
                bench.compare(there.values().cloned()).await;
            }
        }
        bench.compare(there.values().cloned()).await;
        let blocks = bench.blocks().await;
        assert!(blocks.len() > 3 && blocks.iter().all(|size| (0..=BLOCK).contains(size)), "{blocks:?}");
        // Everybody goes, and the blocks with them.
        for who in 0..60 {
            bench.take(&Step::Remove { who }, &mut there, 200_000).await;
        }
        bench.compare([]).await;
        let blocks = bench.blocks().await;
        assert!(blocks.iter().sum::<i64>() == 0 && blocks.len() <= 3, "{blocks:?}");
    }
}

async fn scores_that_come_at_once_are_all_counted(database: TestSql) {
    let bench = Bench::new(&database, SortOrder::Desc, Operator::Incr).await;
    for round in 0..6 {
        let all = (0..40).map(async |who: i64| {
            let owner = format!("player {who}");
            let moved = bench.submit(&owner, (who * 7 + round * 11) % 13 - 4, 1_000).await;
            if let Some(block) = moved.thin {
                bench.store.join_block(bench.board.id, &block).await.unwrap();
            }
        });
        futures_util::future::join_all(all).await;
    }
    let records = bench.records().await;
    assert_eq!(records.len(), 40);
    for record in &records {
        let Owner::Label(label) = &record.owner else { panic!("{record:?}") };
        let who: i64 = label.strip_prefix("player ").unwrap().parse().unwrap();
        let sum: i64 = (0..6).map(|round| (who * 7 + round * 11) % 13 - 4).sum();
        assert_eq!(record.score, sum, "{label}");
    }
    bench.compare(records).await;
    let blocks = bench.blocks().await;
    assert_eq!(blocks.iter().sum::<i64>(), 40, "{blocks:?}");
}

async fn first_scores_of_one_owner_at_once_are_one_record(database: TestSql) {
    let bench = Bench::new(&database, SortOrder::Desc, Operator::Incr).await;
    futures_util::future::join_all((0..12).map(|_| bench.submit("ann", 1, 1_000))).await;
    let records = bench.records().await;
    assert_eq!((records.len(), records[0].score), (1, 12));
    bench.compare(records).await;
}

async fn what_was_told_counts_once_whoever_counts(database: TestSql) {
    use realmgate_platform::world_feed::{WorldEvent, WorldFeed};
    use realmgate_protocol::ids::CharacterId;

    let bench = Bench::new(&database, SortOrder::Desc, Operator::Incr).await;
    let account = AccountId::from(Uuid::from_u128(1));
    let mut tx = database.sql.begin_write("test").await.unwrap();
    let new = NewAccount {
        id: account,
        username: "ann",
        length: NameLength::USUAL,
        display_name: "",
        activated: true,
        from_this_machine: true,
        at_ms: 0,
    };
    insert(&mut tx, database.sql.hook_subscriptions(), new).await.unwrap();
    let character = CharacterId::from(Uuid::from_u128(2));
    sqlx::query(
        "INSERT INTO characters (id, account_id, name, name_folded, class_id, created_at_ms) VALUES ($1, $2, 'A', 'a', 'm', 0)",
    )
    .bind(character.to_string())
    .bind(account.to_string())
    .execute(&mut *tx)
    .await
    .unwrap();
    tx.commit().await.unwrap();
    for kills in [3, 4] {
        let mut feed = WorldFeed::default();
        (0..kills).for_each(|_| feed.killed(character));
        feed.has(WorldEvent::Level, character, kills);
        let mut tx = database.sql.begin_write("test").await.unwrap();
        feed.write(&mut tx, &[WorldEvent::Kills]).await.unwrap();
        tx.commit().await.unwrap();
    }
    let told = bench.store.told(10).await.unwrap();
    assert_eq!(told.len(), 1, "only what is wanted, in one row: {told:?}");
    let of = |event| if event == WorldEvent::Kills { vec![bench.board.id] } else { Vec::new() };
    // Three sidecars have read the same.
    let counts = (0..3).map(|_| bench.store.count_told(&told, of, 2_000));
    let counted: usize =
        futures_util::future::join_all(counts).await.into_iter().map(|moved| moved.unwrap().len()).sum();
    let records = bench.records().await;
    assert_eq!((counted, records.len(), records[0].score), (1, 1, 7));
    assert_eq!(records[0].owner, Owner::User(account));
    assert!(bench.store.told(10).await.unwrap().is_empty());
}

async fn a_board_goes_with_its_records(database: TestSql) {
    let bench = Bench::new(&database, SortOrder::Desc, Operator::Best).await;
    let other = Bench::new(&database, SortOrder::Desc, Operator::Best).await;
    for who in 0..30 {
        bench.submit(&format!("player {who}"), who, 1_000).await;
        other.submit(&format!("player {who}"), who, 1_000).await;
    }
    assert!(bench.store.delete(bench.board.id, 2_000).await.unwrap());
    assert!(!bench.store.delete(bench.board.id, 2_000).await.unwrap());
    assert!(bench.store.find(bench.board.id).await.unwrap().is_none());
    assert!(bench.blocks().await.is_empty());
    assert_eq!(other.records().await.len(), 30);
    // One whose deletion somebody else did not end.
    let unfinished = "UPDATE leaderboards SET deleted_at_ms = 1";
    let owner = Owner::Label("player 3".to_owned());
    let record = || other.store.record_of(other.board.id, &owner);
    assert_eq!(record().await.unwrap().expect("a record").score, 3);
    database.execute(unfinished).await;
    assert!(other.store.find(other.board.id).await.unwrap().is_none());
    assert!(record().await.unwrap().is_none(), "its records go with it");
    other.store.finish_deletions().await.unwrap();
    assert!(other.blocks().await.is_empty());
}
