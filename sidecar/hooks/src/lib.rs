//! Scripts of a realm's makers: Lua files that players call, each in a sandbox of its own.
//!
//! A *plugin* is a file `NAME.lua` of one folder. It returns a table, whose functions players may call
//! ([`Plugins::call`]). Each plugin runs on a thread of its own ([`worker`]), in a Lua without files, processes and network
//! ([`sandbox`]); a call ends after [`CALL_WITHIN`]. What it may ask beyond itself is a [`Realm`]'s to answer. When a file changes it is loaded anew; one with a fault is refused
//! as a whole, and what was loaded before goes on.
//!
//! ```
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use realmgate_hooks::{By, Call, Plugins, Rules};
//! use serde_json::json;
//!
//! let folder = tempfile::tempdir()?;
//! std::fs::write(folder.path().join("greet.lua"), "return { hello = function(name) return 'Hello, ' .. name end }")?;
//! let rules = Rules { may_ask: &[], check_schedule: |_| Err("there are none".to_owned()) };
//! let plugins = Plugins::new(folder.path().to_owned(), rules);
//! plugins.refresh()?;
//! let by = By::Player("ann".to_owned());
//! let call = Call { by, plugin: "greet", function: "hello", args: vec![json!("Ada")], caller: None, realm: None };
//! assert_eq!(plugins.call(call).await?, json!("Hello, Ada"));
//! # Ok(())
//! # }
//! # tokio::runtime::Runtime::new().unwrap().block_on(example()).unwrap();
//! ```

#![forbid(unsafe_code)]

mod call_time;
mod error;
mod folder;
mod library;
mod matcher;
mod pattern;
mod plugins;
mod queue;
mod realm;
mod sandbox;
mod script;
mod values;
mod worker;

pub use call_time::CALL_WITHIN;
pub use error::CallError;
pub use plugins::{Call, Fault, Plugins, State};
pub use queue::By;
pub use realm::{Realm, Rules};
pub use sandbox::MEMORY_BYTES;
pub use script::FunctionInfo;
