--- Example script; docs/community.md explains it in "Scripts". Players can call the functions that it returns.

local hooks = {}

--- Greets the given name, or the caller.
function hooks.hello(name)
  return "Hello, " .. (name or caller.username) .. "!"
end

return hooks
