//! What scripts find does what Lua's own functions do: both are called with the same, and their answers compared.

use std::sync::LazyLock;

use mlua::{Lua, MultiValue, StdLib, Value};
use proptest::prelude::*;

use super::furnish;
use crate::call_time::CallTime;

/// Returns what functions of strings answer, as one text. What they call is looked up when they are called.
const STRINGS: &str = r##"
local function show(...)
  local shown = ""
  for i = 1, select("#", ...) do
    local value = select(i, ...)
    shown = shown .. tostring(math.type(value or 0)) .. type(value) .. ":" .. tostring(value) .. ";"
  end
  return shown .. "\n"
end
local s, p, init, by, most = ...
local shown = show(pcall(string.find, s, p, init)) .. show(pcall(string.find, s, p, init, true))
shown = shown .. show(pcall(string.match, s, p, init)) .. show(s:find(p, 1, true))
shown = shown .. show(pcall(function()
  local all = ""
  for a, b, c in string.gmatch(s, p, init) do all = all .. show(a, b, c) end
  return all
end))
shown = shown .. show(pcall(string.gsub, s, p, by, most))
shown = shown .. show(pcall(string.gsub, s, p, { a = "A", b = 1.5, [""] = "empty", [2] = "two", x = false, ["1"] = {} }, most))
local calls = ""
shown = shown .. show(pcall(string.gsub, s, p, function(...)
  calls = calls .. show(...)
  if (...) == "c" then error("c") end
  if (...) == "a" then return nil end
  return "<" .. tostring((...)) .. ">", "more"
end, most)) .. calls
return shown
"##;

/// Returns what functions of lists answer, and how they have left the list.
const LISTS: &str = r##"
local call, values, a, b, c, d = ...
local t, to = {}, {}
for i, value in ipairs(values) do t[i] = value end
local calls = {
  function() table.insert(t, a) end,
  function() table.insert(t, a, b) end,
  function() table.insert(t, a, b, c) end,
  function() local made = table.remove(t) return made end,
  function() local made = table.remove(t, a) return made end,
  function() local made = table.move(t, a, b, c) return made end,
  function() return table.move(t, a, b, c, to) == to end,
  function() local made = table.concat(t, d) return made end,
  function() local made = table.concat(t, d, a, b) return made end,
  function() table.sort(t) end,
  function() table.sort(t, function(x, y) return x > y end) end,
  function() local made = string.rep(d, a, "-") return made end,
  function() local made = string.rep(d, a) return made end,
  function() local made = string.format(d .. "%5d|%s|%q", a, b, c) return made end,
  function() local made = string.format("%d", d) return made end,
}
local answer = table.pack(pcall(calls[call]))
local shown = ""
for i = 1, answer.n do
  local value = answer[i]
  shown = shown .. (type(value) == "table" and "table" or tostring(value)) .. ";"
end
for i = -6, 12 do shown = shown .. tostring(t[i]) .. "," .. tostring(to[i]) .. " " end
return shown
"##;

/// Lua as it is, and as scripts find it.
static BOTH: LazyLock<[Lua; 2]> = LazyLock::new(|| {
    let libraries = StdLib::TABLE | StdLib::STRING | StdLib::MATH | StdLib::UTF8;
    let both = [(); 2].map(|()| Lua::new_with(libraries, mlua::LuaOptions::new()).unwrap());
    // Its time never ends.
    furnish(&both[1], &CallTime::endless()).unwrap();
    both
});

fn compare(chunk: &str, args: impl Fn(&Lua) -> Vec<Value>) -> Result<(), TestCaseError> {
    let answers = BOTH.each_ref().map(|lua| {
        let args: MultiValue = args(lua).into_iter().collect();
        let answer: mlua::LuaString = lua.load(chunk).set_name("=it.lua").call(args).unwrap();
        without_names(&String::from_utf8_lossy(&answer.as_bytes()))
    });
    let [theirs, ours] = answers;
    prop_assert_eq!(ours, theirs);
    Ok(())
}

/// Lua knows the name of a function that is called by `pcall` only where it is its own.
fn without_names(text: &str) -> String {
    let mut parts = text.split(" to '");
    let mut made = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        made.push_str(" to ");
        made.push_str(part.split_once('\'').map_or(part, |(_, rest)| rest));
    }
    made
}

fn one_of(pieces: &'static [&'static str], most: usize) -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(pieces), 0..most).prop_map(|pieces| pieces.concat())
}

