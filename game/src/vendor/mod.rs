//! Vendors: their places in the world, what they sell and what they buy.

mod business;
mod sales;
mod spot;

pub use spot::VendorSpot;

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use realmgate_engine::body::At;
use realmgate_engine::channel_map::ChannelMap;
use realmgate_engine::replication::{NetEntities, Replicated};
use realmgate_engine::schedule::TickSchedule;
use realmgate_protocol::realm::{Appearance, EntityKind, Label};

use self::sales::{PendingSales, Sales};
use crate::data::{Data, VendorIndex};
use crate::inventory::Inventory;
use crate::requests::RequestSet;

/// A vendor in the world.
#[derive(Component, Debug, Clone, Copy)]
pub struct Shop {
    /// The vendor in the game data.
    pub vendor: VendorIndex,
}

/// Adds vendors.
pub struct VendorPlugin;

impl Plugin for VendorPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<PendingSales>().register_required_components::<Inventory, Sales>();
        let systems = (open_shops, sales::record, business::do_business);
        app.add_systems(TickSchedule, systems.chain().in_set(RequestSet::Vendor));
    }
}

/// Gives vendors the names of new data.
pub(crate) fn reload(world: &mut World) {
    let data = world.resource::<Data>().clone();
    for (shop, mut label) in world.query::<(&Shop, &mut Replicated<Label>)>().iter_mut(world) {
        label.set_if_neq(Replicated(Label { name: data.vendors[shop.vendor].name.clone() }));
    }
}

/// Spawns all vendors of the map in the first tick.
fn open_shops(
    mut commands: Commands,
    mut open: Local<bool>,
    map: Res<ChannelMap>,
    data: Res<Data>,
    mut ids: ResMut<NetEntities>,
) {
    if std::mem::replace(&mut *open, true) {
        return;
    }
    for spot in map.all::<VendorSpot>() {
        let Some(vendor) = data.vendors.find(&spot.vendor) else { continue };
        let appearance = Appearance { kind: EntityKind::Vendor, definition: vendor.0, level: 0 };
        let label = Label { name: data.vendors[vendor].name.clone() };
        commands.spawn((ids.allocate(), At(spot.position), Replicated(appearance), Replicated(label), Shop { vendor }));
    }
}
