//! `GET /sessions`.

use std::collections::BTreeMap;
use std::str::FromStr;

use axum::Json;
use axum::extract::{Query, State};
use axum::http::Uri;
use realmgate_platform::error::{Error, ErrorCode};
use realmgate_platform::http::Problem;
use realmgate_platform::http::extract::ServiceCaller;
use realmgate_protocol::ids::MapId;
use realmgate_protocol::movement::tiles;
use serde::Serialize;

use crate::state::AppState;
use crate::store::online::{OnlineCharacter, OnlinePage, OnlineRow};

/// Default number of entries per page.
const USUAL_LIMIT: u32 = 100;
/// Maximum number of entries per page.
const HIGHEST_LIMIT: u32 = 1_000;

/// A page of the list of logged-in users.
#[derive(Serialize, utoipa::ToSchema)]
pub struct LoggedInPage {
    /// The users, by account id.
    sessions: Vec<LoggedInEntry>,
    /// `after` of the next page; null on the last page.
    next: Option<String>,
}

/// A logged-in user.
#[derive(Serialize, utoipa::ToSchema)]
pub struct LoggedInEntry {
    /// The account.
    user_id: String,
    /// Its user name.
    username: Option<String>,
    /// The gateway that it is connected to, or through which it entered.
    gateway: Option<String>,
    /// The map server that it plays on; null while it is not in a world, or on its way there.
    map_server: Option<String>,
    /// The character in the world, or on its way there.
    character: Option<LoggedInCharacter>,
}

/// The character of a logged-in user.
#[derive(Serialize, utoipa::ToSchema)]
pub struct LoggedInCharacter {
    /// Its id.
    id: String,
    /// Its name.
    name: String,
    /// Its last known map; null while it enters a world for the first time.
    map_id: Option<u16>,
    /// Tiles from the left edge at its last save or appearance; 0 if unknown.
    x: f64,
    /// Tiles from the top edge, likewise.
    y: f64,
    /// Since when its lock has had this owner, Unix milliseconds.
    since_ms: u64,
}

/// List logged-in users with their characters and positions.
#[utoipa::path(
    get, path = "/sessions", tag = "directory", security(("service_token" = [])),
    params(
        ("limit" = Option<u32>, Query, description = "Maximum number of entries, 1 to 1000; default 100"),
        ("after" = Option<String>, Query, description = "`next` of the previous page"),
        ("map" = Option<u16>, Query, description = "Only users whose last known map is this one"),
        ("server" = Option<String>, Query, description = "Only users on this map server"),
    ),
    responses(
        (status = 200, body = LoggedInPage),
        (status = 401, body = Problem, content_type = "application/problem+json", description = "SERVICE_TOKEN_REQUIRED"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "VALIDATION_FAILED"),
    ),
)]
pub async fn list(
    _caller: ServiceCaller,
    State(state): State<AppState>,
    uri: Uri,
) -> Result<Json<LoggedInPage>, Error> {
    let wanted = wanted(&uri)?;
    let entries = state.online.logged_in(&wanted).await?;
    let is_full = entries.len() == wanted.limit as usize;
    let next = entries.last().filter(|_| is_full).map(|last| last.account.to_string());
    Ok(Json(LoggedInPage { sessions: entries.into_iter().map(LoggedInEntry::from).collect(), next }))
}

/// Parses the query. The error names the parameter that cannot be parsed.
fn wanted(uri: &Uri) -> Result<OnlinePage, Error> {
    let query = Query::<Vec<(String, String)>>::try_from_uri(uri)
        .map_err(|_| Error::new(ErrorCode::BadRequest, "Cannot parse the query"))?;
    let given: BTreeMap<String, String> = query.0.into_iter().collect();
    let limit = read(&given, "limit", "a number from 1 to 1000")?.unwrap_or(USUAL_LIMIT);
    if !(1..=HIGHEST_LIMIT).contains(&limit) {
        return Err(Error::field("limit", "must be a number from 1 to 1000"));
    }
    Ok(OnlinePage {
        limit,
        after: read(&given, "after", "an account's id")?,
        map: read(&given, "map", "a map's number")?.map(MapId),
        server: read(&given, "server", "a map server's id")?,
    })
}

fn read<T: FromStr>(given: &BTreeMap<String, String>, name: &str, what: &str) -> Result<Option<T>, Error> {
    let Some(text) = given.get(name) else { return Ok(None) };
    text.parse().map(Some).map_err(|_| Error::field(name, format!("must be {what}")))
}

impl From<OnlineRow> for LoggedInEntry {
    fn from(entry: OnlineRow) -> Self {
        let map_server = entry.character.as_ref().and_then(OnlineCharacter::map_server).cloned();
        Self {
            user_id: entry.account.to_string(),
            username: entry.username,
            gateway: entry.gateway,
            map_server: map_server.map(Into::into),
            character: entry.character.map(LoggedInCharacter::from),
        }
    }
}

impl From<OnlineCharacter> for LoggedInCharacter {
    fn from(character: OnlineCharacter) -> Self {
        Self {
            id: character.id.to_string(),
            name: character.name,
            map_id: character.map.map(|map| map.0),
            x: tiles(character.x),
            y: tiles(character.y),
            since_ms: character.since_ms,
        }
    }
}
