-- Write state and position together, unless a younger token was handed out.
-- KEYS: the checkpoint (hash), the fence; ARGV: token, position, state
if redis.call('GET', KEYS[2]) ~= ARGV[1] then
  return 0
end
redis.call('HSET', KEYS[1], 'token', ARGV[1], 'position', ARGV[2], 'state', ARGV[3])
return 1
