//! Leaderboards: every row of the contract.

use std::time::Duration;

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::backends::{Player, Realm, on_every_backend};

on_every_backend!(
    a_board_has_its_shape,
    scores_follow_the_operator,
    ties_are_decided_by_who_came_first,
    pages_and_cursors_go_on_where_they_ended,
    around_a_user_is_a_window,
    a_slug_is_its_active_season,
    boards_are_listed_and_filtered,
    records_are_changed_and_removed,
    what_is_not_legal_is_refused_by_field,
    an_account_goes_with_its_records,
    an_end_comes_before_or_after_a_score,
);

/// A realm with an administrator.
pub struct Boards {
    pub realm: Realm,
    pub admin: Player,
}

impl Boards {
    pub async fn of(realm: Realm) -> Self {
        let admin = realm.device("the administrator's").await;
        Self { realm, admin }
    }

    pub async fn admin(&self, method: &str, path: &str, body: Value, status: u16) -> Value {
        let answer = self.realm.by(&self.admin, method, &format!("/admin/leaderboards{path}"), body).await;
        answer.expect(StatusCode::from_u16(status).unwrap())
    }

    pub async fn get(&self, path: &str, status: u16) -> Value {
        let answer = self.realm.call("GET", &format!("/leaderboards{path}"), Value::Null).send().await;
        answer.expect(StatusCode::from_u16(status).unwrap())
    }

    /// Makes a board; returns its id.
    pub async fn board(&self, mut body: Value) -> String {
        for (field, value) in [("slug", "arena"), ("title", "Arena")] {
            if body.get(field).is_none() {
                body[field] = json!(value);
            }
        }
        self.admin("POST", "", body, 200).await["data"]["id"].as_str().unwrap().to_owned()
    }

    /// Submits a user's score; returns the record.
    pub async fn score(&self, board: &str, player: &Player, score: i64) -> Value {
        let body = json!({"user_id": player.id, "score": score});
        self.admin("POST", &format!("/{board}/records"), body, 200).await["data"].clone()
    }

    pub async fn label(&self, board: &str, label: &str, score: i64) -> Value {
        let body = json!({"label": label, "score": score});
        self.admin("POST", &format!("/{board}/records"), body, 200).await["data"].clone()
    }

    /// Rank and score of a player's own record.
    pub async fn mine(&self, board: &str, player: &Player) -> (i64, i64) {
        let answer = self.realm.by(player, "GET", &format!("/leaderboards/{board}/records/me"), Value::Null).await;
        let record = answer.expect(StatusCode::OK)["data"].clone();
        (record["rank"].as_i64().unwrap(), record["score"].as_i64().unwrap())
    }
}

/// Ranks and names of records.
pub fn names(records: &Value) -> Vec<(i64, String)> {
    let name = |row: &Value| (row["rank"].as_i64().unwrap(), row["display_name"].as_str().unwrap().to_owned());
    records.as_array().unwrap_or_else(|| panic!("{records}")).iter().map(name).collect()
}

fn expected(first: i64, names: &[&str]) -> Vec<(i64, String)> {
    (first..).zip(names.iter().map(|name| (*name).to_owned())).collect()
}

