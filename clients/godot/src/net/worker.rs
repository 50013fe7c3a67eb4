//! The loop of the network's thread.

use std::net::SocketAddr;
use std::sync::mpsc as answers;
use std::time::Duration;

use realmgate_client::client::Setup;
use realmgate_client::clock::Clock;
use realmgate_client::player::Player;
use tokio::sync::mpsc;
use tokio::task::{JoinError, JoinSet};

use super::account::Account;
use super::stay::{End, Stay};
use super::{Call, Failure, News, Outcome, Picture, Request};

/// First and longest pause before a server that sent its players away is asked again.
const PAUSES: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(8));
/// How long that goes on.
const GIVE_UP_AFTER: Duration = Duration::from_secs(120);

/// What the tasks beside the loop bring.
#[derive(Debug)]
enum Done {
    /// A call is answered.
    Call(u64, Result<Outcome, Failure>),
    /// A player has been let in, or not; with the call that asked for it, if any.
    Entered { call: Option<u64>, character: String, player: Result<Box<Player>, Failure> },
}

/// A way into the world that is being made.
#[derive(Debug)]
struct Coming {
    task: tokio::task::AbortHandle,
    /// The call that asked for it, if any.
    call: Option<u64>,
    /// The leave that came when it was made, and not told yet.
    left_by: Option<u64>,
}

/// What the thread owns.
#[derive(Debug)]
pub struct Worker {
    account: Account,
    setup: Setup,
    stay: Option<Stay>,
    tasks: JoinSet<Done>,
    /// The way into the world that is being made.
    coming: Option<Coming>,
    tell: answers::Sender<News>,
    show: answers::Sender<Picture>,
}

impl Worker {
    /// For the server at an address; `through` is where its packets go instead.
    pub fn new(
        server: &str,
        through: Option<SocketAddr>,
        tell: answers::Sender<News>,
        show: answers::Sender<Picture>,
    ) -> Self {
        let setup = Setup { through, ..Setup::new(Clock::start()) };
        Self { account: Account::new(server), setup, stay: None, tasks: JoinSet::new(), coming: None, tell, show }
    }

    /// Runs until nobody can ask any more.
    pub async fn run(&mut self, mut requests: mpsc::Receiver<Request>) {
        loop {
            let commands = self.stay.as_ref().map_or(0, Stay::commands);
            let request = tokio::select! {
                biased;
                request = requests.recv() => Some(request),
                Some(done) = self.tasks.join_next() => {
                    self.finish(done);
                    None
                }
                () = play(self.stay.as_mut()) => None,
            };
            if let Some(stay) = &mut self.stay {
                stay.after_play(commands);
            }
            match request {
                Some(None) => return,
                Some(Some(request)) => self.take(request),
                None => {}
            }
            self.tell_events();
        }
    }

    fn say(&self, news: News) {
        // The main thread is gone: the requests end too.
        let _ = self.tell.send(news);
    }

    fn take(&mut self, request: Request) {
        match request {
            Request::Frame(intent) => {
                let picture = self.stay.as_mut().map_or_else(Picture::default, |stay| stay.frame(intent));
                let _ = self.show.send(picture);
            }
            Request::Ask(message) => {
                let asked = self.stay.as_mut().map_or_else(|| Err(Failure::not_in_world()), |stay| stay.ask(&message));
                if let Err(failure) = asked {
                    let request = message.name().to_owned();
                    self.say(News::Refused(Failure { request, ..failure }));
                }
            }
            Request::Call(number, Call::Enter { character }) => self.enter(number, character),
            Request::Call(number, Call::Leave) => self.leave(number),
            Request::Call(number, call) => {
                let account = self.account.clone();
                self.tasks.spawn_local(async move { Done::Call(number, account.call(call).await) });
            }
        }
    }

    fn enter(&mut self, number: u64, character: String) {
        if self.stay.is_some() || self.coming.is_some() {
            return self.say(News::Answered(number, Err(Failure::in_world_already())));
        }
        let (account, setup, tell) = (self.account.clone(), self.setup.clone(), self.tell.clone());
        let task = self.tasks.spawn_local(async move {
            let player = enter(&account, &setup, &tell, &character).await;
            Done::Entered { call: Some(number), character, player }
        });
        self.coming = Some(Coming { task, call: Some(number), left_by: None });
    }

    /// Enters again, after the server has sent its players away.
    fn come_back(&mut self, character: String) {
        let (account, setup, tell) = (self.account.clone(), self.setup.clone(), self.tell.clone());
        let task = self.tasks.spawn_local(async move {
            let player = come_back(&account, &setup, &tell, &character).await;
            Done::Entered { call: None, character, player }
        });
        self.coming = Some(Coming { task, call: None, left_by: None });
    }

    fn leave(&mut self, number: u64) {
        if let Some(coming) = &mut self.coming
            && coming.task.is_finished()
        {
            if let Some(before) = coming.left_by.replace(number) {
                self.say(News::Answered(before, Ok(Outcome::LeftWorld)));
            }
            return;
        }
        if let Some(coming) = self.coming.take() {
            coming.task.abort();
            if let Some(call) = coming.call {
                self.say(News::Answered(call, Err(Failure::not_in_world())));
            }
        }
        match self.stay.take() {
            None => self.say(News::Answered(number, Ok(Outcome::LeftWorld))),
            Some(stay) => {
                self.tasks.spawn_local(async move {
                    stay.into_player().log_out().await;
                    Done::Call(number, Ok(Outcome::LeftWorld))
                });
            }
        }
    }

