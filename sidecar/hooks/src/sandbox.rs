//! The Lua in which a script runs: no files, no processes, no network, and an end to its time and its memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use mlua::{Function, HookTriggers, Lua, LuaOptions, StdLib, Table, Value, Variadic, VmState};

use crate::realm::{Asked, Realm};
use crate::stopwatch::Stopwatch;

/// How long a call may run, and a script when it is loaded.
pub const CALL_WITHIN: Duration = Duration::from_secs(5);
/// The memory of one script.
pub const MEMORY_BYTES: usize = 32 << 20;
/// With so much of it in use after a call, what nobody uses any more is freed at once.
const NEARLY_FULL_BYTES: usize = MEMORY_BYTES / 4 * 3;
/// How many lines a call may print, and how long each may be, in bytes: what players call must not flood the log.
const PRINTED_LINES: u32 = 16;
const PRINTED_BYTES: usize = 512;
/// How many instructions are run between two looks at the clock.
const LOOK_EVERY: u32 = 1_000;
/// What Lua's basic library has and a script gets not: other files, machine code as text, and the say in when memory is freed.
const LEFT_OUT: [&str; 7] = ["dofile", "loadfile", "load", "require", "package", "collectgarbage", "warn"];

/// Where the metatable of lists is kept.
const LISTS: &str = "realmgate.lists";

/// A Lua that ends what takes too long.
pub(crate) struct Sandbox {
    pub(crate) lua: Lua,
    time: Stopwatch,
    /// By `time`.
    deadline_ms: Arc<AtomicU64>,
    /// Lines that the call under way may still print.
    lines_left: Arc<AtomicU32>,
    /// Whom the call under way asks.
    realm: Asked,
}

impl Sandbox {
    /// A new one, for a plugin of this name, which may ask the realm these things.
    ///
    /// # Errors
    /// When there is no memory for it.
    pub(crate) fn new(plugin: &str, may_ask: &'static [&'static str]) -> mlua::Result<Self> {
        let libraries = StdLib::TABLE | StdLib::STRING | StdLib::MATH | StdLib::UTF8;
        let lua = Lua::new_with(libraries, LuaOptions::new())?;
        lua.set_memory_limit(MEMORY_BYTES)?;
        let (time, deadline_ms) = (Stopwatch::start(), Arc::new(AtomicU64::new(0)));
        look_at_the_clock(&lua, LOOK_EVERY, time, deadline_ms.clone())?;
        let sandbox = Self { lua, time, deadline_ms, lines_left: Arc::default(), realm: Asked::default() };
        sandbox.furnish(plugin)?;
        sandbox.lua.globals().set("realm", sandbox.realm.table(&sandbox.lua, may_ask)?)?;
        Ok(sandbox)
    }

    /// Does something that may take [`CALL_WITHIN`]; answers how long it took besides.
    pub(crate) fn within<T>(&self, act: impl FnOnce(&Lua) -> T) -> (T, Duration) {
        let began = self.time.elapsed();
        self.lines_left.store(PRINTED_LINES, Ordering::Relaxed);
        // Rounded up: what is ended has run for the whole time.
        self.deadline_ms.store((began + CALL_WITHIN).as_millis() as u64 + 1, Ordering::Relaxed);
        let done = act(&self.lua);
        if self.time.elapsed_ms() >= self.deadline_ms.load(Ordering::Relaxed) {
            // Without memory for it, the next call is looked at too often, and that is all.
            let _ = look_at_the_clock(&self.lua, LOOK_EVERY, self.time, self.deadline_ms.clone());
        }
        let ran = self.time.elapsed() - began;
        if self.lua.used_memory() > NEARLY_FULL_BYTES {
            // What a call has left that came to its end of memory Lua does not free by itself, so that the next would fail, too. It fails where
            // a finalizer does, and there are none.
            let _ = self.lua.gc_collect();
        }
        (done, ran)
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
                let texts = values.iter().map(Value::to_string).collect::<mlua::Result<Vec<_>>>()?;
                let text = texts.join("\t");
                tracing::info!(plugin, "{}", one_line(&text[..text.floor_char_boundary(PRINTED_BYTES)]));
            }
            Ok(())
        })?;
        globals.set("print", print)
    }
}

/// A text of a script as the log has it: what would begin another line or steer a terminal is spelled out. It may be a player's.
fn one_line(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut line, symbol| {
        match symbol {
            '\t' => line.push(symbol),
            '\u{2028}' | '\u{2029}' => line.extend(symbol.escape_unicode()),
            _ if symbol.is_control() => line.extend(symbol.escape_default()),
            _ => line.push(symbol),
        }
        line
    })
}

/// Ends what runs beyond the deadline, which is looked for each time that so many instructions have been run. A script that catches
/// its end fails again at the next instruction, wherever it goes on: with a look at every thousandth it could catch each of them.
fn look_at_the_clock(lua: &Lua, every: u32, time: Stopwatch, deadline_ms: Arc<AtomicU64>) -> mlua::Result<()> {
    lua.set_global_hook(HookTriggers::new().every_nth_instruction(every), move |lua, _| {
        if time.elapsed_ms() < deadline_ms.load(Ordering::Relaxed) {
            return Ok(VmState::Continue);
        }
        if every > 1 {
            look_at_the_clock(lua, 1, time, deadline_ms.clone())?;
        }
        Err(mlua::Error::RuntimeError("the call took too long".to_owned()))
    })
}

/// As Lua's own, but for finalizers: nothing looks at the clock while one runs.
fn set_metatable(lua: &Lua, original: Function) -> mlua::Result<Function> {
    lua.create_function(move |_, (table, metatable): (Table, Option<Table>)| {
        if metatable.as_ref().is_some_and(|metatable| metatable.raw_get::<Value>("__gc").is_ok_and(|gc| !gc.is_nil())) {
            return Err(mlua::Error::RuntimeError("a metatable must not have `__gc`".to_owned()));
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

#[cfg(test)]
mod tests {
    use super::one_line;

    #[test]
    fn a_printed_text_stays_on_its_line() {
        assert_eq!(one_line("ann\tsaid äh"), "ann\tsaid äh");
        assert_eq!(one_line("a\nERROR forged\r\u{1b}[2J\u{2028}"), "a\\nERROR forged\\r\\u{1b}[2J\\u{2028}");
    }
}
