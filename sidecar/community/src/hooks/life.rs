//! What scripts do when they are loaded, which is where they make more functions known, and before the server ends.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Map, Value, json};

use super::{Callable, Hooks, Signature, is_reserved};

/// What is called when a script was loaded. It returns the functions that the script makes known.
const STARTED: &str = "after_startup";
/// What is called before the server ends.
const ENDING: &str = "before_stop";
/// What is called in place of a function that a script has made known.
pub(super) const BY_NAME: &str = "on_custom_hook";
/// Most functions that a script makes known.
const MOST_KNOWN: usize = 256;

/// The scripts' lives.
#[derive(Default)]
pub(super) struct Lives {
    /// Plugins that were loaded and not told so yet. Whoever loads has it until they are told: so each is told once, and whoever
    /// loads next finds them ready.
    pub(super) loaded: tokio::sync::Mutex<BTreeSet<String>>,
    /// What they have made known then.
    known: Mutex<BTreeMap<String, Vec<Known>>>,
}

/// A function that a script has made known, rather than returned.
#[derive(Debug, Clone, PartialEq)]
struct Known {
    name: String,
    /// The names of its arguments; `None` for any.
    args: Option<Vec<String>>,
    meta: Map<String, Value>,
}

impl Lives {
    fn known(&self) -> MutexGuard<'_, BTreeMap<String, Vec<Known>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Hooks {
    /// Tells scripts that they were loaded.
    ///
    /// # Errors
    /// When the database cannot be asked: they go on to wait.
    pub(super) async fn tell_loaded(&self, waiting: &mut BTreeSet<String>) -> sqlx::Result<()> {
        for plugin in waiting.clone() {
            let has = self.plugins.info(&plugin, STARTED).is_some();
            let answer = if has { self.perform(&plugin, STARTED, &[], None).await? } else { Some(Value::Null) };
            let Some(answer) = answer else { continue };
            let known = made_known(&answer, |name| self.plugins.info(&plugin, name).is_some());
            waiting.remove(&plugin);
            self.lives.known().insert(plugin, known);
        }
        Ok(())
    }

    /// Tells scripts that this server ends. It cannot be stopped from that.
    pub(super) async fn tell_ending(&self) {
        for plugin in self.plugins.having(ENDING) {
            if let Err(error) = self.perform(&plugin, ENDING, &[], None).await {
                tracing::warn!(%error, plugin, "shutdown call of a script failed");
            }
        }
    }

    /// Whether a plugin has made known a function that takes so many arguments.
    pub(super) fn is_known(&self, plugin: &str, function: &str, args: usize) -> bool {
        let known = self.lives.known();
        let takes = |known: &Known| known.args.as_ref().is_none_or(|names| args <= names.len());
        known.get(plugin).is_some_and(|all| all.iter().any(|known| known.name == function && takes(known)))
    }

    /// What plugins that are loaded have made known, for players.
    pub(super) fn list_known(&self) -> Vec<Callable> {
        let known = self.lives.known();
        let live = known.iter().filter(|(plugin, _)| self.plugins.info(plugin, BY_NAME).is_some());
        live.flat_map(|(plugin, all)| all.iter().map(move |known| known.callable(plugin))).collect()
    }
}

impl Known {
    fn callable(&self, plugin: &str) -> Callable {
        let arity = self.args.as_ref().and_then(|args| u8::try_from(args.len()).ok());
        let names = self.args.as_ref().map_or_else(|| "...".to_owned(), |args| args.join(", "));
        let doc = self.meta.get("description").and_then(Value::as_str).unwrap_or_default().to_owned();
        let signature =
            Signature { arity, signature: format!("{}({names})", self.name), doc, example_args: Vec::new() };
        Callable {
            plugin: plugin.to_owned(),
            name: self.name.clone(),
            dynamic: true,
            arities: arity.into_iter().collect(),
            signatures: vec![signature],
            meta: Some(self.meta.clone()),
        }
    }
}

/// The functions of a list like `{ { hook = "greet", meta = { description = "…", args = { { name = "who" } } } } }`. Names that
/// players cannot call, and those of functions that the script has returned, are left out.
fn made_known(answer: &Value, is_there: impl Fn(&str) -> bool) -> Vec<Known> {
    let mut all: Vec<Known> = Vec::new();
    for entry in answer.as_array().into_iter().flatten().take(MOST_KNOWN) {
        let Some(name) = entry["hook"].as_str().filter(|name| !name.is_empty() && !is_reserved(name)) else { continue };
        if is_there(name) || all.iter().any(|known| known.name == name) {
            continue;
        }
        let meta = entry["meta"].as_object().cloned().unwrap_or_default();
        let args = meta.get("args").unwrap_or(&Value::Null);
        let name_of = |arg: &Value| arg["name"].as_str().unwrap_or("…").to_owned();
        // An empty table of a script is no list.
        let args = match args {
            Value::Array(args) => Some(args.iter().map(name_of).collect()),
            Value::Object(none) if none.is_empty() => Some(Vec::new()),
            _ => None,
        };
        all.push(Known { name: name.to_owned(), args, meta });
    }
    all
}

/// The arguments of [`BY_NAME`].
pub(super) fn by_name(function: &str, args: Vec<Value>) -> Vec<Value> {
    vec![json!(function), Value::Array(args)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_script_makes_known_is_read_with_care() {
        let answer = json!([
            {"hook": "greet", "meta": {"description": "Says hello.", "args": [{"name": "who", "type": "string"}]}},
            {"hook": "greet"}, {"hook": "after_login"}, {"hook": "there"}, {"hook": 7}, "x", {"hook": ""},
            {"hook": "any"}, {"hook": "none", "meta": {"args": {}}},
        ]);
        let known = made_known(&answer, |name| name == "there");
        let names: Vec<(&str, Option<usize>)> =
            known.iter().map(|known| (&*known.name, known.args.as_ref().map(Vec::len))).collect();
        assert_eq!(names, [("greet", Some(1)), ("any", None), ("none", Some(0))]);
        let callable = serde_json::to_value(known[0].callable("p")).unwrap();
        assert_eq!(
            (&callable["signatures"][0]["signature"], &callable["dynamic"]),
            (&json!("greet(who)"), &json!(true))
        );
        assert_eq!(callable["meta"]["args"][0]["type"], "string");
        for nothing in [Value::Null, json!("x"), json!({})] {
            assert!(made_known(&nothing, |_| false).is_empty());
        }
        let many: Vec<Value> = (0..1_000).map(|number| json!({"hook": format!("f{number}")})).collect();
        assert_eq!(made_known(&Value::Array(many), |_| false).len(), MOST_KNOWN);
    }
}
