//! The roles of a sidecar process: which listeners it has, and what they serve.

use std::fmt;
use std::str::FromStr;

/// The roles of a process. Each has a listener; `api` and `community` share one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Roles {
    /// Public API and web page.
    pub api: bool,
    /// Directory: the registry of map servers, their links, and every internal route.
    pub directory: bool,
    /// Players' gateway sockets.
    pub gateway: bool,
    /// The community's services, on the listener of the public API.
    pub community: bool,
    /// The door in front of the services of `SERVICES_FILE`. Without such a file it has no listener.
    pub door: bool,
}

/// Why a text cannot be parsed as [`Roles`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadRoles {
    /// A name that is not a role.
    #[error("{0:?} is not a role (ROLES): expected api, directory, gateway, community and door, comma separated")]
    Unknown(String),
    /// No role is named.
    #[error("a process needs at least one role (ROLES): api, directory, gateway, community or door, comma separated")]
    Missing,
}

impl Roles {
    /// Every role.
    pub const ALL: Self = Self { api: true, directory: true, gateway: true, community: true, door: true };
    const NONE: Self = Self { api: false, directory: false, gateway: false, community: false, door: false };

    /// Whether it has the listener that players and browsers call.
    pub fn has_public_listener(self) -> bool {
        self.api || self.community
    }

    /// Whether the gateway is the only role. Then health checks and metrics are on the gateway's port.
    pub fn is_gateway_alone(self) -> bool {
        self == Self { gateway: true, ..Self::NONE }
    }

    /// Whether the door is the only role. Then health checks and metrics are on the door's port.
    pub fn is_door_alone(self) -> bool {
        self == Self { door: true, ..Self::NONE }
    }
}

impl FromStr for Roles {
    type Err = BadRoles;

    fn from_str(text: &str) -> Result<Self, BadRoles> {
        let mut roles = Self::NONE;
        for name in text.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            match name {
                "api" => roles.api = true,
                "directory" => roles.directory = true,
                "gateway" => roles.gateway = true,
                "community" => roles.community = true,
                "door" => roles.door = true,
                other => return Err(BadRoles::Unknown(other.to_owned())),
            }
        }
        if roles == Self::NONE { Err(BadRoles::Missing) } else { Ok(roles) }
    }
}

impl fmt::Display for Roles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = [
            ("api", self.api),
            ("directory", self.directory),
            ("gateway", self.gateway),
            ("community", self.community),
            ("door", self.door),
        ];
        let names: Vec<&str> = named.iter().filter(|(_, has)| *has).map(|(name, _)| *name).collect();
        f.write_str(&names.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_read_in_any_order_and_written_in_one() {
        let roles = |api, directory, gateway| Roles { api, directory, gateway, ..Roles::NONE };
        for (text, read, written) in [
            ("api,directory,gateway,community,door", Roles::ALL, "api,directory,gateway,community,door"),
            ("door,community,gateway,directory,api", Roles::ALL, "api,directory,gateway,community,door"),
            ("community", Roles { community: true, ..Roles::NONE }, "community"),
            ("door", Roles { door: true, ..Roles::NONE }, "door"),
            ("gateway,directory,api", roles(true, true, true), "api,directory,gateway"),
            ("gateway, api", roles(true, false, true), "api,gateway"),
            ("gateway,directory", roles(false, true, true), "directory,gateway"),
            ("directory,api", roles(true, true, false), "api,directory"),
            ("api", roles(true, false, false), "api"),
            ("directory,", roles(false, true, false), "directory"),
            (" gateway", roles(false, false, true), "gateway"),
        ] {
            assert_eq!(text.parse(), Ok(read), "{text:?}");
            assert_eq!(read.to_string(), written);
            assert_eq!(read.is_gateway_alone(), written == "gateway", "{text:?}");
            assert_eq!(read.is_door_alone(), written == "door", "{text:?}");
        }
    }

    #[test]
    fn who_mistypes_a_role_is_told_the_right_ones() {
        let error = "api,librarian".parse::<Roles>().unwrap_err().to_string();
        for named in ["librarian", "ROLES", "api, directory, gateway, community and door"] {
            assert!(error.contains(named), "{error}");
        }
        let none = " , ".parse::<Roles>().unwrap_err();
        assert_eq!(none, BadRoles::Missing);
        assert!(
            none.to_string().ends_with("(ROLES): api, directory, gateway, community or door, comma separated"),
            "{none}"
        );
    }
}
