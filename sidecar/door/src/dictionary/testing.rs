//! What tests of the dictionary share.

use std::path::Path;

use super::{Dictionary, Service};

/// The example that ships.
pub(super) const EXAMPLE: &str = include_str!("../../../../examples/services/services.toml");
/// A service without faults, whose further keys begin on line 4.
pub(super) const SHOP: &str = "[services.shop]\nurl = \"http://shop:1\"\npath = \"/shop\"\n";

/// Parses a text as `services.toml`. The error is the whole message.
pub(super) fn parse(text: &str) -> Result<Dictionary, String> {
    Dictionary::parse(text, Path::new("services.toml")).map_err(|faults| faults.to_string())
}

/// Faults of a text, without the name of the file.
pub(super) fn faults(text: &str) -> Vec<String> {
    let faults = parse(text).err().unwrap_or_else(|| panic!("no fault was found in:\n{text}"));
    faults.lines().map(|line| line.trim_start_matches("services.toml:").to_owned()).collect()
}

/// A service with all defaults: `/NAME` at `http://shop:1`.
pub(super) fn service(name: &str) -> Service {
    let text = format!("[services.{name}]\nurl = \"http://shop:1\"\npath = \"/{name}\"");
    parse(&text).unwrap().services.remove(0)
}
