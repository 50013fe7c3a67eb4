//! The Lua in which a script runs: no files, no processes, no network, and an end to its time and its memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use mlua::{Function, HookTriggers, Lua, LuaOptions, StdLib, Table, Value, Variadic, VmState};

use crate::call_time::CallTime;
use crate::error::one_line;
use crate::library;
use crate::realm::{Asked, Realm};

/// The memory of one script.
pub const MEMORY_BYTES: usize = 32 << 20;
/// With so much of it in use after a call, what nobody uses any more is freed at once.
const NEARLY_FULL_BYTES: usize = MEMORY_BYTES / 4 * 3;
/// How many lines a call may print, and how long each may be, in bytes: what players call must not flood the log.
const PRINTED_LINES: u32 = 16;
const PRINTED_BYTES: usize = 512;
/// How many instructions are run between two looks at the clock. Each of them may read a text as long as the memory is large.
const LOOK_EVERY: u32 = 200;
/// What Lua's basic library has and a script gets not: other files, machine code as text, and the say in when memory is freed.
const LEFT_OUT: [&str; 7] = ["dofile", "loadfile", "load", "require", "package", "collectgarbage", "warn"];

/// Where the metatable of lists is kept.
const LISTS: &str = "realmgate.lists";

/// A Lua that ends what takes too long.
pub(crate) struct Sandbox {
    pub(crate) lua: Lua,
    time: CallTime,
    /// Lines that the call under way may still print.
    lines_left: Arc<AtomicU32>,
    /// Whom the call under way asks.
    realm: Asked,
}

impl Sandbox {
    /// A new one, for a plugin of this name, which may ask the realm these things. Its calls take their time from `time`.
    ///
    /// # Errors
    /// When there is no memory for it.
    pub(crate) fn new(plugin: &str, may_ask: &'static [&'static str], time: CallTime) -> mlua::Result<Self> {
        let libraries = StdLib::TABLE | StdLib::STRING | StdLib::MATH | StdLib::UTF8;
        let lua = Lua::new_with(libraries, LuaOptions::new())?;
        lua.set_memory_limit(MEMORY_BYTES)?;
        let realm = Asked::new(time.clone());
        let sandbox = Self { lua, time, lines_left: Arc::default(), realm };
        sandbox.furnish(plugin)?;
        sandbox.lua.globals().set("realm", sandbox.realm.table(&sandbox.lua, may_ask)?)?;
        // Only now: no call is under way, so that all of its time is over.
        look_at_the_clock(&sandbox.lua, LOOK_EVERY, sandbox.time.clone())?;
        Ok(sandbox)
    }

    /// Does something that may take [`CALL_WITHIN`](crate::CALL_WITHIN); answers how long it took besides.
    pub(crate) fn within<T>(&self, act: impl FnOnce(&Lua) -> T) -> (T, Duration) {
        self.lines_left.store(PRINTED_LINES, Ordering::Relaxed);
        let ended = self.time.run(|| act(&self.lua));
        if self.time.is_over() {
            // Without memory for it, the next call is looked at too often, and that is all.
            let _ = look_at_the_clock(&self.lua, LOOK_EVERY, self.time.clone());
        }
        if self.lua.used_memory() > NEARLY_FULL_BYTES {
            // What a call has left that came to its end of memory Lua does not free by itself, so that the next would fail, too. It fails where
            // a finalizer does, and there are none.
            let _ = self.lua.gc_collect();
        }
        ended
    }

    /// Whom the script may ask from now on; nobody between calls.
    pub(crate) fn answer_with(&self, realm: Option<Arc<dyn Realm>>) {
        self.realm.set(realm);
    }

    /// Takes away what a script must not have, and gives what it may use.
    fn furnish(&self, plugin: &str) -> mlua::Result<()> {
        let (lua, globals) = (&self.lua, self.lua.globals());
        for name in LEFT_OUT {
            globals.set(name, Value::Nil)?;
        }
        // Machine code as text again.
        globals.get::<Table>("string")?.set("dump", Value::Nil)?;
        library::furnish(lua, &self.time)?;
        globals.set("setmetatable", set_metatable(lua, globals.get("setmetatable")?)?)?;
        let lists = lua.create_table()?;
        // A script that had it could give it a finalizer, which every list would run.
        lists.set("__metatable", false)?;
        lua.set_named_registry_value(LISTS, lists)?;
        globals.set("array", lua.create_function(array)?)?;
        let (plugin, lines_left) = (plugin.to_owned(), self.lines_left.clone());
        let print = lua.create_function(move |_, values: Variadic<Value>| {
            let left = lines_left.load(Ordering::Relaxed);
            if left > 0 {
                lines_left.store(left - 1, Ordering::Relaxed);
                tracing::info!(plugin, "{}", one_line(&printed(&values)?));
            }
            Ok(())
        })?;
        globals.set("print", print)
    }
}

/// The beginning of what is printed. Of values that are not shown, nothing is read.
fn printed(values: &[Value]) -> mlua::Result<String> {
    let mut line = String::new();
    for (index, value) in values.iter().enumerate() {
        if line.len() >= PRINTED_BYTES {
            break;
        }
        line.push_str(if index == 0 { "" } else { "\t" });
        line.push_str(&value.to_string()?);
    }
    line.truncate(line.floor_char_boundary(PRINTED_BYTES));
    Ok(line)
}

/// Ends what runs beyond the deadline, which is looked for each time that so many instructions have been run. A script that catches
/// its end fails again at the next instruction, wherever it goes on: with a look now and then it could catch each of them.
fn look_at_the_clock(lua: &Lua, every: u32, time: CallTime) -> mlua::Result<()> {
    lua.set_global_hook(HookTriggers::new().every_nth_instruction(every), move |lua, _| {
        if !time.is_over() {
            return Ok(VmState::Continue);
        }
        if every > 1 {
            look_at_the_clock(lua, 1, time.clone())?;
        }
        Err(CallTime::error())
    })
}

/// As Lua's own, but for finalizers: nothing looks at the clock while one runs.
fn set_metatable(lua: &Lua, original: Function) -> mlua::Result<Function> {
    lua.create_function(move |_, (table, metatable): (Table, Option<Table>)| {
        if metatable.as_ref().is_some_and(|metatable| metatable.raw_get::<Value>("__gc").is_ok_and(|gc| !gc.is_nil())) {
            return Err(mlua::Error::RuntimeError("a metatable cannot have `__gc`".to_owned()));
        }
        original.call::<Table>((table, metatable))
    })
}

/// The metatable of tables that are lists.
///
/// # Errors
/// When there is no memory for it.
pub(crate) fn lists(lua: &Lua) -> mlua::Result<Table> {
    lua.named_registry_value(LISTS)
}

/// `array(table)` marks a table as a list, so that an empty one is told as `[]`.
fn array(lua: &Lua, table: Table) -> mlua::Result<Table> {
    table.set_metatable(Some(lists(lua)?))?;
    Ok(table)
}
