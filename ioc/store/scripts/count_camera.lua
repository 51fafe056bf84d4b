-- Count what one camera saw within a day.
-- KEYS: the camera's counts of that day (hash)
-- ARGV: seconds that they are kept, then for each: how (add | most), the field, the number
for place = 2, #ARGV, 3 do
  if ARGV[place] == 'add' then
    redis.call('HINCRBY', KEYS[1], ARGV[place + 1], ARGV[place + 2])
  else
    local known = redis.call('HGET', KEYS[1], ARGV[place + 1])
    if not known or tonumber(known) < tonumber(ARGV[place + 2]) then
      redis.call('HSET', KEYS[1], ARGV[place + 1], ARGV[place + 2])
    end
  end
end
redis.call('EXPIRE', KEYS[1], ARGV[1])
