--- What a script may ask of the realm, and change there.
local ledger = {}

--- Earns so much, or spends what is below nothing.
function ledger.earn(amount)
  local metadata = caller.metadata
  metadata.coins = (metadata.coins or 0) + amount
  if metadata.coins < 0 then return nil, "too_poor" end
  realm.set_user_metadata(caller.id, metadata)
  return metadata.coins
end

--- Counts under a key that everybody may read.
function ledger.count(key)
  realm.set_value(key, (realm.value(key) or 0) + 1, { access = "public" })
  return realm.value(key)
end

--- Keeps a value, and says how it is now.
function ledger.keep(key, value, of)
  realm.set_value(key, value, of)
  return realm.value(key, of)
end

function ledger.read(key, of)
  return realm.value(key, of)
end

--- Rewards a user for a score, in three ways at once.
function ledger.reward(board, user, score)
  realm.submit_score(board, user, score, { by = "a script" })
  realm.notify(user, "Well done", "You have " .. score, { type = "reward" })
  realm.set_value("rewarded", score, { user = user, access = "owner_only" })
end

function ledger.reward_and_fail(board, user, score)
  ledger.reward(board, user, score)
  error("after all not")
end

function ledger.user(id)
  return realm.user(id)
end

function ledger.lobby(id)
  return realm.lobby(id)
end

function ledger.set_mode(lobby, mode)
  local metadata = realm.lobby(lobby).metadata
  metadata.mode = mode
  realm.set_lobby_metadata(lobby, metadata)
  return realm.lobby(lobby).metadata.mode
end

--- Asks something, as it is given.
function ledger.ask(name, ...)
  local answer = realm[name](...)
  return answer
end

--- Asks the time so often.
function ledger.often(times)
  for _ = 1, times do realm.now_ms() end
end

--- Keeps so many values.
function ledger.many(count)
  for index = 1, count do realm.set_value("many" .. index, index) end
end

local patience = 0

--- Asks another program again and again, whatever it says.
function ledger.patient(request)
  patience = patience + 1
  for _ = 1, 256 do pcall(realm.fetch, request) end
end

function ledger.patience()
  return patience
end

--- Makes a lobby without a host, goes on with it in the same call, and says how it is seen.
function ledger.open(attrs, mode)
  local id = realm.create_lobby(attrs)
  local metadata = realm.lobby(id).metadata
  metadata.mode = mode
  realm.set_lobby_metadata(id, metadata)
  realm.set_value("opened", mode, { lobby = id, access = "public" })
  return realm.lobby(id)
end

function ledger.open_and_fail(attrs)
  realm.create_lobby(attrs)
  error("after all not")
end

return ledger
