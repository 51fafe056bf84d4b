-- Which cameras somebody looks at, after saying that somebody looks at these. The clock is the store's own.
-- KEYS: the watched cameras by when that ends (sorted set)
-- ARGV: milliseconds that a camera is watched for, then the cameras
-- Answers the watched cameras.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for place = 2, #ARGV do
  redis.call('ZADD', KEYS[1], now + ARGV[1], ARGV[place])
end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
return redis.call('ZRANGE', KEYS[1], 0, -1)
