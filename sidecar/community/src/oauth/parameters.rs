//! What a browser brings back from a provider.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// Most parameters of a callback; Steam sends eleven.
const MAX_PARAMETERS: usize = 64;

/// The parameters of a callback. Each name stands once, so that nobody else can read another value than we do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameters(BTreeMap<String, String>);

impl Parameters {
    /// Reads a query or a form. `None` where a name is repeated, a text has a zero byte, or there are more than 64 parameters.
    pub fn read(encoded: &[u8]) -> Option<Self> {
        let mut all = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(encoded) {
            if all.len() == MAX_PARAMETERS || name.contains('\0') || value.contains('\0') {
                return None;
            }
            match all.entry(name.into_owned()) {
                Entry::Occupied(_) => return None,
                Entry::Vacant(free) => _ = free.insert(value.into_owned()),
            }
        }
        Some(Self(all))
    }

    /// The value of a name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_name_is_refused_however_it_is_encoded() {
        let read = Parameters::read(b"state=a&openid.mode=id_res").unwrap();
        assert_eq!((read.get("state"), read.get("openid.mode"), read.get("code")), (Some("a"), Some("id_res"), None));
        for twice in ["state=a&state=b", "state=a&state=a", "a=1&b=2&%61=3", "a&a", "=1&=2"] {
            assert_eq!(Parameters::read(twice.as_bytes()), None, "{twice}");
        }
    }

    #[test]
    fn zero_bytes_and_too_many_parameters_are_refused() {
        assert_eq!(Parameters::read(b"a=%00"), None);
        assert_eq!(Parameters::read(b"%00=a"), None);
        let many = |count: usize| (0..count).map(|number| format!("p{number}=1&")).collect::<String>();
        assert!(Parameters::read(many(MAX_PARAMETERS).as_bytes()).is_some());
        assert_eq!(Parameters::read(many(MAX_PARAMETERS + 1).as_bytes()), None);
    }
}
