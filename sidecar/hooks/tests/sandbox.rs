//! What scripts can do and what they cannot, through the public interface.

#![expect(clippy::unwrap_used, reason = "what a test is built of fails by panicking")]

use std::fs;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Waker};
use std::time::Duration;

use futures_util::future::join_all;
use realmgate_hooks::{By, Call, CallError, Plugins, Realm, Rules};
use serde_json::{Value, json};
use tempfile::TempDir;

/// The realm adds numbers, and knows two times.
const RULES: Rules = Rules {
    may_ask: &["add", "fail"],
    check_schedule: |when| if ["daily", "hourly"].contains(&when) { Ok(()) } else { Err("no such time".to_owned()) },
};

struct Adding;

impl Realm for Adding {
    fn ask(&self, function: &str, args: Vec<Value>, _: Duration) -> Result<Value, String> {
        match function {
            "add" => Ok(json!(args.iter().filter_map(Value::as_i64).sum::<i64>())),
            other => Err(format!("{other} is not done")),
        }
    }
}

/// Scripts in a folder.
struct Scripts {
    folder: TempDir,
    plugins: Plugins,
}

impl Scripts {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let plugins = Plugins::new(folder.path().to_owned(), RULES);
        Self { folder, plugins }
    }

    fn of(source: &str) -> Self {
        let scripts = Self::new();
        scripts.write("it", source);
        scripts
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(format!("{name}.lua"))
    }

    fn write(&self, name: &str, source: &str) {
        fs::write(self.path(name), source).unwrap();
        self.plugins.refresh().unwrap();
    }

    fn fault(&self) -> Option<String> {
        self.plugins.states().into_iter().find_map(|state| state.fault).map(|fault| fault.text)
    }

    async fn call(&self, function: &str, args: &[Value]) -> Result<Value, CallError> {
        self.plugins
            .call(Call { by: By::Server, plugin: "it", function, args: args.to_vec(), caller: None, realm: None })
            .await
    }
}

#[tokio::test]
async fn a_call_gives_back_what_the_function_returns() {
    let scripts = Scripts::of(
        "return { echo = function(...) return ... end, pair = function(a, b) return array { a, b } end,
            sum = function(list) local sum = 0; for _, x in ipairs(list) do sum = sum + x end; return sum end }",
    );
    let values = [json!(null), json!(true), json!(-7), json!(1.5), json!("ä"), json!([]), json!({}), json!([1, [2]])];
    for value in values.into_iter().chain([json!({"a": {"b": [1, {}]}, "c": []}), json!(i64::MAX)]) {
        let echo = scripts.call("echo", std::slice::from_ref(&value)).await;
        assert_eq!(echo.as_ref(), Ok(&value));
    }
    assert_eq!(scripts.call("pair", &[json!(1), json!("x")]).await, Ok(json!([1, "x"])));
    assert_eq!(scripts.call("sum", &[json!([1, 2, 3])]).await, Ok(json!(6)));
    assert_eq!(scripts.call("sum", &[json!([1]), json!(2)]).await, Err(CallError::NoFunction), "one too many");
    assert_eq!(scripts.call("other", &[]).await, Err(CallError::NoFunction));
    let call = Call { by: By::Server, plugin: "nobody", function: "echo", args: vec![], caller: None, realm: None };
    assert_eq!(scripts.plugins.call(call).await, Err(CallError::NoPlugin));
}

#[tokio::test]
async fn a_script_says_no_and_sees_who_calls() {
    let scripts = Scripts::of(
        "return { who = function() return caller and caller.name end, no = function() return nil, 'too_young' end }",
    );
    assert_eq!(scripts.call("no", &[]).await, Err(CallError::Refused("too_young".to_owned())));
    let caller = Some(json!({"name": "Ada"}));
    let call = Call { by: By::Server, plugin: "it", function: "who", args: vec![], caller, realm: None };
    assert_eq!(scripts.plugins.call(call).await, Ok(json!("Ada")));
    assert_eq!(scripts.call("who", &[]).await, Ok(json!(null)), "nobody stays behind");
}

#[tokio::test]
async fn files_processes_and_network_are_out_of_reach() {
    let scripts = Scripts::of(
        "return { has = function(name) return _G[name] ~= nil end, dump = function() return string.dump == nil end }",
    );
    for name in ["os", "io", "debug", "package", "require", "load", "loadfile", "dofile", "coroutine", "collectgarbage"]
    {
        assert_eq!(scripts.call("has", &[json!(name)]).await, Ok(json!(false)), "{name}");
    }
    assert_eq!(scripts.call("dump", &[]).await, Ok(json!(true)));
    assert_eq!(scripts.call("has", &[json!("string")]).await, Ok(json!(true)));
}

