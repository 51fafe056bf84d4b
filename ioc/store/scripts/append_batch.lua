-- Append one batch to the stream, once, however often it is sent, and with it what its writer wants to know again.
-- KEYS: the stream, the writer's last entry (hash), the writer's generation (counter), the writer's memory (hash)
-- ARGV: generation, number of the entry, clock, count of events, bytes,
--       what to remember (a map in MessagePack; an empty text forgets) or nothing
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
if ARGV[6] ~= '' then
  local kept, forgotten = {}, {}
  for name, text in pairs(cmsgpack.unpack(ARGV[6])) do
    if text == '' then
      forgotten[#forgotten + 1] = name
    else
      kept[#kept + 1], kept[#kept + 2] = name, text
    end
  end
  -- Lua can hand on some thousands of arguments at once.
  for first = 1, #kept, 4000 do
    redis.call('HSET', KEYS[4], unpack(kept, first, math.min(first + 3999, #kept)))
  end
  for first = 1, #forgotten, 4000 do
    redis.call('HDEL', KEYS[4], unpack(forgotten, first, math.min(first + 3999, #forgotten)))
  end
end
return position