async fn a_board_has_its_shape(realm: Realm) {
    let boards = Boards::of(realm).await;
    let body = json!({"slug": "weekly_kills", "title": "Kills", "description": "Of the week", "sort_order": "asc",
        "operator": "incr", "starts_at": "2027-01-15T00:00:00Z", "ends_at": "2027-01-22T00:00:00+01:00",
        "metadata": {"icon": "sword"}});
    let made = boards.admin("POST", "", body, 200).await["data"].clone();
    let expected = json!({"id": made["id"], "slug": "weekly_kills", "title": "Kills", "description": "Of the week",
        "sort_order": "asc", "operator": "incr", "starts_at": "2027-01-15T00:00:00Z", "ends_at": "2027-01-21T23:00:00Z",
        "metadata": {"icon": "sword"}, "inserted_at": "2027-01-15T08:00:00Z", "updated_at": "2027-01-15T08:00:00Z"});
    assert_eq!(made, expected);
    let id = made["id"].as_str().unwrap();
    let mut public = expected.clone();
    public["is_active"] = json!(true);
    assert_eq!(boards.get(&format!("/{id}"), 200).await, json!({"data": public}));
    assert_eq!(boards.get("/weekly_kills", 200).await, json!({"data": public}));
    // What was not said has defaults.
    let plain = boards.admin("POST", "", json!({"slug": "plain", "title": "Plain"}), 200).await["data"].clone();
    for (field, value) in [
        ("description", json!("")),
        ("sort_order", json!("desc")),
        ("operator", json!("best")),
        ("starts_at", Value::Null),
        ("ends_at", Value::Null),
        ("metadata", json!({})),
    ] {
        assert_eq!(plain[field], value, "{field}");
    }
    // A record has its shape, for users and for labels.
    let ann = boards.realm.device("ann's").await;
    let body = json!({"user_id": ann.id, "score": "12", "metadata": {"with": "a bow"}});
    let row = boards.admin("POST", "/plain/records", body, 200).await["data"].clone();
    let expected = json!({"id": row["id"], "leaderboard_id": plain["id"], "user_id": ann.id, "label": null, "score": 12,
        "rank": null, "metadata": {"with": "a bow"}, "inserted_at": "2027-01-15T08:00:00Z",
        "updated_at": "2027-01-15T08:00:00Z"});
    assert_eq!(row, expected);
    let labelled = boards.label("plain", "The Guild", 7).await;
    assert_eq!((&labelled["user_id"], &labelled["label"]), (&Value::Null, &json!("The Guild")));
    let page = boards.get("/plain/records", 200).await;
    let at = "2027-01-15T08:00:00Z";
    let expected = json!({"data": [
        {"rank": 1, "user_id": ann.id, "username": ann.username, "display_name": "", "score": 12,
            "metadata": {"with": "a bow"}, "updated_at": at},
        {"rank": 2, "user_id": "", "username": "", "display_name": "The Guild", "score": 7, "metadata": {}, "updated_at": at}],
        "meta": {"page": 1, "page_size": 25, "count": 2, "total_count": 2, "total_pages": 1, "has_more": false},
        "next_cursor": ""});
    assert_eq!(page, expected);
    let managed = boards.admin("GET", "/plain/records", Value::Null, 200).await;
    let listed = |place: usize| (managed["data"][place]["id"].clone(), managed["data"][place]["rank"].clone());
    assert_eq!([listed(0), listed(1)], [(row["id"].clone(), json!(1)), (labelled["id"].clone(), json!(2))]);
    assert_eq!(managed["meta"], page["meta"]);
    boards.admin("GET", "/nothing/records", Value::Null, 404).await;
    let mine = boards.realm.by(&ann, "GET", "/leaderboards/plain/records/me", Value::Null).await;
    assert_eq!(mine.expect(StatusCode::OK), json!({"data": expected["data"][0]}));
}

