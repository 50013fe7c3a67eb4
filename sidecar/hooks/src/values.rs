//! JSON to Lua and back, and how large what a script returns may be.

use crate::sandbox::lists;
use mlua::{Lua, Table, Value as LuaValue};
use serde_json::{Map, Number, Value};

/// How deep tables may be in each other.
const DEPTH: usize = 32;
/// How many values a result may have.
const MOST: usize = 10_000;
/// How many bytes its texts may have in all.
const TEXT_BYTES: usize = 256 << 10;

/// JSON for a script. `null` is `nil`.
///
/// # Errors
/// When there is no memory for it.
pub(crate) fn to_lua(lua: &Lua, value: &Value) -> mlua::Result<LuaValue> {
    Ok(match value {
        Value::Null => LuaValue::Nil,
        Value::Bool(value) => LuaValue::Boolean(*value),
        Value::Number(number) => match number.as_i64() {
            Some(integer) => LuaValue::Integer(integer),
            None => LuaValue::Number(number.as_f64().unwrap_or(f64::NAN)),
        },
        Value::String(text) => LuaValue::String(lua.create_string(text)?),
        Value::Array(values) => {
            let table = lua.create_table_with_capacity(values.len(), 0)?;
            table.set_metatable(Some(lists(lua)?))?;
            for (index, value) in values.iter().enumerate() {
                table.raw_set(index + 1, to_lua(lua, value)?)?;
            }
            LuaValue::Table(table)
        }
        Value::Object(fields) => {
            let table = lua.create_table_with_capacity(0, fields.len())?;
            for (name, value) in fields {
                table.raw_set(name.as_str(), to_lua(lua, value)?)?;
            }
            LuaValue::Table(table)
        }
    })
}

/// What a script has made, as JSON.
///
/// # Errors
/// What is no JSON, in words that follow the value's name: functions, texts that are not UTF-8, numbers that are none, and too much of anything.
pub(crate) fn from_lua(lua: &Lua, value: &LuaValue) -> Result<Value, String> {
    let lists = lists(lua).map_err(|error| crate::error::text(&error))?;
    Reading { lists, left: MOST, bytes_left: TEXT_BYTES }.value(value, DEPTH)
}

struct Reading {
    /// The metatable of lists.
    lists: Table,
    left: usize,
    bytes_left: usize,
}

impl Reading {
    fn value(&mut self, value: &LuaValue, depth: usize) -> Result<Value, String> {
        self.left = self.left.checked_sub(1).ok_or("has too many values")?;
        Ok(match value {
            LuaValue::Nil => Value::Null,
            LuaValue::Boolean(value) => Value::Bool(*value),
            LuaValue::Integer(integer) => Value::Number((*integer).into()),
            LuaValue::Number(number) => {
                Value::Number(Number::from_f64(*number).ok_or("has a number that JSON does not have")?)
            }
            LuaValue::String(text) => Value::String(self.text(text)?),
            LuaValue::Table(table) if depth > 0 => self.table(table, depth - 1)?,
            LuaValue::Table(_) => return Err("is nested too deeply".to_owned()),
            other => return Err(format!("has a {}, which JSON does not have", other.type_name())),
        })
    }

    fn text(&mut self, text: &mlua::LuaString) -> Result<String, String> {
        let text = text.to_str().map_err(|_| "has a string that is not UTF-8")?;
        self.bytes_left = self.bytes_left.checked_sub(text.len()).ok_or("is too long")?;
        Ok(text.to_owned())
    }

    /// A list where the keys are 1 to its length, or where it is marked as one; else an object.
    fn table(&mut self, table: &Table, depth: usize) -> Result<Value, String> {
        let length = table.raw_len();
        if length > 0 || table.metatable().is_some_and(|metatable| metatable == self.lists) {
            return self.list(table, length, depth);
        }
        let mut fields = Map::new();
        for pair in table.pairs::<LuaValue, LuaValue>() {
            let (key, value) = pair.map_err(|error| crate::error::text(&error))?;
            let name = match &key {
                LuaValue::String(name) => self.text(name)?,
                LuaValue::Integer(number) => number.to_string(),
                other => return Err(format!("has a {} as a key", other.type_name())),
            };
            fields.insert(name, self.value(&value, depth)?);
        }
        Ok(Value::Object(fields))
    }

    fn list(&mut self, table: &Table, length: usize, depth: usize) -> Result<Value, String> {
        let mut values = Vec::new();
        for index in 1..=length {
            let value = table.raw_get::<LuaValue>(index).map_err(|error| crate::error::text(&error))?;
            values.push(self.value(&value, depth)?);
        }
        Ok(Value::Array(values))
    }
}
