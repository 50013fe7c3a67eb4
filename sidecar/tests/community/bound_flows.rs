//! Nobody gets an account by a link: a log-in at a provider ends in the browser that began it, or asks the user.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::backends::{Player, Realm};
use crate::oauth::{agree, me, page_of, press};
use crate::providers::{Doors, encoded, through_doors};
use crate::testing::Answer;

through_doors!(
    a_link_of_somebody_else_logs_nobody_in_before_the_user_agrees,
    a_link_of_somebody_else_links_nothing_before_the_user_agrees,
    a_user_who_does_not_agree_ends_the_flow,
    a_flow_of_a_browser_ends_in_that_browser_alone,
    only_a_page_at_the_public_address_begins_a_flow_of_a_browser,
    an_administrator_is_logged_in_and_linked_by_a_browser_alone,
    linking_fills_what_is_empty_and_changes_nothing_else,
);

/// A flow that has begun.
struct Begun {
    session: String,
    state: String,
    code: Option<String>,
    cookie: Option<String>,
}

impl Begun {
    fn of(answer: &Answer) -> Self {
        let begun = answer.expect(StatusCode::OK);
        let url = begun["authorization_url"].as_str().unwrap();
        let state = url.split_once("&state=").unwrap().1.split('&').next().unwrap().to_owned();
        let cookie = answer.header("set-cookie").map(|set| set.split(';').next().unwrap().to_owned());
        let session = begun["session_id"].as_str().unwrap().to_owned();
        Self { session, state, code: begun["code"].as_str().map(str::to_owned), cookie }
    }

    /// By a game, to log in or to link.
    async fn by_game(realm: &Realm, caller: Option<&Player>) -> Self {
        let call = realm.call("GET", "/auth/discord", Value::Null);
        Self::of(&caller.into_iter().fold(call, |call, caller| call.bearer(&caller.access)).send().await)
    }

    /// By a page of the realm, at its public address.
    async fn by_page(realm: &Realm, caller: Option<&Player>) -> Self {
        let call = realm.call("GET", "/auth/discord?browser=true", Value::Null).header("host", "realm.example");
        Self::of(&caller.into_iter().fold(call, |call, caller| call.bearer(&caller.access)).send().await)
    }

    /// The provider leads the browser back.
    async fn come_back(&self, realm: &Realm) -> Answer {
        let query = encoded(&[("code", "c"), ("state", &self.state)]);
        realm.app().get(&format!("/auth/discord/callback?{query}")).from("203.0.113.9").send().await
    }
}

/// Loads the page on which a flow ends, with these cookies.
async fn load(realm: &Realm, back: &Answer, cookie: Option<&str>) -> Answer {
    let call = realm.app().get(page_of(back)).from("203.0.113.9");
    cookie.into_iter().fold(call, |call, cookie| call.header("cookie", cookie)).send().await
}

async fn a_link_of_somebody_else_logs_nobody_in_before_the_user_agrees(doors: Doors) {
    doors.discord_knows("71", "ann@example.org", true);
    let realm = &doors.realm;
    let attacker = Begun::by_game(realm, None).await;
    let code = attacker.code.clone().unwrap();
    assert!(code.len() == 9 && code.as_bytes()[4] == b'-', "{code}");
    let back = attacker.come_back(realm).await;
    assert_ne!(page_of(&back), format!("/auth/success?session_id={}", attacker.session));
    for _ in 0..2 {
        let page = load(realm, &back, None).await;
        assert!(page.text.contains(&code) && page.text.contains("A game at this machine asks"), "{}", page.text);
    }
    assert_eq!(doors.status(&attacker.session).await, json!({"status": "pending", "message": "", "data": {}}));
    assert_eq!(realm.count("SELECT COUNT(*) FROM accounts").await, 0);
    agree(realm, &back).await;
    assert_eq!(doors.status(&attacker.session).await["status"], "completed");
}

async fn a_link_of_somebody_else_links_nothing_before_the_user_agrees(doors: Doors) {
    doors.discord_knows("71", "ann@example.org", true);
    let realm = &doors.realm;
    realm.device("the administrator's").await;
    let attacker = realm.device("the attacker's").await;
    let begun = Begun::by_game(realm, Some(&attacker)).await;
    let back = begun.come_back(realm).await;
    let page = load(realm, &back, None).await;
    let asks = format!("link your Discord account ann@example.org to the account {}", attacker.username);
    assert!(page.text.contains(&asks), "{}", page.text);
    assert_eq!(me(realm, &attacker).await["linked_providers"]["discord"], false);
    assert_eq!(doors.status(&begun.session).await["status"], "pending");
}

