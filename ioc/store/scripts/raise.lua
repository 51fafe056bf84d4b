-- The machine raises an incident with the alert that opened it, once: one that exists is left alone.
-- KEYS: incident, alert, timeline, open, log, what the larger incident speaks for
-- ARGV: id, at, score, timeline entry, number of the incident's arguments, those (field, value, ...),
--       number of the alert's arguments, those, the larger incident or nothing, turn, limits
-- Returns 1 where it was written, else 0.

if redis.call('EXISTS', KEYS[1]) == 1 then
  return 0
end

local next_argument = 5
local function take()
  local count = tonumber(ARGV[next_argument])
  local fields = {unpack(ARGV, next_argument + 1, next_argument + count)}
  next_argument = next_argument + 1 + count
  return fields
end
local incident_fields = take()
local alert_fields = take()
local under, turn = ARGV[next_argument], ARGV[next_argument + 1]
local limit = limits(next_argument + 2)

redis.call('HSET', KEYS[1], unpack(incident_fields))
redis.call('HSET', KEYS[2], unpack(alert_fields))
redis.call('ZADD', KEYS[4], ARGV[3], ARGV[1])
if under ~= '' then
  redis.call('HSET', KEYS[1], 'inhibited_by', under, 'fold_turn', turn)
  redis.call('ZADD', KEYS[6], turn, ARGV[1])
end
record(KEYS[1], KEYS[3], KEYS[5], limit,
  {id = ARGV[1], at = ARGV[2], what = 'raised', who = 'machine', entry = ARGV[4]})
return 1