const OF_TEXTS: &[&str] = &["a", "b", "c", "x", "A", "1", " ", "(", ")", "]", "-", "%", "^", "\n", "\0", "é"];
const OF_PATTERNS: &[&str] = &[
    "a", "b", "c", "x", "1", ".", " ", "%a", "%d", "%s", "%w", "%l", "%u", "%p", "%c", "%g", "%x", "%z", "%A", "%S",
    "%W", "%.", "%%", "%(", "(", ")", "()", "(a", "(.-)", "[ab]", "[^a]", "[a-c]", "[]]", "[^]x]", "[%a_]", "[a-]",
    "[-a]", "[^%s]", "[a-%%]", "[%]]", "*", "+", "-", "?", "^", "$", "%b()", "%bab", "%baa", "%f[%a]", "%f[^a]",
    "%f[\0]", "%1", "%2", "%0", "[", "[a", "[%", "[^", "%", "%f", "%b", "%ba", "]", "\0", "é",
];
const OF_REPLACEMENTS: &[&str] = &["x", "%0", "%1", "%2", "%9", "%%", "%", "%a", "", "-"];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn patterns_match_as_in_lua(
        text in one_of(OF_TEXTS, 12),
        pattern in one_of(OF_PATTERNS, 7),
        init in -14_i64..16,
        by in one_of(OF_REPLACEMENTS, 4),
        most in prop::option::of(-1_i64..4),
    ) {
        compare(STRINGS, |lua| {
            let text_of = |text: &str| Value::String(lua.create_string(text).unwrap());
            let most = most.map_or(Value::Nil, Value::Integer);
            vec![text_of(&text), text_of(&pattern), Value::Integer(init), text_of(&by), most]
        })?;
    }

    #[test]
    fn lists_are_changed_as_in_lua(
        call in 1_i64..=15,
        values in prop::collection::vec(-3_i64..4, 0..6),
        numbers in prop::array::uniform3(-4_i64..9),
        text in one_of(&["", "x", "1", "%", "-"], 3),
    ) {
        compare(LISTS, |lua| {
            let values = lua.create_sequence_from(values.iter().copied()).unwrap();
            let mut args = vec![Value::Integer(call), Value::Table(values)];
            args.extend(numbers.map(Value::Integer));
            args.push(Value::String(lua.create_string(&text).unwrap()));
            args
        })?;
    }
}

/// What a script gives by mistake, and where the error says that it is.
#[test]
fn mistakes_have_lua_s_own_words() {
    for call in [
        "string.find(nil, 'a')",
        "('a'):find({})",
        "('a'):find('a', 'x')",
        "('a'):find('a', 1.5)",
        "('a'):match('(')",
        "for _ in ('a'):gmatch('[') do end",
        "string.gmatch()",
        "('a'):gsub('a', true)",
        "('a'):gsub('a', '%2')",
        "('a'):gsub('a', function() return {} end)",
        "('a'):gsub('a', function() error('mine') end)",
        "('a'):gsub('a', function() error({}) end)",
        "string.rep('a', {})",
        "string.rep('ab', 1 << 62)",
        "string.format('%d', 'x')",
        "string.format('%y', 1)",
        "table.concat({ 1, {}, 3 })",
        "table.concat(1)",
        "table.concat({}, {})",
        "table.insert({}, 1, 2, 3)",
        "table.insert({}, 7, 2)",
        "table.insert(nil, 7)",
        "table.remove({}, 7)",
        "table.move({}, 1, math.maxinteger, 2)",
        "table.move({}, 0, math.maxinteger, 2)",
        "table.sort({ 3, 1, 2 }, function(a, b) error('mine') end)",
        "table.sort({ 2, 1 }, 2)",
    ] {
        let [theirs, ours] = BOTH.each_ref().map(|lua| {
            let chunk = format!(
                "local ok, why = pcall(function()\n{call}\nend)\nreturn type(why) .. (tostring(why)):gsub('0x%w+', '')"
            );
            lua.load(chunk).set_name("=it.lua").call::<String>(()).unwrap()
        });
        // Lua counts from the `:` of a method, and says of nothing that it is no value.
        let plain = |text: String| {
            let text =
                text.replace("no value", "nil").replace("calling 'find' on bad self", "bad argument #1 to 'find'");
            text.replace(" #1 to 'find' (s", " #2 to 'find' (s")
                .replace(" #2 to 'find' (num", " #3 to 'find' (num")
                .replace(" #2 to 'gsub' (string/", " #3 to 'gsub' (string/")
        };
        assert_eq!(plain(ours), plain(theirs), "{call}");
    }
}
