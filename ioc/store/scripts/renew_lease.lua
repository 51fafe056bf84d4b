-- Hold a lease for its time again, unless a younger token was handed out.
-- KEYS: the lease, the fence; ARGV: token, owner, milliseconds
if redis.call('GET', KEYS[2]) ~= ARGV[1] then
  return 0
end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1
