//! The client in a terminal. `cargo run --bin arena NAME [SERVER]`

use std::io::stdout;
use std::time::Duration;

use anyhow::{Context, Result};
use crossterm::event::{Event, KeyCode, poll, read};
use crossterm::{cursor, execute, style, terminal};
use realmgate_arena::client::Client;
use realmgate_arena::{ComponentValue, Look, ROWS};
use realmgate_protocol::movement::{Angle, UNITS_PER_TILE};
use realmgate_protocol::wire::{Action, Aim, InputCommand};

fn main() -> Result<()> {
    let name = std::env::args().nth(1).context("usage: arena NAME [SERVER]")?;
    let server = std::env::args().nth(2).unwrap_or_else(|| "127.0.0.1:5000".to_owned());
    let mut client = Client::connect(&server, &name)?;
    terminal::enable_raw_mode()?;
    execute!(stdout(), terminal::EnterAlternateScreen, cursor::Hide)?;
    let played = play(&mut client);
    client.leave();
    execute!(stdout(), cursor::Show, terminal::LeaveAlternateScreen)?;
    terminal::disable_raw_mode()?;
    played
}

fn play(client: &mut Client) -> Result<()> {
    let mut command = InputCommand::default();
    let mut news = "arrows walk, a second press stops, space strikes, q leaves".to_owned();
    loop {
        command.action = None;
        while poll(Duration::ZERO)? {
            let Event::Key(key) = read()? else { continue };
            match key.code {
                KeyCode::Char('q') => return Ok(()),
                KeyCode::Char(' ') => command.action = Some(Action::new(0, Aim::None)),
                code => {
                    let arrows = [KeyCode::Right, KeyCode::Down, KeyCode::Left, KeyCode::Up];
                    let pressed = arrows.iter().position(|arrow| *arrow == code).map(|arrow| Angle(64 * arrow as u8));
                    command.heading = pressed.filter(|pressed| command.heading != Some(*pressed));
                }
            }
        }
        if let Some(newest) = client.tick(command)?.pop() {
            news = newest;
        }
        draw(client, &news)?;
    }
}

fn draw(client: &Client, news: &str) -> Result<()> {
    let mut rows = ROWS.map(|row| row.as_bytes().to_vec());
    let mut scores = String::new();
    let Some(view) = &client.view else { return Ok(()) };
    for (_, seen) in view.entities() {
        let place = view.place(seen);
        for component in seen.components.values() {
            match component {
                ComponentValue::Look(Look { letter }) => {
                    rows[(place.y / UNITS_PER_TILE) as usize][(place.x / UNITS_PER_TILE) as usize] = *letter;
                    scores.push(*letter as char);
                }
                ComponentValue::Condition(now) => scores += &format!(" {} health, {} won  ", now.health, now.score),
            }
        }
    }
    let rows = rows.iter().map(|row| String::from_utf8_lossy(row).into_owned());
    let screen: String = rows.chain([scores, news.to_owned()]).map(|line| format!("{line:<76}\r\n")).collect();
    Ok(execute!(stdout(), cursor::MoveTo(0, 0), style::Print(screen))?)
}
