//! `RealmWorld`: a scene for each thing that the player sees.

mod avatar;
mod entity;
mod entity_nodes;
mod puppet;

pub use avatar::RealmAvatar;
pub use entity::RealmEntity;
pub use puppet::RealmPuppet;

use std::collections::BTreeMap;

use godot::classes::PackedScene;
use godot::prelude::*;
use realmgate_protocol::ids::EntityId;
use realmgate_protocol::realm::EntityKind;

use crate::client::{PRIORITY, RealmClient};
use crate::net::{Picture, Shown};
use crate::settings;

/// Spawns a scene for each thing that the player sees, moves it, and frees it when it is out of sight. The scenes of each kind are
/// set in the inspector; their roots are a [RealmAvatar] for the player's own character, else a [RealmPuppet]. A kind without a
/// scene gets such a node and nothing else.
#[derive(GodotClass)]
#[class(init, base=Node2D)]
pub struct RealmWorld {
    /// The client whose world it shows; without one, the nearest [RealmClient] among its parents and their children.
    #[export]
    client: Option<Gd<RealmClient>>,
    /// How many pixels a tile has; 0 for what Project Settings say ([code]realmgate/world/pixels_per_tile[/code]).
    #[export]
    pixels_per_tile: f64,
    /// The player's own character.
    #[export]
    avatar_scene: Option<Gd<PackedScene>>,
    /// Other players.
    #[export]
    player_scene: Option<Gd<PackedScene>>,
    /// Mobs.
    #[export]
    mob_scene: Option<Gd<PackedScene>>,
    /// Projectiles.
    #[export]
    projectile_scene: Option<Gd<PackedScene>>,
    /// Areas that abilities leave on the ground.
    #[export]
    area_scene: Option<Gd<PackedScene>>,
    /// Items on the ground.
    #[export]
    item_scene: Option<Gd<PackedScene>>,
    /// Gold on the ground.
    #[export]
    gold_scene: Option<Gd<PackedScene>>,
    /// Vendors.
    #[export]
    vendor_scene: Option<Gd<PackedScene>>,
    shown: BTreeMap<EntityId, Resident>,
    /// The world that they are in, as the client counts.
    world: u64,
    base: Base<Node2D>,
}

/// Something that is shown.
struct Resident {
    entity: Gd<RealmEntity>,
    node: Gd<Node2D>,
}

#[godot_api]
impl RealmWorld {
    /// Something has come into view, and is shown by this node.
    #[signal]
    pub fn appeared(entity: Gd<RealmEntity>, node: Gd<Node2D>);
    /// Something is out of view; its node is freed after this.
    #[signal]
    pub fn vanished(entity: Gd<RealmEntity>, node: Gd<Node2D>);

    /// Everything in view, as an array of [RealmEntity].
    #[func]
    fn entities(&self) -> Array<Gd<RealmEntity>> {
        self.shown.values().map(|resident| resident.entity.clone()).collect()
    }

    /// The thing with an id; null if it is not in view.
    #[func]
    fn entity(&self, entity_id: i64) -> Option<Gd<RealmEntity>> {
        Some(self.resident(entity_id)?.entity.clone())
    }

    /// The node that shows an entity; null if it is not in view.
    #[func]
    fn node_of(&self, entity_id: i64) -> Option<Gd<Node2D>> {
        Some(self.resident(entity_id)?.node.clone())
    }

    /// The player's own character; null while it is not in a world.
    #[func]
    fn avatar(&self) -> Option<Gd<RealmAvatar>> {
        let own = self.client.as_ref()?.bind().own_entity_id();
        self.resident(own)?.node.clone().try_cast().ok()
    }

    fn resident(&self, id: i64) -> Option<&Resident> {
        self.shown.get(&crate::client::entity(id))
    }
}

