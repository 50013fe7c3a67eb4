//! What the attacked server has beside its worlds: scripts, providers, and a database that others have filled.

use std::fs;
use std::net::SocketAddr;

use reqwest::Client;
use serde_json::{Value, json};

use super::endpoints::Endpoints;
use super::service;
use crate::database::Database;
use crate::home::Home;
use crate::map_server::Settings;

/// Players call its functions with whatever they like.
pub const PLUGIN: &str = "costly";
/// The board that [`fill`] makes.
pub const BOARD: &str = "attacked";
/// What the names of the profiles that [`fill`] makes begin with; 12 digits follow.
pub const NAMES: &str = "filler";

/// The name of the account that [`register_administrator`] makes.
pub const ADMINISTRATOR: &str = "warden";
/// Its password.
pub const PASSWORD: &str = "a password of a warden";

/// Functions that cost much for what they are given: patterns that go back over long texts, and calls that never end.
const COSTLY: &str = r#"
local hooks = {}
function hooks.trim(text) return (text:gsub("^%s*(.-)%s*$", "%1")) end
function hooks.find(text) return text:find(".-.-.-.-.-b") ~= nil end
function hooks.sort(list) table.sort(list, function(a, b) return tostring(a) < tostring(b) end) return #list end
function hooks.echo(...) return { ... } end
function hooks.remember(value) return realm.set_value("last", value, { user = caller.id }) end
function hooks.spin() while true do end end
function hooks.hide() while true do pcall(function() while true do end end) end end
function hooks.fill() local all = {} while true do all[#all + 1] = ("x"):rep(65536) .. #all end end
return hooks
"#;
/// Every entry into the world goes through a script of another file, which must not wait for the costly one.
const QUIET: &str = "return { before_enter_world = function(user, character, at) return true end }";

/// By which other accounts one may log in. Nothing listens at those addresses.
const PROVIDERS: &str = include_str!("providers.toml");

/// Lobbies of [`fill`], one host each.
const LOBBIES: u32 = 1_500;
/// Records that the ranks of a board count together.
const BLOCK: u32 = 512;
const BOARD_ID: &str = "00000000-0000-7000-8000-00000000b0a2";

/// Settings with scripts, providers, and this service behind the door.
///
/// # Errors
/// When a file cannot be written.
pub fn prepared(settings: Settings, service: SocketAddr) -> Result<Settings, String> {
    let (hooks, providers) = (settings.home.path("hooks"), settings.home.path("providers.toml"));
    let services = settings.home.path("services.toml");
    let written = fs::create_dir_all(&hooks)
        .and_then(|()| fs::write(hooks.join(format!("{PLUGIN}.lua")), COSTLY))
        .and_then(|()| fs::write(hooks.join("quiet.lua"), QUIET))
        .and_then(|()| fs::write(&providers, PROVIDERS))
        .and_then(|()| fs::write(&services, service::dictionary(service)));
    written.map_err(|error| format!("the server's files cannot be written: {error}"))?;
    let files = [("HOOKS_DIR", hooks), ("PROVIDERS_FILE", providers), ("SERVICES_FILE", services)];
    Ok(files.iter().fold(settings, |settings, (name, path)| settings.set(name, &path.to_string_lossy())))
}

/// Registers the first account, which is an administrator.
///
/// # Errors
/// When it is refused, or no administrator.
pub async fn register_administrator(endpoints: &Endpoints) -> Result<(), String> {
    let client = Client::builder().no_proxy().build().map_err(|error| error.to_string())?;
    let url = |path: &str| format!("http://{}{path}", endpoints.api);
    let body = json!({"username": ADMINISTRATOR, "password": PASSWORD});
    let registered = client.post(url("/auth/register")).json(&body).send().await.map_err(|error| error.to_string())?;
    let tokens: Value = registered.json().await.map_err(|error| error.to_string())?;
    let access = tokens["access_token"].as_str().ok_or_else(|| format!("no administrator: {tokens}"))?;
    let overview = client.get(url("/api/v1/admin/overview")).bearer_auth(access).send();
    let status = overview.await.map_err(|error| error.to_string())?.status();
    if status.is_success() { Ok(()) } else { Err(format!("the first account is no administrator: {status}")) }
}

/// Writes so many profiles straight into the tables, each with a record on a board, and lobbies of the first of them.
///
/// # Panics
/// When the database cannot be written.
pub async fn fill(home: &Home, profiles: u32) {
    if profiles == 0 {
        return;
    }
    let database = Database::open_for_writing(home).await;
    // Twelve digits are hexadecimal too.
    let rows = |count: u32| {
        format!(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}), \
             r (i, id, name) AS (SELECT i, '00000000-0000-7000-9000-' || SUBSTR(CAST(1000000000000 + i AS TEXT), 2), \
             '{NAMES}' || SUBSTR(CAST(1000000000000 + i AS TEXT), 2) FROM n) "
        )
    };
    let (everybody, hosts) = (rows(profiles), rows(profiles.min(LOBBIES)));
    let statements = [
        format!(
            "{everybody} INSERT INTO accounts (id, role, token_version, created_at_ms) SELECT id, 'player', 0, i FROM r"
        ),
        format!(
            "{everybody} INSERT INTO profiles (account_id, username, display_name, username_key, display_key) \
             SELECT id, name, name, LOWER(HEX(name)), LOWER(HEX(name)) FROM r"
        ),
        format!(
            "{hosts} INSERT INTO lobbies \
             (id, title, title_key, host_id, max_users, is_hidden, is_locked, slowdown, metadata, created_at_ms) \
             SELECT id, name, LOWER(HEX(name)), id, 8, 0, 0, 0, '{{\"map\":\"gate\",\"level\":' || (i % 20) || '}}', i FROM r"
        ),
        format!("{hosts} INSERT INTO lobby_fields (lobby_id, name, value) SELECT id, 'level', i % 20 FROM r"),
        format!("{hosts} INSERT INTO lobby_fields (lobby_id, name, value) SELECT id, 'map', 'gate' FROM r"),
        format!("{hosts} INSERT INTO lobby_members (account_id, lobby_id, joined_at_ms) SELECT id, id, i FROM r"),
        format!(
            "INSERT INTO leaderboards (id, slug, title, sort_order, operator, created_at_ms, updated_at_ms) \
             VALUES ('{BOARD_ID}', '{BOARD}', 'Attacked', 'desc', 'best', 0, 0)"
        ),
        format!(
            "{everybody} INSERT INTO leaderboard_records \
             (id, leaderboard_id, owner, user_id, score, points, tie, created_at_ms, updated_at_ms) \
             SELECT id, '{BOARD_ID}', 'user:' || id, id, (i * 7919) % 1000003, -((i * 7919) % 1000003), \
             '0000000000' || REPLACE(id, '-', ''), 0, 0 FROM r"
        ),
        format!(
            "INSERT INTO leaderboard_blocks (leaderboard_id, points, tie, size) \
             SELECT '{BOARD_ID}', CASE WHEN n = 0 THEN -9223372036854775807 - 1 ELSE points END, \
             CASE WHEN n = 0 THEN '' ELSE tie END, MIN({profiles} - n, {BLOCK}) FROM \
             (SELECT points, tie, ROW_NUMBER() OVER (ORDER BY points, tie) - 1 AS n FROM leaderboard_records \
             WHERE leaderboard_id = '{BOARD_ID}') AS numbered WHERE n % {BLOCK} = 0"
        ),
    ];
    for statement in &statements {
        database.write(statement).await;
    }
}
