//! SQL of the community's services, over the one database of a sidecar. The rules of SQL are those of
//! `realmgate_platform::database`.

mod accounts;
mod acts;
mod administrators;
mod audience;
mod boards;
mod credentials;
mod endings;
mod friend_lists;
mod friendship;
mod friendships;
mod guests;
mod identities;
mod lobbies;
mod mail_links;
mod mails;
mod notifications;
mod oauth_sessions;
mod presence;
mod profiles;
mod scripts;

pub use accounts::{AccountStore, NewDevice};
pub use acts::{ActRow, ActStore, NewAct};
pub use audience::{Audience, Reached};
pub use boards::{
    Board, BoardChange, BoardFilter, BoardStore, Due, Moved, NewBoard, Operator, Owner, Place, RecordRow, SortOrder,
    Standing, Submission, Submitted, is_score, window,
};
pub use credentials::{Unlinked, Ways};
pub use endings::{AccountEdit, Deleted, Deletion, Edited};
pub use friend_lists::{FriendRow, RequestRow, Side};
pub use friendship::{Friendship, Limit, Outcome, Step};
pub use friendships::FriendStore;
pub use identities::{Given, Linking, NewIdentity, ProviderId, UnlinkedProvider};
pub use lobbies::{
    Changer, Changing, Departure, Joining, Kicking, LobbyChange, LobbyFilter, LobbyRow, LobbySettings, LobbyStore,
    Making, NewLobby, Wish,
};
pub use mail_links::{Link, NewSignUp, Used};
pub use mails::{DueMail, MailKind, MailStore, NewMail, Noted};
pub use notifications::{NewNotification, NotificationRow, NotificationStore};
pub use oauth_sessions::{Ended, NewOAuthSession, OAuthPage, OAuthSessionStore, OAuthState};
pub use presence::{Here, PresenceStore};
pub use profiles::ProfileRow;
pub use scripts::{Access, Committed, DueHook, Effects, Journal, Kept, NoAccess, Notice, Score, ScriptStore, ValueKey};
