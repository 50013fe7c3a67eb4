-- Functions in place of Lua's own that would run in C for as long as somebody's text makes them. What is written in Lua
-- is interrupted. An error says where the script is that has called.
local find, first, scan, substitute = ...
local own = {
  concat = table.concat, sort = table.sort, rep = string.rep, format = string.format, sub = string.sub,
  match = string.match, gsub = string.gsub,
}
local error, pcall, select, tonumber, tostring, type = error, pcall, select, tonumber, tostring, type
local max, tointeger, ult = math.max, math.tointeger, math.ult

-- Most captures of a pattern.
local CAPTURES = 32
-- As many parts are joined without a look at the clock.
local PARTS = 4096
-- Most values of a format: Lua reads each of them to its end.
local FORMATTED = 255

local function bad(index, name, why)
  error(own.format("bad argument #%d to '%s' (%s)", index, name, why), 4)
end

local function text(value, index, name)
  local kind = type(value)
  if kind == "string" then return value end
  if kind == "number" then return tostring(value) end
  bad(index, name, "string expected, got " .. kind)
end

local function integer(value, index, name, default)
  if value == nil and default then return default end
  local kind = type(value)
  local number = (kind == "number" or kind == "string") and tonumber(value)
  if not number then bad(index, name, "number expected, got " .. kind) end
  return tointeger(number) or bad(index, name, "number has no integer representation")
end

local function list(value, index, name)
  if type(value) ~= "table" then bad(index, name, "table expected, got " .. type(value)) end
  return value
end

-- What was found; the error of a pattern is the caller's.
local function found(one, ...)
  if one == false then error(..., 2) end
  return one, ...
end

-- What one of Lua's own functions has returned. Its error says where the caller is, unless it says so already.
local function done(name, ok, ...)
  if ok then return ... end
  local why = ...
  if type(why) ~= "string" then error(why, 0) end
  why = own.gsub(why, "^library:%d+: ", "")
  why = own.gsub(why, "to '%?'", "to '" .. name .. "'")
  error(why, own.match(why, "^[%w_]+%.lua:%d+: ") and 0 or 2)
end

function string.find(s, p, init, plain)
  s, p, init = text(s, 1, "find"), text(p, 2, "find"), integer(init, 3, "find", 1)
  return found(find(s, p, init, not not plain))
end

function string.match(s, p, init)
  return found(first(text(s, 1, "match"), text(p, 2, "match"), integer(init, 3, "match", 1)))
end

function string.gmatch(s, p, init)
  s, p, init = text(s, 1, "gmatch"), text(p, 2, "gmatch"), integer(init, 3, "gmatch", 1)
  local from, ended = init > 0 and init - 1 or init < 0 and max(#s + init, 0) or 0, nil
  local function captures(one, stop, ...)
    if one == false then error(stop, 2) end
    if one then from, ended = stop, stop end
    return ...
  end
  return function() return captures(scan(s, p, from, ended, false, CAPTURES)) end
end

function string.gsub(s, p, by, most)
  s, p = text(s, 1, "gsub"), text(p, 2, "gsub")
  local kind = type(by)
  if kind ~= "string" and kind ~= "number" and kind ~= "function" and kind ~= "table" then
    error("bad argument #3 to 'gsub' (string/function/table expected, got " .. kind .. ")", 2)
  end
  most = integer(most, 4, "gsub", #s + 1)
  if kind == "string" or kind == "number" then return found(substitute(s, p, tostring(by), most)) end
  local function replaced(one, stop, ...)
    if not one then return one, stop end
    if kind == "function" then return one, stop, (by(...)) end
    return one, stop, by[(...)]
  end
  -- A table is asked for the first capture alone.
  local captures = kind == "table" and 1 or CAPTURES
  local parts, copied, count = {}, 0, 0
  while count < most do
    local one, stop, value = replaced(scan(s, p, copied, count > 0 and copied or nil, true, captures))
    if one == false then error(stop, 2) end
    if one == nil then break end
    if value and type(value) ~= "string" and type(value) ~= "number" then
      error("invalid replacement value (a " .. type(value) .. ")", 2)
    end
    parts[2 * count + 1] = own.sub(s, copied + 1, one - 1)
    parts[2 * count + 2] = value or own.sub(s, one, stop)
    copied, count = stop, count + 1
    if own.sub(p, 1, 1) == "^" then break end
  end
  parts[2 * count + 1] = own.sub(s, copied + 1)
  return own.concat(parts), count
end

-- Lua's own counts how often it has added nothing.
function string.rep(s, n, sep)
  if s == "" and (sep == nil or sep == "") and (tonumber(n) or 0) > 1 then n = 1 end
  return done("rep", pcall(own.rep, s, n, sep))
end

function string.format(...)
  if select("#", ...) > FORMATTED then error("too many values to format", 2) end
  return done("format", pcall(own.format, ...))
end

local function joined(t, sep, i, j)
  local parts = {}
  -- A difference that is too large for a number counts as one without a sign.
  while ult(PARTS - 1, j - i) do
    parts[#parts + 1] = own.concat(t, sep, i, i + PARTS - 1)
    i = i + PARTS
  end
  parts[#parts + 1] = own.concat(t, sep, i, j)
  return own.concat(parts, sep)
end

function table.concat(t, sep, i, j)
  list(t, 1, "concat")
  sep = sep == nil and "" or text(sep, 2, "concat")
  i, j = integer(i, 3, "concat", 1), integer(j, 4, "concat", #t)
  if i > j then return "" end
  return done("concat", pcall(joined, t, sep, i, j))
end

function table.insert(t, ...)
  list(t, 1, "insert")
  local count, at, value = select("#", ...), ...
  local last = #t + 1
  if count == 1 then
    t[last] = at
    return
  end
  if count ~= 2 then error("wrong number of arguments to 'insert'", 2) end
  at = integer(at, 2, "insert")
  if at < 1 or at > last then error("bad argument #2 to 'insert' (position out of bounds)", 2) end
  for i = last, at + 1, -1 do t[i] = t[i - 1] end
  t[at] = value
end

function table.remove(t, at)
  list(t, 1, "remove")
  local size = #t
  at = integer(at, 2, "remove", size)
  if at ~= size and (at < 1 or at > size + 1) then
    error("bad argument #2 to 'remove' (position out of bounds)", 2)
  end
  local removed = t[at]
  for i = at, size - 1 do t[i] = t[i + 1] end
  t[at > size and at or size] = nil
  return removed
end

function table.move(from, f, e, t, to)
  list(from, 1, "move")
  f, e, t = integer(f, 2, "move"), integer(e, 3, "move"), integer(t, 4, "move")
  to = to == nil and from or list(to, 5, "move")
  if f > e then return to end
  if f <= 0 and e >= math.maxinteger + f then
    error("bad argument #3 to 'move' (too many elements to move)", 2)
  end
  if t > math.maxinteger - (e - f) then error("bad argument #4 to 'move' (destination wrap around)", 2) end
  if t > e or t <= f or from ~= to then
    for i = 0, e - f do to[t + i] = from[f + i] end
  else
    for i = e - f, 0, -1 do to[t + i] = from[f + i] end
  end
  return to
end

-- Lua's own looks at no clock, but between two comparisons a function in Lua does.
function table.sort(t, before)
  list(t, 1, "sort")
  if before ~= nil and type(before) ~= "function" then
    error("bad argument #2 to 'sort' (function expected, got " .. type(before) .. ")", 2)
  end
  local less = before and function(a, b) return before(a, b) end or function(a, b) return a < b end
  return done("sort", pcall(own.sort, t, less))
end
