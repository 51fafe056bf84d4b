-- Forget the oldest entries of a stream though nobody has kept them, and count what goes.
-- KEYS: the stream, what was ever given up (hash); ARGV: the first position that must stay, at most so many entries
-- Gives how many entries went.
local entries = redis.call('XRANGE', KEYS[1], '-', '(' .. ARGV[1], 'COUNT', ARGV[2])
local events, ids = 0, {}
for index, entry in ipairs(entries) do
  ids[index] = entry[1]
  for field = 1, #entry[2], 2 do
    if entry[2][field] == 'count' then
      events = events + tonumber(entry[2][field + 1])
    end
  end
end
if #ids > 0 then
  redis.call('XDEL', KEYS[1], unpack(ids))
  redis.call('HINCRBY', KEYS[2], 'entries', #ids)
  redis.call('HINCRBY', KEYS[2], 'events', events)
  redis.call('HSETNX', KEYS[2], 'first', ids[1])
  redis.call('HSET', KEYS[2], 'last', ids[#ids])
end
return #ids
