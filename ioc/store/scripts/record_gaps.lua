-- Keep gaps, and count what is missing by asset; a gap that is known already is not counted again.
-- KEYS: the gaps (sorted by time), the counts (hash)
-- ARGV: how many are kept, then for each gap: asset, its text, time, messages that are missing
for place = 2, #ARGV, 4 do
  if redis.call('ZADD', KEYS[1], 'NX', ARGV[place + 2], ARGV[place + 1]) == 1 then
    redis.call('HINCRBY', KEYS[2], ARGV[place], ARGV[place + 3])
  end
end
redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -tonumber(ARGV[1]) - 1)