async fn scores_follow_the_operator(realm: Realm) {
    let boards = Boards::of(realm).await;
    let ann = boards.realm.device("ann's").await;
    for (operator, order, scores) in [
        ("set", "desc", [(5, 5), (3, 3), (9, 9)]),
        ("best", "desc", [(5, 5), (3, 5), (9, 9)]),
        ("best", "asc", [(5, 5), (3, 3), (9, 3)]),
        ("incr", "desc", [(5, 5), (3, 8), (-9, -1)]),
        ("decr", "desc", [(5, 5), (3, 2), (-9, 11)]),
    ] {
        let slug = format!("{operator}_{order}");
        boards.board(json!({"slug": slug, "operator": operator, "sort_order": order})).await;
        for (given, there) in scores {
            let row = boards.score(&slug, &ann, given).await;
            assert_eq!(row["score"], there, "{slug}: {given}");
            assert_eq!(boards.mine(&slug, &ann).await, (1, there), "{slug}: {given}");
        }
    }
    // What a score brings goes with it; one that does not count leaves what is there, but for the time.
    let submit = async |board: &str, score: i64, metadata: Value| {
        let body = json!({"user_id": ann.id, "score": score, "metadata": metadata});
        boards.admin("POST", &format!("/{board}/records"), body, 200).await["data"].clone()
    };
    submit("best_desc", 20, json!({"n": 1})).await;
    boards.realm.each(|app| app.advance(Duration::from_secs(5)));
    let equal = submit("best_desc", 20, json!({"n": 2})).await;
    assert_eq!((&equal["metadata"], &equal["updated_at"]), (&json!({"n": 1}), &json!("2027-01-15T08:00:05Z")));
    assert_eq!(equal["inserted_at"], "2027-01-15T08:00:00Z");
    assert_eq!(boards.score("set_desc", &ann, 1).await["metadata"], json!({}));
    submit("set_desc", 1, json!({"n": 3})).await;
    let body = json!({"user_id": ann.id, "score": 1});
    assert_eq!(boards.admin("POST", "/set_desc/records", body, 200).await["data"]["metadata"], json!({}));
    // Sums stay where every client can tell them apart.
    let most = 9_007_199_254_740_991_i64;
    boards.board(json!({"slug": "sum", "operator": "incr"})).await;
    boards.score("sum", &ann, most).await;
    let body = json!({"user_id": ann.id, "score": 1});
    let refused = boards.admin("POST", "/sum/records", body, 422).await;
    assert_eq!(refused, json!({"error": "validation_failed", "errors": {"score": ["is out of range"]}}));
    assert_eq!(boards.mine("sum", &ann).await, (1, most));
}

async fn ties_are_decided_by_who_came_first(realm: Realm) {
    let boards = Boards::of(realm).await;
    let board = boards.board(json!({})).await;
    for (label, score) in [("first", 1), ("second", 5), ("third", 5)] {
        boards.label(&board, label, score).await;
        boards.realm.each(|app| app.advance(Duration::from_secs(1)));
    }
    let list = async || names(&boards.get(&format!("/{board}/records"), 200).await["data"]);
    assert_eq!(list().await, expected(1, &["second", "third", "first"]));
    // A later improvement to an equal score ranks by the first entry.
    boards.label(&board, "first", 5).await;
    assert_eq!(list().await, expected(1, &["first", "second", "third"]));
}

async fn pages_and_cursors_go_on_where_they_ended(realm: Realm) {
    let boards = Boards::of(realm).await;
    let board = boards.board(json!({})).await;
    for number in 0..7 {
        boards.label(&board, &format!("l{number}"), 100 - number).await;
    }
    let page = async |query: &str| boards.get(&format!("/{board}/records?{query}"), 200).await;
    let second = page("page=2&page_size=3").await;
    assert_eq!(names(&second["data"]), expected(4, &["l3", "l4", "l5"]));
    let meta = json!({"page": 2, "page_size": 3, "count": 3, "total_count": 7, "total_pages": 3, "has_more": true});
    assert_eq!(second["meta"], meta);
    let beyond = page("page=9&page_size=3").await;
    assert_eq!((&beyond["data"], &beyond["meta"]["total_count"]), (&json!([]), &json!(7)));
    assert_eq!(beyond["next_cursor"], "");
    // By cursor, while others come, go and move.
    let first = page("page_size=3").await;
    let cursor = first["next_cursor"].as_str().unwrap().to_owned();
    let next = page(&format!("page_size=3&cursor={cursor}")).await;
    assert_eq!((&next["data"], &next["meta"]), (&second["data"], &second["meta"]), "the same page by its cursor");
    boards.label(&board, "newcomer", 1_000).await;
    let third = boards.label(&board, "l2", 98).await["id"].as_str().unwrap().to_owned();
    boards.admin("DELETE", &format!("/{board}/records/{third}"), Value::Null, 200).await;
    let next = page(&format!("page_size=3&cursor={cursor}")).await;
    assert_eq!(names(&next["data"]), expected(4, &["l3", "l4", "l5"]), "where the last record of a page was");
    let cursor = next["next_cursor"].as_str().unwrap();
    let last = page(&format!("page_size=3&cursor={cursor}")).await;
    assert_eq!((names(&last["data"]), &last["next_cursor"]), (expected(7, &["l6"]), &json!("")));
    let bad = boards.get(&format!("/{board}/records?cursor=nonsense"), 400).await;
    assert_eq!(bad, json!({"errors": {"detail": "Bad Request"}}));
}

