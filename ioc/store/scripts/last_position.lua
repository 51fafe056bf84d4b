-- The position of a stream's newest entry, without moving its bytes; nil where there is none.
-- KEYS: the stream
local newest = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
return newest[1] and newest[1][1]
