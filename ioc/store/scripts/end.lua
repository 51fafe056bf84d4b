-- An incident has stopped to hold; one that is cleared or unknown is left alone.
-- KEYS: incident, timeline, open, recent, log
-- ARGV: id, at, score, timeline entry, limits
-- Returns 1 where it was written, else 0.

if redis.call('HGET', KEYS[1], 'condition') ~= 'active' then
  return 0
end
local limit = limits(5)
redis.call('HSET', KEYS[1], 'condition', 'cleared', 'cleared_at', ARGV[2])
record(KEYS[1], KEYS[2], KEYS[5], limit,
  {id = ARGV[1], at = ARGV[2], what = 'cleared', who = 'machine', entry = ARGV[4]})
close_if_done(KEYS[1], KEYS[2], KEYS[3], KEYS[4], limit, ARGV[1], ARGV[3])
return 1