#[godot_api]
impl INode2D for RealmWorld {
    fn ready(&mut self) {
        self.base_mut().set_process_priority(PRIORITY + 1);
        if self.client.is_none() {
            self.client = find_client_near(&self.to_gd().upcast());
        }
        if self.client.is_none() {
            godot_error!("{} has no RealmClient: set `client`", self.base().get_path());
        }
        if self.pixels_per_tile <= 0.0 {
            self.pixels_per_tile = settings::pixels_per_tile();
        }
    }

    fn process(&mut self, _delta: f64) {
        let Some(client) = self.client.clone() else { return };
        let (picture, world) = (client.bind().picture(), client.bind().worlds());
        if self.world != world {
            self.world = world;
            self.remove_all_but(&Picture::default());
        }
        self.remove_all_but(&picture);
        for shown in &picture.entities {
            self.show(shown, &picture, &client);
        }
    }
}

impl RealmWorld {
    fn show(&mut self, shown: &Shown, picture: &Picture, client: &Gd<RealmClient>) {
        let place =
            Vector2::new((shown.place.x * self.pixels_per_tile) as f32, (shown.place.y * self.pixels_per_tile) as f32);
        if let Some(resident) = self.shown.get(&shown.id) {
            let (mut node, entity) = (resident.node.clone(), resident.entity.clone());
            node.set_position(place);
            let _free = self.base_mut();
            RealmEntity::take(&entity, shown);
            return;
        }
        let is_own = shown.id == picture.own.entity;
        let entity = RealmEntity::of(shown, is_own, client.bind().content());
        let Some(mut node) = self.spawn(shown.kind, is_own) else { return };
        node.set_position(place);
        if let Ok(mut avatar) = node.clone().try_cast::<RealmAvatar>() {
            avatar.bind_mut().show(&entity, client, self.pixels_per_tile);
        } else if let Ok(mut puppet) = node.clone().try_cast::<RealmPuppet>() {
            puppet.bind_mut().show(&entity);
        }
        self.shown.insert(shown.id, Resident { entity: entity.clone(), node: node.clone() });
        self.base_mut().add_child(&node);
        self.signals().appeared().emit(&entity, &node);
    }

    /// A node for a kind: its scene, or a bare one.
    fn spawn(&self, kind: EntityKind, is_own: bool) -> Option<Gd<Node2D>> {
        let scene = match kind {
            EntityKind::Player if is_own => &self.avatar_scene,
            EntityKind::Player => &self.player_scene,
            EntityKind::Mob => &self.mob_scene,
            EntityKind::Projectile => &self.projectile_scene,
            EntityKind::Area => &self.area_scene,
            EntityKind::GroundItem => &self.item_scene,
            EntityKind::GroundGold => &self.gold_scene,
            EntityKind::Vendor => &self.vendor_scene,
        };
        match scene {
            None if is_own => Some(RealmAvatar::new_alloc().upcast()),
            None => Some(RealmPuppet::new_alloc().upcast()),
            Some(scene) => match scene.instantiate().map(Gd::try_cast) {
                Some(Ok(node)) => Some(node),
                Some(Err(other)) => {
                    godot_error!("{}: the root is not a Node2D", scene.get_path());
                    other.free();
                    None
                }
                None => None,
            },
        }
    }

    fn remove_all_but(&mut self, picture: &Picture) {
        let is_there = |id: &EntityId| picture.entities.binary_search_by_key(id, |shown| shown.id).is_ok();
        let gone: Vec<_> = self.shown.keys().filter(|id| !is_there(id)).copied().collect();
        for id in gone {
            let Some(mut gone) = self.shown.remove(&id) else { continue };
            self.signals().vanished().emit(&gone.entity, &gone.node);
            gone.node.queue_free();
        }
    }
}

/// The client that is an ancestor of a node, or a child of one; the nearest.
pub fn find_client_near(node: &Gd<Node>) -> Option<Gd<RealmClient>> {
    let mut parent = node.get_parent();
    while let Some(at) = parent {
        if let Ok(client) = at.clone().try_cast() {
            return Some(client);
        }
        if let Some(client) = at.get_children().iter_shared().find_map(|child| child.try_cast().ok()) {
            return Some(client);
        }
        parent = at.get_parent();
    }
    None
}
