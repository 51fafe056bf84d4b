-- Keep one message that came over HTTP, where there is room for it.
-- KEYS: the stream of such messages, the count of their bytes
-- ARGV: most messages, most bytes, topic, payload, time of arrival
-- Gives the message's position; nil where there is no room.
local size = #ARGV[3] + #ARGV[4]
local length = redis.call('XLEN', KEYS[1])
local bytes = length > 0 and tonumber(redis.call('GET', KEYS[2]) or '0') or 0
if length >= tonumber(ARGV[1]) or bytes + size > tonumber(ARGV[2]) then
  return nil
end
local position = redis.call('XADD', KEYS[1], '*', 'topic', ARGV[3], 'payload', ARGV[4], 'received_at', ARGV[5])
redis.call('SET', KEYS[2], bytes + size)
return position
