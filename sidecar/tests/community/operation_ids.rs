//! The names of the calls, from which generated clients make their methods.

use std::collections::BTreeSet;

/// Methods of the clients that players' programs have, by the way they are called: no name may go.
const NAMES: &str = "
    index login device_login refresh_token logout
    oauth_request oauth_session_status oauth_api_callback oauth_callback_api_apple_ios oauth_google_id_token
    link_device unlink_device unlink_provider
    get_current_user update_current_user_password update_current_user_display_name update_current_user_username
    delete_current_user search_users get_user
    create_friend_request list_friends list_friend_requests accept_friend_request reject_friend_request
    block_friend_request unblock_friend list_blocked_friends list_blacklisted_users block_user unblock_user
    remove_friendship
    list_lobbies get_lobby create_lobby update_lobby join_lobby leave_lobby kick_user quick_join
    list_leaderboards get_leaderboard resolve_leaderboard_slugs list_leaderboard_records list_records_around_user
    get_my_record
    list_hooks call_hook get_kv";

#[test]
fn calls_keep_the_names_that_clients_know() {
    let document = serde_json::to_value(realmgate_community::http::document()).unwrap();
    let (mut described, mut of_admins) = (BTreeSet::new(), BTreeSet::new());
    for (path, operations) in document["paths"].as_object().unwrap() {
        for operation in operations.as_object().unwrap().values().filter(|operation| operation.is_object()) {
            let name = operation["operationId"].as_str().unwrap_or_else(|| panic!("{path} has a call without a name"));
            assert!(described.insert(name.to_owned()), "two calls are called {name}");
            assert_eq!(operation["tags"].as_array().map(Vec::len), Some(1), "{name}: a class each");
            if path.starts_with("/api/v1/admin/") {
                of_admins.insert(name.to_owned());
            }
        }
    }
    let lost: Vec<&str> = NAMES.split_whitespace().filter(|name| !described.contains(*name)).collect();
    assert!(lost.is_empty(), "{lost:?}");
    let others: Vec<&String> = described.iter().filter(|name| name.starts_with("admin_")).collect();
    assert!(!of_admins.is_empty() && others.into_iter().eq(of_admins.iter()), "administrators' calls are called so");
}
