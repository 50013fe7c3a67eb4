--- What the server tells a script, and asks it before.
local keeper = {}

--- Notes a line under a key that everybody may read.
local function note(...)
  local log = realm.value("log") or array {}
  log[#log + 1] = table.concat({ ... }, " ")
  realm.set_value("log", log, { access = "public" })
end

function keeper.set(key, value)
  realm.set_value(key, value)
end

function keeper.after_user_register(user) note("registered", user.id) end
function keeper.after_user_updated(user) note("updated", user.id) end
function keeper.after_user_online(user) note("online", user.id) end
function keeper.after_user_offline(user) note("offline", user.id) end
function keeper.after_user_deleted(user) note("deleted", user.id, user.display_name) end
function keeper.after_lobby_create(lobby) note("made", lobby.id) end
function keeper.after_lobby_join(user, lobby) note("joined", user.id, lobby.id) end
function keeper.after_lobby_leave(user, lobby) note("left", user.id, lobby.id) end
function keeper.after_lobby_updated(lobby) note("changed", lobby.id) end
function keeper.after_lobby_kick(host, target, lobby) note("kicked", host.id, target.id, lobby.id) end
function keeper.after_lobby_host_change(lobby, host) note("host", lobby.id, host) end
function keeper.after_lobby_deleted(lobby) note("gone", lobby.id, lobby.title) end
function keeper.after_score_submitted(record)
  note("score", record.user_id or record.label, record.score)
  if record.score < 0 then error("too low") end
end

function keeper.before_user_register(_, attrs)
  if realm.value("closed") then return nil, "not today" end
  attrs.username = realm.value("next") or attrs.username
  return attrs
end

function keeper.before_user_update(_, attrs)
  if attrs.display_name == "rude" or attrs.username == "rude" then return nil, "is rude" end
  if attrs.username == "loud" then attrs.username = "LOUD!" end
  if attrs.display_name == "shy" then attrs.display_name = "Shy One" end
  return attrs
end

function keeper.before_lobby_create(attrs)
  if attrs.title == "no" then return false end
  if attrs.title == "writes" then realm.set_value("written", 1) end
  if attrs.title == "whose" then attrs.title = attrs.host_id end
  if attrs.title == "small" then attrs.max_users = 2 end
  if attrs.title == "wrong" then attrs.max_users = -1 end
  return attrs
end

function keeper.before_lobby_join(user, lobby, opts)
  if lobby.metadata.members_only and user.username ~= opts.password then return nil, "members only" end
end

function keeper.before_lobby_update(_, attrs)
  if attrs.title == "no" then return nil, "no" end
  if attrs.title == "loud" then attrs.title = "LOUD" end
  return attrs
end

function keeper.before_lobby_leave() return nil, "stay" end
function keeper.before_lobby_kick(_, _, lobby) return lobby.title ~= "peace" end
function keeper.before_lobby_delete(lobby) return lobby.title ~= "kept" end
function keeper.before_kv_get(key) if key == "closed" then return "public" end end

return keeper
