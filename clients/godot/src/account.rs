//! `RealmAccount`: the account around the worlds, and profiles.

use godot::classes::file_access::ModeFlags;
use godot::classes::{Crypto, FileAccess};
use godot::prelude::*;
use realmgate_client::api::community::Profile;

use crate::call::RealmCall;
use crate::client::RealmClient;
use crate::error::RealmError;
use crate::net::{Call, CommunityCall, Failure};
use crate::world::find_client_near;

/// Where the id of this device is kept.
const DEVICE_FILE: &str = "user://realmgate_device";
/// How many random bytes it is made of: nobody guesses them.
const DEVICE_BYTES: i32 = 16;

/// The player's account around the worlds: log-in by the device alone, and profiles. It speaks through a [RealmClient], and shares the
/// log-in with it: whoever logs in here has its characters and its world, and the other way around.
#[derive(GodotClass)]
#[class(init, base=Node)]
pub struct RealmAccount {
    /// The client whose account it is; without one, the nearest [RealmClient] among its parents and their children.
    #[export]
    client: Option<Gd<RealmClient>>,
    /// Calls that nobody takes: they fail in the next frame, when somebody awaits them.
    untaken: Vec<Gd<RealmCall>>,
    base: Base<Node>,
}

#[godot_api]
impl RealmAccount {
    /// The id of this device: random, made once and kept in the game's user folder. It is a secret: whoever knows it has the account.
    /// Empty where it cannot be kept.
    #[func]
    fn device_id() -> GString {
        let kept = FileAccess::get_file_as_string(DEVICE_FILE);
        if !kept.is_empty() {
            return kept;
        }
        let bytes = Crypto::new_gd().generate_random_bytes(DEVICE_BYTES);
        let made = GString::from(hex(bytes.as_slice()).as_str());
        let is_kept = FileAccess::open(DEVICE_FILE, ModeFlags::WRITE).is_some_and(|mut file| file.store_string(&made));
        if is_kept { made } else { GString::new() }
    }

    /// Logs in by a device, such as [method device_id]; the first time, an account is made. Brings the account's id, a [String];
    /// [signal RealmClient.logged_in] comes before.
    #[func]
    fn log_in_by_device(&mut self, device_id: GString) -> Gd<RealmCall> {
        self.call(CommunityCall::LogIn { device: device_id.to_string() })
    }

    /// Asks for the player's own profile. Brings a [RealmProfile].
    #[func]
    fn me(&mut self) -> Gd<RealmCall> {
        self.call(CommunityCall::Me)
    }

    /// Asks for the profile of an account. Brings a [RealmProfile].
    #[func]
    fn user(&mut self, user_id: GString) -> Gd<RealmCall> {
        self.call(CommunityCall::User { id: user_id.to_string() })
    }

    /// Looks for accounts whose user name or display name begins so, 25 on a page; the first page is 1. Brings
    /// [code]{users, has_more}[/code]: an array of [RealmProfile], and whether there is a page behind it.
    #[func]
    fn find_users(&mut self, begins: GString, page: i64) -> Gd<RealmCall> {
        let page = u32::try_from(page).unwrap_or(1);
        self.call(CommunityCall::Find { begins: begins.to_string(), page })
    }

    /// Changes what the player wants to be called: up to 80 characters, or none. Brings null.
    #[func]
    fn set_display_name(&mut self, display_name: GString) -> Gd<RealmCall> {
        self.call(CommunityCall::SetDisplayName { name: display_name.to_string() })
    }

    /// Changes the player's unique name: 3 to 32 letters and digits, with single [code].[/code], [code]_[/code] and [code]-[/code]
    /// between. Brings null.
    #[func]
    fn set_username(&mut self, username: GString) -> Gd<RealmCall> {
        self.call(CommunityCall::SetUsername { name: username.to_string() })
    }

    /// Sets the password; the current one is empty where there is none. Every log-in ends, this one too: log in again by
    /// [method RealmClient.log_in]. Brings null.
    #[func]
    fn set_password(&mut self, password: GString, current_password: GString) -> Gd<RealmCall> {
        let current = (!current_password.is_empty()).then(|| current_password.to_string());
        self.call(CommunityCall::SetPassword { password: password.to_string(), current })
    }

    /// Lets a device log in to the account, in place of an earlier one. Brings null.
    #[func]
    fn link_device(&mut self, device_id: GString) -> Gd<RealmCall> {
        self.call(CommunityCall::LinkDevice { device: device_id.to_string() })
    }

    /// Lets no device log in to the account any more; not where it has no other way in. Brings null.
    #[func]
    fn unlink_device(&mut self) -> Gd<RealmCall> {
        self.call(CommunityCall::UnlinkDevice)
    }

    /// Deletes the account and everything that is its own, also in the world. Brings null.
    #[func]
    fn delete_account(&mut self) -> Gd<RealmCall> {
        self.call(CommunityCall::Delete)
    }

    fn call(&mut self, call: CommunityCall) -> Gd<RealmCall> {
        match &mut self.client {
            Some(client) => client.bind_mut().call(Call::Community(call)),
            None => {
                let untaken = RealmCall::new_gd();
                self.untaken.push(untaken.clone());
                untaken
            }
        }
    }
}

#[godot_api]
impl INode for RealmAccount {
    fn ready(&mut self) {
        if self.client.is_none() {
            self.client = find_client_near(&self.to_gd().upcast());
        }
    }

    fn process(&mut self, _delta: f64) {
        let untaken = std::mem::take(&mut self.untaken);
        let _free = self.base_mut();
        for call in untaken {
            let failure = Failure::misused("NO_CLIENT", "there is no RealmClient: set `client`");
            RealmCall::finish(&call, Err(RealmError::of(&failure)));
        }
    }
}

/// What may be known of an account.
#[derive(GodotClass)]
#[class(init, base=Resource)]
pub struct RealmProfile {
    /// The account's id.
    #[var(no_set)]
    id: GString,
    /// Its unique name.
    #[var(no_set)]
    username: GString,
    /// What it wants to be called; may be empty.
    #[var(no_set)]
    display_name: GString,
    /// Whether it is connected now.
    #[var(no_set)]
    is_online: bool,
    /// When it was here last, in ISO 8601; in 1970 if that is not known.
    #[var(no_set)]
    last_seen_at: GString,
    /// What the game's programs keep with it, as JSON; only administrators change it.
    #[var(no_set)]
    metadata: GString,
    /// Whether it has a password; only told of the player's own account.
    #[var(no_set)]
    has_password: bool,
}

impl RealmProfile {
    /// A profile, as scripts see it.
    pub fn of(profile: &Profile) -> Gd<Self> {
        let text = |text: &str| GString::from(text);
        Gd::from_object(Self {
            id: text(&profile.id),
            username: text(&profile.username),
            display_name: text(&profile.display_name),
            is_online: profile.is_online,
            last_seen_at: text(&profile.last_seen_at),
            metadata: text(&serde_json::Value::Object(profile.metadata.clone()).to_string()),
            has_password: profile.has_password,
        })
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
