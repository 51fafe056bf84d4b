-- For how many alerts an incident stands; a smaller count than the known one is an older one, and left alone.
-- KEYS: incident, timeline, log
-- ARGV: id, at, alerts of its own, alerts that it speaks for, limits
-- Returns 1 where it was written, else 0.

local known = redis.call('HMGET', KEYS[1], 'alert_count', 'speaks_for_count', 'id')
local alerts, speaks_for = tonumber(known[1] or '1'), tonumber(known[2] or '0')
if not known[3] or (tonumber(ARGV[3]) <= alerts and tonumber(ARGV[4]) <= speaks_for) then
  return 0
end
redis.call('HSET', KEYS[1],
  'alert_count', math.max(alerts, tonumber(ARGV[3])), 'speaks_for_count', math.max(speaks_for, tonumber(ARGV[4])))
record(KEYS[1], KEYS[2], KEYS[3], limits(5), {id = ARGV[1], at = ARGV[2], what = 'counted', who = 'machine'})
return 1
