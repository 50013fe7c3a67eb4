local hooks = {}

--- What was given.
function hooks.echo(...)
  return array { ... }
end

function hooks.me()
  return caller
end

function hooks.refuse()
  return nil, "too_young"
end

function hooks.fail()
  error("broken")
end

function hooks.loop()
  while true do end
end

function hooks.after_startup() end

return hooks
