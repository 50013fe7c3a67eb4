//! Accounts and characters, written straight into the tables: a password hash for each would take longer than the bench.

use anyhow::Result;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use realmgate_protocol::ids::{AccountId, CharacterId};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::databases::Base;
use crate::tokens::{Keys, now_ms};

/// Rows in one INSERT.
const ROWS: usize = 200;
/// The replica that holds the account locks of a bare server's players.
pub const GATEWAY: &str = "gateway-1";

/// Somebody who is logged in.
#[derive(Debug, Clone)]
pub struct Player {
    /// The account.
    pub account: AccountId,
    /// The log-in.
    pub session: Uuid,
    /// Its access token.
    pub token: String,
    /// Its refresh token.
    pub refresh: String,
    /// Its characters, on map 1.
    pub characters: Vec<CharacterId>,
}

/// Writes so many players with so many characters each. Each character has four items and some gold.
pub async fn players(base: &Base, count: usize, characters: usize) -> Result<Vec<Player>> {
    let keys = Keys::of(&base.jwt_secret())?;
    let mut players = Vec::with_capacity(count);
    for _ in 0..count {
        let (account, session) = (AccountId::from(Uuid::now_v7()), Uuid::now_v7());
        players.push(Player {
            token: keys.sign(&account.to_string(), &session.to_string(), 0)?,
            refresh: Uuid::new_v4().simple().to_string(),
            characters: (0..characters).map(|_| CharacterId::from(Uuid::now_v7())).collect(),
            account,
            session,
        });
    }
    write(base, &players).await?;
    Ok(players)
}

async fn write(base: &Base, players: &[Player]) -> Result<()> {
    let now = now_ms();
    let expires = now + 24 * 60 * 60 * 1_000;
    let rows = |row: &dyn Fn(&Player) -> String| players.iter().map(row).collect::<Vec<_>>();
    // Every log-in is waited for, without a timer.
    let accounts = rows(&|player| format!("('{}', 'player', 0, {now}, 'login', '{}')", player.account, player.session));
    let columns = "id, role, token_version, created_at_ms, lock_owner, lock_session";
    insert(base, &format!("accounts ({columns})"), accounts).await?;
    let sessions = rows(&|player| format!("('{}', '{}', {now})", player.session, player.account));
    insert(base, "sessions (id, account_id, created_at_ms)", sessions).await?;
    let tokens = rows(&|player| format!("('{}', '{}', {expires})", hashed(&player.refresh), player.session));
    insert(base, "refresh_tokens (token_hash, session_id, expires_at_ms)", tokens).await?;

    let all = || players.iter().flat_map(|player| player.characters.iter().map(move |who| (player, who)));
    let soft = r#"{"map":1,"x":2048,"y":2048,"health":50,"resource":10,"cooldowns":[]}"#;
    let characters = all().map(|(player, who)| {
        let name = who.uuid().simple();
        format!(
            "('{who}', '{}', '{name}', '{name}', '{name}', 'warrior', 1, 2048, 2048, '{soft}', {now})",
            player.account
        )
    });
    let columns = "id, account_id, name, name_folded, name_key, class_id, map_id, x, y, soft_state, created_at_ms";
    insert(base, &format!("characters ({columns})"), characters.collect()).await?;
    let items = all().flat_map(|(_, who)| {
        (0..4).map(move |slot| format!("('{}', 'rusty_sword', 'character:{who}', {slot}, {now})", Uuid::now_v7()))
    });
    insert(base, "items (id, definition, owner, slot, created_at_ms)", items.collect()).await?;
    let gold = all().map(|(_, who)| format!("('character:{who}', 25)"));
    insert(base, "gold_balances (owner, balance)", gold.collect()).await
}

/// Inserts rows, some at a time.
pub async fn insert(base: &Base, into: &str, rows: Vec<String>) -> Result<()> {
    for rows in rows.chunks(ROWS) {
        base.execute(format!("INSERT INTO {into} VALUES {}", rows.join(", "))).await?;
    }
    Ok(())
}

/// Gives these players names of their own, and devices that open their accounts: see [`device`].
pub async fn profiles(base: &Base, players: &[Player]) -> Result<()> {
    let now = now_ms();
    let profiles = players.iter().map(|player| {
        let name = player.account.uuid().simple().to_string();
        let key: String = name.bytes().map(|byte| format!("{byte:02x}")).collect();
        format!("('{}', '{name}', '{name}', '{key}', '{key}')", player.account)
    });
    let columns = "account_id, username, display_name, username_key, display_key";
    insert(base, &format!("profiles ({columns})"), profiles.collect()).await?;
    let devices = players.iter().map(|player| {
        let id = hashed(&device(player));
        format!("('device', '{id}', '', '', '{}', {now})", player.account)
    });
    insert(base, "credentials (kind, subject, secret, display, account_id, created_at_ms)", devices.collect()).await
}

/// Lobbies of so many of these players each, the first of whom is the host. Returns the lobby of each player.
pub async fn lobbies(base: &Base, players: &[Player], members_each: usize) -> Result<Vec<Uuid>> {
    let columns = "id, title, title_key, host_id, max_users, is_hidden, is_locked, slowdown, metadata, created_at_ms";
    let (mut lobbies, mut members, mut lobby_of) = (Vec::new(), Vec::new(), Vec::new());
    for (number, some) in players.chunks(members_each).enumerate() {
        let (id, host) = (Uuid::now_v7(), some[0].account);
        let metadata = format!(r#"{{"map":"gate","level":{}}}"#, number % 20);
        lobbies.push(format!("('{id}', 'Lobby', '6c6f626279', '{host}', 8, 0, 0, 0, '{metadata}', {number})"));
        members.extend(some.iter().map(|player| format!("('{}', '{id}', {number})", player.account)));
        lobby_of.extend(some.iter().map(|_| id));
    }
    insert(base, &format!("lobbies ({columns})"), lobbies).await?;
    insert(base, "lobby_members (account_id, lobby_id, joined_at_ms)", members).await?;
    Ok(lobby_of)
}

/// The secret of a player's device.
pub fn device(player: &Player) -> String {
    format!("a device of {}", player.account)
}

/// As the database keeps a refresh token.
pub fn hashed(token: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(token.as_bytes()))
}
