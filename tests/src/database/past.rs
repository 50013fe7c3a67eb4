//! Characters who have done something before a test begins.

use serde_json::Value;
use uuid::Uuid;

use super::Database;

/// What a character has done before a test begins.
#[derive(Debug, Clone)]
pub struct Past {
    /// Its level.
    pub level: u16,
    /// Its experience in all.
    pub experience: u32,
    /// The map it is on.
    pub map: u16,
    /// Its soft state, as the store keeps it.
    pub soft: Value,
}

impl Database {
    /// Gives a character that is nowhere in the world a past.
    ///
    /// # Panics
    /// When there is none of this id.
    pub async fn give_past(&self, character: &str, past: &Past) {
        let update = sqlx::query(
            "UPDATE characters SET level = $2, experience = $3, map_id = $4, soft_state = $5 \
             WHERE id = $1 AND lock_owner = 'none'",
        );
        let update = update.bind(character).bind(i64::from(past.level)).bind(i64::from(past.experience));
        let update = update.bind(i64::from(past.map)).bind(past.soft.to_string());
        let updated = update.execute(&self.0).await.expect("a character can be changed");
        assert_eq!(updated.rows_affected(), 1, "the character {character} is there, and nowhere in the world");
    }

    /// Gives a character that is nowhere in the world gold, and items by slot. The ledger knows of both.
    ///
    /// # Panics
    /// When one of the slots is taken.
    pub async fn endow(&self, character: &str, gold: u32, items: &[(u16, &str)]) {
        let (key, owner) = (format!("endow:{character}"), format!("character:{character}"));
        let mut all = self.0.begin().await.expect("the database can be written");
        for (line, (slot, definition)) in (0_i64..).zip(items) {
            let id = Uuid::new_v4().to_string();
            let item = "INSERT INTO items (id, definition, owner, slot, created_at_ms) VALUES ($1, $2, $3, $4, 0)";
            let item = sqlx::query(item).bind(&id).bind(*definition).bind(&owner).bind(i64::from(*slot));
            item.execute(&mut *all).await.expect("the slot is free");
            let booked = "INSERT INTO item_ledger (event_key, line, item_id, definition, to_owner, at_ms) \
                 VALUES ($1, $2, $3, $4, $5, 0)";
            let booked = sqlx::query(booked).bind(&key).bind(line).bind(&id).bind(*definition).bind(&owner);
            booked.execute(&mut *all).await.expect("nothing was booked under this key");
        }
        if gold > 0 {
            let booked = "INSERT INTO gold_ledger (event_key, line, from_owner, to_owner, amount, at_ms) \
                 VALUES ($1, 0, 'world', $2, $3, 0)";
            let booked = sqlx::query(booked).bind(&key).bind(&owner).bind(i64::from(gold));
            booked.execute(&mut *all).await.expect("nothing was booked under this key");
            for (purse, change) in [("world", -i64::from(gold)), (owner.as_str(), i64::from(gold))] {
                let balance = "INSERT INTO gold_balances (owner, balance) VALUES ($1, $2) \
                     ON CONFLICT (owner) DO UPDATE SET balance = gold_balances.balance + excluded.balance";
                let balance = sqlx::query(balance).bind(purse).bind(change);
                balance.execute(&mut *all).await.expect("a balance can be changed");
            }
        }
        all.commit().await.expect("all of it can be written");
    }
}