#[tokio::test]
async fn a_fault_is_told_with_its_line_and_changes_nothing() {
    let scripts = Scripts::of(
        "local n = 0\nreturn {\n  fail = function() n = n + 1; error('broken') end,\n  n = function() return n end,\n  bad = function() return print end,\n  deep = function() local t = {}; for _ = 1, 1e5 do t = { t } end; return t end,\n  wide = function() local t = {}; for i = 1, 1e5 do t[i] = i end; return t end,\n  none = function() return 0/0 end, bytes = function() return '\\xff' end, gc = function() setmetatable({}, { __gc = print }) end\n}",
    );
    assert_eq!(scripts.call("fail", &[]).await, Err(CallError::Exception("it.lua:3: broken".to_owned())));
    assert_eq!(scripts.call("n", &[]).await, Ok(json!(1)));
    for function in ["bad", "deep", "wide", "none", "bytes", "gc"] {
        assert!(matches!(scripts.call(function, &[]).await, Err(CallError::Exception(_))), "{function}");
    }
    assert_eq!(scripts.call("n", &[]).await, Ok(json!(1)));
}

#[tokio::test]
async fn no_list_has_a_finalizer() {
    let scripts = Scripts::of(
        "return { trap = function() local lists = getmetatable(array {}); if lists then lists.__gc = print end; return not lists end,
            given = function(list) return not getmetatable(list) end }",
    );
    assert_eq!(scripts.call("trap", &[]).await, Ok(json!(true)));
    assert_eq!(scripts.call("given", &[json!([1])]).await, Ok(json!(true)));
}

#[tokio::test]
async fn a_refusal_is_no_longer_than_a_text_of_an_error() {
    let scripts = Scripts::of("return { no = function() return nil, ('x'):rep(1e6) end }");
    assert_eq!(scripts.call("no", &[]).await, Err(CallError::Refused("x".repeat(1_024))));
}

#[tokio::test]
async fn a_name_that_is_none_is_a_fault_and_keeps_nobody_else_out() {
    let scripts = Scripts::of("return { fine = function() return 1 end }");
    scripts.write("No-Name", "return {}");
    assert_eq!(scripts.fault().unwrap(), "No-Name.lua: the name must have 1 to 64 characters of a-z, 0-9 and _");
    assert_eq!(scripts.call("fine", &[]).await, Ok(json!(1)));
}

#[tokio::test]
async fn memory_has_an_end_and_what_comes_next_has_it_again() {
    let scripts = Scripts::of(
        "local function eat() local t = {}; for i = 1, 1e9 do t[i] = ('x'):rep(1e5) .. i end end; return { eat = eat, catch = function() return pcall(eat) end, rep = function() return #('x'):rep(1e9) end, much = function() return #('x'):rep(1e7) end }",
    );
    for function in ["eat", "rep"] {
        assert!(
            matches!(scripts.call(function, &[]).await, Err(CallError::Exception(text)) if text.contains("memory")),
            "{function}"
        );
        assert_eq!(scripts.call("much", &[]).await, Ok(json!(10_000_000)), "after {function}");
    }
    assert_eq!(scripts.call("catch", &[]).await, Ok(json!(false)));
    assert_eq!(scripts.call("much", &[]).await, Ok(json!(10_000_000)), "after one that has caught it");
}

#[tokio::test]
async fn a_call_that_loops_ends_even_if_it_catches_its_end() {
    let scripts = Scripts::of(
        "local calls = 0; return { loop = function() calls = calls + 1; while true do pcall(function() while true do end end) end end, calls = function() return calls end, count = function() local n = 0; for i = 1, 1e6 do n = n + 1 end; return n end }",
    );
    assert_eq!(scripts.call("loop", &[]).await, Err(CallError::Timeout));
    assert_eq!(scripts.call("calls", &[]).await, Ok(json!(1)), "it has ended: a thread that were new would say 0");
    assert_eq!(scripts.call("count", &[]).await, Ok(json!(1_000_000)), "and the next call has all its time");
}