    fn finish(&mut self, done: Result<Done, JoinError>) {
        match done {
            Ok(Done::Call(number, answer)) => self.say(News::Answered(number, answer)),
            Ok(Done::Entered { call, character, player }) => self.finish_entering(call, character, player),
            // A panic has been told on stderr. Others were called off by a leave.
            Err(error) if self.coming.as_ref().is_some_and(|coming| coming.task.id() == error.id()) => {
                let call = self.coming.as_ref().and_then(|coming| coming.call);
                self.finish_entering(call, String::new(), Err(Failure::not_in_world()));
            }
            Err(_) => {}
        }
    }

    fn finish_entering(&mut self, call: Option<u64>, character: String, player: Result<Box<Player>, Failure>) {
        if let Some(left_by) = self.coming.take().and_then(|coming| coming.left_by) {
            return self.leave_at_once(call, left_by, player.ok());
        }
        let answer = match player {
            Ok(player) => {
                let tell = self.tell.clone();
                let mut tell = |news| {
                    let _ = tell.send(news);
                };
                self.stay = Some(Stay::begin(character, *player, self.setup.clock, &mut tell));
                Ok(Outcome::Done)
            }
            Err(failure) => Err(failure),
        };
        match (call, answer) {
            (Some(number), answer) => self.say(News::Answered(number, answer)),
            (None, Err(failure)) => self.say(News::Left(None, Some(failure))),
            (None, Ok(_)) => {}
        }
    }

    /// The player was let in, or not, when a leave had been asked for already.
    fn leave_at_once(&mut self, call: Option<u64>, left_by: u64, player: Option<Box<Player>>) {
        if let Some(call) = call {
            self.say(News::Answered(call, Err(Failure::not_in_world())));
        }
        self.tasks.spawn_local(async move {
            if let Some(player) = player {
                player.log_out().await;
            }
            Done::Call(left_by, Ok(Outcome::LeftWorld))
        });
    }

    fn tell_events(&mut self) {
        let Some(stay) = &mut self.stay else { return };
        let tell = self.tell.clone();
        let end = stay.tell(&mut |news| {
            let _ = tell.send(news);
        });
        let Some(end) = end else { return };
        let character = self.stay.take().map(|stay| stay.character).unwrap_or_default();
        match end {
            End::ComesBack => self.come_back(character),
            End::IsOver(news) => self.say(news),
        }
    }
}

/// Plays, if there is somebody to play.
async fn play(stay: Option<&mut Stay>) {
    match stay {
        Some(stay) => stay.play().await,
        None => std::future::pending().await,
    }
}

async fn enter(
    account: &Account,
    setup: &Setup,
    tell: &answers::Sender<News>,
    character: &str,
) -> Result<Box<Player>, Failure> {
    let entry = account.entry(character).await?;
    // Only the main thread may write to Godot's log.
    let tell = tell.clone();
    let entry = entry.with_welcome(move |message| {
        let _ = tell.send(News::Welcomed(message.to_owned()));
    });
    Ok(Box::new(Player::enter(entry, setup).await?))
}

/// Tries again and again, with longer and longer pauses.
async fn come_back(
    account: &Account,
    setup: &Setup,
    tell: &answers::Sender<News>,
    character: &str,
) -> Result<Box<Player>, Failure> {
    let (mut pause, longest) = PAUSES;
    let until = setup.clock.now() + GIVE_UP_AFTER;
    loop {
        tokio::time::sleep(pause).await;
        match enter(account, setup, tell, character).await {
            Err(failure) if failure.may_pass() && setup.clock.now() + pause < until => {
                pause = (2 * pause).min(longest).max(failure.retry_after);
            }
            entered => return entered,
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::task::{LocalSet, yield_now};

    use super::*;

    #[test]
    fn a_leave_is_answered_when_it_is_known_who_was_let_in() {
        let ((tell, told), (show, _)) = (answers::channel(), answers::channel());
        let mut worker = Worker::new("http://127.0.0.1:1", None, tell, show);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        LocalSet::new().block_on(&runtime, async {
            let entered = Done::Entered { call: Some(1), character: String::new(), player: Err(Failure::busy()) };
            let task = worker.tasks.spawn_local(async { entered });
            worker.coming = Some(Coming { task, call: Some(1), left_by: None });
            while !worker.coming.as_ref().is_some_and(|coming| coming.task.is_finished()) {
                yield_now().await;
            }
            worker.leave(7);
            assert!(told.try_recv().is_err(), "it is not known yet");
            while let Some(done) = worker.tasks.join_next().await {
                worker.finish(done);
            }
        });
        let told: Vec<_> = told.try_iter().collect();
        let is_told = matches!(told[..], [News::Answered(1, Err(_)), News::Answered(7, Ok(Outcome::LeftWorld))]);
        assert!(is_told && worker.stay.is_none(), "each once: {told:?}");
    }
}
