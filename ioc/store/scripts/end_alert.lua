-- An alert has stopped to hold, though its incident goes on; one that has ended already is left alone.
-- KEYS: alert
-- ARGV: at, seconds that it is kept
-- Returns 1 where it was written, else 0.

if redis.call('HGET', KEYS[1], 'state') ~= 'firing' then
  return 0
end
redis.call('HSET', KEYS[1], 'state', 'resolved', 'cleared_at', ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[2])
return 1