/// Each of these would keep Lua's own functions busy for minutes at least, most of them for ever.
#[tokio::test]
async fn what_would_run_for_ever_ends_and_keeps_its_thread() {
    let cases = [
        "local s = ('a'):rep(300); return s:match(('.-'):rep(8) .. 'b')",
        "local s = ('a'):rep(1e6); return s:find(('.-'):rep(12) .. 'b')",
        "local s = ('a'):rep(300); return (s:gsub(('.-'):rep(8) .. 'b', 'x'))",
        "local s = ('a'):rep(1e6); return (s:gsub('(x-)', ('%1'):rep(1e6)))",
        "local s = ('a'):rep(300); return (s:gsub(('a*'):rep(8) .. 'b', function() return 'x' end))",
        "local s = ('a'):rep(300); for all in s:gmatch(('a?'):rep(100) .. 'b') do return all end",
        "local s = ('('):rep(1e6); return s:find('%b()')",
        "local s = ('a'):rep(4e6); return s:find(('a'):rep(2e6) .. 'b', 1, true)",
        "while true do pcall(string.match, ('a'):rep(300), ('.-'):rep(8) .. 'b') end",
        "return #table.move({}, 1, 1 << 60, 2)",
        "return table.insert(setmetatable({}, { __len = function() return 1 << 60 end }), 1, 1)",
        "return table.remove(setmetatable({}, { __len = function() return 1 << 60 end }), 1)",
        "return table.concat(setmetatable({}, { __index = table.concat }), '', 1, 1 << 60)",
        "local s, t = ('x'):rep(4e6), {}; for i = 1, 3e5 do t[i] = s end; table.sort(t)",
    ];
    // Each takes all of its time, and a processor.
    for some in cases.chunks(4) {
        join_all(some.iter().map(|case| ends_and_keeps_its_thread(case))).await;
    }
}

async fn ends_and_keeps_its_thread(case: &str) {
    let scripts = Scripts::of(&format!(
        "local calls = 0; return {{ case = function() calls = calls + 1; {case} end, calls = function() return calls end }}"
    ));
    assert_eq!(scripts.call("case", &[]).await, Err(CallError::Timeout), "{case}");
    assert_eq!(scripts.call("calls", &[]).await, Ok(json!(1)), "a new thread would say 0: {case}");
}

#[tokio::test]
async fn what_lua_would_count_for_ever_is_answered_or_refused_at_once() {
    let scripts = Scripts::of(
        "return { rep = function(n) return ('').rep('', n) end,
            format = function() local t = {}; local s = ('x'):rep(1e7); for i = 1, 1e5 do t[i] = s end
                local made = ('%.1s'):rep(#t):format(table.unpack(t)) return made end,
            gsub = function() return #('x'):rep(1e6):gsub('x', ('y'):rep(1e6)) end,
            long = function() return ('x'):rep(20000):find(('x?'):rep(20000)) end }",
    );
    for often in [json!(1_u64 << 62), json!("1000000000000000000")] {
        assert_eq!(scripts.call("rep", &[often]).await, Ok(json!("")));
    }
    for (function, words) in
        [("format", "too many values to format"), ("gsub", "memory"), ("long", "pattern too complex")]
    {
        let failed = scripts.call(function, &[]).await;
        assert!(matches!(&failed, Err(CallError::Exception(text)) if text.contains(words)), "{function}: {failed:?}");
    }
}

/// The usual way to trim costs Lua a time that grows with the square of the spaces within.
#[tokio::test]
async fn trimming_the_longest_text_of_a_player_ends() {
    let scripts = Scripts::of(
        "local calls = 0; return { trim = function(s) calls = calls + 1; return #s:match('^%s*(.-)%s*$') end,
            calls = function() return calls end }",
    );
    let spaces = " ".repeat(64 << 10);
    for (text, length) in [(spaces.clone(), 0), (format!("x{spaces}x"), (64 << 10) + 2)] {
        let trimmed = scripts.call("trim", &[json!(text)]).await;
        assert!(trimmed == Ok(json!(length)) || trimmed == Err(CallError::Timeout), "{trimmed:?}");
    }
    assert_eq!(scripts.call("calls", &[]).await, Ok(json!(2)), "the plugin goes on");
}

/// A tree of calls that Lua's own functions make of each other, without an instruction between them.
#[tokio::test]
async fn one_that_nothing_interrupts_loses_its_thread() {
    let none = "nil, ".repeat(60);
    let scripts = Scripts::of(&format!(
        "return {{ spin = function() table.unpack(setmetatable({{ {none} 1 }}, {{ __index = pcall, __call = table.unpack }})) end,
            fine = function() return 1 end }}",
    ));
    assert_eq!(scripts.call("spin", &[]).await, Err(CallError::Timeout));
    assert_eq!(scripts.call("fine", &[]).await, Ok(json!(1)), "on another thread");
}

