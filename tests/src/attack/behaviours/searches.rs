//! Searches of what others have filled: names by how they begin, lobbies by their metadata, boards at any rank.

use futures_util::future::join_all;
use rand::RngExt;
use reqwest::Method;

use super::super::hostile::{Hostile, Responses};
use super::super::surroundings::{BOARD, NAMES};

/// Searches at once.
const AT_ONCE: usize = 12;

pub(super) async fn many(hostile: &mut Hostile) -> Responses {
    let mut responses = Responses::default();
    if !hostile.is_logged_in().await {
        return responses;
    }
    let paths: Vec<String> = (0..AT_ONCE).map(|_| path(hostile)).collect();
    let is_somebody = hostile.rng.random();
    let searches = paths.iter().map(|path| {
        let request = hostile.request(Method::GET, &format!("/api/v1/{path}"));
        hostile.send(if is_somebody { request.bearer_auth(&hostile.access) } else { request })
    });
    responses.answers(&join_all(searches).await);
    responses
}

fn path(hostile: &mut Hostile) -> String {
    let (page, number) = (hostile.rng.random_range(1..60), hostile.rng.random_range(0..3_000));
    let id = format!("00000000-0000-7000-9000-{number:012}");
    match hostile.rng.random_range(0..9) {
        0 => format!("users?q={}&page={page}&page_size=100", &NAMES[..2]),
        1 => format!("users?q={NAMES}{:09}&page_size=100", number / 1_000),
        2 => format!("users?q={NAMES}%25&page={page}"),
        3 => format!("lobbies?metadata_key=level&metadata_value={}&page_size=100", number % 30),
        4 => format!("lobbies?metadata_key=none&metadata_value=x&min_users=2&page={page}"),
        5 => format!("lobbies?title={NAMES}&is_locked=false&is_passworded=false&page={page}&page_size=100"),
        6 => format!("leaderboards/{BOARD}/records?page={page}&page_size=100"),
        7 => format!("leaderboards/{BOARD}/records/around/{id}?limit=100"),
        _ => format!("users/{id}"),
    }
}
