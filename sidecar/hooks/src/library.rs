//! What scripts find in place of those of Lua's own functions that nothing could interrupt: patterns are [`matcher`]'s,
//! and what loops is written in Lua (`library.lua`), so that the clock is looked at. What the others take is in proportion to
//! what they read, which the memory bounds, and `table.unpack` to the values that fit on Lua's stack.
//!
//! [`matcher`]: crate::matcher

use mlua::{Error, Function, IntoLua, Lua, LuaString, MultiValue, Result, Value};

use crate::call_time::CallTime;
use crate::matcher::{Caught, Fault, Found, Matcher, Steps, find_plain};
use crate::pattern::{Pattern, is_plain};
use crate::sandbox::MEMORY_BYTES;

/// Puts them in their places.
///
/// # Errors
/// When there is no memory for it.
pub(crate) fn furnish(lua: &Lua, time: &CallTime) -> Result<()> {
    let chunk = lua.load(include_str!("library.lua")).set_name("=library");
    chunk.call((find(lua, time)?, first(lua, time)?, scan(lua, time)?, substitute(lua, time)?))
}

/// `find(text, pattern, init, plain)`: where the first match begins and ends, and its captures.
fn find(lua: &Lua, time: &CallTime) -> Result<Function> {
    let time = time.clone();
    lua.create_function(move |lua, (text, pattern, init, plain): (LuaString, LuaString, i64, bool)| {
        let (text, pattern, mut steps) = (text.as_bytes(), pattern.as_bytes(), Steps::of(&time));
        let Some(from) = begin(init, text.len()) else { return Ok(MultiValue::new()) };
        if plain || is_plain(&pattern) {
            let found = find_plain(&text, &pattern, from, &mut steps);
            let found = found.map(|found| found.map(|begin| Found { begin, end: begin + pattern.len() }));
            return answer(lua, found, |found| Ok(place(found)));
        }
        let pattern = Pattern::read(&pattern, true);
        let mut matcher = Matcher::new(&pattern, &text);
        let found = matcher.find(from, None, &mut steps);
        answer(lua, found, |found| {
            let mut values = place(found);
            push_captures(lua, &mut values, &matcher, matcher.captures(), found)?;
            Ok(values)
        })
    })
}

/// `match(text, pattern, init)`: the captures of the first match, or all of it.
fn first(lua: &Lua, time: &CallTime) -> Result<Function> {
    let time = time.clone();
    lua.create_function(move |lua, (text, pattern, init): (LuaString, LuaString, i64)| {
        let (text, pattern) = (text.as_bytes(), Pattern::read(&pattern.as_bytes(), true));
        let Some(from) = begin(init, text.len()) else { return Ok(MultiValue::new()) };
        let mut matcher = Matcher::new(&pattern, &text);
        let found = matcher.find(from, None, &mut Steps::of(&time));
        answer(lua, found, |found| {
            let mut values = MultiValue::new();
            push_captures(lua, &mut values, &matcher, matcher.captures().max(1), found)?;
            Ok(values)
        })
    })
}

/// `scan(text, pattern, from, ended, anchors, most)`: where the first match behind so many bytes begins and ends, and up to so many
/// captures, or all of it. One that ends where the last one has ended is none.
fn scan(lua: &Lua, time: &CallTime) -> Result<Function> {
    type Args = (LuaString, LuaString, usize, Option<usize>, bool, usize);
    let time = time.clone();
    lua.create_function(move |lua, (text, pattern, from, ended, anchors, most): Args| {
        let (text, pattern) = (text.as_bytes(), Pattern::read(&pattern.as_bytes(), anchors));
        let mut matcher = Matcher::new(&pattern, &text);
        let found = matcher.find(from, ended, &mut Steps::of(&time));
        answer(lua, found, |found| {
            let mut values = place(found);
            push_captures(lua, &mut values, &matcher, matcher.captures().clamp(1, most.max(1)), found)?;
            Ok(values)
        })
    })
}

/// `substitute(text, pattern, replacement, most)`: the text with so many matches replaced by a text, and how many were.
fn substitute(lua: &Lua, time: &CallTime) -> Result<Function> {
    let time = time.clone();
    lua.create_function(move |lua, (text, pattern, by, most): (LuaString, LuaString, LuaString, i64)| {
        let (text, by, pattern) = (text.as_bytes(), by.as_bytes(), Pattern::read(&pattern.as_bytes(), true));
        let replaced = replace(&text, &pattern, &by, most, &mut Steps::of(&time));
        answer(lua, replaced.map(Some), |(text, count)| {
            Ok([Value::String(lua.create_string(text)?), Value::Integer(count)].into_iter().collect())
        })
    })
}

