//! The names of the calls, from which generated clients make their methods.

use std::collections::{BTreeMap, BTreeSet};

/// Methods of the clients that players' programs have, by the way they are called, and what each calls: none may go, or call another.
const CALLS: [(&str, &str); 49] = [
    ("index", "get /api/v1/health"),
    ("login", "post /api/v1/login"),
    ("device_login", "post /api/v1/login/device"),
    ("refresh_token", "post /api/v1/refresh"),
    ("logout", "delete /api/v1/logout"),
    ("oauth_request", "get /api/v1/auth/{provider}"),
    ("oauth_session_status", "get /api/v1/auth/session/{session_id}"),
    ("oauth_api_callback", "post /api/v1/auth/{provider}/callback"),
    ("oauth_callback_api_apple_ios", "post /api/v1/auth/apple/ios/callback"),
    ("oauth_google_id_token", "post /api/v1/auth/google/id_token"),
    ("link_device", "post /api/v1/me/device"),
    ("unlink_device", "delete /api/v1/me/device"),
    ("unlink_provider", "delete /api/v1/me/providers/{provider}"),
    ("get_current_user", "get /api/v1/me"),
    ("update_current_user_password", "patch /api/v1/me/password"),
    ("update_current_user_display_name", "patch /api/v1/me/display_name"),
    ("update_current_user_username", "patch /api/v1/me/username"),
    ("delete_current_user", "delete /api/v1/me"),
    ("search_users", "get /api/v1/users"),
    ("get_user", "get /api/v1/users/{id}"),
    ("create_friend_request", "post /api/v1/friends"),
    ("list_friends", "get /api/v1/me/friends"),
    ("list_friend_requests", "get /api/v1/me/friend-requests"),
    ("accept_friend_request", "post /api/v1/friends/{id}/accept"),
    ("reject_friend_request", "post /api/v1/friends/{id}/reject"),
    ("block_friend_request", "post /api/v1/friends/{id}/block"),
    ("unblock_friend", "post /api/v1/friends/{id}/unblock"),
    ("list_blocked_friends", "get /api/v1/me/blocked"),
    ("list_blacklisted_users", "get /api/v1/me/blacklist"),
    ("block_user", "post /api/v1/users/{id}/block"),
    ("unblock_user", "post /api/v1/users/{id}/unblock"),
    ("remove_friendship", "delete /api/v1/friends/{id}"),
    ("list_lobbies", "get /api/v1/lobbies"),
    ("get_lobby", "get /api/v1/lobbies/{id}"),
    ("create_lobby", "post /api/v1/lobbies"),
    ("update_lobby", "patch /api/v1/lobbies"),
    ("join_lobby", "post /api/v1/lobbies/{id}/join"),
    ("leave_lobby", "post /api/v1/lobbies/leave"),
    ("kick_user", "post /api/v1/lobbies/kick"),
    ("quick_join", "post /api/v1/lobbies/quick_join"),
    ("list_leaderboards", "get /api/v1/leaderboards"),
    ("get_leaderboard", "get /api/v1/leaderboards/{id}"),
    ("resolve_leaderboard_slugs", "post /api/v1/leaderboards/resolve"),
    ("list_leaderboard_records", "get /api/v1/leaderboards/{id}/records"),
    ("list_records_around_user", "get /api/v1/leaderboards/{id}/records/around/{user_id}"),
    ("get_my_record", "get /api/v1/leaderboards/{id}/records/me"),
    ("list_hooks", "get /api/v1/hooks"),
    ("call_hook", "post /api/v1/hooks/call"),
    ("get_kv", "get /api/v1/kv/{key}"),
];

#[test]
fn calls_keep_the_names_that_clients_know() {
    let document = serde_json::to_value(realmgate_community::http::document()).unwrap();
    let (mut described, mut of_admins) = (BTreeMap::new(), BTreeSet::new());
    for (path, operations) in document["paths"].as_object().unwrap() {
        let operations = operations.as_object().unwrap().iter().filter(|(_, operation)| operation.is_object());
        for (method, operation) in operations {
            let name = operation["operationId"].as_str().unwrap_or_else(|| panic!("{path} has a call without a name"));
            let other = described.insert(name.to_owned(), format!("{method} {path}"));
            assert!(other.is_none(), "{other:?} and {method} {path} are called {name}");
            assert_eq!(operation["tags"].as_array().map(Vec::len), Some(1), "{name}: a class each");
            if path.starts_with("/api/v1/admin/") {
                of_admins.insert(name.to_owned());
            }
        }
    }
    for (name, call) in CALLS {
        assert_eq!(described.get(name).map(String::as_str), Some(call), "{name}");
    }
    let others: Vec<&String> = described.keys().filter(|name| name.starts_with("admin_")).collect();
    assert!(!of_admins.is_empty() && others.into_iter().eq(of_admins.iter()), "administrators' calls are called so");
}
