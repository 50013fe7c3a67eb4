//! Names that players cannot call: the server calls such functions itself, or takes their names for what a script declares.

/// Those that do not begin like what happens.
const OTHERS: [&str; 6] =
    ["env_vars", "kv_schemas", "metadata_schemas", "notification_types", "on_custom_hook", "realtime_events"];

/// Whether players cannot call a function of this name.
pub(super) fn is_reserved(name: &str) -> bool {
    name.starts_with("before_") || name.starts_with("after_") || OTHERS.contains(&name)
}
