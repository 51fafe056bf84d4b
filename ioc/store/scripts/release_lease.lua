-- Give a lease back, unless a younger token was handed out.
-- KEYS: the lease, the fence; ARGV: token
if redis.call('GET', KEYS[2]) ~= ARGV[1] then
  return 0
end
return redis.call('DEL', KEYS[1])
