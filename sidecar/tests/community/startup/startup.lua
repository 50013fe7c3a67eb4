--- What a script does when it was loaded, and before the server ends.
local startup = {}

local function count(key)
  realm.set_value(key, (realm.value(key) or 0) + 1, { access = "public" })
end

function startup.after_startup()
  count("started")
  local who = { name = "who", type = "string" }
  return { { hook = "greet", meta = { description = "Says hello.", args = { who } } }, { hook = "after_all" } }
end

--- What was made known comes here.
function startup.on_custom_hook(name, args)
  if args[1] == nil then return nil, "nobody" end
  return name .. " " .. args[1] .. " by " .. caller.username
end

function startup.before_enter_world(user, character, at)
  if character.name == "Gloom" and user.id then return nil, "no gloom on map " .. at.map end
  if character.name == "Hush" then return "no nil before it" end
  while character.name == "Loop" do end
end

function startup.before_stop()
  count("stopped")
end

return startup
