-- Say what holds for a rule from now on, unless another has said so meanwhile.
-- KEYS: what holds (hash), the shadows (hash), the rule's versions (list), the revision, what the files said (hash)
-- ARGV: the rule, what to do (hold | shadow | remove | end_shadow), the version that must hold now or *, the version
--       as JSON, how many are kept, what the files say of the rule (a version, nothing where it is gone, - unchanged)
-- Answers 1, or 0 and the version that holds instead of the expected one.
if redis.call('LINDEX', KEYS[3], 0) == ARGV[4] then
  -- Said again, because the answer got lost.
  return {1, ''}
end
local holds = redis.call('HGET', KEYS[1], ARGV[1])
local version = holds and cjson.decode(holds)['version'] or ''
if ARGV[3] ~= '*' and ARGV[3] ~= version then
  return {0, version}
end
if ARGV[2] == 'hold' then
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[4])
  redis.call('HDEL', KEYS[2], ARGV[1])
elseif ARGV[2] == 'shadow' then
  redis.call('HSET', KEYS[2], ARGV[1], ARGV[4])
elseif ARGV[2] == 'remove' then
  redis.call('HDEL', KEYS[1], ARGV[1])
  redis.call('HDEL', KEYS[2], ARGV[1])
else
  redis.call('HDEL', KEYS[2], ARGV[1])
end
if ARGV[2] ~= 'end_shadow' then
  redis.call('LPUSH', KEYS[3], ARGV[4])
  redis.call('LTRIM', KEYS[3], 0, ARGV[5] - 1)
end
if ARGV[6] == '' then
  redis.call('HDEL', KEYS[5], ARGV[1])
elseif ARGV[6] ~= '-' then
  redis.call('HSET', KEYS[5], ARGV[1], ARGV[6])
end
redis.call('INCR', KEYS[4])
return {1, ''}