async fn around_a_user_is_a_window(realm: Realm) {
    let boards = Boards::of(realm).await;
    let board = boards.board(json!({"sort_order": "asc"})).await;
    for number in 0..9 {
        boards.label(&board, &format!("l{number}"), number * 2).await;
    }
    let (ann, bob) = (boards.realm.device("ann's").await, boards.realm.device("bob's").await);
    boards.score(&board, &ann, 9).await;
    let around = async |who: &str, query: &str| {
        let path = format!("/{board}/records/around/{who}{query}");
        let answer = boards.get(&path, 200).await;
        assert!(answer.get("meta").is_none());
        names(&answer["data"]).into_iter().map(|(rank, _)| rank).collect::<Vec<_>>()
    };
    assert_eq!(boards.mine(&board, &ann).await, (6, 9));
    assert_eq!(around(&ann.id, "?limit=3").await, [5, 6, 7]);
    assert_eq!(around(&ann.id, "?limit=4").await, [4, 5, 6, 7]);
    assert_eq!(around(&ann.id, "?limit=1").await, [6]);
    assert_eq!(around(&ann.id, "?limit=0").await, [6], "at least one");
    assert_eq!(around(&ann.id, "?limit").await, (1..=10).collect::<Vec<_>>());
    assert_eq!(around(&ann.id, "?limit=1000000").await, (1..=10).collect::<Vec<_>>());
    for nobody in [bob.id.as_str(), "nobody", "00000000-0000-7000-8000-000000000000"] {
        assert!(around(nobody, "").await.is_empty(), "{nobody}");
    }
    let path = format!("/leaderboards/{board}/records/me");
    let none = boards.realm.by(&bob, "GET", &path, Value::Null).await.expect(StatusCode::NOT_FOUND);
    assert_eq!(none, json!({"error": "No record found for this user"}));
}

async fn a_slug_is_its_active_season(realm: Realm) {
    let boards = Boards::of(realm).await;
    let first = boards.board(json!({"ends_at": "2027-01-15T08:10:00Z"})).await;
    boards.board(json!({"starts_at": "2028-01-01T00:00:00Z"})).await;
    boards.realm.each(|app| app.advance(Duration::from_secs(1)));
    let second = boards.board(json!({"starts_at": "2027-01-15T08:00:00Z"})).await;
    let active = async || boards.get("/arena", 200).await["data"]["id"].as_str().unwrap().to_owned();
    assert_eq!(active().await, second, "of several, the one made last");
    let resolve = async |slugs: Value, status: u16| {
        let call = boards.realm.call("POST", "/leaderboards/resolve", json!({"slugs": slugs})).send().await;
        call.expect(StatusCode::from_u16(status).unwrap())
    };
    let found = resolve(json!(["arena", "nowhere", "arena"]), 200).await;
    assert_eq!(found["data"].as_object().unwrap().len(), 1, "{found}");
    assert_eq!((&found["data"]["arena"]["id"], &found["data"]["arena"]["is_active"]), (&json!(second), &json!(true)));
    assert_eq!(resolve(json!([]), 200).await, json!({"data": {}}));
    for bad in [json!("arena"), json!(["arena", 7]), Value::Null, json!({"a": 1}), json!(vec!["x"; 101])] {
        resolve(bad, 400).await;
    }
    // It ends, and the earlier one is the active one again until its time has come.
    let ended = boards.admin("POST", "/arena/end", Value::Null, 200).await["data"].clone();
    assert_eq!((&ended["id"], &ended["ends_at"]), (&json!(second), &json!("2027-01-15T08:00:01Z")));
    assert_eq!(active().await, first);
    let shown = boards.get(&format!("/{second}"), 200).await;
    assert_eq!(shown["data"]["is_active"], false, "an id is the season it is");
    boards.realm.each(|app| app.advance(Duration::from_secs(600)));
    assert_eq!(boards.get("/arena", 404).await, json!({"error": "Leaderboard not found"}));
    let ann = boards.realm.device("ann's").await;
    let body = json!({"user_id": ann.id, "score": 1});
    let over = boards.admin("POST", &format!("/{first}/records"), body.clone(), 400).await;
    assert_eq!(over, json!({"error": "leaderboard_ended"}));
    let none = boards.admin("POST", "/arena/records", body, 400).await;
    assert_eq!(none, json!({"error": "leaderboard_not_found"}));
}

