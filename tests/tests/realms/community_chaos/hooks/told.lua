--- Counts for each user how many scores of it the script was told of.
local told = {}

function told.after_score_submitted(record)
  local of = { user = record.user_id }
  realm.set_value("told", (realm.value("told", of) or 0) + 1, of)
end

return told
