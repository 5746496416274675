"""The steps that Redis takes on a stream, each at once: append, read, trim.

A stream has two keys. The head is a hash: epoch, base (the seq that the first entry of this life follows), last,
attempt, producer (the last producer sequence number of that attempt), closed, server. The entries are a Redis stream
with the ids `seq-0` and the fields t (microseconds since 1970), d (the data) and, on the terminal entry, x.

`server` names the run of the Redis process that saw the attempt begin. A Redis that was killed may come back without
its latest writes. Within an attempt the producer's numbers show that; between attempts nothing does, and seqs would be
used again for other events. So an attempt that finds another server starts a new epoch over the entries that are left.
"""

from struct import Struct
from typing import Final

STORED: Final = 0
FENCED: Final = 1
CLOSED: Final = 2
GAP: Final = 3

APPEND: Final = """
local head, entries = KEYS[1], KEYS[2]
local attempt, first, close = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3] == '1'
local base, new_epoch, at = tonumber(ARGV[4]), ARGV[5], ARGV[6]
local open_ttl, closed_ttl, most = ARGV[7], ARGV[8], tonumber(ARGV[9])
local most_pushed, channel = tonumber(ARGV[10]), ARGV[11]
local HEADERS = 11
local count = #ARGV - HEADERS
local final = first + count - 1

local function server()
  local info = redis.pcall('INFO', 'server')
  return type(info) == 'string' and string.match(info, 'run_id:(%w+)') or ''
end

local was = redis.call('HMGET', head, 'epoch', 'last', 'attempt', 'producer', 'closed', 'server')
local known = was[1] ~= false
local epoch = was[1] or new_epoch
local last = tonumber(was[2] or base)
local before = tonumber(was[3] or 0)
local stored = attempt == before and tonumber(was[4] or 0) or 0

if attempt < before then return {1, 0} end
if was[5] == '1' and final > stored then return {2, 0} end
if first > stored + 1 then return {3, 0} end
if final <= stored then return {0, last - (stored - final)} end

local ran = was[6] or ''
if attempt > before then
  local runs = server()
  if known and runs ~= ran then epoch = new_epoch end
  ran = runs
end
if not known then redis.call('DEL', entries) end
local labels, data, size = {}, {}, 0
for index = stored - first + 2, count do
  last = last + 1
  local id, text = string.format('%.0f-0', last), ARGV[HEADERS + index]
  local ends = close and index == count
  if ends then
    redis.call('XADD', entries, id, 't', at, 'd', text, 'x', '1')
  else
    redis.call('XADD', entries, id, 't', at, 'd', text)
  end
  size = size + #text
  if size <= most_pushed then
    labels[#labels + 1] = struct.pack('>I8I8I4B', last, tonumber(at), #text, ends and 1 or 0)
    data[#data + 1] = text
  end
end
redis.call('XTRIM', entries, 'MAXLEN', most)
redis.call('HSET', head, 'epoch', epoch, 'last', string.format('%.0f', last), 'attempt', ARGV[1],
  'producer', string.format('%.0f', final), 'closed', close and '1' or '0', 'server', ran)
if not known then redis.call('HSET', head, 'base', ARGV[4]) end
local ttl = close and closed_ttl or open_ttl
redis.call('PEXPIRE', head, ttl)
redis.call('PEXPIRE', entries, ttl)
local news = ''
if size <= most_pushed then
  local told = table.concat(labels)
  news = '+' .. struct.pack('>BI2I4', close and 1 or 0, #epoch, #told) .. epoch .. told .. table.concat(data)
end
redis.call('PUBLISH', channel, news)
return {0, last}
"""
"""Returns {what, seq}: STORED and the seq of the last of these events, or FENCED, CLOSED, GAP.

Whoever watches is told what was stored, so that they need not read it: PUSHED, NEWS, the epoch, labels and data as READ
returns them. Where it is too much, the message is empty, and they read.
"""

PUSHED: Final = b"+"
"""Begins a message that says what was appended."""

NEWS: Final = Struct(">BHI")
"""Whether the stream is closed, and the lengths of its epoch and of the labels."""

MOST_PUSHED: Final = 16_384
"""Bytes of data in a message: each process that watches gets it, whether or not it has read before."""

READ: Final = """
local was = redis.call('HMGET', KEYS[1], 'epoch', 'last', 'closed')
if not was[1] then return {} end
local oldest = redis.call('XRANGE', KEYS[2], '-', '+', 'COUNT', 1)
local first = oldest[1] and oldest[1][1] or ''
local labels, data = {}, {}
if tonumber(ARGV[2]) > 0 then
  for index, row in ipairs(redis.call('XRANGE', KEYS[2], ARGV[1], '+', 'COUNT', ARGV[2])) do
    local seq, fields = string.match(row[1], '^%d+'), row[2]
    labels[index] = struct.pack('>I8I8I4B', tonumber(seq), tonumber(fields[2]), #fields[4], fields[5] and 1 or 0)
    data[index] = fields[4]
  end
end
return {was[1], was[2], was[3], first, table.concat(labels), table.concat(data)}
"""
"""Returns {} for an unknown stream, else {epoch, last, closed, id of the oldest entry or '', labels, data}.

Data is that of all entries, one after the other. A label (LABEL) is the seq of an entry, its microseconds since 1970,
the length of its data, and 1 where it is terminal. Two texts are read 20 times as fast as the thousands of an array.
"""

LABEL: Final = Struct(">QQIB")

TRIM: Final = """
if redis.call('EXISTS', KEYS[1]) == 1 then
  redis.call('XTRIM', KEYS[2], 'MINID', ARGV[1])
  redis.call('PUBLISH', ARGV[2], '')
end
"""