async fn boards_are_listed_and_filtered(realm: Realm) {
    let boards = Boards::of(realm).await;
    for (slug, starts_at, ends_at) in [
        ("a", Value::Null, json!("2027-02-01T00:00:00Z")),
        ("b", json!("2027-01-10T00:00:00Z"), Value::Null),
        ("c", json!("2027-01-01T00:00:00Z"), json!("2027-01-10T00:00:00Z")),
        ("d", Value::Null, json!("2027-03-01T00:00:00Z")),
    ] {
        boards.board(json!({"slug": slug, "starts_at": starts_at, "ends_at": ends_at})).await;
        boards.realm.each(|app| app.advance(Duration::from_secs(1)));
    }
    let list = async |query: &str| {
        let answer = boards.get(&format!("?{query}"), 200).await;
        let slugs = answer["data"].as_array().unwrap().iter().map(|board| board["slug"].as_str().unwrap().to_owned());
        (slugs.collect::<Vec<_>>().concat(), answer["meta"]["total_count"].as_i64().unwrap())
    };
    for (query, slugs, total) in [
        ("", "bdac", 4),
        ("slug&active&order_by&starts_after&page&page_size", "bdac", 4),
        ("order_by=inserted_at", "dcba", 4),
        ("active=true", "bda", 3),
        ("active=FALSE", "c", 1),
        ("active=perhaps", "bdac", 4),
        ("slug=c", "c", 1),
        ("slug=none", "", 0),
        ("starts_after=2027-01-05T00:00:00Z", "b", 1),
        ("starts_before=2027-01-05T00:00:00Z", "c", 1),
        ("ends_after=2027-01-20T00:00:00Z", "da", 2),
        ("ends_before=2027-02-01T00:00:00Z", "ac", 2),
        ("ends_before=soon", "bdac", 4),
        ("page=2&page_size=3", "c", 4),
    ] {
        assert_eq!(list(query).await, (slugs.to_owned(), total), "{query}");
    }
}

async fn records_are_changed_and_removed(realm: Realm) {
    let boards = Boards::of(realm).await;
    let board = boards.board(json!({"operator": "incr"})).await;
    let (ann, bob) = (boards.realm.device("ann's").await, boards.realm.device("bob's").await);
    let row = boards.score(&board, &ann, 5).await;
    boards.score(&board, &bob, 7).await;
    let record = format!("/{board}/records/{}", row["id"].as_str().unwrap());
    let changed = boards.admin("PATCH", &record, json!({"score": 9, "metadata": {"by": "hand"}}), 200).await;
    assert_eq!((&changed["data"]["score"], &changed["data"]["metadata"]), (&json!(9), &json!({"by": "hand"})));
    assert_eq!((boards.mine(&board, &ann).await, boards.mine(&board, &bob).await), ((1, 9), (2, 7)));
    assert_eq!(boards.admin("PATCH", &record, json!({}), 200).await["data"]["score"], 9);
    boards.admin("PATCH", &record, json!({"score": "x"}), 422).await;
    assert_eq!(boards.admin("DELETE", &record, Value::Null, 200).await, json!({}));
    assert_eq!(boards.mine(&board, &bob).await, (1, 7));
    let not_found = json!({"error": "not_found"});
    for (method, body) in [("DELETE", Value::Null), ("PATCH", json!({"score": 1}))] {
        assert_eq!(boards.admin(method, &record, body.clone(), 404).await, not_found);
        assert_eq!(boards.admin(method, &format!("/{board}/records/x"), body.clone(), 404).await, not_found);
        assert_eq!(boards.admin(method, &format!("/nowhere/records/{}", ann.id), body, 404).await, not_found);
    }
    let users = format!("/{board}/records/user/{}", bob.id);
    for _ in 0..2 {
        assert_eq!(boards.admin("DELETE", &users, Value::Null, 200).await, json!({}));
    }
    assert_eq!(boards.admin("DELETE", "/nowhere/records/user/x", Value::Null, 200).await, json!({}));
    assert_eq!(boards.get(&format!("/{board}/records"), 200).await["data"], json!([]));
    // The board itself.
    let edit = json!({"title": "New", "ends_at": "2027-02-01T00:00:00Z", "slug": "other", "operator": "set"});
    let edited = boards.admin("PATCH", &format!("/{board}"), edit, 200).await["data"].clone();
    assert_eq!(
        (&edited["title"], &edited["slug"], &edited["operator"]),
        (&json!("New"), &json!("arena"), &json!("incr"))
    );
    let edited = boards.admin("PATCH", &format!("/{board}"), json!({"ends_at": null}), 200).await["data"].clone();
    assert_eq!((&edited["title"], &edited["ends_at"]), (&json!("New"), &Value::Null));
    assert_eq!(boards.admin("DELETE", &format!("/{board}"), Value::Null, 200).await, json!({}));
    for (method, path) in [("DELETE", ""), ("PATCH", ""), ("POST", "/end")] {
        assert_eq!(boards.admin(method, &format!("/{board}{path}"), Value::Null, 404).await, not_found, "{method}");
    }
    boards.get(&format!("/{board}/records"), 404).await;
}

