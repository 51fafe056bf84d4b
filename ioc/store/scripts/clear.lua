-- The machine says that an alert has stopped to hold; an incident that is cleared or unknown is left alone.
-- KEYS: incident, alert, timeline, open, recent, log
-- ARGV: id, at, score, timeline entry, evidence, limits
-- Returns 1 where it was written, else 0.

if redis.call('HGET', KEYS[1], 'condition') ~= 'active' then
  return 0
end
local limit = limits(6)
redis.call('HSET', KEYS[1], 'condition', 'cleared', 'cleared_at', ARGV[2])
redis.call('HSET', KEYS[2], 'state', 'resolved', 'cleared_at', ARGV[2], 'cleared_by', ARGV[5])
redis.call('EXPIRE', KEYS[2], limit.kept_s)
record(KEYS[1], KEYS[3], KEYS[6], limit,
  {id = ARGV[1], at = ARGV[2], what = 'cleared', who = 'machine', entry = ARGV[4]})
close_if_done(KEYS[1], KEYS[3], KEYS[4], KEYS[5], limit, ARGV[1], ARGV[3])
return 1
