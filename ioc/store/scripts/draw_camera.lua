-- Say what is drawn on a camera's picture, unless somebody else has drawn meanwhile.
-- KEYS: the drawings that hold (hash), the camera's drawings, newest first (list), the number of the last change
-- ARGV: the camera, the revision that was drawn upon, the drawing as JSON, how many are kept
-- Answers nothing, or the drawing that holds instead of the expected one (empty where there is none).
local holds = redis.call('HGET', KEYS[1], ARGV[1])
if holds == ARGV[3] then
  -- Said again, because the answer got lost.
  return false
end
local revision = holds and cjson.decode(holds)['revision'] or 0
if revision ~= tonumber(ARGV[2]) then
  return holds or ''
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
redis.call('LPUSH', KEYS[2], ARGV[3])
redis.call('LTRIM', KEYS[2], 0, ARGV[4] - 1)
redis.call('INCR', KEYS[3])
return false
