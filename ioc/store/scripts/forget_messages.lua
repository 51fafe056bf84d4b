-- Forget messages that came over HTTP, once their events are in the stream of events.
-- KEYS: the stream of such messages, the count of their bytes
-- ARGV: positions; one that is gone already is passed over
-- Gives how many were forgotten.
local forgotten, bytes = 0, 0
for _, position in ipairs(ARGV) do
  local found = redis.call('XRANGE', KEYS[1], position, position)
  if found[1] then
    -- Its fields, in the order in which they were written: topic and payload are the first two.
    bytes = bytes + #found[1][2][2] + #found[1][2][4]
    forgotten = forgotten + redis.call('XDEL', KEYS[1], position)
  end
end
if redis.call('XLEN', KEYS[1]) == 0 then
  redis.call('DEL', KEYS[2])
elseif bytes > 0 then
  redis.call('DECRBY', KEYS[2], bytes)
end
return forgotten
