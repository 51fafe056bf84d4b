-- Become the owner of a partition.
-- KEYS: the lease, the fence (counter); ARGV: owner, milliseconds
-- Gives {token, '', 0}, or {0, owner, milliseconds left} where somebody else holds it.
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then
  return {0, holder, redis.call('PTTL', KEYS[1])}
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return {redis.call('INCR', KEYS[2]), '', 0}
