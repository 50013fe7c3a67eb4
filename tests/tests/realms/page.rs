//! The page in a real browser, on a real server.
//!
//! [`together`] is everything that players do with each other, [`trouble`] what stands in their way; [`stage`] is what their
//! scripts can ask for. [`landing_flow`] is the way from the landing page into the world and out again; [`replicas`] has players at
//! two sidecars, [`reload`] saves data files while somebody plays.

mod landing_flow;
mod reload;
mod replicas;
mod stage;
mod together;
mod trouble;

use std::io::ErrorKind;
use std::time::Duration;

use realmgate_skip::skip;
use realmgate_tests::binaries::workspace;
use realmgate_tests::browser::{Played, pictures, play};
use realmgate_tests::{MapServer, Settings};
use tokio::process::Command;

use crate::browsers;
use crate::one_account::settings_with;
use crate::openid::OpenIdProvider;

/// A newcomer needs less than two minutes; a machine that builds beside it may take longer.
const WITHIN: Duration = Duration::from_secs(240);

/// Lets a script play by itself on a server of its own.
async fn plays(script: &str) {
    plays_on(&Settings::new(), script).await;
}

async fn plays_on(settings: &Settings, script: &str) {
    let _turn = browsers::turn().await;
    let server = MapServer::start_linked(settings).await;
    match play(&server, script, &pictures(), WITHIN).await {
        Played::Well(_) => {}
        Played::Missing(what) => skip(format!("{what}: nobody played the page")),
        Played::Badly(said) => panic!("{script}: {said}"),
    }
    server.stop().await;
}

#[tokio::test]
async fn its_parts_without_a_browser_work() {
    let tests = workspace().join("clients/page/test");
    let files = std::fs::read_dir(&tests).expect("the page has tests");
    let files: Vec<_> = files.map(|entry| entry.expect("it can be read").path()).collect();
    let files = files.iter().filter(|path| path.to_string_lossy().ends_with(".test.js"));
    let ended = match Command::new("node").arg("--test").args(files).output().await {
        Err(error) if error.kind() == ErrorKind::NotFound => return skip("node (Node.js) is not installed"),
        ended => ended.expect("node runs"),
    };
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stdout));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newcomer_kills_a_mob_with_mouse_and_keyboard() {
    plays("newcomer.mjs").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newcomer_kills_a_mob_by_keyboard_alone() {
    plays("keyboard.mjs").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newcomer_kills_a_mob_by_touch_on_a_phone() {
    plays("touch.mjs").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newcomer_walks_and_strikes_with_a_gamepad() {
    plays("gamepad.mjs").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_plays_without_a_password_and_keeps_the_account_later() {
    plays("guest.mjs").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_gets_an_email_address_when_it_is_kept_or_in_the_menu() {
    let settings = Settings::new()
        .set("MAIL_URL", "smtp://127.0.0.1:1")
        .set("MAIL_FROM", "Realm <post@realm.example>")
        .set("PUBLIC_URL", "https://realm.example");
    plays_on(&settings, "email.mjs").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn players_sign_in_with_a_provider_and_guests_keep_their_account_by_it() {
    let Some(provider) = OpenIdProvider::start(None).await else { return };
    plays_on(&settings_with(&provider, "here", Settings::new()), "sign-in.mjs").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_finds_a_user_follows_an_item_and_bans() {
    plays("admin.mjs").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_watches_a_player_without_a_character() {
    plays("watch.mjs").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copied_tab_leaves_the_log_in_to_the_first_one() {
    plays("tabs.mjs").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_chat_follows_what_is_said_but_for_those_who_read_what_was() {
    plays("chat.mjs").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whispers_and_a_party_pass_between_the_world_and_the_choice_of_a_character() {
    plays("social.mjs").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_landing_page_says_how_the_world_does_before_its_pictures_have_come() {
    plays("landing.mjs").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_player_is_shown_what_to_do_next_until_it_is_done() {
    plays("hints.mjs").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_player_who_follows_the_page_kills_an_enemy_and_lives() {
    plays("first-minute.mjs").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_player_who_is_attacked_fights_back_and_stays_safe_after_a_death() {
    plays("fallen.mjs").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn newcomers_wait_on_slow_lines_find_the_way_back_and_stand_apart() {
    plays("first-impressions.mjs").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sounds_are_played_after_a_press_and_never_more_than_eight_at_once() {
    plays("sound.mjs").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sold_by_mistake_and_sales_are_undone() {
    plays("vendor.mjs").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_click_opens_what_can_be_done_with_a_player() {
    plays("neighbours.mjs").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn axe_finds_nothing_that_keeps_anybody_out() {
    plays("accessible.mjs").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_of_a_hostile_server_are_shown_as_texts() {
    plays("hostile.mjs").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn its_policy_is_strict_and_tokens_stay_with_the_tab() {
    plays("policy.mjs").await;
}
