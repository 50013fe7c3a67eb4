//! Scripts that Redis runs atomically. Redis's clock is the one that counts, since every sidecar has its own.
//!
//! A script reads documents with `cjson` but never writes one: an empty list would come out as an empty object.

use std::sync::LazyLock;

use redis::Script;

/// Lists entries by name, or all that the set names. Names whose entries have expired are removed from the set.
pub(super) static LIST: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        local time = redis.call('TIME')
        local prefix, names = ARGV[1], {}
        if #ARGV > 1 then
            for i = 2, #ARGV do names[#names + 1] = ARGV[i] end
        else
            names = redis.call('SMEMBERS', KEYS[1])
        end
        local rows = {}
        for _, name in ipairs(names) do
            local document = redis.call('GET', prefix .. name)
            if document then
                local seats = redis.call('HGETALL', prefix .. 'seats:' .. name)
                rows[#rows + 1] = {document, redis.call('PTTL', prefix .. name), seats}
            else
                redis.call('SREM', KEYS[1], name)
            end
        end
        return {time[1] * 1000 + math.floor(time[2] / 1000), rows}
        ",
    )
});

/// Replaces an entry if it is unchanged (compare-and-swap), and adds its name to the set.
pub(super) static REPLACE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
        if ARGV[3] == '0' then
            redis.call('SET', KEYS[1], ARGV[2], 'KEEPTTL')
        else
            redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
        end
        redis.call('SADD', KEYS[2], ARGV[4])
        return 1
        ",
    )
});

/// Removes an entry if it belongs to this id.
pub(super) static REMOVE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        local readable, server = pcall(cjson.decode, redis.call('GET', KEYS[1]) or '')
        if readable and type(server) == 'table' and server.id == ARGV[1] then
            redis.call('DEL', KEYS[1], KEYS[2])
            redis.call('SREM', KEYS[3], ARGV[2])
        end
        ",
    )
});

/// Reserves a seat if players and seats leave one free. A seat is `<end in Unix ms> <map> <channel>` under its ticket.
pub(super) static RESERVE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        local readable, server = pcall(cjson.decode, redis.call('GET', KEYS[1]) or '')
        if not readable or type(server) ~= 'table' or server.id ~= ARGV[1] then return 0 end
        local time = redis.call('TIME')
        local now = time[1] * 1000 + math.floor(time[2] / 1000)
        local ends = now + ARGV[4]
        local seats, kept, last = redis.call('HGETALL', KEYS[2]), 0, ends
        for i = 1, #seats, 2 do
            local seat_ends = tonumber(string.match(seats[i + 1], '^%d+'))
            if seat_ends <= now then
                redis.call('HDEL', KEYS[2], seats[i])
            elseif seats[i] ~= ARGV[2] then
                kept = kept + 1
                last = math.max(last, seat_ends)
            end
        end
        for _, load in ipairs(server.channel_loads or {}) do
            if load.is_full and load.map .. ' ' .. load.channel == ARGV[3] then return 0 end
        end
        if math.max(server.current_players - ARGV[5], 0) + kept >= server.max_players then return 0 end
        redis.call('HSET', KEYS[2], ARGV[2], string.format('%.0f %s', ends, ARGV[3]))
        redis.call('PEXPIREAT', KEYS[2], string.format('%.0f', last))
        return 1
        ",
    )
});
