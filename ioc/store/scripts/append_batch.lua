-- Append one batch to the stream, once, however often it is sent.
-- KEYS: the stream, the writer's last entry (hash), the writer's generation (counter)
-- ARGV: generation, number of the entry, clock, count of events, bytes
-- Gives the entry's position; nil where a younger writer has taken over or written on.
local generation, number = tonumber(ARGV[1]), tonumber(ARGV[2])
if tonumber(redis.call('GET', KEYS[3]) or '0') > generation then
  return nil
end
local last = redis.call('HMGET', KEYS[2], 'generation', 'number', 'position')
if tonumber(last[1] or '-1') == generation then
  local written = tonumber(last[2])
  if number == written then
    return last[3]
  elseif number < written then
    return nil
  end
end
local position = redis.call('XADD', KEYS[1], '*', 'clock', ARGV[3], 'count', ARGV[4], 'bytes', ARGV[5])
redis.call('HSET', KEYS[2], 'generation', ARGV[1], 'number', ARGV[2], 'position', position)
-- A writer that has been silent for a day has nothing on its way any more.
redis.call('EXPIRE', KEYS[2], 86400)
return position
