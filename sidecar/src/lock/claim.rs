//! What a gateway does next, given the lock of an account or a character that it has read: take it, ask its holder to let
//! go, or refuse the socket. The decisions of `service::world`, which the model in `tests/model/tests/model/` uses too.

use realmgate_protocol::ids::ServerId;
use uuid::Uuid;

use super::{AccountLock, AccountOwner, AccountStep, CharacterLock, CharacterOwner, LockStep, Timers};

/// What a gateway does for a socket that wants its account's lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NextClaim {
    /// It replaces the lock it has read by this one.
    Take(AccountLock),
    /// It asks the gateway of this id to release the lock first, or fences it.
    Oust(String),
    /// It refuses the socket.
    Refuse(NotClaimed),
}

/// Why a log-in may not come to a gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NotClaimed {
    /// A newer log-in is connected, or is waited for.
    Newer,
    /// Its time has run out: it has to refresh, or to log in again.
    TooLate,
}

/// How to get a character out of where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WayOut {
    /// It is in no world.
    Clear,
    /// This map server is asked to release it, and fenced if it does not in time.
    Kick(ServerId),
    /// Its lock is fenced: the character is on its way, so there is nobody to ask.
    Fence,
}

impl AccountLock {
    /// What a gateway does for a socket of this log-in.
    pub fn next_claim(&self, session: Uuid, gateway: &str, now_ms: u64, timers: &Timers) -> NextClaim {
        let step = AccountStep::Claimed { session, gateway: gateway.to_owned() };
        if let Ok(taken) = self.after(&step, now_ms, timers) {
            return NextClaim::Take(taken);
        }
        match &self.owner {
            AccountOwner::None => NextClaim::Refuse(NotClaimed::TooLate),
            AccountOwner::Gateway(holder) if self.newest() == Some(session) => NextClaim::Oust(holder.clone()),
            AccountOwner::Gateway(_) | AccountOwner::LogIn => NextClaim::Refuse(NotClaimed::Newer),
        }
    }
}

impl CharacterLock {
    /// How to get the character out of where it is.
    pub fn way_out(&self) -> WayOut {
        match &self.owner {
            CharacterOwner::None => WayOut::Clear,
            CharacterOwner::Gateway(_) => WayOut::Fence,
            CharacterOwner::Map(server) => WayOut::Kick(server.clone()),
        }
    }

    /// The step that calls off an entry into a world that the player does not want any more.
    pub fn called_off(&self) -> LockStep {
        match &self.owner {
            CharacterOwner::Map(server) => LockStep::Released { server: server.clone() },
            CharacterOwner::None | CharacterOwner::Gateway(_) => LockStep::Abandoned,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Uuid = Uuid::from_u128(1);
    const SECOND: Uuid = Uuid::from_u128(2);

    fn claim(lock: &AccountLock, session: Uuid, gateway: &str) -> NextClaim {
        lock.next_claim(session, gateway, 0, &Timers::default())
    }

    fn after(lock: &AccountLock, step: AccountStep) -> AccountLock {
        lock.after(&step, 0, &Timers::default()).unwrap()
    }

    #[test]
    fn a_log_in_comes_in_makes_an_older_one_go_or_learns_why_not() {
        let too_late = NextClaim::Refuse(NotClaimed::TooLate);
        assert_eq!(claim(&AccountLock::FREE, FIRST, "a"), too_late, "nobody waits for it");
        let waiting = after(&AccountLock::FREE, AccountStep::LoggedIn { session: FIRST });
        let claimed = |session, gateway: &str| AccountStep::Claimed { session, gateway: gateway.to_owned() };
        let held = after(&waiting, claimed(FIRST, "a"));
        assert_eq!(claim(&waiting, FIRST, "a"), NextClaim::Take(held.clone()), "it is waited for");
        let next = after(&waiting, AccountStep::LoggedIn { session: SECOND });
        assert_eq!(claim(&next, FIRST, "a"), NextClaim::Refuse(NotClaimed::Newer), "another one is waited for");
        let newer = after(&held, AccountStep::LoggedIn { session: SECOND });
        for gateway in ["a", "b"] {
            assert_eq!(claim(&newer, FIRST, gateway), NextClaim::Refuse(NotClaimed::Newer), "{gateway}");
        }
        assert_eq!(claim(&newer, SECOND, "b"), NextClaim::Oust("a".to_owned()));
        assert_eq!(claim(&held, FIRST, "b"), NextClaim::Oust("a".to_owned()), "its own socket elsewhere");
        let taken = NextClaim::Take(after(&newer, claimed(SECOND, "a")));
        assert_eq!(claim(&newer, SECOND, "a"), taken, "the same gateway asks nobody");
    }

    #[test]
    fn who_holds_a_character_says_how_it_is_got_out() {
        let lock = |owner: &str| CharacterLock { owner: owner.parse().unwrap(), ..CharacterLock::FREE };
        assert_eq!(CharacterLock::FREE.way_out(), WayOut::Clear);
        assert_eq!(lock("gateway:a").way_out(), WayOut::Fence);
        assert_eq!(lock("map:m").way_out(), WayOut::Kick("m".parse().unwrap()));
        assert_eq!(CharacterLock::FREE.called_off(), LockStep::Abandoned);
        assert_eq!(lock("gateway:a").called_off(), LockStep::Abandoned);
        assert_eq!(lock("map:m").called_off(), LockStep::Released { server: "m".parse().unwrap() });
    }
}