async fn what_is_not_legal_is_refused_by_field(realm: Realm) {
    let boards = Boards::of(realm).await;
    let fields = |refused: &Value| {
        assert_eq!(refused["error"], "validation_failed", "{refused}");
        refused["errors"].as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ")
    };
    let good = json!({"slug": "arena", "title": "Arena"});
    for (field, value, wrong) in [
        ("slug", json!("With Space"), "slug"),
        ("slug", Value::Null, "slug"),
        ("slug", json!("x".repeat(101)), "slug"),
        ("title", json!(" "), "title"),
        ("title", json!("x".repeat(256)), "title"),
        ("title", json!(7), "title"),
        ("description", json!("x".repeat(1_001)), "description"),
        ("sort_order", json!("up"), "sort_order"),
        ("operator", json!("add"), "operator"),
        ("starts_at", json!("tomorrow"), "starts_at"),
        ("ends_at", json!(7), "ends_at"),
        ("metadata", json!([1]), "metadata"),
        ("metadata", json!({"a": "x".repeat(16_384)}), "metadata"),
    ] {
        let mut body = good.clone();
        body[field] = value;
        assert_eq!(fields(&boards.admin("POST", "", body.clone(), 422).await), wrong, "{body}");
    }
    assert_eq!(fields(&boards.admin("POST", "", json!({}), 422).await), "slug title");
    let backwards =
        json!({"slug": "a", "title": "A", "starts_at": "2027-01-02T00:00:00Z", "ends_at": "2027-01-01T00:00:00Z"});
    assert_eq!(fields(&boards.admin("POST", "", backwards, 422).await), "ends_at");
    assert_eq!(boards.get("", 200).await["meta"]["total_count"], 0, "what was refused has made nothing");
    let board = boards.board(json!({"starts_at": "2027-01-02T00:00:00Z"})).await;
    let edit = async |body| fields(&boards.admin("PATCH", &format!("/{board}"), body, 422).await);
    assert_eq!(edit(json!({"ends_at": "2027-01-01T00:00:00Z"})).await, "ends_at", "beside what is there");
    assert_eq!(edit(json!({"title": "", "metadata": "x"})).await, "metadata");
    // Scores.
    let ann = boards.realm.device("ann's").await;
    let records = format!("/{board}/records");
    for (body, wrong) in [
        (json!({"score": "12x", "user_id": ann.id}), "score"),
        (json!({"score": 1.5, "user_id": ann.id}), "score"),
        (json!({"score": 9_007_199_254_740_992_i64, "user_id": ann.id}), "score"),
        (json!({"score": 1}), "user_id"),
        (json!({"score": 1, "user_id": "", "label": " "}), "user_id"),
        (json!({"score": 1, "user_id": "nobody"}), "user_id"),
        (json!({"score": 1, "user_id": "00000000-0000-7000-8000-000000000000"}), "user_id"),
        (json!({"score": 1, "user_id": ann.id, "label": "both"}), "label"),
        (json!({"score": 1, "label": "x".repeat(81)}), "label"),
        (json!({"score": 1, "label": "two\nlines"}), "label"),
        (json!({"score": 1, "user_id": ann.id, "metadata": [1]}), "metadata"),
    ] {
        assert_eq!(fields(&boards.admin("POST", &records, body.clone(), 422).await), wrong, "{body}");
    }
    let missing = boards.admin("POST", &records, json!({"user_id": ann.id}), 400).await;
    assert_eq!(missing, json!({"errors": {"detail": "Bad Request"}}));
    assert_eq!(boards.get(&records, 200).await["meta"]["total_count"], 0);
    let unknown = json!({"error": "Leaderboard not found"});
    for path in ["/nowhere", "/nowhere/records", "/With%20Space", &format!("/nowhere/records/around/{}", ann.id)] {
        assert_eq!(boards.get(path, 404).await, unknown, "{path}");
    }
}

