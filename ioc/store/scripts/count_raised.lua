-- How many alerts rules have raised in an hour so far; a smaller number is an older one, and left alone.
-- KEYS: the hour's counts (hash), the latest hour of which there are any
-- ARGV: seconds that they are kept, the hour, then for each rule: its name, how many
for place = 3, #ARGV, 2 do
  local known = redis.call('HGET', KEYS[1], ARGV[place])
  if not known or tonumber(known) < tonumber(ARGV[place + 1]) then
    redis.call('HSET', KEYS[1], ARGV[place], ARGV[place + 1])
  end
end
redis.call('EXPIRE', KEYS[1], ARGV[1])
if tonumber(redis.call('GET', KEYS[2]) or '0') < tonumber(ARGV[2]) then
  redis.call('SET', KEYS[2], ARGV[2])
end
