//! What hostile players do once they are in the world.

use std::time::Duration;

use futures_util::SinkExt;
use rand::RngExt;
use realmgate_client::client::GameClient;
use realmgate_client::session::Intent;
use realmgate_protocol::entry::EntryGrant;
use realmgate_protocol::ids::{ChannelId, EntityId, ItemId};
use realmgate_protocol::movement::{Angle, Position};
use realmgate_protocol::realm::{ClientMessage, EntityKind, PlaceKind, ServerMessage};
use realmgate_protocol::wire::{Action, Aim};
use reqwest::Method;
use tokio_tungstenite::tungstenite::Message;

use super::super::hostile::{Hostile, Responses, Socket};

/// Ticks of a client in a second.
const TICKS_PER_S: u32 = 20;

/// A stay in the world.
pub(super) struct Visit {
    pub(super) client: GameClient,
    pub(super) socket: Socket,
    pub(super) responses: Responses,
    heading: Option<Angle>,
    action: Option<Action>,
    travel: Option<EntryGrant>,
    is_over: bool,
}

impl Visit {
    pub(super) async fn begin(hostile: &mut Hostile) -> Option<Self> {
        let (client, socket) = hostile.enter().await?;
        let responses = Responses::default();
        Some(Self { client, socket, responses, heading: None, action: None, travel: None, is_over: false })
    }

    pub(super) fn ask(&mut self, message: &ClientMessage) {
        self.responses.asked += 1;
        // What is too long to be sent is not sent.
        let _ = self.client.ask(message);
    }

    /// Plays on for so many ticks, or until the connection ends.
    pub(super) async fn ticks(&mut self, ticks: u32) {
        for _ in 0..ticks {
            let Ok(heard) = self.client.tick().await else {
                self.responses.ended += u64::from(!self.is_over);
                self.is_over = true;
                return;
            };
            for message in heard {
                match message {
                    ServerMessage::Refused { .. } => self.responses.refused += 1,
                    ServerMessage::Travel { grant } => self.travel = serde_json::from_str(&grant).ok(),
                    _ => {}
                }
            }
            self.client.act(Intent { heading: self.heading, action: self.action.take() });
        }
    }

    /// Others in view, with their names.
    fn others(&self, kind: EntityKind) -> Vec<(EntityId, String)> {
        let own = self.client.session().welcome().map(|welcome| welcome.entity);
        let seen = self.client.session().world.entities();
        let others = seen.filter(|(id, view)| Some(*id) != own && view.kind() == Some(kind));
        others.map(|(id, view)| (id, view.name().to_owned())).collect()
    }

    async fn log_out(self) -> Responses {
        let responses = self.responses;
        self.client.log_out().await;
        responses
    }
}

fn pick<T: Clone>(hostile: &mut Hostile, from: &[T]) -> Option<T> {
    (!from.is_empty()).then(|| from[hostile.rng.random_range(0..from.len())].clone())
}

/// Texts that break lines, run backwards, hide or overflow.
pub(super) async fn texts(hostile: &mut Hostile) -> Responses {
    let Some(mut visit) = Visit::begin(hostile).await else { return Responses::default() };
    let texts = [
        "a\u{2028}b".to_owned(),
        "\u{202e}gnp.exe".to_owned(),
        "\u{200b}\u{200b}".to_owned(),
        "\u{feff}".to_owned(),
        "\u{e0041}\u{e0042}".to_owned(),
        format!("a{}", "\u{0301}".repeat(110)),
        "x".repeat(240),
        "\r\n\t\u{7}".to_owned(),
    ];
    for _ in 0..20 {
        let text = pick(hostile, &texts).unwrap_or_default();
        let others = visit.others(EntityKind::Player);
        let message = match (hostile.rng.random_range(0..3), pick(hostile, &others)) {
            (0, Some((_, to))) => ClientMessage::Whisper { to, text },
            (1, _) => ClientMessage::PartyChat { text },
            _ => ClientMessage::Chat { text },
        };
        visit.ask(&message);
        visit.ticks(4).await;
    }
    visit.log_out().await
}

/// Messages of every kind, in no order, about things that are not there.
pub(super) async fn wild(hostile: &mut Hostile) -> Responses {
    let Some(mut visit) = Visit::begin(hostile).await else { return Responses::default() };
    for _ in 0..60 {
        let (number, item) = (hostile.rng.random::<u64>(), ItemId(hostile.rng.random()));
        let entity = EntityId(hostile.rng.random_range(0..5_000));
        let text: String = (0..hostile.rng.random_range(0..60)).map(|_| hostile.rng.random::<char>()).collect();
        let message = match hostile.rng.random_range(0..23) {
            0 => ClientMessage::Hello { protocol_hash: realmgate_protocol::realm::protocol_hash() },
            1 => ClientMessage::Respawn,
            2 => ClientMessage::PickUp { entity },
            3 => ClientMessage::DropItem { item },
            4 => ClientMessage::Equip { item },
            5 => ClientMessage::Unequip { item },
            6 => ClientMessage::UseItem { item },
            7 => ClientMessage::VendorList { vendor: entity },
            8 => ClientMessage::VendorBuy { vendor: entity, definition: text, price: number },
            9 => ClientMessage::VendorSell { vendor: entity, item },
            10 => ClientMessage::TradeRequest { with: entity },
            11 => ClientMessage::TradeAnswer { accept: number % 2 == 0 },
            12 => ClientMessage::TradeOffer { items: vec![item; 16], gold: number },
            13 => ClientMessage::TradeConfirm { revision: number as u32 },
            14 => ClientMessage::TradeCancel,
            15 => ClientMessage::Whisper { to: text.clone(), text },
            16 => ClientMessage::PartyInvite { to: text },
            17 => ClientMessage::PartyAnswer { party: number, accept: true },
            18 => ClientMessage::PartyLeave,
            19 => ClientMessage::PartyChat { text },
            20 => ClientMessage::ListChannels,
            21 => ClientMessage::VendorBuyBack { vendor: entity, item, price: number },
            _ => ClientMessage::SwitchChannel { channel: ChannelId(number as u16) },
        };
        visit.ask(&message);
        visit.ticks(2).await;
    }
    visit.log_out().await
}