async fn an_account_goes_with_its_records(realm: Realm) {
    let boards = Boards::of(realm).await;
    let (one, two) = (boards.board(json!({"slug": "one"})).await, boards.board(json!({"slug": "two"})).await);
    let (ann, bob) = (boards.realm.device("ann's").await, boards.realm.device("bob's").await);
    for board in [&one, &two] {
        boards.score(board, &ann, 10).await;
        boards.score(board, &bob, 5).await;
    }
    boards.realm.by(&ann, "DELETE", "/me", Value::Null).await.expect(StatusCode::OK);
    for board in [&one, &two] {
        assert_eq!(boards.mine(board, &bob).await, (1, 5));
        assert_eq!(boards.get(&format!("/{board}/records"), 200).await["meta"]["total_count"], 1);
    }
    let body = json!({"user_id": ann.id, "score": 1});
    let refused = boards.admin("POST", &format!("/{one}/records"), body, 422).await;
    assert_eq!(refused["errors"]["user_id"], json!(["does not exist"]));
}

async fn an_end_comes_before_or_after_a_score(realm: Realm) {
    let boards = Boards::of(realm).await;
    let board = boards.board(json!({"operator": "incr"})).await;
    let ann = boards.realm.device("ann's").await;
    let path = format!("/admin/leaderboards/{board}");
    let submit = async |_| {
        let body = json!({"user_id": ann.id, "score": 1});
        boards.realm.by(&boards.admin, "POST", &format!("{path}/records"), body).await.status
    };
    let end = async { boards.realm.by(&boards.admin, "POST", &format!("{path}/end"), Value::Null).await };
    let (scores, ended) = tokio::join!(futures_util::future::join_all((0..24).map(submit)), end);
    ended.expect(StatusCode::OK);
    assert!(scores.iter().all(|status| matches!(status.as_u16(), 200 | 400)), "{scores:?}");
    let counted = scores.iter().filter(|status| status.as_u16() == 200).count() as i64;
    let page = boards.get(&format!("/{board}/records"), 200).await;
    assert_eq!(page["data"].as_array().unwrap().iter().map(|row| row["score"].as_i64().unwrap()).sum::<i64>(), counted);
    assert_eq!(submit(0).await, StatusCode::BAD_REQUEST, "it has ended");
}

#[tokio::test]
async fn what_is_switched_off_is_off_but_for_ones_own_record() {
    let realm = Realm::sqlite_with(|settings| settings.community.list_leaderboards = false).await;
    let boards = Boards::of(realm).await;
    let board = boards.board(json!({})).await;
    let ann = boards.realm.device("ann's").await;
    boards.score(&board, &ann, 5).await;
    assert_eq!(boards.mine(&board, &ann).await, (1, 5));
    let public = ["", "/arena", "/arena/records", &format!("/arena/records/around/{}", ann.id)]
        .map(|path| ("GET", path.to_owned()));
    for (method, path) in public.into_iter().chain([("POST", "/resolve".to_owned())]) {
        let answer = boards.realm.call(method, &format!("/leaderboards{path}"), Value::Null).send().await;
        assert_eq!((answer.status, answer.text.as_str()), (StatusCode::NOT_FOUND, "Not Found"), "{path}");
    }
}
