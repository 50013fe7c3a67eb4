//! An actor on the Rust client, over UDP.

use std::net::SocketAddr;
use std::time::Duration;

use realmgate_client::api::Api;
use realmgate_client::client::Setup;
use realmgate_client::clock::Clock;
use realmgate_client::entry::Entry;
use realmgate_client::player::{Player, PlayerEvent};
use realmgate_client::session::Intent;
use realmgate_protocol::ids::{EntityId, Tick};
use realmgate_protocol::movement::{Angle, Position};
use realmgate_protocol::realm::{Health, ServerMessage};
use realmgate_protocol::wire::{Action, Aim};
use realmgate_tests::until;
use tokio::sync::{mpsc, watch};

use super::actors::{Actor, Bargain, Order, Other, Picture};

/// Time between two frames of its screen.
const FRAME: Duration = Duration::from_millis(16);
/// A walk that is so near to its goal has ended, in units.
const THERE: i32 = 150;

/// A new account's character, in the world through whatever stands before the map server.
pub async fn enter(api: &str, name: &str, through: SocketAddr) -> Actor {
    let api = Api::new(api);
    let account = api.register(name, "correct horse battery").await.expect("the name is free");
    enter_as(&api, &account.access_token, name, through).await
}

/// A new character of whoever has this access token, in the world alike.
pub async fn enter_as(api: &Api, access_token: &str, name: &str, through: SocketAddr) -> Actor {
    // A class whose first ability reaches far.
    let character = api.create_character(access_token, name, "cleric").await.expect("the name is free");
    let gateway = api.gateway_url().await.expect("there is a gateway");
    let setup = Setup { through: Some(through), ..Setup::new(Clock::start()) };
    // A server that is late, on a machine that does much else, lets nobody in for now.
    let player = until("it is let in", async || {
        match Player::enter(Entry::new(&gateway, access_token, &character.id), &setup).await {
            Err(error) if error.may_pass() => None,
            entered => Some(entered.expect("it is let in")),
        }
    });
    let player = player.await;
    let stage = Stage { clock: setup.clock, goal: None, victim: None, heard_at: setup.clock.now(), newest: Tick(0) };
    Actor::new(name, |orders, show| stage.play(player, orders, show))
}

/// What it is told to do, and when it has heard of the world.
struct Stage {
    clock: Clock,
    goal: Option<Position>,
    victim: Option<EntityId>,
    heard_at: Duration,
    newest: Tick,
}

impl Stage {
    async fn play(
        mut self,
        mut player: Player,
        mut orders: mpsc::UnboundedReceiver<Order>,
        show: watch::Sender<Picture>,
    ) {
        loop {
            while let Ok(order) = orders.try_recv() {
                match order {
                    Order::Walk(to) => self.goal = Some(to),
                    Order::Attack(victim) => self.victim = victim,
                    Order::Ask(message) => player.ask(&message).expect("it is short"),
                    Order::Leave => {
                        player.log_out().await;
                        return show.send_modify(|picture| picture.left = Some("Logout".to_owned()));
                    }
                }
            }
            let events = player.play_until(self.clock.now() + FRAME, self.intent(&player)).await;
            show.send_modify(|picture| self.paint(&player, events, picture));
        }
    }

    fn intent(&self, player: &Player) -> Intent {
        let session = player.client().session();
        let (Some(at), Some(goal)) = (session.position(), self.goal) else { return Intent::default() };
        let heading = (!at.within(goal, THERE)).then(|| Angle::between(at, goal));
        let victim = self.victim.filter(|_| session.may_use(0).is_ok());
        Intent { heading, action: victim.map(|victim| Action { slot: 0, aim: Aim::Entity(victim), seen: None }) }
    }

    fn paint(&mut self, player: &Player, events: Vec<PlayerEvent>, picture: &mut Picture) {
        let session = player.client().session();
        let Some(welcome) = session.welcome() else { return };
        for event in events {
            match event {
                PlayerEvent::Told(message) => self.hear(&message, welcome.entity, picture),
                PlayerEvent::Lost(_) => picture.events.push("Lost".to_owned()),
                PlayerEvent::Travels => picture.events.push("Travels".to_owned()),
                PlayerEvent::Entered => picture.events.push("Entered".to_owned()),
                PlayerEvent::Left(_) => picture.events.push("Left".to_owned()),
                PlayerEvent::GaveUp(error) => picture.events.push(format!("GaveUp: {error}")),
            }
        }
        if session.world.head().tick != self.newest {
            (self.newest, self.heard_at) = (session.world.head().tick, self.clock.now());
        }
        picture.transport = "udp".to_owned();
        picture.is_connected = player.is_connected();
        picture.silent_ms = (self.clock.now() - self.heard_at).as_secs_f64() * 1_000.0;
        (picture.map, picture.channel, picture.entity) = (welcome.map.0, welcome.channel.0, welcome.entity.0);
        picture.party = session.party.members.iter().map(|member| member.name.clone()).collect();
        picture.gold = session.possessions.gold;
        picture.trade = session.trade.as_ref().map(|trade| Bargain {
            revision: trade.revision,
            gold: [trade.mine.gold, trade.theirs.gold],
            confirmed: [trade.mine.confirmed, trade.theirs.confirmed],
        });
        let shown = |id| Some(player.client().display()?.place(session, id)?.into());
        picture.place = shown(welcome.entity);
        let others = session.world.entities().filter(|(id, _)| *id != welcome.entity);
        picture.others = others
            .map(|(id, entity)| Other {
                entity: id.0,
                kind: entity.kind().map(|kind| format!("{kind:?}")),
                name: entity.name().to_owned(),
                place: shown(id),
                health: entity.health.as_ref().map(|Health { current, .. }| (*current).into()),
            })
            .collect();
    }

    fn hear(&self, message: &ServerMessage, own: EntityId, picture: &mut Picture) {
        match message {
            ServerMessage::TradeRequested { name, .. } => picture.asked.push(name.clone()),
            ServerMessage::Chat { scope, from, text } => picture.heard.push(format!("{scope:?} {from}: {text}")),
            ServerMessage::PartyInvited { party, .. } => picture.invited.push(*party),
            ServerMessage::TradeEnded { end } => picture.ended.push(format!("{end:?}")),
            ServerMessage::Refused { request, reason, .. } => picture.refused.push(format!("{request}: {reason:?}")),
            ServerMessage::Combat { source, target, .. } if *source == own && Some(*target) == self.victim => {
                picture.hits += 1;
            }
            _ => {}
        }
    }
}