/// A realm that answers only when a test says so, or after a while.
struct Slow {
    asked: Mutex<Vec<Duration>>,
    until: Mutex<mpsc::Receiver<()>>,
    at_most: Duration,
}

impl Slow {
    fn new(at_most: Duration) -> (Arc<Self>, mpsc::Sender<()>) {
        let (release, until) = mpsc::channel();
        (Arc::new(Self { asked: Mutex::default(), until: Mutex::new(until), at_most }), release)
    }
}

impl Realm for Slow {
    fn ask(&self, _: &str, _: Vec<Value>, left: Duration) -> Result<Value, String> {
        self.asked.lock().unwrap().push(left);
        let _ = self.until.lock().unwrap().recv_timeout(self.at_most);
        Ok(Value::Null)
    }
}

const ASKING: &str = "local calls, order = 0, {}
    return { ask = function() calls = calls + 1; for _ = 1, 256 do pcall(realm.add) end end, calls = function() return calls end,
        note = function(who) order[#order + 1] = who end, order = function() return array(order) end }";

#[tokio::test]
async fn what_a_call_waits_for_is_of_its_time() {
    let scripts = Scripts::of(ASKING);
    let (slow, _release) = Slow::new(Duration::from_secs(3));
    let call =
        Call { by: By::Server, plugin: "it", function: "ask", args: vec![], caller: None, realm: Some(slow.clone()) };
    assert_eq!(scripts.plugins.call(call).await, Err(CallError::Timeout));
    let asked = slow.asked.lock().unwrap().clone();
    assert!(asked.len() == 2 && asked[1] + Duration::from_secs(3) <= asked[0], "it asks for what is left: {asked:?}");
    assert_eq!(scripts.call("calls", &[]).await, Ok(json!(1)), "on the same thread");
}

#[tokio::test]
async fn a_call_that_waits_for_its_realm_is_not_stuck() {
    let scripts = Scripts::of(ASKING);
    let (slow, release) = Slow::new(Duration::from_secs(60));
    let call =
        Call { by: By::Server, plugin: "it", function: "ask", args: vec![], caller: None, realm: Some(slow.clone()) };
    assert_eq!(scripts.plugins.call(call).await, Err(CallError::Timeout));
    release.send(()).unwrap();
    assert_eq!(scripts.call("calls", &[]).await, Ok(json!(1)), "a new thread would say 0");
}

/// Begins a call, which waits for its turn.
fn begun<'a>(
    scripts: &'a Scripts,
    by: By,
    function: &'a str,
    arg: &str,
    realm: Option<Arc<dyn Realm>>,
) -> Pin<Box<dyn Future<Output = Result<Value, CallError>> + 'a>> {
    let args = if arg.is_empty() { vec![] } else { vec![json!(arg)] };
    let mut call = Box::pin(scripts.plugins.call(Call { by, plugin: "it", function, args, caller: None, realm }));
    assert!(call.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    call
}

#[tokio::test]
async fn one_account_keeps_neither_others_nor_the_server_waiting() {
    let scripts = Scripts::of(ASKING);
    let (slow, release) = Slow::new(Duration::from_millis(1));
    let of = |account: &str| By::Player(account.to_owned());
    let mut calls = vec![begun(&scripts, of("flooder"), "ask", "", Some(slow))];
    for _ in 0..64 {
        calls.push(begun(&scripts, of("flooder"), "note", "flooder", None));
    }
    calls.push(begun(&scripts, of("ann"), "note", "ann", None));
    calls.push(begun(&scripts, By::Server, "note", "server", None));
    calls.push(begun(&scripts, By::Before("ann".to_owned()), "note", "before", None));
    drop(release);
    for call in calls {
        call.await.unwrap();
    }
    let order = scripts.call("order", &[]).await.unwrap();
    let order: Vec<&str> = order.as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert_eq!((&order[..2], order.len()), (&["before", "server"][..], 67));
    assert!(order[2..4].contains(&"ann"), "one call of the other account at most comes before: {order:?}");
}

#[tokio::test]
async fn a_changed_file_is_loaded_and_a_broken_one_is_refused_as_a_whole() {
    let scripts = Scripts::of("return { version = function() return 1 end }");
    scripts.write("it", "return { version = function() return 2 end }");
    assert_eq!(scripts.call("version", &[]).await, Ok(json!(2)));
    for (broken, fault) in [
        ("return { version = function() return 3 end", "it.lua:1:"),
        ("error('no')", "it.lua:1: no"),
        ("return 7", "must return a table of functions"),
    ] {
        scripts.write("it", broken);
        let told = scripts.fault().unwrap();
        assert!(told.contains(fault), "{told}");
        assert_eq!(scripts.call("version", &[]).await, Ok(json!(2)), "the old one stays");
    }
    scripts.write("it", "return { version = function() return 2 end }");
    assert_eq!(scripts.fault(), None, "as before");
    fs::remove_file(scripts.path("it")).unwrap();
    scripts.plugins.refresh().unwrap();
    assert_eq!(scripts.call("version", &[]).await, Err(CallError::NoPlugin));
}

#[tokio::test]
async fn functions_are_told_with_what_stands_above_them() {
    let scripts = Scripts::of(
        "local hooks = {}\n\n--- Greets somebody.\n--- Twice.\nfunction hooks.hello(name, loud)\n  return name\nend\nhooks.any = function(...) return ... end\nhooks.nothing = 3\nreturn hooks\n",
    );
    let functions = scripts.plugins.states().remove(0).functions;
    let told = functions.iter().map(|of| (of.signature.as_str(), of.arity, of.doc.as_str()));
    assert_eq!(
        told.collect::<Vec<_>>(),
        [("any(...)", None, ""), ("hello(name, loud)", Some(2), "Greets somebody.\nTwice.")]
    );
}

#[tokio::test]
async fn a_script_asks_the_realm_while_it_is_called() {
    let scripts = Scripts::of(
        "local asked = pcall(function() return realm.add(1) end)
         return { add = function(...) return realm.add(...) end,
            fail = function()
                local answer = realm.fail()
                return answer
            end,
            caught = function() return tostring(select(2, pcall(realm.fail))) end,
            bad = function() local answer = realm.add(print) return answer end,
            asked = function() return asked end, other = function() return realm.other end }",
    );
    let call = async |function: &str, realm: bool| {
        let realm = realm.then(|| Arc::new(Adding) as Arc<dyn Realm>);
        let args = if function == "add" { vec![json!(1), json!(2), json!(4)] } else { vec![] };
        scripts.plugins.call(Call { by: By::Server, plugin: "it", function, args, caller: None, realm }).await
    };
    let failed = |text: &str| Err(CallError::Exception(text.to_owned()));
    assert_eq!(call("add", true).await, Ok(json!(7)));
    assert_eq!(call("fail", true).await, failed("it.lua:4: realm.fail: fail is not done"));
    let Ok(Value::String(caught)) = call("caught", true).await else { panic!("a script catches it") };
    assert!(caught.contains("realm.fail: fail is not done"), "{caught}");
    assert_eq!(
        call("bad", true).await,
        failed("it.lua:8: realm.add: an argument has a function, which JSON does not have")
    );
    assert_eq!(call("asked", true).await, Ok(json!(false)), "nobody answers while it is loaded");
    assert_eq!(call("other", true).await, Ok(json!(null)));
    let Err(CallError::Exception(nobody)) = call("fail", false).await else { panic!("nobody answers") };
    assert!(nobody.ends_with("`realm` is available only during a call"), "{nobody}");
}

#[tokio::test]
async fn schedules_name_functions_and_times() {
    let script =
        |schedules: &str| format!("return {{ a = function() end, b = function() end, schedules = {schedules} }}");
    let scripts = Scripts::of(&script("{ a = 'daily' }"));
    let schedule = |function: &str| scripts.plugins.info("it", function).unwrap().schedule;
    assert_eq!((schedule("a").as_deref(), schedule("b")), (Some("daily"), None));
    for (schedules, fault) in [
        ("7", "it.lua: `schedules` must be a table of strings"),
        ("{ a = {} }", "it.lua: `schedules` must be a table of strings"),
        ("{ c = 'daily' }", "it.lua: `schedules` names an unknown function: c"),
        ("{ b = 'never' }", "it.lua: the schedule of b: no such time"),
    ] {
        scripts.write("it", &script(schedules));
        assert_eq!(scripts.fault().as_deref(), Some(fault));
    }
    assert_eq!(schedule("a").as_deref(), Some("daily"), "what was loaded before goes on");
    assert_eq!(scripts.plugins.having("b"), ["it"]);
}