async fn a_user_who_does_not_agree_ends_the_flow(doors: Doors) {
    doors.discord_knows("71", "ann@example.org", true);
    let realm = &doors.realm;
    let begun = Begun::by_game(realm, None).await;
    let back = begun.come_back(realm).await;
    let page = press(realm, &back, "no").await;
    assert!(page.text.contains("You declined"), "{}", page.text);
    let status = doors.status(&begun.session).await;
    assert_eq!((&status["status"], &status["data"]["error"]), (&json!("error"), &json!("access_denied")));
    // It has ended: nobody can agree any more.
    agree(realm, &back).await;
    assert_eq!(doors.status(&begun.session).await, status);
    assert_eq!(realm.count("SELECT COUNT(*) FROM accounts").await, 0);
}

async fn a_flow_of_a_browser_ends_in_that_browser_alone(doors: Doors) {
    doors.discord_knows("71", "ann@example.org", true);
    let realm = &doors.realm;
    let (begun, other) = (Begun::by_page(realm, None).await, Begun::by_page(realm, None).await);
    assert_eq!(begun.code, None);
    let cookie = begun.cookie.as_deref().unwrap();
    assert!(cookie.starts_with("__Host-realmgate-flow="), "{cookie}");
    let back = begun.come_back(realm).await;
    for strange in [None, other.cookie.as_deref(), Some("__Host-realmgate-flow="), Some("realmgate-flow=x")] {
        let page = load(realm, &back, strange).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{strange:?}");
        assert!(page.text.contains("Another browser started this"), "{}", page.text);
    }
    // Nor by the button of another page.
    let page = press(realm, &back, "yes").await;
    assert!(page.text.contains("Another browser started this"), "{}", page.text);
    assert_eq!(doors.status(&begun.session).await["status"], "pending");

    let page = load(realm, &back, Some(cookie)).await;
    assert!(page.text.contains("Go back to the game"), "{}", page.text);
    assert!(page.header("set-cookie").unwrap().contains("Max-Age=0"));
    assert_eq!(doors.status(&begun.session).await["status"], "completed");
}

async fn only_a_page_at_the_public_address_begins_a_flow_of_a_browser(doors: Doors) {
    for (host, origin) in [
        ("127.0.0.1:3000", None),
        ("a-machine:3000", None),
        ("realm.example", Some("https://evil.example")),
        ("realm.example", Some("null")),
    ] {
        let call = doors.realm.call("GET", "/auth/discord?browser=true", Value::Null).header("host", host);
        let call = origin.into_iter().fold(call, |call, origin| call.header("origin", origin));
        let begun = Begun::of(&call.send().await);
        assert_eq!((begun.code.is_some(), begun.cookie), (true, None), "{host} {origin:?}");
    }
    let own = doors.realm.call("GET", "/auth/discord?browser=true", Value::Null).header("host", "realm.example");
    let own = Begun::of(&own.header("origin", "https://realm.example").send().await);
    assert_eq!((own.code, own.cookie.is_some()), (None, true));
}

async fn an_administrator_is_logged_in_and_linked_by_a_browser_alone(doors: Doors) {
    doors.discord_knows("71", "ann@example.org", true);
    let realm = &doors.realm;
    let admin = realm.device("the administrator's").await;
    let refused = async |begun: Begun| {
        agree(realm, &begun.come_back(realm).await).await;
        let status = doors.status(&begun.session).await;
        assert_eq!((&status["status"], &status["data"]["error"]), (&json!("error"), &json!("administrator")));
    };
    refused(Begun::by_game(realm, Some(&admin)).await).await;
    assert_eq!(me(realm, &admin).await["linked_providers"]["discord"], false);
    for caller in [Some(&admin), None] {
        let begun = Begun::by_page(realm, caller).await;
        load(realm, &begun.come_back(realm).await, begun.cookie.as_deref()).await;
        assert_eq!(doors.status(&begun.session).await["status"], "completed");
    }
    assert_eq!(me(realm, &admin).await["linked_providers"]["discord"], true);
    refused(Begun::by_game(realm, None).await).await;
}

async fn linking_fills_what_is_empty_and_changes_nothing_else(doors: Doors) {
    doors.discord_knows("71", "ann@example.org", true);
    let realm = &doors.realm;
    realm.device("the administrator's").await;
    let (named, bare) = (realm.device("one").await, realm.device("other").await);
    realm.by(&named, "PATCH", "/me/display_name", json!({"display_name": "Own name"})).await.expect(StatusCode::OK);
    realm.execute("UPDATE profiles SET display_name = '', display_key = '' WHERE display_name <> 'Own name'").await;
    for (player, id, name) in [(&named, "71", "Own name"), (&bare, "72", "Ann")] {
        doors.discord_knows(id, "ann@example.org", true);
        let call = realm.call("POST", "/auth/discord/callback", json!({"code": "c"}));
        call.bearer(&player.access).send().await.expect(StatusCode::OK);
        let seen = me(realm, player).await;
        let picture = format!("https://cdn.discordapp.com/avatars/{id}/abc.png");
        assert_eq!((&seen["display_name"], &seen["profile_url"]), (&json!(name), &json!(picture)));
        assert_eq!(seen["email"], "", "an address is confirmed by a mail");
    }
}
