-- The one script that writes: checks what it is told to expect, then writes a plan, whole or not at all.
--
-- KEYS[1]  what the names of all keys begin with: `mod:{<site>}:`. Every key that is read or written is KEYS[1] and a name
--          from ARGV, so all lie in one slot. What is of no site has no `head`, and its one key is KEYS[1] itself.
-- ARGV     a list of texts that is read from front to back; a section of several items begins with their number:
--            tag            the store's, as every head begins with; empty: there is no head to look at
--            ops            the number of operations that the head must show; empty: any
--            micros         the time for limits; empty: the server's
--            expectations   name, what its value must begin with (empty: it must not be there)
--            stop           1: whoever is over a limit's mark is told, and nothing is written
--            charges        name, number of quotas, and of each: microseconds between two, microseconds ahead, the step
--                           (`mark` or `refuse`)
--            deltas         name, period, seen, approved, spam, abuse, what becomes of a member (empty, `+`, `-`, or `?`: added
--                           if there is room), the member
--            counts         added to approved, held, rejected, open; then 1 if the settings' version grows
--            events         milliseconds, the event
--            removals       name and member of an index
--            additions      name and member of an index
--            deletions      name
--            values         name, value
--            passing        name, value, milliseconds that it is kept
--            trim           id of the oldest event that stays; empty: all stay
-- Returns  {'ok', milliseconds and number of the last event}
--          {'expected', which expectation failed, counted from 1, the value that is there or nil}
--          {'none'} there is no such site, or the head is another store's or (with ops) has changed: {'lost', head}
--          {'refused' or 'over', which charge, which quota, microseconds to wait}: nothing is charged
--
-- Repeated, it fails an expectation: every plan expects what it changes to be as it was read, and every record begins with
-- the stamp of the plan that wrote it last, by which a repetition is known. All writes stand at the end; Redis keeps what a
-- script wrote before an error.

local prefix, place = KEYS[1], 0

local function take()
  place = place + 1
  return ARGV[place]
end

local function number()
  return tonumber(take())
end

local function whole(value)
  return string.format('%.0f', value)
end