/// Invitations to whoever is in view, as fast as it goes.
pub(super) async fn invite(hostile: &mut Hostile) -> Responses {
    let Some(mut visit) = Visit::begin(hostile).await else { return Responses::default() };
    visit.ticks(TICKS_PER_S).await;
    for turn in 0..40 {
        let others = visit.others(EntityKind::Player);
        let Some((with, to)) = pick(hostile, &others) else { break };
        visit.ask(&match turn % 2 {
            0 => ClientMessage::PartyInvite { to },
            _ => ClientMessage::TradeRequest { with },
        });
        visit.ticks(2).await;
    }
    visit.log_out().await
}

/// The same thing twice in one tick, and what belongs together in the wrong order.
pub(super) async fn races(hostile: &mut Hostile) -> Responses {
    let Some(mut visit) = Visit::begin(hostile).await else { return Responses::default() };
    visit.ticks(TICKS_PER_S).await;
    for _ in 0..15 {
        let items: Vec<ItemId> = visit.client.session().possessions.items.keys().copied().collect();
        let loot = [visit.others(EntityKind::GroundItem), visit.others(EntityKind::GroundGold)].concat();
        for (entity, _) in loot.into_iter().take(4) {
            visit.ask(&ClientMessage::PickUp { entity });
            visit.ask(&ClientMessage::PickUp { entity });
        }
        if let Some(item) = pick(hostile, &items) {
            visit.ask(&ClientMessage::TradeConfirm { revision: 0 });
            visit.ask(&ClientMessage::TradeOffer { items: vec![item, item], gold: u64::MAX });
            visit.ask(&ClientMessage::DropItem { item });
            visit.ask(&ClientMessage::Equip { item });
            visit.ask(&ClientMessage::DropItem { item });
        }
        for (vendor, _) in visit.others(EntityKind::Vendor) {
            visit.ask(&ClientMessage::VendorBuy { vendor, definition: "healing_potion".to_owned(), price: 0 });
            for item in items.iter().take(2) {
                visit.ask(&ClientMessage::VendorSell { vendor, item: *item });
                visit.ask(&ClientMessage::VendorBuyBack { vendor, item: *item, price: 0 });
            }
        }
        visit.ask(&ClientMessage::TradeAnswer { accept: true });
        visit.ticks(6).await;
    }
    visit.log_out().await
}

/// Through the nearest portal, and to another channel, as often as it goes.
pub(super) async fn to_and_fro(hostile: &mut Hostile) -> Responses {
    let Some(mut visit) = Visit::begin(hostile).await else { return Responses::default() };
    for turn in 0..20 {
        if turn % 4 == 0 {
            let here = visit.client.session().welcome().map_or(1, |welcome| welcome.channel.0);
            visit.ask(&ClientMessage::SwitchChannel { channel: ChannelId(3 - here.min(2)) });
        }
        visit.heading = to_portal(&visit.client);
        visit.ticks(TICKS_PER_S).await;
        let Some(grant) = visit.travel.take() else { continue };
        let next = GameClient::enter(&grant, &hostile.endpoints.setup, None).await;
        let Ok(next) = next else { break };
        (visit.client, visit.is_over) = (next, false);
    }
    visit.log_out().await
}

fn to_portal(client: &GameClient) -> Option<Angle> {
    let at = client.session().position()?;
    let portals = client.session().places().iter().filter(|place| place.kind == PlaceKind::Portal);
    let middles = portals.map(|portal| Position { x: portal.x + portal.width / 2, y: portal.y + portal.height / 2 });
    middles.min_by_key(|middle| at.distance_squared(*middle)).map(|middle| Angle::between(at, middle))
}

/// Attacks what is near, and is gone: by every way there is.
pub(super) async fn out_of_a_fight(hostile: &mut Hostile) -> Responses {
    let Some(mut visit) = Visit::begin(hostile).await else { return Responses::default() };
    for _ in 0..10 {
        let mobs = visit.others(EntityKind::Mob);
        let aim = pick(hostile, &mobs).map_or(Aim::Direction(Angle(0)), |(mob, _)| Aim::Entity(mob));
        (visit.action, visit.heading) = (Some(Action::new(0, aim)), Some(Angle(hostile.rng.random())));
        visit.ticks(TICKS_PER_S / 2).await;
    }
    let leave = r#"{"event":"leave_world","data":{}}"#;
    match hostile.rng.random_range(0..6) {
        0 => return visit.log_out().await,
        // The socket may be closed by now.
        1 => drop(visit.socket.send(Message::text(leave)).await),
        2 => drop(hostile.ask_in(&mut visit.socket).await),
        3 => {
            hostile.call(Method::POST, "/auth/logout", None).await;
            hostile.log_in().await;
        }
        4 => {
            hostile.log_in().await;
        }
        _ => return visit.responses,
    }
    visit.ticks(TICKS_PER_S).await;
    // Nobody says goodbye.
    drop(visit.client.close());
    tokio::time::timeout(Duration::from_secs(1), visit.socket.close(None)).await.ok();
    visit.responses
}
