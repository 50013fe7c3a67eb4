//! Characters made for what they begin with, and names that pretend to be another's.

use rand::RngExt;
use realmgate_protocol::realm::ClientMessage;
use reqwest::Method;
use serde_json::json;

use super::super::hostile::{Hostile, Responses, letters};
use super::visits;

pub(super) async fn cycle(hostile: &mut Hostile) -> Responses {
    let mut responses = Responses::default();
    for _ in 0..2 {
        responses.asked += 2;
        match hostile.new_character().await {
            Some(character) => {
                let deleted = hostile.call(Method::DELETE, &format!("/characters/{character}"), None).await;
                responses.refused += u64::from(!matches!(deleted, Some((status, _)) if status < 300));
            }
            None => responses.refused += 2,
        }
    }
    responses
}

pub(super) async fn look_alike(hostile: &mut Hostile) -> Responses {
    let name = letters("Zx", &mut hostile.rng, 6);
    let mut responses = Responses::default();
    // The honest one, then those that look like it: a filler, full width, another script, a zero-width space, two marks.
    let fakes = [
        format!("{name}\u{3164}"),
        format!("\u{ff3a}{}", &name[1..]),
        format!("{name}\u{0430}"),
        format!("Zx\u{200b}{}", &name[2..]),
        format!("{name}\u{0301}\u{0301}"),
    ];
    let class = hostile.call(Method::GET, "/character-classes", None).await;
    let class = class.map(|(_, classes)| classes[0]["id"].clone()).unwrap_or_default();
    let fake = &fakes[hostile.rng.random_range(0..fakes.len())];
    for name in [&name, fake] {
        let body = json!({"name": name, "class_id": class});
        let made = hostile.call(Method::POST, "/characters", Some(body)).await;
        responses.answer(made.as_ref());
        if let Some(id) = made.as_ref().and_then(|(_, made)| made["id"].as_str()) {
            hostile.call(Method::DELETE, &format!("/characters/{id}"), None).await;
        }
    }
    for fake in &fakes[..3] {
        let body = json!({"username": fake, "password": hostile.password});
        responses.answer(hostile.call(Method::POST, "/auth/register", Some(body)).await.as_ref());
    }
    responses
}

pub(super) async fn starter_kit(hostile: &mut Hostile) -> Responses {
    let mut responses = Responses::default();
    let Some(character) = hostile.new_character().await else {
        return Responses { asked: 1, refused: 1, ended: 0 };
    };
    let main = hostile.character.replace(character.clone());
    if let Some(mut visit) = visits::Visit::begin(hostile).await {
        let items: Vec<_> = visit.client.session().possessions.items.keys().copied().collect();
        for item in items {
            visit.ask(&ClientMessage::DropItem { item });
        }
        visit.ticks(20).await;
        responses = visit.responses;
        visit.client.log_out().await;
    }
    hostile.character = main;
    let deleted = hostile.call(Method::DELETE, &format!("/characters/{character}"), None).await;
    responses.answer(deleted.as_ref());
    responses
}
