//! The rules of our role-playing game: a set of bevy plugins on top of the engine, and the game data they use.
//!
//! Each feature is a folder with its plugin, components, messages and systems. Features communicate through messages.
//! Everything a designer may change is in [`data`]; the order of the features within a tick is in [`order`].

pub mod ability;
pub mod area;
pub mod chat;
pub mod combat;
pub mod data;
pub mod death;
pub mod effect;
pub mod equipment;
pub mod ignore;
pub mod inventory;
pub mod loot;
pub mod maps;
pub mod mob;
pub mod order;
pub mod outage;
pub mod party;
pub mod path;
pub mod progress;
pub mod projectile;
pub mod reload;
pub mod replicate;
pub mod requests;
pub mod session;
pub mod social;
pub mod spawn;
pub mod stats;
pub mod tell;
pub mod threat;
pub mod trade;
pub mod travel;
pub mod vendor;

use std::sync::Arc;

use bevy_app::{App, Plugin};
use realmgate_engine::channel::{BuildWorld, ReloadApp};
use realmgate_engine::map::MapSet;

use crate::data::{Data, GameData};

/// Returns the builder that adds the game to the world of a channel.
pub fn build_world(data: Arc<GameData>, maps: Arc<MapSet>) -> BuildWorld {
    Arc::new(move |app: &mut App| {
        app.add_plugins(GamePlugin { data: data.clone(), maps: maps.clone() });
    })
}

/// The starter kits of all classes, taken from the game data.
fn starter_kits(data: &GameData) -> inventory::StarterKits {
    let kit = |class: &data::Class| inventory::StarterKit {
        items: class.starts_with.iter().map(|item| item.id().to_owned()).collect(),
        gold: class.starting_gold,
    };
    inventory::StarterKits(data.classes.iter().map(|(index, _, class)| (index, kit(class))).collect())
}

/// The whole game in one channel.
pub struct GamePlugin {
    /// The game data.
    pub data: Arc<GameData>,
    /// All maps of the realm; portals need them to know where they lead.
    pub maps: Arc<MapSet>,
}

impl Plugin for GamePlugin {
    fn build(&self, app: &mut App) {
        app.insert_resource(Data(self.data.clone()))
            .insert_resource(travel::Maps(self.maps.clone()))
            .insert_resource(starter_kits(&self.data))
            .add_plugins((order::OrderPlugin, replicate::ReplicatePlugin, requests::RequestsPlugin))
            .add_plugins((
                session::SessionPlugin,
                social::SocialPlugin,
                inventory::InventoryPlugin,
                outage::OutagePlugin,
            ))
            .add_plugins((
                stats::StatsPlugin,
                combat::CombatPlugin,
                ability::AbilityPlugin,
                effect::EffectPlugin,
                projectile::ProjectilePlugin,
                area::AreaPlugin,
                threat::ThreatPlugin,
                path::PathPlugin,
                mob::MobPlugin,
                spawn::SpawnPlugin,
                death::DeathPlugin,
                progress::ProgressPlugin,
            ))
            .add_plugins((
                loot::LootPlugin,
                equipment::EquipmentPlugin,
                vendor::VendorPlugin,
                trade::TradePlugin,
                party::PartyPlugin,
                chat::ChatPlugin,
                ignore::IgnorePlugin,
                travel::TravelPlugin,
            ))
            .on_reload(reload::apply);
    }
}