fn replace(
    text: &[u8],
    pattern: &Pattern,
    by: &[u8],
    most: i64,
    steps: &mut Steps<'_>,
) -> std::result::Result<(Vec<u8>, i64), Fault> {
    let mut matcher = Matcher::new(pattern, text);
    let (mut made, mut copied, mut count, mut before_ended) = (Vec::new(), 0, 0, None);
    while count < most {
        let Some(found) = matcher.find(copied, before_ended, steps)? else { break };
        made.extend_from_slice(&text[copied..found.begin]);
        push_replacement(&mut made, by, &matcher, found, steps)?;
        (copied, before_ended, count) = (found.end, Some(found.end), count + 1);
        if made.len() > MEMORY_BYTES {
            return Err(Fault::TooLarge);
        }
        if pattern.is_anchored {
            break;
        }
    }
    made.extend_from_slice(&text[copied..]);
    Ok((made, count))
}

/// Adds a replacement: `%0` is all of the match, `%1` to `%9` are its captures.
fn push_replacement(
    made: &mut Vec<u8>,
    by: &[u8],
    matcher: &Matcher<'_>,
    found: Found,
    steps: &mut Steps<'_>,
) -> std::result::Result<(), Fault> {
    let mut parts = by.split(|&byte| byte == b'%');
    made.extend_from_slice(parts.next().unwrap_or_default());
    while let Some(part) = parts.next() {
        steps.take(1 + part.len() / 8)?;
        let rest = match part {
            // Between two of them is nothing: they are one, and what follows is a text.
            [] => {
                let Some(rest) = parts.next() else { return Err(invalid_use()) };
                made.push(b'%');
                rest
            }
            [b'0', rest @ ..] => {
                made.extend_from_slice(matcher.all(found));
                rest
            }
            [digit @ b'1'..=b'9', rest @ ..] => {
                match matcher.caught(usize::from(digit - b'1'), found)? {
                    Caught::Text(text) => made.extend_from_slice(text),
                    Caught::Position(position) => made.extend_from_slice(position.to_string().as_bytes()),
                }
                rest
            }
            _ => return Err(invalid_use()),
        };
        made.extend_from_slice(rest);
        if made.len() > MEMORY_BYTES {
            return Err(Fault::TooLarge);
        }
    }
    Ok(())
}

fn invalid_use() -> Fault {
    Fault::Malformed("invalid use of '%' in replacement string".to_owned())
}

/// The values of what was found; nothing for nothing; `false` and Lua's words where a pattern is malformed.
fn answer<T>(
    lua: &Lua,
    found: std::result::Result<Option<T>, Fault>,
    values: impl FnOnce(T) -> std::result::Result<MultiValue, NoValue>,
) -> Result<MultiValue> {
    let values = match found {
        Ok(None) => return Ok(MultiValue::new()),
        Ok(Some(found)) => values(found),
        Err(fault) => Err(NoValue::Fault(fault)),
    };
    match values {
        Ok(values) => Ok(values),
        Err(NoValue::Lua(error)) => Err(error),
        Err(NoValue::Fault(Fault::Malformed(words))) => {
            Ok([Value::Boolean(false), words.into_lua(lua)?].into_iter().collect())
        }
        Err(NoValue::Fault(Fault::Timeout)) => Err(CallTime::error()),
        Err(NoValue::Fault(Fault::TooLarge)) => Err(Error::MemoryError("the result is too long".to_owned())),
    }
}

/// Why something that was found has no values.
enum NoValue {
    Fault(Fault),
    Lua(Error),
}

impl From<Fault> for NoValue {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<Error> for NoValue {
    fn from(error: Error) -> Self {
        Self::Lua(error)
    }
}

/// Where a match begins and ends, counted from 1.
fn place(found: Found) -> MultiValue {
    [Value::Integer(found.begin as i64 + 1), Value::Integer(found.end as i64)].into_iter().collect()
}

fn push_captures(
    lua: &Lua,
    values: &mut MultiValue,
    matcher: &Matcher<'_>,
    count: usize,
    found: Found,
) -> std::result::Result<(), NoValue> {
    for index in 0..count {
        values.push_back(match matcher.caught(index, found)? {
            Caught::Text(text) => Value::String(lua.create_string(text)?),
            Caught::Position(position) => Value::Integer(position as i64),
        });
    }
    Ok(())
}

/// Where to begin in a text of this length, by Lua's count: from 1, or from the end if it is negative. `None` beyond the end.
fn begin(init: i64, length: usize) -> Option<usize> {
    let index = match init {
        1.. => usize::try_from(init - 1).ok()?,
        0 => 0,
        ..0 => length.saturating_sub(usize::try_from(init.unsigned_abs()).unwrap_or(usize::MAX)),
    };
    (index <= length).then_some(index)
}

#[cfg(test)]
mod tests;
