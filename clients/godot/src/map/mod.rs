//! `RealmMap`: the ground of the world, from Tiled's files.

mod extent;
mod looks;
mod tiles;

pub use tiles::Files;

use godot::classes::{DirAccess, FileAccess};
use godot::prelude::*;

use crate::client::RealmClient;
use crate::error::RealmError;
use crate::net::{Call, Failure};
use crate::settings;
use crate::world::find_client_near;

/// The ground of the map that the player is on: a [TileMapLayer] for each layer of tiles in the same Tiled files that the server has.
/// It is drawn anew whenever the player enters another map. What tiles have as properties in Tiled is custom data of theirs here: see
/// [method TileMapLayer.get_cell_tile_data]. Their properties [code]variants[/code], [code]top[/code] and [code]turns[/code] vary their
/// looks, as on the server's page.
#[derive(GodotClass)]
#[class(init, base=Node2D)]
pub struct RealmMap {
    /// The client whose map it shows; without one, the nearest [RealmClient] among its parents and their children.
    #[export]
    client: Option<Gd<RealmClient>>,
    /// A folder of the project with Tiled's files, such as [code]res://maps[/code]: their names begin with the map's number and
    /// an underscore. Empty to load them from the server. For an export, add [code]*.tmx, *.tsx, *.png[/code] there to the
    /// files that are exported as they are.
    #[export(dir)]
    folder: GString,
    /// How many pixels a tile has; 0 for what Project Settings say ([code]realmgate/world/pixels_per_tile[/code]).
    #[export]
    pixels_per_tile: f64,
    /// The number of the map that is drawn; 0 for none.
    #[var(no_set)]
    map_id: i64,
    wanted: i64,
    base: Base<Node2D>,
}

#[godot_api]
impl RealmMap {
    /// A map is drawn.
    #[signal]
    pub fn drawn(map_id: i64);
    /// A map cannot be drawn. The one before is gone.
    #[signal]
    pub fn failed(error: Gd<RealmError>);

    /// Draws a map. It does so by itself when the player enters one.
    #[func]
    fn draw_map(&mut self, map_id: i64) {
        self.wanted = map_id;
        if !self.folder.is_empty() {
            let files = files_of(&self.folder);
            return self.show(map_id, &files);
        }
        let Some(mut client) = self.client.clone() else { return };
        let call = client.bind_mut().call(Call::MapFiles { map: u16::try_from(map_id).unwrap_or(0) });
        call.signals().finished().connect_other(self, move |this, call| {
            let (files, error) = (call.bind().value.clone(), call.bind().error.clone());
            match error {
                // Another map is wanted by now.
                _ if this.wanted != map_id => {}
                Some(error) => this.signals().failed().emit(&error),
                None => this.show(map_id, &files_in(&files)),
            }
        });
    }

    fn show(&mut self, map_id: i64, files: &Files) {
        for mut old in self.base().get_children().iter_shared() {
            self.base_mut().remove_child(&old);
            old.queue_free();
        }
        self.map_id = 0;
        let prefix = format!("{map_id}_");
        let name = files.keys().find(|name| name.starts_with(&prefix) && name.ends_with(".tmx"));
        let drawn = match name {
            None => Err(Failure::misused("NO_MAP", &format!("there is no file {prefix}….tmx"))),
            Some(name) => tiles::draw(name, files).map_err(|error| Failure::misused("BAD_MAP", &error.to_string())),
        };
        match drawn {
            Err(failure) => self.signals().failed().emit(&RealmError::of(&failure)),
            Ok(drawn) => {
                let scale = (self.pixels_per_tile / f64::from(drawn.tile_width.max(1))) as f32;
                self.base_mut().set_scale(Vector2::splat(scale));
                for layer in drawn.layers {
                    self.base_mut().add_child(&layer);
                }
                self.map_id = map_id;
                self.signals().drawn().emit(map_id);
            }
        }
    }

    fn entered(&mut self) {
        let map = self.client.as_ref().map_or(0, |client| client.bind().map_id());
        if map != self.map_id {
            self.draw_map(map);
        }
    }
}

#[godot_api]
impl INode2D for RealmMap {
    fn ready(&mut self) {
        if self.pixels_per_tile <= 0.0 {
            self.pixels_per_tile = settings::pixels_per_tile();
        }
        if self.client.is_none() {
            self.client = find_client_near(&self.to_gd().upcast());
        }
        match self.client.clone() {
            Some(client) => {
                client.signals().entered().connect_other(self, Self::entered);
                self.entered();
            }
            None => godot_error!("{} has no RealmClient: set `client`", self.base().get_path()),
        }
    }
}

/// The files that a call has brought.
fn files_in(brought: &Variant) -> Files {
    let brought = brought.try_to::<VarDictionary>().unwrap_or_default();
    let file = |(name, bytes): (Variant, Variant)| {
        let bytes = bytes.try_to::<PackedByteArray>().unwrap_or_default();
        (name.to_string(), bytes.to_vec())
    };
    brought.iter_shared().map(file).collect()
}

/// Tiled's files and pictures in a folder of the project and in those below it, by their names from there.
fn files_of(folder: &GString) -> Files {
    let mut files = Files::new();
    add_files(&folder.to_string(), "", &mut files);
    files
}

fn add_files(folder: &str, below: &str, files: &mut Files) {
    let path = GString::from(format!("{folder}/{below}").as_str());
    for name in DirAccess::get_files_at(&path).as_slice().iter().map(GString::to_string) {
        if [".tmx", ".tsx", ".png"].iter().any(|ending| name.ends_with(ending)) {
            let name = format!("{below}{name}");
            let bytes = FileAccess::get_file_as_bytes(&GString::from(format!("{folder}/{name}").as_str()));
            files.insert(name, bytes.to_vec());
        }
    }
    for inner in DirAccess::get_directories_at(&path).as_slice() {
        add_files(folder, &format!("{below}{inner}/"), files);
    }
}
