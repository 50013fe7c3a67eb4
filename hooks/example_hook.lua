--- What a script looks like: docs/community.md, "Scripts". Players call what it returns.

local hooks = {}

--- Greets whoever is named, or the caller.
function hooks.hello(name)
  return "Hello, " .. (name or caller.username) .. "!"
end

return hooks
