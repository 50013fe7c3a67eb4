-- Keys of names and titles have one letter for both small sigmas, the one in words and the one that ends them: a title is found by
-- any beginning of it. Keys are UTF-8 in hexadecimal. Few rows are changed. What an older sidecar writes while it still runs has the other
-- letter, so a search that goes so far does not find it until it is written again.
UPDATE profiles SET display_key = REPLACE(display_key, 'cf82', 'cf83') WHERE display_key LIKE '%cf82%';
UPDATE lobbies SET title_key = REPLACE(title_key, 'cf82', 'cf83') WHERE title_key LIKE '%cf82%';
