//! A loaded script: the functions that it returned, and what its source says of them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use mlua::{Function, MultiValue, Table, Value as LuaValue};
use serde_json::Value;

use crate::call_time::CallTime;
use crate::error::{CallError, bounded, text};
use crate::realm::{Realm, Rules};
use crate::sandbox::Sandbox;
use crate::values::{from_lua, to_lua};

/// What is known of a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionInfo {
    /// Its name.
    pub name: String,
    /// How many arguments it takes at most; `None` for any number.
    pub arity: Option<u8>,
    /// Name and parameters, as in the source.
    pub signature: String,
    /// The lines with three dashes above it.
    pub doc: String,
    /// When it is called again and again, as the script's `schedules` say; those are not for players.
    pub schedule: Option<String>,
}

/// A call of one of its functions.
#[derive(Clone)]
pub(crate) struct Run {
    pub(crate) function: String,
    pub(crate) args: Vec<Value>,
    pub(crate) caller: Option<Value>,
    pub(crate) realm: Option<Arc<dyn Realm>>,
}

/// A script that was loaded. It belongs to one thread.
pub(crate) struct Script {
    sandbox: Sandbox,
    functions: BTreeMap<String, (Function, FunctionInfo)>,
}

impl Script {
    /// Runs a script's source, which returns its functions.
    ///
    /// # Errors
    /// What is wrong with it: file, line and words.
    pub(crate) fn load(plugin: &str, source: &str, rules: Rules, time: CallTime) -> Result<Self, String> {
        let sandbox = Sandbox::new(plugin, rules.may_ask, time).map_err(|error| text(&error))?;
        let chunk = format!("@{plugin}.lua");
        let (made, ran) = sandbox.within(|lua| lua.load(source).set_name(chunk).call::<LuaValue>(()));
        let made = made.map_err(|error| CallError::of(&error, ran).to_string())?;
        let LuaValue::Table(made) = made else {
            return Err(format!(
                "{plugin}.lua: a script must return a table of functions, and this one returned a {}",
                made.type_name()
            ));
        };
        let mut functions = functions(&made, source)?;
        read_schedules(&made, &mut functions, rules).map_err(|fault| format!("{plugin}.lua: {fault}"))?;
        Ok(Self { sandbox, functions })
    }

    /// What is known of its functions, by name.
    pub(crate) fn describe(&self) -> Vec<FunctionInfo> {
        self.functions.values().map(|(_, info)| info.clone()).collect()
    }

    /// Calls a function. The script sees `caller` as a global, and may ask the realm, while it runs.
    ///
    /// # Errors
    /// [`CallError`], but for those of plugins as a whole.
    pub(crate) fn call(&self, run: &Run) -> Result<Value, CallError> {
        let (function, info) = self.functions.get(&run.function).ok_or(CallError::NoFunction)?;
        if info.arity.is_some_and(|most| run.args.len() > usize::from(most)) {
            return Err(CallError::NoFunction);
        }
        self.sandbox.answer_with(run.realm.clone());
        let (result, ran) = self.sandbox.within(|lua| {
            lua.globals().set("caller", to_lua(lua, run.caller.as_ref().unwrap_or(&Value::Null))?)?;
            let args = run.args.iter().map(|arg| to_lua(lua, arg)).collect::<mlua::Result<MultiValue>>()?;
            function.call::<MultiValue>(args)
        });
        self.sandbox.answer_with(None);
        let result = result.map_err(|error| CallError::of(&error, ran))?;
        self.outcome(&result, ran)
    }

    /// `nil` and a text say no. Else the first value is the result.
    fn outcome(&self, result: &MultiValue, ran: Duration) -> Result<Value, CallError> {
        if let (Some(LuaValue::Nil), Some(LuaValue::String(why))) = (result.front(), result.get(1)) {
            return Err(CallError::Refused(bounded(&why.to_string_lossy())));
        }
        let first = result.front().unwrap_or(&LuaValue::Nil);
        let value = from_lua(&self.sandbox.lua, first);
        let value = value.map_err(|fault| CallError::Exception(format!("the result {fault}")))?;
        if ran >= crate::CALL_WITHIN { Err(CallError::Timeout) } else { Ok(value) }
    }
}

fn functions(made: &Table, source: &str) -> Result<BTreeMap<String, (Function, FunctionInfo)>, String> {
    let lines: Vec<&str> = source.lines().collect();
    let mut functions = BTreeMap::new();
    for pair in made.pairs::<LuaValue, LuaValue>() {
        let (name, value) = pair.map_err(|error| text(&error))?;
        let (LuaValue::String(name), LuaValue::Function(function)) = (name, value) else { continue };
        let name = name.to_string_lossy();
        let info = describe(&name, &function, &lines);
        functions.insert(name, (function, info));
    }
    Ok(functions)
}

/// Reads when functions are called again and again: `schedules = { name = "*/5 * * * *" }` beside the functions.
fn read_schedules(
    made: &Table,
    functions: &mut BTreeMap<String, (Function, FunctionInfo)>,
    rules: Rules,
) -> Result<(), String> {
    let schedules = match made.get::<LuaValue>("schedules").map_err(|error| text(&error))? {
        LuaValue::Nil => return Ok(()),
        LuaValue::Table(schedules) => schedules,
        _ => return Err("`schedules` must be a table of strings".to_owned()),
    };
    for pair in schedules.pairs::<String, String>() {
        let (name, when) = pair.map_err(|_| "`schedules` must be a table of strings")?;
        let (_, info) =
            functions.get_mut(&name).ok_or_else(|| format!("`schedules` names an unknown function: {name}"))?;
        (rules.check_schedule)(&when).map_err(|fault| format!("the schedule of {name}: {fault}"))?;
        info.schedule = Some(when);
    }
    Ok(())
}

/// What the source says where a function begins.
fn describe(name: &str, function: &Function, lines: &[&str]) -> FunctionInfo {
    let known = function.info();
    let index = known.line_defined.unwrap_or_default().saturating_sub(1);
    let line = lines.get(index).copied().unwrap_or_default();
    let parameters = line.split_once("function").and_then(|(_, rest)| rest.split_once('('));
    let parameters = parameters.and_then(|(_, rest)| rest.split_once(')')).map_or("…", |(within, _)| within.trim());
    let above = lines[..index.min(lines.len())].iter().rev().map_while(|line| line.trim().strip_prefix("---"));
    let mut doc: Vec<&str> = above.map(str::trim).collect();
    doc.reverse();
    FunctionInfo {
        name: name.to_owned(),
        arity: (!known.is_vararg).then_some(known.num_params),
        signature: format!("{name}({parameters})"),
        doc: doc.join("\n"),
        schedule: None,
    }
}