-- What is read, in one call.
local names, slot_of = {}, {}
local function read(name)
  if not slot_of[name] then
    names[#names + 1] = prefix .. name
    slot_of[name] = #names
  end
  return name
end

local tag, ops, micros = take(), take(), take()
local has_head = tag ~= ''
if has_head then
  read('head')
end

local expected = {}
for n = 1, number() do
  expected[n] = { name = read(take()), start = take() }
end

local stop, charges = take() == '1', {}
for n = 1, number() do
  local charge = { name = read(take()), quotas = {} }
  for q = 1, number() do
    charge.quotas[q] = { each = number(), ahead = number(), step = take() }
  end
  charges[n] = charge
end

local deltas = {}
for n = 1, number() do
  deltas[n] = { name = read(take()), period = number(), add = { number(), number(), number(), number() },
    change = take(), member = take() }
end

local found = {}
if #names > 0 then
  found = redis.call('MGET', unpack(names))
end
local function value_of(name)
  return found[slot_of[name]]
end

-- The site's head: its numbers.
local head = {}
if has_head then
  local text = value_of('head')
  if not text then
    return { 'none' }
  end
  for part in string.gmatch(text, '%S+') do
    head[#head + 1] = part
  end
  if head[1] ~= tag or #head ~= 9 or (ops ~= '' and head[9] ~= ops) then
    return { 'lost', text }
  end
  for n = 2, 9 do
    head[n] = tonumber(head[n])
  end
end

for n, wish in ipairs(expected) do
  local value = value_of(wish.name)
  if wish.start == '' then
    if value then
      return { 'expected', n, value }
    end
  elseif not value or string.sub(value, 1, #wish.start) ~= wish.start then
    return { 'expected', n, value }
  end
end

-- Limits, by GCRA: each quota is the moment up to which it is used up. Who is refused is charged nothing.
local passing = {}
if #charges > 0 then
  local now
  if micros == '' then
    local time = redis.call('TIME')
    now = tonumber(time[1]) * 1000000 + tonumber(time[2])
  else
    now = tonumber(micros)
  end
  local refused, over
  for n, charge in ipairs(charges) do
    local until_then, latest, q = {}, now, 0
    local known = {}
    for part in string.gmatch(value_of(charge.name) or '', '%d+') do
      known[#known + 1] = tonumber(part)
    end
    for _, quota in ipairs(charge.quotas) do
      q = q + 1
      -- What lies further ahead than any burst reaches was said by another clock.
      local used = math.min(math.max(known[q] or now, now), now + quota.ahead + quota.each)
      local wait = used - quota.ahead - now
      if wait > 0 then
        local answer = { quota.step == 'refuse' and 'refused' or 'over', n, q, whole(wait) }
        if quota.step == 'refuse' then
          if not refused or wait > tonumber(refused[4]) then
            refused = answer
          end
        else
          over = over or answer
        end
        until_then[q] = used
      else
        until_then[q] = used + quota.each
      end
      latest = math.max(latest, until_then[q])
      until_then[q] = whole(until_then[q])
    end
    passing[n] = { charge.name, table.concat(until_then, ' '), whole(math.ceil((latest - now) / 1000) + 1000) }
  end
  if refused then
    return refused
  end
  if over and stop then
    return over
  end
end

local counts = { number(), number(), number(), number() }
local raise = number()
local events = {}
for n = 1, number() do
  events[n] = { at = number(), event = take() }
end
if has_head then
  for n = 1, 4 do
    head[3 + n] = math.max(0, head[3 + n] + counts[n])
  end
  head[8], head[9] = head[8] + raise, head[9] + 1
  for _, event in ipairs(events) do
    if event.at > head[2] then
      head[2], head[3] = event.at, 0
    else
      head[3] = head[3] + 1
    end
    event.id = whole(head[2]) .. '-' .. whole(head[3])
  end
end

-- History. An entry is `<period>:<seen>,<approved>,<spam>,<abuse>;…|<member>:<uses>;…`, both parts in order. What is there of
-- a period is the whole sum; a change that begins a period, or meets one that counts no longer, drops those that do not.
local PERIOD, KEPT, MOST_MEMBERS = 2592000000, 12, 16
local entries, order, full = {}, {}, false
local function entry_of(name)
  local entry = entries[name]
  if not entry then
    entry = { buckets = {}, members = {}, size = 0 }
    local buckets, members = string.match(value_of(name) or '', '^([^|]*)|?(.*)$')
    for period, n, a, s, b in string.gmatch(buckets, '(%d+):(%d+),(%d+),(%d+),(%d+)') do
      entry.buckets[tonumber(period)] = { tonumber(n), tonumber(a), tonumber(s), tonumber(b) }
    end
    for member, uses in string.gmatch(members, '(%d+):(%d+)') do
      entry.members[member] = tonumber(uses)
      entry.size = entry.size + 1
    end
    entries[name] = entry
    order[#order + 1] = name
  end
  return entry
end

local oldest = has_head and math.floor(head[2] / PERIOD) - (KEPT - 1) or 0
for _, delta in ipairs(deltas) do
  local entry, period, add = entry_of(delta.name), delta.period, delta.add
  local bucket, settled = entry.buckets[period], false
  if period >= oldest then
    settled = bucket ~= nil
    local takes = add[1] < 0 or add[2] < 0 or add[3] < 0 or add[4] < 0
    local changes = add[1] ~= 0 or add[2] ~= 0 or add[3] ~= 0 or add[4] ~= 0
    if not bucket and changes and not takes then
      bucket = { 0, 0, 0, 0 }
      entry.buckets[period] = bucket
    end
    if bucket then
      local sum = 0
      for n = 1, 4 do
        bucket[n] = math.max(0, bucket[n] + add[n])
        sum = sum + bucket[n]
      end
      if takes and sum == 0 then
        entry.buckets[period] = nil
      end
    end
  end
  if not settled then
    for known in pairs(entry.buckets) do
      if known < oldest then
        entry.buckets[known] = nil
      end
    end
  end
  local change, member = delta.change, delta.member
  local uses = entry.members[member]
  if change == '?' and not uses and entry.size >= MOST_MEMBERS then
    full = true
  elseif change == '?' or change == '+' then
    entry.members[member] = (uses or 0) + 1
    entry.size = entry.size + (uses and 0 or 1)
  elseif change == '-' and uses then
    entry.members[member] = uses > 1 and uses - 1 or nil
    entry.size = entry.size - (uses > 1 and 0 or 1)
  end
end

local function sorted(set)
  local list = {}
  for key in pairs(set) do
    list[#list + 1] = key
  end
  table.sort(list, function(one, other) return tonumber(one) < tonumber(other) end)
  return list
end

local function written(entry)
  local buckets, members = {}, {}
  for n, period in ipairs(sorted(entry.buckets)) do
    local bucket = entry.buckets[period]
    buckets[n] = string.format('%d:%d,%d,%d,%d', period, bucket[1], bucket[2], bucket[3], bucket[4])
  end
  for n, member in ipairs(sorted(entry.members)) do
    members[n] = member .. ':' .. entry.members[member]
  end
  if #buckets == 0 and #members == 0 then
    return nil
  end
  return table.concat(buckets, ';') .. '|' .. table.concat(members, ';')
end

local removals, additions, deletions, values = {}, {}, {}, {}
for n = 1, number() do
  removals[n] = { take(), take() }
end
for n = 1, number() do
  additions[n] = { take(), take() }
end
for n = 1, number() do
  deletions[n] = prefix .. take()
end
for _ = 1, number() do
  values[#values + 1] = prefix .. take()
  values[#values + 1] = take()
end
for _ = 1, number() do
  passing[#passing + 1] = { take(), take(), take() }
end
local trim = take()

-- The record that is counted with `?` stands first; the last character of its stamp says whether its member found room.
if full then
  values[2] = string.sub(values[2], 1, 24) .. '-' .. string.sub(values[2], 26)
end
for _, name in ipairs(order) do
  local text = written(entries[name])
  if text then
    values[#values + 1] = prefix .. name
    values[#values + 1] = text
  else
    deletions[#deletions + 1] = prefix .. name
  end
end
if has_head then
  values[#values + 1] = prefix .. 'head'
  for n = 2, 9 do
    head[n] = whole(head[n])
  end
  values[#values + 1] = table.concat(head, ' ')
end

-- From here on nothing is looked at any more.
for _, removal in ipairs(removals) do
  redis.call('ZREM', prefix .. removal[1], removal[2])
end
for _, addition in ipairs(additions) do
  redis.call('ZADD', prefix .. addition[1], 0, addition[2])
end
if #deletions > 0 then
  redis.call('DEL', unpack(deletions))
end
if #values > 0 then
  redis.call('MSET', unpack(values))
end
for _, value in ipairs(passing) do
  redis.call('SET', prefix .. value[1], value[2], 'PX', value[3])
end
for _, event in ipairs(events) do
  redis.call('XADD', prefix .. 'e', event.id, 'e', event.event)
end
if trim ~= '' then
  redis.call('XTRIM', prefix .. 'e', 'MINID', trim)
end
return { 'ok', has_head and head[2] or '', has_head and head[3] or '' }
