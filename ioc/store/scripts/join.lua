-- An alert joins an incident, once: one that is known is left alone.
-- KEYS: incident, alert, its alerts, timeline, log
-- ARGV: id, at, timeline entry or nothing, alert, number of the alert's arguments, those, limits
-- Returns 1 where it was written, else 0.

if redis.call('EXISTS', KEYS[2]) == 1 or redis.call('EXISTS', KEYS[1]) == 0 then
  return 0
end
local count = tonumber(ARGV[5])
redis.call('HSET', KEYS[2], unpack(ARGV, 6, 5 + count))
redis.call('RPUSH', KEYS[3], ARGV[4])
if ARGV[3] ~= '' then
  record(KEYS[1], KEYS[4], KEYS[5], limits(6 + count),
    {id = ARGV[1], at = ARGV[2], what = 'joined', who = 'machine', entry = ARGV[3]})
end
return 1
