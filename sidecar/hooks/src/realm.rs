//! What a script may ask beyond itself, and of whom.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use mlua::{Error, Lua, Table, Value as LuaValue, Variadic};
use serde_json::Value;

use crate::call_time::CallTime;
use crate::values::{from_lua, to_lua};

/// Whom a script asks while one of its functions runs.
pub trait Realm: Send + Sync {
    /// Answers one of the functions that [`Rules`] name. It is called on the plugin's own thread and may block for as long as is left
    /// of the call's time. Where it takes longer, the call has ended all the same.
    ///
    /// # Errors
    /// A text, which is raised in the script where it has asked.
    fn ask(&self, function: &str, args: Vec<Value>, left: Duration) -> Result<Value, String>;
}

/// What scripts may do beyond themselves.
#[derive(Clone, Copy)]
pub struct Rules {
    /// The functions of the global table `realm`, which a [`Realm`] answers.
    pub may_ask: &'static [&'static str],
    /// Says what is wrong with a text that says when something is done again and again.
    pub check_schedule: fn(&str) -> Result<(), String>,
}

/// Whom the call under way asks, if anybody.
#[derive(Clone)]
pub(crate) struct Asked {
    realm: Arc<Mutex<Option<Arc<dyn Realm>>>>,
    time: CallTime,
}

impl Asked {
    /// Nobody yet. Asking takes of this time.
    pub(crate) fn new(time: CallTime) -> Self {
        Self { realm: Arc::default(), time }
    }

    pub(crate) fn set(&self, realm: Option<Arc<dyn Realm>>) {
        *self.realm.lock().unwrap_or_else(PoisonError::into_inner) = realm;
    }

    fn get(&self) -> Option<Arc<dyn Realm>> {
        self.realm.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The table with these functions.
    ///
    /// # Errors
    /// When there is no memory for it.
    pub(crate) fn table(&self, lua: &Lua, may_ask: &'static [&'static str]) -> mlua::Result<Table> {
        let table = lua.create_table()?;
        for &name in may_ask {
            let asked = self.clone();
            let ask = move |lua: &Lua, args: Variadic<LuaValue>| {
                let answer = asked.ask(lua, name, &args);
                if asked.time.is_over() {
                    return Err(CallTime::error());
                }
                to_lua(lua, &answer.map_err(|fault| raised(lua, name, &fault))?)
            };
            table.set(name, lua.create_function(ask)?)?;
        }
        Ok(table)
    }

    fn ask(&self, lua: &Lua, name: &str, args: &[LuaValue]) -> Result<Value, String> {
        let realm = self.get().ok_or("`realm` is available only during a call")?;
        let args = args.iter().map(|arg| from_lua(lua, arg).map_err(|fault| format!("an argument {fault}")));
        let (args, left) = (args.collect::<Result<_, _>>()?, self.time.left());
        if left.is_zero() {
            return Err("no time left".to_owned());
        }
        self.time.wait(|| realm.ask(name, args, left))
    }
}

/// The error of what was asked, with the file and line where.
fn raised(lua: &Lua, name: &str, fault: &str) -> Error {
    let place = lua.inspect_stack(1, |debug| {
        let file = debug.source().short_src.unwrap_or_default().into_owned();
        debug.current_line().map(|line| format!("{file}:{line}: "))
    });
    Error::RuntimeError(format!("{}realm.{name}: {fault}", place.flatten().unwrap_or_default()))
}
